//! What was done, by whom, and how it came out: kept beyond the session, by several cockpits at once.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::identity::{Kind, Ref};
use super::intent::Intent;
use super::run::{Outcome, Run, StepState};
use super::text::Text;

/// So many entries are read at once, the newest first.
pub const PAGE: usize = 500;
/// A lease whose holder was not heard of for so long has lapsed, seconds.
pub const LEASE_SECONDS: i64 = 60;

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The local user and host: `anna@bastion`.
    pub name: Text,
    /// The address that they came from by SSH, where they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Text>,
    /// Whom the cluster takes them for: the user or the context of the login, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<Text>,
}

impl Person {
    /// Somebody of whom only the name is known.
    pub fn named(name: impl Into<Text>) -> Self {
        Self { name: name.into(), origin: None, credential: None }
    }

    /// `anna` of `anna@bastion`.
    pub fn short(&self) -> &str {
        self.name.split('@').next().unwrap_or(&self.name)
    }
}

/// Who answers for a run that is under way. Whoever holds it says so again every few seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// On which machine.
    pub host: Text,
    /// Since which start of that machine.
    pub boot: Text,
    /// Which process.
    pub pid: u32,
    /// When that process began, by the machine's own count: a number that is used again is another process.
    pub birth: u64,
    /// When it was last said, milliseconds since 1970.
    pub beat: i64,
    /// Nobody answers any more: told by who read it.
    #[serde(skip)]
    pub lapsed: bool,
}

impl Lease {
    /// Who holds it, whenever that was last said.
    pub fn holder(&self) -> (&Text, &Text, u32, u64) {
        (&self.host, &self.boot, self.pid, self.birth)
    }
}

/// One run, as it is journalled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Who confirmed it.
    pub by: Person,
    /// Who went on with it, where its first owner fell silent: the last one.
    #[serde(default)]
    pub taken_by: Option<Person>,
    /// Who went on with it before that one, the first first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub between: Vec<Person>,
    /// Why, where somebody said so.
    #[serde(default)]
    pub reason: Option<Text>,
    /// What: its id is unique among all cockpits, and later ones are greater.
    pub run: Run,
    /// Counts up with each change of the run: of two forms of one entry the later counts.
    #[serde(default)]
    pub version: u64,
    /// Who answers for it; nobody once it has ended.
    #[serde(default)]
    pub lease: Option<Lease>,
}

impl Entry {
    /// Somebody goes on with it.
    pub fn pass_on(&mut self, to: &Person) {
        self.between.extend(self.taken_by.replace(to.clone()));
        self.version += 1;
    }

    /// Whether it goes on, and somebody answers for it.
    pub fn is_under_way(&self) -> bool {
        self.run.outcome.is_none() && self.lease.as_ref().is_some_and(|lease| !lease.lapsed)
    }

    /// Whether it was left in the middle: it has not ended, and nobody answers for it any more.
    pub fn is_abandoned(&self) -> bool {
        self.run.outcome.is_none() && !self.is_under_way()
    }
}

/// What is new in a journal.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct News {
    /// Entries that are new or have changed; the first time the newest [`PAGE`], and all that have not ended.
    pub entries: Vec<Entry>,
    /// How many older ones there are that were not read; none where that has not changed.
    pub older: Option<u64>,
    /// Nothing can be written, and why. Told anew each time.
    pub unwritable: Option<Text>,
    /// What a person has to know of it: a damaged file was set aside.
    pub said: Vec<Text>,
}

/// Why an entry was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritten {
    /// It cannot be written now, and why.
    #[error("the journal cannot be written: {0}")]
    Closed(Text),
    /// Somebody else answers for the run by now.
    #[error("{0} has taken it over")]
    Taken(Text),
}

/// Keeps entries beyond the session. It may block: it is never asked on the loop.
pub trait Journal: Send {
    /// Writes an entry, durably by when it returns, and holds its lease until the run has ended. An older version than what
    /// is there changes nothing.
    ///
    /// # Errors
    /// It cannot be written, or the run is somebody else's by now.
    fn write(&mut self, entry: &Entry) -> Result<(), Unwritten>;

    /// Says again that its runs are its own, and what is new since it was last asked. Asked every two seconds, and cheap
    /// where nothing has changed: then nothing is said.
    fn tend(&mut self) -> Option<News>;

    /// Takes a run over whose lease has lapsed, if that lease is still as it was seen.
    ///
    /// # Errors
    /// It cannot be had; why, in words.
    fn take_over(&mut self, id: u64, seen: &Lease, by: &Person) -> Result<Entry, Text>;

    /// Entries that are older than one, newest first, at most a [`PAGE`]; and how many more there are.
    ///
    /// # Errors
    /// It cannot be read; why, in words.
    fn earlier(&mut self, than: u64) -> Result<(Vec<Entry>, u64), Text>;
}

/// What holds an object back until somebody lifts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hold {
    /// A node takes nothing new.
    Cordoned,
    /// A node is emptied, or kept empty.
    Drained,
    /// A rollout stands still.
    Paused,
    /// A canary waits until somebody lets it take over.
    Canary,
    /// A rollout stands still on its way back.
    BackPaused,
    /// A CronJob or a Job does not run.
    Suspended,
    /// None of it is wanted.
    Zero,
    /// What keeps it as a repository has it does so only by hand.
    SyncOff,
    /// An alert tells nobody.
    Silenced,
}

impl Hold {
    /// In a word or two: `cordoned`, `scaled to zero`.
    pub const fn words(self) -> &'static str {
        match self {
            Hold::Cordoned => "cordoned",
            Hold::Drained => "drained",
            Hold::Paused => "rollout paused",
            Hold::Canary => "canary waits",
            Hold::BackPaused => "rollback paused",
            Hold::Suspended => "suspended",
            Hold::Zero => "scaled to zero",
            Hold::SyncOff => "sync switched off",
            Hold::Silenced => "silenced",
        }
    }

    /// What lifts it; none where that cannot be told (how many it was before).
    pub fn lifted_by(self, key: &Ref) -> Option<Intent> {
        match self {
            Hold::Cordoned | Hold::Drained => Some(Intent::Uncordon(key.clone())),
            // A Swarm pauses an update by itself when it fails; to resume it costs the way back (moby#37693).
            Hold::Paused if key.kind == Kind::Service => Some(Intent::Undo(key.clone(), None)),
            Hold::Paused | Hold::BackPaused | Hold::Suspended | Hold::SyncOff => Some(Intent::Resume(key.clone())),
            Hold::Canary => Some(Intent::Promote(key.clone())),
            Hold::Silenced => Some(Intent::Unsilence(key.clone())),
            Hold::Zero => None,
        }
    }

    /// Whether an intent makes this hold, or lifts it; none where it is about something else.
    pub const fn told_by(self, intent: &Intent) -> Option<bool> {
        match (self, intent) {
            (Hold::Cordoned | Hold::Drained, Intent::Cordon(_) | Intent::Drain(..)) => Some(true),
            (Hold::Cordoned | Hold::Drained, Intent::Uncordon(_)) => Some(false),
            (Hold::Zero, Intent::Scale(_, to)) => Some(*to == 0),
            (Hold::Zero, Intent::Start(_)) => Some(false),
            (Hold::Paused | Hold::BackPaused | Hold::Suspended | Hold::SyncOff, Intent::Pause(_)) => Some(true),
            (Hold::Paused | Hold::BackPaused | Hold::Suspended | Hold::SyncOff, Intent::Resume(_)) => Some(false),
            (Hold::Silenced, Intent::Silence(..)) => Some(true),
            (Hold::Silenced, Intent::Unsilence(_)) => Some(false),
            _ => None,
        }
    }
}

/// What the journal knows that was done to one object: a fact among the others, so that rules can speak of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deed {
    /// The run's id.
    pub id: u64,
    /// What was meant with this object.
    pub intent: Intent,
    /// By whom: `anna@bastion`.
    pub by: Text,
    /// When it began.
    pub began: Timestamp,
    /// How it ended, once it has.
    pub outcome: Option<(Timestamp, Outcome)>,
    /// Steps that are done, and all of them.
    pub progress: (u32, u32),
    /// It was left in the middle: nobody answers for it.
    pub abandoned: bool,
}

impl Deed {
    /// What an entry says of each object that it was meant for.
    pub fn of(entry: &Entry) -> impl Iterator<Item = (&Ref, Deed)> {
        let run = &entry.run;
        let done = run.steps.iter().filter(|state| matches!(state, StepState::Done(_))).count();
        let progress = (u32::try_from(done).unwrap_or(u32::MAX), u32::try_from(run.steps.len()).unwrap_or(u32::MAX));
        run.plan.intent.parts().iter().map(move |part| {
            let deed = Deed {
                id: run.id,
                intent: part.clone(),
                by: entry.by.name.clone(),
                began: run.started,
                outcome: run.outcome.clone(),
                progress,
                abandoned: entry.is_abandoned(),
            };
            (part.target(), deed)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_that_a_swarm_paused_is_lifted_by_going_back() {
        let key = |kind| Ref::new(&crate::domain::ClusterId::new("c"), kind, None, "web");
        let (swarm, other) = (key(Kind::Service), key(Kind::Deployment));
        assert_eq!(Hold::Paused.lifted_by(&swarm), Some(Intent::Undo(swarm.clone(), None)));
        assert_eq!(Hold::BackPaused.lifted_by(&swarm), Some(Intent::Resume(swarm.clone())));
        assert_eq!(Hold::Paused.lifted_by(&other), Some(Intent::Resume(other.clone())));
    }
}
