use super::make::*;
use super::*;

cases! {
    "cannot-be-placed", "no room", Some("cannot be placed: memory exhausted on 3 of 3 nodes"), |place| {
        pending(place, "0/3 nodes are available: 3 Insufficient memory.", 420);
    }
    "cannot-be-placed", "no node fits a constraint", Some("cannot be placed: scheduling constraints not satisfied on 2 nodes"), |place| {
        pending(place, "no suitable node (scheduling constraints not satisfied on 2 nodes)", 420);
    }
    "cannot-be-placed", "no word of why", Some("waits for a node; the scheduler does not say why"), |place| { pending(place, "", 420); }
    "cannot-be-placed", "pending for a moment", None, |place| { pending(place, "", 5); }
    "evicted", "memory pressure", Some("driven off its node: The node was low on resource: memory."), |place| {
        let workload = place.healthy(Kind::Deployment, "api", 1);
        let it = place.instance(&workload, 0);
        place.occurred(OccurrenceKind::Eviction, &it, 60, |event| event.text = Some("The node was low on resource: memory.".into()));
    }
    "evicted", "an hour ago", None, |place| {
        let workload = place.healthy(Kind::Deployment, "api", 1);
        let it = place.instance(&workload, 0);
        place.occurred(OccurrenceKind::Eviction, &it, 3600, |_| {});
    }
    "rejected", "a missing mount", Some("rejected by its node: invalid mount config: path does not exist"), |place| {
        let workload = place.workload(Kind::Service, "api", 1);
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        (it.phase, it.ready, it.desired, it.since) = (Phase::Rejected, false, DesiredState::Stop, Some(at(-5)));
        it.message = Some("invalid mount config: path does not exist".into());
        put(place, it);
    }
    "rejected", "long ago, and all are there", None, |place| {
        let workload = place.healthy(Kind::Service, "api", 1);
        let mut it = place.instance(&workload, 7);
        (it.phase, it.ready, it.desired) = (Phase::Rejected, false, DesiredState::Stop);
        put(place, it);
    }
    "cannot-start", "a secret that is not there", Some("cannot start: secret \"db\" not found"), |place| {
        waits(place, "api", "CreateContainerConfigError", "secret \"db\" not found");
    }
    "cannot-start", "a program that is not there",
    Some("cannot start: command not found (127): exec: \"/app\": no such file or directory"), |place| {
        ends(place, Kind::Container, 127, 60, 0, |workload, it| {
            (workload.restart_policy, workload.desired) = (RestartPolicy::Always, Desired::Replicas(1));
            let message = Some("exec: \"/app\": no such file or directory".into());
            let end = Exit { code: 127, reason: ExitReason::CannotRun, message, started: None, ended: None };
            it.containers[0].state = ContainerState::Ended(Box::new(end));
        });
    }
    "cannot-start", "a typo of whoever ran it by hand", None, |place| {
        ends(place, Kind::Container, 127, 60, 0, |_, it| {
            let message = Some("exec: \"/app\": no such file or directory".into());
            let end = Exit { code: 127, reason: ExitReason::CannotRun, message, started: None, ended: None };
            it.containers[0].state = ContainerState::Ended(Box::new(end));
        });
    }
    "cannot-start", "just being created", None, |place| { waits(place, "api", "ContainerCreating", ""); }
}
