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
        not_ready: 0,
        selector: None,
    })));
    place.measured(&key, Metric::ConnectionsUsed, 30, used);
    place.measured(&key, Metric::ConnectionsMax, 30, 100.0);
}

pub fn disk(place: &mut Place, free: u64) {
    let key = ClusterInfo::key_of(&place.cluster);
    place.put(Object::Cluster(Box::new(ClusterInfo {
        key,
        backend: BackendKind::Docker,
        identity: "id".into(),
        version: None,
        reached: None,
        has_quorum: None,
        disk_total_bytes: Some(200 << 30),
        disk_free_bytes: Some(free),
        disk_path: Some("/var/lib/docker".into()),
    })));
}

pub fn volume(place: &mut Place, state: &str) {
    let key = place.key(Kind::Volume, "data");
    let volume = Volume { key, driver: None, state: Some(state.into()), message: Some("no provisioner".into()) };
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
