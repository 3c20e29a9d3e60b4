//! What another system says is wrong.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::identity::Ref;
use super::text::{Name, Text};
use super::verdict::Severity;

/// An alert of Alertmanager or Prometheus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Its stable key (the name holds the fingerprint).
    pub key: Ref,
    /// The rule's name.
    pub title: Name,
    /// Its summary or description.
    #[serde(default)]
    pub summary: Option<Text>,
    /// How bad its author thinks it is.
    pub severity: Severity,
    /// Firing, pending, or kept quiet.
    pub state: AlertState,
    /// Whether somebody is paged by it.
    #[serde(default)]
    pub pages: bool,
    /// What it is about, where that could be told.
    #[serde(default)]
    pub about: Option<Ref>,
    /// Since when it fires.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// What to read.
    #[serde(default)]
    pub runbook: Option<Text>,
    /// Where to look.
    #[serde(default)]
    pub dashboard: Option<Text>,
    /// What keeps it quiet.
    #[serde(default)]
    pub silence: Option<Silence>,
}

impl Alert {
    /// What somebody made to keep it quiet, which has an end and can be ended; not a time interval of the configuration.
    pub fn silenced_by_hand(&self) -> Option<&Silence> {
        self.silence.as_ref().filter(|it| self.state == AlertState::Silenced && it.until.is_some())
    }
}

/// What keeps an alert quiet for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Who made it.
    pub by: Text,
    /// Why.
    pub comment: Text,
    /// Until when.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// How an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// Its condition holds, not yet for long enough.
    Pending,
    /// It fires.
    Firing,
    /// It fires and somebody silenced it.
    Silenced,
    /// It fires, and another alert speaks for it.
    Inhibited,
}
