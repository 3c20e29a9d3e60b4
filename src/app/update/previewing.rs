//! Previews: asked for, drawn up, kept true while they are read, confirmed.

use crate::app::command::Now;
use crate::app::{App, Effect, Key, Moment};
use crate::domain::{Draft, Grade, Intent, Plan, Refusal, Severity, Text};
use crate::ui::{Armed, Input, Layer, Overlay, Preview, Reason};

use super::lists::within;

/// Keys that would confirm are not taken for so long after what they would confirm has changed.
pub const READ_MS: i64 = 300;

impl App {
    /// Asks how an intent would be done, and shows what comes of it.
    pub(super) fn begin(&mut self, intent: Intent, at: Moment) {
        self.begin_knowing(intent, None, at);
    }

    /// The same, where what it was to be done to has changed, and how.
    pub(super) fn begin_knowing(&mut self, intent: Intent, changed: Option<Text>, at: Moment) {
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
            changed,
            reason: self.core.guard().ask_reason.then(Reason::default),
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
    if preview.reason.as_ref().is_some_and(|reason| reason.typing) {
        return reason(app, at);
    }
    let missing = match &preview.plan {
        None => return,
        Some(Err(_)) => return app.close_overlay(),
        Some(Ok(plan)) => unconfirmed(plan, preview),
    };
    if let Some(missing) = missing {
        return app.say(at, &missing, Some(Severity::Advice));
    }
    let Some(Overlay::Preview(Preview { plan: Some(Ok(plan)), reason, .. })) = app.screen.overlay.take() else {
        return;
    };
    app.draft = None;
    let reason = reason.map(|reason| Text::new(reason.input.text.trim())).filter(|reason| !reason.is_empty());
    let plan = Plan { reason, ..*plan };
    if app.takes_over(&plan) {
        return;
    }
    let (run, steps) = app.core.start(plan, at.now);
    app.forget_marks();
    app.look_at_run(run);
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

/// Whether it can be asked for again.
pub fn again_now(app: &App, _: Moment) -> Now {
    let Some(Overlay::Preview(preview)) = &app.screen.overlay else { return None };
    Some(preview.plan.is_some().then(|| Text::new("ask again")).ok_or_else(|| Text::new("it is being asked for")))
}

/// Asks afresh how it would go, from objects read anew and, where the server can, tried by it without being done.
pub fn again(app: &mut App, at: Moment) {
    if let Some(Overlay::Preview(preview)) = &app.screen.overlay {
        let (intent, changed, reason) = (preview.intent.clone(), preview.changed.clone(), preview.reason.clone());
        app.begin_knowing(intent, changed, at);
        app.keep_reason(reason);
    }
}

/// Whether it is asked why.
pub fn reason_now(app: &App, _: Moment) -> Now {
    let Some(Overlay::Preview(preview)) = &app.screen.overlay else { return None };
    let why = "no reason is asked for: ask_reason = true in the configuration does";
    Some(preview.reason.as_ref().map(|_| Text::new("reason")).ok_or_else(|| Text::new(why)))
}

/// Goes to the field for the reason, or from there back to the plan.
pub fn reason(app: &mut App, _: Moment) {
    if let Some(Overlay::Preview(Preview { reason: Some(reason), .. })) = &mut app.screen.overlay {
        reason.typing = !reason.typing;
    }
}

impl App {
    /// A key that stands for another way to do it: its letter, or with alt where letters are typed. Whether it was one.
    pub(super) fn choose_variant(&mut self, key: Key, at: Moment) -> bool {
        let Some(Overlay::Preview(Preview { plan: Some(Ok(plan)), .. })) = &self.screen.overlay else { return false };
        let Some(letter) = key.typed().or_else(|| key.with_alt()) else { return false };
        let Some(variant) = plan.variants.iter().find(|variant| variant.key == letter) else { return false };
        let intent = variant.intent.clone();
        if self.was_read(at) {
            let reason = match &self.screen.overlay {
                Some(Overlay::Preview(preview)) => preview.reason.clone(),
                _ => None,
            };
            self.begin(intent, at);
            self.keep_reason(reason);
        }
        true
    }

    /// A reason that was typed is not lost with the plan that it was typed for.
    fn keep_reason(&mut self, reason: Option<Reason>) {
        if let (Some(Overlay::Preview(preview)), Some(reason)) = (&mut self.screen.overlay, reason) {
            preview.reason = Some(Reason { typing: false, ..reason });
        }
    }

    /// What was marked has been acted on.
    fn forget_marks(&mut self) {
        match self.screen.layers.last_mut() {
            None => self.list_mut().marks = Default::default(),
            Some(Layer::Case(case)) => case.marks.clear(),
            Some(_) => {}
        }
    }
}
