//! Checks that fail: what they printed, and that of Consul.

use serde_json::json;

use super::{is, shows};
use crate::agents::{Agent, Consul, Options};
use crate::cockpit::Cockpit;

#[test]
fn a_check_of_nomad_that_fails_says_what_it_printed() {
    let agent = Agent::start("printing", Options::default());
    agent.run_job_with("quiet-web", "", |job| {
        job["TaskGroups"][0]["Services"][0]["Checks"][0]["Path"] = json!("/nothing-is-there");
    });
    Cockpit::region(&agent).until_triage("the check, with its output", |report| {
        let found = report.find("unhealthy", "web")?;
        is(found["severity"] == "critical" && found["since"].is_string(), found, "since when")?;
        shows(found, "404")
    });
}

/// It was healthy when it was deployed, and nothing in the stream tells that it is not any more.
#[test]
fn a_check_of_nomad_that_goes_bad_later() {
    let agent = Agent::start("later", Options::default());
    agent.run_job("check-goes-bad");
    agent.until_deployed("shop", "successful");
    Cockpit::region(&agent).until_triage("the check of what had been healthy", |report| {
        let found = report.find("unhealthy", "shop")?;
        is(found["severity"] == "critical" && found["since"].is_string(), found, "since when")?;
        shows(found, "404")
    });
}

#[test]
fn a_check_that_goes_critical_in_consul_and_a_consul_that_is_gone() {
    let consul = Consul::start("criticals");
    let agent = Agent::start("consulted", Options { consul: Some(&consul), ..Options::default() });
    agent.run_job("consul-check");
    agent.until_deployed("bazaar", "successful");
    let cockpit = Cockpit::region(&agent).and("CONSUL_HTTP_ADDR", &consul.address());
    cockpit.until_triage("the check, as Consul tells it", |report| {
        let found = report.find("unhealthy", "bazaar")?;
        is(found["since"].is_string(), found, "since when")?;
        shows(found, "in Consul")?;
        shows(found, "404")
    });
    // Without Consul its trouble is said, and all the rest is seen as before.
    drop(consul);
    cockpit.until_triage("that Consul is not read", |report| {
        let source = |kind: &str| report.sources().find(|source| source["kind"] == kind).cloned().unwrap_or_default();
        let (lost, jobs) = (source("consul"), source("jobs"));
        is(lost["trouble"]["kind"] == "unreachable", &lost, "Consul is lost")?;
        is(jobs["freshness"] == "live", &jobs, "Nomad is not")
    });
}
