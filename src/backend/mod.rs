//! Targets: each is a [`crate::domain::Backend`], and uses `domain` alone.

pub mod demo;
pub mod docker;
pub mod kubernetes;
mod looked;
pub mod replay;

pub use looked::Looked;
