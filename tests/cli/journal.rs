//! What was done, from the command line: `history actions`, `handover`, and what `doctor` says of the journal.

use std::os::unix::fs::PermissionsExt;

use cockpit::domain::journal::Journal;
use cockpit::domain::{Entry, Grade, Intent, Outcome, Person, Plan, Ref, Run, Timestamp};
use cockpit::ledger::{Ledger, Place};

use crate::{Home, stderr, stdout};

fn place(home: &Home) -> Place {
    Place::own(home.path(".local/state/cockpit"))
}

fn entry(id: u64, target: &str, hours: i64, outcome: Option<Outcome>) -> Entry {
    let key: Ref = target.parse().expect("a ref");
    let plan = Plan {
        inverse: Some(Intent::Uncordon(key.clone())),
        equivalent: Some("kubectl cordon".into()),
        ..Plan::new(
            Intent::Cordon(key.clone()),
            format!("Cordon {}", key.local()),
            Grade::Harmless,
            Vec::new(),
            Timestamp::UNIX_EPOCH,
        )
    };
    let at = Timestamp::now() - jiff::SignedDuration::from_hours(hours);
    let mut run = Run::new(id, plan, at);
    run.outcome = outcome.map(|outcome| (at, outcome));
    let by = Person { name: "anna@bastion".into(), origin: Some("10.0.0.9".into()), credential: None };
    Entry { by, taken_by: None, between: Vec::new(), reason: Some("disk swap".into()), run, version: 1, lease: None }
}

fn written(home: &Home) {
    let mut ledger = Ledger::new(place(home));
    for entry in [
        entry(1, "prod/-/Node/node-1", 48, Some(Outcome::Done)),
        entry(2, "edge/-/Node/node-2", 2, Some(Outcome::Failed("forbidden".into()))),
        entry(3, "prod/-/Node/node-3", 1, Some(Outcome::Partly { done: 2, left: 1 })),
    ] {
        ledger.write(&entry).expect("written");
    }
}

#[test]
fn the_history_says_who_did_what_and_how_it_came_out() {
    let home = Home::new();
    written(&home);
    let said = stdout(&home.cockpit(&["history", "actions"]));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 3, "{said}");
    assert!(lines[0].contains("anna@bastion") && lines[0].contains("prod/node-3"), "the newest first: {said}");
    assert!(lines[0].contains("partly: 2 done, 1 left · disk swap"), "{said}");
    assert!(lines[1].contains("not done: forbidden"), "{said}");
    let mut named = entry(4, "prod/-/Node/node-4", 0, Some(Outcome::Done));
    named.by.credential = Some("oncall (context prod)".into());
    Ledger::new(place(&home)).write(&named).expect("written");
    let said = stdout(&home.cockpit(&["history", "actions"]));
    assert!(said.contains("anna@bastion as oncall (context prod)"), "{said}");
}

#[test]
fn the_history_is_narrowed_by_cluster_time_and_number() {
    let home = Home::new();
    written(&home);
    let lines = |args: &[&str]| stdout(&home.cockpit(args)).lines().count();
    assert_eq!(lines(&["history", "actions", "--since", "24h"]), 2);
    assert_eq!(lines(&["history", "actions", "--cluster", "prod"]), 2);
    assert_eq!(lines(&["history", "actions", "--cluster", "prod", "--limit", "1"]), 1);
    assert_eq!(lines(&["history", "actions", "--cluster", "prod", "--cluster", "edge"]), 3);
}

#[test]
fn the_json_of_the_history_has_the_shape_that_programs_read() {
    let home = Home::new();
    written(&home);
    let said = stdout(&home.cockpit(&["history", "actions", "--json", "--limit", "1"]));
    let json: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let entry = &json["entries"][0];
    assert_eq!(entry["id"], "3", "a number that not every reader of JSON can hold");
    assert_eq!(
        (&entry["verb"], &entry["outcome"], &entry["back"]),
        (&"cordon".into(), &"partly".into(), &"uncordon".into())
    );
    assert_eq!((&entry["by"]["name"], &entry["by"]["origin"]), (&"anna@bastion".into(), &"10.0.0.9".into()));
    assert_eq!((&entry["target"], &entry["reason"]), (&"prod/-/Node/node-3".into(), &"disk swap".into()));
}

#[test]
fn where_nothing_was_done_nothing_is_made() {
    let home = Home::new();
    let output = home.cockpit(&["history", "actions"]);
    assert!(output.status.success());
    let file = place(&home).file();
    let said =
        format!("Nothing has been done yet. What is done will be written into the journal, {}.\n", file.display());
    assert_eq!(stdout(&output), said);
    assert_eq!(stdout(&home.cockpit(&["history", "actions", "--since", "24h"])), said, "there is nothing to narrow");
    assert!(!place(&home).file().exists());
    let output = home.cockpit(&["history", "actions", "--demo"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("keep no journal"), "{}", stderr(&output));
}

#[test]
fn that_nothing_fits_is_told_from_that_nothing_was_done() {
    let home = Home::new();
    written(&home);
    let said = stdout(&home.cockpit(&["history", "actions", "--cluster", "nowhere"]));
    assert_eq!(said, format!("Nothing of that is in the journal ({}).\n", place(&home).file().display()));
}

#[test]
fn a_damaged_journal_is_said_and_kept() {
    let home = Home::new();
    written(&home);
    let file = place(&home).file();
    std::fs::write(&file, [&b"SQLite format 3\0"[..], &[0xff; 8192]].concat()).expect("damaged");
    let output = home.cockpit(&["history", "actions"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("was damaged") && stderr(&output).contains(".damaged-"), "{}", stderr(&output));
}

#[test]
fn the_doctor_says_where_the_journal_is_and_whether_it_can_be_written() {
    let home = Home::new();
    let said = stdout(&home.cockpit(&["doctor"]));
    assert!(said.contains("cockpit.db, not there yet; can be written"), "{said}");
    assert!(!place(&home).file().exists(), "the doctor makes nothing");
    written(&home);
    let said = stdout(&home.cockpit(&["doctor"]));
    assert!(said.contains("KiB; can be written"), "{said}");
}

#[test]
fn the_doctor_says_why_the_journal_cannot_be_written() {
    let home = Home::new();
    std::fs::create_dir_all(home.path("config/cockpit")).expect("made");
    std::fs::write(home.path("config/cockpit/config.toml"), "state_dir = \"/dev/null/cockpit\"\n").expect("written");
    let said = stdout(&home.cockpit(&["doctor"]));
    assert!(said.contains("/dev/null/cockpit/cockpit.db, not there yet; cannot be written"), "{said}");
}

#[test]
fn a_groups_directory_is_for_the_group() {
    let home = Home::new();
    let shared = home.path("group");
    let mut ledger = Ledger::new(Place::shared(&shared));
    ledger.write(&entry(1, "prod/-/Node/node-1", 1, Some(Outcome::Done))).expect("written");
    std::fs::create_dir_all(home.path("config/cockpit")).expect("made");
    let config = format!("state_dir = \"{}\"\n", shared.display());
    std::fs::write(home.path("config/cockpit/config.toml"), config).expect("written");
    assert_eq!(stdout(&home.cockpit(&["history", "actions"])).lines().count(), 1);
    let mode = shared.join("cockpit.db").metadata().expect("there").permissions().mode() & 0o777;
    assert_eq!(mode, 0o660);
}

#[test]
fn the_handover_is_markdown_of_what_is_open_and_in_effect() {
    let home = Home::new();
    let said = stdout(&home.cockpit(&["handover", "--demo", "--wait", "20s"]));
    let heads: Vec<&str> = said.lines().filter(|line| line.starts_with('#')).collect();
    assert!(heads[0].starts_with("# Handover, "), "{said}");
    assert!(heads.contains(&"## Open") && heads.contains(&"## Still in effect"), "{said}");
    assert!(said.lines().any(|line| line.starts_with("- **critical** ")), "{said}");
}

#[test]
fn a_run_that_was_left_in_the_middle_is_told_as_such() {
    let home = Home::new();
    let open = entry(9, "prod/-/Node/node-1", 1, None);
    let mut ledger = Ledger::new(place(&home));
    ledger.write(&open).expect("written");
    // This process lives: it is under way. When its ledger is let go, and the process ends, it is left.
    let said = stdout(&home.cockpit(&["history", "actions"]));
    assert!(said.contains("under way"), "{said}");
}
