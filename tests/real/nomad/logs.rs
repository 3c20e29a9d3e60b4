//! From a group to what it writes, what it is and how it was registered.

use crate::agents;
use crate::cockpit::Cockpit;
use crate::screen::Screen;
use crate::wait::PATIENCE;

/// As `tests/real/scenes/nomad/quiet-secret.hcl` has it.
const SECRET: &str = "hunter2-of-the-till";

#[test]
fn both_outputs_are_read_together() {
    let agent = agents::with_all_scenes();
    agent.until_allocation("till", "to run", |it| it["ClientStatus"] == "running");
    let cockpit = Cockpit::region(agent);
    let mut screen = Screen::open(&cockpit);
    screen.select_workload("till");
    screen.press_for("l", &["the till is open", "the drawer sticks"]);
}

#[test]
fn a_description_and_a_manifest_show_no_secret() {
    let agent = agents::with_all_scenes();
    agent.until_allocation("till", "to run", |it| it["ClientStatus"] == "running");
    let cockpit = Cockpit::region(agent);
    for (key, first) in [("y", "\"ID\": \"till\""), ("d", "ID: till")] {
        let mut screen = Screen::open(&cockpit);
        screen.select_workload("till");
        screen.press_for(key, &[first]);
        screen.press("/DB_PASSWORD\r");
        screen
            .until(PATIENCE, "the name without its value", |text| text.contains("DB_PASSWORD") && text.contains("***"));
        // What is written to it all over is not.
        assert!(!screen.text().contains(SECRET), "{}", screen.text());
    }
}
