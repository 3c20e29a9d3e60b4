//! What a person means to do, what would come of it, and the steps that do it.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::identity::Ref;
use super::text::{Name, Text};

/// What a person means to do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Start its instances anew, as its orchestrator does it without an outage.
    Restart(Ref),
    /// Run so many.
    Scale(Ref, u32),
    /// Go back to a revision: to the one before, where none is named.
    Undo(Ref, Option<Name>),
    /// Take no new instances.
    Cordon(Ref),
    /// Take new instances again.
    Uncordon(Ref),
    /// Move everything away, and take nothing new.
    Drain(Ref),
    /// Hold a rollout.
    Pause(Ref),
    /// Go on with a rollout.
    Resume(Ref),
}

impl Intent {
    /// What it is done to.
    pub const fn target(&self) -> &Ref {
        match self {
            Intent::Restart(key)
            | Intent::Scale(key, _)
            | Intent::Undo(key, _)
            | Intent::Cordon(key)
            | Intent::Uncordon(key)
            | Intent::Drain(key)
            | Intent::Pause(key)
            | Intent::Resume(key) => key,
        }
    }

    /// The stable word: in `triage --json`, on the command line, in the journal.
    pub const fn verb(&self) -> &'static str {
        match self {
            Intent::Restart(_) => "restart",
            Intent::Scale(..) => "scale",
            Intent::Undo(..) => "undo",
            Intent::Cordon(_) => "cordon",
            Intent::Uncordon(_) => "uncordon",
            Intent::Drain(_) => "drain",
            Intent::Pause(_) => "pause",
            Intent::Resume(_) => "resume",
        }
    }
}

/// What an orchestrator answers when it is asked how an intent would be done. Nothing has been changed yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// What was asked.
    pub intent: Intent,
    /// How it would be done, in order.
    pub steps: Vec<Step>,
    /// What an engineer would type elsewhere to the same end.
    #[serde(default)]
    pub equivalent: Option<Text>,
    /// What takes it back.
    #[serde(default)]
    pub inverse: Option<Intent>,
    /// What the orchestrator says of it: moves, budgets, dry-run warnings.
    #[serde(default)]
    pub notes: Vec<Line>,
}

/// One line of a preview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// How it is meant.
    pub kind: LineKind,
    /// What it says.
    pub text: Text,
}

impl Line {
    /// A line.
    pub fn new(kind: LineKind, text: impl Into<Text>) -> Self {
        Self { kind, text: text.into() }
    }
}

/// How a preview's line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// What will be done.
    Does,
    /// What it hurts or loses.
    Hurts,
    /// What will not be done, or will wait.
    Skips,
    /// Good to know.
    Note,
}

/// How careful a person has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// `enter`.
    Harmless,
    /// `y`, then `enter`.
    Disruptive,
    /// The object's name.
    Destructive,
}

/// What is shown, confirmed, journalled and run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What is meant.
    pub intent: Intent,
    /// `Restart shop/web (prod)`.
    pub title: Text,
    /// What will happen, what it hurts, what it skips.
    pub lines: Vec<Line>,
    /// The steps, pinned.
    pub steps: Vec<Step>,
    /// How careful one has to be.
    pub grade: Grade,
    /// What a person types where the grade is destructive or the cluster protected.
    #[serde(default)]
    pub typed: Option<Text>,
    /// What takes it back.
    #[serde(default)]
    pub inverse: Option<Intent>,
    /// What an engineer would type elsewhere to the same end.
    #[serde(default)]
    pub equivalent: Option<Text>,
    /// When it was drawn up.
    pub made: Timestamp,
}

/// Why there is no plan: what, to what, why, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{what}: {why}")]
pub struct Refusal {
    /// What was refused: `restart shop/web`.
    pub what: Text,
    /// Why.
    pub why: Text,
    /// What to do instead.
    pub mend: Text,
}

impl Refusal {
    /// A refusal of an intent.
    pub fn of(intent: &Intent, why: impl Into<Text>, mend: impl Into<Text>) -> Self {
        let what = Text::new(&format!("{} {}", intent.verb(), intent.target().local()));
        Self { what, why: why.into(), mend: mend.into() }
    }
}

/// One request to a server, and when it counts as done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What is asked of the server.
    pub action: StepAction,
    /// What was seen of the object; executing re-reads, compares, and refuses what has moved.
    pub pin: Pin,
    /// When the step is done, told by the world.
    pub until: Until,
    /// For how long that may take, seconds.
    pub timeout_seconds: u32,
    /// Steps of one group run side by side; groups run in order.
    #[serde(default)]
    pub group: u32,
}

/// What is asked of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepAction {
    /// Replace the instances of a workload, by its orchestrator's own means.
    Restart(Ref),
    /// Set the number.
    SetReplicas(Ref, u32),
    /// Take a workload back to a revision.
    Revert(Ref, Option<Name>),
    /// Take no new instances, or take them again.
    SetCordon(Ref, bool),
    /// Move one instance away, respecting budgets.
    Evict(Ref),
    /// Hold or go on.
    SetPaused(Ref, bool),
}

impl StepAction {
    /// What it is done to.
    pub const fn target(&self) -> &Ref {
        match self {
            StepAction::Restart(key)
            | StepAction::SetReplicas(key, _)
            | StepAction::Revert(key, _)
            | StepAction::SetCordon(key, _)
            | StepAction::Evict(key)
            | StepAction::SetPaused(key, _) => key,
        }
    }
}

/// The uid of an object and what was seen of the fields that a step depends on. Status noise never moves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Which object.
    pub key: Ref,
    /// Which incarnation.
    pub uid: Name,
    /// What else has to be as it was.
    pub seen: Seen,
}

/// Fields that a step depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// The incarnation alone.
    Uid,
    /// The revision (template hash, generation, spec hash).
    Revision(Option<Name>),
    /// The number wanted.
    Replicas(u32),
    /// Whether it is cordoned.
    Cordoned(bool),
}

/// When a step is done: a question to the world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// The receipt is enough.
    Accepted,
    /// As many ready as wanted, all of them newer than the receipt.
    Renewed(Ref),
    /// So many ready, and no more there.
    Count(Ref, u32),
    /// The node is, or is not, cordoned.
    Cordoned(Ref, bool),
    /// The instance is gone, or another incarnation has its name.
    GoneOrReborn(Ref, Name),
}

/// A server's acceptance of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// When.
    pub at: Timestamp,
    /// What the server said, where it said more than yes.
    #[serde(default)]
    pub text: Option<Text>,
}

/// Why a step was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum StepError {
    /// The object is not what was seen: a new preview is due.
    #[error("it has changed since it was looked at: {0}")]
    Moved(Text),
    /// Something holds it back for now.
    #[error("held back by {by}")]
    Blocked {
        /// What holds it, in its own words.
        by: Text,
        /// When to try again.
        retry_at: Timestamp,
    },
    /// It may not be done.
    #[error("not allowed: {0}")]
    Denied(Text),
    /// The object is gone.
    #[error("it is gone")]
    Gone,
    /// The server refused it, or could not.
    #[error("{0}")]
    Failed(Text),
    /// It was sent and no answer came: read what became of it, never send again.
    #[error("no answer came; whether it was done has to be read")]
    Unknown {
        /// When it was sent.
        sent: Timestamp,
    },
}
