//! One pod: ended, at once or with its grace, or moved away.

use std::slice::from_ref;

use serde_json::{Value, json};

use crate::domain::{Draft, Grade, Intent, Kind, Line, Ref, Refusal, StepAction, Text, Until};

use super::super::kinds::ApiKind;
use super::super::words::dig::{list, number, text};
use super::change::{Change, How};
use super::desk::{Desk, Only};
use super::{carry_out, draft, pins};

/// Who keeps an object as it is.
pub(super) fn controller(object: &Value) -> Option<&Value> {
    list(object, "/metadata/ownerReferences")
        .iter()
        .find(|owner| owner.pointer("/controller") == Some(&Value::Bool(true)))
}

/// Whether a pod serves.
pub(super) fn is_ready(pod: &Value) -> bool {
    let ready = |it: &&Value| text(it, "/type") == "Ready";
    list(pod, "/status/conditions").iter().find(ready).is_some_and(|it| text(it, "/status") == "True")
}

/// Whether a pod has ended.
pub(super) fn is_finished(pod: &Value) -> bool {
    matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// Whether a kubelet runs a pod from a file of its own (kubectl: pkg/drain/filters.go `MirrorPodFilter`).
pub(super) fn is_mirror(pod: &Value) -> bool {
    pod.pointer("/metadata/annotations").is_some_and(|notes| notes.get("kubernetes.io/config.mirror").is_some())
}

/// Until a pod is gone: its grace, and what a kubelet needs besides, seconds.
pub(super) fn ends_within(pod: &Value) -> u32 {
    let grace = number(pod, "/spec/terminationGracePeriodSeconds").and_then(|it| u32::try_from(it).ok()).unwrap_or(30);
    grace.saturating_add(300)
}

/// How a pod would be started anew: taken away from what keeps it.
pub(super) async fn restart(desk: Desk<'_>, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
    let pod = desk.subject(intent, key).await?;
    let Some(owner) = kept_by(intent, &pod)? else {
        let why = "nothing keeps it: it would be gone for good, with what is in it";
        return Err(Refusal::of(intent, why, "apply its definition again, or stop it"));
    };
    let evict = StepAction::Evict(key.clone());
    let change = carry_out::change(desk, &evict, &pod).await.map_err(|why| Refusal::of(intent, why, ""))?;
    // Where evictions may not be asked for, and deleting may: that does not respect budgets, and is said.
    let action = match desk.is_denied(&change).await {
        true => StepAction::Delete(key.clone()),
        false => evict,
    };
    let change = carry_out::change(desk, &action, &pod).await.map_err(|why| Refusal::of(intent, why, ""))?;
    desk.try_out(intent, from_ref(&change)).await?;
    let mut draft = Draft::new(intent, vec![leaves(action.clone(), key, &pod)]);
    draft.notes.push(draft::note(format!("{} makes another", named(owner))));
    if matches!(action, StepAction::Delete(_)) {
        draft.notes.push(draft::hurts("it is deleted, whatever budgets say: evictions may not be asked for"));
    }
    draft.notes.extend(budgets(desk, key, &pod).await);
    draft.notes.extend(last_one(desk, key, &pod, owner).await);
    Ok(draft)
}

/// How a pod would be ended.
pub(super) async fn end(desk: Desk<'_>, intent: &Intent, key: &Ref, at_once: bool) -> Result<Draft, Refusal> {
    if !matches!(key.kind, Kind::Pod | Kind::BarePod) {
        let why = format!("a {} is not ended: its pods are", key.kind.noun());
        return Err(Refusal::of(intent, why, "scale it to 0, or choose a pod"));
    }
    let key = &pins::pod(key);
    let pod = desk.subject(intent, key).await?;
    let owner = kept_by(intent, &pod)?;
    let action = if at_once { StepAction::Kill(key.clone()) } else { StepAction::Stop(key.clone()) };
    let change = carry_out::change(desk, &action, &pod).await.map_err(|why| Refusal::of(intent, why, ""))?;
    desk.try_out(intent, from_ref(&change)).await?;
    let mut draft = Draft::new(intent, vec![leaves(action, key, &pod)]);
    match owner {
        Some(owner) => {
            draft.notes.push(draft::note(format!("{} makes another", named(owner))));
            draft.notes.extend(last_one(desk, key, &pod, owner).await);
        }
        None => {
            draft.grade = Some(Grade::Destructive);
            draft.notes.push(draft::hurts("nothing keeps it: it is gone for good, with what is in it"));
        }
    }
    if at_once {
        draft.grade = Some(Grade::Destructive);
        // kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle: forced termination.
        draft.notes.push(draft::hurts("its name is free at once, whether or not its processes have ended"));
    }
    draft.notes.push(draft::note("no budget is asked: it is deleted, not evicted"));
    Ok(draft)
}

/// Who keeps a pod; refuses what a kubelet keeps.
fn kept_by<'a>(intent: &Intent, pod: &'a Value) -> Result<Option<&'a Value>, Refusal> {
    if is_mirror(pod) {
        let why = "the kubelet runs it from a file on its node: what is deleted here is only its picture";
        return Err(Refusal::of(intent, why, "change or move that file, in the kubelet's static pod path"));
    }
    Ok(controller(pod))
}

fn named(owner: &Value) -> String {
    format!("{} {}", Text::new(text(owner, "/kind")), Text::new(text(owner, "/name")))
}

fn leaves(action: StepAction, key: &Ref, pod: &Value) -> crate::domain::Step {
    let until = Until::GoneOrReborn(key.clone(), text(pod, "/metadata/uid").into());
    draft::step(action, pod, until, ends_within(pod))
}

/// That it is the only one of its owner that serves.
async fn last_one(desk: Desk<'_>, key: &Ref, pod: &Value, owner: &Value) -> Option<Line> {
    if !is_ready(pod) {
        return None;
    }
    let (kind, path) = match text(owner, "/kind") {
        "ReplicaSet" => (Kind::ReplicaSet, "/status/readyReplicas"),
        "StatefulSet" => (Kind::StatefulSet, "/status/readyReplicas"),
        _ => return None,
    };
    let above = Ref { kind, name: text(owner, "/name").into(), ..key.clone() };
    let ready = number(&desk.object(&above).await.ok()?, path).unwrap_or(0);
    (ready <= 1).then(|| draft::hurts(format!("it is the only one of {} that is ready", named(owner))))
}

/// What budgets say of a pod that is to be evicted.
async fn budgets(desk: Desk<'_>, key: &Ref, pod: &Value) -> Vec<Line> {
    match desk.list(ApiKind::PodDisruptionBudgets, key.namespace.as_deref(), Only::All).await {
        Ok(all) => super::budgets::of_pod(&all, pod).into_iter().map(super::budgets::line).collect(),
        Err(failed) => vec![draft::note(format!("which budgets guard it is not known: {failed}"))],
    }
}

/// An eviction, of this very incarnation. Written by hand: kube's own call drops these options.
pub(super) fn evict(key: &Ref, pod: &Value) -> Result<Change, Text> {
    let body = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": { "name": key.name.as_str(), "namespace": key.namespace.as_deref().unwrap_or_default() },
        "deleteOptions": options(pod, None),
    });
    Ok(Change::of(key, How::Create, body)?.at("eviction"))
}

/// A deletion, of this very incarnation; with its own grace where no other is given.
pub(super) fn delete(key: &Ref, pod: &Value, grace_seconds: Option<u32>) -> Result<Change, Text> {
    Change::of(key, How::Delete, options(pod, grace_seconds))
}

fn options(object: &Value, grace_seconds: Option<u32>) -> Value {
    let mut options = json!({
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": { "uid": text(object, "/metadata/uid") },
    });
    if let Some(seconds) = grace_seconds {
        options["gracePeriodSeconds"] = json!(seconds);
    }
    options
}
