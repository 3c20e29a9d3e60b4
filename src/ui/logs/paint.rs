//! A text with what each part of it is drawn in, and the rows that it takes.

use std::borrow::Cow;
use std::ops::Range;

use ratatui::style::{Color, Modifier, Style};

use crate::domain::{Colour, Dye, LogLine};
use crate::ui::pen::Pen;
use crate::ui::text::{split, width};
use crate::ui::theme::Ink;

/// What a part is drawn in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coat {
    Ink(Ink),
    /// In the colours that the program gave it.
    Dye(Dye),
}

impl Coat {
    /// How it looks here. Without colour bold and underlined stay.
    pub fn style(self, pen: &Pen<'_>) -> Style {
        let dye = match self {
            Coat::Ink(ink) => return pen.style(ink),
            Coat::Dye(dye) => dye,
        };
        let mut style = pen.style(Ink::Text);
        let kept = if pen.is_mono() { Dye::BOLD | Dye::UNDERLINED } else { u8::MAX };
        for (way, modifier) in WAYS {
            if dye.is(way & kept) {
                style = style.add_modifier(modifier);
            }
        }
        if pen.is_mono() {
            return style;
        }
        let mut with = |colour: Option<Colour>, put: fn(Style, Color) -> Style| {
            style = colour.map_or(style, |it| put(style, color(it)));
        };
        with(dye.fg, Style::fg);
        with(dye.bg, Style::bg);
        style
    }
}

const WAYS: [(u8, Modifier); 6] = [
    (Dye::BOLD, Modifier::BOLD),
    (Dye::DIM, Modifier::DIM),
    (Dye::ITALIC, Modifier::ITALIC),
    (Dye::UNDERLINED, Modifier::UNDERLINED),
    (Dye::REVERSED, Modifier::REVERSED),
    (Dye::STRUCK, Modifier::CROSSED_OUT),
];

const fn color(colour: Colour) -> Color {
    match colour {
        Colour::Rgb(r, g, b) => Color::Rgb(r, g, b),
        Colour::Table(0) => Color::Black,
        Colour::Table(1) => Color::Red,
        Colour::Table(2) => Color::Green,
        Colour::Table(3) => Color::Yellow,
        Colour::Table(4) => Color::Blue,
        Colour::Table(5) => Color::Magenta,
        Colour::Table(6) => Color::Cyan,
        Colour::Table(7) => Color::Gray,
        Colour::Table(8) => Color::DarkGray,
        Colour::Table(9) => Color::LightRed,
        Colour::Table(10) => Color::LightGreen,
        Colour::Table(11) => Color::LightYellow,
        Colour::Table(12) => Color::LightBlue,
        Colour::Table(13) => Color::LightMagenta,
        Colour::Table(14) => Color::LightCyan,
        Colour::Table(15) => Color::White,
        Colour::Table(n) => Color::Indexed(n),
    }
}

/// A text, and what its parts are drawn in.
#[derive(Debug, Clone)]
pub(super) struct Painted<'a> {
    pub text: Cow<'a, str>,
    /// Where each coat begins; the first at 0.
    coats: Vec<(usize, Coat)>,
    /// What is looked for: in order, none over another.
    marks: Vec<Range<usize>>,
}

impl<'a> Painted<'a> {
    /// All of it in one ink.
    pub fn of(ink: Ink, text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), coats: vec![(0, Coat::Ink(ink))], marks: Vec::new() }
    }

    /// With one more string.
    pub fn and(mut self, ink: Ink, text: &str) -> Self {
        self.coats.push((self.text.len(), Coat::Ink(ink)));
        self.text.to_mut().push_str(text);
        self
    }

    /// A line in its own colours, in `ink` where it has none.
    pub fn line(line: &'a LogLine, ink: Ink) -> Self {
        let mut it = Self::of(ink, line.text.as_str());
        it.coats.extend(line.dyes.iter().map(|(from, dye)| {
            let coat = if *dye == Dye::default() { Coat::Ink(ink) } else { Coat::Dye(*dye) };
            (*from as usize, coat)
        }));
        it
    }

    /// Marks what is looked for.
    pub fn mark(&mut self, mut spans: Vec<Range<usize>>) {
        spans.sort_unstable_by_key(|it| (it.start, it.end));
        for span in spans {
            match self.marks.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => self.marks.push(span),
            }
        }
    }

    /// Where the first mark begins.
    pub fn first_mark(&self) -> Option<usize> {
        self.marks.first().map(|mark| mark.start)
    }

    /// A part of it, in pieces of one coat each.
    pub fn pieces(&self, part: Range<usize>) -> impl Iterator<Item = (Coat, &str)> {
        let mut at = part.start;
        std::iter::from_fn(move || {
            if at >= part.end {
                return None;
            }
            let next = self.coats.partition_point(|(from, _)| *from <= at);
            let coat = next.checked_sub(1).map_or(Coat::Ink(Ink::Text), |last| self.coats[last].1);
            let end = self.coats.get(next).map_or(part.end, |(from, _)| (*from).min(part.end));
            let mark = self.marks.get(self.marks.partition_point(|mark| mark.end <= at));
            let (coat, end) = match mark {
                Some(mark) if mark.start <= at => (Coat::Ink(Ink::Selected), mark.end.min(part.end)),
                Some(mark) => (coat, end.min(mark.start)),
                None => (coat, end),
            };
            let piece = &self.text[at..end];
            at = end;
            Some((coat, piece))
        })
    }
}

/// Where a text's rows of at most so many columns are: broken between words, a word that is too long inside of it. What it
/// begins with stays, also blanks. One row of nothing.
pub(super) fn rows(text: &str, columns: usize) -> Vec<Range<usize>> {
    let columns = columns.max(1);
    let ascii = text.is_ascii();
    let mut rows = Vec::with_capacity(text.len() / columns + 1);
    let mut from = 0;
    loop {
        let rest = &text[from..];
        let fits = if ascii { rest.len().min(columns) } else { split(rest, columns).0.len() };
        if fits == rest.len() {
            rows.push(from..text.len());
            return rows;
        }
        let (head, tail) = rest.split_at(fits);
        // A grapheme wider than the row: taken whole, or nothing would ever move.
        let whole = || rest.char_indices().nth(1).map_or(rest.len(), |(at, _)| at);
        let blank = head.rfind(' ').filter(|at| !head[..*at].trim_start().is_empty());
        let end = match blank {
            _ if head.is_empty() => whole(),
            _ if tail.starts_with(' ') => fits,
            Some(at) => at,
            None => fits,
        };
        rows.push(from..from + rest[..end].trim_end_matches(' ').len().max(1));
        // The blank between two rows is in neither.
        from += end + usize::from(rest[end..].starts_with(' '));
        if from == text.len() {
            return rows;
        }
    }
}

/// What is left of a text after so many columns, in one row. A wide character that straddles the edge goes with it.
pub(super) fn aside(text: &str, columns: usize) -> Range<usize> {
    let (head, tail) = split(text, columns);
    let straddles = width(head) < columns && !tail.is_empty();
    let gone = if straddles { split(tail, 2).0.len() } else { 0 };
    head.len() + gone..text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str, columns: usize) -> Vec<&str> {
        rows(text, columns).into_iter().map(|row| &text[row]).collect()
    }

    #[test]
    fn rows_break_between_words_and_keep_what_a_line_begins_with() {
        assert_eq!(texts("killed at its limit", 10), ["killed at", "its limit"]);
        assert_eq!(texts("    at f (a.js:1)", 12), ["    at f", "(a.js:1)"]);
        assert_eq!(texts("        abcdefgh", 10), ["        ab", "cdefgh"]);
        assert_eq!(texts("abcdefghijklm", 5), ["abcde", "fghij", "klm"]);
        assert_eq!(texts("日本語 and", 5), ["日本", "語", "and"]);
        assert_eq!(texts("日本", 1), ["日", "本"]);
        assert_eq!(texts("", 5), [""]);
        assert_eq!(texts("abc   ", 3), ["abc", "  "]);
    }

    #[test]
    fn no_character_is_lost_but_the_blank_between_two_rows() {
        let text = "a  bb ccc   e\u{301}e\u{301} 🚀 x".repeat(20);
        for columns in 1..40 {
            let all: String = texts(&text, columns).concat();
            let bare = |text: &str| text.replace(' ', "");
            assert_eq!(bare(&all), bare(&text), "{columns}");
            assert!(columns < 2 || texts(&text, columns).iter().all(|row| width(row) <= columns), "{columns}");
        }
    }

    #[test]
    fn a_mark_lies_over_the_colours_of_a_line() {
        let line = LogLine::output(None, false, "one \x1b[31mtwo three\x1b[0m four");
        let mut it = Painted::line(&line, Ink::Text);
        it.mark(vec![6..9, 4..7, 0..1]);
        let red = line.dyes[0].1;
        assert_eq!(red.fg, Some(Colour::Table(1)));
        let text = Coat::Ink(Ink::Text);
        let mark = Coat::Ink(Ink::Selected);
        let all: Vec<(Coat, &str)> = it.pieces(0..it.text.len()).collect();
        let wanted = [(mark, "o"), (text, "ne "), (mark, "two t"), (Coat::Dye(red), "hree"), (text, " four")];
        assert_eq!(all, wanted);
        assert_eq!(it.pieces(10..12).collect::<Vec<_>>(), [(Coat::Dye(red), "re")]);
    }

    #[test]
    fn aside_no_half_of_a_wide_character_is_left() {
        assert_eq!(&"日本語"[aside("日本語", 3)], "語");
        assert_eq!(&"abc"[aside("abc", 2)], "c");
        assert_eq!(&"abc"[aside("abc", 9)], "");
    }
}
