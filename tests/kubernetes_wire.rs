//! The Kubernetes backend over a real socket, against an API server that is scripted.

#[path = "wire/kubernetes_acting.rs"]
mod acting;
#[path = "wire/kubernetes_drafts.rs"]
mod drafts;
#[path = "wire/kubernetes_plane.rs"]
mod plane;
#[path = "wire/kubernetes_reaching.rs"]
mod reaching;
#[path = "wire/kubernetes_rights.rs"]
mod rights;
#[path = "wire/kubernetes_watcher.rs"]
mod watcher;
#[path = "wire/kubernetes_watching.rs"]
mod watching;
