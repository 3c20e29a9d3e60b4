//! Output that pours: taken into the view as often as a person reads and as a slow line carries.
//!
//! Lines that come singly are shown at once. Where they pour they wait, and are shown together: a frame that a key asks
//! for in between holds what the key did and no new lines, so that it is small and goes out at once.

use crate::app::{App, Moment};
use crate::domain::{LogLine, Timestamp};

use super::lists::later;

/// Between two frames that only bring more lines, milliseconds, at the least.
const LEAST_MS: i64 = 250;
/// And at the most.
const MOST_MS: i64 = 2_000;
/// What such frames may cost a terminal: a quarter of what a line of 20 kB/s carries, so that keys seldom wait for one.
const BYTES_A_SECOND: i64 = 5_000;
/// Bytes of lines that wait at most; the view takes what is more, and keeps what it may of it.
const WAITING_BYTES: usize = 4 << 20;

/// Lines on their way into a view.
#[derive(Debug, Default)]
pub struct Pouring {
    /// The view's ticket.
    ticket: u64,
    lines: Vec<LogLine>,
    bytes: usize,
    /// When lines were last shown as they came.
    shown: Option<Timestamp>,
    /// When those that wait are shown.
    due: Option<Timestamp>,
    /// What a frame of them cost when one was last drawn, and whether the next one is such a frame.
    frame: usize,
    draws: bool,
}

impl Pouring {
    /// When lines are to be shown.
    pub const fn due(&self) -> Option<Timestamp> {
        self.due
    }

    /// A frame of so many bytes was put together.
    pub fn drawn(&mut self, bytes: usize) {
        if std::mem::take(&mut self.draws) {
            self.frame = bytes;
        }
    }

    fn wait_ms(&self) -> i64 {
        let bytes = i64::try_from(self.frame).unwrap_or(i64::MAX / 1_000);
        (bytes * 1_000 / BYTES_A_SECOND).clamp(LEAST_MS, MOST_MS)
    }
}

impl App {
    /// Lines came for a view.
    pub(super) fn log_lines(&mut self, ticket: u64, lines: Vec<LogLine>, at: Moment) {
        if self.pouring.ticket != ticket {
            self.pour();
            self.pouring = Pouring { ticket, ..Pouring::default() };
        }
        let pouring = &mut self.pouring;
        pouring.bytes += lines.iter().map(|line| line.text.len()).sum::<usize>();
        pouring.lines.extend(lines);
        pouring.due = pouring.shown.map(|shown| later(shown, pouring.wait_ms())).filter(|due| *due > at.felt);
        if pouring.due.is_none() {
            self.show_lines(at);
        } else if pouring.bytes > WAITING_BYTES {
            self.pour();
        }
    }

    /// Lines that waited are shown.
    pub(super) fn show_lines(&mut self, at: Moment) {
        (self.pouring.shown, self.pouring.due, self.pouring.draws) = (Some(at.felt), None, true);
        self.pour();
        self.dirty = true;
    }

    /// Hands what waits to its view; what is of a view that was closed is dropped.
    pub(super) fn pour(&mut self) {
        let (ticket, lines) = (self.pouring.ticket, std::mem::take(&mut self.pouring.lines));
        self.pouring.bytes = 0;
        if lines.is_empty() {
            return;
        }
        if let Some(view) = self.log_view(ticket) {
            view.take(lines);
        }
    }
}
