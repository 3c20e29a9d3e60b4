//! What can be done to what runs at set times, and to what is held up by one broken instance.

use crate::domain::{Desired, Draft, Intent, Kind, Line, LineKind, Pin, Ref, Refusal, Seen, Step, StepAction, Until};

use super::act::{SMALL, draft};
use super::model::Managed;
use super::sim::Sim;

impl Sim {
    /// Suspends a schedule, or lets it run again.
    pub(super) fn draft_suspend(&self, intent: &Intent, key: &Ref, suspend: bool) -> Result<Draft, Refusal> {
        let managed = self.scheduled(intent, key)?;
        let is = managed.object.schedule.as_ref().is_some_and(|it| it.suspended);
        if is == suspend {
            return Ok(draft(intent, Vec::new(), None, None, Vec::new()));
        }
        let seen = Seen::State(if is { "suspended" } else { "scheduled" }.into());
        let until = Until::Paused(key.clone(), suspend);
        let mut step = self.step(managed, StepAction::SetPaused(key.clone(), suspend), seen, until);
        step.timeout_seconds = SMALL;
        let inverse = if suspend { Intent::Resume(key.clone()) } else { Intent::Pause(key.clone()) };
        let namespace = key.namespace.as_deref().unwrap_or("default");
        let words =
            format!("kubectl -n {namespace} patch cronjob/{} -p '{{\"spec\":{{\"suspend\":{suspend}}}}}'", key.name);
        Ok(draft(intent, vec![step], Some(words), Some(inverse), Vec::new()))
    }

    /// Lets it run once now.
    pub(super) fn draft_trigger(&self, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
        let managed = self.scheduled(intent, key)?;
        let step = self.step(managed, StepAction::Trigger(key.clone()), Seen::Uid, Until::Accepted);
        let namespace = key.namespace.as_deref().unwrap_or("default");
        let words = format!("kubectl -n {namespace} create job --from=cronjob/{0} {0}-manual", key.name);
        let notes = if managed.members.is_empty() {
            Vec::new()
        } else {
            vec![Line::new(LineKind::Note, "a run of it is there already: both run at once")]
        };
        Ok(draft(intent, vec![step], Some(words), None, notes))
    }

    /// Ends the broken instance that the others wait for.
    pub(super) fn draft_unblock(&self, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
        if self.workloads.get(key).is_some_and(|it| it.object.schedule.is_some()) {
            return self
                .draft_trigger(&Intent::Trigger(key.clone()), key)
                .map(|it| Draft { intent: intent.clone(), ..it });
        }
        let managed = self.to_change(intent, key)?;
        if key.kind != Kind::StatefulSet {
            let why = "its instances do not wait for one another";
            return Err(Refusal::of(intent, why, "roll it back, or restart it"));
        }
        let lives = managed.members.iter().filter_map(|it| self.instances.get(it));
        let broken = lives.filter(|it| !it.object.ready).min_by_key(|it| it.ordinal);
        let Some(live) = broken else {
            return Err(Refusal::of(
                intent,
                "each of its instances is ready: nothing holds it up",
                "nothing is to be done",
            ));
        };
        let (pod, uid) = (live.object.key.clone(), live.object.uid.clone());
        let step = Step {
            action: StepAction::Delete(pod.clone()),
            pin: Pin { key: pod.clone(), uid: uid.clone(), seen: Seen::Uid },
            until: Until::GoneOrReborn(pod.clone(), uid),
            timeout_seconds: SMALL,
            group: 0,
        };
        let note =
            Line::new(LineKind::Does, format!("delete {}: it is made anew, of the newest revision", pod.local()));
        let words = format!("kubectl -n {} delete pod/{}", pod.namespace.as_deref().unwrap_or("default"), pod.name);
        Ok(draft(intent, vec![step], Some(words), None, vec![note]))
    }

    fn scheduled(&self, intent: &Intent, key: &Ref) -> Result<&Managed, Refusal> {
        let gone = || Refusal::of(intent, "it is not there any more", "look at the list again");
        let managed = self.workloads.get(key).ok_or_else(gone)?;
        match managed.object.desired {
            Desired::Scheduled => Ok(managed),
            _ => Err(Refusal::of(intent, "it does not run at set times", "restart it, or scale it")),
        }
    }

    /// Switches a schedule off or on.
    pub(super) fn suspend(&mut self, key: &Ref, suspended: bool, by: &str) {
        let Some(schedule) = self.workloads.get_mut(key).and_then(|it| it.object.schedule.as_mut()) else { return };
        schedule.suspended = suspended;
        self.touch(key);
        self.serial += 1;
        let word = if suspended { "suspended" } else { "let run again" };
        self.changed(key, format!("{word} by {by}"), format!("{key}:suspended:{}", self.serial));
    }
}
