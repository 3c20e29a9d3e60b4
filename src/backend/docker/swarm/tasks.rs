//! A Swarm's tasks: of each slot the present one, and the last that failed.

use std::collections::BTreeMap;

use crate::domain::{
    Certainty, Container, ContainerState, DesiredState, Exit, ExitReason, Instance, Kind, Name, Occurrence,
    OccurrenceKind, Origin, Phase, Ref, Text, Timestamp,
};

use super::super::convert::{Scribe, cut};
use super::super::exit::gist;
use super::wire::{Task, TaskTemplate};

/// What a task's service lends it.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    pub key: Ref,
    /// One task on each node, in the place of numbered slots.
    pub global: bool,
    /// Slots beyond this are not wanted any more; none where slots have no end.
    pub wanted: Option<u64>,
    pub image: Name,
    pub template: TaskTemplate,
}

/// One slot of a service: its tasks, newest first.
pub(super) struct Slot<'a> {
    pub owner: &'a Owner,
    /// `web.1`, or `agent.host-a` for a service that runs on each node.
    pub name: String,
    pub tasks: Vec<&'a Task>,
}

/// Sorts tasks into slots. Tasks of services that are not known (just removed) are left out.
pub(super) fn slots<'a>(
    tasks: &'a [Task],
    owners: &'a BTreeMap<String, Owner>,
    nodes: &BTreeMap<String, Ref>,
) -> Vec<Slot<'a>> {
    let mut slots: BTreeMap<(&str, u64, &str), Slot<'a>> = BTreeMap::new();
    for task in tasks {
        let Some(owner) = owners.get(&task.service_id) else { continue };
        let node = if owner.global { task.node_id.as_str() } else { "" };
        let place = match nodes.get(node) {
            Some(node) => node.name.to_string(),
            None if owner.global => cut(node, 12).to_owned(),
            None => task.slot.to_string(),
        };
        let slot = slots.entry((&task.service_id, task.slot, node)).or_insert_with(|| Slot {
            owner,
            name: format!("{}.{place}", owner.key.name),
            tasks: Vec::new(),
        });
        slot.tasks.push(task);
    }
    let mut slots: Vec<Slot<'a>> = slots.into_values().collect();
    for slot in &mut slots {
        slot.tasks.sort_by_key(|task| std::cmp::Reverse((task.created_at, &task.id)));
    }
    slots
}

impl<'a> Slot<'a> {
    /// The tasks that are shown, each with its name: the present one by the slot's, others with a part of their id.
    pub(super) fn shown(&self) -> Vec<(&'a Task, String)> {
        let Some(present) = self.tasks.iter().find(|task| wanted(task)).or(self.tasks.first()) else {
            return Vec::new();
        };
        let failed = self.tasks.iter().find(|task| ended_badly(task) && task.id != present.id);
        let mut shown = Vec::new();
        for task in &self.tasks {
            let is_present = task.id == present.id;
            let is_failed = failed.is_some_and(|failed| failed.id == task.id);
            let at_rest =
                matches!(task.status.state.as_str(), "shutdown" | "complete" | "failed" | "rejected" | "orphaned");
            if is_present && task.status.state != "shutdown" {
                shown.push((*task, self.name.clone()));
            } else if is_failed || !at_rest {
                shown.push((*task, format!("{}.{}", self.name, cut(&task.id, 8))));
            }
        }
        shown
    }

    fn is_wanted(&self, slot: u64) -> bool {
        self.owner.wanted.is_none_or(|wanted| slot <= wanted)
    }

    /// How a task is shown. `body` is how its container ended, where this engine has it.
    pub(super) fn instance(
        &self,
        scribe: &mut Scribe,
        task: &Task,
        name: &str,
        node: Option<&Ref>,
        body: &dyn Fn(&str) -> Option<Exit>,
    ) -> Instance {
        let key = Ref::new(&scribe.cluster, Kind::Task, self.owner.key.namespace.clone(), scribe.names.intern(name));
        let phase = phase(&task.status.state);
        let mut instance = Instance::new(key, scribe.names.intern(&task.id), Some(self.owner.key.clone()), phase);
        instance.node = node.cloned();
        instance.ready = phase == Phase::Running;
        let present = name == self.name;
        // Where its service gave up, the last task of a slot is to be shut down and the slot is wanted all the same.
        let gave_up = present && ended_badly(task) && self.is_wanted(task.slot);
        instance.desired = if wanted(task) || gave_up { DesiredState::Run } else { DesiredState::Stop };
        instance.since = task.status.timestamp;
        instance.reason = Some(scribe.names.intern(&task.status.state));
        instance.message = words(task);
        instance.created = task.created_at;
        instance.revision = Some(super::services::revision(scribe, &task.spec));
        instance.memory_request_bytes = self.owner.template.resources.reservations.memory_bytes;
        instance.cpu_request_millis = self.owner.template.resources.reservations.nano_cpus / 1_000_000;
        let mut container = Container::new(
            self.owner.key.name.clone(),
            scribe.names.intern(super::services::image(&super::services::template(&task.spec).container_spec.image)),
            self.state(scribe, task, body),
        );
        let earlier = self.tasks.iter().filter(|other| other.id != task.id && other.created_at < task.created_at);
        let failures: Vec<_> = earlier.filter(|other| ended_badly(other)).collect();
        container.last_exit = failures.first().and_then(|failed| exit(failed, body)).map(Box::new);
        // Of a slot they are counted once.
        container.restarts = if present { u32::try_from(failures.len()).unwrap_or(u32::MAX) } else { 0 };
        container.memory_limit_bytes =
            Some(self.owner.template.resources.limits.memory_bytes).filter(|bytes| *bytes > 0);
        instance.containers = vec![container];
        instance
    }

    fn state(&self, scribe: &mut Scribe, task: &Task, body: &dyn Fn(&str) -> Option<Exit>) -> ContainerState {
        match (task.status.state.as_str(), exit(task, body)) {
            ("running", _) => ContainerState::Running { since: task.status.timestamp },
            (_, Some(exit)) => ContainerState::Ended(Box::new(exit)),
            (state, None) => ContainerState::Waiting { reason: scribe.names.intern(state), message: words(task) },
        }
    }
}

/// Whether it is to run.
pub(super) fn wanted(task: &Task) -> bool {
    matches!(task.desired_state.as_str(), "running" | "ready" | "complete" | "accepted" | "pending" | "new")
}

/// Whether it failed or was refused.
pub(super) fn ended_badly(task: &Task) -> bool {
    matches!(task.status.state.as_str(), "failed" | "rejected")
}

/// Whether it is on its way: wanted, and neither running nor at its end.
pub(super) fn on_its_way(task: &Task) -> bool {
    wanted(task) && !matches!(task.status.state.as_str(), "running" | "complete")
}

fn phase(state: &str) -> Phase {
    match state {
        "new" | "pending" | "allocated" => Phase::Pending,
        "assigned" | "accepted" | "preparing" | "ready" | "starting" => Phase::Starting,
        "running" => Phase::Running,
        "complete" | "shutdown" => Phase::Succeeded,
        "failed" => Phase::Failed,
        "rejected" => Phase::Rejected,
        "remove" => Phase::Stopping,
        "orphaned" => Phase::Lost,
        _ => Phase::Unknown,
    }
}

fn words(task: &Task) -> Option<Text> {
    let said = if task.status.err.is_empty() { &task.status.message } else { &task.status.err };
    (!said.is_empty()).then(|| Text::new(cut(gist(said), 1024)))
}

fn exit(task: &Task, body: &dyn Fn(&str) -> Option<Exit>) -> Option<Exit> {
    let status = &task.status;
    let code = status.container_status.exit_code;
    let reason = match status.state.as_str() {
        "complete" => ExitReason::Completed,
        "shutdown" => ExitReason::Stopped,
        "failed" if status.err.contains("starting container failed") => ExitReason::CannotRun,
        // A task does not say that memory ran out; its container does.
        "failed" => match body(&status.container_status.container_id) {
            Some(body) if body.reason == ExitReason::OomKilled => ExitReason::OomKilled,
            _ => ExitReason::Error,
        },
        _ => return None,
    };
    let message = words(task).filter(|_| !status.err.is_empty());
    Some(Exit { code, reason, message, started: None, ended: status.timestamp })
}

/// What a task's end or its waiting says, as something that happened. `heard` tells whether the engine's own events told
/// the end of a container: then it is not told again.
pub(super) fn occurrence(
    task: &Task,
    subject: &Ref,
    owner: &Owner,
    node: Option<&Ref>,
    heard: &dyn Fn(&str) -> bool,
) -> Option<Occurrence> {
    let status = &task.status;
    let at: Timestamp = status.timestamp?;
    let err = status.err.as_str();
    let (kind, certainty) = match status.state.as_str() {
        "failed" if err.contains("unhealthy container") => (OccurrenceKind::ProbeFailure, Certainty::Confirmed),
        "failed" if heard(&status.container_status.container_id) => return None,
        "failed" => (OccurrenceKind::Crash, Certainty::Confirmed),
        // The engine's own words are gone by then; that is all it says of a pull that failed.
        "rejected" if err.contains("No such image") => (OccurrenceKind::PullFailure, Certainty::Likely),
        "rejected" if err.contains("pull") => (OccurrenceKind::PullFailure, Certainty::Confirmed),
        "rejected" => (OccurrenceKind::Rejected, Certainty::Confirmed),
        "pending" if err.contains("no suitable node") => (OccurrenceKind::SchedulingFailure, Certainty::Confirmed),
        _ => return None,
    };
    let word = if status.state == "pending" { "wait" } else { "end" };
    let mut told = Occurrence::once(Text::from(format!("task:{}:{word}", task.id)), kind, subject.clone(), at);
    told.origin = Origin::Backfilled;
    told.certainty = certainty;
    told.workload = Some(owner.key.clone());
    told.node = node.cloned();
    told.container = Some(owner.key.name.clone());
    told.text = words(task);
    told.image = Some(owner.image.clone());
    told.code = Some(status.container_status.exit_code).filter(|code| status.state == "failed" && *code != 0);
    Some(told)
}
