//! How a version of a job differs from the one before, of one of its groups: by what the server compares itself
//! (`/v1/job/:id/versions?diffs=true`; nomad: api/jobs.go, `JobDiff`). Of environments, templates and whatever else may be secret it is told
//! that they differ, and never what they are.

use serde::Deserialize;

use crate::domain::{Change, Difference, How, Name, Text};

use super::scribe::at;
use super::wire::nullable;

/// Differences that are told at most.
const MOST: usize = 40;
/// Length of a value at most, characters.
const LENGTH: usize = 120;
/// Fields whose values are shown: what they may hold is known, and nothing of it is secret.
const PLAIN: &[&str] = &[
    "Attempts",
    "AutoPromote",
    "AutoRevert",
    "Canary",
    "Cores",
    "Count",
    "CPU",
    "Cron",
    "DelayFunction",
    "Destination",
    "DiskMB",
    "Driver",
    "Enabled",
    "HealthCheck",
    "Hook",
    "image",
    "Label",
    "LTarget",
    "MaxParallel",
    "MemoryMB",
    "MemoryMaxMB",
    "Method",
    "Migrate",
    "Mode",
    "Name",
    "NodePool",
    "Operand",
    "Path",
    "PortLabel",
    "Priority",
    "ProhibitOverlap",
    "Protocol",
    "Provider",
    "ReadOnly",
    "RTarget",
    "Sidecar",
    "SizeMB",
    "Source",
    "Spec",
    "Sticky",
    "TimeZone",
    "To",
    "Type",
    "Unlimited",
    "User",
    "Value",
    "Weight",
];
/// Fields that hold nanoseconds.
const SPANS: &[&str] = &[
    "Delay",
    "Grace",
    "HealthyDeadline",
    "Interval",
    "KillTimeout",
    "MaxDelay",
    "MinHealthyTime",
    "ProgressDeadline",
    "ShutdownDelay",
    "Stagger",
    "Timeout",
];

/// Versions of a job that are kept, the newest first, and between each and the one before it what differs.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Versions {
    #[serde(deserialize_with = "nullable")]
    versions: Vec<Version>,
    #[serde(deserialize_with = "nullable")]
    diffs: Vec<Option<JobDiff>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Version {
    version: u64,
    submit_time: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct JobDiff {
    #[serde(deserialize_with = "nullable")]
    fields: Vec<Field>,
    #[serde(deserialize_with = "nullable")]
    objects: Vec<Part>,
    #[serde(deserialize_with = "nullable")]
    task_groups: Vec<Part>,
}

/// A group, a task, or anything in them.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Part {
    #[serde(rename = "Type")]
    how: String,
    name: String,
    #[serde(deserialize_with = "nullable")]
    fields: Vec<Field>,
    #[serde(deserialize_with = "nullable")]
    objects: Vec<Part>,
    #[serde(deserialize_with = "nullable")]
    tasks: Vec<Part>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Field {
    /// `Added`, `Deleted`, `Edited`, `None`.
    #[serde(rename = "Type")]
    how: String,
    name: String,
    old: String,
    new: String,
}

/// What stands first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Task,
    Image,
    Environment,
    Command,
    Resources,
    Rest,
}

impl Versions {
    /// How a version differs from the one before it, of a group; none where either is not kept any more.
    pub(super) fn change(&self, revision: &str, group: &str) -> Result<Change, Text> {
        let place = self.versions.iter().position(|it| it.version.to_string() == revision);
        let place = place.ok_or_else(|| Text::from(format!("version {revision} is not kept any more")))?;
        let (Some(before), now) = (self.versions.get(place + 1), &self.versions[place]) else {
            let why =
                if revision == "0" { "it is the first version" } else { "the version before it is not kept any more" };
            return Err(Text::new(why));
        };
        let diff = self.diffs.get(place).and_then(Option::as_ref);
        let diff = diff.ok_or_else(|| Text::new("the server does not say what differs"))?;
        Ok(Change {
            from: Name::from(before.version.to_string()),
            to: Name::from(now.version.to_string()),
            at: at(now.submit_time),
            by: None,
            differences: diff.of_group(group),
        })
    }
}

impl JobDiff {
    /// What differs of a group and of its job.
    pub(super) fn of_group(&self, group: &str) -> Vec<Difference> {
        let mut found = Found(Vec::new());
        for it in self.task_groups.iter().filter(|it| it.name == group && it.how != "None") {
            // What a group's only task has is the group's.
            let alone = it.tasks.len() <= 1;
            for task in it.tasks.iter().filter(|task| task.how != "None") {
                found.task(task, alone);
            }
            found.fields("", &it.fields);
            it.objects.iter().for_each(|object| found.object("", object));
        }
        found.fields("", &self.fields);
        self.objects.iter().for_each(|object| found.object("", object));
        found.told()
    }
}

struct Found(Vec<(Weight, Difference)>);

impl Found {
    fn say(&mut self, weight: Weight, what: String, how: How) {
        let what = Text::from(what);
        // Each argument is a field of its own, and none is shown.
        if !self.0.iter().any(|(_, known)| known.what == what) {
            self.0.push((weight, Difference { what, how }));
        }
    }

    fn told(mut self) -> Vec<Difference> {
        self.0.sort_by_key(|(weight, _)| *weight);
        let more = self.0.len().saturating_sub(MOST);
        let mut told: Vec<Difference> = self.0.into_iter().take(MOST).map(|(_, difference)| difference).collect();
        told.extend(
            (more > 0).then(|| Difference { what: Text::from(format!("{more} more")), how: How::Changed(None) }),
        );
        told
    }

    fn task(&mut self, task: &Part, alone: bool) {
        let driver = task.fields.iter().find(|field| field.name == "Driver");
        match task.how.as_str() {
            "Added" => {
                let driver = driver.map(|field| Text::new(&field.new));
                return self.say(Weight::Task, format!("task {}", task.name), How::Added(driver));
            }
            "Deleted" => {
                let driver = driver.map(|field| Text::new(&field.old));
                return self.say(Weight::Task, format!("task {}", task.name), How::Removed(driver));
            }
            _ => {}
        }
        let of = if alone { String::new() } else { format!("{} ", task.name) };
        self.fields(&of, &task.fields);
        for object in &task.objects {
            match object.name.as_str() {
                // What drivers are told, by their own words.
                "Config" => object.fields.iter().for_each(|field| self.config(&of, field)),
                "Resources" => self.fields(&of, &object.fields),
                _ => self.object(&of, object),
            }
        }
    }

    fn config(&mut self, of: &str, field: &Field) {
        let name = field.name.split('[').next().unwrap_or_default();
        let weight = match name {
            "image" => Weight::Image,
            _ => Weight::Command,
        };
        self.field(weight, format!("{of}{name}"), name, field);
    }

    fn fields(&mut self, of: &str, fields: &[Field]) {
        for field in fields {
            let inner =
                |outer: &str| Some(field.name.strip_prefix(outer)?.strip_prefix('[')?.strip_suffix(']')?.to_owned());
            match (inner("Env"), inner("Meta")) {
                (Some(name), _) => self.field(Weight::Environment, format!("{of}env {name}"), "", field),
                (_, Some(name)) => self.field(Weight::Rest, format!("{of}meta {name}"), "", field),
                _ => {
                    let name = field.name.split('[').next().unwrap_or_default();
                    let weight = match name {
                        "CPU" | "Cores" | "MemoryMB" | "MemoryMaxMB" | "Count" => Weight::Resources,
                        _ => Weight::Rest,
                    };
                    self.field(weight, format!("{of}{}", words(name)), name, field);
                }
            }
        }
    }

    fn object(&mut self, of: &str, object: &Part) {
        let what = format!("{of}{}", words(&object.name));
        match object.how.as_str() {
            "None" => {}
            "Added" => self.say(Weight::Rest, what, How::Added(constraint(object, |field| &field.new))),
            "Deleted" => self.say(Weight::Rest, what, How::Removed(constraint(object, |field| &field.old))),
            _ => {
                let of = format!("{what} ");
                self.fields(&of, &object.fields);
                object.objects.iter().for_each(|inner| self.object(&of, inner));
            }
        }
    }

    fn field(&mut self, weight: Weight, what: String, name: &str, field: &Field) {
        let (old, new) = (shown(name, &field.old), shown(name, &field.new));
        let how = match field.how.as_str() {
            "Added" => How::Added(new),
            "Deleted" => How::Removed(old),
            "Edited" => How::Changed(old.zip(new)),
            _ => return,
        };
        self.say(weight, what, how);
    }
}

/// `${attr.kernel.name} = linux`, of what has such.
fn constraint<'a>(object: &'a Part, side: impl Fn(&'a Field) -> &'a String) -> Option<Text> {
    let of = |name: &str| object.fields.iter().find(|field| field.name == name).map(&side).filter(|it| !it.is_empty());
    let (left, operand) = (of("LTarget")?, of("Operand")?);
    Some(Text::from(format!("{left} {operand} {}", of("RTarget").map_or("", String::as_str)).trim_end().to_owned()))
}

/// A value, where it may be shown.
fn shown(name: &str, raw: &str) -> Option<Text> {
    if SPANS.contains(&name) {
        let nanos: i64 = raw.parse().ok()?;
        let millis = nanos / 1_000_000;
        return Some(Text::from(if millis % 1000 == 0 {
            format!("{} s", millis / 1000)
        } else {
            format!("{millis} ms")
        }));
    }
    if raw.is_empty() || !PLAIN.contains(&name) || name == "Path" && raw.contains('?') {
        return None;
    }
    let cut: String = raw.chars().take(LENGTH).collect();
    Some(Text::from(match name {
        "CPU" => format!("{cut} MHz"),
        "MemoryMB" | "MemoryMaxMB" | "DiskMB" | "SizeMB" => format!("{cut} MiB"),
        _ => cut,
    }))
}

/// `MaxParallel` as people say it: `max parallel`.
fn words(name: &str) -> String {
    match name {
        "CPU" => return "cpu".to_owned(),
        "MemoryMB" => return "memory".to_owned(),
        "MemoryMaxMB" => return "memory at most".to_owned(),
        "DiskMB" | "SizeMB" => return "disk".to_owned(),
        "EmbeddedTmpl" => return "text".to_owned(),
        "LTarget" | "RTarget" => return "target".to_owned(),
        _ => {}
    }
    let mut said = String::new();
    let mut before_lower = false;
    for letter in name.chars() {
        if letter.is_uppercase() && before_lower {
            said.push(' ');
        }
        before_lower = letter.is_lowercase();
        said.extend(letter.to_lowercase());
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded() -> Versions {
        let raw = include_str!("../../../tests/wire/nomad/v1.11/versions.json");
        serde_json::from_str(raw).expect("a recording")
    }

    #[test]
    fn what_a_server_compares_is_told_without_what_may_be_secret() {
        let change = recorded().change("1", "ledger").expect("both are kept");
        let said: Vec<String> = change.differences.iter().map(Difference::in_words).collect();
        assert_eq!(
            said,
            [
                "task side added: mock_driver",
                "main image shop/ledger:1.4 → shop/ledger:1.5",
                "main env DB_URL changed",
                "main env NEW added",
                "main env OLD removed",
                "main args changed",
                "main memory 16 MiB → 32 MiB",
                "count 1 → 2",
                "main template text changed",
                "constraint added: ${attr.kernel.name} = linux",
                "service check path /shop/ledger:1.4 → /shop/ledger:1.5",
                "meta git changed",
                "priority 51 → 52",
            ]
        );
        let all = said.join(" ");
        for secret in ["postgres", "s3cret", "key = "] {
            assert!(!all.contains(secret), "{secret}: {all}");
        }
        assert_eq!((change.from.as_str(), change.to.as_str(), change.at.is_some()), ("0", "1", true));
    }

    #[test]
    fn of_another_group_only_what_is_the_jobs_own_is_told() {
        let change = recorded().change("1", "cache").expect("both are kept");
        let said: Vec<String> = change.differences.iter().map(Difference::in_words).collect();
        assert_eq!(said, ["meta git changed", "priority 51 → 52"]);
    }

    #[test]
    fn what_is_not_kept_is_said() {
        let first = recorded().change("0", "ledger").expect_err("nothing is before it");
        assert!(first.contains("first version"), "{first}");
        assert!(recorded().change("7", "ledger").is_err_and(|why| why.contains("not kept")));
        assert_eq!(
            (shown("Interval", "10000000000"), shown("Timeout", "1500000000")),
            (Some("10 s".into()), Some("1500 ms".into()))
        );
    }
}
