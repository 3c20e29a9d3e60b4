//! Keys that work here.

use super::super::case;
use super::super::pen::Pen;
use super::super::screen::Sheet;
use super::super::text::{Phrase, width};
use super::super::theme::Ink;
use super::{centred, hint};

/// From so many columns on, two columns of keys stand side by side.
const TWO: usize = 100;
/// No line is longer than this: it is read, not searched.
const LONGEST: usize = 76;
/// Columns between two columns of keys.
const GAP: usize = 3;

/// Draws the sheet, in two columns where there is room.
pub(super) fn draw(pen: &mut Pen<'_>, sheet: &Sheet) {
    let all = pen.area();
    let lines = lines(sheet, usize::from(all.width));
    let columns = lines.iter().map(Phrase::width).max().unwrap_or(0).max(30);
    let area = centred(all, columns, lines.len());
    let title = Phrase::of(Ink::Title, "Keys that work here");
    let inside = pen.frame(area, &title, &Phrase::default(), &hint("esc", "leave"));
    case::lines(pen, inside, sheet.scroll, &lines);
}

/// Lines that a sheet has on a terminal of this size, and how many of them are visible at once: what scrolling goes by.
pub fn sheet_extent(sheet: &Sheet, size: (u16, u16)) -> (usize, usize) {
    (lines(sheet, usize::from(size.0)).len(), usize::from(size.1).saturating_sub(2).max(1))
}

fn lines(sheet: &Sheet, screen: usize) -> Vec<Phrase> {
    let room = screen.saturating_sub(4).max(10);
    let twice = screen >= TWO;
    let column = if twice { (room - GAP) / 2 } else { room }.min(LONGEST);
    let keys = sheet.sections.iter().flat_map(|(_, lines)| lines).map(|(key, _)| width(key)).max().unwrap_or(0);
    let keys = keys.clamp(4, (column / 3).max(4));
    let sections: Vec<Vec<Phrase>> = sheet.sections.iter().map(|it| section(it, keys, column)).collect();
    if twice { side_by_side(&sections) } else { stacked(&sections) }
}

fn section(
    (title, lines): &(crate::domain::Text, Vec<(crate::domain::Text, crate::domain::Text)>),
    keys: usize,
    column: usize,
) -> Vec<Phrase> {
    let mut all = vec![Phrase::of(Ink::Title, title.as_str())];
    for (key, what) in lines {
        let room = column.saturating_sub(keys + 2).max(8);
        // Keys that are too many for their column stand on a line of their own.
        let alone = width(key) > keys;
        if alone {
            all.push(Phrase::of(Ink::Key, key.as_str()));
        }
        for (ix, text) in Phrase::text(what.as_str()).wrap(room).into_iter().enumerate() {
            let key = if ix == 0 && !alone { key.as_str() } else { "" };
            let gap = " ".repeat(keys + 2 - width(key));
            all.push(Phrase::of(Ink::Key, format!("{key}{gap}")).then(text));
        }
    }
    all
}

fn stacked(sections: &[Vec<Phrase>]) -> Vec<Phrase> {
    let mut lines = Vec::new();
    for section in sections {
        if !lines.is_empty() {
            lines.push(Phrase::default());
        }
        lines.extend(section.iter().cloned());
    }
    lines
}

/// Sections in two columns, in their order, as even as whole sections allow.
fn side_by_side(sections: &[Vec<Phrase>]) -> Vec<Phrase> {
    let height = |part: &[Vec<Phrase>]| part.iter().map(|section| section.len() + 1).sum::<usize>();
    let split = (0..=sections.len()).min_by_key(|at| height(&sections[..*at]).max(height(&sections[*at..])));
    let (left, right) = sections.split_at(split.unwrap_or(0));
    let (left, right) = (stacked(left), stacked(right));
    let rows = left.len().max(right.len());
    let column = left.iter().map(Phrase::width).max().unwrap_or(0);
    (0..rows)
        .map(|ix| {
            let first = left.get(ix).cloned().unwrap_or_default();
            let Some(second) = right.get(ix).filter(|line| !line.is_empty()) else { return first };
            let gap = " ".repeat((column + GAP).saturating_sub(first.width()));
            first.and(Ink::Text, gap).then(second.clone())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_fits_its_terminal_and_loses_no_word() {
        let keys =
            |n: usize| (0..n).map(|ix| (format!("ctrl-{ix}").into(), "what it does, told at some length".into()));
        let sheet =
            Sheet { sections: vec![("One".into(), keys(9).collect()), ("Two".into(), keys(4).collect())], scroll: 0 };
        for screen in [24, 40, 80, 99, 100, 200] {
            let lines = lines(&sheet, screen);
            assert!(lines.iter().all(|line| line.width() <= screen - 4), "{screen}");
            let words: usize = lines.iter().map(|line| line.plain().matches("length").count()).sum();
            assert_eq!(words, 13, "{screen}");
        }
        assert_eq!(sheet_extent(&sheet, (80, 24)), (16, 22));
    }
}
