//! Alerts of a real Prometheus, and what a real Alertmanager does with them.

use crate::cockpit::Cockpit;
use crate::numbers::Numbers;
use crate::scenes::report::{Report, evidence_says, line_says};
use crate::screen::Screen;
use crate::servers::{Api, Engine};
use crate::wait::PATIENCE;

fn told(engine: &Engine, numbers: &Numbers) -> Cockpit {
    let cockpit = Cockpit::on(engine);
    let (server, manager) = (numbers.server(), numbers.manager());
    cockpit.sets(&format!("[[metrics]]\nprometheus = \"{server}\"\n[[metrics]]\nalertmanager = \"{manager}\"\n"));
    cockpit
}

/// Why the alerts are not all known; nothing where they are.
fn trouble(report: &Report) -> String {
    report.sources().filter(|it| it["kind"] == "alerts").map(|it| it["trouble"].to_string()).collect()
}

/// One cause, one row: the alert that woke somebody stands at what it is about.
#[test]
fn an_alert_about_a_container_stands_at_its_cause() {
    let engine = Engine::start(Api::Current);
    let numbers = Numbers::start("paged", 0, 0);
    engine.run("crash-loop", "worker");
    engine.until_restarts("worker", 3);
    numbers.fires("WorkerDown", "critical", &["name=worker"]);
    let cockpit = told(&engine, &numbers);
    let report = cockpit.until_triage("the cause, and the alert with it", |report| {
        let all = report.find("crash-loop", "worker")?["symptoms"].to_string();
        let said = all.contains("alert WorkerDown (paged): WorkerDown is so");
        if said { Ok(()) } else { Err(format!("no word of the alert: {all}")) }
    });
    assert!(report.incidents().all(|it| it["rule"] != "alert"), "the alert has no row of its own\n{report}");
    let mut screen = Screen::run(&cockpit, &["--alert", "workerdown"]);
    screen.until_shows(PATIENCE, &["WorkerDown", "suffers", "exits with 1"]);
}

/// What fires is in triage until somebody silences it; who did, and why, is to be read.
#[test]
fn an_alert_that_fires_is_silenced_and_ends() {
    let engine = Engine::start(Api::Current);
    let numbers = Numbers::start("silenced", 0, 0);
    let cockpit = told(&engine, &numbers);
    cockpit.stays_quiet();
    numbers.fires("BackupMissing", "page", &["instance=db-1:9100"]);
    numbers.fires("TooManyPods", "info", &[]);
    let report = cockpit.until_triage("the alert", |report| {
        let found = report.incidents().find(|it| it["rule"] == "alert").ok_or("no alert")?;
        line_says(found, "BackupMissing (paged)")?;
        evidence_says(found, "node db-1, which is not known here")?;
        evidence_says(found, "BackupMissing is so")
    });
    assert!(!report.to_string().contains("TooManyPods"), "what only informs wakes nobody\n{report}");
    let mut screen = Screen::open(&cockpit);
    screen.press("8");
    screen.until(PATIENCE, "both of them", |text| {
        let has = |all: &[&str]| text.lines().any(|line| all.iter().all(|word| line.contains(word)));
        has(&["BackupMissing", "db-1", "firing", "yes"]) && has(&["TooManyPods", "firing", "no"])
    });
    numbers.silence("BackupMissing", "anna", "the disk is changed");
    screen.press_for("\x12", &["silenced"]);
    screen.select("BackupMissing");
    screen.press_for("\r", &["by anna until", "the disk is changed"]);
    cockpit.until_triage("quiet", |report| match report.incidents().any(|it| it["rule"] == "alert") {
        true => Err("the alert".to_owned()),
        false => Ok(()),
    });
    numbers.ends("BackupMissing");
    screen.press("\x1b");
    screen.until(PATIENCE, "its end", |text| {
        !text.lines().any(|line| line.contains("BackupMissing") && line.contains("silenced"))
    });
}

/// Silenced where it is seen, with a reason, by a preview; and told again by the same key. Alertmanager itself says so.
#[test]
fn an_alert_is_silenced_from_the_screen_and_told_again() {
    let engine = Engine::start(Api::Current);
    let numbers = Numbers::start("hushed", 0, 0);
    numbers.fires("CheckoutErrors", "critical", &["service=checkout"]);
    numbers.fires("QueueBacklog", "warning", &[]);
    let cockpit = told(&engine, &numbers);
    cockpit.until_triage("the alert", |report| {
        line_says(report.incidents().find(|it| it["rule"] == "alert").ok_or("no alert")?, "CheckoutErrors (paged)")
    });
    let mut screen = Screen::open(&cockpit);
    screen.press("8");
    screen.until_shows(PATIENCE, &["CheckoutErrors", "QueueBacklog"]);
    screen.select("CheckoutErrors");
    screen.press_for("S", &["Silence CheckoutErrors", "for how long, and why", "2h"]);
    screen.press("the bank's API is down");
    screen.press_for("\r", &["keep alert CheckoutErrors quiet for 2 h", "it pages somebody", "service=checkout"]);
    screen.confirm();
    screen.until_shows(PATIENCE, &["silence CheckoutErrors", "done"]);
    let quiet = numbers.silences();
    let [one] = &quiet[..] else { panic!("one silence: {quiet:?}") };
    assert_eq!((&one["comment"], &one["status"]["state"]), (&"the bank's API is down".into(), &"active".into()));
    let report = cockpit.until_triage("the other one alone", |report| match report.to_string() {
        all if all.contains("CheckoutErrors") => Err(all),
        _ => Ok(()),
    });
    assert!(report.to_string().contains("QueueBacklog"), "{report}");
    // Whoever comes next sees that it is in effect, and by whom.
    let handover = cockpit.run(&["handover"]);
    let handover = String::from_utf8_lossy(&handover.stdout).into_owned();
    assert!(handover.contains("`CheckoutErrors` is silenced"), "{handover}");
    screen.press("\x1b");
    screen.press_for("S", &["end a silence by", "the bank's API is down"]);
    screen.confirm();
    screen.until_shows(PATIENCE, &["end a silence of CheckoutErrors", "done"]);
    assert!(numbers.silences().iter().all(|it| it["status"]["state"] == "expired"), "{:?}", numbers.silences());
    cockpit.until_triage("it again", |report| match report.to_string() {
        all if all.contains("CheckoutErrors (paged)") => Ok(()),
        all => Err(all),
    });
    // The same from the command line, and refused where it is so already.
    let silence = ["silence", "CheckoutErrors", "--for", "1h", "--comment", "still down", "--yes", "--wait=60s"];
    let done = cockpit.run(&silence);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    let again = cockpit.run(&silence);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(again.status.code() == Some(3) && said.contains("it is silenced already"), "{said}");
    let ended = cockpit.run(&["unsilence", "CheckoutErrors", "--wait=60s"]);
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    numbers.deaf();
    let lost = cockpit.run(&silence);
    let said = String::from_utf8_lossy(&lost.stderr).into_owned();
    assert!(lost.status.code() == Some(3) && said.contains("refused"), "{said}");
}

/// What fires is still known by Prometheus, and what is not known is said.
#[test]
fn an_alertmanager_that_is_gone() {
    let engine = Engine::start(Api::Current);
    let numbers = Numbers::start("deaf", 0, 0);
    numbers.fires("CheckoutErrors", "critical", &[]);
    let cockpit = told(&engine, &numbers);
    cockpit.until_triage("the alert", |report| {
        let found = report.incidents().find(|it| it["rule"] == "alert").ok_or("no alert")?;
        line_says(found, "CheckoutErrors (paged)")
    });
    numbers.deaf();
    let report = cockpit.until_triage("that it is gone", |report| match trouble(report) {
        said if said.contains("refused") => Ok(()),
        said => Err(said),
    });
    assert!(report.incidents().any(|it| it["rule"] == "alert"), "{report}");
    assert_eq!(report.code, Some(1), "not all could be read\n{report}");
}

/// Alerts that reach nobody look like a quiet night.
#[test]
fn alerts_that_do_not_arrive_are_noticed_by_the_one_that_always_fires() {
    let engine = Engine::start(Api::Current);
    let numbers = Numbers::start("mute", 0, 0);
    let cockpit = told(&engine, &numbers);
    cockpit.stays_quiet();
    let mut screen = Screen::open(&cockpit);
    screen.press("8");
    screen.until_shows(PATIENCE, &["No alert fires."]);
    numbers.mute();
    screen.press_for("\x12", &["Watchdog", "does not arrive at Alertmanager"]);
}
