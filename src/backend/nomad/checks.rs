//! Reading what checks say. No stream carries it, and a client keeps the last result alone: where it can tell something it is
//! read often, elsewhere sparingly.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt;
use tokio::time::Instant;

use crate::backend::escape::escaped;
use crate::domain::{Fact, Instance, Name, Object, Phase, Ref, Timestamp};

use super::api::Api;
use super::book::{Book, source};
use super::failure::Failure;
use super::groups::{leads, services};
use super::verdicts::Began;
use super::wire::{Allocation, CheckResult, ConsulCheck, TaskGroup};

/// Allocations that are asked about at once: each question goes through a server to a client.
const AT_ONCE: usize = 4;
/// Of those that are not well, so many are read in one round.
const PRESSING: usize = 16;
/// Of the others so many: however many there are, they cost no more.
const SPARED: usize = 4;
/// Of both at the first look, so that what is listed then is nearly whole.
const AT_FIRST: usize = 64;
/// A restart by a check is news for so long, seconds.
const NEWS: i64 = 600;

/// What of an allocation with checks is kept, so that it can be told anew when they change.
pub(super) struct Checked {
    /// As it was told, without what its checks say.
    bare: Instance,
    /// The task that a group's own checks count for.
    lead: Option<Name>,
    /// Its client runs checks of it; those of Consul are Consul's.
    by_client: bool,
    /// Its server holds it for unhealthy or has not decided, or a check restarted it lately.
    unwell: bool,
}

impl Checked {
    /// Of an allocation whose group, as it was made, has checks, or may have.
    pub(super) fn of(it: &Allocation, bare: &Instance, made: Option<&TaskGroup>) -> Option<Box<Self>> {
        let all = || made.into_iter().flat_map(services);
        // A mesh adds checks of its own to what Consul knows.
        if made.is_some() && !all().any(|service| !service.checks.is_empty() || service.provider != "nomad") {
            return None;
        }
        let lead = made.and_then(|group| group.tasks.iter().find(|task| leads(group, task)));
        let undecided = it.deployment_status.as_ref().is_some_and(|health| health.healthy != Some(true));
        let now = it.modify_time / 1_000_000_000;
        let restarted = |event: &super::wire::TaskEvent| {
            event.kind == "Restart Signaled"
                && event.words().contains("healthcheck")
                && event.time / 1_000_000_000 + NEWS > now
        };
        Some(Box::new(Self {
            bare: bare.clone(),
            lead: lead.map(|task| Name::new(&task.name)),
            by_client: all().any(|service| !service.checks.is_empty() && service.provider == "nomad"),
            unwell: undecided || it.task_states.values().flat_map(|task| &task.events).any(restarted),
        }))
    }

    /// The task that a group's own checks count for.
    pub(super) fn lead(&self) -> Option<&str> {
        self.lead.as_deref()
    }
}

/// What was read of some allocations' checks, by their ids.
pub(super) type Read = Vec<(String, Result<Vec<CheckResult>, Failure>)>;

/// Whose checks are read next.
#[derive(Default)]
pub(super) struct Probing {
    /// When each was read last.
    read: BTreeMap<String, Instant>,
    under_way: bool,
    /// They were all looked at once since the connection was made.
    looked: bool,
}

impl Probing {
    /// A connection broke.
    pub(super) fn interrupted(&mut self) {
        *self = Self::default();
    }

    /// The next to be read: those that are not well before the others, and each in its turn. `spared` is how long the others are
    /// left alone.
    fn next(&mut self, all: Vec<(String, bool)>, spared: Duration) -> Vec<String> {
        let now = Instant::now();
        let there: BTreeSet<&str> = all.iter().map(|(id, _)| id.as_str()).collect();
        self.read.retain(|id, _| there.contains(id.as_str()));
        let rested = |id: &String| self.read.get(id).is_none_or(|at| *at + spared <= now);
        let (mut pressing, mut others): (Vec<_>, Vec<_>) =
            all.into_iter().filter(|(id, pressing)| *pressing || rested(id)).partition(|(_, pressing)| *pressing);
        let turn = |(id, _): &(String, bool)| self.read.get(id).copied();
        pressing.sort_by_key(turn);
        others.sort_by_key(turn);
        let (most, few) = if self.looked { (PRESSING, SPARED) } else { (AT_FIRST, AT_FIRST) };
        let next = pressing.into_iter().take(most).chain(others.into_iter().take(few));
        let next: Vec<String> = next.map(|(id, _)| id).take(most.max(few)).collect();
        self.read.extend(next.iter().map(|id| (id.clone(), now)));
        next
    }

    /// Begins a round, where none is under way: ids to read. None where there is nothing to begin.
    pub(super) fn begin(&mut self, book: &Book, looked_at: &BTreeSet<Ref>, spared: Duration) -> Option<Vec<String>> {
        if self.under_way {
            return None;
        }
        let next = self.next(book.to_check(looked_at), spared);
        // The first round is told even if there is nothing in it: nothing more is to be waited for.
        if next.is_empty() && self.looked {
            return None;
        }
        self.under_way = true;
        Some(next)
    }

    /// Whether nothing was looked at yet.
    pub(super) const fn is_first(&self) -> bool {
        !self.looked
    }

    /// A round has ended; whether it was the first.
    pub(super) fn ended(&mut self) -> bool {
        self.under_way = false;
        !std::mem::replace(&mut self.looked, true)
    }
}

/// Reads the checks of allocations, a few at a time, for at most so long.
pub(super) async fn read(api: Api, ids: Vec<String>, within: Duration) -> Read {
    let asked = ids.into_iter().map(|id| {
        let api = api.clone();
        async move {
            let path = format!("/v1/client/allocation/{}/checks", escaped(&id));
            let said = api.get::<Option<BTreeMap<String, CheckResult>>>(&path, &[]).await;
            (id, said.map(|all| all.unwrap_or_default().into_values().collect()))
        }
    });
    let answers = futures::stream::iter(asked.collect::<Vec<_>>()).buffer_unordered(AT_ONCE);
    // A client that is gone keeps its server waiting: what the others said is not lost with it.
    answers.take_until(tokio::time::sleep(within)).collect().await
}

impl Book {
    /// Allocations whose clients run checks of them, and whether those are pressing.
    fn to_check(&self, looked_at: &BTreeSet<Ref>) -> Vec<(String, bool)> {
        let all = self.allocations.iter().filter(|(_, it)| it.runs);
        let all = all.filter_map(|(id, it)| Some((id, it, it.checked.as_deref().filter(|checked| checked.by_client)?)));
        let all = all.filter(|(_, _, checked)| checked.bare.phase == Phase::Running);
        all.map(|(id, it, checked)| {
            let seen =
                looked_at.contains(&it.key) || checked.bare.owner.as_ref().is_some_and(|of| looked_at.contains(of));
            (id.clone(), checked.unwell || seen || self.verdicts.fails(id))
        })
        .collect()
    }

    /// Takes in what was read of checks.
    pub(super) fn checks(&mut self, read: Read, now: Timestamp) {
        for (id, said) in read {
            match said {
                Ok(results) if self.allocations.contains_key(&id) => {
                    let began = self.verdicts.checked(&id, &results, now);
                    self.tell_checked(&id, &began);
                }
                Ok(_) => {}
                // Its client is away, or it has just ended: its server says that by itself.
                Err(failure) => tracing::debug!(allocation = %id, %failure, "its checks are not known"),
            }
        }
    }

    /// Takes in what is critical in Consul.
    pub(super) fn critical(&mut self, all: &BTreeMap<String, Vec<ConsulCheck>>, first: bool, now: Timestamp) {
        for (id, began) in self.verdicts.critical(all, first, now) {
            self.tell_checked(&id, &began);
        }
    }

    /// Consul has nothing new to say.
    pub(super) fn still_critical(&mut self, now: Timestamp) {
        for (id, began) in self.verdicts.overdue(now) {
            self.tell_checked(&id, &began);
        }
    }

    /// Tells an allocation as it is with what its checks say now.
    fn tell_checked(&mut self, id: &str, began: &[Began]) {
        let Some(checked) = self.allocations.get(id).and_then(|it| it.checked.as_deref()) else { return };
        let mut it = checked.bare.clone();
        self.verdicts.apply(id, &mut it, checked.lead());
        let happened = began.iter().map(|one| one.occurrence(&it.key, it.owner.as_ref(), it.node.as_ref()));
        let happened: Vec<Fact> = happened.map(|one| Fact::Occurred(Box::new(one))).collect();
        self.tell(Fact::Put(source("allocations"), Object::Instance(Box::new(it))));
        happened.into_iter().for_each(|fact| self.tell(fact));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pressing: usize, others: usize) -> Vec<(String, bool)> {
        let pressing = (0..pressing).map(|n| (format!("p{n:03}"), true));
        pressing.chain((0..others).map(|n| (format!("o{n:03}"), false))).collect()
    }

    #[test]
    fn what_is_not_well_is_read_first_and_nothing_is_left_out_for_ever() {
        let mut probing = Probing { looked: true, ..Probing::default() };
        let minute = Duration::from_secs(60);
        let first = probing.next(all(2, 10), minute);
        assert_eq!(first, ["p000", "p001", "o000", "o001", "o002", "o003"]);
        let second = probing.next(all(2, 10), minute);
        assert_eq!(second, ["p000", "p001", "o004", "o005", "o006", "o007"]);
        assert_eq!(probing.next(all(2, 10), minute), ["p000", "p001", "o008", "o009"], "the others rest");
        let many = probing.next(all(500, 500), minute);
        assert!(many.len() <= PRESSING + SPARED, "{}", many.len());
        let again = probing.next(all(500, 500), minute);
        assert!(again.iter().filter(|id| id.starts_with('p')).all(|id| !many.contains(id)), "each in its turn");
        assert_eq!(probing.next(Vec::new(), minute), Vec::<String>::new());
        assert!(probing.read.is_empty(), "who is gone is forgotten");
    }

    #[test]
    fn the_first_look_is_told_though_there_is_nothing_to_look_at() {
        let mut probing = Probing::default();
        let book = Book::new(crate::domain::ClusterId::new("eu"));
        assert_eq!(probing.begin(&book, &BTreeSet::new(), Duration::ZERO), Some(Vec::new()));
        assert_eq!(probing.begin(&book, &BTreeSet::new(), Duration::ZERO), None, "one at a time");
        assert!(probing.ended());
        assert_eq!(probing.begin(&book, &BTreeSet::new(), Duration::ZERO), None);
    }
}
