//! Marked rows act as one plan; variants, names that are typed for several, and what is asked for with words.

use cockpit::app::{Effect, What};
use cockpit::domain::{Grade, Intent, Kind, Object, Outcome, Setting, StepAction, StepError, Text, Variant};
use cockpit::ui::Pane;

use crate::desk::{Desk, deployment, draft, node, pod, shop};
use crate::zoo::key;

fn asked(effects: &[Effect]) -> Option<Intent> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Prepare(_, intent) => Some(intent.clone()),
        _ => None,
    })
}

#[test]
fn marked_rows_are_restarted_in_order_and_the_first_failure_ends_it() {
    let mut desk = Desk::new();
    let effects = desk.press("7 space space space r");
    let all = ["api", "cart", "web"].map(|name| Intent::Restart(shop(name)));
    assert_eq!(asked(&effects), Some(Intent::Several(all.to_vec())));
    desk.drafted(&effects);
    let frame = desk.frame();
    for name in ["shop/api", "shop/cart", "shop/web"] {
        assert!(frame.contains(name), "{name} is listed: {frame}");
    }
    let effects = desk.press("y enter");
    assert_eq!(Desk::sent(&effects), [StepAction::Restart(shop("api"))], "the first alone");
    assert!(desk.list().marks.rows.is_empty(), "what was marked has been acted on");
    desk.accept(&effects);
    let Some(Effect::Execute(run, ..)) = effects.last().cloned() else { panic!("{effects:?}") };
    let effects = desk.update(What::StepAnswer(run, 1, Err(StepError::Denied("patch deployments".into()))));
    assert_eq!(Desk::sent(&effects), []);
    let run = desk.app.core().runs().run(run).expect("a run");
    assert_eq!(run.outcome.as_ref().map(|(_, outcome)| outcome), Some(&Outcome::Partly { done: 1, left: 2 }));
}

#[test]
fn marked_rows_go_back_to_the_revision_before_each() {
    let mut desk = Desk::new();
    let all = ["api", "cart"].map(|name| Intent::Undo(shop(name), Some("41".into())));
    assert_eq!(asked(&desk.press("7 space space u")), Some(Intent::Several(all.to_vec())));
}

#[test]
fn several_are_scaled_to_one_number() {
    let mut desk = Desk::new();
    desk.press("7 space space s");
    desk.write("4");
    let effects = desk.press("enter");
    let all = ["api", "cart"].map(|name| Intent::Scale(shop(name), 4));
    assert_eq!(asked(&effects), Some(Intent::Several(all.to_vec())));
}

#[test]
fn a_marked_row_that_has_no_such_thing_refuses_all_and_is_named() {
    let mut desk = Desk::zoo();
    desk.press("6 space G ctrl-space");
    assert!(desk.press("r").is_empty(), "nodes are not restarted");
    assert!(desk.notice().contains("is marked too, and has no such thing"), "{}", desk.notice());
    let effects = desk.press("C");
    assert!(effects.is_empty() && desk.notice().contains("is marked too"), "one of them is only on its way");
}

#[test]
fn what_is_destructive_for_several_is_confirmed_by_all_their_names() {
    let mut desk = Desk::new();
    desk.press("7 space space s");
    desk.write("0");
    let effects = desk.press("enter");
    desk.drafted(&effects);
    desk.write("api");
    assert!(Desk::sent(&desk.press("enter")).is_empty());
    desk.write(" cart");
    assert_eq!(Desk::sent(&desk.press("enter")), [StepAction::SetReplicas(shop("api"), 0)]);
}

#[test]
fn instances_that_are_marked_in_a_case_file_are_ended_one_by_one() {
    let mut desk = Desk::new();
    desk.press("7 enter tab tab space space");
    let effects = desk.command("stop");
    assert_eq!(asked(&effects), Some(Intent::Several(vec![Intent::Stop(pod("api", 0)), Intent::Stop(pod("api", 1))])));
}

#[test]
fn restart_on_an_instance_is_of_that_instance_and_its_workload_is_offered_beside() {
    let mut desk = Desk::zoo();
    desk.command("web-0");
    assert_eq!(asked(&desk.press("r")), Some(Intent::Restart(pod("web", 0))));
    desk.press("esc");
    assert_eq!(asked(&desk.command("restart-workload")), Some(Intent::Restart(shop("web"))));
    desk.press("esc esc");
    desk.command("web");
    assert_eq!(asked(&desk.press("r")), Some(Intent::Restart(shop("web"))));
}

#[test]
fn a_setting_is_typed_as_kubernetes_and_docker_write_it_and_case_is_kept() {
    let cases = [
        ("set image r.io/Shop/web:V1.2", Setting::Image(None, "r.io/Shop/web:V1.2".into())),
        ("set image side=envoy:1", Setting::Image(Some("side".into()), "envoy:1".into())),
        ("set memory 512Mi", Setting::Memory(None, Some(512 << 20))),
        ("set-memory 1g", Setting::Memory(None, Some(1 << 30))),
        ("set memory none", Setting::Memory(None, None)),
        ("set cpu 0.5", Setting::Cpu(None, Some(500))),
    ];
    for (typed, setting) in cases {
        let mut desk = Desk::new();
        desk.command("web");
        assert_eq!(asked(&desk.command(typed)), Some(Intent::Set(shop("web"), setting)), "{typed}");
    }
    let mut desk = Desk::new();
    desk.command("web");
    assert!(desk.command("set memory much").is_empty());
    assert!(desk.notice().contains("`much` is no amount of memory"), "{}", desk.notice());
}

#[test]
fn a_setting_is_asked_for_with_what_it_is_now() {
    let mut desk = Desk::new();
    desk.command("web");
    desk.command("set-image");
    assert!(desk.frame().contains("The image of shop/web (prod), now web:2"), "{}", desk.frame());
    desk.write("a b");
    assert!(desk.press("enter").is_empty() && desk.frame().contains("is no image"));
    desk.press("ctrl-u");
    desk.write("web:3");
    assert_eq!(asked(&desk.press("enter")), Some(Intent::Set(shop("web"), Setting::Image(None, "web:3".into()))));
}

/// A drain's preview with a way to take more.
fn with_variant() -> (Desk, Intent) {
    let mut desk = Desk::new();
    let effects = desk.press("6 D");
    let Some(Effect::Prepare(ticket, intent)) = effects.last().cloned() else { panic!("{effects:?}") };
    let including = cockpit::domain::Including { unmanaged: true, local_data: false };
    let more = Intent::Drain(node(1), including);
    let mut draft = draft(intent);
    draft.variants =
        vec![Variant { key: 'f', text: Text::new("include what has no controller"), intent: more.clone() }];
    desk.update(What::Draft(ticket, Box::new(Ok(draft))));
    (desk, more)
}

#[test]
fn another_way_is_a_key_away_and_is_previewed_itself() {
    let (mut desk, more) = with_variant();
    assert!(desk.tap("f").is_empty(), "not before it was drawn");
    desk.see();
    desk.wait(1_000);
    assert!(desk.frame().contains("include what has no controller"), "{}", desk.frame());
    desk.press("y");
    let effects = desk.tap("f");
    assert_eq!(asked(&effects), Some(more));
    assert!(desk.tap("y").is_empty() && desk.tap("enter").is_empty(), "the new one has to be read");
    desk.drafted(&effects);
    assert_eq!(
        desk.preview().and_then(|it| it.plan.as_ref()?.as_ref().ok().map(|plan| plan.grade)),
        Some(Grade::Destructive)
    );
    assert!(Desk::sent(&desk.press("y enter")).is_empty(), "what would be lost takes a name");
}

#[test]
fn what_a_repository_would_take_back_can_be_done_with_its_sync_switched_off() {
    let mut desk = Desk::zoo();
    desk.command("calm");
    let effects = desk.command("scale 5");
    desk.drafted(&effects);
    assert!(desk.frame().contains("application zoo/shop-app syncs zoo/calm by itself"), "{}", desk.frame());
    let effects = desk.press("p");
    let both = vec![Intent::Pause(key(Kind::Application, "shop-app")), Intent::Scale(key(Kind::Deployment, "calm"), 5)];
    assert_eq!(asked(&effects), Some(Intent::Several(both)));
    desk.drafted(&effects);
    assert!(!desk.frame().contains("by itself, and may take this back"), "{}", desk.frame());
}

#[test]
fn a_run_that_was_stopped_offers_to_put_the_node_back_while_what_was_sent_ends() {
    let mut desk = Desk::new();
    let effects = desk.press("6 D");
    desk.drafted(&effects);
    let effects = desk.press("y enter");
    desk.press("x");
    let Object::Node(mut closed) = crate::desk::a_node(1, cockpit::domain::NodeState::Ready) else { panic!("a node") };
    closed.cordoned = true;
    desk.put(vec![Object::Node(closed)]);
    assert!(desk.app.core().runs().run(1).is_some_and(|run| run.outcome.is_none() && run.stopping), "{effects:?}");
    assert_eq!(asked(&desk.press("u")), Some(Intent::Uncordon(node(1))));
}

#[test]
fn what_became_of_an_action_stays_on_its_row_for_some_minutes() {
    let mut desk = Desk::new();
    desk.press("7");
    assert_eq!(desk.pane(), Pane::Workloads);
    let effects = desk.press("G");
    assert!(effects.is_empty());
    let effects = desk.press("r");
    desk.drafted(&effects);
    let effects = desk.press("y enter");
    desk.press("esc");
    assert!(desk.frame().contains("restart: "), "{}", desk.frame());
    desk.accept(&effects);
    desk.put(vec![Object::Workload(Box::new(deployment("worker", 2)))]);
    assert!(desk.frame().contains("restarted in "), "{}", desk.frame());
    desk.wait(299_000);
    desk.wait(10_000);
    assert!(!desk.frame().contains("restarted in "), "{}", desk.frame());
}
