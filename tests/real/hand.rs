//! A hand on a real engine, by the library alone: intents become plans, plans become runs, and runs are followed by what the
//! real feed says until the world shows them done.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cockpit::action::{Guard, RunBook, plan};
use cockpit::backend::docker::{Docker, Endpoint, Surroundings, Target};
use cockpit::domain::{
    Attach, Attached, Backend, Batch, ClusterId, Demand, Draft, Feed, Freshness, Intent, LineKind, Outcome, Plan,
    Receipt, Ref, Refusal, Run, StepError, Timestamp,
};
use cockpit::state::{View, World};
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

use crate::servers::{Engine, compose_dir};

/// Longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(150);

/// Somebody who acts on one engine, called `local`.
pub struct Hand {
    runtime: Runtime,
    docker: Arc<Docker>,
    _demand: watch::Sender<Demand>,
    feed: BoxStream<'static, Batch>,
    world: World,
    book: RunBook,
}

impl Hand {
    /// On an engine, with the compose command on the path.
    pub fn on(engine: &Engine) -> Self {
        Self::with(engine, false)
    }

    /// On an engine that is watched read-only.
    pub fn read_only(engine: &Engine) -> Self {
        Self::with(engine, true)
    }

    fn with(engine: &Engine, read_only: bool) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let path = format!("{}:/usr/bin:/bin", compose_dir().display());
        let env = BTreeMap::from([("PATH".to_owned(), path), ("HOME".to_owned(), engine.dir().display().to_string())]);
        let target = Target {
            name: ClusterId::new("local"),
            endpoint: Endpoint::Unix(engine.socket()),
            how: "a test".into(),
            read_only,
            surroundings: Surroundings(env),
        };
        let docker = Docker::new(target).expect("a way to the engine");
        let (demand, wanted) = watch::channel(Demand::default());
        let within = runtime.enter();
        let feed = Arc::clone(&docker).run(wanted);
        drop(within);
        let mut hand =
            Self { runtime, docker, _demand: demand, feed, world: World::default(), book: RunBook::default() };
        hand.until("everything is live", |view| {
            let cluster = ClusterId::new("local");
            view.sources(&cluster).count() >= 3 && view.freshness(&cluster) == Freshness::Live
        });
        hand
    }

    /// What is seen now.
    pub fn view(&self) -> View<'_> {
        self.world.view(Timestamp::now())
    }

    /// Takes in what the feed says until it is so.
    #[track_caller]
    pub fn until(&mut self, what: &str, is_so: impl Fn(&View<'_>) -> bool) {
        let began = Instant::now();
        while !is_so(&self.view()) {
            assert!(began.elapsed() < LIMIT, "never: {what}\n{:#?}", self.world.snapshot(Timestamp::now()));
            self.listen(Duration::from_millis(200));
        }
    }

    fn listen(&mut self, within: Duration) {
        let next = self.runtime.block_on(async { tokio::time::timeout(within, self.feed.next()).await });
        if let Ok(batch) = next {
            self.world.fold(batch.expect("a feed never ends"));
        }
    }

    /// How an intent would be done.
    pub fn prepare(&self, intent: &Intent) -> Result<Draft, Refusal> {
        self.runtime.block_on(self.docker.prepare(intent.clone()))
    }

    /// Does the one step of an intent that was prepared before, without a plan around it.
    pub fn execute(&self, draft: &Draft) -> Result<Receipt, StepError> {
        self.runtime.block_on(self.docker.execute(draft.steps[0].clone()))
    }

    /// Begins a process that would have a terminal.
    pub fn attach(&self, attach: Attach) -> Result<Attached, StepError> {
        self.runtime.block_on(self.docker.attach(attach))
    }

    /// The plan for an intent that has to be possible.
    #[track_caller]
    pub fn plan(&self, intent: &Intent) -> Plan {
        let draft = self.prepare(intent).unwrap_or_else(|refusal| panic!("{refusal}; {}", refusal.mend));
        plan(intent, &self.view(), draft, &Guard::default()).unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    /// Carries a plan out, and follows it to its end by what the feed says.
    #[track_caller]
    pub fn run(&mut self, plan: Plan) -> Run {
        let began = Instant::now();
        let (answers, mut answered) = mpsc::channel(16);
        let (id, mut asked) = self.book.start(plan, &self.world.view(Timestamp::now()));
        loop {
            for (id, ix, step) in asked.drain(..) {
                let (docker, answers) = (Arc::clone(&self.docker), answers.clone());
                self.runtime.spawn(async move {
                    let answer = docker.execute(step).await;
                    // Nobody listens any more where the run has ended.
                    let _ = answers.send((id, ix, answer)).await;
                });
            }
            let run = self.book.run(id).expect("a run");
            if run.outcome.is_some() {
                return run.clone();
            }
            assert!(
                began.elapsed() < LIMIT,
                "it does not end: {:#?}\n{:#?}",
                run.steps,
                self.world.snapshot(Timestamp::now())
            );
            self.listen(Duration::from_millis(50));
            let view = self.world.view(Timestamp::now());
            while let Ok((id, ix, answer)) = answered.try_recv() {
                asked.extend(self.book.answer(id, ix, answer, &view));
            }
            asked.extend(self.book.look(&view));
        }
    }

    /// Does it, to its good end.
    #[track_caller]
    pub fn does(&mut self, intent: &Intent) -> Run {
        let run = self.run(self.plan(intent));
        let well = matches!(run.outcome, Some((_, Outcome::Done)));
        assert!(well, "{intent:?}: {:#?}\n{:#?}", run.steps, self.world.snapshot(Timestamp::now()));
        run
    }

    /// It is refused, for a reason that has these words, with something to do in its place.
    #[track_caller]
    pub fn refuses(&self, intent: &Intent, words: &str) {
        match self.prepare(intent) {
            Ok(draft) => panic!("{intent:?} is not refused: {:#?}", draft.steps),
            Err(refusal) => {
                let said = format!("{refusal}; {}", refusal.mend);
                assert!(said.to_lowercase().contains(&words.to_lowercase()) && !refusal.mend.is_empty(), "{said}");
            }
        }
    }
}

/// Whether a draft says so, in lines of this kind.
pub fn says(draft: &Draft, kind: LineKind, words: &str) -> bool {
    draft.notes.iter().any(|line| line.kind == kind && line.text.contains(words))
}

/// `namespace/kind/name` in the cluster `local`.
pub fn key_of(key: &str) -> Ref {
    format!("local/{key}").parse().expect("a ref")
}
