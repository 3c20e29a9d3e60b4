//! Use of memory and processor time, of what somebody looks at (nomad: client/structs, `AllocResourceUsage`, `HostStats`).

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use tokio::time::Instant;

use crate::backend::escape::escaped;
use crate::domain::{Demand, Fact, Metric, Name, Ref, Sample, Timestamp, Want};

use super::api::Api;
use super::book::Book;
use super::failure::Failure;
use super::scribe::at;
use super::wire::{HostStats, Stats, Used};

/// Questions at once: each goes through a server to a client.
const AT_ONCE: usize = 4;
/// Allocations that are measured in one round.
const ALLOCATIONS: usize = 32;
/// Clients that are measured in one round.
const CLIENTS: usize = 16;
/// However often somebody looks elsewhere, it is not measured more often.
pub(super) const AT_MOST_EVERY: Duration = Duration::from_secs(2);

/// What is to be measured: ids of allocations and of clients.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Targets {
    allocations: Vec<String>,
    clients: Vec<String>,
}

/// What was measured of one of them.
pub(super) enum Measured {
    Allocation(String, Result<Stats, Failure>),
    Client(String, Result<HostStats, Failure>),
}

/// When it is measured next.
#[derive(Default)]
pub(super) struct Usage {
    under_way: bool,
    began: Option<Instant>,
}

impl Usage {
    /// A connection broke.
    pub(super) fn interrupted(&mut self) {
        *self = Self::default();
    }

    /// Begins a round where somebody looks at something and none is under way; none where it was only just measured.
    pub(super) fn begin(&mut self, book: &Book, looked_at: &BTreeSet<Ref>) -> Option<Targets> {
        let now = Instant::now();
        if self.under_way || self.began.is_some_and(|began| began + AT_MOST_EVERY > now) {
            return None;
        }
        let targets = book.to_measure(looked_at);
        if targets == Targets::default() {
            return None;
        }
        (self.under_way, self.began) = (true, Some(now));
        Some(targets)
    }

    /// A round has ended.
    pub(super) const fn ended(&mut self) {
        self.under_way = false;
    }
}

/// What somebody looks at, of any cluster.
pub(super) fn looked_at(demand: &Demand) -> BTreeSet<Ref> {
    let wanted = demand.wants.iter().filter_map(|want| match want {
        Want::Usage(key) => Some(key),
        _ => None,
    });
    demand.visible.iter().chain(wanted).cloned().collect()
}

/// Measures them, a few at a time.
pub(super) async fn measure(api: Api, targets: Targets) -> Vec<Measured> {
    let Targets { allocations, clients } = targets;
    let asked = allocations.into_iter().map(|id| (id, true)).chain(clients.into_iter().map(|id| (id, false)));
    let asked = asked.map(|(id, of_allocation)| {
        let api = api.clone();
        async move {
            if of_allocation {
                let path = format!("/v1/client/allocation/{}/stats", escaped(&id));
                let said = api.get(&path, &[]).await;
                Measured::Allocation(id, said)
            } else {
                let said = api.get("/v1/client/stats", &[("node_id", &id)]).await;
                Measured::Client(id, said)
            }
        }
    });
    futures::stream::iter(asked.collect::<Vec<_>>()).buffer_unordered(AT_ONCE).collect().await
}

impl Book {
    fn to_measure(&self, looked_at: &BTreeSet<Ref>) -> Targets {
        if looked_at.is_empty() {
            return Targets::default();
        }
        let seen = |it: &&super::book::Kept| it.runs && (looked_at.contains(&it.key) || looked_at.contains(&it.owner));
        let allocations = self.allocations.iter().filter(|(_, it)| seen(it)).map(|(id, _)| id.clone());
        let clients = self.clients().filter(|(_, key)| looked_at.contains(key)).map(|(id, _)| id.clone());
        Targets { allocations: allocations.take(ALLOCATIONS).collect(), clients: clients.take(CLIENTS).collect() }
    }

    /// Tells what was measured. That nothing is known is no trouble: a driver need not measure, and a client may be away.
    pub(super) fn used(&mut self, all: Vec<Measured>) {
        for measured in all {
            match measured {
                Measured::Allocation(id, Ok(stats)) => self.tell_used(&id, &stats),
                Measured::Client(id, Ok(stats)) => self.tell_host(&id, &stats),
                Measured::Allocation(id, Err(failure)) | Measured::Client(id, Err(failure)) => {
                    tracing::debug!(%id, %failure, "its use is not known");
                }
            }
        }
    }

    fn tell_used(&mut self, id: &str, stats: &Stats) {
        let Some(subject) = self.allocations.get(id).map(|it| it.key.clone()) else { return };
        let Some(when) = at(stats.timestamp) else { return };
        self.tell_samples(&subject, None, when, &stats.used);
        for (task, used) in &stats.tasks {
            self.tell_samples(&subject, Some(Name::new(task)), when, &used.used);
        }
    }

    fn tell_samples(&mut self, subject: &Ref, container: Option<Name>, at: Timestamp, used: &Used) {
        let sample = |metric, value: f64| {
            Fact::Measured(Sample { subject: subject.clone(), container: container.clone(), metric, at, value })
        };
        let memory = used.memory_bytes().map(|bytes| sample(Metric::MemoryBytes, bytes as f64));
        let cpu = used.cpu_millis().map(|millis| sample(Metric::CpuMillis, millis));
        memory.into_iter().chain(cpu).for_each(|fact| self.tell(fact));
    }

    fn tell_host(&mut self, id: &str, stats: &HostStats) {
        let Some(subject) = self.scribe.known_node(id) else { return };
        let Some(when) = at(stats.timestamp) else { return };
        let sample = |metric, value| {
            Fact::Measured(Sample { subject: subject.clone(), container: None, metric, at: when, value })
        };
        let memory = stats.memory_bytes().map(|bytes| sample(Metric::MemoryBytes, bytes as f64));
        let cpu = stats.cpu_millis().map(|millis| sample(Metric::CpuMillis, millis));
        memory.into_iter().chain(cpu).for_each(|fact| self.tell(fact));
    }
}
