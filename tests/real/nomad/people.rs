//! People with few rights: what they may see is shown, and what is denied is said with what would allow it.

use serde_json::json;

use super::{is, says};
use crate::agents::{Agent, Options};
use crate::cockpit::Cockpit;

/// A token for one namespace, and nothing beside.
const ONE_NAMESPACE: &str = r#"namespace "shop" { policy = "read" }"#;

#[test]
fn a_token_for_one_namespace() {
    let agent = Agent::start("guarded", Options { acl: true, ..Options::default() });
    for namespace in ["shop", "vault"] {
        agent.put(&format!("/v1/namespace/{namespace}"), &json!({ "Name": namespace }));
        agent.run_job_with("crash-loop", "", |job| {
            job["Namespace"] = json!(namespace);
            job["ID"] = json!(format!("{namespace}-worker"));
        });
    }
    let all = Cockpit::region(&agent);
    all.until_triage("both loops", |report| {
        says(report, "crash-loop", "shop-worker/worker", "again and again")?;
        says(report, "crash-loop", "vault-worker/worker", "again and again").map(drop)
    });
    let one = Cockpit::region_by(&agent, &agent.token_of("shop", ONE_NAMESPACE));
    let report = one.until_triage("what may be seen, and what may not", |report| {
        says(report, "crash-loop", "shop-worker/worker", "again and again")?;
        let source = |kind: &str| report.sources().find(|source| source["kind"] == kind).cloned().unwrap_or_default();
        let (nodes, jobs, allocations) = (source("nodes"), source("jobs"), source("allocations"));
        is(nodes["trouble"]["kind"] == "forbidden", &nodes, "nodes are denied")?;
        is(nodes["trouble"]["what"].to_string().contains("node { policy"), &nodes, "the policy that is missing")?;
        is(jobs["freshness"] == "live" && allocations["freshness"] == "live", &jobs, "the rest is allowed")
    });
    assert!(!report.json.to_string().contains("vault-worker"), "nothing is said of what may not be seen\n{report}");
    assert_eq!(report.code, Some(1), "a source that cannot be read ends with 1\n{report}");
}

#[test]
fn a_token_that_nobody_knows() {
    let agent = Agent::start("strange", Options { acl: true, ..Options::default() });
    agent.run_job("crash-loop");
    let nobody = Cockpit::region_by(&agent, "11111111-2222-3333-4444-555555555555");
    let report = nobody.triage().expect("a list, of nothing");
    assert_eq!((report.code, report.loud().count()), (Some(1), 0), "{report}");
    let said = report.json.to_string();
    assert!(said.contains("token"), "{report}");
    assert!(!said.contains("11111111-2222"), "a token is never shown\n{report}");
}
