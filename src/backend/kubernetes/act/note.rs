//! The journal's copy in the cluster itself: an Event on the object that was acted on, for whoever describes it there. It never
//! fails what was done: what cannot be left is let go.

use http::Method;
use serde_json::{Value, json};

use crate::domain::words::shorten;
use crate::domain::{Entry, Intent, Kind, Outcome, Ref, Timestamp};

use super::super::ask::{Sent, escaped};
use super::super::place::api_kind;
use super::desk::Desk;

/// What events.k8s.io takes of a note, less some for what is no ASCII, characters.
const LONGEST: usize = 900;
/// Events on what lies in no namespace are there (client-go's recorder).
const ELSEWHERE: &str = "default";

/// Leaves a note on each object of ours that a run was meant for, once it has ended.
pub(super) async fn leave(desk: Desk<'_>, entry: &Entry) {
    for (ix, part) in entry.run.plan.intent.parts().iter().enumerate() {
        if part.target().cluster != desk.target.name {
            continue;
        }
        let Some((namespace, body)) = event(entry, part, ix) else { continue };
        let path = format!("/api/v1/namespaces/{}/events", escaped(&namespace));
        let sent = Sent { method: Method::POST, path, media: "application/json", body };
        if let Err(unsent) = desk.server.send(&sent).await {
            tracing::debug!(?unsent, "no event was left");
        }
    }
}

/// The event on one object, and in which namespace; none where the run has not ended, or it is nothing that a cluster keeps.
fn event(entry: &Entry, part: &Intent, ix: usize) -> Option<(String, Value)> {
    let (run, key) = (&entry.run, part.target());
    let (at, outcome) = run.outcome.as_ref()?;
    let api = api_kind(key.kind)?;
    let version = match api.group() {
        "" => api.version().to_owned(),
        group => format!("{group}/{}", api.version()),
    };
    let kind = if key.kind == Kind::BarePod { Kind::Pod } else { key.kind };
    let namespace = key.namespace.as_deref().unwrap_or(ELSEWHERE).to_owned();
    let mut object = json!({ "apiVersion": version, "kind": kind.as_str(), "name": key.name.as_str() });
    if let Some(namespace) = &key.namespace {
        object["namespace"] = json!(namespace.as_str());
    }
    if let Some(uid) = uid(entry, key) {
        object["uid"] = json!(uid);
    }
    let (is_well, said) = match outcome {
        Outcome::Done => (true, "done".to_owned()),
        Outcome::Accepted => (true, "accepted".to_owned()),
        Outcome::Partly { done, left } => (false, format!("partly: {done} done, {left} left")),
        Outcome::Failed(why) => (false, format!("not done: {why}")),
    };
    let by = &entry.by;
    let as_whom = by.credential.as_ref().map(|it| format!(" as {it}")).unwrap_or_default();
    let because = entry.reason.as_ref().map(|it| format!(" ({it})")).unwrap_or_default();
    let message = format!("{}, by {}{as_whom}: {said}{because}", run.plan.title, by.name);
    let times = (seconds(run.started), seconds(*at));
    let body = json!({
        "apiVersion": "v1",
        "kind": "Event",
        // A run that is told of twice is one.
        "metadata": { "name": format!("cockpit-{:x}-{ix}", run.id), "namespace": namespace },
        "involvedObject": object,
        "reason": format!("Cockpit{}", capitalised(part.verb())),
        "message": shorten(&message, LONGEST),
        "type": if is_well { "Normal" } else { "Warning" },
        "source": { "component": "cockpit" },
        "reportingComponent": "cockpit",
        "reportingInstance": "",
        "firstTimestamp": times.0,
        "lastTimestamp": times.1,
        "count": 1,
    });
    Some((namespace, body))
}

/// The incarnation that was acted on, where a step was pinned to it.
fn uid<'a>(entry: &'a Entry, key: &Ref) -> Option<&'a str> {
    let pin = entry.run.plan.steps.iter().map(|step| &step.pin).find(|pin| pin.key == *key)?;
    Some(pin.uid.as_str()).filter(|uid| !uid.is_empty())
}

/// A server takes no fractions of a second here.
fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Grade, Person, Pin, Plan, Run, Seen, Step, StepAction, Until};

    fn ended(intent: Intent, outcome: Option<Outcome>) -> Entry {
        let key = intent.target().clone();
        let step = Step {
            action: StepAction::Restart(key.clone()),
            pin: Pin { key: key.clone(), uid: "uid-1".into(), seen: Seen::Uid },
            until: Until::Accepted,
            timeout_seconds: 30,
            group: 0,
        };
        let at = Timestamp::from_millisecond(1_795_140_000_500).expect("a time");
        let plan = Plan::new(intent, "Restart shop/web (prod)", Grade::Disruptive, vec![step], at);
        let mut run = Run::new(255, plan, at);
        run.outcome = outcome.map(|outcome| (at, outcome));
        let by = Person { name: "anna@bastion".into(), origin: None, credential: Some("oncall (context prod)".into()) };
        Entry { by, taken_by: None, between: Vec::new(), reason: Some("leaks".into()), run, version: 2, lease: None }
    }

    fn of(key: &str, outcome: Option<Outcome>) -> Option<(String, Value)> {
        let entry = ended(Intent::Restart(key.parse().expect("a ref")), outcome);
        event(&entry, &entry.run.plan.intent, 0)
    }

    #[test]
    fn it_names_the_object_who_did_it_what_and_how_it_came_out() {
        let (namespace, event) = of("prod/shop/Deployment/web", Some(Outcome::Done)).expect("an event");
        assert_eq!((namespace.as_str(), &event["metadata"]["name"]), ("shop", &json!("cockpit-ff-0")));
        let object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "web", "uid": "uid-1",
        });
        assert_eq!(event["involvedObject"], object);
        assert_eq!((&event["reason"], &event["type"]), (&json!("CockpitRestart"), &json!("Normal")));
        let message = "Restart shop/web (prod), by anna@bastion as oncall (context prod): done (leaks)";
        assert_eq!(event["message"], message);
        assert_eq!(event["lastTimestamp"], "2026-11-20T02:00:00Z");
    }

    #[test]
    fn what_went_wrong_is_a_warning_and_a_node_lies_nowhere() {
        let failed = Outcome::Failed("forbidden".into());
        let (namespace, event) = of("prod/-/Node/n1", Some(failed)).expect("an event");
        assert_eq!((namespace.as_str(), &event["type"]), ("default", &json!("Warning")));
        assert!(event["involvedObject"].get("namespace").is_none());
        let (_, pod) = of("prod/shop/BarePod/one", Some(Outcome::Done)).expect("an event");
        assert_eq!(
            (&pod["involvedObject"]["kind"], &pod["involvedObject"]["apiVersion"]),
            (&json!("Pod"), &json!("v1"))
        );
    }

    #[test]
    fn nothing_is_left_of_what_has_not_ended_or_is_nobodys_object() {
        assert_eq!(of("prod/shop/Deployment/web", None), None);
        assert_eq!(of("prod/shop/ComposeService/web", Some(Outcome::Done)), None);
    }
}
