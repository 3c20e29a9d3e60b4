//! Use of memory and processor time: measured now and then of every container with a memory limit, and streamed of what is
//! on the screen.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bollard::models::ContainerStatsResponse;
use bollard::query_parameters::{StatsOptions, StatsOptionsBuilder};
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::domain::{Fact, Metric, Name, Ref, Sample, Timestamp, Want};

use super::api::Api;
use super::failure::Failure;
use super::table::uses;
use super::watch::Watch;
use super::wire::parse_time;

/// Containers that are measured at once.
const AT_ONCE: usize = 4;
/// Streams that are open at once: the engine works for each, every second.
const STREAMS: usize = 32;
/// Of a stream, one sample in this time is enough.
const STREAMED_EVERY: Duration = Duration::from_secs(5);
/// Samples on their way at most.
const WAITING: usize = 64;
/// Before a listing is called complete, use is measured for so long at most.
pub(super) const FIRST_WITHIN: Duration = Duration::from_millis(1500);

/// Processor time as a container and its machine had used it at one moment, nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spent {
    container: u64,
    machine: u64,
}

/// One answer of `/stats`.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    at: Timestamp,
    memory_bytes: Option<u64>,
    spent: Option<Spent>,
    cores: u64,
}

/// Samples of streams, on their way to the watch.
type Channel = (mpsc::Sender<(Name, Measured)>, mpsc::Receiver<(Name, Measured)>);

/// What is measured.
#[derive(Default)]
pub(super) struct Usage {
    spent: BTreeMap<Name, Spent>,
    streams: BTreeMap<Name, AbortHandle>,
    tasks: JoinSet<()>,
    channel: Option<Channel>,
}

impl Usage {
    /// A connection broke: every stream ends.
    pub(super) fn interrupted(&mut self) {
        *self = Self::default();
    }

    /// Forgets containers that are gone.
    pub(super) fn retain(&mut self, is_there: impl Fn(&str) -> bool) {
        self.spent.retain(|id, _| is_there(id));
    }

    /// The next sample of a stream.
    pub(super) async fn next(&mut self) -> (Name, Measured) {
        let (_, samples) = self.channel.get_or_insert_with(|| mpsc::channel(WAITING));
        match samples.recv().await {
            Some(sample) => sample,
            // A sender is kept here, so this does not come.
            None => std::future::pending().await,
        }
    }

    /// Processor time per second since the last sample, thousandths of a core.
    fn millis(&mut self, id: &Name, measured: &Measured) -> Option<f64> {
        let now = measured.spent?;
        let before = self.spent.insert(id.clone(), now)?;
        let (container, machine) =
            (now.container.checked_sub(before.container)?, now.machine.checked_sub(before.machine)?);
        // The machine's time is that of all its cores together.
        (machine > 0).then(|| container as f64 / machine as f64 * measured.cores as f64 * 1000.0)
    }
}

/// Reads an answer; none of a container that does not run.
fn measured(it: &ContainerStatsResponse) -> Option<Measured> {
    let at = parse_time(it.read.as_deref()?)?;
    let memory = it.memory_stats.as_ref();
    let memory_bytes = memory.and_then(|memory| {
        let stats = memory.stats.as_ref();
        // What the kernel gives back when it is short of memory is not in use: cgroup v1, then v2.
        let spare = stats.and_then(|stats| stats.get("total_inactive_file").or_else(|| stats.get("inactive_file")));
        let usage = memory.usage?;
        Some(usage.saturating_sub(spare.copied().filter(|spare| *spare < usage).unwrap_or(0)))
    });
    let cpu = it.cpu_stats.as_ref();
    let spent = cpu.and_then(|cpu| {
        Some(Spent { container: cpu.cpu_usage.as_ref()?.total_usage?, machine: cpu.system_cpu_usage? })
    });
    let cores = cpu.and_then(|cpu| {
        let counted = cpu.cpu_usage.as_ref()?.percpu_usage.as_ref().map(Vec::len);
        cpu.online_cpus.map(u64::from).filter(|cores| *cores > 0).or(counted.map(|cores| cores as u64))
    });
    Some(Measured { at, memory_bytes, spent, cores: cores.unwrap_or(1) })
}

fn options(stream: bool) -> StatsOptions {
    StatsOptionsBuilder::new().stream(stream).one_shot(!stream).build()
}

async fn once(api: Api, id: Name) -> (Name, Option<Measured>) {
    let asked = async {
        let mut answers = Box::pin(api.bollard.stats(&id, Some(options(false))));
        answers.next().await.transpose().map_err(Failure::from)
    };
    let answer = api.within(asked).await.ok().flatten();
    (id, answer.as_ref().and_then(measured))
}

/// Measures each of them, a few at a time; each is told as soon as it is there.
pub(super) fn each(api: Api, ids: Vec<Name>) -> impl Stream<Item = (Name, Measured)> {
    let answers = futures::stream::iter(ids.into_iter().map(move |id| once(api.clone(), id)));
    answers.buffer_unordered(AT_ONCE).filter_map(|(id, measured)| async move { Some((id, measured?)) })
}

/// Measures each of them.
pub(super) async fn measure(api: Api, ids: Vec<Name>) -> Vec<(Name, Measured)> {
    each(api, ids).collect().await
}

async fn stream(api: Api, id: Name, tell: mpsc::Sender<(Name, Measured)>) {
    let mut answers = Box::pin(api.bollard.stats(&id, Some(options(true))));
    let mut told: Option<Timestamp> = None;
    while let Some(Ok(answer)) = answers.next().await {
        let Some(measured) = measured(&answer) else { continue };
        let soon = told.is_some_and(|told| {
            measured.at.duration_since(told) < jiff::SignedDuration::try_from(STREAMED_EVERY).unwrap_or_default()
        });
        if soon {
            continue;
        }
        told = Some(measured.at);
        if tell.send((id.clone(), measured)).await.is_err() {
            return;
        }
    }
}

impl Watch {
    /// Running containers with a memory limit.
    pub(super) fn limited(&self) -> Vec<Name> {
        let limited = self.table.iter().filter(|(_, record)| record.limit_bytes.is_some() && uses(record));
        limited.map(|(id, _)| id.clone()).collect()
    }

    /// Says what was measured: of a task's container, of the task.
    pub(super) fn measured(&mut self, id: &Name, measured: &Measured) {
        let Some(record) = self.table.get(id) else { return };
        let subject = record.instance.realizes.as_deref().unwrap_or(&record.instance.key).clone();
        let sample = |metric, value| {
            Fact::Measured(Sample { subject: subject.clone(), container: None, metric, at: measured.at, value })
        };
        self.facts.extend(measured.memory_bytes.map(|bytes| sample(Metric::MemoryBytes, bytes as f64)));
        let millis = self.usage.millis(id, measured);
        self.facts.extend(millis.map(|millis| sample(Metric::CpuMillis, millis)));
    }

    /// Opens and closes streams, so that they are those of what is on the screen and runs.
    pub(super) fn stream_visible(&mut self, api: &Api) {
        let wanted = self.on_screen();
        self.usage.streams.retain(|id, stream| {
            let keep = wanted.contains(id) && !stream.is_finished();
            if !keep {
                stream.abort();
            }
            keep
        });
        while self.usage.tasks.try_join_next().is_some() {}
        for id in wanted {
            if !self.usage.streams.contains_key(&id) {
                let (tell, _) = self.usage.channel.get_or_insert_with(|| mpsc::channel(WAITING));
                let handle = self.usage.tasks.spawn(stream(api.clone(), id.clone(), tell.clone()));
                self.usage.streams.insert(id, handle);
            }
        }
    }

    fn on_screen(&self) -> BTreeSet<Name> {
        let demand = self.demand.borrow();
        let usage = demand.wants.iter().filter_map(|want| match want {
            Want::Usage(key) => Some(key),
            _ => None,
        });
        let keys: BTreeSet<&Ref> = demand.visible.iter().chain(usage).collect();
        if keys.is_empty() {
            return BTreeSet::new();
        }
        let shown = self.table.iter().filter(|(_, record)| {
            let instance = &record.instance;
            let names = [Some(&instance.key), instance.owner.as_ref(), instance.realizes.as_deref()];
            uses(record) && names.into_iter().flatten().any(|key| keys.contains(key))
        });
        shown.map(|(id, _)| id.clone()).take(STREAMS).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(total: u64, machine: u64) -> ContainerStatsResponse {
        serde_json::from_value(serde_json::json!({
            "read": "2026-11-23T23:35:00Z",
            "cpu_stats": { "cpu_usage": { "total_usage": total }, "system_cpu_usage": machine, "online_cpus": 2 },
            "memory_stats": { "usage": 1000, "stats": { "inactive_file": 300 } },
        }))
        .expect("stats")
    }

    #[test]
    fn processor_time_is_the_share_of_all_cores() {
        let (mut usage, id) = (Usage::default(), Name::new("a"));
        let first = measured(&answer(100, 1000)).expect("it runs");
        assert_eq!(usage.millis(&id, &first), None);
        let second = measured(&answer(350, 2000)).expect("it runs");
        assert_eq!(usage.millis(&id, &second), Some(500.0));
        assert_eq!(second.memory_bytes, Some(700));
    }

    #[test]
    fn a_container_that_does_not_run_uses_nothing_that_could_be_told() {
        let ended = serde_json::json!({ "read": "0001-01-01T00:00:00Z", "memory_stats": {}, "cpu_stats": {} });
        assert!(measured(&serde_json::from_value(ended).expect("stats")).is_none());
    }
}
