//! Pages to read: logs, descriptions, manifests.

use super::case;
use super::glyphs;
use super::layout::LayerAreas;
use super::panes::Ctx;
use super::pen::Pen;
use super::screen::{LogView, TextView};
use super::text::{Phrase, width, wrap};
use super::theme::Ink;
use crate::domain::words::{count, many};
use crate::domain::{LogLine, Role};

/// Draws output: the newest at the bottom.
pub(super) fn logs(pen: &mut Pen<'_>, ctx: &Ctx<'_>, logs: &LogView, areas: &LayerAreas) {
    let request = &logs.request;
    let mut title = Phrase::of(Ink::Name, request.instance.cluster.as_str())
        .and(Ink::Title, format!(" {}", request.instance.local()))
        .and(Ink::Rule, " ─ ")
        .and(Ink::Text, if request.previous { "log of the run before" } else { "log" });
    if request.instance.kind.role() != Role::Instance {
        let writers = match logs.writers.len() {
            0 => " of its pods".to_owned(),
            n => format!(" of {}", many(n as u64, "pod")),
        };
        title = title.and(Ink::Text, writers);
    }
    if let Some(container) = &request.container {
        title = title.and(Ink::Dim, format!(" of {container}"));
    }
    let state = match (&logs.ended, logs.following, logs.behind) {
        (Some(why), _, _) => Phrase::of(Ink::Warning, format!("ended: {why}")),
        (None, true, _) => Phrase::of(Ink::Live, "● following"),
        (None, false, 0) => Phrase::of(Ink::Stale, format!("{} held", glyphs::HELD)),
        (None, false, n) => Phrase::of(Ink::Stale, format!("{} held, {} newer", glyphs::HELD, count(n as u64))),
    };
    pen.rule(areas.title, &title, &state);
    let height = usize::from(areas.body.height);
    let wide = usize::from(areas.body.width);
    if logs.lines.is_empty() {
        let said = if logs.ended.is_some() { "It printed nothing." } else { "Nothing was printed yet." };
        pen.write(areas.body.x + 1, areas.body.y, areas.body.width, &Phrase::dim(said), None);
        return;
    }
    let last = logs.lines.len().saturating_sub(if logs.following { 0 } else { logs.behind });
    let lead = logs.writers.values().map(|name| width(name)).max().unwrap_or(0).min(WHOSE);
    // From the last visible line upwards, until the page is full: long lines take several rows.
    let mut page: Vec<Phrase> = Vec::new();
    for line in logs.lines.range(..last).rev() {
        let rows = log_rows(ctx, line, writer(logs, line, lead).as_deref(), wide);
        let room = height - page.len();
        page.extend(rows.into_iter().rev().take(room));
        if page.len() >= height {
            break;
        }
    }
    if page.len() < height && logs.dropped > 0 {
        page.push(Phrase::dim(format!(" {} older lines are no longer kept", count(logs.dropped))));
    }
    for (y, line) in (areas.body.y..areas.body.bottom()).zip(page.iter().rev()) {
        pen.write(areas.body.x, y, areas.body.width, line, None);
    }
}

fn log_rows(ctx: &Ctx<'_>, line: &LogLine, whose: Option<&str>, columns: usize) -> Vec<Phrase> {
    // Standard error, and what is no output, have signs of their own: colour alone would not tell.
    let (sign, ink) = match line {
        LogLine { note: true, .. } => ("─", Ink::Dim),
        LogLine { stderr: true, .. } => ("!", Ink::Warning),
        _ => (" ", Ink::Text),
    };
    let stamp = match line.at.filter(|_| columns >= 60) {
        Some(at) => format!("{} ", ctx.clock.seconds(at)),
        None => String::new(),
    };
    let stamp = match whose {
        Some(whose) => format!("{stamp}{whose} "),
        None => stamp,
    };
    let lead = width(&stamp) + 2;
    let room = columns.saturating_sub(lead).max(8);
    let mut rows = wrap(&line.text, room);
    if rows.is_empty() {
        rows.push(String::new());
    }
    let each = rows.into_iter().enumerate().map(|(ix, text)| {
        let stamp = if ix == 0 { stamp.clone() } else { " ".repeat(width(&stamp)) };
        Phrase::dim(stamp).and(ink, format!("{sign} ")).and(ink, text)
    });
    each.collect()
}

/// Columns that the name of who wrote a line has at most.
const WHOSE: usize = 18;

/// Who wrote a line, in so many columns, where several do: by its end where it is too long, for there they differ.
fn writer(logs: &LogView, line: &LogLine, columns: usize) -> Option<String> {
    let name = logs.writers.get(line.from.as_ref()?).filter(|_| logs.writers.len() > 1)?;
    let long = name.chars().count();
    Some(match long > columns {
        true => format!("…{}", name.chars().skip(long - columns + 1).collect::<String>()),
        false => format!("{name:<columns$}"),
    })
}

/// Draws lines of text.
pub(super) fn text(pen: &mut Pen<'_>, text: &TextView, areas: &LayerAreas) {
    let title = Phrase::of(Ink::Title, text.title.as_str());
    let (end, lines): (Phrase, Vec<Phrase>) = match &text.lines {
        None => (Phrase::default(), vec![Phrase::dim(" It is being fetched.")]),
        Some(Err(why)) => (Phrase::default(), vec![Phrase::of(Ink::Warning, format!(" {} {why}", glyphs::WARNING))]),
        Some(Ok(lines)) => {
            let end = Phrase::dim(format!("{} lines", count(lines.len() as u64)));
            (end, lines.iter().map(|line| Phrase::text(format!(" {line}"))).collect())
        }
    };
    pen.rule(areas.title, &title, &end);
    case::lines(pen, areas.body, text.scroll, &lines);
}
