//! Which node takes an instance, in the words of its scheduler where none does.

use std::collections::BTreeMap;

use crate::domain::{Node, NodeState, Ref};

use super::company::Orchestrator;
use super::model::Machine;
use super::sim::Sim;

/// Why a node does not take an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum No {
    /// Too little processor time is free.
    Cpu,
    /// Too little memory is free.
    Memory,
    /// It holds as many instances as it may.
    Full,
    /// It lacks a label.
    Label,
    /// It is silent.
    Silent,
    /// It is cordoned.
    Closed,
}

impl Sim {
    /// The node with the largest share of free memory among those that fit; else the scheduler's words.
    pub(super) fn choose_node(&self, key: &Ref) -> Result<Ref, String> {
        let Some(live) = self.instances.get(key) else { return Err("it is gone".to_owned()) };
        let Some(managed) = self.workloads.get(&live.home) else { return Err("its owner is gone".to_owned()) };
        if let Some(node) = &live.pinned {
            return Ok(node.clone());
        }
        let need = (live.object.memory_request_bytes, live.object.cpu_request_millis);
        let mut reasons: BTreeMap<No, usize> = BTreeMap::new();
        let mut best: Option<(u64, &Ref)> = None;
        for (key, machine) in &self.nodes {
            match fits(machine, need, &managed.spec.selector) {
                Ok(free) if best.is_none_or(|(known, _)| free > known) => best = Some((free, key)),
                Ok(_) => {}
                Err(no) => *reasons.entry(no).or_default() += 1,
            }
        }
        best.map(|(_, key)| key.clone()).ok_or_else(|| self.scheduler_says(&reasons))
    }

    fn scheduler_says(&self, reasons: &BTreeMap<No, usize>) -> String {
        let all = self.nodes.len();
        match self.orchestrator {
            Orchestrator::Kubernetes => {
                let each: Vec<String> = reasons.iter().map(|(no, n)| format!("{n} {}", kubernetes(*no))).collect();
                format!(
                    "0/{all} nodes are available: {}. preemption: 0/{all} nodes are available: {all} No preemption victims \
                     found for incoming pod.",
                    each.join(", ")
                )
            }
            Orchestrator::Nomad => {
                let each: Vec<String> =
                    reasons.iter().map(|(no, n)| format!("{} on {n} of {all} nodes", nomad(*no))).collect();
                each.join(", ")
            }
            Orchestrator::Swarm => {
                let each: Vec<String> = reasons.iter().map(|(no, n)| format!("{} on {n} nodes", swarm(*no))).collect();
                format!("no suitable node ({})", each.join("; "))
            }
        }
    }

    /// Sets room aside for it.
    pub(super) fn bind(&mut self, key: &Ref, node: &Ref) {
        let Some(live) = self.instances.get_mut(key) else { return };
        live.object.node = Some(node.clone());
        if let Some(machine) = self.nodes.get_mut(node) {
            machine.memory += live.object.memory_request_bytes;
            machine.cpu += live.object.cpu_request_millis;
            machine.count += 1;
        }
    }

    /// Its room is free again. Where it was is still said of one that ended.
    pub(super) fn unbind(&mut self, key: &Ref) {
        let Some(live) = self.instances.get_mut(key) else { return };
        let (memory, cpu) = (live.object.memory_request_bytes, live.object.cpu_request_millis);
        (live.object.memory_request_bytes, live.object.cpu_request_millis) = (0, 0);
        let Some(machine) = live.object.node.as_ref().and_then(|node| self.nodes.get_mut(node)) else { return };
        if memory > 0 || cpu > 0 {
            machine.memory = machine.memory.saturating_sub(memory);
            machine.cpu = machine.cpu.saturating_sub(cpu);
            machine.count = machine.count.saturating_sub(1);
        }
    }
}

/// How much memory it would leave free, in thousandths; or why it does not fit.
pub fn fits(machine: &Machine, need: (u64, u64), selector: &BTreeMap<String, String>) -> Result<u64, No> {
    let node: &Node = &machine.object;
    let total = node.memory_bytes.unwrap_or(0);
    let has = |(name, value): (&String, &String)| {
        node.labels.iter().any(|(n, v)| *n == name.as_str() && *v == value.as_str())
    };
    if node.state != NodeState::Ready {
        return Err(No::Silent);
    }
    if node.cordoned || node.draining {
        return Err(No::Closed);
    }
    if !selector.iter().all(has) {
        return Err(No::Label);
    }
    let left = total.checked_sub(machine.memory + need.0).ok_or(No::Memory)?;
    node.cpu_millis.unwrap_or(0).checked_sub(machine.cpu + need.1).ok_or(No::Cpu)?;
    if node.max_instances.is_some_and(|max| machine.count >= max) {
        return Err(No::Full);
    }
    Ok(left * 1000 / total.max(1))
}

/// kube-scheduler's words (kubernetes: pkg/scheduler/framework/plugins).
const fn kubernetes(no: No) -> &'static str {
    match no {
        No::Label => "node(s) didn't match Pod's node affinity/selector",
        No::Silent => "node(s) had untolerated taint {node.kubernetes.io/unreachable: }",
        No::Closed => "node(s) were unschedulable",
        No::Memory => "Insufficient memory",
        No::Cpu => "Insufficient cpu",
        No::Full => "Too many pods",
    }
}

const fn nomad(no: No) -> &'static str {
    match no {
        No::Label => "constraint filtered",
        No::Silent | No::Closed => "not eligible",
        No::Memory => "memory exhausted",
        No::Cpu => "cpu exhausted",
        No::Full => "allocations exhausted",
    }
}

const fn swarm(no: No) -> &'static str {
    match no {
        No::Label => "scheduling constraints not satisfied",
        No::Silent | No::Closed => "node not available",
        No::Memory | No::Cpu | No::Full => "insufficient resources",
    }
}

/// Takes room for one instance on the machine with the largest share of free memory; none where it fits nowhere.
pub fn take_room(machines: &mut [Machine], need: (u64, u64), selector: &BTreeMap<String, String>) -> Option<usize> {
    let fitting = machines.iter().enumerate().filter_map(|(ix, it)| Some((fits(it, need, selector).ok()?, ix)));
    let (_, ix) = fitting.max()?;
    let machine = machines.get_mut(ix)?;
    machine.memory += need.0;
    machine.cpu += need.1;
    machine.count += 1;
    Some(ix)
}
