//! What happened is told once it is known to whom: a pod is heard of before the ReplicaSet that tells whose it is, and an event
//! before the pod.

use crate::domain::{Fact, Kind, Name, Occurrence, Ref};

use super::super::kinds::ApiKind;
use super::super::wire::meta::Meta;
use super::super::wire::rest::Happened;
use super::happen::{self, Whom};
use super::owner::owned;
use super::shelf::{Entry, Record};
use super::work::Detail;
use super::{Book, event};

/// Whom something happened to hangs on these; and what it was, on events.
const TELLING: [ApiKind; 9] = [
    ApiKind::Events,
    ApiKind::HorizontalPodAutoscalers,
    ApiKind::Pods,
    ApiKind::ReplicaSets,
    ApiKind::Jobs,
    ApiKind::CronJobs,
    ApiKind::Deployments,
    ApiKind::StatefulSets,
    ApiKind::DaemonSets,
];
/// So long an event waits for the pod that it is about, seconds.
const PATIENCE: i64 = 10;

impl Book {
    /// Takes in an event: what it explains at once, what it tells when it is known to whom.
    pub(super) fn hear_event(&mut self, uid: &str, meta: &Meta, it: &Happened) {
        let Some(said) = event::Said::read(&mut self.scribe, uid, meta, it) else { return };
        if let Some(key) = said.explain(&mut self.scribe, &mut self.recall) {
            if key.kind == Kind::Pod && said.ends_a_run() {
                self.forget_telling(&key);
            }
            // Of a former incarnation nothing is shown any more.
            let other = key.kind == Kind::Pod && said.is_of_another(&self.shelves);
            if !other {
                self.desk.mark(key, false);
            }
        }
        self.waiting.push((said, self.now));
        if self.recall.is_crowded(self.shelves.count(ApiKind::Pods)) {
            self.forget_strangers();
        }
    }

    /// Its last end has another meaning than was told.
    fn forget_telling(&mut self, key: &Ref) {
        let namespace = key.namespace.clone().unwrap_or_else(|| Name::new(""));
        if let Some(Entry { record: Record::Pod(pod), .. }) = self.shelves.get_mut(ApiKind::Pods, &namespace, &key.name)
        {
            pod.untell();
            self.desk.news(key.clone());
        }
    }

    fn knows_whom(&self) -> bool {
        TELLING.iter().all(|kind| self.sources.settled(*kind))
    }

    /// Tells what happened and was not told.
    pub(super) fn tell_all(&mut self, out: &mut Vec<Fact>) {
        let mut told = std::mem::take(&mut self.news);
        if self.knows_whom() {
            for key in self.desk.take_untold() {
                told.extend(if key.kind == Kind::Pod { self.tell_pod(&key) } else { self.tell_workload(&key) });
            }
            told.extend(self.tell_events());
        }
        let began = self.began;
        out.extend(told.into_iter().map(|mut it| {
            it.origin = happen::origin(it.last, began);
            Fact::Occurred(Box::new(it))
        }));
    }

    fn tell_pod(&mut self, key: &Ref) -> Vec<Occurrence> {
        let namespace = key.namespace.clone().unwrap_or_else(|| Name::new(""));
        let Some(entry) = self.shelves.get(ApiKind::Pods, &namespace, &key.name) else { return Vec::new() };
        let news = self.news_of(key, &namespace, entry);
        if let Some(Entry { record: Record::Pod(pod), .. }) = self.shelves.get_mut(ApiKind::Pods, &namespace, &key.name)
        {
            pod.tell();
        }
        news
    }

    /// A pod is gone; what was not told of it is told now, as well as can be.
    pub(super) fn tell_last(&mut self, key: &Ref, entry: &Entry) {
        self.desk.no_news(key);
        let namespace = key.namespace.clone().unwrap_or_else(|| Name::new(""));
        let news = self.news_of(key, &namespace, entry);
        self.news.extend(news);
    }

    fn news_of(&self, key: &Ref, namespace: &Name, entry: &Entry) -> Vec<Occurrence> {
        let Record::Pod(pod) = &entry.record else { return Vec::new() };
        if !pod.has_news() {
            return Vec::new();
        }
        let owned = owned(&self.shelves, &self.scribe, namespace, &key.name, pod);
        let whom = Whom { key: key.clone(), uid: &entry.uid, pod, owned };
        whom.news(&self.recall, self.recall.of(&entry.uid, self.now.as_second()))
    }

    /// A revision that is new, a Job that gave up.
    fn tell_workload(&mut self, key: &Ref) -> Vec<Occurrence> {
        let namespace = key.namespace.clone().unwrap_or_else(|| Name::new(""));
        if key.kind == Kind::Job {
            return self.tell_job(key, &namespace).into_iter().collect();
        }
        let Some(kind) = super::show::api_kind(key.kind) else { return Vec::new() };
        let revision = match self.show(key) {
            Some((_, crate::domain::Object::Workload(it))) => it.revision,
            _ => None,
        };
        let Some(Entry { record: Record::Work(work), uid, .. }) = self.shelves.get_mut(kind, &namespace, &key.name)
        else {
            return Vec::new();
        };
        // Since when it is the newest may not be known yet, or never.
        let Some(revision) = revision.filter(|it| it.at.is_some() && work.told.as_ref() != Some(&it.id)) else {
            return Vec::new();
        };
        work.told = Some(revision.id.clone());
        happen::deployed(key, uid, &revision).into_iter().collect()
    }

    fn tell_job(&mut self, key: &Ref, namespace: &Name) -> Option<Occurrence> {
        let workload = {
            let run = self.shelves.run(namespace, &key.name, "")?;
            run.workload(&self.scribe, namespace, &key.name)
        };
        let entry = self.shelves.get_mut(ApiKind::Jobs, namespace, &key.name)?;
        let Record::Run(run) = &mut entry.record else { return None };
        let (said, at) = run.failed.clone().filter(|_| !run.told)?;
        run.told = true;
        Some(happen::job_failed(workload, key.clone(), &entry.uid, &said, at))
    }

    /// Marks a workload of which something may be new.
    pub(super) fn may_tell(&mut self, kind: ApiKind, namespace: &Name, name: &Name) {
        let key = match self.record(kind, namespace, name) {
            Some(Record::Work(work)) if matches!(work.detail, Detail::Deploying(_) | Detail::Rolling(_)) => {
                work.base.key.clone()
            }
            Some(Record::Run(run)) if run.failed.is_some() && !run.told => self.key(Kind::Job, namespace, name),
            Some(Record::Replica(set)) if set.work.is_none() => set.workload(&self.scribe, namespace, name),
            _ => return,
        };
        self.desk.news(key);
    }

    fn tell_events(&mut self) -> Vec<Occurrence> {
        let mut told = Vec::new();
        for (said, heard) in std::mem::take(&mut self.waiting) {
            let Some(whom) = said.whom(&self.shelves, &mut self.scribe) else { continue };
            let waits = said.is_of_pod() && whom.workload.is_none();
            if waits && self.now.as_second() - heard.as_second() < PATIENCE {
                self.waiting.push((said, heard));
                continue;
            }
            told.extend(said.occurrence(&whom));
        }
        told
    }
}
