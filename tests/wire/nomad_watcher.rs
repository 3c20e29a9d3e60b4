//! Somebody who watches a region in a test.

use std::sync::Arc;
use std::time::Duration;

use cockpit::backend::nomad::{Consul, Nomad, Pace, Target, Token};
use cockpit::domain::{Batch, ClusterId, Demand, Fact, Feed, Freshness, Ref, Timestamp};
use cockpit::reach::Tls;
use cockpit::state::{View, World};
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::watch;

/// Nothing takes longer, or it does not come.
const DEADLINE: Duration = Duration::from_secs(20);

/// The world as it learns it.
pub struct Watcher {
    #[allow(dead_code, reason = "not every test asks it by hand")]
    pub nomad: Arc<Nomad>,
    pub world: World,
    pub facts: Vec<Fact>,
    pub demand: watch::Sender<Demand>,
    feed: BoxStream<'static, Batch>,
}

/// As fast as a test may be.
pub fn pace() -> Pace {
    Pace {
        settles: Duration::from_millis(10),
        retry_first: Duration::from_millis(20),
        retry_most: Duration::from_millis(100),
        checks_every: Duration::from_millis(30),
        checks_spared: Duration::from_millis(100),
        consul_rests: Duration::from_millis(5),
        use_every: Duration::from_millis(30),
        word_within: Duration::from_millis(150),
        asks_again: Duration::from_millis(5),
        behind_every: Duration::from_millis(30),
        ..Pace::default()
    }
}

/// A region at an address.
pub fn target(address: &str, consul: Option<&str>) -> Target {
    Target {
        name: ClusterId::new("eu"),
        address: address.to_owned(),
        others: Vec::new(),
        region: None,
        namespaces: Vec::new(),
        how: "a test".into(),
        token: Token::None,
        auth: None,
        tls: Tls::default(),
        consul: consul.map(|address| Consul {
            address: address.to_owned(),
            token: Token::Secret("s3cret".to_owned().into()),
            tls: Tls::default(),
        }),
        read_only: false,
    }
}

impl Watcher {
    pub fn of(target: Target, pace: Pace) -> Self {
        Self::wanting(Demand::default(), target, pace)
    }

    /// Somebody who wants to know what is there now, and no more.
    #[allow(dead_code, reason = "not every test looks only once")]
    pub fn once(target: Target, pace: Pace) -> Self {
        Self::wanting(Demand { once: true, ..Demand::default() }, target, pace)
    }

    fn wanting(demand: Demand, target: Target, pace: Pace) -> Self {
        let (demand, receiver) = watch::channel(demand);
        let nomad = Nomad::with_pace(target, pace);
        let feed = Arc::clone(&nomad).run(receiver);
        Self { nomad, world: World::default(), facts: Vec::new(), demand, feed }
    }

    pub fn view(&self) -> View<'_> {
        self.world.view(Timestamp::now())
    }

    /// Folds what comes until it is so.
    pub async fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let wait = async {
            while !is_so(self) {
                let batch = self.feed.next().await.expect("a feed does not end");
                self.facts.extend(batch.facts.iter().cloned());
                self.world.fold(batch);
            }
        };
        let came = tokio::time::timeout(DEADLINE, wait).await;
        assert!(came.is_ok(), "{what} did not come: {:#?}", self.facts.iter().rev().take(5).collect::<Vec<_>>());
    }

    /// Until every source is live.
    pub async fn settle(&mut self) {
        let live = |it: &Self| {
            let cluster = ClusterId::new("eu");
            let view = it.view();
            let mut all = view.sources(&cluster).peekable();
            all.peek().is_some() && all.all(|(_, source)| source.freshness(view.now) == Freshness::Live)
        };
        self.until("the first listing", live).await;
    }

    pub fn freshness(&self, source: &str) -> Option<Freshness> {
        self.view().source_freshness(&ClusterId::new("eu"), source)
    }
}

pub fn group(name: &str) -> Ref {
    format!("eu/default/TaskGroup/{name}").parse().expect("a ref")
}
