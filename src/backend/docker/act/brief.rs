//! Refusals and step errors of an engine, in the words that are the same for every noun.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use crate::domain::{Intent, Receipt, Refusal, Step, StepError, Text, Timestamp};

use super::super::api::Api;
use super::super::failure::Failure;

pub(super) use crate::backend::draft::{
    ROLL_OUT, SMALL, does, gone, hurts, in_words, joined, moved, note, same, skips, some, step,
};

/// What has to be read for a draft cannot be.
pub(super) fn unread(intent: &Intent, failure: &Failure) -> Refusal {
    match failure {
        failure if failure.is_gone() => gone(intent),
        Failure::Refused { status: 503, message } => Refusal::of(
            intent,
            format!("this engine does not manage the Swarm: {message}"),
            "watch one of its managers (`docker node ls` there names them)",
        ),
        Failure::Refused { status: 401 | 403, message } => Refusal::of(
            intent,
            format!("the engine does not allow it: {message}"),
            "ask for the right, or use another way in",
        ),
        other => Refusal::of(intent, format!("it cannot be looked at: {other}"), "try again when the engine answers"),
    }
}

/// A step that no draft of this backend has.
pub(super) fn no_step(step: &Step) -> StepError {
    let key = step.action.target();
    StepError::Denied(Text::from(format!(
        "a {} has no such thing on a Docker engine: {}",
        key.kind.noun(),
        key.local()
    )))
}

/// What has to be read before a step cannot be: nothing was changed.
pub(super) fn unchecked(failure: &Failure) -> StepError {
    match failure {
        failure if failure.is_gone() => StepError::Gone,
        Failure::Refused { status: 401 | 403, message } => StepError::Denied(message.clone()),
        other => StepError::Failed(Text::from(format!("nothing was changed: it cannot be looked at: {other}"))),
    }
}

/// Sends a change once. `at` is the engine's time when the pin was compared: what begins from then on is newer.
pub(super) async fn write(
    api: &Api,
    path: &str,
    body: Option<&Value>,
    longer: Duration,
    at: Option<Timestamp>,
) -> Result<(Receipt, Bytes), StepError> {
    let sent = Timestamp::now();
    match api.post(path, body, longer).await {
        Ok(answer) => Ok((Receipt::at(at.unwrap_or(sent)), answer)),
        Err(unwritten) => Err(in_words(unwritten, at.unwrap_or(sent))),
    }
}
