//! A target as a whole.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::identity::{Kind, Ref};
use super::text::{Name, Text};

/// What a target says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClusterInfo {
    /// Its stable key: kind `Cluster`, the alias for its name.
    pub key: Ref,
    /// Which orchestrator.
    pub backend: BackendKind,
    /// Engine id, Swarm cluster id, kube-system uid, Nomad region and peers: two targets with one identity are one.
    pub identity: Name,
    /// The server's version.
    #[serde(default)]
    pub version: Option<Text>,
    /// How it is reached: `unix:///run/docker.sock (default socket)`.
    #[serde(default)]
    pub reached: Option<Text>,
    /// As whom it is spoken to: the kubeconfig's user and context, the Docker context. A name, never a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<Text>,
    /// Whether there are managers that form a quorum, and whether this target can say so.
    #[serde(default)]
    pub has_quorum: Option<bool>,
    /// Servers that form the quorum and are no nodes (of Nomad), by name; none where nodes do, or it is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<Server>,
    /// So many of them may fail before the quorum is lost, in their own judgement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_tolerance: Option<u32>,
    /// Capacity of the engine's data disk, bytes, where it can be known (the engine is local).
    #[serde(default)]
    pub disk_total_bytes: Option<u64>,
    /// Of which free for use, bytes.
    #[serde(default)]
    pub disk_free_bytes: Option<u64>,
    /// The path of that disk.
    #[serde(default)]
    pub disk_path: Option<Text>,
    /// When our client certificate ends, where a person has to renew it.
    #[serde(default)]
    pub login_ends: Option<Timestamp>,
    /// When the certificate that the server shows ends, where a person has to renew it.
    #[serde(default)]
    pub certificate_ends: Option<Timestamp>,
}

/// A server that has a part in the quorum and is no node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Its name; its address where no more is known.
    pub name: Name,
    /// It leads.
    #[serde(default)]
    pub leader: bool,
    /// It counts for the quorum.
    pub voter: bool,
    /// Whether the others find it well; none where that is not known.
    #[serde(default)]
    pub healthy: Option<bool>,
    /// Since when that is so.
    #[serde(default)]
    pub since: Option<Timestamp>,
}

/// Which orchestrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackendKind {
    /// A Docker or Podman engine, with the Compose projects and the Swarm it has.
    Docker,
    /// A Kubernetes context.
    Kubernetes,
    /// A Nomad region.
    Nomad,
}

impl BackendKind {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            BackendKind::Docker => "docker",
            BackendKind::Kubernetes => "kubernetes",
            BackendKind::Nomad => "nomad",
        }
    }

    /// Its own nouns.
    pub const fn nouns(self) -> Nouns {
        match self {
            BackendKind::Docker => Nouns { workload: "service", instance: "container", namespace: "project" },
            BackendKind::Kubernetes => Nouns { workload: "workload", instance: "pod", namespace: "namespace" },
            BackendKind::Nomad => Nouns { workload: "task group", instance: "allocation", namespace: "namespace" },
        }
    }
}

/// What an orchestrator calls things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nouns {
    /// A [`Kind`] of role workload.
    pub workload: &'static str,
    /// A [`Kind`] of role instance.
    pub instance: &'static str,
    /// What keeps names apart.
    pub namespace: &'static str,
}

impl ClusterInfo {
    /// A target of which only that is known.
    pub fn new(cluster: &super::ClusterId, backend: BackendKind, identity: impl Into<Name>) -> Self {
        Self {
            key: Self::key_of(cluster),
            backend,
            identity: identity.into(),
            version: None,
            reached: None,
            login: None,
            has_quorum: None,
            servers: Vec::new(),
            failure_tolerance: None,
            disk_total_bytes: None,
            disk_free_bytes: None,
            disk_path: None,
            login_ends: None,
            certificate_ends: None,
        }
    }

    /// The key under which a target describes itself.
    pub fn key_of(cluster: &super::ClusterId) -> Ref {
        Ref::new(cluster, Kind::Cluster, None, cluster.as_str())
    }
}
