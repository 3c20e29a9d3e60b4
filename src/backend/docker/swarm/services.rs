//! A Swarm's services.

use serde::Deserialize;
use serde_json::Value;

use crate::backend::{link, mask};
use crate::domain::{
    ContainerSpec, Desired, Exposure, Kind, LogDriver, Made, Mount, MountKind, Name, Port, Ref, RestartPolicy,
    Revision, Rollout, RolloutPhase, Text, Workload,
};

use super::super::belongs::in_stack;
use super::super::convert::{Scribe, cut, probe};
use super::wire::{self, TaskTemplate};

const STACK: &str = "com.docker.stack.namespace";

/// The key of a service: its namespace is its stack.
pub(in super::super) fn key(scribe: &mut Scribe, it: &wire::Service) -> Ref {
    let stack = it.spec.labels.get(STACK).map(|stack| scribe.names.intern(stack));
    let name = scribe.names.intern(in_stack(stack.as_deref(), &it.spec.name));
    Ref::new(&scribe.cluster, Kind::Service, stack, name)
}

/// What a template says, as far as it is read.
pub(in super::super) fn template(raw: &Value) -> TaskTemplate {
    TaskTemplate::deserialize(raw).unwrap_or_default()
}

/// A hash of all that a service's tasks are made of: a task carries the same template as the service did then.
pub(in super::super) fn revision(scribe: &mut Scribe, raw: &Value) -> Name {
    use std::hash::Hasher;
    let mut raw = raw.clone();
    if let Some(fields) = raw.as_object_mut() {
        // Newer engines write it in the service only.
        fields.remove("Runtime");
    }
    // The same from run to run; the order of fields is that of their names.
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(raw.to_string().as_bytes());
    scribe.names.intern(&format!("{:012x}", hasher.finish() & 0xffff_ffff_ffff))
}

/// What is counted of a service's tasks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    /// Tasks that are to run, of the newest revision, that run.
    pub updated: u32,
    /// Tasks that are to run.
    pub total: u32,
    /// When one of the newest revision last began to run.
    pub progressed: Option<crate::domain::Timestamp>,
}

/// One service.
pub(super) fn service(scribe: &mut Scribe, it: &wire::Service, key: Ref, tally: Tally) -> Workload {
    let template = template(&it.spec.task_template);
    let status = it.service_status.unwrap_or_default();
    let mode = &it.spec.mode;
    let job = mode.replicated_job.is_some() || mode.global_job.is_some();
    let desired = match (&mode.replicated, &mode.replicated_job) {
        (Some(replicated), _) => Desired::Replicas(replicated.replicas),
        (None, Some(job)) => Desired::Completions(job.total_completions),
        (None, None) if mode.global_job.is_some() => Desired::Completions(status.desired_tasks),
        (None, None) => Desired::EachNode(status.desired_tasks),
    };
    let mut workload = Workload::new(key.clone(), scribe.names.intern(&it.id), desired);
    workload.created = it.created_at;
    if it.service_status.is_some() && !job {
        workload.reported = Some(crate::domain::Reported {
            ready: status.running_tasks,
            updated: tally.updated,
            total: tally.total.max(status.running_tasks),
        });
    }
    workload.containers = vec![spec(scribe, &template, key.name.clone())];
    let newest = revision(scribe, &it.spec.task_template);
    let former = it.previous_spec.as_ref().map(|former| former_revision(scribe, former));
    workload.rollout = it
        .update_status
        .as_ref()
        .and_then(|status| rollout(status, newest.clone(), former.as_ref().map(|former| former.id.clone()), tally));
    workload.revision = Some(Revision {
        id: newest,
        images: vec![scribe.names.intern(image(&template.container_spec.image))],
        at: it.update_status.as_ref().and_then(|status| status.started_at).or(it.created_at),
        by: None,
    });
    workload.history = former.into_iter().collect();
    workload.made = it.previous_spec.iter().map(|former| made(scribe, former, key.name.clone())).collect();
    workload.links = link::links(it.spec.labels.iter().map(|(name, at)| (name.as_str(), at.as_str())));
    if let Some(spec) = workload.containers.first_mut() {
        spec.ports = ports(scribe, &it.endpoint.ports);
    }
    let routed = it.spec.labels.keys().any(|label| label.starts_with("traefik.http.routers."));
    workload.exposure = if routed || !it.endpoint.ports.is_empty() { Exposure::Yes } else { Exposure::Unknown };
    workload.labels = scribe.labels(it.spec.labels.iter());
    workload.restart_policy = match (template.restart_policy.condition.as_str(), template.restart_policy.max_attempts) {
        ("none", _) => RestartPolicy::No,
        ("on-failure", most) => RestartPolicy::OnFailure(most),
        (_, 0) => RestartPolicy::Always,
        (_, most) => RestartPolicy::OnFailure(most),
    };
    workload.stop_timeout_seconds =
        template.container_spec.stop_grace_period.map_or(Some(10), |nanos| u32::try_from(nanos / 1_000_000_000).ok());
    workload.placed = !template.placement.constraints.is_empty();
    workload.managed_by = Some(Text::new(if key.namespace.is_some() { "docker stack" } else { "swarm" }));
    workload
}

fn former_revision(scribe: &mut Scribe, former: &wire::ServiceSpec) -> Revision {
    let image = scribe.names.intern(image(&template(&former.task_template).container_spec.image));
    Revision { id: revision(scribe, &former.task_template), images: vec![image], at: None, by: None }
}

/// What the specification before this one makes of a task: a Swarm keeps that one, and none before it.
fn made(scribe: &mut Scribe, former: &wire::ServiceSpec, name: Name) -> Made {
    let containers = vec![spec(scribe, &template(&former.task_template), name)];
    Made { id: revision(scribe, &former.task_template), at: None, containers }
}

fn ports(scribe: &mut Scribe, raw: &[Value]) -> Vec<Port> {
    let number = |it: &Value, field: &str| {
        let raw = it.get(field).and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
        raw.filter(|port| *port > 0)
    };
    let each = raw.iter().filter_map(|it| {
        let protocol = it.get("Protocol").and_then(Value::as_str).unwrap_or("tcp");
        Some(Port {
            number: number(it, "TargetPort")?,
            protocol: scribe.names.intern(protocol),
            name: None,
            published: number(it, "PublishedPort"),
        })
    });
    each.collect()
}

fn rollout(it: &wire::UpdateStatus, to: Name, from: Option<Name>, tally: Tally) -> Option<Rollout> {
    let phase = match it.state.as_str() {
        "updating" => RolloutPhase::Progressing,
        "paused" => RolloutPhase::Paused,
        "completed" => RolloutPhase::Complete,
        "rollback_started" => RolloutPhase::RollingBack,
        "rollback_paused" => RolloutPhase::RollbackPaused,
        "rollback_completed" => RolloutPhase::RolledBack,
        _ => return None,
    };
    Some(Rollout {
        phase,
        message: (!it.message.is_empty()).then(|| Text::new(&it.message)),
        started: it.started_at,
        progressed: it.completed_at.or(tally.progressed),
        deadline: None,
        from: from.filter(|from| *from != to),
        to: Some(to),
        updated: Some(tally.updated),
    })
}

/// The image without the digest that the engine adds: `web:1.4@sha256:…` reads as `web:1.4`.
pub(in super::super) fn image(raw: &str) -> &str {
    raw.split_once("@sha256:").map_or(raw, |(name, _)| name)
}

fn spec(scribe: &mut Scribe, it: &TaskTemplate, name: Name) -> ContainerSpec {
    let container = &it.container_spec;
    let mut spec = ContainerSpec::new(name, scribe.names.intern(image(&container.image)));
    let command: Vec<&str> = container.command.iter().chain(&container.args).map(String::as_str).collect();
    spec.command = mask::command(&command).map(|line| Text::new(cut(&line, 512)));
    let set = |amount: u64| Some(amount).filter(|amount| *amount > 0);
    spec.memory_limit_bytes = set(it.resources.limits.memory_bytes);
    spec.memory_request_bytes = set(it.resources.reservations.memory_bytes);
    spec.cpu_limit_millis = set(it.resources.limits.nano_cpus / 1_000_000);
    spec.cpu_request_millis = set(it.resources.reservations.nano_cpus / 1_000_000);
    spec.probes = container.healthcheck.as_ref().and_then(probe).into_iter().collect();
    spec.mounts = container.mounts.iter().map(|mount| self::mount(scribe, mount)).collect();
    spec.log = it.log_driver.as_ref().map(|log| LogDriver {
        driver: scribe.names.intern(&log.name),
        bounded: log.name != "json-file" || log.options.contains_key("max-size"),
    });
    spec.env = scribe.environment(&container.env);
    spec
}

fn mount(scribe: &mut Scribe, it: &wire::Mount) -> Mount {
    let driver = &it.volume_options.driver_config.name;
    let (kind, driver) = match it.kind.as_str() {
        "volume" | "cluster" => {
            let kind = if it.source.is_empty() { MountKind::AnonymousVolume } else { MountKind::NamedVolume };
            (kind, Some(if driver.is_empty() { "local" } else { driver.as_str() }))
        }
        "tmpfs" => (MountKind::Temporary, None),
        _ => (MountKind::Bind, None),
    };
    Mount {
        target: scribe.names.intern(&it.target),
        source: (!it.source.is_empty()).then(|| scribe.names.intern(&it.source)),
        kind,
        driver: driver.map(|driver| scribe.names.intern(driver)),
    }
}
