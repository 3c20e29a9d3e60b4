//! What output costs that comes fast: taken in, filtered, and drawn as often as it may be.

use cockpit::app::{Effect, What};
use cockpit::domain::LogLine;

use crate::measure::{Report, milliseconds};
use crate::screen::Shown;

/// Lines a second.
const RATE: usize = 5000;
/// They come in so many pieces a second, and each is drawn.
const PIECES: usize = 30;
const SECONDS: usize = 10;

/// Output at 5,000 lines a second, plain and as records, all of it and filtered.
pub fn figures(report: &mut Report) {
    if !report.wants("logs") {
        return;
    }
    let mut shown = Shown::new();
    let word = |shown: &mut Shown, word: &str| shown.hear(What::Key(word.parse().expect("a key")));
    word(&mut shown, "7");
    let opened = word(&mut shown, "l");
    let ticket = opened.iter().find_map(|effect| match effect {
        Effect::OpenLogs(ticket, _) => Some(*ticket),
        _ => None,
    });
    let ticket = ticket.expect("output was asked for");
    let all = [
        ("all of it", "", plain as fn(usize) -> String),
        ("all of it, in colours", "", coloured as _),
        ("held, at its first line", "g", coloured as _),
        ("filtered by a field", "G / l e v e l : w a r n enter", plain as _),
    ];
    for (name, keys, line) in all {
        keys.split(' ').filter(|it| !it.is_empty()).for_each(|key| drop(word(&mut shown, key)));
        let pieces: Vec<Vec<String>> = (0..SECONDS * PIECES).map(|n| piece(n, line)).collect();
        let (took, ()) = milliseconds(|| {
            for piece in pieces {
                let lines = piece.iter().map(|raw| LogLine::output(None, false, raw)).collect();
                shown.passes(1000 / PIECES as i64);
                shown.hear(What::LogLines(ticket, lines));
                shown.hear(What::Turn);
                shown.draw();
            }
        });
        let share = took / (SECONDS as f64 * 1000.0) * 100.0;
        report.say(&format!("logs: {RATE} lines a second, {name}, of a core"), share, 10.0, "%");
    }
}

fn piece(n: usize, line: fn(usize) -> String) -> Vec<String> {
    (0..RATE / PIECES).map(|ix| line(n * RATE + ix)).collect()
}

fn plain(ix: usize) -> String {
    match ix % 2 {
        0 => format!("10.0.{}.{} GET /api/cart/{ix} 200 {} ms", ix % 256, ix % 200, ix % 90),
        _ => format!(
            r#"{{"level":"{}","time":{ix},"msg":"order {ix} was taken","user":{{"id":{ix}}},"path":"/api/orders"}}"#,
            if ix.is_multiple_of(31) { "warn" } else { "info" }
        ),
    }
}

/// As tracing and zerolog write to a terminal.
fn coloured(ix: usize) -> String {
    format!(
        "\x1b[2m2026-11-24T01:02:03Z\x1b[0m \x1b[32m INFO\x1b[0m \x1b[2mshop::cart\x1b[0m\x1b[2m:\x1b[0m order {ix} was taken \x1b[3mid\x1b[0m\x1b[2m=\x1b[0m{ix}"
    )
}
