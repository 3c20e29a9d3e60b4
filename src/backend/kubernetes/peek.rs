//! What has to be known of a pod to read its output: its containers, and what each of them does now.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::Timestamp;

use super::ends::ending;

/// Names the container that is meant where none is named (kubectl and its plugins set it).
const DEFAULT: &str = "kubectl.kubernetes.io/default-container";

/// A pod, as far as it matters here.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pod {
    pub(super) metadata: Meta,
    spec: Spec,
    status: Status,
}

/// What every object says of itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Meta {
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) creation_timestamp: Option<Timestamp>,
    pub(super) deletion_timestamp: Option<Timestamp>,
    pub(super) owner_references: Vec<Owner>,
    annotations: BTreeMap<String, String>,
}

/// Who made an object.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Owner {
    pub(super) uid: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    containers: Vec<Asked>,
    init_containers: Vec<Asked>,
    ephemeral_containers: Vec<Asked>,
    restart_policy: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Asked {
    name: String,
    restart_policy: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    phase: String,
    reason: String,
    message: String,
    container_statuses: Vec<Seen>,
    init_container_statuses: Vec<Seen>,
    ephemeral_container_statuses: Vec<Seen>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Seen {
    name: String,
    #[serde(rename = "containerID")]
    container_id: String,
    restart_count: u32,
    state: State,
    last_state: State,
    started: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct State {
    waiting: Option<Waits>,
    running: Option<Running>,
    terminated: Option<Ended>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Waits {
    reason: String,
    message: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Running {
    started_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Ended {
    exit_code: i64,
    reason: String,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    #[serde(rename = "containerID")]
    container_id: String,
}

/// A container of a pod whose output is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    /// Its name.
    pub(super) name: String,
    /// It stands in for this one, which has not begun: the init container that it waits for.
    pub(super) in_place_of: Option<String>,
}

/// One life of a container: each has an output of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// Which.
    pub(super) id: String,
    /// How many came before it, as the kubelet counts.
    pub(super) restarts: u32,
    /// When it began.
    pub(super) started: Option<Timestamp>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    /// In words.
    pub(super) words: String,
    /// When.
    pub(super) at: Option<Timestamp>,
}

/// What a container does now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stand {
    /// It has not begun, and why.
    Waits(String),
    /// It has not begun and will not, and why.
    Never(String),
    /// It runs.
    Runs(Run),
    /// It ended and is to be started again.
    Between(Run, End),
    /// It ended for good.
    Over(Run, End),
}

impl Pod {
    /// Whose output is meant: the named container's, else the default one's, else, while that one has not begun, that of
    /// the init container which is at work or fails. The error is for a person.
    pub(super) fn choose(&self, named: Option<&str>) -> Result<Chosen, String> {
        let is_there = |name: &str| self.asked().any(|(asked, _)| asked.name == name);
        if let Some(name) = named {
            let it = Chosen { name: name.to_owned(), in_place_of: None };
            return if is_there(name) { Ok(it) } else { Err(self.no_such(name)) };
        }
        let annotated = self.metadata.annotations.get(DEFAULT).filter(|name| is_there(name)).cloned();
        let default = annotated.or_else(|| Some(self.spec.containers.first()?.name.clone()));
        let default = default.ok_or_else(|| format!("pod {} has no container", self.metadata.name))?;
        let begun = self.seen(&default).is_some_and(Seen::has_run);
        let holds = self.spec.init_containers.iter().find(|it| self.seen(&it.name).is_some_and(|seen| seen.holds(it)));
        Ok(match holds.filter(|_| !begun) {
            Some(it) => Chosen { name: it.name.clone(), in_place_of: Some(default) },
            None => Chosen { name: default, in_place_of: None },
        })
    }

    fn no_such(&self, name: &str) -> String {
        let all: Vec<&str> = self.asked().map(|(asked, _)| asked.name.as_str()).collect();
        format!("pod {} has no container {name}; it has {}", self.metadata.name, all.join(", "))
    }

    /// What a container does now, and whether it will go on.
    pub(super) fn stand(&self, name: &str) -> Stand {
        let Some(seen) = self.seen(name).filter(|seen| seen.has_run()) else { return self.not_begun(name) };
        if let Some(running) = &seen.state.running {
            let id = seen.container_id.clone();
            return Stand::Runs(Run { id, restarts: seen.restart_count, started: running.started_at });
        }
        let Some(ended) = seen.ended() else { return self.not_begun(name) };
        let id = match ended.container_id.is_empty() {
            // It could not be started at all: the runtime never gave it an id.
            true => format!("{name}#{}", seen.restart_count),
            false => ended.container_id.clone(),
        };
        let run = Run { id, restarts: seen.restart_count, started: ended.started_at };
        let end = End { words: ending(ended.exit_code, &ended.reason), at: ended.finished_at };
        match self.comes_again(name, ended.exit_code) {
            true => Stand::Between(run, end),
            false => Stand::Over(run, end),
        }
    }

    fn not_begun(&self, name: &str) -> Stand {
        let waits = self.seen(name).and_then(|seen| seen.state.waiting.as_ref()).map(Waits::words);
        let of_pod = [self.status.reason.as_str(), self.status.message.as_str()];
        let of_pod = of_pod.into_iter().filter(|said| !said.is_empty()).collect::<Vec<_>>().join(": ");
        let phase = self.status.phase.as_str();
        match phase {
            "Succeeded" | "Failed" => {
                let why = if of_pod.is_empty() { format!("the pod is {phase}") } else { of_pod };
                Stand::Never(why)
            }
            _ if self.metadata.deletion_timestamp.is_some() => Stand::Never("the pod is being deleted".to_owned()),
            _ => Stand::Waits(waits.filter(|why| !why.is_empty()).unwrap_or_else(|| match of_pod.is_empty() {
                true => format!("the pod is {phase}"),
                false => of_pod,
            })),
        }
    }

    fn comes_again(&self, name: &str, code: i64) -> bool {
        if self.metadata.deletion_timestamp.is_some() || matches!(self.status.phase.as_str(), "Succeeded" | "Failed") {
            return false;
        }
        let Some((asked, part)) = self.asked().find(|(asked, _)| asked.name == name) else { return false };
        let policy = asked.restart_policy.as_deref().unwrap_or(&self.spec.restart_policy);
        match (part, policy) {
            (Part::Ephemeral, _) | (_, "Never") => false,
            (Part::Init, "Always") if asked.restart_policy.is_none() => code != 0,
            (_, "OnFailure") => code != 0,
            (_, _) => true,
        }
    }

    /// How many runs there were before the newest one, whether that one runs, and whether one before it is still shown.
    pub(super) fn newest(&self, name: &str) -> Option<Newest> {
        let seen = self.seen(name).filter(|seen| seen.has_run())?;
        let (runs, before) =
            (seen.state.running.is_some(), seen.state.waiting.is_none() && seen.last_state.is_an_end());
        Some(Newest { restarts: seen.restart_count, runs, before })
    }

    fn asked(&self) -> impl Iterator<Item = (&Asked, Part)> {
        let spec = &self.spec;
        let main = spec.containers.iter().map(|it| (it, Part::Main));
        let init = spec.init_containers.iter().map(|it| (it, Part::Init));
        main.chain(init).chain(spec.ephemeral_containers.iter().map(|it| (it, Part::Ephemeral)))
    }

    fn seen(&self, name: &str) -> Option<&Seen> {
        let status = &self.status;
        let all = status.container_statuses.iter().chain(&status.init_container_statuses);
        all.chain(&status.ephemeral_container_statuses).find(|seen| seen.name == name)
    }
}

/// The newest run of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Newest {
    /// How many came before it.
    pub(super) restarts: u32,
    /// It has not ended.
    pub(super) runs: bool,
    /// The output of the run before it can still be had.
    pub(super) before: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Main,
    Init,
    Ephemeral,
}

impl Seen {
    fn has_run(&self) -> bool {
        self.state.running.is_some() || self.state.is_an_end() || self.last_state.is_an_end()
    }

    /// The end of the newest run, where it has ended.
    fn ended(&self) -> Option<&Ended> {
        // One that could not be started has no output; the kubelet then shows that of the run before.
        let now = self.state.terminated.as_ref();
        let with_output = now.filter(|ended| !ended.container_id.is_empty());
        with_output.or(self.last_state.terminated.as_ref()).or(now)
    }

    /// An init container that has begun and that the others wait for.
    fn holds(&self, asked: &Asked) -> bool {
        let ended_well = self.state.terminated.as_ref().is_some_and(|ended| ended.exit_code == 0);
        let is_up = asked.restart_policy.as_deref() == Some("Always") && self.started == Some(true);
        self.has_run() && !ended_well && !is_up
    }
}

impl State {
    const fn is_an_end(&self) -> bool {
        self.terminated.is_some()
    }
}

impl Waits {
    fn words(&self) -> String {
        match self.message.is_empty() {
            true => self.reason.clone(),
            false => format!("{}: {}", self.reason, self.message),
        }
    }
}
