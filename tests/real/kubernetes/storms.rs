//! What goes wrong in the middle of an action: the server dies, cockpit dies, the line dies, somebody else was first, an answer is
//! lost, keys come that nobody meant. What was begun is gone on with or put back, by whoever has the right; nothing is done twice.

use rustix::process::Signal;
use serde_json::{Value, json};

use super::act::Shop;
use super::{PATIENCE, cockpit};
use crate::cockpit::{Cockpit, Group};
use crate::command::{does, says};
use crate::planes::{self, Plane, alone};
use crate::proxy::Slow;
use crate::screen::Screen;
use crate::wait::until;

const NODE: &str = "/api/v1/nodes/node-1";
const HELD: &str = "The disruption budget web needs 3";

/// Three pods on node-1 that may not run elsewhere, and a budget that lets none of them go: a drain has a middle. Whoever is here
/// is alone with the plane.
struct Stage {
    shop: Shop<'static>,
}

impl Stage {
    #[track_caller]
    fn set(namespace: &'static str) -> Self {
        let stage = Self { shop: Shop::empty(planes::to_drain(), namespace) };
        let container = json!({ "name": "web", "image": "registry.test/shop/web:1.4.2",
            "readinessProbe": { "exec": { "command": ["true"] }, "periodSeconds": 1 } });
        let template = json!({ "metadata": { "labels": { "app": "web" } }, "spec": { "terminationGracePeriodSeconds": 1,
            "nodeSelector": { "kubernetes.io/hostname": "node-1" }, "containers": [container] } });
        let selector = json!({ "matchLabels": { "app": "web" } });
        let web = json!({ "metadata": { "name": "web" }, "spec": { "replicas": 3, "selector": selector, "template": template } });
        stage.plane().ask("POST", &stage.shop.apps("deployments"), Some(&web));
        let budget = json!({ "metadata": { "name": "web" }, "spec": { "minAvailable": 3, "selector": selector } });
        let budgets = format!("/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets");
        stage.plane().ask("POST", &budgets, Some(&budget));
        stage.shop.until_ready(3);
        until(PATIENCE, "the budget to have seen them", || match stage.plane().ask("GET", &stage.budget(), None) {
            budget if budget["status"]["currentHealthy"] == 3 => Ok(()),
            budget => Err(budget["status"].to_string()),
        });
        stage
    }

    fn plane(&self) -> &'static Plane {
        self.shop.plane
    }

    fn budget(&self) -> String {
        format!("/apis/policy/v1/namespaces/{}/poddisruptionbudgets/web", self.shop.namespace)
    }

    /// Drains node-1 by its keys until the budget holds it up.
    #[track_caller]
    fn drains<'a>(&self, cockpit: &'a Cockpit) -> Screen<'a> {
        let mut screen = Screen::open_at(cockpit, "node/node-1");
        screen.until_shows(PATIENCE, &["live", "node-1"]);
        screen.press("D");
        screen.until_shows(PATIENCE, &["evict 3 of its"]);
        screen.confirm();
        screen.until_shows(PATIENCE, &["held back", HELD]);
        assert!(self.is_cordoned());
        screen
    }

    /// The budget goes, and with it what holds them.
    #[track_caller]
    fn frees(&self) {
        self.plane().ask("DELETE", &self.budget(), None);
    }

    #[track_caller]
    fn is_cordoned(&self) -> bool {
        self.plane().ask("GET", NODE, None)["spec"]["unschedulable"] == true
    }

    #[track_caller]
    fn until_all_are_others(&self, before: &std::collections::BTreeSet<String>) {
        until(PATIENCE, "every pod of before to be gone", || {
            let pods = self.plane().ask("GET", &self.shop.core("pods"), None);
            let uids =
                pods["items"].as_array().expect("a list").iter().filter_map(|pod| pod["metadata"]["uid"].as_str());
            let left: Vec<&str> = uids.filter(|uid| before.contains(*uid)).collect();
            if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
        });
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // The next one finds the node as this one did. Where that fails it says so itself.
        let plane = self.plane();
        plane.revive();
        let _ = plane.tries_to_ask("PATCH", NODE, Some(&json!({ "spec": { "unschedulable": null } })));
        let _ = plane.tries_to_ask("DELETE", &self.shop.apps("deployments/web"), None);
        let _ = plane.tries_to_ask("DELETE", &self.shop.core("pods?gracePeriodSeconds=0"), None);
        let _ = plane.tries_to_ask("DELETE", &format!("/api/v1/namespaces/{}", self.shop.namespace), None);
    }
}

/// Evictions that the server has accepted since it was started, by its own count.
#[track_caller]
fn evictions(plane: &Plane) -> u64 {
    let said = plane.text("/metrics");
    let counts = said.lines().filter(|line| {
        line.starts_with("apiserver_request_total{")
            && line.contains("subresource=\"eviction\"")
            && line.contains("code=\"201\"")
            && line.contains("dry_run=\"\"")
    });
    counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

/// What the journal knows of the newest drain.
#[track_caller]
fn drain_of(cockpit: &Cockpit) -> Value {
    let said = does(cockpit, &["history", "actions", "--json"]);
    let report: Value = serde_json::from_str(&said).expect("JSON and nothing else");
    let entries = report["entries"].as_array().expect("a list");
    entries.iter().find(|entry| entry["verb"] == "drain").cloned().unwrap_or_else(|| panic!("no drain: {said}"))
}

#[test]
fn a_drain_outlives_its_api_server() {
    let _alone = alone();
    let stage = Stage::set("outlived");
    let before = stage.shop.ready();
    let cockpit = cockpit(stage.plane(), "admin");
    let mut screen = stage.drains(&cockpit);
    stage.plane().kill_api();
    screen.until_shows(PATIENCE, &["held back", "the API server, which is away"]);
    stage.plane().start_api();
    screen.until(PATIENCE, "it to ask again by itself", |text| text.contains(HELD) && !text.contains("which is away"));
    assert_eq!(evictions(stage.plane()), 0);
    stage.frees();
    screen.until_shows(PATIENCE, &["Drain node-1 (testbed) ─ done"]);
    stage.until_all_are_others(&before);
    assert_eq!(evictions(stage.plane()), 3, "each once");
    drop(screen);
    assert_eq!(drain_of(&cockpit)["outcome"], "done");
}

#[test]
fn what_was_killed_in_the_middle_another_person_goes_on_with() {
    let _alone = alone();
    let stage = Stage::set("left");
    let before = stage.shop.ready();
    let group = Group::new();
    let person = |name, id| Cockpit::of_user(&stage.plane().kubeconfig("admin"), &group, name, id);
    let (anna, ben) = (person("anna", 61_001), person("ben", 61_002));
    let hers = stage.drains(&anna);
    let mut his = Screen::open(&ben);
    his.press("9");
    his.until_shows(PATIENCE, &["node-1", "anna", "under way"]);
    hers.kill();
    his.press("1");
    his.until_shows(PATIENCE, &["a drain by anna@", "was left in the middle"]);
    his.select("was left in the middle");
    his.press_for("X", &["left in the middle by anna", "enter go on", "u uncordon"]);
    his.press_for("\r", &["go on where anna left it", "3 steps"]);
    his.confirm();
    his.until_shows(PATIENCE, &["held back", HELD]);
    let evicted = evictions(stage.plane());
    stage.frees();
    his.until_shows(PATIENCE, &["Drain node-1 (testbed) ─ done"]);
    stage.until_all_are_others(&before);
    assert_eq!(evictions(stage.plane()) - evicted, 3, "each once");
    drop(his);
    let drain = drain_of(&ben);
    let names = |who: &Value| who["name"].as_str().unwrap_or_default().split('@').next().unwrap_or_default().to_owned();
    assert_eq!((names(&drain["by"]), names(&drain["taken_by"])), ("anna".into(), "ben".into()), "{drain}");
    assert_eq!(drain["outcome"], "done");
}

#[test]
fn what_the_line_died_in_the_middle_of_is_put_back() {
    let _alone = alone();
    let stage = Stage::set("hung-up");
    let before = stage.shop.ready();
    let group = Group::new();
    let person = |name, id| Cockpit::of_user(&stage.plane().kubeconfig("admin"), &group, name, id);
    let (anna, ben) = (person("anna", 61_001), person("ben", 61_002));
    // The line of an ssh dies, and the terminal with it.
    let mut hers = stage.drains(&anna);
    hers.signal(Signal::HUP);
    hers.until_ended(PATIENCE);
    // Her own next start goes on with it; a machine that goes down ends that one too.
    let mut again = Screen::open(&anna);
    again.until_shows(PATIENCE, &["a drain by anna@", "was left in the middle"]);
    again.select("was left in the middle");
    again.press_for("X", &["left in the middle by you", "enter go on"]);
    again.press_for("\r", &["go on where"]);
    again.confirm();
    again.until_shows(PATIENCE, &["held back", HELD]);
    again.signal(Signal::TERM);
    again.until_ended(PATIENCE);
    // Somebody else puts it back.
    let mut his = Screen::open(&ben);
    his.until_shows(PATIENCE, &["a drain by anna@", "was left in the middle"]);
    his.select("was left in the middle");
    his.press_for("X", &["left in the middle by anna", "u uncordon"]);
    his.press_for("u", &["uncordon node-1", "ends what anna"]);
    his.confirm();
    his.until_shows(PATIENCE, &["─ done"]);
    assert!(!stage.is_cordoned());
    assert_eq!(stage.shop.ready(), before, "none of them has gone");
    drop(his);
    let drain = drain_of(&ben);
    assert_eq!(drain["between"][0]["name"].as_str().and_then(|name| name.split('@').next()), Some("anna"), "{drain}");
    let outcome = drain["outcome"].as_str().unwrap_or_default();
    assert!(
        outcome.starts_with("partly") && drain["taken_by"]["name"].as_str().is_some_and(|it| it.starts_with("ben")),
        "{drain}"
    );
}

#[test]
fn of_two_screens_one_wins_and_the_other_is_told() {
    let shop = Shop::open(planes::to_act_on(), "two");
    let (one, other) = (cockpit(shop.plane, "admin"), cockpit(shop.plane, "admin"));
    let mut screens = [&one, &other].map(|cockpit| Screen::open_at(cockpit, &shop.target()));
    let restarted = || shop.web().pointer("/spec/template/metadata/annotations").cloned();
    for screen in &mut screens {
        screen.until_shows(PATIENCE, &["live", "web"]);
        screen.press("r");
        screen.until_shows(PATIENCE, &["rollout restart deployment/web"]);
    }
    let [mine, theirs] = &mut screens;
    mine.confirm();
    mine.until_shows(PATIENCE, &["─ done"]);
    let first = restarted();
    assert!(first.is_some(), "one has restarted it");
    theirs.confirm_once();
    theirs.until_shows(PATIENCE, &["has changed", "disruptive: y, then enter"]);
    assert_eq!(restarted(), first, "the other has done nothing");
    // Who has read what changed may still mean it.
    theirs.confirm();
    until(PATIENCE, "it to be restarted once more", || match restarted() {
        now if now != first => Ok(()),
        now => Err(format!("{now:?}\n{}", theirs.text())),
    });
}

/// A way to the plane that is slow or cut when a test says so, and a cockpit that goes it.
fn by_a_slow_way(plane: &Plane, who: &str) -> (Slow, Cockpit) {
    let path = plane.kubeconfig(who);
    let said = std::fs::read_to_string(&path).expect("a kubeconfig");
    let port = said.split("https://127.0.0.1:").nth(1).and_then(|rest| rest.split_whitespace().next());
    let port = port.expect("the server's port");
    let slow = Slow::to(port.parse().expect("a number"));
    let changed = path.with_extension(format!("{who}-{}", slow.port()));
    std::fs::write(&changed, said.replace(port, &slow.port().to_string())).expect("a kubeconfig");
    (slow, Cockpit::of(&changed))
}

#[test]
fn an_answer_that_is_lost_is_read_from_the_world_and_nothing_is_sent_again() {
    let shop = Shop::open(planes::to_act_on(), "lost");
    let (way, cockpit) = by_a_slow_way(shop.plane, "admin");
    let before = (shop.ready(), shop.web()["metadata"]["generation"].as_u64().expect("a number"));
    let mut screen = Screen::open_at(&cockpit, &shop.target());
    screen.until_shows(PATIENCE, &["live", "web"]);
    screen.press("r");
    screen.until_shows(PATIENCE, &["rollout restart deployment/web"]);
    way.slow_down();
    screen.confirm();
    until(PATIENCE, "it to be restarted", || match shop.web()["metadata"]["generation"].as_u64() {
        Some(now) if now > before.1 => Ok(()),
        now => Err(format!("{now:?}\n{}", screen.text())),
    });
    way.cut();
    screen.until_shows(PATIENCE, &["no answer came"]);
    screen.until_shows(PATIENCE, &["─ done"]);
    assert_eq!(shop.web()["metadata"]["generation"].as_u64(), Some(before.1 + 1), "changed once");
    until(PATIENCE, "every pod to be another", || match shop.ready() {
        now if now.is_disjoint(&before.0) => Ok(()),
        now => Err(format!("{now:?}")),
    });
    let sets = shop.plane.ask("GET", &shop.apps("replicasets"), None);
    assert_eq!(sets["items"].as_array().map(Vec::len), Some(2), "one more revision");
}

#[test]
fn evictions_whose_answers_are_lost_are_not_asked_for_again() {
    let _alone = alone();
    let stage = Stage::set("unheard");
    let before = stage.shop.ready();
    let (way, cockpit) = by_a_slow_way(stage.plane(), "admin");
    stage.frees();
    let evicted = evictions(stage.plane());
    let mut screen = Screen::open_at(&cockpit, "node/node-1");
    screen.until_shows(PATIENCE, &["live", "node-1"]);
    screen.press("D");
    screen.until_shows(PATIENCE, &["evict 3 of its"]);
    way.slow_down();
    screen.confirm();
    until(PATIENCE, "the first to be evicted", || match evictions(stage.plane()) - evicted {
        0 => Err(screen.text()),
        _ => Ok(()),
    });
    way.cut();
    screen.until_shows(PATIENCE, &["Drain node-1 (testbed) ─ done"]);
    stage.until_all_are_others(&before);
    assert_eq!(evictions(stage.plane()) - evicted, 3, "each once");
}

#[test]
fn what_is_pasted_or_typed_ahead_changes_nothing() {
    let shop = Shop::open(planes::to_act_on(), "typed");
    // There is something that can be taken back.
    does(&cockpit(shop.plane, "admin"), &["restart", &shop.target(), "--yes", "--wait=2m"]);
    let seen = || {
        let web = shop.web();
        (web["metadata"]["generation"].clone(), web["spec"].clone())
    };
    let before = seen();
    let cockpit = cockpit(shop.plane, "admin");
    let mut screen = Screen::open_at(&cockpit, &shop.target());
    screen.until_shows(PATIENCE, &["live", "web"]);
    let text: String = "uyyy\ry\rr y\ryes\rs9\ry\rD\ry\r".chars().cycle().take(1024).collect();
    // As a paste that the terminal marks as one.
    screen.press(&format!("\x1b[200~{text}\x1b[201~"));
    // And as keys that come all at once, of somebody who is too quick.
    screen.press("uyyy\r");
    screen.until_shows(PATIENCE, &["y, then enter"]);
    screen.press("yy");
    screen.press("\x1b");
    screen.until(PATIENCE, "the preview to be left", |text| !text.contains("y, then enter"));
    // And as 1 KiB of keys, from a terminal that marks no paste.
    screen.press(&text);
    screen.until(PATIENCE, "the screen to be there still", |text| text.contains("web"));
    drop(screen);
    assert_eq!(seen(), before);
}

#[test]
fn a_cluster_that_is_watched_read_only_is_changed_by_no_command() {
    let shop = Shop::open(planes::to_act_on(), "kept");
    let cockpit = cockpit(shop.plane, "admin");
    let target = shop.target();
    let seen = || {
        (shop.web()["metadata"]["generation"].clone(), shop.ready(), shop.plane.ask("GET", NODE, None)["spec"].clone())
    };
    let before = seen();
    let pod = shop.plane.ask("GET", &shop.core("pods"), None)["items"][0]["metadata"]["name"].clone();
    let pod = format!("kept/pod/{}", pod.as_str().expect("a name"));
    for line in [
        vec!["restart", &target],
        vec!["scale", &target, "9"],
        vec!["undo", &target],
        vec!["set", &target, "--memory", "64Mi"],
        vec!["pause", &target],
        vec!["drain", "node-1", "--confirm", "node-1"],
        vec!["cordon", "node-1"],
        vec!["stop", &pod],
        vec!["kill", &pod, "--confirm", "x"],
    ] {
        let (code, said) = says(&cockpit, &[&line[..], &["--yes", "--read-only"]].concat());
        assert!(code == Some(3) && said.contains("read-only"), "{line:?}: {code:?} {said}");
    }
    assert_eq!(seen(), before);
}
