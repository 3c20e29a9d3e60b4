//! What no node takes, or a node cannot start.

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
    "cannot-start", "a secret that is not there", Some("Secret shop/db is missing"), |place| {
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

    "cannot-be-placed", "a surge that does not fit",
    Some("rollout stuck: no room for the new pod: needs 512 MiB, largest hole 300 MiB on node b; the old pods still serve"), |place| {
        surge(place, 512);
    }
    "cannot-be-placed", "room that is there, for those that it keeps away",
    Some("rollout stuck: cannot be placed: memory exhausted on 2 of 3 nodes, 1 of 3 nodes had untolerated taint {gpu: a100}; the old pods still serve"), |place| {
        surge(place, 200);
    }
    "cannot-be-placed", "an autoscaler brings a node", Some("waits for a node; one has been on its way for 1 min"), |place| {
        scaled_up(place, 60, "pod triggered scale-up: [{pool-a 3->4 (max: 10)}]");
    }
    "cannot-be-placed", "an autoscaler was to bring a node", Some("cannot be placed: memory exhausted on 3 of 3 nodes; a node has been on its way for 15 min and does not come"), |place| {
        scaled_up(place, 900, "pod triggered scale-up: [{pool-a 3->4 (max: 10)}]");
    }
    "cannot-be-placed", "a node that Karpenter has asked for", Some("waits for a node; one has been on its way for 40 s (insufficient capacity)"), |place| {
        coming(place, -40, Some("insufficient capacity"));
        scaled_up(place, 40, "Pod should schedule on: nodeclaim/default-a");
    }
    "cannot-be-placed", "one claim after the other comes to nothing", Some("cannot be placed: memory exhausted on 3 of 3 nodes; a node has been on its way for 15 min and does not come (insufficient capacity)"), |place| {
        coming(place, -20, Some("insufficient capacity"));
        scaled_up(place, 900, "Pod should schedule on: nodeclaim/default-z");
        let pod = place.key(Kind::Pod, "batch-0");
        let pod = place.world.view(place.now).instance(&pod).cloned().expect("there");
        place.occurred(OccurrenceKind::Changed, &pod, 20, |event| event.text = Some("Pod should schedule on: nodeclaim/default-a".into()));
    }
    "cannot-be-placed", "a node that was asked for when it began to wait, as no event says", Some("waits for a node; one has been on its way for 5 min"), |place| {
        coming(place, -300, None);
        unplaced(place, 355);
    }
    "cannot-be-placed", "a node that was asked for long after", Some("cannot be placed: memory exhausted on 3 of 3 nodes"), |place| {
        coming(place, -40, None);
        unplaced(place, 950);
    }
    "cannot-be-placed", "Karpenter cannot bring one", Some("cannot be placed: memory exhausted on 3 of 3 nodes; the autoscaler brings no node: all available instance types exceed limits for nodepool: default"), |place| {
        scaled_up(place, 60, "Failed to schedule pod, all available instance types exceed limits for nodepool: default");
    }
    "cannot-be-placed", "an autoscaler brings none",
    Some("cannot be placed: memory exhausted on 3 of 3 nodes; the autoscaler brings no node: 1 max node group size reached"), |place| {
        scaled_up(place, 60, "pod didn't trigger scale-up: 1 max node group size reached");
    }
    "cannot-be-placed", "a gate", Some("held back by a scheduling gate: whoever set it has to lift it"), |place| {
        let workload = place.workload(Kind::Deployment, "batch", 1);
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        (it.phase, it.ready, it.since, it.reason) = (Phase::Pending, false, Some(at(-400)), Some("SchedulingGated".into()));
        put(place, it);
    }
    "evicted", "with what it used",
    Some("driven off its node: The node was low on resource: memory. It used 900Mi, and had asked for 100Mi"), |place| {
        let workload = place.healthy(Kind::Deployment, "api", 1);
        let it = place.instance(&workload, 0);
        place.occurred(OccurrenceKind::Eviction, &it, 60, |event| {
            event.text = Some("The node was low on resource: memory. Threshold quantity: 100Mi, available: 90Mi. Container api was using 900Mi, request is 100Mi, has larger consumption of memory.".into());
        });
    }
    "cannot-start", "a key that is not there, in an init container", Some("Secret shop/db has no key password"), |place| {
        let workload = waits(place, "api", "PodInitializing", "");
        let mut it = place.instance(&workload, 0);
        (it.phase, it.ready, it.since) = (Phase::Starting, false, Some(at(-720)));
        let state = waiting("CreateContainerConfigError", "couldn't find key password in Secret shop/db");
        it.containers.push(Container { role: ContainerRole::Init, ..Container::new("migrate", "r.example/shop/app:1", state) });
        put(place, it);
    }
    "cannot-start", "a hook", Some("cannot start: its postStart hook fails: exit 1"), |place| {
        waits(place, "api", "PostStartHookError", "exit 1");
    }
}
