//! Targets: each is a [`crate::domain::Backend`], and uses `domain` alone.

mod cron;
pub mod demo;
pub mod docker;
mod forward;
pub mod kubernetes;
mod link;
mod looked;
mod mask;
mod newest;
pub mod nomad;
mod output;
pub mod replay;
mod shell;

pub use looked::Looked;
