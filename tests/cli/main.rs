//! The program as a person starts it: the built binary, its words and its exit status. No engine is asked: the home
//! directory is an empty one and DOCKER_HOST names a socket that is not there.

mod acting;
mod forwarding;
mod journal;
mod shells;
mod targets;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cockpit::backend::replay::Recorder;
use cockpit::domain::{
    BackendKind, Batch, ClusterId, ContainerSpec, Desired, Fact, Instance, Kind, Object, Occurrence, OccurrenceKind,
    OomScope, Phase, Ref, Source, Timestamp, Trouble, TroubleKind, Workload,
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

/// A kubeconfig with these contexts, of which the first is the current one. Nothing listens at their server.
fn kubeconfig(contexts: &[&str]) -> String {
    let mut out = format!("current-context: {}\ncontexts:\n", contexts[0]);
    for context in contexts {
        out.push_str(&format!("- {{name: {context}, context: {{cluster: c, user: u}}}}\n"));
    }
    out + "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\n"
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

/// A recording of one engine with one service in order; `troubles` are what is said of other lists.
fn recording(file: &Path, troubles: &[(&str, Trouble)]) {
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
    facts.extend(troubles.iter().map(|(list, trouble)| Fact::Trouble(Source::of(*list), trouble.clone())));
    recorder.record(&Batch { cluster, at: at(0), facts }).expect("written");
}

/// As [`recording`], and `shop/worker` was killed twice at its limit of 256 MiB.
fn recording_of_kills(file: &Path) {
    let cluster = ClusterId::new("local");
    let mut recorder = Recorder::create(file, &[(cluster.clone(), BackendKind::Docker)]).expect("a file");
    let containers = Source::of("containers");
    let worker = Ref::new(&cluster, Kind::ComposeService, Some("shop".into()), "worker");
    let workload = Workload::new(worker.clone(), "w2", Desired::Replicas(1));
    let key = Ref::new(&cluster, Kind::ContainerInstance, Some("shop".into()), "shop-worker-1");
    let instance = Instance::new(key.clone(), "c2", Some(worker.clone()), Phase::Pending);
    let kill = |id: &str, second: i64| {
        let mut kill = Occurrence::once(id, OccurrenceKind::OomKill, key.clone(), at(second));
        kill.workload = Some(worker.clone());
        kill.scope = Some(OomScope::Limit);
        kill.limit_bytes = Some(256 << 20);
        Fact::Occurred(Box::new(kill))
    };
    let facts = vec![
        Fact::Listing(containers.clone(), None),
        Fact::Put(containers.clone(), Object::Workload(Box::new(workload))),
        Fact::Put(containers.clone(), Object::Instance(Box::new(instance))),
        Fact::Listed(containers.clone()),
        kill("k1", 0),
    ];
    recorder.record(&Batch { cluster: cluster.clone(), at: at(60), facts }).expect("written");
    recorder
        .record(&Batch { cluster, at: at(120), facts: vec![kill("k2", 110), Fact::Alive(containers)] })
        .expect("written");
}

#[test]
fn the_json_has_the_shape_that_programs_read() {
    let home = Home::new();
    recording_of_kills(&home.path("kills.jsonl"));
    let file = home.path("kills.jsonl").to_string_lossy().into_owned();
    let output = home.cockpit(&["triage", "--json", "--replay", &file]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = stdout(&output);
    let json: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(
        said.lines().next().map(|line| line.split("\"incidents\"").next().unwrap_or_default().to_owned()),
        Some(
            concat!(
                r#"{"version":1,"at":"2026-11-20T02:02:00Z","complete":true,"#,
                r#""clusters":[{"name":"local","backend":"docker","#,
                r#""sources":[{"kind":"containers","freshness":"live","age_s":0,"trouble":null}]}],"#,
            )
            .to_owned()
        )
    );
    let incident = json["incidents"][0].clone();
    assert_eq!(json["incidents"].as_array().map(Vec::len), Some(1), "{said}");
    for (field, expected) in [
        ("rule", "oom-killed".into()),
        ("severity", "critical".into()),
        ("state", "open".into()),
        ("cluster", "local".into()),
        ("kind", "ComposeService".into()),
        ("namespace", "shop".into()),
        ("name", "worker".into()),
        ("since", "2026-11-20T02:00:00Z".into()),
        ("since_exact", true.into()),
        ("certainty", "confirmed".into()),
        ("user_facing", "unknown".into()),
        ("ready", 0.into()),
        ("wanted", 1.into()),
        ("owner", serde_json::Value::Null),
        ("taken_by", serde_json::Value::Null),
        ("snoozed_until", serde_json::Value::Null),
    ] {
        assert_eq!(incident[field], expected, "{field}: {incident}");
    }
    let fields = [
        "id",
        "rule",
        "severity",
        "tier",
        "state",
        "cluster",
        "kind",
        "namespace",
        "name",
        "summary",
        "since",
        "since_exact",
        "certainty",
        "user_facing",
        "ready",
        "wanted",
        "owner",
        "taken_by",
        "note",
        "folded",
        "snoozed_until",
        "accepted_because",
        "evidence",
        "symptoms",
        "actions",
    ];
    assert_eq!(keys_in_order(&said, "\"incidents\":[{"), fields);
    assert!(incident["evidence"][0]["text"].is_string() && incident["evidence"][0]["source"].is_string(), "{incident}");
    assert!(incident["actions"].as_array().is_some_and(|actions| actions.iter().all(serde_json::Value::is_string)));
    let again = home.cockpit(&["triage", "--json", "--replay", &file]);
    assert_eq!(stdout(&again), said, "the same from run to run");
}

/// The keys of the object that begins after `start`, in the order in which they are written.
fn keys_in_order(json: &str, start: &str) -> Vec<String> {
    let (mut keys, mut depth, mut key, mut inside) = (Vec::new(), 0, String::new(), false);
    for c in json.split_once(start).expect("it is there").1.chars() {
        match c {
            '"' if inside => inside = false,
            '"' => (inside, key) = (true, String::new()),
            c if inside => key.push(c),
            ':' if depth == 0 => keys.push(std::mem::take(&mut key)),
            '{' | '[' => depth += 1,
            '}' | ']' if depth == 0 => break,
            '}' | ']' => depth -= 1,
            _ => {}
        }
    }
    keys
}

#[test]
fn a_threshold_that_is_met_ends_with_3() {
    let home = Home::new();
    recording_of_kills(&home.path("kills.jsonl"));
    let file = home.path("kills.jsonl").to_string_lossy().into_owned();
    for severity in ["warning", "critical"] {
        assert_eq!(home.cockpit(&["triage", "--fail-on", severity, "--replay", &file]).status.code(), Some(3));
    }
    recording(&home.path("calm.jsonl"), &[]);
    let calm = home.path("calm.jsonl").to_string_lossy().into_owned();
    assert_eq!(home.cockpit(&["triage", "--fail-on", "warning", "--replay", &calm]).status.code(), Some(0));
}

#[test]
fn the_list_reads_as_the_screen_does() {
    let home = Home::new();
    recording_of_kills(&home.path("kills.jsonl"));
    let file = home.path("kills.jsonl").to_string_lossy().into_owned();
    let said = stdout(&home.cockpit(&["triage", "--replay", &file]));
    let row = said.lines().find(|line| line.starts_with('✖')).expect("a row");
    assert!(row.starts_with("✖ local  shop/worker  0 of 1  2m     OOM-killed at its 256 MiB limit"), "{row}");
    assert!(said.starts_with("2026-11-20 02:02 UTC  1 critical, 0 warnings\n"), "{said}");
    let plain = stdout(&home.cockpit(&["triage", "--ascii", "--replay", &file]));
    assert!(plain.is_ascii() && plain.contains("\nX local  shop/worker"), "{plain}");
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
    recording(&home.path("calm.jsonl"), &[]);
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
    recording(&home.path("dark.jsonl"), &[("images", trouble)]);
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
fn what_is_wrong_with_all_lists_is_said_once() {
    let home = Home::new();
    let trouble = Trouble {
        kind: TroubleKind::Unauthorized,
        what: "no login: the token is not accepted".into(),
        mend: "log in again".into(),
        since: at(0),
        retry_at: None,
    };
    recording(&home.path("out.jsonl"), &[("images", trouble.clone()), ("networks", trouble)]);
    let said = stdout(&home.cockpit(&["triage", "--replay", &home.path("out.jsonl").to_string_lossy()]));
    assert_eq!(said.matches("the token is not accepted").count(), 1, "{said}");
}

#[test]
fn whoever_may_read_little_is_told_so_at_once_and_once() {
    let home = Home::new();
    let trouble = |list: &str| Trouble {
        kind: TroubleKind::Forbidden,
        what: format!("{list} may not be listed").into(),
        mend: format!("ask for the right to list {list}").into(),
        since: at(0),
        retry_at: None,
    };
    recording(&home.path("few.jsonl"), &[("images", trouble("images")), ("networks", trouble("networks"))]);
    let said = stdout(&home.cockpit(&["triage", "--replay", &home.path("few.jsonl").to_string_lossy()]));
    assert!(said.lines().next().is_some_and(|line| line.ends_with("; 2 lists cannot be read")), "{said}");
    assert!(said.contains("images, networks: images may not be listed; the others likewise"), "{said}");
    assert!(!said.contains("networks may not be listed"), "{said}");
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

#[test]
fn without_a_terminal_the_screen_is_refused_with_a_way_on() {
    let home = Home::new();
    let output = home.cockpit(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("cockpit triage"), "{}", stderr(&output));
    assert!(output.stdout.is_empty());
}

#[test]
fn the_doctor_names_contexts_that_are_not_watched_and_keys_that_cannot_be_used() {
    let home = Home::new();
    let context = home.path(".docker/contexts/meta/0edge");
    std::fs::create_dir_all(&context).expect("made");
    let meta = r#"{"Name":"edge","Metadata":{},"Endpoints":{"docker":{"Host":"ssh://edge"}}}"#;
    std::fs::write(context.join("meta.json"), meta).expect("written");
    std::fs::write(home.path("c.toml"), "[keys]\nhelp = \"no-such-key\"\n").expect("written");
    let said = stdout(&home.cockpit(&["doctor", "--config", &home.path("c.toml").to_string_lossy()]));
    assert!(said.lines().any(|line| line.contains("not watched") && line.contains("edge")), "{said}");
    assert!(said.contains("c.toml:2: [keys] help: `no-such-key` is no key"), "{said}");
}
