//! An engine's log bytes as lines.
//!
//! Without a terminal each piece has a header of 8 bytes: the stream (1 standard output, 2 standard error, 3 the engine's
//! own complaint), three zeros, the length (moby `pkg/stdcopy`). With a terminal there are only lines.

use bytes::{Buf, BytesMut};

use crate::domain::{LogLine, Timestamp};

/// A line is cut after so many bytes.
const LONGEST: usize = 16 * 1024;
/// No piece is longer, or this is not what it is taken for.
const LONGEST_PIECE: usize = 16 << 20;

/// Takes bytes and gives lines.
#[derive(Debug)]
pub(super) struct Frames {
    tty: bool,
    held: BytesMut,
    /// Unfinished lines: of standard output, and of standard error.
    open: [Vec<u8>; 2],
    /// How many bytes of each are cut off.
    cut: [usize; 2],
    ready: Vec<LogLine>,
}

impl Frames {
    /// For a container with or without a terminal.
    pub(super) fn new(tty: bool) -> Self {
        Self { tty, held: BytesMut::new(), open: [Vec::new(), Vec::new()], cut: [0, 0], ready: Vec::new() }
    }

    /// Takes bytes in; the lines that are whole now.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<LogLine> {
        if self.tty {
            self.text(0, bytes);
            return std::mem::take(&mut self.ready);
        }
        self.held.extend_from_slice(bytes);
        while let Some(header) = self.held.first_chunk::<8>() {
            let length = u32::from_be_bytes([header[4], header[5], header[6], header[7]]) as usize;
            if header[0] > 3 || header[1..4] != [0, 0, 0] || length > LONGEST_PIECE {
                // Not framed after all: an engine that is wrong about the terminal.
                self.tty = true;
                let rest = self.held.split();
                self.text(0, &rest);
                break;
            }
            if self.held.len() < 8 + length {
                break;
            }
            let stderr = usize::from(header[0] >= 2);
            self.held.advance(8);
            let piece = self.held.split_to(length);
            self.text(stderr, &piece);
        }
        std::mem::take(&mut self.ready)
    }

    /// What is left when the stream ends.
    pub(super) fn finish(&mut self) -> Vec<LogLine> {
        for stderr in 0..2 {
            if !self.open[stderr].is_empty() {
                self.line(stderr);
            }
        }
        std::mem::take(&mut self.ready)
    }

    fn text(&mut self, stderr: usize, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let whole = piece.ends_with(b"\n");
            let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
            let room = LONGEST.saturating_sub(self.open[stderr].len());
            self.open[stderr].extend_from_slice(&piece[..piece.len().min(room)]);
            self.cut[stderr] += piece.len().saturating_sub(room);
            if whole {
                self.line(stderr);
            }
        }
    }

    fn line(&mut self, stderr: usize) {
        let raw = std::mem::take(&mut self.open[stderr]);
        let raw = String::from_utf8_lossy(&raw);
        let raw = raw.trim_end_matches('\r');
        let stamped = raw.split_once(' ').and_then(|(stamp, text)| Some((stamp.parse::<Timestamp>().ok()?, text)));
        let (at, text) = match stamped {
            Some((at, text)) => (Some(at), text),
            // A line without text ends with its stamp.
            None => raw.parse().map_or((None, raw), |at| (Some(at), "")),
        };
        self.ready.push(match std::mem::take(&mut self.cut[stderr]) {
            0 => LogLine::output(at, stderr == 1, text),
            cut => LogLine::output(at, stderr == 1, format!("{text}… (cut: {cut} more bytes)")),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(stream: u8, text: &str) -> Vec<u8> {
        let mut out = vec![stream, 0, 0, 0];
        out.extend(u32::try_from(text.len()).expect("short").to_be_bytes());
        out.extend(text.as_bytes());
        out
    }

    #[test]
    fn a_long_line_is_cut_and_that_is_said() {
        let mut frames = Frames::new(true);
        let lines = frames.take(format!("{}\nnext\n", "x".repeat(LONGEST + 70)).as_bytes());
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert!(texts[0].ends_with("x… (cut: 70 more bytes)"), "{}", &texts[0][LONGEST - 10..]);
        assert_eq!(texts[1], "next");
    }

    #[test]
    fn lines_come_whole_however_the_bytes_are_cut() {
        let mut all = framed(1, "2026-11-23T23:34:42.5Z starting\n");
        all.extend(framed(2, "2026-11-23T23:34:42.6Z half a "));
        all.extend(framed(2, "line\x1b[2J\n2026-11-23T23:34:42.7Z \n"));
        for size in [1, 3, 1000] {
            let mut frames = Frames::new(false);
            let mut lines: Vec<LogLine> = all.chunks(size).flat_map(|piece| frames.take(piece)).collect();
            lines.extend(frames.finish());
            let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
            assert_eq!(texts, ["starting", "half a line^[[2J", ""]);
            assert_eq!([lines[0].stderr, lines[1].stderr], [false, true]);
            assert!(lines.iter().all(|line| line.at.is_some()));
        }
    }

    #[test]
    fn a_terminal_has_no_frames_and_a_last_line_needs_no_end() {
        let mut frames = Frames::new(true);
        assert_eq!(frames.take(b"2026-11-23T23:34:43Z a line\r\nno st").len(), 1);
        let rest = frames.finish();
        assert_eq!((rest[0].text.as_str(), rest[0].at), ("no st", None));
        // Told to be framed, and is not.
        assert_eq!(Frames::new(false).take(b"plain text and more\n")[0].text, "plain text and more");
    }
}
