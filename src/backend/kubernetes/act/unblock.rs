//! Taking away what keeps something from going on.

use std::slice::from_ref;

use serde_json::Value;

use crate::domain::{Draft, Grade, Intent, Kind, Ref, Refusal, StepAction, Text, Until};

use super::super::kinds::ApiKind;
use super::super::words::dig::text;
use super::desk::{Desk, Only, not_read};
use super::{carry_out, draft, instance, jobs, kubectl};

/// How it would be done.
pub(super) async fn prepare(desk: Desk<'_>, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
    match key.kind {
        Kind::StatefulSet => broken_pod(desk, intent, key).await,
        Kind::Job => jobs::prepare_retry(desk, intent, key).await,
        kind => {
            let why = format!("nothing that holds a {} up can be taken away", kind.noun());
            Err(Refusal::of(intent, why, "see its cause, and mend that"))
        }
    }
}

/// A StatefulSet that goes through its pods in order waits for each to be ready, also for one of a revision that was given up:
/// it waits for ever, until somebody deletes that pod (k/k#67250).
async fn broken_pod(desk: Desk<'_>, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
    let set = desk.subject(intent, key).await?;
    let pods = desk.list(ApiKind::Pods, key.namespace.as_deref(), Only::All).await;
    let pods = pods.map_err(|failed| not_read(intent, key, &failed))?;
    let newest = text(&set, "/status/updateRevision");
    let uid = text(&set, "/metadata/uid");
    let ours = pods.iter().filter(|pod| instance::controller(pod).is_some_and(|owner| text(owner, "/uid") == uid));
    let mut broken: Vec<&Value> = ours.filter(|pod| !instance::is_ready(pod)).collect();
    broken.sort_by_key(|pod| ordinal(pod));
    let Some(pod) = broken.iter().find(|pod| revision(pod) != newest) else {
        let (why, mend) = match broken.first() {
            None => ("each of its pods is ready", "nothing holds it up"),
            Some(_) => (
                "the pod that is not ready is of the newest revision: another one would be as broken",
                "undo it, then unblock it",
            ),
        };
        return Err(Refusal::of(intent, why, mend));
    };
    let name = Text::new(text(pod, "/metadata/name"));
    let key = Ref { kind: Kind::Pod, name: name.clone(), ..key.clone() };
    let pod_key = key.clone();
    let action = StepAction::Delete(key.clone());
    let change = carry_out::change(desk, &action, pod).await.map_err(|why| Refusal::of(intent, why, ""))?;
    desk.try_out(intent, from_ref(&change)).await?;
    let until = Until::GoneOrReborn(key, text(pod, "/metadata/uid").into());
    let mut draft = Draft::new(intent, vec![draft::step(action, pod, until, instance::ends_within(pod))]);
    draft.grade = Some(Grade::Disruptive);
    draft.equivalent = kubectl::command(desk.target, &Intent::Stop(pod_key)).map(Text::from);
    draft.notes.push(draft::hurts(format!(
        "{name} is deleted: it is not ready, of revision {}, and {newest} is wanted",
        Text::new(revision(pod))
    )));
    draft.notes.push(draft::note("its volumes stay, and the new one gets them"));
    Ok(draft)
}

fn revision(pod: &Value) -> &str {
    let label = pod.pointer("/metadata/labels").and_then(|labels| labels.get("controller-revision-hash"));
    label.and_then(Value::as_str).unwrap_or_default()
}

fn ordinal(pod: &Value) -> u64 {
    text(pod, "/metadata/name").rsplit('-').next().and_then(|raw| raw.parse().ok()).unwrap_or(u64::MAX)
}
