//! The rules of Prometheus and what they raise: `GET /api/v1/rules?type=alert` (prometheus: docs/querying/api.md).

use serde::Deserialize;

use super::raised::{Labels, Raised, is_watchdog};
use crate::domain::{AlertState, Text, Timestamp};
use crate::metrics::ask::{Asker, Failure};

/// What the rules of a server tell.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rules {
    /// Alerts, those that are pending among them.
    pub raised: Vec<Raised>,
    /// Rules that cannot be evaluated, and why the first of them cannot.
    pub broken: Option<(usize, Text)>,
    /// Of the alert that always fires: since when it does; none where it does not, or there is no such rule.
    pub watchdog: Option<Watchdog>,
}

/// The alert that always fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watchdog {
    /// It does, since then.
    Fires(Option<Timestamp>),
    /// It does not, though its rule is evaluated.
    Quiet,
}

/// Reads them.
///
/// # Errors
/// There was no answer, or one of another kind.
pub async fn rules(asker: &Asker) -> Result<Rules, Failure> {
    read(&asker.get("/api/v1/rules?type=alert").await?)
}

fn read(body: &[u8]) -> Result<Rules, Failure> {
    let Reply { data } =
        serde_json::from_slice(body).map_err(|error| Failure::Malformed(Text::from(error.to_string())))?;
    let mut rules = Rules::default();
    let mut broken = 0;
    let mut first = None;
    for rule in data.groups.into_iter().flat_map(|group| group.rules) {
        if rule.health == "err" {
            broken += 1;
            first.get_or_insert_with(|| {
                Text::from(format!("{}: {}", rule.name, rule.error.as_deref().unwrap_or("no reason")))
            });
        }
        if is_watchdog(&rule.name) && rule.health != "unknown" {
            let fires = rule.alerts.iter().find(|it| it.state == "firing");
            rules.watchdog = Some(fires.map_or(Watchdog::Quiet, |it| Watchdog::Fires(it.active_at)));
        }
        let holds = rule.duration;
        rules.raised.extend(rule.alerts.into_iter().map(|alert| alert.raised(holds)));
    }
    rules.broken = first.map(|first| (broken, first));
    Ok(rules)
}

#[derive(Deserialize)]
struct Reply {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    name: Text,
    /// For how long the condition holds before it fires, seconds.
    #[serde(default)]
    duration: f64,
    /// `ok`, `err`, or `unknown` before it was evaluated for the first time.
    #[serde(default)]
    health: String,
    #[serde(default, rename = "lastError")]
    error: Option<Text>,
    /// None of a rule that records.
    #[serde(default)]
    alerts: Vec<Told>,
}

#[derive(Deserialize)]
struct Told {
    labels: Labels,
    #[serde(default)]
    annotations: Labels,
    state: String,
    #[serde(default, rename = "activeAt")]
    active_at: Option<Timestamp>,
}

impl Told {
    fn raised(self, holds: f64) -> Raised {
        let Told { labels, annotations, state, active_at } = self;
        let fires = state == "firing";
        // Since when its condition holds is told, not since when it fires.
        let held = jiff::SignedDuration::try_from_secs_f64(if fires { holds } else { 0.0 }).unwrap_or_default();
        let since = active_at.and_then(|at| at.checked_add(held).ok());
        let state = if fires { AlertState::Firing } else { AlertState::Pending };
        Raised { labels, annotations, state, since, receivers: None, silence: None }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const RECORDED: &[u8] = include_bytes!("../../../tests/wire/metrics/rules.json");

    pub fn recorded() -> Rules {
        read(RECORDED).expect("what a real server said")
    }

    #[test]
    fn what_a_real_server_said_of_its_rules() {
        let rules = recorded();
        assert_eq!(rules.raised.len(), 8);
        let of = |title: &str| rules.raised.iter().find(|it| it.title() == title).expect("it is there");
        let checkout = of("CheckoutErrors");
        assert_eq!(checkout.state, AlertState::Firing);
        let since = checkout.since.map(|at| at.strftime("%T").to_string());
        assert_eq!(since.as_deref(), Some("02:54:16"), "two seconds after its condition began to hold");
        assert_eq!(of("DiskFillsUp").state, AlertState::Pending);
        let (broken, first) = rules.broken.clone().expect("one is broken");
        assert!(broken == 1 && first.starts_with("Broken: invalid destination label name"), "{first}");
        assert!(matches!(rules.watchdog, Some(Watchdog::Fires(Some(_)))));
    }

    #[test]
    fn a_watchdog_that_does_not_fire_is_noticed_once_it_was_evaluated() {
        let rule = |health: &str| {
            let rule = format!(r#"{{"name":"Watchdog","health":"{health}","alerts":[],"type":"alerting"}}"#);
            read(format!(r#"{{"data":{{"groups":[{{"rules":[{rule}]}}]}}}}"#).as_bytes()).expect("rules").watchdog
        };
        assert_eq!((rule("ok"), rule("unknown")), (Some(Watchdog::Quiet), None));
    }

    #[test]
    fn what_is_cut_off_is_no_answer() {
        for body in [&RECORDED[..RECORDED.len() / 2], b"<html>", b""] {
            assert!(matches!(read(body), Err(Failure::Malformed(_))));
        }
    }
}
