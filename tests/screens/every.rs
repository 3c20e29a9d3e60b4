//! The lists of every object of a kind, at the sizes that must look right.

use cockpit::domain::{
    Autoscaler, Batch, Budget, Config, Endpoint, Exposure, Kind, Namespace, Object, Occurrence, OccurrenceKind, Quota,
    Ref, Text, Volume,
};
use cockpit::engine::Core;
use cockpit::ui::{Every, Pane};

use super::night::{self, ago, core, key};
use super::stage::Stage;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// What stands around the workloads of the shop.
fn around() -> Batch {
    let kinds = [
        "services",
        "ingresses",
        "persistentvolumeclaims",
        "horizontalpodautoscalers",
        "poddisruptionbudgets",
        "configmaps",
        "secrets",
        "namespaces",
        "events",
    ];
    let mut t = night::Telling::of("prod", cockpit::domain::BackendKind::Kubernetes, &kinds);
    let of = |kind, name: &str| key("prod", kind, "shop", name);
    let deployment = |name: &str| of(Kind::Deployment, name);
    let endpoint = |key: Ref, serves: Vec<Ref>, ready, not_ready, words: &str| {
        let selector = (!words.is_empty()).then(|| Text::new(words));
        Object::Endpoint(Box::new(Endpoint {
            key,
            serves,
            ready,
            not_ready,
            selector,
            exposure: Exposure::Yes,
            pool: false,
            check: None,
        }))
    };
    t.put("services", endpoint(of(Kind::Endpoint, "web"), vec![deployment("web")], 4, 0, "app=web"));
    t.put("services", endpoint(of(Kind::Endpoint, "checkout"), vec![deployment("checkout")], 1, 2, "app=checkout"));
    t.put("services", endpoint(of(Kind::Endpoint, "legacy"), vec![], 0, 0, ""));
    let leads = "shop.example /  to web:80";
    t.put("ingresses", endpoint(of(Kind::Ingress, "front"), vec![deployment("web")], 4, 0, leads));
    for (name, state, message) in [("data-postgres-0", "bound", ""), ("uploads", "pending", "no storage class is set")]
    {
        let message = (!message.is_empty()).then(|| Text::new(message));
        t.put(
            "persistentvolumeclaims",
            Object::Volume(Box::new(Volume {
                key: of(Kind::Volume, name),
                driver: Some("fast".into()),
                state: Some(state.into()),
                message,
                size_bytes: Some(20 << 30),
            })),
        );
    }
    t.put(
        "horizontalpodautoscalers",
        Object::Autoscaler(Box::new(Autoscaler {
            key: of(Kind::Autoscaler, "web"),
            target: deployment("web"),
            least: 2,
            most: 10,
            current: 4,
            desired: 4,
            active: Some(true),
            message: None,
            limited: None,
            fallback: false,
            scaled_at: Some(ago(90)),
            measures: vec!["cpu 61 % of 80 %".into()],
        })),
    );
    t.put(
        "poddisruptionbudgets",
        Object::Budget(Box::new(Budget {
            key: of(Kind::Budget, "web-pdb"),
            covers: vec![deployment("web")],
            allowed: 1,
            healthy: 4,
            wanted: 3,
            expected: 4,
            says: Some("at least 3".into()),
        })),
    );
    for (kind, source, name, minutes, by) in [
        (Kind::ConfigMap, "configmaps", "web-settings", 12, "argocd-controller"),
        (Kind::ConfigMap, "configmaps", "kube-root-ca.crt", 60 * 24 * 300, "kube-controller-manager"),
        (Kind::Secret, "secrets", "postgres-login", 60 * 24 * 41, "kubectl-create"),
    ] {
        let it = Config {
            key: of(kind, name),
            created: Some(ago(60 * 24 * 300)),
            changed: Some(ago(minutes)),
            by: Some(by.into()),
        };
        t.put(source, Object::Config(Box::new(it)));
    }
    for (name, deleting, used) in [("shop", None, 92), ("old", Some(ago(40)), 0)] {
        let quota = Quota { name: "team".into(), resource: "requests.memory".into(), used, hard: 100 };
        t.put(
            "namespaces",
            Object::Namespace(Box::new(Namespace {
                key: key("prod", Kind::Namespace, "", name),
                deleting,
                held_by: deleting.map(|_| "finalizer example.com/clean-up of 3 widgets".into()),
                quotas: if used > 0 { vec![quota] } else { Vec::new() },
            })),
        );
    }
    let pod = key("prod", Kind::Pod, "shop", "web-1");
    let mut mount = Occurrence::once("mount-1", OccurrenceKind::MountFailure, pod, ago(3));
    (mount.workload, mount.text) = (Some(deployment("web")), Some("configmap web-settings not found".into()));
    t.occurred(mount);
    t.batch(&[])
}

pub fn full() -> Core {
    let batches = vec![night::prod().batch(&[]), around(), night::nomad().batch(&[]), night::swarm().batch(&[])];
    core(&["prod", "nomad-eu", "swarm"], batches)
}

#[test]
fn every_list_filled() {
    for every in Every::ALL {
        for size in SIZES {
            let name = every.title().to_lowercase().replace(' ', "-");
            let text = Stage::of(full(), size).at(Pane::Every(every)).text();
            insta::assert_snapshot!(format!("{name}-{}x{}", size.0, size.1), text);
        }
    }
}

#[test]
fn every_list_empty_says_where_its_objects_come_from() {
    for every in Every::ALL.into_iter().filter(|every| !matches!(every, Every::Clusters)) {
        let kinds = ["pods"];
        let nothing = night::Telling::of("prod", cockpit::domain::BackendKind::Kubernetes, &kinds).batch(&[]);
        let text = Stage::of(core(&["prod"], vec![nothing]), SIZES[0]).at(Pane::Every(every)).text();
        let told = matches!(every, Every::Pods | Every::Instances | Every::Namespaces);
        let said = if told { "There is none." } else { "None is known: nothing that is watched tells of them." };
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn a_list_that_may_not_be_read_is_not_said_to_be_empty() {
    let held = night::trouble(cockpit::domain::TroubleKind::Forbidden, "secrets are forbidden to user ci", "ask", 4);
    let kinds = ["pods", "secrets"];
    let batch =
        night::Telling::of("prod", cockpit::domain::BackendKind::Kubernetes, &kinds).batch(&[("secrets", held)]);
    let text = Stage::of(core(&["prod"], vec![batch]), SIZES[0]).at(Pane::Every(Every::Secrets)).text();
    assert!(text.contains("Secrets: none is known yet") && text.contains("forbidden"), "{text}");
}
