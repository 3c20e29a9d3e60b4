//! A Swarm's nodes: whether they take tasks. The machine of an engine without a Swarm has no such thing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::words::many;
use crate::domain::{
    Draft, Grade, Intent, Line, Name, Receipt, Ref, Refusal, Seen, Step, StepAction, StepError, Timestamp, Until,
};

use super::super::api::{Unwritten, escaped};
use super::super::convert::Scribe;
use super::super::failure::Failure;
use super::super::host;
use super::super::swarm::{nodes, wire};
use super::super::wire::{Info, Summary};
use super::Hand;
use super::brief::{self, does, hurts, note, skips, some, step};
use super::room::{self, Ask, Fits, Place};

/// Tasks end one after the other, each with its grace: so long a drain is followed, seconds.
const DRAIN: u32 = 900;
const TRIES: usize = 5;

impl Hand<'_> {
    pub(super) async fn draft_node(&self, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
        let fails = |failure: Failure| brief::unread(intent, &failure);
        let info: Info = self.api.get("/info").await.map_err(fails)?;
        if !host::manages(&info) {
            return Err(not_of_a_swarm(intent, &info));
        }
        let (places, tasks) = room::read(self.api).await.map_err(fails)?;
        let all: Vec<wire::Node> = places.iter().map(|place| place.node.clone()).collect();
        let keys = nodes::keys(&mut Scribe::new(key.cluster.clone()), &all);
        let node = all.iter().find(|node| keys.get(&node.id) == Some(key)).ok_or_else(|| brief::gone(intent))?;
        let now = node.spec.availability.as_str();
        let (action, until, to) = match intent {
            Intent::Cordon(_) => {
                (StepAction::SetCordon(key.clone(), true), Until::Cordoned(key.clone(), true), "pause")
            }
            Intent::Uncordon(_) => {
                (StepAction::SetCordon(key.clone(), false), Until::Cordoned(key.clone(), false), "active")
            }
            Intent::Drain(..) => (StepAction::SetDrain(key.clone(), true), Until::Empty(key.clone()), "drain"),
            other => return Err(super::words::no_such(other)),
        };
        if now == to {
            return Ok(Draft::new(intent, Vec::new()));
        }
        let seconds = if to == "drain" { DRAIN } else { brief::SMALL };
        let seen = Seen::State(Name::new(now));
        let mut draft = Draft::new(intent, vec![step(action, &node.id, seen, until, seconds)]);
        draft.inverse = Some(match now {
            "pause" => Intent::Cordon(key.clone()),
            "drain" => Intent::drain(key.clone()),
            _ => Intent::Uncordon(key.clone()),
        });
        match (to, now) {
            ("drain", _) => {
                let services: Vec<Value> = self.api.get("/services").await.map_err(fails)?;
                let own = info.swarm.node_id == node.id;
                let beside = if own { self.beside_the_swarm().await } else { None };
                let (notes, grade) = drained(node, places, &tasks, &services, beside);
                draft.notes.extend(notes);
                draft.grade = grade;
            }
            ("active", "drain") => draft.notes.push(note(
                "what was moved away does not come back by itself: a service's next update or scale spreads it again",
            )),
            ("pause", "drain") => draft.notes.push(note("it stays cordoned; what was moved away does not come back")),
            _ => {}
        }
        if to == "pause" && !places_open_but(&all, &node.id) {
            draft.notes.push(hurts("no other node takes tasks: whatever ends from now on stays pending"));
        }
        Ok(draft)
    }

    /// Containers that run on this engine and are no task's: a drain leaves them where they are.
    async fn beside_the_swarm(&self) -> Option<usize> {
        let all: Vec<Summary> = self.api.get("/containers/json").await.ok()?;
        Some(all.iter().filter(|it| !it.labels.contains_key("com.docker.swarm.task.id")).count())
    }

    /// Writes a node's availability.
    pub(super) async fn do_node(&self, step: &Step) -> Result<Receipt, StepError> {
        let to = match &step.action {
            StepAction::SetCordon(_, true) => "pause",
            StepAction::SetCordon(_, false) | StepAction::SetDrain(_, false) => "active",
            StepAction::SetDrain(_, true) => "drain",
            _ => return Err(brief::no_step(step)),
        };
        for _ in 0..TRIES {
            // Names are given here; the id is what it is.
            let path = format!("/nodes/{}", escaped(&step.pin.uid));
            let (raw, at): (Value, _) =
                self.api.get_dated(&path).await.map_err(|failure| brief::unchecked(&failure))?;
            let node = wire::Node::deserialize(&raw)
                .map_err(|error| brief::unchecked(&Failure::Malformed(error.to_string().into())))?;
            let now = node.spec.availability.as_str();
            if !matches!(&step.pin.seen, Seen::State(seen) if *seen == now) {
                return Err(brief::moved(format!("its availability is {now} by now")));
            }
            let mut spec = raw["Spec"].clone();
            spec["Availability"] = json!(to);
            let sent = Timestamp::now();
            let path = format!("{path}/update?version={}", raw["Version"]["Index"]);
            return match self.api.post(&path, Some(&spec), Duration::ZERO).await {
                // Its status is written all the time: the availability is compared again.
                Err(Unwritten::Refused { message, .. }) if message.contains("update out of sequence") => continue,
                Err(unwritten) => Err(brief::in_words(unwritten, at.unwrap_or(sent))),
                Ok(_) => Ok(Receipt::at(at.unwrap_or(sent))),
            };
        }
        Err(StepError::Failed("somebody else writes it all the time: it was not changed".into()))
    }
}

fn not_of_a_swarm(intent: &Intent, info: &Info) -> Refusal {
    match info.swarm.local_node_state.as_str() {
        "active" | "pending" | "locked" | "error" => Refusal::of(
            intent,
            "this engine is a worker of its Swarm, or its Swarm is locked: only a manager can do it",
            "watch one of the managers",
        ),
        _ => Refusal::of(
            intent,
            "it is the machine of one engine: there is nothing that would put containers elsewhere, or keep them away",
            "stop what runs there, one by one (`docker stop`)",
        ),
    }
}

fn places_open_but(all: &[wire::Node], id: &str) -> bool {
    let open = |node: &&wire::Node| node.spec.availability == "active" && node.status.state == "ready";
    all.iter().filter(open).any(|node| node.id != id)
}

/// What a drain does to each task.
#[derive(Debug, Default)]
struct Fate {
    moves: Vec<String>,
    perhaps: Vec<String>,
    stuck: Vec<String>,
    ends: Vec<String>,
    last: BTreeSet<String>,
}

/// What a drain of a node does, task by task.
fn drained(
    node: &wire::Node,
    mut places: Vec<Place>,
    tasks: &[wire::Task],
    services: &[Value],
    beside: Option<usize>,
) -> (Vec<Line>, Option<Grade>) {
    places.retain(|place| place.node.id != node.id);
    let others = places.iter().filter(|place| place.is_open()).count();
    let by_id: BTreeMap<&str, &Value> = services.iter().filter_map(|it| Some((it["ID"].as_str()?, it))).collect();
    let mut fate = Fate::default();
    let mut here: Vec<&wire::Task> =
        tasks.iter().filter(|task| task.node_id == node.id && room::is_there(task)).collect();
    here.sort_by(|a, b| (&a.service_id, a.slot, &a.id).cmp(&(&b.service_id, b.slot, &b.id)));
    for task in here {
        let Some(service) = by_id.get(task.service_id.as_str()) else { continue };
        let name = service["Spec"]["Name"].as_str().unwrap_or("a service").to_owned();
        let mode = &service["Spec"]["Mode"];
        if mode["Global"].is_object() || mode["GlobalJob"].is_object() {
            fate.ends.push(name);
            continue;
        }
        let serves_elsewhere = |other: &&wire::Task| {
            other.service_id == task.service_id && other.node_id != node.id && other.status.state == "running"
        };
        if task.status.state == "running" && !tasks.iter().filter(serves_elsewhere).any(room::is_there) {
            fate.last.insert(name.clone());
        }
        let name = format!("{name}.{}", task.slot);
        match room::take(&mut places, &Ask::of(&task.service_id, &service["Spec"]["TaskTemplate"])) {
            Some(Fits::Yes) => fate.moves.push(name),
            Some(Fits::Perhaps) => fate.perhaps.push(name),
            None => fate.stuck.push(name),
        }
    }
    let grade = (!fate.stuck.is_empty()).then_some(Grade::Destructive);
    (fate.lines(node, others, beside), grade)
}

impl Fate {
    fn lines(self, node: &wire::Node, others: usize, beside: Option<usize>) -> Vec<Line> {
        let count = |names: &[String], noun: &str| many(u64::try_from(names.len()).unwrap_or(u64::MAX), noun);
        let mut lines = Vec::new();
        if others == 0 {
            lines.push(hurts("no other node takes tasks: what runs here stops, and stays pending until one does"));
        }
        if !self.moves.is_empty() {
            lines.push(does(format!("{} made anew elsewhere: {}", count(&self.moves, "task"), some(&self.moves))));
        }
        if !self.perhaps.is_empty() {
            let (n, names) = (count(&self.perhaps, "task"), some(&self.perhaps));
            lines.push(does(format!(
                "{n} made anew elsewhere, if constraints allow that cannot be checked here: {names}"
            )));
        }
        if !self.stuck.is_empty() {
            let (n, names) = (count(&self.stuck, "task"), some(&self.stuck));
            lines.push(hurts(format!("{n} fit on no other node, and stay pending: {names}")));
        }
        if !self.ends.is_empty() {
            let (n, names) = (count(&self.ends, "task"), some(&self.ends));
            lines.push(does(format!("{n} of services that run on each node, ended: {names}")));
        }
        if !self.last.is_empty() {
            let names: Vec<String> = self.last.into_iter().collect();
            lines.push(hurts(format!(
                "all that serves of {} is here: nothing serves until it runs elsewhere",
                some(&names)
            )));
        }
        if let Some(n) = beside.filter(|n| *n > 0) {
            let n = u64::try_from(n).unwrap_or(u64::MAX);
            lines.push(skips(format!("{} that {} not the Swarm's: a drain leaves it", many(n, "container"), are(n))));
        }
        if node.manager_status.is_some() {
            lines.push(note("it stays a manager, and keeps its vote"));
        }
        lines.push(note("a Swarm stops a task first and makes the other then: there is no budget that it respects"));
        lines
    }
}

const fn are(n: u64) -> &'static str {
    if n == 1 { "is" } else { "are" }
}
