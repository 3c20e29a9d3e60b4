//! What the screen hears.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use crate::domain::journal::{News, Unwritten};
use crate::domain::{
    Attached, Batch, Draft, Ended, Entry, LogLine, People, Receipt, Refusal, StepError, Text, Timestamp,
};

use super::key::Key;

/// One thing that happened, and when.
#[derive(Debug)]
pub struct Event {
    /// The world's time: what ages and deadlines of the world go by. While a recording is played, the recording's own.
    pub now: Timestamp,
    /// The person's time: what 300 ms and 10 s at the keys go by. Even and monotonic, whatever the world's clock does.
    pub felt: Timestamp,
    /// What.
    pub what: What,
}

impl Event {
    /// Something that happened at `now`, for the world and the person alike.
    pub const fn at(now: Timestamp, what: What) -> Self {
        Self { now, felt: now, what }
    }
}

/// Where a copy went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Copied {
    /// To the terminal. Whether it took it, it does not say.
    Clipboard,
    /// To tmux, which may hand it on.
    Tmux,
    /// To a file.
    File(Text),
}

/// What a mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointed {
    /// The left button was pressed.
    Click,
    /// The wheel went up.
    WheelUp,
    /// The wheel went down.
    WheelDown,
}

/// What a mouse did, and where: column and row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    /// Column, from 0.
    pub x: u16,
    /// Row, from 0.
    pub y: u16,
    /// What.
    pub did: Pointed,
}

impl Mouse {
    /// What a terminal reported; none for what is not used.
    pub const fn from_event(event: MouseEvent) -> Option<Self> {
        let did = match event.kind {
            MouseEventKind::Down(MouseButton::Left) => Pointed::Click,
            MouseEventKind::ScrollUp => Pointed::WheelUp,
            MouseEventKind::ScrollDown => Pointed::WheelDown,
            _ => return None,
        };
        Some(Self { x: event.column, y: event.row, did })
    }
}

/// What happened.
#[derive(Debug)]
pub enum What {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The mouse did something.
    Mouse(Mouse),
    /// The terminal has another size: columns and rows.
    Resize(u16, u16),
    /// The terminal may show anything (it was away): draw all of it.
    Uncovered,
    /// Sources said something. Nothing is diagnosed until [`What::Turn`].
    Facts(Vec<Batch>),
    /// Facts were folded, or a deadline has come: diagnose, look at the runs, put the lists in order.
    Turn,
    /// The frame that was put together last is on the terminal.
    Written,
    /// The answer to [`super::Effect::Prepare`], by its ticket.
    Draft(u64, Box<Result<Draft, Refusal>>),
    /// What is new in the journal.
    Journal(News),
    /// The answer to [`super::Effect::Journal`], by its run.
    Journalled(u64, Result<(), Unwritten>),
    /// The answer to [`super::Effect::TakeOver`], by its run.
    TakenOver(u64, Result<Box<Entry>, Text>),
    /// The answer to [`super::Effect::Earlier`], and how many more there are.
    Earlier(Result<(Vec<Entry>, u64), Text>),
    /// The answer to [`super::Effect::Execute`]: run, place, answer.
    StepAnswer(u64, usize, Result<Receipt, StepError>),
    /// A process that is to have the terminal has begun, or has not: run, place, answer. The loop hands the terminal over.
    Attached(u64, usize, Result<Attached, StepError>),
    /// The process of this run has had the terminal, and how that ended.
    Left(u64, Ended),
    /// Lines of a log, by the ticket of [`super::Effect::OpenLogs`].
    LogLines(u64, Vec<LogLine>),
    /// A log has ended, and why.
    LogEnded(u64, Text),
    /// The answer to [`super::Effect::Describe`], by its ticket.
    TextReady(u64, Result<Vec<Text>, Text>),
    /// Where the text of [`super::Effect::Copy`] went, or why nowhere.
    Copied(Result<Copied, Text>),
    /// Where the output of this ticket went by [`super::Effect::Save`], or why nowhere.
    Saved(u64, Result<Text, Text>),
    /// What is kept of what people said, by this cockpit and others.
    People(People),
    /// Something that the person has to know: a recording that stopped.
    Warned(Text),
    /// The program was told to end.
    Ended,
}
