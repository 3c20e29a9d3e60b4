//! The program in a terminal behind a thin, long line, while output pours: how long a key waits for its answer.

use std::time::Instant;

use crate::docker::Engine;
use crate::measure::{Report, percentile};
use crate::thin::{THIN, pouring};

const KEYS: usize = 60;

/// Keys over 20 kB/s and 300 ms there and back, less what the line takes for one byte there and back.
pub fn figures(report: &mut Report) {
    if !report.wants("link") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let mut engine = Engine::recorded("1.52");
    runtime.block_on(async { engine.start() });
    let home = tempfile::tempdir().expect("a folder");
    for (columns, rows) in [(80, 24), (120, 36)] {
        let mut terminal = pouring(&engine, home.path(), columns, rows);
        let mut times: Vec<f64> = Vec::new();
        for _ in 0..KEYS {
            // The field of the filter opens and closes in the last line.
            for (key, open) in [("/", true), ("\x1b", false)] {
                let began = Instant::now();
                terminal.type_keys(key);
                terminal.wait_until("an answer", |shown| shown.contains("enter keep") == open);
                times.push((began.elapsed().as_secs_f64() - 2.0 * THIN.delay.as_secs_f64()) * 1000.0);
            }
        }
        let size = format!("{columns}x{rows}");
        println!(
            "link: a key at {size}, p50 {:.0} ms, p99 {:.0} ms",
            percentile(&mut times, 50.0),
            percentile(&mut times, 99.0)
        );
        report.say(
            &format!("link: a key at {size} while 5,000 lines/s pour, beyond the line's own 300 ms, p90"),
            percentile(&mut times, 90.0),
            100.0,
            "ms",
        );
        terminal.type_keys(":quit\r");
        terminal.wait_end();
    }
}
