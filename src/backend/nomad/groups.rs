//! Task groups as workloads: what they are made of, how they are rolled out, what keeps them from a place.

use std::collections::BTreeMap;

use crate::backend::{link, mask};
use crate::domain::{
    ContainerSpec, Desired, EnvEntry, Exposure, GaveUp, JobState, Mount, MountKind, Name, PROMOTION, Port, Probe,
    ProbeKind, RestartPolicy, Revision, Rollout, RolloutPhase, Schedule, Text, Timestamp, Workload,
};

use super::capacity::killed_at;
use super::scribe::{JobKey, MEBI, Scribe, at, seconds, time};
use super::wire::{Check, Deployment, Evaluation, GroupDeployment, Job, Service, Task, TaskGroup, Unplaced};

/// What is known of a job beside what was registered.
#[derive(Debug, Clone, Default)]
pub(super) struct Around {
    /// The deployment of its newest version, where there is one.
    pub(super) deployment: Option<Deployment>,
    /// The evaluation that waits for room.
    pub(super) blocked: Option<Evaluation>,
    /// Nodes that a system job is on.
    pub(super) nodes: u32,
    /// When a periodic job last began, and when it last ended well.
    pub(super) runs: Runs,
    /// When a job that runs to its end failed for good, by its groups.
    pub(super) gave_up: BTreeMap<String, Timestamp>,
}

impl Around {
    /// Whether a deployment still watches allocations of a version: one of which it has not decided yet is not healthy (nomad:
    /// nomad/structs `Deployment.Active`).
    pub(super) fn awaits_health(&self, version: Option<u64>, group: &str) -> bool {
        let active = ["running", "paused", "pending", "initializing", "blocked", "unblocking"];
        self.deployment.as_ref().is_some_and(|it| {
            Some(it.job_version) == version
                && active.contains(&it.status.as_str())
                && it.task_groups.contains_key(group)
        })
    }
}

/// When a periodic job ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Runs {
    pub(super) last: Option<Timestamp>,
    pub(super) success: Option<Timestamp>,
}

impl Scribe {
    /// One group of a job.
    pub(super) fn workload(&mut self, key: &JobKey, job: &Job, group: &TaskGroup, around: &Around) -> Workload {
        let own = self.group(key, &group.name);
        let mut it = Workload::new(own, job.uid(&group.name), desired(job, group, around.nodes));
        it.created = at(job.submit_time);
        it.containers = group.tasks.iter().map(|task| self.task(group, task)).collect();
        let images: Vec<Name> = it.containers.iter().map(|it| it.image.clone()).collect();
        let id = Name::from(job.version.to_string());
        it.revision = Some(Revision { id: id.clone(), images, at: at(job.submit_time), by: None });
        it.history = job
            .version
            .checked_sub(1)
            .map(|version| Revision { id: version.to_string().into(), images: Vec::new(), at: None, by: None })
            .into_iter()
            .collect();
        it.rollout = around
            .deployment
            .as_ref()
            .filter(|deployment| deployment.job_version == job.version)
            .and_then(|deployment| Some((deployment, deployment.task_groups.get(&group.name)?)))
            .map(|(deployment, state)| rollout(job, deployment, state));
        it.exposure = exposure(group);
        it.restart_policy = match (job.kind.as_str(), &group.restart_policy) {
            ("service" | "system", _) => RestartPolicy::Always,
            (_, Some(restart)) if restart.attempts > 0 => RestartPolicy::OnFailure(restart.attempts),
            _ => RestartPolicy::No,
        };
        it.stop_timeout_seconds = group.tasks.iter().map(|task| seconds(task.kill_timeout)).max();
        it.min_ready_seconds = group.update.as_ref().map_or(0, |update| seconds(update.min_healthy_time));
        // What servers add by themselves says only what a client has to be able to.
        let own = |constraint: &&super::wire::Constraint| !constraint.left.starts_with("${attr.nomad.");
        it.placed = job.constraints.iter().chain(&group.constraints).any(|constraint| own(&constraint));
        it.schedule = job.periodic.as_ref().map(|periodic| schedule(periodic, job, around.runs));
        it.job = (it.schedule.is_some() || matches!(job.kind.as_str(), "batch" | "sysbatch"))
            .then(|| Box::new(JobState { suspended: job.stop, gave_up: gave_up(group, around) }));
        let meta = || job.meta.iter().chain(&group.meta);
        it.labels = meta()
            .filter(|(name, _)| !mask::denied(name))
            .map(|(name, value)| (self.names.intern(name), self.names.intern(value)))
            .collect();
        it.labels.sort();
        it.links = link::links(meta().map(|(name, at)| (name.as_str(), at.as_str())));
        it
    }

    fn task(&mut self, group: &TaskGroup, task: &Task) -> ContainerSpec {
        let mut it = ContainerSpec::new(self.name(&task.name), self.image(task));
        let words: Vec<&str> =
            std::iter::once(task.config.command.as_str()).chain(task.config.args.iter().map(String::as_str)).collect();
        let words = if task.config.command.is_empty() { &words[1..] } else { &words[..] };
        it.command = mask::command(words).map(Text::from);
        // Of a driver that does not isolate nothing bounds the memory.
        let most = if self.lends_memory { task.resources.memory_max } else { 0 };
        it.memory_limit_bytes = killed_at(task.resources.memory, most).filter(|_| isolates(&task.driver));
        it.memory_request_bytes = Some(task.resources.memory * MEBI).filter(|bytes| *bytes > 0);
        let of_task = |service: &&Service, check: &Check| {
            let named = if check.task_name.is_empty() { &service.task_name } else { &check.task_name };
            *named == task.name || (named.is_empty() && leads(group, task))
        };
        it.probes = services(group)
            .flat_map(|service| service.checks.iter().map(move |check| (service, check)))
            .filter(|(service, check)| of_task(service, check))
            .map(|(_, check)| probe(check))
            .collect();
        it.mounts = task.volume_mounts.iter().map(|mount| self.mount(group, mount)).collect();
        it.mounts.extend(super::disk::mounts(group, task, &mut self.names));
        it.env = self.environment(&task.env);
        it.ports = ports(group);
        it
    }

    /// The image; of a driver that has none the command that it runs.
    pub(super) fn image(&mut self, task: &Task) -> Name {
        match (task.config.image.as_str(), task.config.command.as_str()) {
            ("", "") => self.name(&task.driver),
            ("", command) => self.name(&format!("{} {command}", task.driver)),
            (image, _) => self.name(image),
        }
    }

    fn environment(&mut self, env: &BTreeMap<String, String>) -> Vec<EnvEntry> {
        let entries: Vec<String> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        mask::environment(&entries, &self.key, &mut self.names)
    }

    fn mount(&mut self, group: &TaskGroup, mount: &super::wire::VolumeMount) -> Mount {
        let volume = group.volumes.get(&mount.volume);
        let source = volume.map(|it| it.source.as_str()).filter(|source| !source.is_empty());
        Mount {
            target: self.name(&mount.destination),
            source: source.map(|source| self.names.intern(source)),
            kind: MountKind::Claim,
            driver: volume.map(|it| self.names.intern(&it.kind)),
        }
    }
}

/// Whether a driver keeps a task to its memory.
fn isolates(driver: &str) -> bool {
    !matches!(driver, "raw_exec" | "qemu" | "mock_driver")
}

/// Whether a group's own checks count for this task: its leader, else its first that does the work.
pub(super) fn leads(group: &TaskGroup, task: &Task) -> bool {
    let first = group.tasks.iter().find(|it| it.lifecycle.is_none()).or(group.tasks.first());
    first.is_some_and(|first| first.name == task.name)
}

pub(super) fn services(group: &TaskGroup) -> impl Iterator<Item = &Service> {
    group.services.iter().chain(group.tasks.iter().flat_map(|task| &task.services))
}

/// Who looks for it finds a service that is registered, in Nomad or in Consul; a port of the client that somebody chose is as good as
/// published. Who else may know of a port that was drawn cannot be told.
fn exposure(group: &TaskGroup) -> Exposure {
    let drawn = group.networks.iter().any(|network| !network.dynamic_ports.is_empty());
    let chosen = group.networks.iter().any(|network| !network.reserved_ports.is_empty());
    match (services(group).next().is_some() || chosen, drawn) {
        (true, _) => Exposure::Yes,
        (false, true) => Exposure::Unknown,
        (false, false) => Exposure::No,
    }
}

fn desired(job: &Job, group: &TaskGroup, nodes: u32) -> Desired {
    match job.kind.as_str() {
        _ if job.periodic.is_some() => Desired::Scheduled,
        // It runs when somebody hands it something: none is missing.
        _ if job.parameterized_job.is_some() && !job.dispatched => Desired::Completions(0),
        _ if job.stop => Desired::Replicas(0),
        "system" => Desired::EachNode(nodes),
        "batch" | "sysbatch" => Desired::Completions(group.count),
        _ => Desired::Replicas(group.count),
    }
}

/// Why a job that failed is not placed again.
fn gave_up(group: &TaskGroup, around: &Around) -> Option<GaveUp> {
    let at = *around.gave_up.get(&group.name)?;
    let attempts = group.reschedule_policy.as_ref().filter(|it| !it.unlimited).map_or(0, |it| it.attempts);
    let limit = (attempts > 0).then(|| Name::from(format!("reschedule attempts {attempts}")));
    Some(GaveUp { reason: Name::new("AttemptsUsedUp"), message: None, limit, at })
}

fn probe(check: &Check) -> Probe {
    let what = match check.kind.as_str() {
        "http" => format!("GET {}{}", port_of(check), check.path),
        "script" => format!("CMD {}", check.command),
        kind => format!("{kind} {}", port_of(check)),
    };
    let limit = check.check_restart.as_ref().map_or(0, |restart| restart.limit);
    Probe {
        kind: if limit > 0 { ProbeKind::Liveness } else { ProbeKind::Service },
        what: Text::from(what.trim().to_owned()),
        period_seconds: seconds(check.interval),
        timeout_seconds: seconds(check.timeout),
        threshold: limit.max(1),
        grace_seconds: 0,
    }
}

fn port_of(check: &Check) -> String {
    if check.port_label.is_empty() { String::new() } else { format!(":{}", check.port_label) }
}

fn ports(group: &TaskGroup) -> Vec<Port> {
    let all = group.networks.iter().flat_map(|network| network.reserved_ports.iter().chain(&network.dynamic_ports));
    let mut ports: Vec<Port> = all
        .filter_map(|port| {
            let number = u16::try_from(port.to).ok().filter(|to| *to > 0).unwrap_or(port.value);
            let published = Some(port.value).filter(|value| *value > 0);
            (number > 0).then(|| Port { number, protocol: "tcp".into(), name: Some(Name::new(&port.label)), published })
        })
        .collect();
    ports.sort_unstable();
    ports
}

/// A deployment's status, and what it says beside that (nomad: nomad/structs, `DeploymentStatus*`).
fn rollout(job: &Job, deployment: &Deployment, state: &GroupDeployment) -> Rollout {
    let waits = state.desired_canaries > 0 && !state.promoted;
    let phase = match deployment.status.as_str() {
        "paused" => RolloutPhase::Paused,
        "failed" => RolloutPhase::Failed,
        "successful" => RolloutPhase::Complete,
        "cancelled" => RolloutPhase::Complete,
        // "Deployment is running but requires manual promotion"
        "running" if waits && deployment.status_description.contains("promotion") => RolloutPhase::Paused,
        _ => RolloutPhase::Progressing,
    };
    let deadline = time(&state.require_progress_by);
    let progressed = deadline.and_then(|at| {
        at.checked_sub(std::time::Duration::from_nanos(u64::try_from(state.progress_deadline).unwrap_or(0))).ok()
    });
    let said = match phase {
        RolloutPhase::Complete => None,
        RolloutPhase::Paused if deployment.status == "running" => Some(Text::from(format!(
            "{} of {} {} healthy, {PROMOTION}",
            state.healthy_allocs.min(state.desired_canaries),
            state.desired_canaries,
            if state.desired_canaries == 1 { "canary" } else { "canaries" }
        ))),
        _ => Some(Text::new(&deployment.status_description)),
    };
    Rollout {
        phase,
        message: said.filter(|said| !said.is_empty()),
        started: at(deployment.create_time).or_else(|| at(job.submit_time)),
        progressed,
        deadline: deadline.filter(|_| phase == RolloutPhase::Progressing),
        from: job.version.checked_sub(1).map(|version| version.to_string().into()),
        to: Some(job.version.to_string().into()),
        updated: Some(state.placed_allocs),
    }
}

fn schedule(periodic: &super::wire::Periodic, job: &Job, runs: Runs) -> Schedule {
    let specs: Vec<&str> = periodic.specs.iter().map(String::as_str).collect();
    let cron = if specs.is_empty() { periodic.spec.clone() } else { specs.join("; ") };
    let around = runs.last.or_else(|| at(job.submit_time)).unwrap_or(Timestamp::UNIX_EPOCH);
    let gaps = cron.split("; ").filter_map(|one| crate::backend::cron::gap(one, &periodic.time_zone, around));
    Schedule {
        period_seconds: gaps.min().unwrap_or(0),
        cron: Text::from(cron),
        suspended: job.stop || !periodic.enabled,
        last_run: runs.last,
        last_success: runs.success,
    }
}

/// Why a group has no place, in words: `memory exhausted on 3 of 3 nodes`.
pub(super) fn no_place(why: &Unplaced, quota: &str) -> String {
    let all = why.nodes_in_pool.max(why.nodes_evaluated);
    let mut words: Vec<String> = Vec::new();
    words.extend(
        why.dimension_exhausted.iter().map(|(dimension, n)| format!("{dimension} exhausted on {n} of {all} nodes")),
    );
    words.extend(why.constraint_filtered.iter().map(|(constraint, n)| {
        let constraint = constraint.strip_prefix("missing drivers").map_or(constraint.as_str(), |_| "missing drivers");
        format!("{constraint} rules {n} of {all} nodes out")
    }));
    words.extend(why.class_filtered.iter().map(|(class, n)| format!("class {class} rules {n} of {all} nodes out")));
    words.extend(why.quota_exhausted.iter().map(|quota| format!("quota exhausted: {quota}")));
    if !quota.is_empty() {
        words.push(format!("quota {quota} is used up"));
    }
    if words.is_empty() {
        words.push(match all {
            0 => "no node is there that could take it".to_owned(),
            all => format!("none of {all} nodes takes it"),
        });
    }
    words.join("; ")
}
