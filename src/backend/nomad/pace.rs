//! How often things are looked at, and how long is waited for them.

use std::time::Duration;

/// Deadlines and periods. The default is what a person should have; tests shorten it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// A request is answered within this time, or the server hangs.
    pub answer_within: Duration,
    /// The stream says something within this time, or it is dead: it beats every 30 s (nomad: nomad/stream).
    pub beat_within: Duration,
    /// A stream that is granted says so at once; one that is not says nothing for up to a minute (nomad 1.11:
    /// command/agent/event_endpoint.go takes the connection over before it looks at the token).
    pub word_within: Duration,
    /// Where the stream is refused: so long a server may wait for a change of a list.
    pub blocks_for: Duration,
    /// After a list has changed, so long at least until it is asked for again.
    pub asks_again: Duration,
    /// A server that has not heard from its leader for so long tells what was, not what is.
    pub behind_after: Duration,
    /// Changes of one job are read together, so long after the first.
    pub settles: Duration,
    /// How often everything is listed anew though nothing broke: what was garbage-collected is told by no event.
    pub list_every: Duration,
    /// How often the servers are asked who leads.
    pub quorum_every: Duration,
    /// The same while nobody does, or the one that answers is behind.
    pub behind_every: Duration,
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
            word_within: Duration::from_secs(2),
            blocks_for: Duration::from_secs(55),
            asks_again: Duration::from_secs(1),
            behind_after: Duration::from_secs(5),
            settles: Duration::from_millis(250),
            list_every: Duration::from_secs(900),
            quorum_every: Duration::from_secs(60),
            behind_every: Duration::from_secs(3),
            checks_every: Duration::from_secs(10),
            checks_spared: Duration::from_secs(60),
            consul_rests: Duration::from_secs(1),
            use_every: Duration::from_secs(15),
            retry_first: Duration::from_millis(500),
            retry_most: Duration::from_secs(15),
        }
    }
}
