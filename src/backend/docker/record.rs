//! One container, as far as it is kept: what it is shown as, and what its service is made of.

use crate::domain::{
    ContainerSpec, Dependency, Exposure, Instance, Name, Ref, RestartPolicy, Revision, Text, Timestamp,
};

use super::belongs::Belongs;

/// What became of the wish that a container run, as far as that can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meant {
    /// It is to run.
    Run,
    /// A person or a program stopped it.
    Stop,
    /// It ran to its end.
    Done,
    /// It ended, and whether it should have cannot be told.
    Unknown,
}

/// One container.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// What it is shown as.
    pub instance: Instance,
    /// Whose it is.
    pub belongs: Belongs,
    /// Whether it is meant to run.
    pub meant: Meant,
    /// Whether it runs.
    pub running: bool,
    /// At this many bytes it is killed.
    pub limit_bytes: Option<u64>,
    /// By which signal it is asked to stop.
    pub stop_signal: u8,
    /// What its workload is made of.
    pub part: Box<Part>,
}

/// What a workload takes over from its newest container.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub created: Option<Timestamp>,
    pub spec: ContainerSpec,
    pub exposure: Exposure,
    pub depends_on: Vec<Dependency>,
    pub labels: Vec<(Name, Name)>,
    pub restart_policy: RestartPolicy,
    pub stop_timeout_seconds: Option<u32>,
    pub revision: Option<Revision>,
    pub defined_in: Option<Text>,
    pub links: Vec<(Name, Text)>,
}

impl Record {
    /// The engine's name of it.
    pub(super) fn name(&self) -> &Name {
        &self.instance.key.name
    }

    /// The id of the Swarm's task that it is the body of.
    pub(super) fn task(&self) -> Option<&str> {
        match &self.belongs {
            Belongs::Task { task, .. } => Some(task),
            Belongs::Alone | Belongs::Compose { .. } | Belongs::Allocation { .. } => None,
        }
    }

    /// The workload that it counts for.
    pub(super) fn owner(&self) -> Option<&Ref> {
        self.instance.owner.as_ref()
    }
}
