//! Agents that go away and come back.

use crate::agents::{Agent, Options};
use crate::cockpit::Cockpit;
use crate::screen::Screen;
use crate::wait::PATIENCE;

#[test]
fn an_agent_killed_and_started_again() {
    let agent = Agent::start("mortal", Options::default());
    agent.run_job("crash-loop");
    let cockpit = Cockpit::region(&agent);
    let mut screen = Screen::open(&cockpit);
    screen.until_shows(PATIENCE, &["worker", "again and again", "live"]);

    agent.kill();
    // The trouble is said, and what was known stays.
    screen.until_shows(PATIENCE, &["unreachable", "worker"]);
    let report = cockpit.triage().expect("a list, of nothing");
    assert_eq!(report.code, Some(1), "a source that cannot be read ends with 1\n{report}");
    assert!(!report.is_complete(), "{report}");
    assert!(report.sources().all(|source| source["trouble"]["kind"] == "unreachable"), "{report}");

    agent.start_again();
    screen.until(PATIENCE, "the region to be live again, by itself", |text| {
        let text = text.to_lowercase();
        text.contains("live") && !text.contains("unreachable") && text.contains("worker")
    });
    agent.run_job("cannot-be-placed");
    screen.until_shows(PATIENCE, &["charge", "memory exhausted"]);
}

#[test]
fn no_agent_there() {
    let agent = Agent::start("absent", Options::default());
    agent.kill();
    let cockpit = Cockpit::region(&agent);
    let report = cockpit.triage().expect("a list, of nothing");
    assert_eq!(report.code, Some(1), "{report}");
    assert_eq!(report.loud().count(), 0, "{report}");
    let doctor = cockpit.run(&["doctor"]);
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(said.contains(&agent.address()), "doctor names what it looked at\n{said}");
    // It comes up while cockpit waits for it.
    let mut screen = Screen::open(&cockpit);
    screen.until_shows(PATIENCE, &["unreachable"]);
    agent.start_again();
    screen.until(PATIENCE, "the region to be live", |text| text.contains("live") && !text.contains("unreachable"));
}
