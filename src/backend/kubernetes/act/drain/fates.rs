//! What becomes of each pod of a node that is emptied (kubectl: pkg/drain/filters.go, and what that leaves unsaid).

use serde_json::Value;

use crate::domain::{Including, Name, Text};

use super::super::super::words::dig::{list, text};
use super::super::budgets::{self, Guarding};
use super::super::instance::{controller, is_finished, is_mirror, is_ready};

/// What becomes of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It belongs on each node, and its DaemonSet would put it back.
    OnEachNode,
    /// The kubelet runs it from a file of its own.
    Mirror,
    /// It ends already.
    Ending,
    /// Nothing makes it again: left, unless it is to go too.
    Unmanaged,
    /// Data that is only here would be lost: left, unless it is to go too. With a word for the data.
    LocalData(Text),
    /// The server evicts nothing that more than one budget guards (kubernetes: pkg/registry/core/pod/storage/eviction.go).
    Guarded(Vec<Name>),
    /// It goes.
    Goes(Going),
}

/// How a pod goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Going {
    /// The budget that has a say in it.
    pub(super) budget: Option<Guarding>,
    /// What is lost with it, where that was asked for.
    pub(super) loses: Option<Text>,
    /// It has ended: nothing moves, and nothing is lost.
    pub(super) finished: bool,
}

/// A pod, and what becomes of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leaving<'a> {
    pub(super) pod: &'a Value,
    pub(super) namespace: Name,
    pub(super) name: Name,
    pub(super) fate: Fate,
}

/// Sorts the pods of a node.
pub(super) fn sort<'a>(pods: &'a [Value], all_budgets: &[Value], including: Including) -> Vec<Leaving<'a>> {
    let each = pods.iter().map(|pod| Leaving {
        pod,
        namespace: Name::new(text(pod, "/metadata/namespace")),
        name: Name::new(text(pod, "/metadata/name")),
        fate: fate(pod, all_budgets, including),
    });
    let mut sorted: Vec<Leaving<'a>> = each.collect();
    sorted.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    sorted
}

fn fate(pod: &Value, all_budgets: &[Value], including: Including) -> Fate {
    if is_mirror(pod) {
        return Fate::Mirror;
    }
    if pod.pointer("/metadata/deletionTimestamp").is_some() {
        return Fate::Ending;
    }
    let owner = controller(pod);
    if is_finished(pod) {
        return Fate::Goes(Going { finished: true, ..Going::default() });
    }
    if owner.is_some_and(|owner| text(owner, "/kind") == "DaemonSet") {
        return Fate::OnEachNode;
    }
    let unmanaged = owner.is_none();
    let data = local_data(pod);
    match &data {
        _ if unmanaged && !including.unmanaged => return Fate::Unmanaged,
        Some(data) if !including.local_data => return Fate::LocalData(data.clone()),
        _ => {}
    }
    let guards = guards(pod, all_budgets);
    if guards.len() > 1 {
        return Fate::Guarded(guards.into_iter().map(|it| it.name).collect());
    }
    let lost = unmanaged.then(|| Text::new("nothing makes it again"));
    let loses = lost.or_else(|| data.map(|data| Text::from(format!("{data} is lost"))));
    Fate::Goes(Going { budget: guards.into_iter().next(), loses, finished: false })
}

/// Budgets that have a say: one that is pending goes without asking any, and so does one that is not ready where its budget
/// says so (kubernetes: pkg/registry/core/pod/storage/eviction.go `canIgnorePDB`).
fn guards(pod: &Value, all_budgets: &[Value]) -> Vec<Guarding> {
    if text(pod, "/status/phase") == "Pending" {
        return Vec::new();
    }
    let mut guards = budgets::of_pod(all_budgets, pod);
    if let [only] = guards.as_slice()
        && !is_ready(pod)
        && (only.lets_broken_go || (only.healthy >= only.wanted && only.wanted > 0))
    {
        guards.clear();
    }
    guards
}

/// Data that is on the node alone: what is in emptyDir volumes.
fn local_data(pod: &Value) -> Option<Text> {
    let volumes: Vec<&Value> =
        list(pod, "/spec/volumes").iter().filter(|volume| volume.pointer("/emptyDir").is_some()).collect();
    let in_memory = |volume: &&&Value| text(volume, "/emptyDir/medium") == "Memory";
    let kept: Vec<&str> = volumes.iter().filter(|it| !in_memory(it)).map(|it| text(it, "/name")).collect();
    match (volumes.as_slice(), kept.as_slice()) {
        ([], _) => None,
        ([one], []) => Some(Text::from(format!("emptyDir {} (in memory)", text(one, "/name")))),
        (all, []) => Some(Text::from(format!("{} emptyDirs (in memory)", all.len()))),
        (_, [one]) => Some(Text::from(format!("emptyDir {one}"))),
        (_, some) => Some(Text::from(format!("{} emptyDirs", some.len()))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NONE: Including = Including { unmanaged: false, local_data: false };
    const ALL: Including = Including { unmanaged: true, local_data: true };

    fn pod(owner: Option<&str>, more: Value) -> Value {
        let mut pod = json!({ "metadata": { "namespace": "shop", "name": "a", "labels": { "app": "a" } },
            "spec": { "containers": [] },
            "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] } });
        if let Some(kind) = owner {
            pod["metadata"]["ownerReferences"] = json!([{ "kind": kind, "name": "a", "controller": true }]);
        }
        for (at, value) in more.as_object().expect("paths") {
            *pod.pointer_mut(at.rsplit_once('/').expect("a path").0)
                .expect("a place")
                .as_object_mut()
                .expect("an object")
                .entry(at.rsplit_once('/').expect("a path").1)
                .or_insert(Value::Null) = value.clone();
        }
        pod
    }

    fn budget(name: &str, allows: u32, broken: &str) -> Value {
        json!({ "metadata": { "namespace": "shop", "name": name },
            "spec": { "selector": { "matchLabels": { "app": "a" } }, "unhealthyPodEvictionPolicy": broken },
            "status": { "disruptionsAllowed": allows, "currentHealthy": 2, "desiredHealthy": 3 } })
    }

    #[test]
    fn what_would_be_lost_stays_unless_it_is_to_go() {
        let of = |pod: &Value, including| fate(pod, &[], including);
        let free = Fate::Goes(Going::default());
        assert_eq!(of(&pod(Some("ReplicaSet"), json!({})), NONE), free);
        assert_eq!(of(&pod(Some("DaemonSet"), json!({})), ALL), Fate::OnEachNode);
        assert_eq!(of(&pod(None, json!({})), NONE), Fate::Unmanaged);
        let lost = |words: &str| Fate::Goes(Going { loses: Some(Text::new(words)), ..Going::default() });
        assert_eq!(of(&pod(None, json!({})), ALL), lost("nothing makes it again"));
        let disk = json!({ "/spec/volumes": [{ "name": "tmp", "emptyDir": {} }] });
        let memory = json!({ "/spec/volumes": [{ "name": "shm", "emptyDir": { "medium": "Memory" } }] });
        assert_eq!(of(&pod(Some("Job"), disk.clone()), NONE), Fate::LocalData("emptyDir tmp".into()));
        assert_eq!(of(&pod(Some("Job"), memory), NONE), Fate::LocalData("emptyDir shm (in memory)".into()));
        assert_eq!(of(&pod(Some("Job"), disk.clone()), ALL), lost("emptyDir tmp is lost"));
        let both = pod(None, disk);
        let only_unmanaged = Including { unmanaged: true, local_data: false };
        assert_eq!(of(&both, only_unmanaged), Fate::LocalData("emptyDir tmp".into()), "each is asked for by itself");
    }

    #[test]
    fn what_has_ended_or_ends_or_is_no_pod_of_the_servers_is_told_apart() {
        let ended = json!({ "/status/phase": "Succeeded", "/spec/volumes": [{ "name": "tmp", "emptyDir": {} }] });
        let finished = Fate::Goes(Going { finished: true, ..Going::default() });
        assert_eq!(fate(&pod(None, ended), &[], NONE), finished);
        let ending = json!({ "/metadata/deletionTimestamp": "2026-11-30T00:00:00Z" });
        assert_eq!(fate(&pod(Some("ReplicaSet"), ending), &[], NONE), Fate::Ending);
        let mirror = json!({ "/metadata/annotations": { "kubernetes.io/config.mirror": "x" } });
        assert_eq!(fate(&pod(Some("Node"), mirror), &[], ALL), Fate::Mirror);
    }

    #[test]
    fn a_budget_has_its_say_but_of_what_does_not_run() {
        let web = pod(Some("ReplicaSet"), json!({}));
        let budgets = [budget("b", 0, "")];
        let Fate::Goes(Going { budget: Some(guard), .. }) = fate(&web, &budgets, NONE) else { panic!("it is guarded") };
        assert_eq!((guard.allows, guard.healthy, guard.wanted), (0, 2, 3));
        let two = [budget("b", 1, ""), budget("c", 1, "")];
        assert_eq!(fate(&web, &two, NONE), Fate::Guarded(vec!["b".into(), "c".into()]));
        let free = Fate::Goes(Going::default());
        let pending = pod(Some("ReplicaSet"), json!({ "/status/phase": "Pending" }));
        assert_eq!(fate(&pending, &budgets, NONE), free);
        let broken = pod(Some("ReplicaSet"), json!({ "/status/conditions": [] }));
        assert!(matches!(fate(&broken, &budgets, NONE), Fate::Goes(Going { budget: Some(_), .. })));
        assert_eq!(fate(&broken, &[budget("b", 0, "AlwaysAllow")], NONE), free);
    }
}
