//! The alerts of a cluster as a feed: read every half minute, from every place that tells of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use futures::stream::BoxStream;
use tokio::sync::{Notify, watch};

use super::joined::{Said, alerts, is_part_of};
use super::manager;
use super::raised::{Labels, Raised, is_watchdog};
use super::rules::{Rules, rules};
use crate::domain::{
    Alert, AlertState, BackendKind, Batch, ClusterId, Demand, Fact, Feed, Object, Ref, Source, Text, Timestamp,
    Trouble, TroubleKind,
};
use crate::metrics::ask::{Asker, Failure, Place};
use crate::metrics::reading::{self, Reads};
use crate::reach::feeding;

/// Who tells of alerts, and of which cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The cluster.
    pub cluster: ClusterId,
    /// What it is: that says which labels name its objects.
    pub kind: BackendKind,
    /// Servers with rules: Prometheus, Thanos, Mimir.
    pub rules: Vec<Place>,
    /// Alertmanagers; those that are one cluster tell the same.
    pub managers: Vec<Place>,
}

/// By when it asks, and how long it waits.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// From one reading to the next.
    pub every: Duration,
    /// An answer that is not there by then is none.
    pub within: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { every: Duration::from_secs(30), within: Duration::from_secs(15) }
    }
}

/// The kind of the source that alerts are.
pub const SOURCE: &str = "alerts";

/// Alerts that are read.
pub struct Alerts {
    target: Target,
    pace: Pace,
    /// What tells each alert from others, by its key: as it was read last.
    labels: watch::Sender<BTreeMap<Ref, Labels>>,
    /// Something was changed there.
    again: Notify,
}

impl Alerts {
    /// Reads those of `target` from now on, at the usual pace.
    pub fn new(target: Target) -> Arc<Self> {
        Self::paced(target, Pace::default())
    }

    /// The same, at another pace.
    pub fn paced(target: Target, pace: Pace) -> Arc<Self> {
        Arc::new(Self { target, pace, labels: watch::Sender::default(), again: Notify::new() })
    }

    /// What tells an alert from others, as it was read last; none where it was not told of.
    pub(super) fn labels(&self, key: &Ref) -> Option<Labels> {
        self.labels.borrow().get(key).cloned()
    }

    /// The Alertmanagers.
    pub(super) fn managers(&self) -> &[Place] {
        &self.target.managers
    }

    /// How long an answer is waited for.
    pub(super) const fn within(&self) -> Duration {
        self.pace.within
    }

    /// Reads before its time.
    pub(super) fn read_now(&self) {
        self.again.notify_one();
    }
}

impl Feed for Alerts {
    fn cluster(&self) -> &ClusterId {
        &self.target.cluster
    }

    fn run(self: Arc<Self>, demand: watch::Receiver<Demand>) -> BoxStream<'static, Batch> {
        feeding::feed(|out| reading::run(Reading::new(self), demand, out))
    }
}

struct Reading {
    of: Arc<Alerts>,
    /// By address.
    askers: BTreeMap<String, Asker>,
    /// What each Prometheus said last, by address: what Alertmanager goes on telling of it keeps its name.
    rules: BTreeMap<String, Rules>,
    /// What Alertmanager said last; none before it answered for the first time.
    told: Option<Vec<Raised>>,
    had_watchdog: bool,
}

/// Who is to be asked: the address, and how.
type ToAsk = Vec<(String, Result<Asker, Failure>)>;
/// What came of it.
type Answers<T> = Vec<(String, Result<T, Failure>)>;

async fn ask_all<T, F>(all: ToAsk, ask: impl Fn(Asker) -> F) -> Answers<T>
where
    F: Future<Output = Result<T, Failure>>,
{
    let asked = all.into_iter().map(|(address, asker)| {
        let asking = asker.map(&ask);
        async move {
            let answer = match asking {
                Ok(asking) => asking.await,
                Err(failure) => Err(failure),
            };
            (address, answer)
        }
    });
    join_all(asked).await
}

/// A server that has no rules at all does not know the question.
async fn rules_of(asker: Asker) -> Result<Rules, Failure> {
    match rules(&asker).await {
        Err(Failure::Refused { status: 404, .. }) => Ok(Rules::default()),
        read => read,
    }
}

impl Reads for Reading {
    fn cluster(&self) -> &ClusterId {
        &self.of.target.cluster
    }

    fn source(&self) -> Source {
        Source::of(SOURCE)
    }

    fn every(&self) -> Duration {
        self.of.pace.every
    }

    async fn asked(&self) {
        self.of.again.notified().await;
    }

    async fn read(&mut self) -> Vec<Fact> {
        let of = Arc::clone(&self.of);
        let (servers, managers) = (self.askers_of(&of.target.rules), self.askers_of(&of.target.managers));
        let told = ask_all(managers, async |asker| manager::alerts(&asker).await);
        let (rules, told) = futures::join!(ask_all(servers, rules_of), told);
        self.facts(rules, told, Timestamp::now())
    }
}

impl Reading {
    fn new(of: Arc<Alerts>) -> Self {
        Self { of, askers: BTreeMap::new(), rules: BTreeMap::new(), told: None, had_watchdog: false }
    }

    fn askers_of(&mut self, places: &[Place]) -> ToAsk {
        let within = self.of.pace.within;
        let mut asker = |place: &Place| {
            if let Some(known) = self.askers.get(&place.address) {
                return Ok(known.clone());
            }
            let made = Asker::new(place, within)?;
            self.askers.insert(place.address.clone(), made.clone());
            Ok(made)
        };
        places.iter().map(|place| (place.address.clone(), asker(place))).collect()
    }

    fn facts(&mut self, rules: Answers<Rules>, told: Answers<Vec<Raised>>, now: Timestamp) -> Vec<Fact> {
        let mut lost = Vec::new();
        let rules = self.answered(rules, &mut lost);
        let told = self.answered(told, &mut lost);
        let source = Source::of(SOURCE);
        if rules.is_empty() && told.is_empty() {
            let retry_at = now.checked_add(self.of.pace.every).ok();
            let first = lost.into_iter().next();
            let trouble =
                first.map(|(address, failure)| Fact::Trouble(source, failure.trouble(&address, now, retry_at)));
            return trouble.into_iter().collect();
        }
        let mut lacks: Vec<String> = lost.iter().map(|(address, failure)| format!("{address}: {failure}")).collect();
        lacks.extend(rules.iter().filter_map(|(address, rules)| {
            let (count, first) = rules.broken.as_ref()?;
            Some(format!("{address}: {count} of its rules cannot be evaluated, the first: {first}"))
        }));
        let said = self.said(rules, told, now);
        let Target { cluster, kind, .. } = &self.of.target;
        let all = alerts(&said, *kind, cluster, now);
        let count = u32::try_from(all.len()).ok();
        let (all, labels): (Vec<Alert>, Vec<Labels>) = all.into_iter().unzip();
        self.of.labels.send_replace(all.iter().map(|it| it.key.clone()).zip(labels).collect());
        let put = all.into_iter().map(|alert| Fact::Put(source.clone(), Object::Alert(Box::new(alert))));
        let mut facts = vec![Fact::Listing(source.clone(), count)];
        facts.extend(put);
        facts.push(Fact::Listed(source.clone()));
        facts.extend(gap(lacks, now).map(|trouble| Fact::Trouble(source, trouble)));
        facts
    }

    /// Those that answered. Of the others certificates, tokens and passwords may be other ones next time.
    fn answered<T>(&mut self, all: Answers<T>, lost: &mut Vec<(String, Failure)>) -> Vec<(String, T)> {
        let mut read = Vec::new();
        for (address, answer) in all {
            match answer {
                Ok(answer) => read.push((address, answer)),
                Err(failure) => {
                    tracing::info!(place = %address, %failure, "no alerts");
                    self.askers.remove(&address);
                    lost.push((address, failure));
                }
            }
        }
        read
    }

    fn said(&mut self, rules: Vec<(String, Rules)>, told: Vec<(String, Vec<Raised>)>, now: Timestamp) -> Said {
        let is_fresh = !told.is_empty();
        let had_watchdog = self.had_watchdog;
        if is_fresh {
            let told: Vec<Raised> = told.into_iter().flat_map(|(_, told)| told).collect();
            self.had_watchdog |= told.iter().any(|it| is_watchdog(&it.title()));
            self.told = Some(told);
        } else if let Some(told) = &mut self.told {
            // A silence ends without a word.
            let is_over = |it: &Raised| it.silence.as_ref().and_then(|it| it.until).is_some_and(|until| until <= now);
            told.retain(|it| !is_over(it));
        }
        let rules = self.rules_now(rules);
        Said { rules, told: self.told.clone(), is_fresh, had_watchdog }
    }

    /// What each Prometheus says; of one that does not, what Alertmanager still tells.
    fn rules_now(&mut self, answered: Vec<(String, Rules)>) -> Vec<Rules> {
        let told = self.told.as_deref().unwrap_or_default();
        let silent = self.rules.iter_mut().filter(|(address, _)| !answered.iter().any(|(it, _)| it == *address));
        for (_, rules) in silent {
            (rules.watchdog, rules.broken) = (None, None);
            rules.raised.retain(|it| it.state == AlertState::Firing && told.iter().any(|told| is_part_of(it, told)));
        }
        self.rules.extend(answered);
        self.rules.values().cloned().collect()
    }
}

/// Some of it is missing.
fn gap(lacks: Vec<String>, now: Timestamp) -> Option<Trouble> {
    let more = lacks.len().saturating_sub(1);
    let first = lacks.into_iter().next()?;
    let what = if more == 0 { first } else { format!("{first} (and {more} more)") };
    let mend = Text::new("what fires may be missing here, or be silenced: look there");
    Some(Trouble { kind: TroubleKind::Gap, what: Text::from(what), mend, since: now, retry_at: None })
}
