//! Filters, and narrowing every pane to one namespace or cluster: nothing is hidden without being said.

use cockpit::app::{Effect, Event, What};
use cockpit::domain::{
    Alert, AlertState, Batch, ClusterId, Desired, DesiredState, Fact, Instance, Kind, Node, NodeState, Object, Phase,
    Ref, Severity, Source, Workload,
};
use cockpit::ui::{Every, Pane};

use crate::desk::{Desk, a_node, cluster, deployment, node, pod, ready_pod, shop};

/// The desk with a namespace `batch` beside the shop, labels, and pods in several states.
fn busy() -> Desk {
    let mut desk = Desk::new();
    let mut web = deployment("web", 2);
    web.labels = vec![("app".into(), "web".into()), ("tier".into(), "front".into())];
    let batch = |kind, name: &str| Ref::new(&cluster(), kind, Some("batch".into()), name);
    let mut nightly = Workload::new(batch(Kind::CronJob, "nightly"), "uid-nightly", Desired::Scheduled);
    nightly.labels = vec![("app".into(), "nightly".into())];
    let mut run = Instance::new(batch(Kind::Pod, "nightly-1"), "uid-n1", Some(nightly.key.clone()), Phase::Starting);
    (run.node, run.created) = (Some(node(2)), Some(desk.now));
    let mut old = ready_pod("web", 0);
    old.created = desk.now.checked_sub(jiff::SignedDuration::from_hours(30)).ok();
    let mut bad = ready_pod("web", 1);
    (bad.ready, bad.phase, bad.reason) = (false, Phase::Restarting, Some("CrashLoopBackOff".into()));
    bad.desired = DesiredState::Run;
    let objects = [Object::Workload(Box::new(web)), Object::Workload(Box::new(nightly))];
    let instances = [run, old, bad].map(|it| Object::Instance(Box::new(it)));
    desk.put(objects.into_iter().chain(instances).collect());
    // Until it is believed that one is missing.
    desk.wait(31_000);
    desk
}

/// Rows that a filter leaves in a list, by name.
fn left(desk: &mut Desk, list: &str, filter: &str) -> Vec<String> {
    desk.command(list);
    desk.tap("/");
    desk.write(filter);
    desk.press("enter");
    let mut rows = desk.rows();
    rows.sort();
    rows
}

#[test]
fn a_filter_asks_for_fields_labels_states_and_ages() {
    for (list, filter, rows) in [
        ("po", "-l app=web", "web-0 web-1"),
        ("po", "app=web", "web-0 web-1"),
        ("po", "-l 'tier in (front,back)'", "web-0 web-1"),
        ("po", "tier=front node:node-1 ready:no", "web-1"),
        ("po", "ns:batch", "nightly-1"),
        ("po", "-n batch", "nightly-1"),
        ("po", "node:node-2", "nightly-1"),
        ("po", "node:node-*  !ns:shop", "nightly-1"),
        ("po", "spec.nodeName=node-2", "nightly-1"),
        ("po", "state:pending", "nightly-1"),
        ("po", "status.phase=Pending", "nightly-1"),
        ("po", "state:crashloop", "web-1"),
        ("po", "age<2h", "nightly-1"),
        ("po", "age>1d", "web-0"),
        ("po", "web crash", "web-1"),
        ("po", "! ns:shop", "nightly-1"),
        ("po", "owner:nightly", "nightly-1"),
        ("deploy", "app!=web", "api cart worker"),
        ("deploy", "!web !api", "cart worker"),
        ("deploy", "image:worker", "worker"),
        ("deploy", "state:crashloop", "web"),
        ("workloads", "kind:cronjob", "nightly"),
        ("workloads", "node:node-2", "nightly"),
        ("no", "state:ready", "node-1 node-2 node-3"),
        ("no", "name:3", "node-3"),
        ("ctx", "cluster:staging", ""),
    ] {
        assert_eq!(left(&mut busy(), list, filter).join(" "), rows, "{list} /{filter}");
    }
}

#[test]
fn a_filter_that_is_not_understood_says_what_was_expected_and_still_filters() {
    let mut desk = busy();
    desk.command("po");
    desk.tap("/");
    desk.write("age<2x");
    assert!(desk.frame().contains("expected an age such as age<2h"), "{}", desk.frame());
    desk.tap("enter");
    assert!(desk.notice().contains("expected an age such as age<2h"), "{}", desk.notice());
    desk.wait(1_000);
    assert!(desk.rows().is_empty() && desk.frame().contains("The filter hides"), "{}", desk.frame());
}

#[test]
fn the_list_follows_each_key_of_the_filter() {
    let mut desk = busy();
    desk.command("workloads");
    desk.press("/");
    for (key, rows) in [
        ("w", "web worker"),
        ("o", "worker"),
        ("backspace", "web worker"),
        ("backspace", "web nightly api cart worker"),
        ("!", "web nightly api cart worker"),
        ("w", "nightly api cart"),
        ("e", "nightly api cart worker"),
    ] {
        desk.press(key);
        assert_eq!(desk.rows().join(" "), rows, "after {key}");
        assert!(desk.floats());
    }
}

#[test]
fn esc_in_the_field_restores_the_filter_and_the_row_from_before() {
    let mut desk = busy();
    desk.press("7 / w enter");
    assert_eq!(desk.rows(), ["web", "worker"]);
    desk.press("j / backspace c a");
    assert_eq!(desk.rows(), ["cart"]);
    for leave in ["esc", "ctrl-c"] {
        desk.press(leave);
        assert_eq!(desk.app.screen().home.filter.as_deref(), Some("w"));
        assert_eq!((desk.rows(), desk.selected().as_str()), (vec!["web".to_owned(), "worker".to_owned()], "worker"));
        desk.press("/ o r k");
        assert_eq!(desk.rows(), ["worker"]);
    }
    desk.press("enter esc");
    assert_eq!(desk.rows(), ["web", "worker"], "back is one step, however many keys it was");
    desk.press("esc");
    assert_eq!(desk.rows().len(), 5);
}

#[test]
fn what_is_not_understood_yet_leaves_the_list_as_it_is() {
    let mut desk = busy();
    desk.command("po");
    desk.press("/ n i g");
    assert_eq!(desk.rows(), ["nightly-1"]);
    desk.tap("space");
    desk.write("age<");
    assert_eq!(desk.rows(), Vec::<String>::new(), "`age` is a word until it is an age");
    desk.write("2h");
    assert_eq!(desk.rows(), ["nightly-1"]);
}

#[test]
fn what_is_pasted_into_the_filter_narrows_and_its_enter_is_text() {
    let mut desk = busy();
    desk.press("7 /");
    desk.update(What::Paste("work\r".to_owned()));
    assert_eq!(desk.rows(), ["worker"]);
    assert!(desk.floats(), "nothing in it was taken for enter");
}

#[test]
fn a_new_row_that_fits_shows_while_the_filter_is_typed() {
    let mut desk = Desk::new();
    desk.press("7 / w");
    desk.put(vec![Object::Workload(Box::new(deployment("wolf", 1)))]);
    desk.press("o");
    let mut rows = desk.rows();
    rows.sort();
    assert_eq!(rows, ["wolf", "worker"]);
}

#[test]
fn a_namespace_narrows_every_pane_the_header_says_so_and_0_shows_all() {
    let mut desk = busy();
    assert!(desk.app.screen().home.scope.is_none());
    desk.press("0");
    assert!(desk.notice().contains("shown already"), "{}", desk.notice());
    desk.command("ns");
    assert_eq!(desk.rows(), ["shop", "batch"], "the troubled one first");
    desk.press("j");
    assert!(desk.app.screen().footer.iter().any(|hint| hint.what == "only batch"), "{:?}", desk.app.screen().footer);
    desk.press("enter");
    assert_eq!((desk.pane(), desk.rows()), (Pane::Workloads, vec!["nightly".to_owned()]));
    let frame = desk.frame();
    assert!(frame.contains("namespace prod/batch; 0 for all") && frame.contains("hides 4"), "{frame}");
    desk.command("po");
    assert_eq!(desk.rows(), ["nightly-1"]);
    desk.press("esc esc");
    assert_eq!(desk.pane(), Pane::Every(Every::Namespaces), "back exactly to where it was chosen");
    assert_eq!((desk.rows().len(), desk.selected().as_str()), (2, "batch"));
    desk.press("] 0");
    assert_eq!((desk.pane(), desk.rows().len()), (Pane::Workloads, 5));
    assert!(!desk.frame().contains("for all"), "{}", desk.frame());
    desk.press("esc");
    assert_eq!(desk.rows(), ["nightly"], "and back again");
}

#[test]
fn triage_says_how_many_incidents_are_elsewhere_and_a_new_one_is_announced() {
    let mut desk = busy();
    desk.wait(60_000);
    let all = desk.app.core().diagnosis().incidents().iter().filter(|it| it.subject == shop("web")).count();
    assert_eq!(all, 1, "{:?}", desk.rows());
    desk.command("ns batch");
    assert_eq!(desk.pane(), Pane::Triage, "what was shown is narrowed");
    assert!(!desk.rows().contains(&"web".to_owned()), "{:?}", desk.rows());
    let hidden = desk.app.core().diagnosis().incidents().len() - desk.rows().len();
    assert!(hidden > 0);
    let frame = desk.frame();
    assert!(frame.contains(&format!("hides {hidden}")) || frame.contains(&format!("there are {hidden}")), "{frame}");
    desk.put(vec![a_node(3, NodeState::Down)]);
    assert!(desk.rows().contains(&"node-3".to_owned()), "a node is of its whole cluster: {:?}", desk.rows());
    for n in 0..2 {
        desk.gone(&pod("cart", n));
    }
    desk.wait(120_000);
    desk.press("n");
    assert!(desk.app.screen().home.scope.is_none() || desk.app.screen().announcement.is_none());
}

#[test]
fn a_name_in_several_clusters_means_all_of_them_and_an_unknown_one_is_said() {
    let mut desk = busy();
    let other = ClusterId::new("eu");
    let key = Ref::new(&other, Kind::Deployment, Some("shop".into()), "desk");
    let mut far = Node::new(Ref::new(&other, Kind::Node, None, "far-1"), "uid", NodeState::Ready);
    far.cordoned = true;
    let facts = vec![
        Fact::Put(Source::of("d"), Object::Workload(Box::new(Workload::new(key, "uid", Desired::Replicas(0))))),
        Fact::Put(Source::of("n"), Object::Node(Box::new(far))),
    ];
    let batch = Batch { cluster: other, at: desk.now, facts };
    desk.app.update(Event::at(desk.now, What::Facts(vec![batch])));
    desk.press("7");
    desk.command("ns SHOP");
    assert!(desk.rows().contains(&"desk".to_owned()) && desk.rows().contains(&"web".to_owned()), "{:?}", desk.rows());
    assert!(desk.frame().contains("namespace shop; 0 for all"), "{}", desk.frame());
    desk.command("ctx eu");
    assert_eq!(desk.rows(), ["desk"]);
    assert!(desk.frame().contains("cluster eu; 0 for all"), "{}", desk.frame());
    desk.press("6");
    assert_eq!(desk.rows(), ["far-1"], "nodes are of their cluster");
    desk.command("ns nowhere");
    assert_eq!(desk.pane(), Pane::Every(Every::Namespaces));
}

#[test]
fn keys_still_mean_the_row_when_the_list_is_narrowed() {
    let mut desk = busy();
    desk.command("ns batch");
    desk.command("po");
    let effects = desk.press("l");
    assert!(matches!(&effects[..], [Effect::OpenLogs(_, request)] if request.instance.name == "nightly-1"));
}

#[test]
fn an_alert_that_an_incident_elsewhere_drags_along_does_not_bring_it_into_a_namespace() {
    let mut desk = busy();
    let alert = Alert {
        key: Ref::new(&cluster(), Kind::Alert, None, "5c1f"),
        title: "WebDown".into(),
        summary: None,
        severity: Severity::Critical,
        state: AlertState::Firing,
        pages: true,
        about: Some(shop("web")),
        since: Some(desk.now),
        runbook: None,
        dashboard: None,
        silence: None,
    };
    desk.put(vec![Object::Alert(Box::new(alert))]);
    desk.wait(60_000);
    desk.press("1");
    desk.command("ns batch");
    assert!(!desk.rows().contains(&"web".to_owned()), "{:?}", desk.rows());
}
