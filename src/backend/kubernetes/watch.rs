//! The list-and-watch of one kind, everywhere or in one namespace: it lists in pages, follows from there, and begins again
//! where that breaks, without listing afresh what it need not.

mod follow;
mod list;
mod row;
mod suspects;

use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, mpsc, watch as channel};
use tokio::time::Instant;

use crate::domain::{Name, Timestamp};

use super::api::Api;
use super::failure::Failure;
use super::heard::{Heard, Said};
use super::kinds::ApiKind;
use super::pace::Pace;
use row::Row;

pub(super) use row::backed_off;

/// A word of a failure that may pass is held back while the next try is this near.
const SOON: Duration = Duration::from_secs(2);

/// Wishes that everybody who waits tries again, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Nudge {
    /// Of any kind.
    pub(super) all: u64,
    /// Of which a person's own.
    pub(super) by_person: u64,
}

/// One list-and-watch.
pub(super) struct Watch {
    api: Api,
    kind: ApiKind,
    partition: Option<Name>,
    pace: Pace,
    out: mpsc::Sender<Heard>,
    /// Changes when everybody who waits is to try again at once.
    nudge: channel::Receiver<Nudge>,
    /// A place among those that list for the first time; given back when that has come to something.
    turn: Option<OwnedSemaphorePermit>,
    /// The version up to which everything was told; none: everything has to be listed.
    version: Option<String>,
    row: Row,
    /// May be listed and not watched: until then it is listed now and then, and after it watching is tried again.
    listed_until: Option<Instant>,
    /// How many times the usual size a page is: the server forgot the listing before its last page.
    wide: u32,
    /// The last watch ended before it said anything: that the next one begins says little.
    doubtful: bool,
    /// A watch has begun once: it is allowed.
    proven: bool,
    /// Watches in a row that said nothing at all.
    silent: u32,
    /// When it was last said that all is well.
    alive: Instant,
}

/// Why it does not go on.
enum End {
    /// Nobody listens any more.
    Nobody,
    /// Something failed.
    Failed(Failure),
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        End::Failed(failure)
    }
}

impl Watch {
    pub(super) fn new(
        api: Api,
        (kind, partition): (ApiKind, Option<Name>),
        pace: Pace,
        out: mpsc::Sender<Heard>,
        nudge: channel::Receiver<Nudge>,
    ) -> Self {
        Self {
            api,
            kind,
            partition,
            pace,
            out,
            nudge,
            turn: None,
            version: None,
            row: Row::default(),
            listed_until: None,
            wide: 1,
            doubtful: false,
            proven: false,
            silent: 0,
            alive: Instant::now(),
        }
    }

    /// Watches until nobody listens any more. `turn` is given back once the first listing is complete, or in trouble.
    pub(super) async fn run(mut self, turn: OwnedSemaphorePermit) {
        self.turn = Some(turn);
        loop {
            self.nudge.mark_unchanged();
            let end = self.step().await;
            let goes_on = match end {
                Ok(()) => true,
                Err(End::Nobody) => false,
                Err(End::Failed(failure)) => self.failed(failure.of_kind()).await,
            };
            if !goes_on {
                return;
            }
        }
    }

    async fn step(&mut self) -> Result<(), End> {
        let Some(version) = self.version.clone() else { return self.list().await };
        if self.listed_until.is_some_and(|until| Instant::now() < until) {
            self.version = None;
            return match self.pause(self.pace.list_every).await {
                true => Ok(()),
                false => Err(End::Nobody),
            };
        }
        self.follow(&version).await
    }

    /// Says what failed, unless it may pass, and waits until the next try. False when nobody listens any more.
    async fn failed(&mut self, failure: Failure) -> bool {
        let denied = failure.is_forbidden() || matches!(failure, Failure::TooOld(_));
        if let (true, true, Some(wait)) = (denied, self.proven, self.row.forgives(&self.pace)) {
            return self.pause(wait).await;
        }
        if self.version.is_some() && (failure.is_forbidden() || failure.is_unsupported()) {
            tracing::info!(kind = self.kind.plural(), partition = ?self.partition, %failure, "listed, not watched");
            self.listed_until = Some(Instant::now() + self.pace.rights_every);
            return true;
        }
        let wait = self.row.next(&failure, &self.pace);
        tracing::debug!(kind = self.kind.plural(), partition = ?self.partition, %failure, ?wait, "failed");
        // What came after the version that is held cannot be had, or not be read.
        if matches!(failure, Failure::Gone(_) | Failure::Malformed(_)) || self.row.keeps_failing_at_once() {
            self.version = None;
        }
        if (self.row.is_long() || !failure.may_pass() || wait > SOON) && self.tell(&failure, wait).await.is_err() {
            return false;
        }
        match failure.retry_after() {
            Some(_) => self.pause_as_told(wait).await,
            None => self.pause(wait).await,
        }
    }

    async fn tell(&mut self, failure: &Failure, wait: Duration) -> Result<(), End> {
        self.turn = None;
        let asked = self.kind.source(self.partition.as_ref()).to_string();
        let now = Timestamp::now();
        let trouble = failure.trouble(&self.api.address(), &asked, now, now.checked_add(wait).ok());
        self.say(vec![Said::Trouble(trouble)]).await
    }

    /// Waits, unless everybody is to try again. False when nobody listens any more.
    async fn pause(&mut self, wait: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            changed = self.nudge.changed() => changed.is_ok(),
            () = self.out.closed() => false,
        }
    }

    /// Waits as long as a busy server asks for: only a person cuts that short. False when nobody listens any more.
    async fn pause_as_told(&mut self, wait: Duration) -> bool {
        let end = Instant::now() + wait;
        let before = self.nudge.borrow().by_person;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if !self.pause(left).await {
                return false;
            }
            if end <= Instant::now() || self.nudge.borrow().by_person != before {
                return true;
            }
        }
    }

    async fn say(&self, said: Vec<Said>) -> Result<(), End> {
        let heard = Heard { kind: self.kind, partition: self.partition.clone(), at: Timestamp::now(), said };
        self.out.send(heard).await.map_err(|_| End::Nobody)
    }
}
