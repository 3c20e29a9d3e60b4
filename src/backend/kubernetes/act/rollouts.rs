//! Argo Rollouts: let a canary take over, or give it up.

use std::slice::from_ref;

use serde_json::{Value, json};

use crate::domain::{Draft, Intent, Kind, Ref, Refusal, StepAction, Text, Until};

use super::super::words::dig::{is_true, list, text};
use super::change::{Change, How, lock};
use super::desk::Desk;
use super::{carry_out, draft};

/// Whether it is held: by a person, or by a step of its own that waits for one.
pub(super) fn is_held(rollout: &Value) -> bool {
    is_true(rollout, "/spec/paused") || !list(rollout, "/status/pauseConditions").is_empty()
}

/// How a canary would take over, or be given up.
pub(super) async fn prepare(desk: Desk<'_>, intent: &Intent, key: &Ref, promote: bool) -> Result<Draft, Refusal> {
    if key.kind != Kind::ArgoRollout {
        let why = format!("a {} has no canary", key.kind.noun());
        let mend = if promote { "it goes on by itself" } else { "undo its rollout" };
        return Err(Refusal::of(intent, why, mend));
    }
    let rollout = desk.subject(intent, key).await?;
    let action = if promote { StepAction::Promote(key.clone()) } else { StepAction::Abort(key.clone()) };
    let change =
        carry_out::change(desk, &action, &rollout).await.map_err(|why| Refusal::of(intent, why, "look again"))?;
    desk.try_out(intent, from_ref(&change)).await?;
    // What was given up runs its stable revision, which is not its newest: that is not waited for.
    let until = if promote { Until::RolledOut(key.clone(), None) } else { Until::Accepted };
    let mut draft = Draft::new(intent, vec![draft::step(action, &rollout, until, draft::deadline(&rollout))]);
    if promote && !list(&rollout, "/spec/strategy/canary/steps").is_empty() {
        draft.notes.push(draft::hurts("the steps, pauses and analyses that are left are passed over"));
    }
    if !promote {
        draft
            .notes
            .push(draft::note("it goes back to its stable revision, and stays degraded until it is undone or retried"));
    }
    Ok(draft)
}

/// argo-rollouts: pkg/kubectl-argo-rollouts/cmd/promote/promote.go.
pub(super) fn promote(key: &Ref, rollout: &Value) -> Result<Change, Text> {
    under_way(rollout)?;
    status(key, rollout, json!({ "promoteFull": true }))
}

/// argo-rollouts: pkg/kubectl-argo-rollouts/cmd/abort/abort.go.
pub(super) fn abort(key: &Ref, rollout: &Value) -> Result<Change, Text> {
    under_way(rollout)?;
    if is_true(rollout, "/status/abort") {
        return Err(Text::new("it is given up already"));
    }
    status(key, rollout, json!({ "abort": true }))
}

fn under_way(rollout: &Value) -> Result<(), Text> {
    let (newest, stable) = (text(rollout, "/status/currentPodHash"), text(rollout, "/status/stableRS"));
    match newest == stable {
        true => Err(Text::new("no new revision of it is on its way")),
        false => Ok(()),
    }
}

/// A write to what its controller keeps.
pub(super) fn status(key: &Ref, rollout: &Value, status: Value) -> Result<Change, Text> {
    let body = json!({ "metadata": lock(rollout), "status": status });
    Ok(Change::of(key, How::Merge, body)?.at("status"))
}
