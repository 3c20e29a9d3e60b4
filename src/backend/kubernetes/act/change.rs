//! One write to the server: where it goes, what it says, and which right it needs.

use http::Method;
use serde_json::{Value, json};

use crate::domain::{Name, Ref, Text};

use super::super::ask::{Sent, escaped};
use super::super::kinds::ApiKind;
use super::super::place::api_kind;
use super::super::words::dig::text;

/// How a write is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// Fields are put in the place of others (RFC 7386).
    Merge,
    /// The same, with lists whose items have names.
    Strategic,
    /// Operations one after the other (RFC 6902).
    Operations,
    /// The object takes the place of what is there.
    Put,
    /// Something is made.
    Create,
    /// Something is taken away.
    Delete,
}

impl How {
    const fn method(self) -> Method {
        match self {
            How::Merge | How::Strategic | How::Operations => Method::PATCH,
            How::Put => Method::PUT,
            How::Create => Method::POST,
            How::Delete => Method::DELETE,
        }
    }

    const fn media(self) -> &'static str {
        match self {
            How::Merge => "application/merge-patch+json",
            How::Strategic => "application/strategic-merge-patch+json",
            How::Operations => "application/json-patch+json",
            How::Put | How::Create | How::Delete => "application/json",
        }
    }

    /// The verb of the right to do it.
    pub(super) const fn verb(self) -> &'static str {
        match self {
            How::Merge | How::Strategic | How::Operations => "patch",
            How::Put => "update",
            How::Create => "create",
            How::Delete => "delete",
        }
    }
}

/// One write.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    pub(super) kind: ApiKind,
    pub(super) namespace: Option<Name>,
    /// None where something is made.
    pub(super) name: Option<Name>,
    /// `scale`, `eviction`, `status`.
    pub(super) sub: Option<&'static str>,
    pub(super) how: How,
    pub(super) body: Value,
}

impl Change {
    /// Something that is done to an object; the error says that a cluster has no such thing.
    pub(super) fn of(key: &Ref, how: How, body: Value) -> Result<Self, Text> {
        let kind = api_kind(key.kind)
            .ok_or_else(|| Text::from(format!("a {} is nothing that a Kubernetes cluster has", key.kind.noun())))?;
        let namespace = key.namespace.clone().filter(|_| kind.namespaced());
        Ok(Self { kind, namespace, name: Some(key.name.clone()), sub: None, how, body })
    }

    /// The same, to a part of it.
    pub(super) fn at(self, sub: &'static str) -> Self {
        Self { sub: Some(sub), ..self }
    }

    /// The request; a trial changes nothing, and is judged as the change would be.
    pub(super) fn request(&self, trial: bool) -> Sent {
        let namespace = self.namespace.as_deref().map(escaped);
        let mut path = self.kind.path(namespace.as_deref());
        for part in [self.name.as_deref().map(escaped), self.sub.map(str::to_owned)].into_iter().flatten() {
            path = format!("{path}/{part}");
        }
        let mut query = Vec::new();
        let mut body = self.body.clone();
        match self.how {
            // A deletion that has a body is read from that alone: in the query a trial would be none (apiserver:
            // pkg/endpoints/handlers/delete.go).
            How::Delete if trial => body["dryRun"] = json!(["All"]),
            _ if trial => query.push("dryRun=All"),
            _ => {}
        }
        // Whose change it is, among those who own fields of an object.
        if self.how != How::Delete {
            query.push("fieldManager=cockpit");
        }
        if !query.is_empty() {
            path = format!("{path}?{}", query.join("&"));
        }
        Sent { method: self.how.method(), path, media: self.how.media(), body }
    }

    /// `deployments/scale`.
    pub(super) fn resource(&self) -> String {
        let plural = self.kind.plural();
        self.sub.map_or_else(|| plural.to_owned(), |sub| format!("{plural}/{sub}"))
    }
}

/// What holds a patch to the object as it was read: another incarnation or another version is a conflict (apiserver:
/// pkg/registry/generic/registry/store.go).
pub(super) fn lock(object: &Value) -> Value {
    json!({
        "uid": text(object, "/metadata/uid"),
        "resourceVersion": text(object, "/metadata/resourceVersion"),
    })
}

/// The same, as the first of some operations.
pub(super) fn lock_operation(object: &Value) -> Value {
    let version = text(object, "/metadata/resourceVersion");
    json!({ "op": "replace", "path": "/metadata/resourceVersion", "value": version })
}

/// A patch of what is wanted of an object, held to it as it was read.
pub(super) fn of_spec(object: &Value, spec: Value) -> Value {
    json!({ "metadata": lock(object), "spec": spec })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_of_a_deletion_says_so_in_its_body_where_it_is_read() {
        let pod: Ref = "c/shop/Pod/web".parse().expect("a ref");
        let delete = Change::of(&pod, How::Delete, json!({ "kind": "DeleteOptions" })).expect("a change");
        assert_eq!(delete.request(true).body, json!({ "kind": "DeleteOptions", "dryRun": ["All"] }));
        assert_eq!(delete.request(false).body, json!({ "kind": "DeleteOptions" }));
    }

    #[test]
    fn a_write_goes_where_its_right_is_asked_for() {
        let web: Ref = "c/shop/Deployment/web".parse().expect("a ref");
        let scale = Change::of(&web, How::Put, json!({})).expect("a change").at("scale");
        assert_eq!((scale.resource().as_str(), scale.how.verb()), ("deployments/scale", "update"));
        let sent = scale.request(true);
        let path = "/apis/apps/v1/namespaces/shop/deployments/web/scale?dryRun=All&fieldManager=cockpit";
        assert_eq!((sent.method, sent.path.as_str()), (Method::PUT, path));
        let node: Ref = "c/-/Node/n1".parse().expect("a ref");
        let sent = Change::of(&node, How::Delete, json!({})).expect("a change").request(false);
        assert_eq!(
            (sent.method, sent.path.as_str(), sent.media),
            (Method::DELETE, "/api/v1/nodes/n1", "application/json")
        );
    }
}
