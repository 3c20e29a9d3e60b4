//! One place in the model, for an object that is there, was there, or is only spoken of.

use smallvec::SmallVec;

use crate::domain::{Metric, Object, Occurrence, Ref};

use super::series::Series;

/// A short handle of a [`Ref`], good until the world collects what nothing speaks of any more: never kept by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub(super) u32);

impl Id {
    pub(super) const fn ix(self) -> usize {
        self.0 as usize
    }
}

#[derive(Debug)]
pub(super) struct Slot {
    pub key: Ref,
    pub object: Option<Object>,
    /// Index of the source that holds the object.
    pub source: u32,
    /// The listing in which it was last named.
    pub listing: u32,
    pub edges: Option<Box<Edges>>,
    pub extra: Option<Box<Extra>>,
    pub dead: bool,
}

impl Slot {
    pub fn new(key: Ref) -> Self {
        Self { key, object: None, source: 0, listing: 0, edges: None, extra: None, dead: false }
    }

    pub fn is_vacant(&self) -> bool {
        self.object.is_none()
            && self.edges.as_ref().is_none_or(|edges| edges.is_empty())
            && self.extra.as_ref().is_none_or(|extra| extra.is_empty())
    }
}

/// Who points here.
#[derive(Debug, Default)]
pub(super) struct Edges {
    /// Instances that this workload owns.
    pub instances: Vec<Id>,
    /// Instances that run on this node.
    pub hosted: Vec<Id>,
    /// Containers that are the body of this instance.
    pub bodies: SmallVec<[Id; 1]>,
    /// Workloads, queues and endpoints that cannot work without it.
    pub dependents: Vec<Id>,
}

impl Edges {
    fn is_empty(&self) -> bool {
        self.instances.is_empty() && self.hosted.is_empty() && self.bodies.is_empty() && self.dependents.is_empty()
    }
}

/// What only few objects have.
#[derive(Debug, Default)]
pub(super) struct Extra {
    /// What happened to it, oldest first by `last`.
    pub occurrences: Vec<Occurrence>,
    /// Its numbers.
    pub series: SmallVec<[(Metric, Series); 2]>,
}

impl Extra {
    fn is_empty(&self) -> bool {
        self.occurrences.is_empty() && self.series.is_empty()
    }
}
