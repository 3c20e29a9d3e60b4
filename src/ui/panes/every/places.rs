//! Where things are: namespaces, and clusters.

use std::collections::BTreeMap;

use super::super::super::every::Every;
use super::super::super::glyphs;
use super::super::super::screen::RowKey;
use super::super::super::sights;
use super::super::super::sort::SortKey;
use super::super::super::text::Phrase;
use super::super::super::theme::Ink;
use super::super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::super::{Ctx, Rows, cluster_cell, name_cell};
use super::none_of;
use crate::domain::words::many;
use crate::domain::{ClusterId, ClusterInfo, Freshness, Kind, Name, Namespace, Ref};

/// What of a place is counted.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    workloads: usize,
    troubled: usize,
    nodes: usize,
}

impl Tally {
    fn sort_key(self, column: &str) -> Option<SortKey> {
        match column {
            "workloads" => Some(SortKey::count(self.workloads)),
            "troubled" => Some(SortKey::count(self.troubled)),
            "nodes" => Some(SortKey::count(self.nodes)),
            _ => None,
        }
    }
}

fn figure(n: usize) -> String {
    if n > 0 { n.to_string() } else { String::new() }
}

/// Namespaces that a server names, and those that workloads are in.
pub(super) struct Namespaces<'c> {
    ctx: &'c Ctx<'c>,
    places: BTreeMap<(&'c ClusterId, &'c Name), Tally>,
}

impl<'c> Namespaces<'c> {
    pub fn of(ctx: &'c Ctx<'c>) -> Self {
        let view = ctx.model.view;
        let mut places: BTreeMap<(&ClusterId, &Name), Tally> = BTreeMap::new();
        for it in view.namespaces() {
            places.entry((&it.key.cluster, &it.key.name)).or_default();
        }
        for it in view.workloads() {
            let Some(namespace) = &it.key.namespace else { continue };
            let tally = places.entry((&it.key.cluster, namespace)).or_default();
            tally.workloads += 1;
            tally.troubled += usize::from(ctx.needs_someone(&it.key));
        }
        Self { ctx, places }
    }

    /// What the orchestrator calls it.
    fn noun(&self, cluster: &ClusterId) -> &'static str {
        let info = self.ctx.model.view.cluster_info(&ClusterInfo::key_of(cluster));
        info.map_or("namespace", |info| info.backend.nouns().namespace)
    }

    /// Its state, or the quota that is nearest to its end.
    fn state(&self, it: Option<&Namespace>) -> Phrase {
        let Some(it) = it else { return Phrase::default() };
        if let Some(at) = it.deleting {
            let held = it.held_by.as_ref().map(|by| format!(": {by}")).unwrap_or_default();
            return Phrase::of(Ink::Strong, format!("being deleted since {}{held}", self.ctx.clock.moment(at)));
        }
        let share = |used: u64, hard: u64| used.saturating_mul(100).checked_div(hard).unwrap_or(0);
        match it.quotas.iter().max_by_key(|of| share(of.used, of.hard)) {
            Some(of) => Phrase::text(format!("{} {} % used", of.resource, share(of.used, of.hard))),
            None => Phrase::default(),
        }
    }
}

impl Rows for Namespaces<'_> {
    fn keys(&self) -> Vec<RowKey> {
        let mut all: Vec<_> = self.places.iter().collect();
        all.sort_by_key(|(place, tally)| (std::cmp::Reverse(tally.troubled), *place));
        let key = |(cluster, name): (&ClusterId, &Name)| Ref::new(cluster, Kind::Namespace, None, name.clone());
        all.into_iter().map(|(place, _)| RowKey::Object(key(*place))).collect()
    }

    fn count(&self) -> usize {
        self.places.len()
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            self.ctx.where_column(),
            words("name", Room::Fits(10, 36), 9),
            words("is a", Room::Fixed(9), 5),
            numbers("workloads", 9, 8),
            numbers("troubled", 8, 9),
            words("state", Room::Rest(12), 7),
        ]
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let RowKey::Object(key) = key else { return None };
        self.places.get(&(&key.cluster, &key.name))?.sort_key(column)
    }

    fn row(&self, key: &RowKey) -> Option<Row> {
        let RowKey::Object(key) = key else { return None };
        let tally = self.places.get(&(&key.cluster, &key.name))?;
        let it = self.ctx.model.view.namespace(key);
        let mark = match (self.ctx.incident_on(key), tally.troubled) {
            (Some(incident), _) => glyphs::of_incident(incident),
            (None, 0) => (glyphs::NONE, Ink::Dim),
            (None, _) => (glyphs::WARNING, Ink::Warning),
        };
        let state = match self.ctx.incident_on(key) {
            Some(incident) => Phrase::text(incident.summary.as_str()),
            None => self.state(it),
        };
        Some(Row::new(
            mark,
            vec![
                cluster_cell(self.ctx, key),
                name_cell(key),
                Phrase::dim(self.noun(&key.cluster)),
                Phrase::text(figure(tally.workloads)),
                Phrase::of(Ink::Strong, figure(tally.troubled)),
                state,
            ],
        ))
    }

    fn empty(&self) -> Vec<Phrase> {
        none_of(self.ctx, Every::Namespaces)
    }
}

/// The targets that are watched.
pub(super) struct Clusters<'c> {
    ctx: &'c Ctx<'c>,
    places: BTreeMap<&'c ClusterId, Tally>,
}

impl<'c> Clusters<'c> {
    pub fn of(ctx: &'c Ctx<'c>) -> Self {
        let view = ctx.model.view;
        let mut places: BTreeMap<&ClusterId, Tally> = view.clusters().map(|(id, _)| (id, Tally::default())).collect();
        for it in view.workloads() {
            let tally = places.entry(&it.key.cluster).or_default();
            tally.workloads += 1;
            tally.troubled += usize::from(ctx.needs_someone(&it.key));
        }
        for it in view.nodes() {
            places.entry(&it.key.cluster).or_default().nodes += 1;
        }
        Self { ctx, places }
    }
}

impl Rows for Clusters<'_> {
    fn keys(&self) -> Vec<RowKey> {
        self.places.keys().map(|cluster| RowKey::Object(ClusterInfo::key_of(cluster))).collect()
    }

    fn count(&self) -> usize {
        self.places.len()
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            words("name", Room::Fits(8, 20), 9),
            words("sight", Room::Fits(6, 24), 9),
            words("runs", Room::Fits(6, 12), 7),
            words("version", Room::Fits(7, 14), 5),
            numbers("nodes", 5, 6),
            numbers("workloads", 9, 7),
            numbers("troubled", 8, 8),
            words("reached by", Room::Rest(12), 4),
        ]
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let RowKey::Object(key) = key else { return None };
        self.places.get(&key.cluster)?.sort_key(column)
    }

    fn row(&self, key: &RowKey) -> Option<Row> {
        let RowKey::Object(key) = key else { return None };
        let tally = self.places.get(&key.cluster)?;
        let info = self.ctx.model.view.cluster_info(key);
        let badge = sights::badges(self.ctx).into_iter().find(|badge| badge.name == key.cluster.as_str())?;
        let (glyph, ink) = glyphs::of_freshness(badge.freshness);
        let mark = match self.ctx.incident_on(key) {
            Some(incident) => glyphs::of_incident(incident),
            None if badge.freshness >= Freshness::Stale => (glyphs::WARNING, Ink::Warning),
            None => (glyphs::NONE, Ink::Dim),
        };
        let said = |text: Option<&str>| Phrase::text(text.unwrap_or("?"));
        Some(Row::new(
            mark,
            vec![
                Phrase::of(Ink::Strong, key.cluster.as_str()),
                Phrase::of(ink, format!("{glyph} ")).and(Ink::Text, badge.words),
                said(info.map(|info| info.backend.as_str())),
                said(info.and_then(|info| info.version.as_deref())),
                Phrase::text(figure(tally.nodes)),
                Phrase::text(figure(tally.workloads)),
                Phrase::of(Ink::Strong, figure(tally.troubled)),
                Phrase::dim(info.and_then(|info| info.reached.as_deref()).unwrap_or_default()),
            ],
        ))
    }

    fn empty(&self) -> Vec<Phrase> {
        let unwatched = self.ctx.model.unwatched.len() as u64;
        let mut said = none_of(self.ctx, Every::Clusters);
        if unwatched > 0 {
            said.push(Phrase::dim(format!("Not watched: {}.", many(unwatched, "target"))));
        }
        said
    }
}
