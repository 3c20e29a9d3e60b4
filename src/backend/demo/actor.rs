//! The one owner of a running simulation: it moves on with the clock, tells its listener, and does as it is asked.

use std::collections::{BTreeSet, VecDeque};

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::sleep_until;

use crate::domain::{
    Answer, Attach, Batch, Demand, Draft, Fact, Form, Intent, LogLine, Receipt, Ref, Refusal, Step, StepError, Text,
    Timestamp, Want,
};

use super::clock::Clock;
use super::shell::Room;
use super::sim::Sim;

/// Batches that may wait for a slow listener; then the company stands still.
const BACKLOG: usize = 64;
/// How many last lines a finding gets.
const TAIL: u32 = 20;
/// Without anything due it looks at the clock that often, seconds of its own.
const IDLE: i64 = 60;

/// What may be asked of it.
pub enum Ask {
    /// Tell everything, from now on.
    Listen(watch::Receiver<Demand>, mpsc::Sender<Batch>),
    /// How an intent would be done.
    Prepare(Intent, oneshot::Sender<Result<Draft, Refusal>>),
    /// Do a step.
    Execute(Step, oneshot::Sender<Result<Receipt, StepError>>),
    /// What the shell of an instance knows.
    Enter(Box<Attach>, oneshot::Sender<Result<Room, StepError>>),
    /// Last lines; of the run before where that is set.
    Tail(Ref, bool, u32, oneshot::Sender<Result<Vec<LogLine>, Text>>),
    /// Lines after a time.
    Since(Ref, Timestamp, oneshot::Sender<Result<Vec<LogLine>, Text>>),
    /// One object.
    Describe(Ref, Form, oneshot::Sender<Result<Vec<Text>, Text>>),
}

struct Listener {
    demand: watch::Receiver<Demand>,
    out: mpsc::Sender<Batch>,
    backlog: VecDeque<Batch>,
    answered: BTreeSet<Want>,
    use_due: Option<Timestamp>,
}

/// A running simulation.
pub struct Actor {
    sim: Sim,
    clock: Clock,
    asks: mpsc::Receiver<Ask>,
    listener: Option<Listener>,
}

/// What it wakes for.
enum Wake {
    Asked(Option<Box<Ask>>),
    Sent(bool),
    Demanded(bool),
    Due,
}

impl Actor {
    /// A simulation that does as it is asked.
    pub const fn new(sim: Sim, clock: Clock, asks: mpsc::Receiver<Ask>) -> Self {
        Self { sim, clock, asks, listener: None }
    }

    /// Runs until nobody can ask any more.
    pub async fn run(mut self) {
        loop {
            self.move_on();
            match self.wake().await {
                Wake::Asked(None) => return,
                Wake::Asked(Some(ask)) => self.asked(*ask),
                Wake::Sent(false) | Wake::Demanded(false) => self.listener = None,
                Wake::Demanded(true) => self.answer_wants(),
                Wake::Sent(true) | Wake::Due => {}
            }
        }
    }

    async fn wake(&mut self) -> Wake {
        let due = self.next_due();
        let Some(listener) = self.listener.as_mut() else {
            return tokio::select! {
                ask = self.asks.recv() => Wake::Asked(ask.map(Box::new)),
                () = sleep_until(due) => Wake::Due,
            };
        };
        let full = listener.backlog.len() >= BACKLOG;
        let waiting = !listener.backlog.is_empty();
        tokio::select! {
            biased;
            ask = self.asks.recv() => Wake::Asked(ask.map(Box::new)),
            permit = listener.out.reserve(), if waiting => match (permit, listener.backlog.pop_front()) {
                (Ok(permit), Some(batch)) => {
                    permit.send(batch);
                    Wake::Sent(true)
                }
                (Err(_), _) => Wake::Sent(false),
                (Ok(_), None) => Wake::Sent(true),
            },
            changed = listener.demand.changed() => Wake::Demanded(changed.is_ok()),
            () = sleep_until(due), if !full => Wake::Due,
        }
    }

    fn next_due(&self) -> tokio::time::Instant {
        let idle = crate::domain::words::after(self.clock.now(), IDLE);
        let used = self.listener.as_ref().and_then(|it| it.use_due);
        let due = [self.sim.next_due(), used].into_iter().flatten().min().unwrap_or(idle);
        self.clock.when(due)
    }

    fn move_on(&mut self) {
        if self.listener.as_ref().is_some_and(|it| it.backlog.len() >= BACKLOG) {
            return;
        }
        let batches = self.sim.advance(self.clock.now());
        self.tell(batches);
        self.tell_use();
    }

    fn tell(&mut self, batches: Vec<Batch>) {
        if let Some(listener) = self.listener.as_mut() {
            listener.backlog.extend(batches);
        }
    }

    fn asked(&mut self, ask: Ask) {
        // Whoever asked may have gone away meanwhile: then the answer is dropped.
        match ask {
            Ask::Listen(demand, out) => {
                let backlog = self.sim.opening().into();
                self.listener = Some(Listener { demand, out, backlog, answered: BTreeSet::new(), use_due: None });
                self.answer_wants();
            }
            Ask::Prepare(intent, reply) => drop(reply.send(self.sim.prepare(intent))),
            Ask::Execute(step, reply) => {
                let done = self.sim.execute(&step);
                let batches = self.sim.flush();
                self.tell(batches);
                drop(reply.send(done));
            }
            Ask::Enter(attach, reply) => drop(reply.send(self.sim.enter(&attach))),
            Ask::Tail(key, previous, lines, reply) => drop(reply.send(self.sim.tail(&key, previous, lines))),
            Ask::Since(key, since, reply) => drop(reply.send(self.sim.lines_since(&key, since))),
            Ask::Describe(key, Form::Words, reply) => drop(reply.send(self.sim.words(&key))),
            Ask::Describe(key, Form::Manifest, reply) => drop(reply.send(self.sim.manifest(&key))),
        }
    }

    fn answer_wants(&mut self) {
        let Some(listener) = self.listener.as_mut() else { return };
        let wants = listener.demand.borrow_and_update().wants.clone();
        let cluster = self.sim.cluster().clone();
        let ours = |want: &&Want| match want {
            Want::Usage(key) | Want::History(key) | Want::LogTail { instance: key, .. } => key.cluster == cluster,
            Want::Change { workload, .. } => workload.cluster == cluster,
            Want::Query(_) | Want::Kind(_) => true,
        };
        let new: Vec<Want> = wants.iter().filter(|it| !listener.answered.contains(*it)).filter(ours).cloned().collect();
        if wants.iter().any(|want| matches!(want, Want::Usage(_))) {
            listener.use_due.get_or_insert(self.clock.now());
        } else {
            listener.use_due = None;
        }
        listener.answered = wants;
        let facts: Vec<Fact> = new.into_iter().filter_map(|want| self.sim.answer(want)).collect();
        if !facts.is_empty() {
            let batch = Batch { cluster, at: self.sim.now, facts };
            self.tell(vec![batch]);
        }
    }

    fn tell_use(&mut self) {
        let now = self.sim.now;
        let Some(listener) = self.listener.as_mut().filter(|it| it.use_due.is_some_and(|due| due <= now)) else {
            return;
        };
        listener.use_due = Some(self.sim.next_use());
        let wanted = listener.answered.iter().filter_map(|want| match want {
            Want::Usage(key) => Some(key),
            _ => None,
        });
        let facts: Vec<Fact> = wanted.flat_map(|key| self.sim.use_of(key)).map(Fact::Measured).collect();
        if !facts.is_empty() {
            let batch = Batch { cluster: self.sim.cluster().clone(), at: now, facts };
            self.tell(vec![batch]);
        }
    }
}

impl Sim {
    /// What comes of a want; use is told by itself, again and again.
    pub fn answer(&self, want: Want) -> Option<Fact> {
        let answer = match &want {
            Want::Usage(_) => return None,
            Want::LogTail { instance, previous, .. } => match self.tail(instance, *previous, TAIL) {
                Ok(lines) => Answer::Lines(lines.into_iter().map(|line| line.text).collect()),
                Err(why) => Answer::Failed(why),
            },
            Want::History(key) => Answer::Lines(self.history(key)),
            Want::Change { workload, revision } => self.change(workload, revision),
            Want::Query(_) => Answer::Failed(Text::new("the demo has no metrics server to query")),
            Want::Kind(kind) => Answer::Failed(Text::from(format!("the demo has no more of {kind}"))),
        };
        Some(Fact::Answered(want, answer))
    }
}
