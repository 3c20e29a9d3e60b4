//! Measuring, and saying what was measured.

use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Figures beside their bounds.
pub struct Report {
    only: Vec<String>,
    missed: usize,
}

impl Report {
    /// A report of all figures, or of those whose name holds one of the words.
    pub fn new(only: Vec<String>) -> Self {
        Self { only, missed: 0 }
    }

    /// Whether a figure is asked for.
    pub fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|word| name.contains(word.as_str()))
    }

    /// Prints a figure and its bound, both in `unit`.
    pub fn say(&mut self, name: &str, value: f64, bound: f64, unit: &str) {
        let verdict = if value <= bound { "" } else { "   MISSED" };
        self.missed += usize::from(value > bound);
        println!("{name:<64} {value:>10.2} {unit:<6} (bound {bound} {unit}){verdict}");
    }

    /// Ends with 1 when a bound was missed.
    pub fn finish(self) -> ExitCode {
        if self.missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// How long `what` takes, milliseconds.
pub fn milliseconds<T>(what: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let out = what();
    (in_ms(start.elapsed()), out)
}

/// A duration in milliseconds.
pub fn in_ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The value below which `percent` of all lie.
pub fn percentile(values: &mut [f64], percent: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = ((values.len() as f64 * percent / 100.0).ceil() as usize).clamp(1, values.len());
    values[place - 1]
}

/// Memory of this process that is resident, bytes; 0 where the system does not say.
pub fn resident_bytes() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = statm.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or(0.0);
    pages * 4096.0
}
