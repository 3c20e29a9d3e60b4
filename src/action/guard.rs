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
