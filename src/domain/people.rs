//! What people said of incidents: snoozed, accepted, taken, noted. Pure: whether an incident is folded follows from what was
//! said, how it was then, how it is now, and the time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ClusterId, Name, Severity, Text, Tier, Timestamp};

/// What users feel now is folded away for so long at most, seconds.
pub const LONGEST_AT_TIER_ONE: i64 = 3600;
/// What was said is kept for so long after its incident is gone, seconds.
pub const KEPT: i64 = 30 * 24 * 3600;

/// How much an incident weighs: what it has to outgrow to come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weight {
    /// How bad.
    pub severity: Severity,
    /// What ranks it.
    pub tier: Tier,
    /// The rule that names the cause.
    pub rule: Name,
    /// How many things it is about or drags along.
    pub reach: u32,
    /// Users reach it.
    pub users: bool,
    /// The revision of its workload, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Name>,
}

impl Weight {
    /// What has grown since `then`, in words that go before "it was snoozed".
    fn grown_since(&self, then: &Weight) -> Option<&'static str> {
        if self.tier < then.tier || self.severity < then.severity {
            Some("worse than when")
        } else if self.rule != then.rule {
            Some("of another cause than when")
        } else if self.reach > then.reach || (self.users && !then.users) {
            Some("reaching further than when")
        } else {
            None
        }
    }
}

/// How long a snooze lasts. Whatever it is, what grows comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SnoozedUntil {
    /// Until then.
    Time(Timestamp),
    /// Until it is worse.
    Worse,
    /// Until its workload has another revision.
    Deploy,
}

/// Whether an incident is folded away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fold {
    /// It is listed: what was said before is taken back.
    Listed,
    /// Not now.
    Snoozed(SnoozedUntil, Weight),
    /// So be it, for a reason.
    Accepted(Text, Weight),
}

/// Something that somebody said at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark<T> {
    /// Who: `anna@bastion`.
    pub by: Text,
    /// When.
    pub at: Timestamp,
    /// What.
    pub said: T,
}

/// What was said of one incident. Nothing is ever removed from it: what is taken back is said as newer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// In which cluster the incident is.
    pub cluster: ClusterId,
    /// What it is about, for who reads the file.
    pub about: Text,
    /// Whether it is folded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fold: Option<Mark<Fold>>,
    /// Whether the one who said so has taken it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Mark<bool>>,
    /// A note; an empty one is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Mark<Text>>,
    /// That it came back here from the fold of that time, and why: it stays, also where it shrinks again. Of this session
    /// alone: who sees other things of a cluster may judge otherwise.
    #[serde(skip)]
    back: Option<(Timestamp, &'static str)>,
}

/// One thing to say of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saying {
    /// Folded or not.
    Fold(Fold),
    /// Taken or given back.
    Taken(bool),
    /// A note.
    Note(Text),
}

/// How an incident stands with people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand<'a> {
    /// Nobody folded it, or that is over.
    Listed,
    /// It is folded away.
    Folded(&'a Mark<Fold>),
    /// It was folded, and came back before its time: why, in words that go before "it was snoozed".
    Back(&'static str, &'a Mark<Fold>),
}

/// All that people said, by incident.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct People {
    entries: BTreeMap<Name, Entry>,
}

/// Keeps what people said beyond the session. It may block: it is never asked on the loop.
pub trait Keeper: Send {
    /// What is kept, where that is another than when it was last looked at.
    fn look(&mut self) -> Option<Result<People, Text>>;
    /// Adds what is new to what is kept, without what is to be forgotten; returns all of it.
    ///
    /// # Errors
    /// It cannot be kept; why, in words.
    fn keep(&mut self, new: &People, forget: &[Name]) -> Result<People, Text>;
}

impl<T: Clone + std::fmt::Debug> Mark<T> {
    /// The newer of two wins, and everywhere the same one.
    fn newer(one: &Option<Self>, other: &Option<Self>) -> Option<Self> {
        let rank = |it: &Self| (it.at, it.by.clone(), format!("{:?}", it.said));
        match (one, other) {
            (Some(one), Some(other)) => Some(if rank(other) > rank(one) { other } else { one }.clone()),
            (one, other) => one.as_ref().or(other.as_ref()).cloned(),
        }
    }
}

impl Entry {
    fn merge(&mut self, other: &Entry) {
        self.fold = Mark::newer(&self.fold, &other.fold);
        self.taken = Mark::newer(&self.taken, &other.taken);
        self.note = Mark::newer(&self.note, &other.note);
    }

    /// When something was last said.
    fn last(&self) -> Option<Timestamp> {
        let (fold, taken) = (self.fold.as_ref().map(|it| it.at), self.taken.as_ref().map(|it| it.at));
        [fold, taken, self.note.as_ref().map(|it| it.at)].into_iter().flatten().max()
    }

    /// Who has taken it, and when.
    pub fn taken_by(&self) -> Option<(&Text, Timestamp)> {
        self.taken.as_ref().filter(|mark| mark.said).map(|mark| (&mark.by, mark.at))
    }

    /// The note, where there is one.
    pub fn noted(&self) -> Option<&Mark<Text>> {
        self.note.as_ref().filter(|mark| !mark.said.is_empty())
    }

    fn stand(&self, weight: &Weight, now: Timestamp) -> Stand<'_> {
        let Some(mark) = &self.fold else { return Stand::Listed };
        let then = match &mark.said {
            Fold::Listed => return Stand::Listed,
            Fold::Accepted(_, then) | Fold::Snoozed(_, then) => then,
        };
        if self.ends(weight.tier).is_some_and(|end| end <= now) {
            return Stand::Listed;
        }
        if let Some((_, grown)) = self.back.filter(|(of, _)| *of == mark.at) {
            return Stand::Back(grown, mark);
        }
        if let Some(grown) = weight.grown_since(then) {
            return Stand::Back(grown, mark);
        }
        match &mark.said {
            Fold::Snoozed(SnoozedUntil::Deploy, then) if then.revision != weight.revision => {
                Stand::Back("deployed since", mark)
            }
            _ => Stand::Folded(mark),
        }
    }

    /// When what is folded is listed again by the time alone.
    fn ends(&self, tier: Tier) -> Option<Timestamp> {
        let mark = self.fold.as_ref().filter(|mark| mark.said != Fold::Listed)?;
        let longest = (tier == Tier::UsersHurt).then(|| after(mark.at, LONGEST_AT_TIER_ONE));
        let until = match &mark.said {
            Fold::Snoozed(SnoozedUntil::Time(until), _) => Some(*until),
            _ => None,
        };
        [until, longest].into_iter().flatten().min()
    }
}

impl People {
    /// Whether nobody has said anything.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What was said of an incident.
    pub fn of(&self, incident: &Name) -> Option<&Entry> {
        self.entries.get(incident)
    }

    /// Takes in what somebody says now; returns what is new of it, to be kept.
    pub fn say(&mut self, incident: &Name, of: (&ClusterId, Text), saying: Saying, by: &Text, now: Timestamp) -> Self {
        let blank = || Entry { cluster: of.0.clone(), about: of.1, fold: None, taken: None, note: None, back: None };
        let entry = self.entries.entry(incident.clone()).or_insert_with(blank);
        // What is said later counts, also where a clock stands still or was ahead.
        let later = |last: Option<Timestamp>| last.map_or(now, |last| now.max(next_instant(last)));
        let mut new = Entry { fold: None, taken: None, note: None, back: None, ..entry.clone() };
        let by = by.clone();
        match saying {
            Saying::Fold(said) => new.fold = Some(Mark { by, at: later(entry.fold.as_ref().map(|it| it.at)), said }),
            Saying::Taken(said) => new.taken = Some(Mark { by, at: later(entry.taken.as_ref().map(|it| it.at)), said }),
            Saying::Note(said) => new.note = Some(Mark { by, at: later(entry.note.as_ref().map(|it| it.at)), said }),
        }
        entry.merge(&new);
        Self { entries: BTreeMap::from([(incident.clone(), new)]) }
    }

    /// Takes in what another one heard. The newer of what was said wins, in whatever order it is heard.
    pub fn merge(&mut self, other: &People) {
        for (incident, entry) in &other.entries {
            match self.entries.get_mut(incident) {
                Some(known) => known.merge(entry),
                None => {
                    self.entries.insert(incident.clone(), entry.clone());
                }
            }
        }
    }

    /// How an incident stands; it is weighed only where somebody said something of it.
    pub fn stand(&self, incident: &Name, weigh: impl FnOnce() -> Weight, now: Timestamp) -> Stand<'_> {
        self.entries.get(incident).map_or(Stand::Listed, |entry| entry.stand(&weigh(), now))
    }

    /// What has come back stays back until somebody folds it anew, though it should shrink again: a row that comes and goes
    /// helps nobody.
    pub fn stays_back(&mut self, incident: &Name, why: &'static str) {
        if let Some(entry) = self.entries.get_mut(incident) {
            entry.back = entry.fold.as_ref().map(|mark| (mark.at, why));
        }
    }

    /// When something is listed again by the time alone.
    pub fn next_deadline(&self, now: Timestamp) -> Option<Timestamp> {
        // Of which tier an incident is now is not known here: what may end after an hour is looked at then.
        let ends = |entry: &Entry| [entry.ends(Tier::UsersHurt), entry.ends(Tier::Risk)];
        self.entries.values().flat_map(ends).flatten().filter(|at| *at > now).min()
    }

    /// What need not be kept any more: of incidents that are gone, and old.
    pub fn forgotten(&self, now: Timestamp, is_gone: impl Fn(&Name, &ClusterId) -> bool) -> Vec<Name> {
        let old = |entry: &Entry| entry.last().is_none_or(|last| after(last, KEPT) < now);
        let over = self.entries.iter().filter(|(id, entry)| old(entry) && is_gone(id, &entry.cluster));
        over.map(|(id, _)| id.clone()).collect()
    }

    /// Without these.
    pub fn forget(&mut self, incidents: &[Name]) {
        incidents.iter().for_each(|id| {
            self.entries.remove(id);
        });
    }
}

impl Fold {
    /// `snoozed`, `accepted`.
    pub const fn word(&self) -> &'static str {
        match self {
            Fold::Listed => "listed",
            Fold::Snoozed(..) => "snoozed",
            Fold::Accepted(..) => "accepted",
        }
    }
}

/// Why a fold is not to be had, where it is not: what hurts users now may be put off for an hour, not forgotten.
pub fn refused(fold: &Fold, now: Timestamp) -> Option<Text> {
    let (until, weight) = match fold {
        Fold::Listed => return None,
        Fold::Accepted(_, weight) => (None, weight),
        Fold::Snoozed(until, weight) => (Some(until), weight),
    };
    let short = matches!(until, Some(SnoozedUntil::Time(until)) if *until <= after(now, LONGEST_AT_TIER_ONE));
    if weight.tier == Tier::UsersHurt && !short {
        return Some(Text::new("users are hurt now: it can be snoozed for an hour at most"));
    }
    let unknown = until == Some(&SnoozedUntil::Deploy) && weight.revision.is_none();
    unknown.then(|| Text::new("no revision of it is known"))
}

fn after(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(at)
}

fn next_instant(at: Timestamp) -> Timestamp {
    at.checked_add(jiff::SignedDuration::from_nanos(1)).unwrap_or(at)
}

#[cfg(test)]
mod tests;
