//! What people say of incidents.

use crate::app::command::{Command, Section};
use crate::app::update::people;

use super::LOOK;

pub(super) const ALL: &[Command] = &[
    Command {
        id: "snooze",
        also: &["accept"],
        keys: &["z"],
        does: "fold an incident away: for an hour, until 09:00, until it is worse or deployed anew, or for a reason",
        section: Section::People,
        footer: Some(6),
        now: people::snooze_now,
        run: people::snooze,
        ..LOOK
    },
    Command {
        id: "take",
        also: &["assign"],
        keys: &["a"],
        does: "say that you have an incident in hand; again gives it back",
        section: Section::People,
        now: people::take_now,
        run: people::take,
        ..LOOK
    },
    Command {
        id: "note",
        keys: &["N"],
        does: "write a note at an incident; an empty one takes it away",
        section: Section::People,
        now: people::note_now,
        run: people::note,
        ..LOOK
    },
];
