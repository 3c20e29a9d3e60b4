//! One output, followed over broken connections and new runs, and given without repeating.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;

use crate::backend::output::Out;
use crate::domain::{LogLine, Text, Timestamp};

use super::api::Api;
use super::failure::Failure;
use super::frames::Frames;
use super::logs::{Part, Speaker};
use super::pace::Pace;
use super::transport::Transport;

/// Bytes as they come, and whether they are a terminal's.
type Opened = (bool, BoxStream<'static, Result<bytes::Bytes, Failure>>);

/// How far an output was given: the newest line's time, and how many lines had it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub(super) last: Option<Timestamp>,
    repeats: u32,
}

impl Place {
    /// A line was given.
    pub(super) fn gave(&mut self, line: &LogLine) {
        if line.at.is_some() {
            self.repeats = if line.at == self.last { self.repeats + 1 } else { 1 };
            self.last = line.at;
        }
    }

    /// Whether a line that comes again was given before: so many of the last line's very time were.
    fn had(&mut self, line: &LogLine) -> bool {
        let (Some(last), Some(at)) = (self.last, line.at) else { return false };
        if at == last && self.repeats > 0 {
            self.repeats -= 1;
            return true;
        }
        at < last
    }
}

/// Follows one output.
pub(super) struct Follower {
    transport: Transport,
    pace: Pace,
    speaker: Speaker,
    part: Part,
    out: Out,
    place: Place,
    /// It was said that the connection broke, and nothing has come since.
    said: bool,
}

impl Follower {
    /// Nothing was given yet.
    pub(super) fn new(transport: Transport, pace: Pace, speaker: Speaker, part: Part, out: Out) -> Self {
        Self { transport, pace, speaker, part, out, place: Place::default(), said: false }
    }

    /// So much was given already.
    pub(super) fn from(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// Gives lines until nobody reads them any more, or none will come. Where it was then.
    pub(super) async fn run(mut self, api: Api, first: Option<Opened>) -> Place {
        let mut api = Some(api);
        let mut next = first;
        let mut wait = self.pace.retry_first;
        loop {
            let ended = match next.take() {
                Some((tty, bytes)) => self.read(tty, bytes).await,
                None => Ok(()),
            };
            if self.out.is_closed() || !self.part.follow {
                if let Err(failure) = ended {
                    // Nobody reads any more: the caller sees it.
                    self.out.fail(Text::from(format!("the output broke off: {failure}"))).await;
                }
                return self.place;
            }
            if let Err(failure) = ended {
                self.broke(&failure).await;
                api = None;
            }
            match self.again(&mut api).await {
                Ok(Some(stream)) => {
                    next = Some(stream);
                    wait = self.pace.retry_first;
                }
                // It has ended for good, or is gone.
                Ok(None) => return self.place,
                Err(failure) => {
                    self.broke(&failure).await;
                    api = None;
                    wait = (wait * 2).min(self.pace.retry_most);
                }
            }
            if next.is_none() && !self.out.pause(wait).await {
                return self.place;
            }
        }
    }

    /// Opens the stream again from the last line on; none when nothing more will come.
    async fn again(&mut self, api: &mut Option<Api>) -> Result<Option<Opened>, Failure> {
        let connected = match api.take() {
            Some(api) => api,
            None => Api::connect(&self.transport, self.pace).await?,
        };
        // Between two runs of a container that is started again and again, the stream ends at once.
        if !self.out.pause(self.pace.retry_first.min(Duration::from_millis(500))).await {
            return Ok(None);
        }
        let (tty, may_write) = match self.speaker.state(&connected).await {
            Err(failure) if failure.is_gone() => return Ok(None),
            state => state?,
        };
        if !may_write {
            return Ok(None);
        }
        // Nothing was given yet: as at the first time.
        let tail = if self.place.last.is_some() { None } else { self.part.tail };
        let part = Part { since: self.place.last.or(self.part.since), tail, ..self.part };
        let bytes = connected.bytes(&self.speaker.path(&part)).await?.boxed();
        *api = Some(connected);
        Ok(Some((tty, bytes)))
    }

    async fn read(
        &mut self,
        tty: bool,
        bytes: BoxStream<'static, Result<bytes::Bytes, Failure>>,
    ) -> Result<(), Failure> {
        let (mut frames, mut bytes) = (Frames::new(tty), bytes);
        // The engine gives the lines of the moment that is asked for again.
        let mut before = self.place;
        loop {
            let piece = tokio::select! {
                piece = bytes.next() => piece,
                () = self.out.closed() => return Ok(()),
            };
            let (lines, end) = match piece {
                Some(Ok(piece)) => (frames.take(&piece), None),
                // What is left of a line comes again whole.
                Some(Err(failure)) if self.part.follow => return Err(failure),
                Some(Err(failure)) => (frames.finish(), Some(Err(failure))),
                None => (frames.finish(), Some(Ok(()))),
            };
            for line in lines {
                if before.had(&line) {
                    continue;
                }
                self.place.gave(&line);
                self.said = false;
                if !self.out.give(line).await {
                    return Ok(());
                }
            }
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// Says once that it broke off. It goes on by itself: that is no end.
    async fn broke(&mut self, failure: &Failure) {
        if !std::mem::replace(&mut self.said, true) {
            let words = format!("the output broke off: {failure}; going on as soon as it can be read again");
            // Nobody reads any more: the caller sees it.
            let _ = self.out.give(LogLine::note(None, words)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: i64) -> LogLine {
        LogLine::output(Timestamp::from_second(at).ok(), false, "x")
    }

    #[test]
    fn of_lines_that_come_again_those_that_were_given_are_told() {
        let mut place = Place::default();
        [1, 2, 2].iter().for_each(|at| place.gave(&line(*at)));
        let mut before = place;
        let had = [1, 2, 2, 2, 3].map(|at| before.had(&line(at)));
        assert_eq!(had, [true, true, true, false, false], "a third line of the same moment is new");
        assert!(!Place::default().had(&line(1)) && !place.had(&LogLine::output(None, false, "x")));
    }
}
