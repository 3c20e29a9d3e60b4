//! Somebody who watches an engine: folds what its feed says into a world, and waits for what is to come.

use std::time::Duration;

use cockpit::backend::docker::{Docker, Endpoint, Pace, Surroundings, Target};
use cockpit::domain::{
    Backend, ClusterId, Demand, Fact, Feed, Freshness, Instance, Occurrence, Ref, Timestamp, Trouble, Workload,
};
use cockpit::state::{View, World};
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::watch;

use crate::engine::Engine;

/// Nothing takes longer, or it does not come.
const DEADLINE: Duration = Duration::from_secs(20);

/// Somebody who watches.
pub struct Watcher {
    pub docker: std::sync::Arc<Docker>,
    pub demand: watch::Sender<Demand>,
    pub world: World,
    pub facts: Vec<Fact>,
    feed: BoxStream<'static, cockpit::domain::Batch>,
}

/// Periods that no test waits for, and deadlines that none waits for long.
pub fn pace() -> Pace {
    Pace { retry_first: Duration::from_millis(20), retry_most: Duration::from_millis(100), ..Pace::default() }
}

impl Watcher {
    /// Watches an engine under the alias `local`.
    pub fn of(engine: &Engine) -> Self {
        Self::at(engine, pace())
    }

    /// The same, at another pace.
    pub fn at(engine: &Engine, pace: Pace) -> Self {
        Self::through(Endpoint::Unix(engine.socket()), pace)
    }

    /// The same, by another way.
    pub fn through(endpoint: Endpoint, pace: Pace) -> Self {
        let name = ClusterId::new("local");
        let surroundings = Surroundings::default();
        Self::to(Target { name, endpoint, how: "a test".into(), read_only: false, surroundings }, pace)
    }

    /// The same, of a target.
    pub fn to(target: Target, pace: Pace) -> Self {
        let docker = Docker::with_pace(target, pace).expect("no certificates to read");
        let (demand, receiver) = watch::channel(Demand::default());
        let feed = std::sync::Arc::clone(&docker).run(receiver);
        Self { docker, demand, world: World::default(), facts: Vec::new(), feed }
    }

    /// The world now.
    pub fn view(&self) -> View<'_> {
        self.world.view(Timestamp::now())
    }

    /// Takes in what comes until it is so.
    pub async fn until(&mut self, what: &str, is_so: impl Fn(&View<'_>) -> bool) {
        let waited = tokio::time::timeout(DEADLINE, async {
            while !is_so(&self.world.view(Timestamp::now())) {
                let batch = self.feed.next().await.expect("a feed never ends");
                self.facts.extend(batch.facts.iter().cloned());
                self.world.fold(batch);
            }
        });
        if waited.await.is_err() {
            panic!("not within {DEADLINE:?}: {what}\n{:#?}", self.world.snapshot(Timestamp::now()));
        }
    }

    /// Waits until all that is watched is live.
    pub async fn until_live(&mut self) {
        self.until("everything is live", |view| {
            let cluster = ClusterId::new("local");
            view.sources(&cluster).count() >= 3 && view.freshness(&cluster) == Freshness::Live
        })
        .await;
    }

    /// The trouble of a source.
    pub fn trouble(&self, kind: &str) -> Option<Trouble> {
        let cluster = ClusterId::new("local");
        self.view().sources(&cluster).find(|(source, _)| source.kind == kind)?.1.trouble.clone()
    }

    /// A workload that has to be there: `shop/ComposeService/web`.
    pub fn workload(&self, key: &str) -> Workload {
        let key = key_of(key);
        self.view().workload(&key).unwrap_or_else(|| panic!("{key} is there")).clone()
    }

    /// An instance that has to be there: `-/ContainerInstance/healthy`.
    pub fn instance(&self, key: &str) -> Instance {
        let key = key_of(key);
        self.view().instance(&key).unwrap_or_else(|| panic!("{key} is there")).clone()
    }

    /// A lone container.
    pub fn container(&self, name: &str) -> Instance {
        self.instance(&format!("-/ContainerInstance/{name}"))
    }

    /// What happened to a workload.
    pub fn occurrences(&self, key: &str) -> Vec<Occurrence> {
        self.view().occurrences_of(&key_of(key)).cloned().collect()
    }

    /// The backend's acting side.
    pub fn backend(&self) -> &dyn Backend {
        &*self.docker
    }
}

/// `namespace/kind/name` in the cluster `local`.
pub fn key_of(key: &str) -> Ref {
    format!("local/{key}").parse().expect("a ref")
}
