//! The real `cockpit`, in an empty home, pointed at one engine, one API server or one region.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::agents::Agent;
use crate::scenes::SETTINGS;
use crate::scenes::report::{Report, in_short};
use crate::servers::{Engine, compose_dir};
use crate::wait::{PATIENCE, until};

/// A cockpit that looks at one engine, API server or region, and at nothing else of this machine.
pub struct Cockpit {
    home: TempDir,
    /// The variables that name it, and how.
    target: Vec<(&'static str, String)>,
    /// Who runs it, where that is not whoever runs the tests.
    user: Option<User>,
}

/// Another user of this machine. The system knows them by number; what they are called is said by the environment, as a login does.
struct User {
    name: &'static str,
    id: u32,
    group: u32,
    /// The tests' own lies where nobody else gets.
    program: PathBuf,
}

/// A directory that a group shares: everybody of it writes the same journal.
pub struct Group {
    dir: TempDir,
    id: u32,
}

impl Group {
    /// As an administrator makes it: `install -d -m 2770 -g oncall /srv/cockpit`.
    pub fn new() -> Self {
        let group = Self { dir: TempDir::new().expect("a directory"), id: 61_000 };
        // Whoever is of the group has to get to it.
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(group.dir.path(), open).expect("a directory that can be entered");
        std::fs::create_dir(group.state_dir()).expect("its state directory");
        chown(group.state_dir(), None, Some(group.id)).expect("a group for it");
        let shared = std::fs::Permissions::from_mode(0o2770);
        std::fs::set_permissions(group.state_dir(), shared).expect("its mode");
        let program = group.dir.path().join("cockpit");
        std::fs::copy(Cockpit::program(), &program).expect("a program that everybody can run");
        group
    }

    fn state_dir(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    fn program(&self) -> PathBuf {
        self.dir.path().join("cockpit")
    }
}

impl Cockpit {
    /// For an engine.
    pub fn on(engine: &Engine) -> Self {
        Self::by(&engine.socket())
    }

    /// For what answers at a socket as an engine does.
    pub fn by(socket: &Path) -> Self {
        Self::at("DOCKER_HOST", format!("unix://{}", socket.display()))
    }

    /// For the current context of a kubeconfig.
    pub fn of(kubeconfig: &Path) -> Self {
        Self::at("KUBECONFIG", kubeconfig.display().to_string())
    }

    /// For the current context of a kubeconfig, run by a user of the group, who writes the group's journal.
    pub fn of_user(kubeconfig: &Path, group: &Group, name: &'static str, id: u32) -> Self {
        let mut cockpit = Self::of(kubeconfig);
        let home = cockpit.home.path();
        let own = home.join("kubeconfig");
        std::fs::copy(kubeconfig, &own).expect("a kubeconfig of their own");
        let settings = format!("state_dir = {:?}\n{SETTINGS}", group.state_dir());
        std::fs::write(home.join(".config/cockpit/config.toml"), settings).expect("its settings");
        for path in ["", ".config", ".config/cockpit", ".config/cockpit/config.toml", "kubeconfig"] {
            chown(home.join(path), Some(id), Some(id)).expect("a home of their own");
        }
        cockpit.target = vec![("KUBECONFIG", own.display().to_string())];
        cockpit.user = Some(User { name, id, group: group.id, program: group.program() });
        cockpit
    }

    fn at(variable: &'static str, target: String) -> Self {
        let home = TempDir::new().expect("a directory for its home");
        let settings = home.path().join(".config/cockpit");
        std::fs::create_dir_all(&settings).expect("a directory for its settings");
        std::fs::write(settings.join("config.toml"), SETTINGS).expect("its settings");
        Self { home, target: vec![(variable, target)], user: None }
    }

    /// For the region of an agent, with all rights.
    pub fn region(agent: &Agent) -> Self {
        Self::region_by(agent, &agent.token())
    }

    /// For the region of an agent, with a token.
    pub fn region_by(agent: &Agent, token: &str) -> Self {
        Self::at("NOMAD_ADDR", agent.address()).and("NOMAD_TOKEN", token)
    }

    /// That looks at an engine too.
    pub fn and_engine(self, engine: &Engine) -> Self {
        self.and("DOCKER_HOST", &format!("unix://{}", engine.socket().display()))
    }

    /// With one more variable of the environment.
    pub fn and(mut self, variable: &'static str, value: &str) -> Self {
        self.target.push((variable, value.to_owned()));
        self
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

    /// What starts it: the program, and what comes before its own arguments.
    pub fn start(&self) -> Vec<String> {
        let Some(user) = &self.user else { return vec![Self::program().display().to_string()] };
        let (id, group) = (user.id, user.group);
        let as_user = format!("setpriv --reuid {id} --regid {id} --groups {group} --inh-caps=-all");
        as_user.split(' ').map(str::to_owned).chain([user.program.display().to_string()]).collect()
    }

    /// What it may see of the environment.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let home = self.home.path().display().to_string();
        let user = self.user.iter().map(|user| ("USER", user.name.to_owned()));
        let mut all = vec![
            ("HOME", home),
            ("PATH", format!("{}:/usr/bin:/bin", compose_dir().display())),
            ("LANG", "C.UTF-8".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
        ];
        all.extend(self.target.iter().cloned());
        all.extend(user);
        all
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
        let start = self.start();
        let mut command = Command::new(&start[0]);
        command.args(&start[1..]).args(arguments).arg("--log-file").arg(self.log_file());
        command.env_clear().envs(self.environment());
        command.output().unwrap_or_else(|error| panic!("{}: {error}", start.join(" ")))
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
