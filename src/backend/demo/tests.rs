use std::collections::BTreeSet;

use super::*;
use crate::domain::words::after;
use std::time::Duration;

use futures::StreamExt;
use tokio::sync::watch;

use crate::domain::{
    Answer, Backend, Batch, Container, Demand, Fact, Feed, Form, Instance, Kind, LogRequest, Object, Phase, Ref, Role,
    Want,
};

/// When the tests' nights begin.
fn night() -> Timestamp {
    "2026-11-22T02:10:00Z".parse().expect("a time")
}

fn company(name: &str, seed: u64) -> Vec<Sim> {
    let options = Options { name: Text::new(name), seed, ..Options::at(night()) };
    sims(&options).expect("the demo's own data").into_iter().map(|(_, sim)| sim).collect()
}

/// All that the company says until so many seconds after it began.
fn said(name: &str, seed: u64, seconds: i64) -> Vec<Batch> {
    company(name, seed).iter_mut().flat_map(|sim| sim.advance(after(night(), seconds))).collect()
}

fn put(batches: &[Batch]) -> BTreeSet<&Ref> {
    let facts = batches.iter().flat_map(|batch| &batch.facts);
    facts.filter_map(|fact| if let Fact::Put(_, object) = fact { Some(object.key()) } else { None }).collect()
}

#[test]
fn the_same_seed_says_the_same_and_another_seed_does_not() {
    let first = said("", 7, 300);
    assert_eq!(first, said("", 7, 300));
    assert_ne!(first, said("", 8, 300));
}

#[test]
fn it_says_the_same_however_often_it_is_asked() {
    let mut step_by_step = Vec::new();
    for mut sim in company("", 7) {
        (0..=300).for_each(|second| step_by_step.extend(sim.advance(after(night(), second))));
    }
    assert_eq!(step_by_step, said("", 7, 300));
}

#[test]
fn a_company_has_about_forty_workloads_twelve_nodes_and_three_hundred_instances() {
    for name in names() {
        let batches = said(name, 1, 0);
        let keys = put(&batches);
        let count = |role: Role| keys.iter().filter(|key| key.kind.role() == role).count();
        assert_eq!(count(Role::Node), 12);
        assert!((36..=46).contains(&count(Role::Workload)), "{} workloads", count(Role::Workload));
        assert!((270..=330).contains(&count(Role::Instance)), "{} instances", count(Role::Instance));
    }
}

#[test]
fn an_unknown_name_is_answered_with_those_that_there_are() {
    let why = load(&Options { name: Text::new("sunny"), ..Options::at(night()) }).err().expect("no such scenario");
    assert!(why.contains("sunny") && names().iter().all(|name| why.contains(name)), "{why}");
}

/// The newest of each instance that the company said it has.
fn instances(batches: &[Batch]) -> Vec<&Instance> {
    let facts = batches.iter().flat_map(|batch| &batch.facts);
    let found = facts.filter_map(|fact| match fact {
        Fact::Put(_, Object::Instance(it)) => Some(&**it),
        _ => None,
    });
    found.collect()
}

#[test]
fn nothing_fails_on_a_calm_day() {
    let batches = said("calm", 3, 3600);
    for it in instances(&batches) {
        assert!(!matches!(it.phase, Phase::Failed | Phase::Restarting | Phase::Lost | Phase::Rejected), "{it:?}");
        assert_eq!(it.restarts(), 0, "{it:?}");
    }
    assert!(
        !batches
            .iter()
            .flat_map(|it| &it.facts)
            .any(|it| matches!(it, Fact::Trouble(..) | Fact::Put(_, Object::Alert(_))))
    );
}

#[test]
fn a_calm_day_stirs_once_a_minute_but_for_what_is_changed() {
    let mut moments = BTreeSet::new();
    for batch in said("calm", 1, 170).iter().filter(|it| it.at > night()) {
        moments.insert(batch.at.as_second());
    }
    assert!(moments.len() <= 3, "{moments:?}");
}

#[test]
fn every_source_is_heard_from_each_minute() {
    for mut sim in company("", 1) {
        sim.advance(night());
        let said = sim.advance(after(night(), 61));
        let alive = said.iter().flat_map(|it| &it.facts).filter(|fact| matches!(fact, Fact::Alive(_))).count();
        assert!(alive >= sim.sources().count(), "{}", sim.cluster());
    }
}

fn running(name: &str) -> Demo {
    load(&Options { name: Text::new(name), ..Options::at(night()) }).expect("a demo")
}

#[tokio::test(start_paused = true)]
async fn a_feed_lists_everything_at_once_and_goes_on_by_itself() {
    for place in 0..3 {
        let cluster = running("").targets.swap_remove(place).1;
        let (_demand, heard) = watch::channel(Demand::default());
        let mut feed = Arc::clone(&cluster).run(heard);
        let mut listed = 0;
        while listed < cluster.sim().sources().count() {
            let batch = feed.next().await.expect("the first listing");
            assert_eq!(batch.at, night(), "it took time");
            listed += batch.facts.iter().filter(|fact| matches!(fact, Fact::Listed(_))).count();
        }
        while feed.next().await.expect("it goes on").at <= after(night(), 120) {}
    }
}

/// An instance that waits for its next start, with its container.
fn fallen<'a>(batches: &'a [Batch], of: &str) -> (&'a Instance, &'a Container) {
    let all = instances(batches);
    let found =
        all.iter().find(|it| it.phase == Phase::Restarting && it.owner.as_ref().is_some_and(|key| key.name == *of));
    let it = found.expect("one that crashes");
    (it, it.containers.first().expect("its container"))
}

#[tokio::test(start_paused = true)]
async fn the_last_line_of_a_crash_is_told_when_it_is_wanted() {
    let batches = said("", 1, 0);
    let (instance, container) = fallen(&batches, "invoices");
    let want = Want::LogTail {
        instance: instance.key.clone(),
        container: Some(container.name.clone()),
        previous: false,
        run: "any".into(),
    };
    let demand = Demand { wants: [want.clone()].into(), ..Demand::default() };
    let (_demand, heard) = watch::channel(demand);
    let prod = running("").targets.swap_remove(0).1;
    let mut feed = prod.run(heard);
    let lines = loop {
        let batch = feed.next().await.expect("it goes on");
        let answer = batch.facts.into_iter().find_map(|fact| match fact {
            Fact::Answered(of, Answer::Lines(lines)) if of == want => Some(lines),
            _ => None,
        });
        if let Some(lines) = answer {
            break lines;
        }
    };
    let last = lines.last().expect("a line");
    assert!(last.contains("connection refused") && last.contains("accounts-db.data"), "{last}");
}

#[tokio::test(start_paused = true)]
async fn a_log_is_followed_until_its_instance_is_gone() {
    let batches = said("calm", 1, 0);
    let all = instances(&batches);
    let web = all.iter().find(|it| it.key.name.starts_with("web-")).expect("a pod").key.clone();
    let prod = running("calm").targets.swap_remove(0).1;
    let request =
        LogRequest { instance: web.clone(), container: None, previous: false, since: None, tail: 10, follow: true };
    let lines: Vec<_> = prod.logs(request).await.expect("a log").take(15).collect().await;
    assert_eq!(lines.len(), 15);
    let times: Vec<_> = lines.iter().map(|line| line.as_ref().expect("a line").at).collect();
    assert!(times.is_sorted());
    assert!(prod.describe(web.clone(), Form::Words).await.expect("words").len() > 5);
    assert!(prod.describe(web, Form::Manifest).await.expect("a manifest").len() > 5);
}

#[tokio::test(start_paused = true)]
async fn the_log_of_a_workload_is_that_of_all_its_pods_by_time() {
    let batches = said("calm", 1, 0);
    let all = instances(&batches);
    let web = all.iter().find(|it| it.key.name.starts_with("web-")).and_then(|it| it.owner.clone()).expect("its owner");
    let prod = running("calm").targets.swap_remove(0).1;
    let service = Ref::new(&web.cluster, Kind::Endpoint, web.namespace.clone(), web.name.clone());
    for of in [web, service] {
        let request =
            LogRequest { instance: of, container: None, previous: false, since: None, tail: 40, follow: true };
        let lines: Vec<_> = prod.logs(request).await.expect("a log").take(60).collect().await;
        let lines: Vec<_> = lines.into_iter().map(|line| line.expect("a line")).collect();
        assert!(lines.iter().map(|line| line.at).is_sorted());
        let writers: BTreeSet<_> = lines.iter().map(|line| line.from.clone().expect("who wrote it")).collect();
        assert!(writers.len() > 10, "{writers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_clock_can_run_faster() {
    let demo = load(&Options { speed: 60.0, ..Options::at(night()) }).expect("a demo");
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(demo.clock.now().as_second(), after(night(), 600).as_second());
    for speed in [0.0, -1.0, f64::NAN] {
        assert!(load(&Options { speed, ..Options::at(night()) }).is_err());
    }
}

#[test]
fn a_fleet_is_as_large_as_asked_for_and_the_same_each_time() {
    let batches = fleet(1234, 5);
    assert_eq!(put(&batches).iter().filter(|key| key.kind.role() == Role::Instance).count(), 1234);
    assert_eq!(batches, fleet(1234, 5));
}
