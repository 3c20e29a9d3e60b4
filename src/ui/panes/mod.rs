//! The list panes: which rows there are, what each shows, and what each says when it has none.

mod alerts;
mod every;
mod journal;
mod kills;
mod nodes;
mod order;
mod probes;
mod queues;
mod rollouts;
mod triage;
mod workloads;

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

pub(super) use every::event;
pub use journal::OLDER;
pub(super) use nodes::{bar, set_aside};
pub(super) use triage::in_short;

use super::clock::Clock;
use super::filter::{Narrow, holds};
use super::glyphs;
use super::layout;
use super::model::Model;
use super::screen::{Layer, Pane, RowKey, Screen};
use super::sort::SortKey;
use super::text::Phrase;
use super::theme::Ink;
use super::widgets::table::{Column, Room, Row, words};
use crate::action::{Followed, Guard, Mood, follow};
use crate::diagnose::{Incident, IncidentState, Settings};
use crate::domain::{Freshness, Kind, People, Ref, Role, Run, Severity, Timestamp, Want};
use crate::engine::Core;

/// What rows are made from.
pub(super) struct Ctx<'a> {
    pub model: Model<'a>,
    pub clock: Clock,
    /// There is little room: short forms.
    pub compact: bool,
    /// More than one cluster is watched, so that rows name theirs.
    pub several: bool,
    /// The worst open incident on each object, with its place in triage.
    subjects: FxHashMap<&'a Ref, (usize, &'a Incident)>,
    /// The newest action on each object, of those that are still shown.
    runs: FxHashMap<&'a Ref, &'a Run>,
}

impl<'a> Ctx<'a> {
    /// For a table of so many columns.
    pub fn new(model: &Model<'a>, clock: Clock, columns: u16) -> Self {
        let mut subjects = FxHashMap::default();
        let open = |incident: &&Incident| !matches!(incident.state, IncidentState::Recovered(_));
        // The first that speaks of it is the worst: they are ranked.
        let ranked = || model.diagnosis.incidents().iter().filter(open).enumerate();
        for (rank, incident) in ranked() {
            subjects.entry(&incident.subject).or_insert((rank, incident));
        }
        for (rank, incident) in ranked() {
            for symptom in &incident.symptoms {
                subjects.entry(&symptom.about).or_insert((rank, incident));
            }
        }
        let mut runs = FxHashMap::default();
        for run in model.runs.shown(model.view.now) {
            for part in run.plan.intent.parts() {
                runs.entry(part.target()).or_insert(run);
            }
        }
        let several = model.view.clusters().nth(1).is_some();
        Self { model: *model, clock, compact: columns < 100, several, subjects, runs }
    }

    fn bare(model: &Model<'a>) -> Self {
        Self::new(model, Clock::new(model.view.now, jiff::tz::TimeZone::UTC), 120)
    }

    /// The worst open incident that is about an object, or drags it along.
    pub fn incident_on(&self, key: &Ref) -> Option<&'a Incident> {
        self.subjects.get(key).map(|(_, incident)| *incident)
    }

    /// The place in triage of the worst open incident on an object; last where there is none.
    pub fn rank_of(&self, key: &Ref) -> usize {
        self.subjects.get(key).map_or(usize::MAX, |(rank, _)| *rank)
    }

    /// Objects that an open incident is about or drags along.
    pub fn troubled(&self) -> impl Iterator<Item = (&'a Ref, &'a Incident)> + '_ {
        self.subjects.iter().map(|(key, (_, incident))| (*key, *incident))
    }

    /// Whether an incident that is more than a risk is on an object.
    pub fn needs_someone(&self, key: &Ref) -> bool {
        self.incident_on(key).is_some_and(|incident| incident.severity < Severity::Risk)
    }

    /// What became of the newest action on an object, while it is under way and for some minutes after.
    pub fn followed(&self, key: &Ref) -> Option<(Followed<'a>, Phrase)> {
        let followed = follow(self.runs.get(key)?, key, &self.model.view, self.model.diagnosis);
        let ink = match followed.mood {
            Mood::UnderWay => Ink::Strong,
            Mood::Settled => Ink::Good,
            Mood::Stuck | Mood::Short => Ink::Warning,
        };
        let said = Phrase::of(ink, followed.text.as_str());
        Some((followed, said))
    }

    fn mark_of(&self, key: &Ref) -> (&'static str, Ink) {
        self.incident_on(key).map_or((glyphs::NONE, Ink::Dim), glyphs::of_incident)
    }

    fn where_column(&self) -> Column {
        // With one cluster its name is in the header and says nothing here.
        let room = if self.compact { Room::Fits(4, 9) } else { Room::Fits(5, 14) };
        words("where", room, if self.several { 8 } else { 0 })
    }
}

/// Rows of one pane.
pub(super) trait Rows {
    /// Keys of all rows, in their natural order.
    fn keys(&self) -> Vec<RowKey>;
    /// How many there are.
    fn count(&self) -> usize {
        self.keys().len()
    }
    /// Keys of the rows that are kept, in their natural order, and how many were looked at.
    fn keys_kept(&self, keeps: &dyn Fn(&RowKey) -> bool) -> Listed {
        let mut keys = self.keys();
        let looked_at = keys.len();
        keys.retain(|key| keeps(key));
        Listed { keys, looked_at }
    }
    /// Its columns.
    fn columns(&self) -> Vec<Column>;
    /// All that it may have: some have a column only where there is something to show in it.
    fn all_columns(&self) -> Vec<Column> {
        self.columns()
    }
    /// What a row shows; none where it is not there any more.
    fn row(&self, key: &RowKey) -> Option<Row>;
    /// What a column puts a row in order by; none where that is the words of its cell. `where`, `kind` and names need none.
    fn sort_key(&self, _key: &RowKey, _column: &str) -> Option<SortKey> {
        None
    }
    /// What a filter looks at: what the row shows.
    fn words(&self, key: &RowKey) -> String {
        self.row(key).map(|row| row.plain()).unwrap_or_default()
    }
    /// Whether that holds a word, which is in small letters.
    fn shows(&self, key: &RowKey, word: &str) -> bool {
        holds(&self.words(key), word)
    }
    /// What a row is about.
    fn target(&self, key: &RowKey) -> Option<Ref> {
        match key {
            RowKey::Object(key) => Some(key.clone()),
            _ => None,
        }
    }
    /// What `age<2h` goes by, where that is not the age of what the row is about.
    fn since(&self, _key: &RowKey) -> Option<Timestamp> {
        None
    }
    /// What is said where there are no rows and all that would fill it can be read.
    fn empty(&self) -> Vec<Phrase>;
}

/// The rows of a pane.
pub(super) fn rows<'c>(pane: Pane, ctx: &'c Ctx<'c>) -> Box<dyn Rows + 'c> {
    match pane {
        Pane::Triage => Box::new(triage::Triage(ctx)),
        Pane::Rollouts => Box::new(rollouts::Rollouts(ctx)),
        Pane::Kills => Box::new(kills::Kills::of(ctx)),
        Pane::Probes => Box::new(probes::Probes(ctx)),
        Pane::Queues => Box::new(queues::Queues(ctx)),
        Pane::Nodes => Box::new(nodes::Nodes::new(ctx)),
        Pane::Workloads => Box::new(workloads::Workloads::all(ctx)),
        Pane::Alerts => Box::new(alerts::Alerts(ctx)),
        Pane::Journal => Box::new(journal::Journal::of(ctx)),
        Pane::Every(every) => every::rows(every, ctx),
    }
}

/// Rows of a list in their natural order.
#[derive(Debug)]
pub struct Listed {
    /// Their keys.
    pub keys: Vec<RowKey>,
    /// How many there were to choose from: what it cost.
    pub looked_at: usize,
}

/// The rows of the list that is shown: those that nothing hides.
pub fn listed(screen: &Screen, model: &Model<'_>) -> Listed {
    let (pane, ctx) = (screen.home.pane, Ctx::bare(model));
    let mut listed = kept(pane, &ctx, Narrow::of(screen).as_ref());
    if let Some(sort) = screen.home.lists.get(&pane).and_then(|list| list.sort) {
        listed.keys = order::sorted(&*rows(pane, &ctx), listed.keys, sort);
    }
    listed
}

/// The rows of a list that are left when its filter has become a narrower one, in their order.
pub fn narrowed(screen: &Screen, model: &Model<'_>, mut keys: Vec<RowKey>) -> Vec<RowKey> {
    let ctx = Ctx::bare(model);
    let rows = rows(screen.home.pane, &ctx);
    if let Some(narrow) = Narrow::of(screen) {
        keys.retain(|key| narrow.keeps(&ctx, &*rows, key));
    }
    keys
}

/// Names of all columns that a pane can have, whatever is watched: what a configuration may choose from.
pub fn column_names(pane: Pane) -> Vec<&'static str> {
    let core = Core::new(Settings::default(), Guard::default(), &[], Timestamp::UNIX_EPOCH);
    let (view, diagnosis, runs) = (core.view(Timestamp::UNIX_EPOCH), core.diagnosis(), core.runs());
    let people = People::default();
    let ctx = Ctx::bare(&Model { view, diagnosis, runs, unwatched: &[], people: &people, forwards: &[] });
    rows(pane, &ctx).all_columns().iter().map(|column| column.title).collect()
}

/// Which of the columns are shown, in which order, where a person chose; none where all are.
pub(super) fn picked(columns: &[Column], chosen: Option<&Vec<String>>) -> Option<Vec<usize>> {
    let at = |name: &String| columns.iter().position(|column| column.title == name);
    // One that is not there now is not missed; none at all would be no list.
    chosen.map(|chosen| chosen.iter().filter_map(at).collect()).filter(|picked: &Vec<usize>| !picked.is_empty())
}

/// Names of the columns that a pane has.
pub fn columns(pane: Pane, model: &Model<'_>) -> Vec<&'static str> {
    rows(pane, &Ctx::bare(model)).columns().iter().map(|column| column.title).collect()
}

fn kept(pane: Pane, ctx: &Ctx<'_>, narrow: Option<&Narrow<'_>>) -> Listed {
    let rows = rows(pane, ctx);
    let Some(narrow) = narrow else {
        let keys = rows.keys();
        return Listed { looked_at: keys.len(), keys };
    };
    let keeps = |key: &RowKey| narrow.keeps(ctx, &*rows, key);
    if pane != Pane::Triage {
        return rows.keys_kept(&keeps);
    }
    // A filter looks at every incident, also at those that are folded otherwise.
    let mut keys = triage::Triage(ctx).all();
    let looked_at = keys.len();
    keys.retain(keeps);
    Listed { keys, looked_at }
}

/// Which of some rows are not there any more, whatever hides them.
pub fn gone(pane: Pane, model: &Model<'_>, keys: &[&RowKey]) -> BTreeSet<RowKey> {
    let ctx = Ctx::bare(model);
    let rows = rows(pane, &ctx);
    keys.iter().filter(|key| rows.row(key).is_none()).map(|key| (*key).clone()).collect()
}

/// Keys of the rows of a pane in their natural order, those that a filter hides left out. Equal worlds give equal keys.
pub fn keys(pane: Pane, model: &Model<'_>, filter: Option<&str>) -> Vec<RowKey> {
    kept(pane, &Ctx::bare(model), Narrow::by(filter).as_ref()).keys
}

/// How many rows a filter hides.
pub fn hidden(pane: Pane, model: &Model<'_>, filter: Option<&str>) -> usize {
    let Some(narrow) = Narrow::by(filter) else { return 0 };
    let Listed { keys, looked_at } = kept(pane, &Ctx::bare(model), Some(&narrow));
    looked_at - keys.len()
}

/// How many rows there are besides those in the list that is shown: what its filter hides, without looking at each again.
pub(super) fn besides(pane: Pane, ctx: &Ctx<'_>, listed: usize) -> usize {
    let all = if pane == Pane::Triage { triage::Triage(ctx).all().len() } else { rows(pane, ctx).count() };
    all.saturating_sub(listed)
}

/// How many rows of a pane need someone: its tab's count.
pub fn attention(pane: Pane, model: &Model<'_>) -> usize {
    attention_in(pane, &Ctx::bare(model))
}

/// The same, with what is already known of the incidents.
pub(super) fn attention_in(pane: Pane, ctx: &Ctx<'_>) -> usize {
    let troubled =
        |role: Role| ctx.troubled().filter(|(key, _)| key.kind.role() == role && ctx.needs_someone(key)).count();
    let of_kind = |kind: Kind| ctx.troubled().filter(|(key, _)| key.kind == kind && ctx.needs_someone(key)).count();
    match pane {
        Pane::Triage => triage::attention(ctx),
        Pane::Rollouts => rollouts::attention(ctx),
        Pane::Kills => kills::attention(ctx),
        Pane::Probes => probes::Probes(ctx).keys().len(),
        Pane::Queues => troubled(Role::Queue),
        Pane::Nodes => nodes::attention(ctx),
        Pane::Workloads => troubled(Role::Workload),
        Pane::Alerts => alerts::attention(ctx),
        Pane::Journal => journal::attention(ctx),
        Pane::Every(every) => every.kinds().iter().map(|kind| of_kind(*kind)).sum(),
    }
}

/// The list of what is wrong.
pub(super) const fn triage<'c>(ctx: &'c Ctx<'c>) -> triage::Triage<'c> {
    triage::Triage(ctx)
}

/// The word that lists what the last line of triage stands for.
pub fn folded_word(model: &Model<'_>) -> &'static str {
    triage::folded_word(&Ctx::bare(model))
}

/// The object that a row is about.
pub fn target(pane: Pane, key: &RowKey, model: &Model<'_>) -> Option<Ref> {
    match key {
        RowKey::Object(key) if pane != Pane::Alerts => Some(key.clone()),
        RowKey::Incident(id) => {
            model.diagnosis.incidents().iter().find(|incident| incident.id == *id).map(|it| it.subject.clone())
        }
        RowKey::Run(id) => model.runs.run(*id).map(|run| run.plan.intent.target().clone()),
        RowKey::Forward(id) => {
            model.forwards.iter().find(|forward| forward.id == *id).map(|it| it.request.target.clone())
        }
        RowKey::Fold(_) => None,
        RowKey::Event(home, _) => Some(event(&model.view, key).map_or(home, |it| &it.subject).clone()),
        RowKey::Occurrence(_) | RowKey::Object(_) => rows(pane, &Ctx::bare(model)).target(key),
    }
}

/// Rows that a page of the list has, or lines that a page of the topmost layer has: what `ctrl-d` goes by.
pub fn page_height(screen: &Screen) -> usize {
    let height = match screen.layers.last() {
        None => layout::areas(screen.size, screen.home.pane).map(|areas| areas.list.height),
        Some(Layer::Case(_) | Layer::Logs(_) | Layer::Text(_)) => {
            layout::layer_areas(screen.size).map(|areas| areas.body.height)
        }
    };
    usize::from(height.unwrap_or(1)).max(1)
}

/// What the topmost layer needs to be asked for.
pub fn wants(screen: &Screen, model: &Model<'_>) -> BTreeSet<Want> {
    let pane = screen.home.pane;
    let (mut wants, about) = match screen.layers.last() {
        Some(Layer::Case(case)) => (super::case::wants(case, screen, model), target(pane, &case.of, model)),
        Some(_) => return BTreeSet::new(),
        None => {
            let selected = screen.home.lists.get(&pane).and_then(|list| list.selected.as_ref());
            (BTreeSet::new(), selected.and_then(|key| target(pane, key, model)))
        }
    };
    // Which of its keys can be had is known before one is pressed.
    wants.extend(about.and_then(|key| crate::action::unasked(&key, &model.view)));
    wants
}

/// At most so many instances of one workload are asked for at once.
const VISIBLE_INSTANCES: usize = 16;

/// What is on the screen now: its use is streamed. Workloads stand for themselves, the selected one with its instances.
pub fn visible_refs(screen: &Screen, model: &Model<'_>) -> Vec<Ref> {
    let view = model.view;
    let with_instances = |key: Ref| {
        let instances = view.instances_of(&key).take(VISIBLE_INSTANCES).map(|it| it.key.clone());
        let mut all: Vec<Ref> = instances.collect();
        all.push(key);
        all
    };
    match screen.layers.last() {
        Some(Layer::Case(case)) => {
            let Some(key) = target(screen.home.pane, &case.of, model) else { return Vec::new() };
            let mut visible = with_instances(key);
            visible.extend(case.picked_instances().cloned());
            visible.sort();
            visible.dedup();
            visible
        }
        Some(Layer::Logs(logs)) => vec![logs.request.instance.clone()],
        Some(Layer::Text(_)) => Vec::new(),
        None => {
            let Some(list) = screen.home.lists.get(&screen.home.pane) else { return Vec::new() };
            let shown = list.order.iter().skip(list.top).take(page_height(screen));
            let mut visible: Vec<Ref> = shown.filter_map(|key| target(screen.home.pane, key, model)).collect();
            let selected = list.selected.as_ref().and_then(|key| target(screen.home.pane, key, model));
            visible.extend(selected.into_iter().flat_map(with_instances));
            visible.sort();
            visible.dedup();
            visible
        }
    }
}

/// The cluster of a row; with the sign of its sight where what it says may no longer be so.
fn cluster_cell(ctx: &Ctx<'_>, key: &Ref) -> Phrase {
    let freshness = ctx.model.view.freshness(&key.cluster);
    let (glyph, ink) = glyphs::of_freshness(freshness);
    let sign = if ctx.several && freshness >= Freshness::Stale { glyph } else { "" };
    Phrase::of(ink, sign).and(Ink::Text, key.cluster.as_str())
}

fn name_cell(key: &Ref) -> Phrase {
    Phrase::of(Ink::Strong, key.local())
}

/// The end of an image's name: `worker:2.9.0`.
pub(super) fn short_image(image: &str) -> &str {
    let bare = image.split('@').next().unwrap_or(image);
    bare.rsplit('/').next().unwrap_or(bare)
}
