//! Playing a recording.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::domain::{
    Backend, Batch, ClusterId, Demand, Draft, Fact, Feed, Form, Intent, LogRequest, LogStream, Receipt, Ref, Refusal,
    Rights, Step, StepError, Text, Timestamp,
};

use super::Recording;
use super::read::read_all;

/// Why nothing can be done to a recording.
const READ_ONLY: &str = "this is a recording";

/// What one cluster said, said again.
#[derive(Debug)]
pub struct Replay {
    cluster: ClusterId,
    batches: Vec<Batch>,
    first: Timestamp,
    /// How much faster than it was; none for all at once.
    speed: Option<f64>,
}

/// Opens a recording to be played `speed` times as fast as it was, or all at once where none is given.
pub fn open(path: &Path, speed: Option<f64>) -> Result<Recording, Text> {
    let contents = read_all(path)?;
    let stamps = || contents.batches.iter().map(|batch| batch.at);
    let (Some(first), Some(last)) = (stamps().min(), stamps().max()) else {
        return Err(Text::new(&format!("{}: holds no facts", path.display())));
    };
    let targets = contents.header.clusters.iter().map(|recorded| {
        let of_cluster = contents.batches.iter().filter(|batch| batch.cluster == recorded.name);
        let replay = Replay { cluster: recorded.name.clone(), batches: of_cluster.cloned().collect(), first, speed };
        (recorded.kind(), Arc::new(replay))
    });
    let targets = targets.collect();
    Ok(Recording {
        header: contents.header,
        targets,
        first,
        last,
        skipped: contents.skipped,
        cut_off: contents.cut_off,
    })
}

impl Replay {
    /// How long after the start a batch is due.
    fn due(&self, batch: &Batch) -> Duration {
        let Some(speed) = self.speed else { return Duration::ZERO };
        let after = batch.at.as_millisecond().saturating_sub(self.first.as_millisecond());
        Duration::try_from_secs_f64(after as f64 / 1000.0 / speed).unwrap_or_default()
    }

    /// What is said in the place of the rights that were recorded: nothing can be changed.
    fn without_rights(&self, batch: &Batch) -> Batch {
        let facts = batch.facts.iter().filter(|fact| !matches!(fact, Fact::Allowed(_))).cloned().collect();
        Batch { cluster: batch.cluster.clone(), at: batch.at, facts }
    }
}

impl Feed for Replay {
    fn cluster(&self) -> &ClusterId {
        &self.cluster
    }

    fn run(self: Arc<Self>, _: watch::Receiver<Demand>) -> BoxStream<'static, Batch> {
        let rights = Rights { read_only: Some(Text::new(READ_ONLY)), denied: Vec::new() };
        let opening = Batch { cluster: self.cluster.clone(), at: self.first, facts: vec![Fact::Allowed(rights)] };
        let start = Instant::now();
        let played = futures::stream::unfold((self, 0), move |(replay, place)| async move {
            let batch = replay.batches.get(place)?;
            let due = start + replay.due(batch);
            if due > Instant::now() {
                sleep_until(due).await;
            }
            let said = replay.without_rights(replay.batches.get(place)?);
            Some((said, (replay, place + 1)))
        });
        futures::stream::iter([opening]).chain(played).boxed()
    }
}

#[async_trait]
impl Backend for Replay {
    async fn prepare(&self, intent: Intent) -> Result<Draft, Refusal> {
        Err(Refusal::of(&intent, READ_ONLY, "connect to the cluster itself"))
    }

    async fn execute(&self, _: Step) -> Result<Receipt, StepError> {
        Err(StepError::Denied(Text::new(READ_ONLY)))
    }

    async fn logs(&self, _: LogRequest) -> Result<LogStream, Text> {
        Err(Text::new("a recording holds no logs"))
    }

    async fn describe(&self, _: Ref, _: Form) -> Result<Vec<Text>, Text> {
        Err(Text::new("a recording holds no descriptions"))
    }
}
