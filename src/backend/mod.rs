//! Targets: each is a [`crate::domain::Backend`], and knows `domain` and how servers are reached.

mod cron;
pub mod demo;
pub mod docker;
mod draft;
mod escape;
mod forward;
pub mod kubernetes;
mod line;
mod link;
mod looked;
mod mask;
mod newest;
pub mod nomad;
mod output;
pub mod replay;
mod shell;
mod typed;

pub use looked::Looked;
