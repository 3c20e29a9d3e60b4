//! A small world that is told facts, and asked what is wrong.

use cockpit::diagnose::{Diagnosis, Incident, IncidentState, Settings};
use cockpit::domain::words::after;
use cockpit::domain::{
    Alert, AlertState, Batch, ClusterId, Container, ContainerSpec, ContainerState, Desired, Exit, ExitReason, Exposure,
    Fact, Instance, Kind, Metric, Mount, MountKind, Name, Node, NodeState, Object, Occurrence, OccurrenceKind, Phase,
    Queue, Ref, RestartPolicy, Role, Sample, Severity, Source, Timestamp, Trouble, TroubleKind, Workload,
};
use cockpit::state::World;

/// A cluster, the model of it, and its diagnosis.
pub struct Place {
    pub world: World,
    pub diagnosis: Diagnosis,
    pub cluster: ClusterId,
    pub now: Timestamp,
    /// Where what is made next lies.
    pub namespace: &'static str,
}

/// 02:10 at night.
pub const NIGHT: i64 = 1_795_313_400;

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(NIGHT + seconds).expect("in range")
}

pub fn minutes(n: i64) -> i64 {
    n * 60
}

const SOURCES: [&str; 10] =
    ["pods", "containers", "tasks", "allocations", "workloads", "nodes", "queues", "endpoints", "volumes", "alerts"];

impl Default for Place {
    fn default() -> Self {
        Self::with(Settings::default())
    }
}

impl Place {
    pub fn with(settings: Settings) -> Self {
        Self::named("prod", settings)
    }

    /// A cluster that has listed, and holds nothing yet.
    pub fn named(name: &str, settings: Settings) -> Self {
        let mut place = Self::unlisted(name, settings);
        place.all(Fact::Listed);
        place
    }

    /// A cluster of which nothing was heard.
    pub fn unlisted(name: &str, settings: Settings) -> Self {
        Self {
            world: World::default(),
            diagnosis: Diagnosis::new(settings, at(0)),
            cluster: ClusterId::new(name),
            now: at(0),
            namespace: "shop",
        }
    }

    /// What is told and made next belongs to another cluster, which has listed.
    pub fn enter(&mut self, cluster: &str) {
        self.cluster = ClusterId::new(cluster);
        self.all(Fact::Listed);
    }

    fn all(&mut self, fact: impl Fn(Source) -> Fact) {
        let facts = SOURCES.iter().map(|kind| fact(Source::of(*kind))).collect();
        self.tell(facts);
    }

    pub fn tell(&mut self, facts: Vec<Fact>) {
        self.world.fold(Batch { cluster: self.cluster.clone(), at: self.now, facts });
    }

    pub fn key(&self, kind: Kind, name: &str) -> Ref {
        let namespace = match kind.role() {
            Role::Node | Role::Cluster | Role::Namespace => None,
            _ => Some(Name::new(self.namespace)),
        };
        Ref::new(&self.cluster, kind, namespace, name)
    }

    pub fn source(key: &Ref) -> Source {
        Source::of(match key.kind {
            Kind::Pod => "pods",
            Kind::ContainerInstance => "containers",
            Kind::Task => "tasks",
            Kind::Allocation => "allocations",
            kind => match kind.role() {
                Role::Node => "nodes",
                Role::Queue => "queues",
                Role::Endpoint => "endpoints",
                Role::Volume => "volumes",
                Role::Alert => "alerts",
                Role::Application => "applications",
                _ => "workloads",
            },
        })
    }

    pub fn put(&mut self, object: Object) {
        let source = Self::source(object.key());
        self.tell(vec![Fact::Put(source, object)]);
    }

    pub fn gone(&mut self, key: &Ref) {
        self.tell(vec![Fact::Gone(Self::source(key), key.clone())]);
    }

    /// A workload that wants so many, users reach it, and there is nothing to advise about it.
    pub fn workload(&self, kind: Kind, name: &str, wanted: u32) -> Workload {
        let mut workload = Workload::new(self.key(kind, name), "w1", Desired::Replicas(wanted));
        workload.exposure = Exposure::No;
        workload.restart_policy = RestartPolicy::Always;
        workload.created = Some(at(-86_400 * 30));
        workload.containers = vec![ContainerSpec::new("main", "r.example/shop/app:1")];
        workload
    }

    /// An instance of it that runs and is ready since yesterday.
    pub fn instance(&self, of: &Workload, n: u32) -> Instance {
        let kind = match of.key.kind {
            Kind::Service => Kind::Task,
            Kind::TaskGroup => Kind::Allocation,
            Kind::ComposeService | Kind::Container => Kind::ContainerInstance,
            _ => Kind::Pod,
        };
        let name = format!("{}-{n}", of.key.name);
        let mut instance =
            Instance::new(self.key(kind, &name), format!("uid-{name}").as_str(), Some(of.key.clone()), Phase::Running);
        instance.ready = true;
        instance.created = Some(at(-86_400));
        instance.since = Some(at(-86_400));
        let state = ContainerState::Running { since: Some(at(-86_400)) };
        instance.containers.push(Container::new("main", "r.example/shop/app:1", state));
        instance
    }

    /// A workload with all its instances in order.
    pub fn healthy(&mut self, kind: Kind, name: &str, n: u32) -> Workload {
        let workload = self.workload(kind, name, n);
        self.put(Object::Workload(Box::new(workload.clone())));
        for ix in 0..n {
            let instance = self.instance(&workload, ix);
            self.put(Object::Instance(Box::new(instance)));
        }
        workload
    }

    pub fn node(&self, name: &str, state: NodeState) -> Node {
        let mut node = Node::new(self.key(Kind::Node, name), name, state);
        node.since = (state != NodeState::Ready).then(|| at(-180));
        node
    }

    /// Something that happened to an instance, `ago` seconds before now.
    pub fn occurred(
        &mut self,
        kind: OccurrenceKind,
        instance: &Instance,
        ago: i64,
        with: impl FnOnce(&mut Occurrence),
    ) {
        let id = format!("{kind:?} of {} at {}", instance.key, after(self.now, -ago));
        let mut it = Occurrence::once(id.as_str(), kind, instance.key.clone(), after(self.now, -ago));
        it.workload = instance.owner.clone();
        with(&mut it);
        self.tell(vec![Fact::Occurred(Box::new(it))]);
    }

    pub fn measured(&mut self, subject: &Ref, metric: Metric, ago: i64, value: f64) {
        let sample = Sample { subject: subject.clone(), container: None, metric, at: after(self.now, -ago), value };
        self.tell(vec![Fact::Measured(sample)]);
    }

    /// A queue of which the settings say that the workload takes from it, and its broker says nothing. A depth for each minute.
    pub fn queue_of(&mut self, worker: &Ref, depths: &[f64]) -> Ref {
        let key = self.key(Kind::Queue, "orders");
        let (system, consumers) = ("redis".into(), vec![worker.clone()]);
        self.put(Object::Queue(Box::new(Queue { key: key.clone(), system, consumers, broker: None })));
        for (minute, depth) in (0..).zip(depths.iter().rev()) {
            self.measured(&key, Metric::QueueDepth, minute * 60, *depth);
        }
        key
    }

    pub fn alert(&self, title: &str, severity: Severity, pages: bool, about: Option<Ref>) -> Alert {
        let (state, since) = (AlertState::Firing, Some(at(-120)));
        let (summary, runbook, dashboard, silence) = (None, None, None, None);
        let (key, title) = (self.key(Kind::Alert, title), title.into());
        Alert { key, title, summary, severity, state, pages, about, since, runbook, dashboard, silence }
    }

    pub fn trouble(&mut self, kind: &str, trouble: TroubleKind) {
        let (what, mend) = ("it cannot be read".into(), "wait".into());
        let trouble = Trouble { kind: trouble, what, mend, since: self.now, retry_at: None };
        self.tell(vec![Fact::Trouble(Source::of(kind), trouble)]);
    }

    /// Time passes, minute by minute, while every source in order says that it is alive.
    pub fn pass(&mut self, seconds: i64) {
        let end = after(self.now, seconds);
        while self.now < end {
            self.now = end.min(after(self.now, 60));
            let troubled: Vec<Source> = self
                .world
                .view(self.now)
                .sources(&self.cluster)
                .filter(|(_, state)| state.trouble.is_none())
                .map(|(source, _)| source.clone())
                .collect();
            self.tell(troubled.into_iter().map(Fact::Alive).collect());
            self.look();
        }
    }

    /// Asks what is wrong.
    pub fn look(&mut self) -> Vec<Incident> {
        let dirty = self.world.take_dirty(self.now);
        let view = self.world.view(self.now);
        self.diagnosis.note(&dirty, &view);
        assert!(self.diagnosis.examine(&view, &mut || true), "nothing is left when there is time");
        self.diagnosis.settle(&view);
        self.diagnosis.incidents().to_vec()
    }

    /// What is wrong and not over.
    pub fn open(&mut self) -> Vec<Incident> {
        let mut open = self.look();
        open.retain(|it| !matches!(it.state, IncidentState::Recovered(_)));
        open
    }

    /// The one thing that is wrong.
    pub fn only(&mut self) -> Incident {
        let mut open = self.open();
        assert_eq!(open.len(), 1, "{:#?}", said(&open));
        open.remove(0)
    }

    /// The rules that speak, as incident or symptom, or advise.
    pub fn rules(&mut self) -> Vec<&'static str> {
        let open = self.open();
        let symptoms = open.iter().flat_map(|it| it.symptoms.iter().map(|symptom| symptom.rule));
        let mut rules: Vec<&'static str> = open.iter().map(|it| it.rule).chain(symptoms).collect();
        rules.extend(self.diagnosis.advice().iter().map(|it| it.rule));
        rules
    }
}

/// Incidents in short, for messages.
pub fn said(incidents: &[Incident]) -> Vec<String> {
    incidents
        .iter()
        .map(|it| format!("{} {} {}: {}", it.severity.as_str(), it.rule, it.subject.local(), it.summary))
        .collect()
}

/// A run that ended `ago` seconds before the start, after `ran` seconds.
pub fn exit(code: i32, reason: ExitReason, ago: i64, ran: i64) -> Box<Exit> {
    Box::new(Exit { code, reason, message: None, started: Some(at(-ago - ran)), ended: Some(at(-ago)) })
}

pub fn waiting(reason: &str, message: &str) -> ContainerState {
    ContainerState::Waiting { reason: reason.into(), message: (!message.is_empty()).then(|| message.into()) }
}

pub fn mount(target: &str, kind: MountKind, driver: Option<&str>) -> Mount {
    Mount { target: target.into(), source: Some("data".into()), kind, driver: driver.map(Name::new) }
}
