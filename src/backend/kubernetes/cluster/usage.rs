//! When use is measured, of what, and who is told.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::super::failure::Failure;
use super::super::usage::{self, Measured, Outcome, Use};
use super::{Cluster, Done};
use crate::domain::{Demand, Fact, Metric, Name, Ref, Sample, Text, Timestamp, Want};

/// However often somebody looks elsewhere, it is not measured more often.
const AT_MOST_EVERY: Duration = Duration::from_secs(2);
/// Namespaces whose pods are measured: more are not looked at by anybody at once.
const NAMESPACES: usize = 16;

/// What is known of measuring. It is never in trouble: where it is not served, or fails, there are no numbers.
#[derive(Default)]
pub(super) struct Usage {
    /// In which version it is served.
    version: Option<&'static str>,
    /// When to measure next; none while it is being measured.
    due: Option<Instant>,
    began: Option<Instant>,
    /// What may not be listed: `nodes`, `pods`.
    denied: BTreeSet<&'static str>,
    /// It is tried all the same, once.
    forgiven: bool,
    /// The namespaces that were measured last.
    measured: Vec<Name>,
}

impl Usage {
    /// When to measure next.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// What is denied, as rights name it.
    pub(super) fn denied(&self) -> impl Iterator<Item = Text> {
        self.denied.iter().map(|what| Text::from(format!("list {what}.metrics.k8s.io")))
    }

    /// What was denied is tried again.
    pub(super) fn forgive(&mut self) {
        self.forgiven = true;
    }
}

/// The objects of this cluster that somebody looks at.
fn looked_at<'a>(demand: &'a Demand, cluster: &'a crate::domain::ClusterId) -> impl Iterator<Item = &'a Ref> {
    let wanted = demand.wants.iter().filter_map(|want| match want {
        Want::Usage(key) => Some(key),
        _ => None,
    });
    wanted.chain(&demand.visible).filter(move |key| key.cluster == *cluster)
}

impl Cluster {
    /// It is known whether use is measured here.
    pub(super) fn may_measure(&mut self, version: Option<&'static str>) {
        self.usage.version = version;
        self.usage.due = version.and(self.usage.due.or_else(|| Some(Instant::now())));
    }

    /// Somebody looks at what was not measured: nobody waits half a minute for a number.
    pub(super) fn measure_sooner(&mut self) {
        if self.usage.due.is_some() && self.namespaces_looked_at().iter().any(|it| !self.usage.measured.contains(it)) {
            let soonest = self.usage.began.map_or_else(Instant::now, |began| began + AT_MOST_EVERY);
            self.usage.due = self.usage.due.map(|due| due.min(soonest));
        }
    }

    /// Namespaces in which somebody looks at something.
    fn namespaces_looked_at(&self) -> Vec<Name> {
        let demand = self.demand.borrow();
        let mut namespaces: Vec<Name> = Vec::new();
        for namespace in looked_at(&demand, &self.target.name).filter_map(|key| key.namespace.as_ref()) {
            if namespaces.len() < NAMESPACES && !namespaces.contains(namespace) {
                namespaces.push(namespace.clone());
            }
        }
        namespaces
    }

    /// Measures what is due, of what is known by then: before, there is nobody to tell it of.
    pub(super) fn measure_if_due(&mut self, now: Instant) {
        if self.usage.due.is_none_or(|due| due > now) {
            return;
        }
        let (Some(api), Some(version)) = (self.line.api.clone(), self.usage.version) else {
            self.usage.due = None;
            return;
        };
        let Some(nodes) = self.book.count_nodes() else {
            self.usage.due = Some(now + self.pace.retry_first);
            return;
        };
        let forgiven = std::mem::take(&mut self.usage.forgiven);
        let may = |what| forgiven || !self.usage.denied.contains(what);
        let nodes = nodes > 0 && may("nodes");
        let pods = if may("pods") { self.namespaces_looked_at() } else { Vec::new() };
        self.usage.measured = self.namespaces_looked_at();
        self.usage.began = Some(now);
        self.usage.due = None;
        self.jobs.spawn(async move { Done::Measured(Box::new(usage::measure(api, version, nodes, pods).await)) });
    }

    pub(super) fn measured(&mut self, measured: Measured) {
        let Measured { nodes, pods } = measured;
        let denied = self.usage.denied.clone();
        for (what, outcomes) in
            [("nodes", Vec::from_iter(nodes)), ("pods", pods)].into_iter().filter(|(_, outcomes)| !outcomes.is_empty())
        {
            let forbidden = |it: &Outcome| it.as_ref().is_err_and(Failure::is_forbidden);
            match outcomes.iter().all(forbidden) {
                true => self.usage.denied.insert(what),
                false => self.usage.denied.remove(what),
            };
            for outcome in outcomes {
                self.tell_used(what, outcome);
            }
        }
        if self.usage.denied != denied {
            self.tell_rights();
        }
        if self.usage.version.is_some() {
            self.usage.due = Some(Instant::now() + self.pace.use_every);
            self.measure_sooner();
        }
    }

    /// Tells what is used. That nothing is known is no trouble: what measures runs in the cluster, and is watched as all else.
    fn tell_used(&mut self, what: &'static str, outcome: Outcome) {
        let used = match outcome {
            Ok(used) => used,
            Err(failure) => return tracing::debug!(what, %failure, "use is not known"),
        };
        for it in used {
            let key = if what == "nodes" { self.book.node(&it.name) } else { self.pod_looked_at(&it) };
            self.tell_use(key, &it);
        }
    }

    /// A pod that somebody looks at, or whose workload they do. The others only cost.
    fn pod_looked_at(&self, it: &Use) -> Option<Ref> {
        let (pod, workload) = self.book.pod(&it.namespace, &it.name)?;
        let demand = self.demand.borrow();
        let looked = looked_at(&demand, &self.target.name).any(|key| *key == pod || *key == workload);
        looked.then_some(pod)
    }

    fn tell_use(&mut self, key: Option<Ref>, it: &Use) {
        let Some(key) = key else { return };
        let at = it.at.unwrap_or_else(Timestamp::now);
        let sample = |container: Option<&Name>, metric, value: u64| {
            let (subject, container) = (key.clone(), container.cloned());
            Fact::Measured(Sample { subject, container, metric, at, value: value as f64 })
        };
        self.facts.extend(it.memory_bytes.map(|bytes| sample(None, Metric::MemoryBytes, bytes)));
        self.facts.extend(it.cpu_millis.map(|millis| sample(None, Metric::CpuMillis, millis)));
        for part in &it.parts {
            let name = Name::new(&part.name);
            self.facts.extend(part.memory_bytes.map(|bytes| sample(Some(&name), Metric::MemoryBytes, bytes)));
            self.facts.extend(part.cpu_millis.map(|millis| sample(Some(&name), Metric::CpuMillis, millis)));
        }
    }
}
