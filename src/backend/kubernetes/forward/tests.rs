//! Which pod a forward leads to, by what a server says.

use futures::StreamExt;
use serde_json::json;

use super::super::ask::tests::{Says, Script};
use super::*;
use crate::domain::{ForwardState, Listen};

const PODS: &str = "/api/v1/namespaces/shop/pods";
const REVIEWS: &str = "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

fn pod(name: &str, ready: bool, born: &str) -> Value {
    json!({
        "metadata": { "name": name, "uid": format!("uid-{name}"), "creationTimestamp": born },
        "spec": { "containers": [{ "name": "main", "ports": [{ "name": "http", "containerPort": 8080 }] }] },
        "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": if ready { "True" } else { "False" } }] },
    })
}

fn deployment() -> Value {
    json!({ "metadata": { "name": "web" }, "spec": { "selector": { "matchLabels": { "app": "web" } } } })
}

fn list(pods: &[Value]) -> Says {
    Says::Json(json!({ "metadata": {}, "items": pods }))
}

fn server() -> Arc<Script> {
    let script = Arc::new(Script::default());
    script.on(REVIEWS, Says::Json(json!({ "status": { "allowed": true } })));
    script.on("/apis/apps/v1/namespaces/shop/deployments/web", Says::Json(deployment()));
    script
}

async fn begun(server: &Arc<Script>, target: &str, port: u16) -> Result<(ForwardStream, ForwardState), Refusal> {
    let request =
        ForwardRequest { target: format!("prod/shop/{target}").parse().expect("a ref"), listen: Listen::Any, port };
    let mut states = open(server.clone(), request, Duration::from_millis(20)).await?;
    let first = states.next().await.expect("how it stands");
    Ok((states, first))
}

fn leads_to(state: &ForwardState) -> Option<(&str, u16)> {
    state.to.as_ref().map(|(to, port)| (to.name.as_str(), *port))
}

async fn next(states: &mut ForwardStream) -> ForwardState {
    tokio::time::timeout(Duration::from_secs(10), states.next()).await.expect("in time").expect("it goes on")
}

#[tokio::test]
async fn of_a_workload_the_oldest_pod_that_is_ready_is_chosen() {
    let server = server();
    let mut ending = pod("web-0", true, "2026-11-01T00:00:00Z");
    ending["metadata"]["deletionTimestamp"] = json!("2026-11-30T00:00:00Z");
    let all = [
        ending,
        pod("web-1", false, "2026-11-02T00:00:00Z"),
        pod("web-2", true, "2026-11-04T00:00:00Z"),
        pod("web-3", true, "2026-11-03T00:00:00Z"),
    ];
    server.on(PODS, list(&all));
    let (_states, state) = begun(&server, "Deployment/web", 8080).await.expect("a forward");
    assert_eq!(leads_to(&state), Some(("web-3", 8080)));
    assert_eq!(
        server.asked(PODS),
        [format!("{PODS}?labelSelector=app%3Dweb&fieldSelector=status.phase%3DRunning&limit=10")]
    );
}

#[tokio::test]
async fn when_its_pod_goes_another_one_takes_over() {
    let server = server();
    server.on(PODS, list(&[pod("web-1", true, "2026-11-01T00:00:00Z")]));
    server.on(PODS, list(&[pod("web-2", true, "2026-11-02T00:00:00Z")]));
    server.on(&format!("{PODS}/web-1"), Says::No(404, "pods \"web-1\" not found".into()));
    server.on(&format!("{PODS}/web-2"), Says::Json(pod("web-2", true, "2026-11-02T00:00:00Z")));
    let (mut states, first) = begun(&server, "Deployment/web", 80).await.expect("a forward");
    assert_eq!(leads_to(&first), Some(("web-1", 80)));
    let then = next(&mut states).await;
    assert_eq!((leads_to(&then), then.ended.as_deref()), (Some(("web-2", 80)), None));
}

#[tokio::test]
async fn a_forward_to_one_pod_ends_with_it() {
    for (answer, why) in [
        (Says::No(404, "not found".into()), "web-1 is gone"),
        (Says::Json(json!({ "metadata": { "name": "web-1", "uid": "another" } })), "web-1 is gone: it was made anew"),
        (
            Says::Json(
                json!({ "metadata": { "name": "web-1", "uid": "uid-web-1", "deletionTimestamp": "2026-11-30T00:00:00Z" } }),
            ),
            "web-1 was told to end",
        ),
    ] {
        let server = server();
        let path = format!("{PODS}/web-1");
        server.on(&path, Says::Json(pod("web-1", false, "2026-11-01T00:00:00Z"))).on(&path, answer);
        let (mut states, first) = begun(&server, "Pod/web-1", 80).await.expect("a forward, though it is not ready");
        assert_eq!(leads_to(&first), Some(("web-1", 80)));
        assert_eq!(next(&mut states).await.ended.as_deref(), Some(why));
    }
}

#[tokio::test]
async fn a_port_of_a_service_is_that_of_the_pods_behind_it() {
    let service = |target: Value| json!({ "spec": { "selector": { "app": "web" }, "ports": [{ "port": 80, "targetPort": target }, { "port": 443 }] } });
    for (target, port) in [(json!("http"), 8080), (json!(9090), 9090), (Value::Null, 80)] {
        let server = server();
        server.on("/api/v1/namespaces/shop/services/web", Says::Json(service(target)));
        server.on(PODS, list(&[pod("web-1", true, "2026-11-01T00:00:00Z")]));
        let (_states, state) = begun(&server, "Endpoint/web", 80).await.expect("a forward");
        assert_eq!(leads_to(&state), Some(("web-1", port)));
        let refused = begun(&server, "Endpoint/web", 81).await.err().expect("refused");
        assert!(refused.why.contains("no port 81; its ports: 80, 443"), "{refused:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_reason() {
    let server = server();
    server.on(PODS, list(&[pod("web-1", false, "2026-11-01T00:00:00Z")]));
    let mut pending = pod("web-9", false, "2026-11-01T00:00:00Z");
    pending["status"]["phase"] = json!("Pending");
    server.on(&format!("{PODS}/web-9"), Says::Json(pending));
    for (target, why) in [
        ("Deployment/web", "no pod of shop/web is ready"),
        ("Deployment/gone", "shop/gone is not there any more"),
        ("Pod/web-9", "it does not run: it is Pending"),
        ("ConfigMap/web", "has no pods to lead to"),
        ("CronJob/web", "has no pods to lead to"),
    ] {
        let refused = begun(&server, target, 80).await.err().unwrap_or_else(|| panic!("{target} is refused"));
        assert!(refused.why.contains(why), "{target}: {refused:?}");
        assert!(!refused.mend.is_empty());
    }
}

#[tokio::test]
async fn the_right_to_get_is_enough_for_a_server_that_judges_by_it_alone() {
    for (version, enough) in [("v1.34.4", true), ("v1.35.0", false)] {
        let server = Arc::new(Script::default());
        // `get` is asked for first.
        server.on(REVIEWS, Says::Json(json!({ "status": { "allowed": true } })));
        server.on(REVIEWS, Says::Json(json!({ "status": { "allowed": false } })));
        server.on("/version", Says::Json(json!({ "gitVersion": version })));
        server.on("/apis/apps/v1/namespaces/shop/deployments/web", Says::Json(deployment()));
        server.on(PODS, list(&[pod("web-1", true, "2026-11-01T00:00:00Z")]));
        let begun = begun(&server, "Deployment/web", 80).await.map(|(_, state)| state);
        assert_eq!(begun.is_ok(), enough, "{version}: {begun:?}");
    }
}

#[tokio::test]
async fn a_right_that_is_missing_is_named_before_anything_is_listened_at() {
    let server = Arc::new(Script::default());
    server.on(REVIEWS, Says::Json(json!({ "status": { "allowed": false } })));
    let refused = begun(&server, "Deployment/web", 80).await.err().expect("refused");
    assert_eq!(refused.why.as_str(), "you may not `get and create pods/portforward` in shop");
    assert!(refused.mend.contains("cockpit rbac --control"), "{refused:?}");
}
