//! What people say of incidents: `z`, `a` and `N`.

use cockpit::app::{Effect, What};
use cockpit::domain::people::{Fold, Saying, SnoozedUntil, Stand, Weight};
use cockpit::domain::{Name, NodeState, People};
use cockpit::ui::{Overlay, PaletteItem, RowKey};

use crate::desk::{Desk, a_node, cluster};

/// Two nodes are down, and nothing else is wrong.
fn two_down() -> Desk {
    let mut desk = Desk::new();
    desk.put(vec![a_node(2, NodeState::Down), a_node(3, NodeState::Down)]);
    desk.wait(60_000);
    desk.press("1 g");
    assert_eq!(desk.rows(), ["node-2", "node-3"], "{}", desk.frame());
    desk
}

fn first(desk: &Desk) -> Name {
    match desk.list().order.first() {
        Some(RowKey::Incident(id)) => id.clone(),
        other => panic!("an incident, not {other:?}"),
    }
}

fn offered(desk: &Desk) -> Vec<PaletteItem> {
    match &desk.app.screen().overlay {
        Some(Overlay::Palette { items, .. }) => items.clone(),
        other => panic!("a menu, not {other:?}"),
    }
}

fn kept(effects: &[Effect]) -> People {
    let mut all = People::default();
    effects.iter().for_each(|effect| {
        if let Effect::Keep(people, _) = effect {
            all.merge(people);
        }
    });
    all
}

/// Takes the choice of the open menu whose label begins so.
fn choose(desk: &mut Desk, label: &str) -> Vec<Effect> {
    desk.write(label);
    desk.press("enter")
}

#[test]
fn a_snoozed_row_folds_into_the_last_line_and_its_neighbour_is_selected() {
    let mut desk = two_down();
    desk.press("z");
    let effects = choose(&mut desk, "for an hour");
    assert!(!kept(&effects).is_empty(), "it is handed over to be kept");
    assert_eq!(desk.selected(), "node-3");
    assert!(desk.frame().contains("1 snoozed (enter lists)"), "{}", desk.frame());
    desk.press("G enter");
    assert_eq!(desk.app.screen().home.filter.as_deref(), Some("snoozed"));
    assert_eq!(desk.rows(), ["node-2"]);
    assert!(desk.frame().contains("snoozed until 23:1"), "{}", desk.frame());
    desk.press("esc");
    assert_eq!(desk.app.screen().home.filter, None);
}

#[test]
fn where_everything_is_folded_nobody_is_told_that_nothing_was_found() {
    let mut desk = two_down();
    for _ in 0..2 {
        desk.press("g z");
        choose(&mut desk, "for an hour");
    }
    let frame = desk.frame();
    assert!(frame.contains("2 snoozed") && !frame.contains("Nothing found"), "{frame}");
}

#[test]
fn what_is_folded_is_listed_again_by_its_time_and_by_the_menu() {
    let mut desk = two_down();
    desk.press("z");
    choose(&mut desk, "for an hour");
    let due = desk.app.next_deadline().world.expect("a deadline");
    desk.now = due.checked_sub(jiff::SignedDuration::from_secs(1)).expect("in range");
    desk.update(What::Turn);
    desk.press("1");
    desk.wait(3_600_000);
    assert!(desk.rows().contains(&"node-2".to_owned()), "{}", desk.frame());
    desk.press("g z");
    choose(&mut desk, "for an hour");
    desk.press("/");
    desk.write("snoozed");
    desk.press("enter z");
    choose(&mut desk, "list it");
    desk.press("esc");
    assert!(!desk.frame().contains("snoozed"), "{}", desk.frame());
}

#[test]
fn accepting_asks_for_the_reason_and_the_case_file_tells_it() {
    let mut desk = two_down();
    desk.press("z");
    choose(&mut desk, "accept it");
    desk.press("enter");
    assert!(desk.frame().contains("a reason is needed"), "{}", desk.frame());
    desk.write("a new board is ordered");
    desk.press("enter");
    assert!(desk.frame().contains("1 accepted (enter lists)"), "{}", desk.frame());
    desk.press("/");
    desk.write("accepted");
    desk.press("enter enter");
    let frame = desk.frame();
    assert!(frame.contains("accepted: a new board is ordered") && frame.contains("anna@bastion"), "{frame}");
}

#[test]
fn what_is_taken_says_by_whom_and_the_same_key_gives_it_back() {
    let mut desk = two_down();
    desk.press("a");
    assert!(desk.notice().contains("yours"));
    desk.press("j k");
    let frame = desk.frame();
    assert!(frame.contains("anna has it: ") && frame.contains("taken by anna@bastion"), "{frame}");
    desk.press("a");
    assert!(!desk.frame().contains("anna has it"), "{}", desk.frame());
}

#[test]
fn what_another_took_is_taken_over_and_that_is_said() {
    let mut desk = two_down();
    let of = (&cluster(), "node-2".into());
    let said = People::default().say(&first(&desk), of, Saying::Taken(true), &"bob@home".into(), desk.now);
    desk.update(What::People(said));
    assert!(desk.frame().contains("bob has it: "), "{}", desk.frame());
    desk.press("a");
    assert_eq!(desk.notice(), "taken over from bob@home");
}

#[test]
fn a_note_is_written_changed_and_taken_away_in_one_field() {
    let mut desk = two_down();
    desk.press("N");
    desk.write("Board ordered");
    desk.press("enter");
    assert!(desk.frame().contains("Board ordered"), "{}", desk.frame());
    desk.press("N");
    desk.write(", here Friday");
    desk.press("enter");
    assert!(desk.frame().contains("Board ordered, here Friday ─ anna@bastion"), "{}", desk.frame());
    desk.press("N ctrl-u enter");
    assert!(!desk.frame().contains("Board ordered"), "{}", desk.frame());
}

#[test]
fn what_grows_comes_back_and_says_so() {
    let mut desk = two_down();
    let id = first(&desk);
    let mut lighter = desk.app.core().diagnosis().incidents()[0].weight(&desk.app.core().view(desk.now));
    lighter.tier = cockpit::domain::Tier::Risk;
    let fold = Saying::Fold(Fold::Snoozed(SnoozedUntil::Worse, lighter));
    let said = People::default().say(&id, (&cluster(), "node-2".into()), fold, &"bob@home".into(), desk.now);
    desk.update(What::People(said));
    let frame = desk.frame();
    assert_eq!(desk.rows(), ["node-2", "node-3"]);
    assert!(frame.contains("worse than when it was snoozed"), "{frame}");
}

#[test]
fn what_came_back_stays_though_it_shrinks_again() {
    let mut desk = two_down();
    let id = first(&desk);
    let weight = desk.app.core().diagnosis().incidents()[0].weight(&desk.app.core().view(desk.now));
    let smaller = Weight { reach: 0, ..weight };
    let fold = Saying::Fold(Fold::Snoozed(SnoozedUntil::Worse, smaller.clone()));
    let said = People::default().say(&id, (&cluster(), "node-2".into()), fold, &"bob@home".into(), desk.now);
    desk.update(What::People(said));
    assert!(desk.frame().contains("reaching further than when it was snoozed"), "{}", desk.frame());
    let model = desk.app.model(desk.now);
    let stays = model.people.stand(&id, || smaller, desk.now);
    assert!(matches!(stays, Stand::Back(..)), "{stays:?}");
    desk.press("g z");
    choose(&mut desk, "until it is worse");
    assert!(desk.frame().contains("1 snoozed"), "{}", desk.frame());
}

#[test]
fn another_cockpit_that_folds_and_unfolds_is_seen_here() {
    let mut desk = two_down();
    let id = first(&desk);
    let weight = desk.app.core().diagnosis().incidents()[0].weight(&desk.app.core().view(desk.now));
    let mut other = People::default();
    let of = || (cluster(), cockpit::domain::Text::new("node-2"));
    let mut say = |fold: Fold, now| {
        let (cluster, about) = of();
        other.say(&id, (&cluster, about), Saying::Fold(fold), &"bob@home".into(), now)
    };
    let folded = say(Fold::Accepted("known".into(), weight), desk.now);
    desk.update(What::People(folded));
    assert!(!desk.rows().contains(&"node-2".to_owned()), "{}", desk.frame());
    let listed = say(Fold::Listed, desk.now);
    desk.update(What::People(listed));
    assert!(desk.rows().contains(&"node-2".to_owned()), "{}", desk.frame());
}

#[test]
fn the_keys_work_in_a_case_file_and_in_any_list_of_what_is_wrong() {
    let mut desk = two_down();
    desk.press("enter a");
    assert!(desk.frame().contains("taken by anna@bastion"), "{}", desk.frame());
    desk.press("z");
    choose(&mut desk, "for an hour");
    assert!(desk.frame().contains("snoozed until"), "{}", desk.frame());
    desk.press("esc 6");
    assert!(desk.frame().contains("6 Nodes 2 "), "a list shows what is, folded or not: {}", desk.frame());
    desk.press("j z");
    choose(&mut desk, "for an hour");
    desk.press("1");
    assert!(desk.frame().contains("2 snoozed"), "{}", desk.frame());
}

#[test]
fn what_cannot_be_done_says_why() {
    let mut desk = two_down();
    desk.press("z");
    let deploy = offered(&desk).into_iter().find(|item| item.label.contains("deploy")).expect("offered");
    assert!(deploy.refused.is_some(), "a node is not deployed");
    let effects = choose(&mut desk, "until its next deploy");
    assert!(kept(&effects).is_empty() && desk.notice().contains("not snoozed: no revision"), "{}", desk.notice());
    desk.press("7 z");
    assert!(desk.notice().contains("not for what is selected"), "{}", desk.notice());
}
