//! A world as a value.

use std::collections::BTreeMap;

use crate::domain::{ClusterId, Freshness, Object, Occurrence, Ref, Source, Timestamp};

use super::world::World;

impl World {
    /// All that is known, in a form in which two worlds can be compared.
    pub fn snapshot(&self, now: Timestamp) -> Snapshot {
        let objects = self.slots().filter_map(|slot| Some((slot.key().clone(), slot.object()?.clone())));
        let occurrences = self.with_occurrences().flat_map(|slot| slot.extra.iter().flat_map(|e| e.occurrences.iter()));
        let sources = self.clusters().flat_map(|(cluster, _)| {
            self.sources(cluster)
                .map(|(source, state)| ((cluster.clone(), source.clone()), state.freshness(now)))
                .collect::<Vec<_>>()
        });
        Snapshot {
            objects: objects.collect(),
            occurrences: occurrences.map(|it| (it.id.to_string(), it.clone())).collect(),
            sources: sources.collect(),
        }
    }
}

/// A world's content, comparable.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Objects by key.
    pub objects: BTreeMap<Ref, Object>,
    /// Occurrences by id.
    pub occurrences: BTreeMap<String, Occurrence>,
    /// The sight of each source.
    pub sources: BTreeMap<(ClusterId, Source), Freshness>,
}
