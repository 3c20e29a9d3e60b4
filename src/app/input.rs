//! What comes from the terminal, as one bounded channel.

use crossterm::event::{Event, EventStream};
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Keys that may wait for the loop; the terminal keeps what comes beyond them.
const WAITING: usize = 256;

/// A reader of the terminal. It stops when this is closed or dropped.
///
/// `EventStream` keeps the first waker that it is polled with until something comes, so it is polled by one task alone:
/// looking whether a key is there already, from elsewhere, would leave the loop asleep.
pub struct Reader {
    events: mpsc::Receiver<std::io::Result<Event>>,
    task: JoinHandle<()>,
}

impl Reader {
    /// Starts to read. Has to be called within a tokio runtime.
    pub fn start() -> Self {
        let (sender, events) = mpsc::channel(WAITING);
        let task = tokio::spawn(async move {
            let mut stream = EventStream::new();
            while let Some(event) = stream.next().await {
                let failed = event.is_err();
                if sender.send(event).await.is_err() || failed {
                    break;
                }
            }
        });
        Self { events, task }
    }

    /// The next event; none when the terminal is gone.
    pub async fn next(&mut self) -> Option<std::io::Result<Event>> {
        self.events.recv().await
    }

    /// An event that is there already.
    pub fn try_next(&mut self) -> Option<std::io::Result<Event>> {
        self.events.try_recv().ok()
    }

    /// Stops reading: from here on another program may read the terminal.
    pub async fn close(mut self) {
        self.task.abort();
        // Cancelled is what it was to be.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}
