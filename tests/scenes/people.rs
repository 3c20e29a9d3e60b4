//! People with fewer rights: what they may see is told, what they may not is said, and nothing is taken for empty.

use super::report::Report;

/// Whether a source of some kind is said to be forbidden.
pub fn is_forbidden(report: &Report, kind: &str) -> Result<(), String> {
    let kind = kind.to_lowercase();
    let said = |source: &serde_json::Value| {
        let of_it = source["kind"].as_str().is_some_and(|it| it.to_lowercase().contains(&kind));
        of_it && source["trouble"]["kind"].as_str().is_some_and(|it| it.eq_ignore_ascii_case("forbidden"))
    };
    if report.sources().any(said) { Ok(()) } else { Err(format!("it does not say that {kind} is forbidden\n{report}")) }
}

/// Of `reader-one-namespace`: the one crash of the namespace that may be read.
pub fn one_who_may_read_one_namespace(report: &Report) -> Result<(), String> {
    report.find("crash-loop", "orders")?;
    is_forbidden(report, "node")
}

/// Of `reader-one-namespace`, once that is said.
pub fn nothing_is_said_of_elsewhere(report: &Report) -> Result<(), String> {
    let elsewhere = report.incidents().filter(|one| one["namespace"] != "shop" && !one["namespace"].is_null()).count();
    if elsewhere == 0 { Ok(()) } else { Err(format!("{elsewhere} lines of other namespaces\n{report}")) }
}

/// Of `no-events`: what pods say themselves.
pub fn one_without_events(report: &Report) -> Result<(), String> {
    report.find("oom-killed", "worker")?;
    let image = report.within("scene-bad-image").any(|one| one["rule"] == "image-pull");
    let quota = report.within("scene-quota-exceeded").any(|one| one.to_string().contains("quota"));
    if !image || !quota {
        return Err(format!("image: {image}, quota: {quota}\n{report}"));
    }
    is_forbidden(report, "event")
}
