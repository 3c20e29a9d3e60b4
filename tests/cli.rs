//! The program as a person starts it: the built binary, its words and its exit status. No engine is asked: the home
//! directory is an empty one and DOCKER_HOST names a socket that is not there.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cockpit::backend::replay::Recorder;
use cockpit::domain::{
    BackendKind, Batch, ClusterId, ContainerSpec, Desired, Fact, Instance, Kind, Object, Phase, Ref, Source, Timestamp,
    Trouble, TroubleKind, Workload,
};

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn cockpit(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the program runs")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cockpit"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.0.path())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env("DOCKER_HOST", format!("unix://{}", self.path("no.sock").display()))
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm");
        command
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_140_000 + second).expect("a time")
}

/// A recording of one engine with one service in order; `trouble` is what is said of its images.
fn recording(file: &Path, trouble: Option<Trouble>) {
    let cluster = ClusterId::new("local");
    let mut recorder = Recorder::create(file, &[(cluster.clone(), BackendKind::Docker)]).expect("a file");
    let containers = Source::of("containers");
    let web = Ref::new(&cluster, Kind::ComposeService, Some("shop".into()), "web");
    let mut workload = Workload::new(web.clone(), "w1", Desired::Replicas(1));
    workload.containers = vec![ContainerSpec::new("web", "web:1")];
    let key = Ref::new(&cluster, Kind::ContainerInstance, Some("shop".into()), "shop-web-1");
    let mut instance = Instance::new(key, "c1", Some(web), Phase::Running);
    instance.ready = true;
    let mut facts = vec![
        Fact::Listing(containers.clone(), None),
        Fact::Put(containers.clone(), Object::Workload(Box::new(workload))),
        Fact::Put(containers.clone(), Object::Instance(Box::new(instance))),
        Fact::Listed(containers),
    ];
    match trouble {
        Some(trouble) => facts.push(Fact::Trouble(Source::of("images"), trouble)),
        None => facts.extend([Fact::Listing(Source::of("images"), None), Fact::Listed(Source::of("images"))]),
    }
    recorder.record(&Batch { cluster, at: at(0), facts }).expect("written");
}

#[test]
fn a_mistake_on_the_command_line_ends_with_2() {
    let home = Home::new();
    for args in [
        &["--no-such-flag"][..],
        &["triage", "--fail-on", "sometimes"],
        &["triage", "--wait", "30"],
        &["--demo", "--replay", "x"],
        &["--speed", "2"],
        &["--replay", "x", "--record", "y"],
        &["explain", "oom-kiled"],
        &["triage", "--config", "/no/such/file.toml"],
    ] {
        let output = home.cockpit(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{args:?}");
        assert!(!output.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn version_and_help_end_with_0() {
    let home = Home::new();
    let version = home.cockpit(&["--version"]);
    assert_eq!(stdout(&version).trim(), format!("cockpit {}", env!("CARGO_PKG_VERSION")));
    assert_eq!(version.status.code(), Some(0));
    assert_eq!(home.cockpit(&["--help"]).status.code(), Some(0));
}

#[test]
fn a_rule_is_explained_and_a_slip_of_the_fingers_is_named() {
    let home = Home::new();
    let all = home.cockpit(&["explain"]);
    assert_eq!(all.status.code(), Some(0));
    let first = stdout(&all).split_whitespace().next().expect("a rule").to_owned();
    let one = home.cockpit(&["explain", &first]);
    assert_eq!(one.status.code(), Some(0));
    assert!(stdout(&one).starts_with(&first));
    let slip = format!("{first}x");
    assert!(stderr(&home.cockpit(&["explain", &slip])).contains(&format!("did you mean `{first}`?")));
}

#[test]
fn a_bad_setting_is_named_with_its_line() {
    let home = Home::new();
    std::fs::create_dir_all(home.path("config/cockpit")).expect("made");
    std::fs::write(home.path("config/cockpit/config.toml"), "utc = true\nasci = true\n").expect("written");
    let output = home.cockpit(&["triage"]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(said.contains("config.toml:2: unknown key `asci`"), "{said}");
    assert!(said.contains("did you mean `ascii`?"), "{said}");
}

#[test]
fn a_recording_that_is_all_read_ends_with_0() {
    let home = Home::new();
    recording(&home.path("calm.jsonl"), None);
    let output = home.cockpit(&["triage", "--replay", &home.path("calm.jsonl").to_string_lossy()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("Nothing found in local: 1 workload, 1 instance."), "{}", stdout(&output));
}

#[test]
fn what_could_not_be_read_ends_with_1_and_says_its_mend() {
    let home = Home::new();
    let trouble = Trouble {
        kind: TroubleKind::Forbidden,
        what: "images may not be listed".into(),
        mend: "ask for the right to list images".into(),
        since: at(0),
        retry_at: None,
    };
    recording(&home.path("dark.jsonl"), Some(trouble));
    let file = home.path("dark.jsonl").to_string_lossy().into_owned();
    let output = home.cockpit(&["triage", "--replay", &file]);
    assert_eq!(output.status.code(), Some(1));
    let said = stdout(&output);
    assert!(said.contains("images may not be listed"), "{said}");
    assert!(said.contains("ask for the right to list images"), "{said}");
    assert!(!said.contains("Nothing found"), "{said}");
    let json: serde_json::Value =
        serde_json::from_slice(&home.cockpit(&["triage", "--json", "--replay", &file]).stdout).expect("JSON");
    assert_eq!(json["complete"], false);
    assert_eq!(json["clusters"][0]["sources"][1]["freshness"], "forbidden");
    assert_eq!(json["clusters"][0]["sources"][1]["trouble"]["kind"], "forbidden");
}

#[test]
fn an_engine_that_is_not_there_is_trouble_and_not_nothing() {
    let home = Home::new();
    let output = home.cockpit(&["triage"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let said = stdout(&output);
    assert!(said.contains("nothing could be read"), "{said}");
    assert!(said.contains("no.sock"), "{said}");
    assert!(!said.contains("Nothing found"), "{said}");
    let output = home.cockpit(&["triage", "--json", "--fail-on", "critical"]);
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json["complete"], false);
    assert_eq!(json["clusters"][0]["sources"][0]["freshness"], "unreachable");
}

#[test]
fn a_cluster_that_is_not_there_is_named_with_those_that_are() {
    let home = Home::new();
    let output = home.cockpit(&["triage", "--cluster", "locl"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean `local`?"), "{}", stderr(&output));
}

#[test]
fn the_doctor_says_what_is_missing_and_its_mend() {
    let home = Home::new();
    let output = home.cockpit(&["doctor"]);
    assert_eq!(output.status.code(), Some(1));
    let said = stdout(&output);
    for words in ["DOCKER_HOST", "no.sock", "config/cockpit/config.toml is not there", "to mend it:", "LANG=C.UTF-8"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains('\u{1b}'), "no colour in a pipe");
}

#[test]
fn the_doctor_goes_on_when_the_settings_are_wrong() {
    let home = Home::new();
    std::fs::write(home.path("c.toml"), "utc = 3\n").expect("written");
    let output = home.cockpit(&["doctor", "--config", &home.path("c.toml").to_string_lossy()]);
    assert_eq!(output.status.code(), Some(1));
    let said = stdout(&output);
    assert!(said.contains("c.toml:1: `utc` is 3; expected true or false"), "{said}");
    assert!(said.contains("Terminal"), "{said}");
}

#[test]
fn the_log_goes_to_a_file_of_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let log = home.path("cockpit.log");
    let output = home.cockpit(&["triage", "--wait", "1s", "--log-file", &log.to_string_lossy()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(std::fs::read_to_string(&log).expect("a log").contains("cockpit starts"));
    assert_eq!(std::fs::metadata(&log).expect("there").permissions().mode() & 0o777, 0o600);
    let mut command = home.command(&["triage", "--log-file", &log.to_string_lossy()]);
    let output = command.env("COCKPIT_LOG", "cockpit=sometimes").output().expect("it runs");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}
