//! Jobs of other kinds than services: what is handed its work, what is tried again, what runs by the clock, what ends on each node.

use serde_json::{Value, json};

use super::{is, says, shows};
use crate::agents::{Agent, Options};
use crate::cockpit::Cockpit;
use crate::scenes::report::{in_short, is_loud};
use crate::screen::Screen;

fn ended(state: &str) -> impl Fn(&Value) -> bool {
    move |it| it["ClientStatus"] == state
}

fn dispatch(agent: &Agent, code: &str) {
    let made = agent.put("/v1/job/resize/dispatch", &json!({ "Meta": { "code": code } }));
    let run = made["DispatchedJobID"].as_str().expect("a run").replace('/', "%2F");
    agent.until_allocation(&run, "to be over", ended(if code == "0" { "complete" } else { "failed" }));
}

#[test]
fn jobs_that_run_to_their_end() {
    let agent = Agent::start("kinds", Options::default());
    let scenes = ["batch-gave-up", "batch-tried-again", "dispatched", "quiet-kinds", "quiet-periodic"];
    scenes.iter().for_each(|scene| drop(agent.run_job(scene)));
    dispatch(&agent, "0");
    agent.put("/v1/job/report/periodic/force", &Value::Null);
    agent.until_allocation("import", "to be over", ended("failed"));
    agent.until_allocation("sweep", "to be over", ended("complete"));
    let cockpit = Cockpit::region(&agent);
    let report = cockpit.until_triage("what gave up", |report| {
        let found = says(report, "job-failed", "migrate", "exit 1")?;
        shows(found, "relation orders does not exist")?;
        is(found["since"].is_string(), found, "since when")
    });
    for quiet in ["resize", "sweep", "report"] {
        let loud: Vec<String> = report.about(quiet).filter(|one| is_loud(one)).map(in_short).collect();
        assert!(loud.is_empty(), "{loud:#?}\n{report}");
    }
    // What was handed over last tells how it is.
    dispatch(&agent, "1");
    cockpit.until_triage("the run that failed", |report| {
        says(report, "job-failed", "resize", "its last run failed: exit 1").map(drop)
    });
    dispatch(&agent, "0");
    cockpit.until_triage("that it is over", |report| match report.find("job-failed", "resize") {
        Ok(found) => Err(format!("it is still said: {found:#}")),
        Err(_) => Ok(()),
    });

    // It is placed again after a minute; what the one before it wrote is a key away.
    let again = |it: &Value| it["RescheduleTracker"].is_object() && it["ClientStatus"] == "failed";
    agent.until_allocation("import", "to fail once more", again);
    let mut screen = Screen::open(&cockpit);
    screen.select_workload("import");
    screen.press_for("p", &["no such file: orders.csv", "the run before"]);
}

#[test]
fn a_check_of_one_of_several_tasks() {
    let agent = Agent::start("deaf", Options::default());
    agent.run_job("check-of-task");
    Cockpit::region(&agent).until_triage("which of them is deaf", |report| {
        let found = report.find("unhealthy", "deaf").or_else(|_| report.find("rollout-stuck", "deaf"))?;
        shows(found, "connection refused")
    });
}
