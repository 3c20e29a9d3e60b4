//! What goes wrong: once a scene shows, triage is asked until it says of it what it should.

use super::{Check, PATIENCE, cockpit, is_so_at_once};
use crate::planes;
use crate::scenes::wrong::{self, each_wrong};

/// Waits until a scene plays, and then until cockpit says of it what it should.
#[track_caller]
fn is_said(scene: &str, what: &str, check: Check) {
    let plane = planes::with_all_scenes();
    plane.shown(scene);
    // It takes a while until what a finalizer holds has taken longer than an ordinary end.
    let patience = if scene.ends_with("-finalizer") { PATIENCE * 2 } else { PATIENCE };
    cockpit(plane, "admin").until_triage_within(patience, &format!("{what} of {scene}"), check);
}

macro_rules! wait_for_each {
    ($($name:ident: $scene:literal $(then $after:ident)?,)*) => {$(
        #[test]
        fn $name() {
            is_said($scene, stringify!($name), wrong::$name);
            $(is_so_at_once(planes::with_all_scenes(), wrong::$after);)?
        }
    )*};
}
each_wrong!(wait_for_each);
