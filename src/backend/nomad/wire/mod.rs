//! What a server says, as far as it is used (nomad: api/nodes.go, api/deployments.go, api/evaluations.go, nomad/structs). Durations are nanoseconds, as are times.

mod allocation;
mod check;
mod job;
mod usage;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

pub(super) use allocation::{Allocated, AllocatedTask, Allocation, TaskEvent, TaskState};
pub(super) use check::{CheckResult, ConsulCheck};
pub(super) use job::{
    Check, Constraint, DriverMount, Job, JobStub, Periodic, Service, Summary, Task, TaskGroup, VolumeMount,
};
pub(super) use usage::{HostStats, Stats, Used};

/// Nothing, where a server says null.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(raw: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(raw).map(Option::unwrap_or_default)
}

/// A node: of a list, or of the stream.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Node {
    #[serde(rename = "ID")]
    pub(super) id: String,
    pub(super) name: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) datacenter: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) node_class: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) node_pool: String,
    /// `initializing`, `ready`, `down`, `disconnected`.
    pub(super) status: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) status_description: String,
    pub(super) scheduling_eligibility: String,
    pub(super) drain: bool,
    /// `host:port`, of one in a list the host alone.
    #[serde(rename = "HTTPAddr", deserialize_with = "nullable")]
    pub(super) http_address: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) address: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) version: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) node_resources: NodeResources,
    #[serde(deserialize_with = "nullable")]
    pub(super) reserved_resources: NodeResources,
    /// Seconds since 1970.
    pub(super) status_updated_at: i64,
    pub(super) modify_index: u64,
    /// The one under way, or the last one.
    pub(super) last_drain: Option<Drain>,
    /// Its last ten; none in a list.
    #[serde(deserialize_with = "nullable")]
    pub(super) events: Vec<NodeEvent>,
}

/// How a node was emptied.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Drain {
    /// RFC 3339.
    pub(super) started_at: String,
}

/// Something that happened to a node.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct NodeEvent {
    pub(super) message: String,
    /// RFC 3339.
    pub(super) timestamp: String,
}

/// How a region places (nomad: api/operator.go, `SchedulerConfiguration`).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Scheduler {
    pub(super) scheduler_config: SchedulerConfig,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct SchedulerConfig {
    /// Whether `memory_max` counts.
    #[serde(rename = "MemoryOversubscriptionEnabled")]
    pub(super) lends_memory: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct NodeResources {
    #[serde(deserialize_with = "nullable")]
    pub(super) cpu: NodeCpu,
    #[serde(deserialize_with = "nullable")]
    pub(super) memory: NodeMemory,
    #[serde(deserialize_with = "nullable")]
    pub(super) devices: Vec<Device>,
}

/// Devices of one kind (a GPU).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Device {
    pub(super) vendor: String,
    #[serde(rename = "Type")]
    pub(super) kind: String,
    pub(super) name: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) instances: Vec<DeviceInstance>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct DeviceInstance {
    pub(super) healthy: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct NodeCpu {
    /// MHz, all cores together.
    pub(super) cpu_shares: u64,
    #[serde(rename = "TotalCpuCores", deserialize_with = "nullable")]
    pub(super) cores: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct NodeMemory {
    #[serde(rename = "MemoryMB")]
    pub(super) memory: u64,
}

/// How a version of a job is rolled out.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Deployment {
    #[serde(rename = "ID")]
    pub(super) id: String,
    pub(super) namespace: String,
    #[serde(rename = "JobID")]
    pub(super) job_id: String,
    pub(super) job_version: u64,
    pub(super) status: String,
    pub(super) status_description: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) task_groups: BTreeMap<String, GroupDeployment>,
    pub(super) create_index: u64,
    #[serde(deserialize_with = "nullable")]
    pub(super) create_time: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct GroupDeployment {
    pub(super) desired_total: u32,
    pub(super) placed_allocs: u32,
    pub(super) healthy_allocs: u32,
    pub(super) unhealthy_allocs: u32,
    pub(super) desired_canaries: u32,
    pub(super) promoted: bool,
    pub(super) auto_revert: bool,
    pub(super) progress_deadline: i64,
    /// RFC 3339; the year 1 where there is none.
    #[serde(deserialize_with = "nullable")]
    pub(super) require_progress_by: String,
}

/// A scheduler's work on a job.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Evaluation {
    #[serde(rename = "ID")]
    pub(super) id: String,
    pub(super) namespace: String,
    #[serde(rename = "JobID")]
    pub(super) job_id: String,
    /// `blocked`, `pending`, `complete`, `failed`, `canceled`.
    pub(super) status: String,
    /// When it is looked at, of one that was put off (RFC 3339): the next try of what failed.
    #[serde(deserialize_with = "nullable")]
    pub(super) wait_until: String,
    #[serde(rename = "FailedTGAllocs", deserialize_with = "nullable")]
    pub(super) failed: BTreeMap<String, Unplaced>,
    #[serde(deserialize_with = "nullable")]
    pub(super) quota_limit_reached: String,
    pub(super) create_time: i64,
    pub(super) modify_index: u64,
}

/// Why a group found no place.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Unplaced {
    pub(super) nodes_evaluated: u32,
    pub(super) nodes_filtered: u32,
    pub(super) nodes_exhausted: u32,
    pub(super) nodes_in_pool: u32,
    #[serde(deserialize_with = "nullable")]
    pub(super) constraint_filtered: BTreeMap<String, u32>,
    #[serde(deserialize_with = "nullable")]
    pub(super) class_filtered: BTreeMap<String, u32>,
    #[serde(deserialize_with = "nullable")]
    pub(super) dimension_exhausted: BTreeMap<String, u32>,
    #[serde(deserialize_with = "nullable")]
    pub(super) quota_exhausted: Vec<String>,
    /// Others of the group that fared the same.
    pub(super) coalesced_failures: u32,
}

/// One line of the stream.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Line {
    pub(super) index: u64,
    #[serde(deserialize_with = "nullable")]
    pub(super) events: Vec<StreamEvent>,
    /// Why the stream ends, in its last line.
    pub(super) error: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct StreamEvent {
    pub(super) topic: String,
    #[serde(rename = "Type")]
    pub(super) kind: String,
    pub(super) key: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) namespace: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) payload: Payload,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Payload {
    pub(super) job: Option<Box<Job>>,
    pub(super) allocation: Option<Box<Allocation>>,
    pub(super) node: Option<Box<Node>>,
    pub(super) deployment: Option<Box<Deployment>>,
    pub(super) evaluation: Option<Box<Evaluation>>,
}

/// What an agent says of itself.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Agent {
    #[serde(deserialize_with = "nullable")]
    pub(super) config: AgentConfig,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct AgentConfig {
    #[serde(deserialize_with = "nullable")]
    pub(super) region: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) version: AgentVersion,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct AgentVersion {
    #[serde(deserialize_with = "nullable")]
    pub(super) version: String,
}
