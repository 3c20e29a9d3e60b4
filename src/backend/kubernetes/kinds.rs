//! The kinds that are listed and watched: where the server keeps them, and how much of them is read.

use crate::domain::{Name, Source};

/// How much of an object is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Depth {
    /// The object, of which `wire` decodes what is used.
    Whole,
    /// Its metadata alone (`PartialObjectMetadata`): nothing of what it holds leaves the server.
    Metadata,
}

/// When a kind is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum When {
    /// From the start.
    Always,
    /// From the start, where the server serves it (custom resources, metrics).
    Installed,
    /// From the start, where it may be: few give the right, for good reasons, and little is missed without it.
    Allowed,
    /// From the start, where the server serves it and it may be.
    Offered,
}

impl When {
    /// Whether it need not be served: it is asked for only where it is.
    pub(super) const fn need_not_be_served(self) -> bool {
        matches!(self, When::Installed | When::Offered)
    }

    /// Whether it is gone without where it may not be read: that is named, and is no trouble.
    pub(super) const fn need_not_be_allowed(self) -> bool {
        matches!(self, When::Allowed | When::Offered)
    }
}

macro_rules! kinds {
    ($($variant:ident $plural:literal $group:literal $version:literal $namespaced:literal $depth:ident $when:ident),+ $(,)?) => {
        /// A kind that is watched.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(super) enum ApiKind { $($variant),+ }

        impl ApiKind {
            /// Every kind, those first that tell most.
            pub(super) const ALL: &[ApiKind] = &[$(ApiKind::$variant),+];

            /// The server's plural: `pods`.
            pub(super) const fn plural(self) -> &'static str {
                match self { $(ApiKind::$variant => $plural),+ }
            }

            /// The API group; empty for the core.
            pub(super) const fn group(self) -> &'static str {
                match self { $(ApiKind::$variant => $group),+ }
            }

            /// The version in that group.
            pub(super) const fn version(self) -> &'static str {
                match self { $(ApiKind::$variant => $version),+ }
            }

            /// Whether objects lie in namespaces.
            pub(super) const fn namespaced(self) -> bool {
                match self { $(ApiKind::$variant => $namespaced),+ }
            }

            /// How much is read.
            pub(super) const fn depth(self) -> Depth {
                match self { $(ApiKind::$variant => Depth::$depth),+ }
            }

            /// When it is watched.
            pub(super) const fn when(self) -> When {
                match self { $(ApiKind::$variant => When::$when),+ }
            }
        }
    };
}

kinds! {
    Deployments "deployments" "apps" "v1" true Whole Always,
    StatefulSets "statefulsets" "apps" "v1" true Whole Always,
    DaemonSets "daemonsets" "apps" "v1" true Whole Always,
    ReplicaSets "replicasets" "apps" "v1" true Whole Always,
    Pods "pods" "" "v1" true Whole Always,
    Nodes "nodes" "" "v1" false Whole Always,
    Jobs "jobs" "batch" "v1" true Whole Always,
    CronJobs "cronjobs" "batch" "v1" true Whole Always,
    Events "events" "" "v1" true Whole Always,
    Services "services" "" "v1" true Whole Always,
    EndpointSlices "endpointslices" "discovery.k8s.io" "v1" true Whole Always,
    PersistentVolumeClaims "persistentvolumeclaims" "" "v1" true Whole Always,
    PodDisruptionBudgets "poddisruptionbudgets" "policy" "v1" true Whole Always,
    HorizontalPodAutoscalers "horizontalpodautoscalers" "autoscaling" "v2" true Whole Always,
    ResourceQuotas "resourcequotas" "" "v1" true Whole Always,
    Namespaces "namespaces" "" "v1" false Whole Always,
    Ingresses "ingresses" "networking.k8s.io" "v1" true Whole Always,
    ConfigMaps "configmaps" "" "v1" true Metadata Always,
    Secrets "secrets" "" "v1" true Metadata Allowed,
    ArgoRollouts "rollouts" "argoproj.io" "v1alpha1" true Whole Installed,
    ArgoApplications "applications" "argoproj.io" "v1alpha1" true Whole Installed,
    HttpRoutes "httproutes" "gateway.networking.k8s.io" "v1" true Whole Offered,
    GrpcRoutes "grpcroutes" "gateway.networking.k8s.io" "v1" true Whole Offered,
    NodeClaims "nodeclaims" "karpenter.sh" "v1" false Whole Offered,
    ScaledObjects "scaledobjects" "keda.sh" "v1alpha1" true Whole Installed,
}

impl ApiKind {
    /// The path of its collection: everywhere, or in one namespace.
    pub(super) fn path(self, namespace: Option<&str>) -> String {
        let root = match self.group() {
            "" => format!("/api/{}", self.version()),
            group => format!("/apis/{group}/{}", self.version()),
        };
        match namespace.filter(|_| self.namespaced()) {
            Some(namespace) => format!("{root}/namespaces/{namespace}/{}", self.plural()),
            None => format!("{root}/{}", self.plural()),
        }
    }

    /// The source that tells of it: of all of it, or of one namespace.
    pub(super) fn source(self, namespace: Option<&Name>) -> Source {
        Source { kind: Name::new(self.plural()), partition: namespace.cloned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_has_the_path_that_the_server_gives_it() {
        assert_eq!(ApiKind::Pods.path(None), "/api/v1/pods");
        assert_eq!(ApiKind::Deployments.path(Some("shop")), "/apis/apps/v1/namespaces/shop/deployments");
        assert_eq!(ApiKind::Nodes.path(Some("shop")), "/api/v1/nodes", "nodes lie in no namespace");
    }
}
