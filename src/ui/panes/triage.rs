//! What is wrong, the worst first.

use super::super::clock::Clock;
use super::super::glyphs;
use super::super::screen::RowKey;
use super::super::sights;
use super::super::sort::SortKey;
use super::super::text::Phrase;
use super::super::theme::Ink;
use super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::{Ctx, Rows, cluster_cell};
use crate::action::Mood;
use crate::action::words::deed;
use crate::diagnose::{Incident, IncidentState};
use crate::domain::people::{Fold, Mark, SnoozedUntil, Stand};
use crate::domain::words::{count, many};
use crate::domain::{Certainty, Ref, Severity, Timestamp};

pub(in crate::ui) struct Triage<'c>(pub &'c Ctx<'c>);

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
        let critical = |it: &Incident| it.severity == Severity::Critical && is_open(it);
        self.incidents().iter().any(|it| critical(it) && !self.0.model.is_folded(it))
    }

    /// What folds an incident away, in the word that lists it.
    fn fold_of(&self, incident: &Incident, folds_risks: bool) -> Option<&'static str> {
        match self.0.model.stand(incident) {
            Stand::Folded(mark) => Some(mark.said.word()),
            _ => (folds_risks && incident.severity >= Severity::Risk).then_some("risk"),
        }
    }

    /// What is not listed, each with the word that lists it.
    pub fn folds(&self) -> Vec<(&Incident, &'static str)> {
        let folds_risks = self.folds_risks();
        self.incidents().iter().filter_map(|it| Some((it, self.fold_of(it, folds_risks)?))).collect()
    }

    /// How many risks, snoozed and accepted ones are not listed.
    fn counts(&self) -> [(&'static str, usize); 3] {
        let folds = self.folds();
        ["risk", "snoozed", "accepted"].map(|word| (word, folds.iter().filter(|(_, it)| *it == word).count()))
    }

    /// What the last line says of what is not listed.
    fn folded(&self) -> Option<Phrase> {
        let in_settings = self.0.model.diagnosis.accepted().len();
        let [(_, risks), (_, snoozed), (_, accepted)] = self.counts();
        let mut parts = Vec::new();
        if risks > 0 {
            parts.push(many(risks as u64, "risk"));
        }
        if snoozed > 0 {
            parts.push(format!("{} snoozed", count(snoozed as u64)));
        }
        if accepted > 0 {
            parts.push(format!("{} accepted", count(accepted as u64)));
        }
        if let Some(last) = parts.last_mut() {
            last.push_str(" (enter lists)");
        }
        if in_settings > 0 {
            parts.push(format!("{} accepted in the settings", count(in_settings as u64)));
        }
        (!parts.is_empty()).then(|| Phrase::dim(parts.join(", ")))
    }

    fn incident(&self, key: &RowKey) -> Option<&Incident> {
        let RowKey::Incident(id) = key else { return None };
        self.incidents().iter().find(|incident| incident.id == *id)
    }

    fn why(&self, incident: &Incident) -> Phrase {
        let clock = &self.0.clock;
        let run = self.0.followed(&incident.subject);
        let said = match self.0.model.stand(incident) {
            Stand::Folded(mark) => Phrase::dim(format!("{}: ", in_short(clock, mark))),
            // Where there is little room the cause comes first: the pane below says why it is back.
            Stand::Back(..) if self.0.compact => Phrase::of(Ink::Strong, "back: "),
            Stand::Back(grown, mark) => Phrase::of(Ink::Strong, format!("{grown} it was {}: ", mark.said.word())),
            Stand::Listed => Phrase::default(),
        };
        let taken = self.0.model.people.of(&incident.id).and_then(|entry| entry.taken_by());
        let taken = taken
            .map(|(who, _)| first_name(who).to_owned() + if self.0.compact { ": " } else { " has it: " })
            .unwrap_or_default();
        let noted = self.0.model.people.of(&incident.id).and_then(|entry| entry.noted()).is_some();
        let lead = match (incident.state, run) {
            (IncidentState::Recovered(at), Some((_, said))) => {
                said.and(Ink::Good, format!("; recovered {}: ", clock.moment(at)))
            }
            (IncidentState::Recovered(at), None) => Phrase::of(Ink::Good, format!("recovered {}: ", clock.moment(at))),
            // Its cause is the incident's own: that follows anyway.
            (_, Some((followed, _))) if followed.mood == Mood::Stuck => {
                Phrase::of(Ink::Strong, format!("{}, stuck: ", deed(&followed.run.plan.intent)))
            }
            (_, Some((_, said))) => said.and(Ink::Text, ": "),
            (IncidentState::Flapping, None) => Phrase::of(Ink::Strong, "comes and goes: "),
            (IncidentState::Clearing(at), None) => {
                Phrase::of(Ink::Good, format!("not so since {}: ", clock.moment(at)))
            }
            (IncidentState::Open, None) => Phrase::default(),
        };
        let ink = if incident.severity == Severity::Critical { Ink::Strong } else { Ink::Text };
        let guess = match incident.certainty {
            Certainty::Confirmed => String::new(),
            certainty => format!(" ({})", certainty.as_str()),
        };
        let noted = if noted { " · noted" } else { "" };
        said.and(Ink::Name, taken).then(lead).and(ink, incident.summary.as_str()).and(Ink::Dim, guess + noted)
    }
}

/// `snoozed until 09:00`, `accepted`.
pub(in crate::ui) fn in_short(clock: &Clock, mark: &Mark<Fold>) -> String {
    match &mark.said {
        Fold::Snoozed(SnoozedUntil::Time(until), _) => format!("snoozed until {}", clock.ahead(*until)),
        Fold::Snoozed(SnoozedUntil::Worse, _) => "snoozed until worse".to_owned(),
        Fold::Snoozed(SnoozedUntil::Deploy, _) => "snoozed until its next deploy".to_owned(),
        Fold::Accepted(..) | Fold::Listed => mark.said.word().to_owned(),
    }
}

/// `anna` of `anna@bastion`.
fn first_name(who: &str) -> &str {
    who.split('@').next().unwrap_or(who)
}

/// The word that lists what the last line stands for.
pub(super) fn folded_word(ctx: &Ctx<'_>) -> &'static str {
    let counts = Triage(ctx).counts();
    let mut there = counts.iter().filter(|(_, n)| *n > 0).map(|(word, _)| *word);
    match (there.next(), there.next()) {
        (Some(only), None) => only,
        _ => "folded",
    }
}

/// Incidents that need someone: open, and more than a risk.
pub(super) fn attention(ctx: &Ctx<'_>) -> usize {
    let wants = |it: &&Incident| is_open(it) && it.severity < Severity::Risk && !ctx.model.is_folded(it);
    ctx.model.diagnosis.incidents().iter().filter(wants).count()
}

const fn is_open(incident: &Incident) -> bool {
    !matches!(incident.state, IncidentState::Recovered(_))
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
        let listed = self.incidents().iter().filter(|incident| self.fold_of(incident, folds).is_none());
        let mut keys: Vec<RowKey> = listed.map(|incident| RowKey::Incident(incident.id.clone())).collect();
        // An empty list with something folded is not one in which nothing is wrong.
        let folded = self.counts().iter().any(|(_, n)| *n > 0);
        if folded || (!keys.is_empty() && self.folded().is_some()) {
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

    /// Besides what the row shows, the words for its glyph and what folds it: `/risk`, `/snoozed` and `/folded` list what
    /// is not listed otherwise.
    fn words(&self, key: &RowKey) -> String {
        let shown = self.row(key).map(|row| row.plain()).unwrap_or_default();
        let Some(incident) = self.incident(key) else { return String::new() };
        let fold = self.fold_of(incident, self.folds_risks()).map(|word| format!(" folded {word}")).unwrap_or_default();
        format!("{shown}{} {}{fold}", incident.severity.as_str(), incident.rule)
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
