//! From an intent to what came of it: plans, and runs that ask for steps.

use cockpit::action::{Drain, Guard, Mood, RunBook, RunEvent, follow, in_its_place, plan};
use cockpit::diagnose::{Diagnosis, Pattern, Settings};
use cockpit::domain::{
    Batch, ClusterId, Container, ContainerState, Desired, Draft, Fact, Grade, Instance, Intent, Kind, Line, LineKind,
    Node, NodeState, Object, Outcome, Phase, Pin, Plan, Receipt, Ref, Run, Seen, Source, Step, StepAction, StepError,
    StepState, Text, Timestamp, Until, Workload,
};
use cockpit::state::World;

fn cluster() -> ClusterId {
    ClusterId::new("prod")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).expect("in range")
}

fn web() -> Ref {
    Ref::new(&cluster(), Kind::Deployment, Some("shop".into()), "web")
}

fn pod(n: u32) -> Ref {
    Ref::new(&cluster(), Kind::Pod, Some("shop".into()), format!("web-{n}"))
}

fn node() -> Ref {
    Ref::new(&cluster(), Kind::Node, None, "node-7")
}

fn put(world: &mut World, object: Object) {
    let facts = vec![Fact::Put(Source::of(object.key().kind.as_str()), object)];
    world.fold(Batch { cluster: cluster(), at: at(0), facts });
}

fn gone(world: &mut World, key: &Ref) {
    let facts = vec![Fact::Gone(Source::of(key.kind.as_str()), key.clone())];
    world.fold(Batch { cluster: cluster(), at: at(0), facts });
}

fn ready_pod(n: u32, since: i64) -> Object {
    let mut it = Instance::new(pod(n), format!("uid-{n}"), Some(web()), Phase::Running);
    it.ready = true;
    it.since = Some(at(since));
    it.node = Some(node());
    Object::Instance(Box::new(it))
}

fn world(wanted: u32) -> World {
    let mut world = World::default();
    put(&mut world, Object::Workload(Box::new(Workload::new(web(), "uid", Desired::Replicas(wanted)))));
    put(&mut world, Object::Node(Box::new(Node::new(node(), "uid", NodeState::Ready))));
    (0..wanted).for_each(|n| put(&mut world, ready_pod(n, -100)));
    world
}

fn step(action: StepAction, until: Until, group: u32) -> Step {
    let pin = Pin { key: action.target().clone(), uid: "uid".into(), seen: Seen::Uid };
    Step { action, pin, until, timeout_seconds: 300, group }
}

fn draft(intent: Intent, steps: Vec<Step>) -> Draft {
    Draft::new(&intent, steps)
}

fn restart() -> Draft {
    draft(Intent::Restart(web()), vec![step(StepAction::Restart(web()), Until::Renewed(web()), 0)])
}

fn drain() -> Draft {
    let mut steps = vec![step(StepAction::SetCordon(node(), true), Until::Accepted, 0)];
    let evict = |n| step(StepAction::Evict(pod(n)), Until::GoneOrReborn(pod(n), format!("uid-{n}").into()), 1);
    steps.extend((0..12).map(evict));
    draft(Intent::drain(node()), steps)
}

fn planned(world: &World, draft: Draft) -> Plan {
    plan(&draft.intent.clone(), &world.view(at(0)), draft, &Guard::default()).expect("a plan")
}

fn receipt(second: i64) -> Receipt {
    Receipt::at(at(second))
}

#[test]
fn a_plan_says_what_it_does_and_how_careful_one_has_to_be() {
    let world = world(3);
    let scale = |to| {
        let step = step(StepAction::SetReplicas(web(), to), Until::Count(web(), to), 0);
        planned(&world, draft(Intent::Scale(web(), to), vec![step]))
    };
    let told = |line: &&Line| !line.text.starts_with("pinned to");
    let text = |plan: &Plan| plan.lines.iter().filter(told).map(|line| line.text.to_string()).collect::<Vec<_>>();
    assert_eq!(scale(5).grade, Grade::Harmless);
    assert_eq!(text(&scale(5)), ["set Deployment shop/web from 3 to 5"]);
    assert_eq!(scale(2).grade, Grade::Disruptive);
    assert_eq!(text(&scale(2)), ["set Deployment shop/web from 3 to 2", "1 instance ends"]);
    let none = scale(0);
    assert_eq!((none.grade, none.typed.as_deref()), (Grade::Destructive, Some("web")));
    assert_eq!(planned(&world, restart()).grade, Grade::Disruptive);
}

#[test]
fn restarting_the_only_instance_says_that_nothing_serves_meanwhile() {
    let lines = planned(&world(1), restart()).lines;
    assert!(lines.iter().any(|line| line.kind == LineKind::Hurts && line.text.contains("one instance")), "{lines:?}");
}

#[test]
fn a_protected_cluster_wants_its_own_name() {
    let guard = Guard { protected: vec![Pattern::new("prod/*")], ..Guard::default() };
    let world = world(3);
    let plan = plan(&Intent::Restart(web()), &world.view(at(0)), restart(), &guard).expect("a plan");
    assert_eq!(plan.typed.as_deref(), Some("prod"));
}

#[test]
fn nothing_is_planned_read_only_for_what_is_gone_or_without_steps() {
    let world = world(3);
    let guard = Guard { read_only: Some("started with --read-only".into()), ..Guard::default() };
    let refused = |guard: &Guard, draft: Draft| {
        plan(&draft.intent.clone(), &world.view(at(0)), draft, guard).expect_err("a refusal").why.to_string()
    };
    assert_eq!(refused(&guard, restart()), "started with --read-only");
    let other = Ref::new(&cluster(), Kind::Deployment, None, "other");
    assert_eq!(refused(&Guard::default(), draft(Intent::Restart(other), vec![])), "it is not there any more");
    assert_eq!(refused(&Guard::default(), draft(Intent::Restart(web()), vec![])), "there is nothing to do");
}

#[test]
fn a_restart_is_done_when_every_instance_is_newer_than_the_receipt_and_ready() {
    let mut world = world(2);
    let mut run = Run::new(1, planned(&world, restart()), at(0));
    assert_eq!(run.advance(RunEvent::Look, &world.view(at(0))).len(), 1);
    run.advance(RunEvent::Answer(0, Ok(receipt(1))), &world.view(at(1)));
    put(&mut world, ready_pod(0, 10));
    run.advance(RunEvent::Look, &world.view(at(11)));
    assert_eq!(run.outcome, None, "one is still the old one");
    put(&mut world, ready_pod(1, 20));
    run.advance(RunEvent::Look, &world.view(at(21)));
    assert_eq!(run.outcome, Some((at(21), Outcome::Done)));
}

#[test]
fn a_step_that_is_accepted_and_never_seen_done_fails_at_its_deadline() {
    let world = world(2);
    let mut run = Run::new(1, planned(&world, restart()), at(0));
    run.advance(RunEvent::Look, &world.view(at(0)));
    run.advance(RunEvent::Answer(0, Ok(receipt(1))), &world.view(at(1)));
    assert_eq!(run.next_deadline(), Some(at(301)));
    run.advance(RunEvent::Look, &world.view(at(301)));
    assert!(
        matches!(&run.outcome, Some((_, Outcome::Failed(why))) if why.contains("not seen done")),
        "{:?}",
        run.outcome
    );
}

#[test]
fn a_drain_cordons_first_and_evicts_a_few_at_a_time() {
    let mut world = world(12);
    let mut run = Run::new(1, planned(&world, drain()), at(0));
    let first = run.advance(RunEvent::Look, &world.view(at(0)));
    assert!(matches!(&first[..], [(0, step)] if matches!(step.action, StepAction::SetCordon(..))));
    let second = run.advance(RunEvent::Answer(0, Ok(receipt(1))), &world.view(at(1)));
    assert_eq!(second.len(), 8);
    // One accepted and gone makes room for one more.
    run.advance(RunEvent::Answer(1, Ok(receipt(2))), &world.view(at(2)));
    gone(&mut world, &pod(0));
    assert_eq!(run.advance(RunEvent::Look, &world.view(at(3))).len(), 1);
}

#[test]
fn a_blocked_eviction_holds_no_place_and_is_tried_again() {
    let world = world(12);
    let mut run = Run::new(1, planned(&world, drain()), at(0));
    run.advance(RunEvent::Look, &world.view(at(0)));
    run.advance(RunEvent::Answer(0, Ok(receipt(1))), &world.view(at(1)));
    let blocked = StepError::Blocked { by: "budget web-pdb lets none go".into(), retry_at: at(10) };
    let next = run.advance(RunEvent::Answer(1, Err(blocked)), &world.view(at(2)));
    assert_eq!(next.len(), 1, "the place goes to the next one");
    assert!(matches!(&run.steps[1], StepState::Blocked { by, .. } if by.contains("web-pdb")));
    assert_eq!(run.next_deadline(), Some(at(10)));
    // Its turn comes at its time, once a place is free.
    run.advance(RunEvent::Answer(2, Err(StepError::Gone)), &world.view(at(9)));
    let retried = run.advance(RunEvent::Answer(3, Err(StepError::Gone)), &world.view(at(10)));
    assert!(retried.iter().any(|(ix, _)| *ix == 1), "{retried:?}");
}

#[test]
fn an_instance_that_is_gone_already_counts_as_moved_away() {
    let world = world(12);
    let mut run = Run::new(1, planned(&world, drain()), at(0));
    run.advance(RunEvent::Look, &world.view(at(0)));
    run.advance(RunEvent::Answer(0, Ok(receipt(1))), &world.view(at(1)));
    run.advance(RunEvent::Answer(1, Err(StepError::Gone)), &world.view(at(2)));
    assert_eq!(run.steps[1], StepState::Done(at(2)));
}

#[test]
fn stop_sends_nothing_more_and_says_what_is_left() {
    let mut world = world(12);
    let mut run = Run::new(1, planned(&world, drain()), at(0));
    run.advance(RunEvent::Look, &world.view(at(0)));
    run.advance(RunEvent::Answer(0, Ok(receipt(1))), &world.view(at(1)));
    assert!(run.advance(RunEvent::Stop, &world.view(at(2))).is_empty());
    for ix in 1..=8 {
        gone(&mut world, &pod(ix as u32 - 1));
        assert!(run.advance(RunEvent::Answer(ix, Ok(receipt(3))), &world.view(at(3))).is_empty());
    }
    assert_eq!(run.outcome, Some((at(3), Outcome::Partly { done: 9, left: 4 })));
}

#[test]
fn a_request_without_an_answer_is_read_and_never_sent_again() {
    let mut world = world(2);
    let mut run = Run::new(1, planned(&world, restart()), at(0));
    run.advance(RunEvent::Look, &world.view(at(0)));
    let lost = Err(StepError::Unknown { sent: at(0) });
    assert!(run.advance(RunEvent::Answer(0, lost), &world.view(at(5))).is_empty());
    assert!(run.advance(RunEvent::Look, &world.view(at(6))).is_empty());
    put(&mut world, ready_pod(0, 10));
    put(&mut world, ready_pod(1, 12));
    run.advance(RunEvent::Look, &world.view(at(13)));
    assert_eq!(run.outcome, Some((at(13), Outcome::Done)), "the world shows that it was done");
}

#[test]
fn what_was_not_answered_is_never_called_accepted() {
    let world = world(2);
    let lost = || {
        let mut run = Run::new(1, planned(&world, restart()), at(0));
        run.advance(RunEvent::Look, &world.view(at(0)));
        run.advance(RunEvent::Answer(0, Err(StepError::Unknown { sent: at(0) })), &world.view(at(5)));
        run
    };
    let mut run = lost();
    assert!(run.advance(RunEvent::Look, &world.view(at(301))).is_empty());
    let why = "no answer came, and not seen done within 300 s";
    assert_eq!(run.outcome, Some((at(301), Outcome::Failed(why.into()))));
    let mut left = lost();
    left.let_go(at(6));
    assert_eq!(left.steps[0], StepState::Failed(StepError::Unknown { sent: at(0) }));
    assert!(matches!(left.outcome, Some((_, Outcome::Failed(_)))), "{:?}", left.outcome);
}

#[test]
fn a_pod_that_is_not_looked_at_is_not_seen_to_be_gone() {
    let (pods, part) = (Source::of("pods"), |of: &str| Source { partition: Some(of.into()), ..Source::of("pods") });
    let tell = |world: &mut World, fact| world.fold(Batch { cluster: cluster(), at: at(0), facts: vec![fact] });
    let sent = |world: &World| {
        let mut run = Run::new(1, planned(&self::world(12), drain()), at(0));
        run.steps[0] = StepState::Done(at(0));
        run.steps[1] = StepState::Sent(at(0));
        run.advance(RunEvent::Resume, &world.view(at(5)));
        run.steps[1].clone()
    };
    let mut world = World::default();
    tell(&mut world, Fact::Listing(pods.clone(), None));
    assert_eq!(sent(&world), StepState::Settling(Receipt::missing(at(0))), "nothing has been listed yet");
    tell(&mut world, Fact::Listed(pods));
    assert_eq!(sent(&world), StepState::Done(at(5)));
    let mut world = World::default();
    tell(&mut world, Fact::Listed(part("ops")));
    assert_eq!(sent(&world), StepState::Settling(Receipt::missing(at(0))), "its namespace is not watched");
    tell(&mut world, Fact::Listed(part("shop")));
    assert_eq!(sent(&world), StepState::Done(at(5)));
}

#[test]
fn a_failed_first_group_keeps_the_later_ones_from_being_sent() {
    let world = world(12);
    let mut run = Run::new(1, planned(&world, drain()), at(0));
    run.advance(RunEvent::Look, &world.view(at(0)));
    let denied = Err(StepError::Denied(Text::new("patch nodes")));
    assert!(run.advance(RunEvent::Answer(0, denied), &world.view(at(1))).is_empty());
    assert!(matches!(&run.outcome, Some((_, Outcome::Failed(why))) if why.contains("patch nodes")));
}

#[test]
fn a_run_survives_being_written_down() {
    let world = world(12);
    let mut run = Run::new(1, planned(&world, drain()), at(0));
    run.advance(RunEvent::Look, &world.view(at(0)));
    let text = serde_json::to_string(&run).expect("it can be written");
    assert_eq!(serde_json::from_str::<Run>(&text).expect("it can be read"), run);
}

#[test]
fn the_book_offers_the_newest_inverse_first_and_none_of_what_failed() {
    let world = world(3);
    let view = world.view(at(0));
    let mut book = RunBook::default();
    let scale = |from: u32, to: u32| {
        let step = step(StepAction::SetReplicas(web(), to), Until::Accepted, 0);
        let mut draft = draft(Intent::Scale(web(), to), vec![step]);
        draft.inverse = Some(Intent::Scale(web(), from));
        planned(&world, draft)
    };
    for (from, to, answer) in [(3, 5, Ok(receipt(0))), (5, 8, Ok(receipt(0))), (8, 9, Err(StepError::Gone))] {
        let (id, asked) = book.start(scale(from, to), &view);
        assert_eq!(asked.len(), 1);
        book.answer(id, 0, answer, &view);
    }
    let key = web();
    let inverses: Vec<&Intent> = book.undoable(&key).map(|undo| undo.inverse).collect();
    assert_eq!(inverses, [&Intent::Scale(web(), 5), &Intent::Scale(web(), 3)]);
}

fn new_pod(n: u32, created: i64, since: i64, on: &str) -> Object {
    let Object::Instance(mut it) = ready_pod(n, since) else { unreachable!() };
    it.created = Some(at(created));
    it.node = Some(Ref::new(&cluster(), Kind::Node, None, on));
    Object::Instance(it)
}

#[test]
fn what_is_held_back_neither_waits_for_a_place_nor_keeps_the_loop_awake() {
    let world = world(12);
    let mut run = Run::new(1, planned(&world, drain()), at(0));
    run.advance(RunEvent::Look, &world.view(at(0)));
    run.advance(RunEvent::Answer(0, Ok(receipt(0))), &world.view(at(0)));
    // All but one of the first eight are accepted and take their time; the one is held back, and its place goes to another.
    let blocked = || StepError::Blocked { by: "budget web-pdb".into(), retry_at: at(5) };
    for ix in 2..=8 {
        run.advance(RunEvent::Answer(ix, Ok(receipt(1))), &world.view(at(1)));
    }
    run.advance(RunEvent::Answer(1, Err(blocked())), &world.view(at(1)));
    assert!(
        run.steps[1..].iter().filter(|state| matches!(state, StepState::Settling(_) | StepState::Sent(_))).count() == 8
    );
    let asked = run.advance(RunEvent::Look, &world.view(at(5)));
    assert_eq!(asked.iter().map(|(ix, _)| *ix).collect::<Vec<_>>(), [1], "no place is free, and it is tried again");
    assert!(run.next_deadline().is_some_and(|at| at > self::at(5)), "nothing is due again at once");
}

#[test]
fn a_drain_says_what_is_gone_moves_waits_was_skipped_and_came_meanwhile() {
    let mut world = world(12);
    let mut plan = planned(&world, drain());
    // One was never to be taken.
    plan.steps.pop();
    let mut run = Run::new(1, plan, at(0));
    run.advance(RunEvent::Look, &world.view(at(0)));
    run.advance(RunEvent::Answer(0, Ok(receipt(0))), &world.view(at(0)));
    run.advance(RunEvent::Answer(1, Ok(receipt(1))), &world.view(at(1)));
    let blocked = StepError::Blocked { by: "budget web-pdb".into(), retry_at: at(60) };
    run.advance(RunEvent::Answer(2, Err(blocked)), &world.view(at(1)));
    gone(&mut world, &pod(0));
    put(&mut world, new_pod(20, 2, 10, "node-3"));
    put(&mut world, new_pod(21, 3, 4, "node-7"));
    run.advance(RunEvent::Look, &world.view(at(10)));
    let drain = Drain::of(&run, &world.view(at(10))).expect("a drain");
    assert_eq!(drain.words(), "1 gone, 8 moving, 1 waiting, 1 to come, 1 skipped, 1 came meanwhile");
    assert_eq!(drain.skipped.iter().map(|it| &it.key).collect::<Vec<_>>(), [&pod(11)]);
    let new = in_its_place(&run, &pod(0), &world.view(at(10))).expect("a successor");
    assert_eq!((&new.key, new.node.as_ref().map(|it| it.name.as_str())), (&pod(20), Some("node-3")));
    assert!(in_its_place(&run, &pod(1), &world.view(at(10))).is_none(), "it is not gone");
}

fn followed(world: &World, run: &Run, now: i64) -> (Mood, String) {
    let view = world.view(at(now));
    let mut diagnosis = Diagnosis::new(Settings::default(), at(0));
    let keys: Vec<Ref> =
        view.workloads().map(|it| it.key.clone()).chain(view.instances().map(|it| it.key.clone())).collect();
    diagnosis.note(&keys, &view);
    diagnosis.examine(&view, &mut || true);
    diagnosis.settle(&view);
    let followed = follow(run, &web(), &view, &diagnosis);
    (followed.mood, followed.text.to_string())
}

#[test]
fn an_action_is_followed_until_it_has_settled_and_what_it_is_stuck_at_is_named() {
    let mut world = world(2);
    let mut run = Run::new(1, planned(&world, restart()), at(0));
    run.advance(RunEvent::Look, &world.view(at(0)));
    run.advance(RunEvent::Answer(0, Ok(receipt(1))), &world.view(at(1)));
    put(&mut world, ready_pod(0, 10));
    assert_eq!(followed(&world, &run, 11), (Mood::UnderWay, "restart: 1 of 2 ready".to_owned()));
    put(&mut world, ready_pod(1, 41));
    run.advance(RunEvent::Look, &world.view(at(41)));
    assert_eq!(followed(&world, &run, 42), (Mood::Settled, "restarted: healthy in 41 s".to_owned()));
    // What goes wrong with it within minutes is laid at its door, by its cause.
    for n in 0..2 {
        let Object::Instance(mut it) = ready_pod(n, 50) else { unreachable!() };
        (it.ready, it.phase) = (false, Phase::Starting);
        let reason = "ImagePullBackOff".into();
        let message = Some(Text::new("Back-off pulling image \"web:3\": not found"));
        it.containers = vec![Container::new("web", "web:3", ContainerState::Waiting { reason, message })];
        put(&mut world, Object::Instance(it));
    }
    let (mood, text) = followed(&world, &run, 200);
    assert!(mood == Mood::Stuck && text.starts_with("restarted, stuck: ") && text.contains("web:3"), "{text}");
}

#[test]
fn what_was_not_done_says_so_and_nothing_of_taking_it_back() {
    let world = world(2);
    let mut draft = restart();
    draft.inverse = Some(Intent::Undo(web(), None));
    let mut run = Run::new(1, planned(&world, draft), at(0));
    run.advance(RunEvent::Look, &world.view(at(0)));
    run.advance(RunEvent::Answer(0, Err(StepError::Denied("patch deployments".into()))), &world.view(at(1)));
    let said = "restart: not done: not allowed: patch deployments".to_owned();
    assert_eq!(followed(&world, &run, 2), (Mood::Short, said));
}

#[test]
fn a_drained_node_is_empty_though_containers_run_there_that_no_orchestrator_moves() {
    let mut world = world(1);
    let task = world.view(at(0)).instances_of(&web()).next().expect("one").clone();
    let beside = Ref::new(&cluster(), Kind::ContainerInstance, None, "backup");
    let mut container = Instance::new(beside, "c", None, Phase::Running);
    container.ready = true;
    container.node = Some(node());
    put(&mut world, Object::Instance(Box::new(container)));
    let drain = step(StepAction::SetDrain(node(), true), Until::Empty(node()), 0);
    let intent = Intent::drain(node());
    let plan =
        plan(&intent, &world.view(at(0)), draft(intent.clone(), vec![drain]), &Guard::default()).expect("a plan");
    let mut run = Run::new(1, plan, at(0));
    assert_eq!(run.advance(RunEvent::Look, &world.view(at(0))).len(), 1);
    run.advance(RunEvent::Answer(0, Ok(Receipt::at(at(0)))), &world.view(at(0)));
    let mut drained = Node::new(node(), "uid", NodeState::Ready);
    (drained.cordoned, drained.draining) = (true, true);
    put(&mut world, Object::Node(Box::new(drained)));
    run.advance(RunEvent::Look, &world.view(at(1)));
    assert_eq!(run.outcome, None, "a task is still there");
    gone(&mut world, &task.key);
    run.advance(RunEvent::Look, &world.view(at(2)));
    assert!(matches!(run.outcome, Some((_, Outcome::Done))), "{run:?}");
}
