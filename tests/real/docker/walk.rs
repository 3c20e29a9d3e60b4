//! From triage to the line that says why.

use super::on_both;
use crate::cockpit::Cockpit;
use crate::screen::Screen;
use crate::servers::{Api, Engine};
use crate::wait::PATIENCE;

on_both!(one_key_leads_to_the_guilty_line);

fn one_key_leads_to_the_guilty_line(api: Api) {
    let engine = Engine::start(api);
    engine.compose_in("compose-json", &["up", "-d"]);
    engine.until_restarts("payments-worker-1", 3);
    let cockpit = Cockpit::on(&engine);
    let mut screen = Screen::open(&cockpit);
    screen.leads_to_the_guilty_line(PATIENCE, "payments/worker");
    engine.compose_in("compose-json", &["down", "-t", "1", "-v"]);
}
