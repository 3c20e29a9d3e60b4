//! The bytes of a log as lines: each begins with the time at which the runtime took it.

use crate::domain::{LogLine, Text, Timestamp};

/// A line is cut after so many bytes.
const LONGEST: usize = 16 * 1024;

/// Takes bytes and gives lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    open: Vec<u8>,
    /// Bytes of the open line that are not kept.
    cut: usize,
}

impl Lines {
    /// Takes bytes in; the lines that are whole now.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<LogLine> {
        let mut ready = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            let room = LONGEST.saturating_sub(self.open.len()).min(text.len());
            self.open.extend_from_slice(&text[..room]);
            self.cut += text.len() - room;
            if text.len() < piece.len() {
                ready.push(self.line());
            }
        }
        ready
    }

    /// What is left when the stream ends: a line without an end.
    pub(super) fn finish(&mut self) -> Option<LogLine> {
        (!self.open.is_empty()).then(|| self.line())
    }

    fn line(&mut self) -> LogLine {
        let (raw, cut) = (std::mem::take(&mut self.open), std::mem::take(&mut self.cut));
        let raw = String::from_utf8_lossy(&raw);
        let (at, text) = stamped(raw.trim_end_matches('\r'));
        match cut {
            0 => LogLine::output(at, false, text),
            cut => LogLine::output(at, false, format!("{text}… (cut: {cut} more bytes)")),
        }
    }
}

/// A line's time and its text. What the kubelet itself says in the place of output has no time.
fn stamped(raw: &str) -> (Option<Timestamp>, &str) {
    let (stamp, text) = raw.split_once(' ').unwrap_or((raw, ""));
    match stamp.parse::<Timestamp>() {
        Ok(at) => (Some(at), text),
        Err(_) => (None, raw),
    }
}

/// How far an output was read: enough to go on without repeating. The kubelet is told whole seconds only
/// (kubernetes `pkg/registry/core/pod/strategy.go` drops the rest), so the last second always comes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The last line's time, and how many lines had it.
    last: Option<(Timestamp, u32)>,
    /// Lines up to here come again.
    again: Option<(Timestamp, u32)>,
    /// The last line, where it had no time.
    bare: Option<Text>,
}

impl Place {
    /// Nothing was read yet.
    pub(super) const fn start() -> Self {
        Self { last: None, again: None, bare: None }
    }

    /// From when on is asked for what comes next; it is expected that some of it comes again.
    pub(super) fn resume(&mut self) -> Option<Timestamp> {
        self.again = self.last;
        self.last.map(|(at, _)| at)
    }

    /// Whether a line was not given before.
    pub(super) fn is_new(&mut self, line: &LogLine) -> bool {
        let Some(at) = line.at else {
            let repeats = self.bare.as_ref() == Some(&line.text);
            self.bare = Some(line.text.clone());
            return !repeats;
        };
        if let Some((until, count)) = &mut self.again {
            if at < *until {
                return false;
            }
            if at == *until && *count > 0 {
                *count -= 1;
                return false;
            }
        }
        self.bare = None;
        self.last = match self.last {
            Some((last, count)) if last == at => Some((at, count + 1)),
            _ => Some((at, 1)),
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(raw: &str) -> Option<Timestamp> {
        Some(raw.parse().expect("a time"))
    }

    #[test]
    fn lines_come_whole_however_the_bytes_are_cut() {
        let all = "2026-11-23T23:34:42.500000000Z starting\n2026-11-23T23:34:42.6+01:00 half a\tline\x1b[2J\r\n\
                   2026-11-23T23:34:42.700000000Z \nunable to retrieve container logs\n2026-11-23T23:34:43Z no end";
        for size in [1, 7, 1000] {
            let mut lines = Lines::default();
            let mut given: Vec<LogLine> = all.as_bytes().chunks(size).flat_map(|piece| lines.take(piece)).collect();
            assert_eq!(given.len(), 4);
            given.extend(lines.finish());
            let texts: Vec<&str> = given.iter().map(|line| line.text.as_str()).collect();
            assert_eq!(texts, ["starting", "half a  line^[[2J", "", "unable to retrieve container logs", "no end"]);
            assert_eq!(given[1].at, at("2026-11-23T22:34:42.6Z"));
            assert_eq!(given[3].at, None);
        }
        assert_eq!(Lines::default().finish(), None);
    }

    #[test]
    fn a_long_line_is_cut_and_that_is_said() {
        let mut lines = Lines::default();
        let long = "x".repeat(LONGEST + 100);
        for piece in long.as_bytes().chunks(999) {
            assert!(lines.take(piece).is_empty());
            assert!(lines.open.len() <= LONGEST);
        }
        let line = lines.take(b"\n").remove(0);
        assert!(line.text.ends_with("x… (cut: 100 more bytes)"));
        assert_eq!(lines.take(b"next\n")[0].text, "next", "the next one is whole");
    }

    #[test]
    fn what_was_given_is_not_given_again() {
        let line = |at: &str, text: &str| LogLine::output(Some(at.parse().expect("a time")), false, text);
        let (a, b, c) = ("2026-11-23T23:34:42.1Z", "2026-11-23T23:34:42.2Z", "2026-11-23T23:34:42.3Z");
        let mut place = Place::start();
        assert_eq!(place.resume(), None);
        assert!(place.is_new(&line(a, "one")) && place.is_new(&line(b, "two")) && place.is_new(&line(b, "two")));
        assert_eq!(place.resume(), at(b));
        let again = [(a, "one"), (b, "two"), (b, "two"), (b, "two"), (c, "three")];
        let new: Vec<bool> = again.iter().map(|(at, text)| place.is_new(&line(at, text))).collect();
        assert_eq!(new, [false, false, false, true, true], "a third line of the same moment is new");
        assert_eq!(place.resume(), at(c));
        assert!(!place.is_new(&line(c, "three")));
        assert_eq!(place.resume(), at(c), "nothing new came");
        assert!(!place.is_new(&line(c, "three")) && place.is_new(&line(c, "four")));
    }

    #[test]
    fn the_same_complaint_of_a_kubelet_is_given_once() {
        let bare = |text: &str| LogLine::output(None, false, text);
        let mut place = Place::start();
        assert!(place.is_new(&bare("too many open files")));
        assert!(!place.is_new(&bare("too many open files")));
        assert!(place.is_new(&bare("something else")));
    }
}
