//! What pods are made from: containers, their checks and mounts, and what they cannot work without.

use crate::backend::mask;
use crate::domain::{
    ContainerSpec, Dependency, DependencyKind, EnvEntry, Kind, Mount, MountKind, Name, Port, Probe, ProbeKind,
    RestartPolicy, Text, Workload,
};

use super::super::wire::pod::{self, Container, NameRef, PodSpec, Volume};
use super::health::{period, threshold};
use super::phase::is_sidecar;
use super::scribe::{Scribe, cut};

/// Length of a command line and of a check's, at most.
const COMMAND_LENGTH: usize = 512;
const CHECK_LENGTH: usize = 256;

/// Writes down what pods are made from. `claims` are names of volumes that each instance gets for itself.
pub(super) fn describe(scribe: &mut Scribe, it: &mut Workload, spec: &PodSpec, claims: &[&str]) {
    let sidecars = spec.init_containers.iter().filter(|init| is_sidecar(spec, &init.name));
    it.containers =
        spec.containers.iter().chain(sidecars).map(|one| container(scribe, one, &spec.volumes, claims)).collect();
    it.depends_on = needs(scribe, it.key.namespace.as_ref(), spec);
    it.restart_policy = match &*spec.restart_policy {
        "Never" => RestartPolicy::No,
        "OnFailure" => RestartPolicy::OnFailure(0),
        _ => RestartPolicy::Always,
    };
    it.stop_timeout_seconds = Some(spec.grace.map_or(30, |grace| grace.count()));
    // Which system and processor a node has is no choice of a place.
    let trivial = |name: &str| matches!(name, "kubernetes.io/os" | "kubernetes.io/arch");
    it.placed = spec.affinity.0 || spec.node_selector.0.iter().any(|(name, _)| !trivial(name));
}

/// The images of the containers that do the work, and of sidecars.
pub(super) fn images(scribe: &mut Scribe, spec: &PodSpec) -> Vec<Name> {
    let sidecars = spec.init_containers.iter().filter(|init| is_sidecar(spec, &init.name));
    spec.containers.iter().chain(sidecars).map(|one| scribe.name(&one.image)).collect()
}

fn container(scribe: &mut Scribe, it: &Container, volumes: &[Volume], claims: &[&str]) -> ContainerSpec {
    let mut spec = ContainerSpec::new(scribe.name(&it.name), scribe.name(&it.image));
    let words: Vec<&str> = it.command.iter().chain(it.args.iter()).map(|word| &**word).collect();
    spec.command = mask::command(&words).map(|line| Text::new(cut(&line, COMMAND_LENGTH)));
    spec.memory_limit_bytes = it.resources.limits.memory_bytes();
    spec.memory_request_bytes = it.resources.requests.memory_bytes();
    spec.cpu_limit_millis = it.resources.limits.cpu_millis();
    spec.cpu_request_millis = it.resources.requests.cpu_millis();
    let probes = [
        (ProbeKind::Startup, &it.startup_probe),
        (ProbeKind::Readiness, &it.readiness_probe),
        (ProbeKind::Liveness, &it.liveness_probe),
    ];
    spec.probes = probes.into_iter().filter_map(|(kind, of)| Some(probe(kind, of.as_deref()?, it))).collect();
    let mounts = it.volume_mounts.iter().filter(|mount| !is_given(&mount.name));
    spec.mounts = mounts.map(|mount| self::mount(scribe, mount, volumes, claims)).collect();
    spec.env = environment(scribe, it);
    spec.ports = it.ports.iter().filter_map(|port| self::port(scribe, port)).collect();
    spec
}

fn port(scribe: &mut Scribe, it: &pod::Port) -> Option<Port> {
    let number = |raw: i64| u16::try_from(raw).ok().filter(|port| *port > 0);
    let protocol = it.protocol.some().unwrap_or("TCP").to_ascii_lowercase();
    Some(Port {
        number: number(it.container_port.0)?,
        protocol: scribe.name(&protocol),
        name: scribe.some(&it.name),
        published: number(it.host_port.0),
    })
}

/// What every pod is given so that it can reach the API server (kubernetes: plugin/pkg/admission/serviceaccount).
fn is_given(volume: &str) -> bool {
    volume.starts_with("kube-api-access-")
}

fn probe(kind: ProbeKind, it: &pod::Probe, of: &Container) -> Probe {
    let what = check_words(it, of);
    Probe {
        kind,
        what: Text::new(cut(&what, CHECK_LENGTH)),
        period_seconds: period(it),
        timeout_seconds: it.timeout_seconds.count().max(1),
        threshold: threshold(it),
        grace_seconds: it.initial_delay_seconds.count(),
    }
}

/// `GET :8080/healthz`, `TCP :5432`, `CMD pg_isready`, `gRPC :9000`.
pub(in super::super) fn check_words(it: &pod::Probe, of: &Container) -> String {
    let port = |port: &str| {
        let named = of.ports.iter().find(|it| *it.name == *port && !port.is_empty());
        named.map_or_else(|| port.to_owned(), |it| it.container_port.0.to_string())
    };
    if let Some(get) = &it.http_get {
        let scheme = if get.scheme.eq_ignore_ascii_case("https") { "https://" } else { "" };
        let path = if get.path.starts_with('/') { &*get.path } else { "/" };
        return format!("GET {scheme}{}:{}{path}", &*get.host, port(&get.port));
    }
    if let Some(tcp) = &it.tcp_socket {
        return format!("TCP {}:{}", &*tcp.host, port(&tcp.port));
    }
    if let Some(grpc) = &it.grpc {
        let service = grpc.service.some().map_or_else(String::new, |service| format!(" {service}"));
        return format!("gRPC :{}{service}", &*grpc.port);
    }
    let words: Vec<&str> = it.exec.iter().flat_map(|exec| exec.command.iter()).map(|word| &**word).collect();
    format!("CMD {}", mask::command(&words).unwrap_or_default()).trim_end().to_owned()
}

fn mount(scribe: &mut Scribe, it: &pod::VolumeMount, volumes: &[Volume], claims: &[&str]) -> Mount {
    let volume = volumes.iter().find(|volume| volume.name == it.name);
    let (kind, source, driver) = match volume {
        None if claims.contains(&&*it.name) => (MountKind::Claim, it.name.some(), None),
        Some(volume) => mounted(volume),
        None => (MountKind::Temporary, None, None),
    };
    Mount {
        target: scribe.name(&it.mount_path),
        source: source.map(|source| scribe.name(source)),
        kind,
        driver: driver.map(|driver| scribe.name(driver)),
    }
}

fn mounted(it: &Volume) -> (MountKind, Option<&str>, Option<&str>) {
    if let Some(claim) = &it.claim {
        return (MountKind::Claim, claim.claim_name.some(), None);
    }
    if let Some(path) = &it.host_path {
        return (MountKind::Bind, path.path.some(), None);
    }
    if let Some(named) = it.config_map.as_ref().or(it.secret.as_ref()) {
        return (MountKind::Config, named.name.some(), None);
    }
    if it.projected.is_some() || it.downward.0 {
        return (MountKind::Config, it.name.some(), None);
    }
    if it.ephemeral.0 {
        return (MountKind::AnonymousVolume, it.name.some(), None);
    }
    if let Some(csi) = &it.csi {
        return (MountKind::Temporary, it.name.some(), csi.driver.some());
    }
    if let Some(nfs) = &it.nfs {
        return (MountKind::NamedVolume, nfs.path.some(), Some("nfs"));
    }
    if it.empty_dir.0 {
        return (MountKind::Temporary, it.name.some(), None);
    }
    // The others (iscsi, fc, disks of clouds) outlive a pod.
    (MountKind::NamedVolume, it.name.some(), None)
}

/// Names, and hashes of the values; of what is taken from elsewhere, a hash of where.
fn environment(scribe: &mut Scribe, it: &Container) -> Vec<EnvEntry> {
    let mut entries = Vec::with_capacity(it.env.len());
    for env in it.env.iter() {
        let from = &env.value_from;
        let hash = if let Some(at) = &from.config_map_key_ref {
            scribe.hash(&format!("configmap/{}/{}", &*at.name, &*at.key))
        } else if let Some(at) = &from.secret_key_ref {
            scribe.hash(&format!("secret/{}/{}", &*at.name, &*at.key))
        } else if let Some(at) = &from.field_ref {
            scribe.hash(&format!("field/{}", &*at.field_path))
        } else {
            scribe.hash(&env.value.0)
        };
        entries.push(EnvEntry { name: scribe.name(&env.name), hash });
    }
    entries
}

/// ConfigMaps, Secrets and claims without which a pod does not start. What is optional is left out.
fn needs(scribe: &mut Scribe, namespace: Option<&Name>, spec: &PodSpec) -> Vec<Dependency> {
    let mut needs = Needs { scribe, namespace: namespace.cloned().unwrap_or_else(|| Name::new("")), found: Vec::new() };
    for volume in spec.volumes.iter().filter(|volume| !is_given(&volume.name)) {
        let via = format!("volume {}", &*volume.name);
        if let Some(claim) = &volume.claim {
            needs.add(Kind::Volume, &claim.claim_name, DependencyKind::Mounts, &via);
        }
        needs.config(Kind::ConfigMap, volume.config_map.as_ref(), &via);
        needs.config(Kind::Secret, volume.secret.as_ref(), &via);
        for source in volume.projected.iter().flat_map(|it| it.sources.iter()) {
            needs.config(Kind::ConfigMap, source.config_map.as_ref(), &via);
            needs.config(Kind::Secret, source.secret.as_ref(), &via);
        }
    }
    for container in spec.containers.iter().chain(spec.init_containers.iter()) {
        for env in container.env_from.iter() {
            needs.config(Kind::ConfigMap, env.config_map_ref.as_ref(), "envFrom");
            needs.config(Kind::Secret, env.secret_ref.as_ref(), "envFrom");
        }
        for env in container.env.iter() {
            let from = &env.value_from;
            let keys = [(Kind::ConfigMap, &from.config_map_key_ref), (Kind::Secret, &from.secret_key_ref)].into_iter();
            for (kind, key) in keys.filter_map(|(kind, key)| Some((kind, key.as_ref()?))) {
                if !key.optional.0 {
                    needs.add(kind, &key.name, DependencyKind::ConfiguredBy, &env.name);
                }
            }
        }
    }
    needs.found
}

struct Needs<'a> {
    scribe: &'a mut Scribe,
    namespace: Name,
    found: Vec<Dependency>,
}

impl Needs<'_> {
    fn config(&mut self, kind: Kind, it: Option<&NameRef>, via: &str) {
        if let Some(it) = it.filter(|it| !it.optional.0) {
            self.add(kind, &it.name, DependencyKind::ConfiguredBy, via);
        }
    }

    fn add(&mut self, kind: Kind, name: &str, how: DependencyKind, via: &str) {
        if name.is_empty() {
            return;
        }
        let name = self.scribe.name(name);
        let on = self.scribe.key(kind, &self.namespace, &name);
        if !self.found.iter().any(|known| known.on == on) {
            self.found.push(Dependency { on, kind: how, via: self.scribe.name(via) });
        }
    }
}
