//! What goes in order, one after the other, and is blocked by one that is broken.

use crate::diagnose::rule::{Cause, Edge, Finding, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::words::after;
use crate::domain::{ContainerState, Instance, Kind, Name, Phase, Severity, Timestamp, Workload};

use super::evidence::{backs_off, start_allowance};

/// A broken pod of another revision blocks a StatefulSet.
pub const BROKEN_POD_BLOCKS: Rule = Rule {
    id: "broken-pod-blocks",
    family: "ordered",
    summary: "a StatefulSet waits for a broken pod of another revision and never replaces it by itself",
    looks_at: "StatefulSets that go in order, with a pod that does not get ready and is not of the revision that is wanted, as after an \
               undo (kubernetes#67250)",
    mend: "delete the broken pod: it is made anew of the revision that is wanted. Its volume stays",
    subject: Subject::Workload,
    cause: Cause::Creation,
    reads: &[Edge::Instances],
    hold_seconds: 30,
    clear_after_seconds: 60,
    check: broken_pod_blocks,
};

/// A pod that does not get ready holds the rest up.
pub const BLOCKED_IN_ORDER: Rule = Rule {
    id: "blocked-in-order",
    family: "blocked-in-order",
    summary: "a pod that does not get ready holds up those that come after it",
    looks_at: "StatefulSets that go in order, with a broken pod of the newest revision while others are missing or not updated",
    mend: "mend the pod's own cause. An undo alone does not help: the broken pod has to be deleted after it",
    subject: Subject::Workload,
    cause: Cause::Rollout,
    reads: &[Edge::Instances],
    hold_seconds: 30,
    clear_after_seconds: 60,
    check: blocked_in_order,
};

fn broken_pod_blocks(scene: &Scene<'_>, out: &mut Out) {
    let Some((workload, newest)) = in_order(scene) else { return };
    let of_another = |it: &&Instance| it.revision.as_ref().is_some_and(|of| of != newest);
    let broken =
        scene.wanted_instances().filter(of_another).find_map(|it| Some((it, broken(workload, scene, it, out)?)));
    let Some((it, since)) = broken else { return };
    let name = &it.key.name;
    let summary =
        format!("{name} is broken and of another revision, and blocks the rest: it has to be deleted by hand");
    let of = it.revision.as_deref().unwrap_or("another");
    out.say(
        Finding::new(Severity::Critical, summary).since(since).affected(scene.counts().missing() as usize).evidence(
            since,
            "status",
            format!("{name}: {}, of revision {of}; wanted is {newest}", it.phase.as_str()),
        ),
    );
}

fn blocked_in_order(scene: &Scene<'_>, out: &mut Out) {
    let Some((workload, newest)) = in_order(scene) else { return };
    let own = |it: &&Instance| it.revision.as_ref().is_none_or(|of| of == newest);
    let broken = scene.wanted_instances().filter(own).find_map(|it| Some((it, broken(workload, scene, it, out)?)));
    let Some((it, since)) = broken else { return };
    let wanted = scene.counts().wanted.unwrap_or(0);
    let there = u32::try_from(scene.wanted_instances().count()).unwrap_or(u32::MAX);
    let old = scene.wanted_instances().filter(|it| it.revision.as_ref().is_some_and(|of| of != newest)).count();
    let rest = match (wanted.saturating_sub(there), old) {
        (0, 0) => return,
        (0, old) => format!("{old} of {wanted} keep the old revision"),
        (missing, _) => format!("{missing} of {wanted} are not made"),
    };
    let name = &it.key.name;
    let summary = format!("{rest} until {name} is ready; after an undo {name} has to be deleted by hand");
    out.say(Finding::new(Severity::Warning, summary).since(since).helps(scene.undo(since)).evidence(
        since,
        "status",
        format!("{name}: {}, not ready", it.phase.as_str()),
    ));
}

fn in_order<'a>(scene: &Scene<'a>) -> Option<(&'a Workload, &'a Name)> {
    let workload = scene.workload().filter(|it| it.key.kind == Kind::StatefulSet && it.ordered && !it.on_delete)?;
    let newest = workload.revision.as_ref().map(|it| &it.id)?;
    Some((workload, newest))
}

/// Whether it does not get ready by itself, and since when.
fn broken(workload: &Workload, scene: &Scene<'_>, it: &Instance, out: &mut Out) -> Option<Option<Timestamp>> {
    if it.ready {
        return None;
    }
    let since = it.since.or(it.created);
    let fails = it.containers.iter().any(|container| match &container.state {
        ContainerState::Waiting { .. } if backs_off(container) => true,
        ContainerState::Waiting { reason, .. } => {
            !matches!(reason.as_str(), "ContainerCreating" | "PodInitializing" | "Created")
        }
        _ => false,
    });
    if fails || it.phase == Phase::Restarting {
        return Some(since);
    }
    // What only does not get ready is broken when it has had its time.
    let due = after(since?, start_allowance(workload).max(300));
    if due > scene.now() {
        out.recheck_at(due);
        return None;
    }
    matches!(it.phase, Phase::Pending | Phase::Starting | Phase::Running).then_some(since)
}
