//! Health checks and probes: failing ones, and those that lie.

use crate::diagnose::incident::Evidence;
use crate::diagnose::logs::quote;
use crate::diagnose::rule::{Cause, Edge, Finding, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::words::{after, seconds_between, span, span_changes_at};
use crate::domain::{
    Certainty, ContainerSpec, Exit, Health, HealthStatus, Instance, NodeState, Occurrence, OccurrenceKind, Phase,
    Probe, ProbeKind, Severity, Text, Timestamp,
};

use super::evidence::{
    backs_off, how_often, last_exit, old_serve, rollout_frame, runs_since, start_allowance, with_needs,
};

/// A health check fails.
pub const UNHEALTHY: Rule = Rule {
    id: "unhealthy",
    family: "probe",
    summary: "a health check fails while the process runs",
    looks_at: "the verdict of the engine or orchestrator, not single failures; what the last check printed; tasks that a Nomad client \
               restarts for their check, now or three times lately. What is being stopped is left out: its checks fail as a matter \
               of course",
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
/// A workload that was made so lately may still be starting, seconds.
const YOUNG: i64 = 60;
/// What has run for longer is taken to have been ready once, seconds.
const LONG_RUN: i64 = 3600;

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
    let pods = scene.key.kind.runs_pods();
    super::check::restarted(scene, out);
    if out.finding.is_some() {
        return;
    }
    if pods {
        if young(scene, out) || super::replicas::rollout_moves(scene, out) {
            return;
        }
        by_events(scene, out);
        if out.finding.is_some() {
            return;
        }
    }
    let running = scene.wanted_instances().filter(|it| it.phase == Phase::Running);
    let failing: Vec<(&Instance, &Health)> = running
        .filter_map(|it| {
            let health = scene.containers(it).filter_map(|container| container.health.as_deref());
            health
                .filter(|health| health.status == HealthStatus::Unhealthy)
                .max_by_key(|it| it.streak)
                .map(|health| (it, health))
        })
        .filter(|(it, _)| !pods || had_its_time(scene, it, out))
        .collect();
    match failing.iter().max_by_key(|(it, health)| (health.streak, &it.key)).copied() {
        Some((worst, health)) => say_unhealthy(scene, &failing, worst, health, out),
        None if pods => {}
        None => by_events(scene, out),
    }
}

/// Whether a pod runs for longer than its probes grant it to start, and is not between two runs.
fn had_its_time(scene: &Scene<'_>, it: &Instance, out: &mut Out) -> bool {
    let allowance = scene.workload().map_or(0, start_allowance);
    let due = runs_since(it).map(|since| after(since, allowance)).filter(|at| *at > scene.now());
    due.into_iter().for_each(|at| out.recheck_at(at));
    // On a node that is gone nobody asks it, and that says nothing about it.
    let node = it.node.as_ref().and_then(|key| scene.view.node(key));
    let asked = node.is_none_or(|node| matches!(node.state, NodeState::Ready | NodeState::Unknown));
    due.is_none() && asked && !it.containers.iter().any(backs_off)
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
        // A registry keeps the last result alone.
        let streak = if health.streak > 0 { format!("{} failures in a row. ", health.streak) } else { String::new() };
        let said = format!("{}: {streak}{words}", worst.key.name);
        let finding = finding.since_exact(exact);
        out.say(with_needs(scene, finding.evidence(health.since, "health check", said.trim_end()), &[words]));
    }
}

/// Since when, and whether that is exact: as its event says; else as the verdict says; else as many checks in a row take
/// (an engine keeps the last five only).
fn failing_since(scene: &Scene<'_>, failing: &[(&Instance, &Health)]) -> (Option<Timestamp>, bool) {
    let began = |it: &Instance, health: &Health| {
        let events = || {
            let all = scene.view.occurrences_of(scene.key);
            all.filter(|event| event.kind == OccurrenceKind::ProbeFailure && scene.is_of(it, &event.subject))
        };
        // That of which the verdict is speaks of the same failing, over all restarts.
        let own = events().rfind(|event| Some(event.first) == health.since);
        let own = own.map(|event| (event.first, !event.at_least));
        own.or_else(|| events().rfind(|event| Some(event.first) >= it.since).map(|event| (event.first, true)))
    };
    let period = scene.workload().into_iter().flat_map(|it| &it.containers).flat_map(|it| &it.probes);
    let period = i64::from(period.map(|it| it.period_seconds).min().unwrap_or(0));
    let each = failing.iter().filter_map(|(it, health)| {
        if let Some(known) = began(it, health) {
            return Some(known);
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

/// Probe failures of instances that run and are not ready: one failure is no verdict, being taken out is. What is still
/// within the time that its probes grant it fails as a matter of course.
fn by_events(scene: &Scene<'_>, out: &mut Out) {
    let pods = scene.key.kind.runs_pods();
    let mut not_ready: Vec<&Instance> =
        scene.wanted_instances().filter(|it| it.phase == Phase::Running && !it.ready).collect();
    // Held back from outside: no probe of theirs fails.
    not_ready.retain(|it| !super::gate::is_gated(it));
    not_ready.retain(|it| !pods || had_its_time(scene, it, out));
    if not_ready.is_empty() {
        return;
    }
    let Some(series) = scene.series(OccurrenceKind::ProbeFailure, PROBE_CLEAR) else {
        return by_configuration(scene, &not_ready, out);
    };
    let said = series.newest.text.as_deref().unwrap_or("");
    let which = probe_named(said);
    let verdict = not_ready.iter().find_map(|it| Some((*it, verdict_of(it)?)));
    let (what, printed) = match which {
        // What it printed says most, then what was asked and how often.
        Some(which) => {
            let asked = probe_of(scene, which).map(|(_, probe)| probe.what.to_string());
            let often = how_often(&series).trim_start_matches(", ").to_owned();
            let more: Vec<String> = asked.into_iter().chain((!often.is_empty()).then_some(often)).collect();
            let more = if more.is_empty() { String::new() } else { format!(" ({})", more.join(", ")) };
            let what = format!("{} {}", fails(scene, not_ready.len()), which.as_str());
            let printed = verdict.map(|(_, said)| quote(said)).or_else(|| output(said));
            (what, printed.map_or(more.clone(), |printed| format!(": {printed}{more}")))
        }
        None if said.is_empty() => ("not ready, its probe fails".to_owned(), String::new()),
        None => ("not ready, its probe fails".to_owned(), format!(": {}", quote(said))),
    };
    say(scene, not_ready.len(), what, printed, Some(series.first), out);
    if let Some(finding) = out.finding.take() {
        let who = &series.newest.subject.name;
        let mut finding =
            finding.since_exact(!series.at_least).evidence(Some(series.last), "probe", format!("{who}: {said}"));
        if let Some((it, words)) = verdict {
            finding = finding.evidence(None, "health check", format!("{}: {words}", it.key.name));
        }
        finding.evidence.extend(which.and_then(|which| settings_of(scene, which)));
        let words = verdict.map_or("", |(_, words)| words);
        out.say(with_needs(scene, finding, &[said, words]));
    }
}

/// `fails`, of several of a number `fail`.
fn fails(scene: &Scene<'_>, n: usize) -> &'static str {
    let several = n > 1 && scene.counts().wanted.unwrap_or(0) as usize > n && rollout_frame(scene).0.is_empty();
    if several { "fail" } else { "fails" }
}

/// What the check of an instance last printed, where its verdict is known beside the events.
pub fn verdict_of(it: &Instance) -> Option<&str> {
    let health = it.containers.iter().filter_map(|container| container.health.as_deref());
    let failing = health.filter(|health| health.status == HealthStatus::Unhealthy);
    failing.filter_map(|health| health.output.as_deref()).find(|said| !said.trim().is_empty())
}

/// Events may be forbidden or over: what runs for longer than its probe grants and is not ready does not pass it.
fn by_configuration(scene: &Scene<'_>, not_ready: &[&Instance], out: &mut Out) {
    let kinds = [ProbeKind::Readiness, ProbeKind::Startup];
    let Some((which, (_, probe))) = kinds.into_iter().find_map(|kind| Some((kind, probe_of(scene, kind)?))) else {
        return;
    };
    let Some(first) = not_ready.iter().min_by_key(|it| runs_since(it)) else { return };
    let Some(since) = runs_since(first).filter(|_| scene.key.kind.runs_pods()) else { return };
    let seconds = seconds_between(since, scene.now());
    // One that has run for long was ready once, perhaps; when that ended is not known.
    let (passes, began) = if seconds < LONG_RUN {
        out.recheck_at(span_changes_at(since, scene.now()));
        (format!("has not passed for {}", span(seconds)), Some(since))
    } else {
        ("does not pass, no event says more".to_owned(), None)
    };
    let what = format!("{} {}: {} {passes}", fails(scene, not_ready.len()), which.as_str(), probe.what);
    say(scene, not_ready.len(), what, String::new(), began, out);
    if let Some(finding) = out.finding.take() {
        let finding = finding.certainty(Certainty::Likely).evidence(
            Some(since),
            "status",
            format!("{}: runs since then and is not ready", first.key.name),
        );
        let mut finding = with_needs(scene, finding, &[]);
        finding.evidence.extend(settings_of(scene, which));
        out.say(finding);
    }
}

/// What was made a short while ago is still on its way.
fn young(scene: &Scene<'_>, out: &mut Out) -> bool {
    let made = scene.workload().and_then(|it| it.created);
    let restarted = scene.instances().iter().any(|it| it.restarts() > 0);
    let due = made.map(|at| after(at, YOUNG)).filter(|at| *at > scene.now() && !restarted);
    due.into_iter().for_each(|at| out.recheck_at(at));
    due.is_some()
}

/// The configured probe of a kind, with its container.
fn probe_of<'a>(scene: &Scene<'a>, kind: ProbeKind) -> Option<(&'a ContainerSpec, &'a Probe)> {
    let specs = &scene.workload()?.containers;
    specs.iter().find_map(|spec| Some((spec, spec.probes.iter().find(|it| it.kind == kind)?)))
}

/// What a probe asks, how often, and what comes of its failing.
pub fn settings_of(scene: &Scene<'_>, kind: ProbeKind) -> Option<Evidence> {
    let (spec, probe) = probe_of(scene, kind)?;
    let then = match kind {
        ProbeKind::Liveness | ProbeKind::Startup => "restarted",
        _ => "taken out",
    };
    let grace = match probe.grace_seconds {
        0 => String::new(),
        seconds => format!(", first after {seconds} s"),
    };
    let text = format!(
        "{} of {}: {}, every {} s{grace}, may take {} s, {then} after {} in a row",
        kind.as_str(),
        spec.name,
        probe.what,
        probe.period_seconds,
        probe.timeout_seconds,
        probe.threshold
    );
    Some(Evidence { at: None, source: Text::new("configuration"), text: Text::from(text) })
}

/// Which probe an event is about: `Readiness probe failed: ...` (kubernetes: pkg/kubelet/prober).
fn probe_named(said: &str) -> Option<ProbeKind> {
    let said = said.to_lowercase();
    let kinds = [ProbeKind::Liveness, ProbeKind::Readiness, ProbeKind::Startup];
    kinds.into_iter().find(|kind| said.contains(&format!("{} probe", kind.as_str())))
}

/// What a probe's event says beside that it failed.
fn output(said: &str) -> Option<String> {
    let rest = [" probe failed: ", " probe errored and resulted in "].iter().find_map(|head| said.split_once(head))?.1;
    let rest = rest.trim();
    (!rest.is_empty()).then(|| quote(&rest.replace("HTTP probe failed with statuscode: ", "HTTP ")))
}

/// A probe that made the kubelet end a container.
pub struct ProbeKill {
    /// Which.
    pub which: ProbeKind,
    /// What it printed.
    pub said: Option<String>,
    /// The event's words.
    pub words: Text,
    /// When.
    pub at: Timestamp,
}

/// The probe for which a container was ended, if it was: its failure came just before, and the end is one that was asked for.
pub fn killed_by_probe(scene: &Scene<'_>, it: &Instance, exit: &Exit) -> Option<ProbeKill> {
    let ended = exit.ended.filter(|_| scene.key.kind.runs_pods())?;
    let grace = scene.workload()?.stop_timeout_seconds.map_or(30, i64::from);
    let mut deadly = deadly_probes(scene, it, ended, grace + 60);
    if deadly.is_empty() {
        deadly = deadly_probes(scene, it, ended, EARLIER);
        if !deadly.iter().any(|(which, _)| ran_as_granted(scene, *which, exit)) {
            return None;
        }
    }
    let said_so = deadly.iter().any(|(_, event)| event.kind == OccurrenceKind::Killed);
    if !said_so && !matches!(exit.code, 0 | 137 | 143) {
        return None;
    }
    let told = deadly.iter().find(|(_, event)| event.kind == OccurrenceKind::ProbeFailure).or(deadly.first())?;
    let words = told.1.text.clone()?;
    Some(ProbeKill { which: told.0, said: output(&words), words, at: told.1.last })
}

/// A kubelet tells of one pod no more than so many times and then once in a while (client-go: tools/record/events_cache.go):
/// of a loop the later kills are silent, and an earlier one of the same pod tells why, seconds.
const EARLIER: i64 = 3600;

/// Failures and kills of an instance by a probe that ends it, newest first, not older than `within` seconds at its end.
fn deadly_probes<'a>(
    scene: &Scene<'a>,
    it: &Instance,
    ended: Timestamp,
    within: i64,
) -> Vec<(ProbeKind, &'a Occurrence)> {
    let near = |event: &&Occurrence| {
        let span = event.first <= after(ended, 5) && after(event.last, within) >= ended;
        span && scene.is_of(it, &event.subject)
    };
    let kills = |event: &Occurrence| matches!(event.kind, OccurrenceKind::ProbeFailure | OccurrenceKind::Killed);
    let events = scene.view.occurrences_of(scene.key).filter(|event| kills(event) && near(event)).rev();
    let deadly = events.filter_map(|event| {
        let which = probe_named(event.text.as_deref()?)?;
        (which != ProbeKind::Readiness).then_some((which, event))
    });
    deadly.collect()
}

/// Whether a run ended by a signal, and about when a probe that never passed ends it.
fn ran_as_granted(scene: &Scene<'_>, which: ProbeKind, exit: &Exit) -> bool {
    let Some((_, probe)) = probe_of(scene, which) else { return false };
    let (Some(started), Some(ended)) = (exit.started, exit.ended) else { return false };
    let grants = i64::from(probe.grace_seconds) + i64::from(probe.period_seconds) * i64::from(probe.threshold);
    let grace = scene.workload().and_then(|it| it.stop_timeout_seconds).map_or(30, i64::from);
    let latest = grants + i64::from(probe.period_seconds + probe.timeout_seconds) + grace + SLACK;
    let ran = seconds_between(started, ended);
    matches!(exit.code, 137 | 143) && ran >= grants - i64::from(probe.period_seconds) && ran <= latest
}

/// It is restarted before it had the time to start.
pub const SLOW_START: Rule = Rule {
    id: "slow-start",
    family: "slow-start",
    summary: "its liveness probe ends it as soon as it may, every time: perhaps it only starts slowly",
    looks_at: "containers without a startup probe whose runs each end at the first moment at which the liveness probe can end them. A \
               guess, and called one: a container that is broken from the start looks the same",
    mend: "add a startup probe that grants the time that the start needs; liveness then begins after it",
    subject: Subject::Workload,
    cause: Cause::Probe,
    reads: &[Edge::Instances],
    hold_seconds: 0,
    clear_after_seconds: 300,
    check: slow_start,
};

/// A run is told from its earliest possible end by so much, seconds.
const SLACK: i64 = 10;

fn slow_start(scene: &Scene<'_>, out: &mut Out) {
    let Some((spec, probe)) = probe_of(scene, ProbeKind::Liveness) else { return };
    if !scene.key.kind.runs_pods() || spec.probes.iter().any(|it| it.kind == ProbeKind::Startup) {
        return;
    }
    let grants = i64::from(probe.grace_seconds) + i64::from(probe.period_seconds) * i64::from(probe.threshold);
    let grace = scene.workload().and_then(|it| it.stop_timeout_seconds).map_or(30, i64::from);
    let struck = scene.wanted_instances().filter(|it| it.restarts() >= 2).filter_map(|it| {
        let (container, exit) = last_exit(scene, it).filter(|(container, _)| container.name == spec.name)?;
        let (ended, ran) = (exit.ended?, seconds_between(exit.started?, exit.ended?));
        let latest = grants + i64::from(probe.period_seconds + probe.timeout_seconds) + grace + SLACK;
        let lately = after(ended, SLOW_START.clear_after_seconds + latest) > scene.now();
        let at_once = ran >= grants - i64::from(probe.period_seconds) - SLACK && ran <= latest;
        (lately && at_once).then_some(())?;
        Some((ended, killed_by_probe(scene, it, exit)?, it, container, ran))
    });
    let Some((ended, kill, it, container, ran)) = struck.max_by_key(|(ended, ..)| *ended) else { return };
    out.recheck_at(after(ended, SLOW_START.clear_after_seconds + grants));
    let summary = format!(
        "perhaps it only starts slowly: its liveness probe grants {}, and ends it each time after {}; a startup probe would \
         grant more",
        span(grants.max(1)),
        span(ran)
    );
    let mut finding = Finding::new(Severity::Warning, summary)
        .certainty(Certainty::Suspected)
        .since(Some(ended))
        .since_exact(false)
        .evidence(Some(kill.at), "event", kill.words)
        .evidence(Some(ended), "state", format!("{}: {} ran for {}", it.key.name, container.name, span(ran)))
        .helps(scene.undo(Some(ended)));
    finding.evidence.extend(settings_of(scene, ProbeKind::Liveness));
    finding.happened = Some(ended);
    out.say(finding);
}

fn say(scene: &Scene<'_>, n: usize, what: String, printed: String, since: Option<Timestamp>, out: &mut Out) {
    let (stuck, gives_up) = rollout_frame(scene);
    super::evidence::recheck_countdown(scene, out);
    let of = scene.counts().wanted.unwrap_or(0) as usize;
    let some = if of > 1 && n < of && stuck.is_empty() { format!("{n} of {of} ") } else { String::new() };
    let old = old_serve(scene);
    // Beside those of the old revision that still serve, none is lost.
    let affected = if old.is_empty() { n.min(of) } else { 0 };
    let finding = Finding::new(Severity::Critical, format!("{stuck}{some}{what}{printed}{old}{gives_up}"))
        .since(since)
        .affected(affected)
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
