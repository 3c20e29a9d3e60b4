//! Down from what is wrong to one container, and back again exactly.

use cockpit::app::Effect;
use cockpit::domain::{
    Container, ContainerSpec, ContainerState, Exit, ExitReason, Form, Instance, Object, Phase, Text, Timestamp,
};
use cockpit::ui::{CaseRow, CaseTab, Layer, Pane};

use crate::desk::{Desk, cluster, deployment, pod, ready_pod, shop};

/// A pod of two containers, of which the first crashes.
fn crashing(n: u32, now: Timestamp) -> Instance {
    let mut it = ready_pod("web", n);
    (it.ready, it.phase, it.since) = (false, Phase::Restarting, Some(now));
    let reason = ContainerState::Waiting { reason: "CrashLoopBackOff".into(), message: None };
    let mut main = Container::new("main", "web:2", reason);
    main.restarts = 9;
    let ended = Some(now);
    main.last_exit = Some(Box::new(Exit { code: 1, reason: ExitReason::Error, message: None, started: None, ended }));
    let runs = ContainerState::Running { since: None };
    it.containers = vec![main, Container::new("proxy", "proxy:1", runs)];
    it
}

/// The shop, with `web` in a crash loop for so long that it is an incident.
fn desk() -> Desk {
    let mut desk = Desk::new();
    let mut web = deployment("web", 2);
    web.containers.push(ContainerSpec::new("proxy", "proxy:1"));
    let pods = (0..2).map(|n| Object::Instance(Box::new(crashing(n, desk.now))));
    let all = [Object::Workload(Box::new(web))].into_iter().chain(pods).collect();
    desk.put(all);
    desk.wait(600_000);
    desk
}

fn top(desk: &Desk) -> (CaseTab, usize, Option<CaseRow>) {
    match desk.app.screen().layers.last() {
        Some(Layer::Case(case)) => (case.tab, case.scroll, case.pick().cloned()),
        other => panic!("a case file, not {other:?}"),
    }
}

#[test]
fn enter_leads_down_to_a_container_and_esc_back_exactly() {
    let mut desk = desk();
    assert_eq!(desk.pane(), Pane::Triage);
    desk.press("enter");
    assert_eq!(desk.layers(), ["case web"]);
    desk.press("enter");
    assert_eq!(desk.layers(), ["case web", "case web"], "from the incident to what it is about");
    desk.press("enter");
    assert_eq!(top(&desk).0, CaseTab::Instances, "from there to what runs, in the same case file");
    desk.press("j");
    let on_instances = top(&desk);
    assert_eq!(on_instances.2, Some(CaseRow::Instance(pod("web", 1))));
    desk.press("enter");
    assert_eq!(desk.layers(), ["case web", "case web", "case web-1"]);
    desk.press("enter j");
    let on_containers = top(&desk);
    assert_eq!(on_containers.2, Some(CaseRow::Container(pod("web", 1), "proxy".into())));
    desk.press("enter");
    assert_eq!(desk.layers(), ["case web", "case web", "case web-1", "case web-1/proxy"]);
    assert!(desk.frame().contains("container proxy"), "{}", desk.frame());
    desk.press("enter");
    assert!(desk.notice().contains("nothing below"), "{}", desk.notice());
    desk.press("esc");
    assert_eq!(top(&desk), on_containers);
    desk.press("esc");
    assert_eq!(top(&desk), on_instances);
    desk.press("esc esc");
    assert_eq!((desk.pane(), desk.layers().len()), (Pane::Triage, 0));
}

#[test]
fn at_a_container_keys_aim_at_it() {
    let mut desk = desk();
    desk.command("web-1");
    desk.press("tab tab j enter");
    assert_eq!(desk.layers().last().map(String::as_str), Some("case web-1/proxy"));
    let asked = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::OpenLogs(_, request) => {
                Some((request.instance.clone(), request.container.clone(), request.previous))
            }
            _ => None,
        })
    };
    let effects = desk.press("l");
    assert_eq!(asked(&effects), Some((pod("web", 1), Some("proxy".into()), false)));
    desk.press("esc");
    let effects = desk.press("p");
    assert_eq!(asked(&effects), Some((pod("web", 1), Some("proxy".into()), true)));
    desk.press("esc");
    for (key, form, line) in [("d", Form::Words, "  proxy"), ("y", Form::Manifest, "  - name: proxy")] {
        let effects = desk.press(key);
        let ticket = effects.iter().find_map(|effect| match effect {
            Effect::Describe(ticket, of, asked) if *of == pod("web", 1) && *asked == form => Some(*ticket),
            _ => None,
        });
        let lines: Vec<Text> =
            (0..60).map(|_| "image: main-proxy:1").chain([line]).chain((0..60).map(|_| "x")).map(Text::new).collect();
        desk.update(cockpit::app::What::TextReady(ticket.expect("a description was asked for"), Ok(lines)));
        let Some(Layer::Text(view)) = desk.app.screen().layers.last() else { panic!("a text") };
        assert!(view.title.starts_with("container proxy of pod"), "{}", view.title);
        assert_eq!(view.found, Some(60), "it begins where the container stands");
        desk.press("esc");
    }
}

#[test]
fn on_the_list_of_containers_keys_aim_at_the_selected_one() {
    let mut desk = desk();
    desk.command("web-1");
    desk.press("tab tab j");
    let effects = desk.press("l");
    let container = effects.iter().find_map(|effect| match effect {
        Effect::OpenLogs(_, request) => request.container.clone(),
        _ => None,
    });
    assert_eq!(container.as_deref(), Some("proxy"));
}

#[test]
fn pages_are_turned_and_only_those_that_there_are() {
    let mut desk = desk();
    desk.command("web");
    let mut seen = vec![top(&desk).0];
    for _ in 0..5 {
        desk.press("tab");
        seen.push(top(&desk).0);
    }
    assert_eq!(seen, CaseTab::ALL);
    desk.press("right");
    assert_eq!(top(&desk).0, CaseTab::Why, "it goes round");
    desk.press("left backtab");
    assert_eq!(top(&desk).0, CaseTab::Use);
    desk.command("node-1");
    desk.press("backtab");
    assert_eq!(top(&desk).0, CaseTab::Use, "a node writes nothing and has no revisions");
}

#[test]
fn a_row_of_use_leads_to_its_instance_and_its_container() {
    let mut desk = desk();
    desk.command("web");
    desk.press("backtab backtab");
    assert_eq!(top(&desk).0, CaseTab::Use);
    desk.press("j enter");
    assert_eq!(desk.layers().last().map(String::as_str), Some("case web-0/main"));
    desk.press("esc");
    assert_eq!(top(&desk).2, Some(CaseRow::Container(pod("web", 0), "main".into())));
    desk.press("k enter");
    assert_eq!(desk.layers().last().map(String::as_str), Some("case web-0"));
}

#[test]
fn the_page_of_logs_leads_to_the_output_of_what_it_shows() {
    let mut desk = desk();
    desk.command("web");
    desk.press("backtab");
    assert_eq!(top(&desk).0, CaseTab::Logs);
    let effects = desk.press("enter");
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::OpenLogs(_, request) => Some((request.instance.clone(), request.container.clone())),
        _ => None,
    });
    assert_eq!(asked, Some((pod("web", 0), Some("main".into()))), "the container that crashes");
    desk.press("esc");
    assert_eq!(top(&desk).0, CaseTab::Logs);
}

#[test]
fn a_pair_of_revisions_opens_as_a_text() {
    let mut desk = desk();
    desk.command("web");
    desk.press("tab tab tab j");
    assert_eq!(top(&desk).2, Some(CaseRow::Revision("41".into())));
    desk.press("k enter");
    let layers = desk.layers();
    assert_eq!(layers.last().map(String::as_str), Some("prod shop/web: revision 42 against 41"));
    desk.press("esc");
    assert_eq!(top(&desk).2, Some(CaseRow::Revision("42".into())));
}

#[test]
fn an_entry_of_the_timeline_leads_to_its_subject() {
    let mut desk = desk();
    let mut kill =
        cockpit::domain::Occurrence::once("a", cockpit::domain::OccurrenceKind::Crash, pod("web", 1), desk.now);
    kill.workload = Some(shop("web"));
    desk.update(cockpit::app::What::Facts(vec![cockpit::domain::Batch {
        cluster: cluster(),
        at: desk.now,
        facts: vec![cockpit::domain::Fact::Occurred(Box::new(kill))],
    }]));
    desk.wait(1_000);
    desk.command("web");
    desk.press("tab");
    assert_eq!(top(&desk).2, None, "what happened last is followed until a key says otherwise");
    desk.press("enter");
    assert_eq!(desk.layers().last().map(String::as_str), Some("case web-1"));
    desk.press("esc g");
    assert!(matches!(top(&desk).2, Some(CaseRow::Entry(_, 0))));
}

#[test]
fn the_links_of_a_thing_that_is_well_are_copied() {
    let mut desk = Desk::new();
    desk.command("api");
    desk.press("c");
    assert!(desk.notice().contains("no incident is about this"), "{}", desk.notice());
    let mut api = deployment("api", 2);
    api.links = vec![("runbook_url".into(), Text::new("https://wiki.example/api"))];
    desk.put(vec![Object::Workload(Box::new(api))]);
    let effects = desk.press("c");
    assert!(effects.contains(&Effect::Copy("runbook_url: https://wiki.example/api".into())), "{effects:?}");
}

#[test]
fn the_selection_stays_on_its_row_when_the_list_is_in_another_order() {
    let mut desk = Desk::new();
    desk.command("web");
    desk.press("tab tab");
    assert_eq!(top(&desk).2, Some(CaseRow::Instance(pod("web", 0))));
    let mut second = ready_pod("web", 1);
    second.ready = false;
    desk.put(vec![Object::Instance(Box::new(second))]);
    desk.press("enter");
    assert_eq!(desk.layers().last().map(String::as_str), Some("case web-0"), "what does not serve stands first now");
}

#[test]
fn what_is_gone_opens_nothing() {
    let mut desk = desk();
    desk.command("web-1");
    desk.press("tab tab enter");
    assert_eq!(desk.layers().last().map(String::as_str), Some("case web-1/main"));
    desk.gone(&pod("web", 1));
    assert!(desk.frame().contains("not there any more"), "{}", desk.frame());
    desk.press("tab tab tab enter");
    assert_eq!(desk.layers(), ["case web-1", "case web-1/main"], "{}", desk.notice());
}
