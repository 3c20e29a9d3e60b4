//! Targets: each is a [`crate::domain::Backend`], and uses `domain` alone.

pub mod demo;
pub mod docker;
pub mod kubernetes;
pub mod replay;

mod mask;
mod shell;
