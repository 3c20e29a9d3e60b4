//! Instances that no node takes, that a node refuses, or that were driven off one.

use crate::diagnose::logs::quote;
use crate::diagnose::room::Room;
use crate::diagnose::rule::{Cause, Edge, Finding, Link, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::words::{after, bytes};
use crate::domain::{
    Certainty, Instance, Intent, Kind, NodeState, OccurrenceKind, Phase, Severity, Text, Tier, Timestamp,
};

use super::evidence::{how_often, instances, old_serve, recheck_countdown, rollout_frame};
use super::scaling::Scaling;

/// No node takes it.
pub const CANNOT_BE_PLACED: Rule = Rule {
    id: "cannot-be-placed",
    family: "placement",
    summary: "no node takes an instance: room, constraints, taints or volumes",
    looks_at: "instances that wait for a node, and the scheduler's own words; without words only after two minutes. For want of room \
               what is needed and the largest hole are counted. What waits for a node that is on its way (Karpenter's NodeClaims, \
               the events of the cluster autoscaler) ranks lower, for ten minutes",
    mend: "room: free some, uncordon or add a node, or ask for less; constraint: mend it or the node's labels. If a rollout \
           brought it, take that back",
    subject: Subject::Workload,
    cause: Cause::Placement,
    reads: &[Edge::Instances],
    hold_seconds: 15,
    clear_after_seconds: 60,
    check: cannot_be_placed,
};

/// A node refuses it.
pub const REJECTED: Rule = Rule {
    id: "rejected",
    family: "rejected",
    summary: "a node refused to run an instance, before it ran",
    looks_at: "tasks and pods that were rejected, with the node's words; refusals for want of an image are image-pull",
    mend: "do what the words say: a missing mount or network, a port that is taken, a device that is not there",
    subject: Subject::Workload,
    cause: Cause::Configuration,
    reads: &[Edge::Instances],
    hold_seconds: 0,
    clear_after_seconds: REJECTED_CLEAR,
    check: rejected,
};

const REJECTED_CLEAR: i64 = 120;

/// It was driven off its node.
pub const EVICTED: Rule = Rule {
    id: "evicted",
    family: "evicted",
    summary: "an instance was driven off its node: it was short of memory or disk, or somebody drains it",
    looks_at: "evictions of the last ten minutes, with the node's words",
    mend: "look at what else grew on that node; ask for what it needs (requests), so that it is not the first to go",
    subject: Subject::Workload,
    cause: Cause::Placement,
    reads: &[Edge::Instances],
    hold_seconds: 0,
    clear_after_seconds: 600,
    check: evicted,
};

/// While something waits, how much room there is and what is on its way is looked at so often, seconds.
const LOOKED_EACH: i64 = 30;
/// Without a word of the scheduler's it may just take its time, seconds.
const WORDLESS: i64 = 120;

fn cannot_be_placed(scene: &Scene<'_>, out: &mut Out) {
    let waiting: Vec<&Instance> = scene.wanted_instances().filter(|it| it.phase == Phase::Pending).collect();
    if waiting.is_empty() {
        return;
    }
    let since = waiting.iter().filter_map(|it| it.since.or(it.created)).min();
    let event = scene.view.occurrences_of(scene.key).rfind(|it| it.kind == OccurrenceKind::SchedulingFailure);
    // Swarm's words for a task that nobody has looked at yet say nothing.
    let wordless = |said: &&Text| said.starts_with("pending task") || **said == "created";
    let said = waiting
        .iter()
        .filter_map(|it| it.message.as_ref())
        .find(|said| !wordless(said))
        .or_else(|| event.and_then(|it| it.text.as_ref()));
    if waiting.iter().any(|it| it.reason.as_deref() == Some("SchedulingGated")) {
        let cause = "held back by a scheduling gate: whoever set it has to lift it";
        return say(scene, &waiting, cause, Certainty::Confirmed, since, out);
    }
    let Some(said) = said else {
        let Some(since) = since else { return };
        let due = after(since, WORDLESS);
        if due > scene.now() {
            out.recheck_at(due);
            return;
        }
        let cause = "waits for a node; the scheduler does not say why";
        return say(scene, &waiting, cause, Certainty::Suspected, Some(since), out);
    };
    let scaling = Scaling::of(scene, &waiting);
    out.recheck_at(after(scene.now(), LOOKED_EACH));
    if let Some(it @ Scaling::Brings { .. }) = &scaling {
        say(scene, &waiting, &it.words(scene.now()), it.certainty(), since, out);
        // Nobody has to do anything yet.
        out.finding = out.finding.take().map(|found| {
            let found = Finding { severity: Severity::Warning, ..found }.tier(Tier::Stuck);
            it.evidence().into_iter().fold(found, |found, (at, said)| found.evidence(at, "autoscaler", said))
        });
        return;
    }
    let mut cause = match no_room(scene, &waiting, said) {
        Some(numbers) => {
            let rest = besides_room(said);
            let rest = if rest.is_empty() { String::new() } else { format!("; {rest}") };
            let surge = scene.in_rollout() && scene.counts().missing() == 0;
            let what = if surge { "no room for the new pod" } else { "cannot be placed" };
            format!("{what}: {numbers}{rest}")
        }
        None => format!("cannot be placed: {}", in_our_words(said)),
    };
    match &scaling {
        Some(it) => cause.push_str(&it.words(scene.now())),
        None => cause.push_str(old_serve(scene)),
    }
    say(scene, &waiting, &cause, Certainty::Confirmed, since, out);
    // A claim that nobody fills is the cause, whichever was noticed first.
    if let Some(finding) = out.finding.as_mut().filter(|_| said.to_lowercase().contains("persistentvolumeclaim")) {
        let claims = scene.workload().into_iter().flat_map(|it| &it.depends_on);
        let claims = claims.filter(|it| it.on.kind == Kind::Volume).map(|it| Link::Lacks(it.on.clone()));
        finding.links.extend(claims);
        let lacks = super::missing::missing(scene.cluster(), scene.key.namespace.as_ref(), said);
        finding.links.extend(lacks.map(|it| Link::Shared(it.what)));
    }
}

/// Where room is what lacks and every node that takes newcomers has less than is needed: the numbers.
fn no_room(scene: &Scene<'_>, waiting: &[&Instance], said: &str) -> Option<String> {
    // What else asks for room has to be seen, all of it.
    if !scene.lists(&["pods", "allocations"], None) {
        return None;
    }
    let asks = waiting.iter().max_by_key(|it| (it.memory_request_bytes, it.cpu_request_millis))?;
    let lacks = |resource: &str| {
        said.contains(&format!("Insufficient {resource}")) || said.contains(&format!("{resource} exhausted"))
    };
    let largest = |need: u64, free: fn(&Room) -> Option<u64>| {
        let rooms = scene.rooms();
        let open = rooms.iter().filter(|room| room.open);
        let mut holes = Vec::new();
        for room in open {
            holes.push((free(room)?, room.node.clone()));
        }
        holes.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        holes.into_iter().next().filter(|(hole, _)| need > 0 && *hole < need)
    };
    if lacks("memory")
        && let Some((hole, node)) = largest(asks.memory_request_bytes, Room::memory_free)
    {
        let need = bytes(asks.memory_request_bytes);
        return Some(format!("needs {need}, largest hole {} on node {}", bytes(hole), node.name));
    }
    if lacks("cpu")
        && let Some((hole, node)) = largest(asks.cpu_request_millis, Room::cpu_free)
    {
        let need = cores(asks.cpu_request_millis);
        return Some(format!("needs {need} of cpu, largest hole {} on node {}", cores(hole), node.name));
    }
    None
}

/// `250 m`, `2 cores`.
fn cores(millis: u64) -> String {
    match (millis % 1000, millis / 1000) {
        (0, n) if n > 0 => crate::domain::words::many(n, "core"),
        _ => format!("{millis} m"),
    }
}

/// What the scheduler says beside want of room.
fn besides_room(said: &str) -> String {
    let words = in_our_words(said);
    let rest: Vec<&str> = words.split(", ").filter(|part| !part.contains(" exhausted on ")).collect();
    rest.join(", ")
}

fn say(
    scene: &Scene<'_>,
    waiting: &[&Instance],
    cause: &str,
    certainty: Certainty,
    since: Option<Timestamp>,
    out: &mut Out,
) {
    let (stuck, gives_up) = rollout_frame(scene);
    recheck_countdown(scene, out);
    let of = scene.counts().wanted.unwrap_or(0) as usize;
    // A surge waits beside what is wanted: only what is missing counts.
    let missing = waiting.len().min(scene.counts().missing() as usize);
    let how_many = if missing < of && stuck.is_empty() { format!("{missing} of {of} ") } else { String::new() };
    let mut helps: Vec<Intent> = scene.undo(since).into_iter().collect();
    helps.extend(closed_nodes(scene).take(2).map(Intent::Uncordon));
    // Nobody sets the number of what runs once on each node.
    if scene.counts().ready > 0 && scene.key.kind != Kind::DaemonSet {
        helps.push(Intent::Scale(scene.key.clone(), scene.counts().ready));
    }
    let finding = Finding::new(Severity::Critical, format!("{stuck}{how_many}{cause}{gives_up}"))
        .since(since)
        .certainty(certainty)
        .affected(missing)
        .helps(helps);
    let first = waiting[0];
    let said = first.message.as_ref().map_or(String::new(), |said| format!(": {said}"));
    let finding = finding.evidence(first.since, "scheduler", format!("{} is pending{said}", first.key.name));
    let down = scene.view.nodes().filter(|it| it.key.cluster == *scene.cluster());
    let mut down: Vec<_> = down.filter(|it| matches!(it.state, NodeState::Down | NodeState::Unreachable)).collect();
    down.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    out.say(down.into_iter().fold(finding, |finding, node| finding.link(Link::Likely(node.key.clone()))));
}

fn closed_nodes(scene: &Scene<'_>) -> impl Iterator<Item = crate::domain::Ref> + use<> {
    let ours = scene.view.nodes().filter(|it| it.key.cluster == *scene.cluster());
    let mut closed: Vec<_> = ours
        .filter(|it| (it.cordoned || it.draining) && it.state == NodeState::Ready)
        .map(|it| it.key.clone())
        .collect();
    closed.sort_unstable();
    closed.into_iter()
}

/// A scheduler's sentence, shorter: kube-scheduler's `0/3 nodes are available: 3 Insufficient memory. preemption: ...` and
/// Swarm's `no suitable node (insufficient resources on 2 nodes)`; anything else as it is.
fn in_our_words(said: &str) -> String {
    if let Some((head, rest)) = said.split_once(" nodes are available: ") {
        let total = head.rsplit('/').next().unwrap_or("").trim();
        // What could be evicted or deallocated in its favour helps nobody who reads this.
        let reasons = [" preemption:", " no new claims to deallocate"]
            .into_iter()
            .fold(rest, |rest, tail| rest.split(tail).next().unwrap_or(rest))
            .trim_end_matches(['.', ' ']);
        let each: Vec<String> =
            reasons.split(", ").map(|reason| kubernetes(reason.trim_end_matches('.'), total)).collect();
        return quote(&each.join(", "));
    }
    if let Some((_, rest)) = said.split_once("no suitable node") {
        let inner = rest.trim().trim_start_matches('(').trim_end_matches(')').trim();
        return if inner.is_empty() { "no suitable node".to_owned() } else { quote(inner) };
    }
    quote(said)
}

fn kubernetes(reason: &str, total: &str) -> String {
    let Some((n, what)) = reason.split_once(' ').filter(|(n, _)| n.chars().all(|c| c.is_ascii_digit())) else {
        return reason.to_owned();
    };
    let what = what.trim_start_matches("node(s) ");
    match what.strip_prefix("Insufficient ") {
        Some(resource) => format!("{resource} exhausted on {n} of {total} nodes"),
        None => format!("{n} of {total} nodes {what}"),
    }
}

fn evicted(scene: &Scene<'_>, out: &mut Out) {
    let Some(series) = scene.series(OccurrenceKind::Eviction, EVICTED.clear_after_seconds) else { return };
    out.recheck_at(series.over_at);
    let said = series.newest.text.as_deref().map_or(String::new(), |said| format!(": {}", eviction(said)));
    let from = series.newest.node.as_ref().map_or(String::new(), |node| format!(" {}", node.name));
    let mut finding =
        Finding::new(Severity::Critical, format!("driven off its node{from}{}{said}", how_often(&series)))
            .since(Some(series.first))
            .evidence(Some(series.last), "eviction", format!("{}{said}", series.newest.subject.name));
    finding.happened = Some(series.last);
    finding.links.extend(series.newest.node.clone().map(Link::On));
    out.say(finding);
}

/// Kubelet's words without the threshold (kubernetes: pkg/kubelet/eviction/helpers.go): what was short, and what it used.
fn eviction(said: &str) -> String {
    let short = said.split(" Threshold quantity").next().unwrap_or(said);
    let used = said
        .split_once(" was using ")
        .and_then(|(_, rest)| Some((rest.split(',').next()?, rest.split_once("request is ")?.1)));
    match used {
        Some((used, asked)) => {
            let asked = asked.split([',', ' ']).next().unwrap_or(asked).trim_end_matches('.');
            format!("{} It used {used}, and had asked for {asked}", quote(short))
        }
        None => quote(short),
    }
}

fn rejected(scene: &Scene<'_>, out: &mut Out) {
    let series = scene.series_of(REJECTED_CLEAR, |it| {
        let pull = it.text.as_ref().is_some_and(|said| super::image::speaks_of_pull(said));
        it.kind == OccurrenceKind::Rejected && !pull
    });
    let since = |it: &Instance| it.since.or(it.created);
    let mut now: Vec<&Instance> = scene.instances().iter().copied().filter(|it| it.phase == Phase::Rejected).collect();
    now.retain(|it| {
        let lately = since(it).is_some_and(|at| after(at, REJECTED_CLEAR) > scene.now());
        let pull = it.message.as_ref().is_some_and(|said| super::image::speaks_of_pull(said));
        (lately || scene.held_up()) && !pull
    });
    let newest = now.iter().max_by_key(|it| since(it)).copied();
    let said = newest.and_then(|it| it.message.clone()).or_else(|| series.and_then(|it| it.newest.text.clone()));
    let Some(last) = newest.and_then(since).into_iter().chain(series.map(|it| it.last)).max() else { return };
    if scene.counts().missing() == 0 && !scene.in_rollout() {
        return;
    }
    out.recheck_at(series.map_or(after(last, REJECTED_CLEAR), |it| it.over_at.max(after(last, REJECTED_CLEAR))));
    let (stuck, gives_up) = rollout_frame(scene);
    recheck_countdown(scene, out);
    let words = said.as_deref().map_or_else(|| "no reason is given".to_owned(), quote);
    let first = now.iter().filter_map(|it| since(it)).chain(series.map(|it| it.first)).min();
    let mut finding = Finding::new(Severity::Critical, format!("{stuck}rejected by its node: {words}{gives_up}"))
        .since(first)
        .affected(scene.counts().missing() as usize)
        .helps(scene.undo(first));
    finding.happened = Some(last).filter(|_| !scene.held_up());
    let who = newest.map_or_else(|| instances(1, scene.instances()), |it| it.key.name.to_string());
    out.say(finding.evidence(Some(last), "task status", format!("{who}: {words}")));
}

#[cfg(test)]
mod tests {
    use super::in_our_words;

    #[test]
    fn schedulers_words_become_ours() {
        for (said, ours) in [
            ("0/3 nodes are available: 3 Insufficient memory. preemption: none", "memory exhausted on 3 of 3 nodes"),
            (
                "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, \
                 preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
                "1 of 1 nodes didn't match Pod's node affinity/selector",
            ),
            (
                "0/5 nodes are available: 2 Insufficient cpu, 3 node(s) had untolerated taint {gpu: a100}.",
                "cpu exhausted on 2 of 5 nodes, 3 of 5 nodes had untolerated taint {gpu: a100}",
            ),
            (
                "no suitable node (scheduling constraints not satisfied on 1 node)",
                "scheduling constraints not satisfied on 1 node",
            ),
            ("memory exhausted on 3 of 3 nodes", "memory exhausted on 3 of 3 nodes"),
        ] {
            assert_eq!(in_our_words(said), ours);
        }
    }
}
