//! What has to be said of each scene under `tests/real/scenes/kubernetes`, written once: the real suite waits for it on a
//! cluster that it starts, and `tests/scenarios/recorded` looks for it in recordings of that cluster.

pub mod people;
pub mod quiet;
pub mod report;
pub mod trouble;
pub mod wrong;

use report::{Report, in_short, is_loud};

/// How full the disk of the machine is on which it is played says nothing of a scene.
pub const SETTINGS: &str = "[thresholds]\ndisk_percent = 100\n";

/// Where a scene plays: most have a namespace to themselves.
pub fn namespace(scene: &str) -> String {
    match scene {
        "shop" => "shop".to_owned(),
        "quiet-addons" => "kube-system".to_owned(),
        _ => format!("scene-{scene}"),
    }
}

/// The namespace's part of a list, to be printed with what is missing.
fn part(report: &Report, namespace: &str) -> String {
    let of_it: Vec<String> = report.within(namespace).map(|one| format!("{one:#}")).collect();
    let all: Vec<String> = report.incidents().map(in_short).collect();
    format!("--- in {namespace}\n{}\n--- in all\n{}", of_it.join("\n"), all.join("\n"))
}

/// Nothing of it is loud: else says what is, a line each.
fn no_noise<'a>(incidents: impl Iterator<Item = &'a serde_json::Value>) -> Result<(), String> {
    let loud: Vec<String> = incidents.filter(|one| is_loud(one)).map(in_short).collect();
    if loud.is_empty() { Ok(()) } else { Err(format!("is loud: {loud:#?}")) }
}
