//! What checks say (nomad: client/serviceregistration/checks, `QueryResult`; consul: api/health.go, `HealthCheck`).

use serde::Deserialize;

use super::nullable;

/// The last result of one check of an allocation, as its client keeps it: of the past it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct CheckResult {
    #[serde(rename = "ID")]
    pub(in super::super) id: String,
    /// `success`, `failure`, `pending`.
    pub(in super::super) status: String,
    /// Of HTTP; 0 else.
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) status_code: u16,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) output: String,
    /// Seconds since 1970: when it was run.
    pub(in super::super) timestamp: i64,
    /// Of which task; none of a group's own service.
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) task: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) service: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) check: String,
}

/// A check that Consul runs or is told of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct ConsulCheck {
    #[serde(rename = "CheckID")]
    pub(in super::super) id: String,
    /// The node that it is registered at: a check's id is its own there alone.
    pub(in super::super) node: String,
    pub(in super::super) name: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) output: String,
    /// None of a check of a whole node.
    #[serde(rename = "ServiceID", deserialize_with = "nullable")]
    pub(in super::super) service_id: String,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) service_name: String,
}
