//! What governs workloads from outside: autoscalers, disruption budgets, namespaces with their quotas, configuration.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::identity::Ref;
use super::text::{Name, Text};

/// Sets the number of a workload's instances by what it measures (HorizontalPodAutoscaler, KEDA ScaledObject).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Autoscaler {
    /// Its stable key.
    pub key: Ref,
    /// The workload that it scales.
    pub target: Ref,
    /// Never fewer.
    pub least: u32,
    /// Never more.
    pub most: u32,
    /// As many as it found.
    pub current: u32,
    /// As many as it wants.
    pub desired: u32,
    /// Whether it can read what it goes by (`ScalingActive`), where it says so.
    #[serde(default)]
    pub active: Option<bool>,
    /// Why not, in its own words.
    #[serde(default)]
    pub message: Option<Text>,
    /// Whether it would go beyond its bounds if it could (`ScalingLimited`), and which way it wants.
    #[serde(default)]
    pub limited: Option<Name>,
    /// It works with a substitute for its metric (KEDA `Fallback`).
    #[serde(default)]
    pub fallback: bool,
    /// When it last changed the number.
    #[serde(default)]
    pub scaled_at: Option<Timestamp>,
    /// What it goes by, each `what, now, target` in words: `cpu 93 % of 80 %`.
    #[serde(default)]
    pub measures: Vec<Text>,
}

/// How many instances may be taken away on purpose (PodDisruptionBudget).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Its stable key.
    pub key: Ref,
    /// The workloads whose instances it counts.
    #[serde(default)]
    pub covers: Vec<Ref>,
    /// So many may go now (`disruptionsAllowed`).
    pub allowed: u32,
    /// So many are healthy now.
    pub healthy: u32,
    /// So many have to stay healthy (`desiredHealthy`).
    pub wanted: u32,
    /// So many are counted (`expectedPods`).
    pub expected: u32,
    /// What it says, in words: `at least 2`, `at most 25 % away`.
    #[serde(default)]
    pub says: Option<Text>,
}

/// What keeps names apart, with what it may use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Namespace {
    /// Its stable key.
    pub key: Ref,
    /// Being deleted since then.
    #[serde(default)]
    pub deleting: Option<Timestamp>,
    /// What still holds it, in the server's words.
    #[serde(default)]
    pub held_by: Option<Text>,
    /// What it may use, and does.
    #[serde(default)]
    pub quotas: Vec<Quota>,
}

/// One bounded resource of a namespace (ResourceQuota).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// The quota's name.
    pub name: Name,
    /// Which resource: `requests.memory`, `pods`.
    pub resource: Name,
    /// In use, in the resource's base unit (bytes, thousandths of a core, pieces).
    pub used: u64,
    /// Allowed.
    pub hard: u64,
}

/// A ConfigMap or a Secret: that it is there, and when and by whom it was changed. Never what it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Its stable key.
    pub key: Ref,
    /// When it was made.
    #[serde(default)]
    pub created: Option<Timestamp>,
    /// When it was last changed, where that is told.
    #[serde(default)]
    pub changed: Option<Timestamp>,
    /// By which manager.
    #[serde(default)]
    pub by: Option<Text>,
}
