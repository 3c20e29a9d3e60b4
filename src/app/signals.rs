//! What the system tells the program.

use rustix::process::{Signal as Number, kill_current_process_group};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// What it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// To end: SIGTERM, SIGINT, or SIGHUP of a terminal that is gone.
    End,
    /// It was stopped and goes on.
    Continued,
}

/// The signals that are listened to.
pub struct Signals {
    terminate: Stream,
    interrupt: Stream,
    hang_up: Stream,
    proceed: Stream,
}

impl Signals {
    /// Starts to listen.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            proceed: signal(SignalKind::from_raw(Number::CONT.as_raw()))?,
        })
    }

    /// The next one.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::End,
            _ = self.interrupt.recv() => Signal::End,
            _ = self.hang_up.recv() => Signal::End,
            _ = self.proceed.recv() => Signal::Continued,
        }
    }
}

/// Stops this job, as ctrl-z does where the terminal is not raw; returns when the shell lets it go on. Without a shell
/// that could do so the system does not stop it.
pub fn stop_here() {
    if let Err(error) = kill_current_process_group(Number::TSTP) {
        tracing::warn!(%error, "the program could not be stopped");
    }
}
