//! cockpit against real servers, started and stopped here. Run by `tests/real/run`; needs root and `tests/real/setup`.
//!
//! What is checked is what a person gets: the list of `cockpit triage --json`, and the screen itself in a terminal.

mod agents;
mod api;
mod cockpit;
mod command;
mod docker;
mod hand;
mod kubernetes;
mod metrics;
mod nomad;
mod numbers;
mod planes;
mod proxy;
#[path = "../scenes/mod.rs"]
mod scenes;
mod screen;
mod servers;
mod wait;
