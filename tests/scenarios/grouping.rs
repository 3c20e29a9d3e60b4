//! One screen, one cause: what drags what along, and what does not.

use cockpit::domain::*;

use super::place::*;

/// A workload that crashes since `ago` seconds, needs `needs`, and last said `line`.
fn crashing(place: &mut Place, name: &str, ago: i64, needs: Option<&Ref>, line: &str) -> Ref {
    let mut workload = place.workload(Kind::Deployment, name, 1);
    workload.depends_on = needs
        .map(|on| Dependency { on: on.clone(), kind: DependencyKind::Calls, via: "DB_HOST".into() })
        .into_iter()
        .collect();
    place.put(Object::Workload(Box::new(workload.clone())));
    let mut it = place.instance(&workload, 0);
    (it.phase, it.ready, it.created) = (Phase::Restarting, false, Some(at(-ago)));
    it.containers[0].restarts = 5;
    it.containers[0].state = waiting("CrashLoopBackOff", "");
    it.containers[0].last_exit = Some(Box::new(Exit {
        message: (!line.is_empty()).then(|| line.into()),
        ..*exit(1, ExitReason::Error, ago, 2)
    }));
    place.put(Object::Instance(Box::new(it)));
    workload.key
}

fn oom_killed(place: &mut Place, name: &str, ago: i64) -> Ref {
    let workload = place.workload(Kind::Deployment, name, 1);
    place.put(Object::Workload(Box::new(workload.clone())));
    let mut it = place.instance(&workload, 0);
    for n in 0..3 {
        place.occurred(OccurrenceKind::OomKill, &it, ago - n * 10, |event| {
            (event.scope, event.limit_bytes) = (Some(OomScope::Limit), Some(1 << 30));
        });
    }
    (it.ready, it.phase) = (false, Phase::Restarting);
    it.containers[0].last_exit = Some(exit(137, ExitReason::OomKilled, ago - 20, 5));
    place.put(Object::Instance(Box::new(it)));
    workload.key
}

#[test]
fn a_database_that_takes_twelve_consumers_down_is_one_line() {
    let mut place = Place::default();
    let db = oom_killed(&mut place, "db", 200);
    for n in 0..12 {
        crashing(&mut place, &format!("consumer-{n:02}"), 100, Some(&db), "");
    }
    let row = place.only();
    assert_eq!((row.rule, &row.subject), ("oom-killed", &db));
    assert_eq!(row.summary.as_str(), "OOM-killed at its 1 GiB limit, 3 times in 20 s; 12 workloads fail with it");
    assert_eq!(row.symptoms.iter().filter(|it| it.about != db).count(), 12);
    assert!(row.symptoms.iter().all(|it| it.certainty == Certainty::Confirmed));
}

#[test]
fn what_failed_first_is_not_put_down_to_what_failed_later() {
    let mut place = Place::default();
    let db = oom_killed(&mut place, "db", 100);
    crashing(&mut place, "web", 900, Some(&db), "");
    assert_eq!(place.open().len(), 2, "{:#?}", said(&place.open()));
}

#[test]
fn a_host_name_in_a_refused_connection_is_a_likely_cause() {
    let mut place = Place::default();
    let db = oom_killed(&mut place, "db", 200);
    crashing(&mut place, "web", 100, None, "dial tcp: lookup db.shop.svc on 10.0.0.2:53: no such host");
    crashing(&mut place, "api", 90, None, "connect ECONNREFUSED db:5432");
    crashing(&mut place, "job", 80, None, "loaded db driver, then panicked");
    let open = place.open();
    assert_eq!(open.len(), 2, "{:#?}", said(&open));
    let row = open.iter().find(|it| it.subject == db).expect("the database");
    let about: Vec<&str> = row.symptoms.iter().filter(|it| it.about != db).map(|it| it.about.name.as_str()).collect();
    assert_eq!(about, ["api", "web"]);
    assert!(row.symptoms.iter().filter(|it| it.about != db).all(|it| it.certainty == Certainty::Likely));
}

#[test]
fn forty_workloads_of_one_bad_image_are_one_line() {
    let mut place = Place::default();
    for n in 0..40 {
        let workload = place.workload(Kind::Deployment, &format!("w{n:02}"), 1);
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        (it.phase, it.ready, it.created) = (Phase::Starting, false, Some(at(-100 - i64::from(n))));
        it.containers[0].image = "r.example/shop/base:9".into();
        it.containers[0].state = waiting("ErrImagePull", "manifest unknown");
        place.put(Object::Instance(Box::new(it)));
    }
    let row = place.only();
    assert_eq!(row.summary.as_str(), "cannot pull shop/base:9: not found; the same for 39 more");
    assert_eq!(row.subject.name, "w39", "the first that failed");
}

#[test]
fn a_registry_that_is_away_is_one_line_whatever_the_image() {
    let mut place = Place::default();
    for name in ["a", "b"] {
        let workload = place.workload(Kind::Deployment, name, 1);
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        (it.phase, it.ready, it.created) = (Phase::Starting, false, Some(at(-100)));
        it.containers[0].image = format!("r.example/shop/{name}:1").as_str().into();
        it.containers[0].state = waiting("ErrImagePull", "dial tcp 10.0.0.1:443: i/o timeout");
        place.put(Object::Instance(Box::new(it)));
    }
    assert_eq!(place.only().summary.as_str(), "cannot pull shop/a:1: r.example cannot be reached; the same for 1 more");
}

#[test]
fn a_node_that_is_gone_drags_along_what_ran_on_it() {
    let mut place = Place::default();
    let node = place.node("node-7", NodeState::Unreachable);
    place.put(Object::Node(Box::new(node.clone())));
    for name in ["web", "api"] {
        let mut workload = place.workload(Kind::Deployment, name, 2);
        workload.reported = Some(Reported { ready: 1, updated: 2, total: 2 });
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        (it.ready, it.node, it.phase, it.since) = (false, Some(node.key.clone()), Phase::Lost, Some(at(-170)));
        place.put(Object::Instance(Box::new(it)));
    }
    let row = place.only();
    assert_eq!(row.rule, "node-down");
    assert_eq!(row.summary.as_str(), "is silent; 2 pods on it; 2 workloads short of instances");
    assert_eq!(row.severity, Severity::Critical, "as bad as what it drags along");
}

#[test]
fn on_one_subject_the_cause_wins_and_the_rest_are_symptoms() {
    let mut place = Place::default();
    let db = oom_killed(&mut place, "worker", 200);
    let mut workload = place.workload(Kind::Deployment, "worker", 1);
    workload.reported = Some(Reported { ready: 0, updated: 1, total: 1 });
    place.put(Object::Workload(Box::new(workload.clone())));
    let alert = place.alert("QueueBacklog", Severity::Critical, true, Some(db.clone()));
    place.put(Object::Alert(Box::new(alert)));
    let row = place.only();
    assert_eq!(row.rule, "oom-killed");
    let rules: Vec<&str> = row.symptoms.iter().map(|it| it.rule).collect();
    assert_eq!(rules, ["alert"], "how many are ready stands beside it");
    assert_eq!(row.tier, Tier::UsersHurt, "somebody is paged by it");
}

#[test]
fn a_queue_is_dragged_along_by_its_consumer() {
    let mut place = Place::default();
    let worker = oom_killed(&mut place, "worker", 900);
    let key = place.key(Kind::Queue, "orders");
    let (system, consumers) = ("redis".into(), vec![worker.clone()]);
    place.put(Object::Queue(Box::new(Queue { key: key.clone(), system, consumers, broker: None })));
    for minute in 0..5 {
        place.measured(&key, Metric::QueueDepth, minute * 60, 40_212.0 - minute as f64 * 900.0);
        place.measured(&key, Metric::QueueConsumers, minute * 60, 0.0);
    }
    for n in 0..5 {
        let it = place.instance(&place.workload(Kind::Deployment, "worker", 1), 0);
        place.occurred(OccurrenceKind::OomKill, &it, 10 + n * 180, |event| event.scope = Some(OomScope::Limit));
    }
    let row = place.only();
    assert_eq!(row.subject, worker);
    assert_eq!(
        row.symptoms.iter().find(|it| it.about == key).map(|it| it.text.as_str()),
        Some("40,212 waiting, +900/min, no consumer")
    );
}

/// Its broker does not count who takes from it: the workload that the settings name does, and is why nobody does, whichever began first.
#[test]
fn a_queue_is_dragged_along_by_a_worker_that_is_not_ready() {
    let mut place = Place::default();
    let worker = crashing(&mut place, "worker", 100, None, "");
    let key = place.queue_of(&worker, &[38_412.0, 38_412.0, 38_412.0, 39_312.0, 40_212.0]);
    let row = place.only();
    assert_eq!(row.subject, worker);
    assert_eq!(
        row.symptoms.iter().find(|it| it.about == key).map(|it| it.text.as_str()),
        Some("40,212 waiting, +450/min, 0 of 1 consumers ready")
    );
    // It is looked at again when they are.
    let mut it = place.instance(&place.workload(Kind::Deployment, "worker", 1), 0);
    it.ready = true;
    place.put(Object::Instance(Box::new(it)));
    place.pass(240);
    assert!(place.open().iter().all(|row| row.symptoms.iter().all(|it| it.about != key)), "{:#?}", place.open());
}

#[test]
fn a_full_pool_drags_along_those_that_need_the_database() {
    let mut place = Place::default();
    let db = place.healthy(Kind::StatefulSet, "db", 1);
    let pool = place.key(Kind::Endpoint, "db-pool");
    let serves = vec![db.key.clone()];
    place.put(Object::Endpoint(Box::new(Endpoint {
        key: pool.clone(),
        serves,
        ready: 1,
        exposure: Exposure::No,
        pool: true,
        check: None,
        not_ready: 0,
        selector: None,
    })));
    for minute in 0..10 {
        place.measured(&pool, Metric::ConnectionsUsed, minute * 60, 100.0);
        place.measured(&pool, Metric::ConnectionsMax, minute * 60, 100.0);
    }
    crashing(&mut place, "web", 100, Some(&db.key), "");
    crashing(&mut place, "api", 100, None, "FATAL: could not connect to db: too many connections");
    let row = place.only();
    assert_eq!(row.subject, pool);
    assert_eq!(row.summary.as_str(), "all connections in use: 100 of 100; newcomers fail; 2 workloads fail with it");
}

#[test]
fn what_needs_each_other_is_still_one_line_with_a_head() {
    let mut place = Place::default();
    let b = place.key(Kind::Deployment, "b");
    let a = crashing(&mut place, "a", 200, Some(&b), "");
    crashing(&mut place, "b", 190, Some(&a), "");
    let row = place.only();
    assert_eq!(row.subject, a, "the first that failed");
}

#[test]
fn a_chain_has_one_head() {
    let mut place = Place::default();
    let db = oom_killed(&mut place, "db", 300);
    let api = crashing(&mut place, "api", 200, Some(&db), "");
    crashing(&mut place, "web", 100, Some(&api), "");
    let row = place.only();
    assert_eq!(row.subject, db);
    assert!(row.summary.ends_with("; 2 workloads fail with it"), "{}", row.summary);
}

#[test]
fn three_that_fail_together_and_share_nothing_stay_listed_and_say_so() {
    let mut place = Place::default();
    for (n, name) in ["a", "b", "c"].into_iter().enumerate() {
        crashing(&mut place, name, 100 + n as i64, None, "boom");
    }
    let open = place.open();
    assert_eq!(open.len(), 3);
    assert!(open.iter().all(|it| it.place().contains("2 others failed within a minute")), "{}", open[0].place());
}

#[test]
fn a_risk_is_neither_hidden_by_a_crash_nor_hides_one() {
    let mut place = Place::default();
    let key = crashing(&mut place, "db", 100, None, "");
    let mut workload = place.workload(Kind::Deployment, "db", 1);
    workload.containers[0].image = "postgres:16".into();
    place.put(Object::Workload(Box::new(workload)));
    let rules: Vec<&str> = place.open().iter().filter(|it| it.subject == key).map(|it| it.rule).collect();
    assert_eq!(rules, ["crash-loop", "database-without-volume"]);
}

#[test]
fn an_alert_about_something_unknown_is_listed_by_itself() {
    let mut place = Place::default();
    let gone = place.key(Kind::Deployment, "gone");
    for title in ["A", "B"] {
        let alert = place.alert(title, Severity::Warning, false, Some(gone.clone()));
        place.put(Object::Alert(Box::new(alert)));
    }
    assert_eq!(place.open().len(), 2);
}

#[test]
fn a_container_that_is_a_tasks_body_is_counted_once_and_speaks_for_it() {
    let mut place = Place::named("swarm", cockpit::diagnose::Settings::default());
    let workload = place.healthy(Kind::Service, "web", 1);
    let task = place.instance(&workload, 0);
    let mut body = place.instance(&place.workload(Kind::Container, "web-body", 1), 0);
    (body.owner, body.realizes) = (None, Some(Box::new(task.key.clone())));
    body.containers[0].health = Some(Box::new(Health {
        status: HealthStatus::Unhealthy,
        streak: 3,
        output: None,
        code: Some(-1),
        since: Some(at(-60)),
    }));
    place.put(Object::Instance(Box::new(body)));
    let row = place.only();
    assert_eq!((&row.subject, row.rule), (&workload.key, "unhealthy"));
    assert_eq!(row.summary.as_str(), "unhealthy, 3 checks in a row: the check takes longer than its timeout");
}

/// What an engine and a region say of one docker task that runs out of memory again and again.
#[test]
fn a_docker_task_of_nomad_that_the_engine_reports_too_is_one_incident() {
    for engine_first in [true, false] {
        let mut place = Place::named("engine", cockpit::diagnose::Settings::default());
        let engine = |place: &mut Place| {
            place.enter("engine");
            let lone = place.workload(Kind::Container, "hog-91c887f5", 1);
            place.put(Object::Workload(Box::new(lone.clone())));
            let mut body = place.instance(&lone, 0);
            body.body_of = Some("uid-hog-0".into());
            (body.phase, body.ready) = (Phase::Restarting, false);
            body.containers[0].last_exit = Some(exit(137, ExitReason::OomKilled, 10, 1));
            for ago in [60, 30, 5] {
                place.occurred(OccurrenceKind::OomKill, &body, ago, |it| it.limit_bytes = Some(16 << 20));
            }
            place.put(Object::Instance(Box::new(body)));
            lone.key
        };
        let region = |place: &mut Place| {
            place.enter("nomad");
            let workload = place.workload(Kind::TaskGroup, "hog", 1);
            place.put(Object::Workload(Box::new(workload.clone())));
            let mut it = place.instance(&workload, 0);
            (it.phase, it.ready) = (Phase::Restarting, false);
            it.containers[0].last_exit = Some(exit(137, ExitReason::OomKilled, 10, 1));
            for ago in [60, 30, 5] {
                place.occurred(OccurrenceKind::OomKill, &it, ago, |it| it.limit_bytes = Some(16 << 20));
            }
            place.put(Object::Instance(Box::new(it)));
            workload.key
        };
        let lone = if engine_first { Some(engine(&mut place)) } else { None };
        if let Some(lone) = &lone {
            assert_eq!(place.only().subject, *lone, "without a region it speaks for itself");
        }
        let group = region(&mut place);
        if lone.is_none() {
            engine(&mut place);
        }
        let row = place.only();
        assert_eq!((&row.subject, row.rule), (&group, "oom-killed"));
    }
}

#[test]
fn what_serves_again_is_not_listed_beside_the_cause_that_recovered() {
    let mut place = Place::default();
    let (db, web) = ("db", "web");
    let key = |place: &Place, name: &str| place.key(Kind::Deployment, name);
    let crash = |place: &mut Place, name: &str, needs: Option<Ref>, ready: bool, ends: &[i64]| {
        let mut workload = place.workload(Kind::Deployment, name, 1);
        let dependency = |on| Dependency { on, kind: DependencyKind::Calls, via: "DB_HOST".into() };
        workload.depends_on = needs.into_iter().map(dependency).collect();
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        (it.ready, it.phase) = (ready, if ready { Phase::Running } else { Phase::Restarting });
        it.containers[0].state =
            if ready { ContainerState::Running { since: Some(place.now) } } else { waiting("x", "") };
        it.containers[0].last_exit = Some(exit(1, ExitReason::Error, 10, 1));
        ends.iter().for_each(|ago| place.occurred(OccurrenceKind::Crash, &it, *ago, |_| {}));
        place.put(Object::Instance(Box::new(it)));
    };
    let need = key(&place, db);
    crash(&mut place, db, None, false, &[100, 60, 10]);
    crash(&mut place, web, Some(need.clone()), false, &[400, 90, 5]);
    assert_eq!(place.open().len(), 2, "web failed first: not put down to it");
    let mut place = Place::default();
    crash(&mut place, db, None, false, &[500, 300, 10]);
    crash(&mut place, web, Some(need.clone()), false, &[480, 90, 5]);
    assert_eq!(place.only().subject, need);
    crash(&mut place, db, None, true, &[]);
    crash(&mut place, web, Some(need.clone()), true, &[]);
    place.look();
    place.pass(minutes(11));
    let rows = place.look();
    assert_eq!(rows.len(), 1, "{:#?}", said(&rows));
    assert_eq!(rows[0].subject, need);
    assert!(matches!(rows[0].state, cockpit::diagnose::IncidentState::Recovered(_)), "{:?}", rows[0].state);
}

#[test]
fn a_queue_that_nobody_takes_from_is_its_consumers_even_if_it_was_noticed_first() {
    let mut place = Place::default();
    let worker = oom_killed(&mut place, "worker", 120);
    let key = place.key(Kind::Queue, "orders");
    let (system, consumers) = ("redis".into(), vec![worker.clone()]);
    place.put(Object::Queue(Box::new(Queue { key: key.clone(), system, consumers, broker: None })));
    for minute in 0..30 {
        place.measured(&key, Metric::QueueDepth, minute * 60, 40_000.0 - minute as f64 * 900.0);
        place.measured(&key, Metric::QueueConsumers, minute * 60, 0.0);
    }
    assert_eq!(place.only().subject, worker);
}
