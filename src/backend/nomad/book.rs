//! What is remembered of a region: enough to tell what of ours changes when something of its changes.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{ClusterId, Fact, Name, Object, Occurrence, Origin, Ref, Source, Timestamp};

use super::allocations;
use super::checks::Checked;
use super::groups::{Around, no_place};
use super::parts::{PARTED, Part};
use super::runs::{self, Run, is_run};
use super::scribe::{JobKey, Scribe, at, home, time};
use super::verdicts::Verdicts;
use super::wire::{Allocation, Deployment, Evaluation, Job, JobStub, Node, TaskGroup};

/// Stand-ins for allocations of one group that have no place, at most.
const UNPLACED: u32 = 20;
/// What the groups of a job were in versions before the newest is kept of so many.
const VERSIONS: usize = 4;

/// One job and what belongs to it.
#[derive(Default)]
pub(super) struct Entry {
    /// What is registered; of a run nothing, where it is what is registered of the job that it is of.
    pub(super) job: Option<Job>,
    /// What earlier versions were, by their number: allocations of them may still run.
    before: BTreeMap<u64, Vec<TaskGroup>>,
    pub(super) queued: BTreeMap<String, u32>,
    pub(super) around: Around,
    pub(super) allocations: BTreeSet<String>,
    /// What the list of jobs says of it, where it is a run of another.
    pub(super) run: Option<Run>,
    /// By the server's count, what the list of jobs said of it last.
    pub(super) listed: u64,
    /// Of what it has now: workloads and stand-ins.
    told: BTreeSet<Ref>,
}

/// Of an allocation: where it belongs, and what of it decides about others.
pub(super) struct Kept {
    pub(super) job: JobKey,
    pub(super) key: Ref,
    /// The group that it is of.
    pub(super) owner: Ref,
    /// As its job calls that.
    pub(super) group: Name,
    pub(super) version: Option<u64>,
    pub(super) node: String,
    pub(super) runs: bool,
    pub(super) ended_well: bool,
    /// Another was made in its place.
    pub(super) replaced: bool,
    /// It is meant to run, whether it does or has failed.
    pub(super) wanted: bool,
    /// When it failed.
    pub(super) failed: Option<Timestamp>,
    /// What is to look at it again, by its id: another may be made in its place then.
    pub(super) followup: Option<Box<str>>,
    /// What of it was told last, by the server's count.
    pub(super) index: u64,
    /// Where it has checks.
    pub(super) checked: Option<Box<Checked>>,
}

/// What is remembered of a region.
pub(super) struct Book {
    pub(super) scribe: Scribe,
    pub(super) jobs: BTreeMap<JobKey, Entry>,
    pub(super) allocations: BTreeMap<String, Kept>,
    /// What checks say.
    pub(super) verdicts: Verdicts,
    /// Clients by their id, and what of each was told last, by the server's count.
    pub(super) nodes: BTreeMap<String, (Ref, u64)>,
    /// Of evaluations that were put off, by their id: when they are looked at.
    pub(super) put_off: BTreeMap<String, Timestamp>,
    /// Each namespace is a source of its own.
    pub(super) parted: bool,
    /// What is to be told.
    facts: Vec<Fact>,
}

pub(super) fn source(kind: &str) -> Source {
    Source::of(kind)
}

impl Book {
    pub(super) fn new(cluster: ClusterId) -> Self {
        Self {
            scribe: Scribe::new(cluster),
            jobs: BTreeMap::new(),
            allocations: BTreeMap::new(),
            verdicts: Verdicts::default(),
            nodes: BTreeMap::new(),
            put_off: BTreeMap::new(),
            parted: false,
            facts: Vec::new(),
        }
    }

    /// What there is to be told since it was last asked.
    pub(super) fn take(&mut self) -> Vec<Fact> {
        std::mem::take(&mut self.facts)
    }

    pub(super) fn tell(&mut self, fact: Fact) {
        self.facts.push(fact);
    }

    fn put(&mut self, kind: &str, object: Object) {
        let source = self.source_of(kind, object.key());
        self.facts.push(Fact::Put(source, object));
    }

    fn gone(&mut self, kind: &str, key: Ref) {
        self.facts.push(Fact::Gone(self.source_of(kind, &key), key));
    }

    fn source_of(&self, kind: &str, key: &Ref) -> Source {
        match &key.namespace {
            Some(namespace) if self.parted && PARTED.contains(&kind) => Part::of(namespace.clone()).source(kind),
            _ => source(kind),
        }
    }

    /// A whole listing of clients.
    pub(super) fn list_nodes(&mut self, nodes: &[Node]) {
        self.tell(Fact::Listing(source("nodes"), u32::try_from(nodes.len()).ok()));
        let there: BTreeSet<&str> = nodes.iter().map(|node| node.id.as_str()).collect();
        let left: Vec<String> = self.nodes.keys().filter(|id| !there.contains(id.as_str())).cloned().collect();
        left.iter().for_each(|id| self.forget_node(id));
        nodes.iter().for_each(|node| self.node(node));
        self.tell(Fact::Listed(source("nodes")));
    }

    pub(super) fn node(&mut self, node: &Node) {
        let object = self.scribe.client(node);
        self.nodes.insert(node.id.clone(), (object.key.clone(), node.modify_index));
        self.put("nodes", Object::Node(Box::new(object)));
    }

    /// Clients by their ids.
    pub(super) fn clients(&self) -> impl Iterator<Item = (&String, &Ref)> {
        self.nodes.iter().map(|(id, (key, _))| (id, key))
    }

    fn forget_node(&mut self, id: &str) {
        self.nodes.remove(id);
        self.scribe.forget_node(id);
    }

    /// A client is gone for good.
    pub(super) fn node_left(&mut self, id: &str) {
        if let Some((key, _)) = self.nodes.get(id).cloned() {
            self.forget_node(id);
            self.gone("nodes", key);
        }
    }

    /// Jobs of a listing: those that are not among them are gone.
    pub(super) fn list_jobs(&mut self, part: &Part, stubs: &[JobStub]) {
        let mut there = BTreeSet::new();
        for stub in stubs {
            let key = self.scribe.job(&stub.namespace, &stub.id);
            let entry = self.jobs.entry(key.clone()).or_default();
            entry.queued = stub.job_summary.summary.iter().map(|(group, it)| (group.clone(), it.queued)).collect();
            entry.run = is_run(&key).then(|| Run::of(stub));
            entry.listed = stub.modify_index;
            there.insert(key);
        }
        let left = self.jobs.keys().filter(|key| part.holds(key) && !there.contains(key));
        let left: Vec<JobKey> = left.cloned().collect();
        left.iter().for_each(|key| self.job_left(key));
    }

    /// A job as it is registered now.
    pub(super) fn job(&mut self, job: Job) -> JobKey {
        let key = self.scribe.job(&job.namespace, &job.id);
        // A run is made as its job was: that is kept once.
        let as_parent = runs::parent(&self.jobs, &key).is_some_and(|parent| parent.task_groups == job.task_groups);
        let entry = self.jobs.entry(key.clone()).or_default();
        if is_run(&key) {
            entry.run.get_or_insert_with(Run::default).begins(&job);
        }
        if as_parent {
            entry.job = None;
            return key;
        }
        if entry.job.as_ref().is_some_and(|known| known.job_modify_index > job.job_modify_index) {
            return key;
        }
        if let Some(before) = entry.job.take().filter(|before| before.version != job.version) {
            entry.before.insert(before.version, before.task_groups);
            while entry.before.len() > VERSIONS {
                entry.before.pop_first();
            }
            entry.around.deployment = entry.around.deployment.take().filter(|it| it.job_version == job.version);
        }
        entry.job = Some(job);
        key
    }

    /// A job is not registered any more.
    pub(super) fn job_left(&mut self, key: &JobKey) {
        let Some(entry) = self.jobs.remove(key) else { return };
        for id in &entry.allocations {
            self.allocation_left(id);
        }
        for key in entry.told {
            self.gone(kind_of(&key), key);
        }
    }

    /// A deployment as it is now; whether it is the newest of its job.
    pub(super) fn deployment(&mut self, it: Deployment) -> bool {
        let key = self.scribe.job(&it.namespace, &it.job_id);
        let entry = self.jobs.entry(key).or_default();
        let newer = entry.around.deployment.as_ref().is_none_or(|known| known.create_index <= it.create_index);
        if newer {
            entry.around.deployment = Some(it);
        }
        newer
    }

    pub(super) fn evaluation(&mut self, it: Evaluation) -> JobKey {
        let key = self.scribe.job(&it.namespace, &it.job_id);
        let entry = self.jobs.entry(key.clone()).or_default();
        match time(&it.wait_until).filter(|_| it.status == "pending") {
            Some(at) => drop(self.put_off.insert(it.id.clone(), at)),
            None => drop(self.put_off.remove(&it.id)),
        }
        let known = entry.around.blocked.as_ref().map(|known| (known.id.clone(), known.modify_index));
        match (it.status.as_str(), known) {
            ("blocked", _) => entry.around.blocked = Some(it),
            (_, Some((id, index))) if id == it.id && index <= it.modify_index => entry.around.blocked = None,
            _ => {}
        }
        key
    }

    /// Nobody waits for room or time any more but those that are named again.
    pub(super) fn forget_blocked(&mut self, part: &Part) {
        if part.is_all() {
            self.put_off.clear();
        }
        let held = self.jobs.iter_mut().filter(|(key, _)| part.holds(key));
        held.for_each(|(_, entry)| entry.around.blocked = None);
    }

    /// So many allocations of a group wait for room.
    pub(super) fn queued(&mut self, key: &JobKey, queued: BTreeMap<String, u32>) {
        if let Some(entry) = self.jobs.get_mut(key) {
            entry.queued = queued;
        }
    }

    /// The end of a whole listing of allocations, which named these.
    pub(super) fn allocations_listed(&mut self, part: &Part, there: &BTreeSet<String>) {
        let held = self.allocations.iter().filter(|(_, kept)| part.holds(&kept.job));
        let left: Vec<String> = held.map(|(id, _)| id).filter(|id| !there.contains(*id)).cloned().collect();
        for id in left {
            self.forget_allocation(&id);
        }
        let keys: Vec<JobKey> = self.jobs.keys().filter(|key| part.holds(key)).cloned().collect();
        keys.iter().for_each(|key| self.stand_ins(key));
        self.tell(Fact::Listed(part.source("allocations")));
    }

    /// Allocations of one job: those that are not among them are gone.
    pub(super) fn allocations_of(&mut self, key: &JobKey, all: &[Allocation]) {
        let there: BTreeSet<&str> = all.iter().map(|it| it.id.as_str()).collect();
        let known = self.jobs.get(key).map(|entry| entry.allocations.clone()).unwrap_or_default();
        known.iter().filter(|id| !there.contains(id.as_str())).for_each(|id| self.allocation_left(id));
        all.iter().for_each(|it| {
            self.allocation(it, Origin::Live);
        });
    }

    /// An allocation as it is now. Whether it was known.
    pub(super) fn allocation(&mut self, it: &Allocation, origin: Origin) -> bool {
        let key = self.scribe.job(&it.namespace, &it.job_id);
        let known = self.allocations.get(&it.id);
        let was_known = known.is_some();
        // What the stream tells late is older than what was read meanwhile.
        if known.is_some_and(|known| known.index > it.modify_index) {
            return true;
        }
        let version = it.job_version.or_else(|| known.and_then(|known| known.version));
        let again = self.put_off.get(&it.followup).copied();
        self.jobs.entry(key.clone()).or_default().allocations.insert(it.id.clone());
        let Some(entry) = self.jobs.get(&key) else { return was_known };
        let version = version.filter(|_| entry.job.is_some() || !is_run(&key));
        let newest = entry.job.as_ref().map(|job| job.version);
        let groups = match (version, newest) {
            (Some(version), Some(newest)) if version != newest => entry.before.get(&version).map(Vec::as_slice),
            (_, Some(_)) => entry.job.as_ref().map(|job| job.task_groups.as_slice()),
            // A run counts its versions for itself.
            (_, None) => runs::parent(&self.jobs, &key).map(|job| job.task_groups.as_slice()),
        };
        let made = groups.and_then(|groups| groups.iter().find(|group| group.name == it.task_group));
        let mut instance = self.scribe.instance(&key, it, made, version.or(newest));
        runs::tried_again(&mut instance, it, again);
        let decided = it.deployment_status.as_ref().is_some_and(|health| health.healthy.is_some());
        instance.ready &= decided || !entry.around.awaits_health(version, &it.task_group);
        let checked = Checked::of(it, &instance, made).filter(|_| !instance.phase.ended());
        let happened: Vec<Occurrence> = self.scribe.happened(&key, it, made, origin);
        let owner = self.scribe.group(&key, &it.task_group);
        let kept = Kept {
            job: key,
            key: instance.key.clone(),
            owner,
            group: self.scribe.name(&it.task_group),
            version,
            node: it.node_id.clone(),
            runs: matches!(it.client_status.as_str(), "running" | "pending") && it.desired_status == "run",
            ended_well: it.client_status == "complete" && it.task_states.values().all(|task| !task.failed),
            replaced: !it.next_allocation.is_empty(),
            wanted: it.desired_status == "run" && !matches!(it.client_status.as_str(), "complete"),
            failed: at(it.modify_time).filter(|_| it.client_status == "failed"),
            followup: Some(it.followup.as_str()).filter(|id| !id.is_empty()).map(Into::into),
            index: it.modify_index,
            checked,
        };
        match &kept.checked {
            Some(checked) => self.verdicts.apply(&it.id, &mut instance, checked.lead()),
            None => self.verdicts.forget(&it.id),
        }
        self.allocations.insert(it.id.clone(), kept);
        self.put("allocations", Object::Instance(Box::new(instance)));
        self.facts.extend(happened.into_iter().map(|it| Fact::Occurred(Box::new(it))));
        was_known
    }

    fn forget_allocation(&mut self, id: &str) -> Option<Ref> {
        let kept = self.allocations.remove(id)?;
        self.verdicts.forget(id);
        if let Some(entry) = self.jobs.get_mut(&kept.job) {
            entry.allocations.remove(id);
        }
        Some(kept.key)
    }

    pub(super) fn allocation_left(&mut self, id: &str) {
        if let Some(key) = self.forget_allocation(id) {
            self.gone("allocations", key);
        }
    }

    /// Tells what a job's groups are now.
    pub(super) fn show(&mut self, key: &JobKey) {
        // A run of a periodic job shows in that job.
        let parent = JobKey { id: self.scribe.name(home(&key.id)), ..key.clone() };
        if parent != *key {
            return self.show(&parent);
        }
        let (nodes, runs, gave_up) = (self.nodes_of(key), self.runs_of(key), self.gave_up(key));
        let Some(entry) = self.jobs.get_mut(key) else { return };
        (entry.around.nodes, entry.around.runs, entry.around.gave_up) = (nodes, runs, gave_up);
        let Some(job) = &entry.job else { return };
        let around = entry.around.clone();
        let groups = job.task_groups.iter().map(|group| self.scribe.workload(key, job, group, &around));
        let groups: Vec<_> = groups.collect();
        let told: BTreeSet<Ref> = groups.iter().map(|it| it.key.clone()).collect();
        // What stands for allocations without a place is told for itself.
        let (waiting, before): (BTreeSet<Ref>, BTreeSet<Ref>) =
            std::mem::take(&mut entry.told).into_iter().partition(|it| kind_of(it) == "allocations");
        entry.told = told.iter().cloned().chain(waiting).collect();
        for workload in groups {
            self.put("jobs", Object::Workload(Box::new(workload)));
        }
        let left = before.into_iter().filter(|it| !told.contains(it));
        let left: Vec<Ref> = left.collect();
        left.into_iter().for_each(|key| self.gone("jobs", key));
    }

    /// Tells what is wanted of a job and has no place.
    pub(super) fn stand_ins(&mut self, key: &JobKey) {
        let Some(entry) = self.jobs.get(key) else { return };
        let mut objects = Vec::new();
        if let Some(blocked) = entry.around.blocked.clone() {
            let since = at(blocked.create_time);
            for (group, why) in &blocked.failed {
                let queued = entry.queued.get(group).copied().unwrap_or(0).max(why.coalesced_failures + 1);
                let words = no_place(why, &blocked.quota_limit_reached);
                for number in 1..=queued.min(UNPLACED) {
                    let (own, owner) = (self.scribe.unplaced(key, group, number), self.scribe.group(key, group));
                    objects.push(allocations::unplaced(own, owner, &words, since));
                }
            }
        }
        let now: BTreeSet<Ref> = objects.iter().map(|it| it.key.clone()).collect();
        let Some(entry) = self.jobs.get_mut(key) else { return };
        let before: Vec<Ref> = entry.told.iter().filter(|it| kind_of(it) == "allocations").cloned().collect();
        let left: Vec<Ref> = before.into_iter().filter(|it| !now.contains(it)).collect();
        entry.told.retain(|key| !left.contains(key));
        entry.told.extend(now);
        for it in objects {
            self.put("allocations", Object::Instance(Box::new(it)));
        }
        left.into_iter().for_each(|key| self.gone("allocations", key));
    }

    /// Nodes that a job is on.
    fn nodes_of(&self, key: &JobKey) -> u32 {
        let ids = self.jobs.get(key).map(|entry| &entry.allocations).into_iter().flatten();
        let runs = ids.filter_map(|id| self.allocations.get(id)).filter(|it| it.wanted && !it.replaced);
        let nodes: BTreeSet<&str> = runs.map(|it| it.node.as_str()).collect();
        u32::try_from(nodes.len()).unwrap_or(u32::MAX)
    }

    /// Whether what is registered of a job is known.
    pub(super) fn knows(&self, key: &JobKey) -> bool {
        self.jobs
            .get(key)
            .is_some_and(|entry| entry.job.is_some() || entry.run.is_some() && runs::parent(&self.jobs, key).is_some())
    }

    /// Tells what the groups of all jobs are now. Runs show in the jobs that they are of, once.
    pub(super) fn show_all(&mut self, part: &Part) {
        let own = |key: &&JobKey| !is_run(key) && part.holds(key);
        let keys: Vec<JobKey> = self.jobs.keys().filter(own).cloned().collect();
        keys.iter().for_each(|key| self.show(key));
    }
}

fn kind_of(key: &Ref) -> &'static str {
    match key.kind {
        crate::domain::Kind::Allocation => "allocations",
        crate::domain::Kind::Node => "nodes",
        _ => "jobs",
    }
}
