//! Limits as a person types them, in the words of Kubernetes and of Docker; and for how long something is meant.

use crate::domain::{Quiet, Text};

/// Bytes, or none for no limit. Lower-case units are Docker's, by 1024 (`512m`, `1g`, `1024k`, `512b`; docker/go-units:
/// `RAMInBytes`); `Ki`, `Mi`, `Gi`, `Ti` and upper-case `K`, `M`, `G`, `T`, by 1000, are Kubernetes' quantities (apimachinery:
/// `resource.Quantity`).
///
/// # Errors
/// What was expected.
pub fn memory(typed: &str) -> Result<Option<u64>, String> {
    let typed = typed.trim();
    if is_none(typed) {
        return Ok(None);
    }
    let wrong = || format!("`{typed}` is no amount of memory; such as 512Mi, 512m, 1g, or none");
    let at = typed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(typed.len());
    let (number, unit) = typed.split_at(at);
    let factor: u64 = match unit {
        "" | "b" => 1,
        "k" | "Ki" | "KiB" => 1 << 10,
        "m" | "Mi" | "MiB" => 1 << 20,
        "g" | "Gi" | "GiB" => 1 << 30,
        "t" | "Ti" | "TiB" => 1 << 40,
        "K" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        _ => return Err(wrong()),
    };
    let bytes = scaled(number, factor).ok_or_else(wrong)?;
    if bytes == 0 {
        return Err("0 bytes would be no limit at all: type none for that".to_owned());
    }
    Ok(Some(bytes))
}

/// Thousandths of a core, or none for no limit: `500m`, `0.5`, `2`.
///
/// # Errors
/// What was expected.
pub fn cpu(typed: &str) -> Result<Option<u64>, String> {
    let typed = typed.trim();
    if is_none(typed) {
        return Ok(None);
    }
    let wrong = || format!("`{typed}` is no share of a processor; such as 500m, 0.5, 2, or none");
    let millis = match typed.strip_suffix('m') {
        Some(millis) => millis.parse().ok(),
        None => scaled(typed, 1_000),
    };
    match millis.ok_or_else(wrong)? {
        0 => Err("0 would be no limit at all: type none for that".to_owned()),
        millis => Ok(Some(millis)),
    }
}

fn is_none(typed: &str) -> bool {
    matches!(typed, "none" | "off" | "unlimited")
}

/// A decimal number times a whole one, down to a whole one; none where it is no number, or too large.
fn scaled(number: &str, factor: u64) -> Option<u64> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && part.is_empty() || part.len() > 9 {
        return None;
    }
    let digits = |raw: &str| if raw.is_empty() { Some(0) } else { raw.parse::<u64>().ok() };
    let part = u128::from(digits(part)?) * u128::from(factor) / 10_u128.pow(part.len() as u32);
    let all = u128::from(digits(whole)?) * u128::from(factor) + part;
    u64::try_from(all).ok()
}

/// Reads for how long an alert is kept quiet, and why: `2h the import runs`.
///
/// # Errors
/// It begins with no duration, is too short or too long, or does not say why.
pub fn quiet(typed: &str) -> Result<Quiet, String> {
    let typed = typed.trim();
    let (long, why) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
    let quiet = Quiet { seconds: seconds(long)?, comment: Text::new(why.trim()) };
    quiet.check().map(|()| quiet).map_err(str::to_owned)
}

/// Reads how long something lasts: `30m`, `1h30m`, `2d`. A day has 24 hours.
///
/// # Errors
/// What was expected.
pub fn seconds(typed: &str) -> Result<u32, String> {
    let expected = || match typed.trim() {
        "" => "for how long, and why? such as `2h the import runs`".to_owned(),
        typed => format!("`{typed}` is no duration; expected one such as 30m, 2h or 1d"),
    };
    let read: jiff::SignedDuration = match typed.trim().strip_suffix('d').map(str::parse::<i64>) {
        Some(Ok(days)) => jiff::SignedDuration::from_hours(days.saturating_mul(24).clamp(0, 1 << 20)),
        _ => typed.parse().map_err(|_| expected())?,
    };
    u32::try_from(read.as_secs()).map_err(|_| expected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_typed_as_kubernetes_and_docker_write_it() {
        let mib = |n: u64| Ok(Some(n << 20));
        for typed in ["512Mi", "512m", "0.5Gi", "0.5g", "524288k", "536870912"] {
            assert_eq!(memory(typed), mib(512), "{typed}");
        }
        assert_eq!(memory("512M"), Ok(Some(512_000_000)), "an upper-case M is Kubernetes' own");
        assert_eq!(memory(" none "), Ok(None));
        for typed in ["", "much", "512x", "1.2.3g", "-5m", "0", "99999999999999999999g", "."] {
            assert!(memory(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn a_share_of_a_processor_is_typed_in_cores_or_thousandths() {
        for typed in ["500m", "0.5", ".5"] {
            assert_eq!(cpu(typed), Ok(Some(500)), "{typed}");
        }
        assert_eq!(cpu("2"), Ok(Some(2_000)));
        assert_eq!(cpu("off"), Ok(None));
        for typed in ["", "half", "0.5m", "0", "0m"] {
            assert!(cpu(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn a_silence_has_a_length_and_a_reason() {
        let read = |typed: &str| quiet(typed).map(|it| (it.seconds, it.comment.to_string()));
        assert_eq!(read(" 2h the import runs "), Ok((7200, "the import runs".to_owned())));
        assert_eq!(read("1d moving"), Ok((86_400, "moving".to_owned())));
        assert_eq!(read("1h30m x"), Ok((5400, "x".to_owned())));
        let said = |typed: &str| read(typed).expect_err("it is no silence");
        assert!(said("2h").contains("say why"));
        assert!(said("10s x").contains("a minute") && said("-2h x").contains("no duration"));
        assert!(said("31d x").contains("30 days") && said("999999999999d x").contains("30 days"));
        assert!(said("90 x").contains("no duration") && said("").contains("for how long"));
    }
}
