//! One queue of moments at which something has to be looked at again, though no fact comes.

use std::collections::BTreeSet;
use std::hash::Hash;

use rustc_hash::FxHashMap;

use crate::domain::Timestamp;

/// Deadlines, at most one a key: setting one again moves it.
#[derive(Debug)]
pub struct Deadlines<K> {
    queue: BTreeSet<(Timestamp, K)>,
    of: FxHashMap<K, Timestamp>,
}

impl<K> Default for Deadlines<K> {
    fn default() -> Self {
        Self { queue: BTreeSet::new(), of: FxHashMap::default() }
    }
}

impl<K: Clone + Ord + Hash> Deadlines<K> {
    /// Sets the deadline of `key`, in the place of the one it has.
    pub fn set(&mut self, key: K, at: Timestamp) {
        self.clear(&key);
        self.of.insert(key.clone(), at);
        self.queue.insert((at, key));
    }

    /// Takes the deadline of `key` away.
    pub fn clear(&mut self, key: &K) {
        if let Some(at) = self.of.remove(key) {
            self.queue.remove(&(at, key.clone()));
        }
    }

    /// The next moment at which something is due.
    pub fn next(&self) -> Option<Timestamp> {
        self.queue.first().map(|(at, _)| *at)
    }

    /// Takes the next key that is due at `now`.
    pub fn pop_due(&mut self, now: Timestamp) -> Option<K> {
        if self.next()? > now {
            return None;
        }
        let (_, key) = self.queue.pop_first()?;
        self.of.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    #[test]
    fn a_key_has_one_deadline_and_they_come_in_order() {
        let mut deadlines = Deadlines::default();
        deadlines.set("a", at(10));
        deadlines.set("b", at(5));
        deadlines.set("a", at(3));
        assert_eq!(deadlines.next(), Some(at(3)));
        assert_eq!(deadlines.pop_due(at(4)), Some("a"));
        assert_eq!(deadlines.pop_due(at(4)), None);
        deadlines.clear(&"b");
        assert_eq!(deadlines.next(), None);
    }
}
