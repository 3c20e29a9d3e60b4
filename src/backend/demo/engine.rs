//! Containers of an engine and the services of a Compose project: they stay where they ended, nothing makes another, and what
//! nobody uses is kept until somebody clears it away.

use crate::domain::words::{bytes, many};
use crate::domain::{
    ContainerState, Desired, DesiredState, Draft, Exit, ExitReason, Intent, Kind, Line, LineKind, Name, Phase, Pin,
    Receipt, Ref, Refusal, Seen, Setting, Step, StepAction, StepError, Text, Until, Waste,
};

use super::act::{SMALL, draft};
use super::company::Orchestrator;
use super::model::{Event, Live};
use super::sim::Sim;

/// What an engine grants a container to end, seconds.
const GRACE: u32 = 10;

impl Sim {
    /// Something on a container, or on all of a Compose service.
    pub(super) fn draft_engine(&self, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
        let all: Vec<&Live> = self.containers_of(key);
        if all.is_empty() {
            return Err(Refusal::of(intent, "it is not there any more", "look at the list again"));
        }
        let runs = |it: &&&Live| !it.object.phase.ended();
        let running: Vec<&Live> = all.iter().filter(runs).copied().collect();
        let stopped: Vec<&Live> = all.iter().filter(|it| !runs(it)).copied().collect();
        match intent {
            Intent::Restart(_) if running.is_empty() => Err(Refusal::of(intent, "none of it runs", "start it")),
            Intent::Restart(_) => {
                let mut out = each(intent, key, &running, "restart", StepAction::Restart);
                (0u32..).zip(&mut out.steps).for_each(|(group, step)| step.group = group);
                out.notes.push(match running.len() {
                    1 => Line::new(LineKind::Hurts, "nothing of it serves until it runs again"),
                    _ => Line::new(LineKind::Does, "one after the other, each when the one before runs"),
                });
                Ok(out)
            }
            Intent::Stop(_) => Ok(ends(intent, key, &running, "stop", StepAction::Stop)),
            Intent::Kill(_) => Ok(ends(intent, key, &running, "kill", StepAction::Kill)),
            Intent::Start(_) => {
                let mut out = each(intent, key, &stopped, "start", StepAction::Start);
                out.inverse = Some(Intent::Stop(key.clone()));
                Ok(out)
            }
            Intent::Scale(_, to) if key.kind == Kind::ComposeService => self.draft_scale_compose(intent, key, *to),
            Intent::Recreate(_) if key.kind == Kind::ComposeService => {
                Ok(self.draft_recreate(intent, key, running.len()))
            }
            Intent::Set(_, setting) => Err(self.to_the_file(intent, key, setting)),
            _ => Err(Refusal::of(intent, "a Compose project has no such thing", "stop, start or recreate it")),
        }
    }

    fn containers_of(&self, key: &Ref) -> Vec<&Live> {
        match self.workloads.get(key) {
            Some(managed) => managed.members.iter().filter_map(|it| self.instances.get(it)).collect(),
            None => self.instances.get(key).into_iter().collect(),
        }
    }

    fn draft_scale_compose(&self, intent: &Intent, key: &Ref, to: u32) -> Result<Draft, Refusal> {
        let managed = self.to_change(intent, key)?;
        let from = managed.object.desired.running().unwrap_or(0);
        if from == to {
            return Ok(draft(intent, Vec::new(), None, None, Vec::new()));
        }
        let until = Until::Count(key.clone(), to);
        let mut step = self.step(managed, StepAction::SetReplicas(key.clone(), to), Seen::Replicas(from), until);
        step.timeout_seconds = SMALL;
        let words = format!("up -d --no-deps --no-recreate --scale {0}={to} {0}", key.name);
        let note = "the file is not changed: whoever brings the project up next sets the number that it says";
        let back = Intent::Scale(key.clone(), from);
        Ok(draft(intent, vec![step], Some(compose(key, &words)), Some(back), vec![Line::new(LineKind::Note, note)]))
    }

    fn draft_recreate(&self, intent: &Intent, key: &Ref, running: usize) -> Draft {
        let number = running.max(1);
        let step = Step {
            action: StepAction::Recreate(key.clone()),
            pin: Pin { key: key.clone(), uid: self.uid_of(key), seen: Seen::Spec(self.members_digest(key)) },
            until: Until::Renewed(key.clone()),
            timeout_seconds: 900,
            group: 0,
        };
        let hurts = match number {
            1 => "nothing of it serves from when the old one ends until the new one runs",
            _ => "each of them is away for a moment",
        };
        let notes = [
            (LineKind::Note, "its configuration has not changed: only a newer image would make a difference"),
            (LineKind::Hurts, hurts),
            (LineKind::Hurts, "what was written inside its containers, outside volumes, is lost"),
        ];
        let notes = notes.into_iter().map(|(kind, words)| Line::new(kind, words)).collect();
        let up = format!("up -d --no-deps --force-recreate --scale {0}={number} {0}", key.name);
        let words = format!("{} && {}", compose(key, &format!("pull {}", key.name)), compose(key, &up));
        draft(intent, vec![step], Some(words), None, notes)
    }

    fn uid_of(&self, key: &Ref) -> Name {
        self.workloads.get(key).map_or_else(|| Name::new(""), |it| it.object.uid.clone())
    }

    /// Which containers it has, not how they are.
    pub(super) fn members_digest(&self, key: &Ref) -> Name {
        let uids: Vec<&str> = self.containers_of(key).iter().map(|it| it.object.uid.as_str()).collect();
        Name::from(uids.join(" "))
    }

    /// What a service is made of stands in its project's file.
    fn to_the_file(&self, intent: &Intent, key: &Ref, setting: &Setting) -> Refusal {
        let word = match setting {
            Setting::Image(..) => "image",
            Setting::Memory(..) => "mem_limit",
            Setting::Cpu(..) => "cpus",
        };
        let why = "what it is made of stands in its project's Compose file, and lasts only if it is changed there";
        let file = self.workloads.get(key).and_then(|it| it.object.defined_in.as_deref()).unwrap_or("that file");
        Refusal::of(intent, why, format!("change `{word}` of {} in {file}, then recreate it", key.name))
    }

    /// Makes or ends containers of a Compose service until there are so many.
    pub(super) fn set_number(&mut self, key: &Ref, to: u32) {
        let mut there: Vec<(u32, Ref)> =
            self.containers_of(key).into_iter().map(|it| (it.ordinal.unwrap_or(0), it.object.key.clone())).collect();
        there.sort();
        for (_, key) in there.iter().skip(to as usize) {
            self.delete(key);
        }
        let taken: Vec<u32> = there.iter().take(to as usize).map(|it| it.0).collect();
        let free: Vec<u32> =
            (1..).filter(|n| !taken.contains(n)).take((to as usize).saturating_sub(taken.len())).collect();
        for number in free {
            let node = self.home_of(key);
            self.create(key, Some(number), node);
        }
        self.unsettle(key);
    }

    /// The machine of the engine that a project is on.
    fn home_of(&self, key: &Ref) -> Option<Ref> {
        let on = self.workloads.get(key)?.spec.on.first()?;
        Some(Ref::new(&self.cluster, Kind::Node, None, on.as_str()))
    }

    /// Each container is made anew.
    pub(super) fn recreate(&mut self, key: &Ref) {
        let numbers: Vec<(u32, Ref)> =
            self.containers_of(key).into_iter().map(|it| (it.ordinal.unwrap_or(1), it.object.key.clone())).collect();
        for (number, container) in numbers {
            self.delete(&container);
            let node = self.home_of(key);
            self.create(key, Some(number), node);
        }
        self.unsettle(key);
    }

    /// It ends, and starts again.
    pub(super) fn restart_container(&mut self, key: &Ref) {
        let now = self.now;
        let Some(live) = self.instances.get_mut(key) else { return };
        live.object.desired = DesiredState::Run;
        (live.object.ready, live.object.phase, live.object.since) = (false, Phase::Stopping, Some(now));
        let (home, token) = (live.home.clone(), live.token);
        self.touch(key);
        self.unsettle(&home);
        self.plan_ms(1500, Event::Start(key.clone(), token));
    }

    /// It begins again where it ended.
    pub(super) fn start_container(&mut self, key: &Ref) {
        let Some(live) = self.instances.get_mut(key) else { return };
        live.object.desired = DesiredState::Run;
        live.object.phase = Phase::Starting;
        let (home, node) = (live.home.clone(), live.object.node.clone());
        if let Some((request, cpu)) =
            self.workloads.get(&home).and_then(|it| Some((it.template()?.request, it.spec.cpu)))
            && let Some(live) = self.instances.get_mut(key)
        {
            (live.object.memory_request_bytes, live.object.cpu_request_millis) = (request, cpu);
        }
        if let Some(node) = node {
            self.bind(key, &node);
        }
        let token = self.instances.get(key).map_or(0, |it| it.token);
        self.touch(key);
        self.unsettle(&home);
        self.plan_ms(400, Event::Start(key.clone(), token));
    }

    /// It has ended as it was told to, and stays.
    pub(super) fn comes_to_rest(&mut self, key: &Ref, code: i32) {
        let now = self.now;
        let Some(live) = self.instances.get_mut(key) else { return };
        let exit = Exit { code, reason: ExitReason::Stopped, message: None, started: live.started, ended: Some(now) };
        live.object.desired = DesiredState::Stop;
        (live.object.ready, live.object.phase, live.object.since) = (false, Phase::Succeeded, Some(now));
        live.object.reason = Some("exited".into());
        if let Some(container) = live.object.containers.first_mut() {
            container.state = ContainerState::Ended(Box::new(exit));
        }
        let home = live.home.clone();
        self.unbind(key);
        self.touch(key);
        self.unsettle(&home);
    }

    /// Wanted are as many as are meant to run.
    pub(super) fn count_containers(&mut self, key: &Ref) {
        let running = self.containers_of(key).iter().filter(|it| it.object.desired == DesiredState::Run).count();
        let Some(managed) = self.workloads.get_mut(key) else { return };
        let desired = Desired::Replicas(u32::try_from(running).unwrap_or(u32::MAX));
        if managed.object.desired != desired {
            managed.object.desired = desired;
            self.touch(key);
        }
    }

    /// What nobody uses on the engine that is spoken to.
    pub(super) fn draft_prune(&self, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
        let Some(machine) = self.engine().and_then(|node| self.nodes.get(&node)) else {
            return Err(Refusal::of(intent, "it clears what nobody uses away by itself", "nothing has to be done"));
        };
        let step = |group: u32, waste: Waste, seen: Seen| Step {
            action: StepAction::Prune(key.clone(), waste),
            pin: Pin { key: key.clone(), uid: self.info.identity.clone(), seen },
            until: Until::Accepted,
            timeout_seconds: SMALL,
            group,
        };
        let (mut steps, mut notes) = (Vec::new(), Vec::new());
        let stopped = self.stopped();
        if !stopped.is_empty() {
            steps.push(step(0, Waste::Containers, Seen::Spec(names(&stopped))));
            let count = many(stopped.len() as u64, "stopped container");
            notes.push(Line::new(LineKind::Does, format!("{count}: {}", names(&stopped))));
            let lost = "what they wrote, and their output, is lost; they cannot be started any more";
            notes.push(Line::new(LineKind::Hurts, lost));
        }
        let unused = &machine.unused;
        if unused.images > 0 {
            steps.push(step(1, Waste::Images, Seen::Uid));
            let count = many(u64::from(unused.images), "image");
            let size = bytes(unused.image_bytes.0);
            notes.push(Line::new(
                LineKind::Does,
                format!("{count} without a name, at most {size} (layers may be shared)"),
            ));
        }
        if unused.cache > 0 {
            steps.push(step(2, Waste::BuildCache, Seen::Uid));
            let (count, size) = (many(u64::from(unused.cache), "entry"), bytes(unused.cache_bytes.0));
            let words = format!("build cache: {count}, {size}: the next build takes longer");
            notes.push(Line::new(LineKind::Does, words));
        }
        notes.push(Line::new(LineKind::Skips, "volumes, networks, and images that have a name"));
        let words = "docker container prune && docker image prune && docker builder prune".to_owned();
        Ok(draft(intent, steps, Some(words), None, notes))
    }

    /// The machine whose engine is spoken to.
    fn engine(&self) -> Option<Ref> {
        let leads = |it: &&super::model::Machine| it.object.manager.as_ref().is_some_and(|it| it.leader);
        let swarm = self.orchestrator == Orchestrator::Swarm;
        self.nodes.values().filter(leads).filter(|_| swarm).map(|it| it.object.key.clone()).next()
    }

    fn stopped(&self) -> Vec<Ref> {
        let ended = self.instances.values().filter(|it| it.object.phase.ended());
        ended.map(|it| it.object.key.clone()).filter(|key| key.kind == Kind::ContainerInstance).collect()
    }

    /// Removes one kind of waste, if it is what was seen.
    pub(super) fn prune(&mut self, waste: Waste, seen: &Seen) -> Result<Receipt, StepError> {
        let stopped = self.stopped();
        let Some(machine) = self.engine().and_then(|node| self.nodes.get_mut(&node)) else {
            return Err(StepError::Gone);
        };
        let unused = &mut machine.unused;
        let freed = match waste {
            Waste::Images => {
                unused.images = 0;
                std::mem::take(&mut unused.image_bytes.0)
            }
            Waste::BuildCache => {
                unused.cache = 0;
                std::mem::take(&mut unused.cache_bytes.0)
            }
            Waste::Containers if *seen != Seen::Spec(names(&stopped)) => {
                return Err(StepError::Moved(Text::new("there are other containers to remove than were seen")));
            }
            Waste::Ended => return Err(StepError::Failed(Text::new("an engine keeps nothing of that kind"))),
            Waste::Containers => {
                stopped.iter().for_each(|key| self.delete(key));
                0
            }
        };
        let text = (freed > 0).then(|| Text::from(format!("{} are free again", bytes(freed))));
        Ok(Receipt { text, ..Receipt::at(self.now) })
    }
}

fn names(keys: &[Ref]) -> Name {
    let names: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
    Name::from(names.join(", "))
}

fn compose(key: &Ref, words: &str) -> String {
    format!("docker compose -p {} {words}", key.namespace.as_deref().unwrap_or("default"))
}

/// The same to each of some containers.
fn each(intent: &Intent, key: &Ref, all: &[&Live], verb: &str, make: fn(Ref) -> StepAction) -> Draft {
    let steps = all.iter().map(|live| {
        let it = live.object.key.clone();
        let action = make(it.clone());
        Step {
            until: match &action {
                StepAction::Restart(_) | StepAction::Start(_) => Until::Again(it.clone()),
                _ => Until::Ended(it.clone()),
            },
            pin: Pin { key: it, uid: live.object.uid.clone(), seen: Seen::Uid },
            action,
            timeout_seconds: SMALL + GRACE,
            group: 0,
        }
    });
    let words = match key.kind {
        Kind::ComposeService => compose(key, &format!("{verb} {}", key.name)),
        _ => format!("docker {verb} {}", key.name),
    };
    draft(intent, steps.collect(), Some(words), None, Vec::new())
}

fn ends(intent: &Intent, key: &Ref, all: &[&Live], verb: &str, make: fn(Ref) -> StepAction) -> Draft {
    let mut out = each(intent, key, all, verb, make);
    if verb == "stop" {
        out.notes.push(Line::new(LineKind::Does, format!("SIGTERM, and after {GRACE} s it is killed")));
    }
    out.notes.push(Line::new(LineKind::Note, "it stays away until somebody starts it"));
    out.inverse = Some(Intent::Start(key.clone()));
    out
}
