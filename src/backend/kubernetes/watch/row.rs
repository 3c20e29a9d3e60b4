//! Failures in a row, and how long is waited after the next.

use std::time::Duration;

use super::super::failure::Failure;
use super::super::pace::Pace;

/// What went wrong since a watch last went well.
#[derive(Debug, Default)]
pub(super) struct Row {
    count: u32,
    /// Listings that were complete and led to no watch that works.
    lists: u32,
    /// Denials of what was allowed before.
    denials: u32,
    /// The last one was an answer of the server's.
    answered: bool,
    /// Of which inside of an answer that had begun well.
    at_once: u32,
}

/// What was allowed before is denied so often in a row until that is believed.
const FORGIVEN: u32 = 3;
/// A right that is missing, or a kind that is not served, is asked for again this many times sooner at first.
const SOONER: u32 = 30;

impl Row {
    /// Something went well.
    pub(super) fn ends(&mut self) {
        *self = Self::default();
    }

    /// A listing is complete. That alone is not all: its watch may fail each time.
    pub(super) const fn listed(&mut self) {
        self.count = 0;
        self.lists += 1;
    }

    const fn length(&self) -> u32 {
        self.count.saturating_add(self.lists.saturating_sub(1))
    }

    /// A watch that had begun ended before it said anything.
    pub(super) fn at_once(&mut self) {
        self.at_once += 1;
    }

    /// Whether watches end like that again and again: the version that they begin from may be at fault.
    pub(super) const fn keeps_failing_at_once(&self) -> bool {
        self.at_once > 1
    }

    /// Whether it was more than one.
    pub(super) const fn is_long(&self) -> bool {
        self.length() > 1
    }

    /// What was allowed before is denied, or not served: a server that has just started says so for a moment, until it
    /// knows its rights and its custom resources. How long to wait before that is asked for again, a few times.
    pub(super) fn forgives(&mut self, pace: &Pace) -> Option<Duration> {
        self.denials += 1;
        (self.denials <= FORGIVEN).then(|| backed_off(pace.retry_first, pace.retry_most, self.denials))
    }

    /// Takes in a failure; how long to wait before the next try.
    pub(super) fn next(&mut self, failure: &Failure, pace: &Pace) -> Duration {
        let answered = matches!(failure, Failure::Refused { .. });
        // A server that is back, and asks for a moment, is another matter than one that is away.
        self.count = if answered == self.answered { self.count.saturating_add(1) } else { 1 };
        self.answered = answered;
        let (first, most) = match failure.is_forbidden() || matches!(failure, Failure::TooOld(_)) {
            true => (pace.rights_every / SOONER, pace.rights_every),
            false => (pace.retry_first, pace.retry_most),
        };
        let wait = backed_off(first, most, self.length());
        wait.max(failure.retry_after().unwrap_or_default())
    }
}

/// How long to wait after so many failures in a row: twice as long each time, and not in step with others.
pub(in super::super) fn backed_off(first: Duration, most: Duration, failures: u32) -> Duration {
    let doubled = first.saturating_mul(1 << failures.saturating_sub(1).min(16));
    doubled.min(most).mul_f64(0.8 + 0.4 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Text;

    fn pace() -> Pace {
        Pace { retry_first: Duration::from_secs(1), retry_most: Duration::from_secs(30), ..Pace::default() }
    }

    fn near(wait: Duration, seconds: f64) -> bool {
        (seconds * 0.79..seconds * 1.21).contains(&wait.as_secs_f64())
    }

    #[test]
    fn it_waits_longer_each_time_and_not_too_long() {
        let mut row = Row::default();
        let silent = Failure::Silent(Duration::from_secs(1));
        let waits: Vec<Duration> = (0..40).map(|_| row.next(&silent, &pace())).collect();
        assert!(
            near(waits[0], 1.0) && near(waits[1], 2.0) && near(waits[3], 8.0) && near(waits[39], 30.0),
            "{waits:?}"
        );
        row.ends();
        assert!(near(row.next(&silent, &pace()), 1.0));
    }

    #[test]
    fn a_server_that_is_back_is_not_waited_for_as_one_that_is_away() {
        let mut row = Row::default();
        let away = Failure::Silent(Duration::from_secs(1));
        assert!((0..10).map(|_| row.next(&away, &pace())).last().is_some_and(|wait| near(wait, 30.0)));
        let starting = Failure::refused(429, b"", Some(Duration::from_secs(1)));
        assert!(row.next(&starting, &pace()) < Duration::from_secs(2));
    }

    #[test]
    fn what_the_server_asks_for_is_waited_and_a_missing_right_longer() {
        let busy = Failure::refused(429, b"", Some(Duration::from_secs(20)));
        assert_eq!(Row::default().next(&busy, &pace()), Duration::from_secs(20));
        let mut row = Row::default();
        let forbidden = Failure::told(403, Text::new("no"));
        assert!(near(row.next(&forbidden, &pace()), 10.0));
        assert!((0..10).map(|_| row.next(&forbidden, &pace())).all(|wait| wait.as_secs() <= 360));
    }
}
