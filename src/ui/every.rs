//! Lists of every object of a kind that is held: which lists there are, and what each is of.

use crate::domain::Kind;

/// A list of every object of a kind, over all clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Every {
    /// Pods of Kubernetes.
    Pods,
    /// Allocations of Nomad.
    Allocations,
    /// Tasks of a Swarm.
    Tasks,
    /// Containers of engines that are not the body of one of these.
    Containers,
    /// All that runs, whatever its orchestrator calls it.
    Instances,
    /// Deployments.
    Deployments,
    /// StatefulSets.
    StatefulSets,
    /// DaemonSets.
    DaemonSets,
    /// ReplicaSets that nothing owns; those of a Deployment are its revisions.
    ReplicaSets,
    /// What runs to its end, and the task groups of Nomad's jobs.
    Jobs,
    /// What runs on a schedule.
    CronJobs,
    /// Task groups of Nomad.
    TaskGroups,
    /// Services: what is asked (Kubernetes), and what runs under that name (Swarm, Compose).
    Services,
    /// Ingresses, and routes of Gateways.
    Ingresses,
    /// Claims and volumes.
    Claims,
    /// What sets a workload's number.
    Autoscalers,
    /// What bounds how many may be taken away.
    Budgets,
    /// ConfigMaps.
    ConfigMaps,
    /// Secrets: that they are there, never what they hold.
    Secrets,
    /// Namespaces, Compose projects and Swarm stacks.
    Namespaces,
    /// The targets themselves.
    Clusters,
    /// Everything that happened, newest first.
    Events,
}

impl Every {
    /// All, in the order of the palette.
    pub const ALL: [Every; 22] = [
        Every::Pods,
        Every::Allocations,
        Every::Tasks,
        Every::Containers,
        Every::Instances,
        Every::Deployments,
        Every::StatefulSets,
        Every::DaemonSets,
        Every::ReplicaSets,
        Every::Jobs,
        Every::CronJobs,
        Every::TaskGroups,
        Every::Services,
        Every::Ingresses,
        Every::Claims,
        Every::Autoscalers,
        Every::Budgets,
        Every::ConfigMaps,
        Every::Secrets,
        Every::Namespaces,
        Every::Clusters,
        Every::Events,
    ];

    /// Its name.
    pub const fn title(self) -> &'static str {
        match self {
            Every::Pods => "Pods",
            Every::Allocations => "Allocations",
            Every::Tasks => "Tasks",
            Every::Containers => "Containers",
            Every::Instances => "Instances",
            Every::Deployments => "Deployments",
            Every::StatefulSets => "StatefulSets",
            Every::DaemonSets => "DaemonSets",
            Every::ReplicaSets => "ReplicaSets",
            Every::Jobs => "Jobs",
            Every::CronJobs => "CronJobs",
            Every::TaskGroups => "Task groups",
            Every::Services => "Services",
            Every::Ingresses => "Ingresses",
            Every::Claims => "Claims",
            Every::Autoscalers => "Autoscalers",
            Every::Budgets => "Budgets",
            Every::ConfigMaps => "ConfigMaps",
            Every::Secrets => "Secrets",
            Every::Namespaces => "Namespaces",
            Every::Clusters => "Clusters",
            Every::Events => "Events",
        }
    }

    /// The kinds of its objects; none where its rows are not of a kind of object.
    pub const fn kinds(self) -> &'static [Kind] {
        match self {
            Every::Pods => &[Kind::Pod],
            Every::Allocations => &[Kind::Allocation],
            Every::Tasks => &[Kind::Task],
            Every::Containers => &[Kind::ContainerInstance],
            Every::Instances => &[Kind::Pod, Kind::Allocation, Kind::Task, Kind::ContainerInstance],
            Every::Deployments => &[Kind::Deployment],
            Every::StatefulSets => &[Kind::StatefulSet],
            Every::DaemonSets => &[Kind::DaemonSet],
            Every::ReplicaSets => &[Kind::ReplicaSet],
            Every::Jobs => &[Kind::Job, Kind::TaskGroup],
            Every::CronJobs => &[Kind::CronJob],
            Every::TaskGroups => &[Kind::TaskGroup],
            Every::Services => &[Kind::Endpoint, Kind::Service, Kind::ComposeService],
            Every::Ingresses => &[Kind::Ingress, Kind::HttpRoute, Kind::GrpcRoute],
            Every::Claims => &[Kind::Volume],
            Every::Autoscalers => &[Kind::Autoscaler],
            Every::Budgets => &[Kind::Budget],
            Every::ConfigMaps => &[Kind::ConfigMap],
            Every::Secrets => &[Kind::Secret],
            Every::Namespaces => &[Kind::Namespace],
            Every::Clusters => &[Kind::Cluster],
            Every::Events => &[],
        }
    }

    /// Words of the kinds of sources that fill it; none where every source does.
    pub(super) const fn sources(self) -> &'static [&'static str] {
        match self {
            Every::Pods => &["pods"],
            Every::Allocations => &["alloc"],
            Every::Tasks => &["tasks"],
            Every::Containers => &["containers"],
            Every::Instances => &["pods", "alloc", "tasks", "containers"],
            Every::Deployments => &["deployments"],
            Every::StatefulSets => &["statefulsets"],
            Every::DaemonSets => &["daemonsets"],
            Every::ReplicaSets => &["replicasets"],
            Every::Jobs => &["jobs"],
            Every::CronJobs => &["cronjobs"],
            Every::TaskGroups => &["jobs"],
            Every::Services => &["services", "endpointslices", "containers"],
            Every::Ingresses => &["ingresses", "routes", "endpointslices"],
            Every::Claims => &["claims", "volumes"],
            Every::Autoscalers => &["autoscalers", "scaledobjects"],
            Every::Budgets => &["disruptionbudgets"],
            Every::ConfigMaps => &["configmaps"],
            Every::Secrets => &["secrets"],
            // They are where anything is.
            Every::Namespaces | Every::Clusters => &[],
            Every::Events => &["events"],
        }
    }

    /// What is said where none is held, besides that there is none.
    pub(super) const fn where_from(self) -> &'static str {
        match self {
            Every::Pods => "Pods come from Kubernetes; :alloc, :task and :ps list what runs elsewhere.",
            Every::Allocations => "Allocations come from Nomad; :po, :task and :ps list what runs elsewhere.",
            Every::Tasks => "Tasks come from Swarm managers; :po, :alloc and :ps list what runs elsewhere.",
            Every::Containers => {
                "Containers come from engines; one that belongs to a pod, task or allocation shows there."
            }
            Every::Instances => "Pods, allocations, tasks and containers show here.",
            Every::ReplicaSets => "Those that a Deployment made show as its revisions, in its case file.",
            Every::Jobs => "Jobs that a CronJob made show under it: :cj.",
            Every::Services => "Services come from Kubernetes, from Swarm managers and from Compose projects.",
            Every::Namespaces => "Namespaces, Compose projects and Swarm stacks show here.",
            Every::Secrets => {
                "Secrets are listed only where that is allowed, and by their metadata: never what they hold."
            }
            Every::Events => {
                "Events are what happened since cockpit started, and what the servers still remember of before."
            }
            Every::Clusters => "cockpit doctor says what was looked for.",
            _ => "What there is shows here, healthy or not.",
        }
    }
}
