//! A Nomad region: its jobs, allocations, clients and deployments.

mod act;
mod allocations;
mod api;
mod beside;
mod blocking;
mod book;
mod capacity;
mod change;
mod checks;
mod consul;
mod consul_way;
mod discover;
mod disk;
mod failure;
mod find;
mod groups;
mod hear;
mod hindrance;
mod lag;
mod listing;
mod lists;
mod look;
mod named;
mod nodes;
mod pace;
mod parts;
mod policy;
mod printed;
mod quorum;
mod registered;
mod runs;
mod scribe;
mod strand;
mod stream;
mod target;
mod usage;
mod verdicts;
mod wants;
mod watch;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::stream::BoxStream;
use tokio::sync::watch as channel;

use crate::domain::{Batch, ClusterId, Demand, Feed};
use crate::reach::feeding;

pub use discover::{Discovery, Options, Wanted, WantedConsul, discover};
pub use pace::Pace;
pub use policy::policy;
pub use target::{Consul, HttpAuth, Target, Token};

/// One region that is watched.
pub struct Nomad {
    target: Target,
    pace: Pace,
    /// Which of its servers is asked: the watch finds out which one answers.
    turn: Arc<AtomicUsize>,
}

impl Nomad {
    /// Makes ready to watch a region; nothing is asked of it yet.
    pub fn new(target: Target) -> Arc<Self> {
        Self::with_pace(target, Pace::default())
    }

    /// As [`Nomad::new`], with other deadlines and periods.
    pub fn with_pace(target: Target, pace: Pace) -> Arc<Self> {
        Arc::new(Self { target, pace, turn: Arc::default() })
    }

    /// Which region.
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// Makes ready to ask the server that answers now.
    fn api(&self) -> Result<api::Api, failure::Failure> {
        api::Api::new(&self.target.at(self.turn.load(Ordering::Relaxed)), self.pace)
    }
}

impl Feed for Nomad {
    fn cluster(&self) -> &ClusterId {
        &self.target.name
    }

    fn run(self: Arc<Self>, demand: channel::Receiver<Demand>) -> BoxStream<'static, Batch> {
        feeding::feed(|out| {
            let wants = wants::answer(Arc::clone(&self), demand.clone(), out.clone());
            let watch = watch::Watch::new(self.target.clone(), self.pace, Arc::clone(&self.turn), demand, out).run();
            async move {
                futures::join!(watch, wants);
            }
        })
    }
}
