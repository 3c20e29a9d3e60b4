use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::*;
use crate::domain::{ClusterId, Timestamp};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn words() -> Words {
    Words { rules: vec!["oom-killed", "crash-loop"], themes: vec!["dark", "light"], commands: vec!["help", "quit"] }
}

fn example() -> String {
    std::fs::read_to_string(root().join("config.example.toml")).expect("config.example.toml")
}

/// The example with every setting that is commented out taken in: lines that begin with `#` and no space.
fn full_example() -> String {
    let taken = |line: &str| match line.strip_prefix('#') {
        Some(rest) if !rest.starts_with(' ') && !rest.is_empty() => rest.to_owned(),
        _ => line.to_owned(),
    };
    example().lines().map(taken).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_is_the_defaults() {
    let config = parse(&example(), Path::new("config.example.toml"), &words()).expect("the example is valid");
    assert_eq!(config, Config::default());
}

#[test]
fn the_example_shows_every_setting() {
    let words = Words { themes: vec!["default"], ..words() };
    let full = full_example();
    let (config, asked) = read::read(&full, Path::new("/etc/config.toml"), &words).expect("the example is valid");
    assert_eq!((config.clusters.len(), config.diagnosis.accepts.len(), config.keys.len()), (2, 1, 1));
    let shown = keys_of(&full);
    let missing: Vec<&String> = asked.iter().filter(|key| !shown.contains(*key)).collect();
    assert!(missing.is_empty(), "config.example.toml does not show {missing:?}");
}

/// `table.key` of every line, and the tables themselves.
fn keys_of(source: &str) -> BTreeSet<String> {
    let mut table = String::new();
    let mut keys = BTreeSet::new();
    for line in source.lines() {
        if let Some(header) = line.strip_prefix('[') {
            table = header.trim_start_matches('[').trim_end_matches(']').to_owned();
            keys.insert(table.clone());
        } else if let Some((key, _)) = line.split_once(" = ") {
            keys.insert(if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") });
        }
    }
    keys
}

#[test]
fn every_bad_file_says_its_line_and_what_was_expected() {
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(root().join("tests/config")).expect("the corpus") {
        let path = entry.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let source = std::fs::read_to_string(&path).expect("a file");
        let problems = parse(&source, Path::new("config.toml"), &words()).expect_err("a bad file");
        let said = format!("{problems}\n");
        assert!(!said.contains('\u{1b}'), "{said:?}");
        let expected = path.with_extension("txt");
        if std::env::var_os("COCKPIT_WRITE_EXPECTED").is_some() {
            std::fs::write(&expected, &said).expect("written");
        }
        let expected = std::fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(said, expected, "{}", path.display());
        seen.push(path);
    }
    assert!(seen.len() >= 15, "the corpus is there");
}

#[test]
fn a_day_ends_with_its_night_and_a_moment_is_itself() {
    let until = |raw: &str| {
        let source = format!("[[accept]]\ntarget = \"*\"\nreason = \"x\"\nuntil = {raw}\n");
        let config = parse(&source, Path::new("c"), &words()).expect("valid");
        config.diagnosis.accepts[0].until
    };
    let at = |raw: &str| raw.parse::<Timestamp>().ok();
    assert_eq!(until("2027-01-31"), at("2027-02-01T00:00:00Z"));
    assert_eq!(until("\"2027-01-31\""), at("2027-02-01T00:00:00Z"));
    assert_eq!(until("2027-01-31T18:00:00+01:00"), at("2027-01-31T17:00:00Z"));
}

#[test]
fn a_relative_path_starts_from_the_files_own_directory() {
    let config = parse("log_file = \"cockpit.log\"", Path::new("/etc/cockpit/config.toml"), &words()).expect("valid");
    assert_eq!(config.log_file, Some(PathBuf::from("/etc/cockpit/cockpit.log")));
}

#[test]
fn a_cluster_is_read_whole() {
    let config = parse(&full_example(), Path::new("/etc/config.toml"), &Words { themes: vec!["default"], ..words() })
        .expect("valid");
    let swarm = &config.clusters[0];
    assert_eq!(swarm.name, ClusterId::new("swarm"));
    assert_eq!(swarm.way, Way::Host("tcp://10.0.0.5:2376".to_owned()));
    assert!(swarm.protected && !swarm.read_only);
    assert_eq!(config.clusters[1].way, Way::Context("edge".to_owned()));
    let guard = config.guard(false);
    let key = "swarm/-/Container/db".parse().expect("a ref");
    assert!(guard.protects(&key) && guard.read_only.is_none());
    assert!(config.guard(true).read_only.is_some());
}

#[test]
fn a_missing_default_file_is_fine_and_a_missing_named_one_is_not() {
    let dir = tempfile::tempdir().expect("a directory");
    let absent = dir.path().join("no.toml");
    let problems = load(Some(&absent), &words()).expect_err("absent");
    assert_eq!(problems.list.len(), 1);
    assert!(problems.to_string().contains("there is no such file"));
    let odd = dir.path().join("odd.toml");
    std::fs::write(&odd, b"theme = \"\xff\"").expect("written");
    assert!(load(Some(&odd), &words()).expect_err("not UTF-8").to_string().contains("UTF-8"));
}
