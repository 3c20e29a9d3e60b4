//! Revisions of recorded workloads, and who made them.

use serde_json::json;

use super::super::ask::tests::{Says, Script, all, object};
use super::*;

const ROLLED: &str = "scene-readiness-after-rollout";
const BLOCKED: &str = "scene-statefulset-rollout-blocked";

fn key(scene: &str, kind: &str, name: &str) -> Ref {
    format!("prod/{scene}/{kind}/{name}").parse().expect("a ref")
}

/// A Deployment with two ReplicaSets, as they were recorded.
fn deployment(change: impl FnOnce(&mut Value, &mut Value)) -> Script {
    let (mut web, mut sets) = (object("deployments", ROLLED, "web"), all("replicasets", ROLLED));
    change(&mut web, &mut sets);
    let script = Script::default();
    script.on(&format!("/apis/apps/v1/namespaces/{ROLLED}/deployments/web"), Says::Json(web));
    script.on(&format!("/apis/apps/v1/namespaces/{ROLLED}/replicasets"), Says::Json(sets));
    script
}

async fn of_web(script: &Script, revision: &str) -> Result<Change, Why> {
    change(script, &key(ROLLED, "Deployment", "web"), &Name::new(revision)).await
}

/// The recorded set of a revision.
fn set<'a>(sets: &'a mut Value, revision: &str) -> &'a mut Value {
    let all = sets["items"].as_array_mut().expect("a list");
    let of = |it: &&mut Value| it["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == revision;
    all.iter_mut().find(of).expect("a revision")
}

#[tokio::test]
async fn a_deployments_revision_is_told_against_the_one_before() {
    let script = deployment(|_, _| {});
    let told = of_web(&script, "2").await.expect("a change");
    assert_eq!((&*told.from, &*told.to), ("1", "2"));
    assert!(told.at.is_some() && !told.differences.is_empty(), "{told:?}");
    let asked = script.asked(&format!("/apis/apps/v1/namespaces/{ROLLED}/replicasets"));
    assert!(asked[0].contains("labelSelector=app"), "{asked:?}");
}

#[tokio::test]
async fn a_statefulsets_former_template_is_in_its_controller_revisions() {
    let script = Script::default();
    let at = format!("/apis/apps/v1/namespaces/{BLOCKED}");
    let queue = object("statefulsets", BLOCKED, "queue");
    let newest = queue["status"]["updateRevision"].as_str().expect("a name").to_owned();
    script.on(&format!("{at}/statefulsets/queue"), Says::Json(queue));
    script.on(&format!("{at}/controllerrevisions"), Says::Json(all("controllerrevisions", BLOCKED)));
    let told = change(&script, &key(BLOCKED, "StatefulSet", "queue"), &Name::new(&newest)).await.expect("a change");
    assert_eq!((&*told.from, &*told.to), ("queue-694dc87cdd", "queue-56bcdc5bd5"));
    assert!(told.at.is_some() && !told.differences.is_empty(), "{told:?}");
}

#[tokio::test]
async fn who_made_a_revision_is_said_as_it_says_it_itself() {
    let noted = |name: &'static str, value: &'static str| {
        deployment(move |web, sets| {
            web["metadata"]["annotations"][name] = value.into();
            set(sets, "2")["metadata"]["annotations"][name] = value.into();
        })
    };
    let by = |told: Result<Change, Why>| told.expect("a change").by.map(|by| by.to_string());
    let cause = noted("kubernetes.io/change-cause", "deploy 17 --token=hunter2");
    assert_eq!(by(of_web(&cause, "2").await).as_deref(), Some("deploy 17 --token=***"));
    let helm = noted("meta.helm.sh/release-name", "shop");
    assert_eq!(by(of_web(&helm, "2").await).as_deref(), Some("helm release shop"));
    let restarted = deployment(|_, sets| {
        let set = set(sets, "2");
        let at = set["metadata"]["creationTimestamp"].clone();
        set["spec"]["template"]["metadata"]["annotations"] = json!({ "kubectl.kubernetes.io/restartedAt": at });
    });
    assert_eq!(by(of_web(&restarted, "2").await).as_deref(), Some("kubectl rollout restart"));
}

#[tokio::test]
async fn who_only_scaled_it_has_made_no_revision() {
    let managers = |seconds: i64| {
        deployment(move |web, sets| {
            let made: Timestamp = set(sets, "2")["metadata"]["creationTimestamp"]
                .as_str()
                .and_then(|at| at.parse().ok())
                .expect("a time");
            let at = Timestamp::from_second(made.as_second() + seconds).expect("in range").to_string();
            web["metadata"]["managedFields"] = json!([
                { "manager": "kubectl-edit", "time": at, "fieldsV1": { "f:spec": { "f:template": {} } } },
                { "manager": "scaler", "time": at, "fieldsV1": { "f:spec": { "f:replicas": {} } } },
                { "manager": "kube-controller-manager", "time": at, "fieldsV1": { "f:spec": { "f:template": {} } } },
            ]);
        })
    };
    let told = of_web(&managers(0), "2").await.expect("a change");
    assert_eq!(told.by.as_deref(), Some("kubectl-edit"));
    let later = of_web(&managers(3600), "2").await.expect("a change");
    assert_eq!(later.by, None, "the template was changed again since");
}

#[tokio::test]
async fn what_was_gone_back_to_is_newest_since_somebody_changed_it() {
    let script = deployment(|web, sets| {
        set(sets, "2")["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] = "0".into();
        web["metadata"]["managedFields"] = json!([
            { "manager": "kubectl-rollout", "time": "2026-11-24T23:00:00Z", "fieldsV1": { "f:spec": { "f:template": {} } } },
        ]);
    });
    let told = of_web(&script, "2").await.expect("a change");
    assert_eq!((told.at, told.by.as_deref()), ("2026-11-24T23:00:00Z".parse().ok(), Some("kubectl-rollout")));
}

#[tokio::test]
async fn what_is_not_kept_is_said() {
    let script = deployment(|_, _| {});
    assert_eq!(of_web(&script, "1").await, Err(Why::from("no revision before it is kept")));
    assert_eq!(of_web(&script, "7").await, Err(Why::from("revision 7 is not kept any more")));
    assert_eq!(of_web(&Script::default(), "1").await, Err(Why::from("it is not there any more")));
    // Another Deployment's sets may have the same labels.
    let others = deployment(|web, _| web["metadata"]["uid"] = "another".into());
    assert_eq!(of_web(&others, "2").await, Err(Why::from("revision 2 is not kept any more")));
}
