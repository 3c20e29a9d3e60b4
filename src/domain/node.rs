//! Machines that instances run on.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::identity::Ref;
use super::text::{Name, Text};

/// A machine: a Kubernetes, Nomad or Swarm node, or the host of a Docker engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Its stable key.
    pub key: Ref,
    /// This incarnation of it.
    pub uid: Name,
    /// How it is.
    pub state: NodeState,
    /// What its server says of that.
    #[serde(default)]
    pub message: Option<Text>,
    /// Since when, where known.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// Takes no new instances (cordoned, ineligible, availability pause).
    #[serde(default)]
    pub cordoned: bool,
    /// Is being, or has been, emptied (availability drain).
    #[serde(default)]
    pub draining: bool,
    /// Since when it is closed in one of these ways, where its server says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_since: Option<Timestamp>,
    /// Its part in the cluster's quorum.
    #[serde(default)]
    pub manager: Option<Managership>,
    /// Memory for instances, bytes.
    #[serde(default)]
    pub memory_bytes: Option<u64>,
    /// Processor time for instances, thousandths of a core.
    #[serde(default)]
    pub cpu_millis: Option<u64>,
    /// How many instances it may hold.
    #[serde(default)]
    pub max_instances: Option<u32>,
    /// Pressure it reports: `memory`, `disk`, `pids`, `network`.
    #[serde(default)]
    pub pressure: Vec<Name>,
    /// What it keeps away from itself.
    #[serde(default)]
    pub taints: Vec<Taint>,
    /// Its labels that place instances.
    #[serde(default)]
    pub labels: Vec<(Name, Name)>,
    /// What runs on it: kernel, kubelet, engine version.
    #[serde(default)]
    pub version: Option<Text>,
    /// Its address, where it is not its name.
    #[serde(default)]
    pub address: Option<Text>,
}

impl Node {
    /// A node of which only key, incarnation and state are known.
    pub fn new(key: Ref, uid: impl Into<Name>, state: NodeState) -> Self {
        Self {
            key,
            uid: uid.into(),
            state,
            message: None,
            since: None,
            cordoned: false,
            draining: false,
            closed_since: None,
            manager: None,
            memory_bytes: None,
            cpu_millis: None,
            max_instances: None,
            pressure: Vec::new(),
            taints: Vec::new(),
            labels: Vec::new(),
            version: None,
            address: None,
        }
    }
}

/// How a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// In order.
    Ready,
    /// Reachable and not in order.
    NotReady,
    /// Silent: what runs on it may still run.
    Unreachable,
    /// Known to be down.
    Down,
    /// Not said.
    Unknown,
    /// Asked for, and not there yet.
    Coming,
}

/// A node's part in the quorum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Managership {
    /// It leads.
    pub leader: bool,
    /// The others reach it.
    pub reachable: bool,
}

/// What a node keeps away from itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taint {
    /// The key.
    pub key: Name,
    /// The value.
    #[serde(default)]
    pub value: Option<Name>,
    /// `NoSchedule`, `PreferNoSchedule`, `NoExecute`.
    pub effect: Name,
}
