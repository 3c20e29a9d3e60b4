//! How far behind its leader the server was that answered. Lists are asked of any (`stale`), so that a region without a leader
//! still shows what it was; that it is no longer what is, is said.

use std::time::Duration;

use reqwest::header::HeaderMap;

use crate::domain::words::span;
use crate::domain::{Text, Timestamp, Trouble, TroubleKind};

/// What a server says of itself beside an answer (nomad: command/agent/http.go, `setMeta`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lag {
    /// How long ago it heard from its leader.
    contact: Duration,
    /// Whether it knows one.
    leader: bool,
}

/// Nobody waits so long for a leader.
const NEVER: Duration = Duration::from_secs(10 * 365 * 86_400);

impl Lag {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let said = |name: &str| headers.get(name).and_then(|raw| raw.to_str().ok());
        let contact = said("X-Nomad-LastContact").and_then(|raw| raw.parse().ok()).map_or(0, |millis: u64| millis);
        Self { contact: Duration::from_millis(contact), leader: said("X-Nomad-KnownLeader") != Some("false") }
    }

    /// Whether what it says may be no longer so: what takes longer than that is no answer of now.
    pub(super) fn is_behind(self, after: Duration) -> bool {
        !self.leader || self.contact > after
    }

    /// What a person is told of what it said.
    pub(super) fn trouble(self, address: &str, now: Timestamp) -> Trouble {
        let ago = span(i64::try_from(self.contact.as_secs()).unwrap_or(i64::MAX));
        // One that has heard from none since it was started says the longest time that it can.
        let heard =
            if self.contact > NEVER { "kept when it was stopped".to_owned() } else { format!("last heard, {ago} ago") };
        let (what, mend) = match self.leader {
            false => (
                format!("{address} knows no leader: what is shown is what it {heard}"),
                "bring the missing servers back (`nomad server members`); a region needs more than half of them",
            ),
            true => (
                format!("{address} has not heard from its leader for {ago}: what is shown is from then"),
                "see why that server is cut off (`nomad server members`), or name another one as the address",
            ),
        };
        Trouble { kind: TroubleKind::Gap, what: Text::from(what), mend: Text::new(mend), since: now, retry_at: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lag(contact: &str, leader: &str) -> Lag {
        let mut headers = HeaderMap::new();
        headers.insert("X-Nomad-LastContact", contact.parse().expect("a header"));
        headers.insert("X-Nomad-KnownLeader", leader.parse().expect("a header"));
        Lag::of(&headers)
    }

    #[test]
    fn a_follower_that_hears_from_its_leader_is_believed_and_one_that_does_not_is_not() {
        let after = Duration::from_secs(5);
        assert!(!Lag::of(&HeaderMap::new()).is_behind(after), "a server that does not say is taken at its word");
        assert!(!lag("40", "true").is_behind(after));
        assert!(lag("12000", "true").is_behind(after) && lag("0", "false").is_behind(after));
        let said = lag("72000", "true").trouble("http://n", Timestamp::UNIX_EPOCH);
        assert!(said.what.contains("has not heard from its leader for 1 min"), "{said:?}");
        // As a server of 1.11 said it between its start and its first election.
        let said = lag("9223372036854", "false").trouble("http://n", Timestamp::UNIX_EPOCH);
        assert!(said.what.ends_with("what it kept when it was stopped"), "{said:?}");
    }
}
