//! Descriptions and manifests of what a real server said.

use serde_json::json;

use super::super::ask::tests::{Says, Script, all, object};
use super::*;

/// A server that has an object of a scene, and everything that is asked besides.
fn server(plural: &str, group: &str, kind: &str, scene: &str, name: &str) -> (Script, Ref) {
    let it = object(plural, scene, name);
    let name = it["metadata"]["name"].as_str().expect("a name").to_owned();
    let script = Script::default();
    let namespace = if scene.is_empty() { String::new() } else { format!("namespaces/{scene}/") };
    script.on(&format!("{group}/{namespace}{plural}/{name}"), Says::Json(it.clone()));
    let mut events = if scene.is_empty() { all("events", "default") } else { all("events", scene) };
    let of_it = |event: &Value| event["involvedObject"]["name"] == name.as_str();
    events["items"].as_array_mut().expect("a list").retain(of_it);
    let at = if scene.is_empty() { "default" } else { scene };
    script.on(&format!("/api/v1/namespaces/{at}/events"), Says::Json(events));
    if scene.is_empty() {
        script.on("/api/v1/pods", Says::Json(super::super::ask::tests::recorded("lists/pods.json")));
    } else {
        script.on(&format!("/api/v1/namespaces/{scene}/pods"), Says::Json(all("pods", scene)));
        script.on(&format!("/apis/apps/v1/namespaces/{scene}/replicasets"), Says::Json(all("replicasets", scene)));
        let slices = format!("/apis/discovery.k8s.io/v1/namespaces/{scene}/endpointslices");
        script.on(&slices, Says::Json(all("endpointslices", scene)));
    }
    let namespace = if scene.is_empty() { "-" } else { scene };
    (script, format!("prod/{namespace}/{kind}/{name}").parse().expect("a ref"))
}

async fn said(script: &Script, key: &Ref, form: Form) -> String {
    let lines = describe(script, key, form).await.expect("a description");
    lines.iter().map(|line| line.as_str()).collect::<Vec<_>>().join("\n")
}

/// Each of these stands in it, in this order.
#[track_caller]
fn has(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let Some(at) = rest.find(part) else { panic!("no `{part}` (any more) in:\n{text}") };
        rest = &rest[at + part.len()..];
    }
}

#[tokio::test]
async fn a_pod_says_how_it_is_how_it_ended_and_what_it_asks_for() {
    let (script, key) = server("pods", "/api/v1", "Pod", "scene-crash-loop", "");
    let text = said(&script, &key, Form::Words).await;
    has(&text, &["Name:", "Namespace:", "Node:", "CrashLoopBackOff, not ready", "QoS class:"]);
    has(
        &text,
        &["\nContainers", "State:", "waiting: CrashLoopBackOff", "Last run:", "exit code 1", "Restarts:", "Image:"],
    );
    has(&text, &["\nConditions", "Ready: False", "\nEvents", "ago:", "BackOff"]);
    let events = script.asked("/api/v1/namespaces/scene-crash-loop/events");
    assert!(events[0].contains("fieldSelector=involvedObject.uid%3D"), "{events:?}");
}

#[tokio::test]
async fn a_deployment_shows_its_rollout_its_revisions_and_its_pods() {
    let (script, key) = server("deployments", "/apis/apps/v1", "Deployment", "scene-paused-halfway", "web");
    let text = said(&script, &key, Form::Words).await;
    has(&text, &["Selects:", "app=web", "Pods:", "wanted", "Paused:", "Rollout:", "Strategy:", "RollingUpdate"]);
    has(&text, &["Each pod", "Image:", "ReplicaSets, the newest first", "REVISION", "\nPods\n", "READY", "Conditions"]);
}

#[tokio::test]
async fn a_node_shows_its_room_and_who_takes_it() {
    let (script, key) = server("nodes", "/api/v1", "Node", "", "");
    let text = said(&script, &key, Form::Words).await;
    has(&text, &["State:", "ready since", "Takes new pods:", "yes", "Room", "HAS", "cpu", "memory", "%", "Pods on it"]);
    let pods = script.asked("/api/v1/pods");
    assert!(pods[0].contains("spec.nodeName%3D"), "{pods:?}");
}

#[tokio::test]
async fn every_recorded_object_has_a_description_and_a_manifest() {
    for (plural, group, kind) in [
        ("pods", "/api/v1", "Pod"),
        ("services", "/api/v1", "Endpoint"),
        ("persistentvolumeclaims", "/api/v1", "Volume"),
        ("deployments", "/apis/apps/v1", "Deployment"),
        ("replicasets", "/apis/apps/v1", "ReplicaSet"),
        ("statefulsets", "/apis/apps/v1", "StatefulSet"),
        ("daemonsets", "/apis/apps/v1", "DaemonSet"),
        ("jobs", "/apis/batch/v1", "Job"),
        ("cronjobs", "/apis/batch/v1", "CronJob"),
        ("poddisruptionbudgets", "/apis/policy/v1", "Budget"),
        ("horizontalpodautoscalers", "/apis/autoscaling/v2", "Autoscaler"),
    ] {
        let items = super::super::ask::tests::recorded(&format!("lists/{plural}.json"))["items"].take();
        for it in items.as_array().expect("a list") {
            let text = |at: &str| it.pointer(at).and_then(Value::as_str).expect("a string").to_owned();
            let (scene, name) = (text("/metadata/namespace"), text("/metadata/name"));
            let script = Script::default();
            script.on(&format!("{group}/namespaces/{scene}/{plural}/{name}"), Says::Json(it.clone()));
            let key = format!("prod/{scene}/{kind}/{name}").parse().expect("a ref");
            let words = said(&script, &key, Form::Words).await;
            has(&words, &[&name, "Events", "they cannot be read"]);
            assert!(words.lines().all(|line| line.chars().count() < 200), "{words}");
            assert!(!words.contains('\u{1b}'));
            let yaml = said(&script, &key, Form::Manifest).await;
            has(&yaml, &["metadata:", "name: ", "uid:"]);
            assert!(!yaml.contains("managedFields"));
        }
    }
}

#[tokio::test]
async fn what_a_secret_holds_is_not_even_asked_for() {
    let script = Script::default();
    let at = "/api/v1/namespaces/shop/secrets/db";
    script.on(
        at,
        Says::Json(json!({
            "apiVersion": "v1", "kind": "Secret", "data": { "password": "aHVudGVyMg==" },
            "metadata": { "name": "db", "namespace": "shop", "uid": "u", "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"password\":\"aHVudGVyMg==\"}}" } },
        })),
    );
    let key = "prod/shop/Secret/db".parse().expect("a ref");
    for form in [Form::Words, Form::Manifest] {
        let text = said(&script, &key, form).await;
        assert!(!text.contains("aHVudGVyMg") && text.contains("never fetched"), "{text}");
    }
    has(&said(&script, &key, Form::Manifest).await, &["# What a Secret holds", "apiVersion: v1", "kind: Secret"]);
}

#[tokio::test]
async fn settings_are_shown_and_secrets_among_them_are_not() {
    let script = Script::default();
    script.on(
        "/api/v1/namespaces/shop/configmaps/web",
        Says::Json(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "web", "namespace": "shop", "uid": "u" },
            "data": { "LOG_LEVEL": "info", "API_TOKEN": "hunter2", "app.conf": "a = 1\npassword = hunter2\n" },
        })),
    );
    let key = "prod/shop/ConfigMap/web".parse().expect("a ref");
    for form in [Form::Words, Form::Manifest] {
        let text = said(&script, &key, form).await;
        assert!(!text.contains("hunter2"), "{text}");
        has(&text, &["API_TOKEN", "***", "LOG_LEVEL", "info", "a = 1", "password = ***"]);
    }
}

#[tokio::test]
async fn what_is_not_there_or_may_not_be_read_says_so() {
    let script = Script::default();
    let gone = "prod/shop/Pod/web".parse().expect("a ref");
    let why = describe(&script, &gone, Form::Words).await.expect_err("it is gone");
    assert_eq!(why, "shop/web is not there any more");
    script.on("/api/v1/namespaces/shop/pods/web", Says::No(403, "pods \"web\" is forbidden".into()));
    let why = describe(&script, &gone, Form::Words).await.expect_err("refused");
    assert_eq!(why, "shop/web cannot be described: pods \"web\" is forbidden");
    let queue = "prod/shop/Queue/q".parse().expect("a ref");
    assert!(describe(&script, &queue, Form::Words).await.is_err());
}

#[tokio::test]
async fn of_a_cluster_its_version_is_shown_and_a_service_what_stands_behind_it() {
    let script = Script::default();
    script.on("/version", Says::Json(super::super::ask::tests::recorded("discovery/version.json")));
    let text = said(&script, &"prod/-/Cluster/prod".parse().expect("a ref"), Form::Words).await;
    has(&text, &["gitVersion:", "v1.34", "platform:"]);
    assert!(!text.contains("Events"), "{text}");
    let (script, key) = server("services", "/api/v1", "Endpoint", "scene-quiet-shop", "web");
    has(
        &said(&script, &key, Form::Words).await,
        &["Selects:", "app=web", "Behind it", "ADDRESS", "READY", "yes", "web-"],
    );
}
