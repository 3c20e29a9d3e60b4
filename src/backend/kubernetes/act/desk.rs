//! What an action needs of the server: objects read afresh, whether it may, and what the server says of a trial.

use futures::future::join_all;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::{Intent, Name, Ref, Refusal, Text};

use super::super::ask::{Ask, Failed, Part, Refused, Sent, Unsent, escaped, read};
use super::super::kinds::ApiKind;
use super::super::place;
use super::super::target::Target;
use super::change::Change;

/// A server, and how it is reached.
#[derive(Clone, Copy)]
pub(super) struct Desk<'a> {
    pub(super) server: &'a dyn Ask,
    pub(super) target: &'a Target,
}

/// Which objects of a kind.
pub(super) enum Only {
    All,
    /// With these labels: `app=web,tier=front`.
    Labels(String),
    /// With these fields: `spec.nodeName=n1`.
    Fields(String),
}

#[derive(Default, Deserialize)]
struct List {
    #[serde(default, deserialize_with = "super::super::api::or_none")]
    items: Vec<Value>,
}

impl<'a> Desk<'a> {
    /// What stands at a path.
    pub(super) async fn at(&self, path: &str) -> Result<Value, Failed> {
        read(self.server, path, Part::Whole).await
    }

    /// An object as it is now.
    pub(super) async fn object(&self, key: &Ref) -> Result<Value, Failed> {
        match place::path(key) {
            Some(path) => self.at(&path).await,
            None => Err(Failed {
                status: None,
                words: Text::from(format!("a {} is nothing that a Kubernetes cluster has", key.kind.noun())),
            }),
        }
    }

    /// Objects of a kind: everywhere or in a namespace.
    pub(super) async fn list(&self, kind: ApiKind, namespace: Option<&str>, only: Only) -> Result<Vec<Value>, Failed> {
        let namespace = namespace.map(escaped);
        let path = kind.path(namespace.as_deref());
        let path = match only {
            Only::All => path,
            Only::Labels(labels) => format!("{path}?labelSelector={}", escaped(&labels)),
            Only::Fields(fields) => format!("{path}?fieldSelector={}", escaped(&fields)),
        };
        let list: List = read(self.server, &path, Part::Whole).await?;
        Ok(list.items)
    }

    /// The object that something is meant to be done to; or why there is no plan.
    pub(super) async fn subject(&self, intent: &Intent, key: &Ref) -> Result<Value, Refusal> {
        self.object(key).await.map_err(|failed| not_read(intent, key, &failed))
    }

    /// Sends a change; the answer is the object as it is then.
    pub(super) async fn send(&self, change: &Change) -> Result<Value, Unsent> {
        let answer = self.server.send(&change.request(false)).await?;
        // That it was done is said by its status; what came with it is only looked at.
        Ok(serde_json::from_slice(&answer).unwrap_or_default())
    }

    /// Whether the changes may be made, and would be: by our rights, and by a trial of each that the server judges as it
    /// would judge the change.
    pub(super) async fn try_out(&self, intent: &Intent, changes: &[Change]) -> Result<(), Refusal> {
        self.may(intent, changes).await?;
        let trials: Vec<Sent> = changes.iter().map(|change| change.request(true)).collect();
        let answers = join_all(trials.iter().map(|trial| self.server.send(trial))).await;
        answers.into_iter().filter_map(Result::err).try_for_each(|unsent| judge(intent, unsent))
    }

    /// Whether we have the rights that the changes need; refuses with those that are missing. What cannot be told denies
    /// nothing: the server has the last word.
    pub(super) async fn may(&self, intent: &Intent, changes: &[Change]) -> Result<(), Refusal> {
        let mut asked: Vec<&Change> = Vec::new();
        for change in changes {
            if !asked.iter().any(|it| right(it) == right(change)) {
                asked.push(change);
            }
        }
        let answers = join_all(asked.iter().map(|change| self.is_denied(change))).await;
        let missing: Vec<String> =
            asked.iter().zip(answers).filter(|(_, denied)| *denied).map(|(it, _)| in_words(it)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let who = self.who().await.map_or_else(|| "this login".to_owned(), |who| who.to_string());
        let missing = missing.join(" and ");
        let why = format!("{who} may not {missing}");
        Err(Refusal::of(
            intent,
            why,
            format!("ask for the right to {missing}; `cockpit rbac --control` prints the role"),
        ))
    }

    /// Whether the right to a change is surely missing.
    pub(super) async fn is_denied(&self, change: &Change) -> bool {
        let (group, resource, sub, verb, namespace) = right(change);
        let attributes = json!({
            "group": group, "resource": resource, "subresource": sub, "verb": verb, "namespace": namespace,
            "name": change.name.as_deref().unwrap_or_default(),
        });
        let kind = "SelfSubjectAccessReview";
        let body = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": { "resourceAttributes": attributes } });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let Some(answer) = self.review(path, body).await else { return false };
        let said = answer.pointer("/status/allowed").and_then(Value::as_bool);
        let unsure = answer.pointer("/status/evaluationError").and_then(Value::as_str).is_some_and(|it| !it.is_empty());
        said == Some(false) && !unsure
    }

    /// Who the server takes us for.
    async fn who(&self) -> Option<Name> {
        let body = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
        let answer = self.review("/apis/authentication.k8s.io/v1/selfsubjectreviews", body).await?;
        answer.pointer("/status/userInfo/username").and_then(Value::as_str).map(Name::new)
    }

    async fn review(&self, path: &str, body: Value) -> Option<Value> {
        let sent = Sent { method: Method::POST, path: path.to_owned(), media: "application/json", body };
        serde_json::from_slice(&self.server.send(&sent).await.ok()?).ok()
    }
}

type Right<'a> = (&'static str, &'static str, &'a str, &'static str, &'a str);

/// Group, resource, part of it, verb, namespace.
fn right(change: &Change) -> Right<'_> {
    let namespace = change.namespace.as_deref().unwrap_or_default();
    (change.kind.group(), change.kind.plural(), change.sub.unwrap_or_default(), change.how.verb(), namespace)
}

/// `patch deployments in shop`
fn in_words(change: &Change) -> String {
    let place = change.namespace.as_deref().map(|namespace| format!(" in {namespace}")).unwrap_or_default();
    format!("{} {}{place}", change.how.verb(), change.resource())
}

/// Why there is no plan where what it is about could not be read.
pub(super) fn not_read(intent: &Intent, key: &Ref, failed: &Failed) -> Refusal {
    if failed.is_gone() {
        return Refusal::of(intent, "it is not there any more", "look at the list again");
    }
    let mend = match failed.is_denied() {
        true => format!("ask for the right to get {}; `cockpit rbac` prints the role", plural(key)),
        false => "try again when the server answers".to_owned(),
    };
    Refusal::of(intent, format!("it cannot be read: {failed}"), mend)
}

fn plural(key: &Ref) -> &'static str {
    place::api_kind(key.kind).map_or("it", ApiKind::plural)
}

/// What a trial that went wrong means.
fn judge(intent: &Intent, unsent: Unsent) -> Result<(), Refusal> {
    match unsent {
        // Somebody was faster, or has to wait: executing looks again.
        Unsent::Refused(Refused { status: 409 | 429, .. }) => Ok(()),
        // A webhook with effects elsewhere takes no trial; whether it admits the change is seen when it is made.
        Unsent::Refused(refused) if refused.message.contains("does not support dry run") => Ok(()),
        Unsent::Refused(refused) => Err(refused_by_server(intent, &refused)),
        Unsent::Never(words) | Unsent::Lost(words) => {
            Err(Refusal::of(intent, format!("the server does not answer: {words}"), "try again when it does"))
        }
    }
}

fn refused_by_server(intent: &Intent, refused: &Refused) -> Refusal {
    let said = &refused.message;
    let mend = match refused.status {
        403 if said.contains("exceeded quota") => "make room in the quota of its namespace, or raise it",
        403 if said.contains(" cannot ") => "ask for that right; `cockpit rbac --control` prints the role",
        404 => "look at the list again",
        _ if said.contains("admission webhook") => "do what the webhook asks for, or ask who runs it",
        _ => "see what the server says",
    };
    Refusal::of(intent, format!("the server would not do it: {said}"), mend)
}
