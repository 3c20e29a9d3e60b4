//! When an incident opens, closes, comes back and flaps; and what silence does not do.

use cockpit::diagnose::{Accept, IncidentState, Pattern, Settings};
use cockpit::domain::words::after;
use cockpit::domain::*;

use super::place::*;

fn unhealthy(place: &mut Place, failing: bool) -> Ref {
    let workload = place.workload(Kind::Deployment, "web", 1);
    place.put(Object::Workload(Box::new(workload.clone())));
    let mut it = place.instance(&workload, 0);
    it.ready = !failing;
    let status = if failing { HealthStatus::Unhealthy } else { HealthStatus::Healthy };
    it.containers[0].health =
        Some(Box::new(Health { status, streak: u32::from(failing) * 3, output: None, code: None, since: None }));
    place.put(Object::Instance(Box::new(it)));
    workload.key
}

fn state(place: &mut Place) -> Option<IncidentState> {
    place.look().first().map(|it| it.state)
}

#[test]
fn it_closes_after_a_while_stays_as_recovered_and_leaves() {
    let mut place = Place::default();
    unhealthy(&mut place, true);
    assert_eq!(state(&mut place), Some(IncidentState::Open));
    place.pass(600);
    unhealthy(&mut place, false);
    let well_since = place.now;
    place.look();
    place.pass(9);
    assert_eq!(state(&mut place), Some(IncidentState::Open), "one check that passes says little");
    assert_eq!(place.diagnosis.next_deadline(), Some(at(610)));
    place.pass(1);
    assert_eq!(state(&mut place), Some(IncidentState::Clearing(well_since)));
    place.pass(49);
    assert_eq!(state(&mut place), Some(IncidentState::Clearing(well_since)), "not yet believed");
    place.pass(2);
    assert_eq!(state(&mut place), Some(IncidentState::Recovered(well_since)));
    assert_eq!(place.diagnosis.wants().len(), 0);
    place.pass(15 * 60 + 1);
    assert_eq!(state(&mut place), None);
    assert_eq!(place.diagnosis.next_deadline().filter(|at| *at <= place.now), None, "nothing is left to be done");
}

#[test]
fn it_comes_back_under_its_id_and_flaps_at_the_third_time() {
    let mut place = Place::default();
    unhealthy(&mut place, true);
    let id = place.only().id;
    for round in 0..2 {
        unhealthy(&mut place, false);
        place.look();
        place.pass(minutes(16));
        assert!(
            matches!(state(&mut place), Some(IncidentState::Recovered(_)) | None),
            "round {round}: {:?}",
            state(&mut place)
        );
        unhealthy(&mut place, true);
        assert_eq!(place.only().id, id);
    }
    assert_eq!(state(&mut place), Some(IncidentState::Flapping));
    place.pass(minutes(61));
    assert_eq!(state(&mut place), Some(IncidentState::Open), "an hour of the same is no flapping");
}

#[test]
fn one_that_comes_and_goes_is_believed_to_be_over_only_after_twice_its_longest_gap() {
    let mut place = Place::default();
    for _ in 0..3 {
        unhealthy(&mut place, true);
        place.look();
        place.pass(30);
        unhealthy(&mut place, false);
        place.look();
        place.pass(50);
    }
    place.pass(60);
    let not_yet = matches!(state(&mut place), Some(IncidentState::Clearing(_)));
    assert!(not_yet, "80 s apart: not over before 160 s");
    place.pass(60);
    assert!(matches!(state(&mut place), Some(IncidentState::Recovered(_))));
}

#[test]
fn kills_that_are_far_apart_keep_one_incident_open() {
    let mut place = Place::default();
    let workload = place.healthy(Kind::Deployment, "worker", 1);
    let it = place.instance(&workload, 0);
    for _ in 0..3 {
        place.occurred(OccurrenceKind::OomKill, &it, 0, |event| {
            (event.scope, event.code) = (Some(OomScope::Limit), Some(137));
        });
        place.look();
        place.pass(minutes(20));
    }
    let row = place.only();
    assert_eq!(row.summary.as_str(), "OOM-killed at its own memory limit, 3 times in 40 min");
    assert_eq!((row.since, row.since_exact), (at(0), true));
    place.pass(minutes(19));
    assert_eq!(state(&mut place), Some(IncidentState::Open));
    place.pass(minutes(2));
    assert_eq!(state(&mut place), Some(IncidentState::Recovered(at(minutes(40)))), "the last kill");
}

#[test]
fn it_opens_only_after_its_rule_holds_for_long_enough() {
    let mut place = Place::default();
    place.healthy(Kind::Deployment, "web", 3);
    place.pass(minutes(5));
    let mut workload = place.workload(Kind::Deployment, "web", 3);
    workload.reported = Some(Reported { ready: 2, updated: 3, total: 3 });
    place.put(Object::Workload(Box::new(workload)));
    let began = place.now;
    assert_eq!(place.look(), []);
    place.pass(29);
    assert_eq!(place.look(), []);
    place.pass(1);
    let row = place.only();
    assert_eq!((row.rule, row.since, row.since_exact), ("replicas-missing", began, true), "it was watched as it began");
}

#[test]
fn without_evidence_it_is_at_least_as_old_as_cockpits_start() {
    let mut place = Place { now: after(at(0), 5), ..Place::default() };
    unhealthy(&mut place, true);
    let row = place.only();
    assert_eq!((row.since, row.since_exact), (at(0), false));
}

/// A container that was restarted `restarts` times in its life of `age` seconds; only its last end is remembered.
fn looping(place: &mut Place, restarts: u32, age: i64) {
    let workload = place.workload(Kind::ComposeService, "web", 1);
    place.put(Object::Workload(Box::new(workload.clone())));
    let mut it = place.instance(&workload, 0);
    (it.phase, it.ready, it.created) = (Phase::Restarting, false, Some(at(-age)));
    it.containers[0].restarts = restarts;
    it.containers[0].state = ContainerState::Waiting { reason: "restarting".into(), message: None };
    it.containers[0].last_exit = Some(Box::new(Exit {
        code: 1,
        reason: ExitReason::Error,
        message: None,
        started: Some(at(-31)),
        ended: Some(at(-30)),
    }));
    place.put(Object::Instance(Box::new(it)));
}

/// An engine remembers few events; it counts every restart.
#[test]
fn restarts_that_leave_no_time_for_anything_else_began_with_the_container() {
    let mut place = Place::default();
    looping(&mut place, 23, 900);
    let row = place.only();
    assert_eq!((row.rule, row.since, row.since_exact), ("crash-loop", at(-900), true));
}

#[test]
fn more_restarts_than_are_remembered_began_no_later_than_the_first_that_is() {
    let mut place = Place::default();
    looping(&mut place, 23, 10_000);
    let row = place.only();
    assert_eq!((row.rule, row.since, row.since_exact), ("crash-loop", at(-30), false));
}

#[test]
fn identity_hangs_on_cluster_family_and_subject_alone() {
    let (mut a, mut b) = (Place::default(), Place::default());
    unhealthy(&mut a, true);
    b.now = after(b.now, 86_400);
    unhealthy(&mut b, true);
    assert_eq!(a.only().id, b.only().id);
    assert_eq!(a.only().id.as_str(), "528ad1cb7229bf8b", "the same from version to version");
    let mut other = Place::named("staging", Settings::default());
    unhealthy(&mut other, true);
    assert_ne!(a.only().id, other.only().id);
}

#[test]
fn silence_closes_nothing() {
    let mut place = Place::default();
    let workload = place.healthy(Kind::Deployment, "worker", 1);
    let it = place.instance(&workload, 0);
    place.occurred(OccurrenceKind::OomKill, &it, 0, |event| {
        (event.scope, event.code) = (Some(OomScope::Limit), Some(137));
    });
    place.look();
    place.trouble("pods", TroubleKind::Unreachable);
    place.pass(minutes(60));
    assert_eq!(state(&mut place), Some(IncidentState::Open), "no news is not good news");
    place.tell(vec![Fact::Alive(Source::of("pods"))]);
    place.pass(minutes(1));
    assert!(matches!(state(&mut place), Some(IncidentState::Recovered(_)) | None));
}

#[test]
fn silence_opens_nothing() {
    let mut place = Place::default();
    let mut workload = place.workload(Kind::CronJob, "backup", 1);
    workload.desired = Desired::Scheduled;
    workload.schedule = Some(Schedule {
        cron: "*/5 * * * *".into(),
        period_seconds: 300,
        suspended: false,
        last_run: Some(at(-60)),
        last_success: Some(at(-60)),
    });
    place.put(Object::Workload(Box::new(workload)));
    place.look();
    place.trouble("workloads", TroubleKind::Unreachable);
    place.pass(minutes(120));
    assert_eq!(place.look(), [], "whether it ran cannot be known");
    place.tell(vec![Fact::Alive(Source::of("workloads"))]);
    assert_eq!(place.only().rule, "job-overdue");
}

#[test]
fn nothing_is_missing_while_its_listing_is_not_complete() {
    let mut place = Place::unlisted("prod", Settings::default());
    let workload = place.workload(Kind::Deployment, "web", 3);
    place.tell(vec![Fact::Listing(Source::of("pods"), Some(3))]);
    place.put(Object::Workload(Box::new(workload.clone())));
    place.tell(vec![Fact::Listed(Source::of("workloads"))]);
    place.look();
    place.pass(120);
    assert_eq!(place.look(), [], "still loading");
    place.trouble("pods", TroubleKind::Forbidden);
    place.pass(120);
    assert_eq!(place.look(), [], "forbidden is not zero");
    place.tell(vec![Fact::Listed(Source::of("pods"))]);
    place.look();
    place.pass(60);
    assert_eq!(place.only().summary.as_str(), "none of 3 is ready");
}

#[test]
fn what_is_removed_leaves_without_being_called_recovered() {
    let mut place = Place::default();
    let key = unhealthy(&mut place, true);
    assert_eq!(place.look().len(), 1);
    place.gone(&place.key(Kind::Pod, "web-0"));
    place.gone(&key);
    place.look();
    place.pass(30);
    assert_eq!(place.look(), []);
}

#[test]
fn a_symptom_that_ends_is_no_row_that_recovered() {
    let mut place = Place::default();
    let key = unhealthy(&mut place, true);
    let alert = place.alert("Slow", Severity::Warning, false, Some(key));
    place.put(Object::Alert(Box::new(alert.clone())));
    assert_eq!(place.look().len(), 1);
    place.gone(&alert.key);
    place.look();
    place.pass(minutes(5));
    let rows = place.look();
    assert_eq!((rows.len(), rows[0].rule), (1, "unhealthy"));
}

#[test]
fn what_is_accepted_is_kept_apart_until_then() {
    let accept = Accept {
        rule: Some("unhealthy".into()),
        target: Pattern::new("prod/shop/*"),
        reason: "known, ticket 7".into(),
        until: Some(at(minutes(30))),
    };
    let mut place = Place::with(Settings { accepts: vec![accept], ..Settings::default() });
    unhealthy(&mut place, true);
    assert_eq!(place.look(), []);
    assert_eq!(place.diagnosis.accepted()[0].accepted.as_deref(), Some("known, ticket 7"));
    place.pass(minutes(31));
    assert_eq!(place.look().len(), 1);
    assert_eq!(place.diagnosis.accepted(), []);
}

#[test]
fn the_version_counts_only_what_changed() {
    let mut place = Place::default();
    unhealthy(&mut place, true);
    place.look();
    let version = place.diagnosis.version();
    place.pass(minutes(3));
    unhealthy(&mut place, true);
    place.look();
    assert_eq!(place.diagnosis.version(), version);
    unhealthy(&mut place, false);
    place.look();
    place.pass(minutes(3));
    assert!(place.diagnosis.version() > version);
}

#[test]
fn a_countdown_is_said_again_by_the_minute() {
    let mut place = Place::default();
    let mut workload = place.workload(Kind::Deployment, "api", 2);
    workload.reported = Some(Reported { ready: 2, updated: 1, total: 3 });
    workload.rollout = Some(Rollout {
        phase: RolloutPhase::Progressing,
        message: None,
        started: Some(at(-400)),
        progressed: Some(at(-400)),
        deadline: Some(at(185)),
        from: None,
        to: None,
        updated: Some(1),
    });
    place.put(Object::Workload(Box::new(workload)));
    assert!(place.only().summary.ends_with("gives up in 4 min"), "{}", place.only().summary);
    assert_eq!(place.diagnosis.next_deadline(), Some(at(5)));
    place.now = at(5);
    assert!(place.only().summary.ends_with("gives up in 3 min"), "{}", place.only().summary);
}

#[test]
fn what_begins_right_after_the_start_has_to_hold_like_anything_else() {
    let mut place = Place::default();
    let workload = place.healthy(Kind::Deployment, "web", 3);
    assert!(place.look().is_empty(), "all was listed, and all was well");
    place.pass(5);
    let gone = place.instance(&workload, 0).key;
    place.gone(&gone);
    assert_eq!(state(&mut place), None, "it is just being replaced");
    place.pass(29);
    assert_eq!(state(&mut place), None);
    place.pass(2);
    assert_eq!(state(&mut place), Some(IncidentState::Open), "nothing came in its place");
}
