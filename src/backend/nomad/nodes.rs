//! Clients as nodes.

use crate::domain::{Name, Node, NodeState, Text, Timestamp};

use super::scribe::{MEBI, Scribe};
use super::wire;

impl Scribe {
    /// A client as it is now.
    pub(super) fn client(&mut self, it: &wire::Node) -> Node {
        let key = self.node(&it.id, &it.name);
        let state = match it.status.as_str() {
            "ready" => NodeState::Ready,
            "initializing" => NodeState::Coming,
            "disconnected" => NodeState::Unreachable,
            "down" => NodeState::Down,
            _ => NodeState::Unknown,
        };
        let mut node = Node::new(key, self.name(&it.id), state);
        node.message = self.texts(&it.status_description);
        node.since = Timestamp::from_second(it.status_updated_at).ok().filter(|at| at.as_second() > 0);
        node.draining = it.drain;
        node.cordoned = it.scheduling_eligibility == "ineligible" && !it.drain;
        let (all, kept) = (&it.node_resources, &it.reserved_resources);
        node.memory_bytes = all.memory.memory.checked_sub(kept.memory.memory).map(|memory| memory * MEBI);
        self.runs_at(&it.id, all.cpu.cores, all.cpu.cpu_shares);
        let free = all.cpu.cpu_shares.checked_sub(kept.cpu.cpu_shares);
        node.cpu_millis = free.and_then(|mhz| self.millis(&it.id, mhz));
        node.version = (!it.version.is_empty()).then(|| Text::from(format!("nomad {}", it.version)));
        let host = it.http_address.rsplit_once(':').map_or(it.address.as_str(), |(host, _)| host);
        node.address = self.texts(if host.is_empty() { &it.address } else { host });
        let labels = [("datacenter", &it.datacenter), ("class", &it.node_class), ("pool", &it.node_pool)];
        node.labels = labels
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (Name::new(name), self.names.intern(value)))
            .collect();
        node
    }
}
