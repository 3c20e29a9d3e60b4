//! What is done at each full minute: numbers are measured, queues and pools move on, alerts are judged, sources are heard
//! from. All of it at one moment, so that a healthy company stirs a screen no more than the clock does.

use crate::domain::words::{after, seconds_between};
use crate::domain::{
    Alert, AlertState, Fact, Health, HealthStatus, Kind, Metric, Name, NodeState, Occurrence, OccurrenceKind, Phase,
    Ref, Sample, Severity, Text, Timestamp,
};

use super::company::Behaviour;
use super::model::Live;
use super::sim::Sim;

/// A workload that was rolled out within so long has its use told from the past too, seconds.
const RECENT: i64 = 2 * 3600;

impl Sim {
    pub(super) fn minute(&mut self) {
        self.measure();
        self.move_queues();
        self.move_pools();
        self.judge_alerts();
        self.relieve();
        if self.now >= self.start {
            let sources: Vec<_> = self.sources().collect();
            sources.into_iter().for_each(|source| self.say(Fact::Alive(source)));
        }
    }

    fn sample(&mut self, subject: &Ref, metric: Metric, value: f64) {
        let (subject, at) = (subject.clone(), self.now);
        self.measured(Sample { subject, container: None, metric, at, value });
    }

    fn measure(&mut self) {
        let past = after(self.now, 60) < self.start;
        let mut nodes: std::collections::BTreeMap<Ref, (f64, f64)> = std::collections::BTreeMap::new();
        let mut samples: Vec<(Ref, Metric, f64)> = Vec::new();
        for (key, managed) in &self.workloads {
            let changed = managed.object.revision.as_ref().and_then(|it| it.at);
            let telling = managed.falls.is_some() || changed.is_some_and(|at| after(at, RECENT) > self.start);
            if past && !telling {
                continue;
            }
            let lives = managed.members.iter().filter_map(|it| self.instances.get(it));
            let mut most: f64 = 0.0;
            for live in lives {
                let Some(memory) = self.memory_of(live) else { continue };
                most = most.max(memory);
                if let Some(node) = &live.object.node {
                    let (of_node, cpu) = nodes.entry(node.clone()).or_default();
                    *of_node += memory;
                    *cpu += self.cpu_of(live);
                }
                samples.push((live.object.key.clone(), Metric::MemoryBytes, memory));
            }
            if telling && most > 0.0 {
                samples.push((key.clone(), Metric::MemoryBytes, most));
            }
        }
        for (node, (memory, cpu)) in nodes.into_iter().filter(|_| !past) {
            samples.push((node.clone(), Metric::MemoryBytes, memory));
            samples.push((node, Metric::CpuMillis, cpu));
        }
        samples.into_iter().for_each(|(key, metric, value)| self.sample(&key, metric, value));
    }

    /// Memory that an instance uses now, bytes; nothing is known of one that does not run.
    pub(super) fn memory_of(&self, live: &Live) -> Option<f64> {
        let managed = self.workloads.get(&live.home)?;
        let started = live.started.filter(|_| live.object.phase == Phase::Running)?;
        let uses = managed.spec.uses.0 as f64;
        let ran = seconds_between(started, self.now) as f64;
        let limit = managed.spec.limit.map_or(uses * 2.0, |it| it.0 as f64);
        let wobble = 1.0 + (chance(&live.object.uid, self.now) - 0.5) * 0.06;
        Some(match managed.behaviour(live.object.revision.as_ref()) {
            Behaviour::Oom { after } => (limit * (0.25 + 0.75 * ran / after.0.max(1) as f64)).min(limit * 0.99).round(),
            _ => (uses * wobble).round(),
        })
    }

    /// Processor time that an instance uses now, thousandths of a core.
    pub(super) fn cpu_of(&self, live: &Live) -> f64 {
        let asked = live.object.cpu_request_millis as f64;
        if live.object.phase == Phase::Running {
            (asked * (0.3 + 0.4 * chance(&live.object.uid, self.now))).round()
        } else {
            0.0
        }
    }

    fn move_queues(&mut self) {
        for ix in 0..self.queues.len() {
            let Some(queue) = self.queues.get(ix) else { continue };
            let consumer = queue.object.consumers.first();
            let takers = consumer.and_then(|it| self.workloads.get(it)).map_or(0, |it| it.ready);
            let taken = f64::from(takers) * queue.spec.takes;
            let depth = queue.depth + queue.spec.arrives - taken;
            let still = 2.0 + (chance(&queue.object.key.name, self.now) * 9.0).floor();
            let depth = if depth <= still { still } else { depth.round() };
            let oldest = if depth <= still { 0.0 } else { (depth / queue.spec.arrives * 60.0).round() };
            let key = queue.object.key.clone();
            if let Some(queue) = self.queues.get_mut(ix) {
                queue.depth = depth;
            }
            self.sample(&key, Metric::QueueDepth, depth);
            self.sample(&key, Metric::QueueConsumers, f64::from(takers));
            self.sample(&key, Metric::QueueOldestSeconds, oldest);
        }
    }

    fn move_pools(&mut self) {
        for ix in 0..self.pools.len() {
            let Some(pool) = self.pools.get(ix) else { continue };
            let (key, client, max) = (pool.object.key.clone(), pool.client.clone(), f64::from(pool.spec.max));
            let refusal = Text::new(&pool.spec.refusal);
            let lives = || self.instances.values().filter(|it| it.home == client && !it.object.phase.ended());
            let young = |it: &&Live| it.started.is_none_or(|at| seconds_between(at, self.now) < 60);
            let (all, fresh) = (lives().count().max(1), lives().filter(young).count());
            // Who starts anew gives back what it held.
            let kept = pool.leaked * (1.0 - fresh as f64 / all as f64) + pool.per_minute;
            let leaked = kept.clamp(0.0, max - f64::from(pool.spec.used));
            let still = (chance(&key.name, self.now) * 4.0).floor();
            let used = (f64::from(pool.spec.used) + leaked + still).min(max).round();
            if let Some(pool) = self.pools.get_mut(ix) {
                pool.leaked = leaked;
            }
            self.sample(&key, Metric::ConnectionsUsed, used);
            self.sample(&key, Metric::ConnectionsMax, max);
            self.judge_clients(&client, used >= max, &refusal);
        }
    }

    /// Every second client of a full pool fails its check.
    fn judge_clients(&mut self, client: &Ref, full: bool, refusal: &Text) {
        let now = self.now;
        let members: Vec<Ref> =
            self.workloads.get(client).into_iter().flat_map(|it| it.members.iter().cloned()).collect();
        let mut failed = Vec::new();
        for (ix, key) in members.into_iter().enumerate() {
            let Some(live) = self.instances.get_mut(&key).filter(|it| it.object.phase == Phase::Running && !it.lost)
            else {
                continue;
            };
            let fails = full && ix % 2 == 0;
            let Some(container) = live.object.containers.first_mut() else { continue };
            let streak = container.health.as_ref().map_or(0, |it| it.streak);
            if !fails && streak == 0 {
                continue;
            }
            let since = container.health.as_ref().filter(|_| streak > 0).and_then(|it| it.since).or(Some(now));
            container.health = Some(Box::new(Health {
                status: if fails { HealthStatus::Unhealthy } else { HealthStatus::Healthy },
                streak: if fails { streak + 6 } else { 0 },
                output: fails.then(|| refusal.clone()),
                code: Some(i32::from(fails)),
                since: if fails { since } else { Some(now) },
            }));
            live.object.ready = !fails;
            if fails {
                failed.push((key.clone(), live.object.uid.clone(), live.object.node.clone(), since, streak + 6));
            }
            self.touch(&key);
        }
        self.unsettle(client);
        for (key, uid, node, since, count) in failed {
            let mut it = Occurrence::once(format!("{uid}:check"), OccurrenceKind::ProbeFailure, key, now);
            (it.workload, it.node, it.count) = (Some(client.clone()), node, count);
            (it.first, it.text) = (since.unwrap_or(now), Some(refusal.clone()));
            self.happened(it);
        }
    }

    pub(super) fn judge_alerts(&mut self) {
        for ix in 0..self.alerts.len() {
            let Some(holds) = self.alerts.get(ix).map(|it| self.alert_holds(ix, &it.about)) else { continue };
            let now = self.now;
            let cluster = self.cluster.clone();
            let Some(watchman) = self.alerts.get_mut(ix) else { continue };
            watchman.since = if holds { watchman.since.or(Some(now)) } else { None };
            watchman.quiet = watchman.quiet.take().filter(|it| it.until.is_some_and(|until| until > now));
            let spec = &watchman.spec;
            let firing = watchman.since.is_some_and(|since| after(since, spec.after.0) <= now);
            let before = watchman.object.take();
            watchman.object = watchman.since.map(|since| Alert {
                key: Ref::new(&cluster, Kind::Alert, None, Name::new(&spec.title)),
                title: Name::new(&spec.title),
                summary: Some(Text::new(&spec.summary)),
                severity: if spec.pages { Severity::Critical } else { Severity::Warning },
                state: match (firing, &watchman.quiet) {
                    (false, _) => AlertState::Pending,
                    (true, None) => AlertState::Firing,
                    (true, Some(_)) => AlertState::Silenced,
                },
                pages: spec.pages && watchman.quiet.is_none(),
                about: Some(watchman.about.clone()),
                since: Some(if firing { after(since, spec.after.0) } else { since }),
                runbook: spec.runbook.as_deref().map(Text::new),
                dashboard: None,
                silence: watchman.quiet.clone(),
            });
            let (is, was) = (watchman.object.clone(), before.as_ref().map(|it| it.key.clone()));
            match (is, was) {
                (Some(is), _) if before.as_ref() != Some(&is) => self.touch(&is.key),
                (None, Some(was)) => self.vanish("alerts", was),
                _ => {}
            }
        }
    }

    fn alert_holds(&self, ix: usize, about: &Ref) -> bool {
        let Some(spec) = self.alerts.get(ix).map(|it| &it.spec) else { return false };
        match about.kind {
            Kind::Queue => self.queues.iter().any(|it| it.object.key == *about && it.depth > spec.above),
            Kind::Node => self.nodes.get(about).is_some_and(|it| it.object.state != NodeState::Ready),
            _ => self
                .workloads
                .get(about)
                .is_some_and(|it| it.object.desired.running().is_some_and(|wanted| it.ready < wanted)),
        }
    }
}

/// A number from 0 to 1 that a name and a moment give: FNV-1a, so that it needs no state.
pub fn chance(name: &str, at: Timestamp) -> f64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in name.bytes().chain(at.as_second().to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}
