//! A terminal cockpit for the person on call: what is wrong, why, since when, and which key fixes it.
//!
//! The rooms, in order; each uses only those above it (`tests/architecture.rs` holds that). `backend`, `metrics` and `ledger` know nothing of each other.

#![forbid(unsafe_code)]

/// Nouns, verbs and the seams.
pub mod domain;

/// How servers are reached.
pub mod reach;

/// What learns and acts: Docker, the demo, recordings.
pub mod backend;

/// Numbers: queues, connections.
pub mod metrics;

/// What outlives the session.
pub mod ledger;

/// The live model: facts folded into an index.
pub mod state;

/// Rules over the model, and what triage lists.
pub mod diagnose;

/// Plans and their runs.
pub mod action;

/// The headless heart: feeds, state, diagnosis, deadlines, runs.
pub mod engine;

/// Frames: how it looks.
pub mod ui;

/// Keys, commands and the loop: how it behaves.
pub mod app;

/// Settings from a file.
pub mod config;

/// One file a subcommand.
pub mod cli;
