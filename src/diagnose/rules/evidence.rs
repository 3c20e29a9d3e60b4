//! What several rules ask of a scene.

use crate::domain::words::{countdown_changes_at, many, seconds_between, span, times};
use crate::domain::{Container, Exit, Instance, Name, Timestamp, Workload};

use crate::diagnose::rule::{Finding, Link, Out};
use crate::diagnose::scene::{Scene, Series};

/// The container of an instance (or of its body) that ended last, with its end.
pub fn last_exit<'a>(scene: &Scene<'a>, instance: &'a Instance) -> Option<(&'a Container, &'a Exit)> {
    let exits = scene.containers(instance).filter_map(|container| Some((container, container.exit()?)));
    // An orchestrator says that it ended, the engine says how: with equal times the body's word counts.
    exits.max_by_key(|(_, exit)| exit.ended)
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
