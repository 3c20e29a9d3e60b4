//! Pages to read: descriptions, manifests.

use super::case;
use super::glyphs;
use super::layout::LayerAreas;
use super::logs::marked;
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
