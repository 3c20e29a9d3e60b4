//! A place with numbers as a feed: what it tells is read every minute.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::BoxStream;
use tokio::sync::watch;

use crate::domain::{
    Batch, ClusterId, Demand, Fact, Feed, Name, Sample, Source, Text, Timestamp, Trouble, TroubleKind,
};
use crate::reach::feeding;

use super::ask::{Asker, Failure, Place};
use super::exposition::{Point, Reader};
use super::prometheus::{self, Series};
use super::queue::{Consumer, Told};
use super::reading::{self, Reads};
use super::table::Table;

/// What is at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A server that answers queries.
    Prometheus,
    /// The page of an exporter.
    Page,
}

/// A place, and whose numbers it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The cluster that its numbers are of.
    pub cluster: ClusterId,
    /// What it is.
    pub what: What,
    /// Where it is.
    pub place: Place,
    /// Who takes from which queue.
    pub consumers: Vec<Consumer>,
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
        Self { every: Duration::from_secs(60), within: Duration::from_secs(15) }
    }
}

/// What is remembered of the past when it is read for the first time, and how finely, seconds.
const PAST: (i64, u32) = (3600, 60);
/// What an exporter is asked to print.
const FORMATS: &str = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

/// The kind of the source that metrics are.
pub const SOURCE: &str = "metrics";

/// A place that is read.
pub struct Metrics {
    target: Target,
    table: Table,
    pace: Pace,
}

impl Metrics {
    /// Reads `target` from now on, at the usual pace.
    pub fn new(target: Target) -> Arc<Self> {
        Self::paced(target, Pace::default())
    }

    /// The same, at another pace.
    pub fn paced(target: Target, pace: Pace) -> Arc<Self> {
        Arc::new(Self { target, table: Table::built_in(), pace })
    }

    fn source(&self) -> Source {
        Source { kind: Name::new(SOURCE), partition: Some(Name::new(&self.target.place.address)) }
    }
}

impl Feed for Metrics {
    fn cluster(&self) -> &ClusterId {
        &self.target.cluster
    }

    fn run(self: Arc<Self>, demand: watch::Receiver<Demand>) -> BoxStream<'static, Batch> {
        feeding::feed(|out| reading::run(Reading { of: self, asker: None, remembers: false }, demand, out))
    }
}

/// What one reading gave.
struct Read {
    points: Vec<Point>,
    /// Why some of it is missing.
    lacks: Option<Text>,
}

struct Reading {
    of: Arc<Metrics>,
    asker: Option<Asker>,
    /// The past was told.
    remembers: bool,
}

impl Reads for Reading {
    fn cluster(&self) -> &ClusterId {
        &self.of.target.cluster
    }

    fn source(&self) -> Source {
        self.of.source()
    }

    fn every(&self) -> Duration {
        self.of.pace.every
    }

    async fn read(&mut self) -> Vec<Fact> {
        let source = self.of.source();
        match self.numbers().await {
            Ok(read) => self.facts(read, &source).await,
            Err(failure) => {
                // Certificates, tokens and passwords may be other ones by now; and what was missed can be asked for later.
                (self.asker, self.remembers) = (None, false);
                let now = Timestamp::now();
                tracing::info!(place = %self.of.target.place.address, %failure, "no numbers");
                let retry_at = now.checked_add(self.of.pace.every).ok();
                vec![Fact::Trouble(source, failure.trouble(&self.of.target.place.address, now, retry_at))]
            }
        }
    }
}

impl Reading {
    fn asker(&mut self) -> Result<Asker, Failure> {
        if let Some(asker) = &self.asker {
            return Ok(asker.clone());
        }
        let made = Asker::new(&self.of.target.place, self.of.pace.within)?;
        Ok(self.asker.insert(made).clone())
    }

    async fn numbers(&mut self) -> Result<Read, Failure> {
        let asker = self.asker()?;
        match self.of.target.what {
            What::Prometheus => {
                let answer = prometheus::now(&asker, &self.of.table.query()).await?;
                let lacks = answer.warnings.first().map(|first| Text::from(format!("it warns: {first}")));
                Ok(Read { points: answer.value, lacks })
            }
            What::Page => {
                let wanted = self.of.table.wanted();
                let wants = |name: &str| wanted.contains(name);
                let mut reader = Reader::new(&wants);
                asker.pieces(FORMATS, |piece| reader.take(piece)).await?;
                let page = reader.end();
                let lacks = page
                    .first_odd
                    .map(|first| Text::from(format!("{} of its lines cannot be read, the first: {first}", page.odd)));
                Ok(Read { points: page.points, lacks })
            }
        }
    }

    async fn facts(&mut self, read: Read, source: &Source) -> Vec<Fact> {
        let now = Timestamp::now();
        let told = self.told(&read.points, now);
        let mut facts = told.facts(source);
        if !self.remembers {
            self.remembers = true;
            // What was goes before what is.
            let past = self.past(&read.points, now).await.into_iter().map(Fact::Measured);
            let measured = facts.iter().position(|fact| matches!(fact, Fact::Measured(_))).unwrap_or(facts.len());
            facts.splice(measured..measured, past);
        }
        if let Some(lacks) = read.lacks {
            let address = &self.of.target.place.address;
            facts.push(Fact::Trouble(
                source.clone(),
                Trouble {
                    kind: TroubleKind::Gap,
                    what: Text::from(format!("{address}: {lacks}")),
                    mend: Text::new("some of what it knows is missing here: look at it itself"),
                    since: now,
                    retry_at: None,
                },
            ));
        }
        facts
    }

    fn told(&self, points: &[Point], at: Timestamp) -> Told {
        let Target { cluster, consumers, .. } = &self.of.target;
        Told::by(points, &self.of.table, cluster, consumers, at)
    }

    /// What was in the last hour, of what there is now; nothing where that cannot be told: it will be, in an hour.
    async fn past(&mut self, points: &[Point], now: Timestamp) -> Vec<Sample> {
        if self.of.target.what != What::Prometheus || points.is_empty() {
            return Vec::new();
        }
        let (Ok(asker), Ok(from)) = (self.asker(), Timestamp::from_second(now.as_second() - PAST.0)) else {
            return Vec::new();
        };
        let query = self.of.table.query_of(points);
        let answer = match prometheus::past(&asker, &query, from, now, PAST.1).await {
            Ok(answer) => answer,
            Err(failure) => {
                tracing::info!(place = %self.of.target.place.address, %failure, "nothing of the past");
                return Vec::new();
            }
        };
        let by_time = by_time(answer.value);
        by_time.into_iter().flat_map(|(at, points)| self.told(&points, at).samples).collect()
    }
}

/// The numbers of each moment.
fn by_time(all: Vec<Series>) -> BTreeMap<Timestamp, Vec<Point>> {
    let mut by_time: BTreeMap<Timestamp, Vec<Point>> = BTreeMap::new();
    for series in all {
        for (at, value) in series.values {
            let point = Point { name: series.name.clone(), labels: series.labels.clone(), value, at: Some(at) };
            by_time.entry(at).or_default().push(point);
        }
    }
    by_time
}
