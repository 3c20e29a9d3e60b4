//! Nodes, and those that are on their way.

use crate::domain::{Name, Node, NodeState, Ref, Taint, Text};

use super::super::wire::Both;
use super::super::wire::meta::Meta;
use super::super::wire::pod::{Condition, condition};
use super::super::wire::read::List;
use super::super::wire::rest::{self, NodeClaimSpec, NodeClaimStatus, NodeSpec, NodeStatus};
use super::scribe::{Scribe, text};

/// What a node may be short of: its condition, and our word for it.
const PRESSURE: [(&str, &str); 4] = [
    ("MemoryPressure", "memory"),
    ("DiskPressure", "disk"),
    ("PIDPressure", "pids"),
    ("NetworkUnavailable", "network"),
];

/// By these an autoscaler empties a node before it takes it away (cluster-autoscaler: utils/taints; karpenter: v1/taints.go).
const EMPTIED: [&str; 2] = ["ToBeDeletedByClusterAutoscaler", "karpenter.sh/disrupted"];

/// A node.
pub(super) fn node(scribe: &mut Scribe, key: Ref, uid: &Name, meta: &Meta, it: &Both<NodeSpec, NodeStatus>) -> Node {
    let Both { spec, status } = it;
    let ready = condition(&status.conditions, "Ready");
    let mut node = Node::new(key, uid.clone(), state(ready));
    node.since = ready.and_then(|it| it.changed.0);
    if node.state != NodeState::Ready {
        node.message = ready.and_then(|it| text(&it.message));
    }
    for (kind, word) in PRESSURE {
        let Some(it) = condition(&status.conditions, kind).filter(|it| it.holds()) else { continue };
        if node.state == NodeState::Ready {
            // What is told of one that is in order is the pressure.
            node.since = if node.pressure.is_empty() { it.changed.0 } else { node.since.min(it.changed.0) };
            node.message = node.message.or_else(|| text(&it.message));
        }
        node.pressure.push(scribe.name(word));
    }
    node.cordoned = spec.unschedulable.0;
    node.draining = spec.taints.iter().any(|taint| EMPTIED.contains(&&*taint.key));
    node.memory_bytes = status.allocatable.memory_bytes();
    node.cpu_millis = status.allocatable.cpu_millis();
    let pods = status.allocatable.get("pods").map(|pods| pods.whole());
    node.max_instances = pods.and_then(|pods| u32::try_from(pods).ok());
    node.taints = taints(scribe, &spec.taints);
    node.labels = scribe.labels(&meta.labels);
    node.version = version(status);
    let own = status.addresses.iter().find(|it| &*it.kind == "InternalIP");
    node.address = own.map(|it| Text::new(&it.address)).filter(|it| *it != node.key.name);
    node
}

fn taints(scribe: &mut Scribe, all: &List<rest::Taint>) -> Vec<Taint> {
    // Its own mark of being cordoned says nothing more.
    let telling = all.iter().filter(|taint| &*taint.key != "node.kubernetes.io/unschedulable");
    telling
        .map(|it| Taint { key: scribe.name(&it.key), value: scribe.some(&it.value), effect: scribe.name(&it.effect) })
        .collect()
}

/// A node that Karpenter has asked for and that has not registered yet; none of one that is there, or is given up. A claim
/// that comes to nothing is deleted, and another is made (karpenter: pkg/controllers/nodeclaim/lifecycle).
pub(super) fn coming(
    scribe: &mut Scribe,
    key: Ref,
    uid: &Name,
    meta: &Meta,
    it: &Both<NodeClaimSpec, NodeClaimStatus>,
) -> Option<Node> {
    let Both { spec, status } = it;
    let holds = |kind| condition(&status.conditions, kind).is_some_and(Condition::holds);
    if holds("Registered") || status.node_name.some().is_some() || meta.deleted.0.is_some() {
        return None;
    }
    let mut node = Node::new(key, uid.clone(), NodeState::Coming);
    node.since = meta.created.0;
    let launched = condition(&status.conditions, "Launched");
    // What was not looked at yet says so, and that is no hindrance.
    let hindered = launched.filter(|it| !it.holds() && &*it.reason != "AwaitingReconciliation");
    node.message = hindered.and_then(|it| text(&it.message));
    node.memory_bytes = status.allocatable.memory_bytes();
    node.cpu_millis = status.allocatable.cpu_millis();
    node.taints = taints(scribe, &spec.taints);
    node.labels = scribe.labels(&meta.labels);
    Some(node)
}

/// A node controller says `Unknown` of a node whose kubelet has fallen silent (kubernetes: pkg/controller/nodelifecycle).
fn state(ready: Option<&Condition>) -> NodeState {
    match ready.map(|it| &*it.status) {
        Some("True") => NodeState::Ready,
        Some("False") => NodeState::NotReady,
        Some("Unknown") => NodeState::Unreachable,
        _ => NodeState::Unknown,
    }
}

/// `v1.34.4, containerd 2.1.4, Linux 6.12.0`
fn version(status: &NodeStatus) -> Option<Text> {
    let info = &status.node_info;
    let engine = info.container_runtime_version.some().map(|it| it.replacen("://", " ", 1));
    let kernel = info.kernel_version.some().map(|it| format!("Linux {it}"));
    let kubelet = info.kubelet_version.some().map(str::to_owned);
    let parts: Vec<String> = kubelet.into_iter().chain(engine).chain(kernel).collect();
    text(&parts.join(", "))
}
