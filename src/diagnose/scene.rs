//! What a rule sees: one subject, and what belongs to it, in an order that does not hang on how it was learnt.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::domain::words::after;
use crate::domain::{
    Certainty, ClusterId, Container, ContainerState, Desired, DesiredState, Exposure, Freshness, Instance, Intent,
    Kind, Name, Node, Occurrence, OccurrenceKind, Phase, Ref, RestartPolicy, Role, Source, Timestamp, Workload,
};
use crate::state::{Counts, View};

use super::room::{Room, Rooms};
use super::rule::Out;
use super::settings::Settings;

/// Something that happened keeps its incident open at most so long, seconds.
const LONGEST_WINDOW: i64 = 24 * 3600;

/// A subject and what belongs to it.
pub struct Scene<'a> {
    /// The model, judged as of the moment at which the subject's sources were last heard from.
    pub view: View<'a>,
    /// Which subject.
    pub key: &'a Ref,
    /// Thresholds.
    pub settings: &'a Settings,
    /// Nothing of its cluster is still loading: what is not there is absent.
    pub complete: bool,
    rooms: &'a Rooms,
    workload: Option<&'a Workload>,
    instances: Vec<&'a Instance>,
    counts: Counts,
}

/// How a subject stands, for ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whether users reach it.
    pub exposure: Exposure,
    /// Instances that serve.
    pub ready: Option<u32>,
    /// Instances that are wanted.
    pub wanted: Option<u32>,
}

/// What happened again and again, folded into one.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// How often.
    pub count: u64,
    /// Whether there may have been more.
    pub at_least: bool,
    /// When first.
    pub first: Timestamp,
    /// When last.
    pub last: Timestamp,
    /// When it counts as over, if it does not happen again.
    pub over_at: Timestamp,
    /// The newest.
    pub newest: &'a Occurrence,
}

impl<'a> Scene<'a> {
    /// The scene of a subject; none where it is not there, or is counted elsewhere.
    pub(super) fn of(
        view: View<'a>,
        key: &'a Ref,
        settings: &'a Settings,
        rooms: &'a Rooms,
        last_judged: Option<Timestamp>,
    ) -> Option<Self> {
        if !is_there(&view, key) {
            return None;
        }
        let workload = view.workload(key);
        let mut instances: Vec<&Instance> = match key.kind.role() {
            Role::Workload => view.instances_of(key).collect(),
            _ => Vec::new(),
        };
        if view.is_counted_elsewhere(key) {
            return None;
        }
        instances.sort_unstable_by(|a, b| (a.created, &a.key).cmp(&(b.created, &b.key)));
        let part = match key.kind.role() {
            Role::Cluster => view.nodes().map(|it| &it.key).filter(|it| it.cluster == key.cluster).min(),
            _ => instances.first().map(|it| &it.key),
        };
        let held = judged_at(&view, key, part);
        let now = held.map_or(view.now, |at| last_judged.map_or(at, |last| last.max(at)).min(view.now));
        let counts = workload.map(|it| count(it, &instances)).unwrap_or_default();
        let complete = view.sources(&key.cluster).all(|(_, source)| source.freshness(view.now) != Freshness::Loading);
        Some(Self { view: view.as_of(now), key, settings, complete, rooms, workload, instances, counts })
    }

    /// As of when it is judged.
    pub const fn now(&self) -> Timestamp {
        self.view.now
    }

    /// Its cluster.
    pub const fn cluster(&self) -> &'a ClusterId {
        &self.key.cluster
    }

    /// The workload, where the subject is one.
    pub const fn workload(&self) -> Option<&'a Workload> {
        self.workload
    }

    /// The node, where the subject is one.
    pub fn node(&self) -> Option<&'a Node> {
        self.view.node(self.key)
    }

    /// Its instances, oldest first.
    pub fn instances(&self) -> &[&'a Instance] {
        &self.instances
    }

    /// Its instances that are meant to run, oldest first.
    pub fn wanted_instances(&self) -> impl DoubleEndedIterator<Item = &'a Instance> + '_ {
        self.instances.iter().copied().filter(|it| it.desired == DesiredState::Run)
    }

    /// The containers of an instance, and of the engine containers that are its body.
    pub fn containers(&self, instance: &'a Instance) -> impl Iterator<Item = &'a Container> + use<'a> {
        let bodies = self.view.bodies_of(&instance.key).flat_map(|body| body.containers.iter());
        instance.containers.iter().chain(bodies)
    }

    /// How many it has and wants.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether what is not there of these kinds is absent: a source that lists all of them, or those of `namespace`, is in
    /// order. What is forbidden or is not watched is unknown.
    pub fn lists(&self, kinds: &[&str], namespace: Option<&Name>) -> bool {
        let fits = |source: &Source| source.partition.is_none() || source.partition.as_ref() == namespace;
        let mut sources = self.view.sources(self.cluster()).filter(|(source, _)| kinds.contains(&source.kind.as_str()));
        let known = |sight: Freshness| matches!(sight, Freshness::Live | Freshness::Stale);
        self.complete
            && sources.any(|(source, state)| fits(source) && state.listed && known(state.freshness(self.view.now)))
    }

    /// The nodes of its cluster with what is asked of them, by name. For when something waits: what is not known yet is counted.
    pub fn rooms(&self) -> Vec<Room> {
        self.rooms.of(&self.view, self.cluster())
    }

    /// How it stands, for ranking.
    pub fn standing(&self) -> Standing {
        let Some(workload) = self.workload else {
            let exposure = self.view.endpoint(self.key).map_or(Exposure::Unknown, |endpoint| endpoint.exposure);
            return Standing { exposure, ready: None, wanted: None };
        };
        let runs = self.counts.wanted.is_some();
        Standing { exposure: workload.exposure, ready: runs.then_some(self.counts.ready), wanted: self.counts.wanted }
    }

    /// What happened to it of one kind, if that is not over yet at `now`. Over is what did not happen again for
    /// `clear_after` seconds, or for twice the longest gap of the last three times where that is longer.
    pub fn series(&self, kind: OccurrenceKind, clear_after: i64) -> Option<Series<'a>> {
        self.series_of(clear_after, |it| it.kind == kind)
    }

    /// As [`Scene::series`], of all that fit.
    pub fn series_of(&self, clear_after: i64, fits: impl Fn(&Occurrence) -> bool) -> Option<Series<'a>> {
        let all: Vec<&Occurrence> = self.view.occurrences_of(self.key).filter(|it| fits(it)).collect();
        let newest = *all.last()?;
        let gap = longest_gap(&all);
        let window = clear_after.max((2 * gap).min(LONGEST_WINDOW));
        let over_at = after(newest.last, window);
        if over_at <= self.now() {
            return None;
        }
        // The episode: back from the newest as long as no gap is longer than the window.
        let mut series = Series { count: 0, at_least: false, first: newest.first, last: newest.last, over_at, newest };
        for it in all.iter().rev() {
            if after(it.last, window.max(clear_after)) < series.first {
                break;
            }
            series.count += u64::from(it.count.max(1));
            series.at_least |= it.at_least;
            series.first = series.first.min(it.first);
        }
        Some(series)
    }

    /// Whether it is shown by the newest revision alone, while the rollout of that is not done.
    pub fn in_rollout(&self) -> bool {
        use crate::domain::RolloutPhase::{Complete, RolledBack};
        let rollout = self.workload.and_then(|it| it.rollout.as_ref());
        rollout.is_some_and(|it| !matches!(it.phase, Complete | RolledBack))
    }

    /// Whether a rollout stands still, so that what stopped it is as true as when it happened.
    pub fn held_up(&self) -> bool {
        use crate::domain::RolloutPhase::{Failed, Paused, RollbackPaused};
        let rollout = self.workload.and_then(|it| it.rollout.as_ref());
        rollout.is_some_and(|it| matches!(it.phase, Failed | Paused | RollbackPaused))
    }

    /// Whether `subject` is an instance, or the container that is its body.
    pub fn is_of(&self, instance: &Instance, subject: &Ref) -> bool {
        instance.key == *subject || self.view.bodies_of(&instance.key).any(|body| body.key == *subject)
    }

    /// Whether an instance may end again any moment: it is not ready, or has not yet run much longer than the last time.
    /// The rule is asked again when it has.
    pub fn is_shaky(&self, it: &Instance, out: &mut Out) -> bool {
        let runs = self.containers(it).find_map(|container| match container.state {
            ContainerState::Running { since } => since,
            _ => None,
        });
        let last = self.containers(it).filter_map(|container| container.exit()).max_by_key(|exit| exit.ended);
        let ran = last.and_then(|exit| Some(exit.ended?.as_second() - exit.started?.as_second())).unwrap_or(0);
        let proven = runs.map(|since| after(since, (2 * ran).max(30)));
        let proven = proven.filter(|_| it.ready);
        proven.filter(|at| *at > self.now()).into_iter().for_each(|at| out.recheck_at(at));
        proven.is_none_or(|at| at > self.now())
    }

    /// Going back to the revision before, where a change brought it and there is one; then a restart.
    pub fn mends(&self, since: Option<Timestamp>) -> Vec<Intent> {
        let mut mends: Vec<Intent> = self.undo(since).into_iter().collect();
        if self.workload.is_some() {
            mends.push(Intent::Restart(self.key.clone()));
        }
        mends
    }

    /// Going back, where a newer revision came at most a day before it began, or is on its way.
    pub fn undo(&self, since: Option<Timestamp>) -> Option<Intent> {
        let workload = self.workload?;
        let from = workload.rollout.as_ref().and_then(|it| it.from.clone());
        let before: Option<Name> = from.or_else(|| workload.history.first().map(|it| it.id.clone()));
        let newest = workload.revision.as_ref().and_then(|it| it.at);
        let brought = match (newest, since) {
            (Some(at), Some(since)) => at <= after(since, 60) && after(at, LONGEST_WINDOW) >= since,
            _ => false,
        };
        let before = before?;
        (self.in_rollout() || brought).then(|| Intent::Undo(self.key.clone(), Some(before)))
    }
}

/// The longest gap, seconds, of the last three times; of each instance by itself too, since several that fail side by
/// side would hide how far apart each one's own ends are. Oldest first.
fn longest_gap(all: &[&Occurrence]) -> i64 {
    let mut of: FxHashMap<&Ref, SmallVec<[&Occurrence; 3]>> = FxHashMap::default();
    for it in all.iter().rev() {
        let last_three = of.entry(&it.subject).or_default();
        if last_three.len() < 3 {
            last_three.push(it);
        }
    }
    let together = all.iter().rev().take(3).copied().collect();
    of.into_values().chain([together]).map(|three| gap_of(&three)).max().unwrap_or(0)
}

/// Newest first. One that stands for several counts with their mean distance.
fn gap_of(three: &[&Occurrence]) -> i64 {
    let between = three.windows(2).map(|w| w[0].first.as_second() - w[1].last.as_second());
    let within = three.iter().map(|it| (it.last.as_second() - it.first.as_second()) / i64::from(it.count.max(2) - 1));
    between.chain(within).max().unwrap_or(0)
}

/// Whether a subject is there. A cluster is, as soon as something was heard from it.
pub fn is_there(view: &View<'_>, key: &Ref) -> bool {
    view.object(key).is_some() || (key.kind.role() == Role::Cluster && view.sources(&key.cluster).next().is_some())
}

/// When the sources that a subject is told by were last heard from, where one of them is in trouble: nothing may be
/// concluded from silence.
fn judged_at(view: &View<'_>, key: &Ref, part: Option<&Ref>) -> Option<Timestamp> {
    let sources = [Some(key), part].into_iter().flatten().filter_map(|key| view.source_of(key));
    let silent = sources.filter(|source| !matches!(source.freshness(view.now), Freshness::Live | Freshness::Loading));
    silent.filter_map(|source| source.heard).min()
}

/// As its server counts, else as its instances are. A service whose file is not read wants what is there and was not
/// stopped.
fn count(workload: &Workload, instances: &[&Instance]) -> Counts {
    let meant =
        |it: &&&Instance| it.desired == DesiredState::Run && !matches!(it.phase, Phase::Succeeded | Phase::Created);
    let alive = instances.iter().filter(|it| it.desired == DesiredState::Run && !it.phase.ended()).count();
    let ready = instances.iter().filter(|it| it.ready && it.desired == DesiredState::Run).count();
    let newest = workload.revision.as_ref().map(|revision| &revision.id);
    let updated = instances.iter().filter(|it| newest.is_some() && it.revision.as_ref() == newest).count();
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let wanted = match workload.desired {
        Desired::Unknown => Some(number(instances.iter().filter(meant).count())),
        desired => desired.running(),
    };
    let mut counts = Counts { ready: number(ready), wanted, alive: number(alive), updated: number(updated) };
    if let Some(reported) = workload.reported {
        counts.ready = reported.ready;
        counts.updated = reported.updated;
    }
    counts
}

/// Whether what ends of it is meant to be started again.
pub fn restarts(workload: &Workload) -> bool {
    workload.restart_policy.restarts()
        || (workload.restart_policy == RestartPolicy::Unknown
            && matches!(workload.desired, Desired::Replicas(_) | Desired::EachNode(_))
            && !matches!(workload.key.kind, Kind::Container | Kind::ComposeService | Kind::BarePod))
}

/// The less sure of two.
pub fn least_sure(a: Certainty, b: Certainty) -> Certainty {
    a.max(b)
}
