//! What changes a system.

use crate::app::command::Command;
use crate::app::update::acting;

use super::ACT;

pub(super) const ALL: &[Command] = &[
    Command {
        id: "undo",
        also: &["rollback"],
        keys: &["u"],
        does: "take back what was done here, or roll back to the revision before",
        footer: Some(1),
        now: acting::undo_now,
        run: acting::undo,
        ..ACT
    },
    Command {
        id: "scale",
        keys: &["s"],
        does: "set the number of instances; asks for it",
        footer: Some(2),
        now: acting::scale_now,
        run: acting::scale,
        ..ACT
    },
    Command {
        id: "restart",
        keys: &["r"],
        does: "start its instances anew, as its orchestrator does it",
        footer: Some(3),
        now: acting::restart_now,
        run: acting::restart,
        ..ACT
    },
    Command {
        id: "uncordon",
        keys: &["U"],
        does: "let a node take new instances again",
        footer: Some(1),
        now: acting::uncordon_now,
        run: acting::uncordon,
        ..ACT
    },
    Command {
        id: "cordon",
        keys: &["C"],
        does: "let a node take no new instances",
        footer: Some(2),
        now: acting::cordon_now,
        run: acting::cordon,
        ..ACT
    },
    Command {
        id: "drain",
        keys: &["D"],
        does: "move everything away from a node, and let it take nothing new",
        footer: Some(3),
        now: acting::drain_now,
        run: acting::drain,
        ..ACT
    },
];
