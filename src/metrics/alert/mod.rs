//! Alerts: what the rules of Prometheus raise, what Alertmanager does with it, and what of the cluster they speak of.
//!
//! | File | What |
//! |---|---|
//! | [`raised`] | an alert as a server tells it |
//! | [`rules`] | the rules of Prometheus |
//! | [`manager`] | Alertmanager |
//! | [`about`] | which object its labels name |
//! | [`joined`] | both together, as the cluster's alerts |
//! | [`feed`] | these as a feed |
//! | [`silence`] | keeping them quiet |

pub mod about;
pub mod feed;
pub mod joined;
pub mod manager;
pub mod raised;
pub mod rules;
pub mod silence;

pub use feed::{Alerts, Target};

/// Rules to begin with, as Prometheus reads them (`rule_files`).
pub const STARTER_RULES: &str = include_str!("../../../assets/metrics/rules.yml");
