//! Output on its way from a backend to who reads it.

use std::time::Duration;

use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;

use crate::domain::{LogLine, LogStream, Name, Text};

/// Lines on their way to who reads them.
const WAITING: usize = 256;

/// Where lines go, and under whose name.
#[derive(Debug, Clone)]
pub(super) struct Out {
    to: mpsc::Sender<Result<LogLine, Text>>,
    from: Option<Name>,
}

impl Out {
    /// For lines of one that needs no name, and where they come out.
    pub(super) fn new() -> (Self, Lines) {
        let (to, lines) = mpsc::channel(WAITING);
        (Self { to, from: None }, Lines(lines))
    }

    /// For lines of one of several.
    pub(super) fn named(&self, from: Name) -> Self {
        Self { to: self.to.clone(), from: Some(from) }
    }

    /// False when nobody reads any more.
    pub(super) async fn give(&self, mut line: LogLine) -> bool {
        self.sign(&mut line);
        self.pass(line).await
    }

    /// Says in a line whose it is.
    pub(super) fn sign(&self, line: &mut LogLine) {
        line.from.clone_from(&self.from);
    }

    /// Gives a line that says itself whose it is. False when nobody reads any more.
    pub(super) async fn pass(&self, line: LogLine) -> bool {
        self.to.send(Ok(line)).await.is_ok()
    }

    /// It cannot go on. Among several, the others do.
    pub(super) async fn fail(&self, why: Text) {
        // Nobody reads any more: the caller sees it.
        let _ = match self.from {
            None => self.to.send(Err(why)).await.is_ok(),
            Some(_) => self.give(LogLine::note(None, why)).await,
        };
    }

    /// Whether nobody reads any more.
    pub(super) fn is_closed(&self) -> bool {
        self.to.is_closed()
    }

    /// Waits until nobody reads any more.
    pub(super) async fn closed(&self) {
        self.to.closed().await;
    }

    /// False when nobody reads any more.
    pub(super) async fn pause(&self, wait: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            () = self.to.closed() => false,
        }
    }
}

/// Where lines come out.
pub(super) struct Lines(mpsc::Receiver<Result<LogLine, Text>>);

impl Lines {
    /// The lines, with the tasks that give them: those live as long as the stream.
    pub(super) fn with(self, tasks: JoinSet<()>) -> LogStream {
        ReceiverStream::new(self.0)
            .map(move |line| {
                let _ = &tasks;
                line
            })
            .boxed()
    }
}
