//! What is done to engines and Swarms: what would come of each intent, and how each step meets an engine that says no,
//! has changed, or is not heard from again.

use std::collections::VecDeque;

use cockpit::backend::docker::{Endpoint, Surroundings, Target};
use cockpit::domain::{
    Attach, Backend, ClusterId, Draft, Enter, Grade, Including, Intent, Kind, LineKind, Ref, Size, StepError, Waste,
};
use serde_json::{Value, json};

use crate::cells::{self, everything, in_words};
use crate::engine::{Engine, json as recorded};
use crate::watcher::{Watcher, key_of, pace};

const BOTH: [&str; 2] = ["1.41", "1.52"];

/// A manager that answers for each of its services, tasks and nodes by itself too.
fn manager(api: &str) -> Engine {
    let engine = Engine::manager(api);
    for service in recorded(api, "services.json").as_array().expect("a list") {
        engine.answer(&format!("/services/{}", service["Spec"]["Name"].as_str().expect("a name")), service.clone());
    }
    for (list, path) in [("tasks.json", "/tasks"), ("nodes.json", "/nodes")] {
        for it in recorded(api, list).as_array().expect("a list") {
            engine.answer(&format!("{path}/{}", it["ID"].as_str().expect("an id")), it.clone());
        }
    }
    engine
}

/// An engine with one container, which can be asked for by its name and id.
fn with_container(api: &str, file: &str, edit: impl Fn(&mut Value)) -> Engine {
    let engine = Engine::empty(api);
    let mut it = recorded(api, &format!("inspect/{file}.json"));
    edit(&mut it);
    put(&engine, it);
    engine
}

fn put(engine: &Engine, it: Value) {
    let (id, name) = (it["Id"].as_str().expect("an id"), it["Name"].as_str().expect("a name"));
    engine.answer("/containers/json", json!([{ "Id": id, "Names": [name] }]));
    engine.answer(&format!("/containers/{id}/json"), it.clone());
    engine.answer(&format!("/containers/{}/json", name.trim_start_matches('/')), it.clone());
}

fn hand(engine: &mut Engine) -> Watcher {
    engine.start();
    Watcher::at(engine, pace())
}

async fn drafted(watcher: &Watcher, intent: Intent) -> Draft {
    watcher.backend().prepare(intent).await.unwrap_or_else(|refusal| panic!("{refusal}; {}", refusal.mend))
}

/// What comes of everything that can be meant of these objects, in words.
pub async fn every_cell(watcher: &Watcher, keys: &[&str]) -> String {
    let keys: Vec<_> = keys.iter().map(|key| (*key, key_of(key))).collect();
    cells::every(watcher.backend(), &keys).await
}

#[tokio::test]
async fn what_would_come_of_every_intent_on_a_swarm() {
    for api in BOTH {
        let mut engine = manager(api);
        let watcher = hand(&mut engine);
        let keys = ["shop/Service/web", "shop/Service/update-paused", "shop/Service/agent", "-/Node/host-a"];
        let words = every_cell(&watcher, &keys).await;
        assert!(engine.script().sent.is_empty(), "a draft changes nothing");
        insta::assert_snapshot!(format!("swarm-{api}"), words);
    }
}

#[tokio::test]
async fn what_would_come_of_every_intent_on_a_task() {
    let mut engine = manager("1.52");
    let watcher = hand(&mut engine);
    let words = every_cell(&watcher, &["shop/Task/web.1"]).await;
    assert!(engine.script().sent.is_empty(), "a draft changes nothing");
    insta::assert_snapshot!("task", words);
}

#[tokio::test]
async fn what_would_come_of_every_intent_on_a_container() {
    for api in BOTH {
        let mut engine = with_container(api, "limits-and-ports", |_| {});
        let watcher = hand(&mut engine);
        let words = every_cell(&watcher, &["-/Container/limits-and-ports"]).await;
        assert!(engine.script().sent.is_empty(), "a draft changes nothing");
        insta::assert_snapshot!("container", words);
    }
}

#[tokio::test]
async fn what_is_somebody_elses_is_refused_with_whom_to_ask() {
    let owners = [
        ("io.kubernetes.pod.name", "web-0", "act on the pod default/web-0"),
        ("com.hashicorp.nomad.alloc_id", "0123456789", "act on the allocation 01234567"),
        ("com.docker.swarm.task.id", "abc", "act on the task"),
    ];
    for (label, value, words) in owners {
        let mut engine = with_container("1.52", "healthy", |it| it["Config"]["Labels"][label] = json!(value));
        let watcher = hand(&mut engine);
        for intent in [Intent::Restart, Intent::Stop, Intent::Kill].map(|of| of(key_of("-/Container/healthy"))) {
            let refusal = watcher.backend().prepare(intent).await.expect_err("refused");
            assert!(refusal.mend.contains(words), "{refusal}; {}", refusal.mend);
        }
    }
}

#[tokio::test]
async fn only_what_is_meant_changes_in_a_specification() {
    for api in BOTH {
        let mut engine = manager(api);
        let watcher = hand(&mut engine);
        let seen = recorded(api, "services.json");
        let web = seen.as_array().expect("a list").iter().find(|it| it["Spec"]["Name"] == "web").expect("web").clone();
        let key = key_of("shop/Service/web");
        let scaled = drafted(&watcher, Intent::Scale(key.clone(), 5)).await;
        let receipt = watcher.backend().execute(scaled.steps[0].clone()).await.expect("yes");
        assert_eq!(receipt.at.to_string(), "2026-11-23T23:40:00Z", "by the engine's clock, not ours");
        let (path, body) = engine.script().sent.pop().expect("it was sent");
        let id = web["ID"].as_str().expect("an id");
        assert_eq!(path, format!("/services/{id}/update?version={}", web["Version"]["Index"]));
        let mut expected = web["Spec"].clone();
        expected["Mode"]["Replicated"]["Replicas"] = json!(5);
        assert_eq!(body, expected, "{api}");
        let restarted = drafted(&watcher, Intent::Restart(key)).await;
        watcher.backend().execute(restarted.steps[0].clone()).await.expect("yes");
        let (_, body) = engine.script().sent.pop().expect("it was sent");
        let mut expected = web["Spec"].clone();
        expected["TaskTemplate"]["ForceUpdate"] = json!(1);
        assert_eq!(body, expected);
        let back = drafted(&watcher, Intent::Undo(key_of("shop/Service/update-paused"), None)).await;
        watcher.backend().execute(back.steps[0].clone()).await.expect("yes");
        let (path, _) = engine.script().sent.pop().expect("it was sent");
        assert!(path.ends_with("&rollback=previous&registryAuthFrom=previous-spec"), "{path}");
    }
}

#[tokio::test]
async fn a_write_that_came_out_of_sequence_is_looked_at_again() {
    let mut engine = manager("1.52");
    let watcher = hand(&mut engine);
    let key = key_of("shop/Service/web");
    let draft = drafted(&watcher, Intent::Scale(key.clone(), 5)).await;
    let path = format!("/services/{}/update", draft.steps[0].pin.uid);
    let refused = json!({ "message": "rpc error: code = Unknown desc = update out of sequence" });
    let replies = VecDeque::from([(500, refused.clone()), (200, json!({ "Warnings": ["unable to pin image"] }))]);
    engine.script().replies.insert(path.clone(), replies);
    let receipt = watcher.backend().execute(draft.steps[0].clone()).await.expect("at the second time");
    assert_eq!(receipt.text.as_deref(), Some("unable to pin image"));
    assert_eq!(engine.script().sent.len(), 2);
    // In between somebody changed what was seen: it is not written over.
    engine.script().sent.clear();
    let mut changed = recorded("1.52", "services.json")
        .as_array()
        .and_then(|all| all.iter().find(|it| it["Spec"]["Name"] == "web").cloned())
        .expect("web");
    changed["Spec"]["TaskTemplate"]["ContainerSpec"]["Env"] = json!(["A=1"]);
    engine.answer("/services/web", changed);
    assert!(matches!(watcher.backend().execute(draft.steps[0].clone()).await, Err(StepError::Moved(_))));
    assert!(engine.script().sent.is_empty());
    let again = drafted(&watcher, Intent::Scale(key, 5)).await;
    engine.script().replies.insert(path, VecDeque::from([(400, json!({ "message": "name conflicts" }))]));
    let said = watcher.backend().execute(again.steps[0].clone()).await;
    assert_eq!(said, Err(StepError::Failed("name conflicts".into())), "the engine's own sentence");
}

#[tokio::test]
async fn an_answer_that_is_lost_is_not_sent_for_again() {
    let mut engine = manager("1.52");
    let it = recorded("1.52", "inspect/healthy.json");
    put(&engine, it.clone());
    let watcher = hand(&mut engine);
    let service = drafted(&watcher, Intent::Restart(key_of("shop/Service/web"))).await;
    let container = drafted(&watcher, Intent::Stop(key_of("-/Container/healthy"))).await;
    let node = drafted(&watcher, Intent::drain(key_of("-/Node/host-a"))).await;
    for (draft, path) in [
        (&service, format!("/services/{}/update", service.steps[0].pin.uid)),
        (&container, format!("/containers/{}/stop", container.steps[0].pin.uid)),
        (&node, format!("/nodes/{}/update", node.steps[0].pin.uid)),
    ] {
        engine.script().sent.clear();
        engine.script().lost.insert(path);
        let answer = watcher.backend().execute(draft.steps[0].clone()).await;
        assert!(matches!(answer, Err(StepError::Unknown { .. })), "{answer:?}");
        assert_eq!(engine.script().sent.len(), 1);
    }
    engine.crash().await;
    let answer = watcher.backend().execute(service.steps[0].clone()).await;
    assert!(matches!(&answer, Err(StepError::Failed(why)) if why.contains("nothing was sent")), "{answer:?}");
}

#[tokio::test]
async fn a_container_that_was_made_anew_under_its_name_is_not_hit() {
    for api in BOTH {
        let mut engine = with_container(api, "healthy", |_| {});
        let watcher = hand(&mut engine);
        let draft = drafted(&watcher, Intent::Kill(key_of("-/Container/healthy"))).await;
        let mut other = recorded(api, "inspect/healthy.json");
        other["Id"] = json!("f".repeat(64));
        put(&engine, other);
        assert!(matches!(watcher.backend().execute(draft.steps[0].clone()).await, Err(StepError::Moved(_))), "{api}");
        // Whatever its state says by now refuses nothing: only what it is does.
        let mut same = recorded(api, "inspect/healthy.json");
        same["State"]["Status"] = json!("restarting");
        put(&engine, same);
        assert!(watcher.backend().execute(draft.steps[0].clone()).await.is_ok());
        let missing = json!({ "message": "No such container: healthy" });
        engine.refuse("/containers/healthy/json", 404, missing);
        assert_eq!(watcher.backend().execute(draft.steps[0].clone()).await, Err(StepError::Gone));
        assert_eq!(engine.script().sent.len(), 1);
    }
}

#[tokio::test]
async fn what_is_so_already_is_no_failure_and_a_refusal_is_the_engines_own() {
    let mut engine = with_container("1.52", "healthy", |_| {});
    let watcher = hand(&mut engine);
    let draft = drafted(&watcher, Intent::Stop(key_of("-/Container/healthy"))).await;
    let path = format!("/containers/{}/stop", draft.steps[0].pin.uid);
    let busy = json!({ "message": "cannot stop container: \u{1b}[31mtried to kill container" });
    let replies = VecDeque::from([(304, json!(null)), (500, busy), (403, json!({ "message": "authz: no" }))]);
    engine.script().replies.insert(path, replies);
    assert!(watcher.backend().execute(draft.steps[0].clone()).await.is_ok());
    let failed = watcher.backend().execute(draft.steps[0].clone()).await;
    let Err(StepError::Failed(why)) = failed else { panic!("{failed:?}") };
    assert!(why.contains("tried to kill container") && !why.contains('\u{1b}'), "{why}");
    assert_eq!(watcher.backend().execute(draft.steps[0].clone()).await, Err(StepError::Denied("authz: no".into())));
}

#[tokio::test]
async fn a_node_is_written_whole_and_only_as_it_was_seen() {
    for api in BOTH {
        let mut engine = manager(api);
        engine.answer("/nodes", recorded(api, "nodes-two-managers.json"));
        let nodes = recorded(api, "nodes-two-managers.json");
        for node in nodes.as_array().expect("a list") {
            engine.answer(&format!("/nodes/{}", node["ID"].as_str().expect("an id")), node.clone());
        }
        let watcher = hand(&mut engine);
        let name = nodes[0]["Description"]["Hostname"].as_str().expect("a name");
        let key = key_of(&format!("-/Node/{name}"));
        let draft = drafted(&watcher, Intent::drain(key.clone())).await;
        assert_eq!(draft.inverse, Some(Intent::Uncordon(key.clone())));
        watcher.backend().execute(draft.steps[0].clone()).await.expect("yes");
        let (_, body) = engine.script().sent.pop().expect("it was sent");
        let mut expected = nodes[0]["Spec"].clone();
        expected["Availability"] = json!("drain");
        assert_eq!(body, expected, "{api}");
        let mut paused = nodes[0].clone();
        paused["Spec"]["Availability"] = json!("pause");
        engine.answer(&format!("/nodes/{}", nodes[0]["ID"].as_str().expect("an id")), paused.clone());
        assert!(matches!(watcher.backend().execute(draft.steps[0].clone()).await, Err(StepError::Moved(_))));
        // What was paused before is paused again by what takes a drain back.
        engine.answer("/nodes", json!([paused, nodes[1]]));
        assert_eq!(drafted(&watcher, Intent::drain(key.clone())).await.inverse, Some(Intent::Cordon(key)));
    }
}

#[tokio::test]
async fn on_one_machine_a_drain_says_that_everything_stops() {
    let mut engine = manager("1.52");
    let watcher = hand(&mut engine);
    let draft = drafted(&watcher, Intent::drain(key_of("-/Node/host-a"))).await;
    let says = |kind: LineKind, words: &str| draft.notes.iter().any(|it| it.kind == kind && it.text.contains(words));
    assert!(says(LineKind::Hurts, "no other node takes tasks"), "{:#?}", draft.notes);
    assert_eq!(draft.grade, Some(Grade::Destructive));
}

#[tokio::test]
async fn an_engine_without_a_swarm_or_a_worker_drains_nothing() {
    for (edit, words) in [("inactive", "one engine"), ("active", "watch one of the managers")] {
        let mut engine = Engine::empty("1.52");
        engine.answer(
            "/info",
            json!({ "ID": "E", "Name": "host-a", "Swarm": { "LocalNodeState": edit, "ControlAvailable": false } }),
        );
        let watcher = hand(&mut engine);
        for intent in [Intent::Cordon(key_of("-/Node/host-a")), Intent::drain(key_of("-/Node/host-a"))] {
            let refusal = watcher.backend().prepare(intent).await.expect_err("refused");
            let said = format!("{}; {}", refusal.why, refusal.mend);
            assert!(said.contains(words), "{said}");
        }
    }
}

#[tokio::test]
async fn a_task_is_ended_by_its_container_where_that_is_here() {
    for api in BOTH {
        let mut engine = manager(api);
        let mut watcher = hand(&mut engine);
        watcher.until_live().await;
        let running = |it: &&cockpit::domain::Instance| it.key.kind == Kind::Task && it.ready;
        let task = watcher.view().instances().find(running).expect("one that runs").clone();
        let draft = drafted(&watcher, Intent::Stop(task.key.clone())).await;
        assert!(draft.equivalent.as_deref().is_some_and(|it| it.starts_with("docker stop ")), "{api}");
        watcher.backend().execute(draft.steps[0].clone()).await.expect("yes");
        let tasks = recorded(api, "tasks.json");
        let it = tasks.as_array().expect("a list").iter().find(|it| it["ID"] == task.uid.as_str()).expect("it");
        let container = it["Status"]["ContainerStatus"]["ContainerID"].as_str().expect("a container");
        assert_eq!(engine.script().sent.pop().expect("sent").0, format!("/containers/{container}/stop"));
        // On another node only the engine there can.
        let mut info = recorded(api, "info-two-managers.json");
        info["Swarm"]["NodeID"] = json!("elsewhere");
        engine.answer("/info", info);
        let refusal = watcher.backend().prepare(Intent::Stop(task.key)).await.expect_err("refused");
        assert!(refusal.why.contains("it runs on host-a"), "{refusal}");
    }
}

#[tokio::test]
async fn waste_is_counted_in_time_and_removed_only_as_it_was_seen() {
    let mut engine = Engine::empty("1.52");
    let stopped = |id: &str| json!({ "Id": id, "Names": [format!("/{id}")], "Status": "Exited (0) 2 seconds ago", "SizeRw": 1024, "Created": 1_700_000_000 });
    engine.answer("/containers/json", json!([stopped("job-1"), stopped("job-2")]));
    engine.answer("/images/json", json!([{ "Id": "sha256:a", "Size": 5 << 20, "Created": 1_700_000_000 }]));
    engine.answer("/system/df", json!({ "BuildCache": [{ "ID": "x", "InUse": false, "Size": 7 << 20 }] }));
    let watcher = hand(&mut engine);
    let key = Ref::new(&ClusterId::new("local"), Kind::Cluster, None, "local");
    let draft = drafted(&watcher, Intent::Prune(key.clone())).await;
    insta::assert_snapshot!("prune", in_words(&Ok(draft.clone())));
    let wastes: Vec<_> = draft.steps.iter().map(|step| step.action.clone()).collect();
    assert!(format!("{wastes:?}").contains(&format!("{:?}", Waste::BuildCache)));
    engine.script().replies.insert(
        "/containers/prune".to_owned(),
        VecDeque::from([(200, json!({ "ContainersDeleted": ["job-1"], "SpaceReclaimed": 2048 }))]),
    );
    let receipt = watcher.backend().execute(draft.steps[0].clone()).await.expect("yes");
    assert_eq!(receipt.text.as_deref(), Some("2 KiB are free again"));
    let (path, _) = engine.script().sent.pop().expect("sent");
    assert!(path.starts_with("/containers/prune?filters=") && path.contains("until"), "{path}");
    engine.answer("/containers/json", json!([stopped("job-1"), stopped("job-2"), stopped("job-3")]));
    assert!(matches!(watcher.backend().execute(draft.steps[0].clone()).await, Err(StepError::Moved(_))));
    // An engine that counts for minutes is not waited for.
    engine.refuse("/system/df", 500, json!({ "message": "busy" }));
    let draft = drafted(&watcher, Intent::Prune(key)).await;
    assert_eq!(draft.steps.len(), 2);
    assert!(draft.notes.iter().any(|it| it.kind == LineKind::Skips && it.text.contains("is not known")));
}

#[tokio::test]
async fn several_are_one_plan_in_order() {
    let mut engine = manager("1.52");
    let watcher = hand(&mut engine);
    let (web, agent) = (key_of("shop/Service/web"), key_of("shop/Service/agent"));
    let both = Intent::several([Intent::Scale(web.clone(), 5), Intent::Restart(agent.clone())]).expect("two");
    let draft = drafted(&watcher, both).await;
    assert_eq!(draft.steps.iter().map(|step| step.group).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(draft.inverse, None, "a restart cannot be taken back, so all of it cannot");
    assert!(draft.notes.iter().all(|line| line.text.starts_with("shop/")));
    let none = Intent::several([Intent::Restart(web), Intent::Drain(agent, Including::default())]).expect("two");
    assert!(watcher.backend().prepare(none).await.is_err());
}

#[tokio::test]
async fn read_only_reaches_no_engine_by_any_way() {
    let mut engine = manager("1.52");
    let free = hand(&mut engine);
    let target = Target {
        name: ClusterId::new("local"),
        endpoint: Endpoint::Unix(engine.socket()),
        how: "a test".into(),
        read_only: true,
        surroundings: Surroundings::default(),
    };
    let bound = cockpit::backend::docker::Docker::with_pace(target, pace()).expect("no certificates");
    let steps = [
        drafted(&free, Intent::Restart(key_of("shop/Service/web"))).await,
        drafted(&free, Intent::Undo(key_of("shop/Service/update-paused"), None)).await,
        drafted(&free, Intent::drain(key_of("-/Node/host-a"))).await,
    ];
    let kinds = ["shop/Service/web", "shop/Task/web.1", "-/Node/host-a", "-/Container/x", "shop/ComposeService/x"];
    let before = engine.script().asked.len();
    for key in kinds.iter().map(|key| key_of(key)).chain([key_of("-/Cluster/local")]) {
        for intent in everything(&key) {
            let refusal = bound.prepare(intent).await.expect_err("refused");
            assert!(refusal.why.contains("read-only") && !refusal.mend.is_empty());
        }
    }
    for key in ["shop/Task/web.1", "-/Container/x"] {
        let size = Size { columns: 80, rows: 24 };
        let attach = Attach::new(key_of(key), "u".into(), Enter::default(), size, "xterm");
        assert!(matches!(bound.attach(attach).await, Err(StepError::Denied(_))));
    }
    for draft in steps {
        assert!(matches!(bound.execute(draft.steps[0].clone()).await, Err(StepError::Denied(_))));
    }
    assert_eq!(engine.script().asked.len(), before, "the engine hears nothing of it");
    assert!(engine.script().sent.is_empty());
}
