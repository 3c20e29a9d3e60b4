//! Clients that are emptied.

use super::act::{running, until_running};
use crate::agents::{Agent, Options};
use crate::cockpit::Cockpit;
use crate::command::{does, says};
use crate::screen::Screen;
use crate::wait::{PATIENCE, until};

#[test]
fn a_drain_moves_everything_and_is_taken_back() {
    let agent = Agent::start("alpha", Options::default());
    let second = Agent::start("beta", Options { joins: Some(&agent), ..Options::default() });
    // It waits ten seconds between two of a group, and the suite has not the time.
    agent.run_job_with("quiet-web", "", |job| {
        job["TaskGroups"][0]["Migrate"]["MinHealthyTime"] = serde_json::json!(1_000_000_000_u64);
    });
    agent.until_deployed("web", "successful");
    let cockpit = Cockpit::region(&agent);
    let from = running(&agent, "web").iter().find_map(|it| it["NodeName"].as_str().map(str::to_owned)).expect("a node");
    let mut screen = Screen::open(&cockpit);
    screen.until_shows(PATIENCE, &["live"]);
    screen.press("6");
    screen.select(&from);
    screen.press("D");
    screen.until_shows(PATIENCE, &["made anew elsewhere", "nomad node drain -enable"]);
    screen.confirm();
    until(PATIENCE, "nothing to be left there", || {
        let left: Vec<_> = running(&agent, "web").into_iter().filter(|it| it["NodeName"] == from.as_str()).collect();
        if left.is_empty() && running(&agent, "web").len() == 2 {
            Ok(())
        } else {
            Err(format!("{} left\n{}", left.len(), screen.text()))
        }
    });
    screen.until_shows(PATIENCE, &["done"]);
    drop(screen);
    does(&cockpit, &["uncordon", &from, "--yes", "--wait=1m"]);
    let nodes = agent.get("/v1/nodes");
    let open = nodes.as_array().expect("a list").iter().filter(|it| it["SchedulingEligibility"] == "eligible").count();
    assert_eq!(open, 2, "{nodes:#}");
    drop(second);
}

#[test]
fn a_drain_that_cannot_place_says_so_first_and_is_stopped() {
    let agent = Agent::start("lonely", Options::default());
    agent.run_job("quiet-web");
    agent.until_deployed("web", "successful");
    let cockpit = Cockpit::region(&agent);
    let said = does(&cockpit, &["drain", "lonely", "--dry-run"]);
    assert!(
        said.contains("2 allocations fit on no other client") && said.contains("asks for the name lonely"),
        "{said}"
    );
    let (code, said) = says(&cockpit, &["drain", "lonely", "--yes"]);
    assert!(code != Some(0) && said.contains("--confirm"), "{code:?} {said}");
    does(&cockpit, &["drain", "lonely", "--yes", "--confirm", "lonely"]);
    cockpit.until_triage("that it has no place, and the drain", |report| {
        let found = report.find("cannot-be-placed", "web")?;
        let actions = found["actions"].to_string();
        if actions.contains("uncordon") { Ok(()) } else { Err(format!("no way out: {found:#}")) }
    });
    does(&cockpit, &["uncordon", "lonely", "--yes", "--wait=1m"]);
    until_running(&agent, "web", 2);
}
