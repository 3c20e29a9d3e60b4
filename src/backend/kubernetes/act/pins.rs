//! What was seen of an object when a step was drawn up, and what is left of it when the step is done.

use serde_json::Value;

use crate::domain::{Kind, Name, Pin, Ref, Seen, StepAction, StepError, Text};

use super::super::words::dig::{is_true, number, text};

/// What stands between the two parts of a pinned revision: what people call it, and a digest of what is made by it.
const DIGEST: &str = ", template ";

/// The pin of a step.
pub(super) fn pin(action: &StepAction, object: &Value) -> Pin {
    let key = action.target().clone();
    Pin { uid: Name::new(text(object, "/metadata/uid")), seen: seen(action, object), key }
}

/// What a step depends on. What controllers write all the time is never among it.
fn seen(action: &StepAction, object: &Value) -> Seen {
    match (action, action.target().kind) {
        (StepAction::SetReplicas(..), _) => Seen::Replicas(replicas(object)),
        (StepAction::SetCordon(..), _) => Seen::Cordoned(is_true(object, "/spec/unschedulable")),
        (StepAction::SetPaused(key, _), _) => Seen::State(Name::new(state(key.kind, object))),
        (StepAction::Promote(_) | StepAction::Abort(_), _) => Seen::Revision(Some(revision(object))),
        (StepAction::Restart(_) | StepAction::Revert(..) | StepAction::Set(..), kind) if kind.runs_pods() => {
            Seen::Revision(Some(revision(object)))
        }
        _ => Seen::Uid,
    }
}

/// The number wanted: one where none is said.
pub(super) fn replicas(object: &Value) -> u32 {
    // The server leaves a zero out of a Scale, and says it in every other object.
    let unsaid = if text(object, "/kind") == "Scale" { 0 } else { 1 };
    u32::try_from(number(object, "/spec/replicas").unwrap_or(unsaid)).unwrap_or(0)
}

/// Whether it is held.
pub(super) fn state(kind: Kind, object: &Value) -> &'static str {
    match kind {
        Kind::CronJob | Kind::Job if is_true(object, "/spec/suspend") => "suspended",
        Kind::Application if !super::gitops::is_automated(object) => "paused",
        Kind::ArgoRollout if super::rollouts::is_held(object) => "paused",
        Kind::Deployment if is_true(object, "/spec/paused") => "paused",
        _ => "running",
    }
}

/// A revision as it is pinned: `revision 7, template 1f0c…`.
fn revision(object: &Value) -> Name {
    let template = object.pointer("/spec/template").or_else(|| object.pointer("/spec/jobTemplate"));
    let template = template.map(Value::to_string).unwrap_or_default();
    Name::from(format!("{}{DIGEST}{:016x}", called(object), digest(template.as_bytes())))
}

/// What people call the revision that an object is at.
fn called(object: &Value) -> String {
    let note = |name: &str| object.pointer("/metadata/annotations")?.get(name)?.as_str();
    let number = note("deployment.kubernetes.io/revision").or_else(|| note("rollout.argoproj.io/revision"));
    let number = number.or_else(|| note("deprecated.daemonset.template.generation"));
    match (number, text(object, "/status/updateRevision")) {
        (Some(number), _) => format!("revision {number}"),
        (None, "") => "its revision".to_owned(),
        (None, name) => format!("revision {name}"),
    }
}

/// FNV-1a. It tells a change by hand from none, against nobody who wants to be taken for another.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// Holds an object as it is now against what was seen.
pub(super) fn compare(pin: &Pin, action: &StepAction, now: &Value) -> Result<(), StepError> {
    if *pin.uid != *text(now, "/metadata/uid") {
        return Err(StepError::Gone);
    }
    let seen = seen(action, now);
    if seen == pin.seen {
        return Ok(());
    }
    let words = match (&pin.seen, &seen) {
        (Seen::Replicas(then), Seen::Replicas(now)) => format!("{then} were wanted, and {now} are now"),
        (Seen::Cordoned(_), Seen::Cordoned(true)) => "somebody has cordoned it".to_owned(),
        (Seen::Cordoned(_), Seen::Cordoned(false)) => "somebody has uncordoned it".to_owned(),
        (Seen::State(then), Seen::State(now)) => format!("it was {then}, and is {now} now"),
        (Seen::Revision(Some(then)), Seen::Revision(Some(now))) => moved(then, now),
        // Drawn up by another version of cockpit: what it saw cannot be told any more.
        _ => "what was seen of it cannot be compared".to_owned(),
    };
    Err(StepError::Moved(Text::from(words)))
}

fn moved(then: &str, now: &str) -> String {
    let called = |raw: &str| raw.split(DIGEST).next().unwrap_or(raw).to_owned();
    match (called(then), called(now)) {
        (then, now) if then == now => format!("its template was changed at {now}"),
        (then, now) => format!("it was at {then}, and is at {now} now"),
    }
}

/// The same object under the kind that its pods have: what is done to a pod that nothing keeps is done to the pod.
pub(super) fn pod(key: &Ref) -> Ref {
    match key.kind {
        Kind::BarePod => Ref { kind: Kind::Pod, ..key.clone() },
        _ => key.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(raw: &str) -> Ref {
        raw.parse().expect("a ref")
    }

    fn web(revision: &str, image: &str) -> Value {
        json!({
            "metadata": { "uid": "u1", "annotations": { "deployment.kubernetes.io/revision": revision } },
            "spec": { "replicas": 3, "template": { "spec": { "containers": [{ "name": "a", "image": image }] } } },
        })
    }

    fn moved_to(action: &StepAction, then: &Value, now: &Value) -> Result<(), String> {
        compare(&pin(action, then), action, now).map_err(|error| error.to_string())
    }

    #[test]
    fn a_changed_template_moves_a_restart_and_status_does_not() {
        let restart = StepAction::Restart(key("c/shop/Deployment/web"));
        let then = web("7", "app:1");
        let mut busy = then.clone();
        busy["status"] = json!({ "readyReplicas": 1 });
        busy["metadata"]["resourceVersion"] = json!("99");
        busy["spec"]["replicas"] = json!(5);
        assert_eq!(moved_to(&restart, &then, &busy), Ok(()));
        let said = moved_to(&restart, &then, &web("8", "app:2")).expect_err("it moved");
        assert!(said.ends_with("it was at revision 7, and is at revision 8 now"), "{said}");
        let said = moved_to(&restart, &then, &web("7", "app:2")).expect_err("it moved");
        assert!(said.ends_with("its template was changed at revision 7"), "{said}");
        let scale = StepAction::SetReplicas(key("c/shop/Deployment/web"), 9);
        assert_eq!(moved_to(&scale, &then, &web("8", "app:2")), Ok(()), "a rollout is nothing to a number");
        assert!(moved_to(&scale, &then, &busy).expect_err("it moved").ends_with("3 were wanted, and 5 are now"));
    }

    #[test]
    fn another_incarnation_is_gone() {
        let cordon = StepAction::SetCordon(key("c/-/Node/n1"), true);
        let then = json!({ "metadata": { "uid": "u1" } });
        assert_eq!(moved_to(&cordon, &then, &json!({ "metadata": { "uid": "u2" } })), Err("it is gone".into()));
        let cordoned = json!({ "metadata": { "uid": "u1" }, "spec": { "unschedulable": true } });
        assert!(moved_to(&cordon, &then, &cordoned).expect_err("it moved").ends_with("somebody has cordoned it"));
    }

    #[test]
    fn a_scale_without_a_number_wants_none() {
        assert_eq!(replicas(&json!({ "kind": "Scale", "spec": {} })), 0);
        assert_eq!(replicas(&json!({ "spec": {} })), 1);
    }
}
