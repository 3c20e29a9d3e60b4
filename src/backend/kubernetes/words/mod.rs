//! An object in words, as readers of `kubectl describe` expect them.

mod amount;
pub(super) mod dig;
mod events;
mod network;
mod node;
mod page;
mod pod;
mod rest;
mod workload;

use serde_json::Value;

use crate::domain::{Kind, Ref, Text, Timestamp};

use dig::{fields, is_true, list, pairs, scalar, text, time, when};
use page::Page;

/// Longest value of an annotation that is shown whole, characters.
const ANNOTATION: usize = 200;

/// What is asked besides the object itself: each may be missing, and then it is said why.
pub(super) struct Beside {
    /// What happened to it.
    pub(super) events: Result<Vec<Value>, Text>,
    /// Its pods, or those on it.
    pub(super) pods: Option<Result<Vec<Value>, Text>>,
    /// Its ReplicaSets, or what stands behind a Service.
    pub(super) parts: Option<Result<Vec<Value>, Text>>,
}

/// Lines about an object that is already concealed.
pub(super) fn words(key: &Ref, object: &Value, beside: &Beside, now: Timestamp) -> Vec<String> {
    let mut page = Page::default();
    head(&mut page, object, now);
    match key.kind {
        Kind::Pod | Kind::BarePod => pod::body(&mut page, object, now),
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ReplicaSet | Kind::ArgoRollout => {
            workload::body(&mut page, key.kind, object, beside, now);
        }
        Kind::Job | Kind::CronJob => workload::job(&mut page, key.kind, object, beside, now),
        Kind::Node => node::body(&mut page, object, beside, now),
        Kind::Endpoint => network::service(&mut page, object, beside),
        Kind::Ingress => network::ingress(&mut page, object),
        kind => rest::body(&mut page, kind, object, now),
    }
    // Of the cluster itself only its version is asked for.
    if key.kind != Kind::Cluster {
        events::body(&mut page, &beside.events, now);
    }
    page.finish()
}

/// What every object says of itself.
fn head(page: &mut Page, object: &Value, now: Timestamp) {
    page.say("Name", text(object, "/metadata/name"));
    page.say("Namespace", text(object, "/metadata/namespace"));
    page.say("Uid", text(object, "/metadata/uid"));
    page.say("Created", when(time(object, "/metadata/creationTimestamp"), now));
    if let Some(at) = time(object, "/metadata/deletionTimestamp") {
        page.say("Being deleted", format!("it is to be gone by {}", when(Some(at), now)));
        page.each("Held by", list(object, "/metadata/finalizers").iter().filter_map(Value::as_str));
    }
    let owners = list(object, "/metadata/ownerReferences").iter();
    page.each("Made by", owners.map(|owner| format!("{} {}", text(owner, "/kind"), text(owner, "/name"))));
    page.each("Labels", pairs(object, "/metadata/labels"));
    let annotations = fields(object, "/metadata/annotations").map(|(name, value)| {
        let value = scalar(value, "");
        format!("{name}={}", crate::domain::words::shorten(&value, ANNOTATION))
    });
    page.each("Annotations", annotations);
}

/// What the server says of it, condition by condition.
fn conditions(page: &mut Page, object: &Value, now: Timestamp) {
    let all = list(object, "/status/conditions");
    if all.is_empty() {
        return;
    }
    page.title("Conditions");
    page.inside(|page| {
        for it in all {
            let since = time(it, "/lastTransitionTime").or_else(|| time(it, "/lastUpdateTime"));
            let since = since.map(|at| format!(", since {}", when(Some(at), now))).unwrap_or_default();
            let reason = Some(text(it, "/reason")).filter(|reason| !reason.is_empty());
            let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
            page.line(&format!("{}: {}{reason}{since}", text(it, "/type"), text(it, "/status")), 4);
            page.inside(|page| {
                if !text(it, "/message").is_empty() {
                    page.line(text(it, "/message"), 0);
                }
            });
        }
    });
}

/// What could not be had besides, or nothing.
fn missing(page: &mut Page, title: &str, part: Option<&Result<Vec<Value>, Text>>) {
    if let Some(Err(why)) = part {
        page.title(title);
        page.inside(|page| page.line(&format!("they cannot be read: {why}"), 0));
    }
}

/// Pods in a table.
fn pods(page: &mut Page, title: &str, pods: Option<&Result<Vec<Value>, Text>>, now: Timestamp) {
    missing(page, title, pods);
    let Some(Ok(pods)) = pods else { return };
    page.title(title);
    page.inside(|page| {
        if pods.is_empty() {
            page.line("none", 0);
        }
        let rows: Vec<Vec<String>> = pods.iter().map(|pod| pod::row(pod, now)).collect();
        page.table(&["NAME", "READY", "STATE", "RESTARTS", "AGE", "NODE"], &rows);
    });
}

/// `not ready` where a condition does not hold.
fn holds(object: &Value, kind: &str) -> bool {
    list(object, "/status/conditions").iter().any(|it| text(it, "/type") == kind && text(it, "/status") == "True")
}

/// What a map of amounts says: `cpu 250m, memory 64Mi`.
fn amounts(object: &Value, path: &str) -> String {
    fields(object, path).map(|(name, value)| format!("{name} {}", scalar(value, ""))).collect::<Vec<_>>().join(", ")
}

/// `10m` of seconds, and so on: ages in a table.
fn age(object: &Value, now: Timestamp) -> String {
    let created = time(object, "/metadata/creationTimestamp");
    created.map_or_else(String::new, |at| crate::domain::words::age(crate::domain::words::seconds_between(at, now)))
}

/// A selector in words.
fn selector(object: &Value, path: &str) -> String {
    object.pointer(path).and_then(super::selector::query).unwrap_or_default()
}

/// Whether a thing is paused, suspended, cordoned.
fn flag(page: &mut Page, name: &str, object: &Value, path: &str, words: &str) {
    if is_true(object, path) {
        page.say(name, words);
    }
}
