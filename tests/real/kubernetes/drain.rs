//! A real node is emptied.

use serde_json::{Value, json};

use super::act::Shop;
use super::{PATIENCE, cockpit};
use crate::command::{does, says};
use crate::planes::{self, Plane, alone};
use crate::screen::Screen;
use crate::wait::until;

/// The pods of a node that have not ended, by name.
#[track_caller]
fn pods_on(plane: &Plane, node: &str) -> Vec<String> {
    let pods = plane.ask("GET", &format!("/api/v1/pods?fieldSelector=spec.nodeName={node}"), None);
    let pods = pods["items"].as_array().expect("a list").iter();
    let leaves = |pod: &&Value| pod["metadata"].get("deletionTimestamp").is_some();
    pods.filter(|pod| !leaves(pod)).map(|pod| pod["metadata"]["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn a_drain_waits_for_a_budget_names_it_and_goes_on_when_it_frees() {
    let _alone = alone();
    let plane = planes::to_drain();
    until(PATIENCE, "the node to be empty", || match pods_on(plane, "node-1") {
        pods if pods.is_empty() => Ok(()),
        pods => Err(format!("{pods:?}")),
    });
    let shop = Shop::open(plane, "drained");
    let budgets = "/apis/policy/v1/namespaces/drained/poddisruptionbudgets";
    let budget = json!({ "metadata": { "name": "web" },
        "spec": { "minAvailable": 3, "selector": { "matchLabels": { "app": "web" } } } });
    plane.ask("POST", budgets, Some(&budget));
    let container = json!([{ "name": "a", "image": "registry.test/shop/web:1.4.2" }]);
    let bare = json!({ "metadata": { "name": "debug" }, "spec": { "containers": container } });
    plane.ask("POST", &shop.core("pods"), Some(&bare));
    let keeps = json!({ "metadata": { "name": "cache" }, "spec": { "selector": { "matchLabels": { "app": "cache" } },
        "template": { "metadata": { "labels": { "app": "cache" } },
            "spec": { "volumes": [{ "name": "tmp", "emptyDir": {} }], "containers": container } } } });
    plane.ask("POST", &shop.apps("deployments"), Some(&keeps));
    until(PATIENCE, "five pods to run", || match shop.ready().len() {
        5 => Ok(()),
        n => Err(format!("{n} run")),
    });
    plane.node("node-2");
    let cockpit = cockpit(plane, "admin");
    let said = does(&cockpit, &["drain", "node-1", "--dry-run"]);
    for words in [
        "evict 3 of its 5 pods",
        "fit on 1 other node by requests",
        "budget web of 3 pods lets none go: 3 healthy, 3 wanted",
        "drained/debug has no controller and would be gone for good: skipped",
        "emptyDir tmp would be lost: skipped",
        "it ends as: partly drained, 2 left",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    let before = pods_on(plane, "node-1");
    let mut screen = Screen::open_at(&cockpit, "node/node-1");
    screen.until_shows(PATIENCE, &["live", "node-1"]);
    screen.press("D");
    screen.until_shows(PATIENCE, &["evict 3 of its 5 pods"]);
    screen.confirm();
    screen.until_shows(PATIENCE, &["The disruption budget web needs 3", "healthy pods and has 3 currently"]);
    assert_eq!(plane.ask("GET", "/api/v1/nodes/node-1", None)["spec"]["unschedulable"], true);
    assert_eq!(pods_on(plane, "node-1").len(), 5, "none has gone");
    plane.ask("PATCH", &format!("{budgets}/web"), Some(&json!({ "spec": { "minAvailable": 2 } })));
    until(PATIENCE, "the three to be elsewhere", || {
        let (here, there) = (pods_on(plane, "node-1"), pods_on(plane, "node-2"));
        let moved = here.len() == 2 && there.iter().filter(|name| name.starts_with("web-")).count() == 3;
        if moved { Ok(()) } else { Err(format!("{here:?} {there:?}\n{}", screen.text())) }
    });
    let left = pods_on(plane, "node-1");
    let is_old = |name: &String| before.contains(name) && (name == "debug" || name.starts_with("cache-"));
    assert!(left.iter().all(is_old), "what would be lost is as it was: {left:?}, of {before:?}");
    screen.until_shows(PATIENCE, &["partly drained, 2 left", "drained/debug", "it was skipped, and is still there"]);
    drop(screen);
    does(&cockpit, &["uncordon", "node-1", "--yes", "--wait=1m"]);
    assert_eq!(plane.ask("GET", "/api/v1/nodes/node-1", None)["spec"].get("unschedulable"), None);
    let (code, said) = says(&cockpit, &["drain", "node-1", "--unmanaged", "--local-data", "--yes"]);
    assert!(code == Some(3) && said.contains("--confirm node-1"), "what is lost asks for the name: {said}");
    // Who drains it next finds it empty.
    plane.ask("DELETE", &shop.apps("deployments"), None);
    plane.ask("DELETE", &shop.core("pods?gracePeriodSeconds=0"), None);
    plane.ask("DELETE", "/api/v1/namespaces/drained", None);
}
