//! What must not wake anybody: once its scenes show, a complete list is right at once.

use super::is_so_at_once;
use crate::planes;
use crate::scenes::quiet::{self, each_quiet};

/// Over after some minutes, and so begun when it is looked at.
const BEGUN_LATE: &str = "quiet-rollout";

macro_rules! look_at_each {
    ($($name:ident: [$($scene:literal),*],)*) => {$(
        #[test]
        fn $name() {
            let plane = planes::with_all_scenes();
            for scene in [$($scene),*] {
                if scene == BEGUN_LATE { plane.scene(scene) } else { plane.shown(scene) }
            }
            is_so_at_once(plane, quiet::$name);
        }
    )*};
}
each_quiet!(look_at_each);
