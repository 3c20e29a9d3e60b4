//! Requests to backends: each under its ticket, each answered by an event or cancelled.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::domain::{
    Backend, ClusterId, Entry, LogRequest, LogStream, Name, Person, Ref, Step, StepError, Text, Timestamp,
};
use crate::engine::{Asking, Feeds, Scribe, do_step, enter};

use super::shell::size_now;
use super::together::{self, Voice};
use super::{Copied, Effect, What, copies, saved};

/// A description that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(20);
/// Log lines that are handed over at once, at most.
const LINES: usize = 512;

/// Requests under way.
pub struct Requests {
    replies: mpsc::Sender<What>,
    scribe: Scribe,
    me: Person,
    open: HashMap<u64, AbortHandle>,
}

impl Requests {
    /// Answers go to `replies`; what is done is journalled by `scribe`, in the name of `me`.
    pub fn new(replies: mpsc::Sender<What>, scribe: Scribe, me: Person) -> Self {
        Self { replies, scribe, me, open: HashMap::new() }
    }

    /// Starts what an effect asks for.
    pub fn start(&mut self, effect: Effect, feeds: &Feeds) {
        match effect {
            Effect::Prepare(ticket, intent) => {
                let asking = Asking::of(feeds, intent);
                self.spawn(Some(ticket), async move { What::Draft(ticket, Box::new(asking.draft().await)) });
            }
            Effect::Journal(entry) => {
                let (scribe, run) = (self.scribe.clone(), entry.run.id);
                self.spawn(None, async move { What::Journalled(run, scribe.write(*entry).await) });
            }
            Effect::TakeOver(run, lease) => {
                let (scribe, me) = (self.scribe.clone(), self.me.clone());
                self.spawn(
                    None,
                    async move { What::TakenOver(run, scribe.take_over(run, lease, me).await.map(Box::new)) },
                );
            }
            Effect::Earlier(than) => {
                let scribe = self.scribe.clone();
                self.spawn(None, async move { What::Earlier(scribe.earlier(than).await) });
            }
            Effect::Describe(ticket, key, form) => {
                let backend = backend_of(feeds, &key.cluster);
                self.spawn(Some(ticket), async move {
                    let answer = match backend {
                        Err(why) => Err(why),
                        Ok(backend) => timeout(PATIENCE, backend.describe(key, form))
                            .await
                            .unwrap_or_else(|_| Err(too_long(PATIENCE))),
                    };
                    What::TextReady(ticket, answer)
                });
            }
            Effect::OpenLogs(ticket, request) => {
                let backend = backend_of(feeds, &request.instance.cluster);
                let replies = self.replies.clone();
                self.spawn(Some(ticket), async move {
                    let follows = request.follow;
                    let why = match opened(backend, request).await {
                        Ok(lines) => hand_over(ticket, lines, follows, replies).await,
                        Err(why) => why,
                    };
                    What::LogEnded(ticket, why)
                });
            }
            Effect::OpenSeveral(ticket, requests) => {
                let asked: Vec<_> = requests
                    .into_iter()
                    .map(|request| (backend_of(feeds, &request.instance.cluster), request))
                    .collect();
                let replies = self.replies.clone();
                self.spawn(Some(ticket), async move {
                    let follows = asked.iter().any(|(_, request)| request.follow);
                    let lines = together::merged(voices(asked).await);
                    What::LogEnded(ticket, hand_over(ticket, lines, follows, replies).await)
                });
            }
            Effect::Cancel(ticket) => {
                if let Some(task) = self.open.remove(&ticket) {
                    task.abort();
                }
            }
            Effect::Copy(text) => self.spawn(None, async move {
                // A home directory may be on a network.
                let written = tokio::task::spawn_blocking(move || copies::write(&text)).await;
                What::Copied(match written {
                    Ok(Ok(path)) => Ok(Copied::File(Text::from(path.display().to_string()))),
                    Ok(Err(why)) => Err(Text::from(format!("no file could be written: {why}"))),
                    Err(_) => Err(Text::new("no file could be written")),
                })
            }),
            Effect::Save(saved) => self.spawn(None, async move {
                let ticket = saved.ticket;
                let written = tokio::task::spawn_blocking(move || saved::write(&saved)).await;
                What::Saved(ticket, written.unwrap_or_else(|_| Err(Text::new("not saved: it broke off"))))
            }),
            Effect::Quit | Effect::Suspend | Effect::Repaint | Effect::Keep(..) | Effect::Execute(..) => {}
        }
    }

    /// Sends a step of a run, whose entry as it is now is on the disk before.
    pub fn execute(&mut self, run: u64, ix: usize, step: Step, entry: Option<Entry>, feeds: &Feeds, now: Timestamp) {
        let backend = backend_of(feeds, &step.action.target().cluster);
        let scribe = self.scribe.clone();
        self.spawn(None, async move {
            let answer = match (backend, entry) {
                (Err(why), _) => Err(StepError::Failed(why)),
                (_, None) => Err(StepError::Failed(Text::new("its run is not ours any more"))),
                (Ok(backend), Some(entry)) => do_step(&scribe, &*backend, entry, step, now).await,
            };
            What::StepAnswer(run, ix, answer)
        });
    }

    /// Begins the process of a run that is to have the terminal, whose entry as it is now is on the disk before.
    pub fn enter(&mut self, run: u64, ix: usize, step: Step, entry: Option<Entry>, feeds: &Feeds, now: Timestamp) {
        let backend = backend_of(feeds, &step.action.target().cluster);
        let scribe = self.scribe.clone();
        self.spawn(None, async move {
            let term = std::env::var("TERM").unwrap_or_default();
            let answer = match (backend, entry) {
                (Err(why), _) => Err(StepError::Failed(why)),
                (_, None) => Err(StepError::Failed(Text::new("its run is not ours any more"))),
                (Ok(backend), Some(entry)) => enter(&scribe, &*backend, entry, &step, (size_now(), &term), now).await,
            };
            What::Attached(run, ix, answer)
        });
    }

    /// An answer has come: nothing is left to cancel.
    pub fn heard(&mut self, what: &What) {
        if let What::Draft(ticket, _) | What::TextReady(ticket, _) | What::LogEnded(ticket, _) = what {
            self.open.remove(ticket);
        }
    }

    fn spawn(&mut self, ticket: Option<u64>, answer: impl Future<Output = What> + Send + 'static) {
        let replies = self.replies.clone();
        let task = tokio::spawn(async move {
            // Nobody listens any more only when the session is over.
            let _ = replies.send(answer.await).await;
        });
        if let Some(ticket) = ticket {
            self.open.insert(ticket, task.abort_handle());
        }
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        self.open.values().for_each(AbortHandle::abort);
    }
}

/// Who can be asked, or why nobody can.
type Asked = Result<Arc<dyn Backend>, Text>;

fn backend_of(feeds: &Feeds, cluster: &ClusterId) -> Asked {
    feeds
        .backend(cluster)
        .cloned()
        .ok_or_else(|| Text::from(format!("{cluster} is not watched: nothing can be asked of it")))
}

fn too_long(patience: Duration) -> Text {
    Text::from(format!("no answer within {} s", patience.as_secs()))
}

async fn opened(backend: Asked, request: LogRequest) -> Result<LogStream, Text> {
    timeout(PATIENCE, backend?.logs(request)).await.unwrap_or_else(|_| Err(too_long(PATIENCE)))
}

/// The outputs of several, each under a name that no other has: with its cluster or namespace, where they are of several.
async fn voices(asked: Vec<(Asked, LogRequest)>) -> Vec<Voice> {
    let differs = |of: &dyn Fn(&LogRequest) -> Option<Name>| {
        let first = asked.first().and_then(|(_, request)| of(request));
        asked.iter().any(|(_, request)| of(request) != first)
    };
    let clusters = differs(&|request| Some(Name::new(request.instance.cluster.as_str())));
    let namespaces = differs(&|request| request.instance.namespace.clone());
    let opened = asked.into_iter().map(|(backend, request)| async move {
        let Ref { cluster, namespace, name, .. } = request.instance.clone();
        let mut prefix = if clusters { format!("{cluster}/") } else { String::new() };
        if namespaces && let Some(namespace) = namespace {
            prefix.push_str(&format!("{namespace}/"));
        }
        Voice { prefix, name, lines: opened(backend, request).await }
    });
    futures::future::join_all(opened).await
}

/// Hands lines over as they come; returns why they ended.
async fn hand_over(ticket: u64, lines: LogStream, follows: bool, replies: mpsc::Sender<What>) -> Text {
    let mut chunks = lines.ready_chunks(LINES);
    while let Some(chunk) = chunks.next().await {
        let mut lines = Vec::with_capacity(chunk.len());
        let mut failed = None;
        for line in chunk {
            match line {
                Ok(line) => lines.push(line),
                Err(why) => failed = Some(why),
            }
        }
        if !lines.is_empty() && replies.send(What::LogLines(ticket, lines)).await.is_err() {
            break;
        }
        if let Some(why) = failed {
            return why;
        }
    }
    Text::new(if follows { "the output has ended" } else { "that is all of it" })
}
