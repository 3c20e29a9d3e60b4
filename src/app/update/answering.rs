//! What floats: the filter, questions, and what is typed into them.

use crate::app::{App, Effect, Key, Moment};
use crate::domain::{Severity, Text};
use crate::ui::{Asks, Input, Overlay, Preview};

use super::{asking, field, forwarding, logs, palette, people, silencing};

/// Opens the filter, with what it is now.
pub fn filter(app: &mut App, at: Moment) {
    app.touch(at.felt);
    app.begin_filter();
    let text = app.screen.home.filter.as_deref().unwrap_or_default().to_owned();
    app.screen.overlay = Some(Overlay::Filter(Input { cursor: text.len(), text }));
}

/// Takes what was typed or chosen.
pub fn answer(app: &mut App, at: Moment) {
    match &app.screen.overlay {
        Some(Overlay::Palette { .. }) => palette::take(app, at),
        Some(Overlay::Seek(_)) => logs::take(app, at),
        Some(Overlay::Prompt(prompt)) => {
            let (asks, typed) = (prompt.asks.clone(), prompt.input.text.trim().to_owned());
            match asks {
                Asks::Amount(..) => asking::take(app, at),
                Asks::Silence(_) => silencing::take(app, at),
                Asks::Reason(incident) => people::accept(app, &incident, &typed, at),
                Asks::Forward | Asks::Protected(_) => forwarding::take(app, at),
                Asks::Note(incident) => people::keep_note(app, &incident, &typed, at),
            }
        }
        Some(Overlay::Filter(input)) => {
            let (filter, problem) = (filter_of(input), crate::ui::filter_problem(&input.text));
            app.narrow_as_typed(filter, at);
            app.keep_filter();
            app.close_overlay();
            app.say_if_none(at);
            if let Some(problem) = problem {
                app.say_long(at, &format!("{problem}; it is looked for as a word"), Some(Severity::Advice));
            }
        }
        _ => {}
    }
}

/// Leaves it, with nothing done: the list is narrowed to what it was before.
pub fn dismiss(app: &mut App, at: Moment) {
    if let Some(Overlay::Preview(Preview { reason: Some(reason), .. })) = &mut app.screen.overlay
        && reason.typing
    {
        reason.typing = false;
        return;
    }
    app.leave_filter(at);
    app.close_overlay();
}

/// What a list is narrowed to by what was typed.
fn filter_of(input: &Input) -> Option<Text> {
    let text = input.text.trim();
    (!text.is_empty() && text != "!").then(|| Text::new(text))
}

impl App {
    /// Narrows the list, and remembers how it was.
    pub(super) fn narrow(&mut self, filter: Option<Text>, at: Moment) {
        if self.screen.home.filter == filter {
            return;
        }
        self.leave_for(at, |screen| screen.home.filter = filter);
        self.order_anew(at);
        self.say_if_none(at);
    }

    fn say_if_none(&mut self, at: Moment) {
        if self.list().is_some_and(|list| list.order.is_empty()) && self.screen.home.filter.is_some() {
            self.say(at, "no row is like that; esc takes the filter away", None);
        }
    }

    /// Takes away what floats. What it waited for is not waited for any more.
    pub(super) fn close_overlay(&mut self) {
        if let Some(Overlay::Preview(Preview { ticket, plan: None, .. })) = &self.screen.overlay {
            self.effects.push(Effect::Cancel(*ticket));
        }
        self.screen.overlay = None;
        self.forget_taking();
        self.draft = None;
        self.menu = None;
        self.choices.clear();
    }

    /// The field that has the keys, if one has.
    fn field_mut(&mut self) -> Option<&mut Input> {
        match &mut self.screen.overlay {
            Some(Overlay::Palette { input, .. } | Overlay::Filter(input)) => Some(input),
            Some(Overlay::Prompt(prompt)) => Some(&mut prompt.input),
            Some(Overlay::Seek(seek)) => Some(&mut seek.input),
            Some(Overlay::Preview(preview)) => {
                let named = matches!(&preview.plan, Some(Ok(plan)) if plan.typed.is_some());
                match &mut preview.reason {
                    Some(reason) if reason.typing => Some(&mut reason.input),
                    _ => named.then_some(&mut preview.typed),
                }
            }
            _ => None,
        }
    }

    /// Whether characters go into a field.
    pub(super) fn has_field(&mut self) -> bool {
        self.field_mut().is_some()
    }

    /// A key for the field that has the keys.
    pub(super) fn type_key(&mut self, key: Key, at: Moment) {
        if self.field_mut().is_some_and(|input| field::edit(input, key)) {
            self.typed(at);
        }
    }

    /// A paste goes into a field, and nowhere else.
    pub(super) fn paste(&mut self, text: &str, at: Moment) {
        match self.field_mut() {
            Some(input) => {
                if field::insert(input, text) {
                    self.typed(at);
                }
            }
            None => self.say(at, "pasted text goes into fields only; nothing was done", None),
        }
    }

    fn typed(&mut self, at: Moment) {
        self.dirty = true;
        match &mut self.screen.overlay {
            Some(Overlay::Palette { .. }) => {
                self.history.leave();
                self.search(at);
            }
            Some(Overlay::Prompt(prompt)) => prompt.error = None,
            // What is not understood yet may be in the middle of a word: the list stays as it is.
            Some(Overlay::Filter(input)) if crate::ui::filter_problem(&input.text).is_none() => {
                let filter = filter_of(input);
                self.narrow_as_typed(filter, at);
            }
            _ => {}
        }
    }
}
