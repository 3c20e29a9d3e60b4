//! What is being rolled out, and what is stuck.

use std::cmp::Reverse;

use super::super::glyphs;
use super::super::screen::RowKey;
use super::super::sort::SortKey;
use super::super::text::Phrase;
use super::super::theme::Ink;
use super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::{Ctx, Rows, cluster_cell, name_cell};
use crate::domain::words::{many, seconds_between};
use crate::domain::{Rollout, RolloutPhase, Timestamp, Workload};

pub(super) struct Rollouts<'c>(pub &'c Ctx<'c>);

/// A rollout that is done or back is still listed for so long, seconds.
const LISTED_AFTER_END: i64 = 3600;

/// Rollouts that somebody has to look at.
pub(super) fn attention(ctx: &Ctx<'_>) -> usize {
    let with = ctx.model.view.workloads().filter_map(|workload| Some((workload, workload.rollout.as_ref()?)));
    with.filter(|(workload, rollout)| needs_someone(ctx, workload, rollout)).count()
}

fn needs_someone(ctx: &Ctx<'_>, workload: &Workload, rollout: &Rollout) -> bool {
    match rollout.phase {
        RolloutPhase::Failed | RolloutPhase::Paused | RolloutPhase::RollbackPaused | RolloutPhase::RollingBack => true,
        RolloutPhase::Progressing => ctx.needs_someone(&workload.key),
        RolloutPhase::Complete | RolloutPhase::RolledBack => false,
    }
}

const fn is_over(phase: RolloutPhase) -> bool {
    matches!(phase, RolloutPhase::Complete | RolloutPhase::RolledBack)
}

/// The phase in a word.
pub(in crate::ui) const fn phase_word(phase: RolloutPhase) -> &'static str {
    match phase {
        RolloutPhase::Progressing => "under way",
        RolloutPhase::Paused => "paused",
        RolloutPhase::Failed => "failed",
        RolloutPhase::RollingBack => "rolling back",
        RolloutPhase::RollbackPaused => "rollback paused",
        RolloutPhase::RolledBack => "rolled back",
        RolloutPhase::Complete => "done",
    }
}

fn moved(rollout: &Rollout) -> Option<Timestamp> {
    rollout.progressed.max(rollout.started)
}

impl Rollouts<'_> {
    fn is_listed(&self, rollout: &Rollout) -> bool {
        let recent = |at: Timestamp| seconds_between(at, self.0.clock.now) < LISTED_AFTER_END;
        !is_over(rollout.phase) || moved(rollout).is_some_and(recent)
    }

    fn mark(&self, workload: &Workload, rollout: &Rollout) -> (&'static str, Ink) {
        match self.0.incident_on(&workload.key) {
            Some(incident) if !is_over(rollout.phase) => glyphs::of_incident(incident),
            _ if rollout.phase == RolloutPhase::Complete => (glyphs::GOOD, Ink::Good),
            _ if needs_someone(self.0, workload, rollout) => (glyphs::HELD, Ink::Warning),
            _ => (glyphs::MOVING, Ink::Text),
        }
    }
}

/// From which revision to which.
pub(in crate::ui) fn revisions(workload: &Workload, rollout: &Rollout) -> String {
    let newest = workload.revision.as_ref().map(|revision| &revision.id);
    let before = workload.history.first().map(|revision| &revision.id);
    match (rollout.from.as_ref().or(before), rollout.to.as_ref().or(newest)) {
        (Some(from), Some(to)) => format!("{from} → {to}"),
        (None, Some(to)) => format!("→ {to}"),
        _ => String::new(),
    }
}

impl Rows for Rollouts<'_> {
    fn keys(&self) -> Vec<RowKey> {
        let with = self.0.model.view.workloads().filter_map(|workload| Some((workload, workload.rollout.as_ref()?)));
        let mut listed: Vec<_> = with.filter(|(_, rollout)| self.is_listed(rollout)).collect();
        listed.sort_by_key(|(workload, rollout)| {
            let calm = !needs_someone(self.0, workload, rollout);
            (calm, self.0.rank_of(&workload.key), is_over(rollout.phase), Reverse(rollout.started), &workload.key)
        });
        listed.into_iter().map(|(workload, _)| RowKey::Object(workload.key.clone())).collect()
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            self.0.where_column(),
            words("what", Room::Fits(8, 24), 9),
            words("revision", Room::Fits(8, 16), 5),
            numbers("new", 7, 6),
            words("phase", Room::Fits(5, 15), 8),
            words("why", Room::Rest(30), 9),
            words("gives up", Room::Fixed(9), 2),
            numbers("since", 5, 7),
        ]
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let RowKey::Object(key) = key else { return None };
        let workload = self.0.model.view.workload(key)?;
        let rollout = workload.rollout.as_ref()?;
        match column {
            "new" => {
                let counts = self.0.model.view.counts(workload);
                Some(SortKey::share(rollout.updated.unwrap_or(counts.updated), counts.wanted))
            }
            "gives up" => Some(SortKey::moment(rollout.deadline.filter(|_| !is_over(rollout.phase)))),
            "since" => Some(SortKey::age(rollout.started)),
            _ => None,
        }
    }

    fn row(&self, key: &RowKey) -> Option<Row> {
        let RowKey::Object(key) = key else { return None };
        let workload = self.0.model.view.workload(key)?;
        let rollout = workload.rollout.as_ref()?;
        let counts = self.0.model.view.counts(workload);
        let updated = rollout.updated.unwrap_or(counts.updated);
        let wanted = counts.wanted.map_or_else(|| updated.to_string(), |wanted| format!("{updated}/{wanted}"));
        let followed = self.0.followed(key).map(|(_, said)| said);
        let why = match (self.0.incident_on(key), &rollout.message) {
            (Some(incident), _) if !is_over(rollout.phase) => incident.summary.to_string(),
            (_, Some(message)) => message.to_string(),
            _ => String::new(),
        };
        let deadline = match rollout.deadline {
            Some(at) if !is_over(rollout.phase) && at > self.0.clock.now => {
                format!("in {}", self.0.clock.age_until(at))
            }
            Some(_) if !is_over(rollout.phase) => "overdue".to_owned(),
            _ => String::new(),
        };
        let since = rollout.started.map(|at| self.0.clock.age(at)).unwrap_or_default();
        let mut row = Row::new(
            self.mark(workload, rollout),
            vec![
                cluster_cell(self.0, key),
                name_cell(key),
                Phrase::text(revisions(workload, rollout)),
                Phrase::text(wanted),
                Phrase::text(phase_word(rollout.phase)),
                followed.unwrap_or_else(|| Phrase::text(why)),
                Phrase::text(deadline),
                Phrase::text(since),
            ],
        );
        row.faded = is_over(rollout.phase);
        Some(row)
    }

    fn empty(&self) -> Vec<Phrase> {
        let workloads = self.0.model.view.workloads().count() as u64;
        vec![
            Phrase::of(Ink::Good, format!("No rollout is under way or stuck, of {}.", many(workloads, "workload"))),
            Phrase::dim(
                "A deployment, an update of a service or a rollback shows here from its first moment to its end.",
            ),
        ]
    }
}
