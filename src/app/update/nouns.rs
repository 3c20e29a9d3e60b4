//! Nouns that kubectl, k9s, Docker and Nomad users type after `:`, and the list that each opens.

use crate::domain::Text;
use crate::ui::{Every, PaletteItem, Pane};

/// A noun and its list.
#[derive(Debug)]
pub struct Noun {
    /// What may be typed, the shortest first.
    pub names: &'static [&'static str],
    /// Where it leads. What is typed after the noun narrows the list.
    pub pane: Pane,
}

const fn every(names: &'static [&'static str], every: Every) -> Noun {
    Noun { names, pane: Pane::Every(every) }
}

const fn pane(names: &'static [&'static str], pane: Pane) -> Noun {
    Noun { names, pane }
}

/// All of them.
pub static TABLE: &[Noun] = &[
    every(&["po", "pod", "pods"], Every::Pods),
    every(&["dp", "deploy", "deployment", "deployments"], Every::Deployments),
    every(&["sts", "statefulset", "statefulsets"], Every::StatefulSets),
    every(&["ds", "daemonset", "daemonsets"], Every::DaemonSets),
    every(&["rs", "replicaset", "replicasets"], Every::ReplicaSets),
    every(&["job", "jobs"], Every::Jobs),
    every(&["cj", "cronjob", "cronjobs"], Every::CronJobs),
    every(&["svc", "service", "services"], Every::Services),
    every(&["ing", "ingress", "ingresses", "route", "routes", "httproute", "httproutes"], Every::Ingresses),
    every(&["tg", "group", "groups", "taskgroup"], Every::TaskGroups),
    every(&["alloc", "allocs", "allocation", "allocations"], Every::Allocations),
    every(&["task", "tasks"], Every::Tasks),
    every(&["ps", "container", "containers"], Every::Containers),
    every(&["instance", "instances"], Every::Instances),
    pane(&["no", "node"], Pane::Nodes),
    every(&["ns", "namespace", "namespaces", "project", "projects", "stack", "stacks"], Every::Namespaces),
    every(&["ctx", "context", "contexts", "cluster", "clusters"], Every::Clusters),
    every(&["cm", "configmap", "configmaps"], Every::ConfigMaps),
    every(&["sec", "secret", "secrets"], Every::Secrets),
    every(&["pvc", "claim", "claims", "volume", "volumes"], Every::Claims),
    every(&["hpa", "autoscaler", "autoscalers"], Every::Autoscalers),
    every(&["pdb", "budget", "budgets"], Every::Budgets),
    every(&["ev", "event", "events"], Every::Events),
    pane(&["ro", "rollout"], Pane::Rollouts),
    pane(&["al", "alert"], Pane::Alerts),
];

impl Noun {
    /// Its line in the palette.
    pub fn item(&self) -> PaletteItem {
        let what = match self.pane {
            Pane::Every(Every::Namespaces) => "Namespaces; with a name after it, that one alone".to_owned(),
            Pane::Every(Every::Clusters) => "Clusters; with a name after it, that one alone".to_owned(),
            Pane::Every(every) => format!("all {}", lower(every.title())),
            pane => pane.title().to_owned(),
        };
        PaletteItem { label: Text::from(self.names.join(" ")), what: Text::from(what), key: None, refused: None }
    }
}

/// A title within a sentence: what has capitals of its own keeps them.
fn lower(title: &str) -> String {
    let capitals = title.chars().filter(|c| c.is_uppercase()).count();
    if capitals == 1 { title.to_lowercase() } else { title.to_owned() }
}
