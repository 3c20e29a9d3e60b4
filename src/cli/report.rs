//! The shape of `triage --json`, version 1. Programs read it: fields are added, never renamed or taken away.

use serde::Serialize;

use crate::diagnose::{Incident, IncidentState};
use crate::domain::people::{Fold, SnoozedUntil, Stand};
use crate::domain::{BackendKind, Certainty, ClusterId, Exposure, Freshness, Kind, Severity, Timestamp, TroubleKind};
use crate::state::{SourceState, View};

use super::headless::Known;
use super::listing::in_words;

/// What triage says.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    version: u8,
    at: String,
    /// Everything was read, and all of it is live.
    pub complete: bool,
    clusters: Vec<Cluster<'a>>,
    incidents: Vec<Entry<'a>>,
}

#[derive(Debug, Serialize)]
struct Cluster<'a> {
    name: &'a ClusterId,
    backend: BackendKind,
    sources: Vec<Source<'a>>,
}

#[derive(Debug, Serialize)]
struct Source<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition: Option<&'a str>,
    freshness: Freshness,
    age_s: i64,
    trouble: Option<Trouble<'a>>,
}

#[derive(Debug, Serialize)]
struct Trouble<'a> {
    kind: TroubleKind,
    what: &'a str,
    mend: &'a str,
    since: String,
}

#[derive(Debug, Serialize)]
struct Entry<'a> {
    id: &'a str,
    rule: &'a str,
    severity: Severity,
    tier: u8,
    state: &'static str,
    cluster: &'a ClusterId,
    kind: Kind,
    namespace: Option<&'a str>,
    name: &'a str,
    summary: &'a str,
    since: String,
    since_exact: bool,
    certainty: Certainty,
    user_facing: Exposure,
    ready: Option<u32>,
    wanted: Option<u32>,
    owner: Option<&'a str>,
    taken_by: Option<&'a str>,
    note: Option<&'a str>,
    /// `snoozed` or `accepted`, where somebody folded it away.
    folded: Option<&'static str>,
    /// Of what is snoozed until a time; one that is accepted, or waits for something else, has none.
    snoozed_until: Option<String>,
    accepted_because: Option<&'a str>,
    evidence: Vec<Evidence<'a>>,
    symptoms: Vec<String>,
    actions: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct Evidence<'a> {
    at: Option<String>,
    source: &'a str,
    text: &'a str,
}

impl<'a> Report<'a> {
    /// The report of what is known; `advice` adds good practice that is not followed.
    pub fn new(known: &'a Known, advice: bool) -> Self {
        let view = known.core.view(known.now);
        let clusters: Vec<Cluster<'a>> = known.clusters.iter().map(|(id, kind)| cluster(id, *kind, &view)).collect();
        let live = |cluster: &Cluster<'_>| {
            !cluster.sources.is_empty() && cluster.sources.iter().all(|it| it.freshness == Freshness::Live)
        };
        let diagnosis = known.core.diagnosis();
        let advice = if advice { diagnosis.advice() } else { &[] };
        Self {
            version: 1,
            at: moment(known.now),
            complete: !known.timed_out && clusters.iter().all(live),
            clusters,
            incidents: diagnosis.incidents().iter().chain(advice).map(|it| entry(it, known)).collect(),
        }
    }
}

fn cluster<'a>(id: &'a ClusterId, backend: BackendKind, view: &View<'a>) -> Cluster<'a> {
    let now = view.now;
    Cluster { name: id, backend, sources: view.sources(id).map(|(of, state)| source(of, state, now)).collect() }
}

fn source<'a>(of: &'a crate::domain::Source, state: &'a SourceState, now: Timestamp) -> Source<'a> {
    let trouble = state.trouble.as_ref().map(|trouble| Trouble {
        kind: trouble.kind,
        what: &trouble.what,
        mend: &trouble.mend,
        since: moment(trouble.since),
    });
    Source {
        kind: &of.kind,
        partition: of.partition.as_deref(),
        freshness: state.freshness(now),
        age_s: state.age_seconds(now),
        trouble,
    }
}

fn entry<'a>(incident: &'a Incident, known: &'a Known) -> Entry<'a> {
    let subject = &incident.subject;
    let said = known.people.of(&incident.id);
    let fold = match known.stand(incident) {
        Stand::Folded(mark) => Some(&mark.said),
        _ => None,
    };
    let (snoozed_until, accepted_because) = match fold {
        Some(Fold::Snoozed(SnoozedUntil::Time(until), _)) => (Some(moment(*until)), None),
        Some(Fold::Accepted(reason, _)) => (None, Some(reason.as_str())),
        _ => (None, None),
    };
    Entry {
        id: &incident.id,
        rule: incident.rule,
        severity: incident.severity,
        tier: incident.tier.into(),
        state: match incident.state {
            IncidentState::Open => "open",
            IncidentState::Flapping => "flapping",
            IncidentState::Clearing(_) => "clearing",
            IncidentState::Recovered(_) => "recovered",
        },
        cluster: &subject.cluster,
        kind: subject.kind,
        namespace: subject.namespace.as_deref(),
        name: &subject.name,
        summary: &incident.summary,
        since: moment(incident.since),
        since_exact: incident.since_exact,
        certainty: incident.certainty,
        user_facing: incident.exposure,
        ready: incident.ready,
        wanted: incident.wanted,
        owner: incident.owner.as_deref(),
        taken_by: said.and_then(|it| it.taken_by()).map(|(who, _)| who.as_str()),
        note: said.and_then(|it| it.noted()).map(|mark| mark.said.as_str()),
        folded: fold.map(Fold::word),
        snoozed_until,
        accepted_because,
        evidence: incident.evidence.iter().map(evidence).collect(),
        symptoms: incident.symptoms.iter().map(|symptom| in_words(incident, symptom)).collect(),
        actions: incident.actions.iter().map(crate::domain::Intent::verb).collect(),
    }
}

fn evidence(evidence: &crate::diagnose::Evidence) -> Evidence<'_> {
    Evidence { at: evidence.at.map(moment), source: &evidence.source, text: &evidence.text }
}

/// RFC 3339, UTC, whole seconds.
fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
