//! An alert as a server tells it.

use std::collections::BTreeMap;

use crate::domain::{AlertState, Severity, Silence, Text, Timestamp};

/// Names and values, in their order.
pub type Labels = BTreeMap<Text, Text>;

/// An alert, before it is known what it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Raised {
    /// What it is.
    pub labels: Labels,
    /// What its author says of it.
    pub annotations: Labels,
    /// How it stands.
    pub state: AlertState,
    /// Since when; of one that is pending, since when its condition holds.
    pub since: Option<Timestamp>,
    /// Who is told of it (Alertmanager's receivers); none where that is not known.
    pub receivers: Option<Vec<Text>>,
    /// What keeps it quiet, where somebody silenced it.
    pub silence: Option<Silence>,
}

/// Labels that only say which of several servers told it (prometheus-operator and Thanos add these, and they are dropped from what is
/// compared).
const REPLICAS: [&str; 3] = ["prometheus", "prometheus_replica", "replica"];
/// Receivers that tell nobody.
const NOBODY: [&str; 5] = ["null", "none", "blackhole", "devnull", "noop"];
/// What an author calls what somebody has to get up for.
const PAGING: [&str; 6] = ["critical", "page", "pager", "paging", "emergency", "disaster"];

impl Raised {
    /// A label.
    pub fn label(&self, name: &str) -> Option<&Text> {
        self.labels.get(name).filter(|value| !value.is_empty())
    }

    /// The name of its rule.
    pub fn title(&self) -> Text {
        self.label("alertname").cloned().unwrap_or_else(|| Text::new("an alert without a name"))
    }

    /// What tells it from others.
    pub fn identity(&self) -> impl Iterator<Item = (&Text, &Text)> {
        self.labels.iter().filter(|(name, _)| !REPLICAS.contains(&name.as_str()))
    }

    /// The same for good: sixteen digits, FNV-1a of what tells it from others (prometheus/common: model/signature.go).
    pub fn fingerprint(&self) -> String {
        let parts = self.identity().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        let hash = parts.fold(0xcbf2_9ce4_8422_2325_u64, |hash, part| {
            let bytes = part.bytes().chain([0xff]);
            bytes.fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
        });
        format!("{hash:016x}")
    }

    /// Whether it tells nothing of the cluster: one fires always, so that it is noticed where alerts are lost, the other holds back what
    /// only informs (kubernetes-mixin, alerts/).
    pub fn is_machinery(&self) -> bool {
        is_watchdog(&self.title()) || self.title() == "InfoInhibitor"
    }

    fn level(&self) -> String {
        let said = ["severity", "level", "priority"].iter().find_map(|name| self.label(name));
        said.map(|word| word.to_ascii_lowercase()).unwrap_or_default()
    }

    /// How bad its author thinks it is.
    pub fn severity(&self) -> Severity {
        match self.level().as_str() {
            level if PAGING.contains(&level) => Severity::Critical,
            "p1" | "sev1" | "fatal" => Severity::Critical,
            "info" | "information" | "informational" | "none" | "debug" | "notice" | "p4" | "p5" => Severity::Advice,
            _ => Severity::Warning,
        }
    }

    /// Whether somebody is got up by it: it is that bad, it is told, and not to nobody.
    pub fn pages(&self) -> bool {
        let heard = |all: &Vec<Text>| all.iter().any(|it| !NOBODY.contains(&it.to_ascii_lowercase().as_str()));
        self.state == AlertState::Firing
            && self.severity() == Severity::Critical
            && self.receivers.as_ref().is_none_or(heard)
    }

    /// What its author says of it, in the first of these annotations that there is.
    pub fn says(&self, names: &[&str]) -> Option<Text> {
        names.iter().find_map(|name| self.annotations.get(*name)).filter(|text| !text.is_empty()).cloned()
    }
}

/// Whether it is the alert that always fires.
pub fn is_watchdog(name: &str) -> bool {
    matches!(name, "Watchdog" | "DeadMansSwitch" | "DeadMansSnitch")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn raised(labels: &[(&str, &str)]) -> Raised {
        let labels = labels.iter().map(|(name, value)| (Text::new(name), Text::new(value))).collect();
        let (annotations, state) = (Labels::new(), AlertState::Firing);
        Raised { labels, annotations, state, since: None, receivers: None, silence: None }
    }

    #[test]
    fn it_is_the_same_alert_whichever_replica_tells_it() {
        let plain = raised(&[("alertname", "Down"), ("pod", "web-1")]);
        let replica = raised(&[("alertname", "Down"), ("pod", "web-1"), ("prometheus_replica", "a")]);
        assert_eq!(plain.fingerprint(), replica.fingerprint());
        // As Alertmanager says it in tests/wire/metrics/alerts.json.
        let watchdog = raised(&[("alertname", "Watchdog"), ("cluster", "shop-eu"), ("severity", "none")]);
        assert_eq!(watchdog.fingerprint(), "c27ccb48fedae803");
        // A value is no longer name.
        assert_ne!(raised(&[("a", "bc")]).fingerprint(), raised(&[("ab", "c")]).fingerprint());
    }

    #[test]
    fn who_is_paged_is_told_by_severity_and_by_who_is_told() {
        let of = |severity: &str| raised(&[("alertname", "Down"), ("severity", severity)]);
        assert!(of("critical").pages() && of("Page").pages());
        assert!(!of("warning").pages() && !of("p1").silenced().pages());
        assert_eq!(
            [of("p1"), of("error"), of("info")].map(|it| it.severity()),
            [Severity::Critical, Severity::Warning, Severity::Advice]
        );
        assert_eq!(raised(&[("alertname", "Down")]).severity(), Severity::Warning, "nobody says");
        let told = |to: &[&str]| Raised { receivers: Some(to.iter().map(|it| Text::new(it)).collect()), ..of("page") };
        assert!(told(&["null", "team"]).pages() && !told(&["null"]).pages());
    }

    impl Raised {
        fn silenced(self) -> Self {
            Self { state: AlertState::Silenced, ..self }
        }
    }
}
