//! What is wrong, the worst first.

use super::super::glyphs;
use super::super::screen::RowKey;
use super::super::sights;
use super::super::sort::SortKey;
use super::super::text::Phrase;
use super::super::theme::Ink;
use super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::{Ctx, Rows, cluster_cell};
use crate::action::Run;
use crate::diagnose::{Incident, IncidentState};
use crate::domain::{Certainty, Ref, Severity, Timestamp, words::count};

pub(super) struct Triage<'c>(pub &'c Ctx<'c>);

/// The row that stands for risks while something is critical. Opening it narrows the list to `risk`.
pub(super) const RISKS: &str = "risks";

impl Triage<'_> {
    /// Keys of all incidents, folded or not.
    pub fn all(&self) -> Vec<RowKey> {
        self.incidents().iter().map(|incident| RowKey::Incident(incident.id.clone())).collect()
    }

    fn incidents(&self) -> &[Incident] {
        self.0.model.diagnosis.incidents()
    }

    fn folds_risks(&self) -> bool {
        self.incidents().iter().any(|it| it.severity == Severity::Critical && is_open(it))
    }

    /// What the last line says of what is not listed.
    fn folded(&self) -> Option<Phrase> {
        let risks = self.incidents().iter().filter(|it| is_folded(it)).count();
        let accepted = self.0.model.diagnosis.accepted().len();
        let mut parts = Vec::new();
        if risks > 0 && self.folds_risks() {
            parts.push(if risks == 1 { "1 risk".to_owned() } else { format!("{risks} risks") } + " (enter lists)");
        }
        if accepted > 0 {
            parts.push(format!("{} accepted", count(accepted as u64)));
        }
        (!parts.is_empty()).then(|| Phrase::dim(parts.join(", ")))
    }

    fn incident(&self, key: &RowKey) -> Option<&Incident> {
        let RowKey::Incident(id) = key else { return None };
        self.incidents().iter().find(|incident| incident.id == *id)
    }

    fn why(&self, incident: &Incident) -> Phrase {
        let clock = &self.0.clock;
        let run = self.0.model.runs.under_way(&incident.subject);
        let lead = match (incident.state, run) {
            (IncidentState::Recovered(at), _) => Phrase::of(Ink::Good, format!("recovered {}: ", clock.moment(at))),
            (_, Some(run)) => Phrase::of(Ink::Strong, under_way(run)),
            (IncidentState::Flapping, None) => Phrase::of(Ink::Strong, "comes and goes: "),
            (IncidentState::Open, None) => Phrase::default(),
        };
        let ink = if incident.severity == Severity::Critical { Ink::Strong } else { Ink::Text };
        let guess = match incident.certainty {
            Certainty::Confirmed => String::new(),
            certainty => format!(" ({})", certainty.as_str()),
        };
        lead.and(ink, incident.summary.as_str()).and(Ink::Dim, guess)
    }
}

/// `restart under way, 1 of 3: `.
fn under_way(run: &Run) -> String {
    let (done, all) = run.progress();
    format!("{} under way, {done} of {all}: ", run.plan.intent.verb())
}

/// Incidents that need someone: open, and more than a risk.
pub(super) fn attention(ctx: &Ctx<'_>) -> usize {
    ctx.model.diagnosis.incidents().iter().filter(|it| is_open(it) && it.severity < Severity::Risk).count()
}

const fn is_open(incident: &Incident) -> bool {
    !matches!(incident.state, IncidentState::Recovered(_))
}

fn is_folded(incident: &Incident) -> bool {
    incident.severity >= Severity::Risk
}

/// What an incident drags along, in one line.
pub(in crate::ui) fn drags(incident: &Incident) -> Option<Phrase> {
    let texts: Vec<String> = incident
        .symptoms
        .iter()
        .map(|symptom| {
            let about = if symptom.about == incident.subject { String::new() } else { symptom.about.local() + " " };
            let guess = if symptom.certainty == Certainty::Confirmed { "" } else { " (likely)" };
            format!("{about}{}{guess}", symptom.text)
        })
        .collect();
    (!texts.is_empty()).then(|| Phrase::dim(format!("{} {}", glyphs::DRAGS, texts.join(" · "))))
}

impl Rows for Triage<'_> {
    fn keys(&self) -> Vec<RowKey> {
        let folds = self.folds_risks();
        let listed = self.incidents().iter().filter(|incident| !folds || !is_folded(incident));
        let mut keys: Vec<RowKey> = listed.map(|incident| RowKey::Incident(incident.id.clone())).collect();
        if self.folded().is_some() && !keys.is_empty() {
            keys.push(RowKey::Fold(RISKS));
        }
        keys
    }

    fn columns(&self) -> Vec<Column> {
        let compact = self.0.compact;
        vec![
            self.0.where_column(),
            words("what", if compact { Room::Fits(8, 26) } else { Room::Fits(10, 24) }, 9),
            words("why", Room::Rest(24), 9),
            numbers("ready", if compact { 5 } else { 8 }, 4),
            numbers("since", 5, 6),
        ]
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let incident = self.incident(key)?;
        match column {
            "ready" => Some(incident.ready.map_or(SortKey::Unknown, |ready| SortKey::share(ready, incident.wanted))),
            "since" => Some(SortKey::Age(incident.since)),
            _ => None,
        }
    }

    fn row(&self, key: &RowKey) -> Option<Row> {
        if let RowKey::Fold(_) = key {
            let blank = Phrase::default;
            let cells = vec![blank(), blank(), self.folded()?, blank(), blank()];
            return Some(Row::new((glyphs::NONE, Ink::Dim), cells));
        }
        let incident = self.incident(key)?;
        let what = incident.label.as_ref().map_or_else(|| incident.subject.local(), ToString::to_string);
        let of = if self.0.compact { "/" } else { " of " };
        let (ready, short) = match (incident.ready, incident.wanted) {
            (Some(ready), Some(wanted)) => (format!("{ready}{of}{wanted}"), ready < wanted),
            (Some(ready), None) => (ready.to_string(), false),
            _ => (String::new(), false),
        };
        let since = self.0.clock.age(incident.since);
        let since = match (incident.since_exact, since.starts_with('<')) {
            (true, _) => since,
            (false, false) => format!("≥{since}"),
            (false, true) => "?".to_owned(),
        };
        let mut row = Row::new(
            glyphs::of_incident(incident),
            vec![
                cluster_cell(self.0, &incident.subject),
                Phrase::of(Ink::Strong, what),
                self.why(incident),
                Phrase::of(if short { Ink::Strong } else { Ink::Text }, ready),
                Phrase::text(since),
            ],
        );
        row.faded = !is_open(incident);
        row.more = if row.faded { None } else { drags(incident) };
        Some(row)
    }

    /// Besides what the row shows, the words for its glyph: `/risk` lists what is folded.
    fn words(&self, key: &RowKey) -> String {
        let shown = self.row(key).map(|row| row.plain()).unwrap_or_default();
        self.incident(key).map_or_else(String::new, |it| format!("{shown}{} {}", it.severity.as_str(), it.rule))
    }

    fn target(&self, key: &RowKey) -> Option<Ref> {
        self.incident(key).map(|incident| incident.subject.clone())
    }

    fn since(&self, key: &RowKey) -> Option<Timestamp> {
        self.incident(key).map(|incident| incident.since)
    }

    fn empty(&self) -> Vec<Phrase> {
        sights::nothing_found(self.0)
    }
}
