//! Nodes that somebody has closed.

use serde_json::json;

use super::{is, says};
use crate::agents::{Agent, Options};
use crate::cockpit::Cockpit;
use crate::screen::Screen;
use crate::wait::PATIENCE;

#[test]
fn a_drained_and_an_ineligible_node() {
    let agent = Agent::start("first", Options::default());
    let second = Agent::start("second", Options { joins: Some(&agent), ..Options::default() });
    agent.run_job("quiet-web");
    agent.until_deployed("web", "successful");
    let cockpit = Cockpit::region(&agent);
    cockpit.stays_quiet();
    let (first, second) = (agent.node_id(agent.node()), agent.node_id(second.node()));
    agent.put(&format!("/v1/node/{first}/eligibility"), &json!({ "NodeID": first, "Eligibility": "ineligible" }));
    let drain = json!({ "NodeID": second, "DrainSpec": { "Deadline": 60_000_000_000_u64 } });
    agent.put(&format!("/v1/node/{second}/drain"), &drain);

    let report = cockpit.until_triage("both nodes, and what has nowhere to go", |report| {
        let by_hand = says(report, "node-closed", "first", "takes nothing new")?;
        let drained = says(report, "node-closed", "second", "drained")?;
        [by_hand, drained].into_iter().try_for_each(|it| is(it["since"].is_string(), it, "since when"))
    });
    // Somebody means it: a risk, and never more.
    assert!(report.about("first").chain(report.about("second")).all(|one| one["severity"] == "risk"), "{report}");
    // What comes now has no place, and the key that mends it is offered.
    agent.run_job("crash-loop");
    cockpit.until_triage("what has no place", |report| {
        let found = says(report, "cannot-be-placed", "worker", "node")?;
        let actions = found["actions"].to_string();
        if actions.contains("uncordon") { Ok(()) } else { Err(format!("no way out: {found:#}")) }
    });
    let mut screen = Screen::open(&cockpit);
    screen.press("6");
    screen.until_shows(PATIENCE, &["first", "second"]);
}
