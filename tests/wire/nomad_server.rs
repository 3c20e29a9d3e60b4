//! A Nomad server for tests: it answers over TCP with what a real agent said (`tests/wire/nomad`), and its stream is fed by the test.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::task::JoinSet;

/// What it answers and was asked.
#[derive(Default)]
pub struct Script {
    /// Answers by path, without query: status and body.
    pub answers: BTreeMap<String, (u16, String)>,
    /// Everything it was asked, with its query.
    pub asked: Vec<String>,
    /// What was to be changed: the path, with its query, and the body.
    pub sent: Vec<(String, Value)>,
}

/// A running server.
pub struct Server {
    pub address: String,
    script: Arc<Mutex<Script>>,
    lines: broadcast::Sender<Option<String>>,
    _serving: JoinSet<()>,
}

/// One recorded answer.
pub fn json(file: &str) -> Value {
    json_of("v1.11", file)
}

/// One answer of a recording.
pub fn json_of(recording: &str, file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/nomad").join(recording).join(file);
    let raw = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&raw).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Server {
    /// With what was recorded.
    pub async fn recorded() -> Self {
        Self::of("v1.11").await
    }

    /// With what was recorded at another time.
    pub async fn of(recording: &str) -> Self {
        let json = |file: &str| json_of(recording, file);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let script = Arc::new(Mutex::new(Script::default()));
        let (lines, _) = broadcast::channel(256);
        let mut serving = JoinSet::new();
        let (known, said) = (Arc::clone(&script), lines.clone());
        serving.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.spawn(serve(stream, Arc::clone(&known), said.clone()));
            }
        });
        let server = Self { address, script, lines, _serving: serving };
        server.answer("/v1/status/leader", Value::from("127.0.0.1:24647"));
        server.answer("/v1/status/peers", serde_json::json!(["127.0.0.1:24647"]));
        server.answer(
            "/v1/agent/self",
            serde_json::json!({ "config": { "Region": "eu", "Version": { "Version": "1.11.3" } } }),
        );
        for name in ["nodes", "jobs", "deployments", "evaluations", "allocations"] {
            server.answer(&format!("/v1/{name}"), json(&format!("{name}.json")));
        }
        let allocations = json("allocations.json");
        for job in json("registered.json").as_array().expect("a list") {
            let id = job["ID"].as_str().expect("an id");
            let path = format!("/v1/job/{}", id.replace('/', "%2F"));
            server.answer(&path, job.clone());
            let ours = allocations.as_array().expect("a list").iter().filter(|it| it["JobID"] == id);
            server.answer(&format!("{path}/allocations"), ours.cloned().collect());
        }
        server
    }

    /// One more job, as it was recorded for itself.
    pub fn add(&self, job: &str) {
        let it = json(&format!("{job}.json"));
        let more = |path: &str, new: &[Value]| {
            let (_, body) = self.script().answers.get(path).cloned().expect("it is answered");
            let mut all: Vec<Value> = serde_json::from_str(&body).expect("a list");
            all.extend_from_slice(new);
            self.answer(path, all.into());
        };
        let list = |field: &str| it[field].as_array().cloned().unwrap_or_default();
        more("/v1/jobs", std::slice::from_ref(&it["stub"]));
        more("/v1/deployments", &list("deployments"));
        more("/v1/allocations", &list("allocations"));
        self.answer(&format!("/v1/job/{job}"), it["job"].clone());
        self.answer(&format!("/v1/job/{job}/allocations"), list("allocations").into());
    }

    pub fn answer(&self, path: &str, body: Value) {
        self.script().answers.insert(path.to_owned(), (200, body.to_string()));
    }

    pub fn refuse(&self, path: &str, status: u16, words: &str) {
        self.script().answers.insert(path.to_owned(), (status, words.to_owned()));
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().expect("no test panicked with it")
    }

    /// What was to be changed, with the bodies; what a scheduler was only asked is not among it.
    pub fn sent(&self) -> Vec<(String, Value)> {
        let all = self.script().sent.clone();
        all.into_iter().filter(|(path, _)| !path.split('?').next().unwrap_or_default().ends_with("/plan")).collect()
    }

    /// Says something in its stream.
    pub fn say(&self, event: Value) {
        let line = serde_json::json!({ "Index": 1000, "Events": [event] }).to_string();
        let _ = self.lines.send(Some(line));
    }

    /// Ends its stream.
    pub fn hang_up(&self) {
        let _ = self.lines.send(None);
    }

    /// How often it was asked for a path.
    pub fn times(&self, path: &str) -> usize {
        self.script().asked.iter().filter(|it| it.split('?').next() == Some(path)).count()
    }
}

async fn serve(stream: TcpStream, script: Arc<Mutex<Script>>, lines: broadcast::Sender<Option<String>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if stream.read_line(&mut first).await.unwrap_or(0) == 0 {
            return;
        }
        let target = first.split_whitespace().nth(1).unwrap_or_default().to_owned();
        let mut length = 0;
        loop {
            let mut header = String::new();
            if stream.read_line(&mut header).await.unwrap_or(0) == 0 {
                return;
            }
            if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if header.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        if stream.read_exact(&mut body).await.is_err() {
            return;
        }
        let path = target.split('?').next().unwrap_or_default().to_owned();
        let answer = {
            let mut script = script.lock().expect("no test panicked with it");
            script.asked.push(target.clone());
            if first.starts_with("PUT") {
                script.sent.push((target.clone(), serde_json::from_slice(&body).unwrap_or_default()));
            }
            script.answers.get(&path).cloned()
        };
        if path == "/v1/event/stream" && answer.is_none() {
            let heard = lines.subscribe();
            return pour(stream.into_inner(), heard).await;
        }
        let (status, body) = answer.unwrap_or((404, "job not found".to_owned()));
        let head = format!(
            "HTTP/1.1 {status} It\r\nContent-Length: {}\r\nX-Nomad-Index: 100\r\nContent-Type: application/json\r\n\r\n",
            body.len()
        );
        if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn pour(mut stream: TcpStream, mut lines: broadcast::Receiver<Option<String>>) {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n3\r\n{}\n\r\n";
    if stream.write_all(head.as_bytes()).await.is_err() {
        return;
    }
    while let Ok(Some(line)) = lines.recv().await {
        let chunk = format!("{:x}\r\n{line}\n\r\n", line.len() + 1);
        if stream.write_all(chunk.as_bytes()).await.is_err() {
            return;
        }
    }
    let _ = stream.write_all(b"0\r\n\r\n").await;
}
