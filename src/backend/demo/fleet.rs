//! A large synthetic cluster, as facts: for benches and for tests of what must stay fast.

use fastrand::Rng;

use crate::domain::{
    Batch, ClusterId, Container, ContainerSpec, ContainerState, Desired, Exit, ExitReason, Exposure, Fact, Instance,
    Interner, Kind, Name, Node, NodeState, Object, Phase, Ref, Reported, RestartPolicy, Revision, Source, Timestamp,
    Workload,
};

/// Pods of one Deployment.
const EACH: usize = 20;
/// Pods of one node.
const ON_NODE: usize = 60;
/// Facts in one batch.
const BATCH: usize = 512;

/// The complete first listing of a Kubernetes cluster `fleet` with so many pods in Deployments of twenty, on nodes of
/// sixty. About one Deployment in a hundred has pods that crash, cannot be pulled or wait for a node. The same seed gives
/// the same cluster; all of it is stamped with the same moment.
pub fn fleet(instances: usize, seed: u64) -> Vec<Batch> {
    let mut maker = Maker { cluster: ClusterId::new("fleet"), rng: Rng::with_seed(seed), names: Interner::default() };
    let [nodes, deployments, pods] = ["nodes", "deployments", "pods"].map(Source::of);
    let mut facts = vec![Fact::Listing(nodes.clone(), None)];
    let machines: Vec<Ref> = (0..instances.div_ceil(ON_NODE)).map(|n| maker.node(n)).collect();
    for key in &machines {
        facts.push(Fact::Put(nodes.clone(), maker.machine(key)));
    }
    facts.extend([Fact::Listed(nodes), Fact::Listing(deployments.clone(), None)]);
    let groups: Vec<Group> = (0..instances.div_ceil(EACH)).map(|n| maker.group(n, instances)).collect();
    facts.extend(groups.iter().map(|group| Fact::Put(deployments.clone(), group.workload())));
    facts.extend([Fact::Listed(deployments), Fact::Listing(pods.clone(), u32::try_from(instances).ok())]);
    for group in &groups {
        for n in 0..group.wanted {
            facts.push(Fact::Put(pods.clone(), maker.pod(group, n, &machines)));
        }
    }
    facts.push(Fact::Listed(pods));
    let mut facts = facts.into_iter().peekable();
    let mut batches = Vec::new();
    while facts.peek().is_some() {
        let facts = facts.by_ref().take(BATCH).collect();
        batches.push(Batch { cluster: maker.cluster.clone(), at: began(), facts });
    }
    batches
}

/// The moment of all of it: 2026-01-01 00:00 UTC.
fn began() -> Timestamp {
    Timestamp::from_second(1_767_225_600).unwrap_or(Timestamp::UNIX_EPOCH)
}

struct Maker {
    cluster: ClusterId,
    rng: Rng,
    names: Interner,
}

/// What is wrong with some pods of a Deployment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ill {
    Not,
    Crashes,
    NoImage,
    NoRoom,
}

struct Group {
    key: Ref,
    image: Name,
    revision: Name,
    wanted: usize,
    ill: Ill,
}

impl Group {
    fn workload(&self) -> Object {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let wanted = count(self.wanted);
        let mut it = Workload::new(self.key.clone(), format!("uid-{}", self.key.name), Desired::Replicas(wanted));
        let mut spec = ContainerSpec::new("main", self.image.clone());
        spec.memory_limit_bytes = Some(256 << 20);
        it.containers = vec![spec];
        it.created = Some(began());
        it.revision =
            Some(Revision { id: self.revision.clone(), images: vec![self.image.clone()], at: None, by: None });
        it.exposure = Exposure::No;
        it.restart_policy = RestartPolicy::Always;
        let ready = count(self.wanted - self.ailing());
        it.reported = Some(Reported { ready, updated: wanted, total: wanted });
        Object::Workload(Box::new(it))
    }

    fn ailing(&self) -> usize {
        if self.ill == Ill::Not { 0 } else { self.wanted.div_ceil(4) }
    }
}

impl Maker {
    fn node(&mut self, n: usize) -> Ref {
        Ref::new(&self.cluster, Kind::Node, None, format!("node-{n}"))
    }

    fn machine(&mut self, key: &Ref) -> Object {
        let mut node = Node::new(key.clone(), format!("uid-{}", key.name), NodeState::Ready);
        node.memory_bytes = Some(64 << 30);
        node.cpu_millis = Some(32_000);
        node.max_instances = Some(110);
        Object::Node(Box::new(node))
    }

    fn group(&mut self, n: usize, instances: usize) -> Group {
        let namespace = self.names.intern(&format!("team-{}", n % 80));
        let ill = match self.rng.u32(0..300) {
            0 => Ill::Crashes,
            1 => Ill::NoImage,
            2 => Ill::NoRoom,
            _ => Ill::Not,
        };
        Group {
            key: Ref::new(&self.cluster, Kind::Deployment, Some(namespace), format!("service-{n}")),
            image: self.names.intern(&format!("registry.example/service-{n}:1.{}", self.rng.u32(0..40))),
            revision: self.names.intern(&(1 + self.rng.u32(0..90)).to_string()),
            wanted: EACH.min(instances - n * EACH),
            ill,
        }
    }

    fn pod(&mut self, group: &Group, n: usize, machines: &[Ref]) -> Object {
        let (a, b) = (self.rng.u32(..), self.rng.u64(..));
        let name = format!("{}-{:05x}", group.key.name, a & 0xf_ffff);
        // The place keeps names apart where chance does not.
        let key = Ref::new(&self.cluster, Kind::Pod, group.key.namespace.clone(), format!("{name}{n:02}"));
        let mut pod = Instance::new(key, format!("{a:08x}-{b:016x}"), Some(group.key.clone()), Phase::Running);
        pod.revision = Some(group.revision.clone());
        pod.created = Some(began());
        pod.since = Some(began());
        pod.memory_request_bytes = 192 << 20;
        pod.cpu_request_millis = 100;
        let ill = if n < group.ailing() { group.ill } else { Ill::Not };
        if ill != Ill::NoRoom {
            pod.node = machines.get(self.rng.usize(..machines.len().max(1))).cloned();
        }
        let name = self.names.intern("main");
        let mut container = Container::new(name, group.image.clone(), ContainerState::Running { since: Some(began()) });
        container.memory_limit_bytes = Some(256 << 20);
        self.ail(&mut pod, &mut container, ill);
        if ill != Ill::NoRoom {
            pod.containers.push(container);
        }
        Object::Instance(Box::new(pod))
    }

    fn ail(&mut self, pod: &mut Instance, container: &mut Container, ill: Ill) {
        let mut waits = |reason: &str| ContainerState::Waiting { reason: self.names.intern(reason), message: None };
        match ill {
            Ill::Not => pod.ready = true,
            Ill::Crashes => {
                pod.phase = Phase::Restarting;
                container.state = waits("CrashLoopBackOff");
                container.restarts = 7;
                let (started, ended) = (Some(began()), Some(began()));
                container.last_exit =
                    Some(Box::new(Exit { code: 1, reason: ExitReason::Error, message: None, started, ended }));
            }
            Ill::NoImage => {
                pod.phase = Phase::Starting;
                container.state = waits("ImagePullBackOff");
            }
            Ill::NoRoom => {
                pod.phase = Phase::Pending;
                pod.message = Some(self.names.intern("0/9 nodes are available: 9 Insufficient memory."));
            }
        }
    }
}
