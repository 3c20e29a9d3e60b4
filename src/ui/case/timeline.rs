//! What happened to a thing and was done to it, the newest last, under one clock: what its server said, what was rolled out,
//! what alerts and people said, what was done from here, and when nobody could see it.

use std::collections::BTreeSet;

use super::super::about;
use super::super::glyphs;
use super::super::overlays;
use super::super::panes::Ctx;
use super::super::pen::Pen;
use super::super::say;
use super::super::screen::{CaseFile, CaseRow, RowKey};
use super::super::text::Phrase;
use super::super::theme::Ink;
use super::open::{Opens, elsewhere};
use super::{Sheet, sentence, wrapped};
use crate::diagnose::{Incident, IncidentState};
use crate::domain::people::{Fold, SnoozedUntil};
use crate::domain::words::{after, many, times};
use crate::domain::{BackendKind, ClusterInfo, Kind, Name, Occurrence, OccurrenceKind, Ref, Text, Timestamp};
use crate::state::{AlertName, Passage, Passed, View};

/// Columns that a time takes.
const STAMP: usize = 15;
/// A revision that was told as rolled out within so long is not told twice, seconds.
const SAME: i64 = 120;
/// Sources that are lost or back within so long are told together, seconds.
const TOGETHER: i64 = 15;
/// Kubernetes servers keep events for so long, unless they are told otherwise, seconds.
const EVENTS_KEPT: i64 = 3600;

/// One thing that happened.
pub(super) struct Entry {
    at: Timestamp,
    /// The how-manieth of that moment.
    nth: usize,
    said: Phrase,
    /// What it is about, where that is somewhere else.
    about: Option<About>,
}

#[derive(Clone)]
enum About {
    Object(Ref),
    Incident(Name),
    Run(u64),
}

impl Entry {
    fn new(at: Timestamp, said: Phrase, about: Option<About>) -> Self {
        Self { at, nth: 0, said, about }
    }

    /// What it is selected by.
    pub(super) fn row(&self) -> CaseRow {
        CaseRow::Entry(self.at, self.nth)
    }
}

/// What is known, oldest first.
pub(super) fn entries(ctx: &Ctx<'_>, case: &CaseFile, target: &Ref) -> Vec<Entry> {
    let mut all: Vec<Entry> = Vec::new();
    happened(ctx, case, target, &mut all);
    if case.container.is_none() {
        rolled_out(ctx, target, &mut all);
        done_here(ctx, target, &mut all);
        incidents(ctx, target, &mut all);
    }
    passed(ctx, target, &mut all);
    all.sort_by_cached_key(|entry| (entry.at, entry.said.plain()));
    all.dedup_by(|a, b| a.at == b.at && a.said.plain() == b.said.plain());
    let mut before: Option<(Timestamp, usize)> = None;
    for entry in &mut all {
        entry.nth = before.filter(|(at, _)| *at == entry.at).map_or(0, |(_, nth)| nth + 1);
        before = Some((entry.at, entry.nth));
    }
    all
}

/// What its server said, of one container where that is meant.
fn happened(ctx: &Ctx<'_>, case: &CaseFile, target: &Ref, all: &mut Vec<Entry>) {
    let view = &ctx.model.view;
    // What happened to an instance is kept with its workload, which outlives it.
    let owner = view.instance(target).and_then(|it| it.owner.as_ref());
    let as_one_of = owner.into_iter().flat_map(|owner| view.occurrences_of(owner)).filter(|it| it.subject == *target);
    let parts = view.instance(target).map(|it| it.containers.len());
    let alone = parts == Some(1);
    let several = parts.or_else(|| view.workload(target).map(|it| it.containers.len())) != Some(1);
    let meant = |it: &&Occurrence| {
        case.container.is_none() || it.container == case.container || (alone && it.container.is_none())
    };
    all.extend(
        view.occurrences_of(target)
            .chain(as_one_of)
            .filter(meant)
            .map(|it| occurrence(target, it, several && case.container.is_none())),
    );
}

/// `several`: in which container is worth a word.
fn occurrence(target: &Ref, it: &Occurrence, several: bool) -> Entry {
    let often = match (it.count, it.at_least) {
        (0 | 1, false) => String::new(),
        (n, false) => format!(" ({})", times(u64::from(n))),
        (n, true) => format!(" ({} at least)", times(u64::from(n))),
    };
    let who = if it.subject == *target { String::new() } else { format!("{} ", it.subject.name) };
    let part = it.container.as_ref().filter(|part| several && it.subject.name != **part);
    let part = part.map(|part| format!(" [{part}]")).unwrap_or_default();
    let ink = match it.kind {
        OccurrenceKind::OomKill | OccurrenceKind::Crash => Ink::Critical,
        OccurrenceKind::Deployed | OccurrenceKind::Changed => Ink::Strong,
        OccurrenceKind::Started => Ink::Dim,
        _ => Ink::Text,
    };
    let said = Phrase::dim(who).and(ink, say::happened(it)).and(Ink::Dim, format!("{part}{often}"));
    Entry::new(it.last, said, Some(About::Object(it.subject.clone())))
}

/// Revisions of its workload, of which nobody told otherwise.
fn rolled_out(ctx: &Ctx<'_>, target: &Ref, all: &mut Vec<Entry>) {
    let view = &ctx.model.view;
    let Some(workload) = view.workload(target) else { return };
    let told: Vec<Timestamp> =
        view.occurrences_of(target).filter(|it| it.kind == OccurrenceKind::Deployed).map(|it| it.last).collect();
    let is_told = |at: Timestamp| told.iter().any(|known| (known.as_second() - at.as_second()).abs() < SAME);
    let newest = about::newest_revision(ctx, workload).filter(|(at, _)| !is_told(*at));
    all.extend(newest.map(|(at, said)| Entry::new(at, without_time(said), None)));
    for revision in &workload.history {
        let Some(at) = revision.at.filter(|at| !is_told(*at)) else { continue };
        let by = revision.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        all.push(Entry::new(at, Phrase::of(Ink::Strong, format!("revision {} rolled out{by}", revision.id)), None));
    }
}

/// Its time stands before it already.
fn without_time(said: Phrase) -> Phrase {
    let plain = said.plain();
    let rest = plain.find("revision").map_or(plain.as_str(), |from| &plain[from..]);
    Phrase::of(Ink::Strong, rest)
}

/// What people did to it, as far as the journal is known.
fn done_here(ctx: &Ctx<'_>, target: &Ref, all: &mut Vec<Entry>) {
    let runs = ctx.model.runs;
    for known in &runs.history_of(target) {
        let who = known.who(runs.me());
        let said = Phrase::of(Ink::Good, format!("{who}: {}", known.run.plan.title));
        let said =
            said.then(if known.is_abandoned { overlays::standing(ctx, known) } else { overlays::outcome(known.run) });
        all.push(Entry::new(known.run.started, said, Some(About::Run(known.run.id))));
    }
}

/// When something was wrong with it, what was seen of that, and what people said.
fn incidents(ctx: &Ctx<'_>, target: &Ref, all: &mut Vec<Entry>) {
    let touches = |it: &&Incident| it.subject == *target || it.symptoms.iter().any(|symptom| symptom.about == *target);
    for incident in ctx.model.diagnosis.incidents().iter().filter(touches) {
        let about = || Some(About::Incident(incident.id.clone()));
        let (glyph, ink) = glyphs::of_severity(incident.severity);
        let own = incident.subject == *target;
        let whose = if own { String::new() } else { format!(" with {}", incident.subject.local()) };
        all.push(Entry::new(
            incident.since,
            Phrase::of(ink, format!("{glyph} begins{whose}: {}", incident.summary)),
            about(),
        ));
        // Alerts are told of as they came and went.
        let seen = incident.evidence.iter().filter(|it| own && it.source != "alert");
        let seen = seen.filter_map(|it| Some((it.at?, it)));
        all.extend(seen.map(|(at, it)| {
            Entry::new(at, Phrase::dim(format!("{}: ", it.source)).and(Ink::Text, it.text.as_str()), None)
        }));
        if let IncidentState::Recovered(at) = incident.state {
            all.push(Entry::new(at, Phrase::of(Ink::Good, format!("{} recovered{whose}", glyphs::GOOD)), about()));
        }
        if let IncidentState::Clearing(at) = incident.state {
            all.push(Entry::new(at, Phrase::of(Ink::Good, format!("not so any more{whose}")), about()));
        }
        people(ctx, incident, all);
    }
}

fn people(ctx: &Ctx<'_>, incident: &Incident, all: &mut Vec<Entry>) {
    let Some(entry) = ctx.model.people.of(&incident.id) else { return };
    let mut say = |at: Timestamp, by: &Text, said: String| {
        let said = Phrase::of(Ink::Strong, by.as_str()).and(Ink::Text, format!(" {said}"));
        all.push(Entry::new(at, said, Some(About::Incident(incident.id.clone()))));
    };
    if let Some(mark) = &entry.taken {
        say(mark.at, &mark.by, if mark.said { "took it".to_owned() } else { "gave it back".to_owned() });
    }
    if let Some(mark) = &entry.note {
        let said = if mark.said.is_empty() { "took the note away".to_owned() } else { format!("noted: {}", mark.said) };
        say(mark.at, &mark.by, said);
    }
    if let Some(mark) = &entry.fold {
        let said = match &mark.said {
            Fold::Listed => "listed it again".to_owned(),
            Fold::Snoozed(SnoozedUntil::Time(until), _) => format!("snoozed it until {}", ctx.clock.ahead(*until)),
            Fold::Snoozed(SnoozedUntil::Worse, _) => "snoozed it until it is worse".to_owned(),
            Fold::Snoozed(SnoozedUntil::Deploy, _) => "snoozed it until its next deploy".to_owned(),
            Fold::Accepted(reason, _) => format!("accepted it: {reason}"),
        };
        say(mark.at, &mark.by, said);
    }
}

/// Alerts about it, and when its cluster could not be read: then what happened may be missing here.
fn passed(ctx: &Ctx<'_>, target: &Ref, all: &mut Vec<Entry>) {
    let view = &ctx.model.view;
    let Some(cluster) = view.cluster(&target.cluster) else { return };
    let owner = view.instance(target).and_then(|it| it.owner.as_ref());
    let about = |it: &AlertName| it.about.as_ref().is_some_and(|key| key == target || Some(key) == owner);
    let mut sight: Vec<&Passage> = Vec::new();
    for passage in cluster.passed() {
        match &passage.what {
            Passed::Lost(..) | Passed::Silent(_) | Passed::Back(_) => sight.push(passage),
            Passed::Fired(it) if about(it) => {
                let pages = if it.pages { ", it pages somebody" } else { "" };
                all.push(alert(passage.at, Ink::Warning, it, &format!("fires{pages}")));
            }
            Passed::Silenced(it) if about(it) => all.push(alert(passage.at, Ink::Dim, it, "was silenced")),
            Passed::Resolved(it) if about(it) => all.push(alert(passage.at, Ink::Good, it, "is over")),
            Passed::Fired(_) | Passed::Silenced(_) | Passed::Resolved(_) => {}
        }
    }
    sights(target, &sight, all);
    if let Some(since) = cluster.since {
        all.push(Entry::new(since, Phrase::dim(format!("cockpit began to watch {}", target.cluster)), None));
    }
}

fn alert(at: Timestamp, ink: Ink, it: &AlertName, word: &str) -> Entry {
    let about = it.about.clone().map(About::Object);
    Entry::new(at, Phrase::dim("alert ").and(ink, format!("{} {word}", it.title)), about)
}

/// What was lost together is told together.
fn sights(target: &Ref, all: &[&Passage], into: &mut Vec<Entry>) {
    let sort = |what: &Passed| match what {
        Passed::Back(_) => 0,
        Passed::Silent(_) => 1,
        _ => 2,
    };
    let mut groups: Vec<Vec<&Passage>> = Vec::new();
    for passage in all {
        let same = |group: &&mut Vec<&Passage>| {
            group.first().is_some_and(|first| {
                let apart = (first.at.as_second() - passage.at.as_second()).abs();
                sort(&first.what) == sort(&passage.what) && apart <= TOGETHER
            })
        };
        match groups.iter_mut().rev().take(4).find(same) {
            Some(group) => group.push(passage),
            None => groups.push(vec![passage]),
        }
    }
    for group in groups {
        let Some(first) = group.first() else { continue };
        let kinds: BTreeSet<String> = group.iter().map(|it| source(&it.what)).collect();
        let which = match kinds.len() {
            1 | 2 => kinds.into_iter().collect::<Vec<_>>().join(" and "),
            n => many(n as u64, "source"),
        };
        let cluster = &target.cluster;
        let said = match &first.what {
            Passed::Lost(_, why) => Phrase::of(Ink::Dark, format!("{which} of {cluster} cannot be read: "))
                .and(Ink::Text, why.as_str())
                .and(Ink::Dim, "; what happens now may be missing here"),
            Passed::Silent(_) => Phrase::of(Ink::Stale, format!("nothing was heard of {which} of {cluster} any more")),
            _ => Phrase::of(Ink::Live, format!("{which} of {cluster} can be read again")),
        };
        into.push(Entry::new(first.at, said, Some(About::Object(ClusterInfo::key_of(cluster)))));
    }
}

fn source(what: &Passed) -> String {
    match what {
        Passed::Lost(source, _) | Passed::Silent(source) | Passed::Back(source) => source.to_string(),
        Passed::Fired(_) | Passed::Silenced(_) | Passed::Resolved(_) => String::new(),
    }
}

/// How far back its server remembers what happened, in words.
fn memory(view: &View<'_>, target: &Ref) -> Option<String> {
    let backend = view.cluster_info(&ClusterInfo::key_of(&target.cluster))?.backend;
    let cluster = &target.cluster;
    Some(match backend {
        BackendKind::Kubernetes => format!(
            "Events of {cluster} are kept for about 1 h; of what was before, its objects tell how they last ended."
        ),
        BackendKind::Docker if matches!(target.kind, Kind::Service | Kind::Task) => {
            format!("A Swarm has no events of tasks: {cluster} tells of the last few tasks of each slot.")
        }
        BackendKind::Docker => format!("The engine of {cluster} keeps its last 256 events, whatever they are about."),
        BackendKind::Nomad => format!("{cluster} keeps the last 10 events of each task."),
    })
}

/// Since when events were kept that could be read, where that is a time.
fn kept_since(view: &View<'_>, target: &Ref) -> Option<Timestamp> {
    let backend = view.cluster_info(&ClusterInfo::key_of(&target.cluster))?.backend;
    let since = view.cluster(&target.cluster)?.since?;
    (backend == BackendKind::Kubernetes).then(|| after(since, -EVENTS_KEPT))
}

/// The page as lines: what stands above, and each entry.
pub(super) struct Page {
    lines: Vec<Phrase>,
    /// The first line of each entry, and how many it has.
    places: Vec<(usize, usize)>,
    selected: Option<usize>,
}

/// Lays it out.
pub(super) fn laid_out(sheet: &Sheet<'_>) -> Page {
    let columns = sheet.body.width;
    let Some(target) = &sheet.target else {
        return Page { lines: wrapped("It is not there any more.", columns), places: Vec::new(), selected: None };
    };
    let (ctx, view) = (&sheet.ctx, &sheet.ctx.model.view);
    let all = entries(ctx, sheet.case, target);
    let rows: Vec<CaseRow> = all.iter().map(Entry::row).collect();
    let mut lines = wrapped(&above(ctx, target, &all), columns);
    let gap = kept_since(view, target);
    let mut places = Vec::with_capacity(all.len());
    let room = usize::from(columns).saturating_sub(STAMP + 1).max(8);
    for (ix, entry) in all.iter().enumerate() {
        let older = ix.checked_sub(1).and_then(|before| all.get(before));
        if let Some(gap) = gap.filter(|gap| older.is_some_and(|older| older.at < *gap) && entry.at >= *gap) {
            let said = format!(" {:>12}  {} events of before {} are not kept", "", glyphs::NONE, ctx.clock.moment(gap));
            lines.push(Phrase::dim(said));
        }
        let stamp = format!(" {:>12}  ", ctx.clock.moment(entry.at));
        let wrapped = entry.said.wrap(room);
        places.push((lines.len(), wrapped.len()));
        for (nth, line) in wrapped.into_iter().enumerate() {
            let lead = if nth == 0 { stamp.clone() } else { " ".repeat(STAMP) };
            lines.push(Phrase::dim(lead).then(line));
        }
    }
    Page { lines, places, selected: sheet.picked(&rows) }
}

/// From when on anything is known, and why not before.
fn above(ctx: &Ctx<'_>, target: &Ref, all: &[Entry]) -> String {
    let cluster = ctx.model.view.cluster(&target.cluster);
    let watched = cluster.and_then(|it| it.since);
    let first = all.iter().find(|entry| Some(entry.at) != watched).map(|entry| entry.at);
    let from = match first {
        Some(first) => format!("Nothing from before {} is known here.", ctx.clock.moment(first)),
        None => "Nothing of its past is known: neither cockpit nor its server saw anything happen to it.".to_owned(),
    };
    match memory(&ctx.model.view, target) {
        Some(memory) => format!("{from} {memory}"),
        None => from,
    }
}

/// The first visible line: all of the selected entry is visible, where it fits.
pub(super) fn top(sheet: &Sheet<'_>, page: &Page) -> usize {
    let height = usize::from(sheet.body.height).max(1);
    let most = page.lines.len().saturating_sub(height);
    let Some((from, high)) = page.selected.and_then(|at| page.places.get(at)) else {
        return sheet.case.scroll.min(most);
    };
    // Above the first entry stands how far back it goes.
    let from = if page.selected == Some(0) { 0 } else { *from };
    let least = (page.places[page.selected.unwrap_or(0)].0 + high).saturating_sub(height).min(from);
    sheet.case.scroll.clamp(least, from).min(most)
}

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, sheet: &Sheet<'_>) {
    let page = laid_out(sheet);
    if page.places.is_empty() && sheet.target.is_none() {
        return sentence(pen, sheet.body, "It is not there any more.");
    }
    let top = top(sheet, &page);
    super::lines(pen, sheet.body, top, &page.lines);
    let Some((from, high)) = page.selected.and_then(|at| page.places.get(at)) else { return };
    let style = pen.style(Ink::Key);
    for line in *from..from + high {
        let Some(row) = line.checked_sub(top).filter(|row| *row < usize::from(sheet.body.height)) else { continue };
        let sign = if line == *from { glyphs::HERE } else { " " };
        pen.put(sheet.body.x, sheet.body.y + row as u16, 1, sign, style);
    }
}

/// Where `enter` leads from an entry.
pub(super) fn opens(sheet: &Sheet<'_>, target: &Ref, row: Option<&CaseRow>) -> Result<Opens, Text> {
    let all = entries(&sheet.ctx, sheet.case, target);
    let Some(entry) = all.iter().find(|entry| Some(&entry.row()) == row) else {
        return Err(Text::new("nothing is known to have happened"));
    };
    match &entry.about {
        Some(About::Object(key)) => elsewhere(key, target),
        Some(About::Incident(id)) if sheet.case.of == RowKey::Incident(id.clone()) => {
            Err(Text::new("this is its case file"))
        }
        Some(About::Incident(id)) => Ok(Opens::Case(RowKey::Incident(id.clone()))),
        Some(About::Run(id)) => Ok(Opens::Run(*id)),
        None => Err(Text::new("it is about what this case file is of")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Source;

    fn passage(second: i64, what: Passed) -> Passage {
        Passage { at: Timestamp::from_second(second).expect("in range"), what }
    }

    #[test]
    fn what_is_lost_together_is_told_together_and_what_comes_back_by_itself() {
        let lost =
            |second, kind: &str| passage(second, Passed::Lost(Source::of(kind), Text::new("connection refused")));
        let all = [
            lost(100, "pods"),
            lost(101, "events"),
            lost(104, "deployments"),
            passage(400, Passed::Back(Source::of("pods"))),
            passage(700, Passed::Silent(Source::of("pods"))),
        ];
        let target = ClusterInfo::key_of(&crate::domain::ClusterId::new("prod"));
        let mut told = Vec::new();
        sights(&target, &all.iter().collect::<Vec<_>>(), &mut told);
        let told: Vec<String> = told.iter().map(|entry| entry.said.plain()).collect();
        assert_eq!(
            told,
            [
                "3 sources of prod cannot be read: connection refused; what happens now may be missing here",
                "pods of prod can be read again",
                "nothing was heard of pods of prod any more",
            ]
        );
    }
}
