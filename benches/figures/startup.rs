//! The program itself, in a terminal: how soon its first frame is there, and how much memory it keeps. `COCKPIT_BIN` names the
//! program: a release is smaller than what benchmarks are built as, and its pages are counted too.

use std::io::Read;
use std::time::Instant;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::measure::{Report, in_ms, percentile};

/// Starts of which the median counts.
const RUNS: usize = 9;
/// What the first frame shows.
const FIRST: &[u8] = b"Triage";
/// What it shows once the demo's first facts were diagnosed.
const DIAGNOSED: &[u8] = b"OOM-killed";

/// The demo from its start to its first frame, and to the first frame that says what is wrong.
pub fn figures(report: &mut Report) {
    if !report.wants("startup") {
        return;
    }
    let (mut first, mut diagnosed, mut resident) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let Some(start) = start() else {
            println!("startup: no terminal can be had here");
            return;
        };
        first.push(start.first);
        diagnosed.push(start.diagnosed);
        resident.push(start.resident);
    }
    report.say("startup: the demo's first frame, from exec", percentile(&mut first, 50.0), 50.0, "ms");
    report.say("startup: the demo's first diagnosis on the screen", percentile(&mut diagnosed, 50.0), 250.0, "ms");
    report.say("startup: resident memory of the demo", percentile(&mut resident, 50.0), 20.0, "MiB");
}

/// One start.
struct Start {
    /// Until the first frame, milliseconds.
    first: f64,
    /// Until it says what is wrong, milliseconds.
    diagnosed: f64,
    /// Resident then, MiB.
    resident: f64,
}

fn start() -> Option<Start> {
    let pair = native_pty_system().openpty(PtySize { rows: 36, cols: 120, pixel_width: 0, pixel_height: 0 }).ok()?;
    let program = std::env::var_os("COCKPIT_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_cockpit").into());
    let mut command = CommandBuilder::new(program);
    command.args(["--demo"]);
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    let mut reader = pair.master.try_clone_reader().ok()?;
    let begun = Instant::now();
    let mut child = pair.slave.spawn_command(command).ok()?;
    let (mut seen, mut buffer, mut first) = (Vec::new(), [0; 16_384], None);
    let diagnosed = loop {
        let n = reader.read(&mut buffer).ok().filter(|n| *n > 0)?;
        seen.extend_from_slice(&buffer[..n]);
        if holds(&seen, FIRST) {
            first.get_or_insert_with(|| in_ms(begun.elapsed()));
        }
        if holds(&seen, DIAGNOSED) {
            break in_ms(begun.elapsed());
        }
    };
    let statm = std::fs::read_to_string(format!("/proc/{}/statm", child.process_id()?)).unwrap_or_default();
    let pages: f64 = statm.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or(0.0);
    child.kill().ok()?;
    child.wait().ok()?;
    Some(Start { first: first?, diagnosed, resident: pages * 4096.0 / f64::from(1 << 20) })
}

fn holds(seen: &[u8], words: &[u8]) -> bool {
    seen.windows(words.len()).any(|window| window == words)
}
