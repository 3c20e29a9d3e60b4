//! Services, tasks and nodes as engines write them: only what is read. (bollard's models miss the health check and the
//! former spec of a service.)

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::super::wire::{Healthcheck, nullable, time};
use crate::domain::Timestamp;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Service {
    #[serde(rename = "ID", deserialize_with = "nullable")]
    pub id: String,
    #[serde(deserialize_with = "nullable")]
    pub version: Version,
    #[serde(deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    #[serde(deserialize_with = "nullable")]
    pub spec: ServiceSpec,
    pub previous_spec: Option<ServiceSpec>,
    #[serde(deserialize_with = "nullable")]
    pub endpoint: Endpoint,
    pub update_status: Option<UpdateStatus>,
    pub service_status: Option<ServiceStatus>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Version {
    #[serde(deserialize_with = "nullable")]
    pub index: u64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct ServiceSpec {
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    #[serde(deserialize_with = "nullable")]
    pub labels: BTreeMap<String, String>,
    /// Kept whole: its tasks carry the same, and that tells their revision.
    #[serde(deserialize_with = "nullable")]
    pub task_template: Value,
    #[serde(deserialize_with = "nullable")]
    pub mode: Mode,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Mode {
    pub replicated: Option<Replicated>,
    pub global: Option<Value>,
    pub replicated_job: Option<ReplicatedJob>,
    pub global_job: Option<Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Replicated {
    #[serde(deserialize_with = "nullable")]
    pub replicas: u32,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct ReplicatedJob {
    #[serde(deserialize_with = "nullable")]
    pub total_completions: u32,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Endpoint {
    #[serde(deserialize_with = "nullable")]
    pub ports: Vec<Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct UpdateStatus {
    #[serde(deserialize_with = "nullable")]
    pub state: String,
    #[serde(deserialize_with = "time")]
    pub started_at: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    pub completed_at: Option<Timestamp>,
    #[serde(deserialize_with = "nullable")]
    pub message: String,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct ServiceStatus {
    #[serde(deserialize_with = "nullable")]
    pub running_tasks: u32,
    #[serde(deserialize_with = "nullable")]
    pub desired_tasks: u32,
}

/// What a service's tasks are made of.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct TaskTemplate {
    #[serde(deserialize_with = "nullable")]
    pub container_spec: ContainerSpec,
    #[serde(deserialize_with = "nullable")]
    pub resources: Resources,
    #[serde(deserialize_with = "nullable")]
    pub restart_policy: RestartPolicy,
    #[serde(deserialize_with = "nullable")]
    pub placement: Placement,
    pub log_driver: Option<LogDriver>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct ContainerSpec {
    #[serde(deserialize_with = "nullable")]
    pub image: String,
    #[serde(deserialize_with = "nullable")]
    pub command: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    pub args: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    pub env: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    pub mounts: Vec<Mount>,
    pub stop_grace_period: Option<i64>,
    pub healthcheck: Option<Healthcheck>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Mount {
    #[serde(rename = "Type", deserialize_with = "nullable")]
    pub kind: String,
    #[serde(deserialize_with = "nullable")]
    pub source: String,
    #[serde(deserialize_with = "nullable")]
    pub target: String,
    #[serde(deserialize_with = "nullable")]
    pub volume_options: VolumeOptions,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct VolumeOptions {
    #[serde(deserialize_with = "nullable")]
    pub driver_config: LogDriver,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Resources {
    #[serde(deserialize_with = "nullable")]
    pub limits: Amount,
    #[serde(deserialize_with = "nullable")]
    pub reservations: Amount,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Amount {
    #[serde(rename = "NanoCPUs", deserialize_with = "nullable")]
    pub nano_cpus: u64,
    #[serde(deserialize_with = "nullable")]
    pub memory_bytes: u64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct RestartPolicy {
    #[serde(deserialize_with = "nullable")]
    pub condition: String,
    #[serde(deserialize_with = "nullable")]
    pub max_attempts: u32,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Placement {
    #[serde(deserialize_with = "nullable")]
    pub constraints: Vec<String>,
}

/// A driver and its options: of logs and of volumes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct LogDriver {
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    #[serde(deserialize_with = "nullable")]
    pub options: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Task {
    #[serde(rename = "ID", deserialize_with = "nullable")]
    pub id: String,
    #[serde(deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    #[serde(deserialize_with = "nullable")]
    pub spec: Value,
    #[serde(rename = "ServiceID", deserialize_with = "nullable")]
    pub service_id: String,
    /// Left out for a global service's tasks, and where it is 0.
    #[serde(deserialize_with = "nullable")]
    pub slot: u64,
    #[serde(rename = "NodeID", deserialize_with = "nullable")]
    pub node_id: String,
    #[serde(deserialize_with = "nullable")]
    pub status: TaskStatus,
    #[serde(deserialize_with = "nullable")]
    pub desired_state: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct TaskStatus {
    #[serde(deserialize_with = "time")]
    pub timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "nullable")]
    pub state: String,
    #[serde(deserialize_with = "nullable")]
    pub message: String,
    #[serde(deserialize_with = "nullable")]
    pub err: String,
    #[serde(deserialize_with = "nullable")]
    pub container_status: ContainerStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct ContainerStatus {
    #[serde(rename = "ContainerID", deserialize_with = "nullable")]
    pub container_id: String,
    #[serde(deserialize_with = "nullable")]
    pub exit_code: i32,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Node {
    #[serde(rename = "ID", deserialize_with = "nullable")]
    pub id: String,
    #[serde(deserialize_with = "nullable")]
    pub spec: NodeSpec,
    #[serde(deserialize_with = "nullable")]
    pub description: Description,
    #[serde(deserialize_with = "nullable")]
    pub status: NodeStatus,
    pub manager_status: Option<ManagerStatus>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct NodeSpec {
    #[serde(deserialize_with = "nullable")]
    pub labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "nullable")]
    pub role: String,
    #[serde(deserialize_with = "nullable")]
    pub availability: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Description {
    #[serde(deserialize_with = "nullable")]
    pub hostname: String,
    #[serde(deserialize_with = "nullable")]
    pub resources: Amount,
    #[serde(deserialize_with = "nullable")]
    pub engine: EngineDescription,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct EngineDescription {
    #[serde(deserialize_with = "nullable")]
    pub engine_version: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct NodeStatus {
    #[serde(deserialize_with = "nullable")]
    pub state: String,
    #[serde(deserialize_with = "nullable")]
    pub message: String,
    #[serde(deserialize_with = "nullable")]
    pub addr: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct ManagerStatus {
    #[serde(deserialize_with = "nullable")]
    pub leader: bool,
    #[serde(deserialize_with = "nullable")]
    pub reachability: String,
}
