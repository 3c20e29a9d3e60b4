//! Behind a thin, long line, while output pours.

use super::docker::Engine;
use super::thin::pouring;

/// What may come between a key and its answer: what is under way in the line, and the answer itself. A frame of new lines
/// at 200x60 is twice as much.
const ANSWER: usize = 20_000 * 150 / 1000 + 3_000;
/// A key may come just when such a frame is on its way, one time in three; not so often in a row.
const TRIES: usize = 8;

#[test]
fn a_key_does_not_wait_behind_output_that_pours() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let mut engine = Engine::recorded("1.52");
    runtime.block_on(async { engine.start() });
    let home = tempfile::tempdir().expect("a folder");
    for (columns, rows) in [(80, 24), (200, 60)] {
        let mut terminal = pouring(&engine, home.path(), columns, rows);
        // Long enough for frames to pile up, if they did: so much has come through the line.
        let poured = terminal.bytes.len() + 30_000;
        terminal.wait_until_bytes(poured);
        let mut came: Vec<usize> = Vec::new();
        while came.last().is_none_or(|came| *came > ANSWER) {
            assert!(came.len() < TRIES, "{columns}x{rows}: {came:?} B came before answers, not once {ANSWER} or less");
            let before = terminal.bytes.len();
            terminal.type_keys("?");
            terminal.wait_for("Keys that work here");
            came.push(terminal.bytes.len() - before);
            terminal.type_keys("\x1b");
            terminal.wait_until("no help", |shown| !shown.contains("Keys that work here"));
        }
        terminal.type_keys(":quit\r");
        assert_eq!(terminal.wait_end(), 0);
    }
}
