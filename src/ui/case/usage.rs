//! What is used of what may be used: each instance, and each of its containers where there are several.

use super::super::clock::age_of;
use super::super::glyphs;
use super::super::model::Model;
use super::super::panes::Ctx;
use super::super::pen::Pen;
use super::super::say;
use super::super::screen::CaseRow;
use super::super::text::Phrase;
use super::super::theme::Ink;
use super::super::why;
use super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::{Sheet, instances, lines, sentence, window};
use crate::domain::words::seconds_between;
use crate::domain::{Container, ContainerRole, ContainerSpec, Instance, Metric, Name, Ref, Role};
use crate::state::{Series, View};

/// Lines above the rows: what the page is, and the names of columns.
pub(super) const ABOVE: usize = 2;
/// Bars of a line.
const BARS: usize = 12;

/// How much of something is asked for, or allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Bound {
    /// So much.
    Set(u64),
    /// It is said that there is none.
    Unset,
    /// It is not known.
    Unknown,
}

impl Bound {
    fn of(said: Option<u64>) -> Self {
        said.map_or(Bound::Unset, Bound::Set)
    }

    /// So much, where it is set.
    pub(in crate::ui) const fn set(self) -> Option<u64> {
        match self {
            Bound::Set(n) => Some(n),
            Bound::Unset | Bound::Unknown => None,
        }
    }

    /// Of several together: none where one has none.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Bound::Set(a), Bound::Set(b)) => Bound::Set(a.saturating_add(b)),
            (Bound::Unknown, _) | (_, Bound::Unknown) => Bound::Unknown,
            _ => Bound::Unset,
        }
    }

    /// `256 MiB`, `none`, `not known`.
    pub(super) fn in_words(self, metric: Metric) -> String {
        match self {
            Bound::Set(n) => amount(metric, n),
            Bound::Unset => "none".to_owned(),
            Bound::Unknown => "not known".to_owned(),
        }
    }

    fn cell(self, metric: Metric) -> Phrase {
        match self {
            Bound::Set(n) => Phrase::text(amount(metric, n)),
            Bound::Unset => Phrase::dim("none"),
            Bound::Unknown => Phrase::dim(UNKNOWN),
        }
    }
}

const UNKNOWN: &str = "?";

fn amount(metric: Metric, n: u64) -> String {
    say::measured(metric, n as f64)
}

/// What is asked for and what is allowed.
#[derive(Debug, Clone, Copy)]
pub(in crate::ui) struct Bounds {
    pub memory_request: Bound,
    pub memory_limit: Bound,
    pub cpu_request: Bound,
    pub cpu_limit: Bound,
}

/// What one container of an instance is made of, as its workload says.
pub(super) fn spec_of<'a>(view: &View<'a>, instance: &Instance, it: &Container) -> Option<&'a ContainerSpec> {
    let all = &view.workload(instance.owner.as_ref()?)?.containers;
    let named = all.iter().find(|spec| spec.name == it.name);
    // A container of an engine is called otherwise than its service.
    named.or_else(|| all.first().filter(|_| all.len() == 1 && instance.containers.len() == 1))
}

/// What is asked for and allowed for one container of an instance, or for all of it.
pub(in crate::ui) fn bounds(view: &View<'_>, instance: &Instance, part: Option<&Container>) -> Bounds {
    match part {
        Some(part) => of_part(view, instance, part),
        None => of_all(view, instance),
    }
}

fn of_part(view: &View<'_>, instance: &Instance, part: &Container) -> Bounds {
    let spec = spec_of(view, instance, part);
    let by_spec = |of: fn(&ContainerSpec) -> Option<u64>| spec.map_or(Bound::Unknown, |spec| Bound::of(of(spec)));
    Bounds {
        memory_request: by_spec(|spec| spec.memory_request_bytes),
        // What runs says its own limit; where it says none, its workload may.
        memory_limit: part.memory_limit_bytes.map_or_else(|| by_spec(|spec| spec.memory_limit_bytes), Bound::Set),
        cpu_request: by_spec(|spec| spec.cpu_request_millis),
        cpu_limit: by_spec(|spec| spec.cpu_limit_millis),
    }
}

fn of_all(view: &View<'_>, instance: &Instance) -> Bounds {
    let works = |it: &&Container| matches!(it.role, ContainerRole::Main | ContainerRole::Sidecar);
    let each = instance.containers.iter().filter(works).map(|part| of_part(view, instance, part));
    let together = |a: Bounds, b: Bounds| Bounds {
        memory_request: a.memory_request.and(b.memory_request),
        memory_limit: a.memory_limit.and(b.memory_limit),
        cpu_request: a.cpu_request.and(b.cpu_request),
        cpu_limit: a.cpu_limit.and(b.cpu_limit),
    };
    let unknown = Bound::Unknown;
    let mut all = each.reduce(together).unwrap_or(Bounds {
        memory_request: unknown,
        memory_limit: unknown,
        cpu_request: unknown,
        cpu_limit: unknown,
    });
    // The instance itself says what is set aside for it.
    let own = |known: Bound, own: u64| if own > 0 { Bound::Set(own) } else { known };
    all.memory_request = own(all.memory_request, instance.memory_request_bytes);
    all.cpu_request = own(all.cpu_request, instance.cpu_request_millis);
    all
}

/// The rows: instances by name, those that have ended left out unless nothing else is there; below each its containers.
pub(super) fn rows(model: &Model<'_>, target: &Ref, container: Option<&Name>) -> Vec<CaseRow> {
    if let Some(name) = container {
        return vec![CaseRow::Container(target.clone(), name.clone())];
    }
    let mut all: Vec<&Instance> = instances::of(model, target).into_iter().filter(|it| !it.phase.ended()).collect();
    all.sort_by_key(|it| &it.key);
    let own = (target.kind.role() == Role::Node).then(|| CaseRow::Instance(target.clone()));
    let each = all.into_iter().flat_map(|it| {
        let parts = if it.containers.len() > 1 { &it.containers[..] } else { &[] };
        let parts = parts.iter().map(|part| CaseRow::Container(it.key.clone(), part.name.clone()));
        std::iter::once(CaseRow::Instance(it.key.clone())).chain(parts)
    });
    own.into_iter().chain(each).collect()
}

const COLUMNS: [Column; 12] = [
    words("name", Room::Fits(10, 26), 9),
    numbers("memory", 8, 9),
    numbers("request", 8, 5),
    numbers("limit", 8, 8),
    numbers("share", 5, 9),
    words("memory trend", Room::Fixed(BARS as u16), 7),
    numbers("cpu", 7, 8),
    numbers("request", 7, 3),
    numbers("limit", 7, 4),
    numbers("share", 5, 4),
    words("cpu trend", Room::Fixed(BARS as u16), 6),
    numbers("span", 5, 2),
];

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, sheet: &Sheet<'_>) {
    let Some(target) = &sheet.target else { return sentence(pen, sheet.body, "It is not there any more.") };
    let keys = sheet.rows();
    if keys.is_empty() {
        let own = why::usage(&sheet.ctx, target);
        return match own.is_empty() {
            true => sentence(pen, sheet.body, "Nothing of it runs now: what it uses is not known."),
            false => lines(pen, sheet.body, 0, &own),
        };
    }
    let selected = sheet.picked(&keys);
    let height = usize::from(sheet.body.height).saturating_sub(ABOVE).max(1);
    let top = window(sheet.case.scroll, selected.unwrap_or(0), height, keys.len());
    let of = |key: &CaseRow| Used::of(&sheet.ctx, key, sheet.case.container.is_some());
    let shown = keys.iter().skip(top).take(height).filter_map(|key| Some((key.clone(), of(key)?)));
    let (shown_keys, shown): (Vec<CaseRow>, Vec<Used<'_>>) = shown.unzip();
    let said = summary(&shown);
    let area = sheet.body;
    pen.write(area.x + 1, area.y, area.width.saturating_sub(2), &said, None);
    let table = ratatui::layout::Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let rows = shown_keys.into_iter().zip(shown.iter().map(Used::row)).collect();
    instances::table(pen, table, &COLUMNS, rows, selected.and_then(|at| at.checked_sub(top)));
}

/// What the figures are; that there are none is said before they are missed.
fn summary(shown: &[Used<'_>]) -> Phrase {
    let measured = |it: &&Used<'_>| it.memory.is_some() || it.cpu.is_some();
    match shown.iter().filter(measured).count() {
        0 => Phrase::of(Ink::Warning, "No metrics: use is not known.")
            .and(Ink::Dim, " Requests and limits are what is asked for."),
        n if n < shown.len() => Phrase::dim("share: of the limit; ?: not known, nothing was measured of it"),
        _ => Phrase::dim("share: of the limit; bars: the newest on the right"),
    }
}

/// One row: what is used, and what may be.
struct Used<'a> {
    name: Phrase,
    bounds: Bounds,
    memory: Option<&'a Series>,
    cpu: Option<&'a Series>,
}

impl<'a> Used<'a> {
    fn of(ctx: &Ctx<'a>, key: &CaseRow, alone: bool) -> Option<Self> {
        let view = &ctx.model.view;
        let of = key.instance()?;
        let unknown = Bound::Unknown;
        if let Some(node) = view.node(of) {
            let bound = |n: Option<u64>| n.map_or(unknown, Bound::Set);
            let (memory_limit, cpu_limit) = (bound(node.memory_bytes), bound(node.cpu_millis));
            let bounds = Bounds { memory_request: Bound::Unset, memory_limit, cpu_request: Bound::Unset, cpu_limit };
            let name = Phrase::of(Ink::Strong, "the node itself");
            let series = |metric| view.series(of, metric);
            return Some(Self { name, bounds, memory: series(Metric::MemoryBytes), cpu: series(Metric::CpuMillis) });
        }
        let instance = view.instance(of)?;
        let part = match key {
            CaseRow::Container(_, name) => Some(instance.containers.iter().find(|part| part.name == *name)?),
            _ => None,
        };
        // A lone container uses what its instance does.
        let measured = part.filter(|_| instance.containers.len() > 1).map(|part| &*part.name);
        let series = |metric| view.part_series(of, measured, metric);
        let name = match part {
            Some(part) if alone => Phrase::of(Ink::Strong, part.name.as_str()),
            Some(part) => Phrase::dim(format!(" {} ", glyphs::DRAGS)).and(Ink::Text, part.name.as_str()),
            None => Phrase::of(Ink::Strong, instance.key.name.as_str()),
        };
        let bounds = bounds(view, instance, part);
        Some(Self { name, bounds, memory: series(Metric::MemoryBytes), cpu: series(Metric::CpuMillis) })
    }

    fn row(&self) -> Row {
        let bounds = &self.bounds;
        let memory = self.cells(Metric::MemoryBytes, self.memory, bounds.memory_request, bounds.memory_limit);
        let cpu = self.cells(Metric::CpuMillis, self.cpu, bounds.cpu_request, bounds.cpu_limit);
        let full = [(self.memory, bounds.memory_limit), (self.cpu, bounds.cpu_limit)];
        let full = full.into_iter().any(|(series, limit)| share(series, limit).is_some_and(|share| share >= FULL));
        let mark = if full { (glyphs::WARNING, Ink::Warning) } else { (glyphs::NONE, Ink::Dim) };
        let cells = std::iter::once(self.name.clone()).chain(memory).chain(cpu).chain([self.span()]);
        Row::new(mark, cells.collect())
    }

    fn cells(&self, metric: Metric, series: Option<&Series>, request: Bound, limit: Bound) -> [Phrase; 5] {
        let used = series.and_then(Series::latest).map(|(_, value)| value);
        let share = share(series, limit);
        let ink = if share.is_some_and(|share| share >= FULL) { Ink::BarFull } else { Ink::Bar };
        let values: Vec<f64> =
            series.map(|series| series.values().map(|(_, value)| value).collect()).unwrap_or_default();
        // One or two values are no trend.
        let bars = if values.len() < 3 { &[] } else { &values[values.len().saturating_sub(BARS)..] };
        [
            used.map_or_else(|| Phrase::dim(UNKNOWN), |used| Phrase::text(say::measured(metric, used))),
            request.cell(metric),
            limit.cell(metric),
            share.map_or_else(Phrase::default, |share| Phrase::of(ink, format!("{:.0} %", share * 100.0))),
            Phrase::of(ink, glyphs::sparkline(bars, limit.set().map(|n| n as f64))),
        ]
    }

    /// How long the lines of bars are, in time.
    fn span(&self) -> Phrase {
        let of = |series: Option<&Series>| {
            let times: Vec<_> = series?.values().map(|(at, _)| at).collect();
            let from = times.get(times.len().saturating_sub(BARS))?;
            (times.len() > 2).then(|| seconds_between(*from, *times.last().unwrap_or(from)))
        };
        of(self.memory).max(of(self.cpu)).map_or_else(Phrase::default, |seconds| Phrase::dim(age_of(seconds)))
    }
}

/// Nearly all of a limit.
const FULL: f64 = 0.9;

fn share(series: Option<&Series>, limit: Bound) -> Option<f64> {
    let (_, used) = series?.latest()?;
    limit.set().filter(|limit| *limit > 0).map(|limit| used / limit as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::words::bytes;

    #[test]
    fn of_several_limits_one_that_is_missing_leaves_none() {
        assert_eq!(Bound::Set(1).and(Bound::Set(2)), Bound::Set(3));
        assert_eq!(Bound::Set(1).and(Bound::Unset), Bound::Unset);
        assert_eq!(Bound::Unset.and(Bound::Unknown), Bound::Unknown);
    }

    #[test]
    fn unknown_is_not_none() {
        assert_eq!(Bound::Unknown.in_words(Metric::MemoryBytes), "not known");
        assert_eq!(Bound::Unset.in_words(Metric::MemoryBytes), "none");
        assert_eq!(Bound::Set(256 << 20).in_words(Metric::MemoryBytes), bytes(256 << 20));
    }
}
