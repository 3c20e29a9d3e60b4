//! What is done to a real cluster, by the keys of the screen and by the command line.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{PATIENCE, cockpit};
use crate::command::{REFUSED, does, says};
use crate::planes::{self, Plane};
use crate::screen::Screen;
use crate::wait::until;

const GOOD: &str = "registry.test/shop/web:1.4.2";

/// A namespace with a Deployment of three in it, which serve.
pub(super) struct Shop<'a> {
    pub(super) plane: &'a Plane,
    pub(super) namespace: &'static str,
}

impl<'a> Shop<'a> {
    #[track_caller]
    pub(super) fn empty(plane: &'a Plane, namespace: &'static str) -> Self {
        plane.ask("POST", "/api/v1/namespaces", Some(&json!({ "metadata": { "name": namespace } })));
        let shop = Self { plane, namespace };
        let account = format!("/api/v1/namespaces/{namespace}/serviceaccounts/default");
        until(PATIENCE, "the namespace to be of use", || plane.tries_to_ask("GET", &account, None));
        shop
    }

    #[track_caller]
    pub(super) fn open(plane: &'a Plane, namespace: &'static str) -> Self {
        let shop = Self::empty(plane, namespace);
        shop.make_web();
        shop.until_ready(3);
        shop
    }

    pub(super) fn apps(&self, rest: &str) -> String {
        format!("/apis/apps/v1/namespaces/{}/{rest}", self.namespace)
    }

    pub(super) fn core(&self, rest: &str) -> String {
        format!("/api/v1/namespaces/{}/{rest}", self.namespace)
    }

    #[track_caller]
    fn make_web(&self) {
        let container = json!({ "name": "web", "image": GOOD,
            "readinessProbe": { "exec": { "command": ["true"] }, "periodSeconds": 1 } });
        let template = json!({ "metadata": { "labels": { "app": "web" } },
            "spec": { "terminationGracePeriodSeconds": 1, "containers": [container] } });
        let web = json!({ "metadata": { "name": "web" }, "spec": {
            "replicas": 3,
            "strategy": { "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 0 } },
            "selector": { "matchLabels": { "app": "web" } },
            "template": template,
        } });
        self.plane.ask("POST", &self.apps("deployments"), Some(&web));
    }

    #[track_caller]
    pub(super) fn web(&self) -> Value {
        self.plane.ask("GET", &self.apps("deployments/web"), None)
    }

    #[track_caller]
    pub(super) fn until_ready(&self, wanted: u64) {
        until(PATIENCE, "web to serve", || match self.web() {
            web if web["status"]["readyReplicas"] == wanted => Ok(()),
            web => Err(web["status"].to_string()),
        });
    }

    /// Gives its one container another image.
    #[track_caller]
    fn release(&self, image: &str) {
        let containers = json!([{ "name": "web", "image": image }]);
        let patch = json!({ "spec": { "template": { "spec": { "containers": containers } } } });
        self.plane.ask("PATCH", &self.apps("deployments/web"), Some(&patch));
    }

    /// The pods that serve and are not on their way out, by their uid.
    #[track_caller]
    pub(super) fn ready(&self) -> BTreeSet<String> {
        let pods = self.plane.ask("GET", &self.core("pods"), None);
        let is_ready = |pod: &&Value| {
            let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
            pod["metadata"].get("deletionTimestamp").is_none()
                && conditions.filter(|it| it["type"] == "Ready").any(|it| it["status"] == "True")
        };
        let pods = pods["items"].as_array().expect("a list").iter().filter(is_ready);
        pods.map(|pod| pod["metadata"]["uid"].as_str().expect("a uid").to_owned()).collect()
    }

    pub(super) fn target(&self) -> String {
        format!("{}/deploy/web", self.namespace)
    }
}

#[test]
fn a_restart_replaces_every_pod_and_a_scale_goes_there_and_back() {
    let shop = Shop::open(planes::to_act_on(), "restarts");
    let cockpit = cockpit(shop.plane, "admin");
    let before = shop.ready();
    let mut screen = Screen::open_at(&cockpit, &shop.target());
    screen.until_shows(PATIENCE, &["live", "web"]);
    screen.press("r");
    screen.until_shows(PATIENCE, &["rollout restart deployment/web"]);
    screen.confirm();
    until(PATIENCE, "every pod to be another", || {
        let now = shop.ready();
        if now.len() == 3 && now.is_disjoint(&before) { Ok(()) } else { Err(format!("{now:?}\n{}", screen.text())) }
    });
    drop(screen);
    does(&cockpit, &["scale", &shop.target(), "5", "--yes", "--wait=2m"]);
    assert_eq!(shop.web()["spec"]["replicas"], 5);
    assert_eq!(shop.ready().len(), 5);
    does(&cockpit, &["scale", &shop.target(), "3", "--yes", "--wait=2m"]);
    assert_eq!(shop.web()["spec"]["replicas"], 3);
}

#[test]
fn what_was_done_is_an_event_of_its_object_where_the_settings_say_so() {
    let shop = Shop::open(planes::to_act_on(), "noted");
    let cockpit = cockpit(shop.plane, "admin");
    let events = || {
        let events = shop.plane.ask("GET", &shop.core("events"), None);
        let ours =
            events["items"].as_array().expect("a list").iter().filter(|it| it["reportingComponent"] == "cockpit");
        ours.cloned().collect::<Vec<_>>()
    };
    does(&cockpit, &["scale", &shop.target(), "2", "--yes", "--wait=2m"]);
    assert_eq!(events(), Vec::<Value>::new(), "nothing is left unasked");
    cockpit.sets("[journal]\nkubernetes_events = true\n");
    does(&cockpit, &["scale", &shop.target(), "3", "--yes", "--wait=2m"]);
    let all = events();
    let [event] = &all[..] else { panic!("{all:?}") };
    assert_eq!((&event["reason"], &event["type"]), (&json!("CockpitScale"), &json!("Normal")));
    assert_eq!(event["involvedObject"]["uid"], shop.web()["metadata"]["uid"]);
    let message = event["message"].as_str().expect("a message");
    assert!(message.contains("to 3") && message.contains("context") && message.contains(": done"), "{message}");
}

#[test]
fn an_undo_in_the_middle_of_a_failing_rollout_loses_no_pod_that_serves() {
    let shop = Shop::open(planes::to_act_on(), "undoes");
    let before = shop.ready();
    shop.release("registry.test/shop/nothing:9");
    until(PATIENCE, "the rollout to fail", || match shop.web() {
        web if web["status"]["updatedReplicas"] == 1 && web["status"]["unavailableReplicas"] == 1 => Ok(()),
        web => Err(web["status"].to_string()),
    });
    let cockpit = cockpit(shop.plane, "admin");
    let mut screen = Screen::open_at(&cockpit, &shop.target());
    screen.until_shows(PATIENCE, &["live", "nothing:9"]);
    screen.press("u");
    screen.until_shows(PATIENCE, &["from revision 2 back to 1", GOOD, "3 pods of it are available now"]);
    screen.confirm();
    until(PATIENCE, "what ran before to be all there is", || {
        let web = shop.web();
        let status = &web["status"];
        let settled = status["updatedReplicas"] == 3 && status["replicas"] == 3 && status["readyReplicas"] == 3;
        if settled { Ok(()) } else { Err(format!("{status}\n{}", screen.text())) }
    });
    assert_eq!(shop.ready(), before, "no pod that served was replaced");
}

#[test]
fn an_object_that_was_made_anew_in_between_is_left_alone() {
    let shop = Shop::open(planes::to_act_on(), "reborn");
    let cockpit = cockpit(shop.plane, "admin");
    let mut screen = Screen::open_at(&cockpit, &shop.target());
    screen.until_shows(PATIENCE, &["live", "web"]);
    screen.press("r");
    screen.until_shows(PATIENCE, &["rollout restart deployment/web"]);
    let old = shop.web()["metadata"]["uid"].clone();
    shop.plane.ask("DELETE", &shop.apps("deployments/web"), None);
    until(PATIENCE, "web to be gone", || {
        let web = shop.plane.tries_to_ask("GET", &shop.apps("deployments/web"), None);
        web.err().map(drop).ok_or_else(|| "it is there".to_owned())
    });
    shop.make_web();
    // What was shown is shown again, since one of that name is there; it was drawn up for the other.
    screen.until_shows(PATIENCE, &["disruptive: y, then enter"]);
    screen.confirm();
    screen.until_shows(PATIENCE, &["gone"]);
    let web = shop.web();
    assert_ne!(web["metadata"]["uid"], old);
    assert_eq!(web.pointer("/spec/template/metadata/annotations"), None, "the new one was not restarted");
}

#[test]
fn a_crash_loop_is_no_reason_to_refuse() {
    let shop = Shop::open(planes::to_act_on(), "crashes");
    let containers = json!([{ "name": "web", "command": ["sh", "-c", "exit 1"] }]);
    let patch = json!({ "spec": { "template": { "spec": { "containers": containers } } } });
    shop.plane.ask("PATCH", &shop.apps("deployments/web"), Some(&patch));
    let cockpit = cockpit(shop.plane, "admin");
    for _ in 0..4 {
        does(&cockpit, &["restart", &shop.target(), "--yes"]);
    }
    does(&cockpit, &["undo", &shop.target(), "--yes", "--wait=2m"]);
    shop.until_ready(3);
}

#[test]
fn somebody_without_the_right_is_told_which_one() {
    let shop = Shop::open(planes::to_act_on(), "denied");
    let version = shop.web()["spec"].clone();
    let cockpit = cockpit(shop.plane, "no-events");
    let (code, said) = says(&cockpit, &["restart", &shop.target(), "--yes"]);
    assert_eq!(code, REFUSED, "{said}");
    assert!(said.contains("no-events may not patch deployments in denied") && said.contains("cockpit rbac"), "{said}");
    let (code, said) = says(&cockpit, &["scale", &shop.target(), "9", "--yes"]);
    assert!(code == REFUSED && said.contains("may not update deployments/scale in denied"), "{said}");
    assert_eq!(shop.web()["spec"], version);
}

#[test]
fn an_autoscaler_that_would_take_it_back_is_named() {
    let shop = Shop::open(planes::to_act_on(), "scaled");
    let autoscaler = json!({ "metadata": { "name": "web" }, "spec": {
        "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" }, "minReplicas": 2, "maxReplicas": 4 } });
    shop.plane.ask("POST", "/apis/autoscaling/v2/namespaces/scaled/horizontalpodautoscalers", Some(&autoscaler));
    let said = does(&cockpit(shop.plane, "admin"), &["scale", &shop.target(), "6", "--dry-run"]);
    assert!(said.contains("autoscaler web sets it again, between 2 and 4"), "{said}");
    assert_eq!(shop.web()["spec"]["replicas"], 3, "nothing was done");
}

#[test]
fn a_rollout_is_held_and_goes_on() {
    let shop = Shop::open(planes::to_act_on(), "holds");
    let cockpit = cockpit(shop.plane, "admin");
    let target = shop.target();
    does(&cockpit, &["pause", &target, "--yes", "--wait=1m"]);
    assert_eq!(shop.web()["spec"]["paused"], true);
    let (code, said) = says(&cockpit, &["restart", &target, "--yes"]);
    assert!(code == REFUSED && said.contains("its rollout is held"), "{said}");
    does(&cockpit, &["resume", &target, "--yes", "--wait=1m"]);
    assert_eq!(shop.web()["spec"].get("paused"), None);
}

#[test]
fn a_stateful_set_that_hangs_at_a_broken_pod_is_unblocked() {
    let plane = planes::to_act_on();
    plane.scene("statefulset-rollout-blocked");
    let cockpit = cockpit(plane, "admin");
    let target = "scene-statefulset-rollout-blocked/sts/queue";
    let said = does(&cockpit, &["undo", target, "--yes"]);
    assert!(said.contains("unblock it after this"), "{said}");
    let path = "/apis/apps/v1/namespaces/scene-statefulset-rollout-blocked/statefulsets/queue";
    let revisions = |set: &Value| (set["status"]["updateRevision"].clone(), set["status"]["currentRevision"].clone());
    until(PATIENCE, "its controller to have seen it", || match plane.ask("GET", path, None) {
        set if revisions(&set).0 == revisions(&set).1 => Ok(()),
        set => Err(set["status"].to_string()),
    });
    let pods = || plane.ask("GET", "/api/v1/namespaces/scene-statefulset-rollout-blocked/pods/queue-2", None);
    let broken = pods()["metadata"]["uid"].clone();
    does(&cockpit, &["unblock", target, "--dry-run"]);
    assert_eq!(pods()["metadata"]["uid"], broken, "a preview takes nothing away");
    does(&cockpit, &["unblock", target, "--yes"]);
    until(PATIENCE, "all three to serve", || match plane.ask("GET", path, None) {
        set if set["status"]["readyReplicas"] == 3 => Ok(()),
        set => Err(set["status"].to_string()),
    });
}

#[test]
fn a_cron_job_runs_once_and_a_failed_job_begins_again() {
    let shop = Shop::empty(planes::to_act_on(), "jobs");
    let cockpit = cockpit(shop.plane, "admin");
    let batch = |rest: &str| format!("/apis/batch/v1/namespaces/jobs/{rest}");
    let pod = |script: &str| {
        json!({ "spec": { "restartPolicy": "Never",
            "containers": [{ "name": "a", "image": GOOD, "command": ["sh", "-c", script] }] } })
    };
    let cron = json!({ "metadata": { "name": "backup" }, "spec": { "schedule": "0 0 1 1 *",
        "jobTemplate": { "spec": { "template": pod("exit 0") } } } });
    shop.plane.ask("POST", &batch("cronjobs"), Some(&cron));
    let load = json!({ "metadata": { "name": "load" }, "spec": { "backoffLimit": 0, "template": pod("exit 1") } });
    let first = shop.plane.ask("POST", &batch("jobs"), Some(&load))["metadata"]["uid"].clone();
    does(&cockpit, &["trigger", "jobs/cronjob/backup", "--yes"]);
    let jobs = shop.plane.ask("GET", &batch("jobs"), None);
    let manual = jobs["items"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|job| job.pointer("/metadata/ownerReferences/0/name").is_some_and(|name| name == "backup"));
    let manual = manual.expect("a Job of it");
    assert_eq!(manual["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"], "manual");
    until(PATIENCE, "the Job to fail", || match shop.plane.ask("GET", &batch("jobs/load"), None) {
        job if job["status"]["failed"] == 1 && !job["status"]["conditions"].is_null() => Ok(()),
        job => Err(job["status"].to_string()),
    });
    does(&cockpit, &["unblock", "jobs/job/load", "--dry-run"]);
    assert_eq!(
        shop.plane.ask("GET", &batch("jobs/load"), None)["metadata"]["uid"],
        first,
        "a preview takes nothing away"
    );
    does(&cockpit, &["unblock", "jobs/job/load", "--yes"]);
    assert_ne!(shop.plane.ask("GET", &batch("jobs/load"), None)["metadata"]["uid"], first);
}
