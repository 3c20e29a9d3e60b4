//! How fast the line to a server is, and what comes compressed over a slow one.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// Answers of fewer bytes say nothing of the line.
const TELLING: usize = 64 << 10;
/// So many of them in a row have to come slowly: one may have waited for us, while we were busy reading others.
const TWICE: u8 = 2;
/// A line of less is slow, bytes a second. Lists of pods come 16 times smaller and lists of allocations 28 times, for half as much
/// to twice as much time again of the server's and ours as reading them costs: over a fast line that is lost.
const SLOW: f64 = 4e6;

/// What is known of a line.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Slow answers in a row.
    slow: AtomicU8,
}

impl Line {
    /// Whether answers are to come compressed.
    pub(super) fn is_slow(&self) -> bool {
        self.slow.load(Ordering::Relaxed) >= TWICE
    }

    /// An answer of so many bytes took so long from its first piece to its last. What is slow stays slow until it is
    /// [forgotten](Line::forget): of compressed answers nothing can be told.
    pub(super) fn carried(&self, bytes: usize, took: Duration) {
        if bytes < TELLING || self.is_slow() {
            return;
        }
        let slow = (bytes as f64) < SLOW * took.as_secs_f64();
        let before =
            if slow { self.slow.fetch_add(1, Ordering::Relaxed) } else { self.slow.swap(0, Ordering::Relaxed) };
        if slow && before + 1 == TWICE {
            tracing::debug!(bytes, ?took, "a slow line: from now on answers come compressed");
        }
    }

    /// Nothing is known any more: it is another way.
    pub(super) fn forget(&self) {
        self.slow.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_slow_when_it_carried_much_slowly_twice_in_a_row() {
        let line = Line::default();
        let (fast, slow) = (Duration::from_millis(8), Duration::from_millis(200));
        line.carried(2_000, slow);
        line.carried(2_000, slow);
        line.carried(200_000, Duration::ZERO);
        line.carried(200_000, slow);
        line.carried(200_000, fast);
        line.carried(200_000, slow);
        assert!(!line.is_slow(), "one that waited for us says nothing");
        line.carried(200_000, slow);
        line.carried(200_000, fast);
        assert!(line.is_slow());
        line.forget();
        assert!(!line.is_slow());
    }
}
