//! Whether pods fit on the nodes that are left: by what they ask for, the labels that they want and the taints that they bear.
//! It is an estimate, and is said to be one: a scheduler looks at more.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::{Name, Text};

use super::super::super::book::{Asked, Census, asked};
use super::super::super::wire::pod::{PodSpec, PodStatus};
use super::super::super::wire::quantity::quantity;
use super::super::super::words::dig::{fields, is_true, list, scalar, text};
use super::super::budgets::holds;

/// A node that takes new pods.
struct Place<'a> {
    node: &'a Value,
    name: &'a str,
    memory: u64,
    cpu: u64,
    pods: u64,
    /// Bytes that it has in all.
    size: u64,
}

/// Where pods could go.
pub(super) struct Room<'a> {
    places: Vec<Place<'a>>,
    /// How much of each is taken is known.
    measured: bool,
}

/// Whether a pod fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fit {
    /// On this node.
    On(Name),
    /// Somewhere, as far as labels and taints go; how full nodes are is not known.
    Perhaps,
    /// No other node is like the one that it wants: what it wants.
    NoSuchNode(Text),
    /// Those that would do are full.
    Full(Asked),
}

impl<'a> Room<'a> {
    /// The nodes beside the one that is emptied.
    pub(super) fn beside(nodes: &'a [Value], emptied: &str, census: Option<&Census>) -> Self {
        let others = nodes.iter().filter(|node| text(node, "/metadata/name") != emptied);
        let others = others.filter(|node| !is_true(node, "/spec/unschedulable") && is_up(node));
        let places = others.map(|node| Place::of(node, census)).collect();
        Self { places, measured: census.is_some() }
    }

    /// Finds a place for a pod, and takes it.
    pub(super) fn take(&mut self, pod: &Value) -> Fit {
        let wants = asked_by(pod);
        let mut fitting: Vec<&mut Place<'_>> = self.places.iter_mut().filter(|place| suits(pod, place.node)).collect();
        if fitting.is_empty() {
            return Fit::NoSuchNode(wanted(pod));
        }
        if !self.measured {
            return Fit::Perhaps;
        }
        fitting.retain(|it| it.memory >= wants.memory && it.cpu >= wants.cpu && it.pods > 0);
        // The emptiest first, as a scheduler does by default.
        match fitting.into_iter().max_by_key(|it| it.memory) {
            None => Fit::Full(wants),
            Some(place) => {
                place.memory -= wants.memory;
                place.cpu -= wants.cpu;
                place.pods -= 1;
                Fit::On(Name::new(place.name))
            }
        }
    }

    /// How much memory is left of that which the nodes have, in percent; none where it is not known.
    pub(super) fn free_percent(&self) -> Option<u64> {
        let sum = |of: fn(&Place<'_>) -> u64| self.places.iter().map(of).fold(0_u64, u64::saturating_add);
        let (free, size) = (sum(|it| it.memory), sum(|it| it.size));
        (self.measured && size > 0).then(|| u64::try_from(u128::from(free) * 100 / u128::from(size)).unwrap_or(100))
    }

    /// Whether there is any node to go to.
    pub(super) fn is_none(&self) -> bool {
        self.places.is_empty()
    }
}

impl<'a> Place<'a> {
    fn of(node: &'a Value, census: Option<&Census>) -> Self {
        let name = text(node, "/metadata/name");
        let has = |what: &str| quantity(&scalar(node, &format!("/status/allocatable/{what}"))).unwrap_or_default();
        let taken = census.and_then(|census| census.taken.get(&Name::new(name))).copied().unwrap_or_default();
        let size = has("memory").whole();
        Self {
            node,
            name,
            memory: size.saturating_sub(taken.memory),
            cpu: has("cpu").millis().saturating_sub(taken.cpu),
            pods: has("pods").whole().saturating_sub(u64::from(taken.pods)),
            size,
        }
    }
}

fn is_up(node: &Value) -> bool {
    let ready = list(node, "/status/conditions").iter().find(|it| text(it, "/type") == "Ready");
    ready.is_some_and(|it| text(it, "/status") == "True")
}

fn asked_by(pod: &Value) -> Asked {
    let part = |at: &str| pod.pointer(at).cloned().unwrap_or_default();
    let spec: Option<PodSpec> = serde_json::from_value(part("/spec")).ok();
    let status: Option<PodStatus> = serde_json::from_value(part("/status")).ok();
    spec.zip(status).map(|(spec, status)| asked(&spec, &status)).unwrap_or_default()
}

/// Whether a node has the labels that a pod wants, and no taint that it does not bear.
fn suits(pod: &Value, node: &Value) -> bool {
    let label =
        |name: &str| node.pointer("/metadata/labels").and_then(|labels| labels.get(name)).and_then(Value::as_str);
    let selected = fields(pod, "/spec/nodeSelector").all(|(name, value)| label(name) == value.as_str());
    selected && in_affinity(pod, node) && list(node, "/spec/taints").iter().all(|taint| bears(pod, taint))
}

/// The required part of its node affinity: any of its terms, of which every expression has to hold.
fn in_affinity(pod: &Value, node: &Value) -> bool {
    const TERMS: &str = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
    let terms = list(pod, TERMS);
    terms.is_empty() || terms.iter().any(|term| term_holds(term, node))
}

/// A term of a node selector.
pub(super) fn term_holds(term: &Value, node: &Value) -> bool {
    let label =
        |name: &str| node.pointer("/metadata/labels").and_then(|labels| labels.get(name)).and_then(Value::as_str);
    let name = text(node, "/metadata/name");
    let labels = list(term, "/matchExpressions").iter().all(|it| match text(it, "/operator") {
        "Gt" | "Lt" => compares(it, label(text(it, "/key"))),
        _ => holds(it, label(text(it, "/key"))),
    });
    labels && list(term, "/matchFields").iter().all(|it| text(it, "/key") == "metadata.name" && holds(it, Some(name)))
}

fn compares(term: &Value, value: Option<&str>) -> bool {
    let number = |raw: &str| raw.parse::<i64>().ok();
    let bound = list(term, "/values").first().and_then(Value::as_str).and_then(number);
    match (value.and_then(number), bound) {
        (Some(value), Some(bound)) if text(term, "/operator") == "Gt" => value > bound,
        (Some(value), Some(bound)) => value < bound,
        _ => false,
    }
}

/// Whether a pod may be put where a taint is (api: core/v1/toleration.go).
pub(super) fn bears(pod: &Value, taint: &Value) -> bool {
    if !matches!(text(taint, "/effect"), "NoSchedule" | "NoExecute") {
        return true;
    }
    list(pod, "/spec/tolerations").iter().any(|it| {
        let effect = text(it, "/effect");
        let key = text(it, "/key");
        let exists = text(it, "/operator") == "Exists";
        (effect.is_empty() || effect == text(taint, "/effect"))
            && (key == text(taint, "/key") || (key.is_empty() && exists))
            && (exists || text(it, "/value") == text(taint, "/value"))
    })
}

/// What a pod wants of its node, in words.
fn wanted(pod: &Value) -> Text {
    let labels: Vec<String> =
        fields(pod, "/spec/nodeSelector").map(|(name, value)| format!("{name}={}", scalar(value, ""))).collect();
    match (labels.as_slice(), pod.pointer("/spec/affinity/nodeAffinity").is_some()) {
        ([], true) => Text::new("by its node affinity"),
        ([], false) => Text::new("by its tolerations"),
        (labels, _) => Text::from(format!("it needs {}", labels.join(","))),
    }
}

/// How many fit where: for a sentence.
pub(super) fn spread(fits: &[Fit]) -> BTreeMap<&Name, usize> {
    let mut all = BTreeMap::new();
    for fit in fits {
        if let Fit::On(node) = fit {
            *all.entry(node).or_insert(0) += 1;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::super::book::Taken;
    use super::*;

    fn node(name: &str, memory: &str, labels: Value, taints: Value) -> Value {
        json!({ "metadata": { "name": name, "labels": labels }, "spec": { "taints": taints },
            "status": { "allocatable": { "memory": memory, "cpu": "4", "pods": "110" },
                        "conditions": [{ "type": "Ready", "status": "True" }] } })
    }

    fn pod(memory: &str, more: Value) -> Value {
        let mut spec = json!({ "containers": [{ "name": "a", "resources": { "requests": { "memory": memory } } }] });
        for (name, value) in more.as_object().expect("fields") {
            spec[name] = value.clone();
        }
        json!({ "spec": spec, "status": {} })
    }

    fn census(taken: &[(&str, u64)]) -> Census {
        let taken = taken.iter().map(|(name, memory)| (Name::new(name), Taken { memory: *memory, cpu: 0, pods: 1 }));
        Census { taken: taken.collect(), ready: Vec::new() }
    }

    #[test]
    fn pods_take_the_room_that_is_left() {
        let nodes = [node("old", "8Gi", json!({}), json!([])), node("a", "4Gi", json!({}), json!([]))];
        let census = census(&[("a", 1 << 30)]);
        let mut room = Room::beside(&nodes, "old", Some(&census));
        assert_eq!(room.take(&pod("2Gi", json!({}))), Fit::On("a".into()));
        assert_eq!(room.take(&pod("2Gi", json!({}))), Fit::Full(Asked { memory: 2 << 30, cpu: 0 }));
        assert_eq!(room.free_percent(), Some(25));
    }

    #[test]
    fn labels_and_taints_keep_pods_away() {
        let taint = json!([{ "key": "gpu", "value": "yes", "effect": "NoSchedule" }]);
        let nodes = [
            node("old", "8Gi", json!({ "gpu": "a100" }), json!([])),
            node("a", "8Gi", json!({ "disk": "ssd" }), json!([])),
            node("b", "8Gi", json!({ "gpu": "t4" }), taint),
        ];
        let fit = |more: Value| Room::beside(&nodes, "old", None).take(&pod("1Mi", more));
        assert_eq!(fit(json!({})), Fit::Perhaps, "how full nodes are is not known");
        assert_eq!(fit(json!({ "nodeSelector": { "gpu": "a100" } })), Fit::NoSuchNode("it needs gpu=a100".into()));
        assert_eq!(fit(json!({ "nodeSelector": { "gpu": "t4" } })), Fit::NoSuchNode("it needs gpu=t4".into()));
        let bears = json!({ "nodeSelector": { "gpu": "t4" }, "tolerations": [{ "key": "gpu", "operator": "Exists" }] });
        assert_eq!(fit(bears), Fit::Perhaps);
        let affinity = |values: Value| {
            json!({ "affinity": { "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{ "matchExpressions": [{ "key": "disk", "operator": "In", "values": values }] }] } } } })
        };
        assert_eq!(fit(affinity(json!(["ssd"]))), Fit::Perhaps);
        assert_eq!(fit(affinity(json!(["hdd"]))), Fit::NoSuchNode("by its node affinity".into()));
    }
}
