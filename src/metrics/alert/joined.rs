//! What Prometheus raises and what Alertmanager does with it, as the alerts of a cluster.

use std::collections::BTreeMap;

use super::about::about;
use super::raised::{Labels, Raised, is_watchdog};
use super::rules::{Rules, Watchdog};
use crate::domain::{Alert, AlertState, BackendKind, ClusterId, Kind, Name, Ref, Severity, Text, Timestamp};

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// Of each Prometheus that answered.
    pub rules: Vec<Rules>,
    /// Of Alertmanager, all that answered together; none where none is known of, or none ever answered.
    pub told: Option<Vec<Raised>>,
    /// Alertmanager's word is of now.
    pub is_fresh: bool,
    /// The alert that always fires was told by Alertmanager once.
    pub had_watchdog: bool,
}

/// Prometheus tells of a new alert at once, and of what fires all along again after this time (prometheus: cmd/prometheus/main.go,
/// `rules.alert.resend-delay`, 1 m), so an Alertmanager that was just started knows of it by then.
const RESENT_SECONDS: i64 = 300;

/// The alerts of a cluster, each with what tells it from others: those that only keep alerting going are left out. What no server tells
/// has no labels.
pub fn alerts(said: &Said, kind: BackendKind, cluster: &ClusterId, now: Timestamp) -> Vec<(Alert, Labels)> {
    let joined = join(said).into_iter().filter(|it| !it.is_machinery());
    let mut by_key: BTreeMap<Ref, (Alert, Labels)> = BTreeMap::new();
    for raised in joined {
        let alert = alert(&raised, kind, cluster);
        let labels = || raised.identity().map(|(name, value)| (name.clone(), value.clone())).collect();
        // Two of one name and the same labels are one: the louder counts.
        let (known, _) = by_key.entry(alert.key.clone()).or_insert_with(|| (alert.clone(), labels()));
        if loudness(&alert) < loudness(known) {
            *known = alert;
        }
    }
    let watchdog = missing_watchdog(said, cluster, now).map(|it| (it, Labels::new()));
    by_key.into_values().chain(watchdog).collect()
}

fn loudness(alert: &Alert) -> u8 {
    match alert.state {
        AlertState::Firing => 0,
        AlertState::Silenced | AlertState::Inhibited => 1,
        AlertState::Pending => 2,
    }
}

/// Each alert once: as Prometheus raised it, with what Alertmanager does with it, and those that only Alertmanager knows.
fn join(said: &Said) -> Vec<Raised> {
    let Some(told) = &said.told else { return said.rules.iter().flat_map(|it| it.raised.clone()).collect() };
    let mut by_title: BTreeMap<Text, Vec<(&Raised, bool)>> = BTreeMap::new();
    for it in told {
        by_title.entry(it.title()).or_default().push((it, false));
    }
    let mut all = Vec::new();
    for raised in said.rules.iter().flat_map(|it| &it.raised) {
        let same = by_title.get_mut(&raised.title()).into_iter().flatten();
        let same = same.filter(|(told, _)| is_part_of(raised, told));
        let mut joined = raised.clone();
        for (told, known) in same.filter(|_| raised.state == AlertState::Firing) {
            *known = true;
            (joined.state, joined.silence) = (told.state, told.silence.clone());
            joined.receivers = told.receivers.clone();
        }
        // What fires and has not arrived has told nobody yet.
        if said.is_fresh && joined.state == AlertState::Firing && joined.receivers.is_none() {
            joined.receivers = Some(Vec::new());
        }
        all.push(joined);
    }
    // Of an Alertmanager that does not answer, only what it kept quiet is believed.
    let alone = by_title.into_values().flatten().filter(|(_, known)| !known && said.is_fresh);
    all.extend(alone.map(|(told, _)| told.clone()));
    all
}

/// Whether it is the same alert: on its way to Alertmanager it only gains labels (those of its Prometheus).
pub(super) fn is_part_of(raised: &Raised, told: &Raised) -> bool {
    raised.identity().all(|(name, value)| told.labels.get(name) == Some(value))
}

fn alert(raised: &Raised, kind: BackendKind, cluster: &ClusterId) -> Alert {
    let title = raised.title();
    let name = format!("{title}-{}", raised.fingerprint());
    Alert {
        key: Ref::new(cluster, Kind::Alert, None, Name::from(name)),
        summary: raised.says(&["summary", "description", "message", "title"]),
        severity: raised.severity(),
        state: raised.state,
        pages: raised.pages(),
        about: about(raised, kind, cluster),
        since: raised.since,
        runbook: raised.says(&["runbook_url", "runbook"]),
        dashboard: raised.says(&["dashboard_url", "dashboard", "grafana_url"]),
        silence: raised.silence.clone(),
        title,
    }
}

/// Where the alert that always fires does not, or does not arrive, no other does either.
fn missing_watchdog(said: &Said, cluster: &ClusterId, now: Timestamp) -> Option<Alert> {
    let arrives = said.told.as_ref().map(|told| told.iter().any(|it| is_watchdog(&it.title())));
    let arrives = arrives.filter(|_| said.is_fresh);
    let fires = said.rules.iter().filter_map(|it| it.watchdog);
    let since = fires.clone().find_map(|it| match it {
        Watchdog::Fires(since) => Some(since.unwrap_or(now)),
        Watchdog::Quiet => None,
    });
    let fires_long = since.is_some_and(|at| now.duration_since(at).as_secs() >= RESENT_SECONDS);
    let summary = match (since, arrives) {
        (_, Some(true)) => return None,
        (None, _) if fires.count() > 0 => {
            "the alert that always fires does not: Prometheus does not evaluate its rules"
        }
        (Some(_), Some(false)) if fires_long || said.had_watchdog => {
            "the alert that always fires does not arrive at Alertmanager: nobody is told of any alert"
        }
        (None, Some(false)) if said.had_watchdog => {
            "the alert that always fires has ended at Alertmanager: Prometheus does not evaluate, or does not reach it"
        }
        _ => return None,
    };
    Some(Alert {
        key: Ref::new(cluster, Kind::Alert, None, Name::new("watchdog-missing")),
        title: Name::new("Watchdog"),
        summary: Some(Text::new(summary)),
        severity: Severity::Critical,
        state: AlertState::Firing,
        pages: false,
        about: None,
        since: None,
        runbook: None,
        dashboard: None,
        silence: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{manager, rules};
    use super::*;

    fn now() -> Timestamp {
        "2026-12-01T03:05:00Z".parse().expect("a time")
    }

    fn said() -> Said {
        let (rules, told) = (vec![rules::tests::recorded()], Some(manager::tests::recorded()));
        Said { rules, told, is_fresh: true, had_watchdog: false }
    }

    fn alerts(said: &Said) -> Vec<Alert> {
        let all = super::alerts(said, BackendKind::Kubernetes, &ClusterId::new("eu"), now());
        all.into_iter().map(|(alert, _)| alert).collect()
    }

    fn lines(said: &Said) -> Vec<String> {
        let line = |it: Alert| {
            let about = it.about.map(|about| format!(" {}", about.local())).unwrap_or_default();
            format!("{} {:?}{}{about}", it.title, it.state, if it.pages { " paged" } else { "" })
        };
        let mut lines: Vec<String> = alerts(said).into_iter().map(line).collect();
        lines.sort();
        lines
    }

    #[test]
    fn each_alert_is_there_once_with_what_alertmanager_does_with_it() {
        assert_eq!(
            lines(&said()),
            [
                "BackupMissing Firing paged ops/backup",
                "CheckoutErrors Firing paged shop/checkout",
                "DiskFillsUp Pending db-1",
                "KubePodCrashLooping Firing shop/worker-7c9f-abcde",
                "NodeNotReady Firing paged node-7",
                "QueueBacklog Silenced orders",
                "TooManyPods Inhibited node-7",
            ]
        );
    }

    #[test]
    fn without_an_alertmanager_what_fires_is_taken_to_page() {
        let alone = Said { told: None, ..said() };
        assert!(lines(&alone).contains(&"QueueBacklog Firing paged orders".to_owned()), "{:?}", lines(&alone));
        assert_eq!(lines(&alone).len(), 6, "what somebody else told Alertmanager is not known");
    }

    #[test]
    fn what_an_alertmanager_kept_quiet_stays_quiet_while_it_does_not_answer() {
        let lost = Said { is_fresh: false, ..said() };
        assert!(lines(&lost).contains(&"QueueBacklog Silenced orders".to_owned()), "{:?}", lines(&lost));
        assert!(!lines(&lost).iter().any(|it| it.starts_with("BackupMissing")), "whether it still fires is not known");
    }

    #[test]
    fn what_has_not_arrived_has_paged_nobody() {
        let mut early = said();
        early.told.as_mut().expect("it is there").retain(|it| it.title() != "CheckoutErrors");
        assert!(lines(&early).contains(&"CheckoutErrors Firing shop/checkout".to_owned()), "{:?}", lines(&early));
    }

    #[test]
    fn its_key_is_the_same_whoever_tells_it_alone() {
        let key = |said: &Said, title: &str| {
            let all = alerts(said);
            all.iter().find(|it| it.title == title).map(|it| it.key.clone()).expect("it is there")
        };
        let alone = Said { told: None, ..said() };
        assert_eq!(key(&said(), "CheckoutErrors"), key(&alone, "CheckoutErrors"));
        let checkout = alerts(&said()).into_iter().find(|it| it.title == "CheckoutErrors").expect("it is there");
        assert_eq!(checkout.summary.as_deref(), Some("7 % of requests fail"));
    }

    fn watchdog(said: &Said) -> Option<String> {
        let mut all = alerts(said).into_iter().filter(|it| it.title == "Watchdog");
        all.next().and_then(|it| it.summary.map(|text| text.to_string()))
    }

    #[test]
    fn a_watchdog_that_is_missing_is_an_alert_of_its_own() {
        assert_eq!(watchdog(&said()), None);
        let mut lost = said();
        lost.told.as_mut().expect("it is there").retain(|it| it.title() != "Watchdog");
        assert!(watchdog(&lost).is_some_and(|text| text.contains("does not arrive at Alertmanager")));
        let mut young = lost.clone();
        young.rules[0].watchdog = Some(Watchdog::Fires(Some(now())));
        assert_eq!(watchdog(&young), None, "it may be on its way");
        let mut quiet = said();
        (quiet.rules[0].watchdog, quiet.told) = (Some(Watchdog::Quiet), None);
        assert!(watchdog(&quiet).is_some_and(|text| text.contains("does not evaluate")));
        let none = Said { rules: Vec::new(), told: Some(Vec::new()), is_fresh: true, had_watchdog: false };
        assert_eq!(watchdog(&none), None, "nobody says that there is one");
        assert!(watchdog(&Said { had_watchdog: true, ..none }).is_some_and(|text| text.contains("has ended")));
    }
}
