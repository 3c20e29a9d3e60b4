//! Times and sizes as people write them in the demo's files.

use serde::{Deserialize, Deserializer};

/// Seconds, written `40m`, `13d 4h`, `-44m 40s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub i64);

/// Bytes, written `256 MiB`, `1.5 GiB`.
#[derive(Default, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = String::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom(format!("expected a time such as `40m` or `-13d 4h`, found `{raw}`"));
        parse_span(&raw).map(Span).ok_or_else(wrong)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = String::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom(format!("expected a size such as `256 MiB`, found `{raw}`"));
        parse_size(&raw).map(Size).ok_or_else(wrong)
    }
}

fn parse_span(raw: &str) -> Option<i64> {
    let (sign, mut rest) = match raw.trim().strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, raw.trim().trim_start_matches('+')),
    };
    let mut total = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let n: i64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].chars().next()?;
        total += n * match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return None,
        };
        rest = rest[digits + 1..].trim_start();
    }
    (!raw.trim().is_empty()).then_some(sign * total)
}

fn parse_size(raw: &str) -> Option<u64> {
    let split = raw.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let n: f64 = raw[..split].parse().ok()?;
    let unit: u64 = match raw[split..].trim() {
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    Some((n * unit as f64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_read_as_people_write_them() {
        assert_eq!(
            [parse_span("40m"), parse_span("-13d 4h"), parse_span("+1m30s")],
            [Some(2400), Some(-1_137_600), Some(90)]
        );
        assert_eq!([parse_span(""), parse_span("4"), parse_span("4x")], [None, None, None]);
        assert_eq!([parse_size("256 MiB"), parse_size("1.5GiB")], [Some(256 << 20), Some(3 << 29)]);
        assert_eq!(parse_size("256"), None);
    }
}
