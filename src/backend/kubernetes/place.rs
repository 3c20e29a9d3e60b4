//! Where the server keeps the object that a person means.

use crate::domain::{Kind, Ref};

use super::ask::escaped;
use super::kinds::ApiKind;

/// The kind that the server has for it; none where it has no such thing.
pub(super) const fn api_kind(kind: Kind) -> Option<ApiKind> {
    Some(match kind {
        Kind::Deployment => ApiKind::Deployments,
        Kind::StatefulSet => ApiKind::StatefulSets,
        Kind::DaemonSet => ApiKind::DaemonSets,
        Kind::ReplicaSet => ApiKind::ReplicaSets,
        Kind::Job => ApiKind::Jobs,
        Kind::CronJob => ApiKind::CronJobs,
        Kind::ArgoRollout => ApiKind::ArgoRollouts,
        Kind::Pod | Kind::BarePod => ApiKind::Pods,
        Kind::Node => ApiKind::Nodes,
        Kind::NodeClaim => ApiKind::NodeClaims,
        Kind::Volume => ApiKind::PersistentVolumeClaims,
        Kind::Endpoint => ApiKind::Services,
        Kind::Ingress => ApiKind::Ingresses,
        Kind::HttpRoute => ApiKind::HttpRoutes,
        Kind::GrpcRoute => ApiKind::GrpcRoutes,
        Kind::Autoscaler => ApiKind::HorizontalPodAutoscalers,
        Kind::Budget => ApiKind::PodDisruptionBudgets,
        Kind::Namespace => ApiKind::Namespaces,
        Kind::ConfigMap => ApiKind::ConfigMaps,
        Kind::Secret => ApiKind::Secrets,
        Kind::Application => ApiKind::ArgoApplications,
        Kind::TaskGroup
        | Kind::Service
        | Kind::ComposeService
        | Kind::Container
        | Kind::Allocation
        | Kind::Task
        | Kind::ContainerInstance
        | Kind::Queue
        | Kind::Alert
        | Kind::Check
        | Kind::Custom
        | Kind::Cluster => return None,
    })
}

/// The path of one object.
pub(super) fn path(key: &Ref) -> Option<String> {
    let kind = api_kind(key.kind)?;
    let namespace = key.namespace.as_deref().map(escaped);
    if kind.namespaced() && namespace.is_none() {
        return None;
    }
    Some(format!("{}/{}", kind.path(namespace.as_deref()), escaped(&key.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_the_path_that_the_server_gives_it() {
        let of = |raw: &str| path(&raw.parse().expect("a ref"));
        assert_eq!(of("c/shop/Deployment/web").as_deref(), Some("/apis/apps/v1/namespaces/shop/deployments/web"));
        assert_eq!(of("c/shop/Endpoint/web").as_deref(), Some("/api/v1/namespaces/shop/services/web"));
        assert_eq!(of("c/-/Node/n1").as_deref(), Some("/api/v1/nodes/n1"));
        assert_eq!(of("c/shop/Pod/..%2f").as_deref(), Some("/api/v1/namespaces/shop/pods/..%252f"));
        assert_eq!(of("c/-/Pod/web"), None, "a pod lies in a namespace");
        assert_eq!(of("c/shop/Task/web"), None);
    }
}
