//! What a list can be put in order by: the value behind a cell, never its words where it stands for a number or a time.

use std::cmp::Ordering;

use crate::domain::Timestamp;

/// The value behind a cell. All cells of a column have the same sort of it, or it is unknown.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum SortKey {
    /// Words: see [`SortKey::text`].
    Text(Vec<u8>),
    /// A number, a size, a share.
    Number(f64),
    /// When: the earliest first.
    Moment(Timestamp),
    /// Since when, shown as an age: the youngest first.
    Age(Timestamp),
    /// Nobody knows: always last.
    Unknown,
}

impl SortKey {
    /// Words in the order in which a person counts: capitals are no different, and `node-9` stands before `node-10`.
    pub fn text(raw: &str) -> Self {
        if raw.is_empty() {
            return Self::Unknown;
        }
        let mut key = Vec::with_capacity(raw.len() + 4);
        let mut rest = raw;
        while let Some(c) = rest.chars().next() {
            if c.is_ascii_digit() {
                let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                let digits = rest[..end].trim_start_matches('0');
                // The longer number is the greater one; beside other characters it stands where digits do.
                key.extend([b'0', digits.len().min(255) as u8]);
                key.extend_from_slice(digits.as_bytes());
                rest = &rest[end..];
            } else {
                for small in c.to_lowercase() {
                    key.extend_from_slice(small.encode_utf8(&mut [0; 4]).as_bytes());
                }
                rest = &rest[c.len_utf8()..];
            }
        }
        Self::Text(key)
    }

    /// A number that may be unknown.
    pub fn number(value: Option<f64>) -> Self {
        value.map_or(Self::Unknown, Self::Number)
    }

    /// How many there are.
    pub fn count(n: impl TryInto<u32>) -> Self {
        Self::Number(n.try_into().map_or(f64::INFINITY, f64::from))
    }

    /// So many of how many, where that is known: what lacks most stands first.
    pub fn share(part: u32, of: Option<u32>) -> Self {
        Self::number(of.map(|of| if of == 0 { 1.0 } else { f64::from(part) / f64::from(of) }))
    }

    /// A moment that may be unknown.
    pub fn moment(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Unknown, Self::Moment)
    }

    /// An age that may be unknown.
    pub fn age(since: Option<Timestamp>) -> Self {
        since.map_or(Self::Unknown, Self::Age)
    }

    /// Which of two stands first. What is unknown is last, whichever way round.
    pub fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let known = |key: &Self| !matches!(key, Self::Unknown);
        let way = |order: Ordering| if descending { order.reverse() } else { order };
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => way(a.cmp(b)),
            (Self::Number(a), Self::Number(b)) => way(a.total_cmp(b)),
            (Self::Moment(a), Self::Moment(b)) => way(a.cmp(b)),
            (Self::Age(a), Self::Age(b)) => way(b.cmp(a)),
            (a, b) => known(b).cmp(&known(a)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(mut words: Vec<&str>, descending: bool) -> Vec<&str> {
        words.sort_by(|a, b| SortKey::text(a).compare(&SortKey::text(b), descending));
        words
    }

    #[test]
    fn words_are_ordered_as_a_person_counts() {
        assert_eq!(sorted(vec!["node-10", "node-9", "Node-1"], false), ["Node-1", "node-9", "node-10"]);
        assert_eq!(sorted(vec!["v1.9", "v1.10", "v1.010a"], false), ["v1.9", "v1.10", "v1.010a"]);
        assert_eq!(sorted(vec!["web", "9", "ähre", "10"], false), ["9", "10", "web", "ähre"]);
    }

    #[test]
    fn what_is_unknown_is_last_both_ways() {
        assert_eq!(sorted(vec!["", "b", "a"], false), ["a", "b", ""]);
        assert_eq!(sorted(vec!["", "a", "b"], true), ["b", "a", ""]);
        let (none, zero) = (SortKey::number(None), SortKey::Number(0.0));
        assert_eq!(none.compare(&zero, true), Ordering::Greater);
        assert_eq!(zero.compare(&none, false), Ordering::Less);
    }

    #[test]
    fn the_youngest_age_is_the_least_and_the_earliest_moment_too() {
        let at = |second| Timestamp::from_second(second).ok();
        assert_eq!(SortKey::age(at(9)).compare(&SortKey::age(at(5)), false), Ordering::Less);
        assert_eq!(SortKey::moment(at(9)).compare(&SortKey::moment(at(5)), false), Ordering::Greater);
    }

    #[test]
    fn what_lacks_most_stands_first() {
        let share = |part, of| SortKey::share(part, Some(of));
        assert_eq!(share(1, 3).compare(&share(2, 3), false), Ordering::Less);
        assert_eq!(share(0, 0), SortKey::Number(1.0), "none of none lacks nothing");
        assert_eq!(SortKey::share(3, None), SortKey::Unknown);
    }
}
