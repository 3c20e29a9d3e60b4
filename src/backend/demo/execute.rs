//! Steps as they are done: the pin is compared with what is there, then the change is made and takes its course.

use crate::domain::words::after;
use crate::domain::{Kind, Pin, Receipt, Ref, Seen, Step, StepAction, StepError, Text};

use super::sim::Sim;

/// Who does what is done from here.
pub(super) const BY: &str = "you";
/// An eviction that a budget refuses is tried again after so long, seconds (kubectl: pkg/drain).
const AGAIN: i64 = 5;

impl Sim {
    /// Does one step, if its pin still holds and anything may be changed at all.
    ///
    /// # Errors
    /// What it was pinned to has moved or gone, a budget holds it back, or it may not be done.
    pub fn execute(&mut self, step: &Step) -> Result<Receipt, StepError> {
        if self.read_only {
            return Err(StepError::Denied(Text::new("cockpit was started with --read-only")));
        }
        self.compare(&step.pin)?;
        match &step.action {
            StepAction::Restart(key) if key.kind == Kind::ContainerInstance => self.restart_container(key),
            StepAction::Restart(key) => {
                let template = self.workloads.get(key).and_then(|it| it.template()).cloned().ok_or(StepError::Gone)?;
                self.roll_out(key, template, BY, "restart");
                // The same revision once more is no canary.
                if let Some(managed) = self.workloads.get_mut(key) {
                    managed.canary = None;
                }
            }
            StepAction::SetReplicas(key, to) => self.set_replicas(key, *to, BY),
            StepAction::Revert(key, to) => {
                let template = self.target_of_undo(key, to.as_ref());
                let template =
                    template.ok_or_else(|| StepError::Failed(Text::new("that revision is not kept any more")))?;
                self.roll_back(key, template, BY);
            }
            StepAction::SetCordon(key, cordon) => self.set_cordon(key, *cordon),
            StepAction::Evict(key) => self.evict(key)?,
            StepAction::SetPaused(key, paused) if key.kind == Kind::CronJob => self.suspend(key, *paused, BY),
            StepAction::SetPaused(key, paused) => self.set_paused(key, *paused),
            StepAction::Set(key, setting) => self.set(key, setting, BY),
            StepAction::Stop(key) | StepAction::Delete(key) => self.stop(key),
            StepAction::Kill(key) if key.kind == Kind::ContainerInstance => self.comes_to_rest(key, 137),
            StepAction::Kill(key) => self.kill(key),
            StepAction::Start(key) => self.start_container(key),
            StepAction::Recreate(key) => self.recreate(key),
            StepAction::Promote(key) => self.promote(key, BY),
            StepAction::Abort(key) => self.abort(key, BY),
            StepAction::Prune(_, waste) => return self.prune(*waste, &step.pin.seen),
            StepAction::Silence(key, quiet) => self.keep_quiet(key, Some(quiet))?,
            StepAction::EndSilence(key, _) => self.keep_quiet(key, None)?,
            StepAction::Trigger(key) => {
                let made = self.create(key, None, None);
                return Ok(Receipt { made, ..Receipt::at(self.now) });
            }
            other => {
                let why = format!("the simulated company has no such thing: {}", other.target().local());
                return Err(StepError::Failed(Text::from(why)));
            }
        }
        Ok(Receipt::at(self.now))
    }

    fn compare(&self, pin: &Pin) -> Result<(), StepError> {
        let moved = |what: String| Err(StepError::Moved(Text::from(what)));
        if pin.key.kind == Kind::Cluster {
            return if self.info.identity == pin.uid { Ok(()) } else { Err(StepError::Gone) };
        }
        if pin.key.kind == Kind::Alert {
            return match self.quiet_state(&pin.key) {
                None => Err(StepError::Gone),
                Some(state) if pin.seen == Seen::State(state.clone()) => Ok(()),
                Some(state) => moved(format!("it is {state} by now")),
            };
        }
        if let Some(machine) = self.nodes.get(&pin.key) {
            return match pin.seen {
                _ if machine.object.uid != pin.uid => Err(StepError::Gone),
                Seen::Cordoned(seen) if machine.object.cordoned != seen => {
                    moved(format!("it was {}cordoned", if seen { "un" } else { "" }))
                }
                _ => Ok(()),
            };
        }
        if let Some(live) = self.instances.get(&pin.key) {
            return if live.object.uid == pin.uid { Ok(()) } else { Err(StepError::Gone) };
        }
        let managed = self.workloads.get(&pin.key).ok_or(StepError::Gone)?;
        if managed.object.uid != pin.uid {
            return Err(StepError::Gone);
        }
        let revision = managed.object.revision.as_ref().map(|it| &it.id);
        match &pin.seen {
            Seen::Revision(seen) if seen.as_ref() != revision => {
                moved(format!("revision {} was rolled out", revision.map_or("another", |it| it.as_str())))
            }
            Seen::Replicas(seen) if managed.object.desired.running() != Some(*seen) => {
                let now = managed.object.desired.running().unwrap_or(0);
                moved(format!("{now} are wanted, and {seen} were"))
            }
            Seen::Spec(seen) if *seen != self.members_digest(&pin.key) => {
                moved("its containers are others by now".to_owned())
            }
            Seen::State(seen) => {
                let suspended = managed.object.schedule.as_ref().is_some_and(|it| it.suspended);
                let now = if suspended { "suspended" } else { "scheduled" };
                if seen == now { Ok(()) } else { moved(format!("it is {now}")) }
            }
            _ => Ok(()),
        }
    }

    fn stop(&mut self, key: &Ref) {
        let home = self.instances.get(key).map(|live| live.home.clone());
        self.leave(key);
        home.iter().for_each(|home| self.reconcile(home));
    }

    fn set_cordon(&mut self, key: &Ref, cordon: bool) {
        let Some(machine) = self.nodes.get_mut(key) else { return };
        machine.object.cordoned = cordon;
        self.touch(key);
        self.serial += 1;
        let (word, id) = (if cordon { "cordoned" } else { "uncordoned" }, format!("{key}:cordon:{}", self.serial));
        self.changed(key, format!("{word} by {BY}"), id);
        if !cordon {
            self.plan_retry(true);
        }
    }

    fn set_paused(&mut self, key: &Ref, paused: bool) {
        use crate::domain::RolloutPhase::{Paused, Progressing};
        let Some(managed) = self.workloads.get_mut(key) else { return };
        managed.paused = paused;
        if !paused && managed.canary.is_some_and(|canary| canary > 0) {
            return self.promote(key, BY);
        }
        if let Some(rollout) = managed.object.rollout.as_mut().filter(|it| matches!(it.phase, Paused | Progressing)) {
            rollout.phase = if paused { Paused } else { Progressing };
        }
        self.touch(key);
        self.unsettle(key);
        self.serial += 1;
        let (word, id) = (if paused { "paused" } else { "resumed" }, format!("{key}:paused:{}", self.serial));
        self.changed(key, format!("rollout {word} by {BY}"), id);
    }

    /// As the eviction API does it: what does not serve may go, and of the rest no more than the budget allows.
    fn evict(&mut self, key: &Ref) -> Result<(), StepError> {
        let live = self.instances.get(key).ok_or(StepError::Gone)?;
        let managed = self.workloads.get(&live.home).ok_or(StepError::Gone)?;
        if let Some(budget) = managed.spec.budget.as_ref().filter(|it| live.object.ready && managed.ready <= it.keep) {
            let by = format!(
                "The disruption budget {} needs {} healthy pods and has {} currently",
                budget.name, budget.keep, managed.ready
            );
            return Err(StepError::Blocked { by: Text::from(by), retry_at: after(self.now, AGAIN) });
        }
        let home = live.home.clone();
        self.leave(key);
        // The next eviction has to see that this one is on its way.
        self.reconcile(&home);
        Ok(())
    }
}
