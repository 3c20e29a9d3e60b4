//! The task that owns the book of one cluster.

use tokio::sync::{mpsc, watch as channel};

use crate::domain::{Batch, Demand};

use super::pace::Pace;
use super::target::Target;

/// Watches until nobody listens any more.
pub(super) async fn run(target: Target, pace: Pace, demand: channel::Receiver<Demand>, out: mpsc::Sender<Batch>) {
    let _ = (target, pace, demand);
    out.closed().await;
}
