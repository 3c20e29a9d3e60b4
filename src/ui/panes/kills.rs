//! Deaths: OOM kills, crashes, stops that took too long, kills from outside, evictions. Those of one cause on one
//! workload are one row.

use std::collections::BTreeMap;

use super::super::glyphs;
use super::super::say;
use super::super::screen::RowKey;
use super::super::sort::SortKey;
use super::super::text::Phrase;
use super::super::theme::Ink;
use super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::{Ctx, Rows, cluster_cell, name_cell};
use crate::domain::words::seconds_between;
use crate::domain::{Name, Occurrence, OccurrenceKind, Ref, Timestamp};

/// Deaths of one kind, of one container of one workload.
struct Group<'a> {
    key: Name,
    newest: &'a Occurrence,
    first: Timestamp,
    count: u64,
    at_least: bool,
}

pub(super) struct Kills<'c> {
    ctx: &'c Ctx<'c>,
    /// The newest first.
    groups: Vec<Group<'c>>,
}

/// A death so recent needs someone, seconds.
const RECENT: i64 = 3600;

/// Whether it is a death.
pub(in crate::ui) const fn is_death(kind: OccurrenceKind) -> bool {
    matches!(
        kind,
        OccurrenceKind::OomKill
            | OccurrenceKind::Crash
            | OccurrenceKind::StopTimeout
            | OccurrenceKind::Killed
            | OccurrenceKind::Eviction
    )
}

/// The object that a death is told of: the workload, where it is known.
fn home(occurrence: &Occurrence) -> &Ref {
    occurrence.workload.as_ref().unwrap_or(&occurrence.subject)
}

/// Rows of the last hour.
pub(super) fn attention(ctx: &Ctx<'_>) -> usize {
    Kills::of(ctx).groups.iter().filter(|group| is_recent(group, ctx)).count()
}

fn is_recent(group: &Group<'_>, ctx: &Ctx<'_>) -> bool {
    seconds_between(group.newest.last, ctx.clock.now) < RECENT
}

impl<'c> Kills<'c> {
    pub fn of(ctx: &'c Ctx<'c>) -> Self {
        let mut groups: BTreeMap<(&Ref, OccurrenceKind, Option<&Name>), Group<'c>> = BTreeMap::new();
        let view = ctx.model.view;
        // What an engine saw of a container that is an allocation's body is told by whoever runs that.
        for it in view.occurrences().filter(|it| is_death(it.kind) && !view.is_counted_elsewhere(home(it))) {
            let group = groups.entry((home(it), it.kind, it.container.as_ref())).or_insert_with(|| Group {
                key: Name::new(&format!("{:?} {} {}", it.kind, home(it), it.container.as_deref().unwrap_or("-"))),
                newest: it,
                first: it.first,
                count: 0,
                at_least: false,
            });
            group.count += u64::from(it.count);
            group.at_least |= it.at_least;
            group.first = group.first.min(it.first);
            if (it.last, &it.id) > (group.newest.last, &group.newest.id) {
                group.newest = it;
            }
        }
        let mut groups: Vec<Group<'c>> = groups.into_values().collect();
        groups.sort_by(|a, b| (b.newest.last, &a.key).cmp(&(a.newest.last, &b.key)));
        Self { ctx, groups }
    }

    fn group(&self, key: &RowKey) -> Option<&Group<'c>> {
        let RowKey::Occurrence(key) = key else { return None };
        self.groups.iter().find(|group| group.key == *key)
    }
}

impl Rows for Kills<'_> {
    fn keys(&self) -> Vec<RowKey> {
        self.groups.iter().map(|group| RowKey::Occurrence(group.key.clone())).collect()
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            numbers("last", if self.ctx.compact { 5 } else { 12 }, 9),
            self.ctx.where_column(),
            words("what", Room::Fits(8, 26), 9),
            words("why", Room::Rest(30), 9),
            words("sure", Room::Fixed(9), 3),
            numbers("times", 6, 7),
            numbers("over", 5, 5),
        ]
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let group = self.group(key)?;
        match column {
            "last" => Some(SortKey::Moment(group.newest.last)),
            "times" => Some(SortKey::Number(group.count as f64)),
            "over" => Some(SortKey::Number(seconds_between(group.first, group.newest.last) as f64)),
            _ => None,
        }
    }

    fn row(&self, key: &RowKey) -> Option<Row> {
        let group = self.group(key)?;
        let it = group.newest;
        // Which container only matters where there are several.
        let several = self.ctx.model.view.workload(home(it)).is_none_or(|it| it.containers.len() > 1);
        let container = it.container.as_deref().filter(|name| several && *name != &*home(it).name);
        let mut what = name_cell(home(it));
        if let Some(container) = container {
            what = what.and(Ink::Dim, format!(" ({container})"));
        }
        let times = format!("{}{}", if group.at_least { "≥" } else { "" }, group.count);
        let over = match group.count {
            1 => String::new(),
            _ => self.ctx.clock.age_between(group.first, it.last),
        };
        let recent = is_recent(group, self.ctx);
        let mark = match it.kind {
            OccurrenceKind::OomKill if recent => (glyphs::CRITICAL, Ink::Critical),
            _ if recent => (glyphs::WARNING, Ink::Warning),
            _ => (glyphs::NONE, Ink::Dim),
        };
        let mut row = Row::new(
            mark,
            vec![
                Phrase::text(if self.ctx.compact {
                    self.ctx.clock.age(it.last)
                } else {
                    self.ctx.clock.moment(it.last)
                }),
                cluster_cell(self.ctx, home(it)),
                what,
                Phrase::text(say::happened(it)),
                Phrase::dim(it.certainty.as_str()),
                Phrase::text(times),
                Phrase::text(over),
            ],
        );
        row.faded = !recent;
        Some(row)
    }

    fn target(&self, key: &RowKey) -> Option<Ref> {
        self.group(key).map(|group| home(group.newest).clone())
    }

    fn since(&self, key: &RowKey) -> Option<Timestamp> {
        self.group(key).map(|group| group.newest.last)
    }

    fn empty(&self) -> Vec<Phrase> {
        vec![
            Phrase::of(Ink::Good, "No OOM kill, crash, stop that took too long or eviction has been seen."),
            Phrase::dim("Seen is what happened since cockpit started, and what the servers still remember of before."),
        ]
    }
}
