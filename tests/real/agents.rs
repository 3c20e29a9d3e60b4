//! Real Nomad agents, and Consul beside them. `tests/real/agent` starts and stops them; here they are values that clean up
//! after themselves, but for the one that most tests share ([`with_all_scenes`]), which `tests/real/run` ends.
//!
//! `Agent::start("mine", Options::default())` is a server and a client in two seconds; [`Agent::run_job`] runs a scene of
//! `tests/real/scenes/nomad` on it, [`Agent::put`] and [`Agent::get`] are its API, and `Cockpit::region(&agent)` looks at it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::api;
use crate::servers::{Engine, here, root};
use crate::wait::{PATIENCE, until};

/// What an agent has beside `raw_exec` and `mock_driver`.
#[derive(Default)]
pub struct Options<'a> {
    /// ACLs; the agent's own calls use the management token.
    pub acl: bool,
    /// The docker driver, on this engine.
    pub docker: Option<&'a Engine>,
    /// Services and their checks may be Consul's.
    pub consul: Option<&'a Consul>,
    /// A client alone, of this one's server.
    pub joins: Option<&'a Agent>,
}

impl Options<'_> {
    fn words(&self) -> Vec<String> {
        let acl = self.acl.then(|| "acl".to_owned());
        let docker = self.docker.map(|engine| format!("docker={}", engine.socket().display()));
        let consul = self.consul.map(|consul| format!("consul={}", consul.dir.display()));
        let joins = self.joins.map(|agent| format!("join={}", agent.dir.display()));
        [acl, docker, consul, joins].into_iter().flatten().collect()
    }
}

/// A running agent: server and client of a region of one. Dropping it ends everything that it ran.
pub struct Agent {
    dir: PathBuf,
}

impl Agent {
    /// Starts one and waits until its node takes jobs.
    #[track_caller]
    pub fn start(name: &str, options: Options<'_>) -> Self {
        // First of all, so that one whose start fails is removed as well.
        let agent = Self { dir: root().join(name) };
        let words = options.words();
        agent.tries("start", &words.iter().map(String::as_str).collect::<Vec<_>>()).unwrap_or_else(|it| panic!("{it}"));
        agent
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        self.kept("address")
    }

    /// The management token; empty without ACLs.
    pub fn token(&self) -> String {
        self.kept("token")
    }

    /// The name of its node.
    pub fn node(&self) -> &str {
        self.dir.file_name().and_then(|name| name.to_str()).unwrap_or("client")
    }

    /// The id of a node by its name.
    #[track_caller]
    pub fn node_id(&self, name: &str) -> String {
        let nodes = self.get("/v1/nodes");
        let found = nodes.as_array().and_then(|all| all.iter().find(|it| it["Name"] == name)?["ID"].as_str());
        found.map_or_else(|| panic!("no node {name}: {nodes}"), str::to_owned)
    }

    /// Ends the agent alone, as a crash would; its tasks run on.
    #[track_caller]
    pub fn kill(&self) {
        self.tries("kill", &[]).unwrap_or_else(|it| panic!("{it}"));
    }

    /// Starts it once more, with what it kept.
    #[track_caller]
    pub fn start_again(&self) {
        self.tries("start", &[]).unwrap_or_else(|it| panic!("{it}"));
    }

    /// An answer that has to be a good one; null where it is empty.
    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        self.ask("GET", path, None).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Puts something that has to be taken; null: nothing.
    #[track_caller]
    pub fn put(&self, path: &str, body: &Value) -> Value {
        self.ask("PUT", path, (!body.is_null()).then_some(body)).unwrap_or_else(|error| panic!("{error}"))
    }

    /// One request; its answer, or what the server said instead.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let token = self.token();
        let (status, said) = api::request_tcp(&self.address(), method, path, &[("X-Nomad-Token", &token)], body)?;
        match status {
            200..=299 => Ok(serde_json::from_str(&said).unwrap_or(Value::Null)),
            _ => Err(format!("{method} {path}: {status} {said}")),
        }
    }

    /// Runs a scene of `tests/real/scenes/nomad`; its job as it was registered.
    #[track_caller]
    pub fn run_job(&self, scene: &str) -> Value {
        self.run_job_with(scene, "", |_| {})
    }

    /// The same with variables (`version = "2"`, as in a file of them), and the job edited.
    #[track_caller]
    pub fn run_job_with(&self, scene: &str, variables: &str, edit: impl FnOnce(&mut Value)) -> Value {
        let path = here().join("scenes/nomad").join(format!("{scene}.hcl"));
        let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let parse = json!({ "JobHCL": source, "Variables": variables, "Canonicalize": true });
        let mut job = self.put("/v1/jobs/parse", &parse);
        edit(&mut job);
        self.put("/v1/jobs", &json!({ "Job": job }));
        job
    }

    /// The allocations of a job, newest first.
    pub fn allocations(&self, namespace: &str, job: &str) -> Result<Vec<Value>, String> {
        let answer = self.ask("GET", &format!("/v1/job/{job}/allocations?namespace={namespace}"), None)?;
        let mut all = answer.as_array().cloned().unwrap_or_default();
        all.sort_by_key(|it| std::cmp::Reverse(it["CreateTime"].as_i64()));
        Ok(all)
    }

    /// Waits until the newest deployment of a job has a status.
    #[track_caller]
    pub fn until_deployed(&self, job: &str, status: &str) -> Value {
        until(PATIENCE, &format!("the deployment of {job} to be {status}"), || {
            let seen = self.ask("GET", &format!("/v1/job/{job}/deployment"), None)?;
            if seen["Status"] == status { Ok(seen) } else { Err(seen.to_string()) }
        })
    }

    /// Waits until the newest allocation of a job is as `check` wants it.
    #[track_caller]
    pub fn until_allocation(&self, job: &str, what: &str, check: impl Fn(&Value) -> bool) -> Value {
        until(PATIENCE, &format!("an allocation of {job}: {what}"), || {
            let all = self.allocations("default", job)?;
            let newest = all.into_iter().next().ok_or("there is none")?;
            if check(&newest) { Ok(newest) } else { Err(format!("{:#}", newest["TaskStates"])) }
        })
    }

    /// A token that may do what a policy says.
    #[track_caller]
    pub fn token_of(&self, name: &str, rules: &str) -> String {
        self.put(&format!("/v1/acl/policy/{name}"), &json!({ "Name": name, "Rules": rules }));
        let made = self.put("/v1/acl/token", &json!({ "Name": name, "Type": "client", "Policies": [name] }));
        made["SecretID"].as_str().map_or_else(|| panic!("no token: {made}"), str::to_owned)
    }

    fn kept(&self, file: &str) -> String {
        std::fs::read_to_string(self.dir.join(file)).unwrap_or_default().trim().to_owned()
    }

    fn tries(&self, what: &str, arguments: &[&str]) -> Result<(), String> {
        script(what, &self.dir, arguments)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tail(&self.dir.join("agent.log"));
        }
        remove(&self.dir);
    }
}

/// A running Consul. Dropping it ends it.
pub struct Consul {
    dir: PathBuf,
}

impl Consul {
    /// Starts one.
    #[track_caller]
    pub fn start(name: &str) -> Self {
        let consul = Self { dir: root().join(name) };
        script("consul", &consul.dir, &[]).unwrap_or_else(|error| panic!("{error}"));
        consul
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        std::fs::read_to_string(self.dir.join("address")).unwrap_or_default()
    }

    /// An answer that has to be a good one.
    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        let (status, said) =
            api::request_tcp(&self.address(), "GET", path, &[], None).unwrap_or_else(|it| panic!("{it}"));
        assert_eq!(status, 200, "GET {path}: {said}");
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("GET {path}: {error}: {said}"))
    }
}

impl Drop for Consul {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tail(&self.dir.join("consul.log"));
        }
        remove(&self.dir);
    }
}

fn script(what: &str, dir: &Path, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(here().join("agent")).arg(what).arg(dir).args(arguments).output();
    let output = output.map_err(|error| format!("agent {what}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("agent {what} {} {}: {}\n{said}", dir.display(), arguments.join(" "), output.status))
}

/// Best effort: a panic here would hide the first one, and abort.
fn remove(dir: &Path) {
    if let Err(error) = script("remove", dir, &[]) {
        eprintln!("could not remove what runs in {}: {error}", dir.display());
    }
}

fn tail(log: &Path) {
    let said = std::fs::read_to_string(log).unwrap_or_default();
    let last: Vec<&str> = said.lines().rev().take(15).collect();
    eprintln!("--- last lines of {}", log.display());
    last.iter().rev().for_each(|line| eprintln!("{line}"));
}

/// Scenes that begin by being registered, on the agent of all scenes.
const SCENES: [&str; 14] = [
    "artifact-fails",
    "cannot-be-placed",
    "crash-loop",
    "deadline",
    "exit-137",
    "failing-check",
    "periodic",
    "quiet-batch",
    "quiet-one-restart",
    "quiet-secret",
    "quiet-system",
    "quiet-web",
    "template-fails",
    "template-broken",
];

/// The agent on which all scenes play side by side, since a night has more than one trouble; made when it is first asked for.
#[track_caller]
pub fn with_all_scenes() -> &'static Agent {
    static SHARED: OnceLock<Agent> = OnceLock::new();
    SHARED.get_or_init(|| {
        let agent = Agent::start("crowd", Options::default());
        agent.run_job_with("canary", "version = \"1\"", |_| {});
        SCENES.iter().for_each(|scene| drop(agent.run_job(scene)));
        // Else it would run for the first time at the next full minute.
        agent.put("/v1/job/backup/periodic/force", &Value::Null);
        agent.until_deployed("cart", "successful");
        agent.run_job_with("canary", "version = \"2\"", |_| {});
        agent
    })
}
