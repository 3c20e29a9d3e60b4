//! Nodes that fall silent, and API servers that go away and come back.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{PATIENCE, cockpit, is_so};
use crate::planes::{Plane, alone, with_all_scenes};
use crate::scenes::trouble;
use crate::screen::Screen;

#[test]
fn a_node_that_stops_reporting() {
    let _alone = alone();
    let plane = Plane::with_node("silent");
    plane.scene("node-silent");
    let cockpit = cockpit(&plane, "admin");
    let report = cockpit.complete();
    assert_eq!(report.loud().count(), 0, "{report}");
    plane.stop_kubelet();
    cockpit.until_triage_within(PATIENCE, "the node to be down", trouble::a_node_that_stops_reporting);
}

/// Twenty seconds are longer than most time-outs, and shorter than a person's patience.
#[test]
fn an_api_server_that_is_gone_for_twenty_seconds() {
    let _alone = alone();
    // Without a node, everything that is wanted stays pending.
    let plane = Plane::start("gone");
    plane.scene("node-selector");
    let cockpit = cockpit(&plane, "admin");
    let mut screen = Screen::open(&cockpit);
    screen.until_shows(PATIENCE, &["render", "live"]);

    let killed = Instant::now();
    plane.kill_api();
    // The trouble is said, and what was known stays.
    screen.until_shows(PATIENCE, &["unreachable", "render"]);
    let report = cockpit.triage().expect("a list, of nothing");
    is_so(&report, trouble::nothing_can_be_read);
    is_so(&report, trouble::is_unreachable);
    sleep(Duration::from_secs(20).saturating_sub(killed.elapsed()));
    plane.start_api();
    screen.until(PATIENCE, "it to be live again, by itself", |text| {
        let text = text.to_lowercase();
        text.contains("live") && !text.contains("unreachable") && text.contains("render")
    });
    cockpit.until_triage_within(PATIENCE, "the list of before", trouble::an_api_server_that_is_there);
}

/// All scenes at once: what a bad night looks like, within the first seconds.
#[test]
fn a_screen_full_of_trouble() {
    let plane = with_all_scenes();
    plane.shown("oom-loop");
    plane.shown("service-not-ready");
    let cockpit = cockpit(plane, "admin");
    let mut screen = Screen::open(&cockpit);
    screen.until_shows(PATIENCE, &["live", "api"]);
    screen.press("/worker\r");
    screen.until_shows(PATIENCE, &["worker", "oom"]);
}
