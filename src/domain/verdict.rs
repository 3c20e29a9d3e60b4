//! How bad, and how sure.

use serde::{Deserialize, Serialize};

/// How bad. The order is the order on the screen: the worst is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Users are hurt, or capacity that they need is gone.
    Critical,
    /// Needs someone, not this minute.
    Warning,
    /// Quiet today, an incident one day.
    Risk,
    /// Good practice; not in triage.
    Advice,
}

impl Severity {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
            Severity::Risk => "risk",
            Severity::Advice => "advice",
        }
    }
}

/// What ranks incidents: 1 users hurt now, 2 capacity or something shared at stake, 3 stuck but still serving, 4 risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Tier {
    /// Users are hurt now: exposed with none ready, a failing endpoint check, a page-level alert.
    UsersHurt = 1,
    /// Fewer ready than wanted, a queue that grows without consumers, quorum, DNS, ingress.
    Capacity = 2,
    /// Stuck, and still serving: never critical.
    Stuck = 3,
    /// A risk.
    Risk = 4,
}

impl From<Tier> for u8 {
    fn from(tier: Tier) -> u8 {
        tier as u8
    }
}

impl TryFrom<u8> for Tier {
    type Error = String;
    fn try_from(n: u8) -> Result<Self, String> {
        match n {
            1 => Ok(Tier::UsersHurt),
            2 => Ok(Tier::Capacity),
            3 => Ok(Tier::Stuck),
            4 => Ok(Tier::Risk),
            _ => Err(format!("a tier is 1 to 4, not {n}")),
        }
    }
}

/// How sure. A guess is called a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// A source said so.
    Confirmed,
    /// The evidence points there and nothing speaks against it.
    Likely,
    /// One of several readings.
    Suspected,
}

impl Certainty {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Certainty::Confirmed => "confirmed",
            Certainty::Likely => "likely",
            Certainty::Suspected => "suspected",
        }
    }
}
