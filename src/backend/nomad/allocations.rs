//! Allocations as instances, their tasks as containers, and what happened to them.

use crate::domain::{
    Container, ContainerRole, ContainerState, DesiredState, Exit, ExitReason, Instance, Kind, Name, Occurrence,
    OccurrenceKind, OomScope, Origin, Phase, Ref, Text, Timestamp,
};

use super::capacity::{killed_at, set_aside};
use super::hindrance::{hinders, hindrance, in_vain};
use super::scribe::{JobKey, Scribe, at, time};
use super::wire::{Allocation, Task, TaskEvent, TaskGroup, TaskState};

/// So many of a task's events a server keeps (nomad: nomad/structs, `maxTaskEvents`).
const KEPT: usize = 10;

/// What the tasks of a group were, in the version that an allocation is of; none where that version is not known.
pub(super) type Made<'a> = Option<&'a TaskGroup>;

impl Scribe {
    /// An allocation as it is now, of a version of its job where that is known.
    pub(super) fn instance(&mut self, job: &JobKey, it: &Allocation, made: Made<'_>, version: Option<u64>) -> Instance {
        let key = self.allocation(job, &it.task_group, &it.id);
        let owner = self.group(job, &it.task_group);
        let mut instance = Instance::new(key, self.name(&it.id), Some(owner), phase(it));
        instance.node = self.known_node(&it.node_id);
        instance.desired = if it.desired_status == "run" { DesiredState::Run } else { DesiredState::Stop };
        instance.ready = instance.phase == Phase::Running
            && it.deployment_status.as_ref().is_none_or(|health| health.healthy == Some(true));
        instance.created = at(it.create_time);
        // What never ran waits since it was made.
        let coming = matches!(instance.phase, Phase::Starting | Phase::Restarting);
        let made_at = coming.then(|| at(it.create_time)).flatten();
        instance.since = since(it).or(made_at).or_else(|| at(it.modify_time));
        instance.revision = version.map(|version| Name::from(version.to_string()));
        let (bytes, mhz) = set_aside(&it.allocated_resources);
        instance.memory_request_bytes = bytes;
        instance.cpu_request_millis = self.millis(&it.node_id, mhz).unwrap_or(0);
        instance.message = self.texts(&it.client_description).filter(|_| instance.phase.ended());
        instance.containers = self.containers(it, made);
        if let Some(said) = last_word(it).filter(|_| instance.phase != Phase::Running) {
            instance.reason = Some(self.name(&said.kind));
            instance.message = self.texts(said.words());
        }
        instance
    }

    fn containers(&mut self, it: &Allocation, made: Made<'_>) -> Vec<Container> {
        let names: Vec<&String> = match it.task_states.is_empty() {
            true => it.allocated_resources.tasks.keys().collect(),
            false => it.task_states.keys().collect(),
        };
        let empty = TaskState::default();
        names
            .into_iter()
            .map(|name| {
                let state = it.task_states.get(name).unwrap_or(&empty);
                let task = made.and_then(|group| group.tasks.iter().find(|task| task.name == *name));
                let image = task.map_or_else(|| Name::new(""), |task| self.image(task));
                let mut container = Container::new(self.name(name), image, self.state(state));
                container.role = task.map_or(ContainerRole::Main, role);
                container.restarts = state.restarts;
                let granted = it.allocated_resources.tasks.get(name);
                let bounded = task.is_none_or(|task| !matches!(task.driver.as_str(), "raw_exec" | "qemu"));
                container.memory_limit_bytes = granted
                    .filter(|_| bounded)
                    .and_then(|granted| killed_at(granted.memory.memory, granted.memory.most));
                if !matches!(container.state, ContainerState::Ended(_)) {
                    container.last_exit = ended(state).map(Box::new);
                }
                container
            })
            .collect()
    }

    fn state(&mut self, state: &TaskState) -> ContainerState {
        let started = time(&state.started_at);
        match state.state.as_str() {
            "running" => ContainerState::Running { since: started },
            "dead" => {
                ContainerState::Ended(Box::new(in_vain(state).or_else(|| ended(state)).unwrap_or_else(|| Exit {
                    code: i32::from(state.failed),
                    reason: if state.failed { ExitReason::CannotRun } else { ExitReason::Completed },
                    message: state.events.last().map(|event| Text::new(event.words())),
                    started,
                    ended: time(&state.finished_at),
                })))
            }
            _ => {
                let last = hindrance(state).or(state.events.last());
                let reason = last.map_or("Pending", |event| event.kind.as_str());
                ContainerState::Waiting {
                    reason: self.names.intern(reason),
                    message: last.map(|event| Text::new(event.words())),
                }
            }
        }
    }

    /// What its last ten events a task tell. Each has an id of its own, so that it is told again without being counted again.
    pub(super) fn happened(
        &mut self,
        job: &JobKey,
        it: &Allocation,
        made: Made<'_>,
        origin: Origin,
    ) -> Vec<Occurrence> {
        let key = self.allocation(job, &it.task_group, &it.id);
        let workload = self.group(job, &it.task_group);
        let node = self.known_node(&it.node_id);
        let mut all = Vec::new();
        for (name, state) in &it.task_states {
            let task = made.and_then(|group| group.tasks.iter().find(|task| task.name == *name));
            let image = task.map(|task| self.image(task));
            // Of the first that is left it cannot be told: what went before it is forgotten.
            let mut asked = state.events.len() >= KEPT;
            for event in &state.events {
                let Some(when) = at(event.time) else { continue };
                match event.kind.as_str() {
                    "Started" => asked = false,
                    "Killing" | "Restart Signaled" | "Signaling" | "Leader Task Dead" | "Sibling Task Failed" => {
                        asked = true
                    }
                    _ => {}
                }
                let Some(kind) = kind_of(event, asked) else { continue };
                let id = format!("{}:{name}:{}", it.id, event.time);
                let mut one = Occurrence::once(id, kind, key.clone(), when);
                one.origin = origin;
                one.workload = Some(workload.clone());
                one.node = node.clone();
                one.container = Some(self.name(name));
                one.image = image.clone();
                one.text = Some(Text::new(event.words()));
                one.code = event.detail("exit_code").and_then(|code| code.parse().ok());
                let granted = it.allocated_resources.tasks.get(name);
                one.limit_bytes = granted.and_then(|granted| killed_at(granted.memory.memory, granted.memory.most));
                one.scope = (kind == OccurrenceKind::OomKill).then_some(OomScope::Limit);
                all.push(one);
            }
        }
        all
    }
}

/// Lives of tasks whose end nobody asked for.
fn kind_of(event: &TaskEvent, asked: bool) -> Option<OccurrenceKind> {
    match event.kind.as_str() {
        // What a driver does not tell is never guessed from a code (hashicorp/nomad#12735).
        "Terminated" if event.detail("oom_killed") == Some("true") => Some(OccurrenceKind::OomKill),
        "Terminated" if asked || event.detail("exit_code") == Some("0") => None,
        "Terminated" => Some(OccurrenceKind::Crash),
        "Restart Signaled" if event.words().contains("healthcheck") => Some(OccurrenceKind::ProbeFailure),
        "Driver Failure" if event.words().to_lowercase().contains("pull") => Some(OccurrenceKind::PullFailure),
        // That a template waits is a state, and no failure.
        _ if hinders(event) && event.kind != "Template" => Some(OccurrenceKind::CreationFailure),
        _ => None,
    }
}

fn phase(it: &Allocation) -> Phase {
    let any = |state: &str| it.task_states.values().any(|task| task.state == state);
    let began = it.task_states.values().any(|task| task.restarts > 0);
    // A check that restarts its task is no crash of it.
    let checked = it.task_states.values().any(|task| last_end(task).is_some_and(|(_, asked)| asked));
    match it.client_status.as_str() {
        "running" if it.desired_status != "run" => Phase::Stopping,
        "running" => Phase::Running,
        // Between two runs a task is pending, and so is its allocation.
        "pending" if began && !checked && !any("running") => Phase::Restarting,
        "pending" => Phase::Starting,
        "complete" => Phase::Succeeded,
        "failed" => Phase::Failed,
        "lost" | "unknown" => Phase::Lost,
        _ => Phase::Unknown,
    }
}

fn role(task: &Task) -> ContainerRole {
    match &task.lifecycle {
        None => ContainerRole::Main,
        Some(lifecycle) if lifecycle.sidecar => ContainerRole::Sidecar,
        Some(_) => ContainerRole::Init,
    }
}

/// When the newest of its tasks came to be as it is.
fn since(it: &Allocation) -> Option<Timestamp> {
    let times = it.task_states.values().flat_map(|task| [time(&task.started_at), time(&task.finished_at)]);
    times.flatten().max()
}

/// The newest thing that keeps any of its tasks from starting, else the newest that was said of any.
fn last_word(it: &Allocation) -> Option<&TaskEvent> {
    let held = it.task_states.values().filter_map(hindrance).max_by_key(|event| event.time);
    held.or_else(|| newest_event(it))
}

fn newest_event(it: &Allocation) -> Option<&TaskEvent> {
    it.task_states.values().flat_map(|task| &task.events).max_by_key(|event| event.time)
}

/// Where among a task's events its last run ended, and whether that was asked for.
fn last_end(state: &TaskState) -> Option<(usize, bool)> {
    let place = state.events.iter().rposition(|event| event.kind == "Terminated")?;
    let before = &state.events[..place];
    let began = before.iter().rposition(|event| event.kind == "Started");
    let asked = before[began.unwrap_or(0)..]
        .iter()
        .any(|event| matches!(event.kind.as_str(), "Killing" | "Restart Signaled" | "Signaling"));
    Some((place, asked))
}

/// How the last run of a task ended.
fn ended(state: &TaskState) -> Option<Exit> {
    let (place, asked) = last_end(state)?;
    let event = &state.events[place];
    let before = &state.events[..place];
    let began = before.iter().rposition(|event| event.kind == "Started");
    let code = event.detail("exit_code").and_then(|code| code.parse().ok()).unwrap_or(0);
    let reason = match (event.detail("oom_killed"), code) {
        (Some("true"), _) => ExitReason::OomKilled,
        _ if asked => ExitReason::Stopped,
        (_, 0) => ExitReason::Completed,
        _ => ExitReason::Error,
    };
    Some(Exit {
        code,
        reason,
        message: event.detail("exit_message").map(Text::new),
        started: began.and_then(|began| at(before[began].time)),
        ended: at(event.time),
    })
}

/// An allocation that is wanted and has no place: it has no id, and stands in the list as what it is.
pub(super) fn unplaced(key: Ref, owner: Ref, why: &str, since: Option<Timestamp>) -> Instance {
    debug_assert_eq!(key.kind, Kind::Allocation);
    let uid = Name::new(&key.name);
    let mut it = Instance::new(key, uid, Some(owner), Phase::Pending);
    (it.since, it.created) = (since, since);
    it.reason = Some("Unschedulable".into());
    it.message = Some(Text::new(why));
    it
}
