//! The table of rules in words: `cockpit explain` and `docs/diagnosis.md`.

use std::fmt::Write;

use crate::domain::words::span;

use super::rule::{Cause, Rule};
use super::rules::{rule, rules};

/// What a rule finds, what it looks at, and what to do next; none for an unknown one.
pub fn explain(id: &str) -> Option<String> {
    let rule = rule(id)?;
    let mut out = format!("{}: {}\n\n", rule.id, rule.summary);
    for (title, text) in [("looks at", rule.looks_at), ("do next", rule.mend)] {
        let _ = writeln!(out, "{title:<9} {text}");
    }
    let _ = writeln!(out, "{:<9} {}", "about", about(rule));
    let _ = write!(out, "{:<9} {}", "time", time(rule));
    Some(out)
}

/// `docs/diagnosis.md`.
pub fn markdown() -> String {
    let mut out = String::from(HEAD);
    for cause in CAUSES {
        let mut of = rules().iter().filter(|rule| rule.cause == *cause).peekable();
        if of.peek().is_none() {
            continue;
        }
        let _ = write!(out, "\n## {}\n", title(*cause));
        for rule in of {
            let _ = write!(
                out,
                "\n### {}\n\n{}.\n\n- **Looks at**: {}\n- **Do next**: {}\n- **About**: {}. {}\n",
                rule.id,
                capital(rule.summary),
                rule.looks_at,
                rule.mend,
                about(rule),
                capital(&time(rule)),
            );
        }
    }
    out
}

const HEAD: &str = "\
# What cockpit finds

Generated from the table of rules; `UPDATE=1 cargo test --test scenarios docs_are_current` writes it anew. `cockpit explain RULE`
shows one of them.

A rule looks at one subject (a workload, a node, a queue ...) and says at most one thing. On one subject the causes below win in
the order in which they stand here: the first is the incident, the others are its symptoms. A risk stands by itself. What
is put down to another subject (a node that is down, a database that others need, an image that several cannot get) is
listed once, there, and only if that failed first. What a source that is stale or cannot be reached last said stays as it
was: silence opens nothing and closes nothing.

Tiers rank: 1 users are hurt now (users reach it and nothing serves), 2 capacity or something shared is at stake, 3 stuck or
failing while what serves still serves (never critical), 4 quiet today. Within a tier: the worse first, then the greater share
lost, then importance by pattern, then the newest.
";

const CAUSES: &[Cause] = &[
    Cause::Creation,
    Cause::Image,
    Cause::Configuration,
    Cause::Memory,
    Cause::Crash,
    Cause::Placement,
    Cause::Node,
    Cause::Probe,
    Cause::Replicas,
    Cause::Rollout,
    Cause::Schedule,
    Cause::Traffic,
    Cause::GitOps,
    Cause::Alert,
    Cause::Risk,
    Cause::Advice,
];

fn title(cause: Cause) -> String {
    match cause {
        Cause::GitOps => "GitOps".to_owned(),
        Cause::Risk => "Risks".to_owned(),
        Cause::Advice => "Advice (not in triage)".to_owned(),
        cause => capital(cause.as_str()),
    }
}

fn about(rule: &Rule) -> String {
    format!("a {}; cause {}, family {}", rule.subject.as_str(), rule.cause.as_str(), rule.family)
        .replace("a endpoint", "an endpoint")
        .replace("a alert", "an alert")
        .replace("a application", "an application")
}

fn time(rule: &Rule) -> String {
    if rule.cause == Cause::Advice {
        return "one line a project.".to_owned();
    }
    let opens = match rule.hold_seconds {
        0 => "opens at once".to_owned(),
        seconds => format!("opens after {}", span(seconds)),
    };
    format!("{opens}, is over {} after it was last seen", span(rule.clear_after_seconds))
        + ", or twice the longest gap between its last three times."
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
}
