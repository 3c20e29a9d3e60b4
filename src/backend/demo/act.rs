//! What an intent would do here: steps with their pins, what they hurt, and what takes them back.

use crate::domain::{
    Desired, Draft, Intent, Kind, Line, LineKind, Pin, Ref, Refusal, Role, RolloutPhase, Seen, Step, StepAction, Text,
    Until,
};

use super::canary::argo;
use super::company::Orchestrator;
use super::model::Managed;
use super::sim::Sim;

/// How long a roll-out is waited for, seconds.
const ROLL_OUT: u32 = 900;
/// How long a small change is waited for, seconds.
pub(super) const SMALL: u32 = 120;

impl Sim {
    /// How an intent would be done. Nothing is changed.
    ///
    /// # Errors
    /// It cannot be done, and why.
    pub fn prepare(&self, intent: Intent) -> Result<Draft, Refusal> {
        let on_one = intent.target().kind.role() == Role::Instance;
        match &intent {
            Intent::Prune(key) => self.draft_prune(&intent, key),
            intent if matches!(intent.target().kind, Kind::ComposeService | Kind::ContainerInstance) => {
                self.draft_engine(intent, intent.target())
            }
            Intent::Silence(key, quiet) => self.draft_quiet(&intent, key, Some(quiet)),
            Intent::Unsilence(key) => self.draft_quiet(&intent, key, None),
            Intent::Promote(key) => self.draft_canary(&intent, key, true),
            Intent::Abort(key) => self.draft_canary(&intent, key, false),
            Intent::Restart(key) | Intent::Stop(key) | Intent::Kill(key) if on_one => self.draft_one(&intent, key),
            Intent::Restart(key) => self.draft_restart(&intent, key),
            Intent::Shell(key, enter) => self.draft_shell(&intent, key, enter),
            Intent::Scale(key, to) => self.draft_scale(&intent, key, *to),
            Intent::Undo(key, to) => self.draft_undo(&intent, key, to.as_ref()),
            Intent::Set(key, setting) => self.draft_set(&intent, key, setting),
            Intent::Cordon(key) => self.draft_cordon(&intent, key, true),
            Intent::Uncordon(key) => self.draft_cordon(&intent, key, false),
            Intent::Drain(key, including) => self.draft_drain(&intent, key, *including),
            Intent::Pause(key) if key.kind == Kind::CronJob => self.draft_suspend(&intent, key, true),
            Intent::Resume(key) if key.kind == Kind::CronJob => self.draft_suspend(&intent, key, false),
            Intent::Pause(key) => self.draft_pause(&intent, key, true),
            Intent::Resume(key) => self.draft_pause(&intent, key, false),
            Intent::Trigger(key) => self.draft_trigger(&intent, key),
            Intent::Unblock(key) => self.draft_unblock(&intent, key),
            other => Err(self.no_such_thing(other)),
        }
    }

    /// Why something is not to be had here at all.
    fn no_such_thing(&self, intent: &Intent) -> Refusal {
        let (why, mend) = match intent {
            Intent::Stop(_) | Intent::Kill(_) => {
                ("its instances would be made again", "scale it to 0, or end one instance of it")
            }
            Intent::Start(_) => ("it is kept running, never stopped", "scale it up"),
            Intent::Recreate(_) => ("it is made from no Compose file", "restart it"),
            _ => ("the simulated company has no such thing", "try it on a real server"),
        };
        Refusal::of(intent, why, mend)
    }

    pub(super) fn to_change(&self, intent: &Intent, key: &Ref) -> Result<&Managed, Refusal> {
        let gone = || Refusal::of(intent, "it is not there any more", "look at the list again");
        let managed = self.workloads.get(key).ok_or_else(gone)?;
        if matches!(managed.object.desired, Desired::Scheduled | Desired::Completions(_)) {
            let why = format!("a {} runs to its end by itself", key.kind.noun());
            return Err(Refusal::of(intent, why, "wait for its next run"));
        }
        Ok(managed)
    }

    pub(super) fn not_paused(&self, intent: &Intent, managed: &Managed) -> Result<(), Refusal> {
        match managed.paused {
            true => Err(Refusal::of(intent, "its rollout is paused", "resume it first")),
            false => Ok(()),
        }
    }

    fn draft_restart(&self, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
        let managed = self.to_change(intent, key)?;
        self.not_paused(intent, managed)?;
        if managed.canary.is_some() {
            return Err(Refusal::of(intent, "a canary of it waits", "promote it or give it up first"));
        }
        let mut notes = Vec::new();
        if let Some(guard) = self.way(managed) {
            notes.push(Line::new(LineKind::Note, guard));
        }
        let step =
            self.step(managed, StepAction::Restart(key.clone()), revision_of(managed), Until::Renewed(key.clone()));
        let name = &key.name;
        let namespace = key.namespace.as_deref().unwrap_or("default");
        let equivalent = match self.orchestrator {
            Orchestrator::Kubernetes if key.kind == Kind::ArgoRollout => argo(key, "restart"),
            Orchestrator::Kubernetes => format!("kubectl -n {namespace} rollout restart {}/{name}", word(key.kind)),
            Orchestrator::Nomad => format!("nomad job restart -namespace={namespace} -reschedule -group={name} {name}"),
            Orchestrator::Swarm => format!("docker service update --force {name}"),
        };
        Ok(draft(intent, vec![step], Some(equivalent), None, notes))
    }

    pub(super) fn way(&self, managed: &Managed) -> Option<String> {
        let (surge, unavailable) = (managed.spec.surge, managed.spec.unavailable);
        match managed.object.key.kind {
            Kind::StatefulSet | Kind::DaemonSet => {
                Some("one at a time: each is away until its successor is ready".to_owned())
            }
            _ if unavailable >= managed.spec.replicas => {
                Some("all at once: nothing of it serves until the new ones are ready".to_owned())
            }
            _ if unavailable == 0 => Some(format!("at most {surge} more at a time, and none fewer")),
            _ => Some(format!("at most {surge} more and {unavailable} fewer at a time")),
        }
    }

    fn draft_scale(&self, intent: &Intent, key: &Ref, to: u32) -> Result<Draft, Refusal> {
        let managed = self.to_change(intent, key)?;
        let Desired::Replicas(from) = managed.object.desired else {
            return Err(Refusal::of(intent, "it runs once on each node", "label or taint nodes instead"));
        };
        let rolling = managed.object.rollout.as_ref().is_some_and(|it| it.phase == RolloutPhase::Progressing);
        if matches!(self.orchestrator, Orchestrator::Nomad) && rolling {
            let mend = "wait until the deployment has ended, or fail it";
            return Err(Refusal::of(intent, "Nomad does not scale a job while a deployment of it is active", mend));
        }
        if from == to {
            return Ok(draft(intent, Vec::new(), None, None, Vec::new()));
        }
        let mut notes = Vec::new();
        if to > from {
            notes.extend(self.no_room_for(managed, to - from));
        }
        let until = Until::Count(key.clone(), to);
        let mut step = self.step(managed, StepAction::SetReplicas(key.clone(), to), Seen::Replicas(from), until);
        step.timeout_seconds = 300;
        let name = &key.name;
        let namespace = key.namespace.as_deref().unwrap_or("default");
        let equivalent = match self.orchestrator {
            Orchestrator::Kubernetes => {
                format!("kubectl -n {namespace} scale {}/{name} --replicas={to}", word(key.kind))
            }
            Orchestrator::Nomad => format!("nomad job scale -namespace={namespace} {name} {name} {to}"),
            Orchestrator::Swarm => format!("docker service scale {name}={to}"),
        };
        Ok(draft(intent, vec![step], Some(equivalent), Some(Intent::Scale(key.clone(), from)), notes))
    }

    /// How many of that many more fit nowhere.
    fn no_room_for(&self, managed: &Managed, more: u32) -> Option<Line> {
        let request = managed.template().map_or(0, |it| it.request);
        let mut machines: Vec<_> = self.nodes.values().cloned().collect();
        let placed = (0..more).filter(|_| {
            super::place::take_room(&mut machines, (request, managed.spec.cpu), &managed.spec.selector).is_some()
        });
        let left = more - u32::try_from(placed.count()).unwrap_or(more);
        (left > 0)
            .then(|| Line::new(LineKind::Skips, format!("{left} of {more} fit on no node: they will stay pending")))
    }

    fn draft_undo(&self, intent: &Intent, key: &Ref, to: Option<&crate::domain::Name>) -> Result<Draft, Refusal> {
        let managed = self.to_change(intent, key)?;
        // A Swarm goes back from an update that it has paused, and Nomad from a deployment (kubectl: rollback.go refuses it).
        if matches!(self.orchestrator, Orchestrator::Kubernetes) {
            self.not_paused(intent, managed)?;
        }
        let Some(template) = self.target_of_undo(key, to) else {
            let why =
                to.map_or("there is no revision before this one".to_owned(), |to| format!("there is no revision {to}"));
            return Err(Refusal::of(intent, why, "deploy the version that is wanted"));
        };
        let id = template.revision.id.clone();
        let mut notes = vec![Line::new(LineKind::Note, format!("runs {} again", template.image))];
        notes.extend(self.way(managed).map(|way| Line::new(LineKind::Note, way)));
        if managed.object.managed_by.as_deref() == Some("argocd") {
            notes.push(Line::new(
                LineKind::Hurts,
                "Argo CD owns it and may roll it out again: revert it in Git as well",
            ));
        }
        let action = StepAction::Revert(key.clone(), Some(id.clone()));
        let until = Until::RolledOut(key.clone(), managed.object.revision.as_ref().map(|it| it.id.clone()));
        let step = self.step(managed, action, revision_of(managed), until);
        let name = &key.name;
        let namespace = key.namespace.as_deref().unwrap_or("default");
        let equivalent = match self.orchestrator {
            Orchestrator::Kubernetes if key.kind == Kind::ArgoRollout => argo(key, &format!("undo --to-revision={id}")),
            Orchestrator::Kubernetes => {
                format!("kubectl -n {namespace} rollout undo {}/{name} --to-revision={id}", word(key.kind))
            }
            Orchestrator::Nomad => format!("nomad job revert -namespace={namespace} {name} {id}"),
            Orchestrator::Swarm => format!("docker service rollback {name}"),
        };
        let inverse = managed.object.revision.as_ref().map(|it| Intent::Undo(key.clone(), Some(it.id.clone())));
        Ok(draft(intent, vec![step], Some(equivalent), inverse, notes))
    }

    fn draft_pause(&self, intent: &Intent, key: &Ref, pause: bool) -> Result<Draft, Refusal> {
        let managed = self.to_change(intent, key)?;
        if !matches!(key.kind, Kind::Deployment | Kind::ArgoRollout) {
            return Err(Refusal::of(intent, "only the rollout of a Deployment can be held", "roll it back instead"));
        }
        let waits = managed.canary.is_some_and(|canary| canary > 0);
        if (managed.paused || waits) == pause {
            return Ok(draft(intent, Vec::new(), None, None, Vec::new()));
        }
        let action = StepAction::SetPaused(key.clone(), pause);
        let mut step = self.step(managed, action, revision_of(managed), Until::Accepted);
        step.timeout_seconds = SMALL;
        let (verb, inverse) =
            if pause { ("pause", Intent::Resume(key.clone())) } else { ("resume", Intent::Pause(key.clone())) };
        let namespace = key.namespace.as_deref().unwrap_or("default");
        if key.kind == Kind::ArgoRollout {
            // A canary goes on to its end: no pause is left before it.
            let (words, back) =
                if pause { ("pause", Some(inverse)) } else { ("promote", Some(inverse).filter(|_| !waits)) };
            return Ok(draft(intent, vec![step], Some(argo(key, words)), back, Vec::new()));
        }
        let equivalent = format!("kubectl -n {namespace} rollout {verb} deployment/{}", key.name);
        Ok(draft(intent, vec![step], Some(equivalent), Some(inverse), Vec::new()))
    }

    fn draft_cordon(&self, intent: &Intent, key: &Ref, cordon: bool) -> Result<Draft, Refusal> {
        let step = self.cordon_step(intent, key, cordon)?;
        let inverse = if cordon { Intent::Uncordon(key.clone()) } else { Intent::Cordon(key.clone()) };
        let name = &key.name;
        let equivalent = match (self.orchestrator, cordon) {
            (Orchestrator::Kubernetes, true) => format!("kubectl cordon {name}"),
            (Orchestrator::Kubernetes, false) => format!("kubectl uncordon {name}"),
            (Orchestrator::Nomad, true) => format!("nomad node eligibility -disable {name}"),
            (Orchestrator::Nomad, false) => format!("nomad node eligibility -enable {name}"),
            (Orchestrator::Swarm, true) => format!("docker node update --availability pause {name}"),
            (Orchestrator::Swarm, false) => format!("docker node update --availability active {name}"),
        };
        Ok(draft(intent, step.into_iter().collect(), Some(equivalent), Some(inverse), Vec::new()))
    }

    /// The step that cordons or uncordons; none where it is so already.
    pub(super) fn cordon_step(&self, intent: &Intent, key: &Ref, cordon: bool) -> Result<Option<Step>, Refusal> {
        let Some(machine) = self.nodes.get(key) else {
            return Err(Refusal::of(intent, "there is no such node", "look at the list again"));
        };
        let step = Step {
            action: StepAction::SetCordon(key.clone(), cordon),
            pin: Pin {
                key: key.clone(),
                uid: machine.object.uid.clone(),
                seen: Seen::Cordoned(machine.object.cordoned),
            },
            until: Until::Cordoned(key.clone(), cordon),
            timeout_seconds: SMALL,
            group: 0,
        };
        Ok((machine.object.cordoned != cordon).then_some(step))
    }

    pub(super) fn step(&self, managed: &Managed, action: StepAction, seen: Seen, until: Until) -> Step {
        let pin = Pin { key: managed.object.key.clone(), uid: managed.object.uid.clone(), seen };
        Step { action, pin, until, timeout_seconds: ROLL_OUT, group: 0 }
    }
}

/// A draft from its parts.
pub fn draft(
    intent: &Intent,
    steps: Vec<Step>,
    equivalent: Option<String>,
    inverse: Option<Intent>,
    notes: Vec<Line>,
) -> Draft {
    Draft { equivalent: equivalent.map(Text::from), inverse, notes, ..Draft::new(intent, steps) }
}

pub(super) fn revision_of(managed: &Managed) -> Seen {
    Seen::Revision(managed.object.revision.as_ref().map(|it| it.id.clone()))
}

/// kubectl's word for a kind.
fn word(kind: Kind) -> String {
    kind.as_str().to_lowercase()
}
