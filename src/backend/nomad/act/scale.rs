//! Another number of allocations of a group.

use serde_json::{Value, json};

use crate::domain::{Draft, Intent, Receipt, Ref, Refusal, Step, StepAction, StepError, Until};

use super::super::wire::Deployment;
use super::Hand;
use super::brief::{self, note};
use super::job::{Fresh, group_of};

impl Hand {
    pub(super) async fn draft_scale(&self, intent: &Intent, key: &Ref, to: u32) -> Result<Draft, Refusal> {
        let fresh = self.asked(intent, key).await?;
        let from = fresh.group.count;
        admits(intent, &fresh, to)?;
        if from == to {
            return Ok(Draft::new(intent, Vec::new()));
        }
        let deployment = self.deployment(key, &fresh).await.map_err(|failure| brief::unread(intent, &failure))?;
        if let Some(deployment) = deployment.filter(is_active) {
            // nomad: nomad/job_endpoint.go, `Scale`: "job scaling blocked due to active deployment".
            let why =
                format!("Nomad does not scale while a deployment is under way: {}", deployment.status_description);
            let mend = "wait for its end, promote it, or give it up (abort); a rollback is taken at any time";
            return Err(Refusal::of(intent, why, mend));
        }
        let action = StepAction::SetReplicas(key.clone(), to);
        let mut draft = fresh.draft(intent, action, Until::Count(key.clone(), to), fresh.rollout_seconds());
        let mut changed = fresh.raw.clone();
        if let Some(group) = group_of(&mut changed, &fresh.group.name) {
            group["Count"] = json!(to);
        }
        draft.notes = self.preview(key, &fresh, &changed, false).await.lines;
        draft.notes.push(note("the job's file does not know of it: the next `nomad job run` sets what that says"));
        draft.inverse = Some(Intent::Scale(key.clone(), from));
        Ok(draft)
    }

    pub(super) async fn do_scale(&self, step: &Step, to: u32) -> Result<Receipt, StepError> {
        let key = step.action.target();
        let fresh = self.pinned(step).await?;
        let body = json!({
            "Count": to,
            "Target": { "Group": fresh.group.name },
            "Message": "scaled by cockpit",
            "JobModifyIndex": fresh.job.job_modify_index,
        });
        brief::write(&self.api, &format!("{}/scale", fresh.path()), brief::namespace(key), &body).await
    }
}

/// Refuses what a server would refuse, or what makes no sense.
fn admits(intent: &Intent, fresh: &Fresh, to: u32) -> Result<(), Refusal> {
    let refuse = |why: String, mend: &str| Err(Refusal::of(intent, why, mend));
    if fresh.job.stop {
        return refuse("its job is stopped".to_owned(), "start it first: `nomad job start`");
    }
    match fresh.job.kind.as_str() {
        "service" => {}
        "system" | "sysbatch" => {
            let mend = "change its constraints, or the eligibility of clients";
            return refuse("it runs once on each client: its number is theirs".to_owned(), mend);
        }
        kind => return refuse(format!("it is a {kind} job: it runs to its end"), "wait for its end"),
    }
    let bounds = fresh.raw_group().map_or(&Value::Null, |group| &group["Scaling"]);
    let (least, most) = (bounds["Min"].as_u64(), bounds["Max"].as_u64());
    let to = u64::from(to);
    if least.is_some_and(|least| to < least) || most.is_some_and(|most| to > most) {
        let (least, most) = (least.unwrap_or(0), most.map_or("any number".to_owned(), |most| most.to_string()));
        return refuse(
            format!("its scaling policy keeps it between {least} and {most}"),
            "change the policy in the job's file",
        );
    }
    Ok(())
}

/// Whether a deployment still goes on (nomad: nomad/structs, `Deployment.Active`).
pub(super) fn is_active(deployment: &Deployment) -> bool {
    matches!(deployment.status.as_str(), "running" | "paused" | "blocked" | "unblocking" | "initializing" | "pending")
}
