//! What stands above what: pairs as data, told in either order.

use serde::Deserialize;

use cockpit::diagnose::{Incident, Settings};
use cockpit::domain::*;

use super::place::*;

#[derive(Deserialize)]
struct Table {
    pair: Vec<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    why: String,
    above: Side,
    below: Side,
}

/// One thing that is wrong.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Side {
    what: String,
    #[serde(default = "prod")]
    cluster: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
    /// Whether users reach it: `yes`, `no`; else unknown.
    #[serde(default)]
    exposed: Option<String>,
    #[serde(default = "one")]
    wanted: u32,
    #[serde(default)]
    ready: u32,
    /// Minutes.
    #[serde(default = "ten")]
    since: i64,
    /// What it takes down with it.
    #[serde(default)]
    drags: Option<Box<Side>>,
    #[serde(default)]
    recovered: bool,
}

fn prod() -> String {
    "prod".to_owned()
}
const fn one() -> u32 {
    1
}
const fn ten() -> i64 {
    10
}

impl Side {
    fn exposure(&self) -> Exposure {
        match self.exposed.as_deref() {
            Some("yes") => Exposure::Yes,
            Some("no") => Exposure::No,
            _ => Exposure::Unknown,
        }
    }

    /// Tells it, and returns what it is about.
    fn tell(&self, place: &mut Place, name: &str, needs: Option<&Ref>) -> Ref {
        place.enter(&self.cluster);
        place.namespace = Box::leak(self.namespace.clone().unwrap_or_else(|| "shop".to_owned()).into_boxed_str());
        let name = self.name.as_deref().unwrap_or(name).to_owned();
        let key = self.tell_one(place, &name, needs);
        if let Some(dragged) = &self.drags {
            dragged.tell(place, &format!("{name}-user"), Some(&key));
        }
        key
    }

    fn tell_one(&self, place: &mut Place, name: &str, needs: Option<&Ref>) -> Ref {
        match self.what.as_str() {
            "unhealthy" | "oom" | "crash" | "exited" | "pull" | "pending" => self.failing(place, name, needs),
            "stuck" | "paused" | "paused-by-hand" => self.rollout(place, name),
            "page" | "critical-alert" | "warning-alert" => self.alert(place, name),
            "node-down" | "node-closed" | "node-pressure" => self.node(place, name),
            "two-managers" | "quorum-lost" | "quorum-fragile" => self.managers(place),
            "queue-alone" | "queue-growing" => self.queue(place, name),
            "pool-full" | "pool-tight" | "endpoint-dead" => self.endpoint(place, name),
            "database" | "stop-timeout" | "overdue" | "memory" => self.quiet(place, name),
            "disk-94" | "disk-99" => self.disk(place),
            "refused" | "lacks-secret" | "lingers" | "dns" | "budget" | "at-limit" => self.pods(place, name),
            "scale-up" => self.failing(place, name, needs),
            "quota" | "namespace" => self.namespace(place, name),
            other => panic!("no such thing: {other}"),
        }
    }

    fn failing(&self, place: &mut Place, name: &str, needs: Option<&Ref>) -> Ref {
        let mut workload = place.workload(Kind::Deployment, name, self.wanted);
        workload.exposure = self.exposure();
        workload.depends_on = needs
            .map(|on| Dependency { on: on.clone(), kind: DependencyKind::Calls, via: "DB_HOST".into() })
            .into_iter()
            .collect();
        if self.what == "exited" {
            (workload.key.kind, workload.desired) = (Kind::ComposeService, Desired::Unknown);
            workload.restart_policy = RestartPolicy::No;
        }
        place.put(Object::Workload(Box::new(workload.clone())));
        let seconds = self.since * 60;
        for n in 0..self.wanted {
            let mut it = place.instance(&workload, n);
            if n >= self.ready {
                it.ready = false;
                it.since = Some(at(-seconds));
                it.created = Some(at(-seconds));
                self.break_it(place, &mut it, seconds);
            }
            place.put(Object::Instance(Box::new(it)));
        }
        workload.key
    }

    fn break_it(&self, place: &mut Place, it: &mut Instance, seconds: i64) {
        let container = &mut it.containers[0];
        match self.what.as_str() {
            "unhealthy" => {
                let (status, since) = (HealthStatus::Unhealthy, Some(at(-seconds)));
                container.health = Some(Box::new(Health { status, streak: 3, output: None, code: None, since }));
            }
            "oom" => {
                it.phase = Phase::Restarting;
                container.last_exit = Some(exit(137, ExitReason::OomKilled, seconds, 5));
                for ago in [seconds, 10] {
                    place.occurred(OccurrenceKind::OomKill, it, ago, |event| event.scope = Some(OomScope::Limit));
                }
            }
            "crash" => {
                it.phase = Phase::Restarting;
                container.restarts = 9;
                container.state = waiting("CrashLoopBackOff", "");
                container.last_exit = Some(exit(1, ExitReason::Error, seconds, 5));
            }
            "exited" => {
                it.phase = Phase::Failed;
                container.state = ContainerState::Ended(exit(1, ExitReason::Error, seconds, 600));
            }
            "pull" => {
                it.phase = Phase::Starting;
                container.state = waiting("ErrImagePull", "manifest unknown");
            }
            "scale-up" => {
                it.phase = Phase::Pending;
                it.message = Some("0/3 nodes are available: 3 Insufficient memory.".into());
                place.occurred(OccurrenceKind::Changed, it, 30, |event| {
                    event.text = Some("pod triggered scale-up: [{pool 3->4}]".into());
                });
            }
            _ => {
                it.phase = Phase::Pending;
                it.message = Some("0/3 nodes are available: 3 Insufficient memory.".into());
            }
        }
    }

    fn rollout(&self, place: &mut Place, name: &str) -> Ref {
        let mut workload = place.workload(Kind::Deployment, name, self.wanted);
        workload.exposure = self.exposure();
        workload.reported = Some(Reported { ready: self.ready, updated: 1, total: self.wanted });
        let message = (self.what == "paused").then(|| Text::new("update paused due to failure of task x"));
        workload.rollout = Some(Rollout {
            phase: if self.what == "stuck" { RolloutPhase::Progressing } else { RolloutPhase::Paused },
            message,
            started: Some(at(-self.since * 60)),
            progressed: Some(at(-self.since * 60)),
            deadline: None,
            from: None,
            to: None,
            updated: Some(1),
        });
        place.put(Object::Workload(Box::new(workload.clone())));
        workload.key
    }

    fn alert(&self, place: &mut Place, name: &str) -> Ref {
        let severity = if self.what == "warning-alert" { Severity::Warning } else { Severity::Critical };
        let mut alert = place.alert(name, severity, self.what == "page", None);
        alert.since = Some(at(-self.since * 60));
        place.put(Object::Alert(Box::new(alert.clone())));
        alert.key
    }

    fn node(&self, place: &mut Place, name: &str) -> Ref {
        let mut node = place.node(name, if self.what == "node-down" { NodeState::Down } else { NodeState::Ready });
        node.since = Some(at(-self.since * 60));
        node.draining = self.what == "node-closed";
        node.pressure.extend((self.what == "node-pressure").then(|| Name::new("memory")));
        place.put(Object::Node(Box::new(node.clone())));
        node.key
    }

    fn managers(&self, place: &mut Place) -> Ref {
        let reachable: &[bool] = match self.what.as_str() {
            "two-managers" => &[true, true],
            "quorum-lost" => &[true, false, false],
            _ => &[true, true, false],
        };
        for (n, reachable) in reachable.iter().enumerate() {
            let mut node = place.node(&format!("m{n}"), NodeState::Ready);
            node.manager = Some(Managership { leader: n == 0, reachable: *reachable });
            node.since = Some(at(-self.since * 60));
            place.put(Object::Node(Box::new(node)));
        }
        ClusterInfo::key_of(&place.cluster)
    }

    fn queue(&self, place: &mut Place, name: &str) -> Ref {
        let key = place.key(Kind::Queue, name);
        let queue = Queue { key: key.clone(), system: "redis".into(), consumers: Vec::new(), broker: None };
        place.put(Object::Queue(Box::new(queue)));
        let consumers = if self.what == "queue-alone" { 0.0 } else { 2.0 };
        for minute in 0..=self.since {
            place.measured(&key, Metric::QueueDepth, minute * 60, 9000.0 - minute as f64 * 800.0);
            place.measured(&key, Metric::QueueConsumers, minute * 60, consumers);
        }
        key
    }

    fn endpoint(&self, place: &mut Place, name: &str) -> Ref {
        let behind = place.healthy(Kind::Deployment, &format!("{name}-behind"), 1).key;
        let key = place.key(Kind::Endpoint, name);
        let (pool, exposure) = (self.what != "endpoint-dead", self.exposure());
        place.put(Object::Endpoint(Box::new(Endpoint {
            key: key.clone(),
            serves: vec![behind],
            ready: 0,
            exposure,
            pool,
            check: None,
            not_ready: 0,
            selector: None,
        })));
        let used = if self.what == "pool-full" { 100.0 } else { 96.0 };
        for minute in 0..=self.since {
            place.measured(&key, Metric::ConnectionsUsed, minute * 60, used);
            place.measured(&key, Metric::ConnectionsMax, minute * 60, 100.0);
        }
        key
    }

    fn quiet(&self, place: &mut Place, name: &str) -> Ref {
        let mut workload = place.healthy(Kind::ComposeService, name, 1);
        let it = place.instance(&workload, 0);
        match self.what.as_str() {
            "database" => {
                workload.created = Some(at(-self.since * 60));
                workload.containers[0].image = "postgres:16".into();
            }
            "stop-timeout" => place.occurred(OccurrenceKind::StopTimeout, &it, self.since * 60, |_| {}),
            "memory" => {
                workload.containers[0].memory_limit_bytes = Some(1000);
                place.measured(&it.key, Metric::MemoryBytes, 10, 990.0);
            }
            _ => {
                workload.desired = Desired::Scheduled;
                workload.schedule = Some(Schedule {
                    cron: "0 2 * * *".into(),
                    period_seconds: 86_400,
                    suspended: false,
                    last_run: None,
                    last_success: Some(at(-86_400 - 50_000)),
                });
            }
        }
        place.put(Object::Workload(Box::new(workload.clone())));
        workload.key
    }

    fn pods(&self, place: &mut Place, name: &str) -> Ref {
        if self.what == "dns" {
            place.namespace = "kube-system";
        }
        let name = if self.what == "dns" { "coredns" } else { name };
        let mut workload = place.workload(Kind::Deployment, name, self.wanted);
        workload.exposure = self.exposure();
        let reported = |ready| Some(Reported { ready, updated: ready, total: ready });
        let mut it = place.instance(&workload, 0);
        let since = Some(at(-self.since * 60));
        match self.what.as_str() {
            "refused" => {
                let (reason, message) = ("FailedCreate".into(), "image is not signed".into());
                workload.hindrance = Some(Box::new(Hindrance { reason, message, since }));
                workload.reported = reported(self.ready);
            }
            "dns" => workload.reported = reported(self.ready),
            "lacks-secret" => {
                (it.phase, it.ready, it.since, it.created) = (Phase::Starting, false, since, since);
                it.containers[0].state = waiting("CreateContainerConfigError", "secret \"db\" not found");
            }
            "lingers" => {
                let mut old = place.instance(&workload, 9);
                (old.phase, old.ready, old.desired, old.since) = (Phase::Stopping, false, DesiredState::Stop, since);
                place.put(Object::Instance(Box::new(old)));
            }
            "budget" => {
                let (key, covers) = (place.key(Kind::Budget, name), vec![workload.key.clone()]);
                let (allowed, healthy, wanted, expected) = (0, 1, 1, 1);
                let it = Budget { key, covers, allowed, healthy, wanted, expected, says: None };
                place.put(Object::Budget(Box::new(it)));
            }
            _ => super::rules::make::autoscaler(place, &workload.key, |it| {
                (it.current, it.desired, it.limited, it.scaled_at) = (10, 10, Some("TooManyReplicas".into()), since);
            }),
        }
        if !matches!(self.what.as_str(), "refused" | "dns") {
            place.put(Object::Instance(Box::new(it)));
        }
        place.put(Object::Workload(Box::new(workload.clone())));
        workload.key
    }

    fn namespace(&self, place: &mut Place, name: &str) -> Ref {
        let key = place.key(Kind::Namespace, name);
        let deleting = (self.what == "namespace").then(|| at(-self.since * 60));
        let quota = Quota { name: "q".into(), resource: "pods".into(), used: 99, hard: 100 };
        let it = Namespace { key: key.clone(), deleting, held_by: None, quotas: vec![quota] };
        place.put(Object::Namespace(Box::new(it)));
        key
    }

    fn disk(&self, place: &mut Place) -> Ref {
        let key = ClusterInfo::key_of(&place.cluster);
        let free = if self.what == "disk-99" { 1 } else { 6 };
        place.put(Object::Cluster(Box::new(ClusterInfo {
            disk_total_bytes: Some(100),
            disk_free_bytes: Some(free),
            ..ClusterInfo::new(&place.cluster, BackendKind::Docker, "id")
        })));
        key
    }

    /// What was wrong is well again.
    fn recover(&self, place: &mut Place, name: &str) {
        place.enter(&self.cluster);
        place.healthy(Kind::Deployment, self.name.as_deref().unwrap_or(name), self.wanted);
    }
}

fn table() -> Table {
    toml::from_str(include_str!("ranking.toml")).expect("ranking.toml can be read")
}

fn ranked(pair: &Pair, swapped: bool) -> (Vec<Incident>, Ref, Ref) {
    let mut place = Place::with(Settings::default());
    let (above, below) = if swapped {
        let below = pair.below.tell(&mut place, "b", None);
        (pair.above.tell(&mut place, "a", None), below)
    } else {
        let above = pair.above.tell(&mut place, "a", None);
        (above, pair.below.tell(&mut place, "b", None))
    };
    place.look();
    place.pass(30);
    for (side, name) in [(&pair.above, "a"), (&pair.below, "b")] {
        if side.recovered {
            side.recover(&mut place, name);
        }
    }
    place.look();
    place.pass(90);
    (place.look(), above, below)
}

#[test]
fn what_is_worse_stands_above() {
    let mut wrong = Vec::new();
    for pair in &table().pair {
        let (rows, above, below) = ranked(pair, false);
        let place = |key: &Ref| rows.iter().position(|it| it.subject == *key);
        match (place(&above), place(&below)) {
            (Some(a), Some(b)) if a < b => {}
            places => wrong.push(format!("{}: {places:?} in {:?}", pair.why, said(&rows))),
        }
        assert_eq!(rows, ranked(pair, true).0, "{}: the order hangs on the order of the facts", pair.why);
        assert!(rows.iter().all(|it| it.tier < Tier::Stuck || it.severity > Severity::Critical), "{}", pair.why);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn there_are_forty_pairs_and_each_says_why() {
    let table = table();
    assert!(table.pair.len() >= 40, "{} pairs", table.pair.len());
    let mut whys: Vec<&str> = table.pair.iter().map(|it| it.why.as_str()).collect();
    whys.sort_unstable();
    whys.dedup();
    assert_eq!(whys.len(), table.pair.len(), "a reason stands twice");
}

#[test]
fn the_order_is_total_and_says_itself_in_words() {
    let mut place = Place::default();
    for pair in &table().pair {
        pair.above.tell(&mut place, "a", None);
        pair.below.tell(&mut place, "b", None);
    }
    place.look();
    place.pass(90);
    let rows = place.look();
    assert!(rows.windows(2).all(|pair| pair[0].tier <= pair[1].tier), "tiers come in order");
    assert!(rows.iter().all(|it| it.place().starts_with("tier ")), "{:?}", rows.first().map(|it| it.place()));
}
