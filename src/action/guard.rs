//! What may be done where, and how carefully.

use crate::diagnose::Pattern;
use crate::domain::{Intent, Ref, Refusal, Text};
use crate::state::View;

/// What people set about actions.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    /// Nothing may be changed in this run, and why.
    pub read_only: Option<Text>,
    /// Targets whose own name has to be typed.
    pub protected: Vec<Pattern>,
    /// The journal cannot be written, and why: the cluster's name has to be typed for everything.
    pub unjournalled: Option<Text>,
    /// What cannot be journalled is not done at all.
    pub require_journal: bool,
}

impl Guard {
    /// Whether the target stands under protection.
    pub fn protects(&self, key: &Ref) -> bool {
        self.protected.iter().any(|pattern| pattern.fits_key(key))
    }

    /// Refuses what may not be done at all, before a server is asked. The backend refuses it again, below every key.
    pub fn admit(&self, intent: &Intent, view: &View<'_>) -> Result<(), Refusal> {
        if let Some(why) = &self.read_only {
            return Err(Refusal::of(intent, why.clone(), "start cockpit without --read-only"));
        }
        if let Some(why) = self.unjournalled.as_ref().filter(|_| self.require_journal) {
            let why =
                Text::from(format!("it could not be journalled, and the settings say require_journal = true: {why}"));
            return Err(Refusal::of(intent, why, "see that the journal can be written; `cockpit doctor` shows it"));
        }
        let rights = view.rights(&intent.target().cluster);
        if let Some(why) = rights.and_then(|rights| rights.read_only.as_ref()) {
            return Err(Refusal::of(intent, why.clone(), "nothing can be changed there from here"));
        }
        if view.object(intent.target()).is_none() {
            return Err(Refusal::of(intent, "it is not there any more", "look at the list again"));
        }
        Ok(())
    }
}
