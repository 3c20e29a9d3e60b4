//! Good practice.

use super::make::*;
use super::*;

cases! {
    "no-health-check", "none", Some("no health check: web"), |place| { practice(place, false); }
    "no-health-check", "one", None, |place| { practice(place, true); }
    "no-memory-limit", "none", Some("no memory limit: web"), |place| { practice(place, false); }
    "no-memory-limit", "one", None, |place| { practice(place, true); }
    "no-restart-policy", "none", Some("no restart policy: web"), |place| { practice(place, false); }
    "no-restart-policy", "one", None, |place| { practice(place, true); }
    "unbounded-log", "no size", Some("json-file log without a size: web"), |place| { practice(place, false); }
    "unbounded-log", "a size", None, |place| { practice(place, true); }
    "left-over", "a run by hand that failed", Some("failed and left there: job"), |place| { ends(place, Kind::Container, 1, 60, 2, |_, _| {}); }
    "left-over", "a service that failed just now", None, |place| { ends(place, Kind::ComposeService, 1, 60, 600, |_, _| {}); }

    "no-requests", "none", Some("no memory request: web"), |place| { pod_practice(place, false, 1); }
    "no-requests", "one", None, |place| { pod_practice(place, true, 2); }
    "no-requests", "the platform's own", None, |place| { place.namespace = "kube-system"; pod_practice(place, false, 1); }
    "no-readiness-probe", "only liveness, behind a Service", Some("no readiness probe behind a Service: web"), |place| { pod_practice(place, false, 1); }
    "no-readiness-probe", "one", None, |place| { pod_practice(place, true, 2); }
    "same-probes", "the same", Some("readiness and liveness ask the same: search"), |place| { ready_lies(place, 9000, "GET /healthz"); }
    "same-probes", "others", None, |place| { ready_lies(place, 9000, "GET /livez"); }
    "one-replica", "one", Some("one replica: web"), |place| { pod_practice(place, false, 1); }
    "one-replica", "two", None, |place| { pod_practice(place, true, 2); }
    "no-budget", "none", Some("no disruption budget: web"), |place| { pod_practice(place, false, 2); }
    "no-budget", "one", None, |place| { pod_practice(place, true, 2); }
}
