//! How a revision of a workload differs from the one before: read when it is wanted. Templates are large and most are never
//! looked at, so none is kept: a Deployment's are in its ReplicaSets, those of StatefulSets and DaemonSets in
//! ControllerRevisions.

mod differ;

use std::cmp::Reverse;

use serde::Deserialize;
use serde_json::Value;

use crate::backend::mask;
use crate::domain::words::seconds_between;
use crate::domain::{Change, Kind, Name, Ref, Text, Timestamp};

use super::ask::{Ask, Part, escaped, read};
use super::book;
use super::kinds::ApiKind;
use super::wants::Why;
use super::wire::meta::{CONTROLLERS, Meta};
use super::{place, selector};

/// A restart by hand and the revision that it makes are so far apart at most, seconds.
const RESTART_TO_REVISION: i64 = 30;
/// A change and the revision that it makes are so far apart at most, seconds: a controller may be behind.
const CHANGE_TO_REVISION: i64 = 300;

/// A revision, as far as it matters here: a ReplicaSet or a ControllerRevision.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Kept {
    metadata: Value,
    spec: Value,
    data: Value,
    revision: u64,
}

impl Kept {
    fn meta(&self) -> Meta {
        Meta::deserialize(&self.metadata).unwrap_or_default()
    }

    fn template(&self) -> Option<&Value> {
        let template = self.spec.get("template").or_else(|| self.data.pointer("/spec/template"));
        template.filter(|it| it.is_object())
    }
}

/// One of them, with what it says of itself.
struct Revision {
    number: u64,
    meta: Meta,
    kept: Kept,
}

impl Revision {
    fn of(kept: Kept) -> Self {
        let meta = kept.meta();
        let number = meta.notes.revision.parse().unwrap_or(kept.revision);
        Self { number, meta, kept }
    }

    /// Whether it is the one that is meant: by its number, by its name, or by the hash that its pods carry.
    fn is(&self, id: &str) -> bool {
        let label = |name: &str| self.meta.labels.get(name) == Some(id);
        self.number.to_string() == id
            || *self.meta.name == *id
            || ["controller-revision-hash", "pod-template-hash", "rollouts-pod-template-hash"].into_iter().any(label)
    }

    /// As its workload's revisions are called.
    fn id(&self, kind: Kind) -> Name {
        match kind {
            Kind::StatefulSet => Name::new(&self.meta.name),
            Kind::DaemonSet => Name::new(self.meta.labels.get("controller-revision-hash").unwrap_or(&self.meta.name)),
            _ => Name::from(self.number.to_string()),
        }
    }
}

/// Reads how a revision differs from the one before.
pub(super) async fn change(server: &dyn Ask, workload: &Ref, revision: &Name) -> Result<Change, Why> {
    let path = place::path(workload).ok_or("it has no revisions")?;
    let object: Value = read(server, &path, Part::Whole).await?;
    let mut all = revisions(server, workload, &object).await?;
    all.sort_by_key(|it| Reverse(it.number));
    let Some(place) = all.iter().position(|it| it.is(revision)) else {
        return Err(format!("revision {revision} is not kept any more").into());
    };
    let (now, before) = (&all[place], all[place + 1..].iter().find(|it| it.number < all[place].number));
    let before = before.ok_or("no revision before it is kept")?;
    let (Some(was), Some(is)) = (before.kept.template(), now.kept.template()) else {
        return Err("its templates cannot be read".into());
    };
    // What became the newest again was made long before that.
    let again = now.meta.notes.revised || all[place + 1..].iter().any(|it| it.meta.created.0 > now.meta.created.0);
    let made = now.meta.created.0.filter(|_| !again);
    let changed = changed_by(&object, made);
    Ok(Change {
        from: before.id(workload.kind),
        to: now.id(workload.kind),
        at: made.or(changed.as_ref().and_then(|(_, at)| *at)),
        by: author(&object, now, made).or(changed.map(|(by, _)| by)),
        differences: differ::differ(was, is),
    })
}

/// All that are kept of a workload, in any order.
async fn revisions(server: &dyn Ask, workload: &Ref, object: &Value) -> Result<Vec<Revision>, Why> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct All {
        items: Vec<Kept>,
    }
    let namespace = workload.namespace.as_deref().map(escaped).unwrap_or_default();
    let path = match workload.kind {
        Kind::Deployment | Kind::ArgoRollout => ApiKind::ReplicaSets.path(Some(&namespace)),
        Kind::StatefulSet | Kind::DaemonSet => format!("/apis/apps/v1/namespaces/{namespace}/controllerrevisions"),
        _ => return Err("it has no revisions".into()),
    };
    let query = object.pointer("/spec/selector").and_then(selector::query);
    let query = query.ok_or("its selector cannot be asked for")?;
    let path = format!("{path}?labelSelector={}", escaped(&query));
    let all: All = read(server, &path, Part::Whole).await?;
    let uid = object.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
    let own = |it: &Revision| it.meta.controller().is_some_and(|owner| *owner.uid == *uid);
    Ok(all.items.into_iter().map(Revision::of).filter(own).collect())
}

/// Who says to have made a revision: a change-cause, a restart by hand, the tool that manages the object.
fn author(object: &Value, revision: &Revision, made: Option<Timestamp>) -> Option<Text> {
    let cause = mask::command(&[&*revision.meta.notes.cause]).filter(|cause| !cause.trim().is_empty());
    let restarted = revision.kept.template().and_then(|it| {
        let at = it.pointer("/metadata/annotations")?.get("kubectl.kubernetes.io/restartedAt")?.as_str()?;
        at.parse::<Timestamp>().ok()
    });
    let restarted =
        restarted.zip(made).is_some_and(|(at, made)| (0..=RESTART_TO_REVISION).contains(&seconds_between(at, made)));
    let meta = Meta::deserialize(object.get("metadata").unwrap_or(&Value::Null)).unwrap_or_default();
    let by_hand = || restarted.then(|| Text::new("kubectl rollout restart"));
    cause.map(Text::from).or_else(by_hand).or_else(|| book::author(&meta))
}

/// Who wrote to the object's template last, and when: not long after the revision was made, or it was another change.
fn changed_by(object: &Value, made: Option<Timestamp>) -> Option<(Text, Option<Timestamp>)> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Entry {
        #[serde(default)]
        manager: String,
        #[serde(default)]
        subresource: String,
        time: Option<Timestamp>,
        #[serde(default)]
        fields_v1: Value,
    }
    let entries = object.pointer("/metadata/managedFields")?.as_array()?;
    let entries = entries.iter().filter_map(|it| Entry::deserialize(it).ok());
    let wrote = |it: &Entry| {
        let template = it.fields_v1.pointer("/f:spec/f:template").is_some();
        template && it.subresource.is_empty() && !CONTROLLERS.contains(&it.manager.as_str())
    };
    let newest = entries.filter(wrote).max_by_key(|it| it.time)?;
    let later = made.zip(newest.time).is_some_and(|(made, at)| at.as_second() > made.as_second() + CHANGE_TO_REVISION);
    (!later && !newest.manager.is_empty()).then(|| (Text::from(newest.manager), newest.time))
}

#[cfg(test)]
mod tests;
