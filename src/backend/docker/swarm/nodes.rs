//! A Swarm's machines.

use std::collections::BTreeMap;

use crate::domain::{Kind, Managership, Node, NodeState, Ref, Text};

use super::super::convert::{Scribe, cut};
use super::wire;

/// The keys of nodes by their ids. Two may share a host name; then a part of the id tells them apart.
pub(in super::super) fn keys(scribe: &mut Scribe, nodes: &[wire::Node]) -> BTreeMap<String, Ref> {
    let same =
        |it: &wire::Node| nodes.iter().filter(|other| other.description.hostname == it.description.hostname).count();
    let named = nodes.iter().map(|it| {
        let host = &it.description.hostname;
        let name = match (host.is_empty(), same(it)) {
            (true, _) => it.id.clone(),
            (false, 1) => host.clone(),
            (false, _) => format!("{host}.{}", cut(&it.id, 6)),
        };
        (it.id.clone(), Ref::new(&scribe.cluster, Kind::Node, None, scribe.names.intern(&name)))
    });
    named.collect()
}

/// One machine.
pub(super) fn node(scribe: &mut Scribe, it: &wire::Node, key: Ref) -> Node {
    let state = match it.status.state.as_str() {
        "ready" => NodeState::Ready,
        "down" => NodeState::Down,
        "disconnected" => NodeState::Unreachable,
        _ => NodeState::Unknown,
    };
    let mut node = Node::new(key, scribe.names.intern(&it.id), state);
    node.message = (!it.status.message.is_empty()).then(|| Text::new(&it.status.message));
    node.draining = it.spec.availability == "drain";
    node.cordoned = node.draining || it.spec.availability == "pause";
    node.manager = it
        .manager_status
        .as_ref()
        .filter(|_| it.spec.role == "manager")
        .map(|status| Managership { leader: status.leader, reachable: status.reachability == "reachable" });
    let resources = it.description.resources;
    node.memory_bytes = Some(resources.memory_bytes).filter(|bytes| *bytes > 0);
    node.cpu_millis = Some(resources.nano_cpus / 1_000_000).filter(|millis| *millis > 0);
    node.labels = scribe.labels(it.spec.labels.iter());
    let version = &it.description.engine.engine_version;
    node.version = (!version.is_empty()).then(|| scribe.names.intern(version));
    node.address = (!it.status.addr.is_empty()).then(|| scribe.names.intern(&it.status.addr));
    node
}
