//! The unit of listing, freshness and trouble.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::text::{Name, Text};

/// One list-and-watch of one kind (`containers`, `tasks`, `pods`), or of one part of it (a namespace).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    /// What is listed, in the server's plural.
    pub kind: Name,
    /// Which part of it, where the whole is not allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<Name>,
}

impl Source {
    /// A source that lists all of `kind`.
    pub fn of(kind: impl Into<Name>) -> Self {
        Self { kind: kind.into(), partition: None }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.partition {
            Some(partition) => write!(f, "{} in {partition}", self.kind),
            None => write!(f, "{}", self.kind),
        }
    }
}

/// How far what is shown of a source can be believed. Each is a different sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Freshness {
    /// Watched and alive.
    Live,
    /// The first listing is not complete.
    Loading,
    /// It was alive; what is shown is from then.
    Stale,
    /// The credential may not read it: what is shown is nothing, not zero.
    Forbidden,
    /// It cannot be reached; what is shown, if anything, is from before.
    Unreachable,
}

/// Why a source cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TroubleKind {
    /// The credential is known and lacks the right.
    Forbidden,
    /// The credential is wrong or expired.
    Unauthorized,
    /// No connection, or it broke.
    Unreachable,
    /// The server's API is older than what is needed.
    TooOld,
    /// Something may have been missed; it is being read afresh.
    Gap,
    /// The server said something that cannot be read.
    Malformed,
}

impl TroubleKind {
    /// The sight that a source with this trouble is, given whether it had ever listed.
    pub const fn freshness(self, listed: bool) -> Freshness {
        match self {
            TroubleKind::Forbidden | TroubleKind::Unauthorized => Freshness::Forbidden,
            TroubleKind::Unreachable | TroubleKind::TooOld | TroubleKind::Malformed => Freshness::Unreachable,
            TroubleKind::Gap if listed => Freshness::Stale,
            TroubleKind::Gap => Freshness::Loading,
        }
    }
}

/// What a person is told of a source that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Which trouble.
    pub kind: TroubleKind,
    /// What happened, to what, and why, in one line.
    pub what: Text,
    /// What to do about it.
    pub mend: Text,
    /// Since when.
    pub since: Timestamp,
    /// When it is tried again, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
}
