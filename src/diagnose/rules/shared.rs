//! What everything in a cluster hangs on: DNS, the pod network, the way in.

use crate::diagnose::rule::{Cause, Edge, Finding, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::{Desired, Kind, Name, Ref, Severity, Tier, Workload};

/// Something that everything shares is down.
pub const SHARED_DOWN: Rule = Rule {
    id: "shared-down",
    family: "replicas",
    summary: "something that the whole cluster hangs on is down: DNS, the pod network, the way in",
    looks_at: "workloads of the platform's own namespaces that are known by their names: coredns, CNI agents, ingress controllers, with \
               fewer ready than wanted. What cannot resolve names is put down to a DNS that failed before it",
    mend: "bring this back before anything else: what hangs on it recovers by itself",
    subject: Subject::Workload,
    cause: Cause::Replicas,
    reads: &[Edge::Instances, Edge::Node],
    hold_seconds: 30,
    clear_after_seconds: 60,
    check: shared_down,
};

/// Namespaces of the platform, in which advice is for whoever makes the platform: whole names, and heads that end in `-`.
const PLATFORM: [&str; 22] = [
    "kube-",
    "cert-manager",
    "ingress-nginx",
    "istio-",
    "linkerd",
    "monitoring",
    "prometheus",
    "observability",
    "logging",
    "flux-system",
    "argocd",
    "argo-rollouts",
    "calico-",
    "cilium",
    "tigera-operator",
    "metallb-system",
    "keda",
    "kyverno",
    "gatekeeper-system",
    "external-secrets",
    "longhorn-system",
    "local-path-storage",
];

/// Whether a namespace is the platform's own.
pub fn is_platform(namespace: Option<&Name>) -> bool {
    namespace.is_some_and(|name| PLATFORM.iter().any(|of| *name == *of || (of.ends_with('-') && name.starts_with(of))))
}

/// Heads of names, what that is, and what is missing without it.
const SHARED: &[(&str, &str, &str)] = &[
    ("coredns", "cluster DNS", "names are not resolved"),
    ("kube-dns", "cluster DNS", "names are not resolved"),
    ("rke2-coredns", "cluster DNS", "names are not resolved"),
    ("node-local-dns", "node-local DNS", "names are not resolved"),
    ("calico-node", "pod network", "new pods get no network"),
    ("canal", "pod network", "new pods get no network"),
    ("cilium", "pod network", "new pods get no network"),
    ("kube-flannel", "pod network", "new pods get no network"),
    ("weave-net", "pod network", "new pods get no network"),
    ("aws-node", "pod network", "new pods get no network"),
    ("antrea-agent", "pod network", "new pods get no network"),
    ("kube-router", "pod network", "new pods get no network"),
    ("kindnet", "pod network", "new pods get no network"),
    ("kube-proxy", "Service network", "Services do not reach new pods"),
    ("ingress-nginx-controller", "ingress controller", "nothing comes in by its Ingresses"),
    ("nginx-ingress", "ingress controller", "nothing comes in by its Ingresses"),
    ("traefik", "ingress controller", "nothing comes in by its Ingresses"),
    ("haproxy-ingress", "ingress controller", "nothing comes in by its Ingresses"),
    ("istio-ingressgateway", "ingress gateway", "nothing comes in by it"),
];

/// Namespaces beside the platform's in which such things are installed.
const ALSO: [&str; 3] = ["traefik", "haproxy-controller", "nginx-ingress"];

/// What a workload of the platform is to the cluster, and what is missing without it.
pub fn shared(workload: &Workload) -> Option<(&'static str, &'static str)> {
    let namespace = workload.key.namespace.as_ref()?;
    let serves = matches!(workload.key.kind, Kind::Deployment | Kind::DaemonSet | Kind::StatefulSet);
    let known = is_platform(Some(namespace)) || ALSO.contains(&namespace.as_str());
    let name = workload.key.name.as_str();
    let fits = |of: &str| name == of || name.strip_prefix(of).is_some_and(|rest| rest.starts_with('-'));
    // Operators and the like carry the name too, and nothing hangs on them from one moment to the next.
    let beside = ["operator", "autoscaler", "admission", "defaultbackend", "envoy"].iter().any(|it| name.contains(it));
    let (_, what, without) = SHARED.iter().find(|(of, ..)| fits(of))?;
    (serves && known && !beside).then_some((what, without))
}

fn shared_down(scene: &Scene<'_>, out: &mut Out) {
    let Some(workload) = scene.workload() else { return };
    let Some((what, without)) = shared(workload) else { return };
    let mut counted = Out::default();
    super::replicas::missing(scene, &mut counted);
    counted.recheck_at.into_iter().for_each(|at| out.recheck_at(at));
    let Some(missing) = counted.finding else { return };
    let counts = scene.counts();
    let wanted = counts.wanted.unwrap_or(0);
    let on_each = matches!(workload.desired, Desired::EachNode(_));
    let (severity, how) = match (counts.ready, on_each) {
        (0, _) => (Severity::Critical, format!("is down, none of {wanted} ready: {without}")),
        (ready, true) => (
            Severity::Warning,
            format!("is down on {} of {wanted} nodes: {without} there", wanted.saturating_sub(ready)),
        ),
        (ready, false) => (Severity::Warning, format!("has {ready} of {wanted} ready")),
    };
    out.say(Finding { severity, summary: format!("{what} {how}").into(), tier: Some(Tier::Capacity), ..missing });
}

/// The workload that answers for names in a cluster, where it is one of the usual.
pub fn dns_of(scene: &Scene<'_>) -> Option<Ref> {
    let at = |name: &str| Ref::new(scene.cluster(), Kind::Deployment, Some(Name::new("kube-system")), name);
    let names = ["coredns", "kube-dns", "rke2-coredns-rke2-coredns"];
    names.into_iter().map(at).find(|key| scene.view.workload(key).is_some() && key != scene.key)
}

/// Words for a name that could not be resolved.
pub fn is_unresolved(words: &str) -> bool {
    let words = words.to_lowercase();
    let signs = [
        "no such host",
        "enotfound",
        "eai_again",
        "name resolution",
        "name or service not known",
        "could not resolve",
        "could not translate host name",
        "unknownhostexception",
        "server misbehaving",
        ":53: i/o timeout",
    ];
    signs.iter().any(|sign| words.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platforms_own_namespaces_are_known() {
        let is = |name: &str| is_platform(Some(&Name::new(name)));
        assert!(is("kube-system") && is("cert-manager") && is("istio-system") && is("monitoring"));
        assert!(!is("shop") && !is("monitoring-app") && !is("kubernetes-dashboard") && !is_platform(None));
    }
}
