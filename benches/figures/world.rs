//! Folding 50,000 instances: how long, and how much memory each.

use cockpit::domain::Batch;
use cockpit::state::World;

use crate::fleet;
use crate::measure::{Report, milliseconds, percentile, resident_bytes};

/// Instances of the fleet that the figures are of.
pub const INSTANCES: usize = 50_000;

fn fold(batches: impl IntoIterator<Item = Batch>) -> World {
    let mut world = World::default();
    batches.into_iter().for_each(|batch| world.fold(batch));
    world
}

/// Folding time and memory.
pub fn figures(report: &mut Report) {
    if !report.wants("fold") {
        return;
    }
    // The code itself is paged in before memory is counted.
    drop(fold(fleet::batches(1_000)));
    let before = resident_bytes();
    let world = fold(fleet::batches(INSTANCES));
    let each = (resident_bytes() - before) / INSTANCES as f64;
    report.say("fold: resident memory of one of 50,000 instances", each, 1024.0, "B");
    drop(world);
    let recording: Vec<String> =
        fleet::batches(INSTANCES).map(|batch| serde_json::to_string(&batch).expect("a batch is data")).collect();
    let read =
        || -> Vec<Batch> { recording.iter().map(|line| serde_json::from_str(line).expect("as written")).collect() };
    let mut times: Vec<f64> = (0..7)
        .map(|_| {
            let batches = read();
            milliseconds(|| fold(batches)).0
        })
        .collect();
    report.say("fold: 50,000 instances from facts, median of 7", percentile(&mut times, 50.0), 150.0, "ms");
}
