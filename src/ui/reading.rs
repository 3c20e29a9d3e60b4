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
use crate::domain::words::count;

/// Draws lines of text.
pub(super) fn text(pen: &mut Pen<'_>, text: &TextView, areas: &LayerAreas) {
    let title = Phrase::of(Ink::Title, text.title.as_str());
    let (end, lines): (Phrase, Vec<Phrase>) = match &text.lines {
        None => (Phrase::default(), vec![Phrase::dim(" It is being fetched.")]),
        Some(Err(why)) => (Phrase::default(), vec![Phrase::of(Ink::Warning, format!(" {} {why}", glyphs::WARNING))]),
        Some(Ok(lines)) => {
            let end = Phrase::dim(format!("{} lines", count(lines.len() as u64)));
            let shown = lines.iter().enumerate().map(|(at, line)| {
                let lead = if text.found == Some(at) { glyphs::HERE } else { " " };
                Phrase::of(Ink::Key, lead).then(marked(Phrase::text(line.as_str()), text.search.iter()))
            });
            (end, shown.collect())
        }
    };
    pen.rule(areas.title, &title, &end);
    case::lines(pen, areas.body, text.scroll, &lines);
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
