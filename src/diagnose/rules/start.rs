//! Containers that do not even begin to run: their configuration, what they are to download, their driver.

use crate::diagnose::logs::{quote, unwrapped};
use crate::diagnose::rule::{Cause, Edge, Finding, Link, Out, Rule, Subject};
use crate::diagnose::scene::{Scene, Series};
use crate::domain::words::{after, seconds_between, span, times};
use crate::domain::{ContainerState, Exit, ExitReason, Instance, Kind, Name, OccurrenceKind, Phase, Severity, Text};

use super::evidence::{backs_off, how_often, last_exit, old_serve, part_of, recheck_countdown, rollout_frame};
use super::task;

/// Its configuration keeps it from starting.
pub const CANNOT_START: Rule = Rule {
    id: "cannot-start",
    family: "cannot-start",
    summary: "its configuration keeps a container from starting: a missing secret, config, mount or port, a template, an artifact",
    looks_at: "containers that wait for their configuration or could not be created or started, with the server's words; of a Nomad \
               task its template, its artifacts and what its driver says",
    mend: "do what the words say, or take back the change that brought it",
    subject: Subject::Workload,
    cause: Cause::Configuration,
    reads: &[Edge::Instances],
    hold_seconds: 5,
    clear_after_seconds: 60,
    check: cannot_start,
};

/// Kubelet's words (kubernetes: pkg/kubelet/container/sync_result.go).
const CONFIGURATION: [&str; 6] = [
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "PreStartHookError",
    "PostStartHookError",
    "CreatePodSandboxError",
];

/// Starts in vain count as a series until they have not come again for so long, seconds.
const EVENTS_CLEAR: i64 = 300;

/// An instance that does not start.
struct Held<'a> {
    instance: Option<&'a Instance>,
    part: String,
    reason: Name,
    said: Option<Text>,
}

fn cannot_start(scene: &Scene<'_>, out: &mut Out) {
    let tried = in_a_row(scene);
    let mut held: Vec<Held<'_>> = scene.wanted_instances().filter_map(|it| held(scene, it)).collect();
    if let (true, Some(series)) = (held.is_empty() && scene.counts().missing() > 0, &tried) {
        out.recheck_at(series.over_at);
        held.push(Held {
            instance: None,
            part: String::new(),
            reason: "Failed".into(),
            said: series.newest.text.clone(),
        });
    }
    let began = |it: &Held<'_>| it.instance.and_then(|it| it.since.or(it.created));
    let Some(Held { instance, part, reason, said }) = held.iter().max_by_key(|it| began(it)) else { return };
    let (stuck, gives_up) = rollout_frame(scene);
    recheck_countdown(scene, out);
    let since = held.iter().filter_map(began).chain(tried.as_ref().map(|it| it.first)).min();
    let lacks =
        said.as_deref().and_then(|said| super::missing::missing(scene.cluster(), scene.key.namespace.as_ref(), said));
    let (what, helps) = match &lacks {
        // Nothing gets better by starting it anew.
        Some(lacks) => (lacks.words(), scene.undo(since).into_iter().collect()),
        None => (format!("{part}{}", does_not_start(scene, reason, said.as_ref())), scene.mends(since)),
    };
    let often = instance.and_then(|it| more_often(it, tried.as_ref()));
    let often = often.or_else(|| tried.as_ref().map(how_often)).unwrap_or_default();
    let mut finding = Finding::new(Severity::Critical, format!("{stuck}{what}{often}{}{gives_up}", old_serve(scene)))
        .since(since)
        .since_exact(!tried.as_ref().is_some_and(|it| it.at_least))
        .affected(held.len().min(scene.counts().missing() as usize))
        .helps(helps);
    finding.links.extend(lacks.map(|it| Link::Shared(it.what)));
    let who =
        instance.map_or_else(|| tried.map_or("", |it| it.newest.subject.name.as_str()), |it| it.key.name.as_str());
    let all = said.as_deref().unwrap_or(reason);
    let at = instance.and_then(|it| it.since).or_else(|| tried.map(|it| it.last));
    out.say(finding.evidence(at, "status", format!("{who}: {part}{reason}: {all}")));
}

/// What keeps one instance from starting, if anything does.
fn held<'a>(scene: &Scene<'a>, it: &'a Instance) -> Option<Held<'a>> {
    let of_task = it.key.kind == Kind::Allocation;
    let holds = |reason: &str| CONFIGURATION.contains(&reason) || (of_task && task::HINDRANCES.contains(&reason));
    let pulls = |said: &Option<Text>| of_task && said.as_deref().is_some_and(super::image::speaks_of_pull);
    let waiting = it.containers.iter().find_map(|container| match &container.state {
        // What is tried again and again is told as such.
        ContainerState::Waiting { .. } if backs_off(container) => None,
        ContainerState::Waiting { reason, message } if holds(reason) && !pulls(message) => {
            Some((part_of(it, container), reason.clone(), message.clone()))
        }
        _ => None,
    });
    let own = it.reason.clone().filter(|reason| CONFIGURATION.contains(&reason.as_str()) && it.restarts() == 0);
    let own = own.map(|reason| (reason, it.message.clone())).or_else(|| in_vain(scene, it));
    let own = own.filter(|(_, said)| !pulls(said)).map(|(reason, said)| (String::new(), reason, said));
    waiting.or(own).map(|(part, reason, said)| Held { instance: Some(it), part, reason, said })
}

/// Starts in vain of a group's tasks. Its client tells of each; a pod's are told by the state of its containers.
fn in_a_row<'a>(scene: &Scene<'a>) -> Option<Series<'a>> {
    let workload = scene.workload().filter(|it| it.key.kind == Kind::TaskGroup)?;
    // What a revision before did is over with it.
    let from = workload.revision.as_ref().and_then(|it| it.at);
    scene.series_of(EVENTS_CLEAR, |it| {
        it.kind == OccurrenceKind::CreationFailure && from.is_none_or(|from| it.last >= from)
    })
}

/// A client remembers ten events of a task, and counts how often it began anew: of one that never ran, in vain each time.
fn more_often(it: &Instance, seen: Option<&Series<'_>>) -> Option<String> {
    let seen = seen.filter(|_| it.containers.iter().all(|container| container.exit().is_none_or(never_ran)))?;
    let tries = u64::from(it.restarts()) + 1;
    let seconds = seconds_between(it.created?, seen.last);
    (tries > seen.count).then(|| format!(", {} in {}", times(tries), span(seconds.max(1))))
}

/// What is said of it: a task in our words for its client's, anything else in the server's.
fn does_not_start(scene: &Scene<'_>, reason: &str, said: Option<&Text>) -> String {
    if scene.key.kind == Kind::TaskGroup
        && let Some(said) = said
    {
        return task::does_not_start(said);
    }
    let words = said.map_or_else(|| reason.to_owned(), |said| quote(unwrapped(said)));
    format!("cannot start: {}{words}", hook(reason))
}

/// What fails, where the words alone would not say it.
fn hook(reason: &str) -> &'static str {
    match reason {
        "PostStartHookError" => "its postStart hook fails: ",
        "PreStartHookError" => "its preStart hook fails: ",
        "CreatePodSandboxError" => "no network or sandbox for the pod: ",
        _ => "",
    }
}

/// An engine tried to start it and could not: it never ran, and its end holds the engine's words. A container made by hand
/// (no restart policy) was seen to fail by whoever typed it.
fn in_vain(scene: &Scene<'_>, it: &Instance) -> Option<(Name, Option<Text>)> {
    let workload = scene.workload().filter(|it| !it.one_off)?;
    let by_hand = workload.key.kind == Kind::Container && !workload.restart_policy.restarts();
    let (_, exit) = last_exit(scene, it).filter(|(_, exit)| never_ran(exit) && !by_hand)?;
    let tried = exit.ended.or(it.since).or(it.created);
    let recent = tried.is_none_or(|at| after(at, super::crash::OLD_EXIT) > scene.now());
    // Of a task each start in vain is a restart, too.
    let loops = it.restarts() > 0 && it.key.kind != Kind::Allocation;
    let said = match it.key.kind {
        Kind::Allocation => exit.message.clone(),
        _ => Some(Text::from(super::crash::why_not(exit))),
    };
    // Of what runs to its end a later run tells more.
    let later =
        |other: &Instance| other.created > it.created && matches!(other.phase, Phase::Running | Phase::Succeeded);
    let over = workload.key.kind == Kind::TaskGroup
        && workload.job.is_some()
        && scene.instances().iter().any(|other| later(other));
    (it.phase == Phase::Failed && recent && !loops && !over).then(|| (Name::new("CannotRun"), said))
}

/// Whether an end is that of a start in vain.
pub fn never_ran(exit: &Exit) -> bool {
    exit.reason == ExitReason::CannotRun && exit.started.is_none() && exit.message.is_some()
}
