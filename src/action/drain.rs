//! How far a drain is: what is gone and what came in its place, what moves, what is held back, what stays.

use std::collections::BTreeSet;

use crate::domain::{Instance, Intent, Ref, Run, StepAction, StepState, Timestamp};
use crate::state::View;

use super::wait::{leaving, runs};

/// A drain as it goes.
#[derive(Debug, Clone, Default)]
pub struct Drain<'a> {
    /// Evictions that are done.
    pub gone: usize,
    /// Accepted, or asked for.
    pub moving: usize,
    /// Held back for now.
    pub waiting: usize,
    /// Their turn has not come.
    pub to_come: usize,
    /// Refused, or not done in time.
    pub failed: usize,
    /// Still there, and never meant to be taken: they would be lost.
    pub skipped: Vec<&'a Instance>,
    /// Came while it went on.
    pub arrived: Vec<&'a Instance>,
    /// Everything that still runs there and does not belong on each node.
    pub left: Vec<&'a Instance>,
}

impl<'a> Drain<'a> {
    /// How far a run's drain is; none where it is none.
    pub fn of(run: &Run, view: &View<'a>) -> Option<Self> {
        let nodes: Vec<&Ref> = run.plan.intent.parts().iter().filter_map(drained).collect();
        if nodes.is_empty() {
            return None;
        }
        let mut it = Self::default();
        let mut taken: BTreeSet<&Ref> = BTreeSet::new();
        for (state, step) in run.steps.iter().zip(&run.plan.steps) {
            let StepAction::Evict(key) = &step.action else { continue };
            taken.insert(key);
            match state {
                StepState::Done(_) => it.gone += 1,
                StepState::Sent(_) | StepState::Settling(_) => it.moving += 1,
                StepState::Blocked { .. } => it.waiting += 1,
                StepState::Waiting => it.to_come += 1,
                StepState::Failed(_) => it.failed += 1,
                StepState::Skipped => {}
            }
        }
        // Where the orchestrator itself empties the node, nothing is skipped: what is there still moves.
        let by_itself = run.plan.steps.iter().any(|step| matches!(step.action, StepAction::SetDrain(_, true)));
        for node in nodes {
            it.left.extend(leaving(node, view));
        }
        it.left.sort_by(|a, b| a.key.cmp(&b.key));
        for instance in &it.left {
            let came = instance.created.is_some_and(|at| at > run.started);
            match (taken.contains(&instance.key), came) {
                // Another incarnation under the same name may have come back.
                (true, false) => {}
                (_, true) => it.arrived.push(instance),
                (false, false) if by_itself => it.moving += 1,
                (false, false) => it.skipped.push(instance),
            }
        }
        Some(it)
    }

    /// `24 gone, 3 moving, 1 waiting, 3 skipped`; what there is none of is not said.
    pub fn words(&self) -> String {
        let all = [
            (self.gone, "gone"),
            (self.moving, "moving"),
            (self.waiting, "waiting"),
            (self.to_come, "to come"),
            (self.failed, "failed"),
            (self.skipped.len(), "skipped"),
            (self.arrived.len(), "came meanwhile"),
        ];
        let said: Vec<String> = all.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
        if said.is_empty() { "nothing to move".to_owned() } else { said.join(", ") }
    }
}

const fn drained(part: &Intent) -> Option<&Ref> {
    match part {
        Intent::Drain(key, _) => Some(key),
        _ => None,
    }
}

/// What came in the place of an instance that was taken away: of the same name where its owner makes it again so, else by turns.
/// None where that cannot be told, or nothing came yet.
pub fn in_its_place<'a>(run: &Run, key: &Ref, view: &View<'a>) -> Option<&'a Instance> {
    let came = |it: &&Instance| it.created.is_some_and(|at| at.as_second() >= run.started.as_second());
    if let Some(reborn) = view.instance(key).filter(came) {
        return Some(reborn);
    }
    let owner = &run.plan.owners.iter().find(|(of, _)| of == key)?.1;
    let gone: Vec<(Timestamp, &Ref)> = {
        let done = run.steps.iter().zip(&run.plan.steps).filter_map(|(state, step)| match (state, &step.action) {
            (StepState::Done(at), StepAction::Evict(of) | StepAction::Delete(of) | StepAction::Stop(of)) => {
                Some((*at, of))
            }
            _ => None,
        });
        let of_owner = |of: &Ref| run.plan.owners.iter().any(|(it, by)| it == of && by == owner);
        let mut all: Vec<_> = done.filter(|(_, of)| of_owner(of)).collect();
        all.sort();
        all
    };
    let turn = gone.iter().position(|(_, of)| *of == key)?;
    let mut new: Vec<&Instance> = view.instances_of(owner).filter(|it| runs(it)).filter(came).collect();
    new.sort_by(|a, b| (a.created, &a.key).cmp(&(b.created, &b.key)));
    new.get(turn).copied()
}
