//! What keeps a task from starting, by what its client tells of it (nomad: nomad/structs `TaskEvent`, client/allocrunner/taskrunner).

use crate::domain::{Exit, ExitReason, Text};

use super::scribe::time;
use super::wire::{TaskEvent, TaskState};

/// Whether an event says that a task does not start, and why.
pub(super) fn hinders(event: &TaskEvent) -> bool {
    match event.kind.as_str() {
        "Template"
        | "Failed Artifact Download"
        | "Driver Failure"
        | "Setup Failure"
        | "Failed Validation"
        | "Task hook failed" => true,
        // Of a template that cannot be rendered nothing else is told than that the task is killed.
        "Killing" => event.words().starts_with("Template failed"),
        _ => false,
    }
}

/// The newest event that says why a task does not start, since it last ran.
pub(super) fn hindrance(state: &TaskState) -> Option<&TaskEvent> {
    let began = state.events.iter().rposition(|event| event.kind == "Started");
    state.events[began.map_or(0, |place| place + 1)..].iter().rfind(|event| hinders(event))
}

/// The end of a task that was to start and did not.
pub(super) fn in_vain(state: &TaskState) -> Option<Exit> {
    let said = hindrance(state).filter(|_| state.failed)?;
    Some(Exit {
        code: 1,
        reason: ExitReason::CannotRun,
        message: Some(Text::new(said.words())),
        started: None,
        ended: time(&state.finished_at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(failed: bool, events: &[(&str, &str)]) -> TaskState {
        let events = events.iter().map(|(kind, words)| TaskEvent {
            kind: (*kind).to_owned(),
            display_message: (*words).to_owned(),
            ..TaskEvent::default()
        });
        TaskState { failed, events: events.collect(), ..TaskState::default() }
    }

    #[test]
    fn the_newest_event_that_says_why_is_taken_and_not_what_came_of_it() {
        let state = task(
            true,
            &[
                ("Received", "Task received by client"),
                ("Failed Artifact Download", "failed to download artifact"),
                ("Restarting", "Task restarting in 1s"),
            ],
        );
        assert_eq!(hindrance(&state).map(TaskEvent::words), Some("failed to download artifact"));
        let state =
            task(true, &[("Killing", "Template failed: no such function"), ("Alloc Unhealthy", "of failed task")]);
        assert_eq!(in_vain(&state).and_then(|exit| exit.message).as_deref(), Some("Template failed: no such function"));
    }

    #[test]
    fn what_ran_since_or_is_only_stopped_was_not_kept_from_anything() {
        let ran = [("Driver Failure", "busy"), ("Started", "Task started by client"), ("Terminated", "Exit Code: 1")];
        assert_eq!(hindrance(&task(true, &ran)), None);
        let stopped = task(false, &[("Template", "Missing: kv.block(a)"), ("Killing", "Sent interrupt")]);
        assert!(hindrance(&stopped).is_some() && in_vain(&stopped).is_none(), "nobody waits for it any more");
    }
}
