//! What is not a fact about one thing: when a source could not be read and when it could again, when an alert fired and when
//! it was over. Of this session alone, and bounded.

use std::collections::VecDeque;

use crate::domain::{Alert, AlertState, Name, Object, Ref, Source, Text, Timestamp, Trouble, TroubleKind};

use super::sources::SourceState;

/// Entries of one cluster that are kept; the oldest go first.
const KEPT: usize = 256;

/// Something that passed, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// When, as far as that was said; else when it was heard.
    pub at: Timestamp,
    /// What.
    pub what: Passed,
}

/// What passed.
#[derive(Debug, Clone, PartialEq)]
pub enum Passed {
    /// A source could not be read any more, and why.
    Lost(Source, Text),
    /// It was silent for too long.
    Silent(Source),
    /// It could be read again.
    Back(Source),
    /// An alert fired.
    Fired(AlertName),
    /// Somebody silenced it.
    Silenced(AlertName),
    /// It was over.
    Resolved(AlertName),
}

/// An alert that may not be there any more.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertName {
    /// Its rule.
    pub title: Name,
    /// What it was about, where that could be told.
    pub about: Option<Ref>,
    /// It paged somebody.
    pub pages: bool,
}

impl AlertName {
    fn of(alert: &Alert) -> Self {
        Self { title: alert.title.clone(), about: alert.about.clone(), pages: alert.pages }
    }
}

/// What passed in one cluster, in the order in which it was heard.
#[derive(Debug, Clone, Default)]
pub(super) struct Annals(VecDeque<Passage>);

impl Annals {
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Passage> {
        self.0.iter()
    }

    fn note(&mut self, at: Timestamp, what: Passed) {
        if self.0.len() >= KEPT {
            self.0.pop_front();
        }
        self.0.push_back(Passage { at, what });
    }

    /// A source is in trouble. One that may not be read from the start was never lost.
    pub(super) fn lost(&mut self, source: &Source, state: &mut SourceState, trouble: &Trouble) {
        let forbidden = matches!(trouble.kind, TroubleKind::Forbidden | TroubleKind::Unauthorized);
        if !state.lost && (state.listed || !forbidden) {
            state.lost = true;
            self.note(trouble.since, Passed::Lost(source.clone(), trouble.what.clone()));
        }
    }

    /// A source said nothing for too long.
    pub(super) fn silent(&mut self, source: &Source, state: &mut SourceState, at: Timestamp) {
        if !state.lost {
            state.lost = true;
            self.note(at, Passed::Silent(source.clone()));
        }
    }

    /// A source was heard from, and is in order.
    pub(super) fn heard(&mut self, source: &Source, state: &mut SourceState, at: Timestamp) {
        if std::mem::take(&mut state.lost) {
            self.note(at, Passed::Back(source.clone()));
        }
    }

    /// An object was put in the place of another one.
    pub(super) fn put(&mut self, was: Option<&Object>, now: &Object, at: Timestamp) {
        let Object::Alert(now) = now else { return };
        let before = match was {
            Some(Object::Alert(was)) => Some(was.state),
            _ => None,
        };
        match now.state {
            state if before == Some(state) => {}
            // It fired all along, and fires aloud again.
            AlertState::Firing if matches!(before, Some(AlertState::Silenced | AlertState::Inhibited)) => {}
            AlertState::Firing => self.note(now.since.unwrap_or(at), Passed::Fired(AlertName::of(now))),
            AlertState::Silenced => self.note(at, Passed::Silenced(AlertName::of(now))),
            AlertState::Inhibited => {}
            AlertState::Pending if before == Some(AlertState::Firing) => {
                self.note(at, Passed::Resolved(AlertName::of(now)));
            }
            AlertState::Pending => {}
        }
    }

    /// An object is gone.
    pub(super) fn gone(&mut self, object: Option<&Object>, at: Timestamp) {
        if let Some(Object::Alert(alert)) = object
            && alert.state != AlertState::Pending
        {
            self.note(at, Passed::Resolved(AlertName::of(alert)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_kept_than_is_allowed() {
        let mut annals = Annals::default();
        for second in 0..1_000 {
            let at = Timestamp::from_second(second).expect("in range");
            annals.note(at, Passed::Back(Source::of("pods")));
        }
        assert_eq!(annals.iter().count(), KEPT);
        assert_eq!(annals.iter().next_back().map(|it| it.at.as_second()), Some(999));
    }
}
