//! Which object the labels of an alert name.
//!
//! An exporter tells of others, and is a pod itself: kube-state-metrics' own `pod` stands beside the `deployment` that an alert is about
//! (where labels are not honoured, what it tells of is `exported_pod`). So what is said of others goes first.

use super::raised::Raised;
use crate::domain::{BackendKind, ClusterId, Kind, Name, Ref};

/// What an alert is about; none where its labels name nothing.
pub fn about(raised: &Raised, kind: BackendKind, cluster: &ClusterId) -> Option<Ref> {
    let labels = Labels { raised, cluster };
    labels.queue().or_else(|| match kind {
        BackendKind::Kubernetes => labels.kubernetes(),
        BackendKind::Nomad => labels.nomad(),
        BackendKind::Docker => labels.docker(),
    })
}

struct Labels<'a> {
    raised: &'a Raised,
    cluster: &'a ClusterId,
}

/// Labels of kube-state-metrics (docs/metrics), the most telling first.
const WORKLOADS: [(&str, Kind); 9] = [
    ("deployment", Kind::Deployment),
    ("statefulset", Kind::StatefulSet),
    ("daemonset", Kind::DaemonSet),
    ("cronjob", Kind::CronJob),
    ("job_name", Kind::Job),
    ("rollout", Kind::ArgoRollout),
    ("horizontalpodautoscaler", Kind::Autoscaler),
    ("poddisruptionbudget", Kind::Budget),
    ("replicaset", Kind::ReplicaSet),
];

/// Names of pods that tell of others.
const EXPORTERS: [&str; 3] = ["kube-state-metrics", "node-exporter", "-exporter"];

impl Labels<'_> {
    fn label(&self, name: &str) -> Option<&Name> {
        // What was scraped is put aside for what it was scraped from.
        self.raised.label(&format!("exported_{name}")).or_else(|| self.raised.label(name))
    }

    fn named(&self, kind: Kind, namespace: Option<&Name>, name: &str) -> Ref {
        Ref::new(self.cluster, kind, namespace.cloned(), Name::new(name))
    }

    fn queue(&self) -> Option<Ref> {
        let name = self.label("queue").or_else(|| self.label("queue_name"))?;
        Some(self.named(Kind::Queue, None, name))
    }

    fn kubernetes(&self) -> Option<Ref> {
        let namespace = self.label("namespace");
        let workload = || {
            let namespace = Some(namespace?);
            let said =
                WORKLOADS.iter().find_map(|(label, kind)| Some(self.named(*kind, namespace, self.label(label)?)));
            said.or_else(|| self.mixin(namespace))
        };
        let pod = |of_others: bool| {
            let name = self.label("pod").or_else(|| self.label("pod_name"))?;
            let tells_of_others = EXPORTERS.iter().any(|word| name.contains(word));
            (tells_of_others == of_others).then(|| self.named(Kind::Pod, namespace, name))
        };
        let claim = || Some(self.named(Kind::Volume, Some(namespace?), self.label("persistentvolumeclaim")?));
        let exported = self.raised.label("exported_pod").map(|name| self.named(Kind::Pod, namespace, name));
        // `service` alone is what was scraped.
        let service = || Some(self.named(Kind::Endpoint, Some(namespace?), self.raised.label("exported_service")?));
        exported
            .or_else(workload)
            .or_else(claim)
            .or_else(service)
            .or_else(|| pod(false))
            .or_else(|| self.node())
            // Then it is about the exporter itself.
            .or_else(|| pod(true))
    }

    /// `workload` and `workload_type` of recording rules (kubernetes-mixin, rules/).
    fn mixin(&self, namespace: Option<&Name>) -> Option<Ref> {
        let kind = match self.label("workload_type")?.to_ascii_lowercase().as_str() {
            "deployment" => Kind::Deployment,
            "statefulset" => Kind::StatefulSet,
            "daemonset" => Kind::DaemonSet,
            "job" => Kind::Job,
            _ => return None,
        };
        Some(self.named(kind, namespace, self.label("workload")?))
    }

    fn node(&self) -> Option<Ref> {
        let named = self.label("node").or_else(|| self.label("nodename")).or_else(|| self.label("node_name"));
        named.map(|name| self.named(Kind::Node, None, name)).or_else(|| self.host())
    }

    /// `db-1:9100`; an address that is a number names no node.
    fn host(&self) -> Option<Ref> {
        let instance = self.raised.label("instance")?;
        let host = instance.rsplit_once(':').map_or(instance.as_str(), |(host, _)| host);
        let is_number = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
        (!is_number && !host.is_empty()).then(|| self.named(Kind::Node, None, host))
    }

    /// Labels of Nomad's own metrics (nomad: website/docs/operations/metrics-reference).
    fn nomad(&self) -> Option<Ref> {
        let group = || {
            let job = self.raised.label("exported_job").or_else(|| self.raised.label("nomad_job"));
            let (job, group) = (job.or_else(|| self.raised.label("job_id"))?, self.label("task_group")?);
            let name = if job == group { job.to_string() } else { format!("{job}/{group}") };
            let namespace = self.label("namespace").cloned().unwrap_or_else(|| Name::new("default"));
            Some(self.named(Kind::TaskGroup, Some(&namespace), &name))
        };
        let host = || self.raised.label("host").map(|name| self.named(Kind::Node, None, name));
        group().or_else(host).or_else(|| self.node())
    }

    /// Labels of containers as cAdvisor tells them.
    fn docker(&self) -> Option<Ref> {
        let label = |name: &str| self.raised.label(&format!("container_label_com_docker_{name}"));
        let compose = || {
            let (project, service) = (label("compose_project")?, label("compose_service")?);
            Some(self.named(Kind::ComposeService, Some(project), service))
        };
        let swarm = || Some((label("stack_namespace"), label("swarm_service_name")?));
        let swarm = || swarm().map(|(stack, service)| self.named(Kind::Service, stack, &short(stack, service)));
        let container = || {
            let name = self.raised.label("name").or_else(|| self.raised.label("container_name"))?;
            Some(self.named(Kind::ContainerInstance, label("compose_project"), name))
        };
        compose().or_else(swarm).or_else(container).or_else(|| self.node())
    }
}

/// A service of a stack is called `shop_web`, and is `web` there.
fn short(stack: Option<&Name>, service: &str) -> String {
    let rest = stack.and_then(|stack| service.strip_prefix(stack.as_str())?.strip_prefix('_'));
    rest.unwrap_or(service).to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::raised::tests::raised;
    use super::*;

    fn told(kind: BackendKind, labels: &[(&str, &str)]) -> Option<String> {
        about(&raised(labels), kind, &ClusterId::new("prod")).map(|it| it.to_string())
    }

    #[test]
    fn what_an_exporter_tells_of_goes_before_the_exporter() {
        let of = |labels: &[(&str, &str)]| told(BackendKind::Kubernetes, labels);
        let own = ("pod", "kube-state-metrics-0");
        let says = |key: &str| Some(key.to_owned());
        assert_eq!(of(&[("namespace", "shop"), ("deployment", "web"), own]), says("prod/shop/Deployment/web"));
        assert_eq!(of(&[("namespace", "monitoring"), ("node", "node-7"), own]), says("prod/-/Node/node-7"));
        assert_eq!(of(&[("namespace", "shop"), ("pod", "web-1"), ("node", "node-7")]), says("prod/shop/Pod/web-1"));
        let exported = [("exported_namespace", "shop"), ("exported_pod", "web-1"), ("namespace", "monitoring"), own];
        assert_eq!(of(&exported), says("prod/shop/Pod/web-1"));
        assert_eq!(of(&[("namespace", "monitoring"), own]), says("prod/monitoring/Pod/kube-state-metrics-0"));
        assert_eq!(
            of(&[("namespace", "shop"), ("workload", "web"), ("workload_type", "deployment")]),
            says("prod/shop/Deployment/web")
        );
        let ingress =
            [("exported_namespace", "shop"), ("exported_service", "web"), ("service", "ingress-metrics"), own];
        assert_eq!(of(&ingress), says("prod/shop/Endpoint/web"));
        assert_eq!(of(&[("queue", "orders"), own]), says("prod/-/Queue/orders"));
    }

    #[test]
    fn a_host_names_a_node_where_it_is_a_name() {
        let of = |instance: &str| told(BackendKind::Kubernetes, &[("instance", instance)]);
        assert_eq!(of("db-1:9100").as_deref(), Some("prod/-/Node/db-1"));
        assert_eq!((of("10.0.0.7:9100"), of("[fd00::1]:9100"), of("")), (None, None, None));
    }

    #[test]
    fn jobs_and_containers_have_their_own_labels() {
        let nomad = |labels: &[(&str, &str)]| told(BackendKind::Nomad, labels);
        let group = [("exported_job", "shop"), ("task_group", "web"), ("job", "nomad")];
        assert_eq!(nomad(&group).as_deref(), Some("prod/default/TaskGroup/shop/web"));
        let docker = |labels: &[(&str, &str)]| told(BackendKind::Docker, labels);
        assert_eq!(docker(&[("name", "worker")]).as_deref(), Some("prod/-/ContainerInstance/worker"));
        let compose = [
            ("name", "shop-web-1"),
            ("container_label_com_docker_compose_project", "shop"),
            ("container_label_com_docker_compose_service", "web"),
        ];
        assert_eq!(docker(&compose).as_deref(), Some("prod/shop/ComposeService/web"));
    }
}
