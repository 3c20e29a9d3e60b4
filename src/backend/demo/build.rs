//! A cluster from its data: everything in its place, and then its past lived through.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::words::after;
use crate::domain::{
    ClusterId, ClusterInfo, ContainerSpec, ContainerState, Dependency, DependencyKind, Desired, Endpoint, Exit,
    ExitReason, Exposure, Kind, Made, Managership, Mount, MountKind, Name, Node, NodeState, Occurrence, OccurrenceKind,
    Phase, Probe, ProbeKind, Queue, Ref, RestartPolicy, Revision, Rollout, RolloutPhase, Schedule, Text, Timestamp,
    Workload,
};

use super::company::{
    AlertSpec, Behaviour, ClusterSpec, Company, Incident, NodeSpec, Orchestrator, Scenario, WorkloadSpec,
};
use super::model::{Backlog, Event, Machine, Managed, Pool, Template, Watchman};
use super::sim::Sim;

/// How much of its past a cluster lives through before the demo begins, seconds.
const PAST: i64 = 65 * 60;

/// Where a cluster begins.
pub struct Beginning {
    /// The seed of all chance.
    pub seed: u64,
    /// When the demo begins.
    pub start: Timestamp,
    /// Nothing may be changed.
    pub read_only: bool,
}

/// A cluster of the company in a scenario, its past lived through.
///
/// # Errors
/// The data names something that is not there.
pub fn build(spec: &ClusterSpec, company: &Company, scenario: &Scenario, beginning: &Beginning) -> Result<Sim, Text> {
    let cluster = ClusterId::new(&spec.name);
    let info = info(spec, &cluster);
    let seed = spec.name.bytes().fold(beginning.seed, |seed, byte| seed.rotate_left(7) ^ u64::from(byte));
    let mut sim = Sim::empty(info, spec.orchestrator, beginning.start, seed);
    sim.read_only = beginning.read_only;
    sim.voices = Arc::new(company.voices.clone());
    sim.now = round_down(after(beginning.start, -PAST));
    spec.nodes.iter().for_each(|node| sim.add_node(node, scenario));
    for workload in &spec.workloads {
        sim.add_workload(workload)?;
    }
    for addition in scenario.adds.iter().filter(|it| it.cluster == spec.name) {
        sim.add_workload(&addition.workload)?;
    }
    sim.connect(spec)?;
    sim.remember(scenario)?;
    sim.populate();
    sim.plan_incidents(scenario)?;
    let first = after(sim.now, 60);
    sim.plan_at(first, Event::Minute);
    sim.live_through(beginning.start);
    Ok(sim)
}

/// The full minute before.
fn round_down(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second() / 60 * 60).unwrap_or(at)
}

fn info(spec: &ClusterSpec, cluster: &ClusterId) -> ClusterInfo {
    let managed = matches!(spec.orchestrator, Orchestrator::Swarm);
    ClusterInfo {
        version: Some(Text::new(&spec.version)),
        reached: Some(Text::new(&spec.reached)),
        has_quorum: managed.then_some(true),
        ..ClusterInfo::new(cluster, spec.orchestrator.backend(), format!("demo-{}", spec.name))
    }
}

impl Sim {
    fn add_node(&mut self, spec: &NodeSpec, scenario: &Scenario) {
        let key = Ref::new(&self.cluster, Kind::Node, None, spec.name.as_str());
        let mut node = Node::new(key.clone(), format!("demo-{}", spec.name), NodeState::Ready);
        node.since = Some(after(self.start, -41 * 86_400));
        node.memory_bytes = Some(spec.memory.0);
        node.cpu_millis = Some(spec.cpu);
        node.max_instances = spec.instances;
        node.address = spec.address.as_deref().map(Text::new);
        node.version = self.info.version.clone();
        node.labels = spec.labels.iter().map(|(name, value)| (Name::new(name), Name::new(value))).collect();
        let named = format!("{}/{}", self.cluster, spec.name);
        let besides = scenario.incidents.iter().any(|it| matches!(it, Incident::Manager { node } if *node == named));
        let leader = spec.manager.as_deref() == Some("leader");
        node.manager = (spec.manager.is_some() || besides).then_some(Managership { leader, reachable: true });
        self.nodes.insert(key, Machine { object: node, memory: 0, cpu: 0, count: 0, unused: spec.unused });
    }

    fn add_workload(&mut self, spec: &WorkloadSpec) -> Result<(), Text> {
        let Some((namespace, short)) = spec.name.split_once('/') else {
            return Err(Text::new(&format!("company.toml: workload `{}`: expected namespace/name", spec.name)));
        };
        let key = Ref::new(&self.cluster, spec.kind, Some(Name::new(namespace)), short);
        let templates = self.by_own_chance(&key, |sim| sim.templates(spec));
        let desired = match spec.kind {
            Kind::DaemonSet => Desired::EachNode(u32::try_from(self.nodes.len()).unwrap_or(0)),
            Kind::CronJob => Desired::Scheduled,
            _ => Desired::Replicas(spec.replicas),
        };
        let mut object = Workload::new(key.clone(), format!("demo-{}", spec.name), desired);
        object.created = Some(after(self.start, -spec.created.0));
        object.containers = vec![container_spec(spec, short)];
        object.revision = templates.first().map(|it| it.revision.clone());
        object.history = templates.iter().skip(1).map(|it| it.revision.clone()).collect();
        object.made = self.made(&object.containers, &templates);
        object.exposure = if spec.port.is_some() { Exposure::Yes } else { Exposure::No };
        object.restart_policy = RestartPolicy::Always;
        object.stop_timeout_seconds = Some(30);
        object.placed = !spec.selector.is_empty() || !spec.on.is_empty();
        object.managed_by = spec.by.as_deref().map(Text::new);
        object.defined_in = spec.file.as_deref().map(Text::new);
        object.schedule = spec.schedule.as_ref().map(|it| Schedule {
            cron: Text::new(&it.cron),
            period_seconds: it.period.0.unsigned_abs(),
            suspended: false,
            last_run: Some(it.last_before(self.start)),
            last_success: Some(after(it.last_before(self.start), it.takes.0).min(self.start)),
        });
        if spec.deployed.0 < 2 * 86_400 {
            object.rollout = finished_rollout(&templates);
        }
        if spec.port.is_some() {
            let endpoint = Ref::new(&self.cluster, Kind::Endpoint, key.namespace.clone(), key.name.clone());
            let it = Endpoint {
                key: endpoint.clone(),
                serves: vec![key.clone()],
                ready: 0,
                not_ready: 0,
                selector: Some(Text::from(format!("app={}", key.name))),
                exposure: Exposure::Yes,
                pool: false,
                check: None,
            };
            self.endpoints.insert(endpoint, it);
        }
        let managed = Managed {
            object,
            spec: Arc::new(spec.clone()),
            templates,
            generation: 1,
            members: Default::default(),
            falls: None,
            paused: false,
            canary: None,
            ready: 0,
            misses: None,
        };
        match self.workloads.insert(key, managed) {
            None => Ok(()),
            Some(_) => Err(Text::new(&format!("company.toml: workload `{}` is there twice", spec.name))),
        }
    }

    /// What the revision before is made of: a Swarm keeps that one.
    pub(super) fn made(&self, newest: &[ContainerSpec], templates: &[Template]) -> Vec<Made> {
        let kept = templates.get(1).filter(|_| self.orchestrator == Orchestrator::Swarm);
        let made = kept.map(|it| {
            let mut containers = newest.to_vec();
            if let Some(spec) = containers.first_mut() {
                (spec.image, spec.memory_request_bytes) = (it.image.clone(), Some(it.request));
            }
            Made { id: it.revision.id.clone(), at: it.revision.at, containers }
        });
        made.into_iter().collect()
    }

    fn templates(&mut self, spec: &WorkloadSpec) -> Vec<Template> {
        let ago = |seconds: i64| Some(after(self.start, -seconds));
        let by = spec.by.as_deref().map(Text::new);
        let revision = |n: u32, image: &str, at| Revision {
            id: Name::new(&n.to_string()),
            images: vec![Name::new(image)],
            at,
            by: by.clone(),
        };
        let mut revisions = vec![(revision(spec.revision, &spec.image, ago(spec.deployed.0)), spec.image.clone())];
        if let (Some(before), 2..) = (&spec.before, spec.revision) {
            let at = ago((spec.deployed.0 + 9 * 86_400).min(spec.created.0.max(spec.deployed.0)));
            revisions.push((revision(spec.revision - 1, before, at), before.clone()));
        }
        let templates = revisions.into_iter().map(|(revision, image)| Template {
            revision,
            image: Name::new(&image),
            behaves: Behaviour::Well,
            request: spec.request.0,
            startup: spec.startup.0,
            hash: String::new(),
        });
        let mut templates: Vec<Template> = templates.collect();
        templates.iter_mut().for_each(|it| it.hash = self.letters(9));
        templates
    }

    /// What refers to workloads, once all of them are there.
    fn connect(&mut self, spec: &ClusterSpec) -> Result<(), Text> {
        let named = |sim: &Self, raw: &str, of: &str| {
            let lacking = || Text::new(&format!("company.toml: {of}: no workload `{raw}` in cluster {}", spec.name));
            sim.workload_named(raw).ok_or_else(lacking)
        };
        let mut needs: BTreeMap<Ref, Vec<Dependency>> = BTreeMap::new();
        for (key, managed) in &self.workloads {
            for raw in &managed.spec.needs {
                let (name, via) = raw.split_once(' ').unwrap_or((raw, "configuration"));
                let on = named(self, name, &format!("needs of `{}`", managed.spec.name))?;
                let need = Dependency { on, kind: DependencyKind::Calls, via: Text::new(via) };
                needs.entry(key.clone()).or_default().push(need);
            }
        }
        for (key, needs) in needs {
            if let Some(managed) = self.workloads.get_mut(&key) {
                managed.object.depends_on = needs;
            }
        }
        for queue in &spec.queues {
            let of = format!("queue `{}`", queue.name);
            let broker = queue.broker.as_deref().map(|it| named(self, it, &of)).transpose()?;
            let object = Queue {
                key: Ref::new(&self.cluster, Kind::Queue, None, queue.name.as_str()),
                system: Name::new(&queue.system),
                consumers: vec![named(self, &queue.consumer, &of)?],
                broker,
            };
            self.queues.push(Backlog { object, spec: queue.clone(), depth: 0.0 });
        }
        for pool in &spec.pools {
            let of = format!("pool `{}`", pool.name);
            let object = Endpoint {
                key: Ref::new(&self.cluster, Kind::Endpoint, None, pool.name.as_str()),
                serves: vec![named(self, &pool.serves, &of)?],
                ready: 1,
                not_ready: 0,
                selector: None,
                exposure: Exposure::No,
                pool: true,
                check: None,
            };
            let client = named(self, &pool.client, &of)?;
            self.pools.push(Pool { object, spec: pool.clone(), client, leaked: 0.0, per_minute: 0.0 });
        }
        for alert in &spec.alerts {
            let about = self.about(alert)?;
            self.alerts.push(Watchman { spec: alert.clone(), about, since: None, object: None, quiet: None });
        }
        Ok(())
    }

    fn about(&self, alert: &AlertSpec) -> Result<Ref, Text> {
        let queue = alert.queue.as_ref().and_then(|name| self.queues.iter().find(|it| it.spec.name == *name));
        let workload = alert.workload.as_ref().and_then(|name| self.workload_named(name));
        let node = alert.node.as_ref().map(|name| Ref::new(&self.cluster, Kind::Node, None, name.as_str()));
        let node = node.filter(|key| self.nodes.contains_key(key));
        queue.map(|it| it.object.key.clone()).or(workload).or(node).ok_or_else(|| {
            let title = &alert.title;
            Text::new(&format!("company.toml: alert `{title}`: its queue, workload or node is not there"))
        })
    }

    /// What is so from the beginning.
    fn remember(&mut self, scenario: &Scenario) -> Result<(), Text> {
        for incident in self.ours(scenario) {
            let Incident::Missed { workload, success, code, line } = &incident else { continue };
            let at = after(self.start, success.0);
            let Some(managed) = self.target(workload).and_then(|key| self.workloads.get_mut(&key)) else { continue };
            managed.misses = Some((*code, Text::new(line)));
            match managed.object.schedule.as_mut() {
                Some(schedule) => schedule.last_success = Some(at),
                None => return Err(Text::new(&format!("incident of `{workload}`: it has no schedule to miss"))),
            }
        }
        Ok(())
    }

    fn ours(&self, scenario: &Scenario) -> Vec<Incident> {
        let ours = |it: &&Incident| it.target().split('/').next() == Some(self.cluster.as_str());
        scenario.incidents.iter().filter(ours).cloned().collect()
    }

    fn plan_incidents(&mut self, scenario: &Scenario) -> Result<(), Text> {
        self.incidents = self.ours(scenario);
        for ix in 0..self.incidents.len() {
            let (raw, at) = (self.incidents[ix].target().to_owned(), self.incidents[ix].at());
            if self.target(&raw).is_none() {
                return Err(Text::new(&format!("incident {} of {}: there is no `{raw}`", ix + 1, self.cluster)));
            }
            if let Some(at) = at {
                self.plan_at(after(self.start, at.0), Event::Befalls(ix, false));
            }
        }
        Ok(())
    }

    /// Everything runs, and has since it was rolled out.
    fn populate(&mut self) {
        let mut keys: Vec<(bool, bool, Ref)> = self
            .workloads
            .iter()
            .map(|(key, it)| (stands_apart(key), it.spec.on.is_empty() && key.kind != Kind::DaemonSet, key.clone()))
            .collect();
        // What has its place first, the rest around it.
        keys.sort();
        for (.., key) in keys {
            self.deployed_then(&key);
            self.by_own_chance(&key, |sim| sim.populate_one(&key));
        }
    }

    /// What stands apart draws from a chance of its own: that it is there changes nothing for the rest.
    fn by_own_chance<T>(&mut self, key: &Ref, draw: impl FnOnce(&mut Self) -> T) -> T {
        if !stands_apart(key) {
            return draw(self);
        }
        let seed = key.name.bytes().fold(self.seed, |seed, byte| seed.rotate_left(7) ^ u64::from(byte));
        let shared = std::mem::replace(&mut self.rng, fastrand::Rng::with_seed(seed));
        let drawn = draw(self);
        self.rng = shared;
        drawn
    }

    fn populate_one(&mut self, key: &Ref) {
        let Some(managed) = self.workloads.get(key) else { return };
        let (spec, kind) = (Arc::clone(&managed.spec), key.kind);
        let nodes: Vec<Ref> = self.nodes.keys().cloned().collect();
        match kind {
            Kind::DaemonSet => nodes.into_iter().for_each(|node| self.settle(key, None, Some(node))),
            Kind::CronJob => self.past_runs(key, &spec),
            _ => {
                for n in 0..spec.replicas {
                    let ordinal = match kind {
                        Kind::StatefulSet => Some(n),
                        Kind::Service | Kind::ComposeService => Some(n + 1),
                        _ => None,
                    };
                    self.settle(key, ordinal, None);
                }
            }
        }
        self.unsettle(key);
    }

    fn deployed_then(&mut self, key: &Ref) {
        let Some(managed) = self.workloads.get(key) else { return };
        let Some((revision, template)) = managed.object.revision.clone().zip(managed.template().cloned()) else {
            return;
        };
        let Some(at) = revision.at.filter(|at| after(*at, 30 * 86_400) > self.start) else { return };
        let by = managed.spec.by.as_deref().unwrap_or("somebody");
        let from = managed.spec.before.as_deref().map_or(String::new(), |before| {
            format!(" (image {} to {})", super::befall::tag(before), super::befall::tag(&managed.spec.image))
        });
        let text = format!("revision {} by {by}{from}", revision.id);
        let mut it =
            Occurrence::once(format!("{key}:revision:{}", revision.id), OccurrenceKind::Deployed, key.clone(), at);
        it.workload = Some(key.clone());
        it.origin = crate::domain::Origin::Backfilled;
        (it.text, it.image) = (Some(Text::from(text)), Some(template.image));
        self.happened(it);
    }

    /// An instance that has been running since its revision was rolled out.
    fn settle(&mut self, key: &Ref, ordinal: Option<u32>, pinned: Option<Ref>) {
        let now = self.now;
        let Some(mut live) = self.newborn(key, ordinal, pinned.clone()) else { return };
        let jitter = self.below(90);
        let Some(managed) = self.workloads.get_mut(key) else { return };
        let made = managed.template().and_then(|it| it.revision.at).map_or(now, |at| after(at, jitter).min(now));
        let template = managed.template().cloned();
        let spec = Arc::clone(&managed.spec);
        let instance = live.object.key.clone();
        managed.members.insert(instance.clone());
        let nth = managed.members.len();
        let container = managed.object.containers.first().cloned();
        live.started = Some(after(made, 4));
        live.run = 1;
        live.object.created = Some(made);
        live.object.since = live.started;
        live.object.phase = Phase::Running;
        live.object.ready = true;
        if let (Some(container), Some(template)) = (container, template) {
            let state = ContainerState::Running { since: live.started };
            let mut it = crate::domain::Container::new(container.name, template.image, state);
            it.memory_limit_bytes = spec.limit.map(|it| it.0);
            live.object.containers = vec![it];
        }
        self.instances.insert(instance.clone(), live);
        let wish = (!spec.on.is_empty()).then(|| spec.on[(nth - 1) % spec.on.len()].clone());
        let wish = wish.map(|name| Ref::new(&self.cluster, Kind::Node, None, name)).or(pinned);
        match wish.filter(|key| self.nodes.contains_key(key)).map_or_else(|| self.choose_node(&instance), Ok) {
            Ok(node) => self.bind(&instance, &node),
            Err(_) => self.delete(&instance),
        }
    }

    /// The last runs of one that runs at set times, and its next.
    fn past_runs(&mut self, key: &Ref, spec: &WorkloadSpec) {
        let Some(schedule) = &spec.schedule else { return };
        let now = self.now;
        let last = schedule.last_before(now);
        for back in (0..3).rev() {
            let began = after(last, -back * schedule.period.0);
            if began > now {
                continue;
            }
            self.now = began;
            let made = self.newborn(key, None, None);
            self.now = now;
            let Some(mut live) = made else { continue };
            let Some(managed) = self.workloads.get_mut(key) else { continue };
            let (code, line) = managed.misses.clone().unwrap_or((0, Text::new("done")));
            let ended = after(began, schedule.takes.0);
            let reason = if code == 0 { ExitReason::Completed } else { ExitReason::Error };
            let exit = Exit { code, reason, message: None, started: Some(began), ended: Some(ended) };
            let name = managed.object.containers.first().map_or_else(|| Name::new("main"), |it| it.name.clone());
            let it = crate::domain::Container::new(name, Name::new(&spec.image), ContainerState::Ended(Box::new(exit)));
            live.object.containers = vec![it];
            live.object.phase = if code == 0 { Phase::Succeeded } else { Phase::Failed };
            live.object.since = Some(ended);
            live.last_words = Some(line);
            (live.run, live.object.memory_request_bytes, live.object.cpu_request_millis) = (1, 0, 0);
            managed.members.insert(live.object.key.clone());
            self.instances.insert(live.object.key.clone(), live);
        }
        self.plan_at(after(last, schedule.period.0.max(60)), Event::Due(key.clone()));
    }
}

/// Whether it came to the company later than the rest.
const fn stands_apart(key: &Ref) -> bool {
    matches!(key.kind, Kind::ArgoRollout | Kind::ComposeService)
}

fn finished_rollout(templates: &[Template]) -> Option<Rollout> {
    let revision = &templates.first()?.revision;
    Some(Rollout {
        phase: RolloutPhase::Complete,
        message: None,
        started: revision.at,
        progressed: revision.at.map(|at| after(at, 75)),
        deadline: None,
        from: templates.get(1).map(|it| it.revision.id.clone()),
        to: Some(revision.id.clone()),
        updated: None,
    })
}

fn container_spec(spec: &WorkloadSpec, short: &str) -> ContainerSpec {
    let mut it = ContainerSpec::new(short, spec.image.as_str());
    it.command = spec.command.as_deref().map(Text::new);
    it.memory_limit_bytes = spec.limit.map(|it| it.0);
    it.memory_request_bytes = Some(spec.request.0);
    it.cpu_request_millis = Some(spec.cpu);
    let probe = |kind, what: &String| Probe {
        kind,
        what: Text::new(what),
        period_seconds: 10,
        timeout_seconds: 1,
        threshold: 3,
        grace_seconds: u32::try_from(spec.startup.0).unwrap_or(0),
    };
    it.probes.extend(spec.ready.as_ref().map(|what| probe(ProbeKind::Readiness, what)));
    it.probes.extend(spec.live.as_ref().map(|what| probe(ProbeKind::Liveness, what)));
    it.mounts = spec.mounts.iter().filter_map(|raw| mount(raw, short)).collect();
    it
}

fn mount(raw: &str, short: &str) -> Option<Mount> {
    let (kind, target) = raw.split_once(':')?;
    let kind = match kind {
        "claim" => MountKind::Claim,
        "volume" => MountKind::NamedVolume,
        "scratch" => MountKind::Temporary,
        _ => MountKind::Config,
    };
    let driver = (kind == MountKind::NamedVolume).then(|| Name::new("local"));
    Some(Mount { target: Name::new(target), source: Some(Name::new(&format!("{short}-data"))), kind, driver })
}
