//! How far what is shown can be believed, source by source.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::domain::{Freshness, Rights, Source, Timestamp, Trouble};

use super::annals::{Annals, Passage};
use super::slot::Id;

/// A source that says nothing at all for so long is stale, seconds. Feeds say [`crate::domain::Fact::Alive`] at least
/// every third of it.
pub const SILENT_AFTER_SECONDS: i64 = 180;

/// One list-and-watch.
#[derive(Debug, Clone, Default)]
pub struct SourceState {
    /// Whether a listing was ever complete.
    pub listed: bool,
    /// How many objects the listing under way is expected to name.
    pub expected: Option<u32>,
    /// How many it has named so far.
    pub named: u32,
    /// When it was last heard from and in order.
    pub heard: Option<Timestamp>,
    /// Why it cannot be read.
    pub trouble: Option<Trouble>,
    /// That it cannot be read was noted.
    pub(super) lost: bool,
    pub(super) listing: u32,
    pub(super) held: FxHashSet<Id>,
}

impl SourceState {
    /// The sight that it is at `now`.
    pub fn freshness(&self, now: Timestamp) -> Freshness {
        if let Some(trouble) = &self.trouble {
            return trouble.kind.freshness(self.listed);
        }
        if !self.listed {
            return Freshness::Loading;
        }
        match self.silent_at() {
            Some(silent_at) if silent_at <= now => Freshness::Stale,
            _ => Freshness::Live,
        }
    }

    /// Whether it has listed or is in trouble: nothing more is to be waited for.
    pub fn settled(&self) -> bool {
        self.listed || self.trouble.is_some()
    }

    /// When it becomes stale if it stays silent.
    pub fn silent_at(&self) -> Option<Timestamp> {
        let heard = self.heard?;
        heard.checked_add(jiff::SignedDuration::from_secs(SILENT_AFTER_SECONDS)).ok()
    }

    /// Age of what is shown, seconds; 0 while it is live.
    pub fn age_seconds(&self, now: Timestamp) -> i64 {
        match (self.freshness(now), self.heard) {
            (Freshness::Live, _) | (_, None) => 0,
            (_, Some(heard)) => (now.as_second() - heard.as_second()).max(0),
        }
    }

    /// How many objects it holds.
    pub fn count(&self) -> usize {
        self.held.len()
    }
}

/// A target: its sources, and what may be done in it.
#[derive(Debug, Clone, Default)]
pub struct ClusterState {
    pub(super) sources: BTreeMap<Source, u32>,
    /// What may be done.
    pub rights: Rights,
    /// When a batch first came from it: from then on what happens is seen.
    pub since: Option<Timestamp>,
    /// When a batch last came from it.
    pub heard: Option<Timestamp>,
    pub(super) annals: Annals,
}

impl ClusterState {
    /// What passed in it while it was watched, in the order in which it was heard.
    pub fn passed(&self) -> impl DoubleEndedIterator<Item = &Passage> {
        self.annals.iter()
    }
}
