//! Real Docker engines. `tests/real/engine` starts and stops them; here they are values that clean up after themselves.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::api;
use crate::wait::{PATIENCE, until};

/// Which engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// Debian's, the oldest API that cockpit speaks: 1.41.
    Old,
    /// The current one: 1.52.
    Current,
}

impl Api {
    fn version(self) -> &'static str {
        match self {
            Api::Old => "1.41",
            Api::Current => "1.52",
        }
    }
}

/// A running engine, with a busybox image. Dropping it ends everything that it ran.
pub struct Engine {
    dir: PathBuf,
    api: Api,
    /// A loopback address of its own, so that several swarms can be up at once.
    address: String,
}

impl Engine {
    /// Starts one.
    pub fn start(api: Api) -> Self {
        static COUNT: AtomicU8 = AtomicU8::new(2);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let engine = Self { dir: root().join(format!("host-{number}")), api, address: format!("127.0.0.{number}") };
        script("start", &[engine.path(), api.version()]);
        script("image", &[engine.path(), "busybox", "test"]);
        engine
    }

    /// Its directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where it listens.
    pub fn socket(&self) -> PathBuf {
        self.dir.join("docker.sock")
    }

    /// The name of its host.
    pub fn host(&self) -> &str {
        self.dir.file_name().and_then(|name| name.to_str()).unwrap_or("host")
    }

    /// Ends dockerd alone, as a crash would; its containers run on.
    pub fn kill(&self) {
        script("kill", &[self.path()]);
    }

    /// Ends it as an operator would.
    pub fn stop(&self) {
        script("stop", &[self.path()]);
    }

    /// Starts it once more, with what it kept.
    pub fn start_again(&self) {
        script("start", &[self.path(), self.api.version()]);
    }

    /// Where it keeps its containers.
    pub fn containers_dir(&self) -> PathBuf {
        self.dir.join("data/containers")
    }

    /// Imports a busybox under another name.
    pub fn image(&self, name: &str, tag: &str, lines: &[&str]) {
        let mut arguments = vec![self.path(), name, tag];
        arguments.extend_from_slice(lines);
        script("image", &arguments);
    }

    /// An answer that has to be a good one.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (status, answer) =
            api::request(&self.socket(), method, path, body).unwrap_or_else(|error| panic!("{}: {error}", self.host()));
        assert!(status < 400, "{}: {method} {path}: {status} {answer}", self.host());
        answer
    }

    /// Creates a container from a scene, under its own or another name, and starts it.
    #[track_caller]
    pub fn run(&self, scene: &str, name: &str) {
        self.run_body(&scene_body("containers", scene), name);
    }

    /// Creates and starts a container.
    #[track_caller]
    pub fn run_body(&self, body: &Value, name: &str) {
        self.ask("POST", &format!("/containers/create?name={name}"), Some(body));
        self.ask("POST", &format!("/containers/{name}/start"), None);
    }

    /// Creates a container whose start is refused.
    pub fn run_in_vain(&self, scene: &str, name: &str) {
        self.ask("POST", &format!("/containers/create?name={name}"), Some(&scene_body("containers", scene)));
        let (status, answer) = api::request(&self.socket(), "POST", &format!("/containers/{name}/start"), None)
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(status >= 400, "the start of {name} was not refused: {status} {answer}");
    }

    /// Does something to a container: `kill`, `stop`, `pause`.
    #[track_caller]
    pub fn act(&self, name: &str, what: &str) {
        self.ask("POST", &format!("/containers/{name}/{what}"), None);
    }

    /// Inspects a container until `check` is content.
    #[track_caller]
    pub fn until(&self, name: &str, what: &str, check: impl Fn(&Value) -> bool) -> Value {
        until(PATIENCE, &format!("{name}: {what}"), || {
            let seen = self.ask("GET", &format!("/containers/{name}/json"), None);
            if check(&seen) { Ok(seen) } else { Err(format!("{}", seen["State"])) }
        })
    }

    /// Waits until a container was restarted so many times.
    #[track_caller]
    pub fn until_restarts(&self, name: &str, count: u64) {
        self.until(name, &format!("{count} restarts"), |seen| seen["RestartCount"].as_u64() >= Some(count));
    }

    /// Waits until a container has ended.
    #[track_caller]
    pub fn until_exited(&self, name: &str) -> Value {
        self.until(name, "exited", |seen| seen["State"]["Status"] == "exited")
    }

    /// Makes a swarm of this one engine, with an image for its services.
    pub fn swarm(&self) {
        script("swarm", &[self.path(), &self.address]);
        self.swarm_image();
    }

    /// Joins another engine's swarm: `Manager` or `Worker`.
    pub fn join(&self, other: &Engine, role: &str) {
        self.swarm_image();
        script("join", &[self.path(), &self.address, other.path(), &other.address, role]);
        until(PATIENCE, "the new node to be ready", || {
            let nodes = other.ask("GET", "/nodes", None);
            let ready = nodes.as_array().is_some_and(|nodes| {
                nodes.iter().any(|node| {
                    node["Description"]["Hostname"] == self.host()
                        && node["Status"]["State"] == "ready"
                        && (role == "Worker" || node["ManagerStatus"]["Reachability"] == "reachable")
                })
            });
            if ready { Ok(()) } else { Err(nodes.to_string()) }
        });
    }

    /// A swarm asks the registry before it looks at what is there; this one refuses at once, on loopback.
    fn swarm_image(&self) {
        self.image("127.0.0.1:1/shop/web", "1.4.2", &[]);
    }

    /// Creates a service from a scene: all are of the stack `shop`, as `docker stack` would have made them.
    #[track_caller]
    pub fn service(&self, scene: &str) {
        self.ask("POST", "/services/create", Some(&scene_body("services", scene)));
    }

    /// Updates a service as the command line does: the newest spec, edited.
    #[track_caller]
    pub fn update_service(&self, name: &str, edit: impl Fn(&mut Value)) {
        let name = in_stack(name);
        let seen = self.ask("GET", &format!("/services/{name}"), None);
        let mut spec = seen["Spec"].clone();
        edit(&mut spec);
        self.ask("POST", &format!("/services/{name}/update?version={}", seen["Version"]["Index"]), Some(&spec));
    }

    /// Waits until a service is as `check` wants it.
    #[track_caller]
    pub fn until_service(&self, name: &str, what: &str, check: impl Fn(&Value) -> bool) {
        until(PATIENCE, &format!("service {name}: {what}"), || {
            let all = self.ask("GET", "/services?status=true", None);
            let found = all.as_array().and_then(|all| all.iter().find(|one| one["Spec"]["Name"] == in_stack(name)));
            match found {
                Some(seen) if check(seen) => Ok(()),
                seen => Err(format!("{}", seen.unwrap_or(&Value::Null))),
            }
        });
    }

    /// Waits until so many tasks of a service are in a state.
    #[track_caller]
    pub fn until_tasks(&self, service: &str, state: &str, count: usize) {
        let filter = json!({ "service": [in_stack(service)] }).to_string().replace('"', "%22");
        until(PATIENCE, &format!("{count} tasks of {service} to be {state}"), || {
            let tasks = self.ask("GET", &format!("/tasks?filters={filter}"), None);
            let found = tasks
                .as_array()
                .map_or(0, |tasks| tasks.iter().filter(|task| task["Status"]["State"] == state).count());
            if found >= count { Ok(()) } else { Err(tasks.to_string()) }
        });
    }

    /// Does something with the ordinary Compose project, with the real Compose.
    #[track_caller]
    pub fn compose(&self, arguments: &[&str]) {
        self.compose_in("compose", arguments);
    }

    /// The same with the project in a folder of scenes.
    #[track_caller]
    pub fn compose_in(&self, folder: &str, arguments: &[&str]) {
        self.compose_at(&here().join("scenes").join(folder), arguments);
    }

    /// The same with the project in any directory.
    #[track_caller]
    pub fn compose_at(&self, dir: &Path, arguments: &[&str]) {
        let mut command = Command::new("timeout");
        command
            .arg("180")
            .arg(tool("compose"))
            .arg("--project-directory")
            .arg(dir)
            .arg("-f")
            .arg(dir.join("compose.yaml"))
            .args(arguments);
        command.env("DOCKER_HOST", format!("unix://{}", self.socket().display())).env("HOME", &self.dir);
        run(command, "docker-compose");
    }

    fn path(&self) -> &str {
        self.dir.to_str().expect("a path in UTF-8")
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.dir.join("log")).unwrap_or_default();
            let tail: Vec<&str> = log.lines().rev().take(15).collect();
            eprintln!("--- last lines of dockerd on {}", self.host());
            tail.iter().rev().for_each(|line| eprintln!("{line}"));
        }
        // A panic here would hide the first one, and abort.
        let removed = Command::new(here().join("engine")).arg("remove").arg(&self.dir).status();
        if !removed.is_ok_and(|status| status.success()) {
            eprintln!("could not remove the engine in {}", self.dir.display());
        }
    }
}

/// A scene as it is kept under `tests/real/scenes`.
#[track_caller]
pub fn scene_body(kind: &str, scene: &str) -> Value {
    let path = here().join("scenes").join(kind).join(format!("{scene}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// How the engine calls a service of the stack that the scenes are of.
fn in_stack(service: &str) -> String {
    format!("shop_{service}")
}

/// Where the scripts and the scenes are.
pub fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real")
}

/// `tests/real/run` names the directory, and ends what is left in it.
pub fn root() -> PathBuf {
    std::env::var_os("COCKPIT_REAL_DIR")
        .map_or_else(|| std::env::temp_dir().join(format!("cockpit-real.{}", std::process::id())), PathBuf::from)
}

/// Where the compose command is.
pub fn compose_dir() -> PathBuf {
    Path::new(&tool("compose")).parent().map(Path::to_owned).expect("a directory")
}

fn tool(name: &str) -> String {
    let mut command = Command::new(here().join("setup"));
    command.arg("--paths");
    let paths = run(command, "tests/real/setup --paths");
    let found = paths.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
    found.unwrap_or_else(|| panic!("tests/real/setup knows no {name}"))
}

#[track_caller]
fn script(what: &str, arguments: &[&str]) {
    let mut command = Command::new(here().join("engine"));
    command.arg(what).args(arguments);
    run(command, &format!("engine {what} {}", arguments.join(" ")));
}

/// Runs a command to its end; what it said, if it went well. Scripts have their own deadlines.
#[track_caller]
fn run(mut command: Command, what: &str) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{what}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{what}: {}\n{said}{}", output.status, String::from_utf8_lossy(&output.stderr));
    said
}

/// How long something that is slow on purpose may take.
pub const SLOW: Duration = Duration::from_secs(180);
