//! What a rule is, and what it says.

use crate::domain::{Certainty, Intent, Name, Ref, Role, Severity, Text, Tier, Timestamp, Want};

use super::incident::Evidence;
use super::scene::Scene;

/// One small pure question to the model. The table of them generates `docs/diagnosis.md` and `cockpit explain`.
#[derive(Debug)]
pub struct Rule {
    /// The stable name: `oom-killed`.
    pub id: &'static str,
    /// Rules of one family on one subject are one incident, whichever of them speaks.
    pub family: &'static str,
    /// What it finds, one line.
    pub summary: &'static str,
    /// What it looks at, and what it does not take for it.
    pub looks_at: &'static str,
    /// What to do next.
    pub mend: &'static str,
    /// What it finds it on.
    pub subject: Subject,
    /// What sort of cause it names: decides which finding on one subject is the incident.
    pub cause: Cause,
    /// Along which edges it reads: what changes there asks it again.
    pub reads: &'static [Edge],
    /// So long it has to hold before it is an incident, seconds.
    pub hold_seconds: i64,
    /// So long it has to be away before the incident is over, seconds.
    pub clear_after_seconds: i64,
    /// The question.
    pub check: fn(&Scene<'_>, &mut Out),
}

/// Sorts of causes, in the order in which they win on one subject: the least is the incident, the rest are its symptoms.
/// A `Risk` stands by itself; `Advice` is not in triage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// It cannot even be made.
    Creation,
    /// The image cannot be had.
    Image,
    /// It is configured so that it cannot run.
    Configuration,
    /// Memory ran out.
    Memory,
    /// Its process ends.
    Crash,
    /// It is not placed, or refused.
    Placement,
    /// A node is not in order.
    Node,
    /// It runs and does not do its work.
    Probe,
    /// There are fewer than wanted.
    Replicas,
    /// A change does not get through.
    Rollout,
    /// It did not run when it should have.
    Schedule,
    /// Work piles up in front of it.
    Traffic,
    /// What keeps it as a repository has it says that it is not so.
    GitOps,
    /// Someone else says that something is wrong.
    Alert,
    /// Quiet today: stands by itself, whatever else is wrong.
    Risk,
    /// Good practice.
    Advice,
}

impl Cause {
    /// The word a person reads.
    pub const fn as_str(self) -> &'static str {
        match self {
            Cause::Creation => "creation",
            Cause::Image => "image",
            Cause::Configuration => "configuration",
            Cause::Memory => "memory",
            Cause::Crash => "crash",
            Cause::Placement => "placement",
            Cause::Node => "node",
            Cause::Probe => "probe",
            Cause::Replicas => "replicas",
            Cause::Rollout => "rollout",
            Cause::Schedule => "schedule",
            Cause::Traffic => "traffic",
            Cause::GitOps => "gitops",
            Cause::Alert => "alert",
            Cause::Risk => "risk",
            Cause::Advice => "advice",
        }
    }
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
    /// An alert; what it finds is put down to what the alert is about, where that is known.
    Alert,
    /// A namespace, with its quotas.
    Namespace,
    /// What keeps workloads as a repository has them.
    Application,
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
            Subject::Alert => Role::Alert,
            Subject::Namespace => Role::Namespace,
            Subject::Application => Role::Application,
            Subject::Cluster => Role::Cluster,
        }
    }

    /// The word a person reads.
    pub const fn as_str(self) -> &'static str {
        match self {
            Subject::Workload => "workload",
            Subject::Node => "node",
            Subject::Queue => "queue",
            Subject::Volume => "volume",
            Subject::Endpoint => "endpoint",
            Subject::Alert => "alert",
            Subject::Namespace => "namespace",
            Subject::Application => "application",
            Subject::Cluster => "cluster",
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
    /// From a node whose state changed to the owners of what runs on it.
    Node,
    /// From any node whose state changed to its cluster.
    ClusterNodes,
    /// From a workload and its instances to the queues that it takes from.
    Consumers,
}

/// What a rule says of a subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// How bad at worst. What is still ready, and whether users reach it, decide the rest where no tier is said.
    pub severity: Severity,
    /// What ranks it; where none is said, it follows from severity, exposure and what is still ready.
    pub tier: Option<Tier>,
    /// One line for a tired person, without the subject's name.
    pub summary: Text,
    /// What a person reads where the subject's own name would not do.
    pub label: Option<Text>,
    /// Since when, from evidence; else from when the rule first held.
    pub since: Option<Timestamp>,
    /// Whether that is when it began; else it is at least so old (a server remembers only the last few times).
    pub since_exact: bool,
    /// When it last happened, for something that happens rather than is. The rule itself says when that is over.
    pub happened: Option<Timestamp>,
    /// How sure.
    pub certainty: Certainty,
    /// So many of the subject's instances do not do their work because of it, though some may look ready.
    pub affected: u32,
    /// What shows it, strongest first.
    pub evidence: Vec<Evidence>,
    /// What it shares with others: findings of one link are one incident.
    pub links: Vec<Link>,
    /// What would tell more.
    pub wants: Vec<Want>,
    /// What would help, best first.
    pub helps: Vec<Intent>,
}

impl Finding {
    /// A finding of which only severity and summary are known.
    pub fn new(severity: Severity, summary: impl Into<Text>) -> Self {
        Self {
            severity,
            tier: None,
            summary: summary.into(),
            label: None,
            since: None,
            since_exact: true,
            happened: None,
            certainty: Certainty::Confirmed,
            affected: 0,
            evidence: Vec::new(),
            links: Vec::new(),
            wants: Vec::new(),
            helps: Vec::new(),
        }
    }

    /// With a rank of its own.
    #[must_use]
    pub fn tier(self, tier: Tier) -> Self {
        Self { tier: Some(tier), ..self }
    }

    /// Since when.
    #[must_use]
    pub fn since(self, since: Option<Timestamp>) -> Self {
        Self { since, ..self }
    }

    /// As said, or at least so old.
    #[must_use]
    pub fn since_exact(self, since_exact: bool) -> Self {
        Self { since_exact, ..self }
    }

    /// How sure.
    #[must_use]
    pub fn certainty(self, certainty: Certainty) -> Self {
        Self { certainty, ..self }
    }

    /// How many instances it takes.
    #[must_use]
    pub fn affected(self, affected: usize) -> Self {
        Self { affected: u32::try_from(affected).unwrap_or(u32::MAX), ..self }
    }

    /// With a piece of evidence more.
    #[must_use]
    pub fn evidence(mut self, at: Option<Timestamp>, source: &str, text: impl Into<Text>) -> Self {
        self.evidence.push(Evidence { at, source: Text::new(source), text: text.into() });
        self
    }

    /// With a link more.
    #[must_use]
    pub fn link(mut self, link: Link) -> Self {
        self.links.push(link);
        self
    }

    /// With intents that would help.
    #[must_use]
    pub fn helps(mut self, helps: impl IntoIterator<Item = Intent>) -> Self {
        self.helps.extend(helps);
        self
    }
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
    /// What it lacks: if that one is short of instances, it is the cause, whichever was noticed first.
    Lacks(Ref),
    /// As [`Link::On`], guessed from words.
    Likely(Ref),
    /// What several lack or are held back by, and no rule is about: a Secret, a quota, the service of a webhook.
    Shared(Ref),
    /// The same, of what is only a name: `storage class fast`, `zone eu-1a`.
    Named(Name),
}

impl Link {
    /// Whether those that have it in common are one incident, that of the first.
    pub const fn is_shared(&self) -> bool {
        matches!(self, Link::Image(_) | Link::Registry(_) | Link::Shared(_) | Link::Named(_))
    }
}

/// Where a rule puts what it has to say.
#[derive(Debug, Default)]
pub struct Out {
    pub(super) finding: Option<Finding>,
    pub(super) recheck_at: Option<Timestamp>,
}

impl Out {
    /// Says something. One rule says at most one thing of one subject; the first counts.
    pub fn say(&mut self, finding: Finding) {
        self.finding.get_or_insert(finding);
    }

    /// Asks to be run again then, though no fact comes: stall timers, overdue jobs, countdowns.
    pub fn recheck_at(&mut self, at: Timestamp) {
        self.recheck_at = Some(self.recheck_at.map_or(at, |known| known.min(at)));
    }
}
