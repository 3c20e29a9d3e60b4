//! Strings, keys and times of one cluster, each string kept once.

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroI64;

use crate::backend::mask;
use crate::domain::{ClusterId, Interner, Kind, Name, Ref, Text, Timestamp};

use super::super::wire::read::{Pairs, Str};

/// Labels kept of one object, and the length of a value and of a sentence, at most.
const LABELS_KEPT: usize = 48;
const LABEL_LENGTH: usize = 256;
const TEXT_LENGTH: usize = 1024;

/// Writes a cluster's strings down.
#[derive(Debug)]
pub(super) struct Scribe {
    /// Whose they are.
    pub(super) cluster: ClusterId,
    /// Strings that are likely to be repeated.
    pub(super) names: Interner,
    /// Under which values of environments are hashed; it is kept nowhere.
    key: RandomState,
}

impl Scribe {
    pub(super) fn new(cluster: ClusterId) -> Self {
        Self { cluster, names: Interner::default(), key: RandomState::new() }
    }

    /// A string that is likely to be repeated.
    pub(super) fn name(&mut self, raw: &str) -> Name {
        self.names.intern(raw)
    }

    /// The same, where it says anything.
    pub(super) fn some(&mut self, raw: &Str) -> Option<Name> {
        raw.some().map(|raw| self.names.intern(raw))
    }

    /// A key; nodes and the like lie in no namespace.
    pub(super) fn key(&self, kind: Kind, namespace: &Name, name: &Name) -> Ref {
        let namespace = Some(namespace).filter(|it| !it.is_empty()).cloned();
        Ref::new(&self.cluster, kind, namespace, name.clone())
    }

    /// Labels, without those that are denied.
    pub(super) fn labels(&mut self, labels: &Pairs) -> Vec<(Name, Name)> {
        let kept = labels.0.iter().filter(|(name, _)| !mask::denied(name)).take(LABELS_KEPT);
        let mut kept: Vec<_> =
            kept.map(|(name, value)| (self.names.intern(name), self.names.intern(cut(value, LABEL_LENGTH)))).collect();
        kept.sort_unstable();
        kept
    }

    /// Labels as selectors compare them: all of them, as they are.
    pub(super) fn pairs(&mut self, labels: &Pairs) -> Vec<(Name, Name)> {
        labels.0.iter().map(|(name, value)| (self.names.intern(name), self.names.intern(value))).collect()
    }

    /// A hash of what is not kept.
    pub(super) fn hash(&self, value: &str) -> u64 {
        self.key.hash_one(value)
    }
}

/// A sentence of the server's, where there is one.
pub(super) fn text(raw: &str) -> Option<Text> {
    let raw = raw.trim();
    (!raw.is_empty()).then(|| Text::new(cut(raw, TEXT_LENGTH)))
}

/// At most so many bytes of it, at a character's boundary.
pub(super) fn cut(text: &str, length: usize) -> &str {
    if text.len() <= length {
        return text;
    }
    let mut end = length;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A time to the second, which is all that a server says of pods, in a third of the room: there are many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Second(Option<NonZeroI64>);

impl Second {
    /// As a time.
    pub(super) fn at(self) -> Option<Timestamp> {
        Timestamp::from_second(self.0?.get()).ok()
    }

    /// So many seconds after the epoch.
    pub(super) const fn from_seconds(seconds: i64) -> Self {
        Self(NonZeroI64::new(seconds))
    }

    /// The earlier of two, of those that there are.
    pub(super) fn or_sooner(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(a), Some(b)) => Self(Some(a.min(b))),
            (one, None) | (None, one) => Self(one),
        }
    }

    /// Seconds since the epoch.
    pub(super) fn seconds(self) -> Option<i64> {
        self.0.map(NonZeroI64::get)
    }
}

impl From<Option<Timestamp>> for Second {
    fn from(at: Option<Timestamp>) -> Self {
        Self(at.and_then(|at| NonZeroI64::new(at.as_second())))
    }
}
