//! A simulated cluster as a backend: everything is asked of its actor over bounded channels.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::{mpsc, oneshot, watch};

use crate::domain::{
    Attach, Attached, Backend, Batch, ClusterId, Demand, Draft, Feed, Form, Intent, LogLine, LogRequest, LogStream,
    Receipt, Ref, Refusal, Step, StepError, Text,
};

use super::actor::{Actor, Ask};
use super::clock::Clock;
use super::shell;
use super::sim::Sim;

/// Questions that may wait.
const ASKS: usize = 16;
/// Batches on their way to the engine.
const BATCHES: usize = 16;
/// New lines of a log are looked for that often.
const FOLLOW: Duration = Duration::from_secs(1);
/// Why nothing comes any more.
const ENDED: &str = "the demo has ended";

/// One cluster of the simulated company.
pub struct Simulated {
    sim: Sim,
    clock: Clock,
    actor: OnceLock<mpsc::Sender<Ask>>,
}

impl Simulated {
    /// A cluster that begins to run when it is first asked something.
    pub(super) fn new(sim: Sim, clock: Clock) -> Self {
        Self { sim, clock, actor: OnceLock::new() }
    }

    /// The cluster as it begins.
    pub const fn sim(&self) -> &Sim {
        &self.sim
    }

    /// Within a tokio runtime: the way to the actor, which runs from then on.
    fn actor(&self) -> mpsc::Sender<Ask> {
        let start = || {
            let (asks, asked) = mpsc::channel(ASKS);
            tokio::spawn(Actor::new(self.sim.clone(), self.clock, asked).run());
            asks
        };
        self.actor.get_or_init(start).clone()
    }

    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Option<T> {
        ask_of(&self.actor(), ask).await
    }
}

async fn ask_of<T>(actor: &mpsc::Sender<Ask>, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Option<T> {
    let (reply, answer) = oneshot::channel();
    actor.send(ask(reply)).await.ok()?;
    answer.await.ok()
}

impl Feed for Simulated {
    fn cluster(&self) -> &ClusterId {
        self.sim.cluster()
    }

    fn run(self: Arc<Self>, demand: watch::Receiver<Demand>) -> BoxStream<'static, Batch> {
        let begin = async move {
            let (out, batches) = mpsc::channel(BATCHES);
            // Should the actor be gone, so is the only sender, and the stream ends.
            drop(self.actor().send(Ask::Listen(demand, out)).await);
            futures::stream::unfold((self, batches), |(held, mut batches)| async move {
                let batch = batches.recv().await?;
                Some((batch, (held, batches)))
            })
        };
        futures::stream::once(begin).flatten().boxed()
    }
}

#[async_trait]
impl Backend for Simulated {
    async fn prepare(&self, intent: Intent) -> Result<Draft, Refusal> {
        let refused = Refusal::of(&intent, ENDED, "start it again");
        self.ask(|reply| Ask::Prepare(intent, reply)).await.unwrap_or(Err(refused))
    }

    async fn execute(&self, step: Step) -> Result<Receipt, StepError> {
        let ended = Err(StepError::Failed(Text::new(ENDED)));
        self.ask(|reply| Ask::Execute(step, reply)).await.unwrap_or(ended)
    }

    async fn attach(&self, attach: Attach) -> Result<Attached, StepError> {
        let (size, command) = (attach.size, attach.enter.command.clone());
        let ended = Err(StepError::Failed(Text::new(ENDED)));
        let room = self.ask(|reply| Ask::Enter(Box::new(attach), reply)).await.unwrap_or(ended)?;
        Ok(Attached::new(size, move |wires| shell::run(room, command, wires)))
    }

    async fn logs(&self, request: LogRequest) -> Result<LogStream, Text> {
        let LogRequest { instance, previous, since, tail, follow, .. } = request;
        let past = self.ask(|reply| Ask::Tail(instance.clone(), previous, tail, reply)).await;
        let mut past = past.unwrap_or_else(|| Err(Text::new(ENDED)))?;
        past.retain(|line| since.is_none_or(|since| line.at >= Some(since)));
        let last = past.last().and_then(|line| line.at).unwrap_or_else(|| self.clock.now());
        let shown = futures::stream::iter(past.into_iter().map(Ok));
        if !follow || previous {
            return Ok(shown.boxed());
        }
        let coming = futures::stream::unfold((self.actor(), instance, last), |(actor, instance, last)| async move {
            tokio::time::sleep(FOLLOW).await;
            let lines = ask_of(&actor, |reply| Ask::Since(instance.clone(), last, reply)).await?;
            let (said, last): (Vec<Result<LogLine, Text>>, _) = match lines {
                Ok(lines) => {
                    let last = lines.last().and_then(|line| line.at).unwrap_or(last);
                    (lines.into_iter().map(Ok).collect(), last)
                }
                // The instance is gone: that ends it.
                Err(_) => return None,
            };
            Some((futures::stream::iter(said), (actor, instance, last)))
        });
        Ok(shown.chain(coming.flatten()).boxed())
    }

    async fn describe(&self, key: Ref, form: Form) -> Result<Vec<Text>, Text> {
        self.ask(|reply| Ask::Describe(key, form, reply)).await.unwrap_or_else(|| Err(Text::new(ENDED)))
    }
}
