//! Standard output.

use std::io::{self, IsTerminal, Write};

use super::failure::Failure;
use super::listing::Style;

/// Prints all of it. A reader that went away (`| head`) is no failure.
///
/// # Errors
/// Standard output cannot be written.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new("standard output cannot be written").why(error))
        }
        _ => Ok(()),
    }
}

/// How lines on standard output may look: colour only on a terminal, and not with `NO_COLOR` (no-color.org).
pub fn style(ascii: bool, mono: bool) -> Style {
    Style { ascii, colour: !mono && io::stdout().is_terminal() }
}
