//! What runs, and how each is: the instances of a workload or a node, the containers of an instance.

use std::cmp::Reverse;

use ratatui::layout::Rect;

use super::super::clock::Clock;
use super::super::glyphs;
use super::super::model::Model;
use super::super::panes::{Ctx, short_image};
use super::super::pen::Pen;
use super::super::say;
use super::super::screen::CaseRow;
use super::super::spots::Spot;
use super::super::text::Phrase;
use super::super::theme::Ink;
use super::super::widgets::table::{Column, Room, Row, Table, numbers, words};
use super::usage::bounds;
use super::{Sheet, container, sentence, window};
use crate::domain::words::bytes;
use crate::domain::{Container, ContainerState, Instance, Metric, Ref, Role};

/// The instances of something, in the order shown: those that do not serve first, then by name; what has ended last, the
/// newest of it first.
pub(super) fn of<'a>(model: &Model<'a>, key: &Ref) -> Vec<&'a Instance> {
    let view = model.view;
    let mut all: Vec<&Instance> = match key.kind.role() {
        Role::Node => view.hosted_on(key).filter(|it| !view.is_body(it)).collect(),
        Role::Instance => view.instance(key).into_iter().collect(),
        Role::Endpoint => {
            let behind = view.endpoint(key).map(|it| &it.serves[..]).unwrap_or_default();
            behind.iter().flat_map(|of| view.instances_of(of)).collect()
        }
        _ => view.instances_of(key).collect(),
    };
    all.sort_by_key(|it| {
        let ended = it.phase.ended();
        (ended, it.ready, Reverse(it.since.filter(|_| ended)), &it.key)
    });
    all
}

/// Of an instance its containers, of all else its instances.
pub(super) fn rows(model: &Model<'_>, target: &Ref) -> Vec<CaseRow> {
    if target.kind.role() == Role::Instance {
        let all = model.view.instance(target).map(|it| &it.containers[..]).unwrap_or_default();
        return all.iter().map(|part| CaseRow::Container(target.clone(), part.name.clone())).collect();
    }
    of(model, target).into_iter().map(|it| CaseRow::Instance(it.key.clone())).collect()
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

const PARTS: [Column; 8] = [
    words("name", Room::Fits(10, 24), 9),
    words("state", Room::Fits(7, 30), 9),
    numbers("restarts", 8, 7),
    words("part", Room::Fits(4, 12), 4),
    words("image", Room::Fits(8, 24), 5),
    numbers("memory", 8, 3),
    numbers("limit", 8, 6),
    words("why", Room::Rest(10), 8),
];

/// Draws them.
pub(super) fn draw(pen: &mut Pen<'_>, sheet: &Sheet<'_>) {
    let Some(target) = &sheet.target else { return sentence(pen, sheet.body, "It is not there any more.") };
    let model = &sheet.ctx.model;
    let keys = sheet.rows();
    if keys.is_empty() {
        let said = match target.kind.role() {
            Role::Instance => "None of its containers is known.",
            _ => "It has no instance now.",
        };
        return sentence(pen, sheet.body, said);
    }
    let selected = sheet.picked(&keys);
    let height = usize::from(sheet.body.height).saturating_sub(1).max(1);
    let top = window(sheet.case.scroll, selected.unwrap_or(0), height, keys.len());
    let row = |key: &CaseRow| match key {
        CaseRow::Container(of, name) => {
            let instance = model.view.instance(of)?;
            Some(part_row(&sheet.ctx, instance, instance.containers.iter().find(|part| part.name == *name)?))
        }
        key => {
            let mut row = instance_row(&sheet.ctx, model.view.instance(key.instance()?)?);
            row.marked = key.instance().is_some_and(|key| sheet.case.marks.contains(key));
            Some(row)
        }
    };
    let rows = keys.iter().skip(top).take(height).filter_map(|key| Some((key.clone(), row(key)?))).collect();
    let columns = if target.kind.role() == Role::Instance { &PARTS } else { &COLUMNS };
    table(pen, sheet.body, columns, rows, selected.and_then(|at| at.checked_sub(top)));
}

/// Draws rows under their heading, and what each is of.
pub(super) fn table(
    pen: &mut Pen<'_>,
    area: Rect,
    columns: &[Column],
    rows: Vec<(CaseRow, Row)>,
    selected: Option<usize>,
) {
    let (keys, rows): (Vec<CaseRow>, Vec<Row>) = rows.into_iter().unzip();
    let heading = Rect { height: area.height.min(1), ..area };
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let drawn = Table { columns, rows: &rows, selected, sort: None, wide: false }.draw(pen, heading, body);
    for (area, ix) in drawn.rows {
        pen.spot(area, || Spot::Part(keys[ix].clone()));
    }
}

fn count(restarts: u32) -> Phrase {
    Phrase::text(if restarts > 0 { restarts.to_string() } else { String::new() })
}

fn instance_row(ctx: &Ctx<'_>, it: &Instance) -> Row {
    let clock: &Clock = &ctx.clock;
    let view = &ctx.model.view;
    let memory = view.latest(&it.key, Metric::MemoryBytes);
    let limit = bounds(view, it, None).memory_limit.set();
    let mark = match (it.ready, it.phase.ended()) {
        (true, _) => (glyphs::GOOD, Ink::Good),
        (false, true) => (glyphs::NONE, Ink::Dim),
        (false, false) => (glyphs::WARNING, Ink::Warning),
    };
    let mut row = Row::new(
        mark,
        vec![
            Phrase::of(Ink::Strong, it.key.name.as_str()),
            Phrase::text(say::instance_state(it)),
            count(it.restarts()),
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

fn part_row(ctx: &Ctx<'_>, instance: &Instance, it: &Container) -> Row {
    let view = &ctx.model.view;
    let alone = instance.containers.len() == 1;
    let series =
        view.part_series(&instance.key, Some(&it.name).filter(|_| !alone).map(|name| &**name), Metric::MemoryBytes);
    let memory = series.and_then(|series| series.latest());
    let limit = bounds(view, instance, Some(it)).memory_limit.set();
    let well = container::is_well(it);
    let mark = match (&it.state, well) {
        (ContainerState::Ended(_), true) => (glyphs::NONE, Ink::Dim),
        (_, true) => (glyphs::GOOD, Ink::Good),
        (_, false) => (glyphs::WARNING, Ink::Warning),
    };
    Row::new(
        mark,
        vec![
            Phrase::of(Ink::Strong, it.name.as_str()),
            Phrase::text(container::state_word(it)),
            count(it.restarts),
            Phrase::dim(container::role_word(it)),
            Phrase::text(short_image(&it.image)),
            Phrase::text(memory.map(|(_, used)| bytes(used.max(0.0) as u64)).unwrap_or_default()),
            Phrase::text(limit.map(bytes).unwrap_or_default()),
            Phrase::text(say::container_why(it).unwrap_or_default()),
        ],
    )
}
