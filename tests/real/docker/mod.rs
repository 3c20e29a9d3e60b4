//! Docker engines, Swarm and Compose, each check against the oldest API that cockpit speaks and the current one.

mod act;
mod act_swarm;
mod containers;
mod line;
mod quiet;
mod rules;
mod shell;
mod swarm;
mod trouble;
mod walk;

/// Makes a test of a check for each engine.
macro_rules! on_both {
    ($($check:ident),+ $(,)?) => {$(
        mod $check {
            use crate::servers::Api;

            #[test]
            fn api_1_41() {
                super::$check(Api::Old);
            }

            #[test]
            fn api_1_52() {
                super::$check(Api::Current);
            }
        }
    )+};
}
use on_both;
