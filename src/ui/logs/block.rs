//! A line as it is read: its parts, and the rows that they take at a width.

use std::ops::Range;

use super::paint::{Painted, aside, rows};
use super::view::LogView;
use crate::domain::{Level, LogLine, Record};
use crate::ui::text::width;
use crate::ui::theme::Ink;

/// Columns that the name of who wrote a line has at most.
const WHOSE: usize = 18;
/// Columns of a stamp, and from so many on there is one.
const STAMP: usize = 9;
const STAMPED: usize = 60;

/// What all lines of a page share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    columns: usize,
    /// When a line was written is shown.
    pub stamped: bool,
    /// Columns for who wrote it; none are needed where only one does.
    pub lead: usize,
}

impl Shape {
    /// At so many columns.
    pub fn of(logs: &LogView, columns: usize) -> Self {
        let names = logs.writers.values().map(|name| width(name));
        let lead = if logs.writers.len() > 1 { names.max().unwrap_or(0).min(WHOSE) } else { 0 };
        Self { columns, stamped: columns >= STAMPED, lead }
    }

    fn room(self, line: &LogLine) -> usize {
        let stamp = if self.stamped && line.at.is_some() { STAMP } else { 0 };
        let whose = if self.lead > 0 && line.from.is_some() { self.lead + 1 } else { 0 };
        self.columns.saturating_sub(stamp + whose + 2).max(8)
    }
}

/// One line.
#[derive(Debug)]
pub(super) struct Block<'a> {
    parts: Vec<(Painted<'a>, Vec<Range<usize>>)>,
    /// It was taken apart.
    pub is_record: bool,
}

impl<'a> Block<'a> {
    /// How a line is read here.
    pub fn of(logs: &LogView, line: &'a LogLine, shape: Shape) -> Self {
        let record = if logs.raw || line.note { None } else { Record::read(&line.text) };
        let mut parts = match &record {
            Some(record) => of_record(record),
            None if line.note => vec![Painted::of(Ink::Dim, line.text.as_str())],
            None => vec![Painted::line(line, if line.stderr { Ink::Warning } else { Ink::Text })],
        };
        for part in &mut parts {
            let patterns = logs.search.iter().chain(&logs.filter);
            part.mark(patterns.flat_map(|pattern| pattern.spans(&part.text)).collect());
        }
        let room = shape.room(line);
        let in_rows = |part: Painted<'a>| {
            let rows = match logs.sideways {
                Some(from) => vec![aside(&part.text, from)],
                None => rows(&part.text, room),
            };
            (part, rows)
        };
        Self { parts: parts.into_iter().map(in_rows).collect(), is_record: record.is_some() }
    }

    /// How many rows it takes; at least one.
    pub fn rows(&self) -> usize {
        self.parts.iter().map(|(_, rows)| rows.len()).sum()
    }

    /// One of its rows: what of which part.
    pub fn row(&self, ix: usize) -> (&Painted<'a>, Range<usize>) {
        let mut ix = ix;
        for (part, rows) in &self.parts {
            match rows.get(ix) {
                Some(row) => return (part, row.clone()),
                None => ix -= rows.len(),
            }
        }
        (&self.parts[0].0, 0..0)
    }

    /// The first row in which something is marked.
    pub fn marked(&self) -> Option<usize> {
        let mut above = 0;
        for (part, rows) in &self.parts {
            if let Some(mark) = part.first_mark() {
                return Some(above + rows.partition_point(|row| row.end <= mark).min(rows.len().saturating_sub(1)));
            }
            above += rows.len();
        }
        None
    }
}

/// Level, message and short fields; and the lines of long ones.
fn of_record(record: &Record) -> Vec<Painted<'static>> {
    let ink = match record.level {
        Some(Level::Fatal | Level::Error) => Ink::Critical,
        Some(Level::Warn) => Ink::Warning,
        Some(Level::Info) | None => Ink::Text,
        Some(Level::Debug | Level::Trace) => Ink::Dim,
    };
    let level = record.level.map(|level| format!("{:<5} ", level.as_str())).unwrap_or_default();
    let (message, rest) = record.message.split_once('\n').unwrap_or((&record.message, ""));
    let mut first = Painted::of(ink, level).and(if ink == Ink::Dim { Ink::Dim } else { Ink::Text }, message);
    let (short, long) = record.parts();
    for (name, value) in short {
        first = first.and(Ink::Dim, &format!("  {name}=")).and(Ink::Text, value);
    }
    let below = rest.lines().chain(long).map(|line| Painted::of(Ink::Dim, format!("  {line}")));
    std::iter::once(first).chain(below).collect()
}
