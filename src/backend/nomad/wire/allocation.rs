//! Allocations, their tasks and what happened to those (nomad: api/allocations.go, api/tasks.go).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::job::Lifecycle;
use super::nullable;

/// An allocation: of a list, of a job, or of the stream, which leaves the version of its job out.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Allocation {
    #[serde(rename = "ID")]
    pub(in super::super) id: String,
    pub(in super::super) name: String,
    pub(in super::super) namespace: String,
    #[serde(rename = "NodeID")]
    pub(in super::super) node_id: String,
    #[serde(rename = "JobID")]
    pub(in super::super) job_id: String,
    pub(in super::super) job_version: Option<u64>,
    pub(in super::super) task_group: String,
    pub(in super::super) desired_status: String,
    pub(in super::super) desired_description: String,
    pub(in super::super) client_status: String,
    pub(in super::super) client_description: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) allocated_resources: Allocated,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) task_states: BTreeMap<String, TaskState>,
    pub(in super::super) deployment_status: Option<AllocationHealth>,
    #[serde(rename = "FollowupEvalID", deserialize_with = "nullable")]
    pub(in super::super) followup: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) next_allocation: String,
    /// None in a list.
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) previous_allocation: String,
    /// What it was made in place of.
    pub(in super::super) reschedule_tracker: Option<RescheduleTracker>,
    pub(in super::super) create_time: i64,
    pub(in super::super) modify_time: i64,
    pub(in super::super) modify_index: u64,
}

/// How often it was made again.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct RescheduleTracker {
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) events: Vec<serde::de::IgnoredAny>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct AllocationHealth {
    /// None while it is not decided.
    pub(in super::super) healthy: Option<bool>,
    pub(in super::super) canary: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Allocated {
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) tasks: BTreeMap<String, AllocatedTask>,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) task_lifecycles: BTreeMap<String, Option<Lifecycle>>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct AllocatedTask {
    pub(in super::super) cpu: AllocatedCpu,
    pub(in super::super) memory: AllocatedMemory,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct AllocatedCpu {
    pub(in super::super) cpu_shares: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct AllocatedMemory {
    #[serde(rename = "MemoryMB")]
    pub(in super::super) memory: u64,
    #[serde(rename = "MemoryMaxMB")]
    pub(in super::super) most: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct TaskState {
    /// `pending`, `running`, `dead`.
    pub(in super::super) state: String,
    pub(in super::super) failed: bool,
    pub(in super::super) restarts: u32,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) started_at: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) finished_at: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) events: Vec<TaskEvent>,
}

/// One of the last ten things that happened to a task.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct TaskEvent {
    #[serde(rename = "Type")]
    pub(in super::super) kind: String,
    /// Nanoseconds since 1970.
    pub(in super::super) time: i64,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) display_message: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) message: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) details: BTreeMap<String, String>,
}

impl TaskEvent {
    pub(in super::super) fn detail(&self, name: &str) -> Option<&str> {
        self.details.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// What a person reads of it.
    pub(in super::super) fn words(&self) -> &str {
        let first = [self.display_message.as_str(), self.message.as_str()];
        first.into_iter().find(|words| !words.is_empty()).unwrap_or(&self.kind)
    }
}
