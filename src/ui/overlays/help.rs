//! Keys that work here.

use super::super::case;
use super::super::pen::Pen;
use super::super::screen::Sheet;
use super::super::text::{Phrase, width};
use super::super::theme::Ink;
use super::{centred, hint};

/// Columns that keys take.
const KEYS: usize = 12;

/// Draws the sheet, in two columns where there is room.
pub(super) fn draw(pen: &mut Pen<'_>, sheet: &Sheet) {
    let all = pen.area();
    let widest = sheet.sections.iter().flat_map(|(_, lines)| lines).map(|(_, what)| KEYS + 2 + width(what)).max();
    let column = widest.unwrap_or(20).max(30);
    let twice = usize::from(all.width) >= 2 * column + 8;
    let lines = lines(sheet);
    let lines = if twice { side_by_side(lines, column) } else { lines };
    let columns = if twice { 2 * column + 2 } else { column };
    let area = centred(all, columns, lines.len());
    let title = Phrase::of(Ink::Title, "Keys that work here");
    let inside = pen.frame(area, &title, &Phrase::default(), &hint("esc", "leave"));
    case::lines(pen, inside, sheet.scroll, &lines);
}

fn lines(sheet: &Sheet) -> Vec<Phrase> {
    let mut lines = Vec::new();
    for (title, keys) in &sheet.sections {
        if !lines.is_empty() {
            lines.push(Phrase::default());
        }
        lines.push(Phrase::of(Ink::Title, title.as_str()));
        lines.extend(keys.iter().map(|(key, what)| {
            let gap = " ".repeat(KEYS.saturating_sub(width(key)).max(1));
            Phrase::of(Ink::Key, format!("{key}{gap}")).and(Ink::Text, what.as_str())
        }));
    }
    lines
}

/// The second half beside the first one, broken between sections where one ends near the middle.
fn side_by_side(lines: Vec<Phrase>, column: usize) -> Vec<Phrase> {
    let half = lines.len().div_ceil(2);
    let near = (0..lines.len()).filter(|ix| lines[*ix].is_empty()).min_by_key(|ix| ix.abs_diff(half));
    let at = near.unwrap_or(half);
    let mut right = lines[at..].iter().skip_while(|line| line.is_empty());
    let rows = at.max(lines.len() - at);
    (0..rows)
        .map(|ix| {
            let left = lines[..at].get(ix).cloned().unwrap_or_default();
            let gap = " ".repeat((column + 2).saturating_sub(left.width()));
            match right.next() {
                Some(right) => left.and(Ink::Text, gap).then(right.clone()),
                None => left,
            }
        })
        .collect()
}
