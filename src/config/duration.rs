//! Durations as a person writes them.

use std::time::Duration;

/// Reads `30s`, `2m`, `1h30m`, `500ms`.
///
/// # Errors
/// What is no duration, has no unit, or is negative: with what was expected.
pub fn parse_duration(raw: &str) -> Result<Duration, String> {
    let expected = || format!("\"{raw}\" is no duration; expected one such as 30s, 2m or 1h30m");
    let parsed: jiff::SignedDuration = raw.trim().parse().map_err(|_| expected())?;
    Duration::try_from(parsed).map_err(|_| expected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_number_and_a_unit() {
        for (raw, millis) in [("30s", 30_000), ("2m", 120_000), ("1h30m", 5_400_000), ("500ms", 500), ("0s", 0)] {
            assert_eq!(parse_duration(raw), Ok(Duration::from_millis(millis)), "{raw}");
        }
        for raw in ["", "30", "-5s", "soon", "5 parsecs"] {
            assert!(parse_duration(raw).is_err(), "{raw}");
        }
    }
}
