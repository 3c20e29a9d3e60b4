//! When a cron expression runs (robfig/cron v3, which Kubernetes uses: five fields, names, steps, `@every`).

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};

use crate::domain::Timestamp;

/// Days that are looked at in either direction: a leap day may be eight years away.
const DAYS: usize = 366 * 8 + 1;

/// Seconds from the run at or before a time to the next one; none where the expression cannot be read or never runs.
pub(super) fn gap(cron: &str, zone: &str, around: Timestamp) -> Option<u64> {
    if let Some(every) = cron.trim().strip_prefix("@every ") {
        let seconds = every.trim().parse::<SignedDuration>().ok()?.as_secs();
        return u64::try_from(seconds).ok().filter(|seconds| *seconds > 0);
    }
    let (prefixed, cron) = match cron.trim().strip_prefix("CRON_TZ=").or_else(|| cron.trim().strip_prefix("TZ=")) {
        Some(rest) => rest.split_once(' ')?,
        None => (zone, cron),
    };
    let zone = TimeZone::get(prefixed).unwrap_or(TimeZone::UTC);
    let times = Times::read(cron)?;
    let here = around.to_zoned_datetime(zone).datetime();
    let minute = i32::from(here.hour()) * 60 + i32::from(here.minute());
    let before = times.last_until(here.date(), minute)?;
    let next = times.first_after(here.date(), minute)?;
    let days = before.0.until(next.0).ok()?.get_days();
    let minutes = i64::from(days) * 24 * 60 + i64::from(next.1 - before.1);
    u64::try_from(minutes * 60).ok().filter(|seconds| *seconds > 0)
}

/// The times of an expression, as bits.
struct Times {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// A day has to be one of both; else one of either is enough.
    both: bool,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Times {
    fn read(cron: &str) -> Option<Self> {
        let cron = match cron.trim() {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            cron => cron,
        };
        let fields: Vec<&str> = cron.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else { return None };
        let any = |field: &str| field.starts_with('*') || field.starts_with('?');
        let weekdays = bits(weekday, 0, 7, &WEEKDAYS, 0)?;
        Some(Self {
            minutes: bits(minute, 0, 59, &[], 0)?,
            hours: bits(hour, 0, 23, &[], 0)?,
            days: bits(day, 1, 31, &[], 0)?,
            months: bits(month, 1, 12, &MONTHS, 1)?,
            // Sunday is 0 and 7.
            weekdays: weekdays | (weekdays >> 7 & 1),
            both: any(day) || any(weekday),
        })
    }

    fn runs_on(&self, date: Date) -> bool {
        let has = |bits: u64, n: i8| bits >> n & 1 == 1;
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        has(self.months, date.month()) && if self.both { day && weekday } else { day || weekday }
    }

    fn minutes_of_day(&self) -> impl DoubleEndedIterator<Item = i32> + '_ {
        let hours = (0..24).filter(|hour| self.hours >> hour & 1 == 1);
        hours.flat_map(|hour| {
            (0..60).filter(|minute| self.minutes >> minute & 1 == 1).map(move |minute| hour * 60 + minute)
        })
    }

    fn first_after(&self, today: Date, minute: i32) -> Option<(Date, i32)> {
        let mut date = today;
        for _ in 0..DAYS {
            let later = |at: &i32| date > today || *at > minute;
            if self.runs_on(date)
                && let Some(at) = self.minutes_of_day().find(later)
            {
                return Some((date, at));
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }

    fn last_until(&self, today: Date, minute: i32) -> Option<(Date, i32)> {
        let mut date = today;
        for _ in 0..DAYS {
            let before = |at: &i32| date < today || *at <= minute;
            if self.runs_on(date)
                && let Some(at) = self.minutes_of_day().rev().find(before)
            {
                return Some((date, at));
            }
            date = date.checked_sub(1.day()).ok()?;
        }
        None
    }
}

/// `*/5`, `1-5`, `mon,wed`, `10-40/15`.
fn bits(field: &str, least: u32, most: u32, names: &[&str], first: u32) -> Option<u64> {
    let number = |word: &str| {
        let word = word.to_ascii_lowercase();
        let named = names.iter().position(|name| *name == word).and_then(|place| u32::try_from(place).ok());
        named.map(|place| place + first).or_else(|| word.parse().ok()).filter(|n| (least..=most).contains(n))
    };
    let mut bits = 0;
    for part in field.split(',') {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (number(from)?, number(to)?),
            None if matches!(range, "*" | "?") => (least, most),
            // `5/15` goes on to the end.
            None if step.is_some() => (number(range)?, most),
            None => (number(range)?, number(range)?),
        };
        let step: usize = step.map_or(Some(1), |step| step.parse().ok())?;
        if step == 0 || from > to {
            return None;
        }
        (from..=to).step_by(step).for_each(|n| bits |= 1_u64 << n);
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;
    const DAY: u64 = 24 * HOUR;

    #[test]
    fn the_gap_is_that_around_the_time() {
        // A Friday.
        let friday: Timestamp = "2026-11-20T03:00:10Z".parse().expect("a time");
        let tuesday: Timestamp = "2026-11-24T02:10:00Z".parse().expect("a time");
        for (cron, around, gap) in [
            ("* * * * *", tuesday, Some(60)),
            ("*/5 * * * *", tuesday, Some(300)),
            ("0 2 * * *", tuesday, Some(DAY)),
            ("0 3 * * 1-5", tuesday, Some(DAY)),
            ("0 3 * * 1-5", friday, Some(3 * DAY)),
            ("0 3 * * MON", tuesday, Some(7 * DAY)),
            ("0 0 1 * *", tuesday, Some(30 * DAY)),
            ("0 0 29 2 *", tuesday, Some(4 * 365 * DAY + DAY)),
            ("0 0 1,15 * 1", tuesday, Some(7 * DAY)),
            ("30 2/6 * * *", tuesday, Some(6 * HOUR)),
            ("@hourly", tuesday, Some(HOUR)),
            ("@every 1h30m", tuesday, Some(5400)),
            ("0 2 31 2 *", tuesday, None),
            ("0 2 * *", tuesday, None),
            ("x 2 * * *", tuesday, None),
            ("*/0 * * * *", tuesday, None),
        ] {
            assert_eq!(super::gap(cron, "", around), gap, "{cron}");
        }
    }
}
