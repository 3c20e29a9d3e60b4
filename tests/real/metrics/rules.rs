//! The rules that cockpit prints, as Prometheus' own tool reads and evaluates them.

use std::path::Path;
use std::process::Command;

use crate::cockpit::Cockpit;

fn promtool(dir: &Path, arguments: &[&str]) {
    let output = Command::new("promtool").args(arguments).current_dir(dir).output().expect("promtool is there");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "promtool {arguments:?}: {said}");
}

#[test]
fn the_rules_to_begin_with_are_valid_and_fire_where_they_should() {
    let dir = tempfile::tempdir().expect("a directory");
    let printed = Command::new(Cockpit::program()).arg("rules").output().expect("the program runs");
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    std::fs::write(dir.path().join("rules.yml"), &printed.stdout).expect("a file");
    let test = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/metrics/rules-test.yml");
    std::fs::copy(test, dir.path().join("rules-test.yml")).expect("a file");
    promtool(dir.path(), &["check", "rules", "rules.yml"]);
    promtool(dir.path(), &["test", "rules", "rules-test.yml"]);
}
