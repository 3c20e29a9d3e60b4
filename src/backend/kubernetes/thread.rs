//! Which output of a pod comes next: one container's, over all of its runs. It decides, and asks nobody.

use crate::domain::{LogLine, LogRequest, Name, Timestamp};

use super::ask::escaped;
use super::lines::Place;
use super::peek::{Chosen, End, Pod, Run, Stand};

/// One request for output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opening {
    /// Of which container.
    pub(super) container: String,
    /// Of the run before the newest one.
    pub(super) previous: bool,
    /// From then on.
    pub(super) since: Option<Timestamp>,
    /// At most so many lines of the past.
    pub(super) tail: Option<u32>,
    /// Goes on with what comes.
    pub(super) follow: bool,
}

impl Opening {
    /// Where the server gives it.
    pub(super) fn path(&self, namespace: &str, pod: &str) -> String {
        let at = format!("/api/v1/namespaces/{}/pods/{}/log", escaped(namespace), escaped(pod));
        let mut query = format!("container={}&timestamps=true", escaped(&self.container));
        if self.follow {
            query.push_str("&follow=true");
        }
        if self.previous {
            query.push_str("&previous=true");
        }
        if let Some(lines) = self.tail {
            query.push_str(&format!("&tailLines={lines}"));
        }
        if let Some(since) = self.since {
            query.push_str(&format!("&sinceTime={}", escaped(&since.to_string())));
        }
        format!("{at}?{query}")
    }
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// Read this.
    Open(Opening),
    /// There is nothing to read yet.
    Wait,
    /// Nothing will come any more.
    End,
}

/// What was read of a pod's output, and what is known of where it stands.
#[derive(Debug)]
pub(super) struct Thread {
    request: LogRequest,
    /// The container and its run whose output was given last.
    shown: Option<(Chosen, Run)>,
    place: Place,
    /// A line without an end, from a stream that ended: it comes again whole, if its run goes on.
    unfinished: Option<LogLine>,
    /// The rest of the run that is shown was asked for after its end was known, and came.
    read_out: bool,
    /// What was said last, so that it is not said again.
    said: Option<String>,
}

impl Thread {
    /// Nothing was read yet.
    pub(super) const fn new(request: LogRequest) -> Self {
        let place = Place::start();
        Self { request, shown: None, place, unfinished: None, read_out: false, said: None }
    }

    /// Whether a line is to be given; it is not, where it was given before.
    pub(super) fn is_new(&mut self, line: &LogLine) -> bool {
        let new = self.place.is_new(line);
        if new {
            self.said = None;
        }
        new
    }

    /// A stream ended, perhaps in the middle of a line.
    pub(super) fn ended(&mut self, unfinished: Option<LogLine>) {
        self.unfinished = unfinished;
    }

    /// The line that was held back, where nothing will complete it.
    pub(super) fn left(&mut self) -> Option<LogLine> {
        self.unfinished.take().filter(|line| self.place.is_new(line))
    }

    /// The stream broke: what it gave of the run's end does not count.
    pub(super) const fn broke(&mut self) {
        self.read_out = false;
    }

    /// What to read next of a pod as it is now (none: it is gone), and what is said about it first.
    pub(super) fn next(&mut self, pod: Option<&Pod>, out: &mut Vec<LogLine>) -> Next {
        let Some(pod) = pod else {
            out.extend(self.left());
            return self.end(format!("pod {} is gone", self.request.instance.name), None, out);
        };
        let chosen = match pod.choose(self.request.container.as_deref()) {
            Ok(chosen) => chosen,
            Err(why) => return self.end(why, None, out),
        };
        if self.request.previous {
            return Next::Open(self.first(&chosen));
        }
        match pod.stand(&chosen.name) {
            Stand::Waits(why) => {
                out.extend(self.left());
                self.say(format!("container {} is waiting to start: {why}", chosen.name), None, out);
                Next::Wait
            }
            Stand::Never(why) => {
                out.extend(self.left());
                self.end(format!("container {} never ran: {why}", chosen.name), None, out)
            }
            Stand::Runs(run) => self.goes_on(chosen, run, None, out),
            Stand::Between(run, end) => match self.goes_on(chosen, run, Some(&end), out) {
                Next::Wait => {
                    self.say(format!("it ended: {}; it is to be started again", end.words), end.at, out);
                    Next::Wait
                }
                next => next,
            },
            Stand::Over(run, end) => match self.goes_on(chosen, run, Some(&end), out) {
                Next::Wait => self.end(format!("it ended: {}", end.words), end.at, out),
                next => next,
            },
        }
    }

    /// Reads on in the run that is shown, or turns to the next one. [`Next::Wait`]: it was read to its end.
    fn goes_on(&mut self, chosen: Chosen, run: Run, end: Option<&End>, out: &mut Vec<LogLine>) -> Next {
        let Some((shown, last)) = self.shown.clone() else {
            if let Some(other) = &chosen.in_place_of {
                let words = format!("container {other} has not begun; this is init container {}", chosen.name);
                self.say(words, run.started, out);
            }
            return self.turn_to(chosen, run, end, true);
        };
        if shown == chosen && last.id == run.id {
            if end.is_some() && self.read_out {
                out.extend(self.left());
                return Next::Wait;
            }
            return self.resume(end.is_some(), false);
        }
        // What the last run still wrote before its end; the kubelet keeps it until the next one ends.
        let only_one_since = shown == chosen && run.restarts == last.restarts + 1;
        if only_one_since && !self.read_out && end.is_none() {
            return self.resume(true, true);
        }
        out.extend(self.left());
        self.say(changed(&shown, &chosen, &last, &run), run.started, out);
        self.turn_to(chosen, run, end, false)
    }

    fn resume(&mut self, has_ended: bool, previous: bool) -> Next {
        let container = self.shown.as_ref().map(|(shown, _)| shown.name.clone()).unwrap_or_default();
        self.unfinished = None;
        self.read_out = has_ended;
        let since = self.place.resume();
        // Nothing was given yet: as at the first time.
        let tail = if since.is_none() { Some(self.request.tail) } else { None };
        let since = since.or(self.request.since);
        Next::Open(Opening { container, previous, since, tail, follow: self.request.follow && !previous })
    }

    fn turn_to(&mut self, chosen: Chosen, run: Run, end: Option<&End>, first: bool) -> Next {
        let opening = match first {
            true => self.first(&chosen),
            false => Opening { tail: None, since: None, ..self.first(&chosen) },
        };
        self.place = Place::start();
        self.read_out = end.is_some();
        self.shown = Some((chosen, run));
        Next::Open(opening)
    }

    fn first(&self, chosen: &Chosen) -> Opening {
        let LogRequest { previous, since, tail, follow, .. } = self.request;
        Opening { container: chosen.name.clone(), previous, since, tail: Some(tail), follow: follow && !previous }
    }

    fn end(&mut self, words: String, at: Option<Timestamp>, out: &mut Vec<LogLine>) -> Next {
        self.say(words, at, out);
        Next::End
    }

    /// Says something once.
    pub(super) fn say(&mut self, words: String, at: Option<Timestamp>, out: &mut Vec<LogLine>) {
        if self.said.as_ref() != Some(&words) {
            out.push(LogLine::note(at, words.as_str()));
            self.said = Some(words);
        }
    }

    /// Which pod.
    pub(super) const fn pod(&self) -> &Name {
        &self.request.instance.name
    }
}

fn changed(shown: &Chosen, chosen: &Chosen, last: &Run, run: &Run) -> String {
    if shown.name != chosen.name {
        return format!("init container {} is done; this is container {}", shown.name, chosen.name);
    }
    match run.restarts.checked_sub(last.restarts) {
        Some(0) | None => format!("container {} was started anew", chosen.name),
        Some(1) => format!("container {} was started again (restart {})", chosen.name, run.restarts),
        Some(n) => format!(
            "container {} was started again {n} times since (restart {}); the output between is not kept",
            chosen.name, run.restarts
        ),
    }
}
