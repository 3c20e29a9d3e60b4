//! What goes wrong, made.

use cockpit::domain::*;

use super::super::place::*;

pub fn put(place: &mut Place, instance: Instance) {
    place.put(Object::Instance(Box::new(instance)));
}

pub fn waits(place: &mut Place, name: &str, reason: &str, message: &str) -> Workload {
    let workload = place.workload(Kind::Deployment, name, 1);
    place.put(Object::Workload(Box::new(workload.clone())));
    let mut it = place.instance(&workload, 0);
    (it.phase, it.ready, it.since, it.created) = (Phase::Starting, false, Some(at(-720)), Some(at(-720)));
    it.containers[0].state = waiting(reason, message);
    put(place, it);
    workload
}

pub fn ends(
    place: &mut Place,
    kind: Kind,
    code: i32,
    ago: i64,
    ran: i64,
    change: impl FnOnce(&mut Workload, &mut Instance),
) {
    let mut workload = place.workload(kind, "job", 1);
    workload.restart_policy = RestartPolicy::No;
    workload.desired = Desired::Unknown;
    let mut it = place.instance(&workload, 0);
    (it.phase, it.ready, it.since) = (Phase::Failed, false, Some(at(-ago)));
    it.containers[0].state = ContainerState::Ended(exit(code, ExitReason::Error, ago, ran));
    change(&mut workload, &mut it);
    place.put(Object::Workload(Box::new(workload)));
    put(place, it);
}

pub fn oom(place: &mut Place, times: i64, every: i64, change: impl Fn(&mut Occurrence)) -> Workload {
    let workload = place.workload(Kind::Deployment, "worker", 1);
    place.put(Object::Workload(Box::new(workload.clone())));
    let it = place.instance(&workload, 0);
    for n in (0..times).rev() {
        place.occurred(OccurrenceKind::OomKill, &it, 10 + n * every, |event| {
            (event.scope, event.limit_bytes, event.code) = (Some(OomScope::Limit), Some(256 << 20), Some(137));
            change(event);
        });
    }
    put(place, it);
    workload
}

pub fn rollout(
    place: &mut Place,
    kind: Kind,
    wanted: u32,
    ready: u32,
    phase: RolloutPhase,
    change: impl FnOnce(&mut Rollout),
) -> Workload {
    let mut workload = place.workload(kind, "api", wanted);
    workload.reported = Some(Reported { ready, updated: 1, total: wanted + 1 });
    let mut rollout = Rollout {
        phase,
        message: None,
        started: Some(at(-720)),
        progressed: Some(at(-720)),
        deadline: None,
        from: Some("41".into()),
        to: Some("42".into()),
        updated: Some(1),
    };
    change(&mut rollout);
    workload.rollout = Some(rollout);
    place.put(Object::Workload(Box::new(workload.clone())));
    workload
}

/// A rollout that last got on twelve minutes ago, of what has to be ready for so long before the next one follows.
pub fn settling(place: &mut Place, min_ready_seconds: u32, ready: bool) {
    let mut workload = rollout(place, Kind::Deployment, 2, 2, RolloutPhase::Progressing, |_| {});
    (workload.min_ready_seconds, workload.revision) = (min_ready_seconds, None);
    place.put(Object::Workload(Box::new(workload.clone())));
    for n in 0..3 {
        let mut it = place.instance(&workload, n);
        it.ready = ready || n < 2;
        put(place, it);
    }
}

pub fn unhealthy(place: &mut Place, status: HealthStatus, phase: Phase) {
    let workload = place.workload(Kind::ComposeService, "web", 1);
    place.put(Object::Workload(Box::new(workload.clone())));
    let mut it = place.instance(&workload, 0);
    (it.ready, it.phase) = (false, phase);
    it.containers[0].health = Some(Box::new(Health {
        status,
        streak: 5,
        output: Some("HTTP 503".into()),
        code: Some(1),
        since: Some(at(-300)),
    }));
    put(place, it);
}

pub fn manager(place: &mut Place, name: &str, reachable: bool) {
    let mut node = place.node(name, if reachable { NodeState::Ready } else { NodeState::Down });
    node.manager = Some(Managership { leader: name == "m0", reachable });
    place.put(Object::Node(Box::new(node)));
}

/// Servers of a region, of which the first leads.
pub fn servers(place: &mut Place, well: &[bool], tolerance: u32, has_quorum: bool) {
    let mut info = ClusterInfo::new(&place.cluster, BackendKind::Nomad, "nomad:eu");
    (info.has_quorum, info.failure_tolerance) = (Some(has_quorum), Some(tolerance));
    let server = |(n, well): (usize, &bool)| Server {
        name: format!("s{}", n + 1).as_str().into(),
        leader: n == 0 && has_quorum,
        voter: true,
        healthy: Some(*well),
        since: Some(at(-120)),
    };
    info.servers = well.iter().enumerate().map(server).collect();
    place.put(Object::Cluster(Box::new(info)));
}

pub fn cron(place: &mut Place, cron: &str, period: u64, success_ago: Option<i64>) {
    let mut workload = place.workload(Kind::CronJob, "backup", 1);
    workload.desired = Desired::Scheduled;
    workload.schedule = Some(Schedule {
        cron: cron.into(),
        period_seconds: period,
        suspended: false,
        last_run: Some(at(-600)),
        last_success: success_ago.map(|ago| at(-ago)),
    });
    place.put(Object::Workload(Box::new(workload)));
}

pub fn queue(place: &mut Place, depths: &[f64], consumers: f64) {
    let key = place.key(Kind::Queue, "orders");
    place.put(Object::Queue(Box::new(Queue {
        key: key.clone(),
        system: "rabbitmq".into(),
        consumers: Vec::new(),
        broker: None,
    })));
    for (minute, depth) in depths.iter().rev().enumerate() {
        place.measured(&key, Metric::QueueDepth, minute as i64 * 60, *depth);
        place.measured(&key, Metric::QueueConsumers, minute as i64 * 60, consumers);
    }
}

pub fn pool(place: &mut Place, used: f64) {
    let key = place.key(Kind::Endpoint, "db");
    let (serves, exposure) = (Vec::new(), Exposure::No);
    place.put(Object::Endpoint(Box::new(Endpoint {
        key: key.clone(),
        serves,
        ready: 1,
        exposure,
        pool: true,
        check: None,
        not_ready: 0,
        selector: None,
    })));
    place.measured(&key, Metric::ConnectionsUsed, 30, used);
    place.measured(&key, Metric::ConnectionsMax, 30, 100.0);
}

pub fn disk(place: &mut Place, free: u64) {
    place.put(Object::Cluster(Box::new(ClusterInfo {
        disk_total_bytes: Some(200 << 30),
        disk_free_bytes: Some(free),
        disk_path: Some("/var/lib/docker".into()),
        ..ClusterInfo::new(&place.cluster, BackendKind::Docker, "id")
    })));
}

pub fn volume(place: &mut Place, state: &str) {
    let key = place.key(Kind::Volume, "data");
    let volume = Volume {
        key,
        driver: None,
        state: Some(state.into()),
        message: Some("no provisioner".into()),
        size_bytes: None,
    };
    place.put(Object::Volume(Box::new(volume)));
}

pub fn database(place: &mut Place, kind: MountKind) {
    let mut workload = place.healthy(Kind::ComposeService, "db", 1);
    workload.containers[0].image = "postgres:16".into();
    workload.containers[0].mounts = vec![mount("/var/lib/postgresql/data", kind, None)];
    place.put(Object::Workload(Box::new(workload)));
}

pub fn swarm_volume(place: &mut Place, replicas: u32, placed: bool) {
    for name in ["n1", "n2"] {
        let node = place.node(name, NodeState::Ready);
        place.put(Object::Node(Box::new(node)));
    }
    let mut workload = place.healthy(Kind::Service, "files", replicas);
    workload.containers[0].mounts = vec![mount("/srv", MountKind::NamedVolume, Some("local"))];
    workload.placed = placed;
    place.put(Object::Workload(Box::new(workload)));
}

pub fn ready_lies(place: &mut Place, ran: i64, what: &str) {
    let mut workload = place.workload(Kind::Deployment, "search", 1);
    let probe = |kind, what: &str| Probe {
        kind,
        what: what.into(),
        period_seconds: 10,
        timeout_seconds: 1,
        threshold: 3,
        grace_seconds: 0,
    };
    workload.containers[0].probes = vec![probe(ProbeKind::Readiness, "GET /healthz"), probe(ProbeKind::Liveness, what)];
    place.put(Object::Workload(Box::new(workload.clone())));
    let mut it = place.instance(&workload, 0);
    it.containers[0].restarts = 2;
    it.containers[0].last_exit = Some(exit(1, ExitReason::Error, 20, ran));
    put(place, it);
}

pub fn practice(place: &mut Place, good: bool) {
    let mut workload = place.healthy(Kind::ComposeService, "web", 1);
    let spec = &mut workload.containers[0];
    if good {
        let (what, period_seconds) = ("CMD true".into(), 30);
        let (timeout_seconds, threshold, grace_seconds) = (30, 3, 0);
        spec.probes =
            vec![Probe { kind: ProbeKind::Health, what, period_seconds, timeout_seconds, threshold, grace_seconds }];
        spec.memory_limit_bytes = Some(1 << 30);
    } else {
        workload.restart_policy = RestartPolicy::No;
    }
    spec.log = Some(LogDriver { driver: "json-file".into(), bounded: good });
    place.put(Object::Workload(Box::new(workload)));
}

pub fn memory(place: &mut Place, percent: f64) {
    let workload = place.healthy(Kind::ComposeService, "cache", 1);
    let mut it = place.instance(&workload, 0);
    it.containers[0].memory_limit_bytes = Some(256 << 20);
    let key = it.key.clone();
    put(place, it);
    place.measured(&key, Metric::MemoryBytes, 30, (256 << 20) as f64 * percent / 100.0);
}

pub fn pending(place: &mut Place, message: &str, ago: i64) {
    let workload = place.workload(Kind::TaskGroup, "charge", 1);
    place.put(Object::Workload(Box::new(workload.clone())));
    let mut it = place.instance(&workload, 0);
    (it.phase, it.ready, it.since, it.created) = (Phase::Pending, false, Some(at(-ago)), Some(at(-ago)));
    it.message = (!message.is_empty()).then(|| message.into());
    it.containers.clear();
    put(place, it);
}

/// containerd's words for a command that is not in the image.
pub const START_ERROR: &str = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create \
                               failed: unable to start container process: exec: \"serve\": executable file not found in $PATH: unknown";

/// One of two pods that runs for so long, with a readiness probe, and is not ready for this reason.
pub fn gated(place: &mut Place, runs_since: i64, reason: &str) {
    let workload = probed(place, 2);
    for n in 0..2 {
        let mut it = place.instance(&workload, n);
        if n == 1 {
            (it.ready, it.created, it.since) = (false, Some(at(runs_since)), Some(at(runs_since)));
            it.containers[0].state = ContainerState::Running { since: Some(at(runs_since)) };
            it.reason = Some(Name::new(reason));
            it.message = Some("target-health.example/web is False (Target registration is in progress)".into());
        }
        put(place, it);
    }
}

/// A pod that was restarted five times within three minutes and waits for the next time.
pub fn looping(place: &mut Place, change: impl FnOnce(&mut Container)) -> Instance {
    let workload = place.workload(Kind::Deployment, "api", 1);
    place.put(Object::Workload(Box::new(workload.clone())));
    let mut it = place.instance(&workload, 0);
    (it.phase, it.ready, it.created) = (Phase::Restarting, false, Some(at(-190)));
    it.containers[0].restarts = 5;
    it.containers[0].state = waiting("CrashLoopBackOff", "");
    change(&mut it.containers[0]);
    put(place, it.clone());
    it
}

pub fn probe(kind: ProbeKind, what: &str, period_seconds: u32, threshold: u32) -> Probe {
    Probe { kind, what: what.into(), period_seconds, timeout_seconds: 1, threshold, grace_seconds: 0 }
}

/// A Deployment with a readiness probe.
pub fn probed(place: &mut Place, wanted: u32) -> Workload {
    let mut workload = place.workload(Kind::Deployment, "api", wanted);
    workload.containers[0].probes = vec![probe(ProbeKind::Readiness, "GET :8080/ready", 10, 3)];
    place.put(Object::Workload(Box::new(workload.clone())));
    workload
}

/// A container that its liveness probe ends `ran` seconds after each start.
pub fn liveness_kills(place: &mut Place, ran: i64) {
    let mut workload = place.workload(Kind::Deployment, "api", 1);
    workload.containers[0].probes = vec![probe(ProbeKind::Liveness, "GET :8080/live", 10, 3)];
    place.put(Object::Workload(Box::new(workload.clone())));
    let mut it = place.instance(&workload, 0);
    (it.ready, it.created) = (false, Some(at(-200)));
    it.containers[0].restarts = 3;
    it.containers[0].state = ContainerState::Running { since: Some(at(-4)) };
    it.containers[0].last_exit = Some(exit(137, ExitReason::Error, 5, ran));
    place.occurred(OccurrenceKind::ProbeFailure, &it, 6, |event| {
        event.text = Some("Liveness probe failed: HTTP probe failed with statuscode: 500".into());
    });
    put(place, it);
}

/// A rollout whose new pod waits for memory, in a cluster whose largest hole is 300 MiB.
pub fn surge(place: &mut Place, needs_mib: u64) {
    let workload =
        rollout(place, Kind::Deployment, 2, 2, RolloutPhase::Progressing, |it| it.progressed = Some(at(-90)));
    for (name, used) in [("a", 900), ("b", 724), ("gpu", 0)] {
        let mut node = place.node(name, NodeState::Ready);
        node.memory_bytes = Some(1024 << 20);
        let taint = Taint { key: "gpu".into(), value: Some("a100".into()), effect: "NoSchedule".into() };
        node.taints.extend((name == "gpu").then_some(taint));
        place.put(Object::Node(Box::new(node.clone())));
        let mut it = place.instance(&workload, used as u32);
        (it.node, it.memory_request_bytes) = (Some(node.key), used << 20);
        put(place, it);
    }
    let mut it = place.instance(&workload, 9);
    (it.phase, it.ready, it.created, it.since) = (Phase::Pending, false, Some(at(-90)), Some(at(-90)));
    it.memory_request_bytes = needs_mib << 20;
    it.message = Some(match needs_mib {
        512 => "0/3 nodes are available: 3 Insufficient memory.".into(),
        _ => "0/3 nodes are available: 2 Insufficient memory, 1 node(s) had untolerated taint {gpu: a100}.".into(),
    });
    put(place, it);
}

/// A pod for which there is no room, since so long.
pub fn unplaced(place: &mut Place, ago: i64) -> Instance {
    let workload = place.workload(Kind::Deployment, "batch", 1);
    place.put(Object::Workload(Box::new(workload.clone())));
    let mut it = place.instance(&workload, 0);
    (it.phase, it.ready, it.created, it.since) = (Phase::Pending, false, Some(at(-ago)), Some(at(-ago)));
    it.message = Some("0/3 nodes are available: 3 Insufficient memory.".into());
    put(place, it.clone());
    it
}

/// The same, and what an autoscaler said of it so long ago.
pub fn scaled_up(place: &mut Place, ago: i64, said: &str) {
    let it = unplaced(place, 950);
    place.occurred(OccurrenceKind::Changed, &it, ago, |event| event.text = Some(said.into()));
}

/// A node that is on its way.
pub fn coming(place: &mut Place, since: i64, message: Option<&str>) {
    let mut node = Node::new(place.key(Kind::NodeClaim, "default-a"), "c", NodeState::Coming);
    (node.since, node.message) = (Some(at(since)), message.map(Into::into));
    place.put(Object::Node(Box::new(node)));
}

pub fn autoscaler(place: &mut Place, target: &Ref, change: impl FnOnce(&mut Autoscaler)) {
    let mut it = Autoscaler {
        key: place.key(Kind::Autoscaler, "api"),
        target: target.clone(),
        least: 2,
        most: 10,
        current: 3,
        desired: 3,
        active: Some(true),
        message: None,
        limited: None,
        fallback: false,
        scaled_at: None,
        measures: Vec::new(),
    };
    change(&mut it);
    place.put(Object::Autoscaler(Box::new(it)));
}

/// Something of the platform, with so many ready.
pub fn platform(place: &mut Place, kind: Kind, name: &str, desired: Desired, ready: u32) {
    let mut workload = place.workload(kind, name, 0);
    workload.desired = desired;
    workload.reported = Some(Reported { ready, updated: 0, total: 0 });
    place.put(Object::Workload(Box::new(workload)));
    place.look();
    place.pass(120);
}

pub fn kubernetes(place: &mut Place, version: &str) {
    place.put(Object::Cluster(Box::new(ClusterInfo {
        version: Some(version.into()),
        ..ClusterInfo::new(&place.cluster, BackendKind::Kubernetes, "id")
    })));
}

/// Nodes of so many GiB each, with pods that ask for so many.
pub fn fleet(place: &mut Place, asked: &[u64], of: u64) {
    kubernetes(place, "v1.34.4");
    let workload = place.workload(Kind::Deployment, "web", 0);
    place.put(Object::Workload(Box::new(workload.clone())));
    for (n, (asked, name)) in asked.iter().zip(["a", "b", "c"]).enumerate() {
        let mut node = place.node(name, NodeState::Ready);
        node.memory_bytes = Some(of << 30);
        place.put(Object::Node(Box::new(node.clone())));
        let mut it = place.instance(&workload, n as u32);
        (it.node, it.memory_request_bytes) = (Some(node.key), asked << 30);
        put(place, it);
    }
    place.look();
    place.pass(minutes(12));
}

pub fn versions(place: &mut Place, kubelets: &[&str]) {
    kubernetes(place, "v1.34.4");
    for (n, version) in kubelets.iter().enumerate() {
        let version = Some(format!("kubelet {version}, containerd 1.7.20").into());
        let node = Node { version, ..place.node(&format!("n{n}"), NodeState::Ready) };
        place.put(Object::Node(Box::new(node)));
    }
}

/// A node whose kernel killed something so long ago.
pub fn node_oom(place: &mut Place, ago: i64) -> Ref {
    let node = place.node("n1", NodeState::Ready);
    place.put(Object::Node(Box::new(node.clone())));
    let mut event = Occurrence::once("oom-1", OccurrenceKind::OomKill, node.key.clone(), at(-ago));
    event.text = Some("System OOM encountered, victim process: java, pid: 42".into());
    event.scope = Some(OomScope::Host);
    place.tell(vec![Fact::Occurred(Box::new(event))]);
    node.key
}

pub fn suspended(place: &mut Place, days: i64) {
    let mut workload = place.workload(Kind::CronJob, "backup", 1);
    workload.desired = Desired::Scheduled;
    let (last_run, cron) = (Some(at(-86_400 * days)), "0 2 * * *".into());
    workload.schedule =
        Some(Schedule { cron, period_seconds: 86_400, suspended: true, last_run, last_success: last_run });
    place.put(Object::Workload(Box::new(workload)));
}

pub fn pod_database(place: &mut Place, kind: Kind, wanted: u32) {
    let mut workload = place.healthy(kind, "db", wanted);
    workload.containers[0].image = "postgres:16".into();
    workload.containers[0].mounts = vec![mount("/var/lib/postgresql/data", MountKind::Claim, None)];
    place.put(Object::Workload(Box::new(workload)));
}

/// A Service of users without an address that is ready, looked at for a while.
pub fn service(place: &mut Place, change: impl FnOnce(&mut Place, &mut Endpoint)) {
    let (key, exposure) = (place.key(Kind::Endpoint, "www"), Exposure::Yes);
    let mut it = Endpoint {
        key,
        serves: Vec::new(),
        ready: 0,
        not_ready: 0,
        selector: Some("app=web".into()),
        exposure,
        pool: false,
        check: None,
    };
    change(place, &mut it);
    place.put(Object::Endpoint(Box::new(it)));
    place.look();
    place.pass(60);
}

/// The same in the first moments of what serves it: two pods that were created so many seconds ago and are not ready.
pub fn just_created(place: &mut Place, ago: i64) {
    let mut workload = place.workload(Kind::Deployment, "web", 2);
    workload.created = Some(at(-ago));
    place.put(Object::Workload(Box::new(workload.clone())));
    for ix in 0..2 {
        let mut it = place.instance(&workload, ix);
        (it.ready, it.phase, it.created) = (false, Phase::Starting, Some(at(-ago)));
        put(place, it);
    }
    let (key, serves) = (place.key(Kind::Endpoint, "www"), vec![workload.key]);
    let selector = Some("app=web".into());
    let it =
        Endpoint { key, serves, ready: 0, not_ready: 2, selector, exposure: Exposure::Yes, pool: false, check: None };
    place.put(Object::Endpoint(Box::new(it)));
    place.look();
}

pub fn ingress(place: &mut Place, backends: &[&str]) {
    way_in(place, Kind::Ingress, backends);
}

/// An Ingress or a route that leads to these Services.
pub fn way_in(place: &mut Place, kind: Kind, backends: &[&str]) {
    let (key, exposure) = (place.key(kind, "front"), Exposure::Yes);
    let serves = backends.iter().map(|name| place.key(Kind::Endpoint, name)).collect();
    let it = Endpoint { key, serves, ready: 0, not_ready: 0, selector: None, exposure, pool: false, check: None };
    place.put(Object::Endpoint(Box::new(it)));
    place.look();
    place.pass(60);
}

/// An Argo CD application in order, but for what is changed of it; looked at for a while.
pub fn application(place: &mut Place, change: impl FnOnce(&mut Application)) {
    let mut it = Application {
        key: place.key(Kind::Application, "shop"),
        keeps: Vec::new(),
        place: Some("https://git.example/shop prod".into()),
        automated: true,
        syncing: false,
        sync: Some("Synced".into()),
        differs: Vec::new(),
        differing: 0,
        health: Some("Healthy".into()),
        health_since: None,
        unwell: Vec::new(),
        failed: None,
        failed_at: None,
        error: None,
        error_since: None,
    };
    change(&mut it);
    place.put(Object::Application(Box::new(it)));
    place.look();
    place.pass(60);
}

/// A Deployment that users reach by a Service, as it should be or not.
pub fn pod_practice(place: &mut Place, good: bool, wanted: u32) {
    place.tell(vec![Fact::Listed(Source::of("poddisruptionbudgets"))]);
    let mut workload = place.healthy(Kind::Deployment, "web", wanted);
    workload.exposure = Exposure::Yes;
    let spec = &mut workload.containers[0];
    spec.probes = vec![probe(ProbeKind::Liveness, "GET :8080/live", 10, 3)];
    if good {
        spec.probes.push(probe(ProbeKind::Readiness, "GET :8080/ready", 10, 3));
        spec.memory_request_bytes = Some(1 << 28);
        let (key, covers) = (place.key(Kind::Budget, "web"), vec![workload.key.clone()]);
        let (allowed, healthy, wanted, expected) = (1, 2, 1, 2);
        place.put(Object::Budget(Box::new(Budget { key, covers, allowed, healthy, wanted, expected, says: None })));
    }
    let serves = vec![workload.key.clone()];
    place.put(Object::Workload(Box::new(workload)));
    let key = place.key(Kind::Endpoint, "web");
    let (exposure, selector) = (Exposure::Yes, Some("app=web".into()));
    place.put(Object::Endpoint(Box::new(Endpoint {
        key,
        serves,
        ready: 1,
        not_ready: 0,
        selector,
        exposure,
        pool: false,
        check: None,
    })));
}
