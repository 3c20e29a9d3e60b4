//! How many run.

use std::slice::from_ref;

use serde_json::{Value, json};

use crate::domain::{Draft, Intent, Kind, Ref, Refusal, StepAction, Text, Until};

use super::super::place;
use super::super::words::dig::text;
use super::change::{Change, How};
use super::desk::{Desk, not_read};
use super::{carry_out, draft, gitops, pins};

/// How a number would be set.
pub(super) async fn prepare(desk: Desk<'_>, intent: &Intent, key: &Ref, to: u32) -> Result<Draft, Refusal> {
    scalable(intent, key)?;
    let path = place::path(key).map(|path| format!("{path}/scale"));
    let path = path.ok_or_else(|| Refusal::of(intent, "it lies in no namespace", "look at the list again"))?;
    let (object, scale) = futures::join!(desk.object(key), desk.at(&path));
    let object = object.map_err(|failed| not_read(intent, key, &failed))?;
    let scale = scale.map_err(|failed| not_read(intent, key, &failed))?;
    if let Some(owner) = super::instance::controller(&object).filter(|_| key.kind == Kind::ReplicaSet) {
        let (kind, name) = (text(owner, "/kind"), text(owner, "/name"));
        return Err(Refusal::of(
            intent,
            format!("{kind} {} sets its number", Text::new(name)),
            format!("scale {kind} {}", Text::new(name)),
        ));
    }
    let from = pins::replicas(&scale);
    let mut draft = Draft::new(intent, Vec::new());
    if from == to {
        return Ok(draft);
    }
    let action = StepAction::SetReplicas(key.clone(), to);
    let change = carry_out::change(desk, &action, &scale).await.map_err(|why| Refusal::of(intent, why, ""))?;
    let (tried, fights, owner) = futures::join!(
        desk.try_out(intent, from_ref(&change)),
        super::fights::of(desk, key, to),
        gitops::owner_notes(desk, &object, intent)
    );
    tried?;
    draft.steps.push(draft::step(action, &scale, Until::Count(key.clone(), to), draft::deadline(&object)));
    draft.inverse = Some(Intent::Scale(key.clone(), from));
    draft.notes.extend(fights);
    let (notes, variant) = owner;
    draft.notes.extend(notes);
    draft.variants.extend(variant);
    Ok(draft)
}

fn scalable(intent: &Intent, key: &Ref) -> Result<(), Refusal> {
    let (why, mend) = match key.kind {
        Kind::Deployment | Kind::StatefulSet | Kind::ReplicaSet | Kind::ArgoRollout => return Ok(()),
        Kind::DaemonSet => ("a DaemonSet runs one pod on each node that it may", "taint or label nodes instead"),
        Kind::Job => ("how many pods a Job runs is set when it is made", "suspend it, or make another"),
        _ => ("it has no number that can be set", "scale the workload that it belongs to"),
    };
    Err(Refusal::of(intent, why, mend))
}

/// The write: the scale as it was read with another number, held to the version that it had.
pub(super) fn change(key: &Ref, scale: &Value, to: u32) -> Result<Change, Text> {
    let mut body = scale.clone();
    body["spec"]["replicas"] = json!(to);
    Ok(Change::of(key, How::Put, body)?.at("scale"))
}
