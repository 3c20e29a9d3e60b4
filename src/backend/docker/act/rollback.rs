//! Going back to the one specification that a Swarm keeps before the present one.

use serde_json::{Value, json};

use crate::domain::{Draft, Intent, Name, Ref, Refusal, StepAction, Text, Until};

use super::brief::{does, hurts, note, step};
use super::pins;
use super::service::{differs, warnings_of, way};
use super::template::{self, Counted, Fresh};

/// What a rollback depends on: where it starts, and where it leads.
pub(super) fn seen(fresh: &Fresh) -> Value {
    json!([fresh.spec(), fresh.former()])
}

/// How it would go back. Works in the middle of an update that fails or is paused: that is what it is for.
pub(super) fn draft(intent: &Intent, key: &Ref, fresh: &Fresh, to: Option<&Name>) -> Result<Draft, Refusal> {
    let Some(former) = fresh.former() else {
        let why =
            "its manager keeps no specification before this one: it was never updated, or was rolled back by itself";
        return Err(Refusal::of(intent, why, "deploy the version that is wanted"));
    };
    let (now, then) = (fresh.revision(key), template::revision(key, former));
    if let Some(to) = to.filter(|to| **to != then) {
        let why = format!("a Swarm keeps one specification before the present one, and that is {then}, not {to}");
        return Err(Refusal::of(intent, why, "deploy the version that is wanted"));
    }
    let Some(what) = differs(former, fresh.spec()) else {
        let why = "the specification that its manager keeps is the present one: a paused update that is resumed forgets the \
                   one before (moby#37693)";
        return Err(Refusal::of(intent, why, "deploy the version that is wanted"));
    };
    let replicas = match template::counted(former) {
        Counted::Replicas(replicas) => replicas,
        Counted::EachNode | Counted::Job => fresh.read.service_status.map_or(1, |status| status.desired_tasks),
    };
    let until = match then == now {
        // Nothing that a task is made of differs: its number does, or what is not seen of a task.
        true if matches!(template::counted(former), Counted::Replicas(_)) => Until::Count(key.clone(), replicas),
        true => Until::Accepted,
        false => Until::RolledOut(key.clone(), Some(now)),
    };
    let seconds = fresh.rollout_seconds(replicas, "RollbackConfig");
    let action = StepAction::Revert(key.clone(), Some(then));
    let mut draft = Draft::new(intent, vec![step(action, &fresh.read.id, pins::spec(&seen(fresh)), until, seconds)]);
    draft.notes.push(does(format!("what changes: {what}")));
    draft.notes.push(way(former, "RollbackConfig", replicas));
    match fresh.update_state() {
        "updating" => draft.notes.push(note("an update is under way: this takes its place")),
        "paused" => {
            draft.notes.push(note(format!("the update that is paused is given up: {}", fresh.update_message())))
        }
        "rollback_started" | "rollback_completed" => {
            draft.notes.push(hurts("the last thing that happened was a rollback: this goes forward again"));
        }
        _ => {}
    }
    draft
        .notes
        .push(note("a Swarm keeps one specification before the present one: rolling back twice comes back here"));
    // A replica count is part of the specification, unlike elsewhere.
    if let (Counted::Replicas(to), Counted::Replicas(from)) = (template::counted(former), fresh.counted())
        && to != from
    {
        draft.notes.push(hurts(format!("the number goes back too, from {from} to {to}")));
    }
    draft.inverse = Some(Intent::Undo(key.clone(), None));
    Ok(draft)
}

/// What a manager warned of when it took a specification.
pub(super) fn warnings(answer: &[u8]) -> Option<Text> {
    warnings_of(answer).map(Text::from)
}
