//! What became of an action: how far it is, that it has settled and after how long, or what it is stuck at.

use crate::diagnose::{Diagnosis, Incident, IncidentState};
use crate::domain::words::{seconds_between, span};
use crate::domain::{Outcome, Ref, Run, Severity, StepState, Text, Timestamp, Until};
use crate::state::View;

use super::book::RunBook;
use super::drain::Drain;
use super::wait::Wait;
use super::words::{deed, done};

/// What became of an action stays on the row of what it was done to for so long, seconds.
pub const SHOWN_SECONDS: i64 = 300;

/// How an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// On its way.
    UnderWay,
    /// Done, and what it was done to is in order.
    Settled,
    /// On its way or done, and something is wrong with what it was done to that was not before.
    Stuck,
    /// Not done, or not all of it.
    Short,
}

/// What became of an action on an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed<'a> {
    /// The action.
    pub run: &'a Run,
    /// How it stands.
    pub mood: Mood,
    /// In words: `restarted: healthy in 41 s`.
    pub text: Text,
}

impl RunBook {
    /// The newest action that was begun on an object or on one of several with it, while it is under way and for some
    /// minutes after.
    pub fn newest_on(&self, key: &Ref, now: Timestamp) -> Option<&Run> {
        self.shown(now).find(|run| run.plan.intent.parts().iter().any(|part| part.target() == key))
    }

    /// Actions that are still shown on the rows of what they were done to, newest first.
    pub fn shown(&self, now: Timestamp) -> impl Iterator<Item = &Run> {
        self.runs().iter().rev().filter(move |run| is_shown(run, now))
    }
}

fn is_shown(run: &Run, now: Timestamp) -> bool {
    run.outcome.as_ref().is_none_or(|(at, _)| seconds_between(*at, now) < SHOWN_SECONDS)
}

/// What became of a run, as an object that it touches shows it.
pub fn follow<'a>(run: &'a Run, key: &Ref, view: &View<'_>, diagnosis: &Diagnosis) -> Followed<'a> {
    let part = run.plan.intent.parts().iter().find(|part| part.target() == key).unwrap_or(&run.plan.intent);
    let trouble = diagnosis.incidents().iter().find(|incident| came_with(incident, run, key));
    let (mood, text) = match &run.outcome {
        None => match trouble {
            Some(incident) => (Mood::Stuck, format!("{}, stuck: {}", under_way(run, view), incident.summary)),
            None => (Mood::UnderWay, under_way(run, view)),
        },
        Some((_, Outcome::Failed(why))) => {
            let on_it = |it: &&Incident| it.subject == *key && is_open(it) && it.severity < Severity::Risk;
            let cause = diagnosis.incidents().iter().find(on_it);
            let cause = cause.map(|incident| format!("; {}", incident.summary)).unwrap_or_default();
            (Mood::Short, format!("{}: not done: {why}{cause}", deed(part)))
        }
        Some((_, Outcome::Partly { left, .. })) => (Mood::Short, partly(run, *left, view)),
        Some((_, Outcome::Accepted)) => match trouble {
            Some(incident) => (Mood::Stuck, format!("{}: accepted, stuck: {}", deed(part), incident.summary)),
            None => (Mood::Settled, format!("{}: accepted, and not waited for", deed(part))),
        },
        Some((at, Outcome::Done)) => match (trouble, Drain::of(run, view)) {
            (Some(incident), _) => (Mood::Stuck, format!("{}, stuck: {}", done(part), incident.summary)),
            (None, Some(drain)) if !drain.left.is_empty() => (Mood::Short, partly(run, 0, view)),
            (None, _) => (Mood::Settled, settled(run, part, *at)),
        },
    };
    let did = !matches!(run.outcome, Some((_, Outcome::Failed(_))));
    let back = run.plan.inverse.is_some() && did && matches!(mood, Mood::Stuck | Mood::Short);
    Followed { run, mood, text: Text::from(text + if back { "; u takes it back" } else { "" }) }
}

fn settled(run: &Run, part: &crate::domain::Intent, at: Timestamp) -> String {
    let seen = |until: &Until| {
        matches!(until, Until::Renewed(_) | Until::RolledOut(..) | Until::Count(_, 1..) | Until::Again(_))
    };
    let took = span(seconds_between(run.started, at));
    match run.plan.steps.iter().any(|step| seen(&step.until)) {
        true => format!("{}: healthy in {took}", done(part)),
        false => format!("{} in {took}", done(part)),
    }
}

fn partly(run: &Run, left: usize, view: &View<'_>) -> String {
    match Drain::of(run, view) {
        Some(drain) => format!("partly drained, {} left", drain.left.len()),
        None => format!("{}: partly, {left} left", deed(&run.plan.intent)),
    }
}

/// `restart: 1 of 3 ready`, `drain: 24 gone, 3 moving`.
fn under_way(run: &Run, view: &View<'_>) -> String {
    let (finished, all) = run.progress();
    let stopping = if run.stopping { ", stopping" } else { "" };
    let far = match Drain::of(run, view) {
        Some(drain) => drain.words(),
        None if all == 1 => share(run, view).unwrap_or_else(|| "not seen done yet".to_owned()),
        None => format!("{finished} of {all} done"),
    };
    format!("{}: {far}{stopping}", run.plan.intent.verb())
}

fn share(run: &Run, view: &View<'_>) -> Option<String> {
    let (state, step) = (run.steps.first()?, run.plan.steps.first()?);
    let StepState::Settling(receipt) = state else { return None };
    let (ready, of) = Wait::of(&step.until, receipt, view)?.share?;
    Some(format!("{ready} of {of} ready"))
}

/// An incident on what was acted on that came after the action was begun. One that was there before says nothing of it.
fn came_with(incident: &Incident, run: &Run, key: &Ref) -> bool {
    is_open(incident) && incident.subject == *key && incident.severity < Severity::Risk && incident.since >= run.started
}

const fn is_open(incident: &Incident) -> bool {
    matches!(incident.state, IncidentState::Open | IncidentState::Flapping)
}
