//! Where a kind may not be listed everywhere: namespace by namespace, where that is allowed. The watch over all of it goes
//! on asking, and takes the place of the others when it may.

use std::collections::BTreeMap;

use super::super::heard::Said;
use super::super::kinds::ApiKind;
use super::readable::{self, Readable};
use super::{Cluster, Done, Key};
use crate::domain::{Name, Text, Trouble};

/// The namespace of a context that names none.
const DEFAULT: &str = "default";

/// Kinds that may not be listed everywhere.
#[derive(Default)]
pub(super) struct Fallback {
    fallen: BTreeMap<ApiKind, Fallen>,
    readable: Option<Readable>,
    looking: bool,
}

/// A kind that may not be listed everywhere.
struct Fallen {
    trouble: Trouble,
    /// Its namespaces stand for it: the source of the whole is closed.
    replaced: bool,
}

impl Cluster {
    /// Whether namespaces may stand for a source. Where a person has named namespaces, there is nothing else to try.
    pub(super) fn may_fall_back(&self, (kind, partition): &Key) -> bool {
        partition.is_none() && kind.namespaced() && self.target.namespaces.is_empty()
    }

    /// Whether namespaces do stand for it.
    pub(super) fn is_replaced(&self, (kind, partition): &Key) -> bool {
        partition.is_none() && self.fallback.fallen.get(kind).is_some_and(|fallen| fallen.replaced)
    }

    /// A kind may not be listed everywhere.
    pub(super) fn fall_back(&mut self, kind: ApiKind, trouble: Trouble) {
        let fallen = self.fallback.fallen.entry(kind).or_insert(Fallen { trouble: trouble.clone(), replaced: false });
        fallen.trouble = trouble;
        match (fallen.replaced, self.fallback.readable.is_some()) {
            (true, _) => {}
            (false, true) => self.stand_in(vec![kind]),
            (false, false) => self.look_for_readable(),
        }
    }

    /// Asks in which namespaces what is denied may be listed.
    pub(super) fn look_for_readable(&mut self) {
        let Some(api) = self.line.api.clone() else { return };
        if self.fallback.fallen.is_empty() || std::mem::replace(&mut self.fallback.looking, true) {
            return;
        }
        let own = self.line.namespace.clone().unwrap_or_else(|| Name::new(DEFAULT));
        self.jobs.spawn(async move { Done::Readable(readable::ask(api, own).await) });
    }

    pub(super) fn readable(&mut self, readable: Readable) {
        self.fallback.looking = false;
        let before = self.namespaces();
        self.fallback.readable = Some(readable);
        self.stand_in(self.fallback.fallen.keys().copied().collect());
        if self.namespaces() != before {
            self.review();
        }
    }

    /// The namespaces that are watched; none where it is all.
    pub(super) fn namespaces(&self) -> Vec<Name> {
        match (&self.fallback.readable, self.target.namespaces.is_empty()) {
            (Some(readable), true) if !self.fallback.fallen.is_empty() => readable.namespaces().cloned().collect(),
            _ => self.target.namespaces.clone(),
        }
    }

    /// Watches the namespaces that may be read, and no others. All are named before anything is closed, so that there is
    /// always something to wait for.
    fn stand_in(&mut self, kinds: Vec<ApiKind>) {
        let Some(readable) = &self.fallback.readable else { return };
        let left_out = readable.left_out;
        let wanted: Vec<Key> = kinds
            .iter()
            .flat_map(|kind| readable.namespaces_of(*kind).map(|namespace| (*kind, Some(namespace.clone()))))
            .collect();
        let parts = self.open.keys().filter(|(kind, partition)| partition.is_some() && kinds.contains(kind));
        let gone: Vec<Key> = parts.filter(|key| !wanted.contains(key)).cloned().collect();
        self.name(wanted.clone());
        for kind in kinds {
            let watched = wanted.iter().filter(|(of, _)| *of == kind).count();
            self.stand_in_for(kind, watched, left_out);
        }
        self.close(gone);
    }

    fn stand_in_for(&mut self, kind: ApiKind, watched: usize, left_out: usize) {
        let Some(fallen) = self.fallback.fallen.get_mut(&kind) else { return };
        let before = std::mem::replace(&mut fallen.replaced, watched > 0 && left_out == 0);
        let trouble = match (watched, left_out) {
            (0, _) if kind.when().need_not_be_allowed() => {
                self.fallback.fallen.remove(&kind);
                return self.leave_out((kind, None));
            }
            (0, _) => fallen.trouble.clone(),
            (_, 0) if before => return,
            (_, 0) => return self.say((kind, None), Said::Closed),
            _ => not_all(kind, watched, left_out, &fallen.trouble),
        };
        self.say((kind, None), Said::Trouble(trouble));
    }

    /// A listing of all of a kind has begun: it is a source again, which is closed anew should the right be lost again.
    pub(super) fn whole_begins(&mut self, kind: ApiKind) {
        if let Some(fallen) = self.fallback.fallen.get_mut(&kind) {
            fallen.replaced = false;
        }
    }

    /// A listing of all of a kind is complete: namespaces need not stand for it any more.
    pub(super) fn whole_again(&mut self, kind: ApiKind) {
        if self.fallback.fallen.remove(&kind).is_some() {
            let parts = self.open.keys().filter(|(of, partition)| *of == kind && partition.is_some());
            let parts: Vec<Key> = parts.cloned().collect();
            self.close(parts);
        }
    }
}

fn not_all(kind: ApiKind, watched: usize, left_out: usize, denied: &Trouble) -> Trouble {
    let what = format!(
        "{} may not be read everywhere, and of the namespaces in which they may be read {left_out} are not watched: \
         {watched} are",
        kind.plural()
    );
    Trouble {
        what: Text::from(what),
        mend: Text::new("name those that matter as `namespaces` of this cluster in the configuration"),
        ..denied.clone()
    }
}
