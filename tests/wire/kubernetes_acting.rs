//! Steps, one by one: what is written, and what is not.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use cockpit::backend::kubernetes::{Kubernetes, Pace, Proxies, Reach, Target, Way, role_manifest};
use cockpit::domain::{
    Backend, Including, Intent, Name, Receipt, Ref, Refusal, Seen, Setting, Step, StepAction, StepError, Timestamp,
};
use serde_json::{Value, json};

use crate::plane::{Plane, Rule};
use crate::watcher::{cluster, pace};

pub fn backend(plane: &Plane) -> Arc<Kubernetes> {
    backend_at(plane, pace(), false)
}

fn backend_at(plane: &Plane, pace: Pace, read_only: bool) -> Arc<Kubernetes> {
    let target = Target {
        name: cluster(),
        way: Way::Context { files: vec![plane.kubeconfig_path()], context: "test".into() },
        namespaces: Vec::new(),
        how: "a test".into(),
        read_only,
        debug_image: "busybox:1.37".into(),
        proxies: Proxies::default(),
    };
    Kubernetes::with_pace(target, pace)
}

pub fn key(raw: &str) -> Ref {
    format!("test/{raw}").parse().expect("a ref")
}

const DEPLOYMENTS: &str = "/apis/apps/v1/deployments";
const SETS: &str = "/apis/apps/v1/replicasets";
const WEB: &str = "/apis/apps/v1/namespaces/shop/deployments/web";

fn template(image: &str) -> Value {
    json!({ "metadata": { "labels": { "app": "web" } },
        "spec": { "containers": [{ "name": "app", "image": image, "resources": { "limits": { "memory": "256Mi" } } }] } })
}

/// A Deployment with two revisions, the newer one in the middle of a rollout that fails.
fn deployment(plane: &Plane) {
    let set = |name: &str, revision: u32, image: &str, available: u32| {
        let mut template = template(image);
        template["metadata"]["labels"]["pod-template-hash"] = json!(name);
        plane.put_whole(
            SETS,
            json!({
                "metadata": { "name": name, "namespace": "shop", "creationTimestamp": "2026-11-20T02:10:00Z",
                    "labels": { "app": "web" },
                    "annotations": { "deployment.kubernetes.io/revision": revision.to_string() },
                    "ownerReferences": [{ "kind": "Deployment", "name": "web", "uid": "uid-of-web", "controller": true }] },
                "spec": { "replicas": 2, "template": template },
                "status": { "availableReplicas": available },
            }),
        );
    };
    set("web-1", 41, "app:1", 2);
    set("web-2", 42, "app:2", 0);
    plane.put_whole(
        DEPLOYMENTS,
        json!({
            "metadata": { "name": "web", "namespace": "shop", "uid": "uid-of-web", "generation": 7,
                "annotations": { "deployment.kubernetes.io/revision": "42" } },
            "spec": { "replicas": 3, "selector": { "matchLabels": { "app": "web" } }, "template": template("app:2") },
            "status": { "observedGeneration": 7 },
        }),
    );
}

/// The other kinds that something can be done to.
fn everything(plane: &Plane) {
    deployment(plane);
    plane.put_whole(
        "/api/v1/nodes",
        json!({ "metadata": { "name": "n1" }, "spec": {},
        "status": { "conditions": [{ "type": "Ready", "status": "True" }] } }),
    );
    let pod =
        |name: &str, owner: Value| {
            plane.put_whole("/api/v1/pods", json!({
            "metadata": { "name": name, "namespace": "shop", "labels": { "app": "web" }, "ownerReferences": owner },
            "spec": { "nodeName": "n1", "containers": [{ "name": "app" }] },
            "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] },
        }));
        };
    pod("web-x", json!([{ "kind": "ReplicaSet", "name": "web-1", "uid": "uid-of-web-1", "controller": true }]));
    pod("alone", json!([]));
    let batch = |name: &str| format!("/apis/batch/v1/{name}");
    plane.put_whole(
        &batch("cronjobs"),
        json!({ "metadata": { "name": "backup", "namespace": "shop" },
        "spec": { "jobTemplate": { "spec": { "template": template("app:1") } } } }),
    );
    plane.put_whole(
        &batch("jobs"),
        json!({ "metadata": { "name": "load", "namespace": "shop" },
        "spec": { "selector": {}, "template": template("app:1") },
        "status": { "conditions": [{ "type": "Failed", "status": "True" }] } }),
    );
    plane
        .script()
        .served
        .extend([("argoproj.io", "v1alpha1", "rollouts"), ("argoproj.io", "v1alpha1", "applications")]);
    let argo = |name: &str| format!("/apis/argoproj.io/v1alpha1/{name}");
    plane.put_whole(
        &argo("rollouts"),
        json!({ "metadata": { "name": "canary", "namespace": "shop" },
        "spec": { "replicas": 2, "selector": { "matchLabels": { "app": "canary" } }, "template": template("app:2") },
        "status": { "currentPodHash": "b", "stableRS": "a" } }),
    );
    plane.put_whole(
        &argo("applications"),
        json!({ "metadata": { "name": "shop", "namespace": "argocd" },
        "spec": { "syncPolicy": { "automated": { "selfHeal": true } } } }),
    );
}

async fn draft(backend: &Kubernetes, intent: Intent) -> Vec<Step> {
    let draft = backend.prepare(intent.clone()).await.unwrap_or_else(|refusal| panic!("{intent:?}: {refusal}"));
    assert!(!draft.steps.is_empty(), "{intent:?} has no step");
    draft.steps
}

async fn done(backend: &Kubernetes, intent: Intent) -> Result<Receipt, StepError> {
    let mut steps = draft(backend, intent).await;
    backend.execute(steps.remove(0)).await
}

fn image(plane: &Plane) -> Value {
    plane.held(DEPLOYMENTS, "shop", "web").expect("it is there")["spec"]["template"]["spec"]["containers"][0]["image"]
        .clone()
}

/// Everything that can be done.
fn cells() -> Vec<Intent> {
    let web = || key("shop/Deployment/web");
    let canary = || key("shop/Rollout/canary");
    vec![
        Intent::Restart(web()),
        Intent::Scale(web(), 5),
        Intent::Undo(web(), None),
        Intent::Set(web(), Setting::Image(None, "app:3".into())),
        Intent::Set(web(), Setting::Memory(None, Some(512 << 20))),
        Intent::Set(web(), Setting::Cpu(Some("app".into()), Some(250))),
        Intent::Pause(web()),
        Intent::Resume(web()),
        Intent::Pause(key("shop/CronJob/backup")),
        Intent::Trigger(key("shop/CronJob/backup")),
        Intent::Pause(key("shop/Job/load")),
        Intent::Unblock(key("shop/Job/load")),
        Intent::Restart(canary()),
        Intent::Scale(canary(), 4),
        Intent::Promote(canary()),
        Intent::Pause(canary()),
        Intent::Abort(canary()),
        Intent::Pause(key("argocd/Application/shop")),
        Intent::Resume(key("argocd/Application/shop")),
        Intent::Cordon(key("-/Node/n1")),
        Intent::Uncordon(key("-/Node/n1")),
        Intent::Restart(key("shop/Pod/web-x")),
        Intent::Stop(key("shop/Pod/alone")),
    ]
}

#[tokio::test]
async fn each_thing_is_done_as_drawn_up_and_needs_no_right_that_is_not_in_the_role() {
    let plane = Plane::start().await;
    everything(&plane);
    let backend = backend(&plane);
    for intent in cells() {
        for step in draft(&backend, intent.clone()).await {
            let done = backend.execute(step).await;
            assert!(done.is_ok(), "{intent:?}: {done:?}");
        }
    }
    assert_eq!(plane.held("/api/v1/pods", "shop", "alone"), None);
    assert_eq!(plane.held("/api/v1/pods", "shop", "web-x"), None, "it was evicted");
    let jobs =
        plane.script().asked.iter().filter(|asked| asked.verb == "create" && asked.path.ends_with("/jobs")).count();
    assert_eq!(jobs, 4, "one of the CronJob and one anew, each tried before");
    let given = role(&role_manifest(Reach::Control, &[]));
    let used: BTreeSet<String> =
        plane.script().asked.iter().filter_map(|asked| right(asked.verb, &asked.path)).collect();
    let missing: Vec<&String> = used.difference(&given).collect();
    assert!(missing.is_empty(), "not in the role: {missing:?}");
    let writes: BTreeSet<&str> = used.iter().filter_map(|it| it.split(' ').nth(1)).collect();
    assert!(["patch", "update", "create", "delete"].iter().all(|verb| writes.contains(verb)), "{used:?}");
}

/// `apps/deployments/scale update`
fn right(verb: &str, path: &str) -> Option<String> {
    if path.contains(".k8s.io/v1/selfsubject") || path == "/version" || path == "/apis" {
        return None;
    }
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (group, rest) = match parts.as_slice() {
        ["api", _, rest @ ..] => ("", rest),
        ["apis", group, _, rest @ ..] => (*group, rest),
        _ => return None,
    };
    let rest = match rest {
        ["namespaces", _, rest @ ..] if !rest.is_empty() => rest,
        rest => rest,
    };
    let resource = match rest {
        [resource, _, part] => format!("{resource}/{part}"),
        [resource, ..] => (*resource).to_owned(),
        [] => return None,
    };
    Some(format!("{group}/{resource} {verb}"))
}

fn role(manifest: &str) -> BTreeSet<String> {
    let all: Vec<Value> = serde_saphyr::from_multiple(manifest).expect("YAML");
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().expect("a list").iter().map(|it| it.as_str().expect("a string").to_owned()).collect()
    };
    let mut given = BTreeSet::new();
    for rule in all[0]["rules"].as_array().expect("rules") {
        for group in texts(&rule["apiGroups"]) {
            for resource in texts(&rule["resources"]) {
                given.extend(texts(&rule["verbs"]).iter().map(|verb| format!("{group}/{resource} {verb}")));
            }
        }
    }
    given
}

#[tokio::test]
async fn a_draft_changes_nothing() {
    let plane = Plane::start().await;
    everything(&plane);
    let before = plane.script().version;
    let backend = backend(&plane);
    for intent in cells().into_iter().chain([Intent::drain(key("-/Node/n1"))]) {
        // Some are refused because another one was not done before: that changes nothing either.
        let _ = backend.prepare(intent).await;
    }
    let script = plane.script();
    assert_eq!(script.version, before);
    let writes = |verb: &str| matches!(verb, "patch" | "update" | "delete" | "create");
    let reviews = |path: &str| path.contains("selfsubject");
    let real = script.asked.iter().filter(|it| writes(it.verb) && !reviews(&it.path) && !it.is_trial());
    assert_eq!(real.map(|it| format!("{} {}", it.verb, it.path)).collect::<Vec<_>>(), Vec::<String>::new());
}

#[tokio::test]
async fn an_undo_goes_back_to_what_serves_and_its_inverse_comes_back() {
    let plane = Plane::start().await;
    deployment(&plane);
    let backend = backend(&plane);
    let draft = backend.prepare(Intent::Undo(key("shop/Deployment/web"), None)).await.expect("a draft");
    assert_eq!(draft.inverse, Some(Intent::Undo(key("shop/Deployment/web"), Some(Name::new("42")))));
    backend.execute(draft.steps[0].clone()).await.expect("done");
    assert_eq!(image(&plane), "app:1");
    let labels =
        &plane.held(DEPLOYMENTS, "shop", "web").expect("it is there")["spec"]["template"]["metadata"]["labels"];
    assert_eq!(*labels, json!({ "app": "web" }), "the hash is its set's");
    done(&backend, draft.inverse.expect("one")).await.expect("done");
    assert_eq!(image(&plane), "app:2");
}

#[tokio::test]
async fn what_somebody_else_writes_in_between_is_read_again_and_does_not_refuse() {
    let plane = Plane::start().await;
    deployment(&plane);
    let backend = backend(&plane);
    let step = draft(&backend, Intent::Restart(key("shop/Deployment/web"))).await.remove(0);
    plane.script().faster = 3;
    backend.execute(step.clone()).await.expect("done at the fourth attempt");
    let real = |asked: &crate::plane::Asked| !asked.is_trial();
    assert_eq!(plane.asked("patch", WEB).iter().filter(|it| real(it)).count(), 4);
    let again = draft(&backend, Intent::Restart(key("shop/Deployment/web"))).await.remove(0);
    plane.script().faster = u32::MAX;
    let error = backend.execute(again).await.expect_err("there is an end to it");
    assert!(matches!(&error, StepError::Failed(why) if why.contains("changed faster")), "{error}");
}

#[tokio::test]
async fn what_has_moved_is_not_touched_and_the_change_is_named() {
    let plane = Plane::start().await;
    deployment(&plane);
    let backend = backend(&plane);
    let web = || key("shop/Deployment/web");
    let scale = draft(&backend, Intent::Scale(web(), 9)).await.remove(0);
    let restart = draft(&backend, Intent::Restart(web())).await.remove(0);
    done(&backend, Intent::Scale(web(), 5)).await.expect("somebody else was faster");
    let Err(StepError::Moved(why)) = backend.execute(scale).await else { panic!("it moved") };
    assert_eq!(why, *"3 were wanted, and 5 are now");
    done(&backend, Intent::Set(web(), Setting::Image(None, "app:9".into()))).await.expect("a new release");
    let Err(StepError::Moved(why)) = backend.execute(restart).await else { panic!("it moved") };
    assert_eq!(why, *"its template was changed at revision 42");
}

#[tokio::test]
async fn another_one_of_the_same_name_is_left_alone() {
    let plane = Plane::start().await;
    deployment(&plane);
    let backend = backend(&plane);
    let step = draft(&backend, Intent::Restart(key("shop/Deployment/web"))).await.remove(0);
    let mut other = plane.held(DEPLOYMENTS, "shop", "web").expect("it is there");
    other["metadata"]["uid"] = json!("uid-of-another");
    plane.put_whole(DEPLOYMENTS, other);
    assert_eq!(backend.execute(step.clone()).await, Err(StepError::Gone));
    plane.remove(DEPLOYMENTS, "shop", "web");
    assert_eq!(backend.execute(step).await, Err(StepError::Gone));
    let refusal = backend.prepare(Intent::Restart(key("shop/Deployment/web"))).await.expect_err("it is gone");
    assert_eq!(refusal.why, *"it is not there any more");
}

#[tokio::test]
async fn a_request_whose_answer_is_lost_is_not_sent_again() {
    let plane = Plane::start().await;
    deployment(&plane);
    let short = Pace { answer_within: Duration::from_millis(300), ..pace() };
    let backend = backend_at(&plane, short, false);
    let step = draft(&backend, Intent::Restart(key("shop/Deployment/web"))).await.remove(0);
    let tried = plane.asked("patch", WEB).len();
    plane.script().hung.insert(("patch", WEB.to_owned()));
    let before = Timestamp::now();
    let Err(StepError::Unknown { sent }) = backend.execute(step).await else { panic!("nobody knows") };
    assert!(sent >= before);
    assert_eq!(plane.asked("patch", WEB).len(), tried + 1);
}

#[tokio::test]
async fn a_right_that_is_missing_is_named_before_and_denied_after() {
    let plane = Plane::start().await;
    deployment(&plane);
    let backend = backend(&plane);
    let step = draft(&backend, Intent::Restart(key("shop/Deployment/web"))).await.remove(0);
    plane.script().denied.insert("patch deployments".to_owned());
    let Refusal { why, mend, .. } =
        backend.prepare(Intent::Restart(key("shop/Deployment/web"))).await.expect_err("it is refused");
    assert_eq!(why, *"jane may not patch deployments in shop");
    assert!(mend.contains("cockpit rbac --control"), "{mend}");
    let Err(StepError::Denied(said)) = backend.execute(step).await else { panic!("it is denied") };
    assert!(said.contains("User \"jane\" cannot patch resource \"deployments\""), "{said}");
    plane.script().denied.insert("update deployments/scale".to_owned());
    let refusal = backend.prepare(Intent::Scale(key("shop/Deployment/web"), 1)).await.expect_err("it is refused");
    assert_eq!(refusal.why, *"jane may not update deployments/scale in shop");
}

#[tokio::test]
async fn what_the_server_would_not_do_is_said_in_its_words_before() {
    let plane = Plane::start().await;
    deployment(&plane);
    let words = "admission webhook \"freeze.example\" denied the request: no changes on Fridays";
    plane.refuse_with(Rule {
        verb: "patch",
        path: WEB,
        status: 403,
        headers: "",
        body: json!({ "kind": "Status", "code": 403, "message": words }).to_string(),
        times: None,
    });
    let refusal =
        backend(&plane).prepare(Intent::Restart(key("shop/Deployment/web"))).await.expect_err("it is refused");
    assert_eq!(refusal.why.as_str(), format!("the server would not do it: {words}"));
    assert!(refusal.mend.contains("webhook"));
}

#[tokio::test]
async fn a_paused_rollout_is_neither_restarted_nor_undone() {
    let plane = Plane::start().await;
    deployment(&plane);
    let backend = backend(&plane);
    let web = || key("shop/Deployment/web");
    let restart = draft(&backend, Intent::Restart(web())).await.remove(0);
    done(&backend, Intent::Pause(web())).await.expect("paused");
    for intent in [Intent::Restart(web()), Intent::Undo(web(), None)] {
        let refusal = backend.prepare(intent).await.expect_err("it would come to nothing");
        assert_eq!(refusal.why, *"its rollout is held: nothing would be replaced");
    }
    assert!(matches!(backend.execute(restart).await, Err(StepError::Failed(why)) if why.contains("held")));
}

const EVICTION: &str = "/api/v1/namespaces/shop/pods/web-x/eviction";

#[tokio::test]
async fn a_budget_that_blocks_is_named_in_its_own_sentence_and_waited_for() {
    let plane = Plane::start().await;
    everything(&plane);
    let backend = backend(&plane);
    let step = draft(&backend, Intent::Restart(key("shop/Pod/web-x"))).await.remove(0);
    let budget = "The disruption budget web needs 3 healthy pods and has 3 currently";
    let body = json!({ "kind": "Status", "code": 429, "reason": "TooManyRequests",
        "message": "Cannot evict pod as it would violate the pod's disruption budget.",
        "details": { "causes": [{ "reason": "DisruptionBudget", "message": budget }] } });
    let blocks =
        |headers| Rule { verb: "create", path: EVICTION, status: 429, headers, body: body.to_string(), times: Some(1) };
    plane.refuse_with(blocks(""));
    plane.refuse_with(blocks("Retry-After: 10\r\n"));
    for seconds in [5, 10] {
        let asked = Timestamp::now();
        let Err(StepError::Blocked { by, retry_at }) = backend.execute(step.clone()).await else {
            panic!("it is blocked")
        };
        assert_eq!(by, *budget);
        let wait = retry_at.as_second() - asked.as_second();
        assert!((seconds..seconds + 3).contains(&wait), "{wait}");
    }
    backend.execute(step.clone()).await.expect("it frees");
    let sent: Value = serde_json::from_slice(&plane.asked("create", EVICTION).last().expect("one").body).expect("json");
    assert_eq!(sent["deleteOptions"]["preconditions"]["uid"], "uid-of-web-x");
    assert_eq!(backend.execute(step).await, Err(StepError::Gone), "it is not asked for again");
}

#[tokio::test]
async fn where_evictions_are_denied_a_pod_is_deleted_and_that_is_said() {
    let plane = Plane::start().await;
    everything(&plane);
    plane.script().denied.insert("create pods/eviction".to_owned());
    let backend = backend(&plane);
    let draft = backend.prepare(Intent::Restart(key("shop/Pod/web-x"))).await.expect("a draft");
    assert!(matches!(draft.steps[0].action, StepAction::Delete(_)));
    assert!(draft.notes.iter().any(|line| line.text.contains("whatever budgets say")));
    let refusal = backend.prepare(Intent::drain(key("-/Node/n1"))).await.expect_err("that needs evictions");
    assert_eq!(refusal.why, *"jane may not create pods/eviction in shop");
}

#[tokio::test]
async fn what_nothing_makes_again_is_not_restarted() {
    let plane = Plane::start().await;
    everything(&plane);
    let refusal = backend(&plane).prepare(Intent::Restart(key("shop/Pod/alone"))).await.expect_err("it would be lost");
    assert!(refusal.why.contains("gone for good"), "{refusal}");
    let refusal = backend(&plane).prepare(Intent::Start(key("shop/Pod/alone"))).await.expect_err("it is not started");
    assert!(refusal.why.contains("is not started"), "{refusal}");
}

#[tokio::test]
async fn a_drain_leaves_what_would_be_lost_and_takes_it_where_that_is_wanted() {
    let plane = Plane::start().await;
    everything(&plane);
    let backend = backend(&plane);
    let node = || key("-/Node/n1");
    let actions = |steps: &[Step]| steps.iter().map(|it| (it.group, it.action.clone())).collect::<Vec<_>>();
    let draft = backend.prepare(Intent::drain(node())).await.expect("a draft");
    let cordon = (0, StepAction::SetCordon(node(), true));
    let evict = |name: &str| (1, StepAction::Evict(key(&format!("shop/Pod/{name}"))));
    assert_eq!(actions(&draft.steps), [cordon.clone(), evict("web-x")]);
    assert_eq!(draft.inverse, Some(Intent::Uncordon(node())));
    assert!(draft.steps.iter().all(|step| step.group == 0 || step.pin.seen == Seen::Uid));
    let [variant] = draft.variants.as_slice() else { panic!("one variant") };
    let unmanaged = Including { unmanaged: true, local_data: false };
    assert_eq!((variant.key, &variant.intent), ('f', &Intent::Drain(node(), unmanaged)));
    let draft = backend.prepare(variant.intent.clone()).await.expect("a draft");
    assert_eq!(actions(&draft.steps), [cordon, evict("alone"), evict("web-x")]);
}

#[tokio::test]
async fn several_are_done_in_order_and_taken_back_the_other_way_round() {
    let plane = Plane::start().await;
    everything(&plane);
    let app = || key("argocd/Application/shop");
    let web = || key("shop/Deployment/web");
    let all = Intent::several([Intent::Pause(app()), Intent::Scale(web(), 9)]).expect("two");
    let backend = backend(&plane);
    let mut drafts = Vec::new();
    for part in all.parts() {
        drafts.push(backend.prepare(part.clone()).await);
    }
    let draft = cockpit::action::merge(&all, drafts).expect("a draft");
    assert_eq!(draft.steps.iter().map(|step| step.group).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(draft.inverse, Intent::several([Intent::Scale(web(), 3), Intent::Resume(app())]));
}

#[tokio::test]
async fn a_self_healing_application_is_named_with_a_way_around_it() {
    let plane = Plane::start().await;
    everything(&plane);
    let mut web = plane.held(DEPLOYMENTS, "shop", "web").expect("it is there");
    web["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] = json!("shop:apps/Deployment:shop/web");
    plane.put_whole(DEPLOYMENTS, web);
    let intent = Intent::Scale(key("shop/Deployment/web"), 9);
    let draft = backend(&plane).prepare(intent.clone()).await.expect("a draft");
    assert!(draft.notes.iter().any(|line| line.text.contains("application shop heals itself")), "{:?}", draft.notes);
    let around = Intent::several([Intent::Pause(key("argocd/Application/shop")), intent]).expect("two");
    assert_eq!((draft.variants[0].key, &draft.variants[0].intent), ('a', &around));
}

#[tokio::test]
async fn read_only_sends_nothing() {
    let plane = Plane::start().await;
    everything(&plane);
    let steps = draft(&backend(&plane), Intent::Restart(key("shop/Deployment/web"))).await;
    let told = |plane: &Plane| {
        let script = plane.script();
        (script.version, script.asked.len())
    };
    let before = told(&plane);
    let backend = backend_at(&plane, pace(), true);
    for intent in cells().into_iter().chain([Intent::drain(key("-/Node/n1"))]) {
        let refusal = backend.prepare(intent).await.expect_err("it is refused");
        assert_eq!(refusal.why, *"this cluster is watched read-only");
    }
    for step in steps {
        assert!(matches!(backend.execute(step).await, Err(StepError::Denied(_))));
    }
    assert_eq!(told(&plane), before);
}
