//! What a thing is called, stably.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::text::{Name, Text};

/// A configured target's short unique alias (`[a-z0-9._-]+`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClusterId(Name);

impl ClusterId {
    /// An alias made from any string: lower case, and `-` for what an alias may not hold.
    pub fn new(raw: &str) -> Self {
        let mut alias = String::with_capacity(raw.len());
        for c in raw.chars().flat_map(char::to_lowercase) {
            let keep = c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
            match keep {
                true => alias.push(c),
                false if alias.ends_with('-') || alias.is_empty() => {}
                false => alias.push('-'),
            }
        }
        let alias = alias.trim_matches('-');
        Self(Text::new(if alias.is_empty() { "cluster" } else { alias }))
    }

    /// The alias.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What part an object plays, whatever its orchestrator calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Wants instances to run.
    Workload,
    /// Runs.
    Instance,
    /// Is run on.
    Node,
    /// Holds messages for consumers.
    Queue,
    /// Holds data.
    Volume,
    /// Is asked by users or other workloads.
    Endpoint,
    /// Says that something is wrong, elsewhere.
    Alert,
    /// Sets a workload's number by what it measures.
    Autoscaler,
    /// Bounds how many instances may be taken away.
    Budget,
    /// Keeps names apart.
    Namespace,
    /// Configures.
    Config,
    /// Keeps workloads as a repository has them.
    Application,
    /// The target itself.
    Cluster,
}

macro_rules! kinds {
    ($($variant:ident $word:literal $role:ident),+ $(,)?) => {
        /// The kind of an object, in its orchestrator's own noun. The word is stable: it is in recordings, in
        /// `triage --json` and on the command line.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Kind { $(#[doc = $word] #[serde(rename = $word)] $variant),+ }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Kind] = &[$(Kind::$variant),+];

            /// The stable word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Kind::$variant => $word),+ }
            }

            /// The part it plays.
            pub const fn role(self) -> Role {
                match self { $(Kind::$variant => Role::$role),+ }
            }
        }
    };
}

kinds! {
    Deployment "Deployment" Workload,
    StatefulSet "StatefulSet" Workload,
    DaemonSet "DaemonSet" Workload,
    Job "Job" Workload,
    CronJob "CronJob" Workload,
    TaskGroup "TaskGroup" Workload,
    Service "Service" Workload,
    ComposeService "ComposeService" Workload,
    Container "Container" Workload,
    ReplicaSet "ReplicaSet" Workload,
    ArgoRollout "Rollout" Workload,
    BarePod "BarePod" Workload,
    Custom "Custom" Workload,
    Pod "Pod" Instance,
    Allocation "Allocation" Instance,
    Task "Task" Instance,
    ContainerInstance "ContainerInstance" Instance,
    Node "Node" Node,
    NodeClaim "NodeClaim" Node,
    Queue "Queue" Queue,
    Volume "Volume" Volume,
    Endpoint "Endpoint" Endpoint,
    Ingress "Ingress" Endpoint,
    HttpRoute "HTTPRoute" Endpoint,
    GrpcRoute "GRPCRoute" Endpoint,
    Check "Check" Endpoint,
    Alert "Alert" Alert,
    Autoscaler "Autoscaler" Autoscaler,
    Budget "Budget" Budget,
    Namespace "Namespace" Namespace,
    ConfigMap "ConfigMap" Config,
    Secret "Secret" Config,
    Application "Application" Application,
    Cluster "Cluster" Cluster,
}

impl Kind {
    /// Whether it is a workload that a Kubernetes cluster runs as pods.
    pub const fn runs_pods(self) -> bool {
        matches!(
            self,
            Kind::Deployment
                | Kind::StatefulSet
                | Kind::DaemonSet
                | Kind::Job
                | Kind::CronJob
                | Kind::ReplicaSet
                | Kind::ArgoRollout
                | Kind::BarePod
                | Kind::Custom
        )
    }

    /// What those are called whose output is told together, where that of all instances of a thing of this kind is.
    pub const fn writers(self) -> Option<&'static str> {
        match self {
            Kind::Service => Some("task"),
            Kind::ComposeService => Some("container"),
            // A Service of Kubernetes: the pods of what it leads to.
            Kind::Endpoint => Some("pod"),
            kind if kind.runs_pods() => Some("pod"),
            _ => None,
        }
    }

    /// Whether it leads to what other endpoints serve.
    pub const fn leads_on(self) -> bool {
        matches!(self, Kind::Ingress | Kind::HttpRoute | Kind::GrpcRoute)
    }

    /// The noun a person reads, in the singular: `service` for a Swarm and a Compose service alike.
    pub const fn noun(self) -> &'static str {
        match self {
            Kind::Deployment => "Deployment",
            Kind::StatefulSet => "StatefulSet",
            Kind::DaemonSet => "DaemonSet",
            Kind::Job => "Job",
            Kind::CronJob => "CronJob",
            Kind::TaskGroup => "task group",
            Kind::Service | Kind::ComposeService => "service",
            Kind::Container | Kind::ContainerInstance => "container",
            Kind::ReplicaSet => "ReplicaSet",
            Kind::ArgoRollout => "Rollout",
            Kind::Pod | Kind::BarePod => "pod",
            Kind::Custom => "custom workload",
            Kind::Allocation => "allocation",
            Kind::Task => "task",
            Kind::Node => "node",
            Kind::NodeClaim => "node on its way",
            Kind::Queue => "queue",
            Kind::Volume => "volume",
            Kind::Endpoint => "endpoint",
            Kind::Ingress => "Ingress",
            Kind::HttpRoute => "HTTPRoute",
            Kind::GrpcRoute => "GRPCRoute",
            Kind::Check => "check",
            Kind::Alert => "alert",
            Kind::Autoscaler => "autoscaler",
            Kind::Budget => "disruption budget",
            Kind::Namespace => "namespace",
            Kind::ConfigMap => "ConfigMap",
            Kind::Secret => "Secret",
            Kind::Application => "application",
            Kind::Cluster => "cluster",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = RefParseError;

    /// Accepts the stable word in any case.
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        Kind::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(raw))
            .ok_or_else(|| RefParseError::Kind(raw.to_owned()))
    }
}

/// The stable key of an object. One incarnation of it has a `uid`, which is kept with the object. Namespace is the
/// Kubernetes or Nomad namespace, the Compose project or the Swarm stack, else none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ref {
    /// The target that holds it.
    pub cluster: ClusterId,
    /// What it is.
    pub kind: Kind,
    /// Where in the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Name>,
    /// Its name there.
    pub name: Name,
}

impl Ref {
    /// A key from its parts.
    pub fn new(cluster: &ClusterId, kind: Kind, namespace: Option<Name>, name: impl Into<Name>) -> Self {
        Self { cluster: cluster.clone(), kind, namespace, name: name.into() }
    }

    /// `namespace/name`, or the name alone: what a row shows inside its cluster. Of an alert its title, without the
    /// fingerprint that tells it from others of that title.
    pub fn local(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}/{}", self.name),
            None if self.kind == Kind::Alert => without_fingerprint(&self.name).to_owned(),
            None => self.name.to_string(),
        }
    }
}

/// Digits of a fingerprint.
const FINGERPRINT: usize = 16;

fn without_fingerprint(name: &str) -> &str {
    let is_one = |it: &str| it.len() == FINGERPRINT && it.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    name.rsplit_once('-').filter(|(_, tail)| is_one(tail)).map_or(name, |(title, _)| title)
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let namespace = self.namespace.as_deref().unwrap_or("-");
        write!(f, "{}/{namespace}/{}/{}", self.cluster, self.kind, self.name)
    }
}

/// Why a string is not a [`Ref`] or a [`Kind`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefParseError {
    /// Too few parts.
    #[error("expected cluster/namespace/kind/name (namespace `-` for none), found `{0}`")]
    Shape(String),
    /// No such kind.
    #[error("unknown kind `{0}`")]
    Kind(String),
}

impl FromStr for Ref {
    type Err = RefParseError;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let mut parts = raw.splitn(4, '/');
        let (Some(cluster), Some(namespace), Some(kind), Some(name)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(RefParseError::Shape(raw.to_owned()));
        };
        let namespace = (namespace != "-").then(|| Name::new(namespace));
        Ok(Self { cluster: ClusterId::new(cluster), kind: kind.parse()?, namespace, name: Name::new(name) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ref_reads_back_what_it_prints() {
        for raw in ["prod/shop/Deployment/worker", "local/-/Container/db", "n/default/TaskGroup/job/group"] {
            let key: Ref = raw.parse().expect("a ref");
            assert_eq!(key.to_string(), raw);
        }
        assert!("prod/shop".parse::<Ref>().is_err());
        assert!("a/b/Gadget/c".parse::<Ref>().is_err());
    }

    #[test]
    fn an_alert_is_shown_by_its_title() {
        let local = |raw: &str| raw.parse::<Ref>().expect("a ref").local();
        assert_eq!(local("eu/-/Alert/CheckoutErrors-c27ccb48fedae803"), "CheckoutErrors");
        assert_eq!(local("eu/-/Alert/disk-full"), "disk-full");
        assert_eq!(local("eu/-/Container/web-c27ccb48fedae803"), "web-c27ccb48fedae803");
    }

    #[test]
    fn a_cluster_alias_holds_only_what_an_alias_may() {
        assert_eq!(ClusterId::new("kind-Prod (EU)").as_str(), "kind-prod-eu");
        assert_eq!(ClusterId::new("\x1b[31m").as_str(), "31m");
        assert_eq!(ClusterId::new("///").as_str(), "cluster");
    }
}
