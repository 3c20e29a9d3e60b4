//! What components say that happened. Events come in any order, are counted up in place, are left out when there are many,
//! and are gone after an hour (client-go: tools/record, tools/events).

use crate::domain::{
    Certainty, Hindrance, Kind, Name, Occurrence, OccurrenceKind, OomScope, ProbeKind, Ref, Text, Timestamp,
};

use super::super::kinds::ApiKind;
use super::super::wire::meta::Meta;
use super::super::wire::rest::{Happened, Involved};
use super::happen::eviction_id;
use super::owner::{self, Owned};
use super::recall::{Failing, Pulling, Recall};
use super::scribe::{Scribe, Second, text};
use super::shelf::{Record, Shelves};

/// An event, as much of it as is used.
#[derive(Debug)]
pub(super) struct Said {
    uid: Name,
    about: Involved,
    reason: Name,
    message: Text,
    first: Timestamp,
    last: Timestamp,
    count: u32,
    /// There were more, of which this one stands for all.
    collapsed: bool,
}

/// Similar events are put together under these words.
const COLLAPSED: &str = "(combined from similar events): ";

impl Said {
    /// None of what has no time.
    pub(super) fn read(scribe: &mut Scribe, uid: &str, meta: &Meta, it: &Happened) -> Option<Self> {
        let first = it.first_timestamp.0.or(it.event_time.0).or(meta.created.0);
        let last = it.series.last_observed_time.0.or(it.last_timestamp.0).or(it.event_time.0).or(meta.created.0);
        let collapsed = it.message.strip_prefix(COLLAPSED);
        let last = last.or(first)?;
        Some(Self {
            uid: Name::new(uid),
            about: it.involved_object.0.clone(),
            reason: scribe.name(&it.reason),
            message: text(collapsed.unwrap_or(&it.message)).unwrap_or_else(|| scribe.name(&it.reason)),
            first: first.unwrap_or(last).min(last),
            last,
            count: it.series.count.count().max(it.count.count()).max(1),
            collapsed: collapsed.is_some(),
        })
    }

    /// The container that it is about: `spec.containers{web}`.
    fn container(&self) -> Option<&str> {
        self.about.field_path.split_once('{')?.1.strip_suffix('}')
    }

    /// Whether it is about a pod.
    pub(super) fn is_of_pod(&self) -> bool {
        &*self.about.kind == "Pod"
    }

    /// Whether the pod of its name is another than the one that it is about.
    pub(super) fn is_of_another(&self, shelves: &Shelves) -> bool {
        let there = shelves.get(ApiKind::Pods, &self.about.namespace, &self.about.name);
        there.is_some_and(|it| *it.uid != *self.about.uid)
    }

    /// Whether it tells why a run ended.
    pub(super) fn ends_a_run(&self) -> bool {
        self.reason == "Killing" && self.message.contains(" probe")
    }

    /// What it explains of how something is: remembered, and the keys of what is to be shown again.
    pub(super) fn explain(&self, scribe: &mut Scribe, recall: &mut Recall) -> Option<Ref> {
        let (namespace, name) = (scribe.name(&self.about.namespace), scribe.name(&self.about.name));
        match &*self.about.kind {
            "Pod" => self.explain_pod(scribe, recall).then(|| scribe.key(Kind::Pod, &namespace, &name)),
            "Node" if &*self.reason == "SystemOOM" => {
                recall.node_oom(&name, self.last.as_second());
                None
            }
            "PersistentVolumeClaim" => {
                let key = scribe.key(Kind::Volume, &namespace, &name);
                let tells = matches!(
                    self.reason.as_str(),
                    "ProvisioningFailed"
                        | "FailedBinding"
                        | "WaitForFirstConsumer"
                        | "WaitForPodScheduled"
                        | "ExternalProvisioning"
                );
                let newer = recall.claims.get(&key).is_none_or(|(said, at)| (*at, said) < (self.last, &self.message));
                (tells && newer).then(|| {
                    recall.claims.insert(key.clone(), (self.message.clone(), self.last));
                    key
                })
            }
            kind if &*self.reason == "FailedCreate" => {
                let kind = controller(kind)?;
                let key = scribe.key(kind, &namespace, &name);
                let (reason, message) = (self.reason.clone(), self.message.clone());
                let hindrance = Hindrance { reason, message, since: Some(self.first) };
                recall.hinder(&key, hindrance, self.last).then_some(key)
            }
            _ => None,
        }
    }

    fn explain_pod(&self, scribe: &mut Scribe, recall: &mut Recall) -> bool {
        let uid = Name::new(&self.about.uid);
        let container = self.container().map(|name| scribe.name(name));
        let at = self.last.as_second();
        match (self.reason.as_str(), container) {
            ("Unhealthy", Some(container)) => {
                let Some((probe, output)) = probe(&self.message) else { return false };
                let (first, count) = (self.first.as_second(), self.count);
                let output = text(output).unwrap_or_else(|| self.message.clone());
                recall.fails(&uid, Failing { container, probe, output, first, last: at, count })
            }
            ("Killing", Some(container)) if self.ends_a_run() => {
                recall.killed(&uid, container, (self.first.as_second(), at), self.count, &self.message)
            }
            ("Pulling", Some(container)) => recall.pulls(&uid, container, at, Pulling::Began(self.message.clone())),
            ("Pulled" | "Failed" | "BackOff" | "ErrImageNeverPull", Some(container)) => {
                recall.pulls(&uid, container, at, Pulling::Done)
            }
            ("FailedMount" | "FailedAttachVolume" | "FailedMapVolume", _) => {
                recall.sticks(&uid, None, self.message.clone(), at)
            }
            // The kubelet's own word for it, which it keeps to itself (kubernetes: pkg/kubelet/container/sync_result.go).
            ("FailedCreatePodSandBox", _) => {
                recall.sticks(&uid, Some("CreatePodSandboxError"), self.message.clone(), at)
            }
            _ => false,
        }
    }

    /// What happened, if it is worth telling; `whom` tells to whom it did.
    pub(super) fn occurrence(&self, whom: &Whom) -> Option<Occurrence> {
        use OccurrenceKind::{
            Changed, CreationFailure, Eviction, MountFailure, OomKill, ProbeFailure, PullFailure, SchedulingFailure,
        };
        let message = self.message.as_str();
        let (kind, certainty) = match (whom.subject.kind, self.reason.as_str()) {
            // Checks of what is on its way out fail as a matter of course.
            (Kind::Pod, "Unhealthy" | "ProbeWarning") if whom.leaving.is_some_and(|at| self.last >= at) => return None,
            (Kind::Pod, "Unhealthy") => (ProbeFailure, Certainty::Confirmed),
            (Kind::Pod, "ProbeWarning") => (ProbeFailure, Certainty::Suspected),
            (Kind::Pod, "Failed") if message.starts_with("Failed to pull image") => (PullFailure, Certainty::Confirmed),
            (Kind::Pod, "ErrImageNeverPull" | "InspectFailed") => (PullFailure, Certainty::Confirmed),
            // Of one that has found its node nobody needs to know how.
            (Kind::Pod, "TriggeredScaleUp" | "Nominated" | "NotTriggerScaleUp") if whom.node.is_some() => return None,
            (Kind::Pod, "Nominated") if !message.contains("nodeclaim/") => return None,
            (Kind::Pod, "TriggeredScaleUp" | "Nominated") => (Changed, Certainty::Confirmed),
            (Kind::Pod, "FailedScheduling" | "NotTriggerScaleUp") => (SchedulingFailure, Certainty::Confirmed),
            (Kind::Pod, "FailedMount" | "FailedAttachVolume" | "FailedMapVolume") => {
                (MountFailure, Certainty::Confirmed)
            }
            (Kind::Pod, "FailedCreatePodSandBox") => (CreationFailure, Certainty::Confirmed),
            (Kind::Pod, "Evicted" | "TaintManagerEviction" | "Preempted" | "Preempting") => {
                // "Cancelling deletion of Pod ...": it may stay after all.
                if message.starts_with("Cancelling") {
                    return None;
                }
                (Eviction, Certainty::Confirmed)
            }
            (Kind::Node, "SystemOOM" | "OOMKilling") => (OomKill, Certainty::Confirmed),
            (Kind::Node, "NodeNotSchedulable" | "NodeSchedulable" | "Rebooted") => (Changed, Certainty::Confirmed),
            (_, "FailedCreate") => (CreationFailure, Certainty::Confirmed),
            (_, "SuccessfulRescale") => (Changed, Certainty::Confirmed),
            _ => return None,
        };
        let id = match kind {
            Eviction => eviction_id(&self.about.uid),
            _ => format!("event:{}", self.uid),
        };
        let mut told = Occurrence::once(Text::from(id), kind, whom.subject.clone(), self.first);
        told.last = self.last;
        // An eviction is said several times, and happens once.
        told.count = if kind == Eviction { 1 } else { self.count };
        told.at_least = self.collapsed;
        told.certainty = certainty;
        told.workload = whom.workload.clone();
        told.node = whom.node.clone();
        told.container = self.container().map(Name::new);
        told.image = whom.image_of(told.container.as_ref());
        told.text = Some(self.words(kind));
        if kind == OomKill {
            // The problem detector tells of groups too.
            let own = message.contains("Memory cgroup out of memory");
            told.scope = Some(if own { OomScope::Limit } else { OomScope::Host });
        }
        Some(told)
    }

    fn words(&self, kind: OccurrenceKind) -> Text {
        match (kind, self.reason.as_str()) {
            (OccurrenceKind::Changed, "NodeNotSchedulable") => Text::new("cordoned"),
            (OccurrenceKind::Changed, "NodeSchedulable") => Text::new("uncordoned"),
            (OccurrenceKind::Changed, "SuccessfulRescale") => {
                Text::from(format!("scaled by its autoscaler: {}", self.message))
            }
            _ => self.message.clone(),
        }
    }

    /// To whom it happened: none where that is not watched, or not known.
    pub(super) fn whom(&self, shelves: &Shelves, scribe: &mut Scribe) -> Option<Whom> {
        let (namespace, name) = (scribe.name(&self.about.namespace), scribe.name(&self.about.name));
        let key = |scribe: &Scribe, kind| scribe.key(kind, &namespace, &name);
        match &*self.about.kind {
            "Pod" => Some(self.pod(shelves, scribe, &namespace, &name)),
            "Node" => {
                let node = Ref::new(&scribe.cluster, Kind::Node, None, name.clone());
                Some(Whom { node: Some(node.clone()), ..Whom::of(node, None) })
            }
            "ReplicaSet" => {
                let set = shelves.replica(&namespace, &name, "");
                let above = name.rsplit_once('-').map(|(above, _)| Name::new(above));
                let above = above.filter(|it| shelves.get(ApiKind::Deployments, &namespace, it).is_some());
                let workload = match (set, above) {
                    (Some(set), _) => set.workload(scribe, &namespace, &name),
                    (None, Some(above)) => scribe.key(Kind::Deployment, &namespace, &above),
                    (None, None) => key(scribe, Kind::ReplicaSet),
                };
                Some(Whom::workload(workload))
            }
            "Job" => {
                let run = shelves.run(&namespace, &name, "");
                let workload = run.map(|run| run.workload(scribe, &namespace, &name));
                Some(Whom::workload(workload.unwrap_or_else(|| owner::job_by_name(shelves, scribe, &namespace, &name))))
            }
            "HorizontalPodAutoscaler" => {
                match &shelves.get(ApiKind::HorizontalPodAutoscalers, &namespace, &name)?.record {
                    Record::Scaling(it) => Some(Whom::workload(it.base.target.clone())),
                    _ => None,
                }
            }
            kind => Some(Whom::workload(key(scribe, controller(kind)?))),
        }
    }

    fn pod(&self, shelves: &Shelves, scribe: &Scribe, namespace: &Name, name: &Name) -> Whom {
        let key = scribe.key(Kind::Pod, namespace, name);
        let Some(pod) = shelves.pod(namespace, name) else {
            return Whom::of(key, owner::by_name(shelves, scribe, namespace, name));
        };
        let Owned { workload, .. } = owner::owned(shelves, scribe, namespace, name, pod);
        let mut whom = Whom::of(key, Some(workload));
        // Of another incarnation only whose it is is the same.
        let same = shelves.get(ApiKind::Pods, namespace, name).is_some_and(|it| *it.uid == *self.about.uid);
        if same {
            whom.leaving = pod.leaving.as_ref().and_then(|it| Second::from_seconds(it.asked).at());
            whom.node = pod.node.as_ref().map(|node| Ref::new(&scribe.cluster, Kind::Node, None, node.clone()));
            whom.images = pod.parts.iter().map(|part| (part.name.clone(), part.image.clone())).collect();
        }
        whom
    }
}

/// `Readiness probe failed: HTTP probe failed with statuscode: 503` (kubernetes: pkg/kubelet/prober/prober.go).
fn probe(message: &str) -> Option<(ProbeKind, &str)> {
    let (word, rest) = message.split_once(" probe ")?;
    let kind = match word {
        "Readiness" => ProbeKind::Readiness,
        "Liveness" => ProbeKind::Liveness,
        "Startup" => ProbeKind::Startup,
        _ => return None,
    };
    Some((kind, rest.strip_prefix("failed:").unwrap_or(rest).trim()))
}

fn controller(kind: &str) -> Option<Kind> {
    Some(match kind {
        "Deployment" => Kind::Deployment,
        "ReplicaSet" => Kind::ReplicaSet,
        "StatefulSet" => Kind::StatefulSet,
        "DaemonSet" => Kind::DaemonSet,
        "Job" => Kind::Job,
        "CronJob" => Kind::CronJob,
        "Rollout" => Kind::ArgoRollout,
        _ => return None,
    })
}

/// To whom something happened.
#[derive(Debug)]
pub(super) struct Whom {
    subject: Ref,
    pub(super) workload: Option<Ref>,
    node: Option<Ref>,
    /// It was asked to end then.
    leaving: Option<Timestamp>,
    images: Vec<(Name, Name)>,
}

impl Whom {
    fn of(subject: Ref, workload: Option<Ref>) -> Self {
        Self { subject, workload, node: None, leaving: None, images: Vec::new() }
    }

    fn workload(key: Ref) -> Self {
        Self::of(key.clone(), Some(key))
    }

    fn image_of(&self, container: Option<&Name>) -> Option<Name> {
        let named = self.images.iter().find(|(name, _)| Some(name) == container);
        named.or_else(|| self.images.first()).map(|(_, image)| image.clone())
    }
}
