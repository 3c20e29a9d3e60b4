//! What is fetched only because somebody wants it: the last lines of an output.

use std::collections::BTreeSet;

use crate::domain::{Answer, Fact, Kind, Ref, Text, Timestamp, Want};

use super::api::Api;
use super::convert::cut;
use super::logs::{self, Part, Speaker};
use super::watch::Watch;

/// Lines that a finding needs, at most.
const LINES: u32 = 20;
/// A line is cut after so many bytes.
const LINE: usize = 512;
/// Outputs that are read at once.
const AT_ONCE: usize = 4;

/// What was wanted and answered, or is being read.
#[derive(Debug, Default)]
pub(super) struct Wants {
    answered: BTreeSet<Want>,
    reading: BTreeSet<Want>,
}

impl Wants {
    /// A connection broke: what was being read is wanted still.
    pub(super) fn interrupted(&mut self) {
        self.reading.clear();
    }
}

/// Reads the last lines.
pub(super) async fn read(api: Api, speaker: Speaker, part: Part) -> Answer {
    match logs::tail(&api, &speaker, part).await {
        Ok(lines) => Answer::Lines(lines.iter().map(|line| Text::new(cut(&line.text, LINE))).collect()),
        Err(failure) => Answer::Failed(Text::from(failure.to_string())),
    }
}

impl Watch {
    /// What is wanted of this cluster and is not yet being read; as much as may be read at once.
    pub(super) fn next_wants(&mut self) -> Vec<(Want, Speaker, Part)> {
        let demand = self.demand.borrow().clone();
        self.wants.answered.retain(|want| demand.wants.contains(want));
        let mut found = Vec::new();
        for want in demand.wants {
            let Want::LogTail { instance, previous, .. } = &want else { continue };
            let ours = instance.cluster == self.target.name;
            if !ours || self.wants.answered.contains(&want) || self.wants.reading.contains(&want) {
                continue;
            }
            if self.wants.reading.len() >= AT_ONCE {
                break;
            }
            match self.speaker(instance, *previous) {
                Some((speaker, until)) => {
                    self.wants.reading.insert(want.clone());
                    found.push((want, speaker, Part { tail: Some(LINES), until, ..Part::default() }));
                }
                None => self.answer(want, Answer::Failed(Text::new("it is not there any more"))),
            }
        }
        found
    }

    /// Tells what came of it.
    pub(super) fn answer(&mut self, want: Want, answer: Answer) {
        self.wants.reading.remove(&want);
        self.wants.answered.insert(want.clone());
        self.facts.push(Fact::Answered(want, answer));
    }

    /// Who writes the output of an instance, and until when, for the run before this one.
    fn speaker(&self, instance: &Ref, previous: bool) -> Option<(Speaker, Option<Timestamp>)> {
        if instance.kind == Kind::Task {
            let task = self.swarm.task_id(instance, previous)?;
            let body = self.table.iter().find(|(_, record)| record.task() == Some(task));
            return Some(match body {
                Some((id, _)) => (Speaker::Container(id.to_string()), None),
                None => (Speaker::Task(task.to_owned()), None),
            });
        }
        let (id, record) = self.table.find(instance)?;
        let ended = record.instance.containers.first().and_then(|container| container.last_exit.as_ref()?.ended);
        // All runs of a container write one log: the run before this one ends where it ended.
        let until = ended.filter(|_| previous && record.running).and_then(logs::end_of_run);
        Some((Speaker::Container(id.to_string()), until))
    }
}
