//! Rollouts, and fewer than wanted.

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
    "rollout-stuck", "what is new is ready and waits out its minReadySeconds", None, |place| { settling(place, 1200, true); }
    "rollout-stuck", "longer than its minReadySeconds",
    Some("rollout stuck: 1 of 2 updated, no progress for 12 min"), |place| { settling(place, 600, true); }
    "rollout-stuck", "what is new is not ready: minReadySeconds have not begun",
    Some("rollout stuck: 1 of 2 updated, no progress for 12 min"), |place| { settling(place, 1200, false); }
    "rollout-stuck", "done", None, |place| { rollout(place, Kind::Deployment, 4, 4, RolloutPhase::Complete, |_| {}); }

    "rollout-stuck", "paused half way", Some("rollout paused, 1 of 4 updated"), |place| {
        rollout(place, Kind::Deployment, 4, 4, RolloutPhase::Paused, |it| it.message = Some("Deployment is paused".into()));
    }
    "rollout-stuck", "a canary", Some("waits to be promoted, 1 of 4 updated"), |place| {
        rollout(place, Kind::ArgoRollout, 4, 4, RolloutPhase::Paused, |it| it.message = Some("CanaryPauseStep".into()));
    }
    "rollout-stuck", "a canary of a task group", Some("1 of 1 canary healthy, waits for promotion"), |place| {
        rollout(place, Kind::TaskGroup, 4, 4, RolloutPhase::Paused, |it| {
            it.message = Some(format!("1 of 1 canary healthy, {PROMOTION}").into());
        });
    }
    "rollout-stuck", "its deadline is over", Some("rollout failed: no progress within its deadline, 1 of 4 updated; the old pods still serve"), |place| {
        rollout(place, Kind::Deployment, 4, 4, RolloutPhase::Failed, |it| {
            it.message = Some("ReplicaSet \"api-6c9\" has timed out progressing.".into());
        });
    }
    "rollout-stuck", "a DaemonSet without a deadline", Some("rollout stuck: 1 of 4 updated, no progress for 12 min"), |place| {
        rollout(place, Kind::DaemonSet, 4, 4, RolloutPhase::Progressing, |_| {});
    }
    "rollout-stuck", "an autoscaler moves the number meanwhile",
    Some("rollout stuck: 1 of 4 updated, no progress for 12 min; its autoscaler moved the number meanwhile, to 9"), |place| {
        let workload = rollout(place, Kind::Deployment, 4, 4, RolloutPhase::Progressing, |_| {});
        autoscaler(place, &workload.key, |it| (it.scaled_at, it.desired) = (Some(at(-300)), 9));
    }
    "rollout-stuck", "a revision that waits for deletions", Some("revision 42 waits for pods to be deleted by hand (OnDelete), 1 of 4 updated"), |place| {
        let mut workload = rollout(place, Kind::StatefulSet, 4, 4, RolloutPhase::Progressing, |_| {});
        workload.on_delete = true;
        place.put(Object::Workload(Box::new(workload)));
    }
    "rollout-stuck", "every pod was deleted", None, |place| {
        let mut workload = rollout(place, Kind::StatefulSet, 4, 4, RolloutPhase::Progressing, |it| it.updated = Some(4));
        workload.on_delete = true;
        place.put(Object::Workload(Box::new(workload)));
    }

    "shared-down", "cluster DNS", Some("cluster DNS is down, none of 2 ready: names are not resolved"), |place| {
        place.namespace = "kube-system";
        platform(place, Kind::Deployment, "coredns", Desired::Replicas(2), 0);
    }
    "shared-down", "the pod network on one node", Some("pod network is down on 1 of 3 nodes: new pods get no network there"), |place| {
        place.namespace = "kube-system";
        platform(place, Kind::DaemonSet, "calico-node", Desired::EachNode(3), 2);
    }
    "shared-down", "in order", None, |place| {
        place.namespace = "kube-system";
        platform(place, Kind::Deployment, "coredns", Desired::Replicas(2), 2);
    }
    "shared-down", "something of the name elsewhere", None, |place| {
        platform(place, Kind::Deployment, "coredns", Desired::Replicas(2), 0);
    }
}
