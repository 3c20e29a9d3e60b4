//! The watch over one engine: connect, list, follow, and begin again when it breaks.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::{mpsc, watch as channel};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::domain::{Batch, Demand, Fact, Origin, Rights, Source, Text, Timestamp, Trouble, TroubleKind};
use crate::reach::feeding;

use super::api::Api;
use super::belongs::Belongs;
use super::convert::Scribe;
use super::failure::Failure;
use super::history::{Happening, History};
use super::host;
use super::live::End;
use super::pace::Pace;
use super::recent::Recent;
use super::swarm::Swarm;
use super::table::Table;
use super::target::Target;
use super::transport::Transport;
use super::usage::Usage;
use super::wants::Wants;

/// Facts of one batch at most.
const BATCH: usize = 512;

/// The watch over one engine. What it has learnt outlives the connection.
pub(super) struct Watch {
    pub(super) target: Target,
    pub(super) address: String,
    transport: Transport,
    pub(super) pace: Pace,
    pub(super) demand: channel::Receiver<Demand>,
    pub(super) out: mpsc::Sender<Batch>,
    pub(super) facts: Vec<Fact>,
    pub(super) scribe: Scribe,
    pub(super) table: Table,
    pub(super) history: History,
    pub(super) recent: Recent,
    /// Sources that were opened.
    pub(super) open: Vec<Source>,
    /// What happened and was not told yet, by container: the inspection that follows tells more.
    pub(super) untold: BTreeMap<Text, Untold>,
    pub(super) swarm: Swarm,
    pub(super) wants: Wants,
    pub(super) usage: Usage,
    /// The Swarm's id of the machine that this engine runs on.
    pub(super) own_node: String,
    /// The engine leaves containers running while it is away.
    pub(super) live_restore: bool,
    /// The engine was not even listening: it was restarted.
    pub(super) was_down: bool,
}

/// What happened to a container, and who it is by its events: it may be gone before it can be inspected.
pub(super) struct Untold {
    pub name: Text,
    pub image: Text,
    pub belongs: Belongs,
    pub happenings: Vec<(Happening, Origin)>,
}

impl Watch {
    pub(super) fn new(
        target: Target,
        transport: Transport,
        pace: Pace,
        demand: channel::Receiver<Demand>,
        out: mpsc::Sender<Batch>,
    ) -> Self {
        let scribe = Scribe::new(target.name.clone());
        Self {
            address: target.endpoint.to_string(),
            target,
            transport,
            pace,
            demand,
            out,
            facts: Vec::new(),
            scribe,
            table: Table::new(),
            history: History::default(),
            recent: Recent::default(),
            open: vec![host::source(), Source::of("containers"), Source::of("events")],
            untold: BTreeMap::new(),
            swarm: Swarm::default(),
            wants: Wants::default(),
            usage: Usage::default(),
            own_node: String::new(),
            live_restore: false,
            was_down: false,
        }
    }

    /// Watches until nobody listens any more.
    pub(super) async fn run(mut self) {
        let read_only = self.target.read_only.then(|| Text::new("this engine is watched read-only"));
        self.facts.push(Fact::Allowed(Rights { read_only, ..Rights::default() }));
        // Each source is named before the first is complete: else the first would pass for all that there is.
        self.facts.extend(self.open.iter().map(|source| Fact::Listing(source.clone(), None)));
        let mut wait = self.pace.retry_first;
        loop {
            let mut tasks = JoinSet::new();
            let begun = Instant::now();
            let failure = self.session(&mut tasks).await;
            drop(tasks);
            self.wants.interrupted();
            self.usage.interrupted();
            if self.out.is_closed() {
                return;
            }
            // A session that lasted begins the waiting afresh.
            if begun.elapsed() > self.pace.retry_most {
                wait = self.pace.retry_first;
            }
            self.was_down |= matches!(&failure, Failure::Broken { kind, .. } if matches!(
                kind, std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::NotFound));
            self.lost(&failure, wait).await;
            if !feeding::wait(&mut self.demand, &self.out, wait).await {
                return;
            }
            wait = (wait * 2).min(self.pace.retry_most);
        }
    }

    /// Says on every source that the engine is lost, and why.
    async fn lost(&mut self, failure: &Failure, wait: Duration) {
        let now = Timestamp::now();
        tracing::info!(engine = %self.address, %failure, "engine lost");
        let retry_at = now.checked_add(wait).ok();
        for source in self.open.clone() {
            self.facts.push(Fact::Trouble(source, failure.trouble(&self.address, now, retry_at)));
        }
        self.flush().await;
    }

    /// One connection, from hello to its end.
    async fn session(&mut self, tasks: &mut JoinSet<()>) -> Failure {
        let api = match Api::connect(&self.transport, self.pace).await {
            Ok(api) => api,
            Err(failure) => return failure,
        };
        loop {
            let mut heard = match self.begin(&api, tasks).await {
                Ok(heard) => heard,
                Err(failure) => return failure,
            };
            match self.live(&api, &mut heard).await {
                End::Failed(failure) => return failure,
                End::Gap(what) => self.gap(what),
                End::Afresh => {}
            }
        }
    }

    pub(super) fn gap(&mut self, what: Text) {
        let trouble = Trouble {
            kind: TroubleKind::Gap,
            what,
            mend: Text::new("everything is read afresh; what ended in between may be missing from the history"),
            since: Timestamp::now(),
            retry_at: None,
        };
        self.facts.push(Fact::Trouble(Source::of("events"), trouble));
    }

    /// Lets go of what is known of containers that are gone: on some hosts thousands come and go.
    pub(super) fn tidy(&mut self) {
        self.usage.retain(|id| self.table.get(id).is_some());
        self.scribe.names.forget_unused();
    }

    /// Sends what there is to say. Waits for room; the event stream does not wait with it.
    pub(super) async fn flush(&mut self) {
        let mut facts = std::mem::take(&mut self.facts);
        while !facts.is_empty() {
            let rest = if facts.len() > BATCH { facts.split_off(BATCH) } else { Vec::new() };
            let batch = Batch { cluster: self.target.name.clone(), at: Timestamp::now(), facts };
            // Nobody listens any more: `run` sees it.
            let _ = self.out.send(batch).await;
            facts = rest;
        }
    }
}
