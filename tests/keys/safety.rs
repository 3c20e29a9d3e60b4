//! What has to hold of every key, on every kind of thing: nothing is changed by one key, by typing ahead, by a paste, or where
//! nothing may be changed.

use cockpit::action::Guard;
use cockpit::app::{Command, Effect, TABLE, What};
use cockpit::domain::{Intent, Rights, StepAction, StepError, Text};
use cockpit::ui::{Armed, Overlay};

use crate::desk::{Desk, draft, shop};
use crate::zoo;

/// Names of one of every kind that there is on the desk.
fn everything() -> Vec<String> {
    let zoo = zoo::objects().into_iter().map(|object| object.key().name.to_string());
    let shop = ["web", "web-0", "node-1"].map(str::to_owned);
    zoo.chain(shop).collect()
}

fn acts(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Execute(..)))
}

fn asks(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Prepare(..) | Effect::Execute(..)))
}

/// Back to the lists, whatever is open.
fn leave_all(desk: &mut Desk) {
    for _ in 0..6 {
        if !desk.floats() && desk.layers().is_empty() {
            break;
        }
        desk.tap("esc");
    }
}

#[test]
fn no_single_key_changes_anything_of_any_kind() {
    let keys: Vec<&str> = TABLE.iter().flat_map(|command| command.keys.iter().copied()).collect();
    let mut prepared = 0;
    for name in everything() {
        let mut desk = Desk::zoo();
        for key in &keys {
            leave_all(&mut desk);
            desk.command(&name);
            let effects = desk.press(key);
            assert!(!acts(&effects), "{key} on {name} sends {effects:?}");
            let changes = |command: &&Command| command.keys.contains(key) && command.changes;
            let asked = asks(&effects);
            assert!(
                !asked || TABLE.iter().any(|command| changes(&command)),
                "{key} on {name} asks, and is not marked so"
            );
            prepared += usize::from(asked);
        }
    }
    assert!(prepared > 30, "the walk reaches what acts: {prepared}");
}

#[test]
fn where_nothing_may_be_changed_no_command_of_the_table_asks_a_server() {
    let why = Text::new("started with --read-only");
    let guards = [Guard { read_only: Some(why), ..Guard::default() }, Guard::default()];
    for (by_rights, guard) in guards.into_iter().enumerate() {
        let mut desk = Desk::with(guard).with_zoo();
        if by_rights == 1 {
            desk.allow(Rights { read_only: Some("this is a recording".into()), ..Rights::default() });
        }
        for name in everything() {
            for command in TABLE.iter().filter(|command| command.changes) {
                let typed = [command.id.to_owned(), format!("{} 3", command.id), format!("{} x=512m", command.id)];
                for typed in typed.iter().filter(|_| command.palette) {
                    leave_all(&mut desk);
                    desk.command(&name);
                    let mut effects = desk.command(typed);
                    desk.write("2");
                    effects.extend(desk.press("enter"));
                    assert!(!asks(&effects), "{typed} on {name} asks {effects:?}");
                }
                for key in command.keys {
                    leave_all(&mut desk);
                    desk.command(&name);
                    let effects = desk.press(key);
                    assert!(!asks(&effects), "{key} on {name} asks {effects:?}");
                }
            }
        }
    }
}

#[test]
fn what_is_typed_ahead_of_a_preview_changes_nothing() {
    for ahead in ["u y y y", "u y enter", "r y y y enter enter", "s 0 enter y enter", "u enter y enter"] {
        let mut desk = Desk::new();
        desk.command("web");
        desk.press("esc 7");
        let mut effects: Vec<Effect> = ahead.split(' ').flat_map(|key| desk.tap(key)).collect();
        let Some(Effect::Prepare(ticket, intent)) =
            effects.iter().find(|it| matches!(it, Effect::Prepare(..))).cloned()
        else {
            panic!("{ahead}: nothing was asked: {effects:?}");
        };
        desk.update(What::Draft(ticket, Box::new(Ok(draft(intent)))));
        // The rest of it comes while the frame with the plan is on its way.
        effects.extend("y y y enter enter".split(' ').flat_map(|key| desk.tap(key)).collect::<Vec<_>>());
        assert!(!acts(&effects), "{ahead}: {effects:?}");
        assert_eq!(desk.preview().map(|it| it.armed), Some(Armed::No), "{ahead}");
    }
}

#[test]
fn a_kibibyte_of_pasted_text_changes_nothing_wherever_it_lands() {
    let texts = ["uyyy\n".repeat(205), "y\n".repeat(512), "web\nprod\n".repeat(114), "\u{1b}[200~y\r".repeat(128)];
    for place in ["7", "7 r", "7 enter", "7 m", "6 D", "7 l", ":", "/", "7 s", "9", "7 ctrl-k"] {
        for text in &texts {
            let mut desk = Desk::zoo();
            let asked = desk.press(place);
            if asks(&asked) {
                desk.drafted(&asked);
            }
            let effects = desk.update(What::Paste(text.clone()));
            assert!(!asks(&effects), "{place}: {effects:?}");
            desk.see();
            desk.wait(1000);
            assert!(desk.app.core().runs().runs().is_empty(), "{place}");
            assert_ne!(desk.preview().map(|it| it.armed), Some(Armed::Yes), "{place}");
        }
    }
}

#[test]
fn from_u_on_a_stuck_rollout_to_its_undo_are_three_keys() {
    let mut desk = Desk::stuck();
    let effects = desk.press("u");
    desk.drafted(&effects);
    assert_eq!(Desk::sent(&desk.press("y")), []);
    let sent = Desk::sent(&desk.press("enter"));
    assert!(matches!(&sent[..], [StepAction::Revert(key, _)] if *key == shop("web")), "{sent:?}");
}

#[test]
fn what_has_moved_is_previewed_again_at_once_with_what_changed() {
    let mut desk = Desk::new();
    desk.command("web");
    let effects = desk.command("scale 5");
    desk.drafted(&effects);
    let effects = desk.press("enter");
    let Some(Effect::Execute(run, ix, _)) = effects.last().cloned() else { panic!("{effects:?}") };
    let moved = StepError::Moved("4 are wanted, and 2 were".into());
    let effects = desk.update(What::StepAnswer(run, ix, Err(moved)));
    assert!(matches!(&effects[..], [Effect::Journal(_), Effect::Prepare(_, Intent::Scale(_, 5))]), "{effects:?}");
    assert!(Desk::sent(&desk.tap("enter")).is_empty(), "what is not there yet is not confirmed");
    desk.drafted(&effects);
    let frame = desk.frame();
    assert!(frame.contains("it has changed since: 4 are wanted, and 2 were. Nothing was done"), "{frame}");
    assert_eq!(Desk::sent(&desk.press("enter")).len(), 1, "read, it is confirmed as any other");
}

#[test]
fn what_has_moved_while_nobody_looks_is_said_and_not_previewed() {
    let mut desk = Desk::new();
    desk.command("web");
    let effects = desk.press("r");
    desk.drafted(&effects);
    desk.press("y");
    let effects = desk.press("enter");
    desk.press("esc");
    let Some(Effect::Execute(run, ix, _)) = effects.last().cloned() else { panic!("{effects:?}") };
    let answer = desk.update(What::StepAnswer(run, ix, Err(StepError::Moved("revision 43 was rolled out".into()))));
    assert!(matches!(&answer[..], [Effect::Journal(_)]) && !desk.floats(), "{answer:?}");
    assert!(desk.notice().contains("revision 43 was rolled out"), "{}", desk.notice());
}

#[test]
fn a_right_that_is_denied_is_said_before_a_server_is_asked() {
    let mut desk = Desk::new();
    let denied = vec!["patch deployments".into(), "patch nodes".into()];
    desk.allow(Rights { read_only: None, denied, within: vec!["shop".into()] });
    desk.command("web");
    assert!(desk.press("r").is_empty());
    assert!(desk.notice().contains("you may not `patch deployments` in prod"), "{}", desk.notice());
    assert!(!desk.command("scale 5").is_empty(), "another right is needed for that");
    desk.press("esc esc 6");
    assert!(desk.press("D").is_empty());
    assert!(desk.notice().contains("patch nodes"), "{}", desk.notice());
}

#[test]
fn a_run_that_is_looked_at_is_scrolled() {
    let mut desk = Desk::new();
    desk.update(What::Resize(40, 10));
    desk.press("7 space space space space");
    let effects = desk.press("r");
    desk.drafted(&effects);
    desk.press("y enter");
    assert!(matches!(desk.app.screen().overlay, Some(Overlay::Run(1))));
    let before = desk.frame();
    desk.press("j");
    assert_ne!(before, desk.frame());
    desk.press("G g");
    assert_eq!(before, desk.frame());
}
