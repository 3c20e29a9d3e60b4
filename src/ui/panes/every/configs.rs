//! ConfigMaps and Secrets: that they are there, and when and by whom they were changed. What changed last stands first.

use std::cmp::Reverse;

use super::super::super::every::Every;
use super::super::super::screen::RowKey;
use super::super::super::sort::SortKey;
use super::super::super::text::Phrase;
use super::super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::super::{Ctx, Rows, cluster_cell, name_cell};
use super::{by_place, listed, none_of};
use crate::domain::{Config, Kind, Ref};

pub(super) struct Configs<'c> {
    pub ctx: &'c Ctx<'c>,
    pub every: Every,
    pub kind: Kind,
}

impl<'c> Configs<'c> {
    fn all(&self) -> impl Iterator<Item = &'c Config> {
        let kind = self.kind;
        self.ctx.model.view.configs().filter(move |it| it.key.kind == kind)
    }
}

impl Rows for Configs<'_> {
    fn keys(&self) -> Vec<RowKey> {
        let mut all: Vec<(usize, Reverse<_>, &Ref)> =
            self.all().map(|it| (self.ctx.rank_of(&it.key), Reverse(it.changed.or(it.created)), &it.key)).collect();
        all.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| by_place(a.2, b.2)));
        all.into_iter().map(|(.., key)| RowKey::Object(key.clone())).collect()
    }

    fn count(&self) -> usize {
        self.all().count()
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            self.ctx.where_column(),
            words("name", Room::Fits(8, 40), 9),
            numbers("changed", 12, 9),
            words("by", Room::Fits(4, 24), 8),
            numbers("age", 4, 6),
            words("used by", Room::Rest(12), 8),
        ]
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let RowKey::Object(key) = key else { return None };
        let it = self.ctx.model.view.config(key)?;
        match column {
            "changed" => Some(SortKey::moment(it.changed.or(it.created))),
            "age" => Some(SortKey::age(it.created)),
            _ => None,
        }
    }

    fn row(&self, key: &RowKey) -> Option<Row> {
        let RowKey::Object(key) = key else { return None };
        let view = self.ctx.model.view;
        let it = view.config(key)?;
        let used: Vec<Ref> = view.dependents_of(key).cloned().collect();
        let used = match self.ctx.incident_on(key) {
            Some(incident) => Phrase::text(incident.summary.as_str()),
            None => Phrase::text(listed(&used, 4)),
        };
        Some(Row::new(
            self.ctx.mark_of(key),
            vec![
                cluster_cell(self.ctx, key),
                name_cell(key),
                Phrase::text(it.changed.or(it.created).map(|at| self.ctx.clock.moment(at)).unwrap_or_default()),
                Phrase::text(it.by.as_deref().unwrap_or_default()),
                Phrase::text(it.created.map(|at| self.ctx.clock.age(at)).unwrap_or_default()),
                used,
            ],
        ))
    }

    fn empty(&self) -> Vec<Phrase> {
        none_of(self.ctx, self.every)
    }
}
