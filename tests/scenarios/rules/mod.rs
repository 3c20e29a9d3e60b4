//! Each rule speaks where it should, in the words that a person reads, and is silent where it should be. One file a family.

use std::collections::{BTreeMap, BTreeSet};

use cockpit::diagnose::rules;
use cockpit::domain::*;

use super::place::*;

/// A world, and the rule that speaks in it with these words; or must not.
struct Case {
    rule: &'static str,
    name: &'static str,
    /// What the summary is, where the rule is to speak.
    says: Option<&'static str>,
    build: fn(&mut Place),
}

macro_rules! cases {
    ($($rule:literal, $name:literal, $says:expr, |$place:ident| $body:block)+) => {
        pub const CASES: &[Case] = &[$(Case { rule: $rule, name: $name, says: $says, build: |$place| $body }),+];
    };
}

mod crash;
mod creation;
mod data;
mod gitops;
mod image;
mod left;
pub mod make;
mod memory;
mod node;
mod placement;
mod policy;
mod practice;
mod probe;
mod rollout;
mod schedule;
mod storage;
mod task;
mod traffic;

fn every_case() -> impl Iterator<Item = &'static Case> {
    let families = [
        crash::CASES,
        creation::CASES,
        policy::CASES,
        storage::CASES,
        task::CASES,
        data::CASES,
        gitops::CASES,
        image::CASES,
        left::CASES,
        memory::CASES,
        node::CASES,
        placement::CASES,
        practice::CASES,
        probe::CASES,
        rollout::CASES,
        schedule::CASES,
        traffic::CASES,
    ];
    families.into_iter().flatten()
}

#[test]
fn every_rule_speaks_where_it_should_and_only_there() {
    let wrong: Vec<String> =
        every_case().filter_map(|case| wrong(case).map(|why| format!("{}, {}: {why}", case.rule, case.name))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn wrong(case: &Case) -> Option<String> {
    let mut place = Place::default();
    (case.build)(&mut place);
    let spoke = place.rules();
    let mut all = place.open();
    all.extend(place.diagnosis.advice().iter().cloned());
    let Some(says) = case.says else {
        return spoke.contains(&case.rule).then(|| format!("must be silent: {:?}", said(&all)));
    };
    let Some(found) = all.iter().find(|it| it.rule == case.rule) else {
        // Beside a cause it is a symptom of that.
        let mut symptoms = all.iter().flat_map(|it| &it.symptoms);
        return match symptoms.find(|it| it.rule == case.rule) {
            Some(symptom) if symptom.text == says => None,
            Some(symptom) => Some(format!("says {:?}", symptom.text)),
            None => Some(format!("must speak; only {:?}", said(&all))),
        };
    };
    if found.summary != says {
        return Some(format!("says {:?}", found.summary));
    }
    let shown = !found.evidence.is_empty();
    (!shown).then(|| "nothing shows it".to_owned())
}

#[test]
fn every_rule_has_a_case_for_and_a_case_against() {
    let mut of: BTreeMap<&str, BTreeSet<bool>> = BTreeMap::new();
    for case in every_case() {
        of.entry(case.rule).or_default().insert(case.says.is_some());
    }
    for rule in rules() {
        let both = of.remove(rule.id).is_some_and(|has| has.len() == 2);
        assert!(both, "{} lacks a positive or a negative case", rule.id);
    }
    assert!(of.is_empty(), "cases for rules that are not: {of:?}");
}

#[test]
fn rules_have_names_of_their_own_and_words_that_fit() {
    let ids: BTreeSet<&str> = rules().iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), rules().len());
    for rule in rules() {
        assert!(rule.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", rule.id);
        assert!(rule.summary.starts_with(|c: char| c.is_lowercase()) && !rule.summary.ends_with('.'), "{}", rule.id);
        assert!(!rule.mend.is_empty() && !rule.looks_at.is_empty(), "{}", rule.id);
    }
}
