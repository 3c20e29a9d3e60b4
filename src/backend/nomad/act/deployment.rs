//! What is done to a deployment: held, let go on, promoted, given up. A deployment is of a whole job: of all its groups.

use serde_json::json;

use crate::backend::escape::escaped;
use crate::domain::{Draft, Intent, Name, Receipt, Ref, Refusal, Seen, Step, StepAction, StepError, Text, Until};

use super::super::scribe::short;
use super::super::wire::{Deployment, GroupDeployment};
use super::Hand;
use super::brief::{self, does, hurts, note, step};
use super::job::Fresh;
use super::scale::is_active;

impl Hand {
    /// The deployment of a group that is under way.
    async fn under_way(&self, intent: &Intent, key: &Ref, fresh: &Fresh) -> Result<Deployment, Refusal> {
        let found = self.deployment(key, fresh).await.map_err(|failure| brief::unread(intent, &failure))?;
        let how = found
            .as_ref()
            .map_or_else(|| "its job has none".to_owned(), |it| format!("the last one is {}", Text::new(&it.status)));
        found.filter(is_active).ok_or_else(|| {
            Refusal::of(intent, format!("no deployment of it is under way: {how}"), "there is nothing to do it to")
        })
    }

    /// Holds a deployment, or lets it go on; a periodic job is held by its schedule.
    pub(super) async fn draft_held(&self, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
        let fresh = self.asked(intent, key).await?;
        let hold = matches!(intent, Intent::Pause(_));
        if fresh.job.periodic.is_some() {
            return self.draft_suspended(intent, key, &fresh, hold);
        }
        let deployment = self.under_way(intent, key, &fresh).await?;
        if !hold && deployment.status != "paused" {
            let (why, mend) = match waits(&deployment) {
                true => ("it is not paused: it waits for its promotion", "promote it, or give it up (abort)"),
                false => ("its deployment is not paused", "there is nothing to go on with"),
            };
            return Err(Refusal::of(intent, why, mend));
        }
        if hold && deployment.status == "paused" {
            return Ok(Draft::new(intent, Vec::new()));
        }
        let action = StepAction::SetPaused(key.clone(), hold);
        let until = Until::Paused(key.clone(), hold);
        let mut draft = Draft::new(intent, vec![on(&fresh, &deployment, action, until, brief::SMALL)]);
        draft.notes.extend(of_all_groups(&fresh, &deployment));
        draft.notes.push(match hold {
            true => note("what runs goes on running; nothing more is replaced, and its deadline stands still"),
            false => note("its deadline counts anew"),
        });
        draft.inverse = Some(if hold { Intent::Resume(key.clone()) } else { Intent::Pause(key.clone()) });
        draft.equivalent = Some(Text::from(super::words::of_a_deployment(intent, key, &deployment.id)));
        Ok(draft)
    }

    /// Lets canaries take over, or gives a deployment up.
    pub(super) async fn draft_canary(&self, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
        let fresh = self.asked(intent, key).await?;
        let deployment = self.under_way(intent, key, &fresh).await?;
        let mut draft = match intent {
            Intent::Promote(_) => promote(intent, key, &fresh, &deployment)?,
            _ => abort(intent, key, &fresh, &deployment),
        };
        draft.notes.extend(of_all_groups(&fresh, &deployment));
        draft.equivalent = Some(Text::from(super::words::of_a_deployment(intent, key, &deployment.id)));
        Ok(draft)
    }

    pub(super) async fn do_canary(&self, step: &Step) -> Result<Receipt, StepError> {
        let deployment = self.same_deployment(step).await?;
        let (verb, body) = match &step.action {
            StepAction::Promote(_) => ("promote", json!({ "DeploymentID": deployment.id, "All": true })),
            StepAction::Abort(_) => ("fail", json!({ "DeploymentID": deployment.id })),
            _ => return Err(brief::no_step(step)),
        };
        self.write_deployment(step, verb, &deployment.id, &body).await
    }

    pub(super) async fn do_paused(&self, step: &Step, paused: bool) -> Result<Receipt, StepError> {
        if matches!(step.pin.seen, Seen::Spec(_)) {
            return self.do_suspended(step, paused).await;
        }
        let deployment = self.same_deployment(step).await?;
        let body = json!({ "DeploymentID": deployment.id, "Pause": paused });
        self.write_deployment(step, "pause", &deployment.id, &body).await
    }

    async fn write_deployment(
        &self,
        step: &Step,
        verb: &str,
        id: &str,
        body: &serde_json::Value,
    ) -> Result<Receipt, StepError> {
        let path = format!("/v1/deployment/{verb}/{}", escaped(id));
        brief::write(&self.api, &path, brief::namespace(step.action.target()), body).await
    }

    /// The deployment that a step was pinned to, if it is still as it was.
    async fn same_deployment(&self, step: &Step) -> Result<Deployment, StepError> {
        let key = step.action.target();
        let unchecked = |failure| brief::unchecked(&failure);
        let fresh = self.fresh(key).await.map_err(unchecked)?.ok_or(StepError::Gone)?;
        brief::same(&step.pin, &fresh.job.uid(&fresh.group.name))?;
        let found = self.deployment(key, &fresh).await.map_err(unchecked)?;
        let found = found.ok_or_else(|| brief::moved("its job has no deployment any more"))?;
        match &step.pin.seen {
            Seen::State(seen) if seen.as_str() == state(&found) => Ok(found),
            Seen::State(_) => Err(brief::moved(format!("its deployment is {} by now", state(&found)))),
            _ => Err(brief::moved("what was seen of it cannot be compared")),
        }
    }
}

/// A deployment and how it is, as a step is pinned to it.
fn state(deployment: &Deployment) -> String {
    format!("deployment {} {}", short(&deployment.id), deployment.status)
}

fn on(fresh: &Fresh, deployment: &Deployment, action: StepAction, until: Until, seconds: u32) -> Step {
    step(action, &fresh.job.uid(&fresh.group.name), Seen::State(Name::from(state(deployment))), until, seconds)
}

/// Whether canaries wait for somebody to promote them.
fn waits(deployment: &Deployment) -> bool {
    deployment.task_groups.values().any(|group| group.desired_canaries > 0 && !group.promoted)
}

fn of_all_groups(fresh: &Fresh, deployment: &Deployment) -> Option<crate::domain::Line> {
    let names: Vec<String> = deployment.task_groups.keys().cloned().collect();
    (fresh.job.task_groups.len() > 1 && names.len() > 1)
        .then(|| hurts(format!("a deployment is of all groups of its job: {}", brief::some(&names))))
}

fn promote(intent: &Intent, key: &Ref, fresh: &Fresh, deployment: &Deployment) -> Result<Draft, Refusal> {
    if !waits(deployment) {
        return Err(Refusal::of(intent, "it has no canary that waits", "there is nothing to promote"));
    }
    // nomad: nomad/state, `UpdateDeploymentPromotion` refuses so too.
    let ill = deployment.task_groups.iter().find(|(_, it)| !it.promoted && it.healthy_allocs < it.desired_canaries);
    if let Some((name, it)) = ill {
        let why = format!("{} of {} canaries of {name} are healthy", it.healthy_allocs, it.desired_canaries);
        return Err(Refusal::of(intent, why, "wait until all are, or give it up (abort)"));
    }
    let action = StepAction::Promote(key.clone());
    let until = Until::RolledOut(key.clone(), None);
    let mut draft = Draft::new(intent, vec![on(fresh, deployment, action, until, fresh.rollout_seconds())]);
    for (name, it) in deployment.task_groups.iter().filter(|(_, it)| it.desired_canaries > 0 && !it.promoted) {
        draft.notes.push(does(canaries(name, it, fresh)));
    }
    let back = fresh.job.version.checked_sub(1).map(|before| Name::from(before.to_string()));
    draft.inverse = Some(Intent::Undo(key.clone(), back));
    Ok(draft)
}

fn canaries(name: &str, it: &GroupDeployment, fresh: &Fresh) -> String {
    let rest = it.desired_total.saturating_sub(it.desired_canaries);
    let one = if it.desired_canaries == 1 { "canary takes" } else { "canaries take" };
    format!("{name}: {} {one} over; {rest} more replaced, {} at a time", it.desired_canaries, fresh.at_once())
}

fn abort(intent: &Intent, key: &Ref, fresh: &Fresh, deployment: &Deployment) -> Draft {
    let reverts = deployment.task_groups.values().any(|group| group.auto_revert);
    let until = match reverts {
        true => Until::RolledOut(key.clone(), Some(fresh.revision())),
        false => Until::Accepted,
    };
    let action = StepAction::Abort(key.clone());
    let mut draft = Draft::new(intent, vec![on(fresh, deployment, action, until, fresh.rollout_seconds())]);
    draft.notes.push(match (reverts, waits(deployment)) {
        (true, _) => does("its job goes back to its last stable version by itself (auto_revert)"),
        (false, true) => does("its canaries are stopped; what ran before goes on running"),
        (false, false) => hurts("what was replaced already stays as it is: to go back, roll back"),
    });
    draft
}
