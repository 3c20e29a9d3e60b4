//! What goes wrong: triage is asked until it says of a scene what it should.

use super::{is, says, shows, told};
use crate::agents;
use crate::cockpit::Cockpit;
use crate::scenes::report::Report;

/// Waits until cockpit says of a scene what it should.
#[track_caller]
fn is_said(what: &str, check: impl Fn(&Report) -> Result<(), String>) {
    Cockpit::region(agents::with_all_scenes()).until_triage(what, check);
}

#[test]
fn a_task_that_ends_again_and_again() {
    is_said("the loop", |report| {
        let found = says(report, "crash-loop", "worker", "exits with 3 again and again")?;
        // As long as no next run writes to the same file.
        says(report, "crash-loop", "worker", "fatal: no such queue: orders")?;
        is(found["ready"] == 0 && found["since"].is_string(), found, "none serves, and since when")
    });
}

/// `raw_exec` cannot tell, and nothing is made of a code.
#[test]
fn an_end_by_137_that_nobody_calls_an_oom_kill() {
    is_said("the loop", |report| {
        let found = says(report, "crash-loop", "importer", "SIGKILL (137)")?;
        shows(found, "its driver does not tell whether memory ran out")?;
        is(report.find("oom-killed", "importer").is_err(), found, "it is no OOM kill")
    });
}

#[test]
fn a_group_that_no_node_takes() {
    is_said("what keeps it", |report| {
        let found = says(report, "cannot-be-placed", "charge", "memory exhausted on 1 of 1 nodes")?;
        is(found["wanted"] == 2 && found["ready"] == 0, found, "both wait")
    });
}

#[test]
fn a_canary_that_waits_for_somebody() {
    is_said("the canary", |report| {
        let found = says(report, "rollout-stuck", "cart", "1 of 1 canary healthy, waits for promotion")?;
        let actions = found["actions"].to_string();
        is(actions.contains("promote") && actions.contains("abort"), found, "the two ways on")?;
        is(found["severity"] == "risk" && found["ready"] == 2, found, "the old ones serve")
    });
}

#[test]
fn a_deployment_past_its_deadline() {
    is_said("that it was given up", |report| {
        told(report, "search", "rollout failed: no progress within its deadline")?;
        let found = report.about("search").next().ok_or("nothing about it")?;
        is(found["severity"] == "critical" && found["ready"] == 0, found, "none serves")
    });
}

/// Between two runs it is pending, and right after a start it counts as running: neither hides what its client does to it.
#[test]
fn a_check_that_restarts_its_task() {
    is_said("the check", |report| {
        let found = says(report, "unhealthy", "api", "fails its check \"ready\" and is restarted for it")?;
        shows(found, "healthcheck: check")?;
        is(found["since"].is_string() && report.find("crash-loop", "api").is_err(), found, "it does not crash")
    });
}

#[test]
fn a_template_that_waits_for_what_nobody_has_written() {
    is_said("the variable", |report| {
        let found = says(report, "cannot-start", "mailer", "variable nomad/jobs/mailer is missing")?;
        shows(found, "nomad.var.block(nomad/jobs/mailer")?;
        is(found["since"].is_string(), found, "since when")
    });
}

#[test]
fn a_template_that_cannot_be_rendered() {
    is_said("the function", |report| {
        let found = says(report, "cannot-start", "invoice", "its template fails")?;
        says(report, "cannot-start", "invoice", "function \"currency\" not defined")?;
        is(found["since"].is_string(), found, "since when")
    });
}

#[test]
fn an_artifact_that_nobody_serves() {
    is_said("the artifact", |report| {
        let words = "artifact: connection refused (http://127.0.0.1:1/catalogue.tar.gz)";
        let found = says(report, "cannot-start", "catalogue", words)?;
        is(found["since"].is_string(), found, "since when")
    });
}

#[test]
fn a_periodic_job_that_keeps_failing() {
    is_said("the failed run", |report| {
        says(report, "job-failed", "backup", "every minute")?;
        says(report, "job-failed", "backup", "exit 1: pg_dump: error: connection refused").map(drop)
    });
}
