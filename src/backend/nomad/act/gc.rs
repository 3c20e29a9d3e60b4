//! Removing what has ended: dead jobs, their allocations and evaluations, clients that are down (nomad: `/v1/system/gc`).

use serde_json::json;

use crate::domain::{Draft, Intent, Receipt, Ref, Seen, StepAction, StepError, Until, Waste};

use super::Hand;
use super::brief::{self, does, hurts, skips, step};

pub(super) fn draft(intent: &Intent, key: &Ref) -> Draft {
    let action = StepAction::Prune(key.clone(), Waste::Ended);
    let mut draft = Draft::new(intent, vec![step(action, "", Seen::Uid, Until::Accepted, brief::SMALL)]);
    draft
        .notes
        .push(does("jobs that are dead, allocations and evaluations that ended, clients that are down: at once"));
    draft.notes.push(hurts("what they wrote, and their output, is lost; a purged job has no version to go back to"));
    draft.notes.push(skips("volumes, variables, and what runs"));
    draft
}

impl Hand {
    pub(super) async fn collect(&self) -> Result<Receipt, StepError> {
        // The server answers it with nothing at all.
        let sent = crate::domain::Timestamp::now();
        let asked = self.api.put::<serde::de::IgnoredAny>("/v1/system/gc", &[], &json!({})).await;
        asked.map(|written| Receipt::at(written.at)).map_err(|unwritten| brief::in_words(unwritten, sent))
    }
}
