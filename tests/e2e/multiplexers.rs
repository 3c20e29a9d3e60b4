//! The demo within tmux and GNU screen, as most people run it over ssh. Where one of them is not installed its test says so and
//! does nothing. Each has a server of its own, that ends with the test.

use std::process::{Command, Output};
use std::time::Instant;

use portable_pty::CommandBuilder;

use crate::COCKPIT;
use crate::driver::{DEADLINE, Terminal, command};

/// Whether a program is there; says so where it is not.
fn is_installed(program: &str, version: &str) -> bool {
    let there = Command::new(program).arg(version).output().is_ok();
    if !there {
        eprintln!("SKIPPED: {program} is not installed");
    }
    there
}

const FIRST: &str = "OOM-killed at its";

struct Tmux {
    home: tempfile::TempDir,
}

impl Tmux {
    fn arguments(&self) -> [String; 4] {
        let socket = self.home.path().join("socket");
        ["-S".to_owned(), socket.to_string_lossy().into_owned(), "-f".to_owned(), "/dev/null".to_owned()]
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut tmux = Command::new("tmux");
        tmux.args(self.arguments()).args(arguments).env_clear().env("HOME", self.home.path());
        for (name, value) in [("LANG", "C.UTF-8"), ("PATH", "/usr/bin:/bin"), ("TERM", "xterm-256color")] {
            tmux.env(name, value);
        }
        tmux.output().expect("tmux runs")
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.run(&["capture-pane", "-p", "-t", "night"]).stdout).into_owned()
    }

    fn wait_until(&self, what: &str, holds: impl Fn(&str) -> bool) {
        let end = Instant::now() + DEADLINE;
        while !holds(&self.shown()) {
            assert!(Instant::now() < end, "never seen: {what}\n{}", self.shown());
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// A terminal that is attached to it.
    fn attach(&self, columns: u16, rows: u16) -> Terminal {
        let mut arguments: Vec<String> = self.arguments().to_vec();
        arguments.extend(["attach", "-t", "night"].map(str::to_owned));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Terminal::start(command("tmux", &arguments, self.home.path()), columns, rows)
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        // Gone already where all went well.
        self.run(&["kill-server"]);
    }
}

/// A frame of this size is whole: no line is longer, and the last one says what can be done.
fn is_whole(shown: &str, columns: usize, rows: usize) -> bool {
    let last = shown.lines().nth(rows - 1).unwrap_or_default();
    shown.lines().all(|line| line.chars().count() <= columns) && !last.trim().is_empty()
}

#[test]
fn within_tmux_it_follows_the_size_is_left_and_found_again() {
    if !is_installed("tmux", "-V") {
        return;
    }
    let tmux = Tmux { home: tempfile::tempdir().expect("a folder") };
    let started = tmux.run(&["new-session", "-d", "-x", "80", "-y", "24", "-s", "night", COCKPIT, "--demo"]);
    assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
    tmux.wait_until("triage at 80x24", |shown| shown.contains(FIRST) && is_whole(shown, 80, 24));
    tmux.run(&["resize-window", "-t", "night", "-x", "120", "-y", "36"]);
    tmux.wait_until("triage at 120x36", |shown| shown.contains("7 Workloads") && is_whole(shown, 120, 36));
    tmux.run(&["resize-window", "-t", "night", "-x", "40", "-y", "10"]);
    tmux.wait_until("triage at 40x10", |shown| shown.contains('✖') && is_whole(shown, 40, 10));

    // Whoever attaches has another size: the window is to be as large as that.
    tmux.run(&["set-option", "-w", "-t", "night", "window-size", "latest"]);
    let mut first = tmux.attach(100, 31);
    first.wait_for(FIRST);
    first.type_keys("7");
    first.wait_for("Deployment");
    tmux.run(&["detach-client", "-s", "night"]);
    first.wait_end();
    let mut second = tmux.attach(120, 37);
    second.wait_for("Deployment");
    second.type_keys("\x0c");
    second.type_keys("1");
    second.wait_for(FIRST);
    tmux.run(&["detach-client", "-s", "night"]);
    second.wait_end();

    tmux.run(&["send-keys", "-t", "night", ":quit", "Enter"]);
    let end = Instant::now() + DEADLINE;
    while tmux.run(&["has-session", "-t", "night"]).status.success() {
        assert!(Instant::now() < end, "it has not ended");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// GNU screen with its sockets in a directory of its own.
fn screen(home: &std::path::Path, arguments: &[&str]) -> CommandBuilder {
    let mut screen = command("screen", arguments, home);
    screen.env("SCREENDIR", home.join("sockets"));
    screen.env("SCREENRC", "/dev/null");
    screen
}

#[test]
fn within_screen_it_is_left_and_found_again_in_256_colours_at_most() {
    if !is_installed("screen", "-v") {
        return;
    }
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(home.path().join("sockets")).expect("a folder");
    std::fs::set_permissions(home.path().join("sockets"), PermissionsExt::from_mode(0o700)).expect("permissions");
    let mut start = screen(home.path(), &["-U", "-S", "night", COCKPIT, "--demo", "--theme", "slate"]);
    start.env("COLORTERM", "truecolor");
    let mut terminal = Terminal::start(start, 80, 24);
    terminal.wait_until("triage", |shown| shown.contains(FIRST) && is_whole(shown, 80, 24));
    let ground = terminal.parser().screen().cell(0, 0).map(|cell| cell.bgcolor());
    assert_eq!(ground, Some(vt100::Color::Idx(234)), "what COLORTERM says is not true within it");
    terminal.resize(120, 36);
    terminal.wait_for("7 Workloads");
    terminal.type_keys("7");
    terminal.wait_for("Deployment");
    // ctrl-a d
    terminal.type_keys("\x01d");
    terminal.wait_end();

    let mut again = Terminal::start(screen(home.path(), &["-U", "-r", "night"]), 100, 30);
    again.wait_for("Deployment");
    again.type_keys("\x0c");
    again.type_keys("1");
    again.wait_for(FIRST);
    again.type_keys(":quit\r");
    again.wait_end();
}
