//! What a person asks of one thing: its output, its description, its manifest.

use futures::StreamExt;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::backend::escape::escaped;
use crate::backend::mask::{self, MASK};
use crate::backend::output::Out;
use crate::domain::{Form, Kind, LogLine, LogRequest, LogStream, Name, Ref, Text};

use super::Nomad;
use super::api::Api;
use super::failure::Failure;
use super::find;
use super::wire::Allocation;

/// Lines of a description at most.
const LONGEST: usize = 5000;
/// Allocations that are followed at once.
const MOST: usize = 20;
/// A line is taken to be so long: files are read from so far before their end.
const LINE: u64 = 160;
/// A line that is longer is given in parts.
const WIDEST: usize = 64 << 10;

impl Nomad {
    /// Follows the output of an allocation, or of all that run of a group.
    pub(super) async fn read_logs(&self, request: LogRequest) -> Result<LogStream, Text> {
        let said = |failure: Failure| Text::from(format!("{}: {failure}", request.instance.local()));
        let api = self.api().map_err(said)?;
        let mut all = allocations(&api, &request.instance).await.map_err(said)?;
        if request.previous {
            all = before(&api, &all).await.map_err(said)?;
        }
        if all.is_empty() {
            return Err(Text::from(format!(
                "{} has written nothing: nothing of it was placed",
                request.instance.local()
            )));
        }
        let (out, lines) = Out::new();
        let many = request.instance.kind != Kind::Allocation;
        let mut tasks = JoinSet::new();
        for it in all.into_iter().take(MOST) {
            let out = if many { out.named(Name::new(super::scribe::short(&it.id))) } else { out.clone() };
            for stderr in [false, true] {
                let (api, out, request, it) = (api.clone(), out.clone(), request.clone(), it.clone());
                tasks.spawn(async move { pour(&api, &out, &request, &it, stderr).await });
            }
        }
        Ok(lines.with(tasks))
    }

    /// One thing as its server has it, what is secret masked.
    pub(super) async fn read_description(&self, key: Ref, form: Form) -> Result<Vec<Text>, Text> {
        let said = |failure: Failure| Text::from(format!("{} cannot be described: {failure}", key.local()));
        let api = self.api().map_err(said)?;
        let Some(mut answer) = answer(&api, &key).await.map_err(said)? else {
            return Err(Text::from(format!("{} is not there any more", key.local())));
        };
        conceal(&mut answer);
        let raw = match form {
            Form::Manifest => serde_json::to_string_pretty(&answer).unwrap_or_default(),
            Form::Words => outlined(&answer),
        };
        Ok(raw.lines().take(LONGEST).map(Text::new).collect())
    }
}

/// What a server says of a thing.
async fn answer(api: &Api, key: &Ref) -> Result<Option<Value>, Failure> {
    let namespace = [("namespace", find::namespace(key))];
    let path = match key.kind {
        Kind::Allocation => match find::allocation(api, key).await? {
            Some(it) => format!("/v1/allocation/{}", escaped(&it.id)),
            None => return Ok(None),
        },
        Kind::Node => match find::client(api, key).await? {
            Some(node) => format!("/v1/node/{}", escaped(&node.id)),
            None => return Ok(None),
        },
        Kind::Cluster => "/v1/operator/autopilot/health".to_owned(),
        _ => return Ok(find::job(api, key).await?.map(|found| found.raw)),
    };
    let asked = match key.kind {
        // Servers one of which is not well say so as 429, with all the same in it.
        Kind::Cluster => api.judged::<Value>(&path, 429).await,
        _ => api.get::<Value>(&path, &namespace).await,
    };
    match asked {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if failure.is_gone() => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The allocation of that name; of a group those that run, else the newest.
async fn allocations(api: &Api, key: &Ref) -> Result<Vec<Allocation>, Failure> {
    if key.kind == Kind::Allocation {
        return Ok(find::allocation(api, key).await?.into_iter().collect());
    }
    let Some(found) = find::job(api, key).await? else { return Ok(Vec::new()) };
    let query = [("namespace", find::namespace(key)), ("resources", "true")];
    let all: Vec<Allocation> = api.get(&format!("{}/allocations", find::job_path(&found.job.id)), &query).await?;
    let mut of_group: Vec<Allocation> = all.into_iter().filter(|it| it.task_group == found.group.name).collect();
    of_group.sort_by_key(|it| std::cmp::Reverse(it.create_time));
    let runs = |it: &Allocation| it.client_status == "running";
    if of_group.iter().any(runs) {
        of_group.retain(runs);
    } else {
        of_group.truncate(1);
    }
    Ok(of_group)
}

/// The allocations that these replaced.
async fn before(api: &Api, all: &[Allocation]) -> Result<Vec<Allocation>, Failure> {
    let mut found = Vec::new();
    for it in all.iter().take(MOST) {
        // A list does not tell it.
        let id = find::whole_allocation(api, &it.namespace, &it.id).await?.map(|it| it.previous_allocation);
        let Some(id) = id.filter(|id| !id.is_empty()) else { continue };
        found.push(find::whole_allocation(api, &it.namespace, &id).await?.ok_or_else(|| {
            let id = super::scribe::short(&id);
            Failure::Unable(Text::from(format!(
                "the allocation before it, {id}, is not kept any more, nor what it wrote"
            )))
        })?);
    }
    let none = "it replaced no other allocation, and all runs of a task write to one log: look further up in that";
    if found.is_empty() { Err(Failure::Unable(Text::new(none))) } else { Ok(found) }
}

/// Gives one output of one task, until it ends or nobody reads it any more.
async fn pour(api: &Api, out: &Out, request: &LogRequest, it: &Allocation, stderr: bool) {
    let names = it.allocated_resources.tasks.keys().chain(it.task_states.keys());
    let task = request.container.as_ref().map(ToString::to_string).or_else(|| names.min().cloned());
    let Some(task) = task else { return };
    let offset = (u64::from(request.tail) * LINE).to_string();
    let follow = if request.follow { "true" } else { "false" };
    let query = [
        ("task", task.as_str()),
        ("type", if stderr { "stderr" } else { "stdout" }),
        ("origin", "end"),
        ("offset", offset.as_str()),
        ("plain", "true"),
        ("follow", follow),
        ("namespace", it.namespace.as_str()),
    ];
    let path = format!("/v1/client/fs/logs/{}", escaped(&it.id));
    let mut bytes = match api.stream(&path, &query).await {
        Ok(bytes) => bytes,
        // A task that never ran has no file yet.
        Err(failure) if failure.is_gone() => return,
        Err(failure) => return out.fail(Text::from(format!("{task}: {failure}"))).await,
    };
    let mut rest: Vec<u8> = Vec::new();
    loop {
        let piece = tokio::select! {
            () = out.closed() => return,
            piece = bytes.next() => piece,
        };
        match piece {
            None => break,
            Some(Err(failure)) => return out.fail(Text::from(format!("{task}: {failure}"))).await,
            Some(Ok(piece)) => rest.extend_from_slice(&piece),
        }
        while let Some(end) =
            rest.iter().position(|byte| *byte == b'\n').or_else(|| (rest.len() > WIDEST).then_some(WIDEST))
        {
            let line: Vec<u8> = rest.drain(..=end.min(rest.len() - 1)).collect();
            let text = String::from_utf8_lossy(&line);
            if !out.give(LogLine::output(None, stderr, text.trim_end_matches(['\n', '\r']))).await {
                return;
            }
        }
    }
    if !rest.is_empty() {
        out.give(LogLine::output(None, stderr, String::from_utf8_lossy(&rest))).await;
    }
}

/// Masks what is nobody's business: values of environments, templates, and whatever a denied name is of.
fn conceal(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match (name.as_str(), &mut *field) {
                    ("Env", Value::Object(entries)) => {
                        entries.values_mut().for_each(|value| *value = Value::String(MASK.to_owned()));
                    }
                    ("EmbeddedTmpl" | "Payload" | "SecretID", Value::String(text)) if !text.is_empty() => {
                        MASK.clone_into(text);
                    }
                    ("args", Value::Array(words)) => mask::mask_words(words),
                    (name, Value::String(text)) if mask::denied(name) && !text.is_empty() && !is_plain(name) => {
                        MASK.clone_into(text);
                    }
                    (_, field) => conceal(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(conceal),
        _ => {}
    }
}

/// Names of the server's own that are no secrets though they hold such a word.
fn is_plain(name: &str) -> bool {
    matches!(name, "NomadTokenID" | "KeyID" | "DispatchIdempotencyToken" | "VaultToken") || name.starts_with("RSA")
}

/// Fields by their depth, empty ones left out.
fn outlined(value: &Value) -> String {
    fn go(value: &Value, depth: usize, out: &mut String) {
        let pad = "  ".repeat(depth);
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    match field {
                        Value::Null => {}
                        Value::Object(of) if of.is_empty() => {}
                        Value::Array(of) if of.is_empty() => {}
                        Value::String(text) if text.is_empty() => {}
                        Value::Object(_) | Value::Array(_) => {
                            out.push_str(&format!("{pad}{name}:\n"));
                            go(field, depth + 1, out);
                        }
                        Value::String(text) => out.push_str(&format!("{pad}{name}: {text}\n")),
                        other => out.push_str(&format!("{pad}{name}: {other}\n")),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| {
                out.push_str(&format!("{pad}-\n"));
                go(item, depth + 1, out);
            }),
            Value::String(text) => out.push_str(&format!("{pad}{text}\n")),
            other => out.push_str(&format!("{pad}{other}\n")),
        }
    }
    let mut out = String::new();
    go(value, 0, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_is_masked_wherever_it_stands() {
        let mut job = serde_json::json!({ "ID": "web", "TaskGroups": [{ "Tasks": [{
            "Env": { "DB_URL": "postgres://u:p@h" },
            "Config": { "args": ["serve", "--token", "abc"], "auth": { "password": "hunter2" } },
            "Templates": [{ "EmbeddedTmpl": "key = s3cret" }] }] }] });
        conceal(&mut job);
        let said = job.to_string();
        for secret in ["postgres://", "abc", "hunter2", "s3cret"] {
            assert!(!said.contains(secret), "{secret}: {said}");
        }
        assert!(said.contains("DB_URL") && outlined(&job).contains("ID: web"));
    }
}
