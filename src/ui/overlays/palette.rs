//! What can be typed: commands, places, objects; and a question before a plan.

use ratatui::layout::Rect;

use super::super::glyphs;
use super::super::pen::Pen;
use super::super::screen::{Asks, Input, Menu, PaletteItem, Prompt};
use super::super::spots::Spot;
use super::super::text::{Phrase, width};
use super::super::theme::Ink;
use super::{centred, cut, hint, input, last_line};

/// Items of the palette that are shown at once. A menu shows more, and leaves a third of the frame.
const SHOWN: usize = 12;

/// Narrower than this a line says too little of its item.
const NARROW: u16 = 60;

/// A line of the list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    /// The name of a section, by its place.
    Section(usize),
    /// An item, by its place.
    Item(usize),
}

/// Draws the line that is typed, and what fits it above.
pub(super) fn draw(pen: &mut Pen<'_>, typed: &Input, items: &[PaletteItem], selected: usize, menu: Option<&Menu>) {
    let line = last_line(pen);
    if let Some(area) = area(pen.area(), items.len(), menu) {
        let shown = usize::from(area.height.saturating_sub(2));
        let end = if items.len() > shown { Phrase::dim(format!("{} fit", items.len())) } else { Phrase::default() };
        let title = menu.map_or("Go or do", |menu| menu.title.as_str());
        let foot = items.get(selected).map(|item| told_below(item, area.width)).unwrap_or_default();
        let inside = pen.frame(area, &Phrase::of(Ink::Title, title), &end, &foot);
        list(pen, inside, items, selected, menu);
    }
    match menu {
        None => input(pen, line, ":", typed, &Phrase::dim("tab complete   enter go   esc leave ")),
        Some(_) => input(pen, line, "find ", typed, &Phrase::dim("enter do   esc leave ")),
    }
}

/// What the selected one says, on the lower edge of a narrow list, where its line has no room for it.
fn told_below(item: &PaletteItem, columns: u16) -> Phrase {
    if columns >= NARROW {
        return Phrase::default();
    }
    let room = usize::from(columns).saturating_sub(7);
    match &item.refused {
        Some(why) => Phrase::of(Ink::Warning, cut(&format!("not now: {why}"), room)),
        None => Phrase::text(cut(&item.what, room)),
    }
}

/// Where the list is; none where there is no room for it.
fn area(all: Rect, items: usize, menu: Option<&Menu>) -> Option<Rect> {
    if all.height < 4 {
        return None;
    }
    let (wanted, most) = match menu {
        None => (items, SHOWN),
        Some(menu) => (items + menu.sections.len(), usize::from(all.height) * 2 / 3),
    };
    // A line of what is below stays in sight where there is more than the list and the field.
    let room = usize::from(all.height.saturating_sub(if all.height > 6 { 4 } else { 3 }));
    let height = wanted.clamp(1, most.max(1)).min(room) as u16 + 2;
    let bottom = all.bottom().saturating_sub(1);
    Some(Rect { y: bottom.saturating_sub(height), height, ..all })
}

/// The lines of the list that are visible, of at most `height`.
fn visible(items: usize, selected: usize, menu: Option<&Menu>, height: usize) -> Vec<Line> {
    let sections = menu.map_or(&[][..], |menu| &menu.sections[..]);
    let mut lines = Vec::with_capacity(items + sections.len());
    for ix in 0..items {
        let begins = sections.iter().position(|(first, _)| *first == ix);
        lines.extend(begins.map(Line::Section));
        lines.push(Line::Item(ix));
    }
    let at = lines.iter().position(|line| *line == Line::Item(selected)).unwrap_or(0);
    let mut top = (at + 1).saturating_sub(height.max(1));
    // The first item of all is seen with the name of its section.
    if at == 1 && height > 1 {
        top = 0;
    }
    lines.into_iter().skip(top).take(height).collect()
}

fn list(pen: &mut Pen<'_>, area: Rect, items: &[PaletteItem], selected: usize, menu: Option<&Menu>) {
    if items.is_empty() {
        pen.write(area.x, area.y, area.width, &Phrase::dim("Nothing fits. esc leaves."), None);
        return;
    }
    let label =
        items.iter().map(|item| width(&item.label)).max().unwrap_or(8).clamp(8, usize::from(area.width / 3).max(8));
    let lines = visible(items.len(), selected, menu, usize::from(area.height));
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        let area = Rect { y, height: 1, ..area };
        match line {
            Line::Item(ix) => {
                item(pen, area, &items[ix], ix == selected, label);
                pen.spot(area, || Spot::Item(ix));
            }
            Line::Section(ix) => {
                let title = menu.and_then(|menu| menu.sections.get(ix)).map_or("", |(_, title)| title.as_str());
                pen.write(area.x, y, area.width, &Phrase::of(Ink::Title, title), None);
            }
        }
    }
}

/// An item; what cannot be done says why before what it would do.
fn item(pen: &mut Pen<'_>, area: Rect, item: &PaletteItem, here: bool, label: usize) {
    let over = match (here, &item.refused) {
        (true, _) => Some(pen.style(Ink::Selected)),
        (false, Some(_)) => Some(pen.style(Ink::Refused)),
        (false, None) => None,
    };
    if here {
        let style = pen.style(Ink::Selected);
        pen.clear(area, style);
    }
    let name = cut(&item.label, label);
    let gap = " ".repeat(label.saturating_sub(width(&name)) + 2);
    let sign = if here { glyphs::HERE } else { " " };
    let why = item.refused.as_ref().map(|why| format!("not now: {why} ─ ")).unwrap_or_default();
    let said = Phrase::of(Ink::Text, format!("{sign} "))
        .and(Ink::Strong, format!("{name}{gap}"))
        .and(Ink::Text, format!("{why}{}", item.what));
    let key = item.key.as_ref().map(|key| Phrase::of(Ink::Key, key.as_str())).unwrap_or_default();
    let keys = key.width() as u16;
    pen.write(area.x, area.y, area.width.saturating_sub(keys + 1), &said, over);
    pen.write_right(area.right(), area.y, keys, &key, over);
}

/// Draws a question in the middle.
pub(super) fn prompt(pen: &mut Pen<'_>, prompt: &Prompt) {
    let all = pen.area();
    let error = prompt.error.as_ref().map(|error| Phrase::of(Ink::Critical, format!("{} {error}", glyphs::CRITICAL)));
    let columns = [width(&prompt.title), error.as_ref().map_or(0, Phrase::width), 44].into_iter().max().unwrap_or(44);
    let area = centred(all, columns + 2, 3);
    let enter = match prompt.asks {
        Asks::Amount(..) | Asks::Silence(_) => "shows what would happen",
        Asks::Reason(_) => "accept",
        Asks::Note(_) => "keep",
        Asks::Forward | Asks::Protected(_) => "forward",
    };
    let foot = hint("enter", enter).and(Ink::Text, "   ").then(hint("esc", "leave"));
    let inside = pen.frame(area, &Phrase::of(Ink::Title, prompt.title.as_str()), &Phrase::default(), &foot);
    input(pen, Rect { height: inside.height.min(1), ..inside }, "> ", &prompt.input, &Phrase::default());
    let lines = error.map(|error| error.wrap(usize::from(inside.width))).unwrap_or_default();
    for (y, line) in (inside.y + 1..inside.bottom()).zip(lines) {
        pen.write(inside.x, y, inside.width, &line, None);
    }
}
