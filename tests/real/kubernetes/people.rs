//! People with fewer rights, on the plane of all scenes.

use super::{PATIENCE, cockpit, is_so};
use crate::planes;
use crate::scenes::people::{self, is_forbidden};
use crate::scenes::trouble::nothing_can_be_read;

#[test]
fn one_who_may_read_one_namespace() {
    let plane = planes::with_all_scenes();
    plane.shown("shop");
    let report = cockpit(plane, "reader-one-namespace").until_triage_within(
        PATIENCE,
        "the one crash of shop",
        people::one_who_may_read_one_namespace,
    );
    is_so(&report, people::nothing_is_said_of_elsewhere);
    assert!(report.took.as_secs() < 10, "it does not wait for what is forbidden\n{report}");
}

#[test]
fn one_without_events() {
    let plane = planes::with_all_scenes();
    for scene in ["oom-loop", "bad-image", "quota-exceeded"] {
        plane.shown(scene);
    }
    cockpit(plane, "no-events").until_triage_within(PATIENCE, "what pods say themselves", people::one_without_events);
}

#[test]
fn one_who_may_do_nothing() {
    let cockpit = cockpit(planes::with_all_scenes(), "nobody");
    let report = cockpit.until_triage_within(PATIENCE, "a list of nothing", |report| is_forbidden(report, "pod"));
    is_so(&report, nothing_can_be_read);
    assert!(!report.is_complete(), "{report}");
    let said = cockpit.run(&["triage"]);
    let said = String::from_utf8_lossy(&said.stdout).to_lowercase();
    assert!(said.contains("forbidden") || said.contains("may not"), "{said}");
}
