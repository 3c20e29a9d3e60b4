//! What of others changes with a record.

use crate::domain::{Kind, Name, Ref};

use super::super::kinds::ApiKind;
use super::Book;
use super::owner::Controller;
use super::pods::Pod;
use super::scribe::Second;
use super::select::{Labels, selects};
use super::shelf::{Entry, Record};
use super::traffic::Entrance;

/// A record of one object before and now.
struct Change<'a> {
    namespace: &'a Name,
    name: &'a Name,
    before: Option<&'a Record>,
    now: Option<&'a Record>,
}

impl<'a> Change<'a> {
    fn both(&self) -> impl Iterator<Item = &'a Record> + use<'a> {
        self.before.into_iter().chain(self.now)
    }
}

impl Book {
    /// The keys of what is shown of a record.
    pub(super) fn shown(&self, kind: ApiKind, namespace: &Name, name: &Name) -> Vec<Ref> {
        self.record(kind, namespace, name).map_or_else(Vec::new, |it| self.keys(it, namespace, name))
    }

    fn keys(&self, record: &Record, namespace: &Name, name: &Name) -> Vec<Ref> {
        let one = |kind| vec![self.key(kind, namespace, name)];
        match record {
            Record::Pod(pod) if pod.alone.is_some() => {
                let alone = pod.alone.as_ref().map(|work| work.base.key.clone());
                [self.key(Kind::Pod, namespace, name)].into_iter().chain(alone).collect()
            }
            Record::Pod(_) => one(Kind::Pod),
            Record::Replica(it) if it.work.is_some() => one(Kind::ReplicaSet),
            Record::Run(it) if it.cron().is_none() => one(Kind::Job),
            Record::Work(it) => vec![it.base.key.clone()],
            Record::Service(_) => one(Kind::Endpoint),
            Record::Entrance(it) => one(it.kind),
            Record::Scaling(_) | Record::Scaled(_) => one(Kind::Autoscaler),
            Record::Bounds(_) => one(Kind::Budget),
            Record::Node(it) => vec![it.key.clone()],
            Record::Volume(it) => vec![it.key.clone()],
            Record::Namespace(it) => vec![it.key.clone()],
            Record::Config(it) => vec![it.key.clone()],
            Record::App(it) => vec![it.base.key.clone()],
            Record::Replica(_) | Record::Run(_) | Record::Slice(_) | Record::Quotas(_) => Vec::new(),
        }
    }

    /// A record is there or is different; marks what of others changes with it.
    pub(super) fn changed(&mut self, kind: ApiKind, namespace: &Name, name: &Name, before: Option<&Entry>) {
        let now = self.shelves.get(kind, namespace, name);
        let (now_uid, now) = now.map_or((None, None), |it| (Some(it.uid.clone()), Some(&it.record)));
        let change = Change { namespace, name, before: before.map(|it| &it.record), now };
        let mut touched = self.touched(kind, &change);
        // What was shown of it before may not be any more: somebody adopted it.
        touched.extend(before.into_iter().flat_map(|it| self.keys(&it.record, namespace, name)));
        let uids = before.map(|it| &it.uid).into_iter().chain(&now_uid);
        uids.for_each(|uid| touched.extend(self.touched_charges(&change, uid)));
        let news = matches!(now, Some(Record::Pod(pod)) if pod.has_news());
        let owners = (owner(change.before).map(|it| it.uid.clone()), owner(now).map(|it| it.uid.clone()));
        let alone = matches!(now, Some(Record::Pod(pod)) if pod.alone.is_some());
        if kind == ApiKind::Pods {
            self.keep_alone(namespace, name, alone);
            if let Some(before) = before.filter(|it| Some(&it.uid) != now_uid.as_ref()) {
                self.recall.forget(&before.uid);
            }
        }
        self.keep_charge(kind, name, owners);
        if news {
            self.desk.news(self.scribe.key(Kind::Pod, namespace, name));
        }
        self.may_tell(kind, namespace, name);
        touched.into_iter().for_each(|key| self.desk.mark(key, false));
    }

    /// A record was taken out; marks it, and what of others changes with it.
    pub(super) fn lost(&mut self, kind: ApiKind, namespace: &Name, name: &Name, entry: Entry) {
        for key in self.keys(&entry.record, namespace, name) {
            match key.kind {
                Kind::Pod => {
                    self.tell_last(&key, &entry);
                    self.desk.lost_pod(key, entry.source);
                }
                _ => {
                    self.recall.forget_object(&key);
                    self.desk.mark(key, false);
                }
            }
        }
        self.changed(kind, namespace, name, Some(&entry));
    }

    fn keep_alone(&mut self, namespace: &Name, name: &Name, alone: bool) {
        if alone {
            self.alone.entry(namespace.clone()).or_default().insert(name.clone());
        } else if let Some(here) = self.alone.get_mut(namespace) {
            here.remove(name);
        }
    }

    fn keep_charge(&mut self, kind: ApiKind, name: &Name, (before, now): (Option<Name>, Option<Name>)) {
        if before == now {
            return;
        }
        if let Some(owner) = before
            && let Some(of) = self.charges.get_mut(&owner)
        {
            of.remove(&(kind, name.clone()));
            if of.is_empty() {
                self.charges.remove(&owner);
            }
        }
        if let Some(owner) = now {
            self.charges.entry(owner).or_default().insert((kind, name.clone()));
        }
    }

    fn touched(&self, kind: ApiKind, it: &Change<'_>) -> Vec<Ref> {
        let here = |kind, name: &Name| self.key(kind, it.namespace, name);
        match kind {
            ApiKind::Pods => {
                let mut keys = self.rolling(it);
                keys.extend(it.both().filter_map(|record| match record {
                    Record::Pod(pod) => self.stood_in_for(it.namespace, it.name, pod),
                    _ => None,
                }));
                keys.extend(self.pickers(it));
                keys
            }
            ApiKind::ReplicaSets => {
                let owners = it.both().filter_map(|record| match record {
                    Record::Replica(set) if set.work.is_none() => {
                        Some(set.workload(&self.scribe, it.namespace, it.name))
                    }
                    _ => None,
                });
                owners.chain(self.pickers(it)).collect()
            }
            ApiKind::Jobs => {
                let crons = it.both().filter_map(|record| match record {
                    Record::Run(run) => run.cron().map(|cron| here(Kind::CronJob, cron)),
                    _ => None,
                });
                crons.chain(self.pickers(it)).collect()
            }
            ApiKind::CronJobs => {
                let mut keys = self.pickers(it);
                keys.extend(self.by_the_name_of(it));
                keys
            }
            ApiKind::Deployments | ApiKind::StatefulSets | ApiKind::DaemonSets | ApiKind::ArgoRollouts => {
                self.pickers(it)
            }
            ApiKind::ArgoApplications => self.of_app(it),
            ApiKind::Services => self.of_service(it),
            ApiKind::EndpointSlices => it
                .both()
                .filter_map(|record| match record {
                    Record::Slice(slice) => Some(&slice.service),
                    _ => None,
                })
                .flat_map(|service| self.ways_in(it.namespace, service))
                .collect(),
            ApiKind::Ingresses | ApiKind::HttpRoutes | ApiKind::GrpcRoutes => {
                let services = it.both().flat_map(|record| match record {
                    Record::Entrance(it) => it.services.as_slice(),
                    _ => &[],
                });
                services.map(|(namespace, service)| self.key(Kind::Endpoint, namespace, service)).collect()
            }
            ApiKind::HorizontalPodAutoscalers => it
                .both()
                .filter_map(|record| match record {
                    Record::Scaling(scaling) => scaling.keda.as_ref().map(|keda| here(Kind::Autoscaler, keda)),
                    _ => None,
                })
                .collect(),
            ApiKind::ScaledObjects => {
                let of = self.shelves.here(ApiKind::HorizontalPodAutoscalers, it.namespace);
                let of = of.filter(|(_, entry)| {
                    matches!(&entry.record, Record::Scaling(scaling) if scaling.keda.as_ref() == Some(it.name))
                });
                of.map(|(name, _)| here(Kind::Autoscaler, name)).collect()
            }
            ApiKind::ResourceQuotas => vec![self.key(Kind::Namespace, &Name::new(""), it.namespace)],
            ApiKind::Nodes
            | ApiKind::NodeClaims
            | ApiKind::Events
            | ApiKind::PersistentVolumeClaims
            | ApiKind::PodDisruptionBudgets
            | ApiKind::Namespaces
            | ApiKind::ConfigMaps
            | ApiKind::Secrets => Vec::new(),
        }
    }

    /// Pods whose workload or revision hangs on what is in between.
    fn touched_charges(&self, it: &Change<'_>, uid: &Name) -> Vec<Ref> {
        let says = |record: Option<&Record>| match record {
            Some(Record::Replica(set)) => Some((set.workload(&self.scribe, it.namespace, it.name), set.number())),
            Some(Record::Run(run)) => Some((run.workload(&self.scribe, it.namespace, it.name), None)),
            _ => None,
        };
        let (before, now) = (says(it.before), says(it.now));
        // One that is gone takes its pods with it, and says nothing new of them.
        if now.is_none() || before == now {
            return Vec::new();
        }
        let pods = self.charges.get(uid).into_iter().flatten().filter(|(kind, _)| *kind == ApiKind::Pods);
        pods.map(|(_, name)| self.key(Kind::Pod, it.namespace, name)).collect()
    }

    /// Pods of a CronJob that has come, by the name of a Job that is not known.
    fn by_the_name_of(&self, cron: &Change<'_>) -> Vec<Ref> {
        if cron.before.is_some() {
            return Vec::new();
        }
        let of_it = |pod: &Pod| {
            let job = pod.owner.as_deref().filter(|owner| owner.kind == "Job");
            job.is_some_and(|job| job.name.rsplit_once('-').is_some_and(|(name, _)| *name == **cron.name))
        };
        let pods = self.shelves.here(ApiKind::Pods, cron.namespace);
        let pods = pods.filter(|(_, entry)| matches!(&entry.record, Record::Pod(pod) if of_it(pod)));
        pods.map(|(name, _)| self.key(Kind::Pod, cron.namespace, name)).collect()
    }

    /// Of a StatefulSet or a DaemonSet its pods tell how it gets on.
    fn rolling(&self, it: &Change<'_>) -> Vec<Ref> {
        let (before, now) = (of_rolling(it.before), of_rolling(it.now));
        if before == now {
            return Vec::new();
        }
        let sets = [before, now].into_iter().flatten();
        sets.map(|(kind, set, ..)| self.key(kind, it.namespace, set)).collect()
    }

    /// Services, Ingresses and budgets that pick by the labels of a workload that changed.
    fn pickers(&self, it: &Change<'_>) -> Vec<Ref> {
        let (before, now) = (labels(it.before), labels(it.now));
        if before == now {
            return Vec::new();
        }
        let each = || before.into_iter().chain(now);
        let mut keys = Vec::new();
        for (name, entry) in self.shelves.here(ApiKind::Services, it.namespace) {
            if let Record::Service(service) = &entry.record
                && each().any(|labels| selects(&service.selector, labels))
            {
                keys.extend(self.ways_in(it.namespace, name));
            }
        }
        for (name, entry) in self.shelves.here(ApiKind::PodDisruptionBudgets, it.namespace) {
            if let Record::Bounds(bounds) = &entry.record
                && bounds.picker.as_ref().is_some_and(|picker| each().any(|labels| picker.picks(labels)))
            {
                keys.push(self.key(Kind::Budget, it.namespace, name));
            }
        }
        keys
    }

    /// A Service, and what leads to it.
    fn ways_in(&self, namespace: &Name, service: &Name) -> Vec<Ref> {
        let mut keys = vec![self.key(Kind::Endpoint, namespace, service)];
        keys.extend(self.entrances_of(namespace, service).map(|(at, name, it)| self.key(it.kind, at, name)));
        keys
    }

    /// What leads to a Service, with where it lies: an Ingress beside it, a route anywhere.
    pub(super) fn entrances_of<'a>(
        &'a self,
        namespace: &'a Name,
        service: &'a Name,
    ) -> impl Iterator<Item = (&'a Name, &'a Name, &'a Entrance)> {
        let ingresses = self.shelves.here(ApiKind::Ingresses, namespace).map(move |(name, it)| (namespace, name, it));
        let routes = [ApiKind::HttpRoutes, ApiKind::GrpcRoutes].into_iter().flat_map(|kind| self.shelves.all(kind));
        ingresses.chain(routes).filter_map(move |(at, name, entry)| match &entry.record {
            Record::Entrance(it) if it.leads_to(namespace, service) => Some((at, name, &**it)),
            _ => None,
        })
    }

    fn of_service(&self, it: &Change<'_>) -> Vec<Ref> {
        let selectors: Vec<&Labels> = it
            .both()
            .filter_map(|record| match record {
                Record::Service(service) => Some(service.selector.as_slice()),
                _ => None,
            })
            .collect();
        let mut keys = self.ways_in(it.namespace, it.name);
        self.each_workload(it.namespace, |key, labels| {
            if selectors.iter().any(|selector| selects(selector, labels)) {
                keys.push(key.clone());
            }
        });
        keys
    }

    /// Of an application its workloads show where their definitions are, and no more.
    fn of_app(&self, it: &Change<'_>) -> Vec<Ref> {
        let placed = |record: Option<&Record>| match record {
            Some(Record::App(app)) => Some((app.base.place.clone(), app.heals)),
            _ => None,
        };
        if placed(it.before) == placed(it.now) {
            return Vec::new();
        }
        let app = it.name;
        let mut keys = Vec::new();
        for kind in super::show::WORKS {
            let all = self.shelves.all(kind);
            keys.extend(all.filter_map(|(.., entry)| match &entry.record {
                Record::Work(work) if work.app.as_ref() == Some(app) => Some(work.base.key.clone()),
                _ => None,
            }));
        }
        keys
    }
}

fn owner(record: Option<&Record>) -> Option<&Controller> {
    match record? {
        Record::Pod(it) => it.owner.as_deref(),
        Record::Replica(it) => it.owner.as_deref(),
        Record::Run(it) => it.owner.as_deref(),
        _ => None,
    }
}

/// Whose a pod is, of which revision, and when it was made.
type Rolled<'a> = (Kind, &'a Name, u32, Option<&'a Name>, Second);

fn of_rolling(record: Option<&Record>) -> Option<Rolled<'_>> {
    let Some(Record::Pod(pod)) = record else { return None };
    let owner = pod.owner.as_deref()?;
    let kind = match owner.kind.as_str() {
        "StatefulSet" => Kind::StatefulSet,
        "DaemonSet" => Kind::DaemonSet,
        _ => return None,
    };
    Some((kind, &owner.name, pod.generation, pod.hash.as_ref(), pod.created))
}

fn labels(record: Option<&Record>) -> Option<&Labels> {
    match record? {
        Record::Work(it) => Some(&it.labels),
        Record::Run(it) => it.cron().is_none().then_some(&*it.work.labels),
        Record::Replica(it) => it.work.as_ref().map(|work| &*work.labels),
        Record::Pod(it) => it.alone.as_ref().map(|work| &*work.labels),
        _ => None,
    }
}
