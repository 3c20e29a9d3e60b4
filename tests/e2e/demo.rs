//! The simulated company in a real terminal: from what is wrong to what was done about it.

use crate::COCKPIT;
use crate::driver::{Terminal, command};

fn demo(args: &[&str], columns: u16, rows: u16) -> (Terminal, tempfile::TempDir) {
    let home = tempfile::tempdir().expect("a folder");
    (Terminal::start(command(COCKPIT, args, home.path()), columns, rows), home)
}

#[test]
fn the_night_shows_what_is_wrong_on_three_orchestrators() {
    let (mut terminal, _home) = demo(&["--demo"], 120, 36);
    for words in ["OOM-killed at its 256 MiB limit", "cannot be placed", "2 managers: losing either stops the cluster"]
    {
        terminal.wait_for(words);
    }
    for (key, words) in [
        ("2", "cannot pull"),
        ("3", "shop/worker"),
        ("5", "orders"),
        ("6", "node-7"),
        ("7", "Deployment"),
        ("8", "QueueBacklog"),
    ] {
        terminal.type_keys(key);
        terminal.wait_for(words);
    }
    terminal.resize(80, 24);
    terminal.type_keys("1");
    terminal.wait_until("triage at 80x24", |shown| {
        shown.contains("shop/worker") && shown.lines().all(|line| line.chars().count() <= 80)
    });
    terminal.type_keys(":quit\r");
    assert_eq!(terminal.wait_end(), 0);
    assert!(!terminal.parser().screen().alternate_screen());
}

#[test]
fn a_company_without_an_incident_says_what_was_looked_at() {
    let (mut terminal, _home) = demo(&["--demo=calm"], 120, 36);
    terminal.wait_for("Nothing found in");
}

#[test]
fn from_a_key_to_its_consequence() {
    let (mut terminal, _home) = demo(&["--demo", "--demo-speed", "60"], 120, 36);
    terminal.wait_for("OOM-killed at its 256 MiB limit");
    terminal.type_keys(":prod/shop/worker");
    terminal.wait_for("prod/shop/worker  ");
    terminal.type_keys("\r");
    terminal.wait_for("instances");
    // The key that the footer names, until the preview has been there for long enough to be read.
    terminal.type_keys("u");
    terminal.wait_for("Roll back shop/worker (prod) to 41");
    terminal.wait_for("disruptive: y, then enter");
    press_until(&mut terminal, "y", "enter do it");
    terminal.type_keys("\r");
    terminal.wait_for("Roll back shop/worker (prod) to 41 ─ done");
    terminal.type_keys("\x1b");
    terminal.wait_until("no run any more", |shown| !shown.contains("to 41 ─ done"));
    terminal.type_keys("9");
    // Its row, wherever it stands: what is still in effect stands above it, and the night goes on meanwhile.
    let told = |line: &str| ["undo", "shop/worker", "done"].iter().all(|word| line.contains(word));
    terminal.wait_until("the journal's row", |shown| shown.lines().any(told));
}

/// Presses a key again and again until it is taken: a preview takes none before it could be read.
fn press_until(terminal: &mut Terminal, key: &str, words: &str) {
    let end = std::time::Instant::now() + crate::driver::DEADLINE;
    while !terminal.shown().contains(words) {
        assert!(std::time::Instant::now() < end, "never seen: {words}\n{}", terminal.shown());
        terminal.type_keys(key);
        terminal.settle();
    }
}

#[test]
fn a_recording_of_the_night_shows_the_same_night() {
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("night.jsonl");
    let file = file.to_string_lossy();
    let mut terminal = Terminal::start(command(COCKPIT, &["--demo", "--record", &file], home.path()), 120, 36);
    terminal.wait_for("OOM-killed at its 256 MiB limit");
    terminal.wait_for("cannot be placed");
    terminal.type_keys(":quit\r");
    assert_eq!(terminal.wait_end(), 0);
    let mut terminal = Terminal::start(command(COCKPIT, &["--replay", &file], home.path()), 120, 36);
    terminal.wait_for("OOM-killed at its 256 MiB limit");
    terminal.wait_for("cannot be placed");
    terminal.wait_for("read-only");
}
