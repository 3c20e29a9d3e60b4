//! Following an engine: events tell what to look at again, and nothing else is looked at on a timer but whether the engine
//! still answers.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::domain::{Answer, Exit, Fact, HealthStatus, Name, Origin, Source, Text, Want};

use super::api::Api;
use super::belongs::Belongs;
use super::events::{About, Act, Event, Heard};
use super::failure::Failure;
use super::happen::{self, Whom};
use super::history::History;
use super::listing::{INSPECTIONS, inspect};
use super::logs::{Part, Speaker};
use super::swarm::{self, Bodies, Polled};
use super::table::Table;
use super::usage::{self, Measured};
use super::wants;
use super::watch::{Untold, Watch};
use super::wire::{Info, Inspect};

/// A Swarm is read so long after an event of it: its tasks move a little later.
const SWARM_SETTLES: Duration = Duration::from_millis(300);

/// Why following ended.
pub(super) enum End {
    /// The connection or the engine failed, or nobody listens any more.
    Failed(Failure),
    /// Something was missed: everything has to be read afresh.
    Gap(Text),
    /// The engine's part in its Swarm has changed: everything reads differently.
    Afresh,
}

/// What came of something that was asked for.
enum Done {
    Inspected(Text, Box<Result<Inspect, Failure>>),
    Pinged(Result<(), Failure>),
    Described(Box<Result<Info, Failure>>),
    Polled(Box<Polled>),
    Read(Box<Want>, Answer),
    Measured(Vec<(Name, Measured)>),
}

/// What is asked for and under way.
#[derive(Default)]
struct Work {
    asked: FuturesUnordered<BoxFuture<'static, Done>>,
    /// Containers to be inspected.
    due: BTreeSet<Text>,
    /// Containers whose inspection is under way.
    busy: BTreeSet<Text>,
    /// Containers whose inspection failed: they are due with the next ping.
    stuck: BTreeSet<Text>,
    pinging: bool,
    polling: bool,
    measuring: bool,
    /// When the Swarm is read again.
    poll_at: Option<Instant>,
}

impl Work {
    /// Starts as many inspections as may be under way at once; of one container never two.
    fn start(&mut self, api: &Api) {
        while self.busy.len() < INSPECTIONS {
            let Some(id) = self.due.iter().find(|id| !self.busy.contains(*id)).cloned() else { return };
            self.due.remove(&id);
            self.busy.insert(id.clone());
            let api = api.clone();
            self.asked.push(Box::pin(async move {
                let inspected = inspect(&api, &id).await;
                Done::Inspected(id, Box::new(inspected))
            }));
        }
    }

    fn ping(&mut self, api: &Api) {
        if !std::mem::replace(&mut self.pinging, true) {
            let api = api.clone();
            self.asked.push(Box::pin(async move { Done::Pinged(api.ping().await) }));
        }
    }

    fn poll(&mut self, api: &Api) {
        self.poll_at = None;
        if !std::mem::replace(&mut self.polling, true) {
            let api = api.clone();
            self.asked.push(Box::pin(async move { Done::Polled(Box::new(swarm::poll(&api).await)) }));
        }
    }

    /// The Swarm is read soon; what comes close together is read once.
    fn poll_soon(&mut self, within: Duration) {
        let at = Instant::now() + within;
        self.poll_at = Some(self.poll_at.map_or(at, |known| known.min(at)));
    }

    /// Reads outputs that are wanted.
    fn read(&mut self, api: &Api, wanted: Vec<(Want, Speaker, Part)>) {
        for (want, speaker, part) in wanted {
            let api = api.clone();
            let reading = async move { Done::Read(Box::new(want), wants::read(api, speaker, part).await) };
            self.asked.push(Box::pin(reading));
        }
    }

    fn measure(&mut self, api: &Api, ids: Vec<Name>) {
        if !ids.is_empty() && !std::mem::replace(&mut self.measuring, true) {
            let api = api.clone();
            self.asked.push(Box::pin(async move { Done::Measured(usage::measure(api, ids).await) }));
        }
    }

    fn describe(&mut self, api: &Api) {
        let api = api.clone();
        self.asked.push(Box::pin(async move { Done::Described(Box::new(api.get("/info").await)) }));
    }
}

impl Watch {
    /// Follows until something breaks.
    pub(super) async fn live(&mut self, api: &Api, heard: &mut mpsc::Receiver<Heard>) -> End {
        let mut work = Work::default();
        let mut ping = ticks(self.pace.ping_every);
        let mut engine = ticks(self.pace.engine_every);
        if self.scribe.manages {
            work.poll_soon(self.swarm.next(self.pace));
        }
        let mut measure = ticks(self.pace.usage_every);
        let mut demand = self.demand.clone();
        // What is wanted already, and what was wanted while the engine was away.
        demand.mark_changed();
        let mut demanding = true;
        loop {
            work.start(api);
            let out = self.out.clone();
            let end = tokio::select! {
                () = out.closed() => Some(End::Failed(Failure::nobody())),
                heard = heard.recv() => self.hear(heard, &mut work),
                Some(done) = work.asked.next(), if !work.asked.is_empty() => self.done(api, done, &mut work),
                changed = demand.changed(), if demanding => {
                    demanding = changed.is_ok();
                    work.read(api, self.next_wants());
                    self.stream_visible(api);
                    None
                }
                (id, measured) = self.usage.next() => {
                    self.measured(&id, &measured);
                    None
                }
                _ = measure.tick() => {
                    work.measure(api, self.limited());
                    // No event tells how long a row of failing checks has become, and what they say now.
                    work.due.extend(self.failing());
                    None
                }
                () = until(work.poll_at) => {
                    work.poll(api);
                    None
                }
                _ = ping.tick() => {
                    work.ping(api);
                    None
                }
                _ = engine.tick() => {
                    work.describe(api);
                    None
                }
            };
            if let Some(end) = end {
                self.tell_all();
                return end;
            }
            self.flush().await;
        }
    }

    /// Containers whose health check fails.
    fn failing(&self) -> impl Iterator<Item = Text> {
        let fails = |record: &super::record::Record| {
            let mut health = record.instance.containers.iter().filter_map(|container| container.health.as_ref());
            health.any(|health| health.status == HealthStatus::Unhealthy)
        };
        self.table.iter().filter(move |(_, record)| fails(record)).map(|(id, _)| id.clone())
    }

    fn hear(&mut self, heard: Option<Heard>, work: &mut Work) -> Option<End> {
        match heard {
            Some(Heard::Events(events, dropped)) => {
                for event in events {
                    if self.scribe.manages && of_a_swarm(&event) {
                        work.poll_soon(SWARM_SETTLES);
                    }
                    if let Some(id) = self.take(event, Origin::Live) {
                        work.due.insert(id);
                    }
                }
                (dropped > 0).then(|| End::Gap(Text::from(format!("{dropped} events came too fast to be read"))))
            }
            Some(Heard::Ended(failure)) => Some(End::Failed(failure)),
            None => Some(End::Failed(Failure::nobody())),
        }
    }

    fn done(&mut self, api: &Api, done: Done, work: &mut Work) -> Option<End> {
        match done {
            Done::Inspected(id, inspected) => {
                work.busy.remove(&id);
                self.inspected(api, id, *inspected, work);
            }
            Done::Pinged(Ok(())) => {
                work.pinging = false;
                self.facts.extend([Fact::Alive(Source::of("containers")), Fact::Alive(Source::of("events"))]);
                work.due.append(&mut work.stuck);
            }
            Done::Pinged(Err(failure)) => return Some(End::Failed(failure)),
            Done::Described(described) => match *described {
                Ok(info) => {
                    self.tidy();
                    let managed = self.scribe.manages;
                    self.engine(api, &info, false);
                    if managed != self.scribe.manages {
                        return Some(End::Afresh);
                    }
                }
                Err(failure) => {
                    self.engine_fails(&failure);
                    work.ping(api);
                }
            },
            Done::Polled(polled) => {
                work.polling = false;
                if !self.swarmed(*polled) {
                    return Some(End::Afresh);
                }
                work.poll_soon(self.swarm.next(self.pace));
            }
            Done::Read(want, answer) => {
                self.answer(*want, answer);
                work.read(api, self.next_wants());
            }
            Done::Measured(all) => {
                work.measuring = false;
                for (id, measured) in all {
                    self.measured(&id, &measured);
                }
            }
        }
        None
    }

    /// Takes in what was read of the Swarm. False when this engine manages it no more.
    pub(super) fn swarmed(&mut self, polled: Polled) -> bool {
        let known = Known { table: &self.table, history: &self.history };
        let manages = self.swarm.take(polled, &mut self.scribe, &self.address, &known, &mut self.facts);
        if !manages {
            self.manages(false);
            return false;
        }
        self.scribe.tasks = self.swarm.tasks().clone();
        if let Some(own) = self.swarm.node(&self.own_node) {
            self.scribe.node = Some(own.clone());
        }
        let scribe = &mut self.scribe;
        self.table.realize(|belongs| scribe.realizes(belongs), &mut self.facts);
        true
    }

    fn inspected(&mut self, api: &Api, id: Text, inspected: Result<Inspect, Failure>, work: &mut Work) {
        match inspected {
            Ok(inspected) => {
                let record = self.record(&inspected);
                self.table.put(record, &mut self.facts);
                // It may have started or ended, and be on the screen.
                self.stream_visible(api);
            }
            Err(failure) if failure.is_gone() => {
                self.tell(&id);
                self.table.remove(&id, &mut self.facts);
            }
            Err(failure) => {
                tracing::info!(%id, %failure, "an inspection failed");
                work.stuck.insert(id.clone());
                if !failure.answered() {
                    work.ping(api);
                }
            }
        }
        // An event that came meanwhile is told with the inspection that it asked for.
        if !work.due.contains(&id) {
            self.tell(&id);
        }
    }

    /// Takes in an event: what it tells of the past is kept for telling. Names the container that is to be inspected.
    pub(super) fn take(&mut self, event: Event, origin: Origin) -> Option<Text> {
        if !self.recent.add(&event) {
            return None;
        }
        match event.about {
            About::Container { id, name, image, belongs, act } => {
                let stop_signal = self.table.get(&id).map_or(15, |record| record.stop_signal);
                if let Some(happening) = self.history.saw(&id, event.nanos, act, stop_signal) {
                    let untold = self.untold.entry(id.clone()).or_insert_with(|| Untold {
                        name,
                        image,
                        belongs,
                        happenings: Vec::new(),
                    });
                    untold.happenings.push((happening, origin));
                }
                if act == Act::Destroy && origin == Origin::Live {
                    self.tell(&id);
                    self.table.remove(&id, &mut self.facts);
                    return None;
                }
                Some(id)
            }
            About::Service { .. } | About::Node => None,
        }
    }

    /// Tells what happened to a container.
    fn tell(&mut self, id: &Text) {
        let Some(untold) = self.untold.remove(id) else { return };
        let (key, workload) = self.scribe.keys(&untold.name, &untold.belongs);
        let record = self.table.get(id);
        let whom = Whom {
            id,
            // It may have been renamed since.
            key: record.map_or(key, |record| record.instance.key.clone()),
            workload: record.and_then(|record| record.owner().cloned()).unwrap_or(workload),
            node: self.scribe.node.clone(),
            image: untold.image,
            record,
        };
        for (happening, origin) in untold.happenings {
            let told = happen::occurrence(&whom, happening, origin);
            self.facts.extend(told.map(|told| Fact::Occurred(Box::new(told))));
        }
    }

    /// Tells everything that was not told, and of each container how it last ended, if no event said so.
    pub(super) fn tell_all(&mut self) {
        while let Some(id) = self.untold.keys().next().cloned() {
            self.tell(&id);
        }
        for (id, record) in self.table.iter() {
            let ended = record.instance.containers.first().and_then(|container| container.exit()?.ended);
            let heard = self.history.last_death(id).map(|death| death.at().as_second());
            if ended.is_none_or(|ended| heard.is_some_and(|heard| (heard - ended.as_second()).abs() <= 3)) {
                continue;
            }
            let (_, workload) = self.scribe.keys(record.name(), &record.belongs);
            let image = record.part.spec.image.clone();
            let whom = Whom {
                id,
                key: record.instance.key.clone(),
                workload,
                node: self.scribe.node.clone(),
                image,
                record: Some(record),
            };
            self.facts.extend(happen::from_state(&whom).map(|told| Fact::Occurred(Box::new(told))));
        }
    }
}

/// What this engine knows of the containers of tasks.
struct Known<'a> {
    table: &'a Table,
    history: &'a History,
}

impl Bodies for Known<'_> {
    fn exit(&self, container: &str) -> Option<Exit> {
        self.table.get(container)?.instance.containers.first()?.exit().cloned()
    }

    fn heard(&self, container: &str) -> bool {
        self.history.last_death(container).is_some()
    }
}

fn of_a_swarm(event: &Event) -> bool {
    match &event.about {
        About::Container { belongs, .. } => matches!(belongs, Belongs::Task { .. }),
        About::Service { .. } | About::Node => true,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn ticks(every: std::time::Duration) -> tokio::time::Interval {
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
