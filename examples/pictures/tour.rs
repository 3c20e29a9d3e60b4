//! A tour of the demo as an asciinema recording (version 2): what the program writes to its terminal, on a clock of its own.

use cockpit::app::Encoder;
use cockpit::ui::theme::{self, Depth};
use color_eyre::eyre::eyre;
use serde_json::json;

use super::company::Company;

const SIZE: (u16, u16) = (110, 32);
/// A moment of the tour, milliseconds.
const MOMENT: i64 = 250;
/// The company's clock goes so many times as fast.
const SPEED: i64 = 4;

/// How long one looks, milliseconds, before a key is pressed.
const TOUR: &[(i64, &str)] = &[
    // What is wrong, the worst first.
    (4000, "j"),
    (1500, "j"),
    (1500, "k"),
    // Why, and what happened to it.
    (2000, "enter"),
    (4000, "tab"),
    (3500, "esc"),
    // The panes.
    (1500, "2"),
    (2500, "3"),
    (2500, "6"),
    // What a drain would do.
    (1500, "j"),
    (1000, "D"),
    (5000, "esc"),
    // To anything by its name.
    (1500, ":"),
    (600, "w"),
    (200, "o"),
    (200, "r"),
    (200, "k"),
    (200, "e"),
    (200, "r"),
    (1500, "enter"),
    // Everything that can be done.
    (2000, "m"),
    (4000, "esc"),
    (1000, "l"),
    (4000, "esc"),
    // Rolled back, and followed until it has settled.
    (1500, "u"),
    (4000, "y"),
    (1500, "enter"),
    (12_000, "esc"),
    (1500, "1"),
    (4000, "q"),
    (1500, "q"),
];

/// The recording.
pub fn cast() -> color_eyre::Result<String> {
    let dark = theme::by_name("dark").ok_or_else(|| eyre!("there is no theme dark"))?;
    let mut company = Company::at_night(SIZE, dark.palette(Depth::Sixteen))?;
    company.speed = SPEED;
    let header = json!({
        "version": 2, "width": SIZE.0, "height": SIZE.1, "title": "cockpit --demo",
        "env": { "TERM": "xterm-256color", "SHELL": "/bin/sh" },
    });
    let mut lines = vec![header.to_string()];
    let mut encoder = Encoder::default();
    let mut shown = company.frame();
    let (mut clock, mut say) = (0, |at: i64, kind: &str, text: &str| {
        lines.push(json!([at as f64 / 1000.0, kind, text]).to_string());
    });
    say(0, "o", &format!("\x1b[?25l{}", String::from_utf8(encoder.whole(&shown))?));
    for (wait, key) in TOUR {
        let mut left = *wait;
        while left > 0 {
            let step = left.min(MOMENT);
            (left, clock) = (left - step, clock + step);
            company.pass(step)?;
            if left == 0 {
                say(clock, "i", key);
                company.press(key)?;
            }
            let frame = company.frame();
            let bytes = encoder.update(&shown, &frame);
            if !bytes.is_empty() {
                say(clock, "o", std::str::from_utf8(&bytes)?);
            }
            shown = frame;
        }
    }
    if !company.left {
        return Err(eyre!("the tour does not end where the program is left"));
    }
    say(clock, "o", "\x1b[m\x1b[2J\x1b[H\x1b[?25h");
    Ok(lines.join("\n") + "\n")
}
