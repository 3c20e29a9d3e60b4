//! The command line against a real engine: what is planned, asked, done and waited for, and how each ends.

use serde_json::Value;

use super::on_both;
use crate::cockpit::Cockpit;
use crate::servers::{Api, Engine};

on_both!(a_container_is_acted_on_by_commands, a_service_is_scaled_and_waited_for);

/// Runs a command; how it ended, and all that it said.
fn says(cockpit: &Cockpit, line: &str) -> (Option<i32>, String) {
    let output = cockpit.run(&line.split(' ').collect::<Vec<_>>());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[track_caller]
fn ends(cockpit: &Cockpit, line: &str, code: i32) -> String {
    let (ended, said) = says(cockpit, line);
    assert_eq!(ended, Some(code), "cockpit {line}\n{said}\n--- log\n{}", cockpit.log());
    said
}

fn a_container_is_acted_on_by_commands(api: Api) {
    let engine = Engine::start(api);
    engine.run("healthy", "api");
    engine.until("api", "healthy", |seen| seen["State"]["Health"]["Status"] == "healthy");
    let state = |field: &str| -> Value { engine.ask("GET", "/containers/api/json", None)["State"][field].clone() };
    let cockpit = Cockpit::on(&engine);
    assert!(ends(&cockpit, "wait api --timeout 60s", 0).contains("healthy"));

    let started = state("StartedAt");
    let said = ends(&cockpit, "restart api --dry-run", 0);
    assert!(said.contains("docker restart"), "{said}");
    ends(&cockpit, "restart api", 3);
    ends(&cockpit, "restart api --yes --read-only", 3);
    ends(&cockpit, "restart nothing-of-that-name --yes", 2);
    assert_eq!(state("StartedAt"), started, "until then nothing was done");

    ends(&cockpit, "restart api --yes --wait=90s", 0);
    assert_ne!(state("StartedAt"), started);
    assert_eq!(state("Health")["Status"], "healthy", "it was waited for");

    ends(&cockpit, "stop api --yes --wait=90s", 0);
    assert_eq!(state("Status"), "exited");
    ends(&cockpit, "wait api --timeout 1s", 4);
    ends(&cockpit, "start api --yes --wait=90s", 0);
    assert_eq!(state("Status"), "running");
    ends(&cockpit, "wait api --timeout 60s", 0);
}

fn a_service_is_scaled_and_waited_for(api: Api) {
    let engine = Engine::start(api);
    engine.swarm();
    engine.service("web");
    let cockpit = Cockpit::on(&engine);
    ends(&cockpit, "wait shop/web --timeout 90s", 0);
    let before = engine.ask("GET", "/services/shop_web", None)["Spec"]["Mode"]["Replicated"]["Replicas"].clone();
    let wanted = before.as_u64().expect("a number") + 1;
    let said = ends(&cockpit, &format!("scale shop/web {wanted} --yes --wait=90s --json"), 0);
    let report: Value = serde_json::from_str(&said).expect("JSON and nothing else");
    assert_eq!(report["run"]["outcome"][1], "done", "{said}");
    assert_eq!(engine.ask("GET", "/services/shop_web", None)["Spec"]["Mode"]["Replicated"]["Replicas"], wanted);
    ends(&cockpit, "wait shop/web --timeout 90s", 0);
    ends(&cockpit, "undo shop/web --yes --wait=90s", 0);
    assert_eq!(engine.ask("GET", "/services/shop_web", None)["Spec"]["Mode"]["Replicated"]["Replicas"], before);
}
