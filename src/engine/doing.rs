//! How a step is done: first what is about to be sent is in the journal, then it is sent. The screen and the command line
//! both do it by [`do_step`], so neither can send what is not written down.
//!
//! A thread of its own holds the journal ([`Scribe`]); a slow disk holds up the step that waits for it, and nobody else.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::domain::journal::{Entry, Journal, Lease, News, Person, Unwritten};
use crate::domain::{Attach, Attached, Backend, Receipt, Size, Step, StepAction, StepError, Text, Timestamp};

/// Leases are renewed and news looked for so often.
const EVERY: Duration = Duration::from_secs(2);
/// What waits to be written, at most; who writes more waits.
const WAITING: usize = 64;
/// A step that takes longer than this, and than it may take to be done, may or may not have been done: that is read, not sent
/// again.
const STEP_PATIENCE: Duration = Duration::from_secs(120);
/// A step that could not be journalled is tried again after so long, seconds.
const AGAIN: i64 = 10;

/// The way to the journal's thread. Clones lead to the same one; it ends when the last is dropped.
#[derive(Debug, Clone)]
pub struct Scribe {
    asks: mpsc::Sender<Ask>,
}

#[derive(Debug)]
enum Ask {
    Write(Box<Entry>, oneshot::Sender<Result<(), Unwritten>>),
    TakeOver(u64, Lease, Person, oneshot::Sender<Result<Entry, Text>>),
    Earlier(u64, oneshot::Sender<Result<(Vec<Entry>, u64), Text>>),
    /// Nothing: time has passed.
    Tend,
}

impl Scribe {
    /// Starts the thread. What is new in the journal goes to `hear`, which says whether anybody listens still. Has to be
    /// called within a tokio runtime.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(
        journal: Box<dyn Journal>,
        hear: impl FnMut(News) -> bool + Send + 'static,
    ) -> std::io::Result<(Self, Ending)> {
        let (asks, asked) = mpsc::channel(WAITING);
        let (end, over) = oneshot::channel();
        std::thread::Builder::new().name("journal".to_owned()).spawn(move || {
            keep(journal, asked, hear);
            let _ = end.send(());
        })?;
        tokio::spawn(remind(asks.downgrade()));
        Ok((Self { asks }, Ending(over)))
    }

    /// Writes an entry; it is on the disk when this returns.
    ///
    /// # Errors
    /// It cannot be written, or its run is somebody else's by now.
    pub async fn write(&self, entry: Entry) -> Result<(), Unwritten> {
        let (answer, answered) = oneshot::channel();
        let closed = || Unwritten::Closed(Text::new("its thread has ended"));
        self.asks.send(Ask::Write(Box::new(entry), answer)).await.map_err(|_| closed())?;
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Takes a run over that was left in the middle, if nobody else did since its lease was seen.
    ///
    /// # Errors
    /// Somebody else has it, or it has ended, or the journal cannot be written.
    pub async fn take_over(&self, id: u64, seen: Lease, by: Person) -> Result<Entry, Text> {
        let (answer, answered) = oneshot::channel();
        let closed = |_| Text::new("the journal's thread has ended");
        self.asks.send(Ask::TakeOver(id, seen, by, answer)).await.map_err(|_| closed(()))?;
        answered.await.unwrap_or_else(|_| Err(closed(())))
    }

    /// Entries older than one, newest first, and how many more there are.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn earlier(&self, than: u64) -> Result<(Vec<Entry>, u64), Text> {
        let (answer, answered) = oneshot::channel();
        let closed = |_| Text::new("the journal's thread has ended");
        self.asks.send(Ask::Earlier(than, answer)).await.map_err(|_| closed(()))?;
        answered.await.unwrap_or_else(|_| Err(closed(())))
    }
}

/// Tells when the journal's thread has ended: when all that was asked of it is done.
#[derive(Debug)]
pub struct Ending(oneshot::Receiver<()>);

impl Ending {
    /// Waits for it, at most so long. All [`Scribe`]s have to be dropped before.
    pub async fn wait(self, patience: Duration) {
        let _ = timeout(patience, self.0).await;
    }
}

/// Does a step of a run whose entry says that it is about to be sent: writes the entry, waits until it is on the disk, and
/// sends. Where the journal cannot be written nothing is sent, and the step is tried again later; unless the plan was
/// confirmed as one that is not journalled (`Plan::unjournalled`). `now` is when it is sent.
///
/// What comes of the step is journalled by whoever owns the run, with the next entry.
///
/// # Errors
/// As of [`Backend::execute`]; `Blocked` where it cannot be journalled, `Failed` where the run is somebody else's by now.
pub async fn do_step(
    journal: &Scribe,
    backend: &dyn Backend,
    entry: Entry,
    step: Step,
    now: Timestamp,
) -> Result<Receipt, StepError> {
    write_first(journal, entry, now).await?;
    let patience = STEP_PATIENCE.max(Duration::from_secs(u64::from(step.timeout_seconds)));
    timeout(patience, backend.execute(step)).await.unwrap_or(Err(StepError::Unknown { sent: now }))
}

/// The same for [`StepAction::Enter`], by whoever has the terminal: its entry is on the disk before anything is opened.
///
/// # Errors
/// As of [`do_step`]; `Failed` where the step is another.
pub async fn enter(
    journal: &Scribe,
    backend: &dyn Backend,
    entry: Entry,
    step: &Step,
    terminal: (Size, &str),
    now: Timestamp,
) -> Result<Attached, StepError> {
    let StepAction::Enter(key, what) = &step.action else {
        return Err(StepError::Failed(Text::new("this is nothing that a terminal is handed over to")));
    };
    write_first(journal, entry, now).await?;
    let attach = Attach::new(key.clone(), step.pin.uid.clone(), what.clone(), terminal.0, terminal.1);
    let patience = STEP_PATIENCE.max(Duration::from_secs(u64::from(step.timeout_seconds)));
    timeout(patience, backend.attach(attach)).await.unwrap_or(Err(StepError::Unknown { sent: now }))
}

async fn write_first(journal: &Scribe, entry: Entry, now: Timestamp) -> Result<(), StepError> {
    let consented = entry.run.plan.unjournalled.is_some();
    match journal.write(entry).await {
        Err(taken @ Unwritten::Taken(_)) => Err(StepError::Failed(Text::from(format!("not sent: {taken}")))),
        Err(Unwritten::Closed(why)) if !consented => {
            let retry_at = now.checked_add(jiff::SignedDuration::from_secs(AGAIN)).unwrap_or(now);
            let by = Text::from(format!("the journal, which cannot be written: {why}"));
            Err(StepError::Blocked { by, retry_at })
        }
        Err(Unwritten::Closed(_)) | Ok(()) => Ok(()),
    }
}

/// Lets the thread look around while nobody asks anything of it. Its own waiting needs no clock, and so outlives the runtime.
async fn remind(asks: mpsc::WeakSender<Ask>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let Some(asks) = asks.upgrade() else { return };
        // Where much is asked it looks around anyway.
        let _ = asks.try_send(Ask::Tend);
    }
}

/// Until nobody asks any more.
fn keep(mut journal: Box<dyn Journal>, mut asked: mpsc::Receiver<Ask>, mut hear: impl FnMut(News) -> bool) {
    loop {
        if let Some(news) = journal.tend()
            && !hear(news)
        {
            // Nobody listens; what is still asked is done.
            hear_nobody(&mut *journal, &mut asked);
            return;
        }
        let Some(ask) = asked.blocking_recv() else { return };
        carry_out(&mut *journal, ask);
        while let Ok(ask) = asked.try_recv() {
            carry_out(&mut *journal, ask);
        }
    }
}

fn hear_nobody(journal: &mut dyn Journal, asked: &mut mpsc::Receiver<Ask>) {
    while let Some(ask) = asked.blocking_recv() {
        carry_out(journal, ask);
    }
}

/// Who asked may have gone by the time of the answer.
fn carry_out(journal: &mut dyn Journal, ask: Ask) {
    match ask {
        Ask::Write(entry, answer) => {
            let _ = answer.send(journal.write(&entry));
        }
        Ask::TakeOver(id, seen, by, answer) => {
            let _ = answer.send(journal.take_over(id, &seen, &by));
        }
        Ask::Earlier(than, answer) => {
            let _ = answer.send(journal.earlier(than));
        }
        Ask::Tend => {}
    }
}

#[cfg(test)]
mod tests;
