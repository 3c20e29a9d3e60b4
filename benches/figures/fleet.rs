//! A large cluster as facts: Deployments of ten pods of two containers on nodes, one pod in a hundred in a crash loop.

use cockpit::domain::{
    Batch, ClusterId, Container, ContainerSpec, ContainerState, Desired, Exit, ExitReason, Fact, Instance, Interner,
    Kind, Node, NodeState, Object, Phase, Ref, Revision, Source, Timestamp, Workload,
};

/// Pods of one Deployment.
const REPLICAS: usize = 10;
/// Pods on one node.
const PER_NODE: usize = 100;
/// Deployments in one namespace.
const PER_NAMESPACE: usize = 20;

/// The time at which the fleet stands.
pub fn now() -> Timestamp {
    Timestamp::from_second(1_763_800_000).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The cluster that it is.
pub fn cluster() -> ClusterId {
    ClusterId::new("prod")
}

fn ago(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(now().as_second() - seconds).ok()
}

/// Its facts, in batches of 512, as a converter would make them: one at a time, with names that repeat interned.
pub fn batches(instances: usize) -> impl Iterator<Item = Batch> {
    let mut names = Interner::default();
    let deployments = instances.div_ceil(REPLICAS);
    let nodes = instances.div_ceil(PER_NODE);
    const KINDS: [&str; 3] = ["pods", "deployments", "nodes"];
    let mut places = 0..nodes + deployments + instances + 2 * KINDS.len();
    let mut fact = move |place: usize| {
        let after = |of: usize| place.checked_sub(of);
        match (after(KINDS.len()), after(KINDS.len() + nodes + deployments + instances)) {
            (None, _) => Fact::Listing(Source::of(KINDS[place]), None),
            (_, Some(end)) => Fact::Listed(Source::of(KINDS[end])),
            (Some(n), _) if n < nodes => Fact::Put(Source::of("nodes"), node(&mut names, n)),
            (Some(n), _) if n < nodes + deployments => {
                Fact::Put(Source::of("deployments"), deployment(&mut names, n - nodes))
            }
            (Some(n), _) => Fact::Put(Source::of("pods"), pod(&mut names, n - nodes - deployments)),
        }
    };
    std::iter::from_fn(move || {
        let facts: Vec<Fact> = places.by_ref().take(512).map(&mut fact).collect();
        (!facts.is_empty()).then(|| Batch { cluster: cluster(), at: now(), facts })
    })
}

fn node_key(names: &mut Interner, n: usize) -> Ref {
    Ref::new(&cluster(), Kind::Node, None, names.intern(&format!("node-{n}")))
}

fn deployment_key(names: &mut Interner, n: usize) -> Ref {
    let namespace = names.intern(&format!("team-{}", n / PER_NAMESPACE));
    Ref::new(&cluster(), Kind::Deployment, Some(namespace), names.intern(&format!("service-{n}")))
}

fn node(names: &mut Interner, n: usize) -> Object {
    let mut it = Node::new(node_key(names, n), format!("node-uid-{n}"), NodeState::Ready);
    (it.memory_bytes, it.cpu_millis, it.max_instances) = (Some(256 << 30), Some(64_000), Some(110));
    Object::Node(Box::new(it))
}

fn deployment(names: &mut Interner, n: usize) -> Object {
    let mut it = Workload::new(deployment_key(names, n), format!("uid-{n}"), Desired::Replicas(REPLICAS as u32));
    let image = names.intern(&format!("registry.example/team/service-{n}:1.4.2"));
    it.created = ago(86_400);
    it.containers = vec![ContainerSpec::new(names.intern("main"), image.clone())];
    it.revision = Some(Revision { id: names.intern("7"), images: vec![image], at: ago(3_600), by: None });
    Object::Workload(Box::new(it))
}

fn pod(names: &mut Interner, n: usize) -> Object {
    let owner = deployment_key(names, n / REPLICAS);
    let name = format!("{}-6c9f7d5b8-{n:05}", owner.name);
    let key = Ref::new(&cluster(), Kind::Pod, owner.namespace.clone(), name);
    let fails = n % 100 == 7;
    let mut it = Instance::new(key, format!("8f14e45f-ceea-467f-a0e6-{n:012}"), Some(owner), Phase::Running);
    it.node = Some(node_key(names, n % 500));
    (it.ready, it.since, it.created) = (!fails, ago(3_000), ago(3_600));
    it.revision = Some(names.intern("7"));
    (it.memory_request_bytes, it.cpu_request_millis) = (256 << 20, 100);
    let image = names.intern(&format!("registry.example/team/service-{}:1.4.2", n / REPLICAS));
    it.containers.push(container(names, "main", image, fails));
    let proxy = names.intern("registry.example/mesh/proxy:2.1");
    it.containers.push(container(names, "proxy", proxy, false));
    Object::Instance(Box::new(it))
}

fn container(names: &mut Interner, name: &str, image: cockpit::domain::Name, fails: bool) -> Container {
    let state = match fails {
        true => ContainerState::Waiting { reason: names.intern("CrashLoopBackOff"), message: None },
        false => ContainerState::Running { since: ago(3_000) },
    };
    let mut it = Container::new(names.intern(name), image, state);
    it.memory_limit_bytes = Some(512 << 20);
    if fails {
        let (started, ended) = (ago(100), ago(90));
        it.restarts = 12;
        it.last_exit = Some(Box::new(Exit { code: 1, reason: ExitReason::Error, message: None, started, ended }));
    }
    it
}
