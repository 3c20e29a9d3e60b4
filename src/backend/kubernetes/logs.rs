//! Output of pods: its last lines, and following it over broken connections and new runs.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;

use crate::backend::output::Out;
use crate::domain::{Kind, LogLine, LogRequest, LogStream, Text};

use super::ask::{Ask, Failed, Part, Pieces, escaped, read};
use super::crowd;
use super::lines::Lines;
use super::pace::Pace;
use super::peek::Pod;
use super::thread::{Next, Opening, Thread};

/// A pod whose next run is waited for is looked at this often at least.
const LOOK: Duration = Duration::from_secs(4);

/// Follows the output of a pod, or of all pods of a workload. Fails where there is nothing to read.
pub(super) async fn follow(server: Arc<dyn Ask>, pace: Pace, request: LogRequest) -> Result<LogStream, Text> {
    let (out, lines) = Out::new();
    let mut tasks = tokio::task::JoinSet::new();
    match request.instance.kind {
        Kind::Pod | Kind::BarePod => {
            let mut follower = Follower::new(server, pace, request, out);
            let first = follower.begin().await?;
            tasks.spawn(follower.run(first));
        }
        _ => {
            let crowd = crowd::Crowd::gather(server, pace, request, out).await?;
            tasks.spawn(crowd.run());
        }
    }
    Ok(lines.with(tasks))
}

/// Follows one pod.
pub(super) struct Follower {
    server: Arc<dyn Ask>,
    pace: Pace,
    namespace: String,
    follows: bool,
    tail: usize,
    thread: Thread,
    out: Out,
    /// Until the next try; back to the first when something new came.
    wait: Duration,
}

/// How a stream ended.
enum Ended {
    Whole,
    Broken(Failed),
    NobodyReads,
}

impl Follower {
    /// Follows the pod that the request names.
    pub(super) fn new(server: Arc<dyn Ask>, pace: Pace, request: LogRequest, out: Out) -> Self {
        let namespace = request.instance.namespace.as_deref().unwrap_or_default().to_owned();
        let (follows, tail) = (request.follow && !request.previous, request.tail as usize);
        let (thread, wait) = (Thread::new(request), pace.retry_first);
        Self { server, pace, namespace, follows, tail, thread, out, wait }
    }

    /// Opens the output; none where it is yet to come. Fails where there is none, and none will come.
    async fn begin(&mut self) -> Result<Option<Pieces>, Text> {
        let pod = self.look().await.map_err(|failed| self.unreadable(&failed))?;
        let mut notes = Vec::new();
        let next = self.thread.next(pod.as_ref(), &mut notes);
        let opening = match next {
            Next::Open(opening) => opening,
            Next::Wait if self.follows => {
                self.say(notes).await;
                return Ok(None);
            }
            Next::Wait | Next::End => {
                let why = notes.pop().map_or_else(|| Text::new("it has no output"), |note| note.text);
                return Err(why);
            }
        };
        match self.open(&opening).await {
            Ok(pieces) => {
                self.say(notes).await;
                Ok(Some(pieces))
            }
            Err(failed) => Err(self.unreadable(&failed)),
        }
    }

    fn unreadable(&self, failed: &Failed) -> Text {
        Text::from(format!("the output of {}/{} cannot be read: {failed}", self.namespace, self.thread.pod()))
    }

    /// The last lines as they stand, oldest first, and what is said of them. [`Follower::run`] goes on from there.
    pub(super) async fn past(&mut self) -> Vec<LogLine> {
        let mut lines = VecDeque::new();
        let pod = match self.look().await {
            Ok(pod) => pod,
            Err(failed) => return vec![LogLine::note(None, self.unreadable(&failed))],
        };
        let mut notes = Vec::new();
        if let Next::Open(opening) = self.thread.next(pod.as_ref(), &mut notes) {
            match self.open(&Opening { follow: false, ..opening }).await {
                Ok(pieces) => self.collect(pieces, &mut lines).await,
                Err(failed) => notes.push(LogLine::note(None, self.unreadable(&failed))),
            }
        }
        notes.into_iter().chain(lines).collect()
    }

    async fn collect(&mut self, mut pieces: Pieces, into: &mut VecDeque<LogLine>) {
        let mut lines = Lines::default();
        // A stream that does not follow and does not end hangs.
        let read = async {
            while let Some(Ok(piece)) = pieces.next().await {
                for line in lines.take(&piece) {
                    if self.thread.is_new(&line) {
                        into.push_back(line);
                    }
                    if into.len() > self.tail {
                        into.pop_front();
                    }
                }
            }
        };
        let whole = tokio::time::timeout(self.pace.answer_within, read).await.is_ok();
        self.thread.ended(lines.finish());
        if !whole {
            self.thread.broke();
        } else if !self.follows {
            into.extend(self.thread.left());
        }
    }

    /// Gives lines until nobody reads them any more, or none will come.
    pub(super) async fn run(mut self, first: Option<Pieces>) {
        let mut next = first;
        loop {
            let ended = match next.take() {
                Some(pieces) => self.read(pieces).await,
                None if self.follows => Ended::Whole,
                None => return,
            };
            match ended {
                Ended::NobodyReads => return,
                Ended::Broken(failed) if !self.follows => return self.out.fail(self.unreadable(&failed)).await,
                Ended::Whole if !self.follows => {
                    let left = self.thread.left();
                    self.say(left).await;
                    return;
                }
                Ended::Broken(failed) => {
                    self.thread.broke();
                    let mut notes = Vec::new();
                    let words = format!("the output broke off: {failed}; going on as soon as it can be read again");
                    self.thread.say(words, None, &mut notes);
                    self.say(notes).await;
                }
                Ended::Whole => {}
            }
            next = self.again().await;
            if next.is_none() {
                return;
            }
        }
    }

    /// Waits until there is something to read; none when nothing will come any more.
    async fn again(&mut self) -> Option<Pieces> {
        loop {
            if !self.out.pause(self.wait).await {
                return None;
            }
            self.wait = (self.wait * 2).min(self.pace.retry_most).min(LOOK);
            let mut notes = Vec::new();
            let next = match self.look().await {
                Ok(pod) => self.thread.next(pod.as_ref(), &mut notes),
                Err(failed) if failed.is_denied() => {
                    self.out.fail(self.unreadable(&failed)).await;
                    return None;
                }
                Err(failed) => {
                    self.thread.say(format!("it cannot be seen how the pod is: {failed}"), None, &mut notes);
                    Next::Wait
                }
            };
            if !self.say(notes).await || next == Next::End {
                return None;
            }
            let Next::Open(opening) = next else { continue };
            match self.open(&opening).await {
                Ok(pieces) => return Some(pieces),
                Err(failed) if failed.is_denied() => {
                    self.out.fail(self.unreadable(&failed)).await;
                    return None;
                }
                Err(failed) => {
                    // 400: the kubelet has no such output, and asking again brings none.
                    if failed.status != Some(400) {
                        self.thread.broke();
                    }
                    let mut notes = Vec::new();
                    self.thread.say(self.unreadable(&failed).to_string(), None, &mut notes);
                    self.say(notes).await;
                }
            }
        }
    }

    /// The pod as it is now; none where it is gone.
    async fn look(&self) -> Result<Option<Pod>, Failed> {
        let pod = self.thread.pod();
        let path = format!("/api/v1/namespaces/{}/pods/{}", escaped(&self.namespace), escaped(pod));
        match read(&*self.server, &path, Part::Whole).await {
            Ok(pod) => Ok(Some(pod)),
            Err(failed) if failed.is_gone() => Ok(None),
            Err(failed) => Err(failed),
        }
    }

    async fn open(&self, opening: &Opening) -> Result<Pieces, Failed> {
        self.server.stream(&opening.path(&self.namespace, self.thread.pod())).await
    }

    async fn read(&mut self, mut pieces: Pieces) -> Ended {
        let mut lines = Lines::default();
        let ended = loop {
            let piece = tokio::select! {
                piece = pieces.next() => piece,
                () = self.out.closed() => return Ended::NobodyReads,
            };
            let taken = match piece {
                Some(Ok(piece)) => lines.take(&piece),
                Some(Err(failed)) => break Ended::Broken(failed),
                None => break Ended::Whole,
            };
            for line in taken {
                if !self.thread.is_new(&line) {
                    continue;
                }
                self.wait = self.pace.retry_first;
                if !self.out.give(line).await {
                    return Ended::NobodyReads;
                }
            }
        };
        self.thread.ended(lines.finish());
        ended
    }

    /// False when nobody reads any more.
    async fn say(&self, lines: impl IntoIterator<Item = LogLine>) -> bool {
        for line in lines {
            if !self.out.give(line).await {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests;
