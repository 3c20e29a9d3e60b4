//! How output is drawn: the newest at the bottom.

use std::ops::Range;

use super::find::Pattern;
use super::view::LogView;
use crate::domain::words::{count, many};
use crate::domain::{Level, LogLine, Record, Role};
use crate::ui::glyphs;
use crate::ui::layout::LayerAreas;
use crate::ui::panes::Ctx;
use crate::ui::pen::Pen;
use crate::ui::text::{Phrase, split, width};
use crate::ui::theme::Ink;

/// Draws output.
pub(in crate::ui) fn logs(pen: &mut Pen<'_>, ctx: &Ctx<'_>, logs: &LogView, areas: &LayerAreas) {
    pen.rule(areas.title, &title(ctx, logs), &state(logs));
    let height = usize::from(areas.body.height);
    let wide = usize::from(areas.body.width);
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
    let lead = logs.writers.values().map(|name| width(name)).max().unwrap_or(0).min(WHOSE);
    // From the last visible line upwards, until the page is full: long lines take several rows.
    let mut page: Vec<Phrase> = Vec::new();
    for (number, line) in logs.upwards() {
        let whose = writer(logs, line, lead);
        let rows = rows(ctx, logs, line, logs.found == Some(number), whose.as_deref(), wide);
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

fn title(ctx: &Ctx<'_>, logs: &LogView) -> Phrase {
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
    if let Some(since) = request.since {
        title = title.and(Ink::Dim, format!(" since {}", ctx.clock.moment(since)));
    }
    if let Some(filter) = &logs.filter {
        title = title.and(Ink::Strong, format!(" /{}", filter.text));
    }
    title
}

fn state(logs: &LogView) -> Phrase {
    let state = match (&logs.ended, logs.following, logs.behind) {
        (Some(why), true, _) => Phrase::of(Ink::Warning, format!("ended: {why}")),
        (Some(why), false, n) => Phrase::of(Ink::Warning, format!("ended: {why}, {} below", count(n as u64))),
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

fn rows(
    ctx: &Ctx<'_>,
    logs: &LogView,
    line: &LogLine,
    found: bool,
    whose: Option<&str>,
    columns: usize,
) -> Vec<Phrase> {
    let record = if logs.raw || line.note { None } else { Record::read(&line.text) };
    // Standard error, and what is no output, have signs of their own: colour alone would not tell.
    let (sign, ink) = match line {
        LogLine { note: true, .. } => ("─", Ink::Dim),
        LogLine { stderr: true, .. } if record.is_none() => ("!", Ink::Warning),
        _ => (" ", Ink::Text),
    };
    let sign = if found { glyphs::HERE } else { sign };
    let stamp = match line.at.filter(|_| columns >= 60) {
        Some(at) => format!("{} ", ctx.clock.seconds(at)),
        None => String::new(),
    };
    let stamp = match whose {
        Some(whose) => format!("{stamp}{whose} "),
        None => stamp,
    };
    let room = columns.saturating_sub(width(&stamp) + 2).max(8);
    let (text, below) = match &record {
        Some(record) => of_record(record),
        None => (Phrase::of(ink, line.text.as_str()), Vec::new()),
    };
    let text = [text].into_iter().chain(below.into_iter().map(|line| Phrase::dim(format!("  {line}"))));
    let text = text.map(|text| marked(text, logs.search.iter().chain(&logs.filter)));
    let rows: Vec<Phrase> = match logs.sideways {
        Some(from) => text.map(|text| beyond(text, from)).collect(),
        None => text.flat_map(|text| if text.is_empty() { vec![text] } else { text.wrap(room) }).collect(),
    };
    let blank = " ".repeat(width(&stamp));
    let each = rows.into_iter().enumerate().map(|(ix, text)| {
        let stamp = if ix == 0 { stamp.clone() } else { blank.clone() };
        let ink = if found { Ink::Key } else { ink };
        Phrase::dim(stamp).and(ink, format!("{sign} ")).then(text)
    });
    each.collect()
}

/// Level, message and short fields; and the lines of long ones.
fn of_record(record: &Record) -> (Phrase, Vec<String>) {
    let ink = match record.level {
        Some(Level::Fatal | Level::Error) => Ink::Critical,
        Some(Level::Warn) => Ink::Warning,
        Some(Level::Info) | None => Ink::Text,
        Some(Level::Debug | Level::Trace) => Ink::Dim,
    };
    let mut phrase = Phrase::default();
    if let Some(level) = record.level {
        phrase = phrase.and(ink, format!("{:<5} ", level.as_str()));
    }
    let (first, rest) = record.message.split_once('\n').unwrap_or((&record.message, ""));
    phrase = phrase.and(if ink == Ink::Dim { Ink::Dim } else { Ink::Text }, first);
    let (short, long) = record.parts();
    for (name, value) in short {
        phrase = phrase.and(Ink::Dim, format!("  {name}=")).and(Ink::Text, value);
    }
    (phrase, rest.lines().chain(long).map(str::to_owned).collect())
}

/// The phrase with what is looked for in another ink.
pub(in crate::ui) fn marked<'a>(phrase: Phrase, patterns: impl Iterator<Item = &'a Pattern>) -> Phrase {
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

/// The phrase without its first columns.
fn beyond(phrase: Phrase, columns: usize) -> Phrase {
    let mut left = columns;
    let mut out = Phrase::default();
    for (ink, text) in phrase.0 {
        let (head, tail) = split(&text, left);
        left -= width(head).min(left);
        if !tail.is_empty() {
            // A wide character that straddles the edge goes with what is left of it.
            left = 0;
            out = out.and(ink, tail);
        }
    }
    out
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
