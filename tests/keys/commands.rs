//! The command table: every command has a test here that goes by its name, and the page of keys is made from it.

use cockpit::action::Guard;
use cockpit::app::{Effect, TABLE, What, keys_page};
use cockpit::domain::{AlertState, NodeState, Object};
use cockpit::ui::{Armed, CaseTab, Every, Layer, Overlay, Pane};

use crate::desk::{Desk, a_node, deployment};

fn prepares(effects: &[Effect], verb: &str) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Prepare(_, intent) if intent.verb() == verb))
}

fn at(keys: &str) -> (Desk, Vec<Effect>) {
    let mut desk = Desk::new();
    let effects = desk.press(keys);
    (desk, effects)
}

fn previewed(keys: &str) -> Desk {
    let (mut desk, effects) = at(keys);
    desk.drafted(&effects);
    desk
}

/// A command on something of the zoo, by its name.
fn zoo(name: &str, command: &str) -> Vec<Effect> {
    let mut desk = Desk::zoo();
    desk.command(name);
    desk.command(command)
}

fn case(desk: &Desk) -> CaseTab {
    match desk.app.screen().layers.last() {
        Some(Layer::Case(case)) => case.tab,
        other => panic!("a case file, not {other:?}"),
    }
}

/// A node is down, and a key is pressed on it.
fn down(keys: &str) -> Desk {
    let mut desk = Desk::new();
    desk.put(vec![a_node(2, NodeState::Down)]);
    desk.wait(60_000);
    desk.press(keys);
    desk
}

/// One key sequence for each command, and what shows that it did what it says.
fn shown(id: &str) -> Option<bool> {
    let pane = |key: &str, pane: Pane| at(&format!("7 8 {key}")).0.pane() == pane;
    Some(match id {
        "undo" => prepares(&at("7 u").1, "undo"),
        "scale-or-shell" => {
            let mut desk = Desk::zoo();
            desk.command("web-0");
            let enters = prepares(&desk.press("s"), "shell");
            enters && matches!(at("7 s").0.app.screen().overlay, Some(Overlay::Prompt(_)))
        }
        "shell" => prepares(&zoo("web-0", "shell"), "shell") && prepares(&zoo("web", "exec"), "shell"),
        "debug" => prepares(&zoo("web-0", "debug"), "debug"),
        "scale" => matches!(at("7 : s c a l e enter").0.app.screen().overlay, Some(Overlay::Prompt(_))),
        "restart" => prepares(&at("7 r").1, "restart"),
        "restart-workload" => prepares(&zoo("web-0", "restart-workload"), "restart"),
        "set-image" => prepares(&at("7 : s e t space i m a g e space w e b : 3 enter").1, "set"),
        "set-memory" => prepares(&at("7 : s e t space m e m o r y space 5 1 2 m enter").1, "set"),
        "set-cpu" => prepares(&at("7 : s e t space c p u space 0 . 5 enter").1, "set"),
        "pause-or-resume" => prepares(&at("7 P").1, "pause"),
        "pause" => prepares(&zoo("nightly", "pause"), "pause"),
        "resume" => prepares(&zoo("weekly", "resume"), "resume"),
        "promote" => prepares(&zoo("canary", "promote"), "promote"),
        "abort" => prepares(&zoo("canary", "abort"), "abort"),
        "stop" => prepares(&zoo("web-0", "stop"), "stop"),
        "start" => prepares(&zoo("box-0", "start"), "start"),
        "kill" => {
            let mut desk = Desk::zoo();
            desk.command("web-0");
            prepares(&desk.press("ctrl-k"), "kill")
        }
        "recreate" => prepares(&zoo("proxy", "recreate"), "recreate"),
        "trigger" => prepares(&zoo("nightly", "trigger"), "trigger"),
        "unblock" => prepares(&zoo("orders", "unblock"), "unblock"),
        "prune" => prepares(&zoo("engine", "prune"), "prune"),
        "silence" => {
            let mut desk = crate::silencing::with(&[crate::silencing::alert("CheckoutErrors", AlertState::Firing)]);
            desk.press("8 S");
            matches!(desk.app.screen().overlay, Some(Overlay::Prompt(_)))
        }
        "forward" => {
            at("7 shift-f 8 0 enter").1.iter().any(|it| matches!(it, Effect::Forward(_, request) if request.port == 80))
        }
        "end-forward" => {
            let (mut desk, id) = crate::forwarding::opened();
            desk.press("9 x") == [Effect::Cancel(id)]
        }
        "ask-again" => prepares(&previewed("7 r").press("d"), "restart"),
        "reason" => {
            let mut desk = Desk::with(Guard { ask_reason: true, ..Guard::default() });
            let effects = desk.press("7 r");
            desk.drafted(&effects);
            desk.press("tab");
            desk.write("leaks");
            desk.press("enter y enter");
            desk.app.core().runs().run(1).is_some_and(|run| run.plan.reason.as_deref() == Some("leaks"))
        }
        "cordon" => prepares(&at("6 C").1, "cordon"),
        "drain" => prepares(&at("6 D").1, "drain"),
        "uncordon" => {
            let mut desk = Desk::new();
            let Object::Node(mut closed) = a_node(1, NodeState::Ready) else { return Some(false) };
            closed.cordoned = true;
            desk.put(vec![Object::Node(closed)]);
            desk.wait(60_000);
            desk.command("node-1");
            prepares(&desk.press("U"), "uncordon")
        }
        "logs" => at("7 l").1.iter().any(|it| matches!(it, Effect::OpenLogs(_, request) if !request.previous)),
        "previous" => at("7 p").1.iter().any(|it| matches!(it, Effect::OpenLogs(_, request) if request.previous)),
        "open" => at("7 enter").0.layers() == ["case api"],
        "under-way" => {
            let mut desk = Desk::new();
            crate::journal::left_in_the_middle(&mut desk);
            desk.press("9 X");
            matches!(desk.app.screen().overlay, Some(Overlay::Run(_)))
        }
        "owner" => at("6 J").0.layers() == ["case prod"],
        "describe" => at("7 d").0.layers() == ["Deployment shop/api (prod)"],
        "manifest" => at("7 y").0.layers() == ["Deployment shop/api (prod), manifest"],
        "events-of" => {
            let (desk, _) = at("7 e");
            let home = &desk.app.screen().home;
            (home.pane, home.filter.as_deref()) == (Pane::Every(Every::Events), Some("api"))
        }
        "why-here" => at("7 w").0.notice().contains("no incident"),
        "snooze" => down("z").frame().contains("until its next deploy"),
        "take" => down("a").frame().contains("taken by anna@bastion"),
        "note" => {
            let mut desk = down("N");
            desk.write("ordered");
            desk.press("enter");
            desk.frame().contains("ordered ─ anna@bastion")
        }
        "menu" => matches!(at("7 m").0.app.screen().overlay, Some(Overlay::Palette { .. })),
        "copy-summary" => {
            let mut desk = Desk::new();
            desk.put(vec![a_node(2, NodeState::Down)]);
            desk.command("node-2");
            matches!(&desk.press("c")[..], [Effect::Copy(text)] if text.lines().count() == 5 && text.contains("node-2"))
        }
        "advice" => {
            let mut desk = Desk::new();
            desk.wait(60_000);
            desk.command("advice");
            let advice = desk.app.core().diagnosis().advice().first().map(|it| it.summary.to_string());
            desk.layers() == ["Good practice that is not followed"]
                && advice.is_none_or(|summary| desk.frame().contains(&summary[..summary.len().min(40)]))
        }
        "accepted" => {
            let mut desk = Desk::new();
            desk.command("accepted");
            desk.frame().contains("Nothing that is wrong is accepted.")
        }
        "mark" => at("7 space").0.list().marks.rows.len() == 1,
        "mark-range" => at("7 space j ctrl-space").0.list().marks.rows.len() == 3,
        "sort" => at("7 o n a m e enter o n a m e enter").0.rows()[0] == "worker",
        "wide" => at("7 W").0.list().wide && !at("7 W W").0.list().wide,
        "follow" => {
            let (desk, _) = at("7 l f");
            matches!(desk.app.screen().layers.last(), Some(Layer::Logs(view)) if !view.following)
        }
        "down" => at("7 j").0.selected() == "cart",
        "up" => at("7 j j k").0.selected() == "cart",
        "page-down" => at("7 ctrl-d").0.selected() == "worker",
        "page-up" => at("7 G ctrl-u").0.selected() == "api",
        "first" => at("7 G g").0.selected() == "api",
        "last" => at("7 G").0.selected() == "worker",
        "next-tab" => case(&at("7 enter tab").0) == CaseTab::Timeline,
        "previous-tab" => case(&at("7 enter backtab").0) == CaseTab::Logs,
        "go-to-new" => {
            let (mut desk, _) = at("7");
            desk.put(vec![a_node(2, NodeState::Down)]);
            desk.press("n");
            desk.selected() == "node-2"
        }
        "back" => at("7 enter q").0.layers().is_empty(),
        "back-home" => at("7 6 esc").0.pane() == Pane::Workloads,
        "older" => at("7 6 [").0.pane() == Pane::Workloads,
        "newer" => at("7 6 [ ]").0.pane() == Pane::Nodes,
        "triage" => pane("1", Pane::Triage),
        "rollouts" => pane("2", Pane::Rollouts),
        "kills" => pane("3", Pane::Kills),
        "probes" => pane("4", Pane::Probes),
        "queues" => pane("5", Pane::Queues),
        "nodes" => pane("6", Pane::Nodes),
        "workloads" => pane("7", Pane::Workloads),
        "alerts" => pane("8", Pane::Alerts),
        "journal" => pane("9", Pane::Journal),
        "all-namespaces" => {
            let mut desk = Desk::new();
            desk.command("ns shop");
            let narrowed = desk.app.screen().home.scope.is_some();
            desk.press("0");
            narrowed && desk.app.screen().home.scope.is_none()
        }
        "filter" => at("7 / w e enter").0.rows() == ["web"],
        "palette" => at(": n o d e s enter").0.pane() == Pane::Nodes,
        "help" => matches!(at("?").0.app.screen().overlay, Some(Overlay::Help(_))),
        "times" => !at("t").0.app.screen().utc,
        "retry" => at("ctrl-r").0.notice().contains("trying again"),
        "redraw" => at("ctrl-l").1 == [Effect::Repaint],
        "suspend" => at("ctrl-z").1 == [Effect::Suspend],
        "leave" => at("q q").1 == [Effect::Quit],
        "interrupt" => at("ctrl-c ctrl-c").1 == [Effect::Quit],
        "quit" => at(": q u i t enter").1 == [Effect::Quit],
        "arm" => {
            let mut desk = previewed("7 r");
            desk.press("y");
            desk.preview().map(|it| it.armed) == Some(Armed::Yes)
        }
        "confirm" => Desk::sent(&previewed("7 r").press("y enter")).len() == 1,
        "answer" => prepares(&at("7 s 5 enter").1, "scale"),
        "choose-next" => matches!(at("7 m down enter").0.app.screen().overlay, Some(Overlay::Prompt(_))),
        "choose-previous" => prepares(&at("7 m down up enter").1, "undo"),
        "taken-before" => {
            let (mut desk, _) = at(": n o d e s enter :");
            desk.press("alt-up");
            matches!(&desk.app.screen().overlay, Some(Overlay::Palette { input, .. }) if input.text == "nodes")
        }
        "taken-after" => {
            let (mut desk, _) = at(": n o d e s enter : w");
            desk.press("alt-up alt-down");
            matches!(&desk.app.screen().overlay, Some(Overlay::Palette { input, .. }) if input.text == "w")
        }
        "complete" => {
            let (desk, _) = at(": n o d tab");
            matches!(&desk.app.screen().overlay, Some(Overlay::Palette { input, .. }) if input.text == "nodes")
        }
        "dismiss" => !previewed("7 r esc").floats(),
        "copy" => {
            let mut desk = previewed("7 r");
            matches!(&desk.press("c")[..], [Effect::Copy(text)] if *text == "restart it")
        }
        "take-back" => {
            let mut desk = previewed("6 C");
            let effects = desk.press("enter");
            desk.accept(&effects);
            let Object::Node(mut closed) = a_node(1, NodeState::Ready) else { return Some(false) };
            closed.cordoned = true;
            desk.put(vec![Object::Node(closed)]);
            prepares(&desk.press("u"), "uncordon")
        }
        "go-on" => {
            let mut desk = Desk::new();
            crate::journal::left_in_the_middle(&mut desk);
            desk.press("9 enter enter");
            desk.preview().is_some_and(|it| matches!(&it.plan, Some(Ok(plan)) if plan.title.starts_with("Go on: ")))
        }
        "stop-run" => {
            let mut desk = previewed("7 r");
            desk.press("y enter x");
            desk.app.core().runs().run(1).is_some_and(|run| run.stopping)
        }
        _ => return crate::output::shown(id),
    })
}

#[test]
fn every_command_has_a_key_sequence_that_shows_what_it_does() {
    for command in TABLE {
        match shown(command.id) {
            None => panic!("`{}` has no key sequence here", command.id),
            Some(did) => assert!(did, "`{}` does not do what it says", command.id),
        }
    }
}

#[test]
fn the_page_of_keys_is_made_from_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md");
    let page = keys_page();
    if std::env::var_os("COCKPIT_BLESS").is_some() {
        std::fs::write(path, &page).expect("docs/keys.md can be written");
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == page, "docs/keys.md is not what the table says: run this test with COCKPIT_BLESS=1");
}

#[test]
fn what_is_said_of_commands_is_short_and_plain() {
    for command in TABLE {
        assert!(!command.does.is_empty() && command.does.len() <= 120, "{}: {}", command.id, command.does);
        assert!(!command.places.is_empty(), "{}", command.id);
        assert!(!command.keys.is_empty() || command.palette, "{} can be reached by nothing", command.id);
        assert!(!command.changes || command.aims, "{} changes what is not selected", command.id);
    }
}

#[test]
fn keys_that_mean_the_terminal_multiplexer_are_not_ours() {
    for command in TABLE {
        assert!(!command.keys.iter().any(|key| ["ctrl-a", "ctrl-b"].contains(key)), "{}", command.id);
    }
}

#[test]
fn the_world_may_change_under_any_open_layer() {
    for keys in ["7 enter", "7 enter tab tab", "7 l", "7 r", "7 s", "7 m", "7 /", "? j"] {
        let (mut desk, effects) = at(keys);
        if prepares(&effects, "restart") {
            desk.drafted(&effects);
        }
        for name in ["api", "cart", "web", "worker"] {
            desk.gone(&crate::desk::shop(name));
        }
        desk.update(What::Resize(40, 10));
        desk.frame();
        desk.put(vec![Object::Workload(Box::new(deployment("api", 1)))]);
        desk.update(What::Resize(10, 2));
        desk.frame();
        desk.press("j k G g enter esc q esc");
    }
}
