//! Checks for which a Nomad client restarts their task. Between two runs an allocation is pending, and for a while after each start
//! it counts as healthy as before: what its client did to it tells more than how it is now.

use crate::diagnose::rule::{Finding, Out};
use crate::diagnose::scene::{Scene, Series};
use crate::domain::{Instance, Kind, OccurrenceKind, Phase, Probe, ProbeKind, Severity, Timestamp};

use super::began::began;
use super::evidence::{how_often, last_exit, recheck_countdown, rollout_frame, with_needs};
use super::probe::{settings_of, verdict_of};
use super::task::failed_check;

/// Quiet after so long without a restart, seconds.
const CLEAR: i64 = 300;

/// A group whose check has its task restarted: now, or several times lately.
pub fn restarted(scene: &Scene<'_>, out: &mut Out) {
    let Some((series, check)) = by_check(scene) else { return };
    out.recheck_at(series.over_at);
    let struck: Vec<&Instance> = scene.wanted_instances().filter(|it| is_struck(scene, it, &series)).collect();
    let down = struck.iter().filter(|it| !it.ready).count();
    let again = series.count >= u64::from(scene.settings.crash_loop_restarts.max(2));
    let shaky = struck.iter().filter(|it| scene.is_shaky(it, out)).count();
    if down == 0 && !(again && shaky > 0) {
        return;
    }
    let n = down.max(shaky);
    let of = scene.counts().wanted.unwrap_or(0) as usize;
    let (stuck, gives_up) = rollout_frame(scene);
    recheck_countdown(scene, out);
    let who = match n {
        n if n < of && stuck.is_empty() => format!("{n} of {of} "),
        _ => String::new(),
    };
    let what = match n > 1 && !who.is_empty() {
        true => format!("fail their check {check:?} and are restarted for it"),
        false => format!("fails its check {check:?} and is restarted for it"),
    };
    let printed = struck.iter().find_map(|it| Some((*it, verdict_of(it)?)));
    let said = printed.map_or(String::new(), |(_, words)| format!(": {}", crate::diagnose::logs::quote(words)));
    let (since, exact, often) = since(scene, &struck, &series);
    let more: Vec<String> = asked(scene).into_iter().chain((!often.is_empty()).then_some(often)).collect();
    let more = if more.is_empty() { String::new() } else { format!(" ({})", more.join(", ")) };
    let mut finding = Finding::new(Severity::Critical, format!("{stuck}{who}{what}{said}{more}{gives_up}"))
        .since(since)
        .since_exact(exact)
        .affected(n)
        .helps(scene.mends(since));
    finding.happened = (down == 0).then_some(series.last);
    let told = format!("{}: {}", series.newest.subject.name, series.newest.text.as_deref().unwrap_or_default());
    finding = finding.evidence(Some(series.last), "task event", told);
    if let Some((it, words)) = printed {
        finding = finding.evidence(None, "health check", format!("{}: {words}", it.key.name));
    }
    finding.evidence.extend(settings_of(scene, ProbeKind::Liveness).filter(|_| only_probe(scene).is_some()));
    out.say(with_needs(scene, finding, &[printed.map_or("", |(_, words)| words)]));
}

/// Since when, whether that is exact, and how often. A client remembers the last ten events of a task and counts all restarts:
/// of one alone the count tells more.
fn since(scene: &Scene<'_>, struck: &[&Instance], series: &Series<'_>) -> (Option<Timestamp>, bool, String) {
    let exit = match struck {
        [one] => last_exit(scene, one).map(|(_, exit)| (*one, exit)),
        _ => None,
    };
    match exit {
        Some((one, exit)) => {
            let it = began(scene, one, exit, Some(series));
            (Some(it.at), it.exact, it.often)
        }
        None => (Some(series.first), !series.at_least, how_often(series).trim_start_matches(", ").to_owned()),
    }
}

/// Restarts for a check of the revision that is wanted now, and which check it was last.
fn by_check<'a>(scene: &Scene<'a>) -> Option<(Series<'a>, &'a str)> {
    let workload = scene.workload().filter(|it| it.key.kind == Kind::TaskGroup)?;
    let from = workload.revision.as_ref().and_then(|it| it.at);
    let series = scene.series_of(CLEAR, |it| {
        let named = it.text.as_deref().and_then(failed_check);
        it.kind == OccurrenceKind::ProbeFailure && named.is_some() && from.is_none_or(|from| it.last >= from)
    })?;
    Some((series, series.newest.text.as_deref().and_then(failed_check)?))
}

/// Whether it was restarted for its check, or is on its way in the place of one that was.
fn is_struck(scene: &Scene<'_>, it: &Instance, series: &Series<'_>) -> bool {
    let own = scene.view.occurrences_of(scene.key).any(|event| {
        event.kind == OccurrenceKind::ProbeFailure && event.last >= series.first && scene.is_of(it, &event.subject)
    });
    let tried = matches!(it.phase, Phase::Running | Phase::Starting | Phase::Restarting | Phase::Failed);
    tried && (own || !it.ready)
}

/// What the check asks, where there is but one that restarts a task: a check has no name of its own here.
fn asked(scene: &Scene<'_>) -> Option<String> {
    only_probe(scene).map(|probe| probe.what.to_string())
}

fn only_probe<'a>(scene: &Scene<'a>) -> Option<&'a Probe> {
    let mut all =
        scene.workload()?.containers.iter().flat_map(|it| &it.probes).filter(|it| it.kind == ProbeKind::Liveness);
    all.next().filter(|_| all.next().is_none())
}
