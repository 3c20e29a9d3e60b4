//! The journal: what others did and do, what was left in the middle, and what cannot be written.

use cockpit::app::{Effect, What};
use cockpit::domain::journal::{Lease, News, Unwritten};
use cockpit::domain::{
    Entry, Grade, Intent, Node, NodeState, Object, Outcome, Person, Pin, Plan, Receipt, Run, Seen, Step, StepAction,
    StepState, Text, Timestamp, Until,
};
use cockpit::ui::{Overlay, RowKey};

use crate::desk::{Desk, cluster, node, pod, shop};

/// Ids of other cockpits are far above those that the desk counts.
const THEIRS: u64 = 1 << 40;

fn plan(intent: Intent, title: &str, steps: Vec<Step>, inverse: Option<Intent>) -> Plan {
    Plan { inverse, ..Plan::new(intent, title, Grade::Disruptive, steps, Timestamp::UNIX_EPOCH) }
}

fn evict(n: u32) -> Step {
    let key = pod("web", n);
    let uid: Text = format!("uid-web-{n}").into();
    Step {
        action: StepAction::Evict(key.clone()),
        pin: Pin { key: key.clone(), uid: uid.clone(), seen: Seen::Uid },
        until: Until::GoneOrReborn(key, uid),
        timeout_seconds: 300,
        group: 1,
    }
}

fn lease(lapsed: bool) -> Lease {
    Lease { host: "bastion".into(), boot: "b".into(), pid: 4242, birth: 1, beat: 17, lapsed }
}

/// Anna's drain of node-2: it is cordoned, one eviction was sent, one was not.
fn drain(desk: &Desk, lapsed: bool) -> Entry {
    let cordon = Step {
        action: StepAction::SetCordon(node(2), true),
        pin: Pin { key: node(2), uid: "uid-node-2".into(), seen: Seen::Uid },
        until: Until::Cordoned(node(2), true),
        timeout_seconds: 30,
        group: 0,
    };
    let steps = vec![cordon, evict(0), evict(1)];
    let plan = plan(Intent::drain(node(2)), "Drain node-2 (prod)", steps, Some(Intent::Uncordon(node(2))));
    let began = Timestamp::from_second(desk.now.as_second() - 120).expect("in range");
    let mut run = Run::new(THEIRS, plan, began);
    run.steps = vec![StepState::Done(began), StepState::Sent(began), StepState::Waiting];
    let by = Person::named("cleo@bastion");
    Entry { by, taken_by: None, between: Vec::new(), reason: None, run, version: 3, lease: Some(lease(lapsed)) }
}

/// A scale that ended a while ago, in another session.
fn scaled(desk: &Desk, who: &str, minutes: i64) -> Entry {
    let intent = Intent::Scale(shop("web"), 2);
    let plan = plan(intent, "Scale shop/web (prod) to 2", Vec::new(), Some(Intent::Scale(shop("web"), 10)));
    let at = Timestamp::from_second(desk.now.as_second() - minutes * 60).expect("in range");
    let mut run = Run::new(THEIRS - u64::try_from(minutes).expect("some time ago"), plan, at);
    run.outcome = Some((at, Outcome::Done));
    Entry { by: Person::named(who), taken_by: None, between: Vec::new(), reason: None, run, version: 2, lease: None }
}

fn hear(desk: &mut Desk, entries: Vec<Entry>) -> Vec<Effect> {
    desk.update(What::Journal(News { entries, ..News::default() }))
}

fn cordoned(desk: &mut Desk) {
    let node = Node { cordoned: true, ..Node::new(node(2), "uid-node-2", NodeState::Ready) };
    desk.put(vec![Object::Node(Box::new(node))]);
}

/// A drain of node-2 that nobody answers for any more.
pub fn left_in_the_middle(desk: &mut Desk) {
    cordoned(desk);
    let entry = drain(desk, true);
    hear(desk, vec![entry]);
}

fn taken_over(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::TakeOver(id, seen) if *id == THEIRS && *seen == lease(true)))
}

#[test]
fn what_others_did_is_in_the_history_and_can_be_taken_back() {
    let mut desk = Desk::new();
    let entries = vec![scaled(&desk, "anna@bastion", 2), scaled(&desk, "cleo@other", 90)];
    hear(&mut desk, entries);
    desk.press("9");
    assert_eq!(desk.rows(), ["web", "web"]);
    let frame = desk.frame();
    assert!(frame.contains("you") && frame.contains("cleo"), "{frame}");
    let effects = desk.press("u");
    assert!(effects.is_empty(), "there is more than one thing to take back: {effects:?}");
    let Some(Overlay::Palette { items, .. }) = &desk.app.screen().overlay else { panic!("a list") };
    let labels: Vec<&str> = items.iter().map(|item| item.label.as_str()).collect();
    assert_eq!(labels, ["scale 2 to 10 (you, 2 min ago)", "roll back 42 to 41"], "the same twice is said once");
    let effects = desk.press("enter");
    assert!(matches!(&effects[..], [Effect::Prepare(_, Intent::Scale(_, 10))]), "{effects:?}");
}

#[test]
fn nobody_starts_a_second_one_on_what_another_cockpit_is_busy_with() {
    let mut desk = Desk::new();
    let entry = drain(&desk, false);
    hear(&mut desk, vec![entry]);
    desk.press("6 j");
    assert_eq!(desk.selected(), "node-2");
    assert!(desk.press("C").is_empty());
    assert!(desk.notice().contains("Drain node-2 (prod) is under way by cleo"), "{}", desk.notice());
    desk.press("9 enter x");
    assert!(desk.notice().contains("cleo stops it"), "{}", desk.notice());
    assert!(desk.press("enter").is_empty() && desk.press("u").is_empty(), "it is hers");
}

#[test]
fn what_was_left_in_the_middle_is_in_triage_and_first_in_the_journal() {
    let mut desk = Desk::new();
    left_in_the_middle(&mut desk);
    desk.wait(1_000);
    desk.press("1");
    assert!(desk.frame().contains("a drain by cleo@bastion was left in the middle: 1 of 3 done"), "{}", desk.frame());
    desk.press("9");
    assert_eq!(desk.list().order.first(), Some(&RowKey::Run(THEIRS)));
    assert!(desk.frame().contains("left in the middle, 1 of 3 done"), "{}", desk.frame());
}

#[test]
fn what_is_under_way_here_was_not_left_in_the_middle() {
    let mut desk = Desk::new();
    desk.press("6 j");
    assert_eq!(desk.selected(), "node-2");
    let effects = desk.press("D");
    desk.drafted(&effects);
    let effects = desk.press("y enter");
    assert!(!Desk::sent(&effects).is_empty(), "{effects:?}");
    desk.press("esc");
    desk.wait(1_000);
    desk.press("1");
    assert!(!desk.frame().contains("left in the middle"), "{}", desk.frame());
}

#[test]
fn what_is_under_way_or_was_left_is_one_key_from_what_it_is_done_to() {
    let mut desk = Desk::new();
    desk.press("6 j");
    assert_eq!(desk.selected(), "node-2");
    desk.press("X");
    assert!(!desk.floats(), "nothing is done to it");
    let mut desk = Desk::new();
    desk.press("6 j");
    let entry = drain(&desk, false);
    hear(&mut desk, vec![entry]);
    assert!(desk.frame().contains("X follow the drain by cleo"), "{}", desk.frame());
    desk.press("X");
    assert!(matches!(desk.app.screen().overlay, Some(Overlay::Run(THEIRS))));
    desk.press("esc");
    let left = Entry { version: 4, ..drain(&desk, true) };
    hear(&mut desk, vec![left]);
    assert!(desk.frame().contains("X drain left by cleo: go on, put back"), "{}", desk.frame());
    desk.press("X");
    assert!(desk.frame().contains("nobody was left to hear the answer"), "{}", desk.frame());
    desk.press("enter");
    assert!(desk.preview().is_some(), "what is left of it comes first");
}

#[test]
fn what_ends_a_run_that_was_left_says_so_before() {
    let mut desk = Desk::new();
    left_in_the_middle(&mut desk);
    desk.press("9");
    let effects = desk.press("u");
    desk.drafted(&effects);
    let said = "ends what cleo left in the middle: drain, 1 of 3 done";
    assert!(desk.frame().contains(said), "{}", desk.frame());
}

#[test]
fn going_on_is_confirmed_taken_over_and_sends_only_what_was_not_sent() {
    let mut desk = Desk::new();
    left_in_the_middle(&mut desk);
    desk.press("9 enter");
    assert!(desk.press("enter").is_empty(), "a preview first");
    assert!(desk.press("enter").is_empty(), "it is as disruptive as it was");
    let effects = desk.press("y enter");
    assert!(taken_over(&effects) && Desk::sent(&effects).is_empty(), "not before it is ours: {effects:?}");
    let mut entry = drain(&desk, false);
    entry.taken_by = Some(Person::named("anna@bastion"));
    let effects = desk.update(What::TakenOver(THEIRS, Ok(Box::new(entry))));
    // What was sent is looked for in the world: it holds its place, and only the other one is sent.
    assert_eq!(Desk::sent(&effects), [StepAction::Evict(pod("web", 1))]);
    assert!(matches!(&effects[0], Effect::Journal(entry) if entry.run.id == THEIRS && entry.version > 3));
    desk.accept(&effects);
    desk.gone(&pod("web", 0));
    desk.gone(&pod("web", 1));
    let outcome = desk.app.core().runs().run(THEIRS).and_then(|run| run.outcome.clone());
    assert!(matches!(outcome, Some((_, Outcome::Done))), "{outcome:?}");
}

#[test]
fn what_another_one_took_first_is_not_ours() {
    let mut desk = Desk::new();
    left_in_the_middle(&mut desk);
    desk.press("9 enter enter");
    assert!(taken_over(&desk.press("y enter")));
    let effects = desk.update(What::TakenOver(THEIRS, Err("ben@bastion answers for it now".into())));
    assert!(effects.is_empty() && !desk.floats());
    assert!(desk.notice().contains("ben@bastion answers for it now"), "{}", desk.notice());
    assert!(desk.app.core().runs().runs().is_empty());
}

#[test]
fn putting_it_back_closes_what_was_left_and_then_does_the_opposite() {
    let mut desk = Desk::new();
    left_in_the_middle(&mut desk);
    desk.press("9 enter");
    let effects = desk.press("u");
    assert!(matches!(&effects[..], [Effect::Prepare(_, Intent::Uncordon(key))] if *key == node(2)), "{effects:?}");
    desk.drafted(&effects);
    let effects = desk.press("enter");
    assert!(taken_over(&effects) && Desk::sent(&effects).is_empty(), "{effects:?}");
    let entry = drain(&desk, false);
    let effects = desk.update(What::TakenOver(THEIRS, Ok(Box::new(entry))));
    assert_eq!(Desk::sent(&effects), [StepAction::SetCordon(node(2), false)]);
    let left = desk.app.core().runs().run(THEIRS).expect("the drain");
    assert!(left.stopping && left.steps[2] == StepState::Skipped, "{:?}", left.steps);
}

#[test]
fn leaving_the_preview_takes_nothing_over() {
    let mut desk = Desk::new();
    left_in_the_middle(&mut desk);
    desk.press("9 enter enter esc");
    desk.command("web");
    let effects = desk.press("r");
    desk.drafted(&effects);
    let effects = desk.press("y enter");
    assert_eq!(Desk::sent(&effects), [StepAction::Restart(shop("web"))]);
    assert!(!taken_over(&effects));
}

#[test]
fn each_change_of_a_run_is_journalled_before_anything_is_sent() {
    let mut desk = Desk::new();
    desk.command("web");
    let effects = desk.command("scale 5");
    desk.drafted(&effects);
    let effects = desk.press("enter");
    let [Effect::Journal(entry), Effect::Execute(1, 0, _)] = &effects[..] else { panic!("{effects:?}") };
    assert!(matches!(entry.run.steps[..], [StepState::Sent(_)]), "what is about to be sent is in it");
    assert_eq!(entry.by.name, "anna@bastion");
    let first = entry.version;
    let effects = desk.update(What::StepAnswer(1, 0, Ok(Receipt::at(desk.now))));
    let [Effect::Journal(entry)] = &effects[..] else { panic!("{effects:?}") };
    assert!(entry.version > first && matches!(entry.run.outcome, Some((_, Outcome::Done))), "{entry:?}");
}

#[test]
fn what_cannot_be_written_takes_the_clusters_name_and_is_written_later() {
    let mut desk = Desk::new();
    let unwritable = Some("the disk is full".into());
    desk.update(What::Journal(News { unwritable, ..News::default() }));
    desk.command("web");
    let effects = desk.command("scale 5");
    desk.drafted(&effects);
    assert!(desk.frame().contains("the disk is full"), "{}", desk.frame());
    assert!(desk.press("enter").is_empty(), "it is harmless, but nobody would know of it");
    desk.write("prod");
    let effects = desk.press("enter");
    assert_eq!(Desk::sent(&effects).len(), 1);
    desk.update(What::Journalled(1, Err(Unwritten::Closed("the disk is full".into()))));
    desk.accept(&effects);
    desk.update(What::Journalled(1, Err(Unwritten::Closed("the disk is full".into()))));
    let effects = desk.update(What::Journal(News::default()));
    assert!(matches!(&effects[..], [Effect::Journal(entry)] if entry.run.outcome.is_some()), "{effects:?}");
}

#[test]
fn a_preview_that_is_open_hears_that_nothing_can_be_written() {
    let mut desk = Desk::new();
    desk.command("web");
    let effects = desk.press("r");
    desk.drafted(&effects);
    desk.press("y");
    desk.update(What::Journal(News { unwritable: Some("it may only be read".into()), ..News::default() }));
    assert!(desk.press("enter").is_empty(), "that is another plan");
    let typed = desk.preview().and_then(|it| it.plan.as_ref()?.as_ref().ok()?.typed.clone());
    assert_eq!(typed.as_deref(), Some("prod"));
}

#[test]
fn with_require_journal_what_cannot_be_written_is_refused() {
    let guard = cockpit::action::Guard { require_journal: true, ..Default::default() };
    let mut desk = Desk::with(guard);
    desk.update(What::Journal(News { unwritable: Some("the disk is full".into()), ..News::default() }));
    desk.command("web");
    assert!(desk.press("r").is_empty() && !desk.floats());
    assert!(desk.notice().contains("require_journal"), "{}", desk.notice());
    desk.update(What::Journal(News::default()));
    assert!(matches!(&desk.press("r")[..], [Effect::Prepare(..)]), "it can be written again");
}

#[test]
fn who_loses_a_run_is_told_and_sends_nothing_more() {
    let mut desk = Desk::new();
    desk.press("6");
    let effects = desk.press("D");
    desk.drafted(&effects);
    desk.press("y enter esc");
    desk.update(What::Journalled(1, Err(Unwritten::Taken("ben@bastion".into()))));
    assert!(desk.notice().contains("ben@bastion has taken it over"), "{}", desk.notice());
    assert!(desk.app.core().runs().runs().is_empty());
}

#[test]
fn what_holds_is_lifted_by_its_key_whoever_did_it() {
    let mut desk = Desk::new();
    cordoned(&mut desk);
    desk.press("9");
    assert!(desk.frame().contains("not done from here") && desk.frame().contains("u uncordon"), "{}", desk.frame());
    let effects = desk.press("u");
    assert!(matches!(&effects[..], [Effect::Prepare(_, Intent::Uncordon(key))] if *key == node(2)), "{effects:?}");
}

#[test]
fn what_is_older_is_counted_and_read_when_it_is_asked_for() {
    let mut desk = Desk::new();
    let entries = vec![scaled(&desk, "anna@bastion", 2)];
    let oldest = entries[0].run.id;
    desk.update(What::Journal(News { entries, older: Some(1_204), ..News::default() }));
    desk.press("9 j");
    assert!(desk.frame().contains("1,204 older (enter reads)"), "{}", desk.frame());
    let effects = desk.press("enter");
    assert_eq!(effects, [Effect::Earlier(oldest)]);
    let older = scaled(&desk, "cleo@other", 90);
    desk.update(What::Earlier(Ok((vec![older], 0))));
    assert!(desk.frame().contains("cleo") && !desk.frame().contains("older (enter"), "{}", desk.frame());
}

#[test]
fn a_run_of_a_cluster_that_is_not_watched_is_listed_and_cannot_be_gone_on_with() {
    let mut desk = Desk::new();
    let mut entry = drain(&desk, true);
    let elsewhere = "staging/-/Node/node-9".parse::<cockpit::domain::Ref>().expect("a ref");
    entry.run.plan.intent = Intent::drain(elsewhere.clone());
    hear(&mut desk, vec![entry]);
    desk.press("9 enter enter");
    assert!(!desk.notice().is_empty() && desk.preview().is_none(), "{}", desk.frame());
    assert!(!desk.app.core().view(desk.now).clusters().any(|(id, _)| *id != cluster()), "nor does it become one");
}
