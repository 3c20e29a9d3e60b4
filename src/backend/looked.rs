//! What discovery says of the places that it looks at.

use crate::domain::Text;

/// One place that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Which place: `DOCKER_HOST`, `context prod`, `/var/run/docker.sock`.
    pub place: Text,
    /// What was found there.
    pub found: Text,
    /// What to do about it, where something is wrong.
    pub mend: Option<Text>,
    /// Whether it is used.
    pub used: bool,
}
