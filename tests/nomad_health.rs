//! What checks, Consul and clients say of a Nomad region, against what real ones said.

#[path = "wire/consul_server.rs"]
mod consul_server;
#[path = "wire/http.rs"]
mod http;
#[path = "wire/nomad_server.rs"]
mod server;
#[path = "wire/nomad_watcher.rs"]
mod watcher;

use cockpit::backend::nomad::Token;
use cockpit::diagnose::{Diagnosis, Settings};
use cockpit::domain::{
    ClusterId, ClusterInfo, Exposure, Fact, Freshness, HealthStatus, Instance, Metric, NodeState, OccurrenceKind,
    Phase, Timestamp, TroubleKind,
};
use consul_server::Consul;
use serde_json::{Value, json};
use server::Server;
use watcher::{Watcher, group, pace, target};

const RECORDING: &str = "v1.11-health";

fn recorded(file: &str) -> Value {
    server::json_of(RECORDING, file)
}

/// With what clients said of checks.
async fn region() -> Server {
    let server = Server::of(RECORDING).await;
    let checks = recorded("checks.json");
    for (id, of) in checks.as_object().expect("by allocation") {
        server.answer(&format!("/v1/client/allocation/{id}/checks"), of.clone());
    }
    server
}

async fn settled(server: &Server, consul: Option<&Consul>) -> Watcher {
    let mut watcher = Watcher::of(target(&server.address, consul.map(|it| it.address.as_str())), pace());
    watcher.settle().await;
    watcher
}

fn id_of(job: &str) -> String {
    let all = recorded("allocations.json");
    let found = all.as_array().expect("a list").iter().find(|it| it["JobID"] == job).expect("it was recorded");
    found["ID"].as_str().expect("an id").to_owned()
}

fn instance(watcher: &Watcher, job: &str) -> Instance {
    watcher.view().instances_of(&group(job)).next().expect("an allocation").clone()
}

fn info(watcher: &Watcher) -> ClusterInfo {
    let key = ClusterInfo::key_of(&ClusterId::new("eu"));
    watcher.view().cluster_info(&key).expect("it says who it is").clone()
}

/// What health of a task says: its verdict and what was printed.
fn health(it: &Instance, task: &str) -> Option<(HealthStatus, String)> {
    let container = it.containers.iter().find(|container| *container.name == *task)?;
    let health = container.health.as_ref()?;
    Some((health.status, health.output.as_deref().unwrap_or_default().to_owned()))
}

/// The summary of what is wrong with each, by name.
fn incidents(watcher: &mut Watcher) -> Vec<(String, String)> {
    let now = Timestamp::now();
    let mut diagnosis = Diagnosis::new(Settings::default(), now);
    let dirty = watcher.world.take_dirty(now);
    let view = watcher.world.view(now);
    diagnosis.note(&dirty, &view);
    assert!(diagnosis.examine(&view, &mut || true), "nothing is left when there is time");
    diagnosis.settle(&view);
    // A check that failed when it was first looked at may have failed before.
    let failing = diagnosis.incidents().iter().filter(|it| it.rule == "unhealthy");
    failing.for_each(|it| assert!(!it.since_exact, "{it:?}"));
    let all = diagnosis.incidents().iter();
    all.map(|it| (it.subject.name.to_string(), it.summary.to_string())).collect()
}

#[tokio::test]
async fn a_check_that_fails_is_named_with_what_it_printed() {
    let mut watcher = settled(&region().await, None).await;
    let shop = instance(&watcher, "shop");
    let said = "check page: HTTP 404 Not Found The requested URL was not found";
    assert_eq!(health(&shop, "httpd"), Some((HealthStatus::Unhealthy, said.to_owned())));
    assert!(!shop.ready, "its deployment found it healthy, and it is not any more");
    let events: Vec<_> = watcher.view().occurrences_of(&group("shop")).cloned().collect();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].kind, events[0].text.as_deref()), (OccurrenceKind::ProbeFailure, Some(said)));
    assert!(events[0].at_least, "it failed when it was first looked at");
    let incidents = incidents(&mut watcher);
    assert!(incidents.contains(&("shop".into(), format!("unhealthy: {said}"))), "{incidents:?}");
    let web = watcher.view().workload(&group("web")).expect("a workload").clone();
    assert_eq!(watcher.view().counts(&web).ready, 2, "whose checks pass");
    assert!(!incidents.iter().any(|(name, _)| name == "web"), "{incidents:?}");
}

#[tokio::test]
async fn a_check_of_a_task_counts_for_that_task() {
    let watcher = settled(&region().await, None).await;
    let deaf = instance(&watcher, "deaf");
    assert_eq!(health(&deaf, "main"), None);
    let (status, said) = health(&deaf, "side-car").expect("a verdict");
    assert_eq!(status, HealthStatus::Unhealthy);
    assert!(said.starts_with("check of service deaf: dial tcp 127.0.0.1:"), "{said}");
}

#[tokio::test]
async fn a_check_that_passes_again_is_told_without_any_event() {
    let server = region().await;
    let mut watcher = settled(&server, None).await;
    let path = format!("/v1/client/allocation/{}/checks", id_of("shop"));
    let mut checks = recorded("checks.json")[id_of("shop")].clone();
    for check in checks.as_object_mut().expect("by id").values_mut() {
        check["Status"] = json!("success");
        check["StatusCode"] = json!(200);
    }
    server.answer(&path, checks);
    watcher.until("it to be ready", |watcher| instance(watcher, "shop").ready).await;
    assert_eq!(health(&instance(&watcher, "shop"), "httpd").map(|(status, _)| status), Some(HealthStatus::Healthy));
}

#[tokio::test]
async fn what_is_well_is_asked_about_rarely_and_what_has_no_checks_never() {
    let server = region().await;
    let slow = cockpit::backend::nomad::Pace { checks_spared: std::time::Duration::from_secs(600), ..pace() };
    let mut watcher = Watcher::of(target(&server.address, None), slow);
    watcher.settle().await;
    let path = |job: &str| format!("/v1/client/allocation/{}/checks", id_of(job));
    // What fails is read on and on; each change of its words is told.
    let mut checks = recorded("checks.json")[id_of("shop")].clone();
    for n in 0..6 {
        for check in checks.as_object_mut().expect("by id").values_mut() {
            check["Output"] = json!(format!("no {n}"));
        }
        server.answer(&path("shop"), checks.clone());
        let words = format!("no {n}");
        watcher
            .until("the new words", |watcher| {
                health(&instance(watcher, "shop"), "httpd").is_some_and(|(_, said)| said.contains(&words))
            })
            .await;
    }
    assert!(server.times(&path("shop")) >= 6);
    assert_eq!(server.times(&path("web")), 1, "it is well");
    assert_eq!(server.times(&path("bazaar")), 0, "its checks are Consul's");
}

#[tokio::test]
async fn what_is_critical_in_consul_is_a_failing_check_of_its_allocation() {
    let mut critical = recorded("critical.json");
    // A node, a service of somebody else's, and one that was not run yet: none of them is an allocation's.
    let list = critical.as_array_mut().expect("a list");
    let mut fresh = list[0].clone();
    fresh["ServiceID"] = json!(format!("_nomad-task-{}-group-web-web-http", id_of("web")));
    fresh["Output"] = json!("");
    list.push(fresh);
    list.push(json!({ "Node": "client-1", "CheckID": "serfHealth", "Name": "Serf Health Status", "Status": "critical",
        "Output": "Agent not live or unreachable", "ServiceID": "", "ServiceName": "" }));
    list.push(json!({ "Node": "client-1", "CheckID": "service:redis", "Name": "Service 'redis' check",
        "Status": "critical", "Output": "connection refused", "ServiceID": "redis", "ServiceName": "redis" }));
    let (server, consul) = (region().await, Consul::saying(critical.clone()).await);
    let mut watcher = settled(&server, Some(&consul)).await;
    let (status, said) = health(&instance(&watcher, "bazaar"), "httpd").expect("a verdict");
    assert_eq!(status, HealthStatus::Unhealthy);
    assert!(said.starts_with("check page in Consul: HTTP GET http://127.0.0.1:"), "{said}");
    assert!(said.ends_with(": 404 Not Found: The requested URL was not found"), "{said}");
    let wrong: Vec<String> = incidents(&mut watcher).into_iter().map(|(name, _)| name).collect();
    assert!(wrong.contains(&"bazaar".to_owned()) && !wrong.contains(&"web".to_owned()), "{wrong:?}");
    assert!(consul.script().tokens.iter().all(|token| token == "s3cret"));
    consul.now(&json!([]), 36);
    watcher.until("it to be ready", |watcher| instance(watcher, "bazaar").ready).await;
    // Seen as it began, it is known since when.
    consul.now(&critical, 37);
    watcher.until("it to fail again", |watcher| !instance(watcher, "bazaar").ready).await;
    let last = watcher.view().occurrences_of(&group("bazaar")).last().cloned().expect("an occurrence");
    assert!(!last.at_least);
    let asked = consul.script().asked.clone();
    assert!(!asked[0].contains("index=") && asked[1].contains("index=35&wait=60s"), "{asked:?}");
}

#[tokio::test]
async fn an_index_that_goes_back_begins_anew() {
    let (server, consul) = (region().await, Consul::saying(json!([])).await);
    let mut watcher = settled(&server, Some(&consul)).await;
    consul.now(&recorded("critical.json"), 7);
    watcher.until("the restored servers' word", |watcher| !instance(watcher, "bazaar").ready).await;
    consul.now(&json!([]), 8);
    watcher.until("what came after", |watcher| instance(watcher, "bazaar").ready).await;
    let asked = consul.script().asked.clone();
    let back = asked.iter().position(|asked| asked.contains("index=35")).expect("it was followed");
    assert!(!asked[back + 1].contains("index="), "{asked:?}");
}

#[tokio::test]
async fn a_consul_in_trouble_says_so_for_itself_and_spoils_nothing_of_nomad() {
    let (server, consul) = (region().await, Consul::saying(json!([])).await);
    consul.script().answer = (403, "Permission denied: token lacks permission 'node:read'".to_owned());
    let mut watcher = Watcher::of(target(&server.address, Some(&consul.address)), pace());
    let denied = |watcher: &Watcher| watcher.freshness("consul") == Some(Freshness::Forbidden);
    watcher.until("its trouble", denied).await;
    watcher.until("the rest", |watcher| watcher.freshness("checks") == Some(Freshness::Live)).await;
    for kind in ["nodes", "jobs", "allocations", "info"] {
        assert_eq!(watcher.freshness(kind), Some(Freshness::Live), "{kind}");
    }
    let mend = watcher.facts.iter().find_map(|fact| match fact {
        Fact::Trouble(source, trouble) if source.kind == *"consul" => Some(trouble.mend.to_string()),
        _ => None,
    });
    assert!(mend.is_some_and(|mend| mend.contains("CONSUL_HTTP_TOKEN") && mend.contains("service_prefix")));
    consul.now(&recorded("critical.json"), 40);
    watcher.until("it to be mended", |watcher| watcher.freshness("consul") == Some(Freshness::Live)).await;
    consul.script().filtered = true;
    consul.now(&json!([]), 41);
    watcher.until("that some is kept back", denied).await;

    // Who shows no token is told nothing, not even that.
    let consul = Consul::saying(json!([])).await;
    consul.script().closed = true;
    let mut nobody = target(&server.address, Some(&consul.address));
    nobody.consul.iter_mut().for_each(|consul| consul.token = Token::None);
    let mut watcher = Watcher::of(nobody, pace());
    watcher.until("that nothing may be read", denied).await;

    let mut watcher = Watcher::of(target(&server.address, Some("http://127.0.0.1:9")), pace());
    let lost = |watcher: &Watcher| watcher.freshness("consul") == Some(Freshness::Unreachable);
    watcher.until("that nobody listens", lost).await;
    let kinds: Vec<TroubleKind> = watcher
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Trouble(source, trouble) if source.kind != *"consul" => Some(trouble.kind),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, [], "Nomad is well");
}

#[tokio::test]
async fn servers_and_how_many_may_fail_are_told_also_while_one_is_not_well() {
    let server = region().await;
    server.answer("/v1/operator/autopilot/health", recorded("autopilot.json"));
    let mut watcher = settled(&server, None).await;
    let info = info(&watcher);
    assert_eq!((info.has_quorum, info.failure_tolerance, info.servers.len()), (Some(true), Some(0), 1));
    assert!(info.servers[0].leader && info.servers[0].healthy == Some(true));
    assert!(!incidents(&mut watcher).iter().any(|(name, _)| name == "eu"), "one server is ordinary");

    let server = region().await;
    let said = recorded("autopilot-one-away.json").to_string();
    server.script().answers.insert("/v1/operator/autopilot/health".to_owned(), (429, said));
    let mut watcher = settled(&server, None).await;
    let wrong = incidents(&mut watcher);
    let said = "1 of 3 servers unhealthy (server-2.eu): losing one more stops the cluster".to_owned();
    assert!(wrong.contains(&("eu".to_owned(), said)), "{wrong:?}");

    let server = region().await;
    server.refuse("/v1/operator/autopilot/health", 403, "Permission denied");
    server.answer("/v1/status/peers", json!(["127.0.0.1:24647", "127.0.0.1:24648"]));
    let watcher = settled(&server, None).await;
    let servers: Vec<(String, bool, Option<bool>)> =
        self::info(&watcher).servers.into_iter().map(|it| (it.name.to_string(), it.leader, it.healthy)).collect();
    let where_they_are = [("127.0.0.1:24647".to_owned(), true, None), ("127.0.0.1:24648".to_owned(), false, None)];
    assert_eq!(servers, where_they_are, "who may not read how they are knows who they are");
}

#[tokio::test]
async fn a_region_that_nobody_leads_says_so() {
    let server = region().await;
    server.answer("/v1/status/leader", json!(""));
    for path in ["/v1/nodes", "/v1/operator/autopilot/health", "/v1/operator/scheduler/configuration"] {
        server.refuse(path, 500, "No cluster leader");
    }
    let mut watcher = Watcher::of(target(&server.address, None), pace());
    watcher.until("the trouble", |watcher| watcher.freshness("nodes") == Some(Freshness::Unreachable)).await;
    let wrong = incidents(&mut watcher);
    assert!(wrong.iter().any(|(name, said)| name == "eu" && said.starts_with("quorum lost")), "{wrong:?}");
    assert!(server.script().asked.iter().any(|asked| asked == "/v1/status/leader?stale=true"));
}

#[tokio::test]
async fn memory_that_is_not_lent_bounds_no_task_at_its_most() {
    // Of a driver that keeps a task to its memory.
    let isolated = |server: &Server| {
        let mut job = recorded("registered.json")
            .as_array()
            .expect("a list")
            .iter()
            .find(|it| it["ID"] == "shop")
            .expect("a job")
            .clone();
        job["TaskGroups"][0]["Tasks"][0]["Driver"] = json!("docker");
        server.answer("/v1/job/shop", job);
    };
    let limit = |watcher: &Watcher| {
        let shop = watcher.view().workload(&group("shop")).expect("a workload").clone();
        shop.containers[0].memory_limit_bytes.map(|bytes| bytes >> 20)
    };
    let server = region().await;
    isolated(&server);
    server.answer("/v1/operator/scheduler/configuration", recorded("scheduler.json"));
    assert_eq!(limit(&settled(&server, None).await), Some(32));
    let mut lending = recorded("scheduler.json");
    lending["SchedulerConfig"]["MemoryOversubscriptionEnabled"] = json!(true);
    server.answer("/v1/operator/scheduler/configuration", lending);
    assert_eq!(limit(&settled(&server, None).await), Some(64));
}

#[tokio::test]
async fn use_is_measured_of_what_is_looked_at_and_of_nothing_else() {
    let server = region().await;
    let stats = recorded("stats.json");
    for (id, of) in stats.as_object().expect("by allocation") {
        server.answer(&format!("/v1/client/allocation/{id}/stats"), of.clone());
    }
    let nothing = json!({ "ResourceUsage": { "CpuStats": { "Measured": null },
        "MemoryStats": { "Measured": null, "RSS": 0 } }, "Tasks": {}, "Timestamp": 0 });
    server.answer(&format!("/v1/client/allocation/{}/stats", id_of("web")), nothing);
    server.answer("/v1/client/stats", recorded("host.json"));
    let mut watcher = settled(&server, None).await;
    let measured = |server: &Server| server.script().asked.iter().filter(|it| it.contains("stats")).count();
    assert_eq!(measured(&server), 0, "nobody looks");
    let node = watcher.view().nodes().next().expect("a client").key.clone();
    watcher.demand.send_modify(|demand| demand.visible = vec![group("web"), node.clone()]);
    let used = |watcher: &Watcher| watcher.view().latest(&node, Metric::MemoryBytes).is_some();
    watcher.until("the client's use", used).await;
    let of_web = |watcher: &Watcher| {
        let view = watcher.view();
        view.instances_of(&group("web")).any(|it| view.latest(&it.key, Metric::MemoryBytes).is_some())
    };
    watcher.until("the use of what is looked at", of_web).await;
    let total = recorded("host.json")["Memory"]["Total"].as_f64().expect("a number");
    let bytes = watcher.view().latest(&node, Metric::MemoryBytes).expect("it is measured");
    assert!(bytes > 0.0 && bytes < total, "{bytes} of {total}");
    assert!(watcher.view().latest(&node, Metric::CpuMillis).is_some());
    let asked: Vec<String> =
        server.script().asked.iter().filter(|it| it.contains("allocation") && it.contains("/stats")).cloned().collect();
    assert!(!asked.is_empty() && asked.iter().all(|asked| !asked.contains(&id_of("shop"))), "{asked:?}");
    let view = watcher.view();
    let used: Vec<_> = view.instances_of(&group("web")).map(|it| view.latest(&it.key, Metric::MemoryBytes)).collect();
    // A driver need not measure: that is not zero.
    assert!(used.contains(&None) && used.contains(&Some(1_564_672.0)), "{used:?}");
    let web = view.instances_of(&group("web")).find(|it| view.latest(&it.key, Metric::MemoryBytes).is_some());
    let web = web.expect("one is measured");
    assert!(view.part_series(&web.key, Some("httpd"), Metric::MemoryBytes).is_some_and(|it| it.latest().is_some()));
}

#[tokio::test]
async fn what_is_registered_is_exposed_wherever_it_is_registered() {
    let server = region().await;
    let jobs = recorded("registered.json");
    let job = |id: &str| jobs.as_array().expect("a list").iter().find(|it| it["ID"] == id).expect("a job").clone();
    // A port that somebody chose, one that was drawn, and none.
    let without = |id: &str, networks: Value| {
        let mut job = job(id);
        job["TaskGroups"][0]["Services"] = json!(null);
        for task in job["TaskGroups"][0]["Tasks"].as_array_mut().expect("tasks") {
            task["Services"] = json!(null);
        }
        job["TaskGroups"][0]["Networks"] = networks;
        server.answer(&format!("/v1/job/{id}"), job);
    };
    without("web", json!([{ "ReservedPorts": [{ "Label": "http", "Value": 8080 }] }]));
    let watcher = settled(&server, None).await;
    let exposure = |watcher: &Watcher, id: &str| watcher.view().workload(&group(id)).expect("a workload").exposure;
    for id in ["shop", "bazaar", "deaf", "web"] {
        assert_eq!(exposure(&watcher, id), Exposure::Yes, "{id}");
    }
    without("web", json!([{ "DynamicPorts": [{ "Label": "http", "Value": 0 }] }]));
    without("deaf", json!(null));
    let watcher = settled(&server, None).await;
    assert_eq!((exposure(&watcher, "web"), exposure(&watcher, "deaf")), (Exposure::Unknown, Exposure::No));
}

#[tokio::test]
async fn a_client_that_is_disconnected_is_silent_and_what_is_on_it_is_not_known() {
    let server = region().await;
    let mut nodes = recorded("nodes.json");
    nodes[0]["Status"] = json!("disconnected");
    server.answer("/v1/nodes", nodes);
    let mut all = recorded("allocations.json");
    for it in all.as_array_mut().expect("a list").iter_mut().filter(|it| it["ClientStatus"] == "running") {
        it["ClientStatus"] = json!("unknown");
    }
    server.answer("/v1/allocations", all);
    let mut watcher = settled(&server, None).await;
    let node = watcher.view().nodes().next().expect("a client").clone();
    assert_eq!(node.state, NodeState::Unreachable);
    assert!(watcher.view().instances_of(&group("web")).all(|it| it.phase == Phase::Lost && !it.ready));
    let wrong = incidents(&mut watcher);
    let said = wrong.iter().find(|(name, _)| name == "client-1").map(|(_, said)| said.as_str());
    assert_eq!(said, Some("is silent; 5 allocations on it"), "{wrong:?}");
    let asked = server.script().asked.iter().filter(|asked| asked.contains("/checks")).count();
    assert_eq!(asked, 0, "nobody would answer");
}
