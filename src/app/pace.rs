//! How often what the world does is looked at.
//!
//! The first change after a quiet time is looked at at once. While changes go on, they are looked at together: as often as
//! what is shown of them costs the terminal no more than [`BYTES_A_SECOND`], and at least every [`SLOWEST`]. What changes
//! the list of incidents is shown at [`STEADY`] whatever it costs.

use std::time::{Duration, Instant};

/// What runs, and what is listed for the first time, is looked at so often.
const HURRIED: Duration = Duration::from_millis(50);
/// What changes all the time is looked at so often.
const STEADY: Duration = Duration::from_millis(500);
/// And at least so often.
const SLOWEST: Duration = Duration::from_secs(5);
/// What changes of the world may cost a terminal.
const BYTES_A_SECOND: u32 = 150;

/// When the world is looked at next.
#[derive(Debug, Default)]
pub(super) struct Pace {
    last: Option<Instant>,
    /// Bytes that were written since.
    written: u32,
    /// The list of incidents changed in the last turn.
    news: bool,
    /// Facts came since.
    behind: bool,
    /// A person did something since: what is written is their doing.
    touched: bool,
}

impl Pace {
    /// Facts came.
    pub(super) const fn changed(&mut self) {
        self.behind = true;
    }

    /// Facts wait to be looked at.
    pub(super) const fn is_behind(&self) -> bool {
        self.behind
    }

    /// A person did something.
    pub(super) const fn touched(&mut self) {
        (self.touched, self.written) = (true, 0);
    }

    /// A frame went to the terminal.
    pub(super) fn wrote(&mut self, bytes: usize) {
        if self.touched {
            return;
        }
        self.written = self.written.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    /// Everything was looked at; `news` says whether the list of incidents is another one.
    pub(super) const fn turned(&mut self, now: Instant, news: bool) {
        *self = Self { last: Some(now), written: 0, news, behind: false, touched: false };
    }

    /// How long until the world is looked at again. What is under way, and looked at by a person, hurries.
    pub(super) fn next(&self, now: Instant, hurries: bool) -> Duration {
        let Some(last) = self.last else { return Duration::ZERO };
        let pace = match hurries {
            true => HURRIED,
            false if self.news => STEADY,
            false => (Duration::from_secs(1) * self.written / BYTES_A_SECOND).clamp(STEADY, SLOWEST),
        };
        pace.saturating_sub(now.duration_since(last))
    }

    /// Whether it is to be looked at now.
    pub(super) fn is_due(&self, now: Instant, hurries: bool) -> bool {
        self.next(now, hurries).is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after_a_turn(news: bool, written: usize) -> (Pace, Instant) {
        let now = Instant::now();
        let mut pace = Pace::default();
        pace.turned(now, news);
        pace.changed();
        pace.wrote(written);
        (pace, now)
    }

    #[test]
    fn the_first_change_is_looked_at_at_once() {
        assert!(Pace::default().is_due(Instant::now(), false));
        let (pace, now) = after_a_turn(false, 0);
        assert!(pace.is_due(now + STEADY, false), "after a quiet time");
    }

    #[test]
    fn changes_that_go_on_are_looked_at_together() {
        let (pace, now) = after_a_turn(false, 0);
        assert!(pace.is_behind() && !pace.is_due(now + Duration::from_millis(100), false));
        assert_eq!(pace.next(now, false), STEADY);
        assert!(pace.is_due(now + HURRIED, true), "but for what a person waits for");
    }

    #[test]
    fn what_costs_many_bytes_comes_seldom_and_still_comes() {
        let (pace, now) = after_a_turn(false, 300);
        assert_eq!(pace.next(now, false), Duration::from_secs(2));
        let (pace, now) = after_a_turn(false, 50_000);
        assert_eq!(pace.next(now, false), SLOWEST);
    }

    #[test]
    fn what_a_person_does_slows_nothing() {
        let (mut pace, now) = after_a_turn(false, 300);
        pace.touched();
        pace.wrote(50_000);
        assert_eq!(pace.next(now, false), STEADY);
    }

    #[test]
    fn a_list_of_incidents_that_changes_is_shown_whatever_it_costs() {
        let (pace, now) = after_a_turn(true, 50_000);
        assert_eq!(pace.next(now, false), STEADY);
    }
}
