//! One container: how it is, how it ended, what it may use, how it is checked, what it said last.

use super::super::panes::Ctx;
use super::super::say;
use super::super::text::Phrase;
use super::super::theme::Ink;
use super::super::why::{Section, trend_of};
use super::{links, logs, usage};
use crate::domain::words::{many, seconds_between, span, times};
use crate::domain::{
    Answer, Container, ContainerRole, ContainerSpec, ContainerState, Exit, ExitReason, HealthStatus, Instance, Metric,
    Probe, Ref,
};

/// Lines of its output that are shown.
const SAID: usize = 6;

/// What is known of one container of an instance, in parts.
pub(super) fn sections(ctx: &Ctx<'_>, key: &Ref, name: &str) -> Vec<Section> {
    let view = &ctx.model.view;
    let Some(instance) = view.instance(key) else {
        return vec![Section::new("", vec![Phrase::dim("Its instance is not there any more.")])];
    };
    let Some(it) = instance.containers.iter().find(|part| part.name == *name) else {
        return vec![Section::new("", vec![Phrase::dim("It has no such container any more.")])];
    };
    let spec = usage::spec_of(view, instance, it);
    vec![
        Section::new("is", is(ctx, it)),
        Section::new("before", before(ctx, it)),
        Section::new("health", health(ctx, it)),
        Section::new("use", used(ctx, instance, it)),
        Section::new("image", image(it, spec)),
        Section::new("checks", spec.map(checks).unwrap_or_else(|| vec![not_known()])),
        Section::new("ports", spec.map(ports).unwrap_or_else(|| vec![not_known()])),
        Section::new("mounts", spec.map(links::mounts).unwrap_or_default()),
        Section::new("config", spec.map(environment).unwrap_or_default()),
        Section::new("on", links::host(ctx, instance)),
        Section::new("said", said(ctx, instance, it)),
    ]
}

fn not_known() -> Phrase {
    Phrase::dim("not known: its workload is not held")
}

/// Whether nothing is wrong with it.
pub(super) fn is_well(it: &Container) -> bool {
    let healthy = it.health.as_ref().is_none_or(|health| health.status != HealthStatus::Unhealthy);
    match &it.state {
        ContainerState::Running { .. } => healthy,
        ContainerState::Ended(exit) => exit.code == 0,
        ContainerState::Waiting { .. } => false,
    }
}

/// Its state in a word or two.
pub(super) fn state_word(it: &Container) -> String {
    match &it.state {
        ContainerState::Waiting { reason, .. } => format!("waits: {reason}"),
        ContainerState::Running { .. } if !is_well(it) => "running, unhealthy".to_owned(),
        ContainerState::Running { .. } => "running".to_owned(),
        ContainerState::Ended(exit) if exit.code == 0 => "done".to_owned(),
        ContainerState::Ended(_) => "ended".to_owned(),
    }
}

/// Which part it plays, where that is not the work itself.
pub(super) const fn role_word(it: &Container) -> &'static str {
    match it.role {
        ContainerRole::Main => "",
        ContainerRole::Init => "init",
        ContainerRole::Sidecar => "sidecar",
        ContainerRole::Ephemeral => "by hand",
    }
}

/// `running since 01:30, 40 min; started again 14 times`
pub(super) fn is(ctx: &Ctx<'_>, it: &Container) -> Vec<Phrase> {
    let long = |at| span(seconds_between(at, ctx.clock.now) / 60 * 60);
    let state = match &it.state {
        ContainerState::Waiting { reason, message } => {
            let said = message.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
            Phrase::of(Ink::Strong, format!("waits, {reason}")).and(Ink::Text, said)
        }
        ContainerState::Running { since: Some(at) } => Phrase::of(Ink::Strong, "running")
            .and(Ink::Text, format!(" since {}, {}", ctx.clock.moment(*at), long(*at))),
        ContainerState::Running { since: None } => {
            Phrase::of(Ink::Strong, "running").and(Ink::Dim, ", since when is not known")
        }
        ContainerState::Ended(exit) => ended(ctx, exit),
    };
    let part = match it.role {
        ContainerRole::Main => None,
        ContainerRole::Init => Some("it runs to its end before the others start"),
        ContainerRole::Sidecar => Some("it runs beside the others, started before them"),
        ContainerRole::Ephemeral => Some("somebody added it to look inside"),
    };
    let again = match it.restarts {
        0 => Phrase::dim("it was never started again"),
        n => Phrase::text(format!("started again {}", times(u64::from(n)))),
    };
    [state, again].into_iter().chain(part.map(Phrase::dim)).collect()
}

fn before(ctx: &Ctx<'_>, it: &Container) -> Vec<Phrase> {
    let exit = it.last_exit.as_deref().filter(|_| !matches!(it.state, ContainerState::Ended(_)));
    exit.map(|exit| ended(ctx, exit)).into_iter().collect()
}

/// `ended 01:33 after 3 min: exit 137 (SIGKILL), OOM-killed: its words`
fn ended(ctx: &Ctx<'_>, exit: &Exit) -> Phrase {
    let at = exit.ended.map(|at| format!(" {}", ctx.clock.moment(at))).unwrap_or_default();
    let ran = exit.started.zip(exit.ended).map(|(from, to)| format!(" after {}", span(seconds_between(from, to))));
    let reason = match exit.reason {
        ExitReason::OomKilled => ", OOM-killed",
        ExitReason::StopTimedOut => ", it did not stop in time",
        ExitReason::Stopped => ", it was asked to stop",
        ExitReason::CannotRun => ", it could not be started",
        ExitReason::Completed | ExitReason::Error => "",
    };
    let said = exit.message.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
    Phrase::text(format!("ended{at}{}: ", ran.unwrap_or_default()))
        .and(Ink::Strong, format!("{}{reason}", say::exit_code(exit.code)))
        .and(Ink::Text, said)
}

fn health(ctx: &Ctx<'_>, it: &Container) -> Vec<Phrase> {
    let Some(health) = &it.health else { return Vec::new() };
    let word = match health.status {
        HealthStatus::Starting => Phrase::text("within its grace at the start"),
        HealthStatus::Healthy => Phrase::of(Ink::Good, "its check passes"),
        HealthStatus::Unhealthy => Phrase::of(Ink::Warning, "its check fails"),
    };
    let since = health.since.map(|at| format!(", since {}", ctx.clock.moment(at))).unwrap_or_default();
    let row = if health.streak > 0 { format!(", {} in a row", times(u64::from(health.streak))) } else { String::new() };
    let output = health.output.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
    vec![word.and(Ink::Text, format!("{since}{row}{output}"))]
}

/// Use against limits; what is not measured is said to be not known.
fn used(ctx: &Ctx<'_>, instance: &Instance, it: &Container) -> Vec<Phrase> {
    let view = &ctx.model.view;
    let bounds = usage::bounds(view, instance, Some(it));
    let alone = instance.containers.len() == 1;
    let part = (!alone).then_some(&*it.name);
    let line = |metric: Metric, name: &str, request: usage::Bound, limit: usage::Bound| {
        let series = view.part_series(&instance.key, part, metric);
        let said = |what: &str, bound: usage::Bound| format!("; {what} {}", bound.in_words(metric));
        match series.and_then(|series| trend_of(series, metric, limit.set().map(|n| n as f64))) {
            // Against which limit it is says the line itself.
            Some(now) if limit.set().is_some() => now.and(Ink::Dim, said("request", request)),
            Some(now) => now.and(Ink::Dim, format!("{}{}", said("request", request), said("limit", limit))),
            None => Phrase::dim(format!("{name} "))
                .and(Ink::Text, "use is not known: no metrics")
                .and(Ink::Dim, format!("{}{}", said("request", request), said("limit", limit))),
        }
    };
    vec![
        line(Metric::MemoryBytes, "memory", bounds.memory_request, bounds.memory_limit),
        line(Metric::CpuMillis, "cpu", bounds.cpu_request, bounds.cpu_limit),
    ]
}

fn image(it: &Container, spec: Option<&ContainerSpec>) -> Vec<Phrase> {
    let mut lines = vec![Phrase::text(it.image.as_str())];
    // What runs may be of another revision than what is asked for now.
    let asked = spec.filter(|spec| spec.image != it.image);
    lines.extend(asked.map(|spec| Phrase::dim(format!("its workload now asks for {}", spec.image))));
    lines.extend(spec.and_then(|spec| spec.command.as_ref()).map(|line| Phrase::dim(format!("runs {line}"))));
    lines
}

fn checks(spec: &ContainerSpec) -> Vec<Phrase> {
    if spec.probes.is_empty() {
        return vec![Phrase::dim("none is configured")];
    }
    spec.probes.iter().map(check).collect()
}

fn check(it: &Probe) -> Phrase {
    let grace = if it.grace_seconds > 0 { format!(", first after {} s", it.grace_seconds) } else { String::new() };
    let how = format!(
        ", every {} s, {} s long, {} count{grace}",
        it.period_seconds,
        it.timeout_seconds,
        many(u64::from(it.threshold), "failure")
    );
    Phrase::of(Ink::Strong, it.kind.as_str()).and(Ink::Text, format!(" {}", it.what)).and(Ink::Dim, how)
}

fn ports(spec: &ContainerSpec) -> Vec<Phrase> {
    if spec.ports.is_empty() {
        return vec![Phrase::dim("none is declared")];
    }
    let all: Vec<String> = spec.ports.iter().map(ToString::to_string).collect();
    vec![Phrase::text(all.join("; "))]
}

/// Names alone: values are not held.
fn environment(spec: &ContainerSpec) -> Vec<Phrase> {
    let names: Vec<&str> = spec.env.iter().map(|entry| entry.name.as_str()).collect();
    if names.is_empty() {
        return Vec::new();
    }
    vec![Phrase::dim(format!("{}: ", many(names.len() as u64, "variable"))).and(Ink::Text, names.join(", "))]
}

fn said(ctx: &Ctx<'_>, instance: &Instance, it: &Container) -> Vec<Phrase> {
    let answer = ctx.model.view.answer(&logs::newest(instance, it));
    match answer.or_else(|| ctx.model.view.last_tail(&instance.key, &it.name)) {
        Some(Answer::Lines(lines)) if !lines.is_empty() => {
            lines[lines.len().saturating_sub(SAID)..].iter().map(|line| logs::line(line)).collect()
        }
        Some(Answer::Lines(_)) => vec![Phrase::dim("nothing yet")],
        Some(Answer::Failed(why)) => vec![Phrase::dim(format!("not known: {why}"))],
        _ => vec![Phrase::dim("its last lines are being read")],
    }
}
