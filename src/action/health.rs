//! Whether a rollout has come to its end, and to which: what `wait` waits for.

use crate::diagnose::{Diagnosis, Incident, IncidentState};
use crate::domain::{Desired, JobState, NodeState, Ref, RolloutPhase, Severity, Text, Workload};
use crate::state::View;

use super::wait::runs;

/// How a thing stands with what is rolled out to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// The newest revision serves as it should, and nothing is wrong with it.
    Healthy(Text),
    /// Not yet, and why.
    NotYet(Text),
    /// It will not by itself, and why.
    Failed(Text),
}

/// Whether what is rolled out to `key` is healthy.
pub fn health(key: &Ref, view: &View<'_>, diagnosis: &Diagnosis) -> Health {
    if let Some(node) = view.node(key) {
        return match node.state {
            NodeState::Ready if node.cordoned => Health::NotYet(Text::new("it takes nothing new")),
            NodeState::Ready => Health::Healthy(Text::new("ready")),
            _ => Health::NotYet(wrong(key, diagnosis).map_or_else(|| Text::new("it is not ready"), cause)),
        };
    }
    if let Some(instance) = view.instance(key) {
        return match (instance.phase.ended(), instance.ready) {
            (true, _) => Health::Failed(Text::from(format!("it has ended: {}", instance.phase.as_str()))),
            (false, true) => Health::Healthy(Text::new("it serves")),
            (false, false) => Health::NotYet(Text::from(instance.phase.as_str())),
        };
    }
    match view.workload(key) {
        Some(workload) => of_workload(workload, view, diagnosis),
        None => Health::Failed(Text::new("it is not there any more")),
    }
}

fn of_workload(workload: &Workload, view: &View<'_>, diagnosis: &Diagnosis) -> Health {
    let wrong = wrong(&workload.key, diagnosis);
    let because = |otherwise: String| wrong.map_or_else(|| Text::from(otherwise), cause);
    if let Desired::Completions(wanted) = workload.desired {
        return of_job(workload, wanted, view);
    }
    let rollout = workload.rollout.as_ref();
    let said = || rollout.and_then(|it| it.message.as_ref()).map_or_else(String::new, |said| format!(": {said}"));
    match rollout.map(|it| it.phase) {
        Some(RolloutPhase::Failed) => {
            return Health::Failed(because(format!("the rollout was given up{}", said())));
        }
        Some(RolloutPhase::Paused) => return Health::Failed(because(format!("the rollout is paused{}", said()))),
        Some(RolloutPhase::RollbackPaused) => {
            return Health::Failed(because(format!("the way back is paused{}", said())));
        }
        Some(RolloutPhase::RolledBack) => {
            return Health::Failed(because(format!("it was rolled back{}", said())));
        }
        _ => {}
    }
    let counts = view.counts(workload);
    let wanted = counts.wanted.unwrap_or(counts.alive);
    let newest = workload.revision.as_ref().map(|revision| &revision.id);
    let old = view.instances_of(&workload.key).filter(|it| runs(it));
    let old = old.filter(|it| newest.is_some() && it.revision.is_some() && it.revision.as_ref() != newest).count();
    let moving = matches!(rollout.map(|it| it.phase), Some(RolloutPhase::Progressing | RolloutPhase::RollingBack));
    if moving || old > 0 || counts.missing() > 0 {
        let old = if old > 0 { format!(", {old} of an older revision") } else { String::new() };
        return Health::NotYet(because(format!("{} of {wanted} ready{old}", counts.ready)));
    }
    match wrong {
        Some(incident) => Health::NotYet(cause(incident)),
        None => Health::Healthy(Text::from(format!("{} of {wanted} ready", counts.ready.min(wanted)))),
    }
}

fn of_job(workload: &Workload, wanted: u32, view: &View<'_>) -> Health {
    if let Some(JobState { gave_up: Some(gave_up), .. }) = workload.job.as_deref() {
        let said = gave_up.message.as_ref().map_or_else(String::new, |said| format!(": {said}"));
        return Health::Failed(Text::from(format!("{}{said}", gave_up.reason)));
    }
    let done = view.instances_of(&workload.key).filter(|it| it.phase == crate::domain::Phase::Succeeded).count();
    let words = Text::from(format!("{done} of {wanted} done"));
    if u32::try_from(done).unwrap_or(u32::MAX) >= wanted { Health::Healthy(words) } else { Health::NotYet(words) }
}

/// What is wrong with it now, the worst of it.
pub fn wrong<'a>(key: &Ref, diagnosis: &'a Diagnosis) -> Option<&'a Incident> {
    let now = |it: &&Incident| matches!(it.state, IncidentState::Open | IncidentState::Flapping);
    let bad = |it: &&Incident| matches!(it.severity, Severity::Critical | Severity::Warning);
    diagnosis.incidents().iter().filter(|it| it.subject == *key).filter(now).find(bad)
}

fn cause(incident: &Incident) -> Text {
    incident.summary.clone()
}
