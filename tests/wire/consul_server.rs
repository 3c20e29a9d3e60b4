//! An agent of Consul for tests: it answers one question over TCP, and holds it as long as nothing changed, as a real one does.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::http;

/// What it says, and was asked.
pub struct Script {
    /// Status and body.
    pub answer: (u16, String),
    /// `X-Consul-Index` of it.
    pub index: u64,
    /// It keeps some back from this token.
    pub filtered: bool,
    /// Without a token nothing may be read, and nothing is said of that.
    pub closed: bool,
    /// Everything it was asked, with its query.
    pub asked: Vec<String>,
    /// The tokens that it was asked with.
    pub tokens: Vec<String>,
}

/// A running agent.
pub struct Consul {
    pub address: String,
    script: Arc<Mutex<Script>>,
    _serving: JoinSet<()>,
}

impl Consul {
    /// One that says this at first.
    pub async fn saying(critical: Value) -> Self {
        let script = Script {
            answer: (200, critical.to_string()),
            index: 35,
            filtered: false,
            closed: false,
            asked: Vec::new(),
            tokens: Vec::new(),
        };
        let script = Arc::new(Mutex::new(script));
        let known = Arc::clone(&script);
        let (address, serving) = http::listen(move |stream| serve(stream, Arc::clone(&known))).await;
        Self { address, script, _serving: serving }
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().expect("no test panicked with it")
    }

    /// Something changes.
    pub fn now(&self, critical: &Value, index: u64) {
        let mut script = self.script();
        (script.answer, script.index) = ((200, critical.to_string()), index);
    }
}

async fn serve(mut stream: BufReader<TcpStream>, script: Arc<Mutex<Script>>) {
    while let Some(it) = http::next(&mut stream).await {
        let (target, token) = (it.target.clone(), it.header("x-consul-token").to_owned());
        {
            let mut script = script.lock().expect("no test panicked with it");
            script.asked.push(target.clone());
            script.tokens.push(token);
        }
        if target.starts_with("/v1/catalog/services") {
            let closed = script.lock().expect("no test panicked with it").closed;
            let body = if closed { "{}" } else { r#"{"consul":[]}"# };
            let head = format!("HTTP/1.1 200 It\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            if stream.write_all(head.as_bytes()).await.is_err() {
                return;
            }
            continue;
        }
        let known = target.split(['?', '&']).find_map(|part| part.strip_prefix("index=")?.parse::<u64>().ok());
        let (status, body, index, filtered, closed) = loop {
            let held = {
                let script = script.lock().expect("no test panicked with it");
                let held = script.answer.0 == 200 && known == Some(script.index);
                (!held)
                    .then(|| (script.answer.0, script.answer.1.clone(), script.index, script.filtered, script.closed))
            };
            match held {
                Some(answer) => break answer,
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        let kept_back = match (filtered, closed) {
            (true, _) => "X-Consul-Results-Filtered-By-ACLs: true\r\n",
            (false, true) => "X-Consul-Default-Acl-Policy: deny\r\n",
            (false, false) => "",
        };
        let head = format!(
            "HTTP/1.1 {status} It\r\nContent-Length: {}\r\nX-Consul-Index: {index}\r\n{kept_back}Content-Type: application/json\r\n\r\n",
            body.len()
        );
        if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() {
            return;
        }
    }
}
