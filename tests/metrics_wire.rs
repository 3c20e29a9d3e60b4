//! Places with numbers against what real ones said: `tests/wire/metrics` (Prometheus 2.42, redis_exporter on Redis 7).

#[path = "wire/metrics/alerts.rs"]
mod alerts;
#[path = "wire/metrics/checks.rs"]
mod checks;
#[path = "wire/http.rs"]
mod http;
#[path = "wire/metrics/silences.rs"]
mod silences;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cockpit::domain::{Batch, ClusterId, Demand, Feed, Freshness, Metric, Ref, Timestamp};
use cockpit::metrics::{Consumer, Metrics, Pace, Place, Target, What};
use cockpit::state::{View, World};
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What is there, and what was asked.
#[derive(Default)]
struct Script {
    /// By path: status and body. What is not here never answers.
    answers: BTreeMap<&'static str, (u16, String)>,
    asked: Vec<(String, String)>,
    credentials: Vec<String>,
}

struct Server {
    address: String,
    script: Arc<Mutex<Script>>,
    _serving: JoinSet<()>,
}

impl Server {
    async fn start(answers: &[(&'static str, u16, &str)]) -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let shared = Arc::clone(&script);
        let (address, serving) = http::listen(move |stream| serve(stream, Arc::clone(&shared))).await;
        let server = Self { address, script, _serving: serving };
        answers.iter().for_each(|(path, status, body)| server.answer(path, *status, body));
        server
    }

    fn answer(&self, path: &'static str, status: u16, body: &str) {
        self.script.lock().expect("no test panicked").answers.insert(path, (status, body.to_owned()));
    }

    /// What was asked of a path.
    fn asked(&self, path: &str) -> Vec<String> {
        let script = self.script.lock().expect("no test panicked");
        script.asked.iter().filter(|(known, _)| known == path).map(|(_, body)| body.clone()).collect()
    }
}

async fn serve(mut stream: BufReader<TcpStream>, script: Arc<Mutex<Script>>) {
    while let Some(it) = http::next(&mut stream).await {
        let answer = {
            let mut script = script.lock().expect("no test panicked");
            script.asked.push((it.target.clone(), String::from_utf8_lossy(&it.body).into_owned()));
            script.credentials.push(format!("{}{}", it.header("authorization"), it.header("x-scope-orgid")));
            script.answers.get(it.path()).cloned()
        };
        let Some((status, body)) = answer else { return std::future::pending().await };
        let answer = format!("HTTP/1.1 {status} It\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn recorded(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/metrics").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

const PACE: Pace = Pace { every: Duration::from_millis(20), within: Duration::from_millis(500) };

struct Watcher {
    world: World,
    batches: BoxStream<'static, Batch>,
    _demand: watch::Sender<Demand>,
}

impl Watcher {
    fn of(target: Target) -> Self {
        Self::hearing(Metrics::paced(target, PACE))
    }

    fn hearing(feed: Arc<dyn Feed>) -> Self {
        Self::wanting(Demand::default(), feed)
    }

    fn looking_once(feed: Arc<dyn Feed>) -> Self {
        Self::wanting(Demand { once: true, ..Demand::default() }, feed)
    }

    fn wanting(demand: Demand, feed: Arc<dyn Feed>) -> Self {
        let (sender, demand) = watch::channel(demand);
        let batches = feed.run(demand);
        Self { world: World::default(), batches, _demand: sender }
    }

    fn view(&self) -> View<'_> {
        self.world.view(Timestamp::now())
    }

    async fn until(&mut self, what: &str, is_so: impl Fn(&View<'_>) -> bool) {
        let waiting = async {
            while !is_so(&self.view()) {
                let batch = self.batches.next().await.expect("a feed never ends");
                self.world.fold(batch);
            }
        };
        let came = tokio::time::timeout(Duration::from_secs(20), waiting).await;
        assert!(came.is_ok(), "{what} did not come: {:?}, {:?}", trouble(&self.view()), queues(&self.view()));
    }
}

fn target(what: What, address: String) -> Target {
    let place = Place { address, ..Place::default() };
    Target { cluster: ClusterId::new("prod"), what, place, consumers: Vec::new() }
}

fn sight(view: &View<'_>) -> Option<Freshness> {
    view.source_freshness(&ClusterId::new("prod"), "metrics")
}

fn trouble(view: &View<'_>) -> Option<String> {
    let cluster = ClusterId::new("prod");
    let (_, state) = view.sources(&cluster).next()?;
    state.trouble.as_ref().map(|it| it.what.to_string())
}

fn queues(view: &View<'_>) -> Vec<String> {
    let depth = |key: &Ref| view.latest(key, Metric::QueueDepth).unwrap_or(-1.0);
    view.queues().map(|it| format!("{} {} {}", it.system, it.key.name, depth(&it.key))).collect()
}

fn is_live(view: &View<'_>) -> bool {
    sight(view) == Some(Freshness::Live)
}

#[tokio::test]
async fn the_page_of_an_exporter_tells_of_queues_and_connections() {
    let server = Server::start(&[("/metrics", 200, &recorded("redis.txt"))]).await;
    let mut target = target(What::Page, format!("{}/metrics", server.address));
    let worker: Ref = "prod/shop/Deployment/worker".parse().expect("a ref");
    target.consumers = vec![Consumer { queue: "orders".into(), workload: worker.clone() }];
    let mut watcher = Watcher::of(target);
    watcher.until("the first reading", is_live).await;
    assert_eq!(queues(&watcher.view()), ["redis orders 5"]);
    assert_eq!(watcher.view().queues().next().map(|it| it.consumers.clone()), Some(vec![worker]));
    let pool = watcher.view().endpoints().find(|it| it.pool).cloned().expect("the connections of Redis");
    let of = |metric| watcher.view().latest(&pool.key, metric);
    assert_eq!((of(Metric::ConnectionsUsed), of(Metric::ConnectionsMax)), (Some(1.0), Some(10_000.0)));
    // A queue that nobody tells of any more is none.
    server.answer("/metrics", 200, "redis_connected_clients 1\n");
    watcher.until("it to be gone", |view| view.queues().count() == 0).await;
}

#[tokio::test]
async fn a_server_is_asked_once_for_all_and_once_for_the_last_hour() {
    let now = recorded("now.json");
    let server =
        Server::start(&[("/api/v1/query", 200, &now), ("/api/v1/query_range", 200, &recorded("past.json"))]).await;
    let mut watcher = Watcher::of(target(What::Prometheus, server.address.clone()));
    watcher.until("the first reading", |view| is_live(view) && view.queues().count() == 1).await;
    let key: Ref = "prod/-/Queue/orders".parse().expect("a ref");
    let values = |view: &View<'_>| view.series(&key, Metric::QueueDepth).map_or(0, |it| it.values().count());
    watcher.until("what was and what is", |view| values(view) >= 4).await;
    watcher.until("more of what is", |view| values(view) >= 6).await;
    let asked = server.asked("/api/v1/query");
    assert!(asked[0].starts_with("query=sum+by+") && asked[0].contains("redis_key_size"), "{asked:?}");
    assert_eq!(server.asked("/api/v1/query_range").len(), 1, "the past is asked for once");
    assert!(!server.asked("/api/v1/query_range")[0].contains("kafka"), "and of what there is alone");
}

#[tokio::test]
async fn what_came_instead_of_an_answer_is_said_and_it_is_asked_again() {
    let server = Server::start(&[]).await;
    let mut watcher = Watcher::of(target(What::Prometheus, server.address.clone()));
    let says = |words: &'static str| {
        move |view: &View<'_>| trouble(view).is_some_and(|said| said.contains(words)) && !is_live(view)
    };
    watcher.until("silence", says("no answer within")).await;
    for (status, body, words) in [
        (422, recorded("execution.json"), "invalid destination label name"),
        (400, recorded("bad-data.json"), "unclosed left parenthesis"),
        (404, "404 page not found\n".to_owned(), "404 page not found"),
        (503, String::new(), "says nothing of why"),
        (200, recorded("now.json").split_at(100).0.to_owned(), "cannot be read"),
        (200, "<html>a proxy</html>".to_owned(), "cannot be read"),
    ] {
        server.answer("/api/v1/query", status, &body);
        watcher.until(words, says(words)).await;
    }
    server.answer("/api/v1/query_range", 200, &recorded("past.json"));
    server.answer("/api/v1/query", 200, &recorded("now.json"));
    watcher.until("numbers", |view| is_live(view) && view.queues().count() == 1).await;
    // What it was stays in sight while it cannot be asked, and is not shown as if it were now.
    server.answer("/api/v1/query", 503, "");
    watcher.until("the sight of what was", |view| !is_live(view) && view.queues().count() == 1).await;
    // What was missed meanwhile is asked for.
    let past = server.asked("/api/v1/query_range").len();
    server.answer("/api/v1/query", 200, &recorded("now.json"));
    watcher.until("it to be back", is_live).await;
    assert_eq!(server.asked("/api/v1/query_range").len(), past + 1);
}

#[tokio::test]
async fn what_may_be_missing_is_said_beside_what_is_there() {
    let now = recorded("now.json");
    let whole = now.trim_end().strip_suffix('}').expect("an object");
    let warned = format!("{whole},\"warnings\":[\"a store is away\"]}}");
    let server =
        Server::start(&[("/api/v1/query", 200, &warned), ("/api/v1/query_range", 200, &recorded("past.json"))]).await;
    let mut watcher = Watcher::of(target(What::Prometheus, server.address.clone()));
    let warned = |view: &View<'_>| trouble(view).is_some_and(|said| said.contains("a store is away"));
    watcher.until("the warning", |view| warned(view) && view.queues().count() == 1).await;

    let page = recorded("redis.txt") + "redis_key_size{key=\"or\n";
    let server = Server::start(&[("/metrics", 200, &page)]).await;
    let mut watcher = Watcher::of(target(What::Page, format!("{}/metrics", server.address)));
    let odd = |view: &View<'_>| trouble(view).is_some_and(|said| said.contains("1 of its lines cannot be read"));
    watcher.until("the odd line", |view| odd(view) && view.queues().count() == 1).await;
}

#[tokio::test]
async fn who_asks_is_read_from_files_that_may_be_renewed() {
    let server = Server::start(&[("/api/v1/query", 401, "who are you?")]).await;
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("token");
    let mut target = target(What::Prometheus, server.address.clone());
    target.place.token_file = Some(file.clone());
    target.place.tenant = Some("shop".to_owned());
    let mut watcher = Watcher::of(target);
    let says = |words: &'static str| move |view: &View<'_>| trouble(view).is_some_and(|said| said.contains(words));
    watcher.until("that there is no such file", says("token")).await;
    std::fs::write(&file, "first\n").expect("the file");
    watcher.until("that it is not taken", says("who are you?")).await;
    assert_eq!(sight(&watcher.view()), Some(Freshness::Forbidden));
    std::fs::write(&file, "second\n").expect("the file");
    let sent = || server.script.lock().expect("no test panicked").credentials.clone();
    watcher.until("the new one", |_| sent().iter().any(|it| it.contains("second"))).await;
    assert!(sent().iter().all(|it| it.contains("shop")), "{:?}", sent());
    let said = format!("{:?}{:?}", trouble(&watcher.view()), watcher.world.view(Timestamp::now()).queues().count());
    assert!(!said.contains("first") && !said.contains("second"), "a token is shown to nobody");
}
