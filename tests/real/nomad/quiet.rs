//! What is healthy or ordinary has to stay quiet, beside whatever else goes on.

use serde_json::Value;

use crate::agents::{self, Agent, Consul, Options};
use crate::cockpit::Cockpit;
use crate::scenes::report::{in_short, is_loud};
use crate::screen::Screen;
use crate::wait::PATIENCE;

/// A complete list in which nothing loud is said of a group.
#[track_caller]
fn is_quiet(group: &str) {
    let cockpit = Cockpit::region(agents::with_all_scenes());
    let report = cockpit.complete();
    let loud: Vec<String> = report.about(group).filter(|one| is_loud(one)).map(in_short).collect();
    assert!(loud.is_empty(), "{loud:#?}\n{report}\n--- log\n{}", cockpit.log());
}

fn state_is(state: &str) -> impl Fn(&Value) -> bool {
    move |it| it["ClientStatus"] == state
}

#[test]
fn a_group_that_serves_behind_its_check() {
    agents::with_all_scenes().until_deployed("web", "successful");
    is_quiet("web");
}

#[test]
fn one_on_each_node() {
    agents::with_all_scenes().until_allocation("agent", "to run", state_is("running"));
    is_quiet("agent");
}

#[test]
fn work_that_is_done() {
    agents::with_all_scenes().until_allocation("migrate", "to be done", state_is("complete"));
    is_quiet("migrate");
}

#[test]
fn one_restart_that_is_over() {
    let restarted = |it: &Value| it["ClientStatus"] == "running" && it["TaskStates"]["once"]["Restarts"] == 1;
    agents::with_all_scenes().until_allocation("once", "to run for the second time", restarted);
    is_quiet("once");
}

/// Of the whole region: what a team sees on a good night, before anything was registered and after.
#[test]
fn a_region_in_order() {
    let agent = Agent::start("quiet", Options::default());
    let cockpit = Cockpit::region(&agent);
    cockpit.stays_quiet();
    let mut screen = Screen::open(&cockpit);
    screen.until_shows(PATIENCE, &["nothing found", "live"]);
    ["quiet-batch", "quiet-system", "quiet-web"].iter().for_each(|scene| drop(agent.run_job(scene)));
    // A deployment that gets on is no news either.
    cockpit.stays_quiet();
    agent.until_deployed("web", "successful");
    cockpit.stays_quiet();
    screen.press("7");
    screen.until_shows(PATIENCE, &["web", "agent", "migrate"]);
}

/// Its services and their checks are Consul's.
#[test]
fn a_group_that_is_registered_in_consul() {
    let consul = Consul::start("registry");
    let agent = Agent::start("registered", Options { consul: Some(&consul), ..Options::default() });
    agent.run_job_with("quiet-web", "", |job| {
        job["TaskGroups"][0]["Services"][0]["Provider"] = "consul".into();
    });
    agent.until_deployed("web", "successful");
    let passing = consul.get("/v1/health/service/web?passing");
    assert_eq!(passing.as_array().map(Vec::len), Some(2), "{passing}");
    Cockpit::region(&agent).stays_quiet();
}
