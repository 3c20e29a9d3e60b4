//! Engines that go away and come back, and engines with much on them.

use super::{on_both, rules};
use crate::cockpit::Cockpit;
use crate::screen::Screen;
use crate::servers::{Api, Engine, SLOW, scene_body};
use crate::wait::PATIENCE;

on_both!(an_engine_killed_and_started_again, no_engine_there, two_hundred_containers);

fn an_engine_killed_and_started_again(api: Api) {
    let engine = Engine::start(api);
    engine.run("crash-loop", "keeps-crashing");
    engine.until_restarts("keeps-crashing", 4);
    let cockpit = Cockpit::on(&engine);
    let mut screen = Screen::open(&cockpit);
    screen.until_shows(PATIENCE, &["keeps-crashing", "live"]);

    engine.kill();
    // The trouble is said, and what was known stays.
    screen.until_shows(PATIENCE, &["unreachable", "keeps-crashing"]);
    let report = cockpit.triage().expect("a list, of nothing");
    assert_eq!(report.code, Some(1), "a source that cannot be read ends with 1\n{report}");
    assert_ne!(report.json["complete"], true, "{report}");
    let sources = report.json["clusters"][0]["sources"].to_string();
    assert!(sources.contains("unreachable"), "{report}");

    engine.start_again();
    screen.until(PATIENCE, "the engine to be live again, by itself", |text| {
        let text = text.to_lowercase();
        text.contains("live") && !text.contains("unreachable") && text.contains("keeps-crashing")
    });
    engine.run("oom-loop", "new");
    screen.until_shows(PATIENCE, &["new", "OOM"]);
}

fn no_engine_there(api: Api) {
    let engine = Engine::start(api);
    engine.stop();
    let cockpit = Cockpit::on(&engine);
    let report = cockpit.triage().expect("a list, of nothing");
    assert_eq!(report.code, Some(1), "{report}");
    assert_eq!(report.loud().count(), 0, "{report}");
    let doctor = cockpit.run(&["doctor"]);
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(said.contains("docker.sock"), "doctor names what it looked at\n{said}");
    // It comes up while cockpit waits for it.
    let mut screen = Screen::open(&cockpit);
    screen.until_shows(PATIENCE, &["unreachable"]);
    engine.start_again();
    screen.until(PATIENCE, "the engine to be live", |text| text.contains("live") && !text.contains("unreachable"));
}

fn two_hundred_containers(api: Api) {
    let engine = Engine::start(api);
    let body = scene_body("containers", "killed");
    for number in 0..200 {
        engine.run_body(&body, &format!("idle-{number}"));
    }
    engine.run("crash-loop", "needle");
    engine.until_restarts("needle", 4);
    let cockpit = Cockpit::on(&engine);
    let report = cockpit.until_triage("the one that crashes among two hundred", |report| {
        report.find(rules::CRASH_LOOP, "needle").map(drop)
    });
    assert_eq!(report.json["complete"], true, "{report}");
    let loud: Vec<_> = report.loud().map(|one| &one["name"]).collect();
    assert_eq!(loud, ["needle"], "{report}");
    let mut screen = Screen::open(&cockpit);
    screen.until_shows(PATIENCE, &["needle"]);
    screen.press("7");
    screen.press("/idle-199\r");
    screen.until_shows(SLOW, &["idle-199"]);
}
