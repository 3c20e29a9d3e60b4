//! Before, during and after an action: previews with other ways, a reason, what has changed; a drain from its beginning to its
//! end; what became of it on the rows.

use cockpit::domain::{
    Batch, Draft, Fact, Including, Instance, Intent, Kind, Line, LineKind, Object, Phase, Pin, Receipt, Ref, Seen,
    Source, Step, StepAction, StepError, Text, Timestamp, Until, Variant,
};
use cockpit::ui::{Armed, CaseFile, CaseTab, Input, Layer, Overlay, Pane, Preview, Reason, RowKey};

use super::night::{self, ago, key};
use super::open::staged;
use super::stage::Stage;

const SIZES: [(u16, u16); 3] = [(40, 10), (80, 24), (120, 40)];

fn node() -> Ref {
    key("prod", Kind::Node, "", "node-1")
}

fn preview(stage: &Stage, draft: Draft) -> Preview {
    let intent = draft.intent.clone();
    Preview {
        plan: Some(stage.core.plan(&intent, draft, stage.now).map(Box::new)),
        intent,
        ticket: 1,
        shown: Some(stage.now),
        scroll: 0,
        armed: Armed::No,
        typed: Input::default(),
        changed: None,
        reason: None,
    }
}

fn step(action: StepAction, seen: Seen, until: Until, group: u32) -> Step {
    let pin = Pin { key: action.target().clone(), uid: "5c0a".into(), seen };
    Step { action, pin, until, timeout_seconds: 300, group }
}

/// A drain that leaves two, with a key for each.
fn drain(pods: &[Ref], including: Including) -> Draft {
    let intent = Intent::Drain(node(), including);
    let cordon = step(StepAction::SetCordon(node(), true), Seen::Cordoned(false), Until::Accepted, 0);
    let evict = |pod: &Ref| {
        let until = Until::GoneOrReborn(pod.clone(), "5c0a".into());
        step(StepAction::Evict(pod.clone()), Seen::Uid, until, 1)
    };
    let variant = |key: char, what: &str, including| Variant {
        key,
        text: Text::new(what),
        intent: Intent::Drain(node(), including),
    };
    Draft {
        equivalent: Some(Text::new("kubectl drain node-1 --ignore-daemonsets")),
        inverse: Some(Intent::Uncordon(node())),
        notes: vec![Line::new(LineKind::Skips, "ops/debug has no controller: it would be gone for good; skipped")],
        variants: vec![
            variant('f', "include what nothing makes again, now skipped", Including { unmanaged: true, ..including }),
            variant(
                'e',
                "include what keeps data on the node, now skipped",
                Including { local_data: true, ..including },
            ),
        ],
        ..Draft::new(&intent, std::iter::once(cordon).chain(pods.iter().map(evict)).collect())
    }
}

#[test]
fn previews_with_other_ways_a_reason_and_what_has_changed() {
    let worker = key("prod", Kind::Deployment, "shop", "worker");
    let scale = Intent::Scale(worker.clone(), 5);
    let set = step(StepAction::SetReplicas(worker.clone(), 5), Seen::Replicas(4), Until::Count(worker.clone(), 5), 0);
    let scaled = Draft { inverse: Some(Intent::Scale(worker, 4)), ..Draft::new(&scale, vec![set]) };
    for size in SIZES {
        let mut stage = staged(size);
        let name = |what: &str| format!("{what}-{}x{}", size.0, size.1);
        let lost = Including { unmanaged: true, local_data: false };
        for (what, including) in [("drain-ways", Including::default()), ("drain-ways-typed", lost)] {
            let shown = preview(&stage, drain(&[], including));
            stage.screen.overlay = Some(Overlay::Preview(shown));
            insta::assert_snapshot!(name(what), stage.text());
        }
        let mut shown = preview(&stage, scaled.clone());
        shown.changed = Some(Text::new("4 are wanted, and 3 were"));
        let input = Input { text: "queue is 40,000 long".to_owned(), cursor: 5 };
        shown.reason = Some(Reason { input, typing: true });
        stage.screen.overlay = Some(Overlay::Preview(shown));
        insta::assert_snapshot!(name("scale-changed"), stage.text());
    }
}

fn said(stage: &mut Stage, fact: Fact) {
    stage.core.fold(Batch { cluster: night::id("prod"), at: stage.now, facts: vec![fact] });
    stage.core.turn(stage.now, &mut || true);
}

fn new_pod(of: &Instance, name: &str, made: Timestamp, on: &str) -> Object {
    let mut it = of.clone();
    it.key.name = name.into();
    it.uid = name.into();
    (it.phase, it.ready) = (Phase::Running, true);
    (it.created, it.since, it.node) = (Some(made), Some(made), Some(key("prod", Kind::Node, "", on)));
    Object::Instance(Box::new(it))
}

#[test]
fn a_drain_as_it_goes_and_what_it_leaves() {
    let mut stage = staged(SIZES[1]);
    let view = stage.core.view(stage.now);
    let mut there: Vec<Instance> = view.hosted_on(&node()).cloned().collect();
    there.sort_by(|a, b| a.key.cmp(&b.key));
    there.retain(|it| it.owner.is_some());
    let pods: Vec<Ref> = there.iter().take(4).map(|it| it.key.clone()).collect();
    let intent = Intent::drain(node());
    let plan = stage.core.plan(&intent, drain(&pods, Including::default()), stage.now).expect("a plan");
    let (run, _) = stage.core.start(plan, stage.now);
    let accept = |stage: &mut Stage, ix: usize| stage.core.answer(run, ix, Ok(Receipt::at(stage.now)), stage.now);
    accept(&mut stage, 0);
    accept(&mut stage, 1);
    accept(&mut stage, 2);
    let by = Text::new("The disruption budget orders-pdb needs 3 healthy pods and has 2");
    stage.core.answer(run, 3, Err(StepError::Blocked { by, retry_at: ago(-1) }), stage.now);
    said(&mut stage, Fact::Put(Source::of("pods"), new_pod(&there[0], "newcomer-1", night::now(), "node-3")));
    said(&mut stage, Fact::Put(Source::of("pods"), new_pod(&there[2], "late-1", ago(-1), "node-1")));
    said(&mut stage, Fact::Gone(Source::of("pods"), pods[0].clone()));
    let show = |stage: &mut Stage, what: &str| {
        for size in SIZES {
            stage.screen.size = size;
            stage.screen.overlay = Some(Overlay::Run(run));
            insta::assert_snapshot!(format!("{what}-{}x{}", size.0, size.1), stage.text());
        }
        stage.screen.overlay = None;
    };
    show(&mut stage, "drain-goes");
    stage.screen.size = SIZES[2];
    let mut on_rows = stage.at(Pane::Nodes);
    insta::assert_snapshot!("drain-goes-nodes-120x40", on_rows.text());
    on_rows.screen.size = SIZES[1];
    insta::assert_snapshot!("drain-goes-nodes-80x24", on_rows.text());
    on_rows.screen.size = SIZES[2];
    on_rows.screen.layers.push(Layer::Case(CaseFile::new(RowKey::Object(node()), CaseTab::Why)));
    insta::assert_snapshot!("drain-goes-case-120x40", on_rows.text());
    on_rows.screen.layers.clear();
    let mut stage = on_rows;
    stage.core.stop(run, stage.now);
    said(&mut stage, Fact::Gone(Source::of("pods"), pods[1].clone()));
    stage.core.answer(run, 4, Err(StepError::Gone), stage.now);
    assert!(stage.core.runs().run(run).is_some_and(|run| run.outcome.is_some()));
    show(&mut stage, "drain-ended");
}
