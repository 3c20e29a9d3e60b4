//! What is told of a region while it is watched: by its stream, or by lists that were asked for until they changed.

use std::collections::BTreeSet;

use super::api::Api;
use super::blocking;
use super::blocking::Listed;
use super::failure::Failure;
use super::parts::{PARTED, Part};
use super::scribe::JobKey;
use super::strand::{Said, Strands};
use super::watch::{Watch, read_jobs};

/// Lines of the stream that are taken in before what they change is told.
const LINES: usize = 64;

impl Watch {
    /// Takes in what has come, some of it at once.
    pub(super) async fn hear(&mut self, api: &Api, first: Option<Said>, strands: &mut Strands) -> Result<(), Failure> {
        let mut next = first;
        let (mut changed, mut spoke) = (BTreeSet::new(), BTreeSet::new());
        let mut done = Ok(());
        for _ in 0..LINES {
            let Some(said) = next else { break };
            done = self.take(api, said, &mut changed, &mut spoke).await;
            if done.is_err() {
                break;
            }
            next = strands.heard.try_recv().ok();
        }
        for key in &changed {
            self.book.show(key);
            self.book.stand_ins(key);
        }
        for number in spoke {
            let Some(strand) = strands.all.get(number).cloned() else { continue };
            self.heard_from(strand.part.as_ref(), strand.nodes);
        }
        done
    }

    async fn take(
        &mut self,
        api: &Api,
        said: Said,
        changed: &mut BTreeSet<JobKey>,
        spoke: &mut BTreeSet<usize>,
    ) -> Result<(), Failure> {
        match said {
            Said::Line(strand, line) => {
                spoke.insert(strand);
                line.events.into_iter().for_each(|event| self.event(event, changed));
            }
            Said::Listed(part, listed) => changed.extend(self.listed_again(api, &part, listed).await?),
            Said::Same(kind, part) => self.unchanged(kind, &part),
            Said::Denied(kind, part, failure) => self.refused(kind, &part, &failure),
            Said::Ended(failure) => return Err(failure),
        }
        Ok(())
    }

    /// A stream said something, if only that it is there.
    fn heard_from(&mut self, part: Option<&Part>, nodes: bool) {
        for source in part.iter().flat_map(|part| PARTED.map(|kind| part.source(kind))) {
            self.alive(source);
        }
        if nodes {
            self.alive(Part::ALL.source("nodes"));
        }
    }

    /// Takes in a list that has changed. Returns the jobs of which something did.
    async fn listed_again(&mut self, api: &Api, part: &Part, listed: Listed) -> Result<BTreeSet<JobKey>, Failure> {
        let (kind, changed) = match listed {
            Listed::Nodes(mut nodes) => {
                blocking::tell_since(api, &mut nodes, |node| self.book.is_new(node)).await;
                self.book.nodes_now(&nodes);
                ("nodes", BTreeSet::new())
            }
            Listed::Jobs(stubs) => {
                let changed = self.book.jobs_now(part, &stubs);
                let unread = self.book.unread(&stubs);
                self.registered(read_jobs(api, unread, true).await)?;
                ("jobs", changed)
            }
            Listed::Allocations(all) => ("allocations", self.book.allocations_now(part, &all)),
            Listed::Deployments(all) => ("deployments", self.book.deployments_now(all)),
            Listed::Waiting(all) => ("evaluations", self.book.waiting_now(part, all)),
        };
        self.unchanged(kind, part);
        Ok(changed)
    }

    /// A list is as it is known to be.
    fn unchanged(&mut self, kind: &str, part: &Part) {
        if matches!(kind, "nodes" | "jobs" | "allocations") {
            self.alive(part.source(kind));
        }
    }

    /// A right was taken away.
    fn refused(&mut self, kind: &str, part: &Part, failure: &Failure) {
        let kinds = if kind == "nodes" { &["nodes"][..] } else { &PARTED[..] };
        for kind in kinds {
            self.deny(&part.source(kind), failure);
        }
    }
}
