//! What was done: what was left in the middle, is under way or still in effect first, whoever did it; port forwards of this session;
//! then what is over, the newest first, also of former sessions.

use rustc_hash::FxHashSet;

use super::super::glyphs;
use super::super::say;
use super::super::screen::RowKey;
use super::super::sort::SortKey;
use super::super::text::Phrase;
use super::super::theme::Ink;
use super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::{Ctx, Rows, cluster_cell, name_cell};
use crate::action::Known;
use crate::domain::words::count;
use crate::domain::{Alert, Outcome, Ref, Timestamp};
use crate::state::View;

/// The row that stands for what the journal has besides. Opening it reads more.
pub const OLDER: &str = "older";

pub(super) struct Journal<'c> {
    ctx: &'c Ctx<'c>,
    /// Objects that are held, and the run that holds each, where one is known.
    held: Vec<(&'c Ref, Option<u64>)>,
    /// Runs whose effect lasts.
    lasting: FxHashSet<u64>,
}

/// Actions left in the middle and under way, and those whose effect lasts.
pub(super) fn attention(ctx: &Ctx<'_>) -> usize {
    let open = ctx.model.runs.history().iter().filter(|known| known.run.outcome.is_none()).count();
    open + Journal::of(ctx).lasting.len() + ctx.model.forwards.len()
}

impl<'c> Journal<'c> {
    pub fn of(ctx: &'c Ctx<'c>) -> Self {
        let view = ctx.model.view;
        let mut held = held(view, &|run| ctx.model.runs.run(run).is_some());
        held.sort_unstable();
        let lasting = held.iter().filter_map(|(_, run)| *run).collect();
        Self { ctx, held, lasting }
    }

    /// In which part of the list a run is; none for what is over.
    fn rank(&self, known: &Known<'_>) -> Option<u8> {
        match (&known.run.outcome, known.is_abandoned) {
            (None, true) => Some(0),
            (None, false) => Some(1),
            (Some(_), _) => self.lasting.contains(&known.run.id).then_some(2),
        }
    }

    fn run_row(&self, known: &Known<'_>) -> Row {
        let run = known.run;
        let key = run.plan.intent.target();
        let lasts = self.lasting.contains(&run.id);
        let (mark, outcome) = match &run.outcome {
            None if known.is_abandoned => {
                let (done, all) = run.progress();
                ((glyphs::WARNING, Ink::Warning), format!("left in the middle, {done} of {all} done"))
            }
            None => ((glyphs::MOVING, Ink::Strong), say::progress(run)),
            Some((_, Outcome::Done)) if lasts => ((glyphs::HELD, Ink::Warning), "done, and still in effect".to_owned()),
            Some((_, Outcome::Done)) => ((glyphs::GOOD, Ink::Good), "done".to_owned()),
            Some((_, Outcome::Accepted)) => {
                let said = if lasts { "accepted, and still in effect" } else { "accepted, and not waited for" };
                (if lasts { (glyphs::HELD, Ink::Warning) } else { (glyphs::GOOD, Ink::Text) }, said.to_owned())
            }
            Some((_, Outcome::Partly { done, left })) => {
                let lasts = if lasts { ", still in effect" } else { "" };
                ((glyphs::WARNING, Ink::Warning), format!("partly: {done} done, {left} left{lasts}"))
            }
            Some((_, Outcome::Failed(why))) => ((glyphs::CRITICAL, Ink::Critical), format!("not done: {why}")),
        };
        let outcome = Phrase::text(outcome);
        let outcome = match known.reason {
            Some(reason) => outcome.and(Ink::Dim, format!(" · {reason}")),
            None => outcome,
        };
        let back = match &run.plan.inverse {
            _ if known.is_abandoned => "enter, u".to_owned(),
            Some(inverse) if can_be_undone(run.outcome.as_ref()) && !self.ctx.model.view.is_so(inverse) => {
                format!("u {}", inverse.verb())
            }
            _ => String::new(),
        };
        let mut row = Row::new(
            mark,
            vec![
                Phrase::text(self.ctx.clock.moment(run.started)),
                cluster_cell(self.ctx, key),
                Phrase::of(Ink::Strong, run.plan.intent.verb()),
                name_cell(key),
                Phrase::of(Ink::Name, known.who(self.ctx.model.runs.me())),
                outcome,
                Phrase::text(back),
                Phrase::text(self.ctx.clock.age(run.started)),
            ],
        );
        row.faded = self.rank(known).is_none();
        row
    }

    fn held_row(&self, key: &Ref) -> Option<Row> {
        let view = self.ctx.model.view;
        let held = view.held(key)?;
        let since = view.node(key).and_then(|node| node.since);
        let (who, said) = match view.alert(key).and_then(Alert::silenced_by_hand) {
            Some(it) => {
                let until = it.until.map(|at| format!(" until {}", self.ctx.clock.moment(at))).unwrap_or_default();
                (Phrase::of(Ink::Name, it.by.as_str()), Phrase::text(format!("in effect{until}: {}", it.comment)))
            }
            None => (Phrase::default(), Phrase::dim("in effect; not done from here")),
        };
        let back = held.lifted_by(key).map(|lift| format!("u {}", lift.verb())).unwrap_or_default();
        Some(Row::new(
            (glyphs::HELD, Ink::Text),
            vec![
                Phrase::text(since.map(|at| self.ctx.clock.moment(at)).unwrap_or_default()),
                cluster_cell(self.ctx, key),
                Phrase::text(held.words()),
                name_cell(key),
                who,
                said,
                Phrase::text(back),
                Phrase::text(since.map(|at| self.ctx.clock.age(at)).unwrap_or_default()),
            ],
        ))
    }

    fn forward_row(&self, id: u64) -> Option<Row> {
        let forward = self.ctx.model.forwards.iter().find(|forward| forward.id == id)?;
        let key = &forward.request.target;
        let over = forward.state.as_ref().and_then(|state| state.ended.as_ref());
        let (mark, outcome) = match (&forward.state, over) {
            (None, _) => ((glyphs::MOVING, Ink::Strong), Phrase::text("being opened")),
            (Some(state), Some(why)) => {
                let words = format!("127.0.0.1:{} ended: {why}", state.local);
                ((glyphs::WARNING, Ink::Warning), Phrase::text(words))
            }
            (Some(state), None) => {
                let mark = if state.to.is_some() { (glyphs::HELD, Ink::Text) } else { (glyphs::WARNING, Ink::Warning) };
                let failed = if state.failed > 0 { format!(", {} failed", state.failed) } else { String::new() };
                let said = state.said.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
                let carries = format!("  {} open of {}{failed}{said}", state.open, state.came);
                (mark, Phrase::text(state.words()).and(Ink::Dim, carries))
            }
        };
        Some(Row::new(
            mark,
            vec![
                Phrase::text(self.ctx.clock.moment(forward.began)),
                cluster_cell(self.ctx, key),
                Phrase::of(Ink::Strong, "forward"),
                name_cell(key),
                Phrase::of(Ink::Name, "you"),
                outcome,
                Phrase::text(if over.is_some() { "x forget" } else { "x end" }),
                Phrase::text(self.ctx.clock.age(forward.began)),
            ],
        ))
    }

    fn known(&self, id: u64) -> Option<Known<'c>> {
        self.ctx.model.runs.known(id)
    }
}

/// What is held in the world, and by which run, of those that are known.
fn held<'a>(view: View<'a>, is_known: &dyn Fn(u64) -> bool) -> Vec<(&'a Ref, Option<u64>)> {
    let keys = view.nodes().map(|it| &it.key).chain(view.workloads().map(|it| &it.key));
    let keys = keys.chain(view.applications().map(|it| &it.key)).chain(view.alerts().map(|it| &it.key));
    let held = keys.filter(|key| view.held(key).is_some());
    held.map(|key| (key, view.held_by(key).map(|deed| deed.id).filter(|id| is_known(*id)))).collect()
}

const fn can_be_undone(outcome: Option<&(Timestamp, Outcome)>) -> bool {
    matches!(outcome, Some((_, Outcome::Done | Outcome::Accepted | Outcome::Partly { .. })))
}

impl Rows for Journal<'_> {
    fn keys(&self) -> Vec<RowKey> {
        let history = self.ctx.model.runs.history();
        let of = |rank: Option<u8>| history.iter().filter(move |known| self.rank(known) == rank);
        let mut keys: Vec<RowKey> =
            [0, 1, 2].into_iter().flat_map(|rank| of(Some(rank))).map(|known| RowKey::Run(known.run.id)).collect();
        keys.extend(self.ctx.model.forwards.iter().map(|forward| RowKey::Forward(forward.id)));
        let others = self.held.iter().filter(|(_, run)| run.is_none());
        keys.extend(others.map(|(key, _)| RowKey::Object((*key).clone())));
        keys.extend(of(None).map(|known| RowKey::Run(known.run.id)));
        if self.ctx.model.runs.older().is_some() {
            keys.push(RowKey::Fold(OLDER));
        }
        keys
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            numbers("when", 12, 3),
            self.ctx.where_column(),
            words("did", Room::Fits(7, 16), 9),
            words("to", Room::Fits(8, 26), 9),
            words("who", Room::Fits(4, 16), 6),
            words("outcome", Room::Rest(24), 9),
            words("back", Room::Fits(4, 14), 5),
            numbers("age", 4, 4),
        ]
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let began = || match key {
            RowKey::Object(key) => self.ctx.model.view.node(key).and_then(|node| node.since),
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
            RowKey::Run(id) => Some(self.run_row(&self.known(*id)?)),
            RowKey::Object(key) => self.held_row(key),
            RowKey::Forward(id) => self.forward_row(*id),
            RowKey::Fold(OLDER) => {
                let (older, _) = self.ctx.model.runs.older()?;
                let blank = Phrase::default;
                let said = Phrase::dim(format!("{} older (enter reads)", count(older)));
                Some(Row::new(
                    (glyphs::NONE, Ink::Dim),
                    vec![blank(), blank(), blank(), blank(), blank(), said, blank(), blank()],
                ))
            }
            _ => None,
        }
    }

    fn target(&self, key: &RowKey) -> Option<Ref> {
        match key {
            RowKey::Run(id) => self.ctx.model.runs.run(*id).map(|run| run.plan.intent.target().clone()),
            RowKey::Object(key) => Some(key.clone()),
            RowKey::Forward(id) => {
                let forward = self.ctx.model.forwards.iter().find(|forward| forward.id == *id)?;
                Some(forward.request.target.clone())
            }
            _ => None,
        }
    }

    fn since(&self, key: &RowKey) -> Option<Timestamp> {
        match key {
            RowKey::Run(id) => self.ctx.model.runs.run(*id).map(|run| run.started),
            RowKey::Forward(id) => self.ctx.model.forwards.iter().find(|it| it.id == *id).map(|it| it.began),
            _ => None,
        }
    }

    fn empty(&self) -> Vec<Phrase> {
        vec![
            Phrase::text("Nothing was done from here, and nothing is cordoned, paused, suspended or scaled to zero."),
            Phrase::dim("Every action shows here with its outcome, and the key that takes it back."),
        ]
    }
}
