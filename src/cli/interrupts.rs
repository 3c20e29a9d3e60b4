//! `ctrl-c` at a command that goes on until it is told to end.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::Failure;

/// Listens from its beginning on: `tokio::signal::ctrl_c` hears only what comes while it is awaited, and what comes between two of them is
/// lost, since the first has taken the ending of the process away for good.
pub struct Interrupts(Signal);

impl Interrupts {
    /// Begins to listen.
    ///
    /// # Errors
    /// Signals cannot be listened to.
    pub fn new() -> Result<Self, Failure> {
        let listening = signal(SignalKind::interrupt());
        listening.map(Self).map_err(|error| Failure::new("signals cannot be listened to").why(error))
    }

    /// Waits for the next one, or returns at once where one has come meanwhile.
    pub async fn next(&mut self) {
        self.0.recv().await;
    }
}
