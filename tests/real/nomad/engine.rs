//! Tasks that a real engine runs.

use super::{is, says, shows};
use crate::agents::{Agent, Options};
use crate::cockpit::Cockpit;
use crate::servers::{Api, Engine};

/// The driver says that memory ran out; the engine under it says so too. It is one thing.
#[test]
fn a_task_that_is_killed_for_want_of_memory_again_and_again() {
    let engine = Engine::start(Api::Current);
    let agent = Agent::start("docker", Options { docker: Some(&engine), ..Options::default() });
    agent.run_job("oom-loop");
    let cockpit = Cockpit::region(&agent);
    cockpit.until_triage("the kills, with their limit", |report| {
        let found = says(report, "oom-killed", "resize", "16 MiB")?;
        is(found["certainty"] == "confirmed" && report.find("crash-loop", "resize").is_err(), found, "no guess")
    });
    let both = Cockpit::region(&agent).and_engine(&engine);
    both.until_triage("one incident of both", |report| {
        says(report, "oom-killed", "resize", "16 MiB")?;
        let kills = report.incidents().filter(|one| one["rule"] == "oom-killed").count();
        if kills == 1 { Ok(()) } else { Err(format!("{kills} incidents of one task")) }
    });
}

/// An image that no registry has.
#[test]
fn a_task_whose_image_cannot_be_had() {
    let engine = Engine::start(Api::Old);
    let agent = Agent::start("imageless", Options { docker: Some(&engine), ..Options::default() });
    agent.run_job_with("oom-loop", "", |job| {
        let config = &mut job["TaskGroups"][0]["Tasks"][0]["Config"];
        config["image"] = "127.0.0.1:1/shop/resize:1.4.3".into();
    });
    Cockpit::region(&agent).until_triage("the image", |report| {
        let found = says(report, "image-pull", "resize", "cannot pull")?;
        shows(found, "127.0.0.1:1/shop/resize")
    });
}
