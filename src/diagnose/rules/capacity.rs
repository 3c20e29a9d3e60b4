//! Room that is not there when it is needed: memory of a node that ran out, and a node that nobody could stand in for.

use crate::diagnose::logs::quote;
use crate::diagnose::room::Room;
use crate::diagnose::rule::{Cause, Edge, Finding, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::words::{after, bytes, times};
use crate::domain::{
    BackendKind, Certainty, Intent, Kind, Metric, Name, OccurrenceKind, OomScope, Ref, Severity, Text, Tier,
};
use crate::state::View;

/// A node ran out of memory.
pub const NODE_OUT_OF_MEMORY: Rule = Rule {
    id: "node-out-of-memory",
    family: "node-memory",
    summary: "a node ran out of memory and its kernel killed something",
    looks_at: "the node's own events (SystemOOM, and OOMKilling of a node problem detector), with what uses most above what it asked \
               for there, where use is known",
    mend: "move or bound those that use more than they asked for; a request that fits keeps the node from being packed too tight",
    subject: Subject::Node,
    cause: Cause::Node,
    reads: &[],
    hold_seconds: 0,
    clear_after_seconds: OOM_CLEAR,
    check: node_out_of_memory,
};

const OOM_CLEAR: i64 = 600;

/// The rest could not hold what runs on one node.
pub const NO_SPARE_NODE: Rule = Rule {
    id: "no-spare-node",
    family: "spare",
    summary: "if one node goes, the rest has no room for what runs on it",
    looks_at: "memory that is asked for on the fullest node, without what runs once on each node, against what nobody has asked for on \
               the others. Quiet: clusters of one node, and those where an autoscaler brings nodes",
    mend: "add a node, or ask for less; else expect pods to stay pending when that node goes or is drained",
    subject: Subject::Cluster,
    cause: Cause::Risk,
    reads: &[Edge::ClusterNodes],
    hold_seconds: 300,
    clear_after_seconds: 600,
    check: no_spare_node,
};

/// So often it is counted again, seconds.
const COUNTED_EACH: i64 = 600;

/// A pod that uses more memory than it asked for.
pub struct Above {
    name: Name,
    local: String,
    used: u64,
    asked: u64,
}

impl Above {
    /// `shop/report-0 uses 3 GiB, asked for 256 MiB`
    pub fn words(&self) -> String {
        let asked = if self.asked == 0 { "nothing".to_owned() } else { bytes(self.asked) };
        format!("{} uses {}, asked for {asked}", self.local, bytes(self.used))
    }
}

/// Those on a node that use more memory than they asked for, the one most above first.
pub fn above_request(view: &View<'_>, node: &Ref) -> Vec<Above> {
    let mut above: Vec<Above> = view
        .hosted_on(node)
        .filter(|it| !it.phase.ended())
        .filter_map(|it| {
            let used = view.latest(&it.key, Metric::MemoryBytes)?.max(0.0) as u64;
            let asked = it.memory_request_bytes;
            let (name, local) = (it.key.name.clone(), it.key.local());
            (used > asked).then_some(Above { name, local, used, asked })
        })
        .collect();
    above.sort_by(|a, b| (b.used - b.asked).cmp(&(a.used - a.asked)).then_with(|| a.name.cmp(&b.name)));
    above
}

fn node_out_of_memory(scene: &Scene<'_>, out: &mut Out) {
    if scene.node().is_none() {
        return;
    }
    let fits = |it: &crate::domain::Occurrence| {
        it.kind == OccurrenceKind::OomKill && it.subject == *scene.key && it.scope != Some(OomScope::Limit)
    };
    let Some(series) = scene.series_of(OOM_CLEAR, fits) else { return };
    out.recheck_at(series.over_at);
    let victim = series.newest.text.as_deref().and_then(victim);
    let victim = victim.map_or(String::new(), |name| format!(", last {name}"));
    let often = if series.count > 1 { format!(" {}", times(series.count)) } else { String::new() };
    let above = above_request(&scene.view, scene.key);
    let most = above.first().map_or(String::new(), |it| format!("; {}", it.words()));
    let mut finding =
        Finding::new(Severity::Warning, format!("ran out of memory: its kernel killed something{often}{victim}{most}"))
            .tier(Tier::Capacity)
            .since(Some(series.first))
            .since_exact(!series.at_least)
            .helps([Intent::Cordon(scene.key.clone())]);
    finding.happened = Some(series.last);
    let said = series.newest.text.as_deref().unwrap_or("memory ran out");
    finding = finding.evidence(Some(series.last), "node event", said);
    for it in above.iter().take(5) {
        finding = finding.evidence(None, "use", it.words());
    }
    out.say(finding);
}

/// `System OOM encountered, victim process: java, pid: 4242` (kubernetes: pkg/kubelet/oom), and the kernel's `Killed process
/// 4242 (java) total-vm:...`.
fn victim(said: &str) -> Option<String> {
    if let Some((_, rest)) = said.split_once("victim process: ") {
        return rest.split(',').next().map(quote);
    }
    let (_, rest) = said.split_once("Killed process ")?;
    rest.split_once('(')?.1.split(')').next().map(quote)
}

fn no_spare_node(scene: &Scene<'_>, out: &mut Out) {
    let kubernetes = scene.view.cluster_info(scene.key).is_some_and(|it| it.backend == BackendKind::Kubernetes);
    if !kubernetes || !scene.complete || brings_nodes(scene) {
        return;
    }
    out.recheck_at(after(scene.now(), COUNTED_EACH));
    let rooms = scene.rooms();
    let open: Vec<&Room> = rooms.iter().filter(|room| room.open).collect();
    if open.len() < 2 {
        return;
    }
    let moves = |room: &Room| room.memory_asked.saturating_sub(room.memory_fixed);
    let Some(free) = open.iter().map(|room| room.memory_free()).sum::<Option<u64>>() else { return };
    let lacks = |room: &Room| moves(room).saturating_sub(free - room.memory_free().unwrap_or(0));
    let Some(worst) = open.iter().copied().max_by(|a, b| lacks(a).cmp(&lacks(b)).then_with(|| b.node.cmp(&a.node)))
    else {
        return;
    };
    let short = lacks(worst);
    if short == 0 {
        return;
    }
    let name = &worst.node.name;
    let summary = format!("if node {name} goes, the rest lacks {} of memory for what runs on it", bytes(short));
    let mut finding = Finding::new(Severity::Risk, summary).tier(Tier::Risk).certainty(Certainty::Likely).evidence(
        None,
        "requests",
        format!(
            "{name}: {} asked for; free on the others: {}",
            bytes(moves(worst)),
            bytes(free - worst.memory_free().unwrap_or(0))
        ),
    );
    finding.label = Some(Text::new("room"));
    out.say(finding);
}

/// Whether somebody brings nodes when they are needed.
fn brings_nodes(scene: &Scene<'_>) -> bool {
    let names = ["cluster-autoscaler", "karpenter"];
    let places = ["kube-system", "karpenter"];
    let runs = names.iter().any(|name| {
        let at = |place: &&str| Ref::new(scene.cluster(), Kind::Deployment, Some(Name::new(place)), *name);
        places.iter().any(|place| scene.view.workload(&at(place)).is_some())
    });
    // Managed ones run out of sight, and mark what they made.
    let marks = ["karpenter.sh/nodepool", "eks.amazonaws.com/compute-type"];
    let ours = scene.view.nodes().filter(|it| it.key.cluster == *scene.cluster());
    runs || ours.flat_map(|it| &it.labels).any(|(label, _)| marks.contains(&label.as_str()))
}

/// The kubelets do not fit the server.
pub const VERSION_SKEW: Rule = Rule {
    id: "version-skew",
    family: "version-skew",
    summary: "kubelets are of another version than the API server supports",
    looks_at: "the kubelet's version against the server's: more than three minor versions older, or newer, is not supported",
    mend: "upgrade the nodes that are too old before the server goes on; a kubelet is never to be newer than its server",
    subject: Subject::Cluster,
    cause: Cause::Risk,
    reads: &[Edge::ClusterNodes],
    hold_seconds: 0,
    clear_after_seconds: 60,
    check: version_skew,
};

fn version_skew(scene: &Scene<'_>, out: &mut Out) {
    let Some(info) = scene.view.cluster_info(scene.key).filter(|it| it.backend == BackendKind::Kubernetes) else {
        return;
    };
    let Some(server) = info.version.as_deref().and_then(minor) else { return };
    let nodes = scene.view.nodes().filter(|it| it.key.cluster == *scene.cluster());
    let mut skewed: Vec<((u32, u32), &Name)> =
        nodes.filter_map(|it| Some((minor(kubelet(it.version.as_deref()?))?, &it.key.name))).collect();
    skewed.retain(|(of, _)| of.0 == server.0 && (of.1 > server.1 || of.1 + 3 < server.1));
    skewed.sort_unstable();
    let Some(((major, least), first)) = skewed.first().copied() else { return };
    let n = skewed.len();
    let who = if n == 1 { format!("node {first} runs") } else { format!("{n} nodes run") };
    let what = if least > server.1 { "newer than" } else { "more than 3 minor versions older than" };
    let (server_major, server_minor) = server;
    let summary = format!("{who} kubelet {major}.{least}, {what} the server ({server_major}.{server_minor})");
    let mut finding = Finding::new(Severity::Risk, summary).tier(Tier::Risk);
    finding.label = Some(Text::new("versions"));
    for ((major, minor), name) in skewed.iter().take(10) {
        finding = finding.evidence(None, "node status", format!("{name}: kubelet {major}.{minor}"));
    }
    out.say(finding);
}

/// The kubelet's part of what a node says of its versions.
fn kubelet(version: &str) -> &str {
    version.split_once("kubelet ").map_or(version, |(_, rest)| rest)
}

/// `v1.29.3+k3s1` is 1.29.
fn minor(version: &str) -> Option<(u32, u32)> {
    let from = version.find(|c: char| c.is_ascii_digit())?;
    let mut parts = version[from..].split('.');
    let major = parts.next()?.parse().ok()?;
    let digits: String = parts.next()?.chars().take_while(char::is_ascii_digit).collect();
    Some((major, digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_victims_are_read_from_words() {
        assert_eq!(minor(kubelet("containerd 1.7.2, kubelet v1.29.3+k3s1, Linux 6.1")), Some((1, 29)));
        assert_eq!(minor("v1.34.4"), Some((1, 34)));
        assert_eq!(minor("Kubernetes 1.30+"), Some((1, 30)));
        assert_eq!(minor("?"), None);
        assert_eq!(victim("System OOM encountered, victim process: java, pid: 42").as_deref(), Some("java"));
        assert_eq!(victim("Killed process 42 (node) total-vm:1kB").as_deref(), Some("node"));
    }
}
