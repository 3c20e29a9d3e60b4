//! What can be done to one instance: move it away, end it, end it at once.

use crate::domain::{
    DesiredState, Draft, Grade, Intent, Line, LineKind, Pin, Ref, Refusal, Seen, Step, StepAction, Until,
};

use super::act::{SMALL, draft};
use super::company::Orchestrator;
use super::model::Live;
use super::sim::Sim;

impl Sim {
    /// Restart (its successor takes over), stop or kill one instance.
    pub(super) fn draft_one(&self, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
        let gone = || Refusal::of(intent, "it is not there any more", "look at the list again");
        let live = self.instances.get(key).ok_or_else(gone)?;
        if live.object.desired == DesiredState::Stop {
            return Err(Refusal::of(intent, "it is ending already", "wait until it is gone"));
        }
        let bare = self.workloads.get(&live.home).is_none_or(|it| it.spec.bare);
        if bare && matches!(intent, Intent::Restart(_)) {
            let why = "nothing makes another: it would be gone for good";
            return Err(Refusal::of(intent, why, "end it by `stop`, if that is what is meant"));
        }
        let action = match intent {
            Intent::Restart(_) => StepAction::Evict(key.clone()),
            Intent::Kill(_) => StepAction::Kill(key.clone()),
            _ => StepAction::Stop(key.clone()),
        };
        let uid = live.object.uid.clone();
        let step = Step {
            action,
            pin: Pin { key: key.clone(), uid: uid.clone(), seen: Seen::Uid },
            until: Until::GoneOrReborn(key.clone(), uid),
            timeout_seconds: SMALL,
            group: 0,
        };
        let equivalent = self.words_for_one(intent, key);
        let mut out = draft(intent, vec![step], Some(equivalent), None, self.notes_on_one(live, bare));
        out.grade = bare.then_some(Grade::Destructive);
        Ok(out)
    }

    fn notes_on_one(&self, live: &Live, bare: bool) -> Vec<Line> {
        if bare {
            return vec![Line::new(LineKind::Hurts, "nothing makes another: it is gone for good")];
        }
        let last = live.object.ready && self.workloads.get(&live.home).is_some_and(|it| it.ready == 1);
        let mut notes = vec![Line::new(LineKind::Note, format!("{} makes another", live.home.local()))];
        if last {
            notes.push(Line::new(LineKind::Hurts, "it is the last that serves: nothing does until the next is ready"));
        }
        notes
    }

    fn words_for_one(&self, intent: &Intent, key: &Ref) -> String {
        let (name, namespace) = (&key.name, key.namespace.as_deref().unwrap_or("default"));
        let at_once = matches!(intent, Intent::Kill(_));
        match self.orchestrator {
            Orchestrator::Kubernetes if at_once => format!("kubectl -n {namespace} delete pod/{name} --grace-period=0"),
            Orchestrator::Kubernetes => format!("kubectl -n {namespace} delete pod/{name}"),
            Orchestrator::Nomad if matches!(intent, Intent::Restart(_)) => format!("nomad alloc restart {name}"),
            Orchestrator::Nomad => format!("nomad alloc stop {name}"),
            Orchestrator::Swarm => format!("docker {} {name}", if at_once { "kill" } else { "stop" }),
        }
    }

    /// It is gone at once.
    pub(super) fn kill(&mut self, key: &Ref) {
        let Some(home) = self.instances.get(key).map(|live| live.home.clone()) else { return };
        self.delete(key);
        self.plan_retry(true);
        self.reconcile(&home);
    }
}
