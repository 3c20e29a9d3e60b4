//! Port forwards: the question and what it takes, what is listed in pane 9, how they end.

use cockpit::action::Guard;
use cockpit::app::{Effect, What};
use cockpit::domain::{ForwardRequest, ForwardState, Listen, Object, Port, Refusal, Rights, Text};
use cockpit::ui::{Overlay, Pane, RowKey};

use crate::desk::{Desk, deployment, pod, shop};

fn port(number: u16, name: &str) -> Port {
    Port { number, protocol: "TCP".into(), name: Some(name.into()), published: None }
}

/// The shop, in which `web` says that it listens on two ports.
fn served(mut desk: Desk) -> Desk {
    let mut web = deployment("web", 2);
    web.containers[0].ports = vec![port(9090, "metrics"), port(8080, "http")];
    desk.put(vec![Object::Workload(Box::new(web))]);
    desk.wait(1000);
    desk.command("web");
    desk
}

fn asked(effects: &[Effect]) -> Vec<(u64, ForwardRequest)> {
    let each = effects.iter().filter_map(|effect| match effect {
        Effect::Forward(id, request) => Some((*id, request.clone())),
        _ => None,
    });
    each.collect()
}

fn request(listen: Listen, port: u16) -> ForwardRequest {
    ForwardRequest { target: shop("web"), listen, port }
}

fn question(desk: &Desk) -> Option<(String, String, String)> {
    match &desk.app.screen().overlay {
        Some(Overlay::Prompt(prompt)) => Some((
            prompt.title.to_string(),
            prompt.input.text.clone(),
            prompt.error.as_ref().map(ToString::to_string).unwrap_or_default(),
        )),
        _ => None,
    }
}

fn state(local: u16, to: &str) -> ForwardState {
    let to = Some((pod("web", to.parse().expect("a number")), 8080));
    ForwardState { local, to, open: 0, came: 0, failed: 0, said: None, ended: None }
}

/// A desk with a forward that is open, and its number.
pub fn opened() -> (Desk, u64) {
    let mut desk = served(Desk::new());
    let effects = desk.press("shift-f enter");
    let [(id, _)] = &asked(&effects)[..] else { panic!("{effects:?}") };
    desk.update(What::Forward(*id, Ok(state(8080, "0"))));
    (desk, *id)
}

#[test]
fn the_question_offers_the_ports_that_the_containers_declare() {
    let mut desk = served(Desk::new());
    assert!(asked(&desk.press("shift-f")).is_empty(), "one key opens nothing");
    let (title, text, _) = question(&desk).unwrap_or_else(|| panic!("no question: {}", desk.notice()));
    assert!(title.contains("shop/web") && title.contains("8080/TCP http, 9090/TCP metrics"), "{title}");
    assert_eq!(text, "8080", "the first of them, to be taken by enter");
    let effects = desk.press("enter");
    assert_eq!(asked(&effects).into_iter().map(|(_, it)| it).collect::<Vec<_>>(), [request(Listen::Like, 8080)]);
    assert!(!desk.floats());
}

#[test]
fn what_is_typed_is_taken_as_with_kubectl_and_by_name() {
    for (typed, wanted) in [
        ("8000:80", request(Listen::At(8000), 80)),
        (":80", request(Listen::Any, 80)),
        ("8000:metrics", request(Listen::At(8000), 9090)),
    ] {
        let mut desk = served(Desk::new());
        desk.press("shift-f ctrl-u");
        desk.write(typed);
        assert_eq!(asked(&desk.press("enter")).pop().map(|(_, it)| it), Some(wanted.clone()), "{typed}");
        let mut desk = served(Desk::new());
        let by_word = desk.command(&format!("pf {typed}"));
        assert_eq!(asked(&by_word).pop().map(|(_, it)| it), Some(wanted), "{typed} by the palette");
    }
}

#[test]
fn what_is_no_port_is_said_in_the_question() {
    let mut desk = served(Desk::new());
    desk.press("shift-f ctrl-u");
    desk.write("80:x");
    assert!(asked(&desk.press("enter")).is_empty());
    let (_, _, error) = question(&desk).expect("the question stays");
    assert!(error.contains("`x` is no port"), "{error}");
}

#[test]
fn it_is_listed_in_pane_9_with_what_ends_it() {
    let (mut desk, id) = opened();
    assert!(desk.notice().contains("127.0.0.1:8080 -> web-0:8080"), "{}", desk.notice());
    desk.press("9");
    assert_eq!(desk.pane(), Pane::Journal);
    assert_eq!(desk.list().order, [RowKey::Forward(id)]);
    let busy =
        ForwardState { open: 2, came: 14, failed: 1, said: Some("connection refused".into()), ..state(8080, "0") };
    desk.update(What::Forward(id, Ok(busy)));
    let frame = desk.frame();
    for part in ["forward", "shop/web", "127.0.0.1:8080 -> web-0:8080", "2 open of 14, 1 failed", "x end"] {
        assert!(frame.contains(part), "{part}:\n{frame}");
    }
    for keys in ["x", "u"] {
        let (mut desk, id) = opened();
        desk.press("9");
        assert_eq!(desk.press(keys), [Effect::Cancel(id)], "{keys}");
        assert!(
            desk.list().order.is_empty() && desk.notice().starts_with("ended: 127.0.0.1:8080"),
            "{}",
            desk.notice()
        );
    }
}

#[test]
fn its_address_is_copied_and_enter_opens_what_it_is_of() {
    let (mut desk, _) = opened();
    desk.press("9");
    assert_eq!(desk.press("c"), [Effect::Copy("http://127.0.0.1:8080".into())]);
    desk.press("enter");
    assert_eq!(desk.layers(), ["case web"]);
}

#[test]
fn that_it_leads_elsewhere_or_has_ended_is_said_wherever_one_is() {
    let (mut desk, id) = opened();
    desk.press("6");
    desk.update(What::Forward(id, Ok(ForwardState { said: Some("it leads to web-1 now".into()), ..state(8080, "1") })));
    assert_eq!(desk.notice(), "127.0.0.1:8080 -> web-1:8080");
    let ended = ForwardState { ended: Some("shop/web is not there any more".into()), ..state(8080, "1") };
    desk.update(What::Forward(id, Ok(ended)));
    assert_eq!(desk.notice(), "127.0.0.1:8080 -> web-1:8080 has ended: shop/web is not there any more");
    desk.press("9");
    assert!(desk.frame().contains("x forget"), "{}", desk.frame());
    desk.press("x");
    assert!(desk.list().order.is_empty());
}

#[test]
fn one_that_cannot_be_is_said_with_what_to_do_and_is_not_listed() {
    let mut desk = served(Desk::new());
    let (id, request) = asked(&desk.press("shift-f enter")).pop().expect("a forward");
    let refusal: Refusal = request.refused("port 8080 of this machine is in use by another program", "say :8080");
    desk.update(What::Forward(id, Err(refusal)));
    assert!(desk.notice().contains("in use by another program; say :8080"), "{}", desk.notice());
    desk.press("9");
    assert!(desk.list().order.is_empty());
}

#[test]
fn a_port_of_another_forward_of_this_session_is_refused_by_its_name() {
    let (mut desk, _) = opened();
    desk.press("shift-f ctrl-u");
    desk.write("8080:9090");
    assert!(asked(&desk.press("enter")).is_empty());
    let (_, _, error) = question(&desk).expect("the question stays");
    assert!(error.contains("taken by a forward of yours: 127.0.0.1:8080 -> web-0:8080"), "{error}");
}

#[test]
fn a_protected_cluster_asks_for_its_name() {
    let mut desk = served(Desk::protected());
    assert!(asked(&desk.press("shift-f enter")).is_empty());
    let (title, text, _) = question(&desk).expect("another question");
    assert!(title.contains("prod is protected") && text.is_empty(), "{title}");
    desk.write("prd");
    assert!(asked(&desk.press("enter")).is_empty());
    assert_eq!(question(&desk).map(|it| it.2).as_deref(), Some("`prd` is not `prod`"));
    desk.press("ctrl-u");
    desk.write("prod");
    assert_eq!(asked(&desk.press("enter")).len(), 1);
}

#[test]
fn it_is_not_offered_where_it_may_not_be_had() {
    let why = |mut desk: Desk| {
        assert!(asked(&desk.press("shift-f")).is_empty());
        assert!(question(&desk).is_none());
        desk.notice()
    };
    let guard = Guard { read_only: Some("started with --read-only".into()), ..Guard::default() };
    assert!(why(served(Desk::with(guard))).contains("started with --read-only"));
    let mut desk = served(Desk::new());
    let denied: Vec<Text> = vec!["create pods/portforward".into()];
    desk.allow(Rights { denied, within: vec!["shop".into()], ..Rights::default() });
    assert!(why(desk).contains("you may not `create pods/portforward`"));
    let mut desk = Desk::zoo();
    desk.command("nightly");
    assert!(why(desk).contains("it has no pods of its own"));
    let mut desk = Desk::zoo();
    desk.command("proxy");
    assert!(why(desk).contains("a port is published when it is made"));
}

#[test]
fn that_it_ends_with_the_session_is_said_on_leaving() {
    let (mut desk, _) = opened();
    desk.press("9 q");
    assert_eq!(desk.notice(), "the forward 127.0.0.1:8080 -> web-0:8080 ends with it. Again to quit");
}
