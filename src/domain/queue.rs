//! Things between workloads: queues, volumes, endpoints.

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::identity::Ref;
use super::text::{Name, Text};
use super::workload::Exposure;

/// Messages or jobs that wait for a consumer. Its numbers are [`super::Sample`]s.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// Its stable key.
    pub key: Ref,
    /// `redis`, `rabbitmq`, `kafka` and so on.
    pub system: Name,
    /// The workloads that take from it.
    #[serde(default)]
    pub consumers: Vec<Ref>,
    /// The workload that holds it, where it is one of ours.
    #[serde(default)]
    pub broker: Option<Ref>,
}

/// Data that outlives an instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// Its stable key.
    pub key: Ref,
    /// `local`, or the storage class.
    #[serde(default)]
    pub driver: Option<Name>,
    /// `bound`, `pending`, `lost`, where it has a state.
    #[serde(default)]
    pub state: Option<Name>,
    /// What the server says of that.
    #[serde(default)]
    pub message: Option<Text>,
    /// How much it holds, or is to hold, bytes.
    #[serde(default)]
    pub size_bytes: Option<u64>,
}

/// Something that is asked by users or by other workloads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its stable key.
    pub key: Ref,
    /// The workloads behind it.
    #[serde(default)]
    pub serves: Vec<Ref>,
    /// How many addresses behind it are ready.
    #[serde(default)]
    pub ready: u32,
    /// How many addresses are behind it and not ready.
    #[serde(default)]
    pub not_ready: u32,
    /// What picks the instances behind it, as it is written: `app=web`. None: nothing does (addresses are set by hand).
    #[serde(default)]
    pub selector: Option<Text>,
    /// Whether users reach it.
    #[serde(default)]
    pub exposure: Exposure,
    /// Connections in use and allowed come as [`super::Sample`]s on this key.
    #[serde(default)]
    pub pool: bool,
    /// What a check from here finds, where it is one that the settings name.
    #[serde(default)]
    pub check: Option<Box<Check>>,
}

impl Endpoint {
    /// Whether it leads to instances as an orchestrator knows them.
    pub const fn leads(&self) -> bool {
        !self.pool && self.check.is_none()
    }
}
