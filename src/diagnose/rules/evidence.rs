//! What several rules ask of a scene.

use crate::domain::words::{countdown_changes_at, many, seconds_between, span, times};
use crate::domain::{
    Container, ContainerRole, ContainerState, Exit, Instance, Kind, Name, Probe, ProbeKind, Ref, Timestamp, Workload,
};

use crate::diagnose::rule::{Finding, Link, Out};
use crate::diagnose::scene::{Scene, Series};

/// The container of an instance (or of its body) that ended last, with its end; first one that waits to be started again.
/// That an init container is done is no end of the instance, and what somebody looked in with is no part of it.
pub fn last_exit<'a>(scene: &Scene<'a>, instance: &'a Instance) -> Option<(&'a Container, &'a Exit)> {
    let exits = scene.containers(instance).filter_map(|container| Some((container, container.exit()?)));
    let counts = |(container, exit): &(&Container, &Exit)| match container.role {
        ContainerRole::Main | ContainerRole::Sidecar => true,
        ContainerRole::Init => exit.code != 0,
        ContainerRole::Ephemeral => false,
    };
    // An orchestrator says that it ended, the engine says how: with equal times the body's word counts.
    exits.filter(counts).max_by_key(|(container, exit)| (backs_off(container), exit.ended))
}

/// Whether it waits between a failed run, or a failed start, and the next.
pub fn backs_off(container: &Container) -> bool {
    let failed = |reason: &str| reason == "CrashLoopBackOff" || reason == "RunContainerError" && container.restarts > 0;
    matches!(&container.state, ContainerState::Waiting { reason, .. } if failed(reason))
}

/// Which part of its instance a container plays, where that is worth a word: `init container migrate `, `sidecar proxy `.
pub fn part_of(instance: &Instance, container: &Container) -> String {
    let mains = instance.containers.iter().filter(|it| it.role.is_main()).count();
    let word = match container.role {
        ContainerRole::Init => "init container",
        ContainerRole::Sidecar => "sidecar",
        ContainerRole::Ephemeral => "debug container",
        ContainerRole::Main if mains > 1 && instance.key.kind == Kind::Allocation => "task",
        ContainerRole::Main if mains > 1 => "container",
        ContainerRole::Main => return String::new(),
    };
    format!("{word} {} ", container.name)
}

/// That a rollout hurts nobody yet: the pods of the revision before are all there.
pub fn old_serve(scene: &Scene<'_>) -> &'static str {
    let counts = scene.counts();
    let serve = scene.key.kind.runs_pods() && scene.in_rollout() && counts.ready > 0 && counts.missing() == 0;
    if serve { "; the old pods still serve" } else { "" }
}

/// Seconds that its probes grant a container of it to start, and a minute at least.
pub fn start_allowance(workload: &Workload) -> i64 {
    let all = |it: &Probe| i64::from(it.grace_seconds) + i64::from(it.period_seconds) * i64::from(it.threshold);
    let of = |kind: ProbeKind| {
        let probes = workload.containers.iter().flat_map(|it| &it.probes).filter(move |it| it.kind == kind);
        probes.map(all).max().unwrap_or(0)
    };
    (of(ProbeKind::Startup) + of(ProbeKind::Readiness)).max(60)
}

/// Since when the container of an instance that runs shortest has run.
pub fn runs_since(instance: &Instance) -> Option<Timestamp> {
    let running = |it: &Container| match it.state {
        ContainerState::Running { since } if it.role.is_main() => since,
        _ => None,
    };
    instance.containers.iter().filter_map(running).max()
}

/// `Secret shop/db`: a thing that several may lack, by kind and name.
pub fn named(key: &Ref) -> String {
    format!("{} {}", if key.kind == Kind::Volume { "claim" } else { key.kind.noun() }, key.local())
}

/// `, 14 times in 40 min`; nothing for once.
pub fn how_often(series: &Series<'_>) -> String {
    if series.count < 2 {
        return String::new();
    }
    let least = if series.at_least { "at least " } else { "" };
    let seconds = seconds_between(series.first, series.last);
    format!(", {least}{} in {}", times(series.count), span(seconds.max(1)))
}

/// What the rollout under way says about a failure that it waits for: the words before and after the cause.
pub fn rollout_frame(scene: &Scene<'_>) -> (&'static str, String) {
    let Some(rollout) = scene.workload().and_then(|it| it.rollout.as_ref()).filter(|_| scene.in_rollout()) else {
        return ("", String::new());
    };
    let counts = scene.counts();
    let stuck = if counts.missing() == 0 { "rollout stuck: " } else { "" };
    let left = rollout.deadline.filter(|deadline| *deadline > scene.now());
    let gives_up = left.map(|deadline| format!("; gives up in {}", span(whole_minutes(scene.now(), deadline))));
    (stuck, gives_up.unwrap_or_default())
}

/// Time left, in whole minutes while there is more than one: it is said again by the minute only.
pub fn whole_minutes(now: Timestamp, to: Timestamp) -> i64 {
    let left = seconds_between(now, to);
    if left > 60 { (left + 59) / 60 * 60 } else { 60 }
}

/// Links to everything that a workload cannot work without.
pub fn needs(workload: &Workload) -> impl Iterator<Item = Link> + '_ {
    workload.depends_on.iter().map(|need| Link::On(need.on.clone()))
}

/// With a link to everything it needs, and to what is named in words that say that something was not reached.
pub fn with_needs(scene: &Scene<'_>, mut finding: Finding, words: &[&str]) -> Finding {
    finding.links.extend(scene.workload().into_iter().flat_map(needs));
    if words.iter().any(|word| super::shared::is_unresolved(word)) {
        finding.links.extend(super::shared::dns_of(scene).map(Link::Likely));
    }
    for word in words {
        for named in crate::diagnose::logs::named_in(scene, word) {
            if !finding.links.contains(&Link::On(named.clone())) {
                finding.links.push(Link::Likely(named));
            }
        }
    }
    finding
}

/// The noun of a workload's instances: `2 pods`, `1 container`.
pub fn instances(n: usize, of: &[&Instance]) -> String {
    many(n as u64, of.first().map_or("instance", |it| it.key.kind.noun()))
}

/// An image without its registry's host: `shop/api:1.4.3`, and of a digest the first digits.
pub fn short_image(image: &Name) -> String {
    let (rest, digest) = image.split_once('@').map_or((image.as_str(), None), |(rest, digest)| (rest, Some(digest)));
    let path = match rest.split_once('/') {
        Some((host, path)) if is_host(host) => path,
        _ => rest,
    };
    let path = path.strip_prefix("library/").unwrap_or(path);
    match digest {
        Some(digest) if !path.contains(':') => {
            format!("{path}@{}", digest.chars().take(19).collect::<String>())
        }
        _ => path.to_owned(),
    }
}

/// The registry that an image comes from.
pub fn registry_of(image: &Name) -> Name {
    match image.split_once('/') {
        Some((host, _)) if is_host(host) => Name::new(host),
        _ => Name::new("docker.io"),
    }
}

/// An image reference's first part is a host if it could not be a path (distribution's reference grammar).
fn is_host(part: &str) -> bool {
    part.contains(['.', ':']) || part == "localhost"
}

/// Asks the rule again when the countdown of its rollout reads differently.
pub fn recheck_countdown(scene: &Scene<'_>, out: &mut Out) {
    let deadline = scene.workload().and_then(|it| it.rollout.as_ref()).and_then(|it| it.deadline);
    if let Some(deadline) = deadline.filter(|deadline| scene.in_rollout() && *deadline > scene.now()) {
        out.recheck_at(countdown_changes_at(deadline, scene.now()));
    }
}
