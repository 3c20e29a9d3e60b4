//! Recordings: batches as JSON lines under a header, written as they come and played back as feeds that can change nothing.
//!
//! ```json
//! {"format":"cockpit-recording","version":1,"cockpit":"0.1.0","clusters":[{"name":"prod","backend":"docker"}]}
//! {"cluster":"prod","at":"2026-11-22T02:10:00Z","facts":[…]}
//! ```

mod feed;
mod read;
mod record;

use serde::{Deserialize, Serialize};

use crate::domain::{BackendKind, ClusterId, Name, Text, Timestamp};

pub use feed::{Replay, open};
pub use read::Reader;
pub use record::Recorder;

/// What the first line says is being read.
const FORMAT: &str = "cockpit-recording";

/// The newest version that is written and understood.
const VERSION: u32 = 1;

/// The first line of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Always `cockpit-recording`.
    pub format: Text,
    /// Version of the format. A newer one is refused.
    pub version: u32,
    /// Version of the cockpit that wrote it.
    pub cockpit: Text,
    /// Whose facts it holds.
    pub clusters: Vec<RecordedCluster>,
}

/// A target that was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedCluster {
    /// Its alias.
    pub name: ClusterId,
    /// Which orchestrator, where this version knows it.
    pub backend: Name,
}

impl RecordedCluster {
    /// The orchestrator; Docker where the word is of a later version.
    pub fn kind(&self) -> BackendKind {
        match self.backend.as_str() {
            "kubernetes" => BackendKind::Kubernetes,
            "nomad" => BackendKind::Nomad,
            _ => BackendKind::Docker,
        }
    }
}

/// A recording, ready to be played.
pub struct Recording {
    /// Its first line.
    pub header: Header,
    /// One feed a cluster.
    pub targets: Vec<(BackendKind, std::sync::Arc<Replay>)>,
    /// The stamp of its first batch.
    pub first: Timestamp,
    /// The stamp of its last batch.
    pub last: Timestamp,
    /// Facts of a later version that were passed over.
    pub skipped: usize,
    /// The last line was cut off, as it is after a crash: what came before it is whole.
    pub cut_off: bool,
}

#[cfg(test)]
mod tests;
