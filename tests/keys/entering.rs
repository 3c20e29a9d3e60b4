//! A shell: what it is opened in, what is confirmed before, and what is said when it is over.

use cockpit::action::Guard;
use cockpit::app::{Effect, What};
use cockpit::diagnose::Pattern;
use cockpit::domain::{Ended, Intent, Receipt, Rights, StepAction, Timestamp};

use crate::desk::Desk;

/// A shell that is being opened in a pod: its run.
fn opening() -> (Desk, u64) {
    let mut desk = Desk::zoo();
    desk.command("web-0");
    let effects = desk.press("s");
    desk.drafted(&effects);
    assert!(desk.frame().contains("nothing is changed by opening it"), "{}", desk.frame());
    let effects = desk.press("enter");
    let Some(Effect::Execute(run, 0, step)) = effects.last().cloned() else { panic!("{effects:?}") };
    assert!(matches!(step.action, StepAction::Enter(..)), "{step:?}");
    (desk, run)
}

#[test]
fn s_opens_a_shell_in_an_instance_and_scales_a_workload() {
    let mut desk = Desk::zoo();
    desk.command("web-0");
    let effects = desk.press("s");
    let meant = |effects: &[Effect]| match effects {
        [Effect::Prepare(_, Intent::Shell(key, enter))] => Some((key.to_string(), enter.clone())),
        _ => None,
    };
    let (key, enter) = meant(&effects).unwrap_or_else(|| panic!("{effects:?}"));
    assert!(key.ends_with("/Pod/web-0") && enter.command.is_empty() && enter.debug.is_none(), "{key} {enter:?}");
    let mut desk = Desk::zoo();
    desk.command("web");
    assert_eq!(desk.press("s"), [], "it asks for the number");
    desk.press("esc");
    let (key, _) = meant(&desk.command("sh")).expect("of a workload in one of its instances");
    assert!(key.contains("/Pod/web-"), "{key}");
}

#[test]
fn a_protected_cluster_has_its_name_typed_before_a_shell() {
    let mut desk = Desk::with(Guard { protected: vec![Pattern::new("*/*")], ..Guard::default() }).with_zoo();
    desk.command("web-0");
    let effects = desk.press("s");
    desk.drafted(&effects);
    assert_eq!(Desk::sent(&desk.press("enter")), []);
    desk.write("prod");
    assert!(matches!(Desk::sent(&desk.press("enter"))[..], [StepAction::Enter(..)]));
}

#[test]
fn who_may_not_enter_is_told_before_a_server_is_asked() {
    let mut desk = Desk::zoo();
    let denied = vec!["create pods/exec".into(), "patch pods/ephemeralcontainers".into()];
    desk.allow(Rights { read_only: None, denied, within: vec!["shop".into()] });
    desk.command("web-0");
    assert_eq!(desk.press("s"), []);
    assert!(desk.notice().contains("you may not `create pods/exec`"), "{}", desk.notice());
    assert_eq!(desk.command("debug"), []);
    assert!(desk.notice().contains("you may not `patch pods/ephemeralcontainers`"), "{}", desk.notice());
}

#[test]
fn what_was_turned_away_from_gets_no_terminal() {
    let (mut desk, run) = opening();
    assert!(desk.app.waits_for(run));
    desk.press("esc");
    assert!(!desk.app.waits_for(run), "keys that are meant for the screen are not to end in a shell");
}

#[test]
fn how_it_ended_is_said_in_one_line_and_the_screen_is_as_it_was() {
    let ends = |ended: Ended, words: &str| {
        let (mut desk, run) = opening();
        assert!(desk.app.greets(run).contains("ctrl-] three times within a second leaves it"), "the way out is told");
        desk.update(What::StepAnswer(run, 0, Ok(Receipt::at(Timestamp::UNIX_EPOCH))));
        let effects = desk.update(What::Left(run, ended));
        assert!(effects.contains(&Effect::Repaint) && !desk.floats(), "{effects:?}");
        assert!(desk.notice().contains(words), "{}", desk.notice());
    };
    ends(Ended::Code(0), "the shell in shop/web-0 has ended with 0");
    ends(Ended::Broke("reset by peer".into()), "the shell in shop/web-0: the connection broke: reset by peer");
    ends(Ended::Left, "was left; whether it goes on there is not known");
    ends(Ended::NotStarted("no such file".into()), "there is no shell in shop/web-0: `:debug` adds a container");
}
