//! Ends of containers: how sure it is what they were, and that each is told once.

use super::hear::{Scenes, line, put, said, then};
use crate::backend::kubernetes::kinds::ApiKind;
use crate::domain::words::after;
use crate::domain::{Certainty, ExitReason, Kind, Occurrence, OccurrenceKind, OomScope, Origin, Timestamp};

/// A pod of the StatefulSet `db` whose container ended.
struct Pod<'a> {
    meta: &'a str,
    limits: &'a str,
    status: &'a str,
    reason: &'a str,
    code: i32,
}

const CRASHED: Pod<'static> = Pod { meta: "", limits: "", status: "", reason: "Error", code: 1 };

impl Pod<'_> {
    fn json(&self) -> String {
        let Self { meta, limits, status, reason, code } = self;
        format!(
            r#"{{"metadata":{{"name":"db-0","namespace":"shop","uid":"u"{meta},
              "ownerReferences":[{{"kind":"StatefulSet","name":"db","uid":"o","controller":true}}]}},
            "spec":{{"nodeName":"n1","containers":[{{"name":"db","image":"db:1","resources":{{"limits":{{{limits}}}}}}}]}},
            "status":{{"phase":"Running"{status},"containerStatuses":[{{"name":"db","restartCount":1,
              "state":{{"running":{{"startedAt":"2026-11-24T12:30:11Z"}}}},
              "lastState":{{"terminated":{{"exitCode":{code},"reason":"{reason}","startedAt":"2026-11-24T12:29:00Z",
                "finishedAt":"2026-11-24T12:30:10Z","containerID":"containerd://0123456789abcdef"}}}}}}]}}}}"#
        )
    }

    /// What is told of it, and what its end is called.
    fn told(&self, beside: &[(ApiKind, &str)]) -> (ExitReason, Vec<Occurrence>) {
        let json = self.json();
        let objects: Vec<(ApiKind, &str)> = [(ApiKind::Pods, json.as_str())].iter().chain(beside).copied().collect();
        let scenes = Scenes::with(&objects);
        let pods = scenes.pods(Kind::StatefulSet, "shop", "db");
        let exit = pods[0].containers[0].last_exit.as_ref().expect("an end");
        let ends = scenes.occurrences.values().filter(|it| it.subject.kind == Kind::Pod).cloned();
        (exit.reason, ends.collect())
    }
}

#[test]
fn an_end_is_graded_by_all_that_is_known() {
    use Certainty::{Confirmed, Likely, Suspected};
    use OccurrenceKind::{Crash, OomKill, StopTimeout};
    let limit = r#""memory":"64Mi""#;
    // Asked to end at 12:30:00, ten seconds before it did.
    let ten = r#","deletionTimestamp":"2026-11-24T12:30:10Z","deletionGracePeriodSeconds":10"#;
    let thirty = r#","deletionTimestamp":"2026-11-24T12:30:30Z","deletionGracePeriodSeconds":30"#;
    let later = r#","deletionTimestamp":"2026-11-24T12:40:30Z","deletionGracePeriodSeconds":30"#;
    for (what, pod, reason, told) in [
        (
            "killed at its limit",
            Pod { limits: limit, reason: "OOMKilled", code: 137, ..CRASHED },
            ExitReason::OomKilled,
            Some((OomKill, Confirmed)),
        ),
        (
            "a child was killed",
            Pod { limits: limit, reason: "OOMKilled", code: 1, ..CRASHED },
            ExitReason::OomKilled,
            Some((OomKill, Likely)),
        ),
        (
            "a child was killed, long before it ended well",
            Pod { reason: "OOMKilled", code: 0, ..CRASHED },
            ExitReason::Completed,
            Some((OomKill, Likely)),
        ),
        ("killed, and nobody says by whom", Pod { code: 137, ..CRASHED }, ExitReason::Error, Some((Crash, Suspected))),
        ("ended by a signal", Pod { code: 143, ..CRASHED }, ExitReason::Error, Some((Crash, Likely))),
        ("crashed", CRASHED, ExitReason::Error, Some((Crash, Confirmed))),
        ("ended well", Pod { reason: "Completed", code: 0, ..CRASHED }, ExitReason::Completed, None),
        ("not found", Pod { code: 127, ..CRASHED }, ExitReason::CannotRun, Some((Crash, Confirmed))),
        (
            "could not be started",
            Pod { reason: "StartError", code: 128, ..CRASHED },
            ExitReason::CannotRun,
            Some((Crash, Confirmed)),
        ),
        (
            "its node was away",
            Pod { reason: "ContainerStatusUnknown", code: 137, ..CRASHED },
            ExitReason::Error,
            Some((Crash, Suspected)),
        ),
        ("asked, and ended in time", Pod { meta: thirty, code: 143, ..CRASHED }, ExitReason::Stopped, None),
        (
            "asked, and killed when its time was over",
            Pod { meta: ten, code: 137, ..CRASHED },
            ExitReason::StopTimedOut,
            Some((StopTimeout, Confirmed)),
        ),
        ("crashed before it was asked", Pod { meta: later, ..CRASHED }, ExitReason::Error, Some((Crash, Confirmed))),
    ] {
        let (called, ends) = pod.told(&[]);
        assert_eq!(called, reason, "{what}");
        let first = ends.first().map(|it| (it.kind, it.certainty));
        assert_eq!(first, told, "{what}");
    }
}

#[test]
fn which_memory_ran_out_hangs_on_the_limit_and_on_the_node() {
    let oom = |node: &str| {
        format!(
            r#"{{"metadata":{{"name":"o","namespace":"default","uid":"o"}},"reason":"SystemOOM","message":"System OOM encountered, victim process: db, pid: 7",
              "involvedObject":{{"kind":"Node","name":"{node}","uid":"{node}"}},"count":1,
              "firstTimestamp":"2026-11-24T12:30:09Z","lastTimestamp":"2026-11-24T12:30:09Z"}}"#
        )
    };
    let killed = |limits| Pod { limits, reason: "OOMKilled", code: 137, ..CRASHED };
    let (here, there) = (oom("n1"), oom("n2"));
    for (limits, node, scope) in [
        (r#""memory":"64Mi""#, &there, OomScope::Limit),
        (r#""memory":"64Mi""#, &here, OomScope::Unknown),
        ("", &here, OomScope::Host),
        ("", &there, OomScope::Unknown),
    ] {
        let (_, ends) = killed(limits).told(&[(ApiKind::Events, node)]);
        assert_eq!(ends[0].scope, Some(scope), "{limits} {node}");
        assert_eq!(ends[0].limit_bytes.is_some(), !limits.is_empty());
    }
    let scenes = Scenes::with(&[(ApiKind::Events, &here)]);
    let it = scenes.occurrences.values().next().expect("told of the node");
    assert_eq!((it.kind, it.scope, it.subject.kind), (OccurrenceKind::OomKill, Some(OomScope::Host), Kind::Node));
}

fn killing(count: u32, first: &str, last: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"k","namespace":"shop","uid":"k"}},"reason":"Killing","message":"Container db failed liveness probe, will be restarted",
          "involvedObject":{{"kind":"Pod","namespace":"shop","name":"db-0","uid":"u","fieldPath":"spec.containers{{db}}"}},
          "count":{count},"firstTimestamp":"{first}","lastTimestamp":"{last}"}}"#
    )
}

#[test]
fn a_kubelet_that_ends_what_fails_its_check_is_no_crash_whoever_is_heard_first() {
    let pod = Pod { code: 137, ..CRASHED }.json();
    let kill = killing(1, "2026-11-24T12:30:05Z", "2026-11-24T12:30:05Z");
    for kinds in [[ApiKind::Pods, ApiKind::Events], [ApiKind::Events, ApiKind::Pods]] {
        let mut scenes = Scenes::with(&[]);
        for kind in kinds {
            let object = if kind == ApiKind::Pods { &pod } else { &kill };
            scenes.hear(said(kind, then(), vec![put(kind, object)]));
        }
        let ends: Vec<&Occurrence> = scenes.occurrences.values().collect();
        assert_eq!(ends.len(), 1, "one end");
        assert_eq!((ends[0].kind, ends[0].certainty), (OccurrenceKind::Killed, Certainty::Confirmed));
        let exit = scenes.pods(Kind::StatefulSet, "shop", "db")[0].containers[0].last_exit.clone().expect("an end");
        assert_eq!(exit.reason, ExitReason::StopTimedOut);
        assert!(exit.message.is_some_and(|said| said.contains("failed liveness probe")));
    }
}

#[test]
fn one_event_that_is_counted_up_explains_each_of_its_ends() {
    let pod = Pod { code: 137, ..CRASHED }.json();
    // Its first time and its last; the one in between is that which is shown.
    let kill = killing(3, "2026-11-24T12:20:00Z", "2026-11-24T12:44:00Z");
    let (called, ends) = Pod { code: 137, ..CRASHED }.told(&[(ApiKind::Events, &kill)]);
    assert_eq!((called, ends[0].kind), (ExitReason::StopTimedOut, OccurrenceKind::Killed));
    // Two times are both known: it was neither.
    let kill = killing(2, "2026-11-24T12:20:00Z", "2026-11-24T12:44:00Z");
    let mut scenes = Scenes::with(&[(ApiKind::Events, &kill)]);
    scenes.hear(said(
        ApiKind::Events,
        then(),
        vec![put(ApiKind::Events, &killing(2, "2026-11-24T12:20:00Z", "2026-11-24T12:20:00Z"))],
    ));
    scenes.hear(said(ApiKind::Pods, then(), vec![put(ApiKind::Pods, &pod)]));
    assert!(scenes.occurrences.values().any(|it| it.kind == OccurrenceKind::Crash));
}

#[test]
fn an_end_is_told_once_and_one_after_the_start_is_live() {
    let mut scenes = Scenes::with(&[(ApiKind::Pods, &CRASHED.json())]);
    let told =
        |scenes: &Scenes| scenes.facts.iter().filter(|fact| matches!(fact, crate::domain::Fact::Occurred(_))).count();
    assert_eq!(told(&scenes), 1);
    let again = CRASHED.json().replace("restartCount\":1", "restartCount\":2");
    scenes.hear(said(ApiKind::Pods, then(), vec![put(ApiKind::Pods, &again)]));
    assert_eq!(told(&scenes), 1, "the same end");
    let next = again.replace("0123456789ab", "ba9876543210").replace("12:30:10Z", "12:45:10Z");
    scenes.hear(said(ApiKind::Pods, after(then(), 20), vec![put(ApiKind::Pods, &next)]));
    assert_eq!(told(&scenes), 2);
    let origins: Vec<Origin> = scenes.told("shop", OccurrenceKind::Crash).iter().map(|it| it.origin).collect();
    assert_eq!(origins, [Origin::Backfilled, Origin::Live]);
}

#[test]
fn an_eviction_is_one_whoever_tells_it() {
    let status = r#","conditions":[{"type":"DisruptionTarget","status":"True","reason":"DeletionByTaintManager","message":"Taint manager: deleting due to NoExecute taint","lastTransitionTime":"2026-11-24T12:30:00Z"}]"#;
    let event = r#"{"metadata":{"name":"t","namespace":"shop","uid":"t"},"reason":"TaintManagerEviction","message":"Marking for deletion Pod shop/db-0",
      "involvedObject":{"kind":"Pod","namespace":"shop","name":"db-0","uid":"u"},"count":3,"firstTimestamp":"2026-11-24T12:30:00Z","lastTimestamp":"2026-11-24T12:30:02Z"}"#;
    let (_, ends) = Pod { status, ..CRASHED }.told(&[(ApiKind::Events, event)]);
    let driven: Vec<&Occurrence> = ends.iter().filter(|it| it.kind == OccurrenceKind::Eviction).collect();
    assert_eq!((driven.len(), driven[0].count), (1, 1));
    assert_eq!(driven[0].workload, Some(Scenes::key(Kind::StatefulSet, "shop", "db")));
}

#[test]
fn events_are_counted_as_they_say_and_read_without_their_times() {
    let at = |raw: &str| raw.parse::<Timestamp>().expect("a time");
    let event = |fields: &str| {
        format!(
            r#"{{"metadata":{{"name":"e","namespace":"shop","uid":"e","creationTimestamp":"2026-11-24T12:10:00Z"}},"reason":"FailedScheduling",
              "involvedObject":{{"kind":"Pod","namespace":"shop","name":"db-0","uid":"u"}},{fields}}}"#
        )
    };
    for (fields, count, first, last, at_least) in [
        (
            r#""message":"no room","count":4,"firstTimestamp":"2026-11-24T12:11:00Z","lastTimestamp":"2026-11-24T12:14:00Z""#,
            4,
            "12:11:00",
            "12:14:00",
            false,
        ),
        (
            r#""message":"no room","firstTimestamp":null,"lastTimestamp":null,"eventTime":"2026-11-24T12:12:00.123456Z""#,
            1,
            "12:12:00",
            "12:12:00",
            false,
        ),
        (
            r#""message":"no room","eventTime":"2026-11-24T12:12:00.000000Z","series":{"count":7,"lastObservedTime":"2026-11-24T12:20:00.000000Z"}"#,
            7,
            "12:12:00",
            "12:20:00",
            false,
        ),
        (
            r#""message":"no room","firstTimestamp":null,"lastTimestamp":null,"eventTime":null"#,
            1,
            "12:10:00",
            "12:10:00",
            false,
        ),
        (
            r#""message":"(combined from similar events): no room","count":9,"firstTimestamp":"2026-11-24T12:11:00Z","lastTimestamp":"2026-11-24T12:14:00Z""#,
            9,
            "12:11:00",
            "12:14:00",
            true,
        ),
    ] {
        let event = event(fields);
        let pod = CRASHED.json();
        let scenes = Scenes::with(&[(ApiKind::Events, &event), (ApiKind::Pods, &pod)]);
        let told = scenes.told("shop", OccurrenceKind::SchedulingFailure);
        let it = told[0];
        let second = |time: Timestamp| time.to_string()[11..19].to_owned();
        assert_eq!(
            (it.count, second(it.first).as_str(), second(it.last).as_str(), it.at_least),
            (count, first, last, at_least)
        );
        assert_eq!(it.text.as_deref(), Some("no room"));
        assert!(it.first >= at("2026-11-24T12:10:00Z"));
    }
}

#[test]
fn checks_of_what_is_on_its_way_out_are_not_told() {
    let probe = |last: &str| {
        format!(
            r#"{{"metadata":{{"name":"p","namespace":"shop","uid":"p"}},"reason":"Unhealthy","message":"Readiness probe failed: x",
              "involvedObject":{{"kind":"Pod","namespace":"shop","name":"db-0","uid":"u","fieldPath":"spec.containers{{db}}"}},"lastTimestamp":"{last}"}}"#
        )
    };
    let leaving = Pod {
        meta: r#","deletionTimestamp":"2026-11-24T12:41:00Z","deletionGracePeriodSeconds":60"#,
        code: 0,
        reason: "Completed",
        ..CRASHED
    };
    for (last, told) in [("2026-11-24T12:39:00Z", 1), ("2026-11-24T12:40:30Z", 0)] {
        let event = probe(last);
        let (_, ends) = leaving.told(&[(ApiKind::Events, &event)]);
        assert_eq!(ends.iter().filter(|it| it.kind == OccurrenceKind::ProbeFailure).count(), told, "{last}");
    }
}

#[test]
fn what_happened_to_a_pod_that_is_gone_is_told_of_its_workload() {
    let event = r#"{"metadata":{"name":"e","namespace":"shop","uid":"e"},"reason":"FailedMount","message":"x",
      "involvedObject":{"kind":"Pod","namespace":"shop","name":"db-7","uid":"gone"},"lastTimestamp":"2026-11-24T12:40:00Z"}"#;
    let set = r#"{"metadata":{"name":"db","namespace":"shop","uid":"o"}}"#;
    let scenes = Scenes::with(&[(ApiKind::Events, event), (ApiKind::StatefulSets, set)]);
    let told = scenes.told("shop", OccurrenceKind::MountFailure);
    assert_eq!(told[0].workload, Some(Scenes::key(Kind::StatefulSet, "shop", "db")));
    let mut scenes = Scenes::with(&[(ApiKind::Events, event)]);
    assert!(scenes.occurrences.is_empty(), "its pod may yet come");
    scenes.hear(said(ApiKind::Pods, after(then(), 11), vec![crate::backend::kubernetes::heard::Said::Alive]));
    assert_eq!(scenes.told("shop", OccurrenceKind::MountFailure)[0].workload, None, "nobody knows whose it was");
    let crash = CRASHED.json();
    let mut scenes = Scenes::with(&[]);
    let both =
        vec![put(ApiKind::Pods, &crash), line(ApiKind::Pods, &format!(r#"{{"type":"DELETED","object":{crash}}}"#))];
    scenes.hear(said(ApiKind::Pods, then(), both));
    assert_eq!(scenes.told("shop", OccurrenceKind::Crash).len(), 1, "in one breath");
}
