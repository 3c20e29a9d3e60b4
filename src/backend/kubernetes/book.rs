//! What was heard of one cluster, joined: it turns what the watches say into facts.

use crate::domain::{ClusterId, Fact, Instance, Kind, Name, Namespace, Object, Phase, Ref};

use super::heard::{Heard, Said};
use super::kinds::ApiKind;

/// Everything that has to be remembered to join what several kinds say of one thing.
pub(super) struct Book {
    cluster: ClusterId,
}

impl Book {
    /// A book of a cluster of which nothing was heard.
    pub(super) fn new(cluster: ClusterId) -> Self {
        Self { cluster }
    }

    /// Takes in what a watch said, and says what follows.
    pub(super) fn hear(&mut self, heard: Heard, out: &mut Vec<Fact>) {
        let source = heard.kind.source(heard.partition.as_ref());
        let key = |namespace: Option<&str>, name: &str| {
            let kind = match heard.kind {
                ApiKind::Pods => Kind::Pod,
                ApiKind::Namespaces => Kind::Namespace,
                _ => return None,
            };
            Some(Ref::new(&self.cluster, kind, namespace.map(Name::new), name))
        };
        for said in heard.said {
            out.push(match said {
                Said::Listing(expected) => Fact::Listing(source.clone(), expected),
                Said::Listed => Fact::Listed(source.clone()),
                Said::Alive => Fact::Alive(source.clone()),
                Said::Closed => Fact::Closed(source.clone()),
                Said::Trouble(trouble) => Fact::Trouble(source.clone(), trouble),
                Said::Put(item) => match key(item.namespace.as_deref(), &item.name) {
                    Some(key) if key.kind == Kind::Pod => {
                        let pod = Instance::new(key, &*item.uid, None, Phase::Running);
                        Fact::Put(source.clone(), Object::Instance(Box::new(pod)))
                    }
                    Some(key) => {
                        let namespace = Namespace { key, deleting: None, held_by: None, quotas: Vec::new() };
                        Fact::Put(source.clone(), Object::Namespace(Box::new(namespace)))
                    }
                    None => continue,
                },
                Said::Gone(gone) => match key(gone.namespace.as_deref(), &gone.name) {
                    Some(key) => Fact::Gone(source.clone(), key),
                    None => continue,
                },
            });
        }
    }
}
