//! Starting anew: a workload by a mark in its template, as kubectl does it; a pod by taking it away from what keeps it.

use std::slice::from_ref;

use serde_json::{Value, json};

use crate::domain::{Draft, Intent, Kind, Line, LineKind, Ref, Refusal, StepAction, Text, Timestamp, Until};

use super::super::words::dig::{is_true, text};
use super::change::{Change, How, lock, of_spec};
use super::desk::Desk;
use super::{carry_out, draft, instance, undo};

/// kubectl's mark (kubectl: pkg/polymorphichelpers/objectrestarter.go).
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// How a restart would be done.
pub(super) async fn prepare(desk: Desk<'_>, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
    match key.kind {
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ArgoRollout => {}
        Kind::Pod | Kind::BarePod => return instance::restart(desk, intent, &super::pins::pod(key)).await,
        kind => {
            let why = format!("a {} is not restarted: its pods are", kind.noun());
            return Err(Refusal::of(intent, why, "restart one of its pods"));
        }
    }
    let object = desk.subject(intent, key).await?;
    let action = StepAction::Restart(key.clone());
    let change = carry_out::change(desk, &action, &object).await.map_err(|why| held(intent, why))?;
    let (tried, present) = futures::join!(desk.try_out(intent, from_ref(&change)), undo::present(desk, key, &object));
    tried?;
    let until = match (replaces_by_itself(&object), key.kind) {
        (false, _) => Until::Accepted,
        // Argo's controller restarts pods without a new revision.
        (true, Kind::ArgoRollout) => Until::Renewed(key.clone()),
        (true, _) => Until::RolledOut(key.clone(), present),
    };
    let mut draft = Draft::new(intent, vec![draft::step(action, &object, until, draft::deadline(&object))]);
    if !replaces_by_itself(&object) {
        let words = "its strategy is OnDelete: a pod is replaced only when somebody deletes it";
        draft.notes.push(Line::new(LineKind::Skips, words));
    }
    if is_partial(&object) {
        let words = "its update is partitioned: pods below the partition are not replaced";
        draft.notes.push(Line::new(LineKind::Skips, words));
    }
    Ok(draft)
}

fn held(intent: &Intent, why: Text) -> Refusal {
    Refusal::of(intent, why, "resume it first: then it is rolled out")
}

fn replaces_by_itself(object: &Value) -> bool {
    text(object, "/spec/updateStrategy/type") != "OnDelete"
}

fn is_partial(object: &Value) -> bool {
    object.pointer("/spec/updateStrategy/rollingUpdate/partition").and_then(Value::as_i64).is_some_and(|it| it > 0)
}

/// The write; the error says why it would come to nothing.
pub(super) fn change(key: &Ref, object: &Value, now: Timestamp) -> Result<Change, Text> {
    let at = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    match key.kind {
        Kind::Deployment if is_true(object, "/spec/paused") => {
            Err(Text::new("its rollout is held: nothing would be replaced"))
        }
        // argo-rollouts: pkg/kubectl-argo-rollouts/cmd/restart/restart.go
        Kind::ArgoRollout => {
            let body = json!({ "metadata": lock(object), "spec": { "restartAt": at } });
            Change::of(key, How::Merge, body)
        }
        _ => {
            let template = json!({ "template": { "metadata": { "annotations": { RESTARTED_AT: at } } } });
            Change::of(key, How::Strategic, of_spec(object, template))
        }
    }
}
