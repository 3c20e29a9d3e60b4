//! What findings want, against a script.

use serde_json::json;

use super::super::ask::tests::{Says, Script, object};
use super::*;
use crate::domain::Name;

const SCENE: &str = "scene-crash-loop";

/// A pod that crashes again and again, as it was recorded, and the want that a finding has of it.
fn crashing() -> (Script, String, Want) {
    let pod = object("pods", SCENE, "");
    let text = |at: &str| pod.pointer(at).and_then(serde_json::Value::as_str).expect("a string").to_owned();
    let (name, uid) = (text("/metadata/name"), text("/metadata/uid"));
    let container = text("/spec/containers/0/name");
    let restarts = pod.pointer("/status/containerStatuses/0/restartCount").expect("a count").to_string();
    let at = format!("/api/v1/namespaces/{SCENE}/pods/{name}");
    let want = Want::LogTail {
        instance: format!("prod/{SCENE}/Pod/{name}").parse().expect("a ref"),
        container: Some(Name::new(&container)),
        previous: false,
        run: Name::new(&format!("{uid}:{container}:{restarts}")),
    };
    let script = Script::default();
    script.on(&at, Says::Json(pod));
    let said = std::fs::read_to_string("tests/wire/kubernetes/v1.34/logs/crash-loop.txt").expect("a recording");
    script.on(&format!("{at}/log"), Says::Log(said));
    (script, at, want)
}

/// The same want of another run.
fn of_run(want: &Want, back: u32, previous: bool) -> Want {
    let Want::LogTail { instance, container, run, .. } = want.clone() else { panic!("a tail") };
    let (rest, restarts) = run.rsplit_once(':').expect("a run");
    let restarts = restarts.parse::<u32>().expect("a count") - back;
    Want::LogTail { instance, container, previous, run: Name::new(&format!("{rest}:{restarts}")) }
}

#[tokio::test]
async fn the_last_lines_of_a_run_are_read() {
    let (script, at, want) = crashing();
    let Told { want: asked, answer, missed } = read(&script, want.clone()).await;
    assert_eq!((asked, missed), (want, false));
    let Answer::Lines(lines) = answer else { panic!("lines") };
    assert_eq!(lines, ["starting api 1.5.0", "panic: cannot parse DATABASE_URL: missing scheme"]);
    let asked = script.asked(&format!("{at}/log"));
    assert!(asked[0].contains("tailLines=20") && !asked[0].contains("follow") && !asked[0].contains("previous"));
}

#[tokio::test]
async fn lines_of_another_run_are_never_given_for_those_that_were_wanted() {
    // Between two runs the kubelet has the last one alone.
    let (script, at, want) = crashing();
    assert!(matches!(read(&script, of_run(&want, 1, false)).await.answer, Answer::Failed(_)));
    assert!(script.asked(&format!("{at}/log")).is_empty());
    // It was wanted when it had ended, and by now the next one runs.
    let script = Script::default();
    let mut pod = object("pods", SCENE, "");
    let status = pod.pointer_mut("/status/containerStatuses/0").expect("a status");
    status["state"] = json!({ "running": {} });
    status["restartCount"] = (status["restartCount"].as_u64().expect("a count") + 1).into();
    script.on(&at, Says::Json(pod)).on(&format!("{at}/log"), Says::Log(String::new()));
    assert_eq!(read(&script, want.clone()).await.answer, Answer::Lines(Vec::new()));
    assert!(script.asked(&format!("{at}/log"))[0].contains("previous=true"));
    // Another pod has the name.
    let mut other = object("pods", SCENE, "");
    other["metadata"]["uid"] = "another".into();
    let script = Script::default();
    script.on(&at, Says::Json(other));
    assert!(matches!(read(&script, want).await.answer, Answer::Failed(why) if why.contains("another pod")));
}

#[tokio::test]
async fn what_cannot_be_had_is_told_in_the_servers_words() {
    let (_, at, want) = crashing();
    let script = Script::default();
    assert_eq!(read(&script, want.clone()).await.answer, Answer::Failed(Text::new("it is not there any more")));
    script.on(&at, Says::Json(object("pods", SCENE, "")));
    script.on(&format!("{at}/log"), Says::No(400, "previous terminated container \"api\" not found".into()));
    assert!(matches!(read(&script, want).await.answer, Answer::Failed(why) if why.contains("not found")));
}

#[tokio::test]
async fn few_lines_are_kept_and_long_ones_are_cut() {
    let (_, at, want) = crashing();
    let script = Script::default();
    script.on(&at, Says::Json(object("pods", SCENE, "")));
    let many: String = (0..100).map(|n| format!("2026-11-24T12:00:00Z {n} {}\n", "ö".repeat(400))).collect();
    script.on(&format!("{at}/log"), Says::Log(many));
    let Answer::Lines(lines) = read(&script, want).await.answer else { panic!("lines") };
    assert_eq!(lines.len(), 20);
    assert!(lines[0].starts_with("80 ") && lines.iter().all(|line| line.len() <= 512));
}

fn told(want: &Want, missed: bool) -> Told {
    Told { want: want.clone(), answer: Answer::Failed(Text::new("no")), missed }
}

#[tokio::test]
async fn who_was_away_is_asked_again_and_who_said_no_is_not() {
    for (status, missed) in [(503, true), (401, true), (403, false), (404, false), (500, false)] {
        let (_, at, want) = crashing();
        let script = Script::default();
        script.on(&at, Says::No(status, "no".into()));
        assert_eq!(read(&script, want).await.missed, missed, "{status}");
    }
    let (_, _, want) = crashing();
    let ours = ClusterId::new("prod");
    let demand = Demand { wants: [want.clone()].into(), ..Demand::default() };
    let mut asked = Wants::default();
    assert_eq!(asked.next(&demand, &ours).len(), 1);
    asked.done(&told(&want, true));
    assert!(asked.next(&demand, &ours).is_empty(), "it is still away");
    asked.again();
    assert_eq!(asked.next(&demand, &ours), std::slice::from_ref(&want), "it is back");
    asked.done(&told(&want, false));
    asked.again();
    assert!(asked.next(&demand, &ours).is_empty(), "it is answered");
}

#[test]
fn each_want_is_read_once_and_few_at_a_time() {
    let (_, _, want) = crashing();
    let usage = Want::Usage("prod/shop/Pod/web".parse().expect("a ref"));
    let mut demand = Demand::default();
    for n in 0..6 {
        let Want::LogTail { instance, container, .. } = want.clone() else { panic!("a tail") };
        let run = Name::new(&format!("uid:c:{n}"));
        demand.wants.insert(Want::LogTail { instance, container, previous: false, run });
    }
    demand.wants.insert(usage);
    let mut asked = Wants::default();
    let ours = ClusterId::new("prod");
    assert!(asked.next(&demand, &ClusterId::new("other")).is_empty());
    let first = asked.next(&demand, &ours);
    assert_eq!(first.len(), AT_ONCE);
    assert!(asked.next(&demand, &ours).is_empty(), "they are being read");
    first.iter().for_each(|want| asked.done(&told(want, false)));
    let second = asked.next(&demand, &ours);
    assert_eq!(second.len(), 2);
    second.iter().for_each(|want| asked.done(&told(want, false)));
    assert!(asked.next(&demand, &ours).is_empty(), "all is answered");
    // A want that comes back after it was gone is read anew.
    assert!(asked.next(&Demand::default(), &ours).is_empty());
    assert_eq!(asked.next(&demand, &ours).len(), AT_ONCE);
}
