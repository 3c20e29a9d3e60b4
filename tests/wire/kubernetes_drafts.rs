//! What is drawn up of what a real server holds: as a person reads it, kept as snapshots.

use std::fmt::Write;

use cockpit::domain::{Backend, Intent, Ref, Setting};
use serde_json::Value;

use crate::acting::{backend, key};
use crate::plane::Plane;

/// Everything that was recorded of the scenes.
async fn recorded() -> Plane {
    let plane = Plane::start().await;
    let group = |kind: &str| match kind {
        "deployments" | "statefulsets" | "daemonsets" | "replicasets" | "controllerrevisions" => "/apis/apps/v1",
        "jobs" | "cronjobs" => "/apis/batch/v1",
        "poddisruptionbudgets" => "/apis/policy/v1",
        "horizontalpodautoscalers" => "/apis/autoscaling/v2",
        _ => "/api/v1",
    };
    for kind in [
        "deployments",
        "statefulsets",
        "daemonsets",
        "replicasets",
        "controllerrevisions",
        "jobs",
        "cronjobs",
        "poddisruptionbudgets",
        "horizontalpodautoscalers",
        "nodes",
        "pods",
        "persistentvolumeclaims",
    ] {
        let path = format!("{}/tests/wire/kubernetes/v1.34/lists/{kind}.json", env!("CARGO_MANIFEST_DIR"));
        let list: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("a recording")).expect("json");
        for object in list["items"].as_array().expect("items") {
            plane.put_whole(&format!("{}/{kind}", group(kind)), object.clone());
        }
    }
    plane
}

/// A draft, or why there is none, as lines.
async fn said(plane: &Plane, intent: Intent) -> String {
    let mut out = format!("{} {}\n", intent.verb(), intent.target());
    match backend(plane).prepare(intent).await {
        Err(refusal) => {
            let _ = writeln!(out, "refused: {}\n  mend: {}", refusal.why, refusal.mend);
        }
        Ok(draft) => {
            for step in draft.steps.iter().take(4) {
                let seen = &step.pin.seen;
                let _ = writeln!(
                    out,
                    "step {}: {:?}\n  seen {seen:?}\n  until {:?}, {} s",
                    step.group, step.action, step.until, step.timeout_seconds
                );
            }
            if draft.steps.len() > 4 {
                let _ = writeln!(out, "and {} more steps", draft.steps.len() - 4);
            }
            for line in &draft.notes {
                let _ = writeln!(out, "{:?}: {}", line.kind, line.text);
            }
            for variant in &draft.variants {
                let _ = writeln!(out, "{}: {}", variant.key, variant.text);
            }
            let _ =
                writeln!(out, "back: {:?}\ngrade: {:?}\nsame as: {:?}", draft.inverse, draft.grade, draft.equivalent);
        }
    }
    out
}

/// Keys and texts as a person reads them, not as Rust writes them.
fn plain(said: &str) -> String {
    said.replace("Text(", "").replace("ClusterId(", "")
}

async fn snapshot(name: &str, intents: Vec<Intent>) {
    let plane = recorded().await;
    let mut all = String::new();
    for intent in intents {
        all.push_str(&said(&plane, intent).await);
        all.push('\n');
    }
    insta::assert_snapshot!(name, plain(&all));
}

fn keys(raw: &[&str]) -> Vec<Ref> {
    raw.iter().map(|raw| key(raw)).collect()
}

#[tokio::test]
async fn restarts() {
    let of = [
        "kube-system/Deployment/coredns",
        "scene-paused-halfway/Deployment/web",
        "scene-quiet-shop/StatefulSet/db",
        "kube-system/DaemonSet/kube-proxy",
        "scene-cronjob-fails/CronJob/backup",
    ];
    snapshot("kubernetes_restarts", keys(&of).into_iter().map(Intent::Restart).collect()).await;
}

#[tokio::test]
async fn scales() {
    let of =
        ["kube-system/Deployment/coredns", "scene-autoscaler-blind/Deployment/web", "kube-system/DaemonSet/kube-proxy"];
    snapshot("kubernetes_scales", keys(&of).into_iter().map(|key| Intent::Scale(key, 5)).collect()).await;
}

#[tokio::test]
async fn undoes() {
    let of = [
        "scene-quiet-rollout/Deployment/web",
        "scene-surge-does-not-fit/Deployment/checkout",
        "scene-paused-halfway/Deployment/web",
        "scene-statefulset-rollout-blocked/StatefulSet/queue",
        "kube-system/DaemonSet/kube-proxy",
        "kube-system/Deployment/coredns",
    ];
    snapshot("kubernetes_undoes", keys(&of).into_iter().map(|key| Intent::Undo(key, None)).collect()).await;
}

#[tokio::test]
async fn nodes() {
    let node = || key("-/Node/node-1");
    let intents = vec![
        Intent::Cordon(node()),
        Intent::Uncordon(node()),
        Intent::drain(node()),
        Intent::drain(key("shop/Deployment/web")),
    ];
    snapshot("kubernetes_nodes", intents).await;
}

#[tokio::test]
async fn settings_and_pauses() {
    let web = || key("scene-quiet-shop/Deployment/web");
    let intents = vec![
        Intent::Set(web(), Setting::Image(None, "registry.test/shop/web:1.6.0".into())),
        Intent::Set(web(), Setting::Memory(None, Some(1 << 20))),
        Intent::Set(web(), Setting::Image(Some("nobody".into()), "x".into())),
        Intent::Pause(web()),
        Intent::Resume(web()),
        Intent::Resume(key("scene-paused-halfway/Deployment/web")),
        Intent::Pause(key("scene-quiet-shop/StatefulSet/db")),
        Intent::Pause(key("scene-cronjob-fails/CronJob/backup")),
        Intent::Promote(web()),
        Intent::Prune(key("-/Node/node-1")),
        Intent::Recreate(web()),
    ];
    snapshot("kubernetes_settings", intents).await;
}

#[tokio::test]
async fn jobs_and_what_blocks() {
    let intents = vec![
        Intent::Trigger(key("scene-cronjob-fails/CronJob/backup")),
        Intent::Unblock(key("scene-job-failed/Job/import")),
        Intent::Unblock(key("scene-cronjob-fails/Job/backup-29925399")),
        Intent::Unblock(key("scene-quiet-job-done/Job/import")),
        Intent::Unblock(key("scene-statefulset-blocked/StatefulSet/db")),
        Intent::Unblock(key("kube-system/Deployment/coredns")),
    ];
    snapshot("kubernetes_jobs", intents).await;
}
