//! One task of a Swarm. There is no request that ends a task: its container is ended, where that is on this engine, and
//! what wants the task makes another.

use std::time::Duration;

use serde_json::Value;

use crate::domain::{Draft, Intent, Receipt, Ref, Refusal, Seen, Step, StepAction, StepError, Until};

use super::super::api::escaped;
use super::super::failure::Failure;
use super::super::swarm::{self, wire};
use super::super::wire::Info;
use super::Hand;
use super::brief::{self, does, hurts, note, step};
use super::container::grace;

impl Hand<'_> {
    /// A task, read just now, whose container this engine holds; else what the engine of its node alone `can`, and what to do `instead`
    /// of watching that.
    pub(super) async fn task_here(
        &self,
        intent: &Intent,
        key: &Ref,
        can: &str,
        instead: &str,
    ) -> Result<wire::Task, Refusal> {
        let fails = |failure: Failure| brief::unread(intent, &failure);
        let path = swarm::find(self.api, key, false).await.map_err(fails)?.ok_or_else(|| brief::gone(intent))?;
        let task: wire::Task = self.api.get(&path).await.map_err(fails)?;
        let info: Info = self.api.get("/info").await.map_err(fails)?;
        if task.node_id != info.swarm.node_id {
            let node: Result<wire::Node, Failure> = self.api.get(&format!("/nodes/{}", escaped(&task.node_id))).await;
            let node = node.map_or(task.node_id.clone(), |node| node.description.hostname);
            let why = format!("it runs on {node}, and only the engine there can {can}");
            return Err(Refusal::of(intent, why, format!("watch {node} too, or {instead}")));
        }
        Ok(task)
    }

    pub(super) async fn draft_task(&self, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
        let task = self.task_here(intent, key, "end its container", "restart its service").await?;
        let container = &task.status.container_status.container_id;
        let ended = matches!(task.status.state.as_str(), "complete" | "failed" | "rejected" | "shutdown" | "orphaned");
        if ended || container.is_empty() {
            let why = format!("it has no container that runs: it is {}", task.status.state);
            return Err(Refusal::of(intent, why, "look at why (`e`), or restart its service"));
        }
        let action = match intent {
            Intent::Kill(_) => StepAction::Kill(key.clone()),
            // One that ends is replaced: that is all that a restart of one can be.
            _ => StepAction::Stop(key.clone()),
        };
        let until = Until::GoneOrReborn(key.clone(), crate::domain::Name::new(&task.id));
        let grace = grace(task.spec["ContainerSpec"]["StopGracePeriod"].as_i64().map(|nanos| nanos / 1_000_000_000));
        let mut draft = Draft::new(intent, vec![step(action, &task.id, Seen::Uid, until, brief::SMALL + grace)]);
        draft.notes.push(does(format!("by its container, {}", super::super::convert::short(container))));
        draft.notes.extend(after(&task.spec));
        draft.equivalent = Some(super::words::of_a_task(intent, container).into());
        Ok(draft)
    }

    /// Ends the container of a task.
    pub(super) async fn do_task(&self, step: &Step) -> Result<Receipt, StepError> {
        let (what, longer) = match &step.action {
            StepAction::Stop(_) => ("stop", Duration::from_secs(u64::from(step.timeout_seconds))),
            StepAction::Kill(_) => ("kill", Duration::ZERO),
            _ => return Err(brief::no_step(step)),
        };
        let path = format!("/tasks/{}", escaped(&step.pin.uid));
        let (task, at): (wire::Task, _) =
            self.api.get_dated(&path).await.map_err(|failure| brief::unchecked(&failure))?;
        brief::same(&step.pin, &task.id)?;
        if !matches!(task.status.state.as_str(), "running" | "starting" | "ready" | "preparing") {
            return Err(brief::moved(format!("it does not run any more: it is {}", task.status.state)));
        }
        let container = &task.status.container_status.container_id;
        if container.is_empty() {
            return Err(StepError::Failed("it has no container".into()));
        }
        let path = format!("/containers/{}/{what}", escaped(container));
        brief::write(self.api, &path, None, longer, at).await.map(|(receipt, _)| receipt)
    }
}

/// What happens once it has ended.
fn after(spec: &Value) -> Vec<crate::domain::Line> {
    let policy = &spec["RestartPolicy"];
    let wait = policy["Delay"].as_i64().unwrap_or(5_000_000_000) / 1_000_000_000;
    match policy["Condition"].as_str() {
        Some("none") => vec![hurts("its service makes no other in its place (restart condition none)")],
        Some("on-failure") => {
            vec![hurts("its service makes another only if it ends with an error (restart condition on-failure)")]
        }
        _ => vec![note(format!("its service makes another in its place, {wait} s after it has ended"))],
    }
}
