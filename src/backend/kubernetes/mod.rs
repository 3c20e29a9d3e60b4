//! A Kubernetes cluster: a context of a kubeconfig, or the cluster that cockpit itself runs in.
//!
//! ```text
//! watch (one task a source) ──Heard──▶ cluster (one task) ──Batch──▶ engine
//!        lists, watches, decodes          owns the Book: joins, converts
//! ```

mod act;
mod alias;
mod api;
mod ask;
mod book;
mod changes;
mod cluster;
mod conceal;
mod connect;
mod crowd;
mod describe;
mod discover;
mod ends;
mod exec;
mod failure;
mod forward;
mod heard;
mod kinds;
mod kubeconfig;
mod lines;
mod login;
mod logs;
mod manifest;
mod pace;
mod peek;
mod place;
mod plugin;
mod proxy;
mod rights;
mod selector;
mod target;
mod thread;
mod usage;
mod wants;
mod watch;
mod wire;
mod words;

use std::sync::Arc;

use futures::stream::BoxStream;
use tokio::sync::watch as channel;

use crate::domain::{Batch, ClusterId, Demand, Feed};
use crate::reach::feeding;

pub use connect::certificate_expires;
pub use discover::{Discovery, Options, Wanted, discover};
pub use kubeconfig::Context;
pub use pace::Pace;
pub use proxy::Proxies;
pub use rights::{Reach, role_manifest};
pub use target::{Target, Way};

/// One cluster that is watched.
pub struct Kubernetes {
    target: Target,
    pace: Pace,
    /// The way by which a person's questions go.
    link: Arc<ask::Link>,
}

impl Kubernetes {
    /// Makes ready to watch a cluster; nothing is asked of it yet.
    pub fn new(target: Target) -> Arc<Self> {
        Self::with_pace(target, Pace::default())
    }

    /// As [`Kubernetes::new`], with other deadlines and periods.
    pub fn with_pace(target: Target, pace: Pace) -> Arc<Self> {
        let link = Arc::new(ask::Link::new(target.clone(), pace));
        Arc::new(Self { target, pace, link })
    }

    /// Which cluster.
    pub const fn target(&self) -> &Target {
        &self.target
    }
}

impl Feed for Kubernetes {
    fn cluster(&self) -> &ClusterId {
        &self.target.name
    }

    fn run(self: Arc<Self>, demand: channel::Receiver<Demand>) -> BoxStream<'static, Batch> {
        feeding::feed(|out| cluster::run(self.target.clone(), self.pace, Arc::clone(&self.link), demand, out))
    }
}
