//! What is asked from here, as a user would, and what came of it.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::text::Text;

/// A check of an endpoint, made from the machine that cockpit runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// `GET https://shop.example/health`, `TCP db-1:5432`
    pub asks: Text,
    /// It fails.
    #[serde(default)]
    pub failing: Option<Failing>,
    /// It takes much longer than it does.
    #[serde(default)]
    pub slow: Option<Slow>,
    /// From when until when the certificate is good that is shown.
    #[serde(default)]
    pub certificate: Option<(Timestamp, Timestamp)>,
}

/// A check that fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// So often in a row.
    pub times: u32,
    /// Since when.
    pub since: Timestamp,
    /// What came the last time.
    pub why: Text,
}

/// A check that takes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slow {
    /// The last answer took so long, milliseconds.
    pub last: u32,
    /// Half of the answers of the last hour took no longer than this, milliseconds.
    pub usual: u32,
    /// Since when.
    pub since: Timestamp,
}
