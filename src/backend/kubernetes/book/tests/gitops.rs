//! Argo CD applications: what is shown of them, and of what they keep.

use super::hear::{Scenes, put, said, then};
use crate::backend::kubernetes::kinds::ApiKind;
use crate::domain::{Application, Kind, Object};

fn application(destination: &str, status: &str) -> String {
    format!(
        r#"{{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{{"name":"shop","namespace":"argocd","uid":"a"}},
          "spec":{{"project":"default","source":{{"repoURL":"https://git.example/shop","path":"overlays/prod","targetRevision":"main"}},
            "destination":{{{destination}}},"syncPolicy":{{"automated":{{"prune":true,"selfHeal":true}}}}}},
          "status":{{{status}}}}}"#
    )
}

/// One whose last sync failed, as Argo CD 3 writes it down; some fields that are not used left out.
const FAILED: &str = r#"
  "sync":{"status":"OutOfSync","revision":"4f1d","comparedTo":{"source":{"repoURL":"https://git.example/shop"}}},
  "health":{"status":"Degraded","lastTransitionTime":"2026-11-24T12:30:00Z"},"reconciledAt":"2026-11-24T12:44:00Z",
  "operationState":{"phase":"Failed","message":"one or more objects failed to apply, reason: Service \"web\" is invalid",
    "startedAt":"2026-11-24T12:40:00Z","finishedAt":"2026-11-24T12:40:05Z","retryCount":5,"syncResult":{"revision":"4f1d"}},
  "resources":[
    {"version":"v1","kind":"Service","namespace":"shop","name":"web","status":"OutOfSync","health":{"status":"Healthy"}},
    {"group":"apps","version":"v1","kind":"Deployment","namespace":"shop","name":"web","status":"Synced",
      "health":{"status":"Degraded","message":"Deployment \"web\" exceeded its progress deadline"}},
    {"group":"rbac.authorization.k8s.io","version":"v1","kind":"ClusterRole","name":"shop","status":"Synced"}],
  "conditions":[{"type":"OrphanedResourceWarning","message":"1 orphaned","lastTransitionTime":"2026-11-24T12:00:00Z"}]"#;

fn shown(scenes: &Scenes) -> Application {
    match scenes.object(Kind::Application, "argocd", "shop") {
        Object::Application(it) => (**it).clone(),
        _ => panic!("not that"),
    }
}

#[test]
fn an_application_says_what_differs_what_is_unwell_and_why_it_failed() {
    let scenes = Scenes::with(&[(
        ApiKind::ArgoApplications,
        &application(r#""server":"https://kubernetes.default.svc""#, FAILED),
    )]);
    let it = shown(&scenes);
    assert_eq!(it.keeps, [Scenes::key(Kind::Deployment, "shop", "web")]);
    assert_eq!((it.sync.as_deref(), it.health.as_deref()), (Some("OutOfSync"), Some("Degraded")));
    assert_eq!((it.differing, &*it.differs), (1, &["Service shop/web".into()][..]));
    assert_eq!(it.unwell[0], "Deployment shop/web: Deployment \"web\" exceeded its progress deadline");
    assert!(it.failed.as_deref().is_some_and(|said| said.ends_with("is invalid (tried again 5 times)")), "{it:?}");
    assert_eq!(it.place.as_deref(), Some("https://git.example/shop overlays/prod at 4f1d"));
    assert!(it.automated && !it.syncing && it.error.is_none(), "a warning is no error");
}

#[test]
fn one_that_keeps_another_cluster_keeps_nothing_of_this_one() {
    let scenes = Scenes::with(&[(ApiKind::ArgoApplications, &application(r#""name":"prod-eu""#, FAILED))]);
    assert!(shown(&scenes).keeps.is_empty());
}

#[test]
fn what_cannot_be_compared_says_why() {
    let status = r#""sync":{"status":"Unknown"},"conditions":[{"type":"ComparisonError",
      "message":"failed to list refs: repository not found","lastTransitionTime":"2026-11-24T12:00:00Z"}]"#;
    let mut scenes = Scenes::with(&[(ApiKind::ArgoApplications, &application("", status))]);
    assert_eq!(shown(&scenes).error.as_deref(), Some("failed to list refs: repository not found"));
    let well = application("", r#""sync":{"status":"Synced"},"health":{"status":"Healthy"}"#);
    scenes.hear(said(ApiKind::ArgoApplications, then(), vec![put(ApiKind::ArgoApplications, &well)]));
    assert_eq!(shown(&scenes).error, None);
}
