//! Things that run.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::identity::Ref;
use super::text::{Name, Text};

/// A pod, allocation, Swarm task or engine container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Its stable key.
    pub key: Ref,
    /// This incarnation of it.
    pub uid: Name,
    /// The workload that wants it.
    #[serde(default)]
    pub owner: Option<Ref>,
    /// The node it runs on.
    #[serde(default)]
    pub node: Option<Ref>,
    /// The instance of an orchestrator that this container is the body of (edge `realizes`).
    #[serde(default)]
    pub realizes: Option<Box<Ref>>,
    /// The id of the instance of another cluster that this container is the body of, where its labels name one: a Nomad
    /// allocation's. Where that is in view, [`Instance::realizes`] is made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_of: Option<Name>,
    /// How far it is.
    pub phase: Phase,
    /// Whether it serves: its checks pass, or it has none and runs.
    #[serde(default)]
    pub ready: bool,
    /// Whether it is meant to run.
    #[serde(default)]
    pub desired: DesiredState,
    /// Since when it is in this phase, where known.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// Why, in one word of the server's.
    #[serde(default)]
    pub reason: Option<Name>,
    /// Why, in a sentence of the server's.
    #[serde(default)]
    pub message: Option<Text>,
    /// What keeps it though it was asked to end, in the server's words: its finalizers.
    #[serde(default)]
    pub held_by: Option<Box<Text>>,
    /// When it was created.
    #[serde(default)]
    pub created: Option<Timestamp>,
    /// Of which revision it is.
    #[serde(default)]
    pub revision: Option<Name>,
    /// Set aside for it on its node, bytes.
    #[serde(default)]
    pub memory_request_bytes: u64,
    /// Set aside for it on its node, thousandths of a core.
    #[serde(default)]
    pub cpu_request_millis: u64,
    /// What runs in it. An engine container has one.
    #[serde(default)]
    pub containers: Vec<Container>,
}

impl Instance {
    /// An instance of which only key, incarnation, owner and phase are known.
    pub fn new(key: Ref, uid: impl Into<Name>, owner: Option<Ref>, phase: Phase) -> Self {
        Self {
            key,
            uid: uid.into(),
            owner,
            node: None,
            realizes: None,
            body_of: None,
            phase,
            ready: false,
            desired: DesiredState::Run,
            since: None,
            reason: None,
            message: None,
            held_by: None,
            created: None,
            revision: None,
            memory_request_bytes: 0,
            cpu_request_millis: 0,
            containers: Vec::new(),
        }
    }

    /// Restarts of all its containers, as the server counts them.
    pub fn restarts(&self) -> u32 {
        self.containers.iter().map(|container| container.restarts).sum()
    }
}

/// How far an instance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Not yet placed on a node.
    Pending,
    /// Placed; images, volumes or network are being made ready.
    Starting,
    /// At least one container runs.
    Running,
    /// Between two runs: its container ended and is to be started again.
    Restarting,
    /// Paused by a person.
    Paused,
    /// Asked to end.
    Stopping,
    /// Ended with code 0, or as it was told to.
    Succeeded,
    /// Ended otherwise, and is not started again.
    Failed,
    /// Refused by the node before it ran.
    Rejected,
    /// Created and never started.
    Created,
    /// Its node is gone or silent.
    Lost,
    /// Not said.
    #[default]
    Unknown,
}

impl Phase {
    /// Whether it has ended for good.
    pub const fn ended(self) -> bool {
        matches!(self, Phase::Succeeded | Phase::Failed | Phase::Rejected)
    }

    /// The word a person reads.
    pub const fn as_str(self) -> &'static str {
        match self {
            Phase::Pending => "pending",
            Phase::Starting => "starting",
            Phase::Running => "running",
            Phase::Restarting => "restarting",
            Phase::Paused => "paused",
            Phase::Stopping => "stopping",
            Phase::Succeeded => "done",
            Phase::Failed => "failed",
            Phase::Rejected => "rejected",
            Phase::Created => "created",
            Phase::Lost => "lost",
            Phase::Unknown => "unknown",
        }
    }
}

/// What is meant to become of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DesiredState {
    /// To run (or to run to its end).
    #[default]
    Run,
    /// To be gone or at rest: replaced, scaled away, stopped by a person.
    Stop,
}

/// One container (or Nomad task) of an instance, as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// Its name in the instance.
    pub name: Name,
    /// The image it runs.
    pub image: Name,
    /// What it does now.
    pub state: ContainerState,
    /// Which part it plays in its instance.
    #[serde(default, skip_serializing_if = "ContainerRole::is_main")]
    pub role: ContainerRole,
    /// How its run before this one ended.
    #[serde(default)]
    pub last_exit: Option<Box<Exit>>,
    /// How often it was started again, as the server counts.
    #[serde(default)]
    pub restarts: u32,
    /// What its health check says, where it has one.
    #[serde(default)]
    pub health: Option<Box<Health>>,
    /// At this many bytes it is killed.
    #[serde(default)]
    pub memory_limit_bytes: Option<u64>,
}

impl Container {
    /// A container that is in `state`, with nothing else known.
    pub fn new(name: impl Into<Name>, image: impl Into<Name>, state: ContainerState) -> Self {
        Self {
            name: name.into(),
            image: image.into(),
            state,
            role: ContainerRole::Main,
            last_exit: None,
            restarts: 0,
            health: None,
            memory_limit_bytes: None,
        }
    }

    /// How it last ended: now, if it is ended, else before.
    pub fn exit(&self) -> Option<&Exit> {
        match &self.state {
            ContainerState::Ended(exit) => Some(exit),
            _ => self.last_exit.as_deref(),
        }
    }
}

/// Which part a container plays in its instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerRole {
    /// Does the work.
    #[default]
    Main,
    /// Runs to its end before the others start (an init container, a Nomad prestart task).
    Init,
    /// Runs beside the others, started before them (an init container that restarts always).
    Sidecar,
    /// Was added by hand to look inside.
    Ephemeral,
}

impl ContainerRole {
    /// Whether it does the work.
    pub fn is_main(&self) -> bool {
        *self == ContainerRole::Main
    }
}

/// What a container does now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerState {
    /// Not running, and why (`ImagePullBackOff`, `CrashLoopBackOff`, `Created`).
    Waiting {
        /// The server's word.
        reason: Name,
        /// The server's sentence.
        #[serde(default)]
        message: Option<Text>,
    },
    /// Running.
    Running {
        /// Since when.
        #[serde(default)]
        since: Option<Timestamp>,
    },
    /// Ended.
    Ended(Box<Exit>),
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exit {
    /// The exit code; 128 + n for signal n.
    pub code: i32,
    /// What the server says of it.
    pub reason: ExitReason,
    /// The server's words, where there are more.
    #[serde(default)]
    pub message: Option<Text>,
    /// When the run began.
    #[serde(default)]
    pub started: Option<Timestamp>,
    /// When it ended.
    #[serde(default)]
    pub ended: Option<Timestamp>,
}

/// What the server says of an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitReason {
    /// By itself, code 0.
    Completed,
    /// By itself or by a signal, another code.
    Error,
    /// The server says that memory ran out. Which memory is another question.
    OomKilled,
    /// A person or the orchestrator asked it to stop, and it did.
    Stopped,
    /// It was asked to stop, did not within its time, and was killed.
    StopTimedOut,
    /// It never ran: the command was not found or could not be executed.
    CannotRun,
}

/// What a health check says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The verdict.
    pub status: HealthStatus,
    /// Failures in a row.
    #[serde(default)]
    pub streak: u32,
    /// What the last one printed.
    #[serde(default)]
    pub output: Option<Text>,
    /// Exit code of the last one (−1: it took too long).
    #[serde(default)]
    pub code: Option<i32>,
    /// Since when it says so, at least.
    #[serde(default)]
    pub since: Option<Timestamp>,
}

/// A health check's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// Within its grace at the start.
    Starting,
    /// Passing.
    Healthy,
    /// Failing.
    Unhealthy,
}
