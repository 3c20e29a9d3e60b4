//! One step: looked at again, held against its pin, and written once.

use std::time::Duration;

use serde_json::Value;

use crate::domain::{Kind, Receipt, Ref, Step, StepAction, StepError, Text, Timestamp};

use super::super::ask::{Failed, Refused, Unsent};
use super::super::place;
use super::super::words::dig::text;
use super::change::{Change, How};
use super::desk::Desk;
use super::{cordon, gitops, instance, jobs, pause, pins, restart, rollouts, scale, set, shell, undo};

/// How often something is looked at again because somebody else wrote it in between. A crash loop is written all the time.
const TRIES: u32 = 8;
/// What is held back is tried again after this, where the server does not say.
const AGAIN: Duration = Duration::from_secs(5);

/// Does a step if its pin still holds. An eviction that did not leave because the server is away for now is held back, and
/// asked for again when that is over: one dead API server is not what a drain of an hour fails by. Of a single thing that
/// somebody waits for it is said at once.
pub(super) async fn step(desk: Desk<'_>, step: &Step) -> Result<Receipt, StepError> {
    match attempt(desk, step).await {
        Ok(receipt) => Ok(receipt),
        Err(Undone::Away(words)) if matches!(step.action, StepAction::Evict(_)) => {
            let by = Text::from(format!("the API server, which is away: {words}"));
            Err(StepError::Blocked { by, retry_at: Timestamp::now() + AGAIN })
        }
        Err(Undone::Away(words)) => Err(StepError::Failed(Text::from(format!("nothing was sent: {words}")))),
        Err(Undone::For(error)) => Err(error),
    }
}

/// Why a step is not known to be done.
enum Undone {
    /// Nothing was sent: the server is not there for now, or has no time.
    Away(Text),
    For(StepError),
}

impl From<StepError> for Undone {
    fn from(error: StepError) -> Self {
        Self::For(error)
    }
}

async fn attempt(desk: Desk<'_>, step: &Step) -> Result<Receipt, Undone> {
    if let StepAction::Enter(..) = &step.action {
        return Err(StepError::Failed(Text::new("a shell needs a terminal, and there is none")).into());
    }
    if let StepAction::Retry(key) = &step.action {
        return Ok(jobs::retry(desk, key, &step.pin).await?);
    }
    for _ in 0..TRIES {
        let now = look(desk, &step.action).await?;
        pins::compare(&step.pin, &step.action, &now)?;
        let change = change(desk, &step.action, &now).await.map_err(StepError::Failed)?;
        let sent = Timestamp::now();
        match desk.send(&change).await {
            Ok(answer) => {
                if let StepAction::AddDebugger(key, debugger, ..) = &step.action {
                    shell::wait_for(desk, key, debugger).await?;
                }
                return Ok(receipt(sent, &step.action, &answer));
            }
            // It was written in between, and not by us.
            Err(Unsent::Refused(Refused { status: 409, .. })) => {}
            Err(Unsent::Lost(_)) if change.how == How::Create && change.sub.is_none() => {
                return Ok(jobs::made_after_all(desk, &change, sent).await?);
            }
            Err(Unsent::Never(words)) => return Err(Undone::Away(words)),
            Err(Unsent::Refused(Refused { status: 503, message, .. })) => return Err(Undone::Away(message)),
            Err(unsent) => return Err(said(unsent, sent).into()),
        }
    }
    let words = format!("it is changed faster than it can be written: given up after {TRIES} attempts");
    Err(StepError::Failed(Text::from(words)).into())
}

/// What a step is about, as it is now.
async fn look(desk: Desk<'_>, action: &StepAction) -> Result<Value, Undone> {
    let key = action.target();
    let whole = place::path(key).ok_or_else(|| StepError::Failed(Text::new("a cluster has no object for it")))?;
    let path = match action {
        StepAction::SetReplicas(..) => format!("{whole}/scale"),
        _ => whole,
    };
    desk.at(&path).await.map_err(|failed| match failed.may_pass() {
        true => Undone::Away(failed.words),
        false => not_seen(failed).into(),
    })
}

/// Nothing was sent.
pub(super) fn not_seen(failed: Failed) -> StepError {
    match failed {
        failed if failed.is_gone() => StepError::Gone,
        failed if failed.is_denied() => StepError::Denied(failed.words),
        failed => StepError::Failed(Text::from(format!("nothing was sent: it could not be looked at again: {failed}"))),
    }
}

/// The one write that a step is. From the object as it is now; the error says why there is none.
pub(super) async fn change(desk: Desk<'_>, action: &StepAction, now: &Value) -> Result<Change, Text> {
    match action {
        StepAction::Restart(key) => restart::change(key, now, Timestamp::now()),
        StepAction::SetReplicas(key, to) => scale::change(key, now, *to),
        StepAction::Revert(key, to) => undo::change(desk, key, now, to.as_deref()).await,
        StepAction::SetCordon(key, cordoned) => cordon::change(key, now, *cordoned),
        StepAction::Evict(key) => instance::evict(key, now),
        StepAction::SetPaused(key, paused) if key.kind == Kind::Application => gitops::change(key, now, *paused),
        StepAction::SetPaused(key, paused) => pause::change(key, now, *paused),
        StepAction::Set(key, setting) => set::change(key, now, setting),
        StepAction::Promote(key) => rollouts::promote(key, now),
        StepAction::Abort(key) => rollouts::abort(key, now),
        StepAction::Delete(key) | StepAction::Stop(key) => instance::delete(key, now, None),
        StepAction::Kill(key) => instance::delete(key, now, Some(0)),
        StepAction::Trigger(key) => jobs::trigger(key, now),
        StepAction::AddDebugger(key, debugger, beside, command) => {
            shell::change(key, debugger, beside.as_deref(), command)
        }
        StepAction::SetDrain(..)
        | StepAction::Start(_)
        | StepAction::Recreate(_)
        | StepAction::Retry(_)
        | StepAction::Prune(..)
        | StepAction::Silence(..)
        | StepAction::EndSilence(..)
        | StepAction::Enter(..) => Err(Text::new("a Kubernetes cluster has no such thing")),
    }
}

fn receipt(at: Timestamp, action: &StepAction, answer: &Value) -> Receipt {
    let key = action.target();
    let made = matches!(action, StepAction::Trigger(_)).then(|| text(answer, "/metadata/name"));
    let made = made.filter(|name| !name.is_empty());
    Receipt { made: made.map(|name| Ref { kind: Kind::Job, name: name.into(), ..key.clone() }), ..Receipt::at(at) }
}

/// What became of something that was sent.
pub(super) fn said(unsent: Unsent, sent: Timestamp) -> StepError {
    match unsent {
        Unsent::Lost(_) => StepError::Unknown { sent },
        Unsent::Never(words) => StepError::Failed(Text::from(format!("nothing was sent: {words}"))),
        Unsent::Refused(refused) => refused_step(refused, sent),
    }
}

fn refused_step(refused: Refused, now: Timestamp) -> StepError {
    let Refused { status, message, causes, wait } = refused;
    let retry_at = now + wait.unwrap_or(AGAIN);
    match status {
        404 => StepError::Gone,
        // The budget's own sentence says what it needs and has; the server's says only that there is one.
        429 => StepError::Blocked { by: causes.into_iter().next().unwrap_or(message), retry_at },
        // What lies in a namespace that is being taken away goes with it: it is waited for (kubectl: pkg/drain/drain.go).
        403 if message.contains("because it is being terminated") => StepError::Blocked { by: message, retry_at },
        401 | 403 => StepError::Denied(message),
        _ => StepError::Failed(message),
    }
}
