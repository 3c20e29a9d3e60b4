//! What people did to an object, as the journal tells it, and what of it still holds the object back.

use crate::domain::journal::Hold;
use crate::domain::{Deed, Intent, Kind, Object, Outcome, Ref, Rollout, RolloutPhase};

use super::view::View;

/// So many of one object; the oldest go first. The journal keeps all.
const KEPT: usize = 16;

/// Keeps what is told of a run, in the place of what was told of it before. Whether that changes anything.
pub(super) fn keep(kept: &mut Vec<Deed>, deed: Deed) -> bool {
    match kept.iter_mut().find(|known| known.id == deed.id && known.intent == deed.intent) {
        Some(known) if *known == deed => return false,
        Some(known) => *known = deed,
        None => {
            let place = kept.partition_point(|known| (known.began, known.id) <= (deed.began, deed.id));
            kept.insert(place, deed);
        }
    }
    if kept.len() > KEPT {
        kept.remove(0);
    }
    true
}

impl<'a> View<'a> {
    /// What people did to an object, oldest first, as far as the journal tells.
    pub fn deeds(&self, key: &Ref) -> impl DoubleEndedIterator<Item = &'a Deed> + use<'a> {
        self.slot(key).and_then(|slot| slot.extra.as_deref()).into_iter().flat_map(|extra| extra.deeds.iter())
    }

    /// What holds an object back until somebody lifts it, by the world, whoever did it.
    pub fn held(&self, key: &Ref) -> Option<Hold> {
        match self.object(key)? {
            Object::Node(node) if node.draining => Some(Hold::Drained),
            Object::Node(node) => node.cordoned.then_some(Hold::Cordoned),
            Object::Workload(it) => {
                let suspended = it.schedule.as_ref().is_some_and(|schedule| schedule.suspended)
                    || (key.kind == Kind::Job && it.job.as_ref().is_some_and(|job| job.suspended));
                match it.rollout.as_ref().map(|rollout| rollout.phase) {
                    _ if suspended => Some(Hold::Suspended),
                    _ if it.rollout.as_ref().is_some_and(Rollout::waits_for_promotion) => Some(Hold::Canary),
                    Some(RolloutPhase::Paused) => Some(Hold::Paused),
                    Some(RolloutPhase::RollbackPaused) => Some(Hold::BackPaused),
                    _ => (it.desired.running() == Some(0)).then_some(Hold::Zero),
                }
            }
            // Most applications are synced by hand: only where somebody switched it off that holds anything back.
            Object::Application(it) if !it.automated => {
                let switched = self.deeds(key).rev().find_map(|deed| Hold::SyncOff.told_by(&deed.intent));
                (switched == Some(true)).then_some(Hold::SyncOff)
            }
            Object::Alert(it) => it.silenced_by_hand().is_some().then_some(Hold::Silenced),
            _ => None,
        }
    }

    /// Who made the hold that is on an object, where the journal knows: the last that was done about it made it, and nobody
    /// lifted it since.
    pub fn held_by(&self, key: &Ref) -> Option<&'a Deed> {
        let hold = self.held(key)?;
        let acted = |deed: &&Deed| !matches!(deed.outcome, Some((_, Outcome::Failed(_))));
        let mut told = self.deeds(key).rev().filter(acted).filter_map(|deed| Some((deed, hold.told_by(&deed.intent)?)));
        told.next().filter(|(_, makes)| *makes).map(|(deed, _)| deed)
    }

    /// Whether the world is already as an intent would make it; not where that cannot be told.
    pub fn is_so(&self, intent: &Intent) -> bool {
        let held = |key: &Ref| self.held(key);
        match intent {
            Intent::Scale(key, to) => self.workload(key).and_then(|it| it.desired.running()) == Some(*to),
            Intent::Cordon(key) => matches!(held(key), Some(Hold::Cordoned | Hold::Drained)),
            Intent::Uncordon(key) => self.node(key).is_some() && held(key).is_none(),
            Intent::Resume(key) => self.workload(key).is_some() && matches!(held(key), None | Some(Hold::Zero)),
            Intent::Unsilence(key) => self.alert(key).is_none_or(|it| it.silenced_by_hand().is_none()),
            _ => false,
        }
    }
}
