//! What a server's scheduler would do with a changed job: it is asked, and nothing is registered (nomad: `/v1/job/:id/plan`).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::words::many;
use crate::domain::{Line, Ref, Until};

use super::super::change::JobDiff;
use super::super::groups::no_place;
use super::super::wire::{Unplaced, nullable};
use super::Hand;
use super::brief::{self, does, hurts, note, skips};
use super::job::Fresh;

/// What would be done.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Preview {
    #[serde(deserialize_with = "nullable")]
    annotations: Annotations,
    #[serde(rename = "FailedTGAllocs", deserialize_with = "nullable")]
    failed: BTreeMap<String, Unplaced>,
    #[serde(deserialize_with = "nullable")]
    warnings: String,
    diff: Option<JobDiff>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Annotations {
    #[serde(rename = "DesiredTGUpdates", deserialize_with = "nullable")]
    groups: BTreeMap<String, Updates>,
    #[serde(rename = "PreemptedAllocs", deserialize_with = "nullable")]
    preempted: Vec<Value>,
}

/// Allocations of one group (nomad: nomad/structs, `DesiredUpdates`).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Updates {
    place: u64,
    stop: u64,
    migrate: u64,
    in_place_update: u64,
    destructive_update: u64,
    canary: u64,
}

/// The same for a person.
pub(super) struct Foreseen {
    pub(super) lines: Vec<Line>,
    /// Canaries of the group come first, and wait for somebody to promote them.
    pub(super) waits: bool,
}

impl Foreseen {
    fn of(preview: &Preview, fresh: &Fresh) -> Self {
        let canary = preview.annotations.groups.get(&fresh.group.name).is_some_and(|group| group.canary > 0);
        Self { lines: lines(preview, fresh), waits: canary && !fresh.promotes_itself() }
    }

    /// When a change of what the group is made of has come as far as it comes by itself.
    pub(super) fn until(&self, key: &Ref, fresh: &Fresh) -> Until {
        match self.waits {
            true => Until::Paused(key.clone(), true),
            false => Until::RolledOut(key.clone(), Some(fresh.revision())),
        }
    }
}

impl Hand {
    /// What a server would do with the job as it was changed. Where it may not be asked that is said.
    pub(super) async fn preview(&self, key: &Ref, fresh: &Fresh, changed: &Value, with_changes: bool) -> Foreseen {
        let body = json!({ "Job": changed, "Diff": with_changes });
        let (path, query) = (format!("{}/plan", fresh.path()), [("namespace", brief::namespace(key))]);
        match self.api.put(&path, &query, &body).await {
            Ok(written) => Foreseen::of(&written.value, fresh),
            Err(unwritten) => {
                let why = brief::in_words(unwritten, crate::domain::Timestamp::now());
                Foreseen { lines: vec![skips(format!("what would be placed cannot be asked: {why}"))], waits: false }
            }
        }
    }
}

fn lines(preview: &Preview, fresh: &Fresh) -> Vec<Line> {
    let mut lines = Vec::new();
    let changes = preview.diff.iter().flat_map(|diff| diff.of_group(&fresh.group.name));
    let changes: Vec<String> = changes.map(|it| it.in_words()).collect();
    if !changes.is_empty() {
        lines.push(does(format!("what changes: {}", changes.join(", "))));
    }
    for (group, updates) in &preview.annotations.groups {
        if let Some(words) = updates.words(fresh.at_once()) {
            lines.push(does(format!("{group}: {words}")));
        }
        if updates.canary > 0 && !fresh.promotes_itself() {
            let count = many(updates.canary, "canary");
            lines.push(hurts(format!(
                "{group}: the rest goes on as it is until {count} {} promoted",
                is(updates.canary)
            )));
        }
    }
    for (group, why) in &preview.failed {
        let count = many(u64::from(why.coalesced_failures) + 1, "allocation");
        lines.push(hurts(format!("{group}: {count} would find no place and wait: {}", no_place(why, ""))));
    }
    let preempted = preview.annotations.preempted.len();
    if preempted > 0 {
        let count = many(u64::try_from(preempted).unwrap_or(u64::MAX), "allocation");
        lines.push(hurts(format!("{count} of other jobs would be ended to make room")));
    }
    let warned = preview.warnings.trim();
    if !warned.is_empty() {
        lines.push(note(format!("the server warns: {warned}")));
    }
    lines
}

impl Updates {
    fn words(&self, at_once: usize) -> Option<String> {
        let all = [
            (self.canary, if self.canary == 1 { "as a canary" } else { "as canaries" }),
            (self.place, "placed"),
            (self.migrate, "moved"),
            (self.in_place_update, "changed without a restart"),
            (self.stop, "stopped"),
        ];
        let mut said: Vec<String> = all.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
        if self.destructive_update > 0 {
            said.push(format!("{} replaced, {at_once} at a time", self.destructive_update));
        }
        (!said.is_empty()).then(|| said.join(", "))
    }
}

const fn is(n: u64) -> &'static str {
    if n == 1 { "is" } else { "are" }
}
