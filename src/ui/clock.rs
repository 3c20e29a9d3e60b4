//! Times as a person reads them, in UTC or in the local zone. Nothing counts seconds.

use jiff::tz::TimeZone;

use crate::domain::{Timestamp, words};

/// Now, and the zone that times are shown in.
#[derive(Debug, Clone)]
pub struct Clock {
    /// The moment that is drawn.
    pub now: Timestamp,
    zone: TimeZone,
}

impl Clock {
    /// A clock that shows times in `zone`.
    pub const fn new(now: Timestamp, zone: TimeZone) -> Self {
        Self { now, zone }
    }

    /// `02:10`.
    pub fn time(&self, at: Timestamp) -> String {
        at.to_zoned_datetime(self.zone.clone()).strftime("%H:%M").to_string()
    }

    /// `02:10:31`: for lines of a log.
    pub fn seconds(&self, at: Timestamp) -> String {
        at.to_zoned_datetime(self.zone.clone()).strftime("%H:%M:%S").to_string()
    }

    /// `02:10` of today, else `3 Nov 02:10`, with the year where it is another one.
    pub fn moment(&self, at: Timestamp) -> String {
        let (then, now) = (at.to_zoned_datetime(self.zone.clone()), self.now.to_zoned_datetime(self.zone.clone()));
        let form = match (then.date() == now.date(), then.year() == now.year()) {
            (true, _) => "%H:%M",
            (false, true) => "%-d %b %H:%M",
            (false, false) => "%-d %b %Y",
        };
        then.strftime(form).to_string()
    }

    /// `09:00` of the coming day, else with its date.
    pub fn ahead(&self, at: Timestamp) -> String {
        if words::seconds_between(self.now, at) < 24 * 3600 { self.time(at) } else { self.moment(at) }
    }

    /// `UTC`, `CET`, `+05:30`.
    pub fn zone(&self) -> String {
        self.now.to_zoned_datetime(self.zone.clone()).strftime("%Z").to_string()
    }

    /// How long ago, for a column: `<1m`, `40m`, `3h`, `13d`.
    pub fn age(&self, since: Timestamp) -> String {
        age_of(words::seconds_between(since, self.now))
    }

    /// How long until then, for a column.
    pub fn age_until(&self, at: Timestamp) -> String {
        age_of(words::seconds_between(self.now, at))
    }

    /// How long from one to the other, for a column.
    pub fn age_between(&self, from: Timestamp, to: Timestamp) -> String {
        age_of(words::seconds_between(from, to))
    }

    /// How long until then, for a sentence: `in 3 min`, `now`.
    pub fn until(&self, at: Timestamp) -> String {
        match words::seconds_between(self.now, at) {
            0 => "now".to_owned(),
            s if s < 60 => "within a minute".to_owned(),
            s => format!("in {}", words::span(s)),
        }
    }
}

/// An age in a column, by the minute.
pub fn age_of(seconds: i64) -> String {
    if seconds < 60 { "<1m".to_owned() } else { words::age(seconds) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_time_names_its_day_only_where_it_is_another_one() {
        let clock = Clock::new(at("2026-11-22T02:10:30Z"), TimeZone::UTC);
        assert_eq!(clock.time(clock.now), "02:10");
        assert_eq!(clock.moment(at("2026-11-22T01:30:00Z")), "01:30");
        assert_eq!(clock.moment(at("2026-11-03T01:30:00Z")), "3 Nov 01:30");
        assert_eq!(clock.moment(at("2025-11-03T01:30:00Z")), "3 Nov 2025");
        assert_eq!(clock.zone(), "UTC");
    }

    #[test]
    fn ages_step_by_the_minute() {
        let clock = Clock::new(at("2026-11-22T02:10:30Z"), TimeZone::UTC);
        assert_eq!(clock.age(at("2026-11-22T02:10:01Z")), "<1m");
        assert_eq!(clock.age(at("2026-11-22T01:30:00Z")), "40m");
        assert_eq!(clock.until(at("2026-11-22T02:13:31Z")), "in 3 min");
        assert_eq!(clock.until(at("2026-11-22T02:00:00Z")), "now");
    }
}
