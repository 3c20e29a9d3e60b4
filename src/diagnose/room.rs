//! How much room nodes have: counted only where something waits for a node, and of each node again only when something
//! on it changed.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use crate::domain::{ClusterId, Kind, Node, NodeState, Ref, Role};
use crate::state::View;

/// What is set aside on a node, and what there is.
#[derive(Debug, Clone)]
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

/// What was counted, by node.
#[derive(Debug, Default)]
pub struct Rooms(RefCell<FxHashMap<Ref, Room>>);

impl Rooms {
    /// Forgets the nodes that a change of these keys concerns.
    pub fn note(&mut self, dirty: &[Ref], view: &View<'_>) {
        let known = self.0.get_mut();
        if known.is_empty() {
            return;
        }
        for key in dirty {
            // What leaves a node, or is gone, marks the node itself.
            match key.kind.role() {
                Role::Node => known.remove(key),
                Role::Instance => view.instance(key).and_then(|it| known.remove(it.node.as_ref()?)),
                _ => None,
            };
        }
    }

    /// The nodes of a cluster with their room, by name.
    pub fn of(&self, view: &View<'_>, cluster: &ClusterId) -> Vec<Room> {
        let known = &mut *self.0.borrow_mut();
        let nodes = view.nodes().filter(|it| it.key.cluster == *cluster);
        let mut rooms: Vec<Room> = nodes
            .map(|node| match known.get(&node.key) {
                Some(room) => room.clone(),
                None => known.entry(node.key.clone()).or_insert(count(view, node)).clone(),
            })
            .collect();
        rooms.sort_unstable_by(|a, b| a.node.cmp(&b.node));
        rooms
    }
}

fn count(view: &View<'_>, node: &Node) -> Room {
    let keeps_away = node.taints.iter().any(|it| it.effect == "NoSchedule" || it.effect == "NoExecute");
    let mut room = Room {
        node: node.key.clone(),
        open: node.state == NodeState::Ready && !node.cordoned && !node.draining && !keeps_away,
        memory_bytes: node.memory_bytes,
        memory_asked: 0,
        cpu_millis: node.cpu_millis,
        cpu_asked: 0,
        memory_fixed: 0,
    };
    for it in view.hosted_on(&node.key).filter(|it| !it.phase.ended()) {
        room.memory_asked += it.memory_request_bytes;
        room.cpu_asked += it.cpu_request_millis;
        let on_each = it.owner.as_ref().is_some_and(|owner| owner.kind == Kind::DaemonSet);
        room.memory_fixed += if on_each { it.memory_request_bytes } else { 0 };
    }
    room
}
