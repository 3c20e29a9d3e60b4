//! From the words of a file to settings.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use crate::diagnose::{Accept, Pattern, Settings};
use crate::domain::{Text, Timestamp};

use super::cluster::clusters;
use super::duration::parse_duration;
use super::endpoint;
use super::lists::lists;
use super::metrics;
use super::model::{Config, Key};
use super::problem::{Problem, Problems, near_match};
use super::reader::{Reader, Table, Value};

/// Says what is wrong with keys of commands.
pub type CheckKeys = fn(&[Key]) -> Vec<Problem>;

/// Words that a file may use and that other rooms define.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// Names of the rules.
    pub rules: Vec<&'static str>,
    /// Names of the themes, also of a person's own.
    pub themes: Vec<String>,
    /// How many colours may be asked for.
    pub colors: Vec<&'static str>,
    /// Names of the commands.
    pub commands: Vec<&'static str>,
    /// What is wrong with keys of commands, each with its line; nothing is where nobody looks.
    pub keys: Option<CheckKeys>,
    /// Names of the lists, and of the columns that each can have.
    pub lists: Vec<(String, Vec<&'static str>)>,
}

/// Reads a configuration from its text. `file` is named in problems, and relative paths start from its directory.
///
/// # Errors
/// Everything that is wrong with it, with lines.
pub fn parse(source: &str, file: &Path, words: &Words) -> Result<Config, Problems> {
    read(source, file, words).map(|(config, _)| config)
}

/// As [`parse`]; also says every key that there is (of the tables that occur).
pub(super) fn read(source: &str, file: &Path, words: &Words) -> Result<(Config, BTreeSet<String>), Problems> {
    let root = DeTable::parse(source).map_err(|error| {
        let what = error.message().trim().replace('\n', ", ");
        let problem = match error.span() {
            Some(span) => Problem::at(source, &span, what).expected("TOML"),
            None => Problem::of_file(what, "TOML"),
        };
        Problems::of(file, vec![problem])
    })?;
    let mut reader = Reader::new(source);
    let base = file.parent().unwrap_or(Path::new("")).to_owned();
    let config = config(&mut reader, Table::root(&root), &base, words);
    let (problems, asked) = reader.end();
    match problems.is_empty() {
        true => Ok((config, asked)),
        false => Err(Problems::of(file, problems)),
    }
}

fn config(reader: &mut Reader<'_>, mut root: Table<'_, '_>, base: &Path, words: &Words) -> Config {
    let mut config = Config::default();
    if let Some(value) = root.take(reader, "cluster") {
        config.clusters = clusters(reader, &value, base);
    }
    if let Some(value) = root.take(reader, "metrics") {
        config.metrics = metrics::places(reader, &value, base);
    }
    if let Some(value) = root.take(reader, "queue") {
        config.queues = metrics::queues(reader, &value);
    }
    if let Some(value) = root.take(reader, "endpoint") {
        config.endpoints = endpoint::endpoints(reader, &value, base);
    }
    if let Some(value) = root.take(reader, "read_only") {
        config.read_only = reader.boolean(&value).unwrap_or_default();
    }
    if let Some(value) = root.take(reader, "protected") {
        config.protected = reader.some_texts(&value, PATTERN).iter().map(|raw| Pattern::new(raw)).collect();
    }
    if let Some(value) = root.take(reader, "state_dir") {
        config.state_dir = path(reader, &value, base);
    }
    if let Some(value) = root.take(reader, "require_journal") {
        config.require_journal = reader.boolean(&value).unwrap_or_default();
    }
    if let Some(value) = root.take(reader, "max_instances") {
        let most = reader.integer(&value, 0..=1_000_000).and_then(|n| u32::try_from(n).ok());
        config.max_instances = most.map_or(config.max_instances, |n| (n > 0).then_some(n));
    }
    if let Some(value) = root.take(reader, "ask_reason") {
        config.ask_reason = reader.boolean(&value).unwrap_or_default();
    }
    if let Some(value) = root.take(reader, "debug_image") {
        match reader.text(&value, IMAGE) {
            Some(image) if image.contains(char::is_whitespace) => reader.bad(&value, IMAGE),
            Some(image) => config.debug_image = Text::new(image),
            None => {}
        }
    }
    if let Some(value) = root.take(reader, "theme") {
        let names: Vec<&str> = words.themes.iter().map(String::as_str).collect();
        config.theme = reader.word(&value, &names).map_or(config.theme, Text::new);
    }
    if let Some(value) = root.take(reader, "colors") {
        config.colors = reader.word_or_number(&value, &words.colors).map_or(config.colors, Text::new);
    }
    if let Some(value) = root.take(reader, "ascii") {
        config.ascii = reader.word_or_flag(&value);
    }
    if let Some(value) = root.take(reader, "mouse") {
        config.mouse = reader.boolean(&value).unwrap_or_default();
    }
    if let Some(value) = root.take(reader, "utc") {
        config.utc = reader.boolean(&value).unwrap_or(true);
    }
    if let Some(value) = root.take(reader, "log_file") {
        config.log_file = path(reader, &value, base);
    }
    let value = root.take(reader, "journal");
    if let Some(mut table) = value.and_then(|value| reader.table(&value, "journal")) {
        if let Some(value) = table.take(reader, "mirror") {
            config.mirror_to_syslog = reader.word(&value, &["none", "syslog"]) == Some("syslog");
        }
        if let Some(value) = table.take(reader, "kubernetes_events") {
            config.kubernetes_events = reader.boolean(&value).unwrap_or_default();
        }
        table.end(reader);
    }
    let value = root.take(reader, "thresholds");
    if let Some(table) = value.and_then(|value| reader.table(&value, "thresholds")) {
        thresholds(reader, table, &mut config.diagnosis);
    }
    if let Some(value) = root.take(reader, "importance") {
        let tables = reader.tables(&value, "importance");
        config.diagnosis.importance = tables.into_iter().filter_map(|table| importance(reader, table)).collect();
    }
    if let Some(value) = root.take(reader, "owner") {
        let tables = reader.tables(&value, "owner");
        config.diagnosis.owners = tables.into_iter().filter_map(|table| owner(reader, table)).collect();
    }
    if let Some(value) = root.take(reader, "accept") {
        let tables = reader.tables(&value, "accept");
        config.diagnosis.accepts = tables.into_iter().filter_map(|table| accept(reader, table, words)).collect();
    }
    let value = root.take(reader, "keys");
    if let Some(table) = value.and_then(|value| reader.table(&value, "keys")) {
        config.keys = keys(reader, table, words);
    }
    let value = root.take(reader, "lists");
    if let Some(table) = value.and_then(|value| reader.table(&value, "lists")) {
        config.lists = lists(reader, table, words);
    }
    root.end(reader);
    config
}

const PATTERN: &str = "a pattern over cluster/namespace/name, such as \"prod/*\"";
const IMAGE: &str = "an image, such as \"busybox:1.37\"";

fn thresholds(reader: &mut Reader<'_>, mut table: Table<'_, '_>, settings: &mut Settings) {
    let percent = |reader: &mut Reader<'_>, value: Option<Value<'_, '_>>| {
        value.and_then(|value| reader.integer(&value, 1..=100)).and_then(|n| u8::try_from(n).ok())
    };
    let value = table.take(reader, "memory_percent");
    settings.memory_percent = percent(reader, value).unwrap_or(settings.memory_percent);
    let value = table.take(reader, "disk_percent");
    settings.disk_percent = percent(reader, value).unwrap_or(settings.disk_percent);
    if let Some(value) = table.take(reader, "crash_loop_restarts") {
        let restarts = reader.integer(&value, 1..=1000).and_then(|n| u32::try_from(n).ok());
        settings.crash_loop_restarts = restarts.unwrap_or(settings.crash_loop_restarts);
    }
    if let Some(value) = table.take(reader, "pull_stall") {
        settings.pull_stall_seconds = seconds(reader, &value).unwrap_or(settings.pull_stall_seconds);
    }
    table.end(reader);
}

fn seconds(reader: &mut Reader<'_>, value: &Value<'_, '_>) -> Option<i64> {
    const EXPECTED: &str = "a duration such as \"90s\" or \"5m\"";
    let parsed = parse_duration(reader.text(value, EXPECTED)?).ok().and_then(|it| i64::try_from(it.as_secs()).ok());
    if parsed.is_none_or(|seconds| seconds == 0) {
        reader.bad(value, EXPECTED);
        return None;
    }
    parsed
}

fn importance(reader: &mut Reader<'_>, mut table: Table<'_, '_>) -> Option<(Pattern, i32)> {
    let target = pattern(reader, &mut table);
    let value = table.need(reader, "value", "a whole number; 50 is usual, higher stands above");
    let value = value.and_then(|value| reader.integer(&value, -1000..=1000)).and_then(|n| i32::try_from(n).ok());
    table.end(reader);
    Some((target?, value?))
}

fn owner(reader: &mut Reader<'_>, mut table: Table<'_, '_>) -> Option<(Pattern, Text)> {
    let target = pattern(reader, &mut table);
    let name = table.need(reader, "name", "who it is").and_then(|value| reader.text(&value, "who it is"));
    table.end(reader);
    Some((target?, Text::new(name?)))
}

fn accept(reader: &mut Reader<'_>, mut table: Table<'_, '_>, words: &Words) -> Option<Accept> {
    let ruled = table.take(reader, "rule");
    let rule = ruled.as_ref().and_then(|value| reader.word(value, &words.rules)).map(Text::new);
    let target = pattern(reader, &mut table);
    let reason = table.need(reader, "reason", "why, in words").and_then(|value| reader.text(&value, "why, in words"));
    let dated = table.take(reader, "until");
    let until = dated.as_ref().and_then(|value| moment(reader, value));
    table.end(reader);
    if (ruled.is_some() && rule.is_none()) || (dated.is_some() && until.is_none()) {
        return None;
    }
    Some(Accept { rule, target: target?, reason: Text::new(reason?), until })
}

fn pattern(reader: &mut Reader<'_>, table: &mut Table<'_, '_>) -> Option<Pattern> {
    let value = table.need(reader, "target", PATTERN)?;
    reader.text(&value, PATTERN).map(Pattern::new)
}

/// A moment, or a day: then it ends with that day, UTC.
fn moment(reader: &mut Reader<'_>, value: &Value<'_, '_>) -> Option<Timestamp> {
    const EXPECTED: &str = "a day such as 2027-01-31, or a moment such as 2027-01-31T18:00:00Z";
    let raw = reader.moment(value, EXPECTED)?;
    let day = |raw: &str| {
        let next = raw.parse::<jiff::civil::Date>().ok()?.tomorrow().ok()?;
        jiff::tz::TimeZone::UTC.to_timestamp(next.at(0, 0, 0, 0)).ok()
    };
    let is_day = !raw.contains(['T', 't', ' ']);
    let parsed = if is_day { day(&raw) } else { raw.parse().ok() };
    if parsed.is_none() {
        reader.bad(value, EXPECTED);
    }
    parsed
}

fn keys(reader: &mut Reader<'_>, mut table: Table<'_, '_>, words: &Words) -> Vec<Key> {
    let mut keys = Vec::new();
    for (command, span, value) in table.entries() {
        if !words.commands.contains(&command) {
            let what = format!("`keys.{}`: there is no such command", crate::domain::sanitise(command));
            reader.problem(&span, what).expected = Some("a command's name, as in docs/keys.md".to_owned());
            reader.suggest(near_match(command, words.commands.iter().copied()));
            continue;
        }
        let line = reader.line_of(&span);
        let bound = reader.some_texts(&value, "a key such as \"ctrl-k\", or a list of them");
        keys.push(Key { command: command.to_owned(), keys: bound, line });
    }
    keys.sort_by_key(|key| key.line);
    reader.add(words.keys.map(|check| check(&keys)).unwrap_or_default());
    keys
}

/// A path: `~/` is the home directory, a relative one starts from the file's own directory.
pub(super) fn path(reader: &mut Reader<'_>, value: &Value<'_, '_>, base: &Path) -> Option<PathBuf> {
    let raw = reader.text(value, "a path")?;
    let home = || directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
    match raw.strip_prefix("~/").and_then(|rest| Some(home()?.join(rest))) {
        Some(path) => Some(path),
        None => Some(base.join(raw)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::config::{Way, load};
    use crate::domain::{BackendKind, ClusterId};

    fn root() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
    }

    fn words() -> Words {
        Words {
            rules: vec!["oom-killed", "crash-loop"],
            themes: ["auto", "dark", "light"].map(String::from).to_vec(),
            colors: vec!["auto", "mono", "16", "256", "true"],
            commands: crate::app::TABLE.iter().map(|command| command.id).collect(),
            keys: Some(crate::cli::key_problems),
            lists: vec![("pods".to_owned(), vec!["where", "name", "ready", "state", "age", "node"])],
        }
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
        let words = words();
        let full = full_example();
        let (config, asked) = read(&full, Path::new("/etc/config.toml"), &words).expect("the example is valid");
        assert_eq!((config.clusters.len(), config.diagnosis.accepts.len(), config.keys.len()), (5, 1, 1));
        assert_eq!(config.lists[0].columns, ["where", "name", "state", "age", "node"]);
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
        let config =
            parse("log_file = \"cockpit.log\"", Path::new("/etc/cockpit/config.toml"), &words()).expect("valid");
        assert_eq!(config.log_file, Some(PathBuf::from("/etc/cockpit/cockpit.log")));
    }

    #[test]
    fn a_cluster_is_read_whole() {
        let config = parse(&full_example(), Path::new("/etc/config.toml"), &words()).expect("valid");
        let swarm = &config.clusters[0];
        assert_eq!(swarm.name, ClusterId::new("swarm"));
        assert_eq!(swarm.way, Way::Host("tcp://10.0.0.5:2376".to_owned()));
        assert!(swarm.protected && !swarm.read_only);
        assert_eq!(config.clusters[1].way, Way::Context("edge".to_owned()));
        let prod = &config.clusters[2];
        let Way::Kubeconfig { file: Some(file), context: Some(context) } = &prod.way else { panic!("{:?}", prod.way) };
        assert!(file.ends_with(".kube/prod") && context == "ops@prod");
        assert_eq!(
            (prod.backend, prod.namespaces.as_slice()),
            (BackendKind::Kubernetes, ["shop", "batch"].map(String::from).as_slice())
        );
        assert_eq!(config.clusters[3].way, Way::InCluster);
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
}
