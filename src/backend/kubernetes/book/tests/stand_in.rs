//! Pods whose workload is told by no list.

use super::hear::{Scenes, line, listing, put, said, then};
use crate::backend::kubernetes::heard::Said;
use crate::backend::kubernetes::kinds::ApiKind;
use crate::domain::{Desired, Kind, Name, Object, RestartPolicy, Text, Trouble, TroubleKind};

/// A pod of a controller, with more fields of its spec.
fn pod(name: &str, kind: &str, owner: &str, labels: &str, spec: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"shop","uid":"{name}","creationTimestamp":"2026-11-24T12:00:00Z","labels":{{{labels}}},
          "ownerReferences":[{{"kind":"{kind}","name":"{owner}","uid":"o-{owner}","controller":true}}]}},
          "spec":{{"nodeName":"n",{spec}"containers":[{{"name":"c","image":"i:1","resources":{{"limits":{{"memory":"64Mi"}}}},
            "readinessProbe":{{"periodSeconds":10,"failureThreshold":30,"tcpSocket":{{"port":80}}}}}}]}},"status":{{"phase":"Running"}}}}"#
    )
}

fn forbidden() -> Trouble {
    Trouble {
        kind: TroubleKind::Forbidden,
        what: Text::new("may not be listed"),
        mend: Text::new("ask for the right"),
        since: then(),
        retry_at: None,
    }
}

/// A kind may not be read.
fn deny(scenes: &mut Scenes, kind: ApiKind) {
    scenes.hear(said(kind, then(), vec![Said::Listing(None), Said::Trouble(forbidden())]));
}

/// Where some kinds may not be read: they say so before the pods are listed, or after.
fn denied(kinds: &[ApiKind], pods: &[String], before: bool) -> Scenes {
    let mut scenes = Scenes::empty();
    let refuse = |scenes: &mut Scenes| kinds.iter().for_each(|kind| deny(scenes, *kind));
    if before {
        refuse(&mut scenes);
    }
    let puts: Vec<Said> = pods.iter().map(|pod| put(ApiKind::Pods, pod)).collect();
    scenes.hear(said(ApiKind::Pods, then(), vec![Said::Listing(None)]));
    scenes.hear(said(ApiKind::Pods, then(), puts));
    scenes.hear(said(ApiKind::Pods, then(), vec![Said::Listed]));
    if !before {
        refuse(&mut scenes);
    }
    scenes
}

fn web(n: u32) -> String {
    pod(&format!("web-5d9c7b8f6d-{n}"), "ReplicaSet", "web-5d9c7b8f6d", r#""pod-template-hash":"5d9c7b8f6d""#, "")
}

#[test]
fn pods_of_a_kind_that_may_not_be_read_are_one_workload() {
    for before in [true, false] {
        let mut scenes = denied(&[ApiKind::Deployments, ApiKind::ReplicaSets], &[web(1), web(2)], before);
        let it = scenes.workload(Kind::Deployment, "shop", "web").clone();
        assert_eq!((it.desired, it.restart_policy), (Desired::Unknown, RestartPolicy::Always));
        assert_eq!((it.containers[0].image.as_str(), it.containers[0].memory_limit_bytes), ("i:1", Some(64 << 20)));
        assert_eq!(it.containers[0].probes[0].grace_seconds, 300, "what its probes grant it holds");
        assert_eq!(scenes.pods(Kind::Deployment, "shop", "web").len(), 2);
        // With the last of its pods it goes too.
        for n in [1, 2] {
            let gone = line(ApiKind::Pods, &format!(r#"{{"type":"DELETED","object":{}}}"#, web(n)));
            scenes.hear(said(ApiKind::Pods, then(), vec![gone]));
            assert_eq!(scenes.objects.contains_key(&Scenes::key(Kind::Deployment, "shop", "web")), n == 1);
        }
    }
}

#[test]
fn the_workload_itself_takes_its_place_when_it_may_be_read() {
    let mut scenes = denied(&[ApiKind::Deployments, ApiKind::ReplicaSets], &[web(1)], true);
    let real = r#"{"metadata":{"name":"web","namespace":"shop","uid":"d"},"spec":{"replicas":3}}"#;
    let put = put(ApiKind::Deployments, real);
    scenes.hear(said(ApiKind::Deployments, then(), vec![Said::Listing(None), put, Said::Listed]));
    let it = scenes.workload(Kind::Deployment, "shop", "web");
    assert_eq!((it.desired, it.uid.as_str()), (Desired::Replicas(3), "d"));
    // One that is not there is no more than a name then.
    let mut scenes = denied(&[ApiKind::Deployments, ApiKind::ReplicaSets], &[web(1)], true);
    scenes.hear(listing(ApiKind::Deployments, Vec::new()));
    assert!(!scenes.objects.contains_key(&Scenes::key(Kind::Deployment, "shop", "web")));
}

#[test]
fn while_a_kind_is_still_listed_nothing_stands_in_for_it() {
    let mut scenes = denied(&[], &[web(1)], true);
    scenes.hear(said(ApiKind::Deployments, then(), vec![Said::Listing(None)]));
    assert!(!scenes.objects.contains_key(&Scenes::key(Kind::Deployment, "shop", "web")));
}

#[test]
fn other_kinds_that_may_not_be_read_stand_for_their_pods() {
    for (api, kind, name, desired) in [
        (ApiKind::StatefulSets, "StatefulSet", "db", Desired::Unknown),
        (ApiKind::DaemonSets, "DaemonSet", "agent", Desired::Unknown),
        (ApiKind::Jobs, "Job", "import", Desired::Completions(1)),
    ] {
        let scenes = denied(&[api], &[pod(&format!("{name}-0"), kind, name, "", "")], true);
        let it = scenes.workload(kind.parse().expect("a kind"), "shop", name);
        assert_eq!(it.desired, desired, "{kind}");
    }
}

#[test]
fn pods_of_a_custom_controller_are_one_workload() {
    let pods = [pod("a", "Postgres", "main", r#""app":"pg""#, ""), pod("b", "Postgres", "main", r#""app":"pg""#, "")];
    let service = r#"{"metadata":{"name":"pg","namespace":"shop"},"spec":{"selector":{"app":"pg"}}}"#;
    let mut scenes =
        Scenes::with(&[(ApiKind::Pods, &pods[0]), (ApiKind::Pods, &pods[1]), (ApiKind::Services, service)]);
    let it = scenes.workload(Kind::Custom, "shop", "main");
    assert_eq!((it.desired, it.uid.as_str()), (Desired::Unknown, "o-main"));
    assert_eq!((it.managed_by.as_deref(), it.defined_in.as_deref()), (Some("Postgres"), Some("main")));
    assert_eq!(it.exposure, crate::domain::Exposure::Yes);
    assert_eq!(scenes.pods(Kind::Custom, "shop", "main").len(), 2);
    let Object::Endpoint(it) = scenes.object(Kind::Endpoint, "shop", "pg") else { panic!("not that") };
    assert_eq!(it.serves, [Scenes::key(Kind::Custom, "shop", "main")]);
    let gone = line(ApiKind::Pods, &format!(r#"{{"type":"DELETED","object":{}}}"#, pods[0]));
    scenes.hear(said(ApiKind::Pods, then(), vec![gone]));
    assert_eq!(scenes.workload(Kind::Custom, "shop", "main").desired, Desired::Unknown, "one is left");
    let steps = pod("step", "Workflow", "build", "", r#""restartPolicy":"Never","#);
    let scenes = Scenes::with(&[(ApiKind::Pods, &steps)]);
    assert_eq!(scenes.workload(Kind::Custom, "shop", "build").desired, Desired::Completions(1));
}

#[test]
fn quotas_are_told_of_where_namespaces_may_not_be_read() {
    let quota = r#"{"metadata":{"name":"team","namespace":"shop","uid":"q"},
      "status":{"hard":{"pods":"10"},"used":{"pods":"9"}}}"#;
    for before in [true, false] {
        let mut scenes = Scenes::empty();
        if before {
            deny(&mut scenes, ApiKind::Namespaces);
        }
        let listed = vec![Said::Listing(None), put(ApiKind::ResourceQuotas, quota), Said::Listed];
        scenes.hear(said(ApiKind::ResourceQuotas, then(), listed));
        if !before {
            assert!(scenes.objects.is_empty(), "namespaces may still come");
            deny(&mut scenes, ApiKind::Namespaces);
        }
        let Object::Namespace(it) = scenes.object(Kind::Namespace, "", "shop") else { panic!("not that") };
        assert_eq!((it.quotas[0].used, it.quotas[0].hard), (9, 10));
        let key = Scenes::key(Kind::Namespace, "", "shop");
        assert_eq!(scenes.sources[&key].kind, Name::new("resourcequotas"));
        let gone = line(ApiKind::ResourceQuotas, &format!(r#"{{"type":"DELETED","object":{quota}}}"#));
        scenes.hear(said(ApiKind::ResourceQuotas, then(), vec![gone]));
        assert!(!scenes.objects.contains_key(&key), "nothing is known of it any more");
    }
}
