//! What keeps others as a repository has them (argoproj.io/v1alpha1 Applications).

use serde::Deserialize;

use super::read::{Flag, Int, List, Of, Str, Time};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ApplicationSpec {
    pub source: Of<Repository>,
    pub sources: List<Repository>,
    pub destination: Of<Destination>,
    pub sync_policy: Of<SyncPolicy>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Repository {
    #[serde(rename = "repoURL")]
    pub url: Str,
    pub path: Str,
    pub chart: Str,
}

/// The cluster in which its objects are: by address, or by the name that Argo CD gives it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Destination {
    pub server: Str,
    pub name: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SyncPolicy {
    pub automated: Option<Automated>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Automated {
    /// It is on where this is not said.
    pub enabled: Option<Flag>,
    pub self_heal: Flag,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ApplicationStatus {
    pub sync: Of<SyncStatus>,
    pub health: Of<Health>,
    pub operation_state: Of<Operation>,
    pub resources: List<Kept>,
    pub conditions: List<Told>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SyncStatus {
    pub status: Str,
    /// What it was last compared with: a commit, or a chart's version.
    pub revision: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Health {
    pub status: Str,
    pub message: Str,
    pub last_transition_time: Time,
}

/// The last sync, or the one that runs.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Operation {
    pub phase: Str,
    pub message: Str,
    pub finished_at: Time,
    pub retry_count: Int,
}

/// An object that an application keeps. `status` and `health` are left out where there is nothing to say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Kept {
    pub group: Str,
    pub kind: Str,
    pub namespace: Str,
    pub name: Str,
    pub status: Str,
    pub health: Of<Health>,
}

/// A condition of Argo CD's: it has no status, that it is there is what it says.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Told {
    #[serde(rename = "type")]
    pub kind: Str,
    pub message: Str,
    pub last_transition_time: Time,
}
