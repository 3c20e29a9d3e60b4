//! What one instance of a workload is made of, container by container, as it is asked for.

use serde::{Deserialize, Serialize};

use super::text::{Name, Text};

/// One container (or Nomad task) of an instance, as it is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContainerSpec {
    /// Its name in the instance.
    pub name: Name,
    /// The image, as it was asked for.
    pub image: Name,
    /// The command line, where it is set.
    #[serde(default)]
    pub command: Option<Text>,
    /// At this many bytes it is killed.
    #[serde(default)]
    pub memory_limit_bytes: Option<u64>,
    /// So many bytes are set aside for it.
    #[serde(default)]
    pub memory_request_bytes: Option<u64>,
    /// It gets no more than this, thousandths of a core.
    #[serde(default)]
    pub cpu_limit_millis: Option<u64>,
    /// So much is set aside for it, thousandths of a core.
    #[serde(default)]
    pub cpu_request_millis: Option<u64>,
    /// Its health checks.
    #[serde(default)]
    pub probes: Vec<Probe>,
    /// What is mounted into it.
    #[serde(default)]
    pub mounts: Vec<Mount>,
    /// Where its output goes.
    #[serde(default)]
    pub log: Option<LogDriver>,
    /// Its environment: names, and hashes in the place of values.
    #[serde(default)]
    pub env: Vec<EnvEntry>,
    /// Ports that it is said to listen on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Port>,
}

impl ContainerSpec {
    /// A container of which only name and image are known.
    pub fn new(name: impl Into<Name>, image: impl Into<Name>) -> Self {
        Self {
            name: name.into(),
            image: image.into(),
            command: None,
            memory_limit_bytes: None,
            memory_request_bytes: None,
            cpu_limit_millis: None,
            cpu_request_millis: None,
            probes: Vec::new(),
            mounts: Vec::new(),
            log: None,
            env: Vec::new(),
            ports: Vec::new(),
        }
    }
}

/// A port of a container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Port {
    /// Where it listens.
    pub number: u16,
    /// `tcp`, `udp`, `sctp`.
    pub protocol: Name,
    /// What it is called, where it is.
    #[serde(default)]
    pub name: Option<Name>,
    /// The port of its node, or of every node, that leads to it.
    #[serde(default)]
    pub published: Option<u16>,
}

impl std::fmt::Display for Port {
    /// `8080/tcp http`, `80/tcp, published at 8080`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.protocol)?;
        if let Some(name) = &self.name {
            write!(f, " {name}")?;
        }
        match self.published {
            Some(port) => write!(f, ", published at {port}"),
            None => Ok(()),
        }
    }
}

/// A health check as it is configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// What its failing does.
    pub kind: ProbeKind,
    /// What it does: `GET :8080/healthz`, `CMD pg_isready`.
    pub what: Text,
    /// Seconds between two.
    pub period_seconds: u32,
    /// Seconds that one may take.
    pub timeout_seconds: u32,
    /// So many failures in a row count.
    pub threshold: u32,
    /// Seconds of grace at the start.
    #[serde(default)]
    pub grace_seconds: u32,
}

/// What a probe's failing does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProbeKind {
    /// Restarts the container.
    Liveness,
    /// Takes it out of its Services.
    Readiness,
    /// Holds the others back until the container is up.
    Startup,
    /// Docker's HEALTHCHECK: marks, and on a Swarm replaces.
    Health,
    /// A check by a service registry.
    Service,
}

impl ProbeKind {
    /// The word a person reads.
    pub const fn as_str(self) -> &'static str {
        match self {
            ProbeKind::Liveness => "liveness",
            ProbeKind::Readiness => "readiness",
            ProbeKind::Startup => "startup",
            ProbeKind::Health => "health",
            ProbeKind::Service => "service",
        }
    }
}

/// Something that is mounted into a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Path in the container.
    pub target: Name,
    /// Volume, claim or host path.
    #[serde(default)]
    pub source: Option<Name>,
    /// What kind of thing.
    pub kind: MountKind,
    /// The volume's driver, where it has one (`local`).
    #[serde(default)]
    pub driver: Option<Name>,
}

/// What is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MountKind {
    /// A path of the host.
    Bind,
    /// A volume that somebody named: it outlives its container.
    NamedVolume,
    /// A volume made for one container: lost to its successor.
    AnonymousVolume,
    /// Memory or scratch space.
    Temporary,
    /// A PersistentVolumeClaim or a host volume.
    Claim,
    /// Configuration or a secret.
    Config,
}

/// Where a container's output goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogDriver {
    /// `json-file`, `journald` and so on.
    pub driver: Name,
    /// Whether a size is set (or the driver bounds itself).
    pub bounded: bool,
}

/// One environment variable: its name, and a keyed hash in the place of its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvEntry {
    /// The name.
    pub name: Name,
    /// A hash that differs from install to install; equal hashes mean an equal value.
    pub hash: u64,
}
