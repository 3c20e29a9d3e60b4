//! A process that has a person's terminal, in a task of an allocation.

use crate::domain::{
    Attach, Attached, Draft, Enter, Intent, Name, Ref, Refusal, Seen, StepAction, StepError, Text, Until,
};

use super::super::find;
use super::super::wire::Allocation;
use super::Hand;
use super::brief::{self, step};
use super::exec;
use super::restart::runs;

impl Hand {
    /// How a shell would be opened. Nothing is begun.
    pub(super) async fn draft_shell(&self, intent: &Intent, key: &Ref, enter: &Enter) -> Result<Draft, Refusal> {
        if enter.debug.is_some() {
            let why = "Nomad adds nothing to an allocation that is there";
            return Err(Refusal::of(intent, why, "open a shell in it, or on the client itself"));
        }
        let it = find::allocation(&self.api, key).await.map_err(|failure| brief::unread(intent, &failure))?;
        let it = it.ok_or_else(|| brief::gone(intent))?;
        if !runs(&it) {
            let why = format!("nothing runs in it: it is {}", Text::new(&it.client_status));
            return Err(Refusal::of(intent, why, "choose an allocation that runs"));
        }
        let task =
            task_of(&it, enter.container.as_ref()).map_err(|why| Refusal::of(intent, why, "name another task"))?;
        let action = StepAction::Enter(key.clone(), enter.clone());
        let mut draft = Draft::new(intent, vec![step(action, &it.id, Seen::Uid, Until::Accepted, brief::SMALL)]);
        draft.equivalent = Some(Text::from(super::words::exec(&it.id, &task, enter)));
        Ok(draft)
    }
}

/// The task that is entered: the one that is named, else the first that runs.
fn task_of(it: &Allocation, named: Option<&Name>) -> Result<String, Text> {
    let running: Vec<&String> =
        it.task_states.iter().filter(|(_, state)| state.state == "running").map(|(name, _)| name).collect();
    match named {
        Some(named) => {
            running.iter().find(|name| *named == name.as_str()).map(|name| (*name).clone()).ok_or_else(|| {
                Text::from(match it.task_states.contains_key(named.as_str()) {
                    true => format!("task {named} does not run"),
                    false => format!("it has no task {named}"),
                })
            })
        }
        None => running.first().map(|name| (*name).clone()).ok_or_else(|| Text::new("none of its tasks runs")),
    }
}

/// Begins it, in the very allocation that was confirmed.
pub(super) async fn attach(hand: &Hand, attach: Attach) -> Result<Attached, StepError> {
    let it = find::allocation(&hand.api, &attach.instance).await.map_err(|failure| brief::unchecked(&failure))?;
    let it = it.ok_or(StepError::Gone)?;
    if !attach.uid.is_empty() && *attach.uid != *it.id {
        return Err(brief::moved("another allocation has its name"));
    }
    let task = task_of(&it, attach.enter.container.as_ref()).map_err(StepError::Moved)?;
    exec::begin(&hand.api, &it, &task, &attach).await
}
