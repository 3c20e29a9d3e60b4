//! Reading everything afresh: the engine, what it remembers, its containers.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::domain::{Fact, Origin, Source, Text, Timestamp};

use super::api::{Api, escaped};
use super::events::{self, Heard};
use super::failure::Failure;
use super::host;
use super::record::Record;
use super::swarm;
use super::usage;
use super::watch::Watch;
use super::wire::{Info, Inspect, Summary};

/// Inspections under way at once.
pub(super) const INSPECTIONS: usize = 8;
/// Containers of a long listing are shown so many at a time.
const SHOWN_EVERY: usize = 32;
/// Events are asked for again from so long before the last one, nanoseconds: they may come out of order.
const OVERLAP: i64 = 1_000_000_000;

/// A stream that says nothing for so long has said what it had.
const QUIET: Duration = Duration::from_millis(25);
/// On an engine where a lot happens, no longer is listened before listing.
const LAST_SECOND_WITHIN: Duration = Duration::from_millis(150);

impl Watch {
    /// Reads everything, and opens the event stream before the containers are listed, so that nothing falls in between.
    pub(super) async fn begin(&mut self, api: &Api, tasks: &mut JoinSet<()>) -> Result<mpsc::Receiver<Heard>, Failure> {
        self.history.mute(api.podman);
        match api.get::<Info>("/info").await {
            Ok(info) => self.engine(api, &info, true),
            Err(failure) if failure.answered() => self.engine_fails(&failure),
            Err(failure) => return Err(failure),
        }
        self.flush().await;
        let mut heard = self.catch_up(api, tasks).await?;
        self.last_second(&mut heard).await?;
        self.list(api).await?;
        // After the containers: how a task ended is told by its body.
        if self.scribe.manages {
            self.swarm.afresh();
            let polled = swarm::poll(api).await;
            self.swarmed(polled);
        }
        self.measure_first(api).await;
        self.facts.push(Fact::Listed(self.table.source().clone()));
        let events = Source::of("events");
        self.facts.extend([Fact::Listing(events.clone(), None), Fact::Listed(events)]);
        self.flush().await;
        Ok(heard)
    }

    /// What is near its limit is part of the first sight, as far as it can be had at once.
    async fn measure_first(&mut self, api: &Api) {
        let until = tokio::time::Instant::now() + usage::FIRST_WITHIN;
        let mut answers = std::pin::pin!(usage::each(api.clone(), self.limited()));
        while let Ok(Some((id, measured))) = tokio::time::timeout_at(until, answers.next()).await {
            self.measured(&id, &measured);
        }
    }

    /// What the engine says of itself.
    pub(super) fn engine(&mut self, api: &Api, info: &Info, afresh: bool) {
        self.manages(host::manages(info));
        let own = self.swarm.node(&info.swarm.node_id).cloned();
        self.own_node = info.swarm.node_id.clone();
        self.live_restore = info.live_restore_enabled;
        self.scribe.node = Some(own.unwrap_or_else(|| host::node_key(&mut self.scribe, info)));
        let facts = host::facts(&self.target, &mut self.scribe, info, &api.version);
        let source = host::source();
        if afresh {
            self.facts.push(Fact::Listing(source.clone(), None));
        }
        self.facts.extend(facts);
        self.facts.push(if afresh { Fact::Listed(source) } else { Fact::Alive(source) });
    }

    /// Opens the Swarm's sources on a manager, and closes them elsewhere: a worker can say nothing of its Swarm, and that is
    /// no error. True when that changed.
    pub(super) fn manages(&mut self, manages: bool) -> bool {
        let changed = self.scribe.manages != manages;
        self.scribe.manages = manages;
        if changed && manages {
            self.open.extend(swarm::sources());
            // Named before the others are complete, as those were.
            self.facts.extend(swarm::sources().map(|source| Fact::Listing(source, None)));
        } else if changed {
            self.open.retain(|source| !swarm::sources().contains(source));
            self.facts.extend(swarm::sources().map(Fact::Closed));
            self.swarm = swarm::Swarm::default();
            self.scribe.tasks.clear();
        }
        changed
    }

    /// The engine is there, and does not describe itself.
    pub(super) fn engine_fails(&mut self, failure: &Failure) {
        let trouble = failure.trouble(&self.target.endpoint.to_string(), Timestamp::now(), None);
        self.facts.push(Fact::Trouble(host::source(), trouble));
    }

    /// Takes in what the engine remembers, then follows what comes.
    async fn catch_up(&mut self, api: &Api, tasks: &mut JoinSet<()>) -> Result<mpsc::Receiver<Heard>, Failure> {
        let newest = self.recent.newest();
        let since = newest.map_or(0, |newest| (newest - OVERLAP).max(0));
        // The engine's own clock, in whole seconds: so it is past, and the engine does not wait for it.
        let until = api.engine_time.unwrap_or_else(Timestamp::now).as_second().saturating_mul(1_000_000_000).max(since);
        let memory = events::remembered(api, since, until).await?;
        match newest {
            // An engine that keeps containers alive while it is away ends none because of that.
            _ if self.live_restore => self.was_down = false,
            None if memory.whole => self.history.whole(),
            Some(newest) if std::mem::take(&mut self.was_down) => self.history.reborn(newest),
            _ => {}
        }
        if newest.is_some_and(|newest| until >= newest) && !memory.events.iter().any(|event| self.recent.has(event)) {
            self.gap(Text::new("the engine no longer knows what happened while it could not be heard"));
        }
        for event in memory.events {
            self.take(event, Origin::Backfilled);
        }
        let since = self.recent.newest().map_or(until, |newest| (newest - OVERLAP).max(0));
        events::follow(api, since, tasks).await
    }

    /// What happened in the running second is not remembered by then, and comes with the stream at once: it is taken in
    /// before the containers are judged by it.
    async fn last_second(&mut self, heard: &mut mpsc::Receiver<Heard>) -> Result<(), Failure> {
        let until = tokio::time::Instant::now() + LAST_SECOND_WITHIN;
        while tokio::time::Instant::now() < until {
            match tokio::time::timeout(QUIET, heard.recv()).await {
                Err(_) => break,
                Ok(None) => return Err(Failure::nobody()),
                Ok(Some(Heard::Ended(failure))) => return Err(failure),
                Ok(Some(Heard::Events(events, dropped))) => {
                    for event in events {
                        self.take(event, Origin::Backfilled);
                    }
                    if dropped > 0 {
                        self.gap(Text::from(format!("{dropped} events came too fast to be read")));
                    }
                }
            }
        }
        Ok(())
    }

    /// Lists all containers and inspects each.
    async fn list(&mut self, api: &Api) -> Result<(), Failure> {
        let summaries: Vec<Summary> = api.get("/containers/json?all=1").await?;
        self.facts.push(Fact::Listing(self.table.source().clone(), u32::try_from(summaries.len()).ok()));
        self.flush().await;
        let ids: BTreeSet<&str> = summaries.iter().map(|it| it.id.as_str()).collect();
        self.table.retain(|id| ids.contains(id));
        let each = summaries.into_iter().map(|it| inspect_listed(api.clone(), it));
        let mut asked = futures::stream::iter(each).buffer_unordered(INSPECTIONS);
        let mut shown = 0;
        while let Some((summary, inspected)) = asked.next().await {
            match inspected {
                Ok(inspected) => {
                    let record = self.record(&inspected);
                    self.table.insert(record, &mut self.facts);
                }
                Err(failure) if failure.is_gone() => self.table.remove(&summary.id, &mut self.facts),
                Err(failure @ Failure::Broken { .. }) => return Err(failure),
                Err(failure) => {
                    // One container may be stuck in its engine; an engine that hangs is another matter.
                    if !failure.answered() {
                        api.ping().await?;
                    }
                    let record = self.scribe.glimpse(&summary, &format!("its inspection fails: {failure}"));
                    self.table.insert(record, &mut self.facts);
                }
            }
            shown += 1;
            if shown % SHOWN_EVERY == 0 {
                self.flush().await;
            }
        }
        self.table.put_workloads(&mut self.facts);
        self.tell_all();
        self.flush().await;
        Ok(())
    }

    /// A container as it is now.
    pub(super) fn record(&mut self, inspected: &Inspect) -> Record {
        let heard = self.history.last_death(&inspected.id);
        self.scribe.record(inspected, heard)
    }
}

async fn inspect_listed(api: Api, it: Summary) -> (Summary, Result<Inspect, Failure>) {
    let inspected = inspect(&api, &it.id).await;
    (it, inspected)
}

/// Asks for one container.
pub(super) async fn inspect(api: &Api, id: &str) -> Result<Inspect, Failure> {
    api.get(&format!("/containers/{}/json", escaped(id))).await
}
