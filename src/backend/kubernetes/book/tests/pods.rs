//! Pods: whose they are, how far they are, what their checks say.

use super::hear::{Scenes, put, said, then};
use crate::backend::kubernetes::heard::Said;
use crate::backend::kubernetes::kinds::ApiKind;
use crate::domain::words::after;
use crate::domain::{Desired, DesiredState, HealthStatus, Instance, Kind, OccurrenceKind, Phase};

/// A pod of the Deployment `web`, made of fields of its metadata, its spec and its status.
fn pod(meta: &str, spec: &str, status: &str) -> String {
    let owner = r#"{"kind":"ReplicaSet","name":"web-5d9c7b8f6d","uid":"set","controller":true}"#;
    let spec = if spec.is_empty() { r#""nodeName":"n","containers":[{"name":"web","image":"web:1"}]"# } else { spec };
    format!(
        r#"{{"metadata":{{"name":"web-5d9c7b8f6d-abcde","namespace":"shop","uid":"u","creationTimestamp":"2026-11-24T12:00:00Z",
            "labels":{{"app":"web","pod-template-hash":"5d9c7b8f6d"}},"ownerReferences":[{owner}]{meta}}},
          "spec":{{{spec}}},"status":{{{status}}}}}"#
    )
}

const SET: &str = r#"{"metadata":{"name":"web-5d9c7b8f6d","namespace":"shop","uid":"set",
    "annotations":{"deployment.kubernetes.io/revision":"4"},
    "labels":{"pod-template-hash":"5d9c7b8f6d"},
    "ownerReferences":[{"kind":"Deployment","name":"web","uid":"web","controller":true}]},"spec":{"replicas":1}}"#;

/// How one pod is shown.
fn shown(pod: &str) -> Instance {
    let scenes = Scenes::with(&[(ApiKind::Pods, pod), (ApiKind::ReplicaSets, SET)]);
    scenes.pods(Kind::Deployment, "shop", "web")[0].clone()
}

#[test]
fn a_closed_readiness_gate_is_named_with_what_is_said_of_it() {
    let spec = r#""nodeName":"n","containers":[{"name":"web"}],
        "readinessGates":[{"conditionType":"lb/web"},{"conditionType":"mesh"},{"conditionType":"open"}]"#;
    let status = r#""phase":"Running","conditions":[
        {"type":"Ready","status":"False","reason":"ReadinessGatesNotReady","message":"the status of pod readiness gate \"lb/web\" is not \"True\", but False"},
        {"type":"ContainersReady","status":"True"},{"type":"open","status":"True"},
        {"type":"lb/web","status":"False","message":"Target registration is in progress"}]"#;
    let it = shown(&pod("", spec, status));
    assert!(!it.ready);
    assert_eq!(it.message.as_deref(), Some("lb/web is False (Target registration is in progress); mesh is not set"));
}

#[test]
fn how_far_a_pod_is() {
    let running =
        r#""containerStatuses":[{"name":"web","ready":true,"state":{"running":{"startedAt":"2026-11-24T12:00:05Z"}}}]"#;
    let ended = |code: i32| {
        format!(
            r#""containerStatuses":[{{"name":"web","state":{{"terminated":{{"exitCode":{code},"startedAt":"2026-11-24T12:00:05Z","finishedAt":"2026-11-24T12:00:09Z","containerID":"containerd://c1"}}}}}}]"#
        )
    };
    let deleted = r#","deletionTimestamp":"2026-11-24T12:01:00Z","deletionGracePeriodSeconds":30"#;
    let never = r#""nodeName":"n","restartPolicy":"Never","containers":[{"name":"web"}]"#;
    let unscheduled = r#""conditions":[{"type":"PodScheduled","status":"False","reason":"SchedulingGated","message":"waits","lastTransitionTime":"2026-11-24T12:00:00Z"}]"#;
    for (what, meta, spec, status, phase, reason, since) in [
        ("gated", "", r#""containers":[{"name":"web"}]"#, format!(r#""phase":"Pending",{unscheduled}"#), Phase::Pending, Some("SchedulingGated"), "12:00:00"),
        ("creating", "", "", r#""phase":"Pending","startTime":"2026-11-24T12:00:01Z""#.to_owned(), Phase::Starting, None, "12:00:01"),
        ("runs", "", "", format!(r#""phase":"Running",{running}"#), Phase::Running, None, "12:00:05"),
        ("between runs", "", "", format!(r#""phase":"Running",{}"#, ended(1)), Phase::Restarting, None, "12:00:09"),
        ("done", "", never, format!(r#""phase":"Succeeded",{}"#, ended(0)), Phase::Succeeded, None, "12:00:09"),
        ("failed", "", never, format!(r#""phase":"Failed",{}"#, ended(1)), Phase::Failed, None, "12:00:09"),
        ("asked to end", deleted, "", format!(r#""phase":"Running",{running}"#), Phase::Stopping, None, "12:00:30"),
        ("refused", "", "", r#""phase":"Failed","reason":"OutOfcpu","message":"Pod was rejected: Node didn't have enough resource","startTime":"2026-11-24T12:00:02Z""#.to_owned(), Phase::Rejected, Some("OutOfcpu"), "12:00:02"),
        ("driven off", "", "", r#""phase":"Failed","reason":"Evicted","message":"The node was low on resource: memory.","startTime":"2026-11-24T12:00:02Z""#.to_owned(), Phase::Failed, Some("Evicted"), "12:00:02"),
        ("lost", "", "", r#""phase":"Unknown","reason":"NodeLost","conditions":[{"type":"Ready","status":"Unknown","lastTransitionTime":"2026-11-24T12:00:40Z"}]"#.to_owned(), Phase::Lost, Some("NodeLost"), "12:00:40"),
        ("gated by a load balancer", "", "", format!(r#""phase":"Running",{running},"conditions":[{{"type":"Ready","status":"False","reason":"ReadinessGatesNotReady"}},{{"type":"ContainersReady","status":"True"}}]"#), Phase::Running, Some("ReadinessGatesNotReady"), "12:00:05"),
        ("unheard of", "", "", r#""phase":"Dreaming""#.to_owned(), Phase::Unknown, None, ""),
    ] {
        let it = shown(&pod(meta, spec, &status));
        assert_eq!((it.phase, it.reason.as_deref()), (phase, reason), "{what}");
        let at = it.since.map_or_else(String::new, |at| at.to_string()[11..19].to_owned());
        assert_eq!(at, since, "{what}");
        let stops = if meta.is_empty() { DesiredState::Run } else { DesiredState::Stop };
        assert_eq!(it.desired, stops, "{what}");
    }
    let refused = shown(&pod("", "", r#""phase":"Failed","reason":"OutOfcpu","message":"Pod was rejected: no room""#));
    assert_eq!(refused.message.as_deref(), Some("no room"));
}

#[test]
fn a_pod_works_for_what_a_person_knows() {
    let owned = |kind: &str, name: &str, labels: &str| {
        format!(
            r#"{{"metadata":{{"name":"p","namespace":"shop","uid":"u","labels":{{{labels}}},
              "ownerReferences":[{{"kind":"{kind}","name":"{name}","uid":"o","controller":true}}]}}}}"#
        )
    };
    for (kind, name, labels, owner, revision) in [
        ("ReplicaSet", "web-77", r#""pod-template-hash":"77""#, "Deployment/web", Some("77")),
        ("ReplicaSet", "web-77", r#""rollouts-pod-template-hash":"77""#, "Rollout/web", Some("77")),
        ("ReplicaSet", "alone", "", "ReplicaSet/alone", None),
        ("StatefulSet", "db", r#""controller-revision-hash":"db-1""#, "StatefulSet/db", Some("db-1")),
        ("DaemonSet", "agent", r#""controller-revision-hash":"6f""#, "DaemonSet/agent", Some("6f")),
        ("Job", "import", "", "Job/import", None),
        ("Job", "backup-29312345", "", "CronJob/backup", None),
        ("ReplicationController", "old", "", "Custom/old", None),
        ("Workflow", "build", "", "Custom/build", None),
        ("Node", "n1", "", "BarePod/p", None),
    ] {
        let pod = owned(kind, name, labels);
        let cron = r#"{"metadata":{"name":"backup","namespace":"shop","uid":"c"},"spec":{"schedule":"0 2 * * *"}}"#;
        let scenes = Scenes::with(&[(ApiKind::Pods, &pod), (ApiKind::CronJobs, cron)]);
        let crate::domain::Object::Instance(it) = scenes.object(Kind::Pod, "shop", "p") else { panic!("not that") };
        let to = it.owner.as_ref().map(|it| format!("{}/{}", it.kind, it.name));
        assert_eq!((to.as_deref(), it.revision.as_deref()), (Some(owner), revision), "{kind} {name}");
    }
    assert_eq!(shown(&pod("", "", "")).revision.as_deref(), Some("4"), "the number of its ReplicaSet");
}

#[test]
fn a_pod_that_nobody_wants_is_its_own_workload() {
    let made = |spec: &str, manager: &str| {
        format!(
            r#"{{"metadata":{{"name":"p","namespace":"shop","uid":"u","labels":{{"app":"p"}},
              "managedFields":[{{"manager":"{manager}","time":"2026-11-24T12:00:00Z"}}]}},"spec":{{{spec}"containers":[{{"name":"c","image":"i"}}]}}}}"#
        )
    };
    let service = r#"{"metadata":{"name":"s","namespace":"shop"},"spec":{"selector":{"app":"p"}}}"#;
    for (spec, manager, desired, one_off) in [
        ("", "kubectl-create", Desired::Replicas(1), false),
        (r#""restartPolicy":"Never","#, "kubectl-create", Desired::Completions(1), false),
        (r#""restartPolicy":"Never","#, "kubectl-run", Desired::Completions(1), true),
    ] {
        let pod = made(spec, manager);
        let mut scenes = Scenes::with(&[(ApiKind::Pods, &pod), (ApiKind::Services, service)]);
        let it = scenes.workload(Kind::BarePod, "shop", "p");
        assert_eq!((it.desired, it.one_off), (desired, one_off));
        assert_eq!(it.containers[0].image, "i");
        let crate::domain::Object::Endpoint(endpoint) = scenes.object(Kind::Endpoint, "shop", "s") else {
            panic!("no")
        };
        assert_eq!(endpoint.serves, std::slice::from_ref(&it.key));
        let gone = super::hear::line(ApiKind::Pods, &format!(r#"{{"type":"DELETED","object":{pod}}}"#));
        scenes.hear(said(ApiKind::Pods, then(), vec![gone]));
        assert!(!scenes.objects.contains_key(&Scenes::key(Kind::BarePod, "shop", "p")), "it goes with its pod");
        assert!(!scenes.objects.contains_key(&Scenes::key(Kind::Pod, "shop", "p")));
    }
}

/// A running pod with a readiness probe that fails every ten seconds, and its event.
fn unready(turned: &str) -> (String, String) {
    let spec = r#""nodeName":"n","containers":[{"name":"web","readinessProbe":{"httpGet":{"port":80},"initialDelaySeconds":20}}]"#;
    let status = format!(
        r#""phase":"Running","conditions":[{{"type":"Ready","status":"False","reason":"ContainersNotReady","lastTransitionTime":"{turned}"}}],
          "containerStatuses":[{{"name":"web","ready":false,"started":true,"state":{{"running":{{"startedAt":"2026-11-24T12:44:30Z"}}}}}}]"#
    );
    let event = r#"{"metadata":{"name":"e","namespace":"shop","uid":"e"},"reason":"Unhealthy","message":"Readiness probe failed: HTTP probe failed with statuscode: 503",
      "involvedObject":{"kind":"Pod","namespace":"shop","name":"web-5d9c7b8f6d-abcde","uid":"u","fieldPath":"spec.containers{web}"},
      "count":2,"firstTimestamp":"2026-11-24T12:44:50Z","lastTimestamp":"2026-11-24T12:45:00Z"}"#;
    (pod("", spec, &status), event.to_owned())
}

#[test]
fn a_start_is_no_failure_and_what_was_ready_has_no_excuse() {
    let health = |scenes: &Scenes| {
        let pods = scenes.pods(Kind::Deployment, "shop", "web");
        let it = pods[0].containers[0].health.clone().expect("a check");
        (it.status, it.output.is_some(), it.since.is_some())
    };
    let (starts, event) = unready("2026-11-24T12:44:30Z");
    let mut scenes = Scenes::with(&[(ApiKind::Pods, &starts), (ApiKind::ReplicaSets, SET), (ApiKind::Events, &event)]);
    assert_eq!(health(&scenes), (HealthStatus::Starting, true, false), "twenty seconds, and three failures of ten");
    scenes.hear(said(ApiKind::Nodes, after(then(), 60), vec![Said::Alive]));
    assert_eq!(health(&scenes), (HealthStatus::Unhealthy, true, true), "without a word of the pod's");
    let (was_ready, event) = unready("2026-11-24T12:44:55Z");
    let scenes = Scenes::with(&[(ApiKind::Pods, &was_ready), (ApiKind::ReplicaSets, SET), (ApiKind::Events, &event)]);
    assert_eq!(health(&scenes), (HealthStatus::Unhealthy, true, true));
}

#[test]
fn a_check_that_is_not_published_is_told_by_its_failures() {
    let checked = |probes: &str, started: bool| {
        let spec = format!(r#""nodeName":"n","containers":[{{"name":"web",{probes}}}]"#);
        let status = format!(
            r#""phase":"Running","conditions":[{{"type":"Ready","status":"True"}}],
              "containerStatuses":[{{"name":"web","ready":{started},"started":{started},"state":{{"running":{{"startedAt":"2026-11-24T12:44:00Z"}}}}}}]"#
        );
        pod("", &spec, &status)
    };
    let failed = |word: &str, count: u32, first: &str| {
        format!(
            r#"{{"metadata":{{"name":"e","namespace":"shop","uid":"e"}},"reason":"Unhealthy","message":"{word} probe failed: timeout",
              "involvedObject":{{"kind":"Pod","namespace":"shop","name":"web-5d9c7b8f6d-abcde","uid":"u","fieldPath":"spec.containers{{web}}"}},
              "count":{count},"firstTimestamp":"{first}","lastTimestamp":"2026-11-24T12:44:58Z"}}"#
        )
    };
    let (live, start) = (r#""livenessProbe":{"exec":{}}"#, r#""startupProbe":{"exec":{}},"livenessProbe":{"exec":{}}"#);
    for (probes, started, event, status) in [
        (live, true, failed("Liveness", 1, "2026-11-24T12:44:58Z"), HealthStatus::Healthy),
        (live, true, failed("Liveness", 3, "2026-11-24T12:44:30Z"), HealthStatus::Unhealthy),
        // Some of these were of the run before.
        (live, true, failed("Liveness", 9, "2026-11-24T12:40:00Z"), HealthStatus::Healthy),
        (start, false, failed("Startup", 5, "2026-11-24T12:44:10Z"), HealthStatus::Starting),
    ] {
        let pod = checked(probes, started);
        let mut scenes = Scenes::with(&[(ApiKind::Pods, &pod), (ApiKind::ReplicaSets, SET), (ApiKind::Events, &event)]);
        let now = |scenes: &Scenes| scenes.pods(Kind::Deployment, "shop", "web")[0].containers[0].health.clone();
        assert_eq!(now(&scenes).map(|it| it.status), Some(status), "{event}");
        scenes.hear(said(ApiKind::Nodes, after(then(), 120), vec![Said::Alive]));
        let later = if started { HealthStatus::Healthy } else { HealthStatus::Starting };
        assert_eq!(now(&scenes).map(|it| it.status), Some(later), "it did not fail again");
    }
}

#[test]
fn a_sidecar_that_is_ended_with_the_others_did_not_crash() {
    let spec = r#""nodeName":"n","restartPolicy":"Never","containers":[{"name":"web"}],"initContainers":[{"name":"mesh","restartPolicy":"Always"}]"#;
    let ended = |name: &str, code: i32| {
        format!(
            r#"{{"name":"{name}","state":{{"terminated":{{"exitCode":{code},"finishedAt":"2026-11-24T12:44:00Z","containerID":"c://{name}"}}}}}}"#
        )
    };
    let status = format!(
        r#""phase":"Succeeded","containerStatuses":[{}],"initContainerStatuses":[{}]"#,
        ended("web", 0),
        ended("mesh", 137)
    );
    let pod = pod("", spec, &status);
    let scenes = Scenes::with(&[(ApiKind::Pods, &pod), (ApiKind::ReplicaSets, SET)]);
    assert!(scenes.occurrences.is_empty(), "{:?}", scenes.occurrences.keys());
    assert_eq!(scenes.pods(Kind::Deployment, "shop", "web")[0].phase, Phase::Succeeded);
}

#[test]
fn what_events_say_of_a_start_stands_with_the_pod() {
    let pending = pod("", "", r#""phase":"Pending""#);
    let event = |reason: &str, path: &str, message: &str| {
        format!(
            r#"{{"metadata":{{"name":"{reason}","namespace":"shop","uid":"{reason}"}},"reason":"{reason}","message":"{message}","lastTimestamp":"2026-11-24T12:44:50Z",
              "involvedObject":{{"kind":"Pod","namespace":"shop","name":"web-5d9c7b8f6d-abcde","uid":"u","fieldPath":"{path}"}}}}"#
        )
    };
    let pulling = event("Pulling", "spec.containers{web}", "Pulling image web");
    let scenes = Scenes::with(&[(ApiKind::Pods, &pending), (ApiKind::ReplicaSets, SET), (ApiKind::Events, &pulling)]);
    let it = scenes.pods(Kind::Deployment, "shop", "web")[0].clone();
    let crate::domain::ContainerState::Waiting { message, .. } = &it.containers[0].state else { panic!("it waits") };
    assert_eq!(message.as_deref(), Some("Pulling image web"));
    for (reason, word, kind) in [
        ("FailedMount", None, OccurrenceKind::MountFailure),
        ("FailedCreatePodSandBox", Some("CreatePodSandboxError"), OccurrenceKind::CreationFailure),
    ] {
        let event = event(reason, "", "it does not work");
        let mut scenes = Scenes::with(&[(ApiKind::Events, &event), (ApiKind::ReplicaSets, SET)]);
        scenes.hear(said(ApiKind::Pods, then(), vec![put(ApiKind::Pods, &pending)]));
        let it = scenes.pods(Kind::Deployment, "shop", "web")[0].clone();
        assert_eq!((it.reason.as_deref(), it.message.as_deref()), (word, Some("it does not work")));
        let told = scenes.told("shop", kind);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].workload, Some(Scenes::key(Kind::Deployment, "shop", "web")), "known by the pod's name");
    }
}

#[test]
fn a_pod_is_kept_small() {
    use crate::backend::kubernetes::book::pods::{Part, Pod};
    assert!(size_of::<Pod>() <= 256, "{}", size_of::<Pod>());
    assert!(size_of::<Part>() <= 112, "{}", size_of::<Part>());
}
