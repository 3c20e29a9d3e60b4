//! A Swarm, as one of its managers knows it: services, tasks and nodes.
//!
//! There are no events of tasks at all, so everything is read again now and then, and at once when an event of a service, a
//! node or a task's container says that something moved. What is read is compared with what was sent; only what is
//! different is sent.

pub(super) mod nodes;
pub(super) mod services;
pub(super) mod tasks;
pub(super) mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::{
    Desired, Exit, Fact, Object, Occurrence, OccurrenceKind, Origin, Ref, Source, Text, Timestamp, Trouble,
    TroubleKind, Workload,
};

use super::api::Api;
use super::convert::Scribe;
use super::crowd::Member;
use super::failure::Failure;
use super::logs::Speaker;
use super::pace::Pace;
use services::Tally;
use tasks::Owner;

/// After a change, a Swarm is looked at more often for so long.
const BUSY_FOR: Duration = Duration::from_secs(60);

/// Everything that is read at once.
pub(super) struct Polled {
    services: Result<Vec<wire::Service>, Failure>,
    tasks: Result<Vec<wire::Task>, Failure>,
    nodes: Result<Vec<wire::Node>, Failure>,
}

/// Reads everything. Nodes come first: tasks name them.
pub(super) async fn poll(api: &Api) -> Polled {
    let nodes = api.get("/nodes").await;
    let services = api.get("/services?status=true").await;
    let tasks = api.get("/tasks").await;
    Polled { services, tasks, nodes }
}

/// What this engine knows of a container that a task is made of.
pub(super) trait Bodies {
    /// How it ended.
    fn exit(&self, container: &str) -> Option<Exit>;
    /// Whether its end was told by an event.
    fn heard(&self, container: &str) -> bool;
}

/// What is known of a Swarm.
#[derive(Debug, Default)]
pub(super) struct Swarm {
    /// Hashes of what was sent, by source and key.
    sent: BTreeMap<Source, BTreeMap<Ref, u64>>,
    nodes: BTreeMap<String, Ref>,
    owners: BTreeMap<String, Owner>,
    /// Tasks that are shown, by their ids.
    tasks: BTreeMap<String, Ref>,
    told: BTreeSet<Text>,
    wishes: BTreeMap<Ref, (Desired, u64)>,
    unsettled: bool,
    moved: Option<tokio::time::Instant>,
    asked_before: bool,
}

/// The sources of a Swarm.
pub(super) fn sources() -> [Source; 3] {
    [Source::of("services"), Source::of("tasks"), Source::of("nodes")]
}

impl Swarm {
    /// Forgets what was sent: everything is listed afresh.
    pub(super) fn afresh(&mut self) {
        self.sent.clear();
    }

    /// The key of a node.
    pub(super) fn node(&self, id: &str) -> Option<&Ref> {
        self.nodes.get(id)
    }

    /// The keys of the tasks that are shown, by their ids.
    pub(super) const fn tasks(&self) -> &BTreeMap<String, Ref> {
        &self.tasks
    }

    /// The id of the task with this key; of the one that failed before it in its slot, where `previous`.
    pub(super) fn task_id(&self, key: &Ref, previous: bool) -> Option<&str> {
        let former = format!("{}.", key.name);
        let is_it = |task: &Ref| match previous {
            false => task == key,
            true => task.namespace == key.namespace && task.name.starts_with(&former),
        };
        let found = self.tasks.iter().find(|(_, task)| is_it(task)).map(|(id, _)| id.as_str());
        // Of a task that has failed itself, its own output is the one before the next.
        found.or_else(|| if previous { self.task_id(key, false) } else { None })
    }

    /// How long until everything is read again.
    pub(super) fn next(&self, pace: Pace) -> Duration {
        let moved = self.moved.is_some_and(|moved| moved.elapsed() < BUSY_FOR);
        if self.unsettled && moved { pace.swarm_busy_every } else { pace.swarm_every }
    }

    /// Takes in what was read, and says what is new. A manager that is none any more (503) says so of every source:
    /// false then.
    pub(super) fn take(
        &mut self,
        polled: Polled,
        scribe: &mut Scribe,
        address: &str,
        bodies: &dyn Bodies,
        facts: &mut Vec<Fact>,
    ) -> bool {
        let Polled { services, tasks, nodes } = polled;
        if matches!(&services, Err(Failure::Refused { status: 503, .. })) {
            return false;
        }
        let [services_at, tasks_at, nodes_at] = sources();
        match nodes {
            Ok(nodes) => {
                self.nodes = nodes::keys(scribe, &nodes);
                let each = nodes.iter().filter_map(|it| {
                    let key = self.nodes.get(&it.id)?.clone();
                    Some(Object::Node(Box::new(nodes::node(scribe, it, key))))
                });
                let objects: Vec<Object> = each.collect();
                self.send(nodes_at, objects, facts);
            }
            Err(failure) => facts.push(trouble(nodes_at, &failure, address)),
        }
        match (services, tasks) {
            (Ok(services), Ok(tasks)) => self.work(scribe, &services, &tasks, bodies, facts),
            (services, tasks) => {
                for (source, failure) in [(services_at, services.err()), (tasks_at, tasks.err())] {
                    // One without the other cannot be told; it keeps its age.
                    facts.extend(failure.map(|failure| trouble(source, &failure, address)));
                }
            }
        }
        true
    }

    fn work(
        &mut self,
        scribe: &mut Scribe,
        services: &[wire::Service],
        tasks: &[wire::Task],
        bodies: &dyn Bodies,
        facts: &mut Vec<Fact>,
    ) {
        let [services_at, tasks_at, _] = sources();
        self.owners = services.iter().map(|it| (it.id.clone(), owner(scribe, it))).collect();
        let slots = tasks::slots(tasks, &self.owners, &self.nodes);
        let (mut instances, mut occurrences, mut shown) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut tallies: BTreeMap<&Ref, Tally> = BTreeMap::new();
        let newest: BTreeMap<Ref, _> = services
            .iter()
            .map(|it| (services::key(scribe, it), services::revision(scribe, &it.spec.task_template)))
            .collect();
        for slot in &slots {
            for (task, name) in slot.shown() {
                let node = self.nodes.get(&task.node_id);
                let instance = slot.instance(scribe, task, &name, node, &|id| bodies.exit(id));
                let tally = tallies.entry(&slot.owner.key).or_default();
                if tasks::wanted(task) {
                    tally.total += 1;
                    if instance.ready && instance.revision.as_ref() == newest.get(&slot.owner.key) {
                        tally.updated += 1;
                        tally.progressed = tally.progressed.max(task.status.timestamp);
                    }
                }
                shown.insert(task.id.clone(), instance.key.clone());
                instances.push(Object::Instance(Box::new(instance)));
            }
            for task in &slot.tasks {
                let node = self.nodes.get(&task.node_id);
                let subject = shown.get(&task.id).unwrap_or(&slot.owner.key);
                occurrences.extend(tasks::occurrence(task, subject, slot.owner, node, &|id| bodies.heard(id)));
            }
        }
        let workloads: Vec<Workload> = services
            .iter()
            .filter_map(|it| {
                let key = self.owners.get(&it.id)?.key.clone();
                let tally = tallies.get(&key).copied().unwrap_or_default();
                Some(services::service(scribe, it, key, tally))
            })
            .collect();
        for (it, workload) in services.iter().zip(&workloads) {
            occurrences.extend(deployed(it, workload));
            occurrences.extend(scaled(&mut self.wishes, it, workload));
        }
        let owners = &self.owners;
        self.wishes.retain(|key, _| owners.values().any(|owner| owner.key == *key));
        self.unsettled = tasks.iter().any(tasks::on_its_way);
        self.tasks = shown;
        self.send(services_at, workloads.into_iter().map(|it| Object::Workload(Box::new(it))).collect(), facts);
        self.send(tasks_at, instances, facts);
        self.tell(occurrences, facts);
        self.asked_before = true;
    }

    /// Sends what is different from what was sent, or everything as a listing where nothing was.
    fn send(&mut self, source: Source, objects: Vec<Object>, facts: &mut Vec<Fact>) {
        let former = self.sent.remove(&source);
        if former.is_none() {
            facts.push(Fact::Listing(source.clone(), u32::try_from(objects.len()).ok()));
        }
        let mut now = BTreeMap::new();
        let mut moved = false;
        for object in objects {
            let hash = hash_of(&object);
            let key = object.key().clone();
            if former.as_ref().and_then(|former| former.get(&key)) != Some(&hash) {
                moved = true;
                facts.push(Fact::Put(source.clone(), object));
            }
            now.insert(key, hash);
        }
        let listed = match former {
            None => Fact::Listed(source.clone()),
            Some(former) => {
                for key in former.into_keys().filter(|key| !now.contains_key(key)) {
                    moved = true;
                    facts.push(Fact::Gone(source.clone(), key));
                }
                Fact::Alive(source.clone())
            }
        };
        facts.push(listed);
        if moved {
            self.moved = Some(tokio::time::Instant::now());
        }
        self.sent.insert(source, now);
    }

    /// Tells what was not told before. Of the first reading it is not known when it was seen: it is told afterwards.
    fn tell(&mut self, occurrences: Vec<Occurrence>, facts: &mut Vec<Fact>) {
        let there: BTreeSet<Text> = occurrences.iter().map(|it| it.id.clone()).collect();
        for mut occurrence in occurrences {
            if !self.told.contains(&occurrence.id) {
                occurrence.origin = if self.asked_before { Origin::Live } else { Origin::Backfilled };
                facts.push(Fact::Occurred(Box::new(occurrence)));
            }
        }
        self.told = there;
    }
}

fn owner(scribe: &mut Scribe, it: &wire::Service) -> Owner {
    let template = services::template(&it.spec.task_template);
    Owner {
        key: services::key(scribe, it),
        global: it.spec.mode.global.is_some() || it.spec.mode.global_job.is_some(),
        wanted: it.spec.mode.replicated.as_ref().map(|replicated| u64::from(replicated.replicas)),
        image: scribe.names.intern(services::image(&template.container_spec.image)),
        template,
    }
}

fn deployed(it: &wire::Service, workload: &Workload) -> Option<Occurrence> {
    let status = it.update_status.as_ref()?;
    let started = status.started_at?;
    let id = Text::from(format!("update:{}:{}", it.id, started.as_nanosecond()));
    let mut told = Occurrence::once(id, OccurrenceKind::Deployed, workload.key.clone(), started);
    told.workload = Some(workload.key.clone());
    told.image = workload.containers.first().map(|spec| spec.image.clone());
    Some(told)
}

/// A service whose number was changed since it was last read.
fn scaled(wishes: &mut BTreeMap<Ref, (Desired, u64)>, it: &wire::Service, workload: &Workload) -> Option<Occurrence> {
    let now = (workload.desired, it.version.index);
    let (former, _) = wishes.insert(workload.key.clone(), now)?;
    let (Desired::Replicas(from), Desired::Replicas(to)) = (former, workload.desired) else { return None };
    if from == to {
        return None;
    }
    let id = Text::from(format!("scale:{}:{}", it.id, it.version.index));
    let mut told = Occurrence::once(id, OccurrenceKind::Changed, workload.key.clone(), Timestamp::now());
    told.workload = Some(workload.key.clone());
    told.text = Some(Text::from(format!("scaled from {from} to {to}")));
    Some(told)
}

fn trouble(source: Source, failure: &Failure, address: &str) -> Fact {
    let since = Timestamp::now();
    let trouble = match failure {
        Failure::Refused { message, .. } if message.contains("does not have a leader") => Trouble {
            kind: TroubleKind::Unreachable,
            what: Text::from(format!("the swarm has no leader, so {address} cannot say: {message}")),
            mend: Text::new(
                "bring managers back until more than half are there; if they are lost for good, `docker swarm init --force-new-cluster` on this one",
            ),
            since,
            retry_at: None,
        },
        failure => failure.trouble(address, since, None),
    };
    Fact::Trouble(source, trouble)
}

fn hash_of(object: &Object) -> u64 {
    use std::hash::Hasher;
    let mut hasher = rustc_hash::FxHasher::default();
    // Objects are plain data; one that could not be written would be sent each time.
    hasher.write(&serde_json::to_vec(object).unwrap_or_default());
    hasher.finish()
}

/// Whether a task has a terminal, and whether it may still write.
pub(super) async fn task_state(api: &Api, id: &str) -> Result<(bool, bool), Failure> {
    let task: wire::Task = api.get(&format!("/tasks/{}", super::api::escaped(id))).await?;
    let tty = task.spec.pointer("/ContainerSpec/TTY").and_then(serde_json::Value::as_bool).unwrap_or(false);
    Ok((tty, tasks::wanted(&task)))
}

/// The path of a task or a node by its key (of a task, that of the one before it, where `previous`): names are given here,
/// so everything is read to find the id.
pub(super) async fn find(api: &Api, key: &Ref, previous: bool) -> Result<Option<String>, Failure> {
    let polled = poll(api).await;
    if matches!(&polled.nodes, Err(Failure::Refused { status: 503, .. })) {
        return Ok(None);
    }
    let mut scribe = Scribe::new(key.cluster.clone());
    if key.kind == crate::domain::Kind::Node {
        let keys = nodes::keys(&mut scribe, &polled.nodes?);
        return Ok(keys.iter().find(|(_, node)| *node == key).map(|(id, _)| format!("/nodes/{id}")));
    }
    let mut swarm = Swarm::default();
    let mut facts = Vec::new();
    swarm.take(polled, &mut scribe, "", &NoBodies, &mut facts);
    Ok(swarm.task_id(key, previous).map(|id| format!("/tasks/{id}")))
}

/// The tasks of a service that have output or may come to have some, newest first; those that have no number in their slot's name
/// any more are named with a part of their id.
pub(super) async fn members(api: &Api, key: &Ref) -> Result<Vec<Member>, Failure> {
    let services: Vec<wire::Service> = api.get("/services").await?;
    let mut scribe = Scribe::new(key.cluster.clone());
    let owners: BTreeMap<String, Owner> =
        services.iter().map(|it| (it.id.clone(), owner(&mut scribe, it))).filter(|(_, it)| it.key == *key).collect();
    let Some((id, of)) = owners.iter().next() else { return Ok(Vec::new()) };
    // Tasks on each node are called after it.
    let nodes: Vec<wire::Node> = if of.global { api.get("/nodes").await? } else { Vec::new() };
    let nodes = nodes::keys(&mut scribe, &nodes);
    let filters = serde_json::json!({ "service": [id] }).to_string();
    let tasks: Vec<wire::Task> = api.get(&format!("/tasks?filters={}", super::api::escaped(&filters))).await?;
    let mut found: Vec<(Option<Timestamp>, Member)> = Vec::new();
    for slot in tasks::slots(&tasks, &owners, &nodes) {
        let shown = slot.shown();
        for task in &slot.tasks {
            let runs = tasks::wanted(task);
            if !runs && task.status.container_status.container_id.is_empty() {
                continue;
            }
            let name = shown.iter().find(|(it, _)| it.id == task.id).map(|(_, name)| name.clone());
            let name = name.unwrap_or_else(|| format!("{}.{}", slot.name, super::convert::cut(&task.id, 8)));
            let speaker = Speaker::Task(task.id.clone());
            found.push((task.created_at, Member { speaker, name: scribe.names.intern(&name), runs }));
        }
    }
    found.sort_by(|a, b| (b.0, &a.1.name).cmp(&(a.0, &b.1.name)));
    Ok(found.into_iter().map(|(_, member)| member).collect())
}

struct NoBodies;

impl Bodies for NoBodies {
    fn exit(&self, _: &str) -> Option<Exit> {
        None
    }

    fn heard(&self, _: &str) -> bool {
        true
    }
}
