//! Getting around, and back again exactly.

use cockpit::app::{Effect, Place};
use cockpit::domain::{Config, Kind, Object, Phase, Ref};
use cockpit::ui::{CaseRow, CaseTab, Every, Layer, Overlay, Pane};

use crate::desk::{Desk, cluster, pod, ready_pod};

#[test]
fn panes_are_one_key_away() {
    let mut desk = Desk::new();
    for (key, pane) in (1..=9).zip(Pane::ALL) {
        desk.press(&key.to_string());
        assert_eq!(desk.pane(), pane);
    }
    desk.press("tab");
    assert_eq!(desk.pane(), Pane::Triage, "tab goes round");
    desk.press("backtab");
    assert_eq!(desk.pane(), Pane::Journal);
}

#[test]
fn back_goes_exactly_to_where_one_was() {
    let mut desk = Desk::new();
    desk.press("7 j j enter tab tab j");
    assert_eq!(desk.layers(), ["case web"]);
    desk.press("enter");
    assert_eq!(desk.layers(), ["case web", "case web-1"]);
    desk.press("l");
    assert_eq!(desk.layers().len(), 3);
    desk.press("q backspace");
    assert_eq!(desk.layers(), ["case web"]);
    let Some(Layer::Case(case)) = desk.app.screen().layers.last() else { panic!("a case file") };
    assert_eq!((case.tab, case.pick()), (CaseTab::Instances, Some(&CaseRow::Instance(pod("web", 1)))));
    desk.press("esc");
    assert_eq!((desk.pane(), desk.selected().as_str(), desk.layers().len()), (Pane::Workloads, "web", 0));
    desk.press("esc");
    assert_eq!(desk.pane(), Pane::Triage);
}

#[test]
fn history_goes_to_and_fro() {
    let mut desk = Desk::new();
    desk.press("7 j enter 6 [");
    assert_eq!(desk.layers(), ["case cart"]);
    desk.press("[");
    assert_eq!((desk.pane(), desk.selected().as_str(), desk.layers().len()), (Pane::Workloads, "cart", 0));
    desk.press("] ]");
    assert_eq!(desk.pane(), Pane::Nodes);
    desk.press("]");
    assert!(desk.notice().contains("no place after"), "{}", desk.notice());
    desk.press("[ 3 ]");
    assert_eq!(desk.pane(), Pane::Kills, "going somewhere else forgets what came after");
}

#[test]
fn at_home_esc_says_where_one_is_and_quitting_is_said_twice() {
    let mut desk = Desk::new();
    assert!(!desk.press("esc").contains(&Effect::Quit));
    assert!(desk.notice().contains("q quits"), "{}", desk.notice());
    assert!(!desk.press("q").contains(&Effect::Quit));
    assert!(desk.notice().contains("again to quit"), "{}", desk.notice());
    assert!(desk.press("q").contains(&Effect::Quit));
    let mut desk = Desk::new();
    desk.press("q");
    desk.wait(3_000);
    assert!(!desk.press("q").contains(&Effect::Quit), "the first one is forgotten");
    assert!(desk.press("ctrl-c").contains(&Effect::Quit));
}

#[test]
fn ctrl_c_closes_what_floats_before_it_quits() {
    let mut desk = Desk::new();
    desk.press("? ctrl-c");
    assert!(!desk.floats());
    assert!(!desk.press("ctrl-c").contains(&Effect::Quit));
}

#[test]
fn the_filter_narrows_the_list_says_so_and_is_left_by_going_back() {
    let mut desk = Desk::new();
    desk.press("7 j j");
    desk.tap("/");
    desk.write("work");
    desk.press("enter");
    assert_eq!(desk.rows(), ["worker"]);
    assert!(desk.frame().contains("hides 3"), "{}", desk.frame());
    desk.press("esc");
    assert_eq!((desk.rows().len(), desk.selected().as_str()), (4, "web"));
    desk.tap("/");
    desk.write("!work");
    desk.press("enter");
    assert_eq!(desk.rows(), ["api", "cart", "web"]);
    desk.tap("/");
    assert!(matches!(&desk.app.screen().overlay, Some(Overlay::Filter(input)) if input.text == "!work"));
    desk.press("ctrl-u enter");
    assert_eq!(desk.rows().len(), 4);
}

#[test]
fn a_filter_stays_where_it_was_typed() {
    let mut desk = Desk::new();
    desk.press("7");
    desk.tap("/");
    desk.write("work");
    desk.press("enter 6");
    assert_eq!((desk.rows().len(), desk.app.screen().home.filter.as_deref()), (3, None));
    desk.press("esc");
    assert_eq!((desk.rows(), desk.app.screen().home.filter.as_deref()), (vec!["worker".to_owned()], Some("work")));
}

#[test]
fn an_abandoned_filter_changes_nothing() {
    let mut desk = Desk::new();
    desk.press("7");
    desk.tap("/");
    desk.write("work");
    desk.press("esc");
    assert_eq!((desk.rows().len(), desk.pane()), (4, Pane::Workloads));
}

#[test]
fn the_nouns_of_others_open_lists_of_every_such_object() {
    use Every::*;
    for (nouns, every) in [
        ("po pod pods", Pods),
        ("deploy dp", Deployments),
        ("sts", StatefulSets),
        ("ds", DaemonSets),
        ("rs", ReplicaSets),
        ("job", Jobs),
        ("cj", CronJobs),
        ("svc", Services),
        ("ing", Ingresses),
        ("ns projects stacks", Namespaces),
        ("ctx clusters", Clusters),
        ("cm", ConfigMaps),
        ("sec", Secrets),
        ("pvc volumes", Claims),
        ("hpa", Autoscalers),
        ("pdb", Budgets),
        ("ev", Events),
        ("containers ps", Containers),
        ("allocs", Allocations),
        ("tasks", Tasks),
    ] {
        for noun in nouns.split(' ') {
            let mut desk = Desk::new();
            desk.command(noun);
            assert_eq!((desk.pane(), desk.app.screen().home.filter.as_deref()), (Pane::Every(every), None), "{noun}");
            desk.press("esc");
            assert_eq!(desk.pane(), Pane::Triage, "{noun}");
        }
    }
    for (noun, pane) in [("no", Pane::Nodes), ("ro", Pane::Rollouts), ("al", Pane::Alerts), ("kills", Pane::Kills)] {
        let mut desk = Desk::new();
        desk.command(noun);
        assert_eq!(desk.pane(), pane, "{noun}");
    }
}

#[test]
fn every_list_has_a_noun() {
    for every in Every::ALL {
        let mut desk = Desk::new();
        desk.command(&every.title().to_lowercase().replace("task groups", "groups"));
        assert_eq!(desk.pane(), Pane::Every(every));
    }
}

#[test]
fn what_is_typed_after_a_noun_narrows_its_list() {
    let mut desk = Desk::new();
    desk.command("deploy work");
    assert_eq!((desk.pane(), desk.rows()), (Pane::Every(Every::Deployments), vec!["worker".to_owned()]));
}

#[test]
fn deployments_are_found_by_their_noun() {
    let mut desk = Desk::new();
    desk.command("deploy");
    assert_eq!(desk.rows(), ["api", "cart", "web", "worker"]);
    desk.command("sts");
    assert_eq!(desk.rows().len(), 0);
    assert!(desk.frame().contains("None is known: nothing that is watched"), "{}", desk.frame());
}

#[test]
fn pods_are_listed_those_that_do_not_serve_first_and_opened() {
    let mut desk = Desk::new();
    let mut bad = ready_pod("web", 1);
    (bad.ready, bad.phase) = (false, Phase::Restarting);
    desk.put(vec![Object::Instance(Box::new(bad))]);
    desk.command("po");
    assert_eq!(desk.rows()[..3], ["web-1", "api-0", "api-1"]);
    assert!(desk.frame().contains("Pods 8"), "{}", desk.frame());
    desk.press("enter");
    assert_eq!(desk.layers(), ["case web-1"]);
    desk.press("esc j l");
    assert_eq!(desk.layers(), ["logs api-0"]);
    desk.press("esc d");
    assert_eq!(desk.layers(), ["pod shop/api-0 (prod)"]);
    desk.press("esc y");
    assert_eq!(desk.layers(), ["pod shop/api-0 (prod), manifest"]);
    desk.press("esc tab");
    assert_eq!(desk.pane(), Pane::Triage, "tab goes on to the panes");
}

#[test]
fn what_has_no_case_file_is_described() {
    let mut desk = Desk::new();
    let key = Ref::new(&cluster(), Kind::ConfigMap, Some("shop".into()), "settings");
    let it = Config { key, created: None, changed: None, by: Some("helm".into()) };
    desk.put(vec![Object::Config(Box::new(it))]);
    desk.command("cm");
    assert!(desk.app.screen().footer.iter().any(|hint| hint.key == "enter" && hint.what == "describe"));
    let effects = desk.press("enter");
    assert!(matches!(&effects[..], [Effect::Describe(_, key, _)] if key.kind == Kind::ConfigMap), "{effects:?}");
    assert_eq!(desk.layers(), ["ConfigMap shop/settings (prod)"]);
    desk.press("esc");
    assert_eq!(desk.pane(), Pane::Every(Every::ConfigMaps));
}

#[test]
fn a_long_list_is_put_in_order_now_and_then_and_its_rows_are_as_they_are_now() {
    let mut desk = Desk::new();
    let many = (0..4_000).map(|n| Object::Instance(Box::new(ready_pod("web", n + 10)))).collect();
    desk.put(many);
    desk.command("po");
    assert_eq!(desk.rows().len(), 4_008);
    let mut bad = ready_pod("web", 1);
    (bad.ready, bad.phase) = (false, Phase::Restarting);
    desk.wait(20_000);
    desk.put(vec![Object::Instance(Box::new(ready_pod("api", 9)))]);
    desk.put(vec![Object::Instance(Box::new(bad))]);
    assert_ne!(desk.rows()[0], "web-1", "it was put in order a moment ago");
    assert!(desk.app.next_deadline().person.is_some());
    desk.wait(300);
    assert_eq!(desk.rows()[0], "web-1");
}

#[test]
fn the_palette_finds_objects_by_name() {
    let mut desk = Desk::new();
    desk.command("worker");
    assert_eq!(desk.layers(), ["case worker"]);
    desk.command("node-3");
    assert_eq!(desk.layers(), ["case worker", "case node-3"]);
    desk.press("esc esc");
    assert_eq!((desk.layers().len(), desk.pane()), (0, Pane::Triage));
}

#[test]
fn a_mistyped_command_is_offered_the_nearest() {
    let mut desk = Desk::new();
    desk.tap(":");
    desk.write("rollotus");
    let Some(Overlay::Palette { items, .. }) = &desk.app.screen().overlay else { panic!("the palette") };
    assert_eq!(items.iter().map(|item| item.label.as_str()).collect::<Vec<_>>(), ["rollouts"]);
    assert!(items[0].what.contains("nothing is called `rollotus`"), "{}", items[0].what);
    desk.press("enter");
    assert_eq!(desk.pane(), Pane::Rollouts);
}

#[test]
fn what_nothing_is_near_to_is_said() {
    let mut desk = Desk::new();
    desk.command("xyzzy");
    assert!(desk.notice().contains("nothing is called `xyzzy`"), "{}", desk.notice());
}

#[test]
fn choices_are_gone_through_and_completed() {
    let mut desk = Desk::new();
    desk.press("7 :");
    let selected = |desk: &Desk| match &desk.app.screen().overlay {
        Some(Overlay::Palette { selected, .. }) => *selected,
        _ => panic!("the palette"),
    };
    desk.press("down ctrl-n");
    assert_eq!(selected(&desk), 2);
    desk.press("up ctrl-p up");
    assert!(selected(&desk) > 2, "it goes round");
    desk.press("esc :");
    desk.write("resta");
    desk.press("tab");
    assert!(matches!(&desk.app.screen().overlay, Some(Overlay::Palette { input, .. }) if input.text == "restart"));
}

#[test]
fn an_unknown_key_says_so() {
    let mut desk = Desk::new();
    desk.press("Z");
    assert!(desk.notice().contains("Z does nothing here; ? shows what does"), "{}", desk.notice());
    assert_eq!(desk.app.place(), Place::Home);
}

#[test]
fn a_notice_goes_with_the_next_key_or_with_its_time() {
    let mut desk = Desk::new();
    desk.tap("Z");
    desk.wait(4_999);
    assert!(!desk.notice().is_empty());
    desk.wait(1);
    assert!(desk.notice().is_empty());
    desk.tap("Z");
    desk.tap("j");
    assert!(desk.notice().is_empty());
}

#[test]
fn up_goes_from_an_instance_to_its_workload_and_from_a_node_to_its_cluster() {
    let mut desk = Desk::new();
    desk.command("po");
    desk.press("j j j J");
    assert_eq!(desk.layers(), ["case cart"]);
    desk.press("J");
    assert!(desk.notice().contains("owned by nothing that is held"), "{}", desk.notice());
    desk.press("esc");
    assert_eq!((desk.pane(), desk.selected().as_str(), desk.layers().len()), (Pane::Every(Every::Pods), "cart-1", 0));
    desk.press("enter J");
    assert_eq!(desk.layers(), ["case cart-1", "case cart"]);
    desk.press("esc");
    assert_eq!(desk.layers(), ["case cart-1"], "back exactly");
    desk.command("node-1");
    desk.press("tab tab j J");
    assert_eq!(desk.layers().last().map(String::as_str), Some("case api"), "of the pod that is selected on the node");
    desk.press("esc tab J");
    assert_eq!(desk.layers().last().map(String::as_str), Some("case prod"));
    desk.press("J");
    assert!(desk.notice().contains("nothing is above it"), "{}", desk.notice());
}

#[test]
fn up_from_the_page_of_instances_does_not_open_the_same_case_file_again() {
    let mut desk = Desk::new();
    desk.command("web");
    desk.press("tab tab J");
    assert_eq!(desk.layers(), ["case web"]);
}
