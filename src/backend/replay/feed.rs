//! Playing a recording.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::domain::{
    Attach, Attached, Backend, Batch, ClusterId, Demand, Draft, Fact, Feed, Form, Intent, LogRequest, LogStream,
    Receipt, Ref, Refusal, Rights, Step, StepError, Text, Timestamp,
};

use super::Recording;
use super::read::Reader;

/// Why nothing can be done to a recording.
const READ_ONLY: &str = "this is a recording";

/// What one cluster said, said again. It is read as it is played: a long night does not fit in memory.
#[derive(Debug)]
pub struct Replay {
    path: PathBuf,
    cluster: ClusterId,
    first: Timestamp,
    /// How much faster than it was; none for all at once.
    speed: Option<f64>,
}

/// Opens a recording to be played `speed` times as fast as it was, or all at once where none is given. It is read to its
/// end, to know that it can be.
pub fn open(path: &Path, speed: Option<f64>) -> Result<Recording, Text> {
    let mut reader = Reader::open(path)?;
    let mut span: Option<(Timestamp, Timestamp)> = None;
    while let Some(batch) = reader.next_batch()? {
        span = span.map_or(Some((batch.at, batch.at)), |(first, last)| Some((first.min(batch.at), last.max(batch.at))));
    }
    let (first, last) = span.ok_or_else(|| Text::from(format!("{}: holds no facts", path.display())))?;
    let targets = reader.header.clusters.iter().map(|recorded| {
        let replay = Replay { path: path.to_owned(), cluster: recorded.name.clone(), first, speed };
        (recorded.kind(), Arc::new(replay))
    });
    let targets = targets.collect();
    let Reader { header, skipped, cut_off, .. } = reader;
    Ok(Recording { header, targets, first, last, skipped, cut_off })
}

impl Replay {
    /// How long after the start a batch is due.
    fn due(&self, batch: &Batch) -> Duration {
        let Some(speed) = self.speed else { return Duration::ZERO };
        let after = batch.at.as_millisecond().saturating_sub(self.first.as_millisecond());
        Duration::try_from_secs_f64(after as f64 / 1000.0 / speed).unwrap_or_default()
    }

    /// The next batch of this cluster, but for rights that were recorded: nothing can be changed.
    fn next(&self, reader: &mut Reader) -> Option<Batch> {
        loop {
            match reader.next_batch() {
                Ok(Some(mut batch)) if batch.cluster == self.cluster => {
                    batch.facts.retain(|fact| !matches!(fact, Fact::Allowed(_)));
                    return Some(batch);
                }
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(why) => {
                    // It was whole when it was opened: somebody changed it since.
                    tracing::error!(%why, "the recording ends here");
                    return None;
                }
            }
        }
    }
}

impl Feed for Replay {
    fn cluster(&self) -> &ClusterId {
        &self.cluster
    }

    fn run(self: Arc<Self>, _: watch::Receiver<Demand>) -> BoxStream<'static, Batch> {
        let rights = Rights { read_only: Some(Text::new(READ_ONLY)), ..Rights::default() };
        let opening = Batch { cluster: self.cluster.clone(), at: self.first, facts: vec![Fact::Allowed(rights)] };
        let start = Instant::now();
        let reader = Reader::open(&self.path).inspect_err(|why| tracing::error!(%why, "the recording is gone")).ok();
        let played = futures::stream::unfold((self, reader), move |(replay, mut reader)| async move {
            let batch = replay.next(reader.as_mut()?)?;
            let due = start + replay.due(&batch);
            if due > Instant::now() {
                sleep_until(due).await;
            }
            Some((batch, (replay, reader)))
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

    async fn attach(&self, _: Attach) -> Result<Attached, StepError> {
        Err(StepError::Denied(Text::new(READ_ONLY)))
    }

    async fn logs(&self, _: LogRequest) -> Result<LogStream, Text> {
        Err(Text::new("a recording holds no logs"))
    }

    async fn describe(&self, _: Ref, _: Form) -> Result<Vec<Text>, Text> {
        Err(Text::new("a recording holds no descriptions"))
    }
}
