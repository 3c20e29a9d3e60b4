//! What was done here: what is under way or still in effect first, then what is over.

use std::cmp::Reverse;

use super::super::glyphs;
use super::super::say;
use super::super::screen::RowKey;
use super::super::sort::SortKey;
use super::super::text::Phrase;
use super::super::theme::Ink;
use super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::{Ctx, Rows, cluster_cell, name_cell};
use crate::domain::{Intent, Outcome, Ref, RolloutPhase, Run, Timestamp};
use crate::state::View;

pub(super) struct Journal<'c>(pub &'c Ctx<'c>);

/// Actions under way, and those whose effect lasts.
pub(super) fn attention(ctx: &Ctx<'_>) -> usize {
    ctx.model.runs.runs().iter().filter(|run| run.outcome.is_none() || lasts(&ctx.model.view, run)).count()
}

/// Whether what a run did is still so, and holds something back.
fn lasts(view: &View<'_>, run: &Run) -> bool {
    if matches!(run.outcome, Some((_, Outcome::Failed(_)))) {
        return false;
    }
    match &run.plan.intent {
        Intent::Cordon(key) | Intent::Drain(key, _) => view.node(key).is_some_and(|node| node.cordoned),
        Intent::Scale(key, 0) => view.workload(key).is_some_and(|it| it.desired.running() == Some(0)),
        Intent::Pause(key) => {
            let rollout = view.workload(key).and_then(|it| it.rollout.as_ref());
            rollout.is_some_and(|rollout| rollout.phase == RolloutPhase::Paused)
        }
        _ => false,
    }
}

/// What holds something back without a run of this session: cordons, pauses, suspensions.
fn held(view: &View<'_>, key: &Ref) -> Option<&'static str> {
    if let Some(node) = view.node(key) {
        return if node.draining { Some("drained") } else { node.cordoned.then_some("cordoned") };
    }
    let workload = view.workload(key)?;
    if workload.schedule.as_ref().is_some_and(|schedule| schedule.suspended) {
        return Some("suspended");
    }
    match workload.rollout.as_ref().map(|rollout| rollout.phase) {
        Some(RolloutPhase::Paused) => Some("rollout paused"),
        Some(RolloutPhase::RollbackPaused) => Some("rollback paused"),
        _ if workload.desired.running() == Some(0) => Some("scaled to zero"),
        _ => None,
    }
}

impl Journal<'_> {
    fn runs(&self) -> Vec<&Run> {
        let view = &self.0.model.view;
        let mut runs: Vec<&Run> = self.0.model.runs.runs().iter().collect();
        runs.sort_by_key(|run| (run.outcome.is_some(), !lasts(view, run), Reverse(run.id)));
        runs
    }

    fn held_by_others(&self) -> Vec<&Ref> {
        let view = &self.0.model.view;
        let ours =
            |key: &Ref| self.0.model.runs.runs().iter().any(|run| run.plan.intent.target() == key && lasts(view, run));
        let keys = view.nodes().map(|node| &node.key).chain(view.workloads().map(|workload| &workload.key));
        let mut keys: Vec<&Ref> = keys.filter(|key| held(view, key).is_some() && !ours(key)).collect();
        keys.sort();
        keys
    }

    fn run_row(&self, run: &Run) -> Row {
        let key = run.plan.intent.target();
        let lasts = lasts(&self.0.model.view, run);
        let (mark, outcome) = match &run.outcome {
            None => ((glyphs::MOVING, Ink::Strong), say::progress(run)),
            Some((_, Outcome::Done)) if lasts => ((glyphs::HELD, Ink::Warning), "done, and still in effect".to_owned()),
            Some((_, Outcome::Done)) => ((glyphs::GOOD, Ink::Good), "done".to_owned()),
            Some((_, Outcome::Partly { done, left })) => {
                ((glyphs::WARNING, Ink::Warning), format!("partly: {done} done, {left} left"))
            }
            Some((_, Outcome::Failed(why))) => ((glyphs::CRITICAL, Ink::Critical), format!("not done: {why}")),
        };
        let back = match &run.plan.inverse {
            Some(inverse) if lasts => format!("u {}", inverse.verb()),
            _ => String::new(),
        };
        let mut row = Row::new(
            mark,
            vec![
                Phrase::text(self.0.clock.moment(run.started)),
                cluster_cell(self.0, key),
                Phrase::of(Ink::Strong, run.plan.intent.verb()),
                name_cell(key),
                Phrase::text(outcome),
                Phrase::text(back),
                Phrase::text(self.0.clock.age(run.started)),
            ],
        );
        row.faded = run.outcome.is_some() && !lasts;
        row
    }
}

impl Rows for Journal<'_> {
    fn keys(&self) -> Vec<RowKey> {
        let view = &self.0.model.view;
        let (lasting, over): (Vec<&Run>, Vec<&Run>) =
            self.runs().into_iter().partition(|run| run.outcome.is_none() || lasts(view, run));
        let mut keys: Vec<RowKey> = lasting.iter().map(|run| RowKey::Run(run.id)).collect();
        keys.extend(self.held_by_others().into_iter().cloned().map(RowKey::Object));
        keys.extend(over.iter().map(|run| RowKey::Run(run.id)));
        keys
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            numbers("when", 12, 3),
            self.0.where_column(),
            words("did", Room::Fits(7, 16), 9),
            words("to", Room::Fits(8, 26), 9),
            words("outcome", Room::Rest(24), 9),
            words("back", Room::Fits(4, 14), 5),
            numbers("age", 4, 4),
        ]
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let began = || match key {
            RowKey::Object(key) => self.0.model.view.node(key).and_then(|node| node.since),
            key => self.since(key),
        };
        match column {
            "when" => Some(SortKey::moment(began())),
            "age" => Some(SortKey::age(began())),
            _ => None,
        }
    }

    fn row(&self, key: &RowKey) -> Option<Row> {
        match key {
            RowKey::Run(id) => self.0.model.runs.run(*id).map(|run| self.run_row(run)),
            RowKey::Object(key) => {
                let held = held(&self.0.model.view, key)?;
                let since = self.0.model.view.node(key).and_then(|node| node.since);
                Some(Row::new(
                    (glyphs::HELD, Ink::Text),
                    vec![
                        Phrase::text(since.map(|at| self.0.clock.moment(at)).unwrap_or_default()),
                        cluster_cell(self.0, key),
                        Phrase::text(held),
                        name_cell(key),
                        Phrase::dim("in effect; not done from here"),
                        Phrase::default(),
                        Phrase::text(since.map(|at| self.0.clock.age(at)).unwrap_or_default()),
                    ],
                ))
            }
            _ => None,
        }
    }

    fn target(&self, key: &RowKey) -> Option<Ref> {
        match key {
            RowKey::Run(id) => self.0.model.runs.run(*id).map(|run| run.plan.intent.target().clone()),
            RowKey::Object(key) => Some(key.clone()),
            _ => None,
        }
    }

    fn since(&self, key: &RowKey) -> Option<Timestamp> {
        let RowKey::Run(id) = key else { return None };
        self.0.model.runs.run(*id).map(|run| run.started)
    }

    fn empty(&self) -> Vec<Phrase> {
        vec![
            Phrase::text("Nothing was done from here, and nothing is cordoned, paused, suspended or scaled to zero."),
            Phrase::dim("Every action shows here with its outcome, and the key that takes it back."),
        ]
    }
}
