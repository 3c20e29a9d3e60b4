//! What drafts have in common.

use serde_json::Value;

use crate::domain::{Step, StepAction, Until};

use super::super::words::dig::number;
use super::pins;

pub(super) use crate::backend::draft::{hurts, note};

/// What a rollout may take, where its object does not say, seconds (kubernetes: pkg/apis/apps/v1/defaults.go).
const ROLLOUT: u32 = 600;
/// What is left to do once a rollout's own deadline has passed: to see that it did, seconds.
const SLACK: u32 = 30;
/// What a server has to show within, where nothing has to start or end for it, seconds.
pub(super) const SOON: u32 = 60;

/// A step of the first group.
pub(super) fn step(action: StepAction, object: &Value, until: Until, timeout_seconds: u32) -> Step {
    Step { pin: pins::pin(&action, object), action, until, timeout_seconds, group: 0 }
}

/// How long a rollout of it may take, seconds: its deadline counts anew with each pod that gets ready.
pub(super) fn deadline(object: &Value) -> u32 {
    let own = number(object, "/spec/progressDeadlineSeconds").and_then(|it| u32::try_from(it).ok());
    let own = own.filter(|seconds| *seconds < i32::MAX as u32).unwrap_or(ROLLOUT).max(ROLLOUT);
    let wanted = pins::replicas(object).max(1);
    own.saturating_add(SLACK).saturating_add(wanted.saturating_mul(SLACK))
}
