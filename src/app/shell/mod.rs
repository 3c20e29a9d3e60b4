//! A process that has the terminal, for as long as it has it.

mod alternate;
mod pump;
mod typed;

use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use crate::domain::{Attached, Ended, Enter, Ref, Size, Text};

use super::terminal::{self, Terminal};
use super::writer::Writer;

pub use pump::WAY_OUT;
use typed::Typed;

/// A terminal that takes nothing is waited for so long at the end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How large the terminal is.
pub fn size_now() -> Size {
    let (columns, rows) = terminal::size();
    Size { columns, rows }
}

/// A process that has the terminal. Dropped, the connection to it is closed and nothing more is read from the terminal.
pub struct Lent {
    task: JoinHandle<Ended>,
    /// Whether it has the terminal's other screen on.
    alternate: Arc<AtomicBool>,
}

impl Lent {
    /// Gives the terminal to a process, and begins to move bytes. It has to be lent already ([`Terminal::lend`]), and nobody else
    /// may read it.
    ///
    /// # Errors
    /// The terminal cannot be read or written to, or no thread for it can be had.
    pub fn start(terminal: &Terminal, attached: Attached) -> std::io::Result<Self> {
        let mut writer = Writer::start(terminal.output()?)?;
        let mut typed = Typed::start(std::io::stdin().as_fd().try_clone_to_owned()?)?;
        let sizes = sizes()?;
        let alternate = Arc::new(AtomicBool::new(false));
        let shows = Arc::clone(&alternate);
        let task = tokio::spawn(async move {
            let ended = pump::pump(attached, &mut typed.pieces, sizes, &mut writer, &shows).await;
            drop(typed);
            if writer.is_busy() {
                let _ = tokio::time::timeout(LAST_WORDS, writer.written()).await;
            }
            if !writer.is_busy() {
                writer.join();
            }
            ended
        });
        Ok(Self { task, alternate })
    }

    /// Whether it has the terminal's other screen on, as far as it has been written.
    pub fn is_on_alternate(&self) -> bool {
        self.alternate.load(Ordering::Relaxed)
    }

    /// How it ended, once it has.
    pub async fn ended(&mut self) -> Ended {
        (&mut self.task).await.unwrap_or_else(|_| Ended::Broke(Text::new("it broke off")))
    }

    /// Takes the terminal away from it.
    pub async fn take_away(mut self) {
        self.task.abort();
        // Cancelled is what it was to be.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The terminal's size now, and each that it has from then on.
fn sizes() -> std::io::Result<BoxStream<'static, Size>> {
    let changes = signal(SignalKind::window_change())?;
    let later = futures::stream::unfold(changes, |mut changes| async move {
        changes.recv().await?;
        Some((size_now(), changes))
    });
    // It may have changed while the process was begun.
    Ok(futures::stream::once(async { size_now() }).chain(later).boxed())
}

/// What is said above it: what it is, and how one gets out of it.
pub fn greeting(key: &Ref, enter: &Enter) -> String {
    let what = format!("cockpit: {} ({})", opened(key, enter), key.cluster);
    let silent = if enter.debug.is_some() { " Where no prompt is seen, press enter." } else { "" };
    match enter.command[..] {
        [] => format!("{what}. `exit` ends it; where it hangs, {WAY_OUT} leaves it.{silent}\r\n"),
        _ => format!("{what}. Where it hangs, {WAY_OUT} leaves it.{silent}\r\n"),
    }
}

/// What it is, for a person: `the shell in shop/worker-x`.
fn opened(key: &Ref, enter: &Enter) -> String {
    let name = key.local();
    match (enter.words(), &enter.debug) {
        (Some(command), _) => format!("{command} in {name}"),
        (None, None) => format!("the shell in {name}"),
        (None, Some(_)) => format!("the debug container in {name}"),
    }
}

/// How it ended, for a person: `the shell in shop/worker-x has ended with 0`.
pub fn farewell(key: &Ref, enter: &Enter, ended: &Ended) -> Text {
    let what = opened(key, enter);
    Text::from(match ended {
        Ended::Code(code) => format!("{what} has ended with {code}"),
        Ended::NotStarted(why) => format!("{what} could not be begun: {why}"),
        Ended::Broke(why) => format!("{what}: the connection broke: {why}"),
        Ended::Left => format!("{what} was left; whether it goes on there is not known"),
    })
}
