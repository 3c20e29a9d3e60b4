//! What goes wrong in the middle of an action on an engine: somebody else was first, an answer is lost.

use serde_json::Value;

use crate::cockpit::Cockpit;
use crate::proxy::Lossy;
use crate::screen::Screen;
use crate::servers::{Api, Engine};
use crate::wait::PATIENCE;

fn replicas(engine: &Engine) -> Value {
    engine.ask("GET", "/services/shop_web", None)["Spec"]["Mode"]["Replicated"]["Replicas"].clone()
}

#[test]
fn of_two_screens_on_a_service_one_wins_and_the_other_is_told() {
    let engine = Engine::start(Api::Current);
    engine.swarm();
    engine.service("web");
    engine.until_tasks("web", "running", 2);
    let cockpits = [Cockpit::on(&engine), Cockpit::on(&engine)];
    let mut screens = cockpits.each_ref().map(Screen::open);
    for (screen, to) in screens.iter_mut().zip(["3", "4"]) {
        screen.select_workload("shop/web");
        screen.press("s");
        screen.until_shows(PATIENCE, &["from 2 to"]);
        screen.press(&format!("{to}\r"));
        screen.until_shows(PATIENCE, &[&format!("docker service scale shop_web={to}")]);
    }
    let [mine, theirs] = &mut screens;
    mine.confirm();
    mine.until_shows(PATIENCE, &["─ done"]);
    assert_eq!(replicas(&engine), 3);
    theirs.confirm_once();
    theirs.until_shows(PATIENCE, &["has changed", "docker service scale shop_web=4"]);
    assert_eq!(replicas(&engine), 3, "the other has done nothing");
}

#[test]
fn an_answer_that_is_lost_is_read_from_the_engine_and_nothing_is_sent_again() {
    let engine = Engine::start(Api::Current);
    engine.swarm();
    engine.run("healthy", "api");
    engine.service("web");
    engine.until_tasks("web", "running", 2);
    engine.until("api", "healthy", |seen| seen["State"]["Health"]["Status"] == "healthy");
    let started = || engine.ask("GET", "/containers/api/json", None)["State"]["StartedAt"].clone();
    let before = started();
    let does = |name: &str, loses, line: &[&str]| {
        let socket = engine.dir().join(name);
        let way = Lossy::between(&socket, &engine.socket(), loses);
        let output = Cockpit::by(&socket).run(line);
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(said.contains("no answer came"), "{said}");
        assert_eq!(way.seen(), 1, "it was sent once\n{said}");
    };
    does("lossy-1", "/restart", &["restart", "api", "--yes", "--wait=90s"]);
    let once = started();
    assert_ne!(once, before, "it was done");
    // Without being told to wait it waits for that, and for no more.
    does("lossy-2", "/update?", &["scale", "shop/web", "3", "--yes"]);
    assert_eq!(replicas(&engine), 3);
    assert_eq!(started(), once);
}
