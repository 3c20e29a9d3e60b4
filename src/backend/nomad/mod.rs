//! A Nomad region: its jobs, allocations, clients and deployments.

mod allocations;
mod api;
mod beside;
mod book;
mod capacity;
mod checks;
mod consul;
mod consul_way;
mod discover;
mod failure;
mod groups;
mod look;
mod nodes;
mod pace;
mod policy;
mod printed;
mod quorum;
mod registered;
mod scribe;
mod stream;
mod target;
mod usage;
mod verdicts;
mod watch;
mod wire;

use std::sync::Arc;

use futures::stream::BoxStream;
use tokio::sync::watch as channel;

use crate::backend::feeding;
use crate::domain::{Batch, ClusterId, Demand, Feed};

pub use discover::{Discovery, Options, Wanted, WantedConsul, discover};
pub use pace::Pace;
pub use policy::policy;
pub use target::{Consul, Target, Tls, Token};

/// One region that is watched.
pub struct Nomad {
    target: Target,
    pace: Pace,
}

impl Nomad {
    /// Makes ready to watch a region; nothing is asked of it yet.
    pub fn new(target: Target) -> Arc<Self> {
        Self::with_pace(target, Pace::default())
    }

    /// As [`Nomad::new`], with other deadlines and periods.
    pub fn with_pace(target: Target, pace: Pace) -> Arc<Self> {
        Arc::new(Self { target, pace })
    }

    /// Which region.
    pub const fn target(&self) -> &Target {
        &self.target
    }
}

impl Feed for Nomad {
    fn cluster(&self) -> &ClusterId {
        &self.target.name
    }

    fn run(self: Arc<Self>, demand: channel::Receiver<Demand>) -> BoxStream<'static, Batch> {
        feeding::feed(|out| watch::Watch::new(self.target.clone(), self.pace, demand, out).run())
    }
}
