//! The diagnosis as a specification: what is found, what is left alone, what is one row, what stands above what.

mod brought;
mod docs;
mod grouping;
mod lifecycle;
mod place;
mod quiet;
mod quiet_pods;
mod ranking;
mod recorded;
mod rules;
mod scale;
#[path = "../scenes/mod.rs"]
mod scenes;
mod shared;
