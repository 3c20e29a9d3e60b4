//! A Swarm's service as its manager has it, whole: what is written back must lose nothing that is not known here.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::{Name, Ref, Setting, Timestamp};

use super::super::api::{Api, escaped};
use super::super::belongs::full_name;
use super::super::convert::Scribe;
use super::super::failure::Failure;
use super::super::swarm::{services, wire};

/// One service, read just now.
#[derive(Debug, Clone)]
pub(super) struct Fresh {
    raw: Value,
    /// What of it is understood.
    pub read: wire::Service,
    /// What the manager's clock said.
    pub at: Option<Timestamp>,
}

/// Reads a service by its key; none where there is no such.
pub(super) async fn service(api: &Api, key: &Ref) -> Result<Option<Fresh>, Failure> {
    // Its stack's label may have been written by something else than `docker stack`: then the name has no prefix.
    let mut names = vec![full_name(key)];
    if key.namespace.is_some() {
        names.push(key.name.to_string());
    }
    for name in names {
        let (raw, at): (Value, _) = match api.get_dated(&format!("/services/{}", escaped(&name))).await {
            Err(failure) if failure.is_gone() => continue,
            answer => answer?,
        };
        let read = wire::Service::deserialize(&raw).map_err(|error| Failure::Malformed(error.to_string().into()))?;
        // The engine also takes a part of an id for a name.
        if services::key(&mut Scribe::new(key.cluster.clone()), &read) == *key {
            return Ok(Some(Fresh { raw, read, at }));
        }
    }
    Ok(None)
}

/// How a service's tasks are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// So many.
    Replicas(u32),
    /// One on each node.
    EachNode,
    /// They run to their end.
    Job,
}

impl Fresh {
    /// The specification, as it stands.
    pub(super) fn spec(&self) -> &Value {
        &self.raw["Spec"]
    }

    /// The one before, where the manager keeps one.
    pub(super) fn former(&self) -> Option<&Value> {
        self.raw.get("PreviousSpec").filter(|former| former.is_object())
    }

    /// How its tasks are counted.
    pub(super) fn counted(&self) -> Counted {
        counted(self.spec())
    }

    /// `updating`, `paused`, `rollback_paused` ...; empty where it was never updated.
    pub(super) fn update_state(&self) -> &str {
        self.read.update_status.as_ref().map_or("", |status| &status.state)
    }

    /// What the manager says of the update.
    pub(super) fn update_message(&self) -> &str {
        self.read.update_status.as_ref().map_or("", |status| &status.message)
    }

    /// The revision, as the feed calls it.
    pub(super) fn revision(&self, key: &Ref) -> Name {
        revision(key, self.spec())
    }

    /// For how long a rollout of all its tasks may take, seconds.
    pub(super) fn rollout_seconds(&self, replicas: u32, config: &str) -> u32 {
        let nanos =
            |field: &Value| u32::try_from(field.as_i64().unwrap_or(0).max(0) / 1_000_000_000).unwrap_or(u32::MAX);
        let config = &self.spec()[config];
        let parallelism = config["Parallelism"].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
        let batches = if parallelism == 0 { 1 } else { replicas.max(1).div_ceil(parallelism) };
        let grace = &self.spec()["TaskTemplate"]["ContainerSpec"]["StopGracePeriod"];
        let grace = if grace.is_null() { 10 } else { nanos(grace) };
        // swarmkit watches a task for 5 s where nothing else is said (`updater.go`, defaultMonitor).
        let monitor = if config["Monitor"].is_null() { 5 } else { nanos(&config["Monitor"]) };
        let each = grace.saturating_add(monitor).saturating_add(nanos(&config["Delay"])).saturating_add(30);
        super::brief::ROLL_OUT.saturating_add(batches.saturating_mul(each))
    }
}

/// The revision of a specification, as the feed calls it.
pub(super) fn revision(key: &Ref, spec: &Value) -> Name {
    services::revision(&mut Scribe::new(key.cluster.clone()), &spec["TaskTemplate"])
}

/// How a specification counts tasks.
pub(super) fn counted(spec: &Value) -> Counted {
    let mode = &spec["Mode"];
    if mode["ReplicatedJob"].is_object() || mode["GlobalJob"].is_object() {
        return Counted::Job;
    }
    if mode["Global"].is_object() {
        return Counted::EachNode;
    }
    let replicas = mode["Replicated"]["Replicas"].as_u64();
    // swarmkit takes none for one (`controlapi/service.go`).
    Counted::Replicas(replicas.map_or(1, |replicas| u32::try_from(replicas).unwrap_or(u32::MAX)))
}

/// The image of a specification, without its digest.
pub(super) fn image(spec: &Value) -> &str {
    services::image(spec["TaskTemplate"]["ContainerSpec"]["Image"].as_str().unwrap_or("an unknown image"))
}

/// The limits of a specification: bytes, and thousandths of a core.
pub(super) fn limits(spec: &Value) -> (Option<u64>, Option<u64>) {
    let limits = &spec["TaskTemplate"]["Resources"]["Limits"];
    let set = |field: &Value| field.as_u64().filter(|amount| *amount > 0);
    (set(&limits["MemoryBytes"]), set(&limits["NanoCPUs"]).map(|nanos| nanos / 1_000_000))
}

/// Makes every task be made anew, as `docker service update --force` does.
pub(super) fn force(spec: &mut Value) {
    let count = &mut spec["TaskTemplate"]["ForceUpdate"];
    *count = json!(count.as_u64().unwrap_or(0).wrapping_add(1));
}

/// Wants so many.
pub(super) fn scale(spec: &mut Value, to: u32) {
    spec["Mode"]["Replicated"]["Replicas"] = json!(to);
}

/// Sets one thing of the template.
pub(super) fn set(spec: &mut Value, setting: &Setting) {
    let template = &mut spec["TaskTemplate"];
    match setting {
        Setting::Image(_, image) => template["ContainerSpec"]["Image"] = json!(image.as_str()),
        Setting::Memory(_, bytes) => limit(template, "MemoryBytes", *bytes),
        Setting::Cpu(_, millis) => limit(template, "NanoCPUs", millis.map(|millis| millis.saturating_mul(1_000_000))),
    }
}

fn limit(template: &mut Value, field: &str, amount: Option<u64>) {
    match amount {
        Some(amount) => template["Resources"]["Limits"][field] = json!(amount),
        None => {
            if let Some(limits) = template["Resources"]["Limits"].as_object_mut() {
                limits.remove(field);
            }
        }
    }
}
