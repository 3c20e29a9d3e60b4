//! Numbers over time.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::identity::Ref;
use super::text::Name;

/// One measured number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Of what.
    pub subject: Ref,
    /// Of which container of it; none: of the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<Name>,
    /// Which number.
    pub metric: Metric,
    /// When.
    pub at: Timestamp,
    /// How much, in the metric's unit.
    pub value: f64,
}

/// What is measured; the unit is in the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Memory in use that cannot be given back, bytes.
    MemoryBytes,
    /// Processor time used, thousandths of a core.
    CpuMillis,
    /// Messages that wait.
    QueueDepth,
    /// Who takes from it.
    QueueConsumers,
    /// Age of the oldest message, seconds.
    QueueOldestSeconds,
    /// Connections in use.
    ConnectionsUsed,
    /// Connections allowed.
    ConnectionsMax,
}
