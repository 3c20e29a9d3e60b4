//! Alerts against what a real Prometheus 2.42 and a real Alertmanager 0.25 said (`record-alerts`).

use std::time::Duration;

use cockpit::domain::{AlertState, BackendKind, ClusterId, Freshness};
use cockpit::metrics::alert::feed::Pace;
use cockpit::metrics::{Alerts, Place, alert};
use cockpit::state::View;

use super::{Server, Watcher, recorded};

const RULES: &str = "/api/v1/rules";
const TOLD: &str = "/api/v2/alerts";
const SILENCES: &str = "/api/v2/silences";

async fn prometheus() -> Server {
    Server::start(&[(RULES, 200, &recorded("rules.json"))]).await
}

async fn alertmanager() -> Server {
    Server::start(&[(TOLD, 200, &recorded("alerts.json")), (SILENCES, 200, &recorded("silences.json"))]).await
}

fn watch(rules: &[&Server], managers: &[&Server]) -> Watcher {
    let places = |all: &[&Server]| {
        all.iter().map(|it| Place { address: it.address.clone(), ..Place::default() }).collect::<Vec<_>>()
    };
    let (cluster, kind) = (ClusterId::new("prod"), BackendKind::Kubernetes);
    let target = alert::Target { cluster, kind, rules: places(rules), managers: places(managers) };
    let pace = Pace { every: Duration::from_millis(20), within: Duration::from_millis(500) };
    Watcher::hearing(Alerts::paced(target, pace))
}

fn state(view: &View<'_>, title: &str) -> Option<AlertState> {
    view.alerts().find(|it| it.title == title).map(|it| it.state)
}

fn sight(view: &View<'_>) -> Option<Freshness> {
    view.source_freshness(&ClusterId::new("prod"), "alerts")
}

fn trouble(view: &View<'_>) -> String {
    super::trouble(view).unwrap_or_default()
}

#[tokio::test]
async fn both_together_tell_what_fires_what_is_quiet_and_by_whom() {
    let (rules, manager) = (prometheus().await, alertmanager().await);
    let mut watcher = watch(&[&rules], &[&manager]);
    watcher.until("the alerts", |view| view.alerts().count() == 7).await;
    let view = watcher.view();
    assert_eq!(state(&view, "QueueBacklog"), Some(AlertState::Silenced));
    let quiet = view.alerts().find(|it| it.title == "QueueBacklog").and_then(|it| it.silence.clone());
    assert_eq!(quiet.map(|it| it.by.to_string()).as_deref(), Some("anna"));
    assert_eq!(state(&view, "TooManyPods"), Some(AlertState::Inhibited));
    assert_eq!(state(&view, "Watchdog"), None, "it fires and arrives, as it should");
}

#[tokio::test]
async fn a_rule_that_cannot_be_evaluated_is_said_where_the_alerts_are() {
    let rules = prometheus().await;
    let mut watcher = watch(&[&rules], &[]);
    watcher.until("the alerts", |view| view.alerts().count() == 6 && !trouble(view).is_empty()).await;
    let said = trouble(&watcher.view());
    assert!(said.contains("1 of its rules cannot be evaluated, the first: Broken: invalid destination"), "{said}");
}

#[tokio::test]
async fn silences_are_asked_for_only_where_something_is_silent() {
    let manager = Server::start(&[(TOLD, 200, "[]"), (SILENCES, 200, "[]")]).await;
    let mut watcher = watch(&[], &[&manager]);
    watcher.until("a reading", |view| sight(view) == Some(Freshness::Live)).await;
    assert!(manager.asked(SILENCES).is_empty());
    assert!(watcher.view().alerts().next().is_none());
}

#[tokio::test]
async fn what_was_silenced_stays_so_while_alertmanager_does_not_answer() {
    let (rules, manager) = (prometheus().await, alertmanager().await);
    let mut watcher = watch(&[&rules], &[&manager]);
    watcher.until("the silence", |view| state(view, "QueueBacklog") == Some(AlertState::Silenced)).await;
    manager.answer(TOLD, 503, "no leader");
    watcher.until("that it is missing", |view| trouble(view).contains("no leader")).await;
    let view = watcher.view();
    // Its silence of the day of the recording is over, and nobody says what became of it.
    assert_eq!(state(&view, "TooManyPods"), Some(AlertState::Inhibited));
    assert_eq!(state(&view, "CheckoutErrors"), Some(AlertState::Firing));
}

#[tokio::test]
async fn nothing_is_taken_for_well_where_nobody_answers() {
    let rules = prometheus().await;
    let mut watcher = watch(&[&rules], &[]);
    watcher.until("the alerts", |view| view.alerts().count() == 6).await;
    for (status, body) in [(401, "who are you"), (200, "{\"status\":\"succ"), (200, "<html>")] {
        rules.answer(RULES, status, body);
        watcher.until("that it is lost", |view| sight(view) != Some(Freshness::Live)).await;
        assert_eq!(watcher.view().alerts().count(), 6, "what was known stays");
        rules.answer(
            RULES,
            200,
            &recorded("rules.json").replace("Broken", "Whole").replace("\"health\":\"err\"", "\"health\":\"ok\""),
        );
        watcher.until("it to be back", |view| sight(view) == Some(Freshness::Live)).await;
    }
}

#[tokio::test]
async fn a_server_without_rules_has_no_alerts_and_is_no_trouble() {
    let rules = Server::start(&[(RULES, 404, "404 page not found")]).await;
    let mut watcher = watch(&[&rules], &[]);
    watcher.until("a reading", |view| sight(view) == Some(Freshness::Live)).await;
    assert!(watcher.view().alerts().next().is_none());
}

#[tokio::test]
async fn an_alert_that_ended_is_gone() {
    let manager = alertmanager().await;
    let mut watcher = watch(&[], &[&manager]);
    watcher.until("it", |view| state(view, "BackupMissing").is_some()).await;
    manager.answer(TOLD, 200, "[]");
    watcher.until("its end", |view| state(view, "BackupMissing").is_none()).await;
    // The alert that always fired is missing now.
    assert_eq!(state(&watcher.view(), "Watchdog"), Some(AlertState::Firing));
}

#[tokio::test]
async fn an_alert_keeps_its_name_while_prometheus_does_not_answer() {
    let (rules, manager) = (prometheus().await, alertmanager().await);
    let mut watcher = watch(&[&rules], &[&manager]);
    watcher.until("the alerts", |view| view.alerts().count() == 7).await;
    let key = |view: &View<'_>| view.alerts().find(|it| it.title == "CheckoutErrors").map(|it| it.key.clone());
    let before = key(&watcher.view()).expect("it fires");
    rules.answer(RULES, 503, "starting");
    watcher.until("that it is missing", |view| trouble(view).contains("starting")).await;
    assert_eq!(key(&watcher.view()), Some(before), "who took it has it still");
    assert_eq!(state(&watcher.view(), "DiskFillsUp"), None, "whether that still waits nobody knows");
    // Alertmanager says when it ends.
    manager.answer(TOLD, 200, "[]");
    watcher.until("its end", |view| key(view).is_none()).await;
}
