//! Learns what there is to know, once, without a screen: for `triage` and `doctor`.

use std::time::Duration;

use crate::action::Guard;
use crate::backend::replay::Reader;
use crate::diagnose::{Incident, Settings};
use crate::domain::people::Stand;
use crate::domain::{BackendKind, Batch, ClusterId, People, Text, Timestamp};
use crate::engine::{Core, Feeds, Target, Waited, wait_until_settled};

use super::failure::Failure;

/// Takes every batch before it is folded: a recorder.
pub type Tap = Box<dyn FnMut(&Batch) -> Result<(), Text> + Send>;

/// What was learnt.
pub struct Known {
    /// The world and what is wrong with it.
    pub core: Core,
    /// As of when.
    pub now: Timestamp,
    /// The time was over before everything was read.
    pub timed_out: bool,
    /// What was asked.
    pub clusters: Vec<(ClusterId, BackendKind)>,
    /// What people said of incidents.
    pub people: People,
}

impl Known {
    /// How an incident stands with people.
    pub fn stand(&self, incident: &Incident) -> Stand<'_> {
        let view = self.core.view(self.now);
        self.people.stand(&incident.id, || incident.weight(&view), self.now)
    }

    /// What people left in the list; with `all`, everything.
    pub fn listed(&self, all: bool) -> impl Iterator<Item = &Incident> {
        let listed = move |it: &&Incident| all || !matches!(self.stand(it), Stand::Folded(_));
        self.core.diagnosis().incidents().iter().filter(listed)
    }
}

/// How it is gone about.
pub struct Learning {
    /// Thresholds, patterns, accepts.
    pub settings: Settings,
    /// What may be done.
    pub guard: Guard,
    /// Sees every batch.
    pub tap: Option<Tap>,
    /// At most so long.
    pub wait: Duration,
    /// Nobody asks how the feeds would go on after that.
    pub once: bool,
    /// The time goes by the stamps of what is learnt, from this moment on (a simulation's own time); else by the wall.
    pub stamps: Option<Timestamp>,
}

/// Learns until every source has listed or is in trouble.
///
/// # Errors
/// No runtime could be started; what is learnt could not be recorded.
pub fn learn(targets: Vec<Target>, learning: Learning) -> Result<Known, Failure> {
    let Learning { settings, guard, mut tap, wait, once, stamps } = learning;
    runtime()?.block_on(async move {
        let clusters: Vec<_> = targets.iter().map(|target| (target.cluster.clone(), target.kind)).collect();
        let mut last = stamps.unwrap_or_else(Timestamp::now);
        let mut clock = |batch: Option<&Batch>| {
            let now = match (stamps, batch) {
                (None, _) => Timestamp::now(),
                (Some(_), Some(batch)) => batch.at,
                (Some(_), None) => last,
            };
            last = last.max(now);
            last
        };
        let mut core = Core::new(settings, guard, &ids(&clusters), clock(None));
        let mut feeds = if once { Feeds::once(targets) } else { Feeds::start(targets) };
        let mut recorded: Result<(), Text> = Ok(());
        let each = |batch: &Batch| {
            if let (Some(tap), Ok(())) = (tap.as_mut(), &recorded) {
                recorded = tap(batch);
            }
        };
        let (waited, now) = wait_until_settled(&mut core, &mut feeds, wait, clock, each).await;
        recorded.map_err(|why| Failure::new("what was learnt could not be recorded").why(why))?;
        let timed_out = waited == Waited::TimedOut;
        Ok(Known { core, now, timed_out, clusters, people: People::default() })
    })
}

/// Learns what a recording holds, from its first batch to its last, in its own time.
///
/// # Errors
/// A line of it cannot be read.
pub fn learn_recorded(mut recording: Reader, learning: Learning) -> Result<Known, Failure> {
    let clusters: Vec<_> = recording.header.clusters.iter().map(|it| (it.name.clone(), it.kind())).collect();
    let mut next = || recording.next_batch().map_err(not_played);
    let mut batch = next()?;
    let mut now = batch.as_ref().map_or(Timestamp::UNIX_EPOCH, |batch| batch.at);
    let mut core = Core::new(learning.settings, learning.guard, &ids(&clusters), now);
    while let Some(said) = batch {
        now = now.max(said.at);
        core.fold(said);
        core.turn(now, &mut || true);
        batch = next()?;
    }
    // What is held back while listings come is looked at now, as it is after live learning.
    let now = now.checked_add(jiff::SignedDuration::from_millis(1)).unwrap_or(now);
    core.settle_now(now);
    Ok(Known { core, now, timed_out: false, clusters, people: People::default() })
}

/// A recording is of no use.
pub fn not_played(why: Text) -> Failure {
    Failure::new("the recording cannot be played").why(why)
}

/// Two workers: one decodes while the other draws; more would only cost memory.
///
/// # Errors
/// The system gives no threads.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    built.map_err(|error| Failure::new("cannot start").why(error))
}

fn ids(clusters: &[(ClusterId, BackendKind)]) -> Vec<ClusterId> {
    clusters.iter().map(|(id, _)| id.clone()).collect()
}
