//! When a finding becomes an incident, when it is over, and when it only flaps.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::domain::words::after;
use crate::domain::{Name, Ref, Timestamp};

use super::diagnosis::Found;
use super::incident::{Incident, IncidentState};

/// A closed incident stays in the list for so long, seconds.
pub const RECOVERED_SHOWN: i64 = 15 * 60;
/// Openings within so long count towards flapping, seconds.
const FLAP_WINDOW: i64 = 3600;
/// So many of them are flapping.
const FLAP_OPENINGS: usize = 3;
/// What is not seen for so long is said not to be so any more, seconds: a check that passes once says little.
const EASES: i64 = 10;
/// What was removed is over after so long, seconds: a replacement under the same name comes within it.
const REMOVED_GRACE: i64 = 10;

/// The life of one family of findings on one subject. Its key is the incident's identity.
#[derive(Debug, Clone)]
pub struct Life {
    /// The incident's identity.
    pub id: Name,
    /// What was last found, the strongest of its family.
    pub found: Arc<Found>,
    /// Since when, over the whole episode.
    pub since: Timestamp,
    /// Whether evidence or our own watching says so.
    pub since_exact: bool,
    /// Whether it was a row of its own when the list was last made.
    pub listed: bool,
    /// Its last row, once it has closed.
    pub last_row: Option<Incident>,
    stage: Stage,
    /// When it was opened, within the last hour.
    openings: SmallVec<[Timestamp; 4]>,
    /// When it came (back) within its episode, the last three times.
    spells: SmallVec<[Timestamp; 3]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Holds, not yet for long enough.
    Holding,
    /// It is there.
    Open,
    /// It was not seen since, not yet for long enough.
    Clearing(Timestamp),
    /// It was there until the first, and was closed at the second.
    Closed(Timestamp, Timestamp),
}

impl Life {
    /// A life that begins with a finding.
    pub fn begin(subject: &Ref, found: Arc<Found>) -> Self {
        let id = Name::new(&identity(found.rule.family, subject));
        let (since, since_exact) = found.since();
        let spells = SmallVec::from_iter([found.held_since]);
        Self {
            id,
            found,
            since,
            since_exact,
            listed: false,
            last_row: None,
            stage: Stage::Holding,
            openings: SmallVec::new(),
            spells,
        }
    }

    /// The finding is (still) there.
    pub fn holds(&mut self, found: Arc<Found>, now: Timestamp) {
        let (since, exact) = found.since();
        match self.stage {
            Stage::Closed(..) => {
                self.stage = Stage::Holding;
                (self.since, self.since_exact) = (since, exact);
                self.spells.clear();
                self.spell(now);
            }
            Stage::Clearing(_) => {
                self.stage = Stage::Open;
                self.spell(now);
            }
            Stage::Holding | Stage::Open => {}
        }
        // Within an episode the earliest beginning that evidence names counts.
        if since < self.since || (since == self.since && exact) {
            (self.since, self.since_exact) = (since, exact);
        }
        self.found = found;
        if self.stage == Stage::Holding && self.opens_at() <= now {
            self.stage = Stage::Open;
            self.last_row = None;
            self.openings.retain(|at| after(*at, FLAP_WINDOW) > now);
            self.openings.push(now);
        }
    }

    /// The finding is not there; `there` says whether its subject still is. Returns whether it closes now.
    pub fn absent(&mut self, there: bool, now: Timestamp) -> bool {
        if self.stage == Stage::Open {
            self.stage = Stage::Clearing(now);
        }
        let Stage::Clearing(gone) = self.stage else { return false };
        if self.clears_at(gone, there) > now {
            return false;
        }
        self.stage = Stage::Closed(self.found.finding.happened.unwrap_or(gone), now);
        true
    }

    /// Whether it is listed as an open incident, or as a symptom of one.
    pub const fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open | Stage::Clearing(_))
    }

    /// Whether it may be a row of its own: what was but a symptom is none when it is about to be over.
    pub const fn may_be_listed(&self) -> bool {
        self.listed || !matches!(self.stage, Stage::Clearing(_))
    }

    /// Open, flapping, about to be over, or over.
    pub fn state(&self, now: Timestamp) -> IncidentState {
        match self.stage {
            Stage::Closed(until, _) => IncidentState::Recovered(until),
            _ if self.openings.iter().filter(|at| after(**at, FLAP_WINDOW) > now).count() >= FLAP_OPENINGS => {
                IncidentState::Flapping
            }
            Stage::Clearing(gone) if after(gone, EASES) <= now => IncidentState::Clearing(gone),
            _ => IncidentState::Open,
        }
    }

    /// Whether its last row is still shown as recovered.
    pub fn shows_recovered(&self, now: Timestamp) -> bool {
        matches!(self.stage, Stage::Closed(_, at) if after(at, RECOVERED_SHOWN) > now)
    }

    /// Whether nothing of it is of use any more.
    pub fn is_over(&self, now: Timestamp) -> bool {
        match self.stage {
            Stage::Holding => self.openings.iter().all(|at| after(*at, FLAP_WINDOW) <= now),
            Stage::Open | Stage::Clearing(_) => false,
            Stage::Closed(_, at) => {
                after(at, RECOVERED_SHOWN) <= now && self.openings.iter().all(|at| after(*at, FLAP_WINDOW) <= now)
            }
        }
    }

    /// When time alone changes it.
    pub fn deadline(&self, there: bool, now: Timestamp) -> Option<Timestamp> {
        let flap = self.openings.iter().map(|at| after(*at, FLAP_WINDOW)).filter(|at| *at > now).min();
        match self.stage {
            Stage::Holding => Some(self.opens_at()),
            Stage::Open => flap.filter(|_| self.openings.len() >= FLAP_OPENINGS),
            Stage::Clearing(gone) => {
                let clears = self.clears_at(gone, there);
                Some(after(gone, EASES)).filter(|at| *at > now && *at < clears).or(Some(clears))
            }
            Stage::Closed(_, at) => Some(after(at, RECOVERED_SHOWN)).filter(|at| *at > now).or(flap),
        }
    }

    fn spell(&mut self, now: Timestamp) {
        if self.spells.len() == 3 {
            self.spells.remove(0);
        }
        self.spells.push(now);
    }

    fn opens_at(&self) -> Timestamp {
        // What was seen to begin has to hold from then on; of the rest its evidence tells, or nothing does.
        match (self.found.watched, self.found.finding.since) {
            (true, _) => after(self.found.held_since, self.found.rule.hold_seconds),
            (false, Some(since)) => after(since, self.found.rule.hold_seconds),
            (false, None) => self.found.held_since,
        }
    }

    fn clears_at(&self, gone: Timestamp, there: bool) -> Timestamp {
        if !there {
            return after(gone, REMOVED_GRACE);
        }
        // A rule that looks at what happens says itself when that is over.
        if self.found.finding.happened.is_some() {
            return gone;
        }
        let gaps = self.spells.windows(2).map(|pair| pair[1].as_second() - pair[0].as_second());
        let longest = gaps.filter(|gap| *gap <= FLAP_WINDOW).max().unwrap_or(0);
        after(gone, self.found.rule.clear_after_seconds.max(2 * longest))
    }
}

/// A stable identity: FNV-1a of cluster, family and subject, 64 bits in hexadecimal
/// (<http://www.isthe.com/chongo/tech/comp/fnv/>).
pub fn identity(family: &str, subject: &Ref) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let namespace = subject.namespace.as_deref().unwrap_or("-");
    for part in [subject.cluster.as_str(), family, subject.kind.as_str(), namespace, &subject.name] {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}
