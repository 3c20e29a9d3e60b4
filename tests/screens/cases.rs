//! Case files in depth: a Kubernetes, a Swarm and a Compose thing, page by page, and down to one container.

use cockpit::domain::people::{Fold, Saying, SnoozedUntil};
use cockpit::domain::{
    Alert, AlertState, Answer, BackendKind, Batch, Change, Config, Container, ContainerSpec, ContainerState,
    Dependency, DependencyKind, Desired, Difference, Endpoint, EnvEntry, Exit, ExitReason, Exposure, Fact, Health,
    HealthStatus, How, Instance, Kind, Made, Metric, Mount, MountKind, Name, Object, People, Phase, Port, Probe,
    ProbeKind, Ref, Revision, Sample, Severity, Source, Text, Timestamp, TroubleKind, Want, Workload,
};
use cockpit::engine::Core;
use cockpit::ui::case::{self, Opens};
use cockpit::ui::{CaseFile, CaseRow, CaseTab, Layer, Pane, RowKey};

use super::night::{self, Telling, ago, core, id, key, trouble};
use super::stage::Stage;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (40, 10)];
const MIB: u64 = 1 << 20;

fn pay() -> Ref {
    key("prod", Kind::Deployment, "shop", "pay")
}

fn pay_pod(n: usize) -> Ref {
    key("prod", Kind::Pod, "shop", ["pay-5d9f4-k2x7q", "pay-5d9f4-zz81c"][n])
}

fn front() -> Ref {
    key("swarm", Kind::Service, "web", "front")
}

fn cart() -> Ref {
    key("local", Kind::ComposeService, "shop", "cart")
}

fn env(all: &[(&str, u64)]) -> Vec<EnvEntry> {
    all.iter().map(|(name, hash)| EnvEntry { name: Name::new(name), hash: *hash }).collect()
}

fn spec(name: &str, image: &str) -> ContainerSpec {
    let mut it = ContainerSpec::new(name, image);
    (it.memory_limit_bytes, it.memory_request_bytes) = (Some(256 * MIB), Some(128 * MIB));
    (it.cpu_limit_millis, it.cpu_request_millis) = (Some(500), Some(100));
    it.env = env(&[("DB_URL", 1), ("PORT", 2)]);
    it.ports = vec![Port { number: 8080, protocol: "tcp".into(), name: Some("http".into()), published: None }];
    it.probes = vec![Probe {
        kind: ProbeKind::Readiness,
        what: Text::new("GET :8080/ready"),
        period_seconds: 10,
        timeout_seconds: 1,
        threshold: 3,
        grace_seconds: 5,
    }];
    it
}

fn revision(id: &str, image: &str, at: Timestamp, by: Option<&str>) -> Revision {
    Revision { id: id.into(), images: vec![image.into()], at: Some(at), by: by.map(Text::from) }
}

/// Two containers, of which one uses nearly all that it may.
fn kubernetes(t: &mut Telling) {
    let mut it = Workload::new(pay(), "uid-pay", Desired::Replicas(2));
    (it.created, it.exposure) = (Some(ago(9_000)), Exposure::Yes);
    let mut proxy = spec("proxy", "registry.example/mesh/proxy:2.1");
    (proxy.memory_limit_bytes, proxy.cpu_limit_millis, proxy.probes) = (None, None, Vec::new());
    let mut main = spec("main", "registry.example/shop/pay:7.1.0");
    main.mounts = vec![Mount {
        target: "/var/lib/pay".into(),
        source: Some("pay-data".into()),
        kind: MountKind::Claim,
        driver: None,
    }];
    it.containers = vec![main, proxy];
    it.revision = Some(revision("12", "registry.example/shop/pay:7.1.0", ago(50), Some("argocd shop")));
    it.history = vec![revision("11", "registry.example/shop/pay:7.0.9", ago(4_000), None)];
    let need = |kind, name: &str, how, via: &str| Dependency {
        on: key("prod", kind, "shop", name),
        kind: how,
        via: Text::new(via),
    };
    it.depends_on = vec![
        need(Kind::Volume, "pay-data", DependencyKind::Mounts, "volume data"),
        need(Kind::ConfigMap, "pay", DependencyKind::ConfiguredBy, "envFrom"),
        need(Kind::Secret, "pay-db", DependencyKind::ConfiguredBy, "DB_URL"),
    ];
    it.managed_by = Some(Text::new("argocd"));
    it.links = vec![("runbook_url".into(), Text::new("https://wiki.example/pay"))];
    for n in 0..2 {
        let mut pod = Instance::new(pay_pod(n), format!("uid-{n}"), Some(pay()), Phase::Running);
        (pod.ready, pod.created, pod.since) = (true, Some(ago(48)), Some(ago(48)));
        pod.node = Some(key("prod", Kind::Node, "", "node-1"));
        pod.revision = Some("12".into());
        (pod.memory_request_bytes, pod.cpu_request_millis) = (256 * MIB, 200);
        for spec in &it.containers {
            let state = ContainerState::Running { since: Some(ago(if n == 0 { 12 } else { 48 })) };
            let mut part = Container::new(spec.name.clone(), spec.image.clone(), state);
            part.memory_limit_bytes = spec.memory_limit_bytes;
            if n == 0 && spec.name == "main" {
                part.restarts = 2;
                part.last_exit = Some(Box::new(Exit {
                    code: 137,
                    reason: ExitReason::OomKilled,
                    message: None,
                    started: Some(ago(48)),
                    ended: Some(ago(12)),
                }));
                part.health = Some(Box::new(Health {
                    status: HealthStatus::Healthy,
                    streak: 0,
                    output: None,
                    code: None,
                    since: Some(ago(11)),
                }));
            }
            pod.containers.push(part);
        }
        t.put("pods", Object::Instance(Box::new(pod)));
    }
    t.put(
        "services",
        Object::Endpoint(Box::new(Endpoint {
            key: key("prod", Kind::Endpoint, "shop", "pay"),
            serves: vec![pay()],
            ready: 2,
            not_ready: 0,
            selector: Some(Text::new("app=pay")),
            exposure: Exposure::Yes,
            pool: false,
            check: None,
        })),
    );
    t.put(
        "configs",
        Object::Config(Box::new(Config {
            key: key("prod", Kind::ConfigMap, "shop", "pay"),
            created: Some(ago(9_000)),
            changed: Some(ago(55)),
            by: None,
        })),
    );
    t.workload("deployments", it);
}

/// A service whose former specification is kept.
fn swarm() -> Telling {
    let mut t = Telling::of("swarm", BackendKind::Docker, &["services", "tasks", "nodes"]);
    let mut it = Workload::new(front(), "uid-front", Desired::Replicas(2));
    it.containers = vec![spec("front", "front:3.1")];
    it.revision = Some(revision("a1b2c3d4e5f6", "front:3.1", ago(30), None));
    it.history = vec![Revision { id: "0f9e8d7c6b5a".into(), images: vec!["front:3.0".into()], at: None, by: None }];
    let mut former = spec("front", "front:3.0");
    former.env = env(&[("DB_URL", 9), ("OLD", 4), ("PORT", 2)]);
    former.memory_limit_bytes = Some(512 * MIB);
    it.made = vec![Made { id: "0f9e8d7c6b5a".into(), at: None, containers: vec![former] }];
    t.instances("tasks", Kind::Task, &it, 2, &["m-1"], |_, _| {});
    t.workload("services", it);
    t
}

/// A service of which one container still runs an older configuration, and one of which all are alike.
fn compose() -> Telling {
    let mut t = Telling::of("local", BackendKind::Docker, &["containers"]);
    let mut it = Workload::new(cart(), "shop/cart", Desired::Replicas(2));
    it.containers = vec![spec("cart", "cart:2")];
    it.revision = Some(revision("5f0c2b77aa01", "cart:2", ago(20), None));
    let mut older = spec("shop-cart-1", "cart:2");
    older.env = env(&[("DB_URL", 7), ("PORT", 2)]);
    it.made = vec![Made { id: "11d2e9c0bb42".into(), at: Some(ago(9_000)), containers: vec![older] }];
    let mut alike = Workload::new(key("local", Kind::ComposeService, "shop", "db"), "shop/db", Desired::Replicas(1));
    alike.containers = vec![spec("db", "postgres:17")];
    alike.revision = Some(revision("77aa015f0c2b", "postgres:17", ago(9_000), None));
    t.workload("containers", alike);
    for (name, hash) in [("shop-cart-1", "11d2e9c0bb42"), ("shop-cart-2", "5f0c2b77aa01")] {
        let of = key("local", Kind::ContainerInstance, "shop", name);
        let mut one = Instance::new(of, format!("id-{name}"), Some(cart()), Phase::Running);
        (one.ready, one.revision) = (true, Some(hash.into()));
        let state = ContainerState::Running { since: Some(ago(20)) };
        let mut part = Container::new(name, "cart:2", state);
        part.memory_limit_bytes = Some(256 * MIB);
        one.containers = vec![part];
        t.put("containers", Object::Instance(Box::new(one)));
    }
    t.workload("containers", it);
    t
}

fn company() -> Core {
    let kinds = ["deployments", "pods", "nodes", "services", "configs", "alerts", "events"];
    let mut t = Telling::of("prod", BackendKind::Kubernetes, &kinds);
    kubernetes(&mut t);
    core(&["prod", "swarm", "local"], vec![t.batch(&[]), swarm().batch(&[]), compose().batch(&[])])
}

fn tell(core: &mut Core, cluster: &str, minutes: i64, facts: Vec<Fact>) {
    core.fold(Batch { cluster: id(cluster), at: ago(minutes), facts });
    core.settle_now(night::now());
}

fn measured(core: &mut Core, subject: &Ref, container: Option<&str>, metric: Metric, values: &[f64]) {
    let sample = |(ix, value): (usize, &f64)| {
        let at = ago((values.len() - 1 - ix) as i64);
        let (subject, container) = (subject.clone(), container.map(Name::new));
        Fact::Measured(Sample { subject, container, metric, at, value: *value })
    };
    let facts = values.iter().enumerate().map(sample).collect();
    tell(core, subject.cluster.as_str(), 0, facts);
}

/// With what was measured and answered.
fn told() -> Core {
    let mut core = company();
    let growing: Vec<f64> = (0..20).map(|n| (100 + n * 8) as f64 * MIB as f64).collect();
    let flat = [31.0, 30.0, 32.0, 31.0].map(|n| n * MIB as f64);
    let pod = pay_pod(0);
    measured(&mut core, &pod, None, Metric::MemoryBytes, &growing);
    measured(&mut core, &pod, Some("main"), Metric::MemoryBytes, &growing);
    measured(&mut core, &pod, Some("proxy"), Metric::MemoryBytes, &flat);
    measured(&mut core, &pod, Some("main"), Metric::CpuMillis, &[120.0, 480.0, 470.0, 490.0]);
    let first = key("local", Kind::ContainerInstance, "shop", "shop-cart-1");
    measured(&mut core, &first, None, Metric::MemoryBytes, &flat);
    measured(&mut core, &first, None, Metric::CpuMillis, &[20.0]);
    let changed = |was: &str, now: &str| How::Changed(Some((Text::new(was), Text::new(now))));
    let difference = |what: &str, how: How| Difference { what: Text::new(what), how };
    let change = Change {
        from: "11".into(),
        to: "12".into(),
        at: Some(ago(50)),
        by: None,
        differences: vec![
            difference("main image", changed("registry.example/shop/pay:7.0.9", "7.1.0")),
            difference("main env DB_URL", How::Changed(None)),
            difference("main memory limit", changed("512Mi", "256Mi")),
        ],
    };
    let before = Change { from: "10".into(), to: "11".into(), at: Some(ago(4_000)), by: None, differences: Vec::new() };
    let want = |revision: &str| Want::Change { workload: pay(), revision: revision.into() };
    tell(
        &mut core,
        "prod",
        0,
        vec![
            Fact::Answered(want("12"), Answer::Changed(Box::new(change))),
            Fact::Answered(want("11"), Answer::Changed(Box::new(before))),
            Fact::Answered(want("10"), Answer::Failed(Text::new("no revision before it is kept"))),
        ],
    );
    core
}

/// What the page asks for, answered.
fn answered(stage: &mut Stage, lines: &[&str]) {
    let wants = cockpit::ui::panes::wants(&stage.screen, &stage.model());
    for want in wants {
        if let Want::LogTail { instance, .. } = &want {
            let cluster = instance.cluster.to_string();
            let lines = Answer::Lines(lines.iter().map(|line| Text::new(line)).collect());
            tell(&mut stage.core, &cluster, 0, vec![Fact::Answered(want.clone(), lines)]);
        }
    }
}

fn opened(core: Core, size: (u16, u16), file: CaseFile) -> Stage {
    let mut stage = Stage::of(core, size).at(Pane::Workloads);
    stage.screen.layers.push(Layer::Case(file));
    stage
}

const LINES: [&str; 4] = [
    "listening on :8080",
    r#"{"level":"warn","msg":"pool is nearly full","used":31,"of":32}"#,
    r#"{"level":"error","msg":"cannot charge","error":"connection refused","order":40212}"#,
    "a line that is much longer than a narrow terminal has columns, and so it goes on in the row below the first one",
];

#[test]
fn each_page_of_a_kubernetes_a_swarm_and_a_compose_thing() {
    for size in SIZES {
        for (name, of) in [("kubernetes", pay()), ("swarm", front()), ("compose", cart())] {
            for tab in [CaseTab::Revision, CaseTab::Use, CaseTab::Logs] {
                let mut stage = opened(told(), size, CaseFile::new(RowKey::Object(of.clone()), tab));
                if let Some(Layer::Case(case)) = stage.screen.layers.last_mut().filter(|_| tab == CaseTab::Logs) {
                    case.scroll = usize::MAX;
                }
                answered(&mut stage, &LINES);
                insta::assert_snapshot!(format!("depth-{name}-{}-{}x{}", tab.title(), size.0, size.1), stage.text());
            }
        }
    }
}

#[test]
fn why_names_what_a_thing_hangs_together_with() {
    for (name, of) in [("kubernetes", pay()), ("kubernetes-pod", pay_pod(0)), ("swarm", front()), ("compose", cart())] {
        let stage = opened(told(), (120, 40), CaseFile::new(RowKey::Object(of), CaseTab::Why));
        insta::assert_snapshot!(format!("depth-{name}-why-120x40"), stage.text());
    }
}

#[test]
fn one_container_has_its_own_level() {
    for size in SIZES {
        for tab in [CaseTab::Why, CaseTab::Use] {
            let file = CaseFile::new(RowKey::Object(pay_pod(0)), tab);
            let file = CaseFile { container: Some("main".into()), ..file };
            let mut stage = opened(told(), size, file);
            answered(&mut stage, &LINES);
            insta::assert_snapshot!(format!("depth-container-{}-{}x{}", tab.title(), size.0, size.1), stage.text());
        }
    }
    let engine = key("local", Kind::ContainerInstance, "shop", "shop-cart-1");
    let stage = opened(told(), (80, 24), CaseFile::new(RowKey::Object(engine), CaseTab::Why));
    insta::assert_snapshot!("depth-engine-container-80x24", stage.text());
    let stage = opened(told(), (80, 24), CaseFile::new(RowKey::Object(pay_pod(0)), CaseTab::Instances));
    insta::assert_snapshot!("depth-containers-80x24", stage.text());
}

#[test]
fn what_is_not_known_of_older_revisions_is_said() {
    let says = |core: Core, of: Ref, pick: Option<&str>| {
        let mut file = CaseFile::new(RowKey::Object(of), CaseTab::Revision);
        if let Some(pick) = pick {
            file.picks.insert(CaseTab::Revision, CaseRow::Revision(pick.into()));
        }
        let stage = opened(core, (120, 40), file);
        stage.text()
    };
    let text = says(told(), front(), Some("0f9e8d7c6b5a"));
    assert!(text.contains("a Swarm keeps the one specification before"), "{text}");
    let text = says(told(), front(), None);
    assert!(text.contains("env DB_URL changed") && text.contains("env OLD removed"), "{text}");
    let text = says(told(), key("local", Kind::ComposeService, "shop", "db"), None);
    assert!(text.contains("a Compose project keeps no older revision"), "{text}");
    let text = says(told(), cart(), None);
    assert!(text.contains("env DB_URL changed") && text.contains("still run"), "{text}");
    let text = says(told(), pay(), Some("10"));
    assert!(text.contains("not known: no revision before it is kept"), "{text}");
    let text = says(company(), pay(), None);
    assert!(text.contains("what differs is being read"), "{text}");
    let mut dark = company();
    let gone = trouble(TroubleKind::Unreachable, "prod does not answer", "wait", 1);
    tell(&mut dark, "prod", 0, vec![Fact::Trouble(Source::of("pods"), gone)]);
    let text = says(dark, pay(), None);
    assert!(text.contains("prod cannot be asked now"), "{text}");
}

#[test]
fn going_down_the_list_asks_for_older_pairs_and_their_answers_lengthen_it() {
    let rows = |core: Core| {
        let stage = opened(core, (80, 24), CaseFile::new(RowKey::Object(pay()), CaseTab::Revision));
        let Some(Layer::Case(file)) = stage.screen.layers.last() else { panic!("a case file") };
        case::rows(file, &stage.screen, &stage.model())
    };
    let ids = |all: &[&str]| all.iter().map(|id| CaseRow::Revision((*id).into())).collect::<Vec<_>>();
    assert_eq!(rows(company()), ids(&["12", "11"]));
    assert_eq!(rows(told()), ids(&["12", "11", "10"]), "the answer of 11 names the one before it");
    let mut file = CaseFile::new(RowKey::Object(pay()), CaseTab::Revision);
    file.picks.insert(CaseTab::Revision, CaseRow::Revision("11".into()));
    let stage = opened(company(), (80, 24), file);
    let wants = cockpit::ui::panes::wants(&stage.screen, &stage.model());
    assert!(wants.contains(&Want::Change { workload: pay(), revision: "11".into() }), "{wants:?}");
}

#[test]
fn use_is_asked_of_what_is_visible_alone() {
    let stage = opened(told(), (80, 24), CaseFile::new(RowKey::Object(pay()), CaseTab::Use));
    let wants = cockpit::ui::panes::wants(&stage.screen, &stage.model());
    assert!(wants.contains(&Want::Usage(pay_pod(0))) && wants.contains(&Want::Usage(pay_pod(1))), "{wants:?}");
    let stage = opened(told(), (80, 24), CaseFile::new(RowKey::Object(pay()), CaseTab::Instances));
    assert!(!cockpit::ui::panes::wants(&stage.screen, &stage.model()).iter().any(|it| matches!(it, Want::Usage(_))));
}

fn alert(state: AlertState) -> Object {
    Object::Alert(Box::new(Alert {
        key: key("prod", Kind::Alert, "", "77"),
        title: Name::new("PaySlow"),
        summary: None,
        severity: Severity::Critical,
        state,
        pages: true,
        about: Some(pay()),
        since: Some(ago(28)),
        runbook: Some(Text::new("https://wiki.example/pay-slow")),
        dashboard: None,
        silence: None,
    }))
}

/// One whose alert came and went, and whose cluster could not be read for a while.
fn eventful(size: (u16, u16)) -> Stage {
    let mut core = told();
    let pods = Source::of("pods");
    let mut kill =
        cockpit::domain::Occurrence::once("oom-1", cockpit::domain::OccurrenceKind::OomKill, pay_pod(0), ago(12));
    (kill.workload, kill.container, kill.limit_bytes) = (Some(pay()), Some("main".into()), Some(256 * MIB));
    let dark = trouble(TroubleKind::Unreachable, "prod does not answer: connection refused", "wait", 25);
    tell(&mut core, "prod", 28, vec![Fact::Put(Source::of("alerts"), alert(AlertState::Firing))]);
    tell(
        &mut core,
        "prod",
        25,
        vec![
            Fact::Trouble(pods.clone(), dark.clone()),
            Fact::Trouble(Source::of("deployments"), dark.clone()),
            Fact::Trouble(Source::of("events"), dark),
        ],
    );
    tell(
        &mut core,
        "prod",
        18,
        vec![Fact::Alive(pods), Fact::Alive(Source::of("deployments")), Fact::Alive(Source::of("events"))],
    );
    tell(&mut core, "prod", 12, vec![Fact::Occurred(Box::new(kill))]);
    tell(&mut core, "prod", 6, vec![Fact::Gone(Source::of("alerts"), key("prod", Kind::Alert, "", "77"))]);
    let mut people = People::default();
    let view = core.view(night::now());
    for incident in core.diagnosis().incidents().iter().filter(|it| it.subject == pay()) {
        let mut say = |saying: Saying, minutes| {
            let of = (&incident.subject.cluster, Text::from(incident.subject.local()));
            people.say(&incident.id, of, saying, &"anna@bastion".into(), ago(minutes));
        };
        say(Saying::Taken(true), 10);
        say(Saying::Note("the limit goes up with 7.1.1".into()), 9);
        say(Saying::Fold(Fold::Snoozed(SnoozedUntil::Worse, incident.weight(&view))), 8);
    }
    let mut stage = opened(core, size, CaseFile::new(RowKey::Object(pay()), CaseTab::Timeline));
    stage.people = people;
    stage
}

#[test]
fn the_timeline_merges_what_servers_alerts_and_people_said() {
    for size in SIZES {
        insta::assert_snapshot!(format!("depth-timeline-{}x{}", size.0, size.1), eventful(size).text());
    }
    let text = eventful((120, 40)).text();
    for said in [
        "alert PaySlow fires, it pages somebody",
        "alert PaySlow is over",
        "3 sources of prod cannot be read",
        "can be read again",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
}

#[test]
fn an_entry_of_the_timeline_leads_to_what_it_is_about() {
    let mut stage = eventful((120, 40));
    let leads = |stage: &Stage| {
        let Some(Layer::Case(file)) = stage.screen.layers.last() else { panic!("a case file") };
        let model = stage.model();
        let rows = case::rows(file, &stage.screen, &model);
        let of = |row: &CaseRow| {
            let mut file = file.clone();
            file.picks.insert(CaseTab::Timeline, row.clone());
            case::opens(&file, &stage.screen, &model)
        };
        rows.iter().map(of).collect::<Vec<_>>()
    };
    let all = leads(&stage);
    assert!(all.contains(&Ok(Opens::Case(RowKey::Object(pay_pod(0))))), "{all:?}");
    assert!(all.contains(&Err(Text::new("this is its case file"))), "the alert is about it: {all:?}");
    stage.screen.layers.clear();
}
