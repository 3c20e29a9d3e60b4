//! From triage to the line that says why.

use super::on_both;
use crate::cockpit::Cockpit;
use crate::screen::Screen;
use crate::servers::{Api, Engine};
use crate::wait::PATIENCE;

on_both!(one_key_leads_to_the_guilty_line, a_service_is_heard_from_every_node);

fn one_key_leads_to_the_guilty_line(api: Api) {
    let engine = Engine::start(api);
    engine.compose_in("compose-json", &["up", "-d"]);
    engine.until_restarts("payments-worker-1", 3);
    let cockpit = Cockpit::on(&engine);
    let mut screen = Screen::open(&cockpit);
    screen.leads_to_the_guilty_line(PATIENCE, "payments/worker");
    engine.compose_in("compose-json", &["down", "-t", "1", "-v"]);
}

fn a_service_is_heard_from_every_node(api: Api) {
    let manager = Engine::start(api);
    manager.swarm();
    let worker = Engine::start(api);
    worker.join(&manager, "Worker");
    manager.service("talks");
    manager.until_tasks("talks", "running", 2);
    let cockpit = Cockpit::on(&manager);
    let mut screen = Screen::open(&cockpit);
    screen.press("7");
    screen.until(PATIENCE, "the service", |text| text.lines().any(|line| line.contains("shop/talks")));
    screen.press("/talks\r");
    screen.until(PATIENCE, "the service alone, selected", |text| {
        text.lines().any(|line| line.contains('▸') && line.contains("shop/talks")) && text.contains("/talks")
    });
    screen.press("l");
    screen.until(PATIENCE, "lines of both tasks", |text| {
        let nodes = text.lines().filter_map(|line| line.split(" on node ").nth(1)?.split(' ').next());
        nodes.collect::<std::collections::BTreeSet<_>>().len() == 2
    });
}
