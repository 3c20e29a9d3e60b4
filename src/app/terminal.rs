//! The terminal: taken over, and always given back.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::os::fd::AsFd;
use std::panic::PanicHookInfo;
use std::sync::Arc;

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use crate::domain::Text;

/// Another screen, no cursor, pastes marked as such.
const TAKE: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h";
/// Buttons and the wheel of the mouse, told in decimal; no motion, which would fill a slow line.
const TAKE_MOUSE: &[u8] = b"\x1b[?1000h\x1b[?1006h";
/// Ends an update that was under way, then all of [`TAKE`] and [`TAKE_MOUSE`], also where that was not sent: a panic does not ask.
const GIVE_BACK: &[u8] = b"\x1b[?2026l\x1b[m\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?25h\x1b[?1049l";

/// Ends whatever a program that had the terminal may have left on: attributes, character sets, margins, an update under way,
/// mouse and focus reports, marked pastes, modified keys, application keys. The cursor stays where it is.
const TIDY: &[u8] =
    b"\x1b[?2026l\x1b[m\x1b(B\x0f\x1b[4l\x1b[?7h\x1b[?1l\x1b>\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\
      \x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?2004l\x1b[>4m\x1b[<u\x1b[0 q\x1b[?25h\x1b7\x1b[r\x1b8";
/// Back to the ordinary screen. Not sent on that one: terminals differ in where the cursor is then.
const ORDINARY: &[u8] = b"\x1b[?1049l";

/// Whether there is a terminal that can be drawn on; else what to do instead. The caller ends with exit code 2.
pub fn check() -> Result<(), Text> {
    let has_tty = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    refusal(std::env::var("TERM").ok().as_deref(), has_tty).map_or(Ok(()), Err)
}

fn refusal(term: Option<&str>, has_tty: bool) -> Option<Text> {
    let instead = "`cockpit triage` prints the same list once";
    if !has_tty {
        return Some(Text::from(format!("there is no terminal to draw on: {instead}")));
    }
    if matches!(term, Some("dumb")) {
        return Some(Text::from(format!("TERM is `dumb`: that terminal cannot place a cursor; {instead}")));
    }
    None
}

/// Columns and rows; 80 by 24 where the terminal does not say.
pub fn size() -> (u16, u16) {
    match crossterm::terminal::size() {
        Ok((columns, rows)) if columns > 0 && rows > 0 => (columns, rows),
        _ => (80, 24),
    }
}

/// The terminal while it is ours. Dropped, it is given back.
pub struct Terminal {
    taken: bool,
    /// Another program has it: raw, and its ordinary screen.
    lent: bool,
    /// It has turned to the other screen.
    alternate: bool,
    /// The mouse is taken too.
    mouse: bool,
    hook: Option<Hook>,
}

type Hook = Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

impl Terminal {
    /// Takes it over: raw, another screen, no cursor. From now on a panic of this thread gives it back before it is told.
    /// With `mouse` its clicks come too, and are no longer the terminal's own (to mark text with shift).
    pub fn take(mouse: bool) -> std::io::Result<Self> {
        enable_raw_mode()?;
        let mut terminal = Self { taken: true, lent: false, alternate: false, mouse, hook: None };
        terminal.write_take()?;
        terminal.hook = Some(hook_panics());
        Ok(terminal)
    }

    /// Where its bytes go, past every buffer of ours.
    pub fn output(&self) -> std::io::Result<File> {
        Ok(File::from(std::io::stdout().as_fd().try_clone_to_owned()?))
    }

    /// Takes it over for another program alone: raw, on the ordinary screen, where that writes as it likes.
    pub fn take_to_lend() -> std::io::Result<Self> {
        enable_raw_mode()?;
        Ok(Self { taken: true, lent: true, alternate: false, mouse: false, hook: Some(hook_panics()) })
    }

    /// Lends it to another program: it stays raw, and shows its ordinary screen with `said` below what is there.
    pub fn lend(&mut self, said: &str) -> std::io::Result<()> {
        if !std::mem::replace(&mut self.lent, true) {
            write_out(GIVE_BACK)?;
        }
        write_out(said.as_bytes())
    }

    /// Whether the program that has it has turned to the other screen.
    pub const fn turned(&mut self, to_alternate: bool) {
        self.alternate = to_alternate;
    }

    /// Raw again, after it was stopped and goes on: whoever it is lent to is left alone.
    pub fn rawed(&self) -> std::io::Result<()> {
        enable_raw_mode()
    }

    /// Takes it again after it was given back or lent.
    pub fn retake(&mut self) -> std::io::Result<()> {
        enable_raw_mode()?;
        if std::mem::take(&mut self.lent) {
            write_out(TIDY)?;
        }
        self.taken = true;
        self.write_take()
    }

    fn write_take(&self) -> std::io::Result<()> {
        write_out(TAKE)?;
        if self.mouse { write_out(TAKE_MOUSE) } else { Ok(()) }
    }

    /// Gives it back. Again is harmless.
    pub fn give_back(&mut self) {
        if !std::mem::take(&mut self.taken) {
            return;
        }
        if std::mem::take(&mut self.lent) {
            let _ = write_out(TIDY);
            if self.alternate {
                let _ = write_out(ORDINARY);
            }
            let _ = disable_raw_mode();
        } else {
            restore();
        }
    }

    /// Gives only the line discipline back: for a terminal that takes no bytes, where writing would hang.
    pub fn abandon(&mut self) {
        self.taken = false;
        let _ = disable_raw_mode();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.give_back();
        if let Some(hook) = self.hook.take()
            && !std::thread::panicking()
        {
            std::panic::set_hook(Box::new(move |info| hook(info)));
        }
    }
}

/// Best effort: where the terminal is gone there is nothing to restore.
fn restore() {
    let _ = write_out(GIVE_BACK);
    let _ = disable_raw_mode();
}

fn write_out(bytes: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// A panic of the thread that draws gives the terminal back first. One of another thread is logged: its words would land
/// in the middle of the screen. Returns the hook that was there before.
fn hook_panics() -> Hook {
    let before: Hook = Arc::from(std::panic::take_hook());
    let (drawing, told) = (std::thread::current().id(), before.clone());
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == drawing {
            restore();
            told(info);
        } else {
            tracing::error!(panic = %info, "a thread gave up");
        }
    }));
    before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dumb_terminal_and_none_are_sent_to_triage() {
        assert_eq!(refusal(Some("xterm-256color"), true), None);
        assert_eq!(refusal(None, true), None);
        for refused in [refusal(Some("dumb"), true), refusal(Some("xterm"), false)] {
            assert!(refused.is_some_and(|why| why.contains("cockpit triage")));
        }
    }
}
