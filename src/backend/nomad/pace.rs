//! How often things are looked at, and how long is waited for them.

use std::time::Duration;

/// Deadlines and periods. The default is what a person should have; tests shorten it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// A request is answered within this time, or the server hangs.
    pub answer_within: Duration,
    /// The stream says something within this time, or it is dead: it beats every 30 s (nomad: nomad/stream).
    pub beat_within: Duration,
    /// Changes of one job are read together, so long after the first.
    pub settles: Duration,
    /// How often everything is listed anew though nothing broke: what was garbage-collected is told by no event.
    pub list_every: Duration,
    /// How often the servers are asked who leads.
    pub quorum_every: Duration,
    /// How often checks are read of what is not well, or looked at.
    pub checks_every: Duration,
    /// How long the checks of what is well are left alone at least: that they fail is told by nobody.
    pub checks_spared: Duration,
    /// Between two answers of Consul at least.
    pub consul_rests: Duration,
    /// How often use is measured of what is looked at.
    pub use_every: Duration,
    /// How long until a lost server is tried first; doubled with each try.
    pub retry_first: Duration,
    /// How long at most between two tries.
    pub retry_most: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            answer_within: Duration::from_secs(15),
            beat_within: Duration::from_secs(75),
            settles: Duration::from_millis(250),
            list_every: Duration::from_secs(900),
            quorum_every: Duration::from_secs(60),
            checks_every: Duration::from_secs(10),
            checks_spared: Duration::from_secs(60),
            consul_rests: Duration::from_secs(1),
            use_every: Duration::from_secs(15),
            retry_first: Duration::from_millis(500),
            retry_most: Duration::from_secs(15),
        }
    }
}
