//! People with fewer rights: what they may see is told, what they may not is said, and nothing is taken for empty.

use serde_json::Value;

use super::{PATIENCE, cockpit};
use crate::cockpit::Report;
use crate::planes;

/// Whether a source of some kind is said to be forbidden.
fn forbidden(report: &Report, kind: &str) -> Result<(), String> {
    let clusters = report.json["clusters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut sources = clusters.iter().filter_map(|cluster| cluster["sources"].as_array()).flatten();
    let kind = kind.to_lowercase();
    let said = |source: &Value| {
        let of_it = source["kind"].as_str().is_some_and(|it| it.to_lowercase().contains(&kind));
        of_it && source["trouble"]["kind"].as_str().is_some_and(|it| it.eq_ignore_ascii_case("forbidden"))
    };
    if sources.any(said) { Ok(()) } else { Err(format!("it does not say that {kind} is forbidden\n{report}")) }
}

#[test]
fn one_who_may_read_one_namespace() {
    let plane = planes::with_all_scenes();
    plane.shown("shop");
    let report =
        cockpit(plane, "reader-one-namespace").until_triage_within(PATIENCE, "the one crash of shop", |report| {
            report.find("crash-loop", "orders")?;
            forbidden(report, "node")
        });
    let elsewhere = report.incidents().filter(|one| one["namespace"] != "shop" && !one["namespace"].is_null()).count();
    assert_eq!(elsewhere, 0, "{report}");
    assert!(report.took.as_secs() < 10, "it does not wait for what is forbidden\n{report}");
}

#[test]
fn one_without_events() {
    let plane = planes::with_all_scenes();
    for scene in ["oom-loop", "bad-image", "quota-exceeded"] {
        plane.shown(scene);
    }
    cockpit(plane, "no-events").until_triage_within(PATIENCE, "what pods say themselves", |report| {
        report.find("oom-killed", "worker")?;
        let image = report.within("scene-bad-image").any(|one| one["rule"] == "image-pull");
        let quota = report.within("scene-quota-exceeded").any(|one| one.to_string().contains("quota"));
        if !image || !quota {
            return Err(format!("image: {image}, quota: {quota}\n{report}"));
        }
        forbidden(report, "event")
    });
}

#[test]
fn one_who_may_do_nothing() {
    let cockpit = cockpit(planes::with_all_scenes(), "nobody");
    let report = cockpit.until_triage_within(PATIENCE, "a list of nothing", |report| forbidden(report, "pod"));
    assert_eq!(report.code, Some(1), "what cannot be read ends with 1\n{report}");
    assert_ne!(report.json["complete"], true, "{report}");
    assert_eq!(report.loud().count(), 0, "{report}");
    let said = cockpit.run(&["triage"]);
    let said = String::from_utf8_lossy(&said.stdout).to_lowercase();
    assert!(said.contains("forbidden") || said.contains("may not"), "{said}");
}
