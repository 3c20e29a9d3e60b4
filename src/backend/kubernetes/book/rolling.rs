//! StatefulSets and DaemonSets: they have no deadline, so what is remembered of them is when a counter last moved.

use crate::domain::{
    Dependency, DependencyKind, Desired, Kind, Name, Reported, Revision, Rollout, RolloutPhase, Text, Timestamp,
};

use super::super::wire::Both;
use super::super::wire::work::{DaemonSetSpec, DaemonSetStatus, StatefulSetSpec, StatefulSetStatus, UpdateStrategy};
use super::scribe::Scribe;
use super::work::{Detail, Who, Work};

/// Claims of a StatefulSet's instances that are named as what it needs, at most.
const CLAIMS: u32 = 32;

/// A StatefulSet or a DaemonSet, beside what all workloads have.
#[derive(Debug, PartialEq)]
pub(super) struct Rolling {
    /// Numbers whose change shows that it gets on; and the most that were ready of them. That fewer are ready, and then
    /// as many again, is no progress.
    counters: [i64; 4],
    ready: u32,
    /// When one of them last moved, as far as it was watched.
    moved: Option<Timestamp>,
    /// When it was first seen.
    seen: Timestamp,
    /// When its newest revision was first seen, if that was watched.
    started: Option<Timestamp>,
    /// The newest revision, and the one that it leaves, where that is told.
    newest: Option<Name>,
    former: Option<Name>,
    /// Of a DaemonSet: the generation of its template, which its pods carry.
    pub(super) generation: u32,
    /// A change is under way.
    rolls: bool,
    message: Option<Text>,
    updated: u32,
    /// Fewer instances are there than are wanted.
    pub(super) short: bool,
}

impl Rolling {
    /// With what was remembered of it before.
    fn since(mut self, before: Option<&Self>, now: Timestamp) -> Self {
        let Some(before) = before else { return self };
        self.seen = before.seen;
        let same = before.newest == self.newest && before.generation == self.generation;
        let moves = before.counters != self.counters || self.ready > before.ready;
        self.moved = if moves { Some(now) } else { before.moved };
        self.started = if same { before.started } else { Some(now) };
        if !moves {
            self.ready = self.ready.max(before.ready);
        }
        self
    }
}

fn before(work: Option<&Work>) -> Option<&Rolling> {
    match &work?.detail {
        Detail::Rolling(it) => Some(it),
        _ => None,
    }
}

fn on_delete(strategy: &UpdateStrategy) -> bool {
    &*strategy.kind == "OnDelete"
}

/// A StatefulSet (kubectl: rollout_status.go). While its revisions are the same nothing is rolled out, whatever is not
/// ready: its controller makes them the same when the last instance is (kubernetes: pkg/controller/statefulset/
/// stateful_set_utils.go `completeRollingUpdate`).
pub(super) fn stateful_set(
    scribe: &mut Scribe,
    who: Who<'_>,
    it: &Both<StatefulSetSpec, StatefulSetStatus>,
    known: Option<&Work>,
    now: Timestamp,
) -> Work {
    let Both { spec, status } = it;
    let wanted = spec.replicas.map_or(1, |it| it.count());
    let generation = who.meta.generation.0;
    let claims: Vec<&str> = spec.volume_claim_templates.iter().map(|claim| &*claim.metadata.name).collect();
    let mut work =
        Work::new(scribe, who, Desired::Replicas(wanted), &spec.template.metadata.labels, &spec.template.spec, &claims);
    let (ready, updated) = (status.ready_replicas.count(), status.updated_replicas.count());
    work.base.reported = Some(Reported { ready, updated, total: status.replicas.count() });
    work.base.ordered = &*spec.pod_management_policy != "Parallel";
    work.base.on_delete = on_delete(&spec.update_strategy);
    work.base.min_ready_seconds = spec.min_ready_seconds.count();
    own_claims(scribe, &mut work, &claims, wanted, spec.ordinals.start.count());
    let same = status.update_revision == status.current_revision || status.update_revision.is_empty();
    let target = wanted.saturating_sub(spec.update_strategy.rolling_update.partition.count());
    let unseen = status.observed_generation.0 == 0 || generation > status.observed_generation.0;
    let message = if unseen {
        Some("the change has not been seen by its controller yet".to_owned())
    } else if same || on_delete(&spec.update_strategy) {
        None
    } else if updated < target {
        Some(format!("{updated} of {target} new pods have been updated"))
    } else if ready < wanted {
        Some(format!("waiting for {} to be ready", crate::domain::words::many(u64::from(wanted - ready), "pod")))
    } else {
        None
    };
    let rolling = Rolling {
        counters: [status.replicas.0, status.updated_replicas.0, status.current_replicas.0, generation],
        ready,
        moved: None,
        seen: now,
        started: None,
        newest: scribe.some(&status.update_revision),
        former: scribe.some(&status.current_revision).filter(|_| !same),
        generation: 0,
        rolls: message.is_some(),
        message: message.map(Text::from),
        updated,
        short: status.replicas.count() < wanted,
    };
    work.detail = Detail::Rolling(Box::new(rolling.since(before(known), now)));
    work
}

/// `data-db-0` is the claim `data` of the instance `db-0`.
fn own_claims(scribe: &mut Scribe, work: &mut Work, claims: &[&str], wanted: u32, first: u32) {
    let (namespace, name) = (work.base.key.namespace.clone().unwrap_or_else(|| Name::new("")), &work.base.key.name);
    let ordinals = first..first.saturating_add(wanted.min(CLAIMS));
    let names: Vec<(String, &str)> = claims
        .iter()
        .flat_map(|claim| ordinals.clone().map(move |ordinal| (format!("{claim}-{name}-{ordinal}"), *claim)))
        .collect();
    for (claim, template) in names {
        let on = scribe.key(Kind::Volume, &namespace, &Name::from(claim));
        let via = scribe.name(&format!("volume {template}"));
        work.base.depends_on.push(Dependency { on, kind: DependencyKind::Mounts, via });
    }
}

/// A DaemonSet. Its counters do not tell an instance that is lost later from one that is not yet there, so a change is under
/// way only from when it was seen to begin.
pub(super) fn daemon_set(
    scribe: &mut Scribe,
    who: Who<'_>,
    it: &Both<DaemonSetSpec, DaemonSetStatus>,
    known: Option<&Work>,
    now: Timestamp,
) -> Work {
    let Both { spec, status } = it;
    let meta = who.meta;
    let wanted = status.desired.count();
    let mut work =
        Work::new(scribe, who, Desired::EachNode(wanted), &spec.template.metadata.labels, &spec.template.spec, &[]);
    let (updated, available) = (status.updated.count(), status.available.count());
    work.base.reported = Some(Reported { ready: status.ready.count(), updated, total: status.current.count() });
    work.base.on_delete = on_delete(&spec.update_strategy);
    work.base.min_ready_seconds = spec.min_ready_seconds.count();
    let rolled = before(known).is_some_and(|before| before.rolls);
    let message = if meta.generation.0 > status.observed_generation.0 {
        Some("the change has not been seen by its controller yet".to_owned())
    } else if on_delete(&spec.update_strategy) {
        None
    } else if updated < wanted {
        Some(format!("{updated} of {wanted} new pods have been updated"))
    } else if available < wanted && rolled {
        Some(format!("{available} of {wanted} updated pods are available"))
    } else {
        None
    };
    let rolling = Rolling {
        counters: [status.desired.0, status.current.0, status.updated.0, meta.generation.0],
        ready: status.ready.count(),
        moved: None,
        seen: now,
        started: None,
        newest: None,
        former: None,
        generation: meta.notes.template_generation.count(),
        rolls: message.is_some(),
        message: message.map(Text::from),
        updated,
        short: status.current.count() < wanted,
    };
    work.detail = Detail::Rolling(Box::new(rolling.since(before(known), now)));
    work
}

/// What its pods tell of one of these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OfPods {
    /// Of a DaemonSet, the hash of its newest generation, and of a former one.
    pub(super) newest: Option<Name>,
    pub(super) former: Option<Name>,
    /// When the youngest was made: until more is watched, it got on then.
    pub(super) youngest: Option<Timestamp>,
}

impl Rolling {
    /// The newest revision, those that are left, and how it gets from one to the next.
    pub(super) fn revisions(&self, work: &Work, of_pods: OfPods) -> (Option<Revision>, Vec<Revision>, Rollout) {
        let newest = self.newest.clone().or(of_pods.newest);
        let former = self.former.clone().or(of_pods.former);
        let images = || work.base.containers.iter().map(|it| it.image.clone()).collect();
        let revision = newest.clone().map(|id| Revision {
            id,
            images: images(),
            at: self.started,
            by: work.author().filter(|_| self.started.is_some() || work.base.managed_by.is_some()),
        });
        let history = former.clone().map(|id| Revision { id, images: Vec::new(), at: None, by: None });
        let rollout = Rollout {
            phase: if self.rolls { RolloutPhase::Progressing } else { RolloutPhase::Complete },
            message: self.message.clone(),
            started: self.started,
            progressed: self.moved.or(of_pods.youngest).or(Some(self.seen)),
            deadline: None,
            from: former,
            to: newest,
            updated: Some(self.updated),
        };
        (revision, history.into_iter().collect(), rollout)
    }
}
