//! Which instance and which container of it a shell is opened in, where several could be meant.

use std::cmp::Reverse;

use crate::domain::{DesiredState, Instance, Phase, Ref, Role, Text};
use crate::state::View;

/// The instance that a shell is opened in: itself; of a workload one that runs, first one that fails. None where it is nothing
/// that runs, an error where nothing of it runs.
pub fn entered(key: &Ref, view: &View<'_>) -> Option<Result<Ref, Text>> {
    match key.kind.role() {
        Role::Instance => Some(Ok(view.instance(key)?.key.clone())),
        Role::Workload => {
            view.workload(key)?;
            let running = view.instances_of(key).filter(|it| can_be_entered(it));
            let first = running.min_by_key(|it| (it.ready, Reverse(it.restarts()), it.key.clone()));
            Some(first.map(|it| it.key.clone()).ok_or_else(|| Text::new("nothing of it runs")))
        }
        _ => None,
    }
}

/// Whether something runs in it.
pub(super) fn can_be_entered(it: &Instance) -> bool {
    it.desired == DesiredState::Run && matches!(it.phase, Phase::Running | Phase::Restarting)
}
