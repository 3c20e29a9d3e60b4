//! What a login may not do, and what is done about it.

use std::time::Duration;

use cockpit::backend::kubernetes::Pace;
use cockpit::domain::{Freshness, TroubleKind};

use crate::plane::Plane;
use crate::watcher::{Watcher, listing, pace, put, sources_in};

/// Denies everything everywhere but in these namespaces.
fn allow_only(plane: &Plane, namespaces: &[&str]) {
    let mut script = plane.script();
    script.allowed = namespaces.iter().map(|name| (*name).to_owned()).collect();
    for resource in [
        "deployments",
        "statefulsets",
        "daemonsets",
        "replicasets",
        "pods",
        "nodes",
        "jobs",
        "cronjobs",
        "events",
        "services",
        "endpointslices",
        "persistentvolumeclaims",
        "poddisruptionbudgets",
        "horizontalpodautoscalers",
        "resourcequotas",
        "namespaces",
        "ingresses",
        "configmaps",
        "secrets",
    ] {
        for verb in ["list", "watch", "get"] {
            script.denied.insert(format!("{verb} {resource}"));
        }
    }
}

fn soon() -> Pace {
    Pace { rights_every: Duration::from_secs(2), ..pace() }
}

#[tokio::test]
async fn a_login_that_is_not_accepted_is_said_and_heals() {
    let plane = Plane::start().await;
    plane.kubeconfig_with("http", "", "wrong");
    let mut watcher = Watcher::of(&plane);
    watcher.until_source("pods", Freshness::Forbidden).await;
    let trouble = watcher.trouble("pods").expect("one");
    assert_eq!(trouble.kind, TroubleKind::Unauthorized);
    let (what, mend) = (&trouble.what, &trouble.mend);
    assert!(what.contains("login for http://127.0.0.1:") && what.contains("not accepted"), "{what}");
    assert!(mend.contains("log in again"), "{mend}");
    assert_eq!(watcher.freshness("cluster"), Some(Freshness::Forbidden));
    plane.kubeconfig("http", "");
    watcher.until_live().await;
}

#[tokio::test]
async fn a_login_that_runs_out_is_renewed_from_the_kubeconfig() {
    let plane = Plane::start().await;
    let mut watcher = Watcher::of(&plane);
    watcher.until_live().await;
    plane.script().token = "renewed".to_owned();
    plane.end_watches("/api/v1/pods");
    watcher.until_source("pods", Freshness::Forbidden).await;
    assert_eq!(watcher.trouble("pods").expect("one").kind, TroubleKind::Unauthorized);
    plane.kubeconfig("http", "");
    watcher.until_live().await;
    assert_eq!(plane.asked("list", "/api/v1/pods").len(), 1, "it goes on from where it was");
}

#[tokio::test]
async fn what_is_denied_everywhere_is_watched_where_it_is_allowed() {
    let plane = Plane::start().await;
    plane.pod("shop", "web");
    plane.pod("default", "hidden");
    allow_only(&plane, &["shop"]);
    plane.script().denied.remove("list namespaces");
    let mut watcher = Watcher::at(&plane, soon());
    watcher.until_source("pods in shop", Freshness::Live).await;
    watcher.until_source("secrets in shop", Freshness::Live).await;
    watcher.until_source("nodes", Freshness::Forbidden).await;
    let trouble = watcher.trouble("nodes").expect("one");
    assert!(trouble.what.contains("User \"jane\" cannot list resource \"nodes\""), "{}", trouble.what);
    assert_eq!(trouble.mend, *"ask for the right to list nodes; `cockpit rbac` prints the role");
    watcher.until("the whole is closed", |view| !sources_in(view).contains(&"pods".to_owned())).await;
    assert!(!watcher.sources().contains(&"pods in default".to_owned()));
    assert!(watcher.facts.iter().any(put("pods in shop", "web")));
    assert!(!watcher.facts.iter().any(put("pods in default", "hidden")));

    // And when it may see everything.
    plane.relent();
    watcher.until_source("pods", Freshness::Live).await;
    watcher.until("the parts are closed", |view| !sources_in(view).iter().any(|it| it.contains(" in "))).await;
    watcher.until_live().await;
    assert!(watcher.held("pods") >= 2);
}

#[tokio::test]
async fn where_namespaces_cannot_be_listed_that_of_the_context_is_tried() {
    let plane = Plane::start().await;
    allow_only(&plane, &["shop"]);
    let mut watcher = Watcher::of(&plane);
    watcher.until_source("pods in shop", Freshness::Live).await;
    watcher.until_source("namespaces", Freshness::Forbidden).await;
    assert!(watcher.sources().iter().all(|source| !source.contains(" in ") || source.ends_with(" in shop")));
}

#[tokio::test]
async fn where_rules_cannot_be_listed_each_right_is_asked_for() {
    let plane = Plane::start().await;
    allow_only(&plane, &["shop"]);
    plane.script().denied.remove("list namespaces");
    plane.script().incomplete = true;
    let mut watcher = Watcher::of(&plane);
    watcher.until_source("events in shop", Freshness::Live).await;
    watcher.until_source("pods in shop", Freshness::Live).await;
    assert!(!watcher.sources().contains(&"pods in default".to_owned()));
}

#[tokio::test]
async fn a_kind_that_is_denied_everywhere_says_so_and_comes_when_it_may() {
    let plane = Plane::start().await;
    for verb in ["list configmaps", "watch configmaps"] {
        plane.script().denied.insert(verb.to_owned());
    }
    let mut watcher = Watcher::at(&plane, soon());
    watcher.until_source("configmaps", Freshness::Forbidden).await;
    watcher.until_source("pods", Freshness::Live).await;
    let trouble = watcher.trouble("configmaps").expect("one");
    assert_eq!(trouble.kind, TroubleKind::Forbidden);
    assert!(trouble.what.contains("User \"jane\" cannot list resource \"configmaps\""), "{}", trouble.what);
    plane.relent();
    watcher.until_live().await;
}

#[tokio::test]
async fn with_too_many_namespaces_it_is_said_that_some_are_not_watched() {
    let plane = Plane::start().await;
    let names: Vec<String> = (0..30).map(|number| format!("team-{number:02}")).collect();
    for name in &names {
        plane.namespace(name);
    }
    allow_only(&plane, &names.iter().map(String::as_str).collect::<Vec<_>>());
    plane.script().denied.remove("list namespaces");
    let mut watcher = Watcher::of(&plane);
    watcher.until_source("pods in team-00", Freshness::Live).await;
    watcher.until_source("pods", Freshness::Forbidden).await;
    assert_eq!(watcher.sources().iter().filter(|source| source.starts_with("pods in ")).count(), 16);
    let trouble = watcher.trouble("pods").expect("one");
    assert!(trouble.what.contains("14 are not watched: 16 are"), "{}", trouble.what);
    assert!(trouble.mend.contains("`namespaces`"), "{}", trouble.mend);
}

#[tokio::test]
async fn only_the_namespaces_that_were_named_are_watched() {
    let plane = Plane::start().await;
    plane.pod("shop", "web");
    plane.pod("default", "hidden");
    let mut watcher = Watcher::over(&plane, pace(), &["shop"]);
    watcher.until_live().await;
    let sources = watcher.sources();
    assert!(sources.contains(&"pods in shop".to_owned()) && !sources.contains(&"pods".to_owned()), "{sources:?}");
    assert!(sources.contains(&"nodes".to_owned()), "what lies in no namespace is watched too");
    assert!(plane.asked("list", "/api/v1/pods").is_empty());
    assert!(!watcher.facts.iter().any(|fact| put("pods in shop", "hidden")(fact)));
}

#[tokio::test]
async fn what_is_installed_later_is_watched_then() {
    for old in [false, true] {
        let plane = Plane::start().await;
        plane.script().old = old;
        let quick = Pace { rights_every: Duration::from_millis(300), ..pace() };
        let mut watcher = Watcher::at(&plane, quick);
        watcher.until_live().await;
        assert!(!watcher.sources().contains(&"scaledobjects".to_owned()));
        plane.script().served = vec![("keda.sh", "v1alpha1", "scaledobjects")];
        watcher.until_source("scaledobjects", Freshness::Live).await;
        assert_eq!(watcher.count(listing("scaledobjects")), 2, "named, then listed");
        plane.script().served.clear();
        watcher.until("it is closed", |view| !sources_in(view).contains(&"scaledobjects".to_owned())).await;
        watcher.until_live().await;
    }
}

#[tokio::test]
async fn secrets_that_may_not_be_read_are_no_trouble_and_are_named_as_denied() {
    let plane = Plane::start().await;
    for verb in ["list secrets", "watch secrets"] {
        plane.script().denied.insert(verb.to_owned());
    }
    let mut watcher = Watcher::at(&plane, soon());
    watcher.until_source("pods", Freshness::Live).await;
    watcher
        .until("secrets are let go", |view| {
            let denied = view.clusters().flat_map(|(_, state)| state.rights.denied.clone()).collect::<Vec<_>>();
            denied.iter().any(|it| *it == "list secrets")
        })
        .await;
    assert!(!watcher.sources().contains(&"secrets".to_owned()));
}

#[tokio::test]
async fn what_is_used_is_measured_where_that_is_served_of_what_somebody_looks_at() {
    use cockpit::domain::{ClusterId, Demand, Kind, Metric, Ref};
    const NODES: &str = "/apis/metrics.k8s.io/v1beta1/nodes";
    const SHOP: &str = "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods";
    let plane = Plane::start().await;
    plane.script().served = vec![("metrics.k8s.io", "v1beta1", "nodes")];
    plane.put("/api/v1/nodes", "", "n1", serde_json::json!({}));
    plane.pod("shop", "web");
    plane.pod("shop", "other");
    let usage = serde_json::json!({ "cpu": "250000000n", "memory": "1024Ki" });
    plane.put(NODES, "", "n1", serde_json::json!({ "timestamp": "2026-11-24T12:44:50Z", "usage": usage }));
    for name in ["web", "other", "gone"] {
        let containers = serde_json::json!([{ "name": "main", "usage": usage }]);
        plane.put("/apis/metrics.k8s.io/v1beta1/pods", "shop", name, serde_json::json!({ "containers": containers }));
    }
    let mut watcher = Watcher::of(&plane);
    let key = |kind, namespace: Option<&str>, name: &str| {
        Ref::new(&ClusterId::new("test"), kind, namespace.map(Into::into), name)
    };
    let node = key(Kind::Node, None, "n1");
    watcher.until("the node is measured", |view| view.latest(&node, Metric::CpuMillis) == Some(250.0)).await;
    assert!(plane.asked("list", SHOP).is_empty(), "nobody looks at a pod");
    let web = key(Kind::Pod, Some("shop"), "web");
    watcher.demand.send_replace(Demand { visible: vec![web.clone()], ..Demand::default() });
    watcher.until("the pod is measured", |view| view.latest(&web, Metric::MemoryBytes) == Some(1_048_576.0)).await;
    for other in ["other", "gone"] {
        assert_eq!(watcher.view().latest(&key(Kind::Pod, Some("shop"), other), Metric::MemoryBytes), None);
    }
    assert!(plane.asked("watch", NODES).is_empty());
}

#[tokio::test]
async fn use_that_may_not_be_read_is_named_and_no_trouble() {
    let plane = Plane::start().await;
    plane.script().served = vec![("metrics.k8s.io", "v1", "nodes")];
    plane.put("/api/v1/nodes", "", "n1", serde_json::json!({}));
    plane.refuse("list", "/apis/metrics.k8s.io/v1/nodes", 403, None);
    let mut watcher = Watcher::of(&plane);
    watcher.until_live().await;
    let cluster = cockpit::domain::ClusterId::new("test");
    let denied = |view: &cockpit::state::View<'_>| {
        view.rights(&cluster).is_some_and(|rights| rights.denied.iter().any(|it| *it == "list nodes.metrics.k8s.io"))
    };
    watcher.until("it is named among what is denied", denied).await;
    watcher.until_live().await;
}

#[tokio::test]
async fn what_is_only_read_where_it_is_served_and_allowed_is_let_go_without_trouble() {
    let plane = Plane::start().await;
    plane.script().served = vec![("karpenter.sh", "v1", "nodeclaims")];
    plane.script().denied.insert("list nodeclaims".to_owned());
    let mut watcher = Watcher::at(&plane, soon());
    let cluster = cockpit::domain::ClusterId::new("test");
    let denied = |view: &cockpit::state::View<'_>| {
        view.rights(&cluster).is_some_and(|rights| rights.denied.iter().any(|it| *it == "list nodeclaims"))
    };
    watcher.until("it is named among what is denied", denied).await;
    watcher.until_live().await;
    assert_eq!(watcher.trouble("nodeclaims"), None);
    watcher
        .until_said("what is served is looked at again", |fact| matches!(fact, cockpit::domain::Fact::Allowed(_)))
        .await;
    assert_eq!(watcher.freshness("nodeclaims"), None, "it is not tried over and over");
}
