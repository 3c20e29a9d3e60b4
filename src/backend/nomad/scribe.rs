//! From a server's words to ours: keys, names, times.

use std::collections::BTreeMap;
use std::hash::RandomState;

use crate::domain::{ClusterId, Interner, Kind, Name, Ref, Text, Timestamp};

/// Bytes of a mebibyte, which Nomad calls a megabyte.
pub(super) const MEBI: u64 = 1 << 20;

/// Remembers names, so that each is kept once, and the key under which environments are hashed.
pub(super) struct Scribe {
    pub(super) cluster: ClusterId,
    pub(super) names: Interner,
    pub(super) key: RandomState,
    /// Names of nodes by their id.
    nodes: BTreeMap<String, Name>,
    /// Of a node by its id: its cores, and the MHz of all of them.
    speeds: BTreeMap<String, (u64, u64)>,
    /// Whether a task may use more than what is set aside for it, up to its `memory_max`. Taken to be so where it is not known.
    pub(super) lends_memory: bool,
}

/// A job, as it is told apart from others: namespace and id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct JobKey {
    pub(super) namespace: Name,
    pub(super) id: Name,
}

impl Scribe {
    pub(super) fn new(cluster: ClusterId) -> Self {
        Self {
            cluster,
            names: Interner::default(),
            key: RandomState::new(),
            nodes: BTreeMap::new(),
            speeds: BTreeMap::new(),
            lends_memory: true,
        }
    }

    pub(super) fn name(&mut self, raw: &str) -> Name {
        self.names.intern(raw)
    }

    pub(super) fn job(&mut self, namespace: &str, id: &str) -> JobKey {
        let namespace = if namespace.is_empty() { "default" } else { namespace };
        JobKey { namespace: self.name(namespace), id: self.name(id) }
    }

    /// The workload that a group of a job is: a run of a periodic or parameterised job counts for that job.
    pub(super) fn group(&mut self, job: &JobKey, group: &str) -> Ref {
        let home = home(&job.id);
        let name = if home == group { self.name(group) } else { self.name(&format!("{home}/{group}")) };
        Ref::new(&self.cluster, Kind::TaskGroup, Some(job.namespace.clone()), name)
    }

    pub(super) fn allocation(&mut self, job: &JobKey, group: &str, id: &str) -> Ref {
        let workload = self.group(job, group);
        let name = self.name(&format!("{}-{}", workload.name.replace('/', "."), short(id)));
        Ref::new(&self.cluster, Kind::Allocation, Some(job.namespace.clone()), name)
    }

    /// What stands for an allocation that is wanted and has no place yet.
    pub(super) fn unplaced(&mut self, job: &JobKey, group: &str, number: u32) -> Ref {
        self.allocation(job, group, &format!("unplaced-{number}"))
    }

    /// A node by its name; names need not be unique, so a second of one name has its id behind it.
    pub(super) fn node(&mut self, id: &str, name: &str) -> Ref {
        let known = self.nodes.get(id).cloned();
        let name = known.unwrap_or_else(|| {
            let taken = self.nodes.iter().any(|(other, known)| other != id && *known == *name);
            let name = if taken || name.is_empty() { format!("{name}-{}", short(id)) } else { name.to_owned() };
            let name = self.names.intern(name.trim_start_matches('-'));
            self.nodes.insert(id.to_owned(), name.clone());
            name
        });
        Ref::new(&self.cluster, Kind::Node, None, name)
    }

    /// A node that was listed.
    pub(super) fn known_node(&self, id: &str) -> Option<Ref> {
        let name = self.nodes.get(id)?.clone();
        Some(Ref::new(&self.cluster, Kind::Node, None, name))
    }

    /// How fast a node is: its cores, and the MHz of all of them.
    pub(super) fn runs_at(&mut self, id: &str, cores: u64, mhz: u64) {
        self.speeds.insert(id.to_owned(), (cores, mhz));
    }

    /// MHz of a node as thousandths of one of its cores; none where that is not known.
    pub(super) fn millis(&self, node: &str, mhz: u64) -> Option<u64> {
        let (cores, all) = self.speeds.get(node).copied().filter(|(cores, all)| *cores > 0 && *all > 0)?;
        Some(mhz.saturating_mul(cores * 1000) / all)
    }

    pub(super) fn forget_node(&mut self, id: &str) {
        self.nodes.remove(id);
        self.speeds.remove(id);
    }

    pub(super) fn texts(&mut self, raw: &str) -> Option<Text> {
        (!raw.is_empty()).then(|| self.names.intern(raw))
    }
}

/// The job that a run of it belongs to: `backup/periodic-1795000000`, `resize/dispatch-1795000000-3f2a` (nomad:
/// nomad/structs, `PeriodicLaunchSuffix`, `DispatchLaunchSuffix`).
pub(super) fn home(id: &str) -> &str {
    let cut = ["/periodic-", "/dispatch-"].iter().filter_map(|mark| id.find(mark)).min();
    cut.map_or(id, |at| &id[..at])
}

/// An id as Nomad shortens it.
pub(super) fn short(id: &str) -> &str {
    let is_id = id.len() == 36 && id.as_bytes().get(8) == Some(&b'-');
    if is_id { &id[..8] } else { id }
}

/// Nanoseconds since 1970; none for 0.
pub(super) fn at(nanos: i64) -> Option<Timestamp> {
    (nanos > 0).then(|| Timestamp::from_nanosecond(i128::from(nanos)).ok()).flatten()
}

/// RFC 3339; none for the year 1, which Go writes for no time.
pub(super) fn time(raw: &str) -> Option<Timestamp> {
    raw.parse::<Timestamp>().ok().filter(|at| at.as_second() > 0)
}

/// Nanoseconds as seconds, at least one where there are some.
pub(super) fn seconds(nanos: i64) -> u32 {
    let whole = nanos.max(0).div_euclid(1_000_000_000);
    u32::try_from(if nanos > 0 { whole.max(1) } else { 0 }).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_called_as_its_job_where_that_says_it() {
        let mut scribe = Scribe::new(ClusterId::new("eu"));
        let job = scribe.job("billing", "charge");
        assert_eq!(scribe.group(&job, "charge").to_string(), "eu/billing/TaskGroup/charge");
        assert_eq!(scribe.group(&job, "cache").to_string(), "eu/billing/TaskGroup/charge/cache");
        let run = scribe.job("", "backup/periodic-1795000000");
        assert_eq!(scribe.group(&run, "backup").to_string(), "eu/default/TaskGroup/backup");
        let key = scribe.allocation(&job, "cache", "0f3c9a11-4c1e-4b0b-9d5f-2a1b3c4d5e6f");
        assert_eq!(key.to_string(), "eu/billing/Allocation/charge.cache-0f3c9a11");
    }

    #[test]
    fn two_nodes_of_one_name_are_told_apart() {
        let mut scribe = Scribe::new(ClusterId::new("eu"));
        let first = scribe.node("0f3c9a11-4c1e-4b0b-9d5f-2a1b3c4d5e6f", "client");
        let second = scribe.node("1f3c9a11-4c1e-4b0b-9d5f-2a1b3c4d5e6f", "client");
        assert_eq!((first.name.as_str(), second.name.as_str()), ("client", "client-1f3c9a11"));
        assert_eq!(scribe.node("1f3c9a11-4c1e-4b0b-9d5f-2a1b3c4d5e6f", "client"), second);
    }

    #[test]
    fn what_go_writes_for_no_time_is_none() {
        assert_eq!(time("0001-01-01T00:00:00Z"), None);
        assert_eq!(at(0), None);
        assert!(time("2026-11-30T02:10:00.123456789Z").is_some());
        assert_eq!((seconds(0), seconds(1), seconds(10_000_000_000)), (0, 1, 10));
    }
}
