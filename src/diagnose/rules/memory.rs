//! Memory that ran out, or is about to.

use crate::diagnose::rule::{Cause, Edge, Finding, Link, Out, Rule, Subject};
use crate::diagnose::scene::{Scene, Series};
use crate::domain::words::{after, bytes, seconds_between, span};
use crate::domain::{
    Certainty, Container, ContainerRole, DesiredState, Exit, ExitReason, Instance, Metric, Occurrence, OccurrenceKind,
    OomScope, Phase, Ref, Severity, Tier,
};

use super::began::{began, tasks_tell_all};
use super::capacity::above_request;
use super::evidence::{backs_off, how_often, instances, last_exit, part_of};

/// A container was killed for want of memory.
pub const OOM_KILLED: Rule = Rule {
    id: "oom-killed",
    family: "crash",
    summary: "a container was killed for want of memory: its own limit's, or the host's",
    looks_at: "OOM events and what the server says of an end; exit 137 alone is never taken for it. Which memory ran out is \
               said where it is known, and how sure that is. Init containers and sidecars are named. Where a node ran out of memory, \
               those that use most above what they asked for there are named",
    mend: "own limit: roll back what raised the use, or raise the limit; host: find what else grew there, or move it away",
    subject: Subject::Workload,
    cause: Cause::Memory,
    reads: &[Edge::Instances],
    hold_seconds: 0,
    clear_after_seconds: OOM_CLEAR,
    check: oom_killed,
};

const OOM_CLEAR: i64 = 300;

/// A container uses almost all that it may.
pub const MEMORY_NEAR_LIMIT: Rule = Rule {
    id: "memory-near-limit",
    family: "memory",
    summary: "a container uses almost all the memory that its limit allows",
    looks_at: "memory that cannot be given back (without the page cache), against the container's limit; from 90 % unless the \
               configuration says otherwise",
    mend: "raise the limit or find the leak before it is killed; a restart gives time",
    subject: Subject::Workload,
    cause: Cause::Probe,
    reads: &[Edge::Instances],
    hold_seconds: 0,
    clear_after_seconds: 120,
    check: memory_near_limit,
};

fn oom_killed(scene: &Scene<'_>, out: &mut Out) {
    let series = scene.series(OccurrenceKind::OomKill, OOM_CLEAR);
    if let Some(series) = &series {
        out.recheck_at(series.over_at);
    }
    let dead: Vec<(&Instance, &Container, &Exit)> = ended_by_oom(scene);
    let newest_dead = dead.iter().max_by_key(|(_, _, exit)| exit.ended).copied();
    if series.is_none() && newest_dead.is_none() {
        return;
    }
    let event = series.map(|it| it.newest);
    let limit = event
        .and_then(|it| it.limit_bytes)
        .or_else(|| newest_dead.and_then(|(_, container, _)| container.memory_limit_bytes))
        .or_else(|| spec_limit(scene, event));
    let node = node_of(scene, event, newest_dead.map(|(it, ..)| it));
    let (what, certainty) = what_ran_out(event, newest_dead.map(|(_, _, exit)| exit), limit, node);
    let what = format!("{}{what}", part(scene, event, newest_dead));
    if let (None, Some(series)) = (newest_dead, &series)
        && let Some(survivor) = survivor(scene, series.newest)
    {
        return out.say(lives_on(scene, series, survivor));
    }
    let began = newest_dead.map(|(it, _, exit)| began(scene, it, exit, series.as_ref()));
    let often = match &began {
        Some(began) if !began.often.is_empty() => format!(", {}", began.often),
        _ => series.as_ref().map(how_often).unwrap_or_default(),
    };
    let first = began.as_ref().map(|it| it.at).into_iter().chain(series.map(|it| it.first)).min();
    let exact = began
        .as_ref()
        .map_or_else(|| series.is_some_and(|it| !it.at_least && tasks_tell_all(scene, it.first)), |it| it.exact);
    let stays = dead.iter().any(|(it, ..)| it.phase == Phase::Failed);
    let not_again = if stays { "; not started again" } else { "" };
    let hit = hit(scene, &dead, series.is_some_and(|it| it.count > 1), series.map(|it| it.first), out);
    let others = if hit > 1 { format!(" ({})", instances(hit, scene.instances())) } else { String::new() };
    let mut finding = Finding::new(Severity::Critical, format!("{what}{often}{others}{not_again}"))
        .since(first)
        .since_exact(exact)
        .certainty(certainty)
        .affected(hit);
    finding.happened = series.filter(|_| !stays).map(|it| it.last);
    out.say(with_way_out(scene, with_proof(finding, event, newest_dead, limit), event, node, first));
}

/// What would help. The victim of its node is not the cause: going back to another revision of it frees nothing, and who
/// uses more than was asked for is named in the place of that.
fn with_way_out(
    scene: &Scene<'_>,
    mut finding: Finding,
    event: Option<&Occurrence>,
    node: Option<&Ref>,
    since: Option<crate::domain::Timestamp>,
) -> Finding {
    let Some(node) = node.filter(|_| event.and_then(|it| it.scope) == Some(OomScope::Host)) else {
        return finding.helps(scene.mends(since));
    };
    for user in above_request(&scene.view, node).iter().take(3) {
        finding = finding.evidence(None, "use", user.words());
    }
    finding.link(Link::On(node.clone()))
}

/// The node on which it happened.
fn node_of<'a>(scene: &Scene<'a>, event: Option<&'a Occurrence>, dead: Option<&'a Instance>) -> Option<&'a Ref> {
    let of = |key: &Ref| scene.view.instance(key).and_then(|it| it.node.as_ref());
    let node = event.and_then(|it| it.node.as_ref().or_else(|| of(&it.subject)));
    node.or_else(|| dead.and_then(|it| it.node.as_ref())).filter(|_| scene.key.kind.runs_pods())
}

/// Which container of several it was.
fn part(scene: &Scene<'_>, event: Option<&Occurrence>, dead: Option<(&Instance, &Container, &Exit)>) -> String {
    if let Some((it, container, _)) = dead {
        return part_of(it, container);
    }
    let named = event.and_then(|event| {
        let it = scene.view.instance(&event.subject)?;
        Some((it, it.containers.iter().find(|container| Some(&container.name) == event.container.as_ref())?))
    });
    named.map_or(String::new(), |(it, container)| part_of(it, container))
}

/// The instance that an event is about, where it has been running since before the event: what was killed was a process
/// in it, and not the one that keeps it up.
fn survivor<'a>(scene: &Scene<'a>, event: &Occurrence) -> Option<&'a Instance> {
    let mut about = scene.wanted_instances().filter(|it| scene.is_of(it, &event.subject));
    let runs = |it: &&Instance| it.phase == Phase::Running && it.since.is_some_and(|since| since < event.first);
    about.find(runs).filter(|_| event.code.is_none())
}

/// A process in it was killed, and the container runs on.
fn lives_on(scene: &Scene<'_>, series: &Series<'_>, survivor: &Instance) -> Finding {
    let event = Some(series.newest);
    let limit = series.newest.limit_bytes.or_else(|| spec_limit(scene, event));
    let node = node_of(scene, event, Some(survivor));
    let (what, certainty) = what_ran_out(event, None, limit, node);
    let often = how_often(series);
    let finding = Finding::new(Severity::Warning, format!("a process in it is {what}{often}; the container runs on"))
        .since(Some(series.first))
        .since_exact(!series.at_least)
        .certainty(certainty);
    let up = survivor.since.map(|since| span(seconds_between(since, scene.now())));
    let up = up.map_or(String::new(), |up| format!(" for {up}"));
    let mut finding = with_proof(finding, event, None, limit).evidence(
        None,
        "state",
        format!("{}: has been running{up}", survivor.key.name),
    );
    finding.happened = Some(series.last);
    with_way_out(scene, finding, event, node, Some(series.first))
}

/// Instances whose last run was ended by it and that do not run now; of those that nobody restarts only recent ones.
fn ended_by_oom<'a>(scene: &Scene<'a>) -> Vec<(&'a Instance, &'a Container, &'a Exit)> {
    let killed = scene.wanted_instances().filter_map(|it| last_exit(scene, it).map(|(c, exit)| (it, c, exit)));
    killed
        .filter(|(it, _, exit)| {
            let recent = exit.ended.is_none_or(|ended| after(ended, super::crash::OLD_EXIT) > scene.now());
            let again = exit.ended.is_some_and(|ended| after(ended, OOM_CLEAR) > scene.now());
            let down = !it.ready && (it.phase != Phase::Running || it.containers.iter().any(backs_off));
            exit.reason == ExitReason::OomKilled && ((down && recent) || again)
        })
        .collect()
}

/// How many instances it takes: those that are down by it, and while it goes on those that it hit.
fn hit(
    scene: &Scene<'_>,
    dead: &[(&Instance, &Container, &Exit)],
    again: bool,
    since: Option<crate::domain::Timestamp>,
    out: &mut Out,
) -> usize {
    let mut struck = |it: &&Instance| {
        let events = scene.view.occurrences_of(scene.key).filter(|event| event.kind == OccurrenceKind::OomKill);
        let mut events = events.filter(|event| Some(event.last) >= since);
        again && scene.is_shaky(it, out) && events.any(|event| scene.is_of(it, &event.subject))
    };
    let down = |it: &&Instance| dead.iter().any(|(dead, ..)| dead.key == it.key && !dead.ready);
    let hit = scene.instances().iter().filter(|it| it.desired == DesiredState::Run && (down(it) || struck(it))).count();
    // Where others were put in the place of those that ended, what is missing tells how many.
    hit.max(if again { scene.counts().missing() as usize } else { 0 })
}

fn what_ran_out(
    event: Option<&Occurrence>,
    exit: Option<&Exit>,
    limit: Option<u64>,
    node: Option<&Ref>,
) -> (String, Certainty) {
    let surely = match (event, exit) {
        (Some(event), _) => event.certainty,
        // The flag is derived from a counter of the whole cgroup: with another code an OOM happened during its life.
        (None, Some(exit)) if exit.code == 137 => Certainty::Confirmed,
        (None, _) => Certainty::Likely,
    };
    let killed = match surely {
        Certainty::Confirmed => "OOM-killed",
        Certainty::Likely => "very likely OOM-killed",
        Certainty::Suspected => "perhaps OOM-killed",
    };
    let scope = event.and_then(|it| it.scope).unwrap_or(OomScope::Unknown);
    let words = match (scope, limit) {
        (OomScope::Limit, Some(limit)) => format!("{killed} at its {} limit", bytes(limit)),
        (OomScope::Limit, None) => format!("{killed} at its own memory limit"),
        (OomScope::Host, _) => match node {
            Some(node) => format!("{killed}: its node {} ran out of memory", node.name),
            None => format!("{killed}: the host ran out of memory"),
        },
        (OomScope::Unknown, Some(limit)) => {
            format!("{killed}: its {} limit or the host's memory, which is not known", bytes(limit))
        }
        (OomScope::Unknown, None) => format!("{killed}: which memory ran out is not known (it has no limit)"),
    };
    (words, surely)
}

fn spec_limit(scene: &Scene<'_>, event: Option<&Occurrence>) -> Option<u64> {
    let specs = &scene.workload()?.containers;
    let named = event.and_then(|it| it.container.as_ref());
    let spec = named.and_then(|name| specs.iter().find(|spec| spec.name == *name)).or_else(|| specs.first())?;
    spec.memory_limit_bytes
}

fn with_proof(
    mut finding: Finding,
    event: Option<&Occurrence>,
    dead: Option<(&Instance, &Container, &Exit)>,
    limit: Option<u64>,
) -> Finding {
    if let Some(event) = event {
        let said = event.text.as_ref().map_or("the kernel killed it for want of memory", |text| text.as_str());
        let code = event.code.map_or(String::new(), |code| format!(", {}", crate::diagnose::exit_words(code)));
        finding = finding.evidence(Some(event.last), "OOM event", format!("{}: {said}{code}", event.subject.name));
    }
    if let Some((instance, _, exit)) = dead {
        let words = crate::diagnose::exit_words(exit.code);
        finding = finding.evidence(exit.ended, "state", format!("{}: OOMKilled, {words}", instance.key.name));
        if exit.code != 137 && event.is_none() {
            let why = "the kernel counts kills of the whole container: with another code than 137 it may have been another process";
            finding = finding.evidence(None, "note", why);
        }
    }
    match limit {
        Some(limit) => finding.evidence(None, "configuration", format!("memory limit {}", bytes(limit))),
        None => finding.evidence(None, "configuration", "no memory limit of its own"),
    }
}

fn memory_near_limit(scene: &Scene<'_>, out: &mut Out) {
    // What is being killed at its limit is near it: that is no news.
    if scene.series(OccurrenceKind::OomKill, OOM_CLEAR).is_some() {
        return;
    }
    let share = |it: &Instance| {
        let (at, used) = scene.view.series(&it.key, Metric::MemoryBytes)?.latest()?;
        // Numbers of a past run say nothing about this one, and old ones nothing at all.
        let fresh = after(at, 600) > scene.now() && it.since.is_none_or(|since| since <= at);
        let limit = memory_limit(scene, it).filter(|limit| *limit > 0 && fresh)?;
        Some((used / limit as f64 * 100.0, limit, at))
    };
    let running = scene.wanted_instances().filter(|it| it.phase == Phase::Running);
    let full = running.filter_map(|it| share(it).map(|(percent, limit, at)| (percent, limit, at, it)));
    let mut full: Vec<_> = full.filter(|it| it.0 >= f64::from(scene.settings.memory_percent)).collect();
    full.sort_by(|a, b| b.0.total_cmp(&a.0));
    let Some((percent, limit, at, worst)) = full.first().copied() else { return };
    out.recheck_at(after(at, 600));
    let of = if full.len() > 1 { format!(" ({})", instances(full.len(), scene.instances())) } else { String::new() };
    let summary = format!("uses {} % of its {} memory limit{of}", (percent as u64).min(100), bytes(limit));
    let finding = Finding::new(Severity::Warning, summary)
        .tier(Tier::Stuck)
        .evidence(Some(at), "stats", format!("{}: {percent:.0} % of {}", worst.key.name, bytes(limit)))
        .helps(scene.mends(None));
    out.say(finding);
}

/// What an instance may use: the sum of its containers' limits, where each has one.
fn memory_limit(scene: &Scene<'_>, instance: &Instance) -> Option<u64> {
    // What ran before it started, or looks in for a while, gives it no room.
    let stays = |it: &&Container| matches!(it.role, ContainerRole::Main | ContainerRole::Sidecar);
    let own: Option<u64> = instance.containers.iter().filter(stays).map(|it| it.memory_limit_bytes).sum();
    own.filter(|sum| *sum > 0).or_else(|| {
        let bodies = scene.view.bodies_of(&instance.key).flat_map(|body| body.containers.iter());
        let body: Option<u64> = bodies.map(|it| it.memory_limit_bytes).sum();
        body.filter(|sum| *sum > 0)
            .or_else(|| scene.workload()?.containers.iter().map(|it| it.memory_limit_bytes).sum())
    })
}
