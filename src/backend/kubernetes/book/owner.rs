//! Whom a pod works for, as a person knows it: not the ReplicaSet or the Job in between.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::domain::{Kind, Name, Ref};

use super::super::kinds::ApiKind;
use super::super::wire::meta::Owner;
use super::pods::Pod;
use super::scribe::Scribe;
use super::shelf::Shelves;

/// Who keeps something as it is. Its pods share it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Controller {
    pub(super) uid: Name,
    pub(super) kind: Name,
    pub(super) name: Name,
}

/// All controllers by their uids.
#[derive(Debug, Default)]
pub(super) struct Controllers(FxHashMap<Name, Arc<Controller>>);

impl Controllers {
    pub(super) fn of(&mut self, scribe: &mut Scribe, owner: Option<&Owner>) -> Option<Arc<Controller>> {
        let owner = owner?;
        if let Some(known) = self.0.get(&*owner.uid) {
            return Some(Arc::clone(known));
        }
        let uid = Name::new(&owner.uid);
        let (kind, name) = (scribe.name(&owner.kind), scribe.name(&owner.name));
        let controller = Arc::new(Controller { uid: uid.clone(), kind, name });
        self.0.insert(uid, Arc::clone(&controller));
        Some(controller)
    }

    /// Lets go of those whose charges are all gone.
    pub(super) fn forget_unused(&mut self) {
        self.0.retain(|_, it| Arc::strong_count(it) > 1);
    }
}

/// For whom a pod works, and of which revision it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owned {
    pub(super) workload: Ref,
    pub(super) revision: Option<Name>,
}

/// For whom a pod works. What stands in between may not be known yet, or not any more: then names tell, as controllers make
/// them (kubernetes: pkg/controller/deployment/sync.go, pkg/controller/cronjob/utils.go).
pub(super) fn owned(shelves: &Shelves, scribe: &Scribe, namespace: &Name, name: &Name, pod: &Pod) -> Owned {
    let key = |kind, name: &Name| scribe.key(kind, namespace, name);
    let hash = pod.hash.clone();
    let Some(owner) = pod.owner.as_deref() else { return Owned { workload: key(Kind::BarePod, name), revision: None } };
    let workload = match owner.kind.as_str() {
        "ReplicaSet" => {
            if let Some(set) = shelves.replica(namespace, &owner.name, &owner.uid) {
                let workload = set.workload(scribe, namespace, &owner.name);
                return Owned { workload, revision: set.number().or(hash) };
            }
            of_replica_set(scribe, namespace, &owner.name, pod)
        }
        "StatefulSet" => key(Kind::StatefulSet, &owner.name),
        "DaemonSet" => key(Kind::DaemonSet, &owner.name),
        "Job" => of_job(shelves, scribe, namespace, owner),
        // A kubelet's own.
        "Node" => return Owned { workload: key(Kind::BarePod, name), revision: None },
        _ => key(Kind::Custom, &owner.name),
    };
    Owned { workload, revision: hash }
}

/// `web-5d9c7b8f6d` with the hash `5d9c7b8f6d` is of `web`.
fn of_replica_set(scribe: &Scribe, namespace: &Name, set: &Name, pod: &Pod) -> Ref {
    let above = pod.hash.as_ref().and_then(|hash| set.strip_suffix(hash.as_str())?.strip_suffix('-'));
    let kind = if pod.argo { Kind::ArgoRollout } else { Kind::Deployment };
    match above {
        Some(name) => scribe.key(kind, namespace, &Name::new(name)),
        None => scribe.key(Kind::ReplicaSet, namespace, set),
    }
}

fn of_job(shelves: &Shelves, scribe: &Scribe, namespace: &Name, job: &Controller) -> Ref {
    if let Some(run) = shelves.run(namespace, &job.name, &job.uid) {
        return run.workload(scribe, namespace, &job.name);
    }
    job_by_name(shelves, scribe, namespace, &job.name)
}

/// `backup-29312345` is of the CronJob `backup`, where there is one.
pub(super) fn job_by_name(shelves: &Shelves, scribe: &Scribe, namespace: &Name, job: &Name) -> Ref {
    let cron = job.rsplit_once('-').filter(|(_, at)| at.len() >= 8 && at.bytes().all(|b| b.is_ascii_digit()));
    match cron.filter(|(cron, _)| shelves.get(ApiKind::CronJobs, namespace, cron).is_some()) {
        Some((cron, _)) => scribe.key(Kind::CronJob, namespace, &Name::new(cron)),
        None => scribe.key(Kind::Job, namespace, job),
    }
}

/// For whom a pod worked of which only the name is left, where that can be told.
pub(super) fn by_name(shelves: &Shelves, scribe: &Scribe, namespace: &Name, pod: &str) -> Option<Ref> {
    let (above, last) = pod.rsplit_once('-')?;
    let there = |kind| shelves.get(kind, namespace, above).is_some();
    let key = |kind| scribe.key(kind, namespace, &Name::new(above));
    if let Some(set) = shelves.replica(namespace, above, "") {
        return Some(set.workload(scribe, namespace, &Name::new(above)));
    }
    if let Some(run) = shelves.run(namespace, above, "") {
        return Some(run.workload(scribe, namespace, &Name::new(above)));
    }
    if there(ApiKind::DaemonSets) {
        return Some(key(Kind::DaemonSet));
    }
    if there(ApiKind::StatefulSets) && last.bytes().all(|b| b.is_ascii_digit()) {
        return Some(key(Kind::StatefulSet));
    }
    // The ReplicaSet went with its revision, or the Job with its history.
    let up = above.rsplit_once('-').map(|(up, _)| up)?;
    if shelves.get(ApiKind::Deployments, namespace, up).is_some() {
        return Some(scribe.key(Kind::Deployment, namespace, &Name::new(up)));
    }
    let job = job_by_name(shelves, scribe, namespace, &Name::new(above));
    (job.kind == Kind::CronJob).then_some(job)
}
