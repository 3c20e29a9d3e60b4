//! In which namespaces a login may list what it may not list everywhere.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt};
use serde::Deserialize;
use serde_json::json;

use super::super::api::{Api, or_none};
use super::super::failure::Failure;
use super::super::kinds::ApiKind;
use crate::domain::Name;

/// Namespaces that are asked about, at most.
const ASKED: usize = 500;
/// Namespaces that are watched, at most: each is a connection for each kind.
const WATCHED: usize = 16;
/// Requests at once.
const AT_ONCE: usize = 8;

/// Namespaces in which something may be listed.
#[derive(Debug, Default)]
pub(super) struct Readable {
    namespaces: Vec<(Name, BTreeSet<ApiKind>)>,
    /// How many are left out, being too many.
    pub(super) left_out: usize,
}

impl Readable {
    /// Where anything may be listed.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &Name> {
        self.namespaces.iter().map(|(namespace, _)| namespace)
    }

    /// Where a kind may be listed.
    pub(super) fn namespaces_of(&self, kind: ApiKind) -> impl Iterator<Item = &Name> {
        self.namespaces.iter().filter(move |(_, kinds)| kinds.contains(&kind)).map(|(namespace, _)| namespace)
    }
}

/// Asks. Where namespaces may not be listed, `own` is all that is known to be there.
pub(super) async fn ask(api: Api, own: Name) -> Readable {
    let listed = api.names(ApiKind::Namespaces).await;
    let mut names: Vec<Name> = listed.unwrap_or_default().iter().map(|name| Name::new(name)).collect();
    names.retain(|name| *name != own);
    names.sort_unstable();
    names.insert(0, own);
    names.truncate(ASKED);
    let asked = stream::iter(names).map(|namespace| {
        let api = api.clone();
        async move {
            let kinds = listable(&api, &namespace).await;
            (namespace, kinds)
        }
    });
    let mut namespaces: Vec<_> = asked.buffered(AT_ONCE).collect().await;
    namespaces.retain(|(_, kinds)| !kinds.is_empty());
    let left_out = namespaces.len().saturating_sub(WATCHED);
    namespaces.truncate(WATCHED);
    Readable { namespaces, left_out }
}

fn kinds() -> impl Iterator<Item = ApiKind> {
    ApiKind::ALL.iter().copied().filter(|kind| kind.namespaced())
}

async fn listable(api: &Api, namespace: &str) -> BTreeSet<ApiKind> {
    let rules = match rules(api, namespace).await {
        Ok(rules) => rules,
        // Whoever may not even ask tries.
        Err(failure) if failure.is_forbidden() || failure.is_missing() => return kinds().collect(),
        Err(_) => return BTreeSet::new(),
    };
    let mut allowed: BTreeSet<ApiKind> = kinds().filter(|kind| rules.allow(*kind)).collect();
    // Some authorisers cannot list their rules, and then no rule means nothing. Pods stand for a namespace: where they
    // may not be listed, the rest is not worth a question each.
    if rules.incomplete && (allowed.contains(&ApiKind::Pods) || may_list(api, namespace, ApiKind::Pods).await) {
        for kind in kinds().filter(|kind| !rules.allow(*kind)) {
            if may_list(api, namespace, kind).await {
                allowed.insert(kind);
            }
        }
    }
    allowed
}

async fn rules(api: &Api, namespace: &str) -> Result<Rules, Failure> {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": { "namespace": namespace },
    });
    let answer: Reviewed<Rules> = api.post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", &review).await?;
    Ok(answer.status)
}

async fn may_list(api: &Api, namespace: &str, kind: ApiKind) -> bool {
    let attributes = json!({
        "namespace": namespace, "verb": "list", "group": kind.group(), "resource": kind.plural(),
    });
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": attributes },
    });
    let answer = api.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &review).await;
    answer.is_ok_and(|answer: Reviewed<Access>| answer.status.allowed)
}

#[derive(Deserialize)]
struct Reviewed<T> {
    status: T,
}

#[derive(Deserialize)]
struct Access {
    allowed: bool,
}

/// What a login may do in a namespace.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rules {
    #[serde(default, deserialize_with = "or_none")]
    resource_rules: Vec<Rule>,
    #[serde(default)]
    incomplete: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    #[serde(default, deserialize_with = "or_none")]
    verbs: Vec<String>,
    #[serde(default, deserialize_with = "or_none")]
    api_groups: Vec<String>,
    #[serde(default, deserialize_with = "or_none")]
    resources: Vec<String>,
    #[serde(default, deserialize_with = "or_none")]
    resource_names: Vec<String>,
}

impl Rules {
    fn allow(&self, kind: ApiKind) -> bool {
        let has = |list: &[String], word: &str| list.iter().any(|it| it == word || it == "*");
        self.resource_rules.iter().any(|rule| {
            // A right to objects by name is none to list.
            rule.resource_names.is_empty()
                && has(&rule.verbs, "list")
                && has(&rule.api_groups, kind.group())
                && has(&rule.resources, kind.plural())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_real_rules_allow_is_read() {
        let rules = |who: &str| -> Rules {
            let path = format!("{}/tests/wire/kubernetes/v1.34/access/{who}.rules.json", env!("CARGO_MANIFEST_DIR"));
            let raw = std::fs::read(path).expect("a recording");
            serde_json::from_slice::<Reviewed<Rules>>(&raw).expect("a review").status
        };
        let allowed = |who: &str| kinds().filter(|kind| rules(who).allow(*kind)).count();
        assert_eq!(allowed("admin"), kinds().count());
        assert_eq!(allowed("nobody"), 0);
        assert!(!rules("no-events").allow(ApiKind::Events) && rules("no-events").allow(ApiKind::Pods));
        assert!(rules("reader-one-namespace").allow(ApiKind::Pods));
    }

    #[test]
    fn a_rule_allows_what_it_names_and_no_more() {
        let rules: Rules = serde_json::from_value(json!({ "resourceRules": [
            { "verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "pods/log"] },
            { "verbs": ["*"], "apiGroups": ["apps"], "resources": ["*"] },
            { "verbs": ["list"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["one"] },
            { "verbs": ["get"], "apiGroups": ["batch"], "resources": ["jobs"] },
        ]}))
        .expect("rules");
        assert!(rules.allow(ApiKind::Pods) && rules.allow(ApiKind::Deployments));
        assert!(!rules.allow(ApiKind::Secrets) && !rules.allow(ApiKind::Jobs) && !rules.allow(ApiKind::Services));
    }
}
