//! Which lists are watched, and how far each is.

use rustc_hash::FxHashMap;

use crate::domain::{Name, Source};

use super::super::kinds::ApiKind;

/// One list-and-watch.
#[derive(Debug)]
pub(super) struct Watched {
    /// Its name in facts.
    pub(super) source: Source,
    /// Of which kind.
    pub(super) kind: ApiKind,
    /// Counts its listings.
    pub(super) listing: u32,
    /// A listing is under way: whatever is put is named anew.
    pub(super) lists: bool,
    /// It was complete once.
    listed: bool,
    /// It cannot be read now.
    troubled: bool,
    /// It is not watched any more.
    closed: bool,
}

/// All that are or were watched.
#[derive(Debug, Default)]
pub(super) struct Sources {
    all: Vec<Watched>,
    places: FxHashMap<(ApiKind, Option<Name>), u16>,
    /// Kinds of which no list of all of it is in order: the few of which anything may be unread. Asked for of every pod.
    unsure: Vec<ApiKind>,
}

impl Sources {
    /// The place of one.
    pub(super) fn place(&mut self, kind: ApiKind, partition: Option<Name>) -> u16 {
        if let Some(place) = self.places.get(&(kind, partition.clone())) {
            return *place;
        }
        let place = u16::try_from(self.all.len()).unwrap_or(u16::MAX);
        let source = kind.source(partition.as_ref());
        self.all.push(Watched {
            source,
            kind,
            listing: 0,
            lists: false,
            listed: false,
            troubled: false,
            closed: false,
        });
        self.places.insert((kind, partition), place);
        self.weigh(kind);
        place
    }

    /// The one at a place.
    pub(super) fn at(&self, place: u16) -> Option<&Watched> {
        self.all.get(usize::from(place))
    }

    fn change(&mut self, place: u16, with: impl FnOnce(&mut Watched)) {
        let Some(it) = self.all.get_mut(usize::from(place)) else { return };
        with(it);
        let kind = it.kind;
        self.weigh(kind);
    }

    /// Whether all of a kind can be read may have changed.
    fn weigh(&mut self, kind: ApiKind) {
        let whole = self.of(kind).any(|it| it.source.partition.is_none() && (it.listed || !it.troubled));
        self.unsure.retain(|known| *known != kind);
        if !whole {
            self.unsure.push(kind);
        }
    }

    /// A listing begins.
    pub(super) fn begin(&mut self, place: u16) {
        self.change(place, |it| {
            it.listing = it.listing.wrapping_add(1);
            (it.lists, it.closed, it.troubled) = (true, false, false);
        });
    }

    /// A listing is complete.
    pub(super) fn complete(&mut self, place: u16) {
        self.change(place, |it| (it.lists, it.listed, it.troubled) = (false, true, false));
    }

    /// It was heard from.
    pub(super) fn alive(&mut self, place: u16) {
        self.change(place, |it| it.troubled = false);
    }

    /// It cannot be read; whether that is news of one that was never listed.
    pub(super) fn trouble(&mut self, place: u16) -> bool {
        let news = self.at(place).is_some_and(|it| !it.listed && !it.troubled);
        self.change(place, |it| it.troubled = true);
        news
    }

    /// It is not watched any more.
    pub(super) fn close(&mut self, place: u16) {
        self.change(place, |it| (it.closed, it.listed, it.lists) = (true, false, false));
    }

    fn of(&self, kind: ApiKind) -> impl Iterator<Item = &Watched> {
        self.all.iter().filter(move |it| it.kind == kind && !it.closed)
    }

    /// Whether what is not there of a kind in a namespace is absent: it was listed.
    pub(super) fn knows(&self, kind: ApiKind, namespace: &Name) -> bool {
        let covers = |it: &Watched| it.source.partition.as_ref().is_none_or(|part| part == namespace);
        self.of(kind).any(|it| it.listed && covers(it))
    }

    /// Whether a kind cannot be read in a namespace: it is watched nowhere where that lies, or is in trouble there and was
    /// never listed.
    pub(super) fn unread(&self, kind: ApiKind, namespace: &Name) -> bool {
        let covers = |it: &&Watched| it.source.partition.as_ref().is_none_or(|part| part == namespace);
        self.unsure.contains(&kind) && self.of(kind).filter(covers).all(|it| it.troubled && !it.listed)
    }

    /// Whether waiting for a kind is of no use: it was listed, or cannot be.
    pub(super) fn settled(&self, kind: ApiKind) -> bool {
        let mut of = self.of(kind).peekable();
        of.peek().is_some() && of.all(|it| it.listed || it.troubled)
    }
}
