//! Pods, allocations, tasks and containers: what does not serve first.

use super::super::super::every::Every;
use super::super::super::filter::holds;
use super::super::super::glyphs;
use super::super::super::say;
use super::super::super::screen::RowKey;
use super::super::super::sort::SortKey;
use super::super::super::text::Phrase;
use super::super::super::theme::Ink;
use super::super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::super::{Ctx, Listed, Rows, cluster_cell, name_cell};
use super::{by_place, none_of};
use crate::domain::words::bytes;
use crate::domain::{DesiredState, Instance, Kind, Metric};

pub(super) struct Instances<'c> {
    pub ctx: &'c Ctx<'c>,
    pub every: Every,
}

impl<'c> Instances<'c> {
    /// Whether its rows are of several kinds: a list of one kind names it in its title.
    fn is_mixed(&self) -> bool {
        self.every.kinds().len() > 1
    }

    fn all(&self) -> impl Iterator<Item = &'c Instance> {
        let (view, kinds) = (self.ctx.model.view, self.every.kinds());
        view.instances().filter(move |it| {
            kinds.contains(&it.key.kind) && (it.key.kind != Kind::ContainerInstance || !view.is_body(it))
        })
    }
}

/// What is meant to serve and does not, what serves, what has ended.
fn class(it: &Instance) -> u8 {
    match (it.phase.ended() || it.desired == DesiredState::Stop, it.ready) {
        (true, _) => 2,
        (false, true) => 1,
        (false, false) => 0,
    }
}

fn in_order<'a>(all: impl Iterator<Item = &'a Instance>) -> Vec<RowKey> {
    let mut all: Vec<(u8, &Instance)> = all.map(|it| (class(it), it)).collect();
    all.sort_unstable_by(|(a, left), (b, right)| a.cmp(b).then_with(|| by_place(&left.key, &right.key)));
    all.into_iter().map(|(_, it)| RowKey::Object(it.key.clone())).collect()
}

impl Rows for Instances<'_> {
    fn keys(&self) -> Vec<RowKey> {
        in_order(self.all())
    }

    /// In the order in which they are held, and only what is kept is put in order: there may be very many.
    fn keys_kept(&self, keeps: &dyn Fn(&RowKey) -> bool) -> Listed {
        let mut looked_at = 0;
        let kept = self.all().inspect(|_| looked_at += 1).filter(|it| keeps(&RowKey::Object(it.key.clone())));
        let keys = in_order(kept);
        Listed { keys, looked_at }
    }

    fn count(&self) -> usize {
        self.all().count()
    }

    fn columns(&self) -> Vec<Column> {
        let mut columns = vec![self.ctx.where_column()];
        if self.is_mixed() {
            columns.push(words("kind", Room::Fits(4, 10), 5));
        }
        columns.extend([
            words("name", Room::Fits(10, 36), 9),
            words("ready", Room::Fixed(5), 7),
            words("state", Room::Fits(7, 26), 9),
            numbers("restarts", 8, 6),
            numbers("age", 4, 8),
            words("node", Room::Fits(6, 16), 5),
            numbers("memory", 8, 3),
            words("why", Room::Rest(10), 4),
        ]);
        columns
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let RowKey::Object(key) = key else { return None };
        let view = self.ctx.model.view;
        let it = view.instance(key)?;
        match column {
            "ready" => Some(SortKey::text(["no", "yes", ""][usize::from(class(it))])),
            "state" => Some(SortKey::text(&say::instance_state(it))),
            "restarts" => Some(SortKey::count(it.restarts())),
            "age" => Some(SortKey::age(it.created.or(it.since))),
            "node" => Some(it.node.as_ref().map_or(SortKey::Unknown, |node| SortKey::text(&node.name))),
            "memory" => Some(SortKey::number(view.latest(key, Metric::MemoryBytes))),
            "why" => Some(SortKey::text(&say::instance_why(it))),
            _ => None,
        }
    }

    fn row(&self, key: &RowKey) -> Option<Row> {
        let RowKey::Object(key) = key else { return None };
        let view = self.ctx.model.view;
        let it = view.instance(key)?;
        let (mark, ready) = match class(it) {
            2 => ((glyphs::NONE, Ink::Dim), ""),
            1 => ((glyphs::GOOD, Ink::Good), "yes"),
            _ => ((glyphs::WARNING, Ink::Warning), "no"),
        };
        let restarts = it.restarts();
        let memory = view.latest(key, Metric::MemoryBytes);
        let mut cells = vec![cluster_cell(self.ctx, key)];
        if self.is_mixed() {
            cells.push(Phrase::dim(key.kind.noun()));
        }
        cells.extend([
            name_cell(key),
            Phrase::of(if ready == "no" { Ink::Strong } else { Ink::Text }, ready),
            Phrase::text(say::instance_state(it)),
            Phrase::text(if restarts > 0 { restarts.to_string() } else { String::new() }),
            Phrase::text(it.created.or(it.since).map(|at| self.ctx.clock.age(at)).unwrap_or_default()),
            Phrase::dim(it.node.as_ref().map(|node| node.name.to_string()).unwrap_or_default()),
            Phrase::text(memory.map(|used| bytes(used.max(0.0) as u64)).unwrap_or_default()),
            Phrase::text(say::instance_why(it)),
        ]);
        let mut row = Row::new(mark, cells);
        row.faded = class(it) == 2;
        Some(row)
    }

    /// There may be very many: put together without a row.
    fn words(&self, key: &RowKey) -> String {
        let RowKey::Object(key) = key else { return String::new() };
        let Some(it) = self.ctx.model.view.instance(key) else { return String::new() };
        let mut said = format!("{} {} {} {}", key.cluster, key.kind.noun(), key.local(), say::instance_state(it));
        for more in [it.node.as_ref().map_or("", |node| &node.name), &say::instance_why(it)] {
            said.push(' ');
            said.push_str(more);
        }
        said
    }

    /// The same, with nothing put together for a word that stands within one of its parts.
    fn shows(&self, key: &RowKey, word: &str) -> bool {
        if !word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
            return holds(&self.words(key), word);
        }
        let RowKey::Object(key) = key else { return false };
        let namespace = key.namespace.as_deref().unwrap_or_default();
        if [&key.name, namespace, key.cluster.as_str(), key.kind.noun()].into_iter().any(|part| holds(part, word)) {
            return true;
        }
        self.ctx.model.view.instance(key).is_some_and(|it| {
            it.node.as_ref().is_some_and(|node| holds(&node.name, word))
                || holds(&say::instance_state(it), word)
                || holds(&say::instance_why(it), word)
        })
    }

    fn empty(&self) -> Vec<Phrase> {
        none_of(self.ctx, self.every)
    }
}
