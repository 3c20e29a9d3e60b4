//! What must not wake anybody.

use super::{cockpit, loud_in, namespace, part};
use crate::cockpit::{in_short, is_loud};
use crate::planes;

#[track_caller]
fn is_quiet(scene: &str, namespace: &str) {
    let plane = planes::with_all_scenes();
    plane.shown(scene);
    let report = cockpit(plane, "admin").complete();
    assert_eq!(loud_in(&report, namespace), [""; 0], "{}", part(&report, namespace));
}

#[test]
fn jobs_that_are_done() {
    is_quiet("quiet-job-done", &namespace("quiet-job-done"));
}

#[test]
fn a_deployment_at_zero() {
    is_quiet("quiet-at-zero", &namespace("quiet-at-zero"));
}

#[test]
fn a_rollout_that_gets_on() {
    let plane = planes::with_all_scenes();
    plane.scene("quiet-rollout");
    is_quiet("quiet-rollout", &namespace("quiet-rollout"));
}

#[test]
fn one_restart_long_over() {
    is_quiet("quiet-one-restart", &namespace("quiet-one-restart"));
}

#[test]
fn checks_that_failed_while_it_started() {
    is_quiet("quiet-slow-start", &namespace("quiet-slow-start"));
}

#[test]
fn an_ordinary_shop() {
    is_quiet("quiet-shop", &namespace("quiet-shop"));
}

#[test]
fn the_add_ons_of_an_ordinary_cluster() {
    is_quiet("quiet-addons", "kube-system");
    is_quiet("quiet-addons", "default");
}

/// With trouble all around it, the node itself is well, and so is what serves.
#[test]
fn the_node_and_what_is_not_concerned() {
    let plane = planes::with_all_scenes();
    for scene in ["autoscaler-blind", "node-silent", "shop"] {
        plane.shown(scene);
    }
    let report = cockpit(plane, "admin").complete();
    let loud: Vec<String> = report
        .loud()
        .filter(|one| {
            let well = one["namespace"] == "shop" && one["name"] == "web";
            one["kind"] == "Node" || one["namespace"] == "scene-node-silent" || well
        })
        .map(in_short)
        .collect();
    assert_eq!(loud, [""; 0], "{report}");
    let critical = report.within("scene-autoscaler-blind").any(|one| is_loud(one) && one["severity"] == "critical");
    assert!(!critical, "{}", part(&report, "scene-autoscaler-blind"));
}
