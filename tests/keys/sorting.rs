//! Orders: any list by any of its columns, and back.

use cockpit::domain::{ContainerState, Object};
use cockpit::ui::Overlay;

use crate::desk::{Desk, deployment, ready_pod};

fn age(desk: &Desk, hours: i64) -> Option<cockpit::domain::Timestamp> {
    desk.now.checked_sub(jiff::SignedDuration::from_hours(hours)).ok()
}

/// The desk with pods of several ages, restarts and states.
fn pods() -> Desk {
    let mut desk = Desk::new();
    let mut objects = Vec::new();
    for (name, n, hours, restarts) in [("api", 0, 30, 0), ("api", 1, 2, 12), ("web", 9, 5, 3), ("web", 10, 700, 1)] {
        let mut pod = ready_pod(name, n);
        pod.created = age(&desk, hours);
        pod.containers =
            vec![cockpit::domain::Container::new("main", "main:1", ContainerState::Running { since: None })];
        pod.containers[0].restarts = restarts;
        objects.push(Object::Instance(Box::new(pod)));
    }
    desk.put(objects);
    for (name, n) in [("web", 0), ("web", 1), ("cart", 0), ("cart", 1), ("worker", 0), ("worker", 1)] {
        desk.gone(&crate::desk::pod(name, n));
    }
    desk.wait(20_000);
    desk.command("po");
    desk
}

#[test]
fn a_column_orders_by_what_its_cells_mean_not_by_their_words() {
    let mut desk = pods();
    for (typed, rows) in [
        ("age", "api-1 web-9 api-0 web-10"),
        ("-age", "web-10 api-0 web-9 api-1"),
        ("restarts", "api-0 web-10 web-9 api-1"),
        ("-restarts", "api-1 web-9 web-10 api-0"),
        ("name", "api-0 api-1 web-9 web-10"),
        ("- name", "web-10 web-9 api-1 api-0"),
    ] {
        desk.command(&format!("sort {typed}"));
        assert_eq!(desk.rows().join(" "), rows, "{typed}");
    }
}

#[test]
fn what_is_unknown_is_last_whichever_way_round() {
    let mut desk = pods();
    let mut ageless = ready_pod("cart", 7);
    (ageless.created, ageless.since) = (None, None);
    desk.put(vec![Object::Instance(Box::new(ageless))]);
    for typed in ["age", "-age"] {
        desk.command(&format!("sort {typed}"));
        assert_eq!(desk.rows().last().map(String::as_str), Some("cart-7"), "{typed}");
    }
}

#[test]
fn the_heading_says_which_column_and_which_way() {
    let mut desk = pods();
    assert!(!desk.frame().contains('↑'), "{}", desk.frame());
    desk.command("sort restarts");
    assert!(desk.frame().contains("restarts↑"), "{}", desk.frame());
    desk.command("sort -restarts");
    assert!(desk.frame().contains("restarts↓"), "{}", desk.frame());
}

#[test]
fn the_menu_lists_the_columns_and_the_one_it_is_in_turns_round() {
    let mut desk = pods();
    desk.press("o");
    let Some(Overlay::Palette { items, .. }) = &desk.app.screen().overlay else { panic!("no menu") };
    let labels: Vec<&str> = items.iter().map(|item| &*item.label).collect();
    assert!(labels.contains(&"age") && labels.ends_with(&["default"]), "{labels:?}");
    desk.press("a g e enter");
    assert_eq!(desk.rows()[0], "api-1");
    desk.press("o a g e enter");
    assert_eq!(desk.rows()[0], "web-10");
    desk.command("sort");
    assert!(desk.floats(), "without a column it is the menu");
    desk.press("esc");
    desk.command("sort default");
    assert_eq!(desk.rows(), ["api-0", "api-1", "web-10", "web-9"]);
}

#[test]
fn a_column_that_is_not_there_is_said_with_the_nearest() {
    let mut desk = pods();
    desk.command("sort restart");
    assert!(
        desk.notice().contains("no column here is called `restart`; did you mean `restarts`?"),
        "{}",
        desk.notice()
    );
}

#[test]
fn the_selection_follows_its_object_into_the_new_order() {
    let mut desk = pods();
    desk.press("j");
    let selected = desk.selected();
    desk.command("sort -age");
    assert_eq!(desk.selected(), selected);
}

#[test]
fn the_order_holds_still_after_a_cursor_key_and_each_list_has_its_own() {
    let mut desk = Desk::new();
    desk.press("7");
    desk.command("sort -name");
    assert_eq!(desk.rows(), ["worker", "web", "cart", "api"]);
    desk.press("j");
    desk.put(vec![Object::Workload(Box::new(deployment("zebra", 1)))]);
    assert_eq!(desk.rows(), ["worker", "web", "cart", "api", "zebra"]);
    desk.wait(11_000);
    assert_eq!(desk.rows(), ["zebra", "worker", "web", "cart", "api"]);
    desk.press("6");
    assert_eq!(desk.rows(), ["node-1", "node-2", "node-3"]);
    desk.command("sort -node");
    assert_eq!(desk.rows(), ["node-3", "node-2", "node-1"]);
    desk.press("7");
    assert_eq!(desk.rows()[0], "zebra");
}
