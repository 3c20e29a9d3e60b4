//! Somebody who watches a cluster: folds what its feed says into a world, and waits for what is to come.

use std::time::Duration;

use cockpit::backend::kubernetes::{Kubernetes, Pace, Target, Way};
use cockpit::domain::{Batch, ClusterId, Demand, Fact, Feed, Freshness, Name, Source, Timestamp, Trouble};
use cockpit::state::{View, World};
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::watch;

use crate::plane::Plane;

/// Nothing takes longer, or it does not come.
const DEADLINE: Duration = Duration::from_secs(20);
/// Kinds that every cluster has, and the cluster itself.
pub const SOURCES: usize = 20;

/// Somebody who watches.
pub struct Watcher {
    pub demand: watch::Sender<Demand>,
    pub world: World,
    pub facts: Vec<Fact>,
    feed: BoxStream<'static, Batch>,
}

/// Periods that no test waits for, and deadlines that none waits for long.
pub fn pace() -> Pace {
    Pace { retry_first: Duration::from_millis(20), retry_most: Duration::from_millis(100), ..Pace::default() }
}

pub fn cluster() -> ClusterId {
    ClusterId::new("test")
}

impl Watcher {
    /// Watches a cluster.
    pub fn of(plane: &Plane) -> Self {
        Self::at(plane, pace())
    }

    /// The same, at another pace.
    pub fn at(plane: &Plane, pace: Pace) -> Self {
        Self::over(plane, pace, &[])
    }

    /// The same, over these namespaces alone.
    pub fn over(plane: &Plane, pace: Pace, namespaces: &[&str]) -> Self {
        let target = Target {
            name: cluster(),
            way: Way::Context { files: vec![plane.kubeconfig_path()], context: "test".into() },
            namespaces: namespaces.iter().map(|name| Name::new(name)).collect(),
            how: "a test".into(),
            read_only: false,
            debug_image: "busybox:1.37".into(),
            proxies: cockpit::backend::kubernetes::Proxies::default(),
        };
        let (demand, receiver) = watch::channel(Demand::default());
        let feed = Kubernetes::with_pace(target, pace).run(receiver);
        Self { demand, world: World::default(), facts: Vec::new(), feed }
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
                assert!(batch.facts.len() <= 512, "a batch is bounded");
                self.facts.extend(batch.facts.iter().cloned());
                self.world.fold(batch);
            }
        });
        if waited.await.is_err() {
            let view = self.world.view(Timestamp::now());
            let cluster = cluster();
            let sources = view.sources(&cluster).map(|(source, state)| format!("{source}: {state:?}"));
            panic!("not within {DEADLINE:?}: {what}\n{}", sources.collect::<Vec<_>>().join("\n"));
        }
    }

    /// Waits until all that is watched is live.
    pub async fn until_live(&mut self) {
        self.until("everything is live", |view| {
            view.sources(&cluster()).count() >= SOURCES && view.freshness(&cluster()) == Freshness::Live
        })
        .await;
    }

    /// Waits until a source is in this state: `pods`, `pods in shop`.
    pub async fn until_source(&mut self, source: &str, freshness: Freshness) {
        self.until(&format!("{source} is {freshness:?}"), |view| freshness_in(view, source) == Some(freshness)).await;
    }

    /// Waits until a source has said so many things, counted from now on.
    pub async fn until_said(&mut self, what: &str, is_it: impl Fn(&Fact) -> bool) {
        let from = self.facts.len();
        let waited = tokio::time::timeout(DEADLINE, async {
            while !self.facts[from..].iter().any(&is_it) {
                let batch = self.feed.next().await.expect("a feed never ends");
                self.facts.extend(batch.facts.iter().cloned());
                self.world.fold(batch);
            }
        });
        assert!(waited.await.is_ok(), "not within {DEADLINE:?}: {what}\n{:#?}", &self.facts[from..]);
    }

    /// The state of a source.
    pub fn freshness(&self, source: &str) -> Option<Freshness> {
        freshness_in(&self.view(), source)
    }

    /// The trouble of a source.
    pub fn trouble(&self, source: &str) -> Option<Trouble> {
        self.view().sources(&cluster()).find(|(it, _)| it.to_string() == source)?.1.trouble.clone()
    }

    /// Every source, in words.
    pub fn sources(&self) -> Vec<String> {
        sources_in(&self.view())
    }

    /// How many objects a source holds.
    pub fn held(&self, source: &str) -> usize {
        held_in(&self.view(), source)
    }

    /// The person wants what is in trouble to be tried now.
    pub fn retry(&self) {
        self.demand.send_modify(|demand| demand.retry += 1);
    }

    /// Where the first fact of this sort stands.
    pub fn place(&self, is_it: impl Fn(&Fact) -> bool) -> usize {
        self.facts.iter().position(is_it).expect("it was said")
    }

    /// How many facts of this sort there were.
    pub fn count(&self, is_it: impl Fn(&Fact) -> bool) -> usize {
        self.facts.iter().filter(|fact| is_it(fact)).count()
    }
}

/// Every source, in words.
pub fn sources_in(view: &View<'_>) -> Vec<String> {
    view.sources(&cluster()).map(|(source, _)| source.to_string()).collect()
}

/// How many objects a source holds.
pub fn held_in(view: &View<'_>, source: &str) -> usize {
    view.sources(&cluster()).find(|(it, _)| it.to_string() == source).map_or(0, |(_, state)| state.count())
}

fn freshness_in(view: &View<'_>, source: &str) -> Option<Freshness> {
    let state = view.sources(&cluster()).find(|(it, _)| it.to_string() == source)?.1;
    Some(state.freshness(Timestamp::now()))
}

/// A listing of this source begins.
pub fn listing(source: &str) -> impl Fn(&Fact) -> bool + '_ {
    move |fact| matches!(fact, Fact::Listing(it, _) if is(it, source))
}

/// It is complete.
pub fn listed(source: &str) -> impl Fn(&Fact) -> bool + '_ {
    move |fact| matches!(fact, Fact::Listed(it) if is(it, source))
}

/// It is alive.
pub fn alive(source: &str) -> impl Fn(&Fact) -> bool + '_ {
    move |fact| matches!(fact, Fact::Alive(it) if is(it, source))
}

/// It is in trouble.
pub fn troubled(source: &str) -> impl Fn(&Fact) -> bool + '_ {
    move |fact| matches!(fact, Fact::Trouble(it, _) if is(it, source))
}

/// It names an object of this name.
pub fn put<'a>(source: &'a str, name: &'a str) -> impl Fn(&Fact) -> bool + 'a {
    move |fact| matches!(fact, Fact::Put(it, object) if is(it, source) && object.key().name == *name)
}

fn is(it: &Source, source: &str) -> bool {
    it.to_string() == source
}
