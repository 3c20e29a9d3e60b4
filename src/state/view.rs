//! The read-only face of the model.

use crate::domain::{
    Alert, Answer, Application, Autoscaler, Budget, ClusterId, ClusterInfo, Config, Endpoint, Freshness, Instance,
    Kind, Metric, Name, Namespace, Node, Object, Occurrence, Queue, Ref, Rights, Role, Source, Timestamp, Volume, Want,
    Workload,
};

use super::counts::Counts;
use super::series::Series;
use super::slot::{Edges, Id, Slot};
use super::sources::{ClusterState, SourceState};
use super::world::World;

/// What lists pods, where something does.
const PODS: &str = "pods";

/// The model at a moment. Rules, plans and panes see no more than this.
#[derive(Clone, Copy)]
pub struct View<'a> {
    world: &'a World,
    /// The moment.
    pub now: Timestamp,
}

macro_rules! typed {
    ($one:ident, $many:ident, $variant:ident, $type:ty, $role:ident) => {
        /// One of them, by its key.
        pub fn $one(&self, key: &Ref) -> Option<&'a $type> {
            match self.object(key)? {
                Object::$variant(it) => Some(it),
                _ => None,
            }
        }

        /// All of them, in no order that means anything.
        pub fn $many(&self) -> impl Iterator<Item = &'a $type> + use<'a> {
            self.world.of_role(Role::$role).filter_map(|slot| match slot.object() {
                Some(Object::$variant(it)) => Some(&**it),
                _ => None,
            })
        }
    };
}

impl<'a> View<'a> {
    pub(super) const fn new(world: &'a World, now: Timestamp) -> Self {
        Self { world, now }
    }

    /// The object with this key, if it is there.
    pub fn object(&self, key: &Ref) -> Option<&'a Object> {
        self.slot(key)?.object()
    }

    typed!(workload, workloads, Workload, Workload, Workload);
    typed!(node, nodes, Node, Node, Node);
    typed!(queue, queues, Queue, Queue, Queue);
    typed!(endpoint, endpoints, Endpoint, Endpoint, Endpoint);
    typed!(alert, alerts, Alert, Alert, Alert);
    typed!(volume, volumes, Volume, Volume, Volume);
    typed!(autoscaler, autoscalers, Autoscaler, Autoscaler, Autoscaler);
    typed!(budget, budgets, Budget, Budget, Budget);
    typed!(namespace, namespaces, Namespace, Namespace, Namespace);
    typed!(config, configs, Config, Config, Config);
    typed!(application, applications, Application, Application, Application);
    typed!(cluster_info, cluster_infos, Cluster, ClusterInfo, Cluster);

    /// One instance, by its key.
    pub fn instance(&self, key: &Ref) -> Option<&'a Instance> {
        match self.object(key)? {
            Object::Instance(it) => Some(it),
            _ => None,
        }
    }

    /// All instances, in no order that means anything. For lists of all of them only: rules go by edges.
    pub fn instances(&self) -> impl Iterator<Item = &'a Instance> + use<'a> {
        self.world.slots().filter_map(as_instance)
    }

    /// The instances that a workload owns.
    pub fn instances_of(&self, workload: &Ref) -> impl Iterator<Item = &'a Instance> + use<'a> {
        self.along(workload, |edges| &edges.instances).filter_map(as_instance)
    }

    /// The instances that run on a node.
    pub fn hosted_on(&self, node: &Ref) -> impl Iterator<Item = &'a Instance> + use<'a> {
        self.along(node, |edges| &edges.hosted).filter_map(as_instance)
    }

    /// The containers that are the body of an instance of an orchestrator.
    pub fn bodies_of(&self, instance: &Ref) -> impl Iterator<Item = &'a Instance> + use<'a> {
        self.along(instance, |edges| &edges.bodies).filter_map(as_instance)
    }

    /// Whether this container is the body of an instance that is itself in view: then it is counted there, not here.
    pub fn is_body(&self, instance: &Instance) -> bool {
        instance.realizes.as_deref().is_some_and(|of| self.object(of).is_some())
    }

    /// Whether a lone container is no workload of its own: it is the body of an orchestrator's instance, and counted there.
    pub fn is_counted_elsewhere(&self, workload: &Ref) -> bool {
        if workload.kind != Kind::Container {
            return false;
        }
        let mut instances = self.instances_of(workload).peekable();
        instances.peek().is_some() && instances.all(|it| self.is_body(it))
    }

    /// Keys of the workloads, queues and endpoints that cannot work without `key`.
    pub fn dependents_of(&self, key: &Ref) -> impl Iterator<Item = &'a Ref> + use<'a> {
        self.along(key, |edges| &edges.dependents).map(|slot| slot.key())
    }

    /// The autoscalers of a workload.
    pub fn autoscalers_of(&self, workload: &Ref) -> impl Iterator<Item = &'a Autoscaler> + use<'a> {
        self.along(workload, |edges| &edges.governors).filter_map(|slot| match slot.object() {
            Some(Object::Autoscaler(it)) => Some(&**it),
            _ => None,
        })
    }

    /// The disruption budgets that count a workload's instances.
    pub fn budgets_of(&self, workload: &Ref) -> impl Iterator<Item = &'a Budget> + use<'a> {
        self.along(workload, |edges| &edges.governors).filter_map(|slot| match slot.object() {
            Some(Object::Budget(it)) => Some(&**it),
            _ => None,
        })
    }

    /// What happened to it, oldest first: to a workload also what happened to its instances.
    pub fn occurrences_of(&self, key: &Ref) -> impl DoubleEndedIterator<Item = &'a Occurrence> + use<'a> {
        self.slot(key).and_then(|slot| slot.extra.as_deref()).into_iter().flat_map(|extra| extra.occurrences.iter())
    }

    /// Everything that happened anywhere, grouped by what it happened to.
    pub fn occurrences(&self) -> impl Iterator<Item = &'a Occurrence> + use<'a> {
        self.world.with_occurrences().flat_map(|slot| slot.extra.iter().flat_map(|extra| extra.occurrences.iter()))
    }

    /// A number's recent past.
    pub fn series(&self, key: &Ref, metric: Metric) -> Option<&'a Series> {
        self.part_series(key, None, metric)
    }

    /// The same of one container of an instance, where it is measured by itself.
    pub fn part_series(&self, key: &Ref, container: Option<&str>, metric: Metric) -> Option<&'a Series> {
        let extra = self.slot(key)?.extra.as_deref()?;
        let is_it = |of: Metric, part: &Option<Name>| of == metric && part.as_deref() == container;
        extra.series.iter().find(|(of, part, _)| is_it(*of, part)).map(|(_, _, series)| series)
    }

    /// A number's newest value.
    pub fn latest(&self, key: &Ref, metric: Metric) -> Option<f64> {
        self.series(key, metric)?.latest().map(|(_, value)| value)
    }

    /// What came of a want, if something did.
    pub fn answer(&self, want: &Want) -> Option<&'a Answer> {
        self.world.answer(want)
    }

    /// The newest last lines of a container, of whichever of its runs.
    pub fn last_tail(&self, of: &Ref, container: &str) -> Option<&'a Answer> {
        self.world.last_tail(of, container)
    }

    /// Every cluster that was heard from or is configured, by name.
    pub fn clusters(&self) -> impl Iterator<Item = (&'a ClusterId, &'a ClusterState)> + use<'a> {
        self.world.clusters()
    }

    /// One cluster.
    pub fn cluster(&self, cluster: &ClusterId) -> Option<&'a ClusterState> {
        self.world.cluster(cluster)
    }

    /// The sources of a cluster.
    pub fn sources<'b>(
        &self,
        cluster: &'b ClusterId,
    ) -> impl Iterator<Item = (&'a Source, &'a SourceState)> + use<'a, 'b> {
        self.world.sources(cluster)
    }

    /// The worst sight of a cluster's sources: what its name in the header shows. Loading where it has none yet.
    pub fn freshness(&self, cluster: &ClusterId) -> Freshness {
        let now = self.now;
        self.sources(cluster).map(|(_, source)| source.freshness(now)).max().unwrap_or(Freshness::Loading)
    }

    /// The sight of one source of a cluster: of any of its partitions the worst. None where it is not watched.
    pub fn source_freshness(&self, cluster: &ClusterId, kind: &str) -> Option<Freshness> {
        let now = self.now;
        self.sources(cluster).filter(|(source, _)| source.kind == kind).map(|(_, state)| state.freshness(now)).max()
    }

    /// Whether something that is not there would be seen if it were: what lists its kind has listed it once, where it would be.
    pub fn would_see(&self, key: &Ref) -> bool {
        // Of the kinds whose absence says something, pods alone are watched by parts or not at all.
        if !matches!(key.kind, Kind::Pod | Kind::BarePod) {
            return true;
        }
        let is_there = |source: &&(&Source, &SourceState)| {
            source.0.partition.as_ref().is_none_or(|part| key.namespace.as_ref() == Some(part))
        };
        let mut all = self.sources(&key.cluster).filter(|(source, _)| source.kind == PODS).peekable();
        all.peek().is_none() || all.filter(|source| is_there(&source)).any(|(_, state)| state.listed)
    }

    /// The source that holds an object: how far what is shown of it can be believed.
    pub fn source_of(&self, key: &Ref) -> Option<&'a SourceState> {
        let slot = self.slot(key)?;
        slot.object()?;
        self.world.source_state(slot.source)
    }

    /// The same model, judged as of another moment.
    pub const fn as_of(self, now: Timestamp) -> Self {
        Self { now, ..self }
    }

    /// What may be done in a cluster.
    pub fn rights(&self, cluster: &ClusterId) -> Option<&'a Rights> {
        self.clusters().find(|(id, _)| *id == cluster).map(|(_, state)| &state.rights)
    }

    /// How many workloads have fewer ready than they want, of some clusters.
    pub fn unready(&self, within: impl Fn(&ClusterId) -> bool) -> u64 {
        let missing = |it: &&Workload| self.counts(it).missing() > 0 && !self.is_counted_elsewhere(&it.key);
        self.workloads().filter(|it| within(&it.key.cluster)).filter(missing).count() as u64
    }

    /// How many instances a workload has and wants: as its server counts, else counted here.
    pub fn counts(&self, workload: &Workload) -> Counts {
        let mut counts = Counts { wanted: workload.desired.running(), ..Counts::default() };
        let newest = workload.revision.as_ref().map(|revision| &revision.id);
        for instance in self.instances_of(&workload.key) {
            let runs = instance.desired == crate::domain::DesiredState::Run && !instance.phase.ended();
            counts.alive += u32::from(runs);
            counts.ready += u32::from(instance.ready);
            counts.updated += u32::from(runs && newest.is_some() && instance.revision.as_ref() == newest);
        }
        if let Some(reported) = workload.reported {
            counts.ready = reported.ready;
            counts.updated = reported.updated;
        }
        counts
    }

    /// Counts up with every change of the model: what was made from an equal version is still true.
    pub fn version(&self) -> u64 {
        self.world.version()
    }

    pub(super) fn slot(&self, key: &Ref) -> Option<&'a Slot> {
        self.world.slot(key)
    }

    fn along(&self, key: &Ref, edge: fn(&'a Edges) -> &'a [Id]) -> impl Iterator<Item = &'a Slot> + use<'a> {
        let world = self.world;
        let ids = self.slot(key).and_then(|slot| slot.edges.as_deref()).map_or(&[][..], edge);
        ids.iter().map(move |id| world.at(*id))
    }
}

fn as_instance(slot: &Slot) -> Option<&Instance> {
    match slot.object() {
        Some(Object::Instance(it)) => Some(it),
        _ => None,
    }
}
