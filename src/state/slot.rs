//! One place in the model, for an object that is there, was there, or is only spoken of.

use smallvec::SmallVec;

use crate::domain::{Deed, Metric, Name, Object, Occurrence, Ref};

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
    held: Held,
    /// Index of the source that holds the object.
    pub source: u32,
    /// The listing in which it was last named.
    pub listing: u32,
    pub edges: Option<Box<Edges>>,
    pub extra: Option<Box<Extra>>,
    pub dead: bool,
}

/// What stands in a slot. The key is kept once: in the object, or by itself while there is none.
#[derive(Debug)]
enum Held {
    Nothing(Box<Ref>),
    There(Object),
}

impl Slot {
    pub fn new(key: Ref) -> Self {
        Self { held: Held::Nothing(Box::new(key)), source: 0, listing: 0, edges: None, extra: None, dead: false }
    }

    pub fn key(&self) -> &Ref {
        match &self.held {
            Held::Nothing(key) => key,
            Held::There(object) => object.key(),
        }
    }

    pub fn object(&self) -> Option<&Object> {
        match &self.held {
            Held::Nothing(_) => None,
            Held::There(object) => Some(object),
        }
    }

    /// Puts an object of this slot's key here.
    pub fn place(&mut self, object: Object) {
        self.held = Held::There(object);
    }

    /// Takes the object away.
    pub fn take(&mut self) -> Option<Object> {
        let key = Box::new(self.key().clone());
        match std::mem::replace(&mut self.held, Held::Nothing(key)) {
            Held::Nothing(_) => None,
            Held::There(former) => Some(former),
        }
    }

    pub fn is_vacant(&self) -> bool {
        self.object().is_none()
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
    /// Autoscalers and budgets of this workload.
    pub governors: SmallVec<[Id; 1]>,
}

impl Edges {
    fn is_empty(&self) -> bool {
        self.instances.is_empty()
            && self.hosted.is_empty()
            && self.bodies.is_empty()
            && self.dependents.is_empty()
            && self.governors.is_empty()
    }
}

/// What only few objects have.
#[derive(Debug, Default)]
pub(super) struct Extra {
    /// What happened to it, oldest first by `last`.
    pub occurrences: Vec<Occurrence>,
    /// Its numbers; those of one container of it under that one's name.
    pub series: SmallVec<[(Metric, Option<Name>, Series); 2]>,
    /// What people did to it, oldest first.
    pub deeds: Vec<Deed>,
}

impl Extra {
    fn is_empty(&self) -> bool {
        self.occurrences.is_empty() && self.series.is_empty() && self.deeds.is_empty()
    }
}
