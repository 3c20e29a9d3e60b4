//! Nouns and verbs that every room shares: what a source says ([`Fact`]), the things it says it of, what a person may
//! intend, and the seams ([`Feed`], [`Backend`]). Nothing here does IO, reads a clock or knows a colour.

mod alert;
mod attach;
mod change;
mod check;
mod cluster;
mod demand;
pub mod differ;
mod fact;
mod forward;
mod identity;
mod instance;
mod intent;
pub mod journal;
mod node;
mod occurrence;
pub mod people;
mod plan;
mod policy;
mod queue;
mod record;
mod run;
mod sample;
mod seam;
mod sgr;
mod source;
mod spec;
mod step;
mod text;
mod verdict;
/// Numbers as a person reads them.
pub mod words;
mod workload;

pub use alert::{Alert, AlertState, Silence};
pub use attach::{Attach, Attached, DEBUG_IMAGE, Debugger, Ended, Enter, Size, Wires};
pub use change::{Change, Difference, How};
pub use check::{Check, Failing, Slow};
pub use cluster::{BackendKind, ClusterInfo, Nouns, Server};
pub use demand::{Demand, Scope, Want};
pub use fact::{Answer, Batch, Fact, Object, Rights};
pub use forward::{FIRST_FREE, Forward, ForwardRequest, ForwardState, ForwardStream, Listen, wants_create};
pub use identity::{ClusterId, Kind, Ref, RefParseError, Role};
pub use instance::{
    Container, ContainerRole, ContainerState, DesiredState, Exit, ExitReason, Health, HealthStatus, Instance, Phase,
};
pub use intent::{Including, Intent, Quiet, Setting};
pub use journal::{Deed, Entry, Person};
pub use node::{Managership, Node, NodeState, Taint};
pub use occurrence::{Occurrence, OccurrenceKind, OomScope, Origin};
pub use people::People;
pub use plan::{Draft, Grade, Line, LineKind, Plan, Refusal, Variant};
pub use policy::{Application, Autoscaler, Budget, Config, Namespace, Quota};
pub use queue::{Endpoint, Queue, Volume};
pub use record::{Level, Record};
pub use run::{Outcome, Run, StepState};
pub use sample::{Metric, Sample};
pub use seam::{Backend, Feed, Form, LogLine, LogRequest, LogStream, Unsupported};
pub use sgr::{Colour, Dye, Dyes};
pub use source::{Freshness, Source, Trouble, TroubleKind};
pub use spec::{ContainerSpec, EnvEntry, LogDriver, Mount, MountKind, Port, Probe, ProbeKind};
pub use step::{Pin, Receipt, Seen, Step, StepAction, StepError, Until, Waste};
pub use text::{Interner, Name, Text, sanitise};
pub use verdict::{Certainty, Severity, Tier};
pub use workload::{
    Dependency, DependencyKind, Desired, Exposure, GaveUp, Hindrance, JobState, Made, PROMOTION, Reported,
    RestartPolicy, Revision, Rollout, RolloutPhase, Schedule, Workload,
};

/// A point in time (UTC). Times of a server are as the server said them; see `engine` for offsets.
pub type Timestamp = jiff::Timestamp;
