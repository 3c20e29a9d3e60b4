//! The watch over one region: connect, list, follow its stream, and begin again when it breaks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::sync::{mpsc, watch as channel};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use crate::backend::escape::escaped;
use crate::domain::{BackendKind, Batch, ClusterInfo, Demand, Fact, Object, Origin, Rights, Source, Text, Timestamp};
use crate::reach::feeding;

use super::api::Api;
use super::beside::Beside;
use super::blocking;
use super::book::{Book, source};
use super::consul;
use super::failure::Failure;
use super::lag::Lag;
use super::pace::Pace;
use super::parts::{self, Part, Parts};
use super::quorum;
use super::scribe::JobKey;
use super::strand::Strands;
use super::target::Target;
use super::wire::{Agent, AgentConfig, Allocation, Job, Scheduler, StreamEvent, Summary};

/// Facts of one batch at most.
const BATCH: usize = 512;
/// Jobs that are read at once.
const AT_ONCE: usize = 8;

/// The watch over one region. What it has learnt outlives the connection.
pub(super) struct Watch {
    /// By the server that is asked now.
    pub(super) target: Target,
    every: Target,
    turn: Arc<AtomicUsize>,
    pub(super) pace: Pace,
    demand: channel::Receiver<Demand>,
    pub(super) out: mpsc::Sender<Batch>,
    pub(super) book: Book,
    pub(super) beside: Beside,
    /// What is asked for: all of it, or one namespace after the other.
    pub(super) parts: Parts,
    /// Sources that this token may not read.
    pub(super) denied: BTreeSet<Source>,
    /// Sources that others will stand for.
    pub(super) left: BTreeSet<Source>,
    /// Of which index each list was that was read last.
    pub(super) read: BTreeMap<(&'static str, Part), u64>,
    /// From which index on the stream tells of allocations.
    pub(super) streams_from: u64,
    /// The server that answers does not know what is now.
    pub(super) behind: Option<Lag>,
    /// Nobody leads its servers.
    leaderless: bool,
    /// Jobs of which allocations are read again, and when.
    pub(super) due: BTreeMap<JobKey, Instant>,
}

impl Watch {
    pub(super) fn new(
        every: Target,
        pace: Pace,
        turn: Arc<AtomicUsize>,
        demand: channel::Receiver<Demand>,
        out: mpsc::Sender<Batch>,
    ) -> Self {
        let target = every.clone();
        let mut book = Book::new(target.name.clone());
        let beside = Beside::new(&target, pace, demand.clone());
        let parts = Parts::new(&target);
        book.parted = !parts.is_whole();
        let (denied, left, read, due) = Default::default();
        let (streams_from, behind, leaderless) = (0, None, false);
        Self {
            target,
            every,
            turn,
            pace,
            demand,
            out,
            book,
            beside,
            parts,
            denied,
            left,
            read,
            streams_from,
            behind,
            leaderless,
            due,
        }
    }

    /// Watches until nobody listens any more.
    pub(super) async fn run(mut self) {
        if self.target.read_only {
            let why = Some(Text::new("this region is watched read-only"));
            self.book.tell(Fact::Allowed(Rights { read_only: why, ..Rights::default() }));
        }
        // Each source is named before the first is complete: else the first would pass for all that there is.
        for source in parts::sources(&self.parts.asked) {
            self.book.tell(Fact::Listing(source, None));
        }
        if self.target.consul.is_some() {
            self.book.tell(Fact::Listing(source(consul::SOURCE), None));
        }
        let mut wait = self.pace.retry_first;
        loop {
            let begun = Instant::now();
            let failure = self.session().await;
            self.beside.interrupted();
            if self.out.is_closed() {
                return;
            }
            if begun.elapsed() > self.pace.retry_most {
                wait = self.pace.retry_first;
            }
            self.lost(&failure, wait).await;
            if failure.is_away() {
                let turn = self.turn.fetch_add(1, Ordering::Relaxed) + 1;
                self.target = self.every.at(turn);
            }
            if !feeding::wait(&mut self.demand, &self.out, wait).await {
                return;
            }
            wait = (wait * 2).min(self.pace.retry_most);
        }
    }

    async fn lost(&mut self, failure: &Failure, wait: Duration) {
        let now = Timestamp::now();
        tracing::info!(region = %self.target.address, %failure, "region lost");
        let retry_at = now.checked_add(wait).ok();
        for source in parts::sources(&self.parts.asked) {
            let trouble = failure.trouble(&self.target.address, &parts::policy(&source), now, retry_at);
            self.book.tell(Fact::Trouble(source, trouble));
        }
        self.flush().await;
    }

    /// One connection, from hello to its end.
    async fn session(&mut self) -> Failure {
        match self.begin().await {
            Err(failure) => failure,
            Ok((api, strands)) => self.live(&api, strands).await,
        }
    }

    async fn begin(&mut self) -> Result<(Api, Strands), Failure> {
        let api = Api::new(&self.target, self.pace)?;
        // Who answers is asked beside the rest: nothing of that waits for it, and it is told whatever becomes of that.
        let mut asking = JoinSet::new();
        let way = api.clone();
        asking.spawn(async move { hello(&way).await });
        let listed = self.list_first(&api).await;
        if let Some(Ok(hello)) = asking.join_next().await {
            self.introduce(hello?);
            self.flush().await;
        }
        Ok((api, listed?))
    }

    /// Lists everything, and listens to what changes from then on.
    async fn list_first(&mut self, api: &Api) -> Result<Strands, Failure> {
        let once = self.demand.borrow().once;
        let unlimited = async { if once { parts::unlimited(api).await } else { Ok(false) } };
        let (nodes, lends, newest, unlimited) =
            futures::join!(blocking::clients(api), lends_memory(api), newest(api), unlimited);
        if let Some(lends) = lends? {
            self.book.scribe.lends_memory = lends;
        }
        self.streams_from = newest?;
        let index = self.list_nodes(nodes)?.max(self.streams_from);
        // What happens while the rest is read waits in the stream. That it is granted tells too that lists of all are whole.
        let mut strands = if unlimited? { Strands::none() } else { self.listen(api, index + 1).await? };
        for part in self.parts.asked.clone() {
            self.list(api, &part).await?;
        }
        for (kind, part) in strands.unheard() {
            let Some(index) = self.read.get(&(kind, part.clone())) else { continue };
            strands.ask(api, kind, part, *index, self.pace);
        }
        Ok(strands)
    }

    /// Asks who answers.
    pub(super) async fn info(&mut self, api: &Api) -> Result<(), Failure> {
        let hello = hello(api).await?;
        self.introduce(hello);
        Ok(())
    }

    /// A region that has just lost its leader, or is only starting, soon has one again.
    const fn beats_after(&self) -> Duration {
        if self.behind.is_some() || self.leaderless { self.pace.behind_every } else { self.pace.quorum_every }
    }

    /// Tells who answers, and whether its servers agree on who leads.
    fn introduce(&mut self, hello: Hello) {
        let Hello { leader, mut peers, said, agent } = hello;
        let region = if agent.region.is_empty() { "global" } else { &agent.region };
        let region = self.target.region.as_deref().unwrap_or(region).to_owned();
        peers.sort();
        let identity = format!("nomad:{region}:{}", peers.join(","));
        let mut info = ClusterInfo::new(&self.target.name, BackendKind::Nomad, identity);
        info.version = (!agent.version.version.is_empty()).then(|| Text::from(agent.version.version));
        let of = self.parts.words().map(|of| format!("; {of}")).unwrap_or_default();
        info.reached = Some(Text::from(format!("{} ({}){of}", self.target.address, self.target.how)));
        self.leaderless = leader.is_empty();
        info.has_quorum = Some(!self.leaderless);
        info.servers = quorum::servers(said.as_ref(), &leader, &peers);
        info.failure_tolerance = quorum::tolerance(said.as_ref());
        self.book.tell(Fact::Listing(source("info"), Some(1)));
        self.book.tell(Fact::Put(source("info"), Object::Cluster(Box::new(info))));
        self.book.tell(Fact::Listed(source("info")));
    }

    /// Takes in what is registered of some jobs.
    pub(super) fn registered(&mut self, read: Result<Vec<(JobKey, Option<Job>)>, Failure>) -> Result<(), Failure> {
        for (key, job) in read? {
            match job {
                Some(job) => drop(self.book.job(job)),
                None => self.book.job_left(&key),
            }
        }
        Ok(())
    }

    /// Follows what is told until it breaks.
    async fn live(&mut self, api: &Api, mut strands: Strands) -> Failure {
        let mut beat_at = Instant::now() + self.beats_after();
        let mut afresh = ticks(self.pace.list_every);
        loop {
            let due = self.due.values().min().copied();
            let out = self.out.clone();
            let done: Result<(), Failure> = tokio::select! {
                () = out.closed() => return Failure::Unable(Text::new("nobody listens any more")),
                said = strands.heard.recv() => self.hear(api, said, &mut strands).await,
                () = until(due) => self.read_due(api).await,
                next = self.beside.next() => {
                    self.beside(api, next);
                    Ok(())
                }
                () = sleep_until(beat_at) => {
                    let beaten = self.beat(api).await;
                    beat_at = Instant::now() + self.beats_after();
                    beaten
                }
                _ = afresh.tick() => self.list_all(api).await,
            };
            if let Err(failure) = done {
                self.flush().await;
                return failure;
            }
            self.flush().await;
        }
    }

    pub(super) fn event(&mut self, event: StreamEvent, changed: &mut BTreeSet<JobKey>) {
        let StreamEvent { topic, kind, key, payload, .. } = event;
        match (topic.as_str(), kind.as_str()) {
            // An allocation of it changed, and nothing of itself.
            ("Node", "AllocationUpdated") => {}
            ("Node", "NodeDeregistration") => self.book.node_left(&key),
            ("Node", _) => payload.node.iter().for_each(|node| self.book.node(node)),
            ("Job", kind) => {
                let Some(job) = payload.job else { return };
                let key = self.book.job(*job);
                // Purged or only stopped: that it is asked for tells.
                if kind.contains("Deregistered") {
                    self.soon(&key);
                }
                changed.insert(key);
            }
            ("Allocation", kind) => {
                let Some(it) = payload.allocation else { return };
                let known = self.book.allocation(&it, Origin::Live);
                let key = self.book.scribe.job(&it.namespace, &it.job_id);
                // Which version it is of is left out here.
                if !known || kind == "PlanResult" || !self.book.knows(&key) {
                    self.soon(&key);
                }
                changed.insert(key);
            }
            ("Deployment", _) => {
                let Some(it) = payload.deployment else { return };
                changed.insert(self.book.scribe.job(&it.namespace, &it.job_id));
                self.book.deployment(*it);
            }
            ("Evaluation", _) => {
                let Some(it) = payload.evaluation else { return };
                // Of one that was put off, the allocations say what of them is tried again then.
                let waits = !it.wait_until.is_empty() && it.status == "pending";
                let blocked = it.status == "blocked" || !it.failed.is_empty();
                let key = self.book.evaluation(*it);
                if blocked || waits {
                    self.soon(&key);
                }
                changed.insert(key);
            }
            _ => {}
        }
    }

    fn soon(&mut self, key: &JobKey) {
        let at = Instant::now() + self.pace.settles;
        self.due.entry(key.clone()).or_insert(at);
    }

    /// Reads the allocations of jobs of which more is to be known than the stream says.
    async fn read_due(&mut self, api: &Api) -> Result<(), Failure> {
        let now = Instant::now();
        let due: Vec<JobKey> = self.due.iter().filter(|(_, at)| **at <= now).map(|(key, _)| key.clone()).collect();
        self.due.retain(|_, at| *at > now);
        let read = read_jobs(api, due.clone(), false).await;
        self.registered(read)?;
        for key in due {
            // It was purged: what its server still lists of it goes with it.
            if !self.book.knows(&key) {
                continue;
            }
            let namespace = [("namespace", key.namespace.as_str())];
            let rows = [("namespace", key.namespace.as_str()), ("resources", "true")];
            let (of, summary) =
                (format!("/v1/job/{}/allocations", escaped(&key.id)), format!("/v1/job/{}/summary", escaped(&key.id)));
            let (all, summary) =
                futures::join!(api.get::<Vec<Allocation>>(&of, &rows), api.get::<Summary>(&summary, &namespace));
            match all {
                Ok(all) => self.book.allocations_of(&key, &all),
                Err(failure) if failure.answered() => {}
                Err(failure) => return Err(failure),
            }
            match summary {
                Ok(summary) => {
                    let queued = summary.summary.into_iter().map(|(group, it)| (group, it.queued)).collect();
                    self.book.queued(&key, queued);
                }
                Err(failure) if failure.answered() => {}
                Err(failure) => return Err(failure),
            }
            self.book.show(&key);
            self.book.stand_ins(&key);
        }
        Ok(())
    }

    /// Sends what there is to say. Waits for room.
    pub(super) async fn flush(&mut self) {
        let mut facts = self.book.take();
        while !facts.is_empty() {
            let rest = if facts.len() > BATCH { facts.split_off(BATCH) } else { Vec::new() };
            let batch = Batch { cluster: self.target.name.clone(), at: Timestamp::now(), facts };
            // Nobody listens any more: `run` sees it.
            let _ = self.out.send(batch).await;
            facts = rest;
        }
    }
}

/// Who answers.
struct Hello {
    /// Nothing where there is none.
    leader: String,
    peers: Vec<String>,
    /// How its servers are; nothing where that may not be asked, or nobody leads.
    said: Option<quorum::Autopilot>,
    /// Nothing where it may not be asked.
    agent: AgentConfig,
}

async fn hello(api: &Api) -> Result<Hello, Failure> {
    // Nobody needs a right for the first two. Any server says that nobody leads: only who leads would not.
    let any = [("stale", "true")];
    let (leader, peers, agent) = futures::join!(
        api.get::<String>("/v1/status/leader", &any),
        api.get::<Vec<String>>("/v1/status/peers", &any),
        api.get::<Agent>("/v1/agent/self", &[]),
    );
    let (leader, peers) = (leader?, peers?);
    // Where nobody leads that is waited for in vain.
    let said = if leader.is_empty() { None } else { quorum::ask(api).await? };
    let agent = match agent {
        Ok(agent) => agent.config,
        Err(failure) if failure.answered() => AgentConfig::default(),
        Err(failure) => return Err(failure),
    };
    Ok(Hello { leader, peers, said, agent })
}

/// Whether what is set aside for a task is all that it may use. Who may not read that is not told.
async fn lends_memory(api: &Api) -> Result<Option<bool>, Failure> {
    match api.get::<Scheduler>("/v1/operator/scheduler/configuration", &[("stale", "true")]).await {
        Ok(it) => Ok(Some(it.scheduler_config.lends_memory)),
        Err(failure) if failure.answered() => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The index at which allocations changed last. The stream is listened to from there on: from when a client changed last, it would
/// tell again all that is listed anyway. 0 where that may not be read.
async fn newest(api: &Api) -> Result<u64, Failure> {
    let one = [("namespace", "*"), ("per_page", "1"), ("stale", "true")];
    match api.indexed::<Vec<serde::de::IgnoredAny>>("/v1/allocations", &one, api.pace().answer_within).await {
        Ok(answer) => Ok(answer.index),
        Err(failure) if failure.answered() => Ok(0),
        Err(failure) => Err(failure),
    }
}

/// Reads what is registered of some jobs, none of those that are gone; after a list, as the server has it that gave that. What
/// may not be read is left out.
pub(super) async fn read_jobs(
    api: &Api,
    keys: Vec<JobKey>,
    stale: bool,
) -> Result<Vec<(JobKey, Option<Job>)>, Failure> {
    let stale = if stale { "true" } else { "" };
    let asked = keys.into_iter().map(|key| {
        let api = api.clone();
        async move {
            let path = format!("/v1/job/{}", escaped(&key.id));
            let job = api.get::<Job>(&path, &[("namespace", key.namespace.as_str()), ("stale", stale)]).await;
            (key, job)
        }
    });
    let mut answers = stream::iter(asked.collect::<Vec<_>>()).buffer_unordered(AT_ONCE);
    let mut read = Vec::new();
    while let Some((key, job)) = answers.next().await {
        match job {
            Ok(job) => read.push((key, Some(job))),
            Err(failure) if failure.is_gone() => read.push((key, None)),
            Err(failure) if failure.is_denied() => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(read)
}

fn ticks(every: Duration) -> tokio::time::Interval {
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
