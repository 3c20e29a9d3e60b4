//! One object in words, or as the server has it, with what is secret masked.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::{Form, Kind, Ref, Text, Timestamp};

use super::ask::{Ask, Failed, Part, escaped, read};
use super::kinds::ApiKind;
use super::words::{self, Beside};
use super::{conceal, manifest, place, selector};

/// Lines of a description at most.
const LONGEST: usize = 5000;
/// Objects that are asked for besides, of each kind.
const MOST: u32 = 500;

#[derive(Default, Deserialize)]
#[serde(default)]
struct List {
    items: Vec<Value>,
}

/// Describes an object; the error is for a person.
pub(super) async fn describe(server: &dyn Ask, key: &Ref, form: Form) -> Result<Vec<Text>, Text> {
    let noun = key.kind.noun();
    let none = || Text::from(format!("a {noun} is not described: a Kubernetes cluster has no object for it"));
    let path = match key.kind {
        Kind::Cluster => "/version".to_owned(),
        _ => place::path(key).ok_or_else(none)?,
    };
    // The values of a Secret are not even asked for.
    let part = if key.kind == Kind::Secret { Part::Metadata } else { Part::Whole };
    let mut object: Value = read(server, &path, part).await.map_err(|failed| match failed.is_gone() {
        true => Text::from(format!("{} is not there any more", key.local())),
        false => Text::from(format!("{} cannot be described: {failed}", key.local())),
    })?;
    manifest::prune(&mut object);
    let lines = match form {
        Form::Manifest => shown(key.kind, object)?,
        Form::Words => {
            let mut beside = beside(server, key, &object).await;
            conceal::conceal(&mut object);
            beside.pods.iter_mut().chain(&mut beside.parts).flatten().flatten().for_each(conceal::conceal);
            words::words(key, &object, &beside, Timestamp::now())
        }
    };
    let longer = lines.len().saturating_sub(LONGEST);
    let mut said: Vec<Text> = lines.iter().take(LONGEST).map(|line| Text::new(line)).collect();
    if longer > 0 {
        said.push(Text::from(format!("({longer} more lines are left out)")));
    }
    Ok(said)
}

/// The manifest, with a word about what it does not show.
fn shown(kind: Kind, mut object: Value) -> Result<Vec<String>, Text> {
    let whole = object.clone();
    conceal::conceal(&mut object);
    let mut lines = Vec::new();
    if kind == Kind::Secret {
        lines.push("# What a Secret holds is never fetched: this is its metadata.".to_owned());
        name_kind(&mut object);
    }
    if whole != object && kind != Kind::Secret {
        lines.push("# *** stands for what is secret.".to_owned());
    }
    lines.extend(manifest::yaml(&object)?);
    Ok(lines)
}

/// What was asked for as metadata alone calls itself so; a person looks for the kind that it is of.
fn name_kind(object: &mut Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert("apiVersion".to_owned(), "v1".into());
        fields.insert("kind".to_owned(), "Secret".into());
    }
}

/// What is told with an object: what happened to it, its pods, its parts.
async fn beside(server: &dyn Ask, key: &Ref, object: &Value) -> Beside {
    let (events, pods, parts) =
        futures::join!(events(server, key, object), pods(server, key, object), parts(server, key, object));
    Beside { events, pods, parts }
}

async fn list(server: &dyn Ask, path: String) -> Result<Vec<Value>, Text> {
    let list: Result<List, Failed> = read(server, &path, Part::Whole).await;
    list.map(|list| list.items).map_err(|failed| failed.words)
}

async fn events(server: &dyn Ask, key: &Ref, object: &Value) -> Result<Vec<Value>, Text> {
    let uid = object.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
    // What lies in no namespace has its events in this one. Of a node, the kubelet puts its name in the place of its uid.
    let namespace = key.namespace.as_deref().unwrap_or("default");
    let of = match key.kind {
        Kind::Cluster => return Ok(Vec::new()),
        Kind::Node => format!("involvedObject.kind=Node,involvedObject.name={}", key.name),
        _ => format!("involvedObject.uid={uid}"),
    };
    let path = ApiKind::Events.path(Some(&escaped(namespace)));
    list(server, format!("{path}?limit={MOST}&fieldSelector={}", escaped(&of))).await
}

/// Its pods, or those on it.
async fn pods(server: &dyn Ask, key: &Ref, object: &Value) -> Option<Result<Vec<Value>, Text>> {
    if key.kind == Kind::Node {
        let of = format!("spec.nodeName={},status.phase!=Succeeded,status.phase!=Failed", key.name);
        let path = ApiKind::Pods.path(None);
        return Some(list(server, format!("{path}?limit={MOST}&fieldSelector={}", escaped(&of))).await);
    }
    let selects = matches!(
        key.kind,
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ReplicaSet | Kind::ArgoRollout | Kind::Job
    );
    let labels = object.pointer("/spec/selector").filter(|_| selects).and_then(selector::query)?;
    Some(selected(server, ApiKind::Pods, key, &labels).await)
}

/// A Deployment's ReplicaSets, or what stands behind a Service.
async fn parts(server: &dyn Ask, key: &Ref, object: &Value) -> Option<Result<Vec<Value>, Text>> {
    match key.kind {
        Kind::Deployment => {
            let labels = object.pointer("/spec/selector").and_then(selector::query)?;
            let uid = object.pointer("/metadata/uid").cloned();
            let of_it = |set: &Value| {
                let owners = set.pointer("/metadata/ownerReferences").and_then(Value::as_array);
                owners.into_iter().flatten().any(|owner| owner.get("uid") == uid.as_ref())
            };
            let sets = selected(server, ApiKind::ReplicaSets, key, &labels).await;
            Some(sets.map(|sets| sets.into_iter().filter(of_it).collect()))
        }
        Kind::Endpoint => {
            let labels = format!("kubernetes.io/service-name={}", key.name);
            Some(selected(server, ApiKind::EndpointSlices, key, &labels).await)
        }
        _ => None,
    }
}

async fn selected(server: &dyn Ask, kind: ApiKind, key: &Ref, labels: &str) -> Result<Vec<Value>, Text> {
    let namespace = key.namespace.as_deref().map(escaped);
    let path = kind.path(namespace.as_deref());
    list(server, format!("{path}?limit={MOST}&labelSelector={}", escaped(labels))).await
}

#[cfg(test)]
mod tests;
