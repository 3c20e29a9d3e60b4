//! What a finding weighs, and which incident stands above which. A total order: the same input gives the same list, in
//! whatever order it was learnt.

use std::cmp::Reverse;

use crate::domain::words::many;
use crate::domain::{Exposure, Ref, Role, Severity, Text, Tier, Timestamp};

use super::incident::{Incident, IncidentState};
use super::rule::Finding;
use super::scene::Standing;
use super::settings::Settings;

/// How bad something is, and for how much of its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight {
    /// How bad.
    pub severity: Severity,
    /// What ranks it.
    pub tier: Tier,
    /// Share of what is wanted that does not serve, thousandths.
    pub lost: u32,
    /// Instances that serve, without those that only look ready.
    pub ready: Option<u32>,
}

/// What a finding weighs on a subject that stands so. The rule says how bad it is at worst; users who reach nothing make
/// it tier 1, missing instances tier 2, and what still serves in full is at most a warning.
pub fn weigh(finding: &Finding, standing: Standing) -> Weight {
    let Standing { exposure, ready, wanted } = standing;
    let ready = match (ready, wanted) {
        (Some(ready), Some(wanted)) => Some(ready.min(wanted.saturating_sub(finding.affected))),
        (ready, _) => ready,
    };
    let lost = match (ready, wanted) {
        (Some(ready), Some(wanted)) if wanted > 0 => {
            u32::try_from(u64::from(wanted.saturating_sub(ready)) * 1000 / u64::from(wanted)).unwrap_or(1000)
        }
        _ => 0,
    };
    let (severity, tier) = match (finding.severity, finding.tier) {
        (Severity::Risk | Severity::Advice, tier) => (finding.severity, tier.unwrap_or(Tier::Risk)),
        (severity, Some(tier)) => (severity, tier),
        (_, None) if lost == 1000 && exposure == Exposure::Yes => (Severity::Critical, Tier::UsersHurt),
        (Severity::Critical, None) if lost >= 500 => (Severity::Critical, Tier::Capacity),
        (_, None) if lost > 0 => (Severity::Warning, Tier::Capacity),
        (_, None) => (Severity::Warning, Tier::Stuck),
    };
    // What still serves, and what is quiet today, never shouts.
    let severity = if tier >= Tier::Stuck { severity.max(Severity::Warning) } else { severity };
    Weight { severity, tier, lost, ready }
}

/// How important a subject is, and by which pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Importance {
    value: i32,
    pattern: Option<Text>,
}

impl Importance {
    /// By the settings' patterns; 50 where none fits.
    pub fn of(subject: &Ref, settings: &Settings) -> Self {
        let by = settings.importance_by(subject);
        Self { value: by.map_or(50, |(_, value)| value), pattern: by.map(|(pattern, _)| pattern.clone()) }
    }
}

/// What decides where an incident stands, most telling first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    recovered: bool,
    tier: Tier,
    severity: Severity,
    lost: Reverse<u32>,
    importance: Reverse<i32>,
    since: Reverse<Timestamp>,
    subject: Ref,
    rule: &'static str,
}

impl Place {
    /// Where `incident` stands, which lost `lost` thousandths of what is wanted.
    pub fn of(incident: &Incident, lost: u32, importance: &Importance) -> Self {
        Self {
            recovered: matches!(incident.state, IncidentState::Recovered(_)),
            tier: incident.tier,
            severity: incident.severity,
            lost: Reverse(lost),
            importance: Reverse(importance.value),
            since: Reverse(incident.since),
            subject: incident.subject.clone(),
            rule: incident.rule,
        }
    }
}

/// Why an incident stands where it stands, in words. Says no time that passes: it changes when the incident does.
pub fn in_words(incident: &Incident, importance: &Importance, beside: usize) -> Text {
    let tier = match incident.tier {
        Tier::UsersHurt => "1, users are hurt now",
        Tier::Capacity => "2, capacity or something shared is at stake",
        Tier::Stuck => "3, stuck or failing, and what serves still serves",
        Tier::Risk => "4, quiet today",
    };
    let reach = match incident.exposure {
        Exposure::Yes => "users reach it",
        Exposure::No => "users do not reach it",
        Exposure::Unknown => "whether users reach it is unknown",
    };
    let mut words = format!("tier {tier}");
    if let IncidentState::Recovered(_) = incident.state {
        words = format!("recovered, below all that is open; it was tier {tier}");
    }
    if matches!(incident.subject.kind.role(), Role::Workload | Role::Endpoint) {
        words.push_str(&format!("; {reach}"));
    }
    if let (Some(ready), Some(wanted)) = (incident.ready, incident.wanted) {
        words.push_str(&format!("; {ready} of {wanted} ready"));
    }
    let dragged = incident.symptoms.iter().filter(|it| it.about != incident.subject).count();
    if dragged > 0 {
        words.push_str(&format!("; drags {} along", many(dragged as u64, "other")));
    }
    let value = importance.value;
    match &importance.pattern {
        Some(pattern) => words.push_str(&format!("; importance {value} by pattern {pattern}")),
        None => words.push_str(&format!("; importance {value} (no pattern fits)")),
    }
    words.push_str("; among equals the newest stands first");
    if beside >= 2 {
        words
            .push_str(&format!("; {beside} others failed within a minute of it, and nothing is known that they share"));
    }
    Text::from(words)
}
