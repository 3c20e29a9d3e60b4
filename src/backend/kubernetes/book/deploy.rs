//! Deployments, their ReplicaSets, and Argo's Rollouts, which are built alike.

use std::sync::Arc;

use crate::backend::mask;
use crate::domain::words::{after, many};
use crate::domain::{Desired, Hindrance, Kind, Name, Ref, Reported, Revision, Rollout, RolloutPhase, Text, Timestamp};

use super::super::wire::Both;
use super::super::wire::meta::Meta;
use super::super::wire::pod::{Condition, condition};
use super::super::wire::work::{
    DeploymentSpec, DeploymentStatus, ReplicaSetSpec, ReplicaSetStatus, RolloutSpec, RolloutStatus,
};
use super::owner::Controller;
use super::scribe::{Scribe, text};
use super::template;
use super::work::{Detail, Who, Work};

/// Revisions that are shown beside the newest.
const HISTORY: usize = 10;
/// What a Deployment is given to get on, where it does not say, seconds (kubernetes: pkg/apis/apps/v1/defaults.go).
const DEADLINE: i64 = 600;
/// A deadline that is never reached.
const NEVER: i64 = i32::MAX as i64;
/// A restart by hand and the ReplicaSet that it makes are so far apart at most, seconds.
const RESTART_TO_SET: i64 = 30;

/// A ReplicaSet: as a rule one revision of something else.
#[derive(Debug, PartialEq)]
pub(super) struct Replica {
    pub(super) owner: Option<Arc<Controller>>,
    /// Which revision; 0 where it is none.
    pub(super) revision: u64,
    /// Its template's hash.
    hash: Option<Name>,
    images: Vec<Name>,
    created: Option<Timestamp>,
    cause: Option<Text>,
    /// Somebody went back to it: it became the newest long after it was made.
    again: bool,
    /// Somebody restarted it by hand.
    restarted: bool,
    /// So many pods of it are wanted.
    replicas: u32,
    /// It as a workload, where it is nobody's revision.
    pub(super) work: Option<Box<Work>>,
}

impl Replica {
    pub(super) fn read(
        scribe: &mut Scribe,
        who: Who<'_>,
        it: &Both<ReplicaSetSpec, ReplicaSetStatus>,
        owner: Option<Arc<Controller>>,
    ) -> Self {
        let Both { spec, status } = it;
        let meta = who.meta;
        let template = &spec.template;
        let label = |name: &str| meta.labels.get(name);
        let hash = label("rollouts-pod-template-hash").or_else(|| label("pod-template-hash"));
        let hash = hash.map(|hash| scribe.name(hash));
        let replicas = spec.replicas.map_or(1, |it| it.count());
        let since = |at: Timestamp| meta.created.0.map(|made| made.as_second() - at.as_second());
        let restarted = template.metadata.notes.restarted.0.and_then(since);
        let restarted = restarted.is_some_and(|seconds| (0..=RESTART_TO_SET).contains(&seconds));
        // Often the command line that made it.
        let cause = mask::command(&[&*meta.notes.cause]).as_deref().and_then(text);
        let (created, again) = (meta.created.0, meta.notes.revised);
        let revision = meta.notes.revision.parse().unwrap_or(0);
        let images = template::images(scribe, &template.spec);
        let above = owner.as_deref().is_some_and(|owner| matches!(owner.kind.as_str(), "Deployment" | "Rollout"));
        let work = (!above).then(|| {
            let mut work =
                Work::new(scribe, who, Desired::Replicas(replicas), &template.metadata.labels, &template.spec, &[]);
            let (ready, total) = (status.ready_replicas.count(), status.replicas.count());
            work.base.reported = Some(Reported { ready, updated: total, total });
            work.base.hindrance = hindrance(scribe, &status.conditions);
            Box::new(work)
        });
        Self { owner, revision, hash, images, created, cause, again, restarted, replicas, work }
    }

    /// Whom its pods work for.
    pub(super) fn workload(&self, scribe: &Scribe, namespace: &Name, name: &Name) -> Ref {
        match self.owner.as_deref().map(|owner| (owner.kind.as_str(), &owner.name)) {
            Some(("Deployment", above)) => scribe.key(Kind::Deployment, namespace, above),
            Some(("Rollout", above)) => scribe.key(Kind::ArgoRollout, namespace, above),
            _ => scribe.key(Kind::ReplicaSet, namespace, name),
        }
    }

    /// The number of the revision that it is.
    pub(super) fn number(&self) -> Option<Name> {
        (self.revision > 0).then(|| Name::from(self.revision.to_string()))
    }

    fn id(&self) -> Name {
        self.number().or_else(|| self.hash.clone()).unwrap_or_else(|| Name::new("?"))
    }

    fn as_revision(&self) -> Revision {
        let restarted = || self.restarted.then(|| Text::new("kubectl rollout restart"));
        let by = self.cause.clone().or_else(restarted);
        Revision { id: self.id(), images: self.images.clone(), at: self.created.filter(|_| !self.again), by }
    }
}

/// A Deployment or an Argo Rollout, beside what all workloads have.
#[derive(Debug, PartialEq)]
pub(super) struct Deploying {
    /// Its own number of the newest revision.
    revision: u64,
    images: Vec<Name>,
    verdict: Verdict,
    /// When it last got on.
    progressed: Option<Timestamp>,
    /// How long it may take to get on, seconds.
    deadline: Option<i64>,
    /// The hash that is newest, and the one that is safe, where it says so.
    hashes: Option<(Name, Name)>,
    updated: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Verdict {
    phase: RolloutPhase,
    message: Option<Text>,
}

impl Verdict {
    fn new(phase: RolloutPhase, message: Option<Text>) -> Self {
        Self { phase, message }
    }
}

/// A Deployment.
pub(super) fn deployment(scribe: &mut Scribe, who: Who<'_>, it: &Both<DeploymentSpec, DeploymentStatus>) -> Work {
    let Both { spec, status } = it;
    let meta = who.meta;
    let wanted = spec.replicas.map_or(1, |it| it.count());
    let mut work =
        Work::new(scribe, who, Desired::Replicas(wanted), &spec.template.metadata.labels, &spec.template.spec, &[]);
    work.base.reported = Some(Reported {
        ready: status.ready_replicas.count(),
        updated: status.updated_replicas.count(),
        total: status.replicas.count(),
    });
    work.base.hindrance = hindrance(scribe, &status.conditions);
    work.base.min_ready_seconds = spec.min_ready_seconds.count();
    let progressing = condition(&status.conditions, "Progressing");
    let deadline = spec.progress_deadline_seconds.map_or(DEADLINE, |it| it.0);
    work.detail = Detail::Deploying(Box::new(Deploying {
        revision: meta.notes.revision.parse().unwrap_or(0),
        images: template::images(scribe, &spec.template.spec),
        verdict: of_deployment(meta, spec, status, wanted),
        progressed: progressing.and_then(|it| it.updated.0.or(it.changed.0)),
        deadline: Some(deadline).filter(|seconds| *seconds < NEVER),
        hashes: None,
        updated: status.updated_replicas.count(),
    }));
    work
}

/// How a rollout stands (kubectl: pkg/polymorphichelpers/rollout_status.go), but that one which was complete stays so: what
/// is lost of it later is no rollout (kubernetes: pkg/controller/deployment/progress.go `isCompleteDeployment`).
fn of_deployment(meta: &Meta, spec: &DeploymentSpec, status: &DeploymentStatus, wanted: u32) -> Verdict {
    use RolloutPhase::{Complete, Failed, Paused, Progressing};
    let said = |words: String| Some(Text::from(words));
    if meta.generation.0 > status.observed_generation.0 {
        return Verdict::new(Progressing, said("the change has not been seen by its controller yet".to_owned()));
    }
    let progressing = condition(&status.conditions, "Progressing");
    let reason = progressing.map_or("", |it| &*it.reason);
    if spec.paused.0 {
        return Verdict::new(
            Paused,
            progressing.and_then(|it| text(&it.message)).filter(|_| reason == "DeploymentPaused"),
        );
    }
    if reason == "ProgressDeadlineExceeded" {
        return Verdict::new(Failed, progressing.and_then(|it| text(&it.message)));
    }
    let (updated, total) = (status.updated_replicas.count(), status.replicas.count());
    if reason == "NewReplicaSetAvailable" && updated == total {
        return Verdict::new(Complete, None);
    }
    let available = status.available_replicas.count();
    if updated < wanted {
        return Verdict::new(Progressing, said(format!("{updated} of {wanted} new replicas have been updated")));
    }
    if total > updated {
        return Verdict::new(
            Progressing,
            said(format!("{} pending termination", many(u64::from(total - updated), "old replica"))),
        );
    }
    if available < updated {
        return Verdict::new(Progressing, said(format!("{available} of {updated} updated replicas are available")));
    }
    Verdict::new(Complete, None)
}

/// An Argo Rollout. Its phase counts only for what its controller has seen (argo-rollouts: utils/rollout/rolloututil.go).
pub(super) fn rollout(scribe: &mut Scribe, who: Who<'_>, it: &Both<RolloutSpec, RolloutStatus>) -> Work {
    let Both { spec, status } = it;
    let meta = who.meta;
    let wanted = spec.replicas.map_or(1, |it| it.count());
    let mut work =
        Work::new(scribe, who, Desired::Replicas(wanted), &spec.template.metadata.labels, &spec.template.spec, &[]);
    work.base.reported = Some(Reported {
        ready: status.ready_replicas.count(),
        updated: status.updated_replicas.count(),
        total: status.replicas.count(),
    });
    work.base.hindrance = hindrance(scribe, &status.conditions);
    work.base.min_ready_seconds = spec.min_ready_seconds.count();
    let seen = *status.observed_generation == *meta.generation.0.to_string();
    let phase = match &*status.phase {
        _ if !seen => RolloutPhase::Progressing,
        "Healthy" => RolloutPhase::Complete,
        "Degraded" if status.abort.0 => RolloutPhase::RolledBack,
        "Degraded" => RolloutPhase::Failed,
        "Paused" => RolloutPhase::Paused,
        _ => RolloutPhase::Progressing,
    };
    let progressing = condition(&status.conditions, "Progressing");
    let hashes = (scribe.name(&status.current_pod_hash), scribe.name(&status.stable));
    work.detail = Detail::Deploying(Box::new(Deploying {
        revision: meta.notes.revision.parse().unwrap_or(0),
        images: template::images(scribe, &spec.template.spec),
        verdict: Verdict::new(phase, text(&status.message)),
        progressed: progressing.and_then(|it| it.updated.0.or(it.changed.0)),
        deadline: Some(spec.progress_deadline_seconds.map_or(DEADLINE, |it| it.0)),
        hashes: Some(hashes).filter(|(newest, _)| !newest.is_empty()),
        updated: status.updated_replicas.count(),
    }));
    work
}

/// What keeps a controller from making pods, in the API server's words.
fn hindrance(scribe: &mut Scribe, conditions: &[Condition]) -> Option<Box<Hindrance>> {
    let failure = condition(conditions, "ReplicaFailure").filter(|it| it.holds())?;
    Some(Box::new(Hindrance {
        reason: scribe.name(&failure.reason),
        message: text(&failure.message).unwrap_or_else(|| Text::new("no reason is given")),
        since: failure.changed.0,
    }))
}

/// The revisions of a Deployment, and how it gets from one to the next.
#[derive(Debug)]
pub(super) struct Revisions {
    pub(super) newest: Revision,
    pub(super) history: Vec<Revision>,
    pub(super) rollout: Rollout,
}

impl Deploying {
    /// With its ReplicaSets, in any order.
    pub(super) fn revisions(&self, work: &Work, mut sets: Vec<&Replica>) -> Revisions {
        sets.sort_unstable_by(|a, b| (b.revision, b.created, &b.hash).cmp(&(a.revision, a.created, &a.hash)));
        let newest_at = match &self.hashes {
            Some((newest, _)) => sets.iter().position(|set| set.hash.as_ref() == Some(newest)),
            None => sets.first().filter(|set| set.revision >= self.revision).map(|_| 0),
        };
        let newest_set = newest_at.map(|place| sets.remove(place));
        let newest = self.newest(work, newest_set);
        // Of those before, the one that still has pods is what it leaves.
        let stable = self.hashes.as_ref().map(|(_, stable)| stable);
        let left = sets.iter().find(|set| stable.is_some() && set.hash.as_ref() == stable);
        let left = left.or_else(|| sets.iter().find(|set| set.replicas > 0)).or_else(|| sets.first());
        let deadline = self.progressed.zip(self.deadline).map(|(at, seconds)| after(at, seconds));
        let rollout = Rollout {
            phase: self.verdict.phase,
            message: self.verdict.message.clone(),
            started: newest.at,
            progressed: self.progressed,
            deadline: deadline.filter(|_| self.verdict.phase == RolloutPhase::Progressing),
            from: left.map(|set| set.id()),
            to: Some(newest.id.clone()),
            updated: Some(self.updated),
        };
        Revisions { newest, history: sets.iter().take(HISTORY).map(|set| set.as_revision()).collect(), rollout }
    }

    fn newest(&self, work: &Work, set: Option<&Replica>) -> Revision {
        let own =
            || Revision { id: Name::from(self.revision.to_string()), images: self.images.clone(), at: None, by: None };
        let mut newest = set.map_or_else(own, Replica::as_revision);
        if set.is_some_and(|set| set.again) {
            // Going back is a change by hand; when its ReplicaSet was made says nothing.
            newest.at = work.changed.or(self.progressed);
        }
        newest.by = newest.by.or_else(|| work.author());
        newest
    }
}
