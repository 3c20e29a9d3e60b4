//! The program in a real terminal.

mod demo;
#[allow(dead_code, reason = "an engine for other tests too")]
#[path = "../wire/engine.rs"]
mod docker;
mod driver;
mod link;
mod multiplexers;
mod people;
mod thin;

use std::path::Path;

use cockpit::backend::replay::Recorder;
use cockpit::domain::{
    BackendKind, Batch, ClusterId, Desired, Fact, Instance, Kind, Node, NodeState, Object, Phase, Ref, Source,
    Timestamp, Workload,
};
use rustix::process::{Pid, Signal, kill_process};

use driver::{Terminal, command};

const COCKPIT: &str = env!("CARGO_BIN_EXE_cockpit");

/// A recording of a small cluster with a node that is down.
fn recording(home: &Path) -> String {
    let cluster = ClusterId::new("prod");
    let shop = |kind, name: &str| Ref::new(&cluster, kind, Some("shop".into()), name);
    let mut objects = vec![Object::Node(Box::new(Node::new(
        Ref::new(&cluster, Kind::Node, None, "node-7"),
        "uid-node-7",
        NodeState::Down,
    )))];
    for name in ["api", "web", "worker"] {
        let key = shop(Kind::Deployment, name);
        objects.push(Object::Workload(Box::new(Workload::new(
            key.clone(),
            format!("uid-{name}"),
            Desired::Replicas(1),
        ))));
        let mut pod =
            Instance::new(shop(Kind::Pod, &format!("{name}-1")), format!("uid-{name}-1"), Some(key), Phase::Running);
        pod.ready = true;
        objects.push(Object::Instance(Box::new(pod)));
    }
    let source = Source::of("everything");
    let mut facts = vec![Fact::Listing(source.clone(), None)];
    facts.extend(objects.into_iter().map(|object| Fact::Put(source.clone(), object)));
    facts.push(Fact::Listed(source));
    let path = home.join("night.jsonl");
    let mut recorder = Recorder::create(&path, &[(cluster.clone(), BackendKind::Kubernetes)]).expect("a recording");
    let at = Timestamp::from_second(1_700_000_000).expect("in range");
    recorder.record(&Batch { cluster, at, facts }).expect("recorded");
    drop(recorder);
    path.to_string_lossy().into_owned()
}

struct Night {
    home: tempfile::TempDir,
    file: String,
}

impl Night {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let file = recording(home.path());
        Self { home, file }
    }

    fn start(&self, columns: u16, rows: u16) -> Terminal {
        let mut terminal =
            Terminal::start(command(COCKPIT, &["--replay", &self.file], self.home.path()), columns, rows);
        terminal.wait_for("node-7");
        terminal
    }

    /// Under a shell that says afterwards how the terminal was left.
    fn start_in_a_shell(&self) -> Terminal {
        let script = format!("'{COCKPIT}' --replay '{}'; echo status=$?; stty -a | grep -E 'icanon|opost'", self.file);
        let mut terminal = Terminal::start(command("/bin/sh", &["-c", &script], self.home.path()), 100, 30);
        terminal.wait_for("node-7");
        terminal
    }
}

fn signal(id: u32, signal: Signal) {
    let id = Pid::from_raw(i32::try_from(id).expect("a process id")).expect("a process id");
    kill_process(id, signal).expect("the process is there");
}

fn was_restored(terminal: &Terminal) {
    let screen = terminal.parser().screen();
    assert!(!screen.alternate_screen(), "the other screen was left");
    assert!(!screen.hide_cursor(), "the cursor is shown");
    assert!(!screen.bracketed_paste(), "pastes are ordinary");
    assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is the terminal's own");
}

#[test]
fn it_shows_what_is_wrong_walks_and_leaves_the_terminal_as_it_was() {
    let night = Night::new();
    let mut terminal = night.start_in_a_shell();
    assert!(terminal.parser().screen().alternate_screen() && terminal.parser().screen().hide_cursor());
    terminal.type_keys("7");
    terminal.wait_for("shop/worker");
    terminal.type_keys("jj");
    terminal.type_keys("\r");
    terminal.wait_for("instances");
    terminal.type_keys("\x1b");
    terminal.wait_until("the list again", |shown| shown.contains("shop/api") && shown.contains("shop/web"));
    terminal.type_keys("?");
    terminal.wait_for("Keys that work here");
    terminal.type_keys("\x1b");
    terminal.wait_until("no help", |shown| !shown.contains("Keys that work here"));
    terminal.type_keys("q");
    terminal.wait_for("again to quit");
    terminal.type_keys("q");
    assert_eq!(terminal.wait_end(), 0);
    was_restored(&terminal);
    let shown = terminal.shown();
    assert!(shown.contains("status=0"), "{shown}");
    for word in [" icanon", " echo ", " isig", " opost"] {
        assert!(shown.replace('\n', " ").contains(word), "{word} in:\n{shown}");
    }
}

#[test]
fn it_follows_the_size_of_the_terminal() {
    let night = Night::new();
    let mut terminal = night.start(120, 36);
    for (columns, rows) in [(80, 24), (40, 10), (200, 60), (120, 36)] {
        terminal.resize(columns, rows);
        terminal.wait_until("a frame of that size", |shown| {
            let last = shown.lines().nth(usize::from(rows) - 1).unwrap_or_default();
            shown.contains("node-7") && !last.trim().is_empty()
        });
        let screen = terminal.parser().screen();
        assert!(screen.alternate_screen(), "{columns}x{rows}");
    }
}

#[test]
fn what_is_pasted_is_no_command() {
    let night = Night::new();
    let mut terminal = night.start(100, 30);
    terminal.type_keys("\x1b[200~7qq:quit\r\x1b[201~");
    terminal.wait_for("pasted text goes into fields only");
    terminal.type_keys("7/\x1b[200~work\r\x1b[201~");
    // The list follows what is in the field; the field is still there: nothing in it was taken for enter.
    let narrowed = |shown: &str| shown.contains("shop/worker") && !shown.contains("shop/api");
    terminal.wait_until("only one", |shown| narrowed(shown) && shown.contains("enter keep"));
    terminal.type_keys("\r");
    terminal.wait_until("kept", |shown| narrowed(shown) && !shown.contains("enter keep"));
}

#[test]
fn a_control_character_redraws_all() {
    let night = Night::new();
    let mut terminal = night.start(100, 30);
    let before = terminal.bytes.len();
    terminal.type_keys("\x0c");
    let cleared = |bytes: &[u8]| bytes.windows(4).any(|four| four == b"\x1b[2J");
    let end = std::time::Instant::now() + driver::DEADLINE;
    while !cleared(&terminal.bytes[before..]) {
        assert!(std::time::Instant::now() < end, "nothing was drawn again");
        terminal.wait_until("anything", |_| true);
        std::thread::yield_now();
    }
    terminal.wait_for("node-7");
}

#[test]
fn sighup_ends_it_cleanly() {
    let night = Night::new();
    let mut terminal = night.start(100, 30);
    signal(terminal.id(), Signal::HUP);
    assert_eq!(terminal.wait_end(), 0);
    was_restored(&terminal);
}

#[test]
fn sigterm_and_sigint_restore_the_terminal() {
    for number in [Signal::TERM, Signal::INT] {
        let night = Night::new();
        let mut terminal = night.start(100, 30);
        signal(terminal.id(), number);
        terminal.wait_end();
        was_restored(&terminal);
    }
}

/// Set for the process in which a panic is wanted.
const FAULT: &str = "COCKPIT_TEST_FAULT";

#[test]
fn a_panic_gives_the_terminal_back_before_it_is_told() {
    if std::env::var_os(FAULT).is_some() {
        let _terminal = cockpit::app::Terminal::take(true).expect("a terminal");
        panic!("a fault while drawing");
    }
    let home = tempfile::tempdir().expect("a folder");
    let itself = std::env::current_exe().expect("this test");
    let name = "a_panic_gives_the_terminal_back_before_it_is_told";
    let script = format!("'{}' --exact {name} --nocapture; stty -a | grep -E 'icanon|opost'", itself.display());
    let mut shell = command("/bin/sh", &["-c", &script], home.path());
    shell.env(FAULT, "1");
    let mut terminal = Terminal::start(shell, 100, 40);
    terminal.wait_end();
    was_restored(&terminal);
    let shown = terminal.shown();
    assert!(shown.contains("a fault while drawing"), "told where it can be read:\n{shown}");
    assert!(shown.contains(" icanon") && shown.contains("opost"), "{shown}");
}

#[test]
fn it_stops_as_a_job_and_comes_back() {
    let night = Night::new();
    // A shell with job control: it brings the program back when it is told to.
    let script = format!("set -m; '{COCKPIT}' --replay '{}'; echo stopped; read _; fg", night.file);
    let mut terminal = Terminal::start(command("/bin/sh", &["-c", &script], night.home.path()), 100, 30);
    terminal.wait_for("node-7");
    terminal.type_keys("\x1a");
    terminal.wait_for("stopped");
    was_restored(&terminal);
    terminal.type_keys("\n");
    terminal.wait_for("node-7");
    terminal.type_keys("7");
    terminal.wait_for("shop/worker");
    terminal.type_keys(":quit\r");
    terminal.wait_end();
    was_restored(&terminal);
}

#[test]
fn the_mouse_is_taken_only_where_the_settings_say_so_and_given_back_each_time() {
    const TAKEN: &[u8] = b"\x1b[?1000h";
    let night = Night::new();
    let mut without = night.start(100, 30);
    without.type_keys(":quit\r");
    assert_eq!(without.wait_end(), 0);
    assert!(!without.bytes.windows(TAKEN.len()).any(|bytes| bytes == TAKEN), "nobody asked for it");

    let config = night.home.path().join("mouse.toml");
    std::fs::write(&config, "mouse = true\n").expect("written");
    let script = format!(
        "set -m; '{COCKPIT}' --replay '{}' --config '{}'; echo stopped; read _; fg",
        night.file,
        config.display()
    );
    let mut terminal = Terminal::start(command("/bin/sh", &["-c", &script], night.home.path()), 120, 30);
    terminal.wait_for("node-7");
    let mode = |terminal: &Terminal| {
        let screen = terminal.parser().screen();
        (screen.mouse_protocol_mode(), screen.mouse_protocol_encoding())
    };
    let taken = (vt100::MouseProtocolMode::PressRelease, vt100::MouseProtocolEncoding::Sgr);
    assert_eq!(mode(&terminal), taken);
    let click = |terminal: &mut Terminal, words: &str| {
        let shown = terminal.shown();
        let place = shown.lines().enumerate().find_map(|(y, line)| Some((line.find(words)?, y, line)));
        let (at, y, line) = place.unwrap_or_else(|| panic!("nowhere is `{words}`:\n{shown}"));
        let (column, row) = (line[..at].chars().count() + 1, y + 1);
        terminal.type_keys(&format!("\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m"));
    };
    click(&mut terminal, "7 Workloads");
    terminal.wait_for("shop/worker");
    terminal.type_keys("\x1a");
    terminal.wait_for("stopped");
    was_restored(&terminal);
    terminal.type_keys("\n");
    terminal.wait_for("shop/worker");
    assert_eq!(mode(&terminal), taken);
    click(&mut terminal, "shop/web");
    click(&mut terminal, "shop/web");
    terminal.wait_for(" instances ");
    terminal.type_keys(":quit\r");
    terminal.wait_end();
    was_restored(&terminal);
}

#[test]
fn a_theme_with_true_colours_is_brought_down_to_what_the_terminal_says() {
    let night = Night::new();
    for (pairs, colours, others) in [
        (&[("COLORTERM", "truecolor")][..], "48;2;26;29;35", "48;5;"),
        (&[][..], "48;5;234", "48;2;"),
        (&[("TERM", "xterm")][..], "40", "48;"),
        (&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")][..], "\x1b[", "48;"),
    ] {
        let mut slate = command(COCKPIT, &["--replay", &night.file, "--theme", "slate"], night.home.path());
        pairs.iter().for_each(|(name, value)| slate.env(name, value));
        let mut terminal = Terminal::start(slate, 100, 30);
        terminal.wait_for("node-7");
        let said = String::from_utf8_lossy(&terminal.bytes);
        assert!(said.contains(colours) && !said.contains(others), "{pairs:?}");
    }
}

#[test]
fn a_terminal_that_takes_nothing_does_not_keep_it_from_ending() {
    let night = Night::new();
    let mut terminal = night.start(200, 60);
    // Nobody reads: full frames pile up until the terminal takes no more.
    for _ in 0..200 {
        terminal.type_keys("\x0c?\x1b7\x1b1");
    }
    signal(terminal.id(), Signal::TERM);
    terminal.wait_end_unread();
}

#[test]
fn a_dumb_terminal_and_none_are_sent_to_triage() {
    let night = Night::new();
    let mut dumb = command(COCKPIT, &["--replay", &night.file], night.home.path());
    dumb.env("TERM", "dumb");
    let mut terminal = Terminal::start(dumb, 100, 30);
    assert_eq!(terminal.wait_end(), 2);
    assert!(terminal.shown().contains("cockpit triage"), "{}", terminal.shown());
    assert!(!terminal.bytes.contains(&0x1b), "not one escape sequence");
    let none = std::process::Command::new(COCKPIT)
        .args(["--replay", &night.file])
        .stdin(std::process::Stdio::null())
        .output()
        .expect("it runs");
    assert_eq!(none.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&none.stderr).contains("cockpit triage"));
    assert!(none.stdout.is_empty());
}

#[test]
fn without_colour_and_without_utf8_it_says_the_same() {
    let night = Night::new();
    let mut plain = command(COCKPIT, &["--replay", &night.file], night.home.path());
    plain.env("NO_COLOR", "1");
    plain.env("LANG", "C");
    let mut terminal = Terminal::start(plain, 100, 30);
    terminal.wait_for("node-7");
    terminal.type_keys("7");
    terminal.wait_for("shop/worker");
    assert!(terminal.bytes.is_ascii(), "only ASCII");
    let screen = terminal.parser().screen();
    let coloured = (0..30).flat_map(|row| (0..100).map(move |column| (row, column))).any(|(row, column)| {
        screen
            .cell(row, column)
            .is_some_and(|cell| cell.fgcolor() != vt100::Color::Default || cell.bgcolor() != vt100::Color::Default)
    });
    assert!(!coloured, "no colour");
    terminal.type_keys(":quit\r");
    assert_eq!(terminal.wait_end(), 0);
}
