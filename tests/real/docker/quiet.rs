//! What is healthy or ordinary has to stay quiet: a tool that cries on a healthy host is uninstalled on its first day.

use serde_json::json;

use super::on_both;
use crate::cockpit::Cockpit;
use crate::screen::Screen;
use crate::servers::{Api, Engine, scene_body};
use crate::wait::PATIENCE;

on_both!(nothing_at_all, a_healthy_project, thirty_old_exited_containers, one_off_runs, a_healthy_swarm);

fn nothing_at_all(api: Api) {
    let engine = Engine::start(api);
    let cockpit = Cockpit::on(&engine);
    cockpit.stays_quiet();
    let mut screen = Screen::open(&cockpit);
    screen.until_shows(PATIENCE, &["nothing found", "live"]);
}

fn a_healthy_project(api: Api) {
    let engine = Engine::start(api);
    engine.compose(&["up", "-d", "--scale", "web=2"]);
    for name in ["shop-db-1", "shop-web-1", "shop-web-2"] {
        engine.until(name, "healthy", |seen| seen["State"]["Health"]["Status"] == "healthy");
    }
    let cockpit = Cockpit::on(&engine);
    cockpit.stays_quiet();
    let mut screen = Screen::open(&cockpit);
    screen.until_shows(PATIENCE, &["nothing found", "live"]);
    // The project's services are workloads, web with its two containers.
    screen.press("7");
    screen.until_shows(PATIENCE, &["shop", "web", "db", "migrate"]);
}

/// Left from a month ago: well ended, failed, and killed by a stop. History, not news.
fn thirty_old_exited_containers(api: Api) {
    let engine = Engine::start(api);
    let mut body = scene_body("containers", "exited-0");
    for number in 0..30 {
        let code = [0, 1, 137][number % 3];
        body["Cmd"] = json!(["sh", "-c", format!("exit {code}")]);
        engine.run_body(&body, &format!("old-{number}"));
    }
    (0..30).for_each(|number| drop(engine.until_exited(&format!("old-{number}"))));
    engine.stop();
    age_containers(&engine);
    engine.start_again();
    Cockpit::on(&engine).stays_quiet();
}

fn one_off_runs(api: Api) {
    let engine = Engine::start(api);
    engine.compose(&["up", "-d"]);
    engine.compose(&["run", "-d", "--name", "one-off", "web", "sh", "-c", "echo done"]);
    engine.compose(&["run", "-d", "--name", "one-off-failed", "web", "sh", "-c", "exit 3"]);
    engine.run("exited-0", "migration");
    for name in ["one-off", "one-off-failed", "migration"] {
        engine.until_exited(name);
    }
    engine.until("shop-web-1", "healthy", |seen| seen["State"]["Health"]["Status"] == "healthy");
    Cockpit::on(&engine).stays_quiet();
}

fn a_healthy_swarm(api: Api) {
    let engine = Engine::start(api);
    engine.swarm();
    for scene in ["web", "updated", "agent", "job", "scaled-to-zero"] {
        engine.service(scene);
    }
    engine.until_tasks("web", "running", 2);
    engine.until_tasks("updated", "running", 1);
    engine.until_tasks("agent", "running", 1);
    engine.until_tasks("job", "complete", 2);
    // An update that goes well replaces a task, which ends with 137 since it does not listen to SIGTERM.
    engine.update_service("updated", |spec| spec["TaskTemplate"]["ContainerSpec"]["Env"] = json!(["RELEASE=2"]));
    engine.until_service("updated", "completed", |seen| seen["UpdateStatus"]["State"] == "completed");
    Cockpit::on(&engine).stays_quiet();
}

/// The engine is down: what it keeps of each container is moved a month back.
fn age_containers(engine: &Engine) {
    let month = jiff::SignedDuration::from_hours(30 * 24);
    let entries = std::fs::read_dir(engine.containers_dir()).expect("the engine's containers");
    for entry in entries {
        let path = entry.expect("an entry").path().join("config.v2.json");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut kept: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        for (object, field) in [("", "Created"), ("/State", "StartedAt"), ("/State", "FinishedAt")] {
            let Some(time) = kept.pointer_mut(object).map(|object| &mut object[field]) else { continue };
            let then: jiff::Timestamp = time.as_str().and_then(|text| text.parse().ok()).expect("a time");
            *time = json!((then - month).to_string());
        }
        std::fs::write(&path, kept.to_string()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
