//! The demo, recordings, and which of several clusters are watched.

use super::*;

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
    // Hardly anything happens between what is told and the end of what is recorded.
    let live = home.cockpit(&["triage", "--demo", "--demo-speed", "0.01", "--json", "--record", &file]);
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
    let policy = stdout(&home.cockpit(&["rbac", "--nomad-policy", "--namespace", "shop"]));
    assert!(policy.contains("namespace \"shop\"") && policy.contains("read-job"), "{policy}");
    assert_eq!(home.cockpit(&["rbac", "--nomad-policy", "--namespace", "a\" {"]).status.code(), Some(2));
}

#[test]
fn an_address_that_is_none_is_named_among_what_is_not_watched() {
    let home = Home::new();
    let output = home.command(&["triage", "--wait", "1s"]).env("NOMAD_ADDR", "nonsense://x").output().expect("it runs");
    let said = stdout(&output);
    let left = said.lines().find(|line| line.starts_with("Not watched: ")).unwrap_or_else(|| panic!("{said}"));
    assert!(left.contains("NOMAD_ADDR (`nonsense` is no way to an agent)"), "{left}");
}
