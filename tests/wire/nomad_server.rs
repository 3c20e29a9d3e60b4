//! A Nomad server for tests: it answers over TCP with what a real agent said (`tests/wire/nomad`), and its stream is fed by the test.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::broadcast;
use tokio::task::JoinSet;

use crate::http;

/// What it answers and was asked.
#[derive(Default)]
pub struct Script {
    /// Answers by path, without query: status and body.
    pub answers: BTreeMap<String, (u16, String)>,
    /// Everything it was asked, with its query.
    pub asked: Vec<String>,
    /// What was to be changed: the path, with its query, and the body.
    pub sent: Vec<(String, Value)>,
    /// Of which index each answer is, by path, and that to a question for the first alone (`?per_page=1`); 100 where none is named.
    pub indexes: BTreeMap<String, u64>,
    /// Answers to one token, by token and path with its namespace; a token that is named here gets nothing else.
    rights: BTreeMap<(String, String), (u16, String)>,
    /// Streams that are granted to a token, by token and path.
    granted: BTreeMap<(String, String), bool>,
    /// Nobody is granted a stream: it opens and says nothing, as that of a real server.
    pub mute: bool,
    /// How long ago it heard from its leader, ms.
    pub contact: u64,
    /// It knows no leader.
    pub lost: bool,
    /// What was said last in the headers `Authorization` and `Host`.
    pub said: BTreeMap<&'static str, String>,
}

impl Script {
    fn answer_to(&self, asked: &Asked) -> (u16, String) {
        if self.lost && asked.query("stale") != Some("true") {
            return (500, "No cluster leader".to_owned());
        }
        let answer = match self.rights.keys().any(|(token, _)| *token == asked.token) {
            true => self.rights.get(&(asked.token.clone(), asked.with_namespace())),
            false => self.answers.get(&asked.path),
        };
        answer.cloned().unwrap_or((404, "job not found".to_owned()))
    }

    fn grants(&self, asked: &Asked) -> bool {
        let topic = match (asked.target.contains("topic=Job"), asked.target.contains("topic=Node")) {
            (true, true) => "topic=Job&topic=Node",
            (true, false) => "topic=Job",
            _ => "topic=Node",
        };
        let namespace = asked.query("namespace").unwrap_or("default").replace("%2A", "*");
        let path = format!("{}?{topic}&namespace={namespace}", asked.path);
        !self.mute && self.granted.get(&(asked.token.clone(), path)).copied().unwrap_or(true)
    }

    fn index(&self, path: &str) -> u64 {
        self.indexes.get(path).copied().unwrap_or(100)
    }
}

/// One request.
struct Asked {
    target: String,
    path: String,
    token: String,
}

impl Asked {
    fn query(&self, name: &str) -> Option<&str> {
        let pairs = self.target.split_once('?').map_or("", |(_, query)| query).split('&');
        pairs.filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    fn with_namespace(&self) -> String {
        match self.query("namespace") {
            Some(namespace) => format!("{}?namespace={}", self.path, namespace.replace("%2A", "*")),
            None => self.path.clone(),
        }
    }
}

/// A running server.
pub struct Server {
    pub address: String,
    script: Arc<Mutex<Script>>,
    lines: broadcast::Sender<Option<String>>,
    _serving: JoinSet<()>,
}

/// One recorded answer.
#[allow(dead_code, reason = "not every test reads one")]
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
    #[allow(dead_code, reason = "not every test has this recording")]
    pub async fn recorded() -> Self {
        Self::of("v1.11").await
    }

    /// With what was recorded at another time.
    pub async fn of(recording: &str) -> Self {
        let json = |file: &str| json_of(recording, file);
        let script = Arc::new(Mutex::new(Script::default()));
        let (lines, _) = broadcast::channel(256);
        let (known, said) = (Arc::clone(&script), lines.clone());
        let (address, serving) = http::listen(move |stream| serve(stream, Arc::clone(&known), said.clone())).await;
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

    /// With what was recorded of tokens that may not read everything (`record-rights`); a token is its name there.
    #[allow(dead_code, reason = "not every test has tokens")]
    pub async fn of_rights() -> Self {
        let server = Self::recorded().await;
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/nomad/v1.11/rights.ndjson");
        let raw = std::fs::read_to_string(path).expect("a recording");
        for line in raw.lines() {
            let line: Value = serde_json::from_str(line).expect("a line of it");
            let text = |name: &str| line[name].as_str().expect("text").to_owned();
            let key = (text("token"), text("path"));
            let mut script = server.script();
            if let Some(granted) = line["granted"].as_bool() {
                script.granted.insert(key, granted);
                continue;
            }
            let status = line["status"].as_u64().and_then(|it| u16::try_from(it).ok()).expect("a status");
            let body = line["body"].as_str().map_or_else(|| line["body"].to_string(), str::to_owned);
            for open in ["/v1/status/leader", "/v1/status/peers"] {
                let answer = script.answers[open].clone();
                script.rights.insert((key.0.clone(), open.to_owned()), answer);
            }
            script.rights.insert(key, (status, body));
        }
        server
    }

    /// What was recorded for a token.
    #[allow(dead_code, reason = "not every test has tokens")]
    pub fn recorded_of(&self, token: &str, path: &str) -> Value {
        let (_, body) = self.script().rights[&(token.to_owned(), path.to_owned())].clone();
        serde_json::from_str(&body).expect("a recording")
    }

    /// Gives one token the rights of another.
    #[allow(dead_code, reason = "not every test has tokens")]
    pub fn give(&self, token: &str, of: &str) {
        let mut script = self.script();
        let rights = script.rights.clone();
        let theirs = rights.into_iter().filter(|((known, _), _)| known == of);
        script.rights.extend(theirs.map(|((_, path), answer)| ((token.to_owned(), path), answer)));
        let granted = script.granted.clone();
        let theirs = granted.into_iter().filter(|((known, _), _)| known == of);
        script.granted.extend(theirs.map(|((_, path), granted)| ((token.to_owned(), path), granted)));
    }

    /// What is registered is another by now: those that wait for that are told.
    #[allow(dead_code, reason = "not every test changes what is listed")]
    pub fn change(&self, path: &str, body: Value) {
        self.answer(path, body);
        let mut script = self.script();
        let index = script.index(path) + 1;
        script.indexes.insert(path.to_owned(), index);
    }

    /// One more job, as it was recorded for itself.
    #[allow(dead_code, reason = "not every test needs it")]
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

    #[allow(dead_code, reason = "not every test needs it")]
    pub fn refuse(&self, path: &str, status: u16, words: &str) {
        self.script().answers.insert(path.to_owned(), (status, words.to_owned()));
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().expect("no test panicked with it")
    }

    /// What was to be changed, with the bodies; what a scheduler was only asked is not among it.
    #[allow(dead_code, reason = "not every test needs it")]
    pub fn sent(&self) -> Vec<(String, Value)> {
        let all = self.script().sent.clone();
        all.into_iter().filter(|(path, _)| !path.split('?').next().unwrap_or_default().ends_with("/plan")).collect()
    }

    /// Says something in its stream.
    #[allow(dead_code, reason = "not every test needs it")]
    pub fn say(&self, event: Value) {
        let line = serde_json::json!({ "Index": 1000, "Events": [event] }).to_string();
        let _ = self.lines.send(Some(line));
    }

    /// Ends its stream.
    #[allow(dead_code, reason = "not every test needs it")]
    pub fn hang_up(&self) {
        let _ = self.lines.send(None);
    }

    /// How often it was asked for a path.
    #[allow(dead_code, reason = "not every test needs it")]
    pub fn times(&self, path: &str) -> usize {
        self.script().asked.iter().filter(|it| it.split('?').next() == Some(path)).count()
    }
}

async fn serve(mut stream: BufReader<TcpStream>, script: Arc<Mutex<Script>>, lines: broadcast::Sender<Option<String>>) {
    while let Some(it) = http::next(&mut stream).await {
        let said = [("Authorization", "authorization"), ("Host", "host")];
        let said = said.map(|(name, small)| (name, it.header(small).to_owned()));
        let said = said.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let (path, token) = (it.path().to_owned(), it.header("x-nomad-token").to_owned());
        let asked = Asked { target: it.target, path, token };
        let granted = {
            let mut script = script.lock().expect("no test panicked with it");
            script.asked.push(asked.target.clone());
            script.said = said;
            if it.method == "PUT" {
                script.sent.push((asked.target.clone(), serde_json::from_slice(&it.body).unwrap_or_default()));
            }
            (asked.path == "/v1/event/stream" && !script.answers.contains_key(&asked.path))
                .then(|| script.grants(&asked))
        };
        if let Some(granted) = granted {
            let heard = lines.subscribe();
            return pour(stream.into_inner(), heard, granted).await;
        }
        let answer = wait(&script, &asked).await;
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The answer; of a blocking query when there is another than the one that is known, or its time is over.
async fn wait(script: &Mutex<Script>, asked: &Asked) -> String {
    let millis = asked.query("wait").and_then(|raw| raw.trim_end_matches("ms").parse().ok()).unwrap_or(0);
    let known: Option<u64> = asked.query("index").and_then(|raw| raw.parse().ok()).filter(|index| *index > 0);
    let end = tokio::time::Instant::now() + std::time::Duration::from_millis(millis);
    loop {
        {
            let script = script.lock().expect("no test panicked with it");
            let first = (asked.query("per_page") == Some("1")).then(|| format!("{}?per_page=1", asked.path));
            let first = first.and_then(|first| script.indexes.get(&first).copied());
            let index = first.unwrap_or_else(|| script.index(&asked.path));
            // One that counts anew does not keep anybody waiting for what it will never reach.
            if known.is_none_or(|known| index > known || counts_anew(index, known))
                || tokio::time::Instant::now() >= end
            {
                let (status, body) = script.answer_to(asked);
                let (body, next) = paged(body, asked);
                return format!(
                    "HTTP/1.1 {status} It\r\nContent-Length: {}\r\nX-Nomad-Index: {index}\r\nX-Nomad-LastContact: {}\r\n\
                     X-Nomad-KnownLeader: {}\r\n{next}Content-Type: application/json\r\n\r\n{body}",
                    body.len(),
                    script.contact,
                    !script.lost,
                );
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
}

/// Of a list that is far behind what is known; one that never held anything is none such.
fn counts_anew(index: u64, known: u64) -> bool {
    index < known && index > 0
}

/// A page of a list, and the header that names the next.
fn paged(body: String, asked: &Asked) -> (String, String) {
    let number = |name: &str| asked.query(name).and_then(|raw| raw.parse::<usize>().ok());
    let (Some(many), Ok(Value::Array(all))) = (number("per_page"), serde_json::from_str(&body)) else {
        return (body, String::new());
    };
    let from = number("next_token").unwrap_or(0);
    let next = if from + many < all.len() { format!("X-Nomad-NextToken: {}\r\n", from + many) } else { String::new() };
    (Value::Array(all.into_iter().skip(from).take(many).collect()).to_string(), next)
}

async fn pour(mut stream: TcpStream, mut lines: broadcast::Receiver<Option<String>>, granted: bool) {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n";
    let first = if granted { "3\r\n{}\n\r\n" } else { "" };
    if stream.write_all(format!("{head}{first}").as_bytes()).await.is_err() {
        return;
    }
    if !granted {
        // Until nobody waits any more.
        let _ = stream.read_u8().await;
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
