//! How often things are looked at, and how long is waited for them.

use std::time::Duration;

/// Deadlines and periods. The default is what a person should have; tests shorten it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// A request is answered within this time, or the engine hangs.
    pub answer_within: Duration,
    /// "Are you there" is answered within this time, or the engine hangs.
    pub ping_within: Duration,
    /// How often that is asked.
    pub ping_every: Duration,
    /// How often the engine describes itself anew (disk, managers).
    pub engine_every: Duration,
    /// How long until a lost engine is tried first; doubled with each try.
    pub retry_first: Duration,
    /// How long at most between two tries.
    pub retry_most: Duration,
    /// How often tasks are listed while some are on their way.
    pub swarm_busy_every: Duration,
    /// How often tasks, services and nodes are listed otherwise.
    pub swarm_every: Duration,
    /// How often the use of containers with a limit is measured.
    pub usage_every: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            answer_within: Duration::from_secs(10),
            ping_within: Duration::from_secs(5),
            ping_every: Duration::from_secs(15),
            engine_every: Duration::from_secs(60),
            retry_first: Duration::from_millis(500),
            retry_most: Duration::from_secs(15),
            swarm_busy_every: Duration::from_secs(3),
            swarm_every: Duration::from_secs(15),
            usage_every: Duration::from_secs(60),
        }
    }
}
