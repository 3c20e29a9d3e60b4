//! Panes, and what of them is shown.

use crate::app::command::{Command, Section};
use crate::app::update::{answering, moving, scoping};
use crate::ui::Pane;

use super::{HOME, KEY, PANES, WORD};

/// A pane by its key.
macro_rules! pane {
    ($id:literal, $key:literal, $pane:ident, $does:literal) => {
        Command {
            id: $id,
            keys: &[$key],
            does: $does,
            section: Section::Panes,
            places: PANES,
            run: |app, at| moving::show_pane(app, Pane::$pane, at),
            ..WORD
        }
    };
}

pub(super) const ALL: &[Command] = &[
    pane!("triage", "1", Triage, "what is wrong, the worst first"),
    pane!("rollouts", "2", Rollouts, "what is being rolled out, and what is stuck"),
    pane!("kills", "3", Kills, "OOM kills and other deaths"),
    pane!("probes", "4", Probes, "health checks that fail"),
    pane!("queues", "5", Queues, "what waits for a consumer"),
    pane!("nodes", "6", Nodes, "machines and their room"),
    pane!("workloads", "7", Workloads, "everything that wants instances"),
    pane!("alerts", "8", Alerts, "what other systems say"),
    pane!("journal", "9", Journal, "what was done here"),
    Command {
        id: "all-namespaces",
        also: &["all"],
        keys: &["0"],
        does: "show all namespaces of all clusters again; :ns and :ctx narrow every pane to one",
        section: Section::Panes,
        places: HOME,
        now: scoping::all_namespaces_now,
        run: scoping::all_namespaces,
        ..WORD
    },
    Command {
        id: "filter",
        keys: &["/"],
        does: "narrow the list: words, app=web, ns:shop, node:n-7, state:pending, age<2h; ! turns round",
        section: Section::Looking,
        places: HOME,
        footer: Some(10),
        run: answering::filter,
        ..KEY
    },
];
