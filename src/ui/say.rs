//! Facts in a person's words.

use std::borrow::Cow;

use super::clock::Clock;
use super::text::Phrase;
use super::theme::Ink;
use crate::domain::words::{bytes, count, many};
use crate::domain::{
    Container, ContainerState, Desired, DesiredState, ExitReason, HealthStatus, Instance, Metric, Node, NodeState,
    Occurrence, OccurrenceKind, OomScope, Phase, Queue, Run, StepState, Workload,
};
use crate::state::View;

/// What happened, without its subject and its time.
pub fn happened(it: &Occurrence) -> String {
    let text = it.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    match it.kind {
        OccurrenceKind::OomKill => oom_kill(it),
        OccurrenceKind::Crash => {
            format!("crashed, {}{text}", it.code.map_or_else(|| "exit code unknown".to_owned(), exit_code))
        }
        OccurrenceKind::StopTimeout => format!("killed: it did not stop in time (SIGTERM, then SIGKILL){text}"),
        OccurrenceKind::Killed => {
            format!("killed{}{text}", it.code.map_or_else(String::new, |code| format!(", {}", exit_code(code))))
        }
        OccurrenceKind::ProbeFailure => format!("health check failed{text}"),
        OccurrenceKind::CreationFailure => format!("an instance could not be made{text}"),
        OccurrenceKind::MountFailure => format!("a volume could not be mounted{text}"),
        OccurrenceKind::PullFailure => format!("image could not be pulled{text}"),
        OccurrenceKind::SchedulingFailure => format!("no node would take it{text}"),
        OccurrenceKind::Rejected => format!("refused by its node{text}"),
        OccurrenceKind::Eviction => format!("driven off its node{text}"),
        OccurrenceKind::Started => format!("started{text}"),
        OccurrenceKind::Deployed => format!("rolled out{text}"),
        OccurrenceKind::Changed => it.text.as_ref().map_or_else(|| "changed".to_owned(), ToString::to_string),
    }
}

fn oom_kill(it: &Occurrence) -> String {
    let limit = it.limit_bytes.map(bytes);
    match (it.scope, limit) {
        (Some(OomScope::Limit), Some(limit)) => format!("OOM-killed at its {limit} limit"),
        (Some(OomScope::Limit), None) => "OOM-killed at its own limit".to_owned(),
        (Some(OomScope::Host), Some(limit)) => {
            format!("OOM-killed because the host ran out of memory; its own limit is {limit}")
        }
        (Some(OomScope::Host), None) => "OOM-killed because the host ran out of memory; it has no limit".to_owned(),
        (_, Some(limit)) => format!("OOM-killed; whether by its {limit} limit or by the host is unknown"),
        (_, None) => "OOM-killed; which memory ran out is unknown".to_owned(),
    }
}

/// An exit code with what it means, by the conventions of shells and signals (128 + n).
pub fn exit_code(code: i32) -> String {
    let means = match code {
        0 => "ended well",
        126 => "cannot be executed",
        127 => "command not found",
        129 => "SIGHUP",
        130 => "SIGINT",
        131 => "SIGQUIT",
        132 => "SIGILL",
        134 => "SIGABRT",
        135 => "SIGBUS",
        136 => "SIGFPE",
        137 => "SIGKILL",
        139 => "SIGSEGV",
        143 => "SIGTERM",
        _ => return format!("exit {code}"),
    };
    format!("exit {code} ({means})")
}

/// How a node is, with what it keeps away.
pub fn node_state(node: &Node) -> String {
    let mut state = match node.state {
        NodeState::Ready => "ready",
        NodeState::NotReady => "not ready",
        NodeState::Unreachable => "silent",
        NodeState::Down => "down",
        NodeState::Unknown => "unknown",
        NodeState::Coming => "on its way",
    }
    .to_owned();
    if node.draining {
        state.push_str(", drained");
    } else if node.cordoned {
        state.push_str(", cordoned");
    }
    for pressure in &node.pressure {
        state.push_str(&format!(", {pressure} pressure"));
    }
    state
}

/// How a workload that no incident speaks of stands.
pub fn workload_state(view: &View<'_>, clock: &Clock, workload: &Workload) -> Phrase {
    if let Some(schedule) = &workload.schedule {
        if schedule.suspended {
            return Phrase::text("suspended");
        }
        return match schedule.last_success {
            Some(at) => Phrase::text(format!("last success {}", clock.moment(at))),
            None => Phrase::dim("no success is known"),
        };
    }
    let counts = view.counts(workload);
    match (workload.desired, counts.missing()) {
        (Desired::Replicas(0), _) => Phrase::text("scaled to zero"),
        (_, missing) if missing > 0 => {
            let wanted = || view.instances_of(&workload.key).filter(|it| it.desired == DesiredState::Run && !it.ready);
            let paused = wanted().next().is_some() && wanted().all(|it| it.phase == Phase::Paused);
            let how = if paused { "paused" } else { "not ready" };
            Phrase::of(
                Ink::Strong,
                if counts.ready == 0 && missing == 1 { how.to_owned() } else { format!("{missing} {how}") },
            )
        }
        (Desired::Replicas(_) | Desired::EachNode(_), _) => Phrase::dim("serves"),
        (Desired::Completions(_), _) if counts.alive > 0 => Phrase::text("runs to its end"),
        (Desired::Completions(_), _) => Phrase::dim("done"),
        (Desired::Unknown | Desired::Scheduled, _) if counts.alive > 0 => Phrase::dim("runs"),
        (Desired::Unknown | Desired::Scheduled, _) => Phrase::text("does not run"),
    }
}

/// How an instance is, and why.
pub fn instance_state(instance: &Instance) -> Cow<'static, str> {
    let unhealthy = instance
        .containers
        .iter()
        .any(|container| container.health.as_ref().is_some_and(|health| health.status == HealthStatus::Unhealthy));
    let state = match instance.phase {
        Phase::Running if unhealthy => "running, unhealthy",
        Phase::Running if !instance.ready => "running, not ready",
        phase => phase.as_str(),
    };
    match instance.reason.as_ref().filter(|reason| !reason.is_empty()) {
        Some(reason) => Cow::Owned(format!("{state}, {reason}")),
        None => Cow::Borrowed(state),
    }
}

/// Why an instance is as it is: its message, or what its containers wait for or ended with.
pub fn instance_why(instance: &Instance) -> Cow<'_, str> {
    if let Some(message) = &instance.message {
        return Cow::Borrowed(message);
    }
    instance.containers.iter().find_map(container_why).unwrap_or_default()
}

/// Why a container is as it is, where there is something to say.
pub fn container_why(container: &Container) -> Option<Cow<'_, str>> {
    match &container.state {
        ContainerState::Waiting { message: Some(message), .. } => return Some(Cow::Borrowed(message)),
        ContainerState::Waiting { reason, message: None } => return Some(Cow::Borrowed(reason)),
        ContainerState::Running { .. } | ContainerState::Ended(_) => {}
    }
    if let Some(health) = container.health.as_ref().filter(|health| health.status == HealthStatus::Unhealthy) {
        return Some(Cow::Borrowed(health.output.as_deref().unwrap_or("health check fails")));
    }
    let exit = container.exit()?;
    Some(Cow::Owned(match exit.reason {
        ExitReason::OomKilled => format!("last end: OOM-killed, {}", exit_code(exit.code)),
        ExitReason::StopTimedOut => format!("last end: outlived its stop timeout, {}", exit_code(exit.code)),
        ExitReason::Completed | ExitReason::Stopped if exit.code == 0 => return None,
        _ => format!("last end: {}", exit_code(exit.code)),
    }))
}

/// How many take from a queue, and how many of them are ready.
pub fn consumers(view: &View<'_>, queue: &Queue) -> String {
    let counts = queue.consumers.iter().filter_map(|key| view.workload(key)).map(|workload| view.counts(workload));
    let (ready, wanted) = counts
        .fold((0, 0), |(ready, wanted), counts| (ready + counts.ready, wanted + counts.wanted.unwrap_or(counts.alive)));
    format!("{ready}/{wanted}")
}

/// A change per minute with its sign: `+900`, `-12`, `0`.
pub fn signed(per_minute: f64) -> String {
    let whole = per_minute.round();
    let figure = count(whole.abs() as u64);
    match whole {
        n if n > 0.0 => format!("+{figure}"),
        n if n < 0.0 => format!("-{figure}"),
        _ => figure,
    }
}

/// How far a run under way is.
pub fn progress(run: &Run) -> String {
    let (done, all) = run.progress();
    let blocked = run.steps.iter().filter(|state| matches!(state, StepState::Blocked { .. })).count();
    let stopping = if run.stopping { ", stopping" } else { "" };
    match blocked {
        0 => format!("under way, {done} of {}{stopping}", many(all as u64, "step")),
        n => format!("under way, {done} of {}, {n} held back{stopping}", many(all as u64, "step")),
    }
}

/// A measured number with its unit.
pub fn measured(metric: Metric, value: f64) -> String {
    let whole = value.max(0.0) as u64;
    match metric {
        Metric::MemoryBytes => bytes(whole),
        Metric::CpuMillis => format!("{}m", count(whole)),
        Metric::QueueOldestSeconds => super::clock::age_of(whole as i64),
        Metric::QueueDepth | Metric::QueueConsumers | Metric::ConnectionsUsed | Metric::ConnectionsMax => count(whole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_told_with_their_meaning() {
        assert_eq!(exit_code(137), "exit 137 (SIGKILL)");
        assert_eq!(exit_code(127), "exit 127 (command not found)");
        assert_eq!(exit_code(3), "exit 3");
    }

    #[test]
    fn a_trend_has_its_sign() {
        assert_eq!([signed(900.4), signed(-12.0), signed(0.2)], ["+900", "-12", "0"]);
    }
}
