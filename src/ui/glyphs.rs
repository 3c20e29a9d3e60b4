//! Characters that cockpit itself draws: each one column wide, each with an ASCII twin.

use crate::diagnose::{Incident, IncidentState};
use crate::domain::{Freshness, Severity};

use super::theme::Ink;

/// Users are hurt.
pub const CRITICAL: &str = "✖";
/// Needs someone.
pub const WARNING: &str = "▲";
/// Quiet today.
pub const RISK: &str = "◆";
/// Over, done, in order.
pub const GOOD: &str = "✔";
/// Comes and goes.
pub const FLAPPING: &str = "≈";
/// Under way.
pub const MOVING: &str = "»";
/// Held back.
pub const HELD: &str = "‖";
/// Nothing to say.
pub const NONE: &str = "·";
/// The selected row.
pub const HERE: &str = "▸";
/// The list is in the order of this column, the least first.
pub const ASCENDING: &str = "↑";
/// The same, the greatest first.
pub const DESCENDING: &str = "↓";
/// A row that was marked.
pub const MARKED: &str = "■";
/// The selected row, where it is marked.
pub const HERE_MARKED: &str = "▣";
/// What follows belongs to the row above.
pub const DRAGS: &str = "↳";

/// Every character beyond ASCII that is drawn, and what is drawn in its place without UTF-8.
const TWINS: &[(&str, &str)] = &[
    (CRITICAL, "X"),
    (WARNING, "!"),
    (RISK, "^"),
    (GOOD, "+"),
    (FLAPPING, "~"),
    (MOVING, ">"),
    (HELD, "="),
    (NONE, "."),
    (HERE, ">"),
    (ASCENDING, "^"),
    (DESCENDING, "v"),
    (MARKED, "*"),
    (HERE_MARKED, "@"),
    (DRAGS, "\\"),
    ("●", "*"),
    ("○", "o"),
    ("◐", "~"),
    ("✗", "x"),
    ("⊘", "/"),
    ("…", "~"),
    ("─", "-"),
    ("│", "|"),
    ("┌", "+"),
    ("┐", "+"),
    ("└", "+"),
    ("┘", "+"),
    ("├", "+"),
    ("┤", "+"),
    ("┬", "+"),
    ("┴", "+"),
    ("→", ">"),
    ("≥", ">"),
    ("▁", "_"),
    ("▂", "."),
    ("▃", "-"),
    ("▄", ":"),
    ("▅", "="),
    ("▆", "+"),
    ("▇", "%"),
    ("█", "#"),
    ("░", "."),
];

/// The ASCII twin of a grapheme; a question mark for what has none.
pub fn twin(grapheme: &str) -> &str {
    if grapheme.is_ascii() {
        return grapheme;
    }
    TWINS.iter().find(|(glyph, _)| *glyph == grapheme).map_or("?", |(_, twin)| twin)
}

/// What stands before an incident.
pub fn of_incident(incident: &Incident) -> (&'static str, Ink) {
    match incident.state {
        IncidentState::Recovered(_) => (GOOD, Ink::Good),
        IncidentState::Flapping => (FLAPPING, of_severity(incident.severity).1),
        IncidentState::Open | IncidentState::Clearing(_) => of_severity(incident.severity),
    }
}

/// What stands for a severity.
pub const fn of_severity(severity: Severity) -> (&'static str, Ink) {
    match severity {
        Severity::Critical => (CRITICAL, Ink::Critical),
        Severity::Warning => (WARNING, Ink::Warning),
        Severity::Risk => (RISK, Ink::Risk),
        Severity::Advice => (NONE, Ink::Dim),
    }
}

/// What stands for a sight: all of them different, also without colour and without UTF-8.
pub const fn of_freshness(freshness: Freshness) -> (&'static str, Ink) {
    match freshness {
        Freshness::Live => ("●", Ink::Live),
        Freshness::Loading => ("○", Ink::Loading),
        Freshness::Stale => ("◐", Ink::Stale),
        Freshness::Forbidden => ("⊘", Ink::Dark),
        Freshness::Unreachable => ("✗", Ink::Dark),
    }
}

/// The last values of a number as a row of bars, scaled from 0 to `top` (or to the greatest where there is none).
pub fn sparkline(values: &[f64], top: Option<f64>) -> String {
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let greatest = values.iter().copied().fold(0.0, f64::max);
    let top = top.unwrap_or(greatest).max(greatest);
    let step = |value: &f64| {
        if top <= 0.0 {
            return STEPS[0];
        }
        let place = (value.max(0.0) / top * 7.0).round() as usize;
        STEPS[place.min(7)]
    };
    values.iter().map(step).collect()
}

/// A share (0 to 1) as a bar of so many columns: what is full of it, and the rest.
pub fn bar(share: f64, columns: usize) -> (String, String) {
    let full = (share.clamp(0.0, 1.0) * columns as f64).round() as usize;
    ("█".repeat(full), "░".repeat(columns - full.min(columns)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::text::width;

    #[test]
    fn every_glyph_and_its_twin_are_one_column_wide() {
        for (glyph, twin) in TWINS {
            assert_eq!((width(glyph), twin.len()), (1, 1), "{glyph}");
            assert!(twin.is_ascii());
        }
    }

    #[test]
    fn sights_and_severities_differ_without_colour_and_without_utf8() {
        let all = [Freshness::Live, Freshness::Loading, Freshness::Stale, Freshness::Forbidden, Freshness::Unreachable];
        let twins: std::collections::BTreeSet<&str> = all.iter().map(|it| twin(of_freshness(*it).0)).collect();
        assert_eq!(twins.len(), all.len());
        let all = [Severity::Critical, Severity::Warning, Severity::Risk, Severity::Advice];
        let twins: std::collections::BTreeSet<&str> = all.iter().map(|it| twin(of_severity(*it).0)).collect();
        assert_eq!(twins.len(), all.len());
    }

    #[test]
    fn a_sparkline_has_a_bar_for_each_value() {
        assert_eq!(sparkline(&[0.0, 50.0, 100.0], None), "▁▅█");
        assert_eq!(sparkline(&[50.0, 100.0], Some(200.0)), "▃▅");
        assert_eq!(sparkline(&[0.0, 0.0], None), "▁▁");
        assert_eq!(bar(0.5, 4), ("██".to_owned(), "░░".to_owned()));
        assert_eq!(bar(7.0, 2), ("██".to_owned(), String::new()));
    }
}
