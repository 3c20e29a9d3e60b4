//! `cockpit explain [RULE]`.

use std::fmt::Write;

use crate::config::near_match;
use crate::diagnose::{explain, rules};

use super::args::Explain;
use super::failure::Failure;
use super::output::print;

/// Explains one rule, or lists them all.
///
/// # Errors
/// There is no such rule.
pub fn run(options: &Explain) -> Result<(), Failure> {
    match &options.rule {
        Some(rule) => print(&one(rule)?),
        None => print(&all()),
    }
}

fn one(rule: &str) -> Result<String, Failure> {
    explain(rule).map(|text| format!("{}\n", text.trim_end())).ok_or_else(|| {
        let near = near_match(rule, rules().iter().map(|rule| rule.id));
        let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        Failure::usage(format!("there is no rule `{}`", crate::domain::sanitise(rule)))
            .mend(format!("{near}`cockpit explain` lists them all"))
    })
}

fn all() -> String {
    let width = rules().iter().map(|rule| rule.id.len()).max().unwrap_or_default();
    rules().iter().fold(String::new(), |mut out, rule| {
        let _ = writeln!(out, "{:width$}  {}", rule.id, rule.summary);
        out
    })
}
