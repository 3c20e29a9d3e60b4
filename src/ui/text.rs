//! Text that knows how wide it is: cut, wrapped and aligned by columns of the terminal, never by bytes or characters.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::theme::Ink;

/// Columns that a grapheme takes. Never less than it takes in the terminal's buffer.
pub fn grapheme_width(grapheme: &str) -> usize {
    if grapheme.len() == 1 {
        return usize::from(!grapheme.as_bytes()[0].is_ascii_control());
    }
    // Halfwidth sound marks take a column of their own, as the frame's buffer counts them.
    let marks = grapheme.chars().filter(|c| matches!(c, '\u{ff9e}' | '\u{ff9f}')).count();
    grapheme.width() + marks
}

/// Columns that a string takes.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.graphemes(true).map(grapheme_width).sum()
}

/// The string in at most `columns`, with `…` where something was cut.
pub fn fit(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    if columns == 0 {
        return Cow::Borrowed("");
    }
    let (head, _) = split(text, columns - 1);
    Cow::Owned(format!("{}…", head.trim_end()))
}

/// As many whole graphemes as fit, and the rest.
pub fn split(text: &str, columns: usize) -> (&str, &str) {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += grapheme_width(grapheme);
        if used > columns {
            return text.split_at(at);
        }
    }
    (text, "")
}

/// The string in lines of at most `columns`, broken between words; a word that is too long is broken inside.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let mut word = word;
        if !line.is_empty() && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        while line.is_empty() && width(word) > columns {
            let (head, rest) = split(word, columns);
            // A grapheme wider than the line: taken whole, or nothing would ever move.
            let (head, rest) = if head.is_empty() { (word, "") } else { (head, rest) };
            lines.push(head.to_owned());
            word = rest;
        }
        if !word.is_empty() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Strings in a row, each with its ink.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Phrase(pub Vec<(Ink, String)>);

impl Phrase {
    /// One string.
    pub fn of(ink: Ink, text: impl Into<String>) -> Self {
        Self(vec![(ink, text.into())])
    }

    /// One string in the ink of what is read.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(Ink::Text, text)
    }

    /// One string in the ink of what is read last.
    pub fn dim(text: impl Into<String>) -> Self {
        Self::of(Ink::Dim, text)
    }

    /// With one more string.
    pub fn and(mut self, ink: Ink, text: impl Into<String>) -> Self {
        self.0.push((ink, text.into()));
        self
    }

    /// With another phrase behind it.
    pub fn then(mut self, other: Phrase) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Columns that it takes.
    pub fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| width(text)).sum()
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, text)| text.is_empty())
    }

    /// Its text alone.
    pub fn plain(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// In lines of at most `columns`, broken between words; each part keeps its ink.
    pub fn wrap(&self, columns: usize) -> Vec<Phrase> {
        let columns = columns.max(1);
        let mut lines: Vec<Phrase> = Vec::new();
        let mut line = Phrase::default();
        let mut used = 0;
        for (ink, text) in &self.0 {
            for word in text.split_inclusive(' ') {
                let bare = width(word.trim_end());
                if used > 0 && used + bare > columns {
                    lines.push(std::mem::take(&mut line).trimmed());
                    used = 0;
                }
                let mut pieces = if bare > columns { wrap(word, columns) } else { vec![word.to_owned()] };
                if let Some(last) = pieces.last_mut().filter(|last| word.ends_with(' ') && !last.ends_with(' ')) {
                    last.push(' ');
                }
                let last = pieces.len().saturating_sub(1);
                for (ix, piece) in pieces.into_iter().enumerate() {
                    used += width(&piece);
                    line.push(*ink, piece);
                    if ix < last {
                        lines.push(std::mem::take(&mut line));
                        used = 0;
                    }
                }
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }

    fn trimmed(mut self) -> Self {
        if let Some((_, last)) = self.0.last_mut() {
            last.truncate(last.trim_end().len());
        }
        self
    }

    fn push(&mut self, ink: Ink, text: String) {
        match self.0.last_mut() {
            Some((last, into)) if *last == ink => into.push_str(&text),
            _ => self.0.push((ink, text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_is_as_wide_as_it_may_be_and_says_so() {
        assert_eq!(fit("worker", 6), "worker");
        assert_eq!(fit("worker", 5), "work…");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日…", "half of a wide character is never shown");
        assert_eq!(fit("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
        assert_eq!(fit("🚀🚀", 1), "…");
        assert_eq!(fit("x", 0), "");
    }

    #[test]
    fn lines_break_between_words_and_never_lose_one() {
        assert_eq!(wrap("killed at its limit", 10), ["killed at", "its limit"]);
        assert_eq!(wrap("registry.example/very-long", 10), ["registry.e", "xample/ver", "y-long"]);
        assert_eq!(wrap("日本", 1), ["日本"]);
        assert!(wrap("", 5).is_empty());
    }

    #[test]
    fn a_phrase_wraps_and_keeps_its_inks() {
        let phrase = Phrase::of(Ink::Strong, "worker is ").and(Ink::Dim, "likely out of memory");
        let lines = phrase.wrap(16);
        assert_eq!(lines.iter().map(Phrase::plain).collect::<Vec<_>>(), ["worker is likely", "out of memory"]);
        assert_eq!(lines[0].0[1], (Ink::Dim, "likely".to_owned()));
    }
}
