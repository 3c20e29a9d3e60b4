//! Why: what is known of one row, the most telling first. The lower pane shows as much of it as fits, the case file all.

use super::about;
use super::glyphs;
use super::panes::{self, Ctx};
use super::say;
use super::screen::{Pane, RowKey};
use super::text::Phrase;
use super::theme::Ink;
use crate::diagnose::{ALERT, CONFIGURATION, Incident, IncidentState, TEMPLATE};
use crate::domain::people::{Fold, Stand};
use crate::domain::words::{bytes, seconds_between};
use crate::domain::{Certainty, Exposure, Metric, Occurrence, OccurrenceKind, Ref, Role, Timestamp};
use crate::state::Series;

/// Lines under one label.
pub(super) struct Section {
    pub label: &'static str,
    pub lines: Vec<Phrase>,
}

impl Section {
    pub fn new(label: &'static str, lines: Vec<Phrase>) -> Self {
        Self { label, lines }
    }
}

/// Columns that labels take.
const LABEL: usize = 8;
/// A change so long before an incident may have to do with it, seconds.
const BEFORE: i64 = 24 * 3600;

/// What a row is of: `prod shop/worker ─ Deployment, revision 42, 3 wanted`.
pub(super) fn title(ctx: &Ctx<'_>, pane: Pane, key: &RowKey) -> Phrase {
    match key {
        RowKey::Fold(_) => Phrase::of(Ink::Title, "not listed"),
        _ => match panes::target(pane, key, &ctx.model) {
            Some(target) => {
                // What tells alerts of one rule apart is for machines.
                let alert = ctx.model.view.alert(&target).map(|alert| alert.title.to_string());
                let name = alert.unwrap_or_else(|| target.local());
                let phrase = Phrase::of(Ink::Name, target.cluster.as_str()).and(Ink::Title, format!(" {name}"));
                phrase.and(Ink::Rule, " ─ ").and(Ink::Text, about::kind_line(ctx, &target))
            }
            None => Phrase::dim("gone"),
        },
    }
}

/// As much as fits `height` lines: each part gets a line before any gets a second one.
pub(super) fn brief(ctx: &Ctx<'_>, pane: Pane, key: &RowKey, columns: u16, height: usize) -> Vec<Phrase> {
    let columns = usize::from(columns);
    let parts = sections(ctx, pane, key);
    let wrapped: Vec<Vec<Wrapped>> = parts.iter().map(|part| wrap(part, columns)).collect();
    let mut granted = vec![0; wrapped.len()];
    let mut left = height;
    // What changed just before tells more than what else was seen.
    let mut order: Vec<usize> = (0..parts.len()).collect();
    let changes = |ix: usize| matches!(parts[ix].label, "before" | "changed");
    order.sort_by_key(|ix| (!changes(*ix) || *ix == 0, *ix));
    order.sort_by_key(|ix| *ix > 0);
    // The cause is never cut short for what follows from it; how sure it is may be.
    let strong = |line: &&Wrapped| line.bare.0.iter().any(|(ink, _)| *ink == Ink::Strong);
    if let (Some(granted), Some(first)) = (granted.first_mut(), wrapped.first()) {
        *granted = first.iter().filter(strong).count().min(left);
        left -= *granted;
    }
    let mut round = 1;
    while left > 0 && order.iter().any(|ix| granted[*ix] < wrapped[*ix].len()) {
        for ix in &order {
            if granted[*ix] < wrapped[*ix].len().min(round) && left > 0 {
                granted[*ix] += 1;
                left -= 1;
            }
        }
        round += 1;
    }
    wrapped.into_iter().zip(granted).flat_map(|(lines, granted)| cut(lines, granted)).collect()
}

/// So many of the lines; where the last of them goes on, it runs out of the frame, and so is seen to be cut.
fn cut(lines: Vec<Wrapped>, granted: usize) -> Vec<Phrase> {
    let goes_on = granted > 0 && lines.get(granted).is_some_and(|next| next.continues);
    let rest = lines.get(granted).map(|next| next.bare.clone()).unwrap_or_default();
    let mut shown: Vec<Phrase> = lines.into_iter().take(granted).map(|line| line.labelled).collect();
    if let Some(last) = shown.last_mut().filter(|_| goes_on) {
        *last = std::mem::take(last).and(Ink::Text, " ").then(rest);
    }
    shown
}

/// A line of a section as it is shown.
struct Wrapped {
    labelled: Phrase,
    bare: Phrase,
    /// It goes on with what the line above says.
    continues: bool,
}

/// Parts with a line between them, as wide as there is room.
pub(super) fn laid_out(parts: &[Section], columns: u16) -> Vec<Phrase> {
    let mut lines = Vec::new();
    for part in parts.iter().filter(|part| !part.lines.is_empty()) {
        if !lines.is_empty() {
            lines.push(Phrase::default());
        }
        lines.extend(wrap(part, usize::from(columns)).into_iter().map(|line| line.labelled));
    }
    lines
}

fn wrap(part: &Section, columns: usize) -> Vec<Wrapped> {
    let room = columns.saturating_sub(LABEL + 2).max(8);
    let lines = part.lines.iter().flat_map(|line| line.wrap(room).into_iter().enumerate());
    lines
        .enumerate()
        .map(|(ix, (place, bare))| {
            let label = if ix == 0 { part.label } else { "" };
            let labelled = Phrase::of(Ink::Dim, format!(" {label:<LABEL$}")).then(bare.clone());
            Wrapped { labelled, bare, continues: place > 0 }
        })
        .collect()
}

/// What is known of a row, in parts.
pub(super) fn sections(ctx: &Ctx<'_>, pane: Pane, key: &RowKey) -> Vec<Section> {
    let parts = match key {
        RowKey::Incident(id) => match ctx.model.diagnosis.incidents().iter().find(|incident| incident.id == *id) {
            Some(incident) => of_incident(ctx, incident),
            None => vec![Section::new("why", vec![Phrase::dim("it is over and no longer listed")])],
        },
        RowKey::Fold(_) => folded(ctx),
        RowKey::Run(id) => about::run(ctx, *id),
        RowKey::Forward(id) => about::forward(ctx, *id),
        RowKey::Object(_) | RowKey::Occurrence(_) | RowKey::Event(..) => of_object(ctx, pane, key),
    };
    parts.into_iter().filter(|part| !part.lines.is_empty()).collect()
}

fn of_object(ctx: &Ctx<'_>, pane: Pane, key: &RowKey) -> Vec<Section> {
    let mut parts = Vec::new();
    if let (Pane::Alerts, RowKey::Object(alert)) = (pane, key) {
        parts.extend(about::alert(ctx, alert));
    }
    let target = panes::target(pane, key, &ctx.model);
    let told = target.as_ref().and_then(|target| ctx.incident_on(target)).is_some();
    if let (RowKey::Occurrence(_), false) = (key, told) {
        let row = panes::rows(pane, ctx).row(key);
        parts.extend(row.and_then(|row| row.cells.get(3).cloned()).map(|why| Section::new("killed", vec![why])));
    }
    if let Some(it) = panes::event(&ctx.model.view, key) {
        let at = ctx.clock.moment(it.last);
        parts.push(Section::new("event", vec![Phrase::dim(format!("{at} ")).and(Ink::Text, say::happened(it))]));
    }
    let Some(target) = target else { return parts };
    // An alert about an instance stands at the workload that it is of.
    let owner = ctx.model.view.instance(&target).and_then(|it| it.owner.as_ref()).filter(|_| pane == Pane::Alerts);
    match ctx.incident_on(&target).or_else(|| ctx.incident_on(owner?)) {
        Some(incident) if incident.subject == target => parts.extend(of_incident(ctx, incident)),
        Some(incident) => {
            let cause = format!("{}: {}", incident.subject.local(), incident.summary);
            // Where nothing else is known to be wrong with it, the alert has said that.
            let known = pane != Pane::Alerts || incident.rule != ALERT;
            parts.push(Section::new(
                "suffers",
                known.then(|| Phrase::text(format!("from {cause}"))).into_iter().collect(),
            ));
            parts.extend(about::object(ctx, &target));
        }
        None => {
            parts.push(Section::new("action", action(ctx, &target)));
            parts.extend(about::object(ctx, &target));
        }
    }
    parts
}

fn of_incident(ctx: &Ctx<'_>, incident: &Incident) -> Vec<Section> {
    vec![
        Section::new("why", vec![cause(ctx, incident)]),
        Section::new("action", action(ctx, &incident.subject)),
        Section::new("people", people(ctx, incident)),
        Section::new("seen", evidence(ctx, incident)),
        Section::new("use", usage(ctx, &incident.subject)),
        Section::new("before", before(ctx, incident)),
        Section::new("changed", about::change(ctx, &incident.subject)),
        Section::new("drags", drags(incident)),
        Section::new("reach", vec![reach(incident)]),
        Section::new("rank", vec![Phrase::dim(format!("{}; rule {}", incident.place(), incident.rule))]),
    ]
}

/// What became of the newest action on it, while that is shown.
fn action(ctx: &Ctx<'_>, key: &Ref) -> Vec<Phrase> {
    ctx.followed(key).map(|(_, said)| said).into_iter().collect()
}

/// Who has it, what was noted, and whether it is folded: with who said so, and when.
fn people(ctx: &Ctx<'_>, incident: &Incident) -> Vec<Phrase> {
    let Some(entry) = ctx.model.people.of(&incident.id) else { return Vec::new() };
    let said = |at: Timestamp, by: &str| format!(" ─ {by}, {}", ctx.clock.moment(at));
    let mut lines = Vec::new();
    if let Some((who, at)) = entry.taken_by() {
        lines.push(
            Phrase::of(Ink::Strong, format!("taken by {who}")).and(Ink::Dim, format!(" {}", ctx.clock.moment(at))),
        );
    }
    if let Some(note) = entry.noted() {
        lines.push(Phrase::text(note.said.as_str()).and(Ink::Dim, said(note.at, &note.by)));
    }
    let (mark, lead) = match ctx.model.stand(incident) {
        Stand::Listed => return lines,
        Stand::Folded(mark) => (mark, Phrase::text(panes::in_short(&ctx.clock, mark))),
        Stand::Back(grown, mark) => {
            (mark, Phrase::of(Ink::Strong, format!("back: {grown} it was {}", mark.said.word())))
        }
    };
    let reason = match &mark.said {
        Fold::Accepted(reason, _) => format!(": {reason}"),
        _ => String::new(),
    };
    lines.push(lead.and(Ink::Text, reason).and(Ink::Dim, said(mark.at, &mark.by)));
    lines
}

fn cause(ctx: &Ctx<'_>, incident: &Incident) -> Phrase {
    let sure = match incident.certainty {
        Certainty::Confirmed => "confirmed",
        Certainty::Likely => "likely, not certain",
        Certainty::Suspected => "a guess: one of several readings",
    };
    let since = match (incident.state, incident.since_exact) {
        (IncidentState::Recovered(at), _) => format!("recovered {}", ctx.clock.moment(at)),
        (_, true) => format!("since {}", ctx.clock.moment(incident.since)),
        (_, false) => format!("since {} at the latest", ctx.clock.moment(incident.since)),
    };
    let eases = match incident.state {
        IncidentState::Clearing(at) => format!("; not so since {}, over when that lasts", ctx.clock.moment(at)),
        _ => String::new(),
    };
    Phrase::of(Ink::Strong, incident.summary.as_str())
        .and(Ink::Dim, format!(" ─ {sure}, {since}"))
        .and(Ink::Good, eases)
}

fn evidence(ctx: &Ctx<'_>, incident: &Incident) -> Vec<Phrase> {
    // What changed before has its place below.
    let seen = incident.evidence.iter().filter(|it| !matches!(it.source.as_str(), CONFIGURATION | TEMPLATE));
    let each = seen.map(|it| {
        let at = it.at.map(|at| format!("{} ", ctx.clock.moment(at))).unwrap_or_default();
        Phrase::of(Ink::Dim, format!("{at}{}: ", it.source)).and(Ink::Text, it.text.as_str())
    });
    each.collect()
}

/// Memory against its limit, a queue's depth, a node's room: what there are samples of.
pub(super) fn usage(ctx: &Ctx<'_>, subject: &Ref) -> Vec<Phrase> {
    let view = ctx.model.view;
    let mut lines = Vec::new();
    if subject.kind.role() == Role::Workload {
        let with = view.instances_of(subject).filter_map(|it| Some((view.latest(&it.key, Metric::MemoryBytes)?, it)));
        // The fullest instance is the one that matters.
        if let Some((_, fullest)) = with.max_by(|a, b| a.0.total_cmp(&b.0)) {
            let bounds = super::case::bounds(&view, fullest, None);
            let limit = |bound: Option<u64>| bound.map(|n| n as f64);
            let memory = trend(ctx, &fullest.key, Metric::MemoryBytes, limit(bounds.memory_limit.set()));
            // A lone container has the name of its workload.
            let whose = Some(&fullest.key.name).filter(|name| **name != subject.name);
            lines.extend(memory.map(|line| match whose {
                Some(name) => line.and(Ink::Dim, format!("  {name}")),
                None => line,
            }));
            // Without a limit, what it takes of a processor says nothing here; its page has it.
            let cpu =
                limit(bounds.cpu_limit.set()).and_then(|most| trend(ctx, &fullest.key, Metric::CpuMillis, Some(most)));
            lines.extend(cpu);
        }
    }
    // What is measured of a workload as a whole says less than its fullest instance.
    let own = [
        (Metric::MemoryBytes, view.node(subject).and_then(|node| node.memory_bytes).map(|n| n as f64)),
        (Metric::CpuMillis, view.node(subject).and_then(|node| node.cpu_millis).map(|n| n as f64)),
        (Metric::QueueDepth, None),
        (Metric::ConnectionsUsed, view.latest(subject, Metric::ConnectionsMax)),
    ];
    let told = !lines.is_empty();
    let own = own.into_iter().filter(|(metric, _)| !told || *metric != Metric::MemoryBytes);
    lines.extend(own.filter_map(|(metric, most)| trend(ctx, subject, metric, most)));
    lines
}

fn trend(ctx: &Ctx<'_>, key: &Ref, metric: Metric, most: Option<f64>) -> Option<Phrase> {
    trend_of(ctx.model.view.series(key, metric)?, metric, most)
}

/// A number's last values as a line, and the newest of them against the most that there may be.
pub(super) fn trend_of(series: &Series, metric: Metric, most: Option<f64>) -> Option<Phrase> {
    const SHOWN: usize = 24;
    let (_, latest) = series.latest()?;
    let values: Vec<f64> = series.values().map(|(_, value)| value).collect();
    // One or two values are no trend: the figure alone says as much.
    let shown = if values.len() < 3 { &[] } else { &values[values.len().saturating_sub(SHOWN)..] };
    let spark = glyphs::sparkline(shown, most);
    let name = match metric {
        Metric::MemoryBytes => "memory",
        Metric::CpuMillis => "cpu",
        Metric::QueueDepth => "waiting",
        Metric::QueueConsumers => "consumers",
        Metric::QueueOldestSeconds => "oldest",
        Metric::ConnectionsUsed | Metric::ConnectionsMax => "connections",
    };
    let full = most.is_some_and(|most| most > 0.0 && latest / most >= 0.9);
    let now = say::measured(metric, latest);
    let of = match most {
        Some(most) if metric == Metric::MemoryBytes => format!(" of {}", bytes(most.max(0.0) as u64)),
        Some(most) => format!(" of {}", say::measured(metric, most)),
        None if metric == Metric::QueueDepth => {
            series.per_minute().map(|n| format!(", {} a minute", say::signed(n))).unwrap_or_default()
        }
        None => String::new(),
    };
    let ink = if full { Ink::BarFull } else { Ink::Bar };
    Some(
        Phrase::dim(format!("{name} "))
            .and(ink, spark)
            .and(Ink::Text, format!("{}{now}{of}", if shown.is_empty() { "" } else { "  " })),
    )
}

/// What was rolled out or changed just before, the newest first.
fn before(ctx: &Ctx<'_>, incident: &Incident) -> Vec<Phrase> {
    let (view, subject, since) = (ctx.model.view, &incident.subject, incident.since);
    let near = |at: Timestamp| seconds_between(at, since) < BEFORE && at.as_second() <= since.as_second() + 60;
    let changes = |it: &&Occurrence| matches!(it.kind, OccurrenceKind::Deployed | OccurrenceKind::Changed);
    let mut lines: Vec<(Timestamp, Phrase)> = view
        .occurrences_of(subject)
        .filter(changes)
        .filter(|it| near(it.last))
        .map(|it| (it.last, Phrase::text(format!("{} {}", ctx.clock.moment(it.last), say::happened(it)))))
        .collect();
    if let Some((at, text)) = view.workload(subject).and_then(|it| about::newest_revision(ctx, it)) {
        let told = lines.iter().any(|(known, _)| (known.as_second() - at.as_second()).abs() < 120);
        if near(at) && !told {
            lines.push((at, text));
        }
    }
    let configured = incident.evidence.iter().filter(|it| it.source.as_str() == CONFIGURATION);
    lines.extend(configured.filter_map(|it| {
        let at = it.at?;
        Some((at, Phrase::text(format!("{} {}", ctx.clock.moment(at), it.text))))
    }));
    lines.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    lines.into_iter().map(|(_, line)| line).collect()
}

fn drags(incident: &Incident) -> Vec<Phrase> {
    let each = incident.symptoms.iter().map(|symptom| {
        let about =
            if symptom.about == incident.subject { String::new() } else { format!("{}: ", symptom.about.local()) };
        let guess = match symptom.certainty {
            Certainty::Confirmed => "",
            Certainty::Likely => " (likely)",
            Certainty::Suspected => " (suspected)",
        };
        Phrase::of(Ink::Strong, about).and(Ink::Text, symptom.text.as_str()).and(Ink::Dim, guess)
    });
    each.collect()
}

fn reach(incident: &Incident) -> Phrase {
    let reach = match incident.exposure {
        Exposure::Yes => "users reach it",
        Exposure::No => "users do not reach it directly",
        Exposure::Unknown => "whether users reach it is unknown",
    };
    let owner = incident.owner.as_ref().map(|owner| format!("; owner {owner}")).unwrap_or_default();
    Phrase::text(format!("{reach}{owner}"))
}

fn folded(ctx: &Ctx<'_>) -> Vec<Section> {
    let line = |incident: &Incident| {
        let name = incident.label.as_ref().map_or_else(|| incident.subject.local(), ToString::to_string);
        Phrase::of(Ink::Strong, name).and(Ink::Text, format!(": {}", incident.summary))
    };
    let triage = panes::triage(ctx);
    let folds = triage.folds();
    let by =
        |word: &str| -> Vec<Phrase> { folds.iter().filter(|(_, it)| *it == word).map(|(it, _)| line(it)).collect() };
    let accepted = by("accepted").into_iter().chain(ctx.model.diagnosis.accepted().iter().map(line));
    vec![
        Section::new("risks", by("risk")),
        Section::new("snoozed", by("snoozed")),
        Section::new("accepts", accepted.collect()),
        Section::new(
            "",
            vec![Phrase::dim("enter lists them; risks wait while something is critical, z lists one again")],
        ),
    ]
}
