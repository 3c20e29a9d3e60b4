//! Workloads that no list tells of: those of custom controllers, and those of kinds that may not be read. Their pods are there
//! and say whose they are; so they are shown and judged as one, and what only the workload itself would say is unknown.

use crate::domain::{
    ContainerRole, ContainerSpec, Desired, Kind, Name, Namespace, Object, Probe, ProbeKind, Ref, RestartPolicy, Text,
    Workload,
};

use super::super::kinds::ApiKind;
use super::Book;
use super::owner::owned;
use super::pods::{Part, Pod};
use super::shelf::{Entry, Record};
use super::show::api_kind;

/// The incarnation of a workload of which nothing but its pods is known.
const UNREAD: &str = "unread";
/// Kinds of workloads that pods may belong to though they cannot be read.
const KINDS: [Kind; 7] = [
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::ReplicaSet,
    Kind::ArgoRollout,
    Kind::Job,
    Kind::CronJob,
];

impl Book {
    /// A workload that is known by its pods alone.
    pub(super) fn stand_in(&self, key: &Ref) -> Option<(u16, Object)> {
        let none = Name::new("");
        let namespace = key.namespace.as_ref().unwrap_or(&none);
        let mut pods: Vec<(&Name, &Entry, &Pod)> = match key.kind {
            Kind::Custom => {
                let alone = self.alone.get(namespace).into_iter().flatten();
                let entries = alone.filter_map(|name| self.shelves.named(ApiKind::Pods, namespace, name));
                let all = entries.filter_map(|(name, entry)| Some((name, entry, pod_of(entry)?)));
                all.filter(|(.., pod)| pod.alone.as_ref().is_some_and(|work| work.base.key == *key)).collect()
            }
            kind if self.is_unread(kind, namespace) => {
                let all = self.shelves.here(ApiKind::Pods, namespace);
                let all = all.filter_map(|(name, entry)| Some((name, entry, pod_of(entry)?)));
                // Names of what is in between begin with the workload's own: it saves most of the looking.
                let near = |pod: &Pod| pod.owner.as_deref().is_some_and(|it| it.name.starts_with(key.name.as_str()));
                let ours = |name: &Name, pod: &Pod| {
                    near(pod) && owned(&self.shelves, &self.scribe, namespace, name, pod).workload == *key
                };
                all.filter(|(name, _, pod)| ours(name, pod)).collect()
            }
            _ => return None,
        };
        pods.sort_unstable_by_key(|(name, ..)| *name);
        let (_, entry, first) = pods.first()?;
        let ends = |pod: &&Pod| pod.alone.as_ref().is_some_and(|it| matches!(it.base.desired, Desired::Completions(_)));
        let run_to_end = matches!(key.kind, Kind::Job | Kind::CronJob) || pods.iter().all(|(.., pod)| ends(pod));
        let desired = match run_to_end {
            true => Desired::Completions(u32::try_from(pods.len()).unwrap_or(u32::MAX)),
            false => Desired::Unknown,
        };
        let mut it = match &first.alone {
            Some(work) => work.base.clone(),
            None => by_parts(key, first, run_to_end),
        };
        it.desired = desired;
        it.created = pods.iter().filter_map(|(.., pod)| pod.created.at()).min();
        if let Some(work) = &first.alone {
            it.exposure = self.exposure(namespace, &work.labels);
        }
        Some((entry.source, Object::Workload(Box::new(it))))
    }

    /// Whether workloads of a kind cannot be read in a namespace.
    fn is_unread(&self, kind: Kind, namespace: &Name) -> bool {
        KINDS.contains(&kind) && api_kind(kind).is_some_and(|kind| self.sources.unread(kind, namespace))
    }

    /// The workload of a pod, where that is shown in the place of what cannot be read.
    pub(super) fn stood_in_for(&self, namespace: &Name, name: &Name, pod: &Pod) -> Option<Ref> {
        if KINDS.iter().all(|kind| !self.is_unread(*kind, namespace)) {
            return None;
        }
        let workload = owned(&self.shelves, &self.scribe, namespace, name, pod).workload;
        self.is_unread(workload.kind, namespace).then_some(workload)
    }

    /// Whether a kind can be read has changed: what stands in for it comes or goes.
    pub(super) fn mark_stand_ins(&mut self, api: ApiKind) {
        let mut keys: Vec<Ref> = Vec::new();
        if KINDS.iter().any(|kind| api_kind(*kind) == Some(api)) {
            for (namespace, name, entry) in self.shelves.all(ApiKind::Pods) {
                let Some(pod) = pod_of(entry) else { continue };
                let workload = owned(&self.shelves, &self.scribe, namespace, name, pod).workload;
                if api_kind(workload.kind) == Some(api) && keys.last() != Some(&workload) {
                    keys.push(workload);
                }
            }
        } else if api == ApiKind::Namespaces {
            let of = self.shelves.all(ApiKind::ResourceQuotas);
            keys.extend(of.map(|(namespace, ..)| self.key(Kind::Namespace, &Name::new(""), namespace)));
        }
        keys.into_iter().for_each(|key| self.desk.mark(key, false));
    }

    /// A namespace of which nothing is known but that it has quotas, where namespaces may not be read.
    pub(super) fn namespace_by_quotas(&self, name: &Name) -> Option<(u16, Namespace)> {
        if !self.sources.unread(ApiKind::Namespaces, &Name::new("")) {
            return None;
        }
        let source = self.shelves.here(ApiKind::ResourceQuotas, name).map(|(_, entry)| entry.source).min()?;
        let key = self.key(Kind::Namespace, &Name::new(""), name);
        Some((source, Namespace { key, deleting: None, held_by: None, quotas: Vec::new() }))
    }
}

fn pod_of(entry: &Entry) -> Option<&Pod> {
    match &entry.record {
        Record::Pod(pod) => Some(pod),
        _ => None,
    }
}

/// What one of its pods shows of a workload.
fn by_parts(key: &Ref, pod: &Pod, run_to_end: bool) -> Workload {
    let mut it = Workload::new(key.clone(), UNREAD, Desired::Unknown);
    it.restart_policy = if run_to_end { RestartPolicy::Unknown } else { RestartPolicy::Always };
    let lasting = |part: &&Part| matches!(part.role, ContainerRole::Main | ContainerRole::Sidecar);
    it.containers = pod.parts.iter().filter(lasting).map(container).collect();
    it
}

fn container(part: &Part) -> ContainerSpec {
    let mut spec = ContainerSpec::new(part.name.clone(), part.image.clone());
    spec.memory_limit_bytes = part.limit();
    // How long its probes grant it is remembered of a pod, what they ask is not.
    spec.probes.extend(part.checks.granted().map(|grace_seconds| Probe {
        kind: ProbeKind::Readiness,
        what: Text::new("a check that cannot be read"),
        period_seconds: 0,
        timeout_seconds: 0,
        threshold: 0,
        grace_seconds,
    }));
    spec
}
