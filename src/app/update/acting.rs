//! Acting: from a key to an intent, a preview, a confirmation and a run. Nothing here changes a system by one key.

use crate::app::command::Now;
use crate::app::{App, Effect, Moment, rows};
use crate::domain::{
    Desired, Draft, Grade, Intent, Kind, Node, Outcome, Plan, Ref, Refusal, Role, Severity, Step, Text, Workload,
};
use crate::ui::{Armed, Asks, Input, Overlay, Preview, Prompt};

use crate::domain::words::{seconds_between, span};

use super::lists::within;
use super::palette::Choice;

/// So many of what was done are offered to be taken back; the journal has the rest.
const LISTED: usize = 8;
/// Keys that would confirm are not taken for so long after what they would confirm has changed.
pub const READ_MS: i64 = 300;

impl App {
    /// What the selected thing is: what an action would be done to.
    pub(super) fn target(&self, at: Moment) -> Option<Ref> {
        rows::target(&self.screen, &self.model(at.now))
    }

    fn workload_target(&self, at: Moment) -> Option<&Workload> {
        let target = self.target(at)?;
        let view = self.core.view(at.now);
        match target.kind.role() {
            Role::Workload => view.workload(&target),
            // What is done to an instance is done to what wants it.
            Role::Instance => view.workload(view.instance(&target)?.owner.as_ref()?),
            _ => None,
        }
    }

    fn node_target(&self, at: Moment) -> Option<&Node> {
        self.core.view(at.now).node(&self.target(at)?)
    }

    /// Whether an intent may be had at all now; else why not.
    fn may(&self, intent: &Intent, at: Moment) -> Result<(), Text> {
        self.core.guard().admit(intent, &self.core.view(at.now)).map_err(|refusal| refusal.why)?;
        match self.core.runs().under_way(intent.target()) {
            Some(run) => {
                let other = self.core.runs().known(run.id).filter(|known| !known.is_own);
                let who = other.map(|known| format!(" by {}", known.who(self.core.runs().me()))).unwrap_or_default();
                Err(Text::from(format!("{} is under way{who}", run.plan.title)))
            }
            None => Ok(()),
        }
    }

    fn offer(&self, intent: &Intent, what: &str, at: Moment) -> Now {
        Some(self.may(intent, at).map(|()| Text::new(what)))
    }

    /// Asks how an intent would be done, and shows what comes of it.
    pub(super) fn begin(&mut self, intent: Intent, at: Moment) {
        if let Err(why) = self.may(&intent, at) {
            let text = format!("{} {}: {why}", intent.verb(), intent.target().local());
            return self.say(at, &text, Some(Severity::Warning));
        }
        self.touch(at.felt);
        self.close_overlay();
        let ticket = self.ticket();
        self.preview_drawn = false;
        self.screen.overlay = Some(Overlay::Preview(Preview {
            intent: intent.clone(),
            ticket,
            plan: None,
            shown: None,
            scroll: 0,
            armed: Armed::No,
            typed: Input::default(),
        }));
        self.effects.push(Effect::Prepare(ticket, intent));
    }

    /// The answer to [`Effect::Prepare`]. One that nobody waits for any more is dropped.
    pub(super) fn drafted(&mut self, ticket: u64, answer: Result<Draft, Refusal>, at: Moment) {
        let Some(Overlay::Preview(preview)) = &self.screen.overlay else { return };
        if preview.ticket != ticket || preview.plan.is_some() {
            return;
        }
        let intent = preview.intent.clone();
        self.draft = answer.as_ref().ok().cloned();
        let plan = answer.and_then(|draft| self.core.plan(&intent, draft, at.now));
        self.show_plan(plan);
    }

    /// Plans again from the same draft: what is confirmed is what is shown, and what is shown is still so.
    pub(super) fn replan(&mut self, at: Moment) {
        let (Some(Overlay::Preview(preview)), Some(draft)) = (&self.screen.overlay, &self.draft) else { return };
        let plan = self.core.plan(&preview.intent, draft.clone(), at.now);
        let same = match (&preview.plan, &plan) {
            (Some(Ok(old)), Ok(new)) => **old == Plan { made: old.made, ..new.clone() },
            (Some(Err(old)), Err(new)) => old == new,
            _ => false,
        };
        if !same {
            self.show_plan(plan);
        }
    }

    fn show_plan(&mut self, plan: Result<Plan, Refusal>) {
        self.preview_drawn = false;
        self.dirty = true;
        if let Some(Overlay::Preview(preview)) = &mut self.screen.overlay {
            preview.plan = Some(plan.map(Box::new));
            preview.shown = None;
            preview.scroll = 0;
            preview.armed = Armed::No;
            preview.typed = Input::default();
        }
    }

    /// What was put together last is on the terminal: a preview in it counts as seen from now.
    pub(super) fn written(&mut self, at: Moment) {
        if let Some(Overlay::Preview(preview)) = &mut self.screen.overlay
            && preview.plan.is_some()
            && preview.shown.is_none()
            && self.preview_drawn
        {
            preview.shown = Some(at.felt);
        }
    }

    /// Whether a preview has been there for long enough to have been read.
    pub(super) fn was_read(&mut self, at: Moment) -> bool {
        let Some(Overlay::Preview(preview)) = &self.screen.overlay else { return true };
        let read = preview.shown.is_some() && !within(preview.shown, at.felt, READ_MS);
        if !read {
            self.say(at, "that key came before the preview could be read, and was not taken", Some(Severity::Advice));
        }
        read
    }

    /// Sends steps of runs; what has changed of them is journalled before.
    pub(super) fn send(&mut self, steps: Vec<(u64, usize, Step)>) {
        let entries = self.core.take_unwritten().into_iter();
        self.effects.extend(entries.map(|entry| Effect::Journal(Box::new(entry))));
        self.effects.extend(steps.into_iter().map(|(run, ix, step)| Effect::Execute(run, ix, step)));
    }

    /// Says how a run ended, unless it is being looked at.
    pub(super) fn tell_outcomes(&mut self, before: &[u64], at: Moment) {
        let ended = |id: &&u64| self.core.runs().run(**id).is_some_and(|run| run.outcome.is_some());
        let Some(run) = before.iter().rev().find(ended).and_then(|id| self.core.runs().run(*id)) else { return };
        if matches!(self.screen.overlay, Some(Overlay::Run(id)) if id == run.id) {
            return;
        }
        let title = &run.plan.title;
        let (text, severity) = match &run.outcome {
            Some((_, Outcome::Done)) => (format!("{title}: done"), None),
            Some((_, Outcome::Accepted)) => (format!("{title}: accepted"), None),
            Some((_, Outcome::Partly { done, left })) => {
                (format!("{title}: {done} done, {left} left"), Some(Severity::Warning))
            }
            Some((_, Outcome::Failed(why))) => (format!("{title}: not done: {why}"), Some(Severity::Critical)),
            None => return,
        };
        self.say_long(at, &text, severity);
    }

    /// Runs that go on.
    pub(super) fn open_runs(&self) -> Vec<u64> {
        self.core.runs().runs().iter().filter(|run| run.outcome.is_none()).map(|run| run.id).collect()
    }
}

/// Whether it can be restarted.
pub fn restart_now(app: &App, at: Moment) -> Now {
    let workload = app.workload_target(at)?;
    app.offer(&Intent::Restart(workload.key.clone()), "restart", at)
}

/// Restarts it.
pub fn restart(app: &mut App, at: Moment) {
    if let Some(key) = app.workload_target(at).map(|workload| workload.key.clone()) {
        app.begin(Intent::Restart(key), at);
    }
}

/// Whether it has a number that can be set.
pub fn scale_now(app: &App, at: Moment) -> Now {
    let workload = app.workload_target(at)?;
    if workload.key.kind == Kind::Container {
        return Some(Err(Text::new("it is one container by itself: it has no number to set")));
    }
    match workload.desired {
        Desired::EachNode(_) => Some(Err(Text::new("it runs once on each node: its number is theirs"))),
        Desired::Completions(_) => Some(Err(Text::new("it runs to its end: it has no number to set"))),
        Desired::Scheduled => Some(Err(Text::new("it runs on a schedule: it has no number to set"))),
        Desired::Replicas(_) | Desired::Unknown => app.offer(&Intent::Scale(workload.key.clone(), 0), "scale", at),
    }
}

/// Asks for the number.
pub fn scale(app: &mut App, at: Moment) {
    let Some(workload) = app.workload_target(at) else { return };
    let counts = app.core.view(at.now).counts(workload);
    let from = counts.wanted.unwrap_or(counts.alive);
    let key = workload.key.clone();
    let title = Text::from(format!("Scale {} ({}) from {from} to", key.local(), key.cluster));
    app.touch(at.felt);
    let (input, asks) = (Input::default(), Asks::Number);
    app.screen.overlay = Some(Overlay::Prompt(Prompt { title, input, error: None, target: key, asks }));
}

impl App {
    /// Scales what is selected, where the number is said already.
    pub(super) fn scale_to(&mut self, number: u32, at: Moment) {
        match scale_now(self, at) {
            Some(Ok(_)) => {
                if let Some(key) = self.workload_target(at).map(|workload| workload.key.clone()) {
                    self.begin(Intent::Scale(key, number), at);
                }
            }
            Some(Err(why)) => self.say(at, &format!("scale: {why}"), Some(Severity::Advice)),
            None => self.say(at, "scale is not for what is selected", None),
        }
    }
}

/// Takes the number that was typed.
pub fn take_number(app: &mut App, at: Moment) {
    let Some(Overlay::Prompt(prompt)) = &mut app.screen.overlay else { return };
    match prompt.input.text.trim().parse::<u32>() {
        Ok(number) => {
            let intent = Intent::Scale(prompt.target.clone(), number);
            app.begin(intent, at);
        }
        Err(_) => {
            let typed = prompt.input.text.trim();
            let error =
                if typed.is_empty() { "a number is needed".to_owned() } else { format!("`{typed}` is no number") };
            prompt.error = Some(Text::from(error));
        }
    }
}

/// What can be taken back on the selected thing, newest first: runs of this session, what the incident asks for, the
/// revision before.
fn undoable(app: &App, at: Moment) -> Option<Vec<(Intent, Text)>> {
    let target = app.target(at);
    let other = target.as_ref().filter(|key| app.core.runs().undoable(key).next().is_some());
    let key = app.workload_target(at).map(|it| &it.key).or_else(|| app.node_target(at).map(|it| &it.key));
    let key = key.or(other)?.clone();
    let mut found: Vec<(Intent, Text)> = Vec::new();
    let undoable = app.core.runs().undoable(&key).filter(|undo| !is_so_already(app, undo.inverse, at));
    for undo in undoable.take(LISTED) {
        let who = undo.done.who(app.core.runs().me());
        let age = span(seconds_between(undo.done.run.started, at.now));
        let text = format!("{} ({who}, {age} ago)", words(app, undo.inverse, at));
        found.push((undo.inverse.clone(), Text::from(text)));
    }
    let lifted = app.core.view(at.now).held(&key).and_then(|hold| hold.lifted_by(&key));
    if let Some(intent) = lifted.filter(|intent| !found.iter().any(|(known, _)| known == intent)) {
        found.push((intent.clone(), words(app, &intent, at)));
    }
    let asked = app.incident(at).into_iter().flat_map(|incident| &incident.actions);
    for intent in asked.filter(|intent| matches!(intent, Intent::Undo(..)) && *intent.target() == key) {
        found.push((intent.clone(), words(app, intent, at)));
    }
    if let Some(before) = app.workload_target(at).and_then(|it| it.history.first()) {
        let intent = Intent::Undo(key, Some(before.id.clone()));
        found.push((intent.clone(), words(app, &intent, at)));
    }
    let mut kept: Vec<(Intent, Text)> = Vec::new();
    for (intent, text) in found {
        if !kept.iter().any(|(known, said)| *known == intent || *said == text) {
            kept.push((intent, text));
        }
    }
    Some(kept)
}

fn is_so_already(app: &App, intent: &Intent, at: Moment) -> bool {
    let view = app.core.view(at.now);
    match intent {
        Intent::Scale(key, to) => view.workload(key).and_then(|it| it.desired.running()) == Some(*to),
        Intent::Cordon(key) => view.node(key).is_some_and(|node| node.cordoned),
        Intent::Uncordon(key) => view.node(key).is_some_and(|node| !node.cordoned),
        _ => false,
    }
}

/// What an intent that takes something back would do, by object and effect.
fn words(app: &App, intent: &Intent, at: Moment) -> Text {
    let view = app.core.view(at.now);
    Text::from(match intent {
        Intent::Undo(key, to) => {
            let workload = view.workload(key);
            let now = workload.and_then(|it| it.revision.as_ref()).map(|revision| revision.id.to_string());
            let to = to.clone().or_else(|| workload.and_then(|it| it.history.first()).map(|it| it.id.clone()));
            match (now, to) {
                (Some(now), Some(to)) => format!("roll back {} to {}", short(&now), short(&to)),
                (None, Some(to)) => format!("roll back to {}", short(&to)),
                (_, None) => "roll back".to_owned(),
            }
        }
        Intent::Scale(key, to) => match view.workload(key).and_then(|it| it.desired.running()) {
            Some(now) => format!("scale {now} to {to}"),
            None => format!("scale back to {to}"),
        },
        Intent::Restart(_) => "restart again".to_owned(),
        other => other.verb().to_owned(),
    })
}

/// A revision's id, where it is a hash its beginning.
fn short(id: &str) -> String {
    id.chars().take(12).collect()
}

/// Whether there is something to take back.
pub fn undo_now(app: &App, at: Moment) -> Now {
    let options = undoable(app, at)?;
    match &options[..] {
        [] => Some(Err(Text::new("nothing was done here that could be taken back, and no revision before is known"))),
        [(intent, what)] => app.offer(intent, what, at),
        [(intent, what), rest @ ..] => app.offer(intent, &format!("{what}, or {} more", rest.len()), at),
    }
}

/// Takes it back; where there is more than one thing to take back, they are listed.
pub fn undo(app: &mut App, at: Moment) {
    let mut options = undoable(app, at).unwrap_or_default();
    match options.len() {
        0 => {}
        1 => app.begin(options.remove(0).0, at),
        _ => {
            let choices = options.into_iter().map(|(intent, what)| (Choice::Intent(intent), what)).collect();
            app.choose("Take back", choices, at);
        }
    }
}

/// Whether a node can be cordoned.
pub fn cordon_now(app: &App, at: Moment) -> Now {
    let node = app.node_target(at)?;
    if node.cordoned {
        return Some(Err(Text::new("it takes nothing new already")));
    }
    app.offer(&Intent::Cordon(node.key.clone()), "cordon", at)
}

/// Cordons it.
pub fn cordon(app: &mut App, at: Moment) {
    on_node(app, Intent::Cordon, at);
}

/// Whether a node can be uncordoned.
pub fn uncordon_now(app: &App, at: Moment) -> Now {
    let node = app.node_target(at)?;
    if !node.cordoned && !node.draining {
        return Some(Err(Text::new("it takes new instances")));
    }
    app.offer(&Intent::Uncordon(node.key.clone()), "uncordon", at)
}

/// Uncordons it.
pub fn uncordon(app: &mut App, at: Moment) {
    on_node(app, Intent::Uncordon, at);
}

/// Whether a node can be drained.
pub fn drain_now(app: &App, at: Moment) -> Now {
    let node = app.node_target(at)?;
    app.offer(&Intent::drain(node.key.clone()), "drain", at)
}

/// Drains it.
pub fn drain(app: &mut App, at: Moment) {
    on_node(app, Intent::drain, at);
}

fn on_node(app: &mut App, intent: fn(Ref) -> Intent, at: Moment) {
    if let Some(key) = app.node_target(at).map(|node| node.key.clone()) {
        app.begin(intent(key), at);
    }
}

/// Arms a disruptive plan.
pub fn arm(app: &mut App, _: Moment) {
    if let Some(Overlay::Preview(preview)) = &mut app.screen.overlay
        && let Some(Ok(plan)) = &preview.plan
        && plan.typed.is_none()
        && plan.grade == Grade::Disruptive
    {
        preview.armed = Armed::Yes;
    }
}

/// Does it, if it was confirmed as its grade asks.
pub fn confirm(app: &mut App, at: Moment) {
    let Some(Overlay::Preview(preview)) = &app.screen.overlay else { return };
    let missing = match &preview.plan {
        None => return,
        Some(Err(_)) => return app.close_overlay(),
        Some(Ok(plan)) => unconfirmed(plan, preview),
    };
    if let Some(missing) = missing {
        return app.say(at, &missing, Some(Severity::Advice));
    }
    let Some(Overlay::Preview(Preview { plan: Some(Ok(plan)), .. })) = app.screen.overlay.take() else { return };
    app.draft = None;
    if app.takes_over(&plan) {
        return;
    }
    let (run, steps) = app.core.start(*plan, at.now);
    app.screen.overlay = Some(Overlay::Run(run));
    app.send(steps);
}

/// What is missing before a plan is confirmed.
fn unconfirmed(plan: &Plan, preview: &Preview) -> Option<String> {
    match (&plan.typed, plan.grade) {
        (Some(name), _) if preview.typed.text.trim() == name.as_str() => None,
        (Some(name), _) => Some(format!("type {name}, then enter")),
        (None, Grade::Harmless) => None,
        (None, Grade::Disruptive) if preview.armed == Armed::Yes => None,
        (None, Grade::Disruptive) => Some("y, then enter".to_owned()),
        // A destructive plan without a name to type is none of ours.
        (None, Grade::Destructive) => Some("this plan names nothing to type: it cannot be confirmed".to_owned()),
    }
}

/// Whether the run that is looked at can be stopped.
pub fn stop_now(app: &App, _: Moment) -> Now {
    let Some(Overlay::Run(id)) = app.screen.overlay else { return None };
    let known = app.core.runs().known(id)?;
    let run = known.run;
    if run.outcome.is_none() && !known.is_own {
        let whose = known.who(app.core.runs().me());
        let why = if known.is_abandoned { "nobody goes on with it".to_owned() } else { format!("{whose} stops it") };
        return Some(Err(Text::from(why)));
    }
    Some(match (&run.outcome, run.stopping) {
        (Some(_), _) => Err(Text::new("it has ended")),
        (None, true) => Err(Text::new("it is stopping: what was sent cannot be called back")),
        (None, false) => Ok(Text::new("stop")),
    })
}

/// Stops it.
pub fn stop(app: &mut App, at: Moment) {
    if let Some(Overlay::Run(id)) = app.screen.overlay {
        let steps = app.core.stop(id, at.now);
        app.send(steps);
    }
}

/// Whether what the run that is looked at did can be taken back.
pub fn take_back_now(app: &App, at: Moment) -> Now {
    let Some(Overlay::Run(id)) = app.screen.overlay else { return None };
    let known = app.core.runs().known(id)?;
    let run = known.run;
    match (&run.outcome, &run.plan.inverse) {
        (None, Some(inverse)) if known.is_abandoned => app.offer(inverse, "put it back", at),
        (None, Some(_)) if !known.is_own => Some(Err(Text::new("it is under way in another cockpit"))),
        (_, None) => Some(Err(Text::new("this cannot be taken back by one key"))),
        (None, Some(_)) if run.stopping => Some(Err(Text::new("it is stopping: when it has ended"))),
        (None, Some(_)) => Some(Err(Text::new("it is under way: stop it first"))),
        (Some((_, Outcome::Failed(_))), Some(_)) => Some(Err(Text::new("nothing was done"))),
        (Some(_), Some(inverse)) => app.offer(inverse, &words(app, inverse, at), at),
    }
}

/// Takes it back.
pub fn take_back(app: &mut App, at: Moment) {
    let Some(Overlay::Run(id)) = app.screen.overlay else { return };
    if let Some(inverse) = app.core.runs().run(id).and_then(|run| run.plan.inverse.clone()) {
        app.begin(inverse, at);
    }
}
