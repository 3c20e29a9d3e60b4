//! One of every kind that something can be done to.

use cockpit::domain::{
    Application, BackendKind, ClusterInfo, Desired, GaveUp, Instance, JobState, Kind, Node, NodeState, Object, Phase,
    Ref, Rollout, RolloutPhase, Schedule, Text, Timestamp, Workload,
};

use crate::desk::cluster;

/// One of the zoo.
pub fn key(kind: Kind, name: &str) -> Ref {
    Ref::new(&cluster(), kind, Some("zoo".into()), name)
}

fn workload(kind: Kind, name: &str, desired: Desired) -> Workload {
    Workload::new(key(kind, name), format!("uid-{name}"), desired)
}

fn with_phase(mut it: Workload, phase: RolloutPhase) -> Workload {
    let none = None;
    it.rollout = Some(Rollout {
        phase,
        message: None,
        started: none,
        progressed: None,
        deadline: None,
        from: None,
        to: None,
        updated: None,
    });
    it
}

fn job(name: &str, state: JobState) -> Workload {
    Workload { job: Some(Box::new(state)), ..workload(Kind::Job, name, Desired::Completions(1)) }
}

fn scheduled(name: &str, suspended: bool) -> Workload {
    let cron = Text::new("0 2 * * *");
    let schedule = Schedule { cron, period_seconds: 86_400, suspended, last_run: None, last_success: None };
    Workload { schedule: Some(schedule), ..workload(Kind::CronJob, name, Desired::Scheduled) }
}

fn instance(kind: Kind, name: &str, owner: Ref, phase: Phase) -> Object {
    let mut it = Instance::new(key(kind, name), format!("uid-{name}"), Some(owner), phase);
    it.ready = phase == Phase::Running;
    Object::Instance(Box::new(it))
}

/// All of them.
pub fn objects() -> Vec<Object> {
    let three = Desired::Replicas(3);
    let workloads = [
        workload(Kind::Deployment, "calm", three),
        with_phase(workload(Kind::Deployment, "held", three), RolloutPhase::Paused),
        workload(Kind::StatefulSet, "orders", three),
        workload(Kind::DaemonSet, "agent", Desired::EachNode(3)),
        workload(Kind::ReplicaSet, "old", three),
        workload(Kind::Custom, "thing", three),
        with_phase(workload(Kind::ArgoRollout, "canary", three), RolloutPhase::Progressing),
        with_phase(workload(Kind::TaskGroup, "charge", three), RolloutPhase::Progressing),
        workload(Kind::Service, "mail", three),
        workload(Kind::ComposeService, "proxy", Desired::Unknown),
        workload(Kind::Container, "box", Desired::Unknown),
        workload(Kind::BarePod, "debug", Desired::Replicas(1)),
        scheduled("nightly", false),
        scheduled("weekly", true),
        job("import", JobState::default()),
        job(
            "export",
            JobState {
                suspended: false,
                gave_up: Some(GaveUp {
                    reason: "BackoffLimitExceeded".into(),
                    message: None,
                    limit: None,
                    at: Timestamp::from_second(1_699_999_000).expect("in range"),
                }),
            },
        ),
    ];
    let mut all: Vec<Object> = workloads.into_iter().map(|it| Object::Workload(Box::new(it))).collect();
    all.extend([
        instance(Kind::Pod, "orders-0", key(Kind::StatefulSet, "orders"), Phase::Pending),
        instance(Kind::Pod, "debug", key(Kind::BarePod, "debug"), Phase::Running),
        instance(Kind::Allocation, "charge-0", key(Kind::TaskGroup, "charge"), Phase::Running),
        instance(Kind::Task, "mail-1", key(Kind::Service, "mail"), Phase::Running),
        instance(Kind::ContainerInstance, "proxy-1", key(Kind::ComposeService, "proxy"), Phase::Running),
        instance(Kind::ContainerInstance, "box-0", key(Kind::Container, "box"), Phase::Failed),
        Object::Node(Box::new(Node::new(
            Ref::new(&cluster(), Kind::Node, None, "engine"),
            "uid-engine",
            NodeState::Ready,
        ))),
        Object::Node(Box::new(Node::new(
            Ref::new(&cluster(), Kind::NodeClaim, None, "coming"),
            "uid-c",
            NodeState::Coming,
        ))),
        // What an engine keeps until it is told can be seen in this zoo too.
        Object::Cluster(Box::new(ClusterInfo::new(&cluster(), BackendKind::Docker, "identity"))),
        Object::Application(Box::new(Application {
            key: key(Kind::Application, "shop-app"),
            keeps: vec![key(Kind::Deployment, "calm")],
            place: None,
            automated: true,
            syncing: false,
            sync: None,
            differs: Vec::new(),
            differing: 0,
            health: None,
            health_since: None,
            unwell: Vec::new(),
            failed: None,
            failed_at: None,
            error: None,
            error_since: None,
        })),
    ]);
    all
}
