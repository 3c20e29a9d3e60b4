//! Listing and watching, and what breaks it.

use std::time::Duration;

use cockpit::backend::kubernetes::Pace;
use cockpit::domain::{ClusterId, Fact, Freshness, TroubleKind};
use serde_json::json;

use crate::plane::{Plane, Rule};
use crate::watcher::{SOURCES, Watcher, alive, held_in, listed, listing, pace, put, troubled};

const NAMESPACES: &str = "/api/v1/namespaces";
const PODS: &str = "/api/v1/pods";

/// Watches that were asked for.
fn watching(plane: &Plane) -> usize {
    plane.script().asked.iter().filter(|asked| asked.verb == "watch").count()
}

#[tokio::test]
async fn all_there_is_is_listed_in_pages_and_then_followed() {
    let plane = Plane::start().await;
    for name in ["a", "b", "c", "d"] {
        plane.namespace(name);
    }
    let version = plane.script().version.to_string();
    let mut watcher = Watcher::at(&plane, Pace { page: 3, ..pace() });
    watcher.until_live().await;
    assert_eq!(watcher.held("namespaces"), 7);
    let lists = plane.asked("list", NAMESPACES);
    assert_eq!(lists.len(), 3, "{lists:#?}");
    assert!(lists.iter().all(|asked| asked.query["limit"] == "3"));
    assert_eq!(lists[2].query["continue"], format!("{version}.6"));
    watcher.until("it is followed", |_| !plane.asked("watch", NAMESPACES).is_empty()).await;
    let watch = &plane.asked("watch", NAMESPACES)[0];
    assert_eq!(watch.query["resourceVersion"], version);
    assert_eq!(watch.query["allowWatchBookmarks"], "true");
    let until: u64 = watch.query["timeoutSeconds"].parse().expect("seconds");
    assert!((261..=290).contains(&until), "{until}");

    plane.namespace("e");
    watcher.until("one more", |view| held_in(view, "namespaces") == 8).await;
    plane.remove(NAMESPACES, "", "a");
    watcher.until("one fewer", |view| held_in(view, "namespaces") == 7).await;
    assert_eq!(plane.asked("list", NAMESPACES).len(), 3, "nothing was listed again");
}

#[tokio::test]
async fn every_source_is_named_before_the_first_is_complete() {
    let plane = Plane::start().await;
    plane.script().served = vec![("argoproj.io", "v1alpha1", "rollouts")];
    let mut watcher = Watcher::of(&plane);
    watcher.until_live().await;
    let first = watcher.place(|fact| matches!(fact, Fact::Listed(_)));
    let sources = watcher.sources();
    assert!(sources.contains(&"rollouts".to_owned()) && !sources.contains(&"scaledobjects".to_owned()));
    for source in &sources {
        assert!(watcher.place(listing(source)) < first, "{source} is named too late");
    }
}

#[tokio::test]
async fn what_secrets_hold_is_not_asked_for() {
    let plane = Plane::start().await;
    let mut watcher = Watcher::of(&plane);
    watcher.until_live().await;
    let script = plane.script();
    let about =
        script.asked.iter().filter(|asked| asked.path.contains("/secrets") || asked.path.contains("/configmaps"));
    let accepted: Vec<&str> = about.map(|asked| asked.accept.as_str()).collect();
    assert!(accepted.len() >= 2 && accepted.iter().all(|it| it.contains("as=PartialObjectMetadata")), "{accepted:?}");
    assert!(accepted.iter().all(|it| !it.contains(',')), "and nothing in its place");
}

#[tokio::test]
async fn a_watch_that_ends_goes_on_from_where_it_was() {
    let plane = Plane::start().await;
    let mut watcher = Watcher::of(&plane);
    watcher.until_live().await;
    watcher.until("it is followed", |_| !plane.asked("watch", NAMESPACES).is_empty()).await;
    plane.bookmark(NAMESPACES);
    watcher.until_said("a bookmark is a sign of life", alive("namespaces")).await;
    let version = plane.script().version.to_string();
    plane.end_watches(NAMESPACES);
    watcher.until("it is followed again", |_| plane.asked("watch", NAMESPACES).len() > 1).await;
    assert_eq!(plane.asked("watch", NAMESPACES)[1].query["resourceVersion"], version, "the bookmark's version");
    plane.namespace("late");
    watcher.until("what is new comes", |view| held_in(view, "namespaces") == 4).await;
    assert_eq!(plane.asked("list", NAMESPACES).len(), 1);
    assert_eq!(watcher.count(troubled("namespaces")), 0, "an end is no trouble");
}

#[tokio::test]
async fn when_the_past_is_forgotten_everything_is_listed_again() {
    let plane = Plane::start().await;
    plane.namespace("old");
    let mut watcher = Watcher::of(&plane);
    watcher.until_live().await;
    // Once as the answer to a watch, once inside of one.
    plane.refuse("watch", NAMESPACES, 503, None);
    plane.end_watches(NAMESPACES);
    watcher.until_said("it is not followed", troubled("namespaces")).await;
    plane.remove(NAMESPACES, "", "old");
    plane.forget();
    plane.relent();
    watcher.until("what is gone is gone", |view| held_in(view, "namespaces") == 3).await;
    watcher.until_said("it is followed again", alive("namespaces")).await;
    let gone = json!({ "type": "ERROR", "object": { "kind": "Status", "code": 410, "reason": "Expired", "message": "too old" } });
    plane.say(NAMESPACES, gone);
    watcher.until_said("listed afresh", listed("namespaces")).await;
}

#[tokio::test]
async fn lists_come_compressed_over_a_slow_line_alone() {
    for slow in [false, true] {
        let plane = Plane::start().await;
        plane.script().slow = slow;
        for n in 0..60 {
            let rest = json!({ "spec": {}, "status": { "phase": "Running", "message": "x".repeat(4000) } });
            plane.put("/api/v1/pods", "shop", &format!("web-{n}"), rest);
        }
        let mut watcher = Watcher::at(&plane, Pace { page: 20, ..pace() });
        watcher.until_live().await;
        assert_eq!(watcher.view().instances().count(), 60);
        let packed: Vec<bool> = plane.asked("list", "/api/v1/pods").iter().map(|it| it.packed).collect();
        assert_eq!(packed.last(), Some(&slow), "{packed:?}");
    }
}

#[tokio::test]
async fn a_page_that_is_forgotten_begins_the_listing_again_with_larger_ones() {
    let plane = Plane::start().await;
    let body = json!({ "kind": "Status", "code": 410, "message": "The provided continue parameter is too old" });
    let mut watcher = Watcher::at(&plane, Pace { page: 1, ..pace() });
    watcher.until("it has begun", |_| plane.asked("list", NAMESPACES).len() == 1).await;
    plane.refuse_with(Rule {
        verb: "list",
        path: NAMESPACES,
        status: 410,
        headers: "",
        body: body.to_string(),
        times: Some(1),
    });
    watcher.until_live().await;
    assert_eq!(watcher.held("namespaces"), 3);
    assert!(plane.asked("list", NAMESPACES).iter().any(|asked| asked.query["limit"] == "4"));
}

#[tokio::test]
async fn a_busy_server_is_given_the_time_that_it_asks_for() {
    let plane = Plane::start().await;
    let body = json!({ "message": "Too many requests, please try again later.", "reason": "TooManyRequests" });
    plane.refuse_with(Rule {
        verb: "list",
        path: NAMESPACES,
        status: 429,
        headers: "Retry-After: 30\r\n",
        body: body.to_string(),
        times: None,
    });
    let mut watcher = Watcher::of(&plane);
    watcher.until_source("namespaces", Freshness::Unreachable).await;
    let trouble = watcher.trouble("namespaces").expect("one");
    assert!(trouble.what.contains("too busy") && trouble.what.contains("it asks to wait 30 s"), "{}", trouble.what);
    let asked = plane.asked("list", NAMESPACES).len();
    watcher
        .until("the others are live", |view| {
            view.sources(&ClusterId::new("test")).filter(|(_, it)| it.listed).count() > 18
        })
        .await;
    assert_eq!(plane.asked("list", NAMESPACES).len(), asked, "it is not asked before that");
    // Unless a person asks.
    plane.relent();
    watcher.retry();
    watcher.until_source("namespaces", Freshness::Live).await;
}

#[tokio::test]
async fn a_failure_that_passes_is_not_worth_a_word() {
    let plane = Plane::start().await;
    plane.refuse("list", NAMESPACES, 500, Some(1));
    plane.refuse("watch", NAMESPACES, 503, Some(1));
    let mut watcher = Watcher::of(&plane);
    watcher.until_live().await;
    watcher.until_said("it is followed", alive("namespaces")).await;
    assert_eq!(watcher.count(|fact| matches!(fact, Fact::Trouble(..))), 0);
}

#[tokio::test]
async fn what_was_allowed_is_not_denied_by_a_server_that_has_just_started() {
    let plane = Plane::start().await;
    plane.script().served = vec![("argoproj.io", "v1alpha1", "rollouts")];
    let rollouts = "/apis/argoproj.io/v1alpha1/rollouts";
    let mut watcher = Watcher::of(&plane);
    watcher.until_live().await;
    watcher.until("all is followed", |_| watching(&plane) == SOURCES).await;
    plane.refuse("watch", PODS, 403, Some(2));
    plane.refuse("watch", rollouts, 404, Some(2));
    plane.end_watches("*");
    watcher
        .until("both are followed again", |_| {
            plane.asked("watch", PODS).len() == 4 && plane.asked("watch", rollouts).len() == 4
        })
        .await;
    watcher.until_live().await;
    assert_eq!(watcher.count(|fact| matches!(fact, Fact::Trouble(..) | Fact::Closed(_))), 0);
    assert_eq!(plane.asked("list", PODS).len(), 1);
}

#[tokio::test]
async fn a_listing_that_hangs_is_said_and_begun_again() {
    let plane = Plane::start().await;
    plane.script().hung.insert(("list", NAMESPACES.to_owned()));
    let mut watcher = Watcher::at(&plane, Pace { answer_within: Duration::from_millis(300), ..pace() });
    watcher.until_source("namespaces", Freshness::Unreachable).await;
    assert!(watcher.trouble("namespaces").expect("one").what.contains("does not answer when asked for namespaces"));
    watcher.until_source("secrets", Freshness::Live).await;
    plane.relent();
    watcher.until_live().await;
}

#[tokio::test]
async fn a_silent_watch_is_begun_again_and_a_second_one_lists() {
    let plane = Plane::start().await;
    let mut watcher = Watcher::at(&plane, Pace { heard_within: Duration::from_millis(200), ..pace() });
    watcher.until_live().await;
    watcher.until("begun again", |_| plane.asked("watch", NAMESPACES).len() > 1).await;
    watcher.until_said("listed", listed("namespaces")).await;
    assert_eq!(watcher.count(|fact| matches!(fact, Fact::Trouble(..))), 0);
    assert!(plane.asked("watch", NAMESPACES).len() >= 2);
}

#[tokio::test]
async fn a_server_that_restarts_is_lost_and_found_without_listing_again() {
    let mut plane = Plane::start().await;
    let mut watcher = Watcher::of(&plane);
    watcher.until_live().await;
    watcher.until("all is followed", |_| watching(&plane) == SOURCES - 1).await;
    plane.crash().await;
    for source in ["pods", "namespaces", "cluster"] {
        watcher.until_source(source, Freshness::Unreachable).await;
    }
    let trouble = watcher.trouble("pods").expect("one");
    assert!(trouble.what.contains("no API server listens at http://127.0.0.1:"), "{}", trouble.what);
    assert!(trouble.retry_at.is_some());
    plane.namespace("meanwhile");
    plane.listen(None).await;
    watcher.until_live().await;
    watcher.until("what happened in between comes", |view| held_in(view, "namespaces") == 4).await;
    for path in [PODS, NAMESPACES] {
        assert_eq!(plane.asked("list", path).len(), 1, "{path}");
    }
}

#[tokio::test]
async fn a_person_can_have_it_tried_at_once() {
    let mut plane = Plane::start().await;
    plane.crash().await;
    let never = Duration::from_secs(3600);
    let mut watcher = Watcher::at(&plane, Pace { retry_first: never, retry_most: never, ..pace() });
    watcher.until_source("pods", Freshness::Unreachable).await;
    plane.listen(None).await;
    watcher.retry();
    watcher.until_live().await;
}

#[tokio::test]
async fn what_may_be_listed_and_not_watched_is_listed_now_and_then() {
    let plane = Plane::start().await;
    plane.script().denied.insert("watch namespaces".to_owned());
    let soon = Duration::from_millis(50);
    let mut watcher =
        Watcher::at(&plane, Pace { list_every: soon, rights_every: Duration::from_millis(500), ..pace() });
    watcher.until_live().await;
    plane.namespace("new");
    watcher.until("it is found", |view| held_in(view, "namespaces") == 4).await;
    plane.remove(NAMESPACES, "", "new");
    watcher.until("and its end", |view| held_in(view, "namespaces") == 3).await;
    assert_eq!(watcher.count(troubled("namespaces")), 0);
    plane.relent();
    let watched = plane.asked("watch", NAMESPACES).len();
    watcher.until("watching is tried again", |_| plane.asked("watch", NAMESPACES).len() > watched).await;
    let listed = plane.asked("list", NAMESPACES).len();
    plane.namespace("newer");
    watcher.until("it is followed", |view| held_in(view, "namespaces") == 4).await;
    assert!(plane.asked("list", NAMESPACES).len() <= listed + 1);
}

#[tokio::test]
async fn what_cannot_be_read_is_said_and_read_afresh() {
    let plane = Plane::start().await;
    let page = Rule { verb: "list", path: NAMESPACES, status: 200, headers: "", body: "<html>".into(), times: None };
    plane.refuse_with(page);
    let mut watcher = Watcher::of(&plane);
    watcher.until_source("namespaces", Freshness::Unreachable).await;
    assert_eq!(watcher.trouble("namespaces").expect("one").kind, TroubleKind::Malformed);
    plane.relent();
    watcher.until_live().await;
    watcher.until("it is followed", |_| !plane.asked("watch", NAMESPACES).is_empty()).await;
    plane.say(NAMESPACES, "{\"type\":\"ADDED\"");
    watcher.until_said("listed afresh", listed("namespaces")).await;
    watcher.until_live().await;
}

#[tokio::test]
async fn pods_that_look_unhealthy_come_before_the_rest() {
    let plane = Plane::start().await;
    for number in 0..1500 {
        plane.pod(if number % 2 == 0 { "shop" } else { "default" }, &format!("web-{number:04}"));
    }
    plane.script().rows.insert("web-1498".to_owned(), ["0/1", "CrashLoopBackOff", "12 (5s ago)"]);
    plane.script().rows.insert("web-1499".to_owned(), ["1/1", "Running", "3 (2m ago)"]);
    let mut watcher = Watcher::at(&plane, Pace { page: 100, ..pace() });
    watcher.until_live().await;
    assert!(watcher.held("pods") >= 1500);
    let (crashing, restarted) = (watcher.place(put("pods", "web-1498")), watcher.place(put("pods", "web-1499")));
    let second_page = watcher.place(put("pods", "web-0300"));
    assert!(crashing < second_page && restarted < second_page, "{crashing} {restarted} {second_page}");
    let fetched = plane.asked("list", "/api/v1/namespaces/shop/pods");
    let fetched = fetched.iter().find(|asked| asked.query.contains_key("fieldSelector")).expect("it was fetched");
    assert_eq!(fetched.query["resourceVersionMatch"], "NotOlderThan", "never older than the listing");
}

#[tokio::test]
async fn no_shortcut_is_needed() {
    let plane = Plane::start().await;
    for number in 0..1200 {
        plane.pod("shop", &format!("web-{number:04}"));
    }
    plane.script().rows.insert("web-1100".to_owned(), ["0/1", "Error", "1 (5s ago)"]);
    plane.script().hung.insert(("list", "/api/v1/namespaces/shop/pods".to_owned()));
    let mut watcher = Watcher::at(&plane, Pace { page: 100, answer_within: Duration::from_millis(300), ..pace() });
    watcher.until_live().await;
    assert!(watcher.held("pods") >= 1200);
}

#[tokio::test]
async fn a_burst_of_changes_comes_whole() {
    let plane = Plane::start().await;
    let mut watcher = Watcher::of(&plane);
    watcher.until_live().await;
    for number in 0..3000 {
        plane.pod("shop", &format!("web-{number:04}"));
    }
    watcher.until("all of it", |view| held_in(view, "pods") >= 3000).await;
    assert_eq!(plane.asked("list", PODS).len(), 1);
}
