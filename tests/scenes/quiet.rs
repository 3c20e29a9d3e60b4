//! What must not wake anybody: each of it holds at once in a list that is complete.

use super::report::{Report, is_loud};
use super::{namespace, no_noise, part};

/// Names each of these with the scenes that have to be there: `test! { name: ["scene", …], … }`.
macro_rules! each_quiet {
    ($test:ident) => {
        $test! {
            jobs_that_are_done: ["quiet-job-done"],
            a_deployment_at_zero: ["quiet-at-zero"],
            a_rollout_that_gets_on: ["quiet-rollout"],
            one_restart_long_over: ["quiet-one-restart"],
            checks_that_failed_while_it_started: ["quiet-slow-start"],
            an_ordinary_shop: ["quiet-shop"],
            the_add_ons_of_an_ordinary_cluster: ["quiet-addons"],
            the_node_and_what_is_not_concerned: ["autoscaler-blind", "node-silent", "shop"],
        }
    };
}
pub(crate) use each_quiet;

fn is_quiet(report: &Report, namespace: &str) -> Result<(), String> {
    no_noise(report.within(namespace)).map_err(|loud| format!("{loud}\n{}", part(report, namespace)))
}

pub fn jobs_that_are_done(report: &Report) -> Result<(), String> {
    is_quiet(report, &namespace("quiet-job-done"))
}

pub fn a_deployment_at_zero(report: &Report) -> Result<(), String> {
    is_quiet(report, &namespace("quiet-at-zero"))
}

pub fn a_rollout_that_gets_on(report: &Report) -> Result<(), String> {
    is_quiet(report, &namespace("quiet-rollout"))
}

pub fn one_restart_long_over(report: &Report) -> Result<(), String> {
    is_quiet(report, &namespace("quiet-one-restart"))
}

pub fn checks_that_failed_while_it_started(report: &Report) -> Result<(), String> {
    is_quiet(report, &namespace("quiet-slow-start"))
}

pub fn an_ordinary_shop(report: &Report) -> Result<(), String> {
    is_quiet(report, &namespace("quiet-shop"))
}

pub fn the_add_ons_of_an_ordinary_cluster(report: &Report) -> Result<(), String> {
    is_quiet(report, &namespace("quiet-addons"))?;
    is_quiet(report, "default")
}

/// With trouble all around it, the node itself is well, and so is what serves.
pub fn the_node_and_what_is_not_concerned(report: &Report) -> Result<(), String> {
    let well = |one: &&serde_json::Value| {
        let web = one["namespace"] == "shop" && one["name"] == "web";
        one["kind"] == "Node" || one["namespace"] == "scene-node-silent" || web
    };
    no_noise(report.incidents().filter(well)).map_err(|loud| format!("{loud}\n{report}"))?;
    let blind = namespace("autoscaler-blind");
    match report.within(&blind).any(|one| is_loud(one) && one["severity"] == "critical") {
        true => Err(format!("an autoscaler that sees nothing is no outage\n{}", part(report, &blind))),
        false => Ok(()),
    }
}
