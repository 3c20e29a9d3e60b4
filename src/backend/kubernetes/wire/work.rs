//! What wants pods (k8s.io/api/apps/v1, batch/v1; argoproj.io/v1alpha1 Rollouts).

use serde::Deserialize;

use super::meta::Meta;
use super::pod::{Condition, PodSpec};
use super::read::{Flag, Int, List, Of, Str, Time};

/// What pods are made from.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Template {
    pub metadata: Of<Meta>,
    pub spec: Of<PodSpec>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentSpec {
    /// One where it is not said.
    pub replicas: Option<Int>,
    pub paused: Flag,
    pub progress_deadline_seconds: Option<Int>,
    pub min_ready_seconds: Int,
    pub template: Of<Template>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentStatus {
    pub observed_generation: Int,
    pub replicas: Int,
    pub updated_replicas: Int,
    pub ready_replicas: Int,
    pub available_replicas: Int,
    pub conditions: List<Condition>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetSpec {
    pub replicas: Option<Int>,
    pub template: Of<Template>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetStatus {
    pub replicas: Int,
    pub ready_replicas: Int,
    pub conditions: List<Condition>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetSpec {
    pub replicas: Option<Int>,
    pub pod_management_policy: Str,
    pub update_strategy: Of<UpdateStrategy>,
    pub min_ready_seconds: Int,
    pub template: Of<Template>,
    pub volume_claim_templates: List<ClaimTemplate>,
    pub ordinals: Of<Ordinals>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Ordinals {
    pub start: Int,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UpdateStrategy {
    #[serde(rename = "type")]
    pub kind: Str,
    pub rolling_update: Of<RollingUpdate>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RollingUpdate {
    pub partition: Int,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ClaimTemplate {
    pub metadata: Of<Meta>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetStatus {
    pub observed_generation: Int,
    pub replicas: Int,
    pub ready_replicas: Int,
    pub updated_replicas: Int,
    pub current_replicas: Int,
    pub current_revision: Str,
    pub update_revision: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSetSpec {
    pub update_strategy: Of<UpdateStrategy>,
    pub min_ready_seconds: Int,
    pub template: Of<Template>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSetStatus {
    pub observed_generation: Int,
    #[serde(rename = "desiredNumberScheduled")]
    pub desired: Int,
    #[serde(rename = "currentNumberScheduled")]
    pub current: Int,
    #[serde(rename = "updatedNumberScheduled")]
    pub updated: Int,
    #[serde(rename = "numberReady")]
    pub ready: Int,
    #[serde(rename = "numberAvailable")]
    pub available: Int,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobSpec {
    pub completions: Option<Int>,
    pub parallelism: Option<Int>,
    pub backoff_limit: Option<Int>,
    pub backoff_limit_per_index: Option<Int>,
    pub max_failed_indexes: Option<Int>,
    pub active_deadline_seconds: Option<Int>,
    pub suspend: Flag,
    pub template: Of<Template>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobStatus {
    pub active: Int,
    pub succeeded: Int,
    pub failed: Int,
    /// `1,3-5`
    pub failed_indexes: Str,
    pub completion_time: Time,
    pub conditions: List<Condition>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJobSpec {
    pub schedule: Str,
    pub time_zone: Str,
    pub suspend: Flag,
    pub job_template: Of<JobTemplate>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct JobTemplate {
    pub spec: Of<JobSpec>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJobStatus {
    pub last_schedule_time: Time,
    pub last_successful_time: Time,
}

/// Argo's. Its template may be that of a Deployment that it refers to; then it has none of its own.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutSpec {
    pub replicas: Option<Int>,
    pub paused: Flag,
    pub progress_deadline_seconds: Option<Int>,
    pub min_ready_seconds: Int,
    pub template: Of<Template>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutStatus {
    /// A number that is written as a string.
    pub observed_generation: Str,
    pub phase: Str,
    pub message: Str,
    pub abort: Flag,
    pub replicas: Int,
    pub updated_replicas: Int,
    pub ready_replicas: Int,
    pub current_pod_hash: Str,
    #[serde(rename = "stableRS")]
    pub stable: Str,
    pub conditions: List<Condition>,
}
