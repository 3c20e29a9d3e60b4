//! The task that owns the book of one cluster: it connects, starts the watches, joins what they say and sends it on. It
//! lives as long as somebody listens; a connection that is lost or renewed does not end a watch.

mod connection;
mod fallback;
mod hello;
mod readable;
mod sources;
mod usage;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, watch as channel};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use crate::domain::{Batch, Demand, Fact, Name, Rights, Source, Text, Timestamp};

use super::api::Served;
use super::ask::{Link, Question};
use super::book::Book;
use super::failure::Failure;
use super::heard::{Heard, Said};
use super::kinds::ApiKind;
use super::pace::Pace;
use super::target::Target;
use super::usage::Measured;
use super::wants::{self, Told, Wants};
use super::watch::Nudge;
use connection::Line;
use fallback::Fallback;
use hello::{Hello, Lost};
use readable::Readable;
use usage::Usage;

/// Facts of one batch at most.
const BATCH: usize = 512;
/// Words of watches on their way at most; each may be a page.
const WORDS: usize = 2;
/// Kinds that list for the first time at once. Each watch is a connection of its own after that: HTTP/1.1 has no other way.
const TURNS: usize = 6;

/// What is watched: a kind, everywhere or in one namespace.
type Key = (ApiKind, Option<Name>);

/// Watches until nobody listens any more. `link` is the way by which a person's questions go: it is handed the connection.
pub(super) async fn run(
    target: Target,
    pace: Pace,
    link: Arc<Link>,
    demand: channel::Receiver<Demand>,
    out: mpsc::Sender<Batch>,
) {
    Cluster::new(target, pace, link, demand, out).run().await;
}

/// What came of something that was asked for.
enum Done {
    Connected(Box<Result<Hello, Lost>>),
    Answered(Result<Text, Failure>),
    Served(Result<Served, Failure>),
    Measured(Box<Measured>),
    Allowed(Rights),
    Certificates {
        /// When ours ends, where a person has to renew it.
        login: Option<Timestamp>,
        /// From when until when the server's is good, where it was seen.
        server: Option<(Timestamp, Timestamp)>,
    },
    Readable(Readable),
    Told(Told),
}

/// One cluster and the watches over it.
struct Cluster {
    target: Target,
    pace: Pace,
    demand: channel::Receiver<Demand>,
    /// Counts up with the person's wish to try again.
    retry: u64,
    out: mpsc::Sender<Batch>,
    book: Book,
    facts: Vec<Fact>,
    line: Line,
    /// What is watched, with its task once that has begun.
    open: BTreeMap<Key, Option<AbortHandle>>,
    /// What waits for its first listing.
    queue: VecDeque<Key>,
    turns: Arc<Semaphore>,
    watches: JoinSet<()>,
    words: mpsc::Sender<Heard>,
    heard: mpsc::Receiver<Heard>,
    nudge: channel::Sender<Nudge>,
    /// What cannot be reached.
    lost: BTreeSet<Key>,
    fallback: Fallback,
    jobs: JoinSet<Done>,
    link: Arc<Link>,
    /// What somebody who is about to act wants to know of all pods.
    questions: mpsc::Receiver<Question>,
    wants: Wants,
    usage: Usage,
    /// What may be done, as it was last told.
    rights: Rights,
    /// Kinds that are not watched because they may not be read, and need not be.
    left_out: BTreeSet<ApiKind>,
}

impl Cluster {
    fn new(
        target: Target,
        pace: Pace,
        link: Arc<Link>,
        demand: channel::Receiver<Demand>,
        out: mpsc::Sender<Batch>,
    ) -> Self {
        let (words, heard) = mpsc::channel(WORDS);
        let retry = demand.borrow().retry;
        let (asks, questions) = mpsc::channel(1);
        link.answered_by(asks);
        Self {
            book: Book::new(target.name.clone()),
            retry,
            target,
            pace,
            demand,
            out,
            facts: Vec::new(),
            line: Line::default(),
            open: BTreeMap::new(),
            queue: VecDeque::new(),
            turns: Arc::new(Semaphore::new(TURNS)),
            watches: JoinSet::new(),
            words,
            heard,
            nudge: channel::Sender::new(Nudge::default()),
            lost: BTreeSet::new(),
            fallback: Fallback::default(),
            jobs: JoinSet::new(),
            link,
            questions,
            wants: Wants::default(),
            usage: Usage::default(),
            rights: Rights::default(),
            left_out: BTreeSet::new(),
        }
    }

    async fn run(mut self) {
        self.allowed(Rights::default());
        // Each source is named before the first is complete: else the first would pass for all that there is.
        self.facts.push(Fact::Listing(source(), None));
        let kinds = ApiKind::ALL.iter().filter(|kind| !kind.when().need_not_be_served());
        let keys: Vec<Key> = kinds.flat_map(|kind| self.keys_of(*kind)).collect();
        self.name(keys);
        self.connect();
        let mut asked = true;
        while !self.out.is_closed() {
            self.flush().await;
            let next = [self.line.next(), self.usage.due()].into_iter().flatten().min();
            let next = next.unwrap_or_else(|| Instant::now() + self.pace.rights_every);
            let turns = Arc::clone(&self.turns);
            tokio::select! {
                () = self.out.closed() => return,
                Some(heard) = self.heard.recv() => self.hear(heard),
                Some(done) = self.jobs.join_next() => self.done(done),
                Some(Question { node, answer }) = self.questions.recv() => {
                    // Who asked may have given up meanwhile.
                    let _ = answer.send(self.book.census(&node));
                }
                Some(ended) = self.watches.join_next() => self.ended(ended),
                Ok(turn) = turns.acquire_owned(), if self.may_begin() => self.begin_next(turn),
                changed = self.demand.changed(), if asked => match changed {
                    Ok(()) => self.demanded(),
                    Err(_) => asked = false,
                },
                () = tokio::time::sleep_until(next) => self.due(),
            }
        }
    }

    fn done(&mut self, done: Result<Done, tokio::task::JoinError>) {
        match done {
            Ok(Done::Connected(outcome)) => self.connected(*outcome),
            Ok(Done::Answered(outcome)) => self.answered(outcome),
            Ok(Done::Served(outcome)) => self.served(outcome),
            Ok(Done::Measured(measured)) => self.measured(*measured),
            Ok(Done::Allowed(rights)) => self.allowed(rights),
            Ok(Done::Certificates { login, server }) => self.certificates(login, server),
            Ok(Done::Readable(readable)) => self.readable(readable),
            Ok(Done::Told(told)) => {
                self.wants.done(&told);
                self.facts.push(Fact::Answered(told.want, told.answer));
                self.fetch();
            }
            // A panic of ours: what it was to bring is asked for again in time.
            Err(error) => tracing::error!(%error, "a task ended badly"),
        }
    }

    fn allowed(&mut self, rights: Rights) {
        self.rights = rights;
        self.tell_rights();
    }

    fn tell_rights(&mut self) {
        let read_only = self.target.read_only.then(|| Text::new("this cluster is watched read-only"));
        let unread = self.left_out.iter().map(|kind| Text::from(format!("list {}", kind.plural())));
        let unread = unread.chain(self.usage.denied());
        let denied = self.rights.denied.iter().cloned().chain(unread).collect();
        self.facts.push(Fact::Allowed(Rights { read_only, denied, within: self.rights.within.clone() }));
    }

    /// Goes without a kind that may not be read and need not be: it is no trouble, and is named among what is denied.
    fn leave_out(&mut self, key: Key) {
        if self.left_out.insert(key.0) {
            self.tell_rights();
        }
        self.close(vec![key]);
    }

    /// Reads what findings ask for, as much of it as may be read at once.
    fn fetch(&mut self) {
        let wanted = self.wants.next(&self.demand.borrow(), &self.target.name);
        for want in wanted {
            let link = Arc::clone(&self.link);
            self.jobs.spawn(async move { Done::Told(wants::read(&*link, want).await) });
        }
    }

    /// What may be done in namespaces is asked again, where somebody still wants to know.
    fn ask_rights_again(&mut self) {
        self.wants.review_again();
        self.fetch();
    }

    /// The server is there: what was asked while it was not is asked again.
    fn fetch_again(&mut self) {
        self.wants.again();
        self.fetch();
    }

    /// Something else is wanted; perhaps that what is in trouble is tried at once.
    fn demanded(&mut self) {
        let retry = self.demand.borrow_and_update().retry;
        self.fetch();
        self.measure_sooner();
        if std::mem::replace(&mut self.retry, retry) == retry {
            return;
        }
        if self.line.api.is_none() || self.line.in_trouble() || !self.lost.is_empty() {
            self.connect();
        }
        self.look();
        self.nudge.send_modify(|nudge| nudge.by_person += 1);
        self.nudge_all();
    }

    /// Everybody who waits tries again.
    fn nudge_all(&mut self) {
        self.nudge.send_modify(|nudge| nudge.all += 1);
        self.fetch_again();
    }

    /// Sends what there is to say. Waits for room, and the watches wait with it. Words that are here already go along.
    async fn flush(&mut self) {
        while self.facts.len() < BATCH {
            match self.heard.try_recv() {
                Ok(heard) => self.hear(heard),
                Err(_) => break,
            }
        }
        let mut facts = std::mem::take(&mut self.facts);
        while !facts.is_empty() {
            let rest = if facts.len() > BATCH { facts.split_off(BATCH) } else { Vec::new() };
            let batch = Batch { cluster: self.target.name.clone(), at: Timestamp::now(), facts };
            // Nobody listens any more: `run` sees it.
            let _ = self.out.send(batch).await;
            facts = rest;
        }
    }
}

/// The source that tells of the cluster itself.
fn source() -> Source {
    Source::of("cluster")
}
