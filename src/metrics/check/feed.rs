//! Checks of the endpoints of a cluster as a feed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::BoxStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::ask::{Asker, Wanted};
use super::record::Record;
use crate::domain::{
    Batch, Check, ClusterId, Demand, Endpoint, Exposure, Fact, Feed, Kind, Object, Ref, Source, Timestamp,
};
use crate::reach::feeding;

/// By when it asks, and how long it waits.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// From one try to the next.
    pub every: Duration,
    /// After the first failure.
    pub again: Duration,
    /// An answer that is not there by then is none.
    pub within: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { every: Duration::from_secs(30), again: Duration::from_secs(3), within: Duration::from_secs(10) }
    }
}

impl Pace {
    /// For whom looks once, and waits ten seconds for all of it: two tries have to fit.
    fn once(self) -> Self {
        Self { again: self.again.min(Duration::from_secs(1)), within: self.within.min(Duration::from_secs(4)), ..self }
    }
}

/// The kind of the source that checks are.
pub const SOURCE: &str = "endpoint-checks";
/// Verdicts that wait to be told.
const WAITING: usize = 64;

/// Endpoints that are asked.
pub struct Checks {
    cluster: ClusterId,
    wanted: Vec<Wanted>,
    pace: Pace,
}

impl Checks {
    /// Asks these from now on, at the usual pace.
    pub fn new(cluster: ClusterId, wanted: Vec<Wanted>) -> Arc<Self> {
        Self::paced(cluster, wanted, Pace::default())
    }

    /// The same, at another pace.
    pub fn paced(cluster: ClusterId, wanted: Vec<Wanted>, pace: Pace) -> Arc<Self> {
        Arc::new(Self { cluster, wanted, pace })
    }

    fn object(&self, of: &Wanted, check: Check) -> Object {
        Object::Endpoint(Box::new(Endpoint {
            key: Ref::new(&self.cluster, Kind::Check, None, of.name.clone()),
            serves: of.target.iter().cloned().collect(),
            ready: 0,
            not_ready: 0,
            selector: None,
            exposure: Exposure::Yes,
            pool: false,
            check: Some(Box::new(check)),
        }))
    }
}

impl Feed for Checks {
    fn cluster(&self) -> &ClusterId {
        &self.cluster
    }

    fn run(self: Arc<Self>, demand: watch::Receiver<Demand>) -> BoxStream<'static, Batch> {
        feeding::feed(|out| run(self, demand, out))
    }
}

/// What is known of an endpoint after a try.
struct Verdict {
    number: usize,
    check: Check,
    /// One failure alone says nothing yet.
    in_doubt: bool,
}

async fn run(of: Arc<Checks>, demand: watch::Receiver<Demand>, out: mpsc::Sender<Batch>) {
    let source = Source::of(SOURCE);
    let (tell, mut verdicts) = mpsc::channel(WAITING);
    let mut trying = JoinSet::new();
    for number in 0..of.wanted.len() {
        trying.spawn(watch_one(Arc::clone(&of), number, demand.clone(), out.clone(), tell.clone()));
    }
    drop(tell);
    let mut open: BTreeSet<usize> = (0..of.wanted.len()).collect();
    let mut told: Vec<Option<Check>> = vec![None; of.wanted.len()];
    let mut facts = vec![Fact::Listing(source.clone(), u32::try_from(of.wanted.len()).ok())];
    loop {
        let batch = Batch { cluster: of.cluster.clone(), at: Timestamp::now(), facts: std::mem::take(&mut facts) };
        if !feeding::tell(&out, batch).await {
            return;
        }
        let Some(Verdict { number, check, in_doubt }) = verdicts.recv().await else { return };
        let (Some(wanted), Some(known)) = (of.wanted.get(number), told.get_mut(number)) else { continue };
        if known.as_ref() != Some(&check) {
            facts.push(Fact::Put(source.clone(), of.object(wanted, check.clone())));
            *known = Some(check);
        }
        let was_open = !open.is_empty();
        if !in_doubt {
            open.remove(&number);
        }
        match (was_open, open.is_empty()) {
            (true, true) => facts.push(Fact::Listed(source.clone())),
            (false, _) => facts.push(Fact::Alive(source.clone())),
            (true, false) => {}
        }
    }
}

async fn watch_one(
    of: Arc<Checks>,
    number: usize,
    mut demand: watch::Receiver<Demand>,
    out: mpsc::Sender<Batch>,
    tell: mpsc::Sender<Verdict>,
) {
    let Some(wanted) = of.wanted.get(number) else { return };
    let pace = if demand.borrow().once { of.pace.once() } else { of.pace };
    let (mut record, mut asker) = (Record::default(), Asker::default());
    loop {
        let begun = Instant::now();
        let tried = asker.ask(wanted, pace.within).await;
        record.note(tried, Timestamp::now());
        let in_doubt = record.is_in_doubt();
        let verdict = Verdict { number, check: record.check(wanted.words()), in_doubt };
        if tell.send(verdict).await.is_err() {
            return;
        }
        let pause = if in_doubt { pace.again } else { pace.every.saturating_sub(begun.elapsed()) };
        if !feeding::wait(&mut demand, &out, pause).await {
            return;
        }
    }
}
