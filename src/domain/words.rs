//! Numbers as a person reads them: durations, sizes, counts. One place, so that the list, the case file and `triage` agree.

use super::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Whole seconds from `from` to `to`; 0 where `to` is not later.
pub fn seconds_between(from: Timestamp, to: Timestamp) -> i64 {
    ((to.as_millisecond() - from.as_millisecond()) / 1000).max(0)
}

/// `at` and so many seconds; the end of time where that is out of range.
pub fn after(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

/// A duration in a sentence: `45 s`, `40 min`, `3 h 20 min`, `14 h`, `13 d 4 h`, `120 d`.
pub fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let two = |big: i64, unit: &str, small: i64, below: &str| match small {
        0 => format!("{big} {unit}"),
        _ => format!("{big} {unit} {small} {below}"),
    };
    match seconds {
        s if s < MINUTE => format!("{s} s"),
        s if s < HOUR => format!("{} min", s / MINUTE),
        s if s < 10 * HOUR => two(s / HOUR, "h", s % HOUR / MINUTE, "min"),
        s if s < DAY => format!("{} h", s / HOUR),
        s if s < 100 * DAY => two(s / DAY, "d", s % DAY / HOUR, "h"),
        s => format!("{} d", s / DAY),
    }
}

/// An age in a column: `45s`, `40m`, `3h`, `13d`.
pub fn age(seconds: i64) -> String {
    match seconds.max(0) {
        s if s < MINUTE => format!("{s}s"),
        s if s < HOUR => format!("{}m", s / MINUTE),
        s if s < 2 * DAY => format!("{}h", s / HOUR),
        s => format!("{}d", s / DAY),
    }
}

/// When [`span`] of the time since `from` reads differently; seconds are not counted out, they wait for the minute.
pub fn span_changes_at(from: Timestamp, now: Timestamp) -> Timestamp {
    let passed = seconds_between(from, now);
    after(from, (passed / step(passed) + 1) * step(passed))
}

/// When [`span`] of the time left until `to` reads differently, by the minute at most.
pub fn countdown_changes_at(to: Timestamp, now: Timestamp) -> Timestamp {
    let left = seconds_between(now, to);
    after(to, -((left.max(1) - 1) / step(left) * step(left)))
}

fn step(seconds: i64) -> i64 {
    if seconds < 10 * HOUR { MINUTE } else { HOUR }
}

/// A size: `512 B`, `256 MiB`, `1.5 GiB`.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut unit = 0;
    let mut value = n as f64;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 || value >= 100.0 || (value - value.round()).abs() < 0.05 {
        format!("{} {}", value.round(), UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

/// A count with its thousands apart: `40,212`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// How often: `once`, `twice`, `14 times`.
pub fn times(n: u64) -> String {
    match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{} times", count(n)),
    }
}

/// So many of something: `1 pod`, `31 pods`.
pub fn many(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{} {noun}s", count(n)) }
}

/// The first `limit` characters, with `…` where something was cut.
pub fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) => {
            let cut = text.char_indices().nth(limit.saturating_sub(1)).map_or(0, |(at, _)| at);
            format!("{}…", text[..cut].trim_end())
        }
    }
}

/// That some have fewer ready than they want, and no rule finds fault with it: they begin, or it is too soon to tell.
pub fn not_ready_yet(workloads: u64) -> String {
    let are = if workloads == 1 { "is" } else { "are" };
    format!("{} {are} not ready, which no rule calls wrong yet.", many(workloads, "workload"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_a_person_says_them() {
        for (seconds, said) in [
            (-5, "0 s"),
            (59, "59 s"),
            (2400, "40 min"),
            (3 * 3600, "3 h"),
            (12_000, "3 h 20 min"),
            (50_400, "14 h"),
            (13 * 86_400 + 4 * 3600 + 59, "13 d 4 h"),
            (120 * 86_400, "120 d"),
        ] {
            assert_eq!(span(seconds), said);
        }
        assert_eq!([age(45), age(2400), age(90_000), age(41 * 86_400)], ["45s", "40m", "25h", "41d"]);
    }

    #[test]
    fn sizes_and_counts_read_as_a_person_says_them() {
        assert_eq!([bytes(512), bytes(268_435_456), bytes(1_610_612_736)], ["512 B", "256 MiB", "1.5 GiB"]);
        assert_eq!([count(7), count(999), count(40_212), count(1_000_000)], ["7", "999", "40,212", "1,000,000"]);
        assert_eq!([times(1), times(2), times(14)], ["once", "twice", "14 times"]);
        assert_eq!([many(1, "pod"), many(31, "pod")], ["1 pod", "31 pods"]);
        assert_eq!(shorten("größe", 3), "gr…");
        assert_eq!(shorten("größe", 5), "größe");
    }

    #[test]
    fn words_change_by_the_minute_then_by_the_hour() {
        let at = |second| Timestamp::from_second(second).expect("in range");
        assert_eq!(span_changes_at(at(0), at(61)), at(120));
        assert_eq!(span_changes_at(at(0), at(40_000)), at(43_200));
        assert_eq!(countdown_changes_at(at(1000), at(1000 - 185)), at(1000 - 180));
        assert_eq!(countdown_changes_at(at(1000), at(1000 - 180)), at(1000 - 120));
        assert_eq!(countdown_changes_at(at(1000), at(970)), at(1000));
    }
}
