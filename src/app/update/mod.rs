//! All behaviour of the screen: events in, effects out.

pub mod acting;
pub mod answering;
pub mod arriving;
pub mod asking;
pub mod copying;
pub mod drilling;
pub mod entering;
pub mod field;
pub mod finding;
pub mod forwarding;
pub mod history;
pub mod journal;
pub mod lists;
pub mod logs;
pub mod looking;
pub mod marking;
pub mod menu;
pub mod moving;
pub mod nouns;
pub mod owner;
pub mod palette;
pub mod people;
pub mod pointing;
pub mod pouring;
pub mod previewing;
pub mod running;
pub mod saving;
pub mod scoping;
pub mod silencing;
pub mod sorting;
pub mod undoing;

use crate::domain::{Severity, StepError, Text, Timestamp};
use crate::ui::{Hint, Layer, LogView, Overlay};

use super::command::{Command, Moment, Place};
use super::{App, Effect, Event, Key, TABLE, What};

use lists::{HOLD_MS, STEADY_MS, later, within};

/// When the screen has to be looked at though nothing happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deadline {
    /// By the world's time.
    pub world: Option<Timestamp>,
    /// By the person's.
    pub person: Option<Timestamp>,
}

impl App {
    /// Takes an event in, and says what is to be done outside.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        let at = Moment { now: event.now, felt: event.felt };
        match event.what {
            What::Facts(batches) => {
                batches.into_iter().for_each(|batch| self.core.fold(batch));
                return Vec::new();
            }
            What::Turn => {
                self.turn(at, &mut || true);
            }
            What::Written => self.written(at),
            What::Key(key) => {
                self.key(key, at);
                self.keep_score(at);
            }
            What::Paste(text) => self.paste(&text, at),
            What::Mouse(mouse) => self.point(mouse, at),
            What::Resize(columns, rows) => self.resize(columns, rows, at),
            What::Uncovered => self.effects.push(Effect::Repaint),
            What::Journal(news) => self.hear_journal(news, at),
            What::Journalled(run, answer) => self.journalled(run, answer, at),
            What::TakenOver(run, answer) => self.taken_over(run, answer, at),
            What::Earlier(answer) => self.hear_earlier(answer, at),
            What::Draft(ticket, answer) => self.drafted(ticket, *answer, at),
            What::StepAnswer(run, ix, answer) => {
                let open = self.open_runs();
                let steps = self.core.answer(run, ix, answer, at.now);
                self.send(steps);
                if !self.look_again(run, at) {
                    self.tell_outcomes(&open, at);
                }
                self.refresh(at);
            }
            What::Forward(id, told) => self.forward_told(id, told, at),
            // Where nobody has a terminal to hand over it has no other answer.
            What::Attached(run, ix, answer) => {
                let answer =
                    answer.and_then(|_| Err(StepError::Failed(Text::new("there is no terminal to hand over"))));
                return self.update(Event { now: at.now, felt: at.felt, what: What::StepAnswer(run, ix, answer) });
            }
            What::Left(run, ended) => self.taken_back(run, &ended, at),
            What::LogLines(ticket, lines) => self.log_lines(ticket, lines, at),
            What::LogEnded(ticket, why) => {
                self.pour();
                if let Some(view) = self.log_view(ticket) {
                    view.ended = Some(why);
                    self.dirty = true;
                }
            }
            What::TextReady(ticket, lines) => self.text_ready(ticket, lines),
            What::Copied(to) => self.copied(to, at),
            What::Saved(ticket, to) => self.saved(ticket, to, at),
            What::People(people) => self.hear_people(&people, at),
            What::Warned(text) => self.say_long(at, &text, Some(Severity::Warning)),
            What::Ended => self.effects.push(Effect::Quit),
        }
        std::mem::take(&mut self.effects)
    }

    /// Diagnoses while `more()`, looks at the runs and at what is due, and puts the lists in order. Whether work is left.
    pub fn turn(&mut self, at: Moment, more: &mut dyn FnMut() -> bool) -> bool {
        let open = self.open_runs();
        let turn = self.core.turn(at.now, more);
        self.send(turn.steps);
        if turn.changed || self.people_are_due(at) {
            self.tell_outcomes(&open, at);
            self.replan(at);
            self.refresh(at);
        }
        self.arrive(at);
        self.keep_score(at);
        self.expire(at);
        turn.more
    }

    /// Effects that a [`App::turn`] left.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// What is due by its time alone: a notice that was read, an order that was held.
    pub fn expire(&mut self, at: Moment) {
        if self.screen.notice.as_ref().is_some_and(|notice| notice.until <= at.felt) {
            self.screen.notice = None;
            self.dirty = true;
        }
        if self.pouring.due().is_some_and(|due| due <= at.felt) {
            self.show_lines(at);
        }
        if self.reorder.is_some_and(|until| until <= at.felt) {
            self.order_list(at);
            self.dirty = true;
        }
        if self.released.is_some_and(|until| until <= at.felt) {
            self.released = None;
            let before = self.list().map(|list| list.order.clone());
            self.order_list(at);
            self.dirty |= before != self.list().map(|list| list.order.clone());
        }
    }

    /// When a turn is due though nothing comes in.
    pub fn next_deadline(&self) -> Deadline {
        let notice = self.screen.notice.as_ref().map(|notice| notice.until);
        Deadline {
            world: [self.core.next_deadline(), self.unfolds].into_iter().flatten().min(),
            person: [notice, self.released, self.reorder, self.pouring.due()].into_iter().flatten().min(),
        }
    }

    /// The world is another one: lists, announcements and the footer follow.
    fn refresh(&mut self, at: Moment) {
        self.screen.read_only = self.is_read_only(at.now);
        self.look_for_people(at);
        self.order_list(at);
        self.announce(at);
        self.settle_screen(at);
        self.dirty = true;
    }

    /// What follows from every change of the screen.
    fn settle_screen(&mut self, at: Moment) {
        self.footer(at);
        let held = self.list().and_then(|list| list.touched);
        self.released = held.map(|touched| later(touched, HOLD_MS)).filter(|until| *until > at.felt);
    }

    fn key(&mut self, key: Key, at: Moment) {
        self.screen.notice = None;
        self.dirty = true;
        let place = self.place();
        let command = self.keymap.command(place, key);
        let into_field = key.typed().is_some() && self.has_field();
        match command.filter(|_| !into_field) {
            Some(command) => {
                if place != Place::Preview || is_harmless_there(command) || self.was_read(at) {
                    self.carry_out(command, at);
                }
            }
            None if place == Place::Preview && !into_field && self.choose_variant(key, at) => {}
            None if self.has_field() => {
                if place != Place::Preview || self.was_read(at) {
                    self.type_key(key, at);
                }
            }
            None if place == Place::Preview => {}
            None => {
                let help = self.shown_key("help");
                self.say(at, &format!("{key} does nothing here; {help} shows what does"), None);
            }
        }
        self.announce(at);
        self.settle_screen(at);
    }

    /// Does a command, if it can be done now and what it is about stands still; else says why not.
    fn carry_out(&mut self, command: &'static Command, at: Moment) {
        match (command.now)(self, at) {
            None => self.say(at, &format!("{} is not for what is selected", command.id), None),
            Some(Err(why)) => self.say(at, &format!("{}: {why}", command.id), Some(Severity::Advice)),
            Some(Ok(_)) if command.aims && self.shifted(at) => {
                self.touch(at.felt);
                self.say(at, "the selected row has just changed: it is only selected now; the key again does it", None);
            }
            Some(Ok(_)) => (command.run)(self, at),
        }
    }

    /// Whether the selected row has only just become another one, without a key.
    fn shifted(&self, at: Moment) -> bool {
        self.screen.layers.is_empty() && self.list().is_some_and(|list| within(list.shifted, at.felt, STEADY_MS))
    }

    fn resize(&mut self, columns: u16, rows: u16, at: Moment) {
        self.screen.size = (columns.max(1), rows.max(1));
        self.scroll_to_selected();
        self.preview_drawn = false;
        if let Some(Overlay::Preview(preview)) = &mut self.screen.overlay {
            preview.shown = None;
        }
        self.settle_screen(at);
        self.dirty = true;
    }

    /// What the selected thing allows now, most useful first; what is refused for one reason is said once.
    fn footer(&mut self, at: Moment) {
        let place = self.place_below();
        let mut ranked: Vec<&'static Command> =
            TABLE.iter().filter(|command| command.footer.is_some() && command.places.contains(&place)).collect();
        ranked.sort_by_key(|command| command.footer);
        let mut hints: Vec<Hint> = Vec::new();
        let mut refused: Vec<Hint> = Vec::new();
        for command in ranked {
            let Some(key) = self.keymap.first_key(command) else { continue };
            let (key, name) = (Text::from(key.to_string()), Text::new(command.id));
            match (command.now)(self, at) {
                None => {}
                Some(Ok(what)) => {
                    hints.push(Hint { key, what: if what.is_empty() { name } else { what }, refused: None });
                }
                Some(Err(why)) => match refused.iter_mut().find(|hint| hint.refused.as_ref() == Some(&why)) {
                    Some(hint) => {
                        hint.key = Text::from(format!("{} {key}", hint.key));
                        hint.what = Text::from(format!("{}, {name}", hint.what));
                    }
                    None => refused.push(Hint { key, what: name, refused: Some(why) }),
                },
            }
        }
        hints.extend(refused);
        self.screen.footer = hints;
    }

    /// The key of a command, as it is shown.
    fn shown_key(&self, id: &str) -> String {
        let key = super::find(id).and_then(|command| self.keymap.first_key(command));
        key.map_or_else(|| format!(":{id}"), |key| key.to_string())
    }

    fn log_view(&mut self, ticket: u64) -> Option<&mut LogView> {
        self.screen.layers.iter_mut().rev().find_map(|layer| match layer {
            Layer::Logs(view) if view.ticket == ticket => Some(&mut **view),
            _ => None,
        })
    }

    fn text_ready(&mut self, ticket: u64, lines: Result<Vec<Text>, Text>) {
        for layer in &mut self.screen.layers {
            if let Layer::Text(view) = layer
                && view.ticket == ticket
            {
                view.take(lines);
                // What was looked for before it was there is gone to.
                if view.search.is_some() {
                    view.seek(false);
                }
                self.dirty = true;
                return;
            }
        }
    }
}

/// What may be pressed in a preview before it was read: what leaves it, and what does not touch it.
fn is_harmless_there(command: &Command) -> bool {
    matches!(command.id, "dismiss" | "interrupt" | "redraw" | "suspend" | "copy" | "reason" | "down" | "up")
}
