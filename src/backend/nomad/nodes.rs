//! Clients as nodes.

use crate::domain::{Name, Node, NodeState, Text, Timestamp};

use super::scribe::{MEBI, Scribe, time};
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
        node.closed_since = (node.draining || node.cordoned).then(|| closed_since(it)).flatten();
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
        node.labels.extend(all.devices.iter().map(device));
        node
    }
}

/// Since when it takes nothing new: a drain says when it began, else the last of a node's events that closed or opened it. That a drain
/// is complete opens nothing.
fn closed_since(it: &wire::Node) -> Option<Timestamp> {
    if let Some(drain) = it.last_drain.as_ref().filter(|_| it.drain) {
        return time(&drain.started_at);
    }
    let closes = |said: &str| said.contains("ineligible for scheduling") || said.contains("drain strategy set");
    let last =
        it.events.iter().rev().find(|it| closes(&it.message) || it.message.contains("eligible for scheduling"))?;
    closes(&last.message).then(|| time(&last.timestamp)).flatten()
}

/// `device nvidia/gpu/A100`: `4`, or `4, 1 of them unhealthy`.
fn device(it: &wire::Device) -> (Name, Name) {
    let names = [&it.vendor, &it.kind, &it.name];
    let names: Vec<&str> = names.into_iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    let all = it.instances.len();
    let unwell = it.instances.iter().filter(|one| !one.healthy).count();
    let count = if unwell > 0 { format!("{all}, {unwell} of them unhealthy") } else { all.to_string() };
    (Name::from(format!("device {}", names.join("/"))), Name::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ClusterId;

    fn client(raw: serde_json::Value) -> Node {
        Scribe::new(ClusterId::new("eu")).client(&serde_json::from_value(raw).expect("a node"))
    }

    #[test]
    fn since_when_a_client_is_closed_is_what_it_says_itself() {
        let event = |message: &str, at: &str| serde_json::json!({ "Message": message, "Timestamp": at });
        let marked = event("Node marked as ineligible for scheduling", "2026-11-30T19:10:15Z");
        let back = event("Node marked as eligible for scheduling", "2026-11-30T19:20:00Z");
        let raw = |drain: bool, eligibility: &str, events: Vec<serde_json::Value>| {
            serde_json::json!({ "ID": "07a05360-24b0-7c29-d70d-a00a5b9491b1", "Name": "client-1", "Status": "ready",
                "Drain": drain, "SchedulingEligibility": eligibility, "Events": events,
                "LastDrain": { "StartedAt": "2026-11-30T18:00:00Z", "Status": "draining" } })
        };
        let since = |raw| client(raw).closed_since.map(|at| at.to_string());
        assert_eq!(since(raw(true, "ineligible", Vec::new())).as_deref(), Some("2026-11-30T18:00:00Z"));
        let by_hand = since(raw(false, "ineligible", vec![back.clone(), marked.clone()]));
        assert_eq!(by_hand.as_deref(), Some("2026-11-30T19:10:15Z"));
        let drained = [
            event("Node drain strategy set", "2026-11-30T19:22:07Z"),
            event("Node drain complete", "2026-11-30T19:22:38Z"),
        ];
        let drained = since(raw(false, "ineligible", [back.clone()].into_iter().chain(drained).collect()));
        assert_eq!(drained.as_deref(), Some("2026-11-30T19:22:07Z"));
        assert_eq!(since(raw(false, "ineligible", Vec::new())), None, "a list does not tell it");
        assert_eq!(since(raw(false, "eligible", vec![marked, back])), None, "it is open");
    }

    #[test]
    fn what_is_reserved_is_nobodys_and_devices_are_labels() {
        let node = client(serde_json::json!({ "ID": "07a05360-24b0-7c29-d70d-a00a5b9491b1", "Name": "client-1",
            "Status": "disconnected", "NodePool": "gpu", "SchedulingEligibility": "eligible",
            "NodeResources": { "Cpu": { "CpuShares": 4000, "TotalCpuCores": 2 }, "Memory": { "MemoryMB": 1024 },
                "Devices": [{ "Vendor": "nvidia", "Type": "gpu", "Name": "A100",
                    "Instances": [{ "Healthy": true }, { "Healthy": false }] }] },
            "ReservedResources": { "Cpu": { "CpuShares": 1000 }, "Memory": { "MemoryMB": 24 } } }));
        assert_eq!((node.memory_bytes, node.cpu_millis), (Some(1000 * MEBI), Some(1500)));
        assert_eq!(node.state, NodeState::Unreachable);
        let labels: Vec<(&str, &str)> =
            node.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(labels, [("pool", "gpu"), ("device nvidia/gpu/A100", "2, 1 of them unhealthy")]);
    }
}
