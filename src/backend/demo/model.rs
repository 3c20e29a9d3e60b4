//! What the simulation holds: machines, workloads with their revisions, instances with what is to become of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::{Alert, Endpoint, Instance, Name, Node, Queue, Ref, Revision, Silence, Text, Timestamp, Workload};

use super::company::{AlertSpec, Behaviour, PoolSpec, QueueSpec, Unused, WorkloadSpec};

/// A machine, and what is set aside on it.
#[derive(Debug, Clone)]
pub struct Machine {
    /// What its cluster says of it.
    pub object: Node,
    /// Memory set aside, bytes.
    pub memory: u64,
    /// Processor time set aside, thousandths of a core.
    pub cpu: u64,
    /// Instances bound to it.
    pub count: u32,
    /// What its engine keeps that nobody uses.
    pub unused: Unused,
}

/// One revision of a workload.
#[derive(Debug, Clone)]
pub struct Template {
    /// As it is told.
    pub revision: Revision,
    /// What runs.
    pub image: Name,
    /// How that behaves.
    pub behaves: Behaviour,
    /// Set aside for one instance, bytes.
    pub request: u64,
    /// From start to serving, seconds.
    pub startup: i64,
    /// Part of its instances' names.
    pub hash: String,
}

/// A workload and who works for it.
#[derive(Debug, Clone)]
pub struct Managed {
    /// What its cluster says of it.
    pub object: Workload,
    /// What it was made from.
    pub spec: Arc<WorkloadSpec>,
    /// Its revisions, newest first.
    pub templates: Vec<Template>,
    /// Counts up with each roll-out; instances of an older one are to be replaced.
    pub generation: u32,
    /// Its instances.
    pub members: BTreeSet<Ref>,
    /// How it behaves whatever its revision.
    pub falls: Option<Behaviour>,
    /// Its rollout is held.
    pub paused: bool,
    /// So many of the newest revision may run beside the one before, until somebody decides.
    pub canary: Option<u32>,
    /// How many of it are ready.
    pub ready: u32,
    /// What to say of the last runs of one that runs at set times: code and last line.
    pub misses: Option<(i32, Text)>,
}

impl Managed {
    /// The newest revision.
    pub fn template(&self) -> Option<&Template> {
        self.templates.first()
    }

    /// How an instance of a revision behaves now.
    pub fn behaviour(&self, revision: Option<&Name>) -> &Behaviour {
        let of = self.templates.iter().find(|it| Some(&it.revision.id) == revision).or_else(|| self.templates.first());
        self.falls.as_ref().or_else(|| of.map(|it| &it.behaves)).unwrap_or(&Behaviour::Well)
    }
}

/// Why a run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It reached its memory limit.
    Oom,
    /// By itself, with a code and a last line.
    Crash(i32, Text),
    /// What it cannot work without does not answer.
    Refused(Ref),
    /// Its liveness check failed, and what that printed.
    Liveness(Text),
    /// Its work is done: code and last line.
    Done(i32, Text),
}

/// An instance, and what is to become of it.
#[derive(Debug, Clone)]
pub struct Live {
    /// What its cluster says of it.
    pub object: Instance,
    /// What it works for.
    pub home: Ref,
    /// Of which roll-out it is.
    pub generation: u32,
    /// Its number among those that have fixed names.
    pub ordinal: Option<u32>,
    /// The one node that it is for.
    pub pinned: Option<Ref>,
    /// No two lives have the same: a name may be reborn.
    pub token: u64,
    /// Counts its runs.
    pub run: u32,
    /// Counts failures in a row.
    pub failures: u32,
    /// When the run began.
    pub started: Option<Timestamp>,
    /// The last line of the run before.
    pub last_words: Option<Text>,
    /// Its node is silent: nothing is known of it, and nothing becomes of it.
    pub lost: bool,
}

/// What is due at some time.
#[derive(Debug, Clone)]
pub enum Event {
    /// A node is looked for.
    Place(Ref, u64),
    /// Its image is pulled.
    Pull(Ref, u64),
    /// It starts (again).
    Start(Ref, u64),
    /// It serves.
    Serve(Ref, u64, u32),
    /// Its run ends.
    Ends(Ref, u64, u32, End),
    /// It is gone.
    Removed(Ref, u64),
    /// Those that wait for a node try again.
    Retry,
    /// A rollout may have taken too long.
    Deadline(Ref, u32),
    /// A scheduled workload is due.
    Due(Ref),
    /// Pods are driven off a node that has been silent for too long.
    GiveUp(Ref),
    /// An incident of the scenario, by its place in it; `true` where it ends.
    Befalls(usize, bool),
    /// A full minute: numbers are measured, alerts judged, sources heard from.
    Minute,
}

/// A queue and its numbers.
#[derive(Debug, Clone)]
pub struct Backlog {
    /// What is said of it.
    pub object: Queue,
    /// What it was made from.
    pub spec: QueueSpec,
    /// Messages that wait.
    pub depth: f64,
}

/// A connection pool and its numbers.
#[derive(Debug, Clone)]
pub struct Pool {
    /// What is said of it.
    pub object: Endpoint,
    /// What it was made from.
    pub spec: PoolSpec,
    /// Who holds its connections.
    pub client: Ref,
    /// Connections that are not given back.
    pub leaked: f64,
    /// So many more a minute.
    pub per_minute: f64,
}

/// An alerting rule, and whether it fires.
#[derive(Debug, Clone)]
pub struct Watchman {
    /// What it was made from.
    pub spec: AlertSpec,
    /// What it is about.
    pub about: Ref,
    /// Its condition holds since.
    pub since: Option<Timestamp>,
    /// What is said, while something is.
    pub object: Option<Alert>,
    /// What keeps it quiet.
    pub quiet: Option<Silence>,
}
