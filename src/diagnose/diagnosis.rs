//! The diagnosis: asks the rules of what is dirty, keeps what they say, and lists what is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::domain::words::seconds_between;
use crate::domain::{Name, Ref, Timestamp, Want};
use crate::state::{Deadlines, View};

use super::advice::Advice;
use super::brought;
use super::group::{self, Homes};
use super::incident::{Incident, IncidentState};
use super::lifecycle::Life;
use super::mark::Marks;
use super::room::Rooms;
use super::rule::{Cause, Finding, Out, Rule};
use super::rules::rules;
use super::scene::{Scene, Standing, is_there};
use super::settings::Settings;

/// What is first seen so soon after the start was there before it, seconds.
const START_GRACE: i64 = 60;

/// What is wrong, as far as it is known.
pub struct Diagnosis {
    settings: Settings,
    started: Timestamp,
    marks: Marks,
    rooms: Rooms,
    due: Deadlines<Ref>,
    /// When each subject was last judged.
    judged: FxHashMap<Ref, Judged>,
    found: BTreeMap<Ref, Vec<Arc<Found>>>,
    lives: BTreeMap<(Ref, &'static str), Life>,
    advice: Advice,
    incidents: Vec<Incident>,
    accepted: Vec<Incident>,
    wants: BTreeSet<Want>,
    changed: bool,
    settle_at: Option<Timestamp>,
    version: u64,
}

/// What one rule says of one subject.
#[derive(Debug, Clone)]
pub struct Found {
    /// Which rule.
    pub rule: &'static Rule,
    /// What it says.
    pub finding: Finding,
    /// How the subject stood.
    pub standing: Standing,
    /// Since when the rule has said so without a break.
    pub held_since: Timestamp,
    /// Whether it was seen to begin: the rule was asked before and said nothing.
    pub watched: bool,
}

impl Found {
    /// Since when, and whether that is exact.
    pub fn since(&self) -> (Timestamp, bool) {
        self.finding.since.map_or((self.held_since, self.watched), |since| (since, self.finding.since_exact))
    }
}

/// That a subject was judged.
#[derive(Debug, Clone, Copy)]
struct Judged {
    /// As of when.
    at: Timestamp,
    /// Its cluster had listed all that it watches.
    complete: bool,
}

impl Diagnosis {
    /// A diagnosis that knows nothing yet. What has no time of its own is at least as old as `started`.
    pub fn new(settings: Settings, started: Timestamp) -> Self {
        Self {
            settings,
            started,
            marks: Marks::default(),
            rooms: Rooms::default(),
            due: Deadlines::default(),
            judged: FxHashMap::default(),
            found: BTreeMap::new(),
            lives: BTreeMap::new(),
            advice: Advice::default(),
            incidents: Vec::new(),
            accepted: Vec::new(),
            wants: BTreeSet::new(),
            changed: true,
            settle_at: None,
            version: 0,
        }
    }

    /// Marks the subjects that a change of these keys concerns, along the edges that rules declare.
    pub fn note(&mut self, dirty: &[Ref], view: &View<'_>) {
        self.rooms.note(dirty, view);
        self.marks.note(dirty, view);
    }

    /// Asks rules of what is dirty or due while `more()`; true when nothing is left. Something is done on every call.
    pub fn examine(&mut self, view: &View<'_>, more: &mut dyn FnMut() -> bool) -> bool {
        while let Some(key) = self.due.pop_due(view.now) {
            self.marks.mark(key);
        }
        while let Some(key) = self.marks.take() {
            self.judge(view, key);
            if !self.marks.is_empty() && !more() {
                return false;
            }
        }
        true
    }

    fn judge(&mut self, view: &View<'_>, key: Ref) {
        let judged = self.judged.get(&key).copied();
        let last = judged.map(|it| it.at);
        let before = self.found.remove(&key);
        let mut outcome = Vec::new();
        let (mut recheck_at, mut as_of, mut complete) = (None, None, false);
        if let Some(scene) = Scene::of(*view, &key, &self.settings, &self.rooms, last) {
            let standing = scene.standing();
            as_of = Some(scene.now());
            complete = scene.complete;
            let mut advice = Vec::new();
            for rule in rules().iter().copied().filter(|rule| rule.subject.role() == key.kind.role()) {
                let mut out = Out::default();
                (rule.check)(&scene, &mut out);
                recheck_at = [recheck_at, out.recheck_at].into_iter().flatten().min();
                let Some(finding) = out.finding else { continue };
                if rule.cause == Cause::Advice {
                    advice.push((rule.id, finding.summary));
                    continue;
                }
                outcome.push((rule, brought::with_changes(&scene, rule, finding), standing));
            }
            self.advice.set(&key, advice);
        } else {
            self.advice.set(&key, Vec::new());
        }
        let outcome: Vec<Arc<Found>> = outcome
            .into_iter()
            .map(|(rule, finding, standing)| self.keep(rule, finding, standing, &before, judged, view.now))
            .collect();
        self.changed |= before.as_deref().unwrap_or_default() != outcome;
        match as_of {
            Some(at) => {
                self.judged.insert(key.clone(), Judged { at, complete });
            }
            None => {
                self.judged.remove(&key);
            }
        }
        match recheck_at.filter(|at| *at > view.now) {
            Some(at) => self.due.set(key.clone(), at),
            None => self.due.clear(&key),
        }
        if !outcome.is_empty() {
            self.found.insert(key, outcome);
        }
    }

    fn keep(
        &self,
        rule: &'static Rule,
        finding: Finding,
        standing: Standing,
        before: &Option<Vec<Arc<Found>>>,
        judged: Option<Judged>,
        now: Timestamp,
    ) -> Arc<Found> {
        let known = before.iter().flatten().find(|it| it.rule.family == rule.family);
        let at_start = seconds_between(self.started, now) <= START_GRACE;
        let (held_since, watched) = match known {
            Some(known) => (known.held_since, known.watched),
            // It was looked at with all that there was to know, and nothing was found: this is its beginning, unless it
            // is known to be older.
            None if judged.is_some_and(|it| it.complete && finding.since.is_none_or(|since| since >= it.at)) => {
                (now, true)
            }
            // While the first facts still come, what is said late was there before.
            None if at_start => (self.started.min(now), false),
            None => (now, judged.is_some()),
        };
        let found = Found { rule, finding, standing, held_since, watched };
        match before.iter().flatten().find(|it| ***it == found) {
            Some(same) => Arc::clone(same),
            None => Arc::new(found),
        }
    }

    /// Lifecycle, grouping and ranking; true when the list changed.
    pub fn settle(&mut self, view: &View<'_>) -> bool {
        let now = view.now;
        let mut fresh = self.advice.settle(&self.settings, self.started);
        if self.changed || self.settle_at.is_some_and(|at| at <= now) {
            let homes = group::homes(&self.found, view);
            self.live(view, &homes);
            fresh |= self.list(view, &homes);
            self.changed = false;
        }
        self.version += u64::from(fresh);
        fresh
    }

    /// Takes the findings into the lives.
    fn live(&mut self, view: &View<'_>, homes: &Homes) {
        let now = view.now;
        for (home, found) in homes {
            match self.lives.get_mut(home) {
                Some(life) => life.holds(Arc::clone(&found[0]), now),
                None => {
                    let mut life = Life::begin(&home.0, Arc::clone(&found[0]));
                    life.holds(Arc::clone(&found[0]), now);
                    self.lives.insert(home.clone(), life);
                }
            }
        }
        let mut over = Vec::new();
        let mut settle_at: Option<Timestamp> = None;
        for (home, life) in &mut self.lives {
            let there = is_there(view, &home.0);
            if !homes.contains_key(home) {
                if life.absent(there, now) && there {
                    life.last_row = self.incidents.iter().find(|row| row.id == life.id).cloned();
                }
                if life.is_over(now) {
                    over.push(home.clone());
                    continue;
                }
            }
            settle_at = [settle_at, life.deadline(there, now)].into_iter().flatten().min();
        }
        for home in over {
            self.lives.remove(&home);
        }
        let accepted_until = self.settings.accepts.iter().filter_map(|it| it.until).filter(|until| *until > now).min();
        self.settle_at = [settle_at, accepted_until].into_iter().flatten().min();
    }

    /// Groups and ranks what is open, and adds what has just recovered.
    fn list(&mut self, view: &View<'_>, homes: &Homes) -> bool {
        let now = view.now;
        let mut rows = group::incidents(&self.lives, homes, view, &self.settings);
        let listed: FxHashSet<Name> = rows.iter().map(|row| row.incident.id.clone()).collect();
        self.lives.values_mut().for_each(|life| life.listed = listed.contains(&life.id));
        for life in self.lives.values().filter(|life| life.shows_recovered(now)) {
            if let Some(row) = &life.last_row {
                let row = Incident { state: life.state(now), ..row.clone() };
                rows.push(group::Ranked::recovered(row, &self.settings));
            }
        }
        rows.sort_by(|a, b| a.place.cmp(&b.place));
        let (mut incidents, mut accepted, mut wants) = (Vec::new(), Vec::new(), BTreeSet::new());
        for row in rows {
            match self.settings.accepts(row.incident.rule, &row.incident.subject, now) {
                Some(accept) => accepted.push(Incident { accepted: Some(accept.reason.clone()), ..row.incident }),
                None => {
                    if !matches!(row.incident.state, IncidentState::Recovered(_)) {
                        wants.extend(row.wants);
                    }
                    incidents.push(row.incident);
                }
            }
        }
        let changed = self.incidents != incidents || self.accepted != accepted;
        (self.incidents, self.accepted, self.wants) = (incidents, accepted, wants);
        changed
    }

    /// Ranked: open, flapping and just recovered; without advice and without what was accepted.
    pub fn incidents(&self) -> &[Incident] {
        &self.incidents
    }

    /// Good practice that is not followed: one row a rule and project.
    pub fn advice(&self) -> &[Incident] {
        self.advice.rows()
    }

    /// What was accepted in the configuration.
    pub fn accepted(&self) -> &[Incident] {
        &self.accepted
    }

    /// What would tell more.
    pub const fn wants(&self) -> &BTreeSet<Want> {
        &self.wants
    }

    /// When something has to be looked at again though no fact comes.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        [self.due.next(), self.settle_at].into_iter().flatten().min()
    }

    /// Counts up with every change of the lists.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The settings that it goes by.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }
}

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        self.rule.id == other.rule.id
            && self.standing == other.standing
            && (self.held_since, self.watched) == (other.held_since, other.watched)
            && self.finding == other.finding
    }
}

impl std::fmt::Debug for Diagnosis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Diagnosis").field("incidents", &self.incidents.len()).field("version", &self.version).finish()
    }
}
