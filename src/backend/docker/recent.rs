//! Events that were taken in lately, so that none counts twice when a stream is resumed: engines send the event of the
//! very nanosecond again.

use std::collections::VecDeque;

use super::events::{About, Act, Event};

/// Twice what an engine remembers (256).
const KEPT: usize = 512;

/// What tells two events apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    nanos: i64,
    id: crate::domain::Text,
    act: Option<Act>,
}

/// The last few events.
#[derive(Debug, Default)]
pub(super) struct Recent {
    marks: VecDeque<Mark>,
    newest: Option<i64>,
}

impl Recent {
    /// The newest event's time, nanoseconds.
    pub(super) const fn newest(&self) -> Option<i64> {
        self.newest
    }

    /// Whether it was taken in.
    pub(super) fn has(&self, event: &Event) -> bool {
        let mark = mark(event);
        // Newest first: what comes twice came just now.
        self.marks.iter().rev().any(|known| *known == mark)
    }

    /// Takes it in; false when it was before.
    pub(super) fn add(&mut self, event: &Event) -> bool {
        // Nothing older than what is kept comes again, and most are newer than all of it.
        if self.newest.is_some_and(|newest| event.nanos <= newest) && self.has(event) {
            return false;
        }
        self.newest = self.newest.max(Some(event.nanos));
        if self.marks.len() == KEPT {
            self.marks.pop_front();
        }
        self.marks.push_back(mark(event));
        true
    }
}

fn mark(event: &Event) -> Mark {
    let (id, act) = match &event.about {
        About::Container { id, act, .. } => (id.clone(), Some(*act)),
        About::Service { name, .. } => (name.clone(), None),
        About::Node => (crate::domain::Text::new("node"), None),
    };
    Mark { nanos: event.nanos, id, act }
}
