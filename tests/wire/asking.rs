//! What is asked of one object: its output, its use, its description; and what is refused.

use cockpit::backend::docker::Pace;
use cockpit::domain::{Answer, Form, Kind, LogRequest, Metric, Want};
use futures::StreamExt;

use crate::engine::{Engine, json, recorded};
use crate::watcher::{Watcher, key_of, pace};

const BOTH: [&str; 2] = ["1.41", "1.52"];

/// An engine with these containers, their logs and what they use.
async fn watched(api: &str) -> (Engine, Watcher) {
    let mut engine = Engine::recorded(api);
    for name in ["crash-loop", "outlived-stop", "hostile", "tty", "oom-child"] {
        let bytes = std::fs::read(recorded(api).join(format!("logs/{name}.bin"))).expect("a log");
        engine.answer_bytes(&format!("/containers/{}/logs", id_of(api, name)), bytes.clone());
        engine.answer_bytes(&format!("/containers/{name}/logs"), bytes);
        engine.answer(&format!("/containers/{name}/json"), json(api, &format!("inspect/{name}.json")));
    }
    engine.answer(&format!("/containers/{}/stats", id_of(api, "near-limit")), json(api, "stats/near-limit.json"));
    engine.start();
    let mut watcher = Watcher::of(&engine);
    watcher.until_live().await;
    (engine, watcher)
}

fn id_of(api: &str, name: &str) -> String {
    json(api, &format!("inspect/{name}.json"))["Id"].as_str().expect("an id").to_owned()
}

fn tail_of(name: &str, run: &str) -> Want {
    Want::LogTail {
        instance: key_of(&format!("-/ContainerInstance/{name}")),
        container: None,
        previous: true,
        run: run.into(),
    }
}

fn request(name: &str, follow: bool) -> LogRequest {
    let instance = key_of(&format!("-/ContainerInstance/{name}"));
    LogRequest { instance, container: None, previous: false, since: None, tail: 100, follow }
}

#[tokio::test]
async fn last_lines_are_answered_once_for_each_run() {
    for api in BOTH {
        let (engine, mut watcher) = watched(api).await;
        let (want, gone) = (tail_of("crash-loop", "1"), tail_of("nobody", "1"));
        let wants = [want.clone(), gone.clone()];
        watcher.demand.send_modify(|demand| demand.wants.extend(wants));
        watcher.until("both are answered", |view| view.answer(&want).is_some() && view.answer(&gone).is_some()).await;
        let Some(Answer::Lines(lines)) = watcher.view().answer(&want).cloned() else { panic!("lines") };
        assert!(lines.iter().any(|line| line.contains("fatal: cannot connect to db:5432")), "{api}: {lines:?}");
        assert!(lines.len() <= 20 && !lines[0].starts_with("2026-"));
        assert!(matches!(watcher.view().answer(&gone), Some(Answer::Failed(_))));
        let path = format!("/containers/{}/logs", id_of(api, "crash-loop"));
        let another = tail_of("crash-loop", "2");
        watcher.demand.send_modify(|demand| {
            demand.wants.insert(another.clone());
        });
        watcher.until("the other run", |view| view.answer(&another).is_some()).await;
        assert_eq!(engine.asked(&path), 2);
    }
}

#[tokio::test]
async fn use_of_what_has_a_limit_is_part_of_the_first_sight() {
    for api in BOTH {
        let (_engine, watcher) = watched(api).await;
        let key = key_of("-/ContainerInstance/near-limit");
        let bytes = watcher.view().latest(&key, Metric::MemoryBytes).expect("measured");
        assert!(bytes > 0.85 * f64::from(32 << 20), "{api}: {bytes}");
    }
}

#[tokio::test]
async fn what_is_on_the_screen_is_streamed() {
    let (engine, mut watcher) = watched("1.52").await;
    let path = format!("/containers/{}/stats", id_of("1.52", "healthy"));
    let stream = std::fs::read(recorded("1.52").join("stats/near-limit.stream.ndjson")).expect("a stream");
    engine.answer_bytes(&path, stream);
    let key = key_of("-/ContainerInstance/healthy");
    watcher.demand.send_modify(|demand| demand.visible = vec![key.clone()]);
    watcher.until("a sample", |view| view.latest(&key, Metric::MemoryBytes).is_some()).await;
    assert!(engine.script().asked.iter().any(|asked| asked.contains("stats?stream=true")));
}

#[tokio::test]
async fn output_is_given_line_by_line_and_its_end_is_an_end() {
    for api in BOTH {
        let (_engine, watcher) = watched(api).await;
        let stopped = watcher.backend().logs(request("outlived-stop", true)).await.expect("a stream");
        let lines: Vec<_> = stopped.collect().await;
        assert!(!lines.is_empty() && lines.iter().all(Result::is_ok), "{api}: it has ended, and so does its output");
        let hostile: Vec<_> =
            watcher.backend().logs(request("hostile", false)).await.expect("a stream").collect().await;
        let all: String = hostile.into_iter().map(|line| line.expect("a line").text.to_string()).collect();
        assert!(!all.contains('\u{1b}') && all.contains("^["), "{api}: {all}");
        let terminal: Vec<_> = watcher.backend().logs(request("tty", false)).await.expect("a stream").collect().await;
        assert_eq!(terminal[0].as_ref().expect("a line").text, "a line from a terminal");
        assert!(watcher.backend().logs(request("nobody", true)).await.is_err());
    }
}

#[tokio::test]
async fn the_run_before_ends_where_it_ended_and_a_first_run_has_none() {
    for api in BOTH {
        let (engine, watcher) = watched(api).await;
        let before = |name| LogRequest { previous: true, ..request(name, true) };
        let lines: Vec<_> = watcher.backend().logs(before("crash-loop")).await.expect("a stream").collect().await;
        assert!(!lines.is_empty(), "{api}");
        let asked = engine.script().asked.iter().any(|it| it.contains("crash-loop/logs") && it.contains("&until="));
        assert!(asked, "{api}: all runs write one log");
        let mut first = json(api, "inspect/tty.json");
        first["State"]["FinishedAt"] = "0001-01-01T00:00:00Z".into();
        engine.answer("/containers/tty/json", first);
        let said = watcher.backend().logs(before("tty")).await.err().expect("there is none");
        assert!(said.contains("first run"), "{api}: {said}");
    }
}

#[tokio::test]
async fn following_goes_on_over_the_end_of_a_run_without_repeating() {
    let (engine, watcher) = watched("1.52").await;
    let mut lines = watcher.backend().logs(request("crash-loop", true)).await.expect("a stream");
    let path = "/containers/crash-loop/logs";
    let frame = |text: &str| {
        let mut out = vec![1, 0, 0, 0];
        out.extend(u32::try_from(text.len()).expect("short").to_be_bytes());
        out.extend(text.as_bytes());
        out
    };
    let recorded = std::fs::read(recorded("1.52").join("logs/crash-loop.bin")).expect("a log");
    let count = recorded.windows(6).filter(|bytes| bytes == b"fatal:").count();
    let mut longer = recorded;
    longer.extend(frame("2026-11-24T23:59:59.000000001Z and then\n"));
    engine.answer_bytes(path, longer);
    let mut fatal = 0;
    loop {
        let line = lines.next().await.expect("it goes on").expect("nothing breaks");
        fatal += usize::from(line.text.contains("fatal:"));
        if line.text == "and then" {
            break;
        }
    }
    assert_eq!(fatal, count);
}

fn framed(text: &str) -> Vec<u8> {
    let mut out = vec![1, 0, 0, 0];
    out.extend(u32::try_from(text.len()).expect("short").to_be_bytes());
    out.extend(text.as_bytes());
    out
}

#[tokio::test]
async fn output_that_breaks_off_goes_on_without_repeating_and_says_so_once() {
    let (engine, watcher) = watched("1.52").await;
    let path = "/containers/crash-loop/logs";
    let line = |second: u32, text: &str| framed(&format!("2026-11-24T01:02:{second:02}.5Z {text}\n"));
    let first = [line(1, "one"), line(2, "two"), line(2, "two")].concat();
    // In the middle of the next line the connection breaks.
    let broken = [first.clone(), framed("2026-11-24T01:02:03.5Z thr")].concat();
    engine.break_off(path, broken);
    let mut lines = watcher.backend().logs(request("crash-loop", true)).await.expect("a stream");
    let mut said = Vec::new();
    while said.len() < 4 {
        let line = lines.next().await.expect("it goes on").expect("it is no end");
        said.push((line.note, line.text.to_string()));
    }
    engine.answer_bytes(path, [first, line(2, "two"), line(3, "three")].concat());
    while said.len() < 6 {
        let line = lines.next().await.expect("it goes on").expect("it is no end");
        said.push((line.note, line.text.to_string()));
    }
    let texts: Vec<&str> = said.iter().filter(|(note, _)| !note).map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["one", "two", "two", "two", "three"], "a third line of one moment is new");
    assert!(said[3].0 && said[3].1.contains("broke off"), "{said:?}");
    assert!(engine.script().asked.iter().any(|it| it.contains("/logs") && it.contains("since=1795482122.500000000")));
}

#[tokio::test]
async fn all_containers_of_a_compose_service_are_followed_by_time_and_by_name() {
    let mut engine = Engine::recorded("1.52");
    engine.start();
    let often = Pace { swarm_every: std::time::Duration::from_millis(50), ..pace() };
    let mut watcher = Watcher::at(&engine, often);
    watcher.until_live().await;
    let ids = ["web-1", "web-2"].map(compose_id);
    let line = |second: u32, text: &str| framed(&format!("2026-11-24T01:02:{second:02}Z {text}\n"));
    let logs = |id: &str| format!("/containers/{id}/logs");
    engine.answer_bytes(&logs(&ids[0]), [line(1, "one"), line(4, "four")].concat());
    engine.answer_bytes(&logs(&ids[1]), [line(2, "two"), line(3, "three")].concat());
    let key = key_of("shop/ComposeService/web");
    let request =
        LogRequest { instance: key.clone(), container: None, previous: false, since: None, tail: 3, follow: true };
    let mut lines = watcher.backend().logs(request.clone()).await.expect("a stream");
    let first = said(&mut lines, 3).await;
    assert_eq!(first, ["shop-web-2 two", "shop-web-2 three", "shop-web-1 four"], "as many as were asked for");
    // Another container of it is started, and one that is followed goes on.
    let mut listed = json("1.52", "containers.json");
    let all = listed.as_array_mut().expect("a list");
    let mut new = all.iter().find(|it| it["Names"][0] == "/shop-web-1").expect("listed").clone();
    (new["Id"], new["Names"][0]) = ("new".into(), "/shop-web-3".into());
    all.insert(0, new);
    let mut inspected = json("1.52", "inspect/healthy.json");
    inspected["Id"] = "new".into();
    engine.answer("/containers/new/json", inspected);
    engine.answer_bytes(&logs("new"), line(6, "of the new"));
    engine.answer_bytes(&logs(&ids[0]), [line(1, "one"), line(4, "four"), line(5, "five")].concat());
    engine.answer("/containers/json", listed);
    let mut then = said(&mut lines, 3).await;
    then.sort();
    assert_eq!(then, ["shop-web-1 five", "shop-web-3 of the new", "shop-web-3 this container has joined"]);
    assert!(!engine.script().asked.iter().any(|it| it.contains("web-run")), "what was run by hand is none of it");
    let before = LogRequest { previous: true, ..request };
    assert!(watcher.backend().logs(before).await.err().is_some_and(|why| why.contains("choose")));
}

/// The id of a container of the project `shop`.
fn compose_id(name: &str) -> String {
    let listed = json("1.52", "containers.json");
    let named = |it: &&serde_json::Value| it["Names"][0] == format!("/shop-{name}");
    let found = listed.as_array().expect("a list").iter().find(named).expect("it is listed").clone();
    found["Id"].as_str().expect("an id").to_owned()
}

async fn said(lines: &mut cockpit::domain::LogStream, count: usize) -> Vec<String> {
    let mut said = Vec::new();
    while said.len() < count {
        let line = tokio::time::timeout(std::time::Duration::from_secs(10), lines.next()).await.expect("in time");
        let line = line.expect("it goes on").expect("it is no end");
        said.push(format!("{} {}", line.from.map(|it| it.to_string()).unwrap_or_default(), line.text));
    }
    said
}

#[tokio::test]
async fn all_tasks_of_a_service_are_followed_also_those_that_ended_and_run_elsewhere() {
    for api in BOTH {
        let mut engine = Engine::manager(api);
        let tasks = json(api, "tasks.json");
        let services = json(api, "services.json");
        let crashing = services
            .as_array()
            .expect("a list")
            .iter()
            .find(|it| it["Spec"]["Name"].as_str().is_some_and(|name| name.ends_with("crashing")));
        let id = crashing.expect("a service")["ID"].clone();
        let of_it: Vec<_> = tasks.as_array().expect("a list").iter().filter(|it| it["ServiceID"] == id).collect();
        assert!(of_it.len() > 2, "{api}");
        let recorded = std::fs::read(recorded(api).join("logs/service-crashing.bin")).expect("a log");
        for (ix, task) in of_it.iter().enumerate() {
            let path = format!("/tasks/{}", task["ID"].as_str().expect("an id"));
            engine.answer(&path, (*task).clone());
            let log =
                if ix == 0 { recorded.clone() } else { framed(&format!("2026-11-24T01:02:0{ix}Z of task {ix}\n")) };
            engine.answer_bytes(&format!("{path}/logs"), log);
        }
        engine.start();
        let mut watcher = Watcher::at(&engine, pace());
        watcher.until_live().await;
        let key = watcher.view().workloads().find(|it| it.key.name == "crashing").expect("a service").key.clone();
        let request =
            LogRequest { instance: key, container: None, previous: false, since: None, tail: 500, follow: false };
        let lines: Vec<_> = watcher.backend().logs(request).await.expect("a stream").collect().await;
        let lines: Vec<_> = lines.into_iter().map(|line| line.expect("a line")).collect();
        let names: std::collections::BTreeSet<String> =
            lines.iter().filter_map(|line| line.from.as_ref().map(ToString::to_string)).collect();
        assert_eq!(names.len(), of_it.len(), "{api}: {names:?}");
        assert!(
            names.contains("crashing.1") && names.iter().all(|name| name.starts_with("crashing.1")),
            "{api}: {names:?}"
        );
        let times: Vec<_> = lines.iter().filter_map(|line| line.at).collect();
        assert!(times.is_sorted(), "{api}: by time");
    }
}

#[tokio::test]
async fn a_description_has_no_secret() {
    let (engine, watcher) = watched("1.52").await;
    let mut it = json("1.52", "inspect/hostile.json");
    it["Config"]["Env"] = serde_json::json!(["DB_URL=postgres://u:hunter2@db"]);
    it["Config"]["Labels"]["deploy_token"] = "hunter2".into();
    it["Config"]["Cmd"] = serde_json::json!(["serve", "--password=hunter2"]);
    engine.answer("/containers/hostile/json", it);
    let key = key_of("-/Container/hostile");
    for form in [Form::Words, Form::Manifest] {
        let lines = watcher.backend().describe(key.clone(), form).await.expect("a description");
        let all: Vec<&str> = lines.iter().map(|line| line.as_str()).collect();
        let all = all.join("\n");
        assert!(!all.contains("hunter2") && all.contains("DB_URL"), "{all}");
        assert!(!all.contains('\u{1b}') && all.contains("busybox:test"));
    }
    assert!(watcher.backend().describe(key_of("-/Container/nobody"), Form::Words).await.is_err());
}

#[tokio::test]
async fn tasks_and_nodes_are_found_by_their_names() {
    let mut engine = Engine::manager("1.52");
    let tasks = json("1.52", "tasks.json");
    for task in tasks.as_array().expect("a list") {
        engine.answer(&format!("/tasks/{}", task["ID"].as_str().expect("an id")), task.clone());
    }
    let nodes = json("1.52", "nodes.json");
    engine.answer(&format!("/nodes/{}", nodes[0]["ID"].as_str().expect("an id")), nodes[0].clone());
    engine.start();
    let mut watcher = Watcher::at(&engine, pace());
    watcher.until_live().await;
    let keys: Vec<_> =
        watcher.view().instances().map(|it| it.key.clone()).filter(|key| key.kind == Kind::Task).collect();
    assert!(keys.len() > 10);
    for key in keys.into_iter().chain(watcher.view().nodes().map(|node| node.key.clone()).collect::<Vec<_>>()) {
        let words = watcher.backend().describe(key.clone(), Form::Words).await;
        assert!(words.is_ok_and(|words| words.len() > 3), "{key}");
    }
}
