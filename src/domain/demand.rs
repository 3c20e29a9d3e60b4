//! What the screen and the findings need now.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::identity::{Kind, Ref};
use super::text::Name;

/// What is wanted of the feeds. They adapt to a new one without listing again what they have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Demand {
    /// Which namespaces.
    pub scope: Scope,
    /// What is on the screen: its use is streamed.
    pub visible: Vec<Ref>,
    /// What findings and overlays ask for.
    pub wants: BTreeSet<Want>,
    /// What is there now is all that is wanted: what happens after it need not be listened to. It never changes.
    pub once: bool,
    /// Counts up when the person asks for a new try of what is in trouble (`ctrl-r`).
    pub retry: u64,
}

/// Which namespaces are watched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Scope {
    /// All that may be read.
    #[default]
    All,
    /// These.
    Namespaces(Vec<Name>),
}

/// Something that is fetched only when it is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Want {
    /// Use of an instance, kept current.
    Usage(Ref),
    /// The last lines of an instance's container; of the run before this one where `previous`.
    LogTail {
        /// Whose.
        instance: Ref,
        /// Which container of it.
        container: Option<Name>,
        /// Of the run before.
        previous: bool,
        /// Identity of the run that they are wanted for: a new run is a new want.
        run: Name,
    },
    /// A query of a metrics server.
    Query(Name),
    /// What happened to it before.
    History(Ref),
    /// How a revision of a workload differs from the one before: a new revision is a new want.
    Change {
        /// Whose.
        workload: Ref,
        /// Which revision.
        revision: Name,
    },
    /// What may not be done in a namespace: [`super::Rights`] are asked of a whole cluster at once.
    Allowed(Ref),
    /// Every object of a kind that is not watched otherwise.
    Kind(Kind),
}

impl Want {
    /// What may not be done where an object lies; none where it lies in no namespace.
    pub fn allowed_at(key: &Ref) -> Option<Self> {
        let namespace = key.namespace.as_ref()?;
        Some(Want::Allowed(Ref::new(&key.cluster, Kind::Namespace, None, namespace.clone())))
    }
}
