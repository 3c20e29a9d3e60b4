//! Budgets, as far as they guard a pod.

use serde_json::Value;

use crate::domain::{Line, LineKind, Text};

use super::super::words::dig::{fields, list, number, text, texts};

/// A budget that guards a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guarding {
    pub(super) name: Text,
    /// So many may go now.
    pub(super) allows: u32,
    pub(super) healthy: u32,
    pub(super) wanted: u32,
    /// It lets go of a pod that is not ready, however few are (`AlwaysAllow`).
    pub(super) lets_broken_go: bool,
}

/// Those of a pod's namespace that guard it.
pub(super) fn of_pod(all: &[Value], pod: &Value) -> Vec<Guarding> {
    let here = |it: &&Value| text(it, "/metadata/namespace") == text(pod, "/metadata/namespace");
    all.iter().filter(here).filter(|it| picks(it, pod)).map(guarding).collect()
}

fn guarding(it: &Value) -> Guarding {
    let count = |path: &str| number(it, path).and_then(|it| u32::try_from(it).ok()).unwrap_or(0);
    Guarding {
        name: Text::new(text(it, "/metadata/name")),
        allows: count("/status/disruptionsAllowed"),
        healthy: count("/status/currentHealthy"),
        wanted: count("/status/desiredHealthy"),
        lets_broken_go: text(it, "/spec/unhealthyPodEvictionPolicy") == "AlwaysAllow",
    }
}

/// A selector that is not there picks nothing, an empty one everything (k8s.io/api/policy/v1).
fn picks(budget: &Value, pod: &Value) -> bool {
    let Some(selector) = budget.pointer("/spec/selector") else { return false };
    let label =
        |name: &str| pod.pointer("/metadata/labels").and_then(|labels| labels.get(name)).and_then(Value::as_str);
    let equal = fields(selector, "/matchLabels").all(|(name, value)| label(name) == value.as_str());
    equal && list(selector, "/matchExpressions").iter().all(|term| holds(term, label(text(term, "/key"))))
}

/// A term of a selector (apimachinery: pkg/labels/selector.go).
pub(super) fn holds(term: &Value, value: Option<&str>) -> bool {
    let among = |value: &str| texts(term, "/values").any(|it| it == value);
    match (text(term, "/operator"), value) {
        ("In", Some(value)) => among(value),
        ("NotIn", Some(value)) => !among(value),
        ("NotIn", None) => true,
        ("Exists", value) => value.is_some(),
        ("DoesNotExist", value) => value.is_none(),
        _ => false,
    }
}

/// What a budget says of the one pod that it guards.
pub(super) fn line(it: Guarding) -> Line {
    let Guarding { name, allows, healthy, wanted, .. } = it;
    match allows {
        0 => Line::new(
            LineKind::Skips,
            format!("budget {name} lets none go: {healthy} healthy, {wanted} wanted. It will wait"),
        ),
        allows => Line::new(LineKind::Note, format!("budget {name} lets {allows} go now")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_budget_guards_what_its_selector_picks_in_its_namespace() {
        let budget = |selector: Value| {
            json!({ "metadata": { "name": "b", "namespace": "shop" }, "spec": { "selector": selector },
                "status": { "disruptionsAllowed": 1, "currentHealthy": 3, "desiredHealthy": 2 } })
        };
        let pod = json!({ "metadata": { "namespace": "shop", "labels": { "app": "web", "env": "prod" } } });
        let guards = |selector: Value| !of_pod(&[budget(selector)], &pod).is_empty();
        assert!(guards(json!({ "matchLabels": { "app": "web" } })));
        assert!(guards(json!({})), "an empty one picks everything");
        assert!(!guards(json!({ "matchLabels": { "app": "api" } })));
        assert!(guards(json!({ "matchExpressions": [{ "key": "env", "operator": "In", "values": ["prod"] }] })));
        assert!(!guards(json!({ "matchExpressions": [{ "key": "env", "operator": "DoesNotExist" }] })));
        let elsewhere = json!({ "metadata": { "namespace": "other", "labels": { "app": "web" } } });
        assert_eq!(of_pod(&[budget(json!({}))], &elsewhere), []);
        assert_eq!(
            of_pod(&[json!({ "metadata": { "namespace": "shop" }, "spec": {} })], &pod),
            [],
            "none picks nothing"
        );
    }
}
