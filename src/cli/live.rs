//! The engine without a screen, for as long as a command needs it.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use crate::app::{Clock, ReplayClock};
use crate::domain::journal::News;
use crate::domain::{ClusterId, Freshness, Ref, Step, Timestamp};
use crate::engine::{Core, Ending, Feeds, Scribe, Unresolved, all, resolve};
use crate::state::View;

use super::failure::Failure;
use super::headless::Tap;
use super::people;
use super::session::Session;

/// Names that are offered where one was mistyped.
const OFFERED: usize = 8;
/// So long is waited for what the journal says first.
const JOURNAL_WITHIN: Duration = Duration::from_secs(8);
/// News of the journal that may wait to be heard.
const NEWS: usize = 8;
/// So long is waited at the end for what is being written.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// The world is looked at at least this often: deadlines and people's patience go by it.
const LOOK: Duration = Duration::from_millis(500);

/// Clusters that are watched, and what is known of them.
pub struct Engine {
    /// The world, what is wrong with it, and the runs.
    pub core: Core,
    /// What learns, and what acts.
    pub feeds: Feeds,
    /// Where what is done is written first.
    pub journal: Scribe,
    news: mpsc::Receiver<News>,
    /// The journal has said something.
    heard: bool,
    ending: Ending,
    clock: Clock,
    tap: Option<Tap>,
    over: bool,
}

impl Engine {
    /// Starts to watch what `target` may be in: where it begins with the name of a cluster, that one alone. Has to be
    /// called within a tokio runtime.
    ///
    /// # Errors
    /// There is nothing to watch; nothing can be recorded; a recording was asked for.
    pub fn start(session: &Session, target: &str) -> Result<Self, Failure> {
        if session.common.replay.is_some() {
            return Err(Failure::usage("a recording is what was: nothing can be done in it").mend("leave --replay out"));
        }
        let live = session.live()?;
        let named = target.split_once('/').map(|(first, _)| first);
        let is_named = |cluster: &ClusterId| named == Some(cluster.as_str());
        let one_is = live.targets.iter().any(|it| is_named(&it.cluster));
        let targets: Vec<_> = live.targets.into_iter().filter(|it| !one_is || is_named(&it.cluster)).collect();
        let clusters: Vec<_> = targets.iter().map(|it| (it.cluster.clone(), it.kind)).collect();
        let speed = session.common.demo_speed;
        let clock = Clock::start(live.stamps.map(|start| ReplayClock { start, speed }));
        let ids: Vec<ClusterId> = clusters.iter().map(|(id, _)| id.clone()).collect();
        let core = Core::new(session.config.diagnosis.clone(), session.guard(), &ids, clock.now());
        let core = core.of(people::person(), people::numbers(session));
        let tap = session.recorder(&clusters)?;
        let (hear, news) = mpsc::channel(NEWS);
        let journal = Scribe::start(people::journal(session), move |news| hear.blocking_send(news).is_ok());
        let (journal, ending) = journal.map_err(|error| Failure::new("no thread for the journal").why(error))?;
        Ok(Self { core, feeds: Feeds::start(targets), journal, news, heard: false, ending, clock, tap, over: false })
    }

    /// Waits until what was handed to the journal is in it.
    pub async fn end(self) {
        let Self { journal, news, ending, .. } = self;
        drop((journal, news));
        ending.wait(LAST_WORDS).await;
    }

    /// The world's time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The world now.
    pub fn view(&self) -> View<'_> {
        self.core.view(self.now())
    }

    /// Learns what comes next, or what time makes of it, and says which steps are to be sent now.
    ///
    /// # Errors
    /// What is learnt cannot be recorded.
    pub async fn next(&mut self) -> Result<Vec<(u64, usize, Step)>, Failure> {
        let due = self.core.next_deadline().map_or(LOOK, |at| self.clock.until(at).min(LOOK));
        if self.over {
            tokio::time::sleep(due).await;
        } else {
            match timeout(due, self.feeds.next()).await {
                Ok(Some(batch)) => self.fold(batch)?,
                Ok(None) => self.over = true,
                Err(_) => {}
            }
        }
        while let Some(batch) = self.feeds.try_next() {
            self.fold(batch)?;
        }
        while let Ok(news) = self.news.try_recv() {
            self.hear(&news);
        }
        let turn = self.core.turn(self.clock.now(), &mut || true);
        self.feeds.demand(self.core.demand(Vec::new(), &BTreeSet::new()));
        Ok(turn.steps)
    }

    fn hear(&mut self, news: &News) {
        self.heard = true;
        news.said.iter().for_each(|said| eprintln!("cockpit: {said}"));
        self.core.hear_journal(news);
    }

    fn fold(&mut self, batch: crate::domain::Batch) -> Result<(), Failure> {
        self.clock.heard(batch.at);
        if let Some(tap) = self.tap.as_mut() {
            tap(&batch).map_err(|why| Failure::new("what was learnt could not be recorded").why(why))?;
        }
        self.core.fold(batch);
        Ok(())
    }

    /// Learns until everything has listed or is in trouble, at most so long.
    ///
    /// # Errors
    /// What is learnt cannot be recorded.
    pub async fn settle(&mut self, within: Duration) -> Result<(), Failure> {
        let end = Instant::now() + within;
        while !self.core.is_settled() && Instant::now() < end && !self.over {
            self.next().await?;
        }
        // Whether what is done can be written down is part of the plan.
        if let Ok(Some(news)) = timeout(JOURNAL_WITHIN, self.first_news()).await {
            self.hear(&news);
        }
        self.core.settle_now(self.clock.now());
        Ok(())
    }

    /// What the journal says first, where it has not said it yet.
    async fn first_news(&mut self) -> Option<News> {
        if std::mem::replace(&mut self.heard, true) { None } else { self.news.recv().await }
    }

    /// What is meant by a name.
    ///
    /// # Errors
    /// Nothing is called that, or several are; what could not be read is named.
    pub fn find(&self, target: &str) -> Result<Ref, Failure> {
        let view = self.view();
        let shown = crate::domain::sanitise(target);
        match resolve(target, &view) {
            Ok(key) => Ok(key),
            Err(Unresolved::Many(keys)) => {
                let more = keys.len().saturating_sub(OFFERED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let names: Vec<String> = keys.iter().take(OFFERED).map(Ref::to_string).collect();
                Err(Failure::usage(format!("`{shown}` may be any of several: {}{more}", names.join(", ")))
                    .mend("say which, as cluster/namespace/kind/name"))
            }
            Err(Unresolved::None) => Err(self.not_found(&shown)),
        }
    }

    fn not_found(&self, target: &str) -> Failure {
        let view = self.view();
        let last = target.rsplit('/').next().unwrap_or(target);
        let near = |key: &Ref| strsim::damerau_levenshtein(&key.name, last) <= 2.max(last.len() / 4);
        let mut near: Vec<String> = all(&view).filter(|key| near(key)).map(Ref::to_string).collect();
        near.sort_unstable();
        near.truncate(OFFERED);
        let unread: Vec<String> = view
            .clusters()
            .filter(|(id, _)| view.freshness(id) != Freshness::Live)
            .map(|(id, _)| format!("not all of {id} could be read"))
            .collect();
        let failure = Failure::usage(format!("there is no `{target}` in what is watched"));
        let failure = if unread.is_empty() { failure } else { failure.why(unread.join(", ")) };
        match near.is_empty() {
            true => failure.mend("`cockpit triage --json` and the lists of the screen have the names"),
            false => failure.mend(format!("did you mean {}?", near.join(", "))),
        }
    }
}
