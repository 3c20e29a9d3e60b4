//! Which clients have room for an allocation, by what is reserved; constraints and volumes are not checked here.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::api::Api;
use super::super::failure::Failure;
use super::super::wire::{Allocation, Job, Node, TaskGroup};
use super::restart::runs;

/// A client, with what is left on it.
#[derive(Debug)]
struct Place {
    datacenter: String,
    pool: String,
    mhz: i128,
    memory: i128,
}

/// The other clients, and what runs on them.
#[derive(Debug)]
pub(super) struct Room {
    places: Vec<Place>,
    /// Allocations that run elsewhere, of each group of each job.
    elsewhere: BTreeMap<(String, String, String), u32>,
}

/// What an allocation asks of a client.
#[derive(Debug)]
pub(super) struct Ask {
    mhz: i128,
    memory: i128,
    datacenters: Vec<String>,
    pool: String,
    /// It says more of where it may run.
    bound: bool,
}

/// Whether something goes onto a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fits {
    /// It does.
    Yes,
    /// It does, as far as it can be checked here.
    Perhaps,
}

impl Room {
    /// Reads the clients but one, and what is reserved on them.
    pub(super) async fn read(api: &Api, but: &str) -> Result<Self, Failure> {
        let all = [("namespace", "*"), ("resources", "true"), ("task_states", "false")];
        let (nodes, allocations) = futures::join!(
            api.get::<Vec<Node>>("/v1/nodes", &[("resources", "true")]),
            api.get::<Vec<Allocation>>("/v1/allocations", &all),
        );
        Ok(Self::of(nodes?, &allocations?, but))
    }

    fn of(nodes: Vec<Node>, allocations: &[Allocation], but: &str) -> Self {
        let mut reserved: BTreeMap<&str, (i128, i128)> = BTreeMap::new();
        let mut elsewhere = BTreeMap::new();
        for it in allocations.iter().filter(|it| takes_room(it) && it.node_id != but) {
            let (mhz, memory) = asked(it);
            let on = reserved.entry(&it.node_id).or_default();
            *on = (on.0 + mhz, on.1 + memory);
            if runs(it) {
                *elsewhere.entry(group_of(it)).or_default() += 1;
            }
        }
        let open = |node: &Node| {
            node.id != but && node.status == "ready" && !node.drain && node.scheduling_eligibility == "eligible"
        };
        let place = |node: Node| {
            let (mhz, memory) = reserved.get(node.id.as_str()).copied().unwrap_or_default();
            let (all, kept) = (&node.node_resources, &node.reserved_resources);
            Place {
                mhz: i128::from(all.cpu.cpu_shares) - i128::from(kept.cpu.cpu_shares) - mhz,
                memory: i128::from(all.memory.memory) - i128::from(kept.memory.memory) - memory,
                datacenter: node.datacenter,
                pool: node.node_pool,
            }
        };
        Self { places: nodes.into_iter().filter(open).map(place).collect(), elsewhere }
    }

    /// Whether something of its group runs elsewhere.
    pub(super) fn serves_elsewhere(&self, it: &Allocation) -> bool {
        self.elsewhere.contains_key(&group_of(it))
    }

    /// Takes room for one allocation, where there is some: where the least is left, as Nomad packs them.
    pub(super) fn take(&mut self, ask: &Ask) -> Option<Fits> {
        let place = self.places.iter_mut().filter(|place| place.takes(ask)).min_by_key(|place| place.memory)?;
        place.mhz -= ask.mhz;
        place.memory -= ask.memory;
        Some(if ask.bound { Fits::Perhaps } else { Fits::Yes })
    }
}

impl Place {
    fn takes(&self, ask: &Ask) -> bool {
        let pool = ask.pool == "all" || ask.pool == self.pool;
        let here = ask.datacenters.is_empty() || ask.datacenters.iter().any(|glob| matches(glob, &self.datacenter));
        pool && here && self.mhz >= ask.mhz && self.memory >= ask.memory
    }
}

impl Ask {
    pub(super) fn of(it: &Allocation, job: &Job, group: Option<&TaskGroup>, raw: &Value) -> Self {
        let (mhz, memory) = asked(it);
        let words = raw["Datacenters"].as_array().into_iter().flatten();
        // What servers add by themselves says only what a client has to be able to.
        let constraints = job.constraints.iter().chain(group.into_iter().flat_map(|group| &group.constraints));
        let bound = constraints.filter(|it| !it.left.starts_with("${attr.nomad.")).count() > 0;
        Self {
            mhz,
            memory,
            datacenters: words.filter_map(|it| it.as_str().map(str::to_owned)).collect(),
            pool: raw["NodePool"].as_str().filter(|pool| !pool.is_empty()).unwrap_or("default").to_owned(),
            bound: bound || group.is_some_and(|group| !group.volumes.is_empty()),
        }
    }
}

/// MHz and MiB that an allocation has for itself.
fn asked(it: &Allocation) -> (i128, i128) {
    let tasks = it.allocated_resources.tasks.values();
    tasks.fold((0, 0), |(mhz, memory), task| {
        (mhz + i128::from(task.cpu.cpu_shares), memory + i128::from(task.memory.memory))
    })
}

fn group_of(it: &Allocation) -> (String, String, String) {
    (it.namespace.clone(), it.job_id.clone(), it.task_group.clone())
}

/// Whether an allocation keeps what it asked for from others (nomad: nomad/structs, `Allocation.TerminalStatus`).
fn takes_room(it: &Allocation) -> bool {
    it.desired_status == "run" && !matches!(it.client_status.as_str(), "complete" | "failed" | "lost")
}

/// Whether a datacenter's name is meant: `*` stands for any letters (nomad: nomad/structs, `Job.Datacenters`).
fn matches(glob: &str, name: &str) -> bool {
    match glob.split_once('*') {
        None => glob == name,
        Some((start, rest)) => {
            let Some(left) = name.strip_prefix(start) else { return false };
            rest.is_empty() || (0..=left.len()).any(|at| left.get(at..).is_some_and(|left| matches(rest, left)))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn node(id: &str, memory: u64, eligible: bool) -> Node {
        serde_json::from_value(json!({
            "ID": id, "Name": id, "Status": "ready", "Datacenter": "dc1", "NodePool": "default",
            "SchedulingEligibility": if eligible { "eligible" } else { "ineligible" },
            "NodeResources": { "Cpu": { "CpuShares": 1000 }, "Memory": { "MemoryMB": memory } },
        }))
        .expect("a node")
    }

    fn allocation(node: &str, memory: u64) -> Allocation {
        serde_json::from_value(json!({
            "ID": "x", "NodeID": node, "JobID": "web", "TaskGroup": "web", "DesiredStatus": "run",
            "ClientStatus": "running",
            "AllocatedResources": { "Tasks": { "web": { "Cpu": { "CpuShares": 10 }, "Memory": { "MemoryMB": memory } } } },
        }))
        .expect("an allocation")
    }

    fn ask(memory: u64, job: Value) -> Ask {
        let read = serde_json::from_value(job.clone()).expect("a job");
        Ask::of(&allocation("a", memory), &read, None, &job)
    }

    #[test]
    fn room_is_what_is_not_reserved_on_eligible_clients() {
        let here = allocation("a", 60);
        let room = |there: bool| {
            let nodes = vec![node("a", 1000, true), node("b", 100, true), node("c", 1000, false)];
            Room::of(nodes, &[here.clone(), allocation(if there { "b" } else { "a" }, 60)], "a")
        };
        let plain = || json!({ "Datacenters": ["*"] });
        assert_eq!(room(true).take(&ask(40, plain())), Some(Fits::Yes));
        assert_eq!(room(true).take(&ask(41, plain())), None, "c takes nothing new, a is left out");
        assert_eq!(room(false).take(&ask(100, plain())), Some(Fits::Yes));
        assert_eq!(room(true).take(&ask(1, json!({ "Datacenters": ["eu-*"] }))), None);
        assert_eq!(room(true).take(&ask(1, json!({ "NodePool": "gpu" }))), None);
        let bound = json!({ "Constraints": [{ "LTarget": "${node.class}" }] });
        assert_eq!(room(true).take(&ask(1, bound)), Some(Fits::Perhaps));
        assert!(room(true).serves_elsewhere(&here) && !room(false).serves_elsewhere(&here));
    }

    #[test]
    fn a_star_stands_for_any_letters() {
        assert!(matches("*", "dc1") && matches("dc*", "dc1") && matches("d*1", "dc1") && matches("dc1", "dc1"));
        assert!(!matches("dc", "dc1") && !matches("eu*", "dc1") && !matches("*2", "dc1"));
    }
}
