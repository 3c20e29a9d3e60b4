//! The Docker backend against what real engines said.

use std::time::Duration;

use crate::engine::{Engine, event, json, recorded};
use crate::watcher::{Watcher, key_of, pace};
use cockpit::backend::docker::Pace;
use cockpit::domain::{
    ContainerState, Desired, DesiredState, ExitReason, Exposure, Fact, Freshness, HealthStatus, Kind, MountKind,
    OccurrenceKind, OomScope, Origin, Phase, RestartPolicy, TroubleKind,
};
use cockpit::state::View;

const BOTH: [&str; 2] = ["1.41", "1.52"];

async fn watched(api: &str) -> (Engine, Watcher) {
    let mut engine = Engine::recorded(api);
    let memory = std::fs::read_to_string(recorded(api).join("events-replayed.ndjson")).expect("events");
    engine.script().memory = memory.lines().map(str::to_owned).collect();
    engine.start();
    let mut watcher = Watcher::of(&engine);
    watcher.until_live().await;
    (engine, watcher)
}

#[tokio::test]
async fn containers_are_what_they_are_on_both_versions() {
    for api in BOTH {
        let (_engine, watcher) = watched(api).await;
        let healthy = watcher.container("healthy");
        assert_eq!((healthy.phase, healthy.ready), (Phase::Running, true), "{api}");
        let unhealthy = watcher.container("unhealthy");
        assert!(!unhealthy.ready);
        let health = unhealthy.containers[0].health.clone().expect("a health check");
        assert_eq!(health.status, HealthStatus::Unhealthy);
        assert_eq!(health.output.as_deref(), Some("connection to db:5432 refused"));
        assert!(health.streak >= 3 && health.since.is_some() && health.code == Some(1));
        let slow = watcher.container("unhealthy-timeout").containers[0].health.clone().expect("a health check");
        assert_eq!(slow.code, Some(-1));
        assert!(slow.output.expect("words").starts_with("Health check exceeded timeout"));
        assert_eq!(
            watcher.container("starting").containers[0].health.as_ref().map(|it| it.status),
            Some(HealthStatus::Starting)
        );
        assert_eq!(watcher.container("paused").phase, Phase::Paused);
        assert_eq!(watcher.container("created").phase, Phase::Created);
        assert_eq!(watcher.workload("-/Container/created").desired, Desired::Unknown);
    }
}

#[tokio::test]
async fn ends_are_told_apart() {
    for api in BOTH {
        let (_engine, watcher) = watched(api).await;
        let exit = |name: &str| {
            let container = watcher.container(name).containers[0].clone();
            container.exit().cloned().unwrap_or_else(|| panic!("{api}: {name} has ended"))
        };
        assert_eq!((exit("exited-3").code, exit("exited-3").reason), (3, ExitReason::Error), "{api}");
        assert_eq!(exit("exited-0").reason, ExitReason::Completed);
        assert_eq!(exit("oom-once").reason, ExitReason::OomKilled);
        assert_eq!(exit("bad-entrypoint").reason, ExitReason::CannotRun);
        assert!(exit("bad-entrypoint").message.expect("why").contains("no such file or directory"));
        assert_eq!(watcher.container("bad-entrypoint").phase, Phase::Failed);
        assert_eq!(watcher.workload("-/Container/bad-entrypoint").desired, Desired::Replicas(1));
        // Killed through the engine with `restart: always`: it stays down, and somebody wanted that.
        assert_eq!(watcher.container("killed-restarting").desired, DesiredState::Stop);
        assert_eq!(watcher.workload("-/Container/killed-restarting").desired, Desired::Replicas(0));
        let gave_up = watcher.workload("-/Container/gave-up");
        assert_eq!((gave_up.desired, gave_up.restart_policy), (Desired::Replicas(1), RestartPolicy::OnFailure(2)));
    }
}

#[tokio::test]
async fn lack_of_memory_is_told_with_its_limit_and_its_end() {
    for api in BOTH {
        let (_engine, watcher) = watched(api).await;
        let kills = watcher.occurrences("-/Container/oom-loop");
        let kills: Vec<_> = kills.iter().filter(|it| it.kind == OccurrenceKind::OomKill).collect();
        assert!(!kills.is_empty(), "{api}");
        for kill in &kills {
            assert_eq!(kill.scope, Some(OomScope::Limit));
            assert_eq!(kill.limit_bytes, Some(16 << 20));
            assert_eq!(kill.origin, Origin::Backfilled);
        }
        assert!(kills.iter().any(|kill| kill.code == Some(137)));
        // 20.10 still calls it OOMKilled while it runs well; the end is in the past all the same.
        let fine = watcher.container("oom-then-fine");
        assert_eq!((fine.phase, fine.ready), (Phase::Running, true));
        let container = &fine.containers[0];
        if api == "1.41" {
            assert_eq!(container.last_exit.as_ref().map(|exit| exit.reason), Some(ExitReason::OomKilled));
        }
        assert!(matches!(container.state, ContainerState::Running { .. }));
    }
}

#[tokio::test]
async fn compose_projects_are_services_with_what_they_need() {
    for api in BOTH {
        let (_engine, watcher) = watched(api).await;
        let web = watcher.workload("shop/ComposeService/web");
        assert_eq!(web.desired, Desired::Replicas(2), "{api}");
        assert_eq!(web.defined_in.as_deref(), Some("/srv/shop/compose.yaml"));
        assert_eq!(web.managed_by.as_deref(), Some("compose"));
        assert!(web.depends_on.iter().any(|need| need.on == key_of("shop/ComposeService/db")));
        assert!(web.revision.is_some() && !web.labels.iter().any(|(name, _)| name.starts_with("com.docker.compose")));
        let view = watcher.view();
        assert_eq!(view.instances_of(&web.key).count(), 2);
        assert_eq!(view.counts(&web).ready, 2);
        let migrate = watcher.workload("shop/ComposeService/migrate");
        assert_eq!(migrate.desired, Desired::Completions(1));
        let once = watcher.workload("shop/Container/shop-web-run-1");
        assert!(once.one_off && once.desired.running().is_none());
    }
}

#[tokio::test]
async fn volumes_ports_limits_and_logs_are_read() {
    for api in BOTH {
        let (_engine, watcher) = watched(api).await;
        let mount = |name: &str| watcher.workload(&format!("-/Container/{name}")).containers[0].mounts[0].clone();
        assert_eq!(mount("database-no-volume").kind, MountKind::AnonymousVolume, "{api}");
        assert_eq!(mount("database-volume").kind, MountKind::NamedVolume);
        assert_eq!(mount("database-volume").source.as_deref(), Some("pgdata"));
        let limited = watcher.workload("-/Container/near-limit");
        assert_eq!(limited.containers[0].memory_limit_bytes, Some(32 << 20));
        let log = limited.containers[0].log.clone().expect("a driver");
        assert!(!log.bounded && log.driver == "json-file");
        assert_ne!(watcher.workload("-/Container/limits-and-ports").exposure, Exposure::Yes, "only on loopback");
    }
}

#[tokio::test]
async fn requests_carry_the_version_that_both_know() {
    for (offered, spoken) in [("1.41", "/v1.41/"), ("1.52", "/v1.52/"), ("1.99", "/v1.53/")] {
        let mut engine = Engine::empty(offered);
        engine.start();
        let mut watcher = Watcher::of(&engine);
        watcher.until_live().await;
        let asked = engine.script().asked.clone();
        assert!(asked.iter().filter(|it| !it.contains("_ping")).all(|it| it.starts_with(spoken)), "{asked:?}");
    }
}

#[tokio::test]
async fn an_engine_that_is_too_old_is_told_so() {
    let mut engine = Engine::empty("1.40");
    engine.start();
    let mut watcher = Watcher::of(&engine);
    watcher.until("a trouble", |view| view.freshness(&"local".parse_id()) == Freshness::Unreachable).await;
    let trouble = watcher.trouble("containers").expect("a trouble");
    assert_eq!(trouble.kind, TroubleKind::TooOld);
    assert!(trouble.what.contains("1.40") && trouble.what.contains("1.41"), "{}", trouble.what);
}

#[tokio::test]
async fn nothing_but_shown_sequences_reaches_the_world() {
    for api in BOTH {
        let (_engine, watcher) = watched(api).await;
        assert!(!watcher.facts.is_empty());
        let all = serde_json::to_string(&watcher.facts).expect("facts are data");
        assert!(!all.contains("\\u001b") && !all.contains("\\u0007"), "{api}");
        assert!(all.contains("hostile"));
    }
}

#[tokio::test]
async fn an_event_is_followed_by_a_look_at_its_container_and_at_no_other() {
    let (engine, mut watcher) = watched("1.52").await;
    let before = engine.script().asked.len();
    let mut it = json("1.52", "inspect/healthy.json");
    let id = it["Id"].as_str().expect("an id").to_owned();
    it["State"]["Health"]["Status"] = "unhealthy".into();
    it["State"]["Health"]["Log"] =
        serde_json::json!([{ "ExitCode": 1, "Output": "no answer\u{1b}[2J\n", "End": "2026-11-23T23:40:01Z" }]);
    engine.answer(&format!("/containers/{id}/json"), it);
    engine.happens(event(&id, "healthy", "health_status: unhealthy", 1_795_477_201_000_000_000, &[]));
    watcher
        .until("the failing check", |view| {
            view.occurrences_of(&key_of("-/Container/healthy")).any(|it| it.kind == OccurrenceKind::ProbeFailure)
        })
        .await;
    let told = watcher.occurrences("-/Container/healthy").pop().expect("one");
    assert_eq!(told.text.as_deref(), Some("no answer^[[2J"));
    assert_eq!(told.origin, Origin::Live);
    assert!(!watcher.container("healthy").ready);
    assert_eq!(engine.script().asked.len() - before, 1);
}

/// No event tells of the checks that go on failing.
#[tokio::test]
async fn a_row_of_failing_checks_is_looked_at_as_it_grows() {
    let api = "1.52";
    let mut engine = Engine::recorded(api);
    engine.start();
    let mut watcher = Watcher::at(&engine, Pace { usage_every: Duration::from_millis(50), ..pace() });
    watcher.until_live().await;
    let mut now = json(api, "inspect/unhealthy.json");
    now["State"]["Health"]["FailingStreak"] = 4711.into();
    let path = format!("/containers/{}/json", now["Id"].as_str().expect("an id"));
    engine.answer(&path, now);
    let streak = |view: &View<'_>| {
        let mut all = view.instances().filter(|it| it.key.name.as_str() == "unhealthy");
        all.next().and_then(|it| it.containers[0].health.as_ref().map(|health| health.streak))
    };
    watcher.until("the row to have grown", |view| streak(view) == Some(4711)).await;
}

#[tokio::test]
async fn a_stop_that_took_too_long_and_a_kill_are_told_apart_from_a_crash() {
    let (engine, mut watcher) = watched("1.52").await;
    let id = json("1.52", "inspect/healthy.json")["Id"].as_str().expect("an id").to_owned();
    let second = 1_000_000_000;
    let at = 1_795_477_300 * second;
    let say = |action: &str, after: i64, more: &[(&str, &str)]| {
        engine.happens(event(&id, "healthy", action, at + after, more))
    };
    say("kill", 0, &[("signal", "15")]);
    say("kill", 2 * second, &[("signal", "9")]);
    say("die", 2 * second + 1, &[("exitCode", "137")]);
    say("start", 3 * second, &[]);
    say("die", 4 * second, &[("exitCode", "137")]);
    say("start", 5 * second, &[]);
    say("kill", 6 * second, &[("signal", "15")]);
    say("die", 6 * second + 1, &[("exitCode", "143")]);
    let key = key_of("-/Container/healthy");
    watcher
        .until("the second start", |view| {
            view.occurrences_of(&key)
                .filter(|it| it.kind == OccurrenceKind::Started && it.origin == Origin::Live)
                .count()
                == 2
        })
        .await;
    let live = watcher.occurrences("-/Container/healthy").into_iter().filter(|it| it.origin == Origin::Live);
    let kinds: Vec<_> = live.map(|it| (it.kind, it.code)).collect();
    use OccurrenceKind::{Crash, Started, StopTimeout};
    assert_eq!(kinds, [(StopTimeout, Some(137)), (Started, None), (Crash, Some(137)), (Started, None)]);
}

#[tokio::test]
async fn an_engine_that_goes_away_is_said_at_once_and_comes_back_by_itself() {
    let (mut engine, mut watcher) = watched("1.52").await;
    let count = watcher.view().instances().count();
    engine.crash().await;
    let cluster = "local".parse_id();
    watcher.until("it is lost", |view| view.freshness(&cluster) == Freshness::Unreachable).await;
    for source in ["engine", "containers", "events"] {
        watcher
            .until("all are in trouble", |view| view.source_freshness(&cluster, source) == Some(Freshness::Unreachable))
            .await;
        let trouble = watcher.trouble(source).expect("a trouble");
        assert!(trouble.retry_at.is_some() && !trouble.mend.is_empty());
    }
    assert_eq!(watcher.view().instances().count(), count, "what was known is kept");
    let id = json("1.52", "inspect/healthy.json")["Id"].as_str().expect("an id").to_owned();
    engine.answer("/containers/json", serde_json::json!([]));
    engine.happens(event(&id, "healthy", "die", 1_795_477_190_000_000_000, &[("exitCode", "0")]));
    engine.start();
    watcher
        .until("it is back", |view| view.freshness(&cluster) == Freshness::Live && view.instances().count() == 0)
        .await;
}

#[tokio::test]
async fn a_lost_memory_is_a_gap_and_everything_is_read_afresh() {
    let (engine, mut watcher) = watched("1.52").await;
    let before = engine.asked("/containers/json");
    engine.forgets();
    let cluster = "local".parse_id();
    watcher
        .until("it is read again", |view| {
            engine.asked("/containers/json") > before && view.freshness(&cluster) == Freshness::Live
        })
        .await;
    let gap = watcher.facts.iter().any(|fact| matches!(fact, Fact::Trouble(_, it) if it.kind == TroubleKind::Gap));
    assert!(gap, "what may be missing is said");
}

#[tokio::test]
async fn an_engine_that_hangs_is_noticed_and_its_data_kept() {
    let (engine, _) = watched("1.52").await;
    let short = Duration::from_millis(300);
    let mut watcher = Watcher::at(
        &engine,
        cockpit::backend::docker::Pace { ping_within: short, ping_every: short, answer_within: short, ..pace() },
    );
    watcher.until_live().await;
    engine.script().hung.insert("*".to_owned());
    let cluster = "local".parse_id();
    watcher.until("it is noticed", |view| view.freshness(&cluster) == Freshness::Unreachable).await;
    assert!(watcher.trouble("containers").expect("a trouble").what.contains("does not answer"));
    assert!(watcher.view().instances().count() > 10);
    engine.script().hung.clear();
    watcher.until("it is back", |view| view.freshness(&cluster) == Freshness::Live).await;
}

#[tokio::test]
async fn one_container_that_hangs_in_its_engine_hides_no_other() {
    let mut engine = Engine::recorded("1.41");
    let id = json("1.41", "inspect/healthy.json")["Id"].as_str().expect("an id").to_owned();
    engine.script().hung.insert(format!("/containers/{id}/json"));
    engine.start();
    let short = Duration::from_millis(300);
    let mut watcher = Watcher::at(&engine, cockpit::backend::docker::Pace { answer_within: short, ..pace() });
    watcher.until_live().await;
    assert!(watcher.view().instances().count() > 10);
    let stuck = watcher.container("healthy");
    assert_eq!(stuck.phase, Phase::Running);
    assert!(stuck.message.expect("why").contains("no answer"));
}

#[tokio::test]
async fn two_hundred_containers_are_announced_before_they_come() {
    let mut engine = Engine::empty("1.52");
    let pattern = json("1.52", "inspect/healthy.json");
    let mut listed = Vec::new();
    for number in 0..200 {
        let id = format!("{number:064x}");
        let mut it = pattern.clone();
        it["Id"] = id.clone().into();
        it["Name"] = format!("/c-{number}").into();
        engine.answer(&format!("/containers/{id}/json"), it);
        listed.push(serde_json::json!({ "Id": id, "Names": [format!("/c-{number}")], "State": "running" }));
    }
    engine.answer("/containers/json", listed.into());
    engine.start();
    let mut watcher = Watcher::of(&engine);
    watcher.until_live().await;
    let announced = watcher
        .facts
        .iter()
        .position(|fact| matches!(fact, Fact::Listing(source, Some(200)) if source.kind == "containers"));
    let first =
        watcher.facts.iter().position(|fact| matches!(fact, Fact::Put(source, _) if source.kind == "containers"));
    assert!(announced.expect("announced") < first.expect("put"));
    assert_eq!(watcher.view().instances().count(), 200);
    assert_eq!(watcher.view().workloads().filter(|it| it.key.kind == Kind::Container).count(), 200);
}

trait ParseId {
    fn parse_id(&self) -> cockpit::domain::ClusterId;
}

impl ParseId for str {
    fn parse_id(&self) -> cockpit::domain::ClusterId {
        cockpit::domain::ClusterId::new(self)
    }
}

#[tokio::test]
async fn an_engine_that_was_restarted_ended_what_was_left_over_and_nobody_else_did() {
    let mut engine = Engine::recorded("1.52");
    let mut it = json("1.52", "inspect/healthy.json");
    let id = it["Id"].as_str().expect("an id").to_owned();
    it["State"]["Status"] = "exited".into();
    it["State"]["ExitCode"] = 137.into();
    it["State"]["FinishedAt"] = "2026-11-23T23:39:12Z".into();
    engine.answer(&format!("/containers/{id}/json"), it);
    // All that it remembers is what it did as it came up.
    let at = 1_795_477_142_000_000_000_i64;
    for (after, action, more) in
        [(0, "kill", ("signal", "15")), (10, "kill", ("signal", "9")), (10, "die", ("exitCode", "137"))]
    {
        engine.happens(event(&id, "healthy", action, at + after * 1_000_000_000, &[more]));
    }
    engine.start();
    let mut watcher = Watcher::of(&engine);
    watcher.until_live().await;
    let healthy = watcher.workload("-/Container/healthy");
    assert_eq!(healthy.desired, Desired::Replicas(1), "it was meant to run");
    assert_eq!(watcher.container("healthy").phase, Phase::Failed);
    let told = watcher.occurrences("-/Container/healthy").pop().expect("its end");
    assert_eq!(told.kind, OccurrenceKind::Killed);
    assert!(told.text.expect("why").contains("starting again"));
}

#[tokio::test]
async fn what_happened_in_the_running_second_counts_in_the_first_sight() {
    let mut engine = Engine::recorded("1.52");
    let mut it = json("1.52", "inspect/exited-3.json");
    let id = it["Id"].as_str().expect("an id").to_owned();
    it["State"]["FinishedAt"] = "2026-11-23T23:40:00.600Z".into();
    engine.answer(&format!("/containers/{id}/json"), it);
    // The engine's clock says 23:40:00; all of this is later.
    let at = 1_795_477_200_500_000_000_i64;
    for (ms, action, more) in
        [(0, "start", ("a", "b")), (50, "kill", ("signal", "15")), (100, "die", ("exitCode", "3"))]
    {
        engine.happens(event(&id, "exited-3", action, at + ms * 1_000_000, &[more]));
    }
    engine.start();
    let mut watcher = Watcher::of(&engine);
    watcher.until_live().await;
    let first = watcher.facts.iter().find_map(|fact| match fact {
        Fact::Put(_, cockpit::domain::Object::Workload(it)) if it.key.name == "exited-3" => Some(it.desired),
        _ => None,
    });
    assert_eq!(first, Some(Desired::Replicas(0)), "it was stopped, which is known from the start");
}
