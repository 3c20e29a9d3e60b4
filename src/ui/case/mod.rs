//! The case file: one place for one thing. Its cause, what happened in order, what runs, what was rolled out, what it uses
//! and what it wrote; and the way down to one container.

mod container;
mod file;
mod instances;
mod links;
mod logs;
mod open;
mod revision;
mod timeline;
mod usage;

use std::collections::BTreeSet;

use ratatui::layout::Rect;

pub use file::{CaseFile, CaseRow, CaseTab};
pub(super) use links::addresses;
pub use logs::{trouble_first, troubled_container};
pub use open::{Opens, opens};
pub(super) use usage::bounds;

use super::layout::{self, LayerAreas};
use super::model::Model;
use super::panes::{self, Ctx};
use super::pen::Pen;
use super::screen::{Pane, RowKey, Screen};
use super::spots::Spot;
use super::text::Phrase;
use super::theme::Ink;
use super::{frame, why};
use crate::domain::{Change, Kind, Ref, Role, Want};

/// Columns that a title has at least beside the names of all pages.
const TITLE: usize = 28;

/// A case file as it is looked at: what it is of, looked up once.
struct Sheet<'a> {
    ctx: Ctx<'a>,
    pane: Pane,
    case: &'a CaseFile,
    target: Option<Ref>,
    body: Rect,
}

impl<'a> Sheet<'a> {
    fn of(case: &'a CaseFile, screen: &Screen, model: &Model<'a>) -> Option<Self> {
        let body = layout::layer_areas(screen.size)?.body;
        let ctx = Ctx::new(model, frame::clock(screen, model), body.width);
        let target = panes::target(screen.home.pane, &case.of, model);
        Some(Self { ctx, pane: screen.home.pane, case, target, body })
    }

    /// The rows of its page, in the order shown.
    fn rows(&self) -> Vec<CaseRow> {
        let (Some(target), model) = (&self.target, &self.ctx.model) else { return Vec::new() };
        match self.case.tab {
            CaseTab::Why | CaseTab::Logs => Vec::new(),
            CaseTab::Timeline => {
                timeline::entries(&self.ctx, self.case, target).iter().map(timeline::Entry::row).collect()
            }
            CaseTab::Instances => instances::rows(model, target),
            CaseTab::Revision => revision::rows(&model.view, target),
            CaseTab::Use => usage::rows(model, target, self.case.container.as_ref()),
        }
    }

    /// The row that keys act on: the one that was selected, while it is there; else the first, of what happened the last.
    fn picked(&self, rows: &[CaseRow]) -> Option<usize> {
        let last = rows.len().checked_sub(1)?;
        let known = self.case.pick().and_then(|pick| rows.iter().position(|row| row == pick));
        Some(known.unwrap_or(if self.case.tab == CaseTab::Timeline { last } else { 0 }))
    }
}

/// The pages that there are of it. One that could only say that it is empty is none.
pub fn tabs(case: &CaseFile, screen: &Screen, model: &Model<'_>) -> Vec<CaseTab> {
    tabs_of(panes::target(screen.home.pane, &case.of, model).as_ref(), case)
}

fn tabs_of(target: Option<&Ref>, case: &CaseFile) -> Vec<CaseTab> {
    use CaseTab::{Instances, Logs, Revision, Timeline, Use, Why};
    let Some(kind) = target.map(|key| key.kind) else { return vec![Why] };
    match (kind, kind.role()) {
        _ if case.container.is_some() => vec![Why, Timeline, Use, Logs],
        (Kind::Job | Kind::CronJob | Kind::BarePod | Kind::Custom, _) => vec![Why, Timeline, Instances, Use, Logs],
        // It is its container.
        (Kind::ContainerInstance, _) => vec![Why, Timeline, Revision, Use, Logs],
        (_, Role::Workload | Role::Instance) => CaseTab::ALL.to_vec(),
        (_, Role::Node) => vec![Why, Timeline, Instances, Use],
        (Kind::Endpoint, _) => vec![Why, Timeline, Instances, Logs],
        _ => vec![Why, Timeline],
    }
}

/// The rows of the page that is shown, in the order shown; none where it is read.
pub fn rows(case: &CaseFile, screen: &Screen, model: &Model<'_>) -> Vec<CaseRow> {
    Sheet::of(case, screen, model).map(|sheet| sheet.rows()).unwrap_or_default()
}

/// The row that keys act on.
pub fn picked(case: &CaseFile, screen: &Screen, model: &Model<'_>) -> Option<CaseRow> {
    let sheet = Sheet::of(case, screen, model)?;
    let rows = sheet.rows();
    sheet.picked(&rows).and_then(|at| rows.get(at).cloned())
}

/// How many lines the open page has at this size: what scrolling goes by.
pub fn line_count(case: &CaseFile, screen: &Screen, model: &Model<'_>) -> usize {
    let Some(sheet) = Sheet::of(case, screen, model) else { return 0 };
    match case.tab {
        CaseTab::Why => why_lines(&sheet).len(),
        CaseTab::Logs => logs::lines(&sheet).len(),
        _ => sheet.rows().len(),
    }
}

/// The first line, or row, that is visible now: what is selected is among them.
pub fn top(case: &CaseFile, screen: &Screen, model: &Model<'_>) -> usize {
    let Some(sheet) = Sheet::of(case, screen, model) else { return case.scroll };
    let height = usize::from(sheet.body.height);
    match case.tab {
        CaseTab::Why | CaseTab::Logs => case.scroll,
        CaseTab::Timeline => timeline::top(&sheet, &timeline::laid_out(&sheet)),
        CaseTab::Instances => row_top(&sheet, height.saturating_sub(1)),
        CaseTab::Revision => row_top(&sheet, revision::list_height(&sheet)),
        CaseTab::Use => row_top(&sheet, height.saturating_sub(usage::ABOVE)),
    }
}

fn row_top(sheet: &Sheet<'_>, height: usize) -> usize {
    let rows = sheet.rows();
    window(sheet.case.scroll, sheet.picked(&rows).unwrap_or(0), height.max(1), rows.len())
}

/// The first visible row of `len`, of which `height` are visible, with the selected one among them.
fn window(scroll: usize, selected: usize, height: usize, len: usize) -> usize {
    scroll.clamp((selected + 1).saturating_sub(height), selected).min(len.saturating_sub(1))
}

/// What the page needs to be asked for.
pub(super) fn wants(case: &CaseFile, screen: &Screen, model: &Model<'_>) -> BTreeSet<Want> {
    let Some(sheet) = Sheet::of(case, screen, model) else { return BTreeSet::new() };
    let Some(target) = &sheet.target else { return BTreeSet::new() };
    let view = &model.view;
    let newest = revision::workload(view, target).and_then(Change::of);
    let mut wants: BTreeSet<Want> = newest.into_iter().collect();
    match case.tab {
        CaseTab::Revision => wants.extend(revision::want(&sheet, target)),
        CaseTab::Logs => wants.extend(logs::want(view, target, case.container.as_ref())),
        CaseTab::Why if case.container.is_some() || target.kind == Kind::ContainerInstance => {
            wants.extend(logs::want(view, target, case.container.as_ref()));
        }
        CaseTab::Use => {
            let rows = sheet.rows();
            let from = row_top(&sheet, usize::from(sheet.body.height).saturating_sub(usage::ABOVE));
            let shown = rows.iter().skip(from).take(usize::from(sheet.body.height)).filter_map(CaseRow::instance);
            wants.extend(shown.filter(|key| key.kind.role() == Role::Instance).cloned().map(Want::Usage));
        }
        CaseTab::Why | CaseTab::Timeline | CaseTab::Instances => {}
    }
    wants
}

/// Places to read about what a case file is of, as text to be copied: `runbook_url: https://…`.
pub fn link_lines(case: &CaseFile, screen: &Screen, model: &Model<'_>) -> Vec<String> {
    let target = panes::target(screen.home.pane, &case.of, model);
    target.map(|target| links::addresses(&model.view, &target)).unwrap_or_default()
}

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, screen: &Screen, model: &Model<'_>, case: &CaseFile, areas: &LayerAreas) {
    let Some(sheet) = Sheet::of(case, screen, model) else { return };
    let (tabs, line) = tab_line(&sheet, usize::from(areas.title.width));
    let mut x = pen.rule(areas.title, &title(&sheet), &line).unwrap_or(u16::MAX);
    for (tab, width) in tabs {
        pen.spot(Rect { x, width, ..areas.title }, || Spot::Page(tab));
        x = x.saturating_add(width);
    }
    match case.tab {
        CaseTab::Why => lines(pen, areas.body, case.scroll, &why_lines(&sheet)),
        CaseTab::Timeline => timeline::draw(pen, &sheet),
        CaseTab::Instances => instances::draw(pen, &sheet),
        CaseTab::Revision => revision::draw(pen, &sheet),
        CaseTab::Use => usage::draw(pen, &sheet),
        CaseTab::Logs => lines(pen, areas.body, case.scroll, &logs::lines(&sheet)),
    }
}

fn title(sheet: &Sheet<'_>) -> Phrase {
    let title = why::title(&sheet.ctx, sheet.pane, &sheet.case.of);
    match &sheet.case.container {
        Some(name) => title.and(Ink::Rule, " ─ ").and(Ink::Strong, format!("container {name}")),
        None => title,
    }
}

/// The names of all pages, and how wide each is; where there is no room, the name of this one and its number.
fn tab_line(sheet: &Sheet<'_>, columns: usize) -> (Vec<(CaseTab, u16)>, Phrase) {
    let tabs = tabs_of(sheet.target.as_ref(), sheet.case);
    let name = |tab: CaseTab| match (tab, sheet.target.as_ref().map(|key| key.kind.role())) {
        (CaseTab::Instances, Some(Role::Instance)) => "containers",
        (tab, _) => tab.title(),
    };
    let all = tabs.iter().fold(Phrase::default(), |line, tab| {
        let ink = if *tab == sheet.case.tab { Ink::TabHere } else { Ink::Tab };
        line.and(ink, format!(" {} ", name(*tab)))
    });
    if all.width() + TITLE <= columns {
        let widths = tabs.iter().map(|tab| (*tab, name(*tab).len() as u16 + 2)).collect();
        return (widths, all);
    }
    let place = tabs.iter().position(|tab| *tab == sheet.case.tab).map_or(0, |at| at + 1);
    (Vec::new(), Phrase::of(Ink::TabHere, format!(" {} {place}/{} ", name(sheet.case.tab), tabs.len())))
}

fn why_lines(sheet: &Sheet<'_>) -> Vec<Phrase> {
    let (ctx, case) = (&sheet.ctx, sheet.case);
    if let (Some(name), Some(instance)) = (&case.container, &sheet.target) {
        return why::laid_out(&container::sections(ctx, instance, name), sheet.body.width);
    }
    let mut parts = why::sections(ctx, sheet.pane, &case.of);
    if let Some(target) = sheet.target.as_ref().filter(|_| !matches!(case.of, RowKey::Run(_))) {
        // A container of an engine is its own only container: all that is known of it stands on one page.
        let alone = ctx.model.view.instance(target).filter(|it| it.key.kind == Kind::ContainerInstance);
        if let Some(part) = alone.and_then(|it| it.containers.first()) {
            parts.retain(|section| section.label != "is");
            parts.extend(container::sections(ctx, target, &part.name));
        }
        parts.extend(links::sections(ctx, target));
    }
    why::laid_out(&parts, sheet.body.width)
}

/// Draws lines from the first visible one on, and how many are below.
pub(super) fn lines(pen: &mut Pen<'_>, area: Rect, scroll: usize, all: &[Phrase]) {
    let height = usize::from(area.height);
    let top = scroll.min(all.len().saturating_sub(height));
    let below = all.len().saturating_sub(top + height);
    let more = if below > 0 { Phrase::dim(format!(" {below} more below ")) } else { Phrase::default() };
    for (y, line) in (area.y..area.bottom()).zip(all.iter().skip(top)) {
        let taken = if y + 1 == area.bottom() { more.width() as u16 } else { 0 };
        pen.write(area.x, y, area.width.saturating_sub(taken), line, None);
    }
    pen.write_right(area.right(), area.bottom().saturating_sub(1), area.width, &more, None);
}

/// A sentence in the place of rows.
fn sentence(pen: &mut Pen<'_>, area: Rect, said: &str) {
    let all = wrapped(said, area.width);
    lines(pen, area, 0, &all);
}

/// A dim sentence in lines with a space before each.
fn wrapped(said: &str, columns: u16) -> Vec<Phrase> {
    let lines = Phrase::dim(said).wrap(usize::from(columns).saturating_sub(2));
    lines.into_iter().map(|line| Phrase::dim(" ").then(line)).collect()
}
