//! What another system says is wrong.

use crate::diagnose::logs::quote;
use crate::diagnose::rule::{Cause, Finding, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::{AlertState, Severity, Text, Tier};

/// An alert fires.
pub const ALERT: Rule = Rule {
    id: "alert",
    family: "alert",
    summary: "an alert of Alertmanager or Prometheus fires",
    looks_at: "alerts that fire; not those that are pending, silenced or inhibited, nor those that only inform. An alert about \
               something that has a cause of its own here is a symptom of that",
    mend: "follow its runbook; what it is about is named where that can be told",
    subject: Subject::Alert,
    cause: Cause::Alert,
    reads: &[],
    hold_seconds: 0,
    clear_after_seconds: 60,
    check: alert,
};

fn alert(scene: &Scene<'_>, out: &mut Out) {
    let Some(crate::domain::Object::Alert(alert)) = scene.view.object(scene.key) else { return };
    if alert.state != AlertState::Firing {
        return;
    }
    let (severity, tier) = match (alert.pages, alert.severity) {
        (true, _) => (Severity::Critical, Tier::UsersHurt),
        (false, Severity::Critical) => (Severity::Critical, Tier::Capacity),
        (false, Severity::Warning) => (Severity::Warning, Tier::Stuck),
        (false, Severity::Risk) => (Severity::Risk, Tier::Risk),
        // Its author says that nobody needs to know: the list of alerts has it.
        (false, Severity::Advice) => return,
    };
    let said = alert.summary.as_deref().map_or(String::new(), |said| format!(": {}", quote(said)));
    let paged = if alert.pages { " (paged)" } else { "" };
    let mut finding = Finding::new(severity, format!("alert {}{paged}{said}", alert.title))
        .tier(tier)
        .since(alert.since)
        .evidence(alert.since, "alert", format!("{}{said}", alert.title));
    if let Some(runbook) = &alert.runbook {
        finding = finding.evidence(None, "runbook", runbook.clone());
    }
    match &alert.about {
        Some(about) if scene.view.object(about).is_some() => {}
        about => {
            finding.label = Some(Text::new(&alert.title));
            if let Some(about) = about {
                let said = format!("{} {}, which is not known here", about.kind.noun(), about.local());
                finding = finding.evidence(None, "about", said);
            }
        }
    }
    out.say(finding);
}
