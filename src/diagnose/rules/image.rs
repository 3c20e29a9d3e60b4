//! Images that cannot be had.

use crate::diagnose::logs::quote;
use crate::diagnose::rule::{Cause, Edge, Finding, Link, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::words::{after, seconds_between, span, span_changes_at};
use crate::domain::{ContainerState, Instance, Name, OccurrenceKind, Phase, Severity, Text, Timestamp};

use super::began::tasks_tell_all;
use super::evidence::{registry_of, rollout_frame, short_image};

/// An image cannot be pulled.
pub const IMAGE_PULL: Rule = Rule {
    id: "image-pull",
    family: "image",
    summary: "an image cannot be pulled, or its pull does not get on",
    looks_at: "what the node or engine says of the pull: not found, denied, rate-limited, registry not reached; and pulls that take \
               longer than five minutes unless the configuration says otherwise",
    mend: "not found: mend the tag or push the image; denied: mend the credential; registry: nothing here helps, wait or mirror. \
           A rollout can be taken back meanwhile",
    subject: Subject::Workload,
    cause: Cause::Image,
    reads: &[Edge::Instances],
    hold_seconds: 0,
    clear_after_seconds: 60,
    check: image_pull,
};

/// Kubelet's words for it (kubernetes: pkg/kubelet/images/types.go), and those of engines and Nomad's drivers.
const REASONS: [&str; 9] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
    "PullFailed",
    "ImagePull",
];

/// What was rejected for want of its image counts for so long, seconds.
const REFUSED_CLEAR: i64 = 120;

/// Why a pull fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    NotFound,
    Denied,
    RateLimited,
    Registry,
    Invalid,
    /// A Swarm says that the image is not on the node, and not why it could not be brought there.
    Unsaid,
    Other,
}

struct Failure<'a> {
    instance: Option<&'a Instance>,
    image: Name,
    said: Option<Text>,
    since: Option<Timestamp>,
}

fn image_pull(scene: &Scene<'_>, out: &mut Out) {
    let failing: Vec<Failure<'_>> = scene.wanted_instances().filter_map(|it| failing(scene, it)).collect();
    if !failing.is_empty() {
        return say_failing(scene, &failing, out);
    }
    match refused(scene) {
        Some((failure, at)) => {
            out.recheck_at(after(at, REFUSED_CLEAR));
            say_failing(scene, &[failure], out);
            if let Some(finding) = out.finding.as_mut().filter(|_| !scene.held_up()) {
                finding.happened = Some(at);
            }
        }
        None => say_stalled(scene, out),
    }
}

/// Swarm rejects a task for want of its image and makes the next one, which is pending for a while: what was rejected
/// lately, or stopped a rollout, still counts.
fn refused<'a>(scene: &Scene<'a>) -> Option<(Failure<'a>, Timestamp)> {
    if scene.counts().missing() == 0 && !scene.in_rollout() {
        return None;
    }
    let at = |it: &Instance| it.since.or(it.created);
    let refused = scene.instances().iter().copied().filter(|it| it.phase == Phase::Rejected);
    let refused = refused.filter_map(|it| Some((failing(scene, it)?, at(it)?)));
    let (mut newest, at) = refused.max_by_key(|(_, at)| *at)?;
    let first = scene.instances().iter().filter(|it| it.phase == Phase::Rejected && failing(scene, it).is_some());
    newest.since = first.filter_map(|it| it.since.or(it.created)).min();
    (after(at, REFUSED_CLEAR) > scene.now() || scene.held_up()).then_some((newest, at))
}

fn failing<'a>(scene: &Scene<'a>, it: &'a Instance) -> Option<Failure<'a>> {
    // A pod runs as soon as one of its containers does.
    let runs = it.phase == Phase::Running && !scene.key.kind.runs_pods();
    if it.ready || runs || it.phase == Phase::Succeeded {
        return None;
    }
    let waiting = it.containers.iter().find_map(|container| match &container.state {
        ContainerState::Waiting { reason, message } if is_pull(reason, message.as_ref()) => Some((container, message)),
        _ => None,
    });
    let own = it.reason.as_ref().is_some_and(|reason| is_pull(reason, it.message.as_ref()))
        || it.message.as_ref().is_some_and(|said| speaks_of_pull(said));
    let image = match waiting {
        Some((container, _)) => container.image.clone(),
        None if own => it.containers.first().map(|it| it.image.clone()).or_else(|| newest_image(scene))?,
        None => return None,
    };
    let said = waiting.and_then(|(_, said)| said.clone()).or_else(|| it.message.clone()).or_else(|| {
        let event = scene.view.occurrences_of(scene.key).rfind(|it| it.kind == OccurrenceKind::PullFailure);
        event.and_then(|event| event.text.clone())
    });
    Some(Failure { instance: Some(it), image, said, since: it.created.or(it.since) })
}

fn newest_image(scene: &Scene<'_>) -> Option<Name> {
    scene.workload()?.containers.first().map(|spec| spec.image.clone())
}

fn is_pull(reason: &str, said: Option<&Text>) -> bool {
    REASONS.contains(&reason) || said.is_some_and(|said| speaks_of_pull(said))
}

pub fn speaks_of_pull(said: &str) -> bool {
    let said = said.to_lowercase();
    [
        "no such image",
        "manifest unknown",
        "manifest for ",
        "pull access denied",
        "failed to pull",
        "error pulling",
        "toomanyrequests",
    ]
    .iter()
    .any(|words| said.contains(words))
}

fn why(said: &str) -> Why {
    let said = said.to_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if said.starts_with("no such image") {
        return Why::Unsaid;
    }
    // Docker Hub answers "denied" for what is not there too, and says so: "may require".
    if any(&["toomanyrequests", "rate limit", "429"]) {
        Why::RateLimited
    } else if any(&["manifest unknown", "not found", "does not exist or no pull", "repository does not exist"]) {
        Why::NotFound
    } else if any(&["denied", "unauthorized", "authentication required", "401", "403", "no basic auth"]) {
        Why::Denied
    } else if any(&["invalidimagename", "invalid reference"]) {
        Why::Invalid
    } else if any(&[
        "dial tcp",
        "timeout",
        "no such host",
        "connection refused",
        "tls",
        "x509",
        "500",
        "502",
        "503",
        "eof",
        "unavailable",
        "deadline exceeded",
    ]) {
        Why::Registry
    } else {
        Why::Other
    }
}

fn say_failing(scene: &Scene<'_>, failing: &[Failure<'_>], out: &mut Out) {
    // Of several the one whose words say most; all of them share the newest revision as a rule.
    let worst = failing.iter().find(|it| it.said.is_some()).unwrap_or(&failing[0]);
    let said = worst.said.as_deref().unwrap_or("");
    let why = why(said);
    let image = short_image(&worst.image);
    let registry = registry_of(&worst.image);
    let cause = match why {
        Why::NotFound => format!("cannot pull {image}: not found"),
        Why::Denied => format!("cannot pull {image}: {registry} denies it"),
        Why::RateLimited => format!("cannot pull {image}: {registry} limits the rate"),
        Why::Registry => format!("cannot pull {image}: {registry} cannot be reached"),
        Why::Invalid => format!("cannot pull {image}: not a valid image name"),
        Why::Unsaid => {
            format!(
                "cannot pull {image}: not there, denied, or {registry} cannot be reached; the Swarm does not say which"
            )
        }
        Why::Other if said.is_empty() => format!("cannot pull {image}"),
        Why::Other => format!("cannot pull {image}: {}", quote(said)),
    };
    let since = scene.series(OccurrenceKind::PullFailure, 3600).map(|it| it.first);
    let since = failing.iter().filter_map(|it| it.since).chain(since).min();
    let finding = framed(scene, cause, out)
        .since(since)
        .since_exact(since.is_none_or(|since| tasks_tell_all(scene, since)))
        .affected(affected(scene, failing.len()))
        .link(if why == Why::Registry || why == Why::RateLimited {
            Link::Registry(registry)
        } else {
            Link::Image(worst.image.clone())
        })
        .helps(scene.undo(since));
    let who = worst.instance.map_or("", |it| it.key.name.as_str());
    let said = if said.is_empty() { worst.image.as_str() } else { said };
    out.say(finding.evidence(worst.instance.and_then(|it| it.since), "status", format!("{who}: {said}")));
}

fn say_stalled(scene: &Scene<'_>, out: &mut Out) {
    let pulling = scene.wanted_instances().filter_map(|it| {
        let image = it.containers.iter().find_map(|container| match &container.state {
            ContainerState::Waiting { reason, message } if pulls(reason, message.as_ref()) => {
                Some(container.image.clone())
            }
            _ => None,
        });
        let own = it.reason.as_ref().is_some_and(|reason| pulls(reason, it.message.as_ref()));
        let image = image.or_else(|| newest_image(scene).filter(|_| own))?;
        (it.phase == Phase::Starting).then_some((it.since.or(it.created)?, image, it))
    });
    let Some((since, image, it)) = pulling.min_by_key(|(since, _, it)| (*since, &it.key)) else { return };
    let stalled_at = after(since, scene.settings.pull_stall_seconds);
    if stalled_at > scene.now() {
        out.recheck_at(stalled_at);
        return;
    }
    out.recheck_at(span_changes_at(since, scene.now()));
    let long = span(seconds_between(since, scene.now()));
    let finding = framed(scene, format!("pulling {} for {long} without an end", short_image(&image)), out)
        .since(Some(since))
        .affected(affected(scene, 1))
        .certainty(crate::domain::Certainty::Likely)
        .link(Link::Image(image))
        .helps(scene.undo(Some(since)));
    out.say(finding.evidence(Some(since), "status", format!("{}: the pull began and has not ended", it.key.name)));
}

/// A pull that is under way (kubelet says `ContainerCreating`, and `Pulling image` in its event).
fn pulls(reason: &str, said: Option<&Text>) -> bool {
    // A Swarm task that is "preparing" pulls its image.
    let pulling = |words: &str| words.to_lowercase().contains("pulling") || words == "preparing";
    pulling(reason) || said.is_some_and(|said| pulling(said))
}

/// How many of what is wanted it takes: beside those of the old revision that still serve, none.
fn affected(scene: &Scene<'_>, failing: usize) -> usize {
    failing.min(scene.counts().missing() as usize)
}

/// The cause with what its rollout says, asked again when the countdown moves.
fn framed(scene: &Scene<'_>, cause: String, out: &mut Out) -> Finding {
    let (stuck, gives_up) = rollout_frame(scene);
    super::evidence::recheck_countdown(scene, out);
    Finding::new(Severity::Critical, format!("{stuck}{cause}{gives_up}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_words_say_why_a_pull_fails() {
        for (said, expected) in [
            ("manifest for api:1.4.3 not found: manifest unknown", Why::NotFound),
            ("No such image: api:none", Why::Unsaid),
            ("pull access denied for shop/x, repository does not exist or may require 'docker login'", Why::NotFound),
            ("unauthorized: authentication required", Why::Denied),
            ("toomanyrequests: You have reached your pull rate limit", Why::RateLimited),
            ("Get \"https://r.example/v2/\": dial tcp 10.0.0.1:443: i/o timeout", Why::Registry),
            ("something else", Why::Other),
        ] {
            assert_eq!(why(said), expected, "{said}");
        }
    }
}
