//! The clockwork: one cluster, its agenda, and the facts that come of it. Pure: all that comes out is a function of the
//! data, the seed, the start and the time that it is moved on to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use fastrand::Rng;

use crate::domain::words::after;
use crate::domain::{
    Batch, ClusterId, ClusterInfo, Fact, Kind, Object, Occurrence, Ref, Rights, Sample, Source, Text, Timestamp,
};

use super::company::{Incident, Orchestrator};
use super::model::{Backlog, Event, Live, Machine, Managed, Pool, Watchman};

/// Facts in one batch at most.
const BATCH: usize = 512;
/// What happened and was measured is kept for whoever begins to listen later, so many.
const KEPT: usize = 4096;

/// One simulated cluster.
#[derive(Clone)]
pub struct Sim {
    pub(super) cluster: ClusterId,
    pub(super) orchestrator: Orchestrator,
    pub(super) now: Timestamp,
    /// When the demo begins; what is before is its past.
    pub(super) start: Timestamp,
    pub(super) seed: u64,
    pub(super) rng: Rng,
    pub(super) info: ClusterInfo,
    pub(super) nodes: BTreeMap<Ref, Machine>,
    pub(super) workloads: BTreeMap<Ref, Managed>,
    pub(super) instances: BTreeMap<Ref, Live>,
    pub(super) endpoints: BTreeMap<Ref, crate::domain::Endpoint>,
    pub(super) queues: Vec<Backlog>,
    pub(super) pools: Vec<Pool>,
    pub(super) alerts: Vec<Watchman>,
    pub(super) incidents: Vec<Incident>,
    pub(super) waiting: BTreeSet<Ref>,
    pub(super) read_only: bool,
    pub(super) serial: u64,
    /// What programs write to their logs, by the kind of program.
    pub(super) voices: Arc<BTreeMap<String, Vec<String>>>,
    agenda: BTreeMap<(Timestamp, u64), Event>,
    unsettled: BTreeSet<Ref>,
    touched: BTreeSet<Ref>,
    gone: Vec<(Source, Ref)>,
    said: Vec<Fact>,
    kept: VecDeque<Fact>,
    opened: bool,
    /// What changes is told to nobody: it is past before the demo begins.
    untold: bool,
    retry_planned: bool,
}

impl Sim {
    /// A cluster with nothing in it.
    pub(super) fn empty(info: ClusterInfo, orchestrator: Orchestrator, start: Timestamp, seed: u64) -> Self {
        Self {
            cluster: info.key.cluster.clone(),
            orchestrator,
            now: start,
            start,
            seed,
            rng: Rng::with_seed(seed),
            info,
            nodes: BTreeMap::new(),
            workloads: BTreeMap::new(),
            instances: BTreeMap::new(),
            endpoints: BTreeMap::new(),
            queues: Vec::new(),
            pools: Vec::new(),
            alerts: Vec::new(),
            incidents: Vec::new(),
            waiting: BTreeSet::new(),
            read_only: false,
            serial: 0,
            voices: Arc::default(),
            agenda: BTreeMap::new(),
            unsettled: BTreeSet::new(),
            touched: BTreeSet::new(),
            gone: Vec::new(),
            said: Vec::new(),
            kept: VecDeque::new(),
            opened: false,
            untold: false,
            retry_planned: false,
        }
    }

    /// Its cluster.
    pub const fn cluster(&self) -> &ClusterId {
        &self.cluster
    }

    /// Moves on to `to`; returns what has come to be known, oldest first. The first call lists everything.
    pub fn advance(&mut self, to: Timestamp) -> Vec<Batch> {
        let mut batches = if self.opened { Vec::new() } else { self.opening() };
        self.run_until(to, &mut batches);
        batches
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.agenda.first_key_value().map(|((at, _), _)| *at)
    }

    fn run_until(&mut self, to: Timestamp, batches: &mut Vec<Batch>) {
        while let Some(entry) = self.agenda.first_entry().filter(|entry| entry.key().0 <= to) {
            let ((at, _), event) = entry.remove_entry();
            self.now = self.now.max(at);
            self.handle(event);
            self.flush_into(batches);
        }
        self.now = self.now.max(to);
    }

    /// Lives through the past: what happened and was measured in it is kept, the rest shows in how things are.
    pub(super) fn live_through(&mut self, to: Timestamp) {
        self.untold = true;
        self.run_until(to, &mut Vec::new());
        self.untold = false;
    }

    /// What has changed by hand since the last event.
    pub fn flush(&mut self) -> Vec<Batch> {
        let mut batches = Vec::new();
        self.flush_into(&mut batches);
        batches
    }

    fn flush_into(&mut self, batches: &mut Vec<Batch>) {
        while let Some(key) = self.unsettled.pop_first() {
            self.reconcile(&key);
        }
        if self.untold {
            self.gone.clear();
            self.touched.clear();
            self.said.clear();
            return;
        }
        let mut facts: Vec<Fact> = self.gone.drain(..).map(|(source, key)| Fact::Gone(source, key)).collect();
        for key in std::mem::take(&mut self.touched) {
            if let Some(object) = self.object(&key) {
                facts.push(Fact::Put(self.source_of(&object), object));
            }
        }
        facts.append(&mut self.said);
        if facts.is_empty() {
            return;
        }
        match batches.last_mut().filter(|batch| batch.at == self.now && batch.facts.len() + facts.len() <= BATCH) {
            Some(batch) => batch.facts.append(&mut facts),
            None => batches.extend(self.batches(facts)),
        }
    }

    fn batches(&self, facts: Vec<Fact>) -> Vec<Batch> {
        let mut rest = facts.into_iter().peekable();
        let mut out = Vec::new();
        while rest.peek().is_some() {
            let facts = rest.by_ref().take(BATCH).collect();
            out.push(Batch { cluster: self.cluster.clone(), at: self.now, facts });
        }
        out
    }

    /// Everything as it is now, source by source, then what happened and was measured.
    pub fn opening(&mut self) -> Vec<Batch> {
        self.opened = true;
        let read_only = self.read_only.then(|| Text::new("started with --read-only"));
        let mut facts = vec![Fact::Allowed(Rights { read_only, ..Rights::default() })];
        let mut listings: BTreeMap<Source, Vec<Object>> = self.sources().map(|source| (source, Vec::new())).collect();
        for object in self.objects() {
            listings.entry(self.source_of(&object)).or_default().push(object);
        }
        for (source, objects) in listings {
            facts.push(Fact::Listing(source.clone(), u32::try_from(objects.len()).ok()));
            facts.extend(objects.into_iter().map(|object| Fact::Put(source.clone(), object)));
            facts.push(Fact::Listed(source));
        }
        facts.extend(self.kept.iter().cloned());
        self.batches(facts)
    }

    /// Every source that it is told by.
    pub(super) fn sources(&self) -> impl Iterator<Item = Source> + use<> {
        let own: &[&str] = match self.orchestrator {
            Orchestrator::Kubernetes => &[
                "nodes",
                "pods",
                "deployments",
                "statefulsets",
                "daemonsets",
                "cronjobs",
                "rollouts",
                "services",
                "version",
            ],
            Orchestrator::Nomad => &["nodes", "jobs", "allocations", "services", "agent"],
            Orchestrator::Swarm => &["nodes", "services", "tasks", "containers", "info"],
        };
        own.iter().chain(&["metrics", "alerts"]).map(|kind| Source::of(*kind))
    }

    fn source_of(&self, object: &Object) -> Source {
        let kind = object.key().kind;
        Source::of(match (self.orchestrator, kind) {
            (_, Kind::Node) => "nodes",
            (_, Kind::Queue) => "metrics",
            (_, Kind::Alert) => "alerts",
            (_, Kind::Endpoint) if matches!(object, Object::Endpoint(it) if it.pool) => "metrics",
            (_, Kind::Endpoint) => "services",
            (Orchestrator::Kubernetes, Kind::Cluster) => "version",
            (Orchestrator::Nomad, Kind::Cluster) => "agent",
            (Orchestrator::Swarm, Kind::Cluster) => "info",
            (_, Kind::Deployment) => "deployments",
            (_, Kind::StatefulSet) => "statefulsets",
            (_, Kind::DaemonSet) => "daemonsets",
            (_, Kind::CronJob) => "cronjobs",
            (_, Kind::ArgoRollout) => "rollouts",
            (_, Kind::ComposeService | Kind::ContainerInstance) => "containers",
            (_, Kind::Pod) => "pods",
            (_, Kind::Allocation) => "allocations",
            (_, Kind::Task) => "tasks",
            (Orchestrator::Nomad, _) => "jobs",
            (_, _) => "services",
        })
    }

    fn objects(&self) -> impl Iterator<Item = Object> + '_ {
        let nodes = self.nodes.values().map(|it| Object::Node(Box::new(it.object.clone())));
        let shown = self.workloads.values().filter(|it| !it.spec.bare);
        let workloads = shown.map(|it| Object::Workload(Box::new(it.object.clone())));
        let instances = self.instances.values().map(|it| Object::Instance(Box::new(it.object.clone())));
        let endpoints = self.endpoints.values().map(|it| Object::Endpoint(Box::new(it.clone())));
        let queues = self.queues.iter().map(|it| Object::Queue(Box::new(it.object.clone())));
        let pools = self.pools.iter().map(|it| Object::Endpoint(Box::new(it.object.clone())));
        let alerts = self.alerts.iter().filter_map(|it| it.object.clone()).map(|it| Object::Alert(Box::new(it)));
        let info = std::iter::once(Object::Cluster(Box::new(self.info.clone())));
        info.chain(nodes).chain(workloads).chain(instances).chain(endpoints).chain(queues).chain(pools).chain(alerts)
    }

    /// What is said of one thing now.
    pub(super) fn object(&self, key: &Ref) -> Option<Object> {
        match key.kind {
            Kind::Node => self.nodes.get(key).map(|it| Object::Node(Box::new(it.object.clone()))),
            Kind::Pod | Kind::Allocation | Kind::Task | Kind::ContainerInstance => {
                self.instances.get(key).map(|it| Object::Instance(Box::new(it.object.clone())))
            }
            Kind::Endpoint => self.endpoints.get(key).map(|it| Object::Endpoint(Box::new(it.clone()))),
            Kind::Alert => {
                let alert = self.alerts.iter().filter_map(|it| it.object.as_ref()).find(|it| it.key == *key);
                alert.map(|it| Object::Alert(Box::new(it.clone())))
            }
            _ => {
                let shown = self.workloads.get(key).filter(|it| !it.spec.bare);
                shown.map(|it| Object::Workload(Box::new(it.object.clone())))
            }
        }
    }

    /// Something is due in so many milliseconds.
    pub(super) fn plan_ms(&mut self, ms: i64, event: Event) {
        let at = self.now.checked_add(jiff::SignedDuration::from_millis(ms)).unwrap_or(self.now);
        self.plan_at(at, event);
    }

    /// Something is due then.
    pub(super) fn plan_at(&mut self, at: Timestamp, event: Event) {
        self.serial += 1;
        self.agenda.insert((at, self.serial), event);
    }

    /// Those that wait for a node try again within half a minute, or at once where room has come.
    pub(super) fn plan_retry(&mut self, room: bool) {
        if room {
            for key in self.waiting.clone() {
                if let Some(token) = self.instances.get(&key).map(|it| it.token) {
                    self.plan_ms(600, Event::Place(key, token));
                }
            }
        } else if !self.retry_planned {
            self.retry_planned = true;
            self.plan_ms(30_000, Event::Retry);
        }
    }

    /// What is said of it is different now.
    pub(super) fn touch(&mut self, key: &Ref) {
        self.touched.insert(key.clone());
    }

    /// Its controller has to look at it.
    pub(super) fn unsettle(&mut self, key: &Ref) {
        self.unsettled.insert(key.clone());
    }

    /// It is not there any more.
    pub(super) fn vanish(&mut self, source: &str, key: Ref) {
        self.touched.remove(&key);
        self.gone.push((Source::of(source), key));
    }

    /// Something happened.
    pub(super) fn happened(&mut self, occurrence: Occurrence) {
        let known = |fact: &Fact| matches!(fact, Fact::Occurred(it) if it.id == occurrence.id);
        if occurrence.count > 1 {
            self.kept.retain(|fact| !known(fact));
        }
        self.keep(Fact::Occurred(Box::new(occurrence)));
    }

    /// Something was measured.
    pub(super) fn measured(&mut self, sample: Sample) {
        self.keep(Fact::Measured(sample));
    }

    /// Something is said that nobody needs to hear later.
    pub(super) fn say(&mut self, fact: Fact) {
        self.said.push(fact);
    }

    fn keep(&mut self, fact: Fact) {
        if self.kept.len() >= KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(fact.clone());
        self.said.push(fact);
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Place(key, token) => self.place(&key, token),
            Event::Pull(key, token) => self.pull(&key, token),
            Event::Start(key, token) => self.begin(&key, token),
            Event::Serve(key, token, run) => self.serve(&key, token, run),
            Event::Ends(key, token, run, end) => self.end(&key, token, run, end),
            Event::Removed(key, token) => self.removed(&key, token),
            Event::Retry => {
                self.retry_planned = false;
                for key in self.waiting.clone() {
                    if let Some(token) = self.instances.get(&key).map(|it| it.token) {
                        self.place(&key, token);
                    }
                }
            }
            Event::Deadline(key, generation) => self.rollout_deadline(&key, generation),
            Event::Due(key) => self.run_job(&key),
            Event::GiveUp(node) => self.drive_off(&node),
            Event::Befalls(ix, over) => self.befall(ix, over),
            Event::Minute => {
                self.minute();
                self.plan_at(after(self.now, 60), Event::Minute);
            }
        }
    }

    /// What happened to a thing lately, in words, oldest first.
    pub(super) fn history(&self, key: &Ref) -> Vec<Text> {
        let of = self.kept.iter().filter_map(|fact| match fact {
            Fact::Occurred(it) if it.subject == *key || it.workload.as_ref() == Some(key) => Some(it),
            _ => None,
        });
        let words = of.map(|it| {
            let said = it.text.as_ref().map_or("", |text| text.as_str());
            Text::from(format!("{} {:?} {said}", it.last.strftime("%F %T"), it.kind))
        });
        let mut words: Vec<Text> = words.collect();
        words.split_off(words.len().saturating_sub(20))
    }

    /// A whole number below `n`, by chance.
    pub(super) fn below(&mut self, n: i64) -> i64 {
        self.rng.i64(0..n.max(1))
    }
}
