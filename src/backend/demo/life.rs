//! The life of an instance: made, placed, pulled, started, serving, ending, started again, gone.

use crate::domain::words::seconds_between;
use crate::domain::{
    Container, ContainerState, DesiredState, Exit, ExitReason, Instance, Kind, Name, Occurrence, OccurrenceKind,
    OomScope, Phase, Ref, Text,
};

use super::company::{Behaviour, Orchestrator};
use super::model::{End, Event, Live};
use super::sim::Sim;

/// Kubelet's longest back-off, seconds.
const BACKOFF_MAX: i64 = 300;

impl Sim {
    /// Makes an instance of the newest revision; a node is looked for shortly after.
    pub(super) fn create(&mut self, home: &Ref, ordinal: Option<u32>, pinned: Option<Ref>) -> Option<Ref> {
        let live = self.newborn(home, ordinal, pinned)?;
        let (key, token) = (live.object.key.clone(), live.token);
        self.instances.insert(key.clone(), live);
        self.workloads.get_mut(home)?.members.insert(key.clone());
        self.touch(&key);
        self.waiting.insert(key.clone());
        let ms = 200 + self.below(700) + self.restart_delay(home);
        self.plan_ms(ms, Event::Place(key.clone(), token));
        Some(key)
    }

    /// Makes one more of the revision before the newest, where a canary waits beside it.
    pub(super) fn create_stable(&mut self, home: &Ref) {
        let Some(key) = self.create(home, None, None) else { return };
        let Some(managed) = self.workloads.get(home) else { return };
        let (before, stable) = (managed.generation.saturating_sub(1), managed.templates.get(1).cloned());
        let (Some(live), Some(stable)) = (self.instances.get_mut(&key), stable) else { return };
        live.generation = before;
        live.object.revision = Some(stable.revision.id);
        live.object.memory_request_bytes = stable.request;
    }

    /// A Swarm waits for 5 s before it replaces a task that failed (moby: api/types/swarm, `RestartPolicy.Delay`).
    fn restart_delay(&self, home: &Ref) -> i64 {
        let members = self.workloads.get(home).into_iter().flat_map(|it| &it.members);
        let failed = |it: &&Live| it.object.phase == Phase::Failed && it.object.since == Some(self.now);
        let failed = members.filter_map(|it| self.instances.get(it)).any(|it| failed(&it));
        if failed && self.orchestrator == Orchestrator::Swarm { 5000 } else { 0 }
    }

    /// An instance that waits for a node.
    pub(super) fn newborn(&mut self, home: &Ref, ordinal: Option<u32>, pinned: Option<Ref>) -> Option<Live> {
        self.serial += 1;
        let token = self.serial;
        let uid = self.uid();
        let name = self.instance_name(home, ordinal, &uid)?;
        let managed = self.workloads.get(home)?;
        let template = managed.template()?;
        let kind = match self.orchestrator {
            Orchestrator::Kubernetes => Kind::Pod,
            Orchestrator::Nomad => Kind::Allocation,
            Orchestrator::Swarm if home.kind == Kind::ComposeService => Kind::ContainerInstance,
            Orchestrator::Swarm => Kind::Task,
        };
        let key = Ref::new(&self.cluster, kind, home.namespace.clone(), name);
        let owner = (!managed.spec.bare).then(|| home.clone());
        let mut object = Instance::new(key, uid, owner, Phase::Pending);
        object.since = Some(self.now);
        object.created = Some(self.now);
        object.revision = Some(template.revision.id.clone());
        object.memory_request_bytes = template.request;
        object.cpu_request_millis = managed.spec.cpu;
        let generation = managed.generation;
        let live = Live {
            object,
            home: home.clone(),
            generation,
            ordinal,
            pinned,
            token,
            run: 0,
            failures: 0,
            started: None,
            last_words: None,
            lost: false,
        };
        Some(live)
    }

    fn uid(&mut self) -> Name {
        let (a, b) = (self.rng.u64(..), self.rng.u64(..));
        Name::new(&format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xfff,
            b >> 52,
            b & 0xffff_ffff_ffff
        ))
    }

    fn instance_name(&mut self, home: &Ref, ordinal: Option<u32>, uid: &Name) -> Option<String> {
        let suffix = self.letters(5);
        let managed = self.workloads.get(home)?;
        let name = &home.name;
        Some(match (home.kind, ordinal) {
            (Kind::StatefulSet, Some(ordinal)) => format!("{name}-{ordinal}"),
            (Kind::DaemonSet, _) => format!("{name}-{suffix}"),
            (Kind::CronJob, _) => format!("{name}-{}-{suffix}", self.now.as_second() / 60),
            (Kind::TaskGroup, _) => format!("{name}-{}", &uid[..8]),
            (Kind::Service, _) => {
                let slot = managed.members.iter().filter_map(|it| self.instances.get(it)?.ordinal).max();
                let slot = ordinal.unwrap_or_else(|| slot.map_or(1, |slot| slot + 1));
                format!("{name}.{slot}.{}{suffix}", uid.replace('-', ""))
            }
            (Kind::ComposeService, ordinal) => {
                format!("{}-{name}-{}", home.namespace.as_deref().unwrap_or("default"), ordinal.unwrap_or(1))
            }
            _ if managed.spec.bare => name.to_string(),
            _ => format!("{name}-{}-{suffix}", managed.template()?.hash),
        })
    }

    /// Letters and digits as Kubernetes uses them in names.
    pub(super) fn letters(&mut self, n: usize) -> String {
        const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        (0..n).map(|_| char::from(ALPHABET[self.rng.usize(..ALPHABET.len())])).collect()
    }

    fn alive(&mut self, key: &Ref, token: u64) -> Option<&mut Live> {
        self.instances.get_mut(key).filter(|it| it.token == token && !it.lost)
    }

    /// A node is chosen, or the words of the scheduler are kept.
    pub(super) fn place(&mut self, key: &Ref, token: u64) {
        if self.alive(key, token).is_none_or(|it| it.object.phase != Phase::Pending) {
            return;
        }
        match self.choose_node(key) {
            Ok(node) => {
                self.waiting.remove(key);
                self.bind(key, &node);
                let now = self.now;
                if let Some(live) = self.instances.get_mut(key) {
                    live.object.phase = Phase::Starting;
                    live.object.since = Some(now);
                    live.object.message = None;
                    live.object.reason = None;
                }
                self.waits(key, "ContainerCreating", None);
                let ms = 800 + self.below(2000);
                self.plan_ms(ms, Event::Pull(key.clone(), token));
            }
            Err(why) => self.unplaced(key, &why),
        }
    }

    fn unplaced(&mut self, key: &Ref, why: &str) {
        self.waiting.insert(key.clone());
        self.plan_retry(false);
        let now = self.now;
        let Some(live) = self.instances.get_mut(key) else { return };
        let said = Text::new(why);
        if live.object.message.as_ref() == Some(&said) {
            return;
        }
        live.object.message = Some(said.clone());
        live.object.reason = Some(Name::new("Unschedulable"));
        let (home, uid) = (live.home.clone(), live.object.uid.clone());
        self.touch(key);
        let mut it = Occurrence::once(format!("{uid}:unplaced"), OccurrenceKind::SchedulingFailure, key.clone(), now);
        (it.workload, it.text) = (Some(home), Some(said));
        self.happened(it);
    }

    /// Its container waits, and why.
    fn waits(&mut self, key: &Ref, reason: &str, message: Option<String>) {
        let Some(live) = self.instances.get_mut(key) else { return };
        let Some(managed) = self.workloads.get(&live.home) else { return };
        let template = managed.templates.iter().find(|it| Some(&it.revision.id) == live.object.revision.as_ref());
        let Some(template) = template.or(managed.templates.first()) else { return };
        let state = ContainerState::Waiting { reason: Name::new(reason), message: message.map(Text::from) };
        match live.object.containers.first_mut() {
            Some(container) => container.state = state,
            None => {
                let name = managed.object.containers.first().map_or_else(|| Name::new("main"), |it| it.name.clone());
                let mut container = Container::new(name, template.image.clone(), state);
                container.memory_limit_bytes = managed.spec.limit.map(|it| it.0);
                live.object.containers = vec![container];
            }
        }
        let key = key.clone();
        self.touch(&key);
    }

    /// Its image is pulled, or is not to be had.
    pub(super) fn pull(&mut self, key: &Ref, token: u64) {
        let Some(live) = self.alive(key, token).filter(|it| it.object.phase == Phase::Starting) else { return };
        let (home, revision) = (live.home.clone(), live.object.revision.clone());
        let image = live.object.containers.first().map(|it| it.image.clone());
        let Some(managed) = self.workloads.get(&home) else { return };
        let image = image.unwrap_or_else(|| Name::new("image"));
        match managed.behaviour(revision.as_ref()) {
            Behaviour::NotFound => self.pull_fails(key, token, &image),
            Behaviour::PullStalls => self.waits(key, "ContainerCreating", Some(format!("Pulling image \"{image}\""))),
            _ => self.begin(key, token),
        }
    }

    fn pull_fails(&mut self, key: &Ref, token: u64, image: &Name) {
        let now = self.now;
        let Some(live) = self.instances.get_mut(key) else { return };
        live.failures += 1;
        let (n, home, uid) = (live.failures, live.home.clone(), live.object.uid.clone());
        let (node, first) = (live.object.node.clone(), live.object.created.unwrap_or(now));
        let tag = image.rsplit_once(':').map_or("latest", |(_, tag)| tag);
        let said = format!(
            "failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: not found \
             (manifest for {tag} unknown)"
        );
        let reason = if n == 1 { "ErrImagePull" } else { "ImagePullBackOff" };
        let words = if n == 1 { said.clone() } else { format!("Back-off pulling image \"{image}\": {said}") };
        if n <= 2 {
            self.waits(key, reason, Some(words));
        }
        let mut it = Occurrence::once(format!("{uid}:pull"), OccurrenceKind::PullFailure, key.clone(), now);
        (it.workload, it.node, it.image, it.first) = (Some(home), node, Some(image.clone()), first);
        (it.count, it.text) = (n, Some(Text::from(said)));
        self.happened(it);
        self.plan_ms(backoff(n) * 1000, Event::Pull(key.clone(), token));
    }

    /// A run begins.
    pub(super) fn begin(&mut self, key: &Ref, token: u64) {
        let now = self.now;
        let Some(live) = self.alive(key, token) else { return };
        if live.object.desired == DesiredState::Stop || live.object.phase.ended() {
            return;
        }
        live.run += 1;
        live.started = Some(now);
        live.object.phase = Phase::Running;
        live.object.since = Some(now);
        live.object.ready = false;
        (live.object.reason, live.object.message) = (None, None);
        let (home, revision) = (live.home.clone(), live.object.revision.clone());
        if live.object.containers.is_empty() {
            self.waits(key, "ContainerCreating", None);
        }
        if let Some(container) = self.instances.get_mut(key).and_then(|it| it.object.containers.first_mut()) {
            container.state = ContainerState::Running { since: Some(now) };
        }
        self.touch(key);
        self.unsettle(&home);
        self.foresee(key, &home, revision.as_ref());
    }

    /// What will become of the run that has begun.
    fn foresee(&mut self, key: &Ref, home: &Ref, revision: Option<&Name>) {
        let Some((token, run)) = self.instances.get(key).map(|it| (it.token, it.run)) else { return };
        let Some(managed) = self.workloads.get(home) else { return };
        let template = managed.templates.iter().find(|it| Some(&it.revision.id) == revision);
        let startup = template.or(managed.template()).map_or(5, |it| it.startup);
        if let Some(schedule) = &managed.spec.schedule {
            let takes = schedule.takes.0 * 1000;
            let (code, line) = managed.misses.clone().unwrap_or((0, Text::new("done")));
            return self.plan_ms(takes, Event::Ends(key.clone(), token, run, End::Done(code, line)));
        }
        let behaviour = managed.behaviour(revision).clone();
        let dead = self.dead_need(home);
        let jitter = self.below(1000);
        // What once ran out of memory takes up its backlog first, and runs out again before it serves.
        let serves = !(matches!(behaviour, Behaviour::Oom { .. }) && run > 1);
        match startup {
            _ if !serves => {}
            0 => self.serve(key, token, run),
            _ => self.plan_ms(startup * 1000 + jitter, Event::Serve(key.clone(), token, run)),
        }
        let spread = |seconds: i64, jitter: i64| seconds * 1000 * (950 + jitter / 10) / 1000;
        let (ms, end) = match (behaviour, dead) {
            (_, Some(dead)) => (3000 + 4 * jitter, End::Refused(dead)),
            (Behaviour::Oom { after }, _) => (spread(after.0, jitter), End::Oom),
            (Behaviour::Crash { after, code, line }, _) => {
                (spread(after.0, jitter), End::Crash(code, Text::from(line)))
            }
            (Behaviour::Lie { after, line }, _) => (spread(after.0, jitter), End::Liveness(Text::from(line))),
            (Behaviour::Well | Behaviour::NotFound | Behaviour::PullStalls, None) => return,
        };
        self.plan_ms(ms, Event::Ends(key.clone(), token, run, end));
    }

    /// What it cannot work without and that does not answer.
    pub(super) fn dead_need(&self, home: &Ref) -> Option<Ref> {
        let needs = &self.workloads.get(home)?.object.depends_on;
        needs.iter().map(|it| &it.on).find(|on| self.workloads.get(*on).is_some_and(|it| it.ready == 0)).cloned()
    }

    /// It serves.
    pub(super) fn serve(&mut self, key: &Ref, token: u64, run: u32) {
        let Some(live) = self.alive(key, token).filter(|it| it.run == run && it.object.phase == Phase::Running) else {
            return;
        };
        if live.object.desired == DesiredState::Stop {
            return;
        }
        live.object.ready = true;
        let home = live.home.clone();
        self.touch(key);
        self.unsettle(&home);
    }

    /// Its run ends.
    pub(super) fn end(&mut self, key: &Ref, token: u64, run: u32, end: End) {
        let now = self.now;
        let Some(live) = self.alive(key, token).filter(|it| it.run == run && it.object.phase == Phase::Running) else {
            return;
        };
        let started = live.started.unwrap_or(now);
        // A run of ten minutes is a success to kubelet: the next failure waits 10 s again.
        live.failures = if seconds_between(started, now) >= 600 { 1 } else { live.failures + 1 };
        let (code, reason, line) = match &end {
            End::Oom => (137, ExitReason::OomKilled, Text::new("loading the next page of the catalogue")),
            End::Crash(code, line) => (*code, ExitReason::Error, line.clone()),
            End::Refused(on) => (1, ExitReason::Error, refusal(on)),
            // Kubelet and Nomad ask it to stop.
            End::Liveness(_) => (143, ExitReason::Stopped, Text::new("SIGTERM received, closing 214 connections")),
            End::Done(0, line) => (0, ExitReason::Completed, line.clone()),
            End::Done(code, line) => (*code, ExitReason::Error, line.clone()),
        };
        let exit = Exit { code, reason, message: None, started: Some(started), ended: Some(now) };
        live.last_words = Some(line);
        live.object.ready = false;
        live.object.since = Some(now);
        self.record_end(key, &end, code);
        match (&end, self.orchestrator) {
            (End::Done(..), _) => self.ended_for_good(key, exit),
            (_, Orchestrator::Swarm) if key.kind == Kind::Task => self.ended_for_good(key, exit),
            _ => self.again(key, token, exit, &end),
        }
    }

    fn again(&mut self, key: &Ref, token: u64, exit: Exit, end: &End) {
        let Some(live) = self.instances.get_mut(key) else { return };
        let n = live.failures;
        let kubernetes = matches!(self.orchestrator, Orchestrator::Kubernetes);
        let delay = if kubernetes { backoff(n) } else { 15 };
        // Nomad calls an allocation whose check restarts it pending again.
        live.object.phase = if matches!(end, End::Liveness(_)) { Phase::Starting } else { Phase::Restarting };
        let (home, name) = (live.home.clone(), live.object.key.name.clone());
        let (reason, message) = if kubernetes {
            let words = format!("back-off {delay}s restarting failed container of pod {name}");
            ("CrashLoopBackOff", words)
        } else {
            ("Restarting", format!("Task restarting in {delay}s"))
        };
        live.object.reason = Some(Name::new(reason));
        if let Some(container) = live.object.containers.first_mut() {
            container.state = ContainerState::Waiting { reason: Name::new(reason), message: Some(Text::from(message)) };
            container.last_exit = Some(Box::new(exit));
            container.restarts += 1;
        }
        self.touch(key);
        self.unsettle(&home);
        self.plan_ms(delay * 1000, Event::Start(key.clone(), token));
    }

    fn ended_for_good(&mut self, key: &Ref, exit: Exit) {
        let Some(live) = self.instances.get_mut(key) else { return };
        let done = exit.code == 0;
        live.object.phase = if done { Phase::Succeeded } else { Phase::Failed };
        if !matches!(self.orchestrator, Orchestrator::Kubernetes) {
            live.object.desired = DesiredState::Stop;
            live.object.message = (!done).then(|| Text::from(format!("task: non-zero exit ({})", exit.code)));
        }
        if let Some(container) = live.object.containers.first_mut() {
            container.state = ContainerState::Ended(Box::new(exit));
        }
        let (home, newest) = (live.home.clone(), live.generation);
        self.unbind(key);
        self.touch(key);
        self.unsettle(&home);
        if !done && self.orchestrator == Orchestrator::Swarm {
            self.pause_update(&home, newest, key);
        }
        self.job_ended(&home, done);
        self.forget_old(&home, 3);
        self.plan_retry(true);
    }

    /// Of those that ended only the last few are kept.
    fn forget_old(&mut self, home: &Ref, keep: usize) {
        let Some(managed) = self.workloads.get(home) else { return };
        let ended =
            managed.members.iter().filter(|it| self.instances.get(*it).is_some_and(|it| it.object.phase.ended()));
        let mut ended: Vec<_> =
            ended.map(|it| (self.instances.get(it).and_then(|it| it.object.since), it.clone())).collect();
        ended.sort();
        let surplus = ended.len().saturating_sub(keep);
        for (_, key) in ended.into_iter().take(surplus) {
            self.delete(&key);
        }
    }

    fn record_end(&mut self, key: &Ref, end: &End, code: i32) {
        let Some(live) = self.instances.get(key) else { return };
        let (kind, text) = match end {
            End::Oom => (OccurrenceKind::OomKill, Some(Text::new("OOMKilled: memory cgroup out of memory"))),
            End::Crash(..) | End::Refused(_) => (OccurrenceKind::Crash, live.last_words.clone()),
            End::Liveness(said) => {
                (OccurrenceKind::ProbeFailure, Some(Text::from(format!("Liveness probe failed: {said}"))))
            }
            End::Done(0, _) => return,
            End::Done(..) => (OccurrenceKind::Crash, live.last_words.clone()),
        };
        let id = format!("{}:{}:{}", live.object.uid, live.run, code);
        let mut it = Occurrence::once(id, kind, key.clone(), self.now);
        it.workload = Some(live.home.clone());
        it.node = live.object.node.clone();
        it.text = text;
        if let Some(container) = live.object.containers.first() {
            it.container = Some(container.name.clone());
            it.image = Some(container.image.clone());
            it.limit_bytes = container.memory_limit_bytes;
        }
        it.code = (kind != OccurrenceKind::ProbeFailure).then_some(code);
        it.scope = (kind == OccurrenceKind::OomKill).then_some(OomScope::Limit);
        self.happened(it);
    }

    /// It is asked to end.
    pub(super) fn leave(&mut self, key: &Ref) {
        let now = self.now;
        let Some(live) = self.instances.get_mut(key).filter(|it| it.object.desired == DesiredState::Run) else {
            return;
        };
        live.object.desired = DesiredState::Stop;
        live.object.ready = false;
        let (home, token, lost) = (live.home.clone(), live.token, live.lost);
        let ran = live.object.phase == Phase::Running;
        if !lost {
            live.object.phase = Phase::Stopping;
            live.object.since = Some(now);
        }
        let grace = if ran { 1500 + self.below(6000) } else { 200 };
        self.waiting.remove(key);
        self.touch(key);
        self.unsettle(&home);
        self.plan_ms(grace, Event::Removed(key.clone(), token));
    }

    /// It has ended; on a silent node nobody can tell.
    pub(super) fn removed(&mut self, key: &Ref, token: u64) {
        if self.alive(key, token).is_some() {
            if key.kind == Kind::ContainerInstance {
                return self.comes_to_rest(key, 0);
            }
            self.delete(key);
            self.plan_retry(true);
        }
    }

    /// It is not there any more.
    pub(super) fn delete(&mut self, key: &Ref) {
        self.unbind(key);
        self.waiting.remove(key);
        let Some(live) = self.instances.remove(key) else { return };
        if let Some(managed) = self.workloads.get_mut(&live.home) {
            managed.members.remove(key);
        }
        self.unsettle(&live.home);
        let source = match self.orchestrator {
            Orchestrator::Kubernetes => "pods",
            Orchestrator::Nomad => "allocations",
            Orchestrator::Swarm if key.kind == Kind::ContainerInstance => "containers",
            Orchestrator::Swarm => "tasks",
        };
        self.vanish(source, key.clone());
    }

    /// What others cannot work without has gone: they end within seconds, each in its own time.
    pub(super) fn drag_along(&mut self, on: &Ref) {
        let needing = self.workloads.iter().filter(|(_, it)| it.object.depends_on.iter().any(|need| need.on == *on));
        let members: Vec<Ref> = needing.flat_map(|(_, it)| it.members.iter().cloned()).collect();
        for key in members {
            let Some((token, run)) = self.instances.get(&key).map(|it| (it.token, it.run)) else { continue };
            let ms = 2000 + self.below(18_000);
            self.plan_ms(ms, Event::Ends(key, token, run, End::Refused(on.clone())));
        }
    }
}

/// Kubelet's back-off before the n-th start after a failure, seconds.
fn backoff(n: u32) -> i64 {
    10_i64.saturating_mul(1 << n.saturating_sub(1).min(5)).min(BACKOFF_MAX)
}

/// The last line of a program whose database is away.
fn refusal(on: &Ref) -> Text {
    let host = match (&on.namespace, on.kind) {
        (Some(namespace), Kind::StatefulSet | Kind::Deployment) => format!("{}.{namespace}", on.name),
        _ => on.name.to_string(),
    };
    Text::from(format!("fatal: dial tcp: connection refused: {host}:5432 (database)"))
}
