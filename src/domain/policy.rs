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

/// Keeps objects as a repository says they should be (Argo CD Application).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Application {
    /// Its stable key.
    pub key: Ref,
    /// The workloads that it keeps, where they are in this cluster.
    #[serde(default)]
    pub keeps: Vec<Ref>,
    /// The repository, and where in it.
    #[serde(default)]
    pub place: Option<Text>,
    /// Changes of the repository are applied without a person.
    #[serde(default)]
    pub automated: bool,
    /// They are being applied now.
    #[serde(default)]
    pub syncing: bool,
    /// `Synced`, `OutOfSync`, `Unknown`.
    #[serde(default)]
    pub sync: Option<Name>,
    /// What differs from the repository, the first few: `Deployment shop/web`.
    #[serde(default)]
    pub differs: Vec<Text>,
    /// How many differ.
    #[serde(default)]
    pub differing: u32,
    /// `Healthy`, `Progressing`, `Degraded`, `Suspended`, `Missing`, `Unknown`.
    #[serde(default)]
    pub health: Option<Name>,
    /// Since when, where that is told.
    #[serde(default)]
    pub health_since: Option<Timestamp>,
    /// What is not well, the first few, with its message: `Deployment shop/web: exceeded its progress deadline`.
    #[serde(default)]
    pub unwell: Vec<Text>,
    /// Why the last sync failed, if it did.
    #[serde(default)]
    pub failed: Option<Text>,
    /// When that was.
    #[serde(default)]
    pub failed_at: Option<Timestamp>,
    /// Why it cannot be compared with the repository, if it cannot.
    #[serde(default)]
    pub error: Option<Text>,
    /// Since when.
    #[serde(default)]
    pub error_since: Option<Timestamp>,
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
