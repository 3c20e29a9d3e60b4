//! What happened to pods and workloads, as far as their own state tells it.
//!
//! The identity of an end is the pod's uid, the container and its id, so that it is the same whoever tells it, and when.

use crate::domain::{Certainty, Kind, Name, Occurrence, OccurrenceKind, OomScope, Origin, Phase, Ref, Text, Timestamp};

use super::exit::{End, Ending};
use super::owner::Owned;
use super::pods::{Part, Pod};
use super::recall::{Recall, Recalled};

/// A pod that something happened to.
pub(super) struct Whom<'a> {
    pub(super) key: Ref,
    pub(super) uid: &'a Name,
    pub(super) pod: &'a Pod,
    pub(super) owned: Owned,
}

impl Whom<'_> {
    fn told(&self, id: String, kind: OccurrenceKind, at: Timestamp) -> Occurrence {
        let mut told = Occurrence::once(Text::from(id), kind, self.key.clone(), at);
        told.workload = Some(self.owned.workload.clone());
        told.node = self.node();
        told
    }

    fn node(&self) -> Option<Ref> {
        let node = self.pod.node.as_ref()?;
        Some(Ref::new(&self.key.cluster, Kind::Node, None, node.clone()))
    }

    /// Everything that its state tells and that was not told yet.
    pub(super) fn news(&self, recall: &Recall, recalled: Recalled<'_>) -> Vec<Occurrence> {
        let parts = self.pod.parts.iter().filter(|part| part.role != crate::domain::ContainerRole::Ephemeral);
        let ends = parts.flat_map(|part| part.ends().filter(|end| !end.told).map(move |end| (part, end)));
        let mut news: Vec<Occurrence> = ends.filter_map(|(part, end)| self.end(part, end, recall, recalled)).collect();
        if !self.pod.told {
            news.extend(self.driven());
            news.extend(self.rejected());
        }
        news
    }

    fn end(&self, part: &Part, end: &End, recall: &Recall, recalled: Recalled<'_>) -> Option<Occurrence> {
        let ending = Ending::of(self.pod, part, end, recalled);
        let (kind, at) = (ending.kind?, end.ended.at()?);
        let mut told = self.told(format!("end:{}:{}:{}", self.uid, part.name, end.id), kind, at);
        told.container = Some(part.name.clone());
        told.image = Some(part.image.clone());
        told.code = Some(end.code);
        (told.certainty, told.text) = (ending.certainty, ending.text);
        if kind == OccurrenceKind::OomKill {
            told.limit_bytes = part.limit();
            let node = self.pod.node.as_ref().zip(end.ended.seconds());
            let shared = node.is_some_and(|(node, at)| recall.node_had_oom(node, at));
            told.scope = Some(match (part.limit(), shared) {
                (Some(_), false) => OomScope::Limit,
                (None, true) => OomScope::Host,
                // Its own limit and the node were both at their end; or neither is known to have been.
                (Some(_), true) | (None, false) => OomScope::Unknown,
            });
        }
        Some(told)
    }

    fn driven(&self) -> Option<Occurrence> {
        let driven = self.pod.driven.as_deref()?;
        let at = driven.at.at().or_else(|| self.pod.since.at())?;
        let mut told = self.told(eviction_id(self.uid), OccurrenceKind::Eviction, at);
        told.text = driven.message.clone();
        Some(told)
    }

    fn rejected(&self) -> Option<Occurrence> {
        let pod = Some(self.pod).filter(|pod| pod.phase == Phase::Rejected)?;
        let mut told = self.told(format!("rejected:{}", self.uid), OccurrenceKind::Rejected, pod.since.at()?);
        told.text = pod.words();
        Some(told)
    }
}

/// An eviction is told by the pod and by events; it is one.
pub(super) fn eviction_id(uid: &str) -> String {
    format!("evict:{uid}")
}

/// A new revision was rolled out.
pub(super) fn deployed(workload: &Ref, uid: &Name, revision: &crate::domain::Revision) -> Option<Occurrence> {
    let id = Text::from(format!("rev:{uid}:{}", revision.id));
    let mut told = Occurrence::once(id, OccurrenceKind::Deployed, workload.clone(), revision.at?);
    told.workload = Some(workload.clone());
    told.image = revision.images.first().cloned();
    told.text = revision.by.clone();
    Some(told)
}

/// A number of replicas was changed while that was watched.
pub(super) fn scaled(workload: &Ref, uid: &Name, generation: i64, from: u32, to: u32, at: Timestamp) -> Occurrence {
    let id = Text::from(format!("scale:{uid}:{generation}"));
    let mut told = Occurrence::once(id, OccurrenceKind::Changed, workload.clone(), at);
    told.workload = Some(workload.clone());
    told.text = Some(Text::from(format!("scaled from {from} to {to}")));
    told
}

/// A Job gave up for a reason that its pods do not tell.
pub(super) fn job_failed(workload: Ref, subject: Ref, uid: &Name, said: &Text, at: Timestamp) -> Occurrence {
    let id = Text::from(format!("job:{uid}:failed"));
    let mut told = Occurrence::once(id, OccurrenceKind::Crash, subject, at);
    told.workload = Some(workload);
    told.text = Some(said.clone());
    told.certainty = Certainty::Confirmed;
    told
}

/// What happened before anything was watched is told afterwards.
pub(super) fn origin(last: Timestamp, watched_since: Option<Timestamp>) -> Origin {
    if watched_since.is_some_and(|since| last < since) { Origin::Backfilled } else { Origin::Live }
}
