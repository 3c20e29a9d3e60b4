//! Following output, against a script.

use serde_json::{Value, json};

use super::super::ask::tests::{Says, Script, object};
use super::*;
use crate::domain::Name;

const POD: &str = "/api/v1/namespaces/shop/pods/web-1";
const LOG: &str = "/api/v1/namespaces/shop/pods/web-1/log";
const PODS: &str = "/api/v1/namespaces/shop/pods";

fn request(key: &str) -> LogRequest {
    let instance = format!("prod/shop/{key}").parse().expect("a ref");
    LogRequest { instance, container: None, previous: false, since: None, tail: 100, follow: true }
}

fn pod(name: &str, status: Value) -> Value {
    json!({
        "metadata": { "name": name, "uid": name, "creationTimestamp": "2026-11-24T12:00:00Z" },
        "spec": {
            "restartPolicy": "Always",
            "initContainers": [{ "name": "migrate" }],
            "containers": [{ "name": "web" }, { "name": "proxy" }],
        },
        "status": { "phase": "Running", "containerStatuses": [status], "initContainerStatuses": [] },
    })
}

fn runs(id: &str, restarts: u32) -> Value {
    json!({ "name": "web", "containerID": id, "restartCount": restarts,
            "state": { "running": { "startedAt": "2026-11-24T12:00:01Z" } } })
}

fn crashed(id: &str, restarts: u32) -> Value {
    json!({ "name": "web", "containerID": id, "restartCount": restarts,
            "state": { "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 40s" } },
            "lastState": { "terminated": { "exitCode": 137, "reason": "OOMKilled", "containerID": id,
                                           "finishedAt": "2026-11-24T12:00:05Z" } } })
}

fn waits(reason: &str) -> Value {
    json!({ "name": "web", "restartCount": 0, "state": { "waiting": { "reason": reason } } })
}

/// Lines of output, one for each `second:text`.
fn log(lines: &[&str]) -> String {
    let line = |line: &&str| {
        let (second, text) = line.split_once(':').expect("second:text");
        format!("2026-11-24T12:00:{second:0>2}.500000000Z {text}\n")
    };
    lines.iter().map(line).collect()
}

async fn open(script: &Arc<Script>, request: LogRequest) -> Result<LogStream, Text> {
    follow(script.clone(), Pace::default(), request).await
}

/// The next lines; what is no output in brackets.
async fn next(lines: &mut LogStream, count: usize) -> Vec<String> {
    let mut said = Vec::new();
    while said.len() < count {
        let Ok(line) = tokio::time::timeout(Duration::from_secs(60), lines.next()).await else { break };
        let Some(line) = line else { break };
        let line = line.expect("nothing ends it");
        let from = line.from.map(|from| format!("{from}: ")).unwrap_or_default();
        said.push(if line.note { format!("{from}[{}]", line.text) } else { format!("{from}{}", line.text) });
    }
    said
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_goes_on_without_repeating() {
    let script = Arc::new(Script::default());
    script.on(POD, Says::Json(pod("web-1", runs("a", 0))));
    let first = log(&["1:one", "2:two", "2:two"]) + "2026-11-24T12:00:03.1Z half a";
    script.on(LOG, Says::Broken(first));
    let again = log(&["2:two", "2:two", "2:and a third"]) + "2026-11-24T12:00:03.1Z half a line\n" + &log(&["4:four"]);
    script.on(LOG, Says::Hangs(again));
    let mut lines = open(&script, request("Pod/web-1")).await.expect("a stream");
    let said = next(&mut lines, 8).await;
    assert_eq!(said[..3], ["one", "two", "two"]);
    assert!(said[3].contains("broke off: connection reset by peer"), "{said:?}");
    assert_eq!(said[4..], ["and a third", "half a line", "four"]);
    let asked = script.asked(LOG);
    assert_eq!(asked[0], format!("{LOG}?container=web&timestamps=true&follow=true&tailLines=100"));
    assert_eq!(
        asked[1],
        format!("{LOG}?container=web&timestamps=true&follow=true&sinceTime=2026-11-24T12%3A00%3A02.5Z")
    );
}

#[tokio::test(start_paused = true)]
async fn a_container_that_is_started_again_is_followed_on_and_that_is_said() {
    let script = Arc::new(Script::default());
    // The kubelet says late that it has ended, and takes its time to start it again.
    for status in [runs("a", 0), runs("a", 0), crashed("a", 0), crashed("a", 0), crashed("a", 0), runs("b", 1)] {
        script.on(POD, Says::Json(pod("web-1", status)));
    }
    script.on(LOG, Says::Log(log(&["1:one", "2:fatal"])));
    script.on(LOG, Says::Log(log(&["2:fatal"])));
    script.on(LOG, Says::Log(log(&["2:fatal", "3:last words"])));
    script.on(LOG, Says::Hangs(log(&["7:hello again"])));
    let mut lines = open(&script, request("Pod/web-1")).await.expect("a stream");
    let said = next(&mut lines, 6).await;
    assert_eq!(
        said,
        [
            "one",
            "fatal",
            "last words",
            "[it ended: exit code 137 (SIGKILL, OOMKilled); it is to be started again]",
            "[container web was started again (restart 1)]",
            "hello again",
        ]
    );
    let asked = script.asked(LOG);
    assert_eq!(asked.len(), 4);
    assert!(!asked[3].contains("sinceTime") && !asked[3].contains("tailLines"), "the new run from its beginning");
}

#[tokio::test(start_paused = true)]
async fn what_a_run_still_wrote_before_it_ended_is_read_when_the_next_one_runs_already() {
    let script = Arc::new(Script::default());
    script.on(POD, Says::Json(pod("web-1", runs("a", 0)))).on(POD, Says::Json(pod("web-1", runs("b", 1))));
    script.on(LOG, Says::Broken(log(&["1:one"])));
    script.on(LOG, Says::Log(log(&["1:one", "2:last words"])));
    script.on(LOG, Says::Hangs(log(&["7:hello again"])));
    let mut lines = open(&script, request("Pod/web-1")).await.expect("a stream");
    let said = next(&mut lines, 5).await;
    assert_eq!([&said[0], &said[2]], ["one", "last words"]);
    assert_eq!(said[3..], ["[container web was started again (restart 1)]", "hello again"]);
    let asked = script.asked(LOG);
    assert!(asked[1].contains("previous=true") && !asked[1].contains("follow"), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn an_end_for_good_and_a_pod_that_is_gone_are_ends() {
    let script = Arc::new(Script::default());
    let mut over = pod("web-1", crashed("a", 0));
    over["spec"]["restartPolicy"] = "Never".into();
    script.on(POD, Says::Json(over)).on(LOG, Says::Log(log(&["1:one"]) + "no end"));
    let mut lines = open(&script, request("Pod/web-1")).await.expect("a stream");
    let said = next(&mut lines, 9).await;
    assert_eq!(said, ["one", "no end", "[it ended: exit code 137 (SIGKILL, OOMKilled)]"]);

    let script = Arc::new(Script::default());
    script.on(POD, Says::Json(pod("web-1", runs("a", 0)))).on(POD, Says::No(404, "not found".into()));
    script.on(LOG, Says::Log(log(&["1:one"])));
    let mut lines = open(&script, request("Pod/web-1")).await.expect("a stream");
    assert_eq!(next(&mut lines, 9).await, ["one", "[pod web-1 is gone]"]);
}

#[tokio::test(start_paused = true)]
async fn what_has_not_begun_says_why_and_is_waited_for() {
    let script = Arc::new(Script::default());
    script.on(POD, Says::Json(pod("web-1", waits("ContainerCreating"))));
    let not_followed = LogRequest { follow: false, ..request("Pod/web-1") };
    let why = open(&script, not_followed.clone()).await.err().expect("there is nothing to read");
    assert_eq!(why, "container web is waiting to start: ContainerCreating");
    script.on(POD, Says::Json(pod("web-1", waits("ContainerCreating"))));
    script.on(POD, Says::Json(pod("web-1", runs("a", 0)))).on(LOG, Says::Hangs(log(&["1:one"])));
    let mut lines = open(&script, request("Pod/web-1")).await.expect("a stream");
    let said = next(&mut lines, 2).await;
    assert_eq!(said, ["[container web is waiting to start: ContainerCreating]", "one"]);

    // The server knows better than what it said of the pod a moment ago.
    let script = Arc::new(Script::default());
    let words = "container \"web\" in pod \"web-1\" is waiting to start: trying and failing to pull image";
    script.on(POD, Says::Json(pod("web-1", runs("a", 0)))).on(LOG, Says::No(400, words.into()));
    let why = open(&script, not_followed).await.err().expect("refused");
    assert!(why.contains(words), "{why}");
}

#[tokio::test(start_paused = true)]
async fn the_run_before_is_read_to_its_end() {
    let script = Arc::new(Script::default());
    script.on(POD, Says::Json(pod("web-1", runs("b", 1)))).on(LOG, Says::Log(log(&["1:one", "2:fatal"])));
    let before = LogRequest { previous: true, ..request("Pod/web-1") };
    let mut lines = open(&script, before.clone()).await.expect("a stream");
    assert_eq!(next(&mut lines, 9).await, ["one", "fatal"]);
    assert_eq!(script.asked(LOG), [format!("{LOG}?container=web&timestamps=true&previous=true&tailLines=100")]);
    let none = Arc::new(Script::default());
    none.on(POD, Says::Json(pod("web-1", runs("a", 0)))).on(LOG, Says::No(400, "previous … not found".into()));
    assert!(open(&none, before).await.err().expect("there is none").contains("previous … not found"));
}

#[tokio::test(start_paused = true)]
async fn an_init_container_that_fails_speaks_for_what_waits_for_it() {
    let script = Arc::new(Script::default());
    let scene = "scene-init-fails";
    let failing = object("pods", scene, "api");
    let name = failing["metadata"]["name"].as_str().expect("a name").to_owned();
    let at = format!("/api/v1/namespaces/{scene}/pods/{name}");
    script.on(&at, Says::Json(failing));
    let said = std::fs::read_to_string("tests/wire/kubernetes/v1.34/logs/init-fails.txt").expect("a recording");
    script.on(&format!("{at}/log"), Says::Log(said));
    let instance = format!("prod/{scene}/Pod/{name}").parse().expect("a ref");
    let mut lines = open(&script, LogRequest { instance, ..request("Pod/web-1") }).await.expect("a stream");
    let said = next(&mut lines, 3).await;
    assert_eq!(
        said,
        [
            "[container api has not begun; this is init container migrate]",
            "migration 0042: relation orders already exists",
            "[it ended: exit code 3; it is to be started again]",
        ]
    );
    assert!(script.asked(&format!("{at}/log"))[0].contains("container=migrate"));
}

#[tokio::test(start_paused = true)]
async fn the_container_that_is_meant_is_chosen_as_kubectl_chooses_it() {
    let script = Arc::new(Script::default());
    let mut annotated = pod("web-1", runs("a", 0));
    annotated["metadata"]["annotations"] = json!({ "kubectl.kubernetes.io/default-container": "proxy" });
    annotated["status"]["containerStatuses"][0]["name"] = "proxy".into();
    script.on(POD, Says::Json(annotated)).on(LOG, Says::Hangs(log(&["1:one"])));
    let mut lines = open(&script, request("Pod/web-1")).await.expect("a stream");
    assert_eq!(next(&mut lines, 1).await, ["one"]);
    assert!(script.asked(LOG)[0].contains("container=proxy"));
    let nobody = LogRequest { container: Some(Name::new("nobody")), ..request("Pod/web-1") };
    let why = open(&script, nobody).await.err().expect("there is none");
    assert_eq!(why, "pod web-1 has no container nobody; it has web, proxy, migrate");
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_read_ends_it_with_the_servers_words() {
    let script = Arc::new(Script::default());
    let words = "pods \"web-1\" is forbidden: User \"x\" cannot get resource \"pods/log\"";
    script.on(POD, Says::Json(pod("web-1", runs("a", 0)))).on(LOG, Says::No(403, words.into()));
    assert!(open(&script, request("Pod/web-1")).await.err().expect("refused").contains(words));
    assert!(open(&script, request("Pod/web-2")).await.err().expect("it is not there").contains("is gone"));
    let nothing = open(&script, request("ConfigMap/web")).await.err().expect("it has none");
    assert!(nothing.contains("a ConfigMap has no output"), "{nothing}");
}

#[tokio::test(start_paused = true)]
async fn all_pods_of_a_workload_are_followed_by_time_and_by_name() {
    let script = Arc::new(Script::default());
    let web = json!({ "metadata": { "uid": "w" }, "spec": { "selector": { "matchLabels": { "app": "web" } } } });
    script.on("/apis/apps/v1/namespaces/shop/deployments/web", Says::Json(web));
    let list =
        |names: &[&str]| json!({ "items": names.iter().map(|name| pod(name, runs(name, 0))).collect::<Vec<_>>() });
    script.on(PODS, Says::Json(list(&["web-1", "web-2"]))).on(PODS, Says::Json(list(&["web-1", "web-2", "web-3"])));
    for name in ["web-1", "web-2", "web-3"] {
        script.on(&format!("{PODS}/{name}"), Says::Json(pod(name, runs(name, 0))));
    }
    script.on(LOG, Says::Log(log(&["1:one", "3:three"]))).on(LOG, Says::Hangs(log(&["3:three", "5:five"])));
    let other = format!("{PODS}/web-2/log");
    script.on(&other, Says::Log(log(&["2:two", "4:four"]))).on(&other, Says::Hangs(log(&["4:four"])));
    script.on(&format!("{PODS}/web-3/log"), Says::Hangs(log(&["6:six"])));
    let mut lines = open(&script, request("Deployment/web")).await.expect("a stream");
    let said = next(&mut lines, 7).await;
    assert_eq!(
        said,
        [
            "web-1: one",
            "web-2: two",
            "web-1: three",
            "web-2: four",
            "web-1: five",
            "web-3: [this pod has joined]",
            "web-3: six",
        ]
    );
    let asked = script.asked(PODS);
    assert!(asked[0].contains("labelSelector=app%3Dweb") && asked[0].contains("fieldSelector="), "{asked:?}");
    drop(lines);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = script.asked(PODS).len();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(script.asked(PODS).len(), before, "nobody reads: nothing is asked");
}

#[tokio::test(start_paused = true)]
async fn of_a_workload_as_many_lines_are_given_as_were_asked_for() {
    let script = Arc::new(Script::default());
    let job =
        json!({ "metadata": { "uid": "j" }, "spec": { "selector": { "matchLabels": { "job-name": "backup" } } } });
    script.on("/apis/batch/v1/namespaces/shop/jobs/backup", Says::Json(job));
    script.on(PODS, Says::Json(json!({ "items": [pod("web-1", runs("a", 0)), pod("web-2", runs("b", 0))] })));
    script.on(POD, Says::Json(pod("web-1", runs("a", 0)))).on(LOG, Says::Log(log(&["1:one", "3:three"])));
    script.on(&format!("{PODS}/web-2"), Says::Json(pod("web-2", runs("b", 0))));
    script.on(&format!("{PODS}/web-2/log"), Says::Log(log(&["2:two", "4:four"])));
    let asked = LogRequest { tail: 3, follow: false, ..request("Job/backup") };
    let mut lines = open(&script, asked).await.expect("a stream");
    assert_eq!(next(&mut lines, 9).await, ["web-2: two", "web-1: three", "web-2: four"]);
    assert!(!script.asked(PODS)[0].contains("fieldSelector"), "a Job's pods end, and that is when they are read");
}

#[tokio::test(start_paused = true)]
async fn the_pods_of_a_cron_job_are_those_of_its_newest_jobs() {
    let script = Arc::new(Script::default());
    let key = "/apis/batch/v1/namespaces/shop/cronjobs/backup";
    script.on(key, Says::Json(json!({ "metadata": { "uid": "c" }, "spec": {} })));
    let job = |name: &str, owner: &str, hour: u8| {
        json!({ "metadata": { "name": name, "creationTimestamp": format!("2026-11-24T{hour:02}:00:00Z"),
                              "ownerReferences": [{ "uid": owner }] } })
    };
    let jobs = [job("b-1", "c", 1), job("b-2", "c", 2), job("b-4", "c", 4), job("b-3", "c", 3), job("x-1", "other", 5)];
    script.on("/apis/batch/v1/namespaces/shop/jobs", Says::Json(json!({ "items": jobs })));
    script.on(PODS, Says::Json(json!({ "items": [] })));
    let asked = LogRequest { follow: false, ..request("CronJob/backup") };
    assert!(open(&script, asked).await.err().expect("no pod").contains("no pod of shop/backup"));
    assert!(script.asked(PODS)[0].contains("job-name%20in%20%28b-4%2Cb-3%2Cb-2%29"), "{:?}", script.asked(PODS));
}
