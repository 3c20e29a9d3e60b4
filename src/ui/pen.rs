//! The one place where a frame's cells are written: clips, colours, and keeps to ASCII where that is asked for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;

use super::glyphs;
use super::screen::Look;
use super::spots::Spot;
use super::text::{Phrase, grapheme_width, split};
use super::theme::{Depth, Ink};

/// Writes into a buffer.
pub(super) struct Pen<'a> {
    buffer: &'a mut Buffer,
    look: &'a Look,
    /// What was drawn where, where somebody asks for it.
    spots: Option<Vec<(Rect, Spot)>>,
}

impl<'a> Pen<'a> {
    /// A pen for a buffer.
    pub fn new(buffer: &'a mut Buffer, look: &'a Look) -> Self {
        Self { buffer, look, spots: None }
    }

    /// A pen that notes what is drawn where.
    pub fn noting(buffer: &'a mut Buffer, look: &'a Look) -> Self {
        Self { buffer, look, spots: Some(Vec::new()) }
    }

    /// What was noted.
    pub fn into_spots(self) -> Vec<(Rect, Spot)> {
        self.spots.unwrap_or_default()
    }

    /// What stands there can be pointed at.
    pub fn spot(&mut self, area: Rect, spot: impl FnOnce() -> Spot) {
        if let Some(spots) = &mut self.spots {
            spots.push((area, spot()));
        }
    }

    /// Something floats over all that was drawn: it cannot be pointed at any more.
    pub fn cover(&mut self) {
        if let Some(spots) = &mut self.spots {
            spots.clear();
        }
    }

    /// All of the buffer.
    pub fn area(&self) -> Rect {
        self.buffer.area
    }

    /// How an ink looks here.
    pub fn style(&self, ink: Ink) -> Style {
        self.look.palette.style(ink)
    }

    /// Whether there is no colour here.
    pub fn is_mono(&self) -> bool {
        self.look.palette.depth == Depth::Mono
    }

    /// Writes a string from `x` on in at most `columns`; what is left over is cut. Returns the column behind it.
    pub fn put(&mut self, x: u16, y: u16, columns: u16, text: &str, style: Style) -> u16 {
        let area = self.buffer.area;
        if y < area.top() || y >= area.bottom() || x < area.left() {
            return x;
        }
        let end = x.saturating_add(columns).min(area.right());
        let mut x = x;
        for grapheme in text.graphemes(true) {
            let wide = grapheme_width(grapheme) as u16;
            if wide == 0 {
                continue;
            }
            if x + wide > end {
                break;
            }
            // Without UTF-8 each column of what has no twin is a question mark.
            let symbol = if self.look.ascii { glyphs::twin(grapheme) } else { grapheme };
            for place in x..x + wide {
                if let Some(cell) = self.buffer.cell_mut((place, y)) {
                    cell.reset();
                    let filler = if self.look.ascii { symbol } else { " " };
                    cell.set_symbol(if place == x { symbol } else { filler });
                    cell.set_style(style);
                }
            }
            x += wide;
        }
        x
    }

    /// Writes a phrase, with `…` where it is cut; all of it in `over` where that is given.
    pub fn write(&mut self, x: u16, y: u16, columns: u16, phrase: &Phrase, over: Option<Style>) -> u16 {
        let mut left = usize::from(columns);
        let cut = phrase.width() > left;
        if cut {
            left = left.saturating_sub(1);
        }
        let mut at = x;
        let mut last = self.style(Ink::Text);
        for (ink, text) in &phrase.0 {
            let (head, rest) = split(text, left);
            last = over.unwrap_or_else(|| self.style(*ink));
            let before = at;
            at = self.put(at, y, left as u16, head, last);
            left = left.saturating_sub(usize::from(at - before));
            if !rest.is_empty() {
                break;
            }
        }
        if cut && columns > 0 { self.put(at, y, 1, "…", last) } else { at }
    }

    /// Writes a phrase so that it ends before `right`. Returns its first column.
    pub fn write_right(&mut self, right: u16, y: u16, columns: u16, phrase: &Phrase, over: Option<Style>) -> u16 {
        let wide = (phrase.width() as u16).min(columns);
        let x = right.saturating_sub(wide);
        self.write(x, y, wide, phrase, over);
        x
    }

    /// Gives a whole area one style, its text gone.
    pub fn clear(&mut self, area: Rect, style: Style) {
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(style);
                }
            }
        }
    }

    /// A line across, with a title in it, and words at its end.
    pub fn rule(&mut self, area: Rect, title: &Phrase, end: &Phrase) -> Option<u16> {
        let style = self.style(Ink::Rule);
        let (x, y, wide) = (area.x, area.y, area.width);
        self.put(x, y, wide, &"─".repeat(usize::from(wide)), style);
        let mut room = wide.saturating_sub(4);
        let mut begins = None;
        if !end.is_empty() && usize::from(room) > end.width() + 2 {
            let end = Phrase::text(" ").then(end.clone()).and(Ink::Text, " ");
            let from = self.write_right(x + wide - 1, y, room, &end, None);
            room = from.saturating_sub(x + 3);
            begins = Some(from + 1);
        }
        if !title.is_empty() && room > 2 {
            let title = Phrase::text(" ").then(title.clone()).and(Ink::Text, " ");
            self.write(x + 2, y, room, &title, None);
        }
        begins
    }

    /// A line down.
    pub fn column(&mut self, x: u16, top: u16, bottom: u16) {
        let style = self.style(Ink::Rule);
        for y in top..bottom {
            self.put(x, y, 1, "│", style);
        }
    }

    /// A box with a title, words at its lower edge, and nothing in it. Returns its inside.
    pub fn frame(&mut self, area: Rect, title: &Phrase, end: &Phrase, foot: &Phrase) -> Rect {
        let (plain, edge) = (self.style(Ink::Text), self.style(Ink::Rule));
        self.clear(area, plain);
        if area.width < 4 || area.height < 2 {
            return area;
        }
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        self.rule(Rect { height: 1, ..area }, title, end);
        self.rule(Rect { y: bottom, height: 1, ..area }, &Phrase::default(), foot);
        for y in area.top() + 1..bottom {
            self.put(area.x, y, 1, "│", edge);
            self.put(right, y, 1, "│", edge);
        }
        for (x, y, corner) in [(area.x, area.y, "┌"), (right, area.y, "┐"), (area.x, bottom, "└"), (right, bottom, "┘")]
        {
            self.put(x, y, 1, corner, edge);
        }
        Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(ascii: bool, columns: u16, text: &str) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 1));
        let look = Look { ascii, ..Look::default() };
        let mut pen = Pen::new(&mut buffer, &look);
        pen.write(0, 0, columns, &Phrase::text(text), None);
        pen.put(7, 0, 1, "|", Style::new());
        buffer.content().iter().map(|cell| cell.symbol()).collect()
    }

    #[test]
    fn wide_characters_keep_what_follows_in_place() {
        assert_eq!(drawn(false, 7, "日本語"), "日 本 語  |");
        assert_eq!(drawn(false, 5, "日本語"), "日 本 …  |");
        assert_eq!(drawn(false, 7, "e\u{301}x"), "e\u{301}x     |");
    }

    #[test]
    fn without_utf8_nothing_but_ascii_is_written() {
        assert_eq!(drawn(true, 7, "✖ 日 é…"), "X ?? ?~|");
    }

    #[test]
    fn writing_outside_the_buffer_writes_nothing() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 1, 1));
        let look = Look::default();
        let mut pen = Pen::new(&mut buffer, &look);
        pen.put(5, 5, 9, "x", Style::new());
        pen.write(0, 0, 9, &Phrase::text("worker"), None);
        pen.frame(Rect::new(0, 0, 40, 10), &Phrase::text("a"), &Phrase::default(), &Phrase::text("b"));
        pen.rule(Rect::new(0, 3, 10, 1), &Phrase::text("t"), &Phrase::default());
    }
}
