//! Rows that only moved: a terminal moves them by itself, and is not told them again.

use std::fmt::Write as _;
use std::hash::{Hash, Hasher};

use ratatui::buffer::{Buffer, Cell};
use rustc_hash::FxHasher;

/// Fewer rows than that are told again.
const WORTH: usize = 4;

/// Rows `top..bottom` moved by so many, upwards or downwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scroll {
    top: u16,
    /// The first row that is no part of it.
    bottom: u16,
    by: u16,
    up: bool,
}

impl Scroll {
    /// What moved between two frames of one size; none where telling it again costs no more.
    pub fn between(before: &Buffer, after: &Buffer) -> Option<Self> {
        let width = usize::from(after.area.width).max(1);
        let mut pairs = before.content.chunks(width).zip(after.content.chunks(width));
        let differs = |(old, new): (&[Cell], &[Cell])| old != new;
        let top = pairs.clone().position(differs)?;
        let bottom = pairs.rposition(differs)? + 1;
        if bottom - top <= WORTH {
            return None;
        }
        let rows = |frame: &Buffer| -> Vec<u64> {
            frame.content[top * width..bottom * width].chunks(width).map(sign_of).collect()
        };
        let (old, new) = (&*rows(before), &*rows(after));
        let (by, up, _) = (1..=old.len() - WORTH)
            .flat_map(|by| [(by, true, moved(old, new, by)), (by, false, moved(new, old, by))])
            // The shortest way of those that save most.
            .max_by(|a, b| a.2.cmp(&b.2).then(b.0.cmp(&a.0)))
            .filter(|(.., saved)| *saved >= WORTH && *saved * 2 >= old.len())?;
        let row = |y: usize| u16::try_from(y).unwrap_or(u16::MAX);
        Some(Self { top: row(top), bottom: row(bottom), by: row(by), up })
    }

    /// What moves them on the terminal, whose colours are its own at that moment: within margins (DECSTBM), lines are taken
    /// out (DL) or put in (IL), which every terminal knows, the console of Linux too. The cursor is anywhere after it.
    pub fn write(self, out: &mut String) {
        let Self { top, bottom, by, up } = self;
        let how = if up { 'M' } else { 'L' };
        // Writing to a String cannot fail.
        let _ = write!(out, "\x1b[{};{bottom}r\x1b[{}H\x1b[{by}{how}\x1b[r", top + 1, top + 1);
    }

    /// What the terminal shows then.
    pub fn apply(self, before: &Buffer) -> Buffer {
        let mut after = before.clone();
        let width = usize::from(before.area.width);
        let cells = |from: u16, to: u16| usize::from(from) * width..usize::from(to) * width;
        let region = &mut after.content[cells(self.top, self.bottom)];
        let by = usize::from(self.by) * width;
        if self.up {
            region.rotate_left(by);
            let kept = region.len() - by;
            region[kept..].fill(Cell::default());
        } else {
            region.rotate_right(by);
            region[..by].fill(Cell::default());
        }
        after
    }
}

/// How many rows that are no blanks stand `by` further up in `new` than in `old`, and are not what stood there before.
fn moved(old: &[u64], new: &[u64], by: usize) -> usize {
    let pairs = old[by..].iter().zip(new).zip(old);
    pairs.filter(|((from, to), there)| from == to && **from != BLANK && to != there).count()
}

/// A row of blanks.
const BLANK: u64 = 0;

fn sign_of(row: &[Cell]) -> u64 {
    let blank = Cell::default();
    if row.iter().all(|cell| *cell == blank) {
        return BLANK;
    }
    let mut hasher = FxHasher::default();
    row.iter().for_each(|cell| cell.hash(&mut hasher));
    hasher.finish().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    fn frame(lines: &[&str]) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 12));
        for (y, line) in (0..).zip(lines) {
            buffer.set_string(0, y, line, Style::new());
        }
        buffer
    }

    #[test]
    fn lines_of_a_log_that_moved_up_are_seen() {
        let before = frame(&["title", "one", "two", "three", "four", "five", "six", "seven", "", "", "", "footer"]);
        let after = frame(&["title", "three", "four", "five", "six", "seven", "new", "newer", "", "", "", "footer"]);
        let scroll = Scroll::between(&before, &after).expect("five moved");
        assert_eq!(scroll, Scroll { top: 1, bottom: 8, by: 2, up: true });
        let mut told = String::new();
        scroll.write(&mut told);
        assert_eq!(told, "\x1b[2;8r\x1b[2H\x1b[2M\x1b[r");
        let shown = frame(&["title", "three", "four", "five", "six", "seven", "", "", "", "", "", "footer"]);
        assert_eq!(scroll.apply(&before), shown);
        let back = Scroll::between(&after, &before).expect("and back");
        assert_eq!(back, Scroll { top: 1, bottom: 8, by: 2, up: false });
    }

    #[test]
    fn what_changed_in_its_place_is_told() {
        let before = frame(&["title", "one", "two", "three", "four", "five", "six"]);
        let after = frame(&["title", "1", "2", "3", "4", "5", "6"]);
        assert_eq!(Scroll::between(&before, &after), None);
        assert_eq!(Scroll::between(&before, &before), None);
        let same = frame(&["x", "-", "-", "-", "-", "-", "-", "y"]);
        let other = frame(&["y", "-", "-", "-", "-", "-", "-", "x"]);
        assert_eq!(Scroll::between(&same, &other), None, "rows that are where they were did not move");
    }
}
