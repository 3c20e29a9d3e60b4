//! Jobs: one of a CronJob now, and a failed one anew.

use std::time::Duration;

use std::slice::from_ref;

use serde_json::{Value, json};

use crate::domain::words::many;
use crate::domain::{
    Draft, Grade, Intent, Kind, Pin, Receipt, Ref, Refusal, StepAction, StepError, Text, Timestamp, Until,
};

use super::super::ask::{Failed, Refused, Unsent};
use super::super::kinds::ApiKind;
use super::super::words::dig::{is_true, list, text};
use super::change::{Change, How};
use super::desk::Desk;
use super::{carry_out, draft, instance, kubectl, pins};

/// A Job's name is a label of its pods.
const LONGEST_NAME: usize = 63;
/// How often, and how long after each other, it is looked whether something is gone or there.
const LOOKS: u32 = 60;
const BETWEEN: Duration = Duration::from_secs(1);
/// How often a Job is made again whose old one is gone already.
const TRIES: u32 = 4;
/// What a Job's controller writes into it (kubernetes: pkg/apis/batch/types.go).
const CONTROLLERS: [&str; 4] =
    ["controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"];

/// How a CronJob would run now.
pub(super) async fn prepare_trigger(desk: Desk<'_>, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
    if key.kind != Kind::CronJob {
        let why = format!("a {} has no schedule", key.kind.noun());
        return Err(Refusal::of(intent, why, "choose a CronJob"));
    }
    let cron = desk.subject(intent, key).await?;
    let action = StepAction::Trigger(key.clone());
    let change = carry_out::change(desk, &action, &cron).await.map_err(|why| Refusal::of(intent, why, ""))?;
    desk.try_out(intent, from_ref(&change)).await?;
    let mut draft = Draft::new(intent, vec![draft::step(action, &cron, Until::Accepted, draft::SOON)]);
    let running = list(&cron, "/status/active").len() as u64;
    let policy = text(&cron, "/spec/concurrencyPolicy");
    if running > 0 && matches!(policy, "Forbid" | "Replace") {
        let words = format!(
            "{} of it under way, and its policy is {policy}: that binds its schedule, this one runs beside",
            many(running, "run")
        );
        draft.notes.push(draft::hurts(words));
    } else if running > 0 {
        draft.notes.push(draft::note(format!("{} of it under way", many(running, "run"))));
    }
    if is_true(&cron, "/spec/suspend") {
        draft.notes.push(draft::note("it stays suspended: this is one run"));
    }
    Ok(draft)
}

/// One run, as kubectl makes it (kubectl: pkg/cmd/create/create_job.go).
pub(super) fn trigger(key: &Ref, cron: &Value) -> Result<Change, Text> {
    let template = cron.pointer("/spec/jobTemplate").ok_or_else(|| Text::new("it has no template for a Job"))?;
    let mut notes = template.pointer("/metadata/annotations").cloned().unwrap_or_else(|| json!({}));
    notes["cronjob.kubernetes.io/instantiate"] = json!("manual");
    let owner = json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "controller": true,
        "name": key.name.as_str(), "uid": text(cron, "/metadata/uid"),
    });
    let body = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": new_name(&key.name),
            "namespace": key.namespace.as_deref().unwrap_or_default(),
            "annotations": notes,
            "labels": template.pointer("/metadata/labels").cloned().unwrap_or_else(|| json!({})),
            "ownerReferences": [owner],
        },
        "spec": template.pointer("/spec").cloned().unwrap_or_default(),
    });
    Ok(made_in(key, body))
}

fn new_name(of: &str) -> String {
    let tail: String = std::iter::repeat_with(|| fastrand::alphanumeric().to_ascii_lowercase()).take(5).collect();
    let tail = format!("-manual-{tail}");
    let head: String = of.chars().take(LONGEST_NAME - tail.len()).collect();
    format!("{}{tail}", head.trim_end_matches(['-', '.']))
}

fn made_in(key: &Ref, body: Value) -> Change {
    Change { kind: ApiKind::Jobs, namespace: key.namespace.clone(), name: None, sub: None, how: How::Create, body }
}

/// The answer to the making of a Job was lost: whether it is there is read. It is not made again.
pub(super) async fn made_after_all(desk: Desk<'_>, change: &Change, sent: Timestamp) -> Result<Receipt, StepError> {
    let name = text(&change.body, "/metadata/name");
    let of = |namespace| Ref { cluster: desk.target.name.clone(), kind: Kind::Job, namespace, name: name.into() };
    let key = of(change.namespace.clone());
    for _ in 0..3 {
        match desk.object(&key).await {
            Ok(_) => return Ok(Receipt { made: Some(key), ..Receipt::at(sent) }),
            Err(_) => tokio::time::sleep(BETWEEN).await,
        }
    }
    let words = format!("no answer came, and Job {name} is not seen: look whether it comes before you do it again");
    Err(StepError::Failed(Text::from(words)))
}

/// How a failed Job would begin again.
pub(super) async fn prepare_retry(desk: Desk<'_>, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
    let job = desk.subject(intent, key).await?;
    if !has_failed(&job) {
        return Err(Refusal::of(intent, "it has not failed", "there is nothing to be taken away"));
    }
    if let Some(owner) = instance::controller(&job).filter(|owner| text(owner, "/kind") == "CronJob") {
        let cron = Ref { kind: Kind::CronJob, name: text(owner, "/name").into(), ..key.clone() };
        let mut draft = prepare_trigger(desk, &Intent::Trigger(cron.clone()), &cron).await?;
        draft.intent = intent.clone();
        draft.equivalent = kubectl::command(desk.target, &Intent::Trigger(cron.clone())).map(Text::from);
        draft
            .notes
            .push(draft::note(format!("CronJob {} runs once; the failed Job stays, to be looked at", cron.name)));
        return Ok(draft);
    }
    // Tried under another name: the old one is still there.
    let mut again = anew(&job);
    again["metadata"]["name"] = json!(new_name(&key.name));
    let remove = remove(key, &job).map_err(|why| Refusal::of(intent, why, ""))?;
    desk.try_out(intent, &[remove, made_in(key, again)]).await?;
    let action = StepAction::Retry(key.clone());
    let mut draft = Draft::new(intent, vec![draft::step(action, &job, Until::Accepted, draft::SOON)]);
    draft.grade = Some(Grade::Disruptive);
    draft.notes.push(draft::hurts("the failed Job and its pods are deleted, with their logs; then it is made anew"));
    Ok(draft)
}

fn has_failed(job: &Value) -> bool {
    list(job, "/status/conditions").iter().any(|it| text(it, "/type") == "Failed" && text(it, "/status") == "True")
}

/// The same Job without what its controller wrote into it.
fn anew(job: &Value) -> Value {
    let mut spec = job.pointer("/spec").cloned().unwrap_or_default();
    let own_selector = is_true(job, "/spec/manualSelector");
    if let Some(fields) = spec.as_object_mut().filter(|_| !own_selector) {
        fields.remove("selector");
    }
    let without = |labels: Option<&mut Value>| {
        if let Some(labels) = labels.and_then(Value::as_object_mut).filter(|_| !own_selector) {
            labels.retain(|name, _| !CONTROLLERS.contains(&name.as_str()));
        }
    };
    without(spec.pointer_mut("/template/metadata/labels"));
    let mut labels = job.pointer("/metadata/labels").cloned().unwrap_or_else(|| json!({}));
    without(Some(&mut labels));
    let mut notes = job.pointer("/metadata/annotations").cloned().unwrap_or_else(|| json!({}));
    if let Some(notes) = notes.as_object_mut() {
        notes.remove("batch.kubernetes.io/job-tracking");
    }
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": text(job, "/metadata/name"),
            "namespace": text(job, "/metadata/namespace"),
            "labels": labels,
            "annotations": notes,
            "ownerReferences": job.pointer("/metadata/ownerReferences").cloned().unwrap_or_else(|| json!([])),
        },
        "spec": spec,
    })
}

fn remove(key: &Ref, job: &Value) -> Result<Change, Text> {
    let mut change = instance::delete(key, job, None)?;
    change.body["propagationPolicy"] = json!("Background");
    Ok(change)
}

/// Takes a failed Job away and makes it anew.
pub(super) async fn retry(desk: Desk<'_>, key: &Ref, pin: &Pin) -> Result<Receipt, StepError> {
    let job = desk.object(key).await.map_err(carry_out::not_seen)?;
    pins::compare(pin, &StepAction::Retry(key.clone()), &job)?;
    if !has_failed(&job) {
        return Err(StepError::Moved(Text::new("it has not failed any more")));
    }
    let sent = Timestamp::now();
    let remove = remove(key, &job).map_err(StepError::Failed)?;
    match desk.send(&remove).await {
        Ok(_) | Err(Unsent::Lost(_)) => {}
        Err(unsent) => return Err(carry_out::said(unsent, sent)),
    }
    gone(desk, key, &pin.uid).await?;
    let again = made_in(key, anew(&job));
    let mut why = Text::new("");
    for _ in 0..TRIES {
        match desk.send(&again).await {
            Ok(_) => return Ok(Receipt { made: Some(key.clone()), ..Receipt::at(sent) }),
            // Somebody made it, perhaps we did: its answer was lost.
            Err(Unsent::Refused(Refused { status: 409, .. })) => {
                return Ok(Receipt { made: Some(key.clone()), ..Receipt::at(sent) });
            }
            Err(Unsent::Refused(Refused { message, .. })) => why = message,
            Err(Unsent::Lost(words) | Unsent::Never(words)) => why = words,
        }
        tokio::time::sleep(BETWEEN).await;
    }
    let words = format!("the failed Job is deleted, and the new one could not be made: {why}. Apply its definition");
    Err(StepError::Failed(Text::from(words)))
}

/// Waits until this incarnation is gone.
async fn gone(desk: Desk<'_>, key: &Ref, uid: &str) -> Result<(), StepError> {
    for _ in 0..LOOKS {
        match desk.object(key).await {
            Err(Failed { status: Some(404), .. }) => return Ok(()),
            Ok(now) if text(&now, "/metadata/uid") != uid => {
                return Err(StepError::Moved(Text::new("somebody made another of that name")));
            }
            Ok(_) | Err(_) => tokio::time::sleep(BETWEEN).await,
        }
    }
    let words = "it was deleted and does not go: something holds it back (its finalizers). Nothing new was made";
    Err(StepError::Failed(Text::new(words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_job_is_made_anew_without_what_its_controller_wrote() {
        let job = json!({
            "metadata": { "name": "load", "namespace": "shop", "uid": "u", "resourceVersion": "9",
                "labels": { "app": "load", "job-name": "load", "batch.kubernetes.io/controller-uid": "u" } },
            "spec": { "selector": { "matchLabels": {} }, "backoffLimit": 1, "template": { "metadata": { "labels": {
                "controller-uid": "u", "batch.kubernetes.io/job-name": "load", "tier": "x" } } } },
            "status": { "conditions": [{ "type": "Failed", "status": "True" }] },
        });
        assert!(has_failed(&job));
        let again = anew(&job);
        assert_eq!(again["metadata"]["labels"], json!({ "app": "load" }));
        assert_eq!(
            again["spec"],
            json!({ "backoffLimit": 1, "template": { "metadata": { "labels": { "tier": "x" } } } })
        );
        assert_eq!((again.pointer("/metadata/uid"), again.get("status")), (None, None));
    }

    #[test]
    fn a_new_name_fits_into_a_label() {
        let name = new_name(&"a".repeat(60));
        assert!(name.len() <= LONGEST_NAME && name.contains("a-manual-"), "{name}");
        assert!(new_name("backup").starts_with("backup-manual-"));
    }
}
