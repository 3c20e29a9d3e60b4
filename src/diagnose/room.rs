//! How much room nodes have: asked for only where something waits for a node, and counted once for each state of the model.

use std::cell::RefCell;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::domain::{ClusterId, NodeState, Ref};
use crate::state::View;

/// What is set aside on a node, and what there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Which node.
    pub node: Ref,
    /// Whether it takes anything new from anyone: in order, not closed, without a taint that keeps others away.
    pub open: bool,
    /// For instances, bytes; none where it does not say.
    pub memory_bytes: Option<u64>,
    /// Set aside of that.
    pub memory_asked: u64,
    /// For instances, thousandths of a core; none where it does not say.
    pub cpu_millis: Option<u64>,
    /// Set aside of that.
    pub cpu_asked: u64,
    /// Set aside for what runs once on each node, and would not have to move, bytes.
    pub memory_fixed: u64,
}

impl Room {
    /// Memory that nobody has asked for, bytes.
    pub fn memory_free(&self) -> Option<u64> {
        self.memory_bytes.map(|all| all.saturating_sub(self.memory_asked))
    }

    /// Processor time that nobody has asked for, thousandths of a core.
    pub fn cpu_free(&self) -> Option<u64> {
        self.cpu_millis.map(|all| all.saturating_sub(self.cpu_asked))
    }
}

/// The rooms of each cluster, of one version of the model.
#[derive(Debug, Default)]
pub struct Rooms(RefCell<(u64, FxHashMap<ClusterId, Arc<[Room]>>)>);

impl Rooms {
    /// The nodes of a cluster with their room, by name.
    pub fn of(&self, view: &View<'_>, cluster: &ClusterId) -> Arc<[Room]> {
        let (version, known) = &mut *self.0.borrow_mut();
        if *version != view.version() {
            *version = view.version();
            known.clear();
        }
        Arc::clone(known.entry(cluster.clone()).or_insert_with(|| count(view, cluster)))
    }
}

fn count(view: &View<'_>, cluster: &ClusterId) -> Arc<[Room]> {
    let nodes = view.nodes().filter(|it| it.key.cluster == *cluster);
    let mut rooms: Vec<Room> = nodes
        .map(|node| {
            let keeps_away = node.taints.iter().any(|it| it.effect == "NoSchedule" || it.effect == "NoExecute");
            let open = node.state == NodeState::Ready && !node.cordoned && !node.draining && !keeps_away;
            let mut room = Room {
                node: node.key.clone(),
                open,
                memory_bytes: node.memory_bytes,
                memory_asked: 0,
                cpu_millis: node.cpu_millis,
                cpu_asked: 0,
                memory_fixed: 0,
            };
            for it in view.hosted_on(&node.key).filter(|it| !it.phase.ended()) {
                room.memory_asked += it.memory_request_bytes;
                room.cpu_asked += it.cpu_request_millis;
                let on_each = it.owner.as_ref().is_some_and(|owner| owner.kind == crate::domain::Kind::DaemonSet);
                room.memory_fixed += if on_each { it.memory_request_bytes } else { 0 };
            }
            room
        })
        .collect();
    rooms.sort_unstable_by(|a, b| a.node.cmp(&b.node));
    rooms.into()
}
