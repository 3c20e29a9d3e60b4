//! Things that want instances to run, and what they want to run.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::identity::Ref;
use super::spec::ContainerSpec;
use super::text::{Name, Text};

/// A Deployment, StatefulSet, DaemonSet, Job, CronJob, Nomad task group, Swarm service, Compose service or lone container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// Its stable key.
    pub key: Ref,
    /// This incarnation of it.
    pub uid: Name,
    /// When it was created, as its server says.
    #[serde(default)]
    pub created: Option<Timestamp>,
    /// How many instances it wants.
    pub desired: Desired,
    /// What its own server counts; else the instances are counted.
    #[serde(default)]
    pub reported: Option<Reported>,
    /// What one instance is made of, in the newest revision.
    #[serde(default)]
    pub containers: Vec<ContainerSpec>,
    /// The newest revision.
    #[serde(default)]
    pub revision: Option<Revision>,
    /// Older revisions that are still there, newest first.
    #[serde(default)]
    pub history: Vec<Revision>,
    /// The newest change that is or was rolled out.
    #[serde(default)]
    pub rollout: Option<Rollout>,
    /// What keeps its controller from making instances: a quota, an admission webhook, a policy.
    #[serde(default)]
    pub hindrance: Option<Box<Hindrance>>,
    /// How a Job stands in its server's own judgement.
    #[serde(default)]
    pub job: Option<Box<JobState>>,
    /// Its instances come one after the other, each when the one before is ready (StatefulSet `OrderedReady`).
    #[serde(default)]
    pub ordered: bool,
    /// A new revision takes effect only where an instance is deleted by hand (`OnDelete`).
    #[serde(default)]
    pub on_delete: bool,
    /// When it runs, for one that runs on a schedule.
    #[serde(default)]
    pub schedule: Option<Schedule>,
    /// Whether users reach it.
    #[serde(default)]
    pub exposure: Exposure,
    /// What it cannot work without, by an explicit edge.
    #[serde(default)]
    pub depends_on: Vec<Dependency>,
    /// Its labels and those that it gives to its instances, without those on the deny list.
    #[serde(default)]
    pub labels: Vec<(Name, Name)>,
    /// What happens when an instance ends.
    #[serde(default)]
    pub restart_policy: RestartPolicy,
    /// How long an instance has to end after being asked, seconds.
    #[serde(default)]
    pub stop_timeout_seconds: Option<u32>,
    /// So long an instance has to be ready before it counts as available, seconds.
    #[serde(default)]
    pub min_ready_seconds: u32,
    /// Whether it says where its instances may run.
    #[serde(default)]
    pub placed: bool,
    /// Started by hand for one run (`compose run`): its end is no incident.
    #[serde(default)]
    pub one_off: bool,
    /// Who owns the definition: `compose`, `argocd`, `helm`, where known.
    #[serde(default)]
    pub managed_by: Option<Text>,
    /// Where the definition is: the Compose files, the chart, where known.
    #[serde(default)]
    pub defined_in: Option<Text>,
    /// What other revisions are made of, where that is held (a Swarm keeps one former specification; containers of a Compose
    /// service may still run an older configuration). Newest first. There need be no way back to them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<Made>,
    /// Places to read about it, as its annotations or labels name them: `runbook_url`, an address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<(Name, Text)>,
}

impl Workload {
    /// A workload of which nothing is known but its key, its incarnation and how many it wants.
    pub fn new(key: Ref, uid: impl Into<Name>, desired: Desired) -> Self {
        Self {
            key,
            uid: uid.into(),
            created: None,
            desired,
            reported: None,
            containers: Vec::new(),
            revision: None,
            history: Vec::new(),
            rollout: None,
            hindrance: None,
            job: None,
            ordered: false,
            on_delete: false,
            schedule: None,
            exposure: Exposure::Unknown,
            depends_on: Vec::new(),
            labels: Vec::new(),
            restart_policy: RestartPolicy::Unknown,
            stop_timeout_seconds: None,
            min_ready_seconds: 0,
            placed: false,
            one_off: false,
            managed_by: None,
            defined_in: None,
            made: Vec::new(),
            links: Vec::new(),
        }
    }

    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// How many instances are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Desired {
    /// So many, kept running.
    Replicas(u32),
    /// One on each node that it fits, so many nodes now.
    EachNode(u32),
    /// So many that run to their end.
    Completions(u32),
    /// Some, at set times.
    Scheduled,
    /// Not said (a Compose project whose file is not read): what is there is what is wanted.
    Unknown,
}

impl Desired {
    /// The number to be kept running, where there is one.
    pub const fn running(self) -> Option<u32> {
        match self {
            Desired::Replicas(n) | Desired::EachNode(n) => Some(n),
            Desired::Completions(_) | Desired::Scheduled | Desired::Unknown => None,
        }
    }
}

/// What the orchestrator itself counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reported {
    /// Instances that are ready.
    pub ready: u32,
    /// Instances of the newest revision.
    pub updated: u32,
    /// Instances of any revision.
    pub total: u32,
}

/// One version of what is to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Its number or hash, in the orchestrator's own words.
    pub id: Name,
    /// Its images.
    #[serde(default)]
    pub images: Vec<Name>,
    /// When it became the newest.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// Who made it, where that is said.
    #[serde(default)]
    pub by: Option<Text>,
}

/// What one revision that is not the newest is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// The revision.
    pub id: Name,
    /// When it became the newest, where that is known.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// What one instance of it is made of.
    pub containers: Vec<ContainerSpec>,
}

/// What a rollout's message ends with whose canary waits until somebody lets it take over.
pub const PROMOTION: &str = "waits for promotion";

impl Rollout {
    /// Its canary waits until somebody lets it take over.
    pub fn waits_for_promotion(&self) -> bool {
        self.phase == RolloutPhase::Paused && self.message.as_deref().is_some_and(|said| said.ends_with(PROMOTION))
    }
}

/// A change on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// How it stands, in the orchestrator's judgement.
    pub phase: RolloutPhase,
    /// What the orchestrator says of it.
    #[serde(default)]
    pub message: Option<Text>,
    /// When it began.
    #[serde(default)]
    pub started: Option<Timestamp>,
    /// When a counter last moved, where that is known.
    #[serde(default)]
    pub progressed: Option<Timestamp>,
    /// When the orchestrator gives up.
    #[serde(default)]
    pub deadline: Option<Timestamp>,
    /// The revision it leaves.
    #[serde(default)]
    pub from: Option<Name>,
    /// The revision it goes to.
    #[serde(default)]
    pub to: Option<Name>,
    /// How many instances are of the new revision.
    #[serde(default)]
    pub updated: Option<u32>,
}

/// How a rollout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RolloutPhase {
    /// Under way.
    Progressing,
    /// Stopped by a person, or by a failure that its policy says to pause on.
    Paused,
    /// The orchestrator gave up.
    Failed,
    /// On its way back.
    RollingBack,
    /// Stopped on its way back.
    RollbackPaused,
    /// Back where it was.
    RolledBack,
    /// Done.
    Complete,
}

/// What keeps a controller from making instances (Kubernetes: condition `ReplicaFailure`, event `FailedCreate`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hindrance {
    /// The server's word.
    pub reason: Name,
    /// The server's sentence.
    pub message: Text,
    /// Since when.
    #[serde(default)]
    pub since: Option<Timestamp>,
}

/// How a Job stands; of a CronJob, how the last of its Jobs does.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JobState {
    /// Somebody suspended it.
    #[serde(default)]
    pub suspended: bool,
    /// It gave up, and why.
    #[serde(default)]
    pub gave_up: Option<GaveUp>,
}

/// Why a Job is not tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GaveUp {
    /// The server's word: `BackoffLimitExceeded`.
    pub reason: Name,
    /// What the server says beside that.
    #[serde(default)]
    pub message: Option<Text>,
    /// The setting that it came up against: `backoffLimit 6`.
    #[serde(default)]
    pub limit: Option<Name>,
    /// When.
    pub at: Timestamp,
}

/// When a workload runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The cron expression.
    pub cron: Text,
    /// Its usual distance between two runs, seconds.
    pub period_seconds: u64,
    /// Switched off.
    #[serde(default)]
    pub suspended: bool,
    /// When it last started.
    #[serde(default)]
    pub last_run: Option<Timestamp>,
    /// When it last ended well.
    #[serde(default)]
    pub last_success: Option<Timestamp>,
}

/// Whether users reach it. Unknown is said, and is not no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Exposure {
    /// A Service with endpoints, a published port, a registered service.
    Yes,
    /// None of these.
    No,
    /// It cannot be told.
    #[default]
    Unknown,
}

/// Something that a workload cannot work without.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Dependency {
    /// What.
    pub on: Ref,
    /// In which way.
    pub kind: DependencyKind,
    /// Where that is written: `depends_on`, `DB_HOST`.
    pub via: Text,
}

/// In which way something is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DependencyKind {
    /// It calls it.
    Calls,
    /// It takes messages from it.
    Consumes,
    /// It stores data in it.
    Mounts,
    /// It is configured by it.
    ConfiguredBy,
}

/// What happens when an instance ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestartPolicy {
    /// Started again, whatever the code.
    Always,
    /// Started again unless a person stopped it.
    UnlessStopped,
    /// Started again after a failure; at most so many times where the number is not 0.
    OnFailure(u32),
    /// Left as it ended.
    No,
    /// Not said.
    #[default]
    Unknown,
}

impl RestartPolicy {
    /// Whether a failure is followed by another start.
    pub const fn restarts(self) -> bool {
        matches!(self, RestartPolicy::Always | RestartPolicy::UnlessStopped | RestartPolicy::OnFailure(_))
    }
}
