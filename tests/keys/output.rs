//! Output that is read: what of it is shown, since when, and whose.

use cockpit::app::{Effect, Saved, What};
use cockpit::domain::{Container, ContainerState, Form, Kind, LogLine, LogRequest, Object, Phase, Text, words};
use cockpit::ui::{Layer, LogView, Overlay, TextView};

use crate::desk::{Desk, ready_pod};

/// A log of `api` with twenty lines, every fifth of which is an error, and one long record.
fn read() -> Desk {
    let mut desk = Desk::new();
    let effects = desk.press("7 l");
    let ticket = opened(&effects).0;
    let mut lines: Vec<LogLine> = (0..20)
        .map(|n| LogLine::output(None, false, format!("{} {n}", if n % 5 == 0 { "error" } else { "fine" })))
        .collect();
    lines.push(LogLine::output(None, false, r#"{"level":"warn","msg":"slow","user":{"id":42}}"#));
    desk.update(What::LogLines(ticket, lines));
    desk
}

fn view(desk: &Desk) -> &LogView {
    match desk.app.screen().layers.last() {
        Some(Layer::Logs(view)) => view,
        other => panic!("output, not {other:?}"),
    }
}

fn opened(effects: &[Effect]) -> (u64, LogRequest) {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::OpenLogs(ticket, request) => Some((*ticket, request.clone())),
        _ => None,
    });
    found.expect("output was asked for")
}

/// Of each command on output, whether its key does what it says.
pub fn shown(id: &str) -> Option<bool> {
    let range = |key: &str, seconds: i64| {
        let mut desk = read();
        let (ticket, request) = opened(&desk.press(key));
        let since = request.since.map(|since| words::seconds_between(since, desk.now));
        // A key takes its time, too.
        since.is_some_and(|it| (seconds..seconds + 5).contains(&it)) && view(&desk).ticket == ticket
    };
    let press = |keys: &str| {
        let mut desk = read();
        desk.press(keys);
        desk
    };
    Some(match id {
        "filter-output" => view(&press("/ e r r o r enter")).len() == 4,
        "find" => view(&press("s e r r o r enter")).found == Some(15),
        "find-above" => view(&press("s e r r o r enter n")).found == Some(10),
        "find-below" => view(&press("s e r r o r enter n n N")).found == Some(10),
        "find-in-text" => text("/ i m a g e enter") == (Some(7), 4),
        "next-found" => text("/ i m a g e enter n").0 == Some(12),
        "found-before" => text("/ i m a g e enter n n N").0 == Some(12),
        "fold" => {
            let folded = |keys: &str| manifest(keys).folds.shown().to_vec();
            folded("j z") == [0, 1, 4, 5] && folded("j enter") == [0, 1, 4, 5] && folded("j z z").len() == 6
        }
        "fold-all" => manifest("Z").folds.shown() == [0, 1, 4] && manifest("Z Z").folds.shown().len() == 6,
        "next-container" => {
            let mut desk = two_containers();
            desk.press("l");
            opened(&desk.press("tab")).1.container.as_deref() == Some("proxy")
        }
        "wrap" => view(&press("w")).sideways == Some(0) && view(&press("w w")).sideways.is_none(),
        "to-the-right" => view(&press("right right")).sideways == Some(40),
        "to-the-left" => view(&press("right right left")).sideways == Some(20),
        "as-written" => press("r").frame().contains(r#"{"level":"warn""#) && !read().frame().contains(r#"{"level":"#),
        "save" => saved(&press_for("S")).is_some_and(|it| it.lines.len() == 21),
        "newest" => opened(&press("1").press("0")).1.since.is_none(),
        "last-minute" => range("1", 60),
        "last-5-minutes" => range("2", 300),
        "last-15-minutes" => range("3", 900),
        "last-hour" => range("4", 3600),
        "last-day" => range("5", 86_400),
        _ => return None,
    })
}

/// What a key on the output asks for.
fn press_for(keys: &str) -> Vec<Effect> {
    read().press(keys)
}

fn saved(effects: &[Effect]) -> Option<&Saved> {
    effects.iter().find_map(|effect| match effect {
        Effect::Save(saved) => Some(&**saved),
        _ => None,
    })
}

#[test]
fn what_a_filter_shows_is_saved_and_that_is_said() {
    let effects = press_for("/ e r r o r enter S");
    let saved = saved(&effects).expect("it is to be saved");
    let texts: Vec<&str> = saved.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["error 0", "error 5", "error 10", "error 15"]);
    assert_eq!(saved.part, "4 of 21 lines (like error)");
    assert!(saved.about.contains("shop/api") && saved.about.contains("like error"), "{}", saved.about);
    assert!(press_for("/ n o w h e r e enter S").iter().all(|it| !matches!(it, Effect::Save(_))), "there is nothing");
    let mut desk = read();
    let ticket = crate::output::saved(&desk.command("save")).expect("it is to be saved").ticket;
    desk.update(What::Saved(ticket, Ok("saved to /x/api.log: 4 lines".into())));
    assert!(desk.notice().contains("/x/api.log"), "{}", desk.notice());
    desk.update(What::Saved(ticket, Err("not saved: /x: no room".into())));
    assert!(desk.notice().contains("not saved"), "{}", desk.notice());
    let frame = desk.frame();
    assert!(
        frame.contains("─ saved to /x/api.log") && frame.contains("─ not saved: /x"),
        "where it can be long: {frame}"
    );
}

/// Of a description with three images, which line was found, and the first that is shown.
fn text(keys: &str) -> (Option<usize>, usize) {
    let mut desk = Desk::new();
    let effects = desk.press("7 d");
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Describe(ticket, ..) => Some(*ticket),
        _ => None,
    });
    let lines =
        (0..100).map(|n| if [7, 12, 80].contains(&n) { "Image: web:1".into() } else { format!("line {n}").into() });
    desk.update(What::TextReady(asked.expect("it was asked for"), Ok(lines.collect())));
    desk.press(keys);
    let Some(Layer::Text(view)) = desk.app.screen().layers.last() else { panic!("a text") };
    (view.found, view.scroll)
}

/// A manifest after some keys.
fn manifest(keys: &str) -> TextView {
    let mut desk = Desk::new();
    let effects = desk.press("7 y");
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Describe(ticket, _, Form::Manifest) => Some(*ticket),
        _ => None,
    });
    let lines = ["kind: Pod", "metadata:", "  labels:", "    app: web", "spec:", "  image: web:1"];
    desk.update(What::TextReady(asked.expect("it was asked for"), Ok(lines.map(Text::new).to_vec())));
    desk.press(keys);
    match desk.app.screen().layers.last() {
        Some(Layer::Text(view)) => view.clone(),
        other => panic!("a text, not {other:?}"),
    }
}

#[test]
fn a_search_unfolds_what_it_finds_and_a_line_inside_folds_its_section() {
    let found = manifest("Z / a p p enter");
    assert_eq!((found.found, found.cursor, found.folds.shown()), (Some(3), 3, &[0, 1, 2, 3, 4][..]));
    let inside = manifest("j j j z");
    assert_eq!((inside.cursor, inside.folds.shown()), (2, &[0, 1, 2, 4, 5][..]));
    let end = manifest("Z G");
    assert_eq!(end.cursor, 4);
    assert_eq!(manifest("Z G Z k").cursor, 3, "one up from what is unfolded again");
}

/// The selected pod has a container that works and one that does not.
fn two_containers() -> Desk {
    let mut desk = Desk::new();
    let mut pod = ready_pod("api", 0);
    let running = || ContainerState::Running { since: None };
    pod.containers = vec![Container::new("main", "api:1", running()), Container::new("proxy", "proxy:1", running())];
    desk.put(vec![Object::Instance(Box::new(pod))]);
    desk.command("po");
    desk
}

#[test]
fn of_several_containers_the_one_that_fails_is_read_first() {
    let mut desk = two_containers();
    assert_eq!(opened(&desk.press("l")).1.container, None, "nothing is wrong with either");
    let mut pod = ready_pod("api", 0);
    let mut proxy = Container::new("proxy", "proxy:1", ContainerState::Running { since: None });
    proxy.restarts = 3;
    pod.containers = vec![Container::new("main", "api:1", ContainerState::Running { since: None }), proxy];
    desk.put(vec![Object::Instance(Box::new(pod))]);
    desk.press("esc");
    assert_eq!(opened(&desk.press("l")).1.container.as_deref(), Some("proxy"));
    desk.press("esc");
    desk.command("api");
    let (_, request) = opened(&desk.press("l"));
    assert_eq!((request.instance.kind, request.container.as_deref()), (Kind::Deployment, Some("proxy")), "of all pods");
}

#[test]
fn a_filter_and_a_way_to_look_outlive_the_range() {
    let mut desk = read();
    desk.press("/ l e v e l : w a r n enter");
    assert!(desk.frame().contains("WARN  slow  user.id=42"), "{}", desk.frame());
    assert!(desk.frame().contains("/level:warn") && desk.frame().contains("1 of 21"), "{}", desk.frame());
    let effects = desk.press("w 4");
    assert!(effects.iter().any(|it| matches!(it, Effect::Cancel(_))), "what was read before is not followed any more");
    let ticket = opened(&effects).0;
    desk.update(What::LogLines(
        ticket,
        vec![LogLine::output(None, false, "plain"), LogLine::output(None, false, r#"{"level":60,"msg":"over"}"#)],
    ));
    assert_eq!((view(&desk).len(), view(&desk).sideways), (1, Some(0)));
    desk.press("/ ctrl-u enter");
    assert_eq!(view(&desk).len(), 2, "nothing is hidden by nothing");
}

#[test]
fn what_is_no_expression_is_said_while_it_is_typed_and_when_it_is_taken() {
    let mut desk = read();
    desk.press("s (");
    assert!(desk.frame().contains("unclosed group"), "{}", desk.frame());
    desk.press("enter");
    assert!(desk.notice().contains("unclosed group"), "{}", desk.notice());
    desk.press("n");
    assert!(desk.notice().contains("no line above"), "{}", desk.notice());
}

#[test]
fn esc_leaves_the_field_and_then_the_output() {
    let mut desk = read();
    desk.press("/ x esc");
    assert!(!matches!(desk.app.screen().overlay, Some(Overlay::Seek(_))) && view(&desk).len() == 21);
    desk.press("esc");
    assert!(desk.layers().is_empty());
}

#[test]
fn of_what_is_wrong_output_begins_shortly_before_that_began() {
    let mut desk = Desk::new();
    let mut pod = ready_pod("api", 0);
    let reason = "CreateContainerConfigError".into();
    let state = ContainerState::Waiting { reason, message: Some("secret \"api\" not found".into()) };
    (pod.ready, pod.phase, pod.containers) = (false, Phase::Pending, vec![Container::new("main", "api:1", state)]);
    desk.put(vec![Object::Instance(Box::new(pod))]);
    desk.wait(300_000);
    desk.press("1");
    let since = desk.app.core().diagnosis().incidents().first().map(|it| it.since).expect("an incident");
    let (_, request) = opened(&desk.press("l"));
    assert_eq!(request.since, Some(words::after(since, -60)));
    assert_eq!(request.instance.kind, Kind::Deployment);
}

#[test]
fn lines_that_pour_are_shown_now_and_then_and_a_key_at_once() {
    let mut desk = Desk::new();
    let ticket = opened(&desk.press("7 l")).0;
    let pour = |desk: &mut Desk| {
        desk.app.take_dirty();
        desk.update(What::LogLines(ticket, vec![LogLine::output(None, false, "more")]));
        desk.app.take_dirty()
    };
    assert!(pour(&mut desk), "the first is shown at once");
    assert!(!pour(&mut desk) && !pour(&mut desk));
    assert_eq!(desk.app.next_deadline().person, desk.now.checked_add(jiff::SignedDuration::from_millis(250)).ok());
    desk.tap("f");
    assert!(desk.app.take_dirty(), "a key does not wait for it");
    desk.wait(250);
    assert!(desk.app.take_dirty());
    desk.wait(250);
    assert!(pour(&mut desk), "it has been calm");
}

#[test]
fn a_key_brings_no_lines_with_it_and_a_large_frame_is_followed_by_a_pause() {
    let mut desk = Desk::new();
    let ticket = opened(&desk.press("7 l")).0;
    let line = |text: &str| What::LogLines(ticket, vec![LogLine::output(None, false, text)]);
    desk.update(line("the first"));
    desk.app.drawn(20_000);
    desk.update(line("the second"));
    desk.tap("w");
    assert!(desk.frame().contains("the first") && !desk.frame().contains("the second"), "{}", desk.frame());
    desk.wait(1_900);
    assert!(!desk.frame().contains("the second"), "its frame would cost as much as the line carries in two seconds");
    desk.wait(100);
    assert!(desk.frame().contains("the second"), "{}", desk.frame());
    desk.update(line("the third"));
    let effects = desk.press("S");
    let saved = saved(&effects).expect("it is saved");
    assert!(saved.lines.iter().any(|line| line.text == "the third"), "also what came last and is not shown yet");
    desk.update(What::LogEnded(ticket, "it has ended".into()));
    assert!(desk.frame().contains("the third"), "what came last is not lost");
}
