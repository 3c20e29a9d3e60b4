//! What may be done where, and how carefully.

use std::collections::BTreeSet;

use crate::diagnose::Pattern;
use crate::domain::{ClusterId, ForwardRequest, Intent, Ref, Refusal, Step, StepAction, Text};
use crate::state::View;

use super::forward::forwards;
use super::needs::{denied, denied_forward};

/// What people set about actions.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    /// Nothing may be changed in this run, and why.
    pub read_only: Option<Text>,
    /// Targets whose cluster's own name has to be typed.
    pub protected: Vec<Pattern>,
    /// The journal cannot be written, and why: the cluster's name has to be typed for everything.
    pub unjournalled: Option<Text>,
    /// What cannot be journalled is not done at all.
    pub require_journal: bool,
    /// What was done is noted by its server too, where it has a place for that.
    pub notes: bool,
    /// At most so many instances are taken away or made anew by one plan; any number where none is set.
    pub max_instances: Option<u32>,
    /// A preview asks why, and the answer is kept with the run.
    pub ask_reason: bool,
}

impl Guard {
    /// Whether the target stands under protection.
    pub fn protects(&self, key: &Ref) -> bool {
        self.protected.iter().any(|pattern| pattern.fits_key(key))
    }

    /// Clusters whose names have to be typed before an intent is carried out, each once.
    pub fn protected_by<'a>(&self, intent: &'a Intent) -> BTreeSet<&'a ClusterId> {
        let targets = intent.parts().iter().map(Intent::target);
        targets.filter(|target| self.protects(target)).map(|target| &target.cluster).collect()
    }

    /// What has to be typed because of protection: the names of the clusters.
    pub fn name_of_protected(&self, intent: &Intent) -> Option<Text> {
        let names: Vec<&str> = self.protected_by(intent).into_iter().map(ClusterId::as_str).collect();
        (!names.is_empty()).then(|| Text::from(names.join(" ")))
    }

    /// Refuses what may not be done at all, before a server is asked. The backend refuses it again, below every key.
    pub fn admit(&self, intent: &Intent, view: &View<'_>) -> Result<(), Refusal> {
        intent.parts().iter().try_for_each(|part| self.admit_one(part, view))
    }

    fn admit_one(&self, intent: &Intent, view: &View<'_>) -> Result<(), Refusal> {
        let target = intent.target();
        let refused = |why: Text, mend: &str| Refusal::of(intent, why, mend);
        self.admit_at(target, view).map_err(|(why, mend)| refused(why, mend))?;
        if let Some(why) = self.unjournalled.as_ref().filter(|_| self.require_journal) {
            let why =
                Text::from(format!("it could not be journalled, and the settings say require_journal = true: {why}"));
            return Err(Refusal::of(intent, why, "see that the journal can be written; `cockpit doctor` shows it"));
        }
        let right = denied(intent, view);
        right.map_or(Ok(()), |right| Err(refused(no_right(right, target), ROLE)))
    }

    /// Refuses a port forward that may not be had at all, before a server is asked. The backend refuses it again.
    pub fn admit_forward(&self, request: &ForwardRequest, view: &View<'_>) -> Result<(), Refusal> {
        let target = &request.target;
        self.admit_at(target, view).map_err(|(why, mend)| request.refused(why, mend))?;
        if let Some(Err(why)) = forwards(target, view) {
            return Err(request.refused(why, "choose a pod, a workload or a Service of a Kubernetes cluster"));
        }
        let right = denied_forward(target, view);
        right.map_or(Ok(()), |right| Err(request.refused(no_right(right, target), ROLE)))
    }

    /// Why nothing may be done to an object at all, and what to do instead.
    fn admit_at(&self, target: &Ref, view: &View<'_>) -> Result<(), (Text, &'static str)> {
        if let Some(why) = &self.read_only {
            return Err((why.clone(), "start cockpit without --read-only"));
        }
        if let Some(why) = view.rights(&target.cluster).and_then(|rights| rights.read_only.as_ref()) {
            return Err((why.clone(), "nothing can be changed there from here"));
        }
        match view.object(target) {
            Some(_) => Ok(()),
            None => Err((Text::new("it is not there any more"), "look at the list again")),
        }
    }

    /// Refuses what takes away, or makes anew, more instances than are allowed in one plan.
    pub fn bound(&self, intent: &Intent, steps: &[Step], view: &View<'_>) -> Result<(), Refusal> {
        let Some(most) = self.max_instances else { return Ok(()) };
        let touched: u64 = steps.iter().map(|step| u64::from(touches(&step.action, view))).sum();
        if touched <= u64::from(most) {
            return Ok(());
        }
        let why = format!("it would touch {touched} instances, and max_instances allows {most} in one plan");
        Err(Refusal::of(intent, why, "take fewer at once, or raise max_instances in the configuration"))
    }
}

const ROLE: &str = "`cockpit rbac --control` prints the role that allows it";

fn no_right(right: &str, target: &Ref) -> Text {
    Text::from(format!("you may not `{right}` in {}", target.cluster))
}

/// How many instances a step takes away, makes anew, or adds.
fn touches(action: &StepAction, view: &View<'_>) -> u32 {
    let alive = |key: &Ref| view.workload(key).map_or(1, |workload| view.counts(workload).alive);
    match action {
        StepAction::Restart(key) | StepAction::Revert(key, _) | StepAction::Set(key, _) | StepAction::Recreate(key) => {
            alive(key)
        }
        StepAction::SetReplicas(key, to) => alive(key).abs_diff(*to),
        StepAction::SetDrain(key, true) => u32::try_from(super::wait::leaving(key, view).count()).unwrap_or(u32::MAX),
        StepAction::Evict(_)
        | StepAction::Delete(_)
        | StepAction::Stop(_)
        | StepAction::Kill(_)
        | StepAction::Start(_)
        | StepAction::Retry(_)
        | StepAction::Trigger(_) => 1,
        StepAction::SetCordon(..)
        | StepAction::SetPaused(..)
        | StepAction::SetDrain(..)
        | StepAction::Promote(_)
        | StepAction::Abort(_)
        | StepAction::Prune(..)
        | StepAction::Silence(..)
        | StepAction::EndSilence(..)
        | StepAction::AddDebugger(..)
        | StepAction::Enter(..) => 0,
    }
}
