//! Since when something has been ending again and again, where the server counts more ends than it remembers.

use crate::diagnose::scene::{Scene, Series};
use crate::domain::words::{seconds_between, span, times};
use crate::domain::{Exit, Instance, Kind, Timestamp};

/// A Swarm keeps the last five tasks of a slot, if it is not told otherwise: the present one and these.
const TASKS_KEPT: u64 = 4;
/// What begins so soon after a change began with it, seconds.
const SOON: i64 = 10;
/// An engine waits before it starts something again: first so long, milliseconds.
const FIRST_WAIT: i64 = 100;
/// Twice as long each time, up to a minute; what ran for ten seconds begins anew (moby: restartmanager.go). Others wait
/// longer, so that this is the least that any restart takes.
const LONGEST_WAIT: i64 = 60_000;
const RAN_WELL: i64 = 10_000;
/// Restarts that are less than this apart on the average are told with the time they took, seconds.
const TOGETHER: i64 = 600;

/// When it began, and how often it was.
pub struct Began {
    /// The first end that is known; or when the instance was made, where its restarts leave no time for anything else.
    pub at: Timestamp,
    /// Whether it began then; else there were more ends before the first that is known.
    pub exact: bool,
    /// `23 times in 13 min`, `restarted 23 times in 13 min`, `at least twice in 26 s, restarted 40 times in all`; nothing
    /// for once.
    pub often: String,
}

/// `exit` is how `instance` last ended, `series` what is remembered of such ends.
pub fn began(scene: &Scene<'_>, instance: &Instance, exit: &Exit, series: Option<&Series<'_>>) -> Began {
    let restarts = u64::from(scene.containers(instance).map(|container| container.restarts).max().unwrap_or(0));
    let seen = series.map_or(0, |series| series.count);
    let ended = exit.ended.unwrap_or(scene.now());
    let first = series.map_or(ended, |series| series.first.min(ended));
    if instance.key.kind == Kind::Task {
        return of_tasks(scene, restarts, first, series);
    }
    if seen >= restarts || restarts <= 1 {
        let exact = !series.is_some_and(|series| series.at_least);
        return Began { at: first, exact, often: seen_often(series, "") };
    }
    // What was put in the place of others is younger than their ends.
    let made = instance.created.filter(|made| *made <= first && *made < ended);
    let age = made.map(|made| seconds_between(made, ended));
    if let (Some(made), Some(age)) = (made, age)
        && age <= TOGETHER.saturating_mul(i64::try_from(restarts).unwrap_or(i64::MAX))
    {
        let at = if fills(restarts, exit, age) { made } else { first };
        let often = format!("restarted {} in {}", times(restarts), span(age.max(1)));
        return Began { at, exact: at == made, often };
    }
    let often = match seen {
        0 | 1 => format!("restarted {} in all", times(restarts)),
        _ => format!("{}, restarted {} in all", seen_often(series, "at least "), times(restarts)),
    };
    Began { at: first, exact: false, often }
}

/// A Swarm keeps some tasks of those that failed one after the other, and counts no more than these.
fn of_tasks(scene: &Scene<'_>, kept: u64, first: Timestamp, series: Option<&Series<'_>>) -> Began {
    let exact = tasks_tell_all(scene, first);
    let least = if exact { "" } else { "at least " };
    let seen = series.map_or(0, |series| series.count);
    let often = match (seen >= kept, kept) {
        (true, _) => seen_often(series, least),
        (false, 0 | 1) => String::new(),
        (false, _) => format!("{least}{}", times(kept)),
    };
    Began { at: first, exact: exact && seen >= kept, often }
}

/// Whether nothing of the kind came before `first` that its Swarm does not remember any more.
pub fn tasks_tell_all(scene: &Scene<'_>, first: Timestamp) -> bool {
    let tasks = scene.instances().iter().filter(|it| it.key.kind == Kind::Task);
    if tasks.map(|it| u64::from(it.restarts())).max().is_none_or(|kept| kept < TASKS_KEPT) {
        return true;
    }
    let workload = scene.workload();
    let changes =
        workload.and_then(|it| it.created).into_iter().chain(workload.and_then(|it| it.revision.as_ref()?.at));
    // Nothing came before its service, and its first ends come soon after the change that brought them.
    changes.into_iter().any(|at| first >= at && seconds_between(at, first) <= SOON)
}

fn seen_often(series: Option<&Series<'_>>, least: &str) -> String {
    let Some(series) = series.filter(|series| series.count > 1) else { return String::new() };
    let least = if series.at_least { "at least " } else { least };
    let seconds = seconds_between(series.first, series.last);
    format!("{least}{} in {}", times(series.count), span(seconds.max(1)))
}

/// Whether so many restarts take up so many seconds, but for a little.
fn fills(restarts: u64, exit: &Exit, seconds: i64) -> bool {
    let ran = exit.started.zip(exit.ended).map_or(0, |(from, to)| (to.as_millisecond() - from.as_millisecond()).max(0));
    let (mut wait, mut least) = (FIRST_WAIT, 0_i64);
    let enough = seconds.saturating_mul(1000) / 10 * 7;
    for _ in 0..restarts {
        least = least.saturating_add(wait).saturating_add(ran);
        if least >= enough {
            return true;
        }
        wait = if ran >= RAN_WELL { FIRST_WAIT } else { (wait * 2).min(LONGEST_WAIT) };
    }
    false
}
