//! Actions from the command line, on the simulated company.

use super::*;

fn demo(home: &Home, line: &str) -> Output {
    let mut args: Vec<&str> = line.split(' ').collect();
    args.push("--demo=calm");
    home.cockpit(&args)
}

fn said(home: &Home, line: &str) -> (Option<i32>, String, String) {
    let output = demo(home, line);
    (output.status.code(), stdout(&output), stderr(&output))
}

#[test]
fn a_dry_run_says_what_would_be_done_and_how_it_is_taken_back() {
    let home = Home::new();
    let (status, out, _) = said(&home, "scale prod/shop/web 50 --dry-run");
    assert_eq!(status, Some(0), "{out}");
    for part in ["from 52 to 50", "2 instances end", "kubectl -n shop scale deployment/web --replicas=50", "back"] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(!out.contains("done"), "{out}");
    let json = demo(&home, "scale prod/shop/web 50 --dry-run --json");
    let report: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON and nothing else");
    assert_eq!((&report["run"], &report["plan"]["grade"]), (&serde_json::Value::Null, &"disruptive".into()));
}

#[test]
fn limits_are_said_as_people_write_them() {
    let home = Home::new();
    for (line, words) in [
        ("set prod/shop/web --memory 2Gi --dry-run", "memory=2147483648"),
        ("set prod/shop/web --memory none --dry-run", "memory=0"),
        ("set prod/shop/web --cpu 0.5 --dry-run", "cpu=500m"),
    ] {
        let (status, out, err) = said(&home, line);
        assert!(status == Some(0) && out.contains(words), "{line}: {status:?} {out}{err}");
    }
    let (status, _, err) = said(&home, "set prod/shop/web --memory much --dry-run");
    assert!(status == Some(2) && err.contains("much"), "{err}");
    let (status, _, err) = said(&home, "set prod/shop/web --dry-run");
    assert!(status == Some(2) && err.contains("--image"), "{err}");
}

#[test]
fn what_was_confirmed_is_done_and_followed() {
    let home = Home::new();
    let (status, out, err) = said(&home, "scale prod/shop/web 50 --yes --wait=60s --demo-speed 20");
    assert_eq!(status, Some(0), "{out}{err}");
    assert!(out.contains("set to 50 shop/web: done") && out.contains("done in "), "{out}");
    let json = demo(&home, "cordon no/node-3 --json --wait=60s");
    let report: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON and nothing else");
    assert_eq!((&report["status"], &report["run"]["outcome"][1]), (&0.into(), &"done".into()), "{report}");
}

#[test]
fn nothing_is_done_that_was_not_confirmed_as_it_asks() {
    let home = Home::new();
    for (line, hint) in [
        ("restart prod/shop/web", "--yes"),
        ("scale prod/shop/web 0", "--confirm web"),
        ("scale prod/shop/web 0 --yes", "--confirm web"),
        ("scale prod/shop/web 0 --yes --confirm api", "it asks for `web`"),
    ] {
        let (status, out, err) = said(&home, line);
        assert_eq!(status, Some(3), "{line}: {out}{err}");
        assert!(err.contains(hint) && !out.contains("accepted"), "{line}: {out}{err}");
    }
    let (status, out, _) = said(&home, "scale prod/shop/web 0 --confirm web");
    assert!(status == Some(0) && out.contains("set to 0 shop/web: "), "{out}");
}

#[test]
fn a_target_that_is_not_there_or_not_clear_is_said_with_what_may_be_meant() {
    let home = Home::new();
    let (status, _, err) = said(&home, "restart prod/shop/wbe --yes");
    assert_eq!(status, Some(2));
    assert!(err.contains("did you mean") && err.contains("prod/shop/Deployment/web"), "{err}");
    let (status, _, err) = said(&home, "restart deploy/nothing-like-it --yes");
    assert!(status == Some(2) && err.contains("there is no `deploy/nothing-like-it`"), "{err}");
}

/// Commands that change no system.
const READERS: [&str; 13] = [
    "triage",
    "wait",
    "doctor",
    "explain",
    "rbac",
    "rules",
    "keys",
    "themes",
    "completions",
    "man",
    "help",
    "history",
    "handover",
];

#[test]
fn read_only_refuses_every_command_that_changes_a_system() {
    let home = Home::new();
    let help = stdout(&home.cockpit(&["--help"]));
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands: Vec<&str> = commands
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| !READERS.contains(command))
        .collect();
    assert!(commands.contains(&"drain") && commands.contains(&"prune"), "{help}");
    for command in commands {
        let rest = match command {
            "scale" => " shop/web 3",
            "set" => " shop/web --image web:2",
            "silence" => " shop/web --for 1h --comment import",
            "cordon" | "uncordon" | "drain" => " node-3",
            _ => " shop/web",
        };
        // A forward asks for nothing but the name of a protected cluster.
        let yes = if command == "forward" { " 80" } else { " --yes" };
        let (status, out, err) = said(&home, &format!("{command}{rest}{yes} --confirm web --read-only"));
        assert_eq!(status, Some(3), "{command}: {out}{err}");
        assert!(out.is_empty() && err.contains("--read-only"), "{command}: {out}{err}");
    }
}

#[test]
fn wait_ends_when_it_is_healthy_and_else_says_what_it_waits_for() {
    let home = Home::new();
    let (status, out, err) = said(&home, "wait prod/shop/web --timeout 60s");
    assert_eq!(status, Some(0), "{out}{err}");
    assert!(out.contains("shop/web: healthy: 52 of 52 ready"), "{out}");
    let night = home.cockpit(&["wait", "prod/shop/worker", "--timeout", "2s", "--demo"]);
    assert_eq!(night.status.code(), Some(4), "{}", stderr(&night));
    assert!(stderr(&night).contains("OOM-killed at its 256 MiB limit"), "{}", stderr(&night));
    let fast = home.cockpit(&["wait", "prod/shop/worker", "--timeout", "60s", "--fail-fast", "--demo"]);
    assert_eq!(fast.status.code(), Some(1), "{}", stderr(&fast));
}

#[test]
fn a_mistyped_command_is_not_taken_for_a_target() {
    let home = Home::new();
    let slip = home.cockpit(&["restrat", "prod/shop/web"]);
    assert_eq!(slip.status.code(), Some(2));
    assert!(stderr(&slip).contains("did you mean `restart`?"), "{}", stderr(&slip));
}
