//! What is remembered of objects, by kind, namespace and name.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::domain::{Autoscaler, Config, Name, Namespace, Node, Quota, Volume};

use super::super::kinds::ApiKind;
use super::deploy::Replica;
use super::gitops::App;
use super::govern::{Bounds, Scaling};
use super::pods::Pod;
use super::traffic::{Entrance, Service, Slice};
use super::work::{Run, Work};

/// What is remembered of one object.
#[derive(Debug, PartialEq)]
pub(super) enum Record {
    Pod(Box<Pod>),
    Replica(Box<Replica>),
    Run(Box<Run>),
    Work(Box<Work>),
    App(Box<App>),
    Service(Box<Service>),
    Slice(Box<Slice>),
    Entrance(Box<Entrance>),
    Node(Box<Node>),
    Volume(Box<Volume>),
    Bounds(Box<Bounds>),
    Scaling(Box<Scaling>),
    Scaled(Box<Autoscaler>),
    Quotas(Vec<Quota>),
    Namespace(Box<Namespace>),
    Config(Box<Config>),
}

/// One object: which incarnation, who told of it, and what.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) uid: Name,
    /// The place of its source.
    pub(super) source: u16,
    /// In which listing it was named last.
    pub(super) listing: u32,
    pub(super) record: Record,
}

type InNamespace = FxHashMap<Name, Entry>;

/// All objects.
#[derive(Debug, Default)]
pub(super) struct Shelves(FxHashMap<ApiKind, FxHashMap<Name, InNamespace>>);

impl Shelves {
    /// One of them.
    pub(super) fn get(&self, kind: ApiKind, namespace: &str, name: &str) -> Option<&Entry> {
        self.0.get(&kind)?.get(namespace)?.get(name)
    }

    /// One of them, to be changed.
    pub(super) fn get_mut(&mut self, kind: ApiKind, namespace: &str, name: &str) -> Option<&mut Entry> {
        self.0.get_mut(&kind)?.get_mut(namespace)?.get_mut(name)
    }

    /// Takes one out, with the string that it is named by.
    pub(super) fn take(&mut self, kind: ApiKind, namespace: &str, name: &str) -> Option<(Name, Entry)> {
        let of_kind = self.0.get_mut(&kind)?;
        let here = of_kind.get_mut(namespace)?;
        let taken = here.remove_entry(name);
        if here.is_empty() {
            of_kind.remove(namespace);
        }
        taken
    }

    /// Puts one in.
    pub(super) fn put(&mut self, kind: ApiKind, namespace: Name, name: Name, entry: Entry) {
        self.0.entry(kind).or_default().entry(namespace).or_default().insert(name, entry);
    }

    /// All of a kind in a namespace.
    pub(super) fn here(&self, kind: ApiKind, namespace: &str) -> impl Iterator<Item = (&Name, &Entry)> {
        self.0.get(&kind).and_then(|of| of.get(namespace)).into_iter().flatten()
    }

    /// All of a kind.
    pub(super) fn all(&self, kind: ApiKind) -> impl Iterator<Item = (&Name, &Name, &Entry)> {
        let namespaces = self.0.get(&kind).into_iter().flatten();
        namespaces.flat_map(|(namespace, here)| here.iter().map(move |(name, entry)| (namespace, name, entry)))
    }

    /// One of them, with the string that it is named by.
    pub(super) fn named(&self, kind: ApiKind, namespace: &str, name: &str) -> Option<(&Name, &Entry)> {
        self.0.get(&kind)?.get(namespace)?.get_key_value(name)
    }

    /// How many there are of a kind.
    pub(super) fn count(&self, kind: ApiKind) -> usize {
        self.0.get(&kind).into_iter().flatten().map(|(_, here)| here.len()).sum()
    }

    /// Namespaces in which anything is.
    pub(super) fn namespaces(&self) -> Vec<Name> {
        let all = self.0.values().flat_map(|of| of.keys());
        let unique: FxHashSet<&Name> = all.collect();
        unique.into_iter().cloned().collect()
    }

    /// A pod.
    pub(super) fn pod(&self, namespace: &str, name: &str) -> Option<&Pod> {
        match &self.get(ApiKind::Pods, namespace, name)?.record {
            Record::Pod(pod) => Some(pod),
            _ => None,
        }
    }

    /// A ReplicaSet, of this incarnation where one is named.
    pub(super) fn replica(&self, namespace: &str, name: &str, uid: &str) -> Option<&Replica> {
        match self.get(ApiKind::ReplicaSets, namespace, name)? {
            Entry { record: Record::Replica(it), uid: known, .. } if uid.is_empty() || *known == *uid => Some(it),
            _ => None,
        }
    }

    /// A Job, of this incarnation where one is named.
    pub(super) fn run(&self, namespace: &str, name: &str, uid: &str) -> Option<&Run> {
        match self.get(ApiKind::Jobs, namespace, name)? {
            Entry { record: Record::Run(it), uid: known, .. } if uid.is_empty() || *known == *uid => Some(it),
            _ => None,
        }
    }
}
