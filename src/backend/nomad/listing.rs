//! Reading a region: what is listed of each part, in which order, and what is told where it may not be read or is old.

use std::collections::BTreeSet;

use crate::domain::{Fact, Name, Origin, Source, Timestamp};

use super::api::{Answer, Api};
use super::blocking::{self, Pages};
use super::failure::Failure;
use super::lag::Lag;
use super::parts::{self, PARTED, Part, Parts, WHOLE};
use super::strand::{From, Strands};
use super::watch::{Watch, read_jobs};
use super::wire::{Deployment, Evaluation, JobStub, Node};

impl Watch {
    /// Listens to what there is: all of it by one stream, or each namespace that may be read by its own. A stream of all
    /// takes the right in each namespace that there is.
    pub(super) async fn listen(&mut self, api: &Api, index: u64) -> Result<Strands, Failure> {
        let from = From { index, nodes: !self.denied.contains(&Part::ALL.source("nodes")) };
        let strands = Strands::open(api, &self.parts.asked, from, self.pace).await?;
        if self.parts.named || !strands.all_refused() {
            return Ok(strands);
        }
        let names = parts::seen(api).await?;
        let whole = parts::lists_all(api).await?;
        if whole && (names.is_empty() || names.len() > parts::MOST) {
            self.divide(Parts { asked: vec![Part::ALL], named: false, left_out: 0 });
            return Ok(strands);
        }
        drop(strands);
        self.divide(Parts::seen(&names));
        let each = Strands::open(api, &self.parts.asked, from, self.pace).await?;
        if !whole || !each.all_refused() {
            return Ok(each);
        }
        // No stream at all is granted here: then one list of all is asked for, not one of each.
        drop(each);
        self.divide(Parts { asked: vec![Part::ALL], named: false, left_out: 0 });
        Strands::open(api, &self.parts.asked, from, self.pace).await
    }

    /// Asks for other parts from now on. Those that are left are closed when the new ones are listed.
    fn divide(&mut self, parts: Parts) {
        if self.parts == parts {
            return;
        }
        tracing::info!(region = %self.target.address, ?parts, "asked for in other parts");
        let before = parts::sources(&self.parts.asked);
        self.parts = parts;
        self.book.parted = !self.parts.is_whole();
        let now = parts::sources(&self.parts.asked);
        let new = now.iter().filter(|source| !before.contains(source)).cloned();
        new.for_each(|source| self.book.tell(Fact::Listing(source, None)));
        self.left.extend(before.into_iter().filter(|source| !now.contains(source)));
        self.left.retain(|source| !now.contains(source));
    }

    /// Whether the token sees other namespaces by now than those that are asked for.
    async fn sees_others(&mut self, api: &Api) -> Result<bool, Failure> {
        if self.parts.named || self.parts.is_whole() {
            return Ok(false);
        }
        let names: Vec<Name> = parts::seen(api).await?;
        Ok(Parts::seen(&names) != self.parts)
    }

    /// Lists everything anew: what was garbage-collected is told by no event.
    pub(super) async fn list_all(&mut self, api: &Api) -> Result<(), Failure> {
        if self.sees_others(api).await? {
            self.parts = Parts::new(&self.target);
            return Err(Failure::Again("the rights of the token have changed"));
        }
        self.nodes(api).await?;
        for part in self.parts.asked.clone() {
            self.list(api, &part).await?;
        }
        Ok(())
    }

    /// What came of reading a source: nothing, where it may not be read.
    fn allowed<T>(&mut self, source: &Source, read: Result<Answer<T>, Failure>) -> Result<Option<Answer<T>>, Failure> {
        match read {
            Ok(answer) => {
                self.denied.remove(source);
                self.note(answer.lag);
                Ok(Some(answer))
            }
            Err(failure) if failure.is_denied() => {
                self.deny(source, &failure);
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    pub(super) fn deny(&mut self, source: &Source, failure: &Failure) {
        self.denied.insert(source.clone());
        let trouble = failure.trouble(&self.target.address, &parts::policy(source), Timestamp::now(), None);
        self.book.tell(Fact::Trouble(source.clone(), trouble));
    }

    /// How far behind the server is that answered.
    pub(super) fn note(&mut self, lag: Lag) {
        self.behind = lag.is_behind(self.pace.behind_after).then_some(lag);
    }

    /// A source was heard from; from a server that does not know what is now, it is as old as what that knows.
    pub(super) fn alive(&mut self, source: Source) {
        if self.denied.contains(&source) {
            return;
        }
        let fact = match self.behind {
            None => Fact::Alive(source),
            Some(lag) => Fact::Trouble(source, lag.trouble(&self.target.address, Timestamp::now())),
        };
        self.book.tell(fact);
    }

    fn listed(&mut self, source: Source) {
        if self.behind.is_some() {
            self.alive(source);
        }
    }

    /// Lists clients; returns the index of that.
    pub(super) async fn nodes(&mut self, api: &Api) -> Result<u64, Failure> {
        let read = blocking::clients(api).await;
        self.list_nodes(read)
    }

    /// Takes in the list of clients; returns the index of that.
    pub(super) fn list_nodes(&mut self, read: Result<Answer<Vec<Node>>, Failure>) -> Result<u64, Failure> {
        let source = Part::ALL.source("nodes");
        let Some(Answer { value, index, .. }) = self.allowed(&source, read)? else { return Ok(0) };
        self.read.insert(("nodes", Part::ALL), index);
        self.book.list_nodes(&value);
        self.listed(source);
        Ok(index)
    }

    /// Lists jobs of a part and all that belongs to them.
    pub(super) async fn list(&mut self, api: &Api, part: &Part) -> Result<(), Failure> {
        self.list_part(api, part).await?;
        self.close_left();
        Ok(())
    }

    /// Allocations come page by page while the rest is read: of the others each waits for what it is made of.
    async fn list_part(&mut self, api: &Api, part: &Part) -> Result<(), Failure> {
        let mut pages = Pages::of(api, part);
        let stubs = blocking::list::<JobStub>(api, "jobs", part).await;
        let Some(stubs) = self.of_jobs(part, stubs)? else { return Ok(()) };
        self.read.insert(("jobs", part.clone()), stubs.index);
        self.book.tell(Fact::Listing(part.source("jobs"), None));
        self.book.list_jobs(part, &stubs.value);
        let unread = self.book.unread(&stubs.value);
        drop(stubs);
        let (jobs, deployments, waiting) = futures::join!(
            read_jobs(api, unread, true),
            blocking::list::<Deployment>(api, "deployments", part),
            blocking::list::<Evaluation>(api, "evaluations", part),
        );
        self.registered(jobs)?;
        let Some(deployments) = self.of_jobs(part, deployments)? else { return Ok(()) };
        let Some(waiting) = self.of_jobs(part, waiting)? else { return Ok(()) };
        self.read.insert(("deployments", part.clone()), deployments.index);
        self.read.insert(("evaluations", part.clone()), waiting.index);
        self.book.deployments_now(deployments.value);
        self.book.waiting_now(part, waiting.value);
        if !self.allocations(part, &mut pages).await? {
            return Ok(());
        }
        self.book.show_all(part);
        self.book.tell(Fact::Listed(part.source("jobs")));
        self.listed(part.source("jobs"));
        Ok(())
    }

    /// Takes the pages of a listing in. Whether they could be read.
    async fn allocations(&mut self, part: &Part, pages: &mut Pages) -> Result<bool, Failure> {
        let (source, mut there) = (part.source("allocations"), BTreeSet::new());
        self.book.tell(Fact::Listing(source.clone(), None));
        while let Some(page) = pages.next().await {
            let Some(page) = self.of_jobs(part, page)? else { return Ok(false) };
            // What is read later is newer: what changed since the first page is asked for again.
            if there.is_empty() {
                // The stream goes on from there.
                if page.index < self.streams_from {
                    return Err(Failure::Again(
                        "another server of the region answered, and knew less than the one before",
                    ));
                }
                self.read.insert(("allocations", part.clone()), page.index);
            }
            for it in page.value {
                self.book.allocation(&it, Origin::Backfilled);
                there.insert(it.id);
            }
            self.flush().await;
        }
        self.book.allocations_listed(part, &there);
        self.listed(source);
        Ok(true)
    }

    /// What came of a list of what belongs to jobs: who may not read one of these may not read what the others tell.
    fn of_jobs<T>(&mut self, part: &Part, read: Result<Answer<T>, Failure>) -> Result<Option<Answer<T>>, Failure> {
        match read {
            Err(failure) if failure.is_denied() => {
                for kind in PARTED {
                    self.deny(&part.source(kind), &failure);
                }
                // Checks are those of what may be read.
                if self.parts.asked.iter().all(|part| self.denied.contains(&part.source("allocations"))) {
                    self.deny(&Part::ALL.source("checks"), &failure);
                }
                Ok(None)
            }
            read => {
                let answer = read?;
                for kind in PARTED {
                    self.denied.remove(&part.source(kind));
                }
                self.denied.remove(&Part::ALL.source("checks"));
                self.note(answer.lag);
                Ok(Some(answer))
            }
        }
    }

    /// Sources that others stand for now hold nothing any more.
    fn close_left(&mut self) {
        let all_listed = self.parts.asked.iter().all(|part| {
            let source = part.source("jobs");
            self.read.contains_key(&("jobs", part.clone())) || self.denied.contains(&source)
        });
        if !all_listed {
            return;
        }
        for source in std::mem::take(&mut self.left) {
            self.denied.remove(&source);
            let not_all = self.parts.not_all(&self.target.address, Timestamp::now());
            self.book.tell(match not_all.filter(|_| source.partition.is_none()) {
                Some(trouble) => Fact::Trouble(source, trouble),
                None => Fact::Closed(source),
            });
        }
    }

    /// Asks who leads, and whether a server that was behind has caught up: then everything is listed anew.
    pub(super) async fn beat(&mut self, api: &Api) -> Result<(), Failure> {
        self.info(api).await?;
        let Some(part) = self.parts.asked.iter().find(|part| !self.denied.contains(&part.source("jobs"))).cloned()
        else {
            return Ok(());
        };
        let was_behind = self.behind.is_some();
        let one = [("namespace", part.namespace()), ("per_page", "1"), ("stale", "true")];
        let read = api.indexed::<Vec<serde::de::IgnoredAny>>("/v1/jobs", &one, self.pace.answer_within).await?;
        self.note(read.lag);
        match (was_behind, self.behind.is_some()) {
            (true, false) => self.list_all(api).await,
            (_, true) => {
                let all =
                    parts::sources(&self.parts.asked).into_iter().filter(|it| !WHOLE[1..].contains(&it.kind.as_str()));
                all.collect::<Vec<_>>().into_iter().for_each(|source| self.alive(source));
                Ok(())
            }
            (false, false) => Ok(()),
        }
    }
}
