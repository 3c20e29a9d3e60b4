//! What is done to a Swarm: its services, tasks and nodes.

use cockpit::domain::{Grade, Intent, LineKind, Setting, StepError};
use serde_json::{Value, json};

use super::on_both;
use crate::cockpit::Cockpit;
use crate::hand::{Hand, key_of, says};
use crate::screen::Screen;
use crate::servers::{Api, Engine};
use crate::wait::{PATIENCE, until};

on_both!(
    a_service_is_restarted_and_scaled_and_set,
    a_failing_update_is_taken_back_by_keys,
    an_update_that_goes_on_is_taken_back_in_its_middle,
    a_paused_update_goes_on_and_forgets_the_way_back,
    somebody_elses_change_is_not_written_over,
    a_task_ends_and_another_takes_its_place,
    a_node_is_drained_by_keys_and_put_back,
    a_service_is_scaled_by_keys,
);

fn swarm(api: Api) -> Engine {
    let engine = Engine::start(api);
    engine.swarm();
    engine
}

fn service(engine: &Engine, name: &str) -> Value {
    engine.ask("GET", &format!("/services/shop_{name}"), None)
}

fn break_it(spec: &mut Value) {
    spec["TaskTemplate"]["ContainerSpec"]["Command"] = json!(["sh", "-c", "echo bad >&2; exit 1"]);
}

fn a_service_is_restarted_and_scaled_and_set(api: Api) {
    let engine = swarm(api);
    engine.service("web");
    engine.until_tasks("web", "running", 2);
    let mut hand = Hand::on(&engine);
    let key = key_of("shop/Service/web");
    hand.does(&Intent::Restart(key.clone()));
    assert_eq!(service(&engine, "web")["Spec"]["TaskTemplate"]["ForceUpdate"], 1);
    let run = hand.does(&Intent::Scale(key.clone(), 4));
    assert_eq!(service(&engine, "web")["Spec"]["Mode"]["Replicated"]["Replicas"], 4);
    hand.does(&run.plan.inverse.expect("a way back"));
    engine.image("127.0.0.1:1/shop/web", "1.4.3", &[]);
    let image = Intent::Set(key.clone(), Setting::Image(None, "127.0.0.1:1/shop/web:1.4.3".into()));
    let run = hand.does(&image);
    let now = service(&engine, "web");
    assert_eq!(now["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"], "127.0.0.1:1/shop/web:1.4.3");
    // And back, by the one specification that the manager keeps; undo of the undo works too.
    let back = hand.does(&run.plan.inverse.expect("a way back"));
    assert_eq!(service(&engine, "web")["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"], "127.0.0.1:1/shop/web:1.4.2");
    hand.does(&back.plan.inverse.expect("a way forward"));
    hand.does(&Intent::Set(key.clone(), Setting::Memory(None, Some(64 << 20))));
    let limits = service(&engine, "web")["Spec"]["TaskTemplate"]["Resources"]["Limits"].clone();
    assert_eq!(limits["MemoryBytes"], 64 << 20);
    // The number is part of what a Swarm takes back.
    hand.does(&Intent::Scale(key.clone(), 3));
    let draft = hand.prepare(&Intent::Undo(key.clone(), None)).expect("a draft");
    assert!(says(&draft, LineKind::Hurts, "the number goes back too, from 3 to 2"), "{:#?}", draft.notes);
    hand.does(&Intent::Undo(key.clone(), None));
    assert_eq!(service(&engine, "web")["Spec"]["Mode"]["Replicated"]["Replicas"], 2);
    hand.does(&Intent::Scale(key.clone(), 0));
    hand.refuses(&Intent::Start(key.clone()), "scale it up");
    hand.refuses(&Intent::Pause(key.clone()), "no request that holds an update");
    hand.refuses(&Intent::Resume(key), "not paused");
    engine.service("agent");
    engine.until_tasks("agent", "running", 1);
    hand.until("the agent", |view| view.workload(&key_of("shop/Service/agent")).is_some());
    hand.does(&Intent::Restart(key_of("shop/Service/agent")));
    hand.refuses(&Intent::Scale(key_of("shop/Service/agent"), 3), "once on each node");
    hand.refuses(&Intent::Undo(key_of("shop/Service/none"), None), "not there");
}

fn a_failing_update_is_taken_back_by_keys(api: Api) {
    let engine = swarm(api);
    engine.service("update-paused");
    engine.until_tasks("update-paused", "running", 2);
    engine.update_service("update-paused", break_it);
    engine.until_service("update-paused", "paused", |seen| seen["UpdateStatus"]["State"] == "paused");
    let cockpit = Cockpit::on(&engine);
    let mut screen = Screen::open(&cockpit);
    // It is what triage begins with: one key, and the two of its confirmation.
    screen.until(PATIENCE, "the stuck update to be selected", |text| {
        text.lines().any(|line| line.contains('▸') && line.contains("update-paused"))
    });
    screen.press("u");
    screen.until_shows(PATIENCE, &["roll back", "docker service rollback shop_update-paused", "y, then enter"]);
    screen.confirm();
    engine.until_service("update-paused", "rolled back and whole", |seen| {
        seen["UpdateStatus"]["State"] == "rollback_completed" && seen["ServiceStatus"]["RunningTasks"] == 2
    });
    screen.until_shows(PATIENCE, &["─ done"]);
}

fn an_update_that_goes_on_is_taken_back_in_its_middle(api: Api) {
    let engine = swarm(api);
    engine.service("update-paused");
    engine.until_tasks("update-paused", "running", 2);
    engine.update_service("update-paused", |spec| {
        break_it(spec);
        spec["UpdateConfig"]["FailureAction"] = json!("continue");
    });
    engine.until_service("update-paused", "updating", |seen| seen["UpdateStatus"]["State"] == "updating");
    let mut hand = Hand::on(&engine);
    hand.does(&Intent::Undo(key_of("shop/Service/update-paused"), None));
    engine.until_service("update-paused", "whole", |seen| seen["ServiceStatus"]["RunningTasks"] == 2);
}

fn a_paused_update_goes_on_and_forgets_the_way_back(api: Api) {
    let engine = swarm(api);
    engine.service("update-paused");
    engine.until_tasks("update-paused", "running", 2);
    let key = key_of("shop/Service/update-paused");
    let before = Hand::on(&engine);
    before.refuses(&Intent::Undo(key.clone(), None), "never updated");
    drop(before);
    engine.update_service("update-paused", break_it);
    engine.until_service("update-paused", "paused", |seen| seen["UpdateStatus"]["State"] == "paused");
    let mut hand = Hand::on(&engine);
    let draft = hand.prepare(&Intent::Resume(key.clone())).expect("a draft");
    assert_eq!(draft.grade, Some(Grade::Destructive));
    assert!(says(&draft, LineKind::Hurts, "is forgotten with this"), "{:#?}", draft.notes);
    // Restarting or scaling it would cost the way back too, and says so.
    let restart = hand.prepare(&Intent::Restart(key.clone())).expect("a draft");
    assert!(says(&restart, LineKind::Hurts, "the rollback that there is now"), "{:#?}", restart.notes);
    hand.does(&Intent::Resume(key.clone()));
    hand.refuses(&Intent::Undo(key, None), "moby#37693");
}

fn somebody_elses_change_is_not_written_over(api: Api) {
    let engine = swarm(api);
    engine.service("web");
    engine.service("crashing");
    engine.until_tasks("web", "running", 2);
    let hand = Hand::on(&engine);
    let web = hand.prepare(&Intent::Scale(key_of("shop/Service/web"), 5)).expect("a draft");
    let crashing = hand.prepare(&Intent::Restart(key_of("shop/Service/crashing"))).expect("a draft");
    engine.update_service("web", |spec| spec["TaskTemplate"]["ContainerSpec"]["Env"] = json!(["A=1"]));
    let answer = hand.execute(&web);
    assert!(matches!(answer, Err(StepError::Moved(_))), "{answer:?}");
    assert_eq!(service(&engine, "web")["Spec"]["Mode"]["Replicated"]["Replicas"], 2);
    // Status alone refuses nothing.
    engine.until_tasks("crashing", "failed", 2);
    assert!(hand.execute(&crashing).is_ok());
    let again = hand.prepare(&Intent::Scale(key_of("shop/Service/web"), 5)).expect("a draft");
    engine.ask("DELETE", "/services/shop_web", None);
    assert_eq!(hand.execute(&again), Err(StepError::Gone));
    engine.service("web");
    let reborn = hand.execute(&again);
    assert!(matches!(&reborn, Err(StepError::Moved(why)) if why.contains("another service")), "{reborn:?}");
}

fn a_task_ends_and_another_takes_its_place(api: Api) {
    let engine = swarm(api);
    engine.service("web");
    engine.until_tasks("web", "running", 2);
    let mut hand = Hand::on(&engine);
    hand.until("both tasks", |view| view.instances_of(&key_of("shop/Service/web")).filter(|it| it.ready).count() == 2);
    let task = key_of("shop/Task/web.1");
    let uid = hand.view().instance(&task).expect("the task").uid.clone();
    hand.does(&Intent::Kill(task.clone()));
    hand.until("another in its place", |view| view.instance(&task).is_some_and(|it| it.ready && it.uid != uid));
    hand.does(&Intent::Stop(task.clone()));
    hand.refuses(&Intent::Start(task), "runs once");
    // Its container is not a thing by itself.
    let body = hand.view().instances().find(|it| it.realizes.is_some()).expect("a container").key.clone();
    hand.refuses(&Intent::Restart(body), "act on the task");
}

fn a_node_is_drained_by_keys_and_put_back(api: Api) {
    let manager = swarm(api);
    manager.run("healthy", "beside");
    let worker = Engine::start(api);
    worker.join(&manager, "Worker");
    manager.service("web");
    manager.service("agent");
    manager.until_tasks("web", "running", 2);
    manager.until_tasks("agent", "running", 2);
    let mut hand = Hand::on(&manager);
    let key = key_of(&format!("-/Node/{}", manager.host()));
    let run = hand.does(&Intent::Cordon(key.clone()));
    hand.does(&run.plan.inverse.expect("a way back"));
    let draft = hand.prepare(&Intent::drain(key.clone())).expect("a draft");
    assert!(says(&draft, LineKind::Skips, "1 container that is not the Swarm's"), "{:#?}", draft.notes);
    assert!(says(&draft, LineKind::Does, "services that run on each node"), "{:#?}", draft.notes);
    // Somebody else pauses it before it is confirmed.
    let availability = |to: &str| {
        let nodes = manager.ask("GET", "/nodes", None);
        let all = nodes.as_array().expect("nodes");
        let node = all.iter().find(|node| node["Description"]["Hostname"] == manager.host()).expect("it").clone();
        let mut spec = node["Spec"].clone();
        spec["Availability"] = json!(to);
        let path = format!("/nodes/{}/update?version={}", node["ID"].as_str().expect("id"), node["Version"]["Index"]);
        manager.ask("POST", &path, Some(&spec));
    };
    availability("pause");
    assert!(matches!(hand.execute(&draft), Err(StepError::Moved(why)) if why.contains("pause")));
    availability("active");
    hand.until("it is active again", |view| view.node(&key).is_some_and(|node| !node.cordoned));
    let run = hand.does(&Intent::drain(key.clone()));
    until(PATIENCE, "the tasks on the worker", || {
        let tasks = manager.ask("GET", "/tasks", None);
        let running = tasks.as_array().into_iter().flatten().filter(|task| task["Status"]["State"] == "running");
        let left = running.filter(|task| task["DesiredState"] == "running").count();
        if left == 3 { Ok(()) } else { Err(tasks.to_string()) }
    });
    assert_eq!(manager.ask("GET", "/containers/beside/json", None)["State"]["Status"], "running");
    hand.does(&run.plan.inverse.expect("a way back"));
    drop(hand);
    let cockpit = Cockpit::on(&manager);
    let mut screen = Screen::open(&cockpit);
    screen.press("6");
    let selected = |text: &str| text.lines().any(|line| line.contains('▸') && line.contains("host-"));
    screen.until(PATIENCE, "a node to be selected", selected);
    screen.press("D");
    screen.until_shows(PATIENCE, &["drain host-", "--availability drain", "y, then enter"]);
    screen.confirm();
    screen.until_shows(PATIENCE, &["─ done"]);
    // With the next key it would be another one to a terminal.
    screen.press("\x1b");
    screen.until(PATIENCE, "the run to be left", |text| !text.contains("done"));
    screen.press_for("U", &["uncordon host-", "--availability active"]);
    screen.confirm();
    screen.until_shows(PATIENCE, &["─ done"]);
    until(PATIENCE, "all nodes to be active", || {
        let nodes = manager.ask("GET", "/nodes", None);
        let active = nodes.as_array().into_iter().flatten().filter(|node| node["Spec"]["Availability"] == "active");
        if active.count() == 2 { Ok(()) } else { Err(nodes.to_string()) }
    });
}

fn a_service_is_scaled_by_keys(api: Api) {
    let engine = swarm(api);
    engine.service("web");
    engine.until_tasks("web", "running", 2);
    let cockpit = Cockpit::on(&engine);
    let mut screen = Screen::open(&cockpit);
    screen.select_workload("shop/web");
    screen.press("s");
    screen.until_shows(PATIENCE, &["from 2 to"]);
    screen.press("3\r");
    screen.until_shows(PATIENCE, &["docker service scale shop_web=3"]);
    screen.confirm();
    engine.until_service("web", "three", |seen| seen["ServiceStatus"]["RunningTasks"] == 3);
    screen.until_shows(PATIENCE, &["─ done"]);
}
