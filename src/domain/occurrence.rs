//! Things that happened, as opposed to things that are.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::identity::Ref;
use super::text::{Name, Text};
use super::verdict::Certainty;

/// Something that happened once or several times. An upsert by `id`: the live, the kept and the backfilled one merge
/// without counting twice (`first` the least, `last` and `count` the greatest).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Occurrence {
    /// Identity: container id and its end for a kill, the event's uid for a probe failure, and so on.
    pub id: Name,
    /// What happened.
    pub kind: OccurrenceKind,
    /// How it is known.
    pub origin: Origin,
    /// To which instance, node or workload.
    pub subject: Ref,
    /// The workload that the subject belonged to when it happened.
    #[serde(default)]
    pub workload: Option<Ref>,
    /// The node it happened on.
    #[serde(default)]
    pub node: Option<Ref>,
    /// In which container.
    #[serde(default)]
    pub container: Option<Name>,
    /// When first.
    pub first: Timestamp,
    /// When last.
    pub last: Timestamp,
    /// How often; at least 1.
    pub count: u32,
    /// Whether there may have been more (events were collapsed).
    #[serde(default)]
    pub at_least: bool,
    /// How sure it is.
    pub certainty: Certainty,
    /// The server's words.
    #[serde(default)]
    pub text: Option<Text>,
    /// The exit code, for an end.
    #[serde(default)]
    pub code: Option<i32>,
    /// For an OOM kill: which memory ran out.
    #[serde(default)]
    pub scope: Option<OomScope>,
    /// The memory limit at that time, bytes.
    #[serde(default)]
    pub limit_bytes: Option<u64>,
    /// The image that ran.
    #[serde(default)]
    pub image: Option<Name>,
}

impl Occurrence {
    /// One that happened once, now, and was said by its source.
    pub fn once(id: impl Into<Name>, kind: OccurrenceKind, subject: Ref, at: Timestamp) -> Self {
        Self {
            id: id.into(),
            kind,
            origin: Origin::Live,
            subject,
            workload: None,
            node: None,
            container: None,
            first: at,
            last: at,
            count: 1,
            at_least: false,
            certainty: Certainty::Confirmed,
            text: None,
            code: None,
            scope: None,
            limit_bytes: None,
            image: None,
        }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OccurrenceKind {
    /// Memory ran out and something was killed.
    OomKill,
    /// A run ended with another code than 0, unasked.
    Crash,
    /// It was asked to stop, did not in time, and was killed.
    StopTimeout,
    /// A person or a program sent it a deadly signal.
    Killed,
    /// A health check failed.
    ProbeFailure,
    /// An instance could not be made: a quota, an admission webhook, a policy.
    CreationFailure,
    /// A volume could not be attached or mounted.
    MountFailure,
    /// An image could not be pulled.
    PullFailure,
    /// No node would take it.
    SchedulingFailure,
    /// A node refused it.
    Rejected,
    /// It was driven off its node.
    Eviction,
    /// It was started (again).
    Started,
    /// A new revision was rolled out.
    Deployed,
    /// A person or a program changed it otherwise (scaled, cordoned, updated).
    Changed,
}

/// How an occurrence is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Seen as it happened.
    Live,
    /// Kept by the ledger.
    Kept,
    /// Told afterwards by a server that remembers it.
    Backfilled,
}

/// Which memory ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OomScope {
    /// The container's own limit.
    Limit,
    /// The host's: the container is the victim and need not be the cause.
    Host,
    /// It cannot be told.
    Unknown,
}
