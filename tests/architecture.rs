//! The rooms of the house, and who may use whom (see `docs/architecture.md`).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room with the rooms that it may use.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("reach", &["domain"]),
    ("backend", &["domain", "reach"]),
    ("metrics", &["domain", "reach"]),
    ("ledger", &["domain"]),
    ("state", &["domain"]),
    ("diagnose", &["domain", "state"]),
    ("action", &["domain", "state", "diagnose"]),
    ("engine", &["domain", "state", "diagnose", "action"]),
    ("ui", &["domain", "state", "diagnose", "action", "engine"]),
    ("app", &["domain", "state", "diagnose", "action", "engine", "ui"]),
    ("config", &["domain", "diagnose", "action"]),
    (
        "cli",
        &[
            "domain", "reach", "backend", "state", "diagnose", "action", "engine", "ui", "app", "config", "metrics",
            "ledger",
        ],
    ),
];

/// What only some rooms may touch: the clock, the terminal, the wire.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("Timestamp::now(", &["backend", "app", "cli", "ledger", "metrics"]),
    ("Instant::now(", &["backend", "app", "cli", "engine/headless.rs", "metrics"]),
    ("bollard", &["backend/docker"]),
    ("rusqlite", &["ledger"]),
    ("std::env::", &["cli", "app", "main.rs"]),
    ("crossterm", &["app", "ui", "cli"]),
    ("ratatui", &["ui", "app", "cli"]),
    ("println!", &["cli", "main.rs"]),
];

/// What no room may do: the loop owns the state, and nothing takes the process down.
const NOWHERE: &[&str] =
    &["Mutex<", "RwLock<", "unbounded_channel", "static mut", "todo!(", "unimplemented!(", "unsafe {"];

fn sources() -> Vec<(String, String)> {
    fn walk(dir: &Path, into: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).expect("a folder of the crate").map(|entry| entry.expect("an entry").path()) {
            match entry.is_dir() {
                true if entry.ends_with("tests") => {}
                true => walk(&entry, into),
                false if entry.extension().is_some_and(|ext| ext == "rs") && !entry.ends_with("tests.rs") => {
                    into.push(entry)
                }
                false => {}
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    let relative = |path: &Path| path.strip_prefix(&root).expect("below src").to_string_lossy().into_owned();
    files.iter().map(|path| (relative(path), production(&fs::read_to_string(path).expect("a source file")))).collect()
}

/// A file without its tests and its comments.
fn production(text: &str) -> String {
    let until_tests = text.split("#[cfg(test)]").next().unwrap_or(text);
    until_tests.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn room_of(file: &str) -> &str {
    file.split('/').next().unwrap_or(file)
}

#[test]
fn a_room_uses_only_the_rooms_above_it() {
    let mut broken = Vec::new();
    for (file, text) in sources() {
        let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| *room == room_of(&file)) else { continue };
        for (ix, line) in text.lines().enumerate() {
            for used in line.match_indices("crate::").map(|(at, word)| &line[at + word.len()..]) {
                let used = used.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
                let is_room = ROOMS.iter().any(|(room, _)| *room == used);
                if is_room && used != room_of(&file) && !allowed.contains(&used) {
                    broken.push(format!("{file}:{}: uses `{used}`", ix + 1));
                }
            }
        }
    }
    assert!(broken.is_empty(), "rooms that reach too far:\n{}", broken.join("\n"));
}

#[test]
fn every_room_is_known_here() {
    let known: BTreeSet<&str> = ROOMS.iter().map(|(room, _)| *room).chain(["main.rs", "lib.rs"]).collect();
    let unknown: BTreeSet<String> = sources()
        .iter()
        .map(|(file, _)| room_of(file).to_owned())
        .filter(|room| !known.contains(room.as_str()))
        .collect();
    assert!(unknown.is_empty(), "rooms that no rule is given for: {unknown:?}");
}

#[test]
fn clock_terminal_and_wire_stay_in_their_rooms() {
    let mut broken = Vec::new();
    for (file, text) in sources() {
        for (word, allowed) in ONLY_IN {
            if !allowed.iter().any(|place| file.starts_with(place)) && text.contains(word) {
                broken.push(format!("{file}: `{word}` belongs to {allowed:?}"));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn nobody_locks_the_state_or_gives_up() {
    let mut broken = Vec::new();
    for (file, text) in sources() {
        broken.extend(NOWHERE.iter().filter(|word| text.contains(**word)).map(|word| format!("{file}: `{word}`")));
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn what_a_user_a_file_or_a_server_said_panics_nowhere() {
    let mut broken = Vec::new();
    for (file, text) in
        sources().into_iter().filter(|(file, _)| file.starts_with("backend") || file.starts_with("config"))
    {
        for word in [".unwrap()", ".expect(", "panic!(", "unreachable!("] {
            if text.contains(word) {
                broken.push(format!("{file}: `{word}`"));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn a_file_can_be_read_in_one_sitting() {
    let long: Vec<String> = sources()
        .iter()
        .map(|(file, text)| (file, text.lines().count()))
        .filter(|(_, lines)| *lines > 520)
        .map(|(file, lines)| format!("{file}: {lines} lines; split it by noun"))
        .collect();
    assert!(long.is_empty(), "\n{}", long.join("\n"));
}
