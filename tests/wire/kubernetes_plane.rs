//! An API server for tests: it lists, watches, reviews and refuses as a real one does, over plain HTTP or TLS, and what is in
//! it is said by the test.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::JoinSet;

#[path = "kubernetes_plane_talk.rs"]
mod talk;
#[path = "kubernetes_plane_write.rs"]
mod write;

use talk::talk;

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
    /// Answers go over a line of less than a megabyte a second.
    pub slow: bool,
    /// Knows nothing of aggregated discovery.
    pub old: bool,
    /// What the rows of a table show of a pod, by name: ready, status, restarts.
    pub rows: BTreeMap<String, [&'static str; 3]>,
    /// Everything it was asked: verb, path, query, and what was accepted.
    pub asked: Vec<Asked>,
    /// What was just written, and is still to be said on watches.
    fresh: Vec<Change>,
    /// Somebody else writes an object just before it is patched, so often.
    pub faster: u32,
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
    /// `list`, `watch`, `get`, `create`, `patch`, `update`, `delete`.
    pub verb: &'static str,
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub accept: String,
    /// The answer may come compressed.
    pub packed: bool,
    token: String,
    /// What its body is.
    pub media: String,
    pub body: Vec<u8>,
}

impl Asked {
    /// Nothing is to be changed by it.
    pub fn is_trial(&self) -> bool {
        write::is_trial(self)
    }
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
            slow: false,
            old: false,
            rows: BTreeMap::new(),
            asked: Vec::new(),
            fresh: Vec::new(),
            faster: 0,
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

    /// An object as somebody wrote it down, with whatever metadata it has.
    pub fn put_whole(&self, collection: &str, object: Value) {
        let of = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
        let (namespace, name) = (of("namespace"), of("name"));
        self.put(collection, &namespace, &name, object.clone());
        let mut script = self.script();
        let held = script.objects.get_mut(&(collection.to_owned(), namespace, name)).expect("it was just put");
        for (field, value) in object["metadata"].as_object().expect("metadata") {
            if field != "resourceVersion" {
                held["metadata"][field] = value.clone();
            }
        }
    }

    /// What it holds at a place; none where that is gone.
    pub fn held(&self, collection: &str, namespace: &str, name: &str) -> Option<Value> {
        self.script().objects.get(&(collection.to_owned(), namespace.to_owned(), name.to_owned())).cloned()
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
