//! What other systems say is wrong.

use std::cmp::Reverse;

use super::super::glyphs;
use super::super::screen::RowKey;
use super::super::sort::SortKey;
use super::super::text::Phrase;
use super::super::theme::Ink;
use super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::{Ctx, Rows, cluster_cell};
use crate::domain::{Alert, AlertState, Ref, Severity};

pub(super) struct Alerts<'c>(pub &'c Ctx<'c>);

/// Alerts that fire, but those that only inform.
pub(super) fn attention(ctx: &Ctx<'_>) -> usize {
    let needs = |alert: &&Alert| alert.state == AlertState::Firing && alert.severity != Severity::Advice;
    ctx.model.view.alerts().filter(needs).count()
}

const fn rank(state: AlertState) -> u8 {
    match state {
        AlertState::Firing => 0,
        AlertState::Pending => 1,
        AlertState::Silenced => 2,
        AlertState::Inhibited => 3,
    }
}

impl Rows for Alerts<'_> {
    fn keys(&self) -> Vec<RowKey> {
        let mut all: Vec<&Alert> = self.0.model.view.alerts().collect();
        all.sort_by_key(|it| (rank(it.state), !it.pages, it.severity, Reverse(it.since), &it.key));
        all.into_iter().map(|alert| RowKey::Object(alert.key.clone())).collect()
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            self.0.where_column(),
            words("alert", Room::Fits(8, 24), 9),
            words("about", Room::Fits(6, 20), 7),
            words("what it says", Room::Rest(24), 9),
            words("state", Room::Fits(8, 9), 6),
            words("pages", Room::Fixed(5), 4),
            numbers("since", 5, 5),
        ]
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let RowKey::Object(key) = key else { return None };
        let alert = self.0.model.view.alert(key)?;
        (column == "since").then(|| SortKey::age(alert.since))
    }

    fn row(&self, key: &RowKey) -> Option<Row> {
        let RowKey::Object(key) = key else { return None };
        let alert = self.0.model.view.alert(key)?;
        let (mark, state) = match alert.state {
            AlertState::Firing => (glyphs::of_severity(alert.severity), "firing"),
            AlertState::Pending => ((glyphs::MOVING, Ink::Text), "pending"),
            AlertState::Silenced => ((glyphs::HELD, Ink::Dim), "silenced"),
            AlertState::Inhibited => ((glyphs::HELD, Ink::Dim), "inhibited"),
        };
        let mut row = Row::new(
            mark,
            vec![
                cluster_cell(self.0, key),
                Phrase::of(Ink::Strong, alert.title.as_str()),
                Phrase::text(alert.about.as_ref().map(Ref::local).unwrap_or_default()),
                Phrase::text(alert.summary.as_deref().unwrap_or_default()),
                Phrase::text(state),
                Phrase::text(if alert.pages { "yes" } else { "no" }),
                Phrase::text(alert.since.map(|at| self.0.clock.age(at)).unwrap_or_default()),
            ],
        );
        row.faded = matches!(alert.state, AlertState::Silenced | AlertState::Inhibited);
        Some(row)
    }

    fn target(&self, key: &RowKey) -> Option<Ref> {
        let RowKey::Object(key) = key else { return None };
        let view = self.0.model.view;
        let about = view.alert(key).and_then(|alert| alert.about.as_ref()).filter(|about| view.object(about).is_some());
        Some(about.unwrap_or(key).clone())
    }

    fn empty(&self) -> Vec<Phrase> {
        let watched = super::super::sights::watches(self.0, "alerts");
        if watched {
            return vec![Phrase::of(Ink::Good, "No alert fires.")];
        }
        vec![Phrase::text("No Alertmanager or Prometheus is configured: what they would say is unknown, not nothing.")]
    }
}
