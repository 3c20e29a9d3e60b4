//! A job and one group of it, read just now.

use serde_json::{Value, json};

use crate::domain::{Draft, Intent, Name, Receipt, Ref, Refusal, Seen, Step, StepAction, StepError, Until};

use super::super::failure::Failure;
use super::super::find;
use super::super::scribe::seconds;
use super::super::wire::Deployment;
use super::Hand;
use super::brief::{self, step};

/// A group whose deployment says no deadline rolls out within this time, seconds (nomad: nomad/structs, `DefaultUpdateStrategy`).
const PROGRESS: u32 = 600;

pub(super) use super::super::find::Found as Fresh;

impl Hand {
    /// The job and the group that a workload is.
    pub(super) async fn fresh(&self, key: &Ref) -> Result<Option<Fresh>, Failure> {
        find::job(&self.api, key).await
    }

    /// The same for a draft.
    pub(super) async fn asked(&self, intent: &Intent, key: &Ref) -> Result<Fresh, Refusal> {
        let fresh = self.fresh(key).await.map_err(|failure| brief::unread(intent, &failure))?;
        fresh.ok_or_else(|| brief::gone(intent))
    }

    /// The same for a step, if it is still what was seen.
    pub(super) async fn pinned(&self, step: &Step) -> Result<Fresh, StepError> {
        let key = step.action.target();
        let fresh = self.fresh(key).await.map_err(|failure| brief::unchecked(&failure))?;
        let fresh = fresh.ok_or(StepError::Gone)?;
        brief::same(&step.pin, &fresh.job.uid(&fresh.group.name))?;
        match &step.pin.seen {
            Seen::Spec(seen) if seen.as_str() != fresh.job.job_modify_index.to_string() => Err(brief::moved(format!(
                "the job was registered again since: it is version {} now",
                fresh.job.version
            ))),
            Seen::Spec(_) => Ok(fresh),
            _ => Err(brief::moved("what was seen of it cannot be compared")),
        }
    }

    /// The newest deployment of a job, where it has one.
    pub(super) async fn deployment(&self, key: &Ref, fresh: &Fresh) -> Result<Option<Deployment>, Failure> {
        let of = format!("{}/deployment", fresh.path());
        self.api.get(&of, &[("namespace", brief::namespace(key))]).await
    }

    /// Registers a job as it was changed, if nobody registered it meanwhile (nomad: nomad/job_endpoint.go, `EnforceIndex`).
    pub(super) async fn register(&self, key: &Ref, fresh: &Fresh, changed: &Value) -> Result<Receipt, StepError> {
        let body = json!({ "Job": changed, "EnforceIndex": true, "JobModifyIndex": fresh.job.job_modify_index });
        brief::write(&self.api, &fresh.path(), brief::namespace(key), &body).await
    }
}

impl Fresh {
    pub(super) fn path(&self) -> String {
        find::job_path(&self.job.id)
    }

    /// What a step is pinned to: that nobody registered the job again.
    pub(super) fn seen(&self) -> Seen {
        Seen::Spec(Name::from(self.job.job_modify_index.to_string()))
    }

    pub(super) fn revision(&self) -> Name {
        Name::from(self.job.version.to_string())
    }

    /// One step on this group.
    pub(super) fn step(&self, action: StepAction, until: Until, timeout_seconds: u32) -> Step {
        step(action, &self.job.uid(&self.group.name), self.seen(), until, timeout_seconds)
    }

    /// A draft of one step.
    pub(super) fn draft(&self, intent: &Intent, action: StepAction, until: Until, timeout_seconds: u32) -> Draft {
        Draft::new(intent, vec![self.step(action, until, timeout_seconds)])
    }

    /// The group as it was sent.
    pub(super) fn raw_group(&self) -> Option<&Value> {
        self.raw["TaskGroups"].as_array()?.iter().find(|it| it["Name"] == self.group.name.as_str())
    }

    /// How the group is updated, as it was sent; nothing where it is not.
    fn update(&self) -> &Value {
        self.raw_group().map_or(&Value::Null, |group| &group["Update"])
    }

    /// Whether its canaries take over by themselves once they are healthy.
    pub(super) fn promotes_itself(&self) -> bool {
        self.update()["AutoPromote"] == true
    }

    /// Allocations that are replaced at once (nomad: `update.max_parallel`).
    pub(super) fn at_once(&self) -> usize {
        self.update()["MaxParallel"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(1).max(1)
    }

    /// How long a rollout of it may take, seconds: its deadline counts anew with each allocation that gets healthy.
    pub(super) fn rollout_seconds(&self) -> u32 {
        let deadline = self.update()["ProgressDeadline"].as_i64().map_or(0, seconds);
        let each = if deadline == 0 { PROGRESS } else { deadline };
        let turns = self.group.count.max(1).div_ceil(u32::try_from(self.at_once()).unwrap_or(1));
        each.max(brief::ROLL_OUT).saturating_add(30).saturating_add(turns.saturating_mul(30))
    }

    /// How long one of its allocations may take to begin anew, seconds.
    pub(super) fn restart_seconds(&self) -> u32 {
        let kill = self.group.tasks.iter().map(|task| seconds(task.kill_timeout)).max().unwrap_or(0);
        kill.saturating_add(brief::ROLL_OUT)
    }

    /// The names of all groups of the job.
    pub(super) fn groups(&self) -> Vec<String> {
        self.job.task_groups.iter().map(|group| group.name.clone()).collect()
    }
}

/// The group of a job that was sent, to be changed.
pub(super) fn group_of<'a>(job: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    job["TaskGroups"].as_array_mut()?.iter_mut().find(|it| it["Name"] == name)
}
