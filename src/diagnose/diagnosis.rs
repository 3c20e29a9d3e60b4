//! The diagnosis: asks the rules of what is dirty, and keeps what they say.

use std::collections::BTreeSet;

use crate::domain::{Ref, Timestamp, Want};
use crate::state::View;

use super::incident::Incident;
use super::settings::Settings;

/// What is wrong, as far as it is known.
#[derive(Debug)]
pub struct Diagnosis {
    settings: Settings,
    incidents: Vec<Incident>,
    wants: BTreeSet<Want>,
    version: u64,
}

impl Diagnosis {
    /// A diagnosis that knows nothing yet. What has no time of its own is at least as old as `started`.
    pub fn new(settings: Settings, _started: Timestamp) -> Self {
        Self { settings, incidents: Vec::new(), wants: BTreeSet::new(), version: 0 }
    }

    /// Marks the subjects that a change of these keys concerns, along the edges that rules declare.
    pub fn note(&mut self, _dirty: &[Ref], _view: &View<'_>) {}

    /// Asks rules of what is dirty or due while `more()`; true when nothing is left.
    pub fn examine(&mut self, _view: &View<'_>, _more: &mut dyn FnMut() -> bool) -> bool {
        true
    }

    /// Lifecycle, grouping and ranking; true when the list changed.
    pub fn settle(&mut self, _view: &View<'_>) -> bool {
        false
    }

    /// Ranked: open, flapping and just recovered; without advice and without what was accepted.
    pub fn incidents(&self) -> &[Incident] {
        &self.incidents
    }

    /// Good practice that is not followed.
    pub fn advice(&self) -> &[Incident] {
        &[]
    }

    /// What was accepted in the configuration.
    pub fn accepted(&self) -> &[Incident] {
        &[]
    }

    /// What would tell more.
    pub fn wants(&self) -> &BTreeSet<Want> {
        &self.wants
    }

    /// When something has to be looked at again though no fact comes.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        None
    }

    /// Counts up with every change of the lists.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The settings that it goes by.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}
