//! One changed instance, and one key, at 50,000 instances: diagnosed and drawn.

use cockpit::action::Guard;
use cockpit::diagnose::Settings;
use cockpit::domain::{Batch, Fact, Object, Phase, Source};
use cockpit::engine::Core;

use crate::fleet;
use crate::measure::{Report, milliseconds, percentile};
use crate::world::INSTANCES;

/// A core that holds the fleet, diagnosed.
pub fn loaded() -> Core {
    let mut core = Core::new(Settings::default(), Guard::default(), &[fleet::cluster()], fleet::now());
    fleet::batches(INSTANCES).for_each(|batch| core.fold(batch));
    core.settle_now(fleet::now());
    core
}

/// Batches in which one instance becomes ready or stops being ready, each of another instance.
pub fn changes(core: &Core, count: usize) -> Vec<Batch> {
    let view = core.view(fleet::now());
    let mut keys: Vec<_> = view.instances().map(|it| it.key.clone()).collect();
    keys.sort();
    let step = (keys.len() / count).max(1);
    let changed = keys.iter().step_by(step).take(count).filter_map(|key| {
        let mut it = view.instance(key)?.clone();
        it.ready = !it.ready;
        it.phase = if it.ready { Phase::Running } else { Phase::Starting };
        let facts = vec![Fact::Put(Source::of("pods"), Object::Instance(Box::new(it)))];
        Some(Batch { cluster: fleet::cluster(), at: fleet::now(), facts })
    });
    changed.collect()
}

/// Diagnosis of the whole fleet, and of one change in it.
pub fn figures(report: &mut Report) {
    if !report.wants("diagnose") {
        return;
    }
    let (time, mut core) = milliseconds(loaded);
    report.say("diagnose: 50,000 instances made, folded and diagnosed", time, 2000.0, "ms");
    println!("diagnose: {} incidents", core.diagnosis().incidents().len());
    let mut times: Vec<f64> = changes(&core, 500)
        .into_iter()
        .map(|batch| {
            let turn = || {
                core.fold(batch);
                core.turn(fleet::now(), &mut || true)
            };
            milliseconds(turn).0
        })
        .collect();
    report.say("diagnose: one changed instance of 50,000, p99 of 500", percentile(&mut times, 99.0), 5.0, "ms");
}
