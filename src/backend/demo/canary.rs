//! Canaries: a few instances of a new revision beside all of the old, until somebody lets them take over or gives them up.
//! As Argo Rollouts does it where the stable revision keeps its full number.

use crate::domain::words::after;
use crate::domain::{Draft, Intent, Kind, Line, LineKind, Ref, Refusal, RolloutPhase, Step, StepAction, Until};

use super::act::{SMALL, draft, revision_of};
use super::control::{DEADLINE, Member};
use super::model::Event;
use super::sim::Sim;

/// What Argo says of a canary that waits for a person (argo-rollouts: pkg/apis/rollouts/v1alpha1, `PauseReasonCanaryPauseStep`).
const WAITS: &str = "CanaryPauseStep";

impl Sim {
    /// Lets a canary take over, or gives it up.
    pub(super) fn draft_canary(&self, intent: &Intent, key: &Ref, promote: bool) -> Result<Draft, Refusal> {
        let managed = self.to_change(intent, key)?;
        let refuse = |why: String, mend: &str| Err(Refusal::of(intent, why, mend));
        if key.kind != Kind::ArgoRollout {
            return refuse(format!("a {} here has no canary", key.kind.noun()), "undo its rollout");
        }
        let Some(canary) = managed.canary else {
            return refuse("no new revision of it is on its way".to_owned(), "set another image first");
        };
        if canary == 0 && !promote {
            return refuse("it is given up already".to_owned(), "undo it: then it is healthy again");
        }
        let (action, until, words) = match promote {
            true => (StepAction::Promote(key.clone()), Until::RolledOut(key.clone(), None), "promote --full"),
            false => (StepAction::Abort(key.clone()), Until::Accepted, "abort"),
        };
        let step = self.step(managed, action, revision_of(managed), until);
        let note = match promote {
            true => Line::new(LineKind::Hurts, "the steps, pauses and analyses that are left are passed over"),
            false => {
                Line::new(LineKind::Note, "it goes back to its stable revision, and stays degraded until it is undone")
            }
        };
        let timeout = if promote { step.timeout_seconds } else { SMALL };
        let step = Step { timeout_seconds: timeout, ..step };
        Ok(draft(intent, vec![step], Some(argo(key, words)), None, vec![note]))
    }

    /// The canary takes over.
    pub(super) fn promote(&mut self, key: &Ref, by: &str) {
        let seconds = self.workloads.get(key).and_then(|it| it.spec.deadline).map_or(DEADLINE, |it| it.0);
        let (now, deadline) = (self.now, after(self.now, seconds));
        let Some(managed) = self.workloads.get_mut(key) else { return };
        managed.canary = None;
        let generation = managed.generation;
        if let Some(rollout) = managed.object.rollout.as_mut() {
            (rollout.phase, rollout.message) = (RolloutPhase::Progressing, None);
            (rollout.progressed, rollout.deadline) = (Some(now), Some(deadline));
        }
        self.plan_at(deadline, Event::Deadline(key.clone(), generation));
        self.told(key, format!("canary promoted by {by}"), "promoted");
    }

    /// The canary goes, and what served all the time goes on.
    pub(super) fn abort(&mut self, key: &Ref, by: &str) {
        let Some(managed) = self.workloads.get_mut(key) else { return };
        managed.canary = Some(0);
        let revision = managed.template().map_or_else(Default::default, |it| it.revision.id.to_string());
        if let Some(rollout) = managed.object.rollout.as_mut() {
            rollout.phase = RolloutPhase::Failed;
            rollout.message = Some(format!("RolloutAborted: Rollout aborted update to revision {revision}").into());
            rollout.deadline = None;
        }
        self.told(key, format!("canary given up by {by}"), "aborted");
    }

    fn told(&mut self, key: &Ref, text: String, what: &str) {
        self.touch(key);
        self.unsettle(key);
        self.serial += 1;
        self.changed(key, text, format!("{key}:{what}:{}", self.serial));
    }

    /// So many of the new beside all of the old.
    pub(super) fn beside(&mut self, key: &Ref, want: usize, canary: usize, new: &[Member], old: &[Member]) {
        for _ in new.len()..canary.min(want) {
            self.create(key, None, None);
        }
        for _ in old.len()..want {
            self.create_stable(key);
        }
        let surplus = |all: &[Member], most: usize| -> Vec<Ref> {
            let mut all: Vec<&Member> = all.iter().collect();
            // What does not serve goes before what does.
            all.sort_by_key(|it| !it.2);
            all.into_iter().skip(most).map(|it| it.0.clone()).collect()
        };
        for member in surplus(new, canary).into_iter().chain(surplus(old, want)) {
            self.leave(&member);
        }
        let ready = new.iter().filter(|it| it.2).count();
        let now = self.now;
        let Some(rollout) = self.workloads.get_mut(key).and_then(|it| it.object.rollout.as_mut()) else { return };
        if canary > 0 && ready >= canary && rollout.phase == RolloutPhase::Progressing {
            (rollout.phase, rollout.message) = (RolloutPhase::Paused, Some(WAITS.into()));
            (rollout.progressed, rollout.deadline) = (Some(now), None);
            self.touch(key);
        }
    }
}

/// The command of its plugin for kubectl.
pub(super) fn argo(key: &Ref, words: &str) -> String {
    let namespace = key.namespace.as_deref().unwrap_or("default");
    format!("kubectl argo rollouts -n {namespace} {words} {}", key.name)
}
