//! A Nomad client's words for what happened to a task, shorter (nomad: nomad/structs `TaskEvent`, client/allocrunner/taskrunner).

use crate::diagnose::logs::{quote, unwrapped};

/// Types of events that keep a task from starting.
pub const HINDRANCES: [&str; 6] = [
    "Template",
    "Failed Artifact Download",
    "Driver Failure",
    "Setup Failure",
    "Failed Validation",
    "Task hook failed",
];

/// Why a task does not start, by the words of its newest event that says so.
pub fn does_not_start(said: &str) -> String {
    if let Some(missing) = said.strip_prefix("Missing: ") {
        return format!("waits for its template: {}", all_missing(missing));
    }
    if let Some(rest) = said.strip_prefix("failed to download artifact ") {
        return artifact(rest);
    }
    let plain = ["failed to launch command with executor: ", "rpc error: code = Unknown desc = "];
    let said = plain.iter().fold(said, |said, head| said.strip_prefix(head).unwrap_or(said));
    match said.strip_prefix("Template failed: ") {
        Some(rest) => format!("its template fails: {}", quote(rest.trim_start_matches("(dynamic): "))),
        None => format!("cannot start: {}", quote(unwrapped(said))),
    }
}

/// `"http://host/x.tar.gz": getter subprocess failed: exit status 1: ... connect: connection refused`: what it is, and the
/// innermost of the errors; of `bad response code: 404` both parts.
fn artifact(said: &str) -> String {
    let source = said.split('"').nth(1).unwrap_or("");
    let parts: Vec<&str> = said.split(": ").collect();
    let last = parts.last().map_or("", |it| it.trim());
    let number = last.chars().all(|c| c.is_ascii_digit());
    let why = match parts.len().checked_sub(2) {
        Some(before) if number => format!("{}: {last}", parts[before]),
        _ => last.to_owned(),
    };
    // Why comes first: addresses are long.
    format!("cannot download its artifact: {} ({})", quote(&why), quote(source))
}

/// What a template waits for, as consul-template names it: `nomad.var.block(nomad/jobs/mailer@default.global), kv.block(a/b)`.
fn all_missing(said: &str) -> String {
    let each: Vec<String> = said.split(", ").map(one_missing).collect();
    match each.len() {
        1 => format!("{} is missing", each[0]),
        _ => format!("{} are missing", each.join(", ")),
    }
}

fn one_missing(said: &str) -> String {
    let (what, rest) = said.split_once('(').unwrap_or((said, ""));
    let name = rest.trim_end_matches(')');
    let plain = || quote(said);
    match what.split('.').next().unwrap_or(what) {
        _ if name.is_empty() => plain(),
        "nomad" if what.starts_with("nomad.var") => {
            format!("variable {}", quote(name.rsplit_once('@').map_or(name, |(path, _)| path)))
        }
        "kv" => format!("Consul key {}", quote(name)),
        "vault" => format!("Vault secret {}", quote(name)),
        "health" | "catalog" | "nomad" if what.contains("service") => {
            format!("service {}", quote(name.split('|').next().unwrap_or(name)))
        }
        _ => plain(),
    }
}

/// The check for which a client restarted a task: `healthcheck: check "ready" unhealthy` (nomad: client/serviceregistration/
/// checks, client/checkrestart).
pub fn failed_check(said: &str) -> Option<&str> {
    said.strip_prefix("healthcheck: check \"")?.strip_suffix("\" unhealthy").filter(|name| !name.is_empty())
}

/// Why a deployment was given up, and what its server does then (nomad: nomad/structs, `DeploymentStatusDescription*`).
pub fn gave_up(said: &str) -> String {
    let (why, then) = said.split_once(" - ").unwrap_or((said, ""));
    let why = match why.strip_prefix("Failed due to ") {
        Some("progress deadline") => "no progress within its deadline".to_owned(),
        Some(rest) => quote(rest),
        None => quote(why),
    };
    let then = match then.strip_prefix("rolling back to job version ") {
        Some(version) => format!("; goes back to version {}", quote(version)),
        None if then.is_empty() => String::new(),
        None => format!("; {}", quote(then)),
    };
    format!("{why}{then}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clients_words_say_why_a_task_does_not_start() {
        for (said, ours) in [
            (
                "Missing: nomad.var.block(nomad/jobs/mailer@default.global)",
                "waits for its template: variable nomad/jobs/mailer is missing",
            ),
            (
                "Missing: kv.block(shop/db), vault.read(secret/data/shop), health.service(db|passing)",
                "waits for its template: Consul key shop/db, Vault secret secret/data/shop, service db are missing",
            ),
            ("Missing: something.else", "waits for its template: something.else is missing"),
            (
                "failed to download artifact \"http://files/x.tgz\": getter subprocess failed: exit status 1: failed to download \
                 artifact: Get \"http://files/x.tgz\": dial tcp 10.0.0.1:80: connect: connection refused",
                "cannot download its artifact: connection refused (http://files/x.tgz)",
            ),
            (
                "failed to download artifact \"http://files/x.tgz\": getter subprocess failed: exit status 1: bad response code: 404",
                "cannot download its artifact: bad response code: 404 (http://files/x.tgz)",
            ),
            (
                "Template failed: (dynamic): parse: template: :1: function \"currency\" not defined",
                "its template fails: parse: template: :1: function \"currency\" not defined",
            ),
            (
                "failed to launch command with executor: rpc error: code = Unknown desc = binary \"/bin/x\" could not be found",
                "cannot start: binary \"/bin/x\" could not be found",
            ),
        ] {
            assert_eq!(does_not_start(said), ours);
        }
    }

    #[test]
    fn the_check_that_restarted_a_task_is_named() {
        assert_eq!(failed_check("healthcheck: check \"ready\" unhealthy"), Some("ready"));
        assert_eq!(failed_check("healthcheck: check \"\" unhealthy"), None);
        assert_eq!(failed_check("User requested task to restart"), None);
    }

    #[test]
    fn a_deployment_that_was_given_up_says_why_and_what_comes_then() {
        for (said, ours) in [
            ("Failed due to progress deadline", "no progress within its deadline"),
            ("Failed due to unhealthy allocations", "unhealthy allocations"),
            (
                "Failed due to unhealthy allocations - rolling back to job version 3",
                "unhealthy allocations; goes back to version 3",
            ),
            (
                "Failed due to progress deadline - no stable job version to auto revert to",
                "no progress within its deadline; no stable job version to auto revert to",
            ),
            ("Deployment marked as failed", "Deployment marked as failed"),
        ] {
            assert_eq!(gave_up(said), ours);
        }
    }
}
