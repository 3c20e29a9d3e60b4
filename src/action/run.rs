//! A confirmed plan on its way: asks for steps, waits for the world to show them done, and stops when told to stop.

use crate::domain::{
    AlertState, Instance, Kind, Object, Outcome, Phase, Receipt, Ref, RolloutPhase, Run, Step, StepError, StepState,
    Text, Timestamp, Until,
};
use crate::state::View;

use super::wait::{is_newer, leaving, runs};

/// What a run hears.
pub enum RunEvent {
    /// An answer to a step that was asked for.
    Answer(usize, Result<Receipt, StepError>),
    /// The world has changed, or a deadline has come.
    Look,
    /// A person says stop.
    Stop,
    /// It was taken over: what is known of it is what was written down.
    Resume,
}

/// How many steps of a group are on their way at once. A blocked one holds no place.
const AT_ONCE: usize = 8;

impl Run {
    /// Takes an event in and says which steps are to be sent now, by their place in the plan.
    pub fn advance(&mut self, event: RunEvent, view: &View<'_>) -> Vec<(usize, Step)> {
        if self.outcome.is_some() {
            return Vec::new();
        }
        match event {
            RunEvent::Answer(ix, answer) => self.answered(ix, answer, view.now),
            RunEvent::Stop => self.stop(),
            RunEvent::Resume => self.resume(view),
            RunEvent::Look => {}
        }
        self.look(view);
        let sent = self.send(view.now);
        self.conclude(view.now);
        sent
    }

    /// When it has to be looked at again though nothing changes.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        if self.outcome.is_some() {
            return None;
        }
        let each = self.steps.iter().zip(&self.plan.steps).filter_map(|(state, step)| match state {
            StepState::Blocked { retry_at, .. } => Some(*retry_at),
            StepState::Settling(receipt) => after(receipt.at, step.timeout_seconds),
            _ => None,
        });
        each.min()
    }

    /// Whoever drove it ends, and nobody goes on with it: what was not sent is not sent, what was sent is not waited for.
    pub fn let_go(&mut self, now: Timestamp) {
        if self.outcome.is_some() {
            return;
        }
        self.stop();
        for state in &mut self.steps {
            match *state {
                StepState::Sent(sent) => *state = StepState::Failed(StepError::Unknown { sent }),
                StepState::Settling(Receipt { at: sent, unanswered: true, .. }) => {
                    *state = StepState::Failed(StepError::Unknown { sent });
                }
                _ => {}
            }
        }
        let accepted = |state: &StepState| matches!(state, StepState::Done(_) | StepState::Settling(_));
        let done = self.steps.iter().filter(|state| accepted(state)).count();
        let left = self.steps.len() - done;
        let outcome = match (done, left) {
            (_, 0) => Outcome::Accepted,
            (0, _) => Outcome::Failed(Text::new("stopped before anything was done")),
            (done, left) => Outcome::Partly { done, left },
        };
        self.outcome = Some((now, outcome));
    }

    fn answered(&mut self, ix: usize, answer: Result<Receipt, StepError>, now: Timestamp) {
        let Some(state) = self.steps.get_mut(ix) else { return };
        *state = match answer {
            Ok(receipt) => StepState::Settling(receipt),
            Err(StepError::Blocked { by, retry_at }) => {
                let since = match state {
                    StepState::Blocked { since, .. } => *since,
                    _ => now,
                };
                StepState::Blocked { by, retry_at, since }
            }
            // Gone is what an eviction wants.
            Err(StepError::Gone) if matches!(self.plan.steps[ix].until, Until::GoneOrReborn(..)) => {
                StepState::Done(now)
            }
            // Nothing in the world would tell.
            Err(error @ StepError::Unknown { .. }) if self.plan.steps[ix].until == Until::Accepted => {
                StepState::Failed(error)
            }
            // Whether it was done is read from the world, never by sending it again.
            Err(StepError::Unknown { sent }) => StepState::Settling(Receipt::missing(sent)),
            Err(error) => StepState::Failed(error),
        };
    }

    fn stop(&mut self) {
        self.stopping = true;
        for state in &mut self.steps {
            if matches!(state, StepState::Waiting | StepState::Blocked { .. }) {
                *state = StepState::Skipped;
            }
        }
    }

    /// What was sent before may have been done, and is looked for: it is never sent again. What was held back may have been
    /// done by the try that its former owner did not live to hear of.
    fn resume(&mut self, view: &View<'_>) {
        for (state, step) in self.steps.iter_mut().zip(&self.plan.steps) {
            let told = step.until != Until::Accepted;
            match *state {
                StepState::Sent(sent) if told && holds(&step.until, &Receipt::at(sent), view) => {
                    *state = StepState::Done(view.now);
                }
                StepState::Sent(sent) if told && !is_over(sent, step, view.now) => {
                    *state = StepState::Settling(Receipt::missing(sent));
                }
                StepState::Sent(sent) => *state = StepState::Failed(StepError::Unknown { sent }),
                StepState::Blocked { since, .. } if told && holds(&step.until, &Receipt::at(since), view) => {
                    *state = StepState::Done(view.now);
                }
                _ => {}
            }
        }
    }

    fn look(&mut self, view: &View<'_>) {
        for (state, step) in self.steps.iter_mut().zip(&self.plan.steps) {
            let StepState::Settling(receipt) = state else { continue };
            if holds(&step.until, receipt, view) {
                *state = StepState::Done(view.now);
            } else if is_over(receipt.at, step, view.now) {
                let answer = if receipt.unanswered { "no answer came" } else { "accepted" };
                let text = format!("{answer}, and not seen done within {} s", step.timeout_seconds);
                *state = StepState::Failed(StepError::Failed(Text::new(&text)));
            }
        }
    }

    fn send(&mut self, now: Timestamp) -> Vec<(usize, Step)> {
        let Some(group) = self.current_group() else { return Vec::new() };
        let under_way = |state: &StepState| matches!(state, StepState::Sent(_) | StepState::Settling(_));
        let mut places = AT_ONCE.saturating_sub(self.steps.iter().filter(|state| under_way(state)).count());
        // What is held back is asked again without a place of its own: it neither waits for one nor keeps one from another.
        let mut retries = AT_ONCE;
        let mut out = Vec::new();
        for (ix, step) in self.plan.steps.iter().enumerate().filter(|(_, step)| step.group == group) {
            if self.stopping {
                break;
            }
            match &mut self.steps[ix] {
                state @ StepState::Waiting if places > 0 => {
                    places -= 1;
                    *state = StepState::Sent(now);
                }
                // It keeps what blocked it on the screen until its answer comes; no answer within a minute is one too.
                StepState::Blocked { retry_at, .. } if *retry_at <= now && retries > 0 => {
                    retries -= 1;
                    *retry_at = after(now, 60).unwrap_or(now);
                }
                // So many at once are enough: these have their turn a second later.
                StepState::Blocked { retry_at, .. } if *retry_at <= now => {
                    *retry_at = after(now, 1).unwrap_or(now);
                    continue;
                }
                _ => continue,
            }
            out.push((ix, step.clone()));
        }
        out
    }

    /// The first group with something left; an earlier group's failure ends the later ones.
    fn current_group(&mut self) -> Option<u32> {
        let groups: std::collections::BTreeSet<u32> = self.plan.steps.iter().map(|step| step.group).collect();
        for group in groups {
            let of_group = || (0..self.steps.len()).filter(|ix| self.plan.steps[*ix].group == group);
            if of_group().any(|ix| !self.steps[ix].is_final()) {
                return Some(group);
            }
            if of_group().any(|ix| matches!(self.steps[ix], StepState::Failed(_))) {
                for ix in 0..self.steps.len() {
                    if self.plan.steps[ix].group > group && self.steps[ix] == StepState::Waiting {
                        self.steps[ix] = StepState::Skipped;
                    }
                }
                return None;
            }
        }
        None
    }

    fn conclude(&mut self, now: Timestamp) {
        if !self.steps.iter().all(StepState::is_final) {
            return;
        }
        let (done, all) = self.progress();
        let first_error = self.steps.iter().find_map(|state| match state {
            StepState::Failed(error) => Some(Text::new(&error.to_string())),
            _ => None,
        });
        let outcome = match (done, first_error) {
            (done, _) if done == all => Outcome::Done,
            (0, Some(error)) => Outcome::Failed(error),
            (0, None) => Outcome::Failed(Text::new("stopped before anything was done")),
            (done, _) => Outcome::Partly { done, left: all - done },
        };
        self.outcome = Some((now, outcome));
    }
}

fn is_over(sent: Timestamp, step: &Step, now: Timestamp) -> bool {
    after(sent, step.timeout_seconds).is_some_and(|deadline| deadline <= now)
}

fn holds(until: &Until, receipt: &Receipt, view: &View<'_>) -> bool {
    match until {
        Until::Accepted => true,
        Until::Renewed(key) => {
            let Some(workload) = view.workload(key) else { return false };
            let counts = view.counts(workload);
            let renewed = view.instances_of(key).filter(|it| runs(it)).all(|it| it.ready && is_newer(it, receipt));
            renewed && counts.alive > 0 && counts.missing() == 0
        }
        Until::Count(key, wanted) => {
            let Some(workload) = view.workload(key) else { return false };
            let counts = view.counts(workload);
            counts.ready == *wanted && counts.alive == *wanted
        }
        Until::Cordoned(key, cordoned) => view.node(key).is_some_and(|node| node.cordoned == *cordoned),
        Until::GoneOrReborn(key, uid) => match view.object(key) {
            Some(Object::Instance(instance)) => instance.uid != *uid,
            // What is not looked at is not seen to be gone.
            _ => view.would_see(key),
        },
        Until::RolledOut(key, from) => {
            let Some(workload) = view.workload(key) else { return false };
            let newest = workload.revision.as_ref().map(|revision| &revision.id);
            let complete = workload.rollout.as_ref().is_none_or(|rollout| ended_well(rollout.phase));
            let counts = view.counts(workload);
            let of_newest = |it: &Instance| it.revision.is_none() || newest.is_none() || it.revision.as_ref() == newest;
            newest != from.as_ref()
                && complete
                && counts.missing() == 0
                && view.instances_of(key).filter(|it| runs(it)).all(|it| it.ready && of_newest(it))
        }
        Until::Again(key) => view.instance(key).is_some_and(|it| runs(it) && it.ready && is_newer(it, receipt)),
        Until::Ended(key) => view.instance(key).is_none_or(|it| it.phase.ended() || it.phase == Phase::Created),
        Until::Paused(key, paused) => is_paused(key, view) == Some(*paused),
        Until::Quiet(key, quiet) => view.alert(key).is_none_or(|it| (it.state == AlertState::Silenced) == *quiet),
        Until::Empty(key) => {
            let cordoned = view.node(key).is_some_and(|node| node.cordoned || node.draining);
            cordoned && leaving(key, view).next().is_none()
        }
    }
}

const fn ended_well(phase: RolloutPhase) -> bool {
    matches!(phase, RolloutPhase::Complete | RolloutPhase::RolledBack)
}

/// Whether a rollout is held, a job suspended, a sync switched off; none where that cannot be told.
fn is_paused(key: &Ref, view: &View<'_>) -> Option<bool> {
    let workload = view.workload(key)?;
    if let Some(schedule) = &workload.schedule {
        return Some(schedule.suspended);
    }
    if key.kind == Kind::Job {
        return Some(workload.job.as_ref().is_some_and(|job| job.suspended));
    }
    let phase = workload.rollout.as_ref().map(|rollout| rollout.phase);
    Some(matches!(phase, Some(RolloutPhase::Paused | RolloutPhase::RollbackPaused)))
}

fn after(at: Timestamp, seconds: u32) -> Option<Timestamp> {
    at.checked_add(jiff::SignedDuration::from_secs(i64::from(seconds))).ok()
}
