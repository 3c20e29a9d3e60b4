//! Containers of an engine that are the bodies of allocations: those are of another cluster, so that where a container is read its
//! allocation's key is not known, only its id. Whichever of the two comes first, they are joined when both are there.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::domain::{Instance, Kind, Name, Object, Ref};

use super::slot::Id;
use super::world::World;

/// Who is whose body, by the id of the allocation.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    allocations: FxHashMap<Name, Ref>,
    containers: FxHashMap<Name, SmallVec<[Id; 1]>>,
}

impl Bodies {
    /// Points a container to the allocation that it names, where that is there.
    pub fn join(&self, instance: &mut Instance) {
        if let Some(of) = &instance.body_of {
            instance.realizes = self.allocations.get(of).cloned().map(Box::new);
        }
    }

    /// An instance was put. Containers that are to be joined to it now.
    pub fn came(&mut self, id: Id, instance: &Instance) -> SmallVec<[Id; 1]> {
        if let Some(of) = &instance.body_of {
            let named = self.containers.entry(of.clone()).or_default();
            if !named.contains(&id) {
                named.push(id);
            }
        }
        if instance.key.kind != Kind::Allocation {
            return SmallVec::new();
        }
        let before = self.allocations.insert(instance.uid.clone(), instance.key.clone());
        if before.as_ref() == Some(&instance.key) { SmallVec::new() } else { self.of(&instance.uid) }
    }

    /// An instance is gone, or is another one now. Containers that are to be parted from it.
    pub fn went(&mut self, id: Id, instance: &Instance) -> SmallVec<[Id; 1]> {
        if let Some(of) = &instance.body_of
            && let Some(named) = self.containers.get_mut(of)
        {
            named.retain(|known| *known != id);
            if named.is_empty() {
                self.containers.remove(of);
            }
        }
        let is_known = || self.allocations.get(&instance.uid) == Some(&instance.key);
        if instance.key.kind != Kind::Allocation || !is_known() {
            return SmallVec::new();
        }
        self.allocations.remove(&instance.uid);
        self.of(&instance.uid)
    }

    fn of(&self, allocation: &Name) -> SmallVec<[Id; 1]> {
        self.containers.get(allocation).cloned().unwrap_or_default()
    }
}

impl World {
    /// An instance came, or went, or is another one: whose body a container is may be known now, or not any more.
    pub(super) fn rejoin(&mut self, id: Id, former: Option<&Object>) {
        let mut joined: SmallVec<[Id; 1]> = SmallVec::new();
        let now = self.slots[id.ix()].object();
        let same = |a: &Instance, b: &Instance| a.uid == b.uid && a.body_of == b.body_of;
        match (former, now) {
            (Some(Object::Instance(a)), Some(Object::Instance(b))) if same(a, b) => {}
            (former, now) => {
                if let Some(Object::Instance(former)) = former {
                    joined.extend(self.bodies.went(id, former));
                }
                if let Some(Object::Instance(now)) = now {
                    joined.extend(self.bodies.came(id, now));
                }
            }
        }
        for id in joined {
            let Some(Object::Instance(it)) = self.slots[id.ix()].object() else { continue };
            let mut it = it.clone();
            let before = it.realizes.take();
            self.bodies.join(&mut it);
            if it.realizes != before {
                self.replace(id, Object::Instance(it));
                self.mark(id);
            }
        }
    }
}
