//! A screen behind a thin, long line that follows output which pours: for a test and for a benchmark.

use std::path::Path;
use std::time::Duration;

use super::docker::{Engine, json};
use super::driver::{Link, Terminal, command};

/// What a phone in a train carries.
pub const THIN: Link = Link { bytes_a_second: 20_000, delay: Duration::from_millis(150) };

/// A screen behind a line that follows a container which writes 5,000 lines a second.
pub fn pouring(engine: &Engine, home: &Path, columns: u16, rows: u16) -> Terminal {
    engine.answer("/containers/healthy/json", json("1.52", "inspect/healthy.json"));
    engine.script().pours.insert("/containers/healthy/logs".to_owned(), 5_000);
    let mut cockpit = command(env!("CARGO_BIN_EXE_cockpit"), &[], home);
    cockpit.env("DOCKER_HOST", format!("unix://{}", engine.socket().display()));
    let mut terminal = Terminal::start_over(Some(THIN), cockpit, columns, rows);
    terminal.wait_for("crash-loop");
    terminal.type_keys(":containers\r");
    terminal.wait_for("Containers");
    terminal.type_keys("/name:healthy*\r");
    terminal.wait_until("one container", |shown| !shown.contains("crash-loop"));
    terminal.type_keys("l");
    terminal.wait_for("of customer");
    terminal
}
