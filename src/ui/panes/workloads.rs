//! Everything that wants instances: what is troubled first.

use super::super::every::Every;
use super::super::glyphs;
use super::super::say;
use super::super::screen::RowKey;
use super::super::sort::SortKey;
use super::super::text::Phrase;
use super::super::theme::Ink;
use super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::every::none_of;
use super::{Ctx, Rows, cluster_cell, name_cell, short_image};
use crate::domain::{Desired, Instance, Workload};

pub(super) struct Workloads<'c> {
    ctx: &'c Ctx<'c>,
    /// Those of one list alone.
    every: Option<Every>,
}

impl<'c> Workloads<'c> {
    /// Of all kinds.
    pub const fn all(ctx: &'c Ctx<'c>) -> Self {
        Self { ctx, every: None }
    }

    /// Those of one list.
    pub const fn every(ctx: &'c Ctx<'c>, every: Every) -> Self {
        Self { ctx, every: Some(every) }
    }

    /// Whether its rows are of several kinds: a list of one kind names it in its title.
    fn is_mixed(&self) -> bool {
        self.every.is_none_or(|every| every.kinds().len() > 1)
    }

    fn workloads(&self) -> impl Iterator<Item = &'c Workload> {
        let view = self.ctx.model.view;
        let all = view.workloads().filter(move |it| !view.is_counted_elsewhere(&it.key));
        all.filter(|it| self.every.is_none_or(|every| every.kinds().contains(&it.key.kind)))
    }

    fn image(workload: &Workload) -> String {
        let first = workload.containers.first().map(|container| short_image(&container.image));
        match workload.containers.len() {
            0 | 1 => first.unwrap_or_default().to_owned(),
            n => format!("{} +{}", first.unwrap_or_default(), n - 1),
        }
    }
}

impl Rows for Workloads<'_> {
    fn keys(&self) -> Vec<RowKey> {
        let mut all: Vec<&Workload> = self.workloads().collect();
        all.sort_by_cached_key(|workload| {
            let key = &workload.key;
            (self.ctx.rank_of(key), key.cluster.clone(), key.namespace.clone(), key.name.clone(), key.kind)
        });
        all.into_iter().map(|workload| RowKey::Object(workload.key.clone())).collect()
    }

    fn count(&self) -> usize {
        self.workloads().count()
    }

    fn columns(&self) -> Vec<Column> {
        let mut columns = vec![self.ctx.where_column()];
        if self.is_mixed() {
            columns.push(words("kind", Room::Fits(4, 11), 5));
        }
        columns.extend([
            words("name", Room::Fits(8, 28), 9),
            numbers("ready", 7, 8),
            numbers("restarts", 8, 4),
            words("image", Room::Fits(8, 22), 6),
            words("state", Room::Rest(24), 9),
            numbers("age", 4, 3),
        ]);
        columns
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let RowKey::Object(key) = key else { return None };
        let view = self.ctx.model.view;
        let workload = view.workload(key)?;
        match column {
            "ready" => {
                let counts = view.counts(workload);
                Some(SortKey::share(counts.ready, counts.wanted))
            }
            "restarts" => Some(SortKey::count(view.instances_of(key).map(Instance::restarts).sum::<u32>())),
            "image" => Some(SortKey::text(&Self::image(workload))),
            "age" => Some(SortKey::age(workload.created)),
            _ => None,
        }
    }

    fn row(&self, key: &RowKey) -> Option<Row> {
        let RowKey::Object(key) = key else { return None };
        let view = self.ctx.model.view;
        let workload = view.workload(key)?;
        let counts = view.counts(workload);
        let ready = match counts.wanted {
            Some(wanted) => format!("{}/{wanted}", counts.ready),
            // What runs to its end is not meant to be ready all the time.
            None if matches!(workload.desired, Desired::Scheduled | Desired::Completions(_)) => String::new(),
            None => counts.ready.to_string(),
        };
        let restarts: u32 = view.instances_of(key).map(Instance::restarts).sum();
        let incident = self.ctx.incident_on(key);
        let followed = self.ctx.followed(key).map(|(_, said)| said);
        let state = match incident {
            _ if followed.is_some() => followed.unwrap_or_default(),
            Some(incident) if incident.subject == *key => Phrase::text(incident.summary.as_str()),
            Some(incident) => Phrase::text(format!("suffers from {}", incident.subject.local())),
            None => say::workload_state(&view, &self.ctx.clock, workload),
        };
        let ink = if counts.missing() > 0 { Ink::Strong } else { Ink::Text };
        let mut cells = vec![cluster_cell(self.ctx, key)];
        if self.is_mixed() {
            cells.push(Phrase::dim(key.kind.noun()));
        }
        cells.extend([
            name_cell(key),
            Phrase::of(ink, ready),
            Phrase::text(if restarts > 0 { restarts.to_string() } else { String::new() }),
            Phrase::text(Self::image(workload)),
            state,
            Phrase::text(workload.created.map(|at| self.ctx.clock.age(at)).unwrap_or_default()),
        ]);
        let mut row = Row::new(incident.map_or((glyphs::NONE, Ink::Dim), glyphs::of_incident), cells);
        row.faded = incident.is_none() && counts.wanted == Some(0);
        Some(row)
    }

    fn empty(&self) -> Vec<Phrase> {
        if let Some(every) = self.every {
            return none_of(self.ctx, every);
        }
        vec![
            Phrase::text("There is nothing that wants to run."),
            Phrase::dim("Containers, services, deployments, jobs and task groups show here, healthy or not."),
        ]
    }
}
