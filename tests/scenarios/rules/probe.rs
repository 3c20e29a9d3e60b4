//! Probes and health checks.

use super::make::*;
use super::*;

cases! {
    "unhealthy", "the check fails", Some("unhealthy, 5 checks in a row: HTTP 503"), |place| {
        unhealthy(place, HealthStatus::Unhealthy, Phase::Running);
    }
    "unhealthy", "a probe takes a pod out", Some("fails readiness: HTTP 503"), |place| {
        let workload = place.workload(Kind::Deployment, "web", 1);
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        it.ready = false;
        place.occurred(OccurrenceKind::ProbeFailure, &it, 20, |event| {
            event.text = Some("Readiness probe failed: HTTP probe failed with statuscode: 503".into());
        });
        put(place, it);
    }
    "unhealthy", "a registry that keeps the last result alone",
    Some("1 of 2 unhealthy: check page: HTTP 503"), |place| {
        let workload = place.healthy(Kind::TaskGroup, "web", 2);
        let mut it = place.instance(&workload, 1);
        it.ready = false;
        it.containers[0].health = Some(Box::new(Health {
            status: HealthStatus::Unhealthy,
            streak: 0,
            output: Some("check page: HTTP 503".into()),
            code: None,
            since: Some(at(-90)),
        }));
        put(place, it);
    }
    "unhealthy", "still starting", None, |place| { unhealthy(place, HealthStatus::Starting, Phase::Running); }
    "unhealthy", "being stopped", None, |place| { unhealthy(place, HealthStatus::Unhealthy, Phase::Stopping); }
    "probe-lies", "ready, then gone within a minute",
    Some("says it is ready, then ends within 8 s, over and over: its readiness check may ask too little (GET /healthz)"), |place| {
        ready_lies(place, 8, "GET /livez");
    }
    "probe-lies", "readiness asks what liveness asks",
    Some("says it is ready, then ends within 8 s, over and over: readiness asks the same as liveness (GET /healthz)"), |place| {
        ready_lies(place, 8, "GET /healthz");
    }
    "probe-lies", "it ran for hours", None, |place| { ready_lies(place, 9000, "GET /healthz"); }

    "unhealthy", "which probe, how often at least, and what it printed",
    Some("2 of 3 fail readiness: HTTP 503 (GET :8080/ready, at least 12 times in 4 min)"), |place| {
        let workload = probed(place, 3);
        for n in 0..3 {
            let mut it = place.instance(&workload, n);
            it.ready = n == 0;
            if n == 1 {
                place.occurred(OccurrenceKind::ProbeFailure, &it, 20, |event| {
                    (event.count, event.first, event.at_least) = (12, at(-260), true);
                    event.text = Some("Readiness probe failed: HTTP probe failed with statuscode: 503".into());
                });
            }
            put(place, it);
        }
    }
    "unhealthy", "a new revision never gets ready while the old pods serve",
    Some("rollout stuck: fails readiness: HTTP 503 (GET :8080/ready); the old pods still serve; gives up in 3 min"), |place| {
        let mut workload = probed(place, 3);
        workload.rollout = rollout(place, Kind::Deployment, 3, 3, RolloutPhase::Progressing, |it| it.deadline = Some(at(180))).rollout;
        workload.reported = Some(Reported { ready: 3, updated: 1, total: 4 });
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 9);
        (it.ready, it.created) = (false, Some(at(-700)));
        it.containers[0].state = ContainerState::Running { since: Some(at(-690)) };
        place.occurred(OccurrenceKind::ProbeFailure, &it, 20, |event| {
            event.text = Some("Readiness probe failed: HTTP probe failed with statuscode: 503".into());
        });
        put(place, it);
    }
    "unhealthy", "no event tells of it", Some("fails readiness: GET :8080/ready has not passed for 12 min"), |place| {
        let workload = probed(place, 1);
        let mut it = place.instance(&workload, 0);
        it.ready = false;
        it.containers[0].state = ContainerState::Running { since: Some(at(-720)) };
        put(place, it);
    }
    "unhealthy", "no event tells of it, and it has run for a day", Some("fails readiness: GET :8080/ready does not pass, no event says more"), |place| {
        let workload = probed(place, 1);
        let mut it = place.instance(&workload, 0);
        it.ready = false;
        put(place, it);
    }
    "unhealthy", "its node is gone", None, |place| {
        let workload = probed(place, 1);
        let node = place.node("n1", NodeState::Unreachable);
        let mut it = place.instance(&workload, 0);
        (it.ready, it.node) = (false, Some(node.key.clone()));
        place.put(Object::Node(Box::new(node)));
        put(place, it);
    }
    "unhealthy", "within the time that its startup probe grants", None, |place| {
        let mut workload = probed(place, 1);
        let startup = probe(ProbeKind::Startup, "GET :8080/live", 10, 30);
        workload.containers[0].probes.push(startup);
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        (it.ready, it.created) = (false, Some(at(-200)));
        it.containers[0].state = ContainerState::Running { since: Some(at(-200)) };
        place.occurred(OccurrenceKind::ProbeFailure, &it, 5, |event| {
            event.text = Some("Startup probe failed: Get \"http://10.0.0.1:8080/live\": connection refused".into());
        });
        put(place, it);
    }

    "slow-start", "ended as soon as liveness may",
    Some("perhaps it only starts slowly: its liveness probe grants 30 s, and ends it each time after 31 s; a startup probe would grant more"), |place| {
        liveness_kills(place, 31);
    }
    "slow-start", "it ran for an hour", None, |place| { liveness_kills(place, 3600); }

    "readiness-gate", "a load balancer does not take it",
    Some("1 of 2: containers are ready, a readiness gate is not: target-health.example/web is False (Target registration is in progress)"), |place| {
        gated(place, -600, "ReadinessGatesNotReady");
    }
    "readiness-gate", "it may still open", None, |place| { gated(place, -120, "ReadinessGatesNotReady"); }
    "readiness-gate", "its containers are not ready themselves", None, |place| { gated(place, -600, "ContainersNotReady"); }
    "unhealthy", "its probes pass, a gate is closed", None, |place| { gated(place, -600, "ReadinessGatesNotReady"); }
}
