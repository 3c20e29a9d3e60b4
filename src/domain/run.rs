//! A confirmed plan on its way, as it is kept and shown. What moves it is in `action`.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::plan::Plan;
use super::step::{Receipt, StepError};
use super::text::Text;

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
    /// All of it was accepted, and nobody waited to see it done: a command that was not told to.
    Accepted,
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

impl Run {
    /// A run that has not begun.
    pub fn new(id: u64, plan: Plan, now: Timestamp) -> Self {
        let steps = vec![StepState::Waiting; plan.steps.len()];
        Self { id, plan, started: now, steps, stopping: false, outcome: None }
    }

    /// Steps that are done, and all of them.
    pub fn progress(&self) -> (usize, usize) {
        (self.steps.iter().filter(|state| matches!(state, StepState::Done(_))).count(), self.steps.len())
    }
}
