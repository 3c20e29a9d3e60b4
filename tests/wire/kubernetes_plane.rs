//! An API server for tests: it lists, watches, reviews and refuses as a real one does, over plain HTTP or TLS, and what is in
//! it is said by the test.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::JoinSet;

/// What the server holds, refuses and was asked.
pub struct Script {
    /// Objects by the path of their collection everywhere, namespace and name.
    objects: BTreeMap<(String, String, String), Value>,
    /// The version of the last change.
    pub version: u64,
    /// What came before this version is forgotten.
    pub oldest: u64,
    /// What changed: the collection, the namespace, the version, the line that a watch says.
    log: Vec<Change>,
    /// What is refused, and how often.
    rules: Vec<Rule>,
    /// Requests that are never answered: a verb and a path.
    pub hung: BTreeSet<(&'static str, String)>,
    /// The one token that is accepted.
    pub token: String,
    /// Verbs on resources that are denied everywhere: `list pods`.
    pub denied: BTreeSet<String>,
    /// Namespaces in which nothing is denied.
    pub allowed: BTreeSet<String>,
    /// Rules cannot be listed.
    pub incomplete: bool,
    /// Groups that are served beside the usual: group, version, resource.
    pub served: Vec<(&'static str, &'static str, &'static str)>,
    /// Knows nothing of aggregated discovery.
    pub old: bool,
    /// What the rows of a table show of a pod, by name: ready, status, restarts.
    pub rows: BTreeMap<String, [&'static str; 3]>,
    /// Everything it was asked: verb, path, query, and what was accepted.
    pub asked: Vec<Asked>,
}

#[derive(Clone, Debug)]
struct Change {
    collection: String,
    namespace: String,
    version: u64,
    line: String,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `list`, `watch`, `get`, `create`.
    pub verb: &'static str,
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub accept: String,
    token: String,
    body: Vec<u8>,
}

/// What is refused.
pub struct Rule {
    pub verb: &'static str,
    pub path: &'static str,
    pub status: u16,
    pub headers: &'static str,
    pub body: String,
    /// So many times; none: always.
    pub times: Option<u32>,
}

/// A running server.
pub struct Plane {
    dir: tempfile::TempDir,
    script: Arc<Mutex<Script>>,
    changes: broadcast::Sender<Change>,
    serving: Option<JoinSet<()>>,
    port: u16,
}

/// Ends every watch.
const END: &str = "end";

impl Plane {
    /// A server with the usual namespaces, listening.
    pub async fn start() -> Self {
        let mut plane = Self::new();
        plane.listen(None).await;
        plane.kubeconfig("http", "");
        plane
    }

    /// One that nobody listens at yet.
    pub fn new() -> Self {
        let script = Script {
            objects: BTreeMap::new(),
            version: 1000,
            oldest: 0,
            log: Vec::new(),
            rules: Vec::new(),
            hung: BTreeSet::new(),
            token: "right".to_owned(),
            denied: BTreeSet::new(),
            allowed: BTreeSet::new(),
            incomplete: false,
            served: Vec::new(),
            old: false,
            rows: BTreeMap::new(),
            asked: Vec::new(),
        };
        let plane = Self {
            dir: tempfile::tempdir().expect("a directory"),
            script: Arc::new(Mutex::new(script)),
            changes: broadcast::channel(16 * 1024).0,
            serving: None,
            port: 0,
        };
        for name in ["default", "kube-system", "shop"] {
            plane.put("/api/v1/namespaces", "", name, json!({ "status": { "phase": "Active" } }));
        }
        plane
    }

    /// Where its kubeconfig lies.
    pub fn kubeconfig_path(&self) -> PathBuf {
        self.dir.path().join("kubeconfig")
    }

    /// Writes a kubeconfig with the right token; `cluster` is more of the cluster's entry.
    pub fn kubeconfig(&self, scheme: &str, cluster: &str) {
        let token = self.script().token.clone();
        self.kubeconfig_with(scheme, cluster, &token);
    }

    /// Writes a kubeconfig with this token.
    pub fn kubeconfig_with(&self, scheme: &str, cluster: &str, token: &str) {
        let port = self.port;
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
             clusters:\n- name: test\n  cluster:\n    server: {scheme}://127.0.0.1:{port}\n{cluster}\
             users:\n- name: test\n  user:\n    token: {token}\n\
             contexts:\n- name: test\n  context:\n    cluster: test\n    user: test\n    namespace: shop\n"
        );
        std::fs::write(self.kubeconfig_path(), text).expect("a kubeconfig");
    }

    /// What it holds and was asked.
    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().expect("no test panicked with it")
    }

    /// Begins to listen, again where it did before.
    pub async fn listen(&mut self, tls: Option<tokio_rustls::TlsAcceptor>) {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("an address that was in use");
        socket.bind(([127, 0, 0, 1], self.port).into()).expect("a port");
        let listener: TcpListener = socket.listen(128).expect("a listener");
        self.port = listener.local_addr().expect("an address").port();
        let (script, changes) = (Arc::clone(&self.script), self.changes.clone());
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut talks = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (script, changes, tls) = (Arc::clone(&script), changes.clone(), tls.clone());
                talks.spawn(async move {
                    match tls {
                        None => talk(stream, script, changes).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                talk(stream, script, changes).await;
                            }
                        }
                    }
                });
            }
        });
        self.serving = Some(serving);
    }

    /// Goes down: every connection breaks, and nobody listens.
    pub async fn crash(&mut self) {
        if let Some(mut serving) = self.serving.take() {
            serving.shutdown().await;
        }
    }

    /// An object is there, or is different now.
    pub fn put(&self, collection: &str, namespace: &str, name: &str, rest: Value) {
        let mut script = self.script();
        script.version += 1;
        let version = script.version;
        let mut object = rest;
        let mut meta = json!({
            "name": name, "uid": format!("uid-of-{name}"), "resourceVersion": version.to_string(),
            "creationTimestamp": "2026-11-23T20:00:00Z",
        });
        if !namespace.is_empty() {
            meta["namespace"] = json!(namespace);
        }
        object["metadata"] = meta;
        let key = (collection.to_owned(), namespace.to_owned(), name.to_owned());
        let kind = if script.objects.insert(key, object.clone()).is_some() { "MODIFIED" } else { "ADDED" };
        self.changed(script, collection, namespace, &json!({ "type": kind, "object": object }));
    }

    /// An object is gone.
    pub fn remove(&self, collection: &str, namespace: &str, name: &str) {
        let mut script = self.script();
        script.version += 1;
        let version = script.version;
        let key = (collection.to_owned(), namespace.to_owned(), name.to_owned());
        let mut object = script.objects.remove(&key).expect("it was there");
        object["metadata"]["resourceVersion"] = json!(version.to_string());
        self.changed(script, collection, namespace, &json!({ "type": "DELETED", "object": object }));
    }

    /// A namespace.
    pub fn namespace(&self, name: &str) {
        self.put("/api/v1/namespaces", "", name, json!({ "status": { "phase": "Active" } }));
    }

    /// Gives a namespace another uid.
    pub fn rename(&self, namespace: &str, uid: &str) {
        let key = ("/api/v1/namespaces".to_owned(), String::new(), namespace.to_owned());
        let mut script = self.script();
        script.objects.get_mut(&key).expect("it is there")["metadata"]["uid"] = json!(uid);
    }

    /// A pod that runs.
    pub fn pod(&self, namespace: &str, name: &str) {
        let rest = json!({
            "spec": { "containers": [{ "name": "main", "image": "busybox:1" }] },
            "status": { "phase": "Running" },
        });
        self.put("/api/v1/pods", namespace, name, rest);
    }

    fn changed(&self, mut script: MutexGuard<'_, Script>, collection: &str, namespace: &str, line: &Value) {
        let change = Change {
            collection: collection.to_owned(),
            namespace: namespace.to_owned(),
            version: script.version,
            line: line.to_string(),
        };
        script.log.push(change.clone());
        drop(script);
        let _ = self.changes.send(change);
    }

    /// Says something on each watch of a collection.
    pub fn say(&self, collection: &str, line: impl ToString) {
        let change = Change {
            collection: collection.to_owned(),
            namespace: "*".to_owned(),
            version: u64::MAX,
            line: line.to_string(),
        };
        let _ = self.changes.send(change);
    }

    /// Says on each watch of a collection that nothing more happened up to now.
    pub fn bookmark(&self, collection: &str) {
        let version = {
            let mut script = self.script();
            script.version += 1;
            script.version.to_string()
        };
        let line = json!({ "type": "BOOKMARK", "object": { "metadata": { "resourceVersion": version } } });
        self.say(collection, line);
    }

    /// Ends the watches of a collection, as a server does every few minutes; `*` is all of them.
    pub fn end_watches(&self, collection: &str) {
        self.say(collection, END);
    }

    /// Forgets what happened so far.
    pub fn forget(&self) {
        let mut script = self.script();
        script.oldest = script.version;
        script.log.clear();
    }

    /// Refuses something.
    pub fn refuse(&self, verb: &'static str, path: &'static str, status: u16, times: Option<u32>) {
        let body = json!({ "kind": "Status", "status": "Failure", "code": status, "message": "it is refused" });
        self.script().rules.push(Rule { verb, path, status, headers: "", body: body.to_string(), times });
    }

    /// Refuses in these very words.
    pub fn refuse_with(&self, rule: Rule) {
        self.script().rules.push(rule);
    }

    /// Refuses nothing any more.
    pub fn relent(&self) {
        let mut script = self.script();
        script.rules.clear();
        script.hung.clear();
        script.denied.clear();
    }

    /// What it was asked with this verb at this path.
    pub fn asked(&self, verb: &str, path: &str) -> Vec<Asked> {
        self.script().asked.iter().filter(|asked| asked.verb == verb && asked.path == path).cloned().collect()
    }
}

/// What a server talks over.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

enum Answer {
    Hung,
    Whole(u16, &'static str, String),
    Watch { collection: String, namespace: Option<String>, from: u64 },
}

async fn talk<S: Stream>(stream: S, script: Arc<Mutex<Script>>, changes: broadcast::Sender<Change>) {
    let mut stream = BufReader::new(stream);
    while let Some(asked) = request(&mut stream).await {
        // Subscribed before the log is read: nothing falls in between.
        let live = changes.subscribe();
        let (answer, past) = {
            let mut script = script.lock().expect("not poisoned");
            script.asked.push(asked.clone());
            (answer(&mut script, &asked), script.log.clone())
        };
        match answer {
            Answer::Hung => return std::future::pending().await,
            Answer::Watch { collection, namespace, from } => {
                return follow(stream, &past, live, &collection, namespace.as_deref(), from).await;
            }
            Answer::Whole(status, headers, body) => {
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nDate: Mon, 23 Nov 2026 23:40:00 GMT\r\n\
                     {headers}Content-Length: {}\r\n\r\n",
                    body.len()
                );
                if stream.get_mut().write_all((head + &body).as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn request<S: Stream>(stream: &mut BufReader<S>) -> Option<Asked> {
    let mut first = String::new();
    stream.read_line(&mut first).await.ok().filter(|read| *read > 0)?;
    let (mut length, mut accept, mut token) = (0, String::new(), String::new());
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().expect("a length"),
            "accept" => accept = value.to_owned(),
            "authorization" => token = value.trim_start_matches("Bearer ").to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query: BTreeMap<String, String> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), unescaped(value)))
        .collect();
    let verb = match method {
        "POST" => "create",
        _ if query.contains_key("watch") => "watch",
        _ if Place::of(path).is_some_and(|place| place.name.is_none()) => "list",
        _ => "get",
    };
    Some(Asked { verb, path: path.to_owned(), query, accept, token, body })
}

fn unescaped(raw: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        let hex: Option<String> =
            (byte == b'%').then(|| [bytes.next(), bytes.next()].into_iter().flatten().map(char::from).collect());
        out.push(hex.map_or(byte, |hex| u8::from_str_radix(&hex, 16).expect("hex")));
    }
    String::from_utf8(out).expect("text")
}

/// What a path names.
struct Place {
    /// `/api/v1/pods`, wherever they lie.
    collection: String,
    resource: String,
    namespace: Option<String>,
    name: Option<String>,
}

impl Place {
    fn of(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let root = match *parts.first()? {
            "api" => 2,
            "apis" => 3,
            _ => return None,
        };
        let (root, rest) = (parts.get(..root)?, parts.get(root..)?);
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some((*namespace).to_owned()), rest),
            rest => (None, rest),
        };
        let resource = (*rest.first()?).to_owned();
        let collection = format!("/{}/{resource}", root.join("/"));
        Some(Self { collection, resource, namespace, name: rest.get(1).map(|name| (*name).to_owned()) })
    }
}

fn answer(script: &mut Script, asked: &Asked) -> Answer {
    if script.hung.contains(&(asked.verb, asked.path.clone())) {
        return Answer::Hung;
    }
    if asked.token != script.token {
        return refused(401, "Unauthorized");
    }
    if let Some(rule) = script
        .rules
        .iter_mut()
        .find(|rule| rule.verb == asked.verb && rule.path == asked.path && rule.times.is_none_or(|times| times > 0))
    {
        rule.times = rule.times.map(|times| times - 1);
        return Answer::Whole(rule.status, rule.headers, rule.body.clone());
    }
    match asked.path.as_str() {
        "/version" => return whole(&json!({ "major": "1", "minor": "34", "gitVersion": "v1.34.4" })),
        "/apis" => return whole(&groups(script)),
        path if path.ends_with("reviews") => return whole(&review(script, asked)),
        _ => {}
    }
    let Some(place) = Place::of(&asked.path) else {
        return match resources(script, &asked.path) {
            Some(found) => whole(&found),
            None => refused(404, "the server could not find the requested resource"),
        };
    };
    let allowed = place.namespace.as_ref().is_some_and(|namespace| script.allowed.contains(namespace));
    if script.denied.contains(&format!("{} {}", asked.verb, place.resource)) && !allowed {
        let scope = match &place.namespace {
            Some(namespace) => format!("in the namespace \"{namespace}\""),
            None => "at the cluster scope".to_owned(),
        };
        let what = format!(
            "{0} is forbidden: User \"jane\" cannot {1} resource \"{0}\" in API group \"\" {scope}",
            place.resource, asked.verb
        );
        return refused(403, &what);
    }
    let optional = ["argoproj.io", "keda.sh"].iter().any(|group| place.collection.contains(group));
    if optional && !script.served.iter().any(|(_, _, resource)| *resource == place.resource) {
        return refused(404, "the server could not find the requested resource");
    }
    match asked.verb {
        "watch" => {
            let from: u64 = asked.query.get("resourceVersion").and_then(|it| it.parse().ok()).unwrap_or(0);
            match from < script.oldest {
                true => refused(410, &format!("too old resource version: {from} ({})", script.oldest)),
                false => Answer::Watch { collection: place.collection, namespace: place.namespace, from },
            }
        }
        "list" if asked.accept.contains("as=Table") => whole(&table(script, &place)),
        "list" => list(script, asked, &place),
        _ => match object(script, &place) {
            Some(object) => whole(&object),
            None => refused(404, "not found"),
        },
    }
}

fn whole(body: &Value) -> Answer {
    Answer::Whole(200, "", body.to_string())
}

fn refused(status: u16, message: &str) -> Answer {
    let body = json!({ "kind": "Status", "status": "Failure", "code": status, "message": message });
    Answer::Whole(status, "", body.to_string())
}

fn held<'a>(script: &'a Script, place: &'a Place) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let ours = |collection: &String, namespace: &String| {
        *collection == place.collection && place.namespace.as_ref().is_none_or(|only| only == namespace)
    };
    let all = script.objects.iter().filter(move |((collection, namespace, _), _)| ours(collection, namespace));
    all.map(|((_, _, name), object)| (name.as_str(), object))
}

fn object(script: &Script, place: &Place) -> Option<Value> {
    held(script, place).find(|(name, _)| Some(*name) == place.name.as_deref()).map(|(_, object)| object.clone())
}

fn list(script: &Script, asked: &Asked, place: &Place) -> Answer {
    let only = asked.query.get("fieldSelector").and_then(|it| it.strip_prefix("metadata.name="));
    let all: Vec<&Value> =
        held(script, place).filter(|(name, _)| only.is_none_or(|only| only == *name)).map(|(_, it)| it).collect();
    let (version, from): (u64, usize) = match asked.query.get("continue").and_then(|it| it.split_once('.')) {
        Some((version, from)) => (version.parse().expect("a version"), from.parse().expect("a number")),
        None => (script.version, 0),
    };
    if version < script.oldest {
        return refused(410, "The provided continue parameter is too old to display a consistent list result.");
    }
    let limit: usize = asked.query.get("limit").and_then(|it| it.parse().ok()).unwrap_or(usize::MAX);
    let until = all.len().min(from.saturating_add(limit));
    let mut meta = json!({ "resourceVersion": version.to_string() });
    if until < all.len() {
        meta["continue"] = json!(format!("{version}.{until}"));
        meta["remainingItemCount"] = json!(all.len() - until);
    }
    let items = match &all[from..until] {
        // So writes a real server it.
        [] if asked.accept.contains("as=PartialObjectMetadataList") => Value::Null,
        items => json!(items),
    };
    whole(&json!({ "kind": "List", "apiVersion": "v1", "metadata": meta, "items": items }))
}

fn table(script: &Script, place: &Place) -> Value {
    let columns = ["Name", "Ready", "Status", "Restarts", "Age"].map(|name| json!({ "name": name, "type": "string" }));
    let rows: Vec<Value> = held(script, place)
        .map(|(name, _)| {
            let [ready, status, restarts] = script.rows.get(name).copied().unwrap_or(["1/1", "Running", "0"]);
            json!({ "cells": [name, ready, status, restarts, "5h"], "object": null })
        })
        .collect();
    json!({ "kind": "Table", "apiVersion": "meta.k8s.io/v1", "columnDefinitions": columns, "rows": rows })
}

fn groups(script: &Script) -> Value {
    if script.old {
        let groups = script.served.iter().map(|(group, version, _)| {
            let version = json!({ "groupVersion": format!("{group}/{version}"), "version": version });
            json!({ "name": group, "versions": [version] })
        });
        let usual = json!({ "name": "apps", "versions": [{ "groupVersion": "apps/v1", "version": "v1" }] });
        return json!({ "kind": "APIGroupList", "groups": groups.chain([usual]).collect::<Vec<_>>() });
    }
    let items = script.served.iter().map(|(group, version, resource)| {
        let version = json!({ "version": version, "resources": [{ "resource": resource }], "freshness": "Current" });
        json!({ "metadata": { "name": group }, "versions": [version] })
    });
    json!({ "kind": "APIGroupDiscoveryList", "items": items.collect::<Vec<_>>() })
}

/// The resources of a group and version, as an old server tells them.
fn resources(script: &Script, path: &str) -> Option<Value> {
    let served: Vec<Value> = script
        .served
        .iter()
        .filter(|(group, version, _)| path == format!("/apis/{group}/{version}"))
        .map(|(_, _, resource)| json!({ "name": resource }))
        .collect();
    (!served.is_empty()).then(|| json!({ "kind": "APIResourceList", "resources": served }))
}

fn review(script: &Script, asked: &Asked) -> Value {
    let body: Value = serde_json::from_slice(&asked.body).expect("a review");
    if asked.path.ends_with("selfsubjectaccessreviews") {
        let of = &body["spec"]["resourceAttributes"];
        let allowed = script.allowed.contains(of["namespace"].as_str().unwrap_or_default())
            || !script.denied.contains(&format!(
                "{} {}",
                of["verb"].as_str().unwrap_or_default(),
                of["resource"].as_str().unwrap_or_default()
            ));
        return json!({ "status": { "allowed": allowed } });
    }
    let allowed = script.allowed.contains(body["spec"]["namespace"].as_str().unwrap_or_default());
    let rule = json!({ "verbs": ["get", "list", "watch"], "apiGroups": ["*"], "resources": ["*"] });
    let rules = if allowed && !script.incomplete { vec![rule] } else { Vec::new() };
    json!({ "status": { "resourceRules": rules, "nonResourceRules": [], "incomplete": script.incomplete } })
}

async fn follow<S: Stream>(
    mut stream: BufReader<S>,
    past: &[Change],
    mut live: broadcast::Receiver<Change>,
    collection: &str,
    namespace: Option<&str>,
    from: u64,
) {
    let out = stream.get_mut();
    if out.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await.is_err() {
        return;
    }
    let ours = |change: &Change| {
        let here = change.collection == "*" || change.collection == collection;
        here && (change.namespace == "*" || namespace.is_none_or(|only| only == change.namespace))
    };
    let mut last = from;
    for change in past.iter().filter(|change| ours(change) && change.version > from) {
        last = change.version;
        if chunk(out, &change.line).await.is_err() {
            return;
        }
    }
    while let Ok(change) = live.recv().await {
        if !ours(&change) || change.version <= last {
            continue;
        }
        if change.line == END {
            break;
        }
        if change.version != u64::MAX {
            last = change.version;
        }
        if chunk(out, &change.line).await.is_err() {
            return;
        }
    }
    let _ = out.write_all(b"0\r\n\r\n").await;
    let _ = out.shutdown().await;
}

async fn chunk<S: Stream>(out: &mut S, line: &str) -> std::io::Result<()> {
    out.write_all(format!("{:x}\r\n{line}\n\r\n", line.len() + 1).as_bytes()).await
}
