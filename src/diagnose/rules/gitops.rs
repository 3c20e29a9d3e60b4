//! What keeps workloads as a repository has them: Argo CD applications.

use crate::diagnose::logs::quote;
use crate::diagnose::rule::{Cause, Finding, Link, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::words::{after, many};
use crate::domain::{Application, Severity, Tier};

/// A sync failed, or cannot even be tried.
pub const SYNC_FAILED: Rule = Rule {
    id: "sync-failed",
    family: "gitops",
    summary: "an application's last sync failed, or it cannot be compared with its repository: changes do not arrive",
    looks_at: "Argo CD's own words: the last operation, and conditions that are errors. An old failure of what is synced and \
               healthy by now is over after a day. What it keeps and is wrong itself is named there, with this as a symptom",
    mend: "do what its words say: a manifest that is refused, a hook that fails, a repository or a login that is not there",
    subject: Subject::Application,
    cause: Cause::GitOps,
    reads: &[],
    hold_seconds: 60,
    clear_after_seconds: 120,
    check: sync_failed,
};

/// What it keeps is not well.
pub const APPLICATION_UNWELL: Rule = Rule {
    id: "application-unwell",
    family: "gitops",
    summary: "an application is degraded, or some of what it keeps is missing",
    looks_at: "Argo CD's verdict on what it keeps, after five minutes. Where a workload that it keeps has an incident, this is a \
               symptom of that",
    mend: "look at what it names; where something is missing, sync it, or see why the last sync left it out",
    subject: Subject::Application,
    cause: Cause::GitOps,
    reads: &[],
    hold_seconds: 300,
    clear_after_seconds: 120,
    check: unwell,
};

/// It differs from its repository.
pub const OUT_OF_SYNC: Rule = Rule {
    id: "out-of-sync",
    family: "gitops",
    summary: "an application differs from its repository, and goes on doing so",
    looks_at: "applications that are out of sync for 15 minutes (or when cockpit starts) and are not being synced; advice only for \
               what is synced by hand",
    mend: "sync it, or take back what was changed by hand; what something else sets (replicas of an autoscaler) belongs into \
           `ignoreDifferences`",
    subject: Subject::Application,
    cause: Cause::GitOps,
    reads: &[],
    hold_seconds: 900,
    clear_after_seconds: 120,
    check: out_of_sync,
};

/// A failed sync of what is in order by now is remembered for so long, seconds.
const FAILED_KEPT: i64 = 86_400;

fn sync_failed(scene: &Scene<'_>, out: &mut Out) {
    let Some(it) = scene.view.application(scene.key) else { return };
    if let Some(error) = &it.error {
        let summary = format!("cannot be compared with its repository: {}", quote(error));
        let finding = quiet(it, summary).since(it.error_since);
        return out.say(finding.evidence(it.error_since, ARGO, error.clone()));
    }
    let Some(failed) = &it.failed else { return };
    if says(it.sync.as_ref(), "Synced") && says(it.health.as_ref(), "Healthy") {
        let over = it.failed_at.map(|at| after(at, FAILED_KEPT));
        if over.is_none_or(|at| at <= scene.now()) {
            return;
        }
        over.into_iter().for_each(|at| out.recheck_at(at));
    }
    let finding = quiet(it, format!("its last sync failed: {}", quote(failed))).since(it.failed_at);
    out.say(finding.evidence(it.failed_at, ARGO, failed.clone()));
}

fn unwell(scene: &Scene<'_>, out: &mut Out) {
    let Some(it) = scene.view.application(scene.key) else { return };
    let what = match it.health.as_deref() {
        Some("Degraded") => "degraded",
        Some("Missing") => "what it keeps is missing",
        _ => return,
    };
    let first = it.unwell.first().map_or(String::new(), |first| format!(": {}", quote(first)));
    let more = if it.unwell.len() > 1 { format!(", and {} more", it.unwell.len() - 1) } else { String::new() };
    let mut finding = quiet(it, format!("{what}{first}{more}")).since(it.health_since);
    for each in it.unwell.iter().take(5) {
        finding = finding.evidence(it.health_since, ARGO, each.clone());
    }
    out.say(finding);
}

fn out_of_sync(scene: &Scene<'_>, out: &mut Out) {
    let Some(it) = scene.view.application(scene.key) else { return };
    if !says(it.sync.as_ref(), "OutOfSync") || it.syncing {
        return;
    }
    let by = if it.automated { "though it syncs by itself" } else { "until somebody syncs it" };
    let first = it.differs.first().map_or(String::new(), |first| format!(", {first} first"));
    let how_many = match it.differing {
        0 => "differs from its repository".to_owned(),
        n => format!("differs from its repository in {}{first}", many(u64::from(n), "object")),
    };
    let mut finding = quiet(it, format!("{how_many}, {by}"));
    if !it.automated {
        // Between a commit and the release that somebody makes of it this is how it should be.
        finding.severity = Severity::Advice;
    }
    for each in it.differs.iter().take(5) {
        finding = finding.evidence(None, ARGO, format!("{each} is out of sync"));
    }
    out.say(finding);
}

const ARGO: &str = "argo cd";

fn says(said: Option<&crate::domain::Name>, word: &str) -> bool {
    said.is_some_and(|it| it == word)
}

/// Never loud: what hurts users is found at what it keeps, and wins there.
fn quiet(it: &Application, summary: String) -> Finding {
    let mut finding = Finding::new(Severity::Risk, summary).tier(Tier::Risk);
    finding.links = it.keeps.iter().map(|of| Link::On(of.clone())).collect();
    finding
}
