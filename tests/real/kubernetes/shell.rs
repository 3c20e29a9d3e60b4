//! A shell in a pod, and a debug container beside one that has none: by the keys of the screen and by the command line.

use serde_json::json;

use super::act::Shop;
use super::{PATIENCE, cockpit};
use crate::cockpit::Cockpit;
use crate::command::{does, says};
use crate::planes;
use crate::screen::Screen;
use crate::wait::until;

/// What the node has already: nothing is pulled.
const TOOLS: &str = "registry.test/shop/api:1.4.2";

fn status(cockpit: &Cockpit, arguments: &[&str]) -> (u32, String) {
    let mut screen = Screen::run(cockpit, arguments);
    (screen.until_status(PATIENCE), screen.text())
}

impl Shop<'_> {
    /// A pod whose image has no shell: what is in its `/bin` is hidden.
    #[track_caller]
    fn make_bare(&self) {
        let mount = |at: &str| json!({ "name": "tools", "mountPath": at });
        let copy = json!({ "name": "copy", "image": TOOLS, "command": ["cp", "/bin/busybox", "/tools/"],
            "volumeMounts": [mount("/tools")] });
        let bare = json!({ "name": "bare", "image": TOOLS, "command": ["/tools/busybox", "sleep", "31536000"],
            "volumeMounts": [mount("/tools"), { "name": "nothing", "mountPath": "/bin" }] });
        let pod = json!({ "metadata": { "name": "bare" }, "spec": {
            "terminationGracePeriodSeconds": 1, "initContainers": [copy], "containers": [bare],
            "volumes": [{ "name": "tools", "emptyDir": {} }, { "name": "nothing", "emptyDir": {} }] } });
        self.plane.ask("POST", &self.core("pods"), Some(&pod));
        until(PATIENCE, "the pod to run", || match self.plane.ask("GET", &self.core("pods/bare"), None) {
            pod if pod.pointer("/status/containerStatuses/0/state/running").is_some() => Ok(()),
            pod => Err(pod["status"].to_string()),
        });
    }

    fn bare(&self) -> String {
        format!("{}/Pod/bare", self.namespace)
    }
}

#[test]
fn a_shell_has_the_terminal_and_gives_it_back() {
    let shop = Shop::open(planes::to_act_on(), "shells");
    let cockpit = cockpit(shop.plane, "admin");
    let mut screen = Screen::open_at(&cockpit, &shop.target());
    screen.until_shows(PATIENCE, &["live", "web"]);
    screen.press(":shell\r");
    screen.until_shows(PATIENCE, &["open a shell in shells/web-", "exec -it web-", "-c web -- sh"]);
    screen.confirm();
    screen.until_shows(PATIENCE, &["ctrl-] three times within a second", "/ #"]);
    screen.press("echo is $((40+2)) $TERM; stty size\r");
    screen.until_shows(PATIENCE, &["is 42 xterm-256color", "30 120"]);
    screen.resize(25, 100);
    // A new size reaches it by the side: it is asked until it is there.
    screen.press_for("stty size\r", &["25 100"]);
    screen.press("yes flood\r");
    screen.until_shows(PATIENCE, &["flood\nflood\nflood"]);
    screen.press("\x03");
    screen.press("clear; echo st''opped\r");
    screen.until(PATIENCE, "ctrl-c to have stopped it", |text| text.contains("stopped") && !text.contains("flood"));
    screen.press("exit 5\r");
    screen.until_shows(PATIENCE, &["has ended with 5"]);
    screen.press("?");
    screen.until_shows(PATIENCE, &["getting around"]);
    drop(screen);
    let history = does(&cockpit, &["history", "actions"]);
    assert!(history.contains("shells/web-"), "{history}");
    let target = shop.target();
    let (code, said) =
        status(&cockpit, &["shell", &target, "-c", "web", "--", "sh", "-c", "echo is $((40+2)); exit 9"]);
    assert!(code == 9 && said.contains("is 42"), "{code} {said}");
    let (code, said) = status(&cockpit, &["shell", &target, "-c", "other"]);
    assert!(code == 3 && said.contains("container other is not there"), "{code} {said}");
}

#[test]
fn where_there_is_no_shell_it_says_so_and_a_debug_container_has_one() {
    let shop = Shop::empty(planes::to_act_on(), "no-shell");
    shop.make_bare();
    let cockpit = cockpit(shop.plane, "admin");
    let mut screen = Screen::open_at(&cockpit, &shop.bare());
    screen.until_shows(PATIENCE, &["live", "bare"]);
    screen.press(":shell\r");
    screen.until_shows(PATIENCE, &["open a shell in no-shell/bare", "in a debug container that is added to it"]);
    screen.confirm();
    screen.until_shows(PATIENCE, &["there is no shell in no-shell/bare: `:debug` adds a container that has one"]);
    drop(screen);
    // Not confirmed, nothing is added.
    let target = shop.bare();
    let image = format!("--debug={TOOLS}");
    let dry = does(&cockpit, &["shell", &target, &image, "--dry-run", "--", "sh"]);
    assert!(dry.contains("it stays in the pod until the pod goes") && dry.contains("--target=bare"), "{dry}");
    let pod = || shop.plane.ask("GET", &shop.core("pods/bare"), None);
    assert_eq!(pod().pointer("/spec/ephemeralContainers"), None);
    let mut shell = Screen::run(&cockpit, &["shell", &target, &image, "--yes", "--", "sh"]);
    shell.until_shows(PATIENCE, &["where no prompt is seen, press enter"]);
    shell.press_for("\r", &["/ #"]);
    shell.press("ps; echo is $((40+2))\r");
    shell.until_shows(PATIENCE, &["/tools/busybox sleep 31536000", "is 42"]);
    shell.press("exit 4\r");
    assert_eq!(shell.until_status(PATIENCE), 4, "{}", shell.text());
    let added = pod()["spec"]["ephemeralContainers"].clone();
    assert_eq!((&added[0]["name"], &added[0]["targetContainerName"]), (&json!("cockpit-debug-1"), &json!("bare")));
}

#[test]
fn who_may_not_is_told_so_and_read_only_refuses() {
    let shop = Shop::open(planes::to_act_on(), "no-shells-here");
    let target = shop.target();
    let (code, said) = says(&cockpit(shop.plane, "admin"), &["shell", &target, "--read-only"]);
    assert!(code == Some(3) && said.contains("--read-only"), "{code:?} {said}");
    let (code, said) = says(&cockpit(shop.plane, "admin"), &["shell", &target]);
    assert!(code == Some(2) && said.contains("no terminal"), "{code:?} {said}");
    let reader = cockpit(shop.plane, "no-events");
    let (code, said) = status(&reader, &["shell", &target]);
    assert!(code == 3 || code == 1, "{code} {said}");
    assert!(said.contains("pods/exec") && said.contains("cockpit rbac --control"), "{said}");
}
