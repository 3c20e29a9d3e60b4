//! The only way in: what a source said.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::alert::Alert;
use super::change::Change;
use super::cluster::ClusterInfo;
use super::demand::Want;
use super::identity::{ClusterId, Ref};
use super::instance::Instance;
use super::journal::Deed;
use super::node::Node;
use super::occurrence::Occurrence;
use super::policy::{Application, Autoscaler, Budget, Config, Namespace};
use super::queue::{Endpoint, Queue, Volume};
use super::sample::Sample;
use super::source::{Source, Trouble};
use super::text::{Name, Text};
use super::workload::Workload;

/// What is sent, folded and recorded at once: up to 512 facts of one cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Whose.
    pub cluster: ClusterId,
    /// When it was learnt, by our clock.
    pub at: Timestamp,
    /// What.
    pub facts: Vec<Fact>,
}

/// One thing that a source said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A fresh listing begins; how many objects are expected, where known.
    Listing(Source, Option<u32>),
    /// An object is there, or is different now.
    Put(Source, Object),
    /// An object is gone.
    Gone(Source, Ref),
    /// The listing is complete: what this source held and did not name since [`Fact::Listing`] is gone.
    Listed(Source),
    /// Heard from: a bookmark, a heartbeat, a good poll, a resumed watch. Clears trouble, as [`Fact::Listed`] does.
    Alive(Source),
    /// No longer watched: its objects leave.
    Closed(Source),
    /// It cannot be read, and why.
    Trouble(Source, Trouble),
    /// Something happened.
    Occurred(Box<Occurrence>),
    /// Something was measured.
    Measured(Sample),
    /// What may be done here.
    Allowed(Rights),
    /// What was wanted.
    Answered(Want, Answer),
    /// A person did something: said by the journal. An upsert by the run's id.
    Done(Box<Deed>),
}

/// A thing that is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Object {
    /// Wants instances.
    Workload(Box<Workload>),
    /// Runs.
    Instance(Box<Instance>),
    /// Is run on.
    Node(Box<Node>),
    /// Holds messages.
    Queue(Box<Queue>),
    /// Holds data.
    Volume(Box<Volume>),
    /// Is asked.
    Endpoint(Box<Endpoint>),
    /// Says that something is wrong.
    Alert(Box<Alert>),
    /// The target itself.
    Cluster(Box<ClusterInfo>),
    /// Sets a number.
    Autoscaler(Box<Autoscaler>),
    /// Bounds what may be taken away.
    Budget(Box<Budget>),
    /// Keeps names apart.
    Namespace(Box<Namespace>),
    /// Configures.
    Config(Box<Config>),
    /// Keeps workloads as a repository has them.
    Application(Box<Application>),
}

impl Object {
    /// Its stable key.
    pub fn key(&self) -> &Ref {
        match self {
            Object::Workload(it) => &it.key,
            Object::Instance(it) => &it.key,
            Object::Node(it) => &it.key,
            Object::Queue(it) => &it.key,
            Object::Volume(it) => &it.key,
            Object::Endpoint(it) => &it.key,
            Object::Alert(it) => &it.key,
            Object::Cluster(it) => &it.key,
            Object::Autoscaler(it) => &it.key,
            Object::Budget(it) => &it.key,
            Object::Namespace(it) => &it.key,
            Object::Config(it) => &it.key,
            Object::Application(it) => &it.key,
        }
    }
}

/// What may be done in a cluster. Unknown is not no: the server has the last word.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rights {
    /// Nothing may be changed at all, and why (`--read-only`, a recording).
    #[serde(default)]
    pub read_only: Option<Text>,
    /// Verbs that are known to be denied: `create pods/eviction`.
    #[serde(default)]
    pub denied: Vec<Name>,
    /// The namespaces in all of which that is so; where there are none it was asked of the whole cluster, and says nothing
    /// of any one namespace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<Name>,
}

/// What came of a [`Want`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Lines of a log, oldest first.
    Lines(Vec<Text>),
    /// How a revision differs from the one before.
    Changed(Box<Change>),
    /// Verbs that are denied there: `create pods/eviction`.
    Denied(Vec<Name>),
    /// It could not be had, and why.
    Failed(Text),
}
