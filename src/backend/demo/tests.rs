use std::collections::BTreeSet;

use super::*;
use crate::domain::words::after;
use crate::domain::{Batch, Fact, Ref, Role};

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
