//! Nouns that k9s, Docker and Nomad users type after `:`, and what they show here.

use crate::domain::Text;
use crate::ui::{PaletteItem, Pane};

/// A noun and its pane.
#[derive(Debug)]
pub struct Noun {
    /// What may be typed, the shortest first.
    pub names: &'static [&'static str],
    /// Where it leads.
    pub pane: Pane,
    /// What the pane is narrowed to; what is typed after the noun is taken in its place.
    pub filter: Option<&'static str>,
    /// What to know about it.
    pub say: Option<&'static str>,
}

const IN_CASE: &str = "what runs is in the case file of its workload: enter, then tab to its instances";

const fn noun(names: &'static [&'static str], pane: Pane, filter: Option<&'static str>) -> Noun {
    Noun { names, pane, filter, say: None }
}

const fn told(names: &'static [&'static str], pane: Pane, say: &'static str) -> Noun {
    Noun { names, pane, filter: None, say: Some(say) }
}

/// All of them.
pub static TABLE: &[Noun] = &[
    told(&["po", "pod", "pods"], Pane::Workloads, IN_CASE),
    noun(&["dp", "deploy", "deployment", "deployments"], Pane::Workloads, Some("deployment")),
    noun(&["sts", "statefulset", "statefulsets"], Pane::Workloads, Some("statefulset")),
    noun(&["ds", "daemonset", "daemonsets"], Pane::Workloads, Some("daemonset")),
    noun(&["job", "jobs"], Pane::Workloads, Some("job")),
    noun(&["cj", "cronjob", "cronjobs"], Pane::Workloads, Some("cronjob")),
    noun(&["svc", "service", "services"], Pane::Workloads, Some("service")),
    noun(&["tg", "group", "groups", "taskgroup"], Pane::Workloads, Some("task group")),
    noun(&["ps", "container", "containers"], Pane::Workloads, Some("container")),
    told(&["alloc", "allocs", "allocation", "allocations", "task", "tasks"], Pane::Workloads, IN_CASE),
    noun(&["no", "node"], Pane::Nodes, None),
    told(
        &["ns", "namespace", "namespaces", "project", "projects", "stack", "stacks"],
        Pane::Workloads,
        "a name after it narrows the list: `:ns shop`",
    ),
    told(
        &["ctx", "context", "contexts", "cluster", "clusters"],
        Pane::Workloads,
        "every watched cluster is shown; a name after it narrows the list: `:ctx prod`",
    ),
    told(
        &["ev", "event", "events"],
        Pane::Kills,
        "what happened is here, under Probes, and in the timeline of a case file: enter, then tab",
    ),
    noun(&["ro", "rollout"], Pane::Rollouts, None),
    noun(&["al", "alert"], Pane::Alerts, None),
];

impl Noun {
    /// Its line in the palette.
    pub fn item(&self) -> PaletteItem {
        let what = match self.filter {
            Some(filter) => format!("{} with `{filter}`", self.pane.title()),
            None => self.pane.title().to_owned(),
        };
        PaletteItem { label: Text::from(self.names.join(" ")), what: Text::from(what), key: None, refused: None }
    }
}
