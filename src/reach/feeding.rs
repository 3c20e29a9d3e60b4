//! How a watch feeds its batches, and waits before it tries a lost server again.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;

use crate::domain::{Batch, Demand, Fact};

/// Batches on their way at most; a listing waits for room.
const BATCHES: usize = 8;

/// The batches of a watch, which lives as long as they are listened to.
pub fn feed<F>(watch: impl FnOnce(mpsc::Sender<Batch>) -> F) -> BoxStream<'static, Batch>
where
    F: Future<Output = ()> + Send + 'static,
{
    let (out, batches) = mpsc::channel(BATCHES);
    let mut tasks = JoinSet::new();
    tasks.spawn(watch(out));
    // The task lives as long as the stream: dropping the set ends it.
    ReceiverStream::new(batches)
        .map(move |batch| {
            let _ = &tasks;
            batch
        })
        .boxed()
}

/// Facts of a batch at most.
const FACTS: usize = 512;

/// Sends what there is to say, not too much at once. Waits for room; false when nobody listens any more.
pub async fn tell(out: &mpsc::Sender<Batch>, all: Batch) -> bool {
    let Batch { cluster, at, facts } = all;
    let mut facts = facts.into_iter().peekable();
    while facts.peek().is_some() {
        let facts: Vec<Fact> = facts.by_ref().take(FACTS).collect();
        if out.send(Batch { cluster: cluster.clone(), at, facts }).await.is_err() {
            return false;
        }
    }
    true
}

/// Waits before the next try, or until the person asks for one. False when nobody listens any more.
pub async fn wait(demand: &mut watch::Receiver<Demand>, out: &mpsc::Sender<Batch>, wait: Duration) -> bool {
    let asked = demand.borrow().retry;
    let sleep = tokio::time::sleep(wait);
    tokio::pin!(sleep);
    loop {
        tokio::select! {
            () = &mut sleep => return true,
            () = out.closed() => return false,
            changed = demand.changed() => match changed {
                Ok(()) if demand.borrow().retry != asked => return true,
                Ok(()) => {}
                Err(_) => {
                    sleep.as_mut().await;
                    return true;
                }
            },
        }
    }
}
