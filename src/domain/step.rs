//! The steps that do what is meant: what is asked of a server, what it is pinned to, and when it is done.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::attach::{Debugger, Enter};
use super::identity::Ref;
use super::intent::{Quiet, Setting};
use super::text::{Name, Text};

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
    /// Hold or go on; suspend or let run.
    SetPaused(Ref, bool),
    /// Setting one thing of what an instance is made of.
    Set(Ref, Setting),
    /// Empty a node by its orchestrator's own means, or stop that.
    SetDrain(Ref, bool),
    /// Let a canary take over.
    Promote(Ref),
    /// Give a canary up.
    Abort(Ref),
    /// Take an object away, with its grace and whatever budgets say.
    Delete(Ref),
    /// End it with its grace.
    Stop(Ref),
    /// Start it.
    Start(Ref),
    /// End it at once.
    Kill(Ref),
    /// Pull its image, and make it anew from its definition.
    Recreate(Ref),
    /// Let it run once now.
    Trigger(Ref),
    /// Begin a failed attempt again.
    Retry(Ref),
    /// Remove what nobody uses.
    Prune(Ref, Waste),
    /// Keep an alert quiet.
    Silence(Ref, Quiet),
    /// End what keeps an alert quiet: the silence of this id.
    EndSilence(Ref, Name),
    /// Add a container to look into an instance with: beside this one of it, where one is named, running this,
    /// where it is said.
    AddDebugger(Ref, Debugger, Option<Name>, Vec<String>),
    /// Hand the terminal to a process in an instance. It is done by [`super::Backend::attach`], by whoever has the terminal.
    Enter(Ref, Enter),
}

/// What nobody uses any more. Volumes are never among it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waste {
    /// Containers that have ended.
    Containers,
    /// Images without a name that no container uses.
    Images,
    /// What builds keep.
    BuildCache,
    /// Jobs, allocations and evaluations that have ended, clients that are down.
    Ended,
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
            | StepAction::SetPaused(key, _)
            | StepAction::Set(key, _)
            | StepAction::SetDrain(key, _)
            | StepAction::Promote(key)
            | StepAction::Abort(key)
            | StepAction::Delete(key)
            | StepAction::Stop(key)
            | StepAction::Start(key)
            | StepAction::Kill(key)
            | StepAction::Recreate(key)
            | StepAction::Trigger(key)
            | StepAction::Retry(key)
            | StepAction::Prune(key, _)
            | StepAction::Silence(key, _)
            | StepAction::EndSilence(key, _)
            | StepAction::AddDebugger(key, ..)
            | StepAction::Enter(key, _) => key,
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
    /// A word for how it is: `paused`, `running`, `drain`.
    State(Name),
    /// A digest of the part of its definition that the step changes (a Swarm's whole Spec, a container's image).
    Spec(Name),
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
    /// The newest revision is another than this one, its rollout is complete, as many are ready as are wanted, and what runs
    /// is of that revision.
    RolledOut(Ref, Option<Name>),
    /// This one instance has begun anew after the receipt, and serves.
    Again(Ref),
    /// This one instance does not run any more, or is gone.
    Ended(Ref),
    /// Its rollout is held, or it is suspended; or that is over.
    Paused(Ref, bool),
    /// The alert is, or is not, kept quiet; or it is over.
    Quiet(Ref, bool),
    /// The node takes nothing new, and of what ran there only what belongs on each node does.
    Empty(Ref),
}

/// A server's acceptance of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// When.
    pub at: Timestamp,
    /// What the server said, where it said more than yes.
    #[serde(default)]
    pub text: Option<Text>,
    /// What was made by it, where something was: the Job of a CronJob.
    #[serde(default)]
    pub made: Option<Ref>,
    /// No answer came: it was sent then, and whether it was done is read from the world.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unanswered: bool,
}

impl Receipt {
    /// Yes, and nothing more.
    pub const fn at(at: Timestamp) -> Self {
        Self { at, text: None, made: None, unanswered: false }
    }

    /// None that a server gave: it was sent, and no answer came.
    pub const fn missing(sent: Timestamp) -> Self {
        Self { at: sent, text: None, made: None, unanswered: true }
    }
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
