//! Scenes of a real cluster.

use super::hear::{Scenes, items, listing, recording, said, then};
use crate::backend::kubernetes::heard::Said;
use crate::backend::kubernetes::kinds::ApiKind;
use crate::backend::kubernetes::wire::{Event, decode_event, decode_list};
use crate::domain::{
    Certainty, ContainerRole, ContainerState, Desired, DesiredState, Exit, ExitReason, Exposure, HealthStatus, Kind,
    NodeState, Object, OccurrenceKind, OomScope, Origin, Phase, Reported, RolloutPhase,
};

#[test]
fn every_object_that_was_recorded_can_be_read() {
    for kind in ApiKind::ALL {
        let read = super::hear::listed(*kind).len();
        let dir = if matches!(kind, ApiKind::ConfigMaps | ApiKind::Secrets) { "metadata" } else { "lists" };
        if read > 0 {
            let raw = recording(&format!("{dir}/{}.json", kind.plural()));
            let list: serde_json::Value = serde_json::from_slice(&raw).expect("json");
            assert_eq!(list["items"].as_array().map(Vec::len), Some(read), "{}", kind.plural());
        }
    }
    let page = decode_list(ApiKind::Pods, &recording("lists/pods-first-page.json")).expect("a page");
    assert_eq!(page.items.len(), 5);
    assert!(page.cont.is_some() && page.remaining.is_some_and(|rest| rest > 50) && !page.resource_version.is_empty());
    assert!(page.items[0].meta.managed.at.0.is_some() || page.items[0].meta.managed.by.is_empty());
    let lines = recording("watch/too-old.ndjson");
    let mut lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    assert!(lines.all(|line| decode_event(ApiKind::Pods, line).is_ok()));
    let bookmark = recording("watch/streaming-list.ndjson");
    let last = bookmark.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty()).expect("a line");
    assert!(matches!(decode_event(ApiKind::Pods, last), Ok(Event::Bookmark(version)) if !version.is_empty()));
}

#[test]
fn the_other_api_of_events_tells_the_same() {
    let scenes = Scenes::recorded();
    let mut other = Scenes::empty();
    for kind in ApiKind::ALL {
        let of = match kind {
            ApiKind::Events => items(ApiKind::Events, "lists/events-of-events.k8s.io.json"),
            kind => super::hear::listed(*kind),
        };
        other.hear(listing(*kind, of));
    }
    let told = |scenes: &Scenes| {
        let told = scenes.told("scene-liveness-loop", OccurrenceKind::ProbeFailure);
        told.into_iter().map(|it| (it.id.clone(), it.first, it.text.clone())).collect::<Vec<_>>()
    };
    assert!(!told(&scenes).is_empty());
    assert_eq!(told(&scenes), told(&other));
}

/// How the only container of a pod that works last ended.
fn last_exit(scenes: &Scenes, namespace: &str, name: &str) -> (Phase, Exit) {
    let pods = scenes.pods(Kind::Deployment, namespace, name);
    let exit = pods[0].containers[0].last_exit.as_deref().expect("an end");
    (pods[0].phase, exit.clone())
}

#[test]
fn what_a_loop_ended_with_is_told_as_far_as_it_is_known() {
    let scenes = Scenes::recorded();
    for (scene, name, reason, code, kind, certainty) in [
        ("scene-oom-loop", "worker", ExitReason::OomKilled, 137, OccurrenceKind::OomKill, Certainty::Confirmed),
        ("scene-killed-not-oom", "runner", ExitReason::Error, 137, OccurrenceKind::Crash, Certainty::Suspected),
        ("scene-crash-loop", "api", ExitReason::Error, 1, OccurrenceKind::Crash, Certainty::Confirmed),
        ("scene-command-not-found", "api", ExitReason::CannotRun, 128, OccurrenceKind::Crash, Certainty::Confirmed),
        ("scene-liveness-loop", "web", ExitReason::StopTimedOut, 137, OccurrenceKind::Killed, Certainty::Confirmed),
    ] {
        let (phase, exit) = last_exit(&scenes, scene, name);
        assert_eq!((phase, exit.reason, exit.code), (Phase::Restarting, reason, code), "{scene}");
        let told = scenes.told(scene, kind);
        assert!(
            !told.is_empty() && told.iter().all(|it| it.code == Some(code) && it.certainty == certainty),
            "{scene}"
        );
        let owner = Scenes::key(Kind::Deployment, scene, name);
        assert!(
            told.iter().all(|it| it.workload.as_ref() == Some(&owner) && it.origin == Origin::Backfilled),
            "{scene}"
        );
    }
    let oom = scenes.told("scene-oom-loop", OccurrenceKind::OomKill);
    assert_eq!((oom[0].limit_bytes, oom[0].scope), (Some(32 << 20), Some(OomScope::Limit)));
    assert!(scenes.told("scene-killed-not-oom", OccurrenceKind::OomKill).is_empty(), "137 alone is no lack of memory");
}

#[test]
fn a_pod_that_waits_says_for_what() {
    let scenes = Scenes::recorded();
    for (scene, name, phase, reason, words) in [
        ("scene-bad-image", "web", Phase::Starting, "ImagePullBackOff", "connection refused"),
        ("scene-missing-configmap", "web", Phase::Starting, "CreateContainerConfigError", "\"web-settings\" not found"),
        ("scene-missing-secret-key", "api", Phase::Starting, "CreateContainerConfigError", "find key password"),
        ("scene-node-selector", "render", Phase::Pending, "Unschedulable", "didn't match Pod's node affinity/selector"),
        ("scene-init-fails", "api", Phase::Restarting, "CrashLoopBackOff", "container=migrate"),
    ] {
        let pods = scenes.pods(Kind::Deployment, scene, name);
        let it = pods[0];
        assert_eq!((it.phase, it.reason.as_deref()), (phase, Some(reason)), "{scene}");
        assert!(it.message.as_deref().is_some_and(|said| said.contains(words)), "{scene}: {:?}", it.message);
        assert!(it.since.is_some() && !it.ready, "{scene}");
    }
    let init = &scenes.pods(Kind::Deployment, "scene-init-fails", "api")[0].containers;
    assert_eq!(init.iter().map(|it| it.role).collect::<Vec<_>>(), [ContainerRole::Main, ContainerRole::Init]);
    assert!(matches!(&init[0].state, ContainerState::Waiting { reason, .. } if *reason == "PodInitializing"));
    assert_eq!(init[1].last_exit.as_ref().map(|exit| exit.code), Some(3));
}

#[test]
fn a_rollout_stands_as_kubectl_says() {
    let scenes = Scenes::recorded();
    for (scene, name, phase, message) in [
        ("scene-readiness-after-rollout", "web", RolloutPhase::Failed, Some("has timed out progressing")),
        ("scene-paused-halfway", "web", RolloutPhase::Paused, Some("Deployment is paused")),
        ("scene-quiet-rollout", "web", RolloutPhase::Progressing, Some("1 of 4 new replicas have been updated")),
        ("scene-surge-does-not-fit", "checkout", RolloutPhase::Progressing, Some("1 old replica pending termination")),
        ("scene-quiet-shop", "web", RolloutPhase::Complete, None),
        // What is lost after a rollout is no rollout.
        ("scene-oom-loop", "worker", RolloutPhase::Complete, None),
    ] {
        let rollout = scenes.workload(Kind::Deployment, scene, name).rollout.as_ref().expect("a rollout");
        assert_eq!(rollout.phase, phase, "{scene}");
        let said = rollout.message.as_deref();
        assert!(
            said.is_some() == message.is_some() && message.is_none_or(|it| said.unwrap_or("").contains(it)),
            "{said:?}"
        );
    }
    let it = scenes.workload(Kind::Deployment, "scene-paused-halfway", "web");
    assert_eq!((it.desired, it.reported), (Desired::Replicas(4), Some(Reported { ready: 5, updated: 2, total: 5 })));
    let rollout = it.rollout.as_ref().expect("a rollout");
    assert_eq!((rollout.from.as_deref(), rollout.to.as_deref(), rollout.updated), (Some("1"), Some("2"), Some(2)));
    assert_eq!(it.history.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["1"]);
    let of = |revision| {
        let pods = scenes.pods(Kind::Deployment, "scene-paused-halfway", "web");
        pods.iter().filter(|it| it.revision.as_deref() == Some(revision)).count()
    };
    assert_eq!((of("1"), of("2")), (3, 2), "pods are of the revision of their ReplicaSet");
    let gets_on = scenes.workload(Kind::Deployment, "scene-quiet-rollout", "web").rollout.clone().expect("a rollout");
    let (progressed, deadline) = (gets_on.progressed.expect("when"), gets_on.deadline.expect("when it gives up"));
    assert_eq!(deadline.as_second() - progressed.as_second(), 600);
}

#[test]
fn ports_are_those_of_the_template() {
    let it = Scenes::recorded();
    let it = it.workload(Kind::Deployment, "scene-quiet-shop", "web");
    let ports: Vec<String> = it.containers.iter().flat_map(|spec| &spec.ports).map(ToString::to_string).collect();
    assert_eq!(ports, ["8080/tcp http"]);
    assert!(it.links.is_empty());
}

#[test]
fn what_keeps_a_controller_from_making_pods_is_said_in_the_servers_words() {
    let scenes = Scenes::recorded();
    for (scene, words) in [
        ("scene-quota-exceeded", "exceeded quota: team"),
        ("scene-webhook-missing", "failed calling webhook \"pods.policy.test\""),
    ] {
        let it = scenes.workload(Kind::Deployment, scene, "web");
        let hindrance = it.hindrance.as_ref().expect("a hindrance");
        assert!(hindrance.message.contains(words) && hindrance.reason == "FailedCreate", "{}", hindrance.message);
        assert!(!scenes.told(scene, OccurrenceKind::CreationFailure).is_empty(), "{scene}");
    }
    let Object::Namespace(it) = scenes.object(Kind::Namespace, "", "scene-quota-exceeded") else { panic!("not that") };
    assert_eq!(it.quotas.iter().map(|it| (it.name.as_str(), it.used, it.hard)).collect::<Vec<_>>(), [("team", 2, 2)]);
}

#[test]
fn a_probe_that_fails_says_what_it_printed() {
    let scenes = Scenes::recorded();
    let pods = scenes.pods(Kind::Deployment, "scene-service-not-ready", "api");
    for it in &pods {
        let health = it.containers[0].health.as_ref().expect("a check");
        assert_eq!((it.phase, it.ready, health.status), (Phase::Running, false, HealthStatus::Unhealthy));
        assert_eq!(health.output.as_deref(), Some("HTTP probe failed with statuscode: 503"));
        assert!(health.since >= it.since);
    }
    let told = scenes.told("scene-liveness-loop", OccurrenceKind::ProbeFailure);
    assert!(told.iter().any(|it| it.count == 10 && it.text.as_deref().is_some_and(|said| said.contains("Liveness"))));
    let web = scenes.workload(Kind::Deployment, "scene-liveness-loop", "web");
    let asks: Vec<&str> = web.containers[0].probes.iter().map(|it| it.what.as_str()).collect();
    assert_eq!(asks, ["GET :8080/ready", "GET :8080/healthz"]);
    let shipper = &scenes.pods(Kind::Deployment, "scene-quiet-shop", "web")[0].containers;
    let healthy = shipper.iter().filter(|it| it.health.as_ref().is_some_and(|it| it.status == HealthStatus::Healthy));
    assert_eq!(healthy.map(|it| it.name.as_str()).collect::<Vec<_>>(), ["web", "shipper"], "a sidecar has checks too");
}

#[test]
fn what_reaches_a_workload_and_what_it_needs_is_known() {
    let scenes = Scenes::recorded();
    let web = scenes.workload(Kind::Deployment, "scene-quiet-shop", "web");
    assert_eq!(web.exposure, Exposure::Yes);
    assert_eq!(scenes.workload(Kind::Deployment, "scene-quiet-shop", "worker").exposure, Exposure::No);
    let Object::Endpoint(it) = scenes.object(Kind::Endpoint, "scene-quiet-shop", "web") else { panic!("not that") };
    assert_eq!((it.ready, it.not_ready, it.selector.as_deref()), (2, 0, Some("app=web")));
    assert_eq!(it.serves, std::slice::from_ref(&web.key));
    let Object::Endpoint(it) = scenes.object(Kind::Endpoint, "scene-service-not-ready", "api") else { panic!("no") };
    assert_eq!((it.ready, it.not_ready), (0, 2));
    let Object::Endpoint(it) = scenes.object(Kind::Endpoint, "scene-service-selects-nothing", "shop") else {
        panic!("no")
    };
    assert_eq!((it.ready, it.serves.len()), (0, 0));
    let Object::Budget(it) = scenes.object(Kind::Budget, "scene-quiet-shop", "web") else { panic!("not that") };
    assert_eq!((it.allowed, it.healthy, it.wanted, it.expected), (1, 2, 1, 2));
    assert_eq!((it.covers.len(), it.says.as_deref()), (1, Some("at least 1")));
    let needs = |scene, name| {
        let it = scenes.workload(Kind::Deployment, scene, name);
        it.depends_on.iter().map(|it| format!("{} {} {}", it.on.kind, it.on.name, it.via)).collect::<Vec<_>>()
    };
    assert_eq!(needs("scene-missing-configmap", "web"), ["ConfigMap web-settings envFrom"]);
    assert_eq!(needs("scene-shared-secret", "mailer"), ["Secret shop-database DATABASE_PASSWORD"]);
    let claims = &scenes.workload(Kind::StatefulSet, "scene-claim-without-class", "db").depends_on;
    assert_eq!(claims[0].on, Scenes::key(Kind::Volume, "scene-claim-without-class", "data-db-0"));
    let Object::Volume(it) = scenes.object(Kind::Volume, "scene-claim-without-class", "data-db-0") else {
        panic!("no")
    };
    assert_eq!(it.state.as_deref(), Some("pending"));
    assert!(it.message.as_deref().is_some_and(|said| said.contains("no storage class is set")));
}

#[test]
fn runs_of_a_cronjob_are_its_own() {
    let scenes = Scenes::recorded();
    let jobs: Vec<&str> =
        scenes.objects.keys().filter(|key| key.kind == Kind::Job).map(|key| key.name.as_str()).collect();
    assert_eq!(jobs, ["import", "import"], "what a CronJob made is no workload");
    let pods = scenes.pods(Kind::CronJob, "scene-cronjob-fails", "backup");
    assert!(!pods.is_empty() && pods.iter().all(|it| it.phase == Phase::Failed));
    let tidy = scenes.workload(Kind::CronJob, "scene-quiet-job-done", "tidy").schedule.clone().expect("a schedule");
    assert_eq!((tidy.cron.as_str(), tidy.period_seconds, tidy.suspended), ("* * * * *", 60, false));
    assert!(tidy.last_success.is_some() && tidy.last_run.is_some());
    assert!(
        scenes
            .workload(Kind::CronJob, "scene-quiet-job-done", "switched-off")
            .schedule
            .as_ref()
            .is_some_and(|it| it.suspended)
    );
    let import = scenes.workload(Kind::Job, "scene-quiet-job-done", "import");
    assert_eq!(import.desired, Desired::Completions(2));
}

#[test]
fn a_statefulset_keeps_its_revisions_apart() {
    let scenes = Scenes::recorded();
    let queue = scenes.workload(Kind::StatefulSet, "scene-statefulset-rollout-blocked", "queue");
    let rollout = queue.rollout.as_ref().expect("a rollout");
    assert_eq!((rollout.phase, rollout.updated), (RolloutPhase::Progressing, Some(1)));
    assert_eq!(rollout.message.as_deref(), Some("1 of 3 new pods have been updated"));
    assert_ne!(rollout.from, rollout.to);
    let pods = scenes.pods(Kind::StatefulSet, "scene-statefulset-rollout-blocked", "queue");
    let youngest = pods.iter().max_by_key(|it| it.created).expect("pods");
    assert_eq!(youngest.revision, rollout.to, "the one that was made anew");
    assert_eq!(rollout.progressed, youngest.created, "until more is seen, it got on then");
    let db = scenes.workload(Kind::StatefulSet, "scene-statefulset-blocked", "db");
    assert!(db.ordered && db.rollout.as_ref().is_some_and(|it| it.phase == RolloutPhase::Complete));
}

#[test]
fn what_a_finalizer_holds_is_said() {
    let scenes = Scenes::recorded();
    let pods = scenes.pods(Kind::BarePod, "scene-pod-finalizer", "report");
    let it = pods[0];
    assert_eq!((it.phase, it.desired), (Phase::Stopping, DesiredState::Stop));
    assert_eq!(it.held_by.as_deref().map(|held| held.as_str()), Some("backup.test/archive"));
    assert!(scenes.told("scene-pod-finalizer", OccurrenceKind::Crash).is_empty(), "it was asked to end");
    let Object::Namespace(it) = scenes.object(Kind::Namespace, "", "scene-namespace-finalizer") else { panic!("no") };
    assert!(it.deleting.is_some());
    assert!(it.held_by.as_deref().is_some_and(|said| said.contains("inventory.test/release")));
}

#[test]
fn an_autoscaler_that_sees_nothing_says_so() {
    let scenes = Scenes::recorded();
    let Object::Autoscaler(it) = scenes.object(Kind::Autoscaler, "scene-autoscaler-blind", "web") else { panic!("no") };
    assert_eq!((it.least, it.most, it.current, it.active), (1, 3, 1, Some(false)));
    assert_eq!(it.measures.iter().map(|it| it.as_str()).collect::<Vec<_>>(), ["cpu unknown of 80 %"]);
    assert!(it.message.as_deref().is_some_and(|said| said.contains("unable to get metrics")));
}

#[test]
fn escape_sequences_are_shown_and_never_kept() {
    let scenes = Scenes::recorded();
    let (_, exit) = last_exit(&scenes, "scene-hostile", "mail");
    assert!(exit.message.as_deref().is_some_and(|said| said.contains("spool is full") && said.contains("^[")));
    let all: String = scenes.objects.values().map(|it| serde_json::to_string(it).expect("data")).collect();
    assert!(!all.contains("\\u001b") && !all.contains("\\u0007") && !all.contains('\u{202e}'));
}

#[test]
fn of_configuration_nothing_but_that_it_is_there() {
    let scenes = Scenes::recorded();
    let Object::Config(it) = scenes.object(Kind::Secret, "scene-missing-secret-key", "database") else { panic!("no") };
    assert!(it.created.is_some() && it.changed.is_some());
    let env = &scenes.workload(Kind::StatefulSet, "scene-quiet-shop", "db").containers[0].env;
    assert_eq!(env.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["PASSWORD"]);
}

#[test]
fn a_node_that_falls_silent_takes_its_pods_with_it() {
    let mut scenes = Scenes::recorded();
    let node = |scenes: &Scenes| match scenes.object(Kind::Node, "", "node-1") {
        Object::Node(it) => (it.state, it.cordoned, it.message.is_some(), it.taints.len()),
        _ => panic!("not that"),
    };
    assert_eq!(node(&scenes), (NodeState::Ready, false, false, 0));
    scenes.hear(listing(ApiKind::Nodes, items(ApiKind::Nodes, "silent/nodes-cordoned.json")));
    assert_eq!(node(&scenes), (NodeState::Ready, true, false, 0));
    scenes.hear(listing(ApiKind::Nodes, items(ApiKind::Nodes, "silent/nodes.json")));
    assert_eq!(node(&scenes), (NodeState::Unreachable, false, true, 2));
    let pods = items(ApiKind::Pods, "silent/pods.json").into_iter().map(Said::Put).collect();
    scenes.hear(said(ApiKind::Pods, then(), pods));
    let pods = scenes.pods(Kind::Deployment, "scene-node-silent", "web");
    assert_eq!(pods.len(), 2);
    for it in pods {
        assert_eq!((it.phase, it.ready, it.reason.as_deref()), (Phase::Lost, false, Some("NodeLost")));
    }
    let slices = items(ApiKind::EndpointSlices, "silent/endpointslices.json").into_iter().map(Said::Put).collect();
    scenes.hear(said(ApiKind::EndpointSlices, then(), slices));
    let Object::Endpoint(it) = scenes.object(Kind::Endpoint, "scene-node-silent", "web") else { panic!("not that") };
    assert_eq!((it.ready, it.not_ready), (0, 2));
}

/// Plays a recorded watch, and ends with what the book says then.
fn watched(kind: ApiKind, name: &str) -> Scenes {
    let mut scenes = Scenes::with(&[]);
    for line in recording(name).split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let it = match decode_event(kind, line).expect("a line") {
            Event::Put(item, _) => Said::Put(item),
            Event::Gone(gone, _) => Said::Gone(gone),
            Event::Bookmark(_) => Said::Alive,
            Event::Error { code, message } => panic!("{code} {message}"),
        };
        scenes.hear(said(kind, then(), vec![it]));
    }
    scenes
}

#[test]
fn each_end_that_a_watch_shows_is_told_once() {
    let scenes = watched(ApiKind::Pods, "watch/pods-crash-loop.ndjson");
    let told = scenes.told("scene-crash-loop", OccurrenceKind::Crash);
    let facts = scenes.facts.iter().filter(|fact| matches!(fact, crate::domain::Fact::Occurred(_))).count();
    let restarts: u32 = scenes.pods(Kind::Deployment, "scene-crash-loop", "api").iter().map(|it| it.restarts()).sum();
    assert_eq!(told.len(), facts, "none twice");
    // The last end is that of a run that is counted as a restart only when the next begins.
    assert!((told.len() as u32).abs_diff(restarts) <= 2, "{} ends, {restarts} restarts", told.len());
}

#[test]
fn runs_that_a_watch_shows_come_and_go_without_a_line_of_their_own() {
    let scenes = watched(ApiKind::Jobs, "watch/jobs-cronjob-fails.ndjson");
    assert!(scenes.objects.is_empty(), "{:?}", scenes.objects.keys().collect::<Vec<_>>());
}

#[test]
fn a_deployment_goes_through_its_rollouts() {
    let scenes = watched(ApiKind::Deployments, "watch/deployments-readiness-after-rollout.ndjson");
    let mut phases: Vec<RolloutPhase> = Vec::new();
    for fact in &scenes.facts {
        if let crate::domain::Fact::Put(_, Object::Workload(it)) = fact {
            let phase = it.rollout.as_ref().expect("a rollout").phase;
            if phases.last() != Some(&phase) {
                phases.push(phase);
            }
        }
    }
    use RolloutPhase::{Complete, Failed, Progressing};
    assert_eq!(phases, [Progressing, Complete, Progressing, Failed]);
}
