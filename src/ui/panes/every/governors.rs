//! What governs workloads from outside: autoscalers and disruption budgets.

use super::super::super::every::Every;
use super::super::super::glyphs;
use super::super::super::screen::RowKey;
use super::super::super::sort::SortKey;
use super::super::super::text::Phrase;
use super::super::super::theme::Ink;
use super::super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::super::{Ctx, Rows, cluster_cell, name_cell};
use super::{in_order, listed, none_of};

pub(super) struct Autoscalers<'c>(pub &'c Ctx<'c>);

impl Rows for Autoscalers<'_> {
    fn keys(&self) -> Vec<RowKey> {
        in_order(self.0, self.0.model.view.autoscalers().map(|it| &it.key))
    }

    fn count(&self) -> usize {
        self.0.model.view.autoscalers().count()
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            self.0.where_column(),
            words("name", Room::Fits(8, 28), 9),
            words("scales", Room::Fits(6, 22), 7),
            numbers("min", 4, 8),
            numbers("max", 4, 8),
            numbers("now", 4, 9),
            numbers("wants", 5, 8),
            numbers("changed", 7, 4),
            words("goes by", Room::Rest(14), 9),
        ]
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let RowKey::Object(key) = key else { return None };
        let it = self.0.model.view.autoscaler(key)?;
        match column {
            "min" => Some(SortKey::count(it.least)),
            "max" => Some(SortKey::count(it.most)),
            "now" => Some(SortKey::count(it.current)),
            "wants" => Some(SortKey::count(it.desired)),
            "changed" => Some(SortKey::age(it.scaled_at)),
            _ => None,
        }
    }

    fn row(&self, key: &RowKey) -> Option<Row> {
        let RowKey::Object(key) = key else { return None };
        let it = self.0.model.view.autoscaler(key)?;
        let blind = it.active == Some(false);
        let mark = match self.0.incident_on(key) {
            Some(incident) => glyphs::of_incident(incident),
            None if blind || it.fallback => (glyphs::WARNING, Ink::Warning),
            None => (glyphs::NONE, Ink::Dim),
        };
        let by = it.measures.iter().map(|what| what.as_str()).collect::<Vec<_>>().join(", ");
        let says = match (self.0.incident_on(key), &it.message) {
            (Some(incident), _) => incident.summary.to_string(),
            (None, Some(message)) if blind => message.to_string(),
            (None, _) if it.fallback => format!("a substitute for its metric: {by}"),
            (None, _) => by,
        };
        let full = if it.current >= it.most { Ink::Strong } else { Ink::Text };
        Some(Row::new(
            mark,
            vec![
                cluster_cell(self.0, key),
                name_cell(key),
                Phrase::text(it.target.name.as_str()),
                Phrase::text(it.least.to_string()),
                Phrase::text(it.most.to_string()),
                Phrase::of(full, it.current.to_string()),
                Phrase::text(it.desired.to_string()),
                Phrase::text(it.scaled_at.map(|at| self.0.clock.age(at)).unwrap_or_default()),
                Phrase::text(says),
            ],
        ))
    }

    fn empty(&self) -> Vec<Phrase> {
        none_of(self.0, Every::Autoscalers)
    }
}

pub(super) struct Budgets<'c>(pub &'c Ctx<'c>);

impl Rows for Budgets<'_> {
    fn keys(&self) -> Vec<RowKey> {
        in_order(self.0, self.0.model.view.budgets().map(|it| &it.key))
    }

    fn count(&self) -> usize {
        self.0.model.view.budgets().count()
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            self.0.where_column(),
            words("name", Room::Fits(8, 30), 9),
            words("says", Room::Fits(8, 22), 8),
            numbers("may go", 6, 9),
            numbers("healthy", 7, 8),
            numbers("needed", 6, 7),
            numbers("counted", 7, 5),
            words("covers", Room::Rest(12), 9),
        ]
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let RowKey::Object(key) = key else { return None };
        let it = self.0.model.view.budget(key)?;
        match column {
            "may go" => Some(SortKey::count(it.allowed)),
            "healthy" => Some(SortKey::count(it.healthy)),
            "needed" => Some(SortKey::count(it.wanted)),
            "counted" => Some(SortKey::count(it.expected)),
            _ => None,
        }
    }

    fn row(&self, key: &RowKey) -> Option<Row> {
        let RowKey::Object(key) = key else { return None };
        let it = self.0.model.view.budget(key)?;
        let mark = match self.0.incident_on(key) {
            Some(incident) => glyphs::of_incident(incident),
            None if it.allowed == 0 && it.expected > 0 => (glyphs::HELD, Ink::Text),
            None => (glyphs::NONE, Ink::Dim),
        };
        let covers = match self.0.incident_on(key) {
            Some(incident) => Phrase::text(incident.summary.as_str()),
            None if it.covers.is_empty() => Phrase::dim("nothing that is held"),
            None => Phrase::text(listed(&it.covers, 4)),
        };
        Some(Row::new(
            mark,
            vec![
                cluster_cell(self.0, key),
                name_cell(key),
                Phrase::text(it.says.as_deref().unwrap_or_default()),
                Phrase::of(if it.allowed == 0 { Ink::Strong } else { Ink::Text }, it.allowed.to_string()),
                Phrase::text(it.healthy.to_string()),
                Phrase::text(it.wanted.to_string()),
                Phrase::text(it.expected.to_string()),
                covers,
            ],
        ))
    }

    fn empty(&self) -> Vec<Phrase> {
        none_of(self.0, Every::Budgets)
    }
}
