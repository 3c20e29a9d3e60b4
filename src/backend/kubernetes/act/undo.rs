//! Going back to a revision (kubectl: pkg/polymorphichelpers/rollback.go), also in the middle of a rollout that fails.

use std::slice::from_ref;

use serde_json::{Value, json};

use crate::domain::{Draft, Grade, Intent, Kind, Name, Ref, Refusal, StepAction, Text, Timestamp, Until};

use super::super::words::dig::{is_true, list, number, text, time};
use super::change::{Change, How, lock, lock_operation};
use super::desk::Desk;
use super::revisions::{self, Kept, Revisions};
use super::{draft, gitops, kubectl, references};

const CAUSE: &str = "kubernetes.io/change-cause";

/// How it would be taken back.
pub(super) async fn prepare(desk: Desk<'_>, intent: &Intent, key: &Ref, to: Option<&str>) -> Result<Draft, Refusal> {
    undoable(intent, key)?;
    let object = desk.subject(intent, key).await?;
    let all = revisions::of(desk, key, &object)
        .await
        .map_err(|failed| Refusal::of(intent, format!("its revisions cannot be read: {failed}"), "try again"))?;
    let chosen = choose(&all, to).map_err(|why| Refusal::of(intent, why, kept_in_words(&all)))?;
    let target = Intent::Undo(key.clone(), Some(chosen.id.clone()));
    let action = StepAction::Revert(key.clone(), Some(chosen.id.clone()));
    let change = write(key, &object, chosen).map_err(|why| Refusal::of(intent, why, "resume it first"))?;
    let (tried, references, (owner, variant)) = futures::join!(
        desk.try_out(intent, from_ref(&change)),
        references::notes(desk, key, &chosen.template),
        gitops::owner_notes(desk, &object, &target)
    );
    tried?;
    let present = all.present().map(|revision| revision.id.clone());
    let waits = waits(key, &object);
    // What waits for a broken pod waits until that is taken away, which is the next thing to do: nobody has to wait for it.
    let until = if waits.is_some() { Until::Accepted } else { Until::RolledOut(key.clone(), present.clone()) };
    let mut draft = Draft::new(&target, vec![draft::step(action, &object, until, draft::deadline(&object))]);
    draft.inverse = present.map(|present| Intent::Undo(key.clone(), Some(present)));
    draft.grade = Some(Grade::Disruptive);
    // kubectl knows it by its number alone.
    let by_number = Intent::Undo(key.clone(), Some(Name::from(chosen.number.to_string())));
    draft.equivalent = kubectl::command(desk.target, &by_number).map(Text::from);
    draft.notes.push(draft::note(described(chosen)));
    draft.notes.extend(match chosen.serves {
        0 => None,
        1 => Some(draft::note("1 pod of it is available now")),
        pods => Some(draft::note(format!("{pods} pods of it are available now"))),
    });
    draft.notes.extend(waits);
    draft.notes.extend(references);
    draft.notes.extend(owner);
    draft.variants.extend(variant);
    Ok(draft)
}

fn undoable(intent: &Intent, key: &Ref) -> Result<(), Refusal> {
    match key.kind {
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ArgoRollout => Ok(()),
        kind => {
            let why = format!("of a {} no earlier revision is kept", kind.noun());
            Err(Refusal::of(intent, why, "apply its earlier definition again"))
        }
    }
}

/// A StatefulSet that goes through its pods in order waits for a broken one for ever, also on its way back (k/k#67250).
fn waits(key: &Ref, object: &Value) -> Option<crate::domain::Line> {
    let ordered = key.kind == Kind::StatefulSet && text(object, "/spec/podManagementPolicy") != "Parallel";
    let ready = number(object, "/status/readyReplicas").unwrap_or(0);
    let broken = ready < number(object, "/spec/replicas").unwrap_or(1);
    (ordered && broken)
        .then(|| draft::hurts("a StatefulSet waits for its broken pod also on the way back: unblock it after this"))
}

/// The named one; else the newest that serves now; else the one before.
fn choose<'a>(all: &'a Revisions, to: Option<&str>) -> Result<&'a Kept, Text> {
    if let Some(to) = to {
        let found = all.kept.iter().position(|it| *it.id == *to || it.number.to_string() == to);
        return match found {
            None => Err(Text::from(format!("revision {to} is not kept"))),
            Some(at) if Some(at) == all.present => Err(Text::from(format!("it is at revision {to}"))),
            Some(at) => Ok(&all.kept[at]),
        };
    }
    let others = || all.kept.iter().enumerate().filter(|(at, _)| Some(*at) != all.present).map(|(_, it)| it);
    others()
        .find(|it| it.serves > 0)
        .or_else(|| others().next())
        .ok_or_else(|| Text::new("no earlier revision of it is kept"))
}

fn kept_in_words(all: &Revisions) -> String {
    let others = all.kept.iter().enumerate().filter(|(at, _)| Some(*at) != all.present);
    let ids: Vec<&str> = others.map(|(_, it)| it.id.as_str()).take(10).collect();
    match ids.as_slice() {
        [] => "apply its earlier definition again".to_owned(),
        ids => format!("there are {}", ids.join(", ")),
    }
}

/// `revision 41 runs app:1.4, made 2026-11-24 02:10 UTC`
fn described(chosen: &Kept) -> String {
    let images: Vec<String> = list(&chosen.template, "/spec/containers")
        .iter()
        .map(|container| Text::new(text(container, "/image")).to_string())
        .collect();
    // As a time, not as an age: a preview that is read again says the same.
    let made = chosen.made.map(|at| format!(", made {}", at.strftime("%Y-%m-%d %H:%M UTC"))).unwrap_or_default();
    let cause = chosen.cause.as_deref().map(|cause| format!(" ({cause})")).unwrap_or_default();
    format!("revision {} runs {}{made}{cause}", chosen.id, images.join(" and "))
}

/// The revision that an object is at, as it is shown.
pub(super) async fn present(desk: Desk<'_>, key: &Ref, object: &Value) -> Option<Name> {
    let all = revisions::of(desk, key, object).await.ok()?;
    all.present().map(|revision| revision.id.clone())
}

/// The write; the revisions are read afresh.
pub(super) async fn change(desk: Desk<'_>, key: &Ref, object: &Value, to: Option<&str>) -> Result<Change, Text> {
    let all = revisions::of(desk, key, object).await;
    let all = all.map_err(|failed| Text::from(format!("its revisions cannot be read: {failed}")))?;
    write(key, object, choose(&all, to)?)
}

fn write(key: &Ref, object: &Value, chosen: &Kept) -> Result<Change, Text> {
    if key.kind == Kind::Deployment && is_true(object, "/spec/paused") {
        return Err(Text::new("its rollout is held: nothing would be replaced"));
    }
    if object.pointer("/spec/workloadRef").is_some() {
        return Err(Text::new("its template is that of a Deployment that it refers to: that one is taken back"));
    }
    match key.kind {
        Kind::Deployment | Kind::ArgoRollout => {
            let mut operations = vec![
                lock_operation(object),
                json!({ "op": "replace", "path": "/spec/template", "value": chosen.template }),
            ];
            operations.extend(cause(object, chosen));
            Change::of(key, How::Operations, Value::Array(operations))
        }
        _ => {
            let mut template = chosen.template.clone();
            template["$patch"] = json!("replace");
            let body = json!({ "metadata": lock(object), "spec": { "template": template } });
            Change::of(key, How::Strategic, body)
        }
    }
}

/// The cause that is noted of a revision comes and goes with it.
fn cause(object: &Value, chosen: &Kept) -> Option<Value> {
    let path = format!("/metadata/annotations/{}", CAUSE.replace('/', "~1"));
    let notes = object.pointer("/metadata/annotations")?;
    match (&chosen.cause, notes.get(CAUSE)) {
        (Some(cause), _) => Some(json!({ "op": "add", "path": path, "value": cause.as_str() })),
        (None, Some(_)) => Some(json!({ "op": "remove", "path": path })),
        (None, None) => None,
    }
}

/// When a revision was made, of the object that keeps it.
pub(super) fn made(object: &Value) -> Option<Timestamp> {
    time(object, "/metadata/creationTimestamp")
}
