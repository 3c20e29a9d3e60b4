//! Lists that were asked for again because something in them changed: what did is told, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::Origin;

use super::book::Book;
use super::parts::Part;
use super::scribe::JobKey;
use super::wire::{Allocation, Deployment, Evaluation, JobStub, Node};

impl Book {
    /// Jobs as they are listed now. Returns those of which something changed.
    pub(super) fn jobs_now(&mut self, part: &Part, stubs: &[JobStub]) -> BTreeSet<JobKey> {
        let mut changed = BTreeSet::new();
        for stub in stubs {
            let key = self.scribe.job(&stub.namespace, &stub.id);
            if self.jobs.get(&key).is_none_or(|entry| entry.listed != stub.modify_index) {
                changed.insert(key);
            }
        }
        self.list_jobs(part, stubs);
        changed
    }

    /// Allocations as they are listed now. Returns the jobs of those that changed.
    pub(super) fn allocations_now(&mut self, part: &Part, all: &[Allocation]) -> BTreeSet<JobKey> {
        let mut changed = BTreeSet::new();
        let there: BTreeSet<&str> = all.iter().map(|it| it.id.as_str()).collect();
        let held = self.allocations.iter().filter(|(_, kept)| part.holds(&kept.job));
        let left: Vec<(String, JobKey)> = held
            .filter(|(id, _)| !there.contains(id.as_str()))
            .map(|(id, kept)| (id.clone(), kept.job.clone()))
            .collect();
        for (id, job) in left {
            self.allocation_left(&id);
            changed.insert(job);
        }
        for it in all {
            if self.allocations.get(&it.id).is_none_or(|kept| kept.index < it.modify_index) {
                self.allocation(it, Origin::Live);
                changed.insert(self.scribe.job(&it.namespace, &it.job_id));
            }
        }
        changed
    }

    /// Deployments as they are listed now. Returns the jobs of those that changed.
    pub(super) fn deployments_now(&mut self, all: Vec<Deployment>) -> BTreeSet<JobKey> {
        let mut changed = BTreeSet::new();
        for it in all {
            let key = self.scribe.job(&it.namespace, &it.job_id);
            // Of a job that is gone, deployments are listed for a while.
            let Some(entry) = self.jobs.get(&key) else { continue };
            if entry.around.deployment.as_ref() != Some(&it) && self.deployment(it) {
                changed.insert(key);
            }
        }
        changed
    }

    /// Evaluations that wait, as they are listed now. Returns the jobs of those that do or did.
    pub(super) fn waiting_now(&mut self, part: &Part, all: Vec<Evaluation>) -> BTreeSet<JobKey> {
        let blocked = |book: &Self| -> BTreeMap<JobKey, u64> {
            let held = book.jobs.iter().filter(|(key, _)| part.holds(key));
            held.filter_map(|(key, entry)| Some((key.clone(), entry.around.blocked.as_ref()?.modify_index))).collect()
        };
        let before = blocked(self);
        self.forget_blocked(part);
        for it in all {
            self.evaluation(it);
        }
        let now = blocked(self);
        let differs = |key: &&JobKey| before.get(key) != now.get(key);
        before.keys().chain(now.keys()).filter(differs).cloned().collect()
    }

    /// Clients as they are listed now.
    pub(super) fn nodes_now(&mut self, all: &[Node]) {
        let there: BTreeSet<&str> = all.iter().map(|node| node.id.as_str()).collect();
        let left: Vec<String> = self.nodes.keys().filter(|id| !there.contains(id.as_str())).cloned().collect();
        left.iter().for_each(|id| self.node_left(id));
        for node in all {
            if self.is_new(node) {
                self.node(node);
            }
        }
    }

    /// Whether more is said of a client than is known.
    pub(super) fn is_new(&self, node: &Node) -> bool {
        self.nodes.get(&node.id).is_none_or(|(_, index)| *index < node.modify_index)
    }
}
