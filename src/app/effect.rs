//! What the screen asks of the loop.

use super::Saved;
use crate::domain::journal::Lease;
use crate::domain::{Entry, Form, ForwardRequest, Intent, LogRequest, Name, People, Ref, Step};

/// One thing to be done outside of the state. Answers come back as events under the same ticket; late ones are dropped.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// End, and give the terminal back.
    Quit,
    /// Stop as a job of the shell, and come back.
    Suspend,
    /// Draw everything, whatever the terminal shows.
    Repaint,
    /// Put this into the terminal's clipboard, or where that does not take it into a file. It may have several lines.
    Copy(String),
    /// Put output into a file.
    Save(Box<Saved>),
    /// Ask the backend how an intent would be done.
    Prepare(u64, Intent),
    /// Write a run into the journal as it is now.
    Journal(Box<Entry>),
    /// A run has ended: its servers may note it.
    Note(Box<Entry>),
    /// Take a run over that was left in the middle, if its lease is still this one.
    TakeOver(u64, Lease),
    /// Read entries of the journal that are older than this one.
    Earlier(u64),
    /// Send a step of a run, once its entry in the journal is on the disk: run, place, step.
    Execute(u64, usize, Step),
    /// Follow the output of an instance, or of a workload.
    OpenLogs(u64, LogRequest),
    /// Follow the outputs of several as one.
    OpenSeveral(u64, Vec<LogRequest>),
    /// Forward a port, until its number is cancelled.
    Forward(u64, ForwardRequest),
    /// Fetch a description or a manifest.
    Describe(u64, Ref, Form),
    /// Keep what was said of incidents beyond the session, and forget what was said of these.
    Keep(People, Vec<Name>),
    /// An answer under this ticket is not waited for any more.
    Cancel(u64),
}
