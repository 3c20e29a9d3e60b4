//! Jobs as they are listed and as they were registered (nomad: api/jobs.go, api/tasks.go, api/services.go).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::nullable;

/// One of a list of jobs.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct JobStub {
    #[serde(rename = "ID")]
    pub(in super::super) id: String,
    pub(in super::super) namespace: String,
    /// Of a run: the job that it is of.
    #[serde(rename = "ParentID", deserialize_with = "nullable")]
    pub(in super::super) parent: String,
    pub(in super::super) stop: bool,
    /// `pending`, `running`, `dead`.
    pub(in super::super) status: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) job_summary: Summary,
    pub(in super::super) create_index: u64,
    pub(in super::super) modify_index: u64,
    pub(in super::super) job_modify_index: u64,
    /// Nanoseconds since 1970.
    pub(in super::super) submit_time: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Summary {
    /// By the groups of the job.
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) summary: BTreeMap<String, GroupSummary>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct GroupSummary {
    pub(in super::super) queued: u32,
    pub(in super::super) running: u32,
    pub(in super::super) starting: u32,
    /// Ended well.
    pub(in super::super) complete: u32,
}

/// A job as it was registered.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Job {
    #[serde(rename = "ID")]
    pub(in super::super) id: String,
    pub(in super::super) namespace: String,
    #[serde(rename = "ParentID", deserialize_with = "nullable")]
    pub(in super::super) parent: String,
    /// `service`, `batch`, `system`, `sysbatch`.
    #[serde(rename = "Type")]
    pub(in super::super) kind: String,
    pub(in super::super) stop: bool,
    pub(in super::super) status: String,
    pub(in super::super) version: u64,
    /// Moves when it is purged and registered anew.
    pub(in super::super) create_index: u64,
    pub(in super::super) job_modify_index: u64,
    pub(in super::super) submit_time: i64,
    pub(in super::super) periodic: Option<Periodic>,
    pub(in super::super) parameterized_job: Option<Parameterized>,
    pub(in super::super) dispatched: bool,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) meta: BTreeMap<String, String>,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) task_groups: Vec<TaskGroup>,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) constraints: Vec<Constraint>,
}

impl Job {
    /// This incarnation of a group.
    pub(in super::super) fn uid(&self, group: &str) -> String {
        let namespace = if self.namespace.is_empty() { "default" } else { &self.namespace };
        format!("{namespace}/{}/{group}@{}", self.id, self.create_index)
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Constraint {
    #[serde(rename = "LTarget", deserialize_with = "nullable")]
    pub(in super::super) left: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Periodic {
    pub(in super::super) enabled: bool,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) spec: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) specs: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) time_zone: String,
}

/// That a job is dispatched; how is of no use.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(in super::super) struct Parameterized {}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct TaskGroup {
    pub(in super::super) name: String,
    pub(in super::super) count: u32,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) tasks: Vec<Task>,
    pub(in super::super) restart_policy: Option<Restart>,
    pub(in super::super) reschedule_policy: Option<Reschedule>,
    pub(in super::super) ephemeral_disk: Option<EphemeralDisk>,
    pub(in super::super) update: Option<Update>,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) services: Vec<Service>,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) volumes: BTreeMap<String, Volume>,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) networks: Vec<Network>,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) constraints: Vec<Constraint>,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) meta: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Restart {
    pub(in super::super) attempts: u32,
    /// `fail` or `delay`.
    pub(in super::super) mode: String,
}

/// How often one that failed is placed again.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Reschedule {
    pub(in super::super) attempts: u32,
    pub(in super::super) unlimited: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct EphemeralDisk {
    pub(in super::super) sticky: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Update {
    pub(in super::super) auto_revert: bool,
    pub(in super::super) min_healthy_time: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Volume {
    /// `host` or `csi`.
    #[serde(rename = "Type")]
    pub(in super::super) kind: String,
    pub(in super::super) source: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Network {
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) dynamic_ports: Vec<Port>,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) reserved_ports: Vec<Port>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Port {
    pub(in super::super) label: String,
    pub(in super::super) value: u16,
    pub(in super::super) to: i32,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Task {
    pub(in super::super) name: String,
    pub(in super::super) driver: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) config: TaskConfig,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) env: BTreeMap<String, String>,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) services: Vec<Service>,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) resources: Resources,
    pub(in super::super) lifecycle: Option<Lifecycle>,
    pub(in super::super) kill_timeout: i64,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) volume_mounts: Vec<VolumeMount>,
}

/// What a driver is told: of all that may be in it, what most of them call the same.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(in super::super) struct TaskConfig {
    #[serde(deserialize_with = "text")]
    pub(in super::super) image: String,
    #[serde(deserialize_with = "text")]
    pub(in super::super) command: String,
    #[serde(deserialize_with = "words")]
    pub(in super::super) args: Vec<String>,
    /// Of docker and podman: `/srv/pg:/var/lib/postgresql`, `pg:/data:ro`.
    #[serde(deserialize_with = "words")]
    pub(in super::super) volumes: Vec<String>,
    /// Of docker: the same, written out.
    #[serde(deserialize_with = "mounts", alias = "mounts")]
    pub(in super::super) mount: Vec<DriverMount>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(in super::super) struct DriverMount {
    /// `bind`, `volume`, `tmpfs`; a volume where nothing is said.
    #[serde(rename = "type", deserialize_with = "text")]
    pub(in super::super) kind: String,
    #[serde(deserialize_with = "text")]
    pub(in super::super) source: String,
    #[serde(deserialize_with = "text")]
    pub(in super::super) target: String,
}

/// A driver takes what it likes: what is no text is none.
fn text<'de, D: Deserializer<'de>>(raw: D) -> Result<String, D::Error> {
    let value = serde_json::Value::deserialize(raw)?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

fn mounts<'de, D: Deserializer<'de>>(raw: D) -> Result<Vec<DriverMount>, D::Error> {
    let value = serde_json::Value::deserialize(raw)?;
    let all = value.as_array().into_iter().flatten();
    Ok(all.filter_map(|mount| DriverMount::deserialize(mount).ok()).collect())
}

fn words<'de, D: Deserializer<'de>>(raw: D) -> Result<Vec<String>, D::Error> {
    let value = serde_json::Value::deserialize(raw)?;
    let words = value.as_array().into_iter().flatten();
    Ok(words.filter_map(|word| word.as_str().map(str::to_owned)).collect())
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct VolumeMount {
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) volume: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) destination: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Resources {
    #[serde(rename = "CPU", deserialize_with = "nullable")]
    pub(in super::super) cpu: u64,
    #[serde(rename = "MemoryMB", deserialize_with = "nullable")]
    pub(in super::super) memory: u64,
    #[serde(rename = "MemoryMaxMB", deserialize_with = "nullable")]
    pub(in super::super) memory_max: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Lifecycle {
    /// `prestart`, `poststart`, `poststop`.
    pub(in super::super) hook: String,
    pub(in super::super) sidecar: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Service {
    pub(in super::super) name: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) task_name: String,
    /// `nomad` or `consul`.
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) provider: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) checks: Vec<Check>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Check {
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) name: String,
    /// `http`, `tcp`, `grpc`, `script`.
    #[serde(rename = "Type")]
    pub(in super::super) kind: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) path: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) port_label: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) command: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) task_name: String,
    pub(in super::super) interval: i64,
    pub(in super::super) timeout: i64,
    /// `readiness` where it counts for health alone.
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) on_update: String,
    pub(in super::super) check_restart: Option<CheckRestart>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct CheckRestart {
    pub(in super::super) limit: u32,
}
