//! How far what an accepted step waits for is, and for whom it waits.

use crate::domain::{Desired, DesiredState, Instance, Kind, Object, Receipt, Ref, Until};
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
            Until::Accepted | Until::Cordoned(..) | Until::Paused(..) | Until::Quiet(..) => None,
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
            Until::RolledOut(key, from) => {
                let workload = view.workload(key)?;
                let counts = view.counts(workload);
                let newest =
                    workload.revision.as_ref().map(|revision| &revision.id).filter(|id| Some(*id) != from.as_ref());
                let run: Vec<&Instance> = view.instances_of(key).filter(|it| runs(it)).collect();
                let good = |it: &&&Instance| it.ready && newest.is_some() && it.revision.as_ref() == newest;
                let done = u32::try_from(run.iter().filter(good).count()).unwrap_or(u32::MAX);
                let of = counts.wanted.unwrap_or(counts.alive);
                let left = run.iter().filter(|it| !good(it)).copied();
                let on = left.min_by_key(|it| (it.revision.as_ref() != newest, &it.key));
                Some(Self { share: Some((done.min(of), of)), surplus: counts.alive.saturating_sub(of), on })
            }
            Until::Again(key) | Until::Ended(key) => {
                Some(Self { share: None, surplus: 0, on: Some(view.instance(key)?) })
            }
            Until::Empty(node) => {
                let left: Vec<&Instance> = leaving(node, view).collect();
                let surplus = u32::try_from(left.len()).unwrap_or(u32::MAX);
                Some(Self { share: None, surplus, on: left.into_iter().min_by_key(|it| &it.key) })
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

/// What still runs on a node and does not belong on each node. A container that is nobody's but its engine's is not moved by
/// any orchestrator: it stays.
pub(super) fn leaving<'a>(node: &Ref, view: &View<'a>) -> impl Iterator<Item = &'a Instance> + use<'a> {
    let view = *view;
    view.hosted_on(node).filter(|it| it.key.kind != Kind::ContainerInstance).filter(move |it| {
        let owner = it.owner.as_ref().and_then(|owner| view.workload(owner));
        runs(it) && !owner.is_some_and(|owner| matches!(owner.desired, Desired::EachNode(_)))
    })
}
