//! Acting: previews, confirmations, runs; and nothing by one key.

use cockpit::action::Guard;
use cockpit::app::{Effect, TABLE, What};
use cockpit::domain::{Intent, NodeState, Object, Outcome, Ref, Refusal, Rights, StepAction, StepError, Text};
use cockpit::ui::{Armed, Overlay, Pane};

use crate::desk::{Desk, a_node, deployment, draft, node, shop};

/// A desk with the preview of a restart of `web`, seen.
fn previewed() -> Desk {
    let mut desk = Desk::new();
    desk.command("web");
    let effects = desk.press("r");
    desk.drafted(&effects);
    desk
}

#[test]
fn a_disruptive_plan_takes_y_and_then_enter() {
    let mut desk = previewed();
    assert!(desk.press("enter").is_empty(), "enter alone does nothing");
    assert!(desk.notice().contains("y, then enter"), "{}", desk.notice());
    desk.press("y");
    assert_eq!(desk.preview().map(|it| it.armed), Some(Armed::Yes));
    let effects = desk.press("enter");
    assert_eq!(Desk::sent(&effects), [StepAction::Restart(shop("web"))]);
    assert!(matches!(desk.app.screen().overlay, Some(Overlay::Run(1))));
    desk.accept(&effects);
    assert!(matches!(desk.app.core().runs().run(1).and_then(|run| run.outcome.clone()), Some((_, Outcome::Done))));
}

#[test]
fn a_harmless_plan_takes_enter() {
    let mut desk = Desk::new();
    desk.command("web");
    desk.press("s");
    desk.write("5");
    let effects = desk.press("enter");
    assert!(matches!(&effects[..], [Effect::Prepare(_, Intent::Scale(_, 5))]), "{effects:?}");
    desk.drafted(&effects);
    assert_eq!(Desk::sent(&desk.press("enter")), [StepAction::SetReplicas(shop("web"), 5)]);
}

#[test]
fn a_destructive_plan_takes_the_name() {
    let mut desk = Desk::new();
    desk.command("web");
    desk.press("s");
    desk.write("0");
    let effects = desk.press("enter");
    desk.drafted(&effects);
    assert!(desk.press("y enter").is_empty());
    assert!(desk.notice().contains("type web"), "{}", desk.notice());
    desk.press("backspace");
    desk.write("web");
    assert_eq!(Desk::sent(&desk.press("enter")), [StepAction::SetReplicas(shop("web"), 0)]);
}

#[test]
fn a_protected_cluster_takes_its_own_name_even_for_what_is_harmless() {
    let mut desk = Desk::protected();
    desk.command("web");
    desk.press("s");
    desk.write("5");
    let effects = desk.press("enter");
    desk.drafted(&effects);
    assert!(desk.press("enter").is_empty());
    desk.write("web");
    assert!(desk.press("enter").is_empty(), "the object's name is not the cluster's");
    desk.press("ctrl-u");
    desk.write("prod");
    assert_eq!(Desk::sent(&desk.press("enter")).len(), 1);
}

#[test]
fn keys_before_the_preview_was_drawn_are_not_taken() {
    let mut desk = Desk::new();
    desk.command("web");
    let effects = desk.tap("r");
    let Some(Effect::Prepare(ticket, intent)) = effects.last().cloned() else { panic!("{effects:?}") };
    desk.tap("y");
    desk.tap("enter");
    desk.update(What::Draft(ticket, Box::new(Ok(draft(intent)))));
    desk.wait(5_000);
    desk.tap("y");
    assert_eq!(desk.preview().map(|it| it.armed), Some(Armed::No), "however late: no frame had it");
    assert!(desk.notice().contains("before the preview could be read"), "{}", desk.notice());
    assert!(desk.tap("enter").is_empty());
}

#[test]
fn keys_within_300_ms_of_the_preview_changing_are_not_taken() {
    let mut desk = Desk::new();
    desk.command("web");
    let effects = desk.tap("r");
    let Some(Effect::Prepare(ticket, intent)) = effects.last().cloned() else { panic!("{effects:?}") };
    desk.update(What::Draft(ticket, Box::new(Ok(draft(intent)))));
    desk.see();
    desk.wait(299);
    desk.tap("y");
    assert_eq!(desk.preview().map(|it| it.armed), Some(Armed::No));
    desk.wait(1);
    desk.tap("y");
    assert_eq!(desk.preview().map(|it| it.armed), Some(Armed::Yes));
}

#[test]
fn a_preview_that_changes_has_to_be_read_and_armed_again() {
    let mut desk = previewed();
    desk.press("y");
    desk.put(vec![Object::Workload(Box::new(deployment("web", 1)))]);
    assert_eq!(desk.preview().map(|it| it.armed), Some(Armed::No), "it has one instance now: that is another plan");
    assert!(Desk::sent(&desk.tap("enter")).is_empty());
    desk.see();
    desk.wait(300);
    desk.press("y");
    assert_eq!(Desk::sent(&desk.press("enter")).len(), 1);
}

#[test]
fn what_changes_elsewhere_does_not_disturb_a_preview() {
    let mut desk = previewed();
    desk.press("y");
    desk.put(vec![Object::Workload(Box::new(deployment("cart", 9)))]);
    assert_eq!(desk.preview().map(|it| it.armed), Some(Armed::Yes));
}

#[test]
fn a_paste_reaches_fields_only() {
    let mut desk = previewed();
    desk.update(What::Paste("y\nenter\n".into()));
    assert_eq!(desk.preview().map(|it| it.armed), Some(Armed::No));
    assert!(desk.notice().contains("fields only"), "{}", desk.notice());
    desk.press("esc esc");
    let effects = desk.update(What::Paste("r y D q".into()));
    assert!(effects.is_empty() && !desk.floats());
    desk.tap("/");
    desk.update(What::Paste("web\n".into()));
    assert!(
        matches!(&desk.app.screen().overlay, Some(Overlay::Filter(input)) if input.text == "web"),
        "no enter in it"
    );
}

#[test]
fn leaving_a_preview_does_nothing_and_drops_the_late_answer() {
    let mut desk = Desk::new();
    desk.command("web");
    let effects = desk.tap("r");
    let Some(Effect::Prepare(ticket, intent)) = effects.last().cloned() else { panic!("{effects:?}") };
    assert_eq!(desk.tap("esc"), [Effect::Cancel(ticket)]);
    desk.update(What::Draft(ticket, Box::new(Ok(draft(intent)))));
    assert!(!desk.floats());
}

#[test]
fn a_refusal_is_read_and_left() {
    let mut desk = Desk::new();
    desk.command("web");
    let effects = desk.press("r");
    let Some(Effect::Prepare(ticket, intent)) = effects.last().cloned() else { panic!("{effects:?}") };
    let refusal = Refusal::of(&intent, "patch deployments is forbidden", "ask for the role");
    desk.update(What::Draft(ticket, Box::new(Err(refusal))));
    desk.see();
    desk.wait(1_000);
    assert!(desk.frame().contains("patch deployments is forbidden") && desk.frame().contains("ask for the role"));
    assert!(desk.press("y enter").is_empty());
    assert!(!desk.floats());
}

#[test]
fn read_only_refuses_before_a_server_is_asked() {
    let why = Text::new("started with --read-only");
    let mut desk = Desk::with(Guard { read_only: Some(why), ..Guard::default() });
    desk.command("web");
    for key in ["r", "s", "u"] {
        assert!(desk.press(key).is_empty());
        assert!(desk.notice().contains("started with --read-only") && !desk.floats(), "{key}: {}", desk.notice());
    }
    let footer = &desk.app.screen().footer;
    let refused: Vec<&str> = footer.iter().filter(|it| it.refused.is_some()).map(|it| it.key.as_str()).collect();
    assert_eq!(refused, ["u s r"], "one reason is said once");
}

#[test]
fn where_no_cluster_may_be_changed_the_screen_says_so() {
    let mut desk = Desk::new();
    assert!(!desk.app.screen().read_only);
    desk.allow(Rights { read_only: Some("this is a recording".into()), ..Rights::default() });
    assert!(desk.app.screen().read_only);
    desk.command("web");
    assert!(desk.press("r").is_empty() && desk.notice().contains("this is a recording"), "{}", desk.notice());
}

#[test]
fn scaling_wants_a_number() {
    let mut desk = Desk::new();
    desk.command("web");
    desk.press("s");
    desk.write("many");
    assert!(desk.press("enter").is_empty());
    assert!(desk.frame().contains("`many` is no number"), "{}", desk.frame());
    desk.press("ctrl-u");
    assert!(!desk.frame().contains("is no number"));
    desk.press("esc");
    assert!(!desk.floats());
    let effects = desk.command("scale 4");
    assert!(matches!(&effects[..], [Effect::Prepare(_, Intent::Scale(key, 4))] if *key == shop("web")), "{effects:?}");
}

#[test]
fn nodes_are_cordoned_uncordoned_and_drained() {
    let mut desk = Desk::new();
    desk.press("6 j");
    let effects = desk.press("U");
    assert!(effects.is_empty() && desk.notice().contains("it takes new instances"), "{}", desk.notice());
    let effects = desk.press("C");
    desk.drafted(&effects);
    assert_eq!(Desk::sent(&desk.press("enter")), [StepAction::SetCordon(node(2), true)]);
    desk.press("esc");
    let effects = desk.press("D");
    assert!(effects.is_empty() && desk.notice().contains("is under way"), "{}", desk.notice());
    desk.press("j");
    let effects = desk.press("D");
    desk.drafted(&effects);
    assert!(Desk::sent(&desk.press("enter")).is_empty(), "a drain is disruptive");
    assert_eq!(Desk::sent(&desk.press("y enter")).len(), 1);
}

#[test]
fn what_is_done_can_be_taken_back_newest_first() {
    let mut desk = Desk::new();
    desk.command("web");
    let effects = desk.command("scale 5");
    desk.drafted(&effects);
    let effects = desk.press("enter");
    desk.accept(&effects);
    let mut scaled = deployment("web", 5);
    scaled.history.clear();
    desk.put(vec![Object::Workload(Box::new(scaled))]);
    desk.press("esc");
    let effects = desk.press("u");
    assert!(matches!(&effects[..], [Effect::Prepare(_, Intent::Scale(_, 2))]), "{effects:?}");
}

#[test]
fn several_things_that_can_be_taken_back_are_listed_in_words() {
    let mut desk = Desk::new();
    desk.command("web");
    let effects = desk.command("scale 5");
    desk.drafted(&effects);
    let effects = desk.press("enter");
    desk.accept(&effects);
    desk.put(vec![Object::Workload(Box::new(deployment("web", 5)))]);
    desk.press("esc u");
    let Some(Overlay::Palette { items, .. }) = &desk.app.screen().overlay else { panic!("a list") };
    let labels: Vec<&str> = items.iter().map(|item| item.label.as_str()).collect();
    assert_eq!(labels, ["scale 5 to 2 (you, just now)", "roll back 42 to 41"]);
    let effects = desk.press("down enter");
    assert!(matches!(&effects[..], [Effect::Prepare(_, Intent::Undo(_, Some(to)))] if *to == "41"), "{effects:?}");
}

#[test]
fn the_footer_says_what_a_rollback_goes_back_to() {
    let mut desk = Desk::new();
    desk.command("web");
    let hint = desk.app.screen().footer.iter().find(|hint| hint.key == "u").expect("a hint");
    assert_eq!(hint.what, "roll back 42 to 41");
}

#[test]
fn an_incident_of_a_stuck_rollout_is_rolled_back() {
    let mut desk = Desk::stuck();
    assert_eq!(desk.pane(), Pane::Triage);
    assert_eq!(desk.rows(), ["web"]);
    let effects = desk.press("u");
    assert!(matches!(&effects[..], [Effect::Prepare(_, Intent::Undo(key, _))] if *key == shop("web")), "{effects:?}");
}

#[test]
fn a_run_goes_on_behind_is_found_in_the_journal_and_can_be_stopped() {
    let mut desk = Desk::new();
    desk.press("6");
    let effects = desk.press("D");
    desk.drafted(&effects);
    desk.press("y enter esc");
    assert!(!desk.floats());
    desk.press("9 enter");
    assert!(matches!(desk.app.screen().overlay, Some(Overlay::Run(1))));
    desk.press("x");
    assert!(desk.app.core().runs().run(1).is_some_and(|run| run.stopping));
    desk.press("x");
    assert!(desk.notice().contains("it is stopping"), "{}", desk.notice());
    desk.press("q");
    assert_eq!((desk.floats(), desk.pane()), (false, Pane::Journal));
}

#[test]
fn how_a_run_ended_is_said_wherever_one_is() {
    let mut desk = previewed();
    desk.press("y");
    let effects = desk.press("enter");
    desk.press("esc 6");
    let Some(Effect::Execute(run, ix, _)) = effects.last().cloned() else { panic!("{effects:?}") };
    desk.update(What::StepAnswer(run, ix, Err(StepError::Denied("patch deployments".into()))));
    assert!(
        desk.notice().contains("Restart shop/web (prod)") && desk.notice().contains("patch deployments"),
        "{}",
        desk.notice()
    );
}

#[test]
fn quitting_with_a_run_under_way_says_what_is_lost() {
    let mut desk = previewed();
    desk.press("y enter esc esc");
    desk.tap("q");
    assert!(desk.notice().contains("is under way"), "{}", desk.notice());
}

#[test]
fn no_single_key_changes_a_system() {
    // Every key of every command, from every pane with every row, case files and logs: at most a preview.
    let places: &[&str] =
        &["1", "2", "3", "4", "5", "6", "7", "8", "9", "7 enter", "7 enter tab tab", "6 enter", "7 l", "7 d"];
    for place in places {
        for command in TABLE {
            for key in command.keys {
                let mut desk = Desk::new();
                desk.put(vec![a_node(2, NodeState::Down)]);
                desk.press(place);
                let effects = desk.press(key);
                assert!(Desk::sent(&effects).is_empty(), "{key} at {place} sends {effects:?}");
                let asked = effects.iter().any(|effect| matches!(effect, Effect::Prepare(..)));
                assert!(!asked || command_at(&desk, key).changes, "{key} at {place} prepares and is not marked so");
            }
        }
    }
}

/// The command that changes things under a key.
fn command_at(_: &Desk, key: &str) -> &'static cockpit::app::Command {
    let found = TABLE.iter().find(|command| command.keys.contains(&key) && command.changes);
    found.unwrap_or_else(|| panic!("{key} prepares, and no command that changes has it"))
}

#[test]
fn nothing_destructive_can_be_confirmed_by_keys_that_name_nothing() {
    // Two keys after the preview of what is destructive: none of them confirms it.
    let keys: Vec<&str> = TABLE.iter().flat_map(|command| command.keys.iter().copied()).collect();
    for key in keys {
        let mut desk = Desk::new();
        desk.command("web");
        let effects = desk.command("scale 0");
        desk.drafted(&effects);
        let effects = desk.press(&format!("{key} enter"));
        assert!(Desk::sent(&effects).is_empty(), "{key}");
    }
}

#[test]
fn what_is_gone_cannot_be_acted_on() {
    let mut desk = previewed();
    desk.gone(&shop("web"));
    let refused = desk.preview().and_then(|it| it.plan.clone());
    assert!(matches!(&refused, Some(Err(refusal)) if refusal.why.contains("not there any more")), "{refused:?}");
    let key: Ref = shop("web");
    assert!(desk.app.core().view(desk.now).object(&key).is_none());
}
