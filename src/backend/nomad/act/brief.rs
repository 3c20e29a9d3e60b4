//! Refusals and step errors of a region, in the words that are the same for every noun.

use serde_json::Value;

use crate::backend::draft::{self, Unwritten};
use crate::domain::{Intent, Receipt, Refusal, Step, StepError, Text};

use super::super::api::{Api, Written};
use super::super::failure::Failure;

pub(super) use super::super::find::namespace;

pub(super) use crate::backend::draft::{ROLL_OUT, SMALL, does, gone, hurts, moved, note, same, skips, some, step};

/// Prints what a token has to be allowed to act.
const POLICY: &str = "`cockpit rbac --nomad-policy --control` prints the policy that allows it";

/// What has to be read for a draft cannot be.
pub(super) fn unread(intent: &Intent, failure: &Failure) -> Refusal {
    match failure {
        failure if failure.is_gone() => gone(intent),
        failure if failure.is_denied() => {
            Refusal::of(intent, format!("the token may not look at it: {failure}"), POLICY)
        }
        other => Refusal::of(intent, format!("it cannot be looked at: {other}"), "try again when the region answers"),
    }
}

/// What has to be read before a step cannot be: nothing was changed.
pub(super) fn unchecked(failure: &Failure) -> StepError {
    match failure {
        failure if failure.is_gone() => StepError::Gone,
        failure if failure.is_denied() => StepError::Denied(Text::from(format!("{failure}; {POLICY}"))),
        other => StepError::Failed(Text::from(format!("nothing was changed: it cannot be looked at: {other}"))),
    }
}

/// A step that no draft of this backend has.
pub(super) fn no_step(step: &Step) -> StepError {
    let key = step.action.target();
    StepError::Denied(Text::from(format!("Nomad has no such thing for {}s: {}", key.kind.noun(), key.local())))
}

/// Sends a change once.
pub(super) async fn write(api: &Api, path: &str, namespace: &str, body: &Value) -> Result<Receipt, StepError> {
    put(api, path, namespace, body).await.map(|written: Written<Value>| {
        let warned = written.value["Warnings"].as_str().map(str::trim).filter(|said| !said.is_empty());
        Receipt { text: warned.map(Text::new), ..Receipt::at(written.at) }
    })
}

/// Sends a change once, and reads what the server says of it.
pub(super) async fn put<T: serde::de::DeserializeOwned>(
    api: &Api,
    path: &str,
    namespace: &str,
    body: &Value,
) -> Result<Written<T>, StepError> {
    let sent = crate::domain::Timestamp::now();
    api.put(path, &[("namespace", namespace)], body).await.map_err(|unwritten| in_words(unwritten, sent))
}

/// What became of a change that did not end well.
pub(super) fn in_words(unwritten: Unwritten<Failure>, sent: crate::domain::Timestamp) -> StepError {
    match unwritten {
        Unwritten::Refused { status: 401 | 403, message } => {
            StepError::Denied(Text::from(format!("{message}; {POLICY}")))
        }
        // Nomad answers both with 500: by its words alone they are told (nomad: nomad/job_endpoint.go, `RegisterEnforceIndexErrPrefix`,
        // `Revert`).
        Unwritten::Refused { message, .. }
            if message.contains("Enforcing job modify index") || message.contains("; enforcing version") =>
        {
            StepError::Moved(message)
        }
        other => draft::in_words(other, sent),
    }
}
