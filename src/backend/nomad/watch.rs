//! The watch over one region: connect, list, follow its stream, and begin again when it breaks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::sync::{mpsc, watch as channel};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use crate::backend::escape::escaped;
use crate::backend::feeding;
use crate::domain::{BackendKind, Batch, ClusterInfo, Demand, Fact, Object, Origin, Rights, Text, Timestamp};

use super::api::{Answer, Api};
use super::beside::Beside;
use super::book::{Book, SOURCES, source};
use super::consul;
use super::failure::Failure;
use super::pace::Pace;
use super::quorum;
use super::scribe::JobKey;
use super::stream::{self as events, Heard};
use super::target::Target;
use super::wire::{
    Agent, Allocation, Deployment, Evaluation, Job, JobStub, Line, Node, Scheduler, StreamEvent, Summary,
};

/// Facts of one batch at most.
const BATCH: usize = 512;
/// Jobs that are read at once.
const AT_ONCE: usize = 12;
/// Lines of the stream that are taken in before what they change is told.
const LINES: usize = 64;

/// What a token has to be allowed for each source (nomad: acl/policy.go).
fn policy(source: &str) -> &'static str {
    match source {
        "nodes" => "node { policy = \"read\" }",
        "info" => "agent { policy = \"read\" }",
        _ => "namespace \"*\" { capabilities = [\"list-jobs\", \"read-job\"] }",
    }
}

/// The watch over one region. What it has learnt outlives the connection.
pub(super) struct Watch {
    target: Target,
    pub(super) pace: Pace,
    demand: channel::Receiver<Demand>,
    out: mpsc::Sender<Batch>,
    pub(super) book: Book,
    pub(super) beside: Beside,
    /// Sources that this token may not read.
    denied: BTreeSet<&'static str>,
    /// Jobs of which allocations are read again, and when.
    due: BTreeMap<JobKey, Instant>,
}

impl Watch {
    pub(super) fn new(target: Target, pace: Pace, demand: channel::Receiver<Demand>, out: mpsc::Sender<Batch>) -> Self {
        let book = Book::new(target.name.clone());
        let beside = Beside::new(&target, pace, demand.clone());
        Self { target, pace, demand, out, book, beside, denied: BTreeSet::new(), due: BTreeMap::new() }
    }

    /// Watches until nobody listens any more.
    pub(super) async fn run(mut self) {
        if self.target.read_only {
            let why = Some(Text::new("this region is watched read-only"));
            self.book.tell(Fact::Allowed(Rights { read_only: why, ..Rights::default() }));
        }
        // Each source is named before the first is complete: else the first would pass for all that there is.
        let consul = self.target.consul.as_ref().map(|_| &consul::SOURCE);
        SOURCES.iter().chain(consul).for_each(|kind| self.book.tell(Fact::Listing(source(kind), None)));
        let mut wait = self.pace.retry_first;
        loop {
            let mut tasks = JoinSet::new();
            let begun = Instant::now();
            let failure = self.session(&mut tasks).await;
            drop(tasks);
            self.beside.interrupted();
            if self.out.is_closed() {
                return;
            }
            if begun.elapsed() > self.pace.retry_most {
                wait = self.pace.retry_first;
            }
            self.lost(&failure, wait).await;
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
        for kind in SOURCES {
            let trouble = failure.trouble(&self.target.address, policy(kind), now, retry_at);
            self.book.tell(Fact::Trouble(source(kind), trouble));
        }
        self.flush().await;
    }

    /// The namespaces that are asked for: all of them, or the one that is named.
    fn namespace(&self) -> &str {
        match self.target.namespaces.as_slice() {
            [one] => one.as_str(),
            _ => "*",
        }
    }

    fn wants(&self, namespace: &str) -> bool {
        self.target.namespaces.is_empty() || self.target.namespaces.iter().any(|it| *it == *namespace)
    }

    /// One connection, from hello to its end.
    async fn session(&mut self, tasks: &mut JoinSet<()>) -> Failure {
        match self.begin(tasks).await {
            Err(failure) => failure,
            Ok((api, heard)) => self.live(&api, heard).await,
        }
    }

    async fn begin(&mut self, tasks: &mut JoinSet<()>) -> Result<(Api, mpsc::Receiver<Heard>), Failure> {
        let api = Api::new(&self.target, self.pace)?;
        self.info(&api).await?;
        // Where nobody leads, what follows is not answered: that at least is known.
        self.flush().await;
        let nodes = self.nodes(&api).await?;
        self.lends_memory(&api).await?;
        // What happens while the rest is read waits in the stream.
        let heard =
            events::listen(&api, self.namespace(), nodes + 1, !self.denied.contains("nodes"), self.pace, tasks).await?;
        self.list(&api).await?;
        self.flush().await;
        Ok((api, heard))
    }

    /// Who answers, and whether its servers agree on who leads.
    async fn info(&mut self, api: &Api) -> Result<(), Failure> {
        // Nobody needs a right for these.
        // Any server says that nobody leads: only who leads would not.
        let any = [("stale", "true")];
        let leader: String = api.get("/v1/status/leader", &any).await?;
        let peers: Vec<String> = api.get("/v1/status/peers", &any).await?;
        // Where nobody leads that is waited for in vain.
        let said = if leader.is_empty() { None } else { quorum::ask(api).await? };
        let agent: Result<Agent, Failure> = api.get("/v1/agent/self", &[]).await;
        let agent = match agent {
            Ok(agent) => agent.config,
            Err(failure) if failure.answered() => Default::default(),
            Err(failure) => return Err(failure),
        };
        let region = if agent.region.is_empty() { "global" } else { &agent.region };
        let region = self.target.region.as_deref().unwrap_or(region).to_owned();
        let mut peers = peers;
        peers.sort();
        let identity = format!("nomad:{region}:{}", peers.join(","));
        let mut info = ClusterInfo::new(&self.target.name, BackendKind::Nomad, identity);
        info.version = (!agent.version.version.is_empty()).then(|| Text::from(agent.version.version));
        info.reached = Some(Text::from(format!("{} ({})", self.target.address, self.target.how)));
        info.has_quorum = Some(!leader.is_empty());
        info.servers = quorum::servers(said.as_ref(), &leader, &peers);
        info.failure_tolerance = quorum::tolerance(said.as_ref());
        self.book.tell(Fact::Listing(source("info"), Some(1)));
        self.book.tell(Fact::Put(source("info"), Object::Cluster(Box::new(info))));
        self.book.tell(Fact::Listed(source("info")));
        Ok(())
    }

    /// Whether what is set aside for a task is all that it may use. Who may not read that is not told.
    async fn lends_memory(&mut self, api: &Api) -> Result<(), Failure> {
        match api.get::<Scheduler>("/v1/operator/scheduler/configuration", &[]).await {
            Ok(it) => self.book.scribe.lends_memory = it.scheduler_config.lends_memory,
            Err(failure) if failure.answered() => {}
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    /// What came of reading a source: nothing, where it may not be read.
    fn allowed<T>(&mut self, kind: &'static str, read: Result<T, Failure>) -> Result<Option<T>, Failure> {
        match read {
            Ok(value) => {
                self.denied.remove(kind);
                Ok(Some(value))
            }
            Err(failure) if failure.is_denied() => {
                self.denied.insert(kind);
                let trouble = failure.trouble(&self.target.address, policy(kind), Timestamp::now(), None);
                self.book.tell(Fact::Trouble(source(kind), trouble));
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Whether a source may not be read by this token.
    pub(super) fn is_denied(&self, kind: &str) -> bool {
        self.denied.contains(kind)
    }

    /// Lists clients; returns the index of that.
    async fn nodes(&mut self, api: &Api) -> Result<u64, Failure> {
        let read = api.indexed::<Vec<Node>>("/v1/nodes", &[("resources", "true")], self.pace.answer_within).await;
        let Some(Answer { value, index, .. }) = self.allowed("nodes", read)? else { return Ok(0) };
        self.book.list_nodes(&value);
        Ok(index)
    }

    async fn list(&mut self, api: &Api) -> Result<(), Failure> {
        let namespace = self.namespace().to_owned();
        let of = [("namespace", namespace.as_str())];
        let stubs = api.get::<Vec<JobStub>>("/v1/jobs", &of).await;
        let denied = stubs.as_ref().err().filter(|failure| failure.is_denied()).cloned();
        let Some(mut stubs) = self.allowed("jobs", stubs)? else {
            // Who may not read jobs may not read what runs of them.
            for kind in ["allocations", "checks"] {
                self.allowed(kind, denied.clone().map_or(Ok(()), Err))?;
            }
            return Ok(());
        };
        self.denied.retain(|kind| !matches!(*kind, "allocations" | "checks"));
        stubs.retain(|stub| self.wants(&stub.namespace));
        self.book.tell(Fact::Listing(source("jobs"), None));
        let wanted = self.book.list_jobs(&stubs);
        self.read_jobs(api, wanted).await?;
        let blocked = [("namespace", namespace.as_str()), ("status", "blocked")];
        let rows = [("namespace", namespace.as_str()), ("resources", "true"), ("task_states", "true")];
        let (deployments, blocked, allocations) = futures::join!(
            api.get::<Vec<Deployment>>("/v1/deployments", &of),
            api.get::<Vec<Evaluation>>("/v1/evaluations", &blocked),
            api.get::<Vec<Allocation>>("/v1/allocations", &rows),
        );
        let (mut deployments, mut blocked) = (deployments?, blocked?);
        deployments.retain(|it| self.wants(&it.namespace));
        blocked.retain(|it| self.wants(&it.namespace));
        for deployment in deployments {
            self.book.deployment(deployment);
        }
        self.book.forget_blocked();
        for evaluation in blocked {
            self.book.evaluation(evaluation);
        }
        let mut allocations = allocations?;
        allocations.retain(|it| self.wants(&it.namespace));
        self.book.list_allocations(&allocations, Origin::Backfilled);
        self.book.show_all();
        self.book.tell(Fact::Listed(source("jobs")));
        Ok(())
    }

    /// Reads what is registered of some jobs.
    async fn read_jobs(&mut self, api: &Api, keys: Vec<JobKey>) -> Result<(), Failure> {
        let asked = keys.into_iter().map(|key| {
            let api = api.clone();
            async move {
                let path = format!("/v1/job/{}", escaped(&key.id));
                let job = api.get::<Job>(&path, &[("namespace", key.namespace.as_str())]).await;
                (key, job)
            }
        });
        let mut answers = stream::iter(asked.collect::<Vec<_>>()).buffer_unordered(AT_ONCE);
        let mut read = Vec::new();
        while let Some((key, job)) = answers.next().await {
            match job {
                Ok(job) => read.push(job),
                Err(failure) if failure.is_gone() => self.book.job_left(&key),
                Err(failure) if failure.is_denied() => {}
                Err(failure) => return Err(failure),
            }
        }
        drop(answers);
        read.into_iter().for_each(|job| drop(self.book.job(job)));
        Ok(())
    }

    /// Follows the stream until it breaks.
    async fn live(&mut self, api: &Api, mut heard: mpsc::Receiver<Heard>) -> Failure {
        let mut quorum = ticks(self.pace.quorum_every);
        let mut afresh = ticks(self.pace.list_every);
        loop {
            let due = self.due.values().min().copied();
            let out = self.out.clone();
            let done: Result<(), Failure> = tokio::select! {
                () = out.closed() => return Failure::Unable(Text::new("nobody listens any more")),
                line = heard.recv() => self.hear(line, &mut heard),
                () = until(due) => self.read_due(api).await,
                next = self.beside.next() => {
                    self.beside(api, next);
                    Ok(())
                }
                _ = quorum.tick() => self.info(api).await,
                _ = afresh.tick() => match self.nodes(api).await {
                    Ok(_) => self.list(api).await,
                    Err(failure) => Err(failure),
                },
            };
            if let Err(failure) = done {
                self.flush().await;
                return failure;
            }
            self.flush().await;
        }
    }

    /// Takes in what has come, some of it at once.
    fn hear(&mut self, first: Option<Heard>, more: &mut mpsc::Receiver<Heard>) -> Result<(), Failure> {
        let mut next = first;
        let mut changed = BTreeSet::new();
        for _ in 0..LINES {
            let Some(line) = next else { break };
            self.take_in(line?, &mut changed);
            next = more.try_recv().ok();
        }
        for key in &changed {
            self.book.show(key);
            self.book.stand_ins(key);
        }
        for kind in SOURCES.into_iter().filter(|kind| !self.denied.contains(kind)) {
            self.book.tell(Fact::Alive(source(kind)));
        }
        Ok(())
    }

    fn take_in(&mut self, line: Line, changed: &mut BTreeSet<JobKey>) {
        for event in line.events {
            if event.namespace.is_empty() || self.wants(&event.namespace) {
                self.event(event, changed);
            }
        }
    }

    fn event(&mut self, event: StreamEvent, changed: &mut BTreeSet<JobKey>) {
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
                changed.extend(payload.deployment.map(|it| self.book.deployment(*it)));
            }
            ("Evaluation", _) => {
                let Some(it) = payload.evaluation else { return };
                let blocked = it.status == "blocked" || !it.failed.is_empty();
                let key = self.book.evaluation(*it);
                if blocked {
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
        self.read_jobs(api, due.clone()).await?;
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
    async fn flush(&mut self) {
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
