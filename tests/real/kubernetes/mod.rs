//! A real Kubernetes: what a person on call is told of each scene under `tests/real/scenes/kubernetes`, by a kubelet that
//! really runs, probes and kills.

mod people;
mod quiet;
mod scenes;
mod trouble;

use std::time::Duration;

use crate::cockpit::{Cockpit, Report, in_short, is_loud};
use crate::planes::Plane;

/// A node with sixty pods on two cores is slow, and back-offs grow to minutes.
const PATIENCE: Duration = Duration::from_secs(150);

/// The namespace that a scene has to itself.
fn namespace(scene: &str) -> String {
    format!("scene-{scene}")
}

/// A cockpit of somebody on a plane.
fn cockpit(plane: &Plane, who: &str) -> Cockpit {
    Cockpit::of(&plane.kubeconfig(who))
}

/// What is loud in a namespace, a line each.
fn loud_in(report: &Report, namespace: &str) -> Vec<String> {
    report.within(namespace).filter(|one| is_loud(one)).map(in_short).collect()
}

/// The namespace's part of a list, to be printed with what is missing.
fn part(report: &Report, namespace: &str) -> String {
    let of_it: Vec<String> = report.within(namespace).map(|one| format!("{one:#}")).collect();
    let all: Vec<String> = report.incidents().map(in_short).collect();
    format!("--- in {namespace}\n{}\n--- in all\n{}", of_it.join("\n"), all.join("\n"))
}
