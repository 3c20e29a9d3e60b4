//! Selection and order: the promise never to hit the wrong thing.

use cockpit::app::{Effect, What};
use cockpit::domain::{NodeState, Object, Phase};
use cockpit::ui::{Pane, RowKey};

use crate::desk::{Desk, a_node, deployment, node, ready_pod, shop};

#[test]
fn what_is_not_ready_and_not_yet_wrong_is_said_where_triage_is_empty() {
    let mut desk = Desk::new();
    desk.press("1");
    assert!(desk.frame().contains("✔ Nothing found in prod: 4 workloads, 8 instances."), "{}", desk.frame());
    let mut begins = ready_pod("web", 1);
    (begins.ready, begins.phase, begins.created) = (false, Phase::Starting, Some(desk.now));
    desk.put(vec![Object::Instance(Box::new(begins))]);
    let frame = desk.frame();
    assert!(frame.contains("· Nothing found in prod") && frame.contains("1 workload is not ready"), "{frame}");
}

#[test]
fn before_the_first_cursor_key_the_top_row_is_selected_whatever_it_is() {
    let mut desk = Desk::new();
    desk.press("7");
    assert_eq!((desk.selected().as_str(), desk.rows()[0].as_str()), ("api", "api"));
    desk.put(vec![Object::Workload(Box::new(deployment("aardvark", 1)))]);
    assert_eq!(desk.selected(), "aardvark");
}

#[test]
fn after_a_cursor_key_the_selection_follows_its_object() {
    let mut desk = Desk::new();
    desk.press("7 j");
    assert_eq!(desk.selected(), "cart");
    desk.put(vec![Object::Workload(Box::new(deployment("aardvark", 1)))]);
    assert_eq!(desk.selected(), "cart");
}

#[test]
fn the_order_is_held_for_ten_seconds_from_a_cursor_key_and_new_rows_come_last() {
    let mut desk = Desk::new();
    desk.press("7 j");
    desk.put(vec![Object::Workload(Box::new(deployment("aardvark", 1)))]);
    desk.gone(&shop("web"));
    assert_eq!(desk.rows(), ["api", "cart", "worker", "aardvark"]);
    desk.wait(8_000);
    assert_eq!(desk.rows(), ["api", "cart", "worker", "aardvark"], "nine seconds after the key");
    desk.wait(1_000);
    assert_eq!(desk.rows(), ["aardvark", "api", "cart", "worker"]);
    assert_eq!(desk.selected(), "cart");
}

#[test]
fn when_the_selected_row_goes_its_neighbour_is_selected_and_that_is_said() {
    let mut desk = Desk::new();
    desk.press("7 j");
    desk.gone(&shop("cart"));
    assert_eq!(desk.selected(), "web");
    assert!(desk.notice().contains("the row that was selected is gone"), "{}", desk.notice());
    desk.press("G");
    desk.gone(&shop("worker"));
    assert_eq!(desk.selected(), "web", "the last one has its neighbour above");
}

#[test]
fn an_action_key_within_half_a_second_of_the_row_changing_only_selects() {
    let mut desk = Desk::new();
    desk.press("7");
    desk.put(vec![Object::Workload(Box::new(deployment("aardvark", 1)))]);
    desk.wait(499);
    assert!(desk.tap("r").is_empty());
    assert!(!desk.floats() && desk.notice().contains("only selected now"), "{}", desk.notice());
    // The key again means it, and what it means does not change any more.
    desk.put(vec![Object::Workload(Box::new(deployment("aaa", 1)))]);
    let effects = desk.tap("r");
    assert!(matches!(&effects[..], [Effect::Prepare(_, intent)] if *intent.target() == shop("aardvark")));
}

#[test]
fn after_half_a_second_the_key_does_what_it_says() {
    let mut desk = Desk::new();
    desk.press("7");
    desk.put(vec![Object::Workload(Box::new(deployment("aardvark", 1)))]);
    desk.wait(500);
    assert!(matches!(&desk.tap("r")[..], [Effect::Prepare(..)]));
}

#[test]
fn a_row_that_changed_by_a_key_is_no_surprise() {
    let mut desk = Desk::new();
    desk.press("7 /");
    desk.write("work");
    desk.tap("enter");
    assert_eq!(desk.notice(), "", "the selected row is not gone: the filter hides it");
    assert!(matches!(&desk.tap("r")[..], [Effect::Prepare(_, intent)] if *intent.target() == shop("worker")));
}

#[test]
fn a_row_that_goes_from_under_the_cursor_protects_its_neighbour_too() {
    let mut desk = Desk::new();
    desk.press("7 j");
    desk.gone(&shop("cart"));
    assert!(desk.tap("r").is_empty());
    assert!(!desk.floats());
}

#[test]
fn a_new_incident_outside_the_view_is_announced_and_a_key_goes_there() {
    let mut desk = Desk::new();
    desk.press("7 j j enter");
    desk.put(vec![a_node(2, NodeState::Down)]);
    let said = desk.app.screen().announcement.as_ref().map(ToString::to_string).unwrap_or_default();
    assert!(said.contains("prod node-2") && said.contains("n goes there"), "{said}");
    desk.press("n");
    assert_eq!((desk.pane(), desk.selected().as_str()), (Pane::Triage, "node-2"));
    assert!(desk.layers().is_empty() && desk.app.screen().announcement.is_none());
    desk.press("esc");
    assert_eq!(desk.layers(), ["case web"], "back exactly to where it was pressed");
}

#[test]
fn an_incident_that_can_be_seen_is_not_announced_and_one_that_goes_is_forgotten() {
    let mut desk = Desk::new();
    desk.put(vec![a_node(2, NodeState::Down)]);
    assert_eq!(desk.rows(), ["node-2"]);
    assert!(desk.app.screen().announcement.is_none());
    desk.press("7");
    desk.put(vec![a_node(3, NodeState::Down)]);
    assert!(desk.app.screen().announcement.is_some());
    desk.gone(&node(3));
    desk.wait(120_000);
    assert!(desk.app.screen().announcement.is_none());
}

#[test]
fn what_was_wrong_from_the_start_is_not_announced() {
    let mut desk = Desk::new();
    desk.press("7");
    assert!(desk.app.screen().announcement.is_none());
}

#[test]
fn a_resize_keeps_the_selected_row_in_sight() {
    let mut desk = Desk::new();
    desk.put((0..60).map(|n| Object::Workload(Box::new(deployment(&format!("n{n:02}"), 1)))).collect());
    desk.press("7 G");
    let last = desk.selected();
    desk.update(What::Resize(80, 12));
    let list = desk.list();
    let page = cockpit::ui::panes::page_height(desk.app.screen());
    let at = list.selected_index().expect("selected");
    assert!((list.top..list.top + page).contains(&at), "{last}: {at} from {}", list.top);
}

#[test]
fn the_cursor_keys_move_by_rows_pages_and_to_the_ends() {
    let mut desk = Desk::new();
    desk.put((0..60).map(|n| Object::Workload(Box::new(deployment(&format!("n{n:02}"), 1)))).collect());
    desk.press("7");
    let mut at = |keys: &str| {
        desk.press(keys);
        desk.list().selected_index().expect("selected")
    };
    assert_eq!(at("j down"), 2);
    assert_eq!(at("k up"), 0);
    assert_eq!(at("k"), 0, "it does not go round");
    let page = at("ctrl-d");
    assert!(page > 5, "{page}");
    assert_eq!(at("ctrl-u"), 0);
    assert_eq!(at("pgdn"), page);
    assert_eq!(at("pgup"), 0);
    assert_eq!(at("G"), 63);
    assert_eq!(at("g"), 0);
    assert_eq!(at("end home"), 0);
}

#[test]
fn a_line_that_stands_for_several_opens_to_them() {
    let fold = RowKey::Fold("risks");
    assert_ne!(fold, RowKey::Fold("other"));
    let mut desk = Desk::new();
    desk.put(vec![a_node(2, NodeState::Down)]);
    let mut database = deployment("db", 1);
    database.containers = vec![cockpit::domain::ContainerSpec::new("db", "postgres:16")];
    desk.put(vec![Object::Workload(Box::new(database))]);
    desk.wait(60_000);
    if desk.list().order.contains(&fold) {
        desk.press("G enter");
        assert_eq!(desk.app.screen().home.filter.as_deref(), Some("risk"));
        desk.press("esc");
        assert_eq!(desk.app.screen().home.filter, None);
    }
}
