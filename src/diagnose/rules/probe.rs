//! Health checks and probes: failing ones, and those that lie.

use crate::diagnose::logs::quote;
use crate::diagnose::rule::{Cause, Edge, Finding, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::words::{after, seconds_between, span};
use crate::domain::{
    Certainty, ContainerSpec, Health, HealthStatus, Instance, OccurrenceKind, Phase, Probe, ProbeKind, Severity, Text,
    Timestamp,
};

use super::evidence::{last_exit, rollout_frame, with_needs};

/// A health check fails.
pub const UNHEALTHY: Rule = Rule {
    id: "unhealthy",
    family: "probe",
    summary: "a health check fails while the process runs",
    looks_at: "the verdict of the engine or orchestrator, not single failures; what the last check printed. What is being stopped \
               is left out: its checks fail as a matter of course",
    mend: "read what the check printed; look at what it asks for (a database, a port) before restarting. Plain Docker never \
           restarts what is unhealthy",
    subject: Subject::Workload,
    cause: Cause::Probe,
    reads: &[Edge::Instances],
    hold_seconds: 0,
    clear_after_seconds: 60,
    check: unhealthy,
};

const PROBE_CLEAR: i64 = 300;

/// It says that it is ready, and is not.
pub const PROBE_LIES: Rule = Rule {
    id: "probe-lies",
    family: "probe-lies",
    summary: "it says that it is ready, and ends or is restarted within a minute: its readiness check may ask too little",
    looks_at: "instances that are ready although their last runs each ended within 60 s; and, beside failures, a readiness check \
               that asks the same as the liveness check. A guess, and called one",
    mend: "let readiness ask for what the work needs (connections, warm caches), and liveness only whether it still turns",
    subject: Subject::Workload,
    cause: Cause::Probe,
    reads: &[Edge::Instances],
    hold_seconds: 0,
    clear_after_seconds: 300,
    check: probe_lies,
};

/// A run that ended so soon after it was called ready was never ready, seconds.
const TOO_SOON: i64 = 60;

fn unhealthy(scene: &Scene<'_>, out: &mut Out) {
    let running = scene.wanted_instances().filter(|it| it.phase == Phase::Running);
    let failing: Vec<(&Instance, &Health)> = running
        .filter_map(|it| {
            let health = scene.containers(it).filter_map(|container| container.health.as_deref());
            health
                .filter(|health| health.status == HealthStatus::Unhealthy)
                .max_by_key(|it| it.streak)
                .map(|health| (it, health))
        })
        .collect();
    match failing.iter().max_by_key(|(it, health)| (health.streak, &it.key)).copied() {
        Some((worst, health)) => say_unhealthy(scene, &failing, worst, health, out),
        None => by_events(scene, out),
    }
}

fn say_unhealthy(
    scene: &Scene<'_>,
    failing: &[(&Instance, &Health)],
    worst: &Instance,
    health: &Health,
    out: &mut Out,
) {
    let streak = if health.streak > 1 { format!(", {} checks in a row", health.streak) } else { String::new() };
    let printed = match (health.output.as_deref().filter(|said| !said.trim().is_empty()), health.code) {
        (Some(said), _) => format!(": {}", quote(said)),
        // Docker's own verdict on a check that took too long.
        (None, Some(-1)) => ": the check takes longer than its timeout".to_owned(),
        (None, Some(code)) => format!(": the check ends with {code} and prints nothing"),
        (None, None) => String::new(),
    };
    let (since, exact) = failing_since(scene, failing);
    say(scene, failing.len(), format!("unhealthy{streak}"), printed, since, out);
    if let Some(finding) = out.finding.take() {
        let words = health.output.as_deref().unwrap_or("");
        let said = format!("{}: {} failures in a row. {words}", worst.key.name, health.streak);
        let finding = finding.since_exact(exact);
        out.say(with_needs(scene, finding.evidence(health.since, "health check", said.trim_end()), &[words]));
    }
}

/// Since when, and whether that is exact: as its event says; else as the verdict says; else as many checks in a row take
/// (an engine keeps the last five only).
fn failing_since(scene: &Scene<'_>, failing: &[(&Instance, &Health)]) -> (Option<Timestamp>, bool) {
    let began = |it: &Instance| {
        let mut events =
            scene.view.occurrences_of(scene.key).filter(|event| event.kind == OccurrenceKind::ProbeFailure);
        let started = it.since;
        events.rfind(|event| Some(event.first) >= started && scene.is_of(it, &event.subject)).map(|it| it.first)
    };
    let period = scene.workload().into_iter().flat_map(|it| &it.containers).flat_map(|it| &it.probes);
    let period = i64::from(period.map(|it| it.period_seconds).min().unwrap_or(0));
    let each = failing.iter().filter_map(|(it, health)| {
        if let Some(at) = began(it) {
            return Some((at, true));
        }
        let row = period * i64::from(health.streak.saturating_sub(1));
        let at_least = after(scene.now(), -row);
        Some(match health.since {
            Some(since) if since <= after(at_least, period) => (since, true),
            Some(since) => (since.min(at_least), false),
            None if row > 0 => (at_least, false),
            None => return None,
        })
    });
    each.min_by_key(|(at, _)| *at).map_or((None, true), |(at, exact)| (Some(at), exact))
}

/// Probe failures of instances that run and are not ready: one failure is no verdict, being taken out is.
fn by_events(scene: &Scene<'_>, out: &mut Out) {
    let not_ready: Vec<&Instance> =
        scene.wanted_instances().filter(|it| it.phase == Phase::Running && !it.ready).collect();
    if not_ready.is_empty() {
        return;
    }
    let Some(series) = scene.series(OccurrenceKind::ProbeFailure, PROBE_CLEAR) else { return };
    let said = series.newest.text.as_deref().unwrap_or("");
    let printed = if said.is_empty() { String::new() } else { format!(": {}", quote(said)) };
    say(scene, not_ready.len(), "not ready, its probe fails".to_owned(), printed, Some(series.first), out);
    if let Some(finding) = out.finding.take() {
        let who = &series.newest.subject.name;
        out.say(with_needs(scene, finding.evidence(Some(series.last), "probe", format!("{who}: {said}")), &[said]));
    }
}

fn say(scene: &Scene<'_>, n: usize, what: String, printed: String, since: Option<Timestamp>, out: &mut Out) {
    let (stuck, gives_up) = rollout_frame(scene);
    super::evidence::recheck_countdown(scene, out);
    let of = scene.counts().wanted.unwrap_or(0) as usize;
    let some = if of > 1 && n < of { format!("{n} of {of} ") } else { String::new() };
    let finding = Finding::new(Severity::Critical, format!("{stuck}{some}{what}{printed}{gives_up}"))
        .since(since)
        .affected(n.min(of))
        .helps(scene.mends(since));
    out.say(finding);
}

fn probe_lies(scene: &Scene<'_>, out: &mut Out) {
    let Some(workload) = scene.workload() else { return };
    let asks = |kind: ProbeKind| workload.containers.iter().flat_map(|it| &it.probes).find(move |it| it.kind == kind);
    let Some(ready) =
        asks(ProbeKind::Readiness).or_else(|| asks(ProbeKind::Service)).or_else(|| asks(ProbeKind::Health))
    else {
        return;
    };
    let mut short: Vec<(Timestamp, &Instance, i64)> = scene
        .wanted_instances()
        .filter(|it| it.ready && it.restarts() >= 2)
        .filter_map(|it| {
            let (_, exit) = last_exit(scene, it)?;
            let ended = exit.ended?;
            let ran = seconds_between(exit.started?, ended);
            (ran <= TOO_SOON && after(ended, PROBE_LIES.clear_after_seconds) > scene.now()).then_some((ended, it, ran))
        })
        .collect();
    short.sort_unstable_by_key(|(ended, it, _)| (*ended, &it.key));
    let same = workload.containers.iter().find_map(same_question);
    let Some((ended, worst, ran)) = short.last().copied() else { return say_same(scene, same, out) };
    out.recheck_at(after(ended, PROBE_LIES.clear_after_seconds));
    let asked = same.map_or_else(
        || format!("its readiness check may ask too little ({})", ready.what),
        |what| format!("readiness asks the same as liveness ({what})"),
    );
    let summary = format!("says it is ready, then ends within {}, over and over: {asked}", span(ran.max(1)));
    let mut finding = Finding::new(Severity::Warning, summary)
        .certainty(Certainty::Suspected)
        .since(short.first().map(|(ended, ..)| *ended))
        .evidence(Some(ended), "state", format!("{}: ran for {}, ready now", worst.key.name, span(ran)))
        .helps(scene.mends(Some(ended)));
    finding.happened = Some(ended);
    out.say(finding);
}

/// Beside failing liveness checks, two checks that ask the same are worth a word.
fn say_same(scene: &Scene<'_>, same: Option<&Text>, out: &mut Out) {
    let Some(what) = same else { return };
    let fits = |it: &crate::domain::Occurrence| {
        let liveness = it.text.as_ref().is_some_and(|said| said.to_lowercase().contains("liveness"));
        it.kind == OccurrenceKind::ProbeFailure && liveness
    };
    let Some(series) = scene.series_of(PROBE_CLEAR, fits) else { return };
    out.recheck_at(series.over_at);
    let summary = format!("liveness restarts it while readiness asks the same ({what}): it is never taken out first");
    let mut finding = Finding::new(Severity::Warning, summary)
        .certainty(Certainty::Suspected)
        .since(Some(series.first))
        .evidence(
            Some(series.last),
            "probe",
            series.newest.text.clone().unwrap_or_else(|| Text::new("liveness failed")),
        )
        .helps(scene.mends(Some(series.first)));
    finding.happened = Some(series.last);
    out.say(finding);
}

fn same_question(spec: &ContainerSpec) -> Option<&Text> {
    let of = |kind: ProbeKind| -> Option<&Probe> { spec.probes.iter().find(|it| it.kind == kind) };
    let (live, ready) = (of(ProbeKind::Liveness)?, of(ProbeKind::Readiness)?);
    (live.what == ready.what).then_some(&ready.what)
}
