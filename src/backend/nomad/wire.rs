//! What a server says, as far as it is used (nomad: api/jobs.go, api/allocations.go, api/nodes.go, api/deployments.go,
//! api/evaluations.go, nomad/structs). Durations are nanoseconds, as are times.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// Nothing, where a server says null.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(raw: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(raw).map(Option::unwrap_or_default)
}

/// One of a list of jobs.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct JobStub {
    #[serde(rename = "ID")]
    pub(super) id: String,
    pub(super) namespace: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) job_summary: Summary,
    pub(super) modify_index: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Summary {
    #[serde(deserialize_with = "nullable")]
    pub(super) summary: BTreeMap<String, GroupSummary>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct GroupSummary {
    pub(super) queued: u32,
    pub(super) running: u32,
    pub(super) starting: u32,
}

/// A job as it was registered.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Job {
    #[serde(rename = "ID")]
    pub(super) id: String,
    pub(super) namespace: String,
    #[serde(rename = "ParentID", deserialize_with = "nullable")]
    pub(super) parent: String,
    /// `service`, `batch`, `system`, `sysbatch`.
    #[serde(rename = "Type")]
    pub(super) kind: String,
    pub(super) stop: bool,
    pub(super) status: String,
    pub(super) version: u64,
    pub(super) job_modify_index: u64,
    pub(super) submit_time: i64,
    pub(super) periodic: Option<Periodic>,
    pub(super) parameterized_job: Option<Parameterized>,
    pub(super) dispatched: bool,
    #[serde(deserialize_with = "nullable")]
    pub(super) meta: BTreeMap<String, String>,
    #[serde(deserialize_with = "nullable")]
    pub(super) task_groups: Vec<TaskGroup>,
    #[serde(deserialize_with = "nullable")]
    pub(super) constraints: Vec<Constraint>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Constraint {
    #[serde(rename = "LTarget", deserialize_with = "nullable")]
    pub(super) left: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Periodic {
    pub(super) enabled: bool,
    #[serde(deserialize_with = "nullable")]
    pub(super) spec: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) specs: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    pub(super) time_zone: String,
}

/// That a job is dispatched; how is of no use.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(super) struct Parameterized {}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct TaskGroup {
    pub(super) name: String,
    pub(super) count: u32,
    #[serde(deserialize_with = "nullable")]
    pub(super) tasks: Vec<Task>,
    pub(super) restart_policy: Option<Restart>,
    pub(super) ephemeral_disk: Option<EphemeralDisk>,
    pub(super) update: Option<Update>,
    #[serde(deserialize_with = "nullable")]
    pub(super) services: Vec<Service>,
    #[serde(deserialize_with = "nullable")]
    pub(super) volumes: BTreeMap<String, Volume>,
    #[serde(deserialize_with = "nullable")]
    pub(super) networks: Vec<Network>,
    #[serde(deserialize_with = "nullable")]
    pub(super) constraints: Vec<Constraint>,
    #[serde(deserialize_with = "nullable")]
    pub(super) meta: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Restart {
    pub(super) attempts: u32,
    /// `fail` or `delay`.
    pub(super) mode: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct EphemeralDisk {
    pub(super) sticky: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Update {
    pub(super) auto_revert: bool,
    pub(super) min_healthy_time: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Volume {
    /// `host` or `csi`.
    #[serde(rename = "Type")]
    pub(super) kind: String,
    pub(super) source: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Network {
    #[serde(deserialize_with = "nullable")]
    pub(super) dynamic_ports: Vec<Port>,
    #[serde(deserialize_with = "nullable")]
    pub(super) reserved_ports: Vec<Port>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Port {
    pub(super) label: String,
    pub(super) value: u16,
    pub(super) to: i32,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Task {
    pub(super) name: String,
    pub(super) driver: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) config: TaskConfig,
    #[serde(deserialize_with = "nullable")]
    pub(super) env: BTreeMap<String, String>,
    #[serde(deserialize_with = "nullable")]
    pub(super) services: Vec<Service>,
    #[serde(deserialize_with = "nullable")]
    pub(super) resources: Resources,
    pub(super) lifecycle: Option<Lifecycle>,
    pub(super) kill_timeout: i64,
    #[serde(deserialize_with = "nullable")]
    pub(super) volume_mounts: Vec<VolumeMount>,
}

/// What a driver is told: of all that may be in it, what most of them call the same.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct TaskConfig {
    #[serde(deserialize_with = "text")]
    pub(super) image: String,
    #[serde(deserialize_with = "text")]
    pub(super) command: String,
    #[serde(deserialize_with = "words")]
    pub(super) args: Vec<String>,
}

/// A driver takes what it likes: what is no text is none.
fn text<'de, D: Deserializer<'de>>(raw: D) -> Result<String, D::Error> {
    let value = serde_json::Value::deserialize(raw)?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

fn words<'de, D: Deserializer<'de>>(raw: D) -> Result<Vec<String>, D::Error> {
    let value = serde_json::Value::deserialize(raw)?;
    let words = value.as_array().into_iter().flatten();
    Ok(words.filter_map(|word| word.as_str().map(str::to_owned)).collect())
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct VolumeMount {
    #[serde(deserialize_with = "nullable")]
    pub(super) volume: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) destination: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Resources {
    #[serde(rename = "CPU", deserialize_with = "nullable")]
    pub(super) cpu: u64,
    #[serde(rename = "MemoryMB", deserialize_with = "nullable")]
    pub(super) memory: u64,
    #[serde(rename = "MemoryMaxMB", deserialize_with = "nullable")]
    pub(super) memory_max: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Lifecycle {
    /// `prestart`, `poststart`, `poststop`.
    pub(super) hook: String,
    pub(super) sidecar: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Service {
    pub(super) name: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) task_name: String,
    /// `nomad` or `consul`.
    #[serde(deserialize_with = "nullable")]
    pub(super) provider: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) checks: Vec<Check>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Check {
    #[serde(deserialize_with = "nullable")]
    pub(super) name: String,
    /// `http`, `tcp`, `grpc`, `script`.
    #[serde(rename = "Type")]
    pub(super) kind: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) path: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) port_label: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) command: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) task_name: String,
    pub(super) interval: i64,
    pub(super) timeout: i64,
    /// `readiness` where it counts for health alone.
    #[serde(deserialize_with = "nullable")]
    pub(super) on_update: String,
    pub(super) check_restart: Option<CheckRestart>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct CheckRestart {
    pub(super) limit: u32,
}

/// An allocation: of a list, of a job, or of the stream, which leaves the version of its job out.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Allocation {
    #[serde(rename = "ID")]
    pub(super) id: String,
    pub(super) name: String,
    pub(super) namespace: String,
    #[serde(rename = "NodeID")]
    pub(super) node_id: String,
    #[serde(rename = "JobID")]
    pub(super) job_id: String,
    pub(super) job_version: Option<u64>,
    pub(super) task_group: String,
    pub(super) desired_status: String,
    pub(super) desired_description: String,
    pub(super) client_status: String,
    pub(super) client_description: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) allocated_resources: Allocated,
    #[serde(deserialize_with = "nullable")]
    pub(super) task_states: BTreeMap<String, TaskState>,
    pub(super) deployment_status: Option<AllocationHealth>,
    #[serde(rename = "FollowupEvalID", deserialize_with = "nullable")]
    pub(super) followup: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) next_allocation: String,
    pub(super) create_time: i64,
    pub(super) modify_time: i64,
    pub(super) modify_index: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct AllocationHealth {
    /// None while it is not decided.
    pub(super) healthy: Option<bool>,
    pub(super) canary: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Allocated {
    #[serde(deserialize_with = "nullable")]
    pub(super) tasks: BTreeMap<String, AllocatedTask>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct AllocatedTask {
    pub(super) cpu: AllocatedCpu,
    pub(super) memory: AllocatedMemory,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct AllocatedCpu {
    pub(super) cpu_shares: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct AllocatedMemory {
    #[serde(rename = "MemoryMB")]
    pub(super) memory: u64,
    #[serde(rename = "MemoryMaxMB")]
    pub(super) most: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct TaskState {
    /// `pending`, `running`, `dead`.
    pub(super) state: String,
    pub(super) failed: bool,
    pub(super) restarts: u32,
    #[serde(deserialize_with = "nullable")]
    pub(super) started_at: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) finished_at: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) events: Vec<TaskEvent>,
}

/// One of the last ten things that happened to a task.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct TaskEvent {
    #[serde(rename = "Type")]
    pub(super) kind: String,
    /// Nanoseconds since 1970.
    pub(super) time: i64,
    #[serde(deserialize_with = "nullable")]
    pub(super) display_message: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) message: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) details: BTreeMap<String, String>,
}

impl TaskEvent {
    pub(super) fn detail(&self, name: &str) -> Option<&str> {
        self.details.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// What a person reads of it.
    pub(super) fn words(&self) -> &str {
        let first = [self.display_message.as_str(), self.message.as_str()];
        first.into_iter().find(|words| !words.is_empty()).unwrap_or(&self.kind)
    }
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
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct NodeResources {
    #[serde(deserialize_with = "nullable")]
    pub(super) cpu: NodeCpu,
    #[serde(deserialize_with = "nullable")]
    pub(super) memory: NodeMemory,
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
    pub(super) placed_allocs: u32,
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
