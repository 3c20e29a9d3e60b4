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
}
