//! Fewer than wanted, and rollouts that do not get through.

use std::collections::BTreeMap;

use crate::diagnose::exit_words;
use crate::diagnose::logs::{self, quote};
use crate::diagnose::rule::{Cause, Edge, Finding, Link, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::words::{after, seconds_between, span, span_changes_at};
use crate::domain::{
    Certainty, Container, Desired, Freshness, HealthStatus, Instance, Intent, Kind, NodeState, Phase, Ref,
    RestartPolicy, Rollout, RolloutPhase, Severity, Tier, Timestamp, Workload,
};

use super::evidence::{last_exit, needs, old_serve, recheck_countdown, start_allowance, whole_minutes};
use super::task;

/// Fewer serve than are wanted.
pub const REPLICAS_MISSING: Rule = Rule {
    id: "replicas-missing",
    family: "replicas",
    summary: "fewer instances serve than are wanted",
    looks_at: "what the orchestrator counts, else the instances, once their listing is complete; what is still starting and \
               rollouts that get on are left out",
    mend: "look at the instances that are not ready; if a node is gone, wait for the move or bring it back",
    subject: Subject::Workload,
    cause: Cause::Replicas,
    reads: &[Edge::Instances, Edge::Node],
    hold_seconds: 30,
    clear_after_seconds: 60,
    check: replicas_missing,
};

/// A change does not get through.
pub const ROLLOUT_STUCK: Rule = Rule {
    id: "rollout-stuck",
    family: "rollout",
    summary: "a rollout is paused, failed, going back, or makes no progress",
    looks_at: "the orchestrator's verdict and message; without one a stall timer of five minutes on its counters; the deadline \
               after which it gives up",
    mend: "look at the newest instances for the reason; then go back, or resume what was paused",
    subject: Subject::Workload,
    cause: Cause::Rollout,
    reads: &[Edge::Instances],
    hold_seconds: 0,
    clear_after_seconds: 60,
    check: rollout_stuck,
};

/// A rollout whose counters do not move for so long is stuck, seconds.
const STALL: i64 = 300;
/// A rollout that was taken back is told for so long, seconds.
const TAKEN_BACK_SHOWN: i64 = 3600;
/// What was made so lately may still be starting, seconds.
const STARTING: i64 = 60;

fn replicas_missing(scene: &Scene<'_>, out: &mut Out) {
    // What everything hangs on has a rule of its own, with the same life.
    if scene.workload().is_some_and(|it| super::shared::shared(it).is_none()) {
        missing(scene, out);
    }
}

/// Fewer than wanted, whatever it is.
pub fn missing(scene: &Scene<'_>, out: &mut Out) {
    // Nothing is put in the place of what an engine alone ran, or of a bare pod: that it ended is another rule's.
    let engine = |it: &&Workload| matches!(it.key.kind, Kind::Container | Kind::ComposeService | Kind::BarePod);
    let Some(workload) = scene.workload().filter(|it| !engine(it)) else { return };
    let counts = scene.counts();
    let wanted = match workload.desired {
        Desired::Replicas(wanted) | Desired::EachNode(wanted) => wanted,
        Desired::Completions(_) | Desired::Scheduled | Desired::Unknown => return,
    };
    // A service that is not started again after it ended well has done its work.
    let done = |it: &&&Instance| it.phase == Phase::Succeeded && workload.restart_policy != RestartPolicy::Always;
    let done = u32::try_from(scene.instances().iter().filter(done).count()).unwrap_or(u32::MAX);
    if counts.ready.saturating_add(done) >= wanted || !can_count(scene) || rollout_moves(scene, out) {
        return;
    }
    // What has just been made is on its way.
    let coming: Vec<Timestamp> =
        scene.wanted_instances().filter(|it| !it.ready).filter_map(|it| coming_until(scene, it)).collect();
    let coming_now = coming.iter().filter(|until| **until > scene.now()).count();
    if coming_now as u32 + counts.ready >= wanted {
        coming.iter().copied().min().into_iter().for_each(|until| out.recheck_at(until));
        return;
    }
    let missing = wanted - counts.ready;
    let what = if counts.ready == 0 {
        format!("none of {wanted} is ready")
    } else {
        format!("{missing} of {wanted} not ready")
    };
    let nodes = lost_nodes(scene);
    let on = nodes.iter().next().map_or(String::new(), |(node, n)| format!("; {n} on {}, which is gone", node.name));
    let states = phases(scene);
    // Of one that runs it is known since when it runs, not since when it is not ready.
    let runs = scene.wanted_instances().any(|it| !it.ready && it.phase == Phase::Running);
    let since = scene.wanted_instances().filter(|it| !it.ready && !runs).filter_map(|it| it.since).min();
    let mut finding =
        Finding::new(Severity::Critical, format!("{what}{states}{on}")).since(since).helps(scene.mends(since));
    finding.links = nodes.keys().map(|node| Link::On((*node).clone())).chain(needs(workload)).collect();
    let counted = if workload.reported.is_some() { "orchestrator" } else { "instances" };
    finding = finding.evidence(None, counted, format!("{} of {wanted} ready", counts.ready));
    for it in scene.wanted_instances().filter(|it| !it.ready).take(5) {
        let said =
            it.message.as_ref().or(it.reason.as_ref()).map_or(String::new(), |said| format!(", {}", quote(said)));
        finding = finding.evidence(it.since, "status", format!("{}: {}{said}", it.key.name, it.phase.as_str()));
    }
    out.say(finding);
}

/// Whether what is not there is absent: its server counts, or the listing of its instances is known.
fn can_count(scene: &Scene<'_>) -> bool {
    let Some(workload) = scene.workload() else { return false };
    if workload.reported.is_some() {
        return true;
    }
    let source = match workload.key.kind {
        Kind::Service => "tasks",
        Kind::TaskGroup => "allocations",
        _ => "pods",
    };
    let known = |sight: Freshness| matches!(sight, Freshness::Live | Freshness::Stale | Freshness::Unreachable);
    let listed = scene.view.sources(scene.cluster()).any(|(of, state)| of.kind == *source && state.listed);
    scene.complete && listed && scene.view.source_freshness(scene.cluster(), source).is_some_and(known)
}

/// A rollout that moved a short while ago explains what is not there yet.
pub fn rollout_moves(scene: &Scene<'_>, out: &mut Out) -> bool {
    let Some(rollout) = scene.workload().and_then(|it| it.rollout.as_ref()) else { return false };
    let moved = match rollout.phase {
        RolloutPhase::Progressing | RolloutPhase::RollingBack => rollout.progressed.or(rollout.started),
        _ => return false,
    };
    let Some(stalls_at) = moved.map(|at| after(at, STALL)) else { return false };
    if stalls_at > scene.now() {
        out.recheck_at(stalls_at);
    }
    stalls_at > scene.now() && scene.counts().ready > 0
}

/// Until when an instance may still be on its way: a minute, or the grace that its checks grant.
fn coming_until(scene: &Scene<'_>, it: &Instance) -> Option<Timestamp> {
    let starting = scene.containers(it).filter_map(|container| container.health.as_ref());
    let starting = starting.into_iter().any(|health| health.status == HealthStatus::Starting);
    let grace = scene.workload()?.containers.iter().flat_map(|it| &it.probes);
    let grace =
        grace.map(|it| i64::from(it.grace_seconds) + i64::from(it.period_seconds * it.threshold)).max().unwrap_or(0);
    let pods = scene.key.kind.runs_pods();
    let grace = match it.phase {
        Phase::Running if pods => start_allowance(scene.workload()?) + STARTING,
        // Until its deployment has decided: that takes as long as it has to be healthy, and its checks may fail meanwhile.
        Phase::Running if group_gets_on(scene) => STALL + i64::from(scene.workload()?.min_ready_seconds),
        // Images take their time; a pull that takes too long has a rule of its own.
        Phase::Starting => scene.settings.pull_stall_seconds,
        _ if starting => grace.max(STARTING),
        _ => STARTING,
    };
    let due = after(it.created.or(it.since)?, grace);
    // What was made as a whole a short while ago may take its time, as long as nothing of it ended.
    let young = scene.workload()?.created.filter(|_| pods && it.restarts() == 0).map(|at| after(at, STALL));
    matches!(it.phase, Phase::Starting | Phase::Running | Phase::Pending)
        .then_some(young.map_or(due, |young| young.max(due)))
}

/// Whether a Nomad group is being deployed.
fn group_gets_on(scene: &Scene<'_>) -> bool {
    let rollout = scene.workload().and_then(|it| it.rollout.as_ref());
    scene.key.kind == Kind::TaskGroup && rollout.is_some_and(|it| it.phase == RolloutPhase::Progressing)
}

/// Nodes that are gone, and how many of its instances were on each.
fn lost_nodes<'a>(scene: &Scene<'a>) -> BTreeMap<&'a Ref, usize> {
    let mut nodes = BTreeMap::new();
    for it in scene.instances().iter().filter(|it| !it.ready || it.phase == Phase::Lost) {
        let node = it.node.as_ref().and_then(|key| scene.view.node(key));
        if let Some(node) = node.filter(|node| node.state != NodeState::Ready && node.state != NodeState::Unknown) {
            *nodes.entry(&node.key).or_default() += 1;
        }
    }
    nodes
}

/// ` (2 pending, 1 starting)`
fn phases(scene: &Scene<'_>) -> String {
    let mut phases: BTreeMap<&str, usize> = BTreeMap::new();
    for it in scene.wanted_instances().filter(|it| !it.ready && !it.phase.ended()) {
        *phases.entry(it.phase.as_str()).or_default() += 1;
    }
    let words: Vec<String> = phases.iter().map(|(phase, n)| format!("{n} {phase}")).collect();
    if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
}

fn rollout_stuck(scene: &Scene<'_>, out: &mut Out) {
    let Some(rollout) = scene.workload().and_then(|it| it.rollout.as_ref()) else { return };
    let failed = newest_failed(scene);
    let said = match (&failed, rollout.message.as_deref()) {
        (Some((_, _, words)), _) => {
            format!(": a new {} {words}", failed.as_ref().map_or("instance", |(it, ..)| it.key.kind.noun()))
        }
        (None, Some(said)) => format!(": {}", quote(said)),
        (None, None) => String::new(),
    };
    let pods = scene.key.kind.runs_pods();
    let timed_out = rollout.message.as_deref().is_some_and(|said| said.contains("timed out progressing"));
    let went_wrong = rollout.message.as_deref().is_some_and(|said| said.to_lowercase().contains("fail"));
    let waits = rollout.message.as_deref().filter(|_| rollout.waits_for_promotion());
    let changed = rollout.progressed.or(rollout.started);
    let undo = Intent::Undo(scene.key.clone(), rollout.from.clone());
    let resume = Intent::Resume(scene.key.clone());
    let (finding, helps) = match rollout.phase {
        RolloutPhase::Complete => return,
        RolloutPhase::Progressing if scene.workload().is_some_and(|it| it.on_delete) => {
            return waits_for_deletion(scene, rollout, out);
        }
        RolloutPhase::Progressing => return stalled(scene, rollout, out),
        RolloutPhase::Paused if went_wrong => {
            (Finding::new(Severity::Critical, format!("update paused{said}")), vec![undo, resume])
        }
        RolloutPhase::Paused if waits.is_some() => {
            let (promote, abort) = (Intent::Promote(scene.key.clone()), Intent::Abort(scene.key.clone()));
            (Finding::new(Severity::Risk, waits.map(quote).unwrap_or_default()).tier(Tier::Risk), vec![promote, abort])
        }
        RolloutPhase::Paused => {
            let (what, said) = match scene.key.kind {
                Kind::ArgoRollout => ("waits to be promoted", half_way(scene, rollout)),
                _ if pods => ("rollout paused", half_way(scene, rollout)),
                _ => ("rollout paused", said),
            };
            (Finding::new(Severity::Risk, format!("{what}{said}")).tier(Tier::Risk), vec![resume, undo])
        }
        RolloutPhase::Failed if pods && timed_out => {
            let done = half_way(scene, rollout);
            let words = format!("rollout failed: no progress within its deadline{done}{}", old_serve(scene));
            (Finding::new(Severity::Critical, words), vec![undo])
        }
        RolloutPhase::Failed if scene.key.kind == Kind::TaskGroup && failed.is_none() => {
            let said = rollout.message.as_deref().map_or(String::new(), |said| format!(": {}", task::gave_up(said)));
            (Finding::new(Severity::Critical, format!("rollout failed{said}")), vec![undo])
        }
        RolloutPhase::Failed => (Finding::new(Severity::Critical, format!("rollout failed{said}")), vec![undo]),
        RolloutPhase::RollingBack => (Finding::new(Severity::Warning, format!("rolling back{said}")), vec![]),
        RolloutPhase::RollbackPaused => {
            (Finding::new(Severity::Critical, format!("the way back is paused too{said}")), vec![resume])
        }
        RolloutPhase::RolledBack => return taken_back(scene, rollout, &said, out),
    };
    let done =
        rollout.updated.map(|updated| format!("{updated} of {} updated", scene.counts().wanted.unwrap_or(updated)));
    let words = rollout.message.as_deref().map(str::to_owned).or(done.clone()).unwrap_or_default();
    let finding = finding.since(changed).helps(helps);
    let mut finding = if words.is_empty() { finding } else { finding.evidence(changed, "rollout", words) };
    if let Some((it, container, words)) = failed {
        finding = finding.evidence(it.since, "task status", format!("{}: {words}", it.key.name));
        finding.wants.extend(container.map(|container| logs::tail_of(it, container)));
    }
    out.say(with_needs_of(scene, finding));
}

/// The newest instance that failed since the rollout began, and how.
fn newest_failed<'a>(scene: &Scene<'a>) -> Option<(&'a Instance, Option<&'a Container>, String)> {
    let started = scene.workload()?.rollout.as_ref()?.started;
    let ended = scene.instances().iter().copied().filter(|it| matches!(it.phase, Phase::Failed | Phase::Rejected));
    let newest = ended.filter(|it| it.created >= started).max_by_key(|it| (it.since.or(it.created), &it.key))?;
    let exit = last_exit(scene, newest).filter(|_| newest.phase == Phase::Failed);
    let words = match (exit, newest.message.as_deref()) {
        (Some((container, exit)), _) if exit.code != 0 => {
            let line = logs::answered(scene, newest, container).and_then(logs::telling);
            let line = line.map_or(String::new(), |line| format!(": {}", quote(line)));
            format!("failed: {}{line}", exit_words(exit.code))
        }
        (_, Some(said)) => format!("was refused: {}", quote(said)),
        _ => "failed".to_owned(),
    };
    Some((newest, exit.map(|(container, _)| container), words))
}

/// `, 2 of 4 updated`; nothing where that is not known, or all are.
fn half_way(scene: &Scene<'_>, rollout: &Rollout) -> String {
    match (rollout.updated, scene.counts().wanted) {
        (Some(updated), Some(wanted)) if updated < wanted => format!(", {updated} of {wanted} updated"),
        _ => String::new(),
    }
}

/// `OnDelete`: somebody means to replace them by hand, one by one.
fn waits_for_deletion(scene: &Scene<'_>, rollout: &Rollout, out: &mut Out) {
    let wanted = scene.counts().wanted.unwrap_or(0);
    let updated = rollout.updated.unwrap_or(0);
    if updated >= wanted {
        return;
    }
    let to = rollout.to.as_deref().map_or(String::new(), |to| format!(" {to}"));
    let summary =
        format!("revision{to} waits for pods to be deleted by hand (OnDelete), {updated} of {wanted} updated");
    out.say(Finding::new(Severity::Risk, summary).tier(Tier::Risk).since(rollout.started).evidence(
        rollout.started,
        "rollout",
        "update strategy OnDelete",
    ));
}

/// That an autoscaler moved the number while the rollout was under way: the two fight over it.
fn moved_by_autoscaler(scene: &Scene<'_>, rollout: &Rollout) -> Option<(Timestamp, String)> {
    let moved = scene.view.autoscalers_of(scene.key).filter_map(|it| Some((it.scaled_at?, it.desired)));
    let (at, to) = moved.max().filter(|(at, _)| rollout.started.is_some_and(|started| *at > started))?;
    Some((at, format!("; its autoscaler moved the number meanwhile, to {to}")))
}

fn with_needs_of(scene: &Scene<'_>, mut finding: Finding) -> Finding {
    finding.links.extend(scene.workload().into_iter().flat_map(needs));
    finding
}

fn stalled(scene: &Scene<'_>, rollout: &Rollout, out: &mut Out) {
    let Some(moved) = rollout.progressed.or(rollout.started) else { return };
    let stalls_at = after(moved, STALL.max(settling(scene)));
    let overdue = rollout.deadline.is_some_and(|deadline| deadline <= scene.now());
    if stalls_at > scene.now() && !overdue {
        let due = rollout.deadline.map_or(stalls_at, |deadline| deadline.min(stalls_at));
        return out.recheck_at(due);
    }
    recheck_countdown(scene, out);
    out.recheck_at(span_changes_at(moved, scene.now()));
    let long = span(seconds_between(moved, scene.now()));
    let wanted = scene.counts().wanted;
    let done = match (rollout.updated, wanted) {
        (Some(updated), Some(wanted)) => format!("{updated} of {wanted} updated, "),
        _ => String::new(),
    };
    let gives_up = match rollout.deadline {
        Some(deadline) if deadline > scene.now() => {
            format!("; gives up in {}", span(whole_minutes(scene.now(), deadline)))
        }
        Some(_) => "; its deadline is over".to_owned(),
        None => String::new(),
    };
    let moved_by = moved_by_autoscaler(scene, rollout);
    let meanwhile = moved_by.as_ref().map_or("", |(_, words)| words);
    let summary = format!("rollout stuck: {done}no progress for {long}{meanwhile}{gives_up}");
    let mut finding = Finding::new(Severity::Warning, summary)
        .since(Some(moved))
        .certainty(if overdue { Certainty::Confirmed } else { Certainty::Likely })
        .helps([Intent::Undo(scene.key.clone(), rollout.from.clone()), Intent::Pause(scene.key.clone())]);
    if let Some((at, words)) = &moved_by {
        finding = finding.evidence(Some(*at), "autoscaler", words.trim_start_matches("; "));
    }
    let said = rollout.message.as_deref().unwrap_or("no counter moved");
    out.say(with_needs_of(scene, finding.evidence(Some(moved), "rollout", said)));
}

/// How long what is ready is still watched before it counts (`minReadySeconds`), while all that is there is ready: no counter
/// moves then, and nothing is stuck.
fn settling(scene: &Scene<'_>) -> i64 {
    let seconds = scene.workload().map_or(0, |it| i64::from(it.min_ready_seconds));
    let all_ready = scene.wanted_instances().all(|it| it.ready);
    if all_ready && seconds > 0 { seconds + STARTING } else { 0 }
}

/// It is back where it was: worth a word for an hour, for whoever waits for the new revision.
fn taken_back(scene: &Scene<'_>, rollout: &Rollout, said: &str, out: &mut Out) {
    let Some(at) = rollout.progressed.or(rollout.started) else { return };
    let quiet_at = after(at, TAKEN_BACK_SHOWN);
    if quiet_at <= scene.now() {
        return;
    }
    out.recheck_at(quiet_at);
    let mut finding =
        Finding::new(Severity::Warning, format!("the new revision failed and was rolled back{said}")).since(Some(at));
    finding.happened = Some(at);
    out.say(finding.evidence(Some(at), "rollout", rollout.message.as_deref().unwrap_or("rolled back")));
}
