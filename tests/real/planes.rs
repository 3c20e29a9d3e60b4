//! Real Kubernetes planes. `tests/real/plane` starts and stops them; here they are values that clean up after themselves,
//! but for the one that most tests share, which `tests/real/run` ends.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::Value;

use crate::servers::{here, root};

/// A running control plane. Dropping it ends everything that it ran.
pub struct Plane {
    dir: PathBuf,
}

impl Plane {
    /// A control plane without a node: whatever is wanted of it stays pending.
    #[track_caller]
    pub fn start(name: &str) -> Self {
        let plane = Self { dir: root().join(name) };
        plane.does("start", &[]);
        plane
    }

    /// With a node that runs what it is given.
    #[track_caller]
    pub fn with_node(name: &str) -> Self {
        let plane = Self::start(name);
        plane.does("node", &[]);
        plane
    }

    /// How somebody reaches it: `admin`, `reader-one-namespace`, `no-events`, `nobody`.
    pub fn kubeconfig(&self, who: &str) -> PathBuf {
        self.dir.join(format!("kubeconfig.{who}"))
    }

    /// Applies a scene and waits until it shows what it is there for.
    #[track_caller]
    pub fn scene(&self, scene: &str) {
        self.does("scene", &[scene]);
        self.shown(scene);
    }

    /// Waits until a scene shows what it is there for.
    #[track_caller]
    pub fn shown(&self, scene: &str) {
        self.does("shown", &[scene]);
    }

    /// One more node, which runs what it is given.
    #[track_caller]
    pub fn node(&self, name: &str) {
        self.does("node", &[name]);
    }

    /// Argo Rollouts and its controller.
    #[track_caller]
    pub fn rollouts(&self) {
        self.does("rollouts", &[]);
    }

    /// What the server says at a path, in its own text.
    #[track_caller]
    pub fn text(&self, path: &str) -> String {
        self.does("kube", &["GET", path])
    }

    /// One request as admin; its answer.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        self.tries_to_ask(method, path, body).unwrap_or_else(|error| panic!("{error}"))
    }

    /// One request as admin; its answer, or what the server said instead.
    pub fn tries_to_ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let media = match method {
            // Kinds that are defined in the cluster take no strategic patch.
            "PATCH" if path.contains("/argoproj.io/") => "Content-Type: application/merge-patch+json",
            "PATCH" => "Content-Type: application/strategic-merge-patch+json",
            _ => "Content-Type: application/json",
        };
        let text = body.map(Value::to_string);
        let mut arguments = vec![method, path, "-H", media];
        if let Some(text) = &text {
            arguments.extend(["-d", text]);
        }
        let said = self.tries("kube", &arguments)?;
        serde_json::from_str(&said).map_err(|error| format!("{method} {path}: {error}: {said}"))
    }

    /// Ends the API server as a crash would.
    #[track_caller]
    pub fn kill_api(&self) {
        self.does("kill-api", &[]);
    }

    /// Starts it again.
    #[track_caller]
    pub fn start_api(&self) {
        self.does("start-api", &[]);
    }

    /// Starts it again where a test has left it dead. Best effort: who needs it says what is wrong.
    pub fn revive(&self) {
        if self.tries("kube", &["GET", "/readyz"]).is_err() {
            let _ = self.tries("start-api", &[]);
        }
    }

    /// The node falls silent; what it runs runs on.
    #[track_caller]
    pub fn stop_kubelet(&self) {
        self.does("stop-kubelet", &[]);
    }

    #[track_caller]
    fn does(&self, what: &str, arguments: &[&str]) -> String {
        self.tries(what, arguments).unwrap_or_else(|error| panic!("{error}"))
    }

    fn tries(&self, what: &str, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(here().join("plane"));
        command.arg(what).arg(&self.dir).args(arguments);
        let output = command.output().map_err(|error| format!("plane {what}: {error}"))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        match output.status.success() {
            true => Ok(said),
            false => Err(format!(
                "plane {what} {}: {}\n{said}{}",
                arguments.join(" "),
                output.status,
                String::from_utf8_lossy(&output.stderr)
            )),
        }
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tail(&self.dir.join("apiserver.log"));
        }
        // A panic here would hide the first one, and abort.
        if let Err(error) = self.tries("remove", &[]) {
            eprintln!("could not remove the plane in {}: {error}", self.dir.display());
        }
    }
}

fn tail(log: &Path) {
    let said = std::fs::read_to_string(log).unwrap_or_default();
    let last: Vec<&str> = said.lines().rev().take(15).collect();
    eprintln!("--- last lines of {}", log.display());
    last.iter().rev().for_each(|line| eprintln!("{line}"));
}

/// The plane on which all scenes play side by side, since a night has more than one trouble; made when it is first asked for.
#[track_caller]
pub fn with_all_scenes() -> &'static Plane {
    static SHARED: OnceLock<Result<Plane, String>> = OnceLock::new();
    let made = SHARED.get_or_init(|| {
        let plane = Plane { dir: root().join("scenes") };
        ["start", "node", "scenes"].iter().try_for_each(|step| plane.tries(step, &[]).map(drop))?;
        Ok(plane)
    });
    made.as_ref().unwrap_or_else(|error| panic!("the plane of all scenes: {error}"))
}

/// The plane on which things are done, side by side in namespaces of their own; made when it is first asked for.
#[track_caller]
pub fn to_act_on() -> &'static Plane {
    static SHARED: OnceLock<Result<Plane, String>> = OnceLock::new();
    let made = SHARED.get_or_init(|| {
        let plane = Plane { dir: root().join("acting") };
        ["start", "node"].iter().try_for_each(|step| plane.tries(step, &[]).map(drop))?;
        Ok(plane)
    });
    made.as_ref().unwrap_or_else(|error| panic!("the plane to act on: {error}"))
}

/// The plane whose nodes are emptied, and whose API server dies: by one test at a time, each [`alone`]. Made when it is first
/// asked for.
#[track_caller]
pub fn to_drain() -> &'static Plane {
    static SHARED: OnceLock<Result<Plane, String>> = OnceLock::new();
    let made = SHARED.get_or_init(|| {
        let plane = Plane { dir: root().join("draining") };
        ["start", "node"].iter().try_for_each(|step| plane.tries(step, &[]).map(drop))?;
        Ok(plane)
    });
    made.as_ref().unwrap_or_else(|error| panic!("the plane to drain: {error}"))
}

/// Planes of their own are heavy: one at a time.
pub fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}
