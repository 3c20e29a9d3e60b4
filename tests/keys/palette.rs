//! The palette: what it finds, what goes first, and what was done in it before.

use cockpit::app::{Opening, What};
use cockpit::domain::{
    Alert, AlertState, BackendKind, Batch, ClusterId, ClusterInfo, Fact, Kind, Object, Ref, Severity, Source,
};
use cockpit::ui::{Overlay, Pane};

use crate::desk::{Desk, cluster, shop};

/// Labels of what is listed.
fn listed(desk: &Desk) -> Vec<String> {
    match &desk.app.screen().overlay {
        Some(Overlay::Palette { items, .. }) => items.iter().map(|item| item.label.to_string()).collect(),
        other => panic!("the palette, not {other:?}"),
    }
}

fn typed(desk: &Desk) -> String {
    match &desk.app.screen().overlay {
        Some(Overlay::Palette { input, .. }) => input.text.clone(),
        other => panic!("the palette, not {other:?}"),
    }
}

fn finding(word: &str) -> Vec<String> {
    let mut desk = Desk::new();
    desk.tap(":");
    desk.write(word);
    listed(&desk)
}

#[test]
fn letters_in_their_order_find_commands_and_objects() {
    assert_eq!(finding("wrkld")[0], "workloads");
    assert_eq!(finding("shpwrk")[0], "prod/shop/worker");
    assert_eq!(finding("nd3")[0], "prod/node-3");
}

#[test]
fn whole_names_and_beginnings_go_before_letters() {
    assert_eq!(finding("po")[0], "po pod pods");
    assert_eq!(finding("web")[0], "prod/shop/web", "and not one of its pods");
    let found = finding("re");
    let place = |name: &str| found.iter().position(|it| it == name).unwrap_or(usize::MAX);
    assert!(place("retry") < place("why-here") && place("why-here") < usize::MAX, "{found:?}");
    assert!(!finding("w").iter().any(|label| label.contains('/')), "one letter finds no objects");
    assert!(!finding("re").iter().any(|label| label.contains('/')), "two letters stand together");
}

#[test]
fn an_instance_opens_its_case_file() {
    let mut desk = Desk::new();
    desk.tap(":");
    desk.write("web-1");
    let Some(Overlay::Palette { items, .. }) = &desk.app.screen().overlay else { panic!("the palette") };
    assert_eq!((items[0].label.as_str(), items[0].what.as_str()), ("prod/shop/web-1", "pod of shop/web"));
    desk.press("enter");
    assert_eq!(desk.layers(), ["case web-1"]);
}

fn backlog() -> Object {
    Object::Alert(Box::new(Alert {
        key: Ref::new(&cluster(), Kind::Alert, None, "f00d"),
        title: "QueueBacklog".into(),
        summary: None,
        severity: Severity::Warning,
        state: AlertState::Firing,
        pages: false,
        about: Some(shop("worker")),
        since: None,
        runbook: None,
        dashboard: None,
        silence: None,
    }))
}

/// `cockpit --alert NAME`, before anything is known.
fn woken_by(name: &str) -> Desk {
    let mut desk = Desk::new();
    desk.app.open_at_first(Opening::Alert(name.into()));
    desk
}

#[test]
fn the_alert_of_the_page_is_open_when_it_is_known() {
    let mut desk = woken_by("queuebacklog");
    desk.put(vec![backlog()]);
    desk.wait(100);
    assert_eq!((desk.pane(), desk.layers().len()), (Pane::Alerts, 1), "{}", desk.notice());
}

#[test]
fn an_alert_that_is_over_is_said_to_be() {
    let mut desk = woken_by("DiskFull");
    desk.put(vec![backlog()]);
    desk.wait(100);
    assert_eq!((desk.pane(), desk.layers().len()), (Pane::Triage, 0));
    assert!(desk.notice().contains("no alert DiskFull is known now"), "{}", desk.notice());
}

#[test]
fn an_alert_is_found_by_its_title_and_opened_among_the_alerts() {
    let mut desk = Desk::new();
    desk.put(vec![backlog()]);
    desk.tap(":");
    desk.write("quback");
    assert_eq!(listed(&desk)[0], "prod/QueueBacklog");
    desk.press("enter");
    assert_eq!((desk.pane(), desk.layers().len()), (Pane::Alerts, 1));
    desk.press("esc");
    assert_eq!((desk.pane(), desk.layers().len(), desk.rows().len()), (Pane::Alerts, 0, 1));
}

fn tell_of(desk: &mut Desk, name: &str) {
    let cluster = ClusterId::new(name);
    let info = ClusterInfo::new(&cluster, BackendKind::Kubernetes, name);
    let facts = vec![Fact::Put(Source::of("version"), Object::Cluster(Box::new(info)))];
    desk.update(What::Facts(vec![Batch { cluster, at: desk.now, facts }]));
    desk.update(What::Turn);
}

#[test]
fn a_cluster_narrows_every_pane_to_it() {
    let mut desk = Desk::new();
    tell_of(&mut desk, "prod");
    tell_of(&mut desk, "staging");
    desk.tap(":");
    desk.write("stag");
    assert_eq!(listed(&desk)[0], "staging");
    desk.press("enter");
    let scope = desk.app.screen().home.scope.as_ref().expect("narrowed");
    assert_eq!(scope.cluster, Some(ClusterId::new("staging")));
}

#[test]
fn what_was_done_is_gone_back_to_and_done_again() {
    let mut desk = Desk::new();
    desk.command("nodes");
    desk.command("deploy work");
    desk.command("shop/cart");
    desk.press(": w alt-up");
    assert_eq!(typed(&desk), "prod/shop/cart", "what was chosen, not the letters that led there");
    desk.press("alt-up");
    assert_eq!(typed(&desk), "dp work");
    desk.press("alt-up alt-up alt-up");
    assert_eq!(typed(&desk), "nodes", "there is nothing before it");
    desk.press("alt-down alt-down alt-down");
    assert_eq!(typed(&desk), "w", "what was being typed comes back");
    desk.press("alt-up enter");
    assert_eq!(desk.layers().last().map(String::as_str), Some("case cart"));
    desk.press("esc esc 1 m alt-up");
    assert_eq!(typed(&desk), "", "a menu has no past");
}

#[test]
fn an_alert_that_only_informs_is_listed_and_not_counted() {
    let mut desk = Desk::new();
    let Object::Alert(loud) = backlog() else { unreachable!("it is an alert") };
    let quiet = Alert {
        key: Ref::new(&cluster(), Kind::Alert, None, "beef"),
        title: "TooManyPods".into(),
        severity: Severity::Advice,
        about: None,
        ..(*loud).clone()
    };
    desk.put(vec![Object::Alert(loud), Object::Alert(Box::new(quiet))]);
    desk.press("8");
    assert_eq!(desk.rows().len(), 2, "{:?}", desk.rows());
    assert!(desk.frame().contains("8 Alerts 1") || desk.frame().contains("8Ale 1"), "{}", desk.frame());
}
