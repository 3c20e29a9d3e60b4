//! Healthy and ordinary systems: a tool that cries on them is uninstalled on its first day.

use cockpit::domain::*;

use super::place::*;

fn loud(place: &mut Place) -> Vec<String> {
    let rows = place.open();
    let loud: Vec<_> = rows.into_iter().filter(|it| it.severity <= Severity::Warning).collect();
    said(&loud)
}

#[test]
fn a_host_with_thirty_old_exited_containers_is_quiet() {
    let mut place = Place::default();
    for n in 0..30 {
        let mut workload = place.workload(Kind::Container, &format!("old-{n}"), 1);
        (workload.desired, workload.restart_policy) = (Desired::Replicas(1), RestartPolicy::No);
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        // Some failed days ago after running for hours, some just now at once, some ended well.
        let (code, ago, ran) = [(1, 86_400 * 9, 9000), (127, 30, 0), (0, 60, 5), (137, 86_400 * 2, 50_000)][n % 4];
        (it.phase, it.ready) = (if code == 0 { Phase::Succeeded } else { Phase::Failed }, false);
        let reason = if code == 0 { ExitReason::Completed } else { ExitReason::Error };
        it.since = Some(at(-ago));
        it.containers[0].state = ContainerState::Ended(exit(code, reason, ago, ran));
        place.put(Object::Instance(Box::new(it)));
    }
    place.look();
    place.pass(minutes(10));
    assert_eq!(loud(&mut place), Vec::<String>::new());
    assert_eq!(said(&place.open()), Vec::<String>::new(), "not even a risk");
    let left_over = place.diagnosis.advice().iter().filter(|it| it.rule == "left-over").count();
    assert_eq!(left_over, 1, "one line a project");
}

#[test]
fn a_healthy_project_is_quiet_from_its_first_moment() {
    let mut place = Place::default();
    for name in ["web", "api", "db"] {
        place.healthy(Kind::ComposeService, name, 2);
    }
    let mut starting = place.workload(Kind::ComposeService, "slow", 1);
    starting.containers[0].probes.push(Probe {
        kind: ProbeKind::Health,
        what: "CMD true".into(),
        period_seconds: 30,
        timeout_seconds: 30,
        threshold: 3,
        grace_seconds: 120,
    });
    place.put(Object::Workload(Box::new(starting.clone())));
    let mut it = place.instance(&starting, 0);
    (it.ready, it.created, it.since) = (false, Some(at(-5)), Some(at(-5)));
    it.containers[0].health =
        Some(Box::new(Health { status: HealthStatus::Starting, streak: 1, output: None, code: Some(1), since: None }));
    place.put(Object::Instance(Box::new(it)));
    place.look();
    place.pass(minutes(3));
    assert_eq!(loud(&mut place), Vec::<String>::new());
}

#[test]
fn runs_by_hand_jobs_that_ended_and_stopped_projects_are_quiet() {
    let mut place = Place::default();
    for (name, one_off, phase, code, desired) in [
        ("run", true, Phase::Failed, 1, DesiredState::Run),
        ("migrate", false, Phase::Succeeded, 0, DesiredState::Run),
        ("stopped", false, Phase::Succeeded, 143, DesiredState::Stop),
        ("killed", false, Phase::Succeeded, 137, DesiredState::Stop),
    ] {
        let mut workload = place.workload(Kind::ComposeService, name, 1);
        (workload.one_off, workload.desired, workload.restart_policy) = (one_off, Desired::Unknown, RestartPolicy::No);
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        (it.phase, it.ready, it.desired) = (phase, false, desired);
        let reason = if desired == DesiredState::Stop { ExitReason::Stopped } else { ExitReason::Completed };
        let reason = if code == 1 { ExitReason::Error } else { reason };
        it.containers[0].state = ContainerState::Ended(exit(code, reason, 60, 600));
        place.put(Object::Instance(Box::new(it)));
    }
    place.look();
    place.pass(minutes(5));
    assert_eq!(said(&place.open()), Vec::<String>::new());
}

#[test]
fn a_rolling_update_that_gets_on_is_quiet() {
    let mut place = Place::default();
    let mut workload = place.healthy(Kind::Deployment, "web", 4);
    for step in 0..8 {
        let progressed = place.now;
        workload.rollout = Some(Rollout {
            phase: RolloutPhase::Progressing,
            message: None,
            started: Some(at(0)),
            progressed: Some(progressed),
            deadline: Some(at(600)),
            from: Some("1".into()),
            to: Some("2".into()),
            updated: Some(step / 2),
        });
        workload.reported = Some(Reported { ready: 3, updated: step / 2, total: 5 });
        place.put(Object::Workload(Box::new(workload.clone())));
        place.look();
        place.pass(60);
        assert_eq!(loud(&mut place), Vec::<String>::new(), "step {step}");
    }
}

#[test]
fn a_swarm_of_one_node_and_a_standby_with_nothing_on_it_are_quiet() {
    let mut place = Place::default();
    let mut node = place.node("only", NodeState::Ready);
    node.manager = Some(Managership { leader: true, reachable: true });
    place.put(Object::Node(Box::new(node)));
    place.healthy(Kind::Service, "web", 1);
    place.healthy(Kind::Service, "standby", 0);
    place.look();
    place.pass(minutes(5));
    assert_eq!(said(&place.open()), Vec::<String>::new());
}

#[test]
fn a_source_that_cannot_be_read_is_no_incident() {
    let mut place = Place::default();
    place.healthy(Kind::Deployment, "web", 2);
    place.look();
    for kind in ["pods", "workloads", "nodes"] {
        place.trouble(kind, TroubleKind::Unreachable);
    }
    place.pass(minutes(30));
    assert_eq!(place.look(), []);
}
