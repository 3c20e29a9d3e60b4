//! Nodes, the quorum of those that manage, and the engine's own disk.

use crate::diagnose::logs::quote;
use crate::diagnose::rule::{Cause, Edge, Finding, Link, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::words::{bytes, many};
use crate::domain::{Certainty, DesiredState, Intent, Name, Node, NodeState, Server, Severity, Text, Tier, Timestamp};

/// A node is gone or not in order.
pub const NODE_DOWN: Rule = Rule {
    id: "node-down",
    family: "node",
    summary: "a node is down, silent or not in order",
    looks_at: "what the orchestrator says of the node. A node that was drained or cordoned first is a risk: somebody means it",
    mend: "look at the machine; what runs on it is moved by its orchestrator, or waits. Drain it if it is to stay away",
    subject: Subject::Node,
    cause: Cause::Node,
    reads: &[Edge::Hosted],
    hold_seconds: 0,
    clear_after_seconds: 60,
    check: node_down,
};

/// A node takes nothing new.
pub const NODE_CLOSED: Rule = Rule {
    id: "node-closed",
    family: "node-closed",
    summary: "a node is drained or cordoned: it takes nothing new",
    looks_at: "what somebody set; never critical, since somebody meant it",
    mend: "uncordon it when the work on it is done",
    subject: Subject::Node,
    cause: Cause::Risk,
    reads: &[],
    hold_seconds: 0,
    clear_after_seconds: 10,
    check: node_closed,
};

/// A node is short of something.
pub const NODE_PRESSURE: Rule = Rule {
    id: "node-pressure",
    family: "node-pressure",
    summary: "a node reports pressure: instances may be driven off it",
    looks_at: "the pressure that the node reports: memory, disk, processes, network",
    mend: "free what is short, or drain the node before it drives instances off by itself",
    subject: Subject::Node,
    cause: Cause::Node,
    reads: &[],
    hold_seconds: 30,
    clear_after_seconds: 120,
    check: node_pressure,
};

/// There are not enough managers.
pub const QUORUM: Rule = Rule {
    id: "quorum",
    family: "quorum",
    summary: "the managers have lost their quorum, or lose it with the next failure",
    looks_at: "managers of a Swarm and servers of a Nomad region that reach each other: more than half of all have to. One alone is \
               ordinary and not named",
    mend: "bring one back, promote a node or start another server; with two add a third, for two are worse than one",
    subject: Subject::Cluster,
    cause: Cause::Risk,
    reads: &[Edge::ClusterNodes],
    hold_seconds: 0,
    clear_after_seconds: 60,
    check: quorum,
};

/// The disk is nearly full.
pub const DISK_NEARLY_FULL: Rule = Rule {
    id: "disk-nearly-full",
    family: "disk",
    summary: "the disk of the engine's data is nearly full",
    looks_at: "the file system of the engine's data directory, where the engine runs on this machine; from 90 % unless the \
               configuration says otherwise. Unknown elsewhere, and not taken for room",
    mend: "remove what is unused (images, stopped containers, build cache), bound the logs, or grow the disk",
    subject: Subject::Cluster,
    cause: Cause::Risk,
    reads: &[],
    hold_seconds: 0,
    clear_after_seconds: 120,
    check: disk_nearly_full,
};

/// At and above this share everything on the disk is about to fail, percent.
const DISK_CRITICAL: u64 = 98;

fn node_down(scene: &Scene<'_>, out: &mut Out) {
    let Some(node) = scene.node() else { return };
    let what = match node.state {
        NodeState::Down => "is down",
        NodeState::Unreachable => "is silent",
        NodeState::NotReady => "is not ready",
        NodeState::Ready | NodeState::Unknown | NodeState::Coming => return,
    };
    let said = node.message.as_deref().map_or(String::new(), |said| format!(" ({})", quote(said)));
    let hosted: Vec<_> =
        scene.view.hosted_on(scene.key).filter(|it| it.desired == DesiredState::Run && !it.phase.ended()).collect();
    let noun = hosted.first().map_or("instance", |it| it.key.kind.noun());
    let on = if hosted.is_empty() {
        "; nothing runs on it".to_owned()
    } else {
        format!("; {} on it", many(hosted.len() as u64, noun))
    };
    let meant = node.draining || node.cordoned;
    let (severity, tier) = if meant { (Severity::Risk, Tier::Risk) } else { (Severity::Warning, Tier::Capacity) };
    let closed = if meant { ", and was taken out before" } else { "" };
    let finding = Finding::new(severity, format!("{what}{said}{on}{closed}"))
        .tier(tier)
        .since(node.since)
        .evidence(node.since, "node status", node_words(node))
        .helps((!meant && !hosted.is_empty()).then(|| Intent::drain(scene.key.clone())));
    // Nodes of one zone that go together are one incident.
    let zone = node.labels.iter().find(|(label, _)| *label == "topology.kubernetes.io/zone").filter(|_| !meant);
    let zone = zone.map(|(_, zone)| Link::Named(Name::new(&format!("zone {zone}"))));
    out.say(zone.into_iter().fold(finding, Finding::link));
}

fn node_words(node: &Node) -> Text {
    let state = match node.state {
        NodeState::Ready => "ready",
        NodeState::NotReady => "not ready",
        NodeState::Unreachable => "unreachable: what runs on it may still run",
        NodeState::Down => "down",
        NodeState::Unknown => "unknown",
        NodeState::Coming => "not there yet",
    };
    let said = node.message.as_deref().map_or(String::new(), |said| format!(": {said}"));
    Text::from(format!("{}: {state}{said}", node.key.name))
}

fn node_closed(scene: &Scene<'_>, out: &mut Out) {
    let Some(node) = scene.node().filter(|it| it.state == NodeState::Ready && (it.cordoned || it.draining)) else {
        return;
    };
    let by = scene.view.held_by(scene.key);
    let who = by.map(|deed| format!(" by {}", deed.by)).unwrap_or_default();
    let what = if node.draining {
        format!("is drained{who}: nothing runs on it until it is taken back")
    } else {
        format!("is cordoned{who}: takes nothing new")
    };
    let since = by.and_then(|deed| deed.outcome.as_ref()).map(|(at, _)| *at).or(node.closed_since);
    let finding = Finding::new(Severity::Risk, what)
        .since(since)
        .evidence(None, "node status", if node.draining { "availability drain" } else { "unschedulable" })
        .helps([Intent::Uncordon(scene.key.clone())]);
    out.say(finding);
}

fn node_pressure(scene: &Scene<'_>, out: &mut Out) {
    let Some(node) = scene.node().filter(|it| it.state == NodeState::Ready && !it.pressure.is_empty()) else { return };
    let pressure: Vec<&str> = node.pressure.iter().map(|it| it.as_str()).collect();
    let finding = Finding::new(
        Severity::Warning,
        format!("reports pressure on {}: it may drive instances off", pressure.join(", ")),
    )
    .tier(Tier::Capacity)
    .since(node.since)
    .evidence(node.since, "node status", format!("{}: pressure on {}", node.key.name, pressure.join(", ")))
    .helps([Intent::Cordon(scene.key.clone()), Intent::drain(scene.key.clone())]);
    out.say(finding);
}

/// Who has a part in a quorum: a node that manages, or a server that is no node.
struct Member<'a> {
    name: &'a str,
    leader: bool,
    voter: bool,
    /// None where that is not known.
    well: Option<bool>,
    since: Option<Timestamp>,
}

/// The members of a cluster's quorum by name; what they are called, and what one is called that is not well.
fn members<'a>(scene: &Scene<'a>) -> (Vec<Member<'a>>, &'static str, &'static str) {
    let servers = scene.view.cluster_info(scene.key).map(|it| it.servers.as_slice()).unwrap_or_default();
    if !servers.is_empty() {
        let member = |it: &'a Server| Member {
            name: &it.name,
            leader: it.leader,
            voter: it.voter,
            well: it.healthy,
            since: it.since,
        };
        return (servers.iter().map(member).collect(), "servers", "unhealthy");
    }
    let member = |it: &'a Node| {
        let part = it.manager?;
        let (name, well) = (it.key.name.as_str(), Some(part.reachable));
        Some(Member { name, leader: part.leader, voter: true, well, since: it.since })
    };
    let nodes = scene.view.nodes().filter(|it| it.key.cluster == *scene.cluster());
    let mut managers: Vec<Member<'a>> = nodes.filter_map(member).collect();
    managers.sort_unstable_by_key(|it| it.name);
    (managers, "managers", "unreachable")
}

fn quorum(scene: &Scene<'_>, out: &mut Out) {
    let (members, called, unwell) = members(scene);
    let info = scene.view.cluster_info(scene.key);
    let lost = info.and_then(|it| it.has_quorum) == Some(false);
    let n = members.iter().filter(|it| it.voter).count();
    let away: Vec<&Member<'_>> = members.iter().filter(|it| it.well == Some(false)).collect();
    if !lost && (!scene.complete || n < 2 && away.is_empty()) {
        return;
    }
    let reachable = members.iter().filter(|it| it.voter && it.well != Some(false)).count();
    let since = away.iter().filter_map(|it| it.since).max();
    let names = || away.iter().map(|it| it.name).collect::<Vec<_>>().join(", ");
    // What they judge themselves counts for more than what can be counted here.
    let last = info.and_then(|it| it.failure_tolerance).map_or(reachable.saturating_sub(1) <= n / 2, |left| left == 0);
    // Servers that are no nodes are asked directly whether one of them leads.
    let outnumbered = called == "managers" && n > 0 && reachable <= n / 2;
    let (severity, tier, summary) = if lost || outnumbered {
        // Where there is no leader, who is reachable is not told any more: what was last told is not repeated.
        let of = if !lost { format!(": {reachable} of {n} {called} {}", well_words(called)) } else { String::new() };
        (
            Severity::Critical,
            Tier::Capacity,
            format!("quorum lost{of}; nothing can be changed or moved, what runs goes on"),
        )
    } else if n == 2 {
        (Severity::Warning, Tier::Risk, format!("2 {called}: losing either stops the cluster"))
    } else if last && !away.is_empty() && n > 2 {
        let one = format!(
            "{} of {} {called} {unwell} ({}): losing one more stops the cluster",
            away.len(),
            members.len(),
            names()
        );
        (Severity::Warning, Tier::Capacity, one)
    } else if last && n > 2 {
        (Severity::Warning, Tier::Capacity, format!("losing one of {n} {called} stops the cluster"))
    } else if !away.is_empty() && called == "servers" {
        // That a node that manages is away is said of the node.
        (Severity::Warning, Tier::Risk, format!("{} of {} {called} {unwell} ({})", away.len(), members.len(), names()))
    } else {
        return;
    };
    let mut finding = Finding::new(severity, summary).tier(tier).since(since);
    finding.label = Some(Text::new(called));
    let source = if called == "servers" { "servers" } else { "node status" };
    for it in &members {
        let manager = match (it.leader, it.well) {
            (true, _) => "leader",
            (false, Some(true)) => well_words(called),
            (false, Some(false)) => unwell,
            (false, None) => "not known how it is",
        };
        let voter = if it.voter { "" } else { ", has no vote" };
        finding = finding.evidence(it.since, source, format!("{}: {manager}{voter}", it.name));
    }
    if n == 0 || lost && called == "servers" {
        finding = finding.evidence(None, "cluster", "the server says that it has no leader");
    }
    out.say(finding.certainty(Certainty::Confirmed));
}

fn well_words(called: &str) -> &'static str {
    if called == "servers" { "healthy" } else { "reachable" }
}

fn disk_nearly_full(scene: &Scene<'_>, out: &mut Out) {
    let Some(info) = scene.view.cluster_info(scene.key) else { return };
    let (Some(total), Some(free)) = (info.disk_total_bytes.filter(|total| *total > 0), info.disk_free_bytes) else {
        return;
    };
    let percent = u128::from(total.saturating_sub(free)) * 100 / u128::from(total);
    let percent = u64::try_from(percent).unwrap_or(100);
    if percent < u64::from(scene.settings.disk_percent) {
        return;
    }
    let (severity, tier) =
        if percent >= DISK_CRITICAL { (Severity::Critical, Tier::Capacity) } else { (Severity::Warning, Tier::Risk) };
    let path = info.disk_path.as_deref().unwrap_or("the engine's data");
    let mut finding = Finding::new(severity, format!("disk {percent} % full: {} free on {path}", bytes(free)))
        .tier(tier)
        .evidence(None, "statvfs", format!("{path}: {} of {} free", bytes(free), bytes(total)));
    finding.label = Some(Text::new("disk"));
    out.say(finding);
}
