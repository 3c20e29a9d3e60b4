//! Drafts and step errors, in the words that are the same for every orchestrator and noun.

use std::fmt::Display;

use crate::domain::{
    Draft, Intent, Line, LineKind, Name, Pin, Refusal, Seen, Step, StepAction, StepError, Text, Timestamp, Until,
};

/// Why something that changes a server is not known to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unwritten<F> {
    /// The server said no.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's words.
        message: Text,
    },
    /// No connection could be made: nothing was sent.
    NotSent(F),
    /// It was sent, and no answer came.
    Lost,
}

/// A small change shows within this time, seconds.
pub(super) const SMALL: u32 = 120;
/// What a rollout may take at least, seconds.
pub(super) const ROLL_OUT: u32 = 300;

/// What will be done.
pub(super) fn does(text: impl Into<Text>) -> Line {
    Line::new(LineKind::Does, text)
}

/// What it hurts or loses.
pub(super) fn hurts(text: impl Into<Text>) -> Line {
    Line::new(LineKind::Hurts, text)
}

/// What will not be done.
pub(super) fn skips(text: impl Into<Text>) -> Line {
    Line::new(LineKind::Skips, text)
}

/// Good to know.
pub(super) fn note(text: impl Into<Text>) -> Line {
    Line::new(LineKind::Note, text)
}

/// One step on an object that was seen so.
pub(super) fn step(action: StepAction, uid: &str, seen: Seen, until: Until, timeout_seconds: u32) -> Step {
    let pin = Pin { key: action.target().clone(), uid: Name::new(uid), seen };
    Step { action, pin, until, timeout_seconds, group: 0 }
}

/// The object of an intent is not there.
pub(super) fn gone(intent: &Intent) -> Refusal {
    Refusal::of(intent, "it is not there any more", "look at the list again")
}

/// Several drafts as one, done one after the other up to the first that fails.
pub(super) fn joined(intent: &Intent, drafts: Vec<Draft>) -> Draft {
    let mut whole = Draft::new(intent, Vec::new());
    let (mut group, mut commands, mut inverses) = (0, Vec::new(), Vec::new());
    let of = drafts.len();
    for draft in drafts {
        let last = draft.steps.iter().map(|step| step.group).max();
        whole.steps.extend(draft.steps.into_iter().map(|step| Step { group: step.group + group, ..step }));
        group += last.map_or(0, |last| last + 1);
        let name = draft.intent.target().local();
        let lines = draft.notes.into_iter();
        whole.notes.extend(lines.map(|line| Line { text: Text::from(format!("{name}: {}", line.text)), ..line }));
        whole.grade = whole.grade.max(draft.grade);
        commands.extend(draft.equivalent.map(|command| command.to_string()));
        inverses.extend(draft.inverse);
    }
    whole.equivalent = (commands.len() == of).then(|| Text::from(commands.join(" && ")));
    inverses.reverse();
    // What cannot be taken back whole is not offered to be.
    whole.inverse = if inverses.len() == of { Intent::several(inverses) } else { None };
    whole
}

/// It is not what was seen.
pub(super) fn moved(what: impl Into<Text>) -> StepError {
    StepError::Moved(what.into())
}

/// What became of a change that did not end well.
pub(super) fn in_words<F: Display>(unwritten: Unwritten<F>, sent: Timestamp) -> StepError {
    match unwritten {
        Unwritten::Lost => StepError::Unknown { sent },
        Unwritten::NotSent(failure) => StepError::Failed(Text::from(format!("nothing was sent: {failure}"))),
        Unwritten::Refused { status: 404, .. } => StepError::Gone,
        Unwritten::Refused { status: 401 | 403, message } => StepError::Denied(message),
        Unwritten::Refused { message, .. } => StepError::Failed(message),
    }
}

/// The object whose key a step names, if it is the one that was pinned.
pub(super) fn same(pin: &Pin, id: &str) -> Result<(), StepError> {
    let noun = pin.key.kind.noun();
    match pin.uid == id {
        true => Ok(()),
        false => Err(moved(format!("another {noun} has the name {} by now", pin.key.local()))),
    }
}

/// `3 containers`, and the names of the first of them.
pub(super) fn some(names: &[String]) -> String {
    const NAMED: usize = 6;
    let named = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
