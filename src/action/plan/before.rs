//! Whether a revision that is gone back to is known to have been healthy.

use crate::domain::words::{many, seconds_between, span};
use crate::domain::{Line, LineKind, Name, OccurrenceKind, Ref};
use crate::state::View;

/// What is known of a revision's own time, from its becoming the newest to the next one doing so.
pub(super) fn line(key: &Ref, to: Option<&Name>, view: &View<'_>) -> Option<Line> {
    let workload = view.workload(key)?;
    let at = match to {
        Some(to) => workload.history.iter().position(|revision| revision.id == *to)?,
        None => 0,
    };
    let revision = workload.history.get(at)?;
    let next = if at == 0 { workload.revision.as_ref() } else { workload.history.get(at - 1) };
    let id = crate::action::words::short(&revision.id);
    let (Some(from), Some(until)) = (revision.at, next.and_then(|next| next.at)) else {
        return Some(Line::new(LineKind::Note, format!("whether revision {id} was healthy is not known")));
    };
    let bad = |kind: OccurrenceKind| {
        matches!(
            kind,
            OccurrenceKind::OomKill
                | OccurrenceKind::Crash
                | OccurrenceKind::ProbeFailure
                | OccurrenceKind::CreationFailure
                | OccurrenceKind::PullFailure
        )
    };
    let failures: u64 = view
        .occurrences_of(key)
        .filter(|it| bad(it.kind) && it.last >= from && it.first <= until)
        .map(|it| u64::from(it.count))
        .sum();
    let ran = span(seconds_between(from, until));
    let (kind, words) = match failures {
        0 => (LineKind::Note, format!("revision {id} ran for {ran}; no failure of it is known")),
        n => (LineKind::Hurts, format!("revision {id} ran for {ran}, and {} of it are known", many(n, "failure"))),
    };
    Some(Line::new(kind, words))
}
