//! What is to be watched, by the command line, the configuration and what is plainly there.

use std::path::Path;

use crate::backend::replay;
use crate::domain::{BackendKind, Batch, ClusterId, Text, Timestamp};
use crate::engine::Target;

use super::failure::Failure;

/// The clusters to watch, and where what they say comes from.
pub enum Watch {
    /// They are asked now.
    Live {
        /// Whom.
        targets: Vec<Target>,
        /// What is there and not watched.
        unwatched: Vec<Text>,
        /// They have a time of their own, which begins then.
        stamps: Option<Timestamp>,
    },
    /// They were recorded.
    Recorded {
        /// Whose.
        clusters: Vec<(ClusterId, BackendKind)>,
        /// What they said.
        batches: Vec<Batch>,
    },
}

/// Reads a recording whole.
///
/// # Errors
/// It is no recording, or one of a later version.
pub fn recorded(file: &Path) -> Result<Watch, Failure> {
    let contents = replay::read_all(file).map_err(|why| Failure::new("the recording cannot be played").why(why))?;
    let clusters = contents.header.clusters.iter().map(|it| (it.name.clone(), it.kind())).collect();
    Ok(Watch::Recorded { clusters, batches: contents.batches })
}
