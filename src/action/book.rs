//! What is done and was done: the runs of this session, and what the journal knows of others and of former ones.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::journal::News;
use crate::domain::{
    ClusterInfo, Entry, Intent, Outcome, Person, Plan, Receipt, Ref, Run, Step, StepError, Text, Timestamp,
};
use crate::state::View;

use super::run::RunEvent;

/// A step to be sent: of which run, at which place, and what.
pub type Asked = (u64, usize, Step);

/// Runs under way and done.
#[derive(Debug)]
pub struct RunBook {
    me: Person,
    numbers: Numbers,
    /// Those of this session, oldest first.
    runs: Vec<Run>,
    /// What an entry has besides its run, of each of them.
    own: BTreeMap<u64, Own>,
    /// Those of others and of former sessions, by their ids.
    kept: BTreeMap<u64, Entry>,
    /// How many older ones the journal has.
    older: u64,
    /// Own runs that have changed since they were last handed over to be written.
    unwritten: BTreeSet<u64>,
    /// Those that could not be written.
    owed: BTreeSet<u64>,
    version: u64,
}

#[derive(Debug)]
struct Own {
    by: Person,
    taken_by: Option<Person>,
    between: Vec<Person>,
    reason: Option<Text>,
    version: u64,
}

/// One run and what is known of it besides.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// What was meant, and how far it is.
    pub run: &'a Run,
    /// Who confirmed it.
    pub by: &'a Person,
    /// Who went on with it, where its first owner fell silent: the last one.
    pub taken_by: Option<&'a Person>,
    /// Who went on with it before that one.
    pub between: &'a [Person],
    /// Why, where somebody said so.
    pub reason: Option<&'a Text>,
    /// It is of this session: this cockpit answers for it.
    pub is_own: bool,
    /// It was left in the middle, and nobody answers for it.
    pub is_abandoned: bool,
}

/// Something that can be taken back.
#[derive(Debug, Clone, Copy)]
pub struct Undo<'a> {
    /// What was done, by whom and when.
    pub done: Known<'a>,
    /// What takes it back.
    pub inverse: &'a Intent,
}

/// Ids of runs: unique among all cockpits that share a journal, the later the greater.
#[derive(Debug, Clone, Copy, Default)]
pub struct Numbers {
    /// What tells this cockpit from others; none where it is alone: then runs are counted from 1.
    salt: Option<u64>,
    last: u64,
}

/// Bits of an id that tell cockpits apart; those above are the milliseconds since 1970, and enough until 2527.
const SALT_BITS: u32 = 19;

impl Numbers {
    /// Those of one among several; `random` is any number.
    pub const fn shared(random: u64) -> Self {
        Self { salt: Some(random & ((1 << SALT_BITS) - 1)), last: 0 }
    }

    fn next(&mut self, now: Timestamp) -> u64 {
        let floor = self.salt.map_or(0, |salt| {
            let ms = u64::try_from(now.as_millisecond()).unwrap_or_default();
            (ms << SALT_BITS) | salt
        });
        self.last = floor.max(self.last + 1);
        self.last
    }
}

impl Default for RunBook {
    fn default() -> Self {
        Self::of(Person::named("somebody"), Numbers::default())
    }
}

/// A person with the names by which the clusters of a plan know them.
fn known_there(who: Person, plan: &Plan, view: &View<'_>) -> Person {
    let clusters: BTreeSet<_> = plan.intent.parts().iter().map(|part| &part.target().cluster).collect();
    let login = |cluster| view.cluster_info(&ClusterInfo::key_of(cluster)).and_then(|info| info.login.clone());
    let logins: BTreeSet<Text> = clusters.into_iter().filter_map(login).collect();
    let names: Vec<&str> = logins.iter().map(Text::as_str).collect();
    Person { credential: (!names.is_empty()).then(|| Text::from(names.join(", "))), ..who }
}

impl RunBook {
    /// An empty one, of a person.
    pub const fn of(me: Person, numbers: Numbers) -> Self {
        Self {
            me,
            numbers,
            runs: Vec::new(),
            own: BTreeMap::new(),
            kept: BTreeMap::new(),
            older: 0,
            unwritten: BTreeSet::new(),
            owed: BTreeSet::new(),
            version: 0,
        }
    }

    /// Who sits here.
    pub const fn me(&self) -> &Person {
        &self.me
    }

    /// Starts a confirmed plan and says which steps are to be sent.
    pub fn start(&mut self, plan: Plan, view: &View<'_>) -> (u64, Vec<Asked>) {
        let id = self.numbers.next(view.now);
        let (reason, by) = (plan.reason.clone(), known_there(self.me.clone(), &plan, view));
        self.runs.push(Run::new(id, plan, view.now));
        self.own.insert(id, Own { by, taken_by: None, between: Vec::new(), reason, version: 0 });
        self.unwritten.insert(id);
        (id, self.advance(id, RunEvent::Look, view))
    }

    /// Goes on with a run that was taken over: what was done stays done, what was sent is looked for and never sent again,
    /// the rest goes on. With `stop` the rest is left, so that it can be put back.
    pub fn adopt(&mut self, entry: Entry, stop: bool, view: &View<'_>) -> Vec<Asked> {
        let Entry { by, taken_by, between, reason, run, version, .. } = entry;
        let id = run.id;
        self.kept.remove(&id);
        self.runs.retain(|known| known.id != id);
        let taken_by =
            taken_by.map(|who| if who.name == self.me.name { known_there(who, &run.plan, view) } else { who });
        self.runs.push(run);
        self.own.insert(id, Own { by, taken_by, between, reason, version });
        if stop {
            // Before anything of the rest would be sent.
            self.advance(id, RunEvent::Stop, view);
        }
        self.advance(id, RunEvent::Resume, view)
    }

    /// An entry could not be written: it is to be written when that can be again.
    pub fn owe(&mut self, id: u64) {
        self.owed.insert(id);
    }

    /// Takes in what is new in the journal. Own runs are known here better.
    pub fn hear(&mut self, news: &News) {
        if news.unwritable.is_none() {
            self.unwritten.append(&mut self.owed);
        }
        if let Some(older) = news.older {
            self.older = older;
        }
        let others = news.entries.iter().filter(|entry| !self.own.contains_key(&entry.run.id));
        let others: Vec<&Entry> = others.collect();
        for entry in others {
            let newer = self.kept.get(&entry.run.id).is_none_or(|known| known.version <= entry.version);
            if newer {
                self.kept.insert(entry.run.id, entry.clone());
            }
        }
        self.version += 1;
    }

    /// Takes in older entries, and how many more there are.
    pub fn hear_older(&mut self, entries: Vec<Entry>, older: u64) {
        for entry in entries {
            self.kept.entry(entry.run.id).or_insert(entry);
        }
        self.older = older;
        self.version += 1;
    }

    /// Own runs as they are to be written, of those that have changed since this was last asked.
    pub fn take_unwritten(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.unwritten).into_iter().filter_map(|id| self.entry(id)).collect()
    }

    /// An own run as it is to be written.
    pub fn entry(&self, id: u64) -> Option<Entry> {
        let own = self.own.get(&id)?;
        Some(Entry {
            by: own.by.clone(),
            taken_by: own.taken_by.clone(),
            between: own.between.clone(),
            reason: own.reason.clone(),
            run: self.own_run(id)?.clone(),
            version: own.version,
            lease: None,
        })
    }

    /// Somebody else answers for an own run by now: it is theirs.
    pub fn lose(&mut self, id: u64) {
        self.runs.retain(|run| run.id != id);
        self.own.remove(&id);
        self.unwritten.remove(&id);
        self.version += 1;
    }

    /// Takes an answer to a step.
    pub fn answer(&mut self, id: u64, ix: usize, answer: Result<Receipt, StepError>, view: &View<'_>) -> Vec<Asked> {
        self.advance(id, RunEvent::Answer(ix, answer), view)
    }

    /// Stops a run: what was not sent is not sent any more.
    pub fn stop(&mut self, id: u64, view: &View<'_>) -> Vec<Asked> {
        self.advance(id, RunEvent::Stop, view)
    }

    /// Nobody goes on with an own run: it ends as it is.
    pub fn let_go(&mut self, id: u64, now: Timestamp) {
        let open = self.runs.iter_mut().find(|run| run.id == id && run.outcome.is_none());
        if let Some((run, own)) = open.zip(self.own.get_mut(&id)) {
            run.let_go(now);
            (self.version, own.version) = (self.version + 1, own.version + 1);
            self.unwritten.insert(id);
        }
    }

    /// Lets every run under way look at the world.
    pub fn look(&mut self, view: &View<'_>) -> Vec<Asked> {
        let open: Vec<u64> = self.runs.iter().filter(|run| run.outcome.is_none()).map(|run| run.id).collect();
        open.into_iter().flat_map(|id| self.advance(id, RunEvent::Look, view)).collect()
    }

    fn advance(&mut self, id: u64, event: RunEvent, view: &View<'_>) -> Vec<Asked> {
        let Some(run) = self.runs.iter_mut().find(|run| run.id == id) else { return Vec::new() };
        let before = (run.steps.clone(), run.stopping);
        let asked = run.advance(event, view);
        if (&run.steps, run.stopping) != (&before.0, before.1) || !asked.is_empty() {
            self.version += 1;
            self.unwritten.insert(id);
            if let Some(own) = self.own.get_mut(&id) {
                own.version += 1;
            }
        }
        asked.into_iter().map(|(ix, step)| (id, ix, step)).collect()
    }

    /// When a run has to be looked at again though nothing changes.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.runs.iter().filter_map(Run::next_deadline).min()
    }

    /// The runs of this session, oldest first.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    fn own_run(&self, id: u64) -> Option<&Run> {
        self.runs.iter().find(|run| run.id == id)
    }

    /// One run, whoever's.
    pub fn run(&self, id: u64) -> Option<&Run> {
        self.own_run(id).or_else(|| self.kept.get(&id).map(|entry| &entry.run))
    }

    /// One run, whoever's, and what is known of it.
    pub fn known(&self, id: u64) -> Option<Known<'_>> {
        match self.own_run(id) {
            Some(run) => Some(self.known_own(run)),
            None => self.kept.get(&id).map(Known::of),
        }
    }

    fn known_own<'a>(&'a self, run: &'a Run) -> Known<'a> {
        let own = self.own.get(&run.id);
        Known {
            run,
            by: own.map_or(&self.me, |own| &own.by),
            taken_by: own.and_then(|own| own.taken_by.as_ref()),
            between: own.map_or(&[], |own| &own.between),
            reason: own.and_then(|own| own.reason.as_ref()),
            is_own: true,
            is_abandoned: false,
        }
    }

    /// An entry of another one, or of a former session.
    pub fn kept(&self, id: u64) -> Option<&Entry> {
        self.kept.get(&id)
    }

    /// All runs that are known, whoever's, the newest first.
    pub fn history(&self) -> Vec<Known<'_>> {
        newest_first(self.all().collect())
    }

    /// Those that were meant for an object, the newest first.
    pub fn history_of(&self, key: &Ref) -> Vec<Known<'_>> {
        newest_first(self.all().filter(|known| known.run.plan.intent.concerns(key)).collect())
    }

    fn all(&self) -> impl Iterator<Item = Known<'_>> {
        self.runs.iter().map(|run| self.known_own(run)).chain(self.kept.values().map(Known::of))
    }

    /// How many older ones the journal has, and the oldest that is known: what comes before it can be asked for.
    pub fn older(&self) -> Option<(u64, u64)> {
        let oldest = *self.kept.keys().next()?;
        (self.older > 0).then_some((self.older, oldest))
    }

    /// The run that is under way on an object, here or by another one, if one is.
    pub fn under_way(&self, key: &Ref) -> Option<&Run> {
        let own = self.runs.iter().rev().filter(|run| run.outcome.is_none());
        let others = self.kept.values().rev().filter(|entry| entry.is_under_way()).map(|entry| &entry.run);
        own.chain(others).find(|run| run.plan.intent.concerns(key))
    }

    /// The run on an object that was left in the middle, if one was.
    pub fn abandoned(&self, key: &Ref) -> Option<Known<'_>> {
        let left = self.kept.values().rev().filter(|entry| entry.is_abandoned());
        left.map(Known::of).find(|known| known.run.plan.intent.concerns(key))
    }

    /// What can be taken back on an object, newest first. What was left in the middle has its own way back.
    pub fn undoable<'a>(&'a self, key: &'a Ref) -> impl Iterator<Item = Undo<'a>> {
        let done = |known: &Known<'a>| match known.run.outcome {
            None => known.is_abandoned,
            Some((_, Outcome::Failed(_))) => false,
            Some(_) => true,
        };
        self.history_of(key)
            .into_iter()
            .filter(done)
            .filter_map(|done| Some(Undo { done, inverse: done.run.plan.inverse.as_ref()? }))
    }

    /// Counts up with every change.
    pub const fn version(&self) -> u64 {
        self.version
    }
}

fn newest_first(mut all: Vec<Known<'_>>) -> Vec<Known<'_>> {
    all.sort_by_key(|known| (Reverse(known.run.started), Reverse(known.run.id)));
    all
}

impl<'a> Known<'a> {
    /// What an entry says.
    pub fn of(entry: &'a Entry) -> Self {
        Self {
            run: &entry.run,
            by: &entry.by,
            taken_by: entry.taken_by.as_ref(),
            between: &entry.between,
            reason: entry.reason.as_ref(),
            is_own: false,
            is_abandoned: entry.is_abandoned(),
        }
    }

    /// `you`, `anna`, `anna, then ben`.
    pub fn who(&self, me: &Person) -> String {
        let name = |person: &Person| if person.name == me.name { "you".to_owned() } else { person.short().to_owned() };
        self.hands().iter().map(|person| name(person)).collect::<Vec<_>>().join(", then ")
    }

    /// Everybody through whose hands it went, each once in a row.
    pub fn hands(&self) -> Vec<&'a Person> {
        let mut all: Vec<&Person> = std::iter::once(self.by).chain(self.between).chain(self.taken_by).collect();
        all.dedup_by(|next, before| next.name == before.name);
        all
    }
}

#[cfg(test)]
mod tests;
