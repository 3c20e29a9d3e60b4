//! The case file: one place for one thing. Its cause, what happened in order, and what runs.

use std::cmp::Reverse;

use ratatui::layout::Rect;

use super::clock::Clock;
use super::glyphs;
use super::layout::LayerAreas;
use super::model::Model;
use super::panes::{self, Ctx};
use super::pen::Pen;
use super::say;
use super::screen::{CaseFile, CaseTab, Pane, RowKey, Screen};
use super::text::Phrase;
use super::theme::Ink;
use super::widgets::table::{Column, Room, Row, Table, numbers, words};
use super::{frame, layout, why};
use crate::domain::words::bytes;
use crate::domain::{Instance, Metric, OccurrenceKind, Ref, Role, Timestamp};

/// How many lines the open page of a case file has at this size: what scrolling goes by.
pub fn line_count(case: &CaseFile, screen: &Screen, model: &Model<'_>) -> usize {
    let Some(areas) = layout::layer_areas(screen.size) else { return 0 };
    let ctx = Ctx::new(model, frame::clock(screen, model), areas.body.width);
    match case.tab {
        CaseTab::Why => why::full(&ctx, screen.home.pane, &case.of, areas.body.width).len(),
        CaseTab::Timeline => timeline(&ctx, screen.home.pane, &case.of, areas.body.width).len(),
        CaseTab::Instances => instances_of(case, screen, model).len(),
    }
}

/// The instances of what a case file is of, in the order shown: those that do not serve first, then by name.
pub fn instances_of(case: &CaseFile, screen: &Screen, model: &Model<'_>) -> Vec<Ref> {
    let target = panes::target(screen.home.pane, &case.of, model);
    target.map(|key| of(model, &key).into_iter().map(|it| it.key.clone()).collect()).unwrap_or_default()
}

fn of<'a>(model: &Model<'a>, key: &Ref) -> Vec<&'a Instance> {
    let view = model.view;
    let mut all: Vec<&Instance> = match key.kind.role() {
        Role::Node => view.hosted_on(key).filter(|it| !view.is_body(it)).collect(),
        Role::Instance => view.instance(key).into_iter().collect(),
        _ => view.instances_of(key).collect(),
    };
    // What has ended is last, the newest of it first.
    all.sort_by_key(|it| {
        let ended = it.phase.ended();
        (ended, it.ready, Reverse(it.since.filter(|_| ended)), &it.key)
    });
    all
}

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, ctx: &Ctx<'_>, pane: Pane, case: &CaseFile, areas: &LayerAreas) {
    let mut tabs = Phrase::default();
    for tab in CaseTab::ALL {
        let ink = if tab == case.tab { Ink::TabHere } else { Ink::Tab };
        tabs = tabs.and(ink, format!(" {} ", tab.title()));
    }
    pen.rule(areas.title, &why::title(ctx, pane, &case.of), &tabs);
    let wide = areas.body.width;
    match case.tab {
        CaseTab::Why => lines(pen, areas.body, case.scroll, &why::full(ctx, pane, &case.of, wide)),
        CaseTab::Timeline => lines(pen, areas.body, case.scroll, &timeline(ctx, pane, &case.of, wide)),
        CaseTab::Instances => draw_instances(pen, ctx, pane, case, areas.body),
    }
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

/// What happened to it and was done to it, the newest last.
fn timeline(ctx: &Ctx<'_>, pane: Pane, of: &RowKey, columns: u16) -> Vec<Phrase> {
    let Some(target) = panes::target(pane, of, &ctx.model) else {
        return vec![Phrase::dim(" It is not there any more.")];
    };
    let view = ctx.model.view;
    let mut entries: Vec<(Timestamp, Phrase)> = Vec::new();
    // What happened to an instance is kept with its workload, which outlives it.
    let owner = view.instance(&target).and_then(|it| it.owner.as_ref());
    let as_one_of = owner.into_iter().flat_map(|owner| view.occurrences_of(owner)).filter(|it| it.subject == target);
    for it in view.occurrences_of(&target).chain(as_one_of) {
        let times = if it.count > 1 {
            format!(" ({})", crate::domain::words::times(u64::from(it.count)))
        } else {
            String::new()
        };
        let who = if it.subject == target { String::new() } else { format!("{} ", it.subject.name) };
        let ink = match it.kind {
            OccurrenceKind::OomKill | OccurrenceKind::Crash => Ink::Critical,
            OccurrenceKind::Deployed | OccurrenceKind::Changed => Ink::Strong,
            OccurrenceKind::Started => Ink::Dim,
            _ => Ink::Text,
        };
        entries.push((it.last, Phrase::dim(who).and(ink, say::happened(it)).and(Ink::Dim, times)));
    }
    for run in ctx.model.runs.runs().iter().filter(|run| *run.plan.intent.target() == target) {
        let outcome = super::overlays::outcome(run);
        entries.push((run.started, Phrase::of(Ink::Good, format!("from here: {}", run.plan.title)).then(outcome)));
    }
    for incident in ctx.model.diagnosis.incidents().iter().filter(|it| it.subject == target) {
        let (glyph, ink) = glyphs::of_severity(incident.severity);
        entries.push((incident.since, Phrase::of(ink, format!("{glyph} begins: {}", incident.summary))));
        entries.extend(
            incident.evidence.iter().filter_map(|it| {
                Some((it.at?, Phrase::dim(format!("{}: ", it.source)).and(Ink::Text, it.text.as_str())))
            }),
        );
        if let crate::diagnose::IncidentState::Recovered(at) = incident.state {
            entries.push((at, Phrase::of(Ink::Good, format!("{} recovered", glyphs::GOOD))));
        }
    }
    entries.sort_by_cached_key(|(at, entry)| (*at, entry.plain()));
    entries.dedup_by(|a, b| a.0 == b.0 && a.1.plain() == b.1.plain());
    let earlier = match entries.first() {
        Some((first, _)) => format!("Nothing from before {} is known here.", ctx.clock.moment(*first)),
        None => "Nothing of its past is known: neither cockpit nor its server saw anything happen to it.".to_owned(),
    };
    let earlier = Phrase::dim(earlier).wrap(usize::from(columns).saturating_sub(2));
    let mut lines: Vec<Phrase> = earlier.into_iter().map(|line| Phrase::dim(" ").then(line)).collect();
    for (at, entry) in entries {
        let stamp = format!(" {:>12}  ", ctx.clock.moment(at));
        let room = usize::from(columns).saturating_sub(16).max(8);
        for (ix, line) in entry.wrap(room).into_iter().enumerate() {
            let lead = if ix == 0 { stamp.clone() } else { " ".repeat(15) };
            lines.push(Phrase::dim(lead).then(line));
        }
    }
    lines
}

const COLUMNS: [Column; 8] = [
    words("name", Room::Fits(10, 30), 9),
    words("state", Room::Fits(7, 24), 9),
    numbers("restarts", 8, 7),
    numbers("age", 4, 6),
    words("node", Room::Fits(6, 16), 5),
    numbers("memory", 8, 4),
    numbers("limit", 8, 3),
    words("why", Room::Rest(10), 8),
];

fn draw_instances(pen: &mut Pen<'_>, ctx: &Ctx<'_>, pane: Pane, case: &CaseFile, area: Rect) {
    let Some(target) = panes::target(pane, &case.of, &ctx.model) else { return };
    let all = of(&ctx.model, &target);
    if all.is_empty() {
        let said = Phrase::text("It has no instance now.");
        pen.write(area.x + 1, area.y, area.width.saturating_sub(1), &said, None);
        return;
    }
    let heading = Rect { height: 1, ..area };
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let height = usize::from(body.height).max(1);
    let selected = case.selected.as_ref().and_then(|key| all.iter().position(|it| it.key == *key));
    let first_for = |at: usize| case.scroll.clamp((at + 1).saturating_sub(height), at);
    let top = selected.map_or(case.scroll, first_for).min(all.len() - 1);
    let rows: Vec<Row> = all.iter().skip(top).take(height).map(|it| instance_row(ctx, it)).collect();
    let selected = selected.and_then(|at| at.checked_sub(top));
    Table { columns: &COLUMNS, rows: &rows, selected, sort: None, wide: false }.draw(pen, heading, body);
}

fn instance_row(ctx: &Ctx<'_>, it: &Instance) -> Row {
    let clock: &Clock = &ctx.clock;
    let memory = ctx.model.view.latest(&it.key, Metric::MemoryBytes);
    let limit = it.containers.iter().find_map(|container| container.memory_limit_bytes);
    let mark = match (it.ready, it.phase.ended()) {
        (true, _) => (glyphs::GOOD, Ink::Good),
        (false, true) => (glyphs::NONE, Ink::Dim),
        (false, false) => (glyphs::WARNING, Ink::Warning),
    };
    let restarts = it.restarts();
    let mut row = Row::new(
        mark,
        vec![
            Phrase::of(Ink::Strong, it.key.name.as_str()),
            Phrase::text(say::instance_state(it)),
            Phrase::text(if restarts > 0 { restarts.to_string() } else { String::new() }),
            Phrase::text(it.created.or(it.since).map(|at| clock.age(at)).unwrap_or_default()),
            Phrase::dim(it.node.as_ref().map(|node| node.name.to_string()).unwrap_or_default()),
            Phrase::text(memory.map(|used| bytes(used.max(0.0) as u64)).unwrap_or_default()),
            Phrase::text(limit.map(bytes).unwrap_or_default()),
            Phrase::text(say::instance_why(it)),
        ],
    );
    row.faded = it.phase.ended();
    row
}
