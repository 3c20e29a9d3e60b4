//! What must stay fast, as figures: `cargo bench --bench figures [NAME]`. Each is measured several times in one process; the
//! median (or the percentile that it names) is printed beside its bound. A bound that is missed is marked and makes the
//! command end with 1.

mod engine;
mod fleet;
mod logs;
mod measure;
mod screen;
mod startup;
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
    report.finish()
}
