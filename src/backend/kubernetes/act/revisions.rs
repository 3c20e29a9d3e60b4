//! The revisions that a cluster keeps: ReplicaSets of a Deployment and of an Argo Rollout, ControllerRevisions of the rest.

use serde_json::Value;

use crate::domain::{Kind, Name, Ref, Text, Timestamp};

use super::super::ask::{Failed, escaped};
use super::super::kinds::ApiKind;
use super::super::words::dig::{fields, number, scalar, text};
use super::desk::{Desk, Only};
use super::instance::controller;

/// One revision that is kept.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kept {
    /// As people see it.
    pub(super) id: Name,
    /// As kubectl counts it.
    pub(super) number: i64,
    /// What it makes pods from, without what its keeper added.
    pub(super) template: Value,
    pub(super) made: Option<Timestamp>,
    pub(super) cause: Option<Text>,
    /// So many pods of it are available now.
    pub(super) serves: u32,
}

/// All that are kept, the newest first.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Revisions {
    pub(super) kept: Vec<Kept>,
    /// Which of them the object is at.
    pub(super) present: Option<usize>,
}

impl Revisions {
    /// The one that the object is at.
    pub(super) fn present(&self) -> Option<&Kept> {
        self.kept.get(self.present?)
    }
}

/// Reads them.
pub(super) async fn of(desk: Desk<'_>, key: &Ref, object: &Value) -> Result<Revisions, Failed> {
    match key.kind {
        Kind::Deployment | Kind::ArgoRollout => of_sets(desk, key, object).await,
        Kind::StatefulSet | Kind::DaemonSet => of_controllers(desk, key, object).await,
        _ => Ok(Revisions::default()),
    }
}

/// Labels that a selector asks for; what it asks for besides only narrows, and who owns what is looked at anyway.
fn selector(object: &Value) -> String {
    let terms: Vec<String> = fields(object, "/spec/selector/matchLabels")
        .map(|(name, value)| format!("{name}={}", scalar(value, "")))
        .collect();
    terms.join(",")
}

fn newest_first(mut kept: Vec<Kept>) -> Vec<Kept> {
    kept.sort_by(|a, b| (b.number, b.made, &b.id).cmp(&(a.number, a.made, &a.id)));
    kept
}

async fn of_sets(desk: Desk<'_>, key: &Ref, object: &Value) -> Result<Revisions, Failed> {
    let sets = desk.list(ApiKind::ReplicaSets, key.namespace.as_deref(), Only::Labels(selector(object)));
    let sets = sets.await?;
    let uid = text(object, "/metadata/uid");
    let ours = sets.iter().filter(|set| controller(set).is_some_and(|owner| text(owner, "/uid") == uid));
    let kept = newest_first(ours.map(of_set).collect());
    let wanted = bare(object.pointer("/spec/template").cloned().unwrap_or_default());
    // What its controller has not made a set of yet is at none of them.
    let same = kept.iter().position(|it| it.template == wanted);
    let unseen = number(object, "/metadata/generation") > number(object, "/status/observedGeneration");
    // Defaults that a newer server fills in differ, and mean the same.
    let newest = (!unseen && !kept.is_empty()).then_some(0);
    Ok(Revisions { present: same.or(newest), kept })
}

fn of_set(set: &Value) -> Kept {
    let note = |name: &str| set.pointer("/metadata/annotations").and_then(|notes| notes.get(name)?.as_str());
    let number = note("deployment.kubernetes.io/revision").or_else(|| note("rollout.argoproj.io/revision"));
    let number = number.and_then(|raw| raw.parse().ok()).unwrap_or(0);
    Kept {
        id: Name::from(number.to_string()),
        number,
        template: bare(set.pointer("/spec/template").cloned().unwrap_or_default()),
        made: super::undo::made(set),
        cause: note("kubernetes.io/change-cause").map(Text::new),
        serves: count(set, "/status/availableReplicas"),
    }
}

/// A template without the hash by which its set tells its pods apart: with it, the next set would take them for its own.
fn bare(mut template: Value) -> Value {
    let labels = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut);
    if let Some(labels) = labels {
        labels.remove("pod-template-hash");
        labels.remove("rollouts-pod-template-hash");
    }
    // Written as null by some, and left out by others.
    if let Some(meta) = template.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        meta.retain(|name, value| name != "creationTimestamp" || !value.is_null());
    }
    template
}

fn count(object: &Value, path: &str) -> u32 {
    number(object, path).and_then(|it| u32::try_from(it).ok()).unwrap_or(0)
}

async fn of_controllers(desk: Desk<'_>, key: &Ref, object: &Value) -> Result<Revisions, Failed> {
    let namespace = key.namespace.as_deref().map(escaped).unwrap_or_default();
    let selector = escaped(&selector(object));
    let path = format!("/apis/apps/v1/namespaces/{namespace}/controllerrevisions?labelSelector={selector}");
    let pods = desk.list(ApiKind::Pods, key.namespace.as_deref(), Only::Labels(self::selector(object)));
    let (revisions, pods) = futures::join!(desk.at(&path), pods);
    let revisions = revisions?;
    // Whether it serves is told by its pods; without them it is not known.
    let pods = pods.unwrap_or_default();
    let uid = text(object, "/metadata/uid");
    let all = revisions.pointer("/items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let ours = all.iter().filter(|it| controller(it).is_some_and(|owner| text(owner, "/uid") == uid));
    let kept = newest_first(ours.map(|it| of_controller(key.kind, it, &pods)).collect());
    let present = match (key.kind, text(object, "/status/updateRevision")) {
        (Kind::StatefulSet, name) if !name.is_empty() => kept.iter().position(|it| *it.id == *name),
        _ => (!kept.is_empty()).then_some(0),
    };
    Ok(Revisions { kept, present })
}

/// A StatefulSet's pods carry the name of their revision, those of a DaemonSet its hash (kubernetes: pkg/controller/daemon/
/// update.go, pkg/controller/statefulset/stateful_set_utils.go).
fn of_controller(kind: Kind, it: &Value, pods: &[Value]) -> Kept {
    const HASH: &str = "controller-revision-hash";
    let label = |object: &Value| {
        let labels = object.pointer("/metadata/labels")?;
        labels.get(HASH).and_then(Value::as_str).map(str::to_owned)
    };
    let name = text(it, "/metadata/name");
    let id = match kind {
        Kind::DaemonSet => label(it).unwrap_or_else(|| name.to_owned()),
        _ => name.to_owned(),
    };
    let serves = pods.iter().filter(|pod| label(pod).as_deref() == Some(&id) && super::instance::is_ready(pod)).count();
    let mut template = it.pointer("/data/spec/template").cloned().unwrap_or_default();
    if let Some(fields) = template.as_object_mut() {
        fields.remove("$patch");
    }
    let cause = it.pointer("/metadata/annotations").and_then(|notes| notes.get("kubernetes.io/change-cause")?.as_str());
    Kept {
        id: Name::from(id),
        number: number(it, "/revision").unwrap_or(0),
        template,
        made: super::undo::made(it),
        cause: cause.map(Text::new),
        serves: u32::try_from(serves).unwrap_or(u32::MAX),
    }
}
