//! An ordinary Kubernetes cluster: nothing on it is an alarm, and what is in order is not even a risk.

use cockpit::domain::*;

use super::place::*;
use super::rules::make::{autoscaler, kubernetes, probe};

fn cluster() -> Place {
    let mut place = Place::default();
    kubernetes(&mut place, "v1.34.4");
    for name in ["n1", "n2", "n3"] {
        let mut node = place.node(name, NodeState::Ready);
        (node.memory_bytes, node.cpu_millis) = (Some(16 << 30), Some(8000));
        node.version = Some("kubelet v1.33.2, containerd 1.7.20".into());
        place.put(Object::Node(Box::new(node)));
    }
    place
}

fn quiet(place: &mut Place, seconds: i64) {
    place.look();
    for _ in 0..seconds / 60 {
        place.pass(60);
        assert_eq!(said(&place.open()), Vec::<String>::new(), "at {}", place.now);
    }
}

fn service(place: &mut Place, name: &str, serves: Vec<Ref>, ready: u32, not_ready: u32) {
    let (key, selector) = (place.key(Kind::Endpoint, name), Some(format!("app={name}").into()));
    let it = Endpoint { key, serves, ready, not_ready, selector, exposure: Exposure::Yes, pool: false, check: None };
    place.put(Object::Endpoint(Box::new(it)));
}

/// A container as it was made: an init container that is done, beside one that runs.
fn with_init(it: &mut Instance) {
    let ended = ContainerState::Ended(exit(0, ExitReason::Completed, 80_000, 20));
    let init = Container { role: ContainerRole::Init, ..Container::new("setup", "r.example/shop/app:1", ended) };
    it.containers.insert(0, init);
}

#[test]
fn add_ons_and_a_shop_in_order_are_quiet() {
    let mut place = cluster();
    place.namespace = "kube-system";
    let dns = place.healthy(Kind::Deployment, "coredns", 2);
    service(&mut place, "kube-dns", vec![dns.key], 2, 0);
    for name in ["calico-node", "kube-proxy"] {
        let mut workload = place.healthy(Kind::DaemonSet, name, 3);
        workload.desired = Desired::EachNode(3);
        place.put(Object::Workload(Box::new(workload)));
    }
    place.healthy(Kind::Deployment, "metrics-server", 1);
    place.namespace = "shop";
    let mut web = place.healthy(Kind::Deployment, "web", 3);
    (web.exposure, web.rollout) = (Exposure::Yes, None);
    place.put(Object::Workload(Box::new(web.clone())));
    for n in 0..3 {
        let mut it = place.instance(&web, n);
        with_init(&mut it);
        place.put(Object::Instance(Box::new(it)));
    }
    service(&mut place, "web", vec![web.key.clone()], 3, 0);
    autoscaler(&mut place, &web.key, |it| (it.current, it.desired, it.limited) = (2, 2, Some("TooFewReplicas".into())));
    let (key, covers) = (place.key(Kind::Budget, "web"), vec![web.key.clone()]);
    let (allowed, healthy, wanted, expected) = (1, 3, 2, 3);
    place.put(Object::Budget(Box::new(Budget { key, covers, allowed, healthy, wanted, expected, says: None })));
    let mut db = place.healthy(Kind::StatefulSet, "db", 2);
    db.ordered = true;
    db.containers[0].image = "postgres:16".into();
    db.containers[0].mounts = vec![mount("/var/lib/postgresql/data", MountKind::Claim, None)];
    place.put(Object::Workload(Box::new(db)));
    // A Service without a selector: its addresses are set by hand.
    let (key, exposure) = (place.key(Kind::Endpoint, "kubernetes"), Exposure::Unknown);
    let it =
        Endpoint { key, serves: vec![], ready: 0, not_ready: 0, selector: None, exposure, pool: false, check: None };
    place.put(Object::Endpoint(Box::new(it)));
    quiet(&mut place, minutes(15));
    let advised: Vec<&str> = place.diagnosis.advice().iter().filter_map(|it| it.label.as_deref()).collect();
    assert!(advised.iter().all(|namespace| *namespace == "shop"), "the platform is not advised: {advised:?}");
}

#[test]
fn jobs_that_are_done_and_what_rests_on_purpose_are_quiet() {
    let mut place = cluster();
    let mut job = place.workload(Kind::Job, "migrate", 1);
    (job.desired, job.restart_policy) = (Desired::Completions(1), RestartPolicy::No);
    place.put(Object::Workload(Box::new(job.clone())));
    // It failed once and was done at the second try.
    for (n, phase, code) in [(0, Phase::Failed, 1), (1, Phase::Succeeded, 0)] {
        let mut it = place.instance(&job, n);
        (it.phase, it.ready, it.since) = (phase, false, Some(at(-600 + i64::from(n) * 60)));
        it.containers[0].state = ContainerState::Ended(exit(code, ExitReason::Completed, 600 - i64::from(n) * 60, 20));
        place.put(Object::Instance(Box::new(it)));
    }
    let mut backup = place.workload(Kind::CronJob, "backup", 1);
    backup.desired = Desired::Scheduled;
    let (last_run, cron) = (Some(at(-3600)), "0 1 * * *".into());
    backup.schedule =
        Some(Schedule { cron, period_seconds: 86_400, suspended: false, last_run, last_success: last_run });
    place.put(Object::Workload(Box::new(backup)));
    let mut rests = place.workload(Kind::Deployment, "seasonal", 0);
    rests.labels = vec![("app".into(), "seasonal".into())];
    rests.exposure = Exposure::Yes;
    place.put(Object::Workload(Box::new(rests.clone())));
    service(&mut place, "seasonal", vec![], 0, 0);
    let (key, exposure) = (place.key(Kind::Ingress, "seasonal"), Exposure::Yes);
    let serves = vec![place.key(Kind::Endpoint, "seasonal")];
    let it = Endpoint { key, serves, ready: 0, not_ready: 0, selector: None, exposure, pool: false, check: None };
    place.put(Object::Endpoint(Box::new(it)));
    autoscaler(&mut place, &rests.key, |it| {
        (it.active, it.message, it.current, it.desired) = (Some(false), Some("scaling is disabled".into()), 0, 0);
    });
    let key = place.key(Kind::Volume, "spare");
    let message = Some("waiting for first consumer to be created before binding".into());
    let it = Volume { key, driver: Some("fast".into()), state: Some("pending".into()), message, size_bytes: None };
    place.put(Object::Volume(Box::new(it)));
    quiet(&mut place, minutes(15));
}

#[test]
fn a_rollout_in_normal_progress_is_quiet() {
    let mut place = cluster();
    let mut web = place.healthy(Kind::Deployment, "web", 3);
    web.exposure = Exposure::Yes;
    web.containers[0].probes = vec![probe(ProbeKind::Readiness, "GET :8080/ready", 5, 3)];
    service(&mut place, "web", vec![web.key.clone()], 3, 0);
    for step in 0..6 {
        let (progressed, updated) = (Some(place.now), Some(step / 2));
        let (from, to) = (Some("1".into()), Some("2".into()));
        let phase = RolloutPhase::Progressing;
        let deadline = Some(at(1200));
        let started = Some(at(0));
        web.rollout = Some(Rollout { phase, message: None, started, progressed, deadline, from, to, updated });
        web.reported = Some(Reported { ready: 3, updated: step / 2, total: 4 });
        place.put(Object::Workload(Box::new(web.clone())));
        let mut surge = place.instance(&web, 10 + step);
        (surge.ready, surge.created, surge.since) = (false, Some(place.now), Some(place.now));
        surge.containers[0].state = ContainerState::Running { since: Some(place.now) };
        place.occurred(OccurrenceKind::ProbeFailure, &surge, 0, |event| {
            event.text = Some("Readiness probe failed: dial tcp 10.0.0.9:8080: connect: connection refused".into());
        });
        place.put(Object::Instance(Box::new(surge.clone())));
        let mut old = place.instance(&web, step);
        (old.phase, old.ready, old.desired, old.since) = (Phase::Stopping, false, DesiredState::Stop, Some(place.now));
        place.put(Object::Instance(Box::new(old.clone())));
        quiet(&mut place, 60);
        place.gone(&old.key);
        (surge.ready, surge.since) = (true, surge.since);
        place.put(Object::Instance(Box::new(surge)));
    }
}

#[test]
fn one_old_restart_and_a_probe_that_failed_while_starting_are_quiet() {
    let mut place = cluster();
    let mut api = place.workload(Kind::Deployment, "api", 1);
    api.containers[0].probes =
        vec![probe(ProbeKind::Startup, "GET :8080/live", 2, 30), probe(ProbeKind::Liveness, "GET :8080/live", 5, 3)];
    place.put(Object::Workload(Box::new(api.clone())));
    let mut it = place.instance(&api, 0);
    (it.created, it.since) = (Some(at(-86_400)), Some(at(-86_400)));
    it.containers[0].restarts = 1;
    it.containers[0].last_exit = Some(exit(1, ExitReason::Error, 7200, 3600));
    place.put(Object::Instance(Box::new(it)));
    let mut search = place.workload(Kind::Deployment, "search", 1);
    (search.containers, search.created) = (api.containers.clone(), Some(at(-12)));
    place.put(Object::Workload(Box::new(search.clone())));
    let mut it = place.instance(&search, 0);
    (it.ready, it.created, it.since) = (false, Some(at(-12)), Some(at(-12)));
    it.containers[0].state = ContainerState::Running { since: Some(at(-10)) };
    for ago in [8, 6, 4, 2] {
        place.occurred(OccurrenceKind::ProbeFailure, &it, ago, |event| {
            event.text = Some("Startup probe failed: connection refused".into());
        });
    }
    place.put(Object::Instance(Box::new(it.clone())));
    place.look();
    place.pass(20);
    it.ready = true;
    place.put(Object::Instance(Box::new(it)));
    quiet(&mut place, minutes(10));
}

#[test]
fn what_cannot_be_read_raises_no_alarm() {
    // A team's own namespace, and no right to see events, nodes, budgets or claims.
    let mut place = Place::default();
    for kind in ["nodes", "events", "volumes", "poddisruptionbudgets", "endpoints"] {
        place.trouble(kind, TroubleKind::Forbidden);
    }
    let mut web = place.healthy(Kind::Deployment, "web", 2);
    let on = place.key(Kind::Volume, "data");
    web.depends_on = vec![Dependency { on, kind: DependencyKind::Mounts, via: "volume data".into() }];
    place.put(Object::Workload(Box::new(web)));
    quiet(&mut place, minutes(10));
    assert!(place.diagnosis.advice().iter().all(|it| it.rule != "no-budget"), "what cannot be read is not absent");
}
