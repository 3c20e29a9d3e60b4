//! What was asked to end and does not.

use crate::diagnose::logs::quote;
use crate::diagnose::rule::{Cause, Edge, Finding, Link, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::words::{after, many, seconds_between, span, span_changes_at};
use crate::domain::{DesiredState, Instance, Kind, NodeState, Severity, Tier, Timestamp};

/// Pods outlive their grace.
pub const POD_LINGERS: Rule = Rule {
    id: "pod-lingers",
    family: "ending",
    summary: "pods that were asked to end are still there, long after their grace",
    looks_at: "pods that are being deleted, a minute and more after their grace period, with what holds them: a finalizer, a node that is \
               gone, or a hook or process that does not end",
    mend: "finalizer: bring its controller back, or remove the finalizer if that is gone for good; node: bring it back, or delete it \
           if it stays away; else look at the preStop hook",
    subject: Subject::Workload,
    cause: Cause::Rollout,
    reads: &[Edge::Instances, Edge::Node],
    hold_seconds: 0,
    clear_after_seconds: 30,
    check: pod_lingers,
};

/// A namespace is being deleted for ever.
pub const NAMESPACE_STUCK: Rule = Rule {
    id: "namespace-stuck",
    family: "namespace-stuck",
    summary: "a namespace has been terminating for a long time: something in it is not let go",
    looks_at: "namespaces that have been terminating for ten minutes and more, or for two where the server names a finalizer that \
               holds them",
    mend: "bring back the controller that owns the finalizer; remove the finalizer only if that is gone for good",
    subject: Subject::Namespace,
    cause: Cause::Risk,
    reads: &[],
    hold_seconds: 0,
    clear_after_seconds: 10,
    check: namespace_stuck,
};

/// What lingers so long beyond its grace is named, seconds.
const PATIENCE: i64 = 60;
/// A namespace may take so long, seconds.
const NAMESPACE_PATIENCE: i64 = 600;
/// So long where the server says that nothing but a finalizer is left, seconds.
const FINALIZER_PATIENCE: i64 = 120;
/// The grace of a pod that sets none (kubernetes: v1.DefaultTerminationGracePeriodSeconds).
const GRACE: i64 = 30;

fn pod_lingers(scene: &Scene<'_>, out: &mut Out) {
    let Some(workload) = scene.workload().filter(|it| it.key.kind.runs_pods()) else { return };
    let grace = workload.stop_timeout_seconds.map_or(GRACE, i64::from);
    let mut late: Vec<(Timestamp, &Instance)> = Vec::new();
    for it in scene.instances() {
        let Some(asked) = it.since.filter(|_| it.desired == DesiredState::Stop && !it.phase.ended()) else { continue };
        let due = after(asked, grace + PATIENCE);
        if due > scene.now() {
            out.recheck_at(due);
        } else {
            late.push((asked, it));
        }
    }
    late.sort_unstable_by_key(|(asked, it)| (*asked, &it.key));
    let Some((asked, first)) = late.first().copied() else { return };
    out.recheck_at(span_changes_at(asked, scene.now()));
    let node = first.node.as_ref().and_then(|key| scene.view.node(key)).filter(|it| it.state != NodeState::Ready);
    let why = match (&first.held_by, node) {
        (Some(held), _) => format!("held by {}", quote(held)),
        (None, Some(node)) => format!("its node {} is gone", node.key.name),
        (None, None) => "its preStop hook or its process does not end".to_owned(),
    };
    // In order, nothing takes its place while it is there: the name is taken.
    let blocks = scene.in_rollout() || (scene.key.kind == Kind::StatefulSet && scene.counts().missing() > 0);
    let (severity, tier) = if blocks { (Severity::Warning, Tier::Stuck) } else { (Severity::Risk, Tier::Risk) };
    let who = if late.len() == 1 { first.key.name.to_string() } else { many(late.len() as u64, "pod") };
    let verb = if late.len() == 1 { "does" } else { "do" };
    let long = span(seconds_between(asked, scene.now()));
    let mut finding =
        Finding::new(severity, format!("{who} {verb} not end, asked {long} ago: {why}")).since(Some(asked));
    if !blocks || scene.counts().missing() == 0 {
        finding = finding.tier(tier);
    }
    for (asked, it) in late.iter().take(5) {
        let held = it.held_by.as_deref().map_or(String::new(), |held| format!(", held by {held}"));
        finding = finding.evidence(Some(*asked), "status", format!("{}: asked to end then{held}", it.key.name));
    }
    finding.links.extend(node.map(|it| Link::On(it.key.clone())));
    out.say(finding);
}

fn namespace_stuck(scene: &Scene<'_>, out: &mut Out) {
    let Some(namespace) = scene.view.namespace(scene.key) else { return };
    let Some(since) = namespace.deleting else { return };
    let held_by_finalizer = namespace.held_by.as_deref().is_some_and(|held| held.contains("finalizers remaining"));
    let due = after(since, if held_by_finalizer { FINALIZER_PATIENCE } else { NAMESPACE_PATIENCE });
    if due > scene.now() {
        return out.recheck_at(due);
    }
    out.recheck_at(span_changes_at(since, scene.now()));
    let held = namespace.held_by.as_deref().map_or(String::new(), |held| format!(": {}", quote(held)));
    let long = span(seconds_between(since, scene.now()));
    out.say(
        Finding::new(Severity::Risk, format!("has been terminating for {long}{held}"))
            .tier(Tier::Risk)
            .since(Some(since))
            .evidence(Some(since), "namespace", format!("asked to end then{held}")),
    );
}
