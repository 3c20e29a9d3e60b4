//! Naming, starting and ending watches, and what they say.

use tokio::sync::OwnedSemaphorePermit;
use tokio::task::{AbortHandle, JoinError};

use super::super::api::Served;
use super::super::failure::Failure;
use super::super::heard::{Heard, Said};
use super::super::kinds::ApiKind;
use super::super::watch::Watch;
use super::fallback::Fallback;
use super::{Cluster, Key};
use crate::domain::{Text, Timestamp, Trouble, TroubleKind};

impl Cluster {
    /// What is to be watched of a kind, before anything is known of rights.
    pub(super) fn keys_of(&self, kind: ApiKind) -> Vec<Key> {
        match kind.namespaced() && !self.target.namespaces.is_empty() {
            true => self.target.namespaces.iter().map(|namespace| (kind, Some(namespace.clone()))).collect(),
            false => vec![(kind, None)],
        }
    }

    /// Makes sources known, so that they are waited for, and lines them up.
    pub(super) fn name(&mut self, keys: Vec<Key>) {
        for key in keys {
            if !self.open.contains_key(&key) {
                self.open.insert(key.clone(), None);
                self.queue.push_back(key.clone());
                self.say(key, Said::Listing(None));
            }
        }
    }

    /// Lets go of sources: their objects leave.
    pub(super) fn close(&mut self, keys: Vec<Key>) {
        for key in keys {
            if let Some(task) = self.open.remove(&key) {
                if let Some(task) = task {
                    task.abort();
                }
                self.queue.retain(|waiting| *waiting != key);
                self.lost.remove(&key);
                self.say(key, Said::Closed);
            }
        }
    }

    /// Begins everything anew, as if nothing had been heard: it is another cluster.
    pub(super) fn restart(&mut self) {
        let keys: Vec<Key> = self.open.keys().cloned().collect();
        let whole: Vec<Key> = keys.iter().filter(|key| self.keys_of(key.0).contains(key)).cloned().collect();
        self.fallback = Fallback::default();
        self.close(keys);
        self.name(whole);
    }

    pub(super) fn may_begin(&self) -> bool {
        self.line.api.is_some() && !self.queue.is_empty()
    }

    pub(super) fn begin_next(&mut self, turn: OwnedSemaphorePermit) {
        let (Some(api), Some(key)) = (self.line.api.clone(), self.queue.pop_front()) else { return };
        let watch = Watch::new(api, key.clone(), self.pace, self.words.clone(), self.nudge.subscribe());
        let task = self.watches.spawn(watch.run(turn));
        self.open.insert(key, Some(task));
    }

    /// A watch ended. Of itself it does so only when nobody listens any more; else the fault is ours, and that is said.
    pub(super) fn ended(&mut self, ended: Result<(), JoinError>) {
        let Err(error) = ended else { return };
        if error.is_cancelled() {
            return;
        }
        tracing::error!(%error, "a watch ended badly");
        for key in self.fallen_silent() {
            let asked = key.0.source(key.1.as_ref());
            let trouble = Trouble {
                kind: TroubleKind::Malformed,
                what: Text::from(format!("cockpit itself failed while it read {asked}")),
                mend: Text::new("report it with the log; it is tried again in some minutes, ctrl-r tries now"),
                since: Timestamp::now(),
                retry_at: None,
            };
            self.say(key, Said::Trouble(trouble));
        }
    }

    /// Lines those up again that ended badly.
    pub(super) fn begin_again(&mut self) {
        for key in self.fallen_silent() {
            self.open.insert(key.clone(), None);
            self.queue.push_back(key);
        }
    }

    fn fallen_silent(&self) -> Vec<Key> {
        let ended = |task: &Option<AbortHandle>| task.as_ref().is_some_and(AbortHandle::is_finished);
        self.open.iter().filter(|(_, task)| ended(task)).map(|(key, _)| key.clone()).collect()
    }

    /// What a watch says, and what follows for the others.
    pub(super) fn hear(&mut self, heard: Heard) {
        let key = (heard.kind, heard.partition.clone());
        if !self.open.contains_key(&key) {
            // The last words of one that was ended.
            return;
        }
        let heard = match heard.said.last() {
            Some(Said::Trouble(trouble)) => {
                let trouble = trouble.clone();
                self.watch_in_trouble(&key, &trouble);
                match trouble.kind {
                    TroubleKind::TooOld if key.0.when().need_not_be_served() => return self.close(vec![key]),
                    TroubleKind::Forbidden if self.may_fall_back(&key) => return self.fall_back(key.0, trouble),
                    TroubleKind::Forbidden if key.0.when().need_not_be_allowed() => return self.leave_out(key),
                    _ if self.is_replaced(&key) => return,
                    _ => heard,
                }
            }
            Some(Said::Alive | Said::Listed) => {
                self.watch_in_order(&key);
                heard
            }
            _ => heard,
        };
        if key.1.is_none() && matches!(heard.said.first(), Some(Said::Listing(_))) {
            self.whole_begins(key.0);
        }
        let complete = matches!(heard.said.last(), Some(Said::Listed));
        self.book.hear(heard, &mut self.facts);
        if complete && key.1.is_none() {
            self.whole_again(key.0);
        }
    }

    fn watch_in_trouble(&mut self, key: &Key, trouble: &Trouble) {
        match trouble.kind {
            TroubleKind::Unauthorized => self.connect_in_time(true),
            TroubleKind::Unreachable => {
                if self.lost.insert(key.clone()) {
                    self.line.doubt();
                }
                self.connect_in_time(false);
            }
            _ => {}
        }
    }

    /// One that was lost is back: the others need not wait out their time.
    fn watch_in_order(&mut self, key: &Key) {
        self.line.works();
        if self.lost.contains(key) {
            self.lost.clear();
            self.nudge_all();
        }
    }

    /// What is watched only where it is served.
    pub(super) fn served(&mut self, outcome: Result<Served, Failure>) {
        let served = match outcome {
            Ok(served) => {
                self.may_measure(served.metrics);
                served.kinds
            }
            Err(failure) => return tracing::info!(%failure, "it is not known what else is served"),
        };
        let gone = self.open.keys().filter(|(kind, _)| kind.when().need_not_be_served() && !served.contains(kind));
        let gone: Vec<Key> = gone.cloned().collect();
        self.close(gone);
        for kind in served {
            if !self.open.keys().any(|(known, _)| *known == kind) && !self.left_out.contains(&kind) {
                let keys = self.keys_of(kind);
                self.name(keys);
            }
        }
    }

    /// Says something of a source in the place of its watch.
    pub(super) fn say(&mut self, (kind, partition): Key, said: Said) {
        let heard = Heard { kind, partition, at: Timestamp::now(), said: vec![said] };
        self.book.hear(heard, &mut self.facts);
    }
}
