//! What users feel: endpoints that the settings name, asked from here.

use crate::diagnose::rule::{Cause, Finding, Link, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::words::{after, span};
use crate::domain::{Check, Endpoint, Severity, Tier, Timestamp};

/// An endpoint does not answer as it should.
pub const ENDPOINT_FAILS: Rule = Rule {
    id: "endpoint-fails",
    family: "reach",
    summary: "an endpoint that the settings name does not answer as it should, asked from here",
    looks_at: "the status, the text and the time that `[[endpoint]]` expects; twice in a row",
    mend: "look at what it leads to; where that is well, at the way there: name, certificate, balancer, network",
    subject: Subject::Endpoint,
    cause: Cause::Traffic,
    reads: &[],
    hold_seconds: 0,
    clear_after_seconds: 60,
    check: endpoint_fails,
};

/// An endpoint takes much longer than it does.
pub const ENDPOINT_SLOW: Rule = Rule {
    id: "endpoint-slow",
    family: "reach",
    summary: "an endpoint takes three times as long as it does, asked from here",
    looks_at: "three answers in a row against the median of the last hour, from 100 ms",
    mend: "look at the use and the connections of what it leads to, and of the database behind that",
    subject: Subject::Endpoint,
    cause: Cause::Traffic,
    reads: &[],
    hold_seconds: 0,
    clear_after_seconds: 120,
    check: endpoint_slow,
};

/// The certificate of an endpoint ends.
pub const ENDPOINT_CERTIFICATE_ENDS: Rule = Rule {
    id: "endpoint-certificate-ends",
    family: "endpoint-certificate",
    summary: "the certificate that an endpoint shows ends soon: after that nobody trusts it",
    looks_at: "the certificate that `[[endpoint]]` is shown, from 14 days before its end, critical from 2; of one that is good for less than 42 \
               days from the last third of its time, critical from the last tenth",
    mend: "see why it is not renewed (cert-manager, Caddy, Traefik, certbot), and that what serves it reads the new one",
    subject: Subject::Endpoint,
    cause: Cause::Risk,
    reads: &[],
    hold_seconds: 0,
    clear_after_seconds: 60,
    check: endpoint_certificate_ends,
};

/// One failure may be the network's.
const TIMES: u32 = 2;
const DAY: i64 = 86_400;

fn checked<'a>(scene: &Scene<'a>) -> Option<(&'a Endpoint, &'a Check)> {
    let endpoint = scene.view.endpoint(scene.key)?;
    Some((endpoint, endpoint.check.as_deref()?))
}

fn endpoint_fails(scene: &Scene<'_>, out: &mut Out) {
    let Some((endpoint, check)) = checked(scene) else { return };
    let Some(failing) = check.failing.as_ref().filter(|it| it.times >= TIMES) else { return };
    let times = failing.times;
    let mut finding = Finding::new(Severity::Critical, format!("fails from here: {}", failing.why))
        .tier(Tier::UsersHurt)
        .since(Some(failing.since))
        .evidence(Some(failing.since), "from here", format!("{}: {}, {times} times in a row", check.asks, failing.why));
    // What it leads to is the cause where that is short of instances, whichever was noticed first.
    finding.links = endpoint.serves.iter().map(|it| Link::Lacks(it.clone())).collect();
    out.say(finding);
}

fn endpoint_slow(scene: &Scene<'_>, out: &mut Out) {
    let Some((endpoint, check)) = checked(scene) else { return };
    let Some(slow) = check.slow.filter(|_| check.failing.is_none()) else { return };
    let said = format!("answers in {}, usually in {}", time(slow.last), time(slow.usual));
    let mut finding = Finding::new(Severity::Warning, said.clone()).tier(Tier::Stuck).since(Some(slow.since)).evidence(
        Some(slow.since),
        "from here",
        format!("{}: {said}", check.asks),
    );
    finding.links = endpoint.serves.iter().map(|it| Link::On(it.clone())).collect();
    out.say(finding);
}

/// `310 ms`, `2.4 s`
fn time(milliseconds: u32) -> String {
    match milliseconds {
        0..1000 => format!("{milliseconds} ms"),
        _ => format!("{:.1} s", f64::from(milliseconds) / 1000.0),
    }
}

fn endpoint_certificate_ends(scene: &Scene<'_>, out: &mut Out) {
    let Some((_, check)) = checked(scene) else { return };
    let Some((from, until)) = check.certificate else { return };
    let lasts = seconds(from, until);
    let (soon, at_once) = ((14 * DAY).min(lasts / 3), (2 * DAY).min(lasts / 10));
    let left = seconds(scene.now(), until);
    let (severity, tier, next) = match left {
        // Then it fails, and says so.
        left if left <= 0 => return,
        left if left < at_once => (Severity::Critical, Tier::Capacity, until),
        left if left < soon => (Severity::Risk, Tier::Risk, after(until, -at_once)),
        _ => return out.recheck_at(after(until, -soon)),
    };
    out.recheck_at(next);
    let words = format!("its certificate ends in {}", span(left));
    let shown = format!("{}: good until {until:.0}", check.asks);
    out.say(Finding::new(severity, words).tier(tier).evidence(None, "certificate", shown));
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.as_second() - from.as_second()
}
