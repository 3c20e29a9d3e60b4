//! Volumes: claims that nobody fills, and volumes that cannot be attached or mounted.

use crate::diagnose::logs::{quote, unwrapped};
use crate::diagnose::rule::{Cause, Edge, Finding, Link, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::{Instance, Name, NodeState, Occurrence, OccurrenceKind, Phase, Severity, Tier};

use super::evidence::{needs, old_serve, recheck_countdown, rollout_frame};
use super::missing::missing;

/// A volume cannot be had.
pub const VOLUME_UNBOUND: Rule = Rule {
    id: "volume-unbound",
    family: "volume",
    summary: "a volume is lost, or has been waiting to be made",
    looks_at: "the state that the orchestrator gives it. A claim that only waits for its first pod is left out: the pod is the cause \
               then. Claims of one storage class that wait together are one line",
    mend: "look at the storage class and its provisioner; a lost volume has lost what held its data",
    subject: Subject::Volume,
    cause: Cause::Configuration,
    reads: &[Edge::Instances],
    hold_seconds: 120,
    clear_after_seconds: 60,
    check: volume_unbound,
};

/// A volume cannot be mounted.
pub const CANNOT_MOUNT: Rule = Rule {
    id: "cannot-mount",
    family: "mount",
    summary: "a volume cannot be attached or mounted, so its pod does not start",
    looks_at: "FailedMount and FailedAttachVolume events of pods that are starting, with the node's words; a Secret or ConfigMap that is \
               mounted and missing is named",
    mend: "still attached elsewhere: see that the old pod or node is really gone; missing: make it; else look at the storage driver",
    subject: Subject::Workload,
    cause: Cause::Configuration,
    reads: &[Edge::Instances],
    hold_seconds: 30,
    clear_after_seconds: 60,
    check: cannot_mount,
};

/// The node tries again every two minutes at most.
const MOUNT_CLEAR: i64 = 300;

fn volume_unbound(scene: &Scene<'_>, out: &mut Out) {
    let Some(volume) = scene.view.volume(scene.key) else { return };
    let state = volume.state.as_deref().unwrap_or("").to_lowercase();
    let words = volume.message.as_deref().unwrap_or("");
    // A class that binds late waits for a pod to be placed (kubernetes: pkg/controller/volume/persistentvolume).
    let for_a_pod = words.contains("first consumer") || words.contains("to be scheduled");
    let said = if words.is_empty() { String::new() } else { format!(": {}", quote(words)) };
    let (what, severity, tier) = match state.as_str() {
        "lost" => ("is lost", Severity::Critical, Tier::Capacity),
        "pending" if !for_a_pod => ("waits to be made", Severity::Warning, Tier::Stuck),
        _ => return,
    };
    let class = volume.driver.as_ref().filter(|_| state == "pending");
    let of = class.map_or(String::new(), |class| format!(" (storage class {class})"));
    let mut finding = Finding::new(severity, format!("{what}{of}{said}")).tier(tier).evidence(
        None,
        "volume",
        format!("{state}{said}"),
    );
    finding.links.extend(class.map(|class| Link::Named(Name::new(&format!("storage class {class}")))));
    out.say(finding);
}

fn cannot_mount(scene: &Scene<'_>, out: &mut Out) {
    let waiting: Vec<&Instance> =
        scene.wanted_instances().filter(|it| it.phase == Phase::Starting && !it.ready).collect();
    let of_them = |it: &Occurrence| waiting.iter().any(|instance| scene.is_of(instance, &it.subject));
    let fits = |it: &Occurrence| it.kind == OccurrenceKind::MountFailure && of_them(it);
    let Some(series) = scene.series_of(MOUNT_CLEAR, fits).filter(|_| !waiting.is_empty()) else { return };
    out.recheck_at(series.over_at);
    // Of several words the ones that say more than that it took too long.
    let vague = |said: &str| said.starts_with("Unable to attach or mount");
    let mut lately = scene.view.occurrences_of(scene.key).filter(|it| fits(it) && it.last >= series.first);
    let telling = lately.rfind(|it| it.text.as_deref().is_some_and(|said| !vague(said)));
    let event = telling.unwrap_or(series.newest);
    let said = event.text.as_deref().unwrap_or("no reason is given");
    let lacks = missing(scene.cluster(), scene.key.namespace.as_ref(), said);
    let words = lacks.as_ref().map_or_else(|| in_our_words(said), |it| it.words());
    let (stuck, gives_up) = rollout_frame(scene);
    recheck_countdown(scene, out);
    let mut finding = Finding::new(Severity::Critical, format!("{stuck}{words}{}{gives_up}", old_serve(scene)))
        .since(Some(series.first))
        .affected(waiting.len().min(scene.counts().missing() as usize))
        .helps(scene.undo(Some(series.first)))
        .evidence(Some(event.last), "event", format!("{}: {said}", event.subject.name));
    finding.links.extend(lacks.map(|it| Link::Shared(it.what)));
    finding.links.extend(scene.workload().into_iter().flat_map(needs));
    // A volume stays attached to a node that is gone.
    let held = scene.instances().iter().filter_map(|it| scene.view.node(it.node.as_ref()?));
    let gone = held.filter(|it| matches!(it.state, NodeState::Down | NodeState::Unreachable));
    finding.links.extend(gone.map(|it| Link::On(it.key.clone())));
    out.say(finding);
}

/// The node's words, shorter (kubernetes: pkg/volume/util/operationexecutor).
fn in_our_words(said: &str) -> String {
    let volume = said.split_once("for volume \"").and_then(|(_, rest)| rest.split('"').next());
    let volume = volume.map_or_else(|| "a volume".to_owned(), |name| format!("volume {name}"));
    if let Some((_, rest)) = said.split_once("already used by pod(s) ") {
        return format!("cannot attach {volume}: {} still uses it on another node", quote(rest));
    }
    if said.contains("already exclusively attached to one node") {
        return format!("cannot attach {volume}: it is still attached to another node");
    }
    let verb = if said.contains("Attach failed") || said.contains("AttachVolume") { "attach" } else { "mount" };
    match said.split_once("\" : ") {
        Some((_, rest)) => format!("cannot {verb} {volume}: {}", quote(unwrapped(rest))),
        None => format!("cannot {verb} {volume}: {}", quote(said)),
    }
}

#[cfg(test)]
mod tests {
    use super::in_our_words;

    #[test]
    fn a_nodes_words_for_a_volume_become_ours() {
        for (said, ours) in [
            (
                "Multi-Attach error for volume \"pvc-1\" Volume is already used by pod(s) db-0",
                "cannot attach volume pvc-1: db-0 still uses it on another node",
            ),
            (
                "Multi-Attach error for volume \"pvc-1\" Volume is already exclusively attached to one node and can't be attached to another",
                "cannot attach volume pvc-1: it is still attached to another node",
            ),
            (
                "MountVolume.SetUp failed for volume \"nfs\" : mount failed: exit status 32",
                "cannot mount volume nfs: mount failed: exit status 32",
            ),
            (
                "AttachVolume.Attach failed for volume \"pvc-1\" : rpc error: code = Internal desc = quota",
                "cannot attach volume pvc-1: rpc error: code = Internal desc = quota",
            ),
        ] {
            assert_eq!(in_our_words(said), ours);
        }
    }
}
