//! What goes wrong in a swarm.

use serde_json::{Value, json};

use super::{on_both, rules};
use crate::cockpit::Cockpit;
use crate::scenes::report::line_says;
use crate::screen::Screen;
use crate::servers::{Api, Engine};
use crate::wait::PATIENCE;

on_both!(
    a_service_with_a_bad_image,
    a_service_that_fits_nowhere,
    a_paused_update,
    services_that_crash,
    two_managers_and_then_one,
    a_worker_that_dies,
);

fn swarm(api: Api) -> Engine {
    let engine = Engine::start(api);
    engine.swarm();
    engine
}

fn a_service_with_a_bad_image(api: Api) {
    let engine = swarm(api);
    engine.service("bad-image");
    engine.service("web");
    engine.until_tasks("bad-image", "rejected", 1);
    engine.until_tasks("web", "running", 2);
    let cockpit = Cockpit::on(&engine);
    let report = cockpit.until_triage("the image that cannot be had", |report| {
        let one = report.find(rules::IMAGE_PULL, "bad-image")?;
        line_says(one, "worker:9.9.9")?;
        // It says only that the image is not on the node; its registry cannot even be reached.
        line_says(one, "does not say which")?;
        match (&one["kind"], one["ready"].as_u64(), one["wanted"].as_u64()) {
            (kind, Some(0), Some(1)) if kind == "Service" => Ok(()),
            other => Err(format!("not a service with 0 of 1: {other:?}")),
        }
    });
    assert_eq!(report.about("web").count(), 0, "{report}");
    let mut screen = Screen::open(&cockpit);
    screen.until_shows(PATIENCE, &["bad-image", "worker:9.9.9"]);
}

fn a_service_that_fits_nowhere(api: Api) {
    let engine = swarm(api);
    engine.service("impossible");
    engine.service("too-big");
    engine.until_tasks("impossible", "pending", 1);
    engine.until_tasks("too-big", "pending", 1);
    Cockpit::on(&engine).until_triage("two services that cannot be placed", |report| {
        line_says(report.find(rules::CANNOT_BE_PLACED, "impossible")?, "constraint")?;
        line_says(report.find(rules::CANNOT_BE_PLACED, "too-big")?, "resources")
    });
}

fn a_paused_update(api: Api) {
    let engine = swarm(api);
    engine.service("update-paused");
    engine.until_tasks("update-paused", "running", 2);
    engine.update_service("update-paused", break_it);
    engine.until_service("update-paused", "paused", |seen| seen["UpdateStatus"]["State"] == "paused");
    Cockpit::on(&engine).until_triage("the paused update", |report| {
        let paused = report.about("update-paused").any(|one| one.to_string().to_lowercase().contains("paused"));
        if !paused {
            return Err(format!("nothing about update-paused says that it is paused (or {})", rules::ROLLOUT));
        }
        match report.loud().any(|one| one["name"] == "update-paused") {
            true => Ok(()),
            false => Err("it is neither critical nor a warning".to_owned()),
        }
    });
}

fn services_that_crash(api: Api) {
    let engine = swarm(api);
    for scene in ["crashing", "oom", "unhealthy"] {
        engine.service(scene);
    }
    for scene in ["crashing", "oom", "unhealthy"] {
        engine.until_tasks(scene, "failed", 2);
    }
    Cockpit::on(&engine).until_triage("three services that fail, each in its way", |report| {
        report.find(rules::CRASH_LOOP, "crashing")?;
        // The swarm itself says 137 and no more; the engine underneath saw which memory ran out.
        line_says(report.find(rules::OOM_KILLED, "oom")?, "16 MiB")?;
        match report.says("unhealthy", "unhealthy container") || report.says("unhealthy", "health check") {
            true => Ok(()),
            false => Err("nothing says that the health check ended it".to_owned()),
        }
    });
}

fn two_managers_and_then_one(api: Api) {
    let first = swarm(api);
    let second = Engine::start(api);
    second.join(&first, "Manager");
    let cockpit = Cockpit::on(&first);
    cockpit.until_triage("two managers", |report| {
        let found = report.incidents().find(|one| one["rule"] == rules::QUORUM);
        line_says(found.ok_or_else(|| "no word of two managers".to_owned())?, "2 managers")
    });
    let mut screen = Screen::open(&cockpit);
    screen.until_shows(PATIENCE, &["manager"]);
    second.kill();
    // The engine that is asked still answers, and says that nobody leads.
    screen.until_shows(PATIENCE, &["quorum"]);
    // For some seconds it still believes itself the leader, of one manager of two; then nobody can be asked for services.
    cockpit.until_triage("the quorum to be lost", |report| {
        let found = report.incidents().find(|one| one["rule"] == rules::QUORUM && one["severity"] == "critical");
        line_says(found.ok_or_else(|| "no word of the quorum".to_owned())?, "quorum lost")?;
        match (&report.json["complete"], report.code) {
            (complete, Some(1)) if complete == false => Ok(()),
            other => Err(format!("services cannot be read now, and it does not say so: {other:?}")),
        }
    });
}

fn a_worker_that_dies(api: Api) {
    let manager = swarm(api);
    let worker = Engine::start(api);
    worker.join(&manager, "Worker");
    manager.service("agent");
    manager.until_tasks("agent", "running", 2);
    let cockpit = Cockpit::on(&manager);
    cockpit.stays_quiet();
    worker.kill();
    cockpit.until_triage("the node to be down", |report| report.find(rules::NODE_DOWN, worker.host()).map(drop));
}

/// A release that ends at once.
fn break_it(spec: &mut Value) {
    spec["TaskTemplate"]["ContainerSpec"]["Command"] = json!(["sh", "-c", "echo bad release >&2; exit 1"]);
}
