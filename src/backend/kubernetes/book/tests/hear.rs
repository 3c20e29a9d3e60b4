//! Lets a book hear what was recorded, and keeps what it says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::backend::kubernetes::book::Book;
use crate::backend::kubernetes::heard::{Heard, Said};
use crate::backend::kubernetes::kinds::ApiKind;
use crate::backend::kubernetes::wire::{Event, Item, decode_event, decode_list};
use crate::domain::{ClusterId, Fact, Instance, Kind, Name, Object, Occurrence, Ref, Source, Timestamp, Workload};

/// When the lists were made, or soon after.
pub fn then() -> Timestamp {
    "2026-11-24T12:45:00Z".parse().expect("a time")
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wire/kubernetes/v1.34").join(name)
}

/// What was recorded under a name.
pub fn recording(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// The objects of a recorded list.
pub fn items(kind: ApiKind, name: &str) -> Vec<Item> {
    decode_list(kind, &recording(name)).expect("a page").items
}

/// The recorded list of a kind, where there is one.
pub fn listed(kind: ApiKind) -> Vec<Item> {
    let dir = if matches!(kind, ApiKind::ConfigMaps | ApiKind::Secrets) { "metadata" } else { "lists" };
    let name = format!("{dir}/{}.json", kind.plural());
    if path(&name).exists() { items(kind, &name) } else { Vec::new() }
}

/// A listing from its beginning to its end.
pub fn listing(kind: ApiKind, items: Vec<Item>) -> Heard {
    let puts = items.into_iter().map(Said::Put);
    let said = [Said::Listing(None)].into_iter().chain(puts).chain([Said::Listed]).collect();
    Heard { kind, partition: None, at: then(), said }
}

/// Something that a watch says.
pub fn said(kind: ApiKind, at: Timestamp, said: Vec<Said>) -> Heard {
    Heard { kind, partition: None, at, said }
}

/// A line of a watch.
pub fn line(kind: ApiKind, line: &str) -> Said {
    match decode_event(kind, line.as_bytes()).expect("a line") {
        Event::Put(item, _) => Said::Put(item),
        Event::Gone(gone, _) => Said::Gone(gone),
        Event::Bookmark(_) => Said::Alive,
        Event::Error { code, message } => panic!("{code}: {message}"),
    }
}

/// An object as it is put.
pub fn put(kind: ApiKind, object: &str) -> Said {
    line(kind, &format!(r#"{{"type":"ADDED","object":{object}}}"#))
}

/// A book, and what it said last of everything.
pub struct Scenes {
    pub book: Book,
    pub objects: BTreeMap<Ref, Object>,
    pub sources: BTreeMap<Ref, Source>,
    pub occurrences: BTreeMap<Name, Occurrence>,
    /// Every fact since it was last looked.
    pub facts: Vec<Fact>,
}

impl Scenes {
    /// One that has heard nothing.
    pub fn empty() -> Self {
        Self {
            book: Book::new(ClusterId::new("test")),
            objects: BTreeMap::new(),
            sources: BTreeMap::new(),
            occurrences: BTreeMap::new(),
            facts: Vec::new(),
        }
    }

    /// One that has heard every recorded list.
    pub fn recorded() -> Self {
        let mut scenes = Self::empty();
        ApiKind::ALL.iter().for_each(|kind| scenes.hear(listing(*kind, listed(*kind))));
        scenes
    }

    /// One in which every kind was listed, and these objects with them.
    pub fn with(objects: &[(ApiKind, &str)]) -> Self {
        let mut scenes = Self::empty();
        for kind in ApiKind::ALL {
            let puts = objects.iter().filter(|(of, _)| of == kind).map(|(_, object)| put(*kind, object));
            let whole = [Said::Listing(None)].into_iter().chain(puts).chain([Said::Listed]).collect();
            scenes.hear(said(*kind, then(), whole));
        }
        scenes
    }

    pub fn hear(&mut self, heard: Heard) {
        let mut out = Vec::new();
        self.book.hear(heard, &mut out);
        for fact in &out {
            self.take(fact);
        }
        self.facts.append(&mut out);
    }

    fn take(&mut self, fact: &Fact) {
        match fact {
            Fact::Put(source, object) => {
                self.objects.insert(object.key().clone(), object.clone());
                self.sources.insert(object.key().clone(), source.clone());
            }
            Fact::Gone(source, key) if self.sources.get(key) == Some(source) => {
                self.objects.remove(key);
                self.sources.remove(key);
            }
            Fact::Closed(source) => {
                let left: Vec<Ref> =
                    self.sources.iter().filter(|(_, of)| *of == source).map(|(k, _)| k.clone()).collect();
                for key in left {
                    self.objects.remove(&key);
                    self.sources.remove(&key);
                }
            }
            Fact::Occurred(it) => {
                self.occurrences.insert(it.id.clone(), (**it).clone());
            }
            _ => {}
        }
    }

    pub fn key(kind: Kind, namespace: &str, name: &str) -> Ref {
        let namespace = Some(namespace).filter(|it| !it.is_empty()).map(Name::new);
        Ref::new(&ClusterId::new("test"), kind, namespace, name)
    }

    pub fn object(&self, kind: Kind, namespace: &str, name: &str) -> &Object {
        let key = Self::key(kind, namespace, name);
        self.objects.get(&key).unwrap_or_else(|| panic!("{key} is not shown"))
    }

    pub fn workload(&self, kind: Kind, namespace: &str, name: &str) -> &Workload {
        let Object::Workload(it) = self.object(kind, namespace, name) else { panic!("{name} is no workload") };
        it
    }

    /// The pods of a workload, oldest first.
    pub fn pods(&self, kind: Kind, namespace: &str, name: &str) -> Vec<&Instance> {
        let owner = Self::key(kind, namespace, name);
        let mut pods: Vec<&Instance> = self
            .objects
            .values()
            .filter_map(|object| match object {
                Object::Instance(it) if it.owner.as_ref() == Some(&owner) => Some(&**it),
                _ => None,
            })
            .collect();
        pods.sort_by_key(|it| (it.created, it.key.name.clone()));
        pods
    }

    /// What happened to a workload, of one kind.
    pub fn told(&self, namespace: &str, kind: crate::domain::OccurrenceKind) -> Vec<&Occurrence> {
        let here = |it: &&Occurrence| it.subject.namespace.as_deref() == Some(namespace) && it.kind == kind;
        let mut told: Vec<&Occurrence> = self.occurrences.values().filter(here).collect();
        told.sort_by_key(|it| (it.first, it.id.clone()));
        told
    }
}
