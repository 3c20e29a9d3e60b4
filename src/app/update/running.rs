//! Runs on their way: what they send, how they end, how they are stopped and taken back.

use crate::action::{Mood, follow};
use crate::app::command::Now;
use crate::app::{App, Effect, Moment};
use crate::domain::{Outcome, Severity, Step, StepError, StepState, Text};
use crate::ui::Overlay;

use super::undoing::words;

impl App {
    /// Looks at a run as it goes, from its beginning.
    pub(super) fn look_at_run(&mut self, id: u64) {
        self.screen.run_scroll = 0;
        self.screen.overlay = Some(Overlay::Run(id));
    }

    /// A run that is looked at and has done nothing, because what it was to be done to had changed: how it would go now is
    /// shown at once, with what changed. Whether it was one.
    pub(super) fn look_again(&mut self, id: u64, at: Moment) -> bool {
        let Some(run) = self.core.runs().run(id).filter(|run| matches!(run.outcome, Some((_, Outcome::Failed(_)))))
        else {
            return false;
        };
        let moved = run.steps.iter().find_map(|state| match state {
            StepState::Failed(StepError::Moved(what)) => Some(what.clone()),
            _ => None,
        });
        let looked_at = matches!(self.screen.overlay, Some(Overlay::Run(shown)) if shown == id);
        let Some(what) = moved.filter(|_| looked_at) else { return false };
        let intent = run.plan.intent.clone();
        self.begin_knowing(intent, Some(what), at);
        true
    }

    /// Sends steps of runs; what has changed of them is journalled before.
    pub(super) fn send(&mut self, steps: Vec<(u64, usize, Step)>) {
        for entry in self.core.take_unwritten() {
            if self.core.guard().notes && entry.run.outcome.is_some() {
                self.effects.push(Effect::Note(Box::new(entry.clone())));
            }
            self.effects.push(Effect::Journal(Box::new(entry)));
        }
        self.effects.extend(steps.into_iter().map(|(run, ix, step)| Effect::Execute(run, ix, step)));
    }

    /// Says how a run ended, unless it is being looked at.
    pub(super) fn tell_outcomes(&mut self, before: &[u64], at: Moment) {
        let ended = |id: &&u64| self.core.runs().run(**id).is_some_and(|run| run.outcome.is_some());
        let Some(run) = before.iter().rev().find(ended).and_then(|id| self.core.runs().run(*id)) else { return };
        if matches!(self.screen.overlay, Some(Overlay::Run(id)) if id == run.id) {
            return;
        }
        let followed = follow(run, run.plan.intent.target(), &self.core.view(at.now), self.core.diagnosis());
        let severity = match (followed.mood, &run.outcome) {
            (Mood::UnderWay | Mood::Settled, _) => None,
            (_, Some((_, Outcome::Failed(_)))) => Some(Severity::Critical),
            (Mood::Stuck | Mood::Short, _) => Some(Severity::Warning),
        };
        let text = format!("{}: {}", run.plan.title, followed.text);
        self.say_long(at, &text, severity);
    }

    /// Runs that go on.
    pub(super) fn open_runs(&self) -> Vec<u64> {
        self.core.runs().runs().iter().filter(|run| run.outcome.is_none()).map(|run| run.id).collect()
    }
}

/// Whether the run that is looked at can be stopped.
pub fn stop_run_now(app: &App, _: Moment) -> Now {
    let Some(Overlay::Run(id)) = app.screen.overlay else { return None };
    let known = app.core.runs().known(id)?;
    let run = known.run;
    if run.outcome.is_none() && !known.is_own {
        let whose = known.who(app.core.runs().me());
        let why = if known.is_abandoned { "nobody goes on with it".to_owned() } else { format!("{whose} stops it") };
        return Some(Err(Text::from(why)));
    }
    Some(match (&run.outcome, run.stopping) {
        (Some(_), _) => Err(Text::new("it has ended")),
        (None, true) => Err(Text::new("it is stopping: what was sent cannot be called back")),
        (None, false) => Ok(Text::new("stop")),
    })
}

/// Stops it.
pub fn stop_run(app: &mut App, at: Moment) {
    if let Some(Overlay::Run(id)) = app.screen.overlay {
        let steps = app.core.stop(id, at.now);
        app.send(steps);
    }
}

/// Whether what the run that is looked at did can be taken back.
pub fn take_back_now(app: &App, at: Moment) -> Now {
    let Some(Overlay::Run(id)) = app.screen.overlay else { return None };
    let known = app.core.runs().known(id)?;
    let run = known.run;
    match (&run.outcome, &run.plan.inverse) {
        (None, Some(inverse)) if known.is_abandoned => app.offer(inverse, "put it back", at),
        (None, Some(_)) if !known.is_own => Some(Err(Text::new("it is under way in another cockpit"))),
        (_, None) => Some(Err(Text::new("this cannot be taken back by one key"))),
        (None, Some(_)) if !run.stopping => Some(Err(Text::new("it is under way: stop it first"))),
        (Some((_, Outcome::Failed(_))), Some(_)) => Some(Err(Text::new("nothing was done"))),
        (_, Some(inverse)) => app.offer(inverse, &words(app, inverse, at), at),
    }
}

/// Takes it back.
pub fn take_back(app: &mut App, at: Moment) {
    let Some(Overlay::Run(id)) = app.screen.overlay else { return };
    if let Some(inverse) = app.core.runs().run(id).and_then(|run| run.plan.inverse.clone()) {
        app.begin(inverse, at);
    }
}
