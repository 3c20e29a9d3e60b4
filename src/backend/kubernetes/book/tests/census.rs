//! What is known of all pods, before a node is emptied.

use super::hear::{Scenes, line, said, then};
use crate::backend::kubernetes::book::{Book, Ready, Taken};
use crate::backend::kubernetes::kinds::ApiKind;
use crate::domain::{ClusterId, Kind};

fn pod(name: &str, node: &str, ready: &str, more: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"shop","uid":"{name}"{more},
          "ownerReferences":[{{"kind":"StatefulSet","name":"db","uid":"d","controller":true}}]}},
        "spec":{{"nodeName":"{node}","containers":[{{"name":"a","resources":{{"requests":{{"memory":"1Ki","cpu":"100m"}}}}}}]}},
        "status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"{ready}"}}]}}}}"#
    )
}

#[test]
fn pods_are_counted_where_they_are_and_the_ready_ones_by_whom_they_work_for() {
    let all = [
        pod("db-0", "a", "True", ""),
        pod("db-1", "b", "True", ""),
        pod("db-2", "a", "False", ""),
        pod("db-3", "a", "True", r#","deletionTimestamp":"2026-11-24T12:00:00Z""#),
    ];
    let pods: Vec<(ApiKind, &str)> = all.iter().map(|it| (ApiKind::Pods, it.as_str())).collect();
    let mut scenes = Scenes::with(&pods);
    let census = scenes.book.census("a").expect("all pods are known");
    let taken = |memory, cpu, pods| Taken { memory, cpu, pods };
    assert_eq!(census.taken.values().copied().collect::<Vec<_>>(), [taken(3072, 300, 3), taken(1024, 100, 1)]);
    let db = Scenes::key(Kind::StatefulSet, "shop", "db");
    let ready = Ready { workload: db, here: vec![("shop".into(), "db-0".into())], all: 2 };
    assert_eq!(census.ready, [ready], "what ends is not counted on any more");
    let ended = pod("db-1", "b", "False", "").replace("Running", "Succeeded");
    let ended = line(ApiKind::Pods, &format!(r#"{{"type":"MODIFIED","object":{ended}}}"#));
    scenes.hear(said(ApiKind::Pods, then(), vec![ended]));
    let census = scenes.book.census("a").expect("all pods are known");
    assert_eq!((census.taken.len(), census.ready[0].all), (1, 1));
}

#[test]
fn while_pods_are_not_all_known_nothing_is_counted() {
    assert_eq!(Book::new(ClusterId::new("test")).census("a"), None);
}
