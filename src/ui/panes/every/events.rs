//! Everything that happened, newest first.

use std::cmp::Reverse;

use super::super::super::every::Every;
use super::super::super::glyphs;
use super::super::super::say;
use super::super::super::screen::RowKey;
use super::super::super::sort::SortKey;
use super::super::super::text::Phrase;
use super::super::super::theme::Ink;
use super::super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::super::kills::is_death;
use super::super::{Ctx, Rows, cluster_cell, name_cell};
use super::none_of;
use crate::domain::words::seconds_between;
use crate::domain::{Occurrence, OccurrenceKind, Timestamp};
use crate::state::View;

pub(super) struct Events<'c>(pub &'c Ctx<'c>);

/// The one thing that a row is of.
pub(in crate::ui) fn event<'a>(view: &View<'a>, key: &RowKey) -> Option<&'a Occurrence> {
    let RowKey::Event(home, id) = key else { return None };
    view.occurrences_of(home).rev().find(|it| it.id == *id)
}

impl Rows for Events<'_> {
    fn keys(&self) -> Vec<RowKey> {
        let mut all: Vec<&Occurrence> = self.0.model.view.occurrences().collect();
        all.sort_unstable_by_key(|it| (Reverse(it.last), &it.id));
        let key = |it: &Occurrence| RowKey::Event(it.workload.as_ref().unwrap_or(&it.subject).clone(), it.id.clone());
        all.into_iter().map(key).collect()
    }

    fn count(&self) -> usize {
        self.0.model.view.occurrences().count()
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            numbers("last", if self.0.compact { 5 } else { 12 }, 9),
            self.0.where_column(),
            words("kind", Room::Fits(4, 11), 4),
            words("of", Room::Fits(8, 26), 9),
            words("what", Room::Rest(24), 9),
            numbers("times", 5, 7),
            numbers("over", 5, 5),
        ]
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let it = event(&self.0.model.view, key)?;
        match column {
            "last" => Some(SortKey::Moment(it.last)),
            "times" => Some(SortKey::count(it.count)),
            "over" => Some(SortKey::Number(seconds_between(it.first, it.last) as f64)),
            _ => None,
        }
    }

    fn row(&self, key: &RowKey) -> Option<Row> {
        let it = event(&self.0.model.view, key)?;
        let clock = &self.0.clock;
        let mark = match it.kind {
            OccurrenceKind::OomKill => (glyphs::CRITICAL, Ink::Critical),
            kind if is_death(kind) => (glyphs::WARNING, Ink::Warning),
            OccurrenceKind::Deployed | OccurrenceKind::Changed => (glyphs::MOVING, Ink::Text),
            OccurrenceKind::Started => (glyphs::NONE, Ink::Dim),
            _ => (glyphs::WARNING, Ink::Warning),
        };
        let times = match (it.count, it.at_least) {
            (1, false) => String::new(),
            (n, at_least) => format!("{}{n}", if at_least { "≥" } else { "" }),
        };
        let mut row = Row::new(
            mark,
            vec![
                Phrase::text(if self.0.compact { clock.age(it.last) } else { clock.moment(it.last) }),
                cluster_cell(self.0, &it.subject),
                Phrase::dim(it.subject.kind.noun()),
                name_cell(&it.subject),
                Phrase::text(say::happened(it)),
                Phrase::text(times),
                Phrase::text(if it.count > 1 { clock.age_between(it.first, it.last) } else { String::new() }),
            ],
        );
        row.faded = it.kind == OccurrenceKind::Started;
        Some(row)
    }

    fn target(&self, key: &RowKey) -> Option<crate::domain::Ref> {
        event(&self.0.model.view, key).map(|it| it.subject.clone())
    }

    fn since(&self, key: &RowKey) -> Option<Timestamp> {
        event(&self.0.model.view, key).map(|it| it.last)
    }

    fn empty(&self) -> Vec<Phrase> {
        none_of(self.0, Every::Events)
    }
}
