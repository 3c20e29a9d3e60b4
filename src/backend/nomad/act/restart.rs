//! A group restarted allocation by allocation, each once the one before serves again. There is no such request:
//! `nomad job restart` does the same from outside, and asks no check.

use crate::domain::words::many;
use crate::domain::{Draft, Intent, Ref, Refusal, Seen, StepAction, Until};

use super::super::scribe::{JobKey, Scribe};
use super::super::wire::Allocation;
use super::Hand;
use super::brief::{self, hurts, note, step};

impl Hand {
    pub(super) async fn draft_restart(&self, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
        let fresh = self.asked(intent, key).await?;
        if fresh.job.periodic.is_some() || matches!(fresh.job.kind.as_str(), "batch" | "sysbatch") {
            return Err(Refusal::of(intent, "it runs to its end", "wait for its end, or run it anew"));
        }
        let query = [("namespace", brief::namespace(key))];
        let all: Result<Vec<Allocation>, _> = self.api.get(&format!("{}/allocations", fresh.path()), &query).await;
        let mut all = all.map_err(|failure| brief::unread(intent, &failure))?;
        all.retain(|it| it.task_group == fresh.group.name && runs(it));
        // Those that do not serve lose nothing: they go first.
        all.sort_by_key(|it| (is_healthy(it), it.name.clone(), it.id.clone()));
        if all.is_empty() {
            return Err(Refusal::of(intent, "nothing of it runs", "look at why (`enter`), or scale it up"));
        }
        let mut scribe = Scribe::new(key.cluster.clone());
        let job = JobKey { namespace: brief::namespace(key).into(), id: fresh.job.id.as_str().into() };
        let (at_once, seconds) = (fresh.at_once(), fresh.restart_seconds());
        let mut draft = Draft::new(intent, Vec::with_capacity(all.len()));
        for (place, it) in all.iter().enumerate() {
            let own = scribe.allocation(&job, &it.task_group, &it.id);
            let mut one = step(StepAction::Restart(own.clone()), &it.id, Seen::Uid, Until::Again(own), seconds);
            one.group = u32::try_from(place / at_once).unwrap_or(u32::MAX);
            draft.steps.push(one);
        }
        let ill = all.iter().filter(|it| !is_healthy(it)).count();
        match all.len() {
            1 => {}
            n if at_once >= n => draft.notes.push(hurts(format!(
                "all {n} at once, as its update.max_parallel has it: nothing of it serves until they run again"
            ))),
            _ => draft.notes.push(note(format!("{at_once} at a time; the next when those before serve again"))),
        }
        if ill > 0 {
            let count = many(u64::try_from(ill).unwrap_or(u64::MAX), "allocation");
            draft
                .notes
                .push(note(format!("{count} that {} not serve now first", if ill == 1 { "does" } else { "do" })));
        }
        Ok(draft)
    }
}

/// Whether an allocation runs, and is to.
pub(super) fn runs(it: &Allocation) -> bool {
    it.desired_status == "run" && it.client_status == "running"
}

fn is_healthy(it: &Allocation) -> bool {
    it.deployment_status.as_ref().is_none_or(|status| status.healthy == Some(true))
}
