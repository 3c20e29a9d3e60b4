//! Output of containers and tasks: its last lines, and following it.

use std::collections::VecDeque;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::domain::{LogLine, LogRequest, LogStream, Text, Timestamp};

use super::api::{Api, escaped};
use super::failure::Failure;
use super::frames::Frames;
use super::pace::Pace;
use super::transport::Transport;
use super::wire::Inspect;

/// Lines on their way to who reads them.
const WAITING: usize = 256;

/// What can be asked for its output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Speaker {
    /// A container of this engine, by id or name.
    Container(String),
    /// A Swarm's task, wherever it runs, by id.
    Task(String),
}

/// Which part of the output.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Part {
    /// So many lines of the past at most; all where none is said.
    pub tail: Option<u32>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub follow: bool,
}

impl Speaker {
    fn path(&self, part: &Part) -> String {
        let at = match self {
            Speaker::Container(id) => format!("/containers/{}", escaped(id)),
            Speaker::Task(id) => format!("/tasks/{}", escaped(id)),
        };
        let stamp = |name: &str, at: Option<Timestamp>| match at {
            Some(at) => format!("&{name}={}.{:09}", at.as_second(), at.subsec_nanosecond()),
            None => String::new(),
        };
        let (since, until) = (stamp("since", part.since), stamp("until", part.until));
        let follow = u8::from(part.follow);
        let tail = part.tail.map_or("all".to_owned(), |lines| lines.to_string());
        format!("{at}/logs?stdout=1&stderr=1&timestamps=1&follow={follow}&tail={tail}{since}{until}")
    }

    /// Whether it has a terminal, and whether it may still write.
    async fn state(&self, api: &Api) -> Result<(bool, bool), Failure> {
        match self {
            Speaker::Container(id) => {
                let it: Inspect = super::listing::inspect(api, id).await?;
                Ok((it.config.tty, matches!(it.state.status.as_str(), "running" | "restarting" | "paused")))
            }
            Speaker::Task(id) => super::swarm::task_state(api, id).await,
        }
    }
}

/// The last lines, oldest first.
pub(super) async fn tail(api: &Api, speaker: &Speaker, part: Part) -> Result<Vec<LogLine>, Failure> {
    let read = async {
        let (tty, _) = speaker.state(api).await?;
        let mut bytes = Box::pin(api.bytes(&speaker.path(&part)).await?);
        let (mut frames, mut lines) = (Frames::new(tty), VecDeque::new());
        while let Some(piece) = bytes.next().await {
            lines.extend(frames.take(&piece?));
            while part.tail.is_some_and(|most| lines.len() > most as usize) {
                lines.pop_front();
            }
        }
        lines.extend(frames.finish());
        Ok(lines.into())
    };
    api.within(read).await
}

/// Follows the output until nobody reads it any more, over restarts of the container and of the engine. Fails where there
/// is nothing to follow. What was written after `until` is left out.
pub(super) async fn follow(
    transport: Transport,
    pace: Pace,
    api: Api,
    speaker: Speaker,
    request: LogRequest,
    until: Option<Timestamp>,
) -> Result<LogStream, Failure> {
    let follow = request.follow && until.is_none();
    let part = Part { tail: Some(request.tail), since: request.since, until, follow };
    let (tty, _) = speaker.state(&api).await?;
    let first = api.bytes(&speaker.path(&part)).await?.boxed();
    let (out, lines) = mpsc::channel(WAITING);
    let opened = Timestamp::now();
    let follower = Follower { transport, pace, speaker, part, out, opened, last: None, repeats: 0 };
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(follower.run(api, tty, first));
    // The task lives as long as the stream.
    Ok(ReceiverStream::new(lines)
        .map(move |line| {
            let _ = &tasks;
            line
        })
        .boxed())
}

/// Until when the run of a container before this one wrote: all its runs write one log. None in its first run.
pub(super) async fn before(api: &Api, id: &str) -> Result<Option<Timestamp>, Failure> {
    let it: Inspect = super::listing::inspect(api, id).await?;
    Ok(it.state.finished_at.and_then(end_of_run))
}

/// What a run wrote is stamped until shortly after its end.
pub(super) fn end_of_run(ended: Timestamp) -> Option<Timestamp> {
    ended.checked_add(jiff::SignedDuration::from_millis(500)).ok()
}

struct Follower {
    transport: Transport,
    pace: Pace,
    speaker: Speaker,
    part: Part,
    out: mpsc::Sender<Result<LogLine, Text>>,
    opened: Timestamp,
    /// The newest line's time, and how many lines had it.
    last: Option<Timestamp>,
    repeats: u32,
}

impl Follower {
    async fn run(mut self, api: Api, tty: bool, first: BoxStream<'static, Result<bytes::Bytes, Failure>>) {
        let mut api = Some(api);
        let mut next = Some((tty, first));
        let mut wait = self.pace.retry_first;
        loop {
            let ended = match next.take() {
                Some((tty, bytes)) => self.read(tty, bytes).await,
                None => Ok(()),
            };
            if self.out.is_closed() || !self.part.follow {
                if let Err(failure) = ended {
                    self.say(&failure).await;
                }
                return;
            }
            if let Err(failure) = ended {
                self.say(&failure).await;
                api = None;
            }
            match self.again(&mut api).await {
                Ok(Some(stream)) => {
                    next = Some(stream);
                    wait = self.pace.retry_first;
                }
                // It has ended for good, or is gone.
                Ok(None) => return,
                Err(_) => {
                    api = None;
                    wait = (wait * 2).min(self.pace.retry_most);
                }
            }
            if next.is_none() && !self.pause(wait).await {
                return;
            }
        }
    }

    /// Opens the stream again from the last line on; none when nothing more will come.
    async fn again(
        &mut self,
        api: &mut Option<Api>,
    ) -> Result<Option<(bool, BoxStream<'static, Result<bytes::Bytes, Failure>>)>, Failure> {
        let connected = match api.take() {
            Some(api) => api,
            None => Api::connect(&self.transport, self.pace).await?,
        };
        // Between two runs of a container that is started again and again, the stream ends at once.
        if !self.pause(self.pace.retry_first.min(Duration::from_millis(500))).await {
            return Ok(None);
        }
        let (tty, may_write) = match self.speaker.state(&connected).await {
            Err(failure) if failure.is_gone() => return Ok(None),
            state => state?,
        };
        if !may_write {
            return Ok(None);
        }
        let since = self.last.or(self.part.since).unwrap_or(self.opened);
        let part = Part { since: Some(since), tail: None, ..self.part };
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
        // Lines of the last line's very time come again; so many of them were given already.
        let mut skip = self.last.map(|last| (last, self.repeats));
        loop {
            let piece = tokio::select! {
                piece = bytes.next() => piece,
                () = self.out.closed() => return Ok(()),
            };
            let (lines, end) = match piece {
                Some(Ok(piece)) => (frames.take(&piece), None),
                Some(Err(failure)) => (frames.finish(), Some(Err(failure))),
                None => (frames.finish(), Some(Ok(()))),
            };
            for line in lines {
                if let (Some((last, repeats)), Some(at)) = (&mut skip, line.at) {
                    if at < *last {
                        continue;
                    }
                    if at == *last && *repeats > 0 {
                        *repeats -= 1;
                        continue;
                    }
                }
                if line.at.is_some() {
                    self.repeats = if line.at == self.last { self.repeats + 1 } else { 1 };
                    self.last = line.at;
                }
                if self.out.send(Ok(line)).await.is_err() {
                    return Ok(());
                }
            }
            if let Some(end) = end {
                return end;
            }
        }
    }

    async fn say(&self, failure: &Failure) {
        // Nobody reads any more: the caller sees it.
        let _ = self.out.send(Err(Text::from(format!("the output broke off: {failure}")))).await;
    }

    /// False when nobody reads any more.
    async fn pause(&self, wait: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            () = self.out.closed() => false,
        }
    }
}
