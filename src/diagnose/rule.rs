//! What a rule is, and what it says.

use crate::domain::{Certainty, Intent, Name, Ref, Role, Severity, Text, Tier, Timestamp, Want};
use crate::state::View;

use super::incident::Evidence;
use super::settings::Settings;

/// One small pure question to the model. The table of them generates `docs/diagnosis.md` and `cockpit explain`.
pub struct Rule {
    /// The stable name: `oom-killed`.
    pub id: &'static str,
    /// Rules of one family on one subject are one incident, whichever of them speaks.
    pub family: &'static str,
    /// What it finds, one line.
    pub summary: &'static str,
    /// What it finds it on.
    pub subject: Subject,
    /// Along which edges it reads: what changes there asks it again.
    pub reads: &'static [Edge],
    /// So long it has to hold before it is an incident, seconds.
    pub hold_seconds: i64,
    /// So long it has to be away before the incident is over, seconds.
    pub clear_after_seconds: i64,
    /// The question.
    pub check: fn(&View<'_>, &Ref, &Settings, &mut Out),
}

/// What a rule can be about. Never an instance: those come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A workload.
    Workload,
    /// A node.
    Node,
    /// A queue.
    Queue,
    /// A volume.
    Volume,
    /// An endpoint.
    Endpoint,
    /// A target as a whole.
    Cluster,
}

impl Subject {
    /// The role of the objects that it is about.
    pub const fn role(self) -> Role {
        match self {
            Subject::Workload => Role::Workload,
            Subject::Node => Role::Node,
            Subject::Queue => Role::Queue,
            Subject::Volume => Role::Volume,
            Subject::Endpoint => Role::Endpoint,
            Subject::Cluster => Role::Cluster,
        }
    }
}

/// Along which a change of one object asks the rules of another again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Edge {
    /// From an instance to its owner.
    Instances,
    /// From an instance to its node.
    Hosted,
    /// From a node to the owners of what runs on it.
    Node,
    /// From something needed to what needs it.
    Needs,
    /// From any node to its cluster.
    ClusterNodes,
}

/// What a rule says of a subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// What ranks it; where none is said, it follows from severity, exposure and what is still ready.
    pub tier: Option<Tier>,
    /// One line for a tired person, without the subject's name.
    pub summary: Text,
    /// What a person reads where the subject's own name would not do.
    pub label: Option<Text>,
    /// Since when, from evidence; else from when the rule first held.
    pub since: Option<Timestamp>,
    /// How sure.
    pub certainty: Certainty,
    /// What shows it, strongest first.
    pub evidence: Vec<Evidence>,
    /// What it shares with others: findings of one link are one incident.
    pub links: Vec<Link>,
    /// What would tell more.
    pub wants: Vec<Want>,
    /// What would help, best first.
    pub helps: Vec<Intent>,
}

/// Something that several subjects can share, by an explicit edge.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Link {
    /// An image that cannot be had.
    Image(Name),
    /// A registry that does not answer.
    Registry(Name),
    /// Another object that it needs or runs on: if that one failed first, it is the cause.
    On(Ref),
    /// As [`Link::On`], guessed from words.
    Likely(Ref),
}

/// Where a rule puts what it has to say.
#[derive(Debug, Default)]
pub struct Out {
    pub(super) findings: Vec<Finding>,
    pub(super) recheck_at: Option<Timestamp>,
}

impl Out {
    /// Says something. One rule says at most one thing of one subject; the first counts.
    pub fn say(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Asks to be run again then, though no fact comes: stall timers, overdue jobs, countdowns.
    pub fn recheck_at(&mut self, at: Timestamp) {
        self.recheck_at = Some(self.recheck_at.map_or(at, |known| known.min(at)));
    }
}
