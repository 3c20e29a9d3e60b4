//! What is known of all pods at once: how much of each node they ask for, and how many of each workload are ready. It is read
//! when a node is to be emptied; asking the server for every pod would take a slow line minutes.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::domain::{Name, Ref};

use super::super::kinds::ApiKind;
use super::Book;
use super::owner::owned;
use super::shelf::Record;

/// All pods, as far as one node is concerned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::backend::kubernetes) struct Census {
    /// What is asked for on each node.
    pub(in crate::backend::kubernetes) taken: BTreeMap<Name, Taken>,
    /// Of each workload with a ready pod on the node in question: what is ready of it.
    pub(in crate::backend::kubernetes) ready: Vec<Ready>,
}

/// What is ready of a workload.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::backend::kubernetes) struct Ready {
    pub(in crate::backend::kubernetes) workload: Ref,
    /// Its pods on the node in question, by namespace and name.
    pub(in crate::backend::kubernetes) here: Vec<(Name, Name)>,
    /// How many there are anywhere.
    pub(in crate::backend::kubernetes) all: u32,
}

/// What pods ask for on a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::backend::kubernetes) struct Taken {
    /// Bytes.
    pub(in crate::backend::kubernetes) memory: u64,
    /// Thousandths of a core.
    pub(in crate::backend::kubernetes) cpu: u64,
    pub(in crate::backend::kubernetes) pods: u32,
}

impl Book {
    /// Counts; none while not every pod is known.
    pub(in crate::backend::kubernetes) fn census(&self, node: &str) -> Option<Census> {
        if !self.sources.knows(ApiKind::Pods, &Name::new("")) {
            return None;
        }
        let mut census = Census::default();
        let mut ready: FxHashMap<Ref, (Vec<(Name, Name)>, u32)> = FxHashMap::default();
        for (namespace, name, entry) in self.shelves.all(ApiKind::Pods) {
            let Record::Pod(pod) = &entry.record else { continue };
            let Some(on) = pod.node.as_ref().filter(|_| !pod.phase.ended()) else { continue };
            let taken = census.taken.entry(on.clone()).or_default();
            taken.memory = taken.memory.saturating_add(pod.asked().memory);
            taken.cpu = taken.cpu.saturating_add(pod.asked().cpu);
            taken.pods += 1;
            if pod.ready && pod.leaving.is_none() {
                let workload = owned(&self.shelves, &self.scribe, namespace, name, pod).workload;
                let of = ready.entry(workload).or_default();
                of.1 += 1;
                if **on == *node {
                    of.0.push((namespace.clone(), name.clone()));
                }
            }
        }
        let here = ready.into_iter().filter(|(_, (here, _))| !here.is_empty());
        census.ready = here.map(|(workload, (here, all))| Ready { workload, here, all }).collect();
        census.ready.sort_unstable();
        Some(census)
    }
}
