//! What ties objects to one another.

use crate::domain::{Object, Ref};

use super::slot::{Edges, Id};

/// How one object is tied to another.
#[derive(Clone, Copy)]
pub(super) enum Edge {
    /// An instance, to the workload that wants it.
    Owner,
    /// An instance, to its node.
    Host,
    /// An instance, to what it is an instance of elsewhere.
    Body,
    /// What needs something, to that.
    Need,
    /// What bounds or scales, to what it does that to.
    Governs,
}

impl Edge {
    /// Ties `from` to what has these edges.
    pub(super) fn add(self, edges: &mut Edges, from: Id) {
        match self {
            Edge::Owner => edges.instances.push(from),
            Edge::Host => edges.hosted.push(from),
            Edge::Body => edges.bodies.push(from),
            Edge::Need => edges.dependents.push(from),
            Edge::Governs => edges.governors.push(from),
        }
    }

    /// Unties it.
    pub(super) fn remove(self, edges: &mut Edges, from: Id) {
        match self {
            Edge::Owner => edges.instances.retain(|id| *id != from),
            Edge::Host => edges.hosted.retain(|id| *id != from),
            Edge::Body => edges.bodies.retain(|id| *id != from),
            Edge::Need => edges.dependents.retain(|id| *id != from),
            Edge::Governs => edges.governors.retain(|id| *id != from),
        }
    }
}

/// Everything that an object is tied to, and how.
pub(super) fn each_edge(object: &Object, mut with: impl FnMut(Edge, &Ref)) {
    match object {
        Object::Instance(it) => {
            it.owner.iter().for_each(|to| with(Edge::Owner, to));
            it.node.iter().for_each(|to| with(Edge::Host, to));
            it.realizes.iter().for_each(|to| with(Edge::Body, to));
        }
        Object::Workload(it) => it.depends_on.iter().for_each(|dependency| with(Edge::Need, &dependency.on)),
        Object::Queue(it) => it.broker.iter().chain(&it.consumers).for_each(|to| with(Edge::Need, to)),
        Object::Endpoint(it) => it.serves.iter().for_each(|to| with(Edge::Need, to)),
        Object::Autoscaler(it) => with(Edge::Governs, &it.target),
        Object::Budget(it) => it.covers.iter().for_each(|to| with(Edge::Governs, to)),
        Object::Node(_)
        | Object::Volume(_)
        | Object::Alert(_)
        | Object::Cluster(_)
        | Object::Namespace(_)
        | Object::Config(_)
        | Object::Application(_) => {}
    }
}
