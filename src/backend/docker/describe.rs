//! One object in words, or as the engine has it, with what is secret masked.

use serde_json::Value;

use crate::backend::mask;
use crate::domain::{Form, Kind, Ref, Text, words};

use super::api::{Api, escaped};
use super::belongs::full_name;
use super::convert::Scribe;
use super::failure::Failure;
use super::swarm;
use super::wire::Inspect;

/// Lines of a description at most.
const LONGEST: usize = 5000;

/// Describes an object; the error is for a person.
pub(super) async fn describe(api: &Api, key: &Ref, form: Form) -> Result<Vec<Text>, Text> {
    let fails = |failure: Failure| Text::from(format!("{} cannot be described: {failure}", key.local()));
    let mut answers = answers(api, key).await.map_err(fails)?;
    answers.iter_mut().for_each(mask::mask);
    if answers.is_empty() {
        return Err(Text::from(format!("{} is not there any more", key.local())));
    }
    let mut lines = Vec::new();
    for answer in &answers {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        match form {
            Form::Manifest => {
                let raw = serde_json::to_string_pretty(answer).unwrap_or_default();
                lines.extend(raw.lines().map(str::to_owned));
            }
            Form::Words if is_container(key.kind) => lines.extend(container(answer)),
            Form::Words => outline(answer, 0, &mut lines),
        }
    }
    Ok(lines.iter().take(LONGEST).map(|line| Text::new(line)).collect())
}

const fn is_container(kind: Kind) -> bool {
    matches!(kind, Kind::Container | Kind::ContainerInstance | Kind::ComposeService)
}

/// What the engine says of it: of a Compose service, of each of its containers.
async fn answers(api: &Api, key: &Ref) -> Result<Vec<Value>, Failure> {
    let one = |path: String| async move { Ok(vec![api.get(&path).await?]) };
    match key.kind {
        Kind::Container | Kind::ContainerInstance => one(format!("/containers/{}/json", escaped(&key.name))).await,
        Kind::Service => match one(format!("/services/{}", escaped(&full_name(key)))).await {
            // Its stack's label was not written by `docker stack`.
            Err(failure) if failure.is_gone() => one(format!("/services/{}", escaped(&key.name))).await,
            answer => answer,
        },
        Kind::ComposeService => compose(api, key).await,
        Kind::Task | Kind::Node => match swarm::find(api, key, false).await? {
            Some(path) => one(path).await,
            None if key.kind == Kind::Node => one("/info".to_owned()).await,
            None => Ok(Vec::new()),
        },
        Kind::Cluster => one("/info".to_owned()).await,
        _ => Ok(Vec::new()),
    }
}

async fn compose(api: &Api, key: &Ref) -> Result<Vec<Value>, Failure> {
    let project = key.namespace.as_deref().unwrap_or_default();
    let labels = [
        format!("com.docker.compose.project={project}"),
        format!("com.docker.compose.service={}", key.name),
        "com.docker.compose.oneoff=False".to_owned(),
    ];
    let filters = serde_json::json!({ "label": labels }).to_string();
    let listed: Vec<super::wire::Summary> =
        api.get(&format!("/containers/json?all=1&filters={}", escaped(&filters))).await?;
    let mut answers = Vec::new();
    for it in listed {
        match api.get(&format!("/containers/{}/json", escaped(&it.id))).await {
            Ok(answer) => answers.push(answer),
            Err(failure) if failure.is_gone() => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(answers)
}

/// A container, in the order in which a person looks: what it is, how it is, what it may use, what it is made of.
fn container(answer: &Value) -> Vec<String> {
    let Ok(it) = serde_json::from_value::<Inspect>(answer.clone()) else {
        let mut lines = Vec::new();
        outline(answer, 0, &mut lines);
        return lines;
    };
    // Interned names and hashes are dropped again; the conversion is the one that the panes show.
    let record = Scribe::new(crate::domain::ClusterId::new("it")).record(&it, None);
    let mut lines = Vec::new();
    let mut say = |name: &str, value: String| {
        if !value.is_empty() {
            lines.push(format!("{:<16}{value}", format!("{name}:")));
        }
    };
    let time = |at: Option<crate::domain::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    say("Name", it.name.trim_start_matches('/').to_owned());
    say("Id", it.id.clone());
    say("Image", it.config.image.clone());
    say("Command", record.part.spec.command.as_deref().unwrap_or_default().to_owned());
    say("Created", time(it.created));
    say("State", format!("{} (exit code {})", it.state.status, it.state.exit_code));
    say("Error", it.state.error.clone());
    say("Started", time(it.state.started_at));
    say("Finished", time(it.state.finished_at));
    say("OOM killed", if it.state.oom_killed { "yes".into() } else { String::new() });
    say("Restarts", it.restart_count.to_string());
    say("Restart policy", policy(&it));
    say("Stop timeout", record.part.stop_timeout_seconds.map(|s| format!("{s} s")).unwrap_or_default());
    say("Memory limit", record.limit_bytes.map_or("none".into(), words::bytes));
    say("CPU limit", record.part.spec.cpu_limit_millis.map_or("none".into(), |millis| format!("{millis} m")));
    say("Log driver", it.host_config.log_config.driver.clone());
    say("Network", it.host_config.network_mode.clone());
    for port in ports(answer) {
        say("Port", port);
    }
    for probe in &record.part.spec.probes {
        let every = format!("every {} s, {} failures in a row count", probe.period_seconds, probe.threshold);
        say("Health check", format!("{} ({every})", probe.what));
    }
    if let Some(health) = &it.state.health {
        say("Health", format!("{} (failing in a row: {})", health.status, health.failing_streak));
        for run in &health.log {
            say("", format!("{} exit {}: {}", time(run.end), run.exit_code, run.output.trim()));
        }
    }
    for mount in &it.mounts {
        let from = if mount.name.is_empty() { &mount.source } else { &mount.name };
        say("Mount", format!("{} <- {} {from}", mount.destination, mount.kind));
    }
    for (name, value) in &it.config.labels {
        say("Label", format!("{name}={value}"));
    }
    for entry in &it.config.env {
        say("Environment", entry.clone());
    }
    lines
}

fn policy(it: &Inspect) -> String {
    let policy = &it.host_config.restart_policy;
    match (policy.name.as_str(), policy.maximum_retry_count) {
        ("", _) => "no".to_owned(),
        (name, 0) => name.to_owned(),
        (name, most) => format!("{name}, at most {most} times"),
    }
}

fn ports(answer: &Value) -> Vec<String> {
    let ports = answer.pointer("/NetworkSettings/Ports").and_then(Value::as_object);
    let each = ports.into_iter().flatten().flat_map(|(inside, outside)| {
        let bindings = outside.as_array().map(Vec::as_slice).unwrap_or_default();
        bindings.iter().map(move |binding| {
            let part = |name: &str| binding.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            format!("{}:{} -> {inside}", part("HostIp"), part("HostPort"))
        })
    });
    each.collect()
}

/// Everything that is set, indented: what is empty is left out.
fn outline(value: &Value, depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let say = |name: &str, value: &Value, lines: &mut Vec<String>| match value {
        Value::Null => {}
        Value::String(text) if text.is_empty() => {}
        Value::Object(fields) if fields.is_empty() => {}
        Value::Array(items) if items.is_empty() => {}
        Value::Object(_) | Value::Array(_) => {
            lines.push(format!("{indent}{name}:"));
            outline(value, depth + 1, lines);
        }
        Value::String(text) => lines.push(format!("{indent}{name}: {text}")),
        Value::Bool(_) | Value::Number(_) => lines.push(format!("{indent}{name}: {value}")),
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| say(name, value, lines)),
        Value::Array(items) => items.iter().for_each(|value| say("-", value, lines)),
        _ => lines.push(format!("{indent}{value}")),
    }
}
