//! How far what an accepted step waits for is, and for whom it waits.

use crate::domain::{DesiredState, Instance, Object, Receipt, Until};
use crate::state::View;

/// What is seen of a step's end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wait<'a> {
    /// How many are as they should be, of how many; none where it is not about a number.
    pub share: Option<(u32, u32)>,
    /// How many are there that should not be.
    pub surplus: u32,
    /// One of those that are waited for: of the new ones, where some are there.
    pub on: Option<&'a Instance>,
}

impl<'a> Wait<'a> {
    /// What is waited for; none where nothing can be seen of it.
    pub fn of(until: &Until, receipt: &Receipt, view: &View<'a>) -> Option<Self> {
        match until {
            Until::Accepted | Until::Cordoned(..) => None,
            Until::Renewed(key) => {
                let counts = view.counts(view.workload(key)?);
                let run: Vec<&Instance> = view.instances_of(key).filter(|it| runs(it)).collect();
                let done = run.iter().filter(|it| it.ready && is_newer(it, receipt)).count();
                let of = counts.wanted.unwrap_or(counts.alive);
                let left = run.into_iter().filter(|it| !(it.ready && is_newer(it, receipt)));
                let on = left.min_by_key(|it| (!is_newer(it, receipt), &it.key));
                Some(Self { share: Some((u32::try_from(done).unwrap_or(u32::MAX).min(of), of)), surplus: 0, on })
            }
            Until::Count(key, wanted) => {
                let counts = view.counts(view.workload(key)?);
                let surplus = counts.alive.saturating_sub(*wanted);
                let waited = |it: &&Instance| if surplus > 0 { it.desired == DesiredState::Stop } else { !it.ready };
                let on = view.instances_of(key).filter(|it| !it.phase.ended()).filter(waited).min_by_key(|it| &it.key);
                Some(Self { share: Some((counts.ready.min(*wanted), *wanted)), surplus, on })
            }
            Until::GoneOrReborn(key, uid) => match view.object(key) {
                Some(Object::Instance(it)) if it.uid == *uid => Some(Self { share: None, surplus: 0, on: Some(it) }),
                _ => None,
            },
        }
    }
}

/// Whether an instance is meant to run and has not ended.
pub(super) fn runs(it: &Instance) -> bool {
    it.desired == DesiredState::Run && !it.phase.ended()
}

/// Whether an instance is from after a step was accepted.
pub(super) fn is_newer(it: &Instance, receipt: &Receipt) -> bool {
    // Servers tell whole seconds.
    it.since.or(it.created).is_some_and(|at| at.as_second() >= receipt.at.as_second())
}
