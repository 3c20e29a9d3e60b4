//! Nodes that fall silent, and API servers that go away and come back.

use super::part;
use super::report::{Report, is_loud};

/// With what ran on it dragged along.
pub fn a_node_that_stops_reporting(report: &Report) -> Result<(), String> {
    let node = report.find("node-down", "node-1")?;
    if !is_loud(node) || node["kind"] != "Node" {
        return Err(format!("not loud, or not about a node: {node:#}"));
    }
    // What ran on it is no cause of its own.
    let own =
        report.within("scene-node-silent").filter(|one| one["severity"] == "critical" && one["kind"] != "Endpoint");
    match own.count() {
        0 => Ok(()),
        some => Err(format!("{some} more, beside the node\n{}", part(report, "scene-node-silent"))),
    }
}

/// A list of nothing: what could not be read is no reason to be loud, and ends with 1.
pub fn nothing_can_be_read(report: &Report) -> Result<(), String> {
    if report.code != Some(1) {
        return Err(format!("a source that cannot be read ends with 1\n{report}"));
    }
    match report.loud().count() {
        0 => Ok(()),
        some => Err(format!("{some} loud lines\n{report}")),
    }
}

/// Some source says that its server cannot be reached.
pub fn is_unreachable(report: &Report) -> Result<(), String> {
    let said = |source: &serde_json::Value| {
        source["trouble"]["kind"].as_str().is_some_and(|it| it.eq_ignore_ascii_case("unreachable"))
    };
    if report.sources().any(said) { Ok(()) } else { Err(format!("nothing is said to be unreachable\n{report}")) }
}

/// The scene `node-selector` where there is no node at all: it is known all the time.
pub fn what_is_pending(report: &Report) -> Result<(), String> {
    let render = report.find("cannot-be-placed", "render")?;
    if render["severity"] == "critical" { Ok(()) } else { Err(format!("is {}\n{render:#}", render["severity"])) }
}

/// Before it goes, and once it is back.
pub fn an_api_server_that_is_there(report: &Report) -> Result<(), String> {
    if is_unreachable(report).is_ok() || !report.is_complete() || report.code != Some(0) {
        return Err(format!("not everything is live\n{report}"));
    }
    what_is_pending(report)
}
