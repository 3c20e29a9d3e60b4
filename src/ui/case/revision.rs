//! What was rolled out, the newest first, and what differs between a revision and the one before it. What is not held is
//! said not to be known.

use ratatui::layout::Rect;

use super::super::glyphs;
use super::super::model::Model;
use super::super::panes::{Ctx, short_image};
use super::super::pen::Pen;
use super::super::screen::CaseRow;
use super::super::text::Phrase;
use super::super::theme::Ink;
use super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::open::Opens;
use super::{Sheet, instances, lines, sentence, window, wrapped};
use crate::domain::words::many;
use crate::domain::{
    Answer, Change, ContainerSpec, Difference, Freshness, How, Kind, Name, Ref, Text, Timestamp, Want, Workload, differ,
};
use crate::state::View;

/// Revisions that are listed, at most.
const LISTED: usize = 24;

/// A revision, as far as it is known.
#[derive(Debug, Clone)]
struct Known {
    id: Name,
    at: Option<Timestamp>,
    by: Option<Text>,
    images: Vec<Name>,
}

/// The workload that a thing is of.
pub(super) fn workload<'a>(view: &View<'a>, target: &Ref) -> Option<&'a Workload> {
    view.workload(target).or_else(|| view.workload(view.instance(target)?.owner.as_ref()?))
}

/// Whether its server keeps the templates of older revisions.
fn keeps(workload: &Workload) -> bool {
    Change::of(workload).is_some()
}

fn want_of(workload: &Workload, id: &Name) -> Want {
    Want::Change { workload: workload.key.clone(), revision: id.clone() }
}

/// Every revision of which something is known, the newest first.
fn known(view: &View<'_>, it: &Workload) -> Vec<Known> {
    let mut all: Vec<Known> = Vec::new();
    for revision in it.revision.iter().chain(&it.history) {
        let (id, images) = (revision.id.clone(), revision.images.clone());
        all.push(Known { id, at: revision.at, by: revision.by.clone(), images });
    }
    for made in &it.made {
        let images: Vec<Name> = made.containers.iter().map(|spec| spec.image.clone()).collect();
        match all.iter_mut().find(|known| known.id == made.id) {
            Some(known) if known.images.is_empty() => known.images = images,
            Some(_) => {}
            None => all.push(Known { id: made.id.clone(), at: made.at, by: None, images }),
        }
    }
    if keeps(it) {
        follow(view, it, &mut all);
    }
    all.truncate(LISTED);
    all
}

/// What answers say of revisions that no list names: each names the one before it.
fn follow(view: &View<'_>, it: &Workload, all: &mut Vec<Known>) {
    let mut place = 0;
    while place < all.len().min(LISTED) {
        if let Some(Answer::Changed(change)) = view.answer(&want_of(it, &all[place].id)) {
            let known = &mut all[place];
            known.at = known.at.or(change.at);
            known.by = known.by.clone().or_else(|| change.by.clone());
            if !all.iter().any(|known| known.id == change.from) {
                all.insert(place + 1, Known { id: change.from.clone(), at: None, by: None, images: Vec::new() });
            }
        }
        place += 1;
    }
}

/// Its rows.
pub(super) fn rows(view: &View<'_>, target: &Ref) -> Vec<CaseRow> {
    let Some(it) = workload(view, target) else { return Vec::new() };
    known(view, it).into_iter().map(|known| CaseRow::Revision(known.id)).collect()
}

/// What shows how the selected revision differs from the one before.
pub(super) fn want(sheet: &Sheet<'_>, target: &Ref) -> Option<Want> {
    let it = workload(&sheet.ctx.model.view, target).filter(|it| keeps(it))?;
    let rows = sheet.rows();
    match sheet.picked(&rows).and_then(|at| rows.get(at))? {
        CaseRow::Revision(id) => Some(want_of(it, id)),
        _ => None,
    }
}

/// What is known of a pair.
#[derive(Debug, Clone, PartialEq)]
enum Said {
    /// All that differs, as far as it is compared.
    Differs(Vec<Difference>),
    /// Images alone are known, and these differ.
    Images(Vec<Difference>),
    /// It was asked for.
    Asked,
    /// It is not known, and why.
    NotKnown(String),
}

/// A revision against the one before it.
#[derive(Debug, Clone)]
struct Pair {
    to: Name,
    from: Option<Name>,
    said: Said,
}

fn pair(view: &View<'_>, it: &Workload, all: &[Known], id: &Name) -> Pair {
    let at = all.iter().position(|known| known.id == *id);
    let older = at.and_then(|at| all.get(at + 1));
    let from = older.map(|known| known.id.clone());
    let to = id.clone();
    let held = older.and_then(|older| Some((made_of(it, &older.id)?, made_of(it, id)?)));
    if let Some((was, now)) = held {
        return Pair { to, from, said: Said::Differs(differ::between(was, now)) };
    }
    if keeps(it) {
        return match view.answer(&want_of(it, id)) {
            Some(Answer::Changed(change)) => {
                Pair { to, from: Some(change.from.clone()), said: Said::Differs(change.differences.clone()) }
            }
            Some(Answer::Failed(why)) => Pair { to, from, said: Said::NotKnown(format!("not known: {why}")) },
            _ if view.freshness(&it.key.cluster) >= Freshness::Forbidden => {
                Pair { to, from, said: Said::NotKnown(format!("not known: {} cannot be asked now", it.key.cluster)) }
            }
            _ => Pair { to, from, said: Said::Asked },
        };
    }
    let images =
        older.zip(at.and_then(|at| all.get(at))).filter(|(was, now)| !was.images.is_empty() && !now.images.is_empty());
    let said = match images {
        Some((was, now)) => Said::Images(of_images(&was.images, &now.images)),
        None => Said::NotKnown(why_not(it, older.is_some())),
    };
    Pair { to, from, said }
}

/// What a revision is made of, where that is held.
fn made_of<'a>(it: &'a Workload, id: &Name) -> Option<&'a [ContainerSpec]> {
    let newest = it.revision.as_ref().is_some_and(|revision| revision.id == *id).then_some(&it.containers[..]);
    newest.or_else(|| it.made.iter().find(|made| made.id == *id).map(|made| &made.containers[..]))
}

fn of_images(was: &[Name], now: &[Name]) -> Vec<Difference> {
    if was == now {
        return Vec::new();
    }
    let joined = |all: &[Name]| Text::from(all.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", "));
    vec![Difference { what: Text::new("image"), how: How::Changed(Some((joined(was), joined(now)))) }]
}

/// Why nothing is known of what was before.
fn why_not(it: &Workload, listed: bool) -> String {
    match (it.key.kind, listed) {
        (_, true) => "not known: of the revision before, its server keeps the name alone".to_owned(),
        (Kind::ComposeService, _) => {
            "a Compose project keeps no older revision: what its containers were made of before is not known".to_owned()
        }
        (Kind::Container, _) => "an engine keeps no older revision of a container".to_owned(),
        (Kind::Service, _) => "a Swarm keeps the one specification before, and there is none".to_owned(),
        _ => "no older revision is kept".to_owned(),
    }
}

impl Pair {
    fn title(&self) -> String {
        match &self.from {
            Some(from) => format!("{} against {from}", self.to),
            None => format!("{}, the oldest that is known", self.to),
        }
    }

    fn lines(&self) -> Vec<String> {
        match &self.said {
            Said::Differs(all) if all.is_empty() => vec!["nothing that is compared differs".to_owned()],
            Said::Differs(all) => all.iter().map(Difference::in_words).collect(),
            Said::Images(all) => {
                let images = if all.is_empty() {
                    vec!["the same image".to_owned()]
                } else {
                    all.iter().map(Difference::in_words).collect()
                };
                let rest = "what else differs is not known: of older revisions only images are held";
                images.into_iter().chain([rest.to_owned()]).collect()
            }
            Said::Asked => vec!["what differs is being read".to_owned()],
            Said::NotKnown(why) => vec![why.clone()],
        }
    }
}

/// Opens the selected pair by itself: on a small terminal there is little room below the list.
pub(super) fn pair_in_full(sheet: &Sheet<'_>, target: &Ref, id: &Name) -> Opens {
    let view = &sheet.ctx.model.view;
    let Some(it) = workload(view, target) else {
        return Opens::Read(Text::new("gone"), vec![Text::new("It is not there any more.")]);
    };
    let pair = pair(view, it, &known(view, it), id);
    let title = Text::from(format!("{} {}: revision {}", it.key.cluster, it.key.local(), pair.title()));
    Opens::Read(title, pair.lines().into_iter().map(Text::from).collect())
}

const COLUMNS: [Column; 5] = [
    words("revision", Room::Fits(8, 24), 9),
    numbers("since", 12, 8),
    numbers("runs", 5, 7),
    words("by", Room::Fits(4, 24), 5),
    words("image", Room::Rest(10), 8),
];

/// How many rows of the list are visible: what differs has the other half.
pub(super) fn list_height(sheet: &Sheet<'_>) -> usize {
    let height = usize::from(sheet.body.height).saturating_sub(1);
    let len = sheet.target.as_ref().map_or(0, |target| rows(&sheet.ctx.model.view, target).len());
    // A small terminal keeps the list; what differs is one key away.
    len.min((height / 2).max(3)).min(height)
}

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, sheet: &Sheet<'_>) {
    let (ctx, model) = (&sheet.ctx, &sheet.ctx.model);
    let it = sheet.target.as_ref().and_then(|target| workload(&model.view, target));
    let Some(it) = it else {
        return sentence(pen, sheet.body, "Its workload is not held, and so no revision of it is known.");
    };
    let all = known(&model.view, it);
    if all.is_empty() {
        return sentence(pen, sheet.body, &format!("No revision of it is known: {}.", why_not(it, false)));
    }
    let keys: Vec<CaseRow> = all.iter().map(|known| CaseRow::Revision(known.id.clone())).collect();
    let selected = sheet.picked(&keys).unwrap_or(0);
    let height = list_height(sheet).max(1);
    let top = window(sheet.case.scroll, selected, height, keys.len());
    let own = sheet.target.as_ref().and_then(|target| model.view.instance(target)).and_then(|it| it.revision.as_ref());
    let runs = running(model, it);
    let shown = all.iter().zip(&keys).skip(top).take(height);
    let rows = shown.map(|(known, key)| (key.clone(), row(ctx, known, own, &runs))).collect();
    let high = (height as u16 + 1).min(sheet.body.height);
    instances::table(pen, Rect { height: high, ..sheet.body }, &COLUMNS, rows, selected.checked_sub(top));
    let area = Rect { y: sheet.body.y + high, height: sheet.body.height - high, ..sheet.body };
    below(pen, sheet, it, &pair(&model.view, it, &all, &all[selected].id), area);
}

fn below(pen: &mut Pen<'_>, sheet: &Sheet<'_>, it: &Workload, pair: &Pair, area: Rect) {
    if area.height < 2 {
        return;
    }
    pen.rule(Rect { height: 1, ..area }, &Phrase::of(Ink::Title, pair.title()), &Phrase::default());
    let room = usize::from(area.width).saturating_sub(2).max(8);
    let ink = if matches!(pair.said, Said::Differs(_)) { Ink::Text } else { Ink::Dim };
    let mut said: Vec<Phrase> = Vec::new();
    for line in pair.lines() {
        said.extend(Phrase::of(ink, line).wrap(room).into_iter().map(|line| Phrase::dim(" ").then(line)));
    }
    if it.key.kind == Kind::ComposeService && !it.made.is_empty() {
        said.extend(wrapped(
            "The older ones are what other containers of it still run: a project keeps none itself.",
            area.width,
        ));
    }
    if sheet.case.container.is_none() && pair.lines().iter().any(|line| line.contains("env ")) {
        said.extend(wrapped("Values of environments are never held: hashes tell that one is another.", area.width));
    }
    let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
    lines(pen, body, 0, &said);
}

/// How many instances run each revision, where that is said.
fn running<'a>(model: &Model<'a>, it: &Workload) -> Vec<(&'a Name, u32)> {
    let mut counted: Vec<(&Name, u32)> = Vec::new();
    let alive = model.view.instances_of(&it.key).filter(|it| !it.phase.ended());
    for id in alive.filter_map(|it| it.revision.as_ref()) {
        match counted.iter_mut().find(|(known, _)| *known == id) {
            Some((_, n)) => *n += 1,
            None => counted.push((id, 1)),
        }
    }
    counted
}

fn row(ctx: &Ctx<'_>, it: &Known, own: Option<&Name>, runs: &[(&Name, u32)]) -> Row {
    let mine = own == Some(&it.id);
    let runs = runs.iter().find(|(id, _)| **id == it.id).map(|(_, n)| n.to_string());
    let images: Vec<&str> = it.images.iter().map(|image| short_image(image)).collect();
    let image = match images.len() {
        0 => Phrase::dim("not known"),
        1 => Phrase::text(images[0]),
        n => Phrase::text(format!("{} and {} more", images[0], n - 1))
            .and(Ink::Dim, format!(" ({})", many(n as u64, "container"))),
    };
    let at = it.at.map_or_else(|| Phrase::dim("not known"), |at| Phrase::text(ctx.clock.moment(at)));
    let by = it.by.as_ref().map_or_else(|| Phrase::dim("not said"), |by| Phrase::text(by.as_str()));
    let mark = if mine { (glyphs::GOOD, Ink::Good) } else { (glyphs::NONE, Ink::Dim) };
    Row::new(mark, vec![Phrase::of(Ink::Strong, it.id.as_str()), at, Phrase::text(runs.unwrap_or_default()), by, image])
}
