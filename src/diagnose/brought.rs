//! What changed just before: where going back would help, what that would take back; and configuration that was changed.

use crate::domain::{Answer, Change, Config, Intent, Object, Timestamp};

use super::rule::{Cause, Finding, Rule};
use super::scene::Scene;

/// Under which source it is said how a revision differs.
pub const TEMPLATE: &str = "template";
/// Under which source it is said that configuration was changed.
pub const CONFIGURATION: &str = "changed";
/// Differences that are said as evidence; a case file has all.
const SAID: usize = 4;
/// A change so long before something began may have to do with it, seconds.
const BEFORE: i64 = 600;
/// Clocks of a server and of a node are so far apart at most, seconds.
const SLACK: i64 = 5;
/// What was changed within this time of being made is new, seconds.
const NEW: i64 = 60;

/// A finding with what changed just before it.
pub fn with_changes(scene: &Scene<'_>, rule: &Rule, finding: Finding) -> Finding {
    if matches!(rule.cause, Cause::Risk | Cause::Advice) {
        return finding;
    }
    configured(scene, rolled_out(scene, finding))
}

/// How the newest revision differs, where going back from it is offered.
fn rolled_out(scene: &Scene<'_>, mut finding: Finding) -> Finding {
    let back = |it: &Intent| matches!(it, Intent::Undo(key, _) if key == scene.key);
    let want = scene.workload().filter(|_| finding.helps.iter().any(back)).and_then(Change::of);
    let Some(want) = want else { return finding };
    let answer = scene.view.answer(&want);
    finding.wants.push(want);
    match answer {
        Some(Answer::Changed(change)) => {
            let by = change.by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
            let words = format!("revision {}{by}: {}", change.to, change.in_words(SAID));
            finding.evidence(change.at, TEMPLATE, words)
        }
        _ => finding,
    }
}

/// ConfigMaps and Secrets that it needs and that were changed shortly before it began.
fn configured(scene: &Scene<'_>, mut finding: Finding) -> Finding {
    let Some(since) = finding.since else { return finding };
    for need in scene.workload().into_iter().flat_map(|it| &it.depends_on) {
        let Some(Object::Config(config)) = scene.view.object(&need.on) else { continue };
        let Some(at) = changed_before(config, since) else { continue };
        let by = config.by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
        let what = format!("{} {} was changed{by}", need.on.kind.noun(), need.on.local());
        finding = finding.evidence(Some(at), CONFIGURATION, what);
    }
    finding
}

fn changed_before(config: &Config, since: Timestamp) -> Option<Timestamp> {
    let at = config.changed?;
    let made = config.created.is_some_and(|made| at.as_second() <= made.as_second() + NEW);
    let before = since.as_second() - at.as_second();
    (!made && (-SLACK..=BEFORE).contains(&before)).then_some(at)
}
