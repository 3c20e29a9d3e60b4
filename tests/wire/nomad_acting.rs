//! What is done to a region: what would come of each intent, and how each step meets a server that says no, has changed, or is not
//! heard from again. The server says what a real agent said.

use cockpit::backend::nomad::{Nomad, Pace, Target};
use cockpit::domain::{Backend, Draft, Intent, LineKind, Ref, Refusal, Setting, StepAction, StepError, Until};
use serde_json::{Value, json};

use crate::cells;
use crate::server::{Server, json as recorded};
use crate::watcher::target;

fn acting(file: &str) -> Value {
    recorded(&format!("acting/{file}.json"))
}

/// A region of one client, on which web runs and a canary of cart waits.
async fn region() -> Server {
    let server = Server::recorded().await;
    for job in ["web", "cart"] {
        server.answer(&format!("/v1/job/{job}"), acting(job));
        for part in ["versions", "deployment", "allocations"] {
            server.answer(&format!("/v1/job/{job}/{part}"), acting(&format!("{job}-{part}")));
        }
    }
    server.answer("/v1/job/web/plan", acting("web-plan-more"));
    server.answer("/v1/job/cart/plan", acting("cart-plan-back"));
    server.answer("/v1/nodes", acting("nodes"));
    server.answer("/v1/allocations", acting("allocations"));
    let node = format!("/v1/node/{}", text(&acting("node"), "ID"));
    server.answer(&node, acting("node"));
    server.answer(&format!("{node}/allocations"), acting("node-allocations"));
    server
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("{field}"))
}

fn nomad(server: &Server, read_only: bool) -> std::sync::Arc<Nomad> {
    let target = Target { read_only, ..target(&server.address, None) };
    Nomad::with_pace(target, Pace::default())
}

fn key(raw: &str) -> Ref {
    format!("eu/{raw}").parse().expect("a ref")
}

fn group(name: &str) -> Ref {
    key(&format!("default/TaskGroup/{name}"))
}

/// The allocations of a job that run, by their names here.
fn running(job: &str) -> Vec<Ref> {
    let all = acting(&format!("{job}-allocations"));
    let all = all.as_array().expect("a list").iter().filter(|it| it["ClientStatus"] == "running");
    all.map(|it| key(&format!("default/Allocation/{job}-{}", &text(it, "ID")[..8]))).collect()
}

async fn drafted(server: &Server, intent: Intent) -> Draft {
    nomad(server, false).prepare(intent).await.unwrap_or_else(|refusal| panic!("{refusal}; {}", refusal.mend))
}

async fn refused(server: &Server, intent: Intent) -> Refusal {
    nomad(server, false).prepare(intent).await.expect_err("it is refused")
}

/// Does the first step of an intent; what was sent for it.
async fn done(server: &Server, intent: Intent) -> (String, Value) {
    let draft = drafted(server, intent).await;
    let receipt = nomad(server, false).execute(draft.steps[0].clone()).await;
    receipt.unwrap_or_else(|error| panic!("{error}"));
    let (path, body) = server.sent().pop().expect("something was sent");
    (path.split('?').next().unwrap_or_default().to_owned(), body)
}

fn says(draft: &Draft, kind: LineKind, words: &str) -> bool {
    draft.notes.iter().any(|line| line.kind == kind && line.text.contains(words))
}

#[tokio::test]
async fn what_would_come_of_every_intent() {
    let server = region().await;
    let first = running("web").remove(0);
    let cells = [
        ("web", group("web")),
        ("cart, whose canary waits", group("cart")),
        ("an allocation of web", first),
        ("the client", key("-/Node/vm")),
        ("the region", key("-/Cluster/eu")),
    ];
    let words = cells::every(&*nomad(&server, false), &cells).await;
    assert!(server.sent().is_empty(), "a draft changes nothing");
    insta::assert_snapshot!("nomad", words);
}

#[tokio::test]
async fn a_group_begins_anew_one_allocation_after_the_other() {
    let server = region().await;
    let draft = drafted(&server, Intent::Restart(group("web"))).await;
    let steps: Vec<_> = draft.steps.iter().map(|step| (step.group, step.action.clone(), step.until.clone())).collect();
    let [first, second] = &running("web")[..] else { panic!("two run") };
    let mut named = [first.clone(), second.clone()];
    named.sort_by_key(|key| draft.steps.iter().position(|step| step.action.target() == key));
    for (place, ((at, action, until), key)) in steps.iter().zip(named).enumerate() {
        assert_eq!(*at as usize, place, "each waits for the one before");
        assert_eq!((action, until), (&StepAction::Restart(key.clone()), &Until::Again(key)));
    }
    server.answer(&format!("/v1/client/allocation/{}/restart", draft.steps[0].pin.uid), json!({ "Index": 0 }));
    let (path, body) = done(&server, Intent::Restart(group("web"))).await;
    assert!(path.ends_with("/restart") && body == json!({}), "{path} {body}");
}

#[tokio::test]
async fn a_number_is_set_in_the_job_as_it_was_seen() {
    let server = region().await;
    server.answer("/v1/job/web/scale", json!({ "EvalID": "x", "Index": 1 }));
    let (path, body) = done(&server, Intent::Scale(group("web"), 4)).await;
    assert_eq!(path, "/v1/job/web/scale");
    assert_eq!((&body["Count"], &body["Target"]["Group"]), (&json!(4), &json!("web")));
    assert_eq!(body["JobModifyIndex"], acting("web")["JobModifyIndex"]);
}

#[tokio::test]
async fn what_finds_no_place_is_said_before_it_is_asked_for() {
    let server = region().await;
    server.answer("/v1/job/web/plan", acting("web-plan-no-room"));
    let draft = drafted(&server, Intent::Scale(group("web"), 3)).await;
    assert!(says(&draft, LineKind::Hurts, "memory exhausted on 1 of 1 nodes"), "{:?}", draft.notes);
    server.refuse("/v1/job/web/plan", 403, "Permission denied");
    let draft = drafted(&server, Intent::Scale(group("web"), 3)).await;
    assert!(says(&draft, LineKind::Skips, "cannot be asked"), "who may scale need not be allowed to plan");
}

#[tokio::test]
async fn nothing_is_scaled_while_a_deployment_is_under_way() {
    let why = refused(&region().await, Intent::Scale(group("cart"), 5)).await;
    assert!(why.why.contains("requires manual promotion") && why.mend.contains("promote it"), "{why}");
}

#[tokio::test]
async fn a_job_goes_back_as_a_whole_from_the_version_that_was_seen() {
    let server = region().await;
    server.answer("/v1/job/cart/revert", json!({ "EvalID": "x" }));
    let draft = drafted(&server, Intent::Undo(group("cart"), None)).await;
    assert!(
        says(&draft, LineKind::Note, "version 0") && says(&draft, LineKind::Does, "env VERSION changed"),
        "{:?}",
        draft.notes
    );
    assert!(says(&draft, LineKind::Note, "is cancelled by this"));
    assert!(draft.notes.iter().all(|line| !line.text.contains("VERSION=")), "no value is told");
    let (path, body) = done(&server, Intent::Undo(group("cart"), None)).await;
    assert_eq!(path, "/v1/job/cart/revert");
    assert_eq!(body, json!({ "JobID": "cart", "JobVersion": 0, "EnforcePriorVersion": 1 }));
    let gone = refused(&server, Intent::Undo(group("cart"), Some("7".into()))).await;
    assert!(gone.why.contains("version 7 is not kept"), "{gone}");
}

#[tokio::test]
async fn a_job_of_several_groups_says_whose_it_is_too() {
    let server = region().await;
    let with_two = |mut job: Value| {
        let mut other = job["TaskGroups"][0].clone();
        other["Name"] = json!("cache");
        job["TaskGroups"].as_array_mut().expect("groups").push(other);
        job
    };
    server.answer("/v1/job/cart", with_two(acting("cart")));
    let mut versions = acting("cart-versions");
    for job in versions["Versions"].as_array_mut().expect("versions") {
        *job = with_two(job.take());
    }
    server.answer("/v1/job/cart/versions", versions);
    let draft = drafted(&server, Intent::Undo(group("cart/cache"), None)).await;
    assert!(says(&draft, LineKind::Hurts, "every group of the job goes back: cart, cache"), "{:?}", draft.notes);
}

#[tokio::test]
async fn a_limit_is_registered_with_the_rest_of_the_job_as_it_was() {
    let server = region().await;
    let draft = drafted(&server, Intent::Set(group("web"), Setting::Memory(None, Some(128 << 20)))).await;
    assert!(says(&draft, LineKind::Does, "from 32 MiB to 128 MiB"), "{:?}", draft.notes);
    let (path, body) = done(&server, Intent::Set(group("web"), Setting::Memory(None, Some(128 << 20)))).await;
    let mut wanted = acting("web");
    wanted["TaskGroups"][0]["Tasks"][0]["Resources"]["MemoryMB"] = json!(128);
    assert_eq!(path, "/v1/job/web");
    assert_eq!((&body["Job"], &body["EnforceIndex"]), (&wanted, &json!(true)));
    let image = refused(&server, Intent::Set(group("web"), Setting::Image(None, "web:2".into()))).await;
    assert!(image.why.contains("raw_exec"), "{image}");
}

#[tokio::test]
async fn a_canary_takes_over_only_when_all_of_them_are_healthy() {
    let server = region().await;
    let id = text(&acting("cart-deployment"), "ID").to_owned();
    for verb in ["promote", "fail", "pause"] {
        server.answer(&format!("/v1/deployment/{verb}/{id}"), json!({ "EvalID": "x" }));
    }
    let (path, body) = done(&server, Intent::Promote(group("cart"))).await;
    assert_eq!((path, body), (format!("/v1/deployment/promote/{id}"), json!({ "DeploymentID": id, "All": true })));
    let (path, _) = done(&server, Intent::Abort(group("cart"))).await;
    assert_eq!(path, format!("/v1/deployment/fail/{id}"));
    let (path, body) = done(&server, Intent::Pause(group("cart"))).await;
    assert_eq!((path, body["Pause"].as_bool()), (format!("/v1/deployment/pause/{id}"), Some(true)));
    let mut ill = acting("cart-deployment");
    ill["TaskGroups"]["cart"]["HealthyAllocs"] = json!(0);
    server.answer("/v1/job/cart/deployment", ill);
    let why = refused(&server, Intent::Promote(group("cart"))).await;
    assert!(why.why.contains("0 of 1 canaries of cart are healthy"), "{why}");
    let over = refused(&server, Intent::Promote(group("web"))).await;
    assert!(over.why.contains("the last one is successful"), "{over}");
}

#[tokio::test]
async fn a_job_that_was_registered_again_is_not_hit() {
    let server = region().await;
    let all = [
        Intent::Scale(group("web"), 4),
        Intent::Set(group("web"), Setting::Memory(None, Some(128 << 20))),
        Intent::Undo(group("cart"), None),
    ];
    for intent in all {
        let draft = drafted(&server, intent.clone()).await;
        for job in ["web", "cart"] {
            let mut newer = acting(job);
            newer["JobModifyIndex"] = json!(newer["JobModifyIndex"].as_u64().expect("an index") + 1);
            server.answer(&format!("/v1/job/{job}"), newer);
        }
        let answer = nomad(&server, false).execute(draft.steps[0].clone()).await;
        assert!(matches!(answer, Err(StepError::Moved(_))), "{intent:?}: {answer:?}");
        assert!(server.sent().is_empty(), "nothing was sent");
        ["web", "cart"].iter().for_each(|job| server.answer(&format!("/v1/job/{job}"), acting(job)));
    }
}

#[tokio::test]
async fn what_came_between_looking_and_writing_is_told_by_the_servers_words() {
    let server = region().await;
    let words = "Enforcing job modify index 1: job exists with conflicting job modify index: 16";
    server.refuse("/v1/job/web/scale", 500, words);
    let draft = drafted(&server, Intent::Scale(group("web"), 4)).await;
    let answer = nomad(&server, false).execute(draft.steps[0].clone()).await;
    assert!(matches!(&answer, Err(StepError::Moved(why)) if why.contains("conflicting")), "{answer:?}");
    server.refuse("/v1/job/web/scale", 403, "Permission denied");
    let answer = nomad(&server, false).execute(draft.steps[0].clone()).await;
    assert!(matches!(&answer, Err(StepError::Denied(why)) if why.contains("--nomad-policy --control")), "{answer:?}");
}

#[tokio::test]
async fn a_deployment_that_moved_on_is_not_promoted() {
    let server = region().await;
    let draft = drafted(&server, Intent::Promote(group("cart"))).await;
    let mut newer = acting("cart-deployment");
    newer["Status"] = json!("failed");
    server.answer("/v1/job/cart/deployment", newer);
    let answer = nomad(&server, false).execute(draft.steps[0].clone()).await;
    assert!(matches!(&answer, Err(StepError::Moved(why)) if why.contains("failed by now")), "{answer:?}");
    assert!(server.sent().is_empty());
}

#[tokio::test]
async fn a_client_is_drained_with_a_deadline_and_only_as_it_was_seen() {
    let server = region().await;
    let node = text(&acting("node"), "ID").to_owned();
    server.answer(&format!("/v1/node/{node}/drain"), json!({ "NodeModifyIndex": 1 }));
    server.answer(&format!("/v1/node/{node}/eligibility"), json!({ "NodeModifyIndex": 1 }));
    let draft = drafted(&server, Intent::drain(key("-/Node/vm"))).await;
    assert!(says(&draft, LineKind::Hurts, "fit on no other client"), "{:?}", draft.notes);
    assert!(says(&draft, LineKind::Hurts, "all that serves of cart, web is here"), "{:?}", draft.notes);
    let (path, body) = done(&server, Intent::drain(key("-/Node/vm"))).await;
    assert_eq!(path, format!("/v1/node/{node}/drain"));
    assert_eq!(body["DrainSpec"], json!({ "Deadline": 3_600_000_000_000_u64, "IgnoreSystemJobs": false }));
    let (path, body) = done(&server, Intent::Cordon(key("-/Node/vm"))).await;
    assert_eq!((path, &body["Eligibility"]), (format!("/v1/node/{node}/eligibility"), &json!("ineligible")));
    let mut draining = acting("node");
    (draining["Drain"], draining["SchedulingEligibility"]) = (json!(true), json!("ineligible"));
    server.answer(&format!("/v1/node/{node}"), draining.clone());
    let answer = nomad(&server, false).execute(draft.steps[0].clone()).await;
    assert!(matches!(&answer, Err(StepError::Moved(why)) if why.contains("draining")), "{answer:?}");
    server.answer("/v1/nodes", json!([draining]));
    let (path, body) = done(&server, Intent::Uncordon(key("-/Node/vm"))).await;
    assert_eq!(path, format!("/v1/node/{node}/drain"), "eligibility cannot be set while it is drained");
    assert_eq!((&body["DrainSpec"], &body["MarkEligible"]), (&Value::Null, &json!(true)));
}

#[tokio::test]
async fn of_two_clients_of_one_name_none_is_touched_by_the_name_alone() {
    let server = region().await;
    let mut twins = acting("nodes");
    let mut second = twins[0].clone();
    second["ID"] = json!("0f3c9a11-4c1e-4b0b-9d5f-2a1b3c4d5e6f");
    twins.as_array_mut().expect("a list").push(second);
    server.answer("/v1/nodes", twins);
    let why = refused(&server, Intent::Cordon(key("-/Node/vm"))).await;
    assert!(why.why.contains("several clients are called vm"), "{why}");
    let draft = drafted(&server, Intent::Cordon(key("-/Node/vm-0f3c9a11"))).await;
    assert!(draft.steps[0].pin.uid.starts_with("0f3c9a11-"));
}

#[tokio::test]
async fn an_allocation_is_ended_by_its_id_and_not_when_it_has_ended() {
    let server = region().await;
    let first = running("web").remove(0);
    let draft = drafted(&server, Intent::Stop(first.clone())).await;
    let id = draft.steps[0].pin.uid.clone();
    server.answer(&format!("/v1/allocation/{id}/stop"), json!({ "EvalID": "x" }));
    server.answer(&format!("/v1/client/allocation/{id}/signal"), json!({ "Index": 0 }));
    assert_eq!(done(&server, Intent::Stop(first.clone())).await.0, format!("/v1/allocation/{id}/stop"));
    let (path, body) = done(&server, Intent::Kill(first.clone())).await;
    assert_eq!((path, body), (format!("/v1/client/allocation/{id}/signal"), json!({ "Signal": "SIGKILL" })));
    let mut ended = acting("allocations");
    for it in ended.as_array_mut().expect("a list") {
        it["ClientStatus"] = json!("complete");
    }
    server.answer("/v1/allocations", ended);
    let answer = nomad(&server, false).execute(draft.steps[0].clone()).await;
    assert!(matches!(&answer, Err(StepError::Moved(_))), "{answer:?}");
    assert!(refused(&server, Intent::Restart(first)).await.why.contains("it is complete"));
}

#[tokio::test]
async fn an_answer_that_is_lost_is_not_sent_for_again() {
    let server = region().await;
    let draft = drafted(&server, Intent::Scale(group("web"), 4)).await;
    server.answer("/v1/job/web/scale", Value::Null);
    server.script().answers.insert("/v1/job/web/scale".to_owned(), (200, "{".to_owned()));
    let answer = nomad(&server, false).execute(draft.steps[0].clone()).await;
    assert!(matches!(answer, Err(StepError::Unknown { .. })), "{answer:?}");
    assert_eq!(server.times("/v1/job/web/scale"), 1);
}

#[tokio::test]
async fn read_only_reaches_no_region_by_any_way() {
    let server = region().await;
    let draft = drafted(&server, Intent::Scale(group("web"), 4)).await;
    let before = server.script().asked.len();
    let guarded = nomad(&server, true);
    assert!(guarded.prepare(Intent::Restart(group("web"))).await.is_err());
    assert!(matches!(guarded.execute(draft.steps[0].clone()).await, Err(StepError::Denied(_))));
    assert_eq!(server.script().asked.len(), before, "it was not even asked");
}
