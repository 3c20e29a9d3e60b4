//! Frames to bytes, and bytes to the terminal: one thread, one slot. A terminal that takes nothing blocks nobody but that
//! thread.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier, Style};
use tokio::sync::mpsc;
use unicode_width::UnicodeWidthStr;

use super::scroll::Scroll;
use crate::ui::theme::{Depth, nearest};

/// A frame of this size and more is bracketed as one update, so that a terminal that can does not show half of it.
const BRACKET_FROM: usize = 1024;

/// Turns the difference of two frames into bytes. It remembers where the cursor is and what colours are on, so that a
/// small change stays small.
#[derive(Debug, Default)]
pub struct Encoder {
    /// Where the terminal's cursor is; none when that cannot be told.
    at: Option<(u16, u16)>,
    pen: Pen,
    depth: Depth,
    /// The colours that were last brought down to what the terminal has, and to which: most are followed by the same.
    brought: [(Color, Color); 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Default for Pen {
    fn default() -> Self {
        Self { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() }
    }
}

impl Encoder {
    /// For a terminal with so many colours.
    pub fn new(depth: Depth) -> Self {
        Self { depth, ..Self::default() }
    }

    /// What makes a terminal that shows `before` show `after`; of one size. Empty when nothing differs.
    pub fn update(&mut self, before: &Buffer, after: &Buffer) -> Vec<u8> {
        let mut out = String::new();
        let scrolled = Scroll::between(before, after).map(|scroll| {
            // What comes in is blank in the colours of the moment.
            self.pick(Pen::default(), &mut out);
            scroll.write(&mut out);
            self.at = None;
            scroll.apply(before)
        });
        let before = scrolled.as_ref().unwrap_or(before);
        let width = after.area.width;
        let mut cleared: Option<u16> = None;
        for (x, y, cell) in before.diff(after) {
            if cleared == Some(y) {
                continue;
            }
            self.move_to(x, y, &mut out);
            if is_blank_to_the_end(after, x, y) && width - x > 3 {
                self.pick(Pen::default(), &mut out);
                out.push_str("\x1b[K");
                cleared = Some(y);
                continue;
            }
            let pen = self.pen_of(cell);
            self.pick(pen, &mut out);
            out.push_str(cell.symbol());
            let end = x + u16::try_from(cell.symbol().width()).unwrap_or(1).max(1);
            // At the right margin terminals differ in where the cursor is.
            self.at = (end < width).then_some((end, y));
        }
        bracketed(out)
    }

    /// What makes any terminal show `after`, whatever it shows now.
    pub fn whole(&mut self, after: &Buffer) -> Vec<u8> {
        *self = Self::new(self.depth);
        let mut out = b"\x1b[0m\x1b[2J".to_vec();
        out.extend(self.update(&Buffer::empty(after.area), after));
        out
    }

    fn pen_of(&mut self, cell: &Cell) -> Pen {
        let depth = self.depth;
        let mut shown = |colour: Color, place: usize| {
            if self.brought[place].0 != colour {
                self.brought[place] = (colour, nearest(colour, depth));
            }
            self.brought[place].1
        };
        Pen { fg: shown(cell.fg, 0), bg: shown(cell.bg, 1), modifier: cell.modifier }
    }

    fn move_to(&mut self, x: u16, y: u16, out: &mut String) {
        let (row, column) = (y + 1, x + 1);
        // Writing to a String cannot fail.
        let _ = match self.at {
            Some(at) if at == (x, y) => Ok(()),
            Some((from, on)) if on == y && x > from && x - from == 1 => out.write_str("\x1b[C"),
            Some((from, on)) if on == y && x > from => write!(out, "\x1b[{}C", x - from),
            _ if x == 0 => write!(out, "\x1b[{row}H"),
            _ => write!(out, "\x1b[{row};{column}H"),
        };
        self.at = Some((x, y));
    }

    fn pick(&mut self, pen: Pen, out: &mut String) {
        if pen == self.pen {
            return;
        }
        let change = codes_from(self.pen, pen);
        let anew = codes_from(Pen::default(), pen);
        if anew.is_empty() {
            out.push_str("\x1b[m");
        } else if change.len() <= anew.len() + 2 {
            let _ = write!(out, "\x1b[{change}m");
        } else {
            let _ = write!(out, "\x1b[0;{anew}m");
        }
        self.pen = pen;
    }
}

fn bracketed(out: String) -> Vec<u8> {
    if out.len() < BRACKET_FROM {
        return out.into_bytes();
    }
    [b"\x1b[?2026h", out.as_bytes(), b"\x1b[?2026l"].concat()
}

fn is_blank_to_the_end(frame: &Buffer, from: u16, y: u16) -> bool {
    (from..frame.area.width).all(|x| frame.cell((x, y)).is_some_and(|cell| is_plain(cell) && cell.symbol() == " "))
}

fn is_plain(cell: &Cell) -> bool {
    Pen { fg: cell.fg, bg: cell.bg, modifier: cell.modifier } == Pen::default()
}

/// What makes a terminal that is plain write in a style: codes joined by `;`, empty where it is plain too.
pub fn sgr(style: Style) -> String {
    let colour = |colour: Option<Color>| colour.unwrap_or(Color::Reset);
    let pen = Pen { fg: colour(style.fg), bg: colour(style.bg), modifier: style.add_modifier };
    codes_from(Pen::default(), pen)
}

/// Select Graphic Rendition codes (ECMA-48 8.3.117) that turn one pen into another, joined by `;`.
fn codes_from(from: Pen, to: Pen) -> String {
    let mut codes: Vec<String> = Vec::new();
    let (off, on) = (from.modifier - to.modifier, to.modifier - from.modifier);
    let weight = Modifier::BOLD | Modifier::DIM;
    if off.intersects(weight) {
        codes.push("22".into());
    }
    for (modifier, start, end) in [
        (Modifier::ITALIC, "3", "23"),
        (Modifier::UNDERLINED, "4", "24"),
        (Modifier::REVERSED, "7", "27"),
        (Modifier::CROSSED_OUT, "9", "29"),
    ] {
        if off.contains(modifier) {
            codes.push(end.into());
        }
        if on.contains(modifier) {
            codes.push(start.into());
        }
    }
    for (modifier, start) in [(Modifier::BOLD, "1"), (Modifier::DIM, "2")] {
        // 22 ends both weights: the one that stays is said again.
        if on.contains(modifier) || (off.intersects(weight) && to.modifier.contains(modifier)) {
            codes.push(start.into());
        }
    }
    if from.fg != to.fg {
        codes.push(colour(to.fg, 0));
    }
    if from.bg != to.bg {
        codes.push(colour(to.bg, 10));
    }
    codes.join(";")
}

/// The code of a colour; 10 more for a background.
fn colour(colour: Color, add: u8) -> String {
    let basic = |n: u8| (n + add).to_string();
    match colour {
        Color::Reset => basic(39),
        Color::Black => basic(30),
        Color::Red => basic(31),
        Color::Green => basic(32),
        Color::Yellow => basic(33),
        Color::Blue => basic(34),
        Color::Magenta => basic(35),
        Color::Cyan => basic(36),
        Color::Gray => basic(37),
        Color::DarkGray => basic(90),
        Color::LightRed => basic(91),
        Color::LightGreen => basic(92),
        Color::LightYellow => basic(93),
        Color::LightBlue => basic(94),
        Color::LightMagenta => basic(95),
        Color::LightCyan => basic(96),
        Color::White => basic(97),
        Color::Indexed(n) => format!("{};5;{n}", 38 + add),
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", 38 + add),
    }
}

/// The thread that writes, and its slot.
pub struct Writer {
    slot: SyncSender<Vec<u8>>,
    written: mpsc::Receiver<std::io::Result<()>>,
    busy: bool,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts it on where the terminal is.
    pub fn start(mut out: impl Write + Send + 'static) -> std::io::Result<Self> {
        let (slot, frames) = sync_channel::<Vec<u8>>(1);
        let (report, written) = mpsc::channel(1);
        let thread = std::thread::Builder::new().name("writer".into()).spawn(move || {
            for frame in frames {
                let done = out.write_all(&frame).and_then(|()| out.flush());
                let failed = done.is_err();
                if report.blocking_send(done).is_err() || failed {
                    break;
                }
            }
        })?;
        Ok(Self { slot, written, busy: false, thread: Some(thread) })
    }

    /// Whether a frame is on its way: nothing is to be drawn then.
    pub const fn is_busy(&self) -> bool {
        self.busy
    }

    /// Puts a frame into the slot; false when it is taken, and then the frame counts as never drawn.
    pub fn offer(&mut self, frame: Vec<u8>) -> bool {
        if self.busy {
            return false;
        }
        match self.slot.try_send(frame) {
            Ok(()) => {
                self.busy = true;
                true
            }
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }

    /// Waits until the frame on its way is written, or could not be. Pending for ever while there is none.
    pub async fn written(&mut self) -> std::io::Result<()> {
        if !self.busy {
            return std::future::pending().await;
        }
        let done = self.written.recv().await;
        self.busy = false;
        done.unwrap_or_else(|| Err(std::io::Error::other("the writer has ended")))
    }

    /// Waits for what is on its way, and ends the thread. Not called for a terminal that takes nothing: that thread is
    /// left behind.
    pub fn join(mut self) {
        let thread = self.thread.take();
        drop(self);
        if let Some(thread) = thread {
            // A writer that panicked has said so already.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;

    fn shown(parser: &vt100::Parser) -> Vec<String> {
        let screen = parser.screen();
        let (rows, columns) = screen.size();
        (0..rows.get())
            .map(|row| {
                (0..columns.get())
                    .map(|column| match screen.cell(row, column).map(|cell| cell.contents().to_owned()) {
                        Some(text) if !text.is_empty() => text,
                        _ => " ".to_owned(),
                    })
                    .collect::<String>()
                    .trim_end()
                    .to_owned()
            })
            .collect()
    }

    fn terminal() -> vt100::Parser {
        let size = |n| std::num::NonZero::new(n).expect("not zero");
        vt100::Parser::new(size(36), size(120), 0)
    }

    fn frame(lines: &[(&str, Style)]) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 120, 36));
        lines.iter().zip(0..).for_each(|((text, style), y)| {
            buffer.set_string(0, y, text, *style);
        });
        buffer
    }

    #[test]
    fn the_bytes_of_frames_show_those_frames() {
        let red = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
        let frames = [
            frame(&[("✖ prod  shop/worker", red), ("▲ prod  shop/api", Style::new())]),
            frame(&[("✖ prod  shop/web", red), ("größe 日本語 ok", Style::new().bg(Color::Blue))]),
            frame(&[("", red), ("x日 b", Style::new())]),
        ];
        let mut parser = terminal();
        let mut encoder = Encoder::default();
        parser.process(&encoder.whole(&frames[0]));
        let mut before = &frames[0];
        for after in &frames[1..] {
            parser.process(&encoder.update(before, after));
            let mut anew = terminal();
            anew.process(&Encoder::default().whole(after));
            assert_eq!(shown(&parser), shown(&anew));
            let colours = |parser: &vt100::Parser| {
                (0..4320u16)
                    .filter_map(|n| {
                        parser.screen().cell(n / 120, n % 120).map(|it| (it.fgcolor(), it.bgcolor(), it.bold()))
                    })
                    .collect::<Vec<_>>()
            };
            assert_eq!(colours(&parser), colours(&anew));
            before = after;
        }
    }

    /// Rows of a log, of which each frame shows some.
    fn log(from: usize, rows: usize, title: &str) -> Buffer {
        let colour = |n: usize| Style::new().fg(if n.is_multiple_of(3) { Color::Red } else { Color::Reset });
        let text: Vec<String> = (from..from + rows)
            .map(|n| {
                if n.is_multiple_of(7) {
                    String::new()
                } else {
                    format!("{n} of 日本語 {}", "x".repeat(n * 37 % 90))
                }
            })
            .collect();
        let mut lines = vec![(title, Style::new().bg(Color::Blue))];
        lines.extend(text.iter().zip(from..).map(|(text, n)| (text.as_str(), colour(n))));
        frame(&lines)
    }

    #[test]
    fn a_log_that_moves_on_costs_its_new_lines_and_shows_what_a_whole_frame_shows() {
        let mut parser = terminal();
        let mut encoder = Encoder::default();
        let mut before = log(0, 34, "from 0");
        parser.process(&encoder.whole(&before));
        for from in [1, 3, 9, 8, 30, 31, 100, 96, 97, 97, 60] {
            let after = log(from, 34, &format!("from {from}"));
            let bytes = encoder.update(&before, &after);
            parser.process(&bytes);
            let mut anew = terminal();
            anew.process(&Encoder::default().whole(&after));
            assert_eq!(shown(&parser), shown(&anew), "from {from}");
            let said = (0..36).map(|row| {
                (0..120).map(|x| parser.screen().cell(row, x).map(vt100::Cell::fgcolor)).collect::<Vec<_>>()
            });
            let meant = (0..36)
                .map(|row| (0..120).map(|x| anew.screen().cell(row, x).map(vt100::Cell::fgcolor)).collect::<Vec<_>>());
            assert!(said.eq(meant), "colours, from {from}");
            before = after;
        }
        let next = log(62, 34, "from 60");
        assert!(encoder.update(&before, &next).len() < 300, "two lines");
    }

    #[test]
    fn one_changed_row_is_small_and_nothing_changed_is_nothing() {
        let style = Style::new().fg(Color::Yellow);
        let old = frame(&[(&"a".repeat(120), style)]);
        let new = frame(&[(&"b".repeat(120), Style::new().fg(Color::Red).add_modifier(Modifier::BOLD))]);
        let mut encoder = Encoder::default();
        encoder.whole(&old);
        assert!(encoder.update(&old, &new).len() <= 140);
        assert!(encoder.update(&new, &new).is_empty());
    }

    #[tokio::test]
    async fn a_terminal_that_takes_nothing_blocks_only_the_writer() {
        struct Stalled(std::sync::mpsc::Receiver<()>);
        impl Write for Stalled {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.recv().map_err(std::io::Error::other)?;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let (go, stalled) = std::sync::mpsc::channel();
        let mut writer = Writer::start(Stalled(stalled)).expect("a thread");
        assert!(writer.offer(b"one".to_vec()));
        assert!(writer.is_busy() && !writer.offer(b"two".to_vec()), "the second frame was never drawn");
        go.send(()).expect("it listens");
        writer.written().await.expect("written");
        assert!(!writer.is_busy() && writer.offer(b"two".to_vec()));
    }
}
