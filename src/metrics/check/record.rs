//! What many tries at one endpoint tell.

use std::collections::VecDeque;

use super::ask::Seen;
use crate::domain::{Check, Failing, Slow, Text, Timestamp};

/// Answers that are remembered: those of an hour.
const REMEMBERED: usize = 120;
/// From so many on it is known what is usual.
const ENOUGH: usize = 10;
/// So many slow answers in a row are no accident.
const SLOW_IN_A_ROW: u32 = 3;
/// So many times what is usual is slow.
const TIMES_USUAL: u32 = 3;
/// What takes less is never slow, milliseconds.
const NOTICED: u32 = 100;

/// The tries so far.
#[derive(Debug, Default)]
pub struct Record {
    failing: Option<Failing>,
    /// Milliseconds, the newest last.
    took: VecDeque<u32>,
    /// Slow answers in a row, and since when.
    slow: Option<(u32, Timestamp)>,
    certificate: Option<(Timestamp, Timestamp)>,
}

impl Record {
    /// Takes a try in.
    pub fn note(&mut self, tried: Result<Seen, Text>, now: Timestamp) {
        match tried {
            Ok(seen) => {
                self.failing = None;
                self.certificate = seen.certificate;
                self.answered(u32::try_from(seen.took.as_millis()).unwrap_or(u32::MAX), now);
            }
            Err(why) => {
                let (times, since) = self.failing.as_ref().map_or((0, now), |it| (it.times, it.since));
                self.failing = Some(Failing { times: times + 1, since, why });
                self.slow = None;
            }
        }
    }

    fn answered(&mut self, took: u32, now: Timestamp) {
        let is_slow = self.usual().is_some_and(|usual| took >= NOTICED && took / TIMES_USUAL >= usual.max(1));
        self.slow = is_slow.then(|| self.slow.map_or((1, now), |(times, since)| (times.saturating_add(1), since)));
        self.took.push_back(took);
        if self.took.len() > REMEMBERED {
            self.took.pop_front();
        }
    }

    /// The median; none while too little is known.
    fn usual(&self) -> Option<u32> {
        let mut all: Vec<u32> = self.took.iter().copied().collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied().filter(|_| all.len() >= ENOUGH)
    }

    /// Whether the last try failed, and the one before it did not: another will tell.
    pub fn is_in_doubt(&self) -> bool {
        self.failing.as_ref().is_some_and(|it| it.times == 1)
    }

    /// What that tells.
    pub fn check(&self, asks: Text) -> Check {
        let slow = self.slow.filter(|(times, _)| *times >= SLOW_IN_A_ROW).and_then(|(_, since)| {
            let (last, usual) = (self.took.back().copied()?, self.usual()?);
            Some(Slow { last, usual, since })
        });
        Check { asks, failing: self.failing.clone(), slow, certificate: self.certificate }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).expect("in range")
    }

    /// As many tries as there are, half a minute apart: milliseconds, or none where it failed.
    fn after(tries: &[Option<u64>]) -> Check {
        let mut record = Record::default();
        for (ix, took) in (0_i64..).zip(tries) {
            let seen = took.map(|ms| Seen { took: Duration::from_millis(ms), certificate: None });
            record.note(seen.ok_or("503".into()), at(ix * 30));
        }
        record.check("GET https://shop.example".into())
    }

    #[test]
    fn failures_in_a_row_are_counted_from_the_first() {
        let check = after(&[Some(10), None, None, None]);
        assert_eq!(check.failing, Some(Failing { times: 3, since: at(30), why: "503".into() }));
        assert_eq!(after(&[None, None, Some(10)]).failing, None);
        assert_eq!(after(&[None, Some(10), None]).failing.map(|it| it.times), Some(1));
    }

    #[test]
    fn slow_is_three_times_the_median_three_times_in_a_row() {
        let usual = [Some(100); 20];
        let then = |more: &[Option<u64>]| after(&[&usual[..], more].concat()).slow;
        assert_eq!(then(&[Some(400), Some(420), Some(450)]), Some(Slow { last: 450, usual: 100, since: at(600) }));
        assert_eq!(then(&[Some(400), Some(400)]), None, "it may pass");
        assert_eq!(then(&[Some(400), Some(100), Some(400), Some(400)]), None);
        assert_eq!(then(&[Some(290), Some(290), Some(290)]), None, "it is less than three times as long");
        assert_eq!(then(&[Some(400), Some(400), Some(400), None]), None, "then it fails");
    }

    #[test]
    fn what_is_quick_or_new_is_never_slow() {
        assert_eq!(after(&[&[Some(2); 20][..], &[Some(90); 5]].concat()).slow, None, "nobody feels that");
        assert_eq!(after(&[Some(100), Some(900), Some(900), Some(900)]).slow, None, "nobody knows what is usual");
        assert!(after(&[&[Some(0); 20][..], &[Some(200); 3]].concat()).slow.is_some());
    }
}
