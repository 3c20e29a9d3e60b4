//! Runs of periodic and parameterised jobs: jobs of their own to a server (`ParentID`), runs of the one that a person registered
//! here. What they are made of is what that one is made of, and how they went stands in the list of jobs: of the thousands that
//! there may be none is read by itself, but those that were made before their job was changed and still run.

use std::collections::BTreeMap;

use crate::domain::{Instance, Phase, Text, Timestamp};

use super::book::{Book, Entry, Kept};
use super::groups::Runs;
use super::scribe::{JobKey, at, home};
use super::wire::{Allocation, Job, JobStub};

/// A run, as the list of jobs has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Run {
    /// When it was made.
    began: Option<Timestamp>,
    /// It is over, and every group of it ended well.
    ended_well: bool,
}

impl Run {
    pub(super) fn of(stub: &JobStub) -> Self {
        let mut groups = stub.job_summary.summary.values().peekable();
        let over = stub.status == "dead" && !stub.stop && groups.peek().is_some();
        let well = groups.all(|it| it.complete > 0 && it.queued + it.starting + it.running == 0);
        Self { began: at(stub.submit_time), ended_well: over && well }
    }

    /// It is registered.
    pub(super) fn begins(&mut self, job: &Job) {
        self.began = at(job.submit_time).or(self.began);
    }
}

/// Whether a job is a run of another.
pub(super) fn is_run(key: &JobKey) -> bool {
    home(&key.id) != key.id.as_str()
}

/// Says of an allocation that failed when another takes its place, or that none does.
pub(super) fn tried_again(instance: &mut Instance, it: &Allocation, again: Option<Timestamp>) {
    if !matches!(instance.phase, Phase::Failed | Phase::Lost) || !it.next_allocation.is_empty() {
        return;
    }
    let Some(again) = again else { return };
    let tries = it.reschedule_tracker.as_ref().map_or(0, |tracker| tracker.events.len());
    let when = again.strftime("%H:%M:%S UTC");
    let nth = if tries > 0 { format!(" (try {})", tries + 2) } else { String::new() };
    let said = instance.message.as_deref().unwrap_or_default();
    let gap = if said.is_empty() { "" } else { "; " };
    instance.message = Some(Text::from(format!("{said}{gap}placed again at {when}{nth}")));
}

/// What is registered of the job that a run is of.
pub(super) fn parent<'a>(jobs: &'a BTreeMap<JobKey, Entry>, key: &JobKey) -> Option<&'a Job> {
    let parent = JobKey { id: is_run(key).then(|| home(&key.id).into())?, ..key.clone() };
    jobs.get(&parent)?.job.as_ref()
}

impl Book {
    /// Jobs of a list of which what is registered is to be read: what is known of them is older.
    pub(super) fn unread(&mut self, stubs: &[JobStub]) -> Vec<JobKey> {
        let registered: BTreeMap<JobKey, u64> =
            stubs.iter().map(|stub| (self.scribe.job(&stub.namespace, &stub.id), stub.job_modify_index)).collect();
        let mut unread = Vec::new();
        for stub in stubs {
            let key = self.scribe.job(&stub.namespace, &stub.id);
            let parent = JobKey { id: self.scribe.name(home(&key.id)), ..key.clone() };
            let goes_on = || stub.job_summary.summary.values().any(|it| it.queued + it.starting + it.running > 0);
            let is_known = match registered.get(&parent).filter(|_| is_run(&key)) {
                Some(changed) => *changed <= stub.create_index || !goes_on(),
                None => {
                    let job = self.jobs.get(&key).and_then(|entry| entry.job.as_ref());
                    job.is_some_and(|job| job.job_modify_index == stub.job_modify_index)
                }
            };
            unread.extend((!is_known).then_some(key));
        }
        unread
    }

    /// When a job that runs to its end failed for good, by its groups: nothing of it goes on or is looked at again. Of one that
    /// somebody hands its work, by its last run; of a periodic one its schedule tells.
    pub(super) fn gave_up(&self, key: &JobKey) -> BTreeMap<String, Timestamp> {
        let Some(entry) = self.jobs.get(key) else { return BTreeMap::new() };
        let Some(job) = entry.job.as_ref().filter(|job| matches!(job.kind.as_str(), "batch" | "sysbatch")) else {
            return BTreeMap::new();
        };
        if job.periodic.is_some() || job.stop {
            return BTreeMap::new();
        }
        let (newest, of) = match job.parameterized_job {
            Some(_) => (None, self.runs(key).max_by_key(|run| run.run.as_ref().and_then(|run| run.began))),
            None => (Some(job.version), Some(entry)),
        };
        let ids = of.map(|of| &of.allocations).into_iter().flatten();
        let kept: Vec<&Kept> = ids
            .filter_map(|id| self.allocations.get(id))
            .filter(|it| !it.replaced && (newest.is_none() || it.version == newest))
            .collect();
        if kept.iter().any(|it| it.runs) {
            return BTreeMap::new();
        }
        let is_looked_at = |it: &Kept| it.followup.as_ref().is_some_and(|id| self.put_off.contains_key(&**id));
        let failed =
            kept.iter().filter(|it| !is_looked_at(it)).filter_map(|it| Some((it.group.to_string(), it.failed?)));
        let mut gave_up = BTreeMap::new();
        for (group, at) in failed {
            let last = gave_up.entry(group).or_insert(at);
            *last = at.max(*last);
        }
        gave_up
    }

    /// Runs of a job, by their names.
    fn runs(&self, key: &JobKey) -> impl Iterator<Item = &Entry> {
        let first = JobKey { id: format!("{}/", key.id).as_str().into(), ..key.clone() };
        let is_of = |it: &JobKey| {
            it.namespace == key.namespace
                && it.id.strip_prefix(key.id.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        let runs = self.jobs.range(first..).take_while(move |(it, _)| is_of(it));
        runs.map(|(_, entry)| entry).filter(|entry| entry.run.is_some())
    }

    /// When a periodic job began last, and when a run of it last ended well.
    pub(super) fn runs_of(&self, key: &JobKey) -> Runs {
        let mut out = Runs::default();
        for entry in self.runs(key) {
            let Some(run) = &entry.run else { continue };
            out.last = out.last.max(run.began);
            // What allocations say is newer than the list. One that another took the place of does not count.
            let kept = || {
                let all = entry.allocations.iter().filter_map(|id| self.allocations.get(id));
                all.filter(|kept| !kept.replaced)
            };
            let well = match kept().next() {
                Some(_) => kept().all(|kept| kept.ended_well),
                None => run.ended_well,
            };
            if well {
                out.success = out.success.max(run.began);
            }
        }
        out
    }
}
