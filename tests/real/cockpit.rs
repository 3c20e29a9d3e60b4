//! The real `cockpit`, in an empty home, pointed at one engine or one API server.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::scenes::SETTINGS;
use crate::scenes::report::{Report, in_short};
use crate::servers::{Engine, compose_dir};
use crate::wait::{PATIENCE, until};

/// A cockpit that looks at one engine or API server, and at nothing else of this machine.
pub struct Cockpit {
    home: TempDir,
    /// The variable that names it, and how.
    target: (&'static str, String),
}

impl Cockpit {
    /// For an engine.
    pub fn on(engine: &Engine) -> Self {
        Self::at("DOCKER_HOST", format!("unix://{}", engine.socket().display()))
    }

    /// For the current context of a kubeconfig.
    pub fn of(kubeconfig: &Path) -> Self {
        Self::at("KUBECONFIG", kubeconfig.display().to_string())
    }

    fn at(variable: &'static str, target: String) -> Self {
        let home = TempDir::new().expect("a directory for its home");
        let settings = home.path().join(".config/cockpit");
        std::fs::create_dir_all(&settings).expect("a directory for its settings");
        std::fs::write(settings.join("config.toml"), SETTINGS).expect("its settings");
        Self { home, target: (variable, target) }
    }

    /// More settings than usual.
    pub fn sets(&self, settings: &str) {
        let file = self.home.path().join(".config/cockpit/config.toml");
        std::fs::write(file, format!("{SETTINGS}\n{settings}")).expect("its settings");
    }

    /// The program.
    pub fn program() -> PathBuf {
        std::env::var_os("COCKPIT_BIN").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_cockpit")), PathBuf::from)
    }

    /// What it may see of the environment.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let home = self.home.path().display().to_string();
        vec![
            ("HOME", home),
            self.target.clone(),
            ("PATH", format!("{}:/usr/bin:/bin", compose_dir().display())),
            ("LANG", "C.UTF-8".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
        ]
    }

    /// Its log file, shared by every start.
    pub fn log_file(&self) -> PathBuf {
        self.home.path().join("cockpit.log")
    }

    /// The end of its log.
    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(self.log_file()).unwrap_or_default();
        let from = log.len().saturating_sub(4000);
        let from = (from..=log.len()).find(|at| log.is_char_boundary(*at)).unwrap_or(0);
        log[from..].to_owned()
    }

    /// Runs a subcommand to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(Self::program());
        command.args(arguments).arg("--log-file").arg(self.log_file());
        command.env_clear().envs(self.environment());
        command.output().unwrap_or_else(|error| panic!("{}: {error}", Self::program().display()))
    }

    /// `cockpit triage --json`, once.
    pub fn triage(&self) -> Result<Report, String> {
        let began = Instant::now();
        let output = self.run(&["triage", "--json"]);
        Report::of(&output, began.elapsed())
    }

    /// Asks again and again until the list is as `check` wants it; else shows list and log.
    #[track_caller]
    pub fn until_triage(&self, what: &str, check: impl Fn(&Report) -> Result<(), String>) -> Report {
        self.until_triage_within(PATIENCE, what, check)
    }

    /// The same, with another patience.
    #[track_caller]
    pub fn until_triage_within(
        &self,
        limit: Duration,
        what: &str,
        check: impl Fn(&Report) -> Result<(), String>,
    ) -> Report {
        until(limit, what, || {
            let report = self.triage()?;
            match check(&report) {
                Ok(()) => Ok(report),
                Err(missing) => Err(format!("{missing}\n--- triage\n{report}\n--- log\n{}", self.log())),
            }
        })
    }

    /// A list that is complete: every source has listed.
    #[track_caller]
    pub fn complete(&self) -> Report {
        self.until_triage("a complete list", |report| match report.is_complete() {
            true => Ok(()),
            false => Err("not complete".to_owned()),
        })
    }

    /// Nothing critical and no warning, in a list that is complete.
    #[track_caller]
    pub fn stays_quiet(&self) {
        let report = self.complete();
        let loud: Vec<String> = report.loud().map(in_short).collect();
        assert!(loud.is_empty(), "not quiet: {loud:#?}\n--- triage\n{report}\n--- log\n{}", self.log());
        assert_eq!(report.code, Some(0), "a complete list ends with 0\n{report}");
    }
}

impl Report {
    /// Whether anything at all that is said about a name holds a word, in any case.
    pub fn says(&self, name: &str, word: &str) -> bool {
        let word = word.to_lowercase();
        self.about(name).any(|one| one.to_string().to_lowercase().contains(&word))
    }
}
