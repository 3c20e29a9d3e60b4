//! One allocation: restarted where it runs, ended so that its group makes another, or killed.

use serde_json::json;

use crate::backend::escape::escaped;
use crate::domain::{Draft, Intent, Receipt, Ref, Refusal, Seen, Step, StepAction, StepError, Text, Until};

use super::super::find;
use super::super::wire::Allocation;
use super::Hand;
use super::brief::{self, note, step};
use super::restart::runs;

impl Hand {
    pub(super) async fn draft_allocation(&self, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
        let it = find::allocation(&self.api, key).await.map_err(|failure| brief::unread(intent, &failure))?;
        let it = it.ok_or_else(|| brief::gone(intent))?;
        // What has not begun yet can be ended, and nothing else.
        let stands = if matches!(intent, Intent::Stop(_)) { is_there(&it) } else { runs(&it) };
        if !stands {
            let why = format!("nothing runs in it: it is {}", Text::new(&it.client_status));
            return Err(Refusal::of(intent, why, "do it to its group, or look at why (`enter`)"));
        }
        let (action, until, said) = match intent {
            Intent::Restart(_) => (
                StepAction::Restart(key.clone()),
                Until::Again(key.clone()),
                "its tasks begin anew where they run, with what was placed there",
            ),
            Intent::Stop(_) => (
                StepAction::Stop(key.clone()),
                Until::Ended(key.clone()),
                "its group makes another, on any client that it fits",
            ),
            Intent::Kill(_) => (
                StepAction::Kill(key.clone()),
                Until::Accepted,
                "SIGKILL to its tasks: its restart policy decides what comes then, and counts it as a failure",
            ),
            other => return Err(super::words::no_such(other)),
        };
        let grace = if matches!(intent, Intent::Kill(_)) { brief::SMALL } else { brief::ROLL_OUT };
        let mut draft = Draft::new(intent, vec![step(action, &it.id, Seen::Uid, until, grace)]);
        draft.notes.push(note(said));
        draft.equivalent = Some(Text::from(super::words::of_an_allocation(intent, &it.id)));
        Ok(draft)
    }

    pub(super) async fn do_allocation(&self, step: &Step) -> Result<Receipt, StepError> {
        let key = step.action.target();
        let it = find::allocation(&self.api, key).await.map_err(|failure| brief::unchecked(&failure))?;
        let it = it.ok_or(StepError::Gone)?;
        brief::same(&step.pin, &it.id)?;
        if !is_there(&it) {
            return Err(brief::moved(format!("it has ended by now: it is {}", it.client_status)));
        }
        let id = escaped(&it.id);
        let (path, body) = match &step.action {
            StepAction::Restart(_) => (format!("/v1/client/allocation/{id}/restart"), json!({})),
            StepAction::Stop(_) => (format!("/v1/allocation/{id}/stop"), json!({})),
            StepAction::Kill(_) => (format!("/v1/client/allocation/{id}/signal"), json!({ "Signal": "SIGKILL" })),
            _ => return Err(brief::no_step(step)),
        };
        brief::write(&self.api, &path, brief::namespace(key), &body).await
    }
}

/// Whether it has not ended yet.
fn is_there(it: &Allocation) -> bool {
    matches!(it.client_status.as_str(), "running" | "pending" | "unknown")
}
