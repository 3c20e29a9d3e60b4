//! A number's recent past.

use std::collections::VecDeque;

use crate::domain::Timestamp;

/// The last values of one number, oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series(VecDeque<(Timestamp, f64)>);

impl Series {
    /// How many values are kept: an hour of one a minute, and enough for a sparkline.
    pub const CAPACITY: usize = 64;

    /// A trend is told from the last so many seconds: what was before says nothing about how it goes now.
    const TREND_SECONDS: i64 = 600;

    /// Adds a value in its place in time; one of a known time replaces it.
    pub(super) fn add(&mut self, at: Timestamp, value: f64) {
        let place = self.0.partition_point(|(known, _)| *known < at);
        match self.0.get_mut(place) {
            Some(entry) if entry.0 == at => entry.1 = value,
            _ => self.0.insert(place, (at, value)),
        }
        if self.0.len() > Self::CAPACITY {
            self.0.pop_front();
        }
    }

    /// The newest value and its time.
    pub fn latest(&self) -> Option<(Timestamp, f64)> {
        self.0.back().copied()
    }

    /// All values, oldest first.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = (Timestamp, f64)> + '_ {
        self.0.iter().copied()
    }

    /// Change per minute over the last ten minutes, least squares; none for fewer than two values.
    pub fn per_minute(&self) -> Option<f64> {
        let (last, _) = *self.0.back()?;
        let recent = |at: Timestamp| last.as_second() - at.as_second() <= Self::TREND_SECONDS;
        let values = || self.0.iter().filter(|(at, _)| recent(*at));
        let minutes = |at: Timestamp| (at.as_millisecond() - last.as_millisecond()) as f64 / 60_000.0;
        let n = values().count() as f64;
        let (sx, sy) = values().fold((0.0, 0.0), |(sx, sy), (at, y)| (sx + minutes(*at), sy + y));
        let (mx, my) = (sx / n, sy / n);
        let (num, den) = values().fold((0.0, 0.0), |(num, den), (at, y)| {
            let dx = minutes(*at) - mx;
            (num + dx * (y - my), den + dx * dx)
        });
        (n > 1.0 && den > 0.0).then(|| num / den)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).expect("in range")
    }

    #[test]
    fn values_in_any_order_make_one_series() {
        let mut series = Series::default();
        for (minute, value) in [(3, 30.0), (1, 10.0), (2, 20.0), (2, 20.0)] {
            series.add(at(minute), value);
        }
        assert_eq!(series.values().map(|(_, v)| v).collect::<Vec<_>>(), [10.0, 20.0, 30.0]);
        assert_eq!(series.per_minute(), Some(10.0));
        assert_eq!(series.latest(), Some((at(3), 30.0)));
    }

    #[test]
    fn a_trend_is_how_it_goes_now_not_how_it_went() {
        let mut series = Series::default();
        (0..40).for_each(|minute| series.add(at(minute), 5.0));
        (40..60).for_each(|minute| series.add(at(minute), f64::from(i32::try_from(minute - 40).unwrap_or(0)) * 900.0));
        assert_eq!(series.per_minute().map(f64::round), Some(900.0));
    }

    #[test]
    fn one_value_has_no_trend() {
        let mut series = Series::default();
        series.add(at(1), 5.0);
        assert_eq!(series.per_minute(), None);
    }
}
