//! Alertmanager: what is told, to whom, and what is kept quiet (alertmanager: api/v2/openapi.yaml).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::raised::{Labels, Raised};
use crate::domain::{AlertState, Name, Silence, Text, Timestamp};
use crate::metrics::ask::{Asker, Failure};

/// Reads what it knows. Silences are asked for only where something is silent.
///
/// # Errors
/// There was no answer, or one of another kind.
pub async fn alerts(asker: &Asker) -> Result<Vec<Raised>, Failure> {
    let told: Vec<Told> = read(&asker.get("/api/v2/alerts").await?)?;
    let silences = match told.iter().any(|it| !it.status.silenced_by.is_empty()) {
        true => read(&asker.get("/api/v2/silences").await?)?,
        false => Vec::new(),
    };
    Ok(raised(told, silences))
}

/// What it knows of who is kept quiet by what.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The alerts that were told to it.
    pub alerts: Vec<Held>,
    /// The silences, those that are over too.
    pub silences: Vec<Silenced>,
}

/// An alert, and what keeps it quiet.
#[derive(Debug, Clone)]
pub struct Held {
    /// What it is.
    pub labels: Labels,
    /// Ids of silences.
    pub silenced_by: Vec<Name>,
}

impl Held {
    /// The name of its rule.
    pub fn title(&self) -> String {
        self.labels.get("alertname").map_or_else(|| "an alert without a name".to_owned(), ToString::to_string)
    }
}

/// Reads that.
///
/// # Errors
/// There was no answer, or one of another kind.
pub async fn known(asker: Asker) -> Result<(Asker, Known), Failure> {
    let told: Vec<Told> = read(&asker.get("/api/v2/alerts").await?)?;
    let silences = read(&asker.get("/api/v2/silences").await?)?;
    let held = |it: Told| Held { labels: it.labels, silenced_by: it.status.silenced_by };
    Ok((asker, Known { alerts: told.into_iter().map(held).collect(), silences }))
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| Failure::Malformed(Text::from(error.to_string())))
}

fn raised(told: Vec<Told>, silences: Vec<Silenced>) -> Vec<Raised> {
    let by_id: BTreeMap<Name, Silence> = silences.into_iter().map(Silenced::apart).collect();
    told.into_iter().map(|it| it.raised(&by_id)).collect()
}

#[derive(Deserialize)]
struct Told {
    labels: Labels,
    #[serde(default)]
    annotations: Labels,
    #[serde(default, rename = "startsAt")]
    starts_at: Option<Timestamp>,
    #[serde(default)]
    receivers: Vec<Receiver>,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize)]
struct Receiver {
    name: Text,
}

#[derive(Deserialize, Default)]
struct Status {
    #[serde(default, rename = "silencedBy")]
    silenced_by: Vec<Name>,
    #[serde(default, rename = "inhibitedBy")]
    inhibited_by: Vec<Text>,
    /// Of time intervals in which nobody is told; not of an Alertmanager before 0.28.
    #[serde(default, rename = "mutedBy")]
    muted_by: Vec<Text>,
}

/// A silence.
#[derive(Debug, Clone, Deserialize)]
pub struct Silenced {
    /// Its id.
    pub id: Name,
    /// Who made it.
    #[serde(default, rename = "createdBy")]
    pub by: Option<Text>,
    /// Why.
    #[serde(default)]
    pub comment: Option<Text>,
    /// Until when.
    #[serde(default, rename = "endsAt")]
    pub until: Option<Timestamp>,
}

impl Silenced {
    /// Its id, and what is told of it.
    pub fn apart(self) -> (Name, Silence) {
        let nobody = || Text::new("somebody");
        let none = || Text::new("without a comment");
        let by = self.by.filter(|it| !it.is_empty()).unwrap_or_else(nobody);
        let comment = self.comment.filter(|it| !it.is_empty()).unwrap_or_else(none);
        (self.id, Silence { by, comment, until: self.until })
    }
}

impl Told {
    fn raised(self, silences: &BTreeMap<Name, Silence>) -> Raised {
        let Status { silenced_by, inhibited_by, muted_by } = self.status;
        let last = |it: &&Silence| it.until;
        // Of several the one that lasts longest counts.
        let silence = silenced_by.iter().filter_map(|id| silences.get(id)).max_by_key(last).cloned();
        let interval = muted_by.first().map(|name| Silence {
            by: Text::new("Alertmanager"),
            comment: Text::from(format!("time interval {name}")),
            until: None,
        });
        let state = match (silenced_by.is_empty() && muted_by.is_empty(), inhibited_by.is_empty()) {
            (false, _) => AlertState::Silenced,
            (true, false) => AlertState::Inhibited,
            (true, true) => AlertState::Firing,
        };
        Raised {
            labels: self.labels,
            annotations: self.annotations,
            state,
            since: self.starts_at,
            receivers: Some(self.receivers.into_iter().map(|it| it.name).collect()),
            silence: silence.or(interval),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn recorded() -> Vec<Raised> {
        let told = read(include_bytes!("../../../tests/wire/metrics/alerts.json")).expect("what a real one said");
        raised(told, read(include_bytes!("../../../tests/wire/metrics/silences.json")).expect("what a real one said"))
    }

    #[test]
    fn what_a_real_alertmanager_said() {
        let all = recorded();
        let of = |title: &str| all.iter().find(|it| it.title() == title).expect("it is there");
        let states = ["CheckoutErrors", "QueueBacklog", "TooManyPods"].map(|title| of(title).state);
        assert_eq!(states, [AlertState::Firing, AlertState::Silenced, AlertState::Inhibited]);
        let silence = of("QueueBacklog").silence.clone().expect("it is silent");
        assert_eq!((silence.by.as_str(), silence.comment.as_str()), ("anna", "the import runs until 04:00"));
        assert!(silence.until.is_some());
        assert!(of("CheckoutErrors").pages() && !of("QueueBacklog").pages());
        assert_eq!(of("Watchdog").receivers, Some(vec!["null".into()]));
    }

    #[test]
    fn a_time_interval_keeps_quiet_as_well() {
        let told = r#"[{"labels":{"alertname":"Slow"},"status":{"state":"suppressed","mutedBy":["nights"]}}]"#;
        let all = raised(read(told.as_bytes()).expect("alerts"), Vec::new());
        assert_eq!(all[0].state, AlertState::Silenced);
        assert_eq!(all[0].silence.as_ref().map(|it| it.comment.as_str()), Some("time interval nights"));
    }
}
