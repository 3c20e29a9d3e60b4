//! The company and what befalls it, as its TOML files say.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::{BackendKind, Kind, Text, Timestamp};

pub use super::amount::{Size, Span};

/// `company.toml`: who is there when all is well.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Company {
    /// Its clusters.
    #[serde(rename = "cluster")]
    pub clusters: Vec<ClusterSpec>,
    /// What programs write to their logs, by the kind of program.
    pub voices: BTreeMap<String, Vec<String>>,
}

/// A scenario: what is different from `company.toml`, and what happens when.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Workloads that are there besides.
    #[serde(default, rename = "add")]
    pub adds: Vec<Addition>,
    /// What happens.
    #[serde(default, rename = "incident")]
    pub incidents: Vec<Incident>,
    /// What is to be found and mended, where it is a drill.
    #[serde(default, rename = "drill")]
    pub drills: Vec<DrillSpec>,
}

/// One thing that is to be found and mended.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrillSpec {
    /// `cluster/namespace/name` of what is at fault.
    pub cause: String,
    /// When it begins, from the start.
    pub begins: Span,
    /// Verbs of the actions on it that can mend it.
    pub mended_by: Vec<String>,
}

/// A workload that only this scenario has.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addition {
    /// In which cluster.
    pub cluster: String,
    /// What.
    pub workload: WorkloadSpec,
}

/// Which orchestrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Orchestrator {
    /// Pods.
    Kubernetes,
    /// Allocations.
    Nomad,
    /// Tasks.
    Swarm,
}

impl Orchestrator {
    /// The backend that speaks of it.
    pub const fn backend(self) -> BackendKind {
        match self {
            Orchestrator::Kubernetes => BackendKind::Kubernetes,
            Orchestrator::Nomad => BackendKind::Nomad,
            Orchestrator::Swarm => BackendKind::Docker,
        }
    }
}

/// A cluster.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterSpec {
    /// Its alias.
    pub name: String,
    /// Which orchestrator.
    pub orchestrator: Orchestrator,
    /// The server's version.
    pub version: String,
    /// How it is said to be reached.
    pub reached: String,
    /// Its machines.
    #[serde(rename = "node")]
    pub nodes: Vec<NodeSpec>,
    /// What runs on them.
    #[serde(rename = "workload")]
    pub workloads: Vec<WorkloadSpec>,
    /// Its queues.
    #[serde(default, rename = "queue")]
    pub queues: Vec<QueueSpec>,
    /// Connection pools.
    #[serde(default, rename = "pool")]
    pub pools: Vec<PoolSpec>,
    /// What alerts when.
    #[serde(default, rename = "alert")]
    pub alerts: Vec<AlertSpec>,
}

/// A machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeSpec {
    /// Its name.
    pub name: String,
    /// Memory for instances.
    pub memory: Size,
    /// Processor time for instances, thousandths of a core.
    pub cpu: u64,
    /// How many instances it may hold.
    #[serde(default)]
    pub instances: Option<u32>,
    /// Its address.
    #[serde(default)]
    pub address: Option<String>,
    /// Its labels that place instances.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Whether it has a part in the quorum: `leader` or `reachable`.
    #[serde(default)]
    pub manager: Option<String>,
    /// What its engine keeps that nobody uses.
    #[serde(default)]
    pub unused: Unused,
}

/// What an engine keeps that nobody uses.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unused {
    /// Images without a name, and how large they are.
    pub images: u32,
    /// See `images`.
    pub image_bytes: Size,
    /// Entries of the build cache, and how large they are.
    pub cache: u32,
    /// See `cache`.
    pub cache_bytes: Size,
}

/// Something that wants instances.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkloadSpec {
    /// `namespace/name`.
    pub name: String,
    /// In its orchestrator's own noun.
    pub kind: Kind,
    /// How many are wanted; of those on each node it is counted.
    #[serde(default)]
    pub replicas: u32,
    /// What runs.
    pub image: String,
    /// What ran before.
    #[serde(default)]
    pub before: Option<String>,
    /// The newest revision.
    pub revision: u32,
    /// How long ago it was rolled out.
    pub deployed: Span,
    /// By whom.
    #[serde(default)]
    pub by: Option<String>,
    /// How old it is.
    pub created: Span,
    /// At so much memory it is killed.
    #[serde(default)]
    pub limit: Option<Size>,
    /// So much memory is set aside for it.
    pub request: Size,
    /// So much processor time is set aside for it, thousandths of a core.
    #[serde(default = "hundred")]
    pub cpu: u64,
    /// So much memory it uses when it is well.
    pub uses: Size,
    /// How long it takes from its start until it serves.
    #[serde(default = "few_seconds")]
    pub startup: Span,
    /// What its readiness check asks.
    #[serde(default)]
    pub ready: Option<String>,
    /// What its liveness check asks.
    #[serde(default)]
    pub live: Option<String>,
    /// Users reach it, at this port.
    #[serde(default)]
    pub port: Option<u16>,
    /// `namespace/name SETTING`: what it cannot work without, and where that is written.
    #[serde(default)]
    pub needs: Vec<String>,
    /// `claim`, `volume`, `scratch` or `config`, a colon, the path.
    #[serde(default)]
    pub mounts: Vec<String>,
    /// Nodes that have it at the start, in turn.
    #[serde(default)]
    pub on: Vec<String>,
    /// Labels that a node must have.
    #[serde(default)]
    pub selector: BTreeMap<String, String>,
    /// When it runs, for one that runs at set times.
    #[serde(default)]
    pub schedule: Option<ScheduleSpec>,
    /// What guards it against evictions.
    #[serde(default)]
    pub budget: Option<BudgetSpec>,
    /// How many more than wanted there may be during a rollout.
    #[serde(default = "one")]
    pub surge: u32,
    /// How many fewer than wanted may serve during a rollout.
    #[serde(default)]
    pub unavailable: u32,
    /// So many of a new revision come first, and wait until somebody lets them take over.
    #[serde(default)]
    pub canary: u32,
    /// The file that defines it.
    #[serde(default)]
    pub file: Option<String>,
    /// When its rollout gives up.
    #[serde(default)]
    pub deadline: Option<Span>,
    /// What it writes to its log: a key of `voices`.
    pub voice: String,
    /// Its command line, where it is set.
    #[serde(default)]
    pub command: Option<String>,
    /// Nothing wants it: it is a pod by itself.
    #[serde(default)]
    pub bare: bool,
}

/// When something runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleSpec {
    /// The cron expression.
    pub cron: String,
    /// The distance between two runs.
    pub period: Span,
    /// When in its period it runs, counted from midnight UTC.
    #[serde(default = "midnight")]
    pub offset: Span,
    /// How long a run takes.
    pub takes: Span,
}

impl ScheduleSpec {
    /// The last time before `at` at which it was due.
    pub fn last_before(&self, at: Timestamp) -> Timestamp {
        let period = self.period.0.max(60);
        let last = (at.as_second() - self.offset.0).div_euclid(period) * period + self.offset.0;
        Timestamp::from_second(last).unwrap_or(at)
    }
}

/// A disruption budget.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetSpec {
    /// Its name.
    pub name: String,
    /// So many have to be healthy.
    pub keep: u32,
}

/// A queue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueSpec {
    /// Its name.
    pub name: String,
    /// `rabbitmq` and so on.
    pub system: String,
    /// `namespace/name` of the workload that takes from it.
    pub consumer: String,
    /// `namespace/name` of the workload that holds it.
    #[serde(default)]
    pub broker: Option<String>,
    /// So many messages come a minute.
    pub arrives: f64,
    /// So many one consumer takes a minute.
    pub takes: f64,
}

/// A connection pool.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolSpec {
    /// Its name.
    pub name: String,
    /// `namespace/name` of the database.
    pub serves: String,
    /// `namespace/name` of who holds its connections.
    pub client: String,
    /// Connections allowed.
    pub max: u32,
    /// Connections in use when all is well.
    pub used: u32,
    /// What a client says when it gets none.
    pub refusal: String,
}

/// What alerts when.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertSpec {
    /// The rule's name.
    pub title: String,
    /// What it says.
    pub summary: String,
    /// It pages somebody.
    #[serde(default)]
    pub pages: bool,
    /// Its condition has to hold for so long.
    pub after: Span,
    /// Fires while this queue is longer than `above`.
    #[serde(default)]
    pub queue: Option<String>,
    /// How long a queue may be.
    #[serde(default)]
    pub above: f64,
    /// Fires while fewer of this workload (`namespace/name`) serve than are wanted.
    #[serde(default)]
    pub workload: Option<String>,
    /// Fires while this node is not ready.
    #[serde(default)]
    pub node: Option<String>,
    /// What to read.
    #[serde(default)]
    pub runbook: Option<String>,
}

/// How the containers of a revision behave.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "does", deny_unknown_fields)]
pub enum Behaviour {
    /// As they should.
    #[default]
    Well,
    /// Their image is not there.
    NotFound,
    /// The pull of their image begins and does not end.
    PullStalls,
    /// They use more and more memory, and reach their limit after so long.
    Oom {
        /// From the start.
        after: Span,
    },
    /// They end by themselves.
    Crash {
        /// From the start.
        after: Span,
        /// With this code.
        code: i32,
        /// With this last line.
        line: String,
    },
    /// They say that they are ready, and fail their liveness check.
    Lie {
        /// From the start.
        after: Span,
        /// What the check that kills them prints.
        line: String,
    },
}

/// Something that happens. Spans are from the start of the demo: `-40m` is before it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Incident {
    /// A new revision is rolled out.
    Deploy {
        /// When.
        at: Span,
        /// `cluster/namespace/name`.
        workload: String,
        /// The new image.
        image: String,
        /// By whom.
        by: String,
        /// How it behaves.
        #[serde(default)]
        behaves: Behaviour,
        /// So much memory it sets aside, where that changes.
        #[serde(default)]
        request: Option<Size>,
        /// How long it takes to serve, where that changes.
        #[serde(default)]
        startup: Option<Span>,
    },
    /// A workload comes to behave otherwise, whatever its revision.
    Falls {
        /// When.
        at: Span,
        /// `cluster/namespace/name`.
        workload: String,
        /// How.
        behaves: Behaviour,
        /// Until when, where it mends itself.
        #[serde(default)]
        until: Option<Span>,
    },
    /// A node falls silent.
    Silent {
        /// When.
        at: Span,
        /// `cluster/name`.
        node: String,
        /// When it is back.
        #[serde(default)]
        until: Option<Span>,
    },
    /// A node runs short of memory and drives instances off.
    Pressure {
        /// When.
        at: Span,
        /// `cluster/name`.
        node: String,
        /// `namespace/name` of whose instances there are driven off.
        evicts: String,
        /// Until when.
        #[serde(default)]
        until: Option<Span>,
    },
    /// Connections are taken and not given back.
    Leak {
        /// When it begins.
        at: Span,
        /// `cluster/name` of the pool.
        pool: String,
        /// So many a minute.
        per_minute: f64,
    },
    /// A scheduled workload fails each time.
    Missed {
        /// `cluster/namespace/name`.
        workload: String,
        /// When it last ended well.
        success: Span,
        /// With what code it ends since.
        code: i32,
        /// With what last line.
        line: String,
    },
    /// A node is a manager besides.
    Manager {
        /// `cluster/name`.
        node: String,
    },
    /// Somebody sets another number.
    Scale {
        /// When.
        at: Span,
        /// `cluster/namespace/name`.
        workload: String,
        /// To how many.
        to: u32,
        /// By whom.
        by: String,
    },
}

impl Incident {
    /// What it happens to: `cluster/...`.
    pub fn target(&self) -> &str {
        match self {
            Incident::Deploy { workload, .. }
            | Incident::Falls { workload, .. }
            | Incident::Missed { workload, .. }
            | Incident::Scale { workload, .. } => workload,
            Incident::Silent { node, .. } | Incident::Pressure { node, .. } | Incident::Manager { node } => node,
            Incident::Leak { pool, .. } => pool,
        }
    }

    /// When it happens; before all else for what is so from the beginning.
    pub fn at(&self) -> Option<Span> {
        match self {
            Incident::Deploy { at, .. }
            | Incident::Falls { at, .. }
            | Incident::Silent { at, .. }
            | Incident::Pressure { at, .. }
            | Incident::Leak { at, .. }
            | Incident::Scale { at, .. } => Some(*at),
            Incident::Missed { .. } | Incident::Manager { .. } => None,
        }
    }
}

const fn hundred() -> u64 {
    100
}

const fn one() -> u32 {
    1
}

const fn midnight() -> Span {
    Span(0)
}

const fn few_seconds() -> Span {
    Span(6)
}

/// Reads a file of the demo; an error names the file, the line and the field.
pub fn read<T: for<'de> Deserialize<'de>>(file: &str, text: &str) -> Result<T, Text> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].lines().count().max(1));
        let place = if line > 0 { format!("{file}, line {line}") } else { file.to_owned() };
        Text::new(&format!("{place}: {}", error.message()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_file_the_line_and_the_field() {
        let wrong = "[[incident]]\nkind = \"silent\"\nat = \"-3m\"\nnode = \"prod/node-7\"\nbakc = \"1m\"\n";
        let said = read::<Scenario>("night.toml", wrong).expect_err("no such field");
        assert!(said.contains("night.toml") && said.contains("bakc") && said.contains("until"), "{said}");
        let wrong = "[[incident]]\nkind = \"silent\"\nat = \"soon\"\nnode = \"prod/node-7\"\n";
        let said = read::<Scenario>("night.toml", wrong).expect_err("no such time");
        assert!(said.contains("soon") && said.contains("such as"), "{said}");
    }
}
