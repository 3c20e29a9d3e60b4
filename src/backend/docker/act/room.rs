//! Which of a Swarm's nodes have room for a task, by what is reserved, and by constraints as far as they can be checked.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::domain::Line;

use super::super::api::Api;
use super::super::failure::Failure;
use super::super::swarm::{services, wire};
use super::brief::{note, skips};
use super::constraints;
use super::template::Fresh;

/// A node, with what is left on it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    raw: Value,
    /// What is understood of it.
    pub node: wire::Node,
    nano_cpus: i128,
    memory_bytes: i128,
    /// Tasks of each service on it.
    of: BTreeMap<String, u64>,
}

/// What a service's tasks ask of a node.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    service: String,
    nano_cpus: u64,
    memory_bytes: u64,
    constraints: Vec<String>,
    most: u64,
}

/// Whether something goes onto a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fits {
    /// It does.
    Yes,
    /// It does, as far as its constraints can be checked here.
    Perhaps,
}

/// The nodes of a Swarm, and its tasks.
pub(super) async fn read(api: &Api) -> Result<(Vec<Place>, Vec<wire::Task>), Failure> {
    let nodes: Vec<Value> = api.get("/nodes").await?;
    let tasks: Vec<wire::Task> = api.get("/tasks").await?;
    Ok((places(nodes, &tasks), tasks))
}

/// Whether a task is there and takes its room: it is to run, and has not ended.
pub(super) fn is_there(task: &wire::Task) -> bool {
    let ended =
        matches!(task.status.state.as_str(), "complete" | "failed" | "rejected" | "shutdown" | "remove" | "orphaned");
    task.desired_state != "shutdown" && task.desired_state != "remove" && !ended
}

/// Nodes with what is left on each.
pub(super) fn places(nodes: Vec<Value>, tasks: &[wire::Task]) -> Vec<Place> {
    let each = nodes.into_iter().filter_map(|raw| {
        let node = wire::Node::deserialize(&raw).ok()?;
        let has = node.description.resources;
        let mut place = Place {
            raw,
            nano_cpus: i128::from(has.nano_cpus),
            memory_bytes: i128::from(has.memory_bytes),
            of: BTreeMap::new(),
            node,
        };
        for task in tasks.iter().filter(|task| task.node_id == place.node.id && is_there(task)) {
            let reserved = services::template(&task.spec).resources.reservations;
            place.nano_cpus -= i128::from(reserved.nano_cpus);
            place.memory_bytes -= i128::from(reserved.memory_bytes);
            *place.of.entry(task.service_id.clone()).or_default() += 1;
        }
        Some(place)
    });
    each.collect()
}

impl Ask {
    /// What tasks of this template ask for.
    pub(super) fn of(service: &str, template: &Value) -> Self {
        let read = services::template(template);
        Self {
            service: service.to_owned(),
            nano_cpus: read.resources.reservations.nano_cpus,
            memory_bytes: read.resources.reservations.memory_bytes,
            constraints: read.placement.constraints,
            most: template["Placement"]["MaxReplicas"].as_u64().unwrap_or(0),
        }
    }
}

impl Place {
    /// Whether new tasks are put there at all.
    pub(super) fn is_open(&self) -> bool {
        self.node.spec.availability == "active" && self.node.status.state == "ready"
    }

    fn fits(&self, ask: &Ask) -> Option<Fits> {
        let room = self.nano_cpus >= i128::from(ask.nano_cpus) && self.memory_bytes >= i128::from(ask.memory_bytes);
        let below = ask.most == 0 || self.of.get(&ask.service).copied().unwrap_or(0) < ask.most;
        if !room || !below || !self.is_open() {
            return None;
        }
        let mut fits = Fits::Yes;
        for constraint in &ask.constraints {
            match constraints::meets(&self.raw, constraint) {
                Some(true) => {}
                Some(false) => return None,
                None => fits = Fits::Perhaps,
            }
        }
        Some(fits)
    }
}

/// Takes room for one task on one of the places, where there is some: on the emptiest, as swarmkit spreads them.
pub(super) fn take(places: &mut [Place], ask: &Ask) -> Option<Fits> {
    let fitting = places.iter_mut().filter_map(|place| Some((place.fits(ask)?, place)));
    let (fits, place) = fitting.min_by_key(|(fits, place)| {
        (*fits, place.of.get(&ask.service).copied().unwrap_or(0), -place.memory_bytes, place.node.id.clone())
    })?;
    place.nano_cpus -= i128::from(ask.nano_cpus);
    place.memory_bytes -= i128::from(ask.memory_bytes);
    *place.of.entry(ask.service.clone()).or_default() += 1;
    Some(fits)
}

/// Whether so many more tasks of a service fit; none where that cannot be told.
pub(super) async fn for_more(api: &Api, fresh: &Fresh, more: u32) -> Option<Line> {
    // What is not known is not said.
    let (mut places, _) = read(api).await.ok()?;
    let ask = Ask::of(&fresh.read.id, &fresh.spec()["TaskTemplate"]);
    let mut all = Vec::new();
    for _ in 0..more.min(MOST) {
        match take(&mut places, &ask) {
            Some(fits) => all.push(fits),
            None => break,
        }
    }
    let placed = u32::try_from(all.len()).unwrap_or(u32::MAX);
    Some(match placed {
        n if n < more.min(MOST) => skips(format!("{} of the {more} more fit on no node: they stay pending", more - n)),
        _ if all.contains(&Fits::Perhaps) => note("they fit, as far as its constraints can be checked here"),
        _ if ask.nano_cpus == 0 && ask.memory_bytes == 0 => {
            note("it reserves nothing: whether the nodes bear it is not known beforehand")
        }
        _ => note("they fit, by what is reserved"),
    })
}

/// More than so many are not tried one by one.
const MOST: u32 = 2000;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(id: &str, memory: u64, availability: &str) -> Value {
        json!({
            "ID": id, "Spec": { "Role": "worker", "Availability": availability },
            "Status": { "State": "ready" },
            "Description": { "Hostname": id, "Resources": { "NanoCPUs": 2_000_000_000u64, "MemoryBytes": memory } },
        })
    }

    fn ask(memory: u64, most: u64, constraints: &[&str]) -> Ask {
        Ask::of(
            "web",
            &json!({
                "Resources": { "Reservations": { "MemoryBytes": memory } },
                "Placement": { "Constraints": constraints, "MaxReplicas": most },
            }),
        )
    }

    #[test]
    fn room_is_what_is_not_reserved_on_nodes_that_take_tasks() {
        let running: wire::Task = serde_json::from_value(json!({
            "NodeID": "a", "ServiceID": "db", "DesiredState": "running", "Status": { "State": "running" },
            "Spec": { "Resources": { "Reservations": { "MemoryBytes": 60 } } },
        }))
        .expect("a task");
        let of = || places(vec![node("a", 100, "active"), node("b", 100, "pause")], std::slice::from_ref(&running));
        assert_eq!(take(&mut of(), &ask(40, 0, &[])), Some(Fits::Yes));
        assert_eq!(take(&mut of(), &ask(41, 0, &[])), None, "b takes nothing new");
        assert_eq!(take(&mut of(), &ask(1, 0, &["node.hostname==b"])), None);
        assert_eq!(take(&mut of(), &ask(1, 0, &["node.ip==10.0.0.1"])), Some(Fits::Perhaps));
        let mut two = of();
        assert_eq!(take(&mut two, &ask(1, 1, &[])), Some(Fits::Yes));
        assert_eq!(take(&mut two, &ask(1, 1, &[])), None, "one of it on each node");
    }
}
