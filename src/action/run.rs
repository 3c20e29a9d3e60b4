//! A confirmed plan on its way: asks for steps, waits for the world to show them done, and stops when told to stop.

use serde::{Deserialize, Serialize};

use crate::domain::{Object, Plan, Receipt, Step, StepError, Text, Timestamp, Until};
use crate::state::View;

use super::wait::{is_newer, runs};

/// A plan that was confirmed. Serialisable, so that it survives a crash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its number in this session, from 1.
    pub id: u64,
    /// What was confirmed.
    pub plan: Plan,
    /// When.
    pub started: Timestamp,
    /// How far each step is.
    pub steps: Vec<StepState>,
    /// A person said stop: nothing more is sent.
    pub stopping: bool,
    /// How it ended, once it has.
    pub outcome: Option<(Timestamp, Outcome)>,
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Its turn has not come.
    Waiting,
    /// Sent; no answer yet.
    Sent(Timestamp),
    /// Something holds it back; tried again then.
    Blocked {
        /// What, in its own words.
        by: Text,
        /// When to try again.
        retry_at: Timestamp,
        /// Since when it is held back.
        since: Timestamp,
    },
    /// Accepted; the world does not show it yet.
    Settling(Receipt),
    /// The world shows it.
    Done(Timestamp),
    /// It was not done, or it cannot be told.
    Failed(StepError),
    /// Never sent: a person stopped, or an earlier step failed.
    Skipped,
}

impl StepState {
    /// Whether nothing more will come of it.
    pub const fn is_final(&self) -> bool {
        matches!(self, StepState::Done(_) | StepState::Failed(_) | StepState::Skipped)
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All of it was done.
    Done,
    /// Some of it was done.
    Partly {
        /// Steps that were.
        done: usize,
        /// Steps that were not.
        left: usize,
    },
    /// Nothing of it was done.
    Failed(Text),
}

/// What a run hears.
pub enum RunEvent {
    /// An answer to a step that was asked for.
    Answer(usize, Result<Receipt, StepError>),
    /// The world has changed, or a deadline has come.
    Look,
    /// A person says stop.
    Stop,
}

/// How many steps of a group are on their way at once. A blocked one holds no place.
const AT_ONCE: usize = 8;

impl Run {
    /// A run that has not begun.
    pub fn new(id: u64, plan: Plan, now: Timestamp) -> Self {
        let steps = vec![StepState::Waiting; plan.steps.len()];
        Self { id, plan, started: now, steps, stopping: false, outcome: None }
    }

    /// Takes an event in and says which steps are to be sent now, by their place in the plan.
    pub fn advance(&mut self, event: RunEvent, view: &View<'_>) -> Vec<(usize, Step)> {
        if self.outcome.is_some() {
            return Vec::new();
        }
        match event {
            RunEvent::Answer(ix, answer) => self.answered(ix, answer, view.now),
            RunEvent::Stop => self.stop(),
            RunEvent::Look => {}
        }
        self.look(view);
        let sent = self.send(view.now);
        self.conclude(view.now);
        sent
    }

    /// When it has to be looked at again though nothing changes.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        if self.outcome.is_some() {
            return None;
        }
        let each = self.steps.iter().zip(&self.plan.steps).filter_map(|(state, step)| match state {
            StepState::Blocked { retry_at, .. } => Some(*retry_at),
            StepState::Settling(receipt) => after(receipt.at, step.timeout_seconds),
            _ => None,
        });
        each.min()
    }

    /// Steps that are done, and all of them.
    pub fn progress(&self) -> (usize, usize) {
        (self.steps.iter().filter(|state| matches!(state, StepState::Done(_))).count(), self.steps.len())
    }

    fn answered(&mut self, ix: usize, answer: Result<Receipt, StepError>, now: Timestamp) {
        let Some(state) = self.steps.get_mut(ix) else { return };
        *state = match answer {
            Ok(receipt) => StepState::Settling(receipt),
            Err(StepError::Blocked { by, retry_at }) => {
                let since = match state {
                    StepState::Blocked { since, .. } => *since,
                    _ => now,
                };
                StepState::Blocked { by, retry_at, since }
            }
            // Gone is what an eviction wants.
            Err(StepError::Gone) if matches!(self.plan.steps[ix].until, Until::GoneOrReborn(..)) => {
                StepState::Done(now)
            }
            // Whether it was done is read from the world, never by sending it again.
            Err(StepError::Unknown { sent }) => StepState::Settling(Receipt { at: sent, text: None }),
            Err(error) => StepState::Failed(error),
        };
    }

    fn stop(&mut self) {
        self.stopping = true;
        for state in &mut self.steps {
            if matches!(state, StepState::Waiting | StepState::Blocked { .. }) {
                *state = StepState::Skipped;
            }
        }
    }

    fn look(&mut self, view: &View<'_>) {
        for (state, step) in self.steps.iter_mut().zip(&self.plan.steps) {
            let StepState::Settling(receipt) = state else { continue };
            if holds(&step.until, receipt, view) {
                *state = StepState::Done(view.now);
            } else if after(receipt.at, step.timeout_seconds).is_some_and(|deadline| deadline <= view.now) {
                let text = format!("accepted, and not seen done within {} s", step.timeout_seconds);
                *state = StepState::Failed(StepError::Failed(Text::new(&text)));
            }
        }
    }

    fn send(&mut self, now: Timestamp) -> Vec<(usize, Step)> {
        let Some(group) = self.current_group() else { return Vec::new() };
        let under_way = |state: &StepState| matches!(state, StepState::Sent(_) | StepState::Settling(_));
        let mut places = AT_ONCE.saturating_sub(self.steps.iter().filter(|state| under_way(state)).count());
        let mut out = Vec::new();
        for (ix, step) in self.plan.steps.iter().enumerate().filter(|(_, step)| step.group == group) {
            let due = match &self.steps[ix] {
                StepState::Waiting => true,
                StepState::Blocked { retry_at, .. } => *retry_at <= now,
                _ => false,
            };
            if due && places > 0 && !self.stopping {
                places -= 1;
                // A retried step keeps what blocked it on the screen until its answer comes.
                if self.steps[ix] == StepState::Waiting {
                    self.steps[ix] = StepState::Sent(now);
                } else if let StepState::Blocked { retry_at, .. } = &mut self.steps[ix] {
                    *retry_at = after(now, 60).unwrap_or(now);
                }
                out.push((ix, step.clone()));
            }
        }
        out
    }

    /// The first group with something left; an earlier group's failure ends the later ones.
    fn current_group(&mut self) -> Option<u32> {
        let groups: std::collections::BTreeSet<u32> = self.plan.steps.iter().map(|step| step.group).collect();
        for group in groups {
            let of_group = || (0..self.steps.len()).filter(|ix| self.plan.steps[*ix].group == group);
            if of_group().any(|ix| !self.steps[ix].is_final()) {
                return Some(group);
            }
            if of_group().any(|ix| matches!(self.steps[ix], StepState::Failed(_))) {
                for ix in 0..self.steps.len() {
                    if self.plan.steps[ix].group > group && self.steps[ix] == StepState::Waiting {
                        self.steps[ix] = StepState::Skipped;
                    }
                }
                return None;
            }
        }
        None
    }

    fn conclude(&mut self, now: Timestamp) {
        if !self.steps.iter().all(StepState::is_final) {
            return;
        }
        let (done, all) = self.progress();
        let first_error = self.steps.iter().find_map(|state| match state {
            StepState::Failed(error) => Some(Text::new(&error.to_string())),
            _ => None,
        });
        let outcome = match (done, first_error) {
            (done, _) if done == all => Outcome::Done,
            (0, Some(error)) => Outcome::Failed(error),
            (0, None) => Outcome::Failed(Text::new("stopped before anything was done")),
            (done, _) => Outcome::Partly { done, left: all - done },
        };
        self.outcome = Some((now, outcome));
    }
}

fn holds(until: &Until, receipt: &Receipt, view: &View<'_>) -> bool {
    match until {
        Until::Accepted => true,
        Until::Renewed(key) => {
            let Some(workload) = view.workload(key) else { return false };
            let counts = view.counts(workload);
            let renewed = view.instances_of(key).filter(|it| runs(it)).all(|it| it.ready && is_newer(it, receipt));
            renewed && counts.alive > 0 && counts.missing() == 0
        }
        Until::Count(key, wanted) => {
            let Some(workload) = view.workload(key) else { return false };
            let counts = view.counts(workload);
            counts.ready == *wanted && counts.alive == *wanted
        }
        Until::Cordoned(key, cordoned) => view.node(key).is_some_and(|node| node.cordoned == *cordoned),
        Until::GoneOrReborn(key, uid) => match view.object(key) {
            Some(Object::Instance(instance)) => instance.uid != *uid,
            _ => true,
        },
    }
}

fn after(at: Timestamp, seconds: u32) -> Option<Timestamp> {
    at.checked_add(jiff::SignedDuration::from_secs(i64::from(seconds))).ok()
}
