//! What a name of ours stands for on a server, read just now.

use serde::Deserialize;
use serde_json::Value;

use crate::backend::escape::escaped;
use crate::domain::{Ref, Text};

use super::api::Api;
use super::failure::Failure;
use super::scribe::{JobKey, Scribe, short};
use super::wire::{Allocation, Job, Node, TaskGroup};

/// The namespace of something, as a server is asked for it.
pub(super) fn namespace(key: &Ref) -> &str {
    key.namespace.as_deref().unwrap_or("default")
}

/// Where a job is found.
pub(super) fn job_path(id: &str) -> String {
    format!("/v1/job/{}", escaped(id))
}

/// A job and one group of it.
pub(super) struct Found {
    /// As the server sent the job.
    pub(super) raw: Value,
    /// What is understood of it.
    pub(super) job: Job,
    /// The group that is meant.
    pub(super) group: TaskGroup,
}

/// The job and the group that a workload is; none where there is none such.
pub(super) async fn job(api: &Api, key: &Ref) -> Result<Option<Found>, Failure> {
    // A group of its job's name goes by that alone.
    let mut ways = vec![(key.name.as_str(), key.name.as_str())];
    ways.extend(key.name.rsplit_once('/'));
    for (id, group) in ways {
        let raw: Value = match api.get(&job_path(id), &[("namespace", namespace(key))]).await {
            Ok(raw) => raw,
            Err(failure) if failure.is_gone() => continue,
            Err(failure) => return Err(failure),
        };
        let job = Job::deserialize(&raw).map_err(|error| Failure::Malformed(Text::from(error.to_string())))?;
        if let Some(group) = job.task_groups.iter().find(|it| it.name == group).cloned() {
            return Ok(Some(Found { raw, job, group }));
        }
    }
    Ok(None)
}

/// The allocation that goes by a name; none where there is none such.
pub(super) async fn allocation(api: &Api, key: &Ref) -> Result<Option<Allocation>, Failure> {
    let start = key.name.rsplit('-').next().unwrap_or_default();
    // A stand-in for one that has no place yet has no id.
    if start.len() < 8 {
        return Ok(None);
    }
    let query = [("namespace", namespace(key)), ("prefix", start), ("resources", "true")];
    let all: Vec<Allocation> = api.get("/v1/allocations", &query).await?;
    let mut scribe = Scribe::new(key.cluster.clone());
    let mut named = all.into_iter().filter(|it| {
        let job = JobKey { namespace: namespace(key).into(), id: it.job_id.as_str().into() };
        scribe.allocation(&job, &it.task_group, &it.id) == *key
    });
    let first = named.next();
    match named.next() {
        None => Ok(first),
        Some(_) => Err(Failure::Unable(Text::new("two allocations begin with the same eight digits"))),
    }
}

/// All that a server says of an allocation, by its id; none where there is none such.
pub(super) async fn whole_allocation(api: &Api, namespace: &str, id: &str) -> Result<Option<Allocation>, Failure> {
    match api.get(&format!("/v1/allocation/{}", escaped(id)), &[("namespace", namespace)]).await {
        Ok(it) => Ok(Some(it)),
        Err(failure) if failure.is_gone() => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The client that goes by a name. One whose name another has too goes by its name and its id.
pub(super) async fn client(api: &Api, key: &Ref) -> Result<Option<Node>, Failure> {
    let mut nodes: Vec<Node> = api.get("/v1/nodes", &[]).await?;
    let by_id = |it: &Node| *key.name == *format!("{}-{}", it.name, short(&it.id)).trim_start_matches('-');
    if let Some(place) = nodes.iter().position(by_id) {
        return Ok(Some(nodes.swap_remove(place)));
    }
    nodes.retain(|it| it.name == key.name.as_str());
    match nodes.len() {
        0 | 1 => Ok(nodes.pop()),
        _ => Err(Failure::Unable(Text::from(format!(
            "several clients are called {}: which one is meant cannot be told",
            key.name
        )))),
    }
}
