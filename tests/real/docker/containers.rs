//! What goes wrong with containers.

use super::{on_both, rules};
use crate::cockpit::Cockpit;
use crate::scenes::report::{evidence_says, line_says};
use crate::screen::Screen;
use crate::servers::{Api, Engine};
use crate::wait::PATIENCE;

on_both!(
    oom_killed_at_its_limit_in_a_restart_loop,
    a_process_killed_for_memory_in_a_container_that_lives,
    exit_137_that_was_no_oom,
    a_stop_that_took_too_long,
    a_failing_health_check,
    crash_loops,
    a_program_that_is_not_there,
    near_its_memory_limit,
    a_database_without_a_volume,
);

fn oom_killed_at_its_limit_in_a_restart_loop(api: Api) {
    let engine = Engine::start(api);
    engine.run("oom-loop", "worker");
    engine.until_restarts("worker", 3);
    let cockpit = Cockpit::on(&engine);
    let report = cockpit.until_triage("worker to be OOM-killed at its limit", |report| {
        let one = report.find(rules::OOM_KILLED, "worker")?;
        line_says(one, "16 MiB")?;
        match (&one["certainty"], &one["kind"], &one["state"]) {
            (certainty, kind, state) if certainty == "confirmed" && kind == "Container" && state != "recovered" => {
                Ok(())
            }
            other => Err(format!("not a confirmed one about a container: {other:?}")),
        }
    });
    // One cause, one line: the crash loop that it makes is a symptom.
    assert_eq!(report.about("worker").count(), 1, "{report}");
    let one = report.find(rules::OOM_KILLED, "worker").expect("seen above");
    assert_eq!(one["since_exact"], true, "events say since when\n{report}");
    let again = cockpit.triage().expect("a list");
    assert_eq!(again.find(rules::OOM_KILLED, "worker").map(|one| &one["id"]), Ok(&one["id"]), "{again}");

    let mut screen = Screen::open(&cockpit);
    screen.until_shows(PATIENCE, &["worker", "OOM", "16 MiB"]);
    // At home it asks once more, so that nobody leaves by accident.
    screen.press("q");
    screen.until_shows(PATIENCE, &["again to quit"]);
    screen.press("q");
    assert!(screen.until_ended(PATIENCE), "it ends well");
}

/// The kernel chose a child: the container serves on, and nothing is lost yet.
fn a_process_killed_for_memory_in_a_container_that_lives(api: Api) {
    let engine = Engine::start(api);
    engine.run("oom-child", "parent");
    let cockpit = Cockpit::on(&engine);
    let report = cockpit.until_triage("a process in parent to be OOM-killed", |report| {
        let one = report.find(rules::OOM_KILLED, "parent")?;
        line_says(one, "a process in it")?;
        match (&one["severity"], one["ready"].as_u64()) {
            (severity, Some(1)) if severity == "warning" => Ok(()),
            other => Err(format!("it lives, so this is a warning with 1 ready: {other:?}")),
        }
    });
    assert_eq!(report.about("parent").count(), 1, "{report}");
}

fn exit_137_that_was_no_oom(api: Api) {
    let engine = Engine::start(api);
    engine.run("killed", "by-hand");
    engine.run("killed-outside", "from-outside");
    engine.act("by-hand", "kill");
    let pid =
        engine.until("from-outside", "running", |seen| seen["State"]["Running"] == true)["State"]["Pid"].to_string();
    let killed = std::process::Command::new("kill").args(["-KILL", &pid]).status();
    assert!(killed.is_ok_and(|status| status.success()), "could not kill {pid}");
    engine.until_exited("by-hand");
    engine.until_restarts("from-outside", 1);
    let report = Cockpit::on(&engine).complete();
    for name in ["by-hand", "from-outside"] {
        assert!(report.find(rules::OOM_KILLED, name).is_err(), "137 alone is no OOM\n{report}");
        for one in report.about(name) {
            let line = one["summary"].as_str().unwrap_or_default();
            assert!(!line.contains("OOM-killed"), "{line}\n{report}");
        }
    }
}

fn a_stop_that_took_too_long(api: Api) {
    let engine = Engine::start(api);
    engine.run("outlived-stop", "slow");
    engine.run("stops-in-time", "quick");
    engine.act("slow", "stop");
    engine.act("quick", "stop");
    engine.until_exited("slow");
    engine.until_exited("quick");
    let cockpit = Cockpit::on(&engine);
    let report = cockpit
        .until_triage("slow to have outlived its stop", |report| report.find(rules::STOP_TIMEOUT, "slow").map(drop));
    assert_eq!(report.about("quick").count(), 0, "a stop in time is nothing\n{report}");
    assert!(report.find(rules::OOM_KILLED, "slow").is_err(), "{report}");
}

fn a_failing_health_check(api: Api) {
    let engine = Engine::start(api);
    engine.run("unhealthy", "api");
    engine.run("healthy", "well");
    engine.run("starting", "young");
    engine.until("api", "unhealthy", |seen| seen["State"]["Health"]["Status"] == "unhealthy");
    engine.until("well", "healthy", |seen| seen["State"]["Health"]["Status"] == "healthy");
    let report = Cockpit::on(&engine).until_triage("api to be unhealthy", |report| {
        evidence_says(report.find(rules::UNHEALTHY, "api")?, "connection to db:5432 refused")
    });
    assert_eq!(report.loud().filter(|one| one["name"] != "api").count(), 0, "{report}");
}

fn crash_loops(api: Api) {
    let engine = Engine::start(api);
    engine.run("crash-loop", "api");
    engine.run("not-found-loop", "typo");
    engine.until_restarts("api", 4);
    engine.until_restarts("typo", 4);
    let cockpit = Cockpit::on(&engine);
    cockpit.until_triage("two crash loops", |report| {
        line_says(report.find(rules::CRASH_LOOP, "api")?, "1")?;
        let typo = report.find(rules::CRASH_LOOP, "typo")?;
        line_says(typo, "127").or_else(|_| line_says(typo, "not found"))
    });
    let mut screen = Screen::open(&cockpit);
    screen.until_shows(PATIENCE, &["api", "typo"]);
    // The last words are fetched for the screen: they are the cause in the program's own words. The list cuts them, the
    // pane below it does not.
    screen.press("/api\r");
    screen.until_shows(PATIENCE, &["cannot connect to db:5432: connection refused"]);
}

fn a_program_that_is_not_there(api: Api) {
    let engine = Engine::start(api);
    engine.run_in_vain("bad-entrypoint-restarting", "broken");
    // Created and not yet started is nothing.
    engine.ask("POST", "/containers/create?name=planned", Some(&crate::servers::scene_body("containers", "created")));
    let report = Cockpit::on(&engine)
        .until_triage("broken not to start", |report| report.find(rules::CANNOT_START, "broken").map(drop));
    assert!(report.says("broken", "no such file"), "the engine's words\n{report}");
    assert_eq!(report.about("planned").count(), 0, "{report}");
}

fn near_its_memory_limit(api: Api) {
    let engine = Engine::start(api);
    engine.run("near-limit", "full");
    Cockpit::on(&engine)
        .until_triage("full to be near its limit", |report| report.find(rules::MEMORY_NEAR_LIMIT, "full").map(drop));
}

fn a_database_without_a_volume(api: Api) {
    let engine = Engine::start(api);
    engine.image("postgres", "16", &["VOLUME /var/lib/postgresql/data", "CMD [\"sh\"]"]);
    engine.run("database-no-volume", "lost");
    engine.run("database-volume", "kept");
    let report = Cockpit::on(&engine).until_triage("the database without a volume", |report| {
        let one = report.find(rules::DATABASE_WITHOUT_VOLUME, "lost")?;
        if one["severity"] == "risk" { Ok(()) } else { Err(format!("not a risk: {one}")) }
    });
    assert_eq!(report.about("kept").count(), 0, "{report}");
}
