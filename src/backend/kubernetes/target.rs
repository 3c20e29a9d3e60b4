//! A cluster that is to be watched, and the way to it.

use std::path::PathBuf;

use crate::domain::{ClusterId, Name, Text};

use super::proxy::Proxies;

/// One cluster: its alias, the way to it, and how that was come by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its alias.
    pub name: ClusterId,
    /// The way to it.
    pub way: Way,
    /// Only these namespaces are watched; none: all that may be read.
    pub namespaces: Vec<Name>,
    /// By what it was found: `KUBECONFIG`, `current context`, `in-cluster`.
    pub how: Text,
    /// Nothing may be changed there.
    pub read_only: bool,
    /// The image of debug containers.
    pub debug_image: Name,
    /// Proxies of the environment; a kubeconfig's own goes before them.
    pub proxies: Proxies,
}

/// How a cluster is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// A context of these kubeconfig files, merged as kubectl merges them. They are read afresh at every connection, so
    /// that a login renewed elsewhere counts.
    Context {
        /// The files, in order.
        files: Vec<PathBuf>,
        /// The context's name.
        context: String,
    },
    /// The service account of the pod that cockpit runs in.
    InCluster,
}
