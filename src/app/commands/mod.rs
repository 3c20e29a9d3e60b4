//! The table of everything that can be done.

mod acting;
mod answering;
mod lists;
mod logs;
mod looking;
mod moving;
mod panes;
mod people;
mod program;

use crate::domain::Text;

use super::App;
use super::command::{Command, Moment, Now, Place, Section};

const HOME: &[Place] = &[Place::Home];
const LISTS: &[Place] = &[Place::Home, Place::Case];
const OPEN: &[Place] = &[Place::Home, Place::Case, Place::Logs, Place::Text];
/// Where digits are panes: in output they are times.
const PANES: &[Place] = &[Place::Home, Place::Case, Place::Text];
const READING: &[Place] = &[Place::Home, Place::Case, Place::Logs, Place::Text, Place::Help];
/// What goes line by line: a preview too, where it is longer than the terminal.
const SCROLLED: &[Place] =
    &[Place::Home, Place::Case, Place::Logs, Place::Text, Place::Help, Place::Preview, Place::Run];
/// What goes page by page: not where a name may have to be typed.
const PAGED: &[Place] = &[Place::Home, Place::Case, Place::Logs, Place::Text, Place::Help, Place::Run];
const SUNK: &[Place] = &[Place::Case, Place::Logs, Place::Text, Place::Help, Place::Run];
const ANYWHERE: &[Place] = &Place::ALL;

/// A command that is only a key.
const KEY: Command = Command {
    id: "",
    also: &[],
    keys: &[],
    does: "",
    section: Section::Moving,
    places: READING,
    footer: None,
    palette: false,
    aims: false,
    changes: false,
    now: always,
    run: |_, _| {},
};

/// A command that is in the palette too.
const WORD: Command = Command { palette: true, section: Section::Program, ..KEY };

/// A command that is about the selected thing.
const LOOK: Command = Command { section: Section::Looking, places: LISTS, aims: true, ..WORD };

/// A command that leads to a preview.
const ACT: Command = Command { section: Section::Acting, changes: true, ..LOOK };

fn always(_: &App, _: Moment) -> Now {
    Some(Ok(Text::new("")))
}

/// All parts, in the order of the help.
const PARTS: &[&[Command]] = &[
    acting::ALL,
    looking::ALL,
    people::ALL,
    logs::ALL,
    lists::ALL,
    moving::ALL,
    panes::ALL,
    program::ALL,
    answering::ALL,
];

const COUNT: usize = {
    let (mut count, mut part) = (0, 0);
    while part < PARTS.len() {
        count += PARTS[part].len();
        part += 1;
    }
    count
};

static JOINED: [Command; COUNT] = {
    let mut all = [KEY; COUNT];
    let (mut at, mut part) = (0, 0);
    while part < PARTS.len() {
        let mut ix = 0;
        while ix < PARTS[part].len() {
            all[at] = PARTS[part][ix];
            (at, ix) = (at + 1, ix + 1);
        }
        part += 1;
    }
    all
};

/// Everything that can be done.
pub static TABLE: &[Command] = &JOINED;
