//! How a container ended, and whether it was meant to.

use crate::domain::{ContainerState, Exit, ExitReason, Name, Phase, RestartPolicy, Text};

use super::history::{Cause, Death};
use super::record::Meant;
use super::wire::Inspect;

/// A death that was heard of and the end that an inspection shows are the same within this time, seconds.
const SAME_END_SECONDS: i64 = 3;

/// The death that was heard of, if it is the end that this inspection shows.
pub(super) fn of_this_life(it: &Inspect, heard: Option<Death>) -> Option<Death> {
    let (heard, shown) = (heard?, it.state.finished_at?);
    ((heard.at().as_second() - shown.as_second()).abs() <= SAME_END_SECONDS).then_some(heard)
}

/// Whether a start was tried and failed: the container never ran, and its state says why.
fn never_ran(it: &Inspect) -> bool {
    !it.state.error.is_empty() || (it.state.status == "created" && it.state.exit_code != 0)
}

/// Whether it is meant to run. What a person stopped is told by events; else by the policy, since the engine starts again
/// what it is told to unless a person stopped it.
pub(super) fn meant(it: &Inspect, policy: RestartPolicy, last: Option<Death>) -> Meant {
    match it.state.status.as_str() {
        "running" | "restarting" | "paused" => return Meant::Run,
        "removing" | "stopping" => return Meant::Stop,
        "created" | "configured" | "initialized" | "" => {
            return if never_ran(it) { Meant::Run } else { Meant::Unknown };
        }
        _ => {}
    }
    if let Some(death) = last.filter(|death| death.certain || death.cause != Cause::Own) {
        return match death.cause {
            Cause::Stopped | Cause::StopTimeout | Cause::Killed => Meant::Stop,
            Cause::Oom | Cause::Leftover => Meant::Run,
            Cause::Own if death.code == 0 => Meant::Done,
            Cause::Own => Meant::Run,
        };
    }
    if never_ran(it) {
        return Meant::Run;
    }
    let code = it.state.exit_code;
    match policy {
        RestartPolicy::Always | RestartPolicy::UnlessStopped => Meant::Stop,
        _ if code == 0 => Meant::Done,
        RestartPolicy::OnFailure(most) if most == 0 || it.restart_count < i64::from(most) => Meant::Stop,
        RestartPolicy::OnFailure(_) => Meant::Run,
        RestartPolicy::No | RestartPolicy::Unknown if it.state.oom_killed && code == 137 => Meant::Run,
        RestartPolicy::No | RestartPolicy::Unknown => Meant::Unknown,
    }
}

/// How its last run ended, as far as that is known: of one that runs again, only what was heard, or what old engines
/// still say of it.
pub(super) fn exit(it: &Inspect, policy: RestartPolicy, last: Option<Death>, meant: Meant) -> Option<Exit> {
    let state = &it.state;
    let runs = matches!(state.status.as_str(), "running" | "paused");
    let waits = matches!(state.status.as_str(), "created" | "configured" | "initialized" | "");
    if waits && !never_ran(it) {
        return None;
    }
    let code = match (runs, last) {
        (true, Some(death)) => death.code,
        // 20.10 keeps this flag over a start: the last death was for want of memory.
        (true, None) if state.oom_killed && state.finished_at.is_some() => 137,
        (true, None) => return None,
        (false, _) => i32::try_from(state.exit_code).unwrap_or(-1),
    };
    let reason = match last.map(|death| death.cause) {
        _ if !runs && never_ran(it) => ExitReason::CannotRun,
        Some(Cause::Oom) => ExitReason::OomKilled,
        Some(Cause::StopTimeout) => ExitReason::StopTimedOut,
        Some(Cause::Stopped | Cause::Killed) => ExitReason::Stopped,
        _ if state.oom_killed && code == 137 => ExitReason::OomKilled,
        _ if code == 0 => ExitReason::Completed,
        _ if matches!(code, 126 | 127) => ExitReason::CannotRun,
        None if meant == Meant::Stop && policy.restarts() => ExitReason::Stopped,
        _ => ExitReason::Error,
    };
    let message = if state.error.is_empty() { message(it, last, code) } else { Some(Text::new(gist(&state.error))) };
    // Of one that runs again, `StartedAt` is that of the new run.
    let started = if runs { None } else { state.started_at };
    Some(Exit { code, reason, message, started, ended: state.finished_at.or(last.map(|death| death.at())) })
}

/// Through which layers an error came says nothing of its cause, and pushes it out of a line.
const LAYERS: &[&str] = &[
    "starting container failed: ",
    "failed to create shim task: ",
    "failed to create task for container: ",
    "OCI runtime create failed: ",
    "OCI runtime start failed: ",
    "runc create failed: ",
    "unable to start container process: ",
    "error during container init: ",
];

/// The cause in an engine's error, without the layers that it came through.
pub(super) fn gist(error: &str) -> &str {
    let mut rest = error.trim();
    while let Some(inner) = LAYERS.iter().find_map(|layer| rest.strip_prefix(layer)) {
        rest = inner;
    }
    let cause = rest.strip_suffix(": unknown").unwrap_or(rest);
    if cause.is_empty() { error } else { cause }
}

fn message(it: &Inspect, last: Option<Death>, code: i32) -> Option<Text> {
    match last.filter(|death| death.certain).map(|death| death.cause) {
        Some(Cause::Leftover) => Some(Text::new("ended by the engine, which was starting again")),
        Some(Cause::Own) if code == 137 && !it.state.oom_killed => {
            Some(Text::new("killed from outside the engine: it was not asked to, and saw no lack of memory"))
        }
        _ if it.state.oom_killed && code != 137 => {
            Some(Text::new("a process in it had been killed for want of memory"))
        }
        _ => None,
    }
}

/// What the container does now.
pub(super) fn container_state(it: &Inspect, exit: Option<&Exit>) -> ContainerState {
    match (it.state.status.as_str(), exit) {
        ("running" | "paused" | "stopping", _) => ContainerState::Running { since: it.state.started_at },
        ("restarting", _) | (_, None) => ContainerState::Waiting { reason: Name::new(&it.state.status), message: None },
        (_, Some(exit)) => ContainerState::Ended(Box::new(exit.clone())),
    }
}

/// How far it is.
pub(super) fn phase(it: &Inspect, meant: Meant) -> Phase {
    match it.state.status.as_str() {
        "running" => Phase::Running,
        "paused" => Phase::Paused,
        "restarting" => Phase::Restarting,
        "removing" | "stopping" => Phase::Stopping,
        "created" | "configured" | "initialized" if !never_ran(it) => Phase::Created,
        "" => Phase::Unknown,
        _ => match meant {
            Meant::Stop | Meant::Done => Phase::Succeeded,
            Meant::Run | Meant::Unknown => Phase::Failed,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_its_cause_first() {
        let raw = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container \
                   process: exec: \"/usr/bin/x\": stat /usr/bin/x: no such file or directory: unknown";
        assert_eq!(gist(raw), "exec: \"/usr/bin/x\": stat /usr/bin/x: no such file or directory");
        assert_eq!(gist("port is already allocated"), "port is already allocated");
        assert_eq!(gist("runc create failed: "), "runc create failed: ".trim());
    }
}
