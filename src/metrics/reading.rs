//! What is read again and again, and told each time.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::domain::{Batch, ClusterId, Demand, Fact, Source, Timestamp};
use crate::reach::feeding;

/// Something that is read.
pub(super) trait Reads: Send {
    /// Of which cluster it tells.
    fn cluster(&self) -> &ClusterId;
    /// What it lists.
    fn source(&self) -> Source;
    /// From one reading to the next.
    fn every(&self) -> Duration;
    /// Waits until it is to be read before its time.
    fn asked(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }
    /// What it tells now.
    fn read(&mut self) -> impl Future<Output = Vec<Fact>> + Send;
}

/// Says what is going to be told, and then reads until nobody listens any more.
pub(super) async fn run(mut of: impl Reads, mut demand: watch::Receiver<Demand>, out: mpsc::Sender<Batch>) {
    let mut facts = vec![Fact::Listing(of.source(), None)];
    let mut left = None;
    loop {
        let batch = Batch { cluster: of.cluster().clone(), at: Timestamp::now(), facts };
        if !feeding::tell(&out, batch).await {
            return;
        }
        if let Some(left) = left {
            let goes_on = tokio::select! {
                goes_on = feeding::wait(&mut demand, &out, left) => goes_on,
                () = of.asked() => true,
            };
            if !goes_on {
                return;
            }
        }
        let begun = Instant::now();
        facts = of.read().await;
        left = Some(of.every().saturating_sub(begun.elapsed()));
    }
}
