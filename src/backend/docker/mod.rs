//! A Docker (or Podman) engine: its containers, its Compose projects, its Swarm.

mod act;
mod api;
mod belongs;
mod contexts;
mod convert;
mod crowd;
mod describe;
mod discover;
mod events;
mod exec;
mod exit;
mod failure;
mod follower;
mod frames;
mod happen;
mod history;
mod host;
mod listing;
mod live;
mod logs;
mod pace;
mod recent;
mod record;
mod ssh;
mod swarm;
mod table;
mod target;
mod tls;
mod transport;
mod usage;
mod wants;
mod watch;
mod wire;

use std::sync::Arc;

use futures::stream::BoxStream;
use tokio::sync::watch as channel;

use crate::domain::{Batch, ClusterId, Demand, Feed, Text};
use crate::reach::feeding;

pub use discover::{Discovery, Options, Wanted, addresses, discover};
pub use pace::Pace;
pub use target::{BadAddress, Certificates, Endpoint, Surroundings, Target};

use transport::Transport;

/// One engine that is watched.
pub struct Docker {
    target: Target,
    transport: Transport,
    pace: Pace,
}

impl Docker {
    /// Makes ready to watch an engine; nothing is asked of it yet. Fails when certificates cannot be read.
    pub fn new(target: Target) -> Result<Arc<Self>, Text> {
        Self::with_pace(target, Pace::default())
    }

    /// As [`Docker::new`], with other deadlines and periods.
    pub fn with_pace(target: Target, pace: Pace) -> Result<Arc<Self>, Text> {
        let transport = Transport::new(&target.endpoint)?;
        Ok(Arc::new(Self { target, transport, pace }))
    }

    /// Which engine.
    pub const fn target(&self) -> &Target {
        &self.target
    }
}

impl Feed for Docker {
    fn cluster(&self) -> &ClusterId {
        &self.target.name
    }

    fn run(self: Arc<Self>, demand: channel::Receiver<Demand>) -> BoxStream<'static, Batch> {
        feeding::feed(|out| {
            watch::Watch::new(self.target.clone(), self.transport.clone(), self.pace, demand, out).run()
        })
    }
}
