//! Columns: those that fit, all of them, or those that a person chose.

use cockpit::app::What;
use cockpit::ui::{Every, Pane};

use crate::desk::Desk;

fn heading(desk: &Desk) -> String {
    desk.frame().lines().nth(2).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn wide_shows_columns_by_shrinking_others_and_again_only_those_that_fit() {
    let mut desk = Desk::new();
    desk.command("po");
    desk.update(What::Resize(76, 24));
    let fitting = heading(&desk);
    assert_eq!(fitting, "name ready state restarts age node memory why");
    desk.press("W");
    assert_eq!(heading(&desk), "where name ready state restarts age node memory why");
    desk.press("7");
    assert!(!desk.list().wide, "each list has its own");
    desk.press("esc");
    desk.command("wide");
    assert_eq!(heading(&desk), fitting);
}

#[test]
fn columns_that_were_chosen_are_shown_in_their_order_and_no_others() {
    let chosen = ["age", "name", "no such column", "state"].map(str::to_owned).to_vec();
    let mut desk = Desk::showing(Pane::Every(Every::Pods), chosen);
    desk.command("po");
    assert_eq!(heading(&desk), "age name state");
    desk.command("sort -name");
    assert_eq!(heading(&desk), "age name↓ state");
    assert_eq!(desk.rows()[0], "worker-1");
    assert!(desk.frame().contains("shop/worker-1  running"), "{}", desk.frame());
    desk.command("sort restarts");
    assert_eq!(heading(&desk), "age name state", "what is not shown can be ordered by");
    desk.press("7");
    assert!(heading(&desk).contains("image"), "the others are as they were");
}

#[test]
fn every_list_can_be_named_in_the_configuration() {
    let names: Vec<String> = Pane::lists().map(Pane::name).collect();
    for name in ["triage", "nodes", "pods", "task-groups", "configmaps"] {
        assert!(names.contains(&name.to_owned()), "{names:?}");
    }
    let mut alone = names.clone();
    alone.sort();
    alone.dedup();
    assert_eq!(alone.len(), names.len());
    for pane in Pane::lists() {
        assert!(cockpit::ui::panes::column_names(pane).len() > 3, "{pane:?}");
    }
    assert!(
        cockpit::ui::panes::column_names(Pane::Nodes).contains(&"used"),
        "also what is shown only where it is known"
    );
}
