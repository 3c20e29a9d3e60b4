//! Which subjects a change concerns.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::domain::{ClusterId, ClusterInfo, Freshness, NodeState, Ref, Role, Text};
use crate::state::View;

use super::rule::Edge;
use super::rules::rules;

/// What is to be examined, and what is remembered to tell which changes matter to others.
#[derive(Debug, Default)]
pub struct Marks {
    subjects: BTreeSet<Ref>,
    nodes: FxHashMap<Ref, NodeSight>,
    clusters: FxHashMap<ClusterId, Vec<Freshness>>,
}

/// What of a node matters to what runs on it, and to its cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NodeSight {
    state: NodeState,
    closed: bool,
    version: Option<Text>,
    manager: Option<(bool, bool)>,
}

impl Marks {
    /// Marks one subject.
    pub fn mark(&mut self, key: Ref) {
        self.subjects.insert(key);
    }

    /// The next subject, in the order of their keys.
    pub fn take(&mut self) -> Option<Ref> {
        self.subjects.pop_first()
    }

    /// Whether nothing is marked.
    pub fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// Marks what a change of these keys concerns.
    pub fn note(&mut self, dirty: &[Ref], view: &View<'_>) {
        for key in dirty {
            match key.kind.role() {
                Role::Instance => self.instance(key, view),
                Role::Node => self.node(key, view),
                Role::Cluster => self.cluster(key, view),
                Role::Workload => {
                    self.mark(key.clone());
                    self.taken_by(key, view);
                }
                Role::Queue | Role::Alert | Role::Application => self.mark(key.clone()),
                Role::Endpoint | Role::Volume | Role::Namespace | Role::Config => self.needed(key, view),
                Role::Autoscaler => self.subjects.extend(view.autoscaler(key).map(|it| it.target.clone())),
                Role::Budget => self.subjects.extend(view.budget(key).into_iter().flat_map(|it| it.covers.clone())),
            }
        }
    }

    fn instance(&mut self, key: &Ref, view: &View<'_>) {
        let Some(instance) = view.instance(key) else { return };
        if declared(Edge::Instances) {
            let of = instance.realizes.as_deref().and_then(|key| view.instance(key));
            for owner in [instance.owner.as_ref(), of.and_then(|it| it.owner.as_ref())].into_iter().flatten() {
                self.mark(owner.clone());
                self.taken_by(owner, view);
            }
        }
        if let Some(node) = instance.node.as_ref().filter(|_| declared(Edge::Hosted)) {
            self.mark(node.clone());
        }
    }

    /// How well a workload does is how well the queues do that it takes from.
    fn taken_by(&mut self, workload: &Ref, view: &View<'_>) {
        if declared(Edge::Consumers) {
            let queues = view.dependents_of(workload).filter(|of| of.kind.role() == Role::Queue);
            self.subjects.extend(queues.cloned());
        }
    }

    /// What cannot work without it is looked at again too: it may have been waiting for it.
    fn needed(&mut self, key: &Ref, view: &View<'_>) {
        self.mark(key.clone());
        self.subjects.extend(view.dependents_of(key).cloned());
    }

    fn node(&mut self, key: &Ref, view: &View<'_>) {
        self.mark(key.clone());
        let sight = view.node(key).map(|node| NodeSight {
            state: node.state,
            closed: node.cordoned || node.draining,
            version: node.version.clone(),
            manager: node.manager.map(|it| (it.leader, it.reachable)),
        });
        let before = match sight {
            Some(ref sight) => self.nodes.insert(key.clone(), sight.clone()),
            None => self.nodes.remove(key),
        };
        if before == sight {
            return;
        }
        if declared(Edge::ClusterNodes) {
            self.mark(ClusterInfo::key_of(&key.cluster));
        }
        if declared(Edge::Node) && before.is_some() {
            let owners: BTreeSet<&Ref> = view.hosted_on(key).filter_map(|it| it.owner.as_ref()).collect();
            self.subjects.extend(owners.into_iter().cloned());
        }
    }

    /// When the sight of a cluster's sources changes, what was concluded from what is not there has to be looked at
    /// again, and so has what was judged as of an earlier moment.
    fn cluster(&mut self, key: &Ref, view: &View<'_>) {
        self.mark(key.clone());
        let sights: Vec<Freshness> = view.sources(&key.cluster).map(|(_, source)| source.freshness(view.now)).collect();
        if self.clusters.get(&key.cluster) == Some(&sights) {
            return;
        }
        self.clusters.insert(key.cluster.clone(), sights);
        let ours = |it: &&Ref| it.cluster == key.cluster;
        let workloads = view.workloads().map(|it| &it.key).filter(ours);
        let nodes = view.nodes().map(|it| &it.key).filter(ours);
        let queues = view.queues().map(|it| &it.key).filter(ours);
        let endpoints = view.endpoints().map(|it| &it.key).filter(ours);
        let alerts = view.alerts().map(|it| &it.key).filter(ours);
        let volumes = view.volumes().map(|it| &it.key).filter(ours);
        let namespaces = view.namespaces().map(|it| &it.key).filter(ours);
        let applications = view.applications().map(|it| &it.key).filter(ours);
        let traffic = queues.chain(endpoints).chain(volumes);
        let around = alerts.chain(namespaces).chain(applications);
        self.subjects.extend(workloads.chain(nodes).chain(traffic).chain(around).cloned());
    }
}

fn declared(edge: Edge) -> bool {
    rules().iter().any(|rule| rule.reads.contains(&edge))
}
