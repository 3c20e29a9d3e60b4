//! What controllers do: as many instances as are wanted, of the newest revision, a few at a time.

use crate::domain::words::after;
use crate::domain::{
    Desired, DesiredState, Kind, Made, Name, NodeState, Occurrence, OccurrenceKind, Ref, Reported, Revision, Rollout,
    RolloutPhase, Text,
};

use super::company::{Behaviour, Orchestrator};
use super::model::{Event, Template};
use super::sim::Sim;

/// Kubernetes' `progressDeadlineSeconds` and Nomad's `progress_deadline` where none is set, seconds.
pub(super) const DEADLINE: i64 = 600;

/// One that is meant to run: whether it is of the newest roll-out, and whether it is ready.
pub(super) type Member = (Ref, bool, bool);

impl Sim {
    /// Makes and ends instances until what is there is what is wanted, and says how that stands.
    pub(super) fn reconcile(&mut self, key: &Ref) {
        let Some(managed) = self.workloads.get(key) else { return };
        match (managed.object.desired, key.kind) {
            _ if managed.spec.bare => {}
            (_, Kind::ComposeService) => self.count_containers(key),
            (Desired::EachNode(_), _) => self.one_each(key),
            (Desired::Replicas(want), Kind::StatefulSet) => self.in_order(key, want),
            (Desired::Replicas(want), _) => self.a_few_at_a_time(key, want as usize),
            _ => {}
        }
        self.status(key);
    }

    /// Those that are meant to run, each with whether it is of the newest roll-out and whether it is ready.
    fn meant(&self, key: &Ref) -> Vec<Member> {
        let Some(managed) = self.workloads.get(key) else { return Vec::new() };
        let lives = managed.members.iter().filter_map(|it| self.instances.get(it));
        let meant = lives.filter(|it| it.object.desired == DesiredState::Run && !it.object.phase.ended());
        meant.map(|it| (it.object.key.clone(), it.generation == managed.generation, it.object.ready)).collect()
    }

    fn a_few_at_a_time(&mut self, key: &Ref, want: usize) {
        let meant = self.meant(key);
        let Some(managed) = self.workloads.get(key) else { return };
        let (surge, unavailable) = (managed.spec.surge as usize, managed.spec.unavailable as usize);
        let paused = managed.paused;
        let new: Vec<_> = meant.iter().filter(|it| it.1).cloned().collect();
        let old: Vec<_> = meant.iter().filter(|it| !it.1).cloned().collect();
        if let Some(canary) = managed.canary {
            return self.beside(key, want, canary as usize, &new, &old);
        }
        let room = (want + if old.is_empty() { 0 } else { surge }).saturating_sub(meant.len());
        // A paused rollout replaces what ends, and goes no further.
        let room = if paused && !old.is_empty() { want.saturating_sub(meant.len()) } else { room };
        let make = want.saturating_sub(new.len()).min(room);
        for _ in 0..make {
            self.create(key, None, None);
        }
        let surplus = if old.is_empty() { new.len().saturating_sub(want) } else { 0 };
        // Youngest first, and what does not serve before what does.
        let mut last = new.clone();
        last.sort_by_key(|(key, _, ready)| {
            (*ready, std::cmp::Reverse(self.instances.get(key).and_then(|it| it.object.created)))
        });
        for (key, ..) in last.into_iter().take(surplus) {
            self.leave(&key);
        }
        if !paused {
            self.retire_old(&old, &new, want, unavailable);
        }
    }

    /// As the Deployment controller does it (kubernetes: pkg/controller/deployment/rolling.go): never fewer available than
    /// wanted less those that may be missing; what does not serve goes first.
    fn retire_old(&mut self, old: &[Member], new: &[Member], want: usize, unavailable: usize) {
        let least = want.saturating_sub(unavailable);
        let new_unready = new.iter().filter(|it| !it.2).count();
        let mut may_go = (old.len() + new.len()).saturating_sub(least + new_unready);
        for (key, ..) in old.iter().filter(|it| !it.2) {
            if may_go == 0 {
                return;
            }
            may_go -= 1;
            self.leave(key);
        }
        let available = old.iter().chain(new).filter(|it| it.2).count();
        let spare = may_go.min(available.saturating_sub(least));
        for (key, ..) in old.iter().filter(|it| it.2).take(spare) {
            self.leave(key);
        }
    }

    fn in_order(&mut self, key: &Ref, want: u32) {
        for ordinal in 0..want {
            let name = Ref::new(&self.cluster, Kind::Pod, key.namespace.clone(), format!("{}-{ordinal}", key.name));
            if !self.instances.contains_key(&name) {
                self.create(key, Some(ordinal), None);
            }
        }
        let meant = self.meant(key);
        let ordinal = |sim: &Self, key: &Ref| sim.instances.get(key).and_then(|it| it.ordinal);
        let above: Vec<Ref> =
            meant.iter().filter(|it| ordinal(self, &it.0) >= Some(want)).map(|it| it.0.clone()).collect();
        above.iter().for_each(|it| self.leave(it));
        if meant.len() == want as usize && meant.iter().all(|it| it.2 || !it.1) {
            let old = meant.iter().filter(|it| !it.1).max_by_key(|it| ordinal(self, &it.0)).map(|it| it.0.clone());
            old.iter().for_each(|it| self.leave(it));
        }
    }

    fn one_each(&mut self, key: &Ref) {
        let nodes: Vec<(Ref, bool)> =
            self.nodes.iter().map(|(key, it)| (key.clone(), it.object.state == NodeState::Ready)).collect();
        let Some(managed) = self.workloads.get(key) else { return };
        let of = |node: &Ref| {
            let members = managed.members.iter().filter_map(|it| self.instances.get(it));
            members.filter(|it| it.pinned.as_ref() == Some(node)).count()
        };
        let lacking: Vec<Ref> = nodes.iter().filter(|(node, up)| *up && of(node) == 0).map(|it| it.0.clone()).collect();
        for node in lacking {
            self.create(key, None, Some(node));
        }
        let meant = self.meant(key);
        if meant.iter().all(|it| it.2 || !it.1) {
            meant.iter().filter(|it| !it.1).take(1).for_each(|it| self.leave(&it.0));
        }
    }

    /// What its cluster says of it.
    fn status(&mut self, key: &Ref) {
        let now = self.now;
        let meant = self.meant(key);
        let orchestrator = self.orchestrator;
        let there = |it: &&Ref| self.instances.get(*it).is_some_and(|it| !it.object.phase.ended());
        let total = self.workloads.get(key).map_or(0, |it| it.members.iter().filter(there).count());
        let Some(managed) = self.workloads.get_mut(key) else { return };
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let ready = number(meant.iter().filter(|it| it.2).count());
        let updated = number(meant.iter().filter(|it| it.1).count());
        let updated_ready = number(meant.iter().filter(|it| it.1 && it.2).count());
        let before = managed.object.clone();
        let fell = managed.ready > 0 && ready == 0;
        let more = ready > managed.ready;
        managed.ready = ready;
        let counted = matches!(orchestrator, Orchestrator::Kubernetes) && managed.object.desired.running().is_some();
        managed.object.reported = counted.then_some(Reported { ready, updated, total: number(meant.len()) });
        let want = managed.object.desired.running().unwrap_or(0);
        let deadline = managed.spec.deadline.map_or(DEADLINE, |it| it.0);
        if let Some(rollout) = managed.object.rollout.as_mut().filter(|it| it.phase != RolloutPhase::Complete) {
            if rollout.updated != Some(updated)
                || (more && updated_ready > 0 && rollout.phase == RolloutPhase::Progressing)
            {
                rollout.updated = Some(updated);
                rollout.progressed = Some(now);
                rollout.deadline = rollout.deadline.map(|_| after(now, deadline));
            }
            if updated_ready >= want && total == want as usize {
                rollout.phase = RolloutPhase::Complete;
                (rollout.deadline, rollout.message, rollout.progressed) = (None, None, Some(now));
            }
        }
        if before != managed.object {
            self.touch(key);
        }
        if let Some(endpoint) =
            self.endpoints.values_mut().find(|it| it.serves.contains(key)).filter(|it| it.ready != ready)
        {
            endpoint.ready = ready;
            let endpoint = endpoint.key.clone();
            self.touch(&endpoint);
        }
        if fell {
            self.drag_along(key);
        }
    }

    /// Rolls a new revision out. Its number is the next one.
    pub(super) fn roll_out(&mut self, key: &Ref, mut template: Template, by: &str, what: &str) {
        let now = self.now;
        template.hash = self.letters(9);
        let orchestrator = self.orchestrator;
        let Some(managed) = self.workloads.get_mut(key) else { return };
        let from = managed.template().map(|it| it.revision.id.clone());
        let former = managed.template().map(|it| Made {
            id: it.revision.id.clone(),
            at: it.revision.at,
            containers: managed.object.containers.clone(),
        });
        let highest = managed.templates.iter().filter_map(|it| it.revision.id.parse::<u32>().ok()).max().unwrap_or(0);
        let id = Name::new(&(highest + 1).to_string());
        template.revision =
            Revision { id: id.clone(), images: vec![template.image.clone()], at: Some(now), by: Some(Text::new(by)) };
        managed.templates.insert(0, template.clone());
        managed.templates.truncate(6);
        managed.generation += 1;
        managed.paused = false;
        managed.canary = Some(managed.spec.canary).filter(|canary| *canary > 0);
        managed.object.revision = Some(template.revision.clone());
        managed.object.history = managed.templates.iter().skip(1).map(|it| it.revision.clone()).collect();
        if let Some(spec) = managed.object.containers.first_mut() {
            spec.image = template.image.clone();
            spec.memory_request_bytes = Some(template.request);
        }
        if orchestrator == Orchestrator::Swarm {
            managed.object.made = former.into_iter().collect();
        }
        let seconds = managed.spec.deadline.map_or(DEADLINE, |it| it.0);
        let gives_up = matches!(orchestrator, Orchestrator::Kubernetes | Orchestrator::Nomad)
            && !matches!(key.kind, Kind::StatefulSet | Kind::DaemonSet);
        managed.object.rollout = Some(Rollout {
            phase: RolloutPhase::Progressing,
            message: None,
            started: Some(now),
            progressed: Some(now),
            deadline: gives_up.then(|| after(now, seconds)),
            from: from.clone(),
            to: Some(id.clone()),
            updated: Some(0),
        });
        let generation = managed.generation;
        if gives_up {
            self.plan_at(after(now, seconds), Event::Deadline(key.clone(), generation));
        }
        self.touch(key);
        self.unsettle(key);
        let text = format!("revision {id} by {by} ({what})");
        let uid = format!("{key}:revision:{id}");
        let mut it = Occurrence::once(uid, OccurrenceKind::Deployed, key.clone(), now);
        (it.workload, it.text, it.image) = (Some(key.clone()), Some(Text::from(text)), Some(template.image));
        self.happened(it);
    }

    /// Rolls back to a revision that is kept. As in Kubernetes its instances that are still there stay, and it is run
    /// under the next number and leaves its old one.
    pub(super) fn roll_back(&mut self, key: &Ref, template: Template, by: &str) {
        let id = template.revision.id.clone();
        let hash = template.hash.clone();
        self.roll_out(key, template, by, &format!("back to {id}"));
        let Some(managed) = self.workloads.get_mut(key) else { return };
        managed.canary = None;
        managed.templates.retain(|it| it.revision.id != id);
        managed.object.history.retain(|it| it.id != id);
        if let Some(newest) = managed.templates.first_mut() {
            newest.hash = hash;
        }
        let (generation, revision) = (managed.generation, managed.object.revision.as_ref().map(|it| it.id.clone()));
        for member in managed.members.clone() {
            let live = self.instances.get_mut(&member).filter(|it| it.object.revision.as_ref() == Some(&id));
            let Some(live) = live.filter(|it| it.object.desired == DesiredState::Run) else { continue };
            live.generation = generation;
            live.object.revision = revision.clone();
            self.touch(&member);
        }
    }

    /// A Swarm pauses an update when one of its tasks fails (its default failure action).
    pub(super) fn pause_update(&mut self, home: &Ref, generation: u32, task: &Ref) {
        let now = self.now;
        let Some(managed) = self.workloads.get_mut(home).filter(|it| it.generation == generation) else { return };
        let rollout = managed.object.rollout.as_mut().filter(|it| it.phase == RolloutPhase::Progressing);
        let Some(rollout) = rollout else { return };
        let id = task.name.rsplit('.').next().unwrap_or(&task.name);
        rollout.phase = RolloutPhase::Paused;
        rollout.progressed = Some(now);
        let words = format!("update paused due to failure or early termination of task {id}");
        rollout.message = Some(Text::from(words));
        managed.paused = true;
        self.touch(home);
    }

    /// A rollout that made no progress for as long as it may is given up.
    pub(super) fn rollout_deadline(&mut self, key: &Ref, generation: u32) {
        let now = self.now;
        let kubernetes = matches!(self.orchestrator, Orchestrator::Kubernetes);
        let Some(managed) = self.workloads.get_mut(key).filter(|it| it.generation == generation) else { return };
        let hash = managed.template().map_or("", |it| it.hash.as_str());
        let message = if kubernetes {
            format!("ReplicaSet \"{}-{hash}\" has timed out progressing.", key.name)
        } else {
            "Failed due to progress deadline".to_owned()
        };
        let Some(rollout) = managed.object.rollout.as_mut().filter(|it| it.phase == RolloutPhase::Progressing) else {
            return;
        };
        let Some(deadline) = rollout.deadline else { return };
        if deadline > now {
            return self.plan_at(deadline, Event::Deadline(key.clone(), generation));
        }
        rollout.phase = RolloutPhase::Failed;
        rollout.message = Some(Text::from(message));
        self.touch(key);
    }

    /// Sets another number.
    pub(super) fn set_replicas(&mut self, key: &Ref, to: u32, by: &str) {
        let now = self.now;
        let Some(managed) = self.workloads.get_mut(key) else { return };
        let Desired::Replicas(from) = managed.object.desired else { return };
        managed.object.desired = Desired::Replicas(to);
        if key.kind == Kind::ComposeService {
            self.set_number(key, to);
        }
        self.touch(key);
        self.unsettle(key);
        self.serial += 1;
        self.changed(
            key,
            format!("scaled from {from} to {to} by {by}"),
            format!("{key}:scale:{}", now.as_millisecond()),
        );
    }

    /// Somebody changed something.
    pub(super) fn changed(&mut self, key: &Ref, text: String, id: String) {
        let mut it = Occurrence::once(id, OccurrenceKind::Changed, key.clone(), self.now);
        it.workload = self.workloads.contains_key(key).then(|| key.clone());
        it.text = Some(Text::from(text));
        self.happened(it);
    }

    /// Starts a run of a scheduled workload, and plans the next.
    pub(super) fn run_job(&mut self, key: &Ref) {
        let now = self.now;
        let Some(managed) = self.workloads.get_mut(key) else { return };
        let Some(schedule) = managed.object.schedule.as_mut() else { return };
        let suspended = schedule.suspended;
        if !suspended {
            schedule.last_run = Some(now);
        }
        let period = i64::try_from(schedule.period_seconds).unwrap_or(3600);
        self.plan_at(after(now, period), Event::Due(key.clone()));
        self.touch(key);
        if !suspended {
            self.create(key, None, None);
        }
    }

    /// A run of a scheduled workload has ended.
    pub(super) fn job_ended(&mut self, key: &Ref, done: bool) {
        let now = self.now;
        let schedule = self.workloads.get_mut(key).and_then(|it| it.object.schedule.as_mut());
        if let Some(schedule) = schedule.filter(|_| done) {
            schedule.last_success = Some(now);
            self.touch(key);
        }
    }

    /// The revision that going back leads to.
    pub(super) fn target_of_undo(&self, key: &Ref, to: Option<&Name>) -> Option<Template> {
        let mut older = self.workloads.get(key)?.templates.iter().skip(1);
        match to {
            Some(id) => older.find(|it| it.revision.id == *id).cloned(),
            None => older.next().cloned(),
        }
    }

    /// Every instance behaves otherwise from now on; what runs is told by ending, or goes on.
    pub(super) fn fall(&mut self, key: &Ref, behaviour: Option<Behaviour>) {
        let Some(managed) = self.workloads.get_mut(key) else { return };
        managed.falls = behaviour.clone();
        let Some(Behaviour::Crash { code, line, .. }) = behaviour else { return };
        let members: Vec<Ref> = managed.members.iter().cloned().collect();
        for member in members {
            let Some((token, run)) = self.instances.get(&member).map(|it| (it.token, it.run)) else { continue };
            let ms = self.below(900);
            let end = super::model::End::Crash(code, Text::new(&line));
            self.plan_ms(ms, Event::Ends(member, token, run, end));
        }
    }
}
