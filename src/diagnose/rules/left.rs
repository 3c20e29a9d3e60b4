//! What people left: an action in the middle, a hold for longer than anybody means it.

use crate::diagnose::rule::{Cause, Finding, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::words::{after, seconds_between, span, span_changes_at};
use crate::domain::{Deed, Severity};

/// A hold that is younger is meant, seconds.
const LONG: i64 = 12 * 3600;

/// Somebody paused, suspended or scaled to zero, and it is so since.
pub const LEFT_IN_EFFECT: Rule = Rule {
    id: "left-in-effect",
    family: "left-in-effect",
    summary: "somebody paused it, suspended it or scaled it to zero more than 12 hours ago, and it is so since",
    looks_at: "what the journal knows that a person did and nobody took back. What was so before cockpit saw it, or is done by \
               other means, is not called a fault: people park things",
    mend: "take it back if it was forgotten: `u` on it; accept it with a reason where it is meant",
    subject: Subject::Workload,
    cause: Cause::Risk,
    reads: &[],
    hold_seconds: 0,
    clear_after_seconds: 10,
    check: left_in_effect,
};

/// Somebody switched the automatic sync of an application off, and it is so since.
pub const LEFT_OUT_OF_SYNC: Rule = Rule {
    id: "sync-left-off",
    family: "left-in-effect",
    summary: "somebody switched its automatic sync off more than 12 hours ago, and it is so since: changes do not arrive",
    looks_at: "what the journal knows that a person did and nobody took back. An application that was never synced by itself is \
               not called a fault",
    mend: "switch it on again if it was forgotten: `u` on it; accept it with a reason where it is meant",
    subject: Subject::Application,
    cause: Cause::Risk,
    reads: &[],
    hold_seconds: 0,
    clear_after_seconds: 10,
    check: left_in_effect,
};

/// A drain, or what else is done to a node, was left in the middle.
pub const UNFINISHED_ON_NODE: Rule = Rule {
    id: "unfinished-on-node",
    family: "unfinished",
    summary: "what was being done to a node was left in the middle: nobody answers for it any more",
    looks_at: "runs in the journal that have not ended and whose cockpit is gone, or on another machine has been silent for \
               a minute; not those of a cockpit that still runs",
    mend: "look at it with X: enter goes on with it, u puts it back; both are taken over from whoever left it",
    subject: Subject::Node,
    cause: Cause::Risk,
    reads: &[],
    hold_seconds: 0,
    clear_after_seconds: 0,
    check: unfinished,
};

/// What was being done to a workload was left in the middle.
pub const UNFINISHED: Rule = Rule {
    id: "unfinished",
    family: "unfinished",
    summary: "what was being done to it was left in the middle: nobody answers for it any more",
    looks_at: "runs in the journal that have not ended and whose cockpit is gone, or on another machine has been silent for \
               a minute; not those of a cockpit that still runs",
    mend: "look at it with X: enter goes on with it, u puts it back; both are taken over from whoever left it",
    subject: Subject::Workload,
    cause: Cause::Risk,
    reads: &[],
    hold_seconds: 0,
    clear_after_seconds: 0,
    check: unfinished,
};

fn left_in_effect(scene: &Scene<'_>, out: &mut Out) {
    let Some((hold, deed)) = scene.view.held(scene.key).zip(scene.view.held_by(scene.key)) else { return };
    // What has not ended is under way, or was left in the middle: that is said by itself.
    let Some((since, _)) = &deed.outcome else { return };
    let now = scene.view.now;
    if seconds_between(*since, now) < LONG {
        return out.recheck_at(after(*since, LONG));
    }
    out.recheck_at(span_changes_at(*since, now));
    let text = format!("{} by {} {} ago, and so since", hold.words(), deed.by, span(seconds_between(*since, now)));
    let finding = Finding::new(Severity::Risk, text).since(Some(*since)).evidence(Some(*since), "journal", what(deed));
    out.say(finding.helps(hold.lifted_by(scene.key)));
}

fn unfinished(scene: &Scene<'_>, out: &mut Out) {
    let Some(deed) = scene.view.deeds(scene.key).rev().find(|deed| deed.abandoned) else { return };
    let (done, all) = deed.progress;
    let text = format!("a {} by {} was left in the middle: {done} of {all} done", deed.intent.verb(), deed.by);
    let finding = Finding::new(Severity::Warning, text).since(Some(deed.began));
    out.say(finding.evidence(Some(deed.began), "journal", what(deed)));
}

/// `drain by anna@bastion, 24 of 28 done`
fn what(deed: &Deed) -> String {
    let (done, all) = deed.progress;
    format!("{} by {}, {done} of {all} done", deed.intent.verb(), deed.by)
}
