//! Queues by real numbers: what waits in a Redis, as its exporter and a Prometheus tell it, beside the engine whose containers take from
//! it.

mod alerts;
mod endpoints;
mod rules;

use crate::cockpit::Cockpit;
use crate::numbers::Numbers;
use crate::scenes::report::{Report, evidence_says, in_short, is_loud, line_says};
use crate::screen::Screen;
use crate::servers::{Api, Engine};
use crate::wait::PATIENCE;

/// Who takes from the orders.
const WORKER: &str = "[[queue]]\nname = \"orders\"\nconsumer = \"-/Container/worker\"\n";

fn by_server(engine: &Engine, numbers: &Numbers) -> Cockpit {
    let cockpit = Cockpit::on(engine);
    cockpit.sets(&format!("[[metrics]]\nprometheus = \"{}\"\n{WORKER}", numbers.server()));
    cockpit
}

fn sources(report: &Report) -> Vec<(String, String)> {
    let word = |it: &serde_json::Value| it.as_str().unwrap_or_default().to_owned();
    report
        .sources()
        .filter(|it| it["kind"] == "metrics")
        .map(|it| (word(&it["freshness"]), it["trouble"].to_string()))
        .collect()
}

/// One cause, one row: nobody takes from it, and why is said where it has to be mended.
#[test]
fn a_queue_that_grows_while_its_worker_is_stuck() {
    let engine = Engine::start(Api::Current);
    let numbers = Numbers::start("backlog", 2_000, 40_212);
    engine.run("crash-loop", "worker");
    engine.until_restarts("worker", 3);
    let cockpit = by_server(&engine, &numbers);
    let report = cockpit.until_triage("the cause, and the queue with it", |report| {
        let cause = report.find("crash-loop", "worker")?;
        let all = cause["symptoms"].to_string();
        let said =
            all.contains("orders") && all.contains("40,212 waiting, +1,") && all.contains("0 of 1 consumers ready");
        if said { Ok(()) } else { Err(format!("no word of the queue: {cause:#}")) }
    });
    assert!(report.find("queue-backed-up", "orders").is_err(), "the queue has no row of its own\n{report}");
    let mut screen = Screen::open(&cockpit);
    screen.press("5");
    screen.until_shows(PATIENCE, &["orders", "40,212", "redis"]);
    // Growth is told by what was before anybody looked.
    screen.until(PATIENCE, "how fast it grows", |text| {
        text.lines().any(|line| line.contains("orders") && line.contains("+1,"))
    });
}

/// Nobody says who takes from it: then the queue stands for itself.
#[test]
fn a_queue_of_which_nobody_says_who_takes_from_it() {
    let engine = Engine::start(Api::Current);
    let numbers = Numbers::start("alone", 500, 9_000);
    let cockpit = Cockpit::on(&engine);
    cockpit.sets(&format!("[[metrics]]\nprometheus = \"{}\"\n", numbers.server()));
    cockpit.until_triage("the queue", |report| {
        let found = report.find("queue-backed-up", "orders")?;
        line_says(found, "waiting, +")?;
        line_says(found, "consumers unknown")?;
        evidence_says(found, "9,000")
    });
}

/// A queue that is emptied as it fills is no news, however much waits in it; and nothing is either of what is not a queue.
#[test]
fn a_queue_that_is_long_and_does_not_grow() {
    let engine = Engine::start(Api::Current);
    let numbers = Numbers::start("steady", 40_000, 40_000);
    let cockpit = by_server(&engine, &numbers);
    cockpit.stays_quiet();
    let report = cockpit.complete();
    assert_eq!(sources(&report), [("live".to_owned(), "null".to_owned())]);
}

/// What it was is not shown as what it is, and the rest goes on.
#[test]
fn a_prometheus_that_is_killed_and_comes_back() {
    let engine = Engine::start(Api::Current);
    engine.run("crash-loop", "worker");
    engine.until_restarts("worker", 3);
    let numbers = Numbers::start("mortal-numbers", 10, 10);
    let cockpit = by_server(&engine, &numbers);
    let mut screen = Screen::open(&cockpit);
    screen.press("5");
    screen.until_shows(PATIENCE, &["orders", "redis"]);
    numbers.kill();
    let report = cockpit.until_triage("that it is lost", |report| {
        let all = sources(report);
        let lost = all.iter().any(|(sight, trouble)| sight == "unreachable" && trouble.contains("refused"));
        if lost { report.find("crash-loop", "worker").map(drop) } else { Err(format!("{all:?}")) }
    });
    assert_eq!(report.code, Some(1), "a source that cannot be read ends with 1\n{report}");
    // Asked for a new try, it is tried at once.
    screen.press_for("\x12", &["unreachable", "orders"]);
    numbers.start_again();
    screen.press("\x12");
    screen.until(PATIENCE, "it to be live again", |text| text.contains("orders") && !text.contains("unreachable"));
}

/// Without any server: the page of the exporter itself.
#[test]
fn the_page_of_an_exporter() {
    let engine = Engine::start(Api::Current);
    let numbers = Numbers::start("page", 7, 7);
    let cockpit = Cockpit::on(&engine);
    cockpit.sets(&format!("[[metrics]]\nscrape = [\"{}\"]\n{WORKER}", numbers.page()));
    let report = cockpit.complete();
    assert!(report.incidents().filter(|one| is_loud(one)).map(in_short).next().is_none(), "{report}");
    let mut screen = Screen::open(&cockpit);
    screen.press("5");
    screen.until_shows(PATIENCE, &["orders", "7", "redis"]);
    numbers.wait(1_234);
    screen.press_for("\x12", &["1,234"]);
}
