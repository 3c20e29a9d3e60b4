//! Silencing alerts: for how long and why is asked before anything is prepared, and what is silenced is told again by the same key.

use cockpit::app::Effect;
use cockpit::domain::{Alert, AlertState, Intent, Kind, Object, Quiet, Ref, Severity, Silence};
use cockpit::ui::Overlay;

use crate::desk::{Desk, cluster, shop};

/// An alert about nothing that is known.
pub fn alert(title: &str, state: AlertState) -> Alert {
    let silence = || Silence { by: "anna".into(), comment: "the import".into(), until: Some(jiff::Timestamp::MAX) };
    Alert {
        key: key(title),
        title: title.into(),
        summary: None,
        severity: Severity::Critical,
        state,
        pages: state == AlertState::Firing,
        about: None,
        since: None,
        runbook: None,
        dashboard: None,
        silence: (state == AlertState::Silenced).then(silence),
    }
}

fn key(title: &str) -> Ref {
    Ref::new(&cluster(), Kind::Alert, None, format!("{title}-00000000deadbeef"))
}

/// Alerts beside the shop.
pub fn with(alerts: &[Alert]) -> Desk {
    let mut desk = Desk::new();
    desk.put(alerts.iter().map(|it| Object::Alert(Box::new(it.clone()))).collect());
    desk.wait(60_000);
    desk
}

fn prepared(effects: &[Effect]) -> Option<Intent> {
    effects.iter().find_map(|effect| match effect {
        Effect::Prepare(_, intent) => Some(intent.clone()),
        _ => None,
    })
}

fn asked(desk: &Desk) -> (String, String, String) {
    let Some(Overlay::Prompt(it)) = &desk.app.screen().overlay else { panic!("a question\n{}", desk.frame()) };
    (it.title.to_string(), it.input.text.clone(), it.error.as_deref().unwrap_or_default().to_owned())
}

fn import(seconds: u32) -> Quiet {
    Quiet { seconds, comment: "the import runs".into() }
}

#[test]
fn for_how_long_and_why_is_asked_and_then_shown_before_it_is_done() {
    let mut desk = with(&[alert("CheckoutErrors", AlertState::Firing)]);
    assert_eq!(prepared(&desk.press("8 S")), None, "nothing is asked of a server by one key");
    let title = "Silence CheckoutErrors (prod) for how long, and why".to_owned();
    assert_eq!(asked(&desk), (title, "2h ".to_owned(), String::new()));
    assert_eq!(prepared(&desk.press("enter")), None);
    assert!(asked(&desk).2.contains("say why"), "{:?}", asked(&desk));
    desk.write("the import runs");
    let effects = desk.press("enter");
    assert_eq!(prepared(&effects), Some(Intent::Silence(key("CheckoutErrors"), import(7200))));
    desk.drafted(&effects);
    let plan = desk.preview().and_then(|preview| preview.plan.clone()).expect("a plan").expect("not refused");
    assert_eq!(&*plan.title, "Silence CheckoutErrors (prod) for 2 h");
    assert!(Desk::sent(&desk.press("enter")).is_empty(), "it asks for y first");
    assert_eq!(Desk::sent(&desk.press("y enter")).len(), 1);
}

#[test]
fn what_is_silenced_is_told_again_by_the_same_key_or_taken_back() {
    let mut desk = with(&[alert("CheckoutErrors", AlertState::Silenced)]);
    assert_eq!(prepared(&desk.press("8 S")), Some(Intent::Unsilence(key("CheckoutErrors"))));
    let mut desk = with(&[alert("CheckoutErrors", AlertState::Silenced)]);
    assert_eq!(prepared(&desk.press("8 u")), Some(Intent::Unsilence(key("CheckoutErrors"))));
    // Whoever did it: it is in effect.
    let mut desk = with(&[alert("CheckoutErrors", AlertState::Silenced)]);
    desk.press("9");
    let frame = desk.frame();
    assert!(frame.contains("silenced") && frame.contains("anna") && frame.contains(": the import"), "{frame}");
    assert_eq!(prepared(&desk.press("u")), Some(Intent::Unsilence(key("CheckoutErrors"))));
}

#[test]
fn what_an_alert_is_about_leads_to_it() {
    let about = Alert { about: Some(shop("web")), ..alert("WebDown", AlertState::Firing) };
    let pending = Alert { about: Some(shop("web")), ..alert("WebSlow", AlertState::Pending) };
    let mut desk = with(&[about, pending]);
    desk.command("web");
    desk.press("S");
    assert!(asked(&desk).0.contains("Silence WebDown (prod)"), "{:?}", asked(&desk));
    // The row of its incident is about it as well.
    let mut desk = with(&[alert("CheckoutErrors", AlertState::Firing)]);
    desk.press("1 S");
    assert!(asked(&desk).0.contains("CheckoutErrors"), "{:?}", asked(&desk));
}

#[test]
fn marked_alerts_are_silenced_together() {
    let all = ["A", "B", "C"].map(|title| alert(title, AlertState::Firing));
    let mut desk = with(&all);
    desk.press("8 space space S");
    assert_eq!(asked(&desk).0, "Silence 2 alerts for how long, and why");
    desk.write("the import runs");
    let intent = prepared(&desk.press("enter")).expect("an intent");
    let each = ["A", "B"].map(|title| Intent::Silence(key(title), import(7200)));
    assert_eq!(intent, Intent::Several(each.to_vec()));
}

#[test]
fn it_can_be_typed_with_what_it_wants() {
    let mut desk = with(&[alert("CheckoutErrors", AlertState::Firing)]);
    desk.press("8");
    let effects = desk.command("silence 90m the import runs");
    assert_eq!(prepared(&effects), Some(Intent::Silence(key("CheckoutErrors"), import(5400))));
    let mut desk = with(&[alert("CheckoutErrors", AlertState::Firing)]);
    desk.press("8");
    assert_eq!(prepared(&desk.command("silence soon")), None);
    assert!(desk.notice().contains("`soon` is no duration"), "{}", desk.notice());
}

#[test]
fn why_nothing_can_be_silenced_is_said() {
    let mut desk = with(&[alert("DiskFillsUp", AlertState::Pending)]);
    assert_eq!(prepared(&desk.press("8 S")), None);
    assert!(desk.notice().contains("it does not fire yet"), "{}", desk.notice());
    let mut desk = with(&[]);
    desk.press("7 S");
    assert!(!desk.floats(), "{}", desk.frame());
    let mut nights = alert("SlowAtNight", AlertState::Silenced);
    nights.silence.as_mut().expect("it is silenced").until = None;
    let mut desk = with(&[nights]);
    desk.press("8 S");
    assert!(desk.notice().contains("a time interval"), "{}", desk.notice());
}
