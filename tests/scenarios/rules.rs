//! Each rule speaks where it should, in the words that a person reads, and is silent where it should be.

use std::collections::{BTreeMap, BTreeSet};

use cockpit::diagnose::rules;
use cockpit::domain::*;

use super::place::*;

/// A world, and the rule that speaks in it with these words; or must not.
struct Case {
    rule: &'static str,
    name: &'static str,
    /// What the summary is, where the rule is to speak.
    says: Option<&'static str>,
    build: fn(&mut Place),
}

macro_rules! cases {
    ($($rule:literal, $name:literal, $says:expr, |$place:ident| $body:block)+) => {
        const CASES: &[Case] = &[$(Case { rule: $rule, name: $name, says: $says, build: |$place| $body }),+];
    };
}

fn put(place: &mut Place, instance: Instance) {
    place.put(Object::Instance(Box::new(instance)));
}

fn waits(place: &mut Place, name: &str, reason: &str, message: &str) -> Workload {
    let workload = place.workload(Kind::Deployment, name, 1);
    place.put(Object::Workload(Box::new(workload.clone())));
    let mut it = place.instance(&workload, 0);
    (it.phase, it.ready, it.since, it.created) = (Phase::Starting, false, Some(at(-720)), Some(at(-720)));
    it.containers[0].state = waiting(reason, message);
    put(place, it);
    workload
}

fn ends(
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

fn oom(place: &mut Place, times: i64, every: i64, change: impl Fn(&mut Occurrence)) -> Workload {
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

fn rollout(
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

fn unhealthy(place: &mut Place, status: HealthStatus, phase: Phase) {
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

fn manager(place: &mut Place, name: &str, reachable: bool) {
    let mut node = place.node(name, if reachable { NodeState::Ready } else { NodeState::Down });
    node.manager = Some(Managership { leader: name == "m0", reachable });
    place.put(Object::Node(Box::new(node)));
}

fn cron(place: &mut Place, cron: &str, period: u64, success_ago: Option<i64>) {
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

fn queue(place: &mut Place, depths: &[f64], consumers: f64) {
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

fn pool(place: &mut Place, used: f64) {
    let key = place.key(Kind::Endpoint, "db");
    let (serves, exposure) = (Vec::new(), Exposure::No);
    place.put(Object::Endpoint(Box::new(Endpoint { key: key.clone(), serves, ready: 1, exposure, pool: true })));
    place.measured(&key, Metric::ConnectionsUsed, 30, used);
    place.measured(&key, Metric::ConnectionsMax, 30, 100.0);
}

fn disk(place: &mut Place, free: u64) {
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

fn volume(place: &mut Place, state: &str) {
    let key = place.key(Kind::Volume, "data");
    let volume = Volume { key, driver: None, state: Some(state.into()), message: Some("no provisioner".into()) };
    place.put(Object::Volume(Box::new(volume)));
}

fn database(place: &mut Place, kind: MountKind) {
    let mut workload = place.healthy(Kind::ComposeService, "db", 1);
    workload.containers[0].image = "postgres:16".into();
    workload.containers[0].mounts = vec![mount("/var/lib/postgresql/data", kind, None)];
    place.put(Object::Workload(Box::new(workload)));
}

fn swarm_volume(place: &mut Place, replicas: u32, placed: bool) {
    for name in ["n1", "n2"] {
        let node = place.node(name, NodeState::Ready);
        place.put(Object::Node(Box::new(node)));
    }
    let mut workload = place.healthy(Kind::Service, "files", replicas);
    workload.containers[0].mounts = vec![mount("/srv", MountKind::NamedVolume, Some("local"))];
    workload.placed = placed;
    place.put(Object::Workload(Box::new(workload)));
}

fn ready_lies(place: &mut Place, ran: i64, what: &str) {
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

fn practice(place: &mut Place, good: bool) {
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

fn memory(place: &mut Place, percent: f64) {
    let workload = place.healthy(Kind::ComposeService, "cache", 1);
    let mut it = place.instance(&workload, 0);
    it.containers[0].memory_limit_bytes = Some(256 << 20);
    let key = it.key.clone();
    put(place, it);
    place.measured(&key, Metric::MemoryBytes, 30, (256 << 20) as f64 * percent / 100.0);
}

fn pending(place: &mut Place, message: &str, ago: i64) {
    let workload = place.workload(Kind::TaskGroup, "charge", 1);
    place.put(Object::Workload(Box::new(workload.clone())));
    let mut it = place.instance(&workload, 0);
    (it.phase, it.ready, it.since, it.created) = (Phase::Pending, false, Some(at(-ago)), Some(at(-ago)));
    it.message = (!message.is_empty()).then(|| message.into());
    it.containers.clear();
    put(place, it);
}

cases! {
    "oom-killed", "at its limit, in a loop", Some("OOM-killed at its 256 MiB limit, 14 times in 39 min"), |place| {
        oom(place, 14, 180, |_| {});
    }
    "oom-killed", "the host ran out", Some("OOM-killed: the host ran out of memory"), |place| {
        oom(place, 1, 0, |event| event.scope = Some(OomScope::Host));
    }
    "oom-killed", "which memory is unknown", Some("perhaps OOM-killed: which memory ran out is not known (it has no limit)"), |place| {
        oom(place, 1, 0, |event| {
            (event.scope, event.limit_bytes, event.certainty) = (None, None, Certainty::Suspected);
        });
    }
    "oom-killed", "ended by it and left so", Some("OOM-killed: its 256 MiB limit or the host's memory, which is not known; not started again"), |place| {
        ends(place, Kind::ComposeService, 137, 600, 300, |_, it| {
            it.containers[0].state = ContainerState::Ended(exit(137, ExitReason::OomKilled, 600, 300));
            it.containers[0].memory_limit_bytes = Some(256 << 20);
        });
    }
    "oom-killed", "exit 137 that was no OOM", None, |place| { ends(place, Kind::ComposeService, 137, 60, 300, |_, _| {}); }
    "oom-killed", "once, an hour ago, and well since", None, |place| {
        let workload = place.healthy(Kind::Deployment, "worker", 1);
        let it = place.instance(&workload, 0);
        place.occurred(OccurrenceKind::OomKill, &it, 3600, |_| {});
    }

    "oom-killed", "a process in it, which runs on", Some("a process in it is OOM-killed at its 256 MiB limit, 3 times in 2 min; the container runs on"), |place| {
        oom(place, 3, 60, |event| event.code = None);
    }
    "oom-killed", "restarted more often than is remembered", Some("OOM-killed at its 256 MiB limit, restarted 23 times in 14 min"), |place| {
        let workload = oom(place, 1, 0, |_| {});
        let mut it = place.instance(&workload, 0);
        (it.phase, it.ready, it.created) = (Phase::Restarting, false, Some(at(-900)));
        it.containers[0].restarts = 23;
        it.containers[0].state = waiting("restarting", "");
        it.containers[0].last_exit = Some(exit(137, ExitReason::OomKilled, 10, 1));
        it.containers[0].memory_limit_bytes = Some(256 << 20);
        put(place, it);
    }

    "memory-near-limit", "almost full", Some("uses 95 % of its 256 MiB memory limit"), |place| { memory(place, 95.2); }
    "memory-near-limit", "half full", None, |place| { memory(place, 50.0); }

    "crash-loop", "restarting again and again, with its last line",
    Some("exits with 1 again and again (restarted 5 times in 3 min): Error: DB_URL is not set"), |place| {
        let workload = place.workload(Kind::ComposeService, "web", 1);
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        (it.phase, it.ready, it.created) = (Phase::Restarting, false, Some(at(-190)));
        it.containers[0].restarts = 5;
        it.containers[0].state = waiting("restarting", "");
        it.containers[0].last_exit = Some(exit(1, ExitReason::Error, 5, 1));
        put(place, it);
        place.look();
        let want = place.diagnosis.wants().iter().next().expect("the last lines are wanted").clone();
        place.tell(vec![Fact::Answered(want, Answer::Lines(vec!["Error: DB_URL is not set".into(), "bye".into()]))]);
    }
    "crash-loop", "tasks that fail one after the other", Some("is killed by SIGSYS (159) again and again (3 times in 40 s)"), |place| {
        let workload = place.workload(Kind::Service, "web", 1);
        place.put(Object::Workload(Box::new(workload.clone())));
        for n in 0..3 {
            let mut it = place.instance(&workload, n);
            (it.phase, it.ready, it.desired) = (Phase::Failed, false, DesiredState::Stop);
            it.containers[0].state = ContainerState::Ended(exit(159, ExitReason::Error, 5 + i64::from(n) * 20, 2));
            put(place, it);
        }
    }
    "crash-loop", "restarted thrice in a year", None, |place| {
        let workload = place.workload(Kind::ComposeService, "web", 1);
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        it.created = Some(at(-86_400 * 300));
        it.containers[0].restarts = 3;
        it.containers[0].last_exit = Some(exit(1, ExitReason::Error, 60, 86_400));
        put(place, it);
    }

    "exited", "a service that failed", Some("failed with exit 3 after 2 h, and nothing restarts it"), |place| {
        ends(place, Kind::ComposeService, 3, 600, 7200, |_, _| {});
    }
    "exited", "a command that is not there", Some("could not start: command not found (127), and nothing restarts it"), |place| {
        ends(place, Kind::ComposeService, 127, 600, 0, |_, it| {
            it.containers[0].state = ContainerState::Ended(exit(127, ExitReason::CannotRun, 600, 0));
        });
    }
    "exited", "a lone container that had run", Some("was killed by SIGKILL (137) after 2 h, and nothing restarts it"), |place| {
        ends(place, Kind::Container, 137, 600, 7200, |_, _| {});
    }
    "exited", "a run by hand", None, |place| { ends(place, Kind::Container, 1, 60, 2, |_, _| {}); }
    "exited", "two days ago", None, |place| { ends(place, Kind::ComposeService, 1, 172_800, 600, |_, _| {}); }
    "exited", "stopped by a person", None, |place| {
        ends(place, Kind::ComposeService, 137, 60, 600, |_, it| it.desired = DesiredState::Stop);
    }
    "exited", "compose run", None, |place| { ends(place, Kind::ComposeService, 1, 60, 600, |it, _| it.one_off = true); }

    "stop-timeout", "SIGTERM, then 137", Some("ignored SIGTERM for its 10 s stop timeout and was killed (137)"), |place| {
        let workload = place.healthy(Kind::ComposeService, "slow", 1);
        let it = place.instance(&workload, 0);
        place.occurred(OccurrenceKind::StopTimeout, &it, 120, |_| {});
    }
    "stop-timeout", "stopped in time", None, |place| {
        ends(place, Kind::ComposeService, 143, 60, 600, |_, it| {
            it.desired = DesiredState::Stop;
            it.containers[0].state = ContainerState::Ended(exit(143, ExitReason::Stopped, 60, 600));
        });
    }

    "unhealthy", "the check fails", Some("unhealthy, 5 checks in a row: HTTP 503"), |place| {
        unhealthy(place, HealthStatus::Unhealthy, Phase::Running);
    }
    "unhealthy", "a probe takes a pod out", Some("not ready, its probe fails: Readiness probe failed: HTTP probe failed with statuscode: 503"), |place| {
        let workload = place.workload(Kind::Deployment, "web", 1);
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        it.ready = false;
        place.occurred(OccurrenceKind::ProbeFailure, &it, 20, |event| {
            event.text = Some("Readiness probe failed: HTTP probe failed with statuscode: 503".into());
        });
        put(place, it);
    }
    "unhealthy", "still starting", None, |place| { unhealthy(place, HealthStatus::Starting, Phase::Running); }
    "unhealthy", "being stopped", None, |place| { unhealthy(place, HealthStatus::Unhealthy, Phase::Stopping); }

    "probe-lies", "ready, then gone within a minute",
    Some("says it is ready, then ends within 8 s, over and over: its readiness check may ask too little (GET /healthz)"), |place| {
        ready_lies(place, 8, "GET /livez");
    }
    "probe-lies", "readiness asks what liveness asks",
    Some("says it is ready, then ends within 8 s, over and over: readiness asks the same as liveness (GET /healthz)"), |place| {
        ready_lies(place, 8, "GET /healthz");
    }
    "probe-lies", "it ran for hours", None, |place| { ready_lies(place, 9000, "GET /healthz"); }

    "image-pull", "not found", Some("cannot pull shop/app:1: not found"), |place| {
        waits(place, "api", "ImagePullBackOff", "manifest unknown");
    }
    "image-pull", "while the old ones serve, with a countdown",
    Some("rollout stuck: cannot pull shop/app:1: not found; gives up in 3 min"), |place| {
        let workload = rollout(place, Kind::Deployment, 4, 4, RolloutPhase::Progressing, |it| it.deadline = Some(at(180)));
        let mut it = place.instance(&workload, 9);
        (it.phase, it.ready) = (Phase::Starting, false);
        it.containers[0].state = waiting("ErrImagePull", "not found");
        put(place, it);
    }
    "image-pull", "a pull that stalls", Some("pulling shop/app:1 for 12 min without an end"), |place| {
        waits(place, "api", "ContainerCreating", "Pulling image");
    }
    "image-pull", "a task rejected for want of its image", Some("cannot pull shop/app:1: not there, denied, or r.example cannot be reached; the Swarm does not say which"), |place| {
        let workload = place.workload(Kind::Service, "api", 1);
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        (it.phase, it.ready, it.desired, it.since) = (Phase::Rejected, false, DesiredState::Stop, Some(at(-5)));
        it.message = Some("No such image: shop/app:1".into());
        put(place, it);
    }
    "image-pull", "a pull that is young", None, |place| {
        let workload = waits(place, "api", "ContainerCreating", "Pulling image");
        let mut it = place.instance(&workload, 0);
        (it.phase, it.ready, it.since, it.created) = (Phase::Starting, false, Some(at(-10)), Some(at(-10)));
        it.containers[0].state = waiting("ContainerCreating", "Pulling image");
        put(place, it);
    }

    "cannot-be-placed", "no room", Some("cannot be placed: memory exhausted on 3 of 3 nodes"), |place| {
        pending(place, "0/3 nodes are available: 3 Insufficient memory.", 420);
    }
    "cannot-be-placed", "no node fits a constraint", Some("cannot be placed: scheduling constraints not satisfied on 2 nodes"), |place| {
        pending(place, "no suitable node (scheduling constraints not satisfied on 2 nodes)", 420);
    }
    "cannot-be-placed", "no word of why", Some("waits for a node; the scheduler does not say why"), |place| { pending(place, "", 420); }
    "cannot-be-placed", "pending for a moment", None, |place| { pending(place, "", 5); }

    "evicted", "memory pressure", Some("driven off its node: The node was low on resource: memory."), |place| {
        let workload = place.healthy(Kind::Deployment, "api", 1);
        let it = place.instance(&workload, 0);
        place.occurred(OccurrenceKind::Eviction, &it, 60, |event| event.text = Some("The node was low on resource: memory.".into()));
    }
    "evicted", "an hour ago", None, |place| {
        let workload = place.healthy(Kind::Deployment, "api", 1);
        let it = place.instance(&workload, 0);
        place.occurred(OccurrenceKind::Eviction, &it, 3600, |_| {});
    }
    "rejected", "a missing mount", Some("rejected by its node: invalid mount config: path does not exist"), |place| {
        let workload = place.workload(Kind::Service, "api", 1);
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        (it.phase, it.ready, it.desired, it.since) = (Phase::Rejected, false, DesiredState::Stop, Some(at(-5)));
        it.message = Some("invalid mount config: path does not exist".into());
        put(place, it);
    }
    "rejected", "long ago, and all are there", None, |place| {
        let workload = place.healthy(Kind::Service, "api", 1);
        let mut it = place.instance(&workload, 7);
        (it.phase, it.ready, it.desired) = (Phase::Rejected, false, DesiredState::Stop);
        put(place, it);
    }

    "cannot-start", "a secret that is not there", Some("cannot start: secret \"db\" not found"), |place| {
        waits(place, "api", "CreateContainerConfigError", "secret \"db\" not found");
    }
    "cannot-start", "a program that is not there",
    Some("cannot start: command not found (127): exec: \"/app\": no such file or directory"), |place| {
        ends(place, Kind::Container, 127, 60, 0, |workload, it| {
            (workload.restart_policy, workload.desired) = (RestartPolicy::Always, Desired::Replicas(1));
            let message = Some("exec: \"/app\": no such file or directory".into());
            let end = Exit { code: 127, reason: ExitReason::CannotRun, message, started: None, ended: None };
            it.containers[0].state = ContainerState::Ended(Box::new(end));
        });
    }
    "cannot-start", "a typo of whoever ran it by hand", None, |place| {
        ends(place, Kind::Container, 127, 60, 0, |_, it| {
            let message = Some("exec: \"/app\": no such file or directory".into());
            let end = Exit { code: 127, reason: ExitReason::CannotRun, message, started: None, ended: None };
            it.containers[0].state = ContainerState::Ended(Box::new(end));
        });
    }
    "cannot-start", "just being created", None, |place| { waits(place, "api", "ContainerCreating", ""); }

    "replicas-missing", "one of three", Some("1 of 3 not ready"), |place| {
        let mut workload = place.workload(Kind::Deployment, "web", 3);
        workload.reported = Some(Reported { ready: 2, updated: 3, total: 3 });
        place.put(Object::Workload(Box::new(workload)));
        place.look();
        place.pass(60);
    }
    "replicas-missing", "all are there", None, |place| { place.healthy(Kind::Deployment, "web", 3); place.pass(120); }
    "replicas-missing", "scaled to none", None, |place| { place.healthy(Kind::Deployment, "web", 0); place.pass(120); }

    "rollout-stuck", "no progress", Some("rollout stuck: 1 of 4 updated, no progress for 12 min; gives up in 5 min"), |place| {
        rollout(place, Kind::Deployment, 4, 4, RolloutPhase::Progressing, |it| it.deadline = Some(at(300)));
    }
    "rollout-stuck", "a paused update", Some("update paused: update paused due to failure or early termination of task x"), |place| {
        rollout(place, Kind::Service, 4, 4, RolloutPhase::Paused, |it| {
            it.message = Some("update paused due to failure or early termination of task x".into());
        });
    }
    "rollout-stuck", "rolling back", Some("rolling back: a new task failed: exit 1"), |place| {
        let workload = rollout(place, Kind::Service, 4, 4, RolloutPhase::RollingBack, |_| {});
        let mut it = place.instance(&workload, 8);
        (it.phase, it.ready, it.desired, it.created) = (Phase::Failed, false, DesiredState::Stop, Some(at(-600)));
        it.containers[0].state = ContainerState::Ended(exit(1, ExitReason::Error, 500, 20));
        put(place, it);
    }
    "rollout-stuck", "it gave up", Some("rollout failed"), |place| { rollout(place, Kind::Deployment, 4, 4, RolloutPhase::Failed, |_| {}); }
    "rollout-stuck", "getting on", None, |place| {
        rollout(place, Kind::Deployment, 4, 4, RolloutPhase::Progressing, |it| it.progressed = Some(at(-20)));
    }
    "rollout-stuck", "done", None, |place| { rollout(place, Kind::Deployment, 4, 4, RolloutPhase::Complete, |_| {}); }

    "node-down", "silent, with pods on it", Some("is silent (Kubelet stopped posting node status); 2 pods on it"), |place| {
        let mut node = place.node("node-7", NodeState::Unreachable);
        node.message = Some("Kubelet stopped posting node status".into());
        let key = node.key.clone();
        place.put(Object::Node(Box::new(node)));
        let workload = place.healthy(Kind::Deployment, "web", 2);
        for n in 0..2 {
            let mut it = place.instance(&workload, n);
            it.node = Some(key.clone());
            put(place, it);
        }
    }
    "node-down", "in order", None, |place| { let node = place.node("node-7", NodeState::Ready); place.put(Object::Node(Box::new(node))); }

    "node-closed", "drained", Some("is drained: nothing runs on it until it is taken back"), |place| {
        let node = Node { draining: true, ..place.node("node-7", NodeState::Ready) };
        place.put(Object::Node(Box::new(node)));
    }
    "node-closed", "open", None, |place| { let node = place.node("node-7", NodeState::Ready); place.put(Object::Node(Box::new(node))); }

    "node-pressure", "short of memory", Some("reports pressure on memory: it may drive instances off"), |place| {
        let node = Node { pressure: vec!["memory".into()], since: Some(at(-60)), ..place.node("node-7", NodeState::Ready) };
        place.put(Object::Node(Box::new(node)));
    }
    "node-pressure", "in order", None, |place| { let node = place.node("node-7", NodeState::Ready); place.put(Object::Node(Box::new(node))); }

    "quorum", "two managers", Some("2 managers: losing either stops the cluster"), |place| {
        manager(place, "m0", true);
        manager(place, "m1", true);
    }
    "quorum", "one failure from lost", Some("1 of 3 managers unreachable (m2): losing one more stops the cluster"), |place| {
        for (name, reachable) in [("m0", true), ("m1", true), ("m2", false)] { manager(place, name, reachable); }
    }
    "quorum", "lost", Some("quorum lost: 1 of 3 managers reachable; nothing can be changed or moved, what runs goes on"), |place| {
        for (name, reachable) in [("m0", true), ("m1", false), ("m2", false)] { manager(place, name, reachable); }
    }
    "quorum", "three managers", None, |place| { for name in ["m0", "m1", "m2"] { manager(place, name, true); } }
    "quorum", "one manager is ordinary", None, |place| { manager(place, "m0", true); }

    "disk-nearly-full", "94 %", Some("disk 94 % full: 12 GiB free on /var/lib/docker"), |place| { disk(place, 12 << 30); }
    "disk-nearly-full", "half full", None, |place| { disk(place, 100 << 30); }

    "database-without-volume", "an anonymous volume",
    Some("Postgres without a volume of its own: /var/lib/postgresql/data is an anonymous volume, data goes with the container"), |place| {
        database(place, MountKind::AnonymousVolume);
    }
    "database-without-volume", "a named volume", None, |place| { database(place, MountKind::NamedVolume); }

    "local-volume", "two replicas", Some("local volume data: its 2 replicas each see another one"), |place| { swarm_volume(place, 2, true); }
    "local-volume", "free to move", Some("local volume data: without a placement constraint it may move to a node where that is empty"), |place| {
        swarm_volume(place, 1, false);
    }
    "local-volume", "kept where its data is", None, |place| { swarm_volume(place, 1, true); }

    "job-overdue", "two weeks", Some("no success for 13 d 4 h (schedule: every night at 02:00); it runs and fails"), |place| {
        cron(place, "0 2 * * *", 86_400, Some(86_400 * 13 + 4 * 3600));
    }
    "job-overdue", "last night", None, |place| { cron(place, "0 2 * * *", 86_400, Some(80_000)); }

    "job-failed", "tried twice", Some("job failed, 2 tries: exit 2"), |place| {
        let mut workload = place.workload(Kind::Job, "migrate", 1);
        workload.desired = Desired::Completions(1);
        place.put(Object::Workload(Box::new(workload.clone())));
        for n in 0..2 {
            let mut it = place.instance(&workload, n);
            (it.phase, it.ready, it.since) = (Phase::Failed, false, Some(at(-600)));
            it.containers[0].state = ContainerState::Ended(exit(2, ExitReason::Error, 600, 20));
            put(place, it);
        }
    }
    "job-failed", "succeeded at the second try", None, |place| {
        let mut workload = place.workload(Kind::Job, "migrate", 1);
        workload.desired = Desired::Completions(1);
        place.put(Object::Workload(Box::new(workload.clone())));
        for (n, phase) in [Phase::Failed, Phase::Succeeded].into_iter().enumerate() {
            let mut it = place.instance(&workload, n as u32);
            (it.phase, it.ready, it.since) = (phase, false, Some(at(-600 + n as i64 * 60)));
            put(place, it);
        }
    }

    "queue-backed-up", "nobody takes", Some("40,212 waiting, +900/min, no consumer"), |place| {
        queue(place, &[36_612.0, 37_512.0, 38_412.0, 39_312.0, 40_212.0], 0.0);
    }
    "queue-backed-up", "emptied as fast as it fills", None, |place| { queue(place, &[400.0, 410.0, 395.0, 405.0, 400.0], 3.0); }

    "pool-full", "all in use", Some("all connections in use: 100 of 100; newcomers fail"), |place| { pool(place, 100.0); }
    "pool-full", "half in use", None, |place| { pool(place, 50.0); }

    "endpoint-dead", "nobody behind it", Some("nobody is ready behind it"), |place| {
        let workload = place.healthy(Kind::Deployment, "web", 1);
        let key = place.key(Kind::Endpoint, "www");
        let serves = vec![workload.key];
        place.put(Object::Endpoint(Box::new(Endpoint { key, serves, ready: 0, exposure: Exposure::Yes, pool: false })));
        place.look();
        place.pass(60);
    }
    "endpoint-dead", "an endpoint for nobody", None, |place| {
        let key = place.key(Kind::Endpoint, "www");
        place.put(Object::Endpoint(Box::new(Endpoint { key, serves: vec![], ready: 0, exposure: Exposure::Yes, pool: false })));
        place.pass(60);
    }

    "volume-unbound", "pending", Some("waits to be made: no provisioner"), |place| { volume(place, "pending"); place.look(); place.pass(180); }
    "volume-unbound", "bound", None, |place| { volume(place, "bound"); place.look(); place.pass(180); }

    "alert", "it fires", Some("alert SlowCheckout"), |place| {
        let alert = place.alert("SlowCheckout", Severity::Warning, false, None);
        place.put(Object::Alert(Box::new(alert)));
    }
    "alert", "it is silenced", None, |place| {
        let alert = Alert { state: AlertState::Silenced, ..place.alert("SlowCheckout", Severity::Warning, false, None) };
        place.put(Object::Alert(Box::new(alert)));
    }

    "no-health-check", "none", Some("no health check: web"), |place| { practice(place, false); }
    "no-health-check", "one", None, |place| { practice(place, true); }
    "no-memory-limit", "none", Some("no memory limit: web"), |place| { practice(place, false); }
    "no-memory-limit", "one", None, |place| { practice(place, true); }
    "no-restart-policy", "none", Some("no restart policy: web"), |place| { practice(place, false); }
    "no-restart-policy", "one", None, |place| { practice(place, true); }
    "unbounded-log", "no size", Some("json-file log without a size: web"), |place| { practice(place, false); }
    "unbounded-log", "a size", None, |place| { practice(place, true); }
    "left-over", "a run by hand that failed", Some("failed and left there: job"), |place| { ends(place, Kind::Container, 1, 60, 2, |_, _| {}); }
    "left-over", "a service that failed just now", None, |place| { ends(place, Kind::ComposeService, 1, 60, 600, |_, _| {}); }
}

#[test]
fn every_rule_speaks_where_it_should_and_only_there() {
    let wrong: Vec<String> =
        CASES.iter().filter_map(|case| wrong(case).map(|why| format!("{}, {}: {why}", case.rule, case.name))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn wrong(case: &Case) -> Option<String> {
    let mut place = Place::default();
    (case.build)(&mut place);
    let spoke = place.rules();
    let mut all = place.open();
    all.extend(place.diagnosis.advice().iter().cloned());
    let Some(says) = case.says else {
        return spoke.contains(&case.rule).then(|| format!("must be silent: {:?}", said(&all)));
    };
    let Some(found) = all.iter().find(|it| it.rule == case.rule) else {
        return Some(format!("must speak; only {:?}", said(&all)));
    };
    if found.summary != says {
        return Some(format!("says {:?}", found.summary));
    }
    found.evidence.is_empty().then(|| "nothing shows it".to_owned())
}

#[test]
fn every_rule_has_a_case_for_and_a_case_against() {
    let mut of: BTreeMap<&str, BTreeSet<bool>> = BTreeMap::new();
    for case in CASES {
        of.entry(case.rule).or_default().insert(case.says.is_some());
    }
    for rule in rules() {
        let both = of.remove(rule.id).is_some_and(|has| has.len() == 2);
        assert!(both, "{} lacks a positive or a negative case", rule.id);
    }
    assert!(of.is_empty(), "cases for rules that are not: {of:?}");
}

#[test]
fn rules_have_names_of_their_own_and_words_that_fit() {
    let ids: BTreeSet<&str> = rules().iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), rules().len());
    for rule in rules() {
        assert!(rule.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", rule.id);
        assert!(rule.summary.starts_with(|c: char| c.is_lowercase()) && !rule.summary.ends_with('.'), "{}", rule.id);
        assert!(!rule.mend.is_empty() && !rule.looks_at.is_empty(), "{}", rule.id);
    }
}
