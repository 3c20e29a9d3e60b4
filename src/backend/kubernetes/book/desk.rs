//! What is to be shown again, and what was shown.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;
use std::io;

use rustc_hash::{FxHashMap, FxHasher};

use crate::domain::{Object, Ref};

use super::scribe::Second;

/// Work that is to be done before anything else is said.
#[derive(Debug, Default)]
pub(super) struct Desk {
    /// What is to be shown again; whether even if it looks the same, because its list is being told anew.
    dirty: BTreeMap<Ref, bool>,
    /// Hashes of what was shown, and under which source. Pods are too many for that; they are shown whenever they change.
    sent: FxHashMap<Ref, (u64, u16)>,
    /// Pods that are gone, and under which source they were shown.
    gone: FxHashMap<Ref, u16>,
    /// What is to be shown again at a time.
    due: BTreeSet<(Second, Ref)>,
    /// What may have news to tell.
    untold: BTreeSet<Ref>,
}

impl Desk {
    /// To be shown again.
    pub(super) fn mark(&mut self, key: Ref, named: bool) {
        *self.dirty.entry(key).or_default() |= named;
    }

    /// To be shown again then.
    pub(super) fn remind(&mut self, at: Second, key: Ref) {
        if at.seconds().is_some() {
            self.due.insert((at, key));
        }
    }

    /// What is due by now is to be shown again.
    pub(super) fn ring(&mut self, now: i64) {
        while self.due.first().is_some_and(|(at, _)| at.seconds().is_some_and(|at| at <= now)) {
            if let Some((_, key)) = self.due.pop_first() {
                self.mark(key, false);
            }
        }
    }

    /// A pod is gone.
    pub(super) fn lost_pod(&mut self, key: Ref, source: u16) {
        self.gone.insert(key.clone(), source);
        self.mark(key, false);
    }

    /// Under which source a pod that is gone was shown.
    pub(super) fn source_of_gone(&mut self, key: &Ref) -> Option<u16> {
        self.gone.remove(key)
    }

    /// May have news to tell.
    pub(super) fn news(&mut self, key: Ref) {
        self.untold.insert(key);
    }

    /// Has none any more.
    pub(super) fn no_news(&mut self, key: &Ref) {
        self.untold.remove(key);
    }

    /// What may have news to tell.
    pub(super) fn take_untold(&mut self) -> BTreeSet<Ref> {
        std::mem::take(&mut self.untold)
    }

    /// What is to be shown again.
    pub(super) fn take_dirty(&mut self) -> BTreeMap<Ref, bool> {
        std::mem::take(&mut self.dirty)
    }

    /// Notes that an object is shown; whether it looks different from what was shown of it.
    pub(super) fn show(&mut self, object: &Object, source: u16) -> bool {
        let now = (hash_of(object), source);
        self.sent.insert(object.key().clone(), now) != Some(now)
    }

    /// Notes that an object is not shown any more: under which source it was.
    pub(super) fn hide(&mut self, key: &Ref) -> Option<u16> {
        self.sent.remove(key).map(|(_, source)| source)
    }

    /// A source takes all that it showed with it.
    pub(super) fn close(&mut self, source: u16) {
        self.sent.retain(|_, (_, of)| *of != source);
        self.gone.retain(|_, of| *of != source);
    }
}

/// Objects are plain data: what they are written as tells one from the other.
fn hash_of(object: &Object) -> u64 {
    struct Sink(FxHasher);
    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut sink = Sink(FxHasher::default());
    // One that could not be written would be sent each time.
    let _ = serde_json::to_writer(&mut sink, object);
    sink.0.finish()
}
