//! What stands around workloads: Services and Ingresses with who is behind them, and claims.

use super::super::super::every::Every;
use super::super::super::glyphs;
use super::super::super::say;
use super::super::super::screen::RowKey;
use super::super::super::sort::SortKey;
use super::super::super::text::Phrase;
use super::super::super::theme::Ink;
use super::super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::super::{Ctx, Rows, cluster_cell, name_cell};
use super::{in_order, listed, none_of};
use crate::domain::words::bytes;
use crate::domain::{Endpoint, Exposure, Object, Ref, Workload};

/// Services of every orchestrator, or Ingresses.
pub(super) struct Services<'c> {
    pub ctx: &'c Ctx<'c>,
    pub every: Every,
}

impl<'c> Services<'c> {
    fn all(&self) -> impl Iterator<Item = &'c Ref> {
        let (view, kinds) = (self.ctx.model.view, self.every.kinds());
        // What a Swarm service is asked by is that service.
        let runs = |it: &&Endpoint| it.serves.iter().any(|of| kinds.contains(&of.kind) && of.name == it.key.name);
        let asked = view.endpoints().filter(move |it| it.leads() && !runs(it)).map(|it| &it.key);
        asked.chain(view.workloads().map(|it| &it.key)).filter(move |key| kinds.contains(&key.kind))
    }

    fn of_endpoint(&self, it: &Endpoint) -> [Phrase; 4] {
        let ink = if it.ready == 0 { Ink::Strong } else { Ink::Text };
        [
            Phrase::of(ink, it.ready.to_string()),
            Phrase::text(if it.not_ready > 0 { it.not_ready.to_string() } else { String::new() }),
            Phrase::text(listed(&it.serves, 3)),
            match &it.selector {
                Some(words) => Phrase::text(words.as_str()),
                None => Phrase::dim("picks nothing: its addresses are set by hand"),
            },
        ]
    }

    fn of_workload(&self, it: &Workload) -> [Phrase; 4] {
        let counts = self.ctx.model.view.counts(it);
        let missing = counts.missing();
        [
            Phrase::of(if missing > 0 { Ink::Strong } else { Ink::Text }, counts.ready.to_string()),
            Phrase::text(if missing > 0 { missing.to_string() } else { String::new() }),
            Phrase::text(it.key.name.as_str()),
            say::workload_state(&self.ctx.model.view, &self.ctx.clock, it),
        ]
    }
}

impl Rows for Services<'_> {
    fn keys(&self) -> Vec<RowKey> {
        in_order(self.ctx, self.all())
    }

    fn count(&self) -> usize {
        self.all().count()
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            self.ctx.where_column(),
            words("name", Room::Fits(8, 34), 9),
            numbers("ready", 5, 9),
            numbers("not ready", 9, 6),
            words("users", Room::Fixed(5), 5),
            words("behind it", Room::Fits(8, 26), 7),
            words(if self.every == Every::Ingresses { "leads" } else { "picks" }, Room::Rest(12), 8),
        ]
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let RowKey::Object(key) = key else { return None };
        let (ready, not_ready) = match self.ctx.model.view.object(key)? {
            Object::Endpoint(it) => (it.ready, it.not_ready),
            Object::Workload(it) => {
                let counts = self.ctx.model.view.counts(it);
                (counts.ready, counts.missing())
            }
            _ => return None,
        };
        match column {
            "ready" => Some(SortKey::count(ready)),
            "not ready" => Some(SortKey::count(not_ready)),
            _ => None,
        }
    }

    fn row(&self, key: &RowKey) -> Option<Row> {
        let RowKey::Object(key) = key else { return None };
        let (exposure, [ready, not_ready, behind, says]) = match self.ctx.model.view.object(key)? {
            Object::Endpoint(it) => (it.exposure, self.of_endpoint(it)),
            Object::Workload(it) => (it.exposure, self.of_workload(it)),
            _ => return None,
        };
        let users = match exposure {
            Exposure::Yes => "yes",
            Exposure::No => "no",
            Exposure::Unknown => "?",
        };
        let says = match self.ctx.incident_on(key) {
            Some(incident) => Phrase::text(incident.summary.as_str()),
            None => says,
        };
        let cells =
            vec![cluster_cell(self.ctx, key), name_cell(key), ready, not_ready, Phrase::text(users), behind, says];
        Some(Row::new(self.ctx.mark_of(key), cells))
    }

    fn empty(&self) -> Vec<Phrase> {
        none_of(self.ctx, self.every)
    }
}

/// Claims and volumes.
pub(super) struct Claims<'c>(pub &'c Ctx<'c>);

impl Rows for Claims<'_> {
    fn keys(&self) -> Vec<RowKey> {
        in_order(self.0, self.0.model.view.volumes().map(|it| &it.key))
    }

    fn count(&self) -> usize {
        self.0.model.view.volumes().count()
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            self.0.where_column(),
            words("name", Room::Fits(8, 36), 9),
            words("phase", Room::Fits(5, 10), 9),
            numbers("size", 8, 8),
            words("class", Room::Fits(5, 16), 6),
            words("used by", Room::Fits(7, 22), 7),
            words("why", Room::Rest(10), 5),
        ]
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let RowKey::Object(key) = key else { return None };
        let it = self.0.model.view.volume(key)?;
        (column == "size").then(|| SortKey::number(it.size_bytes.map(|bytes| bytes as f64)))
    }

    fn row(&self, key: &RowKey) -> Option<Row> {
        let RowKey::Object(key) = key else { return None };
        let view = self.0.model.view;
        let it = view.volume(key)?;
        let phase = it.state.as_deref().unwrap_or("?");
        let bound = matches!(phase, "bound" | "?");
        let mark = match self.0.incident_on(key) {
            Some(incident) => glyphs::of_incident(incident),
            None if !bound => (glyphs::WARNING, Ink::Warning),
            None => (glyphs::NONE, Ink::Dim),
        };
        let used: Vec<Ref> = view.dependents_of(key).cloned().collect();
        let why = self.0.incident_on(key).map(|it| it.summary.as_str()).or(it.message.as_deref()).unwrap_or_default();
        Some(Row::new(
            mark,
            vec![
                cluster_cell(self.0, key),
                name_cell(key),
                Phrase::of(if bound { Ink::Text } else { Ink::Strong }, phase),
                Phrase::text(it.size_bytes.map(bytes).unwrap_or_default()),
                Phrase::dim(it.driver.as_deref().unwrap_or_default()),
                Phrase::text(listed(&used, 2)),
                Phrase::text(why),
            ],
        ))
    }

    fn empty(&self) -> Vec<Phrase> {
        none_of(self.0, Every::Claims)
    }
}
