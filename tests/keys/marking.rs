//! Marks: what is picked out of a list stays picked, wherever it moves, and never without being said.

use cockpit::domain::{NodeState, Object};

use crate::desk::{Desk, a_node, deployment, shop};

/// Names of the marked rows.
fn marked(desk: &Desk) -> Vec<String> {
    let names = desk.list().marks.rows.iter().map(|key| match key {
        cockpit::ui::RowKey::Object(key) => key.name.to_string(),
        other => format!("{other:?}"),
    });
    names.collect()
}

#[test]
fn space_marks_the_selected_row_and_goes_on_to_the_next() {
    let mut desk = Desk::new();
    desk.press("7 space space");
    assert_eq!((marked(&desk), desk.selected().as_str()), (vec!["api".to_owned(), "cart".to_owned()], "web"));
    let frame = desk.frame();
    assert!(frame.contains("2 marked"), "{frame}");
    assert!(frame.lines().any(|line| line.starts_with("■") && line.contains("shop/api")), "{frame}");
    desk.press("k space");
    assert_eq!(marked(&desk), ["api"], "the key again takes the mark away");
}

#[test]
fn the_selected_row_shows_that_it_is_marked_too() {
    let mut desk = Desk::new();
    desk.press("7 space k");
    assert!(desk.frame().lines().any(|line| line.starts_with("▣") && line.contains("shop/api")), "{}", desk.frame());
}

#[test]
fn a_range_goes_from_the_last_mark_to_the_selected_row_up_or_down() {
    let mut desk = Desk::new();
    desk.press("7 space j j ctrl-space");
    assert_eq!(marked(&desk), ["api", "cart", "web", "worker"]);
    desk.press("esc G space g j ctrl-space");
    assert_eq!(marked(&desk), ["cart", "web", "worker"]);
    desk.press("esc g ctrl-space");
    assert_eq!(marked(&desk), ["api"], "without a mark before it, the selected one alone");
}

#[test]
fn marks_follow_their_objects_and_those_of_what_is_gone_go() {
    let mut desk = Desk::new();
    desk.press("7 j space space");
    desk.put(vec![Object::Workload(Box::new(deployment("aardvark", 1)))]);
    desk.wait(11_000);
    assert_eq!(desk.rows()[0], "aardvark");
    assert_eq!(marked(&desk), ["cart", "web"]);
    desk.gone(&shop("cart"));
    desk.wait(1_000);
    assert_eq!(marked(&desk), ["web"]);
    assert!(desk.frame().contains("1 marked"), "{}", desk.frame());
}

#[test]
fn esc_takes_the_marks_away_before_the_filter_and_a_hidden_mark_is_counted() {
    let mut desk = Desk::new();
    desk.press("7 space /");
    desk.write("work");
    desk.press("enter space");
    assert_eq!(marked(&desk), ["api", "worker"]);
    assert!(desk.frame().contains("2 marked (1 not shown)"), "{}", desk.frame());
    desk.press("esc");
    assert_eq!((marked(&desk).len(), desk.rows()), (0, vec!["worker".to_owned()]));
    desk.press("esc");
    assert_eq!(desk.rows().len(), 4);
}

#[test]
fn every_list_has_marks_of_its_own() {
    let mut desk = Desk::new();
    desk.press("7 space 6");
    assert!(marked(&desk).is_empty());
    desk.press("space");
    desk.put(vec![a_node(1, NodeState::Ready)]);
    assert_eq!(marked(&desk), ["node-1"]);
    desk.press("7");
    assert_eq!(marked(&desk), ["api"]);
}
