//! Good practice that is not followed: one row a rule and project, below everything.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::domain::words::many;
use crate::domain::{Certainty, ClusterId, ClusterInfo, Exposure, Name, Ref, Severity, Text, Tier, Timestamp};

use super::incident::{Evidence, Incident, IncidentState, Rank};
use super::lifecycle::identity;
use super::rules::rule;
use super::settings::Settings;

type Project = (&'static str, ClusterId, Option<Name>);

/// So many names are spelled out in a row.
const NAMED: usize = 3;
/// So many are listed below it.
const SHOWN: usize = 50;

/// Advice, and the rows made of it.
#[derive(Debug, Default)]
pub struct Advice {
    of: FxHashMap<Ref, Vec<&'static str>>,
    projects: BTreeMap<Project, BTreeMap<Ref, Text>>,
    stale: BTreeSet<Project>,
    made: BTreeMap<Project, Incident>,
    rows: Vec<Incident>,
}

impl Advice {
    /// Takes what the rules advise for a subject, in the place of what they did.
    pub fn set(&mut self, key: &Ref, advice: Vec<(&'static str, Text)>) {
        let rules: Vec<&'static str> = advice.iter().map(|(rule, _)| *rule).collect();
        let before = match rules.is_empty() {
            true => self.of.remove(key),
            false => self.of.insert(key.clone(), rules.clone()),
        };
        for gone in before.into_iter().flatten().filter(|it| !rules.contains(it)) {
            let project = (gone, key.cluster.clone(), key.namespace.clone());
            if let Some(subjects) = self.projects.get_mut(&project) {
                subjects.remove(key);
            }
            self.stale.insert(project);
        }
        for (rule, text) in advice {
            let project = (rule, key.cluster.clone(), key.namespace.clone());
            let subjects = self.projects.entry(project.clone()).or_default();
            if subjects.get(key) != Some(&text) {
                subjects.insert(key.clone(), text);
                self.stale.insert(project);
            }
        }
    }

    /// Makes the rows that are stale anew; true where one is.
    pub fn settle(&mut self, settings: &Settings, started: Timestamp) -> bool {
        if self.stale.is_empty() {
            return false;
        }
        for project in std::mem::take(&mut self.stale) {
            match self.projects.get(&project).filter(|subjects| !subjects.is_empty()) {
                Some(subjects) => {
                    let row = row(&project, subjects, settings, started);
                    self.made.insert(project, row);
                }
                None => {
                    self.projects.remove(&project);
                    self.made.remove(&project);
                }
            }
        }
        let rows: Vec<Incident> = self.made.values().cloned().collect();
        let changed = rows != self.rows;
        self.rows = rows;
        changed
    }

    /// The rows, by rule, cluster and project.
    pub fn rows(&self) -> &[Incident] {
        &self.rows
    }
}

fn row(
    (id, cluster, namespace): &Project,
    subjects: &BTreeMap<Ref, Text>,
    settings: &Settings,
    started: Timestamp,
) -> Incident {
    let mut subject = ClusterInfo::key_of(cluster);
    subject.namespace = namespace.clone();
    let names: Vec<&str> = subjects.keys().take(NAMED).map(|key| key.name.as_str()).collect();
    let more = subjects.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let what = subjects.values().next().map_or("", |text| text.as_str());
    let summary = format!("{what}: {}{more}", names.join(", "));
    Incident {
        id: Name::new(&identity(id, &subject)),
        rule: id,
        severity: Severity::Advice,
        tier: Tier::Risk,
        state: IncidentState::Open,
        label: namespace.clone(),
        owner: settings.owner_of(&subject).cloned(),
        subject,
        summary: Text::from(summary),
        since: started,
        since_exact: false,
        certainty: Certainty::Confirmed,
        exposure: Exposure::Unknown,
        ready: None,
        wanted: None,
        evidence: subjects
            .iter()
            .take(SHOWN)
            .map(|(key, text)| Evidence {
                at: None,
                source: Text::new(key.kind.noun()),
                text: Text::new(&format!("{}: {text}", key.local())),
            })
            .collect(),
        symptoms: Vec::new(),
        actions: Vec::new(),
        rank: Rank::Said(Text::from(format!(
            "advice, below everything: {} ({})",
            rule(id).map_or("", |rule| rule.summary),
            many(subjects.len() as u64, "workload")
        ))),
        accepted: None,
    }
}
