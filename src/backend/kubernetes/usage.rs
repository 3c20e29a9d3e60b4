//! What nodes and pods use, as `metrics.k8s.io` measures it: lists without a watch, of which numbers alone are read.

use futures::{StreamExt, stream};
use serde::Deserialize;

use crate::domain::{Name, Timestamp};

use super::api::{Api, decode, escaped};
use super::failure::Failure;
use super::wire::read::{Amounts, List, Of, Str, Time};

/// Namespaces that are asked for at once.
const AT_ONCE: usize = 4;

/// What one of them uses.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Use {
    /// Of a pod.
    pub(super) namespace: Box<str>,
    pub(super) name: Box<str>,
    pub(super) at: Option<Timestamp>,
    pub(super) memory_bytes: Option<u64>,
    pub(super) cpu_millis: Option<u64>,
    /// Of each container of a pod, where there are several.
    pub(super) parts: Vec<PartUse>,
}

/// What one container uses.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PartUse {
    pub(super) name: Box<str>,
    pub(super) memory_bytes: Option<u64>,
    pub(super) cpu_millis: Option<u64>,
}

/// What came of one list.
pub(super) type Outcome = Result<Vec<Use>, Failure>;

/// What came of measuring once.
#[derive(Debug)]
pub(super) struct Measured {
    /// None where they were not asked for.
    pub(super) nodes: Option<Outcome>,
    /// Of each namespace.
    pub(super) pods: Vec<Outcome>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Listed {
    items: List<Item>,
}

/// A node, which has its use, or a pod, whose containers have theirs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Item {
    metadata: Of<Named>,
    timestamp: Time,
    usage: Option<Amounts>,
    containers: List<Part>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named {
    namespace: Str,
    name: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Part {
    name: Str,
    usage: Amounts,
}

impl Item {
    fn read(self) -> Use {
        let parts: Vec<&Amounts> = self.usage.iter().chain(self.containers.iter().map(|part| &part.usage)).collect();
        let sum = |of: fn(&Amounts) -> Option<u64>| {
            let each: Vec<u64> = parts.iter().filter_map(|part| of(part)).collect();
            (!each.is_empty()).then(|| each.iter().fold(0_u64, |sum, one| sum.saturating_add(*one)))
        };
        let of_each = self.containers.iter().map(|part| PartUse {
            name: (*part.name).into(),
            memory_bytes: part.usage.memory_bytes(),
            cpu_millis: part.usage.cpu_millis(),
        });
        Use {
            at: self.timestamp.0,
            memory_bytes: sum(Amounts::memory_bytes),
            cpu_millis: sum(Amounts::cpu_millis),
            parts: if self.containers.len() > 1 { of_each.collect() } else { Vec::new() },
            namespace: self.metadata.0.namespace.into_inner(),
            name: self.metadata.0.name.into_inner(),
        }
    }
}

/// Measures the nodes, where they are wanted, and the pods of some namespaces.
pub(super) async fn measure(api: Api, version: &'static str, nodes: bool, namespaces: Vec<Name>) -> Measured {
    let root = format!("/apis/metrics.k8s.io/{version}");
    let nodes = match nodes {
        true => Some(list(&api, format!("{root}/nodes")).await),
        false => None,
    };
    let asked = namespaces.into_iter().map(|namespace| {
        let path = format!("{root}/namespaces/{}/pods", escaped(&namespace));
        let api = api.clone();
        async move { list(&api, path).await }
    });
    // Made before they are asked: a closure over references cannot go along to another thread.
    let asked: Vec<_> = asked.collect();
    Measured { nodes, pods: stream::iter(asked).buffered(AT_ONCE).collect().await }
}

async fn list(api: &Api, path: String) -> Outcome {
    let listed: Listed = decode(&api.get(&path).await?)?;
    Ok(listed.items.0.into_iter().map(Item::read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Vec<Use> {
        let listed: Listed = serde_json::from_str(raw).expect("a list");
        listed.items.0.into_iter().map(Item::read).collect()
    }

    #[test]
    fn use_is_read_as_metrics_server_writes_it() {
        let nodes = read(
            r#"{"kind":"NodeMetricsList","apiVersion":"metrics.k8s.io/v1beta1","metadata":{},"items":[
              {"metadata":{"name":"n1","creationTimestamp":"2026-11-24T12:45:01Z","labels":{"a":"b"}},
               "timestamp":"2026-11-24T12:44:50Z","window":"20.019s","usage":{"cpu":"123456789n","memory":"1234567Ki"}}]}"#,
        );
        assert_eq!((&*nodes[0].name, nodes[0].cpu_millis), ("n1", Some(124)));
        assert_eq!(nodes[0].memory_bytes, Some(1_234_567 * 1024));
        assert_eq!(nodes[0].at, "2026-11-24T12:44:50Z".parse().ok());
        let pods = read(
            r#"{"items":[{"metadata":{"name":"web","namespace":"shop"},"timestamp":"2026-11-24T12:44:50Z","window":"15s","containers":[
              {"name":"web","usage":{"cpu":"2500000n","memory":"64Mi"}},{"name":"proxy","usage":{"cpu":"500u","memory":"1Mi"}},
              {"name":"new","usage":{}}]},
              {"metadata":{"name":"idle","namespace":"shop"},"containers":null}]}"#,
        );
        assert_eq!((&*pods[0].namespace, pods[0].cpu_millis, pods[0].memory_bytes), ("shop", Some(4), Some(65 << 20)));
        let parts: Vec<_> = pods[0].parts.iter().map(|it| (&*it.name, it.cpu_millis, it.memory_bytes)).collect();
        assert_eq!(parts, [("web", Some(3), Some(64 << 20)), ("proxy", Some(1), Some(1 << 20)), ("new", None, None)]);
        assert_eq!((pods[1].cpu_millis, pods[1].memory_bytes), (None, None), "nothing was measured, which is not zero");
        assert!(pods[1].parts.is_empty());
    }
}
