//! How often things are looked at, and how long is waited for them.

use std::time::Duration;

/// Deadlines and periods. The default is what a person should have; tests shorten it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// A login (an exec plugin) is given this long.
    pub login_within: Duration,
    /// A request, or one page of a listing, is answered within this time, or the server hangs.
    pub answer_within: Duration,
    /// A watch says at least a bookmark within this time, or it is silent and begun again. The server sends one a minute.
    pub heard_within: Duration,
    /// The server is asked to end a watch after this long, so that it is spread anew (`timeoutSeconds`).
    pub watch_for: Duration,
    /// How long until what is in trouble is tried first; doubled with each try.
    pub retry_first: Duration,
    /// How long at most between two tries.
    pub retry_most: Duration,
    /// How often a kind is listed that may be listed and not watched.
    pub list_every: Duration,
    /// How often use is measured, where it is. Servers that measure do so every 15 to 60 s.
    pub use_every: Duration,
    /// How often rights that were denied are asked for again.
    pub rights_every: Duration,
    /// Objects of one page.
    pub page: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            login_within: Duration::from_secs(20),
            answer_within: Duration::from_secs(15),
            heard_within: Duration::from_secs(150),
            watch_for: Duration::from_secs(290),
            retry_first: Duration::from_millis(500),
            retry_most: Duration::from_secs(30),
            list_every: Duration::from_secs(30),
            use_every: Duration::from_secs(30),
            rights_every: Duration::from_secs(300),
            page: 500,
        }
    }
}
