//! Looking closer: logs, descriptions, help.

use cockpit::app::{Copied, Effect, What};
use cockpit::domain::{Desired, Form, Instance, Kind, LogLine, LogRequest, NodeState, Object, Phase, Ref, Workload};
use cockpit::ui::{Layer, LogView, Overlay};

use crate::desk::{Desk, a_node, cluster, deployment, pod, ready_pod, shop};

fn line(text: &str) -> LogLine {
    LogLine::output(None, false, text)
}

fn logs(desk: &Desk) -> &LogView {
    match desk.app.screen().layers.last() {
        Some(Layer::Logs(view)) => view,
        other => panic!("logs, not {other:?}"),
    }
}

fn opened(effects: &[Effect]) -> (u64, String, bool, bool) {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::OpenLogs(ticket, request) => {
            Some((*ticket, request.instance.name.to_string(), request.previous, request.follow))
        }
        _ => None,
    });
    found.expect("logs were asked for")
}

fn from(name: &str, text: &str) -> LogLine {
    LogLine { from: Some(name.into()), ..line(text) }
}

#[test]
fn logs_of_a_workload_are_those_of_all_its_pods_and_each_line_says_whose_it_is() {
    let mut desk = Desk::new();
    desk.press("7 j j");
    assert_eq!(desk.selected(), "web");
    assert!(desk.app.screen().footer.iter().any(|hint| hint.key == "l" && hint.what == "logs of all"));
    let (ticket, name, previous, follow) = opened(&desk.press("l"));
    assert_eq!((name.as_str(), previous, follow), ("web", false, true));
    assert!(desk.frame().contains("log of its pods"), "{}", desk.frame());
    desk.update(What::LogLines(ticket, vec![from("web-6b4c-x7kq2", "one")]));
    assert!(desk.frame().contains("log of 1 pod") && !desk.frame().contains("x7kq2"), "{}", desk.frame());
    desk.wait(250);
    desk.update(What::LogLines(ticket, vec![from("web-6b4c-qhxwb", "two"), from("web-7d5f-m2n4p", "of the new")]));
    let frame = desk.frame();
    for said in ["x7kq2   one", "qhxwb   two", "m2n4p   of the new", "log of 3 pods"] {
        assert!(frame.contains(said), "{said}\n{frame}");
    }
}

#[test]
fn on_an_instance_its_own_log_is_followed() {
    let mut desk = Desk::new();
    desk.command("po");
    desk.press("j j");
    let (_, name, ..) = opened(&desk.press("l"));
    assert_eq!(name, desk.selected());
    desk.press("esc");
    desk.command("web");
    let (_, name, ..) = opened(&desk.press("tab tab l"));
    assert_eq!(name, "web-0");
}

#[test]
fn where_the_instances_cannot_be_told_together_logs_are_those_of_the_worst_one() {
    let mut desk = Desk::new();
    let of = |kind, name: &str| Ref::new(&cluster(), kind, Some("intra".into()), name);
    let service = of(Kind::TaskGroup, "wiki");
    let tasks =
        [(Phase::Running, true), (Phase::Restarting, false)].into_iter().enumerate().map(|(n, (phase, ready))| {
            let key = of(Kind::Allocation, &format!("wiki.{n}"));
            let mut task = Instance::new(key, format!("uid-{n}"), Some(service.clone()), phase);
            task.ready = ready;
            Object::Instance(Box::new(task))
        });
    let tasks: Vec<Object> = tasks.collect();
    desk.put(vec![Object::Workload(Box::new(Workload::new(service.clone(), "uid", Desired::Replicas(2))))]);
    desk.put(tasks);
    desk.command("wiki");
    assert_eq!(opened(&desk.press("l")).1, "wiki.1");
    assert_eq!(opened(&desk.press("p")).1, "wiki.1");
    assert_eq!(opened(&desk.press("p")).1, "wiki.1");
}

#[test]
fn of_services_of_compose_and_swarm_all_that_they_run_is_followed() {
    for (kind, runs, noun) in
        [(Kind::Service, Kind::Task, "task"), (Kind::ComposeService, Kind::ContainerInstance, "container")]
    {
        let mut desk = Desk::new();
        let service = Ref::new(&cluster(), kind, Some("intra".into()), "wiki");
        let of = |n: usize| {
            let key = Ref::new(&cluster(), runs, Some("intra".into()), format!("wiki.{n}"));
            Object::Instance(Box::new(Instance::new(key, format!("uid-{n}"), Some(service.clone()), Phase::Running)))
        };
        desk.put(vec![Object::Workload(Box::new(Workload::new(service.clone(), "uid", Desired::Replicas(2))))]);
        desk.put((0..2).map(of).collect());
        desk.command("wiki");
        assert_eq!(opened(&desk.press("l")).1, "wiki");
        assert!(desk.frame().contains(&format!("log of its {noun}s")), "{}", desk.frame());
        assert!(opened(&desk.press("p")).1.starts_with("wiki."), "the run before is that of one");
        assert_eq!(opened(&desk.press("p")).1, "wiki");
    }
}

/// Whose outputs are asked for as one.
fn several(effects: &[Effect]) -> (u64, Vec<LogRequest>) {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::OpenSeveral(ticket, requests) => Some((*ticket, requests.clone())),
        _ => None,
    });
    found.expect("several are asked for")
}

fn names(requests: &[LogRequest]) -> Vec<&str> {
    requests.iter().map(|request| request.instance.name.as_str()).collect()
}

#[test]
fn what_is_marked_is_followed_as_one() {
    let mut desk = Desk::new();
    desk.press("7 space j space");
    assert!(desk.app.screen().footer.iter().any(|hint| hint.key == "l" && hint.what == "logs of 2 marked"));
    let (ticket, requests) = several(&desk.press("l"));
    assert_eq!(names(&requests), ["api", "web"]);
    assert!(requests.iter().all(|request| request.instance.kind == Kind::Deployment), "new pods of them join");
    assert!(desk.frame().contains("shop/api") && desk.frame().contains("with shop/web"), "{}", desk.frame());
    desk.update(What::LogLines(ticket, vec![from("api-0", "one"), from("web-0", "two")]));
    let frame = desk.frame();
    assert!(frame.contains("api-0   one") && frame.contains("web-0   two"), "{frame}");
    let effects = desk.press("4");
    assert!(effects.contains(&Effect::Cancel(ticket)));
    let (_, requests) = several(&effects);
    assert!(names(&requests) == ["api", "web"] && requests.iter().all(|request| request.since.is_some()));
    desk.press("tab");
    assert!(desk.notice().contains("several"), "{}", desk.notice());
    desk.press("p");
    assert!(desk.notice().contains("several"), "{}", desk.notice());
}

#[test]
fn of_marks_those_without_output_are_said_and_a_single_one_is_meant_itself() {
    let mut desk = Desk::new();
    desk.put(vec![a_node(1, NodeState::Ready), a_node(2, NodeState::Ready)]);
    desk.press("6 space");
    let effects = desk.press("l");
    assert!(!effects.iter().any(|it| matches!(it, Effect::OpenLogs(..) | Effect::OpenSeveral(..))));
    assert!(desk.notice().contains("nothing that is marked has output"), "{}", desk.notice());
    desk.press("7 space");
    assert_ne!(desk.selected(), "api", "a mark goes one down");
    assert_eq!(opened(&desk.press("l")).1, "api");
}

#[test]
fn instances_are_marked_in_a_case_file_and_followed_as_one() {
    let mut desk = Desk::new();
    desk.press("7 j j enter tab tab");
    assert!(desk.frame().contains("restarts"), "the page of instances: {}", desk.frame());
    desk.press("space space");
    assert!(desk.app.screen().footer.iter().any(|hint| hint.key == "l" && hint.what == "logs of 2 marked"));
    let (ticket, requests) = several(&desk.press("l"));
    assert!(names(&requests).len() == 2 && requests.iter().all(|request| request.instance.kind == Kind::Pod));
    assert!(desk.press("esc").contains(&Effect::Cancel(ticket)));
    desk.press("?");
    assert!(desk.floats());
    desk.press("esc");
    assert!(!desk.floats() && desk.app.screen().footer.iter().any(|hint| hint.what == "logs of 2 marked"));
    desk.gone(&pod("web", 0));
    assert!(desk.app.screen().footer.iter().any(|hint| hint.what == "logs of 1 marked"), "one is gone");
    desk.press("esc");
    assert_eq!(desk.layers().len(), 1, "esc takes the marks away first");
    assert_eq!(opened(&desk.press("l")).1, "web-1");
    desk.press("esc esc");
    assert!(desk.layers().is_empty());
}

#[test]
fn of_very_many_marks_it_is_said_that_they_are_too_many() {
    let mut desk = Desk::new();
    desk.put((0..250).map(|n| Object::Workload(Box::new(deployment(&format!("many-{n}"), 1)))).collect());
    desk.press("7 g ctrl-space G ctrl-space");
    let effects = desk.press("l");
    assert!(!effects.iter().any(|it| matches!(it, Effect::OpenLogs(..) | Effect::OpenSeveral(..))));
    assert!(desk.notice().contains("20 can be read together"), "{}", desk.notice());
}

#[test]
fn the_run_before_is_that_of_the_worst_pod_and_goes_back_to_all() {
    let mut desk = Desk::new();
    let mut bad = ready_pod("web", 1);
    (bad.ready, bad.phase) = (false, Phase::Restarting);
    desk.put(vec![Object::Instance(Box::new(bad))]);
    desk.command("web");
    let (_, name, previous, _) = opened(&desk.press("p"));
    assert_eq!((name.as_str(), previous), ("web-1", true));
    let (_, name, previous, follow) = opened(&desk.press("p"));
    assert_eq!((name.as_str(), previous, follow), ("web", false, true));
    assert_eq!(opened(&desk.press("p")).1, "web-1");
    assert_eq!(desk.layers(), ["case web", "logs web-1"]);
}

#[test]
fn lines_are_shown_as_they_come_until_one_stops_following() {
    let mut desk = Desk::new();
    desk.command("web");
    let (ticket, ..) = opened(&desk.press("l"));
    desk.update(What::LogLines(ticket, (0..200).map(|n| line(&format!("line {n}"))).collect()));
    assert!(desk.frame().contains("line 199"));
    desk.press("k");
    assert!(!logs(&desk).following);
    let shown = desk.frame();
    desk.wait(250);
    desk.update(What::LogLines(ticket, vec![line("one more")]));
    assert_eq!(logs(&desk).behind, 2);
    let body = |frame: String| frame.lines().skip(2).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(body(desk.frame()), body(shown), "what is read does not move");
    desk.press("G");
    assert!(logs(&desk).behind == 0 && desk.frame().contains("one more"));
    desk.press("f");
    let following = logs(&desk).following;
    desk.press("f");
    assert_ne!(logs(&desk).following, following);
    desk.press("g");
    assert!(desk.frame().contains("line 0"), "{}", desk.frame());
}

#[test]
fn at_most_so_many_lines_are_kept_and_the_rest_is_counted() {
    let mut desk = Desk::new();
    desk.command("web");
    let (ticket, ..) = opened(&desk.press("l"));
    for _ in 0..11 {
        desk.update(What::LogLines(ticket, (0..1000).map(|n| line(&n.to_string())).collect()));
    }
    desk.wait(250);
    assert_eq!((logs(&desk).lines.len(), logs(&desk).dropped), (LogView::KEPT, 1000));
}

#[test]
fn leaving_logs_cancels_them_and_late_lines_are_dropped() {
    let mut desk = Desk::new();
    desk.command("web");
    let (ticket, ..) = opened(&desk.press("l"));
    assert!(desk.press("esc").contains(&Effect::Cancel(ticket)));
    desk.update(What::LogLines(ticket, vec![line("late")]));
    let (again, ..) = opened(&desk.press("l"));
    assert_ne!(ticket, again);
    desk.update(What::LogLines(ticket, vec![line("late")]));
    assert!(logs(&desk).lines.is_empty());
    assert!(desk.command("nodes").contains(&Effect::Cancel(again)), "another pane leaves them too");
}

#[test]
fn the_run_before_has_its_own_log_and_the_end_says_why() {
    let mut desk = Desk::new();
    desk.command("web");
    let (first, ..) = opened(&desk.press("l"));
    let effects = desk.press("p");
    assert!(effects.contains(&Effect::Cancel(first)));
    let (ticket, name, previous, follow) = opened(&effects);
    assert_eq!((name.as_str(), previous, follow), ("web-0", true, false));
    desk.update(What::LogEnded(ticket, "that is all of it".into()));
    assert!(desk.frame().contains("that is all of it"), "{}", desk.frame());
    assert!(!opened(&desk.press("p")).2);
    assert_eq!(desk.layers(), ["case web", "logs web"]);
}

#[test]
fn the_selected_instance_of_a_case_file_is_meant_by_logs_and_describe() {
    let mut desk = Desk::new();
    desk.command("web");
    let effects = desk.press("tab tab j l");
    assert_eq!(opened(&effects).1, "web-1");
    let effects = desk.press("esc d");
    assert!(effects.iter().any(|it| matches!(it, Effect::Describe(_, key, Form::Words) if *key == pod("web", 1))));
}

#[test]
fn a_node_has_no_logs_and_a_workload_without_instances_says_so() {
    let mut desk = Desk::new();
    assert!(desk.press("6 l").is_empty());
    assert!(desk.notice().contains("logs is not for what is selected"), "{}", desk.notice());
    desk.gone(&pod("web", 0));
    desk.gone(&pod("web", 1));
    desk.command("web");
    desk.press("l");
    assert!(desk.notice().contains("no instance of shop/web is there"), "{}", desk.notice());
}

#[test]
fn a_description_comes_under_its_ticket() {
    let mut desk = Desk::new();
    desk.command("web");
    let effects = desk.press("y");
    let [Effect::Describe(ticket, key, Form::Manifest)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(*key, shop("web"));
    desk.update(What::TextReady(ticket + 1, Ok(vec!["of another".into()])));
    assert!(desk.frame().contains("being fetched"));
    desk.update(What::TextReady(*ticket, Ok((0..100).map(|n| format!("field: {n}").into()).collect())));
    assert!(desk.frame().contains("field: 0"));
    desk.press("G");
    assert!(desk.frame().contains("field: 99") && !desk.frame().contains("field: 0\n"));
    desk.press("g");
    assert!(desk.frame().contains("field: 0"));
    assert!(desk.press("esc").contains(&Effect::Cancel(*ticket)));
}

#[test]
fn help_lists_the_keys_that_work_where_one_is() {
    let mut desk = Desk::new();
    let keys = |desk: &Desk| match &desk.app.screen().overlay {
        Some(Overlay::Help(sheet)) => sheet
            .sections
            .iter()
            .flat_map(|(_, lines)| lines)
            .map(|(key, what)| format!("{key}: {what}"))
            .collect::<Vec<_>>(),
        _ => panic!("help"),
    };
    desk.press("7 ?");
    assert!(keys(&desk).iter().any(|line| line.starts_with("r: ")), "{:?}", keys(&desk));
    assert!(keys(&desk).iter().any(|line| line.starts_with("/: ")));
    desk.press("j G g esc");
    assert!(!desk.floats());
    desk.command("web");
    desk.press("l ?");
    assert!(keys(&desk).iter().any(|line| line.starts_with("f: ")));
    assert!(!keys(&desk).iter().any(|line| line.contains("start its instances anew")));
}

#[test]
fn w_says_why_an_incident_stands_where_it_stands() {
    let mut desk = Desk::new();
    desk.press("7 w");
    assert!(desk.notice().contains("no incident is about this"), "{}", desk.notice());
    desk.put(vec![a_node(2, NodeState::Down)]);
    desk.press("1");
    desk.wait(1_000);
    let place = desk.app.core().diagnosis().incidents()[0].place().to_string();
    desk.press("w");
    assert!(!place.is_empty() && desk.notice() == place, "{} / {place}", desk.notice());
}

#[test]
fn times_change_their_zone_and_what_cannot_be_read_is_tried_again() {
    let mut desk = Desk::new();
    assert!(desk.app.screen().utc);
    desk.press("t");
    assert!(!desk.app.screen().utc);
    let before = desk.app.demand(desk.now).retry;
    desk.press("ctrl-r");
    assert_eq!(desk.app.demand(desk.now).retry, before + 1);
}

#[test]
fn the_menu_lists_what_can_be_done_here_and_why_not() {
    let mut desk = Desk::new();
    desk.press("6 m");
    let Some(Overlay::Palette { items, .. }) = &desk.app.screen().overlay else { panic!("a menu") };
    let labels: Vec<&str> = items.iter().map(|item| item.label.as_str()).collect();
    assert!(labels.contains(&"drain") && labels.contains(&"cordon") && !labels.contains(&"restart"), "{labels:?}");
    let uncordon = items.iter().find(|item| item.label == "uncordon").expect("uncordon");
    assert_eq!(uncordon.refused.as_deref(), Some("it takes new instances"));
    let at = |label: &str| labels.iter().position(|it| *it == label).unwrap_or(usize::MAX);
    assert!(at("drain") < at("describe") && at("describe") < at("rollouts") && at("rollouts") < at("help"));
    assert!(!labels.contains(&"menu") && !labels.contains(&"down"), "{labels:?}");
    let frame = desk.frame();
    assert!(
        frame.contains("What can be done: node-1 (prod)") && frame.contains("Acting (a preview comes first)"),
        "{frame}"
    );
    assert!(frame.contains("not now: it takes new instances"), "{frame}");
    desk.write("drai");
    let effects = desk.press("enter");
    assert!(matches!(&effects[..], [Effect::Prepare(..)]), "{effects:?}");
}

#[test]
fn an_incident_is_copied_from_lists_and_case_files_and_where_it_went_is_said() {
    let mut desk = Desk::new();
    assert!(desk.press("7 c").is_empty(), "nothing is wrong with it");
    assert_eq!(desk.notice(), "copy-summary: no incident is about this");
    desk.put(vec![a_node(2, NodeState::Down)]);
    let copied = |effects: Vec<Effect>| match &effects[..] {
        [Effect::Copy(text)] => text.clone(),
        other => panic!("a copy, not {other:?}"),
    };
    let from_list = copied(desk.press("1 c"));
    assert!(from_list.starts_with("critical: node-2") || from_list.starts_with("warning: node-2"), "{from_list}");
    assert_eq!(copied(desk.press("enter c")), from_list);
    for (to, said) in [
        (Ok(Copied::Clipboard), "sent to the terminal's clipboard"),
        (Ok(Copied::File("/run/user/1/cockpit/copied.txt".into())), "/run/user/1/cockpit/copied.txt"),
        (Err("the disk is full".into()), "not copied: the disk is full"),
    ] {
        desk.update(What::Copied(to));
        assert!(desk.notice().contains(said), "{}", desk.notice());
    }
}

#[test]
fn the_menu_is_there_in_output_and_texts_too_and_finds_by_what_is_done() {
    let mut desk = Desk::new();
    desk.press("7 l m");
    let labels = |desk: &Desk| match &desk.app.screen().overlay {
        Some(Overlay::Palette { items, .. }) => items.iter().map(|item| item.label.to_string()).collect::<Vec<_>>(),
        other => panic!("a menu, not {other:?}"),
    };
    assert!(labels(&desk).iter().any(|label| label == "wrap"), "{:?}", labels(&desk));
    assert!(!labels(&desk).iter().any(|label| label == "restart"));
    desk.write("minute ago");
    assert_eq!(labels(&desk), ["last-minute"], "no name has these letters: what is done has them");
    desk.press("esc esc d m");
    assert!(labels(&desk).iter().any(|label| label == "find-in-text"));
}

#[test]
fn a_preview_that_is_longer_than_the_terminal_is_read_line_by_line_and_that_confirms_nothing() {
    let mut desk = Desk::new();
    desk.update(What::Resize(40, 6));
    let effects = desk.press("7 r");
    desk.drafted(&effects);
    desk.see();
    let scroll = |desk: &Desk| desk.preview().map(|it| (it.scroll, it.armed));
    assert_eq!(scroll(&desk), Some((0, cockpit::ui::Armed::No)));
    desk.press("j down");
    assert_eq!(scroll(&desk), Some((2, cockpit::ui::Armed::No)), "{}", desk.frame());
    desk.press("k");
    assert_eq!(scroll(&desk), Some((1, cockpit::ui::Armed::No)));
}
