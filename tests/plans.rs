//! What a person reads before anything is done: a plan for every cell of the table of actions, from drafts made by hand and one
//! small world. One page, to be read as one.

use std::fmt::Write as _;

use cockpit::action::{Guard, fits, merge, plan};
use cockpit::diagnose::Pattern;
use cockpit::domain::{
    Alert, AlertState, Application, Autoscaler, Batch, ClusterId, ClusterInfo, Debugger, Desired, Draft, Enter, Fact,
    GaveUp, Grade, Including, Instance, Intent, JobState, Kind, Line, LineKind, Name, Namespace, Node, NodeState,
    Object, Phase, Pin, Plan, Quiet, Quota, Ref, Refusal, Revision, Rights, Rollout, RolloutPhase, Schedule, Seen,
    Setting, Severity, Silence, Source, Step, StepAction, Text, Timestamp, Until, Workload,
};
use cockpit::domain::{BackendKind, OccurrenceKind};
use cockpit::state::World;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).expect("in range")
}

fn key(cluster: &str, kind: Kind, name: &str) -> Ref {
    let place = match kind {
        Kind::Node | Kind::Namespace | Kind::Cluster => None,
        _ => Some("shop".into()),
    };
    Ref::new(&ClusterId::new(cluster), kind, place, name)
}

fn revision(id: &str, began: i64) -> Revision {
    Revision { id: id.into(), images: vec![], at: Some(at(began)), by: None }
}

fn workload(cluster: &str, kind: Kind, name: &str, desired: Desired) -> Workload {
    let mut it = Workload::new(key(cluster, kind, name), format!("uid-{name}"), desired);
    it.revision = Some(revision("42", -3_600));
    it.history = vec![revision("41", -9 * 86_400), revision("40", -12 * 86_400)];
    it
}

fn rolling(mut it: Workload, phase: RolloutPhase) -> Workload {
    let (from, to) = (Some("41".into()), Some("42".into()));
    it.rollout = Some(Rollout {
        phase,
        message: None,
        started: None,
        progressed: None,
        deadline: None,
        from,
        to,
        updated: None,
    });
    it
}

fn instances(world: &mut Vec<Object>, owner: &Ref, kind: Kind, count: u32, node: &str) {
    for n in 0..count {
        let own = Ref { kind, ..owner.clone() };
        let name = if count == 1 { owner.name.to_string() } else { format!("{}-{n}", owner.name) };
        let own = Ref { name: name.as_str().into(), ..own };
        let mut it = Instance::new(own, format!("uid-{name}"), Some(owner.clone()), Phase::Running);
        it.ready = true;
        it.node = Some(key(owner.cluster.as_str(), Kind::Node, node));
        it.memory_request_bytes = 256 << 20;
        it.cpu_request_millis = 250;
        world.push(Object::Instance(Box::new(it)));
    }
}

fn node(cluster: &str, name: &str) -> Node {
    let mut it = Node::new(key(cluster, Kind::Node, name), format!("uid-{name}"), NodeState::Ready);
    it.memory_bytes = Some(2 << 30);
    it.cpu_millis = Some(4_000);
    it
}

/// A cluster of each orchestrator, with one of everything.
fn world() -> World {
    let mut objects: Vec<Object> = Vec::new();
    let mut put = |it: Workload, kind: Kind, count: u32, on: &str| {
        let key = it.key.clone();
        objects.push(Object::Workload(Box::new(it)));
        instances(&mut objects, &key, kind, count, on);
    };
    let of = |n| Desired::Replicas(n);
    put(workload("prod", Kind::Deployment, "web", of(3)), Kind::Pod, 3, "node-1");
    put(rolling(workload("prod", Kind::Deployment, "cart", of(1)), RolloutPhase::Failed), Kind::Pod, 1, "node-1");
    put(rolling(workload("prod", Kind::Deployment, "held", of(2)), RolloutPhase::Paused), Kind::Pod, 2, "node-2");
    put(workload("prod", Kind::StatefulSet, "orders", of(3)), Kind::Pod, 2, "node-2");
    put(workload("prod", Kind::DaemonSet, "agent", Desired::EachNode(2)), Kind::Pod, 2, "node-1");
    put(workload("prod", Kind::BarePod, "debug", of(1)), Kind::Pod, 1, "node-1");
    let rollout = rolling(workload("prod", Kind::ArgoRollout, "api", of(4)), RolloutPhase::Progressing);
    put(rollout, Kind::Pod, 4, "node-2");
    let mut nightly = workload("prod", Kind::CronJob, "nightly", Desired::Scheduled);
    let cron = Text::new("0 2 * * *");
    nightly.schedule =
        Some(Schedule { cron, period_seconds: 86_400, suspended: false, last_run: None, last_success: None });
    put(nightly, Kind::Pod, 1, "node-1");
    let mut import = workload("prod", Kind::Job, "import", Desired::Completions(1));
    let gave_up = GaveUp { reason: "BackoffLimitExceeded".into(), message: None, limit: None, at: at(-60) };
    import.job = Some(Box::new(JobState { suspended: false, gave_up: Some(gave_up) }));
    put(import, Kind::Pod, 0, "node-1");
    put(
        rolling(workload("eu", Kind::TaskGroup, "charge", of(2)), RolloutPhase::Progressing),
        Kind::Allocation,
        2,
        "n1",
    );
    put(workload("swarm", Kind::Service, "mail", of(2)), Kind::Task, 2, "s1");
    put(workload("local", Kind::ComposeService, "proxy", Desired::Unknown), Kind::ContainerInstance, 2, "host");
    put(workload("local", Kind::Container, "box", Desired::Unknown), Kind::ContainerInstance, 1, "host");
    let mut stopped =
        Instance::new(key("local", Kind::ContainerInstance, "stopped"), "uid-stopped", None, Phase::Failed);
    stopped.ready = false;
    objects.push(Object::Instance(Box::new(stopped)));
    for orders in &mut objects {
        if let Object::Instance(it) = orders
            && it.key.name == "orders-1"
        {
            it.ready = false;
        }
    }
    for (cluster, name) in [("prod", "node-1"), ("prod", "node-2"), ("eu", "n1"), ("swarm", "s1"), ("local", "host")] {
        objects.push(Object::Node(Box::new(node(cluster, name))));
    }
    let mut closed = node("prod", "node-3");
    closed.cordoned = true;
    objects.push(Object::Node(Box::new(closed)));
    objects.push(Object::Autoscaler(Box::new(Autoscaler {
        key: key("prod", Kind::Autoscaler, "web"),
        target: key("prod", Kind::Deployment, "web"),
        least: 2,
        most: 10,
        current: 3,
        desired: 3,
        active: Some(true),
        message: None,
        limited: None,
        fallback: false,
        scaled_at: None,
        measures: vec![],
    })));
    objects.push(Object::Namespace(Box::new(Namespace {
        key: key("prod", Kind::Namespace, "shop"),
        deleting: None,
        held_by: None,
        quotas: vec![Quota { name: "small".into(), resource: "pods".into(), used: 20, hard: 24 }],
    })));
    objects.push(Object::Application(Box::new(Application {
        key: key("prod", Kind::Application, "shop-app"),
        keeps: vec![key("prod", Kind::Deployment, "cart"), key("prod", Kind::StatefulSet, "orders")],
        place: None,
        automated: true,
        syncing: false,
        sync: None,
        differs: vec![],
        differing: 0,
        health: None,
        health_since: None,
        unwell: vec![],
        failed: None,
        failed_at: None,
        error: None,
        error_since: None,
    })));
    for (title, state, by) in [
        ("CheckoutErrors", AlertState::Firing, None),
        ("DiskFillsUp", AlertState::Pending, None),
        ("QueueBacklog", AlertState::Silenced, Some(Some(at(7200)))),
        ("SlowAtNight", AlertState::Silenced, Some(None)),
    ] {
        let silence = by.map(|until| Silence { by: "anna".into(), comment: "the import runs".into(), until });
        objects.push(Object::Alert(Box::new(Alert {
            key: Ref::new(&ClusterId::new("prod"), Kind::Alert, None, format!("{title}-c27ccb48fedae803").as_str()),
            title: title.into(),
            summary: None,
            severity: Severity::Critical,
            state,
            pages: state == AlertState::Firing,
            about: None,
            since: None,
            runbook: None,
            dashboard: None,
            silence,
        })));
    }
    for (cluster, backend) in
        [("local", BackendKind::Docker), ("eu", BackendKind::Nomad), ("prod", BackendKind::Kubernetes)]
    {
        objects.push(Object::Cluster(Box::new(ClusterInfo::new(&ClusterId::new(cluster), backend, cluster))));
    }
    let mut world = World::default();
    for object in objects {
        let (cluster, source) = (object.key().cluster.clone(), Source::of(object.key().kind.as_str()));
        world.fold(Batch { cluster, at: at(0), facts: vec![Fact::Put(source, object)] });
    }
    world
}

fn step(action: StepAction, seen: Seen, group: u32) -> Step {
    let pin = Pin { key: action.target().clone(), uid: "0f3c9a".into(), seen };
    Step { action, pin, until: Until::Accepted, timeout_seconds: 60, group }
}

/// What a backend might answer: one step of the right kind, pinned as the design says.
fn drafted(intent: &Intent) -> Draft {
    let key = intent.target().clone();
    let rev = || Seen::Revision(Some("42".into()));
    let (steps, inverse) = match intent {
        Intent::Restart(_) if key.kind == Kind::Pod => (vec![step(StepAction::Evict(key), Seen::Uid, 0)], None),
        Intent::Restart(_) => (vec![step(StepAction::Restart(key), rev(), 0)], None),
        Intent::Scale(_, to) => {
            let step = step(StepAction::SetReplicas(key.clone(), *to), Seen::Replicas(3), 0);
            (vec![step], Some(Intent::Scale(key, 3)))
        }
        Intent::Undo(_, to) => {
            let step = step(StepAction::Revert(key.clone(), to.clone()), rev(), 0);
            (vec![step], Some(Intent::Undo(key, Some("42".into()))))
        }
        Intent::Set(_, setting) => {
            let seen = Seen::Spec("9f".into());
            (vec![step(StepAction::Set(key.clone(), setting.clone()), seen, 0)], Some(Intent::Undo(key, None)))
        }
        Intent::Cordon(_) => {
            let step = step(StepAction::SetCordon(key.clone(), true), Seen::Cordoned(false), 0);
            (vec![step], Some(Intent::Uncordon(key)))
        }
        Intent::Uncordon(_) => {
            let step = step(StepAction::SetCordon(key.clone(), false), Seen::Cordoned(true), 0);
            (vec![step], Some(Intent::Cordon(key)))
        }
        Intent::Drain(..) => {
            let mut steps = vec![step(StepAction::SetCordon(key.clone(), true), Seen::Cordoned(false), 0)];
            let pods = ["web-0", "web-1", "web-2", "cart"];
            let evict = |name| step(StepAction::Evict(self::key("prod", Kind::Pod, name)), Seen::Uid, 1);
            match key.cluster.as_str() {
                "prod" => steps.extend(pods.map(evict)),
                _ => steps = vec![step(StepAction::SetDrain(key.clone(), true), Seen::State("active".into()), 0)],
            }
            (steps, Some(Intent::Uncordon(key)))
        }
        Intent::Pause(_) => {
            let step = step(StepAction::SetPaused(key.clone(), true), Seen::State("running".into()), 0);
            (vec![step], Some(Intent::Resume(key)))
        }
        Intent::Resume(_) => {
            let step = step(StepAction::SetPaused(key.clone(), false), Seen::State("paused".into()), 0);
            (vec![step], Some(Intent::Pause(key)))
        }
        Intent::Promote(_) => (vec![step(StepAction::Promote(key), rev(), 0)], None),
        Intent::Abort(_) => (vec![step(StepAction::Abort(key), rev(), 0)], None),
        Intent::Stop(_) => (vec![step(StepAction::Stop(key), Seen::Uid, 0)], None),
        Intent::Start(_) => (vec![step(StepAction::Start(key), Seen::Uid, 0)], None),
        Intent::Kill(_) => (vec![step(StepAction::Kill(key), Seen::Uid, 0)], None),
        Intent::Recreate(_) => (vec![step(StepAction::Recreate(key), Seen::Spec("9f".into()), 0)], None),
        Intent::Trigger(_) => (vec![step(StepAction::Trigger(key), Seen::Uid, 0)], None),
        Intent::Unblock(_) if key.kind == Kind::Job => (vec![step(StepAction::Retry(key), Seen::Uid, 0)], None),
        Intent::Unblock(_) => {
            (vec![step(StepAction::Delete(self::key("prod", Kind::Pod, "orders-1")), Seen::Uid, 0)], None)
        }
        Intent::Silence(_, quiet) => {
            let silence = step(StepAction::Silence(key.clone(), quiet.clone()), Seen::State("not silenced".into()), 0);
            (vec![silence], Some(Intent::Unsilence(key)))
        }
        Intent::Unsilence(_) => (vec![step(StepAction::EndSilence(key, "2f1".into()), Seen::Uid, 0)], None),
        Intent::Shell(_, enter) => (vec![step(StepAction::Enter(key, enter.clone()), Seen::Uid, 0)], None),
        Intent::Prune(_) => {
            let waste = [cockpit::domain::Waste::Containers, cockpit::domain::Waste::Images];
            (waste.map(|waste| step(StepAction::Prune(key.clone(), waste), Seen::Uid, 0)).to_vec(), None)
        }
        Intent::Several(all) => {
            return merge(intent, all.iter().map(|part| Ok(drafted(part))).collect()).expect("a draft");
        }
    };
    Draft { inverse, ..Draft::new(intent, steps) }
}

fn told(intent: &Intent, planned: Result<Plan, Refusal>) -> String {
    let mut out = String::new();
    match planned {
        Err(refusal) => {
            let _ = writeln!(out, "{} ─ refused: {}; {}", intent.target(), refusal, refusal.mend);
        }
        Ok(plan) => {
            let typed = plan.typed.map(|typed| format!(", type {typed}")).unwrap_or_default();
            let _ = writeln!(out, "{} ─ {:?}{typed}", plan.title, plan.grade);
            for line in &plan.lines {
                let _ = writeln!(out, "  {:<6}{}", format!("{:?}", line.kind).to_lowercase(), line.text);
            }
            let back = plan.inverse.as_ref().map(cockpit::action::words::deed_on);
            let _ = writeln!(out, "  back  {}", back.unwrap_or_else(|| "-".to_owned()));
            for variant in plan.variants {
                let _ = writeln!(out, "  {}     {}", variant.key, variant.text);
            }
        }
    }
    out
}

fn enter(container: Option<&str>, command: &[&str], debug: bool) -> Enter {
    let debug = debug.then(|| Debugger { image: Some("busybox:1.37".into()), name: None });
    Enter {
        container: container.map(Name::new),
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        debug,
    }
}

fn page(title: &str, world: &World, guard: &Guard, intents: &[Intent]) -> String {
    let view = world.view(at(0));
    let planned = |intent: &Intent| match fits(intent, &view) {
        Some(Ok(())) => plan(intent, &view, drafted(intent), guard),
        Some(Err(why)) => Err(Refusal::of(intent, why, "not offered now")),
        None => Err(Refusal::of(intent, "it makes no sense for that kind", "not offered")),
    };
    let each = intents.iter().map(|intent| told(intent, planned(intent)));
    format!("== {title}\n{}", each.collect::<Vec<_>>().join(""))
}

#[test]
fn a_plan_for_every_cell() {
    let world = world();
    let k8s = |kind, name| key("prod", kind, name);
    let (eu, swarm) = (|kind, name| key("eu", kind, name), |kind, name| key("swarm", kind, name));
    let local = |kind, name| key("local", kind, name);
    let alert = |title: &str| {
        Ref::new(&ClusterId::new("prod"), Kind::Alert, None, format!("{title}-c27ccb48fedae803").as_str())
    };
    let import = Quiet { seconds: 7200, comment: "the import runs".into() };
    let image = |name: &str| Setting::Image(None, name.into());
    use Kind::{
        Allocation, ArgoRollout, ComposeService, Container, ContainerInstance, CronJob, DaemonSet, Deployment, Job,
        Pod, Service, StatefulSet, Task, TaskGroup,
    };
    let pages = [
        page(
            "restart",
            &world,
            &Guard::default(),
            &[
                Intent::Restart(k8s(Deployment, "web")),
                Intent::Restart(k8s(Deployment, "cart")),
                Intent::Restart(k8s(Deployment, "held")),
                Intent::Restart(k8s(CronJob, "nightly")),
                Intent::Restart(k8s(Pod, "web-0")),
                Intent::Restart(k8s(Pod, "cart")),
                Intent::Restart(k8s(Pod, "debug")),
                Intent::Restart(eu(TaskGroup, "charge")),
                Intent::Restart(eu(Allocation, "charge-0")),
                Intent::Restart(swarm(Service, "mail")),
                Intent::Restart(swarm(Task, "mail-0")),
                Intent::Restart(local(ComposeService, "proxy")),
                Intent::Restart(local(Container, "box")),
            ],
        ),
        page(
            "silence",
            &world,
            &Guard::default(),
            &[
                Intent::Silence(alert("CheckoutErrors"), import.clone()),
                Intent::Silence(alert("DiskFillsUp"), import.clone()),
                Intent::Silence(alert("QueueBacklog"), import.clone()),
                Intent::Silence(k8s(Deployment, "web"), import),
                Intent::Unsilence(alert("QueueBacklog")),
                Intent::Unsilence(alert("SlowAtNight")),
                Intent::Unsilence(alert("CheckoutErrors")),
            ],
        ),
        page(
            "scale",
            &world,
            &Guard::default(),
            &[
                Intent::Scale(k8s(Deployment, "web"), 5),
                Intent::Scale(k8s(Deployment, "web"), 12),
                Intent::Scale(k8s(Deployment, "web"), 1),
                Intent::Scale(k8s(Deployment, "web"), 0),
                Intent::Scale(k8s(StatefulSet, "orders"), 2),
                Intent::Scale(k8s(DaemonSet, "agent"), 2),
                Intent::Scale(eu(TaskGroup, "charge"), 40),
                Intent::Scale(swarm(Service, "mail"), 3),
                Intent::Scale(local(ComposeService, "proxy"), 3),
                Intent::Scale(local(Container, "box"), 3),
            ],
        ),
        page(
            "undo",
            &world,
            &Guard::default(),
            &[
                Intent::Undo(k8s(Deployment, "web"), Some("41".into())),
                Intent::Undo(k8s(Deployment, "cart"), None),
                Intent::Undo(k8s(StatefulSet, "orders"), Some("40".into())),
                Intent::Undo(k8s(DaemonSet, "agent"), Some("41".into())),
                Intent::Undo(k8s(ArgoRollout, "api"), Some("41".into())),
                Intent::Undo(eu(TaskGroup, "charge"), Some("41".into())),
                Intent::Undo(swarm(Service, "mail"), None),
                Intent::Undo(local(ComposeService, "proxy"), None),
            ],
        ),
        page(
            "set",
            &world,
            &Guard::default(),
            &[
                Intent::Set(k8s(Deployment, "web"), image("web:3")),
                Intent::Set(k8s(StatefulSet, "orders"), Setting::Memory(Some("main".into()), Some(512 << 20))),
                Intent::Set(k8s(Deployment, "cart"), Setting::Cpu(None, None)),
                Intent::Set(eu(TaskGroup, "charge"), Setting::Memory(None, Some(512 << 20))),
                Intent::Set(swarm(Service, "mail"), image("mail:3")),
                Intent::Set(local(Container, "box"), Setting::Memory(None, Some(512 << 20))),
                Intent::Set(local(Container, "box"), image("box:2")),
            ],
        ),
        page(
            "pause, resume, promote, abort",
            &world,
            &Guard::default(),
            &[
                Intent::Pause(k8s(Deployment, "web")),
                Intent::Pause(k8s(Deployment, "held")),
                Intent::Resume(k8s(Deployment, "held")),
                Intent::Pause(k8s(CronJob, "nightly")),
                Intent::Resume(k8s(CronJob, "nightly")),
                Intent::Pause(k8s(Kind::Application, "shop-app")),
                Intent::Pause(eu(TaskGroup, "charge")),
                Intent::Pause(swarm(Service, "mail")),
                Intent::Pause(local(ComposeService, "proxy")),
                Intent::Promote(k8s(ArgoRollout, "api")),
                Intent::Abort(k8s(ArgoRollout, "api")),
                Intent::Promote(eu(TaskGroup, "charge")),
                Intent::Promote(k8s(Deployment, "web")),
            ],
        ),
        page(
            "nodes",
            &world,
            &Guard::default(),
            &[
                Intent::Cordon(k8s(Kind::Node, "node-1")),
                Intent::Cordon(k8s(Kind::Node, "node-3")),
                Intent::Uncordon(k8s(Kind::Node, "node-3")),
                Intent::drain(k8s(Kind::Node, "node-1")),
                Intent::Drain(k8s(Kind::Node, "node-1"), Including { unmanaged: true, local_data: false }),
                Intent::drain(eu(Kind::Node, "n1")),
                Intent::drain(swarm(Kind::Node, "s1")),
            ],
        ),
        page(
            "one instance",
            &world,
            &Guard::default(),
            &[
                Intent::Stop(k8s(Pod, "web-1")),
                Intent::Stop(k8s(Pod, "debug")),
                Intent::Kill(k8s(Pod, "orders-0")),
                Intent::Stop(eu(Allocation, "charge-1")),
                Intent::Kill(swarm(Task, "mail-1")),
                Intent::Stop(local(ContainerInstance, "box")),
                Intent::Stop(local(ComposeService, "proxy")),
                Intent::Start(local(Container, "box")),
                Intent::Start(local(ContainerInstance, "stopped")),
                Intent::Start(local(ContainerInstance, "box")),
                Intent::Stop(local(ContainerInstance, "stopped")),
            ],
        ),
        page(
            "recreate, trigger, unblock, prune",
            &world,
            &Guard::default(),
            &[
                Intent::Recreate(local(ComposeService, "proxy")),
                Intent::Recreate(k8s(Deployment, "web")),
                Intent::Trigger(k8s(CronJob, "nightly")),
                Intent::Unblock(k8s(StatefulSet, "orders")),
                Intent::Unblock(k8s(Job, "import")),
                Intent::Prune(local(Kind::Cluster, "local")),
                Intent::Prune(eu(Kind::Cluster, "eu")),
                Intent::Prune(k8s(Kind::Cluster, "prod")),
            ],
        ),
        page(
            "shell",
            &world,
            &Guard::default(),
            &[
                Intent::Shell(k8s(Pod, "web-0"), enter(None, &[], false)),
                Intent::Shell(k8s(Pod, "web-0"), enter(Some("app"), &["cat", "/etc/hosts"], false)),
                Intent::Shell(k8s(Pod, "web-0"), enter(Some("app"), &[], true)),
                Intent::Shell(k8s(Deployment, "web"), enter(None, &[], false)),
                Intent::Shell(eu(Allocation, "charge-0"), enter(None, &[], false)),
                Intent::Shell(swarm(Task, "mail-0"), enter(None, &[], false)),
                Intent::Shell(swarm(Task, "mail-0"), enter(None, &[], true)),
                Intent::Shell(local(ContainerInstance, "box"), enter(None, &[], false)),
                Intent::Shell(local(ContainerInstance, "stopped"), enter(None, &[], false)),
            ],
        ),
        page(
            "several",
            &world,
            &Guard::default(),
            &[
                Intent::Several(vec![Intent::Restart(k8s(Deployment, "web")), Intent::Restart(swarm(Service, "mail"))]),
                Intent::Several(vec![
                    Intent::Pause(k8s(Kind::Application, "shop-app")),
                    Intent::Scale(k8s(Deployment, "cart"), 2),
                ]),
                Intent::Several(vec![
                    Intent::Scale(k8s(Deployment, "web"), 0),
                    Intent::Scale(swarm(Service, "mail"), 0),
                ]),
            ],
        ),
        page(
            "guarded: web protected, at most 2 instances",
            &world,
            &Guard { protected: vec![Pattern::new("prod/shop/web*")], max_instances: Some(2), ..Guard::default() },
            &[
                Intent::Scale(k8s(Deployment, "web"), 5),
                Intent::Restart(k8s(Deployment, "web")),
                Intent::Restart(swarm(Service, "mail")),
                Intent::drain(k8s(Kind::Node, "node-1")),
                Intent::drain(swarm(Kind::Node, "s1")),
            ],
        ),
    ];
    insta::assert_snapshot!("every-cell", pages.join("\n"));
}

#[test]
fn a_revision_that_failed_in_its_own_time_is_said_to_have_failed() {
    let mut world = world();
    let cart = key("prod", Kind::Deployment, "cart");
    let raw = serde_json::json!({
        "id": "kill-1", "kind": OccurrenceKind::OomKill, "origin": "live", "subject": cart, "workload": cart,
        "first": at(-2 * 86_400), "last": at(-86_400), "count": 14, "at_least": false, "certainty": "confirmed",
    });
    let occurred = serde_json::from_value(raw).expect("an occurrence");
    world.fold(Batch { cluster: cart.cluster.clone(), at: at(0), facts: vec![Fact::Occurred(Box::new(occurred))] });
    let intent = Intent::Undo(cart, Some("41".into()));
    let plan = plan(&intent, &world.view(at(0)), drafted(&intent), &Guard::default()).expect("a plan");
    let said = |line: &&Line| line.kind == LineKind::Hurts && line.text.contains("14 failures of it are known");
    assert!(plan.lines.iter().any(|line| said(&line)), "{:?}", plan.lines);
    assert_eq!(plan.grade, Grade::Disruptive);
}

#[test]
fn a_right_that_is_denied_refuses_the_part_that_needs_it() {
    let mut world = world();
    let rights =
        Rights { read_only: None, denied: vec!["update statefulsets/scale".into()], within: vec!["shop".into()] };
    world.fold(Batch { cluster: ClusterId::new("prod"), at: at(0), facts: vec![Fact::Allowed(rights)] });
    let refused = |intent: Intent| plan(&intent, &world.view(at(0)), drafted(&intent), &Guard::default()).err();
    let (web, orders) = (key("prod", Kind::Deployment, "web"), key("prod", Kind::StatefulSet, "orders"));
    assert_eq!(refused(Intent::Scale(web.clone(), 4)), None);
    let both = Intent::Several(vec![Intent::Scale(web, 4), Intent::Scale(orders, 4)]);
    let refusal = refused(both).expect("a refusal");
    assert_eq!(refusal.to_string(), "scale shop/orders: you may not `update statefulsets/scale` in prod");
    assert!(refusal.mend.contains("cockpit rbac --control"), "{}", refusal.mend);
}
