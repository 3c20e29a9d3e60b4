//! What can be typed: commands, places, objects; and a question before a plan.

use ratatui::layout::Rect;

use super::super::glyphs;
use super::super::pen::Pen;
use super::super::screen::{Asks, Input, PaletteItem, Prompt};
use super::super::text::{Phrase, width};
use super::super::theme::Ink;
use super::{centred, cut, hint, input, last_line};

/// Items that are shown at once.
const SHOWN: usize = 12;

/// Draws the line that is typed, and what fits it above.
pub(super) fn draw(pen: &mut Pen<'_>, typed: &Input, items: &[PaletteItem], selected: usize) {
    let line = last_line(pen);
    let all = pen.area();
    let rows = items.len().clamp(1, SHOWN).min(usize::from(all.height.saturating_sub(4)));
    let height = rows as u16 + 2;
    if all.height > 6 {
        let area = Rect { y: line.y.saturating_sub(height), height, ..all };
        let end = if items.len() > rows { Phrase::dim(format!("{} fit", items.len())) } else { Phrase::default() };
        let inside = pen.frame(area, &Phrase::of(Ink::Title, "Go or do"), &end, &Phrase::default());
        list(pen, inside, items, selected);
    }
    input(pen, line, ":", typed, &Phrase::dim("tab complete   enter go   esc leave "));
}

fn list(pen: &mut Pen<'_>, area: Rect, items: &[PaletteItem], selected: usize) {
    if items.is_empty() {
        pen.write(area.x, area.y, area.width, &Phrase::dim("Nothing fits. esc leaves."), None);
        return;
    }
    let height = usize::from(area.height).max(1);
    let top = (selected + 1).saturating_sub(height);
    let label =
        items.iter().map(|item| width(&item.label)).max().unwrap_or(8).clamp(8, usize::from(area.width / 3).max(8));
    for (y, (ix, item)) in (area.y..area.bottom()).zip(items.iter().enumerate().skip(top)) {
        let here = ix == selected;
        let over = match (here, &item.refused) {
            (true, _) => Some(pen.style(Ink::Selected)),
            (false, Some(_)) => Some(pen.style(Ink::Refused)),
            (false, None) => None,
        };
        if here {
            let style = pen.style(Ink::Selected);
            pen.clear(Rect { y, height: 1, ..area }, style);
        }
        let name = cut(&item.label, label);
        let gap = " ".repeat(label.saturating_sub(width(&name)) + 2);
        let sign = if here { glyphs::HERE } else { " " };
        let why = item.refused.as_ref().map(|why| format!(" ─ not now: {why}")).unwrap_or_default();
        let said = Phrase::of(Ink::Text, format!("{sign} "))
            .and(Ink::Strong, format!("{name}{gap}"))
            .and(Ink::Text, format!("{}{why}", item.what));
        let key = item.key.as_ref().map(|key| Phrase::of(Ink::Key, key.as_str())).unwrap_or_default();
        let keys = key.width() as u16;
        pen.write(area.x, y, area.width.saturating_sub(keys + 1), &said, over);
        pen.write_right(area.right(), y, keys, &key, over);
    }
}

/// Draws a question in the middle.
pub(super) fn prompt(pen: &mut Pen<'_>, prompt: &Prompt) {
    let all = pen.area();
    let error = prompt.error.as_ref().map(|error| Phrase::of(Ink::Critical, format!("{} {error}", glyphs::CRITICAL)));
    let columns = [width(&prompt.title), error.as_ref().map_or(0, Phrase::width), 44].into_iter().max().unwrap_or(44);
    let area = centred(all, columns + 2, 3);
    let enter = match prompt.asks {
        Asks::Number => "shows what would happen",
        Asks::Reason(_) => "accept",
        Asks::Note(_) => "keep",
    };
    let foot = hint("enter", enter).and(Ink::Text, "   ").then(hint("esc", "leave"));
    let inside = pen.frame(area, &Phrase::of(Ink::Title, prompt.title.as_str()), &Phrase::default(), &foot);
    input(pen, Rect { height: inside.height.min(1), ..inside }, "> ", &prompt.input, &Phrase::default());
    if let Some(error) = error.filter(|_| inside.height > 1) {
        pen.write(inside.x, inside.y + 1, inside.width, &error, None);
    }
}
