//! What the journal tells, and what was left in the middle: gone on with, or put back.

use crate::action::Known;
use crate::app::command::Now;
use crate::app::{App, Effect, Moment};
use crate::domain::journal::{News, Unwritten};
use crate::domain::words::{many, seconds_between, span};
use crate::domain::{Entry, Intent, Line, LineKind, Plan, Ref, Severity, StepState, Text};
use crate::ui::{Armed, Input, Overlay, Preview, RowKey};

/// A run that was left in the middle, and what is to become of it.
#[derive(Debug)]
pub struct Taking {
    run: u64,
    /// What is done once it is ours: this instead of what is left of it; nothing: what is left of it.
    instead: Option<Box<Plan>>,
    /// It was asked for: the answer is waited for.
    asked: bool,
}

impl App {
    /// Takes in what is new in the journal: what is done by others shows, and rules hear of it.
    pub(super) fn hear_journal(&mut self, news: News, at: Moment) {
        self.core.hear_journal(&news);
        for said in &news.said {
            self.say_long(at, said, Some(Severity::Warning));
        }
        // What could not be written before is written now.
        self.send(Vec::new());
        self.replan(at);
        self.refresh(at);
    }

    /// An entry was written, or not.
    pub(super) fn journalled(&mut self, run: u64, answer: Result<(), Unwritten>, at: Moment) {
        match answer {
            Ok(()) => {}
            Err(Unwritten::Closed(_)) => self.core.owe(run),
            Err(Unwritten::Taken(who)) => {
                let title =
                    self.core.runs().run(run).map(|run| run.plan.title.clone()).unwrap_or_else(|| "a run".into());
                self.core.lose(run);
                self.say_long(
                    at,
                    &format!("{title}: {who} has taken it over, nothing more is sent from here"),
                    Some(Severity::Warning),
                );
                self.refresh(at);
            }
        }
    }

    /// Entries that were asked for.
    pub(super) fn hear_earlier(&mut self, answer: Result<(Vec<Entry>, u64), Text>, at: Moment) {
        match answer {
            Ok((entries, older)) => {
                self.core.hear_older(entries, older);
                self.refresh(at);
            }
            Err(why) => self.say_long(at, &format!("older entries cannot be read: {why}"), Some(Severity::Warning)),
        }
    }

    /// Reads what is older than what is known of the journal.
    pub(super) fn read_older(&mut self) {
        if let Some((_, oldest)) = self.core.runs().older() {
            self.effects.push(Effect::Earlier(oldest));
        }
    }

    /// A run that was left in the middle is ours, or not.
    pub(super) fn taken_over(&mut self, run: u64, answer: Result<Box<Entry>, Text>, at: Moment) {
        let Some(taking) = self.taking.take_if(|taking| taking.run == run) else { return };
        let entry = match answer {
            Ok(entry) => *entry,
            Err(why) => {
                self.close_overlay();
                return self.say_long(
                    at,
                    &format!("not taken over, and nothing was done: {why}"),
                    Some(Severity::Warning),
                );
            }
        };
        let mut steps = self.core.adopt(entry, taking.instead.is_some(), at.now);
        let mut shown = run;
        if let Some(plan) = taking.instead {
            let (own, more) = self.core.start(*plan, at.now);
            (shown, steps) = (own, [steps, more].concat());
        }
        self.look_at_run(shown);
        self.send(steps);
        self.refresh(at);
    }

    /// Whether what was confirmed takes a run over first: it is asked for, and the rest waits for the answer.
    pub(super) fn takes_over(&mut self, plan: &Plan) -> bool {
        let goes_on = self.taking.as_ref().filter(|taking| !taking.asked).map(|taking| taking.run);
        let left = |part: &Intent| self.core.runs().abandoned(part.target()).map(|known| known.run.id);
        let Some(run) = goes_on.or_else(|| plan.intent.parts().iter().find_map(left)) else { return false };
        let Some(lease) = self.core.runs().kept(run).and_then(|entry| entry.lease.clone()) else { return false };
        // Whoever acts on what was left in the middle answers for it from then on.
        let instead = goes_on.is_none().then(|| Box::new(plan.clone()));
        self.taking = Some(Taking { run, instead, asked: true });
        self.look_at_run(run);
        self.effects.push(Effect::TakeOver(run, lease));
        true
    }

    /// A preview that was to go on with something is left.
    pub(super) fn forget_taking(&mut self) {
        self.taking.take_if(|taking| !taking.asked);
    }

    /// The run that was left in the middle: the one that is looked at, the selected one, or that of what is selected.
    fn left(&self, at: Moment) -> Option<u64> {
        let runs = self.core.runs();
        let is_left = |id: &u64| runs.kept(*id).is_some_and(Entry::is_abandoned);
        let selected = || self.list().and_then(|list| list.selected.as_ref());
        match (&self.screen.overlay, selected()) {
            (Some(Overlay::Run(id)), _) => Some(*id).filter(is_left),
            (None, Some(RowKey::Run(id))) if self.screen.layers.is_empty() => Some(*id).filter(is_left),
            (None, _) => self.target(at).and_then(|key: Ref| runs.abandoned(&key)).map(|known| known.run.id),
            _ => None,
        }
    }
}

/// What is done to the selected thing, here or by somebody else, or was left in the middle.
fn open_on(app: &App, at: Moment) -> Option<Known<'_>> {
    let (runs, key) = (app.core.runs(), app.target(at)?);
    runs.under_way(&key).and_then(|run| runs.known(run.id)).or_else(|| runs.abandoned(&key))
}

/// Whether something is done to the selected thing, or was left in the middle.
pub fn under_way_now(app: &App, at: Moment) -> Now {
    let known = open_on(app, at)?;
    let (verb, who) = (known.run.plan.intent.verb(), known.who(app.core.runs().me()));
    Some(Ok(Text::from(match (known.is_abandoned, known.is_own) {
        (true, _) => format!("{verb} left by {who}: go on, put back"),
        (false, true) => format!("follow the {verb}"),
        (false, false) => format!("follow the {verb} by {who}"),
    })))
}

/// Shows it, with the keys that stop it, go on with it or put it back.
pub fn under_way(app: &mut App, at: Moment) {
    if let Some(id) = open_on(app, at).map(|known| known.run.id) {
        app.touch(at.felt);
        app.look_at_run(id);
        app.dirty = true;
    }
}

/// Whether a run that was left in the middle can be gone on with.
pub fn go_on_now(app: &App, at: Moment) -> Now {
    let entry = app.core.runs().kept(app.left(at)?)?;
    let admitted = app.core.guard().admit(&entry.run.plan.intent, &app.core.view(at.now));
    let refused = admitted.err().map(|refusal| refusal.why).or_else(|| app.core.cannot_adopt(entry, at.now));
    Some(match refused {
        Some(why) => Err(why),
        None => Ok(Text::new("go on with it")),
    })
}

/// Shows what would be gone on with; it is confirmed as any plan is.
pub fn go_on(app: &mut App, at: Moment) {
    let Some(id) = app.left(at) else { return };
    let Some(entry) = app.core.runs().kept(id).cloned() else { return };
    let plan = rest_of(app, &entry, at);
    app.touch(at.felt);
    app.close_overlay();
    app.taking = Some(Taking { run: id, instead: None, asked: false });
    app.preview_drawn = false;
    app.dirty = true;
    app.screen.overlay = Some(Overlay::Preview(Preview {
        intent: plan.intent.clone(),
        ticket: app.ticket(),
        plan: Some(Ok(Box::new(plan))),
        shown: None,
        scroll: 0,
        armed: Armed::No,
        typed: Input::default(),
        changed: None,
        reason: None,
    }));
}

/// What is left of a plan, in the words of a preview. Its steps are those that were confirmed.
fn rest_of(app: &App, entry: &Entry, at: Moment) -> Plan {
    let run = &entry.run;
    let count = |is: fn(&StepState) -> bool| run.steps.iter().filter(|state| is(state)).count() as u64;
    let (done, all) = run.progress();
    let sent = count(|state| matches!(state, StepState::Sent(_) | StepState::Settling(_)));
    let left = count(|state| matches!(state, StepState::Waiting | StepState::Blocked { .. }));
    let who = entry.taken_by.as_ref().unwrap_or(&entry.by);
    let began = span(seconds_between(run.started, at.now));
    let mut lines = vec![
        Line::new(
            LineKind::Does,
            format!(
                "go on where {} left it, {began} after it began: {done} of {} done",
                who.short(),
                many(all as u64, "step")
            ),
        ),
        Line::new(
            LineKind::Does,
            format!("send {} that {} not sent", many(left, "step"), if left == 1 { "was" } else { "were" }),
        ),
    ];
    if sent > 0 {
        let them = if sent == 1 { "it" } else { "them" };
        lines.push(Line::new(
            LineKind::Note,
            format!("{} sent before: what became of {them} is read, and never sent again", many(sent, "step")),
        ));
    }
    lines.extend(run.plan.lines.iter().filter(|line| line.kind == LineKind::Hurts).cloned());
    lines.push(Line::new(LineKind::Note, "what has changed since is refused, step by step"));
    let title = Text::from(format!("Go on: {}", run.plan.title));
    let typed = app.core.guard().name_of_protected(&run.plan.intent).or_else(|| run.plan.typed.clone());
    Plan { title, lines, typed, variants: Vec::new(), made: at.now, ..run.plan.clone() }
}
