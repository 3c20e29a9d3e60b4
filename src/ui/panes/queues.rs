//! What waits for a consumer.

use super::super::glyphs;
use super::super::say;
use super::super::screen::RowKey;
use super::super::sights;
use super::super::sort::SortKey;
use super::super::text::Phrase;
use super::super::theme::Ink;
use super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::{Ctx, Rows, cluster_cell, name_cell};
use crate::domain::words::count;
use crate::domain::{Metric, Queue, Ref};
use crate::state::Series;

pub(super) struct Queues<'c>(pub &'c Ctx<'c>);

/// Values that a sparkline in a list shows.
const TREND: usize = 12;

impl Queues<'_> {
    fn depth(&self, key: &Ref) -> Option<f64> {
        self.0.model.view.latest(key, Metric::QueueDepth)
    }

    fn consumers(&self, queue: &Queue) -> Phrase {
        let measured = self.0.model.view.latest(&queue.key, Metric::QueueConsumers);
        match (measured, queue.consumers.len()) {
            (Some(n), _) if n < 1.0 => Phrase::of(Ink::Critical, "none"),
            (Some(n), _) => Phrase::text(count(n as u64)),
            (None, 0) => Phrase::dim("?"),
            (None, _) => Phrase::text(say::consumers(&self.0.model.view, queue)),
        }
    }
}

impl Rows for Queues<'_> {
    fn keys(&self) -> Vec<RowKey> {
        let view = self.0.model.view;
        let mut all: Vec<&Queue> = view.queues().collect();
        // How much waits says least: a long queue that is emptied as fast as it fills hurts nobody.
        let growth = |queue: &Queue| view.series(&queue.key, Metric::QueueDepth).and_then(Series::per_minute);
        let grows = |queue: &Queue| growth(queue).unwrap_or_default().max(0.0);
        let oldest = |queue: &Queue| view.latest(&queue.key, Metric::QueueOldestSeconds).unwrap_or_default();
        let depth = |queue: &Queue| self.depth(&queue.key).unwrap_or(-1.0);
        all.sort_by(|a, b| {
            let worse = |of: &dyn Fn(&Queue) -> f64| of(b).total_cmp(&of(a));
            let rank = self.0.rank_of(&a.key).cmp(&self.0.rank_of(&b.key));
            rank.then(worse(&grows)).then(worse(&oldest)).then(worse(&depth)).then(a.key.cmp(&b.key))
        });
        all.into_iter().map(|queue| RowKey::Object(queue.key.clone())).collect()
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            self.0.where_column(),
            words("what", Room::Fits(8, 24), 9),
            numbers("waiting", 9, 9),
            numbers("per min", 8, 8),
            numbers("consumers", 9, 7),
            numbers("oldest", 6, 6),
            words("trend", Room::Fixed(TREND as u16), 5),
            words("system", Room::Fits(5, 12), 3),
            words("why", Room::Rest(16), 4),
        ]
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let RowKey::Object(key) = key else { return None };
        let view = self.0.model.view;
        let per_minute = || view.series(key, Metric::QueueDepth).and_then(|series| series.per_minute());
        match column {
            "waiting" => Some(SortKey::number(self.depth(key))),
            "per min" | "trend" => Some(SortKey::number(per_minute())),
            "consumers" => {
                let listed = view.queue(key)?.consumers.len();
                let listed = (listed > 0).then_some(listed as f64);
                Some(SortKey::number(view.latest(key, Metric::QueueConsumers).or(listed)))
            }
            "oldest" => Some(SortKey::number(view.latest(key, Metric::QueueOldestSeconds))),
            _ => None,
        }
    }

    fn row(&self, key: &RowKey) -> Option<Row> {
        let RowKey::Object(key) = key else { return None };
        let view = self.0.model.view;
        let queue = view.queue(key)?;
        let series = view.series(key, Metric::QueueDepth);
        let depth = self.depth(key).map_or_else(|| Phrase::dim("?"), |n| Phrase::text(count(n.max(0.0) as u64)));
        let per_minute = series.and_then(|series| series.per_minute()).map(say::signed).unwrap_or_default();
        let oldest = view.latest(key, Metric::QueueOldestSeconds);
        let values: Vec<f64> = series.map(|it| it.values().map(|(_, value)| value).collect()).unwrap_or_default();
        let trend = glyphs::sparkline(&values[values.len().saturating_sub(TREND)..], None);
        let why = self.0.incident_on(key).map(|incident| match incident.subject == *key {
            true => incident.summary.to_string(),
            false => format!("{}: {}", incident.subject.local(), incident.summary),
        });
        Some(Row::new(
            self.0.mark_of(key),
            vec![
                cluster_cell(self.0, key),
                name_cell(key),
                depth,
                Phrase::text(per_minute),
                self.consumers(queue),
                Phrase::text(oldest.map(|s| super::super::clock::age_of(s as i64)).unwrap_or_default()),
                Phrase::of(Ink::Bar, trend),
                Phrase::dim(queue.system.as_str()),
                Phrase::text(why.unwrap_or_default()),
            ],
        ))
    }

    fn empty(&self) -> Vec<Phrase> {
        let why = match sights::watches(self.0, "metric") {
            true => "None of the numbers that are read tells of one (assets/metrics/queues.toml).",
            false => "Queues come from [[metrics]], and none is set: what waits is unknown, not zero.",
        };
        vec![Phrase::text("No queue is known."), Phrase::dim(why)]
    }
}
