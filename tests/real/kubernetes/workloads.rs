//! What is done to each kind of workload of a real cluster: Deployments are in `act`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::act::Shop;
use super::{PATIENCE, cockpit};
use crate::cockpit::Cockpit;
use crate::command::{does, says};
use crate::planes;
use crate::wait::until;

const GOOD: &str = "registry.test/shop/web:1.4.2";
const OTHER: &str = "registry.test/shop/api:1.5.0";
const NOWHERE: &str = "registry.test/shop/nothing:9";

/// One workload with the pods that it keeps, by cockpit's command line and by the API.
struct Work<'a> {
    shop: Shop<'a>,
    cockpit: Cockpit,
    /// Where it is: `daemonsets/agent` of a group.
    path: String,
    /// As the command line takes it.
    target: String,
}

impl<'a> Work<'a> {
    /// Makes `name` in a namespace of its own: `kind` is one of `apps/v1`, `spec` what it has beside its pods.
    #[track_caller]
    fn made(namespace: &'static str, api: &str, kind: (&str, &str), mut spec: Value) -> Self {
        let shop = Shop::empty(planes::to_act_on(), namespace);
        let (plural, short) = kind;
        let container = json!({ "name": "it", "image": GOOD, "resources": { "requests": { "memory": "16Mi" } },
            "readinessProbe": { "exec": { "command": ["true"] }, "periodSeconds": 1 } });
        spec["selector"] = json!({ "matchLabels": { "app": "it" } });
        spec["template"] = json!({ "metadata": { "labels": { "app": "it" } },
            "spec": { "terminationGracePeriodSeconds": 1, "containers": [container] } });
        let all = format!("/apis/{api}/namespaces/{namespace}/{plural}");
        let it = json!({ "apiVersion": api, "kind": kind_of(plural), "metadata": { "name": "it" }, "spec": spec });
        shop.plane.ask("POST", &all, Some(&it));
        let cockpit = cockpit(shop.plane, "admin");
        Self { cockpit, path: format!("{all}/it"), target: format!("{namespace}/{short}/it"), shop }
    }

    #[track_caller]
    fn now(&self) -> Value {
        self.shop.plane.ask("GET", &self.path, None)
    }

    #[track_caller]
    fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) {
        until(PATIENCE, what, || match self.now() {
            it if is_so(&it) => Ok(()),
            it => Err(format!("{}\n{}", it["spec"], it["status"])),
        });
    }

    #[track_caller]
    fn until_serves(&self, pods: usize) {
        until(PATIENCE, "its pods to serve", || match self.shop.ready().len() {
            now if now == pods => Ok(()),
            now => Err(format!("{now} serve\n{}", self.now()["status"])),
        });
    }

    /// Runs a command on it: its first words, then its target, then the rest.
    #[track_caller]
    fn does(&self, verb: &str, rest: &[&str]) -> String {
        does(&self.cockpit, &[&[verb, &self.target], rest].concat())
    }

    fn image(&self) -> String {
        self.now().pointer("/spec/template/spec/containers/0/image").and_then(Value::as_str).unwrap_or_default().into()
    }

    #[track_caller]
    fn pods(&self) -> BTreeSet<String> {
        self.shop.ready()
    }
}

fn kind_of(plural: &str) -> &'static str {
    match plural {
        "deployments" => "Deployment",
        "statefulsets" => "StatefulSet",
        "daemonsets" => "DaemonSet",
        _ => "Rollout",
    }
}

#[test]
fn what_pods_are_made_of_is_set_and_set_back() {
    let work = Work::made("sets", "apps/v1", ("deployments", "deploy"), json!({ "replicas": 2 }));
    work.until_serves(2);
    let said = work.does("set", &["--image", OTHER, "--yes", "--wait=2m"]);
    assert!(said.contains(OTHER), "{said}");
    assert_eq!((work.image().as_str(), work.pods().len()), (OTHER, 2));
    work.does("set", &["--memory", "64Mi", "--yes", "--wait=2m"]);
    work.does("set", &["--cpu", "500m", "--yes", "--wait=2m"]);
    let limits = || work.now().pointer("/spec/template/spec/containers/0/resources/limits").cloned();
    assert_eq!(limits(), Some(json!({ "memory": "64Mi", "cpu": "500m" })));
    let (code, said) = says(&work.cockpit, &["set", &work.target, "--memory", "8Mi", "--yes"]);
    assert!(code == Some(3) && said.contains("requests 16 MiB, which is more than that limit"), "{code:?} {said}");
    work.does("set", &["--memory", "none", "--yes", "--wait=2m"]);
    assert_eq!(limits(), Some(json!({ "cpu": "500m" })));
    work.does("undo", &["--to", "1", "--yes", "--wait=2m"]);
    assert_eq!((work.image().as_str(), limits()), (GOOD, None), "the first revision had neither");
}

#[test]
fn a_daemon_set_is_restarted_and_taken_back_from_a_broken_image() {
    let work = Work::made("each", "apps/v1", ("daemonsets", "ds"), json!({}));
    work.until_serves(1);
    let before = work.pods();
    work.does("restart", &["--yes", "--wait=2m"]);
    assert!(work.pods().is_disjoint(&before), "each pod is another");
    work.does("set", &["--image", NOWHERE, "--yes"]);
    work.until("the new pod to be stuck", |it| {
        it["status"]["updatedNumberScheduled"] == 1 && it["status"]["numberUnavailable"] == 1
    });
    work.does("undo", &["--yes", "--wait=2m"]);
    assert_eq!(work.image(), GOOD);
    work.until_serves(1);
}

#[test]
fn a_stateful_set_is_restarted_scaled_and_taken_back() {
    let work = Work::made("ordered", "apps/v1", ("statefulsets", "sts"), json!({ "replicas": 2, "serviceName": "it" }));
    work.until_serves(2);
    let before = work.pods();
    work.does("restart", &["--yes", "--wait=2m"]);
    assert!(work.pods().is_disjoint(&before), "each pod is another");
    work.does("scale", &["1", "--yes", "--wait=2m"]);
    assert_eq!(work.now()["spec"]["replicas"], 1);
    work.does("set", &["--image", OTHER, "--yes", "--wait=2m"]);
    assert_eq!(work.image(), OTHER);
    work.does("undo", &["--yes", "--wait=2m"]);
    assert_eq!(work.image(), GOOD);
    work.until_serves(1);
}

#[test]
fn a_canary_of_argo_rollouts_takes_over_is_given_up_and_is_held() {
    let plane = planes::to_act_on();
    plane.rollouts();
    let steps = json!([{ "setWeight": 34 }, { "pause": {} }]);
    let spec =
        json!({ "replicas": 3, "strategy": { "canary": { "steps": steps, "maxSurge": 1, "maxUnavailable": 0 } } });
    let work = Work::made("canary", "argoproj.io/v1alpha1", ("rollouts", "rollout"), spec);
    let phase = |wanted: &'static str| move |it: &Value| it["status"]["phase"] == wanted;
    work.until("it to be healthy", phase("Healthy"));
    let stable = work.pods();
    assert_eq!(stable.len(), 3);

    work.does("set", &["--image", OTHER, "--yes"]);
    work.until("its canary to wait", phase("Paused"));
    assert!(work.pods().is_superset(&stable) || work.pods().len() >= 3, "what served goes on");
    work.does("promote", &["--yes", "--wait=2m"]);
    work.until("it to be healthy", phase("Healthy"));
    assert!(work.image() == OTHER && work.pods().is_disjoint(&stable), "the canary has taken over");

    let stable = work.pods();
    work.does("set", &["--image", NOWHERE, "--yes"]);
    work.until("its canary to be there", |it| it["status"]["updatedReplicas"] == 1);
    work.does("abort", &["--yes"]);
    work.until("it to be given up", |it| {
        it["status"]["phase"] == "Degraded" && it["status"]["updatedReplicas"].is_null()
    });
    assert_eq!(work.pods(), stable, "no pod that served was replaced");
    work.does("undo", &["--yes", "--wait=2m"]);
    work.until("it to be healthy", phase("Healthy"));
    assert_eq!((work.image(), work.pods()), (OTHER.to_owned(), stable.clone()), "back to what served all the time");

    work.does("pause", &["--yes"]);
    assert_eq!(work.now()["spec"]["paused"], true);
    work.does("resume", &["--yes"]);
    work.until("it to be healthy", phase("Healthy"));
    work.does("restart", &["--yes", "--wait=2m"]);
    assert!(work.pods().is_disjoint(&stable), "each pod is another");
    work.does("scale", &["2", "--yes", "--wait=2m"]);
    assert_eq!(work.pods().len(), 2);
}

#[test]
fn one_pod_is_moved_away_ended_and_killed_and_another_takes_its_place() {
    let work = Work::made("one", "apps/v1", ("deployments", "deploy"), json!({ "replicas": 2 }));
    work.until_serves(2);
    for verb in ["restart", "stop", "kill"] {
        let pods = work.shop.plane.ask("GET", &work.shop.core("pods"), None);
        let stays = |pod: &&Value| pod["metadata"].get("deletionTimestamp").is_none();
        let pod = pods["items"].as_array().expect("a list").iter().find(stays).expect("a pod");
        let (name, uid) = (pod["metadata"]["name"].as_str().expect("a name"), pod["metadata"]["uid"].clone());
        let target = format!("one/pod/{name}");
        let said = does(&work.cockpit, &[verb, &target, "--dry-run"]);
        assert!(said.contains("one/it") || said.contains("makes another"), "{said}");
        // Without its grace a pod ends only for whoever types its name.
        let sure = if verb == "kill" { ["--confirm", name] } else { ["--yes", "--wait=2m"] };
        does(&work.cockpit, &[verb, &target, sure[0], sure[1]]);
        until(PATIENCE, "another to serve in its place", || match work.pods() {
            now if now.len() == 2 && !now.iter().any(|it| uid == **it) => Ok(()),
            now => Err(format!("{verb} {name}: {now:?}")),
        });
    }
}

#[test]
fn a_cron_job_and_a_node_are_held_and_let_go_on() {
    let shop = Shop::empty(planes::to_act_on(), "holding");
    let cockpit = cockpit(shop.plane, "admin");
    let path = "/apis/batch/v1/namespaces/holding/cronjobs/report";
    let pod = json!({ "spec": { "restartPolicy": "Never", "containers": [{ "name": "a", "image": GOOD }] } });
    let cron = json!({ "metadata": { "name": "report" },
        "spec": { "schedule": "0 0 1 1 *", "jobTemplate": { "spec": { "template": pod } } } });
    shop.plane.ask("POST", "/apis/batch/v1/namespaces/holding/cronjobs", Some(&cron));
    for (verb, suspended) in [("pause", true), ("resume", false)] {
        does(&cockpit, &[verb, "holding/cronjob/report", "--yes", "--wait=1m"]);
        assert_eq!(shop.plane.ask("GET", path, None)["spec"]["suspend"], suspended, "{verb}");
    }
    // A node of its own, which takes nothing: on the other one the pods of everybody else are placed meanwhile.
    let node = json!({ "metadata": { "name": "spare" },
        "spec": { "taints": [{ "key": "spare", "effect": "NoSchedule" }] } });
    shop.plane.ask("POST", "/api/v1/nodes", Some(&node));
    let closed = || shop.plane.ask("GET", "/api/v1/nodes/spare", None)["spec"].get("unschedulable").cloned();
    does(&cockpit, &["cordon", "node/spare", "--yes", "--wait=1m"]);
    assert_eq!(closed(), Some(json!(true)));
    does(&cockpit, &["uncordon", "node/spare", "--yes", "--wait=1m"]);
    assert_eq!(closed(), None);
    shop.plane.ask("DELETE", "/api/v1/nodes/spare", None);
}
