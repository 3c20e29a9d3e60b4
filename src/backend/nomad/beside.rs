//! What is asked beside the stream, while it runs: checks, use, and Consul. Each asks in a task of its own and hands over what came;
//! the watch alone knows what it means.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::{mpsc, watch as channel};
use tokio::task::JoinSet;
use tokio::time::{Interval, interval};

use crate::domain::{Demand, Fact, Timestamp};

use super::api::Api;
use super::book::source;
use super::checks::{self, Probing};
use super::consul::{self, Said};
use super::pace::Pace;
use super::registered::allocation_of;
use super::target::Target;
use super::usage::{self, Measured, Usage};
use super::watch::Watch;
use super::wire::ConsulCheck;

/// Answers on their way at most.
const WAITING: usize = 16;
/// A first look at checks takes no longer: what is listed is complete without those that do not answer.
const FIRST_WITHIN: Duration = Duration::from_secs(3);

/// What was asked for, and came.
enum Told {
    Checks(checks::Read),
    Measured(Vec<Measured>),
}

/// What is to be done next.
pub(super) enum Next {
    /// Checks may be read.
    Check,
    /// Use may be measured.
    Measure,
    /// Something was read.
    Read(Read),
    /// Consul said something.
    Consul(Said),
}

/// What was read by a task of ours.
pub(super) struct Read(Told);

/// Everything that is asked beside the stream.
pub(super) struct Beside {
    tell: mpsc::Sender<Told>,
    told: mpsc::Receiver<Told>,
    /// Of this connection.
    tasks: JoinSet<()>,
    consul: Option<mpsc::Receiver<Said>>,
    /// As long as the region is watched: it does not hang on Nomad.
    _listening: JoinSet<()>,
    check: Interval,
    measure: Interval,
    demand: channel::Receiver<Demand>,
    probing: Probing,
    usage: Usage,
}

impl Beside {
    /// Nothing is asked yet, but of Consul, where there is one.
    pub(super) fn new(target: &Target, pace: Pace, demand: channel::Receiver<Demand>) -> Self {
        let (tell, told) = mpsc::channel(WAITING);
        let mut listening = JoinSet::new();
        let consul = target.consul.clone().map(|consul| {
            let (out, said) = mpsc::channel(WAITING);
            listening.spawn(consul::listen(consul, pace, out));
            said
        });
        Self {
            tell,
            told,
            tasks: JoinSet::new(),
            consul,
            _listening: listening,
            check: ticks(pace.checks_every),
            measure: ticks(pace.use_every),
            demand,
            probing: Probing::default(),
            usage: Usage::default(),
        }
    }

    /// A connection was made or broke: what was on its way is of another.
    pub(super) fn interrupted(&mut self) {
        self.tasks = JoinSet::new();
        (self.tell, self.told) = mpsc::channel(WAITING);
        self.probing.interrupted();
        self.usage.interrupted();
        self.check.reset_immediately();
    }

    /// Waits for what is to be done next.
    pub(super) async fn next(&mut self) -> Next {
        while self.tasks.try_join_next().is_some() {}
        let consul = async {
            match &mut self.consul {
                Some(said) => said.recv().await,
                None => None,
            }
        };
        tokio::select! {
            // A sender is kept here, so it does not end.
            Some(told) = self.told.recv() => Next::Read(Read(told)),
            Some(said) = consul => Next::Consul(said),
            _ = self.check.tick() => Next::Check,
            _ = self.measure.tick() => Next::Measure,
            Ok(()) = self.demand.changed() => Next::Measure,
            else => std::future::pending().await,
        }
    }
}

fn ticks(every: Duration) -> Interval {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks
}

impl Watch {
    /// Does what is to be done beside the stream.
    pub(super) fn beside(&mut self, api: &Api, next: Next) {
        match next {
            Next::Check => self.check(api),
            Next::Measure => self.measure(api),
            Next::Read(Read(Told::Checks(read))) => {
                self.book.checks(read, Timestamp::now());
                if self.beside.probing.ended() && !self.denied.contains(&source("checks")) {
                    self.book.tell(Fact::Listed(source("checks")));
                }
            }
            Next::Read(Read(Told::Measured(all))) => {
                self.beside.usage.ended();
                self.book.used(all);
            }
            Next::Consul(said) => self.consul(said),
        }
    }

    fn check(&mut self, api: &Api) {
        let looked_at = usage::looked_at(&self.beside.demand.borrow());
        let Some(ids) = self.beside.probing.begin(&self.book, &looked_at, self.pace.checks_spared) else { return };
        let within = if self.beside.probing.is_first() { FIRST_WITHIN } else { self.pace.answer_within };
        let (api, tell) = (api.clone(), self.beside.tell.clone());
        self.beside.tasks.spawn(async move {
            let read = checks::read(api, ids, within).await;
            let _ = tell.send(Told::Checks(read)).await;
        });
    }

    fn measure(&mut self, api: &Api) {
        let looked_at = usage::looked_at(&self.beside.demand.borrow());
        let Some(targets) = self.beside.usage.begin(&self.book, &looked_at) else { return };
        let (api, tell) = (api.clone(), self.beside.tell.clone());
        self.beside.tasks.spawn(async move {
            let all = usage::measure(api, targets).await;
            let _ = tell.send(Told::Measured(all)).await;
        });
    }

    fn consul(&mut self, said: Said) {
        let now = Timestamp::now();
        let (heard, trouble) = match said {
            Said::Same(trouble) => {
                self.book.still_critical(now);
                (Some(Fact::Alive(source(consul::SOURCE))), trouble)
            }
            Said::Critical(all, first, trouble) => {
                let of = by_allocation(all);
                self.book.critical(&of, first, now);
                (Some(Fact::Listed(source(consul::SOURCE))), trouble)
            }
            Said::Lost(trouble) => (None, Some(trouble)),
        };
        let trouble = trouble.map(|trouble| Fact::Trouble(source(consul::SOURCE), trouble));
        heard.into_iter().chain(trouble).for_each(|fact| self.book.tell(fact));
    }
}

/// Critical checks by the allocation that registered them. What is of a node, or of a service that is none of Nomad's, is nothing here.
fn by_allocation(all: Vec<ConsulCheck>) -> BTreeMap<String, Vec<ConsulCheck>> {
    let mut of: BTreeMap<String, Vec<ConsulCheck>> = BTreeMap::new();
    let count = all.len();
    for it in all {
        if let Some(id) = allocation_of(&it.service_id).map(str::to_owned) {
            of.entry(id).or_default().push(it);
        }
    }
    tracing::debug!(critical = count, allocations = of.len(), "Consul said what is critical");
    of
}
