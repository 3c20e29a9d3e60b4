//! Two people before two screens of one engine.

use std::path::Path;

use super::COCKPIT;
use super::docker::Engine;
use super::driver::{Terminal, command};

fn screen(engine: &Engine, home: &Path) -> Terminal {
    let mut cockpit = command(COCKPIT, &[], home);
    cockpit.env("DOCKER_HOST", format!("unix://{}", engine.socket().display()));
    let mut terminal = Terminal::start(cockpit, 120, 36);
    terminal.wait_for("crash-loop");
    terminal
}

/// Opens the menu that snoozes a row of triage.
fn about_to_snooze(terminal: &mut Terminal, row: &str) {
    terminal.type_keys(&format!("/{row}\r"));
    terminal.wait_until("its row alone", |shown| {
        shown.contains("hides") && shown.lines().any(|line| line.contains('▸') && line.contains(row))
    });
    terminal.type_keys("z");
    terminal.wait_for("for an hour");
}

#[test]
fn two_who_snooze_at_once_see_what_each_other_said_and_so_does_who_comes_later() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let mut engine = Engine::recorded("1.52");
    runtime.block_on(async { engine.start() });
    let home = tempfile::tempdir().expect("a folder");
    let (mut anna, mut ben) = (screen(&engine, home.path()), screen(&engine, home.path()));
    about_to_snooze(&mut anna, "not-found-loop");
    about_to_snooze(&mut ben, "unhealthy-timeout");
    anna.type_keys("for an hour\r");
    ben.type_keys("for an hour\r");
    let both = |shown: &str| {
        shown.contains("2 snoozed") && !shown.contains("not-found-loop") && !shown.contains("unhealthy-timeout")
    };
    for terminal in [&mut anna, &mut ben] {
        terminal.type_keys("/\x15\r");
        terminal.wait_until("both folded away", both);
    }
    let mut cleo = screen(&engine, home.path());
    cleo.wait_until("the same, from the start", both);
}
