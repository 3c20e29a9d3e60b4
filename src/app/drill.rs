//! A timed drill: how long it takes to find a cause and to mend it, and how many moves were wrong. It only watches: what a person
//! sees and can do is what it always is.

use std::fmt::Write;

use crate::action::wrong;
use crate::diagnose::Diagnosis;
use crate::domain::words::{seconds_between, span};
use crate::domain::{Intent, Ref, Role, Run, Timestamp};
use crate::state::View;

/// One thing that goes wrong in a drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// What is at fault.
    pub cause: Ref,
    /// When it begins.
    pub begins: Timestamp,
    /// Verbs of actions on the cause that can mend it.
    pub mended_by: Vec<String>,
}

/// Points for a task that is found and mended at once.
const POINTS: i64 = 100;
/// So many are lost with each minute until its cause is looked at.
const FINDING: i64 = 10;
/// So many with each minute until it is mended.
const MENDING: i64 = 5;
/// So many with each wrong move.
const WRONG: i64 = 20;

/// A drill as it goes.
#[derive(Debug)]
pub struct Drill {
    tasks: Vec<Score>,
    /// Actions that have been judged.
    judged: usize,
    wrong: Vec<(Timestamp, String)>,
    began: Timestamp,
}

#[derive(Debug)]
struct Score {
    task: Task,
    /// The diagnosis has named it.
    seen: bool,
    found: Option<Timestamp>,
    mended: Option<Timestamp>,
}

impl Score {
    fn is_open(&self, now: Timestamp) -> bool {
        self.task.begins <= now && self.mended.is_none()
    }

    fn points(&self) -> i64 {
        let (Some(found), Some(mended)) = (self.found.or(self.mended), self.mended) else { return 0 };
        let minutes = |at: Timestamp| seconds_between(self.task.begins, at) / 60;
        (POINTS - FINDING * minutes(found) - MENDING * minutes(mended)).max(0)
    }
}

impl Drill {
    /// A drill that begins now.
    pub fn new(tasks: Vec<Task>, now: Timestamp) -> Self {
        let score = |task| Score { task, seen: false, found: None, mended: None };
        Self { tasks: tasks.into_iter().map(score).collect(), judged: 0, wrong: Vec::new(), began: now }
    }

    /// Whether all of it is mended.
    pub fn is_over(&self) -> bool {
        self.tasks.iter().all(|score| score.mended.is_some())
    }

    /// A person looks at this.
    pub(super) fn looked_at(&mut self, key: &Ref, view: &View<'_>) {
        let key = home(key, view);
        for score in self.tasks.iter_mut().filter(|it| it.is_open(view.now) && it.task.cause == key) {
            score.found.get_or_insert(view.now);
        }
    }

    /// Judges what was done since it was last asked, of all that was.
    pub(super) fn judge(&mut self, runs: &[Run], view: &View<'_>) {
        for run in runs.iter().skip(self.judged) {
            self.did(&run.plan.intent, &run.plan.title, view);
        }
        self.judged = runs.len();
    }

    fn did(&mut self, intent: &Intent, title: &str, view: &View<'_>) {
        let fits = |part: &Intent| {
            let key = home(part.target(), view);
            let mends = |it: &Score| it.task.cause == key && it.task.mended_by.iter().any(|verb| verb == part.verb());
            self.tasks.iter().any(|it| it.is_open(view.now) && mends(it))
        };
        if !intent.parts().iter().all(fits) {
            self.wrong.push((view.now, title.to_owned()));
        }
    }

    /// What was wrong may be so no more.
    pub(super) fn look(&mut self, diagnosis: &Diagnosis, view: &View<'_>) {
        for score in self.tasks.iter_mut().filter(|it| it.is_open(view.now)) {
            let is_wrong = wrong(&score.task.cause, diagnosis).is_some();
            score.seen |= is_wrong;
            let whole = view.workload(&score.task.cause).is_some_and(|it| view.counts(it).missing() == 0);
            if score.seen && !is_wrong && whole {
                score.mended = Some(view.now);
            }
        }
    }

    /// What came of it, on plain lines.
    pub fn report(&self, now: Timestamp) -> String {
        let all = POINTS * i64::try_from(self.tasks.len()).unwrap_or(0);
        let lost = WRONG * i64::try_from(self.wrong.len()).unwrap_or(0);
        let points = (self.tasks.iter().map(Score::points).sum::<i64>() - lost).max(0);
        let mut out = format!("Drill of {}: {points} of {all} points\n", span(seconds_between(self.began, now)));
        for score in &self.tasks {
            let name = format!("{} {}", score.task.cause.cluster, score.task.cause.local());
            let took = |at: Option<Timestamp>| at.map(|at| span(seconds_between(score.task.begins, at)));
            let said = match (took(score.found), took(score.mended)) {
                _ if score.task.begins > now => "had not begun".to_owned(),
                (Some(found), Some(mended)) => format!("cause after {found}, mended after {mended}"),
                (None, Some(mended)) => format!("mended after {mended}"),
                (Some(found), None) => format!("cause after {found}, not mended"),
                (None, None) => "its cause was not looked at, and it is not mended".to_owned(),
            };
            let _ = writeln!(out, "  {:>3}  {name}: {said}", score.points());
        }
        for (at, title) in &self.wrong {
            let _ = writeln!(out, "  -{WRONG}  {}: {title}", at.strftime("%H:%M"));
        }
        out
    }
}

/// The workload that an instance works for; else the thing itself.
fn home(key: &Ref, view: &View<'_>) -> Ref {
    let owner = || view.instance(key).and_then(|it| it.owner.clone());
    if key.kind.role() == Role::Instance { owner().unwrap_or_else(|| key.clone()) } else { key.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).expect("in range")
    }

    fn drill() -> Drill {
        let task = |name: &str, second| Task {
            cause: format!("prod/shop/Deployment/{name}").parse().expect("a ref"),
            begins: at(second),
            mended_by: vec!["undo".to_owned()],
        };
        Drill::new(vec![task("api", 20), task("worker", 180)], at(0))
    }

    #[test]
    fn points_go_with_the_minutes_and_with_wrong_moves() {
        let mut drill = drill();
        assert!(drill.report(at(600)).starts_with("Drill of 10 min: 0 of 200 points\n"), "{}", drill.report(at(600)));
        drill.tasks[0].found = Some(at(20 + 61));
        drill.tasks[0].mended = Some(at(20 + 121));
        assert_eq!(drill.tasks[0].points(), 100 - 10 - 10);
        drill.tasks[1].mended = Some(at(181));
        assert!(drill.is_over());
        drill.wrong.push((at(90), "Restart shop/web (prod)".to_owned()));
        let report = drill.report(at(600));
        assert!(report.starts_with("Drill of 10 min: 160 of 200 points\n"), "{report}");
        assert!(report.contains("cause after 61 s, mended after 2 min") && report.contains("-20  "), "{report}");
    }
}
