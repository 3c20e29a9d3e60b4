use super::make::*;
use super::*;

cases! {
    "replicas-missing", "one of three", Some("1 of 3 not ready"), |place| {
        let mut workload = place.workload(Kind::Deployment, "web", 3);
        workload.reported = Some(Reported { ready: 2, updated: 3, total: 3 });
        place.put(Object::Workload(Box::new(workload)));
        place.look();
        place.pass(60);
    }
    "replicas-missing", "all are there", None, |place| { place.healthy(Kind::Deployment, "web", 3); place.pass(120); }
    "replicas-missing", "scaled to none", None, |place| { place.healthy(Kind::Deployment, "web", 0); place.pass(120); }
    "rollout-stuck", "no progress", Some("rollout stuck: 1 of 4 updated, no progress for 12 min; gives up in 5 min"), |place| {
        rollout(place, Kind::Deployment, 4, 4, RolloutPhase::Progressing, |it| it.deadline = Some(at(300)));
    }
    "rollout-stuck", "a paused update", Some("update paused: update paused due to failure or early termination of task x"), |place| {
        rollout(place, Kind::Service, 4, 4, RolloutPhase::Paused, |it| {
            it.message = Some("update paused due to failure or early termination of task x".into());
        });
    }
    "rollout-stuck", "rolling back", Some("rolling back: a new task failed: exit 1"), |place| {
        let workload = rollout(place, Kind::Service, 4, 4, RolloutPhase::RollingBack, |_| {});
        let mut it = place.instance(&workload, 8);
        (it.phase, it.ready, it.desired, it.created) = (Phase::Failed, false, DesiredState::Stop, Some(at(-600)));
        it.containers[0].state = ContainerState::Ended(exit(1, ExitReason::Error, 500, 20));
        put(place, it);
    }
    "rollout-stuck", "it gave up", Some("rollout failed"), |place| { rollout(place, Kind::Deployment, 4, 4, RolloutPhase::Failed, |_| {}); }
    "rollout-stuck", "getting on", None, |place| {
        rollout(place, Kind::Deployment, 4, 4, RolloutPhase::Progressing, |it| it.progressed = Some(at(-20)));
    }
    "rollout-stuck", "done", None, |place| { rollout(place, Kind::Deployment, 4, 4, RolloutPhase::Complete, |_| {}); }
}
