//! What was heard of one cluster, joined: it turns what the watches say into facts.
//!
//! Of every object a record is kept, as small as it can be; what is shown is made of records alone, so that the order in which
//! kinds are heard of does not matter. What a record may change of others is in `joins`, what is shown in `show`.

mod census;
mod deploy;
mod desk;
mod event;
mod exit;
mod gitops;
mod govern;
mod happen;
mod health;
mod jobs;
mod joins;
mod nodes;
mod owner;
mod phase;
mod pods;
mod read;
mod recall;
mod requests;
mod rolling;
mod scribe;
mod select;
mod shelf;
mod show;
mod sources;
mod stand_in;
mod tell;
mod template;
mod traffic;
mod work;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::domain::{ClusterId, Fact, Kind, Name, Occurrence, Ref, Source, Timestamp};

use super::heard::{Heard, Said};
use super::kinds::ApiKind;
use super::wire::{Gone, Item, What};
#[cfg(test)]
pub(super) use census::Taken;
pub(super) use census::{Census, Ready};
use desk::Desk;
use owner::Controllers;
use recall::Recall;
pub(super) use requests::{Asked, asked};
use scribe::Scribe;
use shelf::{Entry, Record, Shelves};
use sources::Sources;
pub(super) use template::check_words;
pub(super) use work::author;

/// Everything that has to be remembered to join what several kinds say of one thing.
pub(super) struct Book {
    scribe: Scribe,
    sources: Sources,
    shelves: Shelves,
    controllers: Controllers,
    /// What a controller keeps, by its uid: in its namespace.
    charges: FxHashMap<Name, FxHashSet<(ApiKind, Name)>>,
    /// Pods that are their own workload, by namespace.
    alone: FxHashMap<Name, FxHashSet<Name>>,
    recall: Recall,
    desk: Desk,
    /// Occurrences that are known whole, and events of which it is not yet known to whom they happened.
    news: Vec<Occurrence>,
    waiting: Vec<(event::Said, Timestamp)>,
    now: Timestamp,
    /// When the first watch was heard.
    began: Option<Timestamp>,
    /// When what nothing speaks of any more was last let go of.
    tidied: Timestamp,
}

/// A watch may go on for days: what came and went is let go of so often, seconds.
const TIDY_EVERY: i64 = 600;

impl Book {
    /// A book of a cluster of which nothing was heard.
    pub(super) fn new(cluster: ClusterId) -> Self {
        Self {
            scribe: Scribe::new(cluster),
            sources: Sources::default(),
            shelves: Shelves::default(),
            controllers: Controllers::default(),
            charges: FxHashMap::default(),
            alone: FxHashMap::default(),
            recall: Recall::default(),
            desk: Desk::default(),
            news: Vec::new(),
            waiting: Vec::new(),
            now: Timestamp::UNIX_EPOCH,
            began: None,
            tidied: Timestamp::UNIX_EPOCH,
        }
    }

    /// Takes in what a watch said, and says what follows.
    pub(super) fn hear(&mut self, heard: Heard, out: &mut Vec<Fact>) {
        let Heard { kind, partition, at, said } = heard;
        self.now = self.now.max(at);
        self.began.get_or_insert(at);
        self.desk.ring(self.now.as_second());
        let place = self.sources.place(kind, partition);
        for it in said {
            match it {
                Said::Put(item) => self.put(place, kind, item),
                Said::Gone(gone) => self.gone(kind, &gone),
                Said::Listing(expected) => {
                    self.show_all(out);
                    self.sources.begin(place);
                    out.push(Fact::Listing(self.source(place), expected));
                }
                Said::Listed => {
                    self.sweep(place, kind, |entry, listing| entry.listing != listing);
                    let unknown = !self.sources.knows(kind, &Name::new(""));
                    self.sources.complete(place);
                    self.learn(kind, unknown);
                    self.show_all(out);
                    out.push(Fact::Listed(self.source(place)));
                }
                Said::Alive => {
                    self.sources.alive(place);
                    self.show_all(out);
                    out.push(Fact::Alive(self.source(place)));
                }
                Said::Closed => {
                    self.show_all(out);
                    self.sweep(place, kind, |_, _| true);
                    self.sources.close(place);
                    self.learn(kind, true);
                    out.push(Fact::Closed(self.source(place)));
                    self.desk.close(place);
                    self.mark_stand_ins(kind);
                }
                Said::Trouble(trouble) => {
                    if self.sources.trouble(place) {
                        self.mark_stand_ins(kind);
                    }
                    self.show_all(out);
                    out.push(Fact::Trouble(self.source(place), trouble));
                }
            }
        }
        self.show_all(out);
        self.tell_all(out);
        self.tidy();
    }

    /// How many nodes there are, once they were heard of, or cannot be.
    pub(super) fn count_nodes(&self) -> Option<usize> {
        self.sources.settled(ApiKind::Nodes).then(|| self.shelves.count(ApiKind::Nodes))
    }

    /// A node that is there.
    pub(super) fn node(&self, name: &str) -> Option<Ref> {
        match self.record(ApiKind::Nodes, "", name)? {
            Record::Node(it) => Some(it.key.clone()),
            _ => None,
        }
    }

    /// A pod that is there, and for whom it works.
    pub(super) fn pod(&self, namespace: &str, name: &str) -> Option<(Ref, Ref)> {
        let (name, entry) = self.shelves.named(ApiKind::Pods, namespace, name)?;
        let Record::Pod(pod) = &entry.record else { return None };
        let namespace = Name::new(namespace);
        let workload = owner::owned(&self.shelves, &self.scribe, &namespace, name, pod).workload;
        Some((self.key(Kind::Pod, &namespace, name), workload))
    }

    fn source(&self, place: u16) -> Source {
        self.sources.at(place).map_or_else(|| Source::of("unknown"), |it| it.source.clone())
    }

    fn put(&mut self, place: u16, kind: ApiKind, item: Item) {
        let namespace = self.scribe.name(item.namespace.as_deref().unwrap_or(""));
        if let What::Event(event) = &item.what {
            return self.hear_event(&item.uid, &item.meta, event);
        }
        let (listing, lists) = self.sources.at(place).map_or((0, false), |it| (it.listing, it.lists));
        let (name, before) = match self.shelves.take(kind, &namespace, &item.name) {
            Some((name, entry)) => (name, Some(entry)),
            None => (Name::new(&item.name), None),
        };
        let same = before.as_ref().filter(|it| *it.uid == *item.uid);
        let uid = same.map_or_else(|| Name::new(&item.uid), |it| it.uid.clone());
        let record = self.read(kind, [&namespace, &name, &uid], &item, same.map(|it| &it.record));
        let Some(record) = record else {
            // Of no use as it is now.
            if let Some(before) = before {
                self.lost(kind, &namespace, &name, before);
            }
            return;
        };
        let unchanged = same.is_some_and(|it| it.record == record && it.source == place);
        let entry = Entry { uid, source: place, listing, record };
        self.shelves.put(kind, namespace.clone(), name.clone(), entry);
        if unchanged && !lists {
            return;
        }
        for key in self.shown(kind, &namespace, &name) {
            self.desk.mark(key, lists);
        }
        if !unchanged {
            self.changed(kind, &namespace, &name, before.as_ref());
        }
    }

    fn gone(&mut self, kind: ApiKind, gone: &Gone) {
        let namespace = self.scribe.name(gone.namespace.as_deref().unwrap_or(""));
        // A former incarnation may be told to be gone when the next is there.
        let there = self.shelves.get(kind, &namespace, &gone.name);
        if there.is_some_and(|it| gone.uid.is_empty() || *it.uid == *gone.uid)
            && let Some((name, entry)) = self.shelves.take(kind, &namespace, &gone.name)
        {
            self.lost(kind, &namespace, &name, entry);
        }
    }

    /// Takes out what a source does not hold any more.
    fn sweep(&mut self, place: u16, kind: ApiKind, leaves: impl Fn(&Entry, u32) -> bool) {
        let listing = self.sources.at(place).map_or(0, |it| it.listing);
        let all = self.shelves.all(kind);
        let left = all.filter(|(.., entry)| entry.source == place && leaves(entry, listing));
        let left: Vec<(Name, Name)> = left.map(|(namespace, name, _)| (namespace.clone(), name.clone())).collect();
        for (namespace, name) in left {
            if let Some((name, entry)) = self.shelves.take(kind, &namespace, &name) {
                self.lost(kind, &namespace, &name, entry);
            }
        }
    }

    /// Whether something is absent can be told of a kind from now on, or cannot any more.
    fn learn(&mut self, kind: ApiKind, news: bool) {
        if kind == ApiKind::Services && news {
            let all = self.workloads();
            all.into_iter().for_each(|key| self.desk.mark(key, false));
        }
        if news {
            self.mark_stand_ins(kind);
        }
    }

    /// Lets go of what nothing speaks of any more, now and then.
    fn tidy(&mut self) {
        if self.now.as_second() - self.tidied.as_second() < TIDY_EVERY {
            return;
        }
        self.tidied = self.now;
        self.forget_strangers();
        self.controllers.forget_unused();
        self.scribe.names.forget_unused();
    }

    /// Forgets what events said of things that are not there.
    fn forget_strangers(&mut self) {
        if !self.sources.settled(ApiKind::Pods) {
            return;
        }
        let known: FxHashSet<&Name> = self.shelves.all(ApiKind::Pods).map(|(.., entry)| &entry.uid).collect();
        self.recall.retain_pods(|uid| known.contains(uid));
        let shelves = &self.shelves;
        self.recall.retain_objects(|key| {
            let namespace = key.namespace.as_deref().unwrap_or("");
            show::api_kind(key.kind).is_some_and(|kind| shelves.get(kind, namespace, &key.name).is_some())
        });
    }

    /// Says what is different of everything that was touched.
    fn show_all(&mut self, out: &mut Vec<Fact>) {
        for (key, named) in self.desk.take_dirty() {
            let Some((place, object)) = self.show(&key) else {
                let former = if key.kind == Kind::Pod { self.desk.source_of_gone(&key) } else { self.desk.hide(&key) };
                out.extend(former.map(|place| Fact::Gone(self.source(place), key)));
                continue;
            };
            let moved = match key.kind {
                // Another of its name is there.
                Kind::Pod => self.desk.source_of_gone(&key).is_none_or(|_| true),
                _ => self.desk.show(&object, place),
            };
            if moved || named {
                out.push(Fact::Put(self.source(place), object));
            }
        }
    }

    /// The key of an object that is shown.
    fn key(&self, kind: Kind, namespace: &Name, name: &Name) -> Ref {
        self.scribe.key(kind, namespace, name)
    }

    fn record(&self, kind: ApiKind, namespace: &str, name: &str) -> Option<&Record> {
        self.shelves.get(kind, namespace, name).map(|entry| &entry.record)
    }
}

#[cfg(test)]
mod tests;
