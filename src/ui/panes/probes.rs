//! Health checks that fail now. Those of one workload are one row.

use std::collections::BTreeSet;

use super::super::glyphs;
use super::super::screen::RowKey;
use super::super::sort::SortKey;
use super::super::text::Phrase;
use super::super::theme::Ink;
use super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::{Ctx, Rows, cluster_cell, name_cell};
use crate::diagnose::UNHEALTHY;
use crate::domain::words::{many, seconds_between};
use crate::domain::{
    HealthStatus, Instance, Occurrence, OccurrenceKind, Probe, ProbeKind, Ref, Text, Timestamp, Workload,
};

pub(super) struct Probes<'c>(pub &'c Ctx<'c>);

/// A probe of an instance that is not ready, and that failed so recently, fails now, seconds.
const RECENT: i64 = 600;

/// What is known of a workload's failing checks.
#[derive(Default)]
struct Failing {
    instances: u32,
    all: u32,
    streak: u32,
    output: Option<Text>,
    since: Option<Timestamp>,
}

impl Failing {
    fn add(&mut self, output: Option<&Text>, streak: u32, since: Option<Timestamp>) {
        self.instances += 1;
        if streak >= self.streak {
            self.streak = streak;
            self.output = output.cloned().or(self.output.take());
        }
        self.since = match (self.since, since) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
}

impl Probes<'_> {
    /// Workloads whose checks a finding or an event speaks of: all instances are never looked through.
    fn candidates(&self) -> BTreeSet<&Ref> {
        let diagnosis = &self.0.model.diagnosis;
        let incidents = diagnosis.incidents().iter().chain(diagnosis.accepted());
        let told = incidents.flat_map(|it| {
            let dragged = it.symptoms.iter().map(|symptom| (symptom.rule, &symptom.about));
            std::iter::once((it.rule, &it.subject)).chain(dragged)
        });
        let told = told.filter(|(rule, _)| *rule == UNHEALTHY).map(|(_, key)| key);
        let failed = self.0.model.view.occurrences().filter(|it| it.kind == OccurrenceKind::ProbeFailure);
        told.chain(failed.map(|it| it.workload.as_ref().unwrap_or(&it.subject))).collect()
    }

    fn last_failure(&self, workload: &Ref, instance: &Ref) -> Option<&Occurrence> {
        let failures = self.0.model.view.occurrences_of(workload).rev();
        failures.into_iter().find(|it| it.kind == OccurrenceKind::ProbeFailure && it.subject == *instance)
    }

    fn failing(&self, key: &Ref) -> Option<Failing> {
        let mut failing = Failing::default();
        for instance in self.0.model.view.instances_of(key).filter(|it| !it.phase.ended()) {
            failing.all += 1;
            if let Some(health) = unhealthy(instance) {
                failing.add(health.output.as_ref(), health.streak, health.since);
            } else if !instance.ready {
                let recent = |it: &&Occurrence| seconds_between(it.last, self.0.clock.now) < RECENT;
                if let Some(it) = self.last_failure(key, &instance.key).filter(recent) {
                    failing.add(it.text.as_ref(), it.count, Some(it.first));
                }
            }
        }
        (failing.instances > 0).then_some(failing)
    }
}

/// A registry keeps the last result alone: how many failed before it is not known.
fn in_a_row(streak: u32) -> Phrase {
    if streak == 0 { Phrase::dim("?") } else { Phrase::text(streak.to_string()) }
}

fn unhealthy(instance: &Instance) -> Option<&crate::domain::Health> {
    let all = instance.containers.iter().filter_map(|container| container.health.as_deref());
    all.into_iter().find(|health| health.status == HealthStatus::Unhealthy)
}

fn probe_of(workload: &Workload) -> Option<&Probe> {
    let all = || workload.containers.iter().flat_map(|container| container.probes.iter());
    all().find(|probe| matches!(probe.kind, ProbeKind::Readiness | ProbeKind::Health)).or_else(|| all().next())
}

/// What the failing of a probe does, in a word.
pub(in crate::ui) const fn probe_word(kind: ProbeKind) -> &'static str {
    match kind {
        ProbeKind::Liveness => "liveness",
        ProbeKind::Readiness => "readiness",
        ProbeKind::Startup => "startup",
        ProbeKind::Health => "health",
        ProbeKind::Service => "service",
    }
}

impl Rows for Probes<'_> {
    fn keys(&self) -> Vec<RowKey> {
        let failing = self.candidates().into_iter().filter_map(|key| Some((key, self.failing(key)?)));
        let mut failing: Vec<_> = failing.collect();
        failing.sort_by_key(|(key, it)| {
            let serving = it.all > it.instances;
            (serving, std::cmp::Reverse(it.since), *key)
        });
        failing.into_iter().map(|(key, _)| RowKey::Object(key.clone())).collect()
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            self.0.where_column(),
            words("what", Room::Fits(8, 26), 9),
            numbers("failing", 8, 8),
            words("check", Room::Fits(6, 20), 5),
            words("last output", Room::Rest(30), 9),
            numbers("in a row", 8, 4),
            numbers("since", 5, 7),
        ]
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let RowKey::Object(key) = key else { return None };
        match column {
            "failing" => self.failing(key).map(|it| SortKey::share(it.instances, Some(it.all))),
            "in a row" => self.failing(key).map(|it| SortKey::count(it.streak)),
            "since" => self.failing(key).map(|it| SortKey::age(it.since)),
            _ => None,
        }
    }

    fn row(&self, key: &RowKey) -> Option<Row> {
        let RowKey::Object(key) = key else { return None };
        let failing = self.failing(key)?;
        let workload = self.0.model.view.workload(key);
        let check = workload.and_then(probe_of).map_or_else(Phrase::default, |probe| {
            Phrase::of(Ink::Text, probe_word(probe.kind)).and(Ink::Dim, format!(" {}", probe.what))
        });
        let output = match &failing.output {
            Some(output) => Phrase::text(output.as_str()),
            None => Phrase::dim("it printed nothing"),
        };
        let mark = match self.0.incident_on(key) {
            Some(incident) => glyphs::of_incident(incident),
            None => (glyphs::WARNING, Ink::Warning),
        };
        Some(Row::new(
            mark,
            vec![
                cluster_cell(self.0, key),
                name_cell(key),
                Phrase::text(format!("{}/{}", failing.instances, failing.all)),
                check,
                output,
                in_a_row(failing.streak),
                Phrase::text(failing.since.map(|at| self.0.clock.age(at)).unwrap_or_default()),
            ],
        ))
    }

    fn empty(&self) -> Vec<Phrase> {
        let workloads = self.0.model.view.workloads();
        let (mut all, mut without) = (0, 0);
        for workload in workloads {
            all += 1;
            without += u64::from(workload.containers.iter().all(|container| container.probes.is_empty()));
        }
        let mut lines = vec![Phrase::of(Ink::Good, "No health check fails now.")];
        if without > 0 {
            let (have, many) = (if without == 1 { "has" } else { "have" }, many(all, "workload"));
            lines
                .push(Phrase::text(format!("{without} of {many} {have} no check: whether they serve cannot be told.")));
        }
        lines
    }
}
