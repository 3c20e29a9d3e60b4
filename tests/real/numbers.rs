//! What tells numbers: a real Redis, its exporter, Prometheus and Alertmanager. `tests/real/numbers` starts and stops them; here they are a value
//! that cleans up after itself.

use std::path::PathBuf;
use std::process::Command;

use crate::servers::{here, root};

/// A Redis with a list of orders, and who tells of it. Dropping it ends them.
pub struct Numbers {
    dir: PathBuf,
}

impl Numbers {
    /// Starts them: an hour ago so many orders waited, and so many do now.
    #[track_caller]
    pub fn start(name: &str, from: u32, to: u32) -> Self {
        // First of all, so that what does not start is removed as well.
        let numbers = Self { dir: root().join(name) };
        numbers.run("start", &[&from.to_string(), &to.to_string()]);
        numbers
    }

    /// Where Prometheus is.
    pub fn server(&self) -> String {
        self.kept("server")
    }

    /// The page of the exporter.
    pub fn page(&self) -> String {
        self.kept("page")
    }

    /// Where Alertmanager is.
    pub fn manager(&self) -> String {
        self.kept("manager")
    }

    /// An alert of a severity fires from now on, with these labels too (`name=worker`).
    #[track_caller]
    pub fn fires(&self, name: &str, severity: &str, labels: &[&str]) {
        self.run("rule", &[&[name, severity, "vector(1)"], labels].concat());
    }

    /// It does not fire any more.
    #[track_caller]
    pub fn ends(&self, name: &str) {
        self.run("rule", &[name, "none", "vector(1)>1"]);
    }

    /// It is silenced.
    #[track_caller]
    pub fn silence(&self, name: &str, by: &str, comment: &str) {
        self.run("silence", &[name, by, comment]);
    }

    /// All silences that Alertmanager has, as it tells them.
    #[track_caller]
    pub fn silences(&self) -> Vec<serde_json::Value> {
        let told = self.tries("silences", &[]).unwrap_or_else(|error| panic!("{error}"));
        serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}"))
    }

    /// Alertmanager is told nothing any more.
    #[track_caller]
    pub fn mute(&self) {
        self.run("mute", &[]);
    }

    /// Ends Alertmanager alone, as a crash would.
    #[track_caller]
    pub fn deaf(&self) {
        self.run("deaf", &[]);
    }

    /// So many orders wait from now on.
    #[track_caller]
    pub fn wait(&self, count: u32) {
        self.run("wait", &[&count.to_string()]);
    }

    /// Ends Prometheus alone, as a crash would.
    #[track_caller]
    pub fn kill(&self) {
        self.run("kill", &[]);
    }

    /// Starts it once more, with what it kept.
    #[track_caller]
    pub fn start_again(&self) {
        self.run("prometheus", &[]);
    }

    fn kept(&self, file: &str) -> String {
        std::fs::read_to_string(self.dir.join(file)).unwrap_or_default()
    }

    #[track_caller]
    fn run(&self, what: &str, arguments: &[&str]) {
        let _ = self.tries(what, arguments).unwrap_or_else(|error| panic!("{error}"));
    }

    /// What it printed.
    fn tries(&self, what: &str, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new(here().join("numbers")).arg(what).arg(&self.dir).args(arguments).output();
        let output = output.map_err(|error| format!("numbers {what}: {error}"))?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(format!("numbers {what}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr))),
        }
    }
}

impl Drop for Numbers {
    fn drop(&mut self) {
        // Best effort: a panic here would hide the first one, and abort.
        if let Err(error) = self.tries("remove", &[]) {
            eprintln!("could not remove what runs in {}: {error}", self.dir.display());
        }
    }
}
