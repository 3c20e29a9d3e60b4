//! What keeps others as a repository has them: Argo CD applications.

use crate::domain::{Application, Kind, Name, Ref, Text};

use super::super::wire::Both;
use super::super::wire::gitops::{ApplicationSpec, ApplicationStatus, Destination, Kept, Operation};
use super::scribe::{Scribe, text};

/// An application.
#[derive(Debug, PartialEq)]
pub(super) struct App {
    /// What is shown.
    pub(super) base: Application,
    /// It puts back what somebody changes by hand.
    pub(super) heals: bool,
}

/// Objects that are named of many.
const NAMED: usize = 8;
/// Its own cluster, as Argo CD calls it (util/argo: `KubernetesInternalAPIServerAddr`, `in-cluster`).
const OWN: [&str; 2] = ["https://kubernetes.default.svc", "in-cluster"];

impl App {
    pub(super) fn read(scribe: &mut Scribe, key: Ref, it: &Both<ApplicationSpec, ApplicationStatus>) -> Self {
        let Both { spec, status } = it;
        let first = spec.sources.first().unwrap_or(&spec.source.0);
        let path = first.path.some().or(first.chart.some()).unwrap_or("");
        let revision = status.sync.revision.some().map_or_else(String::new, |it| format!(" at {}", commit(it)));
        let automated = spec.sync_policy.automated.as_ref().filter(|it| it.enabled.is_none_or(|on| on.0));
        let here = is_here(&spec.destination);
        let mut keeps: Vec<Ref> =
            status.resources.iter().filter(|_| here).filter_map(|it| workload(scribe, it)).collect();
        keeps.sort_unstable();
        let differing: Vec<&Kept> = status.resources.iter().filter(|it| &*it.status == "OutOfSync").collect();
        let unwell = status.resources.iter().filter(|it| matches!(&*it.health.status, "Degraded" | "Missing"));
        let failed = Some(&status.operation_state.0).filter(|it| matches!(&*it.phase, "Failed" | "Error"));
        let error = status.conditions.iter().find(|it| it.kind.ends_with("Error") && &*it.kind != "SyncError");
        let base = Application {
            key,
            keeps,
            place: text(&format!("{} {}", &*first.url, format!("{path}{revision}").trim_start())),
            automated: automated.is_some(),
            syncing: matches!(&*status.operation_state.phase, "Running" | "Terminating"),
            sync: scribe.some(&status.sync.status),
            differs: differing.iter().take(NAMED).map(|it| Text::from(named(it))).collect(),
            differing: u32::try_from(differing.len()).unwrap_or(u32::MAX),
            health: scribe.some(&status.health.status),
            health_since: status.health.last_transition_time.0,
            unwell: unwell.take(NAMED).map(in_words).collect(),
            failed: failed.map(why),
            failed_at: failed.and_then(|it| it.finished_at.0),
            error: error.map(|it| text(&it.message).unwrap_or_else(|| scribe.name(&it.kind))),
            error_since: error.and_then(|it| it.last_transition_time.0),
        };
        Self { base, heals: automated.is_some_and(|it| it.self_heal.0) }
    }
}

/// A commit as people write it; a chart's version as it is.
fn commit(revision: &str) -> &str {
    let is_hash = revision.len() >= 40 && revision.bytes().all(|b| b.is_ascii_hexdigit());
    if is_hash { &revision[..7] } else { revision }
}

/// Whether what it keeps is in the cluster that it is in itself.
fn is_here(it: &Destination) -> bool {
    match (it.server.some(), it.name.some()) {
        (Some(server), _) => OWN.contains(&server.trim_end_matches('/')),
        (None, Some(name)) => OWN.contains(&name),
        (None, None) => true,
    }
}

fn workload(scribe: &mut Scribe, it: &Kept) -> Option<Ref> {
    let kind = match (&*it.group, &*it.kind) {
        ("apps", "Deployment") => Kind::Deployment,
        ("apps", "StatefulSet") => Kind::StatefulSet,
        ("apps", "DaemonSet") => Kind::DaemonSet,
        ("apps", "ReplicaSet") => Kind::ReplicaSet,
        ("batch", "Job") => Kind::Job,
        ("batch", "CronJob") => Kind::CronJob,
        ("argoproj.io", "Rollout") => Kind::ArgoRollout,
        ("", "Pod") => Kind::BarePod,
        _ => return None,
    };
    let (namespace, name): (Name, Name) = (scribe.name(&it.namespace), scribe.name(&it.name));
    Some(scribe.key(kind, &namespace, &name))
}

/// `Deployment shop/web`.
fn named(it: &Kept) -> String {
    match it.namespace.some() {
        Some(namespace) => format!("{} {namespace}/{}", &*it.kind, &*it.name),
        None => format!("{} {}", &*it.kind, &*it.name),
    }
}

fn in_words(it: &Kept) -> Text {
    let how = it.health.message.some().unwrap_or(&it.health.status);
    Text::from(format!("{}: {how}", named(it)))
}

fn why(it: &Operation) -> Text {
    let said = it.message.some().unwrap_or("no reason is given");
    match it.retry_count.count() {
        0 => Text::new(said),
        n => Text::from(format!("{said} (tried again {n} times)")),
    }
}
