//! What floats over the frame and takes the keys.

mod help;
mod palette;
mod preview;
mod run;

use ratatui::layout::Rect;

pub use help::sheet_extent;
pub use run::doing;
pub(super) use run::{outcome, standing, step};

use super::logs::Pattern;
use super::panes::Ctx;
use super::pen::Pen;
use super::screen::{Input, Overlay, Preview, Screen, Seek};
use super::text::{Phrase, fit, split, width};
use super::theme::Ink;

/// Lines that a preview has on a terminal of this size, and how many of them are visible at once: what scrolling goes by.
pub fn preview_extent(shown: &Preview, size: (u16, u16)) -> (usize, usize) {
    preview::extent(shown, size)
}

/// Draws what floats.
pub(super) fn draw(pen: &mut Pen<'_>, screen: &Screen, ctx: &Ctx<'_>, overlay: &Overlay) {
    match overlay {
        Overlay::Help(sheet) => help::draw(pen, sheet),
        Overlay::Palette { input, items, selected, menu } => {
            palette::draw(pen, input, items, *selected, menu.as_ref());
        }
        Overlay::Filter(input) => filter(pen, screen, ctx, input),
        Overlay::Seek(seek) => in_output(pen, seek),
        Overlay::Prompt(prompt) => palette::prompt(pen, prompt),
        Overlay::Preview(shown) => preview::draw(pen, shown),
        Overlay::Run(id) => run::draw(pen, ctx, *id),
    }
}

/// The filter as it is typed, on the last line, with what it hides.
fn filter(pen: &mut Pen<'_>, screen: &Screen, ctx: &Ctx<'_>, text: &Input) {
    let area = last_line(pen);
    let pane = screen.home.pane;
    let shown = screen.home.lists.get(&pane).map_or(0, |list| list.order.len());
    let hidden = if text.text.is_empty() { 0 } else { super::panes::besides(pane, ctx, shown) };
    let end = match super::filter::problem(&text.text) {
        Some(problem) => Phrase::of(Ink::Warning, format!("{problem} ")),
        None => Phrase::dim(format!("shows {shown}, hides {hidden}   ! inverts   enter keep   esc leave ")),
    };
    input(pen, area, "/", text, &end);
}

/// What is looked for in output as it is typed, on the last line.
fn in_output(pen: &mut Pen<'_>, seek: &Seek) {
    let area = last_line(pen);
    let end = match (Pattern::problem(&seek.input.text), seek.narrows) {
        (Some(problem), _) => Phrase::of(Ink::Warning, format!("{problem}: taken as it stands ")),
        (None, true) => Phrase::dim("regex, ! inverts, level:warn, field=value   enter keep   esc leave "),
        (None, false) => Phrase::dim("regex, level:error, field=value   enter find   esc leave "),
    };
    input(pen, area, if seek.narrows { "/" } else { "find " }, &seek.input, &end);
}

/// The last line of the frame, empty.
fn last_line(pen: &mut Pen<'_>) -> Rect {
    let all = pen.area();
    let area = Rect { y: all.bottom().saturating_sub(1), height: all.height.min(1), ..all };
    let style = pen.style(Ink::Text);
    pen.clear(area, style);
    area
}

/// A field with what was typed, its cursor in sight, and words at its end where there is room.
fn input(pen: &mut Pen<'_>, area: Rect, sign: &str, input: &Input, end: &Phrase) {
    if area.height == 0 {
        return;
    }
    let key = pen.style(Ink::Key);
    let x = pen.put(area.x + 1, area.y, area.width.saturating_sub(1), sign, key);
    let room = usize::from(area.right().saturating_sub(x));
    let (before, after) = input.text.split_at(input.cursor.min(input.text.len()));
    // What is left of the cursor is cut at its front, so that the cursor never leaves the field.
    let mut before = before;
    while width(before) + 1 > room && !before.is_empty() {
        let step = before.chars().next().map_or(1, char::len_utf8);
        before = &before[step..];
    }
    let style = pen.style(Ink::Input);
    let x = pen.put(x, area.y, room as u16, before, style);
    let (under, rest) = split(after, first_width(after));
    let cursor = style.add_modifier(ratatui::style::Modifier::REVERSED);
    let x = pen.put(x, area.y, area.right().saturating_sub(x), if under.is_empty() { " " } else { under }, cursor);
    let x = pen.put(x, area.y, area.right().saturating_sub(x), rest, style);
    let left = area.right().saturating_sub(x);
    if usize::from(left) > end.width() + 2 {
        pen.write_right(area.right(), area.y, left, end, None);
    }
}

fn first_width(text: &str) -> usize {
    use unicode_segmentation::UnicodeSegmentation;
    text.graphemes(true).next().map_or(0, super::text::grapheme_width)
}

/// A box in the middle, as large as what is in it, and no larger than the frame.
fn centred(all: Rect, columns: usize, rows: usize) -> Rect {
    let width = (columns as u16).saturating_add(4).min(all.width);
    let height = (rows as u16).saturating_add(2).min(all.height);
    Rect { x: all.x + (all.width - width) / 2, y: all.y + (all.height - height) / 2, width, height }
}

/// A key with what it does, for a box's lower edge.
fn hint(key: &str, what: &str) -> Phrase {
    Phrase::of(Ink::Key, key).and(Ink::Text, format!(" {what}"))
}

fn cut(text: &str, columns: usize) -> String {
    fit(text, columns).into_owned()
}
