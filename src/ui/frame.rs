//! The whole frame.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::clock::Clock;
use super::layout::{self, Areas};
use super::model::Model;
use super::panes::{self, Ctx, Rows};
use super::pen::Pen;
use super::screen::{Hint, Layer, ListState, Pane, Screen};
use super::spots::Spot;
use super::text::Phrase;
use super::theme::Ink;
use super::widgets::table::{Row, Table};
use super::{case, glyphs, header, overlays, reading, sights, why};

/// Draws all of it. The area is the buffer's; nothing is kept from one frame to the next.
pub fn draw(screen: &Screen, model: &Model<'_>, buffer: &mut Buffer) {
    paint(&mut Pen::new(buffer, &screen.look), screen, model);
}

/// Draws all of it with a pen.
pub(super) fn paint(pen: &mut Pen<'_>, screen: &Screen, model: &Model<'_>) {
    let area = pen.area();
    let style = pen.style(Ink::Text);
    pen.clear(area, style);
    let size = (area.width, area.height);
    let clock = clock(screen, model);
    match screen.layers.last() {
        None => match layout::areas(size, screen.home.pane) {
            Some(areas) => home(pen, screen, model, &clock, &areas),
            None => return too_small(pen),
        },
        Some(layer) => match layout::layer_areas(size) {
            Some(areas) => {
                let ctx = Ctx::new(model, clock.clone(), areas.body.width);
                header::draw(pen, screen, &ctx, areas.header);
                opened(pen, screen, &ctx, layer, &areas);
                footer(pen, screen, areas.footer);
            }
            None => return too_small(pen),
        },
    }
    if let Some(overlay) = &screen.overlay {
        pen.cover();
        overlays::draw(pen, screen, &Ctx::new(model, clock, area.width), overlay);
    }
}

/// The clock that a screen shows times by.
pub(super) fn clock(screen: &Screen, model: &Model<'_>) -> Clock {
    let zone = if screen.utc { jiff::tz::TimeZone::UTC } else { screen.zone.clone() };
    Clock::new(model.view.now, zone)
}

fn too_small(pen: &mut Pen<'_>) {
    let area = pen.area();
    let (wide, high) = layout::SMALLEST;
    let said = Phrase::text(format!("too small: {wide}x{high} or more"));
    for (line, phrase) in (area.y..area.bottom()).zip(said.wrap(usize::from(area.width))) {
        pen.write(area.x, line, area.width, &phrase, None);
    }
}

fn home(pen: &mut Pen<'_>, screen: &Screen, model: &Model<'_>, clock: &Clock, areas: &Areas) {
    let ctx = Ctx::new(model, clock.clone(), areas.list.width);
    header::draw(pen, screen, &ctx, areas.header);
    header::tabs(pen, screen, &ctx, areas.tabs);
    let rows = panes::rows(screen.home.pane, &ctx);
    let empty = ListState::default();
    let list = screen.home.lists.get(&screen.home.pane).unwrap_or(&empty);
    draw_list(pen, screen, &ctx, &*rows, list, areas);
    draw_why(pen, screen, &ctx, list, areas);
    if let Some(side) = areas.side {
        super::side::draw(pen, screen, &ctx, side);
    }
    footer(pen, screen, areas.footer);
}

fn draw_list(pen: &mut Pen<'_>, screen: &Screen, ctx: &Ctx<'_>, rows: &dyn Rows, list: &ListState, areas: &Areas) {
    let pane = screen.home.pane;
    if list.order.is_empty() {
        return draw_empty(pen, screen, ctx, rows, areas);
    }
    let mut area = areas.list;
    area.height -= draw_sights(pen, ctx, pane, list.order.len(), area);
    let height = usize::from(area.height).max(1);
    let selected = list.selected_index();
    // The selected row is on the screen, whatever the list says of its first one.
    let first_for = |at: usize| list.top.clamp((at + 1).saturating_sub(height), at);
    let top = selected.map_or(list.top, first_for).min(list.order.len() - 1);
    let keys = list.order.iter().enumerate().skip(top).take(height);
    // A row that is gone keeps its place until the order is made anew.
    let row = |key| Row { marked: list.marks.rows.contains(key), ..rows.row(key).unwrap_or_else(gone) };
    let visible: Vec<(usize, Row)> = keys.map(|(ix, key)| (ix, row(key))).collect();
    let place = visible.iter().position(|(ix, _)| Some(*ix) == selected);
    let mut visible: Vec<Row> = visible.into_iter().map(|(_, row)| row).collect();
    let mut columns = rows.columns();
    if let Some(picked) = panes::picked(&columns, screen.home.columns.get(&pane)) {
        for row in &mut visible {
            row.cells = picked.iter().map(|ix| row.cells.get(*ix).cloned().unwrap_or_default()).collect();
        }
        columns = picked.iter().map(|ix| columns[*ix]).collect();
    }
    let table = Table { columns: &columns, rows: &visible, selected: place, sort: list.sort, wide: list.wide };
    let drawn = table.draw(pen, areas.heading, area);
    for (area, title) in drawn.headings {
        pen.spot(area, || Spot::Heading(title));
    }
    for (area, ix) in drawn.rows {
        let key = list.order.get(top + ix);
        key.into_iter().for_each(|key| pen.spot(area, || Spot::Row(pane, key.clone())));
    }
}

fn gone() -> Row {
    let mut row = Row::new((glyphs::NONE, Ink::Dim), vec![Phrase::default(), Phrase::dim("gone")]);
    row.faded = true;
    row
}

/// What of the pane cannot be believed, on the last lines of its list. Returns how many lines it took.
fn draw_sights(pen: &mut Pen<'_>, ctx: &Ctx<'_>, pane: Pane, rows: usize, area: Rect) -> u16 {
    let lines = sights::lines(ctx, pane);
    let free = usize::from(area.height).saturating_sub(rows);
    // At least a line where there is trouble, more where no row wants the room.
    let room = free.max(usize::from(area.height >= 6)).min(lines.len()).min(usize::from(area.height / 2));
    if room == 0 {
        return 0;
    }
    let top = area.bottom() - room as u16;
    let hidden = lines.len() - room;
    let more = if hidden > 0 { Phrase::dim(format!(" +{hidden} more")) } else { Phrase::default() };
    for (y, line) in (top..).zip(lines.iter().take(room)) {
        let taken = if y + 1 == area.bottom() { more.width() as u16 } else { 0 };
        pen.write(area.x + 1, y, area.width.saturating_sub(1 + taken), line, None);
    }
    pen.write_right(area.right(), area.bottom() - 1, area.width, &more, None);
    room as u16
}

/// What a list without rows says: what hides them, what cannot be read, or that there is nothing to list.
fn draw_empty(pen: &mut Pen<'_>, screen: &Screen, ctx: &Ctx<'_>, rows: &dyn Rows, areas: &Areas) {
    let pane = screen.home.pane;
    let narrowed = screen.home.scope.is_some() || screen.home.filter.as_ref().is_some_and(|filter| !filter.is_empty());
    // Nothing is listed: all that there is, is hidden.
    let hidden = if narrowed { panes::besides(pane, ctx, 0) } else { 0 };
    let sights = sights::lines(ctx, pane);
    let mut said = Vec::new();
    if hidden > 0 {
        let what = match (&screen.home.scope, &screen.home.filter) {
            (Some(scope), None) => format!("Outside of {scope} there are {hidden}. {} shows them.", scope.lift),
            (Some(scope), Some(_)) => format!("The filter, and being in {scope}, hide {hidden}. esc shows more."),
            (None, _) => format!("The filter hides {hidden}. esc shows them."),
        };
        said.push(Phrase::of(Ink::Warning, what));
    } else if sights.is_empty() {
        said.extend(rows.empty());
    } else {
        said.push(Phrase::of(Ink::Strong, incomplete(ctx, pane)));
    }
    said.extend(sights);
    let area = Rect { x: areas.list.x + 1, width: areas.list.width.saturating_sub(2), ..areas.list };
    let lines = said.iter().flat_map(|phrase| phrase.wrap(usize::from(area.width)));
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        pen.write(area.x, y, area.width, &line, None);
    }
}

/// Nothing is listed, and not everything could be looked at: that is not nothing.
fn incomplete(ctx: &Ctx<'_>, pane: Pane) -> String {
    let what = match pane {
        Pane::Triage => "Nothing is known to be wrong".to_owned(),
        Pane::Rollouts => "No rollout is known".to_owned(),
        Pane::Kills => "No kill is known".to_owned(),
        Pane::Probes => "No failing health check is known".to_owned(),
        Pane::Queues => "No queue is known".to_owned(),
        Pane::Nodes => "No node is known".to_owned(),
        Pane::Workloads => "No workload is known".to_owned(),
        Pane::Alerts => "No alert is known".to_owned(),
        Pane::Journal => "Nothing was done from here".to_owned(),
        Pane::Every(every) => format!("{}: none is known", every.title()),
    };
    let workloads = ctx.model.view.workloads().count() as u64;
    let seen = crate::domain::words::many(workloads, "workload");
    format!("{what} yet, and not everything can be seen ({seen} so far):")
}

fn draw_why(pen: &mut Pen<'_>, screen: &Screen, ctx: &Ctx<'_>, list: &ListState, areas: &Areas) {
    if areas.rule.height > 0 {
        let title = list.selected.as_ref().map(|key| why::title(ctx, screen.home.pane, key)).unwrap_or_default();
        let (marks, filter) = (marks_note(list), filter_note(screen, ctx, list));
        let gap = if marks.is_empty() || filter.is_empty() { "" } else { "  " };
        pen.rule(areas.rule, &title, &marks.and(Ink::Text, gap).then(filter));
    }
    let Some(key) = &list.selected else { return };
    let lines = why::brief(ctx, screen.home.pane, key, areas.why.width, usize::from(areas.why.height));
    for (y, line) in (areas.why.y..areas.why.bottom()).zip(lines) {
        pen.write(areas.why.x, y, areas.why.width, &line, None);
    }
}

/// How many rows are marked, and how many of them cannot be seen in the list.
fn marks_note(list: &ListState) -> Phrase {
    let marked = list.marks.rows.len();
    if marked == 0 {
        return Phrase::default();
    }
    let hidden = if list.marks.hidden > 0 { format!(" ({} not shown)", list.marks.hidden) } else { String::new() };
    Phrase::of(Ink::Key, format!("{marked} marked")).and(Ink::Warning, hidden)
}

/// What the filter, or the chosen namespace, hides: said as long as it is there.
fn filter_note(screen: &Screen, ctx: &Ctx<'_>, list: &ListState) -> Phrase {
    let filter = screen.home.filter.as_ref().filter(|filter| !filter.is_empty()).map(|filter| format!("/{filter}"));
    let by = [screen.home.scope.as_ref().map(ToString::to_string), filter].into_iter().flatten().collect::<Vec<_>>();
    if by.is_empty() {
        return Phrase::default();
    }
    let hidden = panes::besides(screen.home.pane, ctx, list.order.len());
    let ink = if hidden > 0 { Ink::Warning } else { Ink::Dim };
    Phrase::of(Ink::Key, by.join(" ")).and(ink, format!(" hides {hidden}"))
}

fn opened(pen: &mut Pen<'_>, screen: &Screen, ctx: &Ctx<'_>, layer: &Layer, areas: &layout::LayerAreas) {
    match layer {
        Layer::Case(case) => case::draw(pen, screen, &ctx.model, case, areas),
        Layer::Logs(logs) => super::logs::logs(pen, ctx, logs, areas),
        Layer::Text(text) => reading::text(pen, text, areas),
    }
}

/// The last line: what was said to the person, else what can be done.
fn footer(pen: &mut Pen<'_>, screen: &Screen, area: Rect) {
    if let Some(notice) = &screen.notice {
        let (glyph, ink) = notice.severity.map_or((glyphs::GOOD, Ink::Good), glyphs::of_severity);
        let said = Phrase::of(ink, format!("{glyph} ")).and(Ink::Strong, notice.text.as_str());
        pen.write(area.x + 1, area.y, area.width.saturating_sub(2), &said, None);
        return;
    }
    let mut x = area.x + 1;
    for (ix, hint) in screen.footer.iter().enumerate() {
        let said = hint_phrase(hint);
        let wide = said.width() as u16;
        if x + wide > area.right() {
            continue;
        }
        pen.spot(Rect { x, width: wide, ..area }, || Spot::Hint(ix));
        x = pen.write(x, area.y, wide, &said, None) + 3;
    }
}

fn hint_phrase(hint: &Hint) -> Phrase {
    match &hint.refused {
        None => Phrase::of(Ink::Key, hint.key.as_str()).and(Ink::Text, format!(" {}", hint.what)),
        Some(why) => Phrase::of(Ink::Refused, format!("{} {} ({why})", hint.key, hint.what)),
    }
}
