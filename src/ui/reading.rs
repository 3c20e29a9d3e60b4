//! Pages to read: descriptions, manifests.

use std::ops::Range;

use super::case;
use super::glyphs;
use super::layout::LayerAreas;
use super::logs::Pattern;
use super::pen::Pen;
use super::screen::TextView;
use super::text::Phrase;
use super::theme::Ink;
use crate::domain::words::{count, many};

/// Draws lines of text.
pub(super) fn text(pen: &mut Pen<'_>, text: &TextView, areas: &LayerAreas) {
    let title = Phrase::of(Ink::Title, text.title.as_str());
    let lines = match &text.lines {
        Some(Ok(lines)) => lines,
        none => {
            let said = match none {
                Some(Err(why)) => Phrase::of(Ink::Warning, format!(" {} {why}", glyphs::WARNING)),
                _ => Phrase::dim(" It is being fetched."),
            };
            pen.rule(areas.title, &title, &Phrase::default());
            return case::lines(pen, areas.body, 0, &[said]);
        }
    };
    let (shown, all) = (text.folds.shown(), count(lines.len() as u64));
    let end = match shown.len() < lines.len() {
        true => format!("{} of {all} lines", count(shown.len() as u64)),
        false => format!("{all} lines"),
    };
    pen.rule(areas.title, &title, &Phrase::dim(end));
    let page = usize::from(areas.body.height);
    let top = text.scroll.min(shown.len().saturating_sub(page));
    let below = shown.len().saturating_sub(top + page);
    let more = if below > 0 { Phrase::dim(format!(" {below} more below ")) } else { Phrase::default() };
    let here = if text.folds.any() { Some(text.cursor) } else { text.found };
    for (y, at) in (areas.body.y..areas.body.bottom()).zip(shown.iter().skip(top)) {
        let lead = if here == Some(*at) { glyphs::HERE } else { " " };
        let mut line = Phrase::of(Ink::Key, lead).then(marked(Phrase::text(lines[*at].as_str()), text.search.iter()));
        if let Some(folded) = text.folds.below(*at) {
            line = line.and(Ink::Dim, format!(" … {}", many(folded as u64, "line")));
        }
        let taken = if y + 1 == areas.body.bottom() { more.width() as u16 } else { 0 };
        pen.write(areas.body.x, y, areas.body.width.saturating_sub(taken), &line, None);
    }
    pen.write_right(areas.body.right(), areas.body.bottom().saturating_sub(1), areas.body.width, &more, None);
}

/// The phrase with what is looked for in another ink.
fn marked<'a>(phrase: Phrase, patterns: impl Iterator<Item = &'a Pattern>) -> Phrase {
    let plain = phrase.plain();
    let mut spans: Vec<Range<usize>> = patterns.flat_map(|pattern| pattern.spans(&plain)).collect();
    if spans.is_empty() {
        return phrase;
    }
    spans.sort_unstable_by_key(|it| (it.start, it.end));
    let mut out = Phrase::default();
    let mut at = 0;
    for (ink, text) in phrase.0 {
        let mut done = 0;
        for span in &spans {
            let (from, to) = (span.start.max(at + done), span.end.min(at + text.len()));
            if from < to {
                out = out.and(ink, &text[done..from - at]).and(Ink::Selected, &text[from - at..to - at]);
                done = to - at;
            }
        }
        out = out.and(ink, &text[done..]);
        at += text.len();
    }
    out
}
