//! A real Nomad region: what a person on call is told of each scene under `tests/real/scenes/nomad`. The scenes play side by
//! side on one agent; what is done to an agent, its node or its rights is done to one of its own.

mod act;
mod checks;
mod drain;
mod engine;
mod kinds;
mod logs;
mod nodes;
mod people;
mod quiet;
mod trouble;
mod wrong;

use serde_json::Value;

use crate::scenes::report::{Report, evidence_says, line_says};

/// The incident of a rule about a group, if its line holds a word.
fn says<'a>(report: &'a Report, rule: &str, group: &'a str, word: &str) -> Result<&'a Value, String> {
    let found = report.find(rule, group)?;
    line_says(found, word).map(|()| found)
}

/// Whether anything that is said of a group holds a word: its own line, or one of what comes of that.
fn told(report: &Report, group: &str, word: &str) -> Result<(), String> {
    let holds = |line: &Value| line.as_str().is_some_and(|line| line.contains(word));
    let said =
        |one: &Value| holds(&one["summary"]) || one["symptoms"].as_array().is_some_and(|all| all.iter().any(holds));
    if report.about(group).any(said) { Ok(()) } else { Err(format!("nothing about {group} says {word}")) }
}

/// And its evidence another one.
fn shows(incident: &Value, word: &str) -> Result<(), String> {
    evidence_says(incident, word)
}

/// Whether something is so; else what it was.
fn is(holds: bool, incident: &Value, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{what}: {incident:#}")) }
}
