//! A real Kubernetes: what a person on call is told of each scene under `tests/real/scenes/kubernetes`, by a kubelet that
//! really runs, probes and kills. What has to be said of each is in `tests/scenes`, which recordings are held to as well.

mod act;
mod drain;
mod people;
mod quiet;
mod scenes;
mod shell;
mod trouble;
mod walk;

use std::time::Duration;

use crate::cockpit::Cockpit;
use crate::planes::Plane;
use crate::scenes::report::Report;

/// A node with sixty pods on two cores is slow, and back-offs grow to minutes.
const PATIENCE: Duration = Duration::from_secs(150);

/// What a report has to show.
type Check = fn(&Report) -> Result<(), String>;

/// A cockpit of somebody on a plane.
fn cockpit(plane: &Plane, who: &str) -> Cockpit {
    Cockpit::of(&plane.kubeconfig(who))
}

/// A complete list is right at once.
#[track_caller]
fn is_so_at_once(plane: &Plane, check: Check) {
    is_so(&cockpit(plane, "admin").complete(), check);
}

/// This report is right.
#[track_caller]
fn is_so(report: &Report, check: Check) {
    check(report).unwrap_or_else(|wrong| panic!("{wrong}"));
}
