//! Waiting for a condition, with a deadline, and saying what was seen when it does not come.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Generous: a loaded machine with two cores is no reason to fail.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Asks `probe` until it has an answer; at the deadline, panics with what it last said instead.
#[track_caller]
pub fn until<T>(limit: Duration, what: &str, mut probe: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        match probe() {
            Ok(found) => return found,
            Err(seen) if Instant::now() >= deadline => {
                panic!("gave up after {} s waiting for: {what}\n{seen}", limit.as_secs())
            }
            Err(_) => sleep(Duration::from_millis(100)),
        }
    }
}
