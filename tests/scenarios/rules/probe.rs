use super::make::*;
use super::*;

cases! {
    "unhealthy", "the check fails", Some("unhealthy, 5 checks in a row: HTTP 503"), |place| {
        unhealthy(place, HealthStatus::Unhealthy, Phase::Running);
    }
    "unhealthy", "a probe takes a pod out", Some("not ready, its probe fails: Readiness probe failed: HTTP probe failed with statuscode: 503"), |place| {
        let workload = place.workload(Kind::Deployment, "web", 1);
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        it.ready = false;
        place.occurred(OccurrenceKind::ProbeFailure, &it, 20, |event| {
            event.text = Some("Readiness probe failed: HTTP probe failed with statuscode: 503".into());
        });
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
}
