//! The loop without a screen: waits for what it should, and for no longer.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cockpit::action::Guard;
use cockpit::diagnose::Settings;
use cockpit::domain::{
    Backend, BackendKind, Batch, ClusterId, Demand, Draft, Fact, Feed, Form, Instance, Intent, Kind, LogRequest,
    LogStream, Object, Phase, Pin, Receipt, Ref, Refusal, Seen, Source, Step, StepAction, StepError, Text, Timestamp,
    Trouble, TroubleKind, Until,
};
use cockpit::engine::{Asking, Core, Feeds, Target, Waited, wait_until_settled};
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::watch;

/// Says what it is told to say, then stays silent or ends.
struct Scripted {
    cluster: ClusterId,
    batches: Vec<Batch>,
    ends: bool,
}

impl Feed for Scripted {
    fn cluster(&self) -> &ClusterId {
        &self.cluster
    }

    fn run(self: Arc<Self>, _: watch::Receiver<Demand>) -> BoxStream<'static, Batch> {
        let said = futures::stream::iter(self.batches.clone());
        if self.ends { said.boxed() } else { said.chain(futures::stream::pending()).boxed() }
    }
}

#[async_trait]
impl Backend for Scripted {
    async fn prepare(&self, intent: Intent) -> Result<Draft, Refusal> {
        Err(Refusal::of(&intent, "a script", "nothing"))
    }

    async fn execute(&self, _: Step) -> Result<Receipt, StepError> {
        Err(StepError::Denied("a script".into()))
    }

    async fn logs(&self, _: LogRequest) -> Result<LogStream, Text> {
        Err("a script".into())
    }

    async fn describe(&self, _: Ref, _: Form) -> Result<Vec<Text>, Text> {
        Err("a script".into())
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).expect("in range")
}

fn cluster() -> ClusterId {
    ClusterId::new("c")
}

fn pods() -> Source {
    Source::of("pods")
}

fn pod(n: u32) -> Fact {
    let key = Ref::new(&cluster(), Kind::Pod, None, format!("pod-{n}"));
    Fact::Put(pods(), Object::Instance(Box::new(Instance::new(key, "uid", None, Phase::Running))))
}

fn trouble(source: Source) -> Fact {
    let kind = TroubleKind::Forbidden;
    Fact::Trouble(source, Trouble { kind, what: "no".into(), mend: "ask".into(), since: at(0), retry_at: None })
}

async fn wait(facts: Vec<Fact>, ends: bool) -> (Waited, Core) {
    let batches = facts.into_iter().map(|fact| Batch { cluster: cluster(), at: at(0), facts: vec![fact] }).collect();
    let backend = Arc::new(Scripted { cluster: cluster(), batches, ends });
    let target = Target { cluster: cluster(), kind: BackendKind::Kubernetes, backend, beside: Vec::new() };
    let mut feeds = Feeds::start(vec![target]);
    let mut core = Core::new(Settings::default(), Guard::default(), &[cluster()], at(0));
    let (waited, _) = wait_until_settled(&mut core, &mut feeds, Duration::from_secs(10), |_| at(1), |_| {}).await;
    (waited, core)
}

#[tokio::test(start_paused = true)]
async fn it_is_settled_when_every_source_has_listed_or_is_in_trouble() {
    let facts = vec![
        Fact::Listing(pods(), None),
        Fact::Listing(Source::of("events"), None),
        pod(1),
        trouble(Source::of("events")),
        pod(2),
        Fact::Listed(pods()),
    ];
    let (waited, core) = wait(facts, false).await;
    assert_eq!(waited, Waited::Settled);
    assert_eq!(core.view(at(1)).instances().count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_does_not_end_is_waited_for_until_the_time_is_over() {
    let (waited, core) = wait(vec![Fact::Listing(pods(), Some(9)), pod(1)], false).await;
    assert_eq!(waited, Waited::TimedOut);
    assert!(!core.is_settled());
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_says_nothing_is_not_settled() {
    let (waited, _) = wait(vec![], false).await;
    assert_eq!(waited, Waited::TimedOut);
}

/// A server of numbers is read in a blink, an orchestrator takes its time, or the other way round: neither passes for both.
#[tokio::test(start_paused = true)]
async fn what_stands_beside_a_target_does_not_pass_for_it() {
    struct Late(Scripted, Duration);
    impl Feed for Late {
        fn cluster(&self) -> &ClusterId {
            &self.0.cluster
        }
        fn run(self: Arc<Self>, _: watch::Receiver<Demand>) -> BoxStream<'static, Batch> {
            let (batches, late) = (self.0.batches.clone(), self.1);
            let said = futures::stream::once(tokio::time::sleep(late))
                .flat_map(move |()| futures::stream::iter(batches.clone()));
            said.chain(futures::stream::pending()).boxed()
        }
    }
    #[async_trait]
    impl Backend for Late {
        async fn prepare(&self, intent: Intent) -> Result<Draft, Refusal> {
            self.0.prepare(intent).await
        }
        async fn execute(&self, step: Step) -> Result<Receipt, StepError> {
            self.0.execute(step).await
        }
        async fn logs(&self, request: LogRequest) -> Result<LogStream, Text> {
            self.0.logs(request).await
        }
        async fn describe(&self, key: Ref, form: Form) -> Result<Vec<Text>, Text> {
            self.0.describe(key, form).await
        }
    }
    let late = |facts: Vec<Fact>, after: u64| {
        let batches =
            facts.into_iter().map(|fact| Batch { cluster: cluster(), at: at(0), facts: vec![fact] }).collect();
        Arc::new(Late(Scripted { cluster: cluster(), batches, ends: false }, Duration::from_secs(after)))
    };
    let metrics = || Source::of("metrics");
    for (own, numbers) in [(3, 0), (0, 3)] {
        let backend = late(vec![Fact::Listing(pods(), None), pod(1), Fact::Listed(pods())], own);
        let beside = late(vec![Fact::Listing(metrics(), None), Fact::Listed(metrics())], numbers);
        let target = Target { cluster: cluster(), kind: BackendKind::Docker, backend, beside: vec![beside] };
        let mut feeds = Feeds::start(vec![target]);
        let mut core = Core::new(Settings::default(), Guard::default(), &[cluster()], at(0));
        let (waited, _) = wait_until_settled(&mut core, &mut feeds, Duration::from_secs(10), |_| at(1), |_| {}).await;
        assert_eq!(waited, Waited::Settled);
        let view = core.view(at(1));
        assert_eq!((view.instances().count(), view.sources(&cluster()).count()), (1, 2), "{own} s and {numbers} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_recording_ends() {
    let (waited, core) = wait(vec![Fact::Listing(pods(), None), pod(1)], true).await;
    assert_eq!(waited, Waited::Ended);
    assert_eq!(core.view(at(1)).instances().count(), 1, "what it said was taken in");
}

#[tokio::test]
async fn feeds_hear_of_a_demand_only_when_it_is_another_one() {
    struct Listening(ClusterId);
    impl Feed for Listening {
        fn cluster(&self) -> &ClusterId {
            &self.0
        }
        fn run(self: Arc<Self>, demand: watch::Receiver<Demand>) -> BoxStream<'static, Batch> {
            // Each demand that is heard of is said as a batch with as many facts as `retry` counts.
            futures::stream::unfold((self, demand), |(it, mut demand)| async move {
                demand.changed().await.ok()?;
                let count = demand.borrow_and_update().retry;
                let facts = (0..count).map(|_| Fact::Alive(pods())).collect();
                Some((Batch { cluster: it.0.clone(), at: at(0), facts }, (it, demand)))
            })
            .boxed()
        }
    }
    #[async_trait]
    impl Backend for Listening {
        async fn prepare(&self, intent: Intent) -> Result<Draft, Refusal> {
            Err(Refusal::of(&intent, "no", "no"))
        }
        async fn execute(&self, _: Step) -> Result<Receipt, StepError> {
            Err(StepError::Gone)
        }
        async fn logs(&self, _: LogRequest) -> Result<LogStream, Text> {
            Err("no".into())
        }
        async fn describe(&self, _: Ref, _: Form) -> Result<Vec<Text>, Text> {
            Err("no".into())
        }
    }
    let backend = Arc::new(Listening(cluster()));
    let mut feeds =
        Feeds::start(vec![Target { cluster: cluster(), kind: BackendKind::Docker, backend, beside: Vec::new() }]);
    for retry in [1, 2] {
        // Said twice; a feed that heard both would say two batches, and the next one would not be of the next demand.
        feeds.demand(Demand { retry, ..Demand::default() });
        feeds.demand(Demand { retry, ..Demand::default() });
        let heard = tokio::time::timeout(Duration::from_secs(5), feeds.next()).await;
        assert_eq!(heard.ok().flatten().map(|batch| batch.facts.len() as u64), Some(retry));
        feeds.demand(Demand { retry, ..Demand::default() });
    }
}

/// Does what is meant by one step that names its own cluster, and takes its time the longer the shorter the name.
struct Willing(ClusterId);

impl Feed for Willing {
    fn cluster(&self) -> &ClusterId {
        &self.0
    }

    fn run(self: Arc<Self>, _: watch::Receiver<Demand>) -> BoxStream<'static, Batch> {
        futures::stream::pending().boxed()
    }
}

#[async_trait]
impl Backend for Willing {
    async fn prepare(&self, intent: Intent) -> Result<Draft, Refusal> {
        let key = intent.target().clone();
        match key.name.as_str() {
            "never" => std::future::pending().await,
            name => tokio::time::sleep(Duration::from_millis(1_000 / name.len() as u64)).await,
        }
        let pin = Pin { key: key.clone(), uid: self.0.as_str().into(), seen: Seen::Uid };
        let step = Step { action: StepAction::Restart(key), pin, until: Until::Accepted, timeout_seconds: 1, group: 0 };
        Ok(Draft::new(&intent, vec![step]))
    }

    async fn execute(&self, _: Step) -> Result<Receipt, StepError> {
        Err(StepError::Gone)
    }

    async fn logs(&self, _: LogRequest) -> Result<LogStream, Text> {
        Err("none".into())
    }

    async fn describe(&self, _: Ref, _: Form) -> Result<Vec<Text>, Text> {
        Err("none".into())
    }
}

#[tokio::test(start_paused = true)]
async fn each_part_of_an_intent_is_asked_of_its_own_cluster_and_they_stay_in_order() {
    let target = |name: &str| Target {
        cluster: ClusterId::new(name),
        kind: BackendKind::Kubernetes,
        backend: Arc::new(Willing(ClusterId::new(name))),
        beside: Vec::new(),
    };
    let feeds = Feeds::start(vec![target("prod"), target("eu")]);
    let restart = |raw: &str| Intent::Restart(raw.parse().expect("a ref"));
    let parts = ["prod/shop/Deployment/a", "eu/shop/TaskGroup/charge", "prod/shop/Deployment/worker"].map(restart);
    let asked = |intent: Intent| Asking::of(&feeds, intent).draft();
    let draft = asked(Intent::Several(parts.to_vec())).await.expect("a draft");
    let steps: Vec<(String, &str, u32)> =
        draft.steps.iter().map(|it| (it.pin.key.local(), it.pin.uid.as_str(), it.group)).collect();
    let expected = [("shop/a", "prod", 0), ("shop/charge", "eu", 1), ("shop/worker", "prod", 2)];
    assert_eq!(steps, expected.map(|(name, cluster, group)| (name.to_owned(), cluster, group)));
    let alone = asked(restart("eu/shop/TaskGroup/charge")).await.expect("a draft");
    assert_eq!(alone.intent, restart("eu/shop/TaskGroup/charge"));
    let unwatched = [restart("prod/shop/Deployment/a"), restart("lab/shop/Deployment/b")];
    let refusal = asked(Intent::Several(unwatched.to_vec())).await.expect_err("a refusal");
    assert_eq!(refusal.why, "shop/b (lab): lab is not watched: nothing can be asked of it");
    let slow = [restart("prod/shop/Deployment/a"), restart("eu/shop/TaskGroup/never")];
    let refusal = asked(Intent::Several(slow.to_vec())).await.expect_err("a refusal");
    assert_eq!(refusal.why, "shop/never (eu): no answer within 20 s");
}
