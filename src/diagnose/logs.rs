//! The line of a log that says why, and the names in it.

use crate::domain::words::shorten;
use crate::domain::{Answer, Container, ContainerState, Instance, Kind, Level, Name, Record, Ref, Text, Want};

use super::scene::Scene;

/// Longest piece of somebody else's words in a summary, characters.
const QUOTED: usize = 120;
/// Words that mark the line that says why.
const TELLING: [&str; 16] = [
    "error",
    "fatal",
    "panic",
    "exception",
    "refused",
    "denied",
    "cannot",
    "can't",
    "could not",
    "failed",
    "no such",
    "not found",
    "timeout",
    "timed out",
    "unable",
    "too many",
];
/// What is dragged along by a host name: kinds that answer to one.
const NAMED: [Kind; 7] = [
    Kind::ComposeService,
    Kind::Service,
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::TaskGroup,
    Kind::Container,
];

/// What would show why a container's last run ended.
pub fn tail_of(instance: &Instance, container: &Container) -> Want {
    Want::LogTail {
        instance: instance.key.clone(),
        container: Some(container.name.clone()),
        // What is put in the place of a task that ended has said nothing of that end.
        previous: match container.state {
            ContainerState::Running { .. } => true,
            ContainerState::Waiting { .. } => instance.key.kind == Kind::Task,
            ContainerState::Ended(_) => false,
        },
        run: run_of(instance, container, container.restarts),
    }
}

/// What shows the last lines that a container wrote: of the run that goes on, else of its last.
pub fn newest_lines(instance: &Instance, container: &Container) -> Want {
    if !matches!(container.state, ContainerState::Running { .. }) {
        return tail_of(instance, container);
    }
    Want::LogTail {
        instance: instance.key.clone(),
        container: Some(container.name.clone()),
        previous: false,
        run: run_of(instance, container, container.restarts),
    }
}

/// The last lines of its last run, or of one shortly before it while those of the last are still on their way.
pub fn answered<'a>(scene: &Scene<'a>, instance: &Instance, container: &Container) -> Option<&'a [Text]> {
    if instance.key.kind == Kind::Task {
        return of_task(scene, instance, container);
    }
    (0..3).find_map(|back| {
        let run = run_of(instance, container, container.restarts.checked_sub(back)?);
        [false, true].into_iter().find_map(|previous| {
            let (instance, container) = (instance.key.clone(), Some(container.name.clone()));
            match scene.view.answer(&Want::LogTail { instance, container, previous, run: run.clone() }) {
                Some(Answer::Lines(lines)) if !lines.is_empty() => Some(lines.as_slice()),
                _ => None,
            }
        })
    })
}

/// A task has one run; the next in its slot has its name.
fn of_task<'a>(scene: &Scene<'a>, instance: &Instance, container: &Container) -> Option<&'a [Text]> {
    let answer = scene.view.answer(&tail_of(instance, container));
    let answer = answer.or_else(|| scene.view.last_tail(&instance.key, &container.name));
    match answer {
        Some(Answer::Lines(lines)) if !lines.is_empty() => Some(lines.as_slice()),
        _ => None,
    }
}

fn run_of(instance: &Instance, container: &Container, restarts: u32) -> Name {
    if let (Kind::Task, Some(ended)) = (instance.key.kind, container.exit().and_then(|exit| exit.ended)) {
        return Name::new(&format!("{}:{ended}", container.name));
    }
    Name::new(&format!("{}:{}:{restarts}", instance.uid, container.name))
}

/// The line that says why: the last one that speaks of an error, else the last one that says anything.
pub fn telling(lines: &[Text]) -> Option<&Text> {
    let said = |line: &&Text| line.chars().any(char::is_alphanumeric);
    let tells = |line: &&Text| match Record::read(line) {
        // Its fields may be called `error` though nothing is wrong.
        Some(it) => it.level >= Some(Level::Error) || speaks_of_an_error(&it.message),
        None => speaks_of_an_error(line),
    };
    lines.iter().rev().filter(said).take(25).find(tells).or_else(|| lines.iter().rev().find(said))
}

fn speaks_of_an_error(line: &str) -> bool {
    let line = line.to_lowercase();
    TELLING.iter().any(|word| line.contains(word)) && !line.starts_with("at ") && !line.starts_with("    at ")
}

/// The last lines, at most five, without one that only repeats the one before.
pub fn last_words<'a>(scene: &Scene<'a>, instance: &Instance, container: &Container) -> Vec<&'a Text> {
    let mut lines: Vec<&Text> = answered(scene, instance, container).unwrap_or_default().iter().collect();
    lines.dedup();
    lines.split_off(lines.len().saturating_sub(5))
}

/// An engine's words without the names of its own layers (moby, containerd, runc): what it was that failed.
pub fn unwrapped(words: &str) -> &str {
    let wrappers =
        ["Error response from daemon: ", "OCI runtime create failed: ", "unable to start container process: "];
    let from = wrappers.iter().filter_map(|it| Some(words.rfind(it)? + it.len())).max().unwrap_or(0);
    words[from..].trim_end_matches(": unknown")
}

/// Somebody else's words, short enough for a summary; of a logger's record what it says.
pub fn quote(words: &str) -> String {
    let record = Record::read(words).map(|it| it.in_short()).filter(|short| !short.is_empty());
    shorten(record.as_deref().unwrap_or(words).trim(), QUOTED)
}

/// Workloads of the cluster whose names stand in words that say that something could not be reached.
pub fn named_in(scene: &Scene<'_>, words: &str) -> Vec<Ref> {
    let lower = words.to_lowercase();
    const UNREACHED: [&str; 14] = [
        "connection refused",
        "econnrefused",
        "no such host",
        "enotfound",
        "eai_again",
        "name or service not known",
        "name resolution",
        "could not translate host name",
        "unknown host",
        "unknownhostexception",
        "could not connect",
        "can't connect",
        "connection reset",
        "too many connections",
    ];
    if !UNREACHED.iter().any(|sign| lower.contains(sign)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for host in lower.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))) {
        if let Some(key) = workload_named(scene, host).filter(|key| key != scene.key && !found.contains(key)) {
            found.push(key);
        }
    }
    found
}

/// The workload that a host name means: in the own namespace, or in the one that it names.
fn workload_named(scene: &Scene<'_>, host: &str) -> Option<Ref> {
    let mut labels = host.trim_matches('.').split('.');
    let name = labels.next().filter(|name| name.len() > 1 && name.chars().any(char::is_alphabetic))?;
    let own = scene.key.namespace.clone();
    let mut places: Vec<(Option<Name>, &str)> = vec![(own.clone(), name)];
    if let Some(namespace) = labels.next() {
        places.push((Some(Name::new(namespace)), name));
    }
    // Swarm: a service of a stack is called `stack_service`, and inside the stack `service`.
    let in_stack = own.as_ref().map(|stack| format!("{stack}_{name}"));
    if let Some(in_stack) = &in_stack {
        places.push((own.clone(), in_stack));
    }
    if let Some((stack, _)) = name.split_once('_') {
        places.push((Some(Name::new(stack)), name));
    }
    if own.is_some() {
        places.push((None, name));
    }
    places.iter().find_map(|(namespace, name)| {
        NAMED.iter().find_map(|kind| {
            let key = Ref::new(scene.cluster(), *kind, namespace.clone(), *name);
            scene.view.workload(&key).map(|it| it.key.clone())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(lines: &[&str]) -> Option<String> {
        let lines: Vec<Text> = lines.iter().map(|line| Text::new(line)).collect();
        telling(&lines).map(ToString::to_string)
    }

    #[test]
    fn the_line_that_says_why_is_the_last_that_speaks_of_an_error() {
        assert_eq!(
            line(&["started", "Error: no DB_URL", "    at main.js:3", "bye"]).as_deref(),
            Some("Error: no DB_URL")
        );
        assert_eq!(line(&["one", "two", "---"]).as_deref(), Some("two"));
        assert_eq!(line(&["", "  "]), None);
        let (bad, fine) = (r#"{"level":"error","msg":"over"}"#, r#"{"level":"info","msg":"bye","error":null}"#);
        assert_eq!(line(&[bad, fine]).as_deref(), Some(bad), "a field's name is no error");
    }

    #[test]
    fn somebody_elses_words_are_short() {
        assert_eq!(quote(&"x".repeat(500)).chars().count(), QUOTED);
        assert_eq!(quote("  plain "), "plain");
        assert_eq!(quote(r#"{"level":"error","msg":"cannot write","error":"disk full"}"#), "cannot write: disk full");
        assert_eq!(quote(r#"{"exit":1}"#), r#"{"exit":1}"#);
    }
}
