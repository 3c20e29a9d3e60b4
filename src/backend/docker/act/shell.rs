//! A process that has a person's terminal: in a container, or in that of a task that runs on this engine.

use crate::backend::shell::shell;
use crate::domain::{
    Attach, Attached, Draft, Enter, Intent, Kind, Ref, Refusal, Seen, StepAction, StepError, Text, Until,
};

use super::super::api::{Api, escaped};
use super::super::exec;
use super::super::failure::Failure;
use super::super::swarm::wire;
use super::Hand;
use super::brief::{self, step};
use super::container::container;

impl Hand<'_> {
    /// How a shell would be opened. Nothing is begun.
    pub(super) async fn draft_shell(&self, intent: &Intent, key: &Ref, enter: &Enter) -> Result<Draft, Refusal> {
        if enter.debug.is_some() {
            let why = "an engine adds nothing to a container that is there";
            return Err(Refusal::of(
                intent,
                why,
                "`docker debug`, where Docker Desktop is, looks into one without a shell",
            ));
        }
        let (uid, id) = match key.kind {
            Kind::Task => self.body_of_task(intent, key).await?,
            _ => {
                let fresh = container(self.api, &key.name).await.map_err(|failure| brief::unread(intent, &failure))?;
                let fresh = fresh.ok_or_else(|| brief::gone(intent))?;
                let state = fresh.it.state.status.as_str();
                if state != "running" {
                    let mend = if state == "paused" { "unpause it first" } else { "start it first" };
                    return Err(Refusal::of(intent, format!("nothing runs in it: it is {}", Text::new(state)), mend));
                }
                (fresh.it.id.clone(), key.name.to_string())
            }
        };
        let action = StepAction::Enter(key.clone(), enter.clone());
        let mut draft = Draft::new(intent, vec![step(action, &uid, Seen::Uid, Until::Accepted, brief::SMALL)]);
        draft.equivalent = Some(Text::from(command(&id, enter)));
        Ok(draft)
    }

    /// The id of a task, and of its container, where that runs on this engine.
    async fn body_of_task(&self, intent: &Intent, key: &Ref) -> Result<(String, String), Refusal> {
        let instead = "`cockpit shell` there";
        let task = self.task_here(intent, key, "begin anything in its container", instead).await?;
        match running_body(&task) {
            Ok(body) => Ok((task.id.clone(), super::super::convert::short(body).to_string())),
            Err(why) => Err(Refusal::of(intent, why, "look at why (`e`), or choose another task")),
        }
    }
}

fn running_body(task: &wire::Task) -> Result<&str, Text> {
    let body = task.status.container_status.container_id.as_str();
    match task.status.state == "running" && !body.is_empty() {
        true => Ok(body),
        false => Err(Text::from(format!("nothing runs in it: it is {}", Text::new(&task.status.state)))),
    }
}

/// Begins it, in the very thing that was confirmed.
pub(super) async fn attach(api: Api, attach: Attach) -> Result<Attached, StepError> {
    let key = &attach.instance;
    let unchecked = |failure: Failure| brief::unchecked(&failure);
    let id = match key.kind {
        Kind::Task => {
            let task: wire::Task = api.get(&format!("/tasks/{}", escaped(&attach.uid))).await.map_err(unchecked)?;
            running_body(&task).map_err(StepError::Moved)?.to_owned()
        }
        _ => {
            let fresh = container(&api, &key.name).await.map_err(unchecked)?.ok_or(StepError::Gone)?;
            if *attach.uid != *fresh.it.id {
                return Err(brief::moved("another container has its name"));
            }
            fresh.it.id
        }
    };
    exec::begin(api, &id, &attach).await
}

/// What an engineer would type.
fn command(container: &str, enter: &Enter) -> String {
    let words: Vec<String> = enter.command.iter().map(|word| shell(word)).collect();
    let words = if words.is_empty() { "sh".to_owned() } else { words.join(" ") };
    format!("docker exec -it {} {words}", shell(container))
}
