//! A company at ten past two, by facts alone: what the snapshots draw.

use cockpit::action::Guard;
use cockpit::diagnose::Settings;
use cockpit::domain::{
    Alert, AlertState, BackendKind, Batch, ClusterId, ClusterInfo, Container, ContainerSpec, ContainerState, Desired,
    Exit, ExitReason, Exposure, Fact, Health, HealthStatus, Instance, Kind, Managership, Metric, Mount, MountKind,
    Name, Node, NodeState, Object, Occurrence, OccurrenceKind, OomScope, Phase, Probe, ProbeKind, Queue, Ref, Revision,
    Rollout, RolloutPhase, Sample, Schedule, Severity, Source, Text, Timestamp, Trouble, TroubleKind, Workload,
};
use cockpit::engine::Core;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The moment that is drawn.
pub fn now() -> Timestamp {
    "2026-11-22T02:10:00Z".parse().expect("a time")
}

/// So many minutes before that.
pub fn ago(minutes: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() - minutes * 60).expect("in range")
}

pub fn id(name: &str) -> ClusterId {
    ClusterId::new(name)
}

pub fn key(cluster: &str, kind: Kind, namespace: &str, name: &str) -> Ref {
    Ref::new(&id(cluster), kind, (!namespace.is_empty()).then(|| Name::new(namespace)), name)
}

/// Facts of one cluster, in the making.
pub struct Telling {
    cluster: ClusterId,
    facts: Vec<(&'static str, Fact)>,
    kinds: Vec<&'static str>,
}

impl Telling {
    pub fn of(cluster: &str, backend: BackendKind, kinds: &[&'static str]) -> Self {
        let mut telling = Self { cluster: id(cluster), facts: Vec::new(), kinds: kinds.to_vec() };
        let info = ClusterInfo::new(&telling.cluster, backend, cluster);
        telling.put(kinds[0], Object::Cluster(Box::new(info)));
        telling
    }

    pub fn put(&mut self, kind: &'static str, object: Object) {
        self.facts.push((kind, Fact::Put(Source::of(kind), object)));
    }

    pub fn workload(&mut self, kind: &'static str, workload: Workload) {
        self.put(kind, Object::Workload(Box::new(workload)));
    }

    pub fn occurred(&mut self, occurrence: Occurrence) {
        self.facts.push(("", Fact::Occurred(Box::new(occurrence))));
    }

    pub fn measured(&mut self, subject: &Ref, metric: Metric, values: &[f64]) {
        for (ix, value) in values.iter().enumerate() {
            let at = ago((values.len() - 1 - ix) as i64);
            let sample = Sample { subject: subject.clone(), container: None, metric, at, value: *value };
            self.facts.push(("", Fact::Measured(sample)));
        }
    }

    /// `count` instances of a workload, all ready, by `form` on the first of them.
    pub fn instances(
        &mut self,
        source: &'static str,
        kind: Kind,
        workload: &Workload,
        count: u32,
        nodes: &[&str],
        mut form: impl FnMut(u32, &mut Instance),
    ) {
        for n in 0..count {
            let name = format!("{}-{}", workload.key.name, suffix(&workload.key.name, n));
            let key = Ref::new(&self.cluster, kind, workload.key.namespace.clone(), name.clone());
            let mut it = Instance::new(key, format!("uid-{name}"), Some(workload.key.clone()), Phase::Running);
            it.ready = true;
            it.created = Some(ago(9 * 24 * 60));
            it.since = it.created;
            it.revision = workload.revision.as_ref().map(|revision| revision.id.clone());
            it.memory_request_bytes = 512 * MIB;
            it.cpu_request_millis = 250;
            if let Some(node) = nodes.get(n as usize % nodes.len().max(1)) {
                it.node = Some(Ref::new(&self.cluster, Kind::Node, None, *node));
            }
            for spec in &workload.containers {
                let state = ContainerState::Running { since: it.since };
                let mut container = Container::new(spec.name.clone(), spec.image.clone(), state);
                container.memory_limit_bytes = spec.memory_limit_bytes;
                it.containers.push(container);
            }
            form(n, &mut it);
            self.put(source, Object::Instance(Box::new(it)));
        }
    }

    /// The batch in which all that was told is listed, but for what `trouble` holds back.
    pub fn batch(self, trouble: &[(&'static str, Trouble)]) -> Batch {
        let mut facts = Vec::new();
        for kind in &self.kinds {
            match trouble.iter().find(|(of, _)| of == kind) {
                Some((_, trouble)) => facts.push(Fact::Trouble(Source::of(*kind), trouble.clone())),
                None => {
                    facts.push(Fact::Listing(Source::of(*kind), None));
                    facts.extend(self.facts.iter().filter(|(of, _)| of == kind).map(|(_, fact)| fact.clone()));
                    facts.push(Fact::Listed(Source::of(*kind)));
                }
            }
        }
        facts.extend(self.facts.iter().filter(|(of, _)| of.is_empty()).map(|(_, fact)| fact.clone()));
        Batch { cluster: self.cluster, at: now(), facts }
    }
}

/// A stable suffix, as pods have them.
fn suffix(name: &str, n: u32) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut seed = name.bytes().fold(u64::from(n) + 7, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let each = (0..5).map(|_| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(LETTERS[(seed >> 33) as usize % LETTERS.len()])
    });
    each.collect()
}

pub fn workload(key: Ref, wanted: u32, image: &str) -> Workload {
    let mut it = Workload::new(key.clone(), format!("uid-{}", key.name), Desired::Replicas(wanted));
    it.created = Some(ago(120 * 24 * 60));
    it.exposure = Exposure::No;
    let mut container = ContainerSpec::new("main", image);
    container.memory_limit_bytes = Some(512 * MIB);
    container.probes.push(Probe {
        kind: ProbeKind::Readiness,
        what: Text::new("GET :8080/ready"),
        period_seconds: 10,
        timeout_seconds: 1,
        threshold: 3,
        grace_seconds: 0,
    });
    it.containers.push(container);
    it.revision = Some(Revision { id: Name::new("7"), images: vec![Name::new(image)], at: None, by: None });
    it
}

fn node(cluster: &str, name: &str) -> Node {
    let mut it = Node::new(key(cluster, Kind::Node, "", name), format!("uid-{name}"), NodeState::Ready);
    it.memory_bytes = Some(8 * GIB);
    it.cpu_millis = Some(4000);
    it.version = Some(Text::new("v1.33.4"));
    it
}

/// The Kubernetes cluster where most of it happens.
pub fn prod() -> Telling {
    let kinds = ["deployments", "pods", "nodes", "cronjobs", "statefulsets", "events", "queues", "alerts", "metrics"];
    let mut t = Telling::of("prod", BackendKind::Kubernetes, &kinds);
    let nodes = ["node-1", "node-2", "node-3", "node-7"];
    for name in nodes {
        let mut it = node("prod", name);
        if name == "node-7" {
            it.state = NodeState::Unreachable;
            it.since = Some(ago(3));
            it.message = Some(Text::new("Kubelet stopped posting node status."));
        }
        t.put("nodes", Object::Node(Box::new(it)));
    }
    worker(&mut t);
    api(&mut t);
    checkout(&mut t);
    for (name, count) in [("web", 4u32), ("search", 2), ("mailer", 1), ("cart", 3)] {
        let it = workload(
            key("prod", Kind::Deployment, "shop", name),
            count,
            &format!("registry.example/shop/{name}:1.9.3"),
        );
        t.instances("pods", Kind::Pod, &it, count, &nodes[..3], |_, _| {});
        t.workload("deployments", it);
    }
    let mut backup = workload(key("prod", Kind::CronJob, "ops", "backup"), 0, "registry.example/ops/backup:3.1");
    backup.desired = Desired::Scheduled;
    backup.schedule = Some(Schedule {
        cron: Text::new("0 2 * * *"),
        period_seconds: 86_400,
        suspended: false,
        last_run: Some(ago(10)),
        last_success: Some(ago(13 * 24 * 60 + 250)),
    });
    t.workload("cronjobs", backup);
    let mut db = workload(key("prod", Kind::StatefulSet, "shop", "postgres"), 1, "postgres:17.2");
    db.containers[0].mounts.push(Mount {
        target: Name::new("/var/lib/postgresql/data"),
        source: None,
        kind: MountKind::Temporary,
        driver: None,
    });
    t.instances("pods", Kind::Pod, &db, 1, &nodes[..1], |_, _| {});
    t.workload("statefulsets", db);
    t
}

/// Killed at its limit, in a loop, and its queue grows.
fn worker(t: &mut Telling) {
    let mut it = workload(key("prod", Kind::Deployment, "shop", "worker"), 3, "registry.example/shop/worker:2.9.0");
    let image = |tag: &str| vec![Name::new(&format!("registry.example/shop/worker:{tag}"))];
    it.containers[0].memory_limit_bytes = Some(256 * MIB);
    it.revision = Some(Revision {
        id: Name::new("42"),
        images: image("2.9.0"),
        at: Some(ago(40)),
        by: Some(Text::new("argocd")),
    });
    it.history = vec![Revision { id: Name::new("41"), images: image("2.8.4"), at: Some(ago(9 * 24 * 60)), by: None }];
    let mut pods = Vec::new();
    t.instances("pods", Kind::Pod, &it, 3, &["node-1", "node-2", "node-3"], |n, pod| {
        pod.ready = false;
        pod.created = Some(ago(40));
        pod.since = Some(ago(i64::from(n)));
        pod.phase = Phase::Restarting;
        pod.reason = Some(Name::new("CrashLoopBackOff"));
        let exit = Exit {
            code: 137,
            reason: ExitReason::OomKilled,
            message: None,
            started: Some(ago(4)),
            ended: Some(ago(1)),
        };
        pod.containers[0].restarts = 4 + n;
        pod.containers[0].last_exit = Some(Box::new(exit.clone()));
        pod.containers[0].state = ContainerState::Waiting {
            reason: Name::new("CrashLoopBackOff"),
            message: Some(Text::new("back-off 2m40s")),
        };
        pods.push(pod.key.clone());
    });
    for n in 0..14i64 {
        let pod = &pods[n as usize % 3];
        let mut kill = Occurrence::once(format!("oom-{n}"), OccurrenceKind::OomKill, pod.clone(), ago(1 + n * 3));
        kill.workload = Some(it.key.clone());
        kill.container = Some(Name::new("main"));
        kill.code = Some(137);
        kill.scope = Some(OomScope::Limit);
        kill.limit_bytes = Some(256 * MIB);
        t.occurred(kill);
    }
    let mut deployed = Occurrence::once("deploy-42", OccurrenceKind::Deployed, it.key.clone(), ago(40));
    deployed.text = Some(Text::new("revision 42 by argocd, worker 2.8.4 to 2.9.0"));
    t.occurred(deployed);
    let saw: Vec<f64> = (0..32).map(|n| f64::from(60 + (n % 6) * 38) * MIB as f64).collect();
    t.measured(&pods[0], Metric::MemoryBytes, &saw);
    let orders = Queue {
        key: key("prod", Kind::Queue, "shop", "orders"),
        system: Name::new("rabbitmq"),
        consumers: vec![it.key.clone()],
        broker: None,
    };
    let depth: Vec<f64> = (0..40).map(|n| 4_000.0 + f64::from(n) * 928.5).collect();
    t.measured(&orders.key, Metric::QueueDepth, &depth);
    t.measured(&orders.key, Metric::QueueConsumers, &[0.0]);
    t.measured(&orders.key, Metric::QueueOldestSeconds, &[2340.0]);
    let calm = Queue { key: key("prod", Kind::Queue, "shop", "mails"), consumers: Vec::new(), ..orders.clone() };
    t.measured(&calm.key, Metric::QueueDepth, &[12.0, 9.0, 11.0, 8.0, 12.0]);
    t.measured(&calm.key, Metric::QueueConsumers, &[2.0]);
    t.put(
        "alerts",
        Object::Alert(Box::new(Alert {
            key: key("prod", Kind::Alert, "", "5c1f"),
            title: Name::new("QueueBacklog"),
            summary: Some(Text::new("orders has more than 10,000 messages for 15 minutes")),
            severity: Severity::Critical,
            state: AlertState::Firing,
            pages: true,
            about: Some(orders.key.clone()),
            since: Some(ago(22)),
            runbook: None,
            dashboard: None,
            silence: None,
        })),
    );
    t.put("queues", Object::Queue(Box::new(orders)));
    t.put("queues", Object::Queue(Box::new(calm)));
    t.workload("deployments", it);
}

/// A rollout that cannot pull its image; the old revision serves.
fn api(t: &mut Telling) {
    let mut it = workload(key("prod", Kind::Deployment, "shop", "api"), 4, "registry.example/shop/api:1.4.3");
    it.exposure = Exposure::Yes;
    it.revision = Some(Revision { id: Name::new("18"), images: Vec::new(), at: Some(ago(12)), by: None });
    it.rollout = Some(Rollout {
        phase: RolloutPhase::Progressing,
        message: None,
        started: Some(ago(12)),
        progressed: Some(ago(12)),
        deadline: Some(ago(-3)),
        from: Some(Name::new("17")),
        to: Some(Name::new("18")),
        updated: Some(1),
    });
    t.instances("pods", Kind::Pod, &it, 5, &["node-1", "node-2", "node-3"], |n, pod| {
        if n < 4 {
            pod.revision = Some(Name::new("17"));
            return;
        }
        pod.ready = false;
        pod.phase = Phase::Starting;
        pod.created = Some(ago(12));
        pod.since = pod.created;
        pod.reason = Some(Name::new("ImagePullBackOff"));
        let message = Text::new("Back-off pulling image \"registry.example/shop/api:1.4.3\": not found");
        pod.message = Some(message.clone());
        pod.containers[0].state =
            ContainerState::Waiting { reason: Name::new("ImagePullBackOff"), message: Some(message) };
    });
    let pod = key("prod", Kind::Pod, "shop", &format!("api-{}", suffix("api", 4)));
    let mut pull = Occurrence::once("pull-1", OccurrenceKind::PullFailure, pod, ago(1));
    pull.workload = Some(it.key.clone());
    pull.first = ago(12);
    pull.count = 9;
    pull.text = Some(Text::new("manifest for registry.example/shop/api:1.4.3 not found: manifest unknown"));
    pull.image = Some(Name::new("registry.example/shop/api:1.4.3"));
    t.occurred(pull);
    t.workload("deployments", it);
}

/// A readiness probe that fails on two of three.
fn checkout(t: &mut Telling) {
    let mut it = workload(key("prod", Kind::Deployment, "shop", "checkout"), 3, "registry.example/shop/checkout:5.0.1");
    it.exposure = Exposure::Yes;
    let mut failing = Vec::new();
    t.instances("pods", Kind::Pod, &it, 3, &["node-1", "node-2", "node-3"], |n, pod| {
        if n == 0 {
            return;
        }
        pod.ready = false;
        pod.containers[0].health = Some(Box::new(Health {
            status: HealthStatus::Unhealthy,
            streak: 31,
            output: Some(Text::new("HTTP 503: payment provider answers 429, 31 of 32 connections in use")),
            code: None,
            since: Some(ago(8)),
        }));
        failing.push(pod.key.clone());
    });
    for (n, pod) in failing.iter().enumerate() {
        let mut probe = Occurrence::once(format!("probe-{n}"), OccurrenceKind::ProbeFailure, pod.clone(), ago(0));
        probe.workload = Some(it.key.clone());
        probe.first = ago(8);
        probe.count = 31;
        probe.text = Some(Text::new("Readiness probe failed: HTTP probe failed with statuscode: 503"));
        t.occurred(probe);
    }
    t.workload("deployments", it);
}

/// A Nomad region with a job that finds no place.
pub fn nomad() -> Telling {
    let mut t = Telling::of("nomad-eu", BackendKind::Nomad, &["jobs", "allocations", "nodes"]);
    for name in ["eu-1", "eu-2", "eu-3"] {
        t.put("nodes", Object::Node(Box::new(node("nomad-eu", name))));
    }
    let charge =
        workload(key("nomad-eu", Kind::TaskGroup, "billing", "charge"), 2, "registry.example/billing/charge:88");
    let mut full = Occurrence::once("place-1", OccurrenceKind::SchedulingFailure, charge.key.clone(), ago(0));
    full.first = ago(7);
    full.count = 6;
    full.text = Some(Text::new("memory exhausted on 3 of 3 nodes"));
    t.occurred(full);
    let key = key("nomad-eu", Kind::Allocation, "billing", "charge[0]");
    let mut pending = Instance::new(key, "uid-charge", Some(charge.key.clone()), Phase::Pending);
    pending.created = Some(ago(7));
    pending.since = Some(ago(7));
    pending.message = Some(Text::new("memory exhausted on 3 of 3 nodes"));
    t.put("allocations", Object::Instance(Box::new(pending)));
    t.workload("jobs", charge);
    let ledger = workload(
        super::night::key("nomad-eu", Kind::TaskGroup, "billing", "ledger"),
        2,
        "registry.example/billing/ledger:12",
    );
    t.instances("allocations", Kind::Allocation, &ledger, 2, &["eu-1", "eu-2"], |_, _| {});
    t.workload("jobs", ledger);
    t
}

/// A Swarm with two managers.
pub fn swarm() -> Telling {
    let mut t = Telling::of("swarm", BackendKind::Docker, &["services", "tasks", "nodes", "containers"]);
    for (name, leader) in [("m-1", Some(true)), ("m-2", Some(false)), ("w-1", None)] {
        let mut it = node("swarm", name);
        it.manager = leader.map(|leader| Managership { leader, reachable: true });
        it.cordoned = name == "w-1";
        t.put("nodes", Object::Node(Box::new(it)));
    }
    for name in ["proxy", "intranet"] {
        let it = workload(key("swarm", Kind::Service, "web", name), 2, &format!("{name}:1.27"));
        t.instances("tasks", Kind::Task, &it, 2, &["m-1", "m-2"], |_, _| {});
        t.workload("services", it);
    }
    t
}

/// A company of one Swarm where nothing is wrong.
pub fn calm() -> Telling {
    let mut t = Telling::of("swarm", BackendKind::Docker, &["services", "tasks", "nodes", "containers"]);
    for (name, leader) in [("m-1", true), ("m-2", false), ("m-3", false)] {
        let mut it = node("swarm", name);
        it.manager = Some(Managership { leader, reachable: true });
        t.put("nodes", Object::Node(Box::new(it)));
    }
    for name in ["proxy", "intranet", "search"] {
        let it = workload(key("swarm", Kind::Service, "web", name), 3, &format!("{name}:1.27"));
        t.instances("tasks", Kind::Task, &it, 3, &["m-1", "m-2", "m-3"], |_, _| {});
        t.workload("services", it);
    }
    t
}

/// A Kubernetes cluster where nothing is wrong.
pub fn calm_prod() -> Telling {
    let kinds = ["deployments", "pods", "nodes", "events", "metrics"];
    let mut t = Telling::of("prod", BackendKind::Kubernetes, &kinds);
    for name in ["node-1", "node-2"] {
        t.put("nodes", Object::Node(Box::new(node("prod", name))));
    }
    let it = workload(key("prod", Kind::Deployment, "shop", "web"), 4, "registry.example/shop/web:1.9.3");
    t.instances("pods", Kind::Pod, &it, 4, &["node-1", "node-2"], |_, _| {});
    t.workload("deployments", it);
    t
}

/// The Kubernetes cluster, its nodes measured and one more on its way.
pub fn prod_measured() -> Telling {
    let mut t = prod();
    for (name, memory, cpu) in [("node-1", 5, 2600.0), ("node-2", 3, 900.0)] {
        let node = key("prod", Kind::Node, "", name);
        t.measured(&node, Metric::MemoryBytes, &[(memory * GIB) as f64]);
        t.measured(&node, Metric::CpuMillis, &[cpu]);
    }
    let coming = key("prod", Kind::NodeClaim, "", "default-rp626");
    let mut coming = Node::new(coming, "claim", NodeState::Coming);
    coming.since = Some(ago(1));
    t.put("nodes", Object::Node(Box::new(coming)));
    t
}

/// The busy cluster, of which nothing has been told but what its sources list.
pub fn prod_without_occurrences() -> Telling {
    let mut t = prod();
    t.facts.retain(|(kind, _)| !kind.is_empty());
    t
}

pub fn trouble(kind: TroubleKind, what: &str, mend: &str, minutes: i64) -> Trouble {
    let (what, mend) = (Text::new(what), Text::new(mend));
    Trouble { kind, what, mend, since: ago(minutes), retry_at: Some(ago(-1)) }
}

/// A core that expects these clusters and heard these batches.
pub fn core(clusters: &[&str], batches: Vec<Batch>) -> Core {
    let ids: Vec<ClusterId> = clusters.iter().map(|name| id(name)).collect();
    let mut core = Core::new(Settings::default(), Guard::default(), &ids, ago(0));
    batches.into_iter().for_each(|batch| core.fold(batch));
    core.settle_now(now());
    // What a rule holds back for a while has been so for long enough.
    let later = Timestamp::from_second(now().as_second() + 1).expect("in range");
    core.settle_now(later);
    core
}

/// The whole night.
pub fn night() -> Core {
    core(&["prod", "nomad-eu", "swarm"], vec![prod().batch(&[]), nomad().batch(&[]), swarm().batch(&[])])
}
