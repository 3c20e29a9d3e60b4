//! What can be set.

use std::path::PathBuf;

use crate::action::Guard;
use crate::diagnose::{Pattern, Settings};
use crate::domain::{BackendKind, ClusterId, DEBUG_IMAGE, Name, Ref, Text};

/// A node that is full by the kubelet's own limit, 110 pods, can be drained.
const MAX_INSTANCES: u32 = 120;

/// Everything that can be set. `Default` is what holds without a file; `config.example.toml` says the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The targets to watch; where there is none, what is plainly there.
    pub clusters: Vec<Cluster>,
    /// Where numbers are.
    pub metrics: Vec<MetricsWay>,
    /// Who takes from which queue.
    pub queues: Vec<QueueConsumer>,
    /// What is asked from here, as a user would.
    pub endpoints: Vec<EndpointCheck>,
    /// Thresholds, importance, owners, accepted incidents.
    pub diagnosis: Settings,
    /// Targets whose own name has to be typed before anything is changed.
    pub protected: Vec<Pattern>,
    /// At most so many instances are taken away or made anew by one plan; any number where there is none.
    pub max_instances: Option<u32>,
    /// A preview asks why.
    pub ask_reason: bool,
    /// The image of debug containers.
    pub debug_image: Text,
    /// Nothing may be changed at all.
    pub read_only: bool,
    /// A directory that a group shares: its journal is everybody's.
    pub state_dir: Option<PathBuf>,
    /// What cannot be journalled is not done.
    pub require_journal: bool,
    /// What is journalled is also told to syslog.
    pub mirror_to_syslog: bool,
    /// What was done to a Kubernetes cluster is also an Event there.
    pub kubernetes_events: bool,
    /// Keys that differ from the built-in ones.
    pub keys: Vec<Key>,
    /// Columns of lists that differ from the built-in ones.
    pub lists: Vec<List>,
    /// Name of the theme; `auto`: by the terminal's background.
    pub theme: Text,
    /// How many colours are shown; `auto`: as many as the terminal says.
    pub colors: Text,
    /// Only ASCII, or not; none: as the locale allows.
    pub ascii: Option<bool>,
    /// The mouse is listened to.
    pub mouse: bool,
    /// Times are shown in UTC; else in the local zone.
    pub utc: bool,
    /// Where to log; nowhere without it.
    pub log_file: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            clusters: Vec::new(),
            metrics: Vec::new(),
            queues: Vec::new(),
            endpoints: Vec::new(),
            diagnosis: Settings::default(),
            protected: Vec::new(),
            max_instances: Some(MAX_INSTANCES),
            ask_reason: false,
            debug_image: Text::new(DEBUG_IMAGE),
            read_only: false,
            state_dir: None,
            require_journal: false,
            mirror_to_syslog: false,
            kubernetes_events: false,
            keys: Vec::new(),
            lists: Vec::new(),
            theme: Text::new("auto"),
            colors: Text::new("auto"),
            ascii: None,
            mouse: false,
            utc: true,
            log_file: None,
        }
    }
}

impl Config {
    /// What may be done, and how carefully; `flag` is `--read-only`.
    pub fn guard(&self, flag: bool) -> Guard {
        let read_only = match (flag, self.read_only) {
            (true, _) => Some(Text::new("cockpit was started with --read-only")),
            (false, true) => Some(Text::new("the configuration says read_only = true")),
            (false, false) => None,
        };
        let clusters = self.clusters.iter().filter(|cluster| cluster.protected);
        let clusters = clusters.map(|cluster| Pattern::new(&format!("{}/*", cluster.name)));
        let protected = self.protected.iter().cloned().chain(clusters).collect();
        Guard {
            notes: self.kubernetes_events,
            read_only,
            protected,
            unjournalled: None,
            require_journal: self.require_journal,
            max_instances: self.max_instances,
            ask_reason: self.ask_reason,
        }
    }
}

/// A target to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Its alias on the screen.
    pub name: ClusterId,
    /// What it is.
    pub backend: BackendKind,
    /// How to get there.
    pub way: Way,
    /// The directory of `ca.pem`, `cert.pem` and `key.pem`, for TLS.
    pub certificates: Option<PathBuf>,
    /// Only these namespaces are watched; none: all that may be read.
    pub namespaces: Vec<String>,
    /// Nothing may be changed there.
    pub read_only: bool,
    /// Its name has to be typed before anything is changed there.
    pub protected: bool,
    /// The line where it begins.
    pub line: usize,
}

/// How to get there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// An engine's address: `unix:///run/docker.sock`, `tcp://10.0.0.5:2376`, `ssh://ops@host`.
    Host(String),
    /// A Docker context by its name.
    Context(String),
    /// A context of a kubeconfig.
    Kubeconfig {
        /// The file; the usual ones where none is named.
        file: Option<PathBuf>,
        /// The context; the current one where none is named.
        context: Option<String>,
    },
    /// The cluster that cockpit itself runs in.
    InCluster,
    /// A server of a Nomad region.
    Nomad(Box<NomadWay>),
}

/// How to get to a Nomad region. What is not said is as the environment has it for the nomad command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NomadWay {
    /// `https://nomad.example:4646`
    pub address: Option<String>,
    /// Other servers of the same region.
    pub others: Vec<String>,
    /// Which region, where it is not the server's own.
    pub region: Option<String>,
    /// A file that holds the token.
    pub token_file: Option<PathBuf>,
    /// Who may vouch for the server.
    pub ca: Option<PathBuf>,
    /// What is shown to it.
    pub cert: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
    /// The name that its certificate is of, where that is not the one in its address.
    pub tls_server_name: Option<String>,
    /// The Consul whose checks are those of what runs there; that of the environment where nothing is said.
    pub consul: Option<ConsulWay>,
}

/// How to get to an agent of Consul. What is not said is as the environment has it for the consul command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConsulWay {
    /// `https://consul.example:8501`
    pub address: Option<String>,
    /// A file that holds the token.
    pub token_file: Option<PathBuf>,
    /// Who may vouch for the agent.
    pub ca: Option<PathBuf>,
    /// What is shown to it.
    pub cert: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
}

/// A server that answers queries, or pages of exporters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsWay {
    /// Whose numbers they are; of the only cluster that is watched where none is named.
    pub cluster: Option<ClusterId>,
    /// `http://127.0.0.1:9090`
    pub prometheus: Option<String>,
    /// `http://10.0.0.7:9121/metrics`
    pub scrape: Vec<String>,
    /// `http://127.0.0.1:9093`
    pub alertmanager: Option<String>,
    /// A file that holds the token.
    pub token_file: Option<PathBuf>,
    /// The name that goes with the password.
    pub user: Option<String>,
    /// A file that holds the password.
    pub password_file: Option<PathBuf>,
    /// Whose numbers, of a server that has those of several.
    pub tenant: Option<String>,
    /// Who may vouch for it.
    pub ca: Option<PathBuf>,
    /// What is shown to it.
    pub cert: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
    /// The line where it begins.
    pub line: usize,
}

/// What is asked from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointCheck {
    /// Beside which cluster it stands; the only one that is watched where none is named.
    pub cluster: Option<ClusterId>,
    /// What it is called.
    pub name: Name,
    /// `https://shop.example/health`, `tcp://db-1:5432`
    pub address: String,
    /// The status that is expected; any below 400 where none is named.
    pub status: Option<u16>,
    /// A text that is expected in the answer.
    pub text: Option<String>,
    /// What it leads to, of whichever cluster.
    pub target: Option<Ref>,
    /// Who may vouch for it.
    pub ca: Option<PathBuf>,
    /// The line where it begins.
    pub line: usize,
}

/// Who takes from a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueConsumer {
    /// Where; everywhere where no cluster is named.
    pub cluster: Option<ClusterId>,
    /// The queue's name.
    pub name: Name,
    /// The workload; of which cluster is said beside it.
    pub consumer: Ref,
}

/// A command's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Which command.
    pub command: String,
    /// The keys that it has in the place of its own.
    pub keys: Vec<String>,
    /// The line where it is said.
    pub line: usize,
}

/// A list's columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Which list, by its name.
    pub name: String,
    /// Its columns, in their order.
    pub columns: Vec<String>,
}
