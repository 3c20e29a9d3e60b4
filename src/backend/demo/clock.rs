//! The demo's clock: it begins when it is told to, and runs as fast as it is told to.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::Timestamp;

/// A clock that turns the wall's time into the demo's.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Timestamp,
    origin: Instant,
    speed: f64,
}

impl Clock {
    /// A clock that shows `start` now and runs `speed` times as fast as the wall's; `speed` is above 0.
    pub fn new(start: Timestamp, speed: f64) -> Self {
        Self { start, origin: Instant::now(), speed }
    }

    /// What it shows.
    pub fn now(&self) -> Timestamp {
        let passed = self.origin.elapsed().as_secs_f64() * self.speed;
        let passed = jiff::SignedDuration::try_from_secs_f64(passed).unwrap_or(jiff::SignedDuration::ZERO);
        self.start.checked_add(passed).unwrap_or(Timestamp::MAX)
    }

    /// When it shows `at`.
    pub(super) fn when(&self, at: Timestamp) -> Instant {
        let ahead = self.start.duration_until(at).as_secs_f64() / self.speed;
        // A millisecond more: a timer may wake a little early.
        let ahead = Duration::try_from_secs_f64(ahead).unwrap_or_default().saturating_add(Duration::from_millis(1));
        self.origin.checked_add(ahead).unwrap_or(self.origin)
    }
}
