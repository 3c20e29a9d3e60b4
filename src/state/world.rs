//! The fold: facts in, an indexed model out, and what is dirty.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::domain::{
    Answer, Batch, ClusterId, Deed, Fact, Object, Occurrence, Ref, Rights, Role, Sample, Source, Timestamp, Trouble,
    Want,
};

use super::bodies::Bodies;
use super::deadlines::Deadlines;
use super::deeds;
use super::edges::each_edge;
use super::occurrences;
use super::slot::{Id, Slot};
use super::sources::{ClusterState, SourceState};
use super::view::View;

/// Answers kept; the oldest go first.
const ANSWERS_KEPT: usize = 512;

/// Everything that is known now.
#[derive(Debug, Default)]
pub struct World {
    clusters: BTreeMap<ClusterId, ClusterState>,
    sources: Vec<SourceState>,
    source_names: Vec<(ClusterId, Source)>,
    /// Every slot by its key, which stands in the slot itself.
    ids: HashTable<Id>,
    pub(super) slots: Vec<Slot>,
    free: Vec<Id>,
    /// By role, but for instances: there are too many, and they are found by their owners.
    roles: BTreeMap<Role, BTreeSet<Id>>,
    eventful: BTreeSet<Id>,
    pub(super) bodies: Bodies,
    answers: FxHashMap<Want, (u64, Answer)>,
    dirty: FxHashSet<Id>,
    vacant: Vec<Id>,
    freshness: Deadlines<u32>,
    version: u64,
}

impl World {
    /// Makes a cluster known before anything was heard of it, so that it shows as loading.
    pub fn expect(&mut self, cluster: &ClusterId) {
        self.clusters.entry(cluster.clone()).or_default();
        self.version += 1;
    }

    /// Whether a cluster is watched, or was heard of.
    pub fn knows(&self, cluster: &ClusterId) -> bool {
        self.clusters.contains_key(cluster)
    }

    /// Folds a batch in.
    pub fn fold(&mut self, batch: Batch) {
        let Batch { cluster, at, facts } = batch;
        let state = self.clusters.entry(cluster.clone()).or_default();
        // What was done here is no sign of life from there.
        if facts.iter().any(|fact| !matches!(fact, Fact::Done(_))) {
            (state.since, state.heard) = (state.since.or(Some(at)), Some(at));
        }
        for fact in facts {
            self.fold_fact(&cluster, at, fact);
        }
        self.version += 1;
    }

    fn fold_fact(&mut self, cluster: &ClusterId, at: Timestamp, fact: Fact) {
        match fact {
            Fact::Listing(source, expected) => self.begin_listing(cluster, source, expected),
            Fact::Put(source, object) => self.put(cluster, source, object, at),
            Fact::Gone(source, key) => self.gone(cluster, source, &key, at),
            Fact::Listed(source) => self.end_listing(cluster, source, at),
            Fact::Alive(source) => self.alive(cluster, source, at),
            Fact::Closed(source) => self.close(cluster, source),
            Fact::Trouble(source, trouble) => self.trouble(cluster, source, trouble),
            Fact::Occurred(occurrence) => self.occurred(*occurrence),
            Fact::Measured(sample) => self.measured(sample),
            Fact::Allowed(rights) => self.allowed(cluster, rights),
            Fact::Answered(want, answer) => self.answered(want, answer),
            Fact::Done(deed) => self.done(*deed),
        }
    }

    fn begin_listing(&mut self, cluster: &ClusterId, source: Source, expected: Option<u32>) {
        let ix = self.source(cluster, source);
        let state = &mut self.sources[ix as usize];
        state.listing += 1;
        state.expected = expected;
        state.named = 0;
    }

    fn put(&mut self, cluster: &ClusterId, source: Source, mut object: Object, at: Timestamp) {
        if let Object::Instance(instance) = &mut object {
            // There are many, and they are kept.
            instance.containers.shrink_to_fit();
            self.bodies.join(instance);
        }
        let ix = self.source(cluster, source);
        let id = self.id_of(object.key());
        let state = &mut self.sources[ix as usize];
        state.named += 1;
        let listing = state.listing;
        if state.held.insert(id) {
            let before = self.slots[id.ix()].source;
            if self.slots[id.ix()].object().is_some() && before != ix {
                self.sources[before as usize].held.remove(&id);
            }
        }
        let slot = &mut self.slots[id.ix()];
        slot.listing = listing;
        slot.source = ix;
        if slot.object() == Some(&object) {
            return;
        }
        if let Some(state) = self.clusters.get_mut(cluster) {
            state.annals.put(self.slots[id.ix()].object(), &object, at);
        }
        let former = self.replace(id, object);
        self.rejoin(id, former.as_ref());
        self.mark(id);
    }

    /// Puts another object where one was, or was not. The old edges go first: what points to the same place again would take the new
    /// one away.
    pub(super) fn replace(&mut self, id: Id, object: Object) -> Option<Object> {
        let former = self.slots[id.ix()].take();
        if let Some(former) = &former {
            self.unlink(id, former);
        }
        self.link(id, &object);
        self.slots[id.ix()].place(object);
        former
    }

    fn gone(&mut self, cluster: &ClusterId, source: Source, key: &Ref, at: Timestamp) {
        let ix = self.source(cluster, source);
        let Some(id) = self.find(key) else { return };
        if self.slots[id.ix()].source == ix {
            self.note_gone(cluster, id, at);
            self.remove(ix, id);
        }
    }

    fn note_gone(&mut self, cluster: &ClusterId, id: Id, at: Timestamp) {
        if let Some(state) = self.clusters.get_mut(cluster) {
            state.annals.gone(self.slots[id.ix()].object(), at);
        }
    }

    fn end_listing(&mut self, cluster: &ClusterId, source: Source, at: Timestamp) {
        let ix = self.source(cluster, source);
        let listing = self.sources[ix as usize].listing;
        let slots = &self.slots;
        let left: Vec<Id> =
            self.sources[ix as usize].held.iter().copied().filter(|id| slots[id.ix()].listing != listing).collect();
        for id in left {
            self.note_gone(cluster, id, at);
            self.remove(ix, id);
        }
        let first = !self.sources[ix as usize].listed;
        let state = &mut self.sources[ix as usize];
        state.listed = true;
        state.expected = None;
        self.heard(ix, at);
        if first {
            self.mark_cluster(cluster);
        }
    }

    fn alive(&mut self, cluster: &ClusterId, source: Source, at: Timestamp) {
        let ix = self.source(cluster, source);
        self.heard(ix, at);
    }

    fn heard(&mut self, ix: u32, at: Timestamp) {
        let state = &mut self.sources[ix as usize];
        let mended = state.trouble.take().is_some();
        let (cluster, source) = &self.source_names[ix as usize];
        if let Some(cluster) = self.clusters.get_mut(cluster) {
            cluster.annals.heard(source, state, at);
        }
        state.heard = state.heard.max(Some(at));
        if let Some(silent_at) = state.silent_at() {
            self.freshness.set(ix, silent_at);
        }
        if mended {
            let cluster = self.source_names[ix as usize].0.clone();
            self.mark_cluster(&cluster);
        }
    }

    fn close(&mut self, cluster: &ClusterId, source: Source) {
        let ix = self.source(cluster, source.clone());
        let held: Vec<Id> = self.sources[ix as usize].held.iter().copied().collect();
        for id in held {
            self.remove(ix, id);
        }
        self.sources[ix as usize] = SourceState::default();
        self.freshness.clear(&ix);
        if let Some(state) = self.clusters.get_mut(cluster) {
            state.sources.remove(&source);
        }
        self.mark_cluster(cluster);
    }

    fn trouble(&mut self, cluster: &ClusterId, source: Source, trouble: Trouble) {
        let ix = self.source(cluster, source.clone());
        let state = &mut self.sources[ix as usize];
        if let Some(cluster) = self.clusters.get_mut(cluster) {
            cluster.annals.lost(&source, state, &trouble);
        }
        // The first of a row of failures says since when.
        let since = match &state.trouble {
            Some(known) if known.kind == trouble.kind => known.since.min(trouble.since),
            _ => trouble.since,
        };
        state.trouble = Some(Trouble { since, ..trouble });
        self.mark_cluster(cluster);
    }

    fn occurred(&mut self, occurrence: Occurrence) {
        let home = occurrence.workload.as_ref().unwrap_or(&occurrence.subject);
        let id = self.id_of(home);
        let kept = &mut self.slots[id.ix()].extra.get_or_insert_default().occurrences;
        occurrences::keep(kept, occurrence);
        self.eventful.insert(id);
        self.mark(id);
    }

    fn done(&mut self, deed: Deed) {
        let id = self.id_of(deed.intent.target());
        if deeds::keep(&mut self.slots[id.ix()].extra.get_or_insert_default().deeds, deed) {
            self.mark(id);
        }
    }

    fn measured(&mut self, sample: Sample) {
        let id = self.id_of(&sample.subject);
        let series = &mut self.slots[id.ix()].extra.get_or_insert_default().series;
        let known = series.iter().position(|(metric, of, _)| *metric == sample.metric && *of == sample.container);
        let place = known.unwrap_or_else(|| {
            series.push((sample.metric, sample.container, super::Series::default()));
            series.len() - 1
        });
        series[place].2.add(sample.at, sample.value);
        self.mark(id);
    }

    fn answered(&mut self, want: Want, answer: Answer) {
        let about = match &want {
            Want::Usage(key) | Want::LogTail { instance: key, .. } | Want::History(key) | Want::Allowed(key) => {
                Some(key.clone())
            }
            Want::Change { workload, .. } => Some(workload.clone()),
            Want::Query(_) | Want::Kind(_) => None,
        };
        self.answers.insert(want, (self.version, answer));
        if self.answers.len() > ANSWERS_KEPT {
            let oldest = self.answers.iter().min_by_key(|(_, (version, _))| *version).map(|(want, _)| want.clone());
            self.answers.remove(&oldest.expect("more than one answer"));
        }
        if let Some(id) = about.as_ref().and_then(|key| self.find(key)) {
            self.mark(id);
        }
    }

    fn remove(&mut self, ix: u32, id: Id) {
        self.sources[ix as usize].held.remove(&id);
        if let Some(former) = self.slots[id.ix()].take() {
            self.mark_around(&former);
            self.unlink(id, &former);
            self.rejoin(id, Some(&former));
            self.mark(id);
        }
        self.vacant.push(id);
    }

    fn link(&mut self, id: Id, object: &Object) {
        if object.key().kind.role() != Role::Instance {
            self.roles.entry(object.key().kind.role()).or_default().insert(id);
        }
        each_edge(object, |edge, to| {
            let to = self.id_of(to);
            let edges = self.slots[to.ix()].edges.get_or_insert_default();
            edge.add(edges, id);
        });
    }

    fn unlink(&mut self, id: Id, object: &Object) {
        if let Some(of_role) = self.roles.get_mut(&object.key().kind.role()) {
            of_role.remove(&id);
        }
        each_edge(object, |edge, to| {
            let Some(to) = self.find(to) else { return };
            if let Some(edges) = self.slots[to.ix()].edges.as_deref_mut() {
                edge.remove(edges, id);
            }
            self.dirty.insert(to);
            self.vacant.push(to);
        });
    }

    /// What the object pointed to has changed too, now that it is gone.
    fn mark_around(&mut self, object: &Object) {
        each_edge(object, |_, to| {
            if let Some(to) = self.find(to) {
                self.dirty.insert(to);
            }
        });
    }

    pub(super) fn mark(&mut self, id: Id) {
        self.dirty.insert(id);
    }

    fn allowed(&mut self, cluster: &ClusterId, rights: Rights) {
        let known = &mut self.clusters.entry(cluster.clone()).or_default().rights;
        if *known != rights {
            *known = rights;
            self.mark_cluster(cluster);
        }
    }

    fn mark_cluster(&mut self, cluster: &ClusterId) {
        let id = self.id_of(&crate::domain::ClusterInfo::key_of(cluster));
        self.dirty.insert(id);
    }

    fn find(&self, key: &Ref) -> Option<Id> {
        self.ids.find(FxBuildHasher.hash_one(key), |id| self.slots[id.ix()].key() == key).copied()
    }

    fn id_of(&mut self, key: &Ref) -> Id {
        if let Some(id) = self.find(key) {
            return id;
        }
        let slot = Slot::new(key.clone());
        let id = match self.free.pop() {
            Some(id) => {
                self.slots[id.ix()] = slot;
                id
            }
            None => {
                self.slots.push(slot);
                Id(u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX))
            }
        };
        let slots = &self.slots;
        self.ids.insert_unique(FxBuildHasher.hash_one(key), id, |id| FxBuildHasher.hash_one(slots[id.ix()].key()));
        id
    }

    fn source(&mut self, cluster: &ClusterId, source: Source) -> u32 {
        if !self.clusters.contains_key(cluster) {
            self.clusters.insert(cluster.clone(), ClusterState::default());
        }
        let state = self.clusters.get_mut(cluster).expect("just made");
        if let Some(&ix) = state.sources.get(&source) {
            return ix;
        }
        let ix = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        self.sources.push(SourceState::default());
        self.source_names.push((cluster.clone(), source.clone()));
        state.sources.insert(source, ix);
        ix
    }

    /// Keys of what has changed since this was last asked, and forgets slots that nothing speaks of any more. A source
    /// that fell silent by `now` counts as a change of its cluster.
    pub fn take_dirty(&mut self, now: Timestamp) -> Vec<Ref> {
        while let Some(ix) = self.freshness.pop_due(now) {
            let (cluster, source) = self.source_names[ix as usize].clone();
            let state = &mut self.sources[ix as usize];
            let at = state.silent_at().unwrap_or(now);
            if let Some(cluster) = self.clusters.get_mut(&cluster) {
                cluster.annals.silent(&source, state, at);
            }
            self.mark_cluster(&cluster);
            self.version += 1;
        }
        let mut dirty: Vec<Ref> = self.dirty.drain().map(|id| self.slots[id.ix()].key().clone()).collect();
        dirty.sort_unstable();
        self.collect();
        dirty
    }

    /// Whether something has changed that was not taken yet.
    pub fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// When a source will have been silent for too long.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.freshness.next()
    }

    fn collect(&mut self) {
        for id in std::mem::take(&mut self.vacant) {
            let slot = &mut self.slots[id.ix()];
            if slot.dead || !slot.is_vacant() {
                continue;
            }
            slot.dead = true;
            if let Ok(entry) = self.ids.find_entry(FxBuildHasher.hash_one(slot.key()), |known| *known == id) {
                entry.remove();
            }
            self.free.push(id);
        }
    }

    /// Places in the index, in use or free: stays bounded by what is there at once, whatever comes and goes.
    pub fn slot_count(&self) -> usize {
        self.slots.len()
    }

    /// The read-only face at `now`.
    pub const fn view(&self, now: Timestamp) -> View<'_> {
        View::new(self, now)
    }

    /// Counts up with every change.
    pub const fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn slot(&self, key: &Ref) -> Option<&Slot> {
        self.find(key).map(|id| &self.slots[id.ix()])
    }

    pub(super) fn at(&self, id: Id) -> &Slot {
        &self.slots[id.ix()]
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(|slot| !slot.dead)
    }

    pub(super) fn of_role(&self, role: Role) -> impl Iterator<Item = &Slot> {
        self.roles.get(&role).into_iter().flatten().map(|id| &self.slots[id.ix()])
    }

    pub(super) fn with_occurrences(&self) -> impl Iterator<Item = &Slot> {
        self.eventful.iter().map(|id| &self.slots[id.ix()])
    }

    pub(super) fn answer(&self, want: &Want) -> Option<&Answer> {
        self.answers.get(want).map(|(_, answer)| answer)
    }

    pub(super) fn last_tail(&self, of: &Ref, name: &str) -> Option<&Answer> {
        let fits = |want: &Want| matches!(want, Want::LogTail { instance, container, .. } if instance == of && container.as_deref() == Some(name));
        let newest = self.answers.iter().filter(|(want, _)| fits(want)).max_by_key(|(_, (version, _))| *version);
        newest.map(|(_, (_, answer))| answer)
    }

    pub(super) fn cluster(&self, cluster: &ClusterId) -> Option<&ClusterState> {
        self.clusters.get(cluster)
    }

    pub(super) fn clusters(&self) -> impl Iterator<Item = (&ClusterId, &ClusterState)> {
        self.clusters.iter()
    }

    pub(super) fn sources(&self, cluster: &ClusterId) -> impl Iterator<Item = (&Source, &SourceState)> {
        let sources = self.clusters.get(cluster).into_iter().flat_map(|state| state.sources.iter());
        sources.map(|(source, ix)| (source, &self.sources[*ix as usize]))
    }

    pub(super) fn source_state(&self, ix: u32) -> Option<&SourceState> {
        self.sources.get(ix as usize)
    }
}
