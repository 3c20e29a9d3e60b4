//! The program as a person starts it: the built binary, its words and its exit status. No engine is asked: the home
//! directory is an empty one and DOCKER_HOST names a socket that is not there.

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

/// What makes an incident the same one, whenever it is looked at.
fn identities(json: &[u8]) -> Vec<String> {
    let report: serde_json::Value = serde_json::from_slice(json).expect("JSON");
    let incidents = report["incidents"].as_array().expect("a list").iter();
    let mut identities: Vec<String> = incidents
        .map(|it| {
            let fields = ["id", "rule", "severity", "tier", "state", "cluster", "kind", "namespace", "name", "since"];
            fields.map(|field| it[field].to_string()).join(" ")
        })
        .collect();
    identities.sort_unstable();
    identities
}

#[test]
fn the_demo_breaks_and_a_calm_one_does_not() {
    let home = Home::new();
    let night = home.cockpit(&["triage", "--demo", "--json", "--fail-on", "critical"]);
    assert_eq!(night.status.code(), Some(3), "{}", stderr(&night));
    let report: serde_json::Value = serde_json::from_slice(&night.stdout).expect("JSON");
    assert_eq!(report["complete"], true);
    let backends: Vec<&str> =
        report["clusters"].as_array().expect("a list").iter().filter_map(|it| it["backend"].as_str()).collect();
    assert_eq!(backends, ["kubernetes", "nomad", "docker"]);
    let calm = home.cockpit(&["triage", "--demo=calm", "--fail-on", "warning"]);
    assert_eq!(calm.status.code(), Some(0), "{}{}", stdout(&calm), stderr(&calm));
    assert!(stdout(&calm).contains("Nothing found in "), "{}", stdout(&calm));
    let slip = home.cockpit(&["triage", "--demo=clam"]);
    assert_eq!(slip.status.code(), Some(2));
    assert!(stderr(&slip).contains("did you mean `calm`?"), "{}", stderr(&slip));
}

#[test]
fn a_recorded_demo_says_the_same_when_it_is_played() {
    let home = Home::new();
    let file = home.path("night.jsonl").to_string_lossy().into_owned();
    let live = home.cockpit(&["triage", "--demo", "--json", "--record", &file]);
    assert_eq!(live.status.code(), Some(0), "{}", stderr(&live));
    let played = home.cockpit(&["triage", "--json", "--replay", &file]);
    assert_eq!(played.status.code(), Some(0), "{}", stderr(&played));
    assert!(!identities(&live.stdout).is_empty());
    assert_eq!(identities(&live.stdout), identities(&played.stdout));
    let again = home.cockpit(&["triage", "--demo", "--record", &file]);
    assert_eq!(again.status.code(), Some(1), "a recording is not written over");
}

#[test]
fn one_cluster_of_several_is_watched_and_the_others_are_named() {
    let home = Home::new();
    let said = stdout(&home.cockpit(&["triage", "--demo", "--cluster", "prod"]));
    let left = said.lines().find(|line| line.starts_with("Not watched: ")).expect("a line");
    assert!(!left.contains("prod"), "{said}");
}

/// A kubeconfig with these contexts, of which the first is the current one. Nothing listens at their server.
fn kubeconfig(contexts: &[&str]) -> String {
    let mut out = format!("current-context: {}\ncontexts:\n", contexts[0]);
    for context in contexts {
        out.push_str(&format!("- {{name: {context}, context: {{cluster: c, user: u}}}}\n"));
    }
    out + "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\n"
}

#[test]
fn the_current_context_is_watched_beside_the_engine_and_the_others_are_named() {
    let home = Home::new();
    std::fs::create_dir(home.path(".kube")).expect("made");
    std::fs::write(home.path(".kube/config"), kubeconfig(&["ops@prod", "ops@stage"])).expect("written");
    let output = home.cockpit(&["triage", "--wait", "1s"]);
    let said = stdout(&output);
    assert!(said.lines().any(|line| line.starts_with("prod: ")), "{said}");
    assert!(said.lines().any(|line| line.starts_with("local: ")), "{said}");
    assert!(said.lines().any(|line| line.starts_with("Not watched: ") && line.contains("ops@stage")), "{said}");
    let said = stdout(&home.cockpit(&["triage", "--wait", "1s", "--context", "ops@stage", "--context", "ops@prod"]));
    assert!(said.lines().any(|line| line.starts_with("stage: ")), "{said}");
    assert!(said.lines().any(|line| line.starts_with("prod: ")), "{said}");
    assert!(!said.contains("local: "), "the command line names what to watch: {said}");
}

#[test]
fn a_context_that_is_not_there_is_a_mistake_with_a_near_match() {
    let home = Home::new();
    let file = home.path("kubeconfig");
    std::fs::write(&file, kubeconfig(&["prod", "stage"])).expect("written");
    let file = file.to_string_lossy();
    let output = home.cockpit(&["triage", "--kubeconfig", &file, "--context", "pord"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean `prod`? there are: prod, stage"), "{}", stderr(&output));
    let output = home.cockpit(&["triage", "--context", "prod", "--demo"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn a_kubeconfig_that_is_broken_is_said_and_the_engine_is_watched() {
    let home = Home::new();
    std::fs::create_dir(home.path(".kube")).expect("made");
    std::fs::write(home.path(".kube/config"), "{").expect("written");
    let said = stdout(&home.cockpit(&["triage", "--wait", "1s"]));
    assert!(said.contains("Not watched: Kubernetes (") && said.contains("local: "), "{said}");
    let said = stdout(&home.cockpit(&["doctor"]));
    assert!(said.contains(".kube/config is no kubeconfig") && said.contains("line 1"), "{said}");
}

#[test]
fn the_least_role_is_printed_for_reading_and_for_acting() {
    let home = Home::new();
    let read = home.cockpit(&["rbac"]);
    assert_eq!(read.status.code(), Some(0), "{}", stderr(&read));
    assert!(stdout(&read).contains("kind: ClusterRole\n") && !stdout(&read).contains("patch"));
    let control = stdout(&home.cockpit(&["rbac", "--control", "--namespace", "shop"]));
    assert!(
        control.contains("kind: Role\n")
            && control.contains("namespace: \"shop\"")
            && control.contains("pods/eviction")
    );
    assert_eq!(home.cockpit(&["rbac", "--namespace", "a: b"]).status.code(), Some(2));
}

#[test]
fn every_shell_has_a_completion_script_and_another_is_a_mistake() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = home.cockpit(&["completions", shell]);
        assert_eq!(script.status.code(), Some(0), "{}", stderr(&script));
        assert!(stdout(&script).contains("triage") && !stdout(&script).contains("Not watched"), "{shell}");
    }
    assert_eq!(home.cockpit(&["completions", "tcsh"]).status.code(), Some(2));
}

/// What bash offers at the end of `line`, of which it completes `word`, with the script of this program.
fn offered_by_bash(home: &Home, line: &str, word: &str) -> Vec<String> {
    let program = Path::new(env!("CARGO_BIN_EXE_cockpit")).parent().expect("a directory");
    let ask = "eval \"$(cockpit completions bash)\"; COMP_WORDBREAKS=$' \\t\\n\"\\'@><=;|&(:'; COMP_LINE=\"$1\"; \
               COMP_POINT=${#1}; COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _cockpit_live cockpit \"$2\" x; \
               printf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", ask, "bash", line, word]).env_clear();
    bash.env("PATH", format!("{}:/usr/bin:/bin", program.display())).env("HOME", home.0.path());
    let output = bash.output().expect("bash runs");
    stdout(&output).lines().map(str::to_owned).collect()
}

#[test]
fn names_complete_as_the_files_have_them_and_no_server_is_asked() {
    let home = Home::new();
    std::fs::create_dir(home.path(".kube")).expect("made");
    std::fs::write(home.path(".kube/config"), kubeconfig(&["ops@prod", "ops@stage", "kind-dev"])).expect("written");
    assert_eq!(offered_by_bash(&home, "cockpit --context ", ""), ["kind-dev", "ops@prod", "ops@stage"]);
    assert_eq!(offered_by_bash(&home, "cockpit triage --context ops@st", "st"), ["stage"], "`@` parts words");
    assert_eq!(offered_by_bash(&home, "cockpit --context=kin", "kin"), ["kind-dev"]);
    assert!(offered_by_bash(&home, "cockpit --theme da", "da").contains(&"dark".to_owned()));
    assert_eq!(offered_by_bash(&home, "cockpit explain oom-k", "oom-k"), ["oom-killed"]);
    assert!(offered_by_bash(&home, "cockpit tri", "tri").contains(&"triage".to_owned()), "what is fixed stays");
}

/// What fish offers at the end of a line; none where there is no fish.
fn offered_by_fish(home: &Home, line: &str) -> Option<Vec<String>> {
    let program = Path::new(env!("CARGO_BIN_EXE_cockpit")).parent().expect("a directory");
    let mut fish = Command::new("fish");
    fish.args(["--no-config", "-c", "cockpit completions fish | source; complete -C \"$argv[1]\"", line]).env_clear();
    fish.env("PATH", format!("{}:/usr/bin:/bin", program.display())).env("HOME", home.0.path());
    let said = stdout(&fish.current_dir(home.0.path()).output().ok()?);
    Some(said.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect())
}

#[test]
fn fish_offers_names_and_words() {
    let home = Home::new();
    std::fs::create_dir(home.path(".kube")).expect("made");
    std::fs::write(home.path(".kube/config"), kubeconfig(&["ops@prod", "kind-dev"])).expect("written");
    let Some(contexts) = offered_by_fish(&home, "cockpit --context ") else {
        return eprintln!("SKIPPED: fish is not installed");
    };
    assert_eq!(contexts, ["kind-dev", "ops@prod"]);
    let offered = |line| offered_by_fish(&home, line).unwrap_or_default();
    assert_eq!(offered("cockpit --theme sla"), ["slate"]);
    assert_eq!(offered("cockpit --colors m"), ["mono"]);
    assert_eq!(offered("cockpit explain oom-k"), ["oom-killed"]);
    assert!(offered("cockpit completions ").contains(&"zsh".to_owned()));
    assert!(offered("cockpit man ").contains(&"triage".to_owned()));
    assert!(offered("cockpit tri").contains(&"triage".to_owned()));
}

#[test]
fn names_of_clusters_are_those_that_would_be_watched_and_broken_files_have_none() {
    let home = Home::new();
    std::fs::create_dir(home.path(".kube")).expect("made");
    std::fs::write(home.path(".kube/config"), kubeconfig(&["ops@prod", "stage"])).expect("written");
    assert_eq!(stdout(&home.cockpit(&["__names", "cluster"])), "local\nprod\n");
    let meta = home.path(".docker/contexts/meta/0");
    std::fs::create_dir_all(&meta).expect("made");
    let edge = r#"{"Name":"edge","Endpoints":{"docker":{"Host":"ssh://ops@edge"}}}"#;
    std::fs::write(meta.join("meta.json"), edge).expect("written");
    assert_eq!(stdout(&home.cockpit(&["__names", "host"])), "ssh://ops@edge\n");
    std::fs::write(home.path(".kube/config"), "{").expect("written");
    let broken = home.cockpit(&["__names", "context"]);
    assert_eq!((broken.status.code(), stdout(&broken).as_str()), (Some(0), ""));
}

#[test]
fn the_manual_page_is_of_the_program_or_of_a_command() {
    let home = Home::new();
    let page = stdout(&home.cockpit(&["man"]));
    assert!(page.contains(".TH cockpit 1") && page.contains("cockpit\\-triage(1)"), "{page}");
    let page = stdout(&home.cockpit(&["man", "triage"]));
    assert!(page.contains(".TH cockpit\\-triage 1") || page.contains(".TH cockpit-triage 1"), "{page}");
    assert!(page.contains("\\-\\-fail\\-on"), "{page}");
    let slip = home.cockpit(&["man", "traige"]);
    assert_eq!(slip.status.code(), Some(2));
    assert!(stderr(&slip).contains("did you mean `triage`?"), "{}", stderr(&slip));
}

#[test]
fn themes_are_listed_with_what_chooses_one() {
    let home = Home::new();
    let said = stdout(&home.cockpit(&["themes"]));
    assert!(said.contains("* dark            in use: it is the default; dark background"), "{said}");
    assert!(said.contains("  contrast-light  high contrast on white") && !said.contains('\u{1b}'), "{said}");
    let config = home.path("cockpit.toml");
    std::fs::write(&config, "theme = \"light\"\ncolors = 256\n").expect("written");
    let said = stdout(&home.cockpit(&["themes", "--config", &config.to_string_lossy()]));
    assert!(said.contains("* light           in use: the settings say so (`theme`); "), "{said}");
    assert!(said.contains("drawn in 256 colours: the settings say so (`colors`)\n"), "{said}");
    let said = stdout(&home.cockpit(&["themes", "--config", &config.to_string_lossy(), "--theme", "slate"]));
    assert!(said.contains("* slate           in use: --theme says so; "), "{said}");
    let mono = home.command(&["themes"]).env("NO_COLOR", "1").output().expect("the program runs");
    assert!(stdout(&mono).contains("drawn without colours: NO_COLOR is set"), "{}", stdout(&mono));
    let asked = home.command(&["themes", "--colors=16"]).env("NO_COLOR", "1").output().expect("the program runs");
    assert!(stdout(&asked).contains("drawn in 16 colours: --colors says so"), "{}", stdout(&asked));
    let light = home.command(&["themes"]).env("COLORFGBG", "0;15").output().expect("the program runs");
    assert!(stdout(&light).contains("* light           in use: COLORFGBG says"), "{}", stdout(&light));
}

#[test]
fn a_theme_of_ones_own_is_a_file_beside_the_settings() {
    let home = Home::new();
    let config = home.path("cockpit.toml");
    std::fs::create_dir(home.path("themes")).expect("a folder");
    std::fs::write(home.path("themes/mine.toml"), "like = \"slate\"\n[ink]\ncritical = \"208 bold\"\n")
        .expect("written");
    std::fs::write(home.path("themes/odd.toml"), "like = \"slate\"\n[ink]\ncritical = \"mauve\"\n").expect("written");
    std::fs::write(&config, "theme = \"mine\"\n").expect("written");
    let config = config.to_string_lossy();
    let said = stdout(&home.cockpit(&["themes", "--config", &config]));
    assert!(said.contains("* mine            in use: the settings say so (`theme`); "), "{said}");
    assert!(said.contains("  odd             cannot be used:\n"), "{said}");
    let odd = home.cockpit(&["themes", "--config", &config, "--theme", "odd"]);
    let said = String::from_utf8_lossy(&odd.stderr);
    assert_eq!(odd.status.code(), Some(2), "{said}");
    assert!(
        said.contains("themes/odd.toml:3: `ink.critical`: `mauve` is no colour and no modifier; expected a colour"),
        "{said}"
    );
    let near = home.cockpit(&["themes", "--config", &config, "--theme", "mien"]);
    assert!(String::from_utf8_lossy(&near.stderr).contains("did you mean `mine`?"));
}

#[test]
fn keys_are_listed_as_the_settings_have_them() {
    let home = Home::new();
    let config = home.path("cockpit.toml");
    std::fs::write(&config, "[keys]\nrestart = [\"ctrl-t\"]\n").expect("written");
    let config = config.to_string_lossy();
    let said = stdout(&home.cockpit(&["keys", "--config", &config]));
    let restart = said.lines().find(|line| line.contains(" restart ")).expect("a line");
    assert!(restart.trim_start().starts_with("ctrl-t "), "{restart}");
    assert!(said.starts_with("Acting (a preview comes first)\n"), "{said}");
    let said = home.cockpit(&["keys", "--json", "--config", &config]);
    let all: serde_json::Value = serde_json::from_slice(&said.stdout).expect("JSON");
    let all = all.as_array().expect("a list");
    let restart = all.iter().find(|it| it["command"] == "restart").expect("restart");
    assert_eq!(restart["keys"], serde_json::json!(["ctrl-t"]));
    assert_eq!(restart["changes"], true);
    assert_eq!(all.len(), cockpit::app::TABLE.len());
}
