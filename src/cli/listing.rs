//! What triage says to a person: the same words as the screen, on plain lines.

use std::collections::BTreeSet;
use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use crate::diagnose::{Incident, IncidentState, Symptom};
use crate::domain::people::Stand;
use crate::domain::words::{age, count, many, not_ready_yet, seconds_between, span};
use crate::domain::{Certainty, ClusterId, Freshness, Severity, Source, Text, Timestamp, Trouble, TroubleKind};
use crate::state::{SourceState, View};
use crate::ui::glyphs;
use crate::ui::theme::Ink;

use super::args::Triage;
use super::headless::Known;

/// How it may look.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    /// Only ASCII.
    pub ascii: bool,
    /// With the terminal's colours.
    pub colour: bool,
}

/// The whole list, with what else the options ask for.
pub fn listing(known: &Known, unwatched: &[Text], options: &Triage, style: Style) -> String {
    let view = known.core.view(known.now);
    let diagnosis = known.core.diagnosis();
    let read = known.clusters.iter().any(|(id, _)| view.sources(id).any(|(_, state)| state.listed));
    let listed: Vec<&Incident> = known.listed(options.all).collect();
    let folded = diagnosis.incidents().len() - listed.len();
    let dark = known.clusters.iter().flat_map(|(id, _)| view.sources(id)).filter(|(_, it)| is_dark(it, &view)).count();
    let mut out = head(&listed, known.now, read, dark as u64);
    table(&mut out, &listed, known, style);
    if options.advice && !diagnosis.advice().is_empty() {
        out.push_str("\nGood practice that is not followed\n");
        table(&mut out, &diagnosis.advice().iter().collect::<Vec<_>>(), known, style);
    }
    out.push('\n');
    if folded > 0 {
        let _ = writeln!(out, "{} not listed: snoozed or accepted; --all lists them.", many(folded as u64, "incident"));
    }
    let accepted = diagnosis.accepted().len() as u64;
    if accepted > 0 {
        let _ = writeln!(out, "{} not listed: accepted in the configuration.", many(accepted, "incident"));
    }
    let found: BTreeSet<&ClusterId> = diagnosis.incidents().iter().map(|it| &it.subject.cluster).collect();
    let clusters = known.clusters.iter().map(|(id, _)| id);
    let quiet: Vec<&ClusterId> =
        clusters.clone().filter(|id| view.freshness(id) == Freshness::Live && !found.contains(id)).collect();
    if !quiet.is_empty() {
        let _ = writeln!(out, "{}", nothing_found(&quiet, &view));
    }
    clusters.for_each(|id| unread(&mut out, id, &view));
    if known.timed_out {
        out.push_str("Not everything was read in time: --wait 60s waits longer.\n");
    }
    if !unwatched.is_empty() {
        let names: Vec<&str> = unwatched.iter().map(Text::as_str).collect();
        let _ = writeln!(out, "Not watched: {}.", names.join(", "));
    }
    if view.endpoints().next().is_none() {
        out.push_str("No metrics are read: slowness and errors are not seen.\n");
    }
    if style.ascii { out.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect() } else { out }
}

fn head(incidents: &[&Incident], now: Timestamp, read: bool, dark: u64) -> String {
    let mut out = now.strftime("%Y-%m-%d %H:%M UTC  ").to_string();
    if !read && incidents.is_empty() {
        out.push_str("nothing could be read: what is wrong is unknown\n");
        return out;
    }
    let open = |severity| {
        let fits = |it: &&&Incident| it.severity == severity && !matches!(it.state, IncidentState::Recovered(_));
        incidents.iter().filter(fits).count() as u64
    };
    let (critical, warning) = (open(Severity::Critical), open(Severity::Warning));
    let _ = write!(out, "{} critical, {}", count(critical), many(warning, "warning"));
    let risks = open(Severity::Risk);
    if risks > 0 {
        let _ = write!(out, ", {}", many(risks, "risk"));
    }
    // Whoever reads the first line alone is not to take it for all there is.
    if dark > 0 {
        let _ = write!(out, "; {} cannot be read", many(dark, "list"));
    }
    out.push('\n');
    out
}

const HEADS: [&str; 5] = ["where", "what", "ready", "since", "why"];

fn table(out: &mut String, incidents: &[&Incident], known: &Known, style: Style) {
    if incidents.is_empty() {
        return;
    }
    let rows: Vec<[String; 5]> = incidents.iter().map(|incident| cells(incident, known, style)).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].width()).chain([HEADS[column].len()]);
        cells.max().unwrap_or_default()
    };
    let widths: [usize; 4] = std::array::from_fn(width);
    out.push('\n');
    line(out, "  ", &HEADS.map(str::to_owned), &widths);
    let drags = if style.ascii { glyphs::twin(glyphs::DRAGS) } else { glyphs::DRAGS };
    for (incident, row) in incidents.iter().zip(&rows) {
        line(out, &format!("{} ", painted(incident, style)), row, &widths);
        for symptom in &incident.symptoms {
            let _ = writeln!(out, "{:indent$}{drags} {}", "", in_words(incident, symptom), indent = widths[0] + 4);
        }
    }
}

fn line(out: &mut String, glyph: &str, cells: &[String; 5], widths: &[usize; 4]) {
    out.push_str(glyph);
    for (cell, width) in cells.iter().zip(widths) {
        let _ = write!(out, "{cell}{:pad$}  ", "", pad = width - cell.width());
    }
    let _ = writeln!(out, "{}", cells[4]);
}

fn cells(incident: &Incident, known: &Known, style: Style) -> [String; 5] {
    let what = incident.label.as_ref().map_or_else(|| incident.subject.local(), Text::to_string);
    let ready = match (incident.ready, incident.wanted) {
        (Some(ready), Some(wanted)) => format!("{ready} of {wanted}"),
        (Some(ready), None) => ready.to_string(),
        (None, _) => "n/a".to_owned(),
    };
    let mut why = said(incident, known);
    match incident.state {
        IncidentState::Open => {}
        IncidentState::Flapping => why.push_str("comes and goes: "),
        IncidentState::Clearing(at) => why.push_str(&at.strftime("not so since %H:%M: ").to_string()),
        IncidentState::Recovered(at) => why.push_str(&at.strftime("recovered %H:%M: ").to_string()),
    }
    why.push_str(&incident.summary);
    if incident.certainty != Certainty::Confirmed {
        let _ = write!(why, " ({})", incident.certainty.as_str());
    }
    let at_least = match (incident.since_exact, style.ascii) {
        (true, _) => "",
        (false, true) => ">=",
        (false, false) => "≥",
    };
    let since = match seconds_between(incident.since, known.now) {
        seconds if seconds < 60 && !incident.since_exact => "?".to_owned(),
        seconds if seconds < 60 => "<1m".to_owned(),
        seconds => format!("{at_least}{}", age(seconds)),
    };
    [incident.subject.cluster.to_string(), what, ready, since, why]
}

/// What people said of it, before what it is.
fn said(incident: &Incident, known: &Known) -> String {
    let taken = known.people.of(&incident.id).and_then(|entry| entry.taken_by());
    let taken = taken.map(|(who, _)| format!("{who} has it: ")).unwrap_or_default();
    match known.stand(incident) {
        Stand::Folded(mark) => format!("{} by {}: {taken}", mark.said.word(), mark.by),
        Stand::Back(grown, mark) => format!("{grown} it was {}: {taken}", mark.said.word()),
        Stand::Listed => taken,
    }
}

/// A symptom, with the name of what it is about where that is something else.
pub fn in_words(incident: &Incident, symptom: &Symptom) -> String {
    let mut words = match symptom.about == incident.subject {
        true => symptom.text.to_string(),
        false => format!("{}: {}", symptom.about.local(), symptom.text),
    };
    if symptom.certainty != Certainty::Confirmed {
        let _ = write!(words, " ({})", symptom.certainty.as_str());
    }
    words
}

fn painted(incident: &Incident, style: Style) -> String {
    let (glyph, ink) = glyphs::of_incident(incident);
    let colour = match ink {
        Ink::Critical => 31,
        Ink::Warning => 33,
        Ink::Risk => 36,
        Ink::Good => 32,
        _ => 0,
    };
    let glyph = if style.ascii { glyphs::twin(glyph) } else { glyph };
    if style.colour { format!("\x1b[{colour}m{glyph}\x1b[m") } else { glyph.to_owned() }
}

/// "Nothing found" is said of what was looked at, and of nothing else.
fn nothing_found(clusters: &[&ClusterId], view: &View<'_>) -> String {
    let within = |id: &ClusterId| clusters.contains(&id);
    let own = view.workloads().filter(|it| within(&it.key.cluster) && !view.is_counted_elsewhere(&it.key));
    let workloads = own.count() as u64;
    let instances = view.instances().filter(|it| within(&it.key.cluster) && !view.is_body(it)).count() as u64;
    let names: Vec<&str> = clusters.iter().map(|id| id.as_str()).collect();
    let (looked_at, ran) = (many(workloads, "workload"), many(instances, "instance"));
    let mut said = format!("Nothing found in {}: {looked_at}, {ran}.", names.join(", "));
    let unready = view.unready(within);
    if unready > 0 {
        let _ = write!(said, " {}", not_ready_yet(unready));
    }
    said
}

/// What could not be read of a cluster, and what to do about it: one line for each different trouble.
fn unread(out: &mut String, id: &ClusterId, view: &View<'_>) {
    if view.sources(id).next().is_none() {
        let _ = writeln!(out, "{id}: nothing has been heard from it yet.");
    }
    let mut said: BTreeSet<String> = BTreeSet::new();
    let all: Vec<(&Source, &Trouble)> =
        view.sources(id).filter_map(|(source, it)| Some((source, denied(it, view)?))).collect();
    if let [(_, first), _, ..] = &all[..] {
        // Whoever may not read eighteen lists is told so once.
        let names: Vec<String> = all.iter().map(|(source, _)| source.to_string()).collect();
        let (what, mend) = (bare(&first.what), bare(&first.mend));
        let names = names.join(", ");
        let _ = writeln!(
            out,
            "{id}: {names}: {what}; the others likewise. To mend it: {mend}; the others likewise. Nothing is known of them: that \
             is unknown, not zero."
        );
    }
    for (source, state) in view.sources(id) {
        if all.len() > 1 && denied(state, view).is_some() {
            continue;
        }
        let line = match (state.freshness(view.now), &state.trouble) {
            (Freshness::Live, _) => continue,
            (Freshness::Loading, None) => match state.expected {
                Some(expected) => format!("{id}: still loading {source}, {} of {}.", state.named, expected),
                None => format!("{id}: still loading {source}."),
            },
            (_, None) => {
                let ago = span(state.age_seconds(view.now));
                format!("{id}: {source} are stale: nothing was heard for {ago}.")
            }
            (freshness, Some(trouble)) => {
                let shown = match state.heard {
                    Some(at) if state.listed => format!(" What is shown is from {}.", at.strftime("%H:%M UTC")),
                    _ => " Nothing is known of it: that is unknown, not zero.".to_owned(),
                };
                // A login that is not accepted is that of all lists.
                let all = view.sources(id).filter_map(|(_, it)| it.trouble.as_ref());
                let shared = all.filter(|it| it.what == trouble.what).nth(1).is_some();
                let what = match freshness {
                    Freshness::Unreachable | Freshness::Loading => String::new(),
                    _ if shared => String::new(),
                    _ => format!("{source}: "),
                };
                format!("{id}: {what}{}. To mend it: {}.{shown}", bare(&trouble.what), bare(&trouble.mend))
            }
        };
        if said.insert(line.clone()) {
            let _ = writeln!(out, "{line}");
        }
    }
}

/// Why a list may not be read of which nothing is known.
fn denied<'a>(state: &'a SourceState, view: &View<'_>) -> Option<&'a Trouble> {
    let forbidden = !state.listed && state.freshness(view.now) == Freshness::Forbidden;
    state.trouble.as_ref().filter(|it| forbidden && it.kind == TroubleKind::Forbidden)
}

/// Nothing of it can be read.
fn is_dark(state: &SourceState, view: &View<'_>) -> bool {
    matches!(state.freshness(view.now), Freshness::Forbidden | Freshness::Unreachable)
}

/// Without the full stop at its end.
fn bare(text: &str) -> &str {
    text.trim_end_matches('.')
}
