//! The program itself.

use crate::app::command::{Command, Section};
use crate::app::update::{looking, moving, palette};

use super::{ANYWHERE, HOME, KEY, OPEN, WORD};

pub(super) const ALL: &[Command] = &[
    Command {
        id: "palette",
        keys: &[":"],
        does: "go to anything, do anything, by name",
        section: Section::Program,
        places: OPEN,
        footer: Some(11),
        run: palette::open,
        ..KEY
    },
    Command {
        id: "help",
        keys: &["?", "f1"],
        does: "the keys that work here",
        places: OPEN,
        footer: Some(12),
        run: looking::help,
        ..WORD
    },
    Command {
        id: "times",
        also: &["utc"],
        keys: &["t"],
        does: "times in UTC or local",
        places: OPEN,
        run: looking::times,
        ..WORD
    },
    Command {
        id: "retry",
        keys: &["ctrl-r"],
        does: "try again now what cannot be read",
        places: OPEN,
        run: looking::retry,
        ..WORD
    },
    Command {
        id: "redraw",
        keys: &["ctrl-l"],
        does: "draw everything again",
        places: ANYWHERE,
        run: looking::redraw,
        ..WORD
    },
    Command {
        id: "suspend",
        keys: &["ctrl-z"],
        does: "stop, as a job of the shell",
        places: ANYWHERE,
        run: looking::suspend,
        ..WORD
    },
    Command {
        id: "leave",
        keys: &["q"],
        does: "quit; asks for a second time",
        section: Section::Program,
        places: HOME,
        run: moving::leave,
        ..KEY
    },
    Command {
        id: "interrupt",
        keys: &["ctrl-c"],
        does: "close what floats; else quit, asking for a second time",
        section: Section::Program,
        places: ANYWHERE,
        run: moving::interrupt,
        ..KEY
    },
    Command { id: "quit", also: &["exit", "q!"], does: "quit at once", run: moving::quit, ..WORD },
];
