//! Every run of this session, until the ledger keeps them.

use crate::domain::{Intent, Outcome, Plan, Receipt, Ref, Run, Step, StepError, Timestamp};
use crate::state::View;

use super::run::RunEvent;

/// A step to be sent: of which run, at which place, and what.
pub type Asked = (u64, usize, Step);

/// Runs under way and done, oldest first.
#[derive(Debug, Default)]
pub struct RunBook {
    runs: Vec<Run>,
    version: u64,
}

impl RunBook {
    /// Starts a confirmed plan and says which steps are to be sent.
    pub fn start(&mut self, plan: Plan, view: &View<'_>) -> (u64, Vec<Asked>) {
        let id = self.runs.len() as u64 + 1;
        self.runs.push(Run::new(id, plan, view.now));
        (id, self.advance(id, RunEvent::Look, view))
    }

    /// Takes an answer to a step.
    pub fn answer(&mut self, id: u64, ix: usize, answer: Result<Receipt, StepError>, view: &View<'_>) -> Vec<Asked> {
        self.advance(id, RunEvent::Answer(ix, answer), view)
    }

    /// Stops a run: what was not sent is not sent any more.
    pub fn stop(&mut self, id: u64, view: &View<'_>) -> Vec<Asked> {
        self.advance(id, RunEvent::Stop, view)
    }

    /// Lets every run under way look at the world.
    pub fn look(&mut self, view: &View<'_>) -> Vec<Asked> {
        let open: Vec<u64> = self.runs.iter().filter(|run| run.outcome.is_none()).map(|run| run.id).collect();
        open.into_iter().flat_map(|id| self.advance(id, RunEvent::Look, view)).collect()
    }

    fn advance(&mut self, id: u64, event: RunEvent, view: &View<'_>) -> Vec<Asked> {
        let Some(run) = self.runs.iter_mut().find(|run| run.id == id) else { return Vec::new() };
        let before = run.steps.clone();
        let asked = run.advance(event, view);
        if run.steps != before || !asked.is_empty() {
            self.version += 1;
        }
        asked.into_iter().map(|(ix, step)| (id, ix, step)).collect()
    }

    /// When a run has to be looked at again though nothing changes.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.runs.iter().filter_map(Run::next_deadline).min()
    }

    /// All runs, oldest first.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// One run.
    pub fn run(&self, id: u64) -> Option<&Run> {
        self.runs.iter().find(|run| run.id == id)
    }

    /// The run that is under way on an object, if one is.
    pub fn under_way(&self, key: &Ref) -> Option<&Run> {
        self.runs.iter().rev().find(|run| run.outcome.is_none() && run.plan.intent.target() == key)
    }

    /// What can be taken back on an object, newest first: the run, and the intent that takes it back.
    pub fn undoable<'a>(&'a self, key: &'a Ref) -> impl Iterator<Item = (&'a Run, &'a Intent)> {
        let done = |run: &&Run| !matches!(run.outcome, None | Some((_, Outcome::Failed(_))));
        self.runs
            .iter()
            .rev()
            .filter(move |run| run.plan.intent.target() == key)
            .filter(done)
            .filter_map(|run| Some((run, run.plan.inverse.as_ref()?)))
    }

    /// Counts up with every change.
    pub const fn version(&self) -> u64 {
        self.version
    }
}
