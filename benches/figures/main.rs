//! What must stay fast, as figures: `cargo bench --bench figures [NAME]`. Each is measured several times in one process; the
//! median (or the percentile that it names) is printed beside its bound. A bound that is missed is marked and makes the
//! command end with 1.

#[allow(dead_code, reason = "an engine for tests too")]
#[path = "../../tests/wire/engine.rs"]
mod docker;
#[allow(dead_code, reason = "a terminal for tests too")]
#[path = "../../tests/e2e/driver.rs"]
mod driver;
mod engine;
mod fleet;
mod link;
mod logs;
mod measure;
mod screen;
mod startup;
#[path = "../../tests/e2e/thin.rs"]
mod thin;
mod world;

use measure::Report;

fn main() -> std::process::ExitCode {
    let only: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let mut report = Report::new(only);
    startup::figures(&mut report);
    world::figures(&mut report);
    engine::figures(&mut report);
    screen::figures(&mut report);
    logs::figures(&mut report);
    link::figures(&mut report);
    report.finish()
}
