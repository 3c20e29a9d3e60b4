//! What no recorded scene shows: other controllers, other ways in, other words.

use super::hear::{Scenes, put, said, then};
use crate::backend::kubernetes::kinds::ApiKind;
use crate::domain::words::after;
use crate::domain::{
    DependencyKind, Desired, Kind, MountKind, OccurrenceKind, Reported, RestartPolicy, Revision, RolloutPhase,
};

fn set(revision: u32, made: &str, fields: &str, notes: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"web-{revision}","namespace":"shop","uid":"s{revision}","creationTimestamp":"{made}",
          "labels":{{"pod-template-hash":"{revision}"}},"annotations":{{"deployment.kubernetes.io/revision":"{revision}"{notes}}},
          "ownerReferences":[{{"kind":"Deployment","name":"web","uid":"d","controller":true}}]}},
        "spec":{{"replicas":1,"template":{{"metadata":{{{fields}}},"spec":{{"containers":[{{"name":"web","image":"web:{revision}"}}]}}}}}}}}"#
    )
}

fn deployment(meta: &str, spec: &str, status: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"web","namespace":"shop","uid":"d","generation":3{meta}}},"spec":{{"replicas":3{spec}}},"status":{{"observedGeneration":3{status}}}}}"#
    )
}

#[test]
fn a_deployment_stands_by_its_counters_in_kubectls_order() {
    use RolloutPhase::{Complete, Failed, Paused, Progressing};
    let condition = |reason: &str| {
        format!(
            r#","conditions":[{{"type":"Progressing","status":"True","reason":"{reason}","lastUpdateTime":"2026-11-24T12:30:00Z"}}]"#
        )
    };
    let counts = |replicas: u32, updated: u32, available: u32| {
        format!(
            r#","replicas":{replicas},"updatedReplicas":{updated},"availableReplicas":{available},"readyReplicas":{available}"#
        )
    };
    for (generation, spec, status, phase) in [
        (4, "", counts(3, 3, 3) + &condition("NewReplicaSetAvailable"), Progressing),
        (3, r#","paused":true"#, counts(3, 1, 3), Paused),
        (3, "", counts(4, 1, 3) + &condition("ProgressDeadlineExceeded"), Failed),
        (3, "", counts(3, 1, 3) + &condition("ReplicaSetUpdated"), Progressing),
        (3, "", counts(4, 3, 3) + &condition("ReplicaSetUpdated"), Progressing),
        (3, "", counts(3, 3, 2) + &condition("ReplicaSetUpdated"), Progressing),
        (3, "", counts(3, 3, 3) + &condition("NewReplicaSetAvailable"), Complete),
        (3, "", counts(3, 3, 0) + &condition("NewReplicaSetAvailable"), Complete),
        (3, "", counts(2, 2, 2) + &condition("NewReplicaSetAvailable"), Complete),
    ] {
        let it = deployment("", spec, &status).replace(r#""generation":3"#, &format!(r#""generation":{generation}"#));
        let scenes = Scenes::with(&[(ApiKind::Deployments, &it)]);
        let found = scenes.workload(Kind::Deployment, "shop", "web").rollout.as_ref().map(|it| it.phase);
        assert_eq!(found, Some(phase), "{status}");
    }
}

/// The newest revision, the ids of older ones, and what is told as rolled out: by its id, by whom.
type Revisions = (Revision, Vec<String>, Vec<(String, Option<String>)>);

#[test]
fn a_revision_says_since_when_and_by_whom() {
    let of = |sets: &[&str], meta: &str| -> Revisions {
        let web = deployment(meta, "", "");
        let mut objects: Vec<(ApiKind, &str)> = vec![(ApiKind::Deployments, &web)];
        objects.extend(sets.iter().map(|set| (ApiKind::ReplicaSets, *set)));
        let scenes = Scenes::with(&objects);
        let it = scenes.workload(Kind::Deployment, "shop", "web");
        let told = scenes.told("shop", OccurrenceKind::Deployed);
        let told = told.iter().map(|it| (it.id.to_string(), it.text.as_ref().map(|it| it.to_string()))).collect();
        (it.revision.clone().expect("one"), it.history.iter().map(|it| it.id.to_string()).collect(), told)
    };
    let old = set(6, "2026-11-20T10:00:00Z", "", "");
    let new = set(
        7,
        "2026-11-24T12:40:00Z",
        "",
        r#","kubernetes.io/change-cause":"kubectl set env deploy/web API_TOKEN=abc""#,
    );
    let (newest, history, told) = of(&[&old, &new], "");
    assert_eq!(
        (newest.id.as_str(), newest.by.as_deref(), &*newest.images),
        ("7", Some("kubectl set env deploy/web API_TOKEN=***"), &["web:7".into()][..])
    );
    assert_eq!(newest.at.map(|at| at.to_string()).as_deref(), Some("2026-11-24T12:40:00Z"));
    assert_eq!(history, ["6"]);
    assert_eq!(told, [("rev:d:7".to_owned(), newest.by.as_ref().map(|by| by.to_string()))]);
    let restarted = set(
        7,
        "2026-11-24T12:40:01Z",
        r#""annotations":{"kubectl.kubernetes.io/restartedAt":"2026-11-24T12:40:00Z"}"#,
        "",
    );
    assert_eq!(of(&[&old, &restarted], "").0.by.as_deref(), Some("kubectl rollout restart"));
    let back = set(8, "2026-11-01T10:00:00Z", "", r#","deployment.kubernetes.io/revision-history":"5""#);
    let edited = r#","managedFields":[{"manager":"kubectl-rollout","time":"2026-11-24T12:41:00Z"}]"#;
    let (newest, ..) = of(&[&old, &back], edited);
    assert_eq!(newest.at.map(|at| at.to_string()).as_deref(), Some("2026-11-24T12:41:00Z"), "not when it was made");
    assert_eq!(newest.by.as_deref(), Some("kubectl-rollout"));
    let helm = r#","annotations":{"meta.helm.sh/release-name":"shop"},"labels":{"app.kubernetes.io/managed-by":"Helm","helm.sh/chart":"web-2.1.0"}"#;
    assert_eq!(
        of(&[&set(7, "2026-11-24T12:40:00Z", "", "")], helm).0.by.as_deref(),
        Some("helm release shop, chart web-2.1.0")
    );
}

#[test]
fn pods_follow_their_replicaset_when_somebody_goes_back_to_it() {
    let pod = r#"{"metadata":{"name":"p","namespace":"shop","uid":"p","labels":{"pod-template-hash":"6"},
      "ownerReferences":[{"kind":"ReplicaSet","name":"web-6","uid":"s6","controller":true}]}}"#;
    let old = set(6, "2026-11-20T10:00:00Z", "", "");
    let mut scenes = Scenes::with(&[(ApiKind::Pods, pod), (ApiKind::ReplicaSets, &old)]);
    assert_eq!(scenes.pods(Kind::Deployment, "shop", "web")[0].revision.as_deref(), Some("6"));
    let again = old.replace(r#"revision":"6""#, r#"revision":"9""#);
    scenes.hear(said(ApiKind::ReplicaSets, then(), vec![put(ApiKind::ReplicaSets, &again)]));
    assert_eq!(scenes.pods(Kind::Deployment, "shop", "web")[0].revision.as_deref(), Some("9"));
}

#[test]
fn a_number_that_is_changed_is_told_once() {
    let mut scenes = Scenes::with(&[(ApiKind::Deployments, &deployment("", "", ""))]);
    let five = deployment("", "", "")
        .replace(r#""replicas":3"#, r#""replicas":5"#)
        .replace(r#""generation":3"#, r#""generation":4"#);
    for _ in 0..2 {
        scenes.hear(said(ApiKind::Deployments, after(then(), 5), vec![put(ApiKind::Deployments, &five)]));
    }
    let told = scenes.told("shop", OccurrenceKind::Changed);
    assert_eq!(told.iter().map(|it| it.text.as_deref()).collect::<Vec<_>>(), [Some("scaled from 3 to 5")]);
}

#[test]
fn what_a_container_asks_for_is_written_down() {
    let spec = r#","template":{"metadata":{"labels":{"app":"web"}},"spec":{"terminationGracePeriodSeconds":45,"nodeSelector":{"disk":"ssd"},
      "initContainers":[{"name":"wait","image":"postgres:16"},{"name":"proxy","image":"proxy:2","restartPolicy":"Always"}],
      "containers":[{"name":"web","image":"web:1","command":["serve"],"args":["--token","abc","--port=80"],
        "ports":[{"name":"http","containerPort":8080}],
        "env":[{"name":"MODE","value":"fast"},{"name":"KEY","valueFrom":{"secretKeyRef":{"name":"keys","key":"a"}}},
          {"name":"MAYBE","valueFrom":{"configMapKeyRef":{"name":"perhaps","key":"a","optional":true}}}],
        "envFrom":[{"configMapRef":{"name":"settings"}},{"secretRef":{"name":"more","optional":true}}],
        "resources":{"limits":{"cpu":"1500m","memory":"1Gi"},"requests":{"cpu":"0.5"}},
        "startupProbe":{"grpc":{"port":9000},"failureThreshold":30},
        "readinessProbe":{"httpGet":{"port":"http","path":"/ready","scheme":"HTTPS"},"periodSeconds":5,"initialDelaySeconds":7},
        "livenessProbe":{"exec":{"command":["pg_isready","--password=x"]},"timeoutSeconds":3},
        "volumeMounts":[{"name":"data","mountPath":"/data"},{"name":"conf","mountPath":"/etc/conf"},{"name":"tmp","mountPath":"/tmp"},
          {"name":"host","mountPath":"/host"},{"name":"scratch","mountPath":"/scratch"}]}],
      "volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"web-data"}},{"name":"conf","projected":{"sources":[{"configMap":{"name":"conf"}},{"secret":{"name":"cert"}}]}},
        {"name":"tmp","emptyDir":{}},{"name":"host","hostPath":{"path":"/var/log"}},{"name":"scratch","ephemeral":{}}]}}"#;
    let web = deployment("", spec, "");
    let scenes = Scenes::with(&[(ApiKind::Deployments, &web)]);
    let it = scenes.workload(Kind::Deployment, "shop", "web");
    assert_eq!(
        it.containers.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
        ["web", "proxy"],
        "a sidecar is one of them"
    );
    assert_eq!((it.restart_policy, it.stop_timeout_seconds, it.placed), (RestartPolicy::Always, Some(45), true));
    let c = &it.containers[0];
    assert_eq!(c.command.as_deref(), Some("serve --token *** --port=80"));
    assert_eq!(
        (c.memory_limit_bytes, c.cpu_limit_millis, c.cpu_request_millis),
        (Some(1 << 30), Some(1500), Some(500))
    );
    let asks: Vec<_> =
        c.probes.iter().map(|it| (it.what.as_str(), it.period_seconds, it.threshold, it.grace_seconds)).collect();
    assert_eq!(
        asks,
        [("gRPC :9000", 10, 30, 0), ("GET https://:8080/ready", 5, 3, 7), ("CMD pg_isready --password=***", 10, 3, 0)]
    );
    let mounts: Vec<_> = c.mounts.iter().map(|it| (it.kind, it.source.as_deref().unwrap_or(""))).collect();
    use MountKind::{AnonymousVolume, Bind, Claim, Config, Temporary};
    assert_eq!(
        mounts,
        [(Claim, "web-data"), (Config, "conf"), (Temporary, "tmp"), (Bind, "/var/log"), (AnonymousVolume, "scratch")]
    );
    assert_eq!(c.env.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["MODE", "KEY", "MAYBE"]);
    let needs: Vec<_> = it.depends_on.iter().map(|it| (it.on.kind, it.on.name.as_str(), it.kind)).collect();
    let by = DependencyKind::ConfiguredBy;
    assert_eq!(
        needs,
        [
            (Kind::Volume, "web-data", DependencyKind::Mounts),
            (Kind::ConfigMap, "conf", by),
            (Kind::Secret, "cert", by),
            (Kind::ConfigMap, "settings", by),
            (Kind::Secret, "keys", by),
        ]
    );
    let all = serde_json::to_string(it).expect("data");
    assert!(!all.contains("fast") && !all.contains("abc"), "{all}");
}

#[test]
fn a_daemonset_is_of_the_revision_that_its_pods_tell() {
    let set = r#"{"metadata":{"name":"agent","namespace":"shop","uid":"ds","generation":2,"annotations":{"deprecated.daemonset.template.generation":"2"}},
      "spec":{"updateStrategy":{"type":"RollingUpdate"}},
      "status":{"observedGeneration":2,"desiredNumberScheduled":3,"currentNumberScheduled":3,"updatedNumberScheduled":1,"numberReady":3,"numberAvailable":3}}"#;
    let pod = |name: &str, generation: u32| {
        format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"shop","uid":"{name}","labels":{{"controller-revision-hash":"h{generation}","pod-template-generation":"{generation}"}},
              "ownerReferences":[{{"kind":"DaemonSet","name":"agent","uid":"ds","controller":true}}]}}}}"#
        )
    };
    let (a, b) = (pod("a", 1), pod("b", 2));
    let scenes = Scenes::with(&[(ApiKind::DaemonSets, set), (ApiKind::Pods, &a), (ApiKind::Pods, &b)]);
    let it = scenes.workload(Kind::DaemonSet, "shop", "agent");
    assert_eq!((it.desired, it.reported), (Desired::EachNode(3), Some(Reported { ready: 3, updated: 1, total: 3 })));
    assert_eq!(it.revision.as_ref().map(|it| it.id.as_str()), Some("h2"));
    let rollout = it.rollout.as_ref().expect("a rollout");
    assert_eq!(
        (rollout.phase, rollout.from.as_deref(), rollout.to.as_deref()),
        (RolloutPhase::Progressing, Some("h1"), Some("h2"))
    );
}

#[test]
fn a_daemonset_that_loses_a_pod_later_rolls_nothing_out() {
    let set = |updated: u32, available: u32| {
        format!(
            r#"{{"metadata":{{"name":"agent","namespace":"shop","uid":"ds"}},"status":{{"desiredNumberScheduled":3,"currentNumberScheduled":3,
              "updatedNumberScheduled":{updated},"numberReady":{available},"numberAvailable":{available}}}}}"#
        )
    };
    let phase = |scenes: &Scenes| scenes.workload(Kind::DaemonSet, "shop", "agent").rollout.clone().expect("a rollout");
    let mut scenes = Scenes::with(&[(ApiKind::DaemonSets, &set(3, 2))]);
    assert_eq!(phase(&scenes).phase, RolloutPhase::Complete);
    for (seconds, updated, available, expected) in [
        (10, 1, 2, RolloutPhase::Progressing),
        (20, 3, 2, RolloutPhase::Progressing),
        (30, 3, 3, RolloutPhase::Complete),
        (40, 3, 2, RolloutPhase::Complete),
    ] {
        let put = put(ApiKind::DaemonSets, &set(updated, available));
        scenes.hear(said(ApiKind::DaemonSets, after(then(), seconds), vec![put]));
        assert_eq!(phase(&scenes).phase, expected, "{updated} updated, {available} available");
    }
    assert_eq!(phase(&scenes).progressed, Some(after(then(), 30)), "what is lost later is no progress");
}

#[test]
fn a_statefulset_with_a_partition_is_done_where_it_stops() {
    let set = |updated: u32, partition: u32, kind: &str| {
        format!(
            r#"{{"metadata":{{"name":"db","namespace":"shop","uid":"o","generation":2}},
              "spec":{{"replicas":3,"podManagementPolicy":"Parallel","updateStrategy":{{"type":"{kind}","rollingUpdate":{{"partition":{partition}}}}}}},
              "status":{{"observedGeneration":2,"replicas":3,"readyReplicas":3,"updatedReplicas":{updated},"currentRevision":"db-1","updateRevision":"db-2"}}}}"#
        )
    };
    for (updated, partition, kind, phase, on_delete) in [
        (0, 0, "RollingUpdate", RolloutPhase::Progressing, false),
        (1, 2, "RollingUpdate", RolloutPhase::Complete, false),
        (0, 2, "RollingUpdate", RolloutPhase::Progressing, false),
        (0, 0, "OnDelete", RolloutPhase::Complete, true),
    ] {
        let scenes = Scenes::with(&[(ApiKind::StatefulSets, &set(updated, partition, kind))]);
        let it = scenes.workload(Kind::StatefulSet, "shop", "db");
        assert_eq!((it.rollout.as_ref().map(|it| it.phase), it.on_delete, it.ordered), (Some(phase), on_delete, false));
    }
}

#[test]
fn what_keeps_a_statefulset_from_making_pods_is_only_said_by_events() {
    let set = |replicas: u32| {
        format!(
            r#"{{"metadata":{{"name":"db","namespace":"shop","uid":"o"}},"spec":{{"replicas":2}},"status":{{"replicas":{replicas}}}}}"#
        )
    };
    let event = r#"{"metadata":{"name":"e","namespace":"shop","uid":"e"},"reason":"FailedCreate","message":"create Pod db-1 in StatefulSet db failed error: denied",
      "involvedObject":{"kind":"StatefulSet","namespace":"shop","name":"db","uid":"o"},"count":5,"firstTimestamp":"2026-11-24T12:30:00Z","lastTimestamp":"2026-11-24T12:40:00Z"}"#;
    let mut scenes = Scenes::with(&[(ApiKind::StatefulSets, &set(1)), (ApiKind::Events, event)]);
    let hindrance = |scenes: &Scenes| scenes.workload(Kind::StatefulSet, "shop", "db").hindrance.clone();
    assert!(hindrance(&scenes).is_some_and(|it| it.message.contains("denied") && it.since.is_some()));
    assert_eq!(scenes.told("shop", OccurrenceKind::CreationFailure)[0].count, 5);
    scenes.hear(said(ApiKind::StatefulSets, then(), vec![put(ApiKind::StatefulSets, &set(2))]));
    assert_eq!(hindrance(&scenes), None, "it has all of them");
}

#[test]
fn a_job_that_gave_up_says_why_where_its_pods_cannot() {
    let job = |reason: &str| {
        format!(
            r#"{{"metadata":{{"name":"import","namespace":"shop","uid":"j"}},"spec":{{"completions":2,"backoffLimit":3,"activeDeadlineSeconds":600}},
              "status":{{"conditions":[{{"type":"Failed","status":"True","reason":"{reason}","message":"Job was active longer than specified deadline","lastTransitionTime":"2026-11-24T12:40:00Z"}}]}}}}"#
        )
    };
    let scenes = Scenes::with(&[(ApiKind::Jobs, &job("DeadlineExceeded"))]);
    let it = scenes.workload(Kind::Job, "shop", "import");
    assert_eq!((it.desired, it.restart_policy), (Desired::Completions(2), RestartPolicy::OnFailure(3)));
    let told = scenes.told("shop", OccurrenceKind::Crash);
    assert!(told[0].text.as_deref().is_some_and(|said| said.starts_with("DeadlineExceeded: ")));
    let scenes = Scenes::with(&[(ApiKind::Jobs, &job("BackoffLimitExceeded"))]);
    assert!(scenes.told("shop", OccurrenceKind::Crash).is_empty(), "its pods tell it");
    for (reason, limit) in [
        ("BackoffLimitExceeded", Some("backoffLimit 3")),
        ("DeadlineExceeded", Some("activeDeadlineSeconds 600")),
        ("PodFailurePolicy", None),
    ] {
        let scenes = Scenes::with(&[(ApiKind::Jobs, &job(reason))]);
        let state = scenes.workload(Kind::Job, "shop", "import").job.clone().expect("how it stands");
        let gave_up = state.gave_up.expect("it gave up");
        assert_eq!((gave_up.reason.as_str(), gave_up.limit.as_deref()), (reason, limit));
    }
}

#[test]
fn an_argo_rollout_counts_only_what_its_controller_has_seen() {
    let rollout = |observed: &str, phase: &str, abort: bool| {
        format!(
            r#"{{"metadata":{{"name":"web","namespace":"shop","uid":"r","generation":5,"annotations":{{"rollout.argoproj.io/revision":"7"}}}},"spec":{{"replicas":2}},
              "status":{{"observedGeneration":"{observed}","phase":"{phase}","message":"CanaryPauseStep","abort":{abort},"currentPodHash":"bb","stableRS":"aa"}}}}"#
        )
    };
    let set = |hash: &str, revision: u32| {
        format!(
            r#"{{"metadata":{{"name":"web-{hash}","namespace":"shop","uid":"{hash}","labels":{{"rollouts-pod-template-hash":"{hash}"}},"annotations":{{"rollout.argoproj.io/revision":"{revision}"}},
              "ownerReferences":[{{"kind":"Rollout","name":"web","uid":"r","controller":true}}]}},"spec":{{"replicas":1}}}}"#
        )
    };
    use RolloutPhase::{Complete, Failed, Paused, Progressing, RolledBack};
    let (aa, bb) = (set("aa", 6), set("bb", 7));
    for (observed, phase, abort, expected) in [
        ("5", "Healthy", false, Complete),
        ("4", "Healthy", false, Progressing),
        ("5", "Paused", false, Paused),
        ("5", "Degraded", false, Failed),
        ("5", "Degraded", true, RolledBack),
        ("5", "Unheard", false, Progressing),
    ] {
        let web = rollout(observed, phase, abort);
        let scenes =
            Scenes::with(&[(ApiKind::ArgoRollouts, &web), (ApiKind::ReplicaSets, &aa), (ApiKind::ReplicaSets, &bb)]);
        let it = scenes.workload(Kind::ArgoRollout, "shop", "web");
        let rollout = it.rollout.as_ref().expect("a rollout");
        assert_eq!((rollout.phase, rollout.from.as_deref(), rollout.to.as_deref()), (expected, Some("6"), Some("7")));
    }
}

#[test]
fn a_bare_replicaset_is_a_workload_and_a_revision_is_none() {
    let bare = r#"{"metadata":{"name":"alone","namespace":"shop","uid":"a"},"spec":{"replicas":2},"status":{"replicas":2,"readyReplicas":1}}"#;
    let revision = set(1, "2026-11-24T12:00:00Z", "", "");
    let scenes = Scenes::with(&[(ApiKind::ReplicaSets, bare), (ApiKind::ReplicaSets, &revision)]);
    assert_eq!(scenes.objects.len(), 1);
    let it = scenes.workload(Kind::ReplicaSet, "shop", "alone");
    assert_eq!((it.desired, it.reported.map(|it| it.ready)), (Desired::Replicas(2), Some(1)));
    assert_eq!(scenes.sources[&it.key].kind, "replicasets");
}

#[test]
fn whoever_owns_a_definition_is_said() {
    let app = r#"{"metadata":{"name":"shop","namespace":"argocd","uid":"a"},"spec":{"source":{"repoURL":"https://git.example/shop","path":"overlays/prod"},"syncPolicy":{"automated":{"selfHeal":true}}},"status":{"sync":{"revision":"0123456789abcdef0123456789abcdef01234567"}}}"#;
    for (meta, by, place) in [
        (
            r#","annotations":{"argocd.argoproj.io/tracking-id":"shop:apps/Deployment:shop/web"}"#,
            Some("argocd"),
            Some(
                "application shop, which puts back what is changed by hand: https://git.example/shop overlays/prod at 0123456",
            ),
        ),
        (r#","labels":{"argocd.argoproj.io/instance":"other"}"#, Some("argocd"), Some("application other")),
        (
            r#","labels":{"kustomize.toolkit.fluxcd.io/name":"apps","kustomize.toolkit.fluxcd.io/namespace":"flux-system"}"#,
            Some("flux"),
            Some("Kustomization flux-system/apps"),
        ),
        (
            r#","labels":{"app.kubernetes.io/managed-by":"Helm","app.kubernetes.io/instance":"shop"}"#,
            Some("helm"),
            Some("release shop"),
        ),
        (
            r#","ownerReferences":[{"kind":"Prometheus","name":"k8s","uid":"p","controller":true}]"#,
            Some("Prometheus"),
            Some("k8s"),
        ),
        (r#","labels":{"app.kubernetes.io/managed-by":"ansible"}"#, Some("ansible"), None),
        ("", None, None),
    ] {
        let web = deployment(meta, "", "");
        let scenes = Scenes::with(&[(ApiKind::Deployments, &web), (ApiKind::ArgoApplications, app)]);
        let it = scenes.workload(Kind::Deployment, "shop", "web");
        assert_eq!((it.managed_by.as_deref(), it.defined_in.as_deref()), (by, place), "{meta}");
    }
}

#[test]
fn a_cronjob_knows_of_the_jobs_that_it_made() {
    let cron = r#"{"metadata":{"name":"tidy","namespace":"shop","uid":"c","creationTimestamp":"2026-11-01T00:00:00Z"},
      "spec":{"schedule":"0 3 * * 1-5","timeZone":"Europe/Berlin","jobTemplate":{"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"t","image":"t:1"}]}}}}},
      "status":{"lastScheduleTime":"2026-11-20T02:00:00Z","lastSuccessfulTime":"2026-11-20T02:05:00Z"}}"#;
    let job = r#"{"metadata":{"name":"tidy-29312345","namespace":"shop","uid":"j","ownerReferences":[{"kind":"CronJob","name":"tidy","uid":"c","controller":true}]},
      "status":{"completionTime":"2026-11-23T02:04:00Z","conditions":[{"type":"Complete","status":"True"}]}}"#;
    let scenes = Scenes::with(&[(ApiKind::CronJobs, cron), (ApiKind::Jobs, job)]);
    assert_eq!(scenes.objects.len(), 1);
    let it = scenes.workload(Kind::CronJob, "shop", "tidy");
    assert_eq!((it.desired, it.containers[0].image.as_str()), (Desired::Scheduled, "t:1"));
    let schedule = it.schedule.as_ref().expect("a schedule");
    assert_eq!(schedule.last_success.map(|at| at.to_string()).as_deref(), Some("2026-11-23T02:04:00Z"));
    assert_eq!(schedule.period_seconds, 24 * 3600, "it ran well on a Monday");
    let scenes = Scenes::with(&[(ApiKind::CronJobs, cron)]);
    let schedule = scenes.workload(Kind::CronJob, "shop", "tidy").schedule.clone().expect("a schedule");
    assert_eq!(schedule.period_seconds, 3 * 24 * 3600, "on a Friday: the next is on Monday");
}
