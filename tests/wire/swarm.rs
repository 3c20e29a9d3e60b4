//! The Docker backend against what real managers of a Swarm said.

use std::time::Duration;

use crate::engine::{Engine, json};
use crate::watcher::{Watcher, key_of, pace};
use cockpit::backend::docker::Pace;
use cockpit::domain::{
    ClusterId, Desired, DesiredState, ExitReason, Fact, Freshness, OccurrenceKind, Phase, RestartPolicy, RolloutPhase,
    differ,
};

const BOTH: [&str; 2] = ["1.41", "1.52"];

async fn watched(engine: &mut Engine) -> Watcher {
    engine.start();
    let quick = Duration::from_millis(100);
    let mut watcher = Watcher::at(engine, Pace { swarm_every: quick, swarm_busy_every: quick, ..pace() });
    watcher.until_live().await;
    watcher
}

#[tokio::test]
async fn services_say_what_they_want_and_have() {
    for api in BOTH {
        let watcher = watched(&mut Engine::manager(api)).await;
        let web = watcher.workload("shop/Service/web");
        assert_eq!(web.desired, Desired::Replicas(2), "{api}");
        assert_eq!(web.reported.map(|counted| (counted.ready, counted.updated)), Some((2, 2)));
        assert_eq!(watcher.view().instances_of(&web.key).count(), 2);
        assert_eq!(watcher.workload("shop/Service/agent").desired, Desired::EachNode(1));
        assert_eq!(watcher.workload("shop/Service/job").desired, Desired::Completions(2));
        assert_eq!(watcher.workload("shop/Service/job").reported, None);
        assert_eq!(watcher.workload("shop/Service/scaled-to-zero").desired, Desired::Replicas(0));
        let volume = watcher.workload("shop/Service/local-volume");
        assert_eq!(volume.containers[0].mounts[0].source.as_deref(), Some("uploads"));
        assert_eq!(volume.containers[0].mounts[0].driver.as_deref(), Some("local"));
        assert!(!volume.placed && watcher.workload("shop/Service/impossible").placed);
        assert_eq!(watcher.workload("shop/Service/oom").containers[0].memory_limit_bytes, Some(16 << 20));
        assert_eq!(watcher.workload("shop/Service/unhealthy").containers[0].probes.len(), 1);
        assert_eq!(watcher.workload("shop/Service/gave-up").restart_policy, RestartPolicy::OnFailure(2));
    }
}

#[tokio::test]
async fn updates_are_rollouts() {
    for api in BOTH {
        let watcher = watched(&mut Engine::manager(api)).await;
        let phase = |name: &str| watcher.workload(&format!("shop/Service/{name}")).rollout.map(|rollout| rollout.phase);
        assert_eq!(phase("update-paused"), Some(RolloutPhase::Paused), "{api}");
        assert_eq!(phase("rolled-back"), Some(RolloutPhase::RolledBack));
        assert_eq!(phase("updated"), Some(RolloutPhase::Complete));
        assert_eq!(phase("web"), None);
        let paused = watcher.workload("shop/Service/update-paused");
        let rollout = paused.rollout.clone().expect("one");
        assert!(rollout.message.expect("why").contains("update paused due to failure"));
        assert_eq!(rollout.from, paused.history.first().map(|former| former.id.clone()));
        assert!(watcher.occurrences("shop/Service/updated").iter().any(|it| it.kind == OccurrenceKind::Deployed));
    }
}

#[tokio::test]
async fn what_the_specification_before_made_is_compared_with_what_is_made_now() {
    for api in BOTH {
        let watcher = watched(&mut Engine::manager(api)).await;
        let differs = |name: &str| -> Vec<String> {
            let it = watcher.workload(&format!("shop/Service/{name}"));
            assert_eq!(it.made.first().map(|made| &made.id), it.history.first().map(|former| &former.id));
            let made = it.made.first().map(|made| &made.containers[..]).unwrap_or_default();
            differ::between(made, &it.containers).iter().map(|difference| difference.in_words()).collect()
        };
        assert_eq!(differs("updated"), ["env RELEASE added"], "{api}");
        let paused = differs("update-paused");
        assert!(matches!(&paused[..], [one] if one.starts_with("command ")), "{paused:?}");
        assert!(watcher.workload("shop/Service/web").made.is_empty(), "it was never updated");
    }
}

#[tokio::test]
async fn a_slot_shows_its_present_task_and_the_last_that_failed() {
    for api in BOTH {
        let watcher = watched(&mut Engine::manager(api)).await;
        let crashing = watcher.instance("shop/Task/crashing.1");
        assert!(!crashing.ready && crashing.desired == DesiredState::Run, "{api}");
        let last = crashing.containers[0].last_exit.clone().expect("it failed before");
        assert_eq!((last.code, last.reason), (1, ExitReason::Error));
        assert!(crashing.restarts() >= 2);
        let all = watcher.view().instances_of(&key_of("shop/Service/crashing")).count();
        assert_eq!(all, 2);
        let kinds = |name: &str| -> Vec<OccurrenceKind> {
            watcher.occurrences(&format!("shop/Service/{name}")).iter().map(|it| it.kind).collect()
        };
        assert!(kinds("crashing").contains(&OccurrenceKind::Crash));
        assert!(kinds("bad-image").contains(&OccurrenceKind::PullFailure));
        assert!(kinds("impossible").contains(&OccurrenceKind::SchedulingFailure));
        assert!(kinds("unhealthy").contains(&OccurrenceKind::ProbeFailure));
        assert!(!kinds("unhealthy").contains(&OccurrenceKind::Crash));
        assert_eq!(watcher.instance("shop/Task/bad-image.1").phase, Phase::Rejected);
        assert_eq!(watcher.instance("shop/Task/impossible.1").phase, Phase::Pending);
        let gave_up = watcher.instance("shop/Task/gave-up.1");
        assert_eq!((gave_up.phase, gave_up.desired), (Phase::Failed, DesiredState::Run));
        // A task that was replaced in order is history, and nothing to look at.
        let updated = watcher.view().instances_of(&key_of("shop/Service/updated")).count();
        assert_eq!(updated, 1);
        assert!(!kinds("updated").contains(&OccurrenceKind::Crash));
    }
}

#[tokio::test]
async fn nodes_tell_their_part_in_the_quorum() {
    for api in BOTH {
        let mut engine = Engine::manager(api);
        engine.answer("/nodes", json(api, "nodes-two-managers.json"));
        let mut watcher = watched(&mut engine).await;
        let manages = |view: &cockpit::state::View<'_>| view.nodes().filter(|node| node.manager.is_some()).count();
        assert_eq!(manages(&watcher.view()), 2, "{api}");
        assert!(watcher.view().nodes().any(|node| node.manager.is_some_and(|it| it.leader && it.reachable)));
        assert_eq!(watcher.view().cluster_infos().next().and_then(|info| info.has_quorum), Some(true));
        engine.answer("/nodes", json(api, "nodes-one-drained.json"));
        watcher.until("the drained one", |view| view.nodes().any(|node| node.draining && node.cordoned)).await;
    }
}

#[tokio::test]
async fn two_machines_with_one_name_are_two() {
    let mut engine = Engine::manager("1.41");
    let mut nodes = json("1.41", "nodes-two-managers.json");
    nodes[1]["Description"]["Hostname"] = nodes[0]["Description"]["Hostname"].clone();
    engine.answer("/nodes", nodes);
    assert_eq!(watched(&mut engine).await.view().nodes().count(), 2);
}

#[tokio::test]
async fn a_container_of_a_task_is_its_body() {
    for api in BOTH {
        let mut engine = Engine::manager(api);
        let body = json(api, "inspect/swarm-task.json");
        let id = body["Id"].as_str().expect("an id").to_owned();
        engine.answer("/containers/json", serde_json::json!([{ "Id": id, "Names": [body["Name"]] }]));
        engine.answer(&format!("/containers/{id}/json"), body);
        let watcher = watched(&mut engine).await;
        let view = watcher.view();
        let body = view.instances().find(|it| it.uid == id.as_str()).expect("the container");
        assert_eq!(body.owner, None);
        assert!(view.is_body(body), "{api}: {:?}", body.realizes);
        assert_eq!(view.workloads().filter(|it| it.key.name == "rolled-back").count(), 1);
    }
}

#[tokio::test]
async fn a_worker_opens_nothing_that_it_cannot_read() {
    for file in ["services-on-a-worker.json", "services-without-swarm.json"] {
        let mut engine = Engine::manager("1.52");
        let refused = json("1.52", &format!("refused/{file}"));
        let body: serde_json::Value = serde_json::from_str(refused["body"].as_str().expect("text")).expect("json");
        for path in ["/services", "/tasks", "/nodes"] {
            engine.refuse(path, 503, body.clone());
        }
        let mut info = json("1.52", "info-two-managers.json");
        info["Swarm"]["ControlAvailable"] = false.into();
        engine.answer("/info", info);
        let body = json("1.52", "inspect/swarm-task.json");
        let id = body["Id"].as_str().expect("an id").to_owned();
        engine.answer("/containers/json", serde_json::json!([{ "Id": id, "Names": [body["Name"]] }]));
        engine.answer(&format!("/containers/{id}/json"), body);
        let watcher = watched(&mut engine).await;
        let cluster = ClusterId::new("local");
        let view = watcher.view();
        let sources: Vec<_> = view.sources(&cluster).map(|(source, _)| source.kind.to_string()).collect();
        assert_eq!(sources, ["containers", "engine", "events"]);
        assert_eq!(engine.asked("/services"), 0);
        // What runs here of a service is shown as a part of it.
        assert_eq!(
            view.workloads().map(|it| (it.key.name.to_string(), it.desired)).collect::<Vec<_>>(),
            [("rolled-back".to_owned(), Desired::Unknown)]
        );
    }
}

#[tokio::test]
async fn a_swarm_without_a_leader_is_a_trouble_of_its_sources_alone() {
    for api in BOTH {
        let mut engine = Engine::manager(api);
        let mut watcher = watched(&mut engine).await;
        let services = watcher.view().workloads().count();
        for path in ["/services", "/tasks", "/nodes"] {
            let refused = json(api, "refused/services-without-quorum.json");
            let body: serde_json::Value = serde_json::from_str(refused["body"].as_str().expect("text")).expect("json");
            engine.refuse(path, 500, body);
        }
        let cluster = ClusterId::new("local");
        watcher
            .until("services cannot be read", |view| {
                ["services", "tasks", "nodes"]
                    .iter()
                    .all(|kind| view.source_freshness(&cluster, kind) == Some(Freshness::Unreachable))
            })
            .await;
        assert_eq!(watcher.view().source_freshness(&cluster, "containers"), Some(Freshness::Live));
        assert!(watcher.trouble("services").expect("one").what.contains("no leader"));
        assert_eq!(watcher.view().workloads().count(), services, "{api}: what was known is kept");
    }
}

#[tokio::test]
async fn only_what_moved_is_sent_again() {
    let mut engine = Engine::manager("1.52");
    let mut watcher = watched(&mut engine).await;
    watcher.facts.clear();
    let polled = engine.asked("/tasks");
    let cluster = ClusterId::new("local");
    let mut services = json("1.52", "services.json");
    let web = services.as_array_mut().expect("a list").iter_mut().find(|it| it["Spec"]["Name"] == "web").expect("web");
    web["Spec"]["Mode"]["Replicated"]["Replicas"] = 5.into();
    web["Version"]["Index"] = 999.into();
    engine.answer("/services", services);
    watcher
        .until("web wants five", |view| {
            view.workload(&key_of("shop/Service/web")).is_some_and(|web| web.desired == Desired::Replicas(5))
        })
        .await;
    watcher
        .until("another look", |view| engine.asked("/tasks") > polled + 3 && view.sources(&cluster).count() == 6)
        .await;
    let puts = watcher.facts.iter().filter(|fact| matches!(fact, Fact::Put(..))).count();
    assert_eq!(puts, 1);
    let told = watcher.occurrences("shop/Service/web");
    assert!(
        told.iter().any(|it| it.kind == OccurrenceKind::Changed && it.text.as_deref() == Some("scaled from 2 to 5"))
    );
}
