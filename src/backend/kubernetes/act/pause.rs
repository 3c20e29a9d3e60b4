//! Holding a rollout and going on with it; suspending a CronJob or a Job.

use std::slice::from_ref;

use serde_json::{Value, json};

use crate::domain::words::many;
use crate::domain::{Draft, Intent, Kind, Ref, Refusal, StepAction, Text, Until};

use super::super::words::dig::{is_true, number};
use super::change::{Change, How, of_spec};
use super::desk::Desk;
use super::{carry_out, draft, gitops, pins, rollouts};

/// How it would be held, or let go on.
pub(super) async fn prepare(desk: Desk<'_>, intent: &Intent, key: &Ref, paused: bool) -> Result<Draft, Refusal> {
    match key.kind {
        Kind::Deployment | Kind::ArgoRollout | Kind::CronJob | Kind::Job => {}
        Kind::Application => return gitops::prepare(desk, intent, key, paused).await,
        Kind::StatefulSet => {
            let mend = "set spec.updateStrategy.rollingUpdate.partition";
            return Err(Refusal::of(intent, "a StatefulSet's rollout cannot be held", mend));
        }
        kind => {
            let why = format!("a {} has no rollout that can be held", kind.noun());
            return Err(Refusal::of(intent, why, "hold the Deployment that it belongs to"));
        }
    }
    let object = desk.subject(intent, key).await?;
    let mut draft = Draft::new(intent, Vec::new());
    if (pins::state(key.kind, &object) != "running") == paused {
        return Ok(draft);
    }
    let action = StepAction::SetPaused(key.clone(), paused);
    let change = carry_out::change(desk, &action, &object).await.map_err(|why| Refusal::of(intent, why, ""))?;
    let (tried, (owner, variant)) =
        futures::join!(desk.try_out(intent, from_ref(&change)), gitops::owner_notes(desk, &object, intent));
    tried?;
    draft.steps.push(draft::step(action, &object, Until::Paused(key.clone(), paused), draft::SOON));
    draft.inverse = Some(if paused { Intent::Resume(key.clone()) } else { Intent::Pause(key.clone()) });
    let active = number(&object, "/status/active").and_then(|it| u64::try_from(it).ok()).unwrap_or(0);
    draft.notes.extend(match key.kind {
        Kind::Job if paused && active > 0 => {
            Some(draft::hurts(format!("its {} end; they begin from the start when it goes on", many(active, "pod"))))
        }
        Kind::CronJob if paused => Some(draft::note("what runs of it now runs on; what is due meanwhile is missed")),
        Kind::Deployment if paused => {
            Some(draft::note("what is changed meanwhile waits; its number can still be set, and it cannot be undone"))
        }
        _ => None,
    });
    draft.notes.extend(owner);
    draft.variants.extend(variant);
    Ok(draft)
}

/// The write.
pub(super) fn change(key: &Ref, object: &Value, paused: bool) -> Result<Change, Text> {
    match key.kind {
        Kind::CronJob | Kind::Job => Change::of(key, How::Strategic, of_spec(object, json!({ "suspend": paused }))),
        // One that waits by a step of its own goes on when that is taken out of what its controller keeps.
        Kind::ArgoRollout if !paused && !is_true(object, "/spec/paused") => {
            rollouts::status(key, object, json!({ "pauseConditions": null }))
        }
        Kind::ArgoRollout => Change::of(key, How::Merge, of_spec(object, json!({ "paused": paused }))),
        _ => Change::of(key, How::Strategic, of_spec(object, json!({ "paused": paused }))),
    }
}
