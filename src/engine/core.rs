//! The one owner of what is known: no IO, no clock but the `now` that it is handed.

use std::collections::BTreeSet;

use crate::action::{Guard, Numbers, RunBook, plan};
use crate::diagnose::{Diagnosis, Settings};
use crate::domain::journal::News;
use crate::domain::{
    Batch, ClusterId, Deed, Demand, Draft, Entry, Fact, Freshness, Intent, Line, LineKind, Person, Plan, Receipt, Ref,
    Refusal, Step, StepError, Text, Timestamp, Want,
};
use crate::state::{View, World};

/// World, diagnosis and runs.
pub struct Core {
    world: World,
    diagnosis: Diagnosis,
    runs: RunBook,
    guard: Guard,
    retries: u64,
    /// A first listing is diagnosed at most so often: what came before is worth little while more keeps coming.
    last_settled: Option<Timestamp>,
    unsettled: bool,
}

/// What came of a turn.
#[derive(Debug, Default)]
pub struct Turn {
    /// Something that a frame shows may have changed.
    pub changed: bool,
    /// Work is left: come again without waiting.
    pub more: bool,
    /// Steps that are to be sent: run, place, step.
    pub steps: Vec<(u64, usize, Step)>,
}

/// While a first listing is under way, diagnosis settles at most so often, milliseconds.
const LOADING_PACE_MS: i64 = 250;

impl Core {
    /// A core that expects these clusters.
    pub fn new(settings: Settings, guard: Guard, clusters: &[ClusterId], now: Timestamp) -> Self {
        let mut world = World::default();
        clusters.iter().for_each(|cluster| world.expect(cluster));
        Self {
            world,
            diagnosis: Diagnosis::new(settings, now),
            runs: RunBook::default(),
            guard,
            retries: 0,
            last_settled: None,
            unsettled: true,
        }
    }

    /// For a person, whose runs have these ids.
    #[must_use]
    pub fn of(mut self, me: Person, numbers: Numbers) -> Self {
        self.runs = RunBook::of(me, numbers);
        self
    }

    /// Takes a batch in. Nothing is diagnosed until [`Core::turn`].
    pub fn fold(&mut self, batch: Batch) {
        self.world.fold(batch);
    }

    /// Diagnoses what is dirty while `more()`, then regroups and looks at the runs.
    pub fn turn(&mut self, now: Timestamp, more: &mut dyn FnMut() -> bool) -> Turn {
        let dirty = self.world.take_dirty(now);
        let view = self.world.view(now);
        let mut turn = Turn { changed: !dirty.is_empty(), ..Turn::default() };
        if !dirty.is_empty() {
            self.diagnosis.note(&dirty, &view);
        }
        let due = self.diagnosis.next_deadline().is_some_and(|at| at <= now);
        if !dirty.is_empty() || due || self.unsettled {
            self.unsettled = true;
            if self.may_settle(now) {
                turn.more = !self.diagnosis.examine(&view, more);
                if !turn.more {
                    turn.changed |= self.diagnosis.settle(&view);
                    self.unsettled = false;
                    self.last_settled = Some(now);
                }
            }
        }
        if turn.changed || self.runs.next_deadline().is_some_and(|at| at <= now) {
            let before = self.runs.version();
            turn.steps = self.runs.look(&view);
            turn.changed |= self.runs.version() != before;
        }
        turn
    }

    /// Diagnoses all that is dirty, whatever the pace.
    pub fn settle_now(&mut self, now: Timestamp) {
        self.last_settled = None;
        self.turn(now, &mut || true);
    }

    fn may_settle(&self, now: Timestamp) -> bool {
        let paced = |last: Timestamp| now.as_millisecond() - last.as_millisecond() >= LOADING_PACE_MS;
        self.last_settled.is_none_or(paced) || !self.is_loading(now)
    }

    fn is_loading(&self, now: Timestamp) -> bool {
        let view = self.world.view(now);
        view.clusters()
            .any(|(cluster, _)| view.sources(cluster).any(|(_, source)| source.freshness(now) == Freshness::Loading))
    }

    /// When a turn is due though nothing comes in.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let paced = self
            .unsettled
            .then_some(self.last_settled)
            .flatten()
            .and_then(|last| last.checked_add(jiff::SignedDuration::from_millis(LOADING_PACE_MS)).ok());
        [self.world.next_deadline(), self.diagnosis.next_deadline(), self.runs.next_deadline(), paced]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether every cluster has listed all that it watches, or is in trouble: nothing more is to be waited for.
    pub fn is_settled(&self) -> bool {
        let view = self.world.view(Timestamp::UNIX_EPOCH);
        view.clusters().all(|(cluster, _)| {
            let mut sources = view.sources(cluster).peekable();
            sources.peek().is_some() && sources.all(|(_, source)| source.settled())
        })
    }

    /// What is needed of the feeds: by the screen, and by the findings.
    pub fn demand(&self, visible: Vec<Ref>, asked: &BTreeSet<Want>) -> Demand {
        let wants = self.diagnosis.wants().union(asked).cloned().collect();
        Demand { visible, wants, retry: self.retries, ..Demand::default() }
    }

    /// Asks the feeds to try now what is in trouble.
    pub fn retry(&mut self) {
        self.retries += 1;
    }

    /// The world at `now`.
    pub const fn view(&self, now: Timestamp) -> View<'_> {
        self.world.view(now)
    }

    /// What is wrong.
    pub const fn diagnosis(&self) -> &Diagnosis {
        &self.diagnosis
    }

    /// Runs under way and done.
    pub const fn runs(&self) -> &RunBook {
        &self.runs
    }

    /// What may be done, and how carefully.
    pub const fn guard(&self) -> &Guard {
        &self.guard
    }

    /// A plan from a draft, or why there is none.
    pub fn plan(&self, intent: &Intent, draft: Draft, now: Timestamp) -> Result<Plan, Refusal> {
        let mut plan = plan(intent, &self.world.view(now), draft, &self.guard)?;
        let left = |part: &Intent| self.runs.abandoned(part.target());
        if let Some(known) = intent.parts().iter().find_map(left) {
            let (done, all) = known.run.progress();
            let (verb, who) = (known.run.plan.intent.verb(), known.by.short());
            let text = format!("ends what {who} left in the middle: {verb}, {done} of {all} done");
            plan.lines.push(Line::new(LineKind::Note, text));
        }
        Ok(plan)
    }

    /// Starts a confirmed plan; returns its run and the steps to send.
    pub fn start(&mut self, plan: Plan, now: Timestamp) -> (u64, Vec<(u64, usize, Step)>) {
        self.runs.start(plan, &self.world.view(now))
    }

    /// Takes the answer to a step; returns the steps to send next.
    pub fn answer(
        &mut self,
        run: u64,
        ix: usize,
        answer: Result<Receipt, StepError>,
        now: Timestamp,
    ) -> Vec<(u64, usize, Step)> {
        self.runs.answer(run, ix, answer, &self.world.view(now))
    }

    /// Takes in what is new in the journal. Rules hear of it as of any fact.
    pub fn hear_journal(&mut self, news: &News) {
        self.guard.unjournalled = news.unwritable.clone();
        self.runs.hear(news);
        for entry in news.entries.iter().filter_map(|entry| self.runs.kept(entry.run.id)).cloned().collect::<Vec<_>>() {
            self.tell(&entry);
        }
    }

    /// Takes in older entries of the journal, and how many more there are.
    pub fn hear_older(&mut self, entries: Vec<Entry>, older: u64) {
        entries.iter().for_each(|entry| self.tell(entry));
        self.runs.hear_older(entries, older);
    }

    /// Own runs that have changed, as they are to be written into the journal.
    pub fn take_unwritten(&mut self) -> Vec<Entry> {
        let entries = self.runs.take_unwritten();
        for entry in &entries {
            // Its lease is the journal's, and this cockpit is there.
            self.tell_deeds(Deed::of(entry).map(|(target, deed)| (target, Deed { abandoned: false, ..deed })));
        }
        entries
    }

    /// An entry could not be written: it is to be written again when that can be.
    pub fn owe(&mut self, run: u64) {
        self.runs.owe(run);
    }

    /// Another cockpit answers for a run by now.
    pub fn lose(&mut self, run: u64) {
        self.runs.lose(run);
    }

    /// Goes on with a run that was taken over, or with `stop` leaves what is left of it; returns the steps to send.
    pub fn adopt(&mut self, entry: Entry, stop: bool, now: Timestamp) -> Vec<(u64, usize, Step)> {
        self.runs.adopt(entry, stop, &self.world.view(now))
    }

    /// Why a run that was left in the middle cannot be gone on with now, where it cannot.
    pub fn cannot_adopt(&self, entry: &Entry, now: Timestamp) -> Option<Text> {
        let view = self.world.view(now);
        entry.run.plan.intent.parts().iter().find_map(|part| Self::cannot_see(&part.target().cluster, &view))
    }

    /// Why what is done in a cluster cannot be seen.
    fn cannot_see(cluster: &ClusterId, view: &View<'_>) -> Option<Text> {
        if view.sources(cluster).next().is_none() {
            return Some(Text::from(format!("{cluster} is not watched here")));
        }
        let settled = view.sources(cluster).all(|(_, source)| source.settled());
        // What was sent is looked for in the world: it has to be seen.
        (!settled).then(|| Text::from(format!("{cluster} is still being read: what was done cannot be seen yet")))
    }

    /// What an entry says becomes facts, of clusters that are watched.
    fn tell(&mut self, entry: &Entry) {
        self.tell_deeds(Deed::of(entry));
    }

    fn tell_deeds<'a>(&mut self, deeds: impl Iterator<Item = (&'a Ref, Deed)>) {
        for (target, deed) in deeds {
            if self.world.knows(&target.cluster) {
                let (cluster, at) = (target.cluster.clone(), deed.began);
                self.world.fold(Batch { cluster, at, facts: vec![Fact::Done(Box::new(deed))] });
            }
        }
    }

    /// Nobody goes on with a run: it ends as it is.
    pub fn let_go(&mut self, run: u64, now: Timestamp) {
        self.runs.let_go(run, now);
    }

    /// Stops a run.
    pub fn stop(&mut self, run: u64, now: Timestamp) -> Vec<(u64, usize, Step)> {
        self.runs.stop(run, &self.world.view(now))
    }
}
