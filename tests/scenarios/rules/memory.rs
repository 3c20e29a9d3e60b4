//! Memory that ran out.

use super::make::*;
use super::*;

cases! {
    "oom-killed", "at its limit, in a loop", Some("OOM-killed at its 256 MiB limit, 14 times in 39 min"), |place| {
        oom(place, 14, 180, |_| {});
    }
    "oom-killed", "the host ran out", Some("OOM-killed: the host ran out of memory"), |place| {
        oom(place, 1, 0, |event| event.scope = Some(OomScope::Host));
    }
    "oom-killed", "which memory is unknown", Some("perhaps OOM-killed: which memory ran out is not known (it has no limit)"), |place| {
        oom(place, 1, 0, |event| {
            (event.scope, event.limit_bytes, event.certainty) = (None, None, Certainty::Suspected);
        });
    }
    "oom-killed", "ended by it and left so", Some("OOM-killed: its 256 MiB limit or the host's memory, which is not known; not started again"), |place| {
        ends(place, Kind::ComposeService, 137, 600, 300, |_, it| {
            it.containers[0].state = ContainerState::Ended(exit(137, ExitReason::OomKilled, 600, 300));
            it.containers[0].memory_limit_bytes = Some(256 << 20);
        });
    }
    "oom-killed", "exit 137 that was no OOM", None, |place| { ends(place, Kind::ComposeService, 137, 60, 300, |_, _| {}); }
    "oom-killed", "once, an hour ago, and well since", None, |place| {
        let workload = place.healthy(Kind::Deployment, "worker", 1);
        let it = place.instance(&workload, 0);
        place.occurred(OccurrenceKind::OomKill, &it, 3600, |_| {});
    }
    "oom-killed", "a process in it, which runs on", Some("a process in it is OOM-killed at its 256 MiB limit, 3 times in 2 min; the container runs on"), |place| {
        oom(place, 3, 60, |event| event.code = None);
    }
    "oom-killed", "restarted more often than is remembered", Some("OOM-killed at its 256 MiB limit, restarted 23 times in 14 min"), |place| {
        let workload = oom(place, 1, 0, |_| {});
        let mut it = place.instance(&workload, 0);
        (it.phase, it.ready, it.created) = (Phase::Restarting, false, Some(at(-900)));
        it.containers[0].restarts = 23;
        it.containers[0].state = waiting("restarting", "");
        it.containers[0].last_exit = Some(exit(137, ExitReason::OomKilled, 10, 1));
        it.containers[0].memory_limit_bytes = Some(256 << 20);
        put(place, it);
    }
    "memory-near-limit", "almost full", Some("uses 95 % of its 256 MiB memory limit"), |place| { memory(place, 95.2); }
    "memory-near-limit", "half full", None, |place| { memory(place, 50.0); }

    "oom-killed", "a sidecar at its limit", Some("sidecar proxy OOM-killed at its 128 MiB limit"), |place| {
        let workload = place.healthy(Kind::Deployment, "web", 1);
        let mut it = place.instance(&workload, 0);
        let mut proxy = Container::new("proxy", "r.example/proxy:1", waiting("CrashLoopBackOff", ""));
        proxy.role = ContainerRole::Sidecar;
        proxy.last_exit = Some(exit(137, ExitReason::OomKilled, 20, 60));
        it.containers.push(proxy);
        it.ready = false;
        place.occurred(OccurrenceKind::OomKill, &it, 20, |event| {
            (event.scope, event.limit_bytes, event.code) = (Some(OomScope::Limit), Some(128 << 20), Some(137));
            event.container = Some("proxy".into());
        });
        put(place, it);
    }
    "oom-killed", "the memory of its node", Some("OOM-killed: its node n1 ran out of memory"), |place| {
        let node = place.node("n1", NodeState::Ready);
        place.put(Object::Node(Box::new(node.clone())));
        let workload = oom(place, 1, 0, |event| event.scope = Some(OomScope::Host));
        let mut it = place.instance(&workload, 0);
        it.node = Some(node.key);
        put(place, it);
    }
    "oom-killed", "the flag with another code", Some("very likely OOM-killed: its 256 MiB limit or the host's memory, which is not known"), |place| {
        let workload = place.workload(Kind::Deployment, "worker", 1);
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        it.containers[0].last_exit = Some(exit(143, ExitReason::OomKilled, 60, 600));
        it.containers[0].memory_limit_bytes = Some(256 << 20);
        put(place, it);
    }
    "oom-killed", "a debug container", None, |place| {
        let workload = place.healthy(Kind::Deployment, "web", 1);
        let mut it = place.instance(&workload, 0);
        let end = ContainerState::Ended(exit(137, ExitReason::OomKilled, 20, 60));
        let mut shell = Container::new("debugger-1", "r.example/tools:1", end);
        shell.role = ContainerRole::Ephemeral;
        it.containers.push(shell);
        put(place, it);
    }

    "node-out-of-memory", "with who uses most above what it asked for",
    Some("ran out of memory: its kernel killed something, last java; shop/report-0 uses 3 GiB, asked for 256 MiB"), |place| {
        let node = node_oom(place, 60);
        let workload = place.workload(Kind::Deployment, "report", 1);
        let mut it = place.instance(&workload, 0);
        (it.node, it.memory_request_bytes) = (Some(node), 256 << 20);
        let key = it.key.clone();
        put(place, it);
        place.measured(&key, Metric::MemoryBytes, 30, (3u64 << 30) as f64);
    }
    "node-out-of-memory", "an hour ago", None, |place| { node_oom(place, 3600); }
}
