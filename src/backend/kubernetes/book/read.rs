//! From an object that was read to what is remembered of it.

use crate::domain::{Desired, Kind, Name};

use super::super::kinds::ApiKind;
use super::super::wire::pod::{PodSpec, PodStatus};
use super::super::wire::{Both, Item, What};
use super::gitops::App;
use super::pods::Pod;
use super::shelf::Record;
use super::traffic::{Entrance, Service, Slice};
use super::work::{Detail, Who, Work};
use super::{Book, deploy, govern, jobs, nodes, rolling};

/// Names the Service that a slice belongs to (k8s.io/api/discovery/v1).
const SERVICE: &str = "kubernetes.io/service-name";

impl Book {
    /// What is remembered of an object; `before` is what was of the same incarnation. None of what is of no use.
    pub(super) fn read(
        &mut self,
        api: ApiKind,
        [namespace, name, uid]: [&Name; 3],
        item: &Item,
        before: Option<&Record>,
    ) -> Option<Record> {
        let Item { meta, what, .. } = item;
        let owner = self.controllers.of(&mut self.scribe, meta.controller());
        let scribe = &mut self.scribe;
        let kind = kind_of(api, what);
        let key = kind.map(|kind| scribe.key(kind, namespace, name));
        let who = || key.clone().map(|key| Who { key, uid, meta });
        let known_work = match before {
            Some(Record::Work(work)) => Some(&**work),
            _ => None,
        };
        let record = match what {
            What::Pod(it) => {
                let known = match before {
                    Some(Record::Pod(pod)) => Some(&**pod),
                    _ => None,
                };
                let mut pod = Pod::read(scribe, meta, it, owner, known);
                if is_alone(&pod) {
                    pod.alone = Some(Box::new(self.alone(namespace, name, uid, item)?));
                }
                return Some(Record::Pod(Box::new(pod)));
            }
            What::ReplicaSet(it) => Record::Replica(Box::new(deploy::Replica::read(scribe, who()?, it, owner))),
            What::Job(it) => {
                let known = match before {
                    Some(Record::Run(run)) => Some(&**run),
                    _ => None,
                };
                Record::Run(Box::new(jobs::job(scribe, who()?, it, owner, known)))
            }
            What::Deployment(it) => Record::Work(Box::new(deploy::deployment(scribe, who()?, it))),
            What::Rollout(it) => Record::Work(Box::new(deploy::rollout(scribe, who()?, it))),
            What::StatefulSet(it) => {
                Record::Work(Box::new(rolling::stateful_set(scribe, who()?, it, known_work, self.now)))
            }
            What::DaemonSet(it) => {
                Record::Work(Box::new(rolling::daemon_set(scribe, who()?, it, known_work, self.now)))
            }
            What::CronJob(it) => Record::Work(Box::new(jobs::cron_job(scribe, who()?, it))),
            What::Application(it) => Record::App(Box::new(App::read(scribe, key?, it))),
            What::Service(it) => Record::Service(Box::new(Service::read(scribe, &it.spec))),
            What::EndpointSlice(it) => Record::Slice(Box::new(Slice::read(scribe, it, meta.labels.get(SERVICE)?))),
            What::Ingress(it) => Record::Entrance(Box::new(Entrance::ingress(scribe, namespace, &it.spec))),
            What::Route(it) => Record::Entrance(Box::new(Entrance::route(scribe, kind?, namespace, &it.spec)?)),
            What::Node(it) => Record::Node(Box::new(nodes::node(scribe, key?, uid, meta, it))),
            What::NodeClaim(it) => Record::Node(Box::new(nodes::coming(scribe, key?, uid, meta, it)?)),
            What::Claim(it) => Record::Volume(Box::new(govern::claim(scribe, key?, it))),
            What::Budget(it) => Record::Bounds(Box::new(govern::Bounds::read(scribe, key?, it))),
            What::Autoscaler(it) => {
                Record::Scaling(Box::new(govern::Scaling::read(scribe, namespace, key?, meta, it)?))
            }
            What::Scaled(it) => Record::Scaled(Box::new(govern::scaled(scribe, namespace, key?, meta, it)?)),
            What::Quota(it) => Record::Quotas(govern::quotas(scribe, name, it)),
            What::Namespace(it) => Record::Namespace(Box::new(govern::namespace(key?, meta, it))),
            What::Config if is_given(name) => return None,
            What::Config => Record::Config(Box::new(govern::config(key?, meta))),
            What::Event(_) => return None,
        };
        Some(self.carried(record, known_work, meta.generation.0))
    }

    /// What is remembered of the workload before goes on; what changed of it while it was watched is news.
    fn carried(&mut self, mut record: Record, before: Option<&Work>, generation: i64) -> Record {
        if let (Record::Work(work), Some(before)) = (&mut record, before) {
            work.told.clone_from(&before.told);
            if let (Desired::Replicas(from), Desired::Replicas(to)) = (before.base.desired, work.base.desired)
                && from != to
            {
                let it = &work.base;
                self.news.push(super::happen::scaled(&it.key, &it.uid, generation, from, to, self.now));
            }
        }
        record
    }

    /// A pod that nothing else wants is its own workload.
    fn alone(&mut self, namespace: &Name, name: &Name, uid: &Name, item: &Item) -> Option<Work> {
        let What::Pod(it) = &item.what else { return None };
        let Both::<PodSpec, PodStatus> { spec, .. } = &**it;
        let meta = &item.meta;
        // Whoever made it, by a controller of which nothing is known here.
        let owner = meta.controller().filter(|owner| &*owner.kind != "Node");
        let key = match owner {
            Some(owner) => {
                let name = self.scribe.name(&owner.name);
                self.key(Kind::Custom, namespace, &name)
            }
            None => self.key(Kind::BarePod, namespace, name),
        };
        let uid = &owner.map_or_else(|| uid.clone(), |owner| Name::new(&owner.uid));
        let ends = matches!(&*spec.restart_policy, "Never" | "OnFailure");
        let desired = if ends { Desired::Completions(1) } else { Desired::Replicas(1) };
        let mut work = Work::new(&mut self.scribe, Who { key, uid, meta }, desired, &meta.labels, spec, &[]);
        // `kubectl run` and `kubectl debug` sign with their names.
        let by_hand = ["kubectl-run", "kubectl-debug"].iter().any(|hand| meta.managed.by.starts_with(hand));
        work.base.one_off = by_hand && ends;
        work.detail = Detail::Plain;
        if meta.notes.mirror {
            work.base.managed_by = Some(crate::domain::Text::new("a file on its node"));
        }
        Some(work)
    }
}

/// Whether nothing that is watched wants it.
fn is_alone(pod: &Pod) -> bool {
    let known = |kind: &str| matches!(kind, "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job");
    !pod.owner.as_deref().is_some_and(|owner| known(&owner.kind))
}

/// What every namespace is given, and what Helm writes down of each release: nobody's configuration.
fn is_given(name: &str) -> bool {
    name == "kube-root-ca.crt" || name.starts_with("sh.helm.release.v1.")
}

/// As what an object is shown.
fn kind_of(api: ApiKind, what: &What) -> Option<Kind> {
    Some(match what {
        What::Pod(_) => Kind::Pod,
        What::Deployment(_) => Kind::Deployment,
        What::ReplicaSet(_) => Kind::ReplicaSet,
        What::StatefulSet(_) => Kind::StatefulSet,
        What::DaemonSet(_) => Kind::DaemonSet,
        What::Job(_) => Kind::Job,
        What::CronJob(_) => Kind::CronJob,
        What::Rollout(_) => Kind::ArgoRollout,
        What::Node(_) => Kind::Node,
        What::NodeClaim(_) => Kind::NodeClaim,
        What::Service(_) => Kind::Endpoint,
        What::Ingress(_) => Kind::Ingress,
        What::Route(_) if api == ApiKind::GrpcRoutes => Kind::GrpcRoute,
        What::Route(_) => Kind::HttpRoute,
        What::Claim(_) => Kind::Volume,
        What::Budget(_) => Kind::Budget,
        What::Autoscaler(_) | What::Scaled(_) => Kind::Autoscaler,
        What::Namespace(_) => Kind::Namespace,
        What::Config if api == ApiKind::Secrets => Kind::Secret,
        What::Config => Kind::ConfigMap,
        What::Application(_) => Kind::Application,
        What::EndpointSlice(_) | What::Quota(_) | What::Event(_) => return None,
    })
}
