//! Keys, commands and the loop: how it behaves. [`App::update`] is all behaviour of the screen, without IO and without a
//! clock; [`run`] is the loop around it.

mod clipboard;
mod clock;
mod command;
mod commands;
mod copies;
mod docs;
mod drill;
mod effect;
mod event;
mod input;
mod keeper;
mod key;
mod keymap;
mod options;
mod pace;
mod requests;
mod rows;
mod run;
mod saved;
mod scroll;
pub mod shell;
mod signals;

mod terminal;
mod together;
mod update;
mod writer;

use std::collections::BTreeMap;

use crate::action::{Guard, Numbers};
use crate::diagnose::Settings;
use crate::domain::{ClusterId, Demand, Draft, Forward, Name, People, Person, Text, Timestamp};
use crate::engine::Core;
use crate::ui::{Look, Model, Pane, Screen};

pub use clock::{Clock, ReplayClock};
pub use command::{Command, Moment, Now, Place, Section, find};
pub use commands::TABLE;
pub use docs::keys_page;
pub use drill::{Drill, Task};
pub use effect::Effect;
pub use event::{Copied, Event, Mouse, Pointed, What};
pub use key::{Key, NotAKey};
pub use keymap::{Keymap, KeymapError};

pub use options::{Options, Recorder};
pub use run::run;
pub use saved::Saved;
pub use signals::{Signal, Signals};
pub use terminal::{Terminal, check as check_terminal};
pub use writer::{Encoder, sgr};

pub use update::arriving::Opening;
use update::history::History;
use update::menu::Offer;
use update::moving::Trail;
use update::palette::Choice;

/// The screen and everything that it shows: changed by [`App::update`] alone.
pub struct App {
    core: Core,
    screen: Screen,
    keymap: Keymap,
    unwatched: Vec<Text>,
    /// What people said of incidents.
    people: People,
    /// Who sits here.
    me: Text,
    /// When something that is folded is listed again.
    unfolds: Option<Timestamp>,
    /// When what is old of it is forgotten.
    tidies: Timestamp,
    trail: Trail,
    /// What the items of the palette stand for, place by place.
    choices: Vec<Choice>,
    /// What was done in the palette in this session.
    history: History,
    /// What the palette is confined to, where it is a menu.
    menu: Option<Offer>,
    /// The draft that the preview was planned from: planned again when the world moves.
    draft: Option<Draft>,
    /// The frame with the preview's content was put together; it counts as seen when that frame is written.
    preview_drawn: bool,
    /// Incidents that were there when the list was last put in order.
    known: Option<std::collections::BTreeSet<Name>>,
    /// The new incident that the tab line announces.
    announced: Option<Name>,
    /// When the order that is held is let go.
    released: Option<Timestamp>,
    /// When a list was last put in order, and how many rows were looked at for it.
    ordered: Option<Timestamp>,
    looked_at: usize,
    /// When a long list is put in order again.
    reorder: Option<Timestamp>,
    /// Lines of output on their way into their view.
    pouring: update::pouring::Pouring,
    /// What is waited for of a run that was left in the middle.
    taking: Option<update::journal::Taking>,
    /// What the command line asked to be opened, until it is known what that is.
    arriving: Option<Opening>,
    /// Port forwards of this session, oldest first.
    forwards: Vec<Forward>,
    /// The drill that is taken part in.
    drill: Option<Box<Drill>>,
    /// When quitting was last asked for.
    leaving: Option<Timestamp>,
    tickets: u64,
    effects: Vec<Effect>,
    dirty: bool,
}

/// What an [`App`] starts from.
pub struct Setup {
    /// The clusters that are watched.
    pub clusters: Vec<ClusterId>,
    /// Targets that are there and not watched.
    pub unwatched: Vec<Text>,
    /// What people set about the diagnosis.
    pub settings: Settings,
    /// What may be done.
    pub guard: Guard,
    /// Which key does what.
    pub keymap: Keymap,
    /// How it may look.
    pub look: Look,
    /// Times are shown in UTC first; else in the local zone.
    pub utc: bool,
    /// Columns and rows.
    pub size: (u16, u16),
    /// Columns that were chosen for lists, in their order.
    pub columns: BTreeMap<Pane, Vec<String>>,
    /// The local zone.
    pub zone: jiff::tz::TimeZone,
    /// Who sits here: `anna@bastion`.
    pub me: Text,
}

impl App {
    /// A screen that shows everything as loading.
    pub fn new(setup: Setup, now: Timestamp) -> Self {
        let read_only = setup.guard.read_only.is_some();
        let Setup { size, look, utc, zone, .. } = setup;
        let mut screen = Screen { size, look, utc, zone, read_only, ..Screen::default() };
        screen.home.columns = setup.columns;
        Self {
            core: Core::new(setup.settings, setup.guard, &setup.clusters, now)
                .of(Person::named(setup.me.clone()), Numbers::default()),
            screen,
            keymap: setup.keymap,
            unwatched: setup.unwatched,
            people: People::default(),
            me: setup.me,
            unfolds: None,
            tidies: update::lists::later(now, update::people::TIDY_MS),
            trail: Trail::default(),
            choices: Vec::new(),
            history: History::default(),
            menu: None,
            draft: None,
            preview_drawn: false,
            known: None,
            announced: None,
            released: None,
            ordered: None,
            looked_at: 0,
            reorder: None,
            pouring: update::pouring::Pouring::default(),
            taking: None,
            arriving: None,
            forwards: Vec::new(),
            drill: None,
            leaving: None,
            tickets: 0,
            effects: Vec::new(),
            dirty: true,
        }
    }

    /// For a person of whom more is known, whose runs have these ids: one among several who share a journal.
    #[must_use]
    pub fn of(mut self, me: Person, numbers: Numbers) -> Self {
        self.core = self.core.of(me, numbers);
        self
    }

    /// What is open, selected and typed.
    pub const fn screen(&self) -> &Screen {
        &self.screen
    }

    /// What is known.
    pub const fn core(&self) -> &Core {
        &self.core
    }

    /// Everything that a frame draws from besides the screen.
    pub fn model(&self, now: Timestamp) -> Model<'_> {
        Model {
            view: self.core.view(now),
            diagnosis: self.core.diagnosis(),
            runs: self.core.runs(),
            unwatched: &self.unwatched,
            people: &self.people,
            forwards: &self.forwards,
        }
    }

    /// Whether a frame is due.
    pub const fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// A frame is due though nothing was heard: a minute has passed.
    pub const fn mark_dirty(&mut self) {
        self.dirty = true;
    }

    /// Whether a frame is due; asked once a frame.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// A frame was put together from what there is now, and costs the terminal so many bytes.
    pub fn drawn(&mut self, bytes: usize) {
        self.preview_drawn = true;
        self.pouring.drawn(bytes);
    }

    /// What is needed of the feeds: what is on the screen is streamed, what a case file shows is asked for.
    pub fn demand(&self, now: Timestamp) -> Demand {
        let model = self.model(now);
        let wants = crate::ui::panes::wants(&self.screen, &model);
        self.core.demand(crate::ui::panes::visible_refs(&self.screen, &model), &wants)
    }

    /// Whether nothing may be changed anywhere: by a flag, or because every cluster says so (a recording).
    fn is_read_only(&self, now: Timestamp) -> bool {
        let view = self.core.view(now);
        let mut clusters = view.clusters().peekable();
        let any = clusters.peek().is_some();
        self.core.guard().read_only.is_some() || (any && clusters.all(|(_, state)| state.rights.read_only.is_some()))
    }

    fn ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }
}
