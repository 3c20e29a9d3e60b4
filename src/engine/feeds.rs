//! All feeds as one bounded channel.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::{BoxStream, select_all};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::domain::{Backend, BackendKind, Batch, ClusterId, Demand, Entry, Feed};

/// Batches that may wait for the loop; a full channel makes the feeds wait.
const CHANNEL: usize = 64;

/// A target that is watched.
#[derive(Clone)]
pub struct Target {
    /// Its alias.
    pub cluster: ClusterId,
    /// What it is.
    pub kind: BackendKind,
    /// What learns from it and acts on it.
    pub backend: Arc<dyn Backend>,
    /// What else learns of it: numbers.
    pub beside: Vec<Arc<dyn Feed>>,
}

/// Hands on what the feeds of one target say. Each first says which sources it has, and until all have, none is heard any further: what is
/// complete of one would pass for all that there is.
async fn pass_on(mut all: Vec<BoxStream<'static, Batch>>, sender: mpsc::Sender<Batch>) {
    for stream in &mut all {
        if let Some(batch) = stream.next().await
            && sender.send(batch).await.is_err()
        {
            return;
        }
    }
    let mut all = select_all(all);
    while let Some(batch) = all.next().await {
        if sender.send(batch).await.is_err() {
            return;
        }
    }
}

/// The feeds of all targets, running. They stop when this is dropped.
pub struct Feeds {
    targets: Vec<Target>,
    /// [`Demand::once`].
    once: bool,
    demand: watch::Sender<Demand>,
    batches: mpsc::Receiver<Batch>,
    tasks: JoinSet<()>,
}

impl Feeds {
    /// Starts them. Has to be called within a tokio runtime.
    pub fn start(targets: Vec<Target>) -> Self {
        Self::begin(targets, false)
    }

    /// The same to learn what is there now, and nothing of what happens after it.
    pub fn once(targets: Vec<Target>) -> Self {
        Self::begin(targets, true)
    }

    fn begin(targets: Vec<Target>, once: bool) -> Self {
        let (demand, _) = watch::channel(Demand { once, ..Demand::default() });
        let (sender, batches) = mpsc::channel(CHANNEL);
        let mut tasks = JoinSet::new();
        for target in &targets {
            let own = target.backend.clone().run(demand.subscribe());
            let beside = target.beside.iter().map(|feed| feed.clone().run(demand.subscribe()));
            tasks.spawn(pass_on(beside.chain([own]).collect(), sender.clone()));
        }
        Self { targets, once, demand, batches, tasks }
    }

    /// The next batch. None when every feed has said all that it ever will (recordings).
    pub async fn next(&mut self) -> Option<Batch> {
        self.batches.recv().await
    }

    /// A batch that is there already.
    pub fn try_next(&mut self) -> Option<Batch> {
        self.batches.try_recv().ok()
    }

    /// Tells the feeds what is needed now; they hear of it only when it is another than before.
    pub fn demand(&self, demand: Demand) {
        let demand = Demand { once: self.once, ..demand };
        self.demand.send_if_modified(|known| {
            let other = *known != demand;
            if other {
                *known = demand;
            }
            other
        });
    }

    /// What acts on a cluster.
    pub fn backend(&self, cluster: &ClusterId) -> Option<&Arc<dyn Backend>> {
        self.targets.iter().find(|target| target.cluster == *cluster).map(|target| &target.backend)
    }

    /// What acts on the clusters that a run was meant for, each once.
    pub fn backends_of(&self, entry: &Entry) -> Vec<Arc<dyn Backend>> {
        let parts = entry.run.plan.intent.parts();
        let concerns = |target: &&Target| parts.iter().any(|part| part.target().cluster == target.cluster);
        self.targets.iter().filter(concerns).map(|target| target.backend.clone()).collect()
    }

    /// The targets.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Whether a feed still runs.
    pub fn is_running(&self) -> bool {
        !self.tasks.is_empty()
    }
}
