//! From an engine's answer to what is shown.

use std::collections::BTreeMap;
use std::hash::RandomState;

use crate::backend::{link, mask};
use crate::domain::{
    ClusterId, Container, ContainerSpec, ContainerState, Dependency, DependencyKind, DesiredState, EnvEntry, Exposure,
    Health, HealthStatus, Instance, Interner, Kind, LogDriver, Mount, MountKind, Name, Phase, Port, Probe, ProbeKind,
    Ref, RestartPolicy, Revision, Text,
};

use super::belongs::Belongs;
use super::events::signal_number;
use super::exit;
use super::history::Death;
use super::record::{Meant, Part, Record};
use super::wire::{Healthcheck, Inspect, MountPoint, Summary};

/// Labels kept of one container, and the length of a value, at most.
const LABELS_KEPT: usize = 48;
const LABEL_LENGTH: usize = 256;
/// What the engine does where nothing is said, seconds and tries (moby `daemon/health.go`).
const PROBE_PERIOD: u32 = 30;
const PROBE_TRIES: u32 = 3;
/// What the engine grants a container to stop, seconds, where nothing is said.
const STOP_TIMEOUT: u32 = 10;

/// Writes an engine's answers down as objects of one cluster.
#[derive(Debug)]
pub(super) struct Scribe {
    /// Whose objects they are.
    pub cluster: ClusterId,
    /// The node on which this engine runs, once it is known.
    pub node: Option<Ref>,
    /// Whether this engine manages a Swarm: then its tasks are watched, and their containers are their bodies.
    pub manages: bool,
    /// The keys of tasks that are shown, by their ids.
    pub tasks: BTreeMap<String, Ref>,
    pub(super) names: Interner,
    key: RandomState,
}

impl Scribe {
    /// For one cluster.
    pub(super) fn new(cluster: ClusterId) -> Self {
        Self {
            cluster,
            node: None,
            manages: false,
            tasks: BTreeMap::new(),
            names: Interner::default(),
            key: RandomState::new(),
        }
    }

    /// The key of a container, and of the workload that it counts for.
    pub(super) fn keys(&mut self, name: &str, belongs: &Belongs) -> (Ref, Ref) {
        let name = self.names.intern(name.trim_start_matches('/'));
        let key = |kind, namespace: Option<&Text>, name: &Text| {
            Ref::new(&self.cluster, kind, namespace.cloned(), name.clone())
        };
        match belongs {
            Belongs::Alone | Belongs::Allocation { .. } => {
                (key(Kind::ContainerInstance, None, &name), key(Kind::Container, None, &name))
            }
            Belongs::Compose { project, one_off: true, .. } => {
                (key(Kind::ContainerInstance, Some(project), &name), key(Kind::Container, Some(project), &name))
            }
            Belongs::Compose { project, service, .. } => {
                (key(Kind::ContainerInstance, Some(project), &name), key(Kind::ComposeService, Some(project), service))
            }
            Belongs::Task { service, stack, .. } => {
                (key(Kind::ContainerInstance, stack.as_ref(), &name), key(Kind::Service, stack.as_ref(), service))
            }
        }
    }

    /// The task that a container is the body of, where its Swarm is watched.
    pub(super) fn realizes(&mut self, belongs: &Belongs) -> Option<Box<Ref>> {
        let Belongs::Task { task, stack, name, .. } = belongs else { return None };
        if !self.manages {
            return None;
        }
        let known = self.tasks.get(task.as_str()).cloned();
        // One that is not shown (any more) has a key that nothing has.
        Some(Box::new(known.unwrap_or_else(|| Ref::new(&self.cluster, Kind::Task, stack.clone(), name.clone()))))
    }

    /// A container as its inspection shows it. `last` is how its last run ended, where that was heard.
    pub(super) fn record(&mut self, it: &Inspect, last: Option<Death>) -> Record {
        let belongs = Belongs::of(|label| it.config.labels.get(label).map(String::as_str));
        let (key, owner) = self.keys(&it.name, &belongs);
        let policy = restart_policy(it);
        let running = matches!(it.state.status.as_str(), "running" | "paused" | "restarting" | "stopping");
        let last = exit::of_this_life(it, last);
        let meant = exit::meant(it, policy, last);
        let limit = u64::try_from(it.host_config.memory).ok().filter(|bytes| *bytes > 0);
        let spec = self.spec(it, key.name.clone(), limit);
        let exit = exit::exit(it, policy, last, meant);
        let health = health(it);

        let mut container =
            Container::new(key.name.clone(), spec.image.clone(), exit::container_state(it, exit.as_ref()));
        container.last_exit = exit.filter(|_| !matches!(container.state, ContainerState::Ended(_))).map(Box::new);
        container.restarts = u32::try_from(it.restart_count).unwrap_or(0);
        container.memory_limit_bytes = limit;
        let passes = health.as_ref().is_none_or(|health| health.status == HealthStatus::Healthy);
        container.health = health.map(Box::new);

        let phase = exit::phase(it, meant);
        let task = matches!(belongs, Belongs::Task { .. });
        // A task's container is its body: the service counts its tasks, unless nothing here can see them.
        let owner = (!(task && self.manages)).then_some(owner);
        let mut instance = Instance::new(key, self.names.intern(&it.id), owner, phase);
        instance.ready = phase == Phase::Running && passes;
        instance.desired = if meant == Meant::Stop { DesiredState::Stop } else { DesiredState::Run };
        if task && self.manages && !running {
            // Its service has put another in its place, or did not want it any more.
            instance.desired = DesiredState::Stop;
        }
        instance.realizes = self.realizes(&belongs);
        if let Belongs::Allocation { id } = &belongs {
            instance.body_of = Some(self.names.intern(id));
        }
        instance.node = self.node.clone();
        instance.created = it.created;
        instance.since = match phase {
            Phase::Created => it.created,
            Phase::Running | Phase::Paused => it.state.started_at,
            _ => it.state.finished_at.or(it.created),
        };
        instance.reason = Some(self.names.intern(&it.state.status)).filter(|_| phase != Phase::Running);
        instance.message = Some(exit::gist(&it.state.error)).filter(|said| !said.is_empty()).map(Text::new);
        instance.revision = it.config.labels.get(CONFIG_HASH).map(|hash| self.names.intern(short(hash)));
        instance.memory_request_bytes = u64::try_from(it.host_config.memory_reservation).unwrap_or(0);
        instance.containers = vec![container];

        let stop_signal = match it.config.stop_signal.as_str() {
            "" => 15,
            signal => signal_number(signal),
        };
        let part = Box::new(self.part(it, &belongs, spec, policy));
        Record { instance, belongs, meant, running, limit_bytes: limit, stop_signal, part }
    }

    /// A container of which only the list is known, because its inspection is not answered.
    pub(super) fn glimpse(&mut self, it: &Summary, why: &str) -> Record {
        let inspect = Inspect {
            id: it.id.clone(),
            name: it.names.first().cloned().unwrap_or_else(|| short(&it.id).to_owned()),
            state: super::wire::State { status: it.state.clone(), ..Default::default() },
            config: super::wire::Config {
                image: it.image.clone(),
                labels: it.labels.clone().into_iter().collect(),
                ..Default::default()
            },
            ..Default::default()
        };
        let mut record = self.record(&inspect, None);
        let runs = matches!(it.state.as_str(), "running" | "restarting" | "paused");
        record.meant = if runs { Meant::Run } else { Meant::Unknown };
        // Whether its checks pass is not known, so it is not called ready; the list says so in brackets.
        record.instance.ready =
            it.state == "running" && !it.status.contains("(unhealthy)") && !it.status.contains("(health:");
        record.instance.message = Some(Text::from(format!("{}; {why}", it.status)));
        record
    }

    fn spec(&mut self, it: &Inspect, name: Name, limit: Option<u64>) -> ContainerSpec {
        let config = &it.config;
        let mut spec = ContainerSpec::new(name, self.names.intern(&config.image));
        let command: Vec<&str> = config.entrypoint.iter().chain(&config.cmd).map(String::as_str).collect();
        spec.command = mask::command(&command).map(|line| Text::new(cut(&line, 512)));
        spec.memory_limit_bytes = limit;
        spec.memory_request_bytes = u64::try_from(it.host_config.memory_reservation).ok().filter(|bytes| *bytes > 0);
        spec.cpu_limit_millis = cpu_limit(it);
        spec.probes = config.healthcheck.as_ref().and_then(probe).into_iter().collect();
        spec.mounts = it.mounts.iter().map(|mount| self.mount(mount)).collect();
        for path in it.host_config.tmpfs.keys() {
            spec.mounts.push(Mount { target: Text::new(path), source: None, kind: MountKind::Temporary, driver: None });
        }
        spec.log = log_driver(it);
        spec.env = self.environment(&config.env);
        spec.ports = self.ports(it);
        spec
    }

    /// An environment as names and hashes.
    pub(super) fn environment(&mut self, env: &[String]) -> Vec<EnvEntry> {
        mask::environment(env, &self.key, &mut self.names)
    }

    /// What it listens on (`80/tcp`), and the port of the host that leads there.
    fn ports(&mut self, it: &Inspect) -> Vec<Port> {
        let each = it.network_settings.ports.iter().filter_map(|(port, bindings)| {
            let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
            let published = bindings.iter().flatten().find_map(|binding| binding.host_port.parse().ok());
            Some(Port { number: number.parse().ok()?, protocol: self.names.intern(protocol), name: None, published })
        });
        let mut ports: Vec<Port> = each.collect();
        ports.sort_unstable();
        ports
    }

    fn mount(&mut self, it: &MountPoint) -> Mount {
        // API 1.41 does not mark anonymous volumes; their names are 64 hex digits on every version.
        let anonymous = it.name.len() == 64 && it.name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let kind = match it.kind.as_str() {
            "volume" if anonymous => MountKind::AnonymousVolume,
            "volume" | "cluster" => MountKind::NamedVolume,
            "tmpfs" => MountKind::Temporary,
            _ => MountKind::Bind,
        };
        let source = if it.name.is_empty() { &it.source } else { &it.name };
        Mount {
            target: self.names.intern(&it.destination),
            source: (!source.is_empty()).then(|| self.names.intern(source)),
            kind,
            driver: (!it.driver.is_empty()).then(|| self.names.intern(&it.driver)),
        }
    }

    fn part(&mut self, it: &Inspect, belongs: &Belongs, spec: ContainerSpec, policy: RestartPolicy) -> Part {
        let label = |name: &str| it.config.labels.get(name).map(String::as_str);
        let depends_on = match (belongs, label("com.docker.compose.depends_on")) {
            (Belongs::Compose { project, one_off: false, .. }, Some(raw)) => self.dependencies(project, raw),
            _ => Vec::new(),
        };
        let revision = label(CONFIG_HASH).map(|hash| Revision {
            id: self.names.intern(short(hash)),
            images: vec![spec.image.clone()],
            at: it.created,
            by: None,
        });
        Part {
            created: it.created,
            exposure: exposure(it),
            depends_on,
            labels: self.labels(it.config.labels.iter()),
            restart_policy: policy,
            stop_timeout_seconds: it
                .config
                .stop_timeout
                .map_or(Some(STOP_TIMEOUT), |seconds| u32::try_from(seconds).ok()),
            revision,
            defined_in: defined_in(label),
            links: link::links(it.config.labels.iter().map(|(name, at)| (name.as_str(), at.as_str()))),
            spec,
        }
    }

    /// Labels, without those that are denied and those that only Compose itself reads.
    pub(super) fn labels<'a>(&mut self, labels: impl Iterator<Item = (&'a String, &'a String)>) -> Vec<(Name, Name)> {
        let kept = labels.filter(|(name, _)| !mask::denied(name) && !name.starts_with("com.docker.compose."));
        let mut kept: Vec<_> = kept
            .take(LABELS_KEPT)
            .map(|(name, value)| (self.names.intern(name), self.names.intern(cut(value, LABEL_LENGTH))))
            .collect();
        kept.sort();
        kept
    }

    /// `db:service_healthy:false,migrate:service_completed_successfully:false`
    fn dependencies(&mut self, project: &Text, raw: &str) -> Vec<Dependency> {
        let each = raw.split(',').filter_map(|entry| {
            let mut words = entry.split(':');
            let service = words.next().filter(|service| !service.is_empty())?;
            let kind = match words.next() {
                Some("service_completed_successfully") => DependencyKind::ConfiguredBy,
                _ => DependencyKind::Calls,
            };
            let on = Ref::new(&self.cluster, Kind::ComposeService, Some(project.clone()), self.names.intern(service));
            Some(Dependency { on, kind, via: self.names.intern("depends_on") })
        });
        each.collect()
    }
}

const CONFIG_HASH: &str = "com.docker.compose.config-hash";

/// The short form of an id or a hash.
pub(super) fn short(id: &str) -> &str {
    cut(id, 12)
}

/// At most so many bytes of it, at a character's boundary.
pub(super) fn cut(text: &str, length: usize) -> &str {
    if text.len() <= length {
        return text;
    }
    let mut end = length;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn restart_policy(it: &Inspect) -> RestartPolicy {
    let policy = &it.host_config.restart_policy;
    match policy.name.as_str() {
        "always" => RestartPolicy::Always,
        "unless-stopped" => RestartPolicy::UnlessStopped,
        "on-failure" => RestartPolicy::OnFailure(u32::try_from(policy.maximum_retry_count).unwrap_or(0)),
        _ => RestartPolicy::No,
    }
}

fn cpu_limit(it: &Inspect) -> Option<u64> {
    let host = &it.host_config;
    if host.nano_cpus > 0 {
        return u64::try_from(host.nano_cpus / 1_000_000).ok();
    }
    let period = if host.cpu_period > 0 { host.cpu_period } else { 100_000 };
    (host.cpu_quota > 0).then(|| u64::try_from(host.cpu_quota.saturating_mul(1000) / period).unwrap_or(0))
}

/// A health check as it is configured; none where it is switched off.
pub(super) fn probe(it: &Healthcheck) -> Option<Probe> {
    let words = match it.test.first().map(String::as_str) {
        None | Some("NONE") => return None,
        Some("CMD" | "CMD-SHELL") => &it.test[1..],
        Some(_) => &it.test[..],
    };
    let seconds = |nanos: i64, default: u32| match nanos {
        0 => default,
        nanos => u32::try_from(nanos.div_euclid(1_000_000_000).max(1)).unwrap_or(default),
    };
    Some(Probe {
        kind: ProbeKind::Health,
        what: Text::new(cut(
            &mask::command(&words.iter().map(String::as_str).collect::<Vec<_>>()).unwrap_or_default(),
            256,
        )),
        period_seconds: seconds(it.interval, PROBE_PERIOD),
        timeout_seconds: seconds(it.timeout, PROBE_PERIOD),
        threshold: u32::try_from(it.retries).ok().filter(|tries| *tries > 0).unwrap_or(PROBE_TRIES),
        grace_seconds: seconds(it.start_period, 0),
    })
}

/// Of a container that does not run, its health says nothing: an engine that restarts calls it "starting" for ever.
fn health(it: &Inspect) -> Option<Health> {
    let health = it.state.health.as_ref().filter(|_| matches!(it.state.status.as_str(), "running" | "paused"))?;
    let status = match health.status.as_str() {
        "starting" => HealthStatus::Starting,
        "healthy" => HealthStatus::Healthy,
        "unhealthy" => HealthStatus::Unhealthy,
        _ => return None,
    };
    let last = health.log.last();
    // The log holds the last five: the first of the unbroken row of failures that it shows.
    let row = health.log.iter().rev().take_while(|run| run.exit_code != 0);
    let since = match status {
        HealthStatus::Unhealthy => row.filter_map(|run| run.end).last(),
        HealthStatus::Starting | HealthStatus::Healthy => None,
    };
    Some(Health {
        status,
        streak: u32::try_from(health.failing_streak).unwrap_or(0),
        output: last
            .map(|run| run.output.trim())
            .filter(|said| !said.is_empty())
            .map(|said| Text::new(cut(said, 1024))),
        code: last.and_then(|run| i32::try_from(run.exit_code).ok()),
        since,
    })
}

/// A port that is published on more than loopback reaches users; what shares the host's network or a network of its own
/// may be reached through something else.
fn exposure(it: &Inspect) -> Exposure {
    let bindings = || it.network_settings.ports.values().flatten().flatten();
    if bindings().any(|binding| !matches!(binding.host_ip.as_str(), "::1") && !binding.host_ip.starts_with("127.")) {
        return Exposure::Yes;
    }
    if it.config.labels.keys().any(|label| label.starts_with("traefik.http.routers.")) {
        return Exposure::Yes;
    }
    match it.host_config.network_mode.as_str() {
        "none" => Exposure::No,
        "default" | "bridge" if bindings().next().is_none() => Exposure::No,
        _ => Exposure::Unknown,
    }
}

fn log_driver(it: &Inspect) -> Option<LogDriver> {
    let log = &it.host_config.log_config;
    let set = |name: &str| log.config.get(name).is_some_and(|value| !value.is_empty() && value != "-1");
    // Only these two write files of their own; `local` bounds itself (20 MB in 5 files).
    let bounded = log.driver != "json-file" || set("max-size");
    (!log.driver.is_empty()).then(|| LogDriver { driver: Text::new(&log.driver), bounded })
}

fn defined_in<'a>(label: impl Fn(&str) -> Option<&'a str>) -> Option<Text> {
    let dir = label("com.docker.compose.project.working_dir");
    let files = label("com.docker.compose.project.config_files");
    files.or(dir).filter(|place| !place.is_empty()).map(|place| Text::new(cut(place, 1024)))
}
