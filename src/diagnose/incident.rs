//! What triage lists.

use std::collections::BTreeSet;

use crate::domain::people::Weight;
use crate::domain::{Certainty, Exposure, Intent, Name, Ref, Severity, Text, Tier, Timestamp};
use crate::state::View;

use super::rank::{Importance, in_words};

/// One thing that is wrong: a cause, what shows it, and what it drags along.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Hash of cluster, rule family and subject, hexadecimal: the same from run to run, whatever pod, revision or time.
    pub id: Name,
    /// The rule that names the cause.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// What ranks it.
    pub tier: Tier,
    /// Where it is in its life.
    pub state: IncidentState,
    /// What it is about: never an instance.
    pub subject: Ref,
    /// What a person reads where the subject's own name would not do (`managers`).
    pub label: Option<Text>,
    /// The cause, one line for a tired person, without the subject's name.
    pub summary: Text,
    /// Since when.
    pub since: Timestamp,
    /// Whether evidence says so; else it is at least so long.
    pub since_exact: bool,
    /// How sure the cause is.
    pub certainty: Certainty,
    /// Whether users reach the subject.
    pub exposure: Exposure,
    /// Instances that serve, where the subject has instances.
    pub ready: Option<u32>,
    /// Instances that are wanted, where a number is.
    pub wanted: Option<u32>,
    /// Whose it is, by the configuration's patterns.
    pub owner: Option<Text>,
    /// What shows it, strongest first.
    pub evidence: Vec<Evidence>,
    /// What it drags along: other findings on the subject, and other subjects.
    pub symptoms: Vec<Symptom>,
    /// What would help, best first.
    pub actions: Vec<Intent>,
    /// What decides where it stands, beside what it says of itself.
    pub rank: Rank,
    /// Why it is accepted, by the configuration.
    pub accepted: Option<Text>,
}

impl Incident {
    /// Why it stands where it stands, in words (`w`). Put together when it is asked for: most rows are not asked.
    pub fn place(&self) -> Text {
        match &self.rank {
            Rank::Said(words) => words.clone(),
            Rank::By { importance, beside } => in_words(self, importance, *beside),
        }
    }

    /// How much it weighs: what people fold away comes back when that grows.
    pub fn weight(&self, view: &View<'_>) -> Weight {
        let dragged: BTreeSet<&Ref> =
            self.symptoms.iter().map(|symptom| &symptom.about).filter(|about| **about != self.subject).collect();
        let revision = view.workload(&self.subject).and_then(|workload| workload.revision.as_ref());
        Weight {
            severity: self.severity,
            tier: self.tier,
            rule: Name::new(self.rule),
            reach: 1 + dragged.len() as u32,
            users: self.exposure == Exposure::Yes,
            revision: revision.map(|revision| revision.id.clone()),
        }
    }
}

/// What decides where an incident stands, beside what it says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rank {
    /// How important its subject is, and how many others failed with it that share nothing with it.
    By {
        /// By the settings' patterns.
        importance: Importance,
        /// How many.
        beside: usize,
    },
    /// It stands in a list of its own, and these words say where.
    Said(Text),
}

/// Where an incident is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncidentState {
    /// It is there.
    Open,
    /// It is there, and came three times or more within an hour.
    Flapping,
    /// It is not so any more since then, which is not yet trusted to last.
    Clearing(Timestamp),
    /// It was there until then; shown for 15 minutes.
    Recovered(Timestamp),
}

/// Something that shows a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// When, where it has a time.
    pub at: Option<Timestamp>,
    /// Who said it: `inspect`, `event oom`, `task status`, `stats`.
    pub source: Text,
    /// What.
    pub text: Text,
}

/// Something that an incident drags along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symptom {
    /// What it is about.
    pub about: Ref,
    /// The rule that saw it.
    pub rule: &'static str,
    /// One line.
    pub text: Text,
    /// How sure it is that it belongs here.
    pub certainty: Certainty,
}
