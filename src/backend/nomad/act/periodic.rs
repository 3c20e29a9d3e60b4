//! Jobs that run at set times: run once now, and held by their schedule.

use serde_json::{Value, json};

use crate::domain::{Draft, Intent, Receipt, Ref, Refusal, Step, StepAction, StepError, Until};

use super::Hand;
use super::brief::{self, note};
use super::job::Fresh;

impl Hand {
    pub(super) async fn draft_trigger(&self, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
        let fresh = self.asked(intent, key).await?;
        if fresh.job.parameterized_job.is_some() && !fresh.job.dispatched {
            let why = "it is parameterised: what it runs with has to be said";
            return Err(Refusal::of(intent, why, format!("`nomad job dispatch {}` with its meta", fresh.job.id)));
        }
        if fresh.job.periodic.is_none() {
            return Err(Refusal::of(intent, "it has no schedule", "restart it"));
        }
        if fresh.job.stop {
            return Err(Refusal::of(intent, "its job is stopped", "start it first: `nomad job start`"));
        }
        let mut draft = fresh.draft(intent, StepAction::Trigger(key.clone()), Until::Accepted, brief::SMALL);
        draft.notes.push(note("one run more, now; its schedule stays as it is"));
        Ok(draft)
    }

    pub(super) async fn do_trigger(&self, step: &Step) -> Result<Receipt, StepError> {
        let fresh = self.pinned(step).await?;
        let path = format!("{}/periodic/force", fresh.path());
        brief::write(&self.api, &path, brief::namespace(step.action.target()), &json!({})).await
    }

    /// How a schedule is held, or let go on.
    pub(super) fn draft_suspended(
        &self,
        intent: &Intent,
        key: &Ref,
        fresh: &Fresh,
        hold: bool,
    ) -> Result<Draft, Refusal> {
        let enabled = fresh.job.periodic.as_ref().is_some_and(|it| it.enabled);
        if fresh.job.stop {
            return Err(Refusal::of(intent, "its job is stopped", "start it: `nomad job start`"));
        }
        if enabled != hold {
            return Ok(Draft::new(intent, Vec::new()));
        }
        let action = StepAction::SetPaused(key.clone(), hold);
        let mut draft = fresh.draft(intent, action, Until::Paused(key.clone(), hold), brief::SMALL);
        draft.notes.push(match hold {
            true => note("no run begins until it is let go on (periodic.enabled = false); one that runs goes on"),
            false => note("what it missed meanwhile is not made up for"),
        });
        draft.notes.push(note("the job's file does not know of it: the next `nomad job run` sets what that says"));
        draft.inverse = Some(if hold { Intent::Resume(key.clone()) } else { Intent::Pause(key.clone()) });
        Ok(draft)
    }

    pub(super) async fn do_suspended(&self, step: &Step, hold: bool) -> Result<Receipt, StepError> {
        let fresh = self.pinned(step).await?;
        let mut changed = fresh.raw.clone();
        if !changed["Periodic"].is_object() {
            return Err(brief::moved("it has no schedule any more"));
        }
        changed["Periodic"]["Enabled"] = Value::Bool(!hold);
        self.register(step.action.target(), &fresh, &changed).await
    }
}
