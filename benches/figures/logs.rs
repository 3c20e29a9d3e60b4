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
    for (name, keys) in [("all of it", ""), ("filtered by a field", "/ l e v e l : w a r n enter")] {
        keys.split(' ').filter(|it| !it.is_empty()).for_each(|key| drop(word(&mut shown, key)));
        let pieces: Vec<Vec<LogLine>> = (0..SECONDS * PIECES).map(piece).collect();
        let (took, ()) = milliseconds(|| {
            for piece in pieces {
                shown.passes(1000 / PIECES as i64);
                shown.hear(What::LogLines(ticket, piece));
                shown.hear(What::Turn);
                shown.draw();
            }
        });
        let share = took / (SECONDS as f64 * 1000.0) * 100.0;
        report.say(&format!("logs: {RATE} lines a second, {name}, of a core"), share, 10.0, "%");
    }
}

fn piece(n: usize) -> Vec<LogLine> {
    let line = |ix: usize| match ix % 2 {
        0 => format!("10.0.{}.{} GET /api/cart/{ix} 200 {} ms", ix % 256, ix % 200, ix % 90),
        _ => format!(
            r#"{{"level":"{}","time":{ix},"msg":"order {ix} was taken","user":{{"id":{ix}}},"path":"/api/orders"}}"#,
            if ix.is_multiple_of(31) { "warn" } else { "info" }
        ),
    };
    (0..RATE / PIECES).map(|ix| LogLine::output(None, false, line(n * RATE + ix))).collect()
}
