//! What runs on a schedule: when it last ran, and when it last ended well.

use super::super::super::every::Every;
use super::super::super::glyphs;
use super::super::super::screen::RowKey;
use super::super::super::sort::SortKey;
use super::super::super::text::Phrase;
use super::super::super::theme::Ink;
use super::super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::super::{Ctx, Rows, cluster_cell, name_cell};
use super::{in_order, none_of};
use crate::domain::{Kind, Timestamp, Workload};

pub(super) struct CronJobs<'c>(pub &'c Ctx<'c>);

impl<'c> CronJobs<'c> {
    fn all(&self) -> impl Iterator<Item = &'c Workload> {
        self.0.model.view.workloads().filter(|it| it.key.kind == Kind::CronJob)
    }
}

impl Rows for CronJobs<'_> {
    fn keys(&self) -> Vec<RowKey> {
        in_order(self.0, self.all().map(|it| &it.key))
    }

    fn count(&self) -> usize {
        self.all().count()
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            self.0.where_column(),
            words("name", Room::Fits(8, 34), 9),
            words("schedule", Room::Fits(9, 20), 8),
            numbers("runs", 4, 6),
            numbers("last run", 12, 7),
            numbers("last success", 12, 8),
            words("state", Room::Rest(12), 9),
            numbers("age", 4, 3),
        ]
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let RowKey::Object(key) = key else { return None };
        let view = self.0.model.view;
        let it = view.workload(key)?;
        let schedule = it.schedule.as_ref();
        match column {
            "runs" => Some(SortKey::count(view.instances_of(key).filter(|it| !it.phase.ended()).count())),
            "last run" => Some(SortKey::moment(schedule.and_then(|it| it.last_run))),
            "last success" => Some(SortKey::moment(schedule.and_then(|it| it.last_success))),
            "age" => Some(SortKey::age(it.created)),
            _ => None,
        }
    }

    fn row(&self, key: &RowKey) -> Option<Row> {
        let RowKey::Object(key) = key else { return None };
        let view = self.0.model.view;
        let it = view.workload(key)?;
        let schedule = it.schedule.as_ref();
        let when = |at: Option<Timestamp>| at.map(|at| self.0.clock.moment(at)).unwrap_or_default();
        let alive = view.instances_of(key).filter(|it| !it.phase.ended()).count();
        let state = match (self.0.incident_on(key), schedule) {
            (Some(incident), _) => Phrase::text(incident.summary.as_str()),
            (None, Some(schedule)) if schedule.suspended => Phrase::of(Ink::Strong, "suspended"),
            (None, _) if alive > 0 => Phrase::text("runs now"),
            (None, _) => Phrase::dim("waits for its time"),
        };
        let suspended = schedule.is_some_and(|schedule| schedule.suspended);
        let mark = match self.0.incident_on(key) {
            Some(incident) => glyphs::of_incident(incident),
            None if suspended => (glyphs::HELD, Ink::Text),
            None => (glyphs::NONE, Ink::Dim),
        };
        Some(Row::new(
            mark,
            vec![
                cluster_cell(self.0, key),
                name_cell(key),
                Phrase::text(schedule.map(|it| it.cron.to_string()).unwrap_or_default()),
                Phrase::text(if alive > 0 { alive.to_string() } else { String::new() }),
                Phrase::text(when(schedule.and_then(|it| it.last_run))),
                Phrase::text(when(schedule.and_then(|it| it.last_success))),
                state,
                Phrase::text(it.created.map(|at| self.0.clock.age(at)).unwrap_or_default()),
            ],
        ))
    }

    fn empty(&self) -> Vec<Phrase> {
        none_of(self.0, Every::CronJobs)
    }
}
