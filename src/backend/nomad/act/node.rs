//! Clients: whether they take allocations, and how they are emptied.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::backend::escape::escaped;
use crate::domain::words::many;
use crate::domain::{
    Draft, Grade, Intent, Line, Name, Receipt, Ref, Refusal, Seen, Step, StepAction, StepError, Text, Until,
};

use super::super::failure::Failure;
use super::super::find;
use super::super::scribe::short;
use super::super::wire::{Allocation, Job, Node};
use super::Hand;
use super::brief::{self, does, hurts, note, skips, some, step};
use super::restart::runs;
use super::room::{Ask, Fits, Room};

/// So long whatever runs may take to move, as the nomad command has it, seconds: what is left then is stopped at once.
const DEADLINE: u32 = 3600;
/// What is left to see once that has passed, seconds.
const SLACK: u32 = 300;

impl Hand {
    pub(super) async fn draft_node(&self, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
        let unread = |failure: Failure| brief::unread(intent, &failure);
        let node = find::client(&self.api, key).await.map_err(unread)?.ok_or_else(|| brief::gone(intent))?;
        let now = state(&node);
        let (action, until, to) = match intent {
            Intent::Cordon(_) => {
                (StepAction::SetCordon(key.clone(), true), Until::Cordoned(key.clone(), true), "ineligible")
            }
            Intent::Uncordon(_) => {
                (StepAction::SetCordon(key.clone(), false), Until::Cordoned(key.clone(), false), "eligible")
            }
            Intent::Drain(..) => (StepAction::SetDrain(key.clone(), true), Until::Empty(key.clone()), "draining"),
            other => return Err(super::words::no_such(other)),
        };
        if now == to {
            return Ok(Draft::new(intent, Vec::new()));
        }
        let seconds = if to == "draining" { DEADLINE + SLACK } else { brief::SMALL };
        let mut draft = Draft::new(intent, vec![step(action, &node.id, Seen::State(Name::new(now)), until, seconds)]);
        draft.inverse = Some(match now {
            "ineligible" => Intent::Cordon(key.clone()),
            "draining" => Intent::drain(key.clone()),
            _ => Intent::Uncordon(key.clone()),
        });
        match (to, now) {
            ("draining", _) => {
                let (notes, grade) = self.drained(&node).await.map_err(unread)?;
                draft.notes.extend(notes);
                draft.grade = grade;
            }
            ("eligible", "draining") => {
                draft.notes.push(note("its drain is stopped; what was moved away does not come back by itself"));
            }
            ("ineligible", "draining") => {
                draft
                    .notes
                    .push(note("its drain is stopped; what was moved away does not come back, and nothing new comes"));
            }
            _ => {}
        }
        draft.equivalent = Some(Text::from(super::words::of_a_node(intent, now, &node.id)));
        Ok(draft)
    }

    /// What a drain does to each allocation.
    async fn drained(&self, node: &Node) -> Result<(Vec<Line>, Option<Grade>), Failure> {
        let here: Vec<Value> = self.api.get(&format!("/v1/node/{}/allocations", escaped(&node.id)), &[]).await?;
        let room = Room::read(&self.api, &node.id).await;
        let mut fate = Fate::default();
        let mut all: Vec<(Allocation, Value)> = Vec::with_capacity(here.len());
        for mut raw in here {
            let job = raw["Job"].take();
            let it =
                Allocation::deserialize(&raw).map_err(|error| Failure::Malformed(Text::from(error.to_string())))?;
            if it.desired_status == "run" && matches!(it.client_status.as_str(), "running" | "pending") {
                all.push((it, job));
            }
        }
        all.sort_by(|a, b| (&a.0.name, &a.0.id).cmp(&(&b.0.name, &b.0.id)));
        let mut room = room;
        for (it, raw) in &all {
            let job = Job::deserialize(raw).map_err(|error| Failure::Malformed(Text::from(error.to_string())))?;
            fate.tell(it, &job, raw, room.as_mut().ok());
        }
        let grade = (!fate.stuck.is_empty()).then_some(Grade::Destructive);
        Ok((fate.lines(room.err()), grade))
    }

    pub(super) async fn do_node(&self, step: &Step) -> Result<Receipt, StepError> {
        let id = escaped(&step.pin.uid);
        let node: Node =
            self.api.get(&format!("/v1/node/{id}"), &[]).await.map_err(|failure| brief::unchecked(&failure))?;
        let now = state(&node);
        if !matches!(&step.pin.seen, Seen::State(seen) if *seen == now) {
            return Err(brief::moved(format!("it is {now} by now")));
        }
        let drain =
            |spec: Value, eligible: bool| json!({ "NodeID": node.id, "DrainSpec": spec, "MarkEligible": eligible });
        let (path, body) = match (&step.action, now) {
            (StepAction::SetDrain(_, true), _) => {
                let deadline = i64::from(DEADLINE) * 1_000_000_000;
                ("drain", drain(json!({ "Deadline": deadline, "IgnoreSystemJobs": false }), false))
            }
            // Eligibility cannot be set while it is drained (nomad: nomad/node_endpoint.go, `UpdateEligibility`).
            (StepAction::SetCordon(_, cordon), "draining") => ("drain", drain(Value::Null, !cordon)),
            (StepAction::SetDrain(_, false), _) => ("drain", drain(Value::Null, true)),
            (StepAction::SetCordon(_, cordon), _) => {
                let to = if *cordon { "ineligible" } else { "eligible" };
                ("eligibility", json!({ "NodeID": node.id, "Eligibility": to }))
            }
            _ => return Err(brief::no_step(step)),
        };
        brief::write(&self.api, &format!("/v1/node/{id}/{path}"), "", &body).await
    }
}

/// How a client is, in one word.
fn state(node: &Node) -> &'static str {
    match (node.drain, node.scheduling_eligibility.as_str()) {
        (true, _) => "draining",
        (false, "ineligible") => "ineligible",
        (false, _) => "eligible",
    }
}

/// What a drain does, allocation by allocation.
#[derive(Debug, Default)]
struct Fate {
    moves: Vec<String>,
    perhaps: Vec<String>,
    stuck: Vec<String>,
    unknown: Vec<String>,
    /// Those that run to their end.
    finish: Vec<String>,
    /// Those that run on each client.
    each: Vec<String>,
    /// Groups of which nothing serves elsewhere.
    last: BTreeSet<String>,
    /// Those whose data stays behind.
    data: Vec<String>,
    kept: BTreeSet<String>,
}

impl Fate {
    fn tell(&mut self, it: &Allocation, job: &Job, raw: &Value, room: Option<&mut Room>) {
        let name = format!("{}[{}]", it.task_group, short(&it.id));
        match job.kind.as_str() {
            "system" | "sysbatch" => return self.each.push(it.job_id.clone()),
            "batch" => return self.finish.push(name),
            _ => {}
        }
        let group = job.task_groups.iter().find(|group| group.name == it.task_group);
        let disk =
            raw["TaskGroups"].as_array().into_iter().flatten().find(|group| group["Name"] == it.task_group.as_str());
        let disk = disk.map_or(&Value::Null, |group| &group["EphemeralDisk"]);
        if disk["Sticky"] == true && disk["Migrate"] != true {
            self.data.push(name.clone());
        }
        let Some(room) = room else { return self.unknown.push(name) };
        if runs(it) && !room.serves_elsewhere(it) {
            self.last.insert(it.task_group.clone());
        }
        match room.take(&Ask::of(it, job, group, raw)) {
            Some(Fits::Yes) => self.moves.push(name),
            Some(Fits::Perhaps) => self.perhaps.push(name),
            None => self.stuck.push(name),
        }
        self.kept.insert(it.job_id.clone());
    }

    fn lines(mut self, room: Option<Failure>) -> Vec<Line> {
        let count = |names: &[String], noun: &str| many(u64::try_from(names.len()).unwrap_or(u64::MAX), noun);
        let told = |names: &[String]| (count(names, "allocation"), some(names));
        let mut lines = Vec::new();
        if !self.moves.is_empty() {
            let (n, names) = told(&self.moves);
            lines.push(does(format!("{n} made anew elsewhere: {names}")));
        }
        if !self.perhaps.is_empty() {
            let (n, names) = told(&self.perhaps);
            lines.push(does(format!(
                "{n} made anew elsewhere, if constraints and volumes allow that cannot be checked here: {names}"
            )));
        }
        if !self.stuck.is_empty() {
            let (n, names) = told(&self.stuck);
            lines.push(hurts(format!("{n} fit on no other client: stopped here, they wait for room: {names}")));
        }
        if let Some(why) = room.filter(|_| !self.unknown.is_empty()) {
            let (n, names) = told(&self.unknown);
            lines.push(skips(format!("whether {n} fit elsewhere is not known ({why}): {names}")));
        }
        if !self.finish.is_empty() {
            let (n, names) = told(&self.finish);
            lines.push(does(format!("{n} of batch jobs may run to their end until then: {names}")));
        }
        if !self.each.is_empty() {
            self.each.dedup();
            lines.push(does(format!("ended last, as they run on each client: {}", some(&self.each))));
        }
        if !self.last.is_empty() {
            let names: Vec<String> = self.last.into_iter().collect();
            lines.push(hurts(format!(
                "all that serves of {} is here: nothing serves until it runs elsewhere",
                some(&names)
            )));
        }
        if !self.data.is_empty() {
            let (n, names) = told(&self.data);
            lines.push(hurts(format!("{n} leave the data of their ephemeral disk behind (no `migrate`): {names}")));
        }
        lines.push(note(
            "each group moves so many at once as its `migrate` block says; what is left after 1 h is stopped",
        ));
        lines
    }
}
