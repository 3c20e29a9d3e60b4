//! How output is drawn: the newest at the bottom.

use super::block::{Block, Shape};
use super::page::Page;
use super::paint::Coat;
use super::view::LogView;
use crate::domain::words::{count, many};
use crate::domain::{LogLine, Ref, Role};
use crate::ui::glyphs;
use crate::ui::layout::LayerAreas;
use crate::ui::panes::Ctx;
use crate::ui::pen::Pen;
use crate::ui::text::{Phrase, fit, split, width};
use crate::ui::theme::Ink;

/// Draws output.
pub(in crate::ui) fn logs(pen: &mut Pen<'_>, ctx: &Ctx<'_>, logs: &LogView, areas: &LayerAreas) {
    let (height, wide) = (usize::from(areas.body.height), usize::from(areas.body.width));
    let page = Page { columns: wide, height };
    let bottom = logs.bottom(page);
    let below = bottom.map_or(0, |(place, _)| logs.len() - place - 1);
    pen.rule(areas.title, &title(ctx, logs), &state(logs, below, wide));
    if logs.is_empty() {
        // Why it ended may not fit beside the title.
        let said = match (&logs.filter, &logs.ended) {
            (Some(_), _) if !logs.lines.is_empty() => "No line that is kept is like that.".to_owned(),
            (_, Some(why)) => format!("Nothing is shown: {why}."),
            (_, None) => "Nothing was printed yet.".to_owned(),
        };
        let room = wide.saturating_sub(2);
        for (y, line) in (areas.body.y..areas.body.bottom()).zip(Phrase::dim(said).wrap(room)) {
            pen.write(areas.body.x + 1, y, areas.body.width, &line, None);
        }
        return;
    }
    let shape = Shape::of(logs, wide);
    // From the last visible line upwards, until the page is full: long lines take several rows.
    let mut rows: Vec<Row> = Vec::new();
    let (mut place, mut hidden) = bottom.unwrap_or_default();
    while let Some((number, line)) = logs.at(place)
        && rows.len() < height
    {
        let block = Block::of(logs, line, shape);
        let lead = Lead::of(ctx, logs, line, &block, logs.found == Some(number), shape);
        let visible = (0..block.rows().saturating_sub(hidden)).rev().take(height - rows.len());
        rows.extend(visible.map(|ix| Row::of(&lead, &block, ix, wide)));
        let Some(above) = place.checked_sub(1) else { break };
        (place, hidden) = (above, 0);
    }
    let older = (rows.len() < height && logs.dropped > 0)
        .then(|| Phrase::dim(format!(" {} older lines are no longer kept", count(logs.dropped))));
    let mut y = areas.body.y;
    if let Some(older) = older {
        pen.write(areas.body.x, y, areas.body.width, &older, None);
        y += 1;
    }
    for (y, row) in (y..areas.body.bottom()).zip(rows.iter().rev()) {
        row.draw(pen, areas.body.x, y, areas.body.right());
    }
}

fn title(ctx: &Ctx<'_>, logs: &LogView) -> Phrase {
    let request = &logs.request;
    let mut title = Phrase::of(Ink::Name, request.instance.cluster.as_str())
        .and(Ink::Title, format!(" {}", request.instance.local()))
        .and(Ink::Rule, " ─ ")
        .and(Ink::Text, if request.previous { "log of the run before" } else { "log" });
    if !logs.also.is_empty() {
        let also: Vec<String> = logs.also.iter().map(Ref::local).collect();
        return with_terms(ctx, logs, title.and(Ink::Dim, format!(" with {}", also.join(", "))));
    }
    if request.instance.kind.role() != Role::Instance {
        let noun = request.instance.kind.writers().unwrap_or("instance");
        let writers = match logs.writers.len() {
            0 => format!(" of its {noun}s"),
            n => format!(" of {}", many(n as u64, noun)),
        };
        title = title.and(Ink::Text, writers);
    }
    if let Some(container) = &request.container {
        title = title.and(Ink::Dim, format!(" of {container}"));
    }
    with_terms(ctx, logs, title)
}

/// With since when, and like what.
fn with_terms(ctx: &Ctx<'_>, logs: &LogView, mut title: Phrase) -> Phrase {
    if let Some(since) = logs.request.since {
        title = title.and(Ink::Dim, format!(" since {}", ctx.clock.moment(since)));
    }
    if let Some(filter) = &logs.filter {
        title = title.and(Ink::Strong, format!(" /{}", filter.text));
    }
    title
}

/// Whether it goes on, and how many lines are below the page.
fn state(logs: &LogView, below: usize, wide: usize) -> Phrase {
    // Whose output it is has to stay: where nothing else is shown, why it ended is.
    let ended = |why: &str| {
        if logs.is_empty() { "ended".to_owned() } else { fit(&format!("ended: {why}"), wide / 2).into_owned() }
    };
    let state = match (&logs.ended, logs.following, below) {
        (Some(why), true, _) => Phrase::of(Ink::Warning, ended(why)),
        (Some(why), false, n) => Phrase::of(Ink::Warning, format!("{}, {} below", ended(why), count(n as u64))),
        (None, true, _) => Phrase::of(Ink::Live, "● following"),
        (None, false, 0) => Phrase::of(Ink::Stale, format!("{} held", glyphs::HELD)),
        (None, false, n) => Phrase::of(Ink::Stale, format!("{} held, {} newer", glyphs::HELD, count(n as u64))),
    };
    match &logs.filter {
        Some(_) => {
            Phrase::dim(format!("{} of {}  ", count(logs.len() as u64), count(logs.lines.len() as u64))).then(state)
        }
        None => state,
    }
}

/// What stands before a line: when, whose, and what it is.
struct Lead {
    stamp: String,
    sign: &'static str,
    ink: Ink,
}

impl Lead {
    fn of(ctx: &Ctx<'_>, logs: &LogView, line: &LogLine, block: &Block<'_>, found: bool, shape: Shape) -> Self {
        // Standard error, and what is no output, have signs of their own: colour alone would not tell.
        let (sign, ink) = match line {
            _ if found => (glyphs::HERE, Ink::Key),
            LogLine { note: true, .. } => ("─", Ink::Dim),
            LogLine { stderr: true, .. } if !block.is_record => ("!", Ink::Warning),
            _ => (" ", Ink::Text),
        };
        let mut stamp = match line.at.filter(|_| shape.stamped) {
            Some(at) => format!("{} ", ctx.clock.seconds(at)),
            None => String::new(),
        };
        if let Some(whose) = writer(logs, line, shape.lead) {
            stamp.push_str(&whose);
            stamp.push(' ');
        }
        Self { stamp, sign, ink }
    }
}

/// One row of the page.
struct Row {
    pieces: Vec<(Coat, String)>,
    cut: bool,
}

impl Row {
    fn of(lead: &Lead, block: &Block<'_>, ix: usize, columns: usize) -> Self {
        let stamp = if ix == 0 { lead.stamp.clone() } else { " ".repeat(width(&lead.stamp)) };
        let room = columns.saturating_sub(width(&stamp) + 2);
        let mut pieces = vec![(Coat::Ink(Ink::Dim), stamp), (Coat::Ink(lead.ink), format!("{} ", lead.sign))];
        let (part, row) = block.row(ix);
        // Of a line that is not wrapped no more is read than fits.
        let shown = split(&part.text[row.clone()], room).0.len();
        let cut = shown < row.len();
        pieces.extend(part.pieces(row.start..row.start + shown).map(|(coat, text)| (coat, text.to_owned())));
        Self { pieces, cut }
    }

    fn draw(&self, pen: &mut Pen<'_>, x: u16, y: u16, right: u16) {
        let (mut at, mut last) = (x, pen.style(Ink::Text));
        let end = right.saturating_sub(u16::from(self.cut));
        for (coat, text) in &self.pieces {
            last = coat.style(pen);
            at = pen.put(at, y, end.saturating_sub(at), text, last);
        }
        if self.cut {
            pen.put(at, y, 1, "…", last);
        }
    }
}

/// Who wrote a line, in so many columns, where several do: by its end where it is too long, for there they differ.
fn writer(logs: &LogView, line: &LogLine, columns: usize) -> Option<String> {
    let name = logs.writers.get(line.from.as_ref()?).filter(|_| logs.writers.len() > 1)?;
    let long = name.chars().count();
    Some(match long > columns {
        true => format!("…{}", name.chars().skip(long - columns + 1).collect::<String>()),
        false => format!("{name:<columns$}"),
    })
}
