//! Objects as they are shown: made of records, of every kind that has something to say of them.

use crate::domain::{Endpoint, Exposure, Kind, Name, Object, Ref, Text, Workload};

use super::super::kinds::ApiKind;
use super::owner::owned;
use super::pods::Pod;
use super::rolling::{OfPods, Rolling};
use super::select::{Labels, selects};
use super::shelf::{Entry, Record};
use super::traffic::{self, Behind, Entrance};
use super::work::{Detail, Work};
use super::{Book, govern, jobs};

/// Kinds whose records are workloads as they are.
pub(super) const WORKS: [ApiKind; 5] =
    [ApiKind::Deployments, ApiKind::StatefulSets, ApiKind::DaemonSets, ApiKind::CronJobs, ApiKind::ArgoRollouts];

impl Book {
    /// An object as it is now, with the place of the source that tells of it; none of what is not shown.
    pub(super) fn show(&mut self, key: &Ref) -> Option<(u16, Object)> {
        let none = Name::new("");
        let namespace = key.namespace.as_ref().unwrap_or(&none);
        match key.kind {
            Kind::Pod => self.show_pod(key, namespace),
            Kind::Autoscaler => self.show_autoscaler(namespace, &key.name),
            Kind::Namespace => self.show_namespace(&key.name),
            Kind::Custom => self.stand_in(key),
            kind => {
                let Some(entry) = self.shelves.get(api_kind(kind)?, namespace, &key.name) else {
                    return self.stand_in(key);
                };
                Some((entry.source, self.show_record(entry, namespace, &key.name)?))
            }
        }
    }

    fn show_record(&self, entry: &Entry, namespace: &Name, name: &Name) -> Option<Object> {
        Some(match &entry.record {
            Record::Work(work) => Object::Workload(Box::new(self.workload(work, &entry.uid, namespace))),
            Record::Pod(pod) => {
                let alone = pod.alone.as_deref().filter(|work| work.base.key.kind == Kind::BarePod)?;
                Object::Workload(Box::new(self.workload(alone, &entry.uid, namespace)))
            }
            Record::Replica(set) => {
                Object::Workload(Box::new(self.workload(set.work.as_deref()?, &entry.uid, namespace)))
            }
            Record::Run(run) if run.cron().is_none() => {
                let mut it = self.workload(&run.work, &entry.uid, namespace);
                it.hindrance = self.hindrance(&it.key, run.short);
                Object::Workload(Box::new(it))
            }
            Record::Service(service) => {
                let mut serves = Vec::new();
                self.each_workload(namespace, |key, labels| {
                    if selects(&service.selector, labels) {
                        serves.push(key.clone());
                    }
                });
                serves.sort_unstable();
                serves.dedup();
                let key = self.key(Kind::Endpoint, namespace, name);
                let named = self.is_named(namespace, name);
                Object::Endpoint(Box::new(traffic::endpoint(key, service, serves, self.behind(namespace, name), named)))
            }
            Record::Entrance(entrance) => Object::Endpoint(Box::new(self.entrance(entrance, namespace, name))),
            Record::Bounds(bounds) => {
                let mut it = bounds.base.clone();
                self.each_workload(namespace, |key, labels| {
                    if bounds.picker.as_ref().is_some_and(|picker| picker.picks(labels)) {
                        it.covers.push(key.clone());
                    }
                });
                it.covers.sort_unstable();
                it.covers.dedup();
                Object::Budget(Box::new(it))
            }
            Record::Volume(volume) => {
                let mut it = volume.clone();
                let bound = it.state.as_deref() == Some("bound");
                it.message = self.recall.claims.get(&it.key).filter(|_| !bound).map(|(said, _)| said.clone());
                Object::Volume(it)
            }
            Record::Node(it) => Object::Node(it.clone()),
            Record::Config(it) => Object::Config(it.clone()),
            Record::App(it) => Object::Application(Box::new(it.base.clone())),
            Record::Run(_)
            | Record::Slice(_)
            | Record::Scaling(_)
            | Record::Scaled(_)
            | Record::Quotas(_)
            | Record::Namespace(_) => return None,
        })
    }

    fn show_pod(&mut self, key: &Ref, namespace: &Name) -> Option<(u16, Object)> {
        let entry = self.shelves.get(ApiKind::Pods, namespace, &key.name)?;
        let Record::Pod(pod) = &entry.record else { return None };
        let owned = owned(&self.shelves, &self.scribe, namespace, &key.name, pod);
        let recalled = self.recall.of(&entry.uid, self.now.as_second());
        // The string that is kept already, not another one.
        let (name, _) = self.shelves.named(ApiKind::Pods, namespace, &key.name)?;
        let (instance, again) = pod.show(self.key(Kind::Pod, namespace, name), entry.uid.clone(), owned, recalled);
        let source = entry.source;
        self.desk.remind(again, key.clone());
        Some((source, Object::Instance(Box::new(instance))))
    }

    fn workload(&self, work: &Work, uid: &Name, namespace: &Name) -> Workload {
        let mut it = work.base.clone();
        it.exposure = self.exposure(namespace, &work.labels);
        self.place(work, &mut it);
        match &work.detail {
            Detail::Plain => {}
            Detail::Deploying(deploying) => {
                let revisions = deploying.revisions(work, self.sets(uid, namespace));
                it.revision = Some(revisions.newest);
                it.history = revisions.history;
                it.rollout = Some(revisions.rollout);
            }
            Detail::Rolling(rolling) => {
                let of_pods = self.of_pods(rolling, uid, namespace);
                let (newest, history, rollout) = rolling.revisions(work, of_pods);
                (it.revision, it.history, it.rollout) = (newest, history, Some(rollout));
                it.hindrance = self.hindrance(&it.key, rolling.short);
            }
            Detail::Timed(zone) => {
                let runs: Vec<_> = self
                    .charges_of(uid, ApiKind::Jobs)
                    .filter_map(|name| self.shelves.run(namespace, name, ""))
                    .collect();
                let succeeded = runs.iter().filter_map(|run| run.succeeded).max();
                let well = succeeded.max(it.schedule.as_ref().and_then(|it| it.last_success));
                it.job = jobs::last_failure(runs.into_iter(), well);
                it.schedule = it.schedule.map(|schedule| jobs::timed(schedule, zone, succeeded, it.created));
            }
        }
        it
    }

    /// What a controller said when it could not make instances, for as long as some are lacking.
    fn hindrance(&self, key: &Ref, short: bool) -> Option<Box<crate::domain::Hindrance>> {
        self.recall.hindrance(key).filter(|_| short).map(|it| Box::new(it.clone()))
    }

    /// Where an Argo CD application has its definition.
    fn place(&self, work: &Work, it: &mut Workload) {
        let Some(app) = &work.app else { return };
        let mut of_name: Vec<(&Name, &Entry)> = self
            .shelves
            .all(ApiKind::ArgoApplications)
            .filter(|(_, name, _)| *name == app)
            .map(|(namespace, _, entry)| (namespace, entry))
            .collect();
        of_name.sort_unstable_by_key(|(namespace, _)| *namespace);
        let Some(Record::App(known)) = of_name.first().map(|(_, entry)| &entry.record) else { return };
        let place = known.base.place.as_ref().map_or_else(String::new, |place| format!(": {place}"));
        let heals = if known.heals { ", which puts back what is changed by hand" } else { "" };
        it.defined_in = Some(Text::from(format!("application {app}{heals}{place}")));
    }

    fn charges_of(&self, uid: &Name, kind: ApiKind) -> impl Iterator<Item = &Name> {
        self.charges.get(uid).into_iter().flatten().filter(move |(of, _)| *of == kind).map(|(_, name)| name)
    }

    fn sets(&self, uid: &Name, namespace: &Name) -> Vec<&super::deploy::Replica> {
        self.charges_of(uid, ApiKind::ReplicaSets).filter_map(|set| self.shelves.replica(namespace, set, "")).collect()
    }

    /// What the pods of a StatefulSet or a DaemonSet tell of it.
    fn of_pods(&self, rolling: &Rolling, uid: &Name, namespace: &Name) -> OfPods {
        let mut pods: Vec<&Pod> =
            self.charges_of(uid, ApiKind::Pods).filter_map(|pod| self.shelves.pod(namespace, pod)).collect();
        pods.sort_unstable_by_key(|pod| (std::cmp::Reverse(pod.generation), &pod.hash));
        let youngest = pods.iter().filter_map(|pod| pod.created.at()).max();
        if rolling.generation == 0 {
            return OfPods { youngest, ..OfPods::default() };
        }
        let newest = pods.iter().find(|pod| pod.generation == rolling.generation).and_then(|pod| pod.hash.clone());
        let former = pods.iter().find(|pod| pod.generation != rolling.generation).and_then(|pod| pod.hash.clone());
        OfPods { newest, former, youngest }
    }

    /// Whether a Service leads to what has these labels. That there is none is known only where Services are.
    pub(super) fn exposure(&self, namespace: &Name, labels: &Labels) -> Exposure {
        let mut services = self.shelves.here(ApiKind::Services, namespace);
        let leads = |entry: &Entry| matches!(&entry.record, Record::Service(it) if selects(&it.selector, labels));
        if services.any(|(_, entry)| leads(entry)) {
            return Exposure::Yes;
        }
        if self.sources.knows(ApiKind::Services, namespace) { Exposure::No } else { Exposure::Unknown }
    }

    fn behind(&self, namespace: &Name, service: &Name) -> Behind {
        let slices = self.shelves.here(ApiKind::EndpointSlices, namespace);
        Behind::of(slices.filter_map(|(_, entry)| match &entry.record {
            Record::Slice(slice) if slice.service == *service => Some(&**slice),
            _ => None,
        }))
    }

    fn is_named(&self, namespace: &Name, service: &Name) -> bool {
        self.entrances_of(namespace, service).any(|(.., it)| it.outside)
    }

    fn entrance(&self, it: &Entrance, namespace: &Name, name: &Name) -> Endpoint {
        let (mut serves, mut behind) = (Vec::new(), Behind::default());
        for (at, service) in &it.services {
            behind = behind.and(self.behind(at, service));
            let mut alone = true;
            if let Some(Record::Service(service)) = self.record(ApiKind::Services, at, service) {
                self.each_workload(at, |key, labels| {
                    if selects(&service.selector, labels) {
                        alone = false;
                        serves.push(key.clone());
                    }
                });
            }
            // What is not there, or has nothing of ours behind it, stands for itself.
            if alone {
                serves.push(self.key(Kind::Endpoint, at, service));
            }
        }
        serves.sort_unstable();
        serves.dedup();
        Endpoint {
            key: self.key(it.kind, namespace, name),
            serves,
            ready: behind.ready,
            not_ready: behind.not_ready,
            selector: it.in_words(),
            exposure: if it.outside { Exposure::Yes } else { Exposure::No },
            pool: false,
            check: None,
        }
    }

    fn show_autoscaler(&self, namespace: &Name, name: &Name) -> Option<(u16, Object)> {
        if let Some(entry) = self.shelves.get(ApiKind::ScaledObjects, namespace, name)
            && let Record::Scaled(it) = &entry.record
        {
            let mut of = self.shelves.here(ApiKind::HorizontalPodAutoscalers, namespace);
            let numbers = of.find_map(|(_, entry)| match &entry.record {
                Record::Scaling(scaling) if scaling.keda.as_ref() == Some(name) => Some(&scaling.base),
                _ => None,
            });
            let it = govern::with_numbers((**it).clone(), numbers);
            return Some((entry.source, Object::Autoscaler(Box::new(it))));
        }
        let entry = self.shelves.get(ApiKind::HorizontalPodAutoscalers, namespace, name)?;
        let Record::Scaling(it) = &entry.record else { return None };
        let keda = it.keda.as_ref().and_then(|keda| self.shelves.get(ApiKind::ScaledObjects, namespace, keda));
        keda.is_none().then(|| (entry.source, Object::Autoscaler(Box::new(it.base.clone()))))
    }

    fn show_namespace(&self, name: &Name) -> Option<(u16, Object)> {
        let (source, mut it) = match self.shelves.get(ApiKind::Namespaces, "", name) {
            Some(Entry { source, record: Record::Namespace(it), .. }) => (*source, (**it).clone()),
            Some(_) => return None,
            None => self.namespace_by_quotas(name)?,
        };
        for (_, quotas) in self.shelves.here(ApiKind::ResourceQuotas, name) {
            if let Record::Quotas(quotas) = &quotas.record {
                it.quotas.extend(quotas.iter().cloned());
            }
        }
        it.quotas.sort_unstable_by(|a, b| (&a.name, &a.resource).cmp(&(&b.name, &b.resource)));
        Some((source, Object::Namespace(Box::new(it))))
    }

    /// Hands over every workload of a namespace, with the labels of its pods.
    pub(super) fn each_workload(&self, namespace: &Name, mut with: impl FnMut(&Ref, &Labels)) {
        let of = |kind| self.shelves.here(kind, namespace).map(|(_, entry)| &entry.record);
        for kind in WORKS.into_iter().chain([ApiKind::ReplicaSets, ApiKind::Jobs]) {
            for record in of(kind) {
                match record {
                    Record::Work(work) => with(&work.base.key, &work.labels),
                    Record::Replica(set) => set.work.iter().for_each(|work| with(&work.base.key, &work.labels)),
                    Record::Run(run) if run.cron().is_none() => with(&run.work.base.key, &run.work.labels),
                    _ => {}
                }
            }
        }
        for name in self.alone.get(namespace).into_iter().flatten() {
            if let Some(work) = self.shelves.pod(namespace, name).and_then(|pod| pod.alone.as_ref()) {
                with(&work.base.key, &work.labels);
            }
        }
    }

    /// The keys of all workloads.
    pub(super) fn workloads(&self) -> Vec<Ref> {
        let mut keys = Vec::new();
        for namespace in self.shelves.namespaces() {
            self.each_workload(&namespace, |key, _| keys.push(key.clone()));
        }
        keys
    }
}

/// Of which kind the record of a shown object is.
pub(super) fn api_kind(kind: Kind) -> Option<ApiKind> {
    Some(match kind {
        Kind::Deployment => ApiKind::Deployments,
        Kind::StatefulSet => ApiKind::StatefulSets,
        Kind::DaemonSet => ApiKind::DaemonSets,
        Kind::ReplicaSet => ApiKind::ReplicaSets,
        Kind::Job => ApiKind::Jobs,
        Kind::CronJob => ApiKind::CronJobs,
        Kind::ArgoRollout => ApiKind::ArgoRollouts,
        Kind::BarePod | Kind::Pod => ApiKind::Pods,
        Kind::Node => ApiKind::Nodes,
        Kind::NodeClaim => ApiKind::NodeClaims,
        Kind::Volume => ApiKind::PersistentVolumeClaims,
        Kind::Endpoint => ApiKind::Services,
        Kind::Ingress => ApiKind::Ingresses,
        Kind::HttpRoute => ApiKind::HttpRoutes,
        Kind::GrpcRoute => ApiKind::GrpcRoutes,
        Kind::Budget => ApiKind::PodDisruptionBudgets,
        Kind::ConfigMap => ApiKind::ConfigMaps,
        Kind::Secret => ApiKind::Secrets,
        Kind::Application => ApiKind::ArgoApplications,
        _ => return None,
    })
}
