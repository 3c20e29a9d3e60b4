//! Pane 9 with what others did and do: left in the middle, under way, in effect, over.

use cockpit::domain::journal::{Lease, News};
use cockpit::domain::{
    Entry, Forward, ForwardRequest, ForwardState, Grade, Intent, Kind, Listen, Outcome, Person, Pin, Plan, Ref, Run,
    Seen, Step, StepAction, StepState, Text, Timestamp, Until,
};
use cockpit::ui::{Asks, Input, Overlay, Pane, Prompt, RowKey};

use crate::night::{self, ago, key};
use crate::stage::Stage;

fn plan(intent: Intent, title: &str, steps: usize, inverse: Option<Intent>) -> Plan {
    let target = intent.target().clone();
    let step = |n: usize| {
        let pod = key("prod", Kind::Pod, "shop", &format!("web-{n}"));
        Step {
            action: StepAction::Evict(pod.clone()),
            pin: Pin { key: target.clone(), uid: "uid".into(), seen: Seen::Uid },
            until: Until::GoneOrReborn(pod, "uid".into()),
            timeout_seconds: 300,
            group: 0,
        }
    };
    Plan {
        inverse,
        ..Plan::new(intent, title, Grade::Disruptive, (0..steps).map(step).collect(), Timestamp::UNIX_EPOCH)
    }
}

fn entry(id: u64, who: &str, minutes: i64, plan: Plan, outcome: Option<Outcome>) -> Entry {
    let mut run = Run::new(id, plan, ago(minutes));
    run.outcome = outcome.map(|outcome| (ago(minutes), outcome));
    Entry { by: Person::named(who), taken_by: None, between: Vec::new(), reason: None, run, version: 1, lease: None }
}

fn open(mut entry: Entry, done: usize, lapsed: bool) -> Entry {
    let began = entry.run.started;
    entry.run.steps[..done].fill(StepState::Done(began));
    entry.lease = Some(Lease { host: "b".into(), boot: "b".into(), pid: 7, birth: 1, beat: 0, lapsed });
    entry
}

fn node(name: &str) -> Ref {
    key("prod", Kind::Node, "", name)
}

/// What the journal tells of a busy week.
fn week() -> News {
    let drain = |name: &str| {
        plan(Intent::drain(node(name)), &format!("Drain {name} (prod)"), 5, Some(Intent::Uncordon(node(name))))
    };
    let worker = key("prod", Kind::Deployment, "shop", "worker");
    let scale = plan(
        Intent::Scale(worker.clone(), 3),
        "Scale shop/worker (prod) to 3",
        1,
        Some(Intent::Scale(worker.clone(), 10)),
    );
    let restart = plan(Intent::Restart(worker), "Restart shop/worker (prod)", 1, None);
    let w1 = key("swarm", Kind::Node, "", "w-1");
    let cordon = plan(Intent::Cordon(w1.clone()), "Cordon w-1 (swarm)", 1, Some(Intent::Uncordon(w1)));
    let mut reasoned = entry(40, "cleo@bastion", 1500, cordon, Some(Outcome::Done));
    reasoned.reason = Some(Text::new("disk swap, INC-1204"));
    let mut two = entry(30, "anna@bastion", 2900, drain("node-3"), Some(Outcome::Partly { done: 3, left: 2 }));
    two.taken_by = Some(Person::named("ben@bastion"));
    let entries = vec![
        open(entry(60, "anna@bastion", 35, drain("node-7"), None), 3, true),
        open(entry(50, "ben@bastion", 4, drain("node-1"), None), 2, false),
        reasoned,
        two,
        entry(20, "somebody", 4400, scale, Some(Outcome::Done)),
        entry(10, "cleo@bastion", 9000, restart, Some(Outcome::Failed(Text::new("patch deployments is forbidden")))),
    ];
    News { entries, older: Some(1_204), ..News::default() }
}

fn staged(size: (u16, u16)) -> Stage {
    let mut core = night::night();
    core.hear_journal(&week());
    core.settle_now(night::now());
    Stage::of(core, size)
}

#[test]
fn the_journal_begins_with_what_needs_someone() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let stage = staged(size).at(Pane::Journal);
        insta::assert_snapshot!(format!("journal-week-{}x{}", size.0, size.1), stage.text());
    }
}

/// Forwards of a session: one that carries, one that waits, one that is over, one that is on its way.
fn forwards() -> Vec<Forward> {
    let pod = |name: &str| key("prod", Kind::Pod, "shop", name);
    let state = |local, to: Option<(Ref, u16)>| ForwardState {
        local,
        to,
        open: 0,
        came: 0,
        failed: 0,
        said: None,
        ended: None,
    };
    let request = |name: &str, port| ForwardRequest {
        target: key("prod", Kind::Deployment, "shop", name),
        listen: Listen::Like,
        port,
    };
    let refused = Text::new("connection refused: nothing listens at port 8080 in web-7d4b9-x2x");
    let carries = ForwardState {
        open: 2,
        came: 14,
        failed: 1,
        said: Some(refused),
        ..state(8080, Some((pod("web-7d4b9-x2x"), 8080)))
    };
    let waits = ForwardState { said: Some("no pod of shop/cart is ready".into()), ..state(9090, None) };
    let over = ForwardState { ended: Some("api-0 is gone".into()), ..state(3000, Some((pod("api-0"), 3000))) };
    let of = |id, minutes, request, state| Forward { id, request, began: ago(minutes), state };
    vec![
        of(1, 41, request("web", 8080), Some(carries)),
        of(2, 12, request("cart", 9090), Some(waits)),
        of(3, 5, request("api", 3000), Some(over)),
        of(4, 0, request("worker", 6060), None),
    ]
}

#[test]
fn port_forwards_are_among_what_is_still_in_effect() {
    for size in [(80, 24), (120, 40)] {
        let mut stage = staged(size);
        stage.forwards = forwards();
        let stage = stage.at(Pane::Journal);
        let first =
            stage.screen.home.lists[&Pane::Journal].order.iter().position(|it| matches!(it, RowKey::Forward(1)));
        let stage = stage.select(first.expect("it is listed"));
        insta::assert_snapshot!(format!("journal-forwards-{}x{}", size.0, size.1), stage.text());
    }
}

#[test]
fn it_is_asked_which_port_and_for_the_name_of_a_protected_cluster() {
    let target = key("prod", Kind::Deployment, "shop", "web");
    let ask = |title: &str, text: &str, error: Option<&str>, asks| {
        let input = Input { text: text.into(), cursor: text.len() };
        let error = error.map(Text::from);
        Overlay::Prompt(Prompt { title: title.into(), input, error, target: target.clone(), asks })
    };
    let request = ForwardRequest { target: target.clone(), listen: Listen::Like, port: 8080 };
    for size in [(80, 24), (120, 40)] {
        let mut stage = staged(size).at(Pane::Workloads);
        let title = "Forward to shop/web (has 8080/TCP http, 9090/TCP metrics) [LOCAL:]PORT";
        stage.screen.overlay = Some(ask(title, "8080", None, Asks::Forward));
        insta::assert_snapshot!(format!("forward-port-{}x{}", size.0, size.1), stage.text());
        let title = "prod is protected: its name opens port 8080 of shop/web";
        stage.screen.overlay = Some(ask(title, "prd", Some("`prd` is not `prod`"), Asks::Protected(request.clone())));
        insta::assert_snapshot!(format!("forward-protected-{}x{}", size.0, size.1), stage.text());
    }
}

#[test]
fn a_run_that_was_left_in_the_middle_offers_both_ways() {
    for size in [(80, 24), (120, 40)] {
        let mut stage = staged(size).at(Pane::Journal);
        stage.screen.overlay = Some(Overlay::Run(60));
        insta::assert_snapshot!(format!("run-left-{}x{}", size.0, size.1), stage.text());
    }
}

#[test]
fn what_was_asked_or_held_back_of_a_run_that_was_left_is_nobodys_now() {
    let mut core = night::night();
    let mut news = week();
    let by = Text::new("The disruption budget orders-pdb needs 3 healthy pods and has 2");
    let held = StepState::Blocked { by, retry_at: ago(34), since: ago(35) };
    news.entries[0].run.steps[3..].clone_from_slice(&[held, StepState::Sent(ago(34))]);
    core.hear_journal(&news);
    core.settle_now(night::now());
    let mut stage = Stage::of(core, (80, 24)).at(Pane::Journal);
    stage.screen.overlay = Some(Overlay::Run(60));
    insta::assert_snapshot!("run-left-held-80x24", stage.text());
}

#[test]
fn whose_run_it_is_is_said() {
    let mut stage = staged((120, 40)).at(Pane::Journal);
    stage.screen.overlay = Some(Overlay::Run(50));
    insta::assert_snapshot!("run-of-another-120x40", stage.text());
}
