//! What is said of two templates.

use serde_json::{Value, json};

use super::differ;

/// A template with one container.
fn template() -> Value {
    json!({
        "metadata": { "labels": { "app": "web" }, "annotations": { "checksum/config": "1" } },
        "spec": {
            "containers": [{
                "name": "web", "image": "registry.test:5000/shop/web:1.4.0",
                "args": ["--workers=4"],
                "env": [{ "name": "DB_URL", "value": "postgres://a:b@db/shop" }, { "name": "MODE", "value": "fast" }],
                "resources": { "limits": { "memory": "256Mi" }, "requests": { "memory": "128Mi" } },
                "readinessProbe": { "httpGet": { "path": "/ready", "port": 8080 }, "periodSeconds": 10, "failureThreshold": 3 },
                "volumeMounts": [{ "name": "config", "mountPath": "/etc/web" }],
                "ports": [{ "containerPort": 8080, "protocol": "TCP" }],
            }],
            "volumes": [{ "name": "config", "configMap": { "name": "web-1" } }],
            "nodeSelector": { "disk": "ssd" },
        },
    })
}

fn said(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let (before, mut after) = (template(), template());
    change(&mut after);
    differ(&before, &after).iter().map(crate::domain::Difference::in_words).collect()
}

/// What is said when something of the container is put in the place of what was there.
fn container(field: &str, value: Value) -> Vec<String> {
    said(|it| it["spec"]["containers"][0][field] = value)
}

#[test]
fn the_same_template_differs_in_nothing() {
    assert!(said(|_| {}).is_empty());
    // Go writes what is empty as it likes; the hash is the revision's own.
    let empty = said(|it| {
        it["spec"]["securityContext"] = json!({});
        it["spec"]["containers"][0]["command"] = Value::Null;
        it["metadata"]["labels"]["pod-template-hash"] = "abc".into();
    });
    assert!(empty.is_empty(), "{empty:?}");
}

#[test]
fn an_image_and_what_it_is_started_with() {
    assert_eq!(
        container("image", "registry.test:5000/shop/web:1.5.0".into()),
        ["web image registry.test:5000/shop/web:1.4.0 → 1.5.0"]
    );
    assert_eq!(container("image", "web:1".into()), ["web image registry.test:5000/shop/web:1.4.0 → web:1"]);
    assert_eq!(container("args", json!(["--workers=8"])), ["web args --workers=4 → --workers=8"]);
    assert_eq!(container("args", json!(["--token=hunter2"])), ["web args --workers=4 → --token=***"]);
    assert_eq!(container("command", json!(["serve"])), ["web command added: serve"]);
}

#[test]
fn of_an_environment_names_are_said_and_no_value() {
    let env = json!([
        { "name": "DB_URL", "value": "postgres://c:d@db/shop" },
        { "name": "MODE", "valueFrom": { "configMapKeyRef": { "name": "app", "key": "mode" } } },
        { "name": "NEW", "value": "hunter2" },
    ]);
    let all = container("env", env);
    assert_eq!(all, ["web env DB_URL changed", "web env MODE a value → ConfigMap app key mode", "web env NEW added"]);
    assert_eq!(container("env", json!([])), ["web env DB_URL removed", "web env MODE removed"]);
    let from = json!([{ "secretRef": { "name": "db" } }]);
    assert_eq!(container("envFrom", from), ["web envFrom added: Secret db"]);
}

#[test]
fn limits_and_requests() {
    let less = json!({ "limits": { "memory": "128Mi", "cpu": "500m" } });
    assert_eq!(
        container("resources", less),
        ["web cpu limit added: 500m", "web memory limit 256Mi → 128Mi", "web memory request removed (was 128Mi)"]
    );
}

#[test]
fn a_probe_by_what_of_it_differs() {
    let probe = json!({ "httpGet": { "path": "/healthz", "port": 8080 }, "periodSeconds": 5, "failureThreshold": 3 });
    assert_eq!(
        container("readinessProbe", probe.clone()),
        ["web readiness probe GET :8080/ready, every 10 s → GET :8080/healthz, every 5 s"]
    );
    assert_eq!(
        container("livenessProbe", probe),
        ["web liveness probe added: GET :8080/healthz, every 5 s, 3 failures"]
    );
    assert_eq!(
        container("readinessProbe", Value::Null),
        ["web readiness probe removed (was GET :8080/ready, every 10 s, 3 failures)"]
    );
}

#[test]
fn volumes_and_where_they_are_mounted() {
    assert_eq!(
        said(|it| it["spec"]["volumes"][0]["configMap"]["name"] = "web-2".into()),
        ["volume config ConfigMap web-1 → ConfigMap web-2"]
    );
    let mount = json!([{ "name": "config", "mountPath": "/etc/web", "readOnly": true }]);
    assert_eq!(container("volumeMounts", mount), ["web mount /etc/web config → config, read only"]);
}

#[test]
fn where_it_may_run() {
    assert_eq!(said(|it| it["spec"]["nodeSelector"] = json!({ "disk": "nvme" })), ["nodeSelector disk ssd → nvme"]);
    let zones = json!({ "podAntiAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": [{}] } });
    assert_eq!(said(|it| it["spec"]["affinity"] = zones), ["affinity added"]);
    assert_eq!(said(|it| it["spec"]["tolerations"] = json!([{ "operator": "Exists" }])), ["tolerations added"]);
}

#[test]
fn labels_annotations_and_a_restart_by_hand() {
    assert_eq!(said(|it| it["metadata"]["labels"]["tier"] = "front".into()), ["label tier added: front"]);
    assert_eq!(
        said(|it| it["metadata"]["annotations"]["checksum/config"] = "2".into()),
        ["annotation checksum/config changed"]
    );
    let restart = |it: &mut Value| {
        it["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = "2026-11-24T02:00:00Z".into();
    };
    assert_eq!(said(restart), ["when it was restarted by hand changed"]);
}

#[test]
fn what_has_no_words_of_its_own_is_named_by_its_path() {
    let odd = said(|it| {
        it["spec"]["securityContext"] = json!({ "runAsUser": 1000 });
        it["spec"]["containers"][0]["securityContext"] = json!({ "readOnlyRootFilesystem": true });
        it["spec"]["serviceAccountName"] = "web".into();
    });
    assert_eq!(odd, ["web securityContext added", "securityContext added", "serviceAccountName added: web"]);
    let proxy = json!({ "name": "proxy", "image": "proxy:1" });
    let more = said(|it| it["spec"]["containers"].as_array_mut().expect("a list").push(proxy));
    assert_eq!(more, ["container proxy added: proxy:1"]);
}

#[test]
fn nothing_secret_is_told_whatever_differs() {
    let secret = said(|it| {
        let of = &mut it["spec"]["containers"][0];
        of["env"][0]["value"] = "hunter2".into();
        of["args"] = json!(["--password", "hunter2"]);
        of["livenessProbe"] = json!({ "httpGet": {
            "path": "/", "port": 80, "httpHeaders": [{ "name": "Authorization", "value": "hunter2" }] } });
        it["spec"]["token"] = "hunter2".into();
        it["spec"]["odd"] = "https://me:hunter2@host/".into();
        it["metadata"]["annotations"]["password"] = "hunter2".into();
        it["metadata"]["labels"]["api-key"] = "hunter2".into();
    });
    assert!(secret.len() > 6 && !secret.iter().any(|line| line.contains("hunter2")), "{secret:?}");
}

#[test]
fn of_very_many_differences_the_first_are_told() {
    let many = said(|it| {
        for n in 0..100 {
            it["metadata"]["labels"][format!("l{n}")] = "x".into();
        }
    });
    assert_eq!((many.len(), many.last().map(String::as_str)), (41, Some("60 more fields changed")));
}
