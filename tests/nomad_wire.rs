//! The Nomad backend over real connections, against what a real agent said.

#[path = "wire/nomad_acting.rs"]
mod acting;
#[path = "wire/cells.rs"]
mod cells;
#[path = "wire/http.rs"]
mod http;
#[path = "wire/nomad_server.rs"]
mod server;
#[path = "wire/nomad_watcher.rs"]
mod watcher;

use cockpit::domain::{
    Answer, Backend, ContainerState, Demand, Desired, DesiredState, Fact, Form, Freshness, LogRequest, Name, NodeState,
    OccurrenceKind, Phase, RolloutPhase, Want,
};
use futures::StreamExt;
use serde_json::{Value, json};
use server::Server;
use watcher::{Watcher, group, pace, target};

/// Somebody who has everything of a server.
async fn settled(server: &Server) -> Watcher {
    let mut watcher = watching(server);
    watcher.settle().await;
    watcher
}

fn watching(server: &Server) -> Watcher {
    Watcher::of(target(&server.address, None), pace())
}

/// The one allocation of a job that was recorded running or pending.
fn allocation(job: &str) -> Value {
    let all = server::json("allocations.json");
    let mut ours = all.as_array().expect("a list").iter().filter(|it| it["JobID"] == job);
    ours.next().expect("one was recorded").clone()
}

fn event(topic: &str, kind: &str, payload: Value) -> Value {
    json!({ "Topic": topic, "Type": kind, "Key": "", "Namespace": "default", "Payload": { topic: payload } })
}

#[tokio::test]
async fn groups_are_what_was_registered_and_how_they_are_rolled_out() {
    let watcher = settled(&Server::recorded().await).await;
    let view = watcher.view();
    let web = view.workload(&group("web")).expect("a workload");
    assert_eq!(web.desired, Desired::Replicas(2));
    assert_eq!(web.containers[0].image, "raw_exec /bin/busybox");
    assert_eq!(web.containers[0].memory_limit_bytes, None, "that driver keeps nobody to it");
    assert_eq!(web.containers[0].probes[0].what, "GET /");
    assert!(!web.placed, "what a server asks for by itself places nothing");
    assert_eq!(view.counts(web).ready, 2);
    let cart = view.workload(&group("cart")).expect("a workload");
    let rollout = cart.rollout.as_ref().expect("a deployment");
    assert_eq!((rollout.phase, cart.revision.as_ref().map(|it| it.id.as_str())), (RolloutPhase::Paused, Some("1")));
    assert!(rollout.message.as_ref().is_some_and(|said| said.as_str() == "1 of 1 canary healthy, waits for promotion"));
    assert_eq!(view.workload(&group("agent")).map(|it| it.desired), Some(Desired::EachNode(1)));
    let backup = view.workload(&group("backup")).expect("a workload");
    let schedule = backup.schedule.as_ref().expect("it is periodic");
    assert_eq!((schedule.cron.as_str(), schedule.period_seconds), ("* * * * *", 60));
    assert!(schedule.last_run.is_some() && schedule.last_success.is_none());
    let node = view.nodes().next().expect("a client");
    assert_eq!((node.state, node.key.name.as_str()), (NodeState::Ready, "client-1"));
    assert!(node.memory_bytes.is_some_and(|bytes| bytes > 1 << 30));
    assert_eq!(node.cpu_millis, Some(2000), "two cores, whatever their MHz");
    let asked: u64 = view.instances_of(&group("web")).map(|it| it.cpu_request_millis).sum();
    assert_eq!(asked, 2 * (50 * 2000 / 5192));
}

#[tokio::test]
async fn what_has_no_place_stands_in_the_list_with_the_reason() {
    let watcher = settled(&Server::recorded().await).await;
    let view = watcher.view();
    let waiting: Vec<_> = view.instances_of(&group("charge")).collect();
    assert_eq!(waiting.len(), 2);
    assert!(waiting.iter().all(|it| it.phase == Phase::Pending && it.reason.as_deref() == Some("Unschedulable")));
    assert_eq!(waiting[0].message.as_deref(), Some("memory exhausted on 1 of 1 nodes"));
}

#[tokio::test]
async fn an_end_by_137_is_no_oom_kill_where_the_driver_does_not_say_so() {
    let watcher = settled(&Server::recorded().await).await;
    let view = watcher.view();
    let ends: Vec<_> = view.occurrences_of(&group("importer")).map(|it| (it.kind, it.code)).collect();
    assert!(!ends.is_empty() && ends.iter().all(|it| *it == (OccurrenceKind::Crash, Some(137))), "{ends:?}");
    let checked: Vec<_> = view.occurrences_of(&group("api")).map(|it| it.kind).collect();
    assert!(
        !checked.is_empty() && checked.iter().all(|kind| *kind == OccurrenceKind::ProbeFailure),
        "a check restarts it: {checked:?}"
    );
    // The same event with the driver's word for it.
    let server = Server::recorded().await;
    let mut watcher = settled(&server).await;
    let mut it = allocation("importer");
    it["ModifyIndex"] = json!(1_u64 << 40);
    it["TaskStates"]["importer"]["Events"] = json!([{ "Type": "Terminated", "Time": 1_796_055_999_000_000_000_i64,
        "DisplayMessage": "OOM Killed", "Details": { "oom_killed": "true", "exit_code": "137" } }]);
    server.say(event("Allocation", "AllocationUpdated", it));
    let killed = |watcher: &Watcher| {
        watcher
            .view()
            .occurrences()
            .any(|it| it.kind == OccurrenceKind::OomKill && it.container.as_deref() == Some("importer"))
    };
    watcher.until("the kill", killed).await;
}

#[tokio::test]
async fn the_stream_tells_what_changes_and_what_is_late_is_not_believed() {
    let server = Server::recorded().await;
    let mut watcher = settled(&server).await;
    let asked = server.times("/v1/allocations");
    let mut it = allocation("web");
    let name = it["ID"].as_str().expect("an id").to_owned();
    it["ModifyIndex"] = json!(1_u64 << 40);
    it["ClientStatus"] = json!("failed");
    it["DesiredStatus"] = json!("stop");
    server.say(event("Allocation", "AllocationUpdated", it.clone()));
    let state = |watcher: &Watcher| {
        let view = watcher.view();
        let mut all = view.instances_of(&group("web"));
        all.find(|it| it.uid == *name).map(|it| (it.phase, it.desired))
    };
    watcher.until("the end", |watcher| state(watcher) == Some((Phase::Failed, DesiredState::Stop))).await;
    it["ModifyIndex"] = json!(1);
    it["ClientStatus"] = json!("running");
    server.say(event("Allocation", "AllocationUpdated", it));
    let mut node = server::json("nodes.json")[0].clone();
    node["SchedulingEligibility"] = json!("ineligible");
    server.say(event("Node", "NodeEligibility", node));
    watcher.until("the node", |watcher| watcher.view().nodes().any(|node| node.cordoned)).await;
    assert_eq!(state(&watcher), Some((Phase::Failed, DesiredState::Stop)), "what is older is late");
    assert_eq!(server.times("/v1/allocations"), asked, "nothing is polled");
}

#[tokio::test]
async fn a_job_that_is_purged_goes_with_all_that_is_its_own() {
    let server = Server::recorded().await;
    let mut watcher = settled(&server).await;
    let jobs = server::json("registered.json");
    let web = jobs.as_array().expect("a list").iter().find(|it| it["ID"] == "web").expect("it was recorded");
    server.refuse("/v1/job/web", 404, "job not found");
    let mut stopped = web.clone();
    stopped["Stop"] = json!(true);
    server.say(event("Job", "JobDeregistered", stopped));
    watcher.until("it to be gone", |watcher| watcher.view().workload(&group("web")).is_none()).await;
    assert_eq!(watcher.view().instances_of(&group("web")).count(), 0);
}

#[tokio::test]
async fn what_a_token_may_not_read_is_said_with_the_policy_that_is_missing() {
    let server = Server::recorded().await;
    server.refuse("/v1/nodes", 403, "Permission denied");
    server.refuse("/v1/agent/self", 403, "Permission denied");
    let mut watcher = watching(&server);
    let denied = |watcher: &Watcher| {
        watcher.facts.iter().any(|fact| {
            matches!(fact, Fact::Trouble(source, trouble)
                if source.kind == *"nodes" && trouble.what.contains("node { policy = \"read\" }"))
        })
    };
    watcher.until("the trouble", denied).await;
    watcher.until("the rest", |watcher| watcher.view().workload(&group("web")).is_some()).await;
    let nodes = watcher.freshness("nodes");
    assert_eq!(nodes, Some(Freshness::Forbidden));
    let streams: Vec<String> =
        server.script().asked.iter().filter(|asked| asked.starts_with("/v1/event/stream")).cloned().collect();
    assert!(!streams.is_empty() && streams.iter().all(|asked| !asked.contains("topic=Node")), "{streams:?}");
    let server = Server::recorded().await;
    server.refuse("/v1/jobs", 403, "Permission denied");
    let mut watcher = watching(&server);
    let both = |watcher: &Watcher| {
        let of = |kind| watcher.freshness(kind);
        of("jobs") == Some(Freshness::Forbidden) && of("allocations") == Some(Freshness::Forbidden)
    };
    watcher.until("both to be said", both).await;
}

#[tokio::test]
async fn everything_is_listed_anew_when_the_stream_has_ended() {
    let server = Server::recorded().await;
    let mut watcher = settled(&server).await;
    let listed = server.times("/v1/jobs");
    let mut jobs = server::json("jobs.json");
    jobs.as_array_mut().expect("a list").retain(|it| it["ID"] != "mailer");
    server.answer("/v1/jobs", jobs);
    server.hang_up();
    watcher.until("what is gone to be gone", |watcher| watcher.view().workload(&group("mailer")).is_none()).await;
    assert!(server.times("/v1/jobs") > listed);
    watcher.settle().await;
}

#[tokio::test]
async fn a_task_waits_in_its_servers_own_words() {
    let watcher = settled(&Server::recorded().await).await;
    let view = watcher.view();
    let mailer = view.instances_of(&group("mailer")).next().expect("an allocation");
    assert_eq!(mailer.phase, Phase::Starting);
    let ContainerState::Waiting { message, .. } = &mailer.containers[0].state else { panic!("{mailer:?}") };
    let said = message.as_ref().expect("words");
    assert!(said.starts_with("Missing: nomad.var.block(nomad/jobs/mailer"), "{said}");
}

/// The one allocation of a group, and the words of its first task's state.
fn told(watcher: &Watcher, job: &str) -> (Phase, bool, String) {
    let view = watcher.view();
    let it = view.instances_of(&group(job)).max_by_key(|it| it.created).expect("an allocation");
    let said = match &it.containers[0].state {
        ContainerState::Waiting { message, .. } => message.clone(),
        ContainerState::Ended(exit) => exit.message.clone(),
        ContainerState::Running { .. } => None,
    };
    (it.phase, it.ready, said.map(|said| said.to_string()).unwrap_or_default())
}

#[tokio::test]
async fn a_task_that_does_not_start_says_why_whatever_came_of_it() {
    let server = Server::recorded().await;
    ["catalogue", "invoice"].iter().for_each(|job| server.add(job));
    let watcher = settled(&server).await;
    let (phase, ready, said) = told(&watcher, "catalogue");
    assert_eq!((phase, ready), (Phase::Restarting, false));
    assert!(said.starts_with("failed to download artifact"), "and not that it waits for the next time: {said}");
    let (phase, ready, said) = told(&watcher, "invoice");
    assert_eq!((phase, ready), (Phase::Failed, false));
    assert!(said.starts_with("Template failed: "), "and not what was made of it: {said}");
    let view = watcher.view();
    for job in ["catalogue", "invoice"] {
        let kinds: Vec<_> = view.occurrences_of(&group(job)).map(|it| it.kind).collect();
        assert!(
            !kinds.is_empty() && kinds.iter().all(|kind| *kind == OccurrenceKind::CreationFailure),
            "{job}: {kinds:?}"
        );
    }
    let catalogue = view.instances_of(&group("catalogue")).next().expect("an allocation");
    assert_eq!(catalogue.since, catalogue.created, "it waits since it was made");
}

#[tokio::test]
async fn a_driver_that_tells_is_believed_that_memory_ran_out() {
    let server = Server::recorded().await;
    ["resize", "once"].iter().for_each(|job| server.add(job));
    let watcher = settled(&server).await;
    let view = watcher.view();
    let kills: Vec<_> = view.occurrences_of(&group("resize")).map(|it| (it.kind, it.limit_bytes)).collect();
    assert!(kills.len() > 1 && kills.iter().all(|it| *it == (OccurrenceKind::OomKill, Some(16 << 20))), "{kills:?}");
    let resize = view.instances_of(&group("resize")).next().expect("an allocation");
    assert_eq!(resize.containers[0].memory_limit_bytes, Some(16 << 20));
    let once = view.instances_of(&group("once")).next().expect("an allocation");
    assert_eq!((once.restarts(), once.ready), (1, true));
    assert_eq!(view.occurrences_of(&group("once")).map(|it| it.kind).collect::<Vec<_>>(), [OccurrenceKind::Crash]);
}

#[tokio::test]
async fn what_runs_is_not_ready_before_its_deployment_says_so() {
    let server = Server::recorded().await;
    let undecided = |status: &str| {
        let mut deployments = server::json("deployments.json");
        let all = deployments.as_array_mut().expect("a list");
        all.iter_mut().filter(|it| it["JobID"] == "web").for_each(|it| it["Status"] = json!(status));
        server.answer("/v1/deployments", deployments);
        let mut allocations = server::json("allocations.json");
        let all = allocations.as_array_mut().expect("a list");
        all.iter_mut().filter(|it| it["JobID"] == "web").for_each(|it| it["DeploymentStatus"] = Value::Null);
        server.answer("/v1/allocations", allocations);
    };
    let ready = |watcher: &Watcher| {
        let view = watcher.view();
        view.counts(view.workload(&group("web")).expect("a workload")).ready
    };
    undecided("running");
    assert_eq!(ready(&settled(&server).await), 0, "nobody has called them healthy");
    undecided("successful");
    assert_eq!(ready(&settled(&server).await), 2, "no deployment watches those that came later");
}

#[tokio::test]
async fn the_last_lines_of_a_task_are_read_when_a_finding_wants_them() {
    let server = Server::recorded().await;
    let mut watcher = settled(&server).await;
    let view = watcher.view();
    let worker = view.instances_of(&group("worker")).next().expect("an allocation");
    let run = Name::new(&format!("{}:worker:3", worker.uid));
    let want = Want::LogTail { instance: worker.key.clone(), container: Some("worker".into()), previous: false, run };
    let path = format!("/v1/client/fs/logs/{}", worker.uid);
    server.refuse(&path, 200, "starting\n\u{1b}[31mfatal: no such queue: orders\u{1b}[0m\n");
    let wants = |want: &Want| Demand { wants: [want.clone()].into(), ..Demand::default() };
    watcher.demand.send_replace(wants(&want));
    let lines = |watcher: &Watcher| match watcher.view().answer(&want) {
        Some(Answer::Lines(lines)) => lines.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    watcher.until("the lines", |watcher| !lines(watcher).is_empty()).await;
    assert_eq!(lines(&watcher)[..2], ["starting", "fatal: no such queue: orders"], "without their colours");
    let asked: Vec<String> = server.script().asked.iter().filter(|it| it.starts_with(&path)).cloned().collect();
    assert_eq!(asked.len(), 2, "each output once: {asked:?}");
    assert!(asked.iter().all(|it| it.contains("origin=end") && it.contains("namespace=default")), "{asked:?}");

    // Whose run a line is of cannot be told while the next one writes to the same file.
    let Want::LogTail { instance, container, run, .. } = want.clone() else { unreachable!() };
    let before = Want::LogTail { instance, container, previous: true, run };
    watcher.demand.send_replace(wants(&before));
    let answered = |watcher: &Watcher| matches!(watcher.view().answer(&before), Some(Answer::Failed(_)));
    watcher.until("that it is not known", answered).await;
}

#[tokio::test]
async fn a_manifest_is_shown_without_what_is_secret() {
    let server = Server::recorded().await;
    let watcher = settled(&server).await;
    let lines = watcher.nomad.describe(group("cart"), Form::Manifest).await.expect("a job");
    let text: Vec<&str> = lines.iter().map(|line| line.as_str()).collect();
    assert!(text.iter().any(|line| line.contains("\"VERSION\": \"***\"")), "{text:?}");
    let why = watcher.nomad.describe(group("nothing"), Form::Words).await.expect_err("there is no such job");
    assert!(why.contains("not there any more"), "{why}");
}

#[tokio::test]
async fn the_run_before_is_that_of_the_allocation_that_was_replaced() {
    let server = Server::recorded().await;
    let watcher = settled(&server).await;
    let view = watcher.view();
    let now = view.instances_of(&group("worker")).next().expect("an allocation");
    let mut all = server::json("allocations.json");
    let all = all.as_array_mut().expect("a list");
    let mut it = all.iter().find(|it| it["ID"] == *now.uid).expect("it was recorded").clone();
    server.answer("/v1/allocations", json!([it]));
    let before = "07a05360-aaaa-4b0a-9c29-d70da00a5b94";
    let request = || {
        let (instance, container) = (now.key.clone(), Some("worker".into()));
        LogRequest { instance, container, previous: true, since: None, tail: 10, follow: false }
    };

    it["PreviousAllocation"] = json!("");
    server.answer(&format!("/v1/allocation/{}", now.uid), it.clone());
    let why = watcher.nomad.logs(request()).await.err().expect("it replaced none");
    assert!(why.contains("replaced no other") && why.contains("all runs"), "{why}");

    it["PreviousAllocation"] = json!(before);
    server.answer(&format!("/v1/allocation/{}", now.uid), it.clone());
    let why = watcher.nomad.logs(request()).await.err().expect("it is gone");
    assert!(why.contains("07a05360") && why.contains("not kept any more"), "{why}");

    it["ID"] = json!(before);
    server.answer(&format!("/v1/allocation/{before}"), it);
    server.refuse(&format!("/v1/client/fs/logs/{before}"), 200, "fatal: the first of two\n");
    let lines: Vec<_> = watcher.nomad.logs(request()).await.expect("a stream").collect().await;
    let lines: Vec<String> = lines.into_iter().map(|line| line.expect("a line").text.to_string()).collect();
    assert_eq!(lines, ["fatal: the first of two"; 2], "of each output, as the server here has one for both");
}

/// A list tells it of none, and those that are as they should be are not asked for.
#[tokio::test]
async fn since_when_a_client_is_closed_is_asked_of_itself() {
    let server = Server::recorded().await;
    let mut nodes = server::json("nodes.json");
    let open = nodes[0].clone();
    (nodes[0]["SchedulingEligibility"], nodes[0]["Name"]) = (json!("ineligible"), json!("shut"));
    nodes[0]["ID"] = json!("11111111-24b0-7c29-d70d-a00a5b9491b1");
    let mut whole = nodes[0].clone();
    whole["StatusUpdatedAt"] = json!(1_796_065_268);
    whole["Events"] = json!([{ "Message": "Node marked as ineligible for scheduling", "Subsystem": "Cluster",
        "Timestamp": "2026-11-30T19:10:15Z" }]);
    let list = json!([nodes[0], open]);
    server.answer("/v1/nodes", list);
    let path = |node: &Value| format!("/v1/node/{}", node["ID"].as_str().unwrap_or_default());
    server.answer(&path(&whole), whole.clone());
    let watcher = settled(&server).await;
    let shut = watcher.view().nodes().find(|node| node.cordoned).cloned().expect("the one");
    assert_eq!(shut.closed_since.map(|at| at.to_string()).as_deref(), Some("2026-11-30T19:10:15Z"));
    assert_eq!(shut.since.map(|at| at.as_second()), Some(1_796_065_268));
    assert_eq!((server.times(&path(&whole)), server.times(&path(&open))), (1, 0));
}
