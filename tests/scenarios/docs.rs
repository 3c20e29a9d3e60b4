//! The page about the rules is made of the rules.

use cockpit::diagnose::{explain, markdown, rules};

#[test]
fn docs_are_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/diagnosis.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).expect("docs can be made");
        std::fs::write(path, markdown()).expect("docs/diagnosis.md can be written");
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == markdown(), "docs/diagnosis.md is not what the rules say: run this test with UPDATE=1");
}

#[test]
fn every_rule_can_be_explained() {
    for rule in rules() {
        let words = explain(rule.id).expect("a known rule");
        assert!(words.contains(rule.summary) && words.contains(rule.mend), "{words}");
    }
    assert_eq!(explain("no-such-rule"), None);
}
