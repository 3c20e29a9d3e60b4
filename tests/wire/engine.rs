//! An engine for tests: it answers on a unix socket with what real engines said (`tests/wire/docker`), and its events are
//! sent by the test.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::broadcast;
use tokio::task::JoinSet;

/// What an engine answers and has been asked.
pub struct Script {
    /// `1.41` or `1.52`: what it offers in `/_ping`.
    pub api: String,
    /// Answers by path, without version and query.
    pub answers: BTreeMap<String, (u16, Vec<u8>)>,
    /// Answers that are said to be longer than they are: the connection breaks after them.
    pub broken: BTreeSet<String>,
    /// Paths that are never answered; `*` is all of them.
    pub hung: BTreeSet<String>,
    /// Paths whose answer is output that never ends: so many lines a second.
    pub pours: BTreeMap<String, usize>,
    /// Events that it remembers.
    pub memory: Vec<String>,
    /// Everything it was asked, as it came.
    pub asked: Vec<String>,
    /// What was to be changed: with its query, and its body.
    pub sent: Vec<(String, serde_json::Value)>,
    /// Answers to changes, in turn, by path without version and query; where there is none left, yes.
    pub replies: BTreeMap<String, VecDeque<(u16, serde_json::Value)>>,
    /// Changes that are taken and never answered: the connection breaks.
    pub lost: BTreeSet<String>,
    /// What its clock says.
    pub date: String,
}

/// A running engine.
pub struct Engine {
    dir: tempfile::TempDir,
    script: Arc<Mutex<Script>>,
    events: broadcast::Sender<String>,
    serving: Option<JoinSet<()>>,
}

/// The recorded answers of one API version.
pub fn recorded(api: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/docker").join(format!("api-{api}"))
}

/// One recorded answer.
pub fn json(api: &str, file: &str) -> serde_json::Value {
    let path = recorded(api).join(file);
    let raw = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&raw).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Engine {
    /// An engine with the containers that were recorded of this API version, before its swarm.
    pub fn recorded(api: &str) -> Self {
        let engine = Self::empty(api);
        engine.answer("/info", json(api, "info.json"));
        let mut listed = json(api, "containers.json");
        let mut inspected: BTreeMap<String, serde_json::Value> = BTreeMap::new();
        for entry in std::fs::read_dir(recorded(api).join("inspect")).expect("inspections").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            // Moments of one container have two dots; the plain one is the last.
            if name.matches('.').count() == 1 {
                let it = json(api, &format!("inspect/{name}"));
                inspected.insert(it["Id"].as_str().expect("an id").to_owned(), it);
            }
        }
        let known = listed.as_array_mut().expect("a list");
        known.retain(|it| inspected.contains_key(it["Id"].as_str().expect("an id")));
        engine.answer("/containers/json", listed);
        for (id, it) in inspected {
            engine.answer(&format!("/containers/{id}/json"), it);
        }
        engine
    }

    /// An engine without containers.
    pub fn empty(api: &str) -> Self {
        let script = Script {
            api: api.to_owned(),
            answers: BTreeMap::new(),
            broken: BTreeSet::new(),
            hung: BTreeSet::new(),
            pours: BTreeMap::new(),
            memory: Vec::new(),
            asked: Vec::new(),
            sent: Vec::new(),
            replies: BTreeMap::new(),
            lost: BTreeSet::new(),
            date: "Mon, 23 Nov 2026 23:40:00 GMT".to_owned(),
        };
        let engine = Self {
            dir: tempfile::tempdir().expect("a directory"),
            script: Arc::new(Mutex::new(script)),
            events: broadcast::channel(16 * 1024).0,
            serving: None,
        };
        engine.answer("/info", serde_json::json!({ "ID": "ENGINE", "Name": "host-a", "ServerVersion": "28" }));
        engine.answer("/containers/json", serde_json::json!([]));
        engine
    }

    /// Where it listens.
    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("docker.sock")
    }

    /// Sets an answer.
    pub fn answer(&self, path: &str, body: serde_json::Value) {
        self.refuse(path, 200, body);
    }

    /// Sets an answer with a status.
    pub fn refuse(&self, path: &str, status: u16, body: serde_json::Value) {
        self.script().answers.insert(path.to_owned(), (status, body.to_string().into_bytes()));
    }

    /// Sets an answer that breaks off.
    pub fn break_off(&self, path: &str, body: Vec<u8>) {
        self.answer_bytes(path, body);
        self.script().broken.insert(path.to_owned());
    }

    /// Sets an answer that is no JSON.
    pub fn answer_bytes(&self, path: &str, body: Vec<u8>) {
        self.script().broken.remove(path);
        self.script().answers.insert(path.to_owned(), (200, body));
    }

    /// What it answers and was asked.
    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().expect("no test panicked with it")
    }

    /// How often a path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.script().asked.iter().filter(|asked| plain(asked) == path).count()
    }

    /// Begins to listen.
    pub fn start(&mut self) {
        let _ = std::fs::remove_file(self.socket());
        let listener = UnixListener::bind(self.socket()).expect("a socket");
        let (script, events) = (Arc::clone(&self.script), self.events.clone());
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut talks = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                talks.spawn(talk(stream, Arc::clone(&script), events.clone()));
            }
        });
        self.serving = Some(serving);
    }

    /// Begins to listen on loopback, over TLS where a configuration is given; the port.
    pub async fn start_tcp(&mut self, tls: Option<tokio_rustls::TlsAcceptor>) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (script, events) = (Arc::clone(&self.script), self.events.clone());
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut talks = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (script, events, tls) = (Arc::clone(&script), events.clone(), tls.clone());
                talks.spawn(async move {
                    match tls {
                        None => talk(stream, script, events).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                talk(stream, script, events).await;
                            }
                        }
                    }
                });
            }
        });
        self.serving = Some(serving);
        port
    }

    /// Goes down, as in a crash: every connection breaks, and nothing listens.
    pub async fn crash(&mut self) {
        if let Some(mut serving) = self.serving.take() {
            serving.shutdown().await;
        }
        let mut script = self.script();
        script.memory.clear();
    }

    /// Says that something happened, and remembers it.
    pub fn happens(&self, line: impl ToString) {
        let line = line.to_string();
        self.script().memory.push(line.clone());
        // Nobody may listen yet; then it is remembered.
        let _ = self.events.send(line);
    }

    /// Ends the event streams, and forgets what happened.
    pub fn forgets(&self) {
        self.script().memory.clear();
        let _ = self.events.send("end".to_owned());
    }
}

/// An event of a container, as API 1.52 writes it.
pub fn event(id: &str, name: &str, action: &str, nanos: i64, attributes: &[(&str, &str)]) -> serde_json::Value {
    let mut all = serde_json::json!({ "name": name, "image": "busybox:test" });
    for (key, value) in attributes {
        all[*key] = serde_json::json!(value);
    }
    serde_json::json!({
        "Type": "container", "Action": action, "Actor": { "ID": id, "Attributes": all },
        "scope": "local", "time": nanos / 1_000_000_000, "timeNano": nanos,
    })
}

fn plain(asked: &str) -> &str {
    let path = asked.split('?').next().unwrap_or_default();
    match path.strip_prefix("/v1.").and_then(|rest| rest.find('/').map(|at| &rest[at..])) {
        Some(path) => path,
        None => path,
    }
}

/// What an engine talks over.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

async fn talk<S: Stream>(stream: S, script: Arc<Mutex<Script>>, events: broadcast::Sender<String>) {
    let mut stream = BufReader::new(stream);
    while let Some((method, asked, body)) = request(&mut stream).await {
        if method == "POST" {
            match taken(&script, &asked, &body) {
                Some(answer) if stream.get_mut().write_all(&answer).await.is_ok() => continue,
                _ => return,
            }
        }
        // Subscribed before the memory is read: nothing falls in between.
        let live = events.subscribe();
        let (path, pours, answer) = {
            let mut script = script.lock().expect("not poisoned");
            script.asked.push(asked.clone());
            let path = plain(&asked).to_owned();
            let hung = script.hung.contains(&path) || script.hung.contains("*");
            let pours = script.pours.get(&path).copied();
            (path.clone(), pours, (!hung).then(|| answer(&script, &path)))
        };
        if let Some(rate) = pours {
            return pour(stream, rate).await;
        }
        let Some(answer) = answer else {
            std::future::pending::<()>().await;
            return;
        };
        let sent = match path.as_str() {
            "/events" => return stream_events(stream, &asked, &script, live).await,
            _ => stream.get_mut().write_all(&answer).await,
        };
        if sent.is_err() || script.lock().expect("not poisoned").broken.contains(&path) {
            return;
        }
    }
}

/// Method, path and body.
async fn request<S: Stream>(stream: &mut BufReader<S>) -> Option<(String, String, Vec<u8>)> {
    let mut first = String::new();
    stream.read_line(&mut first).await.ok().filter(|read| *read > 0)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await.ok()?;
            let mut words = first.split(' ').map(str::to_owned);
            return Some((words.next()?, words.next()?, body));
        }
    }
}

/// Takes a change; none where its answer is lost.
fn taken(script: &Mutex<Script>, asked: &str, body: &[u8]) -> Option<Vec<u8>> {
    let mut script = script.lock().expect("not poisoned");
    let path = plain(asked).to_owned();
    let query = asked.split_once('?').map_or(String::new(), |(_, query)| format!("?{query}"));
    script.sent.push((format!("{path}{query}"), serde_json::from_slice(body).unwrap_or_default()));
    if script.lost.contains(&path) {
        return None;
    }
    let reply = script.replies.get_mut(&path).and_then(VecDeque::pop_front);
    let (status, body) = reply.unwrap_or((200, serde_json::json!({})));
    let body = if status == 304 { String::new() } else { body.to_string() };
    let head = format!("HTTP/1.1 {status} X\r\nDate: {}\r\nContent-Length: {}\r\n\r\n", script.date, body.len());
    Some([head.into_bytes(), body.into_bytes()].concat())
}

fn answer(script: &Script, path: &str) -> Vec<u8> {
    let missing = (404, br#"{"message":"No such container: it"}"#.to_vec());
    let (status, body) = match path {
        "/_ping" => (200, b"OK".to_vec()),
        path => script.answers.get(path).cloned().unwrap_or(missing),
    };
    let mut out = format!(
        "HTTP/1.1 {status} X\r\nApi-Version: {}\r\nDate: {}\r\nContent-Length: {}\r\n\r\n",
        script.api,
        script.date,
        body.len() + usize::from(script.broken.contains(path))
    )
    .into_bytes();
    out.extend(body);
    out
}

/// Output of a container in frames of the engine's stream, at so many lines a second, until nobody listens any more.
async fn pour<S: Stream>(mut stream: BufReader<S>, rate: usize) {
    const PIECES: usize = 50;
    let out = stream.get_mut();
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    if out.write_all(head).await.is_err() {
        return;
    }
    let mut pieces = tokio::time::interval(std::time::Duration::from_secs(1) / PIECES as u32);
    for piece in 0usize.. {
        pieces.tick().await;
        let mut body = Vec::new();
        for n in piece * rate / PIECES..(piece + 1) * rate / PIECES {
            let (minute, second, nanos) = (40 + n / rate / 60 % 20, n / rate % 60, n % rate * 1_000);
            let mut line = format!("2026-11-23T23:{minute:02}:{second:02}.{nanos:09}Z order {n} of customer");
            // Long, and no two alike: a terminal is told every letter of it.
            let mut mixed = n as u64;
            for _ in 0..12 {
                mixed = mixed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                line.push_str(&format!(" {mixed:016x}"));
            }
            line.push('\n');
            body.extend([1, 0, 0, 0]);
            body.extend(u32::try_from(line.len()).unwrap_or_default().to_be_bytes());
            body.extend(line.into_bytes());
        }
        let chunk = [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n"].concat();
        if out.write_all(&chunk).await.is_err() {
            return;
        }
    }
}

async fn stream_events<S: Stream>(
    mut stream: BufReader<S>,
    asked: &str,
    script: &Mutex<Script>,
    mut live: broadcast::Receiver<String>,
) {
    let out = stream.get_mut();
    let since = nanos_of(asked, "since=").unwrap_or(0);
    let until = nanos_of(asked, "until=");
    let remembered: Vec<String> = script.lock().expect("not poisoned").memory.clone();
    if out.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await.is_err() {
        return;
    }
    let mut sent: BTreeSet<String> = BTreeSet::new();
    for line in remembered {
        let at = time_of(&line);
        if at >= since && until.is_none_or(|until| at <= until) {
            sent.insert(line.clone());
            if chunk(out, &line).await.is_err() {
                return;
            }
        }
    }
    while until.is_none() {
        match live.recv().await {
            Ok(line) if line == "end" => break,
            Ok(line) if sent.contains(&line) => {}
            Ok(line) => {
                if chunk(out, &line).await.is_err() {
                    return;
                }
            }
            Err(_) => return,
        }
    }
    let _ = out.write_all(b"0\r\n\r\n").await;
    let _ = out.shutdown().await;
}

async fn chunk<S: Stream>(out: &mut S, line: &str) -> std::io::Result<()> {
    out.write_all(format!("{:x}\r\n{line}\n\r\n", line.len() + 1).as_bytes()).await
}

fn time_of(line: &str) -> i64 {
    let line: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
    line["timeNano"].as_i64().unwrap_or(0)
}

fn nanos_of(asked: &str, name: &str) -> Option<i64> {
    let rest = &asked[asked.find(name)? + name.len()..];
    let value = rest.split('&').next()?;
    let (seconds, nanos) = value.split_once('.').unwrap_or((value, "0"));
    Some(seconds.parse::<i64>().ok()? * 1_000_000_000 + nanos.parse::<i64>().ok()?)
}

impl Engine {
    /// A manager of the swarm that was recorded of this API version.
    pub fn manager(api: &str) -> Self {
        let engine = Self::empty(api);
        engine.answer("/info", json(api, "info-two-managers.json"));
        engine.answer("/containers/json", serde_json::json!([]));
        for (path, file) in [("/services", "services.json"), ("/tasks", "tasks.json"), ("/nodes", "nodes.json")] {
            engine.answer(path, json(api, file));
        }
        engine
    }
}
