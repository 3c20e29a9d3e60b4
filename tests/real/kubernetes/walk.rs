//! From triage to the line that says why.

use super::{PATIENCE, cockpit};
use crate::planes::{Plane, alone};
use crate::screen::Screen;

#[test]
fn one_key_leads_to_the_guilty_line() {
    let _alone = alone();
    let plane = Plane::with_node("walk");
    plane.scene("json-logs");
    let cockpit = cockpit(&plane, "admin");
    let mut screen = Screen::open(&cockpit);
    screen.leads_to_the_guilty_line(PATIENCE, "payments");
}
